//! From a file, or a JSON value, to the configuration and everything that is wrong with it.

use std::io::Read;
use std::path::Path;

use serde_json::Value;
use sim_cluster::closest;
use sim_core::Version;
use sim_core::scheduler::config::{ConfigApi, ConfigFault, SchedulerConfig};
use sim_core::scheduler::{PluginName, Scheduler};

use super::reader::Reader;
use crate::fault::{Fault, Location, Severity};
use crate::files;
use crate::locate::{Step, duplicate, locate, show};
use crate::text;

const OBJECT: &str = "KubeSchedulerConfiguration";

/// Reads a configuration file; `-` is `stdin`. The version says which API versions and plugins there are.
///
/// # Errors
/// Every fault, with its line and field. Among the faults of a configuration that can be used are warnings only.
pub fn load_scheduler_config(
    path: &Path,
    version: Version,
    stdin: &mut dyn Read,
) -> Result<(SchedulerConfig, Vec<Fault>), Vec<Fault>> {
    let (sources, faults) = files::read(&[path], stdin);
    let Some(source) = sources.first() else { return Err(faults) };
    let fault = |severity, (line, column), path, message, hint| Fault {
        severity,
        location: Some(Location { source: source.name.clone(), line, column }),
        object: OBJECT.to_owned(),
        path,
        message,
        hint,
    };
    // The parsers of YAML and JSON differ here, and neither says where the second is.
    if let Some((steps, place)) = duplicate(&source.text) {
        let message = "is there twice: which of the two is meant?".to_owned();
        return Err(vec![fault(Severity::Error, place, show(&steps), message, None)]);
    }
    let mut documents = Vec::new();
    text::documents(&source.text, |index, parsed| documents.push((index, parsed)));
    let mut documents = documents.into_iter();
    let (document, value) = match (documents.next(), documents.next()) {
        (Some((document, Ok(value))), None) => (document, value),
        (Some((_, Err(error))), _) => {
            let location = Location { source: source.name.clone(), line: error.line, column: error.column };
            return Err(vec![Fault::error(Some(location), error.message)]);
        }
        (None, _) => return Err(vec![Fault::of_file(&source.name, "is empty: expected a KubeSchedulerConfiguration")]),
        (Some(_), Some(_)) => {
            return Err(vec![Fault::of_file(
                &source.name,
                "holds several documents: expected one KubeSchedulerConfiguration",
            )]);
        }
    };
    judge(&value, version, &|severity, found| {
        let steps = steps(&found.path);
        let place = locate(&source.text, document, &steps).unwrap_or((0, 0));
        let hint = hint(&value, &steps, &found.message);
        fault(severity, place, found.path, found.message, hint)
    })
}

/// A configuration that is written in a Scenario. What is wrong with it depends on the version that is run.
#[derive(Debug, Clone)]
pub struct WrittenSchedulerConfig {
    /// The KubeSchedulerConfiguration.
    pub(crate) value: Value,
    /// Where it begins.
    pub(crate) place: Location,
    /// Its path in the Scenario.
    pub(crate) path: String,
}

impl WrittenSchedulerConfig {
    /// The configuration as this version reads it.
    ///
    /// # Errors
    /// Every fault, with its field. Among the faults of a configuration that can be used are warnings only.
    pub fn read(&self, version: Version) -> Result<(SchedulerConfig, Vec<Fault>), Vec<Fault>> {
        judge(&self.value, version, &|severity, found| {
            let hint = hint(&self.value, &steps(&found.path), &found.message);
            let dot = if found.path.is_empty() { "" } else { "." };
            Fault {
                severity,
                location: Some(self.place.clone()),
                object: "Scenario".to_owned(),
                path: format!("{}{dot}{}", self.path, found.path),
                message: found.message,
                hint,
            }
        })
    }
}

/// Reads a configuration, and asks whether the version's scheduler would start with it.
fn judge(
    value: &Value,
    version: Version,
    place: &dyn Fn(Severity, ConfigFault) -> Fault,
) -> Result<(SchedulerConfig, Vec<Fault>), Vec<Fault>> {
    let all = |severity: Severity, faults: Vec<ConfigFault>| -> Vec<Fault> {
        faults.into_iter().map(|found| place(severity, found)).collect()
    };
    let (config, warnings) = read_scheduler_config(value, version).map_err(|faults| all(Severity::Error, faults))?;
    Scheduler::configured(version, &config).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| as_written(fault, config.api)).collect();
        all(Severity::Error, faults)
    })?;
    Ok((config, all(Severity::Warning, warnings)))
}

/// Reads a configuration from its JSON value, with what in it is not heeded.
///
/// # Errors
/// Everything that makes it no KubeSchedulerConfiguration of this version.
pub fn read_scheduler_config(
    value: &Value,
    version: Version,
) -> Result<(SchedulerConfig, Vec<ConfigFault>), Vec<ConfigFault>> {
    Reader::read(&without_nulls(value), version)
}

/// `null` is the zero value of whatever it stands for, as Go's decoder has it: a field is then as if not there.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(present.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        Value::Null => Value::Object(serde_json::Map::new()),
        other => other.clone(),
    }
}

/// A fault where it is in the file: v1alpha1 has its one profile at the top.
fn as_written(fault: ConfigFault, api: ConfigApi) -> ConfigFault {
    match fault.path.strip_prefix("profiles[0].") {
        Some(path) if api == ConfigApi::V1Alpha1 => ConfigFault::new(path, fault.message),
        _ => fault,
    }
}

/// A path's text taken apart again, such as `profiles[0].plugins.score`.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        let key = pieces.next().unwrap_or_default();
        if !key.is_empty() {
            steps.push(Step::Key(key.to_owned()));
        }
        steps.extend(pieces.filter_map(|piece| piece.trim_end_matches(']').parse().ok().map(Step::Index)));
    }
    steps
}

/// What was probably meant.
fn hint(value: &Value, steps: &[Step], message: &str) -> Option<String> {
    match steps {
        [Step::Key(field)] if message.starts_with("is no field") && PROFILE_FIELDS.contains(&field.as_str()) => {
            return Some("it belongs into a profile".to_owned());
        }
        [.., Step::Key(field)] if message == "unknown field" => {
            let meant = closest(field, FIELDS.iter().copied())?;
            return Some(format!("did you mean {meant}?"));
        }
        _ => {}
    }
    if !message.starts_with("there is no plugin") {
        return None;
    }
    let found = steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(*index),
    })?;
    let meant = closest(found.as_str()?, PluginName::ALL.iter().map(PluginName::as_str))?;
    Some(format!("did you mean {meant}?"))
}

/// What v1alpha1 has at the top, and every other API version in a profile.
const PROFILE_FIELDS: [&str; 3] = ["schedulerName", "plugins", "pluginConfig"];

/// The fields that are most often mistyped.
const FIELDS: [&str; 24] = [
    "profiles",
    "schedulerName",
    "plugins",
    "pluginConfig",
    "percentageOfNodesToScore",
    "podInitialBackoffSeconds",
    "podMaxBackoffSeconds",
    "extenders",
    "leaderElection",
    "clientConnection",
    "enabled",
    "disabled",
    "name",
    "args",
    "weight",
    "scoringStrategy",
    "resources",
    "requestedToCapacityRatio",
    "ignoredResources",
    "ignoredResourceGroups",
    "addedAffinity",
    "hardPodAffinityWeight",
    "defaultConstraints",
    "defaultingType",
];
