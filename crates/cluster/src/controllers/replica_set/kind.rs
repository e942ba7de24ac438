//! The two kinds that the controller keeps: a ReplicationController is taken for an older ReplicaSet
//! (pkg/controller/replication/conversion.go).

use std::borrow::Cow;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{
    PodTemplateSpec, ReplicationController, ReplicationControllerCondition, ReplicationControllerStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::controllers::controller_ref::Selects;
use crate::pod;
use crate::store::ObjectKey;

/// A kind that keeps a number of pods.
pub(crate) trait Replicates: Selects {
    /// Its controller.
    const CONTROLLER: Controller;
    /// `spec.replicas`.
    fn replicas(&self) -> i32;
    /// `spec.minReadySeconds`.
    fn min_ready_seconds(&self) -> i32;
    /// `spec.template`.
    fn template(&self) -> Option<&PodTemplateSpec>;
    /// Its status.
    fn status(&self) -> Option<Cow<'_, ReplicaSetStatus>>;
    /// Writes its status.
    fn set_status(&mut self, status: ReplicaSetStatus);
    /// Those of its kind that an owner manages.
    fn of_owner(cluster: &Cluster, namespace: &str, uid: &str) -> Vec<ObjectKey>;
}

impl Replicates for ReplicaSet {
    const CONTROLLER: Controller = Controller::ReplicaSet;

    fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds.unwrap_or(0)
    }

    fn template(&self) -> Option<&PodTemplateSpec> {
        self.spec.template.as_ref()
    }

    fn status(&self) -> Option<Cow<'_, ReplicaSetStatus>> {
        self.status.as_ref().map(Cow::Borrowed)
    }

    fn set_status(&mut self, status: ReplicaSetStatus) {
        self.status = Some(status);
    }

    fn of_owner(cluster: &Cluster, _namespace: &str, uid: &str) -> Vec<ObjectKey> {
        cluster.indices.replica_sets.of_uid(uid).cloned().collect()
    }
}

impl Selects for ReplicationController {
    fn selector(&self) -> Cow<'_, LabelSelector> {
        let match_labels = self.spec.as_ref().and_then(|spec| spec.selector.clone());
        Cow::Owned(LabelSelector { match_labels, match_expressions: None })
    }
}

impl Replicates for ReplicationController {
    const CONTROLLER: Controller = Controller::ReplicationController;

    fn replicas(&self) -> i32 {
        self.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
    }

    fn min_ready_seconds(&self) -> i32 {
        self.spec.as_ref().and_then(|spec| spec.min_ready_seconds).unwrap_or(0)
    }

    fn template(&self) -> Option<&PodTemplateSpec> {
        self.spec.as_ref().and_then(|spec| spec.template.as_ref())
    }

    fn status(&self) -> Option<Cow<'_, ReplicaSetStatus>> {
        let status = self.status.as_ref()?;
        let condition = |condition: &ReplicationControllerCondition| ReplicaSetCondition {
            last_transition_time: condition.last_transition_time.clone(),
            message: condition.message.clone(),
            reason: condition.reason.clone(),
            status: Some(condition.status.clone()),
            type_: Some(condition.type_.clone()),
        };
        Some(Cow::Owned(ReplicaSetStatus {
            available_replicas: status.available_replicas,
            conditions: status.conditions.as_ref().map(|all| all.iter().map(condition).collect()),
            fully_labeled_replicas: status.fully_labeled_replicas,
            observed_generation: status.observed_generation,
            ready_replicas: status.ready_replicas,
            replicas: status.replicas,
            // A ReplicationController counts none.
            terminating_replicas: None,
        }))
    }

    fn set_status(&mut self, status: ReplicaSetStatus) {
        let condition = |condition: ReplicaSetCondition| ReplicationControllerCondition {
            last_transition_time: condition.last_transition_time,
            message: condition.message,
            reason: condition.reason,
            status: condition.status.unwrap_or_default(),
            type_: condition.type_.unwrap_or_default(),
        };
        self.status = Some(ReplicationControllerStatus {
            available_replicas: status.available_replicas,
            conditions: status.conditions.map(|all| all.into_iter().map(condition).collect()),
            fully_labeled_replicas: status.fully_labeled_replicas,
            observed_generation: status.observed_generation,
            ready_replicas: status.ready_replicas,
            replicas: status.replicas,
        });
    }

    fn of_owner(cluster: &Cluster, namespace: &str, uid: &str) -> Vec<ObjectKey> {
        let all = cluster.store.list_in::<Self>(namespace);
        let owned = all.filter(|one| pod::controller_of(&one.metadata).is_some_and(|owner| owner.uid == uid));
        owned.map(|one| ObjectKey::of(one.as_ref())).collect()
    }
}
