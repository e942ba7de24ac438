//! Merging a configuration into an object, and taking fields out of it (structured-merge-diff `typed/merge.go`,
//! `typed/remove.go`).

use serde_json::Value;

use super::path::{Fields, Path, Step};
use super::schema::{Schema, Shape, identities};

/// Puts the fields of a configuration into an object.
pub(super) fn merge(schema: Schema<'_>, object: &mut Value, configuration: &Value) {
    put(schema, &mut Vec::new(), object, configuration);
}

fn put(schema: Schema<'_>, path: &mut Vec<Step>, place: &mut Value, value: &Value) {
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
            let (Some(own), Some(new)) = (identities(&shape, place), identities(&shape, value)) else {
                *place = value.clone();
                return;
            };
            let before = std::mem::take(place);
            for (live, named) in order(&own, &new) {
                let mut item = live.and_then(|index| before.get(index)).cloned().unwrap_or_default();
                if let Some((step, value)) = named.and_then(|index| new.get(index).zip(value.get(index))) {
                    path.push(step.clone());
                    put(schema, path, &mut item, value);
                    path.pop();
                }
                place.push(item);
            }
        }
        (place @ Value::Null, Value::Object(_)) if shape == Shape::Object => {
            *place = Value::Object(Default::default());
            put(schema, path, place, value);
        }
        (place, value) => *place = value.clone(),
    }
}

/// The items of a merged list by their places in the live one and in the configuration (`visitListItems`): the
/// configuration's keep their order, and what is live alone comes as soon as it can.
fn order(own: &[Step], new: &[Step]) -> Vec<(Option<usize>, Option<usize>)> {
    let place = |step: &Step| own.iter().position(|own| own == step);
    let mut shared = new.iter().filter(|step| own.contains(step)).peekable();
    let mut order = Vec::with_capacity(own.len() + new.len());
    let (mut left, mut right) = (0, 0);
    loop {
        match (own.get(left), new.get(right)) {
            (Some(live), _) if !new.contains(live) => {
                order.push((Some(left), None));
                left += 1;
            }
            // It has had its turn, or gets it when the configuration comes to it.
            (Some(live), Some(_)) if shared.peek() != Some(&live) => left += 1,
            (Some(_), None) => left += 1,
            (live, Some(named)) => {
                order.push((place(named), Some(right)));
                right += 1;
                if live == Some(named) {
                    left += 1;
                    shared.next();
                }
            }
            (None, None) => return order,
        }
    }
}

/// Takes fields out of an object, with all that is in them.
pub(super) fn remove(schema: Schema<'_>, object: &mut Value, fields: &Fields) {
    take_out(schema, &mut Path::default(), object, fields);
}

fn take_out(schema: Schema<'_>, path: &mut Path, value: &mut Value, fields: &Fields) {
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
            let Some(steps) = identities(&shape, items) else { return };
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
