//! Pod affinity and anti-affinity (`plugins/interpodaffinity`, v1.34).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::PluginName;
use crate::behaviour::NamespaceSelector;
use crate::model::{Labels, Node, Pod, PodAffinityTerm, PodKey};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, PreFilter, PreScore, Status};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct InterPodAffinity;

/// How many pods match, by topology key and value.
type Counts = BTreeMap<(String, String), i64>;

/// What PreFilter counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterState {
    /// Existing pods whose anti-affinity is against the incoming pod.
    existing_anti_affinity: Counts,
    /// Existing pods that match all affinity terms of the incoming pod.
    affinity: Counts,
    /// Existing pods that an anti-affinity term of the incoming pod is against.
    anti_affinity: Counts,
    /// Whether anybody's required terms concern the pod.
    active: bool,
    /// Pods put back while preemption tries things, where that counts for more than being there did (≤1.17).
    put_back: BTreeSet<PodKey>,
}

/// What PreScore summed up, by topology key and value.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoreState {
    sums: BTreeMap<String, BTreeMap<String, i64>>,
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> PluginName {
        PluginName::InterPodAffinity
    }

    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFilter {
        let mut counts = FilterState::default();
        let spec = &cycle.pod.spec;
        let own_terms = !spec.required_pod_affinity.is_empty() || !spec.required_pod_anti_affinity.is_empty();
        for node in cycle.snapshot.nodes() {
            if !own_terms && node.pods_with_required_anti_affinity == 0 {
                continue;
            }
            for info in &node.pods {
                counts.count_existing(cycle, node, &info.pod, &info.pod, 1);
                counts.count_own(cycle, node, &info.pod, 1, Terms::Matching);
            }
        }
        counts.active = own_terms || !counts.existing_anti_affinity.is_empty();
        state.inter_pod_affinity = counts;
        PreFilter::AllNodes
    }

    fn pod_changed(&self, cycle: &Cycle<'_>, state: &mut CycleState, node: &NodeInfo, pod: &Pod, delta: i64) {
        state.inter_pod_affinity.pod_changed(cycle, node, pod, delta);
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
        let counts = &state.inter_pod_affinity;
        let affinity = || affinity_fails(cycle, counts, node);
        let anti_affinity = || anti_affinity_fails(cycle, counts, node);
        let existing = || existing_anti_affinity_fails(counts, node);
        let (code, reason) = if cycle.behaviour.inter_pod_existing_first && existing() {
            (Code::Unschedulable, EXISTING)
        } else if affinity() {
            (Code::UnschedulableAndUnresolvable, "node(s) didn't match pod affinity rules")
        } else if anti_affinity() {
            (Code::Unschedulable, "node(s) didn't match pod anti-affinity rules")
        } else if !cycle.behaviour.inter_pod_existing_first && existing() {
            (Code::Unschedulable, EXISTING)
        } else {
            return Status::success();
        };
        let general = cycle.behaviour.inter_pod_general_reason;
        let reasons = general.into_iter().chain([reason]).map(Cow::Borrowed).collect();
        Status { code, plugins: vec![self.name()], reasons }
    }

    /// Looks at the pod's own terms only (`isSchedulableAfterPodChange`, `isSchedulableAfterNodeChange`): what existing
    /// pods are against is not told.
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        let spec = &cycle.pod.spec;
        let (near, apart) = (&spec.required_pod_affinity, &spec.required_pod_anti_affinity);
        match happening.subject {
            Subject::Pod { before, after } => {
                let bound = |pod: Option<&Pod>| pod.is_none_or(|pod| pod.node_name.is_some());
                let wanted = |pod: Option<&Pod>| pod.is_some_and(|pod| matches_all(cycle, near, pod));
                let hated = |pod: Option<&Pod>| pod.is_some_and(|pod| matches_all(cycle, apart, pod));
                let comes_near = !wanted(before) && wanted(after);
                bound(before) && bound(after) && (comes_near || (hated(before) && !hated(after)))
            }
            Subject::Node { before, after: Some(after) } => {
                let compared = cycle.behaviour.queue.topology_compared;
                let before = before.filter(|_| compared);
                let moved = |term: &PodAffinityTerm| value(before, term) != value(Some(after), term);
                let gained = |term: &PodAffinityTerm| moved(term) && value(Some(after), term).is_some();
                let left = |term: &PodAffinityTerm| match before {
                    Some(before) => moved(term) && value(Some(before), term).is_some(),
                    // Without the key there is nobody to keep away from.
                    None => compared || gained(term),
                };
                near.iter().any(gained) || apart.iter().any(left)
            }
            _ => true,
        }
    }

    fn pre_score(&self, cycle: &Cycle<'_>, state: &mut CycleState, _nodes: &[&NodeInfo]) -> PreScore {
        let mut sums = ScoreState::default();
        let spec = &cycle.pod.spec;
        let own = !spec.preferred_pod_affinity.is_empty() || !spec.preferred_pod_anti_affinity.is_empty();
        let args = cycle.profile.args.inter_pod_affinity;
        if args.ignore_preferred_terms_of_existing_pods && !own {
            return PreScore::Skips;
        }
        for node in cycle.snapshot.nodes() {
            if !own && node.pods_with_affinity == 0 {
                continue;
            }
            for info in &node.pods {
                sums.weigh(cycle, node, &info.pod);
            }
        }
        let skips = sums.sums.is_empty();
        state.inter_pod_affinity_score = sums;
        if skips { PreScore::Skips } else { PreScore::Scores }
    }

    fn score(&self, _cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> i64 {
        let sums = &state.inter_pod_affinity_score.sums;
        sums.iter()
            .filter_map(|(key, values)| values.get(node.node.labels.get(key)?))
            .fold(0, |sum: i64, value| sum.saturating_add(*value))
    }

    fn normalize(&self, cycle: &Cycle<'_>, _state: &CycleState, _nodes: &[&NodeInfo], scores: &mut [i64]) {
        let start = if cycle.behaviour.inter_pod_true_range { None } else { Some(0) };
        let least = scores.iter().copied().chain(start).min().unwrap_or(0);
        let greatest = scores.iter().copied().chain(start).max().unwrap_or(0);
        for score in scores {
            *score = scaled(*score, least, greatest, cycle.behaviour.score_max);
        }
    }
}

const EXISTING: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

impl FilterState {
    fn pod_changed(&mut self, cycle: &Cycle<'_>, node: &NodeInfo, pod: &Pod, delta: i64) {
        let behaviour = cycle.behaviour;
        if behaviour.inter_pod_skips && !self.active {
            return;
        }
        let owner = if behaviour.inter_pod_changed_terms_of_incoming { cycle.pod } else { pod };
        self.count_existing(cycle, node, pod, owner, delta);
        if pod.node_name.is_none() && !behaviour.inter_pod_sees_nominated {
            return;
        }
        let mut terms = Terms::Matching;
        if behaviour.inter_pod_added_for_any_term {
            let puts_back = if delta > 0 { self.put_back.insert(pod.key()) } else { self.put_back.remove(&pod.key()) };
            terms = if puts_back { Terms::AllIfAnyMatches } else { Terms::Matching };
        }
        self.count_own(cycle, node, pod, delta, terms);
    }

    /// Counts anti-affinity of an existing pod against the incoming one; `owner` is whose namespace its terms mean.
    fn count_existing(&mut self, cycle: &Cycle<'_>, node: &NodeInfo, existing: &Pod, owner: &Pod, delta: i64) {
        for term in &existing.spec.required_pod_anti_affinity {
            if matches(cycle, term, owner, cycle.pod) {
                bump(&mut self.existing_anti_affinity, node, term, delta);
            }
        }
    }

    /// Counts an existing pod for the incoming pod's own terms.
    fn count_own(&mut self, cycle: &Cycle<'_>, node: &NodeInfo, existing: &Pod, delta: i64, counted: Terms) {
        let spec = &cycle.pod.spec;
        if !spec.required_pod_affinity.is_empty()
            && spec.required_pod_affinity.iter().all(|term| matches(cycle, term, cycle.pod, existing))
        {
            for term in &spec.required_pod_affinity {
                bump(&mut self.affinity, node, term, delta);
            }
        }
        let about = |term: &PodAffinityTerm| matches(cycle, term, cycle.pod, existing);
        let any = counted == Terms::AllIfAnyMatches && spec.required_pod_anti_affinity.iter().any(about);
        for term in &spec.required_pod_anti_affinity {
            if any || about(term) {
                bump(&mut self.anti_affinity, node, term, delta);
            }
        }
    }
}

/// For which of the incoming pod's anti-affinity terms a pod counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terms {
    /// Those that it matches.
    Matching,
    /// All of them, if it matches one.
    AllIfAnyMatches,
}

/// Adds to the count of the node's place; counts that fall to 0 are dropped, since emptiness means "nobody matches".
fn bump(counts: &mut Counts, node: &NodeInfo, term: &PodAffinityTerm, delta: i64) {
    let Some(value) = node.node.labels.get(&term.topology_key) else { return };
    let key = (term.topology_key.clone(), value.clone());
    let count = counts.entry(key.clone()).or_default();
    *count += delta;
    if *count == 0 {
        counts.remove(&key);
    }
}

fn count_at(counts: &Counts, node: &NodeInfo, key: &str) -> Option<i64> {
    let value = node.node.labels.get(key)?;
    Some(counts.get(&(key.to_owned(), value.clone())).copied().unwrap_or(0))
}

fn affinity_fails(cycle: &Cycle<'_>, counts: &FilterState, node: &NodeInfo) -> bool {
    let terms = &cycle.pod.spec.required_pod_affinity;
    if terms.is_empty() {
        return false;
    }
    let places: Vec<Option<i64>> =
        terms.iter().map(|term| count_at(&counts.affinity, node, &term.topology_key)).collect();
    if places.iter().all(|count| count.is_some_and(|count| count > 0)) {
        return false;
    }
    if cycle.behaviour.inter_pod_bootstrap_needs_label && places.contains(&None) {
        return true;
    }
    // The first pod of a group that wants to be together would otherwise wait for itself for ever.
    let first_of_its_kind =
        counts.affinity.is_empty() && terms.iter().all(|term| matches(cycle, term, cycle.pod, cycle.pod));
    !first_of_its_kind
}

fn anti_affinity_fails(cycle: &Cycle<'_>, counts: &FilterState, node: &NodeInfo) -> bool {
    let terms = &cycle.pod.spec.required_pod_anti_affinity;
    terms.iter().any(|term| count_at(&counts.anti_affinity, node, &term.topology_key).is_some_and(|n| n > 0))
}

fn existing_anti_affinity_fails(counts: &FilterState, node: &NodeInfo) -> bool {
    counts
        .existing_anti_affinity
        .iter()
        .any(|((key, value), count)| *count > 0 && node.node.labels.get(key) == Some(value))
}

/// Every preference that an existing pod has a part in, its own or the incoming pod's: the term's topology key and its
/// weight, negative for anti-affinity.
pub(crate) fn preferences(cycle: &Cycle<'_>, existing: &Pod, mut each: impl FnMut(&str, i64)) {
    let (incoming, other) = (&cycle.pod.spec, &existing.spec);
    let hard = cycle.profile.args.inter_pod_affinity.hard_pod_affinity_weight;
    let mut of_term = |term: &PodAffinityTerm, weight: i64, owner: &Pod, about: &Pod| {
        if weight != 0 && matches(cycle, term, owner, about) {
            each(&term.topology_key, weight);
        }
    };
    for term in &incoming.preferred_pod_affinity {
        of_term(&term.pod_affinity_term, i64::from(term.weight), cycle.pod, existing);
    }
    for term in &incoming.preferred_pod_anti_affinity {
        of_term(&term.pod_affinity_term, -i64::from(term.weight), cycle.pod, existing);
    }
    for term in &other.required_pod_affinity {
        of_term(term, hard, existing, cycle.pod);
    }
    for term in &other.preferred_pod_affinity {
        of_term(&term.pod_affinity_term, i64::from(term.weight), existing, cycle.pod);
    }
    for term in &other.preferred_pod_anti_affinity {
        of_term(&term.pod_affinity_term, -i64::from(term.weight), existing, cycle.pod);
    }
}

/// Brings a sum of weights into 0..=`max`, between the least and the greatest of the feasible nodes.
pub(crate) fn scaled(sum: i64, least: i64, greatest: i64, max: i64) -> i64 {
    let range = greatest - least;
    if range > 0 { (max as f64 * ((sum - least) as f64 / range as f64)) as i64 } else { 0 }
}

impl ScoreState {
    fn weigh(&mut self, cycle: &Cycle<'_>, node: &NodeInfo, existing: &Pod) {
        preferences(cycle, existing, |key, weight| {
            let Some(value) = node.node.labels.get(key) else { return };
            let values = self.sums.entry(key.to_owned()).or_default();
            *values.entry(value.clone()).or_default() += weight;
        });
    }
}

/// A node's place in the topology of a term.
fn value<'a>(node: Option<&'a Arc<Node>>, term: &PodAffinityTerm) -> Option<&'a String> {
    node?.labels.get(&term.topology_key)
}

/// Whether all terms of the waiting pod, of which there must be some, are about a bound one. The labels of its namespace
/// are not looked up (`podMatchesAllAffinityTerms`).
fn matches_all(cycle: &Cycle<'_>, terms: &[PodAffinityTerm], bound: &Pod) -> bool {
    let unlabelled = Labels::new();
    let about = |term: &PodAffinityTerm| {
        let selector = term.label_selector.as_ref();
        selector.is_some_and(|selector| selector.matches(&bound.labels))
            && in_namespaces(cycle, term, cycle.pod, bound, || Some(&unlabelled))
    };
    !terms.is_empty() && terms.iter().all(about)
}

/// Whether a term of `owner` is about `pod`.
pub(crate) fn matches(cycle: &Cycle<'_>, term: &PodAffinityTerm, owner: &Pod, pod: &Pod) -> bool {
    let Some(selector) = &term.label_selector else { return false };
    in_namespaces(cycle, term, owner, pod, || cycle.snapshot.namespace(&pod.namespace)) && selector.matches(&pod.labels)
}

/// Whether a pod's namespace, with these labels, is one that a term is about.
fn in_namespaces<'a>(
    cycle: &Cycle<'_>,
    term: &PodAffinityTerm,
    owner: &Pod,
    pod: &Pod,
    labels: impl FnOnce() -> Option<&'a Labels>,
) -> bool {
    let known = cycle.behaviour.namespace_selector;
    let selector = term.namespace_selector.as_ref().filter(|_| known != NamespaceSelector::Unknown);
    if term.namespaces.is_empty() && selector.is_none() {
        return pod.namespace == owner.namespace;
    }
    if term.namespaces.contains(&pod.namespace) {
        return true;
    }
    let Some(selector) = selector.filter(|_| known == NamespaceSelector::Honoured) else { return false };
    let own = std::ptr::eq(owner, cycle.pod);
    if own && cycle.behaviour.inter_pod_own_namespaces_unlabelled && selector.matches(&Labels::new()) {
        return true;
    }
    match labels() {
        Some(labels) => selector.matches(labels),
        // Own terms are resolved to the namespaces that there are; those of others are held against the pod's labels.
        None if own => selector.is_empty(),
        None => selector.matches(&Labels::new()),
    }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_scores};

    const NODES: &str = "node n1 zone=a\nnode n2 zone=b\npod web on=n1 label=app=web";

    #[test]
    fn affinity_wants_company() {
        check("1.34", NODES, "pod p near=app=web@zone", "n1");
        check(
            "1.34",
            NODES,
            "pod p near=app=db@zone",
            "n1: node(s) didn't match pod affinity rules\nn2: node(s) didn't match pod affinity rules",
        );
    }

    #[test]
    fn the_first_of_a_group_may_go_anywhere() {
        check("1.34", NODES, "pod p label=app=db near=app=db@zone", "n1 n2");
        check("1.34", "node n1", "pod p label=app=db near=app=db@rack", "n1: node(s) didn't match pod affinity rules");
        check("1.18", "node n1", "pod p label=app=db near=app=db@rack", "n1");
    }

    #[test]
    fn anti_affinity_wants_distance() {
        check("1.34", NODES, "pod p apart=app=web@zone", "n1: node(s) didn't match pod anti-affinity rules");
        check(
            "1.20",
            NODES,
            "pod p apart=app=web@zone",
            "n1: node(s) didn't match pod affinity/anti-affinity, node(s) didn't match pod anti-affinity rules",
        );
    }

    #[test]
    fn existing_pods_are_heard_too() {
        check(
            "1.34",
            "node n1 zone=a\nnode n2 zone=b\npod web on=n1 apart=app=db@zone",
            "pod p label=app=db",
            "n1: node(s) didn't satisfy existing pods anti-affinity rules",
        );
    }

    #[test]
    fn preferences_are_scaled() {
        check_scores("1.34", NODES, "pod p prefer-near=10:app=web@zone", "InterPodAffinity", &[("n1", 200), ("n2", 0)]);
    }
}
