//! What a run came to, as one versioned document: `apiVersion: sim/v1`, `kind: RunResult`.

use k8s_openapi::api::core::v1::{Event, Node};
use serde::{Deserialize, Serialize};

use crate::change::taint_text;
use crate::cluster::Cluster;
use crate::expectation::ExpectationOutcome;
use crate::ownership::Ownership;
use crate::pod::{self, Pod};
use crate::printed::Printed;
use crate::trial::{RefusedStep, Stopped};

/// The state of a cluster at a moment. Fields are only ever added within `sim/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunResult {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `RunResult`.
    pub kind: String,
    /// The version whose rules held, e.g. `v1.16.0`.
    pub kubernetes_version: String,
    /// `--seed`: of generated names and, if it is not 0, of the choice among equal nodes.
    #[serde(default)]
    pub seed: u64,
    /// Virtual time since the start, e.g. `25m`.
    pub at: String,
    /// The same as a point in time, RFC 3339.
    pub time: String,
    /// Counts of pods.
    pub counts: Counts,
    /// Pods by namespace and name.
    pub pods: Vec<PodResult>,
    /// Nodes by name.
    pub nodes: Vec<NodeResult>,
    /// Events in the order they were first seen.
    pub events: Vec<EventResult>,
    /// Why the run stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// Steps of the timeline that were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedStep>,
    /// How the Scenario's expectations came out.
    pub expectations: Vec<ExpectationOutcome>,
    /// What the timeline's drains printed, as a person at the terminal would have seen it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<PrintedResult>,
    /// What the run did not model and what that could change.
    pub notes: Vec<String>,
}

/// How many pods there are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// All pods.
    pub pods: usize,
    /// Pods whose phase is Pending.
    pub pending: usize,
    /// Pods whose phase is Running.
    pub running: usize,
    /// Pods whose Ready condition is True.
    pub ready: usize,
    /// Pods that ended well.
    pub succeeded: usize,
    /// Pods that ended badly.
    pub failed: usize,
    /// All nodes.
    pub nodes: usize,
}

/// One pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodResult {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The workload at the top of its owners, e.g. `deployment/coredns`.
    pub owner: Option<String>,
    /// The node it is bound to.
    pub node: Option<String>,
    /// Phase.
    pub phase: String,
    /// Why it is in that phase: the status reason, or that of the PodScheduled condition while it waits.
    pub reason: Option<String>,
    /// The sentence that goes with the reason.
    pub message: Option<String>,
    /// The Ready condition.
    pub ready: bool,
    /// Restarts of all containers.
    pub restarts: i32,
    /// When its kubelet accepted it, RFC 3339.
    pub started_at: Option<String>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeResult {
    /// Name.
    pub name: String,
    /// The Ready condition.
    pub ready: bool,
    /// Whether new pods may come (`spec.unschedulable` is not set).
    pub schedulable: bool,
    /// Taints as kubectl prints them.
    pub taints: Vec<String>,
}

/// A line that a drain of the timeline printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrintedResult {
    /// Virtual time, e.g. `5m`.
    pub at: String,
    /// The line.
    pub line: String,
    /// How often, every five seconds: `kubectl drain` tries again what was refused.
    pub count: u64,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventResult {
    /// Namespace of the object it is about.
    pub namespace: String,
    /// The object, e.g. `pod/coredns-7ff7988d-rd2l5`.
    pub object: String,
    /// Normal or Warning.
    #[serde(rename = "type")]
    pub type_: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// Who reported it.
    pub source: String,
    /// How often it was seen.
    pub count: i32,
    /// First seen, RFC 3339.
    pub first_seen: Option<String>,
    /// Last seen, RFC 3339.
    pub last_seen: Option<String>,
}

impl RunResult {
    /// The state of a cluster now.
    pub fn of(cluster: &Cluster, expectations: Vec<ExpectationOutcome>) -> Self {
        let store = cluster.store();
        let ownership = Ownership::of(store);
        let pods: Vec<PodResult> = store.list::<Pod>().map(|pod| PodResult::of(&ownership, pod)).collect();
        let nodes: Vec<NodeResult> = store.list::<Node>().map(|node| NodeResult::of(node)).collect();
        let mut events: Vec<EventResult> = store.list::<Event>().map(|event| EventResult::of(event)).collect();
        events.sort_by(|left, right| left.first_seen.cmp(&right.first_seen));
        Self {
            api_version: "sim/v1".to_owned(),
            kind: "RunResult".to_owned(),
            kubernetes_version: cluster.setup().version.to_string(),
            seed: cluster.setup().seed,
            at: format_millis(cluster.now_ms()),
            time: cluster.now().to_string(),
            counts: Counts::of(cluster),
            pods,
            nodes,
            events,
            stopped: None,
            refused: Vec::new(),
            expectations,
            printed: cluster.printed().into_iter().map(PrintedResult::of).collect(),
            notes: cluster.gaps(),
        }
    }
}

impl Counts {
    /// How many pods of a cluster are in each state now.
    pub fn of(cluster: &Cluster) -> Self {
        let mut counts = Self { nodes: cluster.store().list::<Node>().count(), ..Self::default() };
        for pod in cluster.store().list::<Pod>() {
            counts.pods += 1;
            counts.ready += usize::from(pod::is_ready(pod));
            match pod::phase(pod) {
                "Pending" => counts.pending += 1,
                "Running" => counts.running += 1,
                "Succeeded" => counts.succeeded += 1,
                "Failed" => counts.failed += 1,
                _ => {}
            }
        }
        counts
    }
}

impl PodResult {
    /// One pod of the cluster whose ownership is given.
    pub fn of(ownership: &Ownership, pod: &Pod) -> Self {
        let (reason, message) = reason_and_message(pod);
        Self {
            namespace: pod.metadata.namespace.clone().unwrap_or_default(),
            name: pod.metadata.name.clone().unwrap_or_default(),
            owner: ownership.top(&pod.metadata).map(|owner| owner.to_string()),
            node: pod::node_name(pod).map(str::to_owned),
            phase: pod::phase(pod).to_owned(),
            reason,
            message,
            ready: pod::is_ready(pod),
            restarts: restarts(pod),
            started_at: pod
                .status
                .as_ref()
                .and_then(|status| status.start_time.as_ref())
                .map(|time| time.0.to_string()),
        }
    }
}

/// The reason and the message of a pod's status, or those of the PodScheduled condition while it waits.
pub(crate) fn reason_and_message(pod: &Pod) -> (Option<String>, Option<String>) {
    let status = pod.status.as_ref();
    let waiting = pod::condition(pod, "PodScheduled").filter(|condition| condition.status == "False");
    let reason = status.and_then(|status| status.reason.clone()).filter(|reason| !reason.is_empty());
    let message = status.and_then(|status| status.message.clone()).filter(|message| !message.is_empty());
    let reason = reason.or_else(|| waiting.and_then(|condition| condition.reason.clone()));
    (reason, message.or_else(|| waiting.and_then(|condition| condition.message.clone())))
}

/// Restarts of all containers.
pub(crate) fn restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    statuses.into_iter().flatten().fold(0, |sum: i32, status| sum.saturating_add(status.restart_count))
}

impl NodeResult {
    /// One node.
    pub fn of(node: &Node) -> Self {
        let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
        let ready =
            conditions.into_iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == "True");
        let spec = node.spec.as_ref();
        Self {
            name: node.metadata.name.clone().unwrap_or_default(),
            ready,
            schedulable: spec.is_none_or(|spec| spec.unschedulable != Some(true)),
            taints: spec.and_then(|spec| spec.taints.as_ref()).into_iter().flatten().map(taint_text).collect(),
        }
    }
}

impl PrintedResult {
    fn of(printed: Printed) -> Self {
        Self { at: format_millis(printed.at_ms), line: printed.line, count: printed.count }
    }
}

impl EventResult {
    fn of(event: &Event) -> Self {
        let object = &event.involved_object;
        let kind = object.kind.as_deref().unwrap_or_default().to_ascii_lowercase();
        let source = event.source.as_ref().and_then(|source| source.component.clone());
        let event_time = event.event_time.as_ref().map(|time| time.0);
        let first = event.first_timestamp.as_ref().map(|time| time.0).or(event_time);
        let in_series = event.series.as_ref();
        let last = in_series.and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
        let last = last.or(event.last_timestamp.as_ref().map(|time| time.0)).or(event_time);
        Self {
            namespace: event.metadata.namespace.clone().unwrap_or_default(),
            object: format!("{kind}/{}", object.name.as_deref().unwrap_or_default()),
            type_: event.type_.clone().unwrap_or_default(),
            reason: event.reason.clone().unwrap_or_default(),
            message: event.message.clone().unwrap_or_default(),
            source: source.or_else(|| event.reporting_component.clone()).unwrap_or_default(),
            count: in_series.and_then(|series| series.count).or(event.count).unwrap_or(1),
            first_seen: first.map(|time| time.to_string()),
            last_seen: last.map(|time| time.to_string()),
        }
    }
}

/// Virtual time as people write it: `25m`, `1h30m`, `90s` is `1m30s`, `500ms`.
pub fn format_millis(ms: u64) -> String {
    let (hours, minutes, seconds, millis) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    let mut text = String::new();
    for (amount, unit) in [(hours, "h"), (minutes, "m"), (seconds, "s"), (millis, "ms")] {
        if amount > 0 {
            text.push_str(&format!("{amount}{unit}"));
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}
