//! `kubectl describe` of Services, ConfigMaps, Secrets and ServiceAccounts.

use k8s_openapi::api::core::v1::{ConfigMap, Event, Service, ServiceAccount};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::context::PrintContext;
use super::describe::Page;
use super::describe_workload::{head, labels};
use super::table::format_labels;
use super::verbatim::{few, join_host_port};
use crate::object::Unstructured;
use crate::secret::Secret;

/// The page of a Service with the endpoints that the input has of it: EndpointSlices, or Endpoints for older clients
/// (`describeService`).
pub(super) fn describe_service(
    service: &Service,
    endpoints: &[&Unstructured],
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let (spec, status) = (service.spec.clone().unwrap_or_default(), service.status.clone().unwrap_or_default());
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let joined = |list: &Option<Vec<String>>| list.as_ref().filter(|list| !list.is_empty()).map(|list| list.join(","));
    head(&mut page, &service.metadata);
    labels(&mut page, &service.metadata);
    page.field(0, "Selector", &format_labels(spec.selector.as_ref()));
    page.field(0, "Type", spec.type_.as_deref().unwrap_or("ClusterIP"));
    if context.layout.ip_families {
        if let Some(policy) = &spec.ip_family_policy {
            page.field(0, "IP Family Policy", policy);
        }
        page.field(0, "IP Families", joined(&spec.ip_families).as_deref().unwrap_or("<none>"));
    }
    page.field(0, "IP", spec.cluster_ip.as_deref().unwrap_or_default());
    if context.layout.ip_families {
        page.field(0, "IPs", joined(&spec.cluster_ips).as_deref().unwrap_or("<none>"));
    }
    if let Some(ips) = joined(&spec.external_ips) {
        page.field(0, "External IPs", &ips);
    }
    if let Some(ip) = text(&spec.load_balancer_ip) {
        page.field(0, if context.layout.ip_families { "Desired LoadBalancer IP" } else { "IP" }, &ip);
    }
    if let Some(name) = text(&spec.external_name) {
        page.field(0, "External Name", &name);
    }
    let ingress: Vec<String> = status
        .load_balancer
        .iter()
        .flat_map(|balancer| balancer.ingress.iter().flatten())
        .map(|ingress| text(&ingress.ip).or(text(&ingress.hostname)).unwrap_or_default())
        .collect();
    if !ingress.is_empty() {
        page.field(0, "LoadBalancer Ingress", &ingress.join(", "));
    }
    for port in spec.ports.iter().flatten() {
        let name = text(&port.name).unwrap_or_else(|| "<unset>".to_owned());
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        page.field(0, "Port", &format!("{name}\t{}/{protocol}", port.port));
        let target = match &port.target_port {
            Some(IntOrString::Int(number)) => number.to_string(),
            Some(IntOrString::String(name)) => name.clone(),
            None => port.port.to_string(),
        };
        page.field(0, "TargetPort", &format!("{target}/{protocol}"));
        if let Some(protocol) = text(&port.app_protocol).filter(|_| context.layout.described_time_zone) {
            page.field(0, "AppProtocol", &protocol);
        }
        if let Some(number) = port.node_port.filter(|number| *number != 0) {
            page.field(0, "NodePort", &format!("{name}\t{number}/{protocol}"));
        }
        page.field(0, "Endpoints", &ready_endpoints(endpoints, port.name.as_deref().unwrap_or_default(), context));
    }
    page.field(0, "Session Affinity", spec.session_affinity.as_deref().unwrap_or("None"));
    if let Some(policy) = text(&spec.external_traffic_policy) {
        page.field(0, "External Traffic Policy", &policy);
    }
    if let Some(policy) = text(&spec.internal_traffic_policy).filter(|_| context.layout.endpoint_slices) {
        page.field(0, "Internal Traffic Policy", &policy);
    }
    if let Some(port) = spec.health_check_node_port.filter(|port| *port != 0) {
        page.field(0, "HealthCheck NodePort", &port.to_string());
    }
    if let Some(ranges) = joined(&spec.load_balancer_source_ranges) {
        page.field(0, "LoadBalancer Source Ranges", &ranges);
    }
    page.events(events, context);
    page.finish()
}

/// The ready addresses of one port (`formatEndpointSlices`, `formatEndpoints`).
pub(super) fn ready_endpoints(endpoints: &[&Unstructured], port_name: &str, context: &PrintContext) -> String {
    if endpoints.is_empty() {
        return "<none>".to_owned();
    }
    let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut list = Vec::new();
    for object in endpoints {
        // Subsets of Endpoints hold ready addresses, slices say of each whether it is.
        let groups = match object.rest.get("subsets") {
            Some(subsets) => items(Some(subsets)),
            None => vec![Value::Object(object.rest.clone())],
        };
        for group in groups {
            let addresses: Vec<String> = match group.get("endpoints") {
                Some(endpoints) => items(Some(endpoints))
                    .iter()
                    .filter(|endpoint| context.layout.unready_endpoints || endpoint["conditions"]["ready"] != false)
                    .filter_map(|endpoint| endpoint["addresses"][0].as_str().map(str::to_owned))
                    .collect(),
                None => items(group.get("addresses"))
                    .iter()
                    .filter_map(|address| address["ip"].as_str().map(str::to_owned))
                    .collect(),
            };
            let ports = items(group.get("ports"));
            if ports.is_empty() {
                list.extend(addresses.clone());
            }
            for port in ports.iter().filter(|port| port["name"].as_str().unwrap_or_default() == port_name) {
                list.extend(addresses.iter().map(|address| join_host_port(address, &port["port"].to_string())));
            }
        }
    }
    few(list, 3, "")
}

/// The page of a ConfigMap (`ConfigMapDescriber`).
pub(super) fn describe_config_map(map: &ConfigMap, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    head(&mut page, &map.metadata);
    labels(&mut page, &map.metadata);
    page.line(0, "\nData\n====");
    for (key, value) in map.data.iter().flatten() {
        page.line(0, &format!("{key}:\n----\n{value}"));
        if context.layout.endpoint_slices {
            page.line(0, "");
        }
    }
    if context.layout.binary_data {
        page.line(0, "\nBinaryData\n====");
        for (key, value) in map.binary_data.iter().flatten() {
            page.line(0, &format!("{key}: {} bytes", value.0.len()));
        }
        page.line(0, "");
    }
    page.events(events, context);
    page.finish()
}

/// The page of a Secret: how large its values are, not what they are (`describeSecret`).
pub(super) fn describe_secret(secret: &Secret) -> String {
    let mut page = Page::default();
    head(&mut page, &secret.metadata);
    labels(&mut page, &secret.metadata);
    page.line(0, &format!("\nType:\t{}", secret.type_()));
    page.line(0, "\nData\n====");
    for (key, value) in secret.data.iter().flatten() {
        page.field(0, key, &format!("{} bytes", decoded_length(value.as_str().unwrap_or_default())));
    }
    page.finish()
}

/// How many bytes a text in base64 stands for.
fn decoded_length(text: &str) -> usize {
    text.bytes().filter(|byte| !matches!(byte, b'=' | b'\n' | b'\r')).count() * 3 / 4
}

/// The page of a ServiceAccount (`describeServiceAccount`).
pub(super) fn describe_service_account(
    account: &ServiceAccount,
    secrets: &[&Secret],
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    head(&mut page, &account.metadata);
    labels(&mut page, &account.metadata);
    let is_old = context.layout.mountable_secrets;
    let known = |name: &String| match secrets.iter().any(|secret| secret.metadata.name.as_ref() == Some(name)) {
        false if is_old => format!("{name} (not found)"),
        _ => name.clone(),
    };
    let pull = account.image_pull_secrets.iter().flatten().map(|secret| known(&secret.name));
    page.lines("Image pull secrets", &pull.collect::<Vec<_>>());
    if is_old {
        let mountable = account.secrets.iter().flatten().filter_map(|secret| secret.name.as_ref()).map(known);
        page.lines("Mountable secrets", &mountable.collect::<Vec<_>>());
        let is_token = |secret: &&&Secret| {
            let annotations = secret.metadata.annotations.as_ref();
            let of = annotations.and_then(|annotations| annotations.get("kubernetes.io/service-account.name"));
            of == account.metadata.name.as_ref() && secret.type_() == "kubernetes.io/service-account-token"
        };
        let tokens = secrets.iter().filter(is_token).filter_map(|secret| secret.metadata.name.clone());
        page.lines("Tokens", &tokens.collect::<Vec<_>>());
    }
    page.events(events, context);
    page.finish()
}
