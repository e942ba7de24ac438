//! Merging a configuration into an object, and taking fields out of it (structured-merge-diff `typed/merge.go`,
//! `typed/remove.go`).

use serde_json::Value;

use super::path::{Fields, Path, Step};
use super::schema::{Schema, Shape, identities};
use crate::make::three_way::in_order;

/// Puts the fields of a configuration into an object.
pub(super) fn merge(schema: Schema, object: &mut Value, configuration: &Value) {
    put(schema, &mut Vec::new(), object, configuration);
}

fn put(schema: Schema, path: &mut Vec<Step>, place: &mut Value, value: &Value) {
    let shape = schema.shape(path, value);
    match (place, value) {
        (Value::Object(place), Value::Object(value)) if shape == Shape::Object => {
            for (key, value) in value {
                if value.is_null() {
                    place.shift_remove(key);
                    continue;
                }
                path.push(Step::Field(key.clone()));
                put(schema, path, place.entry(key.clone()).or_insert(Value::Null), value);
                path.pop();
            }
        }
        (Value::Array(place), Value::Array(value)) if shape != Shape::Leaf => {
            let (Some(own), Some(new)) = (identities(shape, place), identities(shape, value)) else {
                *place = value.clone();
                return;
            };
            let before = std::mem::take(place);
            let mut named = Vec::new();
            for (item, step) in value.iter().zip(&new) {
                let index = own.iter().position(|own| own == step);
                let mut merged = index.map_or(Value::Null, |index| before[index].clone());
                path.push(step.clone());
                put(schema, path, &mut merged, item);
                path.pop();
                named.push((index, merged));
            }
            let others = before.into_iter().zip(&own).enumerate().filter(|(_, (_, step))| !new.contains(step));
            *place = in_order(others.map(|(index, (item, _))| (index, item)).collect(), named);
        }
        (place @ Value::Null, Value::Object(_)) if shape == Shape::Object => {
            *place = Value::Object(Default::default());
            put(schema, path, place, value);
        }
        (place, value) => *place = value.clone(),
    }
}

/// Takes fields out of an object, with all that is in them.
pub(super) fn remove(schema: Schema, object: &mut Value, fields: &Fields) {
    take_out(schema, &mut Path::default(), object, fields);
}

fn take_out(schema: Schema, path: &mut Path, value: &mut Value, fields: &Fields) {
    if fields.is_empty() {
        return;
    }
    let shape = schema.shape(&path.0, value);
    match value {
        Value::Object(map) if shape == Shape::Object => {
            map.retain(|key, value| {
                path.0.push(Step::Field(key.clone()));
                let goes = fields.contains(path);
                if !goes && fields.reaches_below(path) {
                    take_out(schema, path, value, fields);
                }
                path.0.pop();
                !goes
            });
        }
        Value::Array(items) if shape != Shape::Leaf => {
            let Some(steps) = identities(shape, items) else { return };
            let mut steps = steps.into_iter();
            items.retain_mut(|item| {
                let Some(step) = steps.next() else { return true };
                path.0.push(step);
                let goes = fields.contains(path);
                if !goes && fields.reaches_below(path) {
                    take_out(schema, path, item, fields);
                }
                path.0.pop();
                !goes
            });
        }
        _ => {}
    }
}
