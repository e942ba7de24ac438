//! What goes on for ever in a cluster at rest, and what waits: a run that ends says so.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// Pods that are stuck in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unrest {
    /// Why their containers wait (`CrashLoopBackOff`, `ImagePullBackOff` …), or `Pending` when they have no node.
    pub reason: String,
    /// The pods, as namespace/name.
    pub pods: Vec<String>,
}

impl Unrest {
    /// Whether they have no node.
    pub(crate) fn is_pending(&self) -> bool {
        self.reason == PENDING
    }
}

const PENDING: &str = "Pending";
/// The reasons of containers that are on their way.
const ON_THEIR_WAY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

impl Cluster {
    /// The pods that are stuck now, by why: those without a node, those whose containers are restarted or whose images are
    /// pulled again and again, and those that wait for what is not there.
    pub(crate) fn unrest(&self) -> Vec<Unrest> {
        let mut found: BTreeMap<String, BTreeSet<ObjectKey>> = BTreeMap::new();
        for pod in self.store.list::<Pod>().filter(|pod| pod::is_active(pod)) {
            let key = ObjectKey::of(pod.as_ref());
            let reason = match pod::node_name(pod) {
                None => Some(PENDING.to_owned()),
                Some(_) => self.repeated_in_vain(&key, pod).map(str::to_owned).or_else(|| shown(pod)),
            };
            if let Some(reason) = reason {
                found.entry(reason).or_default().insert(key);
            }
        }
        let unrest = found.into_iter();
        unrest.map(|(reason, pods)| Unrest { reason, pods: pods.iter().map(ToString::to_string).collect() }).collect()
    }
}

/// Why a container waits, as a pod's status shows it.
fn shown(pod: &Pod) -> Option<String> {
    let statuses = pod.status.iter().flat_map(|status| {
        status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten())
    });
    let mut reasons = statuses.filter_map(|status| status.state.as_ref()?.waiting.as_ref()?.reason.clone());
    reasons.find(|reason| !ON_THEIR_WAY.contains(&reason.as_str()))
}
