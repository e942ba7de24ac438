//! Pods that wait, and that their owner does not replace when its template changes.

use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use serde_json::Value;
use sim_cluster::{Change, Cluster, ObjectRef};

use super::super::edit::Edit;
use super::workload::reference;
use crate::diagnosis::Symptom;

/// Has an edit of a template delete the pods that wait, where their owner would leave them as they are.
pub(super) fn replace_pods(edit: &mut Edit, cluster: &Cluster, symptoms: &[Symptom]) {
    let mut left = Vec::new();
    for change in &edit.changes {
        let Change::Patch { target, patch, .. } = change else { continue };
        if !is_of_template(patch) || replaces_pods(cluster, target) {
            continue;
        }
        let owner = (target.namespace.clone().unwrap_or_default(), format!("{}/{}", target.kind, target.name));
        let own = symptoms.iter().filter(|symptom| symptom.of() == owner);
        let pods = own.flat_map(|symptom| &symptom.pods).filter_map(|pod| pod.split_once('/'));
        left.extend(pods.map(|(namespace, name)| Change::Delete(reference(namespace, "pod", name))));
    }
    if !left.is_empty() {
        edit.title.push_str(", and delete the pods that wait, which are not replaced otherwise");
        edit.changes.extend(left);
    }
}

/// Whether a patch changes a workload's pod template.
fn is_of_template(patch: &Value) -> bool {
    match patch {
        Value::Array(operations) => {
            let paths = operations.iter().filter_map(|operation| operation.get("path")?.as_str());
            paths.into_iter().any(|path| path.starts_with("/spec/template/"))
        }
        merged => merged.pointer("/spec/template").is_some(),
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
        "replicaset" => false,
        _ => true,
    }
}
