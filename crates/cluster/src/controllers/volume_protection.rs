//! The protection of claims and volumes in use (pkg/controller/volume/pvcprotection and pvprotection): a finalizer holds
//! a claim as long as a pod on a node names it, and a volume as long as it is bound.

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::persistent_volume::{claims_of, users_of};
use crate::cluster::Cluster;
use crate::object::{KnownKind, Object};
use crate::pod;
use crate::store::{Changed, ObjectKey};

/// The finalizer of claims.
const CLAIM: &str = "kubernetes.io/pvc-protection";
/// The finalizer of volumes.
const VOLUME: &str = "kubernetes.io/pv-protection";

/// A claim or a volume changed, or a pod that may have been the last to use its claims is gone.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match (&changed.before, &changed.after) {
        (_, Some(Object::PersistentVolumeClaim(_))) => release_claim(cluster, &changed.key),
        (_, Some(Object::PersistentVolume(volume))) => {
            let bound = volume.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Bound");
            if is_held(&volume.metadata, VOLUME) && !bound {
                release::<PersistentVolume>(cluster, &changed.key, VOLUME);
            }
        }
        (Some(Object::Pod(pod)), None) => {
            for claim in claims_of(pod) {
                release_claim(cluster, &claim);
            }
        }
        _ => {}
    }
}

fn release_claim(cluster: &mut Cluster, key: &ObjectKey) {
    let held = |claim: &PersistentVolumeClaim| is_held(&claim.metadata, CLAIM);
    if cluster.store.get::<PersistentVolumeClaim>(key).is_some_and(|claim| held(claim)) {
        let is_used = users_of(cluster, key).iter().any(|pod| pod::node_name(pod).is_some());
        if !is_used {
            release::<PersistentVolumeClaim>(cluster, key, CLAIM);
        }
    }
}

fn release<T: KnownKind>(cluster: &mut Cluster, key: &ObjectKey, finalizer: &str) {
    cluster.store.update::<T>(key, |object| {
        let finalizers = &mut object.metadata_mut().finalizers;
        finalizers.iter_mut().for_each(|all| all.retain(|other| other != finalizer));
        *finalizers = finalizers.take().filter(|all| !all.is_empty());
    });
}

fn is_held(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.deletion_timestamp.is_some() && metadata.finalizers.iter().flatten().any(|other| other == finalizer)
}

/// Protects a claim or a volume that comes in (plugin/pkg/admission/storage/storageobjectinuseprotection).
pub(crate) fn protect_claim(metadata: &mut ObjectMeta) {
    protect(metadata, CLAIM);
}

/// The same for a volume.
pub(crate) fn protect_volume(metadata: &mut ObjectMeta) {
    protect(metadata, VOLUME);
}

fn protect(metadata: &mut ObjectMeta, finalizer: &str) {
    let finalizers = metadata.finalizers.get_or_insert_default();
    if metadata.deletion_timestamp.is_none() && !finalizers.iter().any(|other| other == finalizer) {
        finalizers.push(finalizer.to_owned());
    }
}
