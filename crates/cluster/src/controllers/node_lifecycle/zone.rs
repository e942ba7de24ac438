//! The zones of the node lifecycle controller: how healthy each is, and how fast its lost nodes are tainted
//! (`ComputeZoneState`, `ReducedQPSFunc` and `scheduler/rate_limited_queue.go`).

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// `--node-eviction-rate`: one node in 10 s.
const NORMAL_MS: u64 = 10_000;
/// `--secondary-node-eviction-rate`: one node in 100 s.
const SECONDARY_MS: u64 = 100_000;
/// `--large-cluster-size-threshold`: a zone with no more nodes is not evicted at all while it is partly disrupted.
const LARGE_ZONE_NODES: usize = 50;

/// The nodes of one zone, counted, and those of them that wait for their NoExecute taint.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    pub(super) ready: usize,
    pub(super) not_ready: usize,
    pub(super) state: ZoneState,
    limiter: Limiter,
    waiting: VecDeque<Arc<str>>,
    /// Nodes that wait or have been handed out: a node is tainted once until it is ready again.
    taken: BTreeSet<Arc<str>>,
}

/// `ZoneState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZoneState {
    Initial,
    Normal,
    PartialDisruption,
    FullDisruption,
}

/// A token bucket that holds one token.
#[derive(Debug, Clone, Copy)]
struct Limiter {
    /// Milliseconds from one token to the next; `None` is never.
    interval_ms: Option<u64>,
    /// When the next token is there.
    next_ms: u64,
}

impl Zone {
    pub(super) fn new() -> Self {
        Self {
            ready: 0,
            not_ready: 0,
            state: ZoneState::Initial,
            limiter: Limiter { interval_ms: Some(NORMAL_MS), next_ms: 0 },
            waiting: VecDeque::new(),
            taken: BTreeSet::new(),
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.ready + self.not_ready
    }

    /// The state that its nodes amount to. The threshold is `--unhealthy-zone-threshold`, 55 %.
    pub(super) fn computed_state(&self) -> ZoneState {
        if self.ready == 0 && self.not_ready > 0 {
            ZoneState::FullDisruption
        } else if self.not_ready > 2 && self.not_ready * 100 >= self.nodes() * 55 {
            ZoneState::PartialDisruption
        } else {
            ZoneState::Normal
        }
    }

    /// Enters a state, with the eviction rate that goes with it.
    pub(super) fn enter(&mut self, state: ZoneState, now_ms: u64) {
        self.state = state;
        self.set_interval(
            match state {
                ZoneState::PartialDisruption if self.nodes() > LARGE_ZONE_NODES => Some(SECONDARY_MS),
                ZoneState::PartialDisruption => None,
                ZoneState::Initial | ZoneState::Normal | ZoneState::FullDisruption => Some(NORMAL_MS),
            },
            now_ms,
        );
    }

    /// Every zone of the cluster is down: it is the control plane that cannot hear, and nobody is evicted.
    pub(super) fn stop_evictions(&mut self) {
        self.state = ZoneState::FullDisruption;
        self.limiter.interval_ms = None;
    }

    /// Another rate begins with a token only if the one before had one (`SwapLimiter`).
    fn set_interval(&mut self, interval_ms: Option<u64>, now_ms: u64) {
        if self.limiter.interval_ms == interval_ms {
            return;
        }
        let had_token = self.limiter.interval_ms.is_some() && self.limiter.next_ms <= now_ms;
        let next_ms = if had_token { now_ms } else { now_ms.saturating_add(interval_ms.unwrap_or(0)) };
        self.limiter = Limiter { interval_ms, next_ms };
    }

    /// A node is to be tainted, unless it is known to the queue.
    pub(super) fn add(&mut self, node: &Arc<str>) {
        if self.taken.insert(Arc::clone(node)) {
            self.waiting.push_back(Arc::clone(node));
        }
    }

    /// A node has its taint from before.
    pub(super) fn adopt(&mut self, node: &Arc<str>) {
        self.taken.insert(Arc::clone(node));
    }

    /// A node needs no taint any more, or a new one.
    pub(super) fn remove(&mut self, node: &str) {
        if self.taken.remove(node) {
            self.waiting.retain(|other| &**other != node);
        }
    }

    /// When the next node may be handed out; `None` when there is none or when none may be.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.limiter.interval_ms.filter(|_| !self.waiting.is_empty()).map(|_| self.limiter.next_ms)
    }

    /// Hands out the next node, if the rate allows it now.
    pub(super) fn take(&mut self, now_ms: u64) -> Option<Arc<str>> {
        let interval_ms = self.limiter.interval_ms.filter(|_| self.limiter.next_ms <= now_ms)?;
        let node = self.waiting.pop_front()?;
        self.limiter.next_ms = now_ms.saturating_add(interval_ms);
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::{Zone, ZoneState};

    #[track_caller]
    fn check(ready: usize, not_ready: usize, state: ZoneState, per_hour: usize) {
        let mut zone = Zone { ready, not_ready, ..Zone::new() };
        assert_eq!(zone.computed_state(), state);
        zone.enter(state, 0);
        for number in 0..2000 {
            zone.add(&format!("n{number}").into());
        }
        let taken = (0..36_000).filter(|tick| zone.take(tick * 100).is_some()).count();
        assert_eq!(taken, per_hour);
    }

    #[test]
    fn a_zone_is_evicted_at_the_rate_of_its_state() {
        check(3, 2, ZoneState::Normal, 360);
        check(1, 2, ZoneState::Normal, 360);
        check(2, 3, ZoneState::PartialDisruption, 0);
        check(45, 55, ZoneState::PartialDisruption, 36);
        check(46, 54, ZoneState::Normal, 360);
        check(0, 1, ZoneState::FullDisruption, 360);
    }

    #[test]
    fn a_node_is_handed_out_once_until_it_is_removed() {
        let mut zone = Zone::new();
        let node = "n".into();
        zone.add(&node);
        assert_eq!(zone.take(0).as_deref(), Some("n"));
        zone.add(&node);
        assert_eq!(zone.take(10_000), None);
        zone.remove("n");
        zone.add(&node);
        assert_eq!(zone.next_ms(), Some(10_000));
        assert_eq!(zone.take(10_000).as_deref(), Some("n"));
    }

    #[test]
    fn evictions_that_were_stopped_begin_after_one_interval() {
        let mut zone = Zone { ready: 0, not_ready: 1, ..Zone::new() };
        zone.stop_evictions();
        zone.add(&"n".into());
        assert_eq!(zone.next_ms(), None);
        zone.enter(ZoneState::Normal, 5_000);
        assert_eq!(zone.next_ms(), Some(15_000));
    }
}
