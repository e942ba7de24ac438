//! Nodes whose cpu and memory are used evenly score more (`plugins/noderesources/balanced_allocation.go`, v1.34).

use super::PluginName;
use super::resource_allocation::{Allocation, Requests, allocations, pod_request};
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
        let resources = &cycle.profile.args.balanced_allocation;
        let best_effort = resources.iter().all(|resource| pod_request(cycle, &resource.name, Requests::Stated) == 0);
        if best_effort && cycle.behaviour.balanced.skips_best_effort { PreScore::Skips } else { PreScore::Scores }
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let max = cycle.behaviour.score_max as f64;
        if !cycle.behaviour.balanced.actual_requests {
            let capacity = &node.node.allocatable;
            let (pod, used) = (cycle.requests.incoming_non_zero, node.non_zero_requested);
            let cpu = fraction_of_capacity(used.milli_cpu + pod.milli_cpu, capacity.milli_cpu);
            let memory = fraction_of_capacity(used.memory + pod.memory, capacity.memory);
            if cpu >= 1.0 || memory >= 1.0 {
                return 0;
            }
            return ((1.0 - (cpu - memory).abs()) * max) as i64;
        }
        let allocations = allocations(cycle, node, &cycle.profile.args.balanced_allocation, Requests::Stated);
        ((1.0 - deviation(allocations)) * max) as i64
    }
}

/// The standard deviation of the fractions in use.
fn deviation(allocations: impl Iterator<Item = Allocation> + Clone) -> f64 {
    let fractions = allocations.map(|of| (of.requested as f64 / of.capacity as f64).min(1.0));
    let mut first = fractions.clone();
    match (first.next(), first.next(), first.next()) {
        (Some(one), Some(other), None) => ((one - other) / 2.0).abs(),
        (Some(_), Some(_), Some(_)) => {
            let count = fractions.clone().count() as f64;
            let mean = fractions.clone().sum::<f64>() / count;
            let squares: f64 = fractions.map(|fraction| (fraction - mean) * (fraction - mean)).sum();
            (squares / count).sqrt()
        }
        _ => 0.0,
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
