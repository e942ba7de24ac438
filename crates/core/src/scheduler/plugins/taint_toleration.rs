//! Taints that a pod does not tolerate (`plugins/tainttoleration`, v1.34).

use std::borrow::Cow;

use super::PluginName;
use crate::behaviour::TaintReason;
use crate::model::{Effect, Node, Taint, first_untolerated};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, Status, default_normalize};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct TaintToleration;

impl Plugin for TaintToleration {
    fn name(&self) -> PluginName {
        PluginName::TaintToleration
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        let effects = [Effect::NoSchedule, Effect::NoExecute];
        match first_untolerated(&node.node.taints, &cycle.pod.spec.tolerations, &effects) {
            None => Status::success(),
            Some(taint) => Status::refused(
                Code::UnschedulableAndUnresolvable,
                self.name(),
                reason(cycle.behaviour.taint_reason, taint),
            ),
        }
    }

    /// A node's taints are tolerated that were not before (`isSchedulableAfterNodeChange`), or the pod got a toleration
    /// (`isSchedulableAfterPodTolerationChange`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        let Subject::Node { before, after: Some(after) } = happening.subject else { return true };
        let effects = [Effect::NoSchedule, Effect::NoExecute];
        let tolerated = |node: &Node| first_untolerated(&node.taints, &cycle.pod.spec.tolerations, &effects).is_none();
        tolerated(after) && before.is_none_or(|before| !tolerated(before))
    }

    /// How many `PreferNoSchedule` taints are not tolerated.
    fn score(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> i64 {
        let tolerations = &cycle.pod.spec.tolerations;
        let intolerable = node.node.taints.iter().filter(|taint| {
            taint.effect == Effect::PreferNoSchedule
                && !tolerations.iter().any(|toleration| toleration.tolerates(taint))
        });
        intolerable.count() as i64
    }

    fn normalize(&self, cycle: &Cycle<'_>, _state: &CycleState, _nodes: &[&NodeInfo], scores: &mut [i64]) {
        default_normalize(scores, cycle.behaviour.score_max, true);
    }
}

fn reason(wording: TaintReason, taint: &Taint) -> Cow<'static, str> {
    let Taint { key, value, .. } = taint;
    match wording {
        TaintReason::Unnamed => Cow::Borrowed("node(s) had taints that the pod didn't tolerate"),
        TaintReason::Had => Cow::Owned(format!("node(s) had taint {{{key}: {value}}}, that the pod didn't tolerate")),
        TaintReason::Untolerated => Cow::Owned(format!("node(s) had untolerated taint {{{key}: {value}}}")),
        TaintReason::UntoleratedUnnamed => Cow::Borrowed("node(s) had untolerated taint(s)"),
    }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_scores};

    #[test]
    fn the_first_untolerated_taint_is_named() {
        let node = "node n1 taint=a=x:PreferNoSchedule taint=b=y:NoExecute taint=c:NoSchedule";
        check("1.33", node, "pod p", "n1: node(s) had untolerated taint {b: y}");
        check("1.33", node, "pod p tolerate=b", "n1: node(s) had untolerated taint {c: }");
        check("1.33", node, "pod p tolerate=b tolerate=c", "n1");
    }

    #[test]
    fn the_wording_changed_over_time() {
        let node = "node n1 taint=a=x:NoSchedule";
        check("1.16", node, "pod p", "n1: node(s) had taints that the pod didn't tolerate");
        check("1.22", node, "pod p", "n1: node(s) had taint {a: x}, that the pod didn't tolerate");
        check("1.34.1", node, "pod p", "n1: node(s) had untolerated taint {a: x}");
        check("1.34.2", node, "pod p", "n1: node(s) had untolerated taint(s)");
    }

    #[test]
    fn preferences_only_lower_the_score() {
        let nodes =
            "node n1 taint=a:PreferNoSchedule\nnode n2 taint=a:PreferNoSchedule taint=b:PreferNoSchedule\nnode n3";
        check_scores("1.34", nodes, "pod p", "TaintToleration", &[("n1", 150), ("n2", 0), ("n3", 300)]);
        check_scores("1.34", nodes, "pod p tolerate=a", "TaintToleration", &[("n1", 300), ("n2", 0), ("n3", 300)]);
    }
}
