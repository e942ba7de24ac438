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

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check_scores;

    #[test]
    fn nodes_that_avoid_nobody_score_full() {
        check_scores("1.21", "node n1", "pod p", "NodePreferAvoidPods", &[("n1", 1_000_000)]);
    }
}
