//! The steps of a timeline. Each is a variant here and, unless a name is all it says, a type in the file of its group.

mod apply;
mod node;
mod object;
mod workload;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::Change;

use super::read::Reader;
use crate::locate::Step as PathStep;

/// One thing that a person does or that happens to a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum StepEntry {
    /// `kubectl apply`.
    Apply(apply::Apply),
    /// `kubectl delete`: `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    Delete(object::Delete),
    /// `kubectl label`.
    Label(object::Label),
    /// `kubectl scale`.
    Scale(workload::Scale),
    /// `kubectl taint nodes`.
    Taint(node::Taint),
    /// `kubectl taint nodes … -`.
    Untaint(node::Untaint),
    /// `kubectl cordon`: the node.
    Cordon(String),
    /// `kubectl uncordon`: the node.
    Uncordon(String),
    /// The node's kubelet stops reporting.
    NodeDown(String),
    /// The node's kubelet reports again.
    NodeUp(String),
}

/// What a step says, as the cluster is told. What it cannot say is a fault at its path, and nothing.
trait Step {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change>;
}

impl StepEntry {
    /// The change that the step at this path makes.
    pub(super) fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        match self {
            StepEntry::Apply(step) => step.change(reader, path),
            StepEntry::Delete(step) => step.change(reader, path),
            StepEntry::Label(step) => step.change(reader, path),
            StepEntry::Scale(step) => step.change(reader, path),
            StepEntry::Taint(step) => step.change(reader, path),
            StepEntry::Untaint(step) => step.change(reader, path),
            StepEntry::Cordon(node) => Some(Change::Cordon(node)),
            StepEntry::Uncordon(node) => Some(Change::Uncordon(node)),
            StepEntry::NodeDown(node) => Some(Change::NodeDown(node)),
            StepEntry::NodeUp(node) => Some(Change::NodeUp(node)),
        }
    }
}
