//! Whether time alone cures what is wrong: a fork runs on, and what becomes of the pods is looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Goal, Happened, Stop, format_millis};

use super::symptom::{symptoms, unwell};

/// How far a fork runs on: an hour of virtual time.
const HORIZON_MS: u64 = 60 * 60 * 1000;
/// So many events, and some for each pod, are a storm that goes on without end.
const EVENTS: u64 = 20_000;

/// What becomes of a cause when nobody does anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outlook {
    /// Whether time alone cures it.
    pub verdict: Verdict,
    /// What has to end or to happen first, when time cures it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// When that is, in virtual time since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How the run showed it.
    pub proof: String,
}

/// Whether time alone cures a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing moves any more and the pods still wait.
    Never,
    /// The pods still wait at the end of the run, and other things still move.
    NotNow,
    /// The run came to a moment at which the pods were well.
    When,
}

/// One run into the future that every cause is held against.
#[derive(Debug)]
pub(crate) struct Future {
    unwell: BTreeSet<(String, String)>,
    cures: BTreeMap<(String, String), (u64, Option<String>)>,
    is_quiet: bool,
    quiet_since_ms: Option<u64>,
    until_ms: u64,
}

impl Future {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let mut fork = cluster.clone();
        // What a person will do is not what time does.
        fork.forget_timeline();
        fork.record_history();
        let known = fork.history().len();
        let is_quiet = {
            let events = EVENTS.saturating_add(
                u64::try_from(cluster.store().list::<Pod>().count()).unwrap_or(u64::MAX).saturating_mul(40),
            );
            let until_ms = cluster.now_ms().saturating_add(HORIZON_MS);
            fork.advance(Goal { until_ms, or_quiet: true, events, one_moment: false }) == Stop::Quiet
        };
        let later = symptoms(&fork);
        let history = fork.history().get(known..).unwrap_or_default();
        // The moment of each owner's last pod to become ready, and what else happened before it.
        let mut cures = BTreeMap::new();
        let mut last_event: Option<String> = None;
        for happening in history {
            match &happening.what {
                Happened::Node { name, before, after } => {
                    last_event = Some(match (before, after) {
                        (_, None) => format!("node {name} is gone"),
                        (None, _) => format!("node {name} has come"),
                        (Some(before), Some(after)) if before.status != after.status => {
                            format!("node {name} is {}", after.status)
                        }
                        (Some(before), Some(after)) => {
                            let gone: Vec<&str> = before
                                .taints
                                .iter()
                                .filter(|taint| !after.taints.contains(taint))
                                .map(String::as_str)
                                .collect();
                            if gone.is_empty() {
                                continue;
                            } else {
                                format!("node {name} loses the taint {}", gone.join(", "))
                            }
                        }
                    });
                }
                Happened::Pod { key, owner, before, after } => {
                    let was_ready = before.as_ref().is_some_and(|state| state.ready);
                    match after {
                        Some(after) if after.ready && !was_ready => {
                            let owner = owner.clone().unwrap_or_else(|| format!("pod/{}", key.name));
                            cures.insert((key.namespace.to_string(), owner), (happening.at_ms, last_event.clone()));
                        }
                        Some(after) if matches!(after.phase.as_str(), "Succeeded" | "Failed") => {
                            last_event = Some(format!("pod {key} has ended"));
                        }
                        None => last_event = Some(format!("pod {key} is gone")),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Self { unwell: unwell(&later), cures, is_quiet, quiet_since_ms: fork.quiet_since_ms(), until_ms: fork.now_ms() }
    }

    /// What becomes of these owners' pods.
    pub(crate) fn outlook(&self, owners: &BTreeSet<(String, String)>) -> Outlook {
        let until = format_millis(self.until_ms);
        if owners.iter().any(|owner| self.unwell.contains(owner)) {
            if self.is_quiet {
                let since = self.quiet_since_ms.map(format_millis).unwrap_or_default();
                let proof = format!("nothing has moved since {since}, and nothing is left that could");
                return Outlook { verdict: Verdict::Never, when: None, at: None, proof };
            }
            let proof = format!("run on to {until}: the pods still wait, while other things move");
            return Outlook { verdict: Verdict::NotNow, when: None, at: None, proof };
        }
        let last = owners.iter().filter_map(|owner| self.cures.get(owner)).max_by_key(|(at, _)| *at);
        let at = last.map(|(at, _)| format_millis(*at));
        let when = last.and_then(|(_, event)| event.clone());
        let proof = match &at {
            Some(at) => format!("run on to {until}: the pods are well at {at}"),
            None => format!("run on to {until}: nothing is wrong with them then"),
        };
        let when = when.or_else(|| Some("what their kubelets and controllers are doing now is done".to_owned()));
        Outlook { verdict: Verdict::When, when, at, proof }
    }
}
