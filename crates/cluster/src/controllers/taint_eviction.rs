//! Taint-based eviction (pkg/controller/tainteviction): pods leave nodes whose NoExecute taints they do not tolerate,
//! at once or after the shortest `tolerationSeconds`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Taint};

use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::convert;
use crate::object::{KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// A pod came or went, or its tolerations changed, or the NoExecute taints of its node.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match (&changed.before, &changed.after) {
        (Some(Object::Pod(gone)), None) => cancel(cluster, &changed.key, gone),
        (before, Some(Object::Pod(now))) if pod::node_name(now).is_some() => {
            let is_old = matches!(before, Some(Object::Pod(before))
                if before.node_name == now.node_name && before.spec.tolerations == now.spec.tolerations);
            if !is_old {
                cluster.sync(Controller::TaintEviction, changed.key.clone());
            }
        }
        (before, Some(Object::Node(now))) => {
            let before = matches!(before, Some(Object::Node(before)) if no_execute(before).eq(no_execute(now)));
            if !before {
                for pod in cluster.pods_on(&changed.key.name) {
                    cluster.sync(Controller::TaintEviction, ObjectKey::of(pod.as_ref()));
                }
            }
        }
        _ => {}
    }
}

fn no_execute(node: &Node) -> impl Iterator<Item = &Taint> {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints.filter(|taint| taint.effect == "NoExecute")
}

/// Decides when the pod under `key` has to go, and puts it on the agenda or takes it off (`processPodOnNode`).
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let now = cluster.clock.now_ms();
    let Some(pod) = cluster.store.get::<Pod>(key).cloned() else { return };
    match patience(cluster, &pod) {
        Patience::Forever => cancel(cluster, key, &pod),
        Patience::None => {
            cancel(cluster, key, &pod);
            evict(cluster, key);
        }
        // An eviction that is planned is planned: later taints neither hasten it nor give the pod more time.
        Patience::Millis(_) if cluster.evictions.contains_key(key) => {}
        Patience::Millis(0) => evict(cluster, key),
        Patience::Millis(wait) => {
            let due = now.saturating_add(wait.saturating_sub(waited_ms(cluster, &pod)));
            cluster.evictions.insert(key.clone(), due);
            cluster.agenda.add(due, Event::Evict(key.clone()));
        }
    }
}

/// How long a pod that the cluster began with has been waiting: the taint says since when.
fn waited_ms(cluster: &Cluster, pod: &Pod) -> u64 {
    let node = pod::node_name(pod).and_then(|node| cluster.store.find::<Node>("", node));
    let tainted = node.into_iter().flat_map(|node| no_execute(node)).filter_map(|taint| taint.time_added.as_ref());
    let Some(tainted) = tainted.map(|time| time.0).min().filter(|_| cluster.clock.now_ms() == 0) else { return 0 };
    let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let since = created.map_or(tainted, |created| created.max(tainted));
    u64::try_from(cluster.clock.now().duration_since(since).as_millis()).unwrap_or(0)
}

fn cancel(cluster: &mut Cluster, key: &ObjectKey, pod: &Arc<Pod>) {
    if cluster.evictions.remove(key).is_some() {
        tell(cluster, pod, "Cancelling deletion of Pod");
    }
}

/// The time is up for a pod, or it is its turn to be deleted.
pub(crate) fn due(cluster: &mut Cluster, key: &ObjectKey) {
    let now = cluster.clock.now_ms();
    if cluster.doomed.get(key).is_some_and(|turn| *turn <= now) {
        cluster.doomed.remove(key);
        delete(cluster, key);
    } else if cluster.evictions.get(key).is_some_and(|due| *due <= now) {
        evict(cluster, key);
    }
}

/// Marks a pod for deletion, which nothing takes back; the API client's rate says when it is deleted.
fn evict(cluster: &mut Cluster, key: &ObjectKey) {
    cluster.evictions.remove(key);
    let Some(pod) = cluster.store.get::<Pod>(key).cloned() else { return };
    tell(cluster, &pod, "Marking for deletion Pod");
    let calls = if cluster.behaviour.disruption_conditions { 3 } else { 1 };
    let turn = cluster.taint_eviction_client.call(calls, cluster.clock.now_ms());
    cluster.doomed.insert(key.clone(), turn);
    cluster.agenda.add(turn, Event::Evict(key.clone()));
}

fn delete(cluster: &mut Cluster, key: &ObjectKey) {
    if cluster.behaviour.disruption_conditions {
        let now = cluster.clock.time();
        cluster.store.update::<Pod>(key, |pod| {
            let message = "Taint manager: deleting due to NoExecute taint";
            pod::set_condition(pod, "DisruptionTarget", true, Some("DeletionByTaintManager"), Some(message), &now);
        });
    }
    cluster.delete_pod(key);
}

fn tell(cluster: &mut Cluster, pod: &Arc<Pod>, verb: &str) {
    let message = format!("{verb} {}", ObjectKey::of(pod.as_ref()));
    let component = cluster.behaviour.taint_eviction_component;
    cluster.event_from(component, None, &Pod::wrap(Arc::clone(pod)), "Normal", "TaintManagerEviction", &message);
}

enum Patience {
    Forever,
    /// A taint is not tolerated.
    None,
    Millis(u64),
}

/// How long a pod may stay: the shortest `tolerationSeconds` among the tolerations it needs. Ended pods go like others.
fn patience(cluster: &Cluster, pod: &Pod) -> Patience {
    let node = pod::node_name(pod).and_then(|node| cluster.store.find::<Node>("", node));
    let Some(node) = node else { return Patience::Forever };
    let taints = convert::taints(node);
    let mut no_execute = taints.iter().filter(|taint| taint.effect == sim_core::model::Effect::NoExecute).peekable();
    if no_execute.peek().is_none() {
        return Patience::Forever;
    }
    let tolerations = convert::tolerations(pod);
    let mut shortest: Option<i64> = None;
    for taint in no_execute {
        // The first that matches is the one that is used.
        let Some(used) = tolerations.iter().find(|toleration| toleration.tolerates(taint)) else {
            return Patience::None;
        };
        shortest = shortest.into_iter().chain(used.toleration_seconds).min();
    }
    match shortest {
        None => Patience::Forever,
        Some(seconds) => Patience::Millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000)),
    }
}
