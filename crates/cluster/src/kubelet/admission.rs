//! Whether a kubelet takes in a pod that is bound to its node (`canAdmitPod` in `pkg/kubelet/kubelet.go`,
//! `pkg/kubelet/lifecycle/predicate.go`): the last word, and the only one for pods that no scheduler placed.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, PodStatus};
use sim_core::model::{Effect, first_untolerated};
use sim_core::scheduler::{Misfit, NodeInfo, PodInfo, admission_check};

use super::events::Teller;
use super::work::PodWork;
use super::{RELIST_MS, conduct_of, pressure, status};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::convert;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// The priority from which on a pod is critical (`SystemCriticalPriority`).
const CRITICAL: i32 = 2_000_000_000;

/// Why a pod is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    /// In one word: the pod's STATUS.
    pub(super) reason: String,
    /// In a sentence.
    pub(super) message: String,
}

/// Takes a new pod in, or refuses it: that is told a moment later, when the kubelet writes its status.
pub(super) fn take_in(cluster: &mut Cluster, key: &ObjectKey, pod: &Arc<Pod>, node: &str) {
    let conducts = conduct_of(cluster, pod);
    let mut work = PodWork::new(cluster, pod, conducts);
    let is_known = |cluster: &Cluster, other: &ObjectKey| {
        let refused = cluster.kubelets.pods.get(other).map(|work| work.rejected.is_some());
        let started = cluster.store.get::<Pod>(other).and_then(|pod| pod.status.as_ref()?.start_time.as_ref());
        refused.map_or(started.is_some(), |refused| !refused)
    };
    let refused = pressure::admit(cluster, pod, node).or_else(|| check(cluster, key, pod, node, is_known));
    if let Some(rejection) = refused {
        let at_ms = cluster.clock.now_ms() + RELIST_MS;
        work.rejected = Some((at_ms, rejection));
        cluster.kubelets.pods.insert(key.clone(), Arc::new(work));
        cluster.agenda.add(at_ms, Event::Kubelet(key.clone()));
        return;
    }
    super::containers::sync(cluster, key, pod, node, work);
}

/// A kubelet that starts takes in its node's pods anew: what does not fit any more, or not where it is, is refused though
/// it runs (k/k#84757, k/k#100467). Its files are read at once, while it waits for the API server: so static pods come
/// first, and of each source those that were created first (`HandlePodAdditions`).
pub(super) fn take_in_anew(cluster: &mut Cluster, node: &str) {
    let mut pods = cluster.pods_on(node);
    pods.retain(|pod| pod::is_active(pod) && pod.status.as_ref().is_some_and(|status| status.start_time.is_some()));
    let created = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    pods.sort_by_key(|pod| (!pod::is_static(pod), created(pod), ObjectKey::of(pod.as_ref())));
    let mut taken_in = BTreeSet::new();
    for pod in pods {
        let key = ObjectKey::of(pod.as_ref());
        match check(cluster, &key, &pod, node, |_, other| taken_in.contains(other)) {
            Some(rejection) => reject(cluster, &key, &pod, node, &rejection),
            None => {
                taken_in.insert(key);
            }
        }
    }
}

/// The kubelet fails a pod that it does not take in (`rejectPod`).
pub(super) fn reject(cluster: &mut Cluster, key: &ObjectKey, pod: &Arc<Pod>, node: &str, rejection: &Rejection) {
    Teller { pod, node }.tell(cluster, "Warning", &rejection.reason, &rejection.message);
    let message = format!("{}{}", cluster.behaviour.kubelet.rejection_prefix, rejection.message);
    let now = cluster.clock.time();
    cluster.store.update::<Pod>(key, |pod| {
        let before = pod.status.take().unwrap_or_default();
        pod.status = Some(PodStatus {
            phase: Some("Failed".to_owned()),
            reason: Some(rejection.reason.clone()),
            message: Some(message),
            start_time: Some(now),
            qos_class: before.qos_class,
            conditions: status::foreign_conditions(before.conditions),
            ..PodStatus::default()
        });
    });
    cluster.kubelets.pods.remove(key);
}

/// The kubelet's predicates; only the first failure is told.
fn check(
    cluster: &mut Cluster,
    key: &ObjectKey,
    pod: &Arc<Pod>,
    node_name: &str,
    is_known: impl Fn(&Cluster, &ObjectKey) -> bool,
) -> Option<Rejection> {
    // What has ended, or is refused already, uses nothing and can give nothing (`filterOutInactivePods`).
    let is_known = |cluster: &Cluster, other: &ObjectKey| {
        is_known(cluster, other) && cluster.store.get::<Pod>(other).is_some_and(|pod| !pod::is_terminal(pod))
    };
    let misfits = misfits(cluster, key, pod, node_name, is_known);
    let resources = misfits.iter().all(|misfit| matches!(misfit, Misfit::Resource { .. }));
    if !misfits.is_empty() && resources && is_critical(pod) {
        return preempt(cluster, key, pod, node_name, &misfits, is_known);
    }
    if let Some(misfit) = misfits.first() {
        return Some(rejection(cluster, misfit));
    }
    if !cluster.behaviour.kubelet.kubelet_checks_no_execute || pod::is_static(pod) {
        return None;
    }
    let node = cluster.store.find::<Node>("", node_name)?;
    first_untolerated(&convert::taints(node), &convert::tolerations(pod), &[Effect::NoExecute])?;
    let why = "node(s) had taints that the pod didn't tolerate";
    Some(predicate_failed(cluster, "TaintToleration", why))
}

/// Why the pod does not fit beside those that the kubelet has taken in.
fn misfits(
    cluster: &Cluster,
    key: &ObjectKey,
    pod: &Pod,
    node_name: &str,
    is_known: impl Fn(&Cluster, &ObjectKey) -> bool,
) -> Vec<Misfit> {
    let snapshot = cluster.scheduling.snapshot();
    let behaviour = snapshot.behaviour();
    let Some(known) = snapshot.node(node_name) else { return Vec::new() };
    let is_own = |other: &PodInfo| *other.pod.name == *key.name && *other.pod.namespace == *key.namespace;
    let own = known.pods.iter().find(|other| is_own(other)).cloned();
    let own = own.unwrap_or_else(|| Arc::new(PodInfo::new(Arc::new(convert::pod(pod)), behaviour)));
    // Who fits beside all pods fits beside those that the kubelet knows. Ports are a set: taking off one of two users of
    // a port would free it.
    if known.used_ports.is_empty() {
        let mut all = known.clone();
        all.remove_pod(&own, behaviour);
        if admission_check(behaviour, &own, &all).is_empty() {
            return Vec::new();
        }
    }
    let mut node = NodeInfo::new(Arc::clone(&known.node));
    for other in known.pods.iter().filter(|other| !is_own(other)) {
        if is_known(cluster, &ObjectKey::new(&other.pod.namespace, &other.pod.name)) {
            node.add_pod(Arc::clone(other), behaviour);
        }
    }
    admission_check(behaviour, &own, &node)
}

fn rejection(cluster: &Cluster, misfit: &Misfit) -> Rejection {
    match misfit {
        Misfit::Resource { name, requested, used, capacity } => Rejection {
            reason: format!("OutOf{name}"),
            message: format!(
                "Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
            ),
        },
        Misfit::Plugin { name, reason } => predicate_failed(cluster, name.as_str(), reason),
    }
}

fn predicate_failed(cluster: &Cluster, plugin: &str, why: &str) -> Rejection {
    // Before they were plugins they were predicates with names of their own.
    let name = match plugin {
        "NodeAffinity" if cluster.behaviour.kubelet.kubelet_predicate_names => "MatchNodeSelector",
        "NodePorts" if cluster.behaviour.kubelet.kubelet_predicate_names => "PodFitsHostPorts",
        name => name,
    };
    let why = if cluster.behaviour.kubelet.predicates_say_why { format!(": {why}") } else { String::new() };
    Rejection { reason: name.to_owned(), message: format!("Predicate {name} failed{why}") }
}

/// Static pods, and those of the two system classes.
pub(super) fn is_critical(pod: &Pod) -> bool {
    pod::is_static(pod) || pod.spec.priority.is_some_and(|priority| priority >= CRITICAL)
}

/// Ends enough less important pods to take in a critical one (`pkg/kubelet/preemption/preemption.go`).
fn preempt(
    cluster: &mut Cluster,
    key: &ObjectKey,
    pod: &Arc<Pod>,
    node_name: &str,
    misfits: &[Misfit],
    is_known: impl Fn(&Cluster, &ObjectKey) -> bool,
) -> Option<Rejection> {
    let lacking: Lacking<'_> = misfits
        .iter()
        .filter_map(|misfit| match misfit {
            Misfit::Resource { name, requested, used, capacity } => {
                Some((name.as_ref(), requested.saturating_sub(capacity.saturating_sub(*used))))
            }
            Misfit::Plugin { .. } => None,
        })
        .collect();
    match victims(cluster, key, pod, node_name, &lacking, is_known) {
        Ok(victims) => {
            let message = "Preempted in order to admit critical pod";
            for victim in victims {
                status::fail(cluster, &victim, node_name, "Preempting", message, "Preempting");
            }
            None
        }
        Err(missing) => {
            let amounts: Vec<String> =
                missing.iter().map(|(name, amount)| format!("(res: {name}, q: {amount}), ")).collect();
            Some(Rejection {
                reason: "UnexpectedAdmissionError".to_owned(),
                message: format!(
                    "Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [{}]",
                    amounts.concat()
                ),
            })
        }
    }
}

/// What a pod lacks, by resource.
type Lacking<'a> = Vec<(&'a str, i64)>;

/// One that could be ended.
struct Candidate<'a> {
    key: ObjectKey,
    info: &'a PodInfo,
}

/// As few of the lowest classes of service as will do, or what would still be missing (`getPodsToPreempt`).
fn victims<'a>(
    cluster: &Cluster,
    key: &ObjectKey,
    pod: &Pod,
    node_name: &str,
    lacking: &Lacking<'a>,
    is_known: impl Fn(&Cluster, &ObjectKey) -> bool,
) -> Result<Vec<ObjectKey>, Lacking<'a>> {
    let priority = pod.spec.priority.unwrap_or(0);
    let mut classes: [Vec<Candidate<'_>>; 3] = Default::default();
    for info in cluster.scheduling.snapshot().node(node_name).into_iter().flat_map(|node| &node.pods) {
        let other = ObjectKey::new(&info.pod.namespace, &info.pod.name);
        let known = cluster.store.get::<Pod>(&other).filter(|_| other != *key && is_known(cluster, &other));
        let Some(found) = known.filter(|found| !is_critical(found) || priority > found.spec.priority.unwrap_or(0))
        else {
            continue;
        };
        let class = match found.status.as_ref().and_then(|status| status.qos_class.as_deref()) {
            Some("BestEffort") => 0,
            Some("Guaranteed") => 2,
            _ => 1,
        };
        classes[class].push(Candidate { key: other, info });
    }
    let [best_effort, burstable, guaranteed] = classes;
    let all = best_effort.iter().chain(&burstable).chain(&guaranteed);
    let missing = without(lacking, all);
    if !missing.is_empty() {
        return Err(missing);
    }
    // Of each class only what the lower ones cannot give.
    let guaranteed = nearest(guaranteed, without(lacking, best_effort.iter().chain(&burstable)));
    let burstable = nearest(burstable, without(lacking, best_effort.iter().chain(&guaranteed)));
    let best_effort = nearest(best_effort, without(lacking, burstable.iter().chain(&guaranteed)));
    let chosen = best_effort.into_iter().chain(burstable).chain(guaranteed);
    Ok(chosen.map(|candidate| candidate.key).collect())
}

/// Those that come nearest to what is lacking, one after the other; of two that are as near the one that asks for less
/// (`getPodsToPreemptByDistance`).
fn nearest<'a>(mut candidates: Vec<Candidate<'a>>, mut lacking: Lacking<'_>) -> Vec<Candidate<'a>> {
    let mut chosen = Vec::new();
    while !lacking.is_empty() && !candidates.is_empty() {
        let distance = |candidate: &Candidate<'_>| {
            let parts = lacking.iter().map(|(name, amount)| {
                let left = amount.saturating_sub(asks(candidate.info, name)).max(0);
                (left as f64 / *amount as f64).powi(2)
            });
            parts.sum::<f64>()
        };
        let asks_less = |one: &Candidate<'_>, other: &Candidate<'_>| {
            let key = |candidate: &Candidate<'_>| (asks(candidate.info, "memory"), asks(candidate.info, "cpu"));
            key(one) <= key(other)
        };
        let mut best = 0;
        for (index, candidate) in candidates.iter().enumerate().skip(1) {
            let (near, nearest) = (distance(candidate), distance(&candidates[best]));
            if near < nearest || (near == nearest && asks_less(candidate, &candidates[best])) {
                best = index;
            }
        }
        let victim = candidates.swap_remove(best);
        lacking = without(&lacking, [&victim]);
        chosen.push(victim);
    }
    chosen
}

/// What would still be lacking without these pods.
fn without<'a, 'b: 'c, 'c>(lacking: &Lacking<'a>, pods: impl IntoIterator<Item = &'c Candidate<'b>>) -> Lacking<'a> {
    let mut left = lacking.clone();
    for candidate in pods {
        left.iter_mut().for_each(|(name, amount)| *amount = amount.saturating_sub(asks(candidate.info, name)));
    }
    left.retain(|(_, amount)| *amount > 0);
    left
}

/// How much of a resource a pod asks for.
fn asks(info: &PodInfo, name: &str) -> i64 {
    if name == "pods" { 1 } else { info.requests.assigned.get(name) }
}
