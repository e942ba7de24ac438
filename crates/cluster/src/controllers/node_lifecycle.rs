//! The node lifecycle controller (pkg/controller/nodelifecycle): conditions become taints, silence becomes Unknown.
//!
//! Zones and eviction rates are not modelled yet: every lost node is tainted at once.

use k8s_openapi::api::core::v1::{Node, NodeCondition, Taint};

use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// The pressure conditions and the NoSchedule taints they cause while True.
const PRESSURES: [(&str, &str); 4] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
    ("NetworkUnavailable", "node.kubernetes.io/network-unavailable"),
];

/// A node changed.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if changed.kind == Kind::Node && changed.after.is_some() {
        cluster.sync(Controller::NodeLifecycle, changed.key.clone());
    }
}

/// Makes the taints this controller owns equal to what the node's conditions and `unschedulable` ask for.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(node) = cluster.store.get::<Node>(key) else { return };
    let wanted = wanted_taints(node);
    let owned = |taint: &Taint| {
        let no_schedule = PRESSURES.iter().any(|(_, key)| *key == taint.key)
            || [NOT_READY, UNREACHABLE, UNSCHEDULABLE].contains(&taint.key.as_str());
        (no_schedule && taint.effect == "NoSchedule")
            || ([NOT_READY, UNREACHABLE].contains(&taint.key.as_str()) && taint.effect == "NoExecute")
    };
    let present: Vec<Taint> = node.spec.as_ref().and_then(|spec| spec.taints.clone()).unwrap_or_default();
    let same = |left: &Taint, (key, effect): &(&str, &str)| left.key == *key && left.effect == *effect;
    let mut taints: Vec<Taint> = present
        .iter()
        .filter(|taint| !owned(taint) || wanted.iter().any(|wanted| same(taint, wanted)))
        .cloned()
        .collect();
    for wanted in &wanted {
        if !taints.iter().any(|taint| same(taint, wanted)) {
            let time_added = (wanted.1 == "NoExecute").then(|| cluster.clock.time());
            taints.push(Taint { key: wanted.0.to_owned(), effect: wanted.1.to_owned(), value: None, time_added });
        }
    }
    if taints != present {
        cluster.store.update::<Node>(key, |node| node.spec.get_or_insert_default().taints = Some(taints));
    }
}

fn wanted_taints(node: &Node) -> Vec<(&'static str, &'static str)> {
    let condition = |type_: &str| {
        let conditions = node.status.as_ref()?.conditions.as_ref()?;
        conditions.iter().find(|condition| condition.type_ == type_).map(|condition| condition.status.as_str())
    };
    let mut wanted = Vec::new();
    match condition("Ready") {
        Some("False") => wanted.extend([(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")]),
        Some("Unknown") => wanted.extend([(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]),
        _ => {}
    }
    let pressures = PRESSURES.iter().filter(|(type_, _)| condition(type_) == Some("True"));
    wanted.extend(pressures.map(|(_, key)| (*key, "NoSchedule")));
    if node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true)) {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    wanted
}

/// The node has been silent for the grace period: its conditions become Unknown, its pods not ready.
pub(crate) fn heartbeat_lost(cluster: &mut Cluster, key: &ObjectKey) {
    if !cluster.silent_nodes.contains(key) {
        return;
    }
    let now = cluster.clock.time();
    cluster.store.update::<Node>(key, |node| {
        let conditions = node.status.get_or_insert_default().conditions.get_or_insert_default();
        for type_ in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            let heard = conditions.iter_mut().find(|condition| condition.type_ == type_);
            let (reason, message) = match heard {
                Some(_) => ("NodeStatusUnknown", "Kubelet stopped posting node status."),
                None => ("NodeStatusNeverUpdated", "Kubelet never posted node status."),
            };
            let unknown = NodeCondition {
                type_: type_.to_owned(),
                status: "Unknown".to_owned(),
                reason: Some(reason.to_owned()),
                message: Some(message.to_owned()),
                last_heartbeat_time: heard.as_ref().and_then(|condition| condition.last_heartbeat_time.clone()),
                last_transition_time: Some(now.clone()),
            };
            match heard {
                Some(condition) => *condition = unknown,
                None => conditions.push(unknown),
            }
        }
    });
    let Some(node) = cluster.store.get::<Node>(key).cloned() else { return };
    let message = format!("Node {} status is now: NodeNotReady", key.name);
    cluster.event_from("node-controller", None, &Node::wrap(node), "Normal", "NodeNotReady", &message);
    for pod in cluster.pods_on(&key.name) {
        if pod::is_ready(&pod) {
            cluster.store.update::<Pod>(&ObjectKey::of(pod.as_ref()), |pod| {
                pod::set_condition(pod, "Ready", false, None, None, &now);
            });
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
