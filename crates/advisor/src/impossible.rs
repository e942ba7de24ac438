//! What no state of this cluster can satisfy: the same nodes, wherever the other pods are. The filters are asked about the
//! cluster without pods, taints and cordons; what they refuse there they refuse always.

mod contradiction;
pub(crate) mod replicas;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, convert};
use sim_core::model;
use sim_core::scheduler::{Misfit, NodeInfo, PluginName, PodInfo, Snapshot, admission_check};

use crate::ask::{self, Filters};
use crate::shortage::shortage_in;
use crate::words;

/// A constraint, or several together, that no state of the cluster can satisfy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Impossible {
    /// What kind of constraint it is.
    pub kind: ImpossibleKind,
    /// The same for a person.
    pub sentence: String,
    /// The fields that say so, e.g. `spec.nodeSelector`. None can be left out.
    pub paths: Vec<String>,
    /// The plugins that refuse it, by their names in the version.
    pub plugins: Vec<String>,
}

/// What kind of constraint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImpossibleKind {
    /// The node named by `spec.nodeName` is not there.
    MissingNode,
    /// The node named by `spec.nodeName` refuses the pod even without others.
    NodeNameClash,
    /// What the pod asks of a node's labels contradicts itself: no node anywhere could do.
    Contradiction,
    /// No node has the labels.
    NoNodeMatches,
    /// No node is large enough, even without other pods.
    TooLarge,
    /// No node is part of the topology that pods are to be spread over.
    NoTopology,
    /// No pod is there that the pod is to be beside, wherever it were.
    NoPodMatches,
    /// The pod's volumes can be reached from no node.
    VolumeUnreachable,
    /// Another plugin refuses every node.
    Refused,
    /// Each constraint can be met, all of them on no node.
    Together,
    /// There are more replicas than places that may have one.
    TooManyReplicas,
}

/// What of the pod no state of the cluster can satisfy.
pub fn impossible(cluster: &Cluster, pod: &Pod) -> Vec<Impossible> {
    if let Some(name) = pod.node_name.as_deref() {
        return on_named_node(cluster, pod, name).into_iter().collect();
    }
    let model = ask::waiting(pod);
    if cluster.scheduling().snapshot().node_count() == 0 || !cluster.scheduling().scheduler().serves(&model) {
        return Vec::new();
    }
    let contradiction = contradiction::of(cluster, &model);
    let empty = ask::emptied(cluster, |_| true);
    let refusals = refusals(cluster, &empty, &model);
    let sets: BTreeSet<&BTreeSet<PluginName>> = refusals.iter().map(|(_, plugins)| plugins).collect();
    if sets.contains(&BTreeSet::new()) {
        let usable: BTreeSet<&str> =
            refusals.iter().filter(|(_, plugins)| plugins.is_empty()).map(|(node, _)| node.name()).collect();
        return replicas::too_many(cluster, pod, &model, &usable);
    }
    let asked = Asked { cluster, empty: &empty, model: &model, refusals: &refusals };
    let everywhere: Vec<PluginName> = common(&sets);
    let mut found: Vec<Impossible> = contradiction.into_iter().collect();
    let is_explained = |plugin: &PluginName| *plugin == PluginName::NodeAffinity && !found.is_empty();
    let alone: Vec<Impossible> =
        everywhere.iter().filter(|plugin| !is_explained(plugin)).map(|plugin| asked.alone(*plugin)).collect();
    found.extend(alone);
    if everywhere.is_empty() {
        found.extend(asked.together(&smallest_cover(&sets)));
    }
    found
}

/// The plugins that refuse each node in the emptied cluster.
fn refusals<'a>(
    cluster: &'a Cluster,
    empty: &'a Snapshot,
    model: &model::Pod,
) -> Vec<(&'a NodeInfo, BTreeSet<PluginName>)> {
    let bound = |name: &str| {
        let claim = empty.storage().claim(&model.namespace, name);
        claim.is_some_and(|claim| !claim.volume_name.is_empty())
    };
    // A claim that is not bound may yet be.
    let is_settled = model.spec.volumes.iter().all(|volume| match &volume.source {
        model::VolumeSource::PersistentVolumeClaim { claim_name } => bound(claim_name),
        model::VolumeSource::Ephemeral => bound(&format!("{}-{}", model.name, volume.name)),
        _ => true,
    });
    let lonely = with_terms(model, Vec::new());
    let topologies = reachable_topologies(cluster, empty, model);
    let of_node = |(node, plugins): (&'a NodeInfo, Vec<PluginName>)| {
        let mut plugins: BTreeSet<PluginName> =
            plugins.into_iter().filter(|plugin| is_settled || !is_of_volumes(*plugin)).collect();
        if topologies.as_ref().is_some_and(|passing| !passing.contains(&presence(model, node))) {
            plugins.insert(PluginName::InterPodAffinity);
        }
        (node, plugins)
    };
    Filters::new(cluster, empty).refusals(&lonely).into_iter().map(of_node).collect()
}

/// The pod with other required affinity terms.
fn with_terms(model: &model::Pod, terms: Vec<model::PodAffinityTerm>) -> model::Pod {
    let spec = model::PodSpec { required_pod_affinity: terms, ..model::PodSpec::clone(&model.spec) };
    model::Pod { spec: Arc::new(spec), ..model.clone() }
}

/// Which of the topology keys of the pod's affinity a node has.
fn presence(model: &model::Pod, node: &NodeInfo) -> Vec<bool> {
    let terms = model.spec.required_pod_affinity.iter();
    terms.map(|term| node.node.labels.contains_key(&term.topology_key)).collect()
}

/// Namespace and labels of a pod: what an affinity selects by.
type Seen<'a> = (Option<&'a String>, Option<&'a BTreeMap<String, String>>);

/// On nodes of which topology keys the pod's affinity could be met if all pods of the cluster were beside it; `None` if
/// it has no affinity.
fn reachable_topologies(cluster: &Cluster, empty: &Snapshot, model: &model::Pod) -> Option<BTreeSet<Vec<bool>>> {
    if model.spec.required_pod_affinity.is_empty() {
        return None;
    }
    let mut one_of_each: BTreeMap<Vec<bool>, &NodeInfo> = BTreeMap::new();
    for node in empty.nodes() {
        one_of_each.entry(presence(model, node)).or_insert(node);
    }
    let others = cluster.store().list::<Pod>().filter(|pod| !sim_cluster::pod::is_terminal(pod));
    let seen: BTreeSet<Seen<'_>> = others
        .filter(|pod| {
            pod.metadata.name.as_ref() != Some(&model.name) || pod.metadata.namespace.as_ref() != Some(&model.namespace)
        })
        .map(|pod| (pod.metadata.namespace.as_ref(), pod.metadata.labels.as_ref()))
        .collect();
    let asked = model::Pod {
        spec: Arc::new(model::PodSpec { required_pod_anti_affinity: Vec::new(), ..model::PodSpec::clone(&model.spec) }),
        ..model.clone()
    };
    let passing = one_of_each.into_iter().filter(|(_, node)| {
        let mut beside = Snapshot::new(empty.behaviour().version);
        beside.upsert_node(Arc::clone(&node.node));
        ask::set_surroundings(cluster, &mut beside);
        for (index, (namespace, labels)) in seen.iter().enumerate() {
            beside.add_pod(Arc::new(model::Pod {
                namespace: namespace.cloned().unwrap_or_default(),
                name: format!("other-{index}"),
                labels: labels.cloned().unwrap_or_default(),
                node_name: Some(node.name().to_owned()),
                ..model::Pod::default()
            }));
        }
        Filters::new(cluster, &beside).passing(&asked, &[PluginName::InterPodAffinity]) > 0
    });
    Some(passing.map(|(presence, _)| presence).collect())
}

fn is_of_volumes(plugin: PluginName) -> bool {
    matches!(
        plugin,
        PluginName::VolumeBinding
            | PluginName::VolumeZone
            | PluginName::VolumeRestrictions
            | PluginName::NodeVolumeLimits
    )
}

/// The plugins that are in every set.
fn common(sets: &BTreeSet<&BTreeSet<PluginName>>) -> Vec<PluginName> {
    let Some(first) = sets.first() else { return Vec::new() };
    first.iter().copied().filter(|plugin| sets.iter().all(|set| set.contains(plugin))).collect()
}

/// The fewest plugins that together refuse every node: every set has one of them.
fn smallest_cover(sets: &BTreeSet<&BTreeSet<PluginName>>) -> Vec<PluginName> {
    let all: Vec<PluginName> =
        sets.iter().flat_map(|set| set.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
    // There are some twenty plugins, of which a few refuse anything here.
    let choices = 1_u32 << all.len().min(20);
    let chosen = |choice: u32| {
        all.iter().enumerate().filter(move |(bit, _)| choice & (1 << bit) != 0).map(|(_, plugin)| *plugin)
    };
    let covers = |choice: u32| sets.iter().all(|set| chosen(choice).any(|plugin| set.contains(&plugin)));
    let best = (1..choices).filter(|choice| covers(*choice)).min_by_key(|choice| (choice.count_ones(), *choice));
    best.map(|choice| chosen(choice).collect()).unwrap_or_default()
}

/// A pod that fits on no node of the emptied cluster.
struct Asked<'a> {
    cluster: &'a Cluster,
    empty: &'a Snapshot,
    model: &'a model::Pod,
    refusals: &'a [(&'a NodeInfo, BTreeSet<PluginName>)],
}

impl Asked<'_> {
    /// What one plugin refuses on every node.
    fn alone(&self, plugin: PluginName) -> Impossible {
        let (kind, sentence, paths) = match plugin {
            PluginName::NodeAffinity => self.labels(),
            PluginName::NodeResourcesFit => self.size(),
            PluginName::PodTopologySpread => {
                let keys = self.model.spec.topology_spread_constraints.iter();
                let missing =
                    keys.map(|constraint| constraint.topology_key.as_str()).filter(|key| !self.has_label(key));
                let missing: Vec<&str> = missing.collect();
                let sentence = match missing.as_slice() {
                    [] => "no node has all the labels that the pods are to be spread over".to_owned(),
                    keys => format!("the pods are to be spread over {}, which no node has", words::list(keys)),
                };
                (ImpossibleKind::NoTopology, sentence, vec!["spec.topologySpreadConstraints".to_owned()])
            }
            PluginName::InterPodAffinity => (
                ImpossibleKind::NoPodMatches,
                "the pod is to be beside pods of which there is none, or in a topology that no node is part of"
                    .to_owned(),
                vec!["spec.affinity.podAffinity".to_owned()],
            ),
            plugin if is_of_volumes(plugin) => (
                ImpossibleKind::VolumeUnreachable,
                "the pod's volumes are bound, and none of the nodes can reach all of them".to_owned(),
                vec!["spec.volumes".to_owned()],
            ),
            plugin => (ImpossibleKind::Refused, format!("{} refuses every node", self.name(plugin)), Vec::new()),
        };
        Impossible { kind, sentence, paths, plugins: vec![self.name(plugin)] }
    }

    /// What several plugins refuse together.
    fn together(&self, plugins: &[PluginName]) -> Option<Impossible> {
        if plugins.is_empty() {
            return None;
        }
        let parts = plugins.iter().map(|plugin| {
            let others: usize = self.refusals.iter().filter(|(_, refusing)| !refusing.contains(plugin)).count();
            format!("{} leaves {}", self.name(*plugin), words::count(others, "node"))
        });
        let parts: Vec<String> = parts.collect();
        Some(Impossible {
            kind: ImpossibleKind::Together,
            sentence: format!("each can be met, but on no node at once, even without other pods: {}", parts.join(", ")),
            paths: plugins.iter().flat_map(|plugin| paths_of(*plugin)).map(str::to_owned).collect(),
            plugins: plugins.iter().map(|plugin| self.name(*plugin)).collect(),
        })
    }

    /// Which of the labels that are asked for are to blame.
    fn labels(&self) -> (ImpossibleKind, String, Vec<String>) {
        let filters = Filters::new(self.cluster, self.empty);
        let spec = &self.model.spec;
        let passing = |spec: model::PodSpec| {
            let alone = model::Pod { spec: Arc::new(spec), ..self.model.clone() };
            filters.passing(&alone, &[PluginName::NodeAffinity])
        };
        let bare = model::PodSpec { scheduler_name: spec.scheduler_name.clone(), ..model::PodSpec::default() };
        let of_selector = spec.node_selector.iter().filter(|(key, value)| {
            let selector = model::Labels::from([((*key).clone(), (*value).clone())]);
            passing(model::PodSpec { node_selector: selector, ..bare.clone() }) == 0
        });
        let of_selector: Vec<(&String, &String)> = of_selector.collect();
        let affinity = spec.required_node_affinity.clone();
        let by_affinity =
            affinity.is_some() && passing(model::PodSpec { required_node_affinity: affinity, ..bare }) == 0;
        let selector = "spec.nodeSelector";
        let required = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
        let (sentence, paths) = match (of_selector.as_slice(), by_affinity) {
            ([], true) => ("no node meets the pod's required node affinity".to_owned(), vec![required.to_owned()]),
            ([], false) => {
                let asked =
                    [(selector, !spec.node_selector.is_empty()), (required, spec.required_node_affinity.is_some())];
                let paths = asked.iter().filter(|(_, says)| *says).map(|(path, _)| (*path).to_owned());
                ("no node has all the labels that the pod asks for, though each is there".to_owned(), paths.collect())
            }
            (labels, _) => {
                let texts: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let paths = labels.iter().map(|(key, _)| format!("{selector}[\"{key}\"]"));
                (format!("no node has {}", words::list(&texts)), paths.collect())
            }
        };
        (ImpossibleKind::NoNodeMatches, sentence, paths)
    }

    fn size(&self) -> (ImpossibleKind, String, Vec<String>) {
        let lonely = with_terms(self.model, Vec::new());
        let short = shortage_in(self.cluster, self.empty, &lonely).map(|short| short.resources).unwrap_or_default();
        let never: Vec<String> =
            short.into_iter().filter(|short| short.never_enough).map(|short| short.sentence).collect();
        let sentence = match never.as_slice() {
            [] => "each resource is there, but no node has enough of all of them, even if empty".to_owned(),
            sentences => sentences.join("; "),
        };
        (ImpossibleKind::TooLarge, sentence, paths_of(PluginName::NodeResourcesFit).map(str::to_owned).collect())
    }

    fn has_label(&self, key: &str) -> bool {
        self.empty.nodes().any(|node| node.node.labels.contains_key(key))
    }

    fn name(&self, plugin: PluginName) -> String {
        plugin.name_in(self.empty.behaviour()).to_owned()
    }
}

/// The fields of a pod that a plugin goes by.
fn paths_of(plugin: PluginName) -> impl Iterator<Item = &'static str> {
    let paths: &[&str] = match plugin {
        PluginName::NodeAffinity => &["spec.nodeSelector", "spec.affinity.nodeAffinity"],
        PluginName::NodeResourcesFit => &["spec.containers[*].resources.requests"],
        PluginName::PodTopologySpread => &["spec.topologySpreadConstraints"],
        PluginName::InterPodAffinity => &["spec.affinity.podAffinity"],
        PluginName::NodePorts => &["spec.containers[*].ports[*].hostPort"],
        plugin if is_of_volumes(plugin) => &["spec.volumes"],
        _ => &[],
    };
    paths.iter().copied()
}

/// What keeps a pod off the node that it names: no scheduler is asked then.
fn on_named_node(cluster: &Cluster, pod: &Pod, name: &str) -> Option<Impossible> {
    let snapshot = cluster.scheduling().snapshot();
    let path = "spec.nodeName".to_owned();
    let Some(node) = snapshot.node(name) else {
        return Some(Impossible {
            kind: ImpossibleKind::MissingNode,
            sentence: format!("the pod names the node {name}, which is not there, and no scheduler looks for another"),
            paths: vec![path],
            plugins: Vec::new(),
        });
    };
    let behaviour = snapshot.behaviour();
    let info = PodInfo::new(Arc::new(convert::pod(pod)), behaviour);
    let misfits = admission_check(behaviour, &info, &NodeInfo::new(Arc::clone(&node.node)));
    let reasons = misfits.iter().map(|misfit| match misfit {
        Misfit::Resource { name, requested, capacity, .. } => {
            format!("it asks {requested} of {name}, and the node has {capacity}")
        }
        Misfit::Plugin { reason, .. } => (*reason).to_owned(),
    });
    let reasons: Vec<String> = reasons.collect();
    let plugins = misfits.iter().map(|misfit| match misfit {
        Misfit::Resource { .. } => PluginName::NodeResourcesFit,
        Misfit::Plugin { name, .. } => *name,
    });
    let plugins: BTreeSet<PluginName> = plugins.collect();
    (!plugins.is_empty()).then(|| Impossible {
        kind: ImpossibleKind::NodeNameClash,
        sentence: format!(
            "the pod names the node {name}, whose kubelet refuses it even without other pods: {}",
            reasons.join(", ")
        ),
        paths: std::iter::once(path)
            .chain(plugins.iter().flat_map(|plugin| paths_of(*plugin)).map(str::to_owned))
            .collect(),
        plugins: plugins.iter().map(|plugin| plugin.name_in(behaviour).to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests;
