//! The words of the table: in which ways versions differ, and what each way means.

use crate::model::Effect;
use crate::model::resources::InitContainers;
use crate::scheduler::InTreePlugin;

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
