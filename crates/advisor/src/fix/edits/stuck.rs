//! Pods that wait, and that nothing replaces when what made them changes: their owner leaves them as they are, or they have
//! none; a Job's template cannot be changed either.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use serde_json::Value;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectKey, ObjectRef, WorkloadRef};

use super::super::edit::Edit;
use super::workload::reference;
use crate::diagnosis::Symptom;

/// Has an edit of a pod that nobody owns, of a Job, or of the class of a claim, delete it and make it anew: none of them can
/// be changed.
pub(super) fn make_anew(edit: &mut Edit, cluster: &Cluster) {
    let mut is_anew = false;
    let changes = std::mem::take(&mut edit.changes);
    for change in changes {
        match anew(cluster, &change) {
            Some((target, object)) => {
                is_anew = true;
                edit.changes.extend([Change::Delete(target), Change::Apply(vec![object])]);
            }
            None => edit.changes.push(change),
        }
    }
    if is_anew {
        edit.title.push_str(", deleted and made anew");
    }
}

/// What a patch of a pod, a Job or a claim's class is about, and that object with the patch made. Of a Job every patch is one
/// that makes it anew; of a pod that the API server takes there is none.
fn anew(cluster: &Cluster, change: &Change) -> Option<(ObjectRef, Object)> {
    let Change::Patch { target, type_, patch } = change else { return None };
    let kind = match target.kind.as_str() {
        "pod" if !is_taken(patch) => Kind::Pod,
        "job" => Kind::Job,
        "persistentvolumeclaim" if patch_is_of_class(patch) => Kind::PersistentVolumeClaim,
        _ => return None,
    };
    let key = ObjectKey::new(target.namespace.as_deref().unwrap_or_default(), &target.name);
    let mut value = sim_kubectl::clean(&cluster.store().object(kind, &key)?).to_value();
    type_.apply(&mut value, patch).ok()?;
    if kind == Kind::Job {
        // What the API server gave it to find its pods by.
        if let Some(spec) = value.pointer_mut("/spec").and_then(Value::as_object_mut) {
            spec.shift_remove("selector");
        }
        for labels in ["/metadata/labels", "/spec/template/metadata/labels"] {
            let Some(labels) = value.pointer_mut(labels).and_then(Value::as_object_mut) else { continue };
            labels.retain(|key, _| {
                !matches!(key.trim_start_matches("batch.kubernetes.io/"), "controller-uid" | "job-name")
            });
        }
    }
    Some((target.clone(), Object::read(kind, value).ok()?))
}

/// Whether a patch changes the class of a claim, which it keeps as long as it is.
fn patch_is_of_class(patch: &Value) -> bool {
    let mut paths = patch.as_array().into_iter().flatten().filter_map(|operation| operation.get("path")?.as_str());
    paths.any(|path| path == "/spec/storageClassName")
}

/// Whether a patch changes nothing of a pod but what may be changed while it waits.
fn is_taken(patch: &Value) -> bool {
    let fields = patch.get("spec").and_then(Value::as_object);
    match fields {
        Some(fields) => fields.keys().all(|field| matches!(field.as_str(), "tolerations" | "schedulingGates")),
        None => patch.get("metadata").is_some(),
    }
}

/// Has an edit of a template delete the pods that wait, where their owner would leave them as they are.
pub(super) fn replace_pods(edit: &mut Edit, cluster: &Cluster, symptoms: &[Symptom]) {
    let mut left = Vec::new();
    for change in &edit.changes {
        let target = match change {
            Change::Patch { target, patch, .. } if is_of_template(patch) => target,
            Change::AddToleration { workload: WorkloadRef::Object(target), .. } => target,
            _ => continue,
        };
        if replaces_pods(cluster, target) {
            continue;
        }
        let owner = (target.namespace.clone().unwrap_or_default(), format!("{}/{}", target.kind, target.name));
        let own = symptoms.iter().filter(|symptom| symptom.of() == owner);
        let pods = own.flat_map(|symptom| &symptom.pods).filter_map(|pod| pod.split_once('/'));
        if target.kind == "cronjob" {
            let jobs: BTreeSet<(&str, String)> =
                pods.filter_map(|(namespace, name)| Some((namespace, job_of(cluster, namespace, name)?))).collect();
            left.extend(jobs.iter().map(|(namespace, job)| Change::Delete(reference(namespace, "job", job))));
        } else {
            left.extend(pods.map(|(namespace, name)| Change::Delete(reference(namespace, "pod", name))));
        }
    }
    let Some(Change::Delete(first)) = left.first() else { return };
    let what = if first.kind == "job" {
        "Jobs that wait, which keep their template"
    } else {
        "pods that wait, which are not replaced otherwise"
    };
    edit.title.push_str(&format!(", and delete the {what}"));
    edit.changes.extend(left);
}

/// The Job that has a pod.
fn job_of(cluster: &Cluster, namespace: &str, name: &str) -> Option<String> {
    let owner = pod::controller_of(&cluster.store().find::<Pod>(namespace, name)?.metadata)?;
    (owner.kind == "Job").then(|| owner.name.clone())
}

/// Whether a patch changes a workload's pod template.
pub(super) fn is_of_template(patch: &Value) -> bool {
    let templates = ["/spec/template", "/spec/jobTemplate"];
    match patch {
        Value::Array(operations) => {
            let mut paths = operations.iter().filter_map(|operation| operation.get("path")?.as_str());
            paths.any(|path| templates.iter().any(|template| path.starts_with(&format!("{template}/"))))
        }
        merged => templates.iter().any(|template| merged.pointer(template).is_some()),
    }
}

/// Whether a workload's controller replaces pods that wait when the template changes. A StatefulSet that goes in order first
/// waits for them (k/k#67250).
fn replaces_pods(cluster: &Cluster, workload: &ObjectRef) -> bool {
    let (store, namespace) = (cluster.store(), workload.namespace.as_deref().unwrap_or_default());
    let on_delete = |strategy: Option<&String>| strategy.is_some_and(|type_| type_ == "OnDelete");
    match workload.kind.as_str() {
        "statefulset" => store.find::<StatefulSet>(namespace, &workload.name).is_none_or(|set| {
            let strategy = set.spec.update_strategy.as_ref().and_then(|strategy| strategy.type_.as_ref());
            set.spec.pod_management_policy.as_deref() == Some("Parallel") && !on_delete(strategy)
        }),
        "daemonset" => store.find::<DaemonSet>(namespace, &workload.name).is_none_or(|set| {
            !on_delete(set.spec.update_strategy.as_ref().and_then(|strategy| strategy.type_.as_ref()))
        }),
        "replicaset" | "cronjob" => false,
        _ => true,
    }
}
