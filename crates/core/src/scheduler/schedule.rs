//! The scheduling of one pod (`schedule_one.go`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::fit_error::FitError;
use super::framework::{Code, Cycle, CycleState, PreFilter, PreScore, Status};
use super::node_info::NodeInfo;
use super::plugins::{PluginName, default_preemption, scheduling_gates};
use super::profile::plugin;
use super::snapshot::Snapshot;
use crate::behaviour::{AbsentNodes, Behaviour};
use crate::model::Pod;
use crate::model::resources::PodRequests;
use crate::version::Version;

/// kube-scheduler of one version, with its default profile. It keeps nothing between pods.
#[derive(Debug, Clone)]
pub struct Scheduler {
    behaviour: Behaviour,
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It goes to a node.
    Placed(Placement),
    /// It fits nowhere.
    Unschedulable(Box<FitError>),
    /// It is held back before any node is looked at; the text says by what.
    Gated(String),
    /// A plugin failed.
    Error(String),
}

/// Where a pod goes, and why there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The node chosen: the first in node order of those with the greatest total.
    pub node: String,
    /// The nodes that passed every filter with their scores, in node order.
    pub scores: Vec<NodeScore>,
    /// What was said of the nodes that did not pass.
    pub refused: BTreeMap<String, Status>,
}

/// What a feasible node scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeScore {
    /// The node.
    pub node: String,
    /// The sum over the plugins.
    pub total: i64,
    /// Each plugin's normalised score times its weight. A plugin that had nothing to say is absent.
    pub by_plugin: Vec<(PluginName, i64)>,
}

impl Placement {
    /// The names of the nodes that passed every filter, in node order.
    pub fn feasible_nodes(&self) -> impl Iterator<Item = &str> {
        self.scores.iter().map(|score| score.node.as_str())
    }

    /// The nodes with the greatest total, in node order.
    pub fn best_nodes(&self) -> impl Iterator<Item = &str> {
        let best = self.scores.iter().map(|score| score.total).max();
        self.scores.iter().filter(move |score| Some(score.total) == best).map(|score| score.node.as_str())
    }
}

impl Scheduler {
    /// The scheduler of a version.
    pub fn new(version: Version) -> Self {
        Scheduler { behaviour: Behaviour::of(version) }
    }

    /// What differs in its version.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Why the pod may not even enter the queue, if so: its scheduling gates.
    pub fn pre_enqueue(&self, pod: &Pod) -> Status {
        scheduling_gates::pre_enqueue(&self.behaviour, pod)
    }

    /// Decides where the pod goes. The snapshot must be of the same version.
    pub fn schedule(&self, snapshot: &Snapshot, pod: &Pod) -> Decision {
        let gates = self.pre_enqueue(pod);
        if let Some(reason) = gates.reasons.first() {
            return Decision::Gated(reason.to_string());
        }
        let requests = PodRequests::of(pod, self.behaviour.requests);
        let cycle = Cycle { behaviour: &self.behaviour, snapshot, pod, requests: &requests };
        let mut state = CycleState::default();
        let found = find_feasible(&cycle, &mut state);
        if let Some(error) = found.error {
            return Decision::Error(error);
        }
        if found.feasible.is_empty() {
            return Decision::Unschedulable(Box::new(self.fit_error(&cycle, state, found)));
        }
        let scores = score_nodes(&cycle, &mut state, &found.feasible);
        let best = scores.iter().map(|score| score.total).max();
        let node = scores.iter().find(|score| Some(score.total) == best).map(|score| score.node.clone());
        Decision::Placed(Placement { node: node.unwrap_or_default(), scores, refused: found.refused })
    }

    /// Every filter that refuses the pod on one node, not the first only; empty if it fits or there is no such node.
    pub fn explain_node(&self, snapshot: &Snapshot, pod: &Pod, node: &str) -> Vec<Status> {
        let requests = PodRequests::of(pod, self.behaviour.requests);
        let cycle = Cycle { behaviour: &self.behaviour, snapshot, pod, requests: &requests };
        let mut state = CycleState::default();
        let mut refusals = Vec::new();
        for name in self.behaviour.filters {
            if let PreFilter::Refused(status) = plugin(*name).pre_filter(&cycle, &mut state) {
                refusals.push(status);
            }
        }
        let Some(node) = snapshot.node(node) else {
            return refusals;
        };
        for name in self.behaviour.filters {
            let status = plugin(*name).filter(&cycle, &state, node);
            if !status.is_success() && !refusals.contains(&status) {
                refusals.push(status);
            }
        }
        refusals
    }

    fn fit_error(&self, cycle: &Cycle<'_>, state: CycleState, found: Found<'_>) -> FitError {
        let failed_plugins = found.refused.values().flat_map(|status| status.plugins.iter().copied()).collect();
        let mut error = FitError {
            node_count: cycle.snapshot.node_count(),
            statuses: found.refused,
            pre_filter_message: found.pre_filter_message,
            post_filter_message: String::new(),
            preemption: None,
            failed_plugins,
            layout: self.behaviour.fit_error,
            pre_filter_text: self.behaviour.pre_filter_text,
        };
        if error.node_count > 0 {
            default_preemption::post_filter(cycle, &state, &mut error);
        }
        error
    }
}

/// What filtering found.
struct Found<'a> {
    feasible: Vec<&'a NodeInfo>,
    refused: BTreeMap<String, Status>,
    pre_filter_message: Option<String>,
    error: Option<String>,
}

fn find_feasible<'a>(cycle: &Cycle<'a>, state: &mut CycleState) -> Found<'a> {
    let mut found = Found { feasible: Vec::new(), refused: BTreeMap::new(), pre_filter_message: None, error: None };
    let mut only: Option<BTreeSet<String>> = None;
    for name in cycle.behaviour.filters {
        match plugin(*name).pre_filter(cycle, state) {
            PreFilter::AllNodes => {}
            PreFilter::Nodes(names) => {
                only = Some(match only {
                    None => names,
                    Some(others) => others.intersection(&names).cloned().collect(),
                });
            }
            PreFilter::Refused(status) if status.code == Code::Error => {
                found.error = Some(status.reasons.join(", "));
                return found;
            }
            PreFilter::Refused(status) => {
                found.pre_filter_message = Some(status.reasons.join(", "));
                found.refused = cycle.snapshot.nodes().map(|node| (node.name().to_owned(), status.clone())).collect();
                return found;
            }
        }
    }
    if let Some(node) = nominated_node_that_fits(cycle, state) {
        found.feasible.push(node);
        return found;
    }
    for node in cycle.snapshot.nodes() {
        if only.as_ref().is_some_and(|names| !names.contains(node.name())) {
            found.refused.insert(node.name().to_owned(), absent(cycle.behaviour));
            continue;
        }
        let status = filter_with_nominated(cycle, state, node);
        match status.code {
            Code::Success => found.feasible.push(node),
            Code::Error => {
                found.error = Some(status.reasons.join(", "));
                return found;
            }
            _ => {
                found.refused.insert(node.name().to_owned(), status);
            }
        }
    }
    found
}

/// A pod that was promised a node by preemption tries that node first (1.22+).
fn nominated_node_that_fits<'a>(cycle: &Cycle<'a>, state: &CycleState) -> Option<&'a NodeInfo> {
    if !cycle.behaviour.preemption.tries_nominated_first {
        return None;
    }
    let node = cycle.snapshot.node(cycle.pod.nominated_node_name.as_deref()?)?;
    filter_with_nominated(cycle, state, node).is_success().then_some(node)
}

/// What is said of a node that PreFilter left out.
fn absent(behaviour: &Behaviour) -> Status {
    let reason = match behaviour.absent_nodes {
        AbsentNodes::NeverAbsent | AbsentNodes::Unlisted => {
            return Status { code: Code::Unschedulable, plugins: Vec::new(), reasons: Vec::new() };
        }
        AbsentNodes::UnlistedUnresolvable => {
            return Status { code: Code::UnschedulableAndUnresolvable, plugins: Vec::new(), reasons: Vec::new() };
        }
        AbsentNodes::FilteredOut => "node is filtered out by the prefilter result",
        AbsentNodes::DidNotSatisfy => "node(s) didn't satisfy plugin(s) [NodeAffinity]",
    };
    Status { code: Code::UnschedulableAndUnresolvable, plugins: Vec::new(), reasons: vec![Cow::Borrowed(reason)] }
}

/// Filters a node as it would be once more important pods nominated to it had come, and also as it is.
pub(crate) fn filter_with_nominated(cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
    if cycle.snapshot.has_nominations() {
        let mut with = node.clone();
        let mut state = state.clone();
        let mut added = false;
        for info in cycle.snapshot.nominated_to(node.name()) {
            let itself = info.pod.name == cycle.pod.name && info.pod.namespace == cycle.pod.namespace;
            if itself || info.pod.spec.priority < cycle.pod.spec.priority {
                continue;
            }
            with.add_pod(info.clone(), cycle.behaviour);
            for name in cycle.behaviour.filters {
                plugin(*name).pod_changed(cycle, &mut state, &with, &info.pod, 1);
            }
            added = true;
        }
        if added {
            let status = filter(cycle, &state, &with);
            if !status.is_success() {
                return status;
            }
        }
    }
    filter(cycle, state, node)
}

/// Runs the filters on one node: up to the first refusal, or all of them where the version does so.
fn filter(cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
    let mut total = Status::success();
    let behaviour = cycle.behaviour;
    for name in behaviour.filters {
        // A refused part of GeneralPredicates does not hide the others, but it does hide what comes after them.
        let in_general = behaviour.general_predicates && is_general_predicate(*name);
        if !total.is_success() && !behaviour.run_all_filters && !in_general {
            return total;
        }
        let status = plugin(*name).filter(cycle, state, node);
        if status.code == Code::Error {
            return status;
        }
        if total.is_success() {
            total = status;
        } else if !status.is_success() {
            total.merge(status);
        }
        let stop = !total.is_success() && !behaviour.run_all_filters && !in_general;
        if stop {
            return total;
        }
    }
    total
}

/// The four checks that 1.16 and 1.17 call GeneralPredicates.
fn is_general_predicate(name: PluginName) -> bool {
    matches!(
        name,
        PluginName::NodeResourcesFit | PluginName::NodeName | PluginName::NodePorts | PluginName::NodeAffinity
    )
}

fn score_nodes(cycle: &Cycle<'_>, state: &mut CycleState, nodes: &[&NodeInfo]) -> Vec<NodeScore> {
    let mut results: Vec<NodeScore> =
        nodes.iter().map(|node| NodeScore { node: node.name().to_owned(), total: 0, by_plugin: Vec::new() }).collect();
    let scoring: Vec<_> = cycle
        .behaviour
        .scores
        .iter()
        .filter(|(name, _)| plugin(*name).pre_score(cycle, state, nodes) == PreScore::Scores)
        .collect();
    for (name, weight) in scoring {
        let plugin = plugin(*name);
        let mut scores: Vec<i64> = nodes.iter().map(|node| plugin.score(cycle, state, node)).collect();
        plugin.normalize(cycle, state, nodes, &mut scores);
        for (result, score) in results.iter_mut().zip(scores) {
            let weighted = score.saturating_mul(*weight);
            result.total = result.total.saturating_add(weighted);
            result.by_plugin.push((*name, weighted));
        }
    }
    results
}
