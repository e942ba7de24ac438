//! The merge of `kubectl apply` (apimachinery `util/strategicpatch`, `CreateThreeWayMergePatch`, and what the API server
//! makes of the patch): what the manifest says is set, what the manifest of last time said and this one does not is
//! removed, and what others have set stays. Lists of objects are merged by their keys, in the manifest's order.

use serde_json::{Map, Value};

use super::strategic::{is_set, keeps_only_named, merge_key, without_key};

/// Merges a manifest into the live object; `last` is the manifest that was applied last.
///
/// # Errors
/// When an item of a list lacks its key, in the API server's words.
pub(super) fn three_way_merge(live: &mut Value, manifest: &Value, last: Option<&Value>) -> Result<(), String> {
    match (live, manifest) {
        (Value::Object(live), Value::Object(manifest)) => merge_maps(live, manifest, last.and_then(Value::as_object)),
        (live, manifest) => {
            *live = manifest.clone();
            Ok(())
        }
    }
}

fn merge_maps(
    live: &mut Map<String, Value>,
    manifest: &Map<String, Value>,
    last: Option<&Map<String, Value>>,
) -> Result<(), String> {
    for key in last.into_iter().flat_map(Map::keys).filter(|key| !manifest.contains_key(*key)) {
        live.shift_remove(key);
    }
    for (key, value) in manifest {
        let last = last.and_then(|last| last.get(key));
        match (live.get_mut(key), value) {
            (_, Value::Null) => {
                live.shift_remove(key);
            }
            (Some(Value::Object(place)), Value::Object(value)) => {
                merge_maps(place, value, last.and_then(Value::as_object))?;
                if keeps_only_named(key) {
                    place.retain(|key, _| value.contains_key(key));
                }
            }
            (Some(Value::Array(place)), Value::Array(value)) => {
                let last = last.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                merge_lists(place, key, value, last)?;
            }
            (_, value) => {
                live.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(())
}

fn merge_lists(live: &mut Vec<Value>, field: &str, manifest: &[Value], last: &[Value]) -> Result<(), String> {
    if is_set(field) {
        let before = std::mem::take(live);
        let place = |item: &Value| before.iter().position(|own| own == item);
        let named = manifest.iter().map(|item| (place(item), item.clone())).collect();
        let others = before.iter().enumerate().filter(|(_, own)| !manifest.contains(own) && !last.contains(own));
        *live = in_order(others.map(|(place, own)| (place, own.clone())).collect(), named);
        return Ok(());
    }
    let key = merge_key(field, manifest.iter().chain(live.iter())).filter(|_| manifest.iter().all(Value::is_object));
    let Some(key) = key else {
        *live = manifest.to_vec();
        return Ok(());
    };
    if let Some(item) = manifest.iter().find(|item| item.get(key).is_none()) {
        return Err(without_key(item, key));
    }
    let before = std::mem::take(live);
    let (ids, ids_before, ids_last) = (identities(manifest, key), identities(&before, key), identities(last, key));
    let mut named = Vec::new();
    for (item, id) in manifest.iter().zip(&ids) {
        let place = ids_before.iter().position(|own| own == id);
        let last = ids_last.iter().position(|own| own == id).map(|index| &last[index]);
        let mut merged = place.map_or_else(|| Value::Object(Map::new()), |index| before[index].clone());
        three_way_merge(&mut merged, item, last)?;
        if let (true, Value::Object(merged), Value::Object(item)) = (keeps_only_named(field), &mut merged, item) {
            merged.retain(|key, _| item.contains_key(key));
        }
        named.push((place, merged));
    }
    let others = before.iter().zip(&ids_before).enumerate();
    let others = others.filter(|(_, (_, id))| !ids.contains(id) && !ids_last.contains(id));
    *live = in_order(others.map(|(place, (own, _))| (place, own.clone())).collect(), named);
    Ok(())
}

/// What tells the items of a list apart: their keys, and of those with one key (port 53 of UDP and of TCP) which one it
/// is.
fn identities<'a>(items: &'a [Value], key: &str) -> Vec<(Option<&'a Value>, usize)> {
    let keys: Vec<Option<&Value>> = items.iter().map(|item| item.get(key)).collect();
    let nth = |index: usize| keys[..index].iter().filter(|other| **other == keys[index]).count();
    (0..items.len()).map(|index| (keys[index], nth(index))).collect()
}

/// What the manifest does not name between what it names, as near as can be to where it was (`mergeSortedSlice`); both
/// keep their own order.
fn in_order(others: Vec<(usize, Value)>, named: Vec<(Option<usize>, Value)>) -> Vec<Value> {
    let mut all = Vec::with_capacity(others.len() + named.len());
    let mut others = others.into_iter().peekable();
    for (place, item) in named {
        while let Some((_, other)) = others.next_if(|(before, _)| place.is_some_and(|place| *before < place)) {
            all.push(other);
        }
        all.push(item);
    }
    all.extend(others.map(|(_, other)| other));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::three_way_merge;

    #[track_caller]
    fn check(mut live: Value, last: Value, manifest: Value, merged: Value) {
        three_way_merge(&mut live, &manifest, Some(&last)).unwrap();
        assert_eq!(live, merged);
    }

    #[test]
    fn only_what_was_applied_before_is_removed() {
        check(
            json!({"spec": {"a": 1, "b": 2, "set-by-others": 3}}),
            json!({"spec": {"a": 1, "b": 2}}),
            json!({"spec": {"a": 5}}),
            json!({"spec": {"a": 5, "set-by-others": 3}}),
        );
        check(json!({"a": {"b": 1, "c": 2}, "d": 3}), json!({"a": {"b": 1}}), json!({}), json!({"d": 3}));
        check(json!({"a": 1}), json!(null), json!({"b": {"c": 2}}), json!({"a": 1, "b": {"c": 2}}));
    }

    #[test]
    fn lists_are_merged_by_their_keys() {
        let live = json!({"containers": [
            {"name": "injected", "image": "i"},
            {"name": "a", "image": "x", "env": [{"name": "OWN", "value": "1"}, {"name": "GONE", "value": "2"}]},
            {"name": "dropped"},
        ]});
        let last = json!({"containers": [
            {"name": "a", "image": "x", "env": [{"name": "GONE", "value": "2"}], "command": ["c"]},
            {"name": "dropped"},
        ]});
        let manifest = json!({"containers": [{"name": "a", "image": "y", "env": [{"name": "NEW", "value": "3"}]}]});
        let merged = json!({"containers": [
            {"name": "injected", "image": "i"},
            {"name": "a", "image": "y", "env": [{"name": "NEW", "value": "3"}, {"name": "OWN", "value": "1"}]},
        ]});
        check(live, last, manifest, merged);
    }

    #[test]
    fn items_with_one_key_are_told_apart_by_their_order() {
        let live =
            || json!({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP", "nodePort": 7}]});
        let last = json!({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]});
        check(live(), last.clone(), json!({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}), live());
        let first = json!({"ports": [{"port": 53, "protocol": "UDP"}]});
        check(live(), last, first.clone(), first);
    }

    #[test]
    fn items_come_in_the_order_of_the_manifest() {
        let names = |names: &[&str]| -> Value {
            json!({"env": names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()})
        };
        for (live, manifest, merged) in [
            (&["a", "b"][..], &["b", "a"][..], &["b", "a"][..]),
            (&["x", "a", "y", "b", "z"], &["a", "b"], &["x", "a", "y", "b", "z"]),
            (&["x", "a"], &["new", "a"], &["new", "x", "a"]),
            (&["a", "x"], &["a", "new"], &["a", "new", "x"]),
        ] {
            check(names(live), json!(null), names(manifest), names(merged));
        }
    }

    #[test]
    fn other_lists_are_replaced_and_sets_are_kept() {
        let one = |field: &str, items: Value| -> Value { json!({ field: items }) };
        for (field, live, last, manifest, merged) in [
            ("tolerations", json!([{"key": "a"}]), json!(null), json!([{"key": "b"}]), json!([{"key": "b"}])),
            ("command", json!(["a", "b"]), json!(["a"]), json!(["c"]), json!(["c"])),
            ("finalizers", json!(["theirs", "a"]), json!(["a"]), json!(["b"]), json!(["b", "theirs"])),
            ("finalizers", json!(["theirs", "a"]), json!(["a"]), json!(["a"]), json!(["theirs", "a"])),
        ] {
            check(one(field, live), one(field, last), one(field, manifest), one(field, merged));
        }
    }

    #[test]
    fn another_kind_of_volume_or_strategy_takes_the_place_of_the_old_one() {
        check(
            json!({"volumes": [{"name": "v", "emptyDir": {}}, {"name": "injected", "emptyDir": {}}]}),
            json!(null),
            json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
            json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}, {"name": "injected", "emptyDir": {}}]}),
        );
        check(
            json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}),
            json!(null),
            json!({"strategy": {"type": "Recreate"}}),
            json!({"strategy": {"type": "Recreate"}}),
        );
    }

    #[test]
    fn an_item_without_its_key_is_refused() {
        let mut live = json!({"containers": [{"name": "a"}]});
        let error = three_way_merge(&mut live, &json!({"containers": [{"image": "y"}]}), None).unwrap_err();
        assert_eq!(error, "map: {\"image\":\"y\"} does not contain declared merge key: name");
    }
}
