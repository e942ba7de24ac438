//! The default plugin set: which filters and scores run in which minor, and which plugin stands behind each name.
//!
//! Upstream: `algorithmprovider/registry.go` up to v1.22, `apis/config/v1*/default_plugins.go` since.

use super::framework::Plugin;
use super::plugins::*;

/// The plugin of this name.
pub fn plugin(name: PluginName) -> &'static dyn Plugin {
    match name {
        PluginName::NodeUnschedulable => &node_unschedulable::NodeUnschedulable,
        PluginName::NodeName => &node_name::NodeName,
        PluginName::TaintToleration => &taint_toleration::TaintToleration,
        PluginName::NodeAffinity => &node_affinity::NodeAffinity,
        PluginName::NodePorts => &node_ports::NodePorts,
        PluginName::NodeResourcesFit => &node_resources_fit::NodeResourcesFit,
        PluginName::NodeResourcesLeastAllocated => &node_resources_fit::NodeResourcesLeastAllocated,
        PluginName::NodeResourcesBalancedAllocation => {
            &node_resources_balanced_allocation::NodeResourcesBalancedAllocation
        }
        PluginName::InterPodAffinity => &inter_pod_affinity::InterPodAffinity,
        PluginName::PodTopologySpread => &pod_topology_spread::PodTopologySpread,
        PluginName::ImageLocality => &image_locality::ImageLocality,
        PluginName::SelectorSpread | PluginName::DefaultPodTopologySpread => &selector_spread::SelectorSpread,
        PluginName::NodePreferAvoidPods => &node_prefer_avoid_pods::NodePreferAvoidPods,
        PluginName::SchedulingGates => &scheduling_gates::SchedulingGates,
        PluginName::DefaultPreemption => &default_preemption::DefaultPreemption,
    }
}

/// Filter order; volume plugins are left out.
pub(crate) fn filters(minor: u32) -> &'static [PluginName] {
    use PluginName::*;
    match minor {
        // GeneralPredicates is the four between NodeUnschedulable and TaintToleration; spread was still off.
        ..=17 => {
            &[NodeUnschedulable, NodeResourcesFit, NodeName, NodePorts, NodeAffinity, TaintToleration, InterPodAffinity]
        }
        18 => &[
            NodeUnschedulable,
            NodeResourcesFit,
            NodeName,
            NodePorts,
            NodeAffinity,
            TaintToleration,
            InterPodAffinity,
            PodTopologySpread,
        ],
        19 => &[
            NodeUnschedulable,
            NodeResourcesFit,
            NodeName,
            NodePorts,
            NodeAffinity,
            TaintToleration,
            PodTopologySpread,
            InterPodAffinity,
        ],
        _ => &[
            NodeUnschedulable,
            NodeName,
            TaintToleration,
            NodeAffinity,
            NodePorts,
            NodeResourcesFit,
            PodTopologySpread,
            InterPodAffinity,
        ],
    }
}

/// Score plugins and weights.
pub(crate) fn scores(minor: u32) -> &'static [(PluginName, i64)] {
    use PluginName::*;
    match minor {
        ..=17 => &[
            (SelectorSpread, 1),
            (InterPodAffinity, 1),
            (NodeResourcesLeastAllocated, 1),
            (NodeResourcesBalancedAllocation, 1),
            (NodePreferAvoidPods, 10_000),
            (NodeAffinity, 1),
            (TaintToleration, 1),
            (ImageLocality, 1),
        ],
        18 => &[
            (NodeResourcesBalancedAllocation, 1),
            (ImageLocality, 1),
            (InterPodAffinity, 1),
            (NodeResourcesLeastAllocated, 1),
            (NodeAffinity, 1),
            (NodePreferAvoidPods, 10_000),
            (DefaultPodTopologySpread, 1),
            (TaintToleration, 1),
            (PodTopologySpread, 1),
        ],
        19 => &[
            (NodeResourcesBalancedAllocation, 1),
            (ImageLocality, 1),
            (InterPodAffinity, 1),
            (NodeResourcesLeastAllocated, 1),
            (NodeAffinity, 1),
            (NodePreferAvoidPods, 10_000),
            (PodTopologySpread, 2),
            (SelectorSpread, 1),
            (TaintToleration, 1),
        ],
        20 | 21 => &[
            (NodeResourcesBalancedAllocation, 1),
            (ImageLocality, 1),
            (InterPodAffinity, 1),
            (NodeResourcesLeastAllocated, 1),
            (NodeAffinity, 1),
            (NodePreferAvoidPods, 10_000),
            (PodTopologySpread, 2),
            (TaintToleration, 1),
        ],
        22 => &[
            (NodeResourcesBalancedAllocation, 1),
            (ImageLocality, 1),
            (InterPodAffinity, 1),
            (NodeResourcesFit, 1),
            (NodeAffinity, 1),
            (PodTopologySpread, 2),
            (TaintToleration, 1),
        ],
        _ => &[
            (TaintToleration, 3),
            (NodeAffinity, 2),
            (NodeResourcesFit, 1),
            (PodTopologySpread, 2),
            (InterPodAffinity, 2),
            (NodeResourcesBalancedAllocation, 1),
            (ImageLocality, 1),
        ],
    }
}
