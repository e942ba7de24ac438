//! Requests against what is left of allocatable, and the score of the scoring strategy
//! (`plugins/noderesources/fit.go`, v1.34).

use std::borrow::Cow;
use std::sync::Arc;

use super::PluginName;
use super::resource_allocation::{Requests, allocations, score};
use crate::behaviour::{Behaviour, ZeroRequest};
use crate::model::resources::{PodRequests, is_extended};
use crate::model::{Pod, Resources};
use crate::scheduler::config::{FitArgs, ResourceWeight, ScoringStrategy, ScoringStrategyType};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, Status};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct NodeResourcesFit;

/// The LeastAllocated score as a plugin of its own, as it was up to 1.22.
#[derive(Debug)]
pub struct NodeResourcesLeastAllocated;

/// The MostAllocated score as a plugin of its own, as it was up to 1.22.
#[derive(Debug)]
pub struct NodeResourcesMostAllocated;

/// The RequestedToCapacityRatio score as a plugin of its own, as it was up to 1.22.
#[derive(Debug)]
pub struct RequestedToCapacityRatio;

impl Plugin for NodeResourcesFit {
    fn name(&self) -> PluginName {
        PluginName::NodeResourcesFit
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        if cycle.behaviour.sidecars_refused && cycle.pod.spec.init_containers.iter().any(|c| c.restartable) {
            return Status::refused(
                Code::UnschedulableAndUnresolvable,
                self.name(),
                "Pod has a restartable init container and the SidecarContainers feature is disabled",
            );
        }
        let lacking = insufficient_in(cycle, node);
        if lacking.is_empty() {
            return Status::success();
        }
        let hopeless = cycle.behaviour.fit_unresolvable_beyond_allocatable
            && lacking.iter().any(|lack| lack.resource != PODS && lack.request > lack.allocatable);
        Status {
            code: if hopeless { Code::UnschedulableAndUnresolvable } else { Code::Unschedulable },
            plugins: vec![self.name()],
            reasons: lacking.into_iter().map(|lack| lack.reason(cycle.behaviour)).collect(),
        }
    }

    /// A node as it would be without pods has room, and more than before (`isSchedulableAfterNodeChange`); a pod went, or
    /// asks for less of what this one wants (`isSchedulableAfterPodEvent`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        match happening.subject {
            Subject::Node { before, after: Some(after) } => {
                insufficient_in(cycle, &NodeInfo::new(Arc::clone(after))).is_empty()
                    && before.is_none_or(|before| has_grown(cycle, &before.allocatable, &after.allocatable))
            }
            Subject::Pod { before: Some(before), after: Some(after) } => {
                let asked = |pod: &Pod| PodRequests::of(pod, cycle.behaviour.requests).incoming;
                after.uid == cycle.pod.uid || is_more_of_requested(cycle, &asked(after), &asked(before))
            }
            _ => true,
        }
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let ScoringStrategy { kind, resources, shape } = &cycle.profile.args.fit.scoring_strategy;
        score_by(cycle, node, *kind, resources, shape)
    }
}

impl Plugin for NodeResourcesLeastAllocated {
    fn name(&self) -> PluginName {
        PluginName::NodeResourcesLeastAllocated
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        score_by(cycle, node, ScoringStrategyType::LeastAllocated, &cycle.profile.args.least_allocated, &[])
    }
}

impl Plugin for NodeResourcesMostAllocated {
    fn name(&self) -> PluginName {
        PluginName::NodeResourcesMostAllocated
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        score_by(cycle, node, ScoringStrategyType::MostAllocated, &cycle.profile.args.most_allocated, &[])
    }
}

impl Plugin for RequestedToCapacityRatio {
    fn name(&self) -> PluginName {
        PluginName::RequestedToCapacityRatio
    }

    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let ScoringStrategy { kind, resources, shape } = &cycle.profile.args.requested_to_capacity_ratio;
        score_by(cycle, node, *kind, resources, shape)
    }
}

/// The score of a strategy, with the pods' requests as scoring takes them.
fn score_by(
    cycle: &Cycle<'_>,
    node: &NodeInfo,
    kind: ScoringStrategyType,
    resources: &[ResourceWeight],
    shape: &[(i64, i64)],
) -> i64 {
    let allocations = allocations(cycle, node, resources, Requests::NonZero);
    score(kind, shape, cycle.behaviour.allocation, cycle.behaviour.score_max, allocations)
}

/// Whether a node may now hold more pods, or more of something that the pod wants (`haveAnyRequestedResourcesIncreased`).
fn has_grown(cycle: &Cycle<'_>, before: &Resources, after: &Resources) -> bool {
    after.pods > before.pods || is_more_of_requested(cycle, before, after)
}

fn is_more_of_requested(cycle: &Cycle<'_>, less: &Resources, more: &Resources) -> bool {
    let request = &cycle.requests.incoming;
    (request.milli_cpu > 0 && more.milli_cpu > less.milli_cpu)
        || (request.memory > 0 && more.memory > less.memory)
        || (request.ephemeral_storage > 0 && more.ephemeral_storage > less.ephemeral_storage)
        || request.scalars.iter().any(|(name, amount)| *amount > 0 && more.get(name) > less.get(name))
}

/// The resource that is the number of pods.
const PODS: &str = "pods";

/// A resource of which a node has too little left (`InsufficientResource`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Its name in the API.
    pub resource: Cow<'static, str>,
    /// What the pod asks for: CPU in thousandths, all else in whole units.
    pub request: i64,
    /// What the other pods take.
    pub used: i64,
    /// What the node has for pods.
    pub allocatable: i64,
}

impl Lack {
    fn reason(&self, behaviour: &Behaviour) -> Cow<'static, str> {
        match &*self.resource {
            PODS => Cow::Borrowed(behaviour.too_many_pods_reason),
            "cpu" => Cow::Borrowed("Insufficient cpu"),
            "memory" => Cow::Borrowed("Insufficient memory"),
            "ephemeral-storage" => Cow::Borrowed("Insufficient ephemeral-storage"),
            name => Cow::Owned(format!("Insufficient {name}")),
        }
    }
}

fn insufficient_in(cycle: &Cycle<'_>, node: &NodeInfo) -> Vec<Lack> {
    insufficient(cycle.behaviour, &cycle.profile.args.fit, &cycle.requests.incoming, node)
}

/// Every resource that does not suffice: pods, cpu, memory, ephemeral storage, then the others by name.
pub(crate) fn insufficient(behaviour: &Behaviour, args: &FitArgs, request: &Resources, node: &NodeInfo) -> Vec<Lack> {
    let mut lacking = Vec::new();
    let allocatable = &node.node.allocatable;
    let pods = node.pods.len() as i64;
    if pods + 1 > allocatable.pods {
        lacking.push(Lack { resource: Cow::Borrowed(PODS), request: 1, used: pods, allocatable: allocatable.pods });
    }
    let nothing = request.milli_cpu == 0 && request.memory == 0 && request.ephemeral_storage == 0;
    if nothing && request.scalars.is_empty() {
        return lacking;
    }
    let zero_fits = behaviour.zero_request == ZeroRequest::AlwaysFits;
    let used = &node.requested;
    let basic = [
        ("cpu", request.milli_cpu, allocatable.milli_cpu, used.milli_cpu),
        ("memory", request.memory, allocatable.memory, used.memory),
        ("ephemeral-storage", request.ephemeral_storage, allocatable.ephemeral_storage, used.ephemeral_storage),
    ];
    for (resource, request, allocatable, used) in basic {
        let skipped = request == 0 && zero_fits;
        if !skipped && request > allocatable.saturating_sub(used) {
            lacking.push(Lack { resource: Cow::Borrowed(resource), request, used, allocatable });
        }
    }
    for (name, request) in &request.scalars {
        if *request == 0 && behaviour.zero_scalar_fits || is_ignored(args, name) {
            continue;
        }
        let (allocatable, used) = (allocatable.get(name), used.get(name));
        if *request > allocatable.saturating_sub(used) {
            lacking.push(Lack { resource: Cow::Owned(name.clone()), request: *request, used, allocatable });
        }
    }
    lacking
}

/// Whether the configuration leaves a resource to somebody else.
fn is_ignored(args: &FitArgs, name: &str) -> bool {
    let group = name.split('/').next().unwrap_or_default();
    is_extended(name) && (args.ignored_resources.contains(name) || args.ignored_resource_groups.contains(group))
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_scores};

    #[test]
    fn every_lacking_resource_is_named() {
        check(
            "1.33",
            "node n1 cpu=1 memory=1Gi",
            "pod p cpu=2 memory=2Gi",
            "n1: Insufficient cpu, Insufficient memory",
        );
        check("1.33", "node n1 cpu=1", "pod p example.com/gpu=1", "n1: Insufficient example.com/gpu");
    }

    #[test]
    fn what_other_pods_requested_is_not_free() {
        let cluster = "node n1 cpu=2\npod a on=n1 cpu=1500m";
        check("1.33", cluster, "pod p cpu=500m", "n1");
        check("1.33", cluster, "pod p cpu=501m", "n1: Insufficient cpu");
    }

    #[test]
    fn pods_are_counted() {
        check("1.33", "node n1 pods=1\npod a on=n1", "pod p", "n1: Too many pods");
        check("1.16", "node n1 pods=1\npod a on=n1", "pod p", "n1: Insufficient pods");
    }

    #[test]
    fn the_greatest_init_container_counts() {
        check("1.33", "node n1 cpu=2", "pod p cpu=1 init-cpu=3", "n1: Insufficient cpu");
        check("1.33", "node n1 cpu=3", "pod p cpu=1 init-cpu=3", "n1");
        // A sidecar runs beside the containers and beside the init containers after it.
        check("1.33", "node n1 cpu=3", "pod p cpu=2 sidecar-cpu=1 init-cpu=2", "n1");
        check("1.33", "node n1 cpu=3", "pod p cpu=2 sidecar-cpu=1 init-cpu=3", "n1: Insufficient cpu");
    }

    #[test]
    fn the_emptier_node_scores_more() {
        let cluster = "node n1 cpu=4 memory=4Gi\nnode n2 cpu=4 memory=4Gi\npod a on=n2 cpu=2 memory=2Gi";
        check_scores("1.34", cluster, "pod p cpu=1 memory=1Gi", "NodeResourcesFit", &[("n1", 75), ("n2", 25)]);
    }
}
