//! ConfigMaps and Secrets that are not there, or lack a key.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ConfigMap, KeyToPath};
use serde_json::{Map, Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::{Change, Kind, Object, PatchType, Secret};

use super::super::edit::Edit;
use super::Site;
use super::workload::reference;

/// Make the object, or give it the keys that are named.
pub(super) fn of_object(site: &Site<'_>) -> Vec<Edit> {
    let Some((object, namespace)) = site.knot.thing.name.split_once(" in ") else { return Vec::new() };
    let Some((kind, name)) = object.split_once('/') else { return Vec::new() };
    let (kind, field) = match kind {
        "configmap" => (Kind::ConfigMap, "data"),
        "secret" => (Kind::Secret, "stringData"),
        _ => return Vec::new(),
    };
    let samples = site.directly.iter().filter_map(|symptom| symptom.sample.as_deref());
    let keys: BTreeSet<String> = samples.flat_map(|pod| keys(pod, kind, name)).collect();
    let store = site.cluster.store();
    let there: Option<BTreeSet<String>> = match kind {
        Kind::ConfigMap => store.find::<ConfigMap>(namespace, name).map(|map| {
            let of_text = map.data.iter().flat_map(|data| data.keys());
            of_text.chain(map.binary_data.iter().flat_map(|data| data.keys())).cloned().collect()
        }),
        _ => store.find::<Secret>(namespace, name).map(|secret| {
            let values = [&secret.data, &secret.string_data].into_iter().flatten();
            values.flat_map(|values| values.keys().cloned()).collect()
        }),
    };
    let is_there = there.is_some();
    let keys: Vec<String> = keys.difference(&there.unwrap_or_default()).cloned().collect();
    let data: Map<String, Value> = keys.iter().map(|key| (key.clone(), json!(""))).collect();
    let edit = if is_there {
        let patch = json!({field: data});
        let target = reference(namespace, &kind.name().to_ascii_lowercase(), name);
        Edit::new(
            format!("give the {} {namespace}/{name} its keys: {}", kind.name(), keys.join(", ")),
            vec![Change::Patch { target, type_: PatchType::Merge, patch }],
        )
    } else {
        let manifest = json!({"apiVersion": "v1", "kind": kind.name(), field: data,
            "metadata": {"name": name, "namespace": namespace}});
        let objects: Vec<Object> = Object::read(kind, manifest).into_iter().collect();
        Edit::new(format!("create the {} {namespace}/{name}", kind.name()), vec![Change::Apply(objects)])
    };
    vec![edit.limit("what is to be in it the input does not say: its keys stand there without a value")]
}

/// The keys of an object that a pod names and cannot do without.
fn keys(pod: &Pod, kind: Kind, name: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut note = |named: Kind, of: &str, items: &Option<Vec<KeyToPath>>, optional: Option<bool>| {
        if named == kind && of == name && optional != Some(true) {
            keys.extend(items.iter().flatten().map(|item| item.key.clone()));
        }
    };
    for volume in pod.spec.volumes.iter().flatten() {
        if let Some(map) = &volume.config_map {
            note(Kind::ConfigMap, &map.name, &map.items, map.optional);
        }
        if let Some(secret) = &volume.secret {
            note(Kind::Secret, secret.secret_name.as_deref().unwrap_or_default(), &secret.items, secret.optional);
        }
        for source in volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten()) {
            if let Some(map) = &source.config_map {
                note(Kind::ConfigMap, &map.name, &map.items, map.optional);
            }
            if let Some(secret) = &source.secret {
                note(Kind::Secret, &secret.name, &secret.items, secret.optional);
            }
        }
    }
    let containers = pod.spec.containers.iter().chain(pod.spec.init_containers.iter().flatten());
    for source in
        containers.flat_map(|container| container.env.iter().flatten()).filter_map(|env| env.value_from.as_ref())
    {
        let map = source
            .config_map_key_ref
            .as_ref()
            .filter(|map| kind == Kind::ConfigMap && map.name == name && map.optional != Some(true));
        keys.extend(map.map(|map| map.key.clone()));
        let secret = source
            .secret_key_ref
            .as_ref()
            .filter(|secret| kind == Kind::Secret && secret.name == name && secret.optional != Some(true));
        keys.extend(secret.map(|secret| secret.key.clone()));
    }
    keys
}
