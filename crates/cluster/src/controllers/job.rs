//! The Job controller (pkg/controller/job/job_controller.go, v1.16 to v1.36): pods until enough of them have succeeded
//! or too many have failed.

mod back_off;
mod conditions;
mod failure_policy;
mod indexes;
mod pods;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;
use k8s_openapi::api::batch::v1::{Job, JobSpec, JobStatus, UncountedTerminatedPods};

use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

use super::controller_ref;
use super::replica_set::count;
use back_off::BackOff;
use conditions::Verdict;
use indexes::Indexes;

pub(crate) use conditions::finished;
pub(crate) use pods::{default_job, prepare_job};

/// The finalizer that holds a pod until the controller has counted it (1.25).
const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// The name in `spec.managedBy` under which this controller goes.
const OWN_NAME: &str = "kubernetes.io/job-controller";

/// What the controller remembers of jobs that their objects do not say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    back_offs: OrdMap<ObjectKey, BackOff>,
    /// When a job is looked at next because of its pods, in milliseconds.
    due: OrdMap<ObjectKey, u64>,
}

/// A Job changed, or a pod of one. What pods do is gathered for a while.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match (&changed.before, &changed.after) {
        (before, Some(Object::Job(job))) => {
            let generation = before.as_ref().map(|before| before.metadata().generation);
            if generation == Some(job.metadata.generation) {
                sync_soon(cluster, changed.key.clone());
            } else {
                cluster.sync(Controller::Job, changed.key.clone());
            }
        }
        (Some(Object::Job(_)), None) => {
            cluster.jobs.back_offs.remove(&changed.key);
            cluster.jobs.due.remove(&changed.key);
            if cluster.behaviour.job_tracking_finalizers {
                cluster.sync(Controller::Job, changed.key.clone());
            }
        }
        (Some(Object::Pod(pod)), None) | (_, Some(Object::Pod(pod))) => {
            let owner = pod::controller_of(&pod.metadata).filter(|owner| owner.kind == Kind::Job.name());
            let owner = owner.map(|owner| ObjectKey::new(&changed.key.namespace, &owner.name));
            let counts = |owner: &ObjectKey| cluster.store.get::<Job>(owner).is_some_and(|job| finished(job).is_none());
            match owner {
                Some(owner) if counts(&owner) => sync_soon(cluster, owner),
                owner if is_tracked(pod) && changed.after.is_some() => {
                    cluster.sync(Controller::Job, owner.unwrap_or_else(|| changed.key.clone()));
                }
                _ => {}
            }
            if changed.after.is_some() && pod::controller_of(&pod.metadata).is_none() {
                for key in controller_ref::adopters::<Job>(cluster, &pod.metadata) {
                    sync_soon(cluster, key);
                }
            }
        }
        _ => {}
    }
}

/// Has the controller look at a job after the time for which it gathers changes, if it does not before.
fn sync_soon(cluster: &mut Cluster, key: ObjectKey) {
    let now = cluster.clock.now_ms();
    if cluster.jobs.due.get(&key).is_none_or(|due| *due < now) {
        let due = now.saturating_add(cluster.behaviour.job_batch_ms);
        cluster.jobs.due.insert(key.clone(), due);
        cluster.agenda.add(due, Event::Sync(Controller::Job, key));
    }
}

/// Whether the pod has yet to be counted.
fn is_tracked(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == TRACKING)
}

/// Lets go of a pod that is counted.
fn release(cluster: &mut Cluster, key: &ObjectKey) {
    cluster.store.update::<Pod>(key, |pod| {
        let finalizers = pod.metadata.finalizers.take();
        let left: Vec<String> = finalizers.into_iter().flatten().filter(|finalizer| finalizer != TRACKING).collect();
        pod.metadata.finalizers = Some(left).filter(|left| !left.is_empty());
    });
}

/// Lets go of the pods that nobody counts any more: those of a Job of this name that is gone or has ended, and the one of
/// this name that belongs to nobody (`syncOrphanPod`).
fn release_orphans(cluster: &mut Cluster, key: &ObjectKey) {
    let of_job = |pod: &Arc<Pod>| match pod::controller_of(&pod.metadata) {
        Some(owner) => owner.kind == Kind::Job.name() && *owner.name == *key.name,
        None => ObjectKey::of(pod.as_ref()) == *key,
    };
    let orphans = cluster.store.list_in::<Pod>(&key.namespace).filter(|pod| is_tracked(pod) && of_job(pod));
    let orphans: Vec<ObjectKey> = orphans.map(|pod| ObjectKey::of(pod.as_ref())).collect();
    for pod in orphans {
        release(cluster, &pod);
    }
}

/// Counts what has ended, decides whether the job has, and makes or removes pods.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(job) = cluster.store.get::<Job>(key).cloned() else { return release_orphans(cluster, key) };
    if cluster.jobs.due.get(key).is_some_and(|due| *due <= cluster.clock.now_ms()) {
        cluster.jobs.due.remove(key);
    }
    let Some(spec) = job.spec.clone() else { return };
    let is_foreign = spec.managed_by.as_deref().is_some_and(|name| name != OWN_NAME);
    if is_foreign && cluster.behaviour.job_managed_by {
        return;
    }
    if finished(&job).is_some() {
        cluster.jobs.back_offs.remove(key);
        return release_orphans(cluster, key);
    }
    let pods = claim(cluster, &job);
    let mut turn = Turn::of(cluster, job, spec, pods);
    turn.take();
    let refused = turn.refused;
    turn.write();
    if refused {
        cluster.requeue_rate_limited(Controller::Job, key);
    } else {
        cluster.forget(Controller::Job, key);
    }
}

/// The job's pods by name, after it took in and let go of what it must. One that it takes in, it counts (`AdoptPod`).
fn claim(cluster: &mut Cluster, job: &Job) -> Vec<Arc<Pod>> {
    let managed: BTreeSet<ObjectKey> = cluster.indices.pods.of(&job.metadata).cloned().collect();
    let mut pods: Vec<Arc<Pod>> = controller_ref::claim(cluster, job, |indices| &indices.pods, |_| true);
    if cluster.behaviour.job_tracking_finalizers {
        for pod in pods.iter_mut() {
            let key = ObjectKey::of(pod.as_ref());
            if managed.contains(&key) || is_tracked(pod) {
                continue;
            }
            cluster.store.update::<Pod>(&key, |pod| {
                pod.metadata.finalizers.get_or_insert_default().push(TRACKING.to_owned());
            });
            if let Some(tracked) = cluster.store.get::<Pod>(&key) {
                *pod = Arc::clone(tracked);
            }
        }
    }
    pods.sort_by_key(|pod| ObjectKey::of(pod.as_ref()));
    pods
}

/// One look at a job and its pods.
struct Turn<'a> {
    cluster: &'a mut Cluster,
    key: ObjectKey,
    job: Arc<Job>,
    spec: JobSpec,
    /// The status as it will be.
    status: JobStatus,
    pods: Vec<Arc<Pod>>,
    active: Vec<Arc<Pod>>,
    /// Pods that are on their way out.
    terminating: usize,
    succeeded: i32,
    failed: i32,
    indexes: Option<Indexes>,
    back_off: BackOff,
    /// Whether the API server refused a pod.
    refused: bool,
}

impl<'a> Turn<'a> {
    fn of(cluster: &'a mut Cluster, job: Arc<Job>, spec: JobSpec, pods: Vec<Arc<Pod>>) -> Self {
        let key = ObjectKey::of(job.as_ref());
        let active = pods.iter().filter(|pod| pod::is_active(pod)).cloned().collect();
        let terminating = pods.iter().filter(|pod| pod::is_terminating(pod) && !pod::is_terminal(pod)).count();
        let back_off = cluster.jobs.back_offs.get(&key).cloned().unwrap_or_default();
        let status = job.status.clone().unwrap_or_default();
        let indexes = (spec.completion_mode.as_deref() == Some("Indexed") && cluster.behaviour.indexed_jobs)
            .then(|| Indexes::of(&spec, &status, &pods));
        Self {
            cluster,
            key,
            job,
            spec,
            status,
            pods,
            active,
            terminating,
            succeeded: 0,
            failed: 0,
            indexes,
            back_off,
            refused: false,
        }
    }

    fn take(&mut self) {
        self.count_finished();
        if self.status.start_time.is_none() && !self.is_suspended() {
            self.status.start_time = Some(self.cluster.clock.time());
        }
        let mut verdict = self.verdict();
        if verdict.is_some() {
            self.delete_active();
        } else {
            if self.job.metadata.deletion_timestamp.is_none() {
                self.manage();
            }
            if self.is_complete() {
                verdict = Some(self.completed());
            } else {
                self.note_suspension();
            }
        }
        self.release_counted(verdict.as_ref());
        self.status.active = Some(count(self.active.len())).filter(|active| *active > 0);
        if let Some(verdict) = verdict {
            self.finish(verdict);
        }
    }

    fn is_suspended(&self) -> bool {
        self.spec.suspend == Some(true) && self.cluster.behaviour.suspends_jobs
    }

    fn tracks(&self) -> bool {
        self.cluster.behaviour.job_tracking_finalizers
    }

    /// Whether the pod has not been counted yet.
    fn is_new(&self, pod: &Pod) -> bool {
        !self.tracks() || is_tracked(pod)
    }

    /// Counts what has succeeded and failed, and how that lengthens the wait for the next pod.
    fn count_finished(&mut self) {
        let mut ended: Vec<(u64, bool)> = Vec::new();
        let (mut succeeded, mut failed) = (0, 0);
        for pod in &self.pods {
            let is_in_range = self.indexes.as_ref().is_none_or(|indexes| indexes.index_of(pod).is_some());
            if !self.is_new(pod) || !is_in_range {
                continue;
            }
            if pod::phase(pod) == "Succeeded" {
                succeeded += 1;
                ended.push((back_off::finish_ms(self.cluster, pod), true));
            } else if self.is_failed(pod) {
                failed += i32::from(!self.is_ignored(pod));
                ended.push((back_off::finish_ms(self.cluster, pod), false));
            }
        }
        if self.tracks() {
            self.back_off.count(ended);
            self.succeeded = self.status.succeeded.unwrap_or(0).saturating_add(succeeded);
            self.failed = self.status.failed.unwrap_or(0).saturating_add(failed);
        } else {
            self.back_off = BackOff::of(ended);
            (self.succeeded, self.failed) = (succeeded, failed);
        }
        if let Some(indexes) = &self.indexes {
            self.succeeded = count(indexes.succeeded.len());
        }
    }

    /// Whether the pod counts as failed: also one that is deleted before it has ended (`isPodFailed`).
    fn is_failed(&self, pod: &Pod) -> bool {
        match pod::phase(pod) {
            "Failed" => true,
            "Succeeded" => false,
            _ => pod::is_terminating(pod) && self.tracks() && !self.replaces_failed_only(),
        }
    }

    /// Whether a pod is replaced only when it has really ended (`podReplacementPolicy: Failed`, 1.29).
    fn replaces_failed_only(&self) -> bool {
        self.spec.pod_replacement_policy.as_deref() == Some("Failed") && self.cluster.behaviour.job_pod_replacement
    }

    fn is_complete(&self) -> bool {
        match self.spec.completions {
            None => self.succeeded > 0 && self.active.is_empty(),
            Some(wanted) => self.succeeded >= wanted && self.active.is_empty(),
        }
    }

    /// Lets go of the pods that are counted now (`trackJobStatusAndRemoveFinalizers`).
    fn release_counted(&mut self, verdict: Option<&Verdict>) {
        let job_failed = verdict.is_some_and(|verdict| !verdict.is_success);
        let mut failed = 0;
        for pod in self.pods.clone() {
            if !is_tracked(&pod) {
                continue;
            }
            let succeeded = pod::phase(&pod) == "Succeeded";
            let is_failed = self.is_failed(&pod);
            if !(succeeded || is_failed || verdict.is_some() || self.job.metadata.deletion_timestamp.is_some()) {
                continue;
            }
            // What a failed job leaves running has failed as well.
            failed += i32::from(!succeeded && (is_failed || job_failed) && !self.is_ignored(&pod));
            release(self.cluster, &ObjectKey::of(pod.as_ref()));
        }
        if self.tracks() {
            self.failed = self.status.failed.unwrap_or(0).saturating_add(failed);
        }
        self.status.succeeded = Some(self.succeeded).filter(|succeeded| *succeeded > 0);
        self.status.failed = Some(self.failed).filter(|failed| *failed > 0);
        if let Some(indexes) = &self.indexes {
            self.status.completed_indexes = Some(indexes::text(&indexes.succeeded)).filter(|text| !text.is_empty());
            if indexes.limit.is_some() && self.cluster.behaviour.job_back_off_per_index {
                self.status.failed_indexes = Some(indexes::text(&indexes.failed));
            }
        }
    }

    fn write(self) {
        let Self { cluster, key, mut status, active, back_off, terminating, .. } = self;
        let behaviour = &cluster.behaviour;
        let ready = active.iter().filter(|pod| pod::is_ready(pod)).count();
        status.ready = Some(count(ready)).filter(|_| behaviour.job_ready_pods);
        status.terminating = Some(count(terminating)).filter(|_| behaviour.job_pod_replacement);
        if behaviour.job_tracking_finalizers {
            status.uncounted_terminated_pods.get_or_insert_with(UncountedTerminatedPods::default);
        }
        cluster.jobs.back_offs.insert(key.clone(), back_off);
        if cluster.store.get::<Job>(&key).is_some_and(|job| job.status.as_ref() != Some(&status)) {
            cluster.store.update::<Job>(&key, |job| job.status = Some(status));
        }
    }

    fn tell(&mut self, type_: &str, reason: &str, message: &str) {
        self.cluster.controller_event(&Job::wrap(Arc::clone(&self.job)), type_, reason, message);
    }
}
