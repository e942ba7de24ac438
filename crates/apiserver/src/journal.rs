//! The latest writes, for watches: as many as are kept, whoever is slower begins anew.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use sim_cluster::{JournalEntry, Object};

/// One write.
#[derive(Debug)]
pub(crate) struct Write {
    /// When it happened: watches show ages as of then.
    pub(crate) at: Timestamp,
    /// The resource version after it.
    pub(crate) version: u64,
    pub(crate) before: Option<Object>,
    pub(crate) after: Option<Object>,
    /// The JSON of the object after it: written once, however many watch.
    json: OnceLock<String>,
}

impl Write {
    /// The object after it as JSON, in its own version.
    pub(crate) fn json(&self) -> &str {
        self.json.get_or_init(|| self.after.as_ref().map(Object::to_json).unwrap_or_default())
    }
}

/// The latest writes in order.
#[derive(Debug)]
pub(crate) struct Journal {
    /// So many writes are kept. A watch that falls further behind is told that it is too late (410).
    kept: usize,
    writes: VecDeque<Arc<Write>>,
    /// Everything after this version is here.
    since: u64,
    /// The newest version.
    newest: u64,
    /// How often the cluster was put back to another state: what was read before that cannot be followed.
    pub(crate) epoch: u64,
}

impl Journal {
    pub(crate) fn new(version: u64, kept: usize) -> Self {
        Self { kept, writes: VecDeque::new(), since: version, newest: version, epoch: 0 }
    }

    /// Begins anew with another state.
    pub(crate) fn restart(&mut self, version: u64) {
        *self = Self { epoch: self.epoch + 1, ..Self::new(version, self.kept) };
    }

    pub(crate) fn extend(&mut self, written: Vec<(Timestamp, JournalEntry)>, version: u64) {
        for (at, JournalEntry { resource_version, before, after }) in written {
            if self.writes.len() >= self.kept
                && let Some(oldest) = self.writes.pop_front()
            {
                self.since = oldest.version;
            }
            self.writes.push_back(Arc::new(Write {
                at,
                version: resource_version,
                before,
                after,
                json: OnceLock::new(),
            }));
        }
        self.newest = version;
    }

    /// Whether a watch that has been told everything up to a version can go on from there.
    pub(crate) fn knows(&self, version: u64, epoch: u64) -> bool {
        epoch == self.epoch && version >= self.since
    }

    /// The oldest version that a watch can go on from.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// What was written after a version that is known, at most so many.
    pub(crate) fn after(&self, version: u64, limit: usize) -> Vec<Arc<Write>> {
        let first = self.writes.partition_point(|write| write.version <= version);
        self.writes.iter().skip(first).take(limit).cloned().collect()
    }

    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sim_cluster::JournalEntry;

    use super::Journal;

    #[test]
    fn the_latest_writes_are_known() {
        let mut journal = Journal::new(10, 100);
        let entry =
            |resource_version| (Timestamp::UNIX_EPOCH, JournalEntry { resource_version, before: None, after: None });
        let newest = 10 + 100 + 5;
        journal.extend((11..=newest).map(entry).collect(), newest);
        assert!(!journal.knows(14, 0) && journal.knows(15, 0) && !journal.knows(15, 1));
        assert_eq!(journal.since(), 15);
        assert_eq!(journal.after(15, 2).iter().map(|write| write.version).collect::<Vec<_>>(), [16, 17]);
        assert_eq!(journal.after(newest, 1).len(), 0);
    }
}
