//! What the API server fills in where an object says nothing (`SetDefaults_*` of pkg/apis).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, RuleWithOperations, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::api::core::v1::{Container, LimitRange, Namespace, PodSpec, Service};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use sim_core::behaviour::RequestRules;
use sim_core::model::resources::{container_requests_of, is_pooled};
use sim_core::{Version, model};

use crate::behaviour::Behaviour;
use crate::convert;
use crate::service;

/// The API's defaults for a pod of a version (`SetDefaults_Pod`).
pub fn default_pod(spec: &mut PodSpec, version: Version) {
    default_pod_spec(spec);
    default_pod_resources(spec, sim_core::Behaviour::of(version).requests);
}

/// What a pod states for all its containers together is completed from what they ask for (1.34+).
pub(crate) fn default_pod_resources(spec: &mut PodSpec, rules: RequestRules) {
    if !rules.pod_level || spec.resources.is_none() {
        return;
    }
    let pod = model::Pod { spec: Arc::new(convert::pod_spec(spec)), ..model::Pod::default() };
    let of_containers = container_requests_of(&pod, rules);
    let Some(resources) = &mut spec.resources else { return };
    let mut limits = resources.limits.take().unwrap_or_default();
    let mut requests = resources.requests.take().unwrap_or_default();
    let state = |list: &mut BTreeMap<String, Quantity>, name: &String, amount: Quantity| {
        list.entry(name.clone()).or_insert(amount);
    };
    if !limits.is_empty() || !requests.is_empty() {
        let huge = of_containers.iter().filter(|(name, _)| name.starts_with("hugepages-"));
        for (name, amount) in huge.filter(|(name, _)| !requests.contains_key(*name)) {
            state(&mut limits, name, Quantity(amount.to_string()));
        }
    }
    if !limits.is_empty() {
        for (name, amount) in of_containers.iter().filter(|(name, _)| *name == "cpu" || *name == "memory") {
            state(&mut requests, name, Quantity(amount.to_string()));
        }
        for (name, limit) in limits.iter().filter(|(name, _)| is_pooled(name)) {
            state(&mut requests, name, limit.clone());
        }
    }
    resources.limits = Some(limits).filter(|limits| !limits.is_empty());
    resources.requests = Some(requests).filter(|requests| !requests.is_empty());
}

/// The defaults of pkg/apis/core/v1/defaults.go that a person can see or that change what happens.
pub(crate) fn default_pod_spec(spec: &mut PodSpec) {
    spec.restart_policy.get_or_insert_with(|| "Always".to_owned());
    spec.dns_policy.get_or_insert_with(|| "ClusterFirst".to_owned());
    spec.scheduler_name.get_or_insert_with(|| "default-scheduler".to_owned());
    spec.termination_grace_period_seconds.get_or_insert(30);
    if spec.service_account_name.as_deref().unwrap_or_default().is_empty() {
        spec.service_account_name = spec.service_account.clone().filter(|name| !name.is_empty());
    }
    let host_network = spec.host_network == Some(true);
    let containers = spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten());
    for container in containers {
        default_container(container, host_network);
    }
}

/// What a pod has and the templates of pods here do without: clients count on it (kubectl debug reads it unasked), and
/// nothing is decided by it.
pub(crate) fn default_pod_alone(spec: &mut PodSpec) {
    spec.security_context.get_or_insert_default();
    spec.enable_service_links.get_or_insert(true);
}

fn default_container(container: &mut Container, host_network: bool) {
    container.termination_message_path.get_or_insert_with(|| "/dev/termination-log".to_owned());
    container.termination_message_policy.get_or_insert_with(|| "File".to_owned());
    if container.image_pull_policy.is_none() {
        let image = container.image.as_deref().unwrap_or_default();
        let name = image.rsplit('/').next().unwrap_or_default();
        let latest = !image.contains('@') && (name.ends_with(":latest") || !name.contains(':'));
        container.image_pull_policy = Some(if latest { "Always" } else { "IfNotPresent" }.to_owned());
    }
    for port in container.ports.iter_mut().flatten() {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
        if host_network && port.host_port.unwrap_or(0) == 0 {
            port.host_port = Some(port.container_port);
        }
    }
    let probes = [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    for probe in probes.into_iter().flatten() {
        probe.timeout_seconds.get_or_insert(1);
        probe.period_seconds.get_or_insert(10);
        probe.success_threshold.get_or_insert(1);
        probe.failure_threshold.get_or_insert(3);
        if let Some(get) = &mut probe.http_get {
            get.scheme.get_or_insert_with(|| "HTTP".to_owned());
            get.path.get_or_insert_with(|| "/".to_owned());
        }
    }
    if let Some(resources) = &mut container.resources
        && let Some(limits) = &resources.limits
    {
        let requests = resources.requests.get_or_insert_default();
        for (name, limit) in limits {
            requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    }
}

/// A limit range's bounds are its defaults where it names none: the most is the limit, the limit is the request, and so
/// is the least (`SetDefaults_LimitRangeItem`).
pub(crate) fn default_limit_range(range: &mut LimitRange) {
    for item in range.spec.iter_mut().flat_map(|spec| &mut spec.limits).filter(|item| item.type_ == "Container") {
        let mut limits = item.default.take().unwrap_or_default();
        let mut requests = item.default_request.take().unwrap_or_default();
        for (name, most) in item.max.iter().flatten() {
            limits.entry(name.clone()).or_insert_with(|| most.clone());
        }
        for (name, amount) in limits.iter().chain(item.min.iter().flatten()) {
            requests.entry(name.clone()).or_insert_with(|| amount.clone());
        }
        item.default = Some(limits).filter(|limits| !limits.is_empty());
        item.default_request = Some(requests).filter(|requests| !requests.is_empty());
    }
}

/// A namespace is active until it is deleted, ends when its content is gone, and carries its name as a label (1.21).
pub(crate) fn default_namespace(namespace: &mut Namespace, behaviour: &Behaviour) {
    namespace.status.get_or_insert_default().phase.get_or_insert_with(|| "Active".to_owned());
    namespace.spec.get_or_insert_default().finalizers.get_or_insert_with(|| vec!["kubernetes".to_owned()]);
    if behaviour.namespace_name_label
        && let Some(name) = namespace.metadata.name.clone()
    {
        let labels = namespace.metadata.labels.get_or_insert_default();
        labels.entry("kubernetes.io/metadata.name".to_owned()).or_insert(name);
    }
}

/// What a Service says nothing of (`SetDefaults_Service`).
pub(crate) fn default_service(service: &mut Service, behaviour: &Behaviour) {
    let rules = &behaviour.services;
    service.status.get_or_insert_default().load_balancer.get_or_insert_default();
    let spec = service.spec.get_or_insert_default();
    let type_ = spec.type_.get_or_insert_with(|| "ClusterIP".to_owned()).clone();
    let affinity = spec.session_affinity.get_or_insert_with(|| "None".to_owned());
    if affinity == "None" {
        spec.session_affinity_config = None;
    } else if affinity == "ClientIP" {
        let config = spec.session_affinity_config.get_or_insert_default();
        config.client_ip.get_or_insert_default().timeout_seconds.get_or_insert(10_800);
    }
    for port in spec.ports.iter_mut().flatten() {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
        let says_nothing = match &port.target_port {
            None | Some(IntOrString::Int(0)) => true,
            Some(IntOrString::String(name)) => name.is_empty(),
            Some(IntOrString::Int(_)) => false,
        };
        if says_nothing {
            port.target_port = Some(IntOrString::Int(port.port));
        }
    }
    let is_policed = if rules.external_ips_have_policy {
        service::is_externally_accessible(spec)
    } else {
        service::is_of_nodes(spec)
    };
    if is_policed && spec.external_traffic_policy.as_ref().is_none_or(String::is_empty) {
        spec.external_traffic_policy = Some("Cluster".to_owned());
    }
    if rules.internal_traffic_policy && matches!(type_.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.internal_traffic_policy.get_or_insert_with(|| "Cluster".to_owned());
    }
    if rules.load_balancer_node_ports && type_ == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
    }
}

/// Defaults of admissionregistration.k8s.io/v1 (`SetDefaults_ValidatingWebhook`), which those of a MutatingWebhook are too.
pub(crate) fn default_validating_webhooks(configuration: &mut ValidatingWebhookConfiguration) {
    for webhook in configuration.webhooks.iter_mut().flatten() {
        default_webhook(
            &mut webhook.failure_policy,
            &mut webhook.match_policy,
            &mut webhook.timeout_seconds,
            [&mut webhook.namespace_selector, &mut webhook.object_selector],
        );
        default_backend(&mut webhook.client_config, webhook.rules.iter_mut().flatten());
    }
}

/// The same of a MutatingWebhook.
pub(crate) fn default_mutating_webhooks(configuration: &mut MutatingWebhookConfiguration) {
    for webhook in configuration.webhooks.iter_mut().flatten() {
        default_webhook(
            &mut webhook.failure_policy,
            &mut webhook.match_policy,
            &mut webhook.timeout_seconds,
            [&mut webhook.namespace_selector, &mut webhook.object_selector],
        );
        default_backend(&mut webhook.client_config, webhook.rules.iter_mut().flatten());
        webhook.reinvocation_policy.get_or_insert_with(|| "Never".to_owned());
    }
}

fn default_webhook(
    failure_policy: &mut Option<String>,
    match_policy: &mut Option<String>,
    timeout_seconds: &mut Option<i32>,
    selectors: [&mut Option<LabelSelector>; 2],
) {
    failure_policy.get_or_insert_with(|| "Fail".to_owned());
    match_policy.get_or_insert_with(|| "Equivalent".to_owned());
    timeout_seconds.get_or_insert(10);
    for selector in selectors {
        selector.get_or_insert_default();
    }
}

fn default_backend<'a>(backend: &mut WebhookClientConfig, rules: impl Iterator<Item = &'a mut RuleWithOperations>) {
    if let Some(service) = &mut backend.service {
        service.port.get_or_insert(443);
    }
    for rule in rules {
        rule.scope.get_or_insert_with(|| "*".to_owned());
    }
}
