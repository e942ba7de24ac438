//! Cordoned nodes take no new pods, unless they tolerate the taint that stands for it
//! (`plugins/nodeunschedulable`, v1.34).

use super::PluginName;
use crate::model::{Effect, Taint};
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
        let taint = Taint {
            key: "node.kubernetes.io/unschedulable".to_owned(),
            value: String::new(),
            effect: Effect::NoSchedule,
        };
        if cycle.pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(&taint)) {
            return Status::success();
        }
        Status::refused(Code::UnschedulableAndUnresolvable, self.name(), "node(s) were unschedulable")
    }
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
