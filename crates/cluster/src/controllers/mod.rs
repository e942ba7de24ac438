//! The controllers of kube-controller-manager and the add-ons that act like one: one file each.

pub(crate) mod active_pods;
pub(crate) mod attach_detach;
pub(crate) mod cloud_node;
pub(crate) mod cluster_autoscaler;
pub(crate) mod cluster_proportional_autoscaler;
pub(crate) mod controller_ref;
pub(crate) mod cron_job;
pub(crate) mod daemon_set;
pub(crate) mod deployment;
pub(crate) mod disruption;
pub(crate) mod ephemeral_volume;
pub(crate) mod garbage_collector;
pub(crate) mod history;
pub(crate) mod job;
pub(crate) mod namespace;
pub(crate) mod node_lifecycle;
pub(crate) mod persistent_volume;
pub(crate) mod pod_gc;
pub(crate) mod replica_set;
pub(crate) mod resource_quota;
pub(crate) mod service_accounts;
pub(crate) mod slow_start;
pub(crate) mod stateful_set;
pub(crate) mod taint_eviction;
pub(crate) mod ttl_after_finished;
pub(crate) mod volume_protection;
