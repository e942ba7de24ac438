//! Oddities of a cluster: what stops nobody now and explains trouble later. A healthy cluster has none.

mod budget;
mod cordoned;
mod daemon_set;
mod lost_volume;
mod node_state;
mod priority_class;
mod requests;
mod rollout;
mod shared_identity;
mod tolerates_everything;
mod version_skew;
mod zone_labels;

use serde::{Deserialize, Serialize};
use sim_cluster::Cluster;

/// Something odd about a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Oddity {
    /// What kind of oddity it is.
    pub kind: OddityKind,
    /// What is odd, for a person.
    pub sentence: String,
    /// The objects, as `node/NAME`, `deployment/NAMESPACE/NAME`.
    pub objects: Vec<String>,
    /// What may come of it.
    pub matters: String,
    /// Where Kubernetes says so.
    pub source: String,
}

/// What kind of oddity it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OddityKind {
    /// Nodes with one InternalIP.
    SharedInternalIP,
    /// Nodes with one machine ID.
    SharedMachineID,
    /// Nodes with one system UUID.
    SharedSystemUUID,
    /// Nodes with one provider ID.
    SharedProviderID,
    /// Nodes with one pod CIDR.
    SharedPodCIDR,
    /// Kubelets newer than the API server.
    KubeletTooNew,
    /// Kubelets older than the API server supports.
    KubeletTooOld,
    /// Kubelets of more than two minors.
    KubeletsOfManyVersions,
    /// A PriorityClass of a value that is the system's.
    PriorityAboveSystem,
    /// A PriorityClass under a name that is the system's.
    PriorityNameReserved,
    /// Several PriorityClasses that are each the default.
    PriorityDefaults,
    /// A budget that can never allow a disruption.
    BudgetAllowsNothing,
    /// A budget that allows none because of pods that are not healthy.
    BudgetUsedUp,
    /// Pods under several budgets.
    BudgetsOverlap,
    /// A DaemonSet that runs on no node.
    DaemonSetNowhere,
    /// A DaemonSet that taints keep off nodes.
    DaemonSetSkipsNodes,
    /// Most pods ask for nothing.
    NoRequests,
    /// A volume that no node can reach any more.
    VolumeLost,
    /// Nodes that were left cordoned.
    Cordoned,
    /// Nodes that are not ready.
    NotReady,
    /// Nodes under pressure.
    Pressure,
    /// Nodes that wait for a cloud provider.
    Uninitialized,
    /// Nodes without the zone that others have.
    ZoneMissing,
    /// A Deployment whose rollout cannot place its surge.
    RolloutStuck,
    /// Pods that tolerate every taint.
    ToleratesEverything,
}

/// What is known of a kind of oddity.
struct Rule {
    kind: OddityKind,
    matters: &'static str,
    source: &'static str,
}

impl Rule {
    fn found(&self, sentence: String, objects: Vec<String>) -> Oddity {
        Oddity { kind: self.kind, sentence, objects, matters: self.matters.to_owned(), source: self.source.to_owned() }
    }
}

/// Everything odd about the cluster as it is, kind by kind.
pub fn oddities(cluster: &Cluster) -> Vec<Oddity> {
    let lookouts: [fn(&Cluster) -> Vec<Oddity>; 12] = [
        shared_identity::find,
        version_skew::find,
        node_state::find,
        cordoned::find,
        zone_labels::find,
        priority_class::find,
        budget::find,
        daemon_set::find,
        rollout::find,
        lost_volume::find,
        requests::find,
        tolerates_everything::find,
    ];
    lookouts.iter().flat_map(|find| find(cluster)).collect()
}

/// `node/NAME` for each.
fn node_refs<T: AsRef<str>>(names: &[T]) -> Vec<String> {
    names.iter().map(|name| format!("node/{}", name.as_ref())).collect()
}

/// `KIND/NAMESPACE/NAME`, or `KIND/NAME` for what is in no namespace.
fn object_ref<T: sim_cluster::KnownKind>(object: &T) -> String {
    format!("{}/{}", T::KIND_OF.name().to_ascii_lowercase(), sim_cluster::ObjectKey::of(object))
}

#[cfg(test)]
mod tests;
