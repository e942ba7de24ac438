//! The names of the plugins.

use std::fmt;

/// An in-tree plugin by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginName {
    /// Cordoned nodes.
    NodeUnschedulable,
    /// `spec.nodeName`.
    NodeName,
    /// Taints and tolerations.
    TaintToleration,
    /// `nodeSelector` and node affinity.
    NodeAffinity,
    /// Host ports.
    NodePorts,
    /// Requests against allocatable; from 1.22 the LeastAllocated score too.
    NodeResourcesFit,
    /// The LeastAllocated score as its own plugin (≤1.21).
    NodeResourcesLeastAllocated,
    /// Evenness of CPU and memory.
    NodeResourcesBalancedAllocation,
    /// Pod affinity and anti-affinity.
    InterPodAffinity,
    /// Topology spread constraints.
    PodTopologySpread,
    /// Images already on the node.
    ImageLocality,
    /// Spreading by Services and workloads (≤1.19).
    SelectorSpread,
    /// SelectorSpread under its 1.18 name.
    DefaultPodTopologySpread,
    /// The preferAvoidPods annotation (≤1.21).
    NodePreferAvoidPods,
    /// Scheduling gates (1.27+).
    SchedulingGates,
    /// Preemption.
    DefaultPreemption,
}

impl PluginName {
    /// The name as upstream spells it.
    pub fn as_str(&self) -> &'static str {
        match self {
            PluginName::NodeUnschedulable => "NodeUnschedulable",
            PluginName::NodeName => "NodeName",
            PluginName::TaintToleration => "TaintToleration",
            PluginName::NodeAffinity => "NodeAffinity",
            PluginName::NodePorts => "NodePorts",
            PluginName::NodeResourcesFit => "NodeResourcesFit",
            PluginName::NodeResourcesLeastAllocated => "NodeResourcesLeastAllocated",
            PluginName::NodeResourcesBalancedAllocation => "NodeResourcesBalancedAllocation",
            PluginName::InterPodAffinity => "InterPodAffinity",
            PluginName::PodTopologySpread => "PodTopologySpread",
            PluginName::ImageLocality => "ImageLocality",
            PluginName::SelectorSpread => "SelectorSpread",
            PluginName::DefaultPodTopologySpread => "DefaultPodTopologySpread",
            PluginName::NodePreferAvoidPods => "NodePreferAvoidPods",
            PluginName::SchedulingGates => "SchedulingGates",
            PluginName::DefaultPreemption => "DefaultPreemption",
        }
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
