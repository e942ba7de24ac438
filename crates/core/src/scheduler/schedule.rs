//! The scheduling of one pod (`schedule_one.go`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::{ConfigFault, SchedulerConfig};
use super::course::Course;
use super::fit_error::FitError;
use super::framework::{Code, Cycle, CycleState, PostFilter, PreFilter, PreScore, Status};
use super::node_info::NodeInfo;
use super::plugins::{PluginName, VolumePlan, default_preemption, scheduling_gates, volume_binding};
use super::profile::{Profile, plugin};
use super::snapshot::Snapshot;
use crate::behaviour::{AbsentNodes, Behaviour, PluginErrors, PreFilterText};
use crate::model::Pod;
use crate::model::resources::PodRequests;
use crate::version::Version;

/// kube-scheduler of one version with its profiles. It keeps nothing between pods: what the real one keeps is a
/// [`Course`].
#[derive(Debug, Clone)]
pub struct Scheduler {
    behaviour: Behaviour,
    profiles: Vec<Profile>,
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It goes to a node.
    Placed(Placement),
    /// It fits nowhere.
    Unschedulable(Arc<FitError>),
    /// It is held back before any node is looked at; the text says by what.
    Gated(String),
    /// A plugin failed.
    Error(String),
}

/// Where a pod goes, and why there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The node chosen, of those with the greatest total: the first in node order, unless a [`Course`] draws.
    pub node: String,
    /// The nodes that passed every filter with their scores, in node order.
    pub scores: Vec<NodeScore>,
    /// What was said of the nodes that did not pass.
    pub refused: BTreeMap<String, Status>,
}

/// What a feasible node scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeScore {
    /// The node.
    pub node: String,
    /// The sum over the plugins.
    pub total: i64,
    /// What each plugin makes of the node. A plugin that had nothing to say is absent.
    pub by_plugin: Vec<PluginScore>,
}

/// What a plugin makes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginScore {
    /// The plugin.
    pub plugin: PluginName,
    /// What its Score says, in a unit of its own.
    pub raw: i64,
    /// The same after its NormalizeScore, of 0 to 100; to 10 in 1.16.
    pub normalized: i64,
    /// The plugin's weight in the profile.
    pub weight: i64,
    /// `normalized` times `weight`.
    pub weighted: i64,
}

impl Placement {
    /// The names of the nodes that passed every filter, in node order.
    pub fn feasible_nodes(&self) -> impl Iterator<Item = &str> {
        self.scores.iter().map(|score| score.node.as_str())
    }

    /// The nodes with the greatest total, in node order.
    pub fn best_nodes(&self) -> impl Iterator<Item = &str> {
        let best = self.scores.iter().map(|score| score.total).max();
        self.scores.iter().filter(move |score| Some(score.total) == best).map(|score| score.node.as_str())
    }
}

impl Scheduler {
    /// The scheduler of a version with its default profile.
    pub fn new(version: Version) -> Self {
        let behaviour = Behaviour::of(version);
        Scheduler { profiles: vec![Profile::standard(&behaviour)], behaviour }
    }

    /// The scheduler of a version as a KubeSchedulerConfiguration sets it up.
    ///
    /// # Errors
    /// Everything in the configuration that this version's scheduler would not start with.
    pub fn configured(version: Version, config: &SchedulerConfig) -> Result<Self, Vec<ConfigFault>> {
        let behaviour = Behaviour::of(version);
        Ok(Scheduler { profiles: Profile::all(&behaviour, config)?, behaviour })
    }

    /// The profiles, in the order of the configuration.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Whether a profile answers to the name that the pod asks for.
    pub fn serves(&self, pod: &Pod) -> bool {
        self.profiles.iter().any(|profile| profile.scheduler_name == pod.spec.scheduler_name)
    }

    /// The profile that the pod asks for; for one that nobody serves, the first.
    pub(crate) fn profile(&self, pod: &Pod) -> &Profile {
        let asked = self.profiles.iter().find(|profile| profile.scheduler_name == pod.spec.scheduler_name);
        // There is at least one profile: `Profile::all` fills in the default.
        asked.unwrap_or(&self.profiles[0])
    }

    pub(crate) fn cycle<'a>(&'a self, snapshot: &'a Snapshot, pod: &'a Pod, requests: &'a PodRequests) -> Cycle<'a> {
        Cycle { behaviour: &self.behaviour, profile: self.profile(pod), snapshot, pod, requests }
    }

    /// What differs in its version.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Why the pod may not even enter the queue, if so: its scheduling gates.
    pub fn pre_enqueue(&self, pod: &Pod) -> Status {
        if self.profile(pod).scheduling_gates {
            scheduling_gates::pre_enqueue(&self.behaviour, pod)
        } else {
            Status::success()
        }
    }

    /// Decides where the pod goes, looking at every node. The snapshot must be of the same version.
    pub fn schedule(&self, snapshot: &Snapshot, pod: &Pod) -> Decision {
        self.schedule_along(snapshot, pod, &mut Course::default())
    }

    /// Decides where the pod goes as one of a row of pods.
    pub fn schedule_along(&self, snapshot: &Snapshot, pod: &Pod, course: &mut Course) -> Decision {
        let gates = self.pre_enqueue(pod);
        if let Some(reason) = gates.reasons.first() {
            return Decision::Gated(reason.to_string());
        }
        let requests = PodRequests::of(pod, self.behaviour.requests);
        self.decide(&self.cycle(snapshot, pod, &requests), course)
    }

    /// Decides about a pod that its gates let through.
    pub(crate) fn decide(&self, cycle: &Cycle<'_>, course: &mut Course) -> Decision {
        if let Some(fault) = volume_binding::basic_check(cycle) {
            return Decision::Error(fault);
        }
        let mut state = CycleState::default();
        let found = find_feasible(cycle, &mut state, course);
        if let Some(error) = found.error {
            return Decision::Error(error);
        }
        if found.feasible.is_empty() {
            let mut error = self.fit_error(cycle, found);
            if error.node_count > 0 {
                post_filter(cycle, &state, &mut error);
            }
            return Decision::Unschedulable(Arc::new(error));
        }
        let scores = match score_nodes(cycle, &mut state, &found.feasible) {
            Ok(scores) => scores,
            Err(error) => return Decision::Error(error),
        };
        let best = scores.iter().map(|score| score.total).max();
        let equals: Vec<&NodeScore> = scores.iter().filter(|score| Some(score.total) == best).collect();
        let node = equals.get(course.pick(equals.len())).map(|score| score.node.clone());
        Decision::Placed(Placement { node: node.unwrap_or_default(), scores, refused: found.refused })
    }

    /// What is to be done for the pod's claims once it goes to the node.
    pub fn volume_plan(&self, snapshot: &Snapshot, pod: &Pod, node: &str) -> VolumePlan {
        let requests = PodRequests::of(pod, self.behaviour.requests);
        let cycle = self.cycle(snapshot, pod, &requests);
        snapshot.node(node).map(|node| volume_binding::plan(&cycle, node)).unwrap_or_default()
    }

    /// What every node says to a pod that fits nowhere, before anybody is evicted; `None` if it fits somewhere after all,
    /// or fails otherwise.
    pub(crate) fn refusals(&self, cycle: &Cycle<'_>) -> Option<FitError> {
        let found = find_feasible(cycle, &mut CycleState::default(), &mut Course::default());
        (found.error.is_none() && found.feasible.is_empty()).then(|| self.fit_error(cycle, found))
    }

    fn fit_error(&self, cycle: &Cycle<'_>, found: Found<'_>) -> FitError {
        let statuses = || found.refused.values().chain(&found.pre_filter);
        let mut failed_plugins: BTreeSet<PluginName> =
            statuses().filter_map(|status| status.plugins.first().copied()).collect();
        // Nodes that nobody refused were left out by name, which is NodeAffinity's doing.
        let told =
            matches!(self.behaviour.absent_nodes, AbsentNodes::UnlistedUnresolvable | AbsentNodes::DidNotSatisfy);
        if told && statuses().any(|status| status.plugins.is_empty()) {
            failed_plugins.insert(PluginName::NodeAffinity);
        }
        FitError {
            node_count: cycle.snapshot.node_count(),
            statuses: Arc::new(found.refused),
            pre_filter_message: found.pre_filter.as_ref().map(|status| status.reasons.join(", ")),
            post_filter_message: String::new(),
            preemption: None,
            failed_plugins,
            layout: self.behaviour.fit_error,
            pre_filter_text: self.behaviour.pre_filter_text,
        }
    }
}

/// What filtering found.
struct Found<'a> {
    feasible: Vec<&'a NodeInfo>,
    refused: BTreeMap<String, Status>,
    /// The refusal of a PreFilter plugin.
    pre_filter: Option<Status>,
    error: Option<String>,
}

fn find_feasible<'a>(cycle: &Cycle<'a>, state: &mut CycleState, course: &mut Course) -> Found<'a> {
    let mut found = Found { feasible: Vec::new(), refused: BTreeMap::new(), pre_filter: None, error: None };
    let only = match pre_filter(cycle, state) {
        PreFilter::AllNodes => None,
        PreFilter::Nodes(names) => Some(names),
        PreFilter::Refused(status) if status.code == Code::Error => {
            found.error = Some(status.reasons.join(", "));
            return found;
        }
        PreFilter::Refused(status) => {
            if cycle.behaviour.pre_filter_text != PreFilterText::OnceAlone {
                let nodes = cycle.snapshot.nodes();
                found.refused = nodes.map(|node| (node.name().to_owned(), status.clone())).collect();
            }
            found.pre_filter = Some(status);
            return found;
        }
    };
    let mut refused = Vec::new();
    if let Some(node) = nominated_node(cycle) {
        let status = filter_with_nominated(cycle, state, node);
        if status.is_success() {
            found.feasible.push(node);
            return found;
        }
        let is_left_out = only.as_ref().is_some_and(|names| !names.contains(node.name()));
        if is_left_out && status.code != Code::Error {
            refused.push((node.name().to_owned(), status));
        }
    }
    if let (Some(names), AbsentNodes::Unlisted) = (&only, cycle.behaviour.absent_nodes)
        && let Some(ghost) = names.iter().find(|name| cycle.snapshot.node(name).is_none())
    {
        found.error = Some(format!("nodeinfo not found for node name \"{ghost}\""));
        return found;
    }
    let is_left_out = |node: &NodeInfo| only.as_ref().is_some_and(|names| !names.contains(node.name()));
    let left_out = cycle.snapshot.nodes().filter(|node| is_left_out(node));
    // What was said of the nominated node stays, except in 1.30.
    let said = if cycle.behaviour.absent_nodes == AbsentNodes::FilteredOut { Vec::new() } else { refused.clone() };
    refused.extend(left_out.map(|node| (node.name().to_owned(), absent(cycle.behaviour))));
    refused.extend(said);
    let nodes: Vec<&NodeInfo> = cycle.snapshot.nodes().filter(|node| !is_left_out(node)).collect();
    let (start, enough) = course.sample(cycle, nodes.len());
    let mut looked_at = 0;
    let mut errors: BTreeMap<String, usize> = BTreeMap::new();
    for node in nodes[start..].iter().chain(&nodes[..start]) {
        let status = filter_with_nominated(cycle, state, node);
        looked_at += 1;
        match status.code {
            Code::Success => found.feasible.push(*node),
            Code::Error if cycle.behaviour.plugin_errors == PluginErrors::Counted => {
                *errors.entry(status.reasons.join(", ")).or_default() += 1;
            }
            Code::Error => {
                found.error = Some(status.reasons.join(", "));
                return found;
            }
            _ => refused.push((node.name().to_owned(), status)),
        }
        if found.feasible.len() >= enough {
            break;
        }
    }
    course.advance(cycle, looked_at, nodes.len());
    found.error = counted(&errors);
    // Built at once, which is quicker than node by node.
    found.refused = refused.into_iter().collect();
    found
}

/// Runs the PreFilter plugins up to the first refusal; the nodes that are left are those that all of them leave.
fn pre_filter(cycle: &Cycle<'_>, state: &mut CycleState) -> PreFilter {
    let mut only: Option<BTreeSet<String>> = None;
    let mut narrowing = Vec::new();
    for name in &cycle.profile.pre_filters {
        match plugin(*name).pre_filter(cycle, state) {
            PreFilter::AllNodes => continue,
            PreFilter::Nodes(names) => {
                only = Some(match only {
                    None => names,
                    Some(others) => others.intersection(&names).cloned().collect(),
                });
                narrowing.push(name.as_str());
            }
            PreFilter::Refused(status) if status.code == Code::Error => {
                return PreFilter::Refused(failed_pre_filter(cycle, *name, status));
            }
            PreFilter::Refused(status) => return PreFilter::Refused(status),
        }
        if only.as_ref().is_some_and(BTreeSet::is_empty) {
            let reason = match narrowing.as_slice() {
                [one] => format!("node(s) didn't satisfy plugin {one}"),
                several => format!("node(s) didn't satisfy plugin(s) [{}] simultaneously", several.join(" ")),
            };
            let code = match cycle.behaviour.absent_nodes {
                AbsentNodes::NeverAbsent | AbsentNodes::Unlisted => Code::Unschedulable,
                _ => Code::UnschedulableAndUnresolvable,
            };
            return PreFilter::Refused(Status { code, plugins: Vec::new(), reasons: vec![Cow::Owned(reason)] });
        }
    }
    only.map_or(PreFilter::AllNodes, PreFilter::Nodes)
}

/// Runs the PostFilter plugins up to the first that finds a way or fails, and writes into the error what they say.
fn post_filter(cycle: &Cycle<'_>, state: &CycleState, error: &mut FitError) {
    let rules = cycle.behaviour.preemption;
    let mut texts = Vec::new();
    for name in &cycle.profile.post_filters {
        let said = match name {
            PluginName::DefaultPreemption => default_preemption::post_filter(cycle, state, error),
            PluginName::DynamicResources if cycle.pod.spec.has_resource_claims => continue,
            // Its PreFilter is the last, so it remembers nothing of a pod that another one refused.
            PluginName::DynamicResources => match cycle.behaviour.post_filter_prefix {
                Some(_) if error.pre_filter_message.is_some() => PostFilter::Failed("not found".to_owned()),
                Some(text) => PostFilter::Unschedulable(text.to_owned()),
                None => continue,
            },
            _ => continue,
        };
        match said {
            PostFilter::Success => return,
            PostFilter::Unschedulable(text) => texts.push(text),
            PostFilter::Failed(text) => {
                texts = if rules.errors_reported { vec![text] } else { Vec::new() };
                break;
            }
        }
    }
    if rules.reported {
        error.post_filter_message = texts.join(", ");
    }
}

/// A plugin's failure in PreFilter, as the framework tells it.
fn failed_pre_filter(cycle: &Cycle<'_>, name: PluginName, status: Status) -> Status {
    let (pod, text) = (&cycle.pod.name, status.reasons.join(", "));
    let text = match cycle.behaviour.plugin_errors {
        PluginErrors::Counted => text,
        PluginErrors::WhileRunning => {
            format!("error while running \"{name}\" prefilter plugin for pod \"{pod}\": {text}")
        }
        PluginErrors::FailedForPod => format!("prefilter plugin \"{name}\" failed for pod \"{pod}\": {text}"),
        PluginErrors::RunningNil => format!("running PreFilter plugin \"{name}\": %!w(<nil>)"),
        PluginErrors::RunningForPod | PluginErrors::Running => format!("running PreFilter plugin \"{name}\": {text}"),
    };
    Status { reasons: vec![Cow::Owned(text)], ..status }
}

/// A plugin's failure on a node, as the framework tells it.
fn failed_filter(cycle: &Cycle<'_>, name: PluginName, status: Status) -> Status {
    let (pod, text) = (&cycle.pod.name, status.reasons.join(", "));
    let text = match cycle.behaviour.plugin_errors {
        PluginErrors::Counted => text,
        PluginErrors::WhileRunning | PluginErrors::FailedForPod | PluginErrors::RunningForPod => {
            format!("running \"{name}\" filter plugin for pod \"{pod}\": {text}")
        }
        PluginErrors::RunningNil | PluginErrors::Running => format!("running \"{name}\" filter plugin: {text}"),
    };
    Status { reasons: vec![Cow::Owned(text)], ..status }
}

/// Failures with how many nodes each befell (`errors.CreateAggregateFromMessageCountMap`).
fn counted(errors: &BTreeMap<String, usize>) -> Option<String> {
    let repeated = |(text, count): (&String, &usize)| match count {
        1 => text.clone(),
        several => format!("{text} (repeated {several} times)"),
    };
    let texts: Vec<String> = errors.iter().map(repeated).collect();
    match texts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

/// The node that preemption promised the pod, which is tried first (1.22+).
fn nominated_node<'a>(cycle: &Cycle<'a>) -> Option<&'a NodeInfo> {
    if !cycle.behaviour.preemption.tries_nominated_first {
        return None;
    }
    cycle.snapshot.node(cycle.pod.nominated_node_name.as_deref()?)
}

/// What is said of a node that PreFilter left out.
fn absent(behaviour: &Behaviour) -> Status {
    let reason = match behaviour.absent_nodes {
        AbsentNodes::NeverAbsent | AbsentNodes::Unlisted => {
            return Status { code: Code::Unschedulable, plugins: Vec::new(), reasons: Vec::new() };
        }
        AbsentNodes::UnlistedUnresolvable => {
            return Status { code: Code::UnschedulableAndUnresolvable, plugins: Vec::new(), reasons: Vec::new() };
        }
        AbsentNodes::FilteredOut => "node is filtered out by the prefilter result",
        AbsentNodes::DidNotSatisfy => "node(s) didn't satisfy plugin(s) [NodeAffinity]",
    };
    Status { code: Code::UnschedulableAndUnresolvable, plugins: Vec::new(), reasons: vec![Cow::Borrowed(reason)] }
}

/// Filters a node as it would be once more important pods nominated to it had come, and also as it is.
pub(crate) fn filter_with_nominated(cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
    filter_by(cycle, &cycle.profile.filters, state, node)
}

/// The same with some of the filters only.
pub(crate) fn filter_by(cycle: &Cycle<'_>, filters: &[PluginName], state: &CycleState, node: &NodeInfo) -> Status {
    if cycle.snapshot.has_nominations() {
        let mut with = node.clone();
        let mut state = state.clone();
        let mut added = false;
        for info in cycle.snapshot.nominated_to(node.name()) {
            let itself = info.pod.name == cycle.pod.name && info.pod.namespace == cycle.pod.namespace;
            if itself || info.pod.spec.priority < cycle.pod.spec.priority {
                continue;
            }
            with.add_pod(info.clone(), cycle.behaviour);
            for name in filters {
                plugin(*name).pod_changed(cycle, &mut state, &with, &info.pod, 1);
            }
            added = true;
        }
        if added {
            let status = filter(cycle, filters, &state, &with);
            if !status.is_success() {
                return status;
            }
        }
    }
    filter(cycle, filters, state, node)
}

/// Runs the filters on one node: up to the first refusal, or all of them where the version does so.
fn filter(cycle: &Cycle<'_>, filters: &[PluginName], state: &CycleState, node: &NodeInfo) -> Status {
    let mut total = Status::success();
    let behaviour = cycle.behaviour;
    for name in filters {
        // A refused part of GeneralPredicates does not hide the others, but it does hide what comes after them.
        let in_general = behaviour.general_predicates && is_general_predicate(*name);
        if !total.is_success() && !behaviour.run_all_filters && !in_general {
            return total;
        }
        let status = plugin(*name).filter(cycle, state, node);
        if status.code == Code::Error {
            return failed_filter(cycle, *name, status);
        }
        if total.is_success() {
            total = status;
        } else if !status.is_success() {
            total.merge(status);
        }
        let stop = !total.is_success() && !behaviour.run_all_filters && !in_general;
        if stop {
            return total;
        }
    }
    total
}

/// The four checks that 1.16 and 1.17 call GeneralPredicates.
fn is_general_predicate(name: PluginName) -> bool {
    matches!(
        name,
        PluginName::NodeResourcesFit | PluginName::NodeName | PluginName::NodePorts | PluginName::NodeAffinity
    )
}

fn score_nodes(cycle: &Cycle<'_>, state: &mut CycleState, nodes: &[&NodeInfo]) -> Result<Vec<NodeScore>, String> {
    let mut results: Vec<NodeScore> = nodes
        .iter()
        .map(|node| NodeScore {
            node: node.name().to_owned(),
            total: 0,
            by_plugin: Vec::with_capacity(cycle.profile.scores.len()),
        })
        .collect();
    let mut scoring = Vec::new();
    for (name, weight) in &cycle.profile.scores {
        match plugin(*name).pre_score(cycle, state, nodes) {
            PreScore::Scores => scoring.push((*name, *weight)),
            PreScore::Skips => {}
            // With one node to choose from the real scheduler does not score at all, so nothing can fail.
            PreScore::Failed(error) if nodes.len() > 1 => return Err(error),
            PreScore::Failed(_) => {}
        }
    }
    for (name, weight) in scoring {
        let plugin = plugin(name);
        let raw: Vec<i64> = nodes.iter().map(|node| plugin.score(cycle, state, node)).collect();
        let mut normalized = raw.clone();
        plugin.normalize(cycle, state, nodes, &mut normalized);
        let greatest = cycle.behaviour.score_max;
        if let Some(invalid) = normalized.iter().find(|score| !(0..=greatest).contains(*score))
            && nodes.len() > 1
            && let Some(error) = invalid_score(cycle, name, *invalid)
        {
            return Err(error);
        }
        for (result, (raw, normalized)) in results.iter_mut().zip(raw.into_iter().zip(normalized)) {
            let weighted = normalized.saturating_mul(weight);
            result.total = result.total.saturating_add(weighted);
            result.by_plugin.push(PluginScore { plugin: name, raw, normalized, weight, weighted });
        }
    }
    Ok(results)
}

/// How a score outside 0 to 100 ends the cycle, in versions that look.
fn invalid_score(cycle: &Cycle<'_>, name: PluginName, score: i64) -> Option<String> {
    let text = format!(
        "plugin \"{name}\" returns an invalid score {score}, it should in the range of [0, {}] after normalizing",
        cycle.behaviour.score_max
    );
    match cycle.behaviour.plugin_errors {
        PluginErrors::Counted => None,
        PluginErrors::WhileRunning | PluginErrors::FailedForPod => {
            let pod = &cycle.pod.name;
            Some(format!("error while applying score defaultWeights for pod \"{pod}\": score {text}"))
        }
        PluginErrors::RunningForPod | PluginErrors::RunningNil | PluginErrors::Running => {
            Some(format!("applying score defaultWeights on Score plugins: {text}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_message};

    const FULL_AND_TAINTED: &str = "node n1 cpu=1 taint=k=v:NoSchedule label=disk=hdd";

    #[test]
    fn the_first_filter_to_refuse_is_the_one_that_speaks() {
        let pod = "pod p cpu=2 select=disk=ssd";
        check("1.18", FULL_AND_TAINTED, pod, "n1: Insufficient cpu");
        check("1.20", FULL_AND_TAINTED, pod, "n1: node(s) had taint {k: v}, that the pod didn't tolerate");
    }

    #[test]
    fn general_predicates_speak_together() {
        check(
            "1.16",
            FULL_AND_TAINTED,
            "pod p cpu=2 select=disk=ssd",
            "n1: Insufficient cpu, node(s) didn't match node selector",
        );
    }

    #[test]
    fn two_versions_let_every_filter_speak() {
        let all = "n1: node(s) had untolerated taint {k: v}, node(s) didn't match Pod's node affinity/selector, Insufficient cpu";
        check("1.25", FULL_AND_TAINTED, "pod p cpu=2 select=disk=ssd", all);
        check("1.26", FULL_AND_TAINTED, "pod p cpu=2 select=disk=ssd", "n1: node(s) had untolerated taint {k: v}");
    }

    #[test]
    fn counts_are_sorted_as_text() {
        let tainted: Vec<String> = (0..10).map(|index| format!("node t{index} taint=k:NoSchedule")).collect();
        let cluster = format!("{}\nnode f1 cpu=1\nnode f2 cpu=1", tainted.join("\n"));
        check_message(
            "1.22",
            &cluster,
            "pod p cpu=2",
            "0/12 nodes are available: 10 node(s) had taint {k: }, that the pod didn't tolerate, 2 Insufficient cpu.",
        );
    }
}
