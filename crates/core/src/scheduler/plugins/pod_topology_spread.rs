//! Topology spread constraints (`plugins/podtopologyspread`, v1.34).

mod filtering;
mod scoring;

use std::sync::Arc;

use super::PluginName;
use super::node_affinity::matches_required;
use super::selector_spread::default_selector;
use crate::behaviour::SharedCounts;
use crate::model::{
    Effect, LabelSelector, Node, NodeInclusionPolicy, Pod, TopologySpreadConstraint, WhenUnsatisfiable,
    first_untolerated,
};
use crate::scheduler::config::SpreadDefaults;
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Cycle, CycleState, Plugin, PreFilter, PreScore, Status};
use crate::scheduler::node_info::NodeInfo;

pub(crate) use filtering::FilterState;
pub(crate) use scoring::{ScoreState, domain_weight, rounded, scaled};

/// The label that names a node's own domain.
pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";

/// The plugin.
#[derive(Debug)]
pub struct PodTopologySpread;

impl Plugin for PodTopologySpread {
    fn name(&self) -> PluginName {
        PluginName::PodTopologySpread
    }

    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFilter {
        state.pod_topology_spread = FilterState::of(cycle);
        PreFilter::AllNodes
    }

    fn pod_changed(&self, cycle: &Cycle<'_>, state: &mut CycleState, node: &NodeInfo, pod: &Pod, delta: i64) {
        state.pod_topology_spread.pod_changed(cycle, node, pod, delta);
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
        state.pod_topology_spread.filter(cycle, node)
    }

    /// A pod that a constraint counts came, went, or is counted otherwise than before (`isSchedulableAfterPodChange`); a
    /// node became or ceased to be part of the topology, or moved in it (`isSchedulableAfterNodeChange`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        let constraints = applicable(cycle, WhenUnsatisfiable::DoNotSchedule).constraints;
        match happening.subject {
            Subject::Pod { before, after } => is_counted_otherwise(cycle, &constraints, before, after),
            Subject::Node { before, after } => {
                let (was, is) = (place(&constraints, before), place(&constraints, after));
                let taints_changed = || before.zip(after).is_some_and(|(before, after)| before.taints != after.taints);
                was != is || (is.is_some() && taints_changed())
            }
            _ => true,
        }
    }

    fn pre_score(&self, cycle: &Cycle<'_>, state: &mut CycleState, nodes: &[&NodeInfo]) -> PreScore {
        let scores = ScoreState::of(cycle, nodes);
        let skips = scores.is_empty() && !cycle.behaviour.spread.scores_without_constraints;
        state.pod_topology_spread_score = scores;
        if skips { PreScore::Skips } else { PreScore::Scores }
    }

    fn score(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> i64 {
        state.pod_topology_spread_score.score(cycle, node)
    }

    fn normalize(&self, cycle: &Cycle<'_>, state: &CycleState, nodes: &[&NodeInfo], scores: &mut [i64]) {
        state.pod_topology_spread_score.normalize(cycle, nodes, scores);
    }
}

/// A node's domains by constraint; `None` if there is no node or it lacks one.
fn place<'a>(constraints: &[Constraint], node: Option<&'a Arc<Node>>) -> Option<Vec<&'a String>> {
    let node = node?;
    constraints.iter().map(|constraint| node.labels.get(&constraint.topology_key)).collect()
}

/// Whether a constraint counts a pod that it did not count before, or the other way round.
fn is_counted_otherwise(
    cycle: &Cycle<'_>,
    constraints: &[Constraint],
    before: Option<&Pod>,
    after: Option<&Pod>,
) -> bool {
    let is_itself = |pod: &Pod| pod.uid == cycle.pod.uid;
    let involved = |pod: &Pod| is_itself(pod) || (pod.node_name.is_some() && pod.namespace == cycle.pod.namespace);
    if !before.into_iter().chain(after).all(involved) {
        return false;
    }
    if let (Some(before), Some(after)) = (before, after)
        && is_itself(after)
        && before.spec.tolerations != after.spec.tolerations
        && constraints.iter().any(|constraint| constraint.node_taints == NodeInclusionPolicy::Honor)
    {
        return true;
    }
    let matches = |pod: Option<&Pod>, constraint: &Constraint| pod.is_some_and(|pod| constraint.matches(pod));
    constraints.iter().any(|constraint| matches(before, constraint) != matches(after, constraint))
}

/// A constraint made ready for use.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    pub(crate) max_skew: i64,
    pub(crate) topology_key: String,
    /// `None` matches no pod.
    selector: Option<LabelSelector>,
    pub(crate) min_domains: i64,
    node_affinity: NodeInclusionPolicy,
    pub(crate) node_taints: NodeInclusionPolicy,
}

impl Constraint {
    /// Whether the selector matches the pod.
    pub(crate) fn matches(&self, pod: &Pod) -> bool {
        self.selector.as_ref().is_some_and(|selector| selector.matches(&pod.labels))
    }

    /// The living pods of the same namespace on the node that the constraint is about.
    fn count(&self, cycle: &Cycle<'_>, node: &NodeInfo) -> i64 {
        node.pods.iter().filter(|info| counts(cycle, self, &info.pod)).count() as i64
    }

    /// Whether the node is one of those over which pods are to be spread.
    pub(crate) fn includes(&self, cycle: &Cycle<'_>, node: &Node) -> bool {
        let spec = &cycle.pod.spec;
        if self.node_affinity == NodeInclusionPolicy::Honor && !matches_required(cycle.behaviour, spec, node) {
            return false;
        }
        let effects = [Effect::NoSchedule, Effect::NoExecute];
        self.node_taints == NodeInclusionPolicy::Ignore
            || first_untolerated(&node.taints, &spec.tolerations, &effects).is_none()
    }
}

/// Whether a constraint counts a bound pod: it lives, is in the incoming pod's namespace, and matches.
pub(crate) fn counts(cycle: &Cycle<'_>, constraint: &Constraint, pod: &Pod) -> bool {
    let Some(selector) = &constraint.selector else { return false };
    if selector.is_empty() && !cycle.behaviour.spread.empty_selector_counts {
        return false;
    }
    !pod.terminating && pod.namespace == cycle.pod.namespace && selector.matches(&pod.labels)
}

/// The constraints of one kind that the pod is under.
pub(crate) struct Applicable {
    pub(crate) constraints: Vec<Constraint>,
    /// Whether a node that lacks a topology key is out; the system's defaults are for all nodes.
    pub(crate) needs_all_keys: bool,
}

/// The pod's own constraints, or the default ones if it states none and belongs to a Service or workload.
pub(crate) fn applicable(cycle: &Cycle<'_>, kind: WhenUnsatisfiable) -> Applicable {
    let own = &cycle.pod.spec.topology_spread_constraints;
    let of_kind = |constraints: &[TopologySpreadConstraint]| -> Vec<Constraint> {
        constraints.iter().filter(|c| c.when_unsatisfiable == kind).map(|c| ready(cycle, c)).collect()
    };
    if !own.is_empty() {
        return Applicable { constraints: of_kind(own), needs_all_keys: true };
    }
    match &cycle.profile.args.pod_topology_spread {
        SpreadDefaults::System
            if !cycle.behaviour.spread.default_constraints || kind == WhenUnsatisfiable::DoNotSchedule =>
        {
            Applicable { constraints: Vec::new(), needs_all_keys: false }
        }
        SpreadDefaults::System => {
            Applicable { constraints: for_workload(cycle, || system_defaults().to_vec()), needs_all_keys: false }
        }
        SpreadDefaults::List(list) => {
            Applicable { constraints: for_workload(cycle, || of_kind(list)), needs_all_keys: true }
        }
    }
}

/// Default constraints about the pods of the incoming pod's Services and workload; none if it belongs to none.
fn for_workload(cycle: &Cycle<'_>, constraints: impl FnOnce() -> Vec<Constraint>) -> Vec<Constraint> {
    if !cycle.snapshot.has_selectors(&cycle.pod.namespace) {
        return Vec::new();
    }
    let selector = default_selector(cycle);
    if selector.is_empty() {
        return Vec::new();
    }
    let constraints = constraints().into_iter();
    constraints.map(|constraint| Constraint { selector: Some(selector.clone()), ..constraint }).collect()
}

fn system_defaults() -> [Constraint; 2] {
    [(HOSTNAME, 3), ("topology.kubernetes.io/zone", 5)].map(|(key, max_skew)| Constraint {
        max_skew,
        topology_key: key.to_owned(),
        selector: None,
        min_domains: 1,
        node_affinity: NodeInclusionPolicy::Honor,
        node_taints: NodeInclusionPolicy::Ignore,
    })
}

fn ready(cycle: &Cycle<'_>, constraint: &TopologySpreadConstraint) -> Constraint {
    let rules = cycle.behaviour.spread;
    let mut selector = constraint.label_selector.clone();
    if rules.match_label_keys
        && let Some(selector) = &mut selector
    {
        for key in &constraint.match_label_keys {
            if let Some(value) = cycle.pod.labels.get(key) {
                selector.match_expressions.push(crate::model::Requirement {
                    key: key.clone(),
                    operator: crate::model::SelectorOperator::In,
                    values: vec![value.clone()],
                });
            }
        }
    }
    let policy = |policy: Option<NodeInclusionPolicy>, default| {
        if rules.inclusion_policies { policy.unwrap_or(default) } else { default }
    };
    Constraint {
        max_skew: i64::from(constraint.max_skew),
        topology_key: constraint.topology_key.clone(),
        selector,
        min_domains: i64::from(constraint.min_domains.unwrap_or(1)),
        node_affinity: policy(constraint.node_affinity_policy, NodeInclusionPolicy::Honor),
        node_taints: policy(constraint.node_taints_policy, NodeInclusionPolicy::Ignore),
    }
}

/// Whether the node has the label of every constraint.
pub(crate) fn has_all_keys(node: &Node, constraints: &[Constraint]) -> bool {
    constraints.iter().all(|constraint| node.labels.contains_key(&constraint.topology_key))
}

/// Which table of counts each constraint uses: its own, or that of the first one with the same key.
fn tables(cycle: &Cycle<'_>, constraints: &[Constraint]) -> Vec<usize> {
    let shared = cycle.behaviour.spread.shared_counts != SharedCounts::Own;
    (0..constraints.len())
        .map(|index| {
            let first = constraints.iter().position(|c| c.topology_key == constraints[index].topology_key);
            if shared { first.unwrap_or(index) } else { index }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_scores};

    const NODES: &str = "node n1 zone=a\nnode n2 zone=b\npod w1 on=n1 label=app=web";
    const SKEWED: &str = "node(s) didn't match pod topology spread constraints";

    #[test]
    fn the_skew_is_kept() {
        check("1.34", NODES, "pod p label=app=web spread=1:zone:app=web", &format!("n1: {SKEWED}"));
        check("1.34", NODES, "pod p label=app=web spread=2:zone:app=web", "n1 n2");
        // A pod that does not match its own selector does not add to the skew.
        check("1.34", NODES, "pod p label=app=db spread=1:zone:app=web", "n1 n2");
    }

    #[test]
    fn a_node_without_the_label_cannot_do() {
        check(
            "1.34",
            "node n1",
            "pod p label=app=web spread=1:rack:app=web",
            &format!("n1: {SKEWED} (missing required label)"),
        );
    }

    #[test]
    fn softness_only_scores() {
        let cluster = "node n1 zone=a\nnode n2 zone=b\npod w1 on=n1 label=app=web\npod w2 on=n1 label=app=web";
        check_scores(
            "1.34",
            cluster,
            "pod p label=app=web prefer-spread=1:zone:app=web",
            "PodTopologySpread",
            &[("n1", 0), ("n2", 200)],
        );
    }
}
