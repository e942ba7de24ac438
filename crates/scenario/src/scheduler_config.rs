//! A KubeSchedulerConfiguration as it is written, in any of its API versions, made into the scheduler's own terms.
//!
//! Upstream: `pkg/scheduler/apis/config/v1*/defaults.go` and `validation/validation_pluginargs.go` (v1.34).

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use k8s_openapi::api::core::v1 as api;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sim_cluster::convert;
use sim_core::Version;
use sim_core::model::TopologySpreadConstraint;
use sim_core::scheduler::config::{
    ConfigApi, ConfigFault, ExtensionPoint, FitArgs, PluginArgs, PluginSet, ProfileConfig, ResourceWeight,
    SchedulerConfig, ScoringStrategy, ScoringStrategyType, SpreadDefaults,
};
use sim_core::scheduler::{PluginName, Scheduler};

use crate::fault::{Fault, Location, Severity, closest};
use crate::files;
use crate::load::{error_step, ignored_steps};
use crate::locate::{Step, locate, show};
use crate::text;

/// Reads a configuration file; `-` is `stdin`. The version says which API versions and plugins there are.
///
/// # Errors
/// Every fault, with its line and field. Among the faults of a configuration that can be used are warnings only.
pub fn load_scheduler_config(
    path: &Path,
    version: Version,
    stdin: &mut dyn Read,
) -> Result<(SchedulerConfig, Vec<Fault>), Vec<Fault>> {
    let (sources, faults) = files::read(&[path], stdin);
    let Some(source) = sources.first() else { return Err(faults) };
    let mut documents = text::documents(&source.text).into_iter();
    let (document, value) = match (documents.next(), documents.next()) {
        (Some((document, Ok(value))), None) => (document, value),
        (Some((_, Err(error))), _) => {
            let location = Location { source: source.name.clone(), line: error.line, column: error.column };
            return Err(vec![Fault::error(Some(location), error.message)]);
        }
        (None, _) => return Err(vec![Fault::of_file(&source.name, "is empty: expected a KubeSchedulerConfiguration")]),
        (Some(_), Some(_)) => {
            return Err(vec![Fault::of_file(
                &source.name,
                "holds several documents: expected one KubeSchedulerConfiguration",
            )]);
        }
    };
    let place = |fault: ConfigFault, severity: Severity| {
        let steps = steps(&fault.path);
        let (line, column) = locate(&source.text, document, &steps).unwrap_or((0, 0));
        let hint = hint(&value, &steps, &fault.message);
        Fault {
            severity,
            location: Some(Location { source: source.name.clone(), line, column }),
            object: "KubeSchedulerConfiguration".to_owned(),
            path: fault.path,
            message: fault.message,
            hint,
        }
    };
    let (config, warnings) = read_scheduler_config(&value)
        .map_err(|faults| faults.into_iter().map(|fault| place(fault, Severity::Error)).collect::<Vec<_>>())?;
    // Whether the version's scheduler would start with it.
    Scheduler::configured(version, &config)
        .map_err(|faults| faults.into_iter().map(|fault| place(fault, Severity::Error)).collect::<Vec<_>>())?;
    Ok((config, warnings.into_iter().map(|fault| place(fault, Severity::Warning)).collect()))
}

/// Reads a configuration from its JSON value, with what in it is not modelled.
///
/// # Errors
/// Everything that makes it no KubeSchedulerConfiguration.
pub fn read_scheduler_config(value: &Value) -> Result<(SchedulerConfig, Vec<ConfigFault>), Vec<ConfigFault>> {
    let mut reader = Reader { faults: Vec::new(), warnings: Vec::new() };
    let config = reader.config(value);
    match config {
        Some(config) if reader.faults.is_empty() => Ok((config, reader.warnings)),
        _ => Err(reader.faults),
    }
}

const GROUP: &str = "kubescheduler.config.k8s.io/";
const KIND: &str = "KubeSchedulerConfiguration";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    profiles: Vec<ProfileDocument>,
    percentage_of_nodes_to_score: Option<i64>,
    pod_initial_backoff_seconds: Option<i64>,
    pod_max_backoff_seconds: Option<i64>,
    #[serde(default)]
    extenders: Vec<Value>,
    /// v1alpha1 has one profile, and it is the document itself.
    scheduler_name: Option<String>,
    #[serde(default)]
    plugins: serde_json::Map<String, Value>,
    #[serde(default)]
    plugin_config: Vec<PluginConfigDocument>,
    hard_pod_affinity_symmetric_weight: Option<i64>,
    #[serde(default)]
    disable_preemption: bool,
    algorithm_source: Option<AlgorithmSource>,
    // What follows decides nothing here.
    #[serde(rename = "apiVersion")]
    _api_version: Option<Value>,
    #[serde(rename = "kind")]
    _kind: Option<Value>,
    #[serde(rename = "metadata")]
    _metadata: Option<Value>,
    #[serde(rename = "parallelism")]
    _parallelism: Option<Value>,
    #[serde(rename = "leaderElection")]
    _leader_election: Option<Value>,
    #[serde(rename = "clientConnection")]
    _client_connection: Option<Value>,
    #[serde(rename = "healthzBindAddress")]
    _healthz: Option<Value>,
    #[serde(rename = "metricsBindAddress")]
    _metrics: Option<Value>,
    #[serde(rename = "enableProfiling")]
    _profiling: Option<Value>,
    #[serde(rename = "enableContentionProfiling")]
    _contention: Option<Value>,
    #[serde(rename = "bindTimeoutSeconds")]
    _bind_timeout: Option<Value>,
    #[serde(rename = "delayCacheUntilActive")]
    _delay_cache: Option<Value>,
}

#[derive(Deserialize)]
struct AlgorithmSource {
    provider: Option<String>,
    policy: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileDocument {
    scheduler_name: Option<String>,
    percentage_of_nodes_to_score: Option<i64>,
    #[serde(default)]
    plugins: serde_json::Map<String, Value>,
    #[serde(default)]
    plugin_config: Vec<PluginConfigDocument>,
}

#[derive(Deserialize)]
struct PluginConfigDocument {
    #[serde(default)]
    name: String,
    #[serde(default)]
    args: Value,
}

#[derive(Deserialize)]
struct PluginSetDocument {
    #[serde(default)]
    enabled: Vec<PluginDocument>,
    #[serde(default)]
    disabled: Vec<PluginDocument>,
}

#[derive(Deserialize)]
struct PluginDocument {
    #[serde(default)]
    name: String,
    weight: Option<i64>,
}

/// `apiVersion` and `kind` may stand in any arguments.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Typed {
    api_version: Option<Value>,
    kind: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct FitDocument {
    ignored_resources: Vec<String>,
    ignored_resource_groups: Vec<String>,
    scoring_strategy: Option<StrategyDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StrategyDocument {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    resources: Vec<ResourceDocument>,
    requested_to_capacity_ratio: Option<RatioDocument>,
}

#[derive(Deserialize)]
struct RatioDocument {
    #[serde(default)]
    shape: Vec<PointDocument>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ResourcesDocument {
    resources: Vec<ResourceDocument>,
    shape: Vec<PointDocument>,
}

#[derive(Deserialize)]
struct ResourceDocument {
    name: String,
    weight: Option<i64>,
}

#[derive(Deserialize)]
struct PointDocument {
    #[serde(default)]
    utilization: i64,
    #[serde(default)]
    score: i64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct InterPodAffinityDocument {
    hard_pod_affinity_weight: Option<i64>,
    ignore_preferred_terms_of_existing_pods: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NodeAffinityDocument {
    added_affinity: Option<api::NodeAffinity>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SpreadDocument {
    default_constraints: Vec<api::TopologySpreadConstraint>,
    defaulting_type: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PreemptionDocument {
    min_candidate_nodes_percentage: Option<i64>,
    min_candidate_nodes_absolute: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct VolumeBindingDocument {
    bind_timeout_seconds: Option<i64>,
    shape: Option<Vec<PointDocument>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DynamicResourcesDocument {
    filter_timeout: Option<Value>,
}

struct Reader {
    faults: Vec<ConfigFault>,
    warnings: Vec<ConfigFault>,
}

impl Reader {
    fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.faults.push(ConfigFault::new(path, message));
    }

    fn config(&mut self, value: &Value) -> Option<SchedulerConfig> {
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        if kind != KIND {
            let message = if kind.is_empty() { "is missing".to_owned() } else { format!("is {kind:?}") };
            self.fault("kind", format!("{message}: expected {KIND}"));
            return None;
        }
        let written = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let api = written.strip_prefix(GROUP);
        let Some(api) = api.and_then(|api| ConfigApi::ALL.into_iter().find(|known| known.as_str() == api)) else {
            let known: Vec<&str> = ConfigApi::ALL.iter().map(ConfigApi::as_str).collect();
            self.fault("apiVersion", format!("{written:?} is not known: expected {GROUP}{}", known.join("|")));
            return None;
        };
        let document: Document = self.decode(value, "")?;
        let mut config = SchedulerConfig {
            percentage_of_nodes_to_score: document.percentage_of_nodes_to_score.unwrap_or(0),
            pod_initial_backoff_seconds: document.pod_initial_backoff_seconds.unwrap_or(1),
            pod_max_backoff_seconds: document.pod_max_backoff_seconds.unwrap_or(10),
            ..SchedulerConfig::empty(api)
        };
        if !document.extenders.is_empty() {
            self.warnings.push(ConfigFault::new("extenders", "are not modelled: decided as if none were asked"));
        }
        if api == ConfigApi::V1Alpha1 {
            let profile = ProfileDocument {
                scheduler_name: document.scheduler_name,
                percentage_of_nodes_to_score: None,
                plugins: document.plugins,
                plugin_config: document.plugin_config,
            };
            let mut profile = self.profile(api, profile, "");
            if let Some(weight) = document.hard_pod_affinity_symmetric_weight {
                self.hard_weight(weight, "hardPodAffinitySymmetricWeight", &mut profile.args);
            }
            if let Some(source) = document.algorithm_source
                && (source.policy.is_some() || source.provider.is_some_and(|name| name != "DefaultProvider"))
            {
                self.fault("algorithmSource", "only the DefaultProvider is modelled");
            }
            config.profiles.push(profile);
        } else {
            let single = [
                ("schedulerName", document.scheduler_name.is_some()),
                ("plugins", !document.plugins.is_empty()),
                ("pluginConfig", !document.plugin_config.is_empty()),
                ("algorithmSource", document.algorithm_source.is_some()),
                ("hardPodAffinitySymmetricWeight", document.hard_pod_affinity_symmetric_weight.is_some()),
            ];
            for (field, _) in single.iter().filter(|(_, present)| *present) {
                self.fault(*field, format!("is no field of {}: it belongs into a profile", api.as_str()));
            }
            for (index, profile) in document.profiles.into_iter().enumerate() {
                let profile = self.profile(api, profile, &format!("profiles[{index}]."));
                config.profiles.push(profile);
            }
        }
        if document.disable_preemption {
            if api > ConfigApi::V1Alpha2 {
                self.fault("disablePreemption", format!("is no field of {}", api.as_str()));
            }
            let off = PluginSet { enabled: Vec::new(), disabled: vec!["*".to_owned()] };
            for profile in &mut config.profiles {
                profile.plugins.insert(ExtensionPoint::PostFilter, off.clone());
            }
        }
        Some(config)
    }

    fn profile(&mut self, api: ConfigApi, document: ProfileDocument, path: &str) -> ProfileConfig {
        let mut profile = ProfileConfig {
            scheduler_name: document.scheduler_name,
            percentage_of_nodes_to_score: document.percentage_of_nodes_to_score,
            ..ProfileConfig::default()
        };
        for (field, set) in &document.plugins {
            let at = format!("{path}plugins.{field}");
            let Some((point, _)) = ExtensionPoint::ALL.into_iter().find(|(_, known)| known == field) else {
                let known = ExtensionPoint::ALL.map(|(_, field)| field).join(", ");
                self.fault(at, format!("there is no extension point \"{field}\": expected one of {known}"));
                continue;
            };
            if point == ExtensionPoint::MultiPoint && api < ConfigApi::V1Beta3 {
                self.fault(at, format!("is no field of {}: it came with v1beta3", api.as_str()));
                continue;
            }
            if let Some(set) = self.decode::<PluginSetDocument>(set, &at) {
                let enabled = set.enabled.into_iter().map(|plugin| (plugin.name, plugin.weight)).collect();
                let disabled = set.disabled.into_iter().map(|plugin| plugin.name).collect();
                profile.plugins.insert(point, PluginSet { enabled, disabled });
            }
        }
        let mut seen = BTreeSet::new();
        for (index, config) in document.plugin_config.iter().enumerate() {
            let at = format!("{path}pluginConfig[{index}]");
            if !seen.insert(&config.name) {
                self.fault(format!("{at}.name"), format!("repeated config for plugin {}", config.name));
            }
            self.args(api, config, &at, &mut profile.args);
        }
        profile
    }

    fn args(&mut self, api: ConfigApi, config: &PluginConfigDocument, at: &str, args: &mut PluginArgs) {
        let Ok(plugin) = config.name.parse::<PluginName>() else {
            return self.fault(format!("{at}.name"), format!("there is no plugin \"{}\"", config.name));
        };
        if config.args.is_null() {
            return;
        }
        let at = format!("{at}.args");
        let value = self.untyped(&config.args, plugin, &at);
        match plugin {
            PluginName::NodeResourcesFit => {
                if let Some(document) = self.decode(&value, &at) {
                    args.fit = self.fit(document, &at);
                }
            }
            PluginName::NodeResourcesLeastAllocated => args.least_allocated = self.resources_of(&value, &at),
            PluginName::NodeResourcesMostAllocated => args.most_allocated = self.resources_of(&value, &at),
            PluginName::NodeResourcesBalancedAllocation => {
                args.balanced_allocation = self.resources_of(&value, &at);
                let mut names = BTreeSet::new();
                for (index, resource) in args.balanced_allocation.iter().enumerate() {
                    let at = format!("{at}.resources[{index}]");
                    if resource.weight != 1 {
                        self.faults.push(ConfigFault::new(format!("{at}.weight"), "must be 1"));
                    }
                    if !names.insert(&resource.name) {
                        let message = format!("duplicate value \"{}\"", resource.name);
                        self.faults.push(ConfigFault::new(format!("{at}.name"), message));
                    }
                }
            }
            PluginName::RequestedToCapacityRatio => {
                if let Some(document) = self.decode::<ResourcesDocument>(&value, &at) {
                    args.requested_to_capacity_ratio = ScoringStrategy {
                        kind: ScoringStrategyType::RequestedToCapacityRatio,
                        resources: self.resources(document.resources, &at),
                        shape: self.shape(document.shape, &format!("{at}.shape")),
                    };
                }
            }
            PluginName::InterPodAffinity => {
                if let Some(document) = self.decode::<InterPodAffinityDocument>(&value, &at) {
                    let ignores = document.ignore_preferred_terms_of_existing_pods;
                    args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods = ignores;
                    if let Some(weight) = document.hard_pod_affinity_weight {
                        self.hard_weight(weight, &format!("{at}.hardPodAffinityWeight"), args);
                    }
                }
            }
            PluginName::NodeAffinity => {
                if let Some(document) = self.decode::<NodeAffinityDocument>(&value, &at)
                    && let Some(added) = document.added_affinity
                {
                    let required = added.required_during_scheduling_ignored_during_execution;
                    args.node_affinity.required = required.as_ref().map(convert::node_selector);
                    let preferred = added.preferred_during_scheduling_ignored_during_execution;
                    args.node_affinity.preferred = convert::preferred_terms(preferred.as_ref());
                }
            }
            PluginName::PodTopologySpread => {
                if let Some(document) = self.decode::<SpreadDocument>(&value, &at) {
                    self.spread(api, document, &at, args);
                }
            }
            PluginName::DefaultPreemption => {
                if let Some(document) = self.decode::<PreemptionDocument>(&value, &at) {
                    self.preemption(&document, &at);
                }
            }
            PluginName::VolumeBinding => {
                if let Some(document) = self.decode::<VolumeBindingDocument>(&value, &at) {
                    if document.bind_timeout_seconds.is_some_and(|seconds| seconds < 0) {
                        self.fault(format!("{at}.bindTimeoutSeconds"), "should not be a negative value");
                    }
                    if document.shape.is_some() {
                        self.fault(format!("{at}.shape"), "the feature gate it needs is off by default");
                    }
                }
            }
            PluginName::DynamicResources => {
                self.decode::<DynamicResourcesDocument>(&value, &at).map(|document| document.filter_timeout);
            }
            other => self.fault(at, format!("plugin {other} takes no arguments")),
        }
    }

    /// The arguments without `apiVersion` and `kind`, which must be the plugin's.
    fn untyped(&mut self, args: &Value, plugin: PluginName, at: &str) -> Value {
        let Typed { kind, api_version } = serde_json::from_value(args.clone()).unwrap_or_default();
        let _ = api_version;
        if kind.as_ref().is_some_and(|kind| *kind != format!("{plugin}Args")) {
            self.fault(format!("{at}.kind"), format!("expected {plugin}Args"));
        }
        let mut rest = args.clone();
        if let Value::Object(fields) = &mut rest {
            fields.retain(|field, _| field != "apiVersion" && field != "kind");
        }
        rest
    }

    fn fit(&mut self, document: FitDocument, at: &str) -> FitArgs {
        for (index, group) in document.ignored_resource_groups.iter().enumerate() {
            if group.contains('/') {
                let at = format!("{at}.ignoredResourceGroups[{index}]");
                self.fault(at, format!("{group:?}: resource group name can't contain '/'"));
            }
        }
        let mut args = FitArgs {
            ignored_resources: document.ignored_resources.into_iter().collect(),
            ignored_resource_groups: document.ignored_resource_groups.into_iter().collect(),
            scoring_strategy: ScoringStrategy::default(),
        };
        let Some(strategy) = document.scoring_strategy else { return args };
        let at = format!("{at}.scoringStrategy");
        let kinds = [
            ("LeastAllocated", ScoringStrategyType::LeastAllocated),
            ("MostAllocated", ScoringStrategyType::MostAllocated),
            ("RequestedToCapacityRatio", ScoringStrategyType::RequestedToCapacityRatio),
        ];
        let written = strategy.kind.unwrap_or_default();
        match kinds.iter().find(|(name, _)| *name == written) {
            Some((_, kind)) => args.scoring_strategy.kind = *kind,
            None => {
                let known = kinds.map(|(name, _)| name).join(", ");
                self.fault(format!("{at}.type"), format!("{written:?} is not known: expected one of {known}"));
            }
        }
        args.scoring_strategy.resources = self.resources(strategy.resources, &at);
        let is_ratio = args.scoring_strategy.kind == ScoringStrategyType::RequestedToCapacityRatio;
        let shape_at = format!("{at}.requestedToCapacityRatio.shape");
        match strategy.requested_to_capacity_ratio {
            Some(ratio) => args.scoring_strategy.shape = self.shape(ratio.shape, &shape_at),
            None if is_ratio => self.fault(shape_at, "at least one point must be specified"),
            None => {}
        }
        args
    }

    fn resources_of(&mut self, value: &Value, at: &str) -> Vec<ResourceWeight> {
        let document: ResourcesDocument = self.decode(value, at).unwrap_or_default();
        self.resources(document.resources, at)
    }

    /// Resources with their weights; none stated means CPU and memory alike.
    fn resources(&mut self, documents: Vec<ResourceDocument>, at: &str) -> Vec<ResourceWeight> {
        if documents.is_empty() {
            return ScoringStrategy::default().resources;
        }
        let mut resources = Vec::new();
        for (index, ResourceDocument { name, weight }) in documents.into_iter().enumerate() {
            let weight = weight.unwrap_or(1);
            if !(1..=100).contains(&weight) {
                let at = format!("{at}.resources[{index}].weight");
                self.fault(at, format!("resource weight of {name} not in valid range (0, 100]"));
            }
            resources.push(ResourceWeight { name, weight });
        }
        resources
    }

    fn shape(&mut self, points: Vec<PointDocument>, at: &str) -> Vec<(i64, i64)> {
        if points.is_empty() {
            self.fault(at, "at least one point must be specified");
        }
        for (index, point) in points.iter().enumerate() {
            let at = format!("{at}[{index}]");
            if !(0..=100).contains(&point.utilization) {
                self.fault(format!("{at}.utilization"), "not in valid range [0, 100]");
            }
            if !(0..=10).contains(&point.score) {
                self.fault(format!("{at}.score"), "not in valid range [0, 10]");
            }
            if index > 0 && points[index - 1].utilization >= point.utilization {
                self.fault(format!("{at}.utilization"), "values must be sorted in increasing order");
            }
        }
        points.into_iter().map(|point| (point.utilization, point.score)).collect()
    }

    fn hard_weight(&mut self, weight: i64, at: &str, args: &mut PluginArgs) {
        if !(0..=100).contains(&weight) {
            self.fault(at, "not in valid range [0, 100]");
        }
        args.inter_pod_affinity.hard_pod_affinity_weight = weight;
    }

    fn spread(&mut self, api: ConfigApi, document: SpreadDocument, at: &str, args: &mut PluginArgs) {
        let constraints = &document.default_constraints;
        // Before v1beta2 a list was taken for meant.
        let by_list = api < ConfigApi::V1Beta2 && !constraints.is_empty();
        let defaulting = match document.defaulting_type.as_str() {
            "" if by_list => "List",
            "" => "System",
            written => written,
        };
        match defaulting {
            "System" if !constraints.is_empty() => {
                self.fault(format!("{at}.defaultingType"), "has to be List when defaultConstraints are not empty");
            }
            "System" => return args.pod_topology_spread = SpreadDefaults::System,
            "List" => {}
            other => {
                let at = format!("{at}.defaultingType");
                self.fault(at, format!("{other:?} is not known: expected one of System, List"));
            }
        }
        for (index, constraint) in constraints.iter().enumerate() {
            let at = format!("{at}.defaultConstraints[{index}]");
            if constraint.max_skew <= 0 {
                self.fault(format!("{at}.maxSkew"), "not in valid range (0, inf)");
            }
            if constraint.topology_key.is_empty() {
                self.fault(format!("{at}.topologyKey"), "can not be empty");
            }
            if !["DoNotSchedule", "ScheduleAnyway"].contains(&constraint.when_unsatisfiable.as_str()) {
                let message = format!(
                    "{:?} is not known: expected one of DoNotSchedule, ScheduleAnyway",
                    constraint.when_unsatisfiable
                );
                self.fault(format!("{at}.whenUnsatisfiable"), message);
            }
            if constraint.label_selector.is_some() {
                let message = "constraint must not define a selector, as they deduced for each pod";
                self.fault(format!("{at}.labelSelector"), message);
            }
            let key = |c: &api::TopologySpreadConstraint| (c.topology_key.clone(), c.when_unsatisfiable.clone());
            if constraints[..index].iter().any(|other| key(other) == key(constraint)) {
                let (topology_key, action) = key(constraint);
                self.fault(at, format!("duplicate value {{{topology_key}, {action}}}"));
            }
        }
        let list: Vec<TopologySpreadConstraint> = constraints.iter().map(convert::spread_constraint).collect();
        args.pod_topology_spread = SpreadDefaults::List(list);
    }

    /// How many candidates preemption samples: checked, and then of no consequence, since all are tried.
    fn preemption(&mut self, document: &PreemptionDocument, at: &str) {
        let percentage = document.min_candidate_nodes_percentage.unwrap_or(10);
        let absolute = document.min_candidate_nodes_absolute.unwrap_or(100);
        if !(0..=100).contains(&percentage) {
            self.fault(format!("{at}.minCandidateNodesPercentage"), "not in valid range [0, 100]");
        }
        if absolute < 0 {
            self.fault(format!("{at}.minCandidateNodesAbsolute"), "not in valid range [0, inf)");
        }
        if percentage == 0 && absolute == 0 {
            let message = "cannot be zero at the same time as minCandidateNodesAbsolute";
            self.fault(format!("{at}.minCandidateNodesPercentage"), message);
        }
    }

    /// Reads a part of the document; its unknown fields are faults, as kube-scheduler decodes strictly.
    fn decode<T: DeserializeOwned>(&mut self, value: &Value, at: &str) -> Option<T> {
        let mut unknown = Vec::new();
        let mut track = serde_path_to_error::Track::new();
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(ignored_steps(&path));
        let ignored = serde_ignored::Deserializer::new(value, &mut note);
        let result = T::deserialize(serde_path_to_error::Deserializer::new(ignored, &mut track));
        for steps in unknown {
            let path = join(at, &steps);
            self.fault(path, "unknown field");
        }
        match result {
            Ok(document) => Some(document),
            Err(error) => {
                let steps: Vec<Step> = track.path().iter().filter_map(error_step).collect();
                self.fault(join(at, &steps), error.to_string());
                None
            }
        }
    }
}

fn join(at: &str, steps: &[Step]) -> String {
    let inner = show(steps);
    match (at.is_empty(), inner.is_empty()) {
        (true, _) => inner,
        (_, true) => at.to_owned(),
        _ if inner.starts_with('[') => format!("{at}{inner}"),
        _ => format!("{at}.{inner}"),
    }
}

/// A path's text taken apart again, such as `profiles[0].plugins.score`.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        let key = pieces.next().unwrap_or_default();
        if !key.is_empty() {
            steps.push(Step::Key(key.to_owned()));
        }
        steps.extend(pieces.filter_map(|piece| piece.trim_end_matches(']').parse().ok().map(Step::Index)));
    }
    steps
}

/// What was probably meant by a name that is not known.
fn hint(value: &Value, steps: &[Step], message: &str) -> Option<String> {
    if message == "unknown field" {
        let Some(Step::Key(field)) = steps.last() else { return None };
        let meant = closest(field, FIELDS.iter().copied())?;
        return Some(format!("did you mean {meant}?"));
    }
    if !message.starts_with("there is no plugin") {
        return None;
    }
    let found = steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(*index),
    })?;
    let meant = closest(found.as_str()?, PluginName::ALL.iter().map(PluginName::as_str))?;
    Some(format!("did you mean {meant}?"))
}

/// The fields that are most often mistyped.
const FIELDS: [&str; 24] = [
    "profiles",
    "schedulerName",
    "plugins",
    "pluginConfig",
    "percentageOfNodesToScore",
    "podInitialBackoffSeconds",
    "podMaxBackoffSeconds",
    "extenders",
    "leaderElection",
    "clientConnection",
    "enabled",
    "disabled",
    "name",
    "args",
    "weight",
    "scoringStrategy",
    "resources",
    "requestedToCapacityRatio",
    "ignoredResources",
    "ignoredResourceGroups",
    "addedAffinity",
    "hardPodAffinityWeight",
    "defaultConstraints",
    "defaultingType",
];

#[cfg(test)]
mod tests {
    use sim_core::Version;

    use super::load_scheduler_config;
    use crate::fault::Fault;

    const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

    /// The faults of a configuration for v1.34, one a line, without the head's two lines.
    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        check_in("1.34", &format!("{HEAD}{body}"), expected);
    }

    #[track_caller]
    fn check_in(version: &str, text: &str, expected: &[&str]) {
        let version: Version = version.parse().expect("a version");
        let result = load_scheduler_config("-".as_ref(), version, &mut text.as_bytes());
        let faults: Vec<String> =
            result.map_or_else(|faults| faults, |(_, warnings)| warnings).iter().map(Fault::to_string).collect();
        let expected: Vec<String> =
            expected.iter().map(|line| line.replacen(": ", ": KubeSchedulerConfiguration: ", 1)).collect();
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_plugin_that_does_not_exist() {
        check(
            "profiles:\n- plugins:\n    score:\n      disabled:\n      - name: NodeResourceFit\n",
            &[
                "<stdin>:7:15: profiles[0].plugins.score.disabled[0].name: there is no plugin \"NodeResourceFit\" in kube-scheduler v1.34.0",
            ],
        );
    }

    #[test]
    fn weights() {
        check(
            "profiles:\n- plugins:\n    score:\n      enabled:\n      - name: ImageLocality\n        weight: 0\n",
            &[
                "<stdin>:8:17: profiles[0].plugins.score.enabled[0].weight: a weight is at least 1; to leave a plugin out, list it under disabled",
            ],
        );
    }

    #[test]
    fn two_profiles_of_one_name() {
        check(
            "profiles:\n- schedulerName: a\n- schedulerName: a\n",
            &["<stdin>:5:18: profiles[1].schedulerName: duplicate value \"a\": profiles[0] has it already"],
        );
    }

    #[test]
    fn unknown_arguments() {
        check(
            "profiles:\n- pluginConfig:\n  - name: NodeResourcesFit\n    args: {scoringStrategie: {}}\n",
            &["<stdin>:6:30: profiles[0].pluginConfig[0].args.scoringStrategie: unknown field"],
        );
        check(
            "profiles:\n- pluginConfig:\n  - name: NodeName\n    args: {a: b}\n",
            &["<stdin>:6:11: profiles[0].pluginConfig[0].args: plugin NodeName takes no arguments"],
        );
    }

    #[test]
    fn api_versions_by_version() {
        let text = format!("{HEAD}profiles: []\n");
        check_in("1.25", &text, &[]);
        check_in(
            "1.22",
            &text,
            &["<stdin>:1:13: apiVersion: kube-scheduler v1.22.0 does not know v1; it knows v1beta1, v1beta2"],
        );
    }

    #[test]
    fn what_is_not_modelled_is_said() {
        check(
            "extenders:\n- urlPrefix: http://x\n",
            &["<stdin>:4:1: extenders: are not modelled: decided as if none were asked"],
        );
    }
}
