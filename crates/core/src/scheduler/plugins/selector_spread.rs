//! Spreads the pods of a Service or workload over nodes and zones
//! (`algorithm/priorities/selector_spreading.go`, v1.16; `plugins/selectorspread`, v1.19), and the selector by which
//! pods belong together, which default topology spread constraints use too (`plugins/helper/spread.go`).

use std::collections::BTreeMap;

use super::PluginName;
use crate::model::{LabelSelector, Labels, Pod, Requirement, SelectorOperator};
use crate::scheduler::framework::{Cycle, CycleState, Plugin, PreScore};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::snapshot::{SelectorOwner, Snapshot};

/// How much of the score is for the zone; the rest is for the node.
const ZONE_WEIGHTING: f64 = 2.0 / 3.0;

/// The plugin.
#[derive(Debug)]
pub struct SelectorSpread;

/// What PreScore found.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoreState {
    selector: LabelSelector,
    /// Whether any Service or workload was found, be its selector empty or not.
    found: bool,
}

impl Plugin for SelectorSpread {
    fn name(&self) -> PluginName {
        PluginName::SelectorSpread
    }

    fn pre_score(&self, cycle: &Cycle<'_>, state: &mut CycleState, _nodes: &[&NodeInfo]) -> PreScore {
        let selector = default_selector(cycle);
        let found = !selector.is_empty() || has_empty_service(cycle);
        state.selector_spread = ScoreState { selector, found };
        PreScore::Scores
    }

    fn score(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> i64 {
        let ScoreState { selector, found } = &state.selector_spread;
        if stands_aside(cycle) || !found {
            return 0;
        }
        count_matching(node, selector, cycle.pod)
    }

    fn normalize(&self, cycle: &Cycle<'_>, _state: &CycleState, nodes: &[&NodeInfo], scores: &mut [i64]) {
        if stands_aside(cycle) {
            return;
        }
        let mut by_zone: BTreeMap<String, i64> = BTreeMap::new();
        let zones: Vec<String> = nodes.iter().map(|node| cycle.behaviour.zone_of(&node.node)).collect();
        for (zone, score) in zones.iter().zip(scores.iter()).filter(|(zone, _)| !zone.is_empty()) {
            *by_zone.entry(zone.clone()).or_default() += score;
        }
        let max_of_node = scores.iter().copied().max().unwrap_or(0);
        let max_of_zone = by_zone.values().copied().max().unwrap_or(0);
        let max = cycle.behaviour.score_max as f64;
        for (zone, score) in zones.iter().zip(scores) {
            let mut value = max;
            if max_of_node > 0 {
                value = max * ((max_of_node - *score) as f64 / max_of_node as f64);
            }
            if let Some(in_zone) = by_zone.get(zone) {
                let mut zone_value = max;
                if max_of_zone > 0 {
                    zone_value = max * ((max_of_zone - in_zone) as f64 / max_of_zone as f64);
                }
                value = value * (1.0 - ZONE_WEIGHTING) + ZONE_WEIGHTING * zone_value;
            }
            *score = value as i64;
        }
    }
}

/// Where topology spread is on, the pod's own constraints take this plugin's place.
fn stands_aside(cycle: &Cycle<'_>) -> bool {
    cycle.behaviour.spread.enabled && !cycle.pod.spec.topology_spread_constraints.is_empty()
}

/// The living pods of the same namespace on the node that the selector matches.
pub(crate) fn count_matching(node: &NodeInfo, selector: &LabelSelector, pod: &Pod) -> i64 {
    let matching = node.pods.iter().filter(|info| {
        !info.pod.terminating && info.pod.namespace == pod.namespace && selector.matches(&info.pod.labels)
    });
    matching.count() as i64
}

/// Whether a Service of the namespace has an empty selector, where that means every pod (≤1.17).
fn has_empty_service(cycle: &Cycle<'_>) -> bool {
    let mut services = cycle.snapshot.selectors(SelectorOwner::Service, &cycle.pod.namespace);
    cycle.behaviour.spread.empty_service_selector_counts && services.any(|(_, selector)| selector.is_empty())
}

/// The selectors of the Services and of the workload that the pod belongs to, put together; empty if there are none.
pub(crate) fn default_selector(cycle: &Cycle<'_>) -> LabelSelector {
    let Cycle { snapshot, pod, .. } = cycle;
    let mut merged = LabelSelector::default();
    for (_, selector) in snapshot.selectors(SelectorOwner::Service, &pod.namespace) {
        // A Service without a selector chooses nothing.
        if !selector.is_empty() && selector.matches(&pod.labels) {
            merge_labels(&mut merged, &selector.match_labels);
        }
    }
    let owners = [
        (SelectorOwner::ReplicationController, "v1", "ReplicationController"),
        (SelectorOwner::ReplicaSet, "apps/v1", "ReplicaSet"),
        (SelectorOwner::StatefulSet, "apps/v1", "StatefulSet"),
    ];
    let by_owner = cycle.behaviour.spread.selector_by_owner;
    for (owner, api_version, kind) in owners {
        for (name, selector) in snapshot.selectors(owner, &pod.namespace) {
            let belongs = if by_owner {
                let controller = pod.controller.as_ref();
                controller.is_some_and(|controller| {
                    controller.kind == kind && controller.name == name && controller.api_version == api_version
                })
            } else {
                !pod.labels.is_empty() && !selector.is_empty() && selector.matches(&pod.labels)
            };
            if belongs && by_owner && owner == SelectorOwner::ReplicationController {
                // Its labels take the place of the Services'.
                merge_labels(&mut merged, &selector.match_labels);
            } else if belongs {
                merge_selector(&mut merged, selector);
            }
        }
    }
    merged
}

fn merge_labels(merged: &mut LabelSelector, labels: &Labels) {
    merged.match_labels.extend(labels.iter().map(|(key, value)| (key.clone(), value.clone())));
}

fn merge_selector(merged: &mut LabelSelector, selector: &LabelSelector) {
    // As requirements, so that two different values for one key match nothing instead of one hiding the other.
    for (key, value) in &selector.match_labels {
        merged.match_expressions.push(Requirement {
            key: key.clone(),
            operator: SelectorOperator::In,
            values: vec![value.clone()],
        });
    }
    merged.match_expressions.extend(selector.match_expressions.iter().cloned());
}

impl Snapshot {
    /// Whether any Service or workload selector is known in the namespace.
    pub fn has_selectors(&self, namespace: &str) -> bool {
        [
            SelectorOwner::Service,
            SelectorOwner::ReplicationController,
            SelectorOwner::ReplicaSet,
            SelectorOwner::StatefulSet,
        ]
        .into_iter()
        .any(|kind| self.selectors(kind, namespace).next().is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check_scores;

    #[test]
    fn pods_of_one_service_keep_apart() {
        let cluster = "node n1\nnode n2\nservice s label=app=web\npod a on=n1 label=app=web";
        check_scores("1.16", cluster, "pod p label=app=web", "SelectorSpread", &[("n1", 0), ("n2", 10)]);
        check_scores("1.19", cluster, "pod p label=app=web", "SelectorSpread", &[("n1", 0), ("n2", 100)]);
    }

    #[test]
    fn zones_weigh_more_than_nodes() {
        let cluster =
            "node n1 zone=a\nnode n2 zone=a\nnode n3 zone=b\nservice s label=app=web\npod a on=n1 label=app=web";
        check_scores("1.19", cluster, "pod p label=app=web", "SelectorSpread", &[("n1", 0), ("n3", 100), ("n2", 33)]);
    }
}
