//! One decision beside one recorded step, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use sim_core::Behaviour;
use sim_core::model::Pod;
use sim_core::scheduler::{
    Decision, FitError, Placement, PluginName, Scheduler, Snapshot, Status, Verdict, event_note,
};

/// The fields that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Whether the pod was placed, refused, held back, or the scheduler failed.
    Decision,
    /// The nodes that passed every filter.
    Feasible,
    /// A node's status code.
    Code,
    /// Who refused a node.
    Plugin,
    /// Why a node was refused.
    Reasons,
    /// A plugin's score for a node.
    Score,
    /// A node's total.
    Total,
    /// The nodes with the greatest total.
    Best,
    /// The FailedScheduling sentence.
    Message,
    /// The node nominated by preemption.
    Nominated,
    /// The pods to evict.
    Victims,
    /// What the fast path decides, beside the straightforward one: nothing that was recorded.
    FastPath,
}

impl Field {
    /// Every field, in the order of the table.
    pub const ALL: [Field; 12] = [
        Field::Decision,
        Field::Feasible,
        Field::Code,
        Field::Plugin,
        Field::Reasons,
        Field::Score,
        Field::Total,
        Field::Best,
        Field::Message,
        Field::Nominated,
        Field::Victims,
        Field::FastPath,
    ];
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Field::Decision => "decision",
            Field::Feasible => "feasible",
            Field::Code => "code",
            Field::Plugin => "plugin",
            Field::Reasons => "reasons",
            Field::Score => "score",
            Field::Total => "total",
            Field::Best => "best",
            Field::Message => "message",
            Field::Nominated => "nominated",
            Field::Victims => "victims",
            Field::FastPath => "fast path",
        })
    }
}

/// A field that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which.
    pub field: Field,
    /// The pod of the step, and the node where it is about one.
    pub about: String,
    /// What `sim` says.
    pub ours: String,
    /// What was recorded.
    pub recorded: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: sim {:?}, recorded {:?}", self.field, self.about, self.ours, self.recorded)
    }
}

/// Compares a step.
pub(super) fn step(
    scheduler: &Scheduler,
    snapshot: &Snapshot,
    pod: &Pod,
    decision: &Decision,
    step: &Value,
    mismatches: &mut Vec<Mismatch>,
) {
    let name = step["pod"].as_str().unwrap_or_default().to_owned();
    let (behaviour, first_filters) = (scheduler.behaviour(), first_filters(scheduler, snapshot, pod, decision));
    let mut compared = Compared { behaviour, pod: name, first_filters, mismatches };
    let kind = match decision {
        Decision::Placed(_) => "placed",
        Decision::Unschedulable(_) => "unschedulable",
        Decision::Gated(_) => "gated",
        Decision::Error(_) => "error",
    };
    let error = step["error"].as_str().filter(|error| !error.is_empty());
    let recorded = match (error, step["preenqueue"].is_null(), strings(&step["feasible"]).is_empty()) {
        (_, false, _) => "gated",
        (Some(_), _, _) => "error",
        (None, true, true) => "unschedulable",
        (None, true, false) => "placed",
    };
    match (decision, recorded) {
        (Decision::Gated(_), "gated") => {}
        // The 1.16 scheduler told the same error once per node.
        (Decision::Error(ours), "error") => {
            compared.field(Field::Message, "", ours, error.unwrap_or_default());
        }
        // The recording scored where the real scheduler, with one node to choose from, would not have.
        (Decision::Placed(placement), "error") if placement.scores.len() == 1 => {}
        (Decision::Placed(placement), "placed") => compared.placed(placement, step),
        (Decision::Unschedulable(refusal), "unschedulable") => compared.unschedulable(refusal, step),
        (Decision::Error(text), _) => compared.field(Field::Decision, "", &format!("error: {text}"), recorded),
        (_, "error") => compared.field(Field::Decision, "", kind, &format!("error: {}", error.unwrap_or_default())),
        _ => compared.field(Field::Decision, "", kind, recorded),
    }
}

/// Whom the recorder names for nodes that a PreFilter plugin refuses up to 1.20, where a status does not say whose it
/// is: it asks each filter by itself and takes the first that does not pass. The plugin whose PreFilter refused has
/// remembered nothing, so that its filter fails.
fn first_filters(
    scheduler: &Scheduler,
    snapshot: &Snapshot,
    pod: &Pod,
    decision: &Decision,
) -> BTreeMap<String, &'static str> {
    let behaviour = scheduler.behaviour();
    let refused = matches!(decision, Decision::Unschedulable(error) if error.pre_filter_message.is_some());
    let profile = scheduler.profiles().iter().find(|profile| profile.scheduler_name == pod.spec.scheduler_name);
    let Some(profile) = profile.filter(|_| refused && behaviour.version.minor() <= 20) else {
        return BTreeMap::new();
    };
    let nodes = scheduler.explain(snapshot, pod).nodes.into_iter();
    let first = nodes.filter_map(|node| {
        let speak = node.refusals.iter().flat_map(|refusal| &refusal.status.plugins);
        let order = |plugin: &&PluginName| profile.filters.iter().position(|name| name == *plugin);
        let plugin = speak.filter(|plugin| order(plugin).is_some()).min_by_key(order)?;
        Some((node.node, plugin.name_in(behaviour)))
    });
    first.collect()
}

/// Compares what both paths of `sim` decide.
pub(super) fn fast_path(
    snapshot: &Snapshot,
    decision: &Decision,
    verdict: &Verdict,
    step: &Value,
    mismatches: &mut Vec<Mismatch>,
) {
    let ours = match verdict {
        Verdict::Placed { node, .. } => snapshot.node_name(*node).to_owned(),
        Verdict::Other(Decision::Placed(placement)) => placement.node.clone(),
        Verdict::Other(other) => format!("{other:?}"),
    };
    let expected = match decision {
        Decision::Placed(placement) => placement.node.clone(),
        other => format!("{other:?}"),
    };
    if ours != expected {
        let about = step["pod"].as_str().unwrap_or_default().to_owned();
        mismatches.push(Mismatch { field: Field::FastPath, about, ours, recorded: expected });
    }
}

struct Compared<'a> {
    behaviour: &'a Behaviour,
    pod: String,
    first_filters: BTreeMap<String, &'static str>,
    mismatches: &'a mut Vec<Mismatch>,
}

impl Compared<'_> {
    fn field(&mut self, field: Field, node: &str, ours: &str, recorded: &str) {
        if ours == recorded {
            return;
        }
        let about = if node.is_empty() { self.pod.clone() } else { format!("{} on {node}", self.pod) };
        let (ours, recorded) = (ours.to_owned(), recorded.to_owned());
        self.mismatches.push(Mismatch { field, about, ours, recorded });
    }

    fn placed(&mut self, placement: &Placement, step: &Value) {
        let feasible: BTreeSet<&str> = placement.feasible_nodes().collect();
        self.field(Field::Feasible, "", &join(feasible), &join(strings(&step["feasible"])));
        self.nodes(&placement.refused, &step["nodes"]);
        for score in &placement.scores {
            let recorded = &step["scores"][&score.node];
            let ours: BTreeMap<&str, i64> =
                score.by_plugin.iter().map(|of| (of.plugin.score_name_in(self.behaviour), of.weighted)).collect();
            let theirs: BTreeMap<&str, i64> = numbers(recorded);
            let names: BTreeSet<&str> = ours.keys().chain(theirs.keys()).copied().collect();
            // Some old recordings hold totals only.
            for name in names.into_iter().filter(|_| recorded.is_object()) {
                let value = |scores: &BTreeMap<&str, i64>| scores.get(name).copied().unwrap_or(0);
                let text = |value: i64| format!("{name} {value}");
                self.field(Field::Score, &score.node, &text(value(&ours)), &text(value(&theirs)));
            }
            let total = step["total"][&score.node].as_i64().map(|total| total.to_string()).unwrap_or_default();
            self.field(Field::Total, &score.node, &score.total.to_string(), &total);
        }
        let best: BTreeSet<&str> = placement.best_nodes().collect();
        self.field(Field::Best, "", &join(best), &join(strings(&step["best"])));
    }

    fn unschedulable(&mut self, error: &FitError, step: &Value) {
        self.nodes(&error.statuses, &step["nodes"]);
        let message = event_note(&error.to_string(), self.behaviour);
        self.field(Field::Message, "", &message, step["message"].as_str().unwrap_or_default());
        let nominated = error.preemption.as_ref().map_or("", |outcome| outcome.nominated_node.as_str());
        let recorded = step["nominated"].as_str().unwrap_or_default();
        // Among equal candidates the real one takes the first of a map: any of the recorded options is right.
        let options = step["preempt_options"].as_object();
        if nominated != recorded && options.is_some_and(|options| options.contains_key(nominated)) {
            let ours: BTreeSet<String> = victims(error);
            let theirs = options.map(|options| strings(&options[nominated])).unwrap_or_default();
            return self.field(Field::Victims, nominated, &join(ours.iter().map(String::as_str)), &join(theirs));
        }
        self.field(Field::Nominated, "", nominated, recorded);
        let ours = victims(error);
        self.field(Field::Victims, "", &join(ours.iter().map(String::as_str)), &join(strings(&step["victims"])));
    }

    fn nodes(&mut self, ours: &BTreeMap<String, Status>, recorded: &Value) {
        let recorded = recorded.as_object();
        let theirs = recorded.into_iter().flatten().map(|(name, _)| name.as_str());
        let names: BTreeSet<&str> = ours.keys().map(String::as_str).chain(theirs).collect();
        for name in names {
            let our = ours.get(name);
            let their = recorded.and_then(|nodes| nodes.get(name));
            let reasons: BTreeSet<&str> =
                our.into_iter().flat_map(|status| &status.reasons).map(AsRef::as_ref).collect();
            let their_reasons = strings(their.map_or(&Value::Null, |node| &node["reasons"]));
            self.field(Field::Reasons, name, &join(reasons), &join(their_reasons));
            // Nodes that PreFilter left out have no status of their own in some versions.
            let code = their.and_then(|node| node["code"].as_str()).unwrap_or_default();
            if !code.is_empty() {
                self.field(Field::Code, name, our.map_or("", |status| status.code.as_str()), code);
            }
            let plugin = their.and_then(|node| node["plugin"].as_str()).unwrap_or_default();
            if !plugin.is_empty() {
                let plugins = our.into_iter().flat_map(|status| &status.plugins);
                let names: BTreeSet<&str> = match self.first_filters.get(name) {
                    Some(first) => BTreeSet::from([*first]),
                    None => plugins.map(|plugin| plugin.name_in(self.behaviour)).collect(),
                };
                self.field(Field::Plugin, name, &names.into_iter().collect::<Vec<_>>().join("+"), plugin);
            }
        }
    }
}

fn victims(error: &FitError) -> BTreeSet<String> {
    error.preemption.iter().flat_map(|outcome| &outcome.victims).map(ToString::to_string).collect()
}

fn join<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    items.into_iter().collect::<Vec<_>>().join(" | ")
}

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn numbers(value: &Value) -> BTreeMap<&str, i64> {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.as_str(), value.as_i64().unwrap_or(0))).collect()
}
