//! What the API server writes into a pod that is created (`pkg/registry/core/pod/strategy.go`, `PrepareForCreate`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodCondition, PodSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::behaviour::Behaviour;
use crate::pod::{self, Pod};

/// Phase, quality of service and, for a pod with scheduling gates, the condition that says so.
pub(crate) fn prepare_for_create(pod: &mut Pod, behaviour: &Behaviour) {
    let qos = qos_class(&pod.spec);
    let status = pod.status.get_or_insert_default();
    status.phase.get_or_insert_with(|| "Pending".to_owned());
    status.qos_class.get_or_insert_with(|| qos.to_owned());
    if behaviour.gated_condition {
        apply_scheduling_gated_condition(pod);
    }
}

fn apply_scheduling_gated_condition(pod: &mut Pod) {
    let gated = pod.spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty());
    if !gated || pod::condition(pod, "PodScheduled").is_some() {
        return;
    }
    let conditions = pod.status.get_or_insert_default().conditions.get_or_insert_default();
    conditions.push(PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "False".to_owned(),
        reason: Some("SchedulingGated".to_owned()),
        message: Some("Scheduling is blocked due to non-empty scheduling gates".to_owned()),
        ..PodCondition::default()
    });
}

/// Guaranteed, Burstable or BestEffort (pkg/apis/core/v1/helper/qos).
pub(crate) fn qos_class(spec: &PodSpec) -> &'static str {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let mut any = false;
    let mut guaranteed = true;
    let positive = |list: Option<&BTreeMap<String, Quantity>>, name: &str| {
        list.and_then(|list| list.get(name)).filter(|quantity| !is_zero(quantity)).cloned()
    };
    for container in containers {
        let resources = container.resources.as_ref();
        for name in ["cpu", "memory"] {
            let request = positive(resources.and_then(|resources| resources.requests.as_ref()), name);
            let limit = positive(resources.and_then(|resources| resources.limits.as_ref()), name);
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && (request.is_none() || same(&request, &limit));
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn is_zero(quantity: &Quantity) -> bool {
    quantity.0.parse::<sim_core::quantity::Quantity>().is_ok_and(|parsed| parsed.is_zero())
}

fn same(left: &Option<Quantity>, right: &Option<Quantity>) -> bool {
    let parse = |quantity: &Option<Quantity>| {
        quantity.as_ref().and_then(|quantity| quantity.0.parse::<sim_core::quantity::Quantity>().ok())
    };
    parse(left) == parse(right)
}
