//! The garbage collector (pkg/controller/garbagecollector, v1.34): deletes what nobody owns any more, and carries out
//! foreground and orphaning deletions.

use imbl::{OrdMap, OrdSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::clock::Event;
use crate::cluster::Cluster;
use crate::controllers::namespace;
use crate::deletion::{DeleteOptions, FOREGROUND, ORPHAN, Propagation};
use crate::object::{Kind, Object, Unstructured};
use crate::store::{Changed, ObjectKey};

/// Who depends on whom.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    /// By the owner's uid, those that refer to it.
    dependents: OrdMap<String, OrdSet<(Kind, ObjectKey)>>,
    /// The uids of all owners that were ever there: only they can be missed. A partial dump has the pods and not their
    /// owners, and the pods stay as they are.
    seen: OrdSet<String>,
}

impl Graph {
    fn note(&mut self, changed: &Changed) {
        let owners = |object: &Option<Object>| -> Vec<OwnerReference> {
            object.as_ref().and_then(|object| object.metadata().owner_references.clone()).unwrap_or_default()
        };
        let dependent = (changed.kind, changed.key.clone());
        let (before, after) = (owners(&changed.before), owners(&changed.after));
        for owner in before.iter().filter(|owner| !after.contains(owner)) {
            if let Some(dependents) = self.dependents.get_mut(&owner.uid) {
                dependents.remove(&dependent);
                if dependents.is_empty() {
                    self.dependents.remove(&owner.uid);
                }
            }
        }
        for owner in after.iter().filter(|owner| !before.contains(owner)) {
            self.dependents.entry(owner.uid.clone()).or_default().insert(dependent.clone());
        }
        let appeared = changed.before.is_none() && !matches!(changed.kind, Kind::Pod | Kind::Event);
        if let (true, Some(uid)) = (appeared, changed.after.as_ref().and_then(uid)) {
            self.seen.insert(uid.to_owned());
        }
    }

    fn dependents(&self, owner: &Object) -> Vec<(Kind, ObjectKey)> {
        uid(owner).and_then(|uid| self.dependents.get(uid)).into_iter().flatten().cloned().collect()
    }
}

/// An object changed: it may be garbage now, or have left some.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if changed.kind == Kind::Event {
        return;
    }
    let references =
        |object: &Option<Object>| object.as_ref().and_then(|object| object.metadata().owner_references.clone());
    let changed_owners = match (&changed.before, &changed.after) {
        (Some(before), Some(after)) => before.metadata().owner_references != after.metadata().owner_references,
        _ => true,
    };
    if changed_owners {
        cluster.garbage.note(changed);
    }
    match (&changed.before, &changed.after) {
        (_, Some(object)) => {
            let held = [ORPHAN, FOREGROUND].iter().any(|finalizer| is_held_by(object.metadata(), finalizer));
            if held || (changed_owners && has_missing_owner(cluster, object)) {
                collect_soon(cluster, changed.kind, changed.key.clone());
            }
        }
        (Some(gone), None) => {
            let dependents = cluster.garbage.dependents(gone);
            if let Some(uid) = uid(gone).filter(|_| !dependents.is_empty()) {
                // Of pods only those are remembered that leave something: a claim of their own.
                cluster.garbage.seen.insert(uid.to_owned());
            }
            for (kind, key) in dependents {
                collect_soon(cluster, kind, key);
            }
            if let Some(uid) = uid(gone) {
                delete_dependents_of_unknown_kinds(cluster, uid);
            }
            for owner in references(&changed.before).into_iter().flatten() {
                if let Some((kind, key, owner)) = find(cluster, &changed.key, &owner)
                    && is_held_by(owner.metadata(), FOREGROUND)
                {
                    collect_soon(cluster, kind, key);
                }
            }
        }
        (None, None) => {}
    }
}

/// An object of a kind that the cluster does not know is gone, and may have left garbage.
pub(crate) fn other_is_gone(cluster: &mut Cluster, gone: &Object) {
    namespace::look_again(cluster, gone.namespace().unwrap_or_default());
    let Some(uid) = uid(gone) else { return };
    cluster.garbage.seen.insert(uid.to_owned());
    for (kind, key) in cluster.garbage.dependents(gone) {
        collect_soon(cluster, kind, key);
    }
    delete_dependents_of_unknown_kinds(cluster, uid);
}

fn delete_dependents_of_unknown_kinds(cluster: &mut Cluster, owner: &str) {
    for other in dependents_of_unknown_kinds(cluster, owner) {
        cluster.delete_other(Object::Other(other));
    }
}

fn collect_soon(cluster: &mut Cluster, kind: Kind, key: ObjectKey) {
    cluster.agenda.add(cluster.clock.now_ms(), Event::CollectGarbage(kind, key));
}

/// Looks at one object: frees it of its dependents, or deletes it when nobody owns it (`attemptToDeleteItem`,
/// `attemptToOrphan`).
pub(crate) fn collect(cluster: &mut Cluster, kind: Kind, key: &ObjectKey) {
    let Some(object) = cluster.store.object(kind, key) else { return };
    if is_held_by(object.metadata(), ORPHAN) {
        orphan_dependents(cluster, &object);
        drop_finalizer(cluster, kind, key, ORPHAN);
    } else if is_held_by(object.metadata(), FOREGROUND) {
        delete_dependents(cluster, kind, key, &object);
    } else if object.metadata().deletion_timestamp.is_none() {
        collect_unowned(cluster, kind, key, object);
    }
}

fn orphan_dependents(cluster: &mut Cluster, owner: &Object) {
    for (kind, key) in cluster.garbage.dependents(owner) {
        if let Some(dependent) = cluster.store.object(kind, &key) {
            disown(cluster, dependent, |reference| Some(reference.uid.as_str()) == uid(owner));
        }
    }
}

/// Deletes the dependents of an object that waits for it; with the last that blocks it, it goes itself.
fn delete_dependents(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, owner: &Object) {
    let dependents = cluster.garbage.dependents(owner);
    let blocks = |cluster: &Cluster, (kind, key): &(Kind, ObjectKey)| {
        let dependent = cluster.store.object(*kind, key);
        let references = dependent.and_then(|dependent| dependent.metadata().owner_references.clone());
        references
            .into_iter()
            .flatten()
            .any(|reference| Some(reference.uid.as_str()) == uid(owner) && reference.block_owner_deletion == Some(true))
    };
    if dependents.iter().any(|dependent| blocks(cluster, dependent)) {
        for (kind, key) in dependents {
            collect_soon(cluster, kind, key);
        }
    } else {
        drop_finalizer(cluster, kind, key, FOREGROUND);
    }
}

fn collect_unowned(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, object: Object) {
    let references = object.metadata().owner_references.clone().unwrap_or_default();
    let (mut missing, mut waiting, mut solid) = (Vec::new(), Vec::new(), Vec::new());
    for reference in references {
        if is_missing(cluster, key, &reference) {
            missing.push(reference.uid);
        } else if find(cluster, key, &reference).is_some_and(|(_, _, owner)| is_held_by(owner.metadata(), FOREGROUND)) {
            waiting.push(reference.uid);
        } else {
            solid.push(reference.uid);
        }
    }
    if !solid.is_empty() {
        if !missing.is_empty() || !waiting.is_empty() {
            disown(cluster, object, |reference| !solid.contains(&reference.uid));
        }
        return;
    }
    if missing.is_empty() && waiting.is_empty() {
        return;
    }
    let has_dependents = !cluster.garbage.dependents(&object).is_empty();
    let propagation = match waiting.is_empty() {
        false if has_dependents => Some(Propagation::Foreground),
        _ if has_finalizer(object.metadata(), ORPHAN) || has_finalizer(object.metadata(), FOREGROUND) => None,
        _ => Some(Propagation::Background),
    };
    cluster.delete_object(kind, key, DeleteOptions { grace_period_seconds: None, propagation });
}

fn disown(cluster: &mut Cluster, mut dependent: Object, from: impl Fn(&OwnerReference) -> bool) {
    let references = &mut dependent.metadata_mut().owner_references;
    if let Some(present) = references {
        present.retain(|reference| !from(reference));
    }
    if references.as_ref().is_some_and(Vec::is_empty) {
        *references = None;
    }
    cluster.store.put_object(dependent);
}

fn drop_finalizer(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, finalizer: &str) {
    let Some(mut object) = cluster.store.object(kind, key) else { return };
    if let Some(finalizers) = &mut object.metadata_mut().finalizers {
        finalizers.retain(|present| present != finalizer);
    }
    cluster.store.put_object(object);
}

fn has_missing_owner(cluster: &Cluster, object: &Object) -> bool {
    let references = object.metadata().owner_references.as_deref().unwrap_or_default();
    let key = ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
    references.iter().any(|reference| is_missing(cluster, &key, reference))
}

fn is_missing(cluster: &Cluster, dependent: &ObjectKey, reference: &OwnerReference) -> bool {
    cluster.garbage.seen.contains(&reference.uid) && find(cluster, dependent, reference).is_none()
}

/// The owner that a reference is to, if it is there.
fn find(cluster: &Cluster, dependent: &ObjectKey, reference: &OwnerReference) -> Option<(Kind, ObjectKey, Object)> {
    let kind = Kind::of(&reference.api_version, &reference.kind)?;
    let namespace = if kind.is_namespaced() { &*dependent.namespace } else { "" };
    let key = ObjectKey::new(namespace, &reference.name);
    let owner = cluster.store.object(kind, &key)?;
    (uid(&owner) == Some(reference.uid.as_str())).then_some((kind, key, owner))
}

/// Objects of unknown kinds whose every owner is this one.
fn dependents_of_unknown_kinds(cluster: &Cluster, owner: &str) -> Vec<std::sync::Arc<Unstructured>> {
    let owned = |object: &Unstructured| {
        let references = object.metadata.owner_references.as_deref().unwrap_or_default();
        !references.is_empty() && references.iter().all(|reference| reference.uid == owner)
    };
    cluster.store.others().filter(|object| owned(object)).cloned().collect()
}

fn uid(object: &Object) -> Option<&str> {
    object.metadata().uid.as_deref()
}

/// Whether the object is being deleted and waits for the garbage collector.
fn is_held_by(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.deletion_timestamp.is_some() && has_finalizer(metadata, finalizer)
}

fn has_finalizer(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.finalizers.iter().flatten().any(|present| present == finalizer)
}
