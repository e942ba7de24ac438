//! kubectl's layouts: the tables of `kubectl get` and the pages of `kubectl describe`, by version.
//!
//! Upstream: `pkg/printers/internalversion/printers.go` for the rows, `kubectl/pkg/describe/describe.go` for the pages.

mod batch;
mod context;
mod core;
mod describe;
mod describe_access;
mod describe_any;
mod describe_autoscaler;
mod describe_batch;
mod describe_data;
mod describe_network;
mod describe_node;
mod describe_pod;
mod describe_policy;
mod describe_storage;
mod describe_workload;
mod duration;
mod events;
mod json_path;
mod layout;
mod nodes;
mod objects;
mod pages;
mod pods;
mod sorting;
mod storage;
mod table;
mod template;
mod verbatim;
mod workloads;

pub use context::PrintContext;
pub use describe_node::describe_node;
pub use describe_pod::describe_pod;
pub use describe_workload::describe_deployment;
pub use duration::human_duration;
pub use events::events;
pub use json_path::{BadJsonPath, JsonPath, go_text};
pub use nodes::{node_status, nodes};
pub use objects::{objects, resource_objects};
pub use pages::describe;
pub use pods::{pod_status, pods};
pub use sorting::compare;
pub use table::{Cell, Column, Table, TableOptions, custom_columns, nothing_found};
