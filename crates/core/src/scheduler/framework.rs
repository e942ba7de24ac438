//! The scheduling framework's contract with its plugins (`pkg/scheduler/framework/interface.go`, v1.34).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::event::Happening;
use super::node_info::NodeInfo;
use super::plugins::{
    PluginName, inter_pod_affinity, pod_topology_spread, selector_spread, volume_binding, volume_restrictions,
    volume_zone,
};
use super::profile::Profile;
use super::snapshot::Snapshot;
use crate::behaviour::Behaviour;
use crate::model::Pod;
use crate::model::resources::PodRequests;

/// What a plugin says about a node or a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Nothing stands in the way.
    Success,
    /// The pod cannot run here now; evicting pods may help.
    Unschedulable,
    /// The pod cannot run here, and evicting pods would not help.
    UnschedulableAndUnresolvable,
    /// The plugin failed.
    Error,
}

impl Code {
    /// The code as upstream spells it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Code::Success => "Success",
            Code::Unschedulable => "Unschedulable",
            Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            Code::Error => "Error",
        }
    }
}

/// A plugin's verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The verdict.
    pub code: Code,
    /// Who says so. None where the framework itself speaks, for instance of nodes that PreFilter left out.
    /// Several in versions that run every filter: the gravest first, whose events alone may wake the pod.
    pub plugins: Vec<PluginName>,
    /// Why, as the user reads it.
    pub reasons: Vec<Cow<'static, str>>,
}

impl Status {
    /// Nothing stands in the way.
    pub const fn success() -> Self {
        Status { code: Code::Success, plugins: Vec::new(), reasons: Vec::new() }
    }

    /// A refusal with one reason.
    pub fn refused(code: Code, plugin: PluginName, reason: impl Into<Cow<'static, str>>) -> Self {
        Status { code, plugins: vec![plugin], reasons: vec![reason.into()] }
    }

    /// Whether nothing stands in the way.
    pub fn is_success(&self) -> bool {
        self.code == Code::Success
    }

    /// Joins another refusal into this one; the graver code wins.
    pub fn merge(&mut self, other: Status) {
        let at = if other.code > self.code { 0 } else { self.plugins.len() };
        self.code = self.code.max(other.code);
        let others: Vec<PluginName> = other.plugins.into_iter().filter(|name| !self.plugins.contains(name)).collect();
        self.plugins.splice(at..at, others);
        self.reasons.extend(other.reasons);
    }
}

/// What stays the same while one pod is scheduled.
#[derive(Debug, Clone, Copy)]
pub struct Cycle<'a> {
    /// What differs in the version.
    pub behaviour: &'a Behaviour,
    /// The plugins that run, and what they were told.
    pub profile: &'a Profile,
    /// The cluster.
    pub snapshot: &'a Snapshot,
    /// The pod being scheduled.
    pub pod: &'a Pod,
    /// What the pod asks for.
    pub requests: &'a PodRequests,
}

/// What PreFilter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreFilter {
    /// Every node is to be filtered.
    AllNodes,
    /// Only these nodes can be meant.
    Nodes(BTreeSet<String>),
    /// No node can do.
    Refused(Status),
}

/// What PostFilter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PostFilter {
    /// It found a way.
    Success,
    /// It did not, and says why.
    Unschedulable(String),
    /// It failed, and says how.
    Failed(String),
}

/// What plugins remember from PreFilter and PreScore, by plugin.
#[derive(Debug, Clone, Default)]
pub struct CycleState {
    pub(crate) inter_pod_affinity: inter_pod_affinity::FilterState,
    pub(crate) inter_pod_affinity_score: inter_pod_affinity::ScoreState,
    pub(crate) pod_topology_spread: pod_topology_spread::FilterState,
    pub(crate) pod_topology_spread_score: pod_topology_spread::ScoreState,
    pub(crate) selector_spread: selector_spread::ScoreState,
    pub(crate) volume_binding: volume_binding::FilterState,
    pub(crate) volume_restrictions: volume_restrictions::FilterState,
    pub(crate) volume_zone: volume_zone::FilterState,
}

/// Whether a plugin has anything to say about the scores of this pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreScore {
    /// It has.
    Scores,
    /// It contributes nothing to any node.
    Skips,
    /// It cannot, and the cycle ends with this error.
    Failed(String),
}

/// One in-tree plugin. Every extension point has a neutral default.
pub trait Plugin: fmt::Debug + Sync {
    /// The plugin's name.
    fn name(&self) -> PluginName;

    /// Looks at the pod and the cluster once before the nodes are filtered.
    fn pre_filter(&self, _cycle: &Cycle<'_>, _state: &mut CycleState) -> PreFilter {
        PreFilter::AllNodes
    }

    /// Whether the pod may run on the node.
    fn filter(&self, _cycle: &Cycle<'_>, _state: &CycleState, _node: &NodeInfo) -> Status {
        Status::success()
    }

    /// Tells the filter's memory that a pod was put on a node or (`delta` -1) taken off, while preemption tries things.
    fn pod_changed(&self, _cycle: &Cycle<'_>, _state: &mut CycleState, _node: &NodeInfo, _pod: &Pod, _delta: i64) {}

    /// Whether an event that the plugin registered may let in a pod that it refused (its `QueueingHintFn`, 1.32+).
    fn is_schedulable_after(&self, _cycle: &Cycle<'_>, _happening: &Happening<'_>) -> bool {
        true
    }

    /// Looks at the feasible nodes once before they are scored.
    fn pre_score(&self, _cycle: &Cycle<'_>, _state: &mut CycleState, _nodes: &[&NodeInfo]) -> PreScore {
        PreScore::Scores
    }

    /// How good the node is, before normalising.
    fn score(&self, _cycle: &Cycle<'_>, _state: &CycleState, _node: &NodeInfo) -> i64 {
        0
    }

    /// Brings the scores of all feasible nodes into 0..=`score_max`.
    fn normalize(&self, _cycle: &Cycle<'_>, _state: &CycleState, _nodes: &[&NodeInfo], _scores: &mut [i64]) {}
}

/// A plugin that neither filters nor scores: what it does is done by the queue, by the cluster, or by preemption.
#[derive(Debug)]
pub(crate) struct Neutral(pub(crate) PluginName);

impl Plugin for Neutral {
    fn name(&self) -> PluginName {
        self.0
    }
}

/// Scales scores so that the greatest becomes `score_max`; reversed, the greatest becomes 0.
pub(crate) fn default_normalize(scores: &mut [i64], score_max: i64, reverse: bool) {
    let greatest = scores.iter().copied().max().unwrap_or(0);
    if greatest == 0 {
        if reverse {
            scores.fill(score_max);
        }
        return;
    }
    for score in scores {
        *score = score_max * *score / greatest;
        if reverse {
            *score = score_max - *score;
        }
    }
}
