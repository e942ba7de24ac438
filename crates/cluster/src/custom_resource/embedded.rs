//! Objects within custom resources (`x-kubernetes-embedded-resource`; apiextensions-apiserver `schema/objectmeta`).

use serde_json::Value;

use crate::behaviour::Behaviour;
use crate::validation::field::{Faults, Path};
use crate::validation::value_text;

/// What an object within another says of its kind.
pub(super) fn faults(faults: &mut Faults, object: &Value, schema: &Value, rules: &Behaviour) {
    let fields = object.as_object().into_iter().flatten();
    for (key, value) in fields {
        if let Some(schema) = schema["properties"].get(key) {
            look(faults, &Path::new(key), value, schema, rules);
        } else if let Some(schema) = schema.get("additionalProperties") {
            look(faults, &Path::new(key), value, schema, rules);
        }
    }
}

fn look(faults: &mut Faults, path: &Path<'_>, value: &Value, schema: &Value, rules: &Behaviour) {
    match value {
        Value::Object(fields) => {
            if schema["x-kubernetes-embedded-resource"] == true {
                for name in ["apiVersion", "kind"] {
                    match fields.get(name) {
                        Some(Value::String(text)) if !text.is_empty() => {}
                        None | Some(Value::String(_)) => faults.required(&path.child(name), ""),
                        Some(other) => faults.invalid(&path.child(name), value_text(other, rules), "must be a string"),
                    }
                }
            }
            for (key, value) in fields {
                if let Some(schema) = schema["properties"].get(key) {
                    look(faults, &path.child(key), value, schema, rules);
                } else if let Some(schema) = schema.get("additionalProperties") {
                    look(faults, &path.key(key), value, schema, rules);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                look(faults, &path.index(index), item, schema, rules);
            }
        }
        _ => {}
    }
}
