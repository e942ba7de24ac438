//! Profiles: which plugins run at which extension point, with which weights and arguments.
//!
//! Upstream: `algorithmprovider/registry.go` up to v1.21, `apis/config/v1*/default_plugins.go` and
//! `framework/runtime/framework.go` (`NewFramework`, `expandMultiPointPlugins`) since.

use std::collections::BTreeSet;

use super::config::{
    ConfigApi, ConfigFault, DEFAULT_SCHEDULER_NAME, ExtensionPoint, PluginArgs, PluginSet, ProfileConfig,
    SchedulerConfig,
};
use super::framework::{Neutral, Plugin};
use super::plugins::*;
use crate::behaviour::Behaviour;

/// One profile, ready for use.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The name that pods ask for.
    pub scheduler_name: String,
    /// How many of the nodes are enough, in percent; 0 adapts to the size of the cluster. Only sampling asks.
    pub percentage_of_nodes_to_score: i64,
    /// Whether SchedulingGates hold pods back.
    pub scheduling_gates: bool,
    /// PreFilter plugins in order.
    pub pre_filters: Vec<PluginName>,
    /// Filter plugins in order.
    pub filters: Vec<PluginName>,
    /// PostFilter plugins in order.
    pub post_filters: Vec<PluginName>,
    /// Score plugins in order, with their weights.
    pub scores: Vec<(PluginName, i64)>,
    /// What the plugins were told.
    pub args: PluginArgs,
}

impl Profile {
    /// The profile of a scheduler that was told nothing.
    pub fn standard(behaviour: &Behaviour) -> Self {
        let api = default_api(behaviour);
        // The defaults of every version resolve: a test tries each.
        Self::resolve(behaviour, api, 0, &ProfileConfig::default(), "profiles[0]").unwrap_or_else(|_| Profile {
            scheduler_name: DEFAULT_SCHEDULER_NAME.to_owned(),
            percentage_of_nodes_to_score: 0,
            scheduling_gates: false,
            pre_filters: Vec::new(),
            filters: Vec::new(),
            post_filters: Vec::new(),
            scores: Vec::new(),
            args: PluginArgs::default(),
        })
    }

    /// The profiles of a configuration.
    ///
    /// # Errors
    /// Everything in it that this version's scheduler, or `sim`, would not start with.
    pub fn all(behaviour: &Behaviour, config: &SchedulerConfig) -> Result<Vec<Self>, Vec<ConfigFault>> {
        let mut faults = general_faults(behaviour, config);
        if config.profiles.is_empty() {
            return if faults.is_empty() { Ok(vec![Self::standard(behaviour)]) } else { Err(faults) };
        }
        let mut profiles: Vec<Self> = Vec::new();
        for (index, profile) in config.profiles.iter().enumerate() {
            let path = format!("profiles[{index}]");
            let name = profile.scheduler_name.as_deref().unwrap_or_default();
            if name.is_empty() && (config.profiles.len() > 1 || profile.scheduler_name.is_some()) {
                faults.push(ConfigFault::new(
                    format!("{path}.schedulerName"),
                    "required: each of several profiles has a name",
                ));
            }
            let twin = config.profiles[..index]
                .iter()
                .position(|other| !name.is_empty() && other.scheduler_name == profile.scheduler_name);
            if let Some(twin) = twin {
                faults.push(ConfigFault::new(
                    format!("{path}.schedulerName"),
                    format!("duplicate value \"{name}\": profiles[{twin}] has it already"),
                ));
            }
            match Self::resolve(behaviour, config.api, config.percentage_of_nodes_to_score, profile, &path) {
                Ok(profile) => profiles.push(profile),
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(profiles) } else { Err(faults) }
    }

    fn resolve(
        behaviour: &Behaviour,
        api: ConfigApi,
        percentage: i64,
        config: &ProfileConfig,
        path: &str,
    ) -> Result<Self, Vec<ConfigFault>> {
        let mut faults = Vec::new();
        let mut defaults = default_plugins(behaviour, api);
        for (point, set) in &config.plugins {
            check_set(behaviour, *point, set, &format!("{path}.plugins.{}", point.field()), &mut faults);
            let merged = merge(api, defaults.remove(point).unwrap_or_default(), set);
            defaults.insert(*point, merged);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let multi_point = defaults.remove(&ExtensionPoint::MultiPoint).unwrap_or_default();
        let mut at = |point: ExtensionPoint| {
            let set = defaults.get(&point).cloned().unwrap_or_default();
            let field = format!("{path}.plugins.{}", point.field());
            expand(point, &set, &multi_point, &field, &mut faults)
        };
        let names = |plugins: Vec<(PluginName, Option<i64>)>| plugins.into_iter().map(|(name, _)| name).collect();
        let profile = Profile {
            scheduler_name: config.scheduler_name.clone().unwrap_or_else(|| DEFAULT_SCHEDULER_NAME.to_owned()),
            percentage_of_nodes_to_score: config.percentage_of_nodes_to_score.unwrap_or(percentage),
            scheduling_gates: !at(ExtensionPoint::PreEnqueue).is_empty(),
            pre_filters: names(at(ExtensionPoint::PreFilter)),
            filters: names(at(ExtensionPoint::Filter)),
            post_filters: names(at(ExtensionPoint::PostFilter)),
            scores: at(ExtensionPoint::Score).into_iter().map(|(name, weight)| (name, weight.unwrap_or(1))).collect(),
            args: config.args.clone(),
        };
        let sorting = at(ExtensionPoint::QueueSort).len();
        let binding = at(ExtensionPoint::Bind).len();
        if sorting != 1 {
            let message = format!("one queue sort plugin is needed, and there are {sorting}");
            faults.push(ConfigFault::new(format!("{path}.plugins.queueSort"), message));
        }
        if binding == 0 {
            faults.push(ConfigFault::new(format!("{path}.plugins.bind"), "at least one bind plugin is needed"));
        }
        if profile
            .scores
            .iter()
            .map(|(_, weight)| weight.saturating_mul(behaviour.score_max))
            .fold(0, i64::saturating_add)
            > MAX_TOTAL_SCORE
        {
            faults.push(ConfigFault::new(
                format!("{path}.plugins.score"),
                "the weights are so great that a total could overflow",
            ));
        }
        if faults.is_empty() { Ok(profile) } else { Err(faults) }
    }

    /// The weight of a score plugin; 0 if it does not score.
    pub fn weight(&self, name: PluginName) -> i64 {
        self.scores.iter().find(|(other, _)| *other == name).map_or(0, |(_, weight)| *weight)
    }
}

/// The greatest total upstream allows (`MaxTotalScore`).
const MAX_TOTAL_SCORE: i64 = i64::MAX;

type Sets = std::collections::BTreeMap<ExtensionPoint, PluginSet>;

/// The API version that a version's scheduler fills its own defaults in for.
fn default_api(behaviour: &Behaviour) -> ConfigApi {
    let (_, newest) = behaviour.config_apis;
    newest
}

fn general_faults(behaviour: &Behaviour, config: &SchedulerConfig) -> Vec<ConfigFault> {
    let mut faults = Vec::new();
    let (oldest, newest) = behaviour.config_apis;
    if config.api < oldest || config.api > newest {
        let known: Vec<&str> =
            ConfigApi::ALL.iter().filter(|api| (oldest..=newest).contains(api)).map(ConfigApi::as_str).collect();
        let message = format!(
            "kube-scheduler {} does not know {}; it knows {}",
            behaviour.version,
            config.api.as_str(),
            known.join(", ")
        );
        faults.push(ConfigFault::new("apiVersion", message));
    }
    if config.pod_initial_backoff_seconds <= 0 {
        faults.push(ConfigFault::new("podInitialBackoffSeconds", "must be greater than 0"));
    }
    if config.pod_max_backoff_seconds < config.pod_initial_backoff_seconds {
        faults.push(ConfigFault::new(
            "podMaxBackoffSeconds",
            "must be greater than or equal to podInitialBackoffSeconds",
        ));
    }
    let percentages =
        std::iter::once(("percentageOfNodesToScore".to_owned(), Some(config.percentage_of_nodes_to_score))).chain(
            config.profiles.iter().enumerate().map(|(index, profile)| {
                (format!("profiles[{index}].percentageOfNodesToScore"), profile.percentage_of_nodes_to_score)
            }),
        );
    for (path, percentage) in percentages {
        if percentage.is_some_and(|percentage| !(0..=100).contains(&percentage)) {
            faults.push(ConfigFault::new(path, "not in valid range [0-100]"));
        }
    }
    faults
}

/// What of a set could not be: names that no plugin of this version has, plugins in the wrong place, weights of 0.
fn check_set(behaviour: &Behaviour, point: ExtensionPoint, set: &PluginSet, path: &str, faults: &mut Vec<ConfigFault>) {
    let mut seen = BTreeSet::new();
    for (index, (name, weight)) in set.enabled.iter().enumerate() {
        let at = format!("{path}.enabled[{index}]");
        let known = name.parse::<PluginName>().ok().filter(|plugin| exists_in(*plugin, behaviour));
        let Some(plugin) = known else {
            let message = format!("there is no plugin \"{name}\" in kube-scheduler {}", behaviour.version);
            faults.push(ConfigFault::new(format!("{at}.name"), message));
            continue;
        };
        if matches!(plugin, PluginName::NodeLabel | PluginName::ServiceAffinity | PluginName::NodeResourceLimits) {
            faults.push(ConfigFault::new(format!("{at}.name"), format!("sim does not model {name}")));
        } else if point != ExtensionPoint::MultiPoint && !implements(plugin, point) {
            let message = format!("plugin \"{name}\" has no {}", point.field());
            faults.push(ConfigFault::new(format!("{at}.name"), message));
        }
        if !seen.insert(name) {
            let message = format!("plugin \"{name}\" is enabled twice");
            faults.push(ConfigFault::new(format!("{at}.name"), message));
        }
        if weight.is_some_and(|weight| weight <= 0) {
            let message = "a weight is at least 1; to leave a plugin out, list it under disabled";
            faults.push(ConfigFault::new(format!("{at}.weight"), message));
        }
    }
    for (index, name) in set.disabled.iter().enumerate() {
        if name != "*" && name.parse::<PluginName>().is_err() {
            let message = format!("there is no plugin \"{name}\" in kube-scheduler {}", behaviour.version);
            faults.push(ConfigFault::new(format!("{path}.disabled[{index}].name"), message));
        }
    }
}

/// The defaults with what a profile changes. Up to v1beta1 a default that is enabled again is there twice, which is a
/// fault; since, it is changed in its place.
fn merge(api: ConfigApi, defaults: PluginSet, custom: &PluginSet) -> PluginSet {
    let in_place = api >= ConfigApi::V1Beta2;
    let is_disabled = |name: &String| custom.disabled.iter().any(|other| other == "*" || other == name);
    let mut replaced = BTreeSet::new();
    let mut enabled = Vec::new();
    for (name, weight) in defaults.enabled {
        if is_disabled(&name) {
            continue;
        }
        let again = custom.enabled.iter().position(|(other, _)| *other == name).filter(|_| in_place);
        match again {
            Some(index) => {
                replaced.insert(index);
                enabled.push(custom.enabled[index].clone());
            }
            None => enabled.push((name, weight)),
        }
    }
    let rest = custom.enabled.iter().enumerate().filter(|(index, _)| !replaced.contains(index));
    enabled.extend(rest.map(|(_, plugin)| plugin.clone()));
    PluginSet { enabled, disabled: custom.disabled.clone() }
}

/// The plugins of one extension point: those named there that MultiPoint names too, the rest of MultiPoint, then the
/// rest of those named there.
fn expand(
    point: ExtensionPoint,
    set: &PluginSet,
    multi_point: &PluginSet,
    path: &str,
    faults: &mut Vec<ConfigFault>,
) -> Vec<(PluginName, Option<i64>)> {
    let parse = |(name, weight): &(String, Option<i64>)| Some((name.parse::<PluginName>().ok()?, *weight));
    let named: Vec<(PluginName, Option<i64>)> = set.enabled.iter().filter_map(parse).collect();
    let mut seen = BTreeSet::new();
    for (name, _) in &named {
        if !seen.insert(*name) {
            faults.push(ConfigFault::new(path, format!("plugin \"{name}\" is enabled already; disable it first")));
        }
    }
    if set.disabled.iter().any(|name| name == "*") {
        return named;
    }
    let spread: Vec<(PluginName, Option<i64>)> = multi_point
        .enabled
        .iter()
        .filter_map(parse)
        .filter(|(name, _)| implements(*name, point) && !set.disabled.iter().any(|other| other == name.as_str()))
        .collect();
    let overridden = |name: &PluginName| spread.iter().any(|(other, _)| other == name);
    let mut plugins: Vec<(PluginName, Option<i64>)> =
        named.iter().filter(|(name, _)| overridden(name)).copied().collect();
    plugins.extend(spread.iter().filter(|(name, _)| !seen.contains(name)));
    plugins.extend(named.iter().filter(|(name, _)| !overridden(name)));
    plugins
}

/// What runs when nothing is said: everything at MultiPoint from v1beta3 on, by extension point before.
fn default_plugins(behaviour: &Behaviour, api: ConfigApi) -> Sets {
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
    let set = |names: Vec<(String, Option<i64>)>| PluginSet { enabled: names, disabled: Vec::new() };
    let filters: Vec<PluginName> = behaviour.filters.to_vec();
    let pre_filters = filters.iter().copied().filter(|name| implements(*name, ExtensionPoint::PreFilter));
    Sets::from([
        (ExtensionPoint::QueueSort, set(vec![plain(PluginName::PrioritySort)])),
        (ExtensionPoint::PreFilter, set(pre_filters.map(plain).collect())),
        (ExtensionPoint::Filter, set(filters.iter().copied().map(plain).collect())),
        (ExtensionPoint::PostFilter, set(post_filters.into_iter().map(plain).collect())),
        (
            ExtensionPoint::Score,
            set(scores.iter().map(|(name, weight)| (name.as_str().to_owned(), Some(*weight))).collect()),
        ),
        (ExtensionPoint::Bind, set(vec![plain(PluginName::DefaultBinder)])),
    ])
}

/// Whether a plugin is called at an extension point.
fn implements(name: PluginName, point: ExtensionPoint) -> bool {
    use ExtensionPoint as At;
    use PluginName::*;
    match point {
        At::MultiPoint => true,
        At::PreEnqueue => matches!(name, SchedulingGates),
        At::QueueSort => matches!(name, PrioritySort),
        At::PreFilter => matches!(
            name,
            NodeAffinity
                | NodePorts
                | NodeResourcesFit
                | VolumeRestrictions
                | NodeVolumeLimits
                | VolumeBinding
                | VolumeZone
                | PodTopologySpread
                | InterPodAffinity
                | DynamicResources
        ),
        At::Filter => matches!(
            name,
            NodeUnschedulable
                | NodeName
                | TaintToleration
                | NodeAffinity
                | NodePorts
                | NodeResourcesFit
                | VolumeRestrictions
                | EBSLimits
                | GCEPDLimits
                | NodeVolumeLimits
                | AzureDiskLimits
                | CinderLimits
                | VolumeBinding
                | VolumeZone
                | PodTopologySpread
                | InterPodAffinity
                | DynamicResources
        ),
        At::PostFilter => matches!(name, DynamicResources | DefaultPreemption),
        At::PreScore | At::Score => matches!(
            name,
            TaintToleration
                | NodeAffinity
                | NodeResourcesFit
                | NodeResourcesLeastAllocated
                | NodeResourcesMostAllocated
                | RequestedToCapacityRatio
                | NodeResourcesBalancedAllocation
                | PodTopologySpread
                | InterPodAffinity
                | ImageLocality
                | SelectorSpread
                | DefaultPodTopologySpread
                | NodePreferAvoidPods
        ),
        At::Reserve | At::Unreserve | At::PreBind => matches!(name, VolumeBinding | DynamicResources),
        At::Bind => matches!(name, DefaultBinder),
        At::Permit | At::PostBind => false,
    }
}

/// Whether a version's scheduler has a plugin of this name.
fn exists_in(name: PluginName, behaviour: &Behaviour) -> bool {
    !behaviour.absent_plugins.contains(&name)
}

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
        PluginName::NodeResourcesMostAllocated => &node_resources_fit::NodeResourcesMostAllocated,
        PluginName::RequestedToCapacityRatio => &node_resources_fit::RequestedToCapacityRatio,
        PluginName::SchedulingGates => &Neutral(PluginName::SchedulingGates),
        PluginName::PrioritySort => &priority_sort::PrioritySort,
        PluginName::DynamicResources => &Neutral(PluginName::DynamicResources),
        PluginName::DefaultPreemption => &Neutral(PluginName::DefaultPreemption),
        PluginName::NodeLabel => &Neutral(PluginName::NodeLabel),
        PluginName::ServiceAffinity => &Neutral(PluginName::ServiceAffinity),
        PluginName::NodeResourceLimits => &Neutral(PluginName::NodeResourceLimits),
        PluginName::DefaultBinder => &default_binder::DefaultBinder,
        PluginName::VolumeRestrictions => &volume_restrictions::VolumeRestrictions,
        PluginName::EBSLimits => &non_csi_limits::EBS_LIMITS,
        PluginName::GCEPDLimits => &non_csi_limits::GCE_PD_LIMITS,
        PluginName::NodeVolumeLimits => &node_volume_limits::NodeVolumeLimits,
        PluginName::AzureDiskLimits => &non_csi_limits::AZURE_DISK_LIMITS,
        PluginName::CinderLimits => &non_csi_limits::CINDER_LIMITS,
        PluginName::VolumeBinding => &volume_binding::VolumeBinding,
        PluginName::VolumeZone => &volume_zone::VolumeZone,
    }
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
