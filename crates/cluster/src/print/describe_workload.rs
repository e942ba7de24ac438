//! `kubectl describe` of Deployments, ReplicaSets and DaemonSets.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Event, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::context::PrintContext;
use super::describe::Page;
use super::template::{containers, selector_text, volumes};
use crate::pod;

/// The page of a Deployment (`describeDeployment`).
pub fn describe_deployment(deployment: &Deployment, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let (spec, status) = (&deployment.spec, deployment.status.clone().unwrap_or_default());
    head(&mut page, &deployment.metadata);
    page.field(0, "CreationTimestamp", &context.local(deployment.metadata.creation_timestamp.as_ref()));
    page.labels("Labels", deployment.metadata.labels.as_ref());
    page.annotations(deployment.metadata.annotations.as_ref());
    selector(&mut page, &spec.selector);
    let count = |number: Option<i32>| number.unwrap_or(0);
    page.field(
        0,
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            spec.replicas.unwrap_or(1),
            count(status.updated_replicas),
            count(status.replicas),
            count(status.available_replicas),
            count(status.unavailable_replicas)
        ),
    );
    let strategy = spec.strategy.as_ref();
    let type_ = strategy.and_then(|strategy| strategy.type_.as_deref()).unwrap_or("RollingUpdate");
    page.field(0, "StrategyType", type_);
    page.field(0, "MinReadySeconds", &spec.min_ready_seconds.unwrap_or(0).to_string());
    if type_ == "RollingUpdate" {
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.clone()).unwrap_or_default();
        let text = |value: Option<IntOrString>| match value {
            Some(IntOrString::Int(number)) => number.to_string(),
            Some(IntOrString::String(text)) => text,
            None => "25%".to_owned(),
        };
        let value = format!("{} max unavailable, {} max surge", text(rolling.max_unavailable), text(rolling.max_surge));
        page.field(0, "RollingUpdateStrategy", &value);
    }
    template(&mut page, &spec.template, context);
    if let Some(conditions) = status.conditions.as_ref().filter(|conditions| !conditions.is_empty()) {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason");
        page.line(1, "----\t------\t------");
        for condition in conditions {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            page.line(
                1,
                &format!("{} \t{}\t{}", text(&condition.type_), text(&condition.status), text(&condition.reason)),
            );
        }
    }
    page.events(events, context);
    page.finish()
}

/// The page of a ReplicaSet (`describeReplicaSet`).
pub fn describe_replica_set(set: &ReplicaSet, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let status = set.status.clone().unwrap_or_default();
    head(&mut page, &set.metadata);
    selector(&mut page, &set.spec.selector);
    page.labels("Labels", set.metadata.labels.as_ref());
    page.annotations(set.metadata.annotations.as_ref());
    if let Some(owner) = pod::controller_of(&set.metadata) {
        page.field(0, "Controlled By", &format!("{}/{}", owner.kind, owner.name));
    }
    page.field(0, "Replicas", &format!("{} current / {} desired", status.replicas, set.spec.replicas.unwrap_or(1)));
    let ready = status.ready_replicas.unwrap_or(0);
    page.field(
        0,
        "Pods Status",
        &format!("{ready} Running / {} Waiting / 0 Succeeded / 0 Failed", status.replicas.saturating_sub(ready)),
    );
    template(&mut page, &set.spec.template.clone().unwrap_or_default(), context);
    page.events(events, context);
    page.finish()
}

/// The page of a DaemonSet (`describeDaemonSet`).
pub fn describe_daemon_set(set: &DaemonSet, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let status = set.status.clone().unwrap_or_default();
    page.field(0, "Name", set.metadata.name.as_deref().unwrap_or_default());
    selector(&mut page, &set.spec.selector);
    page.labels("Node-Selector", set.spec.template.spec.as_ref().and_then(|spec| spec.node_selector.as_ref()));
    page.labels("Labels", set.metadata.labels.as_ref());
    page.annotations(set.metadata.annotations.as_ref());
    page.field(0, "Desired Number of Nodes Scheduled", &status.desired_number_scheduled.to_string());
    page.field(0, "Current Number of Nodes Scheduled", &status.current_number_scheduled.to_string());
    page.field(
        0,
        "Number of Nodes Scheduled with Up-to-date Pods",
        &status.updated_number_scheduled.unwrap_or(0).to_string(),
    );
    page.field(0, "Number of Nodes Scheduled with Available Pods", &status.number_available.unwrap_or(0).to_string());
    page.field(0, "Number of Nodes Misscheduled", &status.number_misscheduled.to_string());
    let waiting = status.current_number_scheduled.saturating_sub(status.number_ready);
    page.field(
        0,
        "Pods Status",
        &format!("{} Running / {waiting} Waiting / 0 Succeeded / 0 Failed", status.number_ready),
    );
    template(&mut page, &set.spec.template, context);
    page.events(events, context);
    page.finish()
}

fn head(page: &mut Page, metadata: &ObjectMeta) {
    page.field(0, "Name", metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", metadata.namespace.as_deref().unwrap_or_default());
}

fn selector(page: &mut Page, selector: &LabelSelector) {
    page.field(0, "Selector", &selector_text(selector));
}

/// `DescribePodTemplate`.
fn template(page: &mut Page, template: &PodTemplateSpec, context: &PrintContext) {
    page.line(0, "Pod Template:");
    let metadata = template.metadata.clone().unwrap_or_default();
    let labels: Vec<String> = metadata.labels.iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    page.lines("  Labels", &labels);
    if metadata.annotations.as_ref().is_some_and(|annotations| !annotations.is_empty()) {
        let annotations: Vec<String> =
            metadata.annotations.iter().flatten().map(|(key, value)| format!("{key}: {value}")).collect();
        page.lines("  Annotations", &annotations);
    }
    let spec = template.spec.clone().unwrap_or_default();
    if let Some(account) = spec.service_account_name.as_deref().filter(|account| !account.is_empty()) {
        page.field(1, "Service Account", account);
    }
    if let Some(init) = spec.init_containers.as_deref().filter(|init| !init.is_empty()) {
        containers(page, "Init Containers", init, None, "  ", context);
    }
    containers(page, "Containers", &spec.containers, None, "  ", context);
    volumes(page, &spec, "  ");
    if let Some(class) = spec.priority_class_name.as_deref().filter(|class| !class.is_empty()) {
        page.field(1, "Priority Class Name", class);
    }
    if context.layout.template_placement {
        page.labels("  Node-Selectors", spec.node_selector.as_ref());
        page.tolerations("  Tolerations", spec.tolerations.as_deref().unwrap_or_default(), context);
    }
}
