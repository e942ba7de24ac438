//! PodGC (pkg/controller/podgc, v1.34): pods that no kubelet will end any more.
//!
//! Upstream looks at every pod every 20 s. Here a pass is put on the agenda when there is something for it to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;

use super::node_lifecycle::{Ready, ready};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// How often it looks (`gcCheckPeriod`).
const PERIOD_MS: u64 = 20_000;
/// `--terminated-pod-gc-threshold`: so many ended pods may stay.
const TERMINATED_PODS: usize = 12_500;
/// Put on a node by a person who knows that its machine is off.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// What PodGC watches for.
#[derive(Debug, Clone, Default)]
pub(crate) struct PodGc {
    /// Nodes that are not there although pods are bound to them, and until when they are given time to show up.
    missing_nodes: BTreeMap<Arc<str>, Option<u64>>,
    /// Nodes that are not in what was loaded: their pods are left alone.
    never_seen_nodes: BTreeSet<Arc<str>>,
    out_of_service_nodes: BTreeSet<Arc<str>>,
    /// Pods to be deleted that no node has.
    unscheduled: BTreeSet<ObjectKey>,
    /// How many pods have ended.
    terminated: usize,
}

/// What a cluster begins with may be a part of one: a node that it lacks is not a node that was deleted.
pub(crate) fn adopt(cluster: &mut Cluster) {
    let named = cluster.store.list::<Pod>().filter_map(|pod| pod::node_name(pod));
    let unknown = named.filter(|node| cluster.store.find::<Node>("", node).is_none()).map(Arc::from);
    cluster.pod_gc.never_seen_nodes = unknown.collect();
}

/// A pod or a node changed.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    let is_due = match changed.kind {
        Kind::Pod => watch_pod(cluster, changed),
        Kind::Node => watch_node(cluster, changed),
        _ => false,
    };
    if is_due {
        plan(cluster);
    }
}

fn plan(cluster: &mut Cluster) {
    let at = cluster.clock.tick_after(PERIOD_MS);
    cluster.agenda.add(at, Event::CollectPods);
}

fn watch_pod(cluster: &mut Cluster, changed: &Changed) -> bool {
    let has_ended = |object: &Option<Object>| matches!(object, Some(Object::Pod(pod)) if pod::is_terminal(pod));
    let state = &mut cluster.pod_gc;
    state.terminated += usize::from(has_ended(&changed.after));
    state.terminated -= usize::from(has_ended(&changed.before)).min(state.terminated);
    let Some(Object::Pod(now)) = &changed.after else {
        state.unscheduled.remove(&changed.key);
        return false;
    };
    let Some(node) = pod::node_name(now) else {
        let is_due = pod::is_terminating(now);
        if is_due {
            state.unscheduled.insert(changed.key.clone());
        }
        return is_due;
    };
    if state.out_of_service_nodes.contains(node) && pod::is_terminating(now) {
        return true;
    }
    if cluster.store.find::<Node>("", node).is_none() && !state.never_seen_nodes.contains(node) {
        state.missing_nodes.entry(node.into()).or_insert(None);
        return true;
    }
    state.terminated > TERMINATED_PODS
}

fn watch_node(cluster: &mut Cluster, changed: &Changed) -> bool {
    let name = &changed.key.name;
    let has_pods = !cluster.pods_on(name).is_empty();
    let state = &mut cluster.pod_gc;
    let Some(Object::Node(node)) = &changed.after else {
        state.out_of_service_nodes.remove(name);
        if has_pods {
            state.missing_nodes.entry(Arc::clone(name)).or_insert(None);
        }
        return has_pods;
    };
    state.missing_nodes.remove(name);
    state.never_seen_nodes.remove(name);
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    if cluster.behaviour.out_of_service_taint && taints.into_iter().any(|taint| taint.key == OUT_OF_SERVICE) {
        state.out_of_service_nodes.insert(Arc::clone(name));
        return has_pods;
    }
    state.out_of_service_nodes.remove(name);
    false
}

/// One pass.
pub(crate) fn collect(cluster: &mut Cluster) {
    collect_terminated(cluster);
    collect_out_of_service(cluster);
    collect_orphans(cluster);
    for key in std::mem::take(&mut cluster.pod_gc.unscheduled) {
        force_delete(cluster, &key, None);
    }
}

fn collect_terminated(cluster: &mut Cluster) {
    let surplus = cluster.pod_gc.terminated.saturating_sub(TERMINATED_PODS);
    if surplus == 0 {
        return;
    }
    let mut ended: Vec<&Arc<Pod>> = cluster.store.list::<Pod>().filter(|pod| pod::is_terminal(pod)).collect();
    ended.sort_by_key(|pod| {
        let is_evicted = pod.status.as_ref().is_some_and(|status| status.reason.as_deref() == Some("Evicted"));
        let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        (!is_evicted, created, pod.metadata.name.clone())
    });
    let keys: Vec<ObjectKey> = ended.into_iter().take(surplus).map(|pod| ObjectKey::of(pod.as_ref())).collect();
    for key in keys {
        force_delete(cluster, &key, None);
    }
}

/// Nobody will confirm the end of a pod on a node that is known to be off.
fn collect_out_of_service(cluster: &mut Cluster) {
    let nodes = cluster.pod_gc.out_of_service_nodes.iter();
    let lost = nodes.filter(|name| cluster.store.find::<Node>("", name).is_some_and(|node| ready(node) != Ready::True));
    let pods = lost.flat_map(|name| cluster.pods_on(name)).filter(|pod| pod::is_terminating(pod));
    let keys: Vec<ObjectKey> = pods.map(|pod| ObjectKey::of(pod.as_ref())).collect();
    for key in keys {
        force_delete(cluster, &key, None);
    }
}

fn collect_orphans(cluster: &mut Cluster) {
    let now_ms = cluster.clock.now_ms();
    let quarantine_ms = cluster.behaviour.pod_gc_quarantine_ms;
    let mut gone = Vec::new();
    cluster.pod_gc.missing_nodes.retain(|name, until| {
        let until = *until.get_or_insert(now_ms.saturating_add(quarantine_ms));
        if until <= now_ms {
            gone.push(Arc::clone(name));
        }
        until > now_ms
    });
    if !cluster.pod_gc.missing_nodes.is_empty() {
        plan(cluster);
    }
    for node in gone {
        for pod in cluster.pods_on(&node) {
            let why = ("DeletionByPodGC", "PodGC: node no longer exists");
            force_delete(cluster, &ObjectKey::of(pod.as_ref()), Some(why));
        }
    }
}

/// Deletes a pod without grace (`markFailedAndDeletePodWithCondition`).
fn force_delete(cluster: &mut Cluster, key: &ObjectKey, why: Option<(&str, &str)>) {
    let now = cluster.clock.time();
    let is_running = cluster.store.get::<Pod>(key).is_some_and(|pod| !pod::is_terminal(pod));
    if is_running && cluster.behaviour.pod_gc_fails_pods {
        cluster.store.update::<Pod>(key, |pod| {
            pod.status.get_or_insert_default().phase = Some("Failed".to_owned());
            if let Some((reason, message)) = why {
                pod::set_condition(pod, "DisruptionTarget", true, Some(reason), Some(message), &now);
            }
        });
    }
    cluster.end_pod(key);
}
