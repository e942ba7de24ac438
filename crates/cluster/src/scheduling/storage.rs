//! Storage objects in the scheduler's view.

use std::sync::Arc;

use sim_core::model::{PersistentVolume, PersistentVolumeClaim};
use sim_core::scheduler::{Action, EventResource, Happening};

use super::Scheduling;
use crate::convert;
use crate::knowledge::Knowledge;
use crate::object::Object;
use crate::store::Changed;

/// The volume of claims that are taken to exist.
const GRANTED: &str = "taken-for-granted";

impl Scheduling {
    /// Shows the scheduler what is taken to exist: claims that are bound, and volumes that every node reaches.
    pub(crate) fn grant_storage(&mut self, knowledge: &Knowledge) {
        let (claims, volumes) = (&knowledge.granted_claims, &knowledge.granted_volumes);
        if claims.is_empty() && volumes.is_empty() {
            return;
        }
        self.snapshot.change_storage(|storage| {
            for (namespace, name) in claims {
                let claim = PersistentVolumeClaim {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    volume_name: GRANTED.to_owned(),
                    bind_completed: true,
                    ..PersistentVolumeClaim::default()
                };
                storage.claims.insert((namespace.clone(), name.clone()), Arc::new(claim));
            }
            for name in volumes.iter().map(String::as_str).chain([GRANTED]) {
                let volume = PersistentVolume { name: name.to_owned(), ..PersistentVolume::default() };
                storage.volumes.insert(name.to_owned(), Arc::new(volume));
            }
        });
    }

    /// Keeps the view up with a storage object, and wakes the pods that its change may help. Returns whether it was one.
    pub(super) fn watch_storage(&mut self, changed: &Changed, now_ms: u64) -> bool {
        let key = &changed.key;
        let name = || key.name.to_string();
        let namespaced = || (key.namespace.to_string(), key.name.to_string());
        let Some(object) = changed.after.as_ref().or(changed.before.as_ref()) else { return false };
        let is_there = changed.after.is_some();
        let snapshot = &mut self.snapshot;
        let mut is_heard_of = true;
        let mut claim = None;
        let resource = match object {
            Object::PersistentVolume(volume) => {
                let volume = is_there.then(|| Arc::new(convert::persistent_volume(volume)));
                snapshot.change_storage(|storage| set(&mut storage.volumes, name(), volume));
                EventResource::PersistentVolume
            }
            Object::PersistentVolumeClaim(object) => {
                claim = is_there.then(|| Arc::new(convert::persistent_volume_claim(object)));
                snapshot.change_storage(|storage| set(&mut storage.claims, namespaced(), claim.clone()));
                EventResource::PersistentVolumeClaim
            }
            Object::StorageClass(class) => {
                // A new class matters only if its volumes wait for their pods (`onStorageClassAdd`).
                let waits = class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer");
                is_heard_of = changed.before.is_some() || waits;
                let class = is_there.then(|| Arc::new(convert::storage_class(class)));
                snapshot.change_storage(|storage| set(&mut storage.classes, name(), class));
                EventResource::StorageClass
            }
            Object::CSINode(node) => {
                let node = is_there.then(|| Arc::new(convert::csi_node(node)));
                snapshot.change_storage(|storage| set(&mut storage.csi_nodes, name(), node));
                EventResource::CsiNode
            }
            Object::CSIDriver(driver) => {
                let looked_at = is_there.then(|| convert::has_storage_capacity(driver));
                snapshot.change_storage(|storage| set(&mut storage.drivers, name(), looked_at));
                EventResource::CsiDriver
            }
            Object::CSIStorageCapacity(capacity) => {
                let capacity = is_there.then(|| Arc::new(convert::storage_capacity(capacity)));
                snapshot.change_storage(|storage| set(&mut storage.capacities, namespaced(), capacity));
                EventResource::CsiStorageCapacity
            }
            Object::VolumeAttachment(attachment) => {
                let attachment = is_there.then(|| Arc::new(convert::volume_attachment(attachment)));
                snapshot.change_storage(|storage| set(&mut storage.attachments, name(), attachment));
                EventResource::VolumeAttachment
            }
            _ => return false,
        };
        let action = match (&changed.before, is_there) {
            (None, _) => Action::ADD,
            (Some(_), true) => Action::UPDATE,
            (Some(_), false) => Action::DELETE,
        };
        // Of what goes, only attachments are heard of.
        let is_heard_of = is_heard_of && (is_there || resource == EventResource::VolumeAttachment);
        if is_heard_of {
            match claim {
                Some(claim) => self.happened(&Happening::of_claim(action, &claim), now_ms),
                None => self.happened(&Happening::of_other(resource, action), now_ms),
            }
        }
        true
    }
}

fn set<K: Ord, V>(map: &mut std::collections::BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}
