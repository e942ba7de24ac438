//! The storage objects that volume plugins look things up in (upstream: their informers' listers).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    CsiNode, PersistentVolume, PersistentVolumeClaim, Pod, StorageCapacity, StorageClass, Volume, VolumeAttachment,
    VolumeSource,
};

/// All storage objects by name. Cloning copies pointers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage {
    /// PersistentVolumes.
    pub volumes: BTreeMap<String, Arc<PersistentVolume>>,
    /// PersistentVolumeClaims by namespace and name.
    pub claims: BTreeMap<(String, String), Arc<PersistentVolumeClaim>>,
    /// StorageClasses.
    pub classes: BTreeMap<String, Arc<StorageClass>>,
    /// CSINodes.
    pub csi_nodes: BTreeMap<String, Arc<CsiNode>>,
    /// VolumeAttachments.
    pub attachments: BTreeMap<String, Arc<VolumeAttachment>>,
    /// CSIDrivers: whether each has its storage capacity looked at (`spec.storageCapacity`).
    pub drivers: BTreeMap<String, bool>,
    /// CSIStorageCapacities by namespace and name.
    pub capacities: BTreeMap<(String, String), Arc<StorageCapacity>>,
}

impl Storage {
    /// A claim of a namespace.
    pub fn claim(&self, namespace: &str, name: &str) -> Option<&Arc<PersistentVolumeClaim>> {
        self.claims.get(&(namespace.to_owned(), name.to_owned()))
    }
}

/// The name of the claim that a volume of a pod goes by, and whether it is one made for the pod; `None` if it uses none.
pub(crate) fn claim_name(pod: &Pod, volume: &Volume) -> Option<(String, bool)> {
    match &volume.source {
        VolumeSource::PersistentVolumeClaim { claim_name } => Some((claim_name.clone(), false)),
        VolumeSource::Ephemeral => Some((format!("{}-{}", pod.name, volume.name), true)),
        _ => None,
    }
}

/// Whether a volume of the pod names this claim.
pub(crate) fn names_claim(pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    let names = |volume: &Volume| matches!(claim_name(pod, volume), Some((name, false)) if name == claim.name);
    pod.namespace == claim.namespace && pod.spec.volumes.iter().any(names)
}

/// Whether a volume of the pod names this claim, or has it made for itself.
pub(crate) fn uses_claim(pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    let uses = |volume: &Volume| claim_name(pod, volume).is_some_and(|(name, _)| name == claim.name);
    pod.namespace == claim.namespace && pod.spec.volumes.iter().any(uses)
}

/// What the API machinery says of a claim that is not there.
pub(crate) fn claim_not_found(name: &str) -> String {
    format!("persistentvolumeclaim \"{name}\" not found")
}

/// What is wrong with a claim that was not made for this pod (`ephemeral.VolumeIsForPod`).
pub(crate) fn not_made_for(pod: &Pod, claim: &PersistentVolumeClaim) -> Option<String> {
    let owned = claim.controller.as_ref().is_some_and(|owner| owner.uid == pod.uid);
    (!owned).then(|| {
        format!(
            "PVC {}/{} was not created for pod {}/{} (pod is not owner)",
            claim.namespace, claim.name, pod.namespace, pod.name
        )
    })
}
