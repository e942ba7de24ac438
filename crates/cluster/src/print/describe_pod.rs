//! `kubectl describe pod` (`describePod`).

use k8s_openapi::api::core::v1::{Event, PodStatus};

use super::context::PrintContext;
use super::describe::{Page, or_none};
use super::template::{containers, spread_constraints, volumes};
use crate::pod::{self as pods, Pod};

/// The page of a pod with its events.
pub fn describe_pod(pod: &Pod, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let (spec, status) = (pod.api_spec(), pod.status.clone().unwrap_or_default());
    let metadata = &pod.metadata;
    page.field(0, "Name", metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", metadata.namespace.as_deref().unwrap_or_default());
    if let Some(priority) = spec.priority {
        page.field(0, "Priority", &priority.to_string());
        let class = spec.priority_class_name.as_deref().filter(|class| !class.is_empty());
        if class.is_some() || context.layout.shows_missing_priority_class {
            page.field(0, "Priority Class Name", or_none(class));
        }
    }
    if let Some(class) = spec.runtime_class_name.as_deref().filter(|class| !class.is_empty()) {
        page.field(0, "Runtime Class Name", class);
    }
    if let Some(account) =
        spec.service_account_name.as_deref().filter(|account| !account.is_empty() && context.layout.service_account)
    {
        page.field(0, "Service Account", account);
    }
    match pods::node_name(pod) {
        Some(node) => page.field(0, "Node", &format!("{node}/{}", status.host_ip.as_deref().unwrap_or_default())),
        None => page.field(0, "Node", "<none>"),
    }
    if let Some(start) = &status.start_time {
        page.field(0, "Start Time", &context.local(Some(start)));
    }
    page.labels("Labels", metadata.labels.as_ref());
    page.annotations(metadata.annotations.as_ref());
    state(&mut page, pod, &status, context);
    if let Some(owner) = pods::controller_of(metadata) {
        page.field(0, "Controlled By", &format!("{}/{}", owner.kind, owner.name));
    }
    if let Some(node) = status.nominated_node_name.as_deref().filter(|node| !node.is_empty()) {
        page.field(0, "NominatedNodeName", node);
    }
    if let Some(init) = spec.init_containers.as_deref().filter(|init| !init.is_empty()) {
        containers(
            &mut page,
            "Init Containers",
            init,
            status.init_container_statuses.as_deref(),
            "",
            Some(metadata),
            context,
        );
    }
    containers(
        &mut page,
        "Containers",
        &spec.containers,
        status.container_statuses.as_deref(),
        "",
        Some(metadata),
        context,
    );
    if let Some(gates) = spec.readiness_gates.as_deref().filter(|gates| !gates.is_empty()) {
        page.line(0, "Readiness Gates:");
        page.line(1, "Type\tStatus");
        for gate in gates {
            let status =
                pods::condition(pod, &gate.condition_type).map_or("<none>", |condition| condition.status.as_str());
            page.line(1, &format!("{} \t{status} ", gate.condition_type));
        }
    }
    if let Some(conditions) = status.conditions.as_deref().filter(|conditions| !conditions.is_empty()) {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus");
        for condition in conditions {
            page.line(1, &format!("{} \t{} ", condition.type_, condition.status));
        }
    }
    volumes(&mut page, &spec, "", context);
    let qos = status.qos_class.clone().unwrap_or_else(|| crate::pod_strategy::qos_class(&pod.spec).to_owned());
    page.field(0, "QoS Class", &qos);
    page.labels("Node-Selectors", spec.node_selector.as_ref());
    page.tolerations("Tolerations", spec.tolerations.as_deref().unwrap_or_default(), context);
    if context.layout.topology_spread {
        spread_constraints(&mut page, "Topology Spread Constraints", spec.topology_spread_constraints.as_deref());
    }
    page.events(events, context);
    page.finish()
}

fn state(page: &mut Page, pod: &Pod, status: &PodStatus, context: &PrintContext) {
    if let Some(deleted) = &pod.metadata.deletion_timestamp {
        page.field(0, "Status", &format!("Terminating (lasts {})", context.age(Some(deleted))));
        let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
        page.field(0, "Termination Grace Period", &format!("{grace}s"));
    } else {
        page.field(0, "Status", pods::phase(pod));
    }
    if let Some(reason) = status.reason.as_deref().filter(|reason| !reason.is_empty()) {
        page.field(0, "Reason", reason);
    }
    if let Some(message) = status.message.as_deref().filter(|message| !message.is_empty()) {
        page.field(0, "Message", message);
    }
    page.field(0, "IP", status.pod_ip.as_deref().unwrap_or_default());
    match status.pod_ips.as_deref() {
        Some(ips) if !ips.is_empty() => {
            page.line(0, "IPs:");
            for ip in ips {
                page.field(1, "IP", &ip.ip);
            }
        }
        _ => page.field(0, "IPs", "<none>"),
    }
}
