//! `kubectl describe` of NetworkPolicies, Ingresses, their classes, Endpoints and EndpointSlices.

use k8s_openapi::api::core::v1::{Event, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::jiff::fmt::strtime;
use serde_json::Value;

use super::context::PrintContext;
use super::describe::Page;
use super::describe_data::ready_endpoints;
use super::describe_workload::{head, labels};
use super::template::selector_text;
use super::verbatim::{items, text};
use crate::object::Unstructured;

/// Whose traffic a rule of a NetworkPolicy is about.
#[derive(Debug, Clone, Copy)]
struct Direction {
    name: &'static str,
    /// The field with the other ends, and how the page calls it.
    peers: &'static str,
    peer: &'static str,
    unrestricted: &'static str,
}

const INGRESS: Direction = Direction { name: "ingress", peers: "from", peer: "From", unrestricted: "source" };
const EGRESS: Direction = Direction { name: "egress", peers: "to", peer: "To", unrestricted: "destination" };

/// The page of a NetworkPolicy (`describeNetworkPolicy`).
pub(super) fn describe_network_policy(policy: &Unstructured, context: &PrintContext) -> String {
    let mut page = Page::default();
    head(&mut page, &policy.metadata);
    let created = policy.metadata.creation_timestamp.as_ref().map(|created| created.0);
    let created = created.map(|created| created.to_zoned(context.offset.to_time_zone()));
    let zone = if context.offset.seconds() == 0 { "UTC" } else { "%z" };
    let created = created.and_then(|created| strtime::format(format!("%Y-%m-%d %H:%M:%S %z {zone}"), &created).ok());
    page.field(0, "Created on", created.as_deref().unwrap_or("0001-01-01 00:00:00 +0000 UTC"));
    labels(&mut page, &policy.metadata);
    let nothing = Value::Null;
    let spec = policy.rest.get("spec").unwrap_or(&nothing);
    page.line(0, "Spec:");
    let pods = match selector(&spec["podSelector"]) {
        text if text == "<none>" => "<none> (Allowing the specific traffic to all pods in this namespace)".to_owned(),
        text => text,
    };
    // The rest is written without columns.
    page.line(1, &format!("PodSelector:     {pods}"));
    let types: Vec<String> = items(&spec["policyTypes"]).map(text).collect();
    for (type_, direction) in [("Ingress", INGRESS), ("Egress", EGRESS)] {
        let name = direction.name;
        if types.iter().any(|known| known == type_) {
            page.line(1, &format!("Allowing {name} traffic:"));
            network_rules(&mut page, &spec[name], direction, context);
        } else {
            page.line(1, &format!("Not affecting {name} traffic"));
        }
    }
    page.line(1, &format!("Policy Types: {}", types.join(", ")));
    page.finish()
}

fn network_rules(page: &mut Page, rules: &Value, direction: Direction, context: &PrintContext) {
    let Direction { name, peers, peer, unrestricted } = direction;
    let count = items(rules).count();
    if count == 0 {
        page.line(2, &format!("<none> (Selected pods are isolated for {name} connectivity)"));
    }
    for (index, rule) in items(rules).enumerate() {
        let mut ports = items(&rule["ports"]).peekable();
        if ports.peek().is_none() {
            page.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in ports {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            let number = if port["port"].is_null() { "<nil>".to_owned() } else { text(&port["port"]) };
            match port["endPort"].as_i64().filter(|_| context.layout.port_ranges) {
                Some(end) => page.line(2, &format!("To Port Range: {number}-{end}/{protocol}")),
                None => page.line(2, &format!("To Port: {number}/{protocol}")),
            }
        }
        let mut ends = items(&rule[peers]).peekable();
        if ends.peek().is_none() {
            page.line(2, &format!("{peer}: <any> (traffic not restricted by {unrestricted})"));
        }
        for end in ends {
            page.line(2, &format!("{peer}:"));
            for (title, field) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
                if !end[field].is_null() {
                    page.line(3, &format!("{title}: {}", selector(&end[field])));
                }
            }
            if !end["ipBlock"].is_null() {
                let except: Vec<String> = items(&end["ipBlock"]["except"]).map(text).collect();
                page.line(3, "IPBlock:");
                page.line(4, &format!("CIDR: {}", text(&end["ipBlock"]["cidr"])));
                page.line(4, &format!("Except: {}", except.join(", ")));
            }
        }
        if index + 1 < count {
            page.line(2, "----------");
        }
    }
}

fn selector(value: &Value) -> String {
    let selector: Option<LabelSelector> = serde_json::from_value(value.clone()).unwrap_or_default();
    selector_text(&selector.unwrap_or_default())
}

/// What an Ingress's page looks up.
pub(super) struct Backends<'a> {
    /// The Service of a name.
    pub(super) service: &'a dyn Fn(&str) -> Option<&'a Service>,
    /// What says which pods are behind a Service of this name.
    pub(super) endpoints: &'a dyn Fn(&str) -> Vec<&'a Unstructured>,
}

/// The page of an Ingress (`describeIngressV1`).
pub(super) fn describe_ingress(
    ingress: &Unstructured,
    backends: &Backends<'_>,
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let nothing = Value::Null;
    let spec = ingress.rest.get("spec").unwrap_or(&nothing);
    page.field(0, "Name", ingress.metadata.name.as_deref().unwrap_or_default());
    page.labels("Labels", ingress.metadata.labels.as_ref());
    page.field(0, "Namespace", ingress.metadata.namespace.as_deref().unwrap_or_default());
    let status = ingress.rest.get("status").unwrap_or(&nothing);
    let addresses = items(&status["loadBalancer"]["ingress"]).filter_map(|address| {
        [&address["ip"], &address["hostname"]].into_iter().map(text).find(|address| !address.is_empty())
    });
    page.field(0, "Address", &addresses.collect::<Vec<_>>().join(","));
    page.field(0, "Ingress Class", spec["ingressClassName"].as_str().unwrap_or("<none>"));
    // `backend` and its parts are those of v1beta1.
    let default = [&spec["defaultBackend"], &spec["backend"]].into_iter().find(|backend| !backend.is_null());
    let default = default.map_or_else(|| "<default>".to_owned(), |backend| backend_text(backend, backends, context));
    page.field(0, "Default backend", &default);
    if items(&spec["tls"]).next().is_some() {
        page.line(0, "TLS:");
    }
    for tls in items(&spec["tls"]) {
        let hosts = items(&tls["hosts"]).map(text).collect::<Vec<_>>().join(",");
        match tls["secretName"].as_str().filter(|name| !name.is_empty()) {
            Some(secret) => page.line(1, &format!("{secret} terminates {hosts}")),
            None => page.line(1, &format!("SNI routes {hosts}")),
        }
    }
    page.line(0, "Rules:");
    page.line(1, "Host\tPath\tBackends");
    page.line(1, "----\t----\t--------");
    let mut rules = items(&spec["rules"]).filter(|rule| !rule["http"].is_null()).peekable();
    if rules.peek().is_none() {
        page.line(1, &format!("*\t* \t{default}"));
    }
    for rule in rules {
        page.line(1, &format!("{}\t", rule["host"].as_str().filter(|host| !host.is_empty()).unwrap_or("*")));
        for path in items(&rule["http"]["paths"]) {
            page.line(2, &format!("\t{} \t{}", text(&path["path"]), backend_text(&path["backend"], backends, context)));
        }
    }
    page.annotations(ingress.metadata.annotations.as_ref());
    page.events(events, context);
    page.finish()
}

/// A backend with the endpoints behind it (`describeBackendV1`).
fn backend_text(backend: &Value, backends: &Backends<'_>, context: &PrintContext) -> String {
    let resource = &backend["resource"];
    if !resource.is_null() {
        let group = resource["apiGroup"].as_str().unwrap_or("<none>");
        return format!("APIGroup: {group}, Kind: {}, Name: {}", text(&resource["kind"]), text(&resource["name"]));
    }
    let (name, port) = match backend["serviceName"].as_str() {
        Some(name) => (name.to_owned(), &backend["servicePort"]),
        None => {
            let port = &backend["service"]["port"];
            let port = if port["name"].is_null() { &port["number"] } else { &port["name"] };
            (text(&backend["service"]["name"]), port)
        }
    };
    let shown = format!("{name}:{}", text(port));
    let Some(service) = (backends.service)(&name) else {
        let missing = if context.layout.endpoint_slices { "services" } else { "endpoints" };
        return format!("{shown} (<error: {missing} \"{name}\" not found>)");
    };
    let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let mut named = ports.filter(|own| port.as_i64() == Some(own.port.into()) || port.as_str() == own.name.as_deref());
    let named = named.next_back().and_then(|own| own.name.clone()).unwrap_or_default();
    format!("{shown} ({})", ready_endpoints(&(backends.endpoints)(&name), &named, context))
}

/// The page of an IngressClass (`describeIngressClassV1`).
pub(super) fn describe_ingress_class(class: &Unstructured, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let nothing = Value::Null;
    let spec = class.rest.get("spec").unwrap_or(&nothing);
    page.field(0, "Name", class.metadata.name.as_deref().unwrap_or_default());
    labels(&mut page, &class.metadata);
    page.field(0, "Controller", &text(&spec["controller"]));
    let parameters = &spec["parameters"];
    if !parameters.is_null() {
        page.line(0, "Parameters:");
        if let Some(group) = parameters["apiGroup"].as_str() {
            page.field(1, "APIGroup", group);
        }
        page.field(1, "Kind", &text(&parameters["kind"]));
        page.field(1, "Name", &text(&parameters["name"]));
    }
    page.events(events, context);
    page.finish()
}

/// The page of Endpoints (`describeEndpoints`).
pub(super) fn describe_endpoints(endpoints: &Unstructured, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    head(&mut page, &endpoints.metadata);
    labels(&mut page, &endpoints.metadata);
    page.line(0, "Subsets:");
    for subset in items(endpoints.rest.get("subsets").unwrap_or(&Value::Null)) {
        for (title, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let addresses: Vec<String> = items(&subset[field]).map(|address| text(&address["ip"])).collect();
            let addresses = if addresses.is_empty() { "<none>".to_owned() } else { addresses.join(",") };
            page.field(1, title, &addresses);
        }
        if items(&subset["ports"]).next().is_some() {
            page.line(1, "Ports:");
            ports(&mut page, 2, &subset["ports"]);
        }
        page.line(0, "");
    }
    page.events(events, context);
    page.finish()
}

/// The page of an EndpointSlice (`describeEndpointSliceV1`).
pub(super) fn describe_endpoint_slice(slice: &Unstructured, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let nothing = Value::Null;
    let field = |field: &str| slice.rest.get(field).unwrap_or(&nothing);
    head(&mut page, &slice.metadata);
    labels(&mut page, &slice.metadata);
    page.field(0, "AddressType", &text(field("addressType")));
    if items(field("ports")).next().is_none() {
        page.line(0, "Ports: <unset>");
    } else {
        page.line(0, "Ports:");
        ports(&mut page, 1, field("ports"));
    }
    if items(field("endpoints")).next().is_none() {
        page.line(0, "Endpoints: <none>");
    } else {
        page.line(0, "Endpoints:");
    }
    let or_unset = |value: &Value| if value.is_null() { "<unset>".to_owned() } else { text(value) };
    for endpoint in items(field("endpoints")) {
        let addresses: Vec<String> = items(&endpoint["addresses"]).map(text).collect();
        page.field(1, "- Addresses", &if addresses.is_empty() { "<none>".to_owned() } else { addresses.join(", ") });
        page.line(2, "Conditions:");
        page.field(3, "Ready", &or_unset(&endpoint["conditions"]["ready"]));
        page.field(2, "Hostname", &or_unset(&endpoint["hostname"]));
        let target = &endpoint["targetRef"];
        if !target.is_null() {
            page.field(2, "TargetRef", &format!("{}/{}", text(&target["kind"]), text(&target["name"])));
        }
        page.field(2, "NodeName", &or_unset(&endpoint["nodeName"]));
        page.field(2, "Zone", &or_unset(&endpoint["zone"]));
    }
    page.events(events, context);
    page.finish()
}

fn ports(page: &mut Page, level: usize, ports: &Value) {
    page.line(level, "Name\tPort\tProtocol");
    page.line(level, "----\t----\t--------");
    for port in items(ports) {
        let name = port["name"].as_str().filter(|name| !name.is_empty()).unwrap_or("<unset>");
        let number = if port["port"].is_null() { "<unset>".to_owned() } else { text(&port["port"]) };
        page.line(level, &format!("{name}\t{number}\t{}", port["protocol"].as_str().unwrap_or("TCP")));
    }
}
