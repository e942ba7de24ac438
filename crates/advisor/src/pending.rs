//! Why pods wait, in plain words: every filter that refuses, not only the first the scheduler names, and for taints who
//! set them and who is supposed to remove them.

use indexmap::IndexMap;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, UNINITIALIZED_TAINT, pod};
use sim_core::scheduler::PluginName;

use crate::detail::{Asked, Room, untolerated_taints};
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

impl Cause {
    /// The nodes on which it stands in the way.
    pub fn nodes(&self) -> &[String] {
        match self {
            Cause::Taint(taint) => &taint.nodes,
            Cause::Other { nodes, .. } => nodes,
        }
    }
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
        let sentence = sentence(cluster, pod);
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

/// What is said of a pod that has no node.
pub(crate) fn sentence(cluster: &Cluster, pod: &Pod) -> String {
    let condition = pod::condition(pod, "PodScheduled").filter(|condition| condition.status == "False");
    let sentence = condition.and_then(|condition| condition.message.clone());
    let sentence = sentence.or_else(|| not_served(cluster, pod));
    sentence.unwrap_or_else(|| "No scheduler has looked at it yet.".to_owned())
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

fn is_gated(cluster: &Cluster, pod: &Pod) -> bool {
    !cluster.scheduling().scheduler().pre_enqueue(&sim_cluster::convert::pod(pod)).is_success()
}

/// The nodes that one reason keeps a pod off.
#[derive(Default)]
struct Refused {
    nodes: Vec<String>,
    /// Where most is left of what is short.
    most: Option<(Room, String)>,
}

/// What stands in a pod's way, on which nodes.
pub(crate) fn causes(cluster: &Cluster, pod: &Pod) -> Vec<Cause> {
    // Whom nobody looks at nothing stands in the way of yet.
    if not_served(cluster, pod).is_some() || is_gated(cluster, pod) {
        return Vec::new();
    }
    // Taints by their text, everything else by its reason; in the order of the nodes' names.
    let mut taints: IndexMap<String, TaintCause> = IndexMap::new();
    let mut others: IndexMap<String, Refused> = IndexMap::new();
    let asked = Asked::of(cluster, pod);
    let mut nodes = cluster.scheduling().refusals(pod);
    nodes.sort_by(|(left, _), (right, _)| left.cmp(right));
    for (node, refusals) in nodes {
        for refusal in refusals {
            if refusal.status.plugins.contains(&PluginName::TaintToleration) {
                for (taint, text) in untolerated_taints(cluster, pod, &node) {
                    let cause = taints.entry(text.clone()).or_insert_with(|| TaintCause {
                        taint: text,
                        nodes: Vec::new(),
                        known: known_taint(&taint.key),
                        note: note(cluster, &taint.key),
                    });
                    cause.nodes.push(node.clone());
                }
                continue;
            }
            let of_resources = refusal.status.plugins.contains(&PluginName::NodeResourcesFit);
            for reason in &refusal.status.reasons {
                let refused = others.entry(reason.to_string()).or_default();
                // Several plugins may say the same of a node.
                if refused.nodes.last() != Some(&node) {
                    refused.nodes.push(node.clone());
                }
                let room = of_resources.then(|| asked.room(&node, reason)).flatten();
                if let Some(room) = room
                    && refused.most.as_ref().is_none_or(|(most, _)| most.free() < room.free())
                {
                    refused.most = Some((room, node.clone()));
                }
            }
        }
    }
    let others = others.into_iter().map(|(reason, Refused { nodes, most })| {
        let detail = most.map(|(room, node)| if nodes.len() == 1 { room.here() } else { room.at_best(&node) });
        Cause::Other { nodes, reason, detail }
    });
    taints.into_values().map(Cause::Taint).chain(others).collect()
}

/// Why a taint that should go does not.
fn note(cluster: &Cluster, key: &str) -> Option<String> {
    if key != UNINITIALIZED_TAINT {
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
