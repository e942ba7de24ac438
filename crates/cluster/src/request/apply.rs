//! Server-side apply (apiserver `pkg/endpoints/handlers/patch.go`, `applyPatcher`), and whose the fields are that other
//! requests write.

use serde_json::{Value, json};

use super::managed::{Managers, Schema, Write};
use super::{FieldValidation, Part, Subresource, Target, WriteOptions, Written, decode, strategy, update};
use crate::api_error::ApiError;
use crate::cluster::Cluster;
use crate::custom_resource::Definition;
use crate::object::Object;

/// The annotation in which kubectl keeps what it applied on its own side.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Cluster {
    /// PATCH with a configuration that its manager wants to be so.
    pub(super) fn apply_configuration(
        &mut self,
        target: &Target,
        subresource: Option<Subresource>,
        configuration: &Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let definition = self.definition_asked(&target.resource, options);
        let configuration = check(target, configuration, options, definition.as_ref())?;
        let live = self.object_at(target);
        let part = Part::of(subresource);
        if live.is_none() && part == Part::Status {
            return Err(target.not_found());
        }
        let entries = live.as_ref().and_then(|live| live.metadata().managed_fields.as_deref()).unwrap_or_default();
        let mut managers = Managers::read(entries).unwrap_or_default();
        let before = match &live {
            Some(live) => without_managers(decode::spoken(&target.resource, live.to_value(), options)),
            None => json!({}),
        };
        let write = self.write_of(target, definition.as_ref(), subresource, options);
        let mut merged = managers.apply(&before, &configuration, &write, options.force)?;
        if options.field_manager == "kubectl" {
            keep_last_applied(&mut merged, &configuration);
        }
        let mut object = decode::read(&target.resource, merged, FieldValidation::Ignore, definition.as_ref())
            .map_err(|error| ApiError::bad_request(format!("failed to convert new typed object: {error}")))?
            .object;
        decode::match_namespace(&target.resource, &target.namespace, object.metadata_mut())?;
        decode::match_name(target, object.metadata())?;
        object.metadata_mut().managed_fields = managers.entries();
        match &live {
            None if object.metadata().uid.is_some() => {
                let uid = object.metadata().uid.clone().unwrap_or_default();
                let why =
                    format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                Err(ApiError::conflict_because(&target.resource, &target.name, why))
            }
            None => self.rehearse(options.dry_run, |cluster| {
                cluster.create_object(&target.resource, object, Vec::new(), options)
            }),
            Some(live) => {
                update::match_version(target, live, &object)?;
                self.rehearse(options.dry_run, |cluster| {
                    cluster.write_update(target, part, live, object, Vec::new(), options)
                })
            }
        }
    }

    /// Notes in an object that is about to be written whose the changed fields are. What is not tracked from its creation
    /// on is not tracked at all, until somebody applies it.
    pub(super) fn note_manager(
        &self,
        target: &Target,
        subresource: Option<Subresource>,
        live: Option<&Object>,
        object: &mut Object,
        options: &WriteOptions,
    ) {
        let of = |object: &Object| object.metadata().managed_fields.clone().unwrap_or_default();
        let asked = object.metadata_mut().managed_fields.take();
        // An empty list asks to forget all managers.
        let is_reset = asked.as_ref().is_some_and(|asked| match asked.as_slice() {
            [] => true,
            [only] => *only == Default::default(),
            _ => false,
        });
        let asked = asked.as_deref().and_then(Managers::read).filter(|managers| !managers.is_empty());
        let managers = match (asked, live) {
            _ if is_reset => Managers::default(),
            (Some(asked), _) if subresource.is_none() => asked,
            (_, live) => live.and_then(|live| Managers::read(&of(live))).unwrap_or_default(),
        };
        if managers.is_empty() && (live.is_some() || !self.behaviour.tracks_field_managers) {
            object.metadata_mut().managed_fields = None;
            return;
        }
        let mut after = object.clone();
        self.set_defaults(&mut after);
        let value = |object: &Object| without_managers(decode::spoken(&target.resource, object.to_value(), options));
        let before = live.map_or_else(|| json!({}), value);
        let mut managers = managers;
        let definition = self.definition_asked(&target.resource, options);
        let write = self.write_of(target, definition.as_ref(), subresource, options);
        managers.update(&before, &value(&after), &write);
        object.metadata_mut().managed_fields = managers.entries();
    }

    fn write_of<'a>(
        &self,
        target: &'a Target,
        definition: Option<&'a Definition>,
        subresource: Option<Subresource>,
        options: &'a WriteOptions,
    ) -> Write<'a> {
        let api_version = target.resource.api_version();
        Write {
            manager: &options.field_manager,
            api_version: options.api_version.as_deref().unwrap_or(api_version),
            subresource: match subresource {
                None => "",
                Some(Subresource::Status) => "status",
                Some(Subresource::Scale) => "scale",
            },
            ignored: match Part::of(subresource) {
                Part::Main | Part::Scale => self.status_is_apart(&target.resource).then_some("status"),
                Part::Status => Some("spec"),
            },
            schema: match definition.and_then(Definition::schema) {
                Some(schema) => Schema::Defined(schema),
                None if strategy::is_built_in(api_version) => Schema::BuiltIn,
                None => Schema::Unknown,
            },
            now: self.clock.time(),
        }
    }
}

/// The configuration, when it is one of this object.
fn check(
    target: &Target,
    configuration: &Value,
    options: &WriteOptions,
    definition: Option<&Definition>,
) -> Result<Value, ApiError> {
    let resource = &target.resource;
    let expected = options.api_version.as_deref().unwrap_or(resource.api_version());
    let Some(fields) = configuration.as_object() else {
        let why = "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal into Go value of type map[string]interface {}";
        return Err(ApiError::bad_request(why));
    };
    let said = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
    let type_text = |api_version: &str, kind: &str| {
        let group_version = if api_version.contains('/') { api_version.to_owned() } else { format!("/{api_version}") };
        format!("{group_version}, Kind={kind}")
    };
    let (api_version, kind) = (said("apiVersion"), said("kind"));
    if (api_version, kind) != (expected, resource.kind_name()) {
        return Err(ApiError::bad_request(format!("invalid object type: {}", type_text(api_version, kind))));
    }
    let metadata = fields.get("metadata");
    if metadata.and_then(|metadata| metadata.get("managedFields")).is_some_and(|managers| !managers.is_null()) {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    if let Err(unknown) = decode::read_partial(resource, configuration.clone(), definition) {
        let name = metadata.and_then(|metadata| metadata.get("name")).and_then(Value::as_str).unwrap_or_default();
        let place = if resource.is_namespaced() { format!("{}/{name}", target.namespace) } else { format!("/{name}") };
        let message =
            format!("failed to create typed patch object ({place}; {}): {unknown}", type_text(api_version, kind));
        return Err(ApiError::new(crate::api_error::Reason::Unknown, message));
    }
    Ok(configuration.clone())
}

fn without_managers(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
    }
    object
}

/// Who goes back to apply on the client's side finds what was applied last (`lastAppliedUpdater`).
fn keep_last_applied(object: &mut Value, configuration: &Value) {
    let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) else { return };
    if let Some(last) =
        annotations.get_mut(LAST_APPLIED).filter(|last| last.as_str().is_some_and(|text| !text.is_empty()))
    {
        let mut configuration = configuration.clone();
        if let Some(own) = configuration.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            own.shift_remove(LAST_APPLIED);
        }
        configuration.sort_all_objects();
        *last = format!("{configuration}\n").into();
    }
}
