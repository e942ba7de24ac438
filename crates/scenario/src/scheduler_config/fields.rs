//! The one table of how a configuration is written in which API version and minor.

use sim_core::scheduler::config::ConfigApi::{self, V1, V1Alpha1, V1Alpha2, V1Beta1, V1Beta2, V1Beta3};

/// A field that is not in every API version and minor: the type it belongs to, its name (empty for the type as such),
/// the API versions that have it, and since which minor.
///
/// Upstream: the `json` tags in `kube-scheduler/config/v1*/types*.go`, v1.16 to v1.34.
const FIELDS: &[(&str, &str, &[ConfigApi], u32)] = &[
    ("KubeSchedulerConfiguration", "schedulerName", &[V1Alpha1], 16),
    ("KubeSchedulerConfiguration", "algorithmSource", &[V1Alpha1], 16),
    ("KubeSchedulerConfiguration", "hardPodAffinitySymmetricWeight", &[V1Alpha1], 16),
    ("KubeSchedulerConfiguration", "plugins", &[V1Alpha1], 16),
    ("KubeSchedulerConfiguration", "pluginConfig", &[V1Alpha1], 16),
    ("KubeSchedulerConfiguration", "disablePreemption", ALPHA, 16),
    ("KubeSchedulerConfiguration", "bindTimeoutSeconds", ALPHA, 16),
    ("KubeSchedulerConfiguration", "healthzBindAddress", &[V1Alpha1, V1Alpha2, V1Beta1, V1Beta2], 16),
    ("KubeSchedulerConfiguration", "metricsBindAddress", &[V1Alpha1, V1Alpha2, V1Beta1, V1Beta2], 16),
    ("KubeSchedulerConfiguration", "podInitialBackoffSeconds", ALL, 18),
    ("KubeSchedulerConfiguration", "podMaxBackoffSeconds", ALL, 18),
    ("KubeSchedulerConfiguration", "profiles", SINCE_V1ALPHA2, 18),
    ("KubeSchedulerConfiguration", "extenders", SINCE_V1ALPHA2, 18),
    ("KubeSchedulerConfiguration", "parallelism", SINCE_V1BETA1, 20),
    ("KubeSchedulerConfiguration", "delayCacheUntilActive", &[V1], 28),
    ("KubeSchedulerLeaderElectionConfiguration", "lockObjectName", &[V1Alpha1], 16),
    ("KubeSchedulerLeaderElectionConfiguration", "lockObjectNamespace", &[V1Alpha1], 16),
    ("KubeSchedulerProfile", "percentageOfNodesToScore", &[V1], 26),
    ("Plugins", "preEnqueue", &[V1Beta2, V1Beta3, V1], 26),
    ("Plugins", "preScore", SINCE_V1ALPHA2, 18),
    ("Plugins", "postFilter", &[V1Alpha1, V1Beta1, V1Beta2, V1Beta3, V1], 16),
    ("Plugins", "unreserve", ALPHA, 16),
    ("Plugins", "multiPoint", &[V1Beta2, V1Beta3, V1], 23),
    ("Extender", "enableHttps", &[V1Alpha2], 18),
    ("Extender", "enableHTTPS", SINCE_V1BETA1, 19),
    ("DefaultPreemptionArgs", "", SINCE_V1BETA1, 20),
    ("DynamicResourcesArgs", "", &[V1], 34),
    ("InterPodAffinityArgs", "", ALL, 18),
    ("InterPodAffinityArgs", "ignorePreferredTermsOfExistingPods", &[V1Beta2, V1Beta3, V1], 27),
    ("NodeAffinityArgs", "", SINCE_V1BETA1, 20),
    ("NodeResourcesBalancedAllocationArgs", "", SINCE_V1BETA1, 22),
    ("NodeResourcesFitArgs", "", ALL, 18),
    ("NodeResourcesFitArgs", "ignoredResourceGroups", SINCE_V1BETA1, 19),
    ("NodeResourcesFitArgs", "scoringStrategy", SINCE_V1BETA1, 22),
    ("NodeResourcesLeastAllocatedArgs", "", &[V1Beta1], 19),
    ("NodeResourcesMostAllocatedArgs", "", &[V1Beta1], 19),
    ("RequestedToCapacityRatioArgs", "", &[V1Alpha1, V1Alpha2, V1Beta1], 18),
    ("PodTopologySpreadArgs", "", ALL, 18),
    ("PodTopologySpreadArgs", "defaultingType", SINCE_V1BETA1, 20),
    ("VolumeBindingArgs", "", SINCE_V1BETA1, 19),
    ("VolumeBindingArgs", "shape", SINCE_V1BETA1, 22),
];

const ALL: &[ConfigApi] = &ConfigApi::ALL;
const ALPHA: &[ConfigApi] = &[V1Alpha1, V1Alpha2];
const SINCE_V1ALPHA2: &[ConfigApi] = &[V1Alpha2, V1Beta1, V1Beta2, V1Beta3, V1];
const SINCE_V1BETA1: &[ConfigApi] = &[V1Beta1, V1Beta2, V1Beta3, V1];

/// Whether a field is there in an API version of a minor, as far as this table knows of it.
pub(super) fn has(of: &str, field: &str, api: ConfigApi, minor: u32) -> bool {
    let row = FIELDS.iter().find(|(other, name, ..)| *other == of && *name == field);
    row.is_none_or(|(_, _, apis, since)| apis.contains(&api) && *since <= minor)
}

/// What a minor checks that others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    /// Whether leader election goes by leases only (1.27+).
    pub(super) leases_only: bool,
    /// Whether the insecure addresses must be empty or have port 0 (1.23+).
    pub(super) addresses_off: bool,
    /// Whether a resource without a weight, or with 0, has weight 1 for RequestedToCapacityRatio (≤1.18, 1.22+).
    pub(super) ratio_weight_defaults: bool,
}

impl Rules {
    pub(super) fn of(minor: u32) -> Self {
        Rules {
            leases_only: minor >= 27,
            addresses_off: minor >= 23,
            ratio_weight_defaults: !(19..=21).contains(&minor),
        }
    }
}
