//! For which nodes the pods of a DaemonSet were meant that wants none.

use std::collections::BTreeSet;

use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, convert};
use sim_core::scheduler::plugins::node_affinity::matches_required;

use crate::near_miss::{corrected, near_misses};

/// The nodes that the pod selects, whatever else they refuse it for; where there is none, those that it would select but
/// for a slip of the hand or an old name.
pub(crate) fn meant_nodes(cluster: &Cluster, pod: &Pod) -> BTreeSet<String> {
    let selected = selected_nodes(cluster, pod);
    if !selected.is_empty() {
        return selected;
    }
    let corrected = near_misses(cluster, pod).into_iter().filter_map(|miss| corrected(pod, &miss.correction.patch));
    corrected.map(|pod| selected_nodes(cluster, &pod)).find(|nodes| !nodes.is_empty()).unwrap_or_default()
}

fn selected_nodes(cluster: &Cluster, pod: &Pod) -> BTreeSet<String> {
    let snapshot = cluster.scheduling().snapshot();
    let spec = convert::pod_spec(&pod.spec);
    let nodes = snapshot.nodes().filter(|info| matches_required(snapshot.behaviour(), &spec, &info.node));
    nodes.map(|info| info.name().to_owned()).collect()
}
