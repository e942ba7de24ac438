//! Bound pods by namespace and name.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::node_info::PodInfo;

/// Where a bound pod is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the node of this slot.
    Slot(usize),
    /// On a node that is not there (yet).
    Stranded(Arc<str>),
}

/// Into how many tables the pods are spread: a fork shares all of them, and a write copies one.
const SHARDS: usize = 1024;

/// Finds a pod without keeping its name a second time. Its order is nobody's: it is never gone through.
#[derive(Debug, Clone)]
pub(crate) struct PodIndex {
    shards: Vec<Arc<HashTable<Entry>>>,
}

impl Default for PodIndex {
    fn default() -> Self {
        PodIndex { shards: vec![Arc::default(); SHARDS] }
    }
}

#[derive(Debug, Clone)]
struct Entry {
    /// Kept, so that growing does not have to look at every pod.
    hash: u64,
    info: Arc<PodInfo>,
    place: Place,
}

impl PodIndex {
    /// Notes where a pod is, and returns what was known of one of its name.
    pub(crate) fn insert(&mut self, info: Arc<PodInfo>, place: Place) -> Option<(Arc<PodInfo>, Place)> {
        let before = self.remove(&info.pod.namespace, &info.pod.name);
        let hash = hash(&info.pod.namespace, &info.pod.name);
        self.shard(hash).insert_unique(hash, Entry { hash, info, place }, |entry| entry.hash);
        before
    }

    /// Forgets a pod.
    pub(crate) fn remove(&mut self, namespace: &str, name: &str) -> Option<(Arc<PodInfo>, Place)> {
        let hash = hash(namespace, name);
        let called =
            |entry: &Entry| entry.hash == hash && entry.info.pod.name == name && entry.info.pod.namespace == namespace;
        let (entry, _) = self.shard(hash).find_entry(hash, called).ok()?.remove();
        Some((entry.info, entry.place))
    }

    /// What is known of a pod.
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&Arc<PodInfo>> {
        let hash = hash(namespace, name);
        let called =
            |entry: &Entry| entry.hash == hash && entry.info.pod.name == name && entry.info.pod.namespace == namespace;
        self.shards[shard_of(hash)].find(hash, called).map(|entry| &entry.info)
    }

    /// The table of a hash. Tables look at its upper bits and at the lowest, so the shard is told by others.
    fn shard(&mut self, hash: u64) -> &mut HashTable<Entry> {
        Arc::make_mut(&mut self.shards[shard_of(hash)])
    }
}

fn shard_of(hash: u64) -> usize {
    (hash >> 24) as usize % SHARDS
}

fn hash(namespace: &str, name: &str) -> u64 {
    FxBuildHasher.hash_one((namespace, name))
}
