//! A toleration more, as a patch. The list has no patch strategy (`PodSpec` in k8s.io/api/core/v1 `types.go`), so that a
//! strategic merge patch replaces it: a patch carries the whole list.

use k8s_openapi::api::core::v1::Toleration;
use serde_json::{Value, json};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectKey, PatchType, WorkloadRef};

use crate::target::reference;

/// The patch that makes the change; nothing when it is of something without a pod template that can be changed.
pub(crate) fn patch(cluster: &Cluster, workload: &WorkloadRef, toleration: &Toleration) -> Option<Change> {
    let (kind, key) = the_one(cluster, workload)?;
    let mut list = current(cluster.store().object(kind, &key)?).unwrap_or_default();
    if !list.contains(toleration) {
        list.push(toleration.clone());
    }
    with_list(kind, &key, json!(list))
}

/// The patch that puts back the list as it is now.
pub(crate) fn patch_back(cluster: &Cluster, workload: &WorkloadRef) -> Option<Change> {
    let (kind, key) = the_one(cluster, workload)?;
    let list = current(cluster.store().object(kind, &key)?);
    with_list(kind, &key, json!(list))
}

/// The workload, when one alone is meant.
fn the_one(cluster: &Cluster, workload: &WorkloadRef) -> Option<(Kind, ObjectKey)> {
    let workloads = cluster.workloads(workload).ok()?;
    if workloads.len() == 1 { workloads.into_iter().next() } else { None }
}

fn current(object: Object) -> Option<Vec<Toleration>> {
    let of_template = |template: k8s_openapi::api::core::v1::PodTemplateSpec| template.spec?.tolerations;
    match object {
        Object::Deployment(object) => of_template(object.spec.template.clone()),
        Object::ReplicaSet(object) => of_template(object.spec.template.clone()?),
        Object::DaemonSet(object) => of_template(object.spec.template.clone()),
        Object::StatefulSet(object) => of_template(object.spec.template.clone()),
        Object::ReplicationController(object) => of_template(object.spec.clone()?.template?),
        Object::Pod(pod) => pod.api_spec().tolerations,
        _ => None,
    }
}

fn with_list(kind: Kind, key: &ObjectKey, list: Value) -> Option<Change> {
    let spec = json!({"spec": {"tolerations": list}});
    let patch = match kind {
        Kind::Pod => spec,
        Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::StatefulSet | Kind::ReplicationController => {
            json!({"spec": {"template": spec}})
        }
        _ => return None,
    };
    Some(Change::Patch { target: reference(kind, key), type_: PatchType::Strategic, patch })
}
