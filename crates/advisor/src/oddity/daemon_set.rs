//! DaemonSets that leave nodes out.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Node;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, ObjectKey, convert};
use sim_core::scheduler::plugins::node_affinity::matches_required;

use super::{Oddity, OddityKind, Rule, object_ref};
use crate::detail::untolerated_taints;
use crate::near_miss::near_misses;
use crate::words;

const SOURCE: &str = "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations";

const NOWHERE: Rule = Rule {
    kind: OddityKind::DaemonSetNowhere,
    matters: "DESIRED is 0 and nothing complains: what it is to do on each node is done on none",
    source: "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#running-pods-on-select-nodes",
};

const SKIPS: Rule = Rule {
    kind: OddityKind::DaemonSetSkipsNodes,
    matters: "the nodes it leaves out lack what it does (logs, metrics, network, storage), and no event says so",
    source: SOURCE,
};

/// What every daemon pod tolerates, whatever its template says.
const TOLERATED: [&str; 4] = [
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unschedulable",
];

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let nodes = cluster.scheduling().snapshot().node_count();
    let sets = cluster.store().list::<DaemonSet>();
    let short = sets.filter(|set| {
        let desired = set.status.as_ref().map(|status| status.desired_number_scheduled);
        desired.and_then(|desired| usize::try_from(desired).ok()).is_some_and(|desired| desired < nodes)
    });
    short.filter_map(|set| of_set(cluster, set)).collect()
}

fn of_set(cluster: &Cluster, set: &DaemonSet) -> Option<Oddity> {
    let name = ObjectKey::of(set);
    let pods = cluster.pods_of(&set.metadata);
    let served: BTreeSet<&str> = pods.iter().filter_map(|pod| pod::node_name(pod)).collect();
    // A pod of it has the tolerations that the controller adds.
    let template = || {
        let metadata = set.spec.template.metadata.clone().unwrap_or_default();
        Pod::new(metadata, set.spec.template.spec.clone().unwrap_or_default())
    };
    let pattern = Pod { node_name: None, ..template() };
    let spec = convert::pod_spec(&pattern.spec);
    let snapshot = cluster.scheduling().snapshot();
    let mut selected = 0_usize;
    let mut by_taint: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for node in cluster.store().list::<Node>().filter_map(|node| node.metadata.name.as_deref()) {
        let Some(info) = snapshot.node(node) else { continue };
        if !matches_required(snapshot.behaviour(), &spec, &info.node) {
            continue;
        }
        selected += 1;
        if served.contains(node) {
            continue;
        }
        let taints = untolerated_taints(cluster, &pattern, node).into_iter();
        let taints = taints.filter(|(taint, _)| !TOLERATED.contains(&taint.key.as_str()));
        if let Some((_, text)) = taints.into_iter().next() {
            by_taint.entry(text).or_default().push(node);
        }
    }
    if selected == 0 {
        // Installers put DaemonSets for nodes to come into kube-system; a slip of the hand is no such.
        let slip = near_misses(cluster, &pattern).into_iter().next();
        let why = match slip {
            Some(slip) => slip.sentence,
            None if &*name.namespace == "kube-system" => return None,
            None => "no node has the labels that it selects".to_owned(),
        };
        return Some(NOWHERE.found(format!("the DaemonSet {name} runs nowhere: {why}"), vec![object_ref(set)]));
    }
    if by_taint.is_empty() {
        return None;
    }
    let causes = by_taint.iter().map(|(taint, nodes)| format!("{taint} on {}", words::list(nodes)));
    let skipped: usize = by_taint.values().map(Vec::len).sum();
    let sentence = format!(
        "the DaemonSet {name} leaves out {} of {}, whose taints it does not tolerate: {}",
        skipped,
        words::count(selected, "node"),
        causes.collect::<Vec<_>>().join("; ")
    );
    let nodes = by_taint.values().flatten().map(|node| format!("node/{node}"));
    Some(SKIPS.found(sentence, std::iter::once(object_ref(set)).chain(nodes).collect()))
}
