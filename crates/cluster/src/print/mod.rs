//! kubectl's layouts: the tables of `kubectl get` and the pages of `kubectl describe`, by version.
//!
//! Upstream: `pkg/printers/internalversion/printers.go` for the rows, `kubectl/pkg/describe/describe.go` for the pages.

mod batch;
mod context;
mod describe;
mod describe_node;
mod describe_pod;
mod describe_workload;
mod duration;
mod events;
mod layout;
mod nodes;
mod pods;
mod storage;
mod table;
mod template;
mod workloads;

pub use context::PrintContext;
pub use describe_node::describe_node;
pub use describe_pod::describe_pod;
pub use describe_workload::{describe_daemon_set, describe_deployment, describe_replica_set};
pub use duration::human_duration;
pub use events::events;
pub use nodes::{node_status, nodes};
pub use pods::{pod_status, pods};
pub use table::{Table, TableOptions, nothing_found};
pub use workloads::objects;
