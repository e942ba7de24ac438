//! Which pod is scheduled next (`backend/queue`, v1.34): active, backing off, or unschedulable.
//!
//! Time is whatever the caller says it is, in milliseconds. A scheduling cycle takes none, so nothing happens while a pod
//! is in one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::plugins::PluginName;
use super::plugins::priority_sort::{self, Order};
use super::pod_classes::same_class;
use crate::behaviour::{BackoffCount, Behaviour, OwnUpdates, QueueRules};
use crate::model::{Pod, PodKey};
use crate::version::Version;

/// The first wait of a pod that failed, in milliseconds; each failure doubles it.
pub const INITIAL_BACKOFF_MS: u64 = 1_000;
/// The longest wait, in milliseconds.
pub const MAX_BACKOFF_MS: u64 = 10_000;
/// How often pods are looked for whose backoff has ended, in milliseconds (`backoffQOrderingWindowDuration`).
pub const BACKOFF_FLUSH_INTERVAL_MS: u64 = 1_000;
/// How often pods that have been unschedulable for long are looked for, in milliseconds.
pub const UNSCHEDULABLE_FLUSH_INTERVAL_MS: u64 = 30_000;

/// The scheduler's queue.
#[derive(Debug, Clone)]
pub struct SchedulingQueue {
    rules: QueueRules,
    initial_backoff_ms: u64,
    max_backoff_ms: u64,
    pods: BTreeMap<PodKey, Entry>,
    active: BTreeSet<(Order, PodKey)>,
    /// Pods backing off by when their backoff ends.
    backing_off: BTreeSet<(u64, Order, PodKey)>,
    /// Pods backing off that no plugin refused: an idle scheduler leaves them there (`podErrorBackoffQ`).
    backing_off_after_error: BTreeSet<(u64, Order, PodKey)>,
    /// Unschedulable pods by what decides which events they hear of.
    unschedulable: BTreeMap<Listeners, BTreeSet<PodKey>>,
    /// Unschedulable pods by the time at which they will have been so for too long.
    flushes: BTreeSet<(u64, u64, PodKey)>,
    /// Pods that gates hold back, with when they were created.
    held: BTreeMap<PodKey, u64>,
    /// Counts entries, so that pods of one instant keep the order in which they came.
    sequence: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    pod: Arc<Pod>,
    place: Place,
    failed_plugins: BTreeSet<PluginName>,
    attempts: u32,
    /// Errors in a row.
    errors: u32,
    /// Failures that the backoff grows by.
    failures: u32,
    /// Since when it backs off.
    backing_off_since_ms: u64,
    /// When it last failed.
    failed_at_ms: u64,
    /// When it was created or last failed, as a number that tells moments of the same time apart.
    since: u64,
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

/// Pods that hear of the same events: the same plugins refused them, and they differ in their names at most. Claims can be
/// named after a pod, so one with volumes hears for itself.
#[derive(Debug, Clone)]
struct Listeners {
    failed_plugins: BTreeSet<PluginName>,
    pod: Arc<Pod>,
}

impl Listeners {
    fn of(entry: &Entry) -> Self {
        Listeners { failed_plugins: entry.failed_plugins.clone(), pod: Arc::clone(&entry.pod) }
    }

    /// As they stay when the pod itself does not: none of them must be taken for it.
    fn anonymous(self) -> Self {
        if self.own_name().is_some() {
            return self;
        }
        let pod = Pod { name: String::new(), uid: String::new(), ..Pod::clone(&self.pod) };
        Listeners { pod: Arc::new(pod), ..self }
    }

    fn own_name(&self) -> Option<&str> {
        let names_claims = !self.pod.spec.volumes.is_empty() || self.pod.spec.has_resource_claims;
        names_claims.then_some(self.pod.name.as_str())
    }
}

impl Ord for Listeners {
    fn cmp(&self, other: &Self) -> Ordering {
        same_class(&self.pod, &other.pod)
            .then_with(|| self.failed_plugins.cmp(&other.failed_plugins))
            .then_with(|| self.own_name().cmp(&other.own_name()))
    }
}

impl PartialOrd for Listeners {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Listeners {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Listeners {}

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
            backing_off_after_error: BTreeSet::new(),
            unschedulable: BTreeMap::new(),
            flushes: BTreeSet::new(),
            held: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// The same queue with other waits than the default ones (`podInitialBackoffSeconds`, `podMaxBackoffSeconds`).
    #[must_use]
    pub fn with_backoff(self, initial_backoff_ms: u64, max_backoff_ms: u64) -> Self {
        SchedulingQueue { initial_backoff_ms, max_backoff_ms, ..self }
    }

    /// Notes a pod that something holds back before it may enter: once it does, it is as old as now.
    pub fn hold(&mut self, key: PodKey) {
        self.take(&key);
        let since = self.next_since();
        self.held.entry(key).or_insert(since);
    }

    /// Adds a pod that waits for its first attempt, or puts a known one back as if new.
    pub fn add(&mut self, pod: Arc<Pod>) {
        let key = pod.key();
        let held_since = self.held.get(&key).copied();
        self.delete(&key);
        let entry = Entry {
            pod,
            place: Place::Active,
            failed_plugins: BTreeSet::new(),
            attempts: 0,
            errors: 0,
            failures: 0,
            backing_off_since_ms: 0,
            failed_at_ms: 0,
            since: held_since.unwrap_or_else(|| self.next_since()),
        };
        self.insert(key, entry);
    }

    /// Takes the next pod to schedule out of the active queue. It stays known as being scheduled until it is added
    /// again, added as unschedulable, or deleted.
    pub fn pop(&mut self, now_ms: u64) -> Option<Arc<Pod>> {
        self.flush(now_ms);
        if self.active.is_empty() && self.rules.pop_from_backoff {
            let first = self.backing_off.first().map(|(_, _, key)| key.clone());
            if let Some(key) = first {
                self.put(&key, Place::Active);
            }
        }
        let key = self.active.first().map(|(_, key)| key.clone())?;
        let mut entry = self.take(&key)?;
        entry.place = Place::InFlight;
        entry.attempts += 1;
        let pod = Arc::clone(&entry.pod);
        self.insert(key, entry);
        Some(pod)
    }

    /// Puts back a pod that could not be placed, with the plugins that refused it
    /// (`AddUnschedulableIfNotPresent`). Where no plugin did, it is tried again by itself from 1.29 on, and every event
    /// wakes it.
    pub fn add_unschedulable(&mut self, pod: Arc<Pod>, failed_plugins: BTreeSet<PluginName>, now_ms: u64) {
        let key = pod.key();
        if !self.pods.contains_key(&key) {
            self.add(Arc::clone(&pod));
        }
        let since = self.next_since();
        let Some(mut entry) = self.take(&key) else { return };
        entry.attempts = entry.attempts.max(1);
        entry.errors = if failed_plugins.is_empty() { entry.errors + 1 } else { 0 };
        self.count_failure(&mut entry, failed_plugins.is_empty(), now_ms);
        let entry = Entry { pod, failed_plugins, failed_at_ms: now_ms, since, ..entry };
        let backs_off = entry.failed_plugins.is_empty() && self.rules.errors_back_off;
        let place =
            if backs_off { Place::BackingOff { until_ms: self.backoff_end_ms(&entry) } } else { Place::Unschedulable };
        self.insert(key, Entry { place, ..entry });
    }

    /// Forgets a pod: it was bound or deleted.
    pub fn delete(&mut self, key: &PodKey) {
        self.take(key);
        self.held.remove(key);
    }

    /// Replaces what is known of a waiting pod; one unknown is added. `changed`: more than its status did.
    /// `worth`: whether one that these plugins refused is worth another attempt because of the change, where plugins
    /// decide that.
    pub fn update(&mut self, pod: Arc<Pod>, changed: bool, now_ms: u64, worth: impl Fn(&BTreeSet<PluginName>) -> bool) {
        let key = pod.key();
        let Some(entry) = self.take(&key) else { return self.add(pod) };
        let (rule, place) = (self.rules.own_updates, entry.place);
        let is_worth_it = rule == OwnUpdates::Hinted && place == Place::Unschedulable && worth(&entry.failed_plugins);
        self.insert(key.clone(), Entry { pod, ..entry });
        match (rule, place) {
            (OwnUpdates::Activate, Place::Unschedulable) if changed => {
                self.forget_backoff(&key);
                self.put(&key, Place::Active);
            }
            (OwnUpdates::Activate, Place::BackingOff { .. }) => self.put(&key, Place::Active),
            (OwnUpdates::Wake, Place::Unschedulable) if changed => self.wake(&key, now_ms),
            (OwnUpdates::Hinted, Place::Unschedulable) if is_worth_it => self.wake(&key, now_ms),
            _ => {}
        }
    }

    /// Something happened: moves the unschedulable pods for which it is worth another attempt, as a check of the caller's
    /// tells from the pod and the plugins that refused it (see
    /// [`Scheduler::is_worth_requeuing`](super::Scheduler::is_worth_requeuing)). It is asked about one of those pods that
    /// differ in their names only.
    pub fn wake_if(&mut self, now_ms: u64, worth: impl Fn(&Pod, &BTreeSet<PluginName>) -> bool) {
        let woken = self.unschedulable.iter().filter(|(who, _)| worth(&who.pod, &who.failed_plugins));
        let woken: Vec<PodKey> = woken.flat_map(|(_, keys)| keys).cloned().collect();
        for key in woken {
            self.wake(&key, now_ms);
        }
    }

    /// When something will next happen by itself: pods come out of their backoff, or a pod has been unschedulable for too
    /// long. From 1.33 on an idle scheduler does not wait for a backoff, and the moment may lie in the past.
    /// `None` when nothing will, and while pods are active.
    pub fn next_wakeup(&self) -> Option<u64> {
        if !self.active.is_empty() {
            return None;
        }
        if self.rules.pop_from_backoff && !self.backing_off.is_empty() {
            return Some(0);
        }
        let backoffs = [&self.backing_off, &self.backing_off_after_error];
        let ends =
            backoffs.into_iter().filter_map(|pods| pods.first()).map(|(until_ms, _, _)| self.leaves_ms(*until_ms));
        ends.chain(self.flushes.first().map(|(at_ms, _, _)| *at_ms)).min()
    }

    /// Whether a pod can be popped without time passing.
    pub fn has_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// Whether any pod waits for something to happen.
    pub fn has_unschedulable(&self) -> bool {
        !self.unschedulable.is_empty()
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

    /// Moves the pods that have been unschedulable for too long or have backed off for long enough; those that come out
    /// together go on in the order of the active queue (`flushUnschedulablePodsLeftover`, `flushBackoffQCompleted`).
    fn flush(&mut self, now_ms: u64) {
        let ripe = |(at_ms, _, _): &&(u64, u64, PodKey)| *at_ms <= now_ms;
        let woken: Vec<(u64, PodKey)> =
            self.flushes.iter().take_while(ripe).map(|(at_ms, _, key)| (*at_ms, key.clone())).collect();
        for (at_ms, key) in woken {
            self.wake(&key, at_ms);
        }
        let backoffs = [&self.backing_off, &self.backing_off_after_error];
        let over = backoffs.into_iter().flat_map(|pods| {
            pods.iter()
                .take_while(|(until_ms, _, _)| self.leaves_ms(*until_ms) <= now_ms)
                .map(|(_, _, key)| key.clone())
        });
        for key in over.collect::<Vec<_>>() {
            self.put(&key, Place::Active);
        }
    }

    /// When a pod leaves the backoff queue whose backoff ends then. Where whole seconds count, one that ends within a
    /// second leaves at the next.
    fn leaves_ms(&self, until_ms: u64) -> u64 {
        let second = if self.rules.pop_from_backoff {
            until_ms / BACKOFF_FLUSH_INTERVAL_MS + 1
        } else {
            until_ms.div_ceil(BACKOFF_FLUSH_INTERVAL_MS)
        };
        second.saturating_mul(BACKOFF_FLUSH_INTERVAL_MS)
    }

    /// The first look for long-unschedulable pods at which one that failed then has waited long enough.
    fn flush_time_ms(&self, failed_at_ms: u64) -> u64 {
        let ripe_ms = failed_at_ms.saturating_add(self.rules.max_in_unschedulable_ms);
        // Upstream compares with "longer than", so a pod exactly that old waits for the next look.
        (ripe_ms / UNSCHEDULABLE_FLUSH_INTERVAL_MS + 1).saturating_mul(UNSCHEDULABLE_FLUSH_INTERVAL_MS)
    }

    /// Makes a pod active, or lets it back off if it has not done so long enough.
    fn wake(&mut self, key: &PodKey, now_ms: u64) {
        let Some(entry) = self.pods.get(key) else { return };
        let until_ms = self.backoff_end_ms(entry);
        let is_over = if self.rules.pop_from_backoff {
            until_ms < now_ms / BACKOFF_FLUSH_INTERVAL_MS * BACKOFF_FLUSH_INTERVAL_MS
        } else {
            until_ms <= now_ms
        };
        self.put(key, if is_over { Place::Active } else { Place::BackingOff { until_ms } });
    }

    fn put(&mut self, key: &PodKey, place: Place) {
        if let Some(entry) = self.take(key) {
            self.insert(key.clone(), Entry { place, ..entry });
        }
    }

    /// When the pod's backoff ends: at a whole second where these count.
    fn backoff_end_ms(&self, entry: &Entry) -> u64 {
        let failures = if self.rules.backoff_count == BackoffCount::Apart && entry.errors > 0 {
            entry.errors
        } else {
            entry.failures
        };
        let doublings = failures.saturating_sub(1).min(16);
        let backoff_ms = self.initial_backoff_ms.saturating_mul(1 << doublings).min(self.max_backoff_ms);
        let until_ms = entry.backing_off_since_ms.saturating_add(if failures == 0 { 0 } else { backoff_ms });
        if self.rules.pop_from_backoff {
            until_ms / BACKOFF_FLUSH_INTERVAL_MS * BACKOFF_FLUSH_INTERVAL_MS
        } else {
            until_ms
        }
    }

    fn count_failure(&self, entry: &mut Entry, is_error: bool, now_ms: u64) {
        if self.rules.backoff_count == BackoffCount::Recent {
            if entry.backing_off_since_ms.saturating_add(self.max_backoff_ms) <= now_ms {
                entry.failures = 0;
            }
            if self.backoff_end_ms(entry) > now_ms {
                return;
            }
            entry.failures += 1;
        } else if self.rules.backoff_count == BackoffCount::Attempts {
            entry.failures = entry.attempts;
        } else if !is_error {
            entry.failures += 1;
        }
        entry.backing_off_since_ms = now_ms;
    }

    /// A pod that was updated starts anew where only recent failures count (`clearPodBackoff`).
    fn forget_backoff(&mut self, key: &PodKey) {
        if self.rules.backoff_count == BackoffCount::Recent
            && let Some(entry) = self.pods.get_mut(key)
        {
            entry.failures = 0;
            entry.backing_off_since_ms = 0;
        }
    }

    fn next_since(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Adds an entry to the table and to the index of its place.
    fn insert(&mut self, key: PodKey, entry: Entry) {
        let order = priority_sort::order(&entry.pod, entry.since);
        match entry.place {
            Place::Active => {
                self.active.insert((order, key.clone()));
            }
            Place::BackingOff { until_ms } => {
                self.backoffs(&entry).insert((until_ms, order, key.clone()));
            }
            Place::Unschedulable => {
                let who = Listeners::of(&entry);
                match self.unschedulable.get_mut(&who) {
                    Some(keys) => _ = keys.insert(key.clone()),
                    None => _ = self.unschedulable.insert(who.anonymous(), BTreeSet::from([key.clone()])),
                }
                self.flushes.insert((self.flush_time_ms(entry.failed_at_ms), entry.since, key.clone()));
            }
            Place::InFlight => {}
        }
        self.pods.insert(key, entry);
    }

    /// Removes an entry from the table and from the index of its place.
    fn take(&mut self, key: &PodKey) -> Option<Entry> {
        let (key, entry) = self.pods.remove_entry(key)?;
        let order = priority_sort::order(&entry.pod, entry.since);
        match entry.place {
            Place::Active => {
                self.active.remove(&(order, key));
            }
            Place::BackingOff { until_ms } => {
                self.backoffs(&entry).remove(&(until_ms, order, key));
            }
            Place::Unschedulable => {
                let who = Listeners::of(&entry);
                if let Some(keys) = self.unschedulable.get_mut(&who) {
                    keys.remove(&key);
                    if keys.is_empty() {
                        self.unschedulable.remove(&who);
                    }
                }
                self.flushes.remove(&(self.flush_time_ms(entry.failed_at_ms), entry.since, key));
            }
            Place::InFlight => {}
        }
        Some(entry)
    }

    /// The index of a pod that backs off.
    fn backoffs(&mut self, entry: &Entry) -> &mut BTreeSet<(u64, Order, PodKey)> {
        if entry.failed_plugins.is_empty() { &mut self.backing_off_after_error } else { &mut self.backing_off }
    }
}
