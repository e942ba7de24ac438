//! `nodeSelector` and node affinity (`plugins/nodeaffinity` and `component-helpers/…/nodeaffinity`, v1.34).

mod requirement;

use std::collections::BTreeSet;

pub(crate) use requirement::{is_label_key, is_label_value};
use requirement::{matches_field, matches_label, term_faults};

use super::PluginName;
use crate::behaviour::{AbsentNodes, Behaviour, InvalidPreference};
use crate::model::{Labels, Node, NodeSelector, NodeSelectorOperator, NodeSelectorTerm, PodSpec};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, PreFilter, PreScore, Status, default_normalize};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct NodeAffinity;

impl Plugin for NodeAffinity {
    fn name(&self) -> PluginName {
        PluginName::NodeAffinity
    }

    /// Terms that all name nodes by `metadata.name` leave only these.
    fn pre_filter(&self, cycle: &Cycle<'_>, _state: &mut CycleState) -> PreFilter {
        let Some(required) = &cycle.pod.spec.required_node_affinity else { return PreFilter::AllNodes };
        if cycle.behaviour.absent_nodes == AbsentNodes::NeverAbsent || required.node_selector_terms.is_empty() {
            return PreFilter::AllNodes;
        }
        let mut names = BTreeSet::new();
        for term in &required.node_selector_terms {
            match names_of_term(term) {
                None => return PreFilter::AllNodes,
                Some(of_term) if of_term.is_empty() && cycle.behaviour.affinity_conflict_in_any_term => {
                    names.clear();
                    break;
                }
                Some(of_term) => names.extend(of_term),
            }
        }
        if names.is_empty() {
            return PreFilter::Refused(Status::refused(
                Code::UnschedulableAndUnresolvable,
                self.name(),
                "pod affinity terms conflict",
            ));
        }
        PreFilter::Nodes(names)
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        let added = cycle.profile.args.node_affinity.required.as_ref();
        if added.is_some_and(|selector| !matches_selector(selector, &node.node)) {
            return Status::refused(
                Code::UnschedulableAndUnresolvable,
                self.name(),
                "node(s) didn't match scheduler-enforced node affinity",
            );
        }
        if matches_required(cycle.behaviour, &cycle.pod.spec, &node.node) {
            return Status::success();
        }
        Status::refused(Code::UnschedulableAndUnresolvable, self.name(), cycle.behaviour.node_affinity_reason)
    }

    /// A node matches that did not before (`isSchedulableAfterNodeChange`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        let Subject::Node { before, after: Some(after) } = happening.subject else { return true };
        let added = cycle.profile.args.node_affinity.required.as_ref();
        let matches = |node: &Node| matches_required(cycle.behaviour, &cycle.pod.spec, node);
        added.is_none_or(|selector| matches_selector(selector, after))
            && matches(after)
            && before.is_none_or(|before| !matches(before))
    }

    fn pre_score(&self, cycle: &Cycle<'_>, _state: &mut CycleState, _nodes: &[&NodeInfo]) -> PreScore {
        let added = &cycle.profile.args.node_affinity.preferred;
        if cycle.pod.spec.preferred_node_affinity.is_empty() && added.is_empty() {
            return PreScore::Skips;
        }
        invalid_preference(cycle).map_or(PreScore::Scores, PreScore::Failed)
    }

    /// The weights of the preferred terms that match.
    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let added = &cycle.profile.args.node_affinity.preferred;
        let preferred = added.iter().chain(&cycle.pod.spec.preferred_node_affinity);
        let matching = preferred.filter(|term| {
            let preference = &term.preference;
            if cycle.behaviour.preferred_match_fields {
                matches_term(preference, &node.node.labels, node.name())
            } else {
                // Fields were not read at first; a term of fields only matched nothing.
                !preference.match_expressions.is_empty()
                    && preference
                        .match_expressions
                        .iter()
                        .all(|requirement| matches_label(requirement, &node.node.labels))
            }
        });
        matching.map(|term| i64::from(term.weight)).sum()
    }

    fn normalize(&self, cycle: &Cycle<'_>, _state: &CycleState, _nodes: &[&NodeInfo], scores: &mut [i64]) {
        default_normalize(scores, cycle.behaviour.score_max, false);
    }
}

/// Whether the node meets a pod's `nodeSelector` and required node affinity.
pub fn matches_required(behaviour: &Behaviour, spec: &PodSpec, node: &Node) -> bool {
    let selected = || spec.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    let readable = || spec.node_selector.iter().all(|(key, value)| is_label_key(key) && is_label_value(value));
    let passed_over = behaviour.invalid_node_selector_matches_all && !spec.node_selector.is_empty() && !readable();
    (passed_over || selected())
        && spec.required_node_affinity.as_ref().is_none_or(|selector| matches_selector(selector, node))
}

/// Whether the node meets one of a selector's terms.
pub fn matches_selector(selector: &NodeSelector, node: &Node) -> bool {
    matches_selector_by(selector, &node.labels, &node.name)
}

/// The same for a node of which only labels and name are known, or labels alone.
pub(crate) fn matches_selector_by(selector: &NodeSelector, labels: &Labels, name: &str) -> bool {
    selector.node_selector_terms.iter().any(|term| matches_term(term, labels, name))
}

/// The nodes that a term names; `None` if it names none.
fn names_of_term(term: &NodeSelectorTerm) -> Option<BTreeSet<String>> {
    let mut names: Option<BTreeSet<String>> = None;
    for requirement in &term.match_fields {
        if requirement.key == "metadata.name" && requirement.operator == NodeSelectorOperator::In {
            let values: BTreeSet<String> = requirement.values.iter().cloned().collect();
            names = Some(match names {
                None => values,
                Some(others) => others.intersection(&values).cloned().collect(),
            });
        }
    }
    names
}

fn matches_term(term: &NodeSelectorTerm, labels: &Labels, name: &str) -> bool {
    if term.match_expressions.is_empty() && term.match_fields.is_empty() {
        return false;
    }
    term.match_expressions.iter().all(|requirement| matches_label(requirement, labels))
        && term.match_fields.iter().all(|requirement| matches_field(requirement, name))
}

/// What goes wrong when scoring reads preferences that do not parse; it fails the whole cycle.
fn invalid_preference(cycle: &Cycle<'_>) -> Option<String> {
    let behaviour = cycle.behaviour;
    let mut faults: Vec<String> = Vec::new();
    for (index, term) in cycle.pod.spec.preferred_node_affinity.iter().enumerate() {
        if term.weight == 0 {
            continue;
        }
        let expressions_only;
        let preference = if behaviour.preferred_match_fields {
            &term.preference
        } else {
            expressions_only = NodeSelectorTerm { match_fields: Vec::new(), ..term.preference.clone() };
            &expressions_only
        };
        for fault in term_faults(behaviour.selector_faults, &format!("[{index}]"), preference) {
            // Equal faults are told once.
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    let first = faults.first()?;
    let all = if faults.len() == 1 { first.clone() } else { format!("[{}]", faults.join(", ")) };
    Some(match behaviour.invalid_preference {
        InvalidPreference::Plain => first.clone(),
        InvalidPreference::NamesPod => {
            format!("error while running score plugin for pod \"{}\": {first}", cycle.pod.name)
        }
        InvalidPreference::NamesPlugin => {
            format!("running Score plugins: plugin \"NodeAffinity\" failed with: {all}")
        }
        InvalidPreference::NamesPath => format!("running PreScore plugin \"NodeAffinity\": {all}"),
    })
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_scores};

    const NODES: &str = "node n1 label=disk=ssd label=cores=8\nnode n2 label=disk=hdd label=cores=4";

    #[test]
    fn the_node_selector_wants_every_label() {
        check("1.34", NODES, "pod p select=disk=ssd", "n1");
        let refused = "n1: node(s) didn't match Pod's node affinity/selector\nn2: node(s) didn't match Pod's node affinity/selector";
        check("1.34", NODES, "pod p select=disk=ssd select=cores=4", refused);
    }

    #[test]
    fn operators() {
        check("1.34", NODES, "pod p affinity=disk:In:ssd,nvme", "n1");
        check("1.34", NODES, "pod p affinity=disk:NotIn:ssd", "n2");
        check("1.34", NODES, "pod p affinity=cores:Gt:4", "n1");
        check("1.34", NODES, "pod p affinity=cores:Lt:8", "n2");
        check("1.34", NODES, "pod p affinity=disk:Exists", "n1 n2");
        check("1.34", NODES, "pod p affinity=gpu:DoesNotExist", "n1 n2");
    }

    #[test]
    fn a_value_that_no_label_can_have_matches_nothing() {
        let refused = "n1: node(s) didn't match Pod's node affinity/selector\nn2: node(s) didn't match Pod's node affinity/selector";
        check("1.34", NODES, "pod p affinity=cores:Gt:-1", refused);
    }

    #[test]
    fn a_named_node_leaves_the_others_out() {
        check("1.34", NODES, "pod p affinity-node=n2", "n2");
        check(
            "1.34",
            "node n1\nnode n2",
            "pod p affinity-node=n3",
            "n1: node(s) didn't satisfy plugin(s) [NodeAffinity]\nn2: node(s) didn't satisfy plugin(s) [NodeAffinity]",
        );
    }

    #[test]
    fn preferences_add_up() {
        check_scores(
            "1.34",
            NODES,
            "pod p prefer=10:disk:In:ssd prefer=5:cores:Exists",
            "NodeAffinity",
            &[("n1", 200), ("n2", 66)],
        );
    }
}
