//! What a Node says of its kubelet's health, and what the controller writes of it (`tryUpdateNodeHealth` and
//! `MarkPodsNotReady`, v1.34).

use k8s_openapi::api::core::v1::{Node, NodeCondition};

use crate::cluster::Cluster;
use crate::object::KnownKind;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// The status of the Ready condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    True,
    False,
    Unknown,
    /// Nobody has posted one.
    Missing,
}

/// What the Node says.
pub(crate) fn ready(node: &Node) -> Ready {
    match condition(node, "Ready") {
        Some("True") => Ready::True,
        Some("False") => Ready::False,
        Some(_) => Ready::Unknown,
        None => Ready::Missing,
    }
}

/// The status of a condition.
pub(super) fn condition<'a>(node: &'a Node, type_: &str) -> Option<&'a str> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == type_).map(|condition| condition.status.as_str())
}

/// The grace period has run out: what the kubelet posts becomes Unknown.
pub(super) fn set_unknown(cluster: &mut Cluster, key: &ObjectKey) {
    let now = cluster.clock.time();
    cluster.store.update::<Node>(key, |node| {
        let created = node.metadata.creation_timestamp.clone();
        let conditions = node.status.get_or_insert_default().conditions.get_or_insert_default();
        // NetworkUnavailable is left alone: the control plane posts it.
        for type_ in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            match conditions.iter_mut().find(|condition| condition.type_ == type_) {
                Some(condition) if condition.status == "Unknown" => {}
                Some(condition) => {
                    condition.status = "Unknown".to_owned();
                    condition.reason = Some("NodeStatusUnknown".to_owned());
                    condition.message = Some("Kubelet stopped posting node status.".to_owned());
                    condition.last_transition_time = Some(now.clone());
                }
                None => conditions.push(NodeCondition {
                    type_: type_.to_owned(),
                    status: "Unknown".to_owned(),
                    reason: Some("NodeStatusNeverUpdated".to_owned()),
                    message: Some("Kubelet never posted node status.".to_owned()),
                    last_heartbeat_time: created.clone(),
                    last_transition_time: Some(now.clone()),
                }),
            }
        }
    });
}

/// Tells that a node is ready no more, and marks its pods.
pub(super) fn tell_not_ready(cluster: &mut Cluster, key: &ObjectKey) {
    let message = format!("Node {} status is now: NodeNotReady", key.name);
    super::tell(cluster, key, "NodeNotReady", &message);
    let now = cluster.clock.time();
    for pod in cluster.pods_on(&key.name).into_iter().filter(|pod| pod::is_ready(pod)) {
        cluster.store.update::<Pod>(&ObjectKey::of(pod.as_ref()), |pod| {
            pod::set_condition(pod, "Ready", false, None, None, &now);
        });
        if cluster.behaviour.tells_pods_of_lost_nodes {
            cluster.event_from(
                "node-controller",
                None,
                &Pod::wrap(pod),
                "Warning",
                "NodeNotReady",
                "Node is not ready",
            );
        }
    }
}
