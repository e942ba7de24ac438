//! Strategic merge patches (apimachinery `util/strategicpatch/patch.go`): lists of objects are merged by a key that the
//! API types name (`x-kubernetes-patch-merge-key`), other lists are replaced, and directives say otherwise.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Merges a patch into an object.
///
/// # Errors
/// When a directive is not known or an item of a list lacks its key, in the API server's words.
pub(crate) fn strategic_merge(object: &mut Value, patch: &Value) -> Result<(), String> {
    match (object, patch) {
        (Value::Object(object), Value::Object(patch)) => merge_maps(object, patch),
        (object, patch) => {
            *object = patch.clone();
            Ok(())
        }
    }
}

fn merge_maps(object: &mut Map<String, Value>, patch: &Map<String, Value>) -> Result<(), String> {
    match patch.get(PATCH).and_then(Value::as_str) {
        None | Some("merge") => {}
        Some("replace") => {
            *object = patch.clone();
            object.shift_remove(PATCH);
            return Ok(());
        }
        Some("delete") => {
            object.clear();
            return Ok(());
        }
        Some(other) => return Err(unknown_directive(other)),
    }
    if let Some(Value::Array(retained)) = patch.get(RETAIN_KEYS) {
        object.retain(|key, _| retained.iter().any(|retained| retained == key.as_str()));
    }
    // Where the items of lists were that the patch orders.
    let ordered = patch.keys().filter_map(|key| key.strip_prefix(ORDER));
    let originals: BTreeMap<&str, Vec<Value>> =
        ordered.filter_map(|field| Some((field, object.get(field)?.as_array()?.clone()))).collect();
    for (key, value) in patch {
        if key == PATCH || key == RETAIN_KEYS || key.starts_with(ORDER) {
            continue;
        }
        if let Some(list) = key.strip_prefix(DELETE_FROM) {
            let deleted = value.as_array().cloned().unwrap_or_default();
            if let Some(Value::Array(items)) = object.get_mut(list) {
                items.retain(|item| !deleted.contains(item));
            }
            continue;
        }
        match (object.get_mut(key), value) {
            (_, Value::Null) => {
                object.shift_remove(key);
            }
            (Some(Value::Object(place)), Value::Object(value)) => merge_maps(place, value)?,
            (Some(Value::Array(place)), Value::Array(value)) => merge_lists(place, key, value)?,
            (_, Value::Object(value)) => {
                let mut fresh = Map::new();
                merge_maps(&mut fresh, value)?;
                object.insert(key.clone(), Value::Object(fresh));
            }
            (_, Value::Array(value)) => {
                let mut fresh = Vec::new();
                merge_lists(&mut fresh, key, value)?;
                object.insert(key.clone(), Value::Array(fresh));
            }
            (_, value) => {
                object.insert(key.clone(), value.clone());
            }
        }
    }
    for (key, order) in patch {
        if let (Some(field), Value::Array(order)) = (key.strip_prefix(ORDER), order)
            && let Some(Value::Array(list)) = object.get_mut(field)
        {
            let before = originals.get(field).map_or(&[][..], Vec::as_slice);
            put_in_order(list, field, order, before);
        }
    }
    Ok(())
}

/// Orders a list as the patch says (`normalizeElementOrder`). What the patch does not name stays in its order, before the
/// first item that it was before.
fn put_in_order(list: &mut Vec<Value>, field: &str, order: &[Value], before: &[Value]) {
    let key = merge_key(field, order.iter().chain(list.iter()));
    let id = |item: &Value| match key {
        Some(key) => item.get(key).cloned(),
        None => Some(item.clone()),
    };
    let place = |item: &Value, among: &[Value]| {
        let wanted = id(item)?;
        among.iter().position(|other| id(other).as_ref() == Some(&wanted))
    };
    let (mut named, mut rest): (Vec<Value>, Vec<Value>) =
        std::mem::take(list).into_iter().partition(|item| place(item, order).is_some());
    named.sort_by_key(|item| place(item, order));
    rest.sort_by_key(|item| place(item, before));
    let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
    loop {
        let next = match (rest.peek(), named.peek()) {
            (Some(left), Some(right)) => match (place(left, before), place(right, before)) {
                (Some(left), Some(right)) if left < right => rest.next(),
                _ => named.next(),
            },
            (Some(_), None) => rest.next(),
            (None, _) => named.next(),
        };
        match next {
            Some(item) => list.push(item),
            None => return,
        }
    }
}

fn merge_lists(list: &mut Vec<Value>, field: &str, patch: &[Value]) -> Result<(), String> {
    let directive = |item: &Value| item.get(PATCH).and_then(Value::as_str).map(str::to_owned);
    if patch.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        *list = patch.iter().filter(|item| directive(item).is_none()).cloned().collect();
        return Ok(());
    }
    if is_set(field) {
        list.extend(patch.iter().filter(|item| !list.contains(item)).cloned().collect::<Vec<_>>());
        return Ok(());
    }
    let merge_key = merge_key(field, patch.iter().chain(list.iter()));
    let Some(key) = merge_key.filter(|_| patch.iter().all(Value::is_object)) else {
        *list = patch.to_vec();
        return Ok(());
    };
    for item in patch {
        let Some(id) = item.get(key) else {
            return Err(without_key(item, key));
        };
        let place = list.iter_mut().position(|own| own.get(key) == Some(id));
        match (directive(item).as_deref(), place) {
            (Some("delete"), Some(index)) => {
                list.remove(index);
            }
            (Some("delete"), None) => {}
            (None | Some("merge"), Some(index)) => strategic_merge(&mut list[index], item)?,
            (None | Some("merge"), None) => {
                let mut fresh = Value::Object(Map::new());
                strategic_merge(&mut fresh, item)?;
                // New items come first, as the API server puts them.
                list.insert(0, fresh);
            }
            (Some(other), _) => return Err(unknown_directive(other)),
        }
    }
    Ok(())
}

/// By what the items of a list are told apart (the `patchMergeKey` of the field's Go type). `ports` are a container's
/// or a Service's, which their items tell.
pub(super) fn merge_key<'a>(field: &str, mut items: impl Iterator<Item = &'a Value>) -> Option<&'static str> {
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "secrets"
        | "drivers"
        | "schedulingGates"
        | "evictionResponders"
        | "resourceClaims"
        | "resourceClaimStatuses"
        | "allocatedResourcesStatus"
        | "webhooks"
        | "matchConditions" => "name",
        "ports" if items.any(|item| item.get("containerPort").is_some()) => "containerPort",
        "ports" => "port",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "hostAliases" | "podIPs" | "hostIPs" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        "ownerReferences" | "reservedFor" => "uid",
        "conditions" | "addresses" => "type",
        _ => return None,
    })
}

/// Whether a list of texts is merged rather than replaced (`patchStrategy:"merge"` without a key).
pub(super) fn is_set(field: &str) -> bool {
    matches!(field, "finalizers" | "podCIDRs")
}

/// Whether an object, or the items of a list, hold one thing of several, so that naming another one drops the first
/// (`patchStrategy:"retainKeys"`).
pub(super) fn keeps_only_named(field: &str) -> bool {
    matches!(field, "strategy" | "volumes" | "resourceClaims" | "resourceClaimStatuses")
}

/// What the API server says of an item that cannot be told apart.
pub(super) fn without_key(item: &Value, key: &str) -> String {
    format!("map: {item} does not contain declared merge key: {key}")
}

fn unknown_directive(directive: &str) -> String {
    format!("Unknown patch type {directive} found in strategic merge patch")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::strategic_merge;

    #[track_caller]
    fn check(mut object: Value, patch: Value, merged: Value) {
        strategic_merge(&mut object, &patch).unwrap();
        assert_eq!(object, merged);
    }

    #[test]
    fn maps_merge_and_null_removes() {
        check(
            json!({"a": 1, "b": {"c": 2, "d": 3}}),
            json!({"a": null, "b": {"c": 4}}),
            json!({"b": {"c": 4, "d": 3}}),
        );
        check(json!({"b": {"c": 2}}), json!({"b": {"$patch": "replace", "d": 3}}), json!({"b": {"d": 3}}));
        check(json!({"s": {"a": 1, "b": 2}}), json!({"s": {"$retainKeys": ["b"], "b": 3}}), json!({"s": {"b": 3}}));
    }

    #[test]
    fn containers_merge_by_name() {
        let object =
            json!({"containers": [{"name": "a", "image": "x", "env": [{"name": "E", "value": "1"}]}, {"name": "b"}]});
        let patch = json!({"containers": [{"name": "a", "image": "y"}]});
        check(
            object.clone(),
            patch,
            json!({"containers": [{"name": "a", "image": "y", "env": [{"name": "E", "value": "1"}]}, {"name": "b"}]}),
        );
        let patch = json!({"containers": [{"name": "a", "$patch": "delete"}]});
        check(object.clone(), patch, json!({"containers": [{"name": "b"}]}));
        let patch = json!({"containers": [{"$patch": "replace"}, {"name": "c"}]});
        check(object, patch, json!({"containers": [{"name": "c"}]}));
    }

    #[test]
    fn webhooks_merge_by_name() {
        let object = json!({"webhooks": [{"name": "a", "rules": [{"resources": ["pods"]}]}]});
        let merged =
            json!({"webhooks": [{"name": "a", "rules": [{"resources": ["pods"]}], "failurePolicy": "Ignore"}]});
        check(object, json!({"webhooks": [{"name": "a", "failurePolicy": "Ignore"}]}), merged);
    }

    #[test]
    fn lists_are_ordered_as_the_patch_says() {
        let of = |names: &str| names.chars().map(|name| json!({"name": name.to_string()})).collect::<Vec<_>>();
        for (live, patch, order, merged) in [
            ("a", "b", "ab", "ab"),
            ("ab", "", "ba", "ba"),
            // What the patch does not name keeps its place before what followed it.
            ("axb", "c", "abc", "axbc"),
            ("xab", "", "ba", "xba"),
            ("abx", "c", "abc", "abcx"),
        ] {
            let patch = json!({"env": of(patch), "$setElementOrder/env": of(order)});
            check(json!({"env": of(live)}), patch, json!({"env": of(merged)}));
        }
        check(
            json!({"finalizers": ["a", "x"]}),
            json!({"finalizers": ["b"], "$setElementOrder/finalizers": ["b", "a"]}),
            json!({"finalizers": ["b", "a", "x"]}),
        );
    }

    #[test]
    fn tolerations_and_taints_are_replaced() {
        check(
            json!({"tolerations": [{"key": "a"}]}),
            json!({"tolerations": [{"key": "b"}]}),
            json!({"tolerations": [{"key": "b"}]}),
        );
        check(json!({"taints": [{"key": "a"}]}), json!({"taints": null}), json!({}));
    }

    #[test]
    fn primitives_and_faults() {
        check(json!({"finalizers": ["a"]}), json!({"finalizers": ["b"]}), json!({"finalizers": ["a", "b"]}));
        check(
            json!({"finalizers": ["a", "b"]}),
            json!({"$deleteFromPrimitiveList/finalizers": ["a"]}),
            json!({"finalizers": ["b"]}),
        );
        let mut object = json!({"containers": [{"name": "a"}]});
        let error = strategic_merge(&mut object, &json!({"containers": [{"image": "y"}]})).unwrap_err();
        assert_eq!(error, "map: {\"image\":\"y\"} does not contain declared merge key: name");
    }
}
