//! The constraints that only score nodes (`ScheduleAnyway`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::{Applicable, Constraint, HOSTNAME, applicable, has_all_keys, tables};
use crate::model::WhenUnsatisfiable;
use crate::scheduler::framework::Cycle;
use crate::scheduler::node_info::NodeInfo;

/// What PreScore counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoreState {
    constraints: Vec<Constraint>,
    tables: Vec<usize>,
    /// Nodes that lack a topology key and so score 0.
    ignored: BTreeSet<String>,
    /// Matching pods by value of the topology key, for values that a feasible node has.
    counts: Vec<BTreeMap<String, i64>>,
    /// How much a pod counts for each constraint: the more domains there are, the more.
    weights: Vec<f64>,
}

impl ScoreState {
    pub(super) fn is_empty(&self) -> bool {
        self.constraints.is_empty()
    }

    pub(super) fn of(cycle: &Cycle<'_>, feasible: &[&NodeInfo]) -> Self {
        let Applicable { constraints, needs_all_keys } = applicable(cycle, WhenUnsatisfiable::ScheduleAnyway);
        if constraints.is_empty() {
            return ScoreState::default();
        }
        let rules = cycle.behaviour.spread;
        let mut state = ScoreState {
            tables: tables(cycle, &constraints),
            counts: vec![BTreeMap::new(); constraints.len()],
            constraints,
            ..ScoreState::default()
        };
        let mut domains = vec![0_usize; state.constraints.len()];
        for node in feasible {
            if needs_all_keys && !has_all_keys(&node.node, &state.constraints) {
                state.ignored.insert(node.name().to_owned());
                continue;
            }
            for (index, constraint) in state.constraints.iter().enumerate() {
                if rules.logarithmic && constraint.topology_key == HOSTNAME {
                    continue;
                }
                let value = node.node.labels.get(&constraint.topology_key).cloned().unwrap_or_default();
                let counts = &mut state.counts[state.tables[index]];
                if let Entry::Vacant(entry) = counts.entry(value) {
                    entry.insert(0);
                    domains[index] += 1;
                }
            }
        }
        let scored = feasible.len() - state.ignored.len();
        state.weights = state
            .constraints
            .iter()
            .zip(domains)
            .map(|(constraint, domains)| {
                let size = if constraint.topology_key == HOSTNAME { scored } else { domains };
                domain_weight(size)
            })
            .collect();
        for node in cycle.snapshot.nodes() {
            state.count(cycle, node, needs_all_keys);
        }
        state
    }

    fn count(&mut self, cycle: &Cycle<'_>, node: &NodeInfo, needs_all_keys: bool) {
        if needs_all_keys && !has_all_keys(&node.node, &self.constraints) {
            return;
        }
        for (constraint, table) in self.constraints.iter().zip(&self.tables) {
            if !constraint.includes(cycle, &node.node) {
                continue;
            }
            let value = node.node.labels.get(&constraint.topology_key).map_or("", String::as_str);
            if let Some(total) = self.counts[*table].get_mut(value) {
                *total += constraint.count(cycle, node);
            }
        }
    }

    pub(super) fn score(&self, cycle: &Cycle<'_>, node: &NodeInfo) -> i64 {
        if self.ignored.contains(node.name()) {
            return 0;
        }
        let rules = cycle.behaviour.spread;
        let mut score = 0.0;
        let mut sum = 0;
        for (index, constraint) in self.constraints.iter().enumerate() {
            let Some(value) = node.node.labels.get(&constraint.topology_key) else { continue };
            let count = if rules.logarithmic && constraint.topology_key == HOSTNAME {
                constraint.count(cycle, node)
            } else {
                self.counts[self.tables[index]].get(value).copied().unwrap_or(0)
            };
            sum += count;
            score += count as f64 * self.weights[index] + (constraint.max_skew - 1) as f64;
        }
        if rules.logarithmic { rounded(cycle, score) } else { sum }
    }

    pub(super) fn normalize(&self, cycle: &Cycle<'_>, nodes: &[&NodeInfo], scores: &mut [i64]) {
        let max = cycle.behaviour.score_max;
        let no_score = |score: i64| score == -1 && cycle.behaviour.spread.negative_is_no_score;
        let is_scored = |(node, score): (&&NodeInfo, &i64)| !self.ignored.contains(node.name()) && !no_score(*score);
        let scored: Vec<bool> = nodes.iter().zip(scores.iter()).map(is_scored).collect();
        let counted = || scores.iter().zip(&scored).filter(|(_, scored)| **scored).map(|(score, _)| *score);
        let least = counted().min().unwrap_or(i64::MAX);
        let greatest = counted().max().unwrap_or(0);
        let total: i64 = counted().sum();
        for (score, scored) in scores.iter_mut().zip(scored) {
            *score = if cycle.behaviour.spread.logarithmic {
                if scored { scaled(*score, least, greatest, max) } else { 0 }
            } else {
                let range = total.wrapping_sub(least);
                match (range, scored) {
                    (0, _) => max,
                    (_, false) => 0,
                    (_, true) => (max as f64 * ((total - *score) as f64 / range as f64)) as i64,
                }
            };
        }
    }
}

/// How much a pod counts for a constraint of so many domains: the more there are, the more.
pub(crate) fn domain_weight(domains: usize) -> f64 {
    ((domains + 2) as f64).ln()
}

/// A score as a whole number.
pub(crate) fn rounded(cycle: &Cycle<'_>, score: f64) -> i64 {
    if cycle.behaviour.spread.rounded { score.round() as i64 } else { score as i64 }
}

/// Turns a score around, so that the least becomes the greatest, in 0..=`max`.
pub(crate) fn scaled(score: i64, least: i64, greatest: i64, max: i64) -> i64 {
    if greatest == 0 { max } else { max * (greatest + least - score) / greatest }
}
