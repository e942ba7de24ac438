//! The whole of a decision, with what kube-scheduler computes on the way and keeps to itself.

use std::collections::{BTreeMap, BTreeSet};

use super::config::ExtensionPoint;
use super::course::Course;
use super::filtering::find_feasible;
use super::framework::{Cycle, CycleState, PreFilter, Status};
use super::node_info::NodeInfo;
use super::plugins::{default_preemption, volume_binding};
use super::profile::plugin;
use super::schedule::{Decision, Placement, Scheduler};
use super::scoring::NodeScore;
use super::snapshot::Snapshot;
use crate::model::resources::PodRequests;
use crate::model::{Pod, PodKey};

/// Why a pod goes where it goes, or nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The gates that keep the pod out of the queue, as the scheduler tells of them. The rest is then what would be
    /// decided without them.
    pub gated: Option<String>,
    /// What is decided.
    pub decision: Decision,
    /// Every node, in node order.
    pub nodes: Vec<NodeExplanation>,
    /// Why nobody is evicted for the pod on any node, where that is not said node by node.
    pub no_preemption: Option<String>,
}

/// One node as the pod finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeExplanation {
    /// The node.
    pub node: String,
    /// Every plugin that refuses the pod there, in the order they are asked. Empty if the node is feasible.
    pub refusals: Vec<Refusal>,
    /// What it scored, if it is feasible.
    pub score: Option<NodeScore>,
    /// Its place by total, from 1; nodes with the same total share one.
    pub rank: Option<usize>,
    /// What preemption makes of it, if it comes to that.
    pub preemption: Option<Result<Eviction, Status>>,
}

/// One plugin's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the plugin says.
    pub status: Status,
    /// Where it was asked. Absent where the framework itself speaks, of a node that PreFilter left out.
    pub extension_point: Option<ExtensionPoint>,
    /// Whether this is what kube-scheduler says of the node: it stops at the first.
    pub told: bool,
}

/// Whom preemption would evict on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eviction {
    /// The pods.
    pub victims: Vec<PodKey>,
    /// How many of them a PodDisruptionBudget protects.
    pub budget_violations: usize,
    /// Whether this is the node that preemption chooses.
    pub chosen: bool,
}

impl Scheduler {
    /// Decides where the pod goes, looking at every node, and keeps every reason and every score.
    pub fn explain(&self, snapshot: &Snapshot, pod: &Pod) -> Explanation {
        let requests = PodRequests::of(pod, self.behaviour().requests);
        let cycle = self.cycle(snapshot, pod, &requests);
        let mut state = CycleState::default();
        let refused_for_all = pre_filter_refusals(&cycle, &mut state);
        let decision = self.decide(&cycle, &mut Course::default());
        let told = told(&decision);
        let scores = match &decision {
            Decision::Placed(placement) => ranked(placement),
            _ => BTreeMap::new(),
        };
        let evictions = match &decision {
            Decision::Unschedulable(error) => default_preemption::explain(&cycle, &state, error),
            _ => Ok(BTreeMap::new()),
        };
        let nodes = snapshot.nodes().map(|node| {
            let score = scores.get(node.name());
            let refusals = if score.is_some() {
                Vec::new()
            } else {
                refusals(&cycle, &state, &refused_for_all, node, told.and_then(|statuses| statuses.get(node.name())))
            };
            NodeExplanation {
                node: node.name().to_owned(),
                refusals,
                score: score.map(|(score, _)| (*score).clone()),
                rank: score.map(|(_, rank)| *rank),
                preemption: evictions.as_ref().ok().and_then(|evictions| evictions.get(node.name()).cloned()),
            }
        });
        let nodes = nodes.collect();
        Explanation {
            gated: self.pre_enqueue(pod).reasons.first().map(ToString::to_string),
            nodes,
            no_preemption: evictions.err(),
            decision,
        }
    }

    /// What each node says of the pod, in node order: the refusals of [`Self::explain`], without asking whom to evict,
    /// which takes most of its time.
    pub fn refusals_by_node(&self, snapshot: &Snapshot, pod: &Pod) -> Vec<(String, Vec<Refusal>)> {
        let requests = PodRequests::of(pod, self.behaviour().requests);
        let cycle = self.cycle(snapshot, pod, &requests);
        let mut state = CycleState::default();
        let refused_for_all = pre_filter_refusals(&cycle, &mut state);
        let failed = volume_binding::basic_check(&cycle).is_some();
        let found = find_feasible(&cycle, &mut CycleState::default(), &mut Course::default());
        let told = (!failed && found.error.is_none()).then_some(&found.refused);
        let feasible: BTreeSet<&str> = found.feasible.iter().map(|node| node.name()).collect();
        let nodes = snapshot.nodes().map(|node| {
            let told = told.and_then(|statuses| statuses.get(node.name()));
            let refusals = if feasible.contains(node.name()) {
                Vec::new()
            } else {
                refusals(&cycle, &state, &refused_for_all, node, told)
            };
            (node.name().to_owned(), refusals)
        });
        nodes.collect()
    }
}

/// Every PreFilter plugin that refuses the pod, not the first only.
fn pre_filter_refusals(cycle: &Cycle<'_>, state: &mut CycleState) -> Vec<Status> {
    let plugins = cycle.profile.pre_filters.iter();
    let refusals = plugins.filter_map(|name| match plugin(*name).pre_filter(cycle, state) {
        PreFilter::Refused(status) => Some(status),
        PreFilter::AllNodes | PreFilter::Nodes(_) => None,
    });
    refusals.collect()
}

/// What kube-scheduler says of each node that it refuses.
fn told(decision: &Decision) -> Option<&BTreeMap<String, Status>> {
    match decision {
        Decision::Placed(placement) => Some(&placement.refused),
        Decision::Unschedulable(error) => Some(&error.statuses),
        Decision::Gated(_) | Decision::Error(_) => None,
    }
}

fn refusals(
    cycle: &Cycle<'_>,
    state: &CycleState,
    refused_for_all: &[Status],
    node: &NodeInfo,
    told: Option<&Status>,
) -> Vec<Refusal> {
    let by_pre_filter = refused_for_all.iter().map(|status| (ExtensionPoint::PreFilter, status.clone()));
    let by_filter = cycle.profile.filters.iter().map(|name| plugin(*name).filter(cycle, state, node));
    let by_filter = by_filter.filter(|status| !status.is_success()).map(|status| (ExtensionPoint::Filter, status));
    let mut refusals: Vec<Refusal> = Vec::new();
    for (extension_point, status) in by_pre_filter.chain(by_filter) {
        if refusals.iter().any(|refusal| refusal.status == status) {
            continue;
        }
        let told = told.is_some_and(|told| {
            status.plugins.iter().all(|plugin| told.plugins.contains(plugin))
                && status.reasons.iter().all(|reason| told.reasons.contains(reason))
        });
        refusals.push(Refusal { status, extension_point: Some(extension_point), told });
    }
    // What the plugins do not say by themselves: the node was left out, or only pods nominated to it stand in the way.
    if let Some(status) = told
        && !refusals.iter().any(|refusal| refusal.told)
    {
        let extension_point = status.plugins.first().map(|_| ExtensionPoint::Filter);
        refusals.insert(0, Refusal { status: status.clone(), extension_point, told: true });
    }
    refusals
}

/// The feasible nodes' scores with their ranks.
fn ranked(placement: &Placement) -> BTreeMap<&str, (&NodeScore, usize)> {
    let mut totals: Vec<i64> = placement.scores.iter().map(|score| score.total).collect();
    totals.sort_unstable_by(|left, right| right.cmp(left));
    let rank = |score: &NodeScore| totals.partition_point(|total| *total > score.total) + 1;
    placement.scores.iter().map(|score| (score.node.as_str(), (score, rank(score)))).collect()
}

#[cfg(test)]
mod tests {
    use crate::scheduler::Scheduler;
    use crate::scheduler::testing::{read_pod, snapshot};
    use crate::version::Version;

    /// `*` marks what kube-scheduler says of the node.
    #[track_caller]
    fn check(version: &str, cluster: &str, pod: &str, expected: &[&str]) {
        let version: Version = version.parse().expect("a version");
        let (scheduler, snapshot, pod) = (Scheduler::new(version), snapshot(version, cluster), read_pod(pod));
        let explanation = scheduler.explain(&snapshot, &pod);
        let refusals = explanation.nodes.iter().map(|node| (node.node.clone(), node.refusals.clone()));
        assert_eq!(scheduler.refusals_by_node(&snapshot, &pod), refusals.collect::<Vec<_>>());
        let lines: Vec<String> = explanation
            .nodes
            .iter()
            .flat_map(|node| {
                let refusals = node.refusals.iter().map(|refusal| {
                    let mark = if refusal.told { "*" } else { "" };
                    format!("{}: {mark}{}", node.node, refusal.status.reasons.join(", "))
                });
                let score = node
                    .score
                    .iter()
                    .map(|score| format!("{}: rank {} with {}", node.node, node.rank.unwrap_or(0), score.total));
                let preemption = node.preemption.iter().map(|preemption| match preemption {
                    Ok(eviction) => format!(
                        "{}: evicts {}{}",
                        node.node,
                        eviction.victims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                        if eviction.chosen { ", chosen" } else { "" }
                    ),
                    Err(status) => format!("{}: {}", node.node, status.reasons.join(", ")),
                });
                refusals.chain(score).chain(preemption).collect::<Vec<_>>()
            })
            .chain(explanation.no_preemption)
            .collect();
        assert_eq!(lines, expected);
    }

    const FULL_AND_TAINTED: &str = "node n1 cpu=1 taint=k=v:NoSchedule label=disk=hdd";

    #[test]
    fn every_filter_is_named_and_the_one_that_speaks_is_marked() {
        let pod = "pod p cpu=2 select=disk=ssd";
        let no_help = "n1: Preemption is not helpful for scheduling";
        let taint = "n1: *node(s) had untolerated taint {k: v}";
        let affinity = "node(s) didn't match Pod's node affinity/selector";
        check("1.33", FULL_AND_TAINTED, pod, &[taint, &format!("n1: {affinity}"), "n1: Insufficient cpu", no_help]);
        // 1.25 lets every filter speak.
        check("1.25", FULL_AND_TAINTED, pod, &[taint, &format!("n1: *{affinity}"), "n1: *Insufficient cpu", no_help]);
    }

    #[test]
    fn equal_totals_share_a_rank() {
        let cluster = "node n1 cpu=2\nnode n2 cpu=4\nnode n3 cpu=2";
        let version: Version = "1.33".parse().expect("a version");
        let explanation = Scheduler::new(version).explain(&snapshot(version, cluster), &read_pod("pod p cpu=1"));
        let ranks: Vec<Option<usize>> = explanation.nodes.iter().map(|node| node.rank).collect();
        assert_eq!(ranks, [Some(2), Some(1), Some(2)]);
    }

    #[test]
    fn preemption_is_told_node_by_node() {
        let cluster = "node n1 cpu=1\nnode n2 cpu=1\nnode n3 cpu=1\n\
                       pod a on=n1 cpu=1 priority=5\npod b on=n2 cpu=1 priority=1\npod c on=n3 cpu=1 priority=20";
        check(
            "1.33",
            cluster,
            "pod p cpu=1 priority=10",
            &[
                "n1: *Insufficient cpu",
                "n1: evicts default/a",
                "n2: *Insufficient cpu",
                "n2: evicts default/b, chosen",
                "n3: *Insufficient cpu",
                "n3: No preemption victims found for incoming pod",
            ],
        );
    }
}
