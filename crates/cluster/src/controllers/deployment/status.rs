//! The status of a Deployment and its conditions (`calculateStatus` in sync.go, the condition helpers of
//! deployment_util.go).

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet, ReplicaSetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::rollout::{Rollout, sum};
use crate::cluster::Cluster;

impl Rollout {
    /// The condition of this type as it is now.
    pub(super) fn condition(&self, type_: &str) -> Option<&DeploymentCondition> {
        condition(self.deployment.status.as_ref()?, type_)
    }

    /// Writes the counts and the Available condition; progress is not judged.
    pub(super) fn write_status(&mut self, cluster: &mut Cluster) {
        let status = self.status(cluster);
        self.store_status(cluster, status);
    }

    /// Whether the status was another one.
    pub(super) fn store_status(&mut self, cluster: &mut Cluster, status: DeploymentStatus) -> bool {
        let changes = self.deployment.status.as_ref() != Some(&status);
        if changes {
            self.update(cluster, |deployment: &mut Deployment| deployment.status = Some(status));
        }
        changes
    }

    /// The status as it should be, the conditions but Available as they are.
    pub(super) fn status(&self, cluster: &Cluster) -> DeploymentStatus {
        let status_of = |set: &ReplicaSet| set.status.clone().unwrap_or_default();
        let over_all =
            |count: fn(&ReplicaSetStatus) -> Option<i32>| sum(self.all().filter_map(|set| count(&status_of(set))));
        let some = |number: i32| Some(number).filter(|number| *number > 0);
        let available = self.available();
        let before = self.deployment.status.clone().unwrap_or_default();
        let mut status = DeploymentStatus {
            observed_generation: self.deployment.metadata.generation,
            replicas: some(over_all(|status| Some(status.replicas))),
            updated_replicas: some(self.new.as_ref().map_or(0, |new| status_of(new).replicas)),
            ready_replicas: some(over_all(|status| status.ready_replicas)),
            available_replicas: some(available),
            unavailable_replicas: some(self.total().saturating_sub(available)),
            terminating_replicas: cluster
                .behaviour
                .counts_terminating_replicas
                .then(|| over_all(|status| status.terminating_replicas)),
            ..before
        };
        let enough = available >= self.wanted() - self.max_unavailable();
        let (value, reason, message) = if enough {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        set_condition(&mut status, "Available", value, reason, message, &cluster.clock.time());
        status
    }

    /// Whether the stored status says that the rollout is over (`DeploymentComplete`).
    pub(super) fn is_complete(&self) -> bool {
        self.deployment.status.as_ref().is_some_and(|status| self.completes(status))
    }

    /// Whether this status is that of a finished rollout.
    pub(super) fn completes(&self, status: &DeploymentStatus) -> bool {
        let all = [status.updated_replicas, status.replicas, status.available_replicas];
        all.iter().all(|count| count.unwrap_or(0) == self.wanted())
            && status.observed_generation.unwrap_or(0) >= self.deployment.metadata.generation.unwrap_or(0)
    }
}

/// The condition of this type.
pub(super) fn condition<'a>(status: &'a DeploymentStatus, type_: &str) -> Option<&'a DeploymentCondition> {
    status.conditions.iter().flatten().find(|condition| condition.type_.as_deref() == Some(type_))
}

/// Takes a condition out; its place in the order goes with it.
pub(super) fn remove_condition(status: &mut DeploymentStatus, type_: &str) {
    if let Some(conditions) = &mut status.conditions {
        conditions.retain(|condition| condition.type_.as_deref() != Some(type_));
    }
}

/// Sets a condition, last in order. One with the same status and reason stays as it is, message and all; the time of
/// transition stays while the status does (`SetDeploymentCondition`).
pub(super) fn set_condition(
    status: &mut DeploymentStatus,
    type_: &str,
    value: &str,
    reason: &str,
    message: &str,
    now: &Time,
) {
    let before = condition(status, type_);
    let same_status = before.filter(|condition| condition.status.as_deref() == Some(value));
    if same_status.is_some_and(|condition| condition.reason.as_deref() == Some(reason)) {
        return;
    }
    let transition = same_status.and_then(|condition| condition.last_transition_time.clone());
    let condition = DeploymentCondition {
        type_: Some(type_.to_owned()),
        status: Some(value.to_owned()),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_update_time: Some(now.clone()),
        last_transition_time: Some(transition.unwrap_or_else(|| now.clone())),
    };
    remove_condition(status, type_);
    status.conditions.get_or_insert_default().push(condition);
}
