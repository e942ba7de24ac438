//! The nodes in node order, and which of them share a value of a label.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::scheduler::snapshot::Snapshot;

/// Where a node is not: no rank, no domain.
pub(super) const NONE: u32 = u32::MAX;

/// Nodes by rank, which is their place in node order. Good for one epoch of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    epoch: Option<u64>,
    /// The slot of each rank.
    pub(super) slots: Vec<usize>,
    /// The rank of each slot.
    pub(super) ranks: Vec<u32>,
    topologies: BTreeMap<String, Arc<Topology>>,
}

/// The values of one label, numbered.
#[derive(Debug)]
pub(super) struct Topology {
    /// Each node's domain by rank; [`NONE`] without the label.
    pub(super) domains: Vec<u32>,
    /// How many domains there are.
    pub(super) count: usize,
    /// Whether no two nodes share a domain.
    pub(super) is_local: bool,
}

impl Nodes {
    /// Catches up with the snapshot; returns whether everything changed.
    pub(super) fn follow(&mut self, snapshot: &Snapshot) -> bool {
        let epoch = snapshot.log().epoch();
        if self.epoch == Some(epoch) {
            return false;
        }
        self.epoch = Some(epoch);
        self.topologies.clear();
        self.slots = snapshot.order().to_vec();
        self.ranks = vec![NONE; snapshot.slot_count()];
        for (rank, slot) in self.slots.iter().enumerate() {
            self.ranks[*slot] = rank as u32;
        }
        true
    }

    /// The domains of a label.
    pub(super) fn topology(&mut self, snapshot: &Snapshot, key: &str) -> Arc<Topology> {
        if let Some(topology) = self.topologies.get(key) {
            return Arc::clone(topology);
        }
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let mut domains = Vec::with_capacity(self.slots.len());
        let mut labelled = 0;
        for slot in &self.slots {
            let value = snapshot.slot(*slot).and_then(|node| node.node.labels.get(key));
            domains.push(value.map_or(NONE, |value| {
                labelled += 1;
                let next = numbers.len() as u32;
                *numbers.entry(value).or_insert(next)
            }));
        }
        let count = numbers.len();
        let topology = Arc::new(Topology { domains, count, is_local: count == labelled });
        self.topologies.insert(key.to_owned(), Arc::clone(&topology));
        topology
    }
}
