//! `kubectl drain` (kubectl/pkg/drain and kubectl/pkg/cmd/drain, v1.16 to v1.36) as it goes on in another terminal: cordon,
//! evict every pod, try again every five seconds what a budget refuses, and wait for the end of each.
//!
//! A pod that is refused puts nothing on the agenda: it is tried again at the next of its five seconds after its
//! budget changed. The tries in between would all have been refused, and are counted.

mod filters;
mod words;

use std::sync::Arc;

use self::words::Words;
use crate::change::Change;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::eviction::EvictionRefused;
use crate::make::Refused;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};
use crate::upgrade;

/// How long after a refusal an eviction is tried again.
pub(crate) const RETRY_MS: u64 = 5_000;
/// How often a pod on its way out is looked at.
const POLL_MS: u64 = 1_000;

/// `kubectl drain NODE` and its flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrainOptions {
    /// The node.
    pub node: String,
    /// `--force`: pods that no controller manages go too.
    pub force: bool,
    /// `--ignore-daemonsets`: pods of DaemonSets stay and are no obstacle.
    pub ignore_daemonsets: bool,
    /// `--delete-emptydir-data`, before v1.20 `--delete-local-data`: pods with an emptyDir go too.
    pub delete_emptydir_data: bool,
    /// `--disable-eviction`: pods are deleted, whatever their budgets (v1.18).
    pub disable_eviction: bool,
    /// `--grace-period` in seconds; each pod's own when absent.
    pub grace_period_seconds: Option<i64>,
    /// `--timeout` in milliseconds; no end when absent.
    pub timeout_ms: Option<u64>,
    /// `--pod-selector`.
    pub pod_selector: Option<sim_core::model::LabelSelector>,
}

/// A drain that goes on.
#[derive(Debug, Clone)]
pub(crate) struct Drain {
    options: Arc<DrainOptions>,
    started_ms: u64,
    pods: Vec<Evictee>,
    /// Whether a pod has gone: kubectl before v1.23 then says of the node what it said of the pod.
    any_gone: bool,
    errors: Vec<String>,
}

#[derive(Debug, Clone)]
struct Evictee {
    key: ObjectKey,
    uid: Option<String>,
    stage: Stage,
    /// Its place in the drain's record.
    number: usize,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// To be evicted for the first time.
    New,
    /// Refused at a moment; the line that says so.
    Refused {
        line: usize,
        at_ms: u64,
    },
    /// On its way out since a moment.
    Leaving {
        since_ms: u64,
    },
    Done,
}

/// What became of a node's drain, and when. Times are milliseconds of virtual time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainRecord {
    /// When its first pod was to go.
    pub began_ms: u64,
    /// When it came to its end; absent while it goes on.
    pub ended_ms: Option<u64>,
    /// Whether it got rid of every pod.
    pub succeeded: bool,
    /// The pods that were to go, in the order in which they were asked.
    pub evictions: Vec<Eviction>,
}

/// What became of one pod that a drain was to evict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eviction {
    /// The pod.
    pub pod: ObjectKey,
    /// When it was first to go.
    pub asked_ms: u64,
    /// When that was granted; absent when it never was.
    pub granted_ms: Option<u64>,
    /// When kubectl saw that it was gone.
    pub gone_ms: Option<u64>,
    /// What refused it first, in the server's words.
    pub refused: Option<String>,
}

/// A pod that a drain cannot get rid of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The node that is drained.
    pub node: String,
    /// The pod.
    pub pod: ObjectKey,
    /// What is in the way: the budget's numbers, in the server's words.
    pub cause: String,
}

/// Something changed that a drain waits for: a pod of its node, or a budget.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if cluster.drains.is_empty() {
        return;
    }
    match (&changed.before, changed.kind) {
        (Some(Object::Pod(pod)), _) => {
            let Some(node) = pod::node_name(pod).map(str::to_owned) else { return };
            let Some(drain) = cluster.drains.get(&node) else { return };
            let pod = drain.pods.iter().find(|evictee| evictee.key == changed.key);
            if let Some(at) = pod.and_then(|evictee| drain.next_look(evictee, cluster.clock.now_ms())) {
                cluster.agenda.add(at, Event::Drain(node));
            }
        }
        (_, Kind::PodDisruptionBudget) => {
            let refused = |evictee: &&Evictee| {
                evictee.key.namespace == changed.key.namespace && matches!(evictee.stage, Stage::Refused { .. })
            };
            let now = cluster.clock.now_ms();
            let looks = cluster.drains.iter().filter_map(|(node, drain)| {
                Some((node.clone(), drain.pods.iter().find(refused).and_then(|pod| drain.next_look(pod, now))?))
            });
            for (node, at) in looks.collect::<Vec<_>>() {
                cluster.agenda.add(at, Event::Drain(node));
            }
        }
        _ => {}
    }
}

impl Drain {
    /// When it was begun.
    pub(crate) fn started_ms(&self) -> u64 {
        self.started_ms
    }
}

impl Cluster {
    /// Cordons the node and starts to evict its pods. The lines are those printed before the first eviction.
    pub(crate) fn drain(&mut self, options: &DrainOptions) -> Result<Vec<String>, Refused> {
        let node = &options.node;
        let mut lines = self.set_unschedulable(node, true)?;
        // What was changed before this step is known to the server.
        self.deliver_changes();
        let list = filters::pods_for_deletion(self, options);
        let words = Words::of(self);
        if !list.errors.is_empty() {
            return Err(Refused([lines, words.refusal(node, &list.errors)].concat().join("\n")));
        }
        lines.extend(words.warnings(&list.warnings));
        let drain = Drain {
            options: Arc::new(options.clone()),
            started_ms: self.clock.now_ms(),
            pods: list.pods.iter().enumerate().map(|(number, pod)| Evictee::new(pod, number)).collect(),
            any_gone: false,
            errors: Vec::new(),
        };
        let record = DrainRecord {
            began_ms: drain.started_ms,
            ended_ms: None,
            succeeded: false,
            evictions: drain.pods.iter().map(|evictee| Eviction::of(evictee, drain.started_ms)).collect(),
        };
        self.drain_records.insert(node.clone(), record);
        self.drains.insert(node.clone(), drain);
        self.agenda.add(self.clock.now_ms(), Event::Drain(node.clone()));
        if let Some(timeout) = options.timeout_ms {
            self.agenda.add(self.clock.now_ms().saturating_add(timeout), Event::Drain(node.clone()));
        }
        Ok(lines)
    }

    /// Whether the refusal of a change says something of the cluster rather than of the change: that kubectl would not drain
    /// a node that is there.
    pub fn is_verdict(&self, refused: &Change) -> bool {
        matches!(refused, Change::Drain(options) if self.node_key(&options.node).is_ok())
    }

    /// The nodes that were to be drained, and what became of the last drain of each.
    pub fn drains(&self) -> impl Iterator<Item = (&str, &DrainRecord)> {
        self.drain_records.iter().map(|(node, record)| (node.as_str(), record))
    }

    /// What became of the last drain of a node.
    pub fn drain_record(&self, node: &str) -> Option<&DrainRecord> {
        self.drain_records.get(node)
    }

    /// Whether `kubectl drain` of this version goes on with the next node when it could not drain one.
    pub fn drain_goes_on_after_failure(&self) -> bool {
        self.behaviour.drain.goes_on_after_failure()
    }

    fn note_eviction(&mut self, node: &str, evictee: &Evictee, note: impl FnOnce(&mut Eviction)) {
        let record = self.drain_records.get_mut(node);
        if let Some(eviction) = record.and_then(|record| record.evictions.get_mut(evictee.number)) {
            note(eviction);
        }
    }

    /// The pods that drains cannot get rid of as things are.
    pub fn stuck(&self) -> Vec<Stuck> {
        let mut stuck = Vec::new();
        for (node, drain) in &self.drains {
            for evictee in drain.pods.iter().filter(|evictee| matches!(evictee.stage, Stage::Refused { .. })) {
                let cause = match self.charge(&evictee.key) {
                    Err(EvictionRefused::TooManyRequests { cause, .. }) => cause,
                    Err(refused) => refused.to_string(),
                    Ok(_) => continue,
                };
                stuck.push(Stuck { node: node.clone(), pod: evictee.key.clone(), cause });
            }
        }
        stuck
    }
}

/// The lines that refuse an eviction again and again until now.
pub(crate) fn refusing_lines(cluster: &Cluster) -> impl Iterator<Item = usize> {
    let pods = cluster.drains.values().flat_map(|drain| &drain.pods);
    pods.filter_map(|evictee| match evictee.stage {
        Stage::Refused { line, .. } => Some(line),
        _ => None,
    })
}

/// The drain of a node gets on with whatever is due.
pub(crate) fn work(cluster: &mut Cluster, node: &str) {
    let Some(mut drain) = cluster.drains.remove(node) else { return };
    let words = Words::of(cluster);
    for index in 0..drain.pods.len() {
        let Some(evictee) = drain.pods.get(index).cloned() else { continue };
        let stage = drain.step(cluster, &words, &evictee);
        if let Some(place) = drain.pods.get_mut(index) {
            place.stage = stage;
        }
    }
    drain.pods.retain(|evictee| !matches!(evictee.stage, Stage::Done));
    if drain.pods.is_empty() {
        drain.finish(cluster, &words);
    } else {
        cluster.drains.insert(node.to_owned(), drain);
    }
}

impl Eviction {
    fn of(evictee: &Evictee, asked_ms: u64) -> Self {
        Self { pod: evictee.key.clone(), asked_ms, granted_ms: None, gone_ms: None, refused: None }
    }
}

impl Evictee {
    fn new(pod: &Pod, number: usize) -> Self {
        Self { key: ObjectKey::of(pod), uid: pod.metadata.uid.clone(), stage: Stage::New, number }
    }

    /// Whether another pod, or none, has the name by now.
    fn is_gone(&self, cluster: &Cluster) -> bool {
        cluster.store.get::<Pod>(&self.key).is_none_or(|pod| pod.metadata.uid != self.uid)
    }
}

impl Drain {
    /// When kubectl next looks at a pod.
    fn next_look(&self, evictee: &Evictee, now: u64) -> Option<u64> {
        match evictee.stage {
            Stage::New => Some(now),
            Stage::Refused { .. } => Some(self.next_try(now)),
            Stage::Leaving { since_ms } => {
                let polls = now.saturating_sub(since_ms).div_ceil(POLL_MS);
                Some(since_ms.saturating_add(polls * POLL_MS))
            }
            Stage::Done => None,
        }
    }

    /// The next of the five seconds after `now`.
    fn next_try(&self, now: u64) -> u64 {
        let tries = now.saturating_sub(self.started_ms) / RETRY_MS + 1;
        self.started_ms.saturating_add(tries * RETRY_MS)
    }

    fn is_overdue(&self, now: u64) -> bool {
        self.options.timeout_ms.is_some_and(|timeout| now >= self.started_ms.saturating_add(timeout))
    }

    /// One look at one pod, and the stage it is in then.
    fn step(&mut self, cluster: &mut Cluster, words: &Words, evictee: &Evictee) -> Stage {
        let now = cluster.clock.now_ms();
        match evictee.stage {
            Stage::Leaving { .. } if evictee.is_gone(cluster) => {
                self.any_gone = true;
                cluster.note_eviction(&self.options.node, evictee, |eviction| eviction.gone_ms = Some(now));
                cluster.print(words.gone(&evictee.key, self.options.disable_eviction));
                Stage::Done
            }
            Stage::Leaving { .. } if self.is_overdue(now) => {
                self.errors.push(words.still_there(&evictee.key, self.options.timeout_ms));
                if let Some(line) = words.eviction_failed(&evictee.key, self.options.disable_eviction) {
                    cluster.print(line);
                }
                Stage::Done
            }
            Stage::New => self.evict(cluster, words, evictee),
            Stage::Refused { line, at_ms }
                if now > at_ms && now.saturating_sub(self.started_ms).is_multiple_of(RETRY_MS) =>
            {
                let refused = matches!(cluster.charge(&evictee.key), Err(EvictionRefused::TooManyRequests { .. }));
                if refused && !self.is_overdue(now) && !evictee.is_gone(cluster) {
                    return Stage::Refused { line, at_ms: now };
                }
                cluster.printed.repeated_until(line, now);
                self.evict(cluster, words, evictee)
            }
            Stage::Refused { .. } => {
                if self.is_overdue(now) {
                    // The timeout is found out at the next try.
                    cluster.agenda.add(self.next_try(now), Event::Drain(self.options.node.clone()));
                }
                evictee.stage
            }
            stage => stage,
        }
    }

    fn evict(&mut self, cluster: &mut Cluster, words: &Words, evictee: &Evictee) -> Stage {
        let (key, now) = (&evictee.key, cluster.clock.now_ms());
        if self.options.disable_eviction {
            let options = DeleteOptions { grace_period_seconds: self.options.grace_period_seconds, propagation: None };
            cluster.keep_eviction(&self.options.node, key, None);
            cluster.delete_object(Kind::Pod, key, options);
            return self.leave(cluster, evictee);
        }
        cluster.print(words.evicting(key));
        if self.is_overdue(now) {
            self.errors.push(words.not_evicted_in_time(key, self.options.timeout_ms));
            return Stage::Done;
        }
        if evictee.is_gone(cluster) {
            return Stage::Done;
        }
        let asked = cluster.evict(key, self.options.grace_period_seconds);
        let refused = match &asked {
            Ok(()) => None,
            Err(EvictionRefused::TooManyRequests { cause, .. }) => Some(cause.clone()),
            Err(refused) => Some(refused.to_string()),
        };
        cluster.keep_eviction(&self.options.node, key, refused);
        match asked {
            Ok(()) => self.leave(cluster, evictee),
            Err(EvictionRefused::NotFound(_)) => Stage::Done,
            Err(refused @ (EvictionRefused::Failed(_) | EvictionRefused::Forbidden { .. })) => {
                let message = refused.to_string();
                cluster.note_eviction(&self.options.node, evictee, |eviction| {
                    eviction.refused.get_or_insert_with(|| message.clone());
                });
                self.errors.push(words.failed(key, &message));
                Stage::Done
            }
            Err(refused) => {
                if let EvictionRefused::TooManyRequests { cause, .. } = &refused {
                    cluster.note_eviction(&self.options.node, evictee, |eviction| {
                        eviction.refused.get_or_insert_with(|| cause.clone());
                    });
                }
                Stage::Refused { line: cluster.print(words.refused(key, &refused.to_string())), at_ms: now }
            }
        }
    }

    /// Deleted: gone at once, or looked at every second.
    fn leave(&self, cluster: &mut Cluster, evictee: &Evictee) -> Stage {
        let now = cluster.clock.now_ms();
        cluster.note_eviction(&self.options.node, evictee, |eviction| eviction.granted_ms = Some(now));
        if evictee.is_gone(cluster) {
            cluster.agenda.add(now, Event::Drain(self.options.node.clone()));
        }
        Stage::Leaving { since_ms: now }
    }

    fn finish(self, cluster: &mut Cluster, words: &Words) {
        let node = &self.options.node;
        let now = cluster.clock.now_ms();
        if let Some(record) = cluster.drain_records.get_mut(node) {
            record.ended_ms = Some(now);
            record.succeeded = self.errors.is_empty();
        }
        if self.errors.is_empty() {
            let line = words.drained(node, self.any_gone, self.options.disable_eviction);
            cluster.keep_drain(node, std::slice::from_ref(&line), true);
            cluster.print(line);
            upgrade::drain_ended(cluster, node, true);
            return;
        }
        let left = filters::pods_for_deletion(cluster, &self.options).pods;
        let names: Vec<&str> = left.iter().filter_map(|pod| pod.metadata.name.as_deref()).collect();
        let said = words.gave_up(node, &self.errors, &names);
        cluster.keep_drain(node, &said, false);
        for line in said {
            cluster.print(line);
        }
        upgrade::drain_ended(cluster, node, false);
    }
}
