//! The fake cluster: the store, the virtual clock, controllers, kubelets, the scheduler's place among them, and events.
//!
//! Architecture invariant: no wall clock, no YAML, no terminal.

pub mod api;
mod change;
mod expectation;
mod object;
mod store;

pub use change::{BadChange, Change, ObjectRef, TaintPattern, WorkloadRef, parse_taint, parse_toleration, taint_text};
pub use expectation::{Expect, Expectation, ExpectationOutcome, Selector};
pub use object::{Kind, KnownKind, Object, Unstructured};
pub use store::{Changed, ObjectKey, Store, Table};
