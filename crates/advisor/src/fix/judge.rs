//! Trying edits: they are made on a fork, and the fork runs until nothing moves and an hour beyond.

use k8s_openapi::api::core::v1::Node;
use sim_cluster::pod::Pod;
use sim_cluster::{Change, Cluster, Refused, Stop, format_millis};

use super::goal::Target;
use crate::node;

/// How long a changed cluster may take to come to rest, and how long it must then keep what it reached.
const HOUR_MS: u64 = 60 * 60 * 1000;

/// What edits came to.
#[derive(Debug, Clone)]
pub(crate) struct Trialled {
    /// The cluster an hour after it came to rest.
    pub(crate) after: Cluster,
    /// Whether the goal held when it came to rest, and an hour later.
    pub(crate) holds: bool,
    /// How many pods keep it from being reached now.
    pub(crate) misses: usize,
    /// What held at rest and was gone an hour later, or what a controller took back.
    pub(crate) undone: Vec<String>,
    /// When it came to rest, e.g. `25m3s`.
    pub(crate) settled_at: String,
}

/// Makes the edits and runs on.
///
/// # Errors
/// When the cluster refuses one of them.
pub(crate) fn attempt(cluster: &Cluster, changes: &[&Change], target: &Target) -> Result<Trialled, Refused> {
    let mut fork = cluster.clone();
    fork.forget_timeline();
    fork.keep_events();
    for change in changes {
        fork.make(change)?;
    }
    let comes_to_rest = settle(&mut fork);
    let settled_at = format_millis(fork.quiet_since_ms().unwrap_or_else(|| fork.now_ms()));
    let misses = target.misses_at_rest(&fork);
    if !comes_to_rest || misses > 0 {
        return Ok(Trialled { holds: false, misses, undone: undone(&fork, changes), after: fork, settled_at });
    }
    fork.run_until(fork.now_ms().saturating_add(HOUR_MS));
    let mut undone = undone(&fork, changes);
    let misses = target.misses(&fork);
    let holds = misses == 0;
    if !holds {
        undone.insert(0, "an hour later the goal does not hold any more".to_owned());
    }
    Ok(Trialled { after: fork, holds, misses, undone, settled_at })
}

/// Runs until nothing moves, an hour at most; whether it was no storm of pods that come and go without end.
pub(crate) fn settle(fork: &mut Cluster) -> bool {
    let size = fork.store().list::<Pod>().count() + fork.store().list::<Node>().count();
    let events = EVENTS.saturating_add(EVENTS_EACH.saturating_mul(u64::try_from(size).unwrap_or(u64::MAX)));
    let until_ms = fork.now_ms().saturating_add(HOUR_MS);
    let goal = sim_cluster::Goal { until_ms, or_quiet: true, events, one_moment: false };
    !matches!(fork.advance(goal), Stop::Paused | Stop::TooManyEvents)
}

/// So many events, and so many for each pod and node, are more than any change of a cluster needs to come to rest.
const EVENTS: u64 = 20_000;
const EVENTS_EACH: u64 = 40;

/// Changes that somebody took back while time went on.
fn undone(after: &Cluster, changes: &[&Change]) -> Vec<String> {
    let nodes = || after.store().list::<Node>();
    let mut undone = Vec::new();
    for change in changes {
        match change {
            Change::Untaint { node, taint } => {
                let again: Vec<String> = nodes()
                    .filter(|found| node.is_none() || found.metadata.name == *node)
                    .filter(|found| node::taints(found).any(|there| taint.matches(there)))
                    .filter_map(|found| found.metadata.name.clone())
                    .collect();
                if !again.is_empty() {
                    undone.push(format!("the taint {taint} is back on {}", again.join(", ")));
                }
            }
            Change::Uncordon(node) => {
                let found = after.store().find::<Node>("", node);
                if found.is_some_and(|found| node::is_cordoned(found)) {
                    undone.push(format!("{node} is cordoned again"));
                }
            }
            _ => {}
        }
    }
    undone
}
