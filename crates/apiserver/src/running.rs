//! The cluster while it runs: one writer at a time, readers on the state as it was last published.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use sim_cluster::print::PrintContext;
use sim_cluster::{
    Change, Cluster, Counts, Goal, JournalEntry, Object, PodsByNode, Refused, Resource, Stop, Store, format_millis,
};
use sim_core::version::Version;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::journal::Journal;
use crate::served::{Served, served};
use crate::speed::{Pace, Speed};

/// How often virtual time catches up with the person's.
const TICK: Duration = Duration::from_millis(20);
/// So many events are taken in one go, …
const EVENTS: u64 = 2_000;
/// … and after so many goes, or so many writes, others get their turn at the cluster.
const A_TURN: usize = 2_000;
/// How often Leases are renewed, in the person's time.
const RENEWAL: Duration = Duration::from_secs(10);

/// So many writes are kept for watches.
const KEPT_WRITES: usize = 65_536;

/// A running cluster.
#[derive(Debug)]
pub struct Running {
    state: Mutex<State>,
    view: RwLock<Arc<View>>,
    pub(crate) journal: RwLock<Journal>,
    /// The newest resource version, told to whoever waits for it.
    moved: watch::Sender<(u64, u64)>,
    /// Set once nobody is to be served any more.
    ended: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    cluster: Cluster,
    pace: Pace,
    start: Cluster,
    forks: BTreeMap<String, Cluster>,
    /// Steps of the timeline that were refused, for whoever asks.
    refused: Vec<String>,
    /// What was written and is not published yet, and when.
    written: Vec<(Timestamp, JournalEntry)>,
    /// When Leases were renewed last, in the person's time.
    renewed: Instant,
}

/// The cluster at a moment, to be read.
#[derive(Debug, Clone)]
pub struct View {
    /// The objects.
    pub store: Store,
    /// What printers need.
    pub context: PrintContext,
    /// The simulated version.
    pub version: Version,
    /// The newest resource version.
    pub resource_version: u64,
    /// Which pods are bound to which node.
    pub(crate) pods_by_node: PodsByNode,
    /// Which resources there are: custom ones come and go with their definitions and objects.
    pub(crate) served: Arc<Vec<Served>>,
    /// How often the cluster was put back to another state.
    pub(crate) epoch: u64,
}

/// Where the cluster stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) now_ms: u64,
    pub(crate) time: String,
    pub(crate) speed: Speed,
    pub(crate) counts: Counts,
    pub(crate) refused: Vec<String>,
    pub(crate) forks: Vec<String>,
}

impl Running {
    /// A cluster that runs at this speed from now on.
    pub fn new(cluster: Cluster, speed: Speed) -> Arc<Self> {
        Self::keeping(cluster, speed, KEPT_WRITES)
    }

    /// The same, where so many writes are kept for watches: one that falls further behind is told that it is too late.
    pub fn keeping(mut cluster: Cluster, speed: Speed, writes: usize) -> Arc<Self> {
        cluster.keep_journal();
        // What happens at the first moment has happened when the first client asks.
        let _ = cluster.run_until(cluster.now_ms());
        cluster.renew_leases();
        let _ = cluster.take_journal();
        let view = View::of(&cluster, 0, None);
        let journal = Journal::new(view.resource_version, writes);
        let (moved, _) = watch::channel((0, view.resource_version));
        let (ended, _) = watch::channel(false);
        let pace = Pace::new(speed, cluster.now_ms());
        let (forks, refused, written, renewed) = (BTreeMap::new(), Vec::new(), Vec::new(), Instant::now());
        let state = State { start: cluster.clone(), cluster, pace, forks, refused, written, renewed };
        Arc::new(Self {
            state: Mutex::new(state),
            view: RwLock::new(Arc::new(view)),
            journal: RwLock::new(journal),
            moved,
            ended,
        })
    }

    /// The state that was published last.
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the cluster itself; nothing moves meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&Cluster) -> T) -> T {
        look(&self.state().cluster)
    }

    /// Changes the cluster as a request does, and lets it react at the same moment.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> T {
        let mut state = self.state();
        let done = change(&mut state.cluster);
        let now_ms = state.cluster.now_ms();
        while state.advance(now_ms) {}
        self.publish(&mut state);
        done
    }

    /// Follows the person's time until the end.
    pub async fn follow_time(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        while !*self.ended.borrow() {
            ticks.tick().await;
            loop {
                let running = Arc::clone(&self);
                let behind = tokio::task::spawn_blocking(move || running.catch_up()).await.unwrap_or(false);
                if !behind || *self.ended.borrow() {
                    break;
                }
            }
        }
    }

    /// A turn of catching up; whether it is still behind.
    fn catch_up(&self) -> bool {
        let mut state = self.state();
        let due_ms = state.pace.due_ms();
        if due_ms <= state.cluster.now_ms() {
            return false;
        }
        let behind = state.advance(due_ms);
        // As often as kubelets renew them where time is real: where it flies, watches would be told of nothing else.
        if state.renewed.elapsed() >= RENEWAL {
            state.renewed = Instant::now();
            state.cluster.renew_leases();
        }
        self.publish(&mut state);
        behind
    }

    /// Goes on by so many milliseconds of virtual time at once; gives others their turn on the way.
    pub(crate) fn advance(&self, by_ms: u64) {
        let mut until_ms = None;
        loop {
            let mut state = self.state();
            let until = *until_ms.get_or_insert_with(|| state.cluster.now_ms().saturating_add(by_ms));
            let behind = state.advance(until);
            state.pace = Pace::new(state.pace.speed, state.cluster.now_ms());
            state.cluster.renew_leases();
            self.publish(&mut state);
            if !behind || *self.ended.borrow() {
                return;
            }
        }
    }

    pub(crate) fn set_speed(&self, speed: Speed) {
        let mut state = self.state();
        state.pace = Pace::new(speed, state.cluster.now_ms());
    }

    /// Keeps the state of now under a name.
    pub(crate) fn fork(&self, name: Option<&str>) -> String {
        let mut state = self.state();
        let name = name.map_or_else(|| format!("fork-{}", state.forks.len() + 1), str::to_owned);
        let fork = state.cluster.clone();
        state.forks.insert(name.clone(), fork);
        name
    }

    /// Puts the cluster back to where it started, or to a fork; false when there is no such fork.
    pub(crate) fn reset(&self, to: Option<&str>) -> bool {
        let mut state = self.state();
        let found = match to {
            None => Some(&state.start),
            Some(name) => state.forks.get(name),
        };
        let Some(cluster) = found.cloned() else { return false };
        state.pace = Pace::new(state.pace.speed, cluster.now_ms());
        state.cluster = cluster;
        state.cluster.keep_journal();
        state.written.clear();
        let mut journal = self.journal.write().unwrap_or_else(PoisonError::into_inner);
        journal.restart(state.cluster.store().resource_version());
        drop(journal);
        self.publish(&mut state);
        true
    }

    /// Makes a change as a person would.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self, change: &Change) -> Result<Vec<String>, Refused> {
        self.write(|cluster| cluster.make(change))
    }

    pub(crate) fn standing(&self) -> Standing {
        let state = self.state();
        Standing {
            now_ms: state.cluster.now_ms(),
            time: state.cluster.now().to_string(),
            speed: state.pace.speed,
            counts: Counts::of(&state.cluster),
            refused: state.refused.clone(),
            forks: state.forks.keys().cloned().collect(),
        }
    }

    /// Where the cluster stands, for a person.
    pub fn summary(&self) -> String {
        let Standing { now_ms, counts, .. } = self.standing();
        let Counts { pods, pending, running, .. } = counts;
        format!("{} of virtual time: {pods} pods, {running} running, {pending} pending", format_millis(now_ms))
    }

    /// A receiver that tells epoch and newest version whenever something was written.
    pub(crate) fn moves(&self) -> watch::Receiver<(u64, u64)> {
        self.moved.subscribe()
    }

    /// Ends all watches, and what follows time.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// A receiver that tells when it has ended.
    pub(crate) fn ending(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, state: &mut State) {
        state.take_writes();
        let written = std::mem::take(&mut state.written);
        let is_other = |object: &Option<Object>| object.as_ref().is_some_and(|object| object.kind().is_none());
        let are_same = written.iter().all(|(_, entry)| !is_other(&entry.before) && !is_other(&entry.after));
        let last = self.view();
        let mut journal = self.journal.write().unwrap_or_else(PoisonError::into_inner);
        // What is served is looked for again when an object of a kind that is not simulated was written.
        let served = (are_same && last.epoch == journal.epoch).then(|| Arc::clone(&last.served));
        let view = View::of(&state.cluster, journal.epoch, served);
        journal.extend(written, view.resource_version);
        drop(journal);
        let newest = (view.epoch, view.resource_version);
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        self.moved.send_if_modified(|told| std::mem::replace(told, newest) != newest);
    }
}

impl State {
    /// Runs to a moment, or for a turn; whether it is still behind.
    fn advance(&mut self, until_ms: u64) -> bool {
        let goal = Goal { until_ms, or_quiet: false, events: EVENTS, one_moment: true };
        let mut goes = 0;
        loop {
            let stop = self.cluster.advance(goal);
            self.take_writes();
            goes += 1;
            match stop {
                Stop::Refused(step) => self.refused.push(format!("{}: {}: {}", step.source, step.step, step.message)),
                Stop::Paused if goes >= A_TURN || self.written.len() >= A_TURN => return true,
                Stop::Paused => {}
                Stop::TooManyEvents => {
                    self.refused.push("too many events: virtual time stands still".to_owned());
                    self.pace = Pace::new(Speed::Paused, self.cluster.now_ms());
                    return false;
                }
                Stop::Until | Stop::Quiet => return false,
            }
        }
    }

    /// Takes note of what was written, at this moment of virtual time.
    fn take_writes(&mut self) {
        let now = self.cluster.now();
        self.written.extend(self.cluster.take_journal().into_iter().map(|entry| (now, entry)));
    }
}

impl View {
    fn of(cluster: &Cluster, epoch: u64, known: Option<Arc<Vec<Served>>>) -> Self {
        let version = cluster.setup().version;
        Self {
            served: known.unwrap_or_else(|| Arc::new(served(version, Resource::all(cluster.store())))),
            store: cluster.store().clone(),
            pods_by_node: cluster.pods_by_node(),
            context: cluster.print_context(),
            version,
            resource_version: cluster.store().resource_version(),
            epoch,
        }
    }
}
