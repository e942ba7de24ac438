//! Owners of pods, and patches of their pod templates.

use std::sync::Arc;

use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::{Change, Cluster, ObjectRef, Ownership, PatchType};

use crate::diagnosis::Symptom;

/// The workload that owns a symptom's pods, when it has a pod template that can be changed.
pub(super) fn owner_of(symptom: &Symptom) -> Option<ObjectRef> {
    workload_of(&symptom.namespace, &symptom.owner)
}

/// A workload by its namespace and `kind/name`, when it has a pod template that can be changed.
pub(super) fn workload_of(namespace: &str, owner: &str) -> Option<ObjectRef> {
    let (kind, name) = owner.split_once('/')?;
    let has_template = matches!(kind, "deployment" | "statefulset" | "daemonset" | "replicaset" | "job" | "cronjob");
    has_template.then(|| reference(namespace, kind, name))
}

/// The pods that a workload, by its `kind/name`, is at the top of.
pub(super) fn pods_of<'a>(
    cluster: &'a Cluster,
    ownership: &'a Ownership,
    namespace: &'a str,
    owner: &'a str,
) -> impl Iterator<Item = &'a Arc<Pod>> {
    let pods = cluster.store().list_in::<Pod>(namespace);
    pods.filter(move |pod| ownership.top(&pod.metadata).is_some_and(|top| top.to_string() == owner))
}

/// The owner, or the pod itself when nobody owns it.
pub(super) fn owner_or_pod(symptom: &Symptom) -> Option<ObjectRef> {
    owner_of(symptom).or_else(|| {
        let name = symptom.owner.strip_prefix("pod/")?;
        Some(reference(&symptom.namespace, "pod", name))
    })
}

pub(super) fn reference(namespace: &str, kind: &str, name: &str) -> ObjectRef {
    let namespace = Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty());
    ObjectRef { namespace, kind: kind.to_owned(), name: name.to_owned() }
}

/// A patch of the spec of a workload's pods.
pub(super) fn patch_pods(owner: &ObjectRef, spec: Value) -> Change {
    patch_of(owner, pods_patch(owner, spec))
}

/// What is to be merged into a workload for its pods to have this in their spec.
pub(super) fn pods_patch(owner: &ObjectRef, spec: Value) -> Value {
    match owner.kind.as_str() {
        "pod" => json!({"spec": spec}),
        "cronjob" => json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}),
        _ => json!({"spec": {"template": {"spec": spec}}}),
    }
}

pub(super) fn patch_of(target: &ObjectRef, patch: Value) -> Change {
    Change::Patch { target: target.clone(), type_: PatchType::Strategic, patch }
}

/// The owners of symptoms, each once.
pub(super) fn owners<'a>(symptoms: impl IntoIterator<Item = &'a &'a Symptom>) -> Vec<(ObjectRef, &'a Symptom)> {
    let mut owners: Vec<(ObjectRef, &Symptom)> = Vec::new();
    for symptom in symptoms {
        if let Some(owner) = owner_or_pod(symptom)
            && !owners.iter().any(|(known, _)| *known == owner)
        {
            owners.push((owner, symptom));
        }
    }
    owners
}
