//! What lately happened to a [`Snapshot`](super::Snapshot), so that what was computed from it can follow instead of
//! starting over.

use std::collections::VecDeque;
use std::sync::Arc;

use super::node_info::PodInfo;

/// How many changes are remembered; who is further behind starts over.
const CAPACITY: usize = 1 << 14;

/// The latest changes, and how often everything changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeLog {
    epoch: u64,
    /// The position of the first change remembered.
    first: u64,
    changes: VecDeque<Change>,
}

/// One change.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// A pod came to the node of a slot, or left it.
    Pod { slot: usize, pod: Arc<PodInfo>, came: bool },
    /// The node of a slot has other taints, other room, or was cordoned; its labels and images are the same.
    Node { slot: usize },
    /// A pod was promised the node of a slot, or is no longer.
    Nomination { slot: usize },
    /// A PodDisruptionBudget changed: only whom to evict depends on it.
    Budget,
}

impl Change {
    /// The slot of the node concerned, if one is.
    pub(crate) fn slot(&self) -> Option<usize> {
        match self {
            Change::Pod { slot, .. } | Change::Node { slot } | Change::Nomination { slot } => Some(*slot),
            Change::Budget => None,
        }
    }
}

impl ChangeLog {
    /// Notes a change of one node.
    pub(crate) fn push(&mut self, change: Change) {
        if self.changes.len() == CAPACITY {
            self.changes.pop_front();
            self.first += 1;
        }
        self.changes.push_back(change);
    }

    /// Notes that more than one node may have changed: nodes, labels, selectors, images.
    pub(crate) fn everything(&mut self) {
        self.epoch += 1;
        self.first += self.changes.len() as u64;
        self.changes.clear();
    }

    /// How often everything changed.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The position after the last change.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.changes.len() as u64
    }

    /// The changes from a position on; `None` if some of them are forgotten.
    pub(crate) fn since(&self, position: u64) -> Option<impl Iterator<Item = &Change>> {
        let skipped = position.checked_sub(self.first)?;
        Some(self.changes.range(usize::try_from(skipped).ok()?.min(self.changes.len())..))
    }
}
