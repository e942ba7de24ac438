//! The CronJob controller (pkg/controller/cronjob/cronjob_controllerv2.go; up to 1.20 cronjob_controller.go, which looks
//! at all CronJobs every 10 s): a Job whenever the schedule is due.

mod history;
mod schedule;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use imbl::OrdMap;
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, CronJobStatus, Job};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::controller_ref::owner_reference;
use super::job;
use crate::behaviour::CronController;
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::deletion::{DeleteOptions, Propagation};
use crate::object::{Kind, KnownKind, Object};
use crate::pod;
use crate::store::{Changed, ObjectKey};

use schedule::{Schedule, time_zone};

/// How often the old controller looks, in milliseconds.
const POLL_MS: u64 = 10_000;
/// The new controller looks so long after the schedule is due, in milliseconds (`nextScheduleDelta`).
const DELTA_MS: u64 = 100;
/// More missed starts than these are told of; the old controller gives up over them.
const MAX_MISSED: i64 = 100;

/// The moments at which CronJobs are looked at next, in milliseconds.
pub(crate) type Due = OrdMap<ObjectKey, u64>;

/// A CronJob changed, or a Job of one.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    let key = match changed.kind {
        Kind::CronJob => Some(changed.key.clone()),
        Kind::Job => {
            let job = changed.after.as_ref().or(changed.before.as_ref());
            let owner = job.and_then(|job| pod::controller_of(job.metadata()));
            let owner = owner.filter(|owner| owner.kind == Kind::CronJob.name());
            owner.map(|owner| ObjectKey::new(&changed.key.namespace, &owner.name))
        }
        _ => None,
    };
    let Some(key) = key else { return };
    if cluster.store.get::<CronJob>(&key).is_none() {
        cluster.cron_jobs_due.remove(&key);
        return;
    }
    let now = cluster.clock.now_ms();
    let at = match cluster.behaviour.cron_controller {
        CronController::Polling => next_poll(now),
        CronController::Queue => now,
    };
    cluster.agenda.add(at, Event::Sync(Controller::CronJob, key));
}

/// Whether the change is the work of a CronJob that repeats itself: it does not keep a run going.
pub(crate) fn is_routine(cluster: &Cluster, changed: &Changed) -> bool {
    let Some(object) = changed.after.as_ref().or(changed.before.as_ref()) else { return false };
    let owner = |object: &ObjectMeta, kind: Kind| {
        let owner = pod::controller_of(object).filter(|owner| owner.kind == kind.name())?;
        Some(ObjectKey::new(&changed.key.namespace, &owner.name))
    };
    match object {
        Object::CronJob(_) => changed.before.is_some() && changed.after.is_some(),
        Object::Job(job) => owner(&job.metadata, Kind::CronJob).is_some(),
        Object::Pod(pod) => owner(&pod.metadata, Kind::Job).is_some_and(|job| match cluster.store.get::<Job>(&job) {
            Some(job) => owner(&job.metadata, Kind::CronJob).is_some(),
            // The end of its Job was the change, if it was one; this is what comes of it.
            None => pod::is_terminating(pod) || changed.after.is_none(),
        }),
        _ => false,
    }
}

fn next_poll(ms: u64) -> u64 {
    ms.div_ceil(POLL_MS).saturating_mul(POLL_MS)
}

/// The moment has come that a CronJob was waiting for, unless it waits for another one by now.
pub(crate) fn due(cluster: &mut Cluster, key: &ObjectKey) {
    if cluster.cron_jobs_due.get(key).is_some_and(|due| *due <= cluster.clock.now_ms()) {
        cluster.cron_jobs_due.remove(key);
        sync(cluster, key);
    }
}

/// Keeps the list of active jobs, removes old ones, starts what is due, and plans the next look.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(cron_job) = cluster.store.get::<CronJob>(key).cloned() else { return };
    let spec = cron_job.spec.clone();
    let status = cron_job.status.clone().unwrap_or_default();
    let mut turn = Turn { cluster, key: key.clone(), cron_job, spec, status };
    turn.remove_old_jobs();
    turn.note_jobs();
    let schedule = turn.start_due();
    turn.write();
    if let Some(schedule) = schedule {
        plan(cluster, key, &schedule);
    }
}

/// What is wrong with a schedule.
pub(crate) fn schedule_fault(text: &str) -> Option<String> {
    Schedule::parse(text).err()
}

/// Puts the next moment at which the schedule is due on the agenda.
fn plan(cluster: &mut Cluster, key: &ObjectKey, schedule: &Schedule) {
    let Some(next) = schedule.next(cluster.clock.now()) else { return };
    let at = cluster.clock.ms_of(next);
    let at = match cluster.behaviour.cron_controller {
        CronController::Polling => next_poll(at),
        CronController::Queue => at.saturating_add(DELTA_MS),
    };
    if cluster.cron_jobs_due.insert(key.clone(), at) != Some(at) {
        cluster.agenda.add(at, Event::CronJobDue(key.clone()));
    }
}

/// One look at a CronJob.
struct Turn<'a> {
    cluster: &'a mut Cluster,
    key: ObjectKey,
    cron_job: Arc<CronJob>,
    spec: CronJobSpec,
    status: CronJobStatus,
}

impl Turn<'_> {
    /// Starts the latest job that is due and has not been started. Returns the schedule unless the CronJob rests.
    fn start_due(&mut self) -> Option<Schedule> {
        if self.cron_job.metadata.deletion_timestamp.is_some() {
            return None;
        }
        let zone = self.spec.time_zone.clone().filter(|_| self.cluster.behaviour.cron_job_time_zones);
        if let Some(zone) = &zone
            && let Err(error) = time_zone(zone)
        {
            self.tell("Warning", "UnknownTimeZone", &format!("invalid timeZone: {zone:?}: {error}"));
            return None;
        }
        if self.spec.suspend == Some(true) {
            return None;
        }
        let text = match zone {
            Some(zone) if !self.spec.schedule.contains("TZ") => format!("TZ={zone} {}", self.spec.schedule),
            _ => self.spec.schedule.clone(),
        };
        let schedule = match Schedule::parse(&text) {
            Ok(schedule) => schedule,
            Err(error) => {
                let message = format!("unparseable schedule: {:?} : {error}", self.spec.schedule);
                self.tell("Warning", "UnparseableSchedule", &message);
                return None;
            }
        };
        if let Some(moment) = self.unmet(&schedule) {
            self.start(moment);
        }
        Some(schedule)
    }

    /// The latest moment at which a job should have been started and was not (`mostRecentScheduleTime`).
    fn unmet(&mut self, schedule: &Schedule) -> Option<Timestamp> {
        let now = self.cluster.clock.now();
        let last = self.status.last_schedule_time.as_ref().or(self.cron_job.metadata.creation_timestamp.as_ref());
        let mut earliest = last.map_or(now, |time| time.0);
        if let Some(deadline) = self.deadline()
            && let Ok(since) = now.checked_sub(deadline)
        {
            earliest = earliest.max(since);
        }
        let first = schedule.next(earliest).filter(|first| *first <= now)?;
        let period = schedule.next(first)?.duration_since(first).as_secs().max(1);
        let missed = now.duration_since(first).as_secs() / period + 1;
        if missed > MAX_MISSED {
            match self.cluster.behaviour.cron_controller {
                CronController::Polling => {
                    let message = "Cannot determine if job needs to be started: too many missed start time (> 100). \
                                   Set or decrease .spec.startingDeadlineSeconds or check clock skew";
                    self.tell("Warning", "FailedNeedsStart", message);
                    return None;
                }
                CronController::Queue => {
                    let number = if self.cluster.behaviour.cron_job_counts_missed {
                        format!(": {missed}")
                    } else {
                        String::new()
                    };
                    let message = format!(
                        "too many missed start times{number}. Set or decrease .spec.startingDeadlineSeconds or check \
                         clock skew"
                    );
                    self.tell("Warning", "TooManyMissedTimes", &message);
                }
            }
        }
        // From near the end on: a year of minutes need not be gone through.
        let near = first.checked_add(SignedDuration::from_secs(missed.saturating_sub(MAX_MISSED).max(0) * period));
        let mut found = first;
        let mut at = near.unwrap_or(first).min(now);
        while let Some(next) = schedule.next(at).filter(|next| *next <= now) {
            (found, at) = (next, next);
        }
        Some(found)
    }

    fn deadline(&self) -> Option<SignedDuration> {
        self.spec.starting_deadline_seconds.map(|seconds| SignedDuration::from_secs(seconds.max(0)))
    }

    fn start(&mut self, moment: Timestamp) {
        let now = self.cluster.clock.now();
        let is_late =
            self.deadline().and_then(|deadline| moment.checked_add(deadline).ok()).is_some_and(|end| end < now);
        if is_late {
            let time = moment.strftime("%a, %d %b %Y %H:%M:%S +0000");
            self.tell("Warning", "MissSchedule", &format!("Missed scheduled time to start a job: {time}"));
            return;
        }
        let name = self.job_name(moment);
        let is_processed = self.status.last_schedule_time.as_ref().is_some_and(|last| last.0 == moment);
        let active = self.status.active.clone().unwrap_or_default();
        if is_processed || active.iter().any(|job| job.name.as_deref() == Some(&name)) {
            return;
        }
        match self.spec.concurrency_policy.as_deref() {
            Some("Forbid") if !active.is_empty() => {
                if matches!(self.cluster.behaviour.cron_controller, CronController::Queue) {
                    let message =
                        "Not starting job because prior execution is running and concurrency policy is Forbid";
                    self.tell("Normal", "JobAlreadyActive", message);
                }
                return;
            }
            Some("Replace") => {
                for job in active {
                    self.delete_job(&ObjectKey::new(&self.key.namespace, job.name.as_deref().unwrap_or_default()));
                }
            }
            _ => {}
        }
        self.create(name, moment);
    }

    fn create(&mut self, name: String, moment: Timestamp) {
        let key = ObjectKey::new(&self.key.namespace, &name);
        if self.cluster.store.get::<Job>(&key).is_some() {
            return;
        }
        let template = self.spec.job_template.clone();
        let from = template.metadata.unwrap_or_default();
        let mut annotations = from.annotations.unwrap_or_default();
        if self.cluster.behaviour.cron_job_scheduled_annotation {
            let zone = self.spec.time_zone.as_deref().and_then(|zone| time_zone(zone).ok());
            let local = moment.to_zoned(zone.unwrap_or(TimeZone::UTC));
            let time = match local.offset().is_zero() {
                true => local.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                false => local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            };
            annotations.insert("batch.kubernetes.io/cronjob-scheduled-timestamp".to_owned(), time);
        }
        let metadata = ObjectMeta {
            name: Some(name.clone()),
            namespace: self.cron_job.metadata.namespace.clone(),
            labels: from.labels,
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            owner_references: Some(vec![owner_reference(self.cron_job.as_ref())]),
            ..ObjectMeta::default()
        };
        let job = Job { metadata, spec: template.spec, status: None };
        if let Err(error) = self.cluster.post(Job::wrap(Arc::new(job))) {
            if !error.namespace_terminates {
                self.tell("Warning", "FailedCreate", &format!("Error creating job: {error}"));
                self.cluster.requeue_rate_limited(Controller::CronJob, &self.key);
            }
            return;
        }
        self.cluster.forget(Controller::CronJob, &self.key);
        self.tell("Normal", "SuccessfulCreate", &format!("Created job {name}"));
        if let Some(job) = self.cluster.store.get::<Job>(&key) {
            let reference = reference(job);
            self.status.active.get_or_insert_default().push(reference);
        }
        self.status.last_schedule_time = Some(Time(moment));
    }

    /// Named after the moment, in minutes; the old controller counted seconds.
    fn job_name(&self, moment: Timestamp) -> String {
        let seconds = moment.as_second();
        match self.cluster.behaviour.cron_controller {
            CronController::Polling => format!("{}-{seconds}", self.key.name),
            CronController::Queue => format!("{}-{}", self.key.name, seconds.div_euclid(60)),
        }
    }

    fn delete_job(&mut self, key: &ObjectKey) {
        let Some(job) = self.cluster.store.get::<Job>(key).cloned() else { return };
        let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        self.cluster.delete_object(Kind::Job, key, options);
        self.forget_active(job.metadata.uid.as_deref());
        self.tell("Normal", "SuccessfulDelete", &format!("Deleted job {}", key.name));
    }

    fn forget_active(&mut self, uid: Option<&str>) {
        if let Some(active) = &mut self.status.active {
            active.retain(|job| job.uid.as_deref() != uid);
        }
        self.status.active = self.status.active.take().filter(|active| !active.is_empty());
    }

    fn write(self) {
        let Self { cluster, key, cron_job, status, .. } = self;
        if cron_job.status.clone().unwrap_or_default() != status {
            cluster.store.update::<CronJob>(&key, |cron_job| cron_job.status = Some(status));
        }
    }

    fn tell(&mut self, type_: &str, reason: &str, message: &str) {
        self.cluster.controller_event(&CronJob::wrap(Arc::clone(&self.cron_job)), type_, reason, message);
    }
}

fn reference(job: &Job) -> ObjectReference {
    ObjectReference {
        api_version: Some("batch/v1".to_owned()),
        kind: Some("Job".to_owned()),
        namespace: job.metadata.namespace.clone(),
        name: job.metadata.name.clone(),
        uid: job.metadata.uid.clone(),
        resource_version: job.metadata.resource_version.clone(),
        field_path: None,
    }
}

/// The defaults of pkg/apis/batch/v1/defaults.go.
pub(crate) fn default_cron_job(spec: &mut CronJobSpec) {
    spec.concurrency_policy.get_or_insert_with(|| "Allow".to_owned());
    spec.suspend.get_or_insert(false);
    spec.successful_jobs_history_limit.get_or_insert(3);
    spec.failed_jobs_history_limit.get_or_insert(1);
}
