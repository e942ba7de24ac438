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
    /// Which column of ResourceQuotas is their age: the last since 1.33.
    pub(super) quota_age_at: usize,
    /// PriorityClasses show whether their pods preempt (1.32).
    pub(super) preemption_policy: bool,
    /// HorizontalPodAutoscalers name the metric beside its value (1.30).
    pub(super) metric_names: bool,
    /// Ingresses show their class (1.18).
    pub(super) ingress_class: bool,
    /// CSIDrivers show storage capacity and tokens (1.21).
    pub(super) csi_driver_details: bool,
    /// `describe` names a container's ports, and spells out the thresholds of probes (1.37).
    pub(super) port_names: bool,
    /// `describe statefulset` shows its service, its pods' order and what becomes of its claims (1.37).
    pub(super) stateful_set_details: bool,
    /// `describe cronjob` shows the time zone, `describe service` the application's protocol (1.36).
    pub(super) described_time_zone: bool,
    /// `describe service` shows the internal traffic policy and reads EndpointSlices, `describe configmap` leaves a line
    /// between two entries (1.31).
    pub(super) endpoint_slices: bool,
    /// `describe networkpolicy` shows the ends of port ranges (1.31).
    pub(super) port_ranges: bool,
    /// EndpointSlices are read without regard to who is ready (1.31 only).
    pub(super) unready_endpoints: bool,
    /// `describe service` shows families and several IPs; claims say by whom they are used, not mounted (1.20).
    pub(super) ip_families: bool,
    /// `describe serviceaccount` lists its secrets and tokens (until 1.34).
    pub(super) mountable_secrets: bool,
    /// `describe node` shows kube-proxy's version (until 1.35).
    pub(super) kube_proxy_version: bool,
    /// Projected sources say `Optional`, and `describe daemonset` has `Namespace` (1.33).
    pub(super) projected_optional: bool,
    /// `describe job` shows how often it is tried, and when it goes (1.30).
    pub(super) job_limits: bool,
    /// `describe job` shows the completion mode (1.21).
    pub(super) completion_mode: bool,
    /// `describe job` counts ready pods (1.23).
    pub(super) ready_pods: bool,
    /// A pod template in `describe` has its topology spread constraints (1.25).
    pub(super) template_spread: bool,
    /// `describe configmap` has `BinaryData` (1.22).
    pub(super) binary_data: bool,
    /// Labels of fields keep a run of capitals together with the next word (1.36).
    pub(super) merged_capitals: bool,
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
            quota_age_at: if minor >= 33 { 3 } else { 1 },
            preemption_policy: minor >= 32,
            metric_names: minor >= 30,
            ingress_class: minor >= 18,
            csi_driver_details: minor >= 21,
            port_names: minor >= 37,
            stateful_set_details: minor >= 37,
            described_time_zone: minor >= 36,
            endpoint_slices: minor >= 31,
            port_ranges: minor >= 31,
            unready_endpoints: minor == 31,
            ip_families: minor >= 20,
            mountable_secrets: minor <= 34,
            kube_proxy_version: minor <= 35,
            projected_optional: minor >= 33,
            job_limits: minor >= 30,
            completion_mode: minor >= 21,
            ready_pods: minor >= 23,
            template_spread: minor >= 25,
            binary_data: minor >= 22,
            merged_capitals: minor >= 36,
        }
    }
}
