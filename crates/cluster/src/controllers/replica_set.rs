//! The ReplicaSet controller (pkg/controller/replicaset/replica_set.go, v1.16 to v1.34), which keeps
//! ReplicationControllers too.

mod kind;
mod status;
mod tally;

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::ReplicationController;

use self::kind::Replicates;
use self::tally::Tally;
use super::active_pods;
use super::controller_ref;
use super::deployment::MAX_REPLICAS;
use super::slow_start::slow_start;
use crate::api_error::ApiError;
use crate::cluster::Cluster;
use crate::convert;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// The most pods one sync makes or deletes (`BurstReplicas`).
const BURST_REPLICAS: usize = 500;

/// A ReplicaSet or ReplicationController changed, or a pod of one or that one could adopt.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    watch_kind::<ReplicaSet>(cluster, changed);
    watch_kind::<ReplicationController>(cluster, changed);
}

fn watch_kind<T: Replicates>(cluster: &mut Cluster, changed: &Changed) {
    match (changed.kind, &changed.after) {
        (kind, _) if kind == T::KIND_OF => cluster.sync(T::CONTROLLER, changed.key.clone()),
        (Kind::Pod, after) => {
            cluster.sync_owners(T::CONTROLLER, T::KIND_OF, changed);
            if let Some(Object::Pod(pod)) = after
                && pod::controller_of(&pod.metadata).is_none()
                && pod::is_active(pod)
            {
                for key in controller_ref::adopters::<T>(cluster, &pod.metadata) {
                    cluster.sync(T::CONTROLLER, key);
                }
            }
        }
        _ => {}
    }
}

/// Makes the number of active pods equal `spec.replicas` and writes the status.
pub(crate) fn sync<T: Replicates>(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(set) = cluster.store.get::<T>(key).cloned() else { return };
    if has_claims(cluster, set.as_ref()) {
        // What it takes in or lets go of brings it here again.
        controller_ref::claim(cluster, set.as_ref(), |indices| &indices.pods, pod::is_active);
        return;
    }
    let tally = Tally::of(cluster, set.as_ref());
    let managed = match set.metadata().deletion_timestamp {
        None => manage_replicas(cluster, &set, tally.active),
        Some(_) => Ok(()),
    };
    status::write(cluster, key, set.as_ref(), tally, managed.as_ref().err());
    match managed {
        Ok(()) => cluster.forget(T::CONTROLLER, key),
        Err(_) => cluster.requeue_rate_limited(T::CONTROLLER, key),
    }
}

/// Whether there are pods to take in or to let go of.
fn has_claims(cluster: &Cluster, set: &impl Replicates) -> bool {
    if set.metadata().deletion_timestamp.is_some() {
        return false;
    }
    let selector = convert::label_selector(&set.selector());
    let nothing = Default::default();
    let strays =
        cluster.indices.looks.of(set.metadata()).any(|(look, _)| look.is_active && !selector.matches(&look.labels));
    let orphans = cluster.indices.pods.orphans(set.metadata().namespace.as_deref().unwrap_or_default());
    let mut orphans = orphans.filter_map(|key| cluster.store.get::<Pod>(key));
    let adoptable =
        |pod: &Arc<Pod>| pod::is_active(pod) && selector.matches(pod.metadata.labels.as_ref().unwrap_or(&nothing));
    strays || (!selector.is_empty() && orphans.any(adoptable))
}

fn manage_replicas<T: Replicates>(cluster: &mut Cluster, set: &Arc<T>, active: usize) -> Result<(), ApiError> {
    let wanted = usize::try_from(set.replicas().min(MAX_REPLICAS)).unwrap_or(0);
    if active < wanted {
        let template = set.template().cloned().unwrap_or_default();
        let owner = T::wrap(set.clone());
        let create = || cluster.create_pod(&owner, &template, |_| {}).map(|_| ());
        return slow_start((wanted - active).min(BURST_REPLICAS), create);
    } else if active > wanted {
        for victim in victims(cluster, set.as_ref(), (active - wanted).min(BURST_REPLICAS)) {
            let message = format!("Deleted pod: {}", victim.name);
            cluster.delete_pod(&victim);
            cluster.controller_event(&T::wrap(set.clone()), "Normal", "SuccessfulDelete", &message);
        }
    }
    Ok(())
}

/// Which pods go first when there are too many (`getPodsToDelete`).
fn victims(cluster: &Cluster, set: &impl Replicates, count: usize) -> Vec<ObjectKey> {
    let active: Vec<Arc<Pod>> = counted_pods(cluster, set).collect();
    // When all go there is nothing to choose.
    let ranked =
        if count < active.len() { active_pods::ranked(cluster, active, &related_pods(cluster, set)) } else { active };
    ranked.into_iter().take(count).map(|pod| ObjectKey::of(pod.as_ref())).collect()
}

/// The pods that the set counts.
fn counted_pods<T: Replicates>(cluster: &Cluster, set: &T) -> impl Iterator<Item = Arc<Pod>> + use<T> {
    let selector = convert::label_selector(&set.selector());
    cluster.pods_of(set.metadata()).into_iter().filter(move |pod| {
        pod::is_active(pod) && selector.matches(pod.metadata.labels.as_ref().unwrap_or(&Default::default()))
    })
}

/// The pods of all of its kind that have the owner of this one (`getIndirectlyRelatedPods`).
fn related_pods<T: Replicates>(cluster: &Cluster, set: &T) -> Vec<Arc<Pod>> {
    let metadata = set.metadata();
    let Some(owner) = pod::controller_of(metadata) else { return cluster.pods_of(metadata) };
    let sets = T::of_owner(cluster, metadata.namespace.as_deref().unwrap_or_default(), &owner.uid);
    let sets = sets.iter().filter_map(|key| cluster.store.get::<T>(key));
    sets.flat_map(|set| cluster.pods_of(set.metadata())).collect()
}

/// A count as the API writes it.
pub(crate) fn count(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}
