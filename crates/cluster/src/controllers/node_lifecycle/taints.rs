//! The taints that the node lifecycle controller keeps (`doNoScheduleTaintingPass` and the NoExecute templates, v1.34).

use k8s_openapi::api::core::v1::{Node, Taint};

use super::health::{Ready, condition, ready};
use crate::cluster::Cluster;
use crate::store::ObjectKey;

/// On nodes whose kubelet says that it is not ready.
pub(crate) const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// On nodes whose kubelet says nothing.
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// The conditions that cause a NoSchedule taint while they are True.
const WHILE_TRUE: [(&str, &str); 4] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
    ("NetworkUnavailable", "node.kubernetes.io/network-unavailable"),
];

/// Makes the NoSchedule taints of a node equal to what its conditions and `unschedulable` ask for.
pub(crate) fn sync_no_schedule(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(node) = cluster.store.get::<Node>(key) else { return };
    let wanted = wanted_no_schedule(node);
    let is_kept = |taint: &Taint| {
        let owned = [NOT_READY, UNREACHABLE, UNSCHEDULABLE].contains(&taint.key.as_str())
            || WHILE_TRUE.iter().any(|(_, key)| *key == taint.key);
        taint.effect != "NoSchedule" || !owned || wanted.contains(&taint.key.as_str())
    };
    let present = of(node);
    let is_there = |key: &str| present.iter().any(|taint| taint.effect == "NoSchedule" && taint.key == key);
    if present.iter().all(is_kept) && wanted.iter().all(|key| is_there(key)) {
        return;
    }
    let now = cluster.clock.time();
    let added = wanted.iter().filter(|key| !is_there(key)).map(|key| Taint {
        key: (*key).to_owned(),
        effect: "NoSchedule".to_owned(),
        value: None,
        time_added: Some(now.clone()),
    });
    let taints: Vec<Taint> = present.iter().filter(|taint| is_kept(taint)).cloned().chain(added).collect();
    cluster.store.update::<Node>(key, |node| node.spec.get_or_insert_default().taints = Some(taints));
}

fn wanted_no_schedule(node: &Node) -> Vec<&'static str> {
    let mut wanted = match ready(node) {
        Ready::False => vec![NOT_READY],
        Ready::Unknown => vec![UNREACHABLE],
        Ready::True | Ready::Missing => Vec::new(),
    };
    wanted.extend(WHILE_TRUE.iter().filter(|(type_, _)| condition(node, type_) == Some("True")).map(|(_, key)| *key));
    if node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true)) {
        wanted.push(UNSCHEDULABLE);
    }
    wanted
}

/// The NoExecute taint that a node in this state is to have.
pub(super) fn no_execute_key(ready: Ready) -> Option<&'static str> {
    match ready {
        Ready::False => Some(NOT_READY),
        Ready::Unknown => Some(UNREACHABLE),
        Ready::True | Ready::Missing => None,
    }
}

/// Which of the two NoExecute taints of this controller a node has: not-ready, unreachable.
pub(super) fn no_execute(node: &Node) -> (bool, bool) {
    let has = |key: &str| of(node).iter().any(|taint| taint.effect == "NoExecute" && taint.key == key);
    (has(NOT_READY), has(UNREACHABLE))
}

/// Gives a node one of the two NoExecute taints and takes the other, or takes both.
pub(super) fn set_no_execute(cluster: &mut Cluster, key: &ObjectKey, wanted: Option<&str>) {
    let Some(node) = cluster.store.get::<Node>(key) else { return };
    let is_ours = |taint: &Taint| taint.effect == "NoExecute" && [NOT_READY, UNREACHABLE].contains(&taint.key.as_str());
    if wanted.is_none() && !of(node).iter().any(is_ours) {
        return;
    }
    let mut taints: Vec<Taint> = of(node).iter().filter(|taint| !is_ours(taint)).cloned().collect();
    taints.extend(wanted.map(|key| Taint {
        key: key.to_owned(),
        effect: "NoExecute".to_owned(),
        value: None,
        time_added: Some(cluster.clock.time()),
    }));
    cluster.store.update::<Node>(key, |node| node.spec.get_or_insert_default().taints = Some(taints));
}

/// The taints of a node.
pub(super) fn of(node: &Node) -> &[Taint] {
    node.spec.as_ref().and_then(|spec| spec.taints.as_deref()).unwrap_or_default()
}
