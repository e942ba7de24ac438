//! Replicas that may not share a place, and more of them than places.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ReplicationController;
use sim_cluster::Cluster;
use sim_cluster::pod::{self, Pod};
use sim_core::model::{self, WhenUnsatisfiable};
use sim_core::scheduler::PluginName;

use super::{Impossible, ImpossibleKind};
use crate::ask::{self, Filters};
use crate::words;

/// A constraint that keeps replicas apart, by itself.
pub(crate) struct Apart {
    /// The pod with nothing but this constraint.
    alone: model::Pod,
    plugin: PluginName,
    /// The label whose values are the places; `None` is the node itself.
    topology_key: Option<String>,
    /// How many replicas a place may have.
    each: usize,
    path: String,
}

impl Apart {
    /// The field that says so.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// The replicas of the pod's owner against the places for them on the usable nodes.
pub(super) fn too_many(cluster: &Cluster, pod: &Pod, model: &model::Pod, usable: &BTreeSet<&str>) -> Vec<Impossible> {
    let Some(replicas) = replicas(cluster, pod).filter(|replicas| *replicas > 1) else { return Vec::new() };
    let found = apart(cluster, model).into_iter().filter_map(|apart| {
        let places = places(cluster, &apart, usable, replicas)?;
        Some(Impossible {
            kind: ImpossibleKind::TooManyReplicas,
            sentence: sentence(&apart, replicas, places),
            paths: vec![apart.path, "spec.replicas".to_owned()],
            plugins: vec![apart.plugin.name_in(cluster.scheduling().scheduler().behaviour()).to_owned()],
        })
    });
    found.collect()
}

fn sentence(apart: &Apart, replicas: usize, places: usize) -> String {
    let place = apart.topology_key.as_deref().unwrap_or("node");
    let rule = match (apart.plugin, apart.each) {
        (PluginName::NodePorts, _) => "each wants its host port, which a node has once".to_owned(),
        (_, 1) => format!("no two may share a {place}"),
        (_, each) => format!("a {place} may have {each}"),
    };
    let there = match &apart.topology_key {
        None => words::count(places, "node"),
        Some(key) => format!("{} of {key}", words::count(places, "value")),
    };
    format!("{replicas} replicas are wanted and {rule}: the nodes that the pod can use are {there}")
}

/// How many pods the owner wants at a time.
fn replicas(cluster: &Cluster, pod: &Pod) -> Option<usize> {
    let owner = pod::controller_of(&pod.metadata)?;
    let (store, namespace) = (cluster.store(), pod.metadata.namespace.as_deref().unwrap_or_default());
    let wanted = match owner.kind.as_str() {
        "ReplicaSet" => store.find::<ReplicaSet>(namespace, &owner.name)?.spec.replicas,
        "StatefulSet" => store.find::<StatefulSet>(namespace, &owner.name)?.spec.replicas,
        "ReplicationController" => store.find::<ReplicationController>(namespace, &owner.name)?.spec.as_ref()?.replicas,
        "Job" => store.find::<Job>(namespace, &owner.name)?.spec.as_ref()?.parallelism,
        _ => None,
    };
    usize::try_from(wanted?).ok()
}

/// The constraints by which a pod keeps its like away.
pub(crate) fn apart(cluster: &Cluster, model: &model::Pod) -> Vec<Apart> {
    let spec = &model.spec;
    let bare = model::PodSpec { scheduler_name: spec.scheduler_name.clone(), ..model::PodSpec::default() };
    let alone = |spec: model::PodSpec| model::Pod { spec: Arc::new(spec), ..model.clone() };
    let mut found = Vec::new();
    for (index, term) in spec.required_pod_anti_affinity.iter().enumerate() {
        let terms = vec![term.clone()];
        found.push(Apart {
            alone: alone(model::PodSpec { required_pod_anti_affinity: terms, ..bare.clone() }),
            plugin: PluginName::InterPodAffinity,
            topology_key: Some(term.topology_key.clone()),
            each: 1,
            path: format!("spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[{index}]"),
        });
    }
    let containers: Vec<model::Container> = spec
        .containers
        .iter()
        .map(|container| model::Container { requests: model::ResourceList::new(), ..container.clone() })
        .collect();
    if containers.iter().any(|container| !container.ports.is_empty()) {
        found.push(Apart {
            alone: alone(model::PodSpec { containers, ..bare.clone() }),
            plugin: PluginName::NodePorts,
            topology_key: None,
            each: 1,
            path: "spec.containers[*].ports[*].hostPort".to_owned(),
        });
    }
    let min_domains = cluster.scheduling().scheduler().behaviour().spread.min_domains;
    let constraints = spec.topology_spread_constraints.iter().enumerate();
    for (index, constraint) in constraints.filter(|(_, constraint)| {
        constraint.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule
            && constraint.min_domains.is_some()
            && min_domains
    }) {
        // Which nodes are counted goes by the pod's own selector.
        let spec = model::PodSpec {
            topology_spread_constraints: vec![constraint.clone()],
            node_selector: spec.node_selector.clone(),
            required_node_affinity: spec.required_node_affinity.clone(),
            tolerations: spec.tolerations.clone(),
            ..bare.clone()
        };
        found.push(Apart {
            alone: alone(spec),
            plugin: PluginName::PodTopologySpread,
            topology_key: Some(constraint.topology_key.clone()),
            each: usize::try_from(constraint.max_skew).unwrap_or(1).max(1),
            path: format!("spec.topologySpreadConstraints[{index}]"),
        });
    }
    found
}

/// How many places there are, if they do not do for so many replicas. The filter says so itself: with every place full no
/// node takes another.
pub(crate) fn places(cluster: &Cluster, apart: &Apart, usable: &BTreeSet<&str>, replicas: usize) -> Option<usize> {
    let mut nodes = ask::emptied(cluster, |node| usable.contains(node.name.as_str()));
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for node in nodes.nodes() {
        let place = match &apart.topology_key {
            Some(key) => node.node.labels.get(key),
            None => Some(&node.node.name),
        };
        // A node that is part of no topology is no place of its own.
        places.entry(place?.clone()).or_insert_with(|| node.name().to_owned());
    }
    if places.len().saturating_mul(apart.each) >= replicas {
        return None;
    }
    for (index, node) in places.values().enumerate() {
        for copy in 0..apart.each {
            nodes.add_pod(Arc::new(model::Pod {
                name: format!("replica-{index}-{copy}"),
                uid: String::new(),
                node_name: Some(node.clone()),
                ..apart.alone.clone()
            }));
        }
    }
    let full = Filters::new(cluster, &nodes).passing(&apart.alone, &[apart.plugin]) == 0;
    full.then_some(places.len())
}
