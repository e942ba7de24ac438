//! The kinds of patches (apiserver `pkg/endpoints/handlers/patch.go`).

use serde_json::Value;

use super::decode::{self, Decoded};
use super::{ResourceRef, WriteOptions, strategy};
use crate::api_error::ApiError;
use crate::custom_resource::Definition;
use crate::make::strategic::strategic_merge;
use crate::validation;

/// A JSON patch may have so many operations (`maxJSONPatchOperations`).
const OPERATIONS_MAX: usize = 10_000;

/// What a PATCH says.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// `application/json-patch+json`: a list of operations.
    Json(Value),
    /// `application/merge-patch+json`: lists are replaced.
    Merge(Value),
    /// `application/strategic-merge-patch+json`: lists of objects are merged by their keys.
    Strategic(Value),
    /// `application/apply-patch+yaml`: what its manager wants to be so.
    Apply(Value),
}

impl Patch {
    /// Refuses a kind of patch that the resource does not take, and options that do not go with it.
    pub(super) fn check(&self, resource: &ResourceRef, options: &WriteOptions) -> Result<(), ApiError> {
        let accepted = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
        match self {
            Patch::Strategic(_) if !strategy::is_built_in(resource.api_version()) => {
                Err(ApiError::unsupported_media_type(&accepted))
            }
            Patch::Apply(_) if options.field_manager.is_empty() => Err(validation::applier_is_missing()),
            Patch::Apply(_) => Ok(()),
            _ if options.force => Err(validation::only_appliers_force()),
            _ => Ok(()),
        }
    }

    /// The object with the patch.
    ///
    /// # Errors
    /// When the patch cannot be read or does not fit, or what it makes is no such object.
    pub(super) fn apply_to(
        &self,
        resource: &ResourceRef,
        mut object: Value,
        options: &WriteOptions,
        definition: Option<&Definition>,
    ) -> Result<Decoded, ApiError> {
        self.apply(&mut object)?;
        // What an error shows: the patched object, or a strategic patch as Go prints it.
        let shown = match self {
            Patch::Strategic(patch) => go_text(patch),
            _ => object.to_string(),
        };
        decode::read(resource, object, options.strict, definition)
            .map_err(|error| validation::bad_patch(&shown, &error))
    }

    /// Changes a value as the patch says.
    ///
    /// # Errors
    /// When the patch cannot be read or does not fit.
    pub(super) fn apply(&self, object: &mut Value) -> Result<(), ApiError> {
        match self {
            Patch::Json(patch) => {
                let patch: json_patch::Patch = serde_json::from_value(patch.clone())
                    .map_err(|error| ApiError::bad_request(format!("error decoding patch: {error}")))?;
                let count = patch.0.len();
                if count > OPERATIONS_MAX {
                    let why =
                        format!("The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {count}");
                    return Err(ApiError::too_large(&why));
                }
                json_patch::patch(object, &patch).map_err(|_| ApiError::unprocessable())
            }
            Patch::Merge(patch) if patch.is_object() => {
                json_patch::merge(object, patch);
                Ok(())
            }
            Patch::Strategic(patch) if patch.is_object() => {
                strategic_merge(object, patch).map_err(ApiError::bad_request)
            }
            Patch::Merge(patch) | Patch::Strategic(patch) | Patch::Apply(patch) => {
                let why = format!(
                    "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    type_of(patch)
                );
                Err(ApiError::bad_request(why))
            }
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A value as Go's `%+v` prints it: `map[spec:map[replicas:2]]`.
fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}:{}", go_text(value))).collect();
            fields.sort();
            format!("map[{}]", fields.join(" "))
        }
        plain => plain.to_string(),
    }
}
