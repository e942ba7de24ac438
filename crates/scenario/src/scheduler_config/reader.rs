//! Decoding: the document as such, and how a part of it is decoded strictly.

use serde::de::DeserializeOwned;
use serde_json::Value;
use sim_core::Version;
use sim_core::behaviour::Behaviour;
use sim_core::scheduler::config::{ConfigApi, ConfigFault, ExtensionPoint, PluginSet, SchedulerConfig};
use sim_core::scheduler::profile;

use super::document::{Document, ProfileDocument};
use super::fields;
use crate::load::{error_step, ignored_steps};
use crate::locate::{Step, show};

/// The group of every configuration.
pub(super) const GROUP: &str = "kubescheduler.config.k8s.io/";
const KIND: &str = "KubeSchedulerConfiguration";

/// What reads a configuration for one version, and what it finds wrong.
pub(super) struct Reader {
    pub(super) behaviour: Behaviour,
    pub(super) api: ConfigApi,
    pub(super) faults: Vec<ConfigFault>,
    pub(super) warnings: Vec<ConfigFault>,
}

impl Reader {
    /// The configuration, with what in it is not heeded.
    pub(super) fn read(
        value: &Value,
        version: Version,
    ) -> Result<(SchedulerConfig, Vec<ConfigFault>), Vec<ConfigFault>> {
        let behaviour = Behaviour::of(version);
        let api = api_version(value).map_err(|fault| vec![fault])?;
        if let Some(fault) = profile::api_fault(&behaviour, api) {
            return Err(vec![fault]);
        }
        let mut reader = Reader { behaviour, api, faults: Vec::new(), warnings: Vec::new() };
        match reader.config(value) {
            Some(config) if reader.faults.is_empty() => Ok((config, reader.warnings)),
            _ => Err(reader.faults),
        }
    }

    pub(super) fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.faults.push(ConfigFault::new(path, message));
    }

    pub(super) fn warn(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(ConfigFault::new(path, message));
    }

    pub(super) fn rules(&self) -> fields::Rules {
        fields::Rules::of(self.behaviour.version.minor())
    }

    fn config(&mut self, value: &Value) -> Option<SchedulerConfig> {
        let document: Document = self.decode_as(KIND, value, "")?;
        let mut config = SchedulerConfig {
            percentage_of_nodes_to_score: document.percentage_of_nodes_to_score.unwrap_or(0).into(),
            pod_initial_backoff_seconds: document.pod_initial_backoff_seconds.unwrap_or(1),
            pod_max_backoff_seconds: document.pod_max_backoff_seconds.unwrap_or(10),
            ..SchedulerConfig::empty(self.api)
        };
        if document.parallelism.is_some_and(|parallelism| parallelism <= 0) {
            self.fault("parallelism", "should be an integer value greater than zero");
        }
        self.component(&document);
        self.extenders(&document.extenders);
        if self.api == ConfigApi::V1Alpha1 {
            if let Some(source) = &document.algorithm_source
                && (source.policy.is_some() || source.provider.as_ref().is_some_and(|name| name != "DefaultProvider"))
            {
                self.fault("algorithmSource", "only the DefaultProvider is modelled");
            }
            let profile = ProfileDocument {
                scheduler_name: document.scheduler_name,
                plugins: document.plugins,
                plugin_config: document.plugin_config,
                percentage_of_nodes_to_score: None,
            };
            let mut profile = self.profile(profile, "");
            if let Some(weight) = document.hard_pod_affinity_symmetric_weight {
                self.hard_weight(weight, "hardPodAffinitySymmetricWeight", &mut profile.args);
            }
            config.profiles.push(profile);
        }
        for (index, profile) in document.profiles.iter().enumerate() {
            let at = format!("profiles[{index}]");
            if let Some(profile) = self.decode_as("KubeSchedulerProfile", profile, &at) {
                let profile = self.profile(profile, &format!("{at}."));
                config.profiles.push(profile);
            }
        }
        if document.disable_preemption {
            let off = PluginSet { enabled: Vec::new(), disabled: vec!["*".to_owned()] };
            for profile in &mut config.profiles {
                profile.plugins.insert(ExtensionPoint::PostFilter, off.clone());
            }
        }
        Some(config)
    }

    /// Reads a part of the document that is a type of the API: fields that this API version does not have are faults.
    pub(super) fn decode_as<T: DeserializeOwned>(&mut self, of: &str, value: &Value, at: &str) -> Option<T> {
        let mut known = value.clone();
        if let Value::Object(fields) = &mut known {
            fields.retain(|field, _| {
                let has = fields::has(of, field, self.api, self.behaviour.version.minor());
                if !has {
                    let message =
                        format!("is no field of {} in kube-scheduler {}", self.api.as_str(), self.behaviour.version);
                    self.faults.push(ConfigFault::new(join(at, &[Step::Key(field.clone())]), message));
                }
                has
            });
        }
        self.decode(&known, at)
    }

    /// Reads a part of the document; its unknown fields are faults.
    pub(super) fn decode<T: DeserializeOwned>(&mut self, value: &Value, at: &str) -> Option<T> {
        let mut unknown = Vec::new();
        let mut track = serde_path_to_error::Track::new();
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(ignored_steps(&path));
        let ignored = serde_ignored::Deserializer::new(value, &mut note);
        let result = T::deserialize(serde_path_to_error::Deserializer::new(ignored, &mut track));
        for steps in unknown {
            let path = join(at, &steps);
            self.fault(path, "unknown field");
        }
        match result {
            Ok(document) => Some(document),
            Err(error) => {
                let steps: Vec<Step> = track.path().iter().filter_map(error_step).collect();
                self.fault(join(at, &steps), in_words(&error.to_string()));
                None
            }
        }
    }
}

/// The API version that a document says it is written in.
fn api_version(value: &Value) -> Result<ConfigApi, ConfigFault> {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    if kind != KIND {
        let message = if kind.is_empty() { "is missing".to_owned() } else { format!("is {kind:?}") };
        return Err(ConfigFault::new("kind", format!("{message}: expected {KIND}")));
    }
    let written = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let api =
        written.strip_prefix(GROUP).and_then(|api| ConfigApi::ALL.into_iter().find(|known| known.as_str() == api));
    api.ok_or_else(|| {
        let known: Vec<&str> = ConfigApi::ALL.iter().map(ConfigApi::as_str).collect();
        ConfigFault::new("apiVersion", format!("{written:?} is not known: expected {GROUP}{}", known.join("|")))
    })
}

/// A decoder's complaint without the names that programs have for types.
fn in_words(message: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        ("i32", "a whole number of 32 bits"),
        ("i64", "a whole number"),
        ("f32", "a number"),
        ("a boolean", "true or false"),
        ("a string", "text"),
        ("a sequence", "a list"),
        ("a map", "a mapping"),
    ];
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let word = WORDS.iter().find(|(name, _)| *name == expected).map_or(expected, |(_, word)| word);
    format!("{found}, expected {word}")
}

fn join(at: &str, steps: &[Step]) -> String {
    let inner = show(steps);
    match (at.is_empty(), inner.is_empty()) {
        (true, _) => inner,
        (_, true) => at.to_owned(),
        _ if inner.starts_with('[') => format!("{at}{inner}"),
        _ => format!("{at}.{inner}"),
    }
}
