//! Which fields an object has, and which of them another one has not or has otherwise (structured-merge-diff
//! `typed/compare.go`, `typed/tofieldset.go`).

use serde_json::Value;

use super::path::{Fields, Path, Step};
use super::schema::{Schema, Shape, identities};

/// What differs between two objects.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub added: Fields,
    pub removed: Fields,
    pub modified: Fields,
}

impl Change {
    pub(super) fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        for fields in [&mut self.added, &mut self.removed, &mut self.modified] {
            fields.retain(&keep);
        }
    }
}

/// What makes the second object another than the first.
pub(super) fn compare(schema: Schema<'_>, before: &Value, after: &Value) -> Change {
    let mut change = Change::default();
    differ(schema, &mut Vec::new(), (Some(before), Some(after)), &mut change);
    change
}

fn differ(schema: Schema<'_>, path: &mut Vec<Step>, sides: (Option<&Value>, Option<&Value>), change: &mut Change) {
    let (before, after) = (sides.0.filter(|value| !value.is_null()), sides.1.filter(|value| !value.is_null()));
    if before == after {
        return;
    }
    let Some(any) = after.or(before) else { return };
    let shape = schema.shape(path, any);
    let is_many = match (&shape, before, after) {
        (Shape::Leaf, ..) => false,
        (Shape::Object, before, after) => {
            let fields = |side: Option<&Value>| side.map_or(Some(0), |side| side.as_object().map(serde_json::Map::len));
            match (fields(before), fields(after)) {
                (Some(before), Some(after)) => before + after > 0,
                _ => false,
            }
        }
        (Shape::Keyed(_) | Shape::Set, before, after) => {
            let steps = |side: Option<&Value>| {
                side.map_or(Some(Vec::new()), |side| side.as_array().and_then(|items| identities(&shape, items)))
            };
            match (steps(before), steps(after)) {
                (Some(one), Some(other)) if !(one.is_empty() && other.is_empty()) => {
                    let new = other.iter().filter(|step| !one.contains(step));
                    for step in one.iter().chain(new) {
                        path.push(step.clone());
                        differ(schema, path, (item(before, &one, step), item(after, &other, step)), change);
                        path.pop();
                    }
                    true
                }
                _ => false,
            }
        }
    };
    if shape == Shape::Object && is_many {
        let keys = |side: Option<&Value>| -> Vec<String> {
            side.and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys().cloned()).collect()
        };
        let (old, new) = (keys(before), keys(after));
        for key in old.iter().chain(new.iter().filter(|key| !old.contains(key))) {
            path.push(Step::Field(key.clone()));
            differ(schema, path, (field(before, key), field(after, key)), change);
            path.pop();
        }
    }
    match (before, after) {
        (None, _) => change.added.insert(path),
        (_, None) => change.removed.insert(path),
        _ if !is_many => change.modified.insert(path),
        _ => {}
    }
}

fn item<'a>(side: Option<&'a Value>, steps: &[Step], step: &Step) -> Option<&'a Value> {
    side?.get(steps.iter().position(|own| own == step)?)
}

fn field<'a>(side: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    side?.get(key)
}

/// The fields that an object names.
pub(super) fn fields_of(schema: Schema<'_>, object: &Value) -> Fields {
    let mut fields = Fields::default();
    collect(schema, &mut Vec::new(), object, &mut fields);
    fields
}

fn collect(schema: Schema<'_>, path: &mut Vec<Step>, value: &Value, fields: &mut Fields) {
    let shape = schema.shape(path, value);
    match value {
        Value::Object(map) if shape == Shape::Object => {
            if map.is_empty() {
                fields.insert(path);
            }
            for (key, value) in map {
                path.push(Step::Field(key.clone()));
                collect(schema, path, value, fields);
                path.pop();
            }
        }
        Value::Array(items) if shape != Shape::Leaf => match identities(&shape, items) {
            Some(steps) => {
                for (item, step) in items.iter().zip(steps) {
                    path.push(step);
                    collect(schema, path, item, fields);
                    fields.insert(path);
                    path.pop();
                }
            }
            None => fields.insert(path),
        },
        _ => fields.insert(path),
    }
}
