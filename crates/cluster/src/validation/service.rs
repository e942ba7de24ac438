//! Services (`ValidateService` and `ValidateServiceUpdate` of pkg/apis/core/validation).

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{ServicePort, ServiceSpec, SessionAffinityConfig};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::field::{Faults, Path};
use super::{container, list_text, names};
use crate::behaviour::Behaviour;
use crate::service::{HEADLESS, is_external_name, is_externally_accessible, is_headless, needs_health_check};

const LOAD_BALANCER_ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
const FIXED: &str = "may not change once set";
const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
/// A day (`MaxClientIPServiceAffinitySeconds`).
const LONGEST_AFFINITY: i32 = 86_400;

/// `ValidateService`.
pub(super) fn service(faults: &mut Faults, path: &Path<'_>, spec: &ServiceSpec, rules: &Behaviour) {
    let ports = spec.ports.as_deref().unwrap_or_default();
    if ports.is_empty() && !is_headless(spec) && !is_external_name(spec) {
        faults.required(&path.child("ports"), "");
    }
    match spec.type_.as_deref() {
        Some(type_ @ ("LoadBalancer" | "NodePort")) if is_headless(spec) => {
            let why = format!("may not be set to 'None' for {type_} services");
            let list = path.child("clusterIPs");
            let (one, list) = (path.child("clusterIP"), list.index(0));
            faults.invalid(if rules.services.cluster_ips { &list } else { &one }, format!("{HEADLESS:?}"), &why);
        }
        Some("ExternalName") => external_name(faults, path, spec, rules),
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        service_port(faults, &path.child("ports").index(index), port, ports.len() > 1, &mut seen, rules);
    }
    names::labels(faults, &path.child("selector"), spec.selector.as_ref(), rules.rfc_1123);
    affinity(faults, path, spec);
    if rules.services.cluster_ips {
        addresses(faults, spec, rules);
    } else if let Some(address) = spec.cluster_ip.as_deref().filter(|address| !matches!(*address, "" | HEADLESS)) {
        ip(faults, &path.child("clusterIP"), address, rules);
    }
    for (index, address) in spec.external_ips.iter().flatten().enumerate() {
        ip(faults, &path.child("externalIPs").index(index), address, rules);
    }
    let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    faults.one_of(&path.child("type"), spec.type_.as_deref(), &types);
    node_ports(faults, path, spec, ports);
    unique_ports(faults, path, ports, rules);
    let is_balanced = spec.type_.as_deref() == Some("LoadBalancer");
    if spec.load_balancer_source_ranges.as_ref().is_some_and(|ranges| !ranges.is_empty()) && !is_balanced {
        faults.forbidden(&path.child("LoadBalancerSourceRanges"), LOAD_BALANCER_ONLY);
    }
    if spec.allocate_load_balancer_node_ports.is_some() && !is_balanced {
        faults.forbidden(&path.child("allocateLoadBalancerNodePorts"), LOAD_BALANCER_ONLY);
    }
    if let Some(class) = &spec.load_balancer_class {
        if is_balanced {
            names::label_key(faults, &path.child("loadBalancerClass"), class, rules.rfc_1123);
        } else {
            faults.forbidden(&path.child("loadBalancerClass"), LOAD_BALANCER_ONLY);
        }
    }
    traffic(faults, path, spec, rules);
}

/// `ValidateServiceUpdate`: the first address and family stay, unless it becomes or was only a name.
pub(super) fn service_update(
    faults: &mut Faults,
    path: &Path<'_>,
    before: &ServiceSpec,
    after: &ServiceSpec,
    rules: &Behaviour,
) {
    if !is_external_name(before) && !is_external_name(after) {
        if rules.services.cluster_ips {
            fixed_addresses(faults, path, before, after, rules);
        } else if before.cluster_ip.as_ref().is_some_and(|address| !address.is_empty())
            && before.cluster_ip != after.cluster_ip
        {
            let asked = after.cluster_ip.clone().unwrap_or_default();
            faults.invalid(&path.child("clusterIP"), format!("{asked:?}"), "field is immutable");
        }
        if rules.services.ip_families {
            fixed_families(faults, path, before, after, rules);
        }
    }
    let is_balanced = |spec: &ServiceSpec| spec.type_.as_deref() == Some("LoadBalancer");
    if is_balanced(before) && is_balanced(after) && before.load_balancer_class != after.load_balancer_class {
        let class = after.load_balancer_class.as_ref().map_or("null".to_owned(), |class| format!("{class:?}"));
        faults.invalid(&path.child("loadBalancerClass"), class, FIXED);
    }
    if needs_health_check(before)
        && needs_health_check(after)
        && before.health_check_node_port != after.health_check_node_port
    {
        faults.forbidden(&path.child("healthCheckNodePort"), "field is immutable");
    }
}

/// What a Service says of its addresses fits together (`ValidateServiceClusterIPsRelatedFields`).
pub(crate) fn addresses(faults: &mut Faults, spec: &ServiceSpec, rules: &Behaviour) {
    if is_external_name(spec) {
        return;
    }
    let path = Path::new("spec");
    let list = spec.cluster_ips.as_deref().unwrap_or_default();
    let text = || list_text("[]string", list, rules);
    let field = path.child("clusterIPs");
    match spec.cluster_ip.as_deref().filter(|address| !address.is_empty()) {
        Some(_) if list.is_empty() => faults.required(&field, ""),
        Some(first) if list.first().is_some_and(|own| own != first) => {
            faults.invalid(&field, text(), "first value must match `clusterIP`");
        }
        None if !list.is_empty() => {
            faults.invalid(&field, text(), "must be empty when `clusterIP` is not specified");
        }
        _ => {}
    }
    let families = spec.ip_families.as_deref().unwrap_or_default();
    for (index, family) in families.iter().enumerate() {
        let field = path.child("ipFamilies");
        let field = field.index(index);
        faults.one_of(&field, Some(family), &FAMILIES);
        if families.iter().take(index).any(|other| other == family) {
            faults.duplicate(&field, family);
        }
    }
    let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    faults.one_of(&path.child("ipFamilyPolicy"), spec.ip_family_policy.as_deref(), &policies);
    let before = faults.0.len();
    for (index, address) in list.iter().enumerate() {
        match index {
            0 if address == HEADLESS && list.len() > 1 => {
                faults.invalid(&field, text(), "'None' must be the first and only value");
            }
            0 if address == HEADLESS => {}
            _ => ip(faults, &field.index(index), address, rules),
        }
    }
    let is_wrong = faults.0.len() > before;
    if list.len() > 2 {
        faults.invalid(&field, text(), "may only hold up to 2 values");
    }
    if is_wrong {
        return;
    }
    let is_v6 = |address: &String| address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6());
    let six = list.iter().filter(|address| is_v6(address)).count();
    if list.len() > 1 && (six == 0 || six == list.len()) {
        faults.invalid(&field, text(), "may specify no more than one IP for each IP family");
    }
    if is_headless(spec) {
        return;
    }
    for (index, (address, family)) in list.iter().zip(families).enumerate() {
        if (family == "IPv6") != is_v6(address) && FAMILIES.contains(&family.as_str()) {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
            faults.invalid(&field.index(index), format!("{address:?}"), &why);
        }
    }
}

fn external_name(faults: &mut Faults, path: &Path<'_>, spec: &ServiceSpec, rules: &Behaviour) {
    let why = "may not be set for ExternalName services";
    if rules.services.cluster_ips {
        if spec.cluster_ips.as_ref().is_some_and(|addresses| !addresses.is_empty()) {
            faults.forbidden(&path.child("clusterIPs"), why);
        }
    } else if spec.cluster_ip.as_ref().is_some_and(|address| !address.is_empty()) {
        faults.forbidden(&path.child("clusterIP"), "must be empty for ExternalName services");
    }
    if spec.ip_families.as_ref().is_some_and(|families| !families.is_empty()) {
        faults.forbidden(&path.child("ipFamilies"), why);
    }
    if spec.ip_family_policy.is_some() {
        faults.forbidden(&path.child("ipFamilyPolicy"), why);
    }
    let name = spec.external_name.as_deref().unwrap_or_default();
    match name.strip_suffix('.').unwrap_or(name) {
        "" => faults.required(&path.child("externalName"), ""),
        name => names::subdomain(faults, &path.child("externalName"), name, rules.rfc_1123),
    }
}

/// `validateServicePort`.
fn service_port<'a>(
    faults: &mut Faults,
    path: &Path<'_>,
    port: &'a ServicePort,
    must_have_name: bool,
    seen: &mut BTreeSet<&'a str>,
    rules: &Behaviour,
) {
    match port.name.as_deref().unwrap_or_default() {
        "" if must_have_name => faults.required(&path.child("name"), ""),
        "" => {}
        name => {
            names::dns_label(faults, &path.child("name"), name, rules.rfc_1123);
            if !seen.insert(name) {
                faults.duplicate(&path.child("name"), name);
            }
        }
    }
    container::port_number(faults, &path.child("port"), port.port);
    faults.one_of(&path.child("protocol"), port.protocol.as_deref(), &["SCTP", "TCP", "UDP"]);
    match &port.target_port {
        Some(IntOrString::Int(number)) => container::port_number(faults, &path.child("targetPort"), *number),
        Some(IntOrString::String(name)) => {
            for why in container::port_name_faults(name) {
                faults.invalid(&path.child("targetPort"), format!("{name:?}"), &why);
            }
        }
        None => {}
    }
    if let Some(protocol) = &port.app_protocol {
        names::label_key(faults, &path.child("appProtocol"), protocol, rules.rfc_1123);
    }
}

fn affinity(faults: &mut Faults, path: &Path<'_>, spec: &ServiceSpec) {
    let affinity = spec.session_affinity.as_deref();
    faults.one_of(&path.child("sessionAffinity"), affinity, &["ClientIP", "None"]);
    let path = path.child("sessionAffinityConfig");
    match (affinity, &spec.session_affinity_config) {
        (Some("ClientIP"), Some(SessionAffinityConfig { client_ip: Some(client) })) => {
            let seconds = client.timeout_seconds.unwrap_or_default();
            if !(1..=LONGEST_AFFINITY).contains(&seconds) {
                let why = format!("must be greater than 0 and less than {LONGEST_AFFINITY}");
                faults.invalid(&path.child("clientIP").child("timeoutSeconds"), seconds, &why);
            }
        }
        (Some("None"), Some(_)) => faults.forbidden(&path, "must not be set when session affinity is None"),
        _ => {}
    }
}

fn node_ports(faults: &mut Faults, path: &Path<'_>, spec: &ServiceSpec, ports: &[ServicePort]) {
    let path = path.child("ports");
    let mut seen = BTreeSet::new();
    let numbers = ports.iter().enumerate().filter_map(|(index, port)| Some((index, port, port.node_port?)));
    let numbers: Vec<_> = numbers.filter(|(_, _, number)| *number != 0).collect();
    if spec.type_.as_deref() == Some("ClusterIP") {
        for (index, ..) in &numbers {
            let why = "may not be used when `type` is 'ClusterIP'";
            faults.forbidden(&path.index(*index).child("nodePort"), why);
        }
    }
    for (index, port, number) in numbers {
        if !seen.insert((port.protocol.as_deref(), number)) {
            faults.duplicate_value(&path.index(index).child("nodePort"), number);
        }
    }
}

fn unique_ports(faults: &mut Faults, path: &Path<'_>, ports: &[ServicePort], rules: &Behaviour) {
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let (protocol, number) = (port.protocol.as_deref().unwrap_or("TCP"), port.port);
        if seen.insert((protocol, number)) {
            continue;
        }
        let text = if rules.values_as_json {
            format!(
                "{{\"Name\":\"\",\"Protocol\":{protocol:?},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\
                 \"NodePort\":0}}"
            )
        } else {
            format!(
                "core.ServicePort{{Name:\"\", Protocol:{protocol:?}, AppProtocol:(*string)(nil), Port:{number}, \
                 TargetPort:intstr.IntOrString{{Type:0, IntVal:0, StrVal:\"\"}}, NodePort:0}}"
            )
        };
        faults.duplicate_value(&path.child("ports").index(index), text);
    }
}

fn traffic(faults: &mut Faults, path: &Path<'_>, spec: &ServiceSpec, rules: &Behaviour) {
    let field = path.child("externalTrafficPolicy");
    let policy = spec.external_traffic_policy.as_deref().filter(|policy| !policy.is_empty());
    match policy {
        Some(policy) if !is_externally_accessible(spec) => {
            // Before, it said for which types.
            let why = match rules.services.external_ips_have_policy {
                true => "may only be set for externally-accessible services",
                false => "ExternalTrafficPolicy can only be set on NodePort and LoadBalancer service",
            };
            faults.invalid(&field, format!("{policy:?}"), why);
        }
        policy => faults.one_of(&field, policy, &["Cluster", "Local"]),
    }
    if let Some(port) = spec.health_check_node_port.filter(|port| *port != 0)
        && !needs_health_check(spec)
    {
        let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        faults.invalid(&path.child("healthCheckNodePort"), port, why);
    }
    let field = path.child("internalTrafficPolicy");
    faults.one_of(&field, spec.internal_traffic_policy.as_deref(), &["Cluster", "Local"]);
}

/// `validateUpgradeDowngradeClusterIPs`.
fn fixed_addresses(faults: &mut Faults, path: &Path<'_>, before: &ServiceSpec, after: &ServiceSpec, rules: &Behaviour) {
    if is_headless(before) && is_headless(after) {
        return;
    }
    let old = before.cluster_ips.as_deref().unwrap_or_default();
    let new = after.cluster_ips.as_deref().unwrap_or_default();
    let field = path.child("clusterIPs");
    let text = || list_text("[]string", new, rules);
    if old.len() == new.len() {
        for (index, _) in old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new) {
            faults.invalid(&field.index(index), text(), FIXED);
        }
        return;
    }
    if new.is_empty() {
        faults.invalid(&field.index(0), text(), "primary clusterIP can not be unset");
    }
    if let (Some(old), Some(new)) = (old.first(), new.first())
        && old != new
    {
        faults.invalid(&field.index(0), text(), FIXED);
    }
    if new.len() == 1 && old.len() > 1 {
        single(faults, path, after, "must be set to 'SingleStack' when releasing the secondary clusterIP");
    }
}

/// `validateUpgradeDowngradeIPFamilies`.
fn fixed_families(faults: &mut Faults, path: &Path<'_>, before: &ServiceSpec, after: &ServiceSpec, rules: &Behaviour) {
    if is_headless(before) || is_headless(after) {
        return;
    }
    let old = before.ip_families.as_deref().unwrap_or_default();
    let new = after.ip_families.as_deref().unwrap_or_default();
    let field = path.child("ipFamilies");
    let field = field.index(0);
    if old.len() == new.len() {
        for _ in old.iter().zip(new).filter(|(old, new)| old != new) {
            faults.invalid(&field, list_text("[]core.IPFamily", new, rules), FIXED);
        }
        return;
    }
    let addresses = after.cluster_ips.as_deref().unwrap_or_default();
    if old.len() > new.len() && addresses.is_empty() {
        faults.invalid(&field, list_text("[]core.IPFamily", new, rules), "primary ipFamily can not be unset");
    }
    if let (Some(old), Some(new)) = (old.first(), new.first())
        && old != new
    {
        faults.invalid(&field, list_text("[]string", addresses, rules), FIXED);
    }
    if new.len() == 1 && old.len() > 1 {
        single(faults, path, after, "must be set to 'SingleStack' when releasing the secondary ipFamily");
    }
}

fn single(faults: &mut Faults, path: &Path<'_>, after: &ServiceSpec, why: &str) {
    let policy = after.ip_family_policy.as_deref();
    if policy != Some("SingleStack") {
        let policy = policy.map_or("null".to_owned(), |policy| format!("{policy:?}"));
        faults.invalid(&path.child("ipFamilyPolicy"), policy, why);
    }
}

fn ip(faults: &mut Faults, path: &Path<'_>, address: &str, rules: &Behaviour) {
    if address.parse::<IpAddr>().is_err() {
        faults.invalid(path, format!("{address:?}"), rules.services.valid_ip);
    }
}
