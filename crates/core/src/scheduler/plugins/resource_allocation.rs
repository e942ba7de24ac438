//! What the resource scores share: how full a node would be, resource by resource
//! (`plugins/noderesources/resource_allocation.go`, `least_allocated.go`, `most_allocated.go` and
//! `requested_to_capacity_ratio.go`, v1.34).

use crate::behaviour::AllocationRules;
use crate::model::resources::is_scalar;
use crate::quantity::Quantity;
use crate::scheduler::config::{ResourceWeight, ScoringStrategyType};
use crate::scheduler::framework::Cycle;
use crate::scheduler::node_info::NodeInfo;

/// One resource of a node once the pod has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allocation {
    pub(crate) capacity: i64,
    pub(crate) requested: i64,
    pub(crate) weight: i64,
}

/// Which of a pod's requests count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requests {
    /// With the defaults put in for containers that state none.
    NonZero,
    /// As stated.
    Stated,
}

/// The amount of a resource that the incoming pod counts for.
pub(crate) fn pod_request(cycle: &Cycle<'_>, name: &str, requests: Requests) -> i64 {
    let counted = match requests {
        Requests::NonZero => cycle.requests.incoming_non_zero,
        Requests::Stated => cycle.requests.incoming_scored,
    };
    match name {
        "cpu" => counted.milli_cpu,
        "memory" => counted.memory,
        _ => {
            let overhead = cycle.pod.spec.overhead.get(name).filter(|_| requests == Requests::NonZero);
            let left_out = overhead.filter(|_| cycle.behaviour.requests.least_allocated_without_overhead);
            cycle.requests.incoming.get(name) - left_out.map_or(0, Quantity::value)
        }
    }
}

/// The resources of a node that count in a score. A resource that the node has none of does not, from 1.22 on.
pub(crate) fn allocations<'a>(
    cycle: &'a Cycle<'_>,
    node: &'a NodeInfo,
    resources: &'a [ResourceWeight],
    requests: Requests,
) -> impl Iterator<Item = Allocation> + Clone + 'a {
    let skips_absent = cycle.behaviour.allocation.skips_absent;
    resources.iter().filter_map(move |ResourceWeight { name, weight }| {
        let pod = pod_request(cycle, name, requests);
        if skips_absent && pod == 0 && is_scalar(name) {
            return None;
        }
        // The number of pods is no amount that a score looks at.
        let capacity = if name == "pods" { 0 } else { node.node.allocatable.get(name) };
        let used = match (name.as_str(), requests) {
            ("cpu", Requests::NonZero) => node.non_zero_requested.milli_cpu,
            ("memory", Requests::NonZero) => node.non_zero_requested.memory,
            _ => node.requested.get(name),
        };
        let absent = capacity == 0 && skips_absent;
        (!absent).then(|| Allocation { capacity, requested: used.saturating_add(pod), weight: *weight })
    })
}

/// The score of a strategy: the weighted mean over the resources, in 0..=`max`.
pub(crate) fn score(
    kind: ScoringStrategyType,
    shape: &[(i64, i64)],
    rules: AllocationRules,
    max: i64,
    allocations: impl Iterator<Item = Allocation>,
) -> i64 {
    let mut sum = 0_i64;
    let mut weights = 0_i64;
    for allocation in allocations {
        let score = match kind {
            ScoringStrategyType::LeastAllocated => least_requested(allocation, max),
            ScoringStrategyType::MostAllocated => most_requested(allocation, rules, max),
            ScoringStrategyType::RequestedToCapacityRatio => {
                let score = broken_linear(shape, max, utilization(allocation, rules));
                // A resource that scores nothing does not dilute the others.
                if score <= 0 {
                    continue;
                }
                score
            }
        };
        sum = sum.saturating_add(score.saturating_mul(allocation.weight));
        weights = weights.saturating_add(allocation.weight);
    }
    if weights == 0 {
        return 0;
    }
    match kind {
        ScoringStrategyType::RequestedToCapacityRatio => (sum as f64 / weights as f64).round() as i64,
        _ => sum / weights,
    }
}

fn least_requested(Allocation { capacity, requested, .. }: Allocation, max: i64) -> i64 {
    if capacity == 0 || requested > capacity { 0 } else { scale(capacity - requested, max, capacity) }
}

fn most_requested(Allocation { capacity, requested, .. }: Allocation, rules: AllocationRules, max: i64) -> i64 {
    if capacity == 0 || (requested > capacity && !rules.most_allocated_capped) {
        return 0;
    }
    scale(requested.min(capacity), max, capacity)
}

fn utilization(Allocation { capacity, requested, .. }: Allocation, rules: AllocationRules) -> i64 {
    if capacity == 0 || requested > capacity {
        100
    } else if rules.utilization_from_free {
        100 - scale(capacity - requested, 100, capacity)
    } else {
        scale(requested, 100, capacity)
    }
}

/// The shape's score at a utilization, in a straight line between its points. Shapes score in 0..=10.
fn broken_linear(shape: &[(i64, i64)], max: i64, utilization: i64) -> i64 {
    let scaled = |score: i64| score * (max / 10);
    let mut before: Option<(i64, i64)> = None;
    for &(at, score) in shape {
        if utilization <= at {
            return match before {
                None => scaled(score),
                Some((from, base)) => {
                    scaled(base) + (scaled(score) - scaled(base)) * (utilization - from) / (at - from)
                }
            };
        }
        before = Some((at, score));
    }
    before.map_or(0, |(_, score)| scaled(score))
}

/// `part * max / whole` without overflowing on the way.
#[inline]
fn scale(part: i64, max: i64, whole: i64) -> i64 {
    match part.checked_mul(max) {
        Some(product) => product / whole,
        None => i64::try_from(i128::from(part) * i128::from(max) / i128::from(whole)).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::{Allocation, ScoringStrategyType, score};
    use crate::behaviour::Behaviour;
    use crate::version::Version;

    #[track_caller]
    fn check(kind: ScoringStrategyType, version: &str, used: &[(i64, i64, i64)], expected: i64) {
        let version: Version = version.parse().expect("a version");
        let rules = Behaviour::of(version).allocation;
        let allocations = used.iter().map(|&(requested, capacity, weight)| Allocation { requested, capacity, weight });
        assert_eq!(score(kind, &[(0, 0), (50, 8), (100, 10)], rules, 100, allocations), expected);
    }

    #[test]
    fn strategies() {
        let half_and_full = [(50, 100, 1), (100, 100, 3)];
        check(ScoringStrategyType::LeastAllocated, "1.34", &half_and_full, 12);
        check(ScoringStrategyType::MostAllocated, "1.34", &half_and_full, 87);
        check(ScoringStrategyType::RequestedToCapacityRatio, "1.34", &half_and_full, 95);
        check(ScoringStrategyType::RequestedToCapacityRatio, "1.34", &[(25, 100, 1)], 40);
    }

    #[test]
    fn more_than_there_is() {
        check(ScoringStrategyType::MostAllocated, "1.34", &[(200, 100, 1)], 100);
        check(ScoringStrategyType::MostAllocated, "1.19", &[(200, 100, 1)], 0);
        check(ScoringStrategyType::LeastAllocated, "1.34", &[(200, 100, 1)], 0);
    }
}
