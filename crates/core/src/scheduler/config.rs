//! What a KubeSchedulerConfiguration says, as far as it decides anything (`pkg/scheduler/apis/config/types.go`, v1.34).
//!
//! How it is written down differs by API version and is read elsewhere; [`Scheduler::configured`](super::Scheduler::configured)
//! resolves it against a Kubernetes version's default plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{NodeSelector, PreferredSchedulingTerm, TopologySpreadConstraint};

/// The scheduler that pods ask for when they ask for none.
pub const DEFAULT_SCHEDULER_NAME: &str = "default-scheduler";

/// A KubeSchedulerConfiguration.
#[derive(Debug, Clone, PartialEq)]
pub struct SchedulerConfig {
    /// The API version it is written in: it decides which defaults it is merged with.
    pub api: ConfigApi,
    /// `percentageOfNodesToScore`; 0 adapts to the size of the cluster.
    pub percentage_of_nodes_to_score: i64,
    /// `podInitialBackoffSeconds`.
    pub pod_initial_backoff_seconds: i64,
    /// `podMaxBackoffSeconds`.
    pub pod_max_backoff_seconds: i64,
    /// `profiles`; none means one with every default.
    pub profiles: Vec<ProfileConfig>,
}

impl SchedulerConfig {
    /// The configuration that changes nothing.
    pub fn empty(api: ConfigApi) -> Self {
        SchedulerConfig {
            api,
            percentage_of_nodes_to_score: 0,
            pod_initial_backoff_seconds: 1,
            pod_max_backoff_seconds: 10,
            profiles: Vec::new(),
        }
    }
}

/// The API versions of `kubescheduler.config.k8s.io`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigApi {
    /// 1.16 to 1.18.
    V1Alpha1,
    /// 1.18.
    V1Alpha2,
    /// 1.19 to 1.22.
    V1Beta1,
    /// 1.22 to 1.27.
    V1Beta2,
    /// 1.23 to 1.28.
    V1Beta3,
    /// 1.25+.
    V1,
}

impl ConfigApi {
    /// Every API version.
    pub const ALL: [ConfigApi; 6] = [
        ConfigApi::V1Alpha1,
        ConfigApi::V1Alpha2,
        ConfigApi::V1Beta1,
        ConfigApi::V1Beta2,
        ConfigApi::V1Beta3,
        ConfigApi::V1,
    ];

    /// The version as `apiVersion` ends.
    pub fn as_str(&self) -> &'static str {
        match self {
            ConfigApi::V1Alpha1 => "v1alpha1",
            ConfigApi::V1Alpha2 => "v1alpha2",
            ConfigApi::V1Beta1 => "v1beta1",
            ConfigApi::V1Beta2 => "v1beta2",
            ConfigApi::V1Beta3 => "v1beta3",
            ConfigApi::V1 => "v1",
        }
    }
}

/// One of `profiles`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileConfig {
    /// `schedulerName`.
    pub scheduler_name: Option<String>,
    /// `percentageOfNodesToScore` of this profile (1.26+).
    pub percentage_of_nodes_to_score: Option<i64>,
    /// `plugins`.
    pub plugins: BTreeMap<ExtensionPoint, PluginSet>,
    /// `pluginConfig`.
    pub args: PluginArgs,
}

/// Where plugins are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtensionPoint {
    /// All that a plugin implements (v1beta3+).
    MultiPoint,
    /// Before a pod enters the queue.
    PreEnqueue,
    /// The order of the queue.
    QueueSort,
    /// Before the nodes are filtered.
    PreFilter,
    /// Whether a node can take the pod.
    Filter,
    /// When no node can.
    PostFilter,
    /// Before the nodes are scored.
    PreScore,
    /// How good a node is.
    Score,
    /// When a node was chosen.
    Reserve,
    /// When the choice fell through (v1alpha1, v1alpha2).
    Unreserve,
    /// Whether the binding may go on.
    Permit,
    /// Before the binding.
    PreBind,
    /// The binding.
    Bind,
    /// After the binding.
    PostBind,
}

impl ExtensionPoint {
    /// Every extension point with its field in `plugins`.
    pub const ALL: [(ExtensionPoint, &'static str); 14] = [
        (ExtensionPoint::MultiPoint, "multiPoint"),
        (ExtensionPoint::PreEnqueue, "preEnqueue"),
        (ExtensionPoint::QueueSort, "queueSort"),
        (ExtensionPoint::PreFilter, "preFilter"),
        (ExtensionPoint::Filter, "filter"),
        (ExtensionPoint::PostFilter, "postFilter"),
        (ExtensionPoint::PreScore, "preScore"),
        (ExtensionPoint::Score, "score"),
        (ExtensionPoint::Reserve, "reserve"),
        (ExtensionPoint::Unreserve, "unreserve"),
        (ExtensionPoint::Permit, "permit"),
        (ExtensionPoint::PreBind, "preBind"),
        (ExtensionPoint::Bind, "bind"),
        (ExtensionPoint::PostBind, "postBind"),
    ];

    /// The field in `plugins`.
    pub fn field(&self) -> &'static str {
        Self::ALL.iter().find(|(point, _)| point == self).map_or("", |(_, field)| field)
    }
}

/// What is turned on and off at one extension point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PluginSet {
    /// `enabled`, each with its weight if it states one.
    pub enabled: Vec<(String, Option<i64>)>,
    /// `disabled`; `*` is all.
    pub disabled: Vec<String>,
}

/// The arguments of the plugins that take any.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginArgs {
    /// NodeResourcesFitArgs.
    pub fit: FitArgs,
    /// NodeResourcesLeastAllocatedArgs (≤v1beta1).
    pub least_allocated: Vec<ResourceWeight>,
    /// NodeResourcesMostAllocatedArgs (≤v1beta1).
    pub most_allocated: Vec<ResourceWeight>,
    /// RequestedToCapacityRatioArgs (≤v1beta1).
    pub requested_to_capacity_ratio: ScoringStrategy,
    /// NodeResourcesBalancedAllocationArgs (v1beta2+).
    pub balanced_allocation: Vec<ResourceWeight>,
    /// InterPodAffinityArgs.
    pub inter_pod_affinity: InterPodAffinityArgs,
    /// NodeAffinityArgs (1.20+).
    pub node_affinity: NodeAffinityArgs,
    /// PodTopologySpreadArgs.
    pub pod_topology_spread: SpreadDefaults,
}

impl PluginArgs {
    /// Every list of resources in them.
    pub(crate) fn resource_lists(&mut self) -> [&mut Vec<ResourceWeight>; 5] {
        [
            &mut self.fit.scoring_strategy.resources,
            &mut self.least_allocated,
            &mut self.most_allocated,
            &mut self.requested_to_capacity_ratio.resources,
            &mut self.balanced_allocation,
        ]
    }
}

impl Default for PluginArgs {
    fn default() -> Self {
        PluginArgs {
            fit: FitArgs::default(),
            least_allocated: cpu_and_memory(),
            most_allocated: cpu_and_memory(),
            requested_to_capacity_ratio: ScoringStrategy {
                kind: ScoringStrategyType::RequestedToCapacityRatio,
                resources: cpu_and_memory(),
                shape: Vec::new(),
            },
            balanced_allocation: cpu_and_memory(),
            inter_pod_affinity: InterPodAffinityArgs::default(),
            node_affinity: NodeAffinityArgs::default(),
            pod_topology_spread: SpreadDefaults::System,
        }
    }
}

/// NodeResourcesFitArgs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FitArgs {
    /// `ignoredResources`.
    pub ignored_resources: BTreeSet<String>,
    /// `ignoredResourceGroups`: the part of a resource's name before the slash (1.19+).
    pub ignored_resource_groups: BTreeSet<String>,
    /// `scoringStrategy` (v1beta2+).
    pub scoring_strategy: ScoringStrategy,
}

/// How NodeResourcesFit scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoringStrategy {
    /// `type`.
    pub kind: ScoringStrategyType,
    /// `resources`.
    pub resources: Vec<ResourceWeight>,
    /// `requestedToCapacityRatio.shape`: utilization in percent and score in 0..=10.
    pub shape: Vec<(i64, i64)>,
}

impl Default for ScoringStrategy {
    fn default() -> Self {
        ScoringStrategy { kind: ScoringStrategyType::LeastAllocated, resources: cpu_and_memory(), shape: Vec::new() }
    }
}

/// The scoring strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoringStrategyType {
    /// The emptier the better.
    LeastAllocated,
    /// The fuller the better.
    MostAllocated,
    /// As the shape says.
    RequestedToCapacityRatio,
}

/// A resource and how much it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceWeight {
    /// The resource's name.
    pub name: String,
    /// 1 to 100.
    pub weight: i64,
}

/// InterPodAffinityArgs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterPodAffinityArgs {
    /// `hardPodAffinityWeight`: what a required affinity term of an existing pod that matches adds to the score.
    pub hard_pod_affinity_weight: i64,
    /// `ignorePreferredTermsOfExistingPods` (1.27+).
    pub ignore_preferred_terms_of_existing_pods: bool,
}

impl Default for InterPodAffinityArgs {
    fn default() -> Self {
        InterPodAffinityArgs { hard_pod_affinity_weight: 1, ignore_preferred_terms_of_existing_pods: false }
    }
}

/// NodeAffinityArgs: `addedAffinity`, put upon every pod of the profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeAffinityArgs {
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required: Option<NodeSelector>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred: Vec<PreferredSchedulingTerm>,
}

/// The spread constraints of pods that state none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpreadDefaults {
    /// `defaultingType: System`: over hosts with a skew of 3 and zones with a skew of 5, as a preference (1.20+).
    System,
    /// `defaultConstraints`.
    List(Vec<TopologySpreadConstraint>),
}

/// What is wrong with a configuration, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Such as `profiles[0].plugins.score.enabled[1].name`.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl ConfigFault {
    /// A fault at a path.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        ConfigFault { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

fn cpu_and_memory() -> Vec<ResourceWeight> {
    ["cpu", "memory"].map(|name| ResourceWeight { name: name.to_owned(), weight: 1 }).to_vec()
}
