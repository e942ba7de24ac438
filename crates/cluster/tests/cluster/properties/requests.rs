//! Random writes over the API: the store and its journal against a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_cluster::{
    ApiError, Cluster, DeleteOptions, Kind, Patch, Preconditions, ResourceRef, Setup, Target, WriteOptions,
};

const HOLD: &str = "example.com/hold";

#[derive(Debug, Clone)]
enum Ask {
    Create {
        held: bool,
        data: u8,
    },
    /// With the version that was read so many writes ago; without any when absent.
    Replace {
        behind: Option<usize>,
        held: bool,
        data: u8,
    },
    Merge {
        held: Option<bool>,
        data: u8,
    },
    Json {
        expected: u8,
        data: u8,
    },
    Delete,
}

/// What the map holds of an object.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    data: u8,
    held: bool,
    marked: bool,
    /// Its versions, the newest last.
    versions: Vec<String>,
}

fn asks() -> impl Strategy<Value = Vec<(bool, u8, bool, Ask)>> {
    let data = || 0_u8..3;
    let ask = prop_oneof![
        (any::<bool>(), data()).prop_map(|(held, data)| Ask::Create { held, data }),
        (proptest::option::of(0_usize..2), any::<bool>(), data()).prop_map(|(behind, held, data)| Ask::Replace {
            behind,
            held,
            data
        }),
        (any::<Option<bool>>(), data()).prop_map(|(held, data)| Ask::Merge { held, data }),
        (data(), data()).prop_map(|(expected, data)| Ask::Json { expected, data }),
        Just(Ask::Delete),
    ];
    proptest::collection::vec((any::<bool>(), 0_u8..2, proptest::bool::weighted(0.2), ask), 1..40)
}

fn target(is_known: bool, name: u8) -> Target {
    let resource = if is_known {
        ResourceRef::Known(Kind::ConfigMap)
    } else {
        ResourceRef::Other {
            api_version: "example.com/v1".to_owned(),
            kind: "Widget".to_owned(),
            plural: "widgets".to_owned(),
            namespaced: true,
        }
    };
    Target { resource, namespace: "default".to_owned(), name: format!("o{name}") }
}

fn body(name: &str, held: bool, data: u8) -> Value {
    let finalizers = if held { json!([HOLD]) } else { json!(null) };
    json!({"metadata": {"name": name, "finalizers": finalizers}, "data": {"d": data.to_string()}})
}

/// What the map says should come of it: the code of the refusal, or the entry that is there afterwards.
fn foretold(entry: Option<&Entry>, is_known: bool, ask: &Ask) -> Result<Option<Entry>, u16> {
    let changed = |entry: &Entry, held: bool, data: u8| {
        if entry.marked && held && !entry.held {
            return Err(422);
        }
        let new = Entry { held, data, ..entry.clone() };
        Ok(Some(new).filter(|new| !new.marked || new.held))
    };
    match (ask, entry) {
        (Ask::Create { .. }, Some(_)) => Err(409),
        (Ask::Create { held, data }, None) => {
            Ok(Some(Entry { data: *data, held: *held, marked: false, versions: Vec::new() }))
        }
        (_, None) => Err(404),
        // Custom resources must say which version they are of.
        (Ask::Replace { behind: None, .. }, Some(_)) if !is_known => Err(422),
        (Ask::Replace { behind: Some(behind), .. }, Some(entry)) if *behind > 0 && entry.versions.len() > *behind => {
            Err(409)
        }
        (Ask::Replace { held, data, .. }, Some(entry)) => changed(entry, *held, *data),
        (Ask::Merge { held, data }, Some(entry)) => changed(entry, held.unwrap_or(entry.held), *data),
        (Ask::Json { expected, .. }, Some(entry)) if *expected != entry.data => Err(422),
        (Ask::Json { data, .. }, Some(entry)) => changed(entry, entry.held, *data),
        (Ask::Delete, Some(entry)) => Ok(Some(Entry { marked: true, ..entry.clone() }).filter(|entry| entry.held)),
    }
}

fn carry_out(
    cluster: &mut Cluster,
    target: &Target,
    entry: Option<&Entry>,
    ask: &Ask,
    dry_run: bool,
) -> Result<(), ApiError> {
    let options = WriteOptions { dry_run, field_manager: "me".to_owned(), ..WriteOptions::default() };
    let patch = |cluster: &mut Cluster, patch: Patch| cluster.patch_object(target, None, &patch, &options).map(drop);
    match ask {
        Ask::Create { held, data } => {
            cluster.create(&target.resource, "default", body(&target.name, *held, *data), &options).map(drop)
        }
        Ask::Replace { behind, held, data } => {
            let mut body = body(&target.name, *held, *data);
            if let (Some(behind), Some(entry)) = (behind, entry) {
                let index = entry.versions.len().saturating_sub(1 + behind);
                let index = if entry.versions.len() > *behind { index } else { entry.versions.len() - 1 };
                body["metadata"]["resourceVersion"] = entry.versions[index].clone().into();
            }
            cluster.replace(target, None, body, &options).map(drop)
        }
        Ask::Merge { held, data } => {
            let mut merge = json!({"data": {"d": data.to_string()}});
            if let Some(held) = held {
                merge["metadata"]["finalizers"] = if *held { json!([HOLD]) } else { Value::Null };
            }
            patch(cluster, Patch::Merge(merge))
        }
        Ask::Json { expected, data } => {
            let test = json!({"op": "test", "path": "/data/d", "value": expected.to_string()});
            patch(cluster, Patch::Json(json!([test, {"op": "replace", "path": "/data/d", "value": data.to_string()}])))
        }
        Ask::Delete => {
            let preconditions = Preconditions::default();
            cluster.delete_target(target, DeleteOptions::default(), &preconditions, dry_run).map(drop)
        }
    }
}

fn seen(cluster: &Cluster, target: &Target) -> Option<(u8, bool, bool, String)> {
    let object = cluster.object_at(target)?.to_value();
    let metadata = &object["metadata"];
    let data = object["data"]["d"].as_str().and_then(|text| text.parse().ok()).unwrap_or(u8::MAX);
    let version = metadata["resourceVersion"].as_str().unwrap_or_default().to_owned();
    Some((data, !metadata["finalizers"].is_null(), !metadata["deletionTimestamp"].is_null(), version))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_and_its_journal_are_a_plain_map(asks in asks()) {
        let mut cluster = Cluster::new(Setup::of("1.34".parse().unwrap()), []);
        cluster.keep_journal();
        let mut map: BTreeMap<(bool, u8), Entry> = BTreeMap::new();
        let mut told: BTreeMap<(String, String), String> = BTreeMap::new();
        for (is_known, name, dry_run, ask) in asks {
            let (key, target) = ((is_known, name), target(is_known, name));
            let before = cluster.store().resource_version();
            let entry = map.get(&key).cloned();
            let foretold = foretold(entry.as_ref(), is_known, &ask);
            let done = carry_out(&mut cluster, &target, entry.as_ref(), &ask, dry_run);
            prop_assert_eq!(done.as_ref().err().map(ApiError::code), foretold.as_ref().err().copied(), "{:?}", ask);
            let after = match (foretold, dry_run) {
                (Ok(after), false) => after,
                _ => entry.clone(),
            };
            let is_changed = after != entry;
            prop_assert_eq!(cluster.store().resource_version(), before + u64::from(is_changed), "{:?}", ask);
            let seen = seen(&cluster, &target);
            let expected = after.as_ref().map(|after| (after.data, after.held, after.marked));
            prop_assert_eq!(seen.clone().map(|(data, held, marked, _)| (data, held, marked)), expected, "{:?}", ask);
            // The journal tells just what was done.
            let journal = cluster.take_journal();
            prop_assert_eq!(journal.len(), usize::from(is_changed));
            for line in &journal {
                prop_assert_eq!(line.resource_version, cluster.store().resource_version());
                let place = |object: &sim_cluster::Object| (object.kind_name().to_owned(), object.name().to_owned());
                let version = |object: &sim_cluster::Object| object.metadata().resource_version.clone();
                if let Some(gone) = &line.before {
                    prop_assert_eq!(told.remove(&place(gone)), version(gone));
                }
                if let Some(here) = &line.after {
                    prop_assert_eq!(told.insert(place(here), version(here).unwrap_or_default()), None);
                }
            }
            match (after, seen) {
                (Some(mut after), Some((.., version))) => {
                    if after.versions.last() != Some(&version) {
                        after.versions.push(version);
                    }
                    map.insert(key, after);
                }
                _ => drop(map.remove(&key)),
            }
        }
        prop_assert_eq!(told.len(), map.len());
    }
}
