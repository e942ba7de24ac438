//! The one table of what differs between Kubernetes versions.
//!
//! Plugins read named fields of [`Behaviour`] and never compare minors themselves.

mod rules;

pub use rules::*;

use crate::model::Effect;
use crate::model::resources::InitContainers;
use crate::scheduler::config::{ConfigApi, ExtensionPoint};
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
    /// Whether its decisions were compared with recordings of the real scheduler.
    pub measured: bool,
    /// What of it can decide something and is not modelled, by the names of its feature gates and plugins.
    pub not_modelled: &'static [&'static str],
}

impl Behaviour {
    /// Whether this version's scheduler has a plugin of this name.
    pub fn has(&self, plugin: PluginName) -> bool {
        !self.absent_plugins.contains(&plugin)
    }

    /// Whether this version calls a plugin at an extension point.
    pub fn calls(&self, plugin: PluginName, point: ExtensionPoint) -> bool {
        profile::called_since(plugin, point).is_some_and(|since| since <= self.version.minor())
    }

    /// The plugins that this version has and yet refuses in an API version, at every extension point but MultiPoint and
    /// with arguments.
    pub fn refused_plugins(&self, api: ConfigApi) -> &'static [PluginName] {
        profile::refused_plugins(self.version.minor(), api)
    }

    /// Scores that this version does not take together.
    pub(crate) fn conflicting_scores(&self, api: ConfigApi) -> &'static [(PluginName, PluginName)] {
        profile::conflicting_scores(self.version.minor(), api)
    }

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
            measured: matches!(minor, 16 | 18..=34),
            not_modelled: match minor {
                ..=34 => &[],
                35 => &["OpportunisticBatching"],
                36 => &["NodeDeclaredFeatures", "OpportunisticBatching"],
                _ => &["NodeDeclaredFeatures", "OpportunisticBatching", "StorageCapacityScoring", "VolumeLimitScaling"],
            },
        }
    }
}
