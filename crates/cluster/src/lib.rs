//! The fake cluster: the store, the virtual clock, controllers, kubelets, the scheduler's place among them, and events.
//!
//! Architecture invariant: no wall clock, no YAML, no terminal.

#![forbid(unsafe_code)]

mod admission;
pub mod api;
mod api_client;
mod api_error;
mod api_server;
mod asking;
mod behaviour;
mod change;
mod clock;
mod cluster;
mod component;
mod conduct;
mod controllers;
pub mod convert;
mod custom_resource;
mod defaults;
mod deletion;
mod drain;
mod duration;
mod eviction;
mod expectation;
mod field_selector;
mod gaps;
mod history;
mod index;
mod knowledge;
mod kubelet;
mod leases;
mod make;
mod names;
mod object;
mod ownership;
pub mod pod;
mod pod_strategy;
pub mod print;
mod printed;
mod quantities;
mod quota;
mod recorder;
mod request;
mod resource;
mod result;
mod scheduling;
mod secret;
mod service;
mod similar;
mod snapshot;
mod store;
mod trial;
mod unrest;
mod upgrade;
mod validation;
mod work_queue;

pub use admission::{
    AdmissionConfig, IS_DEFAULT as DEFAULT_STORAGE_CLASS, PLUGINS as ADMISSION_PLUGINS,
    is_default as is_default_storage_class,
};
pub use api_error::{ApiError, Cause, Details, GroupName, Reason};
pub use change::{
    BadChange, Change, KubeletRestart, ObjectRef, PatchType, TaintPattern, WorkloadRef, parse_taint, parse_toleration,
    taint_text,
};
pub use cluster::{Cluster, Goal, Setup, Stop, TimedChange};
pub use conduct::{ANNOTATION, Conduct, Declaration, Need, PodPattern, Use};
pub use controllers::cloud_node::{
    UNINITIALIZED as UNINITIALIZED_TAINT, is_cloud_controller_manager, is_uninitialized,
};
pub use controllers::cluster_autoscaler::{NodeGroup, NodeGroupChange};
pub use controllers::daemon_set::add_tolerations as add_daemon_set_tolerations;
pub use controllers::deployment::MAX_REPLICAS;
pub use custom_resource::definition_from_v1;
pub use defaults::default_pod;
pub use deletion::{DeleteOptions, Propagation};
pub use drain::{DrainOptions, DrainRecord, Eviction, Stuck};
pub use duration::{BadDuration, parse_duration_ms};
pub use eviction::EvictionRefused;
pub use expectation::{Amount, Expect, Expectation, ExpectationOutcome, FieldPath, Selector, Wanted, When};
pub use field_selector::FieldSelector;
pub use gaps::{kubelet_version, newest_moment};
pub use history::{Happened, Happening, NodeState, PodState};
pub use index::PodsByNode;
pub use kubelet::installs_network;
pub use make::{Refused, not_found};
pub use object::{Kind, KnownKind, Object, Unstructured};
pub use ownership::{Owner, Ownership};
pub use printed::Printed;
pub use request::{
    Deleted, FieldValidation, Patch, Preconditions, ResourceRef, Subresource, Target, WriteOptions, Written,
    event_from_core, event_into_core,
};
pub use resource::{DefinedVersion, Resource};
pub use result::{Counts, EventResult, NodeResult, PodResult, PrintedResult, RunResult, format_millis};
pub use scheduling::{Anew, Scheduling};
pub use secret::Secret;
pub use similar::closest;
pub use store::{Changed, Conflict, JournalEntry, ObjectKey, Store, Table};
pub use trial::{RefusedStep, StopReason, Stopped, Trial};
pub use unrest::Unrest;
pub use upgrade::UpgradeOptions;
pub use validation::FieldFault;
