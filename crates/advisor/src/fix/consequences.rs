//! What edits that reach the goal leave behind: whether the cause is gone or comes back, who was disturbed, what was opened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, Node, Taint};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{
    Change, Cluster, Counts, DeleteOptions, Kind, ObjectRef, Ownership, TaintPattern, convert, pod, taint_text,
};
use sim_core::model::Effect;

use super::edit::Edit;
use super::goal::{Owner, Target};
use super::judge::{Trialled, settle};
use super::missing::{has_controller, raises_priority};
use super::search::Cure;
use crate::diagnosis::{Blame, Symptom, ThingKind, WaitGraph, symptoms};
use crate::known_taints::known_taint;
use crate::node;
use crate::what_if::{PodChange, pod_changes};

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
    /// What of it cannot be undone or was promised, a clause each.
    pub(crate) losses: Vec<String>,
}

/// What is to be known of a cluster before anybody does anything, for the consequences of every answer.
pub(crate) struct Baseline<'a> {
    cluster: &'a Cluster,
    counts: Counts,
    symptoms: Vec<Symptom>,
    graph: WaitGraph,
    ownership: Ownership,
}

impl<'a> Baseline<'a> {
    pub(crate) fn of(cluster: &'a Cluster) -> Self {
        let symptoms = symptoms(cluster);
        Self {
            cluster,
            counts: Counts::of(cluster),
            graph: WaitGraph::of(cluster, &symptoms),
            ownership: Ownership::of(cluster.store()),
            symptoms,
        }
    }

    pub(crate) fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    pub(crate) fn symptoms(&self) -> &[Symptom] {
        &self.symptoms
    }

    pub(crate) fn graph(&self) -> &WaitGraph {
        &self.graph
    }

    /// What edits that reach the goal did besides.
    pub(crate) fn consequences(&self, trialled: &Trialled, edits: &[&Edit], target: &Target) -> Consequences {
        let pods = pod_changes(self.cluster, &trialled.after);
        let changes: Vec<&Change> = edits.iter().flat_map(|edit| &edit.changes).collect();
        let returns = returns(self.cluster, &trialled.after, &changes, target);
        let lost = self.lost(&trialled.after, &changes);
        let broken = if changes.iter().any(|change| raises_priority(change)) {
            self.broken_budgets(&trialled.after, &changes)
        } else {
            Vec::new()
        };
        let lost = lost.iter().map(|pod| format!("the pod {pod} is gone for good: nobody of the input makes it anew"));
        let broken = broken.iter().map(|budget| {
            format!("pods of the PodDisruptionBudget {budget}, which allows no disruption, give way: preemption only prefers to spare them")
        });
        let losses: Vec<String> = lost.chain(broken).collect();
        let class = if returns.is_some() || !trialled.undone.is_empty() {
            CureClass::HidesCause
        } else if self.is_still_there(&trialled.after) || edits.iter().any(|edit| edit.gives_up) || !losses.is_empty() {
            CureClass::LivesWithCause
        } else {
            CureClass::RemovesCause
        };
        let disturbed = pods.iter().filter(|change| is_disturbed(change)).count();
        let opens = opens(self.cluster, &trialled.after, &changes).into_iter();
        Consequences {
            class,
            returns,
            opens: opens.chain(self.admitted(&trialled.after)).collect(),
            before: self.counts,
            after: Counts::of(&trialled.after),
            disturbed,
            pods,
            losses,
        }
    }

    /// The budgets that allow no disruption and whose pods gave way.
    fn broken_budgets(&self, after: &Cluster, changes: &[&Change]) -> Vec<String> {
        // What is changed is rolled out, which asks no budget.
        let rolled: BTreeSet<Owner> = changes
            .iter()
            .flat_map(|change| change.names())
            .map(|object| {
                let owner = format!("{}/{}", object.kind, object.name);
                (object.namespace.unwrap_or_default(), owner)
            })
            .collect();
        let is_rolled = |pod: &Pod| {
            let owner = self.ownership.top(&pod.metadata).map(|owner| owner.to_string());
            owner.is_some_and(|owner| rolled.contains(&(pod.metadata.namespace.clone().unwrap_or_default(), owner)))
        };
        let strict = self.cluster.store().list::<PodDisruptionBudget>().filter(|budget| {
            budget
                .status
                .as_ref()
                .is_some_and(|status| status.disruptions_allowed == Some(0) && status.expected_pods > Some(0))
        });
        let gone: Vec<&Arc<Pod>> = self
            .cluster
            .store()
            .list::<Pod>()
            .filter(|pod| pod::is_active(pod) && pod::is_ready(pod) && !is_rolled(pod))
            .filter(|pod| {
                let of = |part: &Option<String>| part.clone().unwrap_or_default();
                after.store().find::<Pod>(&of(&pod.metadata.namespace), &of(&pod.metadata.name)).is_none()
            })
            .collect();
        let broken = strict.filter(|budget| {
            let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref()).map(convert::label_selector);
            let own = |pod: &&Arc<Pod>| {
                let labels = pod.metadata.labels.clone().unwrap_or_default();
                pod.metadata.namespace == budget.metadata.namespace
                    && selector.as_ref().is_some_and(|selector| selector.matches(&labels))
            };
            gone.iter().any(own)
        });
        let name = |budget: &Arc<PodDisruptionBudget>| {
            let namespace = budget.metadata.namespace.as_deref().unwrap_or_default();
            Some(format!("{namespace}/{}", budget.metadata.name.as_deref()?))
        };
        broken.filter_map(name).collect()
    }

    /// Pods that ran and are gone and that nobody of the input makes anew, but those that are to be deleted.
    fn lost(&self, after: &Cluster, changes: &[&Change]) -> Vec<String> {
        let is_asked = |pod: &Pod| {
            changes.iter().any(|change| match change {
                Change::Delete(target) | Change::DeleteWith { target, .. } => {
                    Kind::parse(&target.kind) == Some(Kind::Pod)
                        && Some(&target.name) == pod.metadata.name.as_ref()
                        && target.namespace.as_deref().unwrap_or("default")
                            == pod.metadata.namespace.as_deref().unwrap_or_default()
                }
                _ => false,
            })
        };
        let is_static = |pod: &Pod| pod::controller_of(&pod.metadata).is_some_and(|owner| owner.kind == "Node");
        let bare = self.cluster.store().list::<Pod>().filter(|pod| {
            !is_static(pod)
                && !has_controller(self.cluster, pod)
                && pod::node_name(pod).is_some()
                && pod::is_active(pod)
        });
        let gone = bare.filter(|pod| !is_asked(pod)).filter_map(|pod| {
            let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
            after.store().find::<Pod>(namespace, name).is_none().then(|| format!("{namespace}/{name}"))
        });
        gone.collect()
    }

    /// Whether what is to blame is still there: a taint, cordon or condition on a node that had it, a component that is stopped.
    fn is_still_there(&self, after: &Cluster) -> bool {
        let mut knots = self.graph.knots().map(|(_, knot)| knot);
        knots.any(|knot| match knot.thing.kind {
            ThingKind::Taint if knot.blame == Blame::Fault => knot.nodes.iter().any(|name| {
                let node = after.store().find::<Node>("", name);
                node.is_some_and(|node| node::taints(node).any(|taint| taint_text(taint) == knot.thing.name))
            }),
            ThingKind::NodeCondition => knot.nodes.iter().any(|name| {
                let node = after.store().find::<Node>("", name);
                node.is_some_and(|node| node::has_condition(node, &knot.thing.name))
            }),
            ThingKind::Component => after.stopped_components().any(|stopped| stopped == knot.thing.name),
            ThingKind::Cordon => knot.nodes.iter().any(|name| {
                let node = after.store().find::<Node>("", name);
                node.is_some_and(|node| node::is_cordoned(node))
            }),
            _ => false,
        })
    }

    /// Pods that now run on a node whose taint keeps others off, of owners whose pods it kept off before.
    fn admitted(&self, after: &Cluster) -> Vec<String> {
        let tolerates = |pod: &Pod, taint: &sim_core::model::Taint| {
            convert::tolerations(pod).iter().any(|toleration| toleration.tolerates(taint))
        };
        let mut taints: BTreeMap<&str, Vec<(sim_core::model::Taint, String)>> = BTreeMap::new();
        for node in after.store().list::<Node>() {
            let texts = node::taints(node).map(taint_text);
            let own = convert::taints(node).into_iter().zip(texts).filter(|(taint, _)| {
                // Kubernetes' own taints tell of a state: who tolerates one gets by with it, and is let in to nothing.
                let tells_state = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];
                taint.effect != Effect::PreferNoSchedule && !tells_state.iter().any(|own| taint.key.starts_with(own))
            });
            let own: Vec<_> = own.collect();
            if !own.is_empty() {
                taints.insert(node.metadata.name.as_deref().unwrap_or_default(), own);
            }
        }
        if taints.is_empty() {
            return Vec::new();
        }
        let owners_after = Ownership::of(after.store());
        let mut strangers: BTreeMap<(String, String), Vec<&Pod>> = BTreeMap::new();
        for pod in self.cluster.store().list::<Pod>() {
            let owner =
                self.ownership.top(&pod.metadata).filter(|owner| !matches!(owner.kind.as_str(), "DaemonSet" | "Node"));
            if let Some(owner) = owner {
                let namespace = pod.metadata.namespace.clone().unwrap_or_default();
                strangers.entry((namespace, owner.to_string())).or_default().push(pod);
            }
        }
        let mut admitted = BTreeSet::new();
        for pod in after.store().list::<Pod>() {
            let Some(guards) = pod::node_name(pod).and_then(|node| taints.get(node)) else { continue };
            let Some(owner) = owners_after.top(&pod.metadata) else { continue };
            let Some(then) = strangers.get(&(pod.metadata.namespace.clone().unwrap_or_default(), owner.to_string()))
            else {
                continue;
            };
            for (taint, text) in guards {
                if tolerates(pod, taint) && !then.iter().any(|pod| tolerates(pod, taint)) {
                    admitted.insert(format!("pods of {owner} go to nodes that the taint {text} kept them off"));
                }
            }
        }
        admitted.into_iter().collect()
    }

    /// Guards of nodes that the answers leave alone although they, too, keep the pods off: often removed, never needed.
    pub(crate) fn not_needed(&self, cures: &[Cure]) -> Vec<String> {
        let edits = cures.iter().flat_map(|cure| &cure.edits);
        let removed: Vec<&TaintPattern> = edits
            .flat_map(|edit| &edit.changes)
            .filter_map(|change| if let Change::Untaint { taint, .. } = change { Some(taint) } else { None })
            .collect();
        let tainted = self.graph.knots().filter(|(_, knot)| knot.thing.kind == ThingKind::Taint);
        let blamed: BTreeSet<&String> = tainted.flat_map(|(_, knot)| &knot.nodes).collect();
        let mut notes = Vec::new();
        for node in self.cluster.store().list::<Node>() {
            let Some(name) = node.metadata.name.as_deref().filter(|name| blamed.contains(&(*name).to_owned())) else {
                continue;
            };
            for taint in node::taints(node) {
                let text = taint_text(taint);
                let guards = known_taint(&taint.key).is_some_and(|known| known.is_meant_to_stay());
                if guards && !removed.iter().any(|pattern| pattern.matches(taint)) {
                    notes.push(format!(
                        "removing {text} from {name} is not needed: the goal is reached without it. With it {}",
                        opened_to(self.cluster, node, taint)
                    ));
                }
            }
        }
        notes
    }
}

/// A pod that was well and is another one now, or gone.
fn is_disturbed(change: &PodChange) -> bool {
    let Some(before) = &change.before else { return false };
    let was_well = before.node.is_some() && before.state == "Running";
    was_well && change.after.as_ref().is_none_or(|after| after.name != before.name || after.node != before.node)
}

/// Whether what the edits took away comes back: with the next node, with the machine that replaces one, or with the next
/// pods of the same owners.
fn returns(before: &Cluster, after: &Cluster, changes: &[&Change], target: &Target) -> Option<String> {
    taint_returns(before, after, changes, target)
        .or_else(|| label_is_lost(before, after, changes, target))
        .or_else(|| next_pods_wait(before, after, changes, target))
}

/// Whether a taint is on the next node, or the pods wait as before when the nodes that are there register anew and the pods
/// begin again beside them.
fn taint_returns(before: &Cluster, after: &Cluster, changes: &[&Change], target: &Target) -> Option<String> {
    for change in changes {
        let Change::Untaint { node: from, taint } = change else { continue };
        // The guard of a node by its role is on the next node of that role, as it should be.
        if known_taint(&taint.key).is_some_and(|known| known.is_meant_to_stay()) {
            continue;
        }
        let carriers: Vec<(String, Taint)> = before
            .store()
            .list::<Node>()
            .filter(|node| from.is_none() || node.metadata.name == *from)
            .filter_map(|node| {
                Some((node.metadata.name.clone()?, node::taints(node).find(|there| taint.matches(there))?.clone()))
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
            new.is_some_and(|node| node::taints(node).any(|there| taint.matches(there)))
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

/// Whether the pods wait again when another machine takes the place of a node that got its labels by hand.
fn label_is_lost(before: &Cluster, after: &Cluster, changes: &[&Change], target: &Target) -> Option<String> {
    for change in changes {
        let Change::Label { target: labelled, set, .. } = change else { continue };
        if Kind::parse(&labelled.kind) != Some(Kind::Node) {
            continue;
        }
        // A machine that is bought for its place has the labels of its place.
        let Some(was) = before.store().find::<Node>("", &labelled.name) else { continue };
        let old = |key: &str| was.metadata.labels.as_ref().and_then(|labels| labels.get(key)).cloned();
        let back = Change::Label {
            target: labelled.clone(),
            set: set.iter().filter_map(|(key, _)| Some((key.clone(), old(key)?))).collect(),
            remove: set.iter().filter(|(key, _)| old(key).is_none()).map(|(key, _)| key.clone()).collect(),
        };
        let replace = [
            back,
            Change::AddNode { from: labelled.name.clone(), count: 1 },
            Change::RemoveNode(labelled.name.clone()),
        ];
        let mut fork = after.clone();
        if replace.iter().any(|change| fork.make(change).is_err()) {
            continue;
        }
        settle(&mut fork);
        if !target.holds(&fork) {
            let labels: Vec<String> = set.iter().map(|(key, value)| format!("{key}={value}")).collect();
            return Some(format!(
                "the machine that replaces {} comes up without {}, and the pods wait as before",
                labelled.name,
                labels.join(", ")
            ));
        }
    }
    None
}

/// Whether the pods that owners make next wait as those did that were changed or deleted by hand.
fn next_pods_wait(before: &Cluster, after: &Cluster, changes: &[&Change], target: &Target) -> Option<String> {
    let is_owned = |pod: &ObjectRef| {
        let namespace = pod.namespace.as_deref().unwrap_or("default");
        let found = before.store().find::<Pod>(namespace, &pod.name);
        Kind::parse(&pod.kind) == Some(Kind::Pod)
            && found.is_some_and(|pod| pod::controller_of(&pod.metadata).is_some())
    };
    let by_hand = changes.iter().any(|change| match change {
        Change::Patch { target, .. } | Change::Delete(target) => is_owned(target),
        _ => false,
    });
    if !by_hand {
        return None;
    }
    let ownership = Ownership::of(after.store());
    let waiting: BTreeSet<&Owner> = target.waiting_owners().collect();
    let mut fork = after.clone();
    make_anew(&mut fork, |pod| {
        let owner = ownership.top(&pod.metadata);
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        owner.is_some_and(|owner| waiting.contains(&(namespace, owner.to_string())))
    });
    settle(&mut fork);
    (!target.holds(&fork)).then(|| "the next pods of the same owners wait as these did".to_owned())
}

/// Deletes pods that an owner makes anew.
fn make_anew(fork: &mut Cluster, is_meant: impl Fn(&Pod) -> bool) {
    let pods = fork.store().list::<Pod>().filter(|pod| is_meant(pod));
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
}

/// Whether the goal is reached after a start from nothing: the nodes have their taint again and every pod that an owner
/// makes anew is made anew.
fn starts_anew(after: &Cluster, carriers: &[(String, Taint)], target: &Target) -> bool {
    let mut fork = after.clone();
    for (node, taint) in carriers {
        // A node that is gone needs none.
        let _ = fork.make(&Change::Taint { node: Some(node.clone()), taint: taint.clone() });
    }
    make_anew(&mut fork, |pod| pod::controller_of(&pod.metadata).is_some_and(|owner| owner.kind != "Node"));
    settle(&mut fork);
    target.holds(&fork)
}

fn names(cluster: &Cluster) -> BTreeSet<String> {
    cluster.store().list::<Node>().filter_map(|node| node.metadata.name.clone()).collect()
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
            let Some(lost) = node::taints(node).find(|there| taint.matches(there)) else { continue };
            let still = after.store().find::<Node>("", name);
            if still.is_none_or(|node| node::taints(node).any(|there| taint.matches(there))) {
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

/// `n1 is open to the 5 of 7 pods that do not tolerate TAINT; 2 are there already: a, b`.
fn opened_to(after: &Cluster, node: &Node, taint: &Taint) -> String {
    let name = node.metadata.name.as_deref().unwrap_or_default();
    let models = convert::taints(node);
    let model =
        models.iter().find(|model| model.key == taint.key && model.value == taint.value.clone().unwrap_or_default());
    let strangers: Vec<&Arc<Pod>> = after
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
