//! What a merge patch must say to make one document of another (RFC 7386).

use serde_json::{Map, Value};

/// The patch from one document to another; nothing when they are the same.
pub(crate) fn merge_patch(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return Some(to.clone()) };
    let gone = from.keys().filter(|key| !to.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = to.iter().filter_map(|(key, value)| match from.get(key) {
        Some(before) => Some((key.clone(), merge_patch(before, value)?)),
        None => Some((key.clone(), value.clone())),
    });
    Some(Value::Object(gone.chain(changed).collect::<Map<_, _>>()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::merge_patch;

    #[track_caller]
    fn check(from: Value, to: Value, patch: Option<Value>) {
        assert_eq!(merge_patch(&from, &to), patch);
    }

    #[test]
    fn only_what_differs_is_named() {
        check(
            json!({"a": 1, "b": {"c": 2, "d": 3}}),
            json!({"a": 1, "b": {"c": 2, "d": 4}}),
            Some(json!({"b": {"d": 4}})),
        );
        check(json!({"a": 1, "b": 2}), json!({"b": 2, "c": {"d": 1}}), Some(json!({"a": null, "c": {"d": 1}})));
        check(json!({"a": [1, 2]}), json!({"a": [2]}), Some(json!({"a": [2]})));
        check(json!({"a": {"b": 1}}), json!({"a": 1}), Some(json!({"a": 1})));
        check(json!({"a": [1]}), json!({"a": [1]}), None);
    }
}
