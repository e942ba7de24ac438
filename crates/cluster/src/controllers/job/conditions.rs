//! Whether a job has ended, and how its conditions and events say so.

use k8s_openapi::api::batch::v1::{Job, JobCondition};

use super::{Turn, failure_policy, indexes};
use crate::clock::{Controller, Event};
use crate::pod::{self, Pod};

/// How a job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) is_success: bool,
    reason: String,
    message: String,
}

/// Whether a job has ended, and whether well.
pub(crate) fn finished(job: &Job) -> Option<&JobCondition> {
    let conditions = job.status.as_ref()?.conditions.as_ref()?;
    conditions
        .iter()
        .find(|condition| matches!(condition.type_.as_str(), "Complete" | "Failed") && condition.status == "True")
}

impl Verdict {
    fn failure(reason: &str, message: impl Into<String>) -> Option<Self> {
        Some(Self { is_success: false, reason: reason.to_owned(), message: message.into() })
    }
}

impl Turn<'_> {
    /// What ends the job now, other than that enough pods have succeeded.
    pub(super) fn verdict(&mut self) -> Option<Verdict> {
        self.earlier_verdict()
            .or_else(|| self.failed_by_policy())
            .or_else(|| self.failed_by_limit())
            .or_else(|| self.failed_by_indexes())
            .or_else(|| self.succeeded_by_policy())
    }

    /// What an earlier look decided and has yet to be carried out.
    fn earlier_verdict(&self) -> Option<Verdict> {
        let met = |type_: &str| {
            let conditions = self.status.conditions.iter().flatten();
            conditions.into_iter().find(|condition| condition.type_ == type_ && condition.status == "True")
        };
        let (is_success, condition) =
            met("SuccessCriteriaMet").map(|met| (true, met)).or_else(|| Some((false, met("FailureTarget")?)))?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Some(Verdict { is_success, reason: text(&condition.reason), message: text(&condition.message) })
    }

    fn failed_by_policy(&self) -> Option<Verdict> {
        let policy = self.spec.pod_failure_policy.as_ref().filter(|_| self.cluster.behaviour.pod_failure_policy)?;
        let failed = self.pods.iter().filter(|pod| self.is_failed(pod));
        let message = failed.filter_map(|pod| failure_policy::fails_job(policy, pod)).next()?;
        Verdict::failure("PodFailurePolicy", message)
    }

    fn failed_by_limit(&mut self) -> Option<Verdict> {
        let limit = self.spec.backoff_limit.unwrap_or(6);
        if self.failed > limit || self.restarts_exceed(limit) {
            return Verdict::failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }
        let seconds = u64::try_from(self.spec.active_deadline_seconds?).unwrap_or(0);
        let start = self.status.start_time.as_ref().filter(|_| !self.is_suspended())?;
        let due = self.cluster.clock.ms_of(start.0).saturating_add(seconds.saturating_mul(1000));
        if due <= self.cluster.clock.now_ms() {
            return Verdict::failure("DeadlineExceeded", "Job was active longer than specified deadline");
        }
        self.cluster.agenda.add(due, Event::Sync(Controller::Job, self.key.clone()));
        None
    }

    /// Containers that are restarted in place count as well (`pastBackoffLimitOnFailure`).
    fn restarts_exceed(&self, limit: i32) -> bool {
        let policy = self.spec.template.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
        if policy != Some("OnFailure") {
            return false;
        }
        let running = self.pods.iter().filter(|pod| matches!(pod::phase(pod), "Running" | "Pending"));
        let restarts = running.map(|pod| restarts(pod)).fold(0, i32::saturating_add);
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn failed_by_indexes(&self) -> Option<Verdict> {
        let indexes = self
            .indexes
            .as_ref()
            .filter(|indexes| indexes.limit.is_some() && self.cluster.behaviour.job_back_off_per_index)?;
        let most = self.spec.max_failed_indexes.map(|most| usize::try_from(most).unwrap_or(0));
        if most.is_some_and(|most| indexes.failed.len() > most) {
            let message = "Job has exceeded the specified maximal number of failed indexes";
            return Verdict::failure("MaxFailedIndexesExceeded", message);
        }
        let ended = indexes.failed.len() + indexes.succeeded.len();
        if !indexes.failed.is_empty() && ended >= usize::try_from(self.spec.completions.unwrap_or(1)).unwrap_or(0) {
            return Verdict::failure("FailedIndexes", "Job has failed indexes");
        }
        None
    }

    /// `spec.successPolicy` (1.31).
    fn succeeded_by_policy(&self) -> Option<Verdict> {
        let policy = self.spec.success_policy.as_ref().filter(|_| self.cluster.behaviour.job_success_policy)?;
        let succeeded = &self.indexes.as_ref()?.succeeded;
        let rule = policy.rules.iter().position(|rule| {
            let of = rule.succeeded_indexes.as_deref().map(indexes::parse);
            let met = of.as_ref().map_or(succeeded.len(), |of| succeeded.intersection(of).count());
            let count = rule.succeeded_count.and_then(|count| usize::try_from(count).ok());
            met >= count.or(of.map(|of| of.len())).unwrap_or(usize::MAX)
        })?;
        Some(Verdict {
            is_success: true,
            reason: "SuccessPolicy".to_owned(),
            message: format!("Matched rules at index {rule}"),
        })
    }

    /// Enough pods have succeeded.
    pub(super) fn completed(&self) -> Verdict {
        let (reason, message) = if self.cluster.behaviour.job_delays_terminal_condition {
            ("CompletionsReached", "Reached expected number of succeeded pods")
        } else {
            ("", "")
        };
        Verdict { is_success: true, reason: reason.to_owned(), message: message.to_owned() }
    }

    /// Says that the job has ended; from 1.31 on first that it will, until its last pod is gone.
    pub(super) fn finish(&mut self, verdict: Verdict) {
        let delays = self.cluster.behaviour.job_delays_terminal_condition;
        let by_policy = verdict.reason == "PodFailurePolicy";
        if delays || by_policy {
            let interim = if verdict.is_success { "SuccessCriteriaMet" } else { "FailureTarget" };
            self.set_condition(interim, true, &verdict.reason, &verdict.message);
        }
        if delays && self.terminating > 0 {
            return;
        }
        if verdict.is_success {
            self.set_condition("Complete", true, &verdict.reason, &verdict.message);
            self.status.completion_time = Some(self.cluster.clock.time());
            if self.spec.completions.is_some_and(|wanted| self.succeeded > wanted) {
                let message = "Too many succeeded pods running after completion count reached";
                self.tell("Warning", "TooManySucceededPods", message);
            }
            self.tell("Normal", "Completed", "Job completed");
        } else {
            self.set_condition("Failed", true, &verdict.reason, &verdict.message);
            self.tell("Warning", &verdict.reason, &verdict.message);
        }
    }

    /// Says that the job is suspended, or no longer so.
    pub(super) fn note_suspension(&mut self) {
        if !self.cluster.behaviour.suspends_jobs {
            return;
        }
        let said = self.status.conditions.iter().flatten().find(|condition| condition.type_ == "Suspended");
        let was_suspended = said.is_some_and(|condition| condition.status == "True");
        if self.is_suspended() == was_suspended {
            return;
        }
        if self.is_suspended() {
            self.set_condition("Suspended", true, "JobSuspended", "Job suspended");
            self.tell("Normal", "Suspended", "Job suspended");
        } else {
            self.set_condition("Suspended", false, "JobResumed", "Job resumed");
            self.tell("Normal", "Resumed", "Job resumed");
            self.status.start_time = Some(self.cluster.clock.time());
        }
    }

    fn set_condition(&mut self, type_: &str, status: bool, reason: &str, message: &str) {
        let now = self.cluster.clock.time();
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let condition = JobCondition {
            type_: type_.to_owned(),
            status: if status { "True" } else { "False" }.to_owned(),
            reason: text(reason),
            message: text(message),
            last_probe_time: Some(now.clone()),
            last_transition_time: Some(now),
        };
        let conditions = self.status.conditions.get_or_insert_default();
        match conditions.iter_mut().find(|known| known.type_ == type_) {
            Some(known) if known.status == condition.status => {}
            Some(known) => *known = condition,
            None => conditions.push(condition),
        }
    }
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod.status.iter().flat_map(|status| {
        status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten())
    });
    statuses.map(|status| status.restart_count).fold(0, i32::saturating_add)
}
