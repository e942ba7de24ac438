//! Priority (plugin/pkg/admission/priority): a pod's class becomes its number.

use std::sync::Arc;

use k8s_openapi::api::scheduling::v1::PriorityClass;

use super::{Context, name_of, namespace_of};
use crate::api_error::ApiError;
use crate::object::Kind;
use crate::pod::Pod;

/// The built-in classes (pkg/apis/scheduling/types.go), which every cluster has.
const SYSTEM: [(&str, i32); 2] = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// Fills `priority`, and what goes with it, from the class.
pub(super) fn admit(pod: &mut Pod, context: &Context<'_>) -> Result<(), ApiError> {
    let name = pod.spec.priority_class_name.clone().filter(|name| !name.is_empty());
    let found = match &name {
        Some(class) => {
            let system = SYSTEM.iter().find(|(name, _)| name == class);
            if system.is_some()
                && context.behaviour.system_priority_in_kube_system_only
                && namespace_of(pod) != "kube-system"
            {
                let why =
                    format!("pods with {class} priorityClass is not permitted in {} namespace", namespace_of(pod));
                return Err(ApiError::forbidden(Kind::Pod, name_of(pod), why));
            }
            match context.store.find::<PriorityClass>("", class) {
                Some(class) => (class.value.unwrap_or(0), class.preemption_policy.clone()),
                None => match system {
                    Some((_, value)) => (*value, None),
                    None if context.knowledge.covers(Kind::PriorityClass, "") => {
                        let why = format!("no PriorityClass with name {class} was found");
                        return Err(ApiError::forbidden(Kind::Pod, name_of(pod), why));
                    }
                    // The class is not shown, but the number may be.
                    None => (pod.spec.priority.unwrap_or(0), None),
                },
            }
        }
        None => {
            // Of several defaults the lowest counts.
            let defaults = context.store.list::<PriorityClass>().filter(|class| class.global_default == Some(true));
            match defaults.min_by_key(|class| class.value.unwrap_or(0)) {
                Some(class) => {
                    Arc::make_mut(&mut pod.spec).priority_class_name.clone_from(&class.metadata.name);
                    (class.value.unwrap_or(0), class.preemption_policy.clone())
                }
                None => (0, None),
            }
        }
    };
    let (value, policy) = found;
    let computed = "must not be provided in pod spec; priority admission controller computed";
    if let Some(own) = pod.spec.priority.filter(|own| *own != value) {
        let why = format!("the integer value of priority ({own}) {computed} {value} from the given PriorityClass name");
        return Err(ApiError::forbidden(Kind::Pod, name_of(pod), why));
    }
    if let (Some(own), Some(policy)) = (&pod.spec.preemption_policy, &policy)
        && own != policy
    {
        let why = format!(
            "the string value of PreemptionPolicy ({own}) {computed} {policy} from the given PriorityClass name"
        );
        return Err(ApiError::forbidden(Kind::Pod, name_of(pod), why));
    }
    if pod.spec.priority.is_none() || (policy.is_some() && pod.spec.preemption_policy.is_none()) {
        let spec = Arc::make_mut(&mut pod.spec);
        spec.priority = Some(value);
        spec.preemption_policy = spec.preemption_policy.take().or(policy);
    }
    Ok(())
}

/// Only one class can be the default.
pub(super) fn validate(class: &PriorityClass, context: &Context<'_>) -> Result<(), ApiError> {
    if class.global_default != Some(true) {
        return Ok(());
    }
    let mut others = context.store.list::<PriorityClass>();
    let other = others.find(|other| other.global_default == Some(true) && other.metadata.name != class.metadata.name);
    match other {
        Some(other) => {
            let other = other.metadata.name.as_deref().unwrap_or_default();
            let why = format!("PriorityClass {other} is already marked as default. Only one default can exist");
            let name = class.metadata.name.as_deref().unwrap_or_default();
            Err(ApiError::forbidden(Kind::PriorityClass, name, why))
        }
        None => Ok(()),
    }
}
