//! Causes rather than symptoms: what is wrong with the pods of a cluster, traced to where it comes from.
//!
//! Each symptom is followed through what it waits for until nothing more is behind it, or until the trace meets itself: a
//! deadlock. The causes are then told by what the cluster says, and a fork that runs on proves whether time alone cures them.

mod clues;
mod component;
mod creation;
mod draw;
mod eviction;
mod graph;
mod outlook;
mod placement;
mod readiness;
mod story;
mod symptom;
mod thing;
mod wait;
pub(crate) mod webhook;

use std::collections::BTreeSet;

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sim_cluster::Cluster;

use crate::meant_nodes::meant_nodes;
use crate::oddity::{Oddity, oddities};
use crate::words;

pub use clues::Clues;
pub(crate) use component::{CLOUD_CONTROLLER_MANAGER, NETWORK_PLUGIN};
pub use draw::{Drawing, draw};
use graph::Root;
pub(crate) use graph::{Knot, WaitGraph};
use outlook::Future;
pub use outlook::{Outlook, Verdict};
use petgraph::graph::NodeIndex;
pub(crate) use placement::host_port_holders;
use story::tell;
pub(crate) use symptom::{State, Symptom, symptoms};
pub use thing::{Thing, ThingKind};
pub(crate) use wait::Blame;

/// What is wrong with a cluster and where it comes from: `apiVersion: sim/v1`, `kind: Diagnosis`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `Diagnosis`.
    pub kind: String,
    /// The version whose rules held, e.g. `v1.16.0`.
    pub kubernetes_version: String,
    /// Virtual time since the start, e.g. `25m`.
    pub at: String,
    /// Root causes, those of most pods first.
    pub causes: Vec<RootCause>,
    /// What is odd about the cluster: it stops nobody now and explains later trouble.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<Oddity>,
    /// What the run did not model and what that could change.
    pub notes: Vec<String>,
}

/// One root cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootCause {
    /// The thing that has to change; for a deadlock the things that wait for each other, in turn.
    pub things: Vec<Thing>,
    /// What is wrong, in one line.
    pub title: String,
    /// How many pods wait for it.
    pub pods: usize,
    /// Which ones, by owner, and how they are seen.
    pub affected: Vec<Affected>,
    /// Why they wait.
    pub why: String,
    /// The nodes concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// Who set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    /// Who should have cleared it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_by: Option<String>,
    /// Why that did not happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_cleared_because: Option<String>,
    /// From the pods to the cause, a line for each step; for a deadlock the way round.
    pub path: Vec<String>,
    /// Whether the things wait for each other, so that nobody begins.
    pub is_deadlock: bool,
    /// For a deadlock, the link that is cheapest to cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// Since when the first pod is so, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What becomes of it when nobody does anything.
    pub outlook: Outlook,
}

/// The link of a circle that is cheapest to cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cut {
    /// The link: which of the things waits for which.
    pub link: String,
    /// What is done about it.
    pub edit: String,
    /// What that costs, as `sim fix` counts it.
    pub cost: usize,
    /// How the run showed that it dissolves the circle.
    pub proof: String,
}

/// Pods of one owner that a cause concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Affected {
    /// Their namespace.
    pub namespace: String,
    /// The workload at the top of their owners, e.g. `deployment/coredns`.
    pub owner: String,
    /// `pending`, `not created`, `not ready`, `failed` or `terminating`.
    pub state: String,
    /// How many.
    pub count: usize,
    /// Their names, as namespace/name; none for pods that were never created.
    pub pods: Vec<String>,
    /// What is said of them.
    pub sentence: String,
    /// Other causes that the same pods wait for: this one alone out of the way, they wait on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_waits_for: Vec<String>,
    /// The nodes that a DaemonSet was meant for that wants no pod, as far as its selector or one near it says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meant_for: Vec<String>,
    /// What is not said of them, when they have no node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clues: Option<Clues>,
}

/// Diagnoses a cluster as it is now.
pub fn diagnose(cluster: &Cluster) -> Diagnosis {
    let symptoms = symptoms(cluster);
    let graph = WaitGraph::of(cluster, &symptoms);
    let clues = Clues::of(cluster, &symptoms);
    let causes = causes(cluster, &symptoms, &graph, &clues);
    Diagnosis {
        api_version: "sim/v1".to_owned(),
        kind: "Diagnosis".to_owned(),
        kubernetes_version: cluster.setup().version.to_string(),
        at: sim_cluster::format_millis(cluster.now_ms()),
        causes,
        oddities: oddities(cluster),
        notes: cluster.gaps(),
    }
}

/// The root causes of what is wrong, with what is known of each symptom.
pub(crate) fn causes(
    cluster: &Cluster,
    symptoms: &[Symptom],
    graph: &WaitGraph,
    clues: &[Option<Clues>],
) -> Vec<RootCause> {
    let roots = graph.roots(symptoms);
    let future = (!symptoms.is_empty()).then(|| Future::of(cluster));
    let traced = Traced { cluster, symptoms, graph, clues };
    let mut causes: Vec<RootCause> =
        roots.iter().filter_map(|root| Some(traced.cause(root, future.as_ref()?))).collect();
    causes.sort_by(|left, right| {
        let key = |cause: &RootCause| (std::cmp::Reverse(cause.pods), !cause.is_deadlock);
        key(left).cmp(&key(right)).then_with(|| left.things.cmp(&right.things))
    });
    tell_of_each_other(&mut causes);
    causes
}

/// Symptoms and what they were traced to.
struct Traced<'a> {
    cluster: &'a Cluster,
    symptoms: &'a [Symptom],
    graph: &'a WaitGraph,
    clues: &'a [Option<Clues>],
}

/// Pods that are listed under several causes wait for all of them: each says so.
fn tell_of_each_other(causes: &mut [RootCause]) {
    let same = |left: &Affected, right: &Affected| {
        left.namespace == right.namespace
            && left.owner == right.owner
            && left.state == right.state
            && left.sentence == right.sentence
    };
    for at in 0..causes.len() {
        for of in 0..causes[at].affected.len() {
            let others = causes.iter().enumerate().filter(|(other, _)| *other != at);
            let others = others.filter(|(_, cause)| cause.affected.iter().any(|it| same(it, &causes[at].affected[of])));
            let titles = others.map(|(_, cause)| cause.title.clone()).collect();
            causes[at].affected[of].also_waits_for = titles;
        }
    }
}

impl Traced<'_> {
    fn cause(&self, root: &Root, future: &Future) -> RootCause {
        let Self { cluster, symptoms, graph, clues } = *self;
        let concerned: Vec<&Symptom> = root.symptoms.iter().filter_map(|index| symptoms.get(*index)).collect();
        let things: Vec<Thing> =
            root.things.iter().filter_map(|at| graph.get(*at)).map(|knot| knot.thing.clone()).collect();
        let way = way_to(graph, &concerned, root);
        let knots: Vec<&graph::Knot> = way.iter().filter_map(|at| graph.get(*at)).collect();
        let told = if root.is_circle {
            circle_story(graph, root)
        } else {
            knots.last().map(|last| tell(cluster, last, &knots)).unwrap_or_default()
        };
        let owners: BTreeSet<(String, String)> =
            concerned.iter().map(|symptom| (symptom.namespace.clone(), symptom.owner.clone())).collect();
        let since: Option<Timestamp> = concerned.iter().filter_map(|symptom| symptom.since).min();
        let nodes: BTreeSet<&String> =
            root.things.iter().filter_map(|at| graph.get(*at)).flat_map(|knot| &knot.nodes).collect();
        RootCause {
            cut: if root.is_circle { cut(cluster, graph, root, &things) } else { None },
            things,
            title: told.title,
            pods: concerned.iter().map(|symptom| symptom.count).sum(),
            affected: root
                .symptoms
                .iter()
                .filter_map(|index| {
                    Some(Affected::of(cluster, symptoms.get(*index)?, clues.get(*index).cloned().flatten()))
                })
                .collect(),
            why: if concerned.iter().any(|symptom| symptom.sentence == told.why) { String::new() } else { told.why },
            nodes: nodes.into_iter().cloned().collect(),
            set_by: told.set_by,
            cleared_by: told.cleared_by,
            not_cleared_because: told.not_cleared,
            path: steps(graph, &way, root.is_circle),
            is_deadlock: root.is_circle,
            since: since.map(|since| since.to_string()),
            outlook: future.outlook(&owners),
        }
    }
}

impl Affected {
    fn of(cluster: &Cluster, symptom: &Symptom, clues: Option<Clues>) -> Self {
        let sample = symptom.sample.as_deref().filter(|_| symptom.state == State::NoneDesired);
        Self {
            clues,
            namespace: symptom.namespace.clone(),
            owner: symptom.owner.clone(),
            state: symptom.state.as_str().to_owned(),
            count: symptom.count,
            pods: symptom.pods.clone(),
            sentence: symptom.sentence.clone(),
            also_waits_for: Vec::new(),
            meant_for: sample.map(|pod| meant_nodes(cluster, pod).into_iter().collect()).unwrap_or_default(),
        }
    }
}

/// From the first symptom to the cause; for a deadlock the circle.
fn way_to(graph: &WaitGraph, concerned: &[&Symptom], root: &Root) -> Vec<NodeIndex> {
    if root.is_circle {
        return root.things.clone();
    }
    let start = concerned.first().map(|symptom| Thing::new(ThingKind::Pods, symptom.name()));
    let start = start.and_then(|start| graph.index_of(&start));
    let end = root.things.first().copied();
    match (start, end) {
        (Some(start), Some(end)) if start != end => graph.path(start, end, &|_| true).unwrap_or_else(|| vec![end]),
        _ => root.things.clone(),
    }
}

fn steps(graph: &WaitGraph, way: &[NodeIndex], is_circle: bool) -> Vec<String> {
    let back = is_circle.then(|| way.first().copied()).flatten();
    let ends = way.iter().skip(1).copied().chain(back);
    let pairs = way.iter().copied().zip(ends);
    let steps = pairs.filter_map(|(from, to)| {
        let (left, right) = (graph.get(from)?, graph.get(to)?);
        let on = if right.nodes.is_empty() { String::new() } else { format!(" on {}", words::nodes(&right.nodes)) };
        Some(format!("{} {} {}{on}", left.thing, graph.verb(from, to), right.thing))
    });
    steps.collect()
}

/// The link of a circle that is cheapest to cut, and what cuts it.
fn cut(cluster: &Cluster, graph: &WaitGraph, root: &Root, things: &[Thing]) -> Option<Cut> {
    let (cut, answer) = crate::fix::cheapest_cut(cluster, things)?;
    let at = things.iter().position(|thing| *thing == cut)?;
    let before = (at + things.len() - 1) % things.len();
    let (from, to) = (*root.things.get(before)?, *root.things.get(at)?);
    let settled = &answer.settled_at;
    Some(Cut {
        link: format!("{} {} {cut}", things.get(before)?, graph.verb(from, to)),
        edit: answer.edits.join("; and "),
        cost: answer.cost.total,
        proof: format!("with it the pods of the circle are well at {settled}, and an hour later"),
    })
}

fn circle_story(graph: &WaitGraph, root: &Root) -> story::Story {
    let names: Vec<String> =
        root.things.iter().filter_map(|at| graph.get(*at)).map(|knot| knot.thing.to_string()).collect();
    story::Story {
        title: format!("each waits for the next, in a circle: {}", names.join(" → ")),
        why: String::new(),
        ..story::Story::default()
    }
}
