//! Storage objects into the scheduler's model.

use k8s_openapi::api::core::v1 as api;
use k8s_openapi::api::storage::v1 as storage;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sim_core::model::{
    ClaimReference, CsiNode, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSource, StorageCapacity,
    StorageClass, VolumeAttachment, VolumeBindingMode,
};
use sim_core::quantity::Quantity;

use super::{label_selector, labels, node_selector, owner, quantity};
use crate::pod as pods;

/// The annotation that named the class before the field did; it still goes first.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
/// The annotation that says that a claim is bound both ways.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The annotation by which the scheduler tells a provisioner for which node a volume is to be made.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The annotation in which a node's kubelet lists the in-tree plugins it hands to CSI drivers.
const MIGRATED_PLUGINS: &str = "storage.alpha.kubernetes.io/migrated-plugins";

/// A PersistentVolume as the scheduler sees it.
pub fn persistent_volume(volume: &api::PersistentVolume) -> PersistentVolume {
    let metadata = &volume.metadata;
    let spec = volume.spec.clone().unwrap_or_default();
    let phase = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    PersistentVolume {
        name: metadata.name.clone().unwrap_or_default(),
        labels: labels(metadata.labels.as_ref()),
        storage_class: class(metadata, spec.storage_class_name.as_ref()),
        attributes_class: spec.volume_attributes_class_name.clone().unwrap_or_default(),
        capacity: storage_of(spec.capacity.as_ref()).unwrap_or_default(),
        access_modes: spec.access_modes.clone().unwrap_or_default(),
        volume_mode: mode(spec.volume_mode.as_ref()),
        claim: spec.claim_ref.as_ref().map(|reference| ClaimReference {
            namespace: reference.namespace.clone().unwrap_or_default(),
            name: reference.name.clone().unwrap_or_default(),
            uid: reference.uid.clone().unwrap_or_default(),
        }),
        node_affinity: spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref()).map(node_selector),
        available: phase == Some("Available"),
        terminating: metadata.deletion_timestamp.is_some(),
        source: source(&spec),
    }
}

fn source(spec: &api::PersistentVolumeSpec) -> PersistentVolumeSource {
    if let Some(csi) = &spec.csi {
        PersistentVolumeSource::Csi { driver: csi.driver.clone(), volume_handle: csi.volume_handle.clone() }
    } else if let Some(disk) = &spec.aws_elastic_block_store {
        PersistentVolumeSource::AwsElasticBlockStore { volume_id: disk.volume_id.clone() }
    } else if let Some(disk) = &spec.gce_persistent_disk {
        PersistentVolumeSource::GcePersistentDisk { pd_name: disk.pd_name.clone() }
    } else if let Some(disk) = &spec.azure_disk {
        PersistentVolumeSource::AzureDisk {
            disk_name: disk.disk_name.clone(),
            data_disk_uri: disk.disk_uri.clone(),
            kind: disk.kind.clone(),
        }
    } else if let Some(disk) = &spec.cinder {
        PersistentVolumeSource::Cinder { volume_id: disk.volume_id.clone() }
    } else if let Some(volume) = &spec.portworx_volume {
        PersistentVolumeSource::PortworxVolume { volume_id: volume.volume_id.clone() }
    } else {
        PersistentVolumeSource::Other
    }
}

/// A PersistentVolumeClaim as the scheduler sees it.
pub fn persistent_volume_claim(claim: &api::PersistentVolumeClaim) -> PersistentVolumeClaim {
    let metadata = &claim.metadata;
    let spec = claim.spec.clone().unwrap_or_default();
    let annotation = |key: &str| metadata.annotations.as_ref().and_then(|annotations| annotations.get(key)).cloned();
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    PersistentVolumeClaim {
        namespace: metadata.namespace.clone().unwrap_or_default(),
        name: metadata.name.clone().unwrap_or_default(),
        uid: metadata.uid.clone().unwrap_or_default(),
        storage_class: class(metadata, spec.storage_class_name.as_ref()),
        spec_storage_class: spec.storage_class_name.clone(),
        attributes_class: spec.volume_attributes_class_name.clone().unwrap_or_default(),
        volume_name: spec.volume_name.clone().unwrap_or_default(),
        bind_completed: annotation(BIND_COMPLETED).is_some(),
        selected_node: annotation(SELECTED_NODE),
        access_modes: spec.access_modes.clone().unwrap_or_default(),
        volume_mode: mode(spec.volume_mode.as_ref()),
        request: storage_of(requests),
        selector: spec.selector.as_ref().map(label_selector),
        lost: claim.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Lost"),
        terminating: metadata.deletion_timestamp.is_some(),
        controller: pods::controller_of(metadata).map(owner),
    }
}

/// A StorageClass as the scheduler sees it.
pub fn storage_class(class: &storage::StorageClass) -> StorageClass {
    let terms = class.allowed_topologies.iter().flatten();
    StorageClass {
        provisioner: class.provisioner.clone(),
        binding_mode: match class.volume_binding_mode.as_deref() {
            Some("WaitForFirstConsumer") => VolumeBindingMode::WaitForFirstConsumer,
            _ => VolumeBindingMode::Immediate,
        },
        allowed_topologies: terms
            .map(|term| {
                let labels = term.match_label_expressions.iter().flatten();
                labels.map(|label| (label.key.clone(), label.values.clone())).collect()
            })
            .collect(),
    }
}

/// A CSINode as the scheduler sees it.
pub fn csi_node(node: &storage::CSINode) -> CsiNode {
    let limits = node.spec.drivers.iter().filter_map(|driver| {
        let count = driver.allocatable.as_ref()?.count?;
        Some((driver.name.clone(), i64::from(count)))
    });
    let migrated = node.metadata.annotations.as_ref().and_then(|annotations| annotations.get(MIGRATED_PLUGINS));
    CsiNode {
        limits: limits.collect(),
        migrated_plugins: migrated
            .filter(|plugins| !plugins.is_empty())
            .map(|plugins| plugins.split(',').map(str::to_owned).collect())
            .unwrap_or_default(),
    }
}

/// A VolumeAttachment as the scheduler sees it.
pub fn volume_attachment(attachment: &storage::VolumeAttachment) -> VolumeAttachment {
    VolumeAttachment {
        attacher: attachment.spec.attacher.clone(),
        node_name: attachment.spec.node_name.clone(),
        volume_name: attachment.spec.source.persistent_volume_name.clone(),
    }
}

/// Whether a CSIDriver has its storage capacity looked at.
pub fn has_storage_capacity(driver: &storage::CSIDriver) -> bool {
    driver.spec.storage_capacity == Some(true)
}

/// A CSIStorageCapacity as the scheduler sees it.
pub fn storage_capacity(capacity: &storage::CSIStorageCapacity) -> StorageCapacity {
    let limit = capacity.maximum_volume_size.as_ref().or(capacity.capacity.as_ref());
    StorageCapacity {
        storage_class: capacity.storage_class_name.clone(),
        node_topology: capacity.node_topology.as_ref().map(label_selector),
        limit_bytes: limit.map(|limit| Quantity::value(&quantity(limit))),
    }
}

fn class(metadata: &ObjectMeta, class: Option<&String>) -> String {
    let annotated = metadata.annotations.as_ref().and_then(|annotations| annotations.get(CLASS_ANNOTATION));
    annotated.or(class).cloned().unwrap_or_default()
}

fn mode(mode: Option<&String>) -> String {
    mode.cloned().unwrap_or_else(|| "Filesystem".to_owned())
}

fn storage_of(
    list: Option<&std::collections::BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>>,
) -> Option<Quantity> {
    list?.get("storage").map(quantity)
}
