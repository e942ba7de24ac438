//! Cordoned nodes take no new pods, unless they tolerate the taint that stands for it
//! (`plugins/nodeunschedulable`, v1.34).

use super::PluginName;
use crate::model::{Effect, Pod, Taint};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, Status};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct NodeUnschedulable;

impl Plugin for NodeUnschedulable {
    fn name(&self) -> PluginName {
        PluginName::NodeUnschedulable
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        if !node.node.unschedulable {
            return Status::success();
        }
        if tolerates_cordon(cycle.pod) {
            return Status::success();
        }
        Status::refused(Code::UnschedulableAndUnresolvable, self.name(), "node(s) were unschedulable")
    }

    /// A node takes pods that did not before (`isSchedulableAfterNodeChange`), or the pod got the toleration for it
    /// (`isSchedulableAfterPodTolerationChange`).
    fn is_schedulable_after(&self, _cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        match happening.subject {
            Subject::Node { before, after: Some(after) } => {
                !after.unschedulable && before.is_none_or(|before| before.unschedulable)
            }
            Subject::Pod { after: Some(after), .. } => tolerates_cordon(after),
            _ => true,
        }
    }
}

/// Whether a pod tolerates the taint that stands for a cordon.
fn tolerates_cordon(pod: &Pod) -> bool {
    let taint =
        Taint { key: "node.kubernetes.io/unschedulable".to_owned(), value: String::new(), effect: Effect::NoSchedule };
    pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(&taint))
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check;

    #[test]
    fn a_cordoned_node_refuses() {
        check("1.34", "node n1 cordoned", "pod p", "n1: node(s) were unschedulable");
    }

    #[test]
    fn the_taint_of_cordoning_can_be_tolerated() {
        check("1.34", "node n1 cordoned", "pod p tolerate=node.kubernetes.io/unschedulable", "n1");
        check("1.34", "node n1 cordoned", "pod p tolerate=node.kubernetes.io/unschedulable:NoSchedule", "n1");
        check(
            "1.34",
            "node n1 cordoned",
            "pod p tolerate=node.kubernetes.io/unschedulable:NoExecute",
            "n1: node(s) were unschedulable",
        );
    }
}
