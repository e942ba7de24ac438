//! The arguments of plugins, with the defaults and checks of `apis/config/v1*/defaults.go` and
//! `validation/validation_pluginargs.go`.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1 as api;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sim_cluster::convert;
use sim_core::model::TopologySpreadConstraint;
use sim_core::scheduler::PluginName;
use sim_core::scheduler::config::{
    ConfigApi, FitArgs, PluginArgs, ResourceWeight, ScoringStrategy, ScoringStrategyType, SpreadDefaults,
};
use sim_core::scheduler::profile::{exists_in, refused_plugins};

use super::document::{
    DynamicResourcesDocument, FitDocument, InterPodAffinityDocument, NodeAffinityDocument, PluginConfigDocument,
    PointDocument, PreemptionDocument, RatioArgsDocument, ResourceDocument, ResourcesDocument, SpreadDocument,
    VolumeBindingDocument,
};
use super::fields;
use super::names::qualified_name_fault;
use super::reader::{GROUP, Reader};

impl Reader {
    /// Reads one entry of `pluginConfig`.
    pub(super) fn args(&mut self, config: &PluginConfigDocument, at: &str, args: &mut PluginArgs) {
        let (api, version) = (self.api, self.behaviour.version);
        let Ok(plugin) = config.name.parse::<PluginName>() else {
            let message = format!("there is no plugin \"{}\" in kube-scheduler {version}", config.name);
            return self.fault(format!("{at}.name"), message);
        };
        if refused_plugins(&self.behaviour, api).contains(&plugin) {
            let message = format!("plugin \"{plugin}\" was removed in {} of kube-scheduler {version}", api.as_str());
            return self.fault(format!("{at}.name"), message);
        }
        if !exists_in(plugin, &self.behaviour) {
            let message = format!("has no effect: kube-scheduler {version} has no plugin {plugin}");
            return self.warn(format!("{at}.name"), message);
        }
        let is_empty = config.args.as_object().map_or(config.args.is_null(), serde_json::Map::is_empty);
        if is_empty {
            return;
        }
        let at = format!("{at}.args");
        match plugin {
            PluginName::NodeResourcesFit => {
                if let Some(document) = self.decode_args(plugin, &config.args, &at) {
                    args.fit = self.fit(document, &at);
                }
            }
            PluginName::NodeResourcesLeastAllocated => {
                args.least_allocated = self.resources_of(plugin, &config.args, &at);
            }
            PluginName::NodeResourcesMostAllocated => {
                args.most_allocated = self.resources_of(plugin, &config.args, &at);
            }
            PluginName::NodeResourcesBalancedAllocation => {
                if let Some(document) = self.decode_args::<ResourcesDocument>(plugin, &config.args, &at) {
                    args.balanced_allocation = self.balanced(document.resources, &at);
                }
            }
            PluginName::RequestedToCapacityRatio => {
                if let Some(document) = self.decode_args::<RatioArgsDocument>(plugin, &config.args, &at) {
                    let default = if self.rules().ratio_weight_defaults { 1 } else { 0 };
                    args.requested_to_capacity_ratio = ScoringStrategy {
                        kind: ScoringStrategyType::RequestedToCapacityRatio,
                        resources: self.resources(document.resources, &at, default, i64::MAX),
                        shape: self.shape(document.shape, &format!("{at}.shape")),
                    };
                }
            }
            PluginName::InterPodAffinity => {
                if let Some(document) = self.decode_args::<InterPodAffinityDocument>(plugin, &config.args, &at) {
                    let ignores = document.ignore_preferred_terms_of_existing_pods;
                    args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods = ignores;
                    if let Some(weight) = document.hard_pod_affinity_weight {
                        self.hard_weight(weight, &format!("{at}.hardPodAffinityWeight"), args);
                    }
                }
            }
            PluginName::NodeAffinity => {
                if let Some(document) = self.decode_args::<NodeAffinityDocument>(plugin, &config.args, &at)
                    && let Some(added) = document.added_affinity
                {
                    self.added_affinity(&added, &format!("{at}.addedAffinity"));
                    let required = added.required_during_scheduling_ignored_during_execution;
                    args.node_affinity.required = required.as_ref().map(convert::node_selector);
                    let preferred = added.preferred_during_scheduling_ignored_during_execution;
                    args.node_affinity.preferred = convert::preferred_terms(preferred.as_ref());
                }
            }
            PluginName::PodTopologySpread => {
                if let Some(document) = self.decode_args(plugin, &config.args, &at) {
                    self.spread(document, &at, args);
                }
            }
            PluginName::DefaultPreemption => {
                if let Some(document) = self.decode_args(plugin, &config.args, &at) {
                    self.preemption(&document, &at);
                }
            }
            PluginName::VolumeBinding => {
                if let Some(document) = self.decode_args::<VolumeBindingDocument>(plugin, &config.args, &at) {
                    if document.bind_timeout_seconds.is_some_and(|seconds| seconds < 0) {
                        self.fault(format!("{at}.bindTimeoutSeconds"), "should not be a negative value");
                    }
                    if document.shape.is_some() {
                        self.fault(format!("{at}.shape"), "the feature gate it needs is off by default");
                    }
                }
            }
            PluginName::DynamicResources => {
                if let Some(document) = self.decode_args::<DynamicResourcesDocument>(plugin, &config.args, &at) {
                    let at = format!("{at}.filterTimeout");
                    if self.duration_ms(document.filter_timeout.as_deref(), &at).is_some_and(|ms| ms < 0) {
                        self.fault(at, "must be zero or positive");
                    }
                }
            }
            other => self.fault(at, format!("plugin {other} takes no arguments")),
        }
    }

    /// Decodes arguments, which are a type of their own, named after the plugin. They may say so.
    fn decode_args<T: DeserializeOwned>(&mut self, plugin: PluginName, args: &Value, at: &str) -> Option<T> {
        let kind = format!("{plugin}Args");
        let version = self.behaviour.version;
        if !fields::has(&kind, "", self.api, version.minor()) {
            let message =
                format!("plugin {plugin} takes no arguments in {} of kube-scheduler {version}", self.api.as_str());
            self.fault(at, message);
            return None;
        }
        let mut rest = args.clone();
        if let Value::Object(fields) = &mut rest {
            if fields.remove("kind").is_some_and(|written| written != Value::String(kind.clone())) {
                self.fault(format!("{at}.kind"), format!("expected {kind}"));
            }
            let (oldest, newest) = self.behaviour.config_apis;
            let known = ConfigApi::ALL.into_iter().filter(|api| (oldest..=newest).contains(api));
            let known: Vec<String> = known.map(|api| format!("{GROUP}{}", api.as_str())).collect();
            if let Some(written) = fields.remove("apiVersion")
                && !written.as_str().is_some_and(|written| known.iter().any(|known| known == written))
            {
                self.fault(
                    format!("{at}.apiVersion"),
                    format!("{written} is not known: expected {}", known.join(" or ")),
                );
            }
        }
        self.decode_as(&kind, &rest, at)
    }

    fn fit(&mut self, document: FitDocument, at: &str) -> FitArgs {
        for (index, resource) in document.ignored_resources.iter().enumerate() {
            self.label_name(resource, &format!("{at}.ignoredResources[{index}]"));
        }
        for (index, group) in document.ignored_resource_groups.iter().enumerate() {
            let at = format!("{at}.ignoredResourceGroups[{index}]");
            if group.contains('/') {
                self.fault(at, format!("{group:?}: resource group name can't contain '/'"));
            } else {
                self.label_name(group, &at);
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
        match kinds.iter().find(|(name, _)| *name == strategy.kind) {
            Some((_, kind)) => args.scoring_strategy.kind = *kind,
            None => {
                let known = kinds.map(|(name, _)| name).join(", ");
                self.fault(format!("{at}.type"), format!("{:?} is not known: expected one of {known}", strategy.kind));
            }
        }
        args.scoring_strategy.resources = self.resources(strategy.resources, &at, 1, 100);
        let is_ratio = args.scoring_strategy.kind == ScoringStrategyType::RequestedToCapacityRatio;
        let shape_at = format!("{at}.requestedToCapacityRatio.shape");
        match strategy.requested_to_capacity_ratio {
            Some(ratio) => args.scoring_strategy.shape = self.shape(ratio.shape, &shape_at),
            None if is_ratio => self.fault(shape_at, "at least one point must be specified"),
            None => {}
        }
        args
    }

    fn label_name(&mut self, name: &str, at: &str) {
        if let Some(fault) = qualified_name_fault(name) {
            self.fault(at, format!("{name:?}: {fault}"));
        }
    }

    /// The resources of LeastAllocated and MostAllocated as plugins of their own, where a weight has no default.
    fn resources_of(&mut self, plugin: PluginName, args: &Value, at: &str) -> Vec<ResourceWeight> {
        let document: ResourcesDocument = self.decode_args(plugin, args, at).unwrap_or_default();
        self.resources(document.resources, at, 0, 100)
    }

    /// Resources with their weights, and what stands for a weight of 0; none stated means CPU and memory alike.
    fn resources(
        &mut self,
        documents: Vec<ResourceDocument>,
        at: &str,
        default_weight: i64,
        greatest_weight: i64,
    ) -> Vec<ResourceWeight> {
        if documents.is_empty() {
            return ScoringStrategy::default().resources;
        }
        let mut resources = Vec::new();
        for (index, ResourceDocument { name, weight }) in documents.into_iter().enumerate() {
            let weight = if weight == 0 { default_weight } else { weight };
            if !(1..=greatest_weight).contains(&weight) {
                let range =
                    if greatest_weight == i64::MAX { "[1, inf)".to_owned() } else { format!("(0, {greatest_weight}]") };
                let at = format!("{at}.resources[{index}].weight");
                self.fault(at, format!("resource weight of {name} not in valid range {range}"));
            }
            resources.push(ResourceWeight { name, weight });
        }
        resources
    }

    fn balanced(&mut self, documents: Vec<ResourceDocument>, at: &str) -> Vec<ResourceWeight> {
        let mut names = BTreeSet::new();
        for (index, resource) in documents.iter().enumerate() {
            let at = format!("{at}.resources[{index}]");
            if !matches!(resource.weight, 0 | 1) {
                self.fault(format!("{at}.weight"), "must be 1");
            }
            if !names.insert(&resource.name) {
                self.fault(format!("{at}.name"), format!("duplicate value \"{}\"", resource.name));
            }
        }
        if documents.is_empty() {
            return ScoringStrategy::default().resources;
        }
        documents.into_iter().map(|resource| ResourceWeight { name: resource.name, weight: 1 }).collect()
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
        points.into_iter().map(|point| (point.utilization.into(), point.score.into())).collect()
    }

    /// The weight that a required affinity term of an existing pod adds.
    pub(super) fn hard_weight(&mut self, weight: i32, at: &str, args: &mut PluginArgs) {
        if !(0..=100).contains(&weight) {
            self.fault(at, "not in valid range [0, 100]");
        }
        args.inter_pod_affinity.hard_pod_affinity_weight = weight.into();
    }

    fn spread(&mut self, document: SpreadDocument, at: &str, args: &mut PluginArgs) {
        let constraints = &document.default_constraints;
        // Before v1beta2 a list was taken for meant.
        let by_list = self.api < ConfigApi::V1Beta2 && !constraints.is_empty();
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
        let key = |constraint: &api::TopologySpreadConstraint| {
            (constraint.topology_key.clone(), constraint.when_unsatisfiable.clone())
        };
        for (index, constraint) in constraints.iter().enumerate() {
            let at = format!("{at}.defaultConstraints[{index}]");
            self.default_constraint(constraint, &at);
            if constraints[..index].iter().any(|other| key(other) == key(constraint)) {
                let (topology_key, action) = key(constraint);
                self.fault(at, format!("duplicate value {{{topology_key}, {action}}}"));
            }
        }
        let list: Vec<TopologySpreadConstraint> = constraints.iter().map(convert::spread_constraint).collect();
        args.pod_topology_spread = SpreadDefaults::List(list);
    }

    fn default_constraint(&mut self, constraint: &api::TopologySpreadConstraint, at: &str) {
        if constraint.max_skew <= 0 {
            self.fault(format!("{at}.maxSkew"), "not in valid range (0, inf)");
        }
        if constraint.topology_key.is_empty() {
            self.fault(format!("{at}.topologyKey"), "can not be empty");
        } else {
            self.label_name(&constraint.topology_key, &format!("{at}.topologyKey"));
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
}
