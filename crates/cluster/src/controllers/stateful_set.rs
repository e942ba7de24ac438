//! The StatefulSet controller (pkg/controller/statefulset/stateful_set_control.go, v1.16 to v1.35): pods with stable
//! names and claims of their own, made, updated and deleted in order.

mod claims;
mod identity;
mod revision;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetStatus, StatefulSetUpdateStrategy};

use super::controller_ref;
use super::deployment::{MAX_REPLICAS, resolve};
use super::replica_set::count;
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

use identity::{new_pod, ordinal_of, revision_of};
use revision::Revisions;

/// A StatefulSet changed, or a pod of one.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match changed.kind {
        Kind::StatefulSet => cluster.sync(Controller::StatefulSet, changed.key.clone()),
        Kind::Pod => {
            cluster.sync_owners(Controller::StatefulSet, Kind::StatefulSet, changed);
            if let Some(Object::Pod(pod)) = &changed.after
                && pod::controller_of(&pod.metadata).is_none()
            {
                for key in controller_ref::adopters::<StatefulSet>(cluster, &pod.metadata) {
                    cluster.sync(Controller::StatefulSet, key);
                }
            }
        }
        _ => {}
    }
}

/// Takes a StatefulSet one step further: replicas first, then those that are too many, then the update.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(set) = cluster.store.get::<StatefulSet>(key).cloned() else { return };
    // What it takes in must be called as its own pods are (`getPodsForStatefulSet`).
    let is_member = |pod: &Pod| ordinal_of(&set, pod).is_some();
    let key_of = |pod: &Arc<Pod>| ObjectKey::of(pod.as_ref());
    let managed: BTreeSet<ObjectKey> =
        cluster.pods_of(&set.metadata).iter().filter(|pod| is_member(pod)).map(key_of).collect();
    let claimed = controller_ref::claim(cluster, set.as_ref(), |indices| &indices.pods, is_member);
    if claimed.iter().map(key_of).collect::<BTreeSet<_>>() != managed {
        // What it takes in or lets go of brings it here again.
        return;
    }
    let revisions = Revisions::of(cluster, &set);
    let mut refused = false;
    if set.metadata.deletion_timestamp.is_none() {
        let mut turn = Turn::of(cluster, Arc::clone(&set), &revisions);
        if turn.replicas() == Step::Done && turn.condemned() == Step::Done {
            turn.update();
        }
        refused = turn.refused;
    }
    write_status(cluster, key, &revisions);
    revisions.truncate(cluster, &set);
    if refused {
        cluster.requeue_rate_limited(Controller::StatefulSet, key);
    } else {
        cluster.forget(Controller::StatefulSet, key);
    }
}

/// Whether the controller may go on with the next pod, or has to wait for one.
#[derive(PartialEq, Eq)]
enum Step {
    Done,
    Wait,
}

/// One look at a set and its pods.
struct Turn<'a> {
    cluster: &'a mut Cluster,
    set: Arc<StatefulSet>,
    revisions: &'a Revisions,
    /// The first ordinal.
    start: i32,
    /// The pods that should be, by ordinal; `None` where one is missing.
    replicas: BTreeMap<i32, Option<Arc<Pod>>>,
    /// The pods outside of the range, the highest ordinal first.
    condemned: Vec<Arc<Pod>>,
    /// One pod at a time (`OrderedReady`).
    monotonic: bool,
    min_ready_ms: u64,
    /// Whether the API server refused a pod or a claim: the set is looked at again later.
    refused: bool,
}

impl<'a> Turn<'a> {
    fn of(cluster: &'a mut Cluster, set: Arc<StatefulSet>, revisions: &'a Revisions) -> Self {
        let start = start_ordinal(cluster, &set);
        let wanted = set.spec.replicas.unwrap_or(1).clamp(0, MAX_REPLICAS);
        let mut replicas: BTreeMap<i32, Option<Arc<Pod>>> =
            (start..start.saturating_add(wanted)).map(|ordinal| (ordinal, None)).collect();
        let mut condemned = BTreeMap::new();
        for pod in cluster.pods_of(&set.metadata) {
            let Some(ordinal) = ordinal_of(&set, &pod) else { continue };
            match replicas.get_mut(&ordinal) {
                Some(place) => *place = Some(pod),
                None => {
                    condemned.insert(ordinal, pod);
                }
            }
        }
        let monotonic = set.spec.pod_management_policy.as_deref() != Some("Parallel");
        let min_ready_ms = min_ready_ms(cluster, &set);
        let condemned = condemned.into_values().rev().collect();
        Self { cluster, set, revisions, start, replicas, condemned, monotonic, min_ready_ms, refused: false }
    }

    /// Makes what is missing and removes what has ended. In order, the first that is not available stops the rest.
    fn replicas(&mut self) -> Step {
        let replicas: Vec<(i32, Option<Arc<Pod>>)> =
            self.replicas.iter().map(|(ordinal, pod)| (*ordinal, pod.clone())).collect();
        for (ordinal, pod) in replicas {
            let step = match pod {
                Some(pod) if pod::is_terminal(&pod) => {
                    if !pod::is_terminating(&pod) {
                        self.recreate(&pod);
                    }
                    Step::Wait
                }
                Some(pod) => self.keep(&pod),
                None => self.create(ordinal),
            };
            if step == Step::Wait && self.monotonic {
                return Step::Wait;
            }
        }
        Step::Done
    }

    fn keep(&mut self, pod: &Arc<Pod>) -> Step {
        if pod::phase(pod) == "Pending" {
            self.refused |= claims::create_missing(self.cluster, &self.set, pod).is_err();
        }
        if self.monotonic && !self.is_available(pod) {
            return Step::Wait;
        }
        claims::match_retention(self.cluster, &self.set, pod, false);
        Step::Done
    }

    fn create(&mut self, ordinal: i32) -> Step {
        let revision = self.revisions.for_ordinal(&self.set, ordinal);
        let pod = new_pod(&self.set, revision, ordinal, self.cluster.behaviour.pod_index_label);
        let name = pod.metadata.name.clone().unwrap_or_default();
        let created = match claims::create_missing(self.cluster, &self.set, &pod) {
            Ok(()) => self.cluster.post(Pod::wrap(Arc::new(pod))).map_err(|error| error.to_string()),
            Err(refused) => Err(refused),
        };
        match created {
            Ok(_) => {
                self.tell("SuccessfulCreate", &format!("create Pod {name} in StatefulSet {} successful", self.name()))
            }
            Err(error) => {
                self.refused = true;
                let message = format!("create Pod {name} in StatefulSet {} failed error: {error}", self.name());
                let owner = StatefulSet::wrap(Arc::clone(&self.set));
                self.cluster.controller_event(&owner, "Warning", "FailedCreate", &message);
            }
        }
        // In order, nothing follows before the new pod is available.
        Step::Wait
    }

    /// A pod that has ended is deleted; its successor follows when it is gone.
    fn recreate(&mut self, pod: &Pod) {
        if self.cluster.behaviour.stateful_set_tells_recreation {
            let succeeded = pod::phase(pod) == "Succeeded";
            let (type_, reason, what) = if succeeded {
                ("Normal", "RecreatingTerminatedPod", "terminated")
            } else {
                ("Warning", "RecreatingFailedPod", "failed")
            };
            let key = ObjectKey::of(self.set.as_ref());
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            let message = format!("StatefulSet {key} is recreating {what} Pod {name}");
            self.cluster.controller_event(&StatefulSet::wrap(Arc::clone(&self.set)), type_, reason, &message);
        }
        self.delete(pod);
    }

    /// Deletes the pods that are too many, in order the highest first and one at a time.
    fn condemned(&mut self) -> Step {
        let first_unavailable = self.first_unavailable();
        let condemned = self.condemned.clone();
        for pod in &condemned {
            claims::match_retention(self.cluster, &self.set, pod, true);
        }
        for pod in &condemned {
            if pod::is_terminating(pod) {
                if self.monotonic {
                    return Step::Wait;
                }
                continue;
            }
            let is_first = first_unavailable.as_ref() == Some(&ObjectKey::of(pod.as_ref()));
            if self.monotonic && !is_first && !self.is_available(pod) {
                return Step::Wait;
            }
            self.delete(pod);
            if self.monotonic {
                return Step::Wait;
            }
        }
        Step::Done
    }

    /// The unavailable pod with the lowest ordinal, those that should be before those that are too many.
    fn first_unavailable(&mut self) -> Option<ObjectKey> {
        let condemned: Vec<Arc<Pod>> = self.condemned.iter().rev().cloned().collect();
        let mut replicas: Vec<Option<Arc<Pod>>> = self.replicas.values().cloned().collect();
        replicas.extend(condemned.into_iter().map(Some));
        for pod in replicas {
            match pod {
                Some(pod) if self.is_available(&pod) => {}
                // One that is missing is unavailable and no condemned pod.
                found => return found.map(|pod| ObjectKey::of(pod.as_ref())),
            }
        }
        None
    }

    /// Deletes the pods of an old revision, the highest ordinal first, down to the partition.
    fn update(&mut self) {
        let strategy = self.set.spec.update_strategy.clone().unwrap_or_default();
        if strategy.type_.as_deref() == Some("OnDelete") {
            return;
        }
        if self.cluster.behaviour.stateful_set_max_unavailable {
            self.update_many(&strategy);
            return;
        }
        for pod in self.targets(partition(&strategy)) {
            let Some(pod) = pod else { return };
            if revision_of(&pod) != self.revisions.update.name && !pod::is_terminating(&pod) {
                self.delete(&pod);
                return;
            }
            if !self.is_available(&pod) {
                return;
            }
        }
    }

    /// As many at a time as may be unavailable (`MaxUnavailableStatefulSet`, on from 1.35).
    fn update_many(&mut self, strategy: &StatefulSetUpdateStrategy) {
        let rolling = strategy.rolling_update.as_ref();
        let most = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
        let most = most.map_or(1, |most| resolve(most, count(self.replicas.len()), true).max(1));
        let all = self.targets(0);
        let unavailable = all.iter().filter(|pod| pod.as_ref().is_none_or(|pod| !self.is_available(pod))).count();
        let mut budget = usize::try_from(most).unwrap_or(1).saturating_sub(unavailable);
        for pod in self.targets(partition(strategy)).into_iter().flatten() {
            if budget == 0 {
                return;
            }
            if revision_of(&pod) != self.revisions.update.name && !pod::is_terminating(&pod) {
                self.delete(&pod);
                budget -= 1;
            }
        }
    }

    /// The replicas from the highest ordinal down to the partition, which counts from the first ordinal.
    fn targets(&self, partition: i32) -> Vec<Option<Arc<Pod>>> {
        let from = self.start.saturating_add(partition);
        self.replicas.iter().rev().take_while(|(ordinal, _)| **ordinal >= from).map(|(_, pod)| pod.clone()).collect()
    }

    /// Running and ready for as long as the set asks; when it has yet to be so long, the set is looked at again then.
    fn is_available(&mut self, pod: &Pod) -> bool {
        if !is_running_and_ready(pod) || pod::is_terminating(pod) {
            return false;
        }
        if self.min_ready_ms == 0 {
            return true;
        }
        let Some(due) = available_at_ms(self.cluster, pod, self.min_ready_ms) else { return false };
        if due > self.cluster.clock.now_ms() {
            let key = ObjectKey::of(self.set.as_ref());
            self.cluster.agenda.add(due, Event::Sync(Controller::StatefulSet, key));
            return false;
        }
        true
    }

    fn delete(&mut self, pod: &Pod) {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        self.cluster.delete_pod(&ObjectKey::of(pod));
        self.tell("SuccessfulDelete", &format!("delete Pod {name} in StatefulSet {} successful", self.name()));
    }

    fn tell(&mut self, reason: &str, message: &str) {
        self.cluster.controller_event(&StatefulSet::wrap(Arc::clone(&self.set)), "Normal", reason, message);
    }

    fn name(&self) -> String {
        self.set.metadata.name.clone().unwrap_or_default()
    }
}

/// The ordinal from which a rolling update counts.
fn partition(strategy: &StatefulSetUpdateStrategy) -> i32 {
    strategy.rolling_update.as_ref().and_then(|rolling| rolling.partition).unwrap_or(0).max(0)
}

fn start_ordinal(cluster: &Cluster, set: &StatefulSet) -> i32 {
    let start = set.spec.ordinals.as_ref().and_then(|ordinals| ordinals.start);
    start.filter(|_| cluster.behaviour.stateful_set_start_ordinal).unwrap_or(0).max(0)
}

fn min_ready_ms(cluster: &Cluster, set: &StatefulSet) -> u64 {
    let seconds = set.spec.min_ready_seconds.filter(|_| cluster.behaviour.stateful_set_min_ready).unwrap_or(0);
    u64::try_from(seconds).unwrap_or(0).saturating_mul(1000)
}

fn is_running_and_ready(pod: &Pod) -> bool {
    pod::phase(pod) == "Running" && pod::is_ready(pod)
}

/// When the pod will have been ready for so long (`podutil.IsPodAvailable`).
fn available_at_ms(cluster: &Cluster, pod: &Pod, min_ready_ms: u64) -> Option<u64> {
    let since = pod::condition(pod, "Ready")?.last_transition_time.as_ref()?;
    Some(cluster.clock.ms_of(since.0).saturating_add(min_ready_ms))
}

fn write_status(cluster: &mut Cluster, key: &ObjectKey, revisions: &Revisions) {
    let Some(set) = cluster.store.get::<StatefulSet>(key).cloned() else { return };
    let (current, update) = (&revisions.current.name, &revisions.update.name);
    let min_ready_ms = min_ready_ms(cluster, &set);
    let now = cluster.clock.now_ms();
    let (mut ready, mut available, mut at_current, mut at_update) = (0, 0, 0, 0);
    let pods = cluster.pods_of(&set.metadata);
    for pod in &pods {
        if is_running_and_ready(pod) {
            ready += 1;
            let due = available_at_ms(cluster, pod, min_ready_ms);
            available += usize::from(min_ready_ms == 0 || due.is_some_and(|due| due <= now));
        }
        if !pod::is_terminating(pod) {
            at_current += usize::from(revision_of(pod) == *current);
            at_update += usize::from(revision_of(pod) == *update);
        }
    }
    let previous = set.status.clone().unwrap_or_default();
    let some = |items: usize| Some(count(items)).filter(|number| *number > 0);
    let mut status = StatefulSetStatus {
        replicas: count(pods.len()),
        ready_replicas: some(ready),
        available_replicas: Some(count(available)).filter(|_| cluster.behaviour.stateful_set_available_replicas),
        current_replicas: some(at_current),
        updated_replicas: some(at_update),
        current_revision: Some(current.clone()),
        update_revision: Some(update.clone()),
        collision_count: Some(previous.collision_count.unwrap_or(0)),
        observed_generation: set.metadata.generation,
        ..previous.clone()
    };
    // The update is complete: what was new is what is (`completeRollingUpdate`).
    let rolling = set.spec.update_strategy.as_ref().and_then(|strategy| strategy.type_.as_deref()) != Some("OnDelete");
    if rolling && at_update == pods.len() && ready == pods.len() {
        status.current_revision.clone_from(&status.update_revision);
        status.current_replicas = status.updated_replicas;
    }
    if set.status.is_none() || previous != status {
        cluster.store.update::<StatefulSet>(key, |set| set.status = Some(status));
    }
}
