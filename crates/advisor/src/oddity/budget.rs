//! PodDisruptionBudgets that allow no disruption, and pods under several.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, ObjectKey, convert};
use sim_core::model::LabelSelector;

use super::{Oddity, OddityKind, Rule, object_ref};
use crate::words;

const SOURCE: &str = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/";

const NOTHING: Rule = Rule {
    kind: OddityKind::BudgetAllowsNothing,
    matters: "no drain of a node with such a pod ever ends: node upgrades and the cluster autoscaler wait for it",
    source: SOURCE,
};

const USED_UP: Rule = Rule {
    kind: OddityKind::BudgetUsedUp,
    matters: "until its pods are healthy again no drain of a node with one of them ends",
    source: "https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy",
};

const OVERLAP: Rule = Rule {
    kind: OddityKind::BudgetsOverlap,
    matters: "the API server evicts no pod that several budgets select, whatever they allow: a drain fails for good",
    source: "https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/#how-api-initiated-eviction-works",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let budgets = cluster.store().list::<PodDisruptionBudget>();
    let mut found: Vec<Oddity> = budgets.filter_map(|budget| allows_none(budget)).collect();
    found.extend(overlaps(cluster));
    found
}

/// A budget of some pods that allows no disruption, and why.
fn allows_none(budget: &PodDisruptionBudget) -> Option<Oddity> {
    let status = budget.status.as_ref().filter(|status| status.disruptions_allowed.unwrap_or(0) == 0)?;
    let PodDisruptionBudgetStatus { expected_pods, desired_healthy, current_healthy, .. } = status;
    let (expected, desired) = (expected_pods.unwrap_or(0), desired_healthy.unwrap_or(0));
    let healthy = current_healthy.unwrap_or(0);
    if expected == 0 {
        return None;
    }
    let name = ObjectKey::of(budget);
    let objects = vec![object_ref(budget)];
    if desired >= expected {
        let why = match expected {
            1 => "its one replica must stay".to_owned(),
            _ => format!("{desired} of {expected} pods must stay"),
        };
        let rule = rule_text(budget);
        return Some(NOTHING.found(format!("the budget {name} can never allow a disruption: {why} ({rule})"), objects));
    }
    let sentence = format!(
        "the budget {name} allows no disruption now: {healthy} of {expected} pods are healthy, and {desired} must be"
    );
    (healthy <= desired).then(|| USED_UP.found(sentence, objects))
}

/// `minAvailable: 2` as the budget says it.
fn rule_text(budget: &PodDisruptionBudget) -> String {
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
    let spec = budget.spec.as_ref();
    let show = |value: &IntOrString| match value {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(text) => text.clone(),
    };
    let min = spec.and_then(|spec| spec.min_available.as_ref()).map(|min| format!("minAvailable: {}", show(min)));
    let max = spec.and_then(|spec| spec.max_unavailable.as_ref()).map(|max| format!("maxUnavailable: {}", show(max)));
    min.or(max).unwrap_or_else(|| "no rule".to_owned())
}

/// Budgets that select the same pod. Pods of one owner are alike: the first stands for all.
fn overlaps(cluster: &Cluster) -> Vec<Oddity> {
    let mut by_namespace: BTreeMap<&str, Vec<(&str, LabelSelector)>> = BTreeMap::new();
    for budget in cluster.store().list::<PodDisruptionBudget>() {
        let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref()).map(convert::label_selector);
        let (Some(selector), Some(namespace)) = (selector, budget.metadata.namespace.as_deref()) else { continue };
        let name = budget.metadata.name.as_deref().unwrap_or_default();
        by_namespace.entry(namespace).or_default().push((name, selector));
    }
    let mut found = Vec::new();
    for (namespace, budgets) in by_namespace.into_iter().filter(|(_, budgets)| budgets.len() > 1) {
        let mut seen = BTreeSet::new();
        let mut together: BTreeMap<Vec<&str>, &Pod> = BTreeMap::new();
        let nothing = BTreeMap::new();
        for pod in cluster.store().list_in::<Pod>(namespace).filter(|pod| pod::is_active(pod)) {
            let owner = pod::controller_of(&pod.metadata).map(|owner| owner.uid.as_str());
            if owner.is_some_and(|owner| !seen.insert(owner)) {
                continue;
            }
            let labels = pod.metadata.labels.as_ref().unwrap_or(&nothing);
            let matching = budgets.iter().filter(|(_, selector)| selector.matches(labels)).map(|(name, _)| *name);
            let matching: Vec<&str> = matching.collect();
            if matching.len() > 1 {
                together.entry(matching).or_insert(pod);
            }
        }
        for (names, pod) in together {
            let sentence = format!(
                "{} budgets of the namespace {namespace} select the same pods, such as {}: {}",
                names.len(),
                pod.metadata.name.as_deref().unwrap_or_default(),
                words::list(&names)
            );
            let mut objects: Vec<String> =
                names.iter().map(|name| format!("poddisruptionbudget/{namespace}/{name}")).collect();
            objects.push(object_ref(pod));
            found.push(OVERLAP.found(sentence, objects));
        }
    }
    found
}
