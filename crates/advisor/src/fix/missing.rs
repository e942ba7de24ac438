//! Which kinds that the input has none of could overturn an answer: it may be a dump of a part of the cluster.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use sim_cluster::{Change, Cluster};

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
    let webhooks = (
        "admission webhook",
        store.list::<ValidatingWebhookConfiguration>().next().is_some()
            || store.list::<MutatingWebhookConfiguration>().next().is_some(),
    );
    let daemons = ("DaemonSet", store.list::<DaemonSet>().next().is_some());
    if changes.iter().any(makes_pods)
        && let Some(kinds) = lacks(&[quotas, limits, webhooks])
    {
        sentences.push(format!("no {kinds} is in the input: one could refuse the pods that are made anew"));
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
