//! `kubectl describe` of HorizontalPodAutoscalers (`describeHorizontalPodAutoscalerV2`).

use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::{Value, json};

use super::context::PrintContext;
use super::describe::Page;
use super::describe_workload::{head, labels};
use super::template::canonical;
use super::verbatim::{items, text};
use crate::object::Unstructured;

/// The page of an autoscaler, in whichever version it was written.
pub(super) fn describe_autoscaler(autoscaler: &Unstructured, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let part = |part: &str| autoscaler.rest.get(part).cloned().unwrap_or_default();
    let (spec, status) = as_v2(part("spec"), part("status"));
    head(&mut page, &autoscaler.metadata);
    labels(&mut page, &autoscaler.metadata);
    page.field(0, "CreationTimestamp", &context.local(autoscaler.metadata.creation_timestamp.as_ref()));
    let target = &spec["scaleTargetRef"];
    page.field(0, "Reference", &format!("{}/{}", text(&target["kind"]), text(&target["name"])));
    page.field(0, "Metrics", "( current / target )");
    let mut current = items(&status["currentMetrics"]);
    for metric in items(&spec["metrics"]) {
        let current = current.next().unwrap_or(&Value::Null);
        page.line(1, &metric_line(metric, current));
    }
    let least = if spec["minReplicas"].is_null() { "<unset>".to_owned() } else { text(&spec["minReplicas"]) };
    page.field(0, "Min replicas", &least);
    page.field(0, "Max replicas", &text(&spec["maxReplicas"]));
    if !spec["behavior"].is_null() {
        page.line(0, "Behavior:");
        for (title, direction) in [("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")] {
            scaling(&mut page, title, &spec["behavior"][direction]);
        }
    }
    let count = |field: &str| status[field].as_i64().unwrap_or(0);
    let replicas = format!("{} current / {} desired", count("currentReplicas"), count("desiredReplicas"));
    page.field(0, &format!("{} pods", text(&target["kind"])), &replicas);
    let mut conditions = items(&status["conditions"]).peekable();
    if conditions.peek().is_some() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason\tMessage");
        page.line(1, "----\t------\t------\t-------");
    }
    for condition in conditions {
        page.line(1, &["type", "status", "reason", "message"].map(|field| text(&condition[field])).join("\t"));
    }
    page.events(events, context);
    page.finish()
}

/// autoscaling/v1 knows of the CPU only, as a part of the request.
fn as_v2(mut spec: Value, mut status: Value) -> (Value, Value) {
    if let Some(target) = spec.get("targetCPUUtilizationPercentage").cloned() {
        let cpu = json!({"type": "Resource",
            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}});
        spec["metrics"] = json!([cpu]);
    }
    if let Some(current) = status.get("currentCPUUtilizationPercentage").cloned() {
        let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": current}}});
        status["currentMetrics"] = json!([cpu]);
    }
    (spec, status)
}

/// A metric with its value now and the one that is wanted.
fn metric_line(metric: &Value, current: &Value) -> String {
    let (of, name) = match metric["type"].as_str() {
        Some("External") => ("external", format!("{:?}", text(&metric["external"]["metric"]["name"]))),
        Some("Pods") => ("pods", format!("{:?} on pods", text(&metric["pods"]["metric"]["name"]))),
        Some("Object") => {
            let described = &metric["object"]["describedObject"];
            let (kind, object) = (text(&described["kind"]), text(&described["name"]));
            ("object", format!("{:?} on {kind}/{object}", text(&metric["object"]["metric"]["name"])))
        }
        Some("Resource") => ("resource", format!("resource {} on pods", text(&metric["resource"]["name"]))),
        Some("ContainerResource") => {
            let source = &metric["containerResource"];
            let (name, container) = (text(&source["name"]), text(&source["container"]));
            ("containerResource", format!("resource {name} of container {container:?} on pods"))
        }
        other => return format!("<unknown metric type {:?}>", other.unwrap_or_default()),
    };
    let (target, now) = (&metric[of]["target"], &current[of]["current"]);
    let by_average = !target["averageValue"].is_null();
    let field = if by_average { "averageValue" } else { "value" };
    match of {
        "resource" | "containerResource" if !by_average => {
            let now = match now["averageUtilization"].as_i64() {
                Some(percent) => format!("{percent}% ({})", quantity(&now["averageValue"], "<nil>")),
                None => "<unknown>".to_owned(),
            };
            let target = target["averageUtilization"].as_i64();
            let target = target.map_or_else(|| "<auto>".to_owned(), |percent| format!("{percent}%"));
            format!("{name}  (as a percentage of request):\t{now} / {target}")
        }
        "external" | "object" => {
            let what = if by_average { "target average value" } else { "target value" };
            format!("{name} ({what}):\t{} / {}", quantity(&now[field], "<unknown>"), quantity(&target[field], "<nil>"))
        }
        _ => format!(
            "{name}:\t{} / {}",
            quantity(&now["averageValue"], "<unknown>"),
            quantity(&target["averageValue"], "<nil>")
        ),
    }
}

fn quantity(value: &Value, otherwise: &str) -> String {
    if value.is_null() { otherwise.to_owned() } else { canonical(&Quantity(text(value))) }
}

/// How fast it scales in one direction (`printDirectionBehavior`).
fn scaling(page: &mut Page, title: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    page.line(1, &format!("{title}:"));
    if let Some(window) = rules["stabilizationWindowSeconds"].as_i64() {
        page.line(2, &format!("Stabilization Window: {window} seconds"));
    }
    let mut policies = items(&rules["policies"]).peekable();
    if policies.peek().is_none() {
        return;
    }
    page.line(2, &format!("Select Policy: {}", rules["selectPolicy"].as_str().unwrap_or("Max")));
    page.line(2, "Policies:");
    for policy in policies {
        let [type_, value, period] = ["type", "value", "periodSeconds"].map(|field| text(&policy[field]));
        page.line(3, &format!("- Type: {type_}\tValue: {value}\tPeriod: {period} seconds"));
    }
}
