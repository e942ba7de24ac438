//! Kubelets too far from the API server, or from each other.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use sim_cluster::{Cluster, Object, kubelet_version};

use super::{Oddity, OddityKind, Rule, node_refs};
use crate::behaviour::{Skew, minor_of, skew};
use crate::words;

const SOURCE: &str = "https://kubernetes.io/releases/version-skew-policy/#kubelet";

const TOO_NEW: Rule = Rule {
    kind: OddityKind::KubeletTooNew,
    matters: "a kubelet must not be newer than the API server: it may use fields and APIs that the server does not have",
    source: SOURCE,
};

const TOO_OLD: Rule = Rule {
    kind: OddityKind::KubeletTooOld,
    matters: "such a kubelet is not supported: it misses fields that pods ask for, and APIs that it needs may be gone with the next upgrade",
    source: SOURCE,
};

const MANY: Rule = Rule {
    kind: OddityKind::KubeletsOfManyVersions,
    matters: "an upgrade was left half done: the same pod behaves differently by node, and the oldest nodes hold back the next upgrade",
    source: SOURCE,
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let server = cluster.setup().version;
    let mut by_minor: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for node in cluster.store().list::<Node>() {
        let version = kubelet_version(&Object::Node(node.clone()));
        if let Some(minor) = version.as_deref().and_then(minor_of) {
            by_minor.entry(minor).or_default().extend(node.metadata.name.clone());
        }
    }
    let mut found = Vec::new();
    for (minor, nodes) in &by_minor {
        let names = words::list(nodes);
        match skew(server, *minor) {
            Skew::Supported => {}
            Skew::Newer => {
                let sentence = format!("kubelets are newer (1.{minor}) than the API server ({server}): {names}");
                found.push(TOO_NEW.found(sentence, node_refs(nodes)));
            }
            Skew::TooOld(behind, allowed) => {
                let sentence = format!(
                    "kubelets are {behind} minor versions older (1.{minor}) than the API server ({server}), where {allowed} are supported: {names}"
                );
                found.push(TOO_OLD.found(sentence, node_refs(nodes)));
            }
        }
    }
    if by_minor.len() > 2 {
        let minors =
            by_minor.iter().map(|(minor, nodes)| format!("1.{minor} on {}", words::count(nodes.len(), "node")));
        let sentence =
            format!("kubelets are of {} minor versions: {}", by_minor.len(), minors.collect::<Vec<_>>().join(", "));
        let nodes: Vec<String> = by_minor.into_values().flatten().collect();
        found.push(MANY.found(sentence, node_refs(&nodes)));
    }
    found
}
