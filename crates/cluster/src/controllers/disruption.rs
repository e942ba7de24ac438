//! The disruption controller (pkg/controller/disruption/disruption.go, v1.16 to v1.34): how many pods of a budget may be
//! evicted now.

pub(crate) mod budgets;
mod expected;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::replica_set::count;
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// A pod that was to be evicted and is still there so long after counts again (`DeletionTimeout`).
const DELETION_TIMEOUT_MS: u64 = 2 * 60 * 1000;
const COMPONENT: &str = "controllermanager";

/// A budget changed, or a pod of one.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match changed.kind {
        Kind::PodDisruptionBudget => cluster.sync(Controller::Disruption, changed.key.clone()),
        Kind::Pod => {
            let budgets = cluster.indices.budgets.noted_with(&changed.key);
            let gone = changed.after.is_none();
            if budgets.len() > 1
                && !gone
                && let Some(pod) = cluster.store.get::<Pod>(&changed.key).cloned()
            {
                let (namespace, name, chosen) = (&changed.key.namespace, &changed.key.name, &budgets[0].name);
                let message = format!(
                    "Pod \"{namespace}\"/\"{name}\" matches multiple PodDisruptionBudgets.  Chose \"{chosen}\" arbitrarily."
                );
                let pod = Pod::wrap(pod);
                cluster.event_from(COMPONENT, None, &pod, "Warning", "MultiplePodDisruptionBudgets", &message);
            }
            for budget in budgets {
                cluster.sync(Controller::Disruption, budget);
            }
        }
        // The part of its pods that must be there depends on the size of their workload.
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController => {
            let sizes = |object: &Option<crate::Object>| object.as_ref().and_then(expected::scale_of);
            if sizes(&changed.before) != sizes(&changed.after) {
                for budget in cluster.indices.budgets.in_namespace(&changed.key.namespace) {
                    cluster.sync(Controller::Disruption, budget);
                }
            }
        }
        _ => {}
    }
}

/// Counts the pods of a budget and writes how many of them may be evicted.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(budget) = cluster.store.get::<PodDisruptionBudget>(key).cloned() else { return };
    let pods = cluster.pods_of_budget(key);
    if pods.is_empty() {
        tell(cluster, &budget, "Normal", "NoPods", "No matching pods found");
    }
    let spec = budget.spec.clone().unwrap_or_default();
    let status = match expected::count(cluster, &budget, &spec, &pods) {
        Ok(expected) => {
            let disrupted = disrupted_pods(cluster, key, &budget, &pods);
            let healthy = pods.iter().filter(|pod| is_healthy(pod, &disrupted)).count();
            status(cluster, &budget, &expected, count(healthy), disrupted)
        }
        Err(error) => {
            let message = format!("Failed to calculate the number of expected pods: {error}");
            tell(cluster, &budget, "Warning", "CalculateExpectedPodCountFailed", &message);
            fail_safe(cluster, &budget, &error)
        }
    };
    if budget.status.as_ref() != Some(&status) {
        cluster.store.update::<PodDisruptionBudget>(key, |budget| budget.status = Some(status));
    }
}

/// How many pods there should be, and how many of them must be healthy.
struct Expected {
    pods: i32,
    healthy: i32,
}

fn status(
    cluster: &Cluster,
    budget: &PodDisruptionBudget,
    expected: &Expected,
    healthy: i32,
    disrupted: BTreeMap<String, Time>,
) -> PodDisruptionBudgetStatus {
    let allowed = if expected.pods > 0 { healthy.saturating_sub(expected.healthy).max(0) } else { 0 };
    let mut status = PodDisruptionBudgetStatus {
        conditions: budget.status.as_ref().and_then(|status| status.conditions.clone()),
        current_healthy: Some(healthy),
        desired_healthy: Some(expected.healthy),
        disrupted_pods: Some(disrupted).filter(|pods| !pods.is_empty()),
        disruptions_allowed: Some(allowed),
        expected_pods: Some(expected.pods),
        observed_generation: budget.metadata.generation,
    };
    set_condition(cluster, &mut status, None);
    status
}

/// When the pods cannot be counted nothing may be evicted (`failSafe`).
fn fail_safe(cluster: &Cluster, budget: &PodDisruptionBudget, error: &str) -> PodDisruptionBudgetStatus {
    let mut status = budget.status.clone().unwrap_or_default();
    status.disruptions_allowed = Some(0);
    set_condition(cluster, &mut status, Some(error));
    status
}

/// The condition DisruptionAllowed, where the version has it (component-helpers/apps/poddisruptionbudget).
pub(crate) fn set_condition(cluster: &Cluster, status: &mut PodDisruptionBudgetStatus, failure: Option<&str>) {
    if !cluster.behaviour.budgets_have_condition {
        return;
    }
    let allowed = status.disruptions_allowed.unwrap_or(0) > 0;
    let value = if allowed { "True" } else { "False" };
    let reason = match failure {
        Some(_) => "SyncFailed",
        None if allowed => "SufficientPods",
        None => "InsufficientPods",
    };
    let conditions = status.conditions.get_or_insert_default();
    let before = conditions.iter().find(|condition| condition.type_ == "DisruptionAllowed");
    let since = before.filter(|before| before.status == value).map(|before| before.last_transition_time.clone());
    let condition = Condition {
        type_: "DisruptionAllowed".to_owned(),
        status: value.to_owned(),
        reason: reason.to_owned(),
        message: failure.unwrap_or_default().to_owned(),
        observed_generation: status.observed_generation,
        last_transition_time: since.unwrap_or_else(|| cluster.clock.time()),
    };
    match conditions.iter_mut().find(|condition| condition.type_ == "DisruptionAllowed") {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}

/// Ready, not on its way out, and not just evicted (`countHealthyPods`).
fn is_healthy(pod: &Pod, disrupted: &BTreeMap<String, Time>) -> bool {
    let evicted = pod.metadata.name.as_ref().is_some_and(|name| disrupted.contains_key(name));
    pod::is_ready(pod) && !pod::is_terminating(pod) && !evicted
}

/// The pods whose eviction was granted and whose deletion has not been seen; after two minutes they are given up.
fn disrupted_pods(
    cluster: &mut Cluster,
    key: &ObjectKey,
    budget: &PodDisruptionBudget,
    pods: &[Arc<Pod>],
) -> BTreeMap<String, Time> {
    let mut disrupted = BTreeMap::new();
    let Some(noted) = budget.status.as_ref().and_then(|status| status.disrupted_pods.as_ref()) else {
        return disrupted;
    };
    for pod in pods.iter().filter(|pod| !pod::is_terminating(pod)) {
        let name = pod.metadata.name.clone().unwrap_or_default();
        let Some(since) = noted.get(&name) else { continue };
        let given_up = cluster.clock.ms_of(since.0).saturating_add(DELETION_TIMEOUT_MS);
        if given_up < cluster.clock.now_ms() {
            let message = format!("Pod was expected by PDB {key} to be deleted but it wasn't");
            cluster.event_from(COMPONENT, None, &Pod::wrap(pod.clone()), "Warning", "NotDeleted", &message);
        } else {
            cluster.agenda.add(given_up + 1, Event::Sync(Controller::Disruption, key.clone()));
            disrupted.insert(name, since.clone());
        }
    }
    disrupted
}

fn tell(cluster: &mut Cluster, budget: &Arc<PodDisruptionBudget>, type_: &str, reason: &str, message: &str) {
    cluster.event_from(COMPONENT, None, &PodDisruptionBudget::wrap(budget.clone()), type_, reason, message);
}

impl Cluster {
    /// The pods that a budget speaks of, by name.
    pub(crate) fn pods_of_budget(&self, budget: &ObjectKey) -> Vec<Arc<Pod>> {
        self.indices.budgets.pods(budget).filter_map(|key| self.store.get::<Pod>(key)).cloned().collect()
    }
}

/// Whether the spec lets pods that are not ready go whatever the budget (`unhealthyPodEvictionPolicy`).
pub(crate) fn lets_unhealthy_go(spec: &PodDisruptionBudgetSpec) -> bool {
    spec.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow")
}
