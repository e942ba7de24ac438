//! Whether a rollout gets on, is done, or has timed out (pkg/controller/deployment/progress.go).

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus};

use super::new_replica_set::new_name;
use super::rollout::Rollout;
use super::status::{condition, remove_condition, set_condition};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::store::ObjectKey;

const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const DONE: &str = "NewReplicaSetAvailable";
const PAUSED: &str = "DeploymentPaused";

/// Whether the deadline of a Deployment will never come, nothing having changed for so long: pods that become ready again
/// and again, as in a crash loop, are progress each time.
pub(crate) fn is_put_off_for_ever(cluster: &Cluster, key: &ObjectKey, unchanged_ms: u64) -> bool {
    let deadline = cluster.store.get::<Deployment>(key).and_then(|deployment| deadline_ms(&deployment.spec));
    deadline.is_none_or(|deadline| unchanged_ms > deadline.saturating_mul(2))
}

/// `progressDeadlineSeconds`, when the Deployment has one.
fn deadline_ms(spec: &DeploymentSpec) -> Option<u64> {
    let seconds = spec.progress_deadline_seconds.filter(|seconds| *seconds != i32::MAX)?;
    Some(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000))
}

impl Rollout {
    pub(super) fn progress_deadline_ms(&self) -> Option<u64> {
        deadline_ms(self.spec())
    }

    /// A pause, and its end, are no progress and no lack of it: the condition says so, and the clock starts anew.
    pub(super) fn check_paused(&mut self, cluster: &mut Cluster) {
        let reason = self.condition("Progressing").and_then(|condition| condition.reason.as_deref());
        if self.progress_deadline_ms().is_none() || reason == Some(TIMED_OUT) {
            return;
        }
        let (reason, message) = match (self.is_paused(), reason == Some(PAUSED)) {
            (true, false) => (PAUSED, "Deployment is paused"),
            (false, true) => ("DeploymentResumed", "Deployment is resumed"),
            _ => return,
        };
        let now = cluster.clock.time();
        self.update(cluster, |deployment| {
            let status = deployment.status.get_or_insert_default();
            set_condition(status, "Progressing", "Unknown", reason, message, &now);
        });
    }

    /// Writes the counts and conditions of a rollout, and comes back when its deadline is over (`syncRolloutStatus`).
    pub(super) fn write_rollout_status(&mut self, cluster: &mut Cluster) {
        let mut status = self.status(cluster);
        if self.progress_deadline_ms().is_none() {
            remove_condition(&mut status, "Progressing");
        }
        let reason = self.condition("Progressing").and_then(|condition| condition.reason.as_deref());
        let finished_before = status.replicas == status.updated_replicas && reason == Some(DONE);
        if self.progress_deadline_ms().is_some() && !finished_before {
            self.judge_progress(cluster, &mut status);
        }
        match self.replica_failure() {
            Some(failure) => {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let (value, reason, message) = (text(&failure.status), text(&failure.reason), text(&failure.message));
                set_condition(&mut status, "ReplicaFailure", &value, &reason, &message, &cluster.clock.time());
            }
            None => remove_condition(&mut status, "ReplicaFailure"),
        }
        if !self.store_status(cluster, status) {
            self.come_back_at_the_deadline(cluster);
        }
    }

    fn judge_progress(&self, cluster: &Cluster, status: &mut DeploymentStatus) {
        let now = cluster.clock.time();
        let subject = match &self.new {
            Some(new) => format!("ReplicaSet \"{}\"", new_name(Some(new))),
            None => format!("Deployment \"{}\"", self.deployment.metadata.name.as_deref().unwrap_or_default()),
        };
        if self.completes(status) {
            let message = format!("{subject} has successfully progressed.");
            set_condition(status, "Progressing", "True", DONE, &message, &now);
        } else if self.progresses(status) {
            let message = format!("{subject} is progressing.");
            let before = condition(status, "Progressing").cloned();
            remove_condition(status, "Progressing");
            set_condition(status, "Progressing", "True", "ReplicaSetUpdated", &message, &now);
            // Every step of progress sets the clock anew; the transition was when the status became True.
            let since = before.filter(|before| before.status.as_deref() == Some("True"));
            if let Some(since) = since.and_then(|before| before.last_transition_time)
                && let Some(last) = status.conditions.as_mut().and_then(|conditions| conditions.last_mut())
            {
                last.last_transition_time = Some(since);
            }
        } else if self.has_timed_out(cluster, condition(status, "Progressing")) {
            let message = format!("{subject} has timed out progressing.");
            set_condition(status, "Progressing", "False", TIMED_OUT, &message, &now);
        }
    }

    /// More new pods, fewer old ones, or more that are ready or available (`DeploymentProgressing`).
    fn progresses(&self, status: &DeploymentStatus) -> bool {
        let before = self.deployment.status.clone().unwrap_or_default();
        let of = |count: Option<i32>| count.unwrap_or(0);
        let old = |status: &DeploymentStatus| of(status.replicas).saturating_sub(of(status.updated_replicas));
        of(status.updated_replicas) > of(before.updated_replicas)
            || old(status) < old(&before)
            || of(status.ready_replicas) > of(before.ready_replicas)
            || of(status.available_replicas) > of(before.available_replicas)
    }

    fn has_timed_out(&self, cluster: &Cluster, progressing: Option<&DeploymentCondition>) -> bool {
        match progressing.map(|condition| condition.reason.as_deref()) {
            None | Some(Some(DONE)) => false,
            Some(Some(TIMED_OUT)) => true,
            _ => self.deadline_ms(cluster, progressing).is_some_and(|deadline| deadline < cluster.clock.now_ms()),
        }
    }

    /// The moment until which the next step of progress is due.
    fn deadline_ms(&self, cluster: &Cluster, progressing: Option<&DeploymentCondition>) -> Option<u64> {
        let last = progressing?.last_update_time.as_ref().map_or(0, |time| cluster.clock.ms_of(time.0));
        Some(last.saturating_add(self.progress_deadline_ms()?))
    }

    /// Looks at the Deployment again a second after the deadline (`requeueStuckDeployment`).
    fn come_back_at_the_deadline(&self, cluster: &mut Cluster) {
        let progressing = self.condition("Progressing");
        // What is done or has timed out does not time out any more.
        let over = |condition: &DeploymentCondition| matches!(condition.reason.as_deref(), Some(DONE | TIMED_OUT));
        if self.is_complete() || progressing.is_none_or(over) {
            return;
        }
        if let Some(deadline) = self.deadline_ms(cluster, progressing) {
            let at = deadline.max(cluster.clock.now_ms()).saturating_add(1000);
            let key = ObjectKey::of(self.deployment.as_ref());
            cluster.agenda.add(at, Event::ProgressDeadline(key));
        }
    }

    /// The failure that one of the ReplicaSets reports, the new one's first.
    fn replica_failure(&self) -> Option<DeploymentCondition> {
        let conditions = self.all().filter_map(|set| set.status.as_ref()?.conditions.as_ref()).flatten();
        let mut failures = conditions.filter(|condition| condition.type_.as_deref() == Some("ReplicaFailure"));
        failures.next().map(|failure| DeploymentCondition {
            status: failure.status.clone(),
            reason: failure.reason.clone(),
            message: failure.message.clone(),
            ..DeploymentCondition::default()
        })
    }
}
