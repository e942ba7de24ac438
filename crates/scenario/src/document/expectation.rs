//! What must hold, and when.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_cluster::{Expect, Expectation, Selector};

use super::read::{Reader, at};
use sim_cluster::parse_duration_ms;

/// What must hold of some pods or of some nodes. Exactly one of `pods` and `nodes` is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectationEntry {
    /// What a report calls it.
    pub(super) name: Option<String>,
    /// When it is checked, e.g. `25m`. Default: at the end.
    pub(super) at: Option<String>,
    /// Which pods.
    pub(super) pods: Option<PodSelector>,
    /// Which nodes.
    pub(super) nodes: Option<NodeSelector>,
    /// What must hold of every one of them.
    pub(super) expect: ExpectEntry,
}

/// Pods by namespace, name, owner and labels; what is left out selects everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PodSelector {
    /// Their namespace.
    pub(super) namespace: Option<String>,
    /// Their name, with `*` for any run of characters.
    pub(super) name: Option<String>,
    /// The workload they belong to, e.g. `deployment/coredns`.
    pub(super) owner: Option<String>,
    /// Labels they carry.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

/// Nodes by name and labels; what is left out selects everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeSelector {
    /// Their name, with `*` for any run of characters.
    pub(super) name: Option<String>,
    /// Labels they carry.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

/// What must hold; what is left out is not checked.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectEntry {
    /// Exactly so many are selected. Left out: at least one.
    pub(super) count: Option<usize>,
    /// Pods: Pending, Running, Succeeded or Failed.
    pub(super) phase: Option<String>,
    /// Pods and nodes: the Ready condition.
    pub(super) ready: Option<bool>,
    /// Pods: the node they are on, with `*`; empty for none.
    pub(super) node: Option<String>,
    /// Pods: a part of the reason.
    pub(super) reason: Option<String>,
    /// Pods: a part of the message that says why they wait.
    pub(super) message: Option<String>,
    /// Nodes: not cordoned.
    pub(super) schedulable: Option<bool>,
    /// Nodes: exactly these taints, in any order.
    pub(super) taints: Option<Vec<String>>,
}

impl ExpectationEntry {
    pub(super) fn resolve(self, reader: &mut Reader<'_>, index: usize, until_ms: Option<u64>) -> Option<Expectation> {
        let path = at!["spec", "expectations", index];
        let at_path = at!["spec", "expectations", index, "at"];
        let at_ms = match &self.at {
            Some(text) => Some(reader.good(&at_path, parse_duration_ms(text))?),
            None => None,
        };
        if let (Some(at), Some(until)) = (at_ms, until_ms)
            && at > until
        {
            reader.fault(&at_path, format!("{} is after the end of the run", self.at.as_deref().unwrap_or_default()));
        }
        let (selector, title) = match (self.pods, self.nodes) {
            (Some(pods), None) => {
                let title = pods.owner.clone().or_else(|| pods.name.clone()).unwrap_or_else(|| "all".to_owned());
                let PodSelector { namespace, name, owner, labels } = pods;
                (Selector::Pods { namespace, name, owner, labels }, format!("pods {title}"))
            }
            (None, Some(nodes)) => {
                let title = nodes.name.clone().unwrap_or_else(|| "all".to_owned());
                (Selector::Nodes { name: nodes.name, labels: nodes.labels }, format!("nodes {title}"))
            }
            _ => {
                reader.fault(&path, "expected either `pods` or `nodes`".to_owned());
                return None;
            }
        };
        let ExpectEntry { count, phase, ready, node, reason, message, schedulable, taints } = self.expect;
        let of_pods = phase.is_some() || node.is_some() || reason.is_some() || message.is_some();
        let of_nodes = schedulable.is_some() || taints.is_some();
        let misplaced = match selector {
            Selector::Pods { .. } => of_nodes.then_some("`schedulable` and `taints` are of nodes, these are pods"),
            Selector::Nodes { .. } => {
                of_pods.then_some("`phase`, `node`, `reason` and `message` are of pods, these are nodes")
            }
        };
        if let Some(misplaced) = misplaced {
            reader.fault(&at!["spec", "expectations", index, "expect"], misplaced.to_owned());
        }
        if let Some(phase) =
            phase.as_deref().filter(|phase| !["Pending", "Running", "Succeeded", "Failed", "Unknown"].contains(phase))
        {
            let message = format!("{phase:?} is no phase: expected Pending, Running, Succeeded, Failed or Unknown");
            reader.fault(&at!["spec", "expectations", index, "expect", "phase"], message);
        }
        Some(Expectation {
            name: self.name.unwrap_or(title),
            at_ms,
            selector,
            expect: Expect { count, phase, ready, node, reason, message, schedulable, taints },
            source: reader.place.at(&path).to_string(),
        })
    }
}
