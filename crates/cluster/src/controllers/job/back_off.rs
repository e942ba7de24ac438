//! How long a job waits before it replaces a failed pod (pkg/controller/job/backoff_utils.go; before 1.26 the delay of
//! the work queue, which let the first failure pass).

use crate::behaviour::Behaviour;
use crate::cluster::Cluster;
use crate::pod::{self, Pod};

/// The wait after the first failure that makes one wait, in milliseconds.
const FIRST_MS: u64 = 10_000;

/// The failures since the last success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BackOff {
    failures: u32,
    last_failure_ms: u64,
}

impl BackOff {
    /// The record of a job all of whose pods are there: when each ended, and whether it succeeded.
    pub(super) fn of(ended: Vec<(u64, bool)>) -> Self {
        let mut record = Self::default();
        record.count(ended);
        record
    }

    /// Counts pods that have ended meanwhile; a success begins anew.
    pub(super) fn count(&mut self, mut ended: Vec<(u64, bool)>) {
        ended.sort_unstable();
        for (at, succeeded) in ended {
            if succeeded {
                self.failures = 0;
            } else {
                self.failures += 1;
                self.last_failure_ms = self.last_failure_ms.max(at);
            }
        }
    }

    /// When the next pod may be made, in milliseconds of virtual time.
    pub(super) fn due_ms(&self, behaviour: &Behaviour) -> u64 {
        let waits = self.failures.saturating_sub(u32::from(behaviour.job_forgives_first_failure));
        self.last_failure_ms.saturating_add(wait_ms(waits, behaviour))
    }
}

/// 10 s, doubled with each failure after the first, up to the version's longest.
pub(super) fn wait_ms(failures: u32, behaviour: &Behaviour) -> u64 {
    match failures {
        0 => 0,
        failures => FIRST_MS.saturating_mul(1 << (failures - 1).min(16)).min(behaviour.job_back_off_max_ms),
    }
}

/// When a pod ended: with its last container, else when it was deleted (`getFinishedTime`).
pub(super) fn finish_ms(cluster: &Cluster, pod: &Pod) -> u64 {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let ended = statuses
        .filter_map(|status| status.state.as_ref()?.terminated.as_ref()?.finished_at.as_ref().map(|time| time.0))
        .max();
    let ready = pod::condition(pod, "Ready").and_then(|ready| ready.last_transition_time.as_ref().map(|time| time.0));
    let deleted = pod.metadata.deletion_timestamp.as_ref().map(|time| time.0);
    ended.or(deleted).or(ready).map_or(cluster.clock.now_ms(), |moment| cluster.clock.ms_of(moment))
}

#[cfg(test)]
mod tests {
    use super::BackOff;
    use crate::behaviour::Behaviour;

    #[track_caller]
    fn check(version: &str, ended: &[(u64, bool)], due_s: u64) {
        let Ok(version) = version.parse() else { panic!("no version: {version}") };
        assert_eq!(BackOff::of(ended.to_vec()).due_ms(&Behaviour::of(version)), due_s * 1000);
    }

    #[test]
    fn each_failure_doubles_the_wait() {
        check("v1.30.0", &[], 0);
        check("v1.30.0", &[(5_000, false)], 15);
        check("v1.30.0", &[(5_000, false), (20_000, false)], 40);
        check("v1.30.0", &[(5_000, false), (20_000, true), (30_000, false)], 40);
        let many: Vec<(u64, bool)> = (0..30).map(|_| (0, false)).collect();
        check("v1.27.0", &many, 360);
        check("v1.28.0", &many, 600);
    }

    #[test]
    fn the_first_failure_once_cost_nothing() {
        check("v1.25.0", &[(5_000, false)], 5);
        check("v1.25.0", &[(5_000, false), (6_000, false)], 16);
    }
}
