//! What the event does not say of pods that have no node: slips of the hand, numbers, untold taints, other versions.

use serde::{Deserialize, Serialize};
use sim_cluster::Cluster;
use sim_cluster::pod::Pod;

use crate::hidden_taint::{HiddenTaint, hidden_taints};
use crate::impossible::{Impossible, impossible};
use crate::near_miss::{NearMiss, near_misses, near_references};
use crate::other_versions::{VersionVerdict, other_versions};
use crate::shortage::{Shortage, shortage};

/// What the event does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clues {
    /// What the pods nearly get right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<NearMiss>,
    /// How much is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortage: Option<Shortage>,
    /// What no state of this cluster can satisfy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impossible: Vec<Impossible>,
    /// Taints that the sentence does not name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_taints: Vec<HiddenTaint>,
    /// What other versions would do with the pods; none where all agree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_versions: Vec<VersionVerdict>,
}

impl Clues {
    /// What is to be known of a pod that has no node.
    pub(crate) fn of(cluster: &Cluster, pod: &Pod) -> Self {
        let versions = other_versions(cluster, pod);
        let differ =
            versions.iter().any(|verdict| versions.first().is_some_and(|first| first.outcome != verdict.outcome));
        Self {
            near_misses: near_misses(cluster, pod),
            shortage: shortage(cluster, pod),
            impossible: impossible(cluster, pod),
            hidden_taints: hidden_taints(cluster, pod),
            other_versions: if differ { versions } else { Vec::new() },
        }
    }
    /// What is to be known of a pod that is not well on its node, if anything.
    pub(crate) fn of_placed(cluster: &Cluster, pod: &Pod) -> Option<Self> {
        let near_misses = near_references(cluster, pod);
        (!near_misses.is_empty()).then(|| Self { near_misses, ..Self::default() })
    }
}
