//! `kubectl describe node` (`describeNode`).

use std::collections::BTreeMap;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Container, Event, Node, NodeStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use sim_core::quantity::Quantity;

use super::context::PrintContext;
use super::describe::Page;
use super::nodes::roles;
use super::template::canonical;
use crate::change::taint_text;
use crate::pod::{self as pods, Pod};

/// The page of a node with the pods on it, its lease and its events.
pub fn describe_node(
    node: &Node,
    pods_on_node: &[&Pod],
    lease: Option<&Lease>,
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let (spec, status) = (node.spec.clone().unwrap_or_default(), node.status.clone().unwrap_or_default());
    page.field(0, "Name", node.metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Roles", &roles(node));
    page.labels("Labels", node.metadata.labels.as_ref());
    page.annotations(node.metadata.annotations.as_ref());
    page.field(0, "CreationTimestamp", &context.local(node.metadata.creation_timestamp.as_ref()));
    let mut taints = spec.taints.unwrap_or_default();
    taints.sort_by(|left, right| (&left.effect, &left.key).cmp(&(&right.effect, &right.key)));
    let taints: Vec<String> = taints.iter().map(taint_text).collect();
    page.lines("Taints", &taints);
    page.field(0, "Unschedulable", &spec.unschedulable.unwrap_or(false).to_string());
    if context.layout.lease {
        show_lease(&mut page, node, lease, context);
    }
    conditions_and_addresses(&mut page, &status, context);
    let indent = context.layout.node_indent;
    for (title, list) in [("Capacity", &status.capacity), ("Allocatable", &status.allocatable)] {
        let Some(list) = list.as_ref().filter(|list| !list.is_empty()) else { continue };
        page.line(0, &format!("{title}:"));
        for (name, quantity) in list {
            page.line(0, &format!("{indent}{name}:\t{}", canonical(quantity)));
        }
    }
    let info = status.node_info.clone().unwrap_or_default();
    page.line(0, "System Info:");
    for (title, value) in [
        ("Machine ID", &info.machine_id),
        ("System UUID", &info.system_uuid),
        ("Boot ID", &info.boot_id),
        ("Kernel Version", &info.kernel_version),
        ("OS Image", &info.os_image),
        ("Operating System", &info.operating_system),
        ("Architecture", &info.architecture),
        ("Container Runtime Version", &info.container_runtime_version),
        ("Kubelet Version", &info.kubelet_version),
        ("Kube-Proxy Version", &info.kube_proxy_version),
    ] {
        if title == "Kube-Proxy Version" && !context.layout.kube_proxy_version {
            continue;
        }
        page.line(0, &format!("{indent}{title}:\t{value}"));
    }
    if let Some(cidr) = spec.pod_cidr.filter(|cidr| !cidr.is_empty()) {
        page.field(0, "PodCIDR", &cidr);
    }
    if let Some(cidrs) = spec.pod_cidrs.filter(|cidrs| !cidrs.is_empty()) {
        page.field(0, "PodCIDRs", &cidrs.join(","));
    }
    if let Some(provider) = spec.provider_id.filter(|provider| !provider.is_empty()) {
        page.field(0, "ProviderID", &provider);
    }
    resources(&mut page, &status, pods_on_node, context);
    page.events(events, context);
    page.finish()
}

fn show_lease(page: &mut Page, node: &Node, lease: Option<&Lease>, context: &PrintContext) {
    let Some(lease) = lease else {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        page.field(0, "Lease", &format!("Failed to get lease: leases.coordination.k8s.io \"{name}\" not found"));
        return;
    };
    let spec = lease.spec.clone().unwrap_or_default();
    let time =
        |time: Option<MicroTime>| time.map_or_else(|| "<unset>".to_owned(), |time| context.local(Some(&Time(time.0))));
    page.line(0, "Lease:");
    page.field(1, "HolderIdentity", spec.holder_identity.as_deref().unwrap_or("<unset>"));
    page.field(1, "AcquireTime", &time(spec.acquire_time));
    page.field(1, "RenewTime", &time(spec.renew_time));
}

fn conditions_and_addresses(page: &mut Page, status: &NodeStatus, context: &PrintContext) {
    if let Some(conditions) = status.conditions.as_ref().filter(|conditions| !conditions.is_empty()) {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for condition in conditions {
            let times = (
                context.local(condition.last_heartbeat_time.as_ref()),
                context.local(condition.last_transition_time.as_ref()),
            );
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let (reason, message) = (text(&condition.reason), text(&condition.message));
            page.line(
                1,
                &format!(
                    "{} \t{} \t{} \t{} \t{reason} \t{message}",
                    condition.type_, condition.status, times.0, times.1
                ),
            );
        }
    }
    page.line(0, "Addresses:");
    for address in status.addresses.iter().flatten() {
        page.field(1, &address.type_, &address.address);
    }
}

fn resources(page: &mut Page, status: &NodeStatus, pods_on_node: &[&Pod], context: &PrintContext) {
    let allocatable = status.allocatable.as_ref().filter(|list| !list.is_empty()).or(status.capacity.as_ref());
    let allocatable: Amounts = amounts(allocatable);
    let running: Vec<&&Pod> = pods_on_node.iter().filter(|pod| !pods::is_terminal(pod)).collect();
    page.field(0, "Non-terminated Pods", &format!("({} in total)", running.len()));
    page.line(
        1,
        &format!(
            "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\t{}",
            context.layout.age_header
        ),
    );
    let dashes: String = "-".repeat(context.layout.age_header.len());
    page.line(1, &format!("---------\t----\t\t------------\t----------\t---------------\t-------------\t{dashes}"));
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for pod in running {
        let (pod_requests, pod_limits) = requests_and_limits(pod);
        let share = |of: &Amounts, name: &str| part(of, name, &allocatable);
        page.line(
            1,
            &format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
                pod.metadata.namespace.as_deref().unwrap_or_default(),
                pod.metadata.name.as_deref().unwrap_or_default(),
                share(&pod_requests, "cpu"),
                share(&pod_limits, "cpu"),
                share(&pod_requests, "memory"),
                share(&pod_limits, "memory"),
                context.age(pod.metadata.creation_timestamp.as_ref())
            ),
        );
        add_all(&mut requests, &pod_requests);
        add_all(&mut limits, &pod_limits);
    }
    page.line(0, "Allocated resources:");
    page.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    page.line(1, "Resource\tRequests\tLimits");
    page.line(1, "--------\t--------\t------");
    let mut shown: Vec<&str> = vec!["cpu", "memory", "ephemeral-storage"];
    if context.layout.huge_pages {
        shown.extend(allocatable.keys().filter(|name| name.starts_with("hugepages-")).map(String::as_str));
    }
    for name in shown {
        page.line(
            1,
            &format!("{name}\t{}\t{}", part(&requests, name, &allocatable), part(&limits, name, &allocatable)),
        );
    }
    let standard =
        |name: &str| ["cpu", "memory", "ephemeral-storage", "pods"].contains(&name) || name.starts_with("hugepages-");
    for name in allocatable.keys().filter(|name| !standard(name)) {
        let amount = |of: &Amounts| of.get(name).map_or_else(|| "0".to_owned(), ToString::to_string);
        page.line(1, &format!("{name}\t{}\t{}", amount(&requests), amount(&limits)));
    }
}

type Amounts = BTreeMap<String, Quantity>;

fn amounts(list: Option<&BTreeMap<String, ApiQuantity>>) -> Amounts {
    list.into_iter().flatten().filter_map(|(name, quantity)| Some((name.clone(), quantity.0.parse().ok()?))).collect()
}

fn add_all(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let total = sum.get(name).map_or_else(|| *amount, |total| total.add(amount));
        sum.insert(name.clone(), total);
    }
}

fn at_least(sum: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        if sum.get(name).is_none_or(|present| present < amount) {
            sum.insert(name.clone(), *amount);
        }
    }
}

/// What a pod asks for and may use: its containers together, or an init container that needs more.
fn requests_and_limits(pod: &Pod) -> (Amounts, Amounts) {
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let spec = &pod.spec;
    let of = |container: &Container| {
        let resources = container.resources.clone().unwrap_or_default();
        (amounts(resources.requests.as_ref()), amounts(resources.limits.as_ref()))
    };
    for container in &spec.containers {
        let (container_requests, container_limits) = of(container);
        add_all(&mut requests, &container_requests);
        add_all(&mut limits, &container_limits);
    }
    let (mut beside_requests, mut beside_limits) = (Amounts::new(), Amounts::new());
    for container in spec.init_containers.iter().flatten() {
        let (mut own_requests, mut own_limits) = of(container);
        if container.restart_policy.as_deref() == Some("Always") {
            add_all(&mut requests, &own_requests);
            add_all(&mut limits, &own_limits);
            add_all(&mut beside_requests, &own_requests);
            add_all(&mut beside_limits, &own_limits);
        } else {
            add_all(&mut own_requests, &beside_requests);
            add_all(&mut own_limits, &beside_limits);
            at_least(&mut requests, &own_requests);
            at_least(&mut limits, &own_limits);
        }
    }
    let overhead = amounts(spec.overhead.as_ref());
    add_all(&mut requests, &overhead);
    for (name, amount) in &overhead {
        // Only limits that are set grow by the overhead.
        if let Some(limit) = limits.get(name).filter(|limit| !limit.is_zero()).map(|limit| limit.add(amount)) {
            limits.insert(name.clone(), limit);
        }
    }
    (requests, limits)
}

/// `150m (0%)`: the amount and how much of the allocatable it is, in whole percent.
fn part(of: &Amounts, name: &str, allocatable: &Amounts) -> String {
    let amount = of.get(name).copied().unwrap_or_default();
    let value = |quantity: &Quantity| if name == "cpu" { quantity.milli_value() } else { quantity.value() };
    let whole = allocatable.get(name).map_or(0, value);
    let percent = if whole == 0 { 0 } else { i128::from(value(&amount)) * 100 / i128::from(whole) };
    format!("{amount} ({percent}%)")
}
