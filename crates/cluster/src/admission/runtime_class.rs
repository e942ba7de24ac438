//! RuntimeClass (plugin/pkg/admission/runtimeclass): what a runtime costs beside the containers, and where it is found.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Toleration;
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{Context, name_of};
use crate::api_error::ApiError;
use crate::object::Kind;
use crate::pod::Pod;

const DIFFERS: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/// Sets the overhead, and adds the class's node selector and tolerations.
pub(super) fn admit(pod: &mut Pod, context: &Context<'_>) -> Result<(), ApiError> {
    let Some(class) = class_of(pod, context)? else { return Ok(()) };
    if let Some(overhead) = overhead_of(&class, context) {
        if pod.spec.overhead.as_ref().is_some_and(|own| own != overhead) {
            return Err(ApiError::forbidden(Kind::Pod, name_of(pod), DIFFERS));
        }
        Arc::make_mut(&mut pod.spec).overhead = Some(overhead.clone());
    }
    let Some(scheduling) = &class.scheduling else { return Ok(()) };
    for (key, value) in scheduling.node_selector.iter().flatten() {
        let own = pod.spec.node_selector.as_ref().and_then(|own| own.get(key)).filter(|own| *own != value);
        if let Some(own) = own {
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
            );
            return Err(ApiError::forbidden(Kind::Pod, name_of(pod), why));
        }
    }
    let spec = Arc::make_mut(&mut pod.spec);
    if let Some(selector) = &scheduling.node_selector {
        spec.node_selector.get_or_insert_default().extend(selector.clone());
    }
    if let Some(tolerations) = &scheduling.tolerations {
        let all: Vec<Toleration> = spec.tolerations.iter().flatten().chain(tolerations).cloned().collect();
        spec.tolerations = Some(merged(&all));
    }
    Ok(())
}

/// An overhead comes from a class or not at all.
pub(super) fn validate(pod: &Pod, context: &Context<'_>) -> Result<(), ApiError> {
    if !context.behaviour.pod_overhead {
        return Ok(());
    }
    let class = class_of(pod, context)?;
    match (class.as_ref().and_then(|class| overhead_of(class, context)), &pod.spec.overhead) {
        (Some(defined), own) if own.as_ref() != Some(defined) => {
            Err(ApiError::forbidden(Kind::Pod, name_of(pod), DIFFERS))
        }
        // A class that is not shown may define one.
        (None, Some(_)) if class.is_some() || pod.spec.runtime_class_name.is_none() => {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            Err(ApiError::forbidden(Kind::Pod, name_of(pod), why))
        }
        _ => Ok(()),
    }
}

fn class_of(pod: &Pod, context: &Context<'_>) -> Result<Option<Arc<RuntimeClass>>, ApiError> {
    let Some(name) = pod.spec.runtime_class_name.as_deref() else { return Ok(None) };
    match context.store.find::<RuntimeClass>("", name) {
        Some(class) => Ok(Some(Arc::clone(class))),
        None if context.knowledge.covers(Kind::RuntimeClass, "") => {
            let why = format!("pod rejected: RuntimeClass \"{name}\" not found");
            Err(ApiError::forbidden(Kind::Pod, name_of(pod), why))
        }
        None => Ok(None),
    }
}

fn overhead_of<'a>(class: &'a RuntimeClass, context: &Context<'_>) -> Option<&'a BTreeMap<String, Quantity>> {
    class.overhead.as_ref().filter(|_| context.behaviour.pod_overhead)?.pod_fixed.as_ref()
}

/// Without those that another one covers (`pkg/util/tolerations`, `MergeTolerations`).
fn merged(all: &[Toleration]) -> Vec<Toleration> {
    let mut kept: Vec<Toleration> = Vec::new();
    for (index, toleration) in all.iter().enumerate() {
        let before = kept.iter().any(|other| covers(other, toleration));
        let after = all[index + 1..].iter().any(|other| other != toleration && covers(other, toleration));
        if !before && !after {
            kept.push(toleration.clone());
        }
    }
    kept
}

/// Whether `wide` tolerates all that `narrow` does, at least as long.
fn covers(wide: &Toleration, narrow: &Toleration) -> bool {
    if wide == narrow {
        return true;
    }
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let exists = wide.operator.as_deref() == Some("Exists");
    if text(&wide.key) != text(&narrow.key) && !(text(&wide.key).is_empty() && exists) {
        return false;
    }
    if text(&wide.effect) != text(&narrow.effect) && !text(&wide.effect).is_empty() {
        return false;
    }
    if text(&wide.effect) == "NoExecute"
        && let Some(seconds) = wide.toleration_seconds
        && narrow.toleration_seconds.is_none_or(|other| other > seconds)
    {
        return false;
    }
    exists || (narrow.operator.as_deref() == Some("Equal") && text(&wide.value) == text(&narrow.value))
}
