//! Near misses: what a pod asks for and a cluster has but for a letter, a prefix or an old name. Each is tried before it
//! is told: the filters are asked about the pod as it would be with the correction.

mod affinity;
mod labels;
mod letters;
mod objects;
mod place;
mod renamed;
mod resources;
mod spread;
mod tolerations;

use std::cell::OnceCell;
use std::sync::Arc;

use json_patch::{Patch, patch};
use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Kind};
use sim_core::model;
use sim_core::scheduler::{PluginName, Snapshot};

use crate::ask::{self, Filters};

/// Something a pod says that is nearly, and not quite, what there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMiss {
    /// What kind of thing it is.
    pub kind: NearMissKind,
    /// Where the pod (or the object of the correction) says it, e.g. `spec.nodeSelector.disktype`.
    pub path: String,
    /// What it says there.
    pub says: String,
    /// What there is instead.
    pub there: String,
    /// On how many nodes it is, where it is nodes that have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    /// The same for a person.
    pub sentence: String,
    /// The plugin whose word changes with the correction; none where it is not a filter that stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// On how many nodes more that plugin lets the pod pass with the correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<usize>,
    /// The edit that makes it right.
    pub correction: Correction,
}

/// What kind of near miss it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NearMissKind {
    /// The key of a node label.
    LabelKey,
    /// The value of a node label.
    LabelValue,
    /// The name of a node.
    NodeName,
    /// The key of a toleration.
    TolerationKey,
    /// The value of a toleration.
    TolerationValue,
    /// The effect of a toleration.
    TolerationEffect,
    /// The operator of a toleration.
    TolerationOperator,
    /// The topology key of a spread constraint or of a pod affinity term.
    TopologyKey,
    /// The label selector of a pod affinity term.
    PodSelector,
    /// A namespace of a pod affinity term.
    Namespace,
    /// The name of a resource.
    Resource,
    /// The name of a PersistentVolumeClaim.
    Claim,
    /// The class of a PersistentVolumeClaim.
    StorageClass,
    /// The name of a scheduler.
    SchedulerName,
    /// The name of a PriorityClass.
    PriorityClass,
    /// The name of a RuntimeClass.
    RuntimeClass,
    /// The name of a ServiceAccount.
    ServiceAccount,
    /// The name of a ConfigMap.
    ConfigMap,
    /// The name of a Secret.
    Secret,
}

/// An edit of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Correction {
    /// The object's kind: `Pod`, or `PersistentVolumeClaim`. Of a pod that a workload owns the template is meant.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// A JSON patch of the object; in a workload the same under its template.
    pub patch: Patch,
}

/// A near miss before it is tried.
struct Candidate {
    kind: NearMissKind,
    path: String,
    says: String,
    there: String,
    nodes: Option<usize>,
    sentence: String,
    patch: Patch,
    /// The claim that the patch is for, if it is not for the pod.
    claim: Option<String>,
    trial: Trial,
}

/// How a candidate is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trial {
    /// With these plugins; the first is the one that is told of.
    Filters(&'static [PluginName]),
    /// The scheduler must serve the pod.
    Served,
    /// It is a name that is looked up: the object under the right name is there, and none under the pod's.
    LookedUp,
}

/// What the pod nearly gets right, in the order of the fields.
pub fn near_misses(cluster: &Cluster, pod: &Pod) -> Vec<NearMiss> {
    let snapshot = ask::without(cluster, pod);
    let asker = Asker { cluster, pod, snapshot: &snapshot, empty: OnceCell::new() };
    let sources: [fn(&Asker<'_>) -> Vec<Candidate>; 9] = [
        labels::candidates,
        tolerations::candidates,
        spread::candidates,
        affinity::candidates,
        resources::candidates,
        objects::candidates,
        objects::references,
        objects::storage_classes,
        objects::scheduler_names,
    ];
    sources.iter().flat_map(|source| asker.verified(source(&asker))).collect()
}

/// What a pod nearly gets right of the names without which it is not made.
pub(crate) fn near_names(cluster: &Cluster, pod: &Pod) -> Vec<NearMiss> {
    let snapshot = cluster.scheduling().snapshot();
    let asker = Asker { cluster, pod, snapshot, empty: OnceCell::new() };
    let looked_up = |candidate: &Candidate| candidate.trial == Trial::LookedUp;
    asker.verified(objects::candidates(&asker).into_iter().filter(looked_up).collect())
}

/// What a pod nearly gets right of the ConfigMaps and Secrets that it needs on its node.
pub(crate) fn near_references(cluster: &Cluster, pod: &Pod) -> Vec<NearMiss> {
    let snapshot = cluster.scheduling().snapshot();
    let asker = Asker { cluster, pod, snapshot, empty: OnceCell::new() };
    asker.verified(objects::references(&asker))
}

/// A pod before a cluster.
struct Asker<'a> {
    cluster: &'a Cluster,
    pod: &'a Pod,
    snapshot: &'a Snapshot,
    /// The cluster without pods, taints and cordons, where that is asked for.
    empty: OnceCell<Snapshot>,
}

impl Asker<'_> {
    fn namespace(&self) -> &str {
        self.pod.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The candidates that help. Where none helps alone, what stands in the way more than once is corrected together.
    fn verified(&self, candidates: Vec<Candidate>) -> Vec<NearMiss> {
        let Some(first) = candidates.first() else { return Vec::new() };
        let alone: Vec<Option<usize>> =
            candidates.iter().map(|candidate| self.opens(candidate, &candidate.patch)).collect();
        if alone.iter().any(Option::is_some) {
            let helping = candidates.into_iter().zip(alone);
            return helping
                .filter_map(|(candidate, opens)| {
                    let patch = candidate.patch.clone();
                    Some(self.miss(candidate, patch, opens?))
                })
                .collect();
        }
        // Of several corrections of one field the first is taken.
        let firsts = candidates
            .iter()
            .enumerate()
            .filter(|(index, candidate)| !candidates[..*index].iter().any(|earlier| earlier.path == candidate.path));
        let firsts: Vec<&Candidate> = firsts.map(|(_, candidate)| candidate).collect();
        // From the last to the first, so that no place moves before its turn.
        let together = Patch(firsts.iter().rev().flat_map(|candidate| candidate.patch.0.iter().cloned()).collect());
        let opens = if firsts.len() > 1 { self.opens(first, &together) } else { None };
        let Some(opens) = opens else { return Vec::new() };
        let paths: Vec<String> = firsts.iter().map(|candidate| candidate.path.clone()).collect();
        let mut left = paths.into_iter().peekable();
        let chosen = candidates.into_iter().filter(|candidate| left.next_if_eq(&candidate.path).is_some());
        chosen.map(|candidate| self.miss(candidate, together.clone(), opens)).collect()
    }

    fn miss(&self, candidate: Candidate, patch: Patch, opens: usize) -> NearMiss {
        let filter = match candidate.trial {
            Trial::Filters(plugins) => plugins.first(),
            Trial::Served | Trial::LookedUp => None,
        };
        let behaviour = self.cluster.scheduling().scheduler().behaviour();
        let kind = if candidate.claim.is_some() { Kind::PersistentVolumeClaim } else { Kind::Pod };
        let own_name = self.pod.metadata.name.clone().unwrap_or_default();
        NearMiss {
            kind: candidate.kind,
            path: candidate.path,
            says: candidate.says,
            there: candidate.there,
            nodes: candidate.nodes,
            sentence: candidate.sentence,
            filter: filter.map(|name| name.name_in(behaviour).to_owned()),
            opens: filter.map(|_| opens),
            correction: Correction {
                kind: kind.name().to_owned(),
                namespace: self.namespace().to_owned(),
                name: candidate.claim.unwrap_or(own_name),
                patch,
            },
        }
    }

    /// On how many nodes more the plugin lets the pod pass with a patch: now, or, where more stands in the way of it, without
    /// pods, taints and cordons, and then none is counted. `None` if it is of no use.
    fn opens(&self, candidate: &Candidate, patch: &Patch) -> Option<usize> {
        let plugins = match candidate.trial {
            Trial::LookedUp => return Some(0),
            Trial::Served => {
                let corrected = ask::waiting(&corrected(self.pod, patch)?);
                return self.cluster.scheduling().scheduler().serves(&corrected).then_some(0);
            }
            Trial::Filters(plugins) => plugins,
        };
        let now = self.opens_in(self.snapshot, plugins, candidate, patch);
        now.or_else(|| {
            let empty = self.empty.get_or_init(|| ask::emptied(self.cluster, |_| true));
            let opens = self.opens_in(empty, plugins, candidate, patch);
            // A claim that is not bound yet lets nobody pass, by whatever name.
            let is_name = matches!(candidate.kind, NearMissKind::Claim | NearMissKind::StorageClass);
            (opens.is_some() || is_name).then_some(0)
        })
    }

    fn opens_in(
        &self,
        snapshot: &Snapshot,
        plugins: &[PluginName],
        candidate: &Candidate,
        patch: &Patch,
    ) -> Option<usize> {
        let passing = |snapshot: &Snapshot, pod: &model::Pod| {
            let filters = Filters::new(self.cluster, snapshot);
            let fails = plugins.contains(&PluginName::VolumeBinding) && filters.fails(pod);
            if fails { 0 } else { filters.passing(pod, plugins) }
        };
        let before = passing(snapshot, &ask::waiting(self.pod));
        let after = match &candidate.claim {
            None => passing(snapshot, &ask::waiting(&corrected(self.pod, patch)?)),
            Some(claim) => {
                let mut snapshot = snapshot.clone();
                let key = (self.namespace().to_owned(), claim.clone());
                let class = candidate.there.clone();
                snapshot.change_storage(|storage| {
                    if let Some(claim) = storage.claims.get_mut(&key) {
                        Arc::make_mut(claim).storage_class = class;
                    }
                });
                passing(&snapshot, &ask::waiting(self.pod))
            }
        };
        after.checked_sub(before).filter(|more| *more > 0)
    }
}

/// The pod with a correction made.
pub(crate) fn corrected(pod: &Pod, correction: &Patch) -> Option<Pod> {
    let mut value = serde_json::to_value(pod).ok()?;
    patch(&mut value, correction).ok()?;
    serde_json::from_value(value).ok()
}

/// `no node`, `1 node`, `2 nodes`.
fn nodes_text(count: usize) -> String {
    match count {
        0 => "no node".to_owned(),
        1 => "1 node".to_owned(),
        more => format!("{more} nodes"),
    }
}

/// `KEY=VALUE`, or the key alone.
fn label_text(key: &str, value: &str) -> String {
    if value.is_empty() { key.to_owned() } else { format!("{key}={value}") }
}

#[cfg(test)]
mod tests;
