//! The default plugin set: which plugin stands behind each name.

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
