//! `spec.nodeName` of a pod that is not bound yet (`plugins/nodename`, v1.34).

use super::PluginName;
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, Status};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct NodeName;

impl Plugin for NodeName {
    fn name(&self) -> PluginName {
        PluginName::NodeName
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        match cycle.pod.spec.node_name.as_deref() {
            None | Some("") => Status::success(),
            Some(name) if name == node.name() => Status::success(),
            Some(_) => {
                Status::refused(Code::UnschedulableAndUnresolvable, self.name(), cycle.behaviour.node_name_reason)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check;

    #[test]
    fn only_the_named_node_is_feasible() {
        check("1.34", "node n1\nnode n2", "pod p node=n2", "n2");
        check("1.34", "node n1", "pod p node=n2", "n1: node(s) didn't match the requested node name");
        check("1.20", "node n1", "pod p node=n2", "n1: node(s) didn't match the requested hostname");
    }
}
