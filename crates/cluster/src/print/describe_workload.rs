//! `kubectl describe` of what makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets and ReplicationControllers.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim, PodTemplateSpec, ReplicationController};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::context::PrintContext;
use super::describe::Page;
use super::storage::class;
use super::table::format_labels;
use super::template::{canonical, containers, selector_text, spread_constraints, volumes};
use crate::pod;

/// How many pods a workload has in each phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PodPhases {
    /// Pods that run.
    running: usize,
    /// Pods that are pending.
    waiting: usize,
    /// Pods that have ended well.
    succeeded: usize,
    /// Pods that have not.
    failed: usize,
}

/// The page of a Deployment with its ReplicaSets, old ones and new ones (`describeDeployment`).
pub fn describe_deployment(
    deployment: &Deployment,
    old_sets: &[&ReplicaSet],
    new_sets: &[&ReplicaSet],
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let (spec, status) = (&deployment.spec, deployment.status.clone().unwrap_or_default());
    head(&mut page, &deployment.metadata);
    page.field(0, "CreationTimestamp", &context.local(deployment.metadata.creation_timestamp.as_ref()));
    labels(&mut page, &deployment.metadata);
    selector(&mut page, Some(&spec.selector));
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
        let of = |value: Option<IntOrString>| value.map_or_else(|| "25%".to_owned(), |value| amount(&value));
        let value = format!("{} max unavailable, {} max surge", of(rolling.max_unavailable), of(rolling.max_surge));
        page.field(0, "RollingUpdateStrategy", &value);
    }
    template(&mut page, &spec.template, context);
    let conditions = status.conditions.iter().flatten();
    page.conditions(conditions.map(|condition| [&condition.type_, &condition.status, &condition.reason].map(text)));
    if !old_sets.is_empty() || !new_sets.is_empty() {
        page.field(0, "OldReplicaSets", &sets(old_sets));
        page.field(0, "NewReplicaSet", &sets(new_sets));
    }
    page.events(events, context);
    page.finish()
}

fn sets(sets: &[&ReplicaSet]) -> String {
    let sets = sets.iter().map(|set| {
        let created = set.status.as_ref().map_or(0, |status| status.replicas);
        let name = set.metadata.name.as_deref().unwrap_or_default();
        format!("{name} ({created}/{} replicas created)", set.spec.replicas.unwrap_or(1))
    });
    let sets: Vec<String> = sets.collect();
    if sets.is_empty() { "<none>".to_owned() } else { sets.join(", ") }
}

/// The page of a ReplicaSet (`describeReplicaSet`).
pub(super) fn describe_replica_set(
    set: &ReplicaSet,
    pods: PodPhases,
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let status = set.status.clone().unwrap_or_default();
    head(&mut page, &set.metadata);
    selector(&mut page, Some(&set.spec.selector));
    labels(&mut page, &set.metadata);
    page.controller(&set.metadata);
    page.field(0, "Replicas", &format!("{} current / {} desired", status.replicas, set.spec.replicas.unwrap_or(1)));
    phases(&mut page, pods);
    template(&mut page, &set.spec.template.clone().unwrap_or_default(), context);
    let conditions = status.conditions.iter().flatten();
    page.conditions(conditions.map(|condition| [&condition.type_, &condition.status, &condition.reason].map(text)));
    page.events(events, context);
    page.finish()
}

/// The page of a ReplicationController (`describeReplicationController`).
pub(super) fn describe_replication_controller(
    controller: &ReplicationController,
    pods: PodPhases,
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let (spec, status) = (controller.spec.clone().unwrap_or_default(), controller.status.clone().unwrap_or_default());
    head(&mut page, &controller.metadata);
    page.field(0, "Selector", &format_labels(spec.selector.as_ref()));
    labels(&mut page, &controller.metadata);
    page.field(0, "Replicas", &format!("{} current / {} desired", status.replicas, spec.replicas.unwrap_or(1)));
    phases(&mut page, pods);
    template(&mut page, &spec.template.unwrap_or_default(), context);
    let conditions = status.conditions.iter().flatten();
    page.conditions(
        conditions.map(|condition| [condition.type_.clone(), condition.status.clone(), text(&condition.reason)]),
    );
    page.events(events, context);
    page.finish()
}

/// The page of a StatefulSet (`describeStatefulSet`).
pub(super) fn describe_stateful_set(
    set: &StatefulSet,
    pods: PodPhases,
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let (spec, status) = (&set.spec, set.status.clone().unwrap_or_default());
    let is_new = context.layout.stateful_set_details;
    head(&mut page, &set.metadata);
    page.field(0, "CreationTimestamp", &context.local(set.metadata.creation_timestamp.as_ref()));
    selector(&mut page, Some(&spec.selector));
    labels(&mut page, &set.metadata);
    if let Some(service) = spec.service_name.as_deref().filter(|name| is_new && !name.is_empty()) {
        page.field(0, "Service Name", service);
    }
    if let Some(policy) = spec.pod_management_policy.as_deref().filter(|_| is_new) {
        page.field(0, "Pod Management Policy", policy);
    }
    page.field(0, "Replicas", &format!("{} desired | {} total", spec.replicas.unwrap_or(1), status.replicas));
    let strategy = spec.update_strategy.clone().unwrap_or_default();
    page.field(0, "Update Strategy", strategy.type_.as_deref().unwrap_or("RollingUpdate"));
    if let Some(rolling) = strategy.rolling_update
        && let Some(partition) = rolling.partition
    {
        page.field(1, "Partition", &partition.to_string());
        if let Some(most) = rolling.max_unavailable {
            page.field(1, "MaxUnavailable", &amount(&most));
        }
    }
    if let Some(retention) = spec.persistent_volume_claim_retention_policy.as_ref().filter(|_| is_new) {
        page.line(0, "Persistent Volume Claim Retention Policy:");
        page.field(1, "WhenDeleted", retention.when_deleted.as_deref().unwrap_or_default());
        page.field(1, "WhenScaled", retention.when_scaled.as_deref().unwrap_or_default());
    }
    phases(&mut page, pods);
    template(&mut page, &spec.template, context);
    claim_templates(&mut page, spec.volume_claim_templates.as_deref().unwrap_or_default());
    page.events(events, context);
    page.finish()
}

fn claim_templates(page: &mut Page, claims: &[PersistentVolumeClaim]) {
    if claims.is_empty() {
        page.field(0, "Volume Claims", "<none>");
        return;
    }
    page.line(0, "Volume Claims:");
    for claim in claims {
        let spec = claim.spec.clone().unwrap_or_default();
        page.field(1, "Name", claim.metadata.name.as_deref().unwrap_or_default());
        page.field(1, "StorageClass", &class(&claim.metadata, spec.storage_class_name.as_ref()));
        page.labels("  Labels", claim.metadata.labels.as_ref());
        page.labels("  Annotations", claim.metadata.annotations.as_ref());
        let requests = spec.resources.and_then(|resources| resources.requests).unwrap_or_default();
        let capacity = requests.get("storage").map_or_else(|| "<default>".to_owned(), canonical);
        page.field(1, "Capacity", &capacity);
        page.field(1, "Access Modes", &format!("[{}]", spec.access_modes.unwrap_or_default().join(" ")));
    }
}

/// The page of a DaemonSet (`describeDaemonSet`).
pub(super) fn describe_daemon_set(
    set: &DaemonSet,
    pods: PodPhases,
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let status = set.status.clone().unwrap_or_default();
    page.field(0, "Name", set.metadata.name.as_deref().unwrap_or_default());
    if context.layout.projected_optional {
        page.field(0, "Namespace", set.metadata.namespace.as_deref().unwrap_or_default());
    }
    selector(&mut page, Some(&set.spec.selector));
    let nodes = set.spec.template.spec.as_ref().and_then(|spec| spec.node_selector.as_ref());
    page.field(0, "Node-Selector", &format_labels(nodes));
    labels(&mut page, &set.metadata);
    for (title, count) in [
        ("Desired Number of Nodes Scheduled", status.desired_number_scheduled),
        ("Current Number of Nodes Scheduled", status.current_number_scheduled),
        ("Number of Nodes Scheduled with Up-to-date Pods", status.updated_number_scheduled.unwrap_or(0)),
        ("Number of Nodes Scheduled with Available Pods", status.number_available.unwrap_or(0)),
        ("Number of Nodes Misscheduled", status.number_misscheduled),
    ] {
        page.line(0, &format!("{title}: {count}"));
    }
    phases(&mut page, pods);
    template(&mut page, &set.spec.template, context);
    page.events(events, context);
    page.finish()
}

fn text(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

fn phases(page: &mut Page, pods: PodPhases) {
    let PodPhases { running, waiting, succeeded, failed } = pods;
    let text = format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed");
    page.field(0, "Pods Status", &text);
}

pub(super) fn amount(value: &IntOrString) -> String {
    match value {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(text) => text.clone(),
    }
}

/// Name and namespace.
pub(super) fn head(page: &mut Page, metadata: &ObjectMeta) {
    page.field(0, "Name", metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", metadata.namespace.as_deref().unwrap_or_default());
}

/// Labels and annotations.
pub(super) fn labels(page: &mut Page, metadata: &ObjectMeta) {
    page.labels("Labels", metadata.labels.as_ref());
    page.annotations(metadata.annotations.as_ref());
}

pub(super) fn selector(page: &mut Page, selector: Option<&LabelSelector>) {
    page.field(0, "Selector", &selector.map(selector_text).unwrap_or_default());
}

/// `DescribePodTemplate`.
pub(super) fn template(page: &mut Page, template: &PodTemplateSpec, context: &PrintContext) {
    page.line(0, "Pod Template:");
    let metadata = template.metadata.clone().unwrap_or_default();
    page.labels("  Labels", metadata.labels.as_ref());
    if metadata.annotations.as_ref().is_some_and(|annotations| !annotations.is_empty()) {
        page.titled_annotations("  Annotations", metadata.annotations.as_ref());
    }
    let spec = template.spec.clone().unwrap_or_default();
    if let Some(account) = spec.service_account_name.as_deref().filter(|account| !account.is_empty()) {
        page.field(1, "Service Account", account);
    }
    if let Some(init) = spec.init_containers.as_deref().filter(|init| !init.is_empty()) {
        containers(page, "Init Containers", init, None, "  ", None, context);
    }
    containers(page, "Containers", &spec.containers, None, "  ", None, context);
    volumes(page, &spec, "  ", context);
    if context.layout.template_spread {
        spread_constraints(page, "  Topology Spread Constraints", spec.topology_spread_constraints.as_deref());
    }
    if let Some(class) = spec.priority_class_name.as_deref().filter(|class| !class.is_empty()) {
        page.field(1, "Priority Class Name", class);
    }
    if context.layout.template_placement {
        page.labels("  Node-Selectors", spec.node_selector.as_ref());
        page.tolerations("  Tolerations", spec.tolerations.as_deref().unwrap_or_default(), context);
    }
}

/// What describes a workload's pods: those that match its selector and that it owns, by phase.
pub(super) fn pod_phases<'a>(
    pods: impl Iterator<Item = &'a pod::Pod>,
    uid: Option<&str>,
    matches: impl Fn(&pod::Pod) -> bool,
) -> PodPhases {
    let mut phases = PodPhases::default();
    let own = |pod: &&pod::Pod| pod::controller_of(&pod.metadata).is_some_and(|owner| Some(owner.uid.as_str()) == uid);
    for pod in pods.filter(own).filter(|pod| matches(pod)) {
        match pod::phase(pod) {
            "Running" => phases.running += 1,
            "Pending" => phases.waiting += 1,
            "Succeeded" => phases.succeeded += 1,
            "Failed" => phases.failed += 1,
            _ => {}
        }
    }
    phases
}
