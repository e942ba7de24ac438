//! Why pods wait, in plain words: every filter that refuses, not only the first the scheduler names, and for taints who
//! set them and who is supposed to remove them.

use indexmap::IndexMap;
use k8s_openapi::api::core::v1::Pod;
use sim_cluster::{Cluster, pod};
use sim_core::scheduler::{PluginName, Status};

use crate::detail::{room, untolerated_taints};
use crate::known_taints::{KnownTaint, known_taint};

/// Pods that wait for the same reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The pods, as namespace/name.
    pub pods: Vec<String>,
    /// The FailedScheduling sentence of the simulated version.
    pub sentence: String,
    /// What stands in the way, on which nodes.
    pub causes: Vec<Cause>,
}

/// One thing that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A taint that the pods do not tolerate.
    Taint(TaintCause),
    /// Anything else a filter says.
    Other {
        /// The nodes.
        nodes: Vec<String>,
        /// The filter's reason.
        reason: String,
        /// What it means in numbers or names, where that is known.
        detail: Option<String>,
    },
}

/// A taint that pods do not tolerate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaintCause {
    /// The taint as kubectl prints it.
    pub taint: String,
    /// The nodes that carry it.
    pub nodes: Vec<String>,
    /// Who sets and who removes it, for taints of Kubernetes' own.
    pub known: Option<KnownTaint>,
    /// What this cluster's state means for it.
    pub note: Option<String>,
}

/// Why each pod that has no node waits; pods with the same reasons are put together, in the order they are first met.
pub fn explain_pending(cluster: &Cluster) -> Vec<Explanation> {
    let mut grouped: IndexMap<(String, Vec<Cause>), Vec<String>> = IndexMap::new();
    // Replicas of one template wait for the same reasons: the nodes are asked once for all of them.
    let mut of_owner: IndexMap<(String, String), (&Pod, Vec<Cause>)> = IndexMap::new();
    let waiting = cluster.store().list::<Pod>().filter(|pod| pod::node_name(pod).is_none() && pod::is_active(pod));
    for pod in waiting {
        let metadata = &pod.metadata;
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = format!("{namespace}/{}", metadata.name.as_deref().unwrap_or_default());
        let condition = pod::condition(pod, "PodScheduled").filter(|condition| condition.status == "False");
        let sentence = condition.and_then(|condition| condition.message.clone());
        let sentence = sentence.or_else(|| not_served(cluster, pod));
        let sentence = sentence.unwrap_or_else(|| "No scheduler has looked at it yet.".to_owned());
        let owner = pod::controller_of(metadata).map_or_else(|| name.clone(), |owner| owner.uid.clone());
        let key = (owner, sentence.clone());
        let known = of_owner.get(&key).filter(|(sibling, _)| alike(sibling, pod)).map(|(_, causes)| causes.clone());
        let causes = known.unwrap_or_else(|| {
            let causes = causes(cluster, pod);
            of_owner.insert(key, (pod, causes.clone()));
            causes
        });
        grouped.entry((sentence, causes)).or_default().push(name);
    }
    grouped.into_iter().map(|((sentence, causes), pods)| Explanation { pods, sentence, causes }).collect()
}

/// Whether the scheduler cannot tell two pods apart but by their names. Token volumes have names of their own.
fn alike(left: &Pod, right: &Pod) -> bool {
    sim_cluster::convert::pod(left).spec == sim_cluster::convert::pod(right).spec
        && left.metadata.labels == right.metadata.labels
}

/// What is said of a pod that no profile of the scheduler serves.
pub(crate) fn not_served(cluster: &Cluster, pod: &Pod) -> Option<String> {
    let scheduler = cluster.scheduling().scheduler();
    let model = sim_cluster::convert::pod(pod);
    if scheduler.serves(&model) {
        return None;
    }
    let profiles: Vec<&str> = scheduler.profiles().iter().map(|profile| profile.scheduler_name.as_str()).collect();
    Some(format!(
        "Nobody serves the scheduler name {} (only {}): the pod stays Pending without events.",
        model.spec.scheduler_name,
        profiles.join(", ")
    ))
}

fn causes(cluster: &Cluster, pod: &Pod) -> Vec<Cause> {
    let mut causes = Vec::new();
    if not_served(cluster, pod).is_some() {
        return causes;
    }
    let mut nodes = cluster.scheduling().explain(pod).nodes;
    nodes.sort_by(|left, right| left.node.cmp(&right.node));
    for node in nodes {
        for refusal in node.refusals {
            if refusal.status.plugins.contains(&PluginName::TaintToleration) {
                add_taints(cluster, pod, &node.node, &mut causes);
            } else {
                add_reasons(cluster, pod, &node.node, &refusal.status, &mut causes);
            }
        }
    }
    causes
}

fn add_taints(cluster: &Cluster, pod: &Pod, node_name: &str, causes: &mut Vec<Cause>) {
    for (taint, text) in untolerated_taints(cluster, pod, node_name) {
        let known = causes.iter_mut().find_map(|cause| match cause {
            Cause::Taint(cause) if cause.taint == text => Some(cause),
            _ => None,
        });
        match known {
            Some(cause) => cause.nodes.push(node_name.to_owned()),
            None => causes.push(Cause::Taint(TaintCause {
                nodes: vec![node_name.to_owned()],
                known: known_taint(&taint.key),
                note: note(cluster, &taint.key),
                taint: text,
            })),
        }
    }
}

/// Why a taint that should go does not.
fn note(cluster: &Cluster, key: &str) -> Option<String> {
    if key != "node.cloudprovider.kubernetes.io/uninitialized" {
        return None;
    }
    let setup = cluster.setup();
    Some(if setup.cloud_controller_manager {
        "a cloud-controller-manager runs and will remove it".to_owned()
    } else if setup.kubelet_cloud_provider_external {
        "no cloud-controller-manager runs, so nobody removes it, and every new node comes up with it".to_owned()
    } else {
        "nothing says that a cloud-controller-manager runs; without one nobody removes it".to_owned()
    })
}

fn add_reasons(cluster: &Cluster, pod: &Pod, node: &str, status: &Status, causes: &mut Vec<Cause>) {
    for reason in &status.reasons {
        let detail =
            status.plugins.contains(&PluginName::NodeResourcesFit).then(|| room(cluster, pod, node, reason)).flatten();
        let known = causes.iter_mut().find_map(|cause| match cause {
            Cause::Other { nodes, reason: other, detail: other_detail }
                if other == reason && *other_detail == detail =>
            {
                Some(nodes)
            }
            _ => None,
        });
        match known {
            Some(nodes) => nodes.push(node.to_owned()),
            None => causes.push(Cause::Other { nodes: vec![node.to_owned()], reason: reason.to_string(), detail }),
        }
    }
}
