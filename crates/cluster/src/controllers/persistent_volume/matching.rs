//! Which volume suits a claim best (pkg/controller/volume/persistentvolume/index.go and `FindMatchingVolume`).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};

use super::{class_of, is_bound_to};
use crate::cluster::Cluster;
use crate::convert;
use crate::store::ObjectKey;

/// The volume that is kept for the claim, else the smallest available one that is enough. Where the claim waits for its
/// pod the scheduler chooses, so that only the first counts.
pub(super) fn best_match(
    cluster: &Cluster,
    claim: &PersistentVolumeClaim,
    class: &str,
    waits: bool,
) -> Option<Arc<PersistentVolume>> {
    let key = ObjectKey::of(claim);
    let wanted = convert::persistent_volume_claim(claim);
    let volumes = || cluster.store.list::<PersistentVolume>();
    if let Some(kept) = volumes().find(|volume| is_bound_to(volume, &key, claim) && mismatch(volume, claim).is_none()) {
        return Some(Arc::clone(kept));
    }
    if waits {
        return None;
    }
    let available = volumes().filter(|volume| {
        volume.spec.as_ref().is_some_and(|spec| spec.claim_ref.is_none())
            && volume.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Available")
            && class_of(&volume.metadata, volume.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref()))
                == class
            && mismatch(volume, claim).is_none()
    });
    let selected = available.filter(|volume| {
        let labels = &convert::persistent_volume(volume).labels;
        wanted.selector.as_ref().is_none_or(|selector| selector.matches(labels))
    });
    selected.min_by_key(|volume| (convert::persistent_volume(volume).capacity, volume.metadata.name.clone())).cloned()
}

/// Why the volume cannot be the claim's (`checkVolumeSatisfyClaim`).
pub(super) fn mismatch(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> Option<String> {
    let (offered, wanted) = (convert::persistent_volume(volume), convert::persistent_volume_claim(claim));
    if volume.metadata.deletion_timestamp.is_some() {
        return Some(format!("the volume is marked for deletion \"{}\"", offered.name));
    }
    let fault = if wanted.request.is_some_and(|request| offered.capacity < request) {
        "requested PV is too small"
    } else if offered.storage_class != wanted.storage_class {
        "storageClassName does not match"
    } else if offered.volume_mode != wanted.volume_mode {
        "incompatible volumeMode"
    } else if wanted.access_modes.iter().any(|mode| !offered.access_modes.contains(mode)) {
        "incompatible accessMode"
    } else {
        return None;
    };
    Some(fault.to_owned())
}
