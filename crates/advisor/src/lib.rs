//! Answers about a cluster: why a pod waits, and what a change would do. It asks the cluster, never patches around it.
//!
//! Architecture invariant: no terminal, and no rule of its own: every outcome comes from running the cluster.

mod alike;
mod ask;
mod behaviour;
mod beside;
mod capacity;
mod conflict;
mod detail;
mod diagnosis;
mod diff;
mod drain;
mod explain;
mod fix;
mod hidden_taint;
mod impossible;
mod known_taints;
mod meant_nodes;
mod near_miss;
mod node;
mod oddity;
mod other_versions;
mod pending;
mod shortage;
#[cfg(test)]
mod testing;
mod upgrade;
mod what_if;
mod words;

pub use alike::waiting_alike;
pub use capacity::{
    CapacityResult, CountOptions, Growth, NoReplica, NodeShare, Obstacle, Replica, Shape, capacity, fewest_nodes,
};
pub use conflict::{Conflict, Constraint};
pub use diagnosis::{
    Affected, Clues, Cut, Diagnosis, Drawing, Outlook, RootCause, Thing, ThingKind, Verdict, diagnose, draw,
};
pub use diff::{DiffResult, DiffSide, NodeDifference, ObjectDifference, PodDifference, Side, diff};
pub use drain::{DrainOutcome, DrainResult, Drained, DrainedNode, EvictedPod, Successor, drain};
pub use explain::{
    EvictionVerdict, NodeVerdict, Outcome, PodExplanation, PreemptionVerdict, RefusalVerdict, ScoreVerdict, explain_pod,
};
pub use fix::{
    Answer, Cost, CureClass, FixResult, Goal, NoGoal, Progress, Tried, Vain, candidate_changes, changes_about, fix,
    try_changes,
};
pub use hidden_taint::{HiddenTaint, hidden_taints};
pub use impossible::{Impossible, ImpossibleKind, impossible};
pub use known_taints::{KnownTaint, known_taint};
pub use near_miss::{Correction, NearMiss, NearMissKind, near_misses};
pub use oddity::{Oddity, OddityKind, oddities};
pub use other_versions::{VersionOutcome, VersionVerdict, other_versions};
pub use pending::{Cause, Explanation, TaintCause, explain_pending};
pub use shortage::{Hole, ResourceShortage, Shortage, shortage, shortages};
/// What a person types for a change, and how it is undone.
pub use sim_kubectl as kubectl;
pub use upgrade::{PlacedAgain, Upgraded, upgrade};
pub use what_if::{
    PodChange, PodState, StuckPod, TaintPreview, WhatIf, WhatIfResult, WhatIfResultList, changed, preview_taints,
    what_if,
};
pub use words::nodes as node_names;
