//! How configurations resolve, version by version.

use super::{Profile, exists_in, implements};
use crate::Version;
use crate::behaviour::Behaviour;
use crate::scheduler::PluginName::{self, *};
use crate::scheduler::config::{ConfigApi, ExtensionPoint, PluginSet, ProfileConfig, ResourceWeight, SchedulerConfig};
use crate::version::{NEWEST_MINOR, OLDEST_MINOR};

fn behaviour(minor: u32, patch: u32) -> Behaviour {
    Behaviour::of(Version::new(minor, patch).expect("a supported version"))
}

/// The profile of a version with some plugins enabled and others disabled at one extension point.
fn profile(
    (minor, patch): (u32, u32),
    api: ConfigApi,
    point: ExtensionPoint,
    enabled: &[(PluginName, Option<i64>)],
    disabled: &[&str],
) -> Profile {
    let set = PluginSet {
        enabled: enabled.iter().map(|(name, weight)| (name.as_str().to_owned(), *weight)).collect(),
        disabled: disabled.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut config = ProfileConfig::default();
    config.plugins.insert(point, set);
    resolve(minor, patch, api, config)
}

fn resolve(minor: u32, patch: u32, api: ConfigApi, config: ProfileConfig) -> Profile {
    let config = SchedulerConfig { profiles: vec![config], ..SchedulerConfig::empty(api) };
    let mut profiles = Profile::all(&behaviour(minor, patch), &config).expect("a configuration");
    profiles.remove(0)
}

#[test]
fn the_defaults_of_every_version_resolve() {
    for minor in OLDEST_MINOR..=NEWEST_MINOR {
        let behaviour = behaviour(minor, 0);
        let (oldest, newest) = behaviour.config_apis;
        for api in ConfigApi::ALL.into_iter().filter(|api| (oldest..=newest).contains(api)) {
            let profile = resolve(minor, 0, api, ProfileConfig::default());
            // DynamicResources is listed with what it does after the filters.
            let filters: Vec<_> = profile.filters.iter().copied().filter(|name| *name != DynamicResources).collect();
            assert_eq!(filters, behaviour.filters, "1.{minor} {}", api.as_str());
            assert_eq!(profile.scheduling_gates, behaviour.scheduling_gates, "1.{minor} {}", api.as_str());
            // Before 1.18 nothing can be named, and what there is has other names.
            let here = |name: &PluginName, point| {
                minor < 18 || exists_in(*name, &behaviour) && implements(&behaviour, *name, point)
            };
            assert!(profile.pre_filters.iter().all(|name| here(name, ExtensionPoint::PreFilter)), "1.{minor}");
            assert!(profile.scores.iter().all(|(name, _)| here(name, ExtensionPoint::Score)), "1.{minor}");
        }
    }
}

#[test]
fn pre_filters_by_extension_point_and_by_multi_point() {
    let pre_filters = |minor, api| resolve(minor, 0, api, ProfileConfig::default()).pre_filters;
    assert_eq!(
        pre_filters(27, ConfigApi::V1Beta2),
        [
            NodeResourcesFit,
            NodePorts,
            VolumeRestrictions,
            PodTopologySpread,
            InterPodAffinity,
            VolumeBinding,
            VolumeZone,
            NodeAffinity
        ]
    );
    assert_eq!(
        pre_filters(27, ConfigApi::V1),
        [
            NodeAffinity,
            NodePorts,
            NodeResourcesFit,
            VolumeRestrictions,
            VolumeBinding,
            VolumeZone,
            PodTopologySpread,
            InterPodAffinity
        ]
    );
}

#[test]
fn named_filters_and_multi_point() {
    let filters = |version, enabled: &[PluginName]| {
        let enabled: Vec<_> = enabled.iter().map(|name| (*name, None)).collect();
        profile(version, ConfigApi::V1Beta3, ExtensionPoint::Filter, &enabled, &[]).filters
    };
    // CinderLimits is no default: it runs last, and first by the slip of 1.23.0 to 1.23.5.
    let named = [CinderLimits, InterPodAffinity];
    assert_eq!(filters((23, 5), &named)[..3], [CinderLimits, InterPodAffinity, NodeUnschedulable]);
    assert_eq!(filters((23, 6), &named)[..2], [InterPodAffinity, NodeUnschedulable]);
    assert_eq!(filters((23, 6), &named).last(), Some(&CinderLimits));
}

#[test]
fn weights_that_are_not_stated() {
    let weight = |weight| {
        let enabled = [(TaintToleration, weight)];
        profile((34, 0), ConfigApi::V1, ExtensionPoint::Score, &enabled, &[]).weight(TaintToleration)
    };
    assert_eq!((weight(Some(5)), weight(Some(0)), weight(None)), (5, 1, 1));
    let standard = resolve(34, 0, ConfigApi::V1, ProfileConfig::default());
    assert_eq!(standard.weight(TaintToleration), 3);
}

#[test]
fn resources_listed_twice() {
    let weights = |minor| {
        let mut config = ProfileConfig::default();
        let weights = [("cpu", 1), ("memory", 1), ("cpu", 3)];
        config.args.fit.scoring_strategy.resources =
            weights.map(|(name, weight)| ResourceWeight { name: name.to_owned(), weight }).to_vec();
        let api = behaviour(minor, 0).config_apis.1;
        let profile = resolve(minor, 0, api, config);
        let resources = profile.args.fit.scoring_strategy.resources;
        resources.into_iter().map(|resource| (resource.name, resource.weight)).collect::<Vec<_>>()
    };
    let owned = |weights: &[(&str, i64)]| {
        weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect::<Vec<_>>()
    };
    assert_eq!(weights(26), owned(&[("cpu", 3), ("memory", 1)]));
    assert_eq!(weights(27), owned(&[("cpu", 1), ("memory", 1), ("cpu", 3)]));
}
