//! The fake cluster through whole runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]

mod admission;
mod attach_detach;
mod clouds;
mod common;
mod custom_resources;
mod daemon_sets;
mod deletion;
mod deployments;
mod describe;
mod drain;
mod dumps;
mod kubelet;
mod kubelet_restarts;
mod leases;
mod nodes;
mod persistent_volumes;
mod print;
mod print_tables;
mod properties;
mod references;
mod replication_controllers;
mod requests;
mod runs;
mod server_side_apply;
mod services;
mod stateful_set;
mod validation;
mod webhooks;
