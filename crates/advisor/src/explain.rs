//! The scheduler's work on one pod, shown node by node.

use sim_cluster::pod::Pod;
use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use sim_cluster::{Cluster, convert, pod};
use sim_core::model::PodKey;
use sim_core::scheduler::{Decision, NodeExplanation, PluginName, Refusal};

use crate::detail::{Asked, untolerated_taints};
use crate::pending::not_served;

/// What the scheduler makes of a pod, as one versioned document: `apiVersion: sim/v1`, `kind: PodExplanation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodExplanation {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `PodExplanation`.
    pub kind: String,
    /// The version whose rules held, e.g. `v1.16.0`.
    pub kubernetes_version: String,
    /// The pod, as namespace/name.
    pub pod: String,
    /// The node that the pod is on. It is then explained as if it came anew.
    pub node_name: Option<String>,
    /// The scheduler that the pod asks for.
    pub scheduler_name: String,
    /// What is decided.
    pub outcome: Outcome,
    /// The node chosen.
    pub node: Option<String>,
    /// What is said: the FailedScheduling sentence, the error, or that nobody serves the scheduler name.
    pub message: Option<String>,
    /// The scheduling gates that the pod waits for, as the scheduler tells of them. The rest is then what would be
    /// decided without them.
    pub gated: Option<String>,
    /// Feasible nodes by rank, then the others by name.
    pub nodes: Vec<NodeVerdict>,
    /// The outcome of preemption, when no node is feasible.
    pub preemption: Option<PreemptionVerdict>,
}

/// What becomes of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It goes to a node.
    Placed,
    /// It fits nowhere.
    Unschedulable,
    /// The scheduler fails.
    Error,
    /// No profile has the scheduler name that it asks for: it stays Pending without events.
    NotServed,
}

/// One node as the pod finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeVerdict {
    /// The node.
    pub name: String,
    /// Whether it passed every filter.
    pub feasible: bool,
    /// Its place by total, from 1; nodes with the same total share one.
    pub rank: Option<usize>,
    /// The sum of the weighted scores.
    pub total: Option<i64>,
    /// What each plugin makes of it.
    pub scores: Vec<ScoreVerdict>,
    /// Every filter that refuses the pod there.
    pub refusals: Vec<RefusalVerdict>,
    /// Whom preemption would evict there.
    pub eviction: Option<EvictionVerdict>,
    /// Why preemption evicts nobody there.
    pub no_eviction: Option<String>,
}

/// One plugin's score of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreVerdict {
    /// The plugin.
    pub plugin: String,
    /// What its Score says, in a unit of its own.
    pub raw: i64,
    /// The same after its NormalizeScore.
    pub normalized: i64,
    /// Its weight.
    pub weight: i64,
    /// `normalized` times `weight`.
    pub weighted: i64,
}

/// One plugin's refusal of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalVerdict {
    /// The plugin; several where the version lets them speak together, none where the framework itself speaks.
    pub plugins: Vec<String>,
    /// `preFilter` or `filter`; absent where the framework itself speaks.
    pub extension_point: Option<String>,
    /// `Unschedulable`, or `UnschedulableAndUnresolvable` where evicting pods would not help.
    pub code: String,
    /// Why.
    pub reasons: Vec<String>,
    /// The taints, or what is asked and what is free.
    pub details: Vec<String>,
    /// Whether this is what kube-scheduler says of the node: it does not go on after the first.
    pub told: bool,
}

/// Whom preemption would evict on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvictionVerdict {
    /// The pods, as namespace/name.
    pub victims: Vec<String>,
    /// How many of them a PodDisruptionBudget protects.
    pub budget_violations: usize,
    /// Whether preemption chooses this node.
    pub chosen: bool,
}

/// What came of preemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreemptionVerdict {
    /// The node promised to the pod.
    pub nominated_node: Option<String>,
    /// The pods to evict there, as namespace/name.
    pub victims: Vec<String>,
    /// Why it does not look for any.
    pub reason: Option<String>,
}

/// Explains a pod of the cluster as it is now.
pub fn explain_pod(cluster: &Cluster, pod: &Pod) -> PodExplanation {
    let model = convert::pod(pod);
    let mut document = PodExplanation {
        api_version: "sim/v1".to_owned(),
        kind: "PodExplanation".to_owned(),
        kubernetes_version: cluster.setup().version.to_string(),
        pod: model.key().to_string(),
        node_name: pod::node_name(pod).map(str::to_owned),
        scheduler_name: model.spec.scheduler_name.clone(),
        outcome: Outcome::NotServed,
        node: None,
        message: None,
        gated: None,
        nodes: Vec::new(),
        preemption: None,
    };
    if let Some(message) = not_served(cluster, pod) {
        document.message = Some(message);
        return document;
    }
    let explanation = cluster.scheduling().explain(pod);
    document.gated = explanation.gated;
    let texts = |pods: &[PodKey]| pods.iter().map(ToString::to_string).collect::<Vec<_>>();
    match explanation.decision {
        Decision::Placed(placement) => {
            document.outcome = Outcome::Placed;
            document.node = Some(placement.node);
        }
        Decision::Unschedulable(error) => {
            document.outcome = Outcome::Unschedulable;
            document.message = Some(error.to_string());
            document.preemption = Some(PreemptionVerdict {
                nominated_node: error.preemption.as_ref().map(|outcome| outcome.nominated_node.clone()),
                victims: error.preemption.as_ref().map(|outcome| texts(&outcome.victims)).unwrap_or_default(),
                reason: explanation.no_preemption,
            });
        }
        Decision::Gated(message) | Decision::Error(message) => {
            document.outcome = Outcome::Error;
            document.message = Some(message);
        }
    }
    let asked = Asked::of(cluster, pod);
    document.nodes = explanation.nodes.into_iter().map(|node| verdict(cluster, pod, &asked, node)).collect();
    document.nodes.sort_by(|left, right| {
        // Among equals the node order stands: the first is the one chosen.
        let key = |node: &NodeVerdict| (!node.feasible, node.rank, Reverse(node.total));
        let by_name = if left.feasible { std::cmp::Ordering::Equal } else { left.name.cmp(&right.name) };
        key(left).cmp(&key(right)).then(by_name)
    });
    document
}

fn verdict(cluster: &Cluster, pod: &Pod, asked: &Asked<'_>, node: NodeExplanation) -> NodeVerdict {
    let behaviour = cluster.scheduling().scheduler().behaviour();
    let scores = node.score.iter().flat_map(|score| &score.by_plugin).map(|score| ScoreVerdict {
        plugin: score.plugin.score_name_in(behaviour).to_owned(),
        raw: score.raw,
        normalized: score.normalized,
        weight: score.weight,
        weighted: score.weighted,
    });
    let (eviction, no_eviction) = match node.preemption {
        Some(Ok(eviction)) => {
            let victims = eviction.victims.iter().map(ToString::to_string).collect();
            let (budget_violations, chosen) = (eviction.budget_violations, eviction.chosen);
            (Some(EvictionVerdict { victims, budget_violations, chosen }), None)
        }
        Some(Err(status)) => (None, Some(status.reasons.join(", "))),
        None => (None, None),
    };
    NodeVerdict {
        feasible: node.score.is_some(),
        rank: node.rank,
        total: node.score.as_ref().map(|score| score.total),
        scores: scores.collect(),
        refusals: node.refusals.iter().map(|refusal| of_refusal(cluster, pod, asked, &node.node, refusal)).collect(),
        eviction,
        no_eviction,
        name: node.node,
    }
}

fn of_refusal(cluster: &Cluster, pod: &Pod, asked: &Asked<'_>, node: &str, refusal: &Refusal) -> RefusalVerdict {
    let status = &refusal.status;
    let behaviour = cluster.scheduling().scheduler().behaviour();
    let mut details = Vec::new();
    if status.plugins.contains(&PluginName::TaintToleration) {
        details.extend(untolerated_taints(cluster, pod, node).into_iter().map(|(_, text)| text));
    }
    if status.plugins.contains(&PluginName::NodeResourcesFit) {
        details.extend(status.reasons.iter().filter_map(|reason| asked.room(node, reason)).map(|room| room.here()));
    }
    RefusalVerdict {
        plugins: status.plugins.iter().map(|plugin| plugin.name_in(behaviour).to_owned()).collect(),
        extension_point: refusal.extension_point.map(|point| point.field().to_owned()),
        code: status.code.as_str().to_owned(),
        reasons: status.reasons.iter().map(ToString::to_string).collect(),
        details,
        told: refusal.told,
    }
}
