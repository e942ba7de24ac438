//! A node with what is bound to it, summed up (`framework.NodeInfo`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::alike::Alike;
use crate::behaviour::Behaviour;
use crate::model::resources::{NonZero, PodRequests};
use crate::model::{Node, Pod, Resources};
use crate::scheduler::plugins::node_ports::{HostPort, host_ports};

/// A pod with its requests computed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodInfo {
    /// The pod.
    pub pod: Arc<Pod>,
    /// What it asks for.
    pub requests: Arc<PodRequests>,
    /// Its number among the pods of the snapshot that it is in, if it is in one.
    pub(crate) alike: Option<Alike>,
}

/// A node, its pods, and what they take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// The node.
    pub node: Arc<Node>,
    /// The pods bound to it, in the order they came.
    pub pods: Vec<Arc<PodInfo>>,
    /// The numbers of their like, beside them; those at the end that have none are left out.
    pub(crate) alike: Vec<Option<Alike>>,
    /// What the pods take, `pods` included.
    pub requested: Resources,
    /// What scoring takes the pods for.
    pub non_zero_requested: NonZero,
    /// The host ports in use: a set, as upstream keeps it, so that the first of two users to go frees the port.
    pub used_ports: BTreeSet<HostPort>,
    /// How many nodes held each of its images when it was last updated, where the version goes by that.
    pub image_node_counts: Arc<BTreeMap<String, usize>>,
    /// How many of the pods have any pod (anti-)affinity term.
    pub pods_with_affinity: usize,
    /// How many of the pods have a required anti-affinity term.
    pub pods_with_required_anti_affinity: usize,
}

impl PodInfo {
    /// The pod with its requests under a version's rules.
    pub fn new(pod: Arc<Pod>, behaviour: &Behaviour) -> Self {
        let requests = Arc::new(PodRequests::of(&pod, behaviour.requests));
        PodInfo { pod, requests, alike: None }
    }
}

impl NodeInfo {
    /// An empty node.
    pub fn new(node: Arc<Node>) -> Self {
        NodeInfo {
            node,
            pods: Vec::new(),
            alike: Vec::new(),
            requested: Resources::default(),
            non_zero_requested: NonZero::default(),
            used_ports: BTreeSet::new(),
            image_node_counts: Arc::default(),
            pods_with_affinity: 0,
            pods_with_required_anti_affinity: 0,
        }
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.node.name
    }

    /// Adds a pod and what it takes.
    pub fn add_pod(&mut self, info: Arc<PodInfo>, behaviour: &Behaviour) {
        self.requested.add(&info.requests.assigned);
        self.requested.pods += 1;
        self.non_zero_requested.milli_cpu += info.requests.assigned_non_zero.milli_cpu;
        self.non_zero_requested.memory += info.requests.assigned_non_zero.memory;
        self.used_ports.extend(host_ports(&info.pod.spec, behaviour).map(HostPort::of));
        self.pods_with_affinity += usize::from(has_affinity(&info.pod));
        self.pods_with_required_anti_affinity += usize::from(has_required_anti_affinity(&info.pod));
        if info.alike.is_some() {
            self.alike.resize(self.pods.len(), None);
            self.alike.push(info.alike);
        }
        self.pods.push(info);
    }

    /// Takes a pod off the node, if it is there.
    pub fn remove_pod(&mut self, info: &Arc<PodInfo>, behaviour: &Behaviour) {
        let Some(index) = self.pods.iter().position(|pod| Arc::ptr_eq(pod, info)) else { return };
        self.pods.remove(index);
        if index < self.alike.len() {
            self.alike.remove(index);
        }
        self.requested.sub(&info.requests.assigned);
        self.requested.pods -= 1;
        self.non_zero_requested.milli_cpu -= info.requests.assigned_non_zero.milli_cpu;
        self.non_zero_requested.memory -= info.requests.assigned_non_zero.memory;
        for port in host_ports(&info.pod.spec, behaviour) {
            self.used_ports.remove(&HostPort::of(port));
        }
        self.pods_with_affinity -= usize::from(has_affinity(&info.pod));
        self.pods_with_required_anti_affinity -= usize::from(has_required_anti_affinity(&info.pod));
    }
}

/// Whether a pod has any pod (anti-)affinity term.
pub(crate) fn has_affinity(pod: &Pod) -> bool {
    let spec = &pod.spec;
    !spec.required_pod_affinity.is_empty()
        || !spec.preferred_pod_affinity.is_empty()
        || !spec.required_pod_anti_affinity.is_empty()
        || !spec.preferred_pod_anti_affinity.is_empty()
}

/// Whether a pod has a required anti-affinity term.
pub(crate) fn has_required_anti_affinity(pod: &Pod) -> bool {
    !pod.spec.required_pod_anti_affinity.is_empty()
}
