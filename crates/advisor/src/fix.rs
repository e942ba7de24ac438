//! What is the smallest cure: edits that causes suggest, tried on forks, ranked by what they leave behind and what they cost.

mod consequences;
mod edit;
mod edits;
mod goal;
mod judge;
mod keepers;
mod missing;
mod parts;
mod search;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sim_cluster::{Change, Cluster, Counts, Object, Refused};
use sim_kubectl::{Command, commands};

pub use consequences::CureClass;
use consequences::{Baseline, Consequences};
use edit::Edit;
pub use goal::Goal;
use goal::{Owner, Target};
use keepers::keepers;
use missing::missing_kinds;
use parts::{Solved, solve};
pub use search::Progress;
use search::{Budget, Cure};

use crate::conflict::{Conflict, conflicting};
use crate::diagnosis::{Clues, RootCause, Symptom, Thing, ThingKind, causes};
use crate::what_if::PodChange;

/// What an object that is touched costs.
const PER_OBJECT: usize = 1;
/// What a pod that is disturbed costs.
const PER_POD: usize = 3;
/// What a machine that is added costs.
const PER_MACHINE: usize = 15;
/// What a guarantee that is weakened costs.
const PER_GUARANTEE: usize = 10;

/// The cures of a cluster: `apiVersion: sim/v1`, `kind: FixResult`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FixResult {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `FixResult`.
    pub kind: String,
    /// The version whose rules held, e.g. `v1.16.0`.
    pub kubernetes_version: String,
    /// What every answer reaches.
    pub goal: String,
    /// Whether it holds already.
    pub already_holds: bool,
    /// When time alone reaches it, in virtual time: then nothing needs to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_alone: Option<String>,
    /// The cures, best first.
    pub answers: Vec<Answer>,
    /// Edits that come to mind and do not reach the goal by themselves, and why.
    pub vain: Vec<Vain>,
    /// Edits that are often made with these and are not needed, and what they would open.
    pub not_needed: Vec<String>,
    /// The causes that no answer removes, with the pods that wait on: what there is no answer for, or what all of them
    /// leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stays: Vec<RootCause>,
    /// For pods that no answer gives a place: the smallest sets of their constraints that no node meets together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// How many futures were run.
    pub runs: usize,
    /// Whether the search was ended before everything was tried.
    pub is_cut: bool,
    /// How the cost of an answer is made up.
    pub cost_rule: String,
    /// What the input lacks or the run does not model, and what that could change.
    pub notes: Vec<String>,
}

/// One cure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// What is done, an item for each edit.
    pub edits: Vec<String>,
    /// Whether it removes the cause, lives with it, or hides it.
    pub class: CureClass,
    /// What it costs.
    pub cost: Cost,
    /// What to type, in this order, and what takes it back.
    pub commands: Vec<Command>,
    /// Settings that keep the cure from being lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
    /// When the goal was reached, in virtual time; it held for an hour more.
    pub settled_at: String,
    /// Why it comes back, when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// What somebody took back while time went on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<String>,
    /// The guarantees that it weakens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weakens: Vec<String>,
    /// Guarded nodes that it opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opens: Vec<String>,
    /// Pods before.
    pub before: Counts,
    /// Pods an hour after.
    pub after: Counts,
    /// Every pod that is not as it was.
    pub pods: Vec<PodChange>,
    /// What the answer is worth no more than.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// The changes themselves.
    #[serde(skip)]
    changes: Changes,
}

/// What a cure costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// The sum that answers are ranked by.
    pub total: usize,
    /// Objects that are touched.
    pub objects: usize,
    /// Pods that were well and are replaced, moved or gone.
    pub pods: usize,
    /// Machines that are added.
    pub machines: usize,
    /// Guarantees that are weakened.
    pub guarantees: usize,
}

/// An edit that does not reach the goal by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vain {
    /// The edit.
    pub edit: String,
    /// What came of it.
    pub because: String,
}

/// Changes of each edit, beside the document: two answers are equal when what they say is.
#[derive(Debug, Clone, Default)]
struct Changes(Vec<Vec<Change>>);

impl PartialEq for Changes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Changes {}

/// Why there is nothing to search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGoal {
    /// The goal is about nothing that is there.
    #[error("the goal selects nothing: there is no {0}")]
    SelectsNothing(String),
}

/// Searches for cures of a cluster as it is now. `go_on` is told of the progress and says whether there is time left.
///
/// # Errors
/// When the goal selects nothing.
pub fn fix(cluster: &Cluster, goal: &Goal, go_on: &mut dyn FnMut(Progress) -> bool) -> Result<FixResult, NoGoal> {
    let target = Target::new(goal, cluster);
    if !target.selects(cluster) {
        return Err(NoGoal::SelectsNothing(match goal {
            Goal::Pod(name) => format!("pod {name}"),
            Goal::Owner { namespace, owner } => {
                format!("{owner} in namespace {namespace} that has or should have pods")
            }
            Goal::AllWell | Goal::Expectation(_) => goal.to_string(),
        }));
    }
    let mut result = FixResult::untried(cluster, goal);
    result.already_holds = target.holds(cluster);
    if result.already_holds {
        return Ok(result);
    }
    if let Ok(waited) = judge::attempt(cluster, &[], &target)
        && waited.holds
    {
        result.time_alone = Some(waited.settled_at);
        return Ok(result);
    }
    let baseline = Baseline::of(cluster);
    let mut budget = Budget::new(go_on);
    let whole = target;
    let Solved { target, hopeless, found } = solve(cluster, &whole, &baseline, &mut budget);
    result.runs = budget.runs;
    result.is_cut = budget.is_cut;
    result.answers = found.cures.iter().map(|cure| answer(cluster, &baseline, cure, &target)).collect();
    result.answers.sort_by(|left, right| {
        (left.class, left.cost).cmp(&(right.class, right.cost)).then_with(|| left.edits.cmp(&right.edits))
    });
    // Two edits may be one where there is one node of a kind.
    let mut typed = BTreeSet::new();
    result
        .answers
        .retain(|answer| typed.insert(answer.commands.iter().map(|command| command.line.clone()).collect::<Vec<_>>()));
    let used = |edit: &Edit| result.answers.iter().any(|answer| answer.edits.contains(&edit.title));
    let vain = found.vain.iter().filter(|(edit, ..)| !used(edit));
    result.vain = vain.map(|(edit, undone, misses)| Vain::of(edit, undone, *misses)).collect();
    if result.answers.is_empty() {
        result.add_what_stays(&whole, &baseline, budget.is_over, |owner| whole.asks_about(owner, baseline.symptoms()));
        result.notes.extend(out_of_reach(cluster, goal));
    } else {
        if !hopeless.is_empty() {
            result.add_what_stays(&whole, &baseline, budget.is_over, |owner| hopeless.contains(owner));
        }
        result.not_needed = baseline.not_needed(&found.cures);
    }
    Ok(result)
}

impl FixResult {
    /// For a goal, before anything was tried.
    fn untried(cluster: &Cluster, goal: &Goal) -> Self {
        Self {
            api_version: "sim/v1".to_owned(),
            kind: "FixResult".to_owned(),
            kubernetes_version: cluster.setup().version.to_string(),
            goal: goal.to_string(),
            already_holds: false,
            time_alone: None,
            answers: Vec::new(),
            vain: Vec::new(),
            not_needed: Vec::new(),
            stays: Vec::new(),
            conflicts: Vec::new(),
            runs: 0,
            is_cut: false,
            cost_rule: format!(
                "{PER_OBJECT} for each object touched, {PER_POD} for each pod disturbed, {PER_MACHINE} for each machine added, {PER_GUARANTEE} for each guarantee weakened"
            ),
            notes: cluster.gaps(),
        }
    }

    /// Tells of the causes that the pods of some owners wait on for, and of what conflicts there. Who does not want to wait
    /// any longer is told the causes, and no more of them.
    fn add_what_stays(
        &mut self,
        whole: &Target,
        baseline: &Baseline<'_>,
        is_over: bool,
        is_left: impl Fn(&Owner) -> bool,
    ) {
        let (cluster, symptoms) = (baseline.cluster(), baseline.symptoms());
        let clues = if is_over { Vec::new() } else { Clues::of(cluster, symptoms) };
        let stay = causes(cluster, symptoms, baseline.graph(), &clues).into_iter().filter_map(|mut cause| {
            cause.affected.retain(|affected| is_left(&(affected.namespace.clone(), affected.owner.clone())));
            cause.pods = cause.affected.iter().map(|affected| affected.count).sum();
            (!cause.affected.is_empty()).then_some(cause)
        });
        self.stays = stay.collect();
        let left = symptoms.iter().filter(|symptom| !is_over && whole.is_about(symptom) && is_left(&symptom.of()));
        self.conflicts = left.filter_map(|symptom| conflict(cluster, symptom)).collect();
    }
}

impl Vain {
    /// An edit that was taken back, or after which so many pods still miss the goal.
    fn of(edit: &Edit, undone: &[String], misses: usize) -> Self {
        let (plural, verb) = if misses == 1 { ("", "misses") } else { ("s", "miss") };
        let still = format!("{misses} pod{plural} still {verb} the goal");
        Self { edit: edit.title.clone(), because: if undone.is_empty() { still } else { undone.join("; ") } }
    }
}

/// What no edit can bring about.
fn out_of_reach(cluster: &Cluster, goal: &Goal) -> Option<String> {
    let Goal::Expectation(expectation) = goal else { return None };
    let node = expectation.missing_node(cluster)?;
    Some(format!("the pods are to be on {node}, and no node is called that: no edit brings them there"))
}

/// The changes of every edit that the causes of a cluster suggest, tried or not.
pub fn candidate_changes(cluster: &Cluster) -> Vec<Vec<Change>> {
    edits::candidates(cluster, &Target::new(&Goal::AllWell, cluster)).into_iter().map(|edit| edit.changes).collect()
}

/// The changes of every edit that one thing suggests, tried or not.
pub fn changes_about(cluster: &Cluster, thing: &Thing) -> Vec<Vec<Change>> {
    edits::of_things(cluster, std::slice::from_ref(thing)).into_iter().map(|(_, edit)| edit.changes).collect()
}

/// What came of changes that somebody else thought of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Whether the goal is reached, at rest and an hour later.
    pub holds: bool,
    /// What somebody took back while time went on.
    pub undone: Vec<String>,
    /// Why it comes back, when it does.
    pub returns: Option<String>,
    /// Guarded nodes that it opens.
    pub opens: Vec<String>,
    /// Pods that were well and are replaced, moved or gone.
    pub disturbed: usize,
}

/// Tries changes as a cure: to rest and an hour beyond, and what they leave behind.
///
/// # Errors
/// When the cluster refuses one of them.
pub fn try_changes(cluster: &Cluster, changes: &[Change], goal: &Goal) -> Result<Tried, Refused> {
    let target = Target::new(goal, cluster);
    let edit = Edit::new("", changes.to_vec());
    let trialled = judge::attempt(cluster, &changes.iter().collect::<Vec<_>>(), &target)?;
    let Consequences { returns, opens, disturbed, .. } =
        Baseline::of(cluster).consequences(&trialled, &[&edit], &target);
    Ok(Tried { holds: trialled.holds, undone: trialled.undone, returns, opens, disturbed })
}

impl Answer {
    /// The changed objects as manifests, for a file each.
    ///
    /// # Errors
    /// Never for an answer of this cluster: its changes were made on it before.
    pub fn manifests(&self, cluster: &Cluster) -> Result<Vec<Object>, Refused> {
        sim_kubectl::manifests(cluster, &self.changes())
    }

    /// The commands of what no manifest says: pods that go, kubelets, machines.
    ///
    /// # Errors
    /// Never for an answer of this cluster.
    pub fn beside_manifests(&self, cluster: &Cluster) -> Result<Vec<String>, Refused> {
        let mut before = cluster.clone();
        let mut lines = Vec::new();
        for change in self.changes() {
            if sim_kubectl::manifests(&before, std::slice::from_ref(&change))?.is_empty() {
                lines.extend(commands(&before, &change).into_iter().map(|command| command.line));
            }
            before.make(&change)?;
        }
        Ok(lines)
    }

    /// The changes that the commands stand for.
    pub fn changes(&self) -> Vec<Change> {
        self.changes.0.concat()
    }

    /// The same without those of one edit.
    pub fn changes_without(&self, edit: usize) -> Vec<Change> {
        let others = self.changes.0.iter().enumerate().filter(|(index, _)| *index != edit);
        others.flat_map(|(_, changes)| changes.clone()).collect()
    }
}

/// Which constraints keep pods that wait for a node from every one.
fn conflict(cluster: &Cluster, symptom: &Symptom) -> Option<Conflict> {
    let pod = symptom.sample.as_deref().filter(|_| symptom.is_placed_by_nodes())?;
    let constraints = conflicting(cluster, pod);
    let Symptom { namespace, owner, .. } = symptom;
    let conflict = Conflict { namespace: namespace.clone(), owner: owner.clone(), constraints };
    (!conflict.constraints.is_empty()).then_some(conflict)
}

/// The one thing to do about a circle of things that wait for each other that costs least and does not only hide it: it was
/// done, and the pods of the circle were well an hour later.
pub(crate) fn cheapest_cut(cluster: &Cluster, circle: &[Thing]) -> Option<(Thing, Answer)> {
    let baseline = Baseline::of(cluster);
    let all = Target::new(&Goal::AllWell, cluster);
    let is_in = |symptom: &Symptom| circle.contains(&Thing::new(ThingKind::Pods, symptom.name()));
    let (inside, outside): (Vec<&Symptom>, Vec<&Symptom>) =
        baseline.symptoms().iter().partition(|symptom| is_in(symptom));
    let owners: BTreeSet<Owner> = inside.into_iter().map(Symptom::of).collect();
    let target = all.without(outside.into_iter().map(Symptom::of).filter(|owner| !owners.contains(owner)));
    let cuts = edits::of_things(cluster, circle).into_iter().filter_map(|(thing, edit)| {
        let trialled = judge::attempt(cluster, &edit.changes.iter().collect::<Vec<_>>(), &target).ok()?;
        let cure = trialled.holds.then(|| Cure { edits: vec![edit], trialled })?;
        Some((thing, answer(cluster, &baseline, &cure, &target)))
    });
    let lasting = cuts.filter(|(_, answer)| answer.class != CureClass::HidesCause);
    lasting.min_by_key(|(_, answer)| (answer.cost, answer.class))
}

fn answer(cluster: &Cluster, baseline: &Baseline<'_>, cure: &Cure, target: &Target) -> Answer {
    let edits: Vec<&Edit> = cure.edits.iter().collect();
    let Consequences { class, returns, opens, before, after, pods, disturbed, losses } =
        baseline.consequences(&cure.trialled, &edits, target);
    let changes: Vec<Change> = edits.iter().flat_map(|edit| edit.changes.clone()).collect();
    let mut fork = cluster.clone();
    let mut typed = Vec::new();
    for change in &changes {
        typed.extend(commands(&fork, change));
        // Each was made in this order when the cure was tried.
        if fork.make(change).is_err() {
            break;
        }
    }
    let weakens: Vec<String> = edits.iter().flat_map(|edit| edit.weakens.clone()).chain(losses).collect();
    let objects = typed.len().max(changes.len());
    let machines: usize = edits.iter().map(|edit| edit.machines).sum();
    let total = objects * PER_OBJECT
        + disturbed * PER_POD
        + machines * PER_MACHINE
        + (weakens.len() + opens.len()) * PER_GUARANTEE;
    Answer {
        edits: edits.iter().map(|edit| edit.title.clone()).collect(),
        class,
        cost: Cost { total, objects, pods: disturbed, machines, guarantees: weakens.len() + opens.len() },
        commands: typed,
        settings: edits.iter().flat_map(|edit| edit.settings.clone()).collect(),
        settled_at: cure.trialled.settled_at.clone(),
        returns,
        undone: cure.trialled.undone.clone(),
        weakens,
        opens,
        before,
        after,
        pods,
        limits: edits
            .iter()
            .flat_map(|edit| edit.limits.clone())
            .chain(keepers(cluster, &changes))
            .chain(missing_kinds(cluster, &changes))
            .collect(),
        changes: Changes(edits.iter().map(|edit| edit.changes.clone()).collect()),
    }
}
