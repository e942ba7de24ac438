//! Room for a pod by evicting less important ones (`plugins/defaultpreemption` and `framework/preemption`, v1.34).
//!
//! Every node that eviction might help is tried. kube-scheduler stops at a sample of them, taken from a random start,
//! when there are more than a hundred.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::PluginName;
use crate::behaviour::{BudgetCount, PreFilterText, ReadWriteOncePod};
use crate::model::{Pod, PreemptionPolicy};
use crate::scheduler::explain::Eviction;
use crate::scheduler::filtering::filter_by;
use crate::scheduler::fit_error::{FitError, PreemptionOutcome};
use crate::scheduler::framework::{Code, Cycle, CycleState, PostFilter, Status};
use crate::scheduler::node_info::{NodeInfo, PodInfo};
use crate::scheduler::profile::plugin;
use crate::scheduler::snapshot::DisruptionBudget;
use crate::scheduler::statuses::Reasons;

/// Tries to make room, and writes into the error what came of it; what it says for the sentence, if anything.
pub(crate) fn post_filter(cycle: &Cycle<'_>, state: &CycleState, error: &mut FitError) -> PostFilter {
    conclude(cycle, error, |error| {
        let (candidates, statuses) = dry_run(cycle, state, error);
        let best = pick_best(candidates).map(|best| best.outcome());
        best.ok_or_else(|| {
            let mut reasons = Reasons::default();
            statuses.values().for_each(|status| reasons.count(status));
            reasons
        })
    })
}

/// The same with what `find` finds on the nodes: the best outcome, or why there is none.
pub(crate) fn conclude(
    cycle: &Cycle<'_>,
    error: &mut FitError,
    find: impl FnOnce(&FitError) -> Result<PreemptionOutcome, Reasons>,
) -> PostFilter {
    let said = |text: String| PostFilter::Unschedulable(format!("preemption: {text}"));
    if let Some(reason) = not_eligible(cycle, error) {
        return said(reason.to_owned());
    }
    if let Some(reason) = unprepared(cycle, error) {
        return PostFilter::Failed(format!("preemption: {reason}"));
    }
    match find(error) {
        Ok(outcome) => {
            error.preemption = Some(outcome);
            PostFilter::Success
        }
        Err(reasons) => said(error.with_reasons(&reasons)),
    }
}

/// What preemption finds on each node, or why it does not look. A node that is chosen is one only of its candidates.
pub(crate) fn explain(
    cycle: &Cycle<'_>,
    state: &CycleState,
    error: &FitError,
) -> Result<BTreeMap<String, Result<Eviction, Status>>, String> {
    if error.node_count == 0 || !cycle.profile.post_filters.contains(&PluginName::DefaultPreemption) {
        return Err("DefaultPreemption is not asked".to_owned());
    }
    if let Some(reason) = not_eligible(cycle, error) {
        return Err(reason.to_owned());
    }
    if let Some(reason) = unprepared(cycle, error) {
        return Err(reason);
    }
    let (candidates, statuses) = dry_run(cycle, state, error);
    let chosen = error.preemption.as_ref().map(|outcome| outcome.nominated_node.as_str());
    let evictions = candidates.into_iter().map(|candidate| {
        let eviction = Eviction {
            victims: candidate.outcome().victims,
            budget_violations: candidate.violations,
            chosen: chosen == Some(candidate.node.as_str()),
        };
        (candidate.node, Ok(eviction))
    });
    Ok(evictions.chain(statuses.into_iter().map(|(node, status)| (node, Err(status)))).collect())
}

/// What fails when somebody is taken off a node although PreFilter ended early: plugins after the one that refused
/// have no memory to keep up (1.26 and 1.27, where such a refusal does not reach the nodes).
fn unprepared(cycle: &Cycle<'_>, error: &FitError) -> Option<String> {
    error.pre_filter_message.as_ref()?;
    let evictable = |node: &NodeInfo| node.pods.iter().any(|info| info.pod.spec.priority < cycle.pod.spec.priority);
    if error.pre_filter_text != PreFilterText::OnceAlone || !cycle.snapshot.nodes().any(evictable) {
        return None;
    }
    let plugins = &cycle.profile.pre_filters;
    let refused = plugins.iter().position(|name| error.failed_plugins.contains(name))?;
    let unread = |name: &PluginName| match name {
        PluginName::VolumeRestrictions if cycle.behaviour.volumes.read_write_once_pod != ReadWriteOncePod::Off => {
            Some(format!("cannot read \"PreFilter{name}\" from cycleState"))
        }
        PluginName::PodTopologySpread => Some(format!("reading \"PreFilter{name}\" from cycleState: not found")),
        PluginName::InterPodAffinity => Some(format!("error reading \"PreFilter{name}\" from cycleState: not found")),
        _ => None,
    };
    let failing = plugins[refused..].iter().find_map(|name| Some((name, unread(name)?)));
    failing.map(|(name, text)| format!("running RemovePod on PreFilter plugin \"{name}\": {text}"))
}

/// Why the pod may not evict others at all, if so.
pub(crate) fn not_eligible(cycle: &Cycle<'_>, error: &FitError) -> Option<&'static str> {
    let pod = cycle.pod;
    if pod.spec.preemption_policy == PreemptionPolicy::Never && cycle.behaviour.preemption.policy_respected {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let nominated = pod.nominated_node_name.as_deref().filter(|name| !name.is_empty())?;
    let hopeless =
        error.statuses.get(nominated).is_some_and(|status| status.code == Code::UnschedulableAndUnresolvable);
    if hopeless && cycle.behaviour.preemption.hopeless_nomination_ends_wait {
        return None;
    }
    let node = cycle.snapshot.node(nominated)?;
    let waiting = node.pods.iter().any(|info| {
        let leaving = if cycle.behaviour.preemption.waits_for_preempted_only {
            info.pod.terminating && info.pod.preempted
        } else {
            info.pod.terminating
        };
        leaving && info.pod.spec.priority < pod.spec.priority
    });
    waiting.then_some("not eligible due to a terminating pod on the nominated node.")
}

/// A node on which evicting these pods would do.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    node: String,
    /// The most important first.
    victims: Vec<Arc<PodInfo>>,
    violations: usize,
}

/// How much harm a candidate does, the least first: budgets broken, the highest priority of a victim, the sum of their
/// priorities, their number, and how lately the most important of them started.
pub(crate) type Harm = (usize, i32, i64, usize, Reverse<i64>);

impl Candidate {
    /// What comes of choosing it.
    pub(crate) fn outcome(&self) -> PreemptionOutcome {
        PreemptionOutcome {
            nominated_node: self.node.clone(),
            victims: self.victims.iter().map(|info| info.pod.key()).collect(),
        }
    }

    /// How much harm it does.
    pub(crate) fn harm(&self) -> Harm {
        let highest = self.victims.first().map_or(i32::MIN, |info| info.pod.spec.priority);
        // Shifted so that no victim counts below nothing.
        let sum: i64 = self.victims.iter().map(|info| i64::from(info.pod.spec.priority) + (1_i64 << 31)).sum();
        // Victims that break a budget come first, so that the first need not be the most important.
        let greatest = self.victims.iter().map(|info| info.pod.spec.priority).max();
        let of_highest = self.victims.iter().filter(|info| Some(info.pod.spec.priority) == greatest);
        let earliest = of_highest.map(|info| start_ms(&info.pod)).min().unwrap_or(i64::MAX);
        (self.violations, highest, sum, self.victims.len(), Reverse(earliest))
    }
}

/// Whom to evict on a node whose filters said `code`, or why that would not do. The filters are those that evicting
/// somebody there can sway.
pub(crate) fn try_node(
    cycle: &Cycle<'_>,
    filters: &[PluginName],
    state: &CycleState,
    node: &NodeInfo,
    code: Option<Code>,
) -> Result<Candidate, Status> {
    if code == Some(Code::UnschedulableAndUnresolvable) {
        return Err(Status::refused(
            Code::UnschedulableAndUnresolvable,
            PluginName::DefaultPreemption,
            "Preemption is not helpful for scheduling",
        ));
    }
    select_victims(cycle, filters, state, node)
}

fn dry_run(cycle: &Cycle<'_>, state: &CycleState, error: &FitError) -> (Vec<Candidate>, BTreeMap<String, Status>) {
    let mut candidates = Vec::new();
    let mut statuses = BTreeMap::new();
    for node in cycle.snapshot.nodes() {
        let code = error.statuses.get(node.name()).map(|status| status.code);
        match try_node(cycle, &cycle.profile.filters, state, node, code) {
            Ok(candidate) => candidates.push(candidate),
            Err(status) => {
                statuses.insert(node.name().to_owned(), status);
            }
        }
    }
    (candidates, statuses)
}

/// The fewest, least important pods whose going would let the pod fit on the node.
fn select_victims(
    cycle: &Cycle<'_>,
    filters: &[PluginName],
    state: &CycleState,
    node: &NodeInfo,
) -> Result<Candidate, Status> {
    let priority = cycle.pod.spec.priority;
    let someone_is_less = cycle.snapshot.least_priority().is_some_and(|least| least < priority);
    let pods = if someone_is_less { node.pods.as_slice() } else { &[] };
    let mut potential: Vec<Arc<PodInfo>> =
        pods.iter().filter(|info| info.pod.spec.priority < priority).cloned().collect();
    if potential.is_empty() {
        return Err(Status::refused(
            Code::UnschedulableAndUnresolvable,
            PluginName::DefaultPreemption,
            "No preemption victims found for incoming pod",
        ));
    }
    let (mut node, mut state) = (node.clone(), state.clone());
    for victim in &potential {
        remove(cycle, filters, &mut state, &mut node, victim);
    }
    let status = filter_by(cycle, filters, &state, &node);
    if !status.is_success() {
        return Err(status);
    }
    sort_by_importance(&mut potential);
    let (violating, others) = split_by_budgets(cycle, potential);
    let mut victims = Vec::new();
    let mut violations = 0;
    let violating_count = violating.len();
    for (index, info) in violating.into_iter().chain(others).enumerate() {
        add(cycle, filters, &mut state, &mut node, &info);
        if filter_by(cycle, filters, &state, &node).is_success() {
            continue;
        }
        remove(cycle, filters, &mut state, &mut node, &info);
        violations += usize::from(index < violating_count);
        victims.push(info);
    }
    if cycle.behaviour.preemption.victims_sorted {
        sort_by_importance(&mut victims);
    }
    Ok(Candidate { node: node.name().to_owned(), victims, violations })
}

/// Sorts the more important pod first: greater priority, then earlier start.
fn sort_by_importance(pods: &mut [Arc<PodInfo>]) {
    pods.sort_by_key(|info| importance(&info.pod));
    // Of two pods that have not started upstream takes either for earlier than the other, which turns their order around.
    let together = |a: &Arc<PodInfo>, b: &Arc<PodInfo>| {
        a.pod.start_time_ms.is_none() && b.pod.start_time_ms.is_none() && a.pod.spec.priority == b.pod.spec.priority
    };
    for run in pods.chunk_by_mut(together) {
        run.reverse();
    }
}

fn importance(pod: &Pod) -> (Reverse<i32>, i64) {
    (Reverse(pod.spec.priority), start_ms(pod))
}

/// A pod that has not started yet counts as starting now, which is later than all others.
fn start_ms(pod: &Pod) -> i64 {
    pod.start_time_ms.unwrap_or(i64::MAX)
}

fn remove(cycle: &Cycle<'_>, filters: &[PluginName], state: &mut CycleState, node: &mut NodeInfo, info: &Arc<PodInfo>) {
    node.remove_pod(info, cycle.behaviour);
    for name in filters {
        plugin(*name).pod_changed(cycle, state, node, &info.pod, -1);
    }
}

fn add(cycle: &Cycle<'_>, filters: &[PluginName], state: &mut CycleState, node: &mut NodeInfo, info: &Arc<PodInfo>) {
    node.add_pod(Arc::clone(info), cycle.behaviour);
    for name in filters {
        plugin(*name).pod_changed(cycle, state, node, &info.pod, 1);
    }
}

type Victims = Vec<Arc<PodInfo>>;

/// Pods whose eviction would break a PodDisruptionBudget, and the others; each in the given order.
fn split_by_budgets(cycle: &Cycle<'_>, pods: Victims) -> (Victims, Victims) {
    let mut budgets: Vec<(&str, &DisruptionBudget, i32)> = cycle
        .snapshot
        .disruption_budgets()
        .map(|(namespace, budget)| (namespace, budget, budget.disruptions_allowed))
        .collect();
    pods.into_iter().partition(|info| {
        let pod = &info.pod;
        let mut violated = false;
        if pod.labels.is_empty() {
            return false;
        }
        for (namespace, budget, allowed) in &mut budgets {
            let matching =
                budget.selector.as_ref().is_some_and(|selector| !selector.is_empty() && selector.matches(&pod.labels));
            if *namespace != pod.namespace || !matching {
                continue;
            }
            match cycle.behaviour.preemption.budgets {
                BudgetCount::Fixed => violated |= *allowed <= 0,
                BudgetCount::ToFirstBroken if *allowed <= 0 => return true,
                BudgetCount::All if budget.disrupted_pods.contains(&pod.name) => {}
                BudgetCount::ToFirstBroken | BudgetCount::All => {
                    *allowed -= 1;
                    violated |= *allowed < 0;
                }
            }
        }
        violated
    })
}

/// The candidate that does the least harm; among equals the first in node order.
fn pick_best(candidates: Vec<Candidate>) -> Option<Candidate> {
    candidates.into_iter().min_by_key(Candidate::harm)
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check_message, check_preemption};

    #[test]
    fn the_least_important_pod_goes() {
        let cluster = "node n1 cpu=2\npod a on=n1 cpu=1 priority=1\npod b on=n1 cpu=1 priority=2";
        check_preemption("1.34", cluster, "pod p cpu=1 priority=10", "n1: default/a");
        check_preemption("1.34", cluster, "pod p cpu=2 priority=10", "n1: default/b default/a");
    }

    #[test]
    fn the_node_with_the_least_important_victims_is_chosen() {
        let cluster = "node n1 cpu=1\nnode n2 cpu=1\npod a on=n1 cpu=1 priority=5\npod b on=n2 cpu=1 priority=1";
        check_preemption("1.34", cluster, "pod p cpu=1 priority=10", "n2: default/b");
    }

    #[test]
    fn the_sentence_by_version() {
        let cluster = "node n1 cpu=2 taint=k=v:NoSchedule\nnode n2 cpu=2\npod a on=n2 cpu=2";
        let pod = "pod p cpu=1";
        check_message(
            "1.22",
            cluster,
            pod,
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had taint {k: v}, that the pod didn't tolerate.",
        );
        let filters = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {k: v}.";
        let preemption = "preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.";
        check_message("1.25", cluster, pod, &format!("{filters} {preemption}"));
        check_message("1.27", cluster, pod, &format!("{filters} {preemption}."));
        check_message("1.30", cluster, pod, &format!("{filters} {preemption}"));
        check_message("1.34", cluster, pod, &format!("{filters} no new claims to deallocate, {preemption}"));
        check_message(
            "1.37",
            cluster,
            pod,
            &format!("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). {preemption}"),
        );
    }

    #[test]
    fn nothing_is_said_of_a_cluster_without_nodes() {
        check_message("1.34", "", "pod p", "no nodes available to schedule pods");
    }
}
