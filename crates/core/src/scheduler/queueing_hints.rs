//! Which waiting pods are worth another attempt after something happened (`isPodWorthRequeuing` in
//! `backend/queue/scheduling_queue.go`, `preCheckForNode` in `eventhandlers.go`, v1.34).

use std::collections::BTreeSet;

use super::event::{EventResource, Happening, Subject};
use super::framework::{Cycle, CycleState};
use super::node_info::NodeInfo;
use super::plugins::PluginName::{NodeAffinity, NodeName, NodePorts, NodeResourcesFit};
use super::plugins::{PluginName, inter_pod_affinity, registers};
use super::profile::plugin;
use super::schedule::Scheduler;
use super::snapshot::Snapshot;
use crate::behaviour::BoundPods;
use crate::model::resources::PodRequests;
use crate::model::{Effect, Pod, first_untolerated};

impl Scheduler {
    /// Whether what happened may let a pod in that these plugins refused. A pod that no plugin refused is always worth it.
    pub fn is_worth_requeuing(
        &self,
        snapshot: &Snapshot,
        pod: &Pod,
        failed_plugins: &BTreeSet<PluginName>,
        happening: &Happening<'_>,
    ) -> bool {
        let rules = self.behaviour().queue;
        // The commonest of all events concerns the fewest of pods: that much is told without a look at them.
        let bound_pod_is_there =
            matches!(happening.subject, Subject::Pod { after: Some(bound), .. } if bound.node_name.is_some());
        if bound_pod_is_there && rules.bound_pods == BoundPods::Affinity && pod.spec.required_pod_affinity.is_empty() {
            return false;
        }
        let heard = failed_plugins.iter().filter(|name| registers(**name, rules.events, happening.event));
        let mut heard = heard.peekable();
        if !failed_plugins.is_empty() && heard.peek().is_none() {
            return false;
        }
        let requests = PodRequests::of(pod, self.behaviour().requests);
        let cycle = self.cycle(snapshot, pod, &requests);
        if !passes_check(&cycle, failed_plugins, happening) {
            return false;
        }
        failed_plugins.is_empty()
            || heard.any(|name| !rules.hints || plugin(*name).is_schedulable_after(&cycle, happening))
    }
}

/// Whether the pod is among those that hear of the event at all.
fn passes_check(cycle: &Cycle<'_>, failed_plugins: &BTreeSet<PluginName>, happening: &Happening<'_>) -> bool {
    let rules = cycle.behaviour.queue;
    match (happening.event.resource, happening.subject) {
        (EventResource::AssignedPod, Subject::Pod { after: Some(bound), .. }) => match rules.bound_pods {
            BoundPods::All => true,
            BoundPods::Affinity => wants_near(cycle, bound),
            BoundPods::CrossTopology => {
                let spreads = failed_plugins.contains(&PluginName::PodTopologySpread);
                (spreads && bound.namespace == cycle.pod.namespace) || wants_near(cycle, bound)
            }
        },
        (_, Subject::Node { after: Some(node), .. }) => match rules.node_check {
            None => true,
            Some(effects) => cycle.snapshot.node(&node.name).is_none_or(|node| admits(cycle, effects, node)),
        },
        _ => true,
    }
}

/// Whether a required affinity term of the waiting pod is about a bound one
/// (`getUnschedulablePodsWithMatchingAffinityTerm`).
fn wants_near(cycle: &Cycle<'_>, bound: &Pod) -> bool {
    let terms = &cycle.pod.spec.required_pod_affinity;
    terms.iter().any(|term| inter_pod_affinity::matches(cycle, term, cycle.pod, bound))
}

/// Whether the node passes the checks that the kubelet too makes on admission, and has no taint of these effects that
/// the pod does not tolerate.
fn admits(cycle: &Cycle<'_>, effects: &[Effect], node: &NodeInfo) -> bool {
    let passes = |name: PluginName| plugin(name).filter(cycle, &CycleState::default(), node).is_success();
    [NodeResourcesFit, NodeAffinity, NodeName, NodePorts].into_iter().all(passes)
        && first_untolerated(&node.node.taints, &cycle.pod.spec.tolerations, effects).is_none()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use crate::model::{PersistentVolumeClaim, Pod, PodSpec, Volume, VolumeSource};
    use crate::scheduler::event::{Action, Happening};
    use crate::scheduler::plugins::PluginName;
    use crate::scheduler::schedule::Scheduler;
    use crate::scheduler::testing::{read_node, read_pod, snapshot};
    use crate::version::Version;

    const TAINTED: &str = "node n1 taint=k:NoSchedule";

    /// Checks whether a node that came, or changed from what it was, wakes a pod.
    #[track_caller]
    fn check_node(version: &str, failed: PluginName, before: &str, after: &str, pod: &str, expected: bool) {
        let version: Version = version.parse().expect("a version");
        let node = |line: &str| (!line.is_empty()).then(|| Arc::new(read_node(line)));
        let (before, after) = (node(before), node(after));
        let action = if before.is_some() { Action::UPDATE } else { Action::ADD };
        let happening = Happening::of_node(action, before.as_ref(), after.as_ref());
        let mut snapshot = snapshot(version, "");
        if let Some(node) = &after {
            snapshot.upsert_node(Arc::clone(node));
        }
        let failed = BTreeSet::from([failed]);
        let actual = Scheduler::new(version).is_worth_requeuing(&snapshot, &read_pod(pod), &failed, &happening);
        assert_eq!(actual, expected);
    }

    /// Checks whether a bound pod that came, changed or went wakes another.
    #[track_caller]
    fn check_pod(version: &str, failed: PluginName, before: &str, after: &str, pod: &str, expected: bool) {
        let version: Version = version.parse().expect("a version");
        let read = |line: &str| (!line.is_empty()).then(|| read_pod(line));
        let (before, after) = (read(before), read(after));
        let action = match (&before, &after) {
            (None, _) => Action::ADD,
            (_, None) => Action::DELETE,
            _ => Action::UPDATE_POD_LABEL,
        };
        let happening = Happening::of_pod(action, before.as_ref(), after.as_ref());
        let snapshot = snapshot(version, "");
        let failed = BTreeSet::from([failed]);
        let actual = Scheduler::new(version).is_worth_requeuing(&snapshot, &read_pod(pod), &failed, &happening);
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_node_is_checked_as_on_admission_from_1_22_to_1_31() {
        let taints = PluginName::TaintToleration;
        check_node("1.21", taints, "", TAINTED, "pod p", true);
        check_node("1.22", taints, "", TAINTED, "pod p", false);
        check_node("1.31", taints, "", TAINTED, "pod p", false);
        check_node("1.31", taints, "", "node n1 cpu=1", "pod p cpu=2", false);
        let evicts = "node n1 taint=k:NoExecute";
        check_node("1.23", taints, "", evicts, "pod p", false);
        check_node("1.24", taints, "", evicts, "pod p", true);
        check_node("1.32", PluginName::NodeResourcesFit, "", TAINTED, "pod p", true);
    }

    #[test]
    fn hints_compare_a_node_with_what_it_was() {
        let taints = PluginName::TaintToleration;
        check_node("1.34", taints, "", TAINTED, "pod p", false);
        check_node("1.34", taints, TAINTED, "node n1", "pod p", true);
        check_node("1.34", taints, "node n1", "node n1", "pod p", false);
        let affinity = PluginName::NodeAffinity;
        check_node("1.34", affinity, "node n1", "node n1 label=disk=ssd", "pod p select=disk=ssd", true);
        check_node(
            "1.34",
            affinity,
            "node n1 label=disk=ssd",
            "node n1 label=disk=ssd",
            "pod p select=disk=ssd",
            false,
        );
        let cordoned = PluginName::NodeUnschedulable;
        check_node("1.34", cordoned, "node n1 cordoned", "node n1", "pod p", true);
        check_node("1.34", cordoned, "node n1", "node n1", "pod p", false);
        check_node("1.34", cordoned, "", "node n1 cordoned", "pod p", false);
    }

    #[test]
    fn fit_looks_at_the_bare_node() {
        let fit = PluginName::NodeResourcesFit;
        check_node("1.34", fit, "node n1 cpu=1", "node n1 cpu=2", "pod p cpu=2", true);
        check_node("1.34", fit, "node n1 cpu=1", "node n1 cpu=2", "pod p cpu=3", false);
        check_node("1.34", fit, "node n1 cpu=4 memory=1", "node n1 cpu=4 memory=2", "pod p cpu=3", false);
        check_node("1.34", fit, "node n1 pods=1", "node n1 pods=2", "pod p", true);
        check_pod("1.34", fit, "pod a on=n1", "", "pod p cpu=1", true);
        check_pod("1.34", fit, "", "pod a on=n1", "pod p cpu=1", false);
    }

    #[test]
    fn affinity_looks_at_the_pod_s_own_terms() {
        let affinity = PluginName::InterPodAffinity;
        check_pod("1.34", affinity, "", "pod a on=n1 label=app=a", "pod p near=app=a@zone", true);
        check_pod("1.34", affinity, "", "pod a on=n1 label=app=b", "pod p near=app=a@zone", false);
        check_pod("1.34", affinity, "pod a on=n1 label=app=a", "", "pod p apart=app=a@zone", true);
        // Nothing wakes a pod that existing pods keep away, but the flush.
        check_pod("1.34", affinity, "pod a on=n1 apart=app=p@zone", "", "pod p label=app=p", false);
        check_pod("1.31", affinity, "pod a on=n1 apart=app=p@zone", "", "pod p label=app=p", true);
        check_pod("1.34", affinity, "pod a on=n1 label=app=a", "pod a on=n1", "pod p apart=app=a@zone", true);
        check_pod("1.34", affinity, "pod a on=n1", "pod a on=n1 label=app=a", "pod p apart=app=a@zone", false);
    }

    #[test]
    fn affinity_looks_at_topology_keys() {
        let affinity = PluginName::InterPodAffinity;
        check_node("1.32", affinity, "", "node n1", "pod p apart=app=a@zone", false);
        check_node("1.33", affinity, "", "node n1", "pod p apart=app=a@zone", true);
        check_node("1.33", affinity, "", "node n1", "pod p near=app=a@zone", false);
        check_node("1.32", affinity, "node n1 zone=a", "node n1 zone=a", "pod p near=app=a@zone", true);
        check_node("1.33", affinity, "node n1 zone=a", "node n1 zone=a", "pod p near=app=a@zone", false);
        check_node("1.33", affinity, "node n1 zone=a", "node n1 zone=b", "pod p near=app=a@zone", true);
        check_node("1.33", affinity, "node n1 zone=a", "node n1", "pod p near=app=a@zone", false);
        check_node("1.33", affinity, "node n1 zone=a", "node n1", "pod p apart=app=a@zone", true);
    }

    #[test]
    fn spreading_looks_at_its_own_namespace_and_selector() {
        let (spread, pod) = (PluginName::PodTopologySpread, "pod p spread=1:zone:app=a");
        check_pod("1.34", spread, "", "pod a on=n1 label=app=a", pod, true);
        check_pod("1.34", spread, "", "pod a on=n1 label=app=b", pod, false);
        check_pod("1.34", spread, "pod a on=n1 label=app=a", "pod a on=n1", pod, true);
        check_pod("1.34", spread, "pod a on=n1 label=x=y", "pod a on=n1", pod, false);
        check_pod("1.31", spread, "", "pod a on=n1 label=app=b", pod, true);
        check_pod("1.30", spread, "", "pod a on=n1 label=app=a", pod, false);
        check_node("1.34", spread, "", "node n1", pod, false);
        check_node("1.34", spread, "", "node n1 zone=a", pod, true);
        check_node("1.34", spread, "node n1 zone=a", "node n1 zone=a", pod, false);
        check_node("1.34", spread, "node n1 zone=a", "", pod, true);
    }

    #[test]
    fn ports_are_freed_by_those_that_held_them() {
        let ports = PluginName::NodePorts;
        check_pod("1.34", ports, "pod a on=n1 port=80", "", "pod p port=80", true);
        check_pod("1.34", ports, "pod a on=n1 port=81", "", "pod p port=80", false);
        check_pod("1.31", ports, "pod a on=n1", "", "pod p port=80", true);
    }

    #[test]
    fn volume_plugins_look_at_the_pod_s_own_claims() {
        let volume = |name: &str| Volume {
            name: name.to_owned(),
            source: VolumeSource::PersistentVolumeClaim { claim_name: name.to_owned() },
        };
        let with_claim = |name: &str| {
            let plain = read_pod("pod p");
            let spec = PodSpec { volumes: vec![volume(name)], ..PodSpec::clone(&plain.spec) };
            Pod { spec: Arc::new(spec), ..plain }
        };
        let check = |version: &str, failed: PluginName, happening: &Happening<'_>, expected: bool| {
            let version: Version = version.parse().expect("a version");
            let snapshot = snapshot(version, "");
            let failed_plugins = BTreeSet::from([failed]);
            let pod = with_claim("data");
            let actual = Scheduler::new(version).is_worth_requeuing(&snapshot, &pod, &failed_plugins, happening);
            assert_eq!(actual, expected, "{version} {failed}");
        };
        for (name, mine) in [("data", true), ("other", false)] {
            let claim = PersistentVolumeClaim {
                namespace: "default".to_owned(),
                name: name.to_owned(),
                ..PersistentVolumeClaim::default()
            };
            let came = Happening::of_claim(Action::ADD, &claim);
            for plugin in [
                PluginName::VolumeRestrictions,
                PluginName::NodeVolumeLimits,
                PluginName::VolumeBinding,
                PluginName::VolumeZone,
            ] {
                check("1.34", plugin, &came, mine);
                check("1.31", plugin, &came, true);
            }
            let holder = with_claim(name);
            let went = Happening::of_pod(Action::DELETE, Some(&holder), None);
            check("1.34", PluginName::VolumeRestrictions, &went, mine);
            check("1.34", PluginName::NodeVolumeLimits, &went, true);
        }
        let plain = read_pod("pod a on=n1");
        check("1.34", PluginName::NodeVolumeLimits, &Happening::of_pod(Action::DELETE, Some(&plain), None), false);
    }
}
