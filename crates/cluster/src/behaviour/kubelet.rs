//! What differs in the kubelet.

use sim_core::version::Version;

/// The kubelet of one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kubelet {
    /// What the kubelet says of a container that it has started.
    pub container_events: ContainerEvents,
    /// What it says of an image that it has pulled.
    pub pulled_event: PulledEvent,
    /// An image that is there is checked for whom it was pulled (1.35).
    pub present_images_are_accessible: bool,
    /// `Back-off restarting failed container` names container and pod (1.27).
    pub back_off_names_pod: bool,
    /// A pod that waits for an image says why the last pull failed (1.32).
    pub pull_back_off_says_why: bool,
    /// The kubelet tells of secrets to pull images with that are not there (1.28).
    pub misses_pull_secrets: bool,
    /// Nodes that do not name their runtime have Docker's (until 1.23).
    pub docker_by_default: bool,
    /// What the message of a pod that its kubelet refused begins with.
    pub rejection_prefix: &'static str,
    /// The kubelet's predicates have names of their own, not the plugins' (until 1.17).
    pub kubelet_predicate_names: bool,
    /// `Predicate NodeAffinity failed` says why (1.30).
    pub predicates_say_why: bool,
    /// The kubelet refuses pods that do not tolerate its node's NoExecute taints (1.22).
    pub kubelet_checks_no_execute: bool,
    /// Evictions name the threshold and what is available (1.27).
    pub evictions_say_threshold: bool,
    /// Restartable init containers run beside the others (on by default since 1.29).
    pub sidecar_containers: bool,
    /// Pods have a condition that says whether their sandbox is up (on by default since 1.29).
    pub ready_to_start_condition: bool,
    /// The Ready condition of a failed pod has the reason PodFailed (1.22).
    pub failed_pods_say_so: bool,
}

/// The kubelet's `Created` and `Started` events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainerEvents {
    /// `Created container app` (until 1.31).
    Name,
    /// `Created container: app` (1.32 to 1.34).
    Colon,
    /// `Container created` (1.35).
    Nameless,
}

/// The kubelet's `Pulled` event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PulledEvent {
    /// Only that it was (until 1.18).
    Bare,
    /// How long it took (1.19).
    Took,
    /// And how long with the time that it waited for others (1.27).
    Waited,
    /// And how large it is (1.30).
    Size,
}

impl Kubelet {
    /// The row of the table for one version.
    pub(super) fn of(version: Version) -> Self {
        let minor = version.minor();
        Self {
            container_events: match minor {
                ..=31 => ContainerEvents::Name,
                32..=34 => ContainerEvents::Colon,
                35.. => ContainerEvents::Nameless,
            },
            pulled_event: match minor {
                ..=18 => PulledEvent::Bare,
                19..=26 => PulledEvent::Took,
                27..=29 => PulledEvent::Waited,
                30.. => PulledEvent::Size,
            },
            present_images_are_accessible: minor >= 35,
            back_off_names_pod: minor >= 27,
            pull_back_off_says_why: minor >= 32,
            misses_pull_secrets: minor >= 28,
            docker_by_default: minor <= 23,
            rejection_prefix: if minor >= 26 { "Pod was rejected: " } else { "Pod " },
            kubelet_predicate_names: minor <= 17,
            predicates_say_why: minor >= 30,
            kubelet_checks_no_execute: minor >= 22,
            evictions_say_threshold: minor >= 27,
            sidecar_containers: minor >= 29,
            ready_to_start_condition: minor >= 29,
            failed_pods_say_so: minor >= 22,
        }
    }
}
