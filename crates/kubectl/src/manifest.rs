//! Objects as a person keeps them in files: without what only the API server and the controllers write.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;
use serde_json::Value;
use sim_cluster::{Change, Cluster, Kind, Object, Refused};

/// What the API server writes into metadata.
const OF_THE_SERVER: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// Annotations that kubectl and controllers write.
const NOT_OF_A_PERSON: [&str; 5] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.daemonset.template.generation",
];

/// The objects that some changes make or alter, whole, as they are to be applied: nothing of them is run. Pods and
/// ReplicaSets that a controller makes are not among them, nor are machines.
///
/// # Errors
/// When a change cannot be made, in kubectl's words.
pub fn manifests(cluster: &Cluster, changes: &[Change]) -> Result<Vec<Object>, Refused> {
    let mut after = cluster.clone();
    for change in changes {
        after.make(change)?;
    }
    let applied: BTreeSet<(Option<Kind>, String, String)> = changes
        .iter()
        .filter_map(|change| if let Change::Apply(objects) = change { Some(objects) } else { None })
        .flatten()
        .map(identity)
        .collect();
    let known = Kind::ALL.iter().filter(|kind| **kind != Kind::Event).flat_map(|kind| after.store().objects(*kind));
    let known = known.filter(|object| is_altered(cluster, object, applied.contains(&identity(object))));
    let unknown = after.store().others().map(|object| Object::Other(object.clone()));
    let unknown = unknown.filter(|object| applied.contains(&identity(object)));
    Ok(known.chain(unknown).map(|object| schedulable(cluster, clean(&object))).collect())
}

/// Says of a node that is uncordoned that it is: a manifest that leaves it out would leave it as it is.
fn schedulable(before: &Cluster, object: Object) -> Object {
    let Object::Node(node) = &object else { return object };
    let name = node.metadata.name.as_deref().unwrap_or_default();
    let is_cordoned = |node: &Node| node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true));
    let was = before.store().find::<Node>("", name).is_some_and(|node| is_cordoned(node));
    if !was || is_cordoned(node) {
        return object;
    }
    let mut node = Node::clone(node);
    let spec = node.spec.get_or_insert_default();
    spec.unschedulable = Some(false);
    let others =
        spec.taints.take().into_iter().flatten().filter(|taint| taint.key != "node.kubernetes.io/unschedulable");
    spec.taints = Some(others.collect::<Vec<_>>()).filter(|taints| !taints.is_empty());
    Object::Node(Arc::new(node))
}

/// Whether an object is another than before, apart from what is not kept in files.
fn is_altered(before: &Cluster, object: &Object, is_applied: bool) -> bool {
    let metadata = object.metadata();
    let is_made_by_others = metadata.owner_references.iter().flatten().any(|owner| owner.controller == Some(true));
    if is_made_by_others || metadata.deletion_timestamp.is_some() {
        return false;
    }
    let key = sim_cluster::ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
    let Some(before) = object.kind().and_then(|kind| before.store().object(kind, &key)) else { return is_applied };
    before.metadata().resource_version != metadata.resource_version && document(&before) != document(object)
}

fn identity(object: &Object) -> (Option<Kind>, String, String) {
    let kind = if object.kind().is_some() { String::new() } else { format!("{} ", object.kind_name()) };
    let namespace = object.namespace().unwrap_or_default();
    (object.kind(), format!("{kind}{namespace}"), object.name().to_owned())
}

/// The names of the files that objects are written to, one each: `NAMESPACE-KIND-NAME.yaml`.
pub fn file_names(objects: &[Object]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut names = Vec::new();
    for object in objects {
        let namespace = object.namespace().filter(|namespace| !namespace.is_empty());
        let parts = namespace.into_iter().chain([object.kind_name(), object.name()]);
        let stem: Vec<String> = parts.map(file_part).collect();
        let stem = stem.join("-");
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let free = [stem.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
        names.push(format!("{free}.yaml"));
        taken.insert(free);
    }
    names
}

/// Lower case, and nothing that could lead out of the folder.
fn file_part(part: &str) -> String {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    part.chars().map(|letter| if legal(letter) { letter.to_ascii_lowercase() } else { '_' }).collect()
}

/// An object as a manifest of it would be.
pub fn clean(object: &Object) -> Object {
    let document = document(object);
    match object.kind() {
        // A manifest of a known kind is one of that kind still; should it not be, it is kept as it is.
        Some(kind) => Object::read(kind, document).unwrap_or_else(|_| object.clone()),
        None => match serde_json::from_value(document) {
            Ok(unstructured) => Object::Other(std::sync::Arc::new(unstructured)),
            Err(_) => object.clone(),
        },
    }
}

/// The manifest of an object.
pub(crate) fn document(object: &Object) -> Value {
    let mut value = object.to_value();
    let Some(whole) = value.as_object_mut() else { return value };
    whole.shift_remove("status");
    if let Some(Value::Object(metadata)) = whole.get_mut("metadata") {
        metadata.retain(|key, _| !OF_THE_SERVER.contains(&key.as_str()));
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.retain(|key, _| !NOT_OF_A_PERSON.contains(&key.as_str()));
            if annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
    }
    value
}
