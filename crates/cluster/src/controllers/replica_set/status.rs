//! The status of a ReplicaSet (pkg/controller/replicaset/replica_set_utils.go).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetStatus};

use super::count;
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// Counts the pods that were active before the sync made or deleted some, and comes back when the next ready pod has
/// been so for `minReadySeconds`.
pub(super) fn write(cluster: &mut Cluster, key: &ObjectKey, set: &ReplicaSet, active: &[Arc<Pod>]) {
    let min_ready = set.spec.min_ready_seconds.unwrap_or(0);
    let now = cluster.clock.now();
    let since = active.iter().filter_map(|pod| pod::available_since(pod, min_ready));
    let (available, later): (Vec<_>, Vec<_>) = since.partition(|since| *since <= now);
    let labels = set.spec.template.as_ref().and_then(|template| template.metadata.as_ref());
    let labels = labels.and_then(|metadata| metadata.labels.as_ref());
    let fully_labelled = active.iter().filter(|pod| {
        let own = pod.metadata.labels.as_ref();
        labels.into_iter().flatten().all(|(key, value)| own.is_some_and(|own| own.get(key) == Some(value)))
    });
    let some = |items: usize| Some(count(items)).filter(|count| *count > 0);
    let status = ReplicaSetStatus {
        replicas: count(active.len()),
        fully_labeled_replicas: some(fully_labelled.count()),
        ready_replicas: some(available.len() + later.len()),
        available_replicas: some(available.len()),
        terminating_replicas: cluster.behaviour.counts_terminating_replicas.then(|| terminating(cluster, set)),
        observed_generation: set.metadata.generation,
        ..set.status.clone().unwrap_or_default()
    };
    if let Some(next) = later.into_iter().min() {
        let at = cluster.clock.ms_of(next);
        cluster.agenda.add(at, Event::Sync(Controller::ReplicaSet, key.clone()));
    }
    if set.status.as_ref() != Some(&status) {
        cluster.store.update::<ReplicaSet>(key, |set| set.status = Some(status));
    }
}

fn terminating(cluster: &Cluster, set: &ReplicaSet) -> i32 {
    let pods = cluster.pods_of(&set.metadata);
    count(pods.iter().filter(|pod| pod::is_terminating(pod) && !pod::is_terminal(pod)).count())
}
