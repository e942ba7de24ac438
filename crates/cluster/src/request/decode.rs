//! From the JSON of a request to an object, and back into the version that the request speaks.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use sim_core::quantity::Quantity;

use super::{FieldValidation, ResourceRef, Target, WriteOptions, event};
use crate::api_error::ApiError;
use crate::custom_resource::{self, Definition};
use crate::object::{Kind, Object, Unstructured};

/// An object that was read, and what is to be said of it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub object: Object,
    pub warnings: Vec<String>,
}

/// Reads the body of a POST or PUT.
///
/// # Errors
/// 400, when it is no such object.
pub(super) fn body(
    resource: &ResourceRef,
    mut body: Value,
    options: &WriteOptions,
    definition: Option<&Definition>,
) -> Result<Decoded, ApiError> {
    let kind = resource.kind_name();
    let Value::Object(fields) = &mut body else {
        let type_ = match &body {
            Value::Array(_) => "array",
            Value::String(_) => "string",
            Value::Number(_) => "number",
            Value::Bool(_) => "bool",
            Value::Null | Value::Object(_) => "null",
        };
        return Err(ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: \
             json: cannot unmarshal {type_} into Go value of type struct {{ APIVersion string \
             \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        )));
    };
    let expected = options.api_version.as_deref().unwrap_or(resource.api_version()).to_owned();
    let said = |field: &str| fields.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let said_version = said("apiVersion").unwrap_or(&expected).to_owned();
    let said_kind = said("kind").unwrap_or(kind).to_owned();
    check_type(resource, (&said_version, &said_kind), &expected)?;
    fields.insert("apiVersion".to_owned(), expected.into());
    fields.insert("kind".to_owned(), kind.into());
    read(resource, body, options.strict, definition).map_err(|error| {
        let version = said_version.rsplit('/').next().unwrap_or_default();
        ApiError::bad_request(format!("{said_kind} in version \"{version}\" cannot be handled as a {kind}: {error}"))
    })
}

/// Refuses a body that says it is something else.
fn check_type(resource: &ResourceRef, said: (&str, &str), expected: &str) -> Result<(), ApiError> {
    let ((said_version, said_kind), kind) = (said, resource.kind_name());
    if (said_version, said_kind) == (expected, kind) {
        return Ok(());
    }
    let version = said_version.rsplit('/').next().unwrap_or_default();
    let group = |api_version: &str| api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let is_of_kind = match resource {
        ResourceRef::Known(known) => Kind::of(said_version, said_kind) == Some(*known),
        ResourceRef::Other { .. } => said_kind == kind && group(said_version) == group(expected),
    };
    if is_of_kind {
        let message = format!(
            "the API version in the data ({said_version}) does not match the expected API version ({expected})"
        );
        return Err(ApiError::bad_request(message));
    }
    let why = match Kind::of(said_version, said_kind) {
        Some(_) => {
            let package = |api_version: &str| match group(api_version).as_str() {
                "" => "core".to_owned(),
                group => group.split('.').next().unwrap_or_default().to_owned(),
            };
            format!("converting ({version}.{said_kind}) to ({}.{kind}): unknown conversion", package(expected))
        }
        None => {
            format!(
                "no kind \"{said_kind}\" is registered for version \"{said_version}\" in scheme \
                 \"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30\""
            )
        }
    };
    Err(ApiError::bad_request(format!("{said_kind} in version \"{version}\" cannot be handled as a {kind}: {why}")))
}

/// Reads an object whose `apiVersion` and `kind` are right.
///
/// # Errors
/// What is wrong with it: a field of another type, or one that the kind does not have where those are not welcome.
pub(super) fn read(
    resource: &ResourceRef,
    mut value: Value,
    strict: FieldValidation,
    definition: Option<&Definition>,
) -> Result<Decoded, String> {
    let ResourceRef::Known(kind) = resource else {
        let unknown = definition.map(|definition| definition.shape(&mut value)).unwrap_or_default();
        if resource.kind_name() == custom_resource::DEFINITION {
            custom_resource::into_v1(&mut value);
        }
        if let Some(fields) = value.as_object_mut() {
            fields.insert("apiVersion".to_owned(), resource.api_version().into());
        }
        let object: Unstructured = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let unknown = unknown.into_iter().map(|path| format!("unknown field \"{path}\"")).collect();
        return judge(Object::Other(object.into()), unknown, strict);
    };
    if let Some(fields) = value.as_object_mut() {
        if *kind == Kind::Event && fields.get("apiVersion").is_some_and(|version| version != kind.api_version()) {
            event::event_into_core(fields);
        }
        fields.insert("apiVersion".to_owned(), kind.api_version().into());
    }
    if has_bad_quantity(&value) {
        return Err(BAD_QUANTITY.to_owned());
    }
    let mut unknown = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| unknown.push(format!("unknown field \"{}\"", text_of(&path)));
    let object = Object::read(*kind, serde_ignored::Deserializer::new(&value, &mut note)).map_err(|error| {
        let mut track = serde_path_to_error::Track::new();
        // Read once more, for the place: few objects are wrong.
        let _ = Object::read(*kind, serde_path_to_error::Deserializer::new(&value, &mut track));
        format!("{}: {error}", track.path())
    })?;
    judge(object, unknown, strict)
}

/// `resource.ErrFormatWrong`.
const BAD_QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// Fields that are lists of amounts by the name of a resource.
const AMOUNTS: [&str; 8] =
    ["requests", "limits", "capacity", "allocatable", "hard", "overhead", "default", "defaultRequest"];

/// Whether a list of amounts has one that is none. What is at any other place is another type's to read.
fn has_bad_quantity(value: &Value) -> bool {
    let is_bad = |amount: &Value| amount.as_str().is_some_and(|text| text.parse::<Quantity>().is_err());
    match value {
        Value::Object(fields) => fields.iter().filter(|(name, _)| *name != "metadata").any(|(name, value)| {
            let amounts = value.as_object().filter(|_| AMOUNTS.contains(&name.as_str()));
            amounts.is_some_and(|amounts| amounts.values().any(is_bad)) || has_bad_quantity(value)
        }),
        Value::Array(items) => items.iter().any(has_bad_quantity),
        _ => false,
    }
}

/// What is to be said of fields that the kind does not have.
fn judge(object: Object, unknown: Vec<String>, strict: FieldValidation) -> Result<Decoded, String> {
    match strict {
        FieldValidation::Strict if !unknown.is_empty() => Err(format!("strict decoding error: {}", unknown.join(", "))),
        FieldValidation::Warn => Ok(Decoded { object, warnings: unknown }),
        FieldValidation::Strict | FieldValidation::Ignore => Ok(Decoded { object, warnings: Vec::new() }),
    }
}

/// Reads what may be a part of an object only.
///
/// # Errors
/// The fields that the kind does not have, or has otherwise, as a typed patch tells of them.
pub(super) fn read_partial(
    resource: &ResourceRef,
    value: Value,
    definition: Option<&Definition>,
) -> Result<(), String> {
    let decoded = read(resource, value, FieldValidation::Warn, definition).map_err(|error| format!(".{error}"))?;
    let fields = decoded.warnings.iter().map(|warning| {
        let field = warning.trim_start_matches("unknown field ").trim_matches('"');
        format!(".{field}: field not declared in schema")
    });
    match fields.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        several => Err(format!("errors:\n  {}", several.join("\n  "))),
    }
}

/// `spec.containers[0].image`.
fn text_of(path: &serde_ignored::Path<'_>) -> String {
    match path {
        serde_ignored::Path::Root => String::new(),
        serde_ignored::Path::Seq { parent, index } => format!("{}[{index}]", text_of(parent)),
        serde_ignored::Path::Map { parent, key } => match text_of(parent).as_str() {
            "" => key.clone(),
            parent => format!("{parent}.{key}"),
        },
        serde_ignored::Path::Some { parent }
        | serde_ignored::Path::NewtypeStruct { parent }
        | serde_ignored::Path::NewtypeVariant { parent } => text_of(parent),
    }
}

/// An object of the store in the API version that the request speaks.
pub(super) fn spoken(resource: &ResourceRef, mut object: Value, options: &WriteOptions) -> Value {
    if let (Some(version), Some(fields)) = (&options.api_version, object.as_object_mut())
        && version != resource.api_version()
    {
        if *resource == ResourceRef::Known(Kind::Event) {
            event::event_from_core(fields);
        }
        fields.insert("apiVersion".to_owned(), version.clone().into());
        if resource.kind_name() == custom_resource::DEFINITION {
            custom_resource::definition_from_v1(&mut object);
        }
    }
    object
}

/// Takes out of metadata what only the server says (`WipeObjectMetaSystemFields`).
pub(super) fn wipe_system_fields(metadata: &mut ObjectMeta) {
    metadata.creation_timestamp = None;
    metadata.uid = None;
    metadata.deletion_timestamp = None;
    metadata.deletion_grace_period_seconds = None;
    metadata.self_link = None;
}

/// The object's namespace is that of the request (`EnsureObjectNamespaceMatchesRequestNamespace`).
///
/// # Errors
/// 400, when it says it is in another.
pub(super) fn match_namespace(resource: &ResourceRef, asked: &str, metadata: &mut ObjectMeta) -> Result<(), ApiError> {
    if !resource.is_namespaced() {
        metadata.namespace = None;
        return Ok(());
    }
    match metadata.namespace.as_deref() {
        None | Some("") => {
            metadata.namespace = Some(asked.to_owned());
            Ok(())
        }
        Some(own) if own == asked => Ok(()),
        Some(_) => {
            let why = "the namespace of the provided object does not match the namespace sent on the request";
            Err(ApiError::bad_request(why))
        }
    }
}

/// The object's name is that of the request (`checkName`).
///
/// # Errors
/// 400, when it has another, or none.
pub(super) fn match_name(target: &Target, metadata: &ObjectMeta) -> Result<(), ApiError> {
    let asked = &target.name;
    match metadata.name.as_deref().unwrap_or_default() {
        own if own == asked => Ok(()),
        "" => Err(ApiError::bad_request(format!(
            "the name of the object ({asked} based on URL) was undeterminable: name must be provided"
        ))),
        own => Err(ApiError::bad_request(format!(
            "the name of the object ({own}) does not match the name on the URL ({asked})"
        ))),
    }
}
