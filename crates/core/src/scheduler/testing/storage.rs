//! The storage objects of the fixture language, and the volumes of its pods.

use super::{label, quantity, requirement};
use crate::model::*;
use crate::scheduler::storage::Storage;

/// Reads a line that stands for a storage object into the storage.
pub(super) fn read(storage: &mut Storage, line: &str) {
    let mut words = line.split_whitespace();
    let (kind, name) = (words.next().expect("a kind"), words.next().expect("a name").to_owned());
    let words = words.map(|word| word.split_once('=').unwrap_or((word, "")));
    match kind {
        "class" => drop(storage.classes.insert(name, class(words).into())),
        "pv" => drop(storage.volumes.insert(name.clone(), persistent_volume(name, words).into())),
        "pvc" => drop(storage.claims.insert(("default".to_owned(), name.clone()), claim(name, words).into())),
        "csinode" => drop(storage.csi_nodes.insert(name, csi_node(words).into())),
        "attachment" => drop(storage.attachments.insert(name, attachment(words).into())),
        "driver" => drop(storage.drivers.insert(name, true)),
        "capacity" => {
            drop(storage.capacities.insert(("default".to_owned(), name), capacity(words).into()));
        }
        other => panic!("unknown object {other:?}"),
    }
}

fn class<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> StorageClass {
    let mut class = StorageClass { provisioner: "disk.example.com".to_owned(), ..StorageClass::default() };
    for (key, value) in words {
        match key {
            "provisioner" => value.clone_into(&mut class.provisioner),
            "waits" => class.binding_mode = VolumeBindingMode::WaitForFirstConsumer,
            "allows" => {
                let (key, values) = label(value);
                class.allowed_topologies.push(vec![(key, values.split(',').map(str::to_owned).collect())]);
            }
            other => panic!("unknown word {other}"),
        }
    }
    class
}

pub(crate) fn persistent_volume<'a>(name: String, words: impl Iterator<Item = (&'a str, &'a str)>) -> PersistentVolume {
    let mut volume = PersistentVolume {
        name,
        capacity: quantity("10Gi"),
        access_modes: vec!["ReadWriteOnce".to_owned()],
        volume_mode: "Filesystem".to_owned(),
        available: true,
        ..PersistentVolume::default()
    };
    let owned = str::to_owned;
    for (key, value) in words {
        match key {
            "class" => volume.storage_class = owned(value),
            "attributes" => volume.attributes_class = owned(value),
            "size" => volume.capacity = quantity(value),
            "mode" => volume.access_modes = vec![owned(value)],
            "block" => volume.volume_mode = owned("Block"),
            "label" => volume.labels.extend([label(value)]),
            "zone" => volume.labels.extend([(owned("topology.kubernetes.io/zone"), owned(value))]),
            "beta-zone" => volume.labels.extend([(owned("failure-domain.beta.kubernetes.io/zone"), owned(value))]),
            "reach" => {
                let term = NodeSelectorTerm { match_expressions: vec![requirement(value)], ..Default::default() };
                volume.node_affinity.get_or_insert_default().node_selector_terms.push(term);
            }
            "claim" => {
                volume.claim = Some(ClaimReference {
                    namespace: owned("default"),
                    name: owned(value),
                    ..ClaimReference::default()
                });
            }
            "released" => volume.available = false,
            "terminating" => volume.terminating = true,
            "csi" => {
                let (driver, handle) = value.split_once('/').expect("csi=DRIVER/HANDLE");
                volume.source = PersistentVolumeSource::Csi { driver: owned(driver), volume_handle: owned(handle) };
            }
            "ebs" => volume.source = PersistentVolumeSource::AwsElasticBlockStore { volume_id: owned(value) },
            "gce" => volume.source = PersistentVolumeSource::GcePersistentDisk { pd_name: owned(value) },
            "cinder" => volume.source = PersistentVolumeSource::Cinder { volume_id: owned(value) },
            "portworx" => volume.source = PersistentVolumeSource::PortworxVolume { volume_id: owned(value) },
            "azure" => {
                let (name, kind) = kind_of(value);
                let data_disk_uri = format!("/disks/{name}");
                volume.source = PersistentVolumeSource::AzureDisk { disk_name: name, data_disk_uri, kind };
            }
            other => panic!("unknown word {other}"),
        }
    }
    volume
}

fn claim<'a>(name: String, words: impl Iterator<Item = (&'a str, &'a str)>) -> PersistentVolumeClaim {
    let mut claim = PersistentVolumeClaim {
        namespace: "default".to_owned(),
        uid: name.clone(),
        name,
        request: Some(quantity("5Gi")),
        access_modes: vec!["ReadWriteOnce".to_owned()],
        volume_mode: "Filesystem".to_owned(),
        ..PersistentVolumeClaim::default()
    };
    for (key, value) in words {
        match key {
            "class" => {
                value.clone_into(&mut claim.storage_class);
                claim.spec_storage_class = Some(value.to_owned());
            }
            "attributes" => value.clone_into(&mut claim.attributes_class),
            "size" => claim.request = Some(quantity(value)),
            "mode" => claim.access_modes = vec![value.to_owned()],
            "select" => claim.selector = Some(LabelSelector::from_labels(Labels::from([label(value)]))),
            "pv" => {
                value.clone_into(&mut claim.volume_name);
                claim.bind_completed = true;
            }
            // Named by the user, and not yet bound by the controller.
            "asks-pv" => value.clone_into(&mut claim.volume_name),
            "selected" => claim.selected_node = Some(value.to_owned()),
            "lost" => claim.lost = true,
            "terminating" => claim.terminating = true,
            "owner" => claim.controller = Some(Owner { uid: value.to_owned(), ..Owner::default() }),
            other => panic!("unknown word {other}"),
        }
    }
    claim
}

fn csi_node<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> CsiNode {
    let mut csi_node = CsiNode::default();
    for (key, value) in words {
        match key {
            "limit" => {
                let (driver, limit) = label(value);
                csi_node.limits.push((driver, limit.parse().expect("limit=DRIVER=N")));
            }
            "migrated" => csi_node.migrated_plugins.push(value.to_owned()),
            other => panic!("unknown word {other}"),
        }
    }
    csi_node
}

fn attachment<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> VolumeAttachment {
    let mut attachment = VolumeAttachment::default();
    for (key, value) in words {
        match key {
            "on" => value.clone_into(&mut attachment.node_name),
            "by" => value.clone_into(&mut attachment.attacher),
            "pv" => attachment.volume_name = Some(value.to_owned()),
            other => panic!("unknown word {other}"),
        }
    }
    attachment
}

fn capacity<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> StorageCapacity {
    let mut capacity = StorageCapacity::default();
    for (key, value) in words {
        match key {
            "class" => value.clone_into(&mut capacity.storage_class),
            "reach" => capacity.node_topology = Some(LabelSelector::from_labels(Labels::from([label(value)]))),
            "size" => capacity.limit_bytes = Some(quantity(value).value()),
            other => panic!("unknown word {other}"),
        }
    }
    capacity
}

/// The volume that a word of a pod stands for, if it does; `:ro` after a disk mounts it read-only.
pub(super) fn pod_volume(number: usize, key: &str, value: &str) -> Option<Volume> {
    let (disk, read_only) = match value.strip_suffix(":ro") {
        Some(disk) => (disk, true),
        None => (value, false),
    };
    let mut name = format!("v{number}");
    let source = match key {
        "claim" => VolumeSource::PersistentVolumeClaim { claim_name: value.to_owned() },
        "ephemeral" => {
            value.clone_into(&mut name);
            VolumeSource::Ephemeral
        }
        "ebs" => VolumeSource::AwsElasticBlockStore { volume_id: value.to_owned() },
        "gce" => VolumeSource::GcePersistentDisk { pd_name: disk.to_owned(), read_only },
        "cinder" => VolumeSource::Cinder { volume_id: value.to_owned() },
        "portworx" => VolumeSource::PortworxVolume { volume_id: value.to_owned() },
        "azure" => {
            let (disk_name, kind) = kind_of(value);
            VolumeSource::AzureDisk { data_disk_uri: format!("/disks/{disk_name}"), disk_name, kind }
        }
        "iscsi" => VolumeSource::Iscsi { iqn: disk.to_owned(), read_only },
        "rbd" => {
            let parts: Vec<&str> = disk.split('/').collect();
            let [monitors, pool, image] = parts.as_slice() else { panic!("rbd=MONITORS/POOL/IMAGE") };
            let monitors = monitors.split(',').map(str::to_owned).collect();
            VolumeSource::Rbd { monitors, pool: (*pool).to_owned(), image: (*image).to_owned(), read_only }
        }
        _ => return None,
    };
    Some(Volume { name, source })
}

/// `NAME[:KIND]`.
fn kind_of(value: &str) -> (String, Option<String>) {
    match value.split_once(':') {
        Some((name, kind)) => (name.to_owned(), Some(kind.to_owned())),
        None => (value.to_owned(), None),
    }
}
