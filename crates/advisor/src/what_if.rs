//! What if: the change is made to the objects of a fork, the fork runs on until nothing moves, and the two are compared.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Node;
use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{
    Change, Cluster, Ownership, PodResult, Printed, Refused, RunResult, Stuck, TaintPattern, taint_text,
};

use crate::diff::NodeDifference;
use crate::node;
use crate::upgrade::PlacedAgain;

/// How long a changed cluster may take to come to rest: an hour of virtual time.
pub(crate) const SETTLE_MS: u64 = 60 * 60 * 1000;

/// A cluster before and after some changes.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// The changes as a person would type them.
    pub changes: Vec<String>,
    /// What kubectl would have said to each change.
    pub made: Vec<String>,
    /// What kubectl would have printed while it went on: the evictions of a drain, each with its virtual time.
    pub printed: Vec<Printed>,
    /// The pods that a drain cannot get rid of.
    pub stuck: Vec<Stuck>,
    /// The nodes whose drains go on for ever, or were given up.
    pub undrained: Vec<String>,
    /// The cluster without the changes.
    pub before: RunResult,
    /// The cluster with the changes, at rest.
    pub after: RunResult,
    /// Every pod that is not as it was.
    pub pods: Vec<PodChange>,
}

/// The document `sim whatif -o json` prints: `apiVersion: sim/v1`, `kind: WhatIfResult`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhatIfResult {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `WhatIfResult`.
    pub kind: String,
    /// The changes as a person would type them.
    pub changes: Vec<String>,
    /// The pods that a drain cannot get rid of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<StuckPod>,
    /// The cluster without the changes.
    pub before: RunResult,
    /// The cluster with the changes, at rest.
    pub after: RunResult,
    /// An upgrade: the nodes that it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeDifference>,
    /// An upgrade: the running pods of which it decides whether they would be placed again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed_again: Vec<PlacedAgain>,
}

/// A pod that a drain cannot get rid of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StuckPod {
    /// The node that is drained.
    pub node: String,
    /// Namespace of the pod.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What is in the way, in the server's words: the budget and its numbers.
    pub cause: String,
}

/// Several previews in one document: `apiVersion: sim/v1`, `kind: WhatIfResultList`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhatIfResultList {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `WhatIfResultList`.
    pub kind: String,
    /// One result for each preview.
    pub items: Vec<WhatIfResult>,
}

/// One pod that changed. A pod that a rollout replaced is paired with its replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodChange {
    /// The pod before; absent when it is new.
    pub before: Option<PodState>,
    /// The pod after; absent when it is gone.
    pub after: Option<PodState>,
}

/// A pod's place and state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodState {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Phase, with `, not ready` for a running pod that is not.
    pub state: String,
    /// The node, when it has one.
    pub node: Option<String>,
    /// Why it waits, when it does.
    pub message: Option<String>,
}

/// One distinct taint of a cluster and what removing it everywhere would do.
#[derive(Debug, Clone)]
pub struct TaintPreview {
    /// The taint as kubectl prints it.
    pub taint: String,
    /// The nodes that carry it.
    pub nodes: Vec<String>,
    /// What removing it does.
    pub what_if: WhatIf,
}

/// Makes the changes on a fork of `cluster` and runs it until nothing moves.
///
/// # Errors
/// When a change cannot be made, in kubectl's words.
pub fn what_if(cluster: &Cluster, changes: &[Change]) -> Result<WhatIf, Refused> {
    let (fork, made) = changed(cluster, changes)?;
    Ok(WhatIf::between(cluster, &fork, changes.iter().map(ToString::to_string).collect(), made))
}

/// A fork of the cluster with the changes made, when nothing moves any more, and what kubectl said to them.
///
/// # Errors
/// When a change cannot be made, in kubectl's words.
pub fn changed(cluster: &Cluster, changes: &[Change]) -> Result<(Cluster, Vec<String>), Refused> {
    let mut fork = cluster.clone();
    let mut made = Vec::new();
    for change in changes {
        made.extend(fork.make(change)?);
    }
    fork.settle(fork.now_ms().saturating_add(SETTLE_MS));
    Ok((fork, made))
}

/// What removing each distinct taint of the cluster would do, one after the other, each on a fork of its own.
///
/// # Errors
/// Never for a taint that is there; the type is that of [`what_if`].
pub fn preview_taints(cluster: &Cluster) -> Result<Vec<TaintPreview>, Refused> {
    let mut carriers: BTreeMap<String, (TaintPattern, Vec<String>)> = BTreeMap::new();
    for node in cluster.store().list::<Node>() {
        for taint in node::taints(node) {
            let pattern = TaintPattern {
                key: taint.key.clone(),
                value: Some(taint.value.clone().unwrap_or_default()),
                effect: Some(taint.effect.clone()),
            };
            let nodes = &mut carriers.entry(taint_text(taint)).or_insert_with(|| (pattern, Vec::new())).1;
            nodes.extend(node.metadata.name.clone());
        }
    }
    carriers
        .into_iter()
        .map(|(taint, (pattern, nodes))| {
            let what_if = what_if(cluster, &[Change::Untaint { node: None, taint: pattern }])?;
            Ok(TaintPreview { taint, nodes, what_if })
        })
        .collect()
}

impl StuckPod {
    pub(crate) fn of(stuck: Stuck) -> Self {
        let (namespace, name) = (stuck.pod.namespace.to_string(), stuck.pod.name.to_string());
        Self { node: stuck.node, namespace, name, cause: stuck.cause }
    }
}

impl WhatIf {
    /// A cluster and what its fork has become after changes.
    pub(crate) fn between(cluster: &Cluster, fork: &Cluster, changes: Vec<String>, made: Vec<String>) -> Self {
        let printed = fork.printed().split_off(cluster.printed().len());
        let stuck = fork.stuck();
        let news =
            fork.drains().filter(|(node, record)| !record.succeeded && cluster.drain_record(node) != Some(record));
        let undrained = news.map(|(node, _)| node.to_owned()).collect();
        let before = RunResult::of(cluster, Vec::new());
        let after = RunResult::of(fork, Vec::new());
        let pods = compare(&before.pods, &after.pods);
        Self { changes, made, printed, stuck, undrained, before, after, pods }
    }

    /// The document for machines.
    pub fn document(self) -> WhatIfResult {
        WhatIfResult {
            api_version: "sim/v1".to_owned(),
            kind: "WhatIfResult".to_owned(),
            changes: self.changes,
            stuck: self.stuck.into_iter().map(StuckPod::of).collect(),
            before: self.before,
            after: self.after,
            nodes: Vec::new(),
            placed_again: Vec::new(),
        }
    }
}

/// The pods that differ between a cluster and what its fork has become.
pub(crate) fn pod_changes(before: &Cluster, after: &Cluster) -> Vec<PodChange> {
    let (owners_then, owners_now) = (Ownership::of(before.store()), Ownership::of(after.store()));
    let (mut then, mut now) = (Vec::new(), Vec::new());
    for (was, is) in after.store().differences::<Pod>(before.store()) {
        then.extend(was.map(|pod| PodResult::of(&owners_then, pod)));
        now.extend(is.map(|pod| PodResult::of(&owners_now, pod)));
    }
    compare(&then, &now)
}

/// The pods that differ: first those with the same name, then those that left paired with those that came of one owner,
/// with one on the same node if there is one.
pub(crate) fn compare(before: &[PodResult], after: &[PodResult]) -> Vec<PodChange> {
    let key = |pod: &PodResult| (pod.namespace.clone(), pod.name.clone());
    let now: BTreeMap<_, _> = after.iter().map(|pod| (key(pod), pod)).collect();
    let then: BTreeSet<_> = before.iter().map(key).collect();
    let mut came: BTreeMap<(String, Option<String>), Vec<&PodResult>> = BTreeMap::new();
    for pod in after.iter().rev().filter(|pod| !then.contains(&key(pod))) {
        came.entry((pod.namespace.clone(), pod.owner.clone())).or_default().push(pod);
    }
    let mut stayed: BTreeMap<(String, String), &PodResult> = BTreeMap::new();
    for pod in before.iter().filter(|pod| !now.contains_key(&key(pod))) {
        let Some(candidates) = came.get_mut(&(pod.namespace.clone(), pod.owner.clone())) else { continue };
        if let Some(place) = candidates.iter().rposition(|candidate| candidate.node == pod.node) {
            stayed.insert(key(pod), candidates.remove(place));
        }
    }
    let mut changes = Vec::new();
    for pod in before {
        let state = state_of(pod);
        let same = now.get(&key(pod)).or_else(|| stayed.get(&key(pod))).copied();
        let successor = match same {
            Some(same) => Some(same),
            None => came.get_mut(&(pod.namespace.clone(), pod.owner.clone())).and_then(Vec::pop),
        };
        let successor = successor.map(state_of);
        if successor.as_ref() != Some(&state) {
            changes.push(PodChange { before: Some(state), after: successor });
        }
    }
    let new = came.into_values().flat_map(|pods| pods.into_iter().rev());
    changes.extend(new.map(|pod| PodChange { before: None, after: Some(state_of(pod)) }));
    changes
}

fn state_of(pod: &PodResult) -> PodState {
    let not_ready = pod.phase == "Running" && !pod.ready;
    PodState {
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        state: if not_ready { "Running, not ready".to_owned() } else { pod.phase.clone() },
        node: pod.node.clone(),
        message: pod.message.clone().filter(|_| pod.phase == "Pending"),
    }
}
