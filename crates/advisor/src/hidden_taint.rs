//! The taints that the event does not name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_cluster::Cluster;
use sim_cluster::pod::Pod;
use sim_core::behaviour::TaintReason;

use crate::detail::untolerated_taints;

/// A taint that keeps a pod off nodes, and of which the FailedScheduling sentence of the version does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HiddenTaint {
    /// The taint as kubectl prints it.
    pub taint: String,
    /// The nodes on which it goes untold, by name.
    pub nodes: Vec<String>,
}

/// The taints that keep the pod off nodes without being told of there: all of them in versions that name none, and those
/// behind a node's first in the others.
pub fn hidden_taints(cluster: &Cluster, pod: &Pod) -> Vec<HiddenTaint> {
    let snapshot = cluster.scheduling().snapshot();
    let told = match snapshot.behaviour().taint_reason {
        TaintReason::Unnamed | TaintReason::UntoleratedUnnamed => 0,
        TaintReason::Had | TaintReason::Untolerated => 1,
    };
    let mut hidden: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in snapshot.nodes() {
        for (_, text) in untolerated_taints(cluster, pod, node.name()).into_iter().skip(told) {
            hidden.entry(text).or_default().push(node.name().to_owned());
        }
    }
    let sorted = |mut nodes: Vec<String>| {
        nodes.sort();
        nodes
    };
    hidden.into_iter().map(|(taint, nodes)| HiddenTaint { taint, nodes: sorted(nodes) }).collect()
}

#[cfg(test)]
mod tests {
    use super::hidden_taints;
    use crate::testing::Fixture;

    #[track_caller]
    fn check(version: &str, nodes: &str, expected: &[&str]) {
        let cluster = Fixture::of(version).nodes(nodes).cluster();
        let pod = Fixture::pod("{}");
        let hidden = hidden_taints(&cluster, &pod);
        let found: Vec<String> =
            hidden.into_iter().map(|hidden| format!("{} on {}", hidden.taint, hidden.nodes.join(" "))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_the_version_does_not_name_is_named() {
        let nodes = "n1 taint=a=b:NoSchedule taint=c:NoExecute\nn2 taint=a=b:NoSchedule";
        check("1.16", nodes, &["a=b:NoSchedule on n1 n2", "c:NoExecute on n1"]);
        check("1.33", nodes, &["c:NoExecute on n1"]);
        check("1.35", nodes, &["a=b:NoSchedule on n1 n2", "c:NoExecute on n1"]);
        check("1.35", "n1 taint=a:PreferNoSchedule", &[]);
    }
}
