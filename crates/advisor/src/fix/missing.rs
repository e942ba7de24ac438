//! Which kinds that the input has none of could overturn an answer: it may be a dump of a part of the cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::storage::v1::CSINode;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectKey, ObjectRef};

/// A sentence for each way in which what is missing could overturn what the changes do.
pub(crate) fn missing_kinds(cluster: &Cluster, changes: &[Change]) -> Vec<String> {
    let store = cluster.store();
    let mut sentences = Vec::new();
    let lacks = |kinds: &[(&'static str, bool)]| {
        let lacking: Vec<&str> = kinds.iter().filter(|(_, is_there)| !is_there).map(|(kind, _)| *kind).collect();
        let (last, others) = lacking.split_last()?;
        Some(if others.is_empty() { (*last).to_owned() } else { format!("{} and no {last}", others.join(", no ")) })
    };
    let budgets = ("PodDisruptionBudget", store.list::<PodDisruptionBudget>().next().is_some());
    let quotas = ("ResourceQuota", store.list::<ResourceQuota>().next().is_some());
    let limits = ("LimitRange", store.list::<LimitRange>().next().is_some());
    let webhooks = ("admission webhook", !cluster.declared_webhooks().is_empty());
    let scalers = ("HorizontalPodAutoscaler", store.others().any(|object| object.kind == "HorizontalPodAutoscaler"));
    let nodes_of_drivers = ("CSINode", store.list::<CSINode>().next().is_some());
    let daemons = ("DaemonSet", store.list::<DaemonSet>().next().is_some());
    if changes.iter().any(makes_pods)
        && let Some(kinds) = lacks(&[quotas, limits, webhooks])
    {
        sentences.push(format!("no {kinds} is in the input: one could refuse the pods that are made anew"));
    }
    if changes.iter().any(scales)
        && let Some(kinds) = lacks(&[scalers])
    {
        sentences.push(format!("no {kinds} is in the input: one could set the replicas otherwise"));
    }
    let has_claims =
        |pod: &Pod| pod.spec.volumes.iter().flatten().any(|volume| volume.persistent_volume_claim.is_some());
    let waits = |pod: &Pod| pod::node_name(pod).is_none() && pod::is_active(pod);
    if store.list::<Pod>().any(|pod| waits(pod) && has_claims(pod))
        && let Some(kinds) = lacks(&[nodes_of_drivers])
    {
        sentences.push(format!("no {kinds} is in the input: how many volumes a node takes is not known"));
    }
    let unknown = if cluster.checks_pod_security() { namespaces_unknown(cluster, changes) } else { BTreeSet::new() };
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown.iter().map(String::as_str).collect();
        sentences.push(format!(
            "Namespace {} is not in the input: its Pod Security level could refuse the pods that are made anew",
            names.join(", ")
        ));
    }
    if changes.iter().any(|change| matches!(change, Change::AddNode { .. }))
        && let Some(kinds) = lacks(&[daemons])
    {
        sentences.push(format!("no {kinds} is in the input: the pods of one take room on every new node"));
    }
    if changes.iter().any(raises_priority)
        && let Some(kinds) = lacks(&[budgets])
    {
        sentences.push(format!("no {kinds} is in the input: preemption spares pods of one where it can"));
    }
    sentences
}

/// Whether the controller that a pod names is in the input: it makes another when the pod goes.
pub(crate) fn has_controller(cluster: &Cluster, pod: &Pod) -> bool {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    pod::controller_of(&pod.metadata).is_some_and(|owner| {
        let key = ObjectKey::new(namespace, &owner.name);
        Kind::of(&owner.api_version, &owner.kind).is_some_and(|kind| cluster.store().object(kind, &key).is_some())
    })
}

/// Whether a change sets how many replicas there are.
fn scales(change: &Change) -> bool {
    scaled(change).is_some()
}

/// The workload whose replicas a change sets.
pub(crate) fn scaled(change: &Change) -> Option<&ObjectRef> {
    match change {
        Change::Scale { workload, .. } => Some(workload),
        Change::Patch { target, patch, .. } => patch.pointer("/spec/replicas").map(|_| target),
        _ => None,
    }
}

/// The namespaces in which pods are made anew, and of which the input says nothing.
fn namespaces_unknown(cluster: &Cluster, changes: &[Change]) -> BTreeSet<String> {
    let made = changes.iter().filter(|change| makes_pods(change)).flat_map(Change::names);
    let namespaces = made.filter_map(|object| object.namespace);
    let is_unknown = |name: &String| {
        let found = cluster.store().find::<Namespace>("", name);
        found.is_none_or(|namespace| !cluster.is_shown(&Object::Namespace(Arc::clone(namespace))))
    };
    namespaces.filter(is_unknown).collect()
}

/// Whether owners make pods for a change that they had not made yet.
fn makes_pods(change: &Change) -> bool {
    match change {
        Change::Patch { target, .. } => sim_cluster::Kind::parse(&target.kind).is_some_and(|kind| {
            use sim_cluster::Kind::{CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
            matches!(kind, Deployment | ReplicaSet | StatefulSet | DaemonSet | Job | CronJob)
        }),
        Change::AddToleration { .. } | Change::RolloutUndo { .. } | Change::RolloutRestart(_) => true,
        Change::Delete(target) => sim_cluster::Kind::parse(&target.kind) == Some(sim_cluster::Kind::Pod),
        _ => false,
    }
}

pub(crate) fn raises_priority(change: &Change) -> bool {
    let Change::Patch { patch, .. } = change else { return false };
    patch.pointer("/spec/template/spec/priorityClassName").is_some_and(|class| !class.is_null())
}
