//! The scheduling model and kube-scheduler's rules, by Kubernetes version.
//!
//! Everything here is a pure function of its arguments: no file, no clock, no random number and no API type is known.
//! [`model`] holds what a scheduler looks at, [`behaviour`] is the one table of what differs between Kubernetes minors, and
//! [`scheduler`] is the scheduling framework with one file per in-tree plugin, named as upstream names it.

#![forbid(unsafe_code)]

pub mod behaviour;
pub mod model;
pub mod quantity;
pub mod scheduler;
pub mod version;

pub use behaviour::Behaviour;
pub use quantity::Quantity;
pub use version::Version;
