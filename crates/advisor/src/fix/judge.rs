//! Trying edits: they are made on a fork, the fork runs until nothing moves and an hour beyond, and what came of it is told.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Namespace, Node, Taint};
use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{
    Change, Cluster, Counts, DeleteOptions, Kind, ObjectRef, Ownership, Refused, RunResult, Stop, convert,
    format_millis, pod, taint_text,
};

use sim_core::model::Effect;

use super::edit::Edit;
use super::goal::Target;
use crate::diagnosis::{Blame, ThingKind, WaitGraph, symptoms};
use crate::known_taints::known_taint;
use crate::what_if::{PodChange, compare};

/// How long a changed cluster may take to come to rest, and how long it must then keep what it reached.
const HOUR_MS: u64 = 60 * 60 * 1000;

/// What edits came to.
#[derive(Debug, Clone)]
pub(crate) struct Trialled {
    /// The cluster an hour after it came to rest.
    pub(crate) after: Cluster,
    /// Whether the goal held when it came to rest, and an hour later.
    pub(crate) holds: bool,
    /// What held at rest and was gone an hour later, or what a controller took back.
    pub(crate) undone: Vec<String>,
    /// When it came to rest, e.g. `25m3s`.
    pub(crate) settled_at: String,
}

/// How good a cure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CureClass {
    /// What made the pods wait is gone, and does not come back with the next node.
    RemovesCause,
    /// The pods get by with it: it is still there for others.
    LivesWithCause,
    /// It is gone for now, and comes back.
    HidesCause,
}

/// What else edits changed.
#[derive(Debug, Clone)]
pub(crate) struct Consequences {
    pub(crate) class: CureClass,
    /// Why it comes back, when it does.
    pub(crate) returns: Option<String>,
    /// What it opened: guarded nodes that other pods may now go to.
    pub(crate) opens: Vec<String>,
    pub(crate) before: Counts,
    pub(crate) after: Counts,
    /// Pods that are not as they were.
    pub(crate) pods: Vec<PodChange>,
    /// How many pods that were well had to go or to start anew.
    pub(crate) disturbed: usize,
}

/// Makes the edits and runs on.
///
/// # Errors
/// When the cluster refuses one of them.
pub(crate) fn attempt(cluster: &Cluster, changes: &[&Change], target: &Target) -> Result<Trialled, Refused> {
    let mut fork = cluster.clone();
    fork.forget_timeline();
    for change in changes {
        fork.make(change)?;
    }
    let comes_to_rest = settle(&mut fork);
    let settled_at = format_millis(fork.quiet_since_ms().unwrap_or_else(|| fork.now_ms()));
    let held = comes_to_rest && target.holds(&fork);
    if !held {
        return Ok(Trialled { holds: false, undone: undone(&fork, changes), after: fork, settled_at });
    }
    fork.run_until(fork.now_ms().saturating_add(HOUR_MS));
    let mut undone = undone(&fork, changes);
    let holds = target.holds(&fork);
    if !holds {
        undone.insert(0, "an hour later the goal does not hold any more".to_owned());
    }
    Ok(Trialled { after: fork, holds, undone, settled_at })
}

/// Runs until nothing moves, an hour at most; whether it was no storm of pods that come and go without end.
pub(crate) fn settle(fork: &mut Cluster) -> bool {
    let size = fork.store().list::<Pod>().count() + fork.store().list::<Node>().count();
    let events = EVENTS.saturating_add(EVENTS_EACH.saturating_mul(u64::try_from(size).unwrap_or(u64::MAX)));
    let until_ms = fork.now_ms().saturating_add(HOUR_MS);
    let goal = sim_cluster::Goal { until_ms, or_quiet: true, events, one_moment: false };
    !matches!(fork.advance(goal), Stop::Paused | Stop::TooManyEvents)
}

/// So many events, and so many for each pod and node, are more than any change of a cluster needs to come to rest.
const EVENTS: u64 = 20_000;
const EVENTS_EACH: u64 = 40;

/// Changes that somebody took back while time went on.
fn undone(after: &Cluster, changes: &[&Change]) -> Vec<String> {
    let nodes = || after.store().list::<Node>();
    let mut undone = Vec::new();
    for change in changes {
        match change {
            Change::Untaint { node, taint } => {
                let again: Vec<String> = nodes()
                    .filter(|found| node.is_none() || found.metadata.name == *node)
                    .filter(|found| taints_of(found).any(|there| taint.matches(there)))
                    .filter_map(|found| found.metadata.name.clone())
                    .collect();
                if !again.is_empty() {
                    undone.push(format!("the taint {taint} is back on {}", again.join(", ")));
                }
            }
            Change::Uncordon(node) => {
                let found = after.store().find::<Node>("", node);
                if found.is_some_and(|found| found.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true))) {
                    undone.push(format!("{node} is cordoned again"));
                }
            }
            _ => {}
        }
    }
    undone
}

fn taints_of(node: &Node) -> impl Iterator<Item = &Taint> {
    node.spec.iter().flat_map(|spec| spec.taints.iter().flatten())
}

/// What edits that reach the goal did besides.
pub(crate) fn consequences(before: &Cluster, trialled: &Trialled, edits: &[&Edit], target: &Target) -> Consequences {
    let result_before = RunResult::of(before, Vec::new());
    let result_after = RunResult::of(&trialled.after, Vec::new());
    let pods = compare(&result_before.pods, &result_after.pods);
    let changes: Vec<&Change> = edits.iter().flat_map(|edit| &edit.changes).collect();
    let returns = returns(before, &trialled.after, &changes, target);
    let class = if returns.is_some() || !trialled.undone.is_empty() {
        CureClass::HidesCause
    } else if still_there(before, &trialled.after) || edits.iter().any(|edit| edit.gives_up) {
        CureClass::LivesWithCause
    } else {
        CureClass::RemovesCause
    };
    let disturbed = pods.iter().filter(|change| is_disturbed(change)).count();
    Consequences {
        class,
        returns,
        opens: opens(before, &trialled.after, &changes).into_iter().chain(admitted(before, &trialled.after)).collect(),
        before: result_before.counts,
        after: result_after.counts,
        disturbed,
        pods,
    }
}

/// A pod that was well and is another one now, or gone.
fn is_disturbed(change: &PodChange) -> bool {
    let Some(before) = &change.before else { return false };
    let was_well = before.node.is_some() && before.state == "Running";
    was_well && change.after.as_ref().is_none_or(|after| after.name != before.name || after.node != before.node)
}

/// Whether what the edits took away comes back: with the next node, or when the nodes that are there register anew and the
/// pods begin again beside them.
fn returns(before: &Cluster, after: &Cluster, changes: &[&Change], target: &Target) -> Option<String> {
    for change in changes {
        let Change::Untaint { taint, .. } = change else { continue };
        // The guard of a node by its role is on the next node of that role, as it should be.
        if known_taint(&taint.key).is_none_or(|known| known.is_meant_to_stay()) {
            continue;
        }
        let carriers: Vec<(String, Taint)> = before
            .store()
            .list::<Node>()
            .filter_map(|node| {
                Some((node.metadata.name.clone()?, taints_of(node).find(|there| taint.matches(there))?.clone()))
            })
            .collect();
        let Some((from, lost)) = carriers.first() else { continue };
        let mut fork = after.clone();
        let known: BTreeSet<String> = names(&fork);
        if fork.make(&Change::AddNode { from: from.clone(), count: 1 }).is_err() {
            continue;
        }
        let comes_with_it = |fork: &Cluster| {
            let mut nodes = fork.store().list::<Node>();
            let new = nodes.find(|node| node.metadata.name.as_ref().is_some_and(|name| !known.contains(name)));
            new.is_some_and(|node| taints_of(node).any(|there| taint.matches(there)))
        };
        if !comes_with_it(&fork) {
            continue;
        }
        settle(&mut fork);
        if comes_with_it(&fork) {
            return Some(format!("the next node comes up with {} again", taint_text(lost)));
        }
        if !starts_anew(after, &carriers, target) {
            return Some(format!("when the nodes register anew with {}, the pods wait as before", taint_text(lost)));
        }
    }
    None
}

/// Whether the goal is reached after a start from nothing: the nodes have their taint again and every pod that an owner
/// makes anew is made anew.
fn starts_anew(after: &Cluster, carriers: &[(String, Taint)], target: &Target) -> bool {
    let mut fork = after.clone();
    for (node, taint) in carriers {
        // A node that is gone needs none.
        let _ = fork.make(&Change::Taint { node: Some(node.clone()), taint: taint.clone() });
    }
    let pods = fork
        .store()
        .list::<Pod>()
        .filter(|pod| pod::controller_of(&pod.metadata).is_some_and(|owner| owner.kind != "Node"));
    let pods: Vec<ObjectRef> = pods
        .filter_map(|pod| {
            let (namespace, name) = (pod.metadata.namespace.clone(), pod.metadata.name.clone()?);
            Some(ObjectRef { namespace, kind: "pod".to_owned(), name })
        })
        .collect();
    for pod in pods {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        let _ = fork.make(&Change::DeleteWith { target: pod, options, force: true });
    }
    settle(&mut fork);
    target.holds(&fork)
}

fn names(cluster: &Cluster) -> BTreeSet<String> {
    cluster.store().list::<Node>().filter_map(|node| node.metadata.name.clone()).collect()
}

/// Whether a taint or cordon that is to blame is still on a node that had it.
fn still_there(before: &Cluster, after: &Cluster) -> bool {
    let symptoms = symptoms(before);
    let graph = WaitGraph::of(before, &symptoms);
    let mut knots = graph.knots().map(|(_, knot)| knot);
    knots.any(|knot| match knot.thing.kind {
        ThingKind::Taint if knot.blame == Blame::Fault => knot.nodes.iter().any(|name| {
            let node = after.store().find::<Node>("", name);
            node.is_some_and(|node| taints_of(node).any(|taint| taint_text(taint) == knot.thing.name))
        }),
        ThingKind::Cordon => knot.nodes.iter().any(|name| {
            let node = after.store().find::<Node>("", name);
            node.is_some_and(|node| node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true)))
        }),
        _ => false,
    })
}

/// Guarded nodes that lost their guard, and who may go there now.
fn opens(before: &Cluster, after: &Cluster, changes: &[&Change]) -> Vec<String> {
    let mut opened = Vec::new();
    for change in changes {
        if let Change::Label { target, .. } = change {
            opened.extend(
                lowered(before, after, &target.name).filter(|_| Kind::parse(&target.kind) == Some(Kind::Namespace)),
            );
        }
        let Change::Untaint { taint, .. } = change else { continue };
        if known_taint(&taint.key).is_some_and(|known| !known.is_meant_to_stay()) {
            continue;
        }
        for node in before.store().list::<Node>() {
            let Some(name) = node.metadata.name.as_deref() else { continue };
            let Some(lost) = taints_of(node).find(|there| taint.matches(there)) else { continue };
            let still = after.store().find::<Node>("", name);
            if still.is_none_or(|node| taints_of(node).any(|there| taint.matches(there))) {
                continue;
            }
            opened.push(opened_to(after, node, lost));
        }
    }
    opened
}

/// A namespace that enforces another Pod Security level than before.
fn lowered(before: &Cluster, after: &Cluster, namespace: &str) -> Option<String> {
    let level = |cluster: &Cluster| {
        let found = cluster.store().find::<Namespace>("", namespace)?;
        found.metadata.labels.as_ref()?.get("pod-security.kubernetes.io/enforce").cloned()
    };
    let (then, now) = (level(before)?, level(after));
    let rank = |level: &str| ["privileged", "baseline", "restricted"].iter().position(|known| *known == level);
    let lower = now.as_deref().is_none_or(|now| rank(now) < rank(&then));
    lower.then(|| format!("namespace {namespace} lets in what the level {then} refused, of every pod"))
}

/// Pods that now run on a node whose taint keeps others off, of owners whose pods it kept off before.
fn admitted(before: &Cluster, after: &Cluster) -> Vec<String> {
    let tolerates = |pod: &Pod, taint: &sim_core::model::Taint| {
        convert::tolerations(pod).iter().any(|toleration| toleration.tolerates(taint))
    };
    let ownership = (Ownership::of(before.store()), Ownership::of(after.store()));
    let mut strangers: BTreeMap<(String, String), Vec<&Pod>> = BTreeMap::new();
    for pod in before.store().list::<Pod>() {
        let owner = ownership.0.top(&pod.metadata).filter(|owner| !matches!(owner.kind.as_str(), "DaemonSet" | "Node"));
        if let Some(owner) = owner {
            let namespace = pod.metadata.namespace.clone().unwrap_or_default();
            strangers.entry((namespace, owner.to_string())).or_default().push(pod);
        }
    }
    let mut taints: BTreeMap<&str, Vec<(sim_core::model::Taint, String)>> = BTreeMap::new();
    for node in after.store().list::<Node>() {
        let texts = taints_of(node).map(taint_text);
        let own = convert::taints(node).into_iter().zip(texts).filter(|(taint, _)| {
            // Kubernetes' own taints tell of a state: who tolerates one gets by with it, and is let in to nothing.
            let tells_state = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];
            taint.effect != Effect::PreferNoSchedule && !tells_state.iter().any(|own| taint.key.starts_with(own))
        });
        taints.insert(node.metadata.name.as_deref().unwrap_or_default(), own.collect());
    }
    let mut admitted = BTreeSet::new();
    for pod in after.store().list::<Pod>() {
        let Some(node) = pod::node_name(pod) else { continue };
        let Some(owner) = ownership.1.top(&pod.metadata) else { continue };
        let Some(then) = strangers.get(&(pod.metadata.namespace.clone().unwrap_or_default(), owner.to_string())) else {
            continue;
        };
        for (taint, text) in taints.get(node).into_iter().flatten() {
            if tolerates(pod, taint) && !then.iter().any(|pod| tolerates(pod, taint)) {
                admitted.insert(format!("pods of {owner} go to nodes that the taint {text} kept them off"));
            }
        }
    }
    admitted.into_iter().collect()
}

/// `n1 is open to the 5 of 7 pods that do not tolerate TAINT; 2 are there already: a, b`.
pub(crate) fn opened_to(after: &Cluster, node: &Node, taint: &Taint) -> String {
    let name = node.metadata.name.as_deref().unwrap_or_default();
    let models = convert::taints(node);
    let model =
        models.iter().find(|model| model.key == taint.key && model.value == taint.value.clone().unwrap_or_default());
    let strangers: Vec<&std::sync::Arc<Pod>> = after
        .store()
        .list::<Pod>()
        .filter(|pod| {
            pod::is_active(pod)
                && !model
                    .is_some_and(|model| convert::tolerations(pod).iter().any(|toleration| toleration.tolerates(model)))
        })
        .collect();
    let there: Vec<String> = strangers
        .iter()
        .filter(|pod| pod::node_name(pod) == Some(name) && !pod::is_static(pod))
        .filter_map(|pod| pod.metadata.name.clone())
        .collect();
    let mut text = format!(
        "{name} is open to every pod: {} pods of this cluster do not tolerate {}",
        strangers.len(),
        taint_text(taint)
    );
    if !there.is_empty() {
        text.push_str(&format!("; there already: {}", there.join(", ")));
    }
    text
}
