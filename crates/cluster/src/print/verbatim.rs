//! `kubectl get` of kinds that are kept as they were read: their tables are made of their JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use super::context::PrintContext;
use super::duration::human_duration;
use super::json_path::JsonPath;
use super::table::{Cell, Column, Table, cells, format_labels};
use super::template::{canonical, selector_text};
use crate::object::Object;

/// Makes the cells of a row.
type Cells = fn(&Row<'_>) -> Vec<Cell>;

/// An object that a row is made of.
struct Row<'a> {
    name: String,
    age: String,
    value: Value,
    context: &'a PrintContext,
}

impl Row<'_> {
    /// The value at a path, `spec.rules`.
    fn at(&self, path: &str) -> &Value {
        at(&self.value, path)
    }

    fn text(&self, path: &str) -> String {
        text(self.at(path))
    }

    fn count(&self, path: &str) -> usize {
        len(self.at(path))
    }
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| value.get(key).unwrap_or(&Value::Null))
}

/// A value as text, without quotes.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn len(value: &Value) -> usize {
    value.as_array().map(Vec::len).or(value.as_object().map(serde_json::Map::len)).unwrap_or(0)
}

/// The items of a list; of anything else there are none.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// The table of objects of one kind that is no typed one, in the order given.
pub(super) fn table(group: &str, kind: &str, objects: &[Object], context: &PrintContext) -> Option<Table> {
    let (columns, cells): (Vec<Column>, Cells) = match (group, kind) {
        ("", "Secret") => (vec![Column::NAME, Column::text("Type"), Column::text("Data"), Column::AGE], |row| {
            cells![row.name.clone(), or(row.text("type"), "Opaque"), row.count("data"), row.age.clone()]
        }),
        ("", "Endpoints") => (vec![Column::NAME, Column::text("Endpoints"), Column::AGE], |row| {
            cells![row.name.clone(), endpoints(&row.value), row.age.clone()]
        }),
        ("", "PodTemplate") => (
            vec![Column::NAME, Column::text("Containers"), Column::text("Images"), Column::text("Pod Labels")],
            |row| {
                let of = |key: &str| {
                    items(row.at("template.spec.containers")).map(|item| text(&item[key])).collect::<Vec<_>>().join(",")
                };
                cells![row.name.clone(), of("name"), of("image"), labels(row.at("template.metadata.labels"))]
            },
        ),
        ("discovery.k8s.io", "EndpointSlice") => (
            vec![
                Column::NAME,
                Column::text("AddressType"),
                Column::text("Ports"),
                Column::text("Endpoints"),
                Column::AGE,
            ],
            |row| {
                let ports = items(row.at("ports")).map(|port| or(or(text(&port["port"]), &text(&port["name"])), "*"));
                let addresses = items(row.at("endpoints")).flat_map(|endpoint| items(&endpoint["addresses"])).map(text);
                let (ports, addresses) = (few(ports.collect(), 3, "<unset>"), few(addresses.collect(), 3, "<unset>"));
                cells![row.name.clone(), row.text("addressType"), ports, addresses, row.age.clone()]
            },
        ),
        ("networking.k8s.io" | "extensions", "Ingress") => {
            let mut columns =
                vec![Column::NAME, Column::text("Hosts"), Column::text("Address"), Column::text("Ports"), Column::AGE];
            if context.layout.ingress_class {
                columns.insert(1, Column::text("Class"));
            }
            (columns, ingress)
        }
        ("networking.k8s.io", "IngressClass") => {
            (vec![Column::NAME, Column::text("Controller"), Column::text("Parameters"), Column::AGE], |row| {
                let parameters = row.at("spec.parameters");
                let group = text(&parameters["apiGroup"]);
                let dot = if group.is_empty() { "" } else { "." };
                let shown = match parameters {
                    Value::Null => "<none>".to_owned(),
                    of => format!("{}{dot}{group}/{}", text(&of["kind"]), text(&of["name"])),
                };
                cells![row.name.clone(), row.text("spec.controller"), shown, row.age.clone()]
            })
        }
        ("networking.k8s.io", "NetworkPolicy") => {
            (vec![Column::NAME, Column::text("Pod-Selector"), Column::AGE], |row| {
                let selector = serde_json::from_value(row.at("spec.podSelector").clone()).unwrap_or_default();
                cells![row.name.clone(), selector_text(&selector), row.age.clone()]
            })
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => (
            vec![
                Column::NAME,
                Column::text("Role"),
                Column::AGE,
                Column::text("Users").wide(),
                Column::text("Groups").wide(),
                Column::text("ServiceAccounts").wide(),
            ],
            binding,
        ),
        ("autoscaling", "HorizontalPodAutoscaler") => (
            vec![
                Column::NAME,
                Column::text("Reference"),
                Column::text("Targets"),
                Column::text("MinPods"),
                Column::text("MaxPods"),
                Column::text("Replicas"),
                Column::AGE,
            ],
            autoscaler,
        ),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration") => {
            (vec![Column::NAME, Column::integer("Webhooks"), Column::AGE], |row| {
                cells![row.name.clone(), row.count("webhooks"), row.age.clone()]
            })
        }
        ("apiregistration.k8s.io", "APIService") => {
            (vec![Column::NAME, Column::text("Service"), Column::text("Available"), Column::AGE], |row| {
                let service = row.at("spec.service");
                let shown = match service {
                    Value::Null => "Local".to_owned(),
                    of => format!("{}/{}", text(&of["namespace"]), text(&of["name"])),
                };
                let mut conditions = items(row.at("status.conditions"));
                let available = conditions.find(|condition| condition["type"] == "Available");
                let available = available.map_or_else(
                    || "Unknown".to_owned(),
                    |condition| match (text(&condition["status"]), text(&condition["reason"])) {
                        (status, reason) if status != "True" && !reason.is_empty() => format!("{status} ({reason})"),
                        (status, _) => status,
                    },
                );
                cells![row.name.clone(), shown, available, row.age.clone()]
            })
        }
        ("certificates.k8s.io", "CertificateSigningRequest") => (
            vec![
                Column::NAME,
                Column::AGE,
                Column::text("SignerName"),
                Column::text("Requestor"),
                Column::text("RequestedDuration"),
                Column::text("Condition"),
            ],
            signing_request,
        ),
        ("storage.k8s.io", "VolumeAttributesClass") => {
            (vec![Column::NAME, Column::text("DriverName"), Column::AGE], |row| {
                cells![row.name.clone(), row.text("driverName"), row.age.clone()]
            })
        }
        // Kinds for which the API server has no printer show when they were made.
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole")
        | ("apiextensions.k8s.io", "CustomResourceDefinition") => return Some(created_at(objects)),
        _ => return None,
    };
    Some(of(columns, objects, context, cells))
}

fn of(columns: Vec<Column>, objects: &[Object], context: &PrintContext, cells: Cells) -> Table {
    Table::of_objects(columns, objects, Object::metadata, |object| {
        cells(&Row {
            name: object.name().to_owned(),
            age: context.age(object.metadata().creation_timestamp.as_ref()),
            value: object.to_value(),
            context,
        })
    })
}

/// Name and moment of creation, as the API server's default has it (`rest.defaultTableConvertor`).
pub(super) fn created_at(objects: &[Object]) -> Table {
    let columns = [Column::NAME, Column { type_: "date".into(), ..Column::text("Created At") }];
    Table::of_objects(columns, objects, Object::metadata, |object| {
        let created = object.metadata().creation_timestamp.as_ref();
        let created =
            created.and_then(|time| k8s_openapi::jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%SZ", time.0).ok());
        cells![object.name().to_owned(), created.unwrap_or_else(|| "<unknown>".to_owned())]
    })
}

/// Name and age, or the columns that the kind's definition asks for (`additionalPrinterColumns`).
pub(super) fn custom(version: Option<&Value>, objects: &[Object], context: &PrintContext) -> Table {
    let asked: Vec<&Value> = items(version.unwrap_or(&Value::Null)).collect();
    if asked.is_empty() {
        return of(vec![Column::NAME, Column::AGE], objects, context, |row| cells![row.name.clone(), row.age.clone()]);
    }
    let columns = asked.iter().map(|column| Column {
        name: text(&column["name"]).into(),
        type_: text(&column["type"]).into(),
        is_name: false,
        is_wide: column["priority"].as_i64().unwrap_or(0) != 0,
    });
    let paths: Vec<Option<JsonPath>> = asked
        .iter()
        .map(|column| {
            let path = column["jsonPath"].as_str().or(column["JSONPath"].as_str()).unwrap_or_default();
            JsonPath::parse(&format!("{{{path}}}")).ok()
        })
        .collect();
    Table::of_objects([Column::NAME].into_iter().chain(columns), objects, Object::metadata, |object| {
        let value = object.to_value();
        let mut row = cells![object.name().to_owned()];
        for (column, path) in asked.iter().zip(&paths) {
            let found = path.as_ref().and_then(|path| path.find(&value).into_iter().next());
            let is_date = column["type"] == "date";
            row.push(match found {
                Some(Value::String(moment)) if is_date => moment
                    .parse::<k8s_openapi::jiff::Timestamp>()
                    .map_or_else(|_| "<invalid>".to_owned(), |moment| context.since(Some(moment)))
                    .into(),
                // What is not of its column's type is not shown (`cellForJSONValue`).
                Some(found) if !is_of_column(&found, &column["type"]) => "".into(),
                Some(Value::Bool(truth)) => truth.into(),
                Some(found) => text(&found).into(),
                None => "".into(),
            });
        }
        row
    })
}

fn is_of_column(value: &Value, type_: &Value) -> bool {
    match type_.as_str() {
        Some("integer" | "number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("date") => value.is_string(),
        _ => true,
    }
}

fn labels(value: &Value) -> String {
    let labels: BTreeMap<String, String> = serde_json::from_value(value.clone()).unwrap_or_default();
    format_labels(Some(&labels))
}

/// The first of a list, and how many more (`listWithMoreString`).
pub(super) fn few(list: Vec<String>, most: usize, none: &str) -> String {
    match list.len() {
        0 => none.to_owned(),
        count if count > most => format!("{} + {} more...", list[..most].join(","), count - most),
        _ => list.join(","),
    }
}

/// `formatEndpoints`: an address with each port of its subset, three at most.
pub(super) fn endpoints(value: &Value) -> String {
    let mut list = Vec::new();
    for subset in items(&value["subsets"]) {
        let ports: Vec<String> = items(&subset["ports"]).map(|port| text(&port["port"])).collect();
        let addresses = items(&subset["addresses"]).map(|address| text(&address["ip"]));
        for address in addresses {
            if ports.is_empty() {
                list.push(address);
            } else {
                list.extend(ports.iter().map(|port| join_host_port(&address, port)));
            }
        }
    }
    few(list, 3, "<none>")
}

/// An address of IPv6 is put in brackets.
pub(super) fn join_host_port(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn ingress(row: &Row<'_>) -> Vec<Cell> {
    let rules: Vec<&Value> = items(row.at("spec.rules")).collect();
    let named: Vec<String> = rules.iter().map(|rule| text(&rule["host"])).filter(|host| !host.is_empty()).collect();
    // Upstream counts the rest by rules, not by hosts.
    let hosts = match named.len() {
        0 => "*".to_owned(),
        count if count >= 3 && rules.len() > 3 => format!("{} + {} more...", named[..3].join(","), rules.len() - 3),
        _ => named.join(","),
    };
    let mut addresses: Vec<String> = items(row.at("status.loadBalancer.ingress"))
        .map(|ingress| or(text(&ingress["ip"]), &text(&ingress["hostname"])))
        .filter(|address| !address.is_empty())
        .collect();
    addresses.sort();
    addresses.dedup();
    let ports = if row.count("spec.tls") > 0 { "80, 443" } else { "80" };
    let mut cells = cells![row.name.clone(), hosts, addresses.join(","), ports, row.age.clone()];
    if row.context.layout.ingress_class {
        cells.insert(1, or(row.text("spec.ingressClassName"), "<none>").into());
    }
    cells
}

fn binding(row: &Row<'_>) -> Vec<Cell> {
    let of = |kind: &str| {
        let subjects = items(row.at("subjects")).filter(|subject| subject["kind"] == kind);
        let names = subjects.map(|subject| match kind {
            "ServiceAccount" => format!("{}/{}", text(&subject["namespace"]), text(&subject["name"])),
            _ => text(&subject["name"]),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let role = format!("{}/{}", row.text("roleRef.kind"), row.text("roleRef.name"));
    cells![row.name.clone(), role, row.age.clone(), of("User"), of("Group"), of("ServiceAccount")]
}

fn autoscaler(row: &Row<'_>) -> Vec<Cell> {
    let target = row.at("spec.scaleTargetRef");
    cells![
        row.name.clone(),
        format!("{}/{}", text(&target["kind"]), text(&target["name"])),
        metrics(row),
        or(row.text("spec.minReplicas"), "<unset>"),
        row.at("spec.maxReplicas").as_i64().unwrap_or(0),
        row.at("status.currentReplicas").as_i64().unwrap_or(0),
        row.age.clone(),
    ]
}

/// `formatHPAMetrics`, of `autoscaling/v2`, and of `v1` its only metric.
fn metrics(row: &Row<'_>) -> String {
    let with_name = |name: &str, shown: String| {
        if row.context.layout.metric_names { format!("{name}: {shown}") } else { shown }
    };
    let percent =
        |value: &Value, none: &str| value.as_i64().map_or_else(|| none.to_owned(), |number| format!("{number}%"));
    let specs: Vec<&Value> = items(row.at("spec.metrics")).collect();
    let old = row.at("spec.targetCPUUtilizationPercentage");
    if specs.is_empty() && !old.is_null() {
        let current = percent(row.at("status.currentCPUUtilizationPercentage"), "<unknown>");
        return with_name("cpu", format!("{current}/{}", percent(old, "<auto>")));
    }
    let amount = |value: &Value, none: &str| match value {
        Value::Null => none.to_owned(),
        value => canonical(&k8s_openapi::apimachinery::pkg::api::resource::Quantity(text(value))),
    };
    let statuses: Vec<&Value> = items(row.at("status.currentMetrics")).collect();
    let shown: Vec<String> = specs
        .iter()
        .enumerate()
        .map(|(index, spec)| {
            let (key, is_resource) = match spec["type"].as_str().unwrap_or_default() {
                "External" => ("external", false),
                "Pods" => ("pods", false),
                "Object" => ("object", false),
                "Resource" => ("resource", true),
                "ContainerResource" => ("containerResource", true),
                _ => return "<unknown type>".to_owned(),
            };
            let target = at(spec, key).get("target").unwrap_or(&Value::Null);
            let current = statuses.get(index).map_or(&Value::Null, |status| at(status, key)).get("current");
            let current = current.unwrap_or(&Value::Null);
            if is_resource {
                let name = text(&spec[key]["name"]);
                return if target["averageValue"].is_null() {
                    let current = percent(&current["averageUtilization"], "<unknown>");
                    with_name(&name, format!("{current}/{}", percent(&target["averageUtilization"], "<auto>")))
                } else {
                    let current = amount(&current["averageValue"], "<unknown>");
                    with_name(&name, format!("{current}/{}", amount(&target["averageValue"], "")))
                };
            }
            let average = if key == "pods" { "" } else { " (avg)" };
            if target["averageValue"].is_null() {
                format!("{}/{}", amount(&current["value"], "<unknown>"), amount(&target["value"], "0"))
            } else {
                let current = amount(&current["averageValue"], "<unknown>");
                format!("{current}/{}{average}", amount(&target["averageValue"], "0"))
            }
        })
        .collect();
    match shown.len() {
        0 => "<none>".to_owned(),
        count if count > 2 => format!("{} + {} more...", shown[..2].join(", "), count - 2),
        _ => shown.join(", "),
    }
}

fn signing_request(row: &Row<'_>) -> Vec<Cell> {
    let has = |type_: &str| items(row.at("status.conditions")).any(|condition| condition["type"] == type_);
    let mut condition = match () {
        () if has("Denied") => "Denied",
        () if has("Approved") => "Approved",
        () => "Pending",
    }
    .to_owned();
    if has("Failed") {
        condition.push_str(",Failed");
    }
    if !row.text("status.certificate").is_empty() {
        condition.push_str(",Issued");
    }
    let duration = row.at("spec.expirationSeconds").as_i64().map_or_else(|| "<none>".to_owned(), human_duration);
    cells![
        row.name.clone(),
        row.age.clone(),
        or(row.text("spec.signerName"), "<none>"),
        row.text("spec.username"),
        duration,
        condition,
    ]
}
