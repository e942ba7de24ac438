//! Profiles: which plugins run at which extension point, with which weights and arguments.
//!
//! Upstream: `algorithmprovider/registry.go` up to v1.21, `apis/config/v1*/default_plugins.go` and
//! `framework/runtime/framework.go` (`NewFramework`, `expandMultiPointPlugins`) since.

mod defaults;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub(crate) use defaults::{absent_plugins, filters, pre_filters, scores};
pub use defaults::{exists_in, implements, is_heeded, refused_plugins};

use super::config::{
    ConfigApi, ConfigFault, DEFAULT_SCHEDULER_NAME, ExtensionPoint, PluginArgs, PluginSet, ProfileConfig,
    ResourceWeight, SchedulerConfig,
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
            if queue_sort(behaviour, config.api, profile) != queue_sort(behaviour, config.api, &config.profiles[0]) {
                let at = format!("{path}.plugins.queueSort");
                faults.push(ConfigFault::new(at, "must be the same for all profiles: it is another in profiles[0]"));
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
        let mut sets = defaults::default_plugins(behaviour, api);
        for (point, set) in config.plugins.iter().filter(|(point, _)| is_heeded(api, **point)) {
            check_set(behaviour, api, *point, set, &format!("{path}.plugins.{}", point.field()), &mut faults);
            let merged = merge(api, sets.remove(point).unwrap_or_default(), set);
            sets.insert(*point, merged);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let multi_point = sets.remove(&ExtensionPoint::MultiPoint).unwrap_or_default();
        let mut at = |point: ExtensionPoint| {
            let set = sets.get(&point).cloned().unwrap_or_default();
            if let Some(name) = registered_twice(&set) {
                let written =
                    config.plugins.get(&point).and_then(|set| set.enabled.iter().position(|(other, _)| *other == name));
                let index = written.map(|index| format!(".enabled[{index}].name")).unwrap_or_default();
                let message =
                    format!("plugin \"{name}\" is enabled by default already: disable it there to enable it here");
                faults.push(ConfigFault::new(format!("{path}.plugins.{}{index}", point.field()), message));
            }
            expand(behaviour, point, &set, &multi_point)
        };
        let names = |plugins: Vec<(PluginName, i64)>| plugins.into_iter().map(|(name, _)| name).collect();
        let mut profile = Profile {
            scheduler_name: config.scheduler_name.clone().unwrap_or_else(|| DEFAULT_SCHEDULER_NAME.to_owned()),
            percentage_of_nodes_to_score: config.percentage_of_nodes_to_score.unwrap_or(percentage),
            scheduling_gates: at(ExtensionPoint::PreEnqueue)
                .iter()
                .any(|(name, _)| *name == PluginName::SchedulingGates),
            pre_filters: names(at(ExtensionPoint::PreFilter)),
            filters: names(at(ExtensionPoint::Filter)),
            post_filters: names(at(ExtensionPoint::PostFilter)),
            scores: at(ExtensionPoint::Score),
            args: config.args.clone(),
        };
        // Its score is 0 on every node as long as its feature gate is off, which it is by default.
        profile.scores.retain(|(name, _)| *name != PluginName::VolumeBinding);
        if behaviour.allocation.last_weight_counts {
            profile.args.resource_lists().into_iter().for_each(keep_last);
        }
        let sorting = at(ExtensionPoint::QueueSort).len();
        let binding = at(ExtensionPoint::Bind).len();
        if sorting != 1 {
            let message = format!("one queue sort plugin is needed, and there are {sorting}");
            faults.push(ConfigFault::new(format!("{path}.plugins.queueSort"), message));
        }
        if binding == 0 {
            faults.push(ConfigFault::new(format!("{path}.plugins.bind"), "at least one bind plugin is needed"));
        }
        faults.extend(score_faults(behaviour, api, config, &profile, &format!("{path}.plugins.score")));
        if faults.is_empty() { Ok(profile) } else { Err(faults) }
    }

    /// The weight of a score plugin; 0 if it does not score.
    pub fn weight(&self, name: PluginName) -> i64 {
        self.scores.iter().find(|(other, _)| *other == name).map_or(0, |(_, weight)| *weight)
    }
}

/// The greatest total upstream allows (`MaxTotalScore`).
const MAX_TOTAL_SCORE: i64 = i64::MAX;

/// What is wrong with the scores together.
fn score_faults(
    behaviour: &Behaviour,
    api: ConfigApi,
    config: &ProfileConfig,
    profile: &Profile,
    path: &str,
) -> Vec<ConfigFault> {
    let mut faults = Vec::new();
    let place = |name: PluginName| {
        let set = config.plugins.get(&ExtensionPoint::Score);
        let index = set.and_then(|set| set.enabled.iter().position(|(other, _)| other == name.as_str()));
        index.map_or_else(|| path.to_owned(), |index| format!("{path}.enabled[{index}]"))
    };
    let total = profile.scores.iter().map(|(_, weight)| weight.saturating_mul(behaviour.score_max));
    if total.fold(0, i64::saturating_add) == MAX_TOTAL_SCORE {
        faults.push(ConfigFault::new(path, "the weights are so great that a total could overflow"));
    }
    let ratio = PluginName::RequestedToCapacityRatio;
    if profile.weight(ratio) != 0 && profile.args.requested_to_capacity_ratio.shape.is_empty() {
        let message =
            format!("{ratio} needs a pluginConfig whose args have a shape: at least one point must be specified");
        faults.push(ConfigFault::new(place(ratio), message));
    }
    for (name, other) in defaults::conflicting_scores(behaviour, api) {
        if profile.weight(*name) != 0 && profile.weight(*other) != 0 {
            faults.push(ConfigFault::new(
                place(*name),
                format!("conflicts with {other}, which scores too: disable one of them"),
            ));
        }
    }
    faults
}

/// The API version that a version's scheduler fills its own defaults in for.
fn default_api(behaviour: &Behaviour) -> ConfigApi {
    let (_, newest) = behaviour.config_apis;
    newest
}

/// Why a version does not read an API version, if it does not.
pub fn api_fault(behaviour: &Behaviour, api: ConfigApi) -> Option<ConfigFault> {
    let (oldest, newest) = behaviour.config_apis;
    if (oldest..=newest).contains(&api) {
        return None;
    }
    let known = ConfigApi::ALL.iter().filter(|api| (oldest..=newest).contains(api));
    let known: Vec<&str> = known.map(ConfigApi::as_str).collect();
    let message =
        format!("kube-scheduler {} does not know {}; it knows {}", behaviour.version, api.as_str(), known.join(", "));
    Some(ConfigFault::new("apiVersion", message))
}

fn general_faults(behaviour: &Behaviour, config: &SchedulerConfig) -> Vec<ConfigFault> {
    let mut faults = Vec::new();
    faults.extend(api_fault(behaviour, config.api));
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

/// The QueueSort plugins as they are compared between profiles: with the defaults where these are filled in first.
fn queue_sort(behaviour: &Behaviour, api: ConfigApi, profile: &ProfileConfig) -> Option<PluginSet> {
    let custom = profile.plugins.get(&ExtensionPoint::QueueSort);
    if !behaviour.defaults_before_validation {
        return custom.cloned();
    }
    let defaults = defaults::default_plugins(behaviour, api).remove(&ExtensionPoint::QueueSort).unwrap_or_default();
    let mut merged = merge(api, defaults, &custom.cloned().unwrap_or_default());
    if api <= ConfigApi::V1Beta2 {
        merged.disabled.clear();
    }
    Some(merged)
}

/// What of a set could not be: names that no plugin of this version has, plugins in the wrong place, negative weights.
fn check_set(
    behaviour: &Behaviour,
    api: ConfigApi,
    point: ExtensionPoint,
    set: &PluginSet,
    path: &str,
    faults: &mut Vec<ConfigFault>,
) {
    let mut seen = BTreeSet::new();
    for (index, (name, weight)) in set.enabled.iter().enumerate() {
        let at = format!("{path}.enabled[{index}]");
        let mut fault = |message: String| faults.push(ConfigFault::new(format!("{at}.name"), message));
        let known = name.parse::<PluginName>().ok().filter(|plugin| exists_in(*plugin, behaviour));
        let Some(plugin) = known else {
            fault(format!("there is no plugin \"{name}\" in kube-scheduler {}", behaviour.version));
            continue;
        };
        if point != ExtensionPoint::MultiPoint && refused_plugins(behaviour, api).contains(&plugin) {
            fault(format!("plugin \"{name}\" was removed in {} of kube-scheduler {}", api.as_str(), behaviour.version));
        } else if !implements(behaviour, plugin, point) {
            fault(format!("plugin \"{name}\" has no {} in kube-scheduler {}", point.field(), behaviour.version));
        } else if matches!(plugin, PluginName::NodeLabel | PluginName::ServiceAffinity | PluginName::NodeResourceLimits)
        {
            fault(format!("sim does not model {name}"));
        }
        if !seen.insert(name) {
            fault(format!("plugin \"{name}\" is enabled twice"));
        }
        let scores = matches!(point, ExtensionPoint::MultiPoint | ExtensionPoint::Score);
        if scores && weight.is_some_and(|weight| weight < 0) {
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

/// The plugin that is there twice, if one is.
fn registered_twice(set: &PluginSet) -> Option<String> {
    let twice = set
        .enabled
        .iter()
        .enumerate()
        .find(|(index, (name, _))| set.enabled[..*index].iter().any(|(other, _)| other == name));
    twice.map(|(_, (name, _))| name.clone())
}

/// The plugins of one extension point with their weights: those named there that MultiPoint names too, the rest of
/// MultiPoint, then the rest of those named there, which came first at first. A weight of 0 means that none is stated.
fn expand(
    behaviour: &Behaviour,
    point: ExtensionPoint,
    set: &PluginSet,
    multi_point: &PluginSet,
) -> Vec<(PluginName, i64)> {
    let parse = |(name, weight): &(String, Option<i64>)| {
        Some((name.parse::<PluginName>().ok()?, weight.filter(|weight| *weight != 0).unwrap_or(1)))
    };
    let named: Vec<(PluginName, i64)> = set.enabled.iter().filter_map(parse).collect();
    if set.disabled.iter().any(|name| name == "*") {
        return named;
    }
    let spread: Vec<(PluginName, i64)> = multi_point
        .enabled
        .iter()
        .filter_map(parse)
        .filter(|(name, _)| implements(behaviour, *name, point))
        .filter(|(name, _)| !set.disabled.iter().any(|other| other == name.as_str()))
        .collect();
    let holds = |plugins: &[(PluginName, i64)], name: PluginName| plugins.iter().any(|(other, _)| *other == name);
    let leads = |name: PluginName| behaviour.named_before_multi_point || holds(&spread, name);
    let mut plugins: Vec<(PluginName, i64)> = named.iter().filter(|(name, _)| leads(*name)).copied().collect();
    plugins.extend(spread.iter().filter(|(name, _)| !holds(&named, *name)));
    plugins.extend(named.iter().filter(|(name, _)| !leads(*name)));
    plugins
}

/// Keeps the last weight of a resource that is listed more than once, as a map does.
fn keep_last(resources: &mut Vec<ResourceWeight>) {
    let mut kept: Vec<ResourceWeight> = Vec::new();
    for resource in resources.drain(..) {
        match kept.iter_mut().find(|other| other.name == resource.name) {
            Some(other) => *other = resource,
            None => kept.push(resource),
        }
    }
    *resources = kept;
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
