//! The latest writes, for watches: as many as are kept, whoever is slower begins anew.

use std::collections::VecDeque;
use std::sync::Arc;

use sim_cluster::{JournalEntry, Object};

/// So many writes are kept. A watch that falls further behind is told that it is too late (410).
const KEPT: usize = 65_536;

/// One write.
#[derive(Debug)]
pub(crate) struct Write {
    /// The resource version after it.
    pub(crate) version: u64,
    pub(crate) before: Option<Object>,
    pub(crate) after: Option<Object>,
}

/// The latest writes in order.
#[derive(Debug)]
pub(crate) struct Journal {
    writes: VecDeque<Arc<Write>>,
    /// Everything after this version is here.
    since: u64,
    /// The newest version.
    newest: u64,
    /// How often the cluster was put back to another state: what was read before that cannot be followed.
    pub(crate) epoch: u64,
}

impl Journal {
    pub(crate) fn new(version: u64) -> Self {
        Self { writes: VecDeque::new(), since: version, newest: version, epoch: 0 }
    }

    /// Begins anew with another state.
    pub(crate) fn restart(&mut self, version: u64) {
        *self = Self { epoch: self.epoch + 1, ..Self::new(version) };
    }

    pub(crate) fn extend(&mut self, entries: Vec<JournalEntry>, version: u64) {
        for JournalEntry { resource_version, before, after } in entries {
            if self.writes.len() == KEPT
                && let Some(oldest) = self.writes.pop_front()
            {
                self.since = oldest.version;
            }
            self.writes.push_back(Arc::new(Write { version: resource_version, before, after }));
        }
        self.newest = version;
    }

    /// What was written after a version, at most so many; the oldest version that is still known when it is too old.
    pub(crate) fn after(&self, version: u64, limit: usize) -> Result<Vec<Arc<Write>>, u64> {
        if version < self.since {
            return Err(self.since);
        }
        let first = self.writes.partition_point(|write| write.version <= version);
        Ok(self.writes.iter().skip(first).take(limit).cloned().collect())
    }

    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }
}
