//! Two clusters compared: pods with the reasons why they are where they are, nodes, and objects that only one has.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Node;
use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Counts, Kind, NodeResult, RunResult, taint_text};
use sim_core::quantity::Quantity;

use crate::explain::{NodeVerdict, PodExplanation, explain_pod};
use crate::node;
use crate::pending::{Cause, causes};
use crate::what_if::{PodChange, PodState, compare};

/// Reasons are looked for on behalf of so many groups of pods; the other groups go without.
const EXPLAINED: usize = 100;
/// So many of what stands in a pod's way is told.
const CAUSES: usize = 4;

/// Two clusters compared, as one versioned document: `apiVersion: sim/v1`, `kind: DiffResult`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffResult {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `DiffResult`.
    pub kind: String,
    /// Whether there is no difference.
    pub alike: bool,
    /// The one side.
    pub left: DiffSide,
    /// The other side.
    pub right: DiffSide,
    /// The pods that differ. Pods with other names that one owner has on one node are not told apart.
    pub pods: Vec<PodDifference>,
    /// The nodes that differ.
    pub nodes: Vec<NodeDifference>,
    /// The objects that only one side has; pods, nodes, events and leases aside.
    pub objects: Vec<ObjectDifference>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffSide {
    /// What it was made of: files, configuration, changes.
    pub name: String,
    /// The version whose rules held.
    pub kubernetes_version: String,
    /// Counts of pods.
    pub counts: Counts,
}

/// A pod that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodDifference {
    /// The pod on the left; absent when it is not there.
    pub left: Option<PodState>,
    /// The pod on the right; absent when it is not there.
    pub right: Option<PodState>,
    /// Why it waits on one side, or why it is on another node: which filter refuses it, or what the nodes score. It is
    /// found by asking at the end.
    pub because: Vec<String>,
}

/// A node that differs: what is true of it on one side only. All of a node that is not on the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeDifference {
    /// The node.
    pub name: String,
    /// What is true on the left only, e.g. `taint a=b:NoSchedule`, `label disk=ssd`, `Ready`.
    pub left: Vec<String>,
    /// What is true on the right only.
    pub right: Vec<String>,
    /// The one side that has the node, when the other does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Side>,
}

/// An object that only one side has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDifference {
    /// The kind.
    pub kind: String,
    /// Its namespace; absent when it has none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Which side has it.
    pub only: Side,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// Compares two clusters as they are now; the names say what they are.
pub fn diff(left: (&str, &Cluster), right: (&str, &Cluster)) -> DiffResult {
    let ((left_name, left), (right_name, right)) = (left, right);
    let (then, now) = (RunResult::of(left, Vec::new()), RunResult::of(right, Vec::new()));
    // Two versions say the same thing in other words.
    let same_words = left.setup().version == right.setup().version;
    let changes = compare(&then.pods, &now.pods).into_iter().filter(|change| differs(change, same_words));
    let mut reasons = Reasons { left, right, known: BTreeMap::new() };
    let pods: Vec<PodDifference> = changes
        .map(|change| {
            let because = reasons.of(&change);
            PodDifference { left: change.before, right: change.after, because }
        })
        .collect();
    let (nodes, objects) = (compare_nodes(left, right), compare_objects(left, right));
    let side = |name: &str, result: RunResult| DiffSide {
        name: name.to_owned(),
        kubernetes_version: result.kubernetes_version,
        counts: result.counts,
    };
    DiffResult {
        api_version: "sim/v1".to_owned(),
        kind: "DiffResult".to_owned(),
        alike: pods.is_empty() && nodes.is_empty() && objects.is_empty(),
        left: side(left_name, then),
        right: side(right_name, now),
        pods,
        nodes,
        objects,
    }
}

/// Whether two pods differ in more than a name that was drawn.
fn differs(change: &PodChange, same_words: bool) -> bool {
    let shown = |state: &PodState| {
        let message = state.message.clone().filter(|_| same_words);
        (state.state.clone(), state.node.clone(), message)
    };
    change.before.as_ref().map(shown) != change.after.as_ref().map(shown)
}

/// Pods of one owner that differ in the same way: the owner, and where they are on either side.
type Group = (String, Option<String>, Option<Option<String>>, Option<Option<String>>);

struct Reasons<'a> {
    left: &'a Cluster,
    right: &'a Cluster,
    known: BTreeMap<Group, Vec<String>>,
}

impl Reasons<'_> {
    fn of(&mut self, change: &PodChange) -> Vec<String> {
        let find = |cluster: &Cluster, state: &Option<PodState>| {
            let state = state.as_ref()?;
            cluster.store().find::<Pod>(&state.namespace, &state.name).cloned()
        };
        let (then, now) = (find(self.left, &change.before), find(self.right, &change.after));
        let node = |state: &Option<PodState>| state.as_ref().map(|state| state.node.clone());
        let owner = now.as_ref().or(then.as_ref()).and_then(|pod| {
            let owner = sim_cluster::pod::controller_of(&pod.metadata)?;
            Some(format!("{}/{}", owner.kind, owner.name))
        });
        let of_one = change.after.as_ref().or(change.before.as_ref());
        let namespace = of_one.map(|state| state.namespace.clone()).unwrap_or_default();
        // A pod without an owner is a group of its own.
        let owner = owner.or_else(|| of_one.map(|state| state.name.clone()));
        let group = (namespace, owner, node(&change.before), node(&change.after));
        if let Some(known) = self.known.get(&group) {
            return known.clone();
        }
        if self.known.len() >= EXPLAINED {
            return Vec::new();
        }
        let because = self.look_for(change, then.as_deref(), now.as_deref());
        self.known.insert(group, because.clone());
        because
    }

    fn look_for(&self, change: &PodChange, then: Option<&Pod>, now: Option<&Pod>) -> Vec<String> {
        let (Some(before), Some(after)) = (&change.before, &change.after) else { return Vec::new() };
        let (Some(then), Some(now)) = (then, now) else { return Vec::new() };
        match (&before.node, &after.node) {
            (Some(from), Some(to)) if from != to => {
                let right = why_not(self.right, "right", now, to, from);
                let left = why_not(self.left, "left", then, from, to);
                // What cannot be says it all; otherwise what either side prefers.
                match (right, left) {
                    (Why::Barred(reasons), _) | (_, Why::Barred(reasons)) => reasons,
                    (Why::Preferred(right), Why::Preferred(left)) => vec![right, left],
                }
            }
            (_, None) => obstacles(self.right, "right", now),
            (None, _) => obstacles(self.left, "left", then),
            _ => Vec::new(),
        }
    }
}

/// What stands in the way of a pod that waits on one side.
fn obstacles(cluster: &Cluster, side: &str, pod: &Pod) -> Vec<String> {
    let causes = causes(cluster, pod);
    let mut told: Vec<String> = causes
        .iter()
        .take(CAUSES)
        .map(|cause| {
            let nodes = match cause.nodes() {
                [] => String::new(),
                [one] => format!(", {one}"),
                [one, rest @ ..] => format!(", {one} and {} more", rest.len()),
            };
            match cause {
                Cause::Taint(taint) => format!("{side}{nodes}: taint {} is not tolerated", taint.taint),
                Cause::Other { reason, detail: Some(detail), .. } => format!("{side}{nodes}: {reason} ({detail})"),
                Cause::Other { reason, detail: None, .. } => format!("{side}{nodes}: {reason}"),
            }
        })
        .collect();
    if causes.len() > CAUSES {
        told.push(format!("{side}: and {} more reasons", causes.len() - CAUSES));
    }
    told
}

/// Why a pod is on one node and not on another.
enum Why {
    /// The other cannot take it.
    Barred(Vec<String>),
    /// It could, and this one was taken.
    Preferred(String),
}

/// Why a pod of one side is on a node, and not on the one where the other side has it.
fn why_not(cluster: &Cluster, side: &str, pod: &Pod, here: &str, there: &str) -> Why {
    let explanation = explain_pod(cluster, pod);
    let verdict = |name: &str| explanation.nodes.iter().find(|verdict| verdict.name == name);
    let Some(other) = verdict(there) else { return Why::Barred(vec![format!("{side}: there is no node {there}")]) };
    if !other.feasible {
        let refusals = other.refusals.iter().map(|refusal| {
            let reasons = refusal.reasons.join(", ");
            let plugins = refusal.plugins.join(", ");
            let details = refusal.details.join("; ");
            let details = if details.is_empty() { String::new() } else { format!(" ({details})") };
            format!("{side}: {there} refuses it: {plugins}: {reasons}{details}")
        });
        return Why::Barred(refusals.collect());
    }
    Why::Preferred(match verdict(here).filter(|own| own.feasible) {
        Some(own) => format!("{side}: {}", outscored(&explanation, own, other)),
        None => format!("{side}: asked now, {here} would not take it again"),
    })
}

/// What one node scores over another, plugin by plugin.
fn outscored(explanation: &PodExplanation, own: &NodeVerdict, other: &NodeVerdict) -> String {
    let (mine, its) = (own.total.unwrap_or(0), other.total.unwrap_or(0));
    if mine == its {
        return format!("{} and {} score alike ({mine}): the first of them is taken", own.name, other.name);
    }
    if mine < its {
        let would = explanation.node.as_deref().unwrap_or_default();
        return format!("asked now it would go to {would}: others came in between");
    }
    let weighted = |verdict: &NodeVerdict, plugin: &str| {
        verdict.scores.iter().find(|score| score.plugin == plugin).map_or(0, |score| score.weighted)
    };
    let decisive = own.scores.iter().filter_map(|score| {
        let against = weighted(other, &score.plugin);
        (score.weighted > against).then(|| format!("{} {} to {against}", score.plugin, score.weighted))
    });
    let decisive: Vec<String> = decisive.collect();
    format!("{} scores {mine}, {} {its}: {}", own.name, other.name, decisive.join(", "))
}

/// The nodes that differ, by name.
pub(crate) fn compare_nodes(left: &Cluster, right: &Cluster) -> Vec<NodeDifference> {
    let of = |cluster: &Cluster| -> BTreeMap<String, BTreeSet<String>> {
        let nodes = cluster.store().list::<Node>();
        nodes.map(|node| (node.metadata.name.clone().unwrap_or_default(), facts(node))).collect()
    };
    let (then, now) = (of(left), of(right));
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let none = BTreeSet::new();
    let differences = names.into_iter().map(|name| {
        let (before, after) = (then.get(name), now.get(name));
        let only = match (before, after) {
            (Some(_), None) => Some(Side::Left),
            (None, Some(_)) => Some(Side::Right),
            _ => None,
        };
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        NodeDifference {
            name: name.clone(),
            left: before.difference(after).cloned().collect(),
            right: after.difference(before).cloned().collect(),
            only,
        }
    });
    differences.filter(|node| node.only.is_some() || !node.left.is_empty() || !node.right.is_empty()).collect()
}

/// What is true of a node and matters to scheduling, a text each.
fn facts(node: &Node) -> BTreeSet<String> {
    let result = NodeResult::of(node);
    let mut facts = BTreeSet::from([if result.ready { "Ready" } else { "NotReady" }.to_owned()]);
    if !result.schedulable {
        facts.insert("SchedulingDisabled".to_owned());
    }
    let taints = node::taints(node);
    facts.extend(taints.map(|taint| format!("taint {}", taint_text(taint))));
    facts.extend(node.metadata.labels.iter().flatten().map(|(key, value)| format!("label {key}={value}")));
    let status = node.status.as_ref();
    let allocatable = status.and_then(|status| status.allocatable.as_ref());
    facts.extend(allocatable.into_iter().flatten().map(|(name, amount)| {
        let amount = amount.0.parse::<Quantity>().map_or_else(|_| amount.0.clone(), |amount| amount.to_string());
        format!("allocatable {name}={amount}")
    }));
    let kubelet = status.and_then(|status| status.node_info.as_ref()).map(|info| info.kubelet_version.clone());
    facts.extend(kubelet.filter(|version| !version.is_empty()).map(|version| format!("kubelet {version}")));
    facts
}

/// The objects that only one side has, by kind, namespace and name.
fn compare_objects(left: &Cluster, right: &Cluster) -> Vec<ObjectDifference> {
    type Identity = (String, Option<String>, String);
    let of = |cluster: &Cluster| -> BTreeSet<Identity> {
        let store = cluster.store();
        let kinds = Kind::ALL.iter().filter(|kind| !matches!(kind, Kind::Pod | Kind::Node | Kind::Event | Kind::Lease));
        let known = kinds.flat_map(|kind| store.objects(*kind));
        let known = known.map(|object| {
            (object.kind_name().to_owned(), object.namespace().map(str::to_owned), object.name().to_owned())
        });
        let others = store.others().map(|object| {
            let metadata = &object.metadata;
            (object.kind.clone(), metadata.namespace.clone(), metadata.name.clone().unwrap_or_default())
        });
        known.chain(others).collect()
    };
    let (then, now) = (of(left), of(right));
    let only = |side: Side| {
        move |(kind, namespace, name): &Identity| ObjectDifference {
            kind: kind.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            only: side,
        }
    };
    let left_only = then.difference(&now).map(only(Side::Left));
    left_only.chain(now.difference(&then).map(only(Side::Right))).collect()
}
