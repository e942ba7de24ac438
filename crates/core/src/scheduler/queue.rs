//! Which pod is scheduled next (`backend/queue`, v1.34): active, backing off, or unschedulable.
//!
//! Time is whatever the caller says it is, in milliseconds.

use std::cmp::Reverse;
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
    initial_backoff_ms: u64,
    max_backoff_ms: u64,
    pods: BTreeMap<PodKey, Entry>,
    /// Active pods: greater priority first, then earlier entry.
    active: BTreeSet<(Reverse<i32>, u64, PodKey)>,
    /// Pods backing off by the time their backoff ends.
    backing_off: BTreeSet<(u64, Reverse<i32>, u64, PodKey)>,
    /// Unschedulable pods in the order in which they failed.
    unschedulable: BTreeSet<(u64, PodKey)>,
    /// Unschedulable pods by the time at which they will have been so for too long.
    flushes: BTreeSet<(u64, u64, PodKey)>,
    in_flight: BTreeSet<PodKey>,
    /// Counts entries, so that pods of one instant keep the order in which they came.
    sequence: u64,
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
            initial_backoff_ms: INITIAL_BACKOFF_MS,
            max_backoff_ms: MAX_BACKOFF_MS,
            pods: BTreeMap::new(),
            active: BTreeSet::new(),
            backing_off: BTreeSet::new(),
            unschedulable: BTreeSet::new(),
            flushes: BTreeSet::new(),
            in_flight: BTreeSet::new(),
            sequence: 0,
        }
    }

    /// The same queue with other waits than the default ones (`podInitialBackoffSeconds`, `podMaxBackoffSeconds`).
    #[must_use]
    pub fn with_backoff(self, initial_backoff_ms: u64, max_backoff_ms: u64) -> Self {
        SchedulingQueue { initial_backoff_ms, max_backoff_ms, ..self }
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
            order: self.next_order(),
            missed: Vec::new(),
        };
        self.insert(key, entry);
    }

    /// Takes the next pod to schedule out of the active queue. It stays known as being scheduled until it is added
    /// again, added as unschedulable, or deleted.
    pub fn pop(&mut self, now_ms: u64) -> Option<Arc<Pod>> {
        self.advance(now_ms);
        if self.active.is_empty() && self.rules.pop_from_backoff {
            let first = self.backing_off.first().map(|(_, _, _, key)| key.clone());
            if let Some(key) = first {
                self.activate(&key);
            }
        }
        let key = self.active.first().map(|(_, _, key)| key.clone())?;
        let mut entry = self.take(&key)?;
        entry.place = Place::InFlight;
        entry.attempts += 1;
        entry.missed.clear();
        let pod = Arc::clone(&entry.pod);
        self.insert(key, entry);
        Some(pod)
    }

    /// Puts back a pod that fits nowhere, with the plugins that refused it. Without any plugin every event wakes it.
    pub fn add_unschedulable(&mut self, pod: Arc<Pod>, failed_plugins: BTreeSet<PluginName>, now_ms: u64) {
        let key = pod.key();
        let (attempts, missed) = self.take(&key).map_or((1, Vec::new()), |entry| (entry.attempts.max(1), entry.missed));
        let woken = missed.iter().any(|event| self.wakes(&failed_plugins, event));
        let place = if woken {
            Place::BackingOff { until_ms: now_ms.saturating_add(self.backoff_ms(attempts)) }
        } else {
            Place::Unschedulable
        };
        let order = self.next_order();
        let missed = Vec::new();
        self.insert(key, Entry { pod, place, attempts, failed_plugins, failed_at_ms: now_ms, order, missed });
    }

    /// Forgets a pod: it was bound or deleted.
    pub fn delete(&mut self, key: &PodKey) {
        self.take(key);
    }

    /// Replaces what is known of a waiting pod without moving it; one unknown is added.
    pub fn update(&mut self, pod: Arc<Pod>) {
        let key = pod.key();
        match self.take(&key) {
            Some(entry) => self.insert(key, Entry { pod, ..entry }),
            None => self.add(pod),
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
        for key in &self.in_flight {
            if let Some(entry) = self.pods.get_mut(key) {
                entry.missed.push(event);
            }
        }
        let helps = |key: &PodKey| {
            self.pods.get(key).is_some_and(|entry| {
                self.wakes(&entry.failed_plugins, &event) && may_help(&entry.pod, &entry.failed_plugins)
            })
        };
        let woken: Vec<PodKey> =
            self.unschedulable.iter().map(|(_, key)| key).filter(|key| helps(key)).cloned().collect();
        for key in woken {
            self.wake(&key, now_ms);
        }
    }

    /// Wakes one unschedulable pod, whatever refused it.
    pub fn activate_or_back_off(&mut self, key: &PodKey, now_ms: u64) {
        if self.pods.get(key).is_some_and(|entry| entry.place == Place::Unschedulable) {
            self.wake(key, now_ms);
        }
    }

    /// When something will next happen by itself: a backoff ends, or a pod has been unschedulable for too long. From
    /// 1.33 on an idle scheduler does not wait for a backoff, and the moment may lie in the past.
    /// `None` when nothing will, and while pods are active.
    pub fn next_wakeup(&self) -> Option<u64> {
        if !self.active.is_empty() {
            return None;
        }
        let backoff_ends = self.backing_off.first().map(|(until_ms, _, _, key)| {
            let failed_at_ms = self.pods.get(key).map(|entry| entry.failed_at_ms);
            failed_at_ms.filter(|_| self.rules.pop_from_backoff).unwrap_or(*until_ms)
        });
        let flush = self.flushes.first().map(|(at_ms, _, _)| *at_ms);
        backoff_ends.into_iter().chain(flush).min()
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

    /// Moves pods whose time has come, in the order of their times.
    fn advance(&mut self, now_ms: u64) {
        loop {
            let backoff = self.backing_off.first().map(|(at_ms, _, order, key)| (*at_ms, *order, key.clone()));
            let flush = self.flushes.first().cloned();
            let next = backoff.into_iter().chain(flush).min();
            match next {
                Some((at_ms, _, key)) if at_ms <= now_ms => self.activate(&key),
                _ => return,
            }
        }
    }

    /// The first look for long-unschedulable pods at which one that failed then has waited long enough.
    fn flush_time_ms(&self, failed_at_ms: u64) -> u64 {
        let ripe_ms = failed_at_ms.saturating_add(self.rules.max_in_unschedulable_ms);
        // Upstream compares with "longer than", so a pod exactly that old waits for the next look.
        (ripe_ms / UNSCHEDULABLE_FLUSH_INTERVAL_MS + 1).saturating_mul(UNSCHEDULABLE_FLUSH_INTERVAL_MS)
    }

    fn wake(&mut self, key: &PodKey, now_ms: u64) {
        let Some(mut entry) = self.take(key) else { return };
        let until_ms = entry.failed_at_ms.saturating_add(self.backoff_ms(entry.attempts));
        entry.place = if until_ms > now_ms { Place::BackingOff { until_ms } } else { Place::Active };
        if entry.place == Place::Active {
            entry.order = self.next_order();
        }
        self.insert(key.clone(), entry);
    }

    fn activate(&mut self, key: &PodKey) {
        let Some(mut entry) = self.take(key) else { return };
        entry.place = Place::Active;
        entry.order = self.next_order();
        self.insert(key.clone(), entry);
    }

    /// How long a pod waits after so many attempts, in milliseconds.
    fn backoff_ms(&self, attempts: u32) -> u64 {
        let doublings = attempts.saturating_sub(1).min(16);
        self.initial_backoff_ms.saturating_mul(1 << doublings).min(self.max_backoff_ms)
    }

    fn next_order(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Adds an entry to the table and to the index of its place.
    fn insert(&mut self, key: PodKey, entry: Entry) {
        let priority = Reverse(entry.pod.spec.priority);
        match entry.place {
            Place::Active => {
                self.active.insert((priority, entry.order, key.clone()));
            }
            Place::BackingOff { until_ms } => {
                self.backing_off.insert((until_ms, priority, entry.order, key.clone()));
            }
            Place::Unschedulable => {
                self.unschedulable.insert((entry.order, key.clone()));
                self.flushes.insert((self.flush_time_ms(entry.failed_at_ms), entry.order, key.clone()));
            }
            Place::InFlight => {
                self.in_flight.insert(key.clone());
            }
        }
        self.pods.insert(key, entry);
    }

    /// Removes an entry from the table and from the index of its place.
    fn take(&mut self, key: &PodKey) -> Option<Entry> {
        let (key, entry) = self.pods.remove_entry(key)?;
        let priority = Reverse(entry.pod.spec.priority);
        match entry.place {
            Place::Active => {
                self.active.remove(&(priority, entry.order, key));
            }
            Place::BackingOff { until_ms } => {
                self.backing_off.remove(&(until_ms, priority, entry.order, key));
            }
            Place::Unschedulable => {
                self.unschedulable.remove(&(entry.order, key.clone()));
                self.flushes.remove(&(self.flush_time_ms(entry.failed_at_ms), entry.order, key));
            }
            Place::InFlight => {
                self.in_flight.remove(&key);
            }
        }
        Some(entry)
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
