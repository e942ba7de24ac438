//! Nodes that are not ready, under pressure, or wait for a cloud provider.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use sim_cluster::{Cluster, UNINITIALIZED_TAINT, is_uninitialized};

use super::{Oddity, OddityKind, Rule, node_refs};
use crate::words;

const NOT_READY: Rule = Rule {
    kind: OddityKind::NotReady,
    matters: "no pod starts there, and pods without a toleration are evicted after a time (300 s by default)",
    source: "https://kubernetes.io/docs/concepts/architecture/nodes/#condition",
};

const PRESSURE: Rule = Rule {
    kind: OddityKind::Pressure,
    matters: "the kubelet evicts pods there, and pods that ask for nothing are not placed or go first",
    source: "https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
};

const WAITING: Rule = Rule {
    kind: OddityKind::Uninitialized,
    matters: "only the cloud-controller-manager removes the taint and sets provider ID, addresses and zone labels: without one, every new node comes up like that",
    source: "https://kubernetes.io/docs/tasks/administer-cluster/running-cloud-controller/",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let mut not_ready: Vec<&str> = Vec::new();
    let mut pressure: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut waiting: Vec<&str> = Vec::new();
    for node in cluster.store().list::<Node>() {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        for condition in node.status.iter().flat_map(|status| status.conditions.iter().flatten()) {
            match (condition.type_.as_str(), condition.status.as_str()) {
                ("Ready", "False" | "Unknown") => not_ready.push(name),
                (kind @ ("MemoryPressure" | "DiskPressure" | "PIDPressure"), "True") => {
                    pressure.entry(kind).or_default().push(name);
                }
                _ => {}
            }
        }
        let id = node.spec.as_ref().and_then(|spec| spec.provider_id.as_deref()).unwrap_or_default();
        if is_uninitialized(node) && id.is_empty() {
            waiting.push(name);
        }
    }
    let mut found = Vec::new();
    if !not_ready.is_empty() {
        let sentence = format!("{} not ready: {}", are(&not_ready), words::list(&not_ready));
        found.push(NOT_READY.found(sentence, node_refs(&not_ready)));
    }
    for (kind, nodes) in pressure {
        let sentence = format!("{} under {kind}: {}", are(&nodes), words::list(&nodes));
        found.push(PRESSURE.found(sentence, node_refs(&nodes)));
    }
    if !waiting.is_empty() {
        let sentence = format!(
            "{} tainted {UNINITIALIZED_TAINT} and without a provider ID: {}",
            are(&waiting),
            words::list(&waiting)
        );
        found.push(WAITING.found(sentence, node_refs(&waiting)));
    }
    found
}

fn are(nodes: &[&str]) -> String {
    format!("{} {}", words::count(nodes.len(), "node"), if nodes.len() == 1 { "is" } else { "are" })
}
