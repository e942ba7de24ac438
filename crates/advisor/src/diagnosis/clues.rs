//! What the event does not say of pods that have no node: slips of the hand, numbers, untold taints, other versions.

use serde::{Deserialize, Serialize};
use sim_cluster::Cluster;
use sim_cluster::pod::Pod;

use super::symptom::{State, Symptom};

use crate::hidden_taint::{HiddenTaint, hidden_taints};
use crate::impossible::{Impossible, impossible};
use crate::near_miss::{NearMiss, near_misses, near_names, near_references};
use crate::other_versions::{VersionVerdict, of_waiting};
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
    /// What is to be known of each symptom's pods, where that is anything.
    pub(crate) fn of(cluster: &Cluster, symptoms: &[Symptom]) -> Vec<Option<Self>> {
        let pods: Vec<&Pod> = symptoms.iter().filter_map(waiting).collect();
        let mut versions = of_waiting(cluster, &pods).into_iter();
        let of = |symptom: &Symptom| match (waiting(symptom), symptom.sample.as_deref()) {
            (Some(pod), _) => Some(Self::of_waiting(cluster, pod, versions.next().unwrap_or_default())),
            (None, Some(pod)) => match symptom.state {
                State::NotReady => Self::of_names(near_references(cluster, pod)),
                State::NotCreated => Self::of_names(near_names(cluster, pod)),
                _ => None,
            },
            (None, None) => None,
        };
        symptoms.iter().map(of).collect()
    }

    fn of_names(near_misses: Vec<NearMiss>) -> Option<Self> {
        (!near_misses.is_empty()).then(|| Self { near_misses, ..Self::default() })
    }

    fn of_waiting(cluster: &Cluster, pod: &Pod, versions: Vec<VersionVerdict>) -> Self {
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
}

/// A pod of those that a symptom is about, where what keeps them is found on the nodes.
fn waiting(symptom: &Symptom) -> Option<&Pod> {
    symptom.sample.as_deref().filter(|_| symptom.is_placed_by_nodes())
}
