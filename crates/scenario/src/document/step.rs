//! The steps of a timeline. Each is a variant here and, unless a name is all it says, a type in the file of its group.

mod apply;
mod container;
mod machine;
mod node;
mod object;
mod workload;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::Change;

use super::behaviour::Behaviour;
use super::read::Reader;
use crate::locate::Step as PathStep;

/// One thing that a person does or that happens to a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum StepEntry {
    /// `kubectl apply`.
    Apply(apply::Apply),
    /// `kubectl delete`.
    Delete(object::Delete),
    /// `kubectl label`.
    Label(object::Label),
    /// `kubectl annotate --overwrite`.
    Annotate(object::Annotate),
    /// `kubectl patch`.
    Patch(object::Patch),
    /// `kubectl scale`.
    Scale(workload::Scale),
    /// `kubectl set image`.
    SetImage(workload::SetImage),
    /// `kubectl rollout restart`: `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    RolloutRestart(workload::RolloutRestart),
    /// `kubectl rollout undo`.
    RolloutUndo(workload::RolloutUndo),
    /// `kubectl taint nodes`.
    Taint(node::Taint),
    /// `kubectl taint nodes … -`.
    Untaint(node::Untaint),
    /// `kubectl cordon`: the node.
    Cordon(String),
    /// `kubectl uncordon`: the node.
    Uncordon(String),
    /// Containers behave differently from now on.
    Behaviour(Behaviour),
    /// No registry hands out these images any more, with `*` for any run of characters. Machines that have them keep them.
    ImageBroken(String),
    /// The registries hand them out again.
    ImageFixed(String),
    /// `kubectl drain`: goes on beside the timeline until every pod is gone or its time is over.
    Drain(node::Drain),
    /// The node's machine goes down: its kubelet stops reporting, its containers end.
    NodeDown(String),
    /// The node is cut off from the API server: its containers run on.
    NodePartitioned(String),
    /// The node's kubelet reports again; a machine that was down has started.
    NodeUp(String),
    /// The same as `nodeUp`.
    NodeBack(String),
    /// The node's machine is shut down, and its cloud knows.
    MachineStopped(String),
    /// The node's machine is deleted in its cloud.
    MachineDeleted(String),
    /// Every machine of the zone goes down.
    ZoneOutage(String),
    /// Every machine of the zone starts again.
    ZoneBack(String),
    /// New nodes shaped like one that is there.
    NodeAdd(machine::NodeAdd),
    /// `kubectl delete node`: the node.
    NodeDelete(String),
    /// A kubelet is restarted with other flags.
    KubeletRestart(machine::KubeletRestart),
    /// The cluster is upgraded to another version: the control plane at once, then each node is drained and gets its new
    /// kubelet.
    Upgrade(machine::Upgrade),
    /// A component of the control plane stops: `kube-scheduler`, `kube-controller-manager`,
    /// `cloud-controller-manager`, or one controller, e.g. `node-lifecycle-controller`.
    ControllerStopped(String),
    /// It starts again.
    ControllerStarted(String),
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
            StepEntry::Annotate(step) => step.change(reader, path),
            StepEntry::Patch(step) => step.change(reader, path),
            StepEntry::Scale(step) => step.change(reader, path),
            StepEntry::SetImage(step) => step.change(reader, path),
            StepEntry::RolloutRestart(step) => step.change(reader, path),
            StepEntry::RolloutUndo(step) => step.change(reader, path),
            StepEntry::Taint(step) => step.change(reader, path),
            StepEntry::Untaint(step) => step.change(reader, path),
            StepEntry::Cordon(node) => Some(Change::Cordon(node)),
            StepEntry::Uncordon(node) => Some(Change::Uncordon(node)),
            StepEntry::Behaviour(step) => step.change(reader, path),
            StepEntry::ImageBroken(image) => Some(Change::ImageBroken(image)),
            StepEntry::ImageFixed(image) => Some(Change::ImageFixed(image)),
            StepEntry::Drain(step) => step.change(reader, path),
            StepEntry::NodeDown(node) => Some(Change::NodeDown(node)),
            StepEntry::NodePartitioned(node) => Some(Change::NodePartitioned(node)),
            StepEntry::NodeUp(node) | StepEntry::NodeBack(node) => Some(Change::NodeUp(node)),
            StepEntry::MachineStopped(node) => Some(Change::MachineStopped(node)),
            StepEntry::MachineDeleted(node) => Some(Change::MachineDeleted(node)),
            StepEntry::ZoneOutage(zone) => Some(Change::ZoneDown(zone)),
            StepEntry::ZoneBack(zone) => Some(Change::ZoneUp(zone)),
            StepEntry::NodeAdd(step) => step.change(reader, path),
            StepEntry::NodeDelete(node) => Some(Change::RemoveNode(node)),
            StepEntry::KubeletRestart(step) => step.change(reader, path),
            StepEntry::Upgrade(step) => step.change(reader, path),
            StepEntry::ControllerStopped(name) => Some(Change::StopController(name)),
            StepEntry::ControllerStarted(name) => Some(Change::StartController(name)),
        }
    }
}
