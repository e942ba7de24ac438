//! Questions every controller asks of a pod, and conditions as the API keeps them.

use k8s_openapi::api::core::v1::{Pod, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};

/// The owner that manages an object (`metav1.GetControllerOf`).
pub fn controller_of(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.as_deref()?.iter().find(|owner| owner.controller == Some(true))
}

/// The phase; `Pending` when the status has none yet.
pub fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

/// Whether the pod has ended, well or badly.
pub fn is_terminal(pod: &Pod) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether the pod's deletion has been asked for.
pub fn is_terminating(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

/// Whether controllers count the pod (`controller.IsPodActive`).
pub fn is_active(pod: &Pod) -> bool {
    !is_terminal(pod) && !is_terminating(pod)
}

/// The node the pod is bound to.
pub fn node_name(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).filter(|name| !name.is_empty())
}

/// The condition of this type.
pub fn condition<'a>(pod: &'a Pod, type_: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.as_deref()?.iter().find(|condition| condition.type_ == type_)
}

/// Whether the Ready condition is True.
pub fn is_ready(pod: &Pod) -> bool {
    condition(pod, "Ready").is_some_and(|condition| condition.status == "True")
}

/// Whether the pod is one the kubelet reads from a file (static or mirror pod).
pub fn is_static(pod: &Pod) -> bool {
    pod.metadata.annotations.as_ref().is_some_and(|annotations| {
        annotations.contains_key("kubernetes.io/config.mirror")
            || annotations.get("kubernetes.io/config.source").is_some_and(|source| source != "api")
    })
}

/// Sets a condition; its transition time moves only when the status changes.
pub(crate) fn set_condition(
    pod: &mut Pod,
    type_: &str,
    status: bool,
    reason: Option<&str>,
    message: Option<&str>,
    now: &Time,
) {
    let conditions = pod.status.get_or_insert_default().conditions.get_or_insert_default();
    let status = if status { "True" } else { "False" };
    let kept = conditions.iter().find(|condition| condition.type_ == type_ && condition.status == status);
    let transition = kept.and_then(|condition| condition.last_transition_time.clone()).unwrap_or_else(|| now.clone());
    let condition = PodCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        message: message.map(str::to_owned),
        last_transition_time: Some(transition),
        ..PodCondition::default()
    };
    match conditions.iter_mut().find(|condition| condition.type_ == type_) {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}
