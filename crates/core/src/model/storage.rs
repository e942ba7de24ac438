//! Volumes, claims on them and what provides them, as the scheduler sees them.

use super::labels::{LabelSelector, Labels};
use super::pod::{NodeSelector, Owner};
use crate::quantity::Quantity;

/// A PersistentVolume.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersistentVolume {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`: zones, and what claims select by.
    pub labels: Labels,
    /// The class, by the old annotation or `spec.storageClassName`; empty for none.
    pub storage_class: String,
    /// `spec.volumeAttributesClassName`; empty for none.
    pub attributes_class: String,
    /// `spec.capacity.storage`.
    pub capacity: Quantity,
    /// `spec.accessModes`.
    pub access_modes: Vec<String>,
    /// `spec.volumeMode`; `Filesystem` where absent.
    pub volume_mode: String,
    /// `spec.claimRef`: the claim it is bound to or kept for.
    pub claim: Option<ClaimReference>,
    /// `spec.nodeAffinity.required`: from where it can be reached.
    pub node_affinity: Option<NodeSelector>,
    /// Whether `status.phase` is `Available`.
    pub available: bool,
    /// Whether `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// What it is.
    pub source: PersistentVolumeSource,
}

/// What a PersistentVolume is, as far as a scheduler tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PersistentVolumeSource {
    /// `csi`.
    Csi {
        /// `driver`.
        driver: String,
        /// `volumeHandle`.
        volume_handle: String,
    },
    /// `awsElasticBlockStore`.
    AwsElasticBlockStore {
        /// `volumeID`.
        volume_id: String,
    },
    /// `gcePersistentDisk`.
    GcePersistentDisk {
        /// `pdName`.
        pd_name: String,
    },
    /// `azureDisk`.
    AzureDisk {
        /// `diskName`.
        disk_name: String,
        /// `diskURI`.
        data_disk_uri: String,
        /// `kind`, where stated.
        kind: Option<String>,
    },
    /// `cinder`.
    Cinder {
        /// `volumeID`.
        volume_id: String,
    },
    /// `portworxVolume`.
    PortworxVolume {
        /// `volumeID`.
        volume_id: String,
    },
    /// Anything else, such as `local`, `hostPath` or `nfs`.
    #[default]
    Other,
}

/// The claim that a volume is bound to or kept for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimReference {
    /// The claim's namespace.
    pub namespace: String,
    /// The claim's name.
    pub name: String,
    /// The claim's uid; empty while the volume is only kept for a claim of that name.
    pub uid: String,
}

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersistentVolumeClaim {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// The class, by the old annotation or `spec.storageClassName`; empty for none.
    pub storage_class: String,
    /// `spec.storageClassName` alone.
    pub spec_storage_class: Option<String>,
    /// `spec.volumeAttributesClassName`; empty for none.
    pub attributes_class: String,
    /// `spec.volumeName`; empty while unbound.
    pub volume_name: String,
    /// Whether the annotation `pv.kubernetes.io/bind-completed` is there.
    pub bind_completed: bool,
    /// The annotation `volume.kubernetes.io/selected-node`.
    pub selected_node: Option<String>,
    /// `spec.accessModes`.
    pub access_modes: Vec<String>,
    /// `spec.volumeMode`; `Filesystem` where absent.
    pub volume_mode: String,
    /// `spec.resources.requests.storage`.
    pub request: Option<Quantity>,
    /// `spec.selector`.
    pub selector: Option<LabelSelector>,
    /// Whether `status.phase` is `Lost`.
    pub lost: bool,
    /// Whether `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// The owner reference with `controller: true`.
    pub controller: Option<Owner>,
}

/// A StorageClass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StorageClass {
    /// `provisioner`.
    pub provisioner: String,
    /// `volumeBindingMode`; the API server fills in `Immediate`.
    pub binding_mode: VolumeBindingMode,
    /// `allowedTopologies`: alternatives, each a list of labels with the values allowed; none allows every node.
    pub allowed_topologies: Vec<Vec<(String, Vec<String>)>>,
}

/// When a claim is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VolumeBindingMode {
    /// As soon as it is made.
    #[default]
    Immediate,
    /// Once a pod that uses it is being placed.
    WaitForFirstConsumer,
}

/// A CSINode, known by its node's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CsiNode {
    /// How many volumes each driver may attach, in the order written; drivers without a limit are left out.
    pub limits: Vec<(String, i64)>,
    /// The annotation `storage.alpha.kubernetes.io/migrated-plugins`.
    pub migrated_plugins: Vec<String>,
}

/// A VolumeAttachment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VolumeAttachment {
    /// `spec.attacher`.
    pub attacher: String,
    /// `spec.nodeName`.
    pub node_name: String,
    /// `spec.source.persistentVolumeName`.
    pub volume_name: Option<String>,
}

/// A CSIStorageCapacity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StorageCapacity {
    /// `storageClassName`.
    pub storage_class: String,
    /// `nodeTopology`; `None` is nowhere.
    pub node_topology: Option<LabelSelector>,
    /// The largest volume it has room for, in bytes: `maximumVolumeSize`, else `capacity`.
    pub limit_bytes: Option<i64>,
}
