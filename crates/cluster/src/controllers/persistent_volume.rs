//! The PersistentVolume controller (pkg/controller/volume/persistentvolume/pv_controller.go): binds claims and volumes to
//! each other, asks provisioners for volumes, and reclaims what is released.

mod matching;
mod provisioning;
mod reclaim;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use k8s_openapi::api::core::v1::{ObjectReference, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::admission::is_default;
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

pub(crate) use provisioning::provision;
pub(crate) use reclaim::delete_volume;

/// The annotation that says that a claim is bound both ways.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The annotation that says that the controller, not a person, chose the other side.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// The annotation by which the scheduler says for which node a volume is to be made.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The annotation that names a volume's provisioner.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// The annotation that named the class before the field did; it still goes first.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
/// How often the controller looks at everything, in milliseconds (`--pvclaimbinder-sync-period`).
const RESYNC_MS: u64 = 15_000;

/// What the controller knows besides the objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// Claims that are not bound.
    unbound: OrdSet<ObjectKey>,
    /// The pods that name a claim.
    users: OrdMap<ObjectKey, OrdSet<ObjectKey>>,
    /// Names of volumes and uids of claims that were there and are gone. What a partial dump lacks is not gone.
    gone: OrdSet<String>,
    /// Claims for which a volume is being made, and when it is there, in milliseconds.
    provisioning: OrdMap<ObjectKey, u64>,
    /// Claims whose volumes were made by external provisioners, by provisioner: that these ran is taken for granted.
    pub(crate) provisioned: OrdMap<String, OrdSet<ObjectKey>>,
    /// When everything is looked at next, in milliseconds.
    resync_at: Option<u64>,
}

/// A claim or a volume changed, or what they depend on: a class, a pod.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match changed.kind {
        Kind::PersistentVolumeClaim => watch_claim(cluster, changed),
        Kind::PersistentVolume => watch_volume(cluster, changed),
        Kind::StorageClass if changed.after.is_some() => retry_unbound(cluster),
        Kind::Pod if changed.before.is_none() || changed.after.is_none() => note_user(cluster, changed),
        _ => {}
    }
}

fn watch_claim(cluster: &mut Cluster, changed: &Changed) {
    let Some(Object::PersistentVolumeClaim(claim)) = changed.after.as_ref().or(changed.before.as_ref()) else { return };
    if changed.after.is_some() {
        cluster.sync(Controller::PersistentVolume, changed.key.clone());
        return;
    }
    cluster.volumes.unbound.remove(&changed.key);
    cluster.volumes.gone.extend(claim.metadata.uid.clone());
    if let Some(volume) = volume_name(claim) {
        cluster.sync(Controller::PersistentVolume, ObjectKey::new("", volume));
    }
}

fn watch_volume(cluster: &mut Cluster, changed: &Changed) {
    let Some(Object::PersistentVolume(volume)) = changed.after.as_ref().or(changed.before.as_ref()) else { return };
    if changed.after.is_some() {
        cluster.volumes.gone.remove(&*changed.key.name);
        cluster.sync(Controller::PersistentVolume, changed.key.clone());
    } else {
        cluster.volumes.gone.insert(changed.key.name.to_string());
    }
    match claim_key(volume) {
        Some(claim) => cluster.sync(Controller::PersistentVolume, claim),
        None if changed.after.is_some() => retry_unbound(cluster),
        None => {}
    }
}

/// Nothing tells the controller of a chance for a claim: it finds it when it looks at everything.
fn retry_unbound(cluster: &mut Cluster) {
    let at = next_resync(cluster);
    for claim in cluster.volumes.unbound.clone() {
        cluster.agenda.add(at, Event::Sync(Controller::PersistentVolume, claim));
    }
}

fn next_resync(cluster: &Cluster) -> u64 {
    (cluster.clock.now_ms() / RESYNC_MS + 1).saturating_mul(RESYNC_MS)
}

fn note_user(cluster: &mut Cluster, changed: &Changed) {
    let Some(Object::Pod(pod)) = changed.after.as_ref().or(changed.before.as_ref()) else { return };
    for claim in claims_of(pod) {
        if changed.after.is_some() {
            cluster.volumes.users.entry(claim).or_default().insert(changed.key.clone());
        } else if let Some(users) = cluster.volumes.users.get_mut(&claim) {
            users.remove(&changed.key);
            if users.is_empty() {
                cluster.volumes.users.remove(&claim);
            }
        }
    }
}

/// The claims a pod names, and those that are made for it.
pub(crate) fn claims_of(pod: &Pod) -> Vec<ObjectKey> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let volumes = pod.spec.volumes.iter().flatten();
    let claims = volumes.filter_map(|volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => Some(ObjectKey::new(namespace, &claim.claim_name)),
        (None, Some(_)) => Some(ObjectKey::new(namespace, &format!("{name}-{}", volume.name))),
        (None, None) => None,
    });
    claims.collect()
}

/// The pods that name a claim.
pub(crate) fn users_of(cluster: &Cluster, claim: &ObjectKey) -> Vec<Arc<Pod>> {
    let users = cluster.volumes.users.get(claim).into_iter().flatten();
    users.filter_map(|pod| cluster.store.get::<Pod>(pod).cloned()).collect()
}

/// Everything that waits is looked at again, and told again why it does.
pub(crate) fn resync(cluster: &mut Cluster) {
    cluster.volumes.resync_at = None;
    for claim in cluster.volumes.unbound.clone() {
        sync(cluster, &claim);
    }
}

/// Looks at one claim, or, without a namespace, at one volume.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    if key.namespace.is_empty() {
        reclaim::sync_volume(cluster, key);
        return;
    }
    let Some(claim) = cluster.store.get::<PersistentVolumeClaim>(key).cloned() else { return };
    if annotation(&claim.metadata, BIND_COMPLETED).is_some() {
        cluster.volumes.unbound.remove(key);
        sync_bound(cluster, key, &claim);
        return;
    }
    cluster.volumes.unbound.insert(key.clone());
    match volume_name(&claim).map(str::to_owned) {
        Some(volume) => sync_prebound(cluster, key, &claim, &volume),
        None => sync_unbound(cluster, key, &claim),
    }
    if cluster.volumes.unbound.contains(key) && cluster.volumes.resync_at.is_none() {
        let at = next_resync(cluster);
        cluster.volumes.resync_at = Some(at);
        cluster.agenda.add(at, Event::ResyncVolumes);
    }
}

fn sync_unbound(cluster: &mut Cluster, key: &ObjectKey, claim: &Arc<PersistentVolumeClaim>) {
    let class = class_of(&claim.metadata, claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref()));
    let class = class.to_owned();
    let object = cluster.store.find::<StorageClass>("", &class);
    let waits = object.is_some_and(|class| class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"));
    if let Some(volume) = matching::best_match(cluster, claim, &class, waits) {
        bind(cluster, &volume, key);
        return;
    }
    if class.is_empty() && assign_default_class(cluster, key, claim) {
        return;
    }
    if waits && annotation(&claim.metadata, SELECTED_NODE).is_none() {
        tell_who_is_waited_for(cluster, key, claim);
    } else if !class.is_empty() {
        provisioning::ask(cluster, key, claim, &class);
    } else {
        let message = "no persistent volumes available for this claim and no storage class is set";
        tell(cluster, claim, "Normal", "FailedBinding", message);
    }
}

/// A claim that names no class, not even the empty one, gets the default class as soon as there is one
/// (`assignDefaultStorageClass`, on from 1.26).
fn assign_default_class(cluster: &mut Cluster, key: &ObjectKey, claim: &PersistentVolumeClaim) -> bool {
    let names_class = claim.spec.as_ref().is_some_and(|spec| spec.storage_class_name.is_some())
        || annotation(&claim.metadata, CLASS_ANNOTATION).is_some();
    if names_class || !cluster.behaviour.newest_default_storage_class {
        return false;
    }
    let classes = cluster.store.list::<StorageClass>().filter(|class| is_default(class));
    // Of several the newest, of equally old ones the first by name.
    let default = classes.max_by_key(|class| {
        let created = class.metadata.creation_timestamp.as_ref().map(|time| time.0);
        (created, std::cmp::Reverse(class.metadata.name.clone()))
    });
    let Some(name) = default.and_then(|class| class.metadata.name.clone()) else { return false };
    cluster.store.update::<PersistentVolumeClaim>(key, |claim| {
        claim.spec.get_or_insert_default().storage_class_name = Some(name);
    });
    true
}

/// `emitEventForUnboundDelayBindingClaim`.
fn tell_who_is_waited_for(cluster: &mut Cluster, key: &ObjectKey, claim: &Arc<PersistentVolumeClaim>) {
    let users = users_of(cluster, key);
    let waiting = users.iter().filter(|pod| pod::node_name(pod).is_none() && pod::is_active(pod));
    let names: Vec<&str> = waiting.filter_map(|pod| pod.metadata.name.as_deref()).collect();
    let (reason, message) = match names.as_slice() {
        _ if !cluster.behaviour.claims_name_waiting_pods => (WAIT_FOR_CONSUMER, WAITING_FOR_CONSUMER.to_owned()),
        [] => (WAIT_FOR_CONSUMER, WAITING_FOR_CONSUMER.to_owned()),
        [pod] => ("WaitForPodScheduled", format!("waiting for pod {pod} to be scheduled")),
        pods => ("WaitForPodScheduled", format!("waiting for pods {} to be scheduled", pods.join(","))),
    };
    tell(cluster, claim, "Normal", reason, &message);
}

const WAIT_FOR_CONSUMER: &str = "WaitForFirstConsumer";
const WAITING_FOR_CONSUMER: &str = "waiting for first consumer to be created before binding";

/// A person or the scheduler named the volume.
fn sync_prebound(cluster: &mut Cluster, key: &ObjectKey, claim: &Arc<PersistentVolumeClaim>, name: &str) {
    let Some(volume) = cluster.store.find::<PersistentVolume>("", name).cloned() else { return };
    match claim_key(&volume) {
        None => match matching::mismatch(&volume, claim) {
            Some(mismatch) => {
                let message = format!("Cannot bind to requested volume \"{name}\": {mismatch}");
                tell(cluster, claim, "Warning", "VolumeMismatch", &message);
            }
            None => bind(cluster, &volume, key),
        },
        Some(_) if is_bound_to(&volume, key, claim) => bind(cluster, &volume, key),
        Some(_) => {
            let message = format!("volume \"{name}\" already bound to a different claim.");
            tell(cluster, claim, "Warning", "FailedBinding", &message);
        }
    }
}

fn sync_bound(cluster: &mut Cluster, key: &ObjectKey, claim: &Arc<PersistentVolumeClaim>) {
    let Some(name) = volume_name(claim).map(str::to_owned) else {
        let message = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
        lose(cluster, key, claim, "ClaimLost", message);
        return;
    };
    match cluster.store.find::<PersistentVolume>("", &name).cloned() {
        None if cluster.volumes.gone.contains(&name) => {
            let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            lose(cluster, key, claim, "ClaimLost", message);
        }
        None => {}
        Some(volume) if claim_key(&volume).is_none() || is_bound_to(&volume, key, claim) => bind(cluster, &volume, key),
        Some(_) => {
            let message = "Two claims are bound to the same volume, this one is bound incorrectly";
            lose(cluster, key, claim, "ClaimMisbound", message);
        }
    }
}

fn lose(cluster: &mut Cluster, key: &ObjectKey, claim: &Arc<PersistentVolumeClaim>, reason: &str, message: &str) {
    if claim.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Lost") {
        return;
    }
    cluster.store.update::<PersistentVolumeClaim>(key, |claim| {
        let status = claim.status.get_or_insert_default();
        status.phase = Some("Lost".to_owned());
        status.access_modes = None;
        status.capacity = None;
    });
    tell(cluster, claim, "Warning", reason, message);
}

/// Has a volume and a claim refer to each other; what says so already stays as it is.
fn bind(cluster: &mut Cluster, volume: &PersistentVolume, claim: &ObjectKey) {
    cluster.volumes.unbound.remove(claim);
    let Some(found) = cluster.store.get::<PersistentVolumeClaim>(claim).cloned() else { return };
    let mut bound = volume.clone();
    let spec = bound.spec.get_or_insert_default();
    let uid = found.metadata.uid.clone();
    if spec.claim_ref.as_ref().is_none_or(|reference| reference.uid != uid) {
        if spec.claim_ref.is_none() {
            annotate(&mut bound.metadata, BOUND_BY_CONTROLLER, "yes");
        }
        spec.claim_ref = Some(ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("PersistentVolumeClaim".to_owned()),
            namespace: Some(claim.namespace.to_string()),
            name: Some(claim.name.to_string()),
            uid,
            resource_version: found.metadata.resource_version.clone(),
            ..ObjectReference::default()
        });
    }
    bound.status.get_or_insert_default().phase = Some("Bound".to_owned());
    let (modes, capacity) =
        bound.spec.as_ref().map(|spec| (spec.access_modes.clone(), spec.capacity.clone())).unwrap_or_default();
    if bound != *volume {
        cluster.store.put(Arc::new(bound));
    }
    let mut new = PersistentVolumeClaim::clone(&found);
    let spec = new.spec.get_or_insert_default();
    if spec.volume_name.as_deref().unwrap_or_default().is_empty() {
        spec.volume_name.clone_from(&volume.metadata.name);
        annotate(&mut new.metadata, BOUND_BY_CONTROLLER, "yes");
    }
    annotate(&mut new.metadata, BIND_COMPLETED, "yes");
    let status = new.status.get_or_insert_default();
    status.phase = Some("Bound".to_owned());
    status.access_modes = modes;
    status.capacity = capacity;
    if new != *found {
        cluster.store.put(Arc::new(new));
    }
}

fn tell(cluster: &mut Cluster, claim: &Arc<PersistentVolumeClaim>, type_: &str, reason: &str, message: &str) {
    let object = PersistentVolumeClaim::wrap(Arc::clone(claim));
    cluster.event_from("persistentvolume-controller", None, &object, type_, reason, message);
}

fn volume_name(claim: &PersistentVolumeClaim) -> Option<&str> {
    claim.spec.as_ref()?.volume_name.as_deref().filter(|name| !name.is_empty())
}

/// The claim a volume is for.
fn claim_key(volume: &PersistentVolume) -> Option<ObjectKey> {
    let reference = volume.spec.as_ref()?.claim_ref.as_ref()?;
    Some(ObjectKey::new(reference.namespace.as_deref()?, reference.name.as_deref()?))
}

/// Whether the volume is for this claim and no namesake of it (`IsVolumeBoundToClaim`).
fn is_bound_to(volume: &PersistentVolume, key: &ObjectKey, claim: &PersistentVolumeClaim) -> bool {
    let Some(reference) = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref()) else { return false };
    let uid = reference.uid.as_deref().filter(|uid| !uid.is_empty());
    reference.name.as_deref() == Some(&*key.name)
        && reference.namespace.as_deref() == Some(&*key.namespace)
        && uid.is_none_or(|uid| claim.metadata.uid.as_deref() == Some(uid))
}

/// The class of a volume or a claim; empty when it has none.
fn class_of<'a>(metadata: &'a ObjectMeta, class: Option<&'a String>) -> &'a str {
    annotation(metadata, CLASS_ANNOTATION).or(class.map(String::as_str)).unwrap_or_default()
}

fn annotation<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

fn annotate(metadata: &mut ObjectMeta, key: &str, value: &str) {
    metadata.annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
}
