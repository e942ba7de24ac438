//! What differs between the layouts of kubectl's versions: one table.

use sim_core::version::Version;

/// The layout of one version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// `describe pod` shows `Priority Class Name: <none>` for pods without a class (1.16 to 1.18).
    pub(super) shows_missing_priority_class: bool,
    /// `describe pod` has `Service Account:` (1.24).
    pub(super) service_account: bool,
    /// Tolerations of any value end in `op=Exists` (1.18).
    pub(super) toleration_operator: bool,
    /// `describe pod` has `Topology Spread Constraints:` (1.25).
    pub(super) topology_spread: bool,
    /// `describe node` has `Lease:` (1.17).
    pub(super) lease: bool,
    /// Capacity, allocatable and system info are indented by two blanks, by one before (1.17).
    pub(super) node_indent: &'static str,
    /// The last column of a node's pods.
    pub(super) age_header: &'static str,
    /// Allocated resources list huge pages (1.18).
    pub(super) huge_pages: bool,
    /// `describe` says which part of the object an event is about (1.35).
    pub(super) event_field_path: bool,
    /// Events without old timestamps show those of events.k8s.io, not `<unknown>` (1.19).
    pub(super) event_time: bool,
    /// `describe` names the host beside the component an event is from (until 1.18).
    pub(super) event_host: bool,
    /// `RESTARTS` says how long ago the last one was (1.22).
    pub(super) restarts_ago: bool,
    /// Gated pods show `SchedulingGated` (1.26).
    pub(super) scheduling_gated: bool,
    /// Restartable init containers count as containers (1.28).
    pub(super) sidecars: bool,
    /// A pod template in `describe` ends in its node selectors and tolerations (1.31).
    pub(super) template_placement: bool,
    /// Empty lists name the namespace (1.17).
    pub(super) empty_names_namespace: bool,
    /// Jobs show their status (1.31).
    pub(super) job_status: bool,
    /// CronJobs show their time zone (1.29).
    pub(super) cron_job_time_zone: bool,
    /// Volumes and claims show their VolumeAttributesClass (1.29).
    pub(super) attributes_class: bool,
    /// StorageClasses show more than their provisioner (1.18).
    pub(super) storage_class_details: bool,
    /// Nodes show their architecture in wide tables (1.36).
    pub(super) node_architecture: bool,
}

impl Layout {
    pub(super) fn of(version: Version) -> Self {
        let minor = version.minor();
        Self {
            shows_missing_priority_class: minor <= 18,
            service_account: minor >= 24,
            toleration_operator: minor >= 18,
            topology_spread: minor >= 25,
            lease: minor >= 17,
            node_indent: if minor >= 17 { "  " } else { " " },
            age_header: if minor >= 20 { "Age" } else { "AGE" },
            huge_pages: minor >= 18,
            event_field_path: minor >= 35,
            event_time: minor >= 19,
            event_host: minor <= 18,
            restarts_ago: minor >= 22,
            scheduling_gated: minor >= 26,
            sidecars: minor >= 28,
            template_placement: minor >= 31,
            empty_names_namespace: minor >= 17,
            job_status: minor >= 31,
            cron_job_time_zone: minor >= 29,
            attributes_class: minor >= 29,
            storage_class_details: minor >= 18,
            node_architecture: minor >= 36,
        }
    }
}
