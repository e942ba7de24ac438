//! A class that fits nowhere: what was said of each node, and whom to evict there, kept up with the snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::class::Compiled;
use super::nodes::{NONE, Nodes};
use crate::model::PreemptionPolicy;
use crate::scheduler::filtering::filter_with_nominated;
use crate::scheduler::fit_error::FitError;
use crate::scheduler::framework::{Code, Cycle, CycleState, Status};
use crate::scheduler::plugins::PluginName;
use crate::scheduler::plugins::default_preemption::{Candidate, Harm, try_node};
use crate::scheduler::schedule::Scheduler;

/// The refusal of a class without tables, for as long as it can be followed.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Up to where the snapshot's changes are known.
    position: u64,
    error: Arc<FitError>,
    /// How many nodes each plugin refused.
    plugins: BTreeMap<PluginName, usize>,
    /// Absent if there is nobody to evict, or evicting is not asked for.
    evictions: Option<Evictions>,
}

/// Whom to evict on each node.
#[derive(Debug, Default)]
struct Evictions {
    candidates: BTreeMap<u32, (Harm, Candidate)>,
    /// The least harm first, then the first in node order.
    order: BTreeSet<(Harm, u32)>,
}

impl Refusal {
    /// What every node says; `None` if some node lets the pod through.
    pub(super) fn of(scheduler: &Scheduler, cycle: &Cycle<'_>, compiled: &Compiled, nodes: &Nodes) -> Option<Self> {
        let error = Arc::new(scheduler.refusals(cycle)?);
        let mut refusal = Refusal {
            position: cycle.snapshot.log().end(),
            error: Arc::clone(&error),
            plugins: BTreeMap::new(),
            evictions: may_evict(cycle).then(Evictions::default),
        };
        for status in error.statuses.values() {
            refusal.count(status, 1);
        }
        if refusal.evictions.is_some() {
            for (rank, slot) in nodes.slots.iter().enumerate() {
                let Some(node) = cycle.snapshot.slot(*slot) else { continue };
                let code = error.statuses.get(node.name()).map(|status| status.code);
                let filters = compiled.swayed(cycle, nodes, rank);
                let candidate = try_node(cycle, filters, &CycleState::default(), node, code).ok();
                refusal.place(rank as u32, candidate);
            }
        }
        Some(refusal)
    }

    /// Takes over the sentence of the straightforward path.
    pub(super) fn worded(&mut self, error: &Arc<FitError>) {
        self.error = Arc::clone(error);
    }

    /// The refusal with whom to evict, if that helps. Why nobody helps is a sentence over all nodes.
    pub(super) fn evicting(&self) -> Option<Arc<FitError>> {
        let evictions = self.evictions.as_ref()?;
        let (_, rank) = evictions.order.first()?;
        let (_, candidate) = evictions.candidates.get(rank)?;
        Some(Arc::new(FitError {
            node_count: self.error.node_count,
            statuses: Arc::clone(&self.error.statuses),
            pre_filter_message: None,
            post_filter_message: String::new(),
            preemption: Some(candidate.outcome()),
            failed_plugins: self.plugins.keys().copied().collect(),
            layout: self.error.layout,
            pre_filter_text: self.error.pre_filter_text,
        }))
    }

    /// The refusal as it would be given now; `None` if it has to be worked out from the start.
    pub(super) fn again(&mut self, cycle: &Cycle<'_>, compiled: &Compiled, nodes: &Nodes) -> Option<Arc<FitError>> {
        let snapshot = cycle.snapshot;
        if may_evict(cycle) != self.evictions.is_some() || self.error.pre_filter_message.is_some() {
            return None;
        }
        let changes = snapshot.log().since(self.position)?;
        let mut statuses_changed = false;
        let mut last = None;
        let state = CycleState::default();
        for change in changes {
            let Some(slot) = change.slot() else {
                if self.evictions.is_some() {
                    return None;
                }
                continue;
            };
            let rank = nodes.ranks[slot];
            if last.replace(slot) == Some(slot) || rank == NONE {
                continue;
            }
            let node = snapshot.slot(slot)?;
            let status = filter_with_nominated(cycle, &state, node);
            if status.code == Code::Success || status.code == Code::Error {
                return None;
            }
            if self.evictions.is_some() {
                let filters = compiled.swayed(cycle, nodes, rank as usize);
                self.place(rank, try_node(cycle, filters, &state, node, Some(status.code)).ok());
            }
            if self.error.statuses.get(node.name()) != Some(&status) {
                self.count(&status, 1);
                let error = Arc::make_mut(&mut self.error);
                let before = Arc::make_mut(&mut error.statuses).insert(node.name().to_owned(), status);
                if let Some(before) = before {
                    self.count(&before, -1);
                }
                statuses_changed = true;
            }
        }
        self.position = snapshot.log().end();
        if self.evictions.is_some() {
            return self.evicting();
        }
        (!statuses_changed).then(|| Arc::clone(&self.error))
    }

    fn place(&mut self, rank: u32, candidate: Option<Candidate>) {
        let Some(evictions) = &mut self.evictions else { return };
        if let Some((harm, _)) = evictions.candidates.remove(&rank) {
            evictions.order.remove(&(harm, rank));
        }
        if let Some(candidate) = candidate {
            let harm = candidate.harm();
            evictions.order.insert((harm, rank));
            evictions.candidates.insert(rank, (harm, candidate));
        }
    }

    fn count(&mut self, status: &Status, delta: isize) {
        if let Some(plugin) = status.plugins.first() {
            let count = self.plugins.entry(*plugin).or_default();
            *count = count.saturating_add_signed(delta);
            if *count == 0 {
                self.plugins.remove(plugin);
            }
        }
    }
}

/// Whether the pod might evict somebody.
fn may_evict(cycle: &Cycle<'_>) -> bool {
    let never = cycle.pod.spec.preemption_policy == PreemptionPolicy::Never;
    cycle.profile.post_filters.contains(&PluginName::DefaultPreemption)
        && !(never && cycle.behaviour.preemption.policy_respected)
        && cycle.snapshot.least_priority().is_some_and(|least| least < cycle.pod.spec.priority)
}
