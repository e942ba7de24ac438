//! Random small clusters.

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Kind, Object, Setup, Stop};

pub(crate) const HOUR: u64 = 60 * 60 * 1000;

pub(crate) fn object(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

pub(crate) fn settle(cluster: &mut Cluster) {
    assert_eq!(cluster.settle(cluster.now_ms() + HOUR), Stop::Quiet);
}

/// A node by its number: its CPU in thousandths, whether it is tainted, and its zone.
pub(crate) fn node(number: usize, cpu: u32, tainted: bool, zone: u32) -> Value {
    let name = format!("n{number}");
    let resources = json!({"cpu": format!("{cpu}m"), "memory": "8Gi", "pods": "6"});
    let mut node = json!({"apiVersion": "v1", "kind": "Node", "status": {"capacity": resources, "allocatable": resources},
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("z{zone}")}}});
    if tainted {
        node["spec"] = json!({"taints": [{"key": "dedicated", "effect": "NoSchedule"}]});
    }
    node
}

pub(crate) fn deployment(name: &str, replicas: u32, spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec}}})
}

pub(crate) fn containers(cpu: u32) -> Value {
    json!([{"name": "c", "image": "nginx:1", "resources": {"requests": {"cpu": format!("{cpu}m"), "memory": "256Mi"}}}])
}

/// Nodes with some pods of a Deployment on them, at rest.
pub(crate) fn clusters() -> impl Strategy<Value = Cluster> {
    let nodes = prop::collection::vec((1u32..8, prop::bool::weighted(0.2), 0u32..3), 1..6);
    (nodes, 0u32..8, 1u32..4).prop_map(|(nodes, replicas, cpu)| {
        let nodes = nodes.iter().enumerate();
        let mut objects: Vec<Value> =
            nodes.map(|(number, (cpu, tainted, zone))| node(number, cpu * 500, *tainted, *zone)).collect();
        objects.push(deployment("old", replicas, json!({"containers": containers(cpu * 250)})));
        let setup = Setup::of("v1.34.0".parse().unwrap());
        let mut cluster = Cluster::new(setup, objects.into_iter().map(object));
        settle(&mut cluster);
        cluster
    })
}

/// The spec of a pod to come: what it asks for, and what it wants of its like.
pub(crate) fn specs() -> impl Strategy<Value = Value> {
    let like = json!({"labelSelector": {"matchLabels": {"app": "new"}}});
    (1u32..6, 0u32..4, prop::bool::ANY).prop_map(move |(cpu, constraint, tolerates)| {
        let mut spec = json!({"containers": containers(cpu * 200)});
        let with = |key: &str, value: &str| {
            let mut term = like.clone();
            term[key] = json!(value);
            term
        };
        match constraint {
            0 => {
                let term = with("topologyKey", "kubernetes.io/hostname");
                spec["affinity"] =
                    json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
            }
            1 => {
                let mut term = with("topologyKey", "topology.kubernetes.io/zone");
                term["maxSkew"] = json!(1);
                term["whenUnsatisfiable"] = json!("DoNotSchedule");
                spec["topologySpreadConstraints"] = json!([term]);
            }
            _ => {}
        }
        if tolerates {
            spec["tolerations"] = json!([{"operator": "Exists"}]);
        }
        spec
    })
}

/// How many pods of `new` run and wait once so many replicas were asked for by a Deployment.
pub(crate) fn run_deployment(cluster: &Cluster, spec: &Value, replicas: usize) -> (usize, usize) {
    let mut fork = cluster.clone();
    let replicas = u32::try_from(replicas).unwrap();
    fork.make(&Change::Apply(vec![object(deployment("new", replicas, spec.clone()))])).unwrap();
    settle(&mut fork);
    let pods: Vec<_> = fork
        .store()
        .list::<Pod>()
        .filter(|pod| pod.metadata.name.as_deref().unwrap_or_default().starts_with("new-"))
        .collect();
    let placed = pods.iter().filter(|pod| pod::node_name(pod).is_some()).count();
    (placed, pods.len() - placed)
}
