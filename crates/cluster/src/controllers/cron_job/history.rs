//! The jobs a CronJob has made: which are active, and which are old enough to go.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;

use super::{Turn, job};
use crate::object::Kind;
use crate::pod;
use crate::store::ObjectKey;

impl Turn<'_> {
    fn jobs(&self) -> Vec<Arc<Job>> {
        let keys = self.cluster.indices.jobs.of(&self.cron_job.metadata);
        let jobs = keys.filter_map(|key| self.cluster.store.get::<Job>(key));
        let own = jobs
            .filter(|job| pod::controller_of(&job.metadata).is_some_and(|owner| owner.kind == Kind::CronJob.name()));
        own.cloned().collect()
    }

    /// Takes jobs that have ended, or are gone, off the list of active ones.
    pub(super) fn note_jobs(&mut self) {
        let jobs = self.jobs();
        for found in &jobs {
            let name = found.metadata.name.as_deref().unwrap_or_default();
            let uid = found.metadata.uid.as_deref();
            let is_listed = self.status.active.iter().flatten().any(|active| active.uid.as_deref() == uid);
            let Some(condition) = job::finished(found) else {
                if !is_listed {
                    let message = format!("Saw a job that the controller did not create or forgot: {name}");
                    self.tell("Warning", "UnexpectedJob", &message);
                }
                continue;
            };
            if is_listed {
                self.forget_active(uid);
                let word = if self.cluster.behaviour.cron_job_tells_condition { "condition" } else { "status" };
                let message = format!("Saw completed job: {name}, {word}: {}", condition.type_);
                self.tell("Normal", "SawCompletedJob", &message);
            }
            let completed = found.status.as_ref().and_then(|status| status.completion_time.clone());
            let is_newer = |known: &_| completed.as_ref() > Some(known);
            if self.cluster.behaviour.cron_job_last_success
                && completed.is_some()
                && self.status.last_successful_time.as_ref().is_none_or(is_newer)
            {
                self.status.last_successful_time = completed;
            }
        }
        for active in self.status.active.clone().into_iter().flatten() {
            if jobs.iter().all(|job| job.metadata.uid != active.uid) {
                self.forget_active(active.uid.as_deref());
                let message = format!("Active job went missing: {}", active.name.as_deref().unwrap_or_default());
                self.tell("Normal", "MissingJob", &message);
            }
        }
    }

    /// Removes the oldest of the jobs that have ended, above the limits for either kind.
    pub(super) fn remove_old_jobs(&mut self) {
        let mut jobs = self.jobs();
        jobs.sort_by_key(|job| {
            let started = job.status.as_ref().and_then(|status| status.start_time.as_ref().map(|time| time.0));
            (started, job.metadata.name.clone())
        });
        let limits =
            [("Complete", self.spec.successful_jobs_history_limit), ("Failed", self.spec.failed_jobs_history_limit)];
        for (type_, limit) in limits {
            let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { continue };
            let ended: Vec<&Arc<Job>> = jobs
                .iter()
                .filter(|job| job.metadata.deletion_timestamp.is_none())
                .filter(|job| job::finished(job).is_some_and(|condition| condition.type_ == type_))
                .collect();
            for job in ended.iter().take(ended.len().saturating_sub(limit)) {
                self.delete_job(&ObjectKey::of(job.as_ref()));
            }
        }
    }
}
