//! `sim drain` is `sim whatif --drain`, and more nodes go one after the other.

use crate::common::{clusters, containers, deployment, node, object, settle};
use proptest::prelude::*;
use serde_json::json;
use sim_advisor::{DrainOutcome, drain, what_if};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, DrainOptions, Setup};

fn options(node: &str) -> DrainOptions {
    DrainOptions { node: node.to_owned(), ..DrainOptions::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn one_node_goes_as_a_what_if_has_it(cluster in clusters(), budget in 0u32..3) {
        let mut cluster = cluster;
        let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "old", "namespace": "default"},
            "spec": {"maxUnavailable": budget, "selector": {"matchLabels": {"app": "old"}}}});
        cluster.make(&Change::Apply(vec![object(budget)])).expect("a budget");
        settle(&mut cluster);
        let drained = drain(&cluster, &["n0".to_owned()], &options("")).expect("n0 is there");
        let what_if = what_if(&cluster, &[Change::Drain(options("n0"))]).expect("n0 is there");
        prop_assert_eq!(&drained.what_if.after, &what_if.after);
        prop_assert_eq!(&drained.what_if.printed, &what_if.printed);
        prop_assert_eq!(&drained.what_if.made, &what_if.made);
        prop_assert_eq!(&drained.what_if.stuck, &what_if.stuck);
        // The node holds no pod that had to go, or one is stuck and said to be.
        let left = cluster.pods_on("n0").len();
        let evicted = drained.evictions.iter().filter(|eviction| eviction.evicted.is_some()).count();
        prop_assert_eq!(drained.evictions.len(), left);
        match drained.nodes[0].outcome {
            DrainOutcome::Drained => prop_assert_eq!(evicted, left),
            DrainOutcome::Stuck => prop_assert_eq!(left - evicted, drained.what_if.stuck.len()),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn all_nodes_are_empty_in_the_end_when_nothing_is_stuck(cluster in clusters()) {
        let names: Vec<String> = cluster.store().list::<k8s_openapi::api::core::v1::Node>()
            .filter_map(|node| node.metadata.name.clone()).collect();
        let drained = drain(&cluster, &names, &options("")).expect("the nodes are there");
        prop_assert!(drained.nodes.iter().all(|node| node.outcome == DrainOutcome::Drained));
        // Cordoned all at once, no node takes what another loses.
        let pods = cluster.store().list::<Pod>();
        let placed = pods.filter(|pod| pod::node_name(pod).is_some()).count();
        prop_assert_eq!(drained.evictions.len(), placed);
        prop_assert!(drained.what_if.after.pods.iter().all(|pod| pod.node.is_none()));
        prop_assert_eq!(drained.pending().len(), placed);
        prop_assert_eq!(drained.is_clean(), placed == 0);
    }
}

/// Two nodes with a pod each that may never go.
fn guarded(version: &str) -> Cluster {
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}}});
    let web = deployment("web", 2, json!({"containers": containers(1000)}));
    let objects = vec![node(0, 1000, false, 0), node(1, 1000, false, 0), budget, web];
    let mut cluster = Cluster::new(Setup::of(version.parse().expect("a version")), objects.into_iter().map(object));
    settle(&mut cluster);
    cluster
}

#[test]
fn kubectl_of_each_version_goes_on_or_does_not() {
    let nodes = ["n0".to_owned(), "n1".to_owned()];
    for (version, timeout_ms, expected) in [
        ("v1.34.0", None, [DrainOutcome::Stuck, DrainOutcome::NotBegun]),
        ("v1.34.0", Some(60_000), [DrainOutcome::GaveUp, DrainOutcome::GaveUp]),
        ("v1.16.0", Some(60_000), [DrainOutcome::GaveUp, DrainOutcome::NotBegun]),
    ] {
        let options = DrainOptions { timeout_ms, ..options("") };
        let drained = drain(&guarded(version), &nodes, &options).expect("the nodes are there");
        assert_eq!(drained.nodes.iter().map(|node| node.outcome).collect::<Vec<_>>(), expected, "{version}");
        assert!(!drained.is_clean());
        let refused = drained.evictions[0].refused.as_deref().unwrap_or_default();
        assert_eq!(refused, "The disruption budget web needs 2 healthy pods and has 2 currently");
    }
}
