//! What differs between Kubernetes minors outside the scheduler: one table. The scheduler's is in `sim-core`.

mod custom_resources;
pub(crate) mod drain;
mod kubelet;
mod services;

use sim_core::version::Version;

use self::drain::DrainRules;
pub(crate) use custom_resources::CustomResourceRules;
pub(crate) use kubelet::{ContainerEvents, Kubelet, PulledEvent};
pub(crate) use services::ServiceRules;

/// In-tree plugins in the order in which CSI drivers took them over: 1.21, three in 1.23, 1.24, 1.25.
const MIGRATED_PROVISIONERS: [(&str, &str); 6] = [
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
];

/// The behaviour of controllers, kubelets and event recorders of one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    /// Silence after which a node counts as lost, in milliseconds (`--node-monitor-grace-period`).
    pub node_monitor_grace_ms: u64,
    /// What stands between the name of a webhook that does not answer and the reason (1.22).
    pub webhook_failure: &'static str,
    /// Whether URLs are quoted in errors of HTTP (Go 1.14, 1.19).
    pub quotes_urls: bool,
    /// Whether the leaders of the control plane hold Leases (1.17; before, Endpoints).
    pub leaders_hold_leases: bool,
    /// Whether the pods of a node that is lost get an event of their own (1.19).
    pub tells_pods_of_lost_nodes: bool,
    /// How long PodGC waits before it believes that a node is gone, in milliseconds (1.17; before, it asked at once).
    pub pod_gc_quarantine_ms: u64,
    /// Whether PodGC fails a pod before it deletes it (1.26).
    pub pod_gc_fails_pods: bool,
    /// Whether PodGC heeds `node.kubernetes.io/out-of-service` (1.26 by default).
    pub out_of_service_taint: bool,
    /// Whether the cloud-node controller tells of the nodes it initialises (1.20).
    pub tells_of_initialised_nodes: bool,
    /// How the kubelet begins when the network is not ready (1.21 says whose network it is).
    pub network_not_ready: &'static str,
    /// Nodes say what their container runtime is; when one does not, it is this (dockershim went in 1.24).
    pub container_runtime: &'static str,
    /// How the cluster-autoscaler begins to say that it orders no node (shorter from 1.21 on).
    pub no_scale_up: &'static str,
    /// kubeadm labels control-plane nodes `control-plane` (1.20).
    pub labels_control_plane: bool,
    /// kubeadm taints them so too, and takes the label `master` (1.24).
    pub taints_control_plane: bool,
    /// kubeadm takes the taint `master` (1.25).
    pub forgets_master_taint: bool,
    /// Who reports taint-based evictions (1.29 moved it to a controller of its own).
    pub taint_eviction_component: &'static str,
    /// How a Deployment tells that it scaled a ReplicaSet.
    scaling: Scaling,
    /// Whether ReplicaSets and Deployments count the pods on their way out (beta in 1.35).
    pub counts_terminating_replicas: bool,
    /// Whether of too many pods those go first that share a node with others of their Deployment (1.17).
    pub deletes_doubled_up_first: bool,
    /// Whether of too many pods those go first that cost least by their annotation (beta in 1.22).
    pub pod_deletion_cost: bool,
    /// Whether pods of about one age count as equally old when too many must go (beta in 1.22).
    pub ranks_ages_by_logarithm: bool,
    /// What the kubelet does and says.
    pub kubelet: Kubelet,
    /// How custom resources are checked.
    pub custom_resources: CustomResourceRules,
    /// What Services are given.
    pub services: ServiceRules,
    /// Whether errors show lists and maps as JSON (1.34), not as Go prints them.
    pub values_as_json: bool,
    /// Service account tokens are projected volumes, not Secrets (1.21).
    pub projected_tokens: bool,
    /// Scheduler events carry a series that `kubectl describe` can count; before 1.19 a repeat was a second event.
    pub scheduler_events_in_series: bool,
    /// Pods that are about to be deleted say why in a DisruptionTarget condition (1.26).
    pub disruption_conditions: bool,
    /// With which reason the scheduler marks its victims before it deletes them (1.26).
    pub preemption_reason: Option<&'static str>,
    /// Victims that are on their way out already are not evicted again (1.34).
    pub spares_terminating_victims: bool,
    /// Whether a pod that comes with scheduling gates is told so in its PodScheduled condition (1.27+).
    pub gated_condition: bool,
    /// Whether victims are evicted before the pod's failure is told (1.18 to 1.32).
    pub evicts_before_telling: bool,
    /// Whether a StatefulSet's pods carry their ordinal as a label (1.28).
    pub pod_index_label: bool,
    /// Whether `spec.ordinals.start` of a StatefulSet counts (1.27).
    pub stateful_set_start_ordinal: bool,
    /// Whether `spec.minReadySeconds` of a StatefulSet counts (1.23).
    pub stateful_set_min_ready: bool,
    /// Whether a StatefulSet's status counts the available replicas (1.22).
    pub stateful_set_available_replicas: bool,
    /// Whether `spec.persistentVolumeClaimRetentionPolicy` counts (1.27).
    pub stateful_set_claim_retention: bool,
    /// Whether a StatefulSet's rolling update takes `maxUnavailable` pods at a time (1.35).
    pub stateful_set_max_unavailable: bool,
    /// Whether the StatefulSet controller tells that it replaces a pod that has ended (until 1.30).
    pub stateful_set_tells_recreation: bool,
    /// Whether a finalizer holds a job's pods until they are counted (1.25). Before, pods that are gone count no more.
    pub job_tracking_finalizers: bool,
    /// How long the Job controller gathers what pods do before it looks, in milliseconds (1.27).
    pub job_batch_ms: u64,
    /// The longest wait before a job replaces a failed pod, in milliseconds (10 min from 1.28).
    pub job_back_off_max_ms: u64,
    /// Whether the first failure of a job's pods is replaced at once (until 1.25).
    pub job_forgives_first_failure: bool,
    /// Whether a job can be `Indexed` (1.22).
    pub indexed_jobs: bool,
    /// Whether a job can be suspended (1.22).
    pub suspends_jobs: bool,
    /// Whether a job's status counts the ready pods (1.24).
    pub job_ready_pods: bool,
    /// Whether `spec.podFailurePolicy` counts (1.26).
    pub pod_failure_policy: bool,
    /// Whether the labels of a job's pods come with the prefix `batch.kubernetes.io/` as well (1.27).
    pub job_prefixed_labels: bool,
    /// Whether `spec.backoffLimitPerIndex` counts (1.29).
    pub job_back_off_per_index: bool,
    /// Whether `spec.podReplacementPolicy` counts (1.29).
    pub job_pod_replacement: bool,
    /// Whether `spec.successPolicy` counts (1.31).
    pub job_success_policy: bool,
    /// Whether a job is Complete or Failed only when its last pod is gone, and says why it is Complete (1.31).
    pub job_delays_terminal_condition: bool,
    /// Whether `spec.managedBy` counts (1.32).
    pub job_managed_by: bool,
    /// Whether jobs that have ended go after `ttlSecondsAfterFinished` (1.21).
    pub job_ttl: bool,
    /// Which CronJob controller runs (the second one from 1.21).
    pub cron_controller: CronController,
    /// Whether `spec.timeZone` of a CronJob counts (1.25).
    pub cron_job_time_zones: bool,
    /// Whether a CronJob says when its last job succeeded (1.21).
    pub cron_job_last_success: bool,
    /// Whether a CronJob's jobs carry the moment they were scheduled for (1.28).
    pub cron_job_scheduled_annotation: bool,
    /// Whether the event about too many missed starts says how many (until 1.27).
    pub cron_job_counts_missed: bool,
    /// Whether the event about a job that has ended says `condition` (1.31), not `status`.
    pub cron_job_tells_condition: bool,
    /// The shortest and the longest wait before a job is tried again that the API server refused pods, in milliseconds
    /// (1 s to 1 min from 1.27).
    pub job_retry_ms: (u64, u64),
    /// Pods of the system-* priority classes are refused outside kube-system (until 1.16).
    pub system_priority_in_kube_system_only: bool,
    /// The PodSecurity plugin runs (1.23).
    pub pod_security: bool,
    /// Whether `kubectl apply` names the object that was not applied before, and says what comes of it (1.20).
    pub(crate) apply_warning_names_object: bool,
    /// Whether objects say from their creation on who owns their fields (1.18; before, from the first apply on).
    pub tracks_field_managers: bool,
    /// The minor whose Pod Security checks are the latest: the cluster's own.
    pub pod_security_latest: u32,
    /// What names are said to be (another word from 1.20).
    pub rfc_1123: &'static str,
    /// What of a pod's spec may change, in the words of the refusal.
    pub pod_update_rule: &'static str,
    /// What of a StatefulSet's spec may change.
    pub stateful_set_update_rule: &'static str,
    /// Whether the template of a StatefulSet must be one that pods can be made of (1.34).
    pub stateful_set_validates_template: bool,
    /// A Job that says nothing of restarts is asked to (1.22); before, it was told that `Always` is not supported.
    pub job_requires_restart_policy: bool,
    /// Whether a Job that is suspended may still be sent to other nodes (1.23).
    pub suspended_jobs_can_move: bool,
    /// Whether an indexed Job can get more completions (1.27).
    pub elastic_indexed_jobs: bool,
    /// A request that is more than its limit is told that limit (1.27).
    pub request_faults_name_limit: bool,
    /// A RuntimeClass's overhead counts (1.18).
    pub pod_overhead: bool,
    /// A quota's complaint says which containers state nothing (1.24).
    pub quota_names_containers: bool,
    /// Namespaces carry their name as a label (1.21).
    pub namespace_name_label: bool,
    /// A Secret with a token is made for every ServiceAccount (until 1.23).
    pub token_secrets: bool,
    /// Of several default StorageClasses the newest is taken, also for claims that wait already (1.26); before, claims
    /// without a class are refused.
    pub newest_default_storage_class: bool,
    /// Whether a claim that waits for its pod says for which one (1.20).
    pub claims_name_waiting_pods: bool,
    /// Whether a claim that waits for an external provisioner says what to look at (1.28).
    pub external_provisioning_advises: bool,
    /// Whether a claim is handed to its provisioner in the annotation without `beta` as well (1.23).
    pub ga_provisioner_annotation: bool,
    /// What the kubelet says of volumes that it could not look at, when a pod's volumes were not mounted in time.
    pub unprocessed_volumes: &'static str,
    /// Whether the fault of a changed driver of a CSINode is told at `spec.drivers` (1.33).
    pub csi_node_names_drivers: bool,
    /// Whether how many volumes a driver takes may change (1.35).
    pub csi_node_allocatable_changes: bool,
    /// Whether it then says of all the pod's volumes that they are not attached (until 1.25).
    pub all_volumes_count_as_unattached: bool,
    /// The cause it gives then.
    pub mount_time_out: &'static str,
    /// Whether claims are made for volumes that live as long as their pod (1.21).
    pub ephemeral_volumes: bool,
    /// In-tree plugins whose claims go to a CSI driver, and the driver.
    pub migrated_provisioners: &'static [(&'static str, &'static str)],
    /// Whether a volume says since when it is in its phase (1.29).
    pub volume_phase_times: bool,
    /// The cause when a pod's volumes were not bound in time.
    pub volume_binding_time_out: &'static str,
    /// How the event on a victim names its preemptor.
    preemptor: Preemptor,
    /// Whether a PodDisruptionBudget has the condition DisruptionAllowed (1.21).
    pub budgets_have_condition: bool,
    /// Whether a PodDisruptionBudget with an empty selector speaks of every pod (policy/v1, 1.21).
    pub empty_budget_selector_matches_all: bool,
    /// Whether pods without a controller are left out of a budget's count; before, they were its failure (1.22).
    pub budgets_ignore_unmanaged_pods: bool,
    /// Whether pods that are Pending or on their way out are evicted without asking their budget (1.19).
    pub evicts_idle_pods_freely: bool,
    /// Whether pods that are not ready are evicted beyond a budget that is met without them (1.20).
    pub evicts_unready_pods_beyond_budget: bool,
    /// Whether `unhealthyPodEvictionPolicy` is heeded (beta in 1.27).
    pub unhealthy_pod_eviction_policy: bool,
    /// Whether DaemonSets update node by node, and old pods that are not available cost nothing (1.21).
    pub daemon_sets_update_node_by_node: bool,
    /// Whether `maxSurge` of a DaemonSet is heeded (beta in 1.22).
    pub daemon_sets_surge: bool,
    /// Whether DaemonSets replace pods that have ended well (1.27).
    pub daemon_sets_replace_succeeded_pods: bool,
    /// What `kubectl drain` does and says.
    pub drain: DrainRules,
}

/// How a Deployment's event names the sizes of a ReplicaSet.
#[derive(Debug, Clone, Copy)]
enum Scaling {
    /// `to 3`.
    To,
    /// `to 3 from 1`; the first time `to 3` (k/k#101142).
    ToFrom,
    /// `from 1 to 3`, the first time `from 0 to 3` (k/k#125118, #123430).
    FromTo,
}

/// The two CronJob controllers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CronController {
    /// Looks at everything every 10 s.
    Polling,
    /// Looks at each CronJob when its schedule is due.
    Queue,
}

const POD_UPDATE_RULE: &str = "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)";
const POD_UPDATE_RULE_WITH_GRACE: &str = "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations` (only additions to existing tolerations) or `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const POD_UPDATE_RULE_TERSE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// How a victim's event names its preemptor.
#[derive(Debug, Clone, Copy)]
enum Preemptor {
    Name,
    Nobody,
    Uid,
}

impl Behaviour {
    /// The row of the table for one version.
    pub(crate) fn of(version: Version) -> Self {
        let minor = version.minor();
        Self {
            node_monitor_grace_ms: if minor >= 32 { 50_000 } else { 40_000 },
            webhook_failure: if minor >= 22 { "failed to call webhook: " } else { "" },
            quotes_urls: minor >= 19,
            leaders_hold_leases: minor >= 17,
            tells_pods_of_lost_nodes: minor >= 19,
            pod_gc_quarantine_ms: if minor >= 17 { 40_000 } else { 0 },
            pod_gc_fails_pods: minor >= 26,
            out_of_service_taint: minor >= 26,
            tells_of_initialised_nodes: minor >= 20,
            network_not_ready: if minor >= 21 {
                "container runtime network not ready"
            } else {
                "runtime network not ready"
            },
            container_runtime: if minor >= 24 { "containerd" } else { "docker" },
            no_scale_up: if minor >= 21 {
                "pod didn't trigger scale-up: "
            } else {
                "pod didn't trigger scale-up (it wouldn't fit if a new node is added): "
            },
            labels_control_plane: minor >= 20,
            taints_control_plane: minor >= 24,
            forgets_master_taint: minor >= 25,
            taint_eviction_component: if minor >= 29 { "taint-eviction-controller" } else { "taint-controller" },
            scaling: match minor {
                ..=25 => Scaling::To,
                26..=31 => Scaling::ToFrom,
                32.. => Scaling::FromTo,
            },
            counts_terminating_replicas: minor >= 35,
            deletes_doubled_up_first: minor >= 17,
            pod_deletion_cost: minor >= 22,
            ranks_ages_by_logarithm: minor >= 22,
            kubelet: Kubelet::of(version),
            custom_resources: CustomResourceRules::of(minor),
            services: ServiceRules::of(minor),
            values_as_json: minor >= 34,
            projected_tokens: minor >= 21,
            scheduler_events_in_series: minor >= 19,
            disruption_conditions: minor >= 26,
            preemption_reason: match minor {
                ..=25 => None,
                26 => Some("PreemptionByKubeScheduler"),
                27.. => Some("PreemptionByScheduler"),
            },
            spares_terminating_victims: minor >= 34,
            gated_condition: minor >= 27,
            evicts_before_telling: matches!(minor, 18..=32),
            pod_index_label: minor >= 28,
            stateful_set_start_ordinal: minor >= 27,
            stateful_set_min_ready: minor >= 23,
            stateful_set_available_replicas: minor >= 22,
            stateful_set_claim_retention: minor >= 27,
            stateful_set_max_unavailable: minor >= 35,
            stateful_set_tells_recreation: minor <= 30,
            job_tracking_finalizers: minor >= 25,
            job_batch_ms: if minor >= 27 { 1_000 } else { 0 },
            job_back_off_max_ms: if minor >= 28 { 600_000 } else { 360_000 },
            job_forgives_first_failure: minor <= 25,
            indexed_jobs: minor >= 22,
            suspends_jobs: minor >= 22,
            job_ready_pods: minor >= 24,
            pod_failure_policy: minor >= 26,
            job_prefixed_labels: minor >= 27,
            job_back_off_per_index: minor >= 29,
            job_pod_replacement: minor >= 29,
            job_success_policy: minor >= 31,
            job_delays_terminal_condition: minor >= 31,
            job_managed_by: minor >= 32,
            job_ttl: minor >= 21,
            cron_controller: if minor >= 21 { CronController::Queue } else { CronController::Polling },
            cron_job_time_zones: minor >= 25,
            cron_job_last_success: minor >= 21,
            cron_job_scheduled_annotation: minor >= 28,
            cron_job_counts_missed: minor <= 27,
            cron_job_tells_condition: minor >= 31,
            job_retry_ms: if minor >= 27 { (1_000, 60_000) } else { (10_000, 360_000) },
            system_priority_in_kube_system_only: minor <= 16,
            pod_security: minor >= 23,
            pod_security_latest: minor,
            rfc_1123: if minor >= 20 { "lowercase RFC 1123" } else { "DNS-1123" },
            stateful_set_update_rule: match minor {
                ..=21 => {
                    "updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' \
                     are forbidden"
                }
                22 => {
                    "updates to statefulset spec for fields other than 'replicas', 'template', 'updateStrategy' and \
                     'minReadySeconds' are forbidden"
                }
                23..=25 => {
                    "updates to statefulset spec for fields other than 'replicas', 'template', 'updateStrategy', \
                     'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
                }
                26..=32 => {
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                     'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
                }
                33.. => {
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                     'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                     'minReadySeconds' are forbidden"
                }
            },
            stateful_set_validates_template: minor >= 34,
            job_requires_restart_policy: minor >= 22,
            suspended_jobs_can_move: minor >= 23,
            elastic_indexed_jobs: minor >= 27,
            request_faults_name_limit: minor >= 27,
            pod_update_rule: match minor {
                ..=21 => POD_UPDATE_RULE,
                22..=26 => POD_UPDATE_RULE_WITH_GRACE,
                27.. => POD_UPDATE_RULE_TERSE,
            },
            pod_overhead: minor >= 18,
            quota_names_containers: minor >= 24,
            namespace_name_label: minor >= 21,
            token_secrets: minor <= 23,
            newest_default_storage_class: minor >= 26,
            claims_name_waiting_pods: minor >= 20,
            external_provisioning_advises: minor >= 28,
            ga_provisioner_annotation: minor >= 23,
            unprocessed_volumes: if minor >= 26 { ", failed to process volumes=[]" } else { "" },
            csi_node_names_drivers: minor >= 33,
            csi_node_allocatable_changes: minor >= 35,
            all_volumes_count_as_unattached: minor <= 25,
            mount_time_out: match minor {
                ..=27 => "timed out waiting for the condition",
                28.. => "context deadline exceeded",
            },
            ephemeral_volumes: minor >= 21,
            migrated_provisioners: match minor {
                ..=20 => &[],
                21 | 22 => MIGRATED_PROVISIONERS.split_at(1).0,
                23 => MIGRATED_PROVISIONERS.split_at(4).0,
                24 => MIGRATED_PROVISIONERS.split_at(5).0,
                25.. => &MIGRATED_PROVISIONERS,
            },
            volume_phase_times: minor >= 29,
            volume_binding_time_out: match minor {
                ..=27 => "timed out waiting for the condition",
                28.. => "context deadline exceeded",
            },
            preemptor: match minor {
                ..=25 => Preemptor::Name,
                26..=28 => Preemptor::Nobody,
                29.. => Preemptor::Uid,
            },
            budgets_have_condition: minor >= 21,
            empty_budget_selector_matches_all: minor >= 21,
            budgets_ignore_unmanaged_pods: minor >= 22,
            evicts_idle_pods_freely: minor >= 19,
            evicts_unready_pods_beyond_budget: minor >= 20,
            unhealthy_pod_eviction_policy: minor >= 27,
            daemon_sets_update_node_by_node: minor >= 21,
            daemon_sets_surge: minor >= 22,
            daemon_sets_replace_succeeded_pods: minor >= 27,
            apply_warning_names_object: minor >= 20,
            tracks_field_managers: minor >= 18,
            drain: DrainRules::of(minor),
        }
    }

    /// The message of the `ScalingReplicaSet` event; `from` is absent when the ReplicaSet is new.
    pub(crate) fn scaled_replica_set_message(&self, set: &str, from: Option<i32>, to: i32) -> String {
        let direction = if from.is_some_and(|from| from > to) { "down" } else { "up" };
        let sizes = match (self.scaling, from) {
            (Scaling::To, _) | (Scaling::ToFrom, None) => format!("to {to}"),
            (Scaling::ToFrom, Some(from)) => format!("to {to} from {from}"),
            (Scaling::FromTo, from) => format!("from {} to {to}", from.unwrap_or(0)),
        };
        format!("Scaled {direction} replica set {set} {sizes}")
    }

    /// The message of the `Preempted` event on a victim.
    pub(crate) fn preempted_message(&self, preemptor: &str, uid: &str, node: &str) -> String {
        match self.preemptor {
            Preemptor::Name => format!("Preempted by {preemptor} on node {node}"),
            Preemptor::Nobody => format!("Preempted by a pod on node {node}"),
            Preemptor::Uid => format!("Preempted by pod {uid} on node {node}"),
        }
    }
}
