//! What differs between kubectl's minors in `kubectl drain` (kubectl/pkg/drain, kubectl/pkg/cmd/drain, by release branch).

/// The rules and words of `kubectl drain` of one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DrainRules {
    /// Whether pods that may not be deleted are forgotten instead of refused (v1.17 only).
    pub forgets_what_it_keeps: bool,
    /// The flag that lets pods with an emptyDir go.
    pub local_storage_flag: &'static str,
    /// What is said of pods without a controller, after `cannot delete `.
    pub unmanaged_fatal: &'static str,
    /// What is said of them when they are deleted.
    pub unmanaged_warning: &'static str,
    /// What a warning begins with.
    pub warning_prefix: &'static str,
    /// Whether `evicting pod` names the namespace (1.18).
    pub evicting_names_namespace: bool,
    /// Whether failures say `pods/"x" -n "ns"`, not `pod "x"` (1.20).
    pub failures_name_namespace: bool,
    /// Whether the node is said to be `evicted`, as its last pod was (until 1.22).
    pub node_is_evicted: bool,
    /// How the command ends when it cannot drain a node.
    pub giving_up: GivingUp,
    /// How a timeout is told.
    pub timeout: Timeout,
}

/// How the command ends when it cannot drain a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivingUp {
    /// `…, aborting command...`.
    Aborts,
    /// The same after three lines on how that is about to change (1.22).
    AbortsForTheLastTime,
    /// `… due to error:E, continuing command...` (1.23).
    Continues,
    /// `… due to error: E, continuing command...` (1.31).
    ContinuesWithSpace,
}

/// How a timeout is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeout {
    /// Once: `drain did not complete within T`.
    OfTheDrain,
    /// Of each pod; of one on its way out `… terminating: global timeout reached: T` (1.17).
    OfEachPod,
    /// The same with the pod's namespace: `… to terminate: global timeout reached: T` (1.27).
    OfEachPodInItsNamespace,
    /// The same: `… to terminate: context deadline exceeded`, after `pod/x eviction failed` (1.32).
    AsGoSaysIt,
}

impl DrainRules {
    /// Whether the command goes on with the next node when it could not drain one (1.23).
    pub(crate) fn goes_on_after_failure(&self) -> bool {
        matches!(self.giving_up, GivingUp::Continues | GivingUp::ContinuesWithSpace)
    }

    /// The rules of a minor.
    pub(super) fn of(minor: u32) -> Self {
        let (unmanaged_fatal, unmanaged_warning) = match minor {
            ..=23 => (
                "Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet (use --force to override)",
                "deleting Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet",
            ),
            24..=29 => {
                ("Pods declare no controller (use --force to override)", "deleting Pods that declare no controller")
            }
            30..=35 => (
                "cannot delete Pods that declare no controller (use --force to override)",
                "deleting Pods that declare no controller",
            ),
            36.. => (
                "Pods that declare no controller (use --force to override)",
                "deleting Pods that declare no controller",
            ),
        };
        Self {
            forgets_what_it_keeps: minor == 17,
            local_storage_flag: if minor >= 20 { "--delete-emptydir-data" } else { "--delete-local-data" },
            unmanaged_fatal,
            unmanaged_warning,
            warning_prefix: if minor >= 25 { "Warning: " } else { "WARNING: " },
            evicting_names_namespace: minor >= 18,
            failures_name_namespace: minor >= 20,
            node_is_evicted: minor <= 22,
            giving_up: match minor {
                ..=21 => GivingUp::Aborts,
                22 => GivingUp::AbortsForTheLastTime,
                23..=30 => GivingUp::Continues,
                31.. => GivingUp::ContinuesWithSpace,
            },
            timeout: match minor {
                ..=16 => Timeout::OfTheDrain,
                17..=26 => Timeout::OfEachPod,
                27..=31 => Timeout::OfEachPodInItsNamespace,
                32.. => Timeout::AsGoSaysIt,
            },
        }
    }
}
