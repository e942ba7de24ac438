//! What a reason means in this cluster: the numbers and names that kube-scheduler leaves out.

use k8s_openapi::api::core::v1::{Node, Pod};
use sim_cluster::{Cluster, ObjectKey, taint_text};
use sim_core::model::{Effect, Taint};

/// The taints of a node that keep the pod off, with the text kubectl prints of them. kube-scheduler tells one at most.
pub(crate) fn untolerated_taints(cluster: &Cluster, pod: &Pod, node: &str) -> Vec<(Taint, String)> {
    let Some(node) = cluster.store().get::<Node>(&ObjectKey::new("", node)) else { return Vec::new() };
    let tolerations = sim_cluster::convert::tolerations(pod);
    let texts = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).map(taint_text);
    let taints = sim_cluster::convert::taints(node).into_iter().zip(texts);
    taints
        .filter(|(taint, _)| {
            matches!(taint.effect, Effect::NoSchedule | Effect::NoExecute)
                && !tolerations.iter().any(|toleration| toleration.tolerates(taint))
        })
        .collect()
}

/// How much the pod asks for and how much the node has left of what is short.
pub(crate) fn room(cluster: &Cluster, pod: &Pod, node: &str, reason: &str) -> Option<String> {
    let resource = reason.strip_prefix("Insufficient ").filter(|resource| *resource != "pods")?;
    let snapshot = cluster.scheduling().snapshot();
    let info = snapshot.node(node)?;
    let model = sim_cluster::convert::pod(pod);
    let requests = sim_core::model::resources::PodRequests::of(&model, snapshot.behaviour().requests);
    let free = info.node.allocatable.get(resource).saturating_sub(info.requested.get(resource));
    let show = |amount: i64| match resource {
        "cpu" => format!("{amount}m"),
        "memory" | "ephemeral-storage" => format!("{}Mi", amount / (1024 * 1024)),
        _ => amount.to_string(),
    };
    Some(format!("asks {} {resource}, {} is free", show(requests.incoming.get(resource)), show(free.max(0))))
}
