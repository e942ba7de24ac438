//! kubectl's command lines, both ways: what a person types for a change, how it is undone, and what typed lines would
//! change.
//!
//! Architecture invariant: no terminal, no clock, and no rule of its own: what a command does is found by making it on a
//! fork of the cluster.

#![forbid(unsafe_code)]

mod by_hand;
mod command;
mod difference;
mod manifest;
mod print;
mod read;
mod shell;
mod taints;
mod target;
mod tolerations;
mod undo;

pub use command::{Command, commands};
pub use manifest::{clean, file_names, manifests};
pub use read::{BadCommand, read};
