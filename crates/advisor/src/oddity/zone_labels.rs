//! Nodes without the zone label that other nodes have.

use k8s_openapi::api::core::v1::Node;
use sim_cluster::Cluster;

use super::{Oddity, OddityKind, Rule, node_refs};
use crate::words;

const LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

const RULE: Rule = Rule {
    kind: OddityKind::ZoneMissing,
    matters: "spread over zones passes such nodes by (or refuses them), and volumes of a zone cannot be used there",
    source: "https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let has_zone = |node: &Node| {
        let labels = node.metadata.labels.as_ref();
        LABELS.iter().any(|label| labels.and_then(|labels| labels.get(*label)).is_some_and(|zone| !zone.is_empty()))
    };
    let (with, without): (Vec<_>, Vec<_>) = cluster.store().list::<Node>().partition(|node| has_zone(node));
    if with.is_empty() || without.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = without.iter().filter_map(|node| node.metadata.name.as_deref()).collect();
    let sentence = format!(
        "{} without a zone label, which {} {}: {}",
        words::count(names.len(), "node"),
        words::count(with.len(), "node"),
        if with.len() == 1 { "has" } else { "have" },
        words::list(&names)
    );
    vec![RULE.found(sentence, node_refs(&names))]
}
