//! How many pods a budget expects, by the size of the workloads they belong to (`getExpectedPodCount`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, OwnerReference};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Expected, tell};
use crate::cluster::Cluster;
use crate::controllers::deployment::resolve;
use crate::controllers::replica_set;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// The pods expected and the healthy ones desired. Percentages round up.
pub(super) fn count(
    cluster: &mut Cluster,
    budget: &Arc<PodDisruptionBudget>,
    spec: &PodDisruptionBudgetSpec,
    pods: &[Arc<Pod>],
) -> Result<Expected, String> {
    if let Some(max) = &spec.max_unavailable {
        let pods = scale(cluster, budget, spec, pods)?;
        return Ok(Expected { pods, healthy: pods.saturating_sub(resolve(max, pods, true)).max(0) });
    }
    match &spec.min_available {
        Some(IntOrString::Int(min)) => Ok(Expected { pods: replica_set::count(pods.len()), healthy: *min }),
        Some(min @ IntOrString::String(_)) => {
            let pods = scale(cluster, budget, spec, pods)?;
            Ok(Expected { pods, healthy: resolve(min, pods, true) })
        }
        None => Ok(Expected { pods: 0, healthy: 0 }),
    }
}

/// The replicas of all workloads that the pods belong to (`getExpectedScale`).
fn scale(
    cluster: &mut Cluster,
    budget: &Arc<PodDisruptionBudget>,
    spec: &PodDisruptionBudgetSpec,
    pods: &[Arc<Pod>],
) -> Result<i32, String> {
    let mut scales: BTreeMap<String, i32> = BTreeMap::new();
    let mut known = BTreeSet::new();
    let mut unmanaged = false;
    for pod in pods {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let Some(owner) = pod::controller_of(&pod.metadata) else {
            if cluster.behaviour.budgets_ignore_unmanaged_pods {
                unmanaged = true;
                continue;
            }
            let error = format!("found no controller ref for pod \"{name}\"");
            tell(cluster, budget, "Warning", "NoControllerRef", &error);
            return Err(error);
        };
        if !known.insert(&owner.uid) {
            continue;
        }
        match find_scale(cluster, pod.metadata.namespace.as_deref().unwrap_or_default(), owner)? {
            Some((uid, replicas)) => {
                scales.insert(uid, replicas);
            }
            None => {
                let error = format!("found no controllers for pod \"{name}\"");
                tell(cluster, budget, "Warning", "NoControllers", &error);
                return Err(error);
            }
        }
    }
    if unmanaged {
        let selector = spec.selector.as_ref().map(go_selector).unwrap_or_default();
        let message = format!(
            "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
        );
        tell(cluster, budget, "Warning", "UnmanagedPods", &message);
    }
    Ok(scales.into_values().fold(0, i32::saturating_add))
}

/// Uid and replicas of the workload that an owner belongs to: of a Deployment's ReplicaSet the Deployment.
fn find_scale(cluster: &Cluster, namespace: &str, owner: &OwnerReference) -> Result<Option<(String, i32)>, String> {
    let found = |object: Option<Object>| {
        let object = object?;
        let uid = object.metadata().uid.clone()?;
        Some((uid, scale_of(&object)?))
    };
    let key = ObjectKey::new(namespace, &owner.name);
    let kind = Kind::of(&owner.api_version, &owner.kind);
    match kind {
        Some(Kind::ReplicaSet) => {
            let Some(set) = cluster.store.get::<ReplicaSet>(&key) else { return Ok(None) };
            let above = pod::controller_of(&set.metadata).filter(|owner| owner.kind == Kind::Deployment.name());
            let object = match above {
                Some(owner) => cluster.store.object(Kind::Deployment, &ObjectKey::new(namespace, &owner.name)),
                None => cluster.store.object(Kind::ReplicaSet, &key),
            };
            Ok(found(object))
        }
        Some(kind @ (Kind::Deployment | Kind::StatefulSet | Kind::ReplicationController)) => {
            Ok(found(cluster.store.object(kind, &key)).filter(|(uid, _)| *uid == owner.uid))
        }
        Some(kind) if cluster.behaviour.budgets_ignore_unmanaged_pods => {
            let group = kind.api_version().split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
            Err(format!("{}{group} does not implement the scale subresource", kind.plural()))
        }
        Some(_) => Ok(None),
        None => {
            Ok(cluster.store.others().find(|other| other.metadata.uid.as_ref() == Some(&owner.uid)).and_then(|other| {
                let replicas = other.rest.get("spec")?.get("replicas")?.as_i64()?;
                Some((owner.uid.clone(), i32::try_from(replicas).ok()?))
            }))
        }
    }
}

/// The size a workload should have.
pub(super) fn scale_of(object: &Object) -> Option<i32> {
    let replicas = match object {
        Object::Deployment(deployment) => deployment.spec.replicas,
        Object::ReplicaSet(set) => set.spec.replicas,
        Object::StatefulSet(set) => set.spec.replicas,
        Object::ReplicationController(controller) => controller.spec.as_ref()?.replicas,
        _ => return None,
    };
    Some(replicas.unwrap_or(1))
}

/// A selector as Go prints it in the event.
fn go_selector(selector: &LabelSelector) -> String {
    let labels: String =
        selector.match_labels.iter().flatten().map(|(key, value)| format!("{key}: {value},")).collect();
    let expressions = selector.match_expressions.iter().flatten().map(|expression| {
        let values = expression.values.clone().unwrap_or_default().join(" ");
        format!(
            "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{values}],}},",
            expression.key, expression.operator
        )
    });
    let expressions: String = expressions.collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}
