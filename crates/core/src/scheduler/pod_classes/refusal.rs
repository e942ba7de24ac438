//! A class that fits nowhere: what was said of each node, and whom to evict there, kept up with the snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::class::Compiled;
use super::nodes::{NONE, Nodes};
use crate::model::PreemptionPolicy;
use crate::scheduler::change_log::Change;
use crate::scheduler::filtering::filter_with_nominated;
use crate::scheduler::fit_error::{FitError, PreemptionOutcome};
use crate::scheduler::framework::{Code, Cycle, CycleState, Status};
use crate::scheduler::plugins::PluginName;
use crate::scheduler::plugins::default_preemption::{Candidate, Harm, conclude, try_node};
use crate::scheduler::schedule::{Scheduler, post_filter};
use crate::scheduler::statuses::Reasons;

/// The refusal of a class, for as long as it can be followed.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Up to where the snapshot's changes are known.
    position: u64,
    /// What is said before preemption has its turn.
    refused: FitError,
    /// How many nodes each plugin refused.
    plugins: BTreeMap<PluginName, usize>,
    /// What PreFilter found. It changes only with what the class counts, and then the refusal is made anew.
    state: CycleState,
    /// Absent if evicting is not asked for.
    evictions: Option<Evictions>,
    /// The refusal as it was last given; good until something changes.
    given: Option<Arc<FitError>>,
}

/// Whom to evict on each node, or why that would not do.
#[derive(Debug, Default)]
struct Evictions {
    by_rank: Vec<Option<Result<Candidate, Status>>>,
    /// The least harm first, then the first in node order.
    order: BTreeSet<(Harm, u32)>,
    /// Why evicting would not do.
    reasons: Reasons,
}

impl Refusal {
    /// What every node says; `None` if some node lets the pod through.
    pub(super) fn of(scheduler: &Scheduler, cycle: &Cycle<'_>, compiled: &Compiled, nodes: &Nodes) -> Option<Self> {
        let mut state = CycleState::default();
        let refused = scheduler.refusals(cycle, &mut state)?;
        if refused.pre_filter_message.is_some() {
            return None;
        }
        let statuses = Arc::clone(&refused.statuses);
        let mut refusal = Refusal {
            position: cycle.snapshot.log().end(),
            refused,
            plugins: BTreeMap::new(),
            state,
            evictions: may_evict(cycle).then(|| Evictions::new(nodes.slots.len())),
            given: None,
        };
        for status in statuses.values() {
            refusal.count(status, 1);
        }
        if let Some(evictions) = &mut refusal.evictions {
            for (rank, slot) in nodes.slots.iter().enumerate() {
                let Some(node) = cycle.snapshot.slot(*slot) else { continue };
                let code = statuses.get(node.name()).map(|status| status.code);
                let filters = compiled.swayed(cycle, nodes, rank);
                evictions.place(rank, try_node(cycle, filters, &refusal.state, node, code));
            }
        }
        Some(refusal)
    }

    /// Takes in what changed; false if the refusal has to be worked out from the start.
    pub(super) fn follow(&mut self, cycle: &Cycle<'_>, compiled: &Compiled, nodes: &Nodes) -> bool {
        self.try_follow(cycle, compiled, nodes).is_some()
    }

    fn try_follow(&mut self, cycle: &Cycle<'_>, compiled: &Compiled, nodes: &Nodes) -> Option<()> {
        if compiled.swayed_since(self.position) {
            return None;
        }
        let snapshot = cycle.snapshot;
        let mut last = None;
        for change in snapshot.log().since(self.position)? {
            let Some(slot) = change.slot() else {
                debug_assert!(matches!(change, Change::Budget));
                if self.evictions.as_ref().is_some_and(|evictions| !evictions.order.is_empty()) {
                    return None;
                }
                continue;
            };
            let rank = nodes.ranks[slot];
            if last.replace(slot) == Some(slot) || rank == NONE {
                continue;
            }
            // It shares its statuses, which are about to change.
            self.given = None;
            let node = snapshot.slot(slot)?;
            let status = filter_with_nominated(cycle, &self.state, node);
            if status.code == Code::Success || status.code == Code::Error {
                return None;
            }
            if let Some(evictions) = &mut self.evictions {
                let filters = compiled.swayed(cycle, nodes, rank as usize);
                evictions.place(rank as usize, try_node(cycle, filters, &self.state, node, Some(status.code)));
            }
            if self.refused.statuses.get(node.name()) != Some(&status) {
                self.count(&status, 1);
                let before = Arc::make_mut(&mut self.refused.statuses).replace(node.name(), status);
                if let Some(before) = before {
                    self.count(&before, -1);
                }
            }
        }
        self.position = snapshot.log().end();
        Some(())
    }

    /// The refusal as it is given now.
    pub(super) fn error(&mut self, cycle: &Cycle<'_>) -> Arc<FitError> {
        if let Some(given) = &self.given {
            return Arc::clone(given);
        }
        let error = Arc::new(self.with_preemption(cycle, Evictions::find));
        self.given = Some(Arc::clone(&error));
        error
    }

    /// The refusal of one pod of the class that is nominated to the node of a rank, which says `status` of it; `None` if
    /// the node says something else of the others.
    pub(super) fn of_nominated(
        &self,
        cycle: &Cycle<'_>,
        nodes: &Nodes,
        rank: u32,
        status: &Status,
    ) -> Option<FitError> {
        let node = cycle.snapshot.slot(nodes.slots[rank as usize])?;
        if self.refused.statuses.get(node.name()) != Some(status) {
            return None;
        }
        Some(self.with_preemption(cycle, |evictions| {
            evictions.find_with(rank, &try_node(cycle, &cycle.profile.filters, &self.state, node, Some(status.code)))
        }))
    }

    fn with_preemption(
        &self,
        cycle: &Cycle<'_>,
        find: impl Fn(&Evictions) -> Result<PreemptionOutcome, Reasons>,
    ) -> FitError {
        let mut error = FitError { failed_plugins: self.plugins.keys().copied().collect(), ..self.refused.clone() };
        if error.node_count > 0 {
            // Where evicting is not asked for, preemption says so before it looks for anybody.
            let find = || self.evictions.as_ref().map_or(Err(Reasons::default()), &find);
            post_filter(cycle, &mut error, |error| conclude(cycle, error, |_| find()));
        }
        error
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

impl Evictions {
    fn new(nodes: usize) -> Self {
        Evictions { by_rank: vec![None; nodes], ..Self::default() }
    }

    fn place(&mut self, rank: usize, found: Result<Candidate, Status>) {
        let at = rank as u32;
        match &found {
            Ok(candidate) => _ = self.order.insert((candidate.harm(), at)),
            Err(status) => self.reasons.count(status),
        }
        match self.by_rank[rank].replace(found) {
            // The same harm as before is in the order still.
            Some(Ok(before)) => {
                let harm = before.harm();
                if !matches!(&self.by_rank[rank], Some(Ok(now)) if now.harm() == harm) {
                    self.order.remove(&(harm, at));
                }
            }
            Some(Err(before)) => self.reasons.discount(&before),
            None => {}
        }
    }

    /// The eviction that does the least harm, or why none would do.
    fn find(&self) -> Result<PreemptionOutcome, Reasons> {
        let best = self.order.first().and_then(|(_, rank)| self.candidate(*rank));
        best.map(Candidate::outcome).ok_or_else(|| self.reasons.clone())
    }

    /// The same with something else found on the node of a rank.
    fn find_with(&self, rank: u32, found: &Result<Candidate, Status>) -> Result<PreemptionOutcome, Reasons> {
        let other = self.order.iter().find(|(_, other)| *other != rank);
        match (found, other) {
            (Ok(own), Some((harm, other))) if (*harm, *other) > (own.harm(), rank) => Ok(own.outcome()),
            (Ok(own), None) => Ok(own.outcome()),
            (_, Some((_, other))) => self.candidate(*other).map(Candidate::outcome).ok_or_else(Reasons::default),
            (Err(status), None) => {
                let mut reasons = self.reasons.clone();
                if let Some(Some(Err(of_others))) = self.by_rank.get(rank as usize) {
                    reasons.discount(of_others);
                }
                reasons.count(status);
                Err(reasons)
            }
        }
    }

    fn candidate(&self, rank: u32) -> Option<&Candidate> {
        self.by_rank.get(rank as usize)?.as_ref()?.as_ref().ok()
    }
}

/// Whether a pod of the class may evict anybody.
fn may_evict(cycle: &Cycle<'_>) -> bool {
    let never = cycle.pod.spec.preemption_policy == PreemptionPolicy::Never;
    cycle.profile.post_filters.contains(&PluginName::DefaultPreemption)
        && !(never && cycle.behaviour.preemption.policy_respected)
}
