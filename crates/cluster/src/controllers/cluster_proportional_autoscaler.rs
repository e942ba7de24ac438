//! cluster-proportional-autoscaler (kubernetes-sigs): while its pod runs, scales a target with the size of the cluster.

use k8s_openapi::api::core::v1::{ConfigMap, Container, Node};
use serde::Deserialize;
use sim_core::quantity::Quantity;

use crate::change::{Change, ObjectRef};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::object::Object;
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// `--poll-period-seconds`, default 10.
const POLL_MS: u64 = 10_000;

/// An autoscaler's pod became ready: it polls from now on.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    let ready = |object: &Option<Object>| matches!(object, Some(Object::Pod(pod)) if pod::is_ready(pod));
    if let Some(Object::Pod(pod)) = &changed.after
        && is_autoscaler(pod)
        && ready(&changed.after)
        && !ready(&changed.before)
    {
        cluster.agenda.add(cluster.clock.now_ms(), Event::Autoscale(changed.key.clone()));
    }
}

/// Whether this pod is an autoscaler: its image says so.
pub(crate) fn is_autoscaler(pod: &Pod) -> bool {
    container(pod).is_some()
}

/// One poll: counts nodes and cores and scales the target.
pub(crate) fn poll(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(pod) = cluster.store.get::<Pod>(key).filter(|pod| pod::is_ready(pod) && pod::is_active(pod)).cloned()
    else {
        return;
    };
    cluster.agenda.add(cluster.clock.now_ms() + POLL_MS, Event::Autoscale(key.clone()));
    let Some(container) = container(&pod) else { return };
    let flag = |name: &str| flag(container, name);
    let namespace = flag("namespace").unwrap_or_else(|| key.namespace.to_string());
    let Some(params) = params(cluster, &namespace, flag("configmap").as_deref(), flag("default-params").as_deref())
    else {
        return;
    };
    let wanted = params.replicas(cluster);
    let target = flag("target").unwrap_or_default();
    let Some((kind, name)) = target.split_once('/') else { return };
    let workload = ObjectRef { namespace: Some(namespace), kind: kind.to_owned(), name: name.to_owned() };
    // A target that is not there is an error in the autoscaler's log, no more.
    let _ = cluster.make(&Change::Scale { workload, replicas: wanted });
}

fn container(pod: &Pod) -> Option<&Container> {
    pod.spec.containers.iter().find(|container| {
        container.image.as_deref().is_some_and(|image| image.contains("cluster-proportional-autoscaler"))
    })
}

/// The value of `--name=value` among command and arguments.
fn flag(container: &Container, name: &str) -> Option<String> {
    let words = container.command.iter().flatten().chain(container.args.iter().flatten());
    words
        .filter_map(|word| word.trim_start_matches('-').split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

#[derive(Debug, Deserialize)]
enum Params {
    #[serde(rename = "linear")]
    Linear(Linear),
    #[serde(rename = "ladder")]
    Ladder(Ladder),
}

/// `max(ceil(cores / coresPerReplica), ceil(nodes / nodesPerReplica))` within min and max.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linear {
    #[serde(default)]
    cores_per_replica: f64,
    #[serde(default)]
    nodes_per_replica: f64,
    #[serde(default)]
    min: i32,
    #[serde(default)]
    max: i32,
    #[serde(default)]
    prevent_single_point_failure: bool,
}

/// Steps: from so many cores or nodes on, so many replicas.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ladder {
    #[serde(default)]
    cores_to_replicas: Vec<(f64, i32)>,
    #[serde(default)]
    nodes_to_replicas: Vec<(f64, i32)>,
}

/// The ConfigMap's parameters, else the default ones.
fn params(cluster: &Cluster, namespace: &str, config_map: Option<&str>, default: Option<&str>) -> Option<Params> {
    let stored = config_map.and_then(|name| cluster.store.find::<ConfigMap>(namespace, name));
    if let Some(data) = stored.and_then(|map| map.data.as_ref()) {
        for mode in ["linear", "ladder"] {
            if let Some(text) = data.get(mode) {
                return serde_json::from_str(&format!("{{\"{mode}\":{text}}}")).ok();
            }
        }
    }
    serde_json::from_str(default?).ok()
}

impl Params {
    fn replicas(&self, cluster: &Cluster) -> i32 {
        let schedulable = cluster
            .store
            .list::<Node>()
            .filter(|node| node.spec.as_ref().is_none_or(|spec| spec.unschedulable != Some(true)));
        let nodes = schedulable.clone().count() as f64;
        let cores: f64 = schedulable.map(|node| cores(node)).sum();
        match self {
            Params::Linear(linear) => {
                let per = |amount: f64, divisor: f64| if divisor > 0.0 { (amount / divisor).ceil() as i32 } else { 0 };
                let mut replicas = per(cores, linear.cores_per_replica).max(per(nodes, linear.nodes_per_replica));
                if linear.prevent_single_point_failure && nodes > 1.0 {
                    replicas = replicas.max(2);
                }
                if linear.max > 0 {
                    replicas = replicas.min(linear.max);
                }
                replicas.max(linear.min.max(1))
            }
            Params::Ladder(ladder) => {
                let step = |steps: &[(f64, i32)], amount: f64| {
                    steps
                        .iter()
                        .filter(|(from, _)| *from <= amount)
                        .map(|(_, replicas)| *replicas)
                        .next_back()
                        .unwrap_or(0)
                };
                step(&ladder.cores_to_replicas, cores).max(step(&ladder.nodes_to_replicas, nodes))
            }
        }
    }
}

fn cores(node: &Node) -> f64 {
    let capacity = node.status.as_ref().and_then(|status| status.capacity.as_ref());
    let cpu = capacity.and_then(|capacity| capacity.get("cpu"));
    cpu.and_then(|cpu| cpu.0.parse::<Quantity>().ok()).map_or(0.0, |cpu| cpu.milli_value() as f64 / 1000.0)
}
