//! Which pod is scheduled next (`backend/queue`, v1.34): active, backing off, or unschedulable.
//!
//! Time is whatever the caller says it is, in milliseconds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::event::ClusterEvent;
use super::plugins::{PluginName, registered_events};
use crate::behaviour::{Behaviour, EventTable, QueueRules};
use crate::model::{Pod, PodKey};
use crate::version::Version;

/// The first wait of a pod that failed, in milliseconds; each failure doubles it.
pub const INITIAL_BACKOFF_MS: u64 = 1_000;
/// The longest wait, in milliseconds.
pub const MAX_BACKOFF_MS: u64 = 10_000;
/// How often pods that have been unschedulable for long are looked for, in milliseconds.
pub const UNSCHEDULABLE_FLUSH_INTERVAL_MS: u64 = 30_000;

/// The scheduler's queue.
#[derive(Debug, Clone)]
pub struct SchedulingQueue {
    rules: QueueRules,
    pods: BTreeMap<PodKey, Entry>,
    /// Active pods: greater priority first, then earlier entry.
    active: BTreeSet<(std::cmp::Reverse<i32>, u64, PodKey)>,
    /// Counts entries, so that pods of one instant keep the order in which they came.
    sequence: u64,
    /// Counts moves, so that a pod that was being scheduled while something happened is tried again.
    moves: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    pod: Arc<Pod>,
    place: Place,
    attempts: u32,
    failed_plugins: BTreeSet<PluginName>,
    /// When it last failed.
    failed_at_ms: u64,
    order: u64,
    /// The events that happened while it was being scheduled.
    missed: Vec<ClusterEvent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Active,
    BackingOff {
        until_ms: u64,
    },
    Unschedulable,
    /// Handed out by `pop`, not yet back.
    InFlight,
}

impl SchedulingQueue {
    /// An empty queue of a version.
    pub fn new(version: Version) -> Self {
        SchedulingQueue {
            rules: Behaviour::of(version).queue,
            pods: BTreeMap::new(),
            active: BTreeSet::new(),
            sequence: 0,
            moves: 0,
        }
    }

    /// Adds a pod that waits for its first attempt, or puts a known one back as if new.
    pub fn add(&mut self, pod: Arc<Pod>) {
        let key = pod.key();
        self.delete(&key);
        let entry = Entry {
            pod,
            place: Place::Active,
            attempts: 0,
            failed_plugins: BTreeSet::new(),
            failed_at_ms: 0,
            order: 0,
            missed: Vec::new(),
        };
        self.pods.insert(key.clone(), entry);
        self.activate(&key);
    }

    /// Takes the next pod to schedule out of the active queue. It stays known as being scheduled until it is added
    /// again, added as unschedulable, or deleted.
    pub fn pop(&mut self, now_ms: u64) -> Option<Arc<Pod>> {
        self.advance(now_ms);
        if self.active.is_empty() && self.rules.pop_from_backoff {
            let first = self
                .pods
                .iter()
                .filter_map(|(key, entry)| match entry.place {
                    Place::BackingOff { until_ms } => {
                        Some((until_ms, std::cmp::Reverse(entry.pod.spec.priority), entry.order, key.clone()))
                    }
                    _ => None,
                })
                .min();
            if let Some((_, _, _, key)) = first {
                self.activate(&key);
            }
        }
        let (_, _, key) = self.active.pop_first()?;
        let entry = self.pods.get_mut(&key)?;
        entry.place = Place::InFlight;
        entry.attempts += 1;
        entry.missed.clear();
        Some(Arc::clone(&entry.pod))
    }

    /// Puts back a pod that fits nowhere, with the plugins that refused it. Without any plugin every event wakes it.
    pub fn add_unschedulable(&mut self, pod: Arc<Pod>, failed_plugins: BTreeSet<PluginName>, now_ms: u64) {
        let key = pod.key();
        let previous = self.pods.remove(&key);
        if let Some(entry) = &previous
            && entry.place == Place::Active
        {
            self.active.remove(&(std::cmp::Reverse(entry.pod.spec.priority), entry.order, key.clone()));
        }
        let (attempts, missed) = previous.map_or((1, Vec::new()), |entry| (entry.attempts.max(1), entry.missed));
        let woken = missed.iter().any(|event| self.wakes(&failed_plugins, event));
        self.sequence += 1;
        let order = self.sequence;
        let place = if woken {
            Place::BackingOff { until_ms: now_ms.saturating_add(backoff_ms(attempts)) }
        } else {
            Place::Unschedulable
        };
        self.pods.insert(
            key,
            Entry { pod, place, attempts, failed_plugins, failed_at_ms: now_ms, order, missed: Vec::new() },
        );
    }

    /// Forgets a pod: it was bound or deleted.
    pub fn delete(&mut self, key: &PodKey) {
        if let Some(entry) = self.pods.remove(key) {
            self.active.remove(&(std::cmp::Reverse(entry.pod.spec.priority), entry.order, key.clone()));
        }
    }

    /// Replaces what is known of a waiting pod without moving it; one unknown is added.
    pub fn update(&mut self, pod: Arc<Pod>) {
        let key = pod.key();
        let Some(entry) = self.pods.get_mut(&key) else {
            self.add(pod);
            return;
        };
        let was_active = self.active.remove(&(std::cmp::Reverse(entry.pod.spec.priority), entry.order, key.clone()));
        entry.pod = pod;
        if was_active {
            self.active.insert((std::cmp::Reverse(entry.pod.spec.priority), entry.order, key));
        }
    }

    /// Something happened in the cluster: moves the unschedulable pods that it may help. Up to 1.21 it moves all.
    pub fn move_all_on(&mut self, event: ClusterEvent, now_ms: u64) {
        self.move_all_on_if(event, now_ms, |_, _| true);
    }

    /// As [`move_all_on`](Self::move_all_on), but only pods for which a check of the caller's holds too: it is given the pod
    /// and the plugins that refused it (see [`Scheduler::node_event_may_help`](super::Scheduler::node_event_may_help)).
    pub fn move_all_on_if(
        &mut self,
        event: ClusterEvent,
        now_ms: u64,
        may_help: impl Fn(&Pod, &BTreeSet<PluginName>) -> bool,
    ) {
        self.moves += 1;
        let mut woken: Vec<(u64, PodKey)> = Vec::new();
        for (key, entry) in &mut self.pods {
            match entry.place {
                Place::InFlight => entry.missed.push(event),
                Place::Unschedulable => woken.push((entry.order, key.clone())),
                Place::Active | Place::BackingOff { .. } => {}
            }
        }
        woken.sort_unstable();
        for (_, key) in woken {
            let Some(entry) = self.pods.get(&key) else {
                continue;
            };
            if self.wakes(&entry.failed_plugins, &event) && may_help(&entry.pod, &entry.failed_plugins) {
                self.wake(&key, now_ms);
            }
        }
    }

    /// Wakes one pod, whatever refused it.
    pub fn activate_or_back_off(&mut self, key: &PodKey, now_ms: u64) {
        if self.pods.get(key).is_some_and(|entry| entry.place == Place::Unschedulable) {
            self.wake(key, now_ms);
        }
    }

    /// When something will next happen by itself: a backoff ends, or a pod has been unschedulable for too long.
    /// `None` when nothing will, and while pods are active.
    pub fn next_wakeup(&self) -> Option<u64> {
        if !self.active.is_empty() {
            return None;
        }
        self.pods
            .values()
            .filter_map(|entry| match entry.place {
                // An idle scheduler takes it at once.
                Place::BackingOff { .. } if self.rules.pop_from_backoff => Some(entry.failed_at_ms),
                Place::BackingOff { until_ms } => Some(until_ms),
                Place::Unschedulable => Some(self.flush_time_ms(entry)),
                Place::Active | Place::InFlight => None,
            })
            .min()
    }

    /// Whether a pod can be popped without time passing.
    pub fn has_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// How often the pod has been tried.
    pub fn attempts(&self, key: &PodKey) -> u32 {
        self.pods.get(key).map_or(0, |entry| entry.attempts)
    }

    /// Whether the pod is known here, in whatever place.
    pub fn contains(&self, key: &PodKey) -> bool {
        self.pods.contains_key(key)
    }

    /// How many pods are known here.
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// Whether no pod is known here.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// Moves pods whose time has come.
    fn advance(&mut self, now_ms: u64) {
        let mut due: Vec<(u64, u64, PodKey)> = Vec::new();
        for (key, entry) in &self.pods {
            let at_ms = match entry.place {
                Place::BackingOff { until_ms } => until_ms,
                Place::Unschedulable => self.flush_time_ms(entry),
                Place::Active | Place::InFlight => continue,
            };
            if at_ms <= now_ms {
                due.push((at_ms, entry.order, key.clone()));
            }
        }
        due.sort_unstable();
        for (_, _, key) in due {
            self.activate(&key);
        }
    }

    /// The first look for long-unschedulable pods at which this one has waited long enough.
    fn flush_time_ms(&self, entry: &Entry) -> u64 {
        let ripe_ms = entry.failed_at_ms.saturating_add(self.rules.max_in_unschedulable_ms);
        // Upstream compares with "longer than", so a pod exactly that old waits for the next look.
        (ripe_ms / UNSCHEDULABLE_FLUSH_INTERVAL_MS + 1).saturating_mul(UNSCHEDULABLE_FLUSH_INTERVAL_MS)
    }

    fn wake(&mut self, key: &PodKey, now_ms: u64) {
        let Some(entry) = self.pods.get_mut(key) else {
            return;
        };
        let until_ms = entry.failed_at_ms.saturating_add(backoff_ms(entry.attempts));
        if until_ms > now_ms {
            entry.place = Place::BackingOff { until_ms };
        } else {
            self.activate(key);
        }
    }

    fn activate(&mut self, key: &PodKey) {
        self.sequence += 1;
        if let Some(entry) = self.pods.get_mut(key) {
            entry.place = Place::Active;
            entry.order = self.sequence;
            self.active.insert((std::cmp::Reverse(entry.pod.spec.priority), entry.order, key.clone()));
        }
    }

    fn wakes(&self, failed_plugins: &BTreeSet<PluginName>, event: &ClusterEvent) -> bool {
        if !self.rules.by_registered_event || failed_plugins.is_empty() {
            return true;
        }
        let table: EventTable = self.rules.events;
        failed_plugins
            .iter()
            .any(|name| registered_events(*name, table).iter().any(|registered| registered.covers(event)))
    }
}

/// How long a pod waits after so many attempts, in milliseconds.
pub fn backoff_ms(attempts: u32) -> u64 {
    let doublings = attempts.saturating_sub(1).min(16);
    (INITIAL_BACKOFF_MS << doublings).min(MAX_BACKOFF_MS)
}
