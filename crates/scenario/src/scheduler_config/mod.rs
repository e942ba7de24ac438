//! A KubeSchedulerConfiguration as it is written, in any of its API versions, made into the scheduler's own terms.
//!
//! Upstream: `apis/config/v1*/defaults.go` and `validation/validation.go` and `validation_pluginargs.go`. It is decoded
//! strictly, as kube-scheduler does from 1.19 on: a field that the API version does not have is a fault.

mod affinity;
mod args;
mod component;
mod document;
mod extenders;
mod fields;
mod load;
mod names;
mod profile;
mod reader;
#[cfg(test)]
mod tests;

pub use load::{WrittenSchedulerConfig, load_scheduler_config, read_scheduler_config};
