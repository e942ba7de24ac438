//! The scheduling framework: a [`Snapshot`] of the cluster, the [`Scheduler`] that decides about one pod at a time, the
//! [`SchedulingQueue`] that says which pod is next, and the [`plugins`].

pub mod admission_check;
mod alike;
mod change_log;
pub mod config;
pub mod course;
mod csi_translation;
pub mod event;
pub mod explain;
mod filtering;
pub mod fit_error;
pub mod framework;
pub mod node_info;
mod nominator;
pub mod plugins;
pub mod pod_classes;
mod pod_index;
pub mod profile;
#[cfg(test)]
mod properties;
pub mod queue;
mod queueing_hints;
pub mod schedule;
pub mod scoring;
pub mod snapshot;
mod statuses;
pub mod storage;
#[cfg(test)]
pub(crate) mod testing;

pub use admission_check::{Misfit, admission_check};
pub use config::{ConfigFault, ExtensionPoint, SchedulerConfig};
pub use course::Course;
pub use csi_translation::InTreePlugin;
pub use event::{Action, ClusterEvent, EventResource, Happening, Subject, pod_changes};
pub use explain::{Eviction, Explanation, NodeExplanation, Refusal};
pub use fit_error::{FitError, PreemptionOutcome, event_note};
pub use framework::{Code, Status};
pub use node_info::{NodeInfo, PodInfo};
pub use plugins::default_binder::scheduled_message;
pub use plugins::{PluginName, VolumePlan};
pub use pod_classes::{PodClasses, Verdict};
pub use profile::Profile;
pub use queue::SchedulingQueue;
pub use schedule::{Decision, Placement, Scheduler};
pub use scoring::{NodeScore, PluginScore};
pub use snapshot::{DisruptionBudget, ImageState, NodeSlot, SelectorOwner, Snapshot};
pub use statuses::Statuses;
pub use storage::Storage;
