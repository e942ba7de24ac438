//! How many pods a ReplicaSet has.

use super::kind::Replicates;
use crate::cluster::Cluster;
use crate::convert;

/// The pods that a ReplicaSet manages and its selector matches.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Neither ended nor to be deleted.
    pub(super) active: usize,
    /// Active, with all labels of the template.
    pub(super) fully_labelled: usize,
    /// Active and ready.
    pub(super) ready: usize,
    /// To be deleted and not ended yet.
    pub(super) terminating: usize,
}

impl Tally {
    pub(super) fn of(cluster: &Cluster, set: &impl Replicates) -> Self {
        let selector = convert::label_selector(&set.selector());
        let template = set.template().and_then(|template| template.metadata.as_ref());
        let template = template.and_then(|metadata| metadata.labels.as_ref());
        let mut tally = Self::default();
        for (look, count) in cluster.indices.looks.of(set.metadata()) {
            if look.is_terminating {
                tally.terminating += count;
            }
            if !look.is_active || !selector.matches(&look.labels) {
                continue;
            }
            tally.active += count;
            if look.is_ready {
                tally.ready += count;
            }
            if template.into_iter().flatten().all(|(key, value)| look.labels.get(key) == Some(value)) {
                tally.fully_labelled += count;
            }
        }
        tally
    }
}
