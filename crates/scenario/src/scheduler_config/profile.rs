//! A profile: its plugins by extension point, and what it says that is not heeded.

use std::collections::BTreeSet;

use sim_core::scheduler::PluginName;
use sim_core::scheduler::config::{ConfigApi, ExtensionPoint, PluginSet, ProfileConfig};
use sim_core::scheduler::profile::{exists_in, implements, is_heeded};

use super::document::{PluginSetDocument, ProfileDocument};
use super::fields;
use super::reader::Reader;

impl Reader {
    /// A profile; `path` is before each of its fields.
    pub(super) fn profile(&mut self, document: ProfileDocument, path: &str) -> ProfileConfig {
        let mut profile = ProfileConfig {
            scheduler_name: document.scheduler_name,
            percentage_of_nodes_to_score: document.percentage_of_nodes_to_score.map(i64::from),
            ..ProfileConfig::default()
        };
        for (field, set) in &document.plugins {
            let at = format!("{path}plugins.{field}");
            if let Some(point) = self.extension_point(field, &at)
                && let Some(set) = self.decode::<PluginSetDocument>(set, &at)
            {
                let enabled = set.enabled.into_iter().map(|plugin| (plugin.name, plugin.weight.map(i64::from)));
                let disabled = set.disabled.into_iter().map(|plugin| plugin.name);
                let set = PluginSet { enabled: enabled.collect(), disabled: disabled.collect() };
                self.warn_of_set(point, &set, &at);
                profile.plugins.insert(point, set);
            }
        }
        let mut seen = BTreeSet::new();
        for (index, config) in document.plugin_config.iter().enumerate() {
            let at = format!("{path}pluginConfig[{index}]");
            if !seen.insert(&config.name) {
                self.fault(format!("{at}.name"), format!("repeated config for plugin {}", config.name));
            }
            self.args(config, &at, &mut profile.args);
        }
        profile
    }

    fn extension_point(&mut self, field: &str, at: &str) -> Option<ExtensionPoint> {
        let (api, version) = (self.api, self.behaviour.version);
        let has = |field: &str| fields::has("Plugins", field, api, version.minor());
        let Some((point, _)) = ExtensionPoint::ALL.into_iter().find(|(_, known)| *known == field) else {
            let known: Vec<&str> =
                ExtensionPoint::ALL.map(|(_, field)| field).into_iter().filter(|field| has(field)).collect();
            let message = format!("there is no extension point \"{field}\": expected one of {}", known.join(", "));
            self.fault(at, message);
            return None;
        };
        if !has(field) {
            self.fault(at, format!("is no field of {} in kube-scheduler {version}", api.as_str()));
            return None;
        }
        // What v1alpha1 calls postFilter became preScore (`v1alpha1/conversion.go`, v1.18).
        let renamed = api == ConfigApi::V1Alpha1 && point == ExtensionPoint::PostFilter;
        Some(if renamed { ExtensionPoint::PreScore } else { point })
    }

    /// What a set says that has no effect, or another than it seems to have.
    fn warn_of_set(&mut self, point: ExtensionPoint, set: &PluginSet, at: &str) {
        if !is_heeded(self.api, point) {
            if *set != PluginSet::default() {
                self.warn(at, format!("has no effect in {}", self.api.as_str()));
            }
            return;
        }
        for (index, (name, weight)) in set.enabled.iter().enumerate() {
            let counts = matches!(point, ExtensionPoint::Score | ExtensionPoint::MultiPoint)
                && name.parse::<PluginName>().is_ok_and(|plugin| {
                    plugin != PluginName::VolumeBinding && implements(&self.behaviour, plugin, ExtensionPoint::Score)
                });
            if counts && *weight == Some(0) {
                let message = "0 stands for the default of 1; to leave a plugin out, list it under disabled";
                self.warn(format!("{at}.enabled[{index}].weight"), message);
            }
        }
        for (index, name) in set.disabled.iter().enumerate() {
            if name.parse::<PluginName>().is_ok_and(|plugin| !exists_in(plugin, &self.behaviour)) {
                let message = format!("has no effect: kube-scheduler {} has no plugin {name}", self.behaviour.version);
                self.warn(format!("{at}.disabled[{index}].name"), message);
            }
        }
    }
}
