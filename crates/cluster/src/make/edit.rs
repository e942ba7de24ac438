//! Writing back what a person changed of an object, as the API server takes it.

use serde_json::Value;

use super::{Refused, conflicted, not_found};
use crate::change::ObjectRef;
use crate::cluster::Cluster;
use crate::controllers::deployment::bump_generation;
use crate::object::{Kind, Object};
use crate::pod::Pod;
use crate::store::ObjectKey;
use crate::validation;

/// Through which endpoint an object is written (`PrepareForUpdate` of the registry's strategies).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The object itself: its status stays.
    Main,
    /// Its status: everything else stays.
    Status,
}

impl Part {
    /// Of a changed object what the endpoint takes; the rest as it was.
    fn of(self, mut changed: Value, before: &Value) -> Value {
        let (mut taken, kept) = match self {
            Part::Main => (changed.take(), before["status"].clone()),
            Part::Status => (before.clone(), changed["status"].take()),
        };
        match taken.as_object_mut() {
            Some(object) if kept.is_null() => {
                object.shift_remove("status");
            }
            Some(object) => {
                object.insert("status".to_owned(), kept);
            }
            None => {}
        }
        taken
    }
}

impl Cluster {
    /// Changes the object that a person names, through its JSON form; says its kind and key, and whether anything changed.
    pub(super) fn edit(
        &mut self,
        target: &ObjectRef,
        change: impl FnOnce(Kind, &mut Value) -> Result<(), Refused>,
    ) -> Result<(Kind, ObjectKey, bool), Refused> {
        self.edit_part(target, Part::Main, change)
    }

    /// The same through one of the object's endpoints.
    pub(super) fn edit_part(
        &mut self,
        target: &ObjectRef,
        part: Part,
        change: impl FnOnce(Kind, &mut Value) -> Result<(), Refused>,
    ) -> Result<(Kind, ObjectKey, bool), Refused> {
        let (kind, key) = self.resolve(target)?;
        let Some(live) = self.store.object(kind, &key) else { return Err(not_found(kind, &target.name)) };
        let mut value = live.to_value();
        change(kind, &mut value)?;
        let changed = self.write_part(&live, value, part)?;
        Ok((kind, key, changed))
    }

    /// PUT of an object that was read and changed: with defaults, without what may not change, of a new generation when
    /// its spec is another. Says whether anything changed.
    pub(super) fn write_back(&mut self, live: &Object, changed: Value) -> Result<bool, Refused> {
        self.write_part(live, changed, Part::Main)
    }

    fn write_part(&mut self, live: &Object, changed: Value, part: Part) -> Result<bool, Refused> {
        let Some(kind) = live.kind() else { return Ok(false) };
        let name = live.name().to_owned();
        let before = live.to_value();
        let changed = part.of(changed, &before);
        let mut object = Object::read(kind, changed)
            .map_err(|error| Refused(format!("error: {}/{name}: {error}", kind.qualified())))?;
        self.set_defaults(&mut object);
        self.complete_update(&mut object);
        let after = object.to_value();
        if after == before {
            return Ok(false);
        }
        if let (Object::Pod(live), Object::Pod(new)) = (live, &object) {
            if let Some((index, gate)) = added_gate(live, new) {
                return Err(Refused(format!(
                    "The Pod \"{name}\" is invalid: spec.schedulingGates[{index}].name: Forbidden: only deletion is allowed, but found new scheduling gate '{gate}'"
                )));
            }
            if !is_allowed(live, new) {
                let rule = self.behaviour.pod_update_rule;
                return Err(Refused(format!("The Pod \"{name}\" is invalid: spec: Forbidden: {rule}")));
            }
        }
        validation::validate_update(live, &object, &self.behaviour)?;
        if after.get("spec") != before.get("spec") && object.metadata().generation.is_some() {
            bump_generation(object.metadata_mut());
        }
        self.store.replace_object(object).map_err(|conflict| conflicted(&conflict))?;
        Ok(true)
    }
}

/// The first scheduling gate that the pod did not have.
fn added_gate<'pod>(live: &Pod, new: &'pod Pod) -> Option<(usize, &'pod str)> {
    let is_old = |name: &str| live.spec.scheduling_gates.iter().flatten().any(|gate| gate.name == name);
    let mut gates = new.spec.scheduling_gates.iter().flatten().enumerate().map(|(index, gate)| (index, &*gate.name));
    gates.find(|(_, name)| !is_old(name))
}

/// A pod's spec is fixed but for its images, for tolerations, which may be added, and for scheduling gates, which may go.
fn is_allowed(live: &Pod, new: &Pod) -> bool {
    let (mut live, mut new) = (live.api_spec(), new.api_spec());
    let before = live.tolerations.take().unwrap_or_default();
    let after = new.tolerations.take().unwrap_or_default();
    for spec in [&mut live, &mut new] {
        spec.active_deadline_seconds = None;
        spec.scheduling_gates = None;
        let containers = spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten());
        containers.for_each(|container| container.image = None);
    }
    live == new && before.iter().all(|toleration| after.contains(toleration))
}
