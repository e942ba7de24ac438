//! The constraints that refuse nodes (`DoNotSchedule`).

use std::collections::BTreeMap;

use super::{Constraint, PluginName, applicable, has_all_keys, tables};
use crate::behaviour::SharedCounts;
use crate::model::{Pod, WhenUnsatisfiable};
use crate::scheduler::framework::{Code, Cycle, Status};
use crate::scheduler::node_info::NodeInfo;

/// What PreFilter counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterState {
    constraints: Vec<Constraint>,
    /// For each constraint, the index of its counts.
    tables: Vec<usize>,
    /// Matching pods by value of the topology key; a value is present if a node counted has it.
    counts: Vec<BTreeMap<String, i64>>,
}

impl FilterState {
    pub(super) fn of(cycle: &Cycle<'_>) -> Self {
        let constraints = applicable(cycle, WhenUnsatisfiable::DoNotSchedule).constraints;
        if constraints.is_empty() || !cycle.behaviour.spread.enabled {
            return FilterState::default();
        }
        let tables = tables(cycle, &constraints);
        let mut counts = vec![BTreeMap::new(); constraints.len()];
        for node in cycle.snapshot.nodes() {
            if !has_all_keys(&node.node, &constraints) {
                continue;
            }
            let mut of_node: BTreeMap<usize, i64> = BTreeMap::new();
            for (constraint, table) in constraints.iter().zip(&tables) {
                if !constraint.includes(cycle, &node.node) {
                    continue;
                }
                let count = constraint.count(cycle, node);
                let of_table = of_node.entry(*table).or_default();
                *of_table = match cycle.behaviour.spread.shared_counts {
                    SharedCounts::Summed => *of_table + count,
                    SharedCounts::LastWins | SharedCounts::Own => count,
                };
            }
            for (table, count) in of_node {
                if let Some(value) = node.node.labels.get(&constraints[table].topology_key) {
                    *counts[table].entry(value.clone()).or_default() += count;
                }
            }
        }
        let mut state = FilterState { constraints, tables, counts };
        if cycle.behaviour.spread.counts_ineligible_nodes {
            state.recount(cycle);
        }
        state
    }

    /// Counts again, on every node of a domain that an eligible node is in.
    fn recount(&mut self, cycle: &Cycle<'_>) {
        self.counts.iter_mut().flat_map(BTreeMap::values_mut).for_each(|count| *count = 0);
        for node in cycle.snapshot.nodes() {
            for (constraint, table) in self.constraints.iter().zip(&self.tables) {
                // Upstream reads a label that is not there as an empty one.
                let value = node.node.labels.get(&constraint.topology_key).map_or("", String::as_str);
                if let Some(count) = self.counts[*table].get_mut(value) {
                    *count += constraint.count(cycle, node);
                }
            }
        }
    }

    pub(super) fn pod_changed(&mut self, cycle: &Cycle<'_>, node: &NodeInfo, pod: &Pod, delta: i64) {
        if pod.namespace != cycle.pod.namespace || !has_all_keys(&node.node, &self.constraints) {
            return;
        }
        for (constraint, table) in self.constraints.iter().zip(&self.tables) {
            if !constraint.matches(pod) || !constraint.includes(cycle, &node.node) {
                continue;
            }
            if let Some(value) = node.node.labels.get(&constraint.topology_key) {
                *self.counts[*table].entry(value.clone()).or_default() += delta;
            }
        }
    }

    pub(super) fn filter(&self, cycle: &Cycle<'_>, node: &NodeInfo) -> Status {
        let rules = cycle.behaviour.spread;
        if rules.no_domains_pass && self.counts.iter().all(BTreeMap::is_empty) {
            return Status::success();
        }
        for (constraint, table) in self.constraints.iter().zip(&self.tables) {
            let counts = &self.counts[*table];
            let Some(value) = node.node.labels.get(&constraint.topology_key) else {
                return missing_label(cycle);
            };
            if rules.unknown_domains_pass && counts.is_empty() {
                continue;
            }
            // Without any domain there is nothing to be uneven with.
            let mut least = counts.values().copied().min().unwrap_or(i64::from(i32::MAX));
            if rules.min_domains && (counts.len() as i64) < constraint.min_domains {
                least = 0;
            }
            let own = i64::from(constraint.matches(cycle.pod));
            let skew = counts.get(value).copied().unwrap_or(0) + own - least;
            if skew > constraint.max_skew {
                return refused(Code::Unschedulable, SKEWED);
            }
        }
        Status::success()
    }
}

const SKEWED: &str = "node(s) didn't match pod topology spread constraints";

fn missing_label(cycle: &Cycle<'_>) -> Status {
    if cycle.behaviour.spread.missing_label_reason {
        refused(
            Code::UnschedulableAndUnresolvable,
            "node(s) didn't match pod topology spread constraints (missing required label)",
        )
    } else {
        refused(Code::Unschedulable, SKEWED)
    }
}

fn refused(code: Code, reason: &'static str) -> Status {
    Status::refused(code, PluginName::PodTopologySpread, reason)
}
