//! Which of a workload's pods is missed least (`ActivePodsWithRanks` in pkg/controller/controller_utils.go).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;

use crate::cluster::Cluster;
use crate::pod::{self, Pod};

/// The annotation by which a person says what losing a pod costs (beta in v1.22).
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The pods in the order in which a controller deletes them; `related` are the pods beside which one is doubled up.
pub(crate) fn ranked(cluster: &Cluster, mut pods: Vec<Arc<Pod>>, related: &[Arc<Pod>]) -> Vec<Arc<Pod>> {
    let behaviour = &cluster.behaviour;
    let age = |since: Option<Timestamp>| match since {
        Some(since) if behaviour.ranks_ages_by_logarithm => Age::Bucket(bucket(cluster.clock.now(), since)),
        since => Age::Since(Reverse(since)),
    };
    let mut on_node: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    if behaviour.deletes_doubled_up_first {
        for pod in related.iter().filter(|pod| pod::is_active(pod)) {
            *on_node.entry(pod::node_name(pod)).or_default() += 1;
        }
    }
    let mut first_uid: BTreeMap<Option<Timestamp>, String> = BTreeMap::new();
    for pod in &pods {
        let uid = pod.metadata.uid.clone().unwrap_or_default();
        let first = first_uid.entry(ready_since(pod)).or_insert_with(|| uid.clone());
        *first = uid.min(std::mem::take(first));
    }
    pods.sort_by_cached_key(|pod| {
        let phase = match pod::phase(pod) {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        };
        let ready = ready_since(pod);
        // Pods that became ready at different moments of one bucket go in the order of their uids. That, and going by
        // restarts where the moments are equal, is no order; one uid for all pods of a moment makes it one.
        let uid_of_moment = behaviour.ranks_ages_by_logarithm.then(|| first_uid.get(&ready).cloned());
        let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        (
            (pod::node_name(pod).is_some(), phase, pod::is_ready(pod)),
            if behaviour.pod_deletion_cost { deletion_cost(pod) } else { 0 },
            Reverse(on_node.get(&pod::node_name(pod)).copied().unwrap_or(0)),
            age(ready),
            uid_of_moment,
            Reverse(most_restarts(pod)),
            age(created),
            // Upstream leaves the rest to chance.
            pod.metadata.uid.clone(),
        )
    });
    pods
}

/// How long something has been: the younger goes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// No time at all, then the latest moment first.
    Since(Reverse<Option<Timestamp>>),
    /// The power of two below the age in nanoseconds.
    Bucket(i64),
}

fn bucket(now: Timestamp, since: Timestamp) -> i64 {
    let nanoseconds = u64::try_from(now.duration_since(since).as_nanos()).unwrap_or(0);
    nanoseconds.checked_ilog2().map_or(-1, i64::from)
}

fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let ready = pod::condition(pod, "Ready").filter(|condition| condition.status == "True")?;
    ready.last_transition_time.as_ref().map(|time| time.0)
}

fn deletion_cost(pod: &Pod) -> i32 {
    let annotations = pod.metadata.annotations.as_ref();
    let cost = annotations.and_then(|annotations| annotations.get(DELETION_COST));
    cost.and_then(|cost| cost.parse().ok()).unwrap_or(0)
}

fn most_restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    statuses.map(|status| status.restart_count).max().unwrap_or(0)
}
