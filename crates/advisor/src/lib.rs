//! Answers about a cluster: why a pod waits, and what a change would do. It asks the cluster, never patches around it.
//!
//! Architecture invariant: no terminal, and no rule of its own: every outcome comes from running the cluster.

mod explain;
mod known_taints;
mod what_if;

pub use explain::{Cause, Explanation, TaintCause, explain_pending};
pub use known_taints::{KnownTaint, known_taint};
pub use what_if::{PodChange, PodState, TaintPreview, WhatIf, WhatIfResult, WhatIfResultList, preview_taints, what_if};
