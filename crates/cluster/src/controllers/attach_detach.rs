//! The attach-detach controller (pkg/controller/volume/attachdetach/reconciler/reconciler.go): attaches volumes to the
//! nodes of their pods, one node at a time where the volume is no shared one, and detaches them when the last pod is gone.

mod node_volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{
    CSIDriver, VolumeAttachment, VolumeAttachmentSource, VolumeAttachmentSpec, VolumeAttachmentStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::persistent_volume::{claims_of, users_of};
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::kubelet;
use crate::names::stable_suffix;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// How long a cloud takes to attach or to detach a disk, in milliseconds.
const OPERATION_MS: u64 = 2_000;
/// How long the controller waits for a node that does not answer to unmount a volume, in milliseconds
/// (`reconcilerMaxWaitForUnmountDuration`).
const UNMOUNT_MS: u64 = 360_000;
/// The taint by which a person vouches that a node is off.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
/// Drivers whose volumes are disks to be attached; of others their CSIDriver object says so.
const DISK_DRIVERS: [&str; 5] = [
    "cinder.csi.openstack.org",
    "csi.vsphere.vmware.com",
    "disk.csi.azure.com",
    "ebs.csi.aws.com",
    "pd.csi.storage.gke.io",
];

/// Which volume is where, by the volume's name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    places: OrdMap<String, OrdMap<String, Place>>,
    /// Pods, by uid, that were told that a volume is elsewhere.
    told: OrdSet<(String, String)>,
}

/// How a volume stands on a node; the moments are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Attaching { due: u64 },
    Attached,
    Detaching { since: u64 },
}

/// A pod was bound, has ended or is gone, a volume got its claim, a node changed: volumes may have to move.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match (&changed.before, &changed.after) {
        (before, Some(Object::Pod(now))) => {
            let before =
                before.as_ref().and_then(|before| if let Object::Pod(pod) = before { Some(pod) } else { None });
            let is_placed_as =
                |before: &Pod| before.node_name == now.node_name && pod::is_terminal(before) == pod::is_terminal(now);
            if now.node_name.is_some() && !before.is_some_and(|before| is_placed_as(before)) {
                sync_volumes_of(cluster, now, before.is_none());
            }
        }
        (Some(Object::Pod(gone)), None) => sync_volumes_of(cluster, gone, false),
        (_, Some(Object::VolumeAttachment(attachment))) => note_attachment(cluster, attachment),
        (Some(Object::Node(_)), _) if taint_or_presence_changed(changed) => {
            let places = cluster.attachments.places.iter();
            let here = places.filter(|(_, places)| places.contains_key(&*changed.key.name));
            for volume in here.map(|(volume, _)| volume.clone()).collect::<Vec<String>>() {
                cluster.sync(Controller::AttachDetach, ObjectKey::new("", &volume));
            }
        }
        _ => {}
    }
}

fn taint_or_presence_changed(changed: &Changed) -> bool {
    let tainted = |object: &Option<Object>| match object {
        Some(Object::Node(node)) => Some(is_out_of_service(node)),
        _ => None,
    };
    tainted(&changed.before) != tainted(&changed.after)
}

/// A pod that is found running on its node has its volumes there.
fn sync_volumes_of(cluster: &mut Cluster, pod: &Pod, is_found: bool) {
    for claim in claims_of(pod) {
        let claim = cluster.store.get::<PersistentVolumeClaim>(&claim);
        let Some(volume) = claim.and_then(|claim| claim.spec.as_ref()?.volume_name.clone()) else { continue };
        if !is_attachable(cluster, &volume) {
            continue;
        }
        if let Some(node) = pod::node_name(pod).filter(|_| is_found && pod::phase(pod) == "Running") {
            cluster.attachments.places.entry(volume.clone()).or_default().insert(node.to_owned(), Place::Attached);
        }
        cluster.sync(Controller::AttachDetach, ObjectKey::new("", &volume));
    }
}

/// What a dump shows attached is attached.
fn note_attachment(cluster: &mut Cluster, attachment: &VolumeAttachment) {
    let is_attached = attachment.status.as_ref().is_some_and(|status| status.attached);
    if let Some(volume) = attachment.spec.source.persistent_volume_name.as_ref().filter(|_| is_attached) {
        let places = cluster.attachments.places.entry(volume.clone()).or_default();
        places.entry(attachment.spec.node_name.clone()).or_insert(Place::Attached);
    }
}

/// Moves one volume a step closer to where its pods are.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let volume = key.name.to_string();
    let wanted = wanted(cluster, &volume);
    let mut places = cluster.attachments.places.get(&volume).cloned().unwrap_or_default();
    let nodes: BTreeSet<String> = places.keys().chain(wanted.keys()).cloned().collect();
    for (node, place) in places.clone() {
        let next = match (place, wanted.contains_key(&node)) {
            (Place::Attaching { due }, _) if due <= cluster.clock.now_ms() => {
                attached(cluster, &volume, &node, wanted.get(&node).map(Vec::as_slice).unwrap_or_default());
                look_again(cluster, key, cluster.clock.now_ms());
                Some(Place::Attached)
            }
            (Place::Detaching { .. }, true) => {
                // It is still there: nobody says so, and whose pod waits finds it.
                wanted.get(&node).into_iter().flatten().for_each(|pod| kubelet::volumes_are_attached(cluster, pod));
                Some(Place::Attached)
            }
            (Place::Attached, false) => {
                let since = cluster.clock.now_ms();
                look_again(cluster, key, detached_at(cluster, &node, since));
                Some(Place::Detaching { since })
            }
            (Place::Detaching { since }, false) => {
                let due = detached_at(cluster, &node, since);
                if due <= cluster.clock.now_ms() {
                    remove_attachment(cluster, &volume, &node);
                    None
                } else {
                    look_again(cluster, key, due);
                    Some(place)
                }
            }
            (place, _) => Some(place),
        };
        match next {
            Some(place) => places.insert(node, place),
            None => places.remove(&node),
        };
    }
    for (node, pods) in &wanted {
        if places.contains_key(node) {
            continue;
        }
        if !places.is_empty() && is_exclusive(cluster, &volume) {
            tell_elsewhere(cluster, &volume, &places, pods);
            continue;
        }
        let due = cluster.clock.now_ms().saturating_add(OPERATION_MS);
        places.insert(node.clone(), Place::Attaching { due });
        create_attachment(cluster, &volume, node);
        look_again(cluster, key, due);
    }
    for node in &nodes {
        let is_attached = matches!(places.get(node), Some(Place::Attached | Place::Detaching { .. }));
        node_volumes::report(cluster, node, &volume, is_attached, wanted.contains_key(node));
    }
    if places.is_empty() {
        cluster.attachments.places.remove(&volume);
    } else {
        cluster.attachments.places.insert(volume, places);
    }
}

fn look_again(cluster: &mut Cluster, key: &ObjectKey, at: u64) {
    cluster.agenda.add(at, Event::Sync(Controller::AttachDetach, key.clone()));
}

/// The pods that want the volume, by node: those that are bound and have not ended.
fn wanted(cluster: &Cluster, volume: &str) -> BTreeMap<String, Vec<Arc<Pod>>> {
    let mut wanted: BTreeMap<String, Vec<Arc<Pod>>> = BTreeMap::new();
    let reference = cluster.store.find::<PersistentVolume>("", volume);
    let claim = reference
        .and_then(|volume| volume.spec.as_ref()?.claim_ref.as_ref())
        .and_then(|claim| Some(ObjectKey::new(claim.namespace.as_deref()?, claim.name.as_deref()?)));
    for pod in claim.map(|claim| users_of(cluster, &claim)).unwrap_or_default() {
        if let Some(node) = pod::node_name(&pod).filter(|_| !pod::is_terminal(&pod)) {
            wanted.entry(node.to_owned()).or_default().push(pod);
        }
    }
    wanted
}

/// When a volume that nobody wants on a node is off it. A node that answers unmounts it first; for one that does not the
/// controller waits, unless a person vouches for it.
fn detached_at(cluster: &Cluster, node: &str, since: u64) -> u64 {
    let object = cluster.store.find::<Node>("", node);
    let vouched = object.is_some_and(|node| is_out_of_service(node)) && cluster.behaviour.out_of_service_taint;
    let wait = if vouched || kubelet::is_alive(cluster, node) { OPERATION_MS } else { UNMOUNT_MS };
    since.saturating_add(wait)
}

fn is_out_of_service(node: &Node) -> bool {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints.into_iter().any(|taint| taint.key == OUT_OF_SERVICE)
}

fn attached(cluster: &mut Cluster, volume: &str, node: &str, pods: &[Arc<Pod>]) {
    let key = ObjectKey::new("", &attachment_name(volume, node));
    cluster.store.update::<VolumeAttachment>(&key, |attachment| {
        attachment.status = Some(VolumeAttachmentStatus { attached: true, ..VolumeAttachmentStatus::default() });
    });
    for pod in pods {
        let message = format!("AttachVolume.Attach succeeded for volume \"{volume}\" ");
        tell(cluster, pod, "Normal", "SuccessfulAttachVolume", &message);
        kubelet::volumes_are_attached(cluster, pod);
    }
}

/// `reportMultiAttachError`: once for a pod and a volume.
fn tell_elsewhere(cluster: &mut Cluster, volume: &str, places: &OrdMap<String, Place>, pods: &[Arc<Pod>]) {
    let others: Vec<Arc<Pod>> = {
        let wanted = wanted(cluster, volume);
        wanted.into_iter().filter(|(node, _)| places.contains_key(node)).flat_map(|(_, pods)| pods).collect()
    };
    for pod in pods {
        let uid = pod.metadata.uid.clone().unwrap_or_default();
        if cluster.attachments.told.insert((uid, volume.to_owned())).is_some() {
            continue;
        }
        let is_local = |other: &&Arc<Pod>| other.metadata.namespace == pod.metadata.namespace;
        let local: BTreeSet<&str> =
            others.iter().filter(is_local).filter_map(|other| other.metadata.name.as_deref()).collect();
        let foreign = others.iter().filter(|other| !is_local(other)).count();
        let local: Vec<&str> = local.into_iter().collect();
        let why = match (local.as_slice(), foreign) {
            ([], 0) => "Volume is already exclusively attached to one node and can't be attached to another".to_owned(),
            ([], foreign) => format!("Volume is already used by {foreign} pod(s) in different namespaces"),
            (local, 0) => format!("Volume is already used by pod(s) {}", local.join(", ")),
            (local, foreign) => format!(
                "Volume is already used by pod(s) {} and {foreign} pod(s) in different namespaces",
                local.join(", ")
            ),
        };
        let message = format!("Multi-Attach error for volume \"{volume}\" {why}");
        tell(cluster, pod, "Warning", "FailedAttachVolume", &message);
    }
}

fn tell(cluster: &mut Cluster, pod: &Arc<Pod>, type_: &str, reason: &str, message: &str) {
    cluster.event_from("attachdetach-controller", None, &Pod::wrap(Arc::clone(pod)), type_, reason, message);
}

/// The names of a pod's volumes that its kubelet has yet to see attached.
pub(crate) fn unattached(cluster: &Cluster, pod: &Pod) -> Vec<String> {
    let Some(node) = pod::node_name(pod) else { return Vec::new() };
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let pod_name = pod.metadata.name.as_deref().unwrap_or_default();
    let volumes = pod.spec.volumes.iter().flatten();
    let missing = volumes.filter(|volume| {
        let claim = match (&volume.persistent_volume_claim, &volume.ephemeral) {
            (Some(claim), _) => claim.claim_name.clone(),
            (None, Some(_)) => format!("{pod_name}-{}", volume.name),
            (None, None) => return false,
        };
        let claim = cluster.store.find::<PersistentVolumeClaim>(namespace, &claim);
        let Some(volume) = claim.and_then(|claim| claim.spec.as_ref()?.volume_name.as_ref()) else { return false };
        let place = cluster.attachments.places.get(volume).and_then(|places| places.get(node));
        is_attachable(cluster, volume) && place != Some(&Place::Attached)
    });
    missing.map(|volume| volume.name.clone()).collect()
}

/// Whether a volume is a disk that has to be attached to a node.
fn is_attachable(cluster: &Cluster, volume: &str) -> bool {
    let Some(spec) = cluster.store.find::<PersistentVolume>("", volume).and_then(|volume| volume.spec.as_ref()) else {
        return false;
    };
    match &spec.csi {
        Some(csi) => match cluster.store.find::<CSIDriver>("", &csi.driver) {
            Some(driver) => driver.spec.attach_required != Some(false),
            None => DISK_DRIVERS.contains(&csi.driver.as_str()),
        },
        None => {
            spec.aws_elastic_block_store.is_some()
                || spec.gce_persistent_disk.is_some()
                || spec.azure_disk.is_some()
                || spec.cinder.is_some()
                || spec.vsphere_volume.is_some()
        }
    }
}

/// Whether one node at a time may have the volume (`isMultiAttachForbidden`).
fn is_exclusive(cluster: &Cluster, volume: &str) -> bool {
    let volume = cluster.store.find::<PersistentVolume>("", volume);
    let modes = volume.and_then(|volume| volume.spec.as_ref()?.access_modes.as_ref());
    modes.is_some_and(|modes| {
        !modes.is_empty() && !modes.iter().any(|mode| mode == "ReadWriteMany" || mode == "ReadOnlyMany")
    })
}

/// Volumes of CSI drivers have an object for each node they are to be attached to.
fn create_attachment(cluster: &mut Cluster, volume: &str, node: &str) {
    let spec = cluster.store.find::<PersistentVolume>("", volume).and_then(|volume| volume.spec.as_ref());
    let Some(csi) = spec.and_then(|spec| spec.csi.clone()) else { return };
    let name = attachment_name(volume, node);
    cluster.admit_typed(VolumeAttachment {
        metadata: ObjectMeta { name: Some(name), ..ObjectMeta::default() },
        spec: VolumeAttachmentSpec {
            attacher: csi.driver,
            node_name: node.to_owned(),
            source: VolumeAttachmentSource {
                persistent_volume_name: Some(volume.to_owned()),
                ..VolumeAttachmentSource::default()
            },
        },
        status: Some(VolumeAttachmentStatus::default()),
    });
}

fn remove_attachment(cluster: &mut Cluster, volume: &str, node: &str) {
    let of_both = |attachment: &VolumeAttachment| {
        attachment.spec.node_name == node && attachment.spec.source.persistent_volume_name.as_deref() == Some(volume)
    };
    let found = cluster.store.list::<VolumeAttachment>().find(|attachment| of_both(attachment));
    if let Some(key) = found.map(|attachment| ObjectKey::of(attachment.as_ref())) {
        cluster.delete_object(Kind::VolumeAttachment, &key, Default::default());
    }
}

/// Upstream names it by a SHA-256 of driver, volume and node; the letters differ, their form does not.
fn attachment_name(volume: &str, node: &str) -> String {
    let part = |salt: &str| stable_suffix(&format!("{salt}/{volume}/{node}"));
    format!("csi-{}", ["a", "b", "c", "d"].map(part).concat())
}
