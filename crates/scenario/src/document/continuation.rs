//! The Scenario that goes on with a cluster as it stands: its moment, what its objects do not show, and what is to come.

use serde_json::{Map, Value, json};
use sim_cluster::{Change, Cluster, format_millis, parse_duration_ms};

use super::scenario::Scenario;

/// What belongs to the run that is over.
const PAST: [&str; 3] = ["until", "timeline", "expectations"];

/// A Scenario document that begins where the cluster is. What the Scenario of the run said of the cluster stays; of its
/// timeline what is to come, and as steps at the beginning what stands of the rest. Its expectations are done with.
pub fn continuation(cluster: &Cluster, scenario: Option<&Scenario>, name: &str) -> Value {
    let setup = cluster.setup();
    let mut spec: Map<String, Value> =
        scenario.and_then(|scenario| scenario.document["spec"].as_object()).cloned().unwrap_or_default();
    spec.retain(|key, _| !PAST.contains(&key.as_str()));
    spec.insert("kubernetesVersion".to_owned(), setup.version.to_string().into());
    let start = setup.offset.to_datetime(cluster.now());
    spec.insert("start".to_owned(), format!("{start}{}", offset(setup.offset.seconds())).into());
    let steps = scenario.map(steps).unwrap_or_default();
    let now_ms = cluster.now_ms();
    let (done, to_come): (Vec<Step<'_>>, Vec<Step<'_>>) = steps.into_iter().partition(|step| step.at_ms <= now_ms);
    let declared: Vec<Value> = done.iter().filter_map(|step| step.written.get("behaviour")).cloned().collect();
    if !declared.is_empty() {
        let behaviours = spec.entry("behaviours").or_insert_with(|| json!([]));
        if let Some(behaviours) = behaviours.as_array_mut() {
            behaviours.extend(declared);
        }
    }
    let mut timeline = Vec::new();
    let mut standing: Vec<Value> = cluster.standing().iter().filter_map(standing_step).collect();
    standing.extend(drains(cluster, &done));
    if !standing.is_empty() {
        timeline.push(json!({"at": "0s", "steps": standing}));
    }
    for step in to_come {
        let at = format_millis(step.at_ms - now_ms);
        match timeline.last_mut().filter(|moment| moment["at"] == at.as_str()) {
            Some(moment) => {
                if let Some(steps) = moment["steps"].as_array_mut() {
                    steps.push(step.document());
                }
            }
            None => timeline.push(json!({"at": at, "steps": [step.document()]})),
        }
    }
    if !timeline.is_empty() {
        spec.insert("timeline".to_owned(), timeline.into());
    }
    if let Some(left) = scenario.and_then(|scenario| scenario.until_ms?.checked_sub(now_ms)).filter(|left| *left > 0) {
        spec.insert("until".to_owned(), format_millis(left).into());
    }
    json!({"apiVersion": "sim/v1", "kind": "Scenario", "metadata": {"name": name}, "spec": spec})
}

/// A step as it was written, and what it says.
struct Step<'a> {
    at_ms: u64,
    written: &'a Value,
    change: &'a Change,
}

impl Step<'_> {
    /// The step without the Scenario's folder: manifests of files stand in it.
    fn document(&self) -> Value {
        match self.change {
            Change::Apply(objects) => {
                let objects: Vec<Value> = objects.iter().map(sim_cluster::Object::to_value).collect();
                json!({"apply": {"objects": objects}})
            }
            _ => self.written.clone(),
        }
    }
}

/// The timeline as it was written beside what it says: without faults one is as long as the other.
fn steps(scenario: &Scenario) -> Vec<Step<'_>> {
    let moments = scenario.document["spec"]["timeline"].as_array().into_iter().flatten();
    let written = moments.flat_map(|moment| moment["steps"].as_array().into_iter().flatten());
    let both = written.zip(&scenario.timeline);
    both.map(|(written, step)| Step { at_ms: step.at_ms, written, change: &step.change }).collect()
}

/// A change that stands, as a step.
fn standing_step(change: &Change) -> Option<Value> {
    Some(match change {
        Change::NodeDown(node) => json!({"nodeDown": node}),
        Change::NodePartitioned(node) => json!({"nodePartitioned": node}),
        Change::MachineStopped(node) => json!({"machineStopped": node}),
        Change::MachineDeleted(node) => json!({"machineDeleted": node}),
        Change::StopController(name) => json!({"controllerStopped": name}),
        Change::ImageBroken(image) => json!({"imageBroken": image}),
        _ => return None,
    })
}

/// The drains that go on, with the flags they were begun with and what is left of their time.
fn drains(cluster: &Cluster, done: &[Step<'_>]) -> Vec<Value> {
    let begun = |node: &str| {
        let drains = done.iter().rev().filter_map(|step| step.written.get("drain"));
        drains.into_iter().find(|drain| drain["node"] == node).cloned()
    };
    let going_on = cluster.draining().filter_map(|(node, started_ms)| {
        let mut drain = begun(node)?;
        if let Some(timeout_ms) = drain["timeout"].as_str().and_then(|text| parse_duration_ms(text).ok()) {
            let ends_ms = started_ms.saturating_add(timeout_ms);
            drain["timeout"] = format_millis(ends_ms.saturating_sub(cluster.now_ms()).max(1)).into();
        }
        Some(json!({"drain": drain}))
    });
    going_on.collect()
}

/// `+05:30`.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
