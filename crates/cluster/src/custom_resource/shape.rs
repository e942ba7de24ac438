//! Custom resources in the shape of their schema (apiextensions-apiserver `schema/pruning`, `schema/defaulting`).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

/// Fields that every object has.
const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Takes out what the schema does not specify; returns the paths of that, sorted.
pub(super) fn prune(object: &mut Value, schema: &Value) -> Vec<String> {
    let mut pruning = Pruning { unknown: Vec::new() };
    pruning.value(object, Some(schema), "", true);
    pruning.unknown.sort();
    pruning.unknown
}

struct Pruning {
    unknown: Vec<String>,
}

impl Pruning {
    fn value(&mut self, value: &mut Value, schema: Option<&Value>, path: &str, is_resource: bool) {
        let preserves = schema.is_some_and(preserves_unknown);
        match value {
            Value::Object(fields) => {
                let mut dropped = Vec::new();
                for (key, value) in fields.iter_mut() {
                    let is_meta = META.contains(&key.as_str());
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if is_meta && (is_resource || schema.is_some_and(is_embedded)) {
                        if !is_resource && key == "metadata" {
                            self.metadata(value, &below);
                        }
                        continue;
                    }
                    match schema.and_then(|schema| below_field(schema, key)) {
                        Some(schema) => self.value(value, schema, &below, false),
                        None if preserves => {}
                        None => {
                            if !is_meta || !path.is_empty() {
                                self.unknown.push(below);
                            }
                            dropped.push(key.clone());
                        }
                    }
                }
                dropped.iter().for_each(|key| drop(fields.shift_remove(key)));
            }
            Value::Array(items) => {
                let schema = schema.map(|schema| schema.get("items"));
                // What is below a list that keeps everything is kept as well.
                if preserves && schema.flatten().is_none() {
                    return;
                }
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(item, schema.flatten(), &format!("{path}[{index}]"), false);
                }
            }
            _ => {}
        }
    }
}

impl Pruning {
    /// Takes out of the metadata of an object within another what is no field of any (`GetObjectMeta`).
    fn metadata(&mut self, value: &mut Value, path: &str) {
        let known = serde_json::from_value::<ObjectMeta>(value.clone()).and_then(serde_json::to_value);
        let (Ok(known), Some(fields)) = (known, value.as_object_mut()) else { return };
        fields.retain(|key, value| {
            let is_known = value.is_null() || known.get(key).is_some();
            if !is_known {
                self.unknown.push(format!("{path}.{key}"));
            }
            is_known
        });
    }
}

/// Takes out nulls that are not allowed and have no default.
pub(super) fn drop_nulls(value: &mut Value, schema: Option<&Value>) {
    match value {
        Value::Object(fields) => {
            let of = |key: &str| schema.and_then(|schema| below_field(schema, key)).flatten();
            fields.retain(|key, value| {
                let is_wrong =
                    value.is_null() && of(key).is_some_and(|schema| !is_nullable(schema) && !has_default(schema));
                !is_wrong
            });
            fields.iter_mut().for_each(|(key, value)| drop_nulls(value, of(key)));
        }
        Value::Array(items) => {
            let schema = schema.and_then(|schema| schema.get("items"));
            items.iter_mut().for_each(|item| drop_nulls(item, schema));
        }
        _ => {}
    }
}

/// Puts in the defaults.
pub(super) fn default(value: &mut Value, schema: Option<&Value>) {
    let Some(schema) = schema else { return };
    let is_missing = |value: &Value, schema: &Value| value.is_null() && !is_nullable(schema);
    match value {
        Value::Object(fields) => {
            for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
                let default = schema.get("default").filter(|default| !default.is_null());
                if let Some(default) = default
                    && fields.get(key).is_none_or(|value| is_missing(value, schema))
                {
                    fields.insert(key.clone(), default.clone());
                }
            }
            for (key, value) in fields.iter_mut() {
                let Some(Some(schema)) = below_field(schema, key) else { continue };
                if is_missing(value, schema) {
                    *value = schema.get("default").cloned().unwrap_or_default();
                }
                self::default(value, Some(schema));
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for item in items {
                if is_missing(item, schema) {
                    *item = schema.get("default").cloned().unwrap_or_default();
                }
                default(item, Some(schema));
            }
        }
        _ => {}
    }
}

/// The schema of a field: of its own, or that of all others. Nothing when it is not specified; a field that is, but of
/// which nothing is said, is one of any kind.
fn below_field<'a>(schema: &'a Value, key: &str) -> Option<Option<&'a Value>> {
    if let Some(own) = schema["properties"].get(key) {
        return Some(Some(own));
    }
    match schema.get("additionalProperties")? {
        Value::Bool(false) => None,
        Value::Bool(true) => Some(Some(&ANYTHING)),
        others => Some(Some(others)),
    }
}

/// `additionalProperties: true` has no schema: what is below is not specified, and its fields go.
static ANYTHING: Value = Value::Null;

fn preserves_unknown(schema: &Value) -> bool {
    schema["x-kubernetes-preserve-unknown-fields"] == true
}

fn is_embedded(schema: &Value) -> bool {
    schema["x-kubernetes-embedded-resource"] == true
}

fn is_nullable(schema: &Value) -> bool {
    schema["nullable"] == true
}

fn has_default(schema: &Value) -> bool {
    schema.get("default").is_some_and(|default| !default.is_null())
}
