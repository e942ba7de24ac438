//! The names of the plugins.

use std::fmt;
use std::str::FromStr;

use crate::behaviour::Behaviour;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// An in-tree plugin by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PluginName {
            $($(#[$doc])* $name,)*
        }

        impl PluginName {
            /// Every plugin of every version.
            pub const ALL: &'static [PluginName] = &[$(PluginName::$name,)*];

            /// The name as upstream spells it.
            pub fn as_str(&self) -> &'static str {
                match self {
                    $(PluginName::$name => stringify!($name),)*
                }
            }
        }
    };
}

names! {
    /// Scheduling gates (1.27+).
    SchedulingGates,
    /// The order of the queue.
    PrioritySort,
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
    /// Requests against allocatable; from 1.22 a score by its scoring strategy too.
    NodeResourcesFit,
    /// The LeastAllocated score as its own plugin (≤1.22).
    NodeResourcesLeastAllocated,
    /// The MostAllocated score as its own plugin (≤1.22).
    NodeResourcesMostAllocated,
    /// The RequestedToCapacityRatio score as its own plugin (≤1.22).
    RequestedToCapacityRatio,
    /// Evenness of CPU and memory.
    NodeResourcesBalancedAllocation,
    /// Disks that one node or pod at a time may use.
    VolumeRestrictions,
    /// AWS disks that a node may attach (≤1.31).
    EBSLimits,
    /// GCE disks that a node may attach (≤1.31).
    GCEPDLimits,
    /// CSI volumes that a node may attach.
    NodeVolumeLimits,
    /// Azure disks that a node may attach (≤1.31).
    AzureDiskLimits,
    /// OpenStack disks that a node may attach (≤1.31, off by default).
    CinderLimits,
    /// Claims, their volumes and where these can be reached.
    VolumeBinding,
    /// Zone labels of volumes.
    VolumeZone,
    /// Topology spread constraints.
    PodTopologySpread,
    /// Pod affinity and anti-affinity.
    InterPodAffinity,
    /// Resource claims (1.34+).
    DynamicResources,
    /// Preemption.
    DefaultPreemption,
    /// Images already on the node.
    ImageLocality,
    /// Spreading by Services and workloads (on by default ≤1.19).
    SelectorSpread,
    /// SelectorSpread under its 1.18 name.
    DefaultPodTopologySpread,
    /// The preferAvoidPods annotation (≤1.22).
    NodePreferAvoidPods,
    /// Labels that nodes must or must not have, by configuration (≤1.22).
    NodeLabel,
    /// Pods of one Service on nodes with equal labels, by configuration (≤1.22).
    ServiceAffinity,
    /// A score by limits (1.18).
    NodeResourceLimits,
    /// The binding.
    DefaultBinder,
}

impl PluginName {
    /// The name under which a version knows what the plugin does: 1.16 and 1.17 had predicates and priorities instead.
    pub fn name_in(&self, behaviour: &Behaviour) -> &'static str {
        if !behaviour.general_predicates {
            return self.as_str();
        }
        match self {
            PluginName::NodeUnschedulable => "CheckNodeUnschedulable",
            PluginName::NodeResourcesFit | PluginName::NodeName | PluginName::NodePorts | PluginName::NodeAffinity => {
                "GeneralPredicates"
            }
            PluginName::TaintToleration => "PodToleratesNodeTaints",
            PluginName::VolumeRestrictions => "NoDiskConflict",
            PluginName::EBSLimits => "MaxEBSVolumeCount",
            PluginName::GCEPDLimits => "MaxGCEPDVolumeCount",
            PluginName::AzureDiskLimits => "MaxAzureDiskVolumeCount",
            PluginName::CinderLimits => "MaxCinderVolumeCount",
            PluginName::NodeVolumeLimits => "MaxCSIVolumeCountPred",
            PluginName::VolumeBinding => "CheckVolumeBinding",
            PluginName::VolumeZone => "NoVolumeZoneConflict",
            PluginName::InterPodAffinity => "MatchInterPodAffinity",
            PluginName::PodTopologySpread => "EvenPodsSpread",
            other => other.as_str(),
        }
    }

    /// The name under which a version knows the plugin's score.
    pub fn score_name_in(&self, behaviour: &Behaviour) -> &'static str {
        if !behaviour.general_predicates {
            return self.as_str();
        }
        match self {
            PluginName::SelectorSpread => "SelectorSpreadPriority",
            PluginName::InterPodAffinity => "InterPodAffinityPriority",
            PluginName::NodeResourcesLeastAllocated => "LeastRequestedPriority",
            PluginName::NodeResourcesBalancedAllocation => "BalancedResourceAllocation",
            PluginName::NodePreferAvoidPods => "NodePreferAvoidPodsPriority",
            PluginName::NodeAffinity => "NodeAffinityPriority",
            PluginName::TaintToleration => "TaintTolerationPriority",
            PluginName::ImageLocality => "ImageLocalityPriority",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PluginName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|name| name.as_str() == text).ok_or(())
    }
}
