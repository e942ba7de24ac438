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
use crate::scheduler_config::WrittenSchedulerConfig;
use sim_cluster::parse_duration_ms;

/// The most faults of one document that are told.
const MAX_FAULTS: usize = 100;

/// Reads a document; the faults carry their places, in the order of these. What cannot be read is told, left out, and the
/// rest is read, so that all that is wrong is told at once.
pub(crate) fn read(place: &Place<'_>, mut value: Value) -> (Option<Scenario>, Vec<Fault>) {
    let written = value.clone();
    let mut reader = Reader { place, faults: Vec::new(), left_out: LeftOut::default() };
    let mut scenario = None;
    while reader.faults.len() < MAX_FAULTS {
        let mut track = serde_path_to_error::Track::new();
        let error = match Document::deserialize(serde_path_to_error::Deserializer::new(&value, &mut track)) {
            Ok(document) => {
                scenario = Some(reader.resolve(document, written));
                break;
            }
            Err(error) => error,
        };
        let message = error.to_string();
        let mut path: Vec<PathStep> = track.path().iter().filter_map(step_of).collect();
        if let Some(field) = unknown_field(&message).filter(|field| path.last() != Some(&PathStep::from(*field))) {
            path.push(PathStep::from(field));
        }
        // What lacks a part that was left out is no fault of its own.
        if !reader.left_out.is_inside(&path) {
            let hint = meant(&message).map(|meant| format!("did you mean {meant}?"));
            reader.fault(&path, message);
            if let Some(fault) = reader.faults.last_mut() {
                fault.hint = hint;
            }
        }
        if !reader.left_out.leave_out(&mut value, path) {
            break;
        }
    }
    reader.faults.sort_by_key(|fault| fault.location.as_ref().map(|location| (location.line, location.column)));
    (scenario, reader.faults)
}

/// A step of the path to an error. What serde takes for a variant is written as a key.
fn step_of(segment: &serde_path_to_error::Segment) -> Option<PathStep> {
    match segment {
        serde_path_to_error::Segment::Enum { variant } => Some(PathStep::Key(variant.clone())),
        segment => error_step(segment),
    }
}

/// The field that serde says is not known.
fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

/// The parts of a document that were left out, by their paths in the whole of it.
#[derive(Default)]
pub(super) struct LeftOut(Vec<Vec<PathStep>>);

impl LeftOut {
    /// The path in the whole document of one in what is left of it: items that went before are counted again.
    fn original(&self, path: &[PathStep]) -> Vec<PathStep> {
        let mut whole: Vec<PathStep> = Vec::new();
        for step in path {
            whole.push(step.clone());
            let PathStep::Index(index) = step else { continue };
            let (mut place, mut left) = (0, *index);
            loop {
                whole.pop();
                whole.push(PathStep::Index(place));
                let is_there = !self.0.contains(&whole);
                match (is_there, left) {
                    (true, 0) => break,
                    (true, _) => left -= 1,
                    (false, _) => {}
                }
                place += 1;
            }
        }
        whole
    }

    /// Whether something inside of what is at the path was left out.
    fn is_inside(&self, path: &[PathStep]) -> bool {
        let path = self.original(path);
        self.0.iter().any(|gone| gone.len() > path.len() && gone.starts_with(&path))
    }

    /// Leaves out what is at the path, or of what is not there the part that is; says whether there was something.
    fn leave_out(&mut self, value: &mut Value, mut path: Vec<PathStep>) -> bool {
        while let Some(last) = path.pop() {
            let parent = path.iter().try_fold(&mut *value, |value, step| match step {
                PathStep::Key(key) => value.get_mut(key),
                PathStep::Index(index) => value.get_mut(*index),
            });
            let whole = self.original(&[path.as_slice(), std::slice::from_ref(&last)].concat());
            let was_there = match (parent, &last) {
                (Some(Value::Object(object)), PathStep::Key(key)) => object.shift_remove(key).is_some(),
                (Some(Value::Array(items)), PathStep::Index(index)) if *index < items.len() => {
                    items.remove(*index);
                    true
                }
                _ => false,
            };
            if was_there {
                self.0.push(whole);
                return true;
            }
        }
        false
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
    left_out: LeftOut,
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
        let path = self.left_out.original(path);
        let location = Some(self.place.at(&path));
        let object = "Scenario".to_owned();
        self.faults.push(Fault { severity: Severity::Error, location, object, path: show(&path), message, hint: None });
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
            let at_ms = self.moment(index, &moment.at, until_ms);
            for (number, step) in moment.steps.into_iter().enumerate() {
                let path = at!["spec", "timeline", index, "steps", number];
                if let (Some(change), Some(at_ms)) = (step.change(self, &path), at_ms) {
                    timeline.push(TimedStep { at_ms, change, source: self.place.at(&path) });
                }
            }
        }
        let groups = spec.node_groups.into_iter().enumerate();
        let node_groups = groups.filter_map(|(index, group)| self.node_group(index, group)).collect();
        let admission = self.admission(&spec.control_plane);
        let scheduler_config = spec.control_plane.scheduler_config.map(|value| {
            let path = at!["spec", "controlPlane", "schedulerConfig"];
            WrittenSchedulerConfig { value, place: self.place.at(&path), path: show(&path) }
        });
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
            scheduler_config,
            is_complete: spec.control_plane.complete,
            continue_on_error: spec.continue_on_error,
            timeline,
            document: written,
            expectations,
            diagnosis,
        }
    }

    /// When a moment of the timeline is.
    fn moment(&mut self, index: usize, text: &str, until_ms: Option<u64>) -> Option<u64> {
        let path = at!["spec", "timeline", index, "at"];
        if text.trim_start().starts_with('-') {
            self.fault(&path, format!("{text} is before the start of the run"));
            return None;
        }
        let at_ms = self.good(&path, parse_duration_ms(text))?;
        if until_ms.is_some_and(|until| at_ms > until) {
            self.fault(&path, format!("{text} is after the end of the run"));
        }
        Some(at_ms)
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
