//! Which node is best: the scores that are compared between nodes are worked out group by group.

use std::cmp::Reverse;

use super::class::{Compiled, Group, Preference};
use super::tables::{SoftSpread, Table, Tables};
use crate::scheduler::framework::Cycle;
use crate::scheduler::plugins::{PluginName, inter_pod_affinity, pod_topology_spread as spread};

/// Raw scores of a feasible group.
struct Raw {
    group: usize,
    best: (i64, u32),
    preference: Preference,
    spread: Option<i64>,
    sum: i64,
}

impl Compiled {
    /// The rank of the node with the greatest total, the first in node order among equals; `None` if no node is feasible.
    pub(super) fn best(&self, cycle: &Cycle<'_>) -> Option<u32> {
        if self.tables.is_empty() && self.preferences.len() == 1 {
            let (_, rank) = self.groups.iter().find_map(|group| group.members.first())?;
            return Some(*rank);
        }
        let feasible: Vec<usize> = (0..self.groups.len())
            .filter(|group| {
                let group = &self.groups[*group];
                !group.members.is_empty() && self.tables.let_group_through(cycle, group)
            })
            .collect();
        if feasible.is_empty() {
            return None;
        }
        let weights = self.tables.spread_weights(&feasible, &self.groups);
        let raw = feasible.into_iter().filter_map(|index| {
            let group = &self.groups[index];
            let (Reverse(score), rank) = *group.members.first()?;
            Some(Raw {
                group: index,
                best: (score, rank),
                preference: self.preferences[usize::try_from(group.key[0]).unwrap_or(0)],
                spread: self.tables.spread_score(cycle, group, &weights),
                sum: self.tables.sum(group),
            })
        });
        let raw: Vec<Raw> = raw.collect();
        let profile = cycle.profile;
        let max = cycle.behaviour.score_max;
        let taints = raw.iter().map(|raw| raw.preference.taints).max().unwrap_or(0);
        let affinity = raw.iter().map(|raw| raw.preference.affinity).max().unwrap_or(0);
        let spreads = || raw.iter().filter_map(|raw| raw.spread);
        let (least_spread, greatest_spread) = (spreads().min().unwrap_or(i64::MAX), spreads().max().unwrap_or(0));
        let start = if cycle.behaviour.inter_pod_true_range { None } else { Some(0) };
        let sums = || raw.iter().map(|raw| raw.sum).chain(start);
        let (least_sum, greatest_sum) = (sums().min().unwrap_or(0), sums().max().unwrap_or(0));
        let of_share = |score: i64, greatest: i64| if greatest == 0 { 0 } else { max * score / greatest };
        let weighted = |name: PluginName, score: i64| score.saturating_mul(profile.weight(name));
        let total = |raw: &Raw| {
            let spread = raw.spread.map_or(0, |score| spread::scaled(score, least_spread, greatest_spread, max));
            let compared = [
                weighted(PluginName::TaintToleration, max - of_share(raw.preference.taints, taints)),
                weighted(PluginName::NodeAffinity, of_share(raw.preference.affinity, affinity)),
                if self.tables.soft.is_empty() { 0 } else { weighted(PluginName::PodTopologySpread, spread) },
                weighted(
                    PluginName::InterPodAffinity,
                    inter_pod_affinity::scaled(raw.sum, least_sum, greatest_sum, max),
                ),
            ];
            compared.iter().fold(raw.best.0, |sum: i64, score| sum.saturating_add(*score))
        };
        let best = raw.iter().min_by_key(|raw| (Reverse(total(raw)), raw.best.1))?;
        debug_assert!(!self.groups[best.group].members.is_empty());
        Some(best.best.1)
    }
}

impl Tables {
    /// Whether the tables in which each node is a domain of its own let a node through.
    pub(super) fn let_through(&self, rank: usize) -> bool {
        let clear = |table: &Table| !table.topology.is_local || table.at(rank).is_none_or(|count| count <= 0);
        self.anti_affinity.iter().all(clear) && self.existing.iter().all(|(_, table)| clear(table))
    }

    /// Adds to a node's key what tells it from others.
    pub(super) fn key(&self, rank: usize, key: &mut Vec<i64>) {
        key.extend(self.hard.iter().map(|hard| hard.table.key(rank)));
        key.extend(self.soft.iter().map(|soft| soft.key(rank)));
        key.extend(self.affinity.iter().map(|table| match table.at(rank) {
            Some(count) if table.topology.is_local => i64::from(count > 0),
            _ => table.key(rank),
        }));
        let shared = |table: &&Table| !table.topology.is_local;
        key.extend(self.anti_affinity.iter().filter(shared).map(|table| table.key(rank)));
        key.extend(self.existing.iter().map(|(_, table)| table).filter(shared).map(|table| table.key(rank)));
        key.extend(self.sums.iter().map(|(_, table)| table.key(rank)));
    }

    /// Whether the tables let the nodes of a group through.
    fn let_group_through(&self, cycle: &Cycle<'_>, group: &Group) -> bool {
        let mut key = group.key[1..].iter().copied();
        let mut next = || key.next().unwrap_or(i64::MIN);
        let min_domains = cycle.behaviour.spread.min_domains;
        for hard in &self.hard {
            let Some(count) = hard.table.of_key(next()) else { return false };
            if count + hard.own - hard.least(min_domains) > hard.constraint.max_skew {
                return false;
            }
        }
        self.soft.iter().for_each(|_| _ = next());
        let places: Vec<Option<i64>> = self.affinity.iter().map(|table| table.of_key(next())).collect();
        if !places.is_empty() && !places.iter().all(|count| count.is_some_and(|count| count > 0)) {
            let lacks_label = cycle.behaviour.inter_pod_bootstrap_needs_label && places.contains(&None);
            if lacks_label || self.affine > 0 || !self.affine_to_itself {
                return false;
            }
        }
        let shared = |table: &&Table| !table.topology.is_local;
        let tables = self.anti_affinity.iter().filter(shared);
        let mut tables = tables.chain(self.existing.iter().map(|(_, table)| table).filter(shared));
        tables.all(|table| table.of_key(next()).is_none_or(|count| count <= 0))
    }

    /// How much a pod counts for each soft constraint, which depends on how many domains the feasible nodes are in.
    fn spread_weights(&self, feasible: &[usize], groups: &[Group]) -> Vec<f64> {
        if self.soft.is_empty() {
            return Vec::new();
        }
        let scored: Vec<&Group> =
            feasible.iter().map(|index| &groups[*index]).filter(|group| !self.is_ignored(group)).collect();
        let offset = 1 + self.hard.len();
        let weights = self.soft.iter().enumerate().map(|(index, soft)| {
            let nodes = scored.iter().map(|group| group.members.len()).sum();
            let domains = if soft.by_node.is_some() {
                nodes
            } else if soft.table.topology.is_local {
                // Each node with the label is a domain, and all without it together are one.
                let lacking = scored.iter().filter(|group| group.key[offset + index] == i64::MIN);
                let lacking: usize = lacking.map(|group| group.members.len()).sum();
                nodes - lacking + usize::from(lacking > 0)
            } else {
                let mut seen: Vec<i64> = scored.iter().map(|group| group.key[offset + index]).collect();
                seen.sort_unstable();
                seen.dedup();
                seen.len()
            };
            spread::domain_weight(domains)
        });
        weights.collect()
    }

    /// Whether the nodes of a group lack a label that a constraint is about.
    fn is_ignored(&self, group: &Group) -> bool {
        let offset = 1 + self.hard.len();
        self.needs_all_keys && (0..self.soft.len()).any(|index| group.key[offset + index] == i64::MIN)
    }

    /// The spread score before normalising; `None` for nodes that are ignored.
    fn spread_score(&self, cycle: &Cycle<'_>, group: &Group, weights: &[f64]) -> Option<i64> {
        if self.soft.is_empty() || self.is_ignored(group) {
            return None;
        }
        let offset = 1 + self.hard.len();
        let mut score = 0.0;
        for (index, (soft, weight)) in self.soft.iter().zip(weights).enumerate() {
            if let Some(count) = soft.of_key(group.key[offset + index]) {
                score += count as f64 * weight + (soft.constraint.max_skew - 1) as f64;
            }
        }
        Some(spread::rounded(cycle, score))
    }

    /// The sum of the preferences at a group.
    fn sum(&self, group: &Group) -> i64 {
        let keys = &group.key[group.key.len() - self.sums.len()..];
        let of = |((_, table), key): (&(String, Table), &i64)| table.of_key(*key).unwrap_or(0);
        self.sums.iter().zip(keys).map(of).fold(0, i64::saturating_add)
    }
}

impl SoftSpread {
    /// What tells two nodes apart by this constraint.
    fn key(&self, rank: usize) -> i64 {
        match &self.by_node {
            Some(by_node) if self.table.at(rank).is_some() => by_node[rank],
            _ => self.table.key(rank),
        }
    }

    /// The count behind a key.
    fn of_key(&self, key: i64) -> Option<i64> {
        match &self.by_node {
            Some(_) => (key != i64::MIN).then_some(key),
            None => self.table.of_key(key),
        }
    }
}
