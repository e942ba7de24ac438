//! The edits that could do something about what pods wait for: one file for each kind of thing.
//!
//! They are candidates: whether one helps is found by making it and running the cluster on.

mod admission;
mod groups;
mod nodes;
mod objects;
mod placement;
mod rollout;
mod room;
mod slips;
mod storage;
mod stuck;
mod taints;
mod workload;

use std::collections::BTreeSet;

use sim_cluster::{Change, Cluster, ObjectRef, Ownership, WorkloadRef, pod};

use super::edit::Edit;
use super::goal::Target;
use crate::diagnosis::{Knot, Symptom, Thing, ThingKind, WaitGraph, symptoms};
use crate::words;

/// A thing that pods wait for, and who waits for it.
pub(super) struct Site<'a> {
    cluster: &'a Cluster,
    knot: &'a Knot,
    /// The pods that wait for it, over however many steps.
    waiting: Vec<&'a Symptom>,
    /// The pods that wait for nothing in between.
    directly: Vec<&'a Symptom>,
}

/// Every candidate for a cluster as it is now but those for pods that the goal excuses, in the order in which its causes were found.
pub(super) fn candidates(cluster: &Cluster, target: &Target) -> Vec<Edit> {
    let symptoms: Vec<Symptom> = symptoms(cluster).into_iter().filter(|symptom| !target.excuses(symptom)).collect();
    let mut edits = slips::of_near_misses(cluster, &symptoms);
    edits.extend(of_graph(cluster, &symptoms, |_| true).into_iter().map(|(_, edit)| edit));
    edits.iter_mut().for_each(|edit| take_hold(edit, cluster, &symptoms));
    let mut titles = BTreeSet::new();
    edits.retain(|edit| titles.insert(edit.title.clone()));
    edits
}

/// For an edit that changes the template of workloads with pods on nodes: the same rollouts without the change.
pub(super) fn restart_instead(cluster: &Cluster, edit: &Edit) -> Option<Edit> {
    let rolled = edit.changes.iter().filter_map(|change| match change {
        Change::Patch { target, patch, .. } if stuck::is_of_template(patch) => Some(target),
        Change::AddToleration { workload: WorkloadRef::Object(target), .. } => Some(target),
        _ => None,
    });
    let rolls = |target: &&ObjectRef| matches!(target.kind.as_str(), "deployment" | "statefulset" | "daemonset");
    let ownership = Ownership::of(cluster.store());
    let has_pods = |target: &&ObjectRef| {
        let owner = format!("{}/{}", target.kind, target.name);
        let namespace = target.namespace.as_deref().unwrap_or("default");
        workload::pods_of(cluster, &ownership, namespace, &owner).any(|found| pod::node_name(found).is_some())
    };
    let rolled: Vec<&ObjectRef> = rolled.filter(rolls).filter(has_pods).collect();
    let names: Vec<String> = rolled.iter().map(|target| target.to_string()).collect();
    let restarts: Vec<Change> = rolled.into_iter().cloned().map(Change::RolloutRestart).collect();
    (!restarts.is_empty()).then(|| Edit::new(format!("restart {}", words::all(&names)), restarts))
}

/// The candidates that do something about one of these things, with the thing.
pub(super) fn of_things(cluster: &Cluster, things: &[Thing]) -> Vec<(Thing, Edit)> {
    let symptoms = symptoms(cluster);
    let mut edits = of_graph(cluster, &symptoms, |thing| things.contains(thing));
    edits.iter_mut().for_each(|(_, edit)| take_hold(edit, cluster, &symptoms));
    edits
}

/// Has an edit reach the pods that wait.
fn take_hold(edit: &mut Edit, cluster: &Cluster, symptoms: &[Symptom]) {
    stuck::make_anew(edit, cluster);
    stuck::replace_pods(edit, cluster, symptoms);
}

fn of_graph(cluster: &Cluster, symptoms: &[Symptom], is_asked: impl Fn(&Thing) -> bool) -> Vec<(Thing, Edit)> {
    let graph = WaitGraph::of(cluster, symptoms);
    let mut edits = Vec::new();
    for (at, knot) in graph.knots().filter(|(_, knot)| is_asked(&knot.thing)) {
        let indices = |direct| graph.waiting_for(at, direct, symptoms);
        let of = |indices: Vec<usize>| indices.into_iter().filter_map(|index| symptoms.get(index)).collect();
        let site = Site { cluster, knot, waiting: of(indices(false)), directly: of(indices(true)) };
        edits.extend(of_thing(&site).into_iter().map(|edit| (knot.thing.clone(), edit)));
    }
    edits
}

fn of_thing(site: &Site<'_>) -> Vec<Edit> {
    match site.knot.thing.kind {
        ThingKind::Taint => taints::of_taint(site),
        ThingKind::Cordon => taints::of_cordon(site),
        ThingKind::NodeCondition | ThingKind::Node => nodes::of_condition(site),
        ThingKind::Component => nodes::of_component(site),
        ThingKind::Resource => room::of_resource(site),
        ThingKind::NodeGroup => groups::of_maximum(site),
        ThingKind::VolumeLimit => room::more_nodes(site),
        ThingKind::NodeSelection => placement::of_selection(site),
        ThingKind::TopologySpread => placement::of_spread(site),
        ThingKind::PodAffinity => placement::of_affinity(site),
        ThingKind::HostPort => room::of_host_port(site),
        ThingKind::Rollout => rollout::of_rollout(site),
        ThingKind::DisruptionBudget => rollout::of_budget(site),
        ThingKind::Image | ThingKind::Container => rollout::of_container(site),
        ThingKind::SchedulingGate => placement::of_gate(site),
        ThingKind::Finalizer => rollout::of_finalizer(site),
        ThingKind::Claim => storage::of_claim(site),
        ThingKind::StorageClass => storage::of_class(site),
        ThingKind::Volume => storage::of_volume(site),
        ThingKind::ResourceQuota => admission::of_quota(site),
        ThingKind::LimitRange | ThingKind::Namespace => Vec::new(),
        ThingKind::ServiceAccount => admission::of_service_account(site),
        ThingKind::PodSecurity => admission::of_pod_security(site),
        ThingKind::Webhook => admission::of_webhook(site),
        ThingKind::PriorityClass => admission::of_priority_class(site),
        ThingKind::RuntimeClass => admission::of_runtime_class(site),
        ThingKind::Object => objects::of_object(site),
        // What is behind them has its own edits.
        ThingKind::Pods | ThingKind::Other => Vec::new(),
    }
}
