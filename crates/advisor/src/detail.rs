//! What a reason means in this cluster: the numbers and names that kube-scheduler leaves out.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::Node;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, NodeGroup, taint_text};
use sim_core::model::resources::PodRequests;
use sim_core::model::{Effect, Taint};
use sim_core::scheduler::Snapshot;

use crate::node;

/// The taints of a node that keep the pod off, with the text kubectl prints of them. kube-scheduler tells one at most.
pub(crate) fn untolerated_taints(cluster: &Cluster, pod: &Pod, node: &str) -> Vec<(Taint, String)> {
    let Some(node) = node_or_machine(cluster, node) else { return Vec::new() };
    let node = node.as_ref();
    let tolerations = sim_cluster::convert::tolerations(pod);
    let texts = node::taints(node).map(taint_text);
    let taints = sim_cluster::convert::taints(node).into_iter().zip(texts);
    taints
        .filter(|(taint, _)| {
            matches!(taint.effect, Effect::NoSchedule | Effect::NoExecute)
                && !tolerations.iter().any(|toleration| toleration.tolerates(taint))
        })
        .collect()
}

/// What a machine that a node group may yet have is called.
pub(crate) fn machine_of(group: &NodeGroup) -> String {
    format!("a new node of group {}", group.name)
}

/// A node by its name, or a machine that a node group may yet have.
pub(crate) fn node_or_machine<'a>(cluster: &'a Cluster, name: &str) -> Option<Cow<'a, Node>> {
    let node = cluster.store().find::<Node>("", name).map(|node| Cow::Borrowed(node.as_ref()));
    let group = || cluster.node_groups().iter().find(|group| machine_of(group) == name);
    node.or_else(|| Some(Cow::Owned(group()?.machine(name))))
}

/// How much a pod asks of a resource, and how much a node has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Room {
    resource: String,
    asked: i64,
    free: i64,
}

/// What a pod asks for, to be held against nodes.
pub(crate) struct Asked<'a> {
    snapshot: &'a Snapshot,
    requests: PodRequests,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(cluster: &'a Cluster, pod: &Pod) -> Self {
        let snapshot = cluster.scheduling().snapshot();
        let requests = PodRequests::of(&sim_cluster::convert::pod(pod), snapshot.behaviour().requests);
        Self { snapshot, requests }
    }

    /// The room on a node for what a reason of NodeResourcesFit says is short.
    pub(crate) fn room(&self, node: &str, reason: &str) -> Option<Room> {
        let resource = reason.strip_prefix("Insufficient ").filter(|resource| *resource != "pods")?;
        let info = self.snapshot.node(node)?;
        let free = info.node.allocatable.get(resource).saturating_sub(info.requested.get(resource)).max(0);
        Some(Room { resource: resource.to_owned(), asked: self.requests.incoming.get(resource), free })
    }
}

/// An amount of a resource in millicores, mebibytes or pieces.
pub(crate) fn amount_text(resource: &str, amount: i64) -> String {
    match resource {
        "cpu" => format!("{amount}m"),
        bytes if bytes == "memory" || bytes == "ephemeral-storage" || bytes.starts_with("hugepages-") => {
            format!("{}Mi", amount / (1024 * 1024))
        }
        _ => amount.to_string(),
    }
}

impl Room {
    /// What is free, in millicores, bytes or pieces.
    pub(crate) fn free(&self) -> i64 {
        self.free
    }

    fn show(&self, amount: i64) -> String {
        amount_text(&self.resource, amount)
    }

    /// `asks 2000m cpu, 1000m is free`.
    pub(crate) fn here(&self) -> String {
        format!("asks {} {}, {} is free", self.show(self.asked), self.resource, self.show(self.free))
    }

    /// `asks 2000m cpu, the most that is free is 1000m on n1`.
    pub(crate) fn at_best(&self, node: &str) -> String {
        let (asked, free) = (self.show(self.asked), self.show(self.free));
        format!("asks {asked} {}, the most that is free is {free} on {node}", self.resource)
    }
}
