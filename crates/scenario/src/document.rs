//! The Scenario document (`apiVersion: sim/v1`): what a dump cannot show, what happens when, and what must hold.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sim_cluster::{Change, Expect, Expectation, ObjectRef, Selector, TaintPattern, parse_taint};
use sim_core::version::Version;

use crate::duration::parse_duration_ms;
use crate::fault::{Fault, Location, Severity};
use crate::load::{Place, error_step, load};
use crate::locate::{Step as PathStep, show};

/// A Scenario, read and resolved.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The version to run, when it says.
    pub version: Option<Version>,
    /// Virtual time zero, and the offset in which times are printed.
    pub start: Option<(Timestamp, Offset)>,
    /// How far to run, in milliseconds of virtual time.
    pub until_ms: Option<u64>,
    /// Whether kubelets run with `--cloud-provider=external`.
    pub kubelet_cloud_provider_external: bool,
    /// Whether a cloud-controller-manager initialises nodes.
    pub cloud_controller_manager: bool,
    /// The kubelets' own addresses, by node, where they are not the Nodes' InternalIPs.
    pub node_ips: BTreeMap<String, String>,
    /// What happens when.
    pub timeline: Vec<TimedStep>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
}

/// One step of the timeline.
#[derive(Debug, Clone)]
pub struct TimedStep {
    /// Milliseconds of virtual time.
    pub at_ms: u64,
    /// What happens.
    pub change: Change,
    /// Where it is written.
    pub source: Location,
}

/// The JSON Schema of the document, for editors.
pub fn schema() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// A Scenario: a cluster's hidden facts, a timeline and expectations. The cluster itself is ordinary Kubernetes manifests
/// beside it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scenario", extend("$id" = "sim/v1/Scenario"))]
struct Document {
    /// Always `sim/v1`.
    #[schemars(extend("const" = "sim/v1"))]
    #[expect(dead_code, reason = "checked before the document is read; here for the schema")]
    api_version: String,
    /// Always `Scenario`.
    #[schemars(extend("const" = "Scenario"))]
    #[expect(dead_code, reason = "checked before the document is read; here for the schema")]
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

/// The Scenario's name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Metadata {
    /// A short name, like the file's.
    name: String,
}

/// What the Scenario says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Spec {
    /// What happened here, in a sentence or two.
    description: String,
    /// The Kubernetes version to run, e.g. `v1.16.0`. Default: that of the newest kubelet.
    kubernetes_version: Option<String>,
    /// Virtual time zero, e.g. `2019-10-25T04:01:30-04:00`. Its offset is used where kubectl prints local times.
    /// Default: the newest moment that any object carries.
    start: Option<String>,
    /// How far to run, e.g. `25m`. Default: until nothing moves.
    until: Option<String>,
    /// Facts of the control plane that a dump cannot show.
    control_plane: ControlPlane,
    /// What happens when.
    timeline: Vec<Moment>,
    /// What must hold, and when.
    expectations: Vec<ExpectationEntry>,
}

/// Facts of the control plane that a dump cannot show.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ControlPlane {
    /// `external` when kubelets run with `--cloud-provider=external`: their nodes come up with the taint
    /// `node.cloudprovider.kubernetes.io/uninitialized`.
    kubelet_cloud_provider: CloudProvider,
    /// Whether a cloud-controller-manager runs, which removes that taint.
    cloud_controller_manager: bool,
    /// The address a kubelet really has (`--node-ip`), by node, where its Node says another one.
    #[serde(rename = "nodeIPs")]
    node_ips: BTreeMap<String, String>,
}

/// The kubelets' `--cloud-provider`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum CloudProvider {
    /// Not set.
    #[default]
    None,
    /// `external`.
    External,
}

/// Steps at one moment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Moment {
    /// Virtual time, e.g. `10m`.
    at: String,
    /// What happens then, in this order.
    steps: Vec<StepEntry>,
}

/// One thing that a person does or that happens to a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum StepEntry {
    /// `kubectl apply`.
    Apply(Apply),
    /// `kubectl delete`: `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    Delete(String),
    /// `kubectl taint nodes`.
    Taint(NodeTaint),
    /// `kubectl taint nodes … -`.
    Untaint(NodeTaint),
    /// `kubectl label`.
    Label(Label),
    /// `kubectl cordon`: the node.
    Cordon(String),
    /// `kubectl uncordon`: the node.
    Uncordon(String),
    /// `kubectl scale`.
    Scale(Scale),
    /// The node's kubelet stops reporting.
    NodeDown(String),
    /// The node's kubelet reports again.
    NodeUp(String),
}

/// Manifests from a file, or written here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
enum Apply {
    /// A file or directory, relative to the Scenario's.
    File(String),
    /// Manifests.
    Objects(Vec<Value>),
}

/// A taint of a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NodeTaint {
    /// The node. Left out: every node, or every node that carries the taint.
    node: Option<String>,
    /// `KEY[=VALUE]:EFFECT`; to remove one, `KEY[=VALUE][:EFFECT]`.
    taint: String,
}

/// Labels to set and to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Label {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    target: String,
    /// Labels to set.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// Keys of labels to remove.
    #[serde(default)]
    remove: Vec<String>,
}

/// A workload and its replicas.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scale {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    workload: String,
    /// How many.
    replicas: i32,
}

/// What must hold of some pods or of some nodes. Exactly one of `pods` and `nodes` is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExpectationEntry {
    /// What a report calls it.
    name: Option<String>,
    /// When it is checked, e.g. `25m`. Default: at the end.
    at: Option<String>,
    /// Which pods.
    pods: Option<PodSelector>,
    /// Which nodes.
    nodes: Option<NodeSelector>,
    /// What must hold of every one of them.
    expect: ExpectEntry,
}

/// Pods by namespace, name, owner and labels; what is left out selects everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PodSelector {
    /// Their namespace.
    namespace: Option<String>,
    /// Their name, with `*` for any run of characters.
    name: Option<String>,
    /// The workload they belong to, e.g. `deployment/coredns`.
    owner: Option<String>,
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

/// What must hold; what is left out is not checked.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExpectEntry {
    /// Exactly so many are selected. Left out: at least one.
    count: Option<usize>,
    /// Pods: Pending, Running, Succeeded or Failed.
    phase: Option<String>,
    /// Pods and nodes: the Ready condition.
    ready: Option<bool>,
    /// Pods: the node they are on, with `*`; empty for none.
    node: Option<String>,
    /// Pods: a part of the reason.
    reason: Option<String>,
    /// Pods: a part of the message that says why they wait.
    message: Option<String>,
    /// Nodes: not cordoned.
    schedulable: Option<bool>,
    /// Nodes: exactly these taints, in any order.
    taints: Option<Vec<String>>,
}

/// Reads a document; the faults carry their places.
pub(crate) fn read(place: &Place<'_>, value: Value) -> (Option<Scenario>, Vec<Fault>) {
    let mut reader = Reader { place, faults: Vec::new() };
    let mut track = serde_path_to_error::Track::new();
    let parsed = Document::deserialize(serde_path_to_error::Deserializer::new(&value, &mut track));
    match parsed {
        Ok(document) => {
            let scenario = reader.resolve(document);
            (Some(scenario), reader.faults)
        }
        Err(error) => {
            let path: Vec<PathStep> = track.path().iter().filter_map(error_step).collect();
            reader.fault(&path, error.to_string());
            (None, reader.faults)
        }
    }
}

struct Reader<'a> {
    place: &'a Place<'a>,
    faults: Vec<Fault>,
}

/// A path from its parts: keys and indices.
macro_rules! path {
    ($($part:expr),*) => { [$(PathStep::from($part)),*] };
}

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
    fn fault(&mut self, path: &[PathStep], message: String) {
        let location = Some(self.place.at(path));
        let object = "Scenario".to_owned();
        self.faults.push(Fault { severity: Severity::Error, location, object, path: show(path), message, hint: None });
    }

    /// The value, or a fault at the path and nothing.
    fn good<T, E: std::fmt::Display>(&mut self, path: &[PathStep], result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(path, error.to_string());
                None
            }
        }
    }

    fn resolve(&mut self, document: Document) -> Scenario {
        let spec = document.spec;
        let version = spec
            .kubernetes_version
            .and_then(|text| self.good(&path!["spec", "kubernetesVersion"], text.parse::<Version>()));
        let start = spec.start.and_then(|text| self.good(&path!["spec", "start"], parse_start(&text)));
        let until_ms = spec.until.and_then(|text| self.good(&path!["spec", "until"], parse_duration_ms(&text)));
        let mut timeline = Vec::new();
        for (index, moment) in spec.timeline.into_iter().enumerate() {
            let at = path!["spec", "timeline", index, "at"];
            let Some(at_ms) = self.good(&at, parse_duration_ms(&moment.at)) else { continue };
            if until_ms.is_some_and(|until| at_ms > until) {
                self.fault(&at, format!("{} is after the end of the run", moment.at));
            }
            for (number, step) in moment.steps.into_iter().enumerate() {
                let path = path!["spec", "timeline", index, "steps", number];
                if let Some(change) = self.change(&path, step) {
                    timeline.push(TimedStep { at_ms, change, source: self.place.at(&path) });
                }
            }
        }
        let expectations = spec.expectations.into_iter().enumerate();
        let expectations = expectations.filter_map(|(index, entry)| self.expectation(index, entry, until_ms)).collect();
        Scenario {
            name: document.metadata.name,
            description: spec.description,
            version,
            start,
            until_ms,
            kubelet_cloud_provider_external: spec.control_plane.kubelet_cloud_provider == CloudProvider::External,
            cloud_controller_manager: spec.control_plane.cloud_controller_manager,
            node_ips: spec.control_plane.node_ips,
            timeline,
            expectations,
        }
    }

    fn change(&mut self, path: &[PathStep], step: StepEntry) -> Option<Change> {
        let object = |text: &str| ObjectRef::parse(text);
        Some(match step {
            StepEntry::Apply(apply) => Change::Apply(self.objects(path, apply)?),
            StepEntry::Delete(text) => Change::Delete(self.good(path, object(&text))?),
            StepEntry::Taint(entry) => {
                Change::Taint { node: entry.node, taint: self.good(path, parse_taint(&entry.taint))? }
            }
            StepEntry::Untaint(entry) => {
                Change::Untaint { node: entry.node, taint: self.good(path, TaintPattern::parse(&entry.taint))? }
            }
            StepEntry::Label(entry) => {
                let target = self.good(path, object(&entry.target))?;
                Change::Label { target, set: entry.set.into_iter().collect(), remove: entry.remove }
            }
            StepEntry::Cordon(node) => Change::Cordon(node),
            StepEntry::Uncordon(node) => Change::Uncordon(node),
            StepEntry::Scale(entry) => {
                Change::Scale { workload: self.good(path, object(&entry.workload))?, replicas: entry.replicas }
            }
            StepEntry::NodeDown(node) => Change::NodeDown(node),
            StepEntry::NodeUp(node) => Change::NodeUp(node),
        })
    }

    /// The manifests of an `apply` step, with their own faults.
    fn objects(&mut self, path: &[PathStep], apply: Apply) -> Option<Vec<sim_cluster::Object>> {
        let input = match apply {
            Apply::File(file) => load(&[self.place.source.folder.join(file)], &mut std::io::empty()),
            Apply::Objects(objects) => {
                let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
                load(&["-"], &mut list.to_string().as_bytes())
            }
        };
        if input.scenario.is_some() {
            self.fault(path, "a Scenario cannot be applied: expected manifests".to_owned());
            return None;
        }
        let usable = input.is_usable();
        let here = self.place.at(path);
        self.faults.extend(input.faults.into_iter().map(|mut fault| {
            // Manifests written inside the step have no file of their own.
            if fault.location.as_ref().is_none_or(|location| location.source == "<stdin>") {
                fault.location = Some(here.clone());
            }
            fault
        }));
        usable.then(|| input.objects.into_iter().map(|loaded| loaded.object).collect())
    }

    fn expectation(&mut self, index: usize, entry: ExpectationEntry, until_ms: Option<u64>) -> Option<Expectation> {
        let path = path!["spec", "expectations", index];
        let at_path = path!["spec", "expectations", index, "at"];
        let at_ms = match &entry.at {
            Some(text) => Some(self.good(&at_path, parse_duration_ms(text))?),
            None => None,
        };
        if let (Some(at), Some(until)) = (at_ms, until_ms)
            && at > until
        {
            self.fault(&at_path, format!("{} is after the end of the run", entry.at.as_deref().unwrap_or_default()));
        }
        let (selector, title) = match (entry.pods, entry.nodes) {
            (Some(pods), None) => {
                let title = pods.owner.clone().or_else(|| pods.name.clone()).unwrap_or_else(|| "all".to_owned());
                let PodSelector { namespace, name, owner, labels } = pods;
                (Selector::Pods { namespace, name, owner, labels }, format!("pods {title}"))
            }
            (None, Some(nodes)) => {
                let title = nodes.name.clone().unwrap_or_else(|| "all".to_owned());
                (Selector::Nodes { name: nodes.name, labels: nodes.labels }, format!("nodes {title}"))
            }
            _ => {
                self.fault(&path, "expected either `pods` or `nodes`".to_owned());
                return None;
            }
        };
        let ExpectEntry { count, phase, ready, node, reason, message, schedulable, taints } = entry.expect;
        let of_pods = phase.is_some() || node.is_some() || reason.is_some() || message.is_some();
        let of_nodes = schedulable.is_some() || taints.is_some();
        let misplaced = match selector {
            Selector::Pods { .. } => of_nodes.then_some("`schedulable` and `taints` are of nodes, these are pods"),
            Selector::Nodes { .. } => {
                of_pods.then_some("`phase`, `node`, `reason` and `message` are of pods, these are nodes")
            }
        };
        if let Some(misplaced) = misplaced {
            self.fault(&path!["spec", "expectations", index, "expect"], misplaced.to_owned());
        }
        if let Some(phase) =
            phase.as_deref().filter(|phase| !["Pending", "Running", "Succeeded", "Failed", "Unknown"].contains(phase))
        {
            let message = format!("{phase:?} is no phase: expected Pending, Running, Succeeded, Failed or Unknown");
            self.fault(&path!["spec", "expectations", index, "expect", "phase"], message);
        }
        Some(Expectation {
            name: entry.name.unwrap_or(title),
            at_ms,
            selector,
            expect: Expect { count, phase, ready, node, reason, message, schedulable, taints },
            source: self.place.at(&path).to_string(),
        })
    }
}

/// A point in time with its offset; without one it is in UTC.
fn parse_start(text: &str) -> Result<(Timestamp, Offset), String> {
    let bad = || format!("{text:?} is no point in time: expected something like 2019-10-25T04:01:30-04:00");
    let timestamp: Timestamp = text.parse().map_err(|_| bad())?;
    let offset = Pieces::parse(text).ok().and_then(|pieces| pieces.to_numeric_offset()).unwrap_or(Offset::UTC);
    Ok((timestamp, offset))
}
