//! What is seen to be wrong: pods that wait, are not ready, failed, hang in termination, or were never created.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use k8s_openapi::api::apps::v1::{DaemonSet, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Node, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::Timestamp;
use rustc_hash::FxHashMap;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Ownership, pod, print};

use crate::beside::workload;

/// Pods of one owner that are unwell in one way.
#[derive(Debug, Clone)]
pub(crate) struct Symptom {
    /// Namespace of the pods.
    pub(crate) namespace: String,
    /// `kind/name` of the workload at the top of their owners, or `pod/name`.
    pub(crate) owner: String,
    /// What is seen.
    pub(crate) state: State,
    /// The pods, as namespace/name; nobody when they were never created.
    pub(crate) pods: Vec<String>,
    /// How many pods are concerned.
    pub(crate) count: usize,
    /// The first of the newest of them, or one as the template would make it.
    pub(crate) sample: Option<Arc<Pod>>,
    /// What is said of them: the scheduler's sentence, the refusal, the status.
    pub(crate) sentence: String,
    /// Since when the first of them is so.
    pub(crate) since: Option<Timestamp>,
}

/// In which way pods are unwell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum State {
    /// They have no node.
    Unscheduled,
    /// They were never created.
    NotCreated,
    /// Their DaemonSet wants them on no node.
    NoneDesired,
    /// They are on a node and not ready.
    NotReady,
    /// They failed, or their node refused them.
    Failed,
    /// They are being deleted and do not go.
    Terminating,
    /// A drain cannot evict them.
    NotEvicted,
}

impl State {
    /// In a word or two.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::Unscheduled => "pending",
            State::NotCreated | State::NoneDesired => "not created",
            State::NotReady => "not ready",
            State::Failed => "failed",
            State::Terminating => "terminating",
            State::NotEvicted => "not evicted",
        }
    }
}

impl Symptom {
    /// Whether what keeps the pods is found on the nodes: they wait for one, or their DaemonSet wants them on none.
    pub(crate) fn is_placed_by_nodes(&self) -> bool {
        matches!(self.state, State::Unscheduled | State::NoneDesired)
    }

    /// Whose pods they are: namespace and `kind/name`.
    pub(crate) fn of(&self) -> (String, String) {
        (self.namespace.clone(), self.owner.clone())
    }

    /// What the graph calls it.
    pub(crate) fn name(&self) -> String {
        format!("{} in {} ({})", self.owner, self.namespace, self.state.as_str())
    }
}

/// Everything that is seen to be wrong now: by owner and state, in the order of the store; then what was never created.
pub(crate) fn symptoms(cluster: &Cluster) -> Vec<Symptom> {
    let ownership = Ownership::of(cluster.store());
    let mut found: IndexMap<(String, String, State, String), Symptom> = IndexMap::new();
    let mut active: FxHashMap<&str, usize> = FxHashMap::default();
    for pod in cluster.store().list::<Pod>() {
        if let Some(owner) = pod::controller_of(&pod.metadata).filter(|_| pod::is_active(pod)) {
            *active.entry(&owner.uid).or_default() += 1;
        }
        let Some(state) = state_of(cluster, pod) else { continue };
        let (namespace, owner) = workload(&ownership, pod);
        let name = pod.metadata.name.clone().unwrap_or_default();
        let sentence = sentence(cluster, pod, state);
        let since = since(pod, state);
        let key = (namespace.clone(), owner.clone(), state, sentence.clone());
        let symptom = found.entry(key).or_insert_with(|| Symptom {
            namespace: namespace.clone(),
            owner,
            state,
            pods: Vec::new(),
            count: 0,
            sample: Some(Arc::clone(pod)),
            sentence,
            since,
        });
        // Where a rollout has begun, the newest pod is of the template that counts.
        let created = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        if symptom.sample.as_deref().is_some_and(|sample| created(sample) < created(pod)) {
            symptom.sample = Some(Arc::clone(pod));
        }
        symptom.pods.push(format!("{namespace}/{name}"));
        symptom.count += 1;
        symptom.since = symptom.since.min(since).or(symptom.since).or(since);
    }
    let mut symptoms: Vec<Symptom> = found.into_values().collect();
    symptoms.extend(never_created(cluster, &ownership, &active));
    symptoms.extend(not_evicted(cluster, &ownership));
    // What failed and was replaced is history.
    let unwell: BTreeSet<(String, String)> = symptoms
        .iter()
        .filter(|symptom| symptom.state != State::Failed || symptom.owner.starts_with("pod/"))
        .map(|symptom| (symptom.namespace.clone(), symptom.owner.clone()))
        .collect();
    symptoms.retain(|symptom| unwell.contains(&(symptom.namespace.clone(), symptom.owner.clone())));
    symptoms
}

/// Pods that keep a drain from its end.
fn not_evicted(cluster: &Cluster, ownership: &Ownership) -> Vec<Symptom> {
    let stuck = cluster.stuck().into_iter().filter_map(|stuck| {
        let pod = Arc::clone(cluster.store().get::<Pod>(&stuck.pod)?);
        let owner = ownership.top(&pod.metadata);
        let owner = owner.map_or_else(|| format!("pod/{}", stuck.pod.name), |owner| owner.to_string());
        Some(Symptom {
            namespace: stuck.pod.namespace.to_string(),
            owner,
            state: State::NotEvicted,
            pods: vec![stuck.pod.to_string()],
            count: 1,
            sample: Some(pod),
            sentence: format!("the drain of {} waits: {}", stuck.node, stuck.cause),
            since: None,
        })
    });
    stuck.collect()
}

fn state_of(cluster: &Cluster, pod: &Pod) -> Option<State> {
    if pod::is_terminating(pod) {
        let ends = pod.metadata.deletion_timestamp.as_ref().map(|time| time.0.as_second());
        let now = cluster.now().as_second();
        // What has a finalizer is there until somebody removes that; of these alone it is known who does.
        let is_held = pod.metadata.finalizers.iter().flatten().any(|name| !OF_CONTROLLERS.contains(&name.as_str()));
        let hangs = ends.is_some_and(|ends| ends.saturating_add(GRACE_SECONDS) < now || (is_held && ends <= now));
        return hangs.then_some(State::Terminating);
    }
    match pod::phase(pod) {
        "Succeeded" => None,
        // What a Job's back-off or the garbage collector of pods will see to is history.
        "Failed" => pod.status.as_ref().and_then(|status| status.reason.as_ref()).map(|_| State::Failed),
        _ if pod::node_name(pod).is_none() => Some(State::Unscheduled),
        "Unknown" => Some(State::NotReady),
        _ => (!pod::is_ready(pod) || crashes(cluster, pod)).then_some(State::NotReady),
    }
}

/// Whether a container fails over and over, though it runs at this moment: the kubelet forgets its back-off when a container
/// has run ten minutes (`MaxContainerBackOff` twice).
fn crashes(cluster: &Cluster, pod: &Pod) -> bool {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let failed = statuses.filter(|status| status.restart_count >= CRASHES);
    let mut ended = failed.filter_map(|status| status.last_state.as_ref()?.terminated.as_ref());
    ended.any(|ended| {
        let at = ended.finished_at.as_ref().map(|time| time.0.as_second());
        ended.exit_code != 0 && at.is_some_and(|at| at.saturating_add(FORGETS_SECONDS) > cluster.now().as_second())
    })
}

/// So many restarts are more than a start that went wrong.
const CRASHES: i32 = 3;
const FORGETS_SECONDS: i64 = 600;

/// Finalizers that controllers remove which run here.
const OF_CONTROLLERS: [&str; 3] = ["batch.kubernetes.io/job-tracking", "foregroundDeletion", "orphan"];
/// So long after its time a pod that is deleted is seen to hang.
const GRACE_SECONDS: i64 = 30;

fn sentence(cluster: &Cluster, pod: &Pod, state: State) -> String {
    match state {
        State::Unscheduled => crate::pending::sentence(cluster, pod),
        State::Failed => {
            let status = pod.status.as_ref();
            let part = |part: Option<&String>| part.cloned().unwrap_or_default();
            let reason = part(status.and_then(|status| status.reason.as_ref()));
            let message = part(status.and_then(|status| status.message.as_ref()));
            if message.is_empty() { reason } else { format!("{reason}: {message}") }
        }
        _ => print::pod_status(pod, &cluster.print_context()),
    }
}

fn since(pod: &Pod, state: State) -> Option<Timestamp> {
    let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let turned = |type_: &str| {
        let condition = pod::condition(pod, type_).filter(|condition| condition.status != "True");
        condition.and_then(|condition| condition.last_transition_time.as_ref()).map(|time| time.0)
    };
    match state {
        State::Unscheduled => turned("PodScheduled").or(created),
        State::Terminating => pod.metadata.deletion_timestamp.as_ref().map(|time| time.0),
        _ => turned("Ready").or(created),
    }
}

/// Pods that their owners could not create: the owner has fewer than it wants, and says why. `active` counts the pods that
/// each owner has, by its uid.
fn never_created(cluster: &Cluster, ownership: &Ownership, active: &FxHashMap<&str, usize>) -> Vec<Symptom> {
    let store = cluster.store();
    let mut symptoms = Vec::new();
    let mut note = |kind: &str, metadata: &ObjectMeta, wanted: i64, template: Option<&PodTemplateSpec>| {
        let there = metadata.uid.as_deref().and_then(|uid| active.get(uid)).copied().unwrap_or(0);
        let missing = usize::try_from(wanted).unwrap_or(0).saturating_sub(there);
        let said = if missing > 0 { last_refusal(cluster, kind, metadata) } else { None };
        if let Some((sentence, since)) = said {
            let own = format!("{}/{}", kind.to_ascii_lowercase(), metadata.name.as_deref().unwrap_or_default());
            let owner = ownership.top(metadata).map_or(own, |owner| owner.to_string());
            symptoms.push(Symptom {
                namespace: metadata.namespace.clone().unwrap_or_default(),
                owner,
                state: State::NotCreated,
                pods: Vec::new(),
                count: missing,
                sample: template.map(|template| Arc::new(of_template(cluster, metadata, template))),
                sentence,
                since,
            });
        }
    };
    for set in store.list::<ReplicaSet>() {
        let wanted = set.spec.replicas.unwrap_or(1);
        note("ReplicaSet", &set.metadata, wanted.into(), set.spec.template.as_ref());
    }
    for set in store.list::<StatefulSet>() {
        let wanted = set.spec.replicas.unwrap_or(1);
        note("StatefulSet", &set.metadata, wanted.into(), Some(&set.spec.template));
    }
    for job in store.list::<Job>() {
        let spec = job.spec.as_ref();
        let is_over =
            job.status.iter().flat_map(|status| status.conditions.iter().flatten()).any(|condition| {
                matches!(condition.type_.as_str(), "Complete" | "Failed") && condition.status == "True"
            });
        let suspended = spec.and_then(|spec| spec.suspend).unwrap_or(false);
        let wanted = if is_over || suspended { 0 } else { spec.and_then(|spec| spec.parallelism).unwrap_or(1) };
        note("Job", &job.metadata, wanted.into(), spec.map(|spec| &spec.template));
    }
    let nodes = store.list::<Node>().count();
    for set in store.list::<DaemonSet>() {
        let desired = set.status.as_ref().map_or(0, |status| status.desired_number_scheduled);
        note("DaemonSet", &set.metadata, desired.into(), Some(&set.spec.template));
    }
    for set in store.list::<DaemonSet>() {
        // A DaemonSet that nobody has looked at yet says nothing.
        let status = set.status.as_ref().filter(|status| status.observed_generation.is_some());
        if nodes == 0 || status.is_none_or(|status| status.desired_number_scheduled > 0) {
            continue;
        }
        let mut pod = of_template(cluster, &set.metadata, &set.spec.template);
        pod.change_spec(sim_cluster::add_daemon_set_tolerations);
        symptoms.push(Symptom {
            namespace: set.metadata.namespace.clone().unwrap_or_default(),
            owner: format!("daemonset/{}", set.metadata.name.as_deref().unwrap_or_default()),
            state: State::NoneDesired,
            pods: Vec::new(),
            count: nodes,
            sample: Some(Arc::new(pod)),
            sentence: format!("DESIRED 0: the DaemonSet wants no pod on any of {nodes} nodes, and no event says so"),
            since: set.metadata.creation_timestamp.as_ref().map(|time| time.0),
        });
    }
    symptoms
}

/// What the newest FailedCreate event about an object says, and when that began.
fn last_refusal(cluster: &Cluster, kind: &str, metadata: &ObjectMeta) -> Option<(String, Option<Timestamp>)> {
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let about = |event: &&Arc<Event>| {
        let object = &event.involved_object;
        event.reason.as_deref() == Some("FailedCreate")
            && object.kind.as_deref() == Some(kind)
            && object.name == metadata.name
            && (object.uid.is_none() || metadata.uid.is_none() || object.uid == metadata.uid)
    };
    let moment = |event: &Event| {
        let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
        series.or(event.last_timestamp.as_ref().map(|time| time.0)).or(event.event_time.as_ref().map(|time| time.0))
    };
    let newest = cluster.store().list_in::<Event>(namespace).filter(about).max_by_key(|event| moment(event))?;
    let first = newest.first_timestamp.as_ref().map(|time| time.0).or(newest.event_time.as_ref().map(|time| time.0));
    Some((newest.message.clone().unwrap_or_default(), first))
}

/// A pod as the template of an owner would make it.
pub(crate) fn of_template(cluster: &Cluster, owner: &ObjectMeta, template: &PodTemplateSpec) -> Pod {
    let made = template.metadata.clone().unwrap_or_default();
    let metadata = ObjectMeta {
        namespace: owner.namespace.clone(),
        name: owner.name.clone().map(|name| format!("{name}-")),
        labels: made.labels,
        annotations: made.annotations,
        ..ObjectMeta::default()
    };
    let mut spec = template.spec.clone().unwrap_or_default();
    sim_cluster::default_pod(&mut spec, cluster.setup().version);
    Pod::new(metadata, spec)
}

/// The owners that something is wrong with, for a comparison of two moments.
pub(crate) fn unwell(symptoms: &[Symptom]) -> BTreeSet<(String, String)> {
    symptoms.iter().map(|symptom| (symptom.namespace.clone(), symptom.owner.clone())).collect()
}
