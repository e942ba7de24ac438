//! What of a change the scheduler sees, and what it makes of it (`framework/events.go` and `isPodUpdated` in
//! `backend/queue/scheduling_queue.go`, v1.34).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ContainerImage, Taint};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sim_core::behaviour::NodeUpdates;
use sim_core::scheduler::Action;

use crate::api;
use crate::pod;

/// Whether a bound pod takes part in scheduling as before: most changes are the kubelet's reports.
pub(super) fn looks_alike(before: &api::Pod, now: &api::Pod) -> bool {
    let started = |pod: &api::Pod| pod.status.as_ref().and_then(|status| status.start_time.clone());
    let resizes = |pod: &api::Pod| {
        let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        statuses.into_iter().any(|status| status.allocated_resources.is_some() || status.resources.is_some())
    };
    let disturbed = |pod: &api::Pod| {
        pod::condition(pod, "DisruptionTarget").is_some() || pod::condition(pod, "PodResizePending").is_some()
    };
    before.metadata.labels == now.metadata.labels
        && before.metadata.deletion_timestamp == now.metadata.deletion_timestamp
        && before.metadata.owner_references == now.metadata.owner_references
        && started(before) == started(now)
        && ![before, now].into_iter().any(|pod| resizes(pod) || disturbed(pod))
        && before.has_spec_of(now)
}

/// Whether more of a waiting pod changed than its status and what the API server writes.
pub(super) fn is_updated(before: &api::Pod, now: &api::Pod) -> bool {
    let own = |metadata: &ObjectMeta| ObjectMeta {
        resource_version: None,
        generation: None,
        managed_fields: None,
        finalizers: None,
        ..metadata.clone()
    };
    !before.has_spec_of(now) || own(&before.metadata) != own(&now.metadata)
}

/// Whether a node takes part in scheduling otherwise than before.
pub(super) fn node_looks_different(before: &api::Node, now: &api::Node) -> bool {
    is_cordoned(before) != is_cordoned(now)
        || allocatable(before) != allocatable(now)
        || taints(before) != taints(now)
        || images(before) != images(now)
        || before.metadata.labels != now.metadata.labels
        || before.metadata.annotations != now.metadata.annotations
}

/// In which ways a node changed that the version's scheduler hears of.
pub(super) fn node_changes(updates: NodeUpdates, before: &api::Node, now: &api::Node) -> Action {
    let annotated = before.metadata.annotations != now.metadata.annotations;
    let changes = [
        (is_cordoned(before) && !is_cordoned(now), Action::UPDATE_NODE_TAINT),
        (allocatable(before) != allocatable(now), Action::UPDATE_NODE_ALLOCATABLE),
        (before.metadata.labels != now.metadata.labels, Action::UPDATE_NODE_LABEL),
        (taints(before) != taints(now), Action::UPDATE_NODE_TAINT),
        (conditions(before) != conditions(now), Action::UPDATE_NODE_CONDITION),
        (updates == NodeUpdates::Each && annotated, Action::UPDATE_NODE_ANNOTATION),
    ];
    let mut changes = changes.into_iter().filter(|(changed, _)| *changed).map(|(_, action)| action);
    let changes = match updates {
        NodeUpdates::First => changes.next(),
        NodeUpdates::Each => changes.reduce(|all, action| all | action),
    };
    changes.unwrap_or_default()
}

fn is_cordoned(node: &api::Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true)
}

fn taints(node: &api::Node) -> &[Taint] {
    node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default()
}

fn images(node: &api::Node) -> Option<&Vec<ContainerImage>> {
    node.status.as_ref()?.images.as_ref()
}

fn allocatable(node: &api::Node) -> Option<&BTreeMap<String, Quantity>> {
    node.status.as_ref()?.allocatable.as_ref()
}

/// The status of each condition.
fn conditions(node: &api::Node) -> BTreeMap<&str, &str> {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.map(|condition| (condition.type_.as_str(), condition.status.as_str())).collect()
}
