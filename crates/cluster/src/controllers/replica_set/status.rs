//! The status of a ReplicaSet (pkg/controller/replicaset/replica_set_utils.go).

use k8s_openapi::api::apps::v1::{ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::kind::Replicates;
use super::tally::Tally;
use super::{count, counted_pods};
use crate::api_error::ApiError;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::object::Kind;
use crate::pod;
use crate::store::ObjectKey;

/// Counts the pods that were active before the sync made or deleted some, and comes back when the next ready pod has
/// been so for `minReadySeconds`.
pub(super) fn write<T: Replicates>(
    cluster: &mut Cluster,
    key: &ObjectKey,
    set: &T,
    tally: Tally,
    refused: Option<&ApiError>,
) {
    let min_ready = set.min_ready_seconds();
    let now = cluster.clock.now();
    // Without `minReadySeconds` who is ready is available.
    let later: Vec<Timestamp> = if min_ready > 0 {
        let since = counted_pods(cluster, set).filter_map(|pod| pod::available_since(&pod, min_ready));
        since.filter(|since| *since > now).collect()
    } else {
        Vec::new()
    };
    let some = |items: usize| Some(count(items)).filter(|count| *count > 0);
    let before = set.status();
    let before_conditions = before.as_ref().and_then(|before| before.conditions.as_ref());
    let counts_terminating = cluster.behaviour.counts_terminating_replicas && T::KIND_OF == Kind::ReplicaSet;
    let status = ReplicaSetStatus {
        conditions: conditions(before_conditions, refused, &cluster.clock.time()),
        replicas: count(tally.active),
        fully_labeled_replicas: some(tally.fully_labelled),
        ready_replicas: some(tally.ready),
        available_replicas: some(tally.ready.saturating_sub(later.len())),
        terminating_replicas: counts_terminating.then(|| count(tally.terminating)),
        observed_generation: set.metadata().generation,
    };
    if let Some(next) = later.into_iter().min() {
        let at = cluster.clock.ms_of(next);
        cluster.agenda.add(at, Event::Sync(T::CONTROLLER, key.clone()));
    }
    if before.as_deref() != Some(&status) {
        cluster.store.update::<T>(key, |set| set.set_status(status));
    }
}

/// The condition ReplicaFailure says why the first pod was refused for as long as pods are (`calculateStatus`).
fn conditions(
    before: Option<&Vec<ReplicaSetCondition>>,
    refused: Option<&ApiError>,
    now: &Time,
) -> Option<Vec<ReplicaSetCondition>> {
    let is_failure = |condition: &ReplicaSetCondition| condition.type_.as_deref() == Some("ReplicaFailure");
    let mut conditions = before.cloned().unwrap_or_default();
    match refused {
        Some(error) if !conditions.iter().any(is_failure) => conditions.push(ReplicaSetCondition {
            type_: Some("ReplicaFailure".to_owned()),
            status: Some("True".to_owned()),
            reason: Some("FailedCreate".to_owned()),
            message: Some(error.to_string()),
            last_transition_time: Some(now.clone()),
        }),
        Some(_) => {}
        None => conditions.retain(|condition| !is_failure(condition)),
    }
    Some(conditions).filter(|conditions| !conditions.is_empty())
}
