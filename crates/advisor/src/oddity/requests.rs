//! Pods that ask for nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use sim_cluster::Cluster;
use sim_cluster::pod::{self, Pod};

use super::{Oddity, OddityKind, Rule};

/// So few pods say nothing about a cluster.
const FEW: usize = 10;

const RULE: Rule = Rule {
    kind: OddityKind::NoRequests,
    matters: "the scheduler takes nodes for empty that are full: pods pile up on them until the kubelet evicts or the kernel kills some, those without requests first",
    source: "https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/#besteffort",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let mut known: BTreeMap<*const PodSpec, bool> = BTreeMap::new();
    let (mut all, mut none) = (0_usize, 0_usize);
    let pods = cluster.store().list::<Pod>().filter(|pod| pod::is_active(pod) && !pod::is_static(pod));
    for pod in pods.filter(|pod| pod.metadata.namespace.as_deref() != Some("kube-system")) {
        all += 1;
        none += usize::from(*known.entry(Arc::as_ptr(&pod.spec)).or_insert_with(|| asks_for_nothing(&pod.spec)));
    }
    if all < FEW || none * 2 < all {
        return Vec::new();
    }
    let sentence =
        format!("{none} of {all} pods outside kube-system ask for neither CPU nor memory ({} %)", none * 100 / all);
    vec![RULE.found(sentence, Vec::new())]
}

fn asks_for_nothing(spec: &PodSpec) -> bool {
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let resources = containers.filter_map(|container| container.resources.as_ref()).chain(spec.resources.as_ref());
    let mut requests = resources.flat_map(|resources| resources.requests.iter().chain(&resources.limits).flatten());
    let counts = |text: &str| text.parse::<sim_core::Quantity>().is_ok_and(|amount| !amount.is_zero());
    !requests.any(|(name, amount)| (name == "cpu" || name == "memory") && counts(&amount.0))
}
