//! Which nodes run a daemon pod, and how a pod is meant for one of them (`NodeShouldRunDaemonPod`, daemonset_util.go).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{
    Affinity, Node, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Toleration,
};
use sim_core::model::{self, Effect, first_untolerated};
use sim_core::scheduler::plugins::node_affinity;

use crate::cluster::Cluster;
use crate::convert;
use crate::object::Object;
use crate::pod::{self, Pod};

/// A node and the pods of a DaemonSet on it.
pub(super) struct DaemonNode {
    pub(super) name: String,
    pub(super) fitness: Fitness,
    /// The pods, the one to keep first.
    pub(super) pods: Vec<Arc<Pod>>,
}

/// What a node may do with a daemon pod. Room is left to the scheduler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fitness {
    /// One should be made.
    pub(super) should_run: bool,
    /// One that is there may stay.
    pub(super) should_continue: bool,
}

impl DaemonNode {
    /// The pods that are not on their way out.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().map(Arc::as_ref).filter(|pod| !pod::is_terminating(pod))
    }
}

/// All nodes, by name, without their pods.
pub(super) fn all(cluster: &Cluster, set: &DaemonSet) -> Vec<DaemonNode> {
    let (pinned, spec) = daemon_spec(set);
    let snapshot = cluster.scheduling.snapshot();
    let nodes = cluster.store.list::<Node>().filter_map(|node| node.metadata.name.as_ref());
    nodes
        .map(|name| {
            // The scheduler has the node in its own form already.
            let node = snapshot.node(name).map(|info| &info.node);
            let fitness = node.map_or(Fitness::default(), |node| fitness(cluster, &pinned, &spec, node));
            DaemonNode { name: name.clone(), fitness, pods: Vec::new() }
        })
        .collect()
}

/// What the node of a change may do, before or after it.
pub(super) fn of(cluster: &Cluster, set: &DaemonSet, node: &Option<Object>) -> Option<Fitness> {
    let Some(Object::Node(node)) = node else { return None };
    let (pinned, spec) = daemon_spec(set);
    Some(fitness(cluster, &pinned, &spec, &convert::node(node)))
}

/// Whether nothing changed that could decide where a daemon pod may be.
pub(super) fn is_same_place(before: &Option<Object>, after: &Option<Object>) -> bool {
    match (before, after) {
        (Some(Object::Node(before)), Some(Object::Node(after))) => {
            before.metadata.labels == after.metadata.labels && before.spec == after.spec
        }
        _ => false,
    }
}

/// The node that the template names, and its spec as the scheduler sees that of a pod.
fn daemon_spec(set: &DaemonSet) -> (Option<String>, model::PodSpec) {
    let mut spec = set.spec.template.spec.clone().unwrap_or_default();
    add_tolerations(&mut spec);
    (spec.node_name.take().filter(|name| !name.is_empty()), convert::pod_spec(&spec))
}

fn fitness(cluster: &Cluster, pinned: &Option<String>, spec: &model::PodSpec, node: &model::Node) -> Fitness {
    let behaviour = cluster.scheduling.scheduler().behaviour();
    let fits =
        pinned.as_ref().is_none_or(|name| *name == node.name) && node_affinity::matches_required(behaviour, spec, node);
    let tolerates = |effects: &[Effect]| first_untolerated(&node.taints, &spec.tolerations, effects).is_none();
    Fitness {
        should_run: fits && tolerates(&[Effect::NoSchedule, Effect::NoExecute]),
        should_continue: fits && tolerates(&[Effect::NoExecute]),
    }
}

/// The node a daemon pod is on, or is meant for by its node affinity (`GetTargetNodeName`).
pub(super) fn target_node(pod: &Pod) -> Option<String> {
    if let Some(node) = pod::node_name(pod) {
        return Some(node.to_owned());
    }
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let required = affinity.required_during_scheduling_ignored_during_execution.as_ref()?;
    let fields = required.node_selector_terms.iter().filter_map(|term| term.match_fields.as_ref()).flatten();
    fields
        .filter(|field| field.key == "metadata.name" && field.operator == "In")
        .find_map(|field| field.values.as_ref()?.first().cloned())
}

/// Replaces the required node affinity by the one node (`ReplaceDaemonSetPodNodeNameNodeAffinity`).
pub(super) fn pin_to_node(spec: &mut PodSpec, node: &str) {
    let term = NodeSelectorTerm {
        match_fields: Some(vec![NodeSelectorRequirement {
            key: "metadata.name".to_owned(),
            operator: "In".to_owned(),
            values: Some(vec![node.to_owned()]),
        }]),
        match_expressions: None,
    };
    let affinity: &mut Affinity = spec.affinity.get_or_insert_default();
    let node_affinity: &mut NodeAffinity = affinity.node_affinity.get_or_insert_default();
    node_affinity.required_during_scheduling_ignored_during_execution =
        Some(NodeSelector { node_selector_terms: vec![term] });
}

/// What every daemon pod tolerates (`AddOrUpdateDaemonPodTolerations`).
pub fn add_tolerations(spec: &mut PodSpec) {
    let mut wanted = vec![
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];
    if spec.host_network == Some(true) {
        wanted.push(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    }
    let tolerations = spec.tolerations.get_or_insert_default();
    for (key, effect) in wanted {
        let toleration = Toleration {
            key: Some(key.to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some(effect.to_owned()),
            toleration_seconds: None,
            value: None,
        };
        let same = |other: &Toleration| {
            let of = |toleration: &Toleration| {
                (toleration.key.clone(), toleration.operator.clone(), toleration.effect.clone())
            };
            of(other) == of(&toleration) && other.value.as_deref().unwrap_or_default().is_empty()
        };
        // One that is there with seconds loses them.
        match tolerations.iter_mut().find(|other| same(other)) {
            Some(place) => *place = toleration,
            None => tolerations.push(toleration),
        }
    }
}
