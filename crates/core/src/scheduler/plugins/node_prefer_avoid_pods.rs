//! Nodes whose preferAvoidPods annotation names the pod's controller score 0 (`plugins/nodepreferavoidpods`, ≤v1.21).

use super::PluginName;
use crate::scheduler::framework::{Cycle, CycleState, Plugin};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct NodePreferAvoidPods;

impl Plugin for NodePreferAvoidPods {
    fn name(&self) -> PluginName {
        PluginName::NodePreferAvoidPods
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let controller = cycle
            .pod
            .controller
            .as_ref()
            .filter(|owner| owner.kind == "ReplicationController" || owner.kind == "ReplicaSet");
        let avoided = controller.is_some_and(|controller| {
            node.node.prefer_avoid_pods.iter().any(|avoid| avoid.kind == controller.kind && avoid.uid == controller.uid)
        });
        if avoided { 0 } else { cycle.behaviour.score_max }
    }
}
