//! Claims without a volume, classes that are not there, volumes that can be had elsewhere only.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{CSIDriver, StorageClass};
use serde_json::json;
use sim_cluster::{Change, DEFAULT_STORAGE_CLASS, Kind, Object, ObjectRef};

use super::super::edit::Edit;
use super::Site;
use super::workload::reference;
use crate::node;

/// Make the claim, or make it anew where its volume is lost.
pub(super) fn of_claim(site: &Site<'_>) -> Vec<Edit> {
    let Some((namespace, name)) = site.knot.thing.name.split_once('/') else { return Vec::new() };
    if site.cluster.store().find::<PersistentVolumeClaim>(namespace, name).is_some() {
        return site.directly.iter().filter_map(|symptom| super::room::fewer_replicas(symptom, site)).collect();
    }
    let manifest = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    let objects: Vec<Object> = Object::read(Kind::PersistentVolumeClaim, manifest).into_iter().collect();
    vec![
        Edit::new(format!("create the claim {namespace}/{name}"), vec![Change::Apply(objects)])
            .limit("size, access mode and class are a guess: 1Gi, ReadWriteOnce, the default class"),
    ]
}

/// Have a default class, or the class that is named.
pub(super) fn of_class(site: &Site<'_>) -> Vec<Edit> {
    let store = site.cluster.store();
    let mut edits = Vec::new();
    if site.knot.thing.name != "(default)" {
        if store.find::<StorageClass>("", &site.knot.thing.name).is_none() {
            edits.push(create(site, &site.knot.thing.name, false));
            let is_default = |class: &StorageClass| {
                let annotations = class.metadata.annotations.as_ref();
                annotations.is_some_and(|all| all.get(DEFAULT_STORAGE_CLASS).is_some_and(|value| value == "true"))
            };
            if !store.list::<StorageClass>().any(|class| is_default(class)) {
                edits.push(create(site, &site.knot.thing.name, true));
            }
        }
        return edits;
    }
    for class in store.list::<StorageClass>() {
        let Some(name) = class.metadata.name.clone() else { continue };
        let target = ObjectRef { namespace: None, kind: "storageclass".to_owned(), name: name.clone() };
        let set = vec![(DEFAULT_STORAGE_CLASS.to_owned(), "true".to_owned())];
        edits.push(Edit::new(
            format!("make the StorageClass {name} the default one"),
            vec![Change::Annotate { target, set, remove: Vec::new() }],
        ));
    }
    edits.push(create(site, "standard", true));
    edits
}

fn create(site: &Site<'_>, name: &str, is_default: bool) -> Edit {
    let drivers = site.cluster.store().list::<CSIDriver>().filter_map(|driver| driver.metadata.name.clone());
    let classes = site.cluster.store().list::<StorageClass>().map(|class| class.provisioner.clone());
    let provisioner = drivers.chain(classes).find(|name| name != "kubernetes.io/no-provisioner");
    let mut limit = format!("the class {name} has the provisioner of the first driver in the input");
    let provisioner = provisioner.unwrap_or_else(|| {
        limit = "the input has no CSI driver: put the provisioner of yours in the class".to_owned();
        "csi.example.com".to_owned()
    });
    let annotations = if is_default { json!({DEFAULT_STORAGE_CLASS: "true"}) } else { json!({}) };
    let manifest = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    let objects: Vec<Object> = Object::read(Kind::StorageClass, manifest).into_iter().collect();
    let word = if is_default { "a default StorageClass" } else { "the StorageClass" };
    Edit::new(format!("create {word} {name}"), vec![Change::Apply(objects)]).limit(limit)
}

/// A node where the volume can be had, or a new volume without the data.
pub(super) fn of_volume(site: &Site<'_>) -> Vec<Edit> {
    let store = site.cluster.store();
    let Some(volume) = store.find::<PersistentVolume>("", &site.knot.thing.name) else { return Vec::new() };
    let required = volume.spec.as_ref().and_then(|spec| spec.node_affinity.as_ref()?.required.as_ref());
    let terms = required.iter().flat_map(|required| &required.node_selector_terms);
    let place = terms
        .flat_map(|term| term.match_expressions.iter().flatten())
        .find_map(|expression| Some((expression.key.clone(), expression.values.as_ref()?.first()?.clone())));
    let mut edits = Vec::new();
    if let Some((key, value)) = place {
        let names: BTreeSet<String> = store.list::<Node>().filter_map(|node| node.metadata.name.clone()).collect();
        // A node that is there may be cordoned or full: that has edits of its own. A new one is of the first worker's make.
        let model = store.list::<Node>().find(|node| {
            let is_barred = node::taints(node).next().is_some();
            !is_barred && node.metadata.name.as_ref().is_some_and(|name| site.knot.nodes.contains(name))
        });
        if let Some(from) = model.and_then(|node| node.metadata.name.clone()) {
            let new =
                (2..).map(|number| format!("{from}-{number}")).find(|name| !names.contains(name)).unwrap_or_default();
            let target = ObjectRef { namespace: None, kind: "node".to_owned(), name: new };
            let label = Change::Label { target, set: vec![(key.clone(), value.clone())], remove: Vec::new() };
            let edit = Edit::new(
                format!("add a node like {from} with {key}={value}"),
                vec![Change::AddNode { from, count: 1 }, label],
            );
            edits.push(edit.limit(if key == "kubernetes.io/hostname" {
                "the volume is on the disk of that one machine: a node of its name helps only with that disk"
            } else {
                "the machine must really be there: a label alone attaches no volume of another place"
            }));
        }
    }
    if let Some(claim) = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref()) {
        let (namespace, name) = (claim.namespace.clone().unwrap_or_default(), claim.name.clone().unwrap_or_default());
        let mut changes = vec![Change::Delete(reference(&namespace, "persistentvolumeclaim", &name))];
        let pods = site.directly.iter().flat_map(|symptom| &symptom.pods).filter_map(|pod| pod.split_once('/'));
        changes.extend(pods.map(|(namespace, name)| Change::Delete(reference(namespace, "pod", name))));
        edits.push(
            Edit::new(format!("delete the claim {namespace}/{name} and its pods, for a new and empty volume"), changes)
                .gives_up("the data on the volume is given up unless it is restored from a backup"),
        );
    }
    edits
}
