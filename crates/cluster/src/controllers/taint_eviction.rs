//! Taint-based eviction (pkg/controller/tainteviction): pods leave nodes whose NoExecute taints they do not tolerate,
//! at once or after the shortest `tolerationSeconds`.

use k8s_openapi::api::core::v1::{Node, Taint};

use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::convert;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// A pod changed, or the taints of its node.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match changed.kind {
        Kind::Pod => cluster.sync(Controller::TaintEviction, changed.key.clone()),
        Kind::Node if taints_of(&changed.before) != taints_of(&changed.after) => {
            for pod in cluster.pods_on(&changed.key.name) {
                cluster.sync(Controller::TaintEviction, ObjectKey::of(pod.as_ref()));
            }
        }
        _ => {}
    }
}

fn taints_of(node: &Option<Object>) -> Option<&Vec<Taint>> {
    match node {
        Some(Object::Node(node)) => node.spec.as_ref()?.taints.as_ref(),
        _ => None,
    }
}

/// Decides when the pod under `key` has to go, and puts it on the agenda or takes it off.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let now = cluster.clock.now_ms();
    let patience = patience_ms(cluster, key);
    let scheduled = cluster.evictions.get(key).copied();
    match (patience, scheduled) {
        (Patience::Forever, None) => {}
        (Patience::Forever, Some(_)) => {
            cluster.evictions.remove(key);
            tell(cluster, key, "Cancelling deletion of Pod");
        }
        (Patience::Millis(0), _) => evict(cluster, key),
        (Patience::Millis(wait), scheduled) => {
            // The clock started with the first schedule: a new taint never gives a pod more time.
            let since = scheduled.map_or(now, |(since, _)| since);
            let due = since.saturating_add(wait);
            if scheduled != Some((since, due)) {
                cluster.evictions.insert(key.clone(), (since, due));
                cluster.agenda.add(due.max(now), Event::Evict(key.clone()));
            }
        }
    }
}

/// The time is up for a pod, unless it was given more meanwhile.
pub(crate) fn due(cluster: &mut Cluster, key: &ObjectKey) {
    let now = cluster.clock.now_ms();
    if cluster.evictions.get(key).is_some_and(|(_, due)| *due <= now) {
        evict(cluster, key);
    }
}

fn evict(cluster: &mut Cluster, key: &ObjectKey) {
    cluster.evictions.remove(key);
    tell(cluster, key, "Marking for deletion Pod");
    if cluster.behaviour.disruption_conditions {
        let now = cluster.clock.time();
        cluster.store.update::<Pod>(key, |pod| {
            let message = "Taint manager: deleting due to NoExecute taint";
            pod::set_condition(pod, "DisruptionTarget", true, Some("DeletionByTaintManager"), Some(message), &now);
        });
    }
    cluster.delete_pod(key);
}

fn tell(cluster: &mut Cluster, key: &ObjectKey, verb: &str) {
    let Some(pod) = cluster.store.get::<Pod>(key).cloned() else { return };
    let message = format!("{verb} {key}");
    cluster.event_from(
        cluster.behaviour.taint_eviction_component,
        None,
        &Pod::wrap(pod),
        "Normal",
        "TaintManagerEviction",
        &message,
    );
}

enum Patience {
    Forever,
    Millis(u64),
}

fn patience_ms(cluster: &Cluster, key: &ObjectKey) -> Patience {
    let pod = cluster.store.get::<Pod>(key).filter(|pod| pod::is_active(pod));
    let node = pod.and_then(|pod| pod::node_name(pod)).and_then(|node| cluster.store.find::<Node>("", node));
    let (Some(pod), Some(node)) = (pod, node) else { return Patience::Forever };
    let taints = convert::taints(node);
    let mut no_execute = taints.iter().filter(|taint| taint.effect == sim_core::model::Effect::NoExecute).peekable();
    if no_execute.peek().is_none() {
        return Patience::Forever;
    }
    let tolerations = convert::tolerations(pod);
    let mut shortest: Option<i64> = None;
    for taint in no_execute {
        let mut used = tolerations.iter().filter(|toleration| toleration.tolerates(taint)).peekable();
        if used.peek().is_none() {
            return Patience::Millis(0);
        }
        let seconds = used.filter_map(|toleration| toleration.toleration_seconds).min();
        shortest = shortest.into_iter().chain(seconds).min();
    }
    match shortest {
        None => Patience::Forever,
        Some(seconds) => Patience::Millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000)),
    }
}
