//! The DaemonSet controller (pkg/controller/daemon): one pod per node that may run it, placed by the scheduler.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetStatus};
use k8s_openapi::api::core::v1::{
    Affinity, Node, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Toleration,
};

use sim_core::model::{Effect, first_untolerated};
use sim_core::scheduler::plugins::node_affinity;

use super::deployment::resolve;
use super::replica_set::count;
use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::convert;
use crate::names::template_hash;
use crate::object::{Kind, KnownKind};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// The label that tells the pods of an old template from those of the present one.
const HASH_LABEL: &str = "controller-revision-hash";

/// A DaemonSet changed, or a pod of one, or any node.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match changed.kind {
        Kind::DaemonSet => cluster.sync(Controller::DaemonSet, changed.key.clone()),
        Kind::Pod => cluster.sync_owners(Controller::DaemonSet, Kind::DaemonSet, changed),
        Kind::Node => {
            let sets: Vec<ObjectKey> =
                cluster.store.list::<DaemonSet>().map(|set| ObjectKey::of(set.as_ref())).collect();
            for set in sets {
                cluster.sync(Controller::DaemonSet, set);
            }
        }
        _ => {}
    }
}

/// Creates missing pods, deletes those on nodes that may not run them, rolls over old ones, and writes the status.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(set) = cluster.store.get::<DaemonSet>(key).cloned() else { return };
    if set.metadata.deletion_timestamp.is_some() {
        return;
    }
    let spec = &set.spec;
    let hash = current_hash(cluster, &set);
    let owned = cluster.pods_of(&set.metadata);
    let mut by_node: BTreeMap<String, Vec<Arc<Pod>>> = BTreeMap::new();
    for pod in owned {
        if let Some(node) = target_node(&pod) {
            by_node.entry(node).or_default().push(pod);
        }
    }
    let template = spec.template.clone();
    let nodes: Vec<Arc<Node>> = cluster.store.list::<Node>().cloned().collect();
    let mut totals = Totals::default();
    let (mut unavailable, mut stale) = (0, Vec::new());
    // The first refusal ends the creating.
    let mut refused = false;
    for node in &nodes {
        let name = node.metadata.name.clone().unwrap_or_default();
        let pods = by_node.remove(&name).unwrap_or_default();
        let verdict = node_verdict(cluster.scheduling.scheduler().behaviour(), template.spec.as_ref(), node);
        let live: Vec<&Arc<Pod>> = pods.iter().filter(|pod| pod::is_active(pod)).collect();
        if verdict.should_run {
            totals.desired += 1;
            if pods.is_empty() {
                let mut template = template.clone();
                let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
                labels.insert(HASH_LABEL.to_owned(), hash.clone());
                let template_spec = template.spec.get_or_insert_default();
                pin_to_node(template_spec, &name);
                add_tolerations(template_spec);
                if !refused {
                    refused = cluster.create_pod(&DaemonSet::wrap(set.clone()), &template, |_| {}).is_err();
                }
                unavailable += 1;
                continue;
            }
            let newest = live.first();
            totals.current += usize::from(newest.is_some());
            let ready = newest.is_some_and(|pod| pod::is_ready(pod));
            totals.ready += usize::from(ready);
            unavailable += usize::from(!ready);
            let is_new =
                |pod: &Pod| pod.metadata.labels.as_ref().is_some_and(|labels| labels.get(HASH_LABEL) == Some(&hash));
            totals.updated += usize::from(newest.is_some_and(|pod| is_new(pod)));
            stale.extend(live.iter().filter(|pod| !is_new(pod)).map(|pod| (ready, ObjectKey::of(pod.as_ref()))));
            for failed in pods.iter().filter(|pod| pod::phase(pod) == "Failed" && !pod::is_terminating(pod)) {
                let failed_name = failed.metadata.name.as_deref().unwrap_or_default();
                let message = format!(
                    "Found failed daemon pod {}/{failed_name} on node {name}, will try to kill it",
                    key.namespace
                );
                cluster.controller_event(&DaemonSet::wrap(set.clone()), "Warning", "FailedDaemonPod", &message);
                cluster.delete_pod(&ObjectKey::of(failed.as_ref()));
            }
        } else if !verdict.should_continue {
            totals.misscheduled += live.len();
            for pod in live {
                delete(cluster, &set, pod);
            }
        } else {
            totals.misscheduled += live.len();
        }
    }
    // Pods pinned to a node that is gone.
    for pod in by_node.into_values().flatten().filter(|pod| pod::is_active(pod)) {
        if pod::node_name(&pod).is_none() {
            delete(cluster, &set, &pod);
        }
    }
    let on_delete = spec.update_strategy.as_ref().and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete");
    if !on_delete {
        let rolling = spec.update_strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
        let most = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
        let most = most.map_or(1, |most| resolve(most, count(totals.desired), true)).max(1);
        let mut budget = usize::try_from(most).unwrap_or(1).saturating_sub(unavailable);
        // Unavailable pods cost nothing; available ones wait for the budget.
        for (ready, pod) in stale {
            if ready && budget == 0 {
                continue;
            }
            budget -= usize::from(ready);
            let Some(pod) = cluster.store.get::<Pod>(&pod).cloned() else { continue };
            delete(cluster, &set, &pod);
        }
    }
    write_status(cluster, key, &set, &totals);
    if refused {
        cluster.requeue_rate_limited(Controller::DaemonSet, key);
    } else {
        cluster.forget(Controller::DaemonSet, key);
    }
}

fn delete(cluster: &mut Cluster, set: &Arc<DaemonSet>, pod: &Pod) {
    cluster.delete_pod(&ObjectKey::of(pod));
    let message = format!("Deleted pod: {}", pod.metadata.name.as_deref().unwrap_or_default());
    cluster.controller_event(&DaemonSet::wrap(set.clone()), "Normal", "SuccessfulDelete", &message);
}

#[derive(Default)]
struct Totals {
    desired: usize,
    current: usize,
    ready: usize,
    updated: usize,
    misscheduled: usize,
}

struct Verdict {
    should_run: bool,
    should_continue: bool,
}

/// Whether a daemon pod should be made on the node, and whether one that is there may stay
/// (`nodeShouldRunDaemonPod`): resources are left to the scheduler.
fn node_verdict(behaviour: &sim_core::Behaviour, template: Option<&PodSpec>, node: &Node) -> Verdict {
    let mut spec = template.cloned().unwrap_or_default();
    add_tolerations(&mut spec);
    let pinned =
        spec.node_name.as_deref().is_none_or(|name| name.is_empty() || node.metadata.name.as_deref() == Some(name));
    let pod = convert::pod_spec(&spec);
    let node = convert::node(node);
    let fits = pinned && node_affinity::matches_required(behaviour, &pod, &node);
    let tolerates = |effects: &[Effect]| first_untolerated(&node.taints, &pod.tolerations, effects).is_none();
    Verdict {
        should_run: fits && tolerates(&[Effect::NoSchedule, Effect::NoExecute]),
        should_continue: fits && tolerates(&[Effect::NoExecute]),
    }
}

/// The node a daemon pod is on, or is meant for by its node affinity.
fn target_node(pod: &Pod) -> Option<String> {
    if let Some(node) = pod::node_name(pod) {
        return Some(node.to_owned());
    }
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let required = affinity.required_during_scheduling_ignored_during_execution.as_ref()?;
    let fields = required.node_selector_terms.iter().filter_map(|term| term.match_fields.as_ref()).flatten();
    fields
        .filter(|field| field.key == "metadata.name" && field.operator == "In")
        .find_map(|field| field.values.as_ref()?.first().cloned())
}

/// Replaces the required node affinity by the one node (`ReplaceDaemonSetPodNodeNameNodeAffinity`).
fn pin_to_node(spec: &mut PodSpec, node: &str) {
    let term = NodeSelectorTerm {
        match_fields: Some(vec![NodeSelectorRequirement {
            key: "metadata.name".to_owned(),
            operator: "In".to_owned(),
            values: Some(vec![node.to_owned()]),
        }]),
        match_expressions: None,
    };
    let affinity: &mut Affinity = spec.affinity.get_or_insert_default();
    let node_affinity: &mut NodeAffinity = affinity.node_affinity.get_or_insert_default();
    node_affinity.required_during_scheduling_ignored_during_execution =
        Some(NodeSelector { node_selector_terms: vec![term] });
}

/// What every daemon pod tolerates (`AddOrUpdateDaemonPodTolerations`).
fn add_tolerations(spec: &mut PodSpec) {
    let mut wanted = vec![
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];
    if spec.host_network == Some(true) {
        wanted.push(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    }
    let tolerations = spec.tolerations.get_or_insert_default();
    for (key, effect) in wanted {
        let toleration = Toleration {
            key: Some(key.to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some(effect.to_owned()),
            toleration_seconds: None,
            value: None,
        };
        if !tolerations.contains(&toleration) {
            tolerations.push(toleration);
        }
    }
}

/// The revision hash of the present template. A dump's pods keep the hash they carry until the template changes.
fn current_hash(cluster: &mut Cluster, set: &Arc<DaemonSet>) -> String {
    let key = ObjectKey::of(set.as_ref());
    let template = set.spec.template.clone();
    let known = cluster.daemon_set_revisions.get(&key);
    if let Some((_, hash)) = known.filter(|(of, _)| **of == template) {
        return hash.clone();
    }
    let carried = known.is_none().then(|| {
        let pods = cluster.pods_of(&set.metadata);
        let newest = pods.iter().max_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0));
        newest.and_then(|pod| pod.metadata.labels.as_ref()?.get(HASH_LABEL).cloned())
    });
    let hash = carried.flatten().unwrap_or_else(|| template_hash(&template));
    cluster.daemon_set_revisions.insert(key, (Arc::new(template), hash.clone()));
    hash
}

fn write_status(cluster: &mut Cluster, key: &ObjectKey, set: &DaemonSet, totals: &Totals) {
    let previous = set.status.clone().unwrap_or_default();
    let some = |items: usize| Some(count(items)).filter(|number| *number > 0);
    let status = DaemonSetStatus {
        desired_number_scheduled: count(totals.desired),
        current_number_scheduled: count(totals.current),
        number_ready: count(totals.ready),
        number_available: some(totals.ready),
        number_unavailable: some(totals.desired.saturating_sub(totals.ready)),
        updated_number_scheduled: some(totals.updated),
        number_misscheduled: count(totals.misscheduled),
        observed_generation: set.metadata.generation,
        ..previous.clone()
    };
    if set.status.is_none() || previous != status {
        cluster.store.update::<DaemonSet>(key, |set| set.status = Some(status));
    }
}
