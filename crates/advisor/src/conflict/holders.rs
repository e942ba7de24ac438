//! Who has pods on nodes, and what of a waiting pod's constraints is about them.

use std::collections::{BTreeMap, BTreeSet};

use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, Ownership};
use sim_core::model;

use crate::beside::{is_about, workload};

/// The pods of one workload that have their node; of many workloads those of all.
pub(super) struct Holder {
    /// What of them is part of a conflict, e.g. `the 2 pods of deployment/a in default where they are`.
    pub(super) says: String,
    /// Namespace and name of each.
    pub(super) pods: Vec<(String, String)>,
    /// The affinity terms of the waiting pod that are about them, by their places. They are met when the pods may be
    /// anywhere.
    pub(super) near: BTreeSet<usize>,
    /// The spread constraints of the waiting pod that count them, by their places.
    pub(super) spread: BTreeSet<usize>,
}

/// Of so many workloads each is looked at by itself.
const FEW: usize = 8;

/// Everybody who has pods on nodes, the fewest pods first.
pub(super) fn holders(cluster: &Cluster, waiting: &Pod, model: &model::Pod) -> Vec<Holder> {
    let ownership = Ownership::of(cluster.store());
    let mut of: BTreeMap<(String, String), Vec<&Pod>> = BTreeMap::new();
    for pod in cluster.store().list::<Pod>().filter(|pod| pod::node_name(pod).is_some() && pod::is_active(pod)) {
        of.entry(workload(&ownership, pod)).or_default().push(pod);
    }
    let own = workload(&ownership, waiting);
    let mut workloads: Vec<(String, Vec<&Pod>)> = of
        .into_iter()
        .map(|(of, pods)| {
            let (namespace, owner) = &of;
            let says = match (of == own, pods.len()) {
                (true, 1) => "its other pod where it is".to_owned(),
                (true, count) => format!("its {count} other pods where they are"),
                (false, 1) if owner.starts_with("pod/") => format!("{owner} in {namespace} where it is"),
                (false, 1) => format!("the pod of {owner} in {namespace} where it is"),
                (false, count) => format!("the {count} pods of {owner} in {namespace} where they are"),
            };
            (says, pods)
        })
        .collect();
    workloads.sort_by_key(|(_, pods)| pods.len());
    if workloads.len() > FEW {
        let says = format!("the pods of {} workloads where they are", workloads.len());
        workloads = vec![(says, workloads.into_iter().flat_map(|(_, pods)| pods).collect())];
    }
    workloads.into_iter().map(|(says, pods)| holder(cluster, model, says, &pods)).collect()
}

fn holder(cluster: &Cluster, waiting: &model::Pod, says: String, pods: &[&Pod]) -> Holder {
    let spec = &waiting.spec;
    let is_counted = |constraint: &model::TopologySpreadConstraint, pod: &Pod| {
        let selector = constraint.label_selector.as_ref();
        let labels = pod.metadata.labels.clone().unwrap_or_default();
        pod.metadata.namespace.as_ref() == Some(&waiting.namespace)
            && selector.is_some_and(|selector| selector.matches(&labels))
    };
    // Pods that an affinity cannot tell apart are asked about once.
    let seen: BTreeMap<_, &Pod> =
        pods.iter().map(|pod| ((&pod.metadata.namespace, &pod.metadata.labels), *pod)).collect();
    let near = spec.required_pod_affinity.iter().enumerate();
    let near = near.filter(|(_, term)| seen.values().any(|pod| is_about(cluster, waiting, term, pod)));
    let near = near.map(|(at, _)| at).collect();
    let spread = spec.topology_spread_constraints.iter().enumerate();
    let spread = spread.filter(|(_, constraint)| seen.values().any(|pod| is_counted(constraint, pod)));
    let spread = spread.map(|(at, _)| at).collect();
    let name = |pod: &&Pod| Some((pod.metadata.namespace.clone()?, pod.metadata.name.clone()?));
    Holder { says, pods: pods.iter().filter_map(name).collect(), near, spread }
}
