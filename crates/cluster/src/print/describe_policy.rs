//! `kubectl describe` of what bounds others: budgets, quotas, limits, priorities and namespaces.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Event, LimitRange, Namespace, ResourceQuota};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::context::PrintContext;
use super::describe::Page;
use super::describe_workload::{amount, head, labels};
use super::table::format_labels;
use super::template::{canonical, selector_text};

/// The page of a PodDisruptionBudget (`describePodDisruptionBudget`).
pub(super) fn describe_budget(budget: &PodDisruptionBudget, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let (spec, status) = (budget.spec.clone().unwrap_or_default(), budget.status.clone().unwrap_or_default());
    head(&mut page, &budget.metadata);
    if let Some(least) = &spec.min_available {
        page.field(0, "Min available", &amount(least));
    } else if let Some(most) = &spec.max_unavailable {
        page.field(0, "Max unavailable", &amount(most));
    }
    page.field(0, "Selector", &spec.selector.as_ref().map_or_else(|| "<unset>".to_owned(), selector_text));
    page.line(0, "Status:");
    for (title, count) in [
        ("Allowed disruptions", status.disruptions_allowed),
        ("Current", status.current_healthy),
        ("Desired", status.desired_healthy),
        ("Total", status.expected_pods),
    ] {
        page.field(2, title, &count.unwrap_or(0).to_string());
    }
    page.events(events, context);
    page.finish()
}

/// The page of a PriorityClass (`describePriorityClass`).
pub(super) fn describe_priority_class(class: &PriorityClass, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    page.field(0, "Name", class.metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Value", &class.value.unwrap_or(0).to_string());
    page.field(0, "GlobalDefault", &class.global_default.unwrap_or(false).to_string());
    page.field(0, "PreemptionPolicy", class.preemption_policy.as_deref().unwrap_or("PreemptLowerPriority"));
    page.field(0, "Description", class.description.as_deref().unwrap_or_default());
    page.field(0, "Annotations", &format_labels(class.metadata.annotations.as_ref()));
    page.events(events, context);
    page.finish()
}

/// The page of a ResourceQuota (`describeQuota`).
pub(super) fn describe_quota(quota: &ResourceQuota) -> String {
    let mut page = Page::default();
    head(&mut page, &quota.metadata);
    scopes(&mut page, 0, " * ", quota);
    page.line(0, "Resource\tUsed\tHard");
    page.line(0, "--------\t----\t----");
    used(quota).iter().for_each(|line| page.line(0, line));
    page.finish()
}

fn scopes(page: &mut Page, level: usize, bullet: &str, quota: &ResourceQuota) {
    let mut scopes = quota.spec.as_ref().and_then(|spec| spec.scopes.clone()).unwrap_or_default();
    scopes.sort();
    if scopes.is_empty() {
        return;
    }
    page.field(level, "Scopes", &scopes.join(", "));
    for scope in &scopes {
        let help = match scope.as_str() {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
            }
            _ => continue,
        };
        page.line(level, &format!("{bullet}{help}"));
    }
}

/// Resource, used and hard of each, by name.
fn used(quota: &ResourceQuota) -> Vec<String> {
    let status = quota.status.clone().unwrap_or_default();
    let used = status.used.unwrap_or_default();
    let hard = status.hard.unwrap_or_default();
    let lines = hard.iter().map(|(name, hard)| {
        let used = used.get(name).map_or_else(|| "0".to_owned(), canonical);
        format!("{name}\t{used}\t{}", canonical(hard))
    });
    lines.collect()
}

/// The page of a LimitRange (`describeLimitRange`).
pub(super) fn describe_limit_range(range: &LimitRange) -> String {
    let mut page = Page::default();
    head(&mut page, &range.metadata);
    page.line(0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    page.line(0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    limits(range).iter().for_each(|line| page.line(0, line));
    page.finish()
}

fn limits(range: &LimitRange) -> Vec<String> {
    let mut lines = Vec::new();
    for item in range.spec.iter().flat_map(|spec| &spec.limits) {
        let lists: [&Option<BTreeMap<String, Quantity>>; 5] =
            [&item.min, &item.max, &item.default_request, &item.default, &item.max_limit_request_ratio];
        let names: BTreeSet<&String> =
            lists.iter().flat_map(|list| list.iter().flatten()).map(|(name, _)| name).collect();
        for name in names {
            let value = |list: &&Option<BTreeMap<String, Quantity>>| {
                list.as_ref().and_then(|list| list.get(name)).map_or_else(|| "-".to_owned(), canonical)
            };
            let values: Vec<String> = lists.iter().map(value).collect();
            lines.push(format!("{}\t{name}\t{}", item.type_, values.join("\t")));
        }
    }
    lines
}

/// The page of a Namespace with its quotas and limits (`describeNamespace`).
pub(super) fn describe_namespace(
    namespace: &Namespace,
    quotas: &[&ResourceQuota],
    ranges: &[&LimitRange],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let status = namespace.status.clone().unwrap_or_default();
    page.field(0, "Name", namespace.metadata.name.as_deref().unwrap_or_default());
    labels(&mut page, &namespace.metadata);
    page.field(0, "Status", status.phase.as_deref().unwrap_or("Active"));
    if let Some(conditions) = status.conditions.as_deref().filter(|conditions| !conditions.is_empty()) {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
        for condition in conditions {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            page.line(
                1,
                &format!(
                    "{}\t{}\t{}\t{}\t{}",
                    condition.type_,
                    condition.status,
                    context.local(condition.last_transition_time.as_ref()),
                    text(&condition.reason),
                    text(&condition.message)
                ),
            );
        }
    }
    page.line(0, "");
    if quotas.is_empty() {
        page.line(0, "No resource quota.");
    } else {
        page.line(0, "Resource Quotas");
        for quota in quotas {
            page.field(1, "Name", quota.metadata.name.as_deref().unwrap_or_default());
            scopes(&mut page, 1, "* ", quota);
            page.line(1, "Resource\tUsed\tHard");
            page.line(1, "--------\t---\t---");
            used(quota).iter().for_each(|line| page.line(1, line));
        }
    }
    page.line(0, "");
    if ranges.is_empty() {
        page.line(0, "No LimitRange resource.");
    } else {
        page.line(0, "Resource Limits");
        page.line(0, " Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
        page.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
        ranges.iter().flat_map(|range| limits(range)).for_each(|line| page.line(0, &format!(" {line}")));
    }
    page.finish()
}
