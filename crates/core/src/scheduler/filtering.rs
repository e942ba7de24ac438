//! Which nodes can take a pod (`schedule_one.go` and `framework/runtime`, v1.34): PreFilter, then Filter node by node.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::course::Course;
use super::framework::{Code, Cycle, CycleState, PreFilter, Status};
use super::node_info::NodeInfo;
use super::plugins::PluginName;
use super::profile::plugin;
use crate::behaviour::{AbsentNodes, Behaviour, PluginErrors, PreFilterText};

/// What filtering found.
pub(crate) struct Found<'a> {
    /// The nodes that passed, in the order they were looked at.
    pub(crate) feasible: Vec<&'a NodeInfo>,
    /// What was said of the others.
    pub(crate) refused: BTreeMap<String, Status>,
    /// The refusal of a PreFilter plugin.
    pub(crate) pre_filter: Option<Status>,
    /// What ended the cycle.
    pub(crate) error: Option<String>,
}

/// Runs PreFilter and Filter.
pub(crate) fn find_feasible<'a>(cycle: &Cycle<'a>, state: &mut CycleState, course: &mut Course) -> Found<'a> {
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
        // Upstream learns that it has enough by finding one too many.
        if status.is_success() && found.feasible.len() >= enough {
            looked_at += usize::from(cycle.behaviour.sampling.counts_excess);
            break;
        }
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
