//! From the document as it is written to a Scenario, with every fault on the way.

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use serde::Deserialize;
use serde_json::Value;
use sim_cluster::{ADMISSION_PLUGINS, AdmissionConfig, NodeGroup, closest};
use sim_core::version::Version;

use super::scenario::{Scenario, TimedStep};
use super::schema::{self, CloudProvider, ControlPlane, Document};
use crate::fault::{Fault, Severity};
use crate::load::{Place, error_step};
use crate::locate::{Step as PathStep, show};
use sim_cluster::parse_duration_ms;

/// Reads a document; the faults carry their places.
pub(crate) fn read(place: &Place<'_>, value: Value) -> (Option<Scenario>, Vec<Fault>) {
    let mut reader = Reader { place, faults: Vec::new() };
    let mut track = serde_path_to_error::Track::new();
    let parsed = Document::deserialize(serde_path_to_error::Deserializer::new(&value, &mut track));
    match parsed {
        Ok(document) => {
            let scenario = reader.resolve(document, value.clone());
            (Some(scenario), reader.faults)
        }
        Err(error) => {
            let path: Vec<PathStep> = track.path().iter().filter_map(error_step).collect();
            let message = error.to_string();
            let hint = meant(&message).map(|meant| format!("did you mean {meant}?"));
            reader.fault(&path, message);
            if let Some(fault) = reader.faults.last_mut() {
                fault.hint = hint;
            }
            (None, reader.faults)
        }
    }
}

/// Which of the words that serde expected the unknown one stands for: it names all of them between backticks, the one
/// that was written first.
fn meant(message: &str) -> Option<&str> {
    let mut words = message.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    closest(words.next()?, words)
}

/// The place of the document, and what is wrong with it so far.
pub(super) struct Reader<'a> {
    pub(super) place: &'a Place<'a>,
    pub(super) faults: Vec<Fault>,
}

/// A path from its parts: keys and indices.
macro_rules! at {
    ($($part:expr),*) => { [$($crate::locate::Step::from($part)),*] };
}
pub(super) use at;

impl From<&str> for PathStep {
    fn from(key: &str) -> Self {
        PathStep::Key(key.to_owned())
    }
}

impl From<usize> for PathStep {
    fn from(index: usize) -> Self {
        PathStep::Index(index)
    }
}

impl Reader<'_> {
    pub(super) fn fault(&mut self, path: &[PathStep], message: String) {
        let location = Some(self.place.at(path));
        let object = "Scenario".to_owned();
        self.faults.push(Fault { severity: Severity::Error, location, object, path: show(path), message, hint: None });
    }

    /// The value, or a fault at the path and nothing.
    pub(super) fn good<T, E: std::fmt::Display>(&mut self, path: &[PathStep], result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(path, error.to_string());
                None
            }
        }
    }

    fn resolve(&mut self, document: Document, written: Value) -> Scenario {
        let spec = document.spec;
        let version = spec
            .kubernetes_version
            .and_then(|text| self.good(&at!["spec", "kubernetesVersion"], text.parse::<Version>()));
        let start = spec.start.and_then(|text| self.good(&at!["spec", "start"], parse_start(&text)));
        let until_ms = spec.until.and_then(|text| self.good(&at!["spec", "until"], parse_duration_ms(&text)));
        let behaviours = spec.behaviours.into_iter().enumerate();
        let behaviours =
            behaviours.filter_map(|(index, entry)| entry.resolve(self, &at!["spec", "behaviours", index])).collect();
        let mut timeline = Vec::new();
        for (index, moment) in spec.timeline.into_iter().enumerate() {
            let at = at!["spec", "timeline", index, "at"];
            if moment.at.trim_start().starts_with('-') {
                self.fault(&at, format!("{} is before the start of the run", moment.at));
                continue;
            }
            let Some(at_ms) = self.good(&at, parse_duration_ms(&moment.at)) else { continue };
            if until_ms.is_some_and(|until| at_ms > until) {
                self.fault(&at, format!("{} is after the end of the run", moment.at));
            }
            for (number, step) in moment.steps.into_iter().enumerate() {
                let path = at!["spec", "timeline", index, "steps", number];
                if let Some(change) = step.change(self, &path) {
                    timeline.push(TimedStep { at_ms, change, source: self.place.at(&path) });
                }
            }
        }
        let groups = spec.node_groups.into_iter().enumerate();
        let node_groups = groups.filter_map(|(index, group)| self.node_group(index, group)).collect();
        let admission = self.admission(&spec.control_plane);
        let expectations = spec.expectations.into_iter().enumerate();
        let expectations = expectations.filter_map(|(index, entry)| entry.resolve(self, index, until_ms)).collect();
        let diagnosis = spec.diagnosis.into_iter().enumerate();
        let diagnosis = diagnosis.filter_map(|(index, entry)| entry.resolve(self, index)).collect();
        Scenario {
            name: document.metadata.name,
            description: spec.description,
            version,
            start,
            until_ms,
            kubelet_cloud_provider_external: spec.control_plane.kubelet_cloud_provider == CloudProvider::External,
            cloud_controller_manager: spec.control_plane.cloud_controller_manager,
            node_ips: spec.control_plane.node_ips,
            node_groups,
            behaviours,
            admission,
            is_complete: spec.control_plane.complete,
            continue_on_error: spec.continue_on_error,
            timeline,
            document: written,
            expectations,
            diagnosis,
        }
    }

    fn admission(&mut self, control_plane: &ControlPlane) -> AdmissionConfig {
        let enabled = control_plane.enable_admission_plugins.clone();
        let disabled = control_plane.disable_admission_plugins.clone();
        for (field, plugins) in [("enableAdmissionPlugins", &enabled), ("disableAdmissionPlugins", &disabled)] {
            for plugin in plugins.iter().filter(|plugin| !ADMISSION_PLUGINS.iter().any(|(name, _)| name == plugin)) {
                let known: Vec<&str> = ADMISSION_PLUGINS.iter().map(|(name, _)| *name).collect();
                let known = known.join(", ");
                let message = format!("no admission plugin {plugin:?} is modelled: expected one of {known}");
                self.fault(&at!["spec", "controlPlane", field], message);
            }
        }
        let limited_priority_classes = control_plane.limited_priority_classes.clone();
        AdmissionConfig { enabled, disabled, limited_priority_classes }
    }
}

impl Reader<'_> {
    fn node_group(&mut self, index: usize, group: schema::NodeGroup) -> Option<NodeGroup> {
        let delay_ms = match &group.delay {
            Some(text) => self.good(&at!["spec", "nodeGroups", index, "delay"], parse_duration_ms(text))?,
            None => 60_000,
        };
        let mut template = group.template;
        if let Some(manifest) = template.as_object_mut() {
            manifest.insert("apiVersion".to_owned(), "v1".into());
            manifest.insert("kind".to_owned(), "Node".into());
            manifest.entry("metadata").or_insert_with(|| Value::Object(serde_json::Map::new()));
        }
        let template = serde_json::from_value(template);
        let template = self.good(&at!["spec", "nodeGroups", index, "template"], template)?;
        Some(NodeGroup { name: group.name, max: group.max, template, delay_ms })
    }
}

/// A point in time with its offset; without one it is in UTC.
fn parse_start(text: &str) -> Result<(Timestamp, Offset), String> {
    let bad = || format!("{text:?} is no point in time: expected something like 2019-10-25T04:01:30-04:00");
    let timestamp: Timestamp = text.parse().map_err(|_| bad())?;
    let offset = Pieces::parse(text).ok().and_then(|pieces| pieces.to_numeric_offset()).unwrap_or(Offset::UTC);
    Ok((timestamp, offset))
}
