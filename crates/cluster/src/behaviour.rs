//! What differs between Kubernetes minors outside the scheduler: one table. The scheduler's is in `sim-core`.

use sim_core::version::Version;

/// The behaviour of controllers, kubelets and event recorders of one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    /// Silence after which a node counts as lost, in milliseconds (`--node-monitor-grace-period`).
    pub node_monitor_grace_ms: u64,
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
    /// Whether the kubelet's container events end in the container's name (until 1.34) or not.
    pub container_events_name_container: bool,
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
    /// How the event on a victim names its preemptor.
    preemptor: Preemptor,
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
            container_events_name_container: minor <= 34,
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
            preemptor: match minor {
                ..=25 => Preemptor::Name,
                26..=28 => Preemptor::Nobody,
                29.. => Preemptor::Uid,
            },
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
