//! Reads what people have of a cluster (manifests, `kubectl get -o yaml` dumps, a Scenario document) into typed objects,
//! and reports every fault with its file, line and object path.
//!
//! Architecture invariant: nothing here knows how scheduling works.

#![forbid(unsafe_code)]

mod document;
mod fault;
mod files;
mod load;
mod locate;
mod scheduler_config;
mod text;
mod validate;
mod write;
mod yaml;

pub use document::{
    Because, DiagnosisExpectation, ExpectedClass, ExpectedCure, ExpectedOutlook, FalseCure, Scenario, TimedStep,
    continuation, schema,
};
pub use fault::{Fault, Location, Severity};
pub use load::{Input, LoadedObject, UnknownField, load, load_part};
pub use scheduler_config::{WrittenSchedulerConfig, load_scheduler_config, read_scheduler_config};
pub use sim_cluster::parse_duration_ms;
pub use write::{to_json, to_yaml};
