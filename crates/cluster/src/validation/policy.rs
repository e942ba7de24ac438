//! PodDisruptionBudgets and PriorityClasses (pkg/apis/policy/validation, pkg/apis/scheduling/validation).

use k8s_openapi::api::policy::v1::PodDisruptionBudgetSpec;
use k8s_openapi::api::scheduling::v1::PriorityClass;

use super::field::{Faults, Path};
use super::{names, workload};
use crate::behaviour::Behaviour;

/// The most that a class of a person's may be worth.
const HIGHEST: i32 = 1_000_000_000;

/// `ValidatePodDisruptionBudgetSpec`.
pub(super) fn budget(faults: &mut Faults, path: &Path<'_>, spec: &PodDisruptionBudgetSpec, rules: &Behaviour) {
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        // Go prints all of it, addresses in memory too.
        let why = "minAvailable and maxUnavailable cannot be both set";
        faults.invalid(path, "policy.PodDisruptionBudgetSpec{…}", why);
    }
    for (field, amount) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
        if let Some(amount) = amount {
            workload::int_or_percent(faults, &path.child(field), amount);
            workload::at_most_100_percent(faults, &path.child(field), amount);
        }
    }
    if let Some(selector) = &spec.selector {
        names::label_selector(faults, &path.child("selector"), selector, rules.rfc_1123);
    }
    let policies = ["AlwaysAllow", "IfHealthyBudget"];
    let policy = spec.unhealthy_pod_eviction_policy.as_deref();
    faults.one_of(&path.child("unhealthyPodEvictionPolicy"), policy, &policies);
}

/// `ValidatePriorityClass`.
pub(super) fn priority_class(faults: &mut Faults, class: &PriorityClass) {
    let name = class.metadata.name.as_deref().unwrap_or_default();
    if !name.starts_with("system-") && class.value.unwrap_or(0) > HIGHEST {
        let why = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        faults.forbidden(&Path::new("value"), &why);
    }
    let policies = ["PreemptLowerPriority", "Never"];
    faults.one_of(&Path::new("preemptionPolicy"), class.preemption_policy.as_deref(), &policies);
}

/// `ValidatePriorityClassUpdate`.
pub(super) fn priority_class_update(faults: &mut Faults, before: &PriorityClass, after: &PriorityClass) {
    if before.value.unwrap_or(0) != after.value.unwrap_or(0) {
        faults.forbidden(&Path::new("value"), "may not be changed in an update.");
    }
    let policy = |class: &PriorityClass| class.preemption_policy.clone().unwrap_or("PreemptLowerPriority".to_owned());
    if policy(before) != policy(after) {
        faults.invalid(&Path::new("preemptionPolicy"), format!("{:?}", policy(after)), "field is immutable");
    }
}
