//! What a version's scheduler runs when nothing is said, and which plugins it has.
//!
//! Upstream: `algorithmprovider/registry.go` up to v1.21, `apis/config/v1*/default_plugins.go` since,
//! `apis/config/validation/validation.go` (`invalidPluginsByVersion`), and the interfaces that each plugin implements.

use std::collections::BTreeMap;

use crate::behaviour::Behaviour;
use crate::scheduler::config::{ConfigApi, ExtensionPoint, PluginSet};
use crate::scheduler::plugins::PluginName;

/// The plugins of every extension point.
pub(super) type Sets = BTreeMap<ExtensionPoint, PluginSet>;

/// What runs when nothing is said: everything at MultiPoint from v1beta3 on, by extension point before.
pub(super) fn default_plugins(behaviour: &Behaviour, api: ConfigApi) -> Sets {
    let scores: &[(PluginName, i64)] = match api {
        ConfigApi::V1Beta1 if behaviour.config_apis.1 > api => V1BETA1_SCORES,
        ConfigApi::V1Beta2 => V1BETA2_SCORES,
        _ => behaviour.scores,
    };
    let weight = |name: PluginName| scores.iter().find(|(other, _)| *other == name).map(|(_, weight)| *weight);
    let plain = |name: PluginName| (name.as_str().to_owned(), None);
    let mut post_filters = vec![PluginName::DefaultPreemption];
    if behaviour.dynamic_resources {
        post_filters.insert(0, PluginName::DynamicResources);
    }
    if api >= ConfigApi::V1Beta3 {
        let first = [PluginName::SchedulingGates, PluginName::PrioritySort];
        let first = first.into_iter().filter(|name| behaviour.scheduling_gates || *name != PluginName::SchedulingGates);
        let filters = behaviour.filters.iter().copied();
        let scored_only = scores.iter().map(|(name, _)| *name).filter(|name| !behaviour.filters.contains(name));
        let all = first.chain(filters).chain(post_filters).chain(scored_only).chain([PluginName::DefaultBinder]);
        let enabled = all.map(|name| (name.as_str().to_owned(), weight(name))).collect();
        return Sets::from([(ExtensionPoint::MultiPoint, PluginSet { enabled, disabled: Vec::new() })]);
    }
    let set = |enabled: Vec<(String, Option<i64>)>| PluginSet { enabled, disabled: Vec::new() };
    let plain_set = |names: &[PluginName]| set(names.iter().copied().map(plain).collect());
    let gates = [PluginName::SchedulingGates];
    Sets::from([
        (ExtensionPoint::PreEnqueue, plain_set(if behaviour.scheduling_gates { &gates } else { &[] })),
        (ExtensionPoint::QueueSort, plain_set(&[PluginName::PrioritySort])),
        (ExtensionPoint::PreFilter, plain_set(behaviour.pre_filters)),
        (ExtensionPoint::Filter, plain_set(behaviour.filters)),
        (ExtensionPoint::PostFilter, plain_set(&post_filters)),
        (
            ExtensionPoint::Score,
            set(scores.iter().map(|(name, weight)| (name.as_str().to_owned(), Some(*weight))).collect()),
        ),
        (ExtensionPoint::Bind, plain_set(&[PluginName::DefaultBinder])),
    ])
}

/// Since which minor a plugin is called at an extension point; it ends with the plugin itself.
const CALLED: &[(ExtensionPoint, &[(PluginName, u32)])] = {
    use PluginName::*;
    &[
        (ExtensionPoint::PreEnqueue, &[(SchedulingGates, 26), (DynamicResources, 28), (DefaultPreemption, 32)]),
        (ExtensionPoint::QueueSort, &[(PrioritySort, 16)]),
        (
            ExtensionPoint::PreFilter,
            &[
                (NodeAffinity, 21),
                (NodePorts, 16),
                (NodeResourcesFit, 16),
                (VolumeRestrictions, 22),
                (EBSLimits, 28),
                (GCEPDLimits, 28),
                (NodeVolumeLimits, 28),
                (AzureDiskLimits, 28),
                (CinderLimits, 28),
                (VolumeBinding, 19),
                (VolumeZone, 27),
                (PodTopologySpread, 18),
                (InterPodAffinity, 16),
                (DynamicResources, 26),
                (ServiceAffinity, 18),
            ],
        ),
        (
            ExtensionPoint::Filter,
            &[
                (NodeUnschedulable, 16),
                (NodeName, 16),
                (TaintToleration, 16),
                (NodeAffinity, 16),
                (NodePorts, 16),
                (NodeResourcesFit, 16),
                (VolumeRestrictions, 16),
                (EBSLimits, 16),
                (GCEPDLimits, 16),
                (NodeVolumeLimits, 16),
                (AzureDiskLimits, 16),
                (CinderLimits, 16),
                (VolumeBinding, 16),
                (VolumeZone, 16),
                (PodTopologySpread, 18),
                (InterPodAffinity, 16),
                (DynamicResources, 26),
                (NodeLabel, 18),
                (ServiceAffinity, 18),
            ],
        ),
        (ExtensionPoint::PostFilter, &[(DynamicResources, 26), (DefaultPreemption, 19)]),
        (
            ExtensionPoint::PreScore,
            &[
                (TaintToleration, 18),
                (NodeAffinity, 21),
                (NodeResourcesFit, 27),
                (NodeResourcesBalancedAllocation, 27),
                (VolumeBinding, 30),
                (PodTopologySpread, 18),
                (InterPodAffinity, 18),
                (SelectorSpread, 19),
                (DefaultPodTopologySpread, 18),
                (NodeResourceLimits, 18),
            ],
        ),
        (
            ExtensionPoint::Score,
            &[
                (TaintToleration, 16),
                (NodeAffinity, 16),
                (NodeResourcesFit, 22),
                (NodeResourcesLeastAllocated, 16),
                (NodeResourcesMostAllocated, 18),
                (RequestedToCapacityRatio, 18),
                (NodeResourcesBalancedAllocation, 16),
                (VolumeBinding, 21),
                (PodTopologySpread, 18),
                (InterPodAffinity, 16),
                (ImageLocality, 16),
                (SelectorSpread, 16),
                (DefaultPodTopologySpread, 18),
                (NodePreferAvoidPods, 16),
                (NodeResourceLimits, 18),
                (NodeLabel, 18),
                (ServiceAffinity, 18),
            ],
        ),
        (ExtensionPoint::Reserve, &[(VolumeBinding, 19), (DynamicResources, 26)]),
        (ExtensionPoint::PreBind, &[(VolumeBinding, 19), (DynamicResources, 30)]),
        (ExtensionPoint::Bind, &[(DefaultBinder, 16)]),
        (ExtensionPoint::PostBind, &[(DynamicResources, 26)]),
    ]
};

/// Whether a version calls a plugin at an extension point.
pub fn implements(behaviour: &Behaviour, name: PluginName, point: ExtensionPoint) -> bool {
    let since = |plugins: &[(PluginName, u32)]| {
        plugins.iter().any(|(other, minor)| *other == name && *minor <= behaviour.version.minor())
    };
    point == ExtensionPoint::MultiPoint || CALLED.iter().any(|(other, plugins)| *other == point && since(plugins))
}

/// Whether a version's scheduler has a plugin of this name.
pub fn exists_in(name: PluginName, behaviour: &Behaviour) -> bool {
    !behaviour.absent_plugins.contains(&name)
}

/// The plugins that a version has and yet refuses in an API version: at every extension point but MultiPoint, and with
/// arguments.
pub fn refused_plugins(behaviour: &Behaviour, api: ConfigApi) -> &'static [PluginName] {
    use PluginName::*;
    match (behaviour.version.minor(), api) {
        (22, ConfigApi::V1Beta2) => &[
            NodeLabel,
            ServiceAffinity,
            NodePreferAvoidPods,
            NodeResourcesLeastAllocated,
            NodeResourcesMostAllocated,
            RequestedToCapacityRatio,
        ],
        (25..=28, ConfigApi::V1) => &[SelectorSpread],
        (31.., ConfigApi::V1) => &[AzureDiskLimits, CinderLimits, EBSLimits, GCEPDLimits],
        _ => &[],
    }
}

/// Scores that a version does not take together (`conflictScorePluginsByVersion`, v1.22).
pub(super) fn conflicting_scores(behaviour: &Behaviour, api: ConfigApi) -> &'static [(PluginName, PluginName)] {
    use PluginName::*;
    match (behaviour.version.minor(), api) {
        (22, ConfigApi::V1Beta1) => &[
            (NodeResourcesFit, NodeResourcesLeastAllocated),
            (NodeResourcesFit, NodeResourcesMostAllocated),
            (NodeResourcesFit, RequestedToCapacityRatio),
        ],
        _ => &[],
    }
}

/// Whether what is said of an extension point is heeded: v1beta2 has two fields that its defaults are not merged with
/// (`mergePlugins`, v1.23 to v1.27).
pub fn is_heeded(api: ConfigApi, point: ExtensionPoint) -> bool {
    api != ConfigApi::V1Beta2 || !matches!(point, ExtensionPoint::MultiPoint | ExtensionPoint::PreEnqueue)
}

/// Filter order.
pub(crate) fn filters(minor: u32) -> &'static [PluginName] {
    use PluginName::*;
    match minor {
        // GeneralPredicates is the four between NodeUnschedulable and VolumeRestrictions; spread was still off.
        ..=17 => &[
            NodeUnschedulable,
            NodeResourcesFit,
            NodeName,
            NodePorts,
            NodeAffinity,
            VolumeRestrictions,
            TaintToleration,
            EBSLimits,
            GCEPDLimits,
            NodeVolumeLimits,
            AzureDiskLimits,
            VolumeBinding,
            VolumeZone,
            InterPodAffinity,
        ],
        18 => &[
            NodeUnschedulable,
            NodeResourcesFit,
            NodeName,
            NodePorts,
            NodeAffinity,
            VolumeRestrictions,
            TaintToleration,
            EBSLimits,
            GCEPDLimits,
            NodeVolumeLimits,
            AzureDiskLimits,
            VolumeBinding,
            VolumeZone,
            InterPodAffinity,
            PodTopologySpread,
        ],
        19 => &[
            NodeUnschedulable,
            NodeResourcesFit,
            NodeName,
            NodePorts,
            NodeAffinity,
            VolumeRestrictions,
            TaintToleration,
            EBSLimits,
            GCEPDLimits,
            NodeVolumeLimits,
            AzureDiskLimits,
            VolumeBinding,
            VolumeZone,
            PodTopologySpread,
            InterPodAffinity,
        ],
        20..=30 => &[
            NodeUnschedulable,
            NodeName,
            TaintToleration,
            NodeAffinity,
            NodePorts,
            NodeResourcesFit,
            VolumeRestrictions,
            EBSLimits,
            GCEPDLimits,
            NodeVolumeLimits,
            AzureDiskLimits,
            VolumeBinding,
            VolumeZone,
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
            VolumeRestrictions,
            NodeVolumeLimits,
            VolumeBinding,
            VolumeZone,
            PodTopologySpread,
            InterPodAffinity,
        ],
    }
}

/// PreFilter order, where plugins are listed by extension point (up to v1beta2).
pub(crate) fn pre_filters(minor: u32) -> &'static [PluginName] {
    use PluginName::*;
    match minor {
        ..=17 => &[NodeResourcesFit, NodePorts, InterPodAffinity],
        18 => &[NodeResourcesFit, NodePorts, InterPodAffinity, PodTopologySpread],
        19 | 20 => &[NodeResourcesFit, NodePorts, PodTopologySpread, InterPodAffinity, VolumeBinding],
        21 => &[NodeResourcesFit, NodePorts, PodTopologySpread, InterPodAffinity, VolumeBinding, NodeAffinity],
        22..=26 => &[
            NodeResourcesFit,
            NodePorts,
            VolumeRestrictions,
            PodTopologySpread,
            InterPodAffinity,
            VolumeBinding,
            NodeAffinity,
        ],
        _ => &[
            NodeResourcesFit,
            NodePorts,
            VolumeRestrictions,
            PodTopologySpread,
            InterPodAffinity,
            VolumeBinding,
            VolumeZone,
            NodeAffinity,
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
        20 | 21 => V1BETA1_SCORES,
        22 => V1BETA2_SCORES,
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

/// The scores of 1.20 and 1.21, and of v1beta1 in 1.22.
const V1BETA1_SCORES: &[(PluginName, i64)] = &[
    (PluginName::NodeResourcesBalancedAllocation, 1),
    (PluginName::ImageLocality, 1),
    (PluginName::InterPodAffinity, 1),
    (PluginName::NodeResourcesLeastAllocated, 1),
    (PluginName::NodeAffinity, 1),
    (PluginName::NodePreferAvoidPods, 10_000),
    (PluginName::PodTopologySpread, 2),
    (PluginName::TaintToleration, 1),
];

/// The scores of 1.22, and of v1beta2 as long as it was known.
const V1BETA2_SCORES: &[(PluginName, i64)] = &[
    (PluginName::NodeResourcesBalancedAllocation, 1),
    (PluginName::ImageLocality, 1),
    (PluginName::InterPodAffinity, 1),
    (PluginName::NodeResourcesFit, 1),
    (PluginName::NodeAffinity, 1),
    (PluginName::PodTopologySpread, 2),
    (PluginName::TaintToleration, 1),
];

/// The plugins that a minor does not have; nothing can be enabled by name before 1.18.
pub(crate) fn absent_plugins(minor: u32) -> &'static [PluginName] {
    use PluginName::*;
    match minor {
        ..=17 => PluginName::ALL,
        18 => &[SchedulingGates, DynamicResources, DefaultPreemption, SelectorSpread],
        19..=22 => &[SchedulingGates, DynamicResources, DefaultPodTopologySpread, NodeResourceLimits],
        23..=25 => &[
            SchedulingGates,
            DynamicResources,
            DefaultPodTopologySpread,
            NodeResourceLimits,
            NodeResourcesLeastAllocated,
            NodeResourcesMostAllocated,
            RequestedToCapacityRatio,
            NodePreferAvoidPods,
            NodeLabel,
            ServiceAffinity,
        ],
        26..=28 => &[
            DefaultPodTopologySpread,
            NodeResourceLimits,
            NodeResourcesLeastAllocated,
            NodeResourcesMostAllocated,
            RequestedToCapacityRatio,
            NodePreferAvoidPods,
            NodeLabel,
            ServiceAffinity,
        ],
        29..=31 => &[
            DefaultPodTopologySpread,
            NodeResourceLimits,
            NodeResourcesLeastAllocated,
            NodeResourcesMostAllocated,
            RequestedToCapacityRatio,
            NodePreferAvoidPods,
            NodeLabel,
            ServiceAffinity,
            SelectorSpread,
        ],
        _ => &[
            DefaultPodTopologySpread,
            NodeResourceLimits,
            NodeResourcesLeastAllocated,
            NodeResourcesMostAllocated,
            RequestedToCapacityRatio,
            NodePreferAvoidPods,
            NodeLabel,
            ServiceAffinity,
            SelectorSpread,
            EBSLimits,
            GCEPDLimits,
            AzureDiskLimits,
            CinderLimits,
        ],
    }
}
