//! Nodes that somebody cordoned.

use k8s_openapi::api::core::v1::Node;
use sim_cluster::Cluster;

use super::{Oddity, OddityKind, Rule, node_refs};
use crate::words;

const RULE: Rule = Rule {
    kind: OddityKind::Cordoned,
    matters: "nobody uncordons a node by itself: its room stays unused, and pods that are bound to it by their volumes or labels wait",
    source: "https://kubernetes.io/docs/concepts/architecture/nodes/#manual-node-administration",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let nodes = cluster.store().list::<Node>();
    let cordoned = nodes.filter(|node| node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true)));
    let names: Vec<&str> = cordoned.filter_map(|node| node.metadata.name.as_deref()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let sentence = format!("{} cordoned: {}", words::count(names.len(), "node"), words::list(&names));
    vec![RULE.found(sentence, node_refs(&names))]
}
