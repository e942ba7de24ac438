//! How a component's recorder puts its events together before it writes them (client-go `tools/record/events_cache.go`):
//! similar ones become one, equal ones are counted, and too many of one object are dropped.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use imbl::OrdMap;
use rustc_hash::FxHasher;

use crate::store::ObjectKey;

/// So many events of one source about one object are written in a row …
const BURST: u64 = 25;
/// … and after that one in so many milliseconds.
const REFILL_MS: u64 = 5 * 60 * 1000;
/// With this many different messages of one reason they are put together.
const SIMILAR: usize = 10;
/// Messages of one reason are similar while no more than this passes between them.
const SIMILAR_MS: u64 = 10 * 60 * 1000;
/// Of so many observations the newest are kept at least.
const KEPT: usize = 2 * SIMILAR;

/// What the recorders of all components remember: by source and object, so that nothing grows with the number of
/// events, and a fork shares it.
#[derive(Debug, Clone, Default)]
pub(super) struct Correlator {
    sources: OrdMap<u64, Arc<Source>>,
}

/// One source's events about one object.
#[derive(Debug, Clone)]
struct Source {
    /// What it may still write: a millisecond of waiting is worth one.
    credit: u64,
    last_ms: u64,
    groups: Vec<Group>,
}

/// Those of one type and reason.
#[derive(Debug, Clone)]
struct Group {
    reason: u64,
    last_ms: u64,
    /// The different messages of late, oldest first.
    messages: Vec<u64>,
    observed: Vec<Observed>,
}

/// An event that was written.
#[derive(Debug, Clone)]
struct Observed {
    message: u64,
    event: ObjectKey,
    count: i32,
    first_ms: u64,
}

/// What makes events the same, as hashes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    /// Component, host and object.
    pub source: u64,
    /// Type and reason.
    pub reason: u64,
    /// Message and part of the object.
    pub message: u64,
}

/// What is to be done with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether it is written; too many are not, though they count.
    pub written: bool,
    /// The name of the event that says the same already.
    pub known: Option<ObjectKey>,
    /// Whether it stands for similar ones.
    pub combined: bool,
    /// How often it was seen by now.
    pub count: i32,
    /// When it was first seen, in milliseconds.
    pub first_ms: u64,
}

/// A number for what identifies something: the same for the same parts, in every run.
pub(super) fn hash(parts: &[&str]) -> u64 {
    let mut hasher = FxHasher::default();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// The message under which similar events are counted together: no text has it.
const COMBINED: u64 = 0;

impl Correlator {
    /// Takes note of an event that happened `times` times until now. `name` is the one it is written under when it is
    /// a new one.
    pub(super) fn correlate(&mut self, of: Identity, times: u32, now_ms: u64, name: &ObjectKey) -> Verdict {
        let source = self
            .sources
            .entry(of.source)
            .or_insert_with(|| Arc::new(Source { credit: BURST * REFILL_MS, last_ms: now_ms, groups: Vec::new() }));
        let source = Arc::make_mut(source);
        source.credit = (source.credit + now_ms.saturating_sub(source.last_ms)).min(BURST * REFILL_MS);
        source.last_ms = now_ms;
        let group = source.group(of.reason, now_ms);
        let combined = group.is_one_too_many(of.message, now_ms);
        let message = if combined { COMBINED } else { of.message };
        let (known, count, first_ms) = group.observe(message, times, now_ms, name);
        let written = source.credit >= REFILL_MS;
        if written {
            source.credit -= REFILL_MS;
        }
        Verdict { written, known, combined, count, first_ms }
    }

    /// Forgets a source that has said nothing since a moment.
    pub(super) fn forget(&mut self, source: u64, since_ms: u64) {
        if self.sources.get(&source).is_some_and(|source| source.last_ms <= since_ms) {
            self.sources.remove(&source);
        }
    }
}

impl Source {
    fn group(&mut self, reason: u64, now_ms: u64) -> &mut Group {
        let at = self.groups.iter().position(|group| group.reason == reason).unwrap_or_else(|| {
            self.groups.push(Group { reason, last_ms: now_ms, messages: Vec::new(), observed: Vec::new() });
            self.groups.len() - 1
        });
        &mut self.groups[at]
    }
}

impl Group {
    /// `EventAggregate`.
    fn is_one_too_many(&mut self, message: u64, now_ms: u64) -> bool {
        if now_ms.saturating_sub(self.last_ms) > SIMILAR_MS {
            self.messages.clear();
        }
        self.last_ms = now_ms;
        if !self.messages.contains(&message) {
            self.messages.push(message);
        }
        if self.messages.len() < SIMILAR {
            return false;
        }
        // Upstream forgets any one of them.
        self.messages.remove(0);
        true
    }

    /// `eventObserve`: the event that said the same before, how often it was said by now, and since when.
    fn observe(&mut self, message: u64, times: u32, now_ms: u64, name: &ObjectKey) -> (Option<ObjectKey>, i32, u64) {
        let times = i32::try_from(times).unwrap_or(i32::MAX);
        if let Some(observed) = self.observed.iter_mut().find(|observed| observed.message == message) {
            observed.count = observed.count.saturating_add(times);
            return (Some(observed.event.clone()), observed.count, observed.first_ms);
        }
        if self.observed.len() >= KEPT {
            self.observed.remove(0);
        }
        self.observed.push(Observed { message, event: name.clone(), count: times, first_ms: now_ms });
        (None, times, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::{Correlator, Identity, REFILL_MS, SIMILAR_MS, Verdict};
    use crate::store::ObjectKey;

    fn say(correlator: &mut Correlator, message: u64, now_ms: u64) -> Verdict {
        let name = ObjectKey::new("default", &format!("{message}.{now_ms}"));
        correlator.correlate(Identity { source: 1, reason: 2, message }, 1, now_ms, &name)
    }

    #[track_caller]
    fn check(verdict: Verdict, is_combined: bool, times: i32, since_ms: u64) {
        let Verdict { written, combined, count, first_ms, .. } = verdict;
        assert_eq!((written, combined, count, first_ms), (true, is_combined, times, since_ms));
    }

    #[test]
    fn what_is_said_again_is_counted() {
        let mut correlator = Correlator::default();
        check(say(&mut correlator, 7, 1000), false, 1, 1000);
        check(say(&mut correlator, 7, 2000), false, 2, 1000);
        check(say(&mut correlator, 8, 3000), false, 1, 3000);
    }

    #[test]
    fn the_tenth_of_a_kind_stands_for_all_that_follow() {
        let mut correlator = Correlator::default();
        for message in 1..10 {
            check(say(&mut correlator, message, 0), false, 1, 0);
        }
        check(say(&mut correlator, 10, 1000), true, 1, 1000);
        check(say(&mut correlator, 11, 2000), true, 2, 1000);
        check(say(&mut correlator, 12, 2000 + SIMILAR_MS + 1), false, 1, 2000 + SIMILAR_MS + 1);
    }

    #[test]
    fn after_a_burst_one_is_written_every_five_minutes() {
        let mut correlator = Correlator::default();
        for _ in 0..25 {
            assert!(say(&mut correlator, 7, 0).written);
        }
        assert!(!say(&mut correlator, 7, 0).written);
        assert!(!say(&mut correlator, 7, REFILL_MS - 1).written);
        // Those that were dropped count.
        check(say(&mut correlator, 7, REFILL_MS), false, 28, 0);
    }
}
