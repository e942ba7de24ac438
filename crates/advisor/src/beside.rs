//! Whom a waiting pod is to be beside or apart from, by its own rules or by theirs: the workloads whose pods have their
//! nodes. The plugin itself is asked, about a place where nobody but the two is.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, Ownership, convert};
use sim_core::model::{self, PodAffinityTerm, PodSpec};
use sim_core::scheduler::{PluginName, Snapshot};

use crate::ask::{self, Filters};

/// What ties a waiting pod to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tie {
    /// One of its affinity terms is about them.
    Wanted,
    /// One of its anti-affinity terms is about them.
    Avoided,
    /// One of their anti-affinity terms is about it.
    Repelled,
}

/// A workload with pods on nodes.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) namespace: String,
    /// `kind/name`, or `pod/name`.
    pub(crate) owner: String,
    /// One of its pods.
    pub(crate) sample: Arc<Pod>,
}

/// The others, by namespace and name.
pub(crate) fn parties(cluster: &Cluster, waiting: &Pod, tie: Tie) -> Vec<Party> {
    let model = ask::waiting(waiting);
    let terms = match tie {
        Tie::Wanted => &model.spec.required_pod_affinity,
        Tie::Avoided => &model.spec.required_pod_anti_affinity,
        Tie::Repelled => &Vec::new(),
    };
    let has_terms = |pod: &Pod| {
        let anti = pod.spec.affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
        anti.is_some_and(|anti| anti.required_during_scheduling_ignored_during_execution.is_some())
    };
    let may_be_tied = |pod: &Pod| match tie {
        Tie::Repelled => has_terms(pod),
        Tie::Wanted | Tie::Avoided => terms.iter().any(|term| may_be_about(term, pod)),
    };
    let placed = cluster.store().list::<Pod>().filter(|pod| pod::node_name(pod).is_some() && pod::is_active(pod));
    let ownership = Ownership::of(cluster.store());
    let mut found: BTreeMap<(String, String), Arc<Pod>> = BTreeMap::new();
    for pod in placed.filter(|pod| may_be_tied(pod)) {
        found.entry(workload(&ownership, pod)).or_insert_with(|| Arc::clone(pod));
    }
    let tied = found.into_iter().filter(|(_, pod)| match tie {
        Tie::Repelled => !is_let_in(cluster, &asking(&model, &[], &[]), convert::pod(pod)),
        Tie::Avoided => terms.iter().any(|term| {
            let asks = asking(&model, &[], std::slice::from_ref(term));
            !is_let_in(cluster, &asks, without_rules(pod))
        }),
        Tie::Wanted => terms.iter().any(|term| is_about(cluster, &model, term, pod)),
    });
    tied.map(|((namespace, owner), sample)| Party { namespace, owner, sample }).collect()
}

/// Namespace and `kind/name` of whoever has a pod; `pod/name` where nobody does.
pub(crate) fn workload(ownership: &Ownership, pod: &Pod) -> (String, String) {
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    let owner = ownership.top(&pod.metadata).filter(|owner| owner.kind != "Node");
    let itself = || format!("pod/{}", pod.metadata.name.as_deref().unwrap_or_default());
    (namespace, owner.map_or_else(itself, |owner| owner.to_string()))
}

/// Whether an affinity term of a waiting pod is about another.
pub(crate) fn is_about(cluster: &Cluster, waiting: &model::Pod, term: &PodAffinityTerm, other: &Pod) -> bool {
    // Without labels of its own it is not what it looks for itself.
    let asks = model::Pod { labels: model::Labels::new(), ..asking(waiting, std::slice::from_ref(term), &[]) };
    may_be_about(term, other) && is_let_in(cluster, &asks, without_rules(other))
}

/// Whether the labels are those that a term selects. Which namespaces it is about the plugin says.
fn may_be_about(term: &PodAffinityTerm, pod: &Pod) -> bool {
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    term.label_selector.as_ref().is_some_and(|selector| selector.matches(&labels))
}

/// The pod with no rules about others but these.
fn asking(pod: &model::Pod, near: &[PodAffinityTerm], apart: &[PodAffinityTerm]) -> model::Pod {
    let spec = PodSpec {
        required_pod_affinity: near.to_vec(),
        required_pod_anti_affinity: apart.to_vec(),
        ..PodSpec::clone(&pod.spec)
    };
    model::Pod { spec: Arc::new(spec), ..pod.clone() }
}

fn without_rules(pod: &Pod) -> model::Pod {
    asking(&convert::pod(pod), &[], &[])
}

/// Whether the plugin lets a pod in where nobody but another is.
fn is_let_in(cluster: &Cluster, pod: &model::Pod, other: model::Pod) -> bool {
    let rules = |pod: &model::Pod| {
        let PodSpec { required_pod_affinity: near, required_pod_anti_affinity: apart, .. } = &*pod.spec;
        near.iter().chain(apart).map(|term| (term.topology_key.clone(), String::new())).collect::<Vec<_>>()
    };
    let labels = rules(pod).into_iter().chain(rules(&other)).collect();
    let mut place = Snapshot::new(cluster.scheduling().snapshot().behaviour().version);
    place.upsert_node(Arc::new(model::Node { name: PLACE.to_owned(), labels, ..model::Node::default() }));
    ask::set_surroundings(cluster, &mut place);
    place.add_pod(Arc::new(model::Pod { node_name: Some(PLACE.to_owned()), ..other }));
    Filters::new(cluster, &place).passing(pod, &[PluginName::InterPodAffinity]) > 0
}

/// The node where they meet.
const PLACE: &str = "place";
