//! Updates: of what is there, whole or in part (apiserver `registry/rest/update.go` and `Store.Update`).

use serde_json::Value;

use super::{Subresource, Target, strategy};
use crate::admission::{Operation, Request, SCALE, Webhook};
use crate::api_error::ApiError;
use crate::cluster::Cluster;
use crate::controllers::deployment::bump_generation;
use crate::controllers::garbage_collector;
use crate::custom_resource;
use crate::object::{Kind, Object};
use crate::pod::Pod;
use crate::validation;

/// What of an object an update may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the status, where that is a part of its own.
    Main,
    /// The replicas alone.
    Scale,
    /// The status, and metadata.
    Status,
}

impl Part {
    /// The part that a request asks for.
    pub(super) fn of(subresource: Option<Subresource>) -> Self {
        match subresource {
            None => Part::Main,
            Some(Subresource::Scale) => Part::Scale,
            Some(Subresource::Status) => Part::Status,
        }
    }

    /// The subresource as the API names it.
    fn name(self) -> &'static str {
        match self {
            Part::Main => "",
            Part::Scale => SCALE,
            Part::Status => "status",
        }
    }
}

/// What became of an update.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// It changed nothing, and nothing was written.
    Unchanged,
    /// The object as it is now.
    Changed(Object),
    /// The object was to be deleted and nothing holds it any longer: as it was last.
    Gone(Object),
}

impl Cluster {
    /// PUT of an object that was read and changed, without regard to who else wrote it: with defaults, without what may
    /// not change, of a new generation when its spec is another.
    ///
    /// # Errors
    /// When it breaks a rule of its kind.
    pub(crate) fn update_object(&mut self, live: &Object, new: Object, part: Part) -> Result<Outcome, ApiError> {
        let before = live.to_value();
        let definition = self.definition_of(live);
        let has_status = match live {
            Object::Other(other) => strategy::other_has_status(&other.api_version, &other.kind, definition.as_ref()),
            known => known.kind().is_some_and(strategy::known_has_status),
        };
        let mut object = prepare(live, &before, new, part, has_status)?;
        if part != Part::Status {
            self.set_defaults(&mut object);
            self.complete_update(&mut object);
        }
        if part == Part::Main
            && let Object::Other(other) = &mut object
            && other.kind == custom_resource::DEFINITION
        {
            custom_resource::note_stored_version(std::sync::Arc::make_mut(other));
        }
        self.call_webhooks(Webhook::Mutating, &request(live, &object, part))?;
        if part == Part::Main
            && let (Object::Service(before), Object::Service(after)) = (live, &mut object)
        {
            self.reallocate_service(before, std::sync::Arc::make_mut(after))?;
        }
        if part != Part::Status {
            check_pod(live, &object, self.behaviour.pod_update_rule)?;
            validation::validate_update(live, &object, definition.as_ref(), &self.behaviour)?;
        } else {
            validation::validate_status_update(live, &object, definition.as_ref(), &self.behaviour)?;
        }
        self.call_webhooks(Webhook::Validating, &request(live, &object, part))?;
        let after = object.to_value();
        if after == before {
            return Ok(Outcome::Unchanged);
        }
        if part != Part::Status && is_new_generation(&object, &before, &after, has_status) {
            bump_generation(object.metadata_mut());
        }
        self.store.put_object(object.clone());
        Ok(match self.store.present(&object) {
            Some(now) => Outcome::Changed(now),
            None => {
                if object.kind().is_none() {
                    garbage_collector::other_is_gone(self, &object);
                }
                Outcome::Gone(object)
            }
        })
    }
}

fn request<'a>(live: &'a Object, object: &'a Object, part: Part) -> Request<'a> {
    Request { operation: Operation::Update, subresource: part.name(), object: Some(object), before: Some(live) }
}

/// The new object with what the update may not change as it was (`PrepareForUpdate`, `BeforeUpdate`).
fn prepare(live: &Object, before: &Value, mut new: Object, part: Part, has_status: bool) -> Result<Object, ApiError> {
    let managers = new.metadata().managed_fields.clone();
    let is_custom = matches!(live, Object::Other(other) if !strategy::is_built_in(&other.api_version));
    if part == Part::Status || has_status {
        let mut value = new.to_value();
        let mut merged = if part == Part::Status { before.clone() } else { value.clone() };
        let status = if part == Part::Status { value["status"].take() } else { before["status"].clone() };
        if let Some(fields) = merged.as_object_mut() {
            match status {
                Value::Null => drop(fields.shift_remove("status")),
                status => drop(fields.insert("status".to_owned(), status)),
            }
            if part == Part::Status && !is_custom {
                fields.insert("metadata".to_owned(), value["metadata"].take());
            }
        }
        new = match live.kind() {
            Some(kind) => Object::read(kind, merged).map_err(|error| ApiError::internal(&error.to_string()))?,
            None => {
                let other = serde_json::from_value(merged).map_err(|error| ApiError::internal(&error.to_string()))?;
                Object::Other(std::sync::Arc::new(other))
            }
        };
    }
    let was = live.metadata();
    let metadata = new.metadata_mut();
    metadata.generation = was.generation;
    metadata.resource_version.clone_from(&was.resource_version);
    metadata.self_link.clone_from(&was.self_link);
    if metadata.uid.as_ref().is_none_or(String::is_empty) {
        metadata.uid.clone_from(&was.uid);
    }
    if was.creation_timestamp.is_some() {
        metadata.creation_timestamp.clone_from(&was.creation_timestamp);
    }
    if was.deletion_timestamp.is_some() {
        metadata.deletion_timestamp.clone_from(&was.deletion_timestamp);
    }
    if metadata.deletion_grace_period_seconds.is_none() {
        metadata.deletion_grace_period_seconds = was.deletion_grace_period_seconds;
    }
    if part == Part::Status {
        if is_custom {
            metadata.managed_fields = managers;
        }
        match live.kind() {
            // Old kubelets corrupt them.
            Some(Kind::Pod) => metadata.owner_references.clone_from(&was.owner_references),
            Some(Kind::Deployment) => metadata.labels.clone_from(&was.labels),
            _ => {}
        }
    }
    Ok(new)
}

/// Whether controllers have to look at the object anew: its spec is another, or anything of a custom resource but
/// metadata and status, or the annotations of a Deployment, which its pods' ReplicaSets get.
fn is_new_generation(object: &Object, before: &Value, after: &Value, has_status: bool) -> bool {
    if object.metadata().generation.is_none() {
        return false;
    }
    match object {
        Object::Other(other) if !strategy::is_built_in(&other.api_version) => {
            let rest = |value: &Value| {
                let mut fields = value.as_object().cloned().unwrap_or_default();
                fields.retain(|field, _| field != "metadata" && !(has_status && field == "status"));
                fields
            };
            rest(before) != rest(after)
        }
        Object::Deployment(_) => {
            before["spec"] != after["spec"] || before["metadata"]["annotations"] != after["metadata"]["annotations"]
        }
        _ => before["spec"] != after["spec"],
    }
}

/// The object that an update is of has not been replaced by another of its name.
///
/// # Errors
/// 409, when it has.
pub(super) fn match_uid(target: &Target, live: &Object, new: &Object) -> Result<(), ApiError> {
    let uid = |object: &Object| object.metadata().uid.clone().unwrap_or_default();
    let (asked, own) = (uid(new), uid(live));
    if asked.is_empty() || asked == own {
        return Ok(());
    }
    let Target { resource, namespace, name } = target;
    let place = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {asked}, UID in object meta: {own}",
        resource.plural()
    );
    Err(ApiError::conflict_because(resource, name, why))
}

/// Nobody has written the object since it was read.
///
/// # Errors
/// 409, when somebody has; 422, when the update does not say what it is of and must.
pub(super) fn match_version(target: &Target, live: &Object, new: &Object) -> Result<(), ApiError> {
    match new.metadata().resource_version.as_deref().unwrap_or_default() {
        "" | "0" if strategy::allows_unconditional_update(&target.resource) => Ok(()),
        "" | "0" => Err(validation::version_is_missing((&target.resource).into(), &target.name)),
        version if Some(version) == live.metadata().resource_version.as_deref() => Ok(()),
        _ => Err(ApiError::conflict(&target.resource, &target.name)),
    }
}

/// Of a pod's spec little may change.
fn check_pod(live: &Object, new: &Object, rule: &str) -> Result<(), ApiError> {
    let (Object::Pod(live), Object::Pod(new)) = (live, new) else { return Ok(()) };
    if let Some((index, gate)) = added_gate(live, new) {
        return Err(validation::added_gate(new.metadata.name.as_deref().unwrap_or_default(), index, gate));
    }
    if !is_allowed(live, new) {
        return Err(validation::fixed_pod_spec(new.metadata.name.as_deref().unwrap_or_default(), rule));
    }
    Ok(())
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
