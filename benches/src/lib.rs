//! Clusters for the benchmarks, in the shapes of upstream's scheduler_perf.

#![forbid(unsafe_code)]

pub mod workloads;

use std::path::Path;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Node;
use serde_json::json;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Object, Setup};

/// A node of 4 CPU, 32Gi and 110 pods in one of three zones.
pub fn api_node(number: usize) -> Node {
    let name = node_name(number);
    let zone = format!("zone{}", number % 3);
    let resources = json!({"cpu": "4", "memory": "32Gi", "pods": "110"});
    let node = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone}},
        "status": {"capacity": resources, "allocatable": resources},
    });
    serde_json::from_value(node).unwrap_or_default()
}

/// A pod that asks for 100m and 500Mi.
pub fn api_pod() -> Pod {
    let pod =
        json!({"metadata": {"name": "pod", "namespace": "default", "labels": {"app": "web"}}, "spec": pod_spec()});
    serde_json::from_value(pod).unwrap_or_default()
}

/// The name of a node by its number.
pub fn node_name(number: usize) -> String {
    format!("node-{number}")
}

/// A cluster of so many nodes, and one Deployment with so many replicas that no controller has looked at yet.
pub fn cluster(nodes: usize, replicas: usize) -> Cluster {
    deployments(nodes, 1, replicas)
}

/// A cluster of so many nodes in three zones, and Deployments that no controller has looked at yet.
pub fn deployments(nodes: usize, deployments: usize, replicas: usize) -> Cluster {
    let deployment = |number: usize| {
        let labels = json!({"app": format!("web-{number}")});
        let deployment: Deployment = serde_json::from_value(json!({
            "metadata": {"name": format!("web-{number}"), "namespace": "default"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod_spec()},
            },
        }))
        .unwrap_or_default();
        Object::Deployment(Arc::new(deployment))
    };
    let nodes = (0..nodes).map(|number| Object::Node(Arc::new(api_node(number))));
    Cluster::new(setup("v1.34.0"), nodes.chain((0..deployments).map(deployment)))
}

/// The incident's cluster at virtual time zero.
pub fn incident(scenario: &Path) -> Cluster {
    let input = sim_scenario::load(&[scenario], &mut std::io::empty());
    Cluster::new(setup("v1.16.0"), input.objects.into_iter().map(|loaded| loaded.object))
}

fn pod_spec() -> serde_json::Value {
    json!({"containers": [{"name": "pause", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": {"cpu": "100m", "memory": "500Mi"}}}]})
}

fn setup(version: &str) -> Setup {
    Setup::of(version.parse().unwrap_or(sim_core::version::Version::NEWEST))
}
