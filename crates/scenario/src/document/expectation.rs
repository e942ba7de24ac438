//! What must hold, and when.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Amount, Expect, Expectation, FieldPath, Kind, Selector, Wanted, When, closest, parse_duration_ms};

use super::read::{Reader, at};
use crate::locate::Step as PathStep;

/// What must hold of some objects. Exactly one of `pods`, `nodes`, `events` and `objects` is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectationEntry {
    /// What a report calls it.
    name: Option<String>,
    /// When it must hold, e.g. `25m`. Default: at the end; with `within` and `always`: from the beginning.
    at: Option<String>,
    /// It must hold at some moment within so long from `at` on, e.g. `5m`.
    within: Option<String>,
    /// It must hold at every moment from `at` to `until`.
    #[serde(default)]
    always: bool,
    /// With `always`: to when. Default: the end of the run.
    until: Option<String>,
    /// Which pods.
    pods: Option<PodSelector>,
    /// Which nodes.
    nodes: Option<NodeSelector>,
    /// Which events.
    events: Option<EventSelector>,
    /// Which objects of any kind.
    objects: Option<ObjectSelector>,
    /// What must hold of every one of them. Left out: there is at least one.
    #[serde(default)]
    expect: ExpectEntry,
}

/// Pods by namespace, name, owner, node and labels; what is left out selects everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PodSelector {
    /// Their namespace.
    namespace: Option<String>,
    /// Their name, with `*` for any run of characters.
    name: Option<String>,
    /// The workload they belong to, e.g. `deployment/coredns`.
    owner: Option<String>,
    /// The node they are on, with `*`; empty for none.
    node: Option<String>,
    /// Labels they carry.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Nodes by name and labels; what is left out selects everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NodeSelector {
    /// Their name, with `*` for any run of characters.
    name: Option<String>,
    /// Labels they carry.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// Events; what is left out selects everything. One that was seen seven times (`x7`) counts as seven.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventSelector {
    /// Their namespace.
    namespace: Option<String>,
    /// What they are about, `KIND/NAME` with `*`, e.g. `pod/coredns-*`.
    object: Option<String>,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    type_: Option<String>,
    /// Their reason, with `*`.
    reason: Option<String>,
    /// A part of their message.
    message: Option<String>,
    /// The component that reported them, with `*`, e.g. `kubelet`.
    source: Option<String>,
}

/// Objects of one kind by namespace, name and labels; what is left out selects everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ObjectSelector {
    /// Their kind as kubectl takes it, e.g. `deployment`, `pvc`, `poddisruptionbudgets`.
    kind: String,
    /// Their namespace.
    namespace: Option<String>,
    /// Their name, with `*` for any run of characters.
    name: Option<String>,
    /// Labels they carry.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// What must hold; what is left out is not checked.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ExpectEntry {
    /// So many are selected. Left out: at least one.
    count: Option<AmountEntry>,
    /// Pods: Pending, Running, Succeeded or Failed.
    phase: Option<String>,
    /// Pods and nodes: what `kubectl get` shows as STATUS, with `*`, e.g. `CrashLoopBackOff`, `NotReady`.
    status: Option<String>,
    /// Pods and nodes: the Ready condition.
    ready: Option<bool>,
    /// Pods: the node they are on, with `*`; empty for none.
    node: Option<String>,
    /// Pods: a part of the reason.
    reason: Option<String>,
    /// Pods: a part of the message that says why they wait.
    message: Option<String>,
    /// Pods: restarts of all containers.
    restarts: Option<AmountEntry>,
    /// Nodes: not cordoned.
    schedulable: Option<bool>,
    /// Nodes: exactly these taints, in any order.
    taints: Option<Vec<String>>,
    /// By type of condition: its status or its reason; empty for a condition that is not there.
    conditions: BTreeMap<String, ConditionEntry>,
    /// By path, e.g. `status.readyReplicas`: what a field is. One that is not there is 0, false or empty.
    fields: BTreeMap<String, WantedEntry>,
}

/// A number, or bounds.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(untagged)]
enum AmountEntry {
    Exactly(i64),
    Bounds(Bounds),
}

/// Bounds of a number.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bounds {
    /// Not less.
    at_least: Option<i64>,
    /// Not more.
    at_most: Option<i64>,
}

/// `True`, `False`, `Unknown`, or a reason.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum ConditionEntry {
    Status(bool),
    Text(String),
}

/// A number, bounds, true, false, or a text with `*`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum WantedEntry {
    Bool(bool),
    Amount(AmountEntry),
    Text(String),
}

impl ExpectationEntry {
    /// The expectation, with a fault for all that cannot be. `end_ms` is where the run ends.
    pub(super) fn resolve(self, reader: &mut Reader<'_>, index: usize, end_ms: Option<u64>) -> Option<Expectation> {
        let path = at!["spec", "expectations", index];
        let faults_before = reader.faults.len();
        let when = self.when(reader, index, end_ms);
        let (selector, title) = self.selector(reader, &path)?;
        let expect = self.expect.resolve(reader, &path, &selector);
        (reader.faults.len() == faults_before).then(|| Expectation {
            name: self.name.unwrap_or(title),
            when: when.unwrap_or(When::End),
            selector,
            expect,
            source: reader.place.at(&path).to_string(),
        })
    }

    fn when(&self, reader: &mut Reader<'_>, index: usize, end_ms: Option<u64>) -> Option<When> {
        let mut moment = |key: &str, text: &Option<String>, after: u64| {
            let text = text.as_deref()?;
            let path = at!["spec", "expectations", index, key];
            let ms = reader.good(&path, parse_duration_ms(text))?.saturating_add(after);
            if end_ms.is_some_and(|end| ms > end) {
                reader.fault(&path, format!("{text} is after the end of the run"));
            }
            Some(ms)
        };
        let at = moment("at", &self.at, 0);
        let from = at.unwrap_or(0);
        let within = moment("within", &self.within, from);
        let until = moment("until", &self.until, 0);
        let path = at!["spec", "expectations", index];
        match (within, self.always) {
            (Some(_), true) => reader.fault(&path, "expected `within` or `always`, not both".to_owned()),
            (_, false) if until.is_some() => reader.fault(&path, "`until` goes with `always: true`".to_owned()),
            (_, true) if until.is_some_and(|until| until < from) => {
                reader.fault(&path, "`until` is before `at`".to_owned());
            }
            _ => {}
        }
        match (at, within, self.always) {
            (_, Some(to), _) => Some(When::Within(from, to)),
            (_, None, true) => Some(When::Always(from, until)),
            (Some(at), None, false) => Some(When::At(at)),
            (None, None, false) => Some(When::End),
        }
    }

    /// Which objects, and what a report calls them.
    fn selector(&self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<(Selector, String)> {
        let all = || "all".to_owned();
        match (&self.pods, &self.nodes, &self.events, &self.objects) {
            (Some(pods), None, None, None) => {
                let PodSelector { namespace, name, owner, node, labels } = pods;
                let title = owner.clone().or_else(|| name.clone()).unwrap_or_else(all);
                let (namespace, name, labels) = (namespace.clone(), name.clone(), labels.clone());
                let selector = Selector::Pods { namespace, name, owner: owner.clone(), node: node.clone(), labels };
                Some((selector, format!("pods {title}")))
            }
            (None, Some(nodes), None, None) => {
                let title = nodes.name.clone().unwrap_or_else(all);
                let selector = Selector::Nodes { name: nodes.name.clone(), labels: nodes.labels.clone() };
                Some((selector, format!("nodes {title}")))
            }
            (None, None, Some(events), None) => {
                let EventSelector { namespace, object, type_, reason, message, source } = events;
                let parts: Vec<&str> = [reason, object].into_iter().flatten().map(String::as_str).collect();
                let title = if parts.is_empty() { all() } else { parts.join(" of ") };
                let (object, type_, reason) = (object.clone(), type_.clone(), reason.clone());
                let (namespace, message, source) = (namespace.clone(), message.clone(), source.clone());
                Some((
                    Selector::Events { namespace, object, type_, reason, message, source },
                    format!("events {title}"),
                ))
            }
            (None, None, None, Some(objects)) => {
                let Some(kind) = Kind::parse(&objects.kind) else {
                    let kinds = Kind::ALL.iter().map(|kind| kind.plural());
                    let similar = closest(&objects.kind, kinds).map(|similar| format!(": did you mean {similar}?"));
                    let message =
                        format!("{:?} is no kind that sim knows{}", objects.kind, similar.unwrap_or_default());
                    reader.fault(&[path, &at!["objects", "kind"]].concat(), message);
                    return None;
                };
                let title = format!("{} {}", kind.plural(), objects.name.clone().unwrap_or_else(all));
                let (namespace, name) = (objects.namespace.clone(), objects.name.clone());
                Some((Selector::Objects { kind, namespace, name, labels: objects.labels.clone() }, title))
            }
            _ => {
                reader.fault(path, "expected one of `pods`, `nodes`, `events` and `objects`".to_owned());
                None
            }
        }
    }
}

impl ExpectEntry {
    fn resolve(self, reader: &mut Reader<'_>, path: &[PathStep], selector: &Selector) -> Expect {
        let path = [path, &at!["expect"]].concat();
        let kind = selector.kind();
        let (of_pods, of_nodes) = (kind == Kind::Pod, kind == Kind::Node);
        for (key, is_given, fits) in [
            ("phase", self.phase.is_some(), of_pods),
            ("status", self.status.is_some(), of_pods || of_nodes),
            ("ready", self.ready.is_some(), of_pods || of_nodes),
            ("node", self.node.is_some(), of_pods),
            ("reason", self.reason.is_some(), of_pods),
            ("message", self.message.is_some(), of_pods),
            ("restarts", self.restarts.is_some(), of_pods),
            ("schedulable", self.schedulable.is_some(), of_nodes),
            ("taints", self.taints.is_some(), of_nodes),
        ] {
            if is_given && !fits {
                let message = format!("`{key}` cannot be expected of {}: use `conditions` or `fields`", kind.plural());
                reader.fault(&[&path[..], &at![key]].concat(), message);
            }
        }
        let phases = ["Pending", "Running", "Succeeded", "Failed", "Unknown"];
        if let Some(phase) = self.phase.as_deref().filter(|phase| !phases.contains(phase)) {
            let message = format!("{phase:?} is no phase: expected Pending, Running, Succeeded, Failed or Unknown");
            reader.fault(&[&path[..], &at!["phase"]].concat(), message);
        }
        let mut fields = Vec::new();
        for (text, wanted) in self.fields {
            let at = [&path[..], &at!["fields", text.as_str()]].concat();
            if let Some(field) = reader.good(&at, FieldPath::parse(&text)) {
                fields.push((field, wanted.resolve()));
            }
        }
        Expect {
            count: self.count.map(AmountEntry::resolve),
            phase: self.phase,
            status: self.status,
            ready: self.ready,
            node: self.node,
            reason: self.reason,
            message: self.message,
            restarts: self.restarts.map(AmountEntry::resolve),
            schedulable: self.schedulable,
            taints: self.taints,
            conditions: self.conditions.into_iter().map(|(type_, entry)| (type_, entry.resolve())).collect(),
            fields,
        }
    }
}

impl AmountEntry {
    fn resolve(self) -> Amount {
        match self {
            AmountEntry::Exactly(number) => Amount::exactly(number),
            AmountEntry::Bounds(Bounds { at_least, at_most }) => Amount { at_least, at_most },
        }
    }
}

impl ConditionEntry {
    fn resolve(self) -> String {
        match self {
            ConditionEntry::Status(true) => "True".to_owned(),
            ConditionEntry::Status(false) => "False".to_owned(),
            ConditionEntry::Text(text) => text,
        }
    }
}

impl WantedEntry {
    fn resolve(self) -> Wanted {
        match self {
            WantedEntry::Bool(value) => Wanted::Bool(value),
            WantedEntry::Amount(amount) => Wanted::Amount(amount.resolve()),
            WantedEntry::Text(text) => Wanted::Text(text),
        }
    }
}
