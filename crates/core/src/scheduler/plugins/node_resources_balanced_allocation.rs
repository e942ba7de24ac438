//! Nodes whose cpu and memory are used evenly score more (`plugins/noderesources/balanced_allocation.go`, v1.34).

use super::PluginName;
use crate::scheduler::framework::{Cycle, CycleState, Plugin, PreScore};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct NodeResourcesBalancedAllocation;

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> PluginName {
        PluginName::NodeResourcesBalancedAllocation
    }

    fn pre_score(&self, cycle: &Cycle<'_>, _state: &mut CycleState, _nodes: &[&NodeInfo]) -> PreScore {
        let request = cycle.requests.incoming_scored;
        let best_effort = request.milli_cpu == 0 && request.memory == 0;
        if best_effort && cycle.behaviour.balanced.skips_best_effort { PreScore::Skips } else { PreScore::Scores }
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let max = cycle.behaviour.score_max as f64;
        let capacity = &node.node.allocatable;
        if !cycle.behaviour.balanced.actual_requests {
            let (pod, used) = (cycle.requests.incoming_non_zero, node.non_zero_requested);
            let cpu = fraction_of_capacity(used.milli_cpu + pod.milli_cpu, capacity.milli_cpu);
            let memory = fraction_of_capacity(used.memory + pod.memory, capacity.memory);
            if cpu >= 1.0 || memory >= 1.0 {
                return 0;
            }
            return ((1.0 - (cpu - memory).abs()) * max) as i64;
        }
        let pod = cycle.requests.incoming_scored;
        let resources = [
            (node.requested.milli_cpu + pod.milli_cpu, capacity.milli_cpu),
            (node.requested.memory + pod.memory, capacity.memory),
        ];
        let fractions: Vec<f64> = resources
            .iter()
            .filter(|(_, capacity)| *capacity != 0)
            .map(|(requested, capacity)| (*requested as f64 / *capacity as f64).min(1.0))
            .collect();
        let deviation = match fractions.as_slice() {
            [cpu, memory] => ((cpu - memory) / 2.0).abs(),
            _ => 0.0,
        };
        ((1.0 - deviation) * max) as i64
    }
}

fn fraction_of_capacity(requested: i64, capacity: i64) -> f64 {
    if capacity == 0 { 1.0 } else { requested as f64 / capacity as f64 }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check_scores;

    #[test]
    fn evenness_by_version() {
        let cluster = "node n1 cpu=4 memory=4Gi\nnode n2 cpu=4 memory=4Gi\npod a on=n2 cpu=2 memory=0";
        let pod = "pod p cpu=1 memory=1Gi";
        check_scores("1.34", cluster, pod, "NodeResourcesBalancedAllocation", &[("n1", 100), ("n2", 75)]);
        check_scores("1.21", cluster, pod, "NodeResourcesBalancedAllocation", &[("n1", 100), ("n2", 50)]);
    }
}
