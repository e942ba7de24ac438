//! Draining nodes as `kubectl drain NODE…` does: which pod goes when, what holds it up, and where its replacement comes up.

use std::collections::BTreeMap;

use k8s_openapi::jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Counts, DrainOptions, DrainRecord, Goal, Refused, Stop, format_millis};

use crate::what_if::{PodState, SETTLE_MS, StuckPod, WhatIf};

/// What a drain of some nodes comes to.
#[derive(Debug, Clone)]
pub struct Drained {
    /// The cluster before and after, as a what-if shows it.
    pub what_if: WhatIf,
    /// The nodes, in the order in which they are drained.
    pub nodes: Vec<DrainedNode>,
    /// The pods that were to go, in the order in which they went; those that stay are last.
    pub evictions: Vec<EvictedPod>,
}

/// The document `sim drain -o json` prints: `apiVersion: sim/v1`, `kind: DrainResult`. Moments are virtual time since the
/// first node's drain began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainResult {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `DrainResult`.
    pub kind: String,
    /// The version whose rules held, e.g. `v1.16.0`.
    pub kubernetes_version: String,
    /// The nodes, in the order in which they are drained.
    pub nodes: Vec<DrainedNode>,
    /// The pods that were to go, in the order in which they went; those that stay are last.
    pub evictions: Vec<EvictedPod>,
    /// The pods that nothing gets rid of, and the budget that is in the way.
    pub stuck: Vec<StuckPod>,
    /// The pods that wait for a node afterwards and did not before.
    pub pending: Vec<PodState>,
    /// Counts of pods before.
    pub before: Counts,
    /// Counts of pods when nothing moves any more.
    pub after: Counts,
}

/// A node that was to be drained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainedNode {
    /// The node.
    pub name: String,
    /// How it went.
    pub outcome: DrainOutcome,
    /// When its drain began.
    pub began: Option<String>,
    /// When it came to its end.
    pub ended: Option<String>,
}

/// How the drain of a node went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DrainOutcome {
    /// No pod is left that had to go.
    Drained,
    /// It goes on for ever: a pod cannot be evicted.
    Stuck,
    /// kubectl gave up, for instance at its timeout.
    GaveUp,
    /// kubectl did not come to it.
    NotBegun,
}

/// A pod that was to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvictedPod {
    /// The node that it was to leave.
    pub node: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// When it was first to go.
    pub asked: String,
    /// When its eviction was granted; absent when it never was.
    pub evicted: Option<String>,
    /// When kubectl saw that it was gone.
    pub gone: Option<String>,
    /// For how long it was refused before.
    pub held_up: Option<String>,
    /// What refused it first, in the server's words.
    pub refused: Option<String>,
    /// The pod that came for it.
    pub successor: Option<Successor>,
}

/// The pod that came for one that was evicted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Successor {
    /// How it is when nothing moves any more.
    #[serde(flatten)]
    pub state: PodState,
    /// When it became ready.
    pub ready: Option<String>,
}

/// Drains the nodes of a fork one after the other, as one `kubectl drain NODE…` does: all are cordoned first. `options` are
/// the flags; the node they name does not matter.
///
/// # Errors
/// When a node is not there, or may not be drained with these flags, in kubectl's words.
pub fn drain(cluster: &Cluster, nodes: &[String], options: &DrainOptions) -> Result<Drained, Refused> {
    let mut fork = cluster.clone();
    let began_ms = fork.now_ms();
    let mut made = Vec::new();
    if let [_, _, ..] = nodes {
        for node in nodes {
            made.extend(fork.make(&Change::Cordon(node.clone()))?);
        }
    }
    let mut records: Vec<Option<DrainRecord>> = Vec::new();
    for node in nodes {
        let goes_on = records.last().is_none_or(|last| match last {
            Some(record) => record.ended_ms.is_some() && (record.succeeded || fork.drain_goes_on_after_failure()),
            None => false,
        });
        if !goes_on {
            records.push(None);
            continue;
        }
        let said = fork.make(&Change::Drain(DrainOptions { node: node.clone(), ..options.clone() }))?;
        // Of several nodes that they are cordoned was said above.
        made.extend(said.into_iter().skip(usize::from(nodes.len() > 1)));
        run_until_drained(&mut fork, node);
        records.push(fork.drain_record(node).cloned());
    }
    fork.settle(fork.now_ms().saturating_add(SETTLE_MS));
    // What was refused to the end may have been granted since.
    for (record, node) in records.iter_mut().zip(nodes).filter(|(record, _)| record.is_some()) {
        *record = fork.drain_record(node).cloned();
    }
    let changes = nodes.iter().map(|node| format!("drain {node}")).collect();
    let what_if = WhatIf::between(cluster, &fork, changes, made);
    let since = |ms: u64| format_millis(ms.saturating_sub(began_ms));
    let drained = nodes.iter().zip(&records).map(|(node, record)| DrainedNode {
        name: node.clone(),
        outcome: match record {
            None => DrainOutcome::NotBegun,
            Some(record) if record.ended_ms.is_none() => DrainOutcome::Stuck,
            Some(record) if record.succeeded => DrainOutcome::Drained,
            Some(_) => DrainOutcome::GaveUp,
        },
        began: record.as_ref().map(|record| since(record.began_ms)),
        ended: record.as_ref().and_then(|record| record.ended_ms).map(since),
    });
    let drained = drained.collect();
    let evictions = evictions(&fork, &what_if, nodes, &records, began_ms);
    Ok(Drained { what_if, nodes: drained, evictions })
}

/// Runs on until the drain of a node has come to its end, or nothing moves any more.
fn run_until_drained(fork: &mut Cluster, node: &str) {
    let until_ms = fork.now_ms().saturating_add(SETTLE_MS);
    let goal = Goal { until_ms, or_quiet: true, events: u64::MAX, one_moment: true };
    while fork.drain_record(node).is_some_and(|record| record.ended_ms.is_none()) {
        if fork.advance(goal) != Stop::Paused {
            return;
        }
    }
}

/// The pods of all drains in the order in which they went, with their successors.
fn evictions(
    fork: &Cluster,
    what_if: &WhatIf,
    nodes: &[String],
    records: &[Option<DrainRecord>],
    began_ms: u64,
) -> Vec<EvictedPod> {
    let since = |ms: u64| format_millis(ms.saturating_sub(began_ms));
    let changes = what_if.pods.iter().filter_map(|change| {
        let before = change.before.as_ref()?;
        Some(((before.namespace.as_str(), before.name.as_str()), change.after.as_ref()))
    });
    let successors: BTreeMap<(&str, &str), Option<&PodState>> = changes.collect();
    let mut evictions = Vec::new();
    for (node, record) in nodes.iter().zip(records) {
        for eviction in record.iter().flat_map(|record| &record.evictions) {
            let (namespace, name) = (eviction.pod.namespace.to_string(), eviction.pod.name.to_string());
            let successor = successors.get(&(namespace.as_str(), name.as_str())).copied().flatten();
            let successor = successor.filter(|_| eviction.granted_ms.is_some()).map(|state| Successor {
                state: state.clone(),
                ready: ready_ms(fork, state).filter(|ready| *ready >= began_ms).map(since),
            });
            let held_up_ms = eviction.granted_ms.map(|granted| granted.saturating_sub(eviction.asked_ms));
            let evicted = EvictedPod {
                node: node.clone(),
                namespace,
                name,
                asked: since(eviction.asked_ms),
                evicted: eviction.granted_ms.map(since),
                gone: eviction.gone_ms.map(since),
                held_up: held_up_ms.filter(|held_up| *held_up > 0).map(format_millis),
                refused: eviction.refused.clone(),
                successor,
            };
            evictions.push((eviction.granted_ms.unwrap_or(u64::MAX), evicted));
        }
    }
    // Of those that go at one moment, and of those that stay, the order in which they were asked stands.
    evictions.sort_by_key(|(granted_ms, _)| *granted_ms);
    evictions.into_iter().map(|(_, evicted)| evicted).collect()
}

/// Since when a pod is ready, in milliseconds of virtual time.
fn ready_ms(cluster: &Cluster, state: &PodState) -> Option<u64> {
    let pod = cluster.store().find::<Pod>(&state.namespace, &state.name)?;
    let since =
        pod::condition(pod, "Ready").filter(|condition| condition.status == "True")?.last_transition_time.as_ref()?;
    let ago: SignedDuration = cluster.now().duration_since(since.0);
    Some(cluster.now_ms().saturating_sub(u64::try_from(ago.as_millis()).ok()?))
}

impl Drained {
    /// Whether every node is drained and no pod waits that did not before.
    pub fn is_clean(&self) -> bool {
        let drained = self.nodes.iter().all(|node| node.outcome == DrainOutcome::Drained);
        drained && self.pending().is_empty()
    }

    /// The pods that wait for a node afterwards and did not before.
    pub fn pending(&self) -> Vec<&PodState> {
        let waits = |state: &PodState| state.state == "Pending" && state.node.is_none();
        let changes = self.what_if.pods.iter().filter(|change| !change.before.as_ref().is_some_and(waits));
        changes.filter_map(|change| change.after.as_ref()).filter(|state| waits(state)).collect()
    }

    /// The document for machines.
    pub fn document(self) -> DrainResult {
        DrainResult {
            api_version: "sim/v1".to_owned(),
            kind: "DrainResult".to_owned(),
            kubernetes_version: self.what_if.after.kubernetes_version.clone(),
            pending: self.pending().into_iter().cloned().collect(),
            nodes: self.nodes,
            evictions: self.evictions,
            stuck: self.what_if.stuck.into_iter().map(StuckPod::of).collect(),
            before: self.what_if.before.counts,
            after: self.what_if.after.counts,
        }
    }
}
