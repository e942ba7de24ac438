//! Lists whose items differ from each other (`x-kubernetes-list-type`; apiextensions-apiserver `schema/listtype`).

use serde_json::{Map, Value};

use crate::behaviour::Behaviour;
use crate::validation::field::FieldFault;
use crate::validation::value_text;

/// The items that are there twice.
pub(super) fn faults(object: &Value, schema: &Value, rules: &Behaviour) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    look(&mut faults, "", object, schema, rules);
    faults
}

fn look(faults: &mut Vec<FieldFault>, path: &str, value: &Value, schema: &Value, rules: &Behaviour) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let own = schema["properties"].get(key);
                let below = match (own, path) {
                    (Some(_), "") => key.clone(),
                    (Some(_), _) => format!("{path}.{key}"),
                    (None, _) => format!("{path}[{key}]"),
                };
                if let Some(schema) = own.or_else(|| schema.get("additionalProperties")) {
                    look(faults, &below, value, schema, rules);
                }
            }
        }
        Value::Array(items) => {
            let keys: Vec<Value> = match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => items.clone(),
                Some("map") => items.iter().map(|item| key_of(item, schema)).collect(),
                _ => Vec::new(),
            };
            for (index, key) in keys.iter().enumerate() {
                // The second one is told of, and no other.
                if keys.iter().take(index).filter(|other| *other == key).count() == 1 {
                    let why = format!("Duplicate value: {}", value_text(key, rules));
                    faults.push(FieldFault { path: format!("{path}[{index}]"), why, type_: "FieldValueDuplicate" });
                }
            }
            if let Some(schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    look(faults, &format!("{path}[{index}]"), item, schema, rules);
                }
            }
        }
        _ => {}
    }
}

fn key_of(item: &Value, schema: &Value) -> Value {
    let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fields: Map<String, Value> = keys.filter_map(|key| Some((key.to_owned(), item.get(key)?.clone()))).collect();
    Value::Object(fields)
}
