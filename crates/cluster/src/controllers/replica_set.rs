//! The ReplicaSet controller (pkg/controller/replicaset/replica_set.go).

use std::cmp::Reverse;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetStatus};

use super::deployment::MAX_REPLICAS;
use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// A ReplicaSet changed, or a pod of one.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match changed.kind {
        Kind::ReplicaSet => cluster.sync(Controller::ReplicaSet, changed.key.clone()),
        Kind::Pod => cluster.sync_owners(Controller::ReplicaSet, Kind::ReplicaSet, changed),
        _ => {}
    }
}

/// Makes the number of active pods equal `spec.replicas` and writes the status.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(set) = cluster.store.get::<ReplicaSet>(key).cloned() else { return };
    let spec = &set.spec;
    let active: Vec<Arc<Pod>> = cluster.pods_of(&set.metadata).into_iter().filter(|pod| pod::is_active(pod)).collect();
    if set.metadata.deletion_timestamp.is_none() {
        let wanted = usize::try_from(spec.replicas.unwrap_or(1).min(MAX_REPLICAS)).unwrap_or(0);
        if active.len() < wanted {
            let template = spec.template.clone().unwrap_or_default();
            for _ in active.len()..wanted {
                cluster.create_pod(ReplicaSet::wrap(set.clone()), &template, |_| {});
            }
        } else if active.len() > wanted {
            for victim in victims(&active, active.len() - wanted) {
                let name = victim.name.to_string();
                cluster.delete_pod(&victim);
                cluster.controller_event(
                    &ReplicaSet::wrap(set.clone()),
                    "Normal",
                    "SuccessfulDelete",
                    &format!("Deleted pod: {name}"),
                );
            }
        }
    }
    write_status(cluster, key, &set);
}

/// Which pods go first when there are too many (`controller.ActivePods`).
fn victims(active: &[Arc<Pod>], count: usize) -> Vec<ObjectKey> {
    let on_node = |pod: &Pod| active.iter().filter(|other| pod::node_name(other) == pod::node_name(pod)).count();
    let mut ranked: Vec<&Arc<Pod>> = active.iter().collect();
    ranked.sort_by_key(|pod| {
        let phase = match pod::phase(pod) {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        };
        let ready = pod::condition(pod, "Ready").filter(|condition| condition.status == "True");
        let ready_since = ready.and_then(|condition| condition.last_transition_time.as_ref()).map(|time| time.0);
        (
            pod::node_name(pod).is_some(),
            phase,
            ready.is_some(),
            deletion_cost(pod),
            Reverse(on_node(pod)),
            Reverse(ready_since),
            Reverse(restarts(pod)),
            Reverse(pod.metadata.creation_timestamp.as_ref().map(|time| time.0)),
            // Upstream leaves the rest to chance.
            pod.metadata.name.clone(),
        )
    });
    ranked.into_iter().take(count).map(|pod| ObjectKey::of(pod.as_ref())).collect()
}

fn deletion_cost(pod: &Pod) -> i32 {
    let annotations = pod.metadata.annotations.as_ref();
    annotations
        .and_then(|annotations| annotations.get("controller.kubernetes.io/pod-deletion-cost"))
        .and_then(|cost| cost.parse().ok())
        .unwrap_or(0)
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    statuses.into_iter().flatten().fold(0, |sum: i32, status| sum.saturating_add(status.restart_count))
}

fn write_status(cluster: &mut Cluster, key: &ObjectKey, set: &ReplicaSet) {
    let pods: Vec<Arc<Pod>> = cluster.pods_of(&set.metadata).into_iter().filter(|pod| pod::is_active(pod)).collect();
    let ready = count(pods.iter().filter(|pod| pod::is_ready(pod)).count());
    let labels = set.spec.template.as_ref();
    let labels = labels.and_then(|template| template.metadata.as_ref()).and_then(|metadata| metadata.labels.clone());
    let fully_labelled = pods.iter().filter(|pod| {
        let own = pod.metadata.labels.as_ref();
        labels.iter().flatten().all(|(key, value)| own.is_some_and(|own| own.get(key) == Some(value)))
    });
    let previous = set.status.clone().unwrap_or_default();
    let status = ReplicaSetStatus {
        replicas: count(pods.len()),
        ready_replicas: Some(ready).filter(|count| *count > 0),
        available_replicas: Some(ready).filter(|count| *count > 0),
        fully_labeled_replicas: Some(count(fully_labelled.count())).filter(|count| *count > 0),
        observed_generation: set.metadata.generation,
        ..previous.clone()
    };
    if set.status.is_none() || previous != status {
        cluster.store.update::<ReplicaSet>(key, |set| set.status = Some(status));
    }
}

/// A count as the API writes it.
pub(crate) fn count(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}
