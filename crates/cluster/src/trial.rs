//! A run with expectations: each is checked at its moments, on the way to the end.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::cluster::{Cluster, Goal, Stop};
use crate::expectation::{Expectation, ExpectationOutcome, When};
use crate::gaps::list;
use crate::result::format_millis;
use crate::unrest::Unrest;

/// How long a cluster may take to come to rest when nobody says how far to run: an hour of virtual time.
const SETTLE_MS: u64 = 60 * 60 * 1000;

/// Why a run stopped, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// Why.
    pub reason: StopReason,
    /// Virtual time since the start, e.g. `25m`.
    pub at: String,
    /// Since when nothing has moved; absent when something was still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_since: Option<String>,
    /// What goes on without end or waits nevertheless: rest does not heed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrest: Vec<Unrest>,
}

/// Why a run stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StopReason {
    /// Nothing moves any more.
    Quiescence,
    /// The moment asked for is reached.
    Until,
    /// Nobody said how far to run, and an hour did not bring it to rest.
    NeverAtRest,
    /// A step of the timeline was refused.
    Refused,
    /// Somebody asked it to.
    Interrupted,
    /// It took more events than any sane run.
    TooManyEvents,
}

/// A step of the timeline that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedStep {
    /// Virtual time since the start, e.g. `25m`.
    pub at: String,
    /// The step as a person would type it.
    pub step: String,
    /// Why, in kubectl's words.
    pub message: String,
    /// What existed at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it was written, e.g. `file.yaml:12`.
    pub source: String,
    /// Whether it is a drain of a node that is there, which kubectl would not begin.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_verdict: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A run on its way: what must hold, what was found so far.
#[derive(Debug)]
pub struct Trial {
    expectations: Vec<(Expectation, Option<ExpectationOutcome>)>,
    /// The moments at which the run pauses to check something, in order.
    marks: Vec<u64>,
    end_ms: Option<u64>,
    settled_ms: Option<u64>,
    continue_on_error: bool,
    refused: Vec<RefusedStep>,
}

impl Trial {
    /// A run to `end_ms` of virtual time, or until nothing moves. A step that is refused ends it, unless it is to continue.
    pub fn new(expectations: Vec<Expectation>, end_ms: Option<u64>, continue_on_error: bool) -> Self {
        let mut marks = BTreeSet::new();
        for expectation in &expectations {
            match expectation.when {
                When::End => {}
                When::At(at) => marks.extend([at]),
                When::Within(from, to) => marks.extend([from, to]),
                When::Always(from, to) => marks.extend([from].into_iter().chain(to)),
            }
        }
        let marks = marks.into_iter().filter(|mark| end_ms.is_none_or(|end| *mark <= end)).collect();
        let expectations = expectations.into_iter().map(|expectation| (expectation, None)).collect();
        Self { expectations, marks, end_ms, settled_ms: None, continue_on_error, refused: Vec::new() }
    }

    /// Runs on for so many events; says why the run stopped once it has.
    pub fn go_on(&mut self, cluster: &mut Cluster, events: u64) -> Option<Stopped> {
        let already = cluster.events_taken();
        loop {
            let left = already.saturating_add(events).saturating_sub(cluster.events_taken());
            if left == 0 {
                return None;
            }
            let now = cluster.now_ms();
            let mark = self.marks.first().copied();
            let last_moment =
                self.end_ms.unwrap_or_else(|| *self.settled_ms.get_or_insert(now.saturating_add(SETTLE_MS)));
            let goal = Goal {
                until_ms: mark.unwrap_or(last_moment),
                or_quiet: mark.is_none() && self.end_ms.is_none(),
                events: left,
                one_moment: self
                    .expectations
                    .iter()
                    .any(|(expectation, outcome)| outcome.is_none() && is_open(expectation.when, now)),
            };
            let reason = match cluster.advance(goal) {
                Stop::Paused => {
                    if cluster.is_moment_over() {
                        self.check(cluster, false);
                    }
                    continue;
                }
                Stop::Refused(step) => {
                    self.refused.push(*step);
                    if self.continue_on_error {
                        continue;
                    }
                    StopReason::Refused
                }
                Stop::TooManyEvents => StopReason::TooManyEvents,
                Stop::Until | Stop::Quiet if mark.is_some() => {
                    self.settled_ms = None;
                    self.check(cluster, true);
                    self.marks.remove(0);
                    continue;
                }
                Stop::Quiet if self.end_ms.is_none() => StopReason::Quiescence,
                Stop::Until if self.end_ms.is_none() => StopReason::NeverAtRest,
                Stop::Until | Stop::Quiet => StopReason::Until,
            };
            return Some(Stopped::now(reason, cluster));
        }
    }

    /// Runs to the end.
    pub fn run(&mut self, cluster: &mut Cluster) -> Stopped {
        loop {
            if let Some(stopped) = self.go_on(cluster, u64::MAX) {
                return stopped;
            }
        }
    }

    /// What came of the expectations, in the order they were written, and the steps that were refused. A run that
    /// reached its end decides those that ask about it; those whose moment the run did not reach are left out.
    pub fn finish(mut self, cluster: &Cluster, reason: StopReason) -> (Vec<ExpectationOutcome>, Vec<RefusedStep>) {
        let now = cluster.now_ms();
        let reached_end = reason.is_end();
        for (expectation, outcome) in self.expectations.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
            let is_due = match expectation.when {
                When::End => true,
                When::At(_) => false,
                When::Always(from, _) => from <= now,
                // Cut short, it could still have come true.
                When::Within(from, to) => from <= now && (now >= to || reason == StopReason::Quiescence),
            };
            if reached_end && is_due {
                *outcome = Some(decide(expectation, cluster));
            }
        }
        (self.expectations.into_iter().filter_map(|(_, outcome)| outcome).collect(), self.refused)
    }

    /// Checks what is to be checked at this moment. At a mark, all that happens at its moment has happened.
    fn check(&mut self, cluster: &Cluster, at_mark: bool) {
        let now = cluster.now_ms();
        for (expectation, outcome) in self.expectations.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
            *outcome = match expectation.when {
                When::At(at) if at_mark && at == now => Some(decide(expectation, cluster)),
                When::Within(from, to) if from <= now => {
                    Some(decide(expectation, cluster)).filter(|outcome| outcome.holds || (at_mark && now >= to))
                }
                When::Always(from, to) if from <= now && (from < now || at_mark) => {
                    let is_last = at_mark && to.is_some_and(|to| now >= to);
                    Some(decide(expectation, cluster)).filter(|outcome| !outcome.holds || is_last)
                }
                _ => None,
            };
        }
    }
}

impl StopReason {
    /// Whether the run came to its end, rather than being cut short.
    pub fn is_end(self) -> bool {
        matches!(self, StopReason::Quiescence | StopReason::Until | StopReason::NeverAtRest)
    }
}

impl Stopped {
    /// Whether the run came to its end, rather than being cut short.
    pub fn is_end(&self) -> bool {
        self.reason.is_end()
    }

    /// A run that stops now.
    pub fn now(reason: StopReason, cluster: &Cluster) -> Self {
        let quiet_since = cluster.quiet_since_ms().map(format_millis);
        Self { reason, at: format_millis(cluster.now_ms()), quiet_since, unrest: cluster.unrest() }
    }
}

/// A person's sentence: `stopped at 25m as asked; nothing has moved since 1m5s`.
impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = &self.at;
        match self.reason {
            StopReason::Quiescence => write!(f, "stopped at quiescence after {at}"),
            StopReason::Until => write!(f, "stopped at {at}, as asked"),
            StopReason::NeverAtRest => write!(f, "stopped at {at}: an hour did not bring it to rest"),
            StopReason::Refused => write!(f, "stopped at {at} at a step that was refused"),
            StopReason::Interrupted => write!(f, "interrupted at {at}"),
            StopReason::TooManyEvents => {
                write!(f, "stopped at {at}: the run took too many events, something in it never settles")
            }
        }?;
        match (&self.quiet_since, self.reason) {
            (Some(since), StopReason::Until | StopReason::Refused | StopReason::Interrupted) => {
                write!(f, "; nothing has moved since {since}")
            }
            (Some(since), StopReason::Quiescence) if since != at => write!(f, "; the last change was at {since}"),
            _ => Ok(()),
        }?;
        let loops = self.unrest.iter().filter(|unrest| !unrest.is_pending());
        let loops: Vec<String> = loops.map(|Unrest { reason, pods }| format!("{} ({reason})", list(pods))).collect();
        if !loops.is_empty() {
            write!(f, "; goes on without end: {}", loops.join(", "))?;
        }
        match self.unrest.iter().find(|unrest| unrest.is_pending()) {
            Some(pending) => write!(f, "; still pending: {}", list(&pending.pods)),
            None => Ok(()),
        }
    }
}

/// Whether something may be found at any moment from now on.
fn is_open(when: When, now: u64) -> bool {
    match when {
        When::End | When::At(_) => false,
        When::Within(from, to) => from <= now && now <= to,
        When::Always(from, to) => from <= now && to.is_none_or(|to| now <= to),
    }
}

fn decide(expectation: &Expectation, cluster: &Cluster) -> ExpectationOutcome {
    let found = expectation.check(cluster).err();
    ExpectationOutcome {
        name: expectation.name.clone(),
        at: format_millis(cluster.now_ms()),
        holds: found.is_none(),
        found: found.as_ref().map(|found| found.sentence.clone()),
        table: found.and_then(|found| found.table),
        source: expectation.source.clone(),
    }
}
