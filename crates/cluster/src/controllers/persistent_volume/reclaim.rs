//! Volumes: available, bound, released, and what becomes of them then (`syncVolume`, `reclaimVolume`).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec};

use super::{PROVISIONED_BY, annotation, claim_key, is_bound_to, provisioning};
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::object::{Kind, KnownKind};
use crate::store::ObjectKey;

/// Looks at one volume.
pub(super) fn sync_volume(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(volume) = cluster.store.get::<PersistentVolume>(key).cloned() else { return };
    let Some(spec) = volume.spec.as_ref() else { return };
    let Some(reference) = spec.claim_ref.as_ref() else {
        set_phase(cluster, key, "Available", None);
        return;
    };
    let uid = reference.uid.clone().filter(|uid| !uid.is_empty());
    let Some((uid, claim_key)) = uid.zip(claim_key(&volume)) else {
        // Kept for a claim that has yet to come.
        set_phase(cluster, key, "Available", None);
        return;
    };
    let claim = cluster.store.get::<PersistentVolumeClaim>(&claim_key).cloned();
    match claim.filter(|claim| claim.metadata.uid.as_deref() == Some(uid.as_str())) {
        Some(claim) if is_bound_to(&volume, &claim_key, &claim) => {
            cluster.sync(Controller::PersistentVolume, claim_key);
        }
        Some(_) => {}
        None if cluster.volumes.gone.contains(&uid) => {
            set_phase(cluster, key, "Released", None);
            reclaim(cluster, key, &volume, spec);
        }
        // A partial dump has the volume and not its claim.
        None => {}
    }
}

fn reclaim(cluster: &mut Cluster, key: &ObjectKey, volume: &Arc<PersistentVolume>, spec: &PersistentVolumeSpec) {
    let object = PersistentVolume::wrap(Arc::clone(volume));
    match spec.persistent_volume_reclaim_policy.as_deref() {
        Some("Delete") if is_deletable(volume, spec) => {
            let at = cluster.clock.now_ms().saturating_add(provisioning::DELAY_MS);
            cluster.agenda.add(at, Event::DeleteVolume(key.clone()));
        }
        Some("Delete") => {
            let message = format!(
                "error getting deleter volume plugin for volume \"{}\": no deletable volume plugin matched",
                key.name
            );
            set_phase(cluster, key, "Failed", Some(&message));
            cluster.event_from("persistentvolume-controller", None, &object, "Warning", "VolumeFailedDelete", &message);
        }
        Some("Recycle") => {
            cluster.store.update::<PersistentVolume>(key, |volume| {
                volume.spec.get_or_insert_default().claim_ref = None;
            });
            let message = "Volume recycled";
            cluster.event_from("persistentvolume-controller", None, &object, "Normal", "VolumeRecycled", message);
        }
        _ => {}
    }
}

/// Whether somebody can delete what is behind the volume: its provisioner, or a plugin of a cloud's disks.
fn is_deletable(volume: &PersistentVolume, spec: &PersistentVolumeSpec) -> bool {
    annotation(&volume.metadata, PROVISIONED_BY).is_some()
        || spec.csi.is_some()
        || spec.aws_elastic_block_store.is_some()
        || spec.gce_persistent_disk.is_some()
        || spec.azure_disk.is_some()
        || spec.cinder.is_some()
        || spec.vsphere_volume.is_some()
}

/// What is behind a released volume is deleted, and the volume with it.
pub(crate) fn delete_volume(cluster: &mut Cluster, key: &ObjectKey) {
    let phase = |volume: &PersistentVolume| volume.status.as_ref().and_then(|status| status.phase.clone());
    if cluster.store.get::<PersistentVolume>(key).is_some_and(|volume| phase(volume).as_deref() == Some("Released")) {
        cluster.delete_object(Kind::PersistentVolume, key, DeleteOptions::default());
    }
}

fn set_phase(cluster: &mut Cluster, key: &ObjectKey, phase: &str, message: Option<&str>) {
    let Some(volume) = cluster.store.get::<PersistentVolume>(key) else { return };
    let present = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    if present == Some(phase) || (present == Some("Failed") && phase == "Released") {
        return;
    }
    let now = cluster.clock.time();
    let stamped = cluster.behaviour.volume_phase_times;
    cluster.store.update::<PersistentVolume>(key, |volume| {
        let status = volume.status.get_or_insert_default();
        status.phase = Some(phase.to_owned());
        status.message = message.map(str::to_owned);
        status.last_phase_transition_time = stamped.then_some(now);
    });
}
