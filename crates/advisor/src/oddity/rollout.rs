//! Deployments whose rollout needs a place more than there is.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, ObjectKey};
use sim_core::model::{Effect, first_untolerated};
use sim_core::scheduler::plugins::node_affinity::matches_required;

use super::{Oddity, OddityKind, Rule, object_ref};
use crate::ask;
use crate::impossible::replicas::{apart, places};

const RULE: Rule = Rule {
    kind: OddityKind::RolloutStuck,
    matters: "the next rollout makes a pod that fits nowhere and takes none away for it: it stands still until its deadline",
    source: "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    cluster.store().list::<Deployment>().filter_map(|deployment| of_deployment(cluster, deployment)).collect()
}

fn of_deployment(cluster: &Cluster, deployment: &Deployment) -> Option<Oddity> {
    let spec = &deployment.spec;
    let replicas = usize::try_from(spec.replicas.unwrap_or(1)).ok().filter(|replicas| *replicas > 0)?;
    let strategy = spec.strategy.as_ref();
    if strategy.and_then(|strategy| strategy.type_.as_deref()).is_some_and(|kind| kind != "RollingUpdate") {
        return None;
    }
    let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
    let unavailable = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
    // One that may take a pod away first makes room by itself.
    if !is_none_of(unavailable, replicas) {
        return None;
    }
    let template = &spec.template;
    let mut metadata = template.metadata.clone().unwrap_or_default();
    metadata.namespace = deployment.metadata.namespace.clone();
    let model = ask::waiting(&Pod::new(metadata, template.spec.clone().unwrap_or_default()));
    let constraints = apart(cluster, &model);
    if constraints.is_empty() {
        return None;
    }
    let snapshot = cluster.scheduling().snapshot();
    let usable = snapshot.nodes().map(|info| &info.node).filter(|node| {
        matches_required(snapshot.behaviour(), &model.spec, node)
            && first_untolerated(&node.taints, &model.spec.tolerations, &[Effect::NoSchedule, Effect::NoExecute])
                .is_none()
    });
    let usable: BTreeSet<&str> = usable.map(|node| node.name.as_str()).collect();
    let (constraint, places) = constraints
        .iter()
        .find_map(|constraint| Some((constraint, places(cluster, constraint, &usable, replicas + 1)?)))
        .filter(|(_, places)| *places > 0)?;
    let name = ObjectKey::of(deployment);
    let sentence = format!(
        "the Deployment {name} cannot roll out: {replicas} replicas are apart by {}, there are {places} places for them, and maxUnavailable is 0",
        constraint.path()
    );
    Some(RULE.found(sentence, vec![object_ref(deployment)]))
}

/// Whether so much of the replicas, rounded down, is none; the default is 25%.
fn is_none_of(value: Option<&IntOrString>, replicas: usize) -> bool {
    match value {
        None => replicas < 4,
        Some(IntOrString::Int(number)) => *number == 0,
        Some(IntOrString::String(text)) => {
            let percent: usize = text.trim_end_matches('%').parse().unwrap_or(0);
            replicas.saturating_mul(percent) < 100
        }
    }
}
