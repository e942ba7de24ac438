//! The rate-limited side of the controllers' work queues (client-go `util/workqueue`, `DefaultControllerRateLimiter`):
//! an object whose sync failed is looked at again after 5 ms, 10 ms, 20 ms and so on up to 1000 s.

use std::collections::BTreeMap;

use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::store::ObjectKey;

/// The wait after the first failure and the longest wait, in milliseconds.
const LIMITS_MS: (u64, u64) = (5, 1_000_000);

/// The objects whose last sync failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct RateLimiter {
    failing: BTreeMap<(Controller, ObjectKey), Failing>,
    /// How many of them failed last when the cluster had seen so many changes.
    by_changes: BTreeMap<u64, usize>,
}

#[derive(Debug, Clone, Default)]
struct Failing {
    failures: u32,
    /// When it is looked at again, in milliseconds of virtual time.
    due: Option<u64>,
    /// How many changes the cluster had seen when it failed last.
    changes: u64,
}

impl RateLimiter {
    /// Whether every retry, wherever it is put down, would meet the cluster as the last try met it.
    pub(crate) fn all_are_vain(&self, changes: u64) -> bool {
        self.by_changes.first_key_value().is_none_or(|(oldest, _)| *oldest == changes)
    }

    /// Whether a retry would meet the cluster as the last try met it: it changes nothing then.
    pub(crate) fn is_vain(&self, controller: Controller, key: &ObjectKey, changes: u64) -> bool {
        self.failing.get(&(controller, key.clone())).is_none_or(|failing| failing.changes == changes)
    }

    fn forget(&mut self, controller: Controller, key: &ObjectKey) {
        if let Some(gone) = self.failing.remove(&(controller, key.clone())) {
            self.count_off(gone.changes);
        }
    }

    fn count_off(&mut self, changes: u64) {
        if let Some(count) = self.by_changes.get_mut(&changes) {
            *count -= 1;
            if *count == 0 {
                self.by_changes.remove(&changes);
            }
        }
    }
}

impl Cluster {
    /// The sync of an object failed: the controller looks at it again later, the later the more often it failed.
    pub(crate) fn requeue_rate_limited(&mut self, controller: Controller, key: &ObjectKey) {
        let now = self.clock.now_ms();
        let (base, most) = match controller {
            Controller::Job => self.behaviour.job_retry_ms,
            _ => LIMITS_MS,
        };
        let limiter = &mut self.rate_limiter;
        let before = limiter.failing.get(&(controller, key.clone())).map(|failing| failing.changes);
        before.into_iter().for_each(|changes| limiter.count_off(changes));
        *limiter.by_changes.entry(self.changes).or_default() += 1;
        let failing = limiter.failing.entry((controller, key.clone())).or_default();
        let wait = base.saturating_mul(1 << failing.failures).min(most);
        failing.failures = (failing.failures + 1).min(32);
        failing.changes = self.changes;
        // Of two waits the shorter one holds.
        if failing.due.is_none_or(|due| due <= now || due > now + wait) {
            failing.due = Some(now + wait);
            self.agenda.add(now + wait, Event::Retry(controller, key.clone()));
        }
    }

    /// The sync of an object succeeded: the next failure is its first.
    pub(crate) fn forget(&mut self, controller: Controller, key: &ObjectKey) {
        self.rate_limiter.forget(controller, key);
    }

    /// Whether the moment of a retry has come that no later one has replaced.
    pub(crate) fn takes_retry(&mut self, controller: Controller, key: &ObjectKey) -> bool {
        let now = self.clock.now_ms();
        match self.rate_limiter.failing.get_mut(&(controller, key.clone())) {
            Some(failing) if failing.due.is_some_and(|due| due <= now) => {
                failing.due = None;
                true
            }
            _ => false,
        }
    }
}
