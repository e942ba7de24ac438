//! Answers about a cluster: why a pod waits, and what a change would do. It asks the cluster, never patches around it.
//!
//! Architecture invariant: no terminal, and no rule of its own: every outcome comes from running the cluster.

mod detail;
mod diagnosis;
mod explain;
mod fix;
mod known_taints;
mod pending;
mod what_if;

pub use diagnosis::{Affected, Diagnosis, Drawing, Outlook, RootCause, Thing, ThingKind, Verdict, diagnose, draw};
pub use explain::{
    EvictionVerdict, NodeVerdict, Outcome, PodExplanation, PreemptionVerdict, RefusalVerdict, ScoreVerdict, explain_pod,
};
pub use fix::{Answer, Cost, CureClass, FixResult, Goal, NoGoal, Progress, Vain, fix};
pub use known_taints::{KnownTaint, known_taint};
pub use pending::{Cause, Explanation, TaintCause, explain_pending};
/// What a person types for a change, and how it is undone.
pub use sim_kubectl as kubectl;
pub use what_if::{
    PodChange, PodState, StuckPod, TaintPreview, WhatIf, WhatIfResult, WhatIfResultList, preview_taints, what_if,
};
