//! One class of pods: every node's verdict and score, kept up with the snapshot.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::nodes::{NONE, Nodes};
use super::refusal::Refusal;
use super::tables::Tables;
use crate::model::Pod;
use crate::model::resources::PodRequests;
use crate::scheduler::change_log::Change;
use crate::scheduler::filtering::filter_with_nominated;
use crate::scheduler::fit_error::FitError;
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, PreFilter, PreScore};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::plugins::PluginName;
use crate::scheduler::plugins::node_ports::host_ports;
use crate::scheduler::profile::plugin;
use crate::scheduler::schedule::{Decision, Scheduler};
use crate::scheduler::snapshot::{NodeSlot, Snapshot};

/// Pods that differ in nothing that scheduling looks at.
#[derive(Debug)]
pub(super) struct Class {
    pod: Arc<Pod>,
    requests: Arc<PodRequests>,
    can_compile: bool,
    compiled: Option<Compiled>,
    refusal: Option<Refusal>,
}

/// What a class says of a pod.
pub(super) enum Found {
    /// It goes here.
    Node(NodeSlot),
    /// It fits nowhere.
    Refused(Arc<FitError>),
    /// What the straightforward path says.
    Other(Decision),
    /// The straightforward path has to say.
    NotCompiled,
}

/// The nodes as the class sees them.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Up to where the snapshot's changes are known.
    position: u64,
    /// Up to where a change of one node may have swayed what is said of others.
    swayed_at: u64,
    /// What does not change while the nodes do not, by rank.
    fixed: Vec<Fixed>,
    fixed_filters: Vec<PluginName>,
    fixed_scores: Vec<(&'static dyn Plugin, i64)>,
    /// The raw scores of TaintToleration and NodeAffinity that nodes have in common.
    pub(super) preferences: Vec<Preference>,
    /// Where each feasible node is, by rank.
    cells: Vec<Option<Cell>>,
    /// Nodes that only their own score tells apart.
    pub(super) groups: Vec<Group>,
    group_by_key: BTreeMap<Vec<i64>, usize>,
    pub(super) tables: Tables,
    filters: Vec<PluginName>,
    scores: Vec<(&'static dyn Plugin, i64)>,
    /// What plugins remember that are asked here: nothing. It is large, and nodes are looked at by the million.
    nothing: CycleState,
    scratch: Vec<i64>,
    /// The nodes of the changes that are followed, kept for its room.
    changed: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Fixed {
    passes: bool,
    /// Index into `preferences`.
    preference: u32,
    score: i64,
}

/// Raw scores that are compared between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Preference {
    /// PreferNoSchedule taints that the pod does not tolerate.
    pub(super) taints: i64,
    /// The weights of the preferred terms that match.
    pub(super) affinity: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    group: usize,
    score: i64,
}

/// Feasible nodes of one key, best first: own score, then rank.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: Vec<i64>,
    pub(super) members: BTreeSet<(Reverse<i64>, u32)>,
}

/// What has been compiled: filters that look at the node object only.
const FIXED_FILTERS: [PluginName; 4] =
    [PluginName::NodeUnschedulable, PluginName::NodeName, PluginName::TaintToleration, PluginName::NodeAffinity];

/// Filters that look at the node's pods.
const NODE_FILTERS: [PluginName; 2] = [PluginName::NodePorts, PluginName::NodeResourcesFit];

/// Filters that [`Tables`] stand for.
const TABLE_FILTERS: [PluginName; 2] = [PluginName::PodTopologySpread, PluginName::InterPodAffinity];

/// Filters that have nothing to say about a pod without volumes and claims.
const VOLUME_FILTERS: [PluginName; 9] = [
    PluginName::VolumeRestrictions,
    PluginName::EBSLimits,
    PluginName::GCEPDLimits,
    PluginName::NodeVolumeLimits,
    PluginName::AzureDiskLimits,
    PluginName::CinderLimits,
    PluginName::VolumeBinding,
    PluginName::VolumeZone,
    PluginName::DynamicResources,
];

/// Scores that look at the node object only.
const FIXED_SCORES: [PluginName; 2] = [PluginName::ImageLocality, PluginName::NodePreferAvoidPods];

/// Scores that look at the node's pods.
const NODE_SCORES: [PluginName; 5] = [
    PluginName::NodeResourcesFit,
    PluginName::NodeResourcesLeastAllocated,
    PluginName::NodeResourcesMostAllocated,
    PluginName::RequestedToCapacityRatio,
    PluginName::NodeResourcesBalancedAllocation,
];

/// Scores that are compared between nodes.
const COMPARED_SCORES: [PluginName; 4] = [
    PluginName::TaintToleration,
    PluginName::NodeAffinity,
    PluginName::PodTopologySpread,
    PluginName::InterPodAffinity,
];

impl Class {
    pub(super) fn new(scheduler: &Scheduler, snapshot: &Snapshot, pod: &Arc<Pod>, requests: Arc<PodRequests>) -> Self {
        let cycle = scheduler.cycle(snapshot, pod, &requests);
        let can_compile = can_compile(&cycle) && goes_on(&cycle);
        // It stands for all its pods, so it must not be taken for any one of them.
        let (name, uid, nominated_node_name) = (String::new(), String::new(), None);
        let pod = Arc::new(Pod { name, uid, nominated_node_name, ..Pod::clone(pod) });
        Class { pod, requests, can_compile, compiled: None, refusal: None }
    }

    /// A pod of the class.
    pub(super) fn pod(&self) -> &Pod {
        &self.pod
    }

    pub(super) fn requests(&self) -> Arc<PodRequests> {
        Arc::clone(&self.requests)
    }

    /// Whether what every node says to it is kept.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Forgets what every node says to it.
    pub(super) fn forget_refusal(&mut self) {
        self.refusal = None;
    }

    /// Where a pod of the class goes.
    pub(super) fn schedule(
        &mut self,
        scheduler: &Scheduler,
        snapshot: &Snapshot,
        nodes: &mut Nodes,
        pod: &Arc<Pod>,
    ) -> Found {
        if !self.catch_up(scheduler, snapshot, nodes) {
            return Found::NotCompiled;
        }
        let Some(compiled) = &self.compiled else { return Found::NotCompiled };
        let cycle = scheduler.cycle(snapshot, &self.pod, &self.requests);
        // Nominated pods change what other nodes' tables say while one node is tried.
        let is_unsure = snapshot.has_nominations() && compiled.tables.refuse();
        if !is_unsure && let Some(rank) = compiled.best(&cycle) {
            return Found::Node(NodeSlot(nodes.slots[rank as usize]));
        }
        if let Some(refusal) = &mut self.refusal
            && refusal.follow(&cycle, compiled, nodes)
        {
            return Found::Refused(refusal.error(&cycle));
        }
        self.refusal = None;
        if is_unsure {
            let decision = scheduler.schedule(snapshot, pod);
            // One that evicts somebody changes the cluster for the next.
            if matches!(&decision, Decision::Unschedulable(error) if error.preemption.is_none()) {
                self.refusal = Refusal::of(scheduler, &cycle, compiled, nodes);
            }
            return Found::Other(decision);
        }
        self.refusal = Refusal::of(scheduler, &cycle, compiled, nodes);
        match &mut self.refusal {
            Some(refusal) => Found::Refused(refusal.error(&cycle)),
            // The two paths disagree, which a property test would have shown; the straightforward one is right.
            None => Found::NotCompiled,
        }
    }

    /// Where a pod of the class goes that is nominated to a node, in versions that try that node first. What is said of
    /// the others is said of any pod of the class.
    pub(super) fn schedule_nominated(
        &mut self,
        scheduler: &Scheduler,
        snapshot: &Snapshot,
        nodes: &mut Nodes,
        pod: &Arc<Pod>,
        promised: NodeSlot,
    ) -> Found {
        if !self.catch_up(scheduler, snapshot, nodes) {
            return Found::NotCompiled;
        }
        let (Some(compiled), Some(node)) = (&self.compiled, snapshot.slot(promised.0)) else {
            return Found::NotCompiled;
        };
        if compiled.tables.refuse() {
            return Found::NotCompiled;
        }
        let of_pod = scheduler.cycle(snapshot, pod, &self.requests);
        let status = filter_with_nominated(&of_pod, &compiled.nothing, node);
        match status.code {
            Code::Success => return Found::Node(promised),
            Code::Error => return Found::NotCompiled,
            Code::Unschedulable | Code::UnschedulableAndUnresolvable => {}
        }
        let cycle = scheduler.cycle(snapshot, &self.pod, &self.requests);
        if let Some(rank) = compiled.best(&cycle) {
            let slot = nodes.slots[rank as usize];
            return if slot == promised.0 { Found::NotCompiled } else { Found::Node(NodeSlot(slot)) };
        }
        let is_known = self.refusal.as_mut().is_some_and(|refusal| refusal.follow(&cycle, compiled, nodes));
        if !is_known {
            self.refusal = Refusal::of(scheduler, &cycle, compiled, nodes);
        }
        let rank = nodes.ranks[promised.0];
        let error = self.refusal.as_ref().and_then(|refusal| refusal.of_nominated(&of_pod, nodes, rank, &status));
        error.map_or(Found::NotCompiled, |error| Found::Refused(Arc::new(error)))
    }

    /// Catches up with the snapshot; false if the class is not compiled.
    fn catch_up(&mut self, scheduler: &Scheduler, snapshot: &Snapshot, nodes: &mut Nodes) -> bool {
        if !self.can_compile {
            return false;
        }
        let cycle = scheduler.cycle(snapshot, &self.pod, &self.requests);
        let caught_up = self.compiled.as_mut().is_some_and(|compiled| compiled.follow(&cycle, nodes));
        if !caught_up {
            self.refusal = None;
            self.compiled = Compiled::of(&cycle, nodes);
        }
        self.can_compile = self.compiled.is_some();
        self.can_compile
    }
}

/// Whether this pod and this profile ask for nothing but what is compiled here.
fn can_compile(cycle: &Cycle<'_>) -> bool {
    let spec = &cycle.pod.spec;
    let filters = [&FIXED_FILTERS[..], &NODE_FILTERS, &TABLE_FILTERS, &VOLUME_FILTERS];
    let scores = [&FIXED_SCORES[..], &NODE_SCORES, &COMPARED_SCORES];
    let known = |sets: &[&[PluginName]], name: PluginName| sets.iter().any(|set| set.contains(&name));
    let profile = cycle.profile;
    let prepared = |name: &PluginName| !TABLE_FILTERS.contains(name) || profile.pre_filters.contains(name);
    // A weight that the API server would not take can end a cycle with an invalid score.
    let valid = |weight: i32| (1..=100).contains(&weight);
    let pod_terms = spec.preferred_pod_affinity.iter().chain(&spec.preferred_pod_anti_affinity);
    spec.volumes.is_empty()
        && !spec.has_resource_claims
        && spec.preferred_node_affinity.iter().all(|term| valid(term.weight))
        && pod_terms.into_iter().all(|term| valid(term.weight))
        && profile.filters.iter().all(|name| known(&filters, *name) && prepared(name))
        && profile.scores.iter().all(|(name, _)| known(&scores, *name))
}

/// Whether nothing about the pod makes every cycle end early, or look at some nodes only.
fn goes_on(cycle: &Cycle<'_>) -> bool {
    let narrows = cycle.profile.pre_filters.contains(&PluginName::NodeAffinity)
        && plugin(PluginName::NodeAffinity).pre_filter(cycle, &mut CycleState::default()) != PreFilter::AllNodes;
    let fails = cycle.profile.weight(PluginName::NodeAffinity) != 0
        && matches!(
            plugin(PluginName::NodeAffinity).pre_score(cycle, &mut CycleState::default(), &[]),
            PreScore::Failed(_)
        );
    !narrows && !fails
}

impl Compiled {
    fn of(cycle: &Cycle<'_>, nodes: &mut Nodes) -> Option<Self> {
        let profile = cycle.profile;
        let filters = &profile.filters;
        let of_kind = |kind: &[PluginName]| -> Vec<(&'static dyn Plugin, i64)> {
            let plugins = profile.scores.iter().filter(|(name, _)| kind.contains(name));
            let plugins = plugins.map(|(name, weight)| (plugin(*name), *weight));
            // One that skips the pod says the same of every node: nothing.
            plugins
                .filter(|(plugin, _)| plugin.pre_score(cycle, &mut CycleState::default(), &[]) != PreScore::Skips)
                .collect()
        };
        let has_ports = host_ports(&cycle.pod.spec, cycle.behaviour).next().is_some();
        let node_filters = filters.iter().filter(|name| NODE_FILTERS.contains(name));
        let node_filters = node_filters.filter(|name| **name != PluginName::NodePorts || has_ports);
        let tables = Tables::of(cycle, nodes)?;
        let mut compiled = Compiled {
            position: cycle.snapshot.log().end(),
            swayed_at: 0,
            cells: vec![None; nodes.slots.len()],
            fixed: Vec::with_capacity(nodes.slots.len()),
            fixed_filters: filters.iter().copied().filter(|name| FIXED_FILTERS.contains(name)).collect(),
            fixed_scores: of_kind(&FIXED_SCORES),
            preferences: Vec::new(),
            groups: Vec::new(),
            group_by_key: BTreeMap::new(),
            tables,
            filters: node_filters.copied().collect(),
            scores: of_kind(&NODE_SCORES),
            nothing: CycleState::default(),
            scratch: Vec::new(),
            changed: Vec::new(),
        };
        for rank in 0..nodes.slots.len() {
            let fixed = compiled.fixed_of(cycle, nodes, rank);
            compiled.fixed.push(fixed);
            compiled.evaluate(cycle, nodes, rank);
        }
        Some(compiled)
    }

    /// What the node object alone says.
    fn fixed_of(&mut self, cycle: &Cycle<'_>, nodes: &Nodes, rank: usize) -> Fixed {
        let Some(node) = cycle.snapshot.slot(nodes.slots[rank]) else {
            return Fixed { passes: false, preference: 0, score: 0 };
        };
        let state = &self.nothing;
        let passes = self.fixed_filters.iter().all(|name| plugin(*name).filter(cycle, state, node).is_success());
        let raw = |name: PluginName| {
            if passes && cycle.profile.weight(name) != 0 { plugin(name).score(cycle, state, node) } else { 0 }
        };
        let preference =
            Preference { taints: raw(PluginName::TaintToleration), affinity: raw(PluginName::NodeAffinity) };
        let known = self.preferences.iter().position(|other| *other == preference).unwrap_or_else(|| {
            self.preferences.push(preference);
            self.preferences.len() - 1
        });
        let scores = self.fixed_scores.iter();
        let score = scores.map(|(plugin, weight)| plugin.score(cycle, &self.nothing, node) * weight).sum();
        Fixed { passes, preference: known as u32, score }
    }

    /// Takes in what changed; false if it has to be compiled again.
    fn follow(&mut self, cycle: &Cycle<'_>, nodes: &Nodes) -> bool {
        let log = cycle.snapshot.log();
        let Some(changes) = log.since(self.position) else { return false };
        let counts = !self.tables.is_empty() || cycle.snapshot.has_affinity();
        self.changed.clear();
        for change in changes {
            let Some(rank) = change.slot().map(|slot| nodes.ranks[slot]) else { continue };
            if rank == NONE {
                continue;
            }
            match change {
                Change::Pod { pod, came, .. } if counts => {
                    let delta = if *came { 1 } else { -1 };
                    match self.tables.count(cycle, rank as usize, &pod.pod, delta) {
                        Ok(true) => self.swayed_at = log.end(),
                        Ok(false) => {}
                        Err(_) => return false,
                    }
                }
                Change::Node { .. } => {
                    if self.tables.heed_taints() {
                        return false;
                    }
                    self.fixed[rank as usize] = self.fixed_of(cycle, nodes, rank as usize);
                }
                Change::Pod { .. } | Change::Nomination { .. } | Change::Budget => {}
            }
            if self.changed.last() != Some(&rank) {
                self.changed.push(rank);
            }
        }
        // Of several changes of one node the last one is enough.
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        for rank in &changed {
            self.evaluate(cycle, nodes, *rank as usize);
        }
        self.changed = changed;
        self.position = log.end();
        true
    }

    /// Judges one node and puts it where it belongs.
    fn evaluate(&mut self, cycle: &Cycle<'_>, nodes: &Nodes, rank: usize) {
        let fixed = self.fixed[rank];
        let node = if fixed.passes { cycle.snapshot.slot(nodes.slots[rank]) } else { None };
        let cell = match node {
            Some(node) if self.passes(cycle, node, rank) => {
                let scores = self.scores.iter();
                let own: i64 = scores.map(|(plugin, weight)| plugin.score(cycle, &self.nothing, node) * weight).sum();
                Some(Cell { group: self.group(rank, fixed.preference), score: own + fixed.score })
            }
            _ => None,
        };
        let before = std::mem::replace(&mut self.cells[rank], cell);
        if before == cell {
            return;
        }
        if let Some(Cell { group, score }) = before {
            self.groups[group].members.remove(&(Reverse(score), rank as u32));
        }
        if let Some(Cell { group, score }) = cell {
            self.groups[group].members.insert((Reverse(score), rank as u32));
        }
    }

    /// Whether anything after a position that is followed may have swayed what is said of nodes where nothing happened.
    pub(super) fn swayed_since(&self, position: u64) -> bool {
        self.swayed_at > position
    }

    /// The filters that what is on the node can sway; all of them where others refuse it too, or pods are nominated to it.
    pub(super) fn swayed<'a>(&'a self, cycle: &Cycle<'a>, nodes: &Nodes, rank: usize) -> &'a [PluginName] {
        let slot = nodes.slots[rank];
        let nominated = cycle.snapshot.has_nominations()
            && cycle.snapshot.nominated_to(cycle.snapshot.node_name(NodeSlot(slot))).next().is_some();
        let alone = self.fixed[rank].passes && !nominated && !self.tables.refuse();
        if alone { &self.filters } else { &cycle.profile.filters }
    }

    /// Whether the node lets the pod through, as far as it and tables of one node each can say.
    fn passes(&self, cycle: &Cycle<'_>, node: &NodeInfo, rank: usize) -> bool {
        let state = &self.nothing;
        let passes = if cycle.snapshot.has_nominations() && cycle.snapshot.nominated_to(node.name()).next().is_some() {
            filter_with_nominated(cycle, state, node).is_success()
        } else {
            self.filters.iter().all(|name| plugin(*name).filter(cycle, state, node).is_success())
        };
        passes && self.tables.let_through(rank)
    }

    /// The group of a node.
    fn group(&mut self, rank: usize, preference: u32) -> usize {
        self.scratch.clear();
        self.scratch.push(i64::from(preference));
        self.tables.key(rank, &mut self.scratch);
        if let Some(group) = self.group_by_key.get(self.scratch.as_slice()) {
            return *group;
        }
        let group = self.groups.len();
        self.groups.push(Group { key: self.scratch.clone(), members: BTreeSet::new() });
        self.group_by_key.insert(self.scratch.clone(), group);
        group
    }
}
