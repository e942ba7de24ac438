//! The garbage collector (pkg/controller/garbagecollector) and PodGC: objects whose owner is gone, pods whose node is gone.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// An owner or a node is gone.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if changed.after.is_none() && !matches!(changed.kind, Kind::Pod | Kind::Event) {
        cluster.sync(Controller::GarbageCollector, changed.key.clone());
    }
}

/// Deletes what the object under `key`, which is gone, leaves behind: dependents, or the pods of a node.
pub(crate) fn sync(cluster: &mut Cluster, _key: &ObjectKey) {
    for key in orphans::<ReplicaSet>(cluster) {
        cluster.store.remove::<ReplicaSet>(&key);
    }
    for key in orphans::<Pod>(cluster) {
        cluster.delete_pod(&key);
    }
    let lost: Vec<ObjectKey> = cluster
        .store
        .list::<Pod>()
        .filter(|pod| pod::node_name(pod).is_some_and(|node| cluster.store.find::<Node>("", node).is_none()))
        .map(|pod| ObjectKey::of(pod.as_ref()))
        .collect();
    for key in lost {
        // Nobody is there to confirm the end of these pods: PodGC removes them at once.
        cluster.store.remove::<Pod>(&key);
    }
}

/// The objects of one kind whose managing owner was known to the cluster and is gone.
fn orphans<T: KnownKind>(cluster: &Cluster) -> Vec<ObjectKey> {
    cluster
        .store
        .list::<T>()
        .filter(|object| owner_is_gone(cluster, object.metadata()))
        .map(|object| ObjectKey::of(object.as_ref()))
        .collect()
}

fn owner_is_gone(cluster: &Cluster, metadata: &ObjectMeta) -> bool {
    let Some(owner) = pod::controller_of(metadata) else { return false };
    if !cluster.seen_owners.contains(&owner.uid) {
        // A partial dump has the pods and not their owners: they stay as they are.
        return false;
    }
    let key = ObjectKey::new(metadata.namespace.as_deref().unwrap_or_default(), &owner.name);
    let uid = match Kind::of(&owner.api_version, &owner.kind) {
        Some(Kind::Deployment) => uid_of::<Deployment>(cluster, &key),
        Some(Kind::ReplicaSet) => uid_of::<ReplicaSet>(cluster, &key),
        Some(Kind::DaemonSet) => uid_of::<DaemonSet>(cluster, &key),
        Some(Kind::StatefulSet) => uid_of::<StatefulSet>(cluster, &key),
        Some(Kind::Job) => uid_of::<Job>(cluster, &key),
        _ => return false,
    };
    uid.as_deref() != Some(owner.uid.as_str())
}

fn uid_of<T: KnownKind>(cluster: &Cluster, key: &ObjectKey) -> Option<String> {
    cluster.store.get::<T>(key)?.metadata().uid.clone()
}
