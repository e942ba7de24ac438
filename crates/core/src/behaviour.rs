//! The one table of what differs between Kubernetes versions.
//!
//! Plugins read named fields of [`Behaviour`] and never compare minors themselves.

use crate::model::Effect;
use crate::model::resources::InitContainers;
use crate::scheduler::config::ConfigApi;
use crate::scheduler::profile;
use crate::scheduler::{InTreePlugin, PluginName};
use crate::version::Version;

/// What a version's scheduler does and says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behaviour {
    /// The version described.
    pub version: Version,
    /// Filters in the order they run by default.
    pub filters: &'static [PluginName],
    /// PreFilter plugins in the order they run by default, where they are listed by extension point.
    pub pre_filters: &'static [PluginName],
    /// Score plugins with their default weights.
    pub scores: &'static [(PluginName, i64)],
    /// The plugins of other versions.
    pub absent_plugins: &'static [PluginName],
    /// The oldest and the newest API version of a KubeSchedulerConfiguration that is read.
    pub config_apis: (ConfigApi, ConfigApi),
    /// Whether a profile's defaults are filled in before it is validated (1.22+).
    pub defaults_before_validation: bool,
    /// Whether plugins named at an extension point run before all that MultiPoint adds (1.23.0 to 1.23.5, by a slip upstream).
    pub named_before_multi_point: bool,
    /// The greatest normalised score of one plugin: 10 in 1.16, 100 since.
    pub score_max: i64,
    /// Whether 1.16's GeneralPredicates collects the refusals of its four parts (resources, name, ports, selector).
    pub general_predicates: bool,
    /// Whether every filter runs on a node even after one refused it (1.24 and 1.25, by a slip upstream).
    pub run_all_filters: bool,
    /// How an untolerated taint is named.
    pub taint_reason: TaintReason,
    /// The reason of NodeAffinity.
    pub node_affinity_reason: &'static str,
    /// Whether one term whose node names contradict each other refuses the pod, whatever the other terms say (1.24 to 1.26).
    pub affinity_conflict_in_any_term: bool,
    /// Whether `matchFields` of preferred terms are read (1.20+).
    pub preferred_match_fields: bool,
    /// Whether a `nodeSelector` with a label that could not be one chooses every node (≤1.18).
    pub invalid_node_selector_matches_all: bool,
    /// How what is wrong with a selector is told.
    pub selector_faults: SelectorFaults,
    /// How a preferred term that does not parse is told of.
    pub invalid_preference: InvalidPreference,
    /// The reason of NodeName.
    pub node_name_reason: &'static str,
    /// The reason for a node that holds as many pods as it may.
    pub too_many_pods_reason: &'static str,
    /// Whether a request above the node's whole allocatable is beyond help by preemption (1.34+).
    pub fit_unresolvable_beyond_allocatable: bool,
    /// Whether a request of 0 always fits, and how zero requests shortcut the check.
    pub zero_request: ZeroRequest,
    /// Whether a zero request for an extended resource always fits (1.26+).
    pub zero_scalar_fits: bool,
    /// Whether a sidecar makes the pod unschedulable because its feature gate is off (1.28).
    pub sidecars_refused: bool,
    /// Whether host ports of sidecars count (1.34+).
    pub sidecar_ports: bool,
    /// How requests are computed.
    pub requests: RequestRules,
    /// The general reason that stands beside the particular one of InterPodAffinity (≤1.21).
    pub inter_pod_general_reason: Option<&'static str>,
    /// Whether anti-affinity of existing pods is looked at before the pod's own terms (≤1.18).
    pub inter_pod_existing_first: bool,
    /// Whether the first pod of a group still needs a node with the topology label (1.19+).
    pub inter_pod_bootstrap_needs_label: bool,
    /// What a pod affinity term's `namespaceSelector` means.
    pub namespace_selector: NamespaceSelector,
    /// Whether a node's affinity state sits out pods that nobody's required terms concern, nominated pods included (1.27+).
    pub inter_pod_skips: bool,
    /// Whether a pod that preemption puts back counts for every own anti-affinity term if it matches any (≤1.17, a slip
    /// upstream).
    pub inter_pod_added_for_any_term: bool,
    /// Whether the terms of a pod that preemption adds or removes are read as if the incoming pod had them (1.18, a slip
    /// upstream).
    pub inter_pod_changed_terms_of_incoming: bool,
    /// Whether nominated pods are seen by the incoming pod's own terms (1.19+).
    pub inter_pod_sees_nominated: bool,
    /// Whether a `namespaceSelector` of the incoming pod's own terms that holds for no labels at all chooses every
    /// namespace (1.34, a slip upstream).
    pub inter_pod_own_namespaces_unlabelled: bool,
    /// Whether normalising takes the true least and greatest score instead of starting from 0 (1.21+).
    pub inter_pod_true_range: bool,
    /// How topology spread works.
    pub spread: SpreadRules,
    /// How the resource scores count.
    pub allocation: AllocationRules,
    /// How NodeResourcesBalancedAllocation works.
    pub balanced: BalancedRules,
    /// How ImageLocality counts.
    pub image: ImageRules,
    /// Whether SchedulingGates hold pods back (1.27+).
    pub scheduling_gates: bool,
    /// Whether matchFields of node affinity narrow the nodes in PreFilter (1.24+), and how others are listed.
    pub absent_nodes: AbsentNodes,
    /// How the parts of the FailedScheduling sentence are put together.
    pub fit_error: FitErrorLayout,
    /// How a refusal of PreFilter is shown.
    pub pre_filter_text: PreFilterText,
    /// Whether an event's text is cut at 1,024 bytes (1.20+).
    pub events_cut: bool,
    /// Whether the DynamicResources plugin is on by default (1.34+).
    pub dynamic_resources: bool,
    /// What the DynamicResources plugin puts before the preemption text (1.34 to 1.36).
    pub post_filter_prefix: Option<&'static str>,
    /// How volumes and claims are looked at.
    pub volumes: VolumeRules,
    /// How the failure of a plugin is told.
    pub plugin_errors: PluginErrors,
    /// How preemption works.
    pub preemption: PreemptionRules,
    /// How the nodes are sampled.
    pub sampling: SamplingRules,
    /// How the queue works.
    pub queue: QueueRules,
    /// Which labels say in which zone a node is.
    pub zone_labels: ZoneLabels,
}

/// How the sentence about an untolerated taint reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaintReason {
    /// `node(s) had taints that the pod didn't tolerate`.
    Unnamed,
    /// `node(s) had taint {k: v}, that the pod didn't tolerate`.
    Had,
    /// `node(s) had untolerated taint {k: v}`.
    Untolerated,
    /// `node(s) had untolerated taint(s)`.
    UntoleratedUnnamed,
}

/// How what is wrong with a selector is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectorFaults {
    /// The first fault of a term, in plain words (≤1.20).
    First,
    /// Every fault with the path to it (1.21 to 1.27).
    Paths,
    /// The same, and which operators there are (1.28 to 1.33).
    PathsAndOperators,
    /// The same, with lists as JSON (1.34+).
    JsonPaths,
}

/// How a preferred node affinity term that does not parse is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPreference {
    /// The fault alone (≤1.17).
    Plain,
    /// With the pod's name before it (1.18, 1.19).
    NamesPod,
    /// With the plugin's name before it (1.20).
    NamesPlugin,
    /// With the path to it (1.21+).
    NamesPath,
}

/// What a pod affinity term's `namespaceSelector` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamespaceSelector {
    /// Nothing: the field does not exist (≤1.20).
    Unknown,
    /// It keeps the term from defaulting to the pod's own namespace, and chooses none itself: its gate is off (1.21).
    MatchesNothing,
    /// It chooses namespaces (1.22+).
    Honoured,
}

/// How NodeResourcesFit treats requests of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZeroRequest {
    /// A zero CPU or memory request is compared all the same when the pod asks for anything else.
    Compared,
    /// A zero request always fits.
    AlwaysFits,
}

/// How a pod's requests are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRules {
    /// Whether `overhead` counts (1.18+).
    pub overhead: bool,
    /// Whether init containers of bound pods count (1.19+).
    pub assigned_init: InitContainers,
    /// Whether init containers of the incoming pod count for scoring (1.19+).
    pub non_zero_init: InitContainers,
    /// Whether scoring adds CPU overhead in whole cores where it means thousandths (1.18 to 1.26, a slip upstream).
    pub scored_overhead_in_cores: bool,
    /// Whether the LeastAllocated score leaves overhead out (1.22 and 1.23, a slip upstream).
    pub least_allocated_without_overhead: bool,
    /// Whether a zero request of an init container for an extended resource is dropped (≤1.21).
    pub zero_init_scalars_dropped: bool,
    /// Whether scoring counts sidecars of bound pods as sidecars (1.32+).
    pub assigned_non_zero_sidecars: bool,
    /// Whether restartable init containers are sidecars (1.28+, where the gate is off but bound pods may have them).
    pub sidecars: bool,
    /// Whether each container's requests are rounded to what is counted before they are added up (≤1.26).
    pub rounded_per_container: bool,
    /// Whether they are where scoring counts bound pods (≤1.31).
    pub non_zero_rounded_per_container: bool,
    /// Whether the pod's own `resources` count (1.34+).
    pub pod_level: bool,
    /// Whether container statuses count for pods being resized (1.33+).
    pub in_place_resize: bool,
}

/// How PodTopologySpread works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpreadRules {
    /// Whether the plugin exists (1.18+).
    pub enabled: bool,
    /// Whether a node without the label says so (1.19+).
    pub missing_label_reason: bool,
    /// Whether the score is `count * ln(domains + 2) + (maxSkew - 1)` (1.19+) or the older difference of sums.
    pub logarithmic: bool,
    /// Whether that score is rounded (1.24+) or truncated.
    pub rounded: bool,
    /// Whether the cluster's default constraints replace SelectorSpread (1.20+).
    pub default_constraints: bool,
    /// Whether the workload is found by the pod's owner reference (1.22+) or by matching selectors.
    pub selector_by_owner: bool,
    /// Whether a Service with an empty selector has every pod (≤1.17) or none.
    pub empty_service_selector_counts: bool,
    /// Whether a pod without soft constraints is scored all the same, every node alike (1.19 to 1.27).
    pub scores_without_constraints: bool,
    /// Whether an empty selector counts all pods of the namespace (≤1.26).
    pub empty_selector_counts: bool,
    /// Whether pods on nodes that are not eligible count too, if an eligible node is in the same domain (1.19 to 1.23).
    pub counts_ineligible_nodes: bool,
    /// Whether every node passes when no node has the labels (≤1.19).
    pub no_domains_pass: bool,
    /// Whether a constraint for which no domain was found is passed over (1.27 to 1.32) or has a least count of 0 or none.
    pub unknown_domains_pass: bool,
    /// Whether a raw score of -1 is taken for no score (1.20+).
    pub negative_is_no_score: bool,
    /// Whether constraints with the same topology key share their counts.
    pub shared_counts: SharedCounts,
    /// Whether `minDomains` counts (1.27+).
    pub min_domains: bool,
    /// Whether the node inclusion policies count (1.26+).
    pub inclusion_policies: bool,
    /// Whether `matchLabelKeys` counts in the scheduler (1.27+).
    pub match_label_keys: bool,
}

/// Whether spread constraints with the same topology key share their counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedCounts {
    /// They are added up (≤1.23).
    Summed,
    /// Of one node, the last constraint's count stands for all (1.24 to 1.32).
    LastWins,
    /// Each constraint counts for itself (1.33+).
    Own,
}

/// How the resource scores count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocationRules {
    /// Whether a resource that the node has none of, or an extended one that the pod does not ask for, does not count (1.22+).
    pub skips_absent: bool,
    /// Whether MostAllocated takes more than there is for all there is (1.20+), not for nothing.
    pub most_allocated_capped: bool,
    /// Whether utilization is 100 less the free percentage (≤1.21), not the requested one.
    pub utilization_from_free: bool,
    /// Whether of a resource that is listed twice the last weight alone counts (≤1.26).
    pub last_weight_counts: bool,
}

/// How NodeResourcesBalancedAllocation works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalancedRules {
    /// Whether actual requests count and fractions are capped at 1 (1.22+).
    pub actual_requests: bool,
    /// Whether a pod without requests gets no score at all (1.33+).
    pub skips_best_effort: bool,
}

/// How ImageLocality counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageRules {
    /// Whether a node goes by how many nodes held an image when it was last updated itself (≤1.28).
    pub counts_at_arrival: bool,
    /// Whether the upper threshold grows with the number of containers (1.19+).
    pub threshold_per_container: bool,
    /// Whether init containers count (1.30+).
    pub init_containers: bool,
}

/// What is said of nodes that PreFilter has already left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentNodes {
    /// PreFilter leaves no node out (≤1.23).
    NeverAbsent,
    /// They are not listed, and preemption tries them; a name that no node has is an error (1.24 to 1.29).
    Unlisted,
    /// They are not listed, and preemption leaves them alone (1.31).
    UnlistedUnresolvable,
    /// `node is filtered out by the prefilter result` (1.30).
    FilteredOut,
    /// `node(s) didn't satisfy plugin(s) [NodeAffinity]` (1.32+).
    DidNotSatisfy,
}

/// How the parts of the FailedScheduling sentence are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitErrorLayout {
    /// The histogram only (≤1.23).
    HistogramOnly,
    /// The histogram's sentence, a space, the preemption text (1.24, 1.25).
    Appended,
    /// Each part gets its own full stop, so that the end has two (1.26 to 1.28).
    EveryPartStopped,
    /// As 1.26 without the second full stop (1.29+).
    Single,
}

/// How a refusal of PreFilter is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreFilterText {
    /// As the reason of every node (≤1.25).
    EveryNode,
    /// Once, without counts; no node is told of, and preemption tries them all (1.26, 1.27).
    OnceAlone,
    /// Once, without counts (1.28+).
    Once,
}

/// How volumes and claims are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeRules {
    /// Whether claims are looked up before any plugin runs, and a missing one is an error (≤1.19).
    pub basic_checks: bool,
    /// Whether VolumeBinding looks at the claims once in PreFilter (1.19+) or on every node.
    pub binding_in_pre_filter: bool,
    /// Whether VolumeBinding refuses a missing claim itself, in PreFilter (1.20+).
    pub claims_checked_in_pre_filter: bool,
    /// Whether a claim that lost its volume is refused (1.23+).
    pub lost_claims_refused: bool,
    /// What is known of generic ephemeral volumes.
    pub ephemeral: EphemeralVolumes,
    /// What becomes of a claim whose volume is not there.
    pub missing_volume: MissingVolume,
    /// The reason for a node from which a bound volume cannot be reached.
    pub node_conflict_reason: &'static str,
    /// Whether local volumes leave only their nodes in PreFilter (1.27 to 1.31).
    pub narrows_to_local_volumes: bool,
    /// Whether CSIStorageCapacities are looked at (1.21+).
    pub storage_capacity: bool,
    /// What `volumeAttributesClassName` means.
    pub attributes_class: AttributesClass,
    /// The in-tree plugins whose volumes CSI drivers take over.
    pub migrated: &'static [InTreePlugin],
    /// Whether the access mode ReadWriteOncePod is respected, and with which reason.
    pub read_write_once_pod: ReadWriteOncePod,
    /// Whether VolumeRestrictions sits out a pod that nothing is in the way of (1.28+).
    pub skips_unused: bool,
    /// Whether limits of CSI volumes are read from a node's allocatable too (≤1.31).
    pub limits_in_allocatable: bool,
    /// Whether VolumeAttachments count against the limit (1.32+).
    pub counts_attachments: bool,
    /// Whether claims of generic ephemeral volumes count against the limit (1.23+).
    pub counts_ephemeral: bool,
    /// Whether in-tree volumes written into a pod count against the limit of the driver that took over (1.25+).
    pub counts_inline: bool,
    /// What becomes of the incoming pod's missing claim where volumes are counted.
    pub missing_claim: MissingClaim,
    /// Whether VolumeZone looks volumes up once in PreFilter (1.27+).
    pub zone_in_pre_filter: bool,
    /// Whether VolumeZone knows `topology.kubernetes.io/…` (1.19+) beside the beta labels.
    pub stable_zone_labels: bool,
    /// Whether a volume's beta zone label is compared with a node's stable one where the node has no beta one (1.29+).
    pub beta_zone_falls_back: bool,
    /// What becomes of a volume that VolumeZone cannot look up.
    pub zone_errors: VolumeZoneErrors,
}

/// What is known of generic ephemeral volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EphemeralVolumes {
    /// Nothing (≤1.20, where their gate is off).
    Unknown,
    /// They use a claim made for the pod (1.21, 1.22).
    Known,
    /// The same, in other words, and a claim that is not there yet is waited for (1.23+).
    Awaited,
}

/// What becomes of a claim whose volume is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingVolume {
    /// The cycle fails (≤1.19).
    Error,
    /// The node is refused for this reason.
    Reason(&'static str),
}

/// What `volumeAttributesClassName` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributesClass {
    /// Nothing (≤1.30).
    Ignored,
    /// Its gate is off: a claim with one is an error, a volume with one is passed over (1.31 to 1.33).
    Refused,
    /// Claim and volume must agree (1.34+).
    Compared,
}

/// Whether the access mode ReadWriteOncePod is respected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadWriteOncePod {
    /// Its gate is off (≤1.26).
    Off,
    /// It is, with this reason.
    On(&'static str),
}

/// What becomes of the incoming pod's missing claim where volumes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingClaim {
    /// It is not counted (≤1.22).
    Ignored,
    /// The cycle fails (1.23 to 1.29).
    Error,
    /// The node is refused (1.30+).
    Refused,
}

/// What becomes of a volume that VolumeZone cannot look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeZoneErrors {
    /// The cycle fails, with one sentence for every unbound claim (≤1.17).
    FailWithoutClass,
    /// The cycle fails (1.18, 1.19).
    Fail,
    /// The node is refused (1.20+).
    Refuse,
}

/// How the failure of a plugin is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginErrors {
    /// In the plugin's own words, each with how many nodes it befell (≤1.17).
    Counted,
    /// `error while running "P" prefilter plugin for pod "p": …`, `running "P" filter plugin for pod "p": …` (1.18).
    WhileRunning,
    /// `prefilter plugin "P" failed for pod "p": …`, and the filter's as before (1.19).
    FailedForPod,
    /// `running PreFilter plugin "P": …`, and the filter's as before (1.20).
    RunningForPod,
    /// `running PreFilter plugin "P": %!w(<nil>)`, a slip upstream, and `running "P" filter plugin: …` (1.24, 1.25).
    RunningNil,
    /// `running PreFilter plugin "P": …`, `running "P" filter plugin: …` (1.21+).
    Running,
}

/// How preemption works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreemptionRules {
    /// Whether `preemptionPolicy: Never` is respected (1.19+).
    pub policy_respected: bool,
    /// Whether victims are told in order of importance, whatever budgets they break (1.32+).
    pub victims_sorted: bool,
    /// Whether the sentence tells of preemption (1.24+).
    pub reported: bool,
    /// Whether a failure of PostFilter is told (1.27+).
    pub errors_reported: bool,
    /// How PodDisruptionBudgets are counted.
    pub budgets: BudgetCount,
    /// Whether a pod whose nominated node is beyond help may evict elsewhere at once (1.19+).
    pub hopeless_nomination_ends_wait: bool,
    /// Whether a pod tries the node promised to it before all others (1.22+).
    pub tries_nominated_first: bool,
    /// Whether only victims evicted by the scheduler make the preemptor wait (1.27+).
    pub waits_for_preempted_only: bool,
}

/// How PodDisruptionBudgets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetCount {
    /// One that allows nothing is broken by each of its pods; no other is (≤1.17).
    Fixed,
    /// Each pod counts against its budgets, up to the first that is broken (1.18).
    ToFirstBroken,
    /// Each pod counts against all its budgets, but for pods already evicted (1.19+).
    All,
}

/// Which labels say in which region and zone a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneLabels {
    /// `failure-domain.beta.kubernetes.io/…` (1.16).
    BetaOnly,
    /// These, else `topology.kubernetes.io/…` (1.17+).
    BetaFirst,
}

/// How the nodes are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SamplingRules {
    /// Whether the start wraps around among the nodes that PreFilter left, not among all (1.24 to 1.30).
    pub start_among_left: bool,
    /// Whether nodes that PreFilter left out count as looked at (1.30).
    pub counts_left_out: bool,
    /// Whether the node by which it is known that there are enough counts as looked at (1.16).
    pub counts_excess: bool,
    /// Whether one feasible node is enough if nothing is scored (1.30+).
    pub one_is_enough_without_scores: bool,
}

/// How the queue works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueRules {
    /// How long a pod may wait as unschedulable before it is tried again all the same, in milliseconds.
    pub max_in_unschedulable_ms: u64,
    /// Which table of registered events applies.
    pub events: EventTable,
    /// Whether the plugins that refused a pod are asked about each event that they registered (1.32+).
    pub hints: bool,
    /// With which effects an untolerated taint keeps a node that came or changed from waking a pod. That node must also
    /// pass the checks that the kubelet makes on admission. `None`: no node is looked at (≤1.21 and 1.32+).
    pub node_check: Option<&'static [Effect]>,
    /// What of a node's update is an event.
    pub node_updates: NodeUpdates,
    /// Whether the deletion of a node is an event (1.32+).
    pub node_deletions: bool,
    /// Whether InterPodAffinity compares a node's topology with what it was (1.33+), or takes it as it is (1.32).
    pub topology_compared: bool,
    /// Which pods hear of a bound pod that came or changed.
    pub bound_pods: BoundPods,
    /// Whether Services that come, change or go are events (≤1.21).
    pub services: bool,
    /// What an update of the waiting pod itself does.
    pub own_updates: OwnUpdates,
    /// Whether an idle scheduler takes pods out of their backoff, which ends at whole seconds (1.33+).
    pub pop_from_backoff: bool,
    /// Whether a pod that no plugin refused, such as one that met an error, is tried again by itself (1.29+).
    pub errors_back_off: bool,
    /// Which failures a backoff grows by.
    pub backoff_count: BackoffCount,
    /// When a pod that finds nobody to evict gives up its nomination.
    pub nomination_ends: NominationEnds,
    /// Whether a nomination that ends is to others of no greater priority as if a bound pod went (1.33+).
    pub ended_nominations: bool,
}

/// What of a node's update is an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeUpdates {
    /// The first of: uncordoned, allocatable, labels, taints, conditions (≤1.29).
    First,
    /// Each of these, and annotations (1.30+).
    Each,
}

/// Which unschedulable pods hear of a bound pod that came or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundPods {
    /// Those with a required affinity term that matches it; every update counts (≤1.30).
    Affinity,
    /// These, and those of its namespace that PodTopologySpread refused (1.31).
    CrossTopology,
    /// All, as the plugins' hints tell (1.32+).
    All,
}

/// What an update of the waiting pod itself does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnUpdates {
    /// It makes the pod active, whatever its backoff (≤1.20).
    Activate,
    /// It wakes the pod, which then waits for the end of its backoff (1.21 to 1.31).
    Wake,
    /// It is an event like others: the plugins that refused the pod decide (1.32+).
    Hinted,
}

/// Which failures a backoff grows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackoffCount {
    /// Those since a time longer than the greatest backoff ago, each but within the backoff of another (≤1.17).
    Recent,
    /// All attempts (1.18 to 1.33).
    Attempts,
    /// Refusals; after errors the errors in a row (1.34+).
    Apart,
}

/// When a pod that finds nobody to evict gives up its nomination. One that may not evict others keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NominationEnds {
    /// When evicting could help on no node (≤1.22).
    NoNodeMightHelp,
    /// When there is no candidate, no node at all, or an error (1.23+).
    NoCandidate,
}

/// Which table of registered events applies; each is named after its first version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventTable {
    /// Every event moves every pod (≤1.20).
    V16,
    /// NodeResourcesFit registers particular events, every other plugin all.
    V21,
    /// Particular node updates.
    V22,
    /// Labels instead of any node update for VolumeBinding.
    V23,
    /// Any node update for most plugins, since an earlier check may have hidden the first one.
    V24,
    /// Taints too for the plugins that stayed particular.
    V30,
    /// Particular updates of pods.
    V31,
    /// Particular node updates again.
    V32,
    /// In-place resize; limits of a CSINode.
    V33,
}

impl Behaviour {
    /// What this version's scheduler does and says.
    pub fn of(version: Version) -> Self {
        let minor = version.minor();
        let patch = version.patch();
        Behaviour {
            version,
            filters: profile::filters(minor),
            pre_filters: profile::pre_filters(minor),
            scores: profile::scores(minor),
            absent_plugins: profile::absent_plugins(minor),
            config_apis: match minor {
                ..=17 => (ConfigApi::V1Alpha1, ConfigApi::V1Alpha1),
                18 => (ConfigApi::V1Alpha1, ConfigApi::V1Alpha2),
                19..=21 => (ConfigApi::V1Beta1, ConfigApi::V1Beta1),
                22 => (ConfigApi::V1Beta1, ConfigApi::V1Beta2),
                23 | 24 => (ConfigApi::V1Beta2, ConfigApi::V1Beta3),
                25..=27 => (ConfigApi::V1Beta2, ConfigApi::V1),
                28 => (ConfigApi::V1Beta3, ConfigApi::V1),
                _ => (ConfigApi::V1, ConfigApi::V1),
            },
            defaults_before_validation: minor >= 22,
            named_before_multi_point: minor == 23 && patch < 6,
            score_max: if minor == 16 { 10 } else { 100 },
            general_predicates: minor <= 17,
            run_all_filters: matches!(minor, 24 | 25),
            taint_reason: match (minor, patch) {
                (..=17, _) => TaintReason::Unnamed,
                (18..=23, _) => TaintReason::Had,
                (24..=33, _) | (34, 0 | 1) => TaintReason::Untolerated,
                _ => TaintReason::UntoleratedUnnamed,
            },
            node_affinity_reason: match minor {
                ..=19 => "node(s) didn't match node selector",
                20 => "node(s) didn't match Pod's node affinity",
                _ => "node(s) didn't match Pod's node affinity/selector",
            },
            affinity_conflict_in_any_term: (24..=26).contains(&minor),
            preferred_match_fields: minor >= 20,
            invalid_node_selector_matches_all: minor <= 18,
            selector_faults: match minor {
                ..=20 => SelectorFaults::First,
                21..=27 => SelectorFaults::Paths,
                28..=33 => SelectorFaults::PathsAndOperators,
                _ => SelectorFaults::JsonPaths,
            },
            invalid_preference: match minor {
                ..=17 => InvalidPreference::Plain,
                18 | 19 => InvalidPreference::NamesPod,
                20 => InvalidPreference::NamesPlugin,
                _ => InvalidPreference::NamesPath,
            },
            node_name_reason: match minor {
                ..=20 => "node(s) didn't match the requested hostname",
                _ => "node(s) didn't match the requested node name",
            },
            too_many_pods_reason: if minor <= 17 { "Insufficient pods" } else { "Too many pods" },
            fit_unresolvable_beyond_allocatable: minor >= 34,
            zero_request: if minor >= 28 { ZeroRequest::AlwaysFits } else { ZeroRequest::Compared },
            zero_scalar_fits: minor >= 26,
            sidecars_refused: minor == 28,
            sidecar_ports: minor >= 34,
            requests: RequestRules {
                overhead: minor >= 18,
                assigned_init: if minor >= 19 { InitContainers::Counted } else { InitContainers::Ignored },
                non_zero_init: if minor >= 19 { InitContainers::Counted } else { InitContainers::Ignored },
                scored_overhead_in_cores: (18..=26).contains(&minor),
                least_allocated_without_overhead: matches!(minor, 22 | 23),
                zero_init_scalars_dropped: minor <= 21,
                assigned_non_zero_sidecars: minor >= 32,
                sidecars: minor >= 28,
                rounded_per_container: minor <= 26,
                non_zero_rounded_per_container: minor <= 31,
                pod_level: minor >= 34,
                in_place_resize: minor >= 33,
            },
            inter_pod_general_reason: match minor {
                ..=20 => Some("node(s) didn't match pod affinity/anti-affinity"),
                21 => Some("node(s) didn't match pod affinity/anti-affinity rules"),
                _ => None,
            },
            inter_pod_existing_first: minor <= 18,
            inter_pod_bootstrap_needs_label: minor >= 19,
            namespace_selector: match minor {
                ..=20 => NamespaceSelector::Unknown,
                21 => NamespaceSelector::MatchesNothing,
                _ => NamespaceSelector::Honoured,
            },
            inter_pod_skips: minor >= 27,
            inter_pod_added_for_any_term: minor <= 17,
            inter_pod_changed_terms_of_incoming: minor == 18,
            inter_pod_sees_nominated: minor >= 19,
            inter_pod_own_namespaces_unlabelled: minor == 34,
            inter_pod_true_range: minor >= 21,
            spread: SpreadRules {
                enabled: minor >= 18,
                missing_label_reason: minor >= 19,
                logarithmic: minor >= 19,
                rounded: minor >= 24,
                default_constraints: minor >= 20,
                selector_by_owner: minor >= 22,
                empty_service_selector_counts: minor <= 17,
                scores_without_constraints: (19..=27).contains(&minor),
                empty_selector_counts: minor <= 26,
                counts_ineligible_nodes: (19..=23).contains(&minor),
                no_domains_pass: minor <= 19,
                unknown_domains_pass: (27..=32).contains(&minor),
                negative_is_no_score: minor >= 20,
                shared_counts: match minor {
                    ..=23 => SharedCounts::Summed,
                    24..=32 => SharedCounts::LastWins,
                    _ => SharedCounts::Own,
                },
                min_domains: minor >= 27,
                inclusion_policies: minor >= 26,
                match_label_keys: minor >= 27,
            },
            allocation: AllocationRules {
                skips_absent: minor >= 22,
                most_allocated_capped: minor >= 20,
                utilization_from_free: minor <= 21,
                last_weight_counts: minor <= 26,
            },
            balanced: BalancedRules { actual_requests: minor >= 22, skips_best_effort: minor >= 33 },
            image: ImageRules {
                counts_at_arrival: minor <= 28,
                threshold_per_container: minor >= 19,
                init_containers: minor >= 30,
            },
            scheduling_gates: minor >= 27,
            absent_nodes: match minor {
                ..=23 => AbsentNodes::NeverAbsent,
                24..=29 => AbsentNodes::Unlisted,
                31 => AbsentNodes::UnlistedUnresolvable,
                30 => AbsentNodes::FilteredOut,
                _ => AbsentNodes::DidNotSatisfy,
            },
            fit_error: match minor {
                ..=23 => FitErrorLayout::HistogramOnly,
                24 | 25 => FitErrorLayout::Appended,
                26..=28 => FitErrorLayout::EveryPartStopped,
                _ => FitErrorLayout::Single,
            },
            pre_filter_text: match minor {
                ..=25 => PreFilterText::EveryNode,
                26 | 27 => PreFilterText::OnceAlone,
                _ => PreFilterText::Once,
            },
            events_cut: minor >= 20,
            dynamic_resources: minor >= 34,
            post_filter_prefix: (34..=36).contains(&minor).then_some("no new claims to deallocate"),
            volumes: VolumeRules {
                basic_checks: minor <= 19,
                binding_in_pre_filter: minor >= 19,
                claims_checked_in_pre_filter: minor >= 20,
                lost_claims_refused: minor >= 23,
                ephemeral: match minor {
                    ..=20 => EphemeralVolumes::Unknown,
                    21 | 22 => EphemeralVolumes::Known,
                    _ => EphemeralVolumes::Awaited,
                },
                missing_volume: match minor {
                    ..=19 => MissingVolume::Error,
                    20..=22 => MissingVolume::Reason("pvc(s) bound to non-existent pv(s)"),
                    _ => MissingVolume::Reason(
                        "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
                    ),
                },
                node_conflict_reason: match minor {
                    ..=32 => "node(s) had volume node affinity conflict",
                    _ => "node(s) didn't match PersistentVolume's node affinity",
                },
                narrows_to_local_volumes: (27..=31).contains(&minor),
                storage_capacity: minor >= 21,
                attributes_class: match minor {
                    ..=30 => AttributesClass::Ignored,
                    31..=33 => AttributesClass::Refused,
                    _ => AttributesClass::Compared,
                },
                migrated: match minor {
                    ..=20 => &[],
                    21 | 22 => &[InTreePlugin::Cinder],
                    23..=30 => {
                        &[InTreePlugin::AwsEbs, InTreePlugin::GcePd, InTreePlugin::AzureDisk, InTreePlugin::Cinder]
                    }
                    _ => &[
                        InTreePlugin::AwsEbs,
                        InTreePlugin::GcePd,
                        InTreePlugin::AzureDisk,
                        InTreePlugin::Cinder,
                        InTreePlugin::Portworx,
                    ],
                },
                read_write_once_pod: match minor {
                    ..=26 => ReadWriteOncePod::Off,
                    27..=33 => ReadWriteOncePod::On(
                        "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
                    ),
                    _ => ReadWriteOncePod::On(
                        "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
                    ),
                },
                skips_unused: minor >= 28,
                limits_in_allocatable: minor <= 31,
                counts_attachments: minor >= 32,
                counts_ephemeral: minor >= 23,
                counts_inline: minor >= 25,
                missing_claim: match minor {
                    ..=22 => MissingClaim::Ignored,
                    23..=29 => MissingClaim::Error,
                    _ => MissingClaim::Refused,
                },
                zone_in_pre_filter: minor >= 27,
                stable_zone_labels: minor >= 19,
                beta_zone_falls_back: minor >= 29,
                zone_errors: match minor {
                    ..=17 => VolumeZoneErrors::FailWithoutClass,
                    18 | 19 => VolumeZoneErrors::Fail,
                    _ => VolumeZoneErrors::Refuse,
                },
            },
            plugin_errors: match minor {
                ..=17 => PluginErrors::Counted,
                18 => PluginErrors::WhileRunning,
                19 => PluginErrors::FailedForPod,
                20 => PluginErrors::RunningForPod,
                24 | 25 => PluginErrors::RunningNil,
                _ => PluginErrors::Running,
            },
            preemption: PreemptionRules {
                policy_respected: minor >= 19,
                victims_sorted: minor >= 32,
                reported: minor >= 24,
                errors_reported: minor >= 27,
                budgets: match minor {
                    ..=17 => BudgetCount::Fixed,
                    18 => BudgetCount::ToFirstBroken,
                    _ => BudgetCount::All,
                },
                hopeless_nomination_ends_wait: minor >= 19,
                tries_nominated_first: minor >= 22,
                waits_for_preempted_only: minor >= 27,
            },
            sampling: SamplingRules {
                start_among_left: (24..=30).contains(&minor),
                counts_left_out: minor == 30,
                counts_excess: minor == 16,
                one_is_enough_without_scores: minor >= 30,
            },
            queue: QueueRules {
                max_in_unschedulable_ms: if minor <= 23 { 60_000 } else { 300_000 },
                events: match minor {
                    ..=20 => EventTable::V16,
                    21 => EventTable::V21,
                    22 => EventTable::V22,
                    23 => EventTable::V23,
                    24..=29 => EventTable::V24,
                    30 => EventTable::V30,
                    31 => EventTable::V31,
                    32 => EventTable::V32,
                    _ => EventTable::V33,
                },
                hints: minor >= 32,
                node_check: match minor {
                    22 | 23 => Some(&[Effect::NoSchedule, Effect::NoExecute]),
                    24..=31 => Some(&[Effect::NoSchedule]),
                    _ => None,
                },
                node_updates: if minor <= 29 { NodeUpdates::First } else { NodeUpdates::Each },
                node_deletions: minor >= 32,
                topology_compared: minor >= 33,
                bound_pods: match minor {
                    ..=30 => BoundPods::Affinity,
                    31 => BoundPods::CrossTopology,
                    _ => BoundPods::All,
                },
                services: minor <= 21,
                own_updates: match minor {
                    ..=20 => OwnUpdates::Activate,
                    21..=31 => OwnUpdates::Wake,
                    _ => OwnUpdates::Hinted,
                },
                pop_from_backoff: minor >= 33,
                errors_back_off: minor >= 29,
                backoff_count: match minor {
                    ..=17 => BackoffCount::Recent,
                    18..=33 => BackoffCount::Attempts,
                    _ => BackoffCount::Apart,
                },
                nomination_ends: if minor <= 22 {
                    NominationEnds::NoNodeMightHelp
                } else {
                    NominationEnds::NoCandidate
                },
                ended_nominations: minor >= 33,
            },
            zone_labels: if minor == 16 { ZoneLabels::BetaOnly } else { ZoneLabels::BetaFirst },
        }
    }
}
