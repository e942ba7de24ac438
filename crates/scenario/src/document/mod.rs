//! The Scenario document (`apiVersion: sim/v1`): what a dump cannot show, what happens when, and what must hold.
//!
//! A new step is a variant in `step.rs` and a type in the file of its group under `step/`.

mod behaviour;
mod continuation;
mod diagnosis;
mod expectation;
mod read;
mod scenario;
mod schema;
mod step;

pub use continuation::continuation;
pub use diagnosis::{Because, DiagnosisExpectation, ExpectedClass, ExpectedCure, ExpectedOutlook, FalseCure};
pub(crate) use read::read;
pub use scenario::{Scenario, TimedStep};
pub use schema::schema;
