//! Counts of pods by domain: what topology spread and inter-pod affinity look at beyond the node itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::nodes::{NONE, Nodes, Topology};
use crate::model::{NodeInclusionPolicy, Pod, WhenUnsatisfiable};
use crate::scheduler::PluginName;
use crate::scheduler::framework::Cycle;
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::plugins::inter_pod_affinity;
use crate::scheduler::plugins::pod_topology_spread::{self as spread, Constraint};
use crate::scheduler::snapshot::Snapshot;

/// A number for each domain of a label.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) topology: Arc<Topology>,
    pub(super) counts: Vec<i64>,
}

impl Table {
    fn new(topology: Arc<Topology>) -> Self {
        let counts = vec![0; topology.count];
        Table { topology, counts }
    }

    /// The number at a node; `None` if the node lacks the label.
    pub(super) fn at(&self, rank: usize) -> Option<i64> {
        match self.topology.domains[rank] {
            NONE => None,
            domain => Some(self.counts[domain as usize]),
        }
    }

    fn add(&mut self, rank: usize, delta: i64) {
        let domain = self.topology.domains[rank];
        if domain != NONE {
            self.counts[domain as usize] += delta;
        }
    }

    /// What tells two nodes apart by this table: their domain, or their number where each node is a domain of its own.
    pub(super) fn key(&self, rank: usize) -> i64 {
        match self.topology.domains[rank] {
            NONE => i64::MIN,
            domain if self.topology.is_local => self.counts[domain as usize],
            domain => i64::from(domain),
        }
    }

    /// The number behind a key.
    pub(super) fn of_key(&self, key: i64) -> Option<i64> {
        match key {
            i64::MIN => None,
            number if self.topology.is_local => Some(number),
            domain => usize::try_from(domain).ok().and_then(|domain| self.counts.get(domain).copied()),
        }
    }
}

/// A spread constraint that refuses.
#[derive(Debug)]
pub(super) struct HardSpread {
    pub(super) constraint: Constraint,
    pub(super) table: Table,
    /// The nodes that are counted, by rank.
    counted: Vec<bool>,
    /// The domains that a counted node is in.
    present: Vec<bool>,
    /// How many domains are present.
    pub(super) domains: usize,
    /// How many present domains have each count.
    least: BTreeMap<i64, usize>,
    /// Whether the pod itself adds to the skew.
    pub(super) own: i64,
}

/// A spread constraint that prefers.
#[derive(Debug)]
pub(super) struct SoftSpread {
    pub(super) constraint: Constraint,
    pub(super) table: Table,
    /// Pods by node, where the label names a node; then the table is not used.
    pub(super) by_node: Option<Vec<i64>>,
    counted: Vec<bool>,
}

/// All tables of a class.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) hard: Vec<HardSpread>,
    pub(super) soft: Vec<SoftSpread>,
    /// Whether a node that lacks a label of `soft` scores nothing.
    pub(super) needs_all_keys: bool,
    filters_pods: bool,
    scores_pods: bool,
    /// Pods that match all required affinity terms, for each term.
    pub(super) affinity: Vec<Table>,
    /// Pods counted in `affinity`.
    pub(super) affine: i64,
    /// Whether the pod matches its own affinity terms.
    pub(super) affine_to_itself: bool,
    /// Pods that a required anti-affinity term is against, for each term.
    pub(super) anti_affinity: Vec<Table>,
    /// Existing pods that are against this one, by their terms' label.
    pub(super) existing: Vec<(String, Table)>,
    /// Preferences, by their terms' label.
    pub(super) sums: Vec<(String, Table)>,
}

/// In which tables a pod is counted, whichever node it is on; by their places in [`Tables`].
#[derive(Debug, Default)]
struct Roles {
    hard: Vec<usize>,
    soft: Vec<usize>,
    /// In all of `affinity`, or in none.
    affine: bool,
    anti_affinity: Vec<usize>,
    existing: Vec<usize>,
    /// With the weight it has there.
    sums: Vec<(usize, i64)>,
}

impl Roles {
    fn refuse(&self) -> bool {
        self.affine || !(self.hard.is_empty() && self.anti_affinity.is_empty() && self.existing.is_empty())
    }
}

/// That a pod looks at a label which no table is about.
pub(super) struct NewLabel;

impl Tables {
    /// The tables of a class; `None` if the version counts in a way that is not compiled.
    pub(super) fn of(cycle: &Cycle<'_>, nodes: &mut Nodes) -> Option<Self> {
        let snapshot = cycle.snapshot;
        let mut tables = Tables::default();
        let profile = cycle.profile;
        if profile.filters.contains(&PluginName::PodTopologySpread) {
            tables.hard = hard_spread(cycle, nodes)?;
        }
        if profile.weight(PluginName::PodTopologySpread) != 0 {
            let applicable = spread::applicable(cycle, WhenUnsatisfiable::ScheduleAnyway);
            tables.needs_all_keys = applicable.needs_all_keys;
            tables.soft = soft_spread(cycle, nodes, applicable.constraints, applicable.needs_all_keys)?;
        }
        let spec = &cycle.pod.spec;
        tables.filters_pods = profile.filters.contains(&PluginName::InterPodAffinity);
        let prefers = !spec.preferred_pod_affinity.is_empty() || !spec.preferred_pod_anti_affinity.is_empty();
        let heeds_others = !profile.args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods;
        tables.scores_pods = profile.weight(PluginName::InterPodAffinity) != 0 && (prefers || heeds_others);
        if tables.filters_pods {
            for term in &spec.required_pod_affinity {
                tables.affinity.push(Table::new(nodes.topology(snapshot, &term.topology_key)));
            }
            for term in &spec.required_pod_anti_affinity {
                tables.anti_affinity.push(Table::new(nodes.topology(snapshot, &term.topology_key)));
            }
        }
        let own = &spec.required_pod_affinity;
        tables.affine_to_itself = own.iter().all(|term| inter_pod_affinity::matches(cycle, term, cycle.pod, cycle.pod));
        let preferred = spec.preferred_pod_affinity.iter().chain(&spec.preferred_pod_anti_affinity);
        for term in preferred.filter(|_| tables.scores_pods).collect::<Vec<_>>() {
            tables.sum_table(snapshot, nodes, &term.pod_affinity_term.topology_key);
        }
        tables.look_for_labels(cycle, nodes);
        if !tables.is_empty() {
            tables.count_all(cycle, nodes);
        }
        for hard in &mut tables.hard {
            hard.rank_counts();
        }
        Some(tables)
    }

    /// Whether the taints of a node decide if its pods are counted.
    pub(super) fn heed_taints(&self) -> bool {
        let constraints = self.hard.iter().map(|hard| &hard.constraint);
        let mut constraints = constraints.chain(self.soft.iter().map(|soft| &soft.constraint));
        constraints.any(|constraint| constraint.node_taints == NodeInclusionPolicy::Honor)
    }

    /// Whether nothing beyond the node itself matters.
    pub(super) fn is_empty(&self) -> bool {
        self.hard.is_empty()
            && self.soft.is_empty()
            && self.affinity.is_empty()
            && self.anti_affinity.is_empty()
            && self.existing.is_empty()
            && self.sums.is_empty()
    }

    /// Whether any node can be refused for what is beyond it.
    pub(super) fn refuse(&self) -> bool {
        !(self.hard.is_empty() && self.affinity.is_empty() && self.anti_affinity.is_empty() && self.existing.is_empty())
    }

    /// Counts a pod that came to the node (`delta` 1) or left it (-1); returns whether other nodes may be refused for it,
    /// or no longer.
    pub(super) fn count(&mut self, cycle: &Cycle<'_>, rank: usize, pod: &Pod, delta: i64) -> Result<bool, NewLabel> {
        let roles = self.roles(cycle, pod)?;
        self.add(&roles, rank, delta);
        Ok(roles.refuse())
    }

    fn count_all(&mut self, cycle: &Cycle<'_>, nodes: &Nodes) {
        let snapshot = cycle.snapshot;
        let mut known: Vec<Option<Roles>> = Vec::new();
        known.resize_with(snapshot.alike_count(), || None);
        for rank in 0..nodes.slots.len() {
            let Some(node) = snapshot.slot(nodes.slots[rank]) else { continue };
            for (index, info) in node.pods.iter().enumerate() {
                // Every label has its table by now: there is no error.
                match node.alike.get(index).copied().flatten().and_then(|alike| known.get_mut(alike.index())) {
                    Some(Some(roles)) => self.add(roles, rank, 1),
                    Some(unknown) => {
                        let roles = self.roles(cycle, &info.pod).unwrap_or_default();
                        self.add(&roles, rank, 1);
                        *unknown = Some(roles);
                    }
                    None => self.add(&self.roles(cycle, &info.pod).unwrap_or_default(), rank, 1),
                }
            }
        }
    }

    fn roles(&self, cycle: &Cycle<'_>, pod: &Pod) -> Result<Roles, NewLabel> {
        let mut roles = Roles::default();
        let chosen = |constraint: &Constraint| spread::counts(cycle, constraint, pod);
        let hard = self.hard.iter().enumerate().filter(|(_, hard)| chosen(&hard.constraint));
        roles.hard.extend(hard.map(|(index, _)| index));
        let soft = self.soft.iter().enumerate().filter(|(_, soft)| chosen(&soft.constraint));
        roles.soft.extend(soft.map(|(index, _)| index));
        let spec = &cycle.pod.spec;
        let own = |term: &_| inter_pod_affinity::matches(cycle, term, cycle.pod, pod);
        roles.affine = !self.affinity.is_empty() && spec.required_pod_affinity.iter().all(own);
        if !self.anti_affinity.is_empty() {
            let against = spec.required_pod_anti_affinity.iter().enumerate().filter(|(_, term)| own(term));
            roles.anti_affinity.extend(against.map(|(index, _)| index));
        }
        let theirs = |term: &_| inter_pod_affinity::matches(cycle, term, pod, cycle.pod);
        for term in pod.spec.required_pod_anti_affinity.iter().filter(|_| self.filters_pods) {
            if theirs(term) {
                roles.existing.push(find(&self.existing, &term.topology_key).ok_or(NewLabel)?);
            }
        }
        if self.scores_pods {
            let mut missing = false;
            inter_pod_affinity::preferences(cycle, pod, |key, weight| match find(&self.sums, key) {
                Some(table) => roles.sums.push((table, weight)),
                None => missing = true,
            });
            if missing {
                return Err(NewLabel);
            }
        }
        Ok(roles)
    }

    fn add(&mut self, roles: &Roles, rank: usize, delta: i64) {
        for index in &roles.hard {
            let hard = &mut self.hard[*index];
            if hard.counted[rank] {
                hard.add(rank, delta);
            }
        }
        for index in &roles.soft {
            let soft = &mut self.soft[*index];
            match &mut soft.by_node {
                Some(by_node) => by_node[rank] += delta,
                None if soft.counted[rank] => soft.table.add(rank, delta),
                None => {}
            }
        }
        if roles.affine {
            for table in &mut self.affinity {
                if table.at(rank).is_some() {
                    self.affine += delta;
                }
                table.add(rank, delta);
            }
        }
        for index in &roles.anti_affinity {
            self.anti_affinity[*index].add(rank, delta);
        }
        for index in &roles.existing {
            self.existing[*index].1.add(rank, delta);
        }
        for (index, weight) in &roles.sums {
            self.sums[*index].1.add(rank, weight * delta);
        }
    }

    /// Makes a table for every label that a pod already there looks at on behalf of this class.
    fn look_for_labels(&mut self, cycle: &Cycle<'_>, nodes: &mut Nodes) {
        let snapshot = cycle.snapshot;
        if !snapshot.has_affinity() {
            return;
        }
        for slot in nodes.slots.clone() {
            let Some(node) = snapshot.slot(slot) else { continue };
            if node.pods_with_affinity == 0 {
                continue;
            }
            for info in &node.pods {
                for term in info.pod.spec.required_pod_anti_affinity.iter().filter(|_| self.filters_pods) {
                    if inter_pod_affinity::matches(cycle, term, &info.pod, cycle.pod)
                        && find(&self.existing, &term.topology_key).is_none()
                    {
                        let topology = nodes.topology(snapshot, &term.topology_key);
                        self.existing.push((term.topology_key.clone(), Table::new(topology)));
                    }
                }
                if !self.scores_pods {
                    continue;
                }
                let mut keys = Vec::new();
                inter_pod_affinity::preferences(cycle, &info.pod, |key, _| keys.push(key.to_owned()));
                for key in keys {
                    self.sum_table(snapshot, nodes, &key);
                }
            }
        }
    }

    fn sum_table(&mut self, snapshot: &Snapshot, nodes: &mut Nodes, key: &str) {
        if find(&self.sums, key).is_none() {
            self.sums.push((key.to_owned(), Table::new(nodes.topology(snapshot, key))));
        }
    }
}

fn find(tables: &[(String, Table)], key: &str) -> Option<usize> {
    tables.iter().position(|(name, _)| name == key)
}

impl HardSpread {
    fn add(&mut self, rank: usize, delta: i64) {
        let domain = self.table.topology.domains[rank];
        if domain == NONE {
            return;
        }
        let count = &mut self.table.counts[domain as usize];
        let before = *count;
        *count += delta;
        // Counted for the first time before the counts are ranked.
        if let Some(number) = self.least.get_mut(&before) {
            *number -= 1;
            if *number == 0 {
                self.least.remove(&before);
            }
            *self.least.entry(before + delta).or_default() += 1;
        }
    }

    fn rank_counts(&mut self) {
        self.least.clear();
        for (count, _) in self.table.counts.iter().zip(&self.present).filter(|(_, present)| **present) {
            *self.least.entry(*count).or_default() += 1;
        }
    }

    /// The least count of any domain. Without any domain there is nothing to be uneven with.
    pub(super) fn least(&self, honours_min_domains: bool) -> i64 {
        if honours_min_domains && (self.domains as i64) < self.constraint.min_domains {
            return 0;
        }
        self.least.keys().next().copied().unwrap_or(i64::from(i32::MAX))
    }
}

fn hard_spread(cycle: &Cycle<'_>, nodes: &mut Nodes) -> Option<Vec<HardSpread>> {
    let constraints = spread::applicable(cycle, WhenUnsatisfiable::DoNotSchedule).constraints;
    let rules = cycle.behaviour.spread;
    if constraints.is_empty() || !rules.enabled {
        return Some(Vec::new());
    }
    if rules.no_domains_pass || rules.counts_ineligible_nodes || has_twins(&constraints) {
        return None;
    }
    let of_node = |constraint: &Constraint, node: &NodeInfo| {
        spread::has_all_keys(&node.node, &constraints) && constraint.includes(cycle, &node.node)
    };
    let hard = constraints.iter().map(|constraint| {
        let topology = nodes.topology(cycle.snapshot, &constraint.topology_key);
        let counted: Vec<bool> = nodes
            .slots
            .iter()
            .map(|slot| cycle.snapshot.slot(*slot).is_some_and(|node| of_node(constraint, node)))
            .collect();
        let mut present = vec![false; topology.count];
        for (domain, _) in topology.domains.iter().zip(&counted).filter(|(_, counted)| **counted) {
            present[*domain as usize] = true;
        }
        HardSpread {
            domains: present.iter().filter(|present| **present).count(),
            own: i64::from(constraint.matches(cycle.pod)),
            constraint: constraint.clone(),
            table: Table::new(topology),
            counted,
            present,
            least: BTreeMap::new(),
        }
    });
    Some(hard.collect())
}

fn soft_spread(
    cycle: &Cycle<'_>,
    nodes: &mut Nodes,
    constraints: Vec<Constraint>,
    needs_all_keys: bool,
) -> Option<Vec<SoftSpread>> {
    if constraints.is_empty() {
        return Some(Vec::new());
    }
    if !cycle.behaviour.spread.logarithmic || has_twins(&constraints) {
        return None;
    }
    let of_node = |constraint: &Constraint, node: &NodeInfo| {
        (!needs_all_keys || spread::has_all_keys(&node.node, &constraints)) && constraint.includes(cycle, &node.node)
    };
    let soft = constraints.iter().map(|constraint| {
        let topology = nodes.topology(cycle.snapshot, &constraint.topology_key);
        let counted = nodes.slots.iter();
        let counted = counted.map(|slot| cycle.snapshot.slot(*slot).is_some_and(|node| of_node(constraint, node)));
        SoftSpread {
            counted: counted.collect(),
            by_node: (constraint.topology_key == spread::HOSTNAME).then(|| vec![0; nodes.slots.len()]),
            constraint: constraint.clone(),
            table: Table::new(topology),
        }
    });
    Some(soft.collect())
}

/// Whether two constraints are about the same label; what they share differs by version.
fn has_twins(constraints: &[Constraint]) -> bool {
    let twin = |(index, constraint): (usize, &Constraint)| {
        constraints[..index].iter().any(|other| other.topology_key == constraint.topology_key)
    };
    constraints.iter().enumerate().any(twin)
}
