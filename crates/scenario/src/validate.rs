//! What an API server would refuse, and what would make a run untrue: checked on the JSON, so that every fault has a path.

use serde_json::{Map, Value};
use sim_cluster::{ANNOTATION, Conduct, Kind, MAX_REPLICAS, closest};
use sim_core::quantity::Quantity;

use crate::fault::Severity;
use crate::load::Found;
use crate::locate::Step;

/// Fills in what old API versions left out: a workload's selector is its template's labels.
pub(crate) fn complete(kind: Kind, api_version: &str, object: &mut Map<String, Value>) {
    let workload = matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::StatefulSet);
    if !workload || api_version == "apps/v1" {
        return;
    }
    let labels = object.get("spec").and_then(|spec| spec.pointer("/template/metadata/labels")).cloned();
    if let (Some(Value::Object(spec)), Some(labels)) = (object.get_mut("spec"), labels) {
        spec.entry("selector").or_insert_with(|| serde_json::json!({ "matchLabels": labels }));
    }
}

/// Every fault of an object of a known kind.
pub(crate) fn check(kind: Kind, object: &Value) -> Vec<Found> {
    let mut checker = Checker { path: Vec::new(), found: Vec::new() };
    let root = Cursor { value: object };
    match kind {
        Kind::Node => checker.node(root),
        Kind::Pod => checker.pod(root),
        Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::StatefulSet => checker.workload(root, true),
        Kind::Job | Kind::ReplicationController => checker.workload(root, false),
        _ => {}
    }
    checker.found
}

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

#[derive(Clone, Copy)]
struct Cursor<'a> {
    value: &'a Value,
}

impl<'a> Cursor<'a> {
    fn get(self, key: &str) -> Option<Cursor<'a>> {
        self.value.get(key).filter(|value| !value.is_null()).map(|value| Cursor { value })
    }

    fn text(self, key: &str) -> &'a str {
        self.value.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

struct Checker {
    path: Vec<Step>,
    found: Vec<Found>,
}

impl Checker {
    fn enter(&mut self, at: Cursor<'_>, key: &str, check: impl FnOnce(&mut Self, Cursor<'_>)) {
        if let Some(inner) = at.get(key) {
            self.path.push(Step::Key(key.to_owned()));
            check(self, inner);
            self.path.pop();
        }
    }

    fn each(&mut self, at: Cursor<'_>, key: &str, mut check: impl FnMut(&mut Self, Cursor<'_>)) {
        self.enter(at, key, |checker, list| {
            for (index, value) in list.value.as_array().into_iter().flatten().enumerate() {
                checker.path.push(Step::Index(index));
                check(checker, Cursor { value });
                checker.path.pop();
            }
        });
    }

    fn error(&mut self, key: &str, message: String) -> &mut Found {
        let mut path = self.path.clone();
        if !key.is_empty() {
            path.push(Step::Key(key.to_owned()));
        }
        self.found.push(Found { severity: Severity::Error, path, message, hint: None });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// A word that must be one of several.
    fn one_of(&mut self, at: Cursor<'_>, key: &str, words: &[&str], required: bool) {
        let word = at.text(key);
        if (word.is_empty() && !required) || words.contains(&word) {
            return;
        }
        let expected = words.join(", ");
        let similar = words
            .iter()
            .find(|known| known.eq_ignore_ascii_case(word))
            .copied()
            .or_else(|| closest(word, words.iter().copied()));
        let hint = similar.map(|similar| format!("did you mean {similar}?"));
        let message = if word.is_empty() {
            format!("is missing: expected one of {expected}")
        } else {
            format!("{word:?} is not known: expected one of {expected}")
        };
        self.error(key, message).hint = hint;
    }

    fn node(&mut self, node: Cursor<'_>) {
        self.enter(node, "spec", |checker, spec| {
            checker.each(spec, "taints", |checker, taint| {
                checker.one_of(taint, "effect", &EFFECTS, true);
                if taint.text("key").is_empty() {
                    checker.error("key", "a taint needs a key".to_owned());
                }
            });
        });
        self.enter(node, "status", |checker, status| {
            checker.enter(status, "capacity", Checker::quantities);
            checker.enter(status, "allocatable", Checker::quantities);
        });
    }

    fn workload(&mut self, workload: Cursor<'_>, needs_selector: bool) {
        self.enter(workload, "spec", |checker, spec| {
            match spec.value.get("replicas").and_then(Value::as_i64) {
                Some(..0) => {
                    checker.error("replicas", "must be greater than or equal to 0".to_owned());
                }
                Some(replicas) if replicas > i64::from(MAX_REPLICAS) => {
                    checker.error(
                        "replicas",
                        format!("{replicas} are more than the {MAX_REPLICAS} that sim runs of one workload"),
                    );
                }
                _ => {}
            }
            if needs_selector {
                checker.selector_of_template(spec);
            }
            checker.enter(spec, "template", Checker::pod);
        });
    }

    /// A pod or the template of one.
    fn pod(&mut self, pod: Cursor<'_>) {
        self.enter(pod, "metadata", |checker, metadata| checker.enter(metadata, "annotations", Checker::behaviours));
        self.enter(pod, "spec", Checker::pod_spec);
    }

    /// The annotations in which a pod says how its containers behave.
    fn behaviours(&mut self, annotations: Cursor<'_>) {
        for (key, value) in annotations.value.as_object().into_iter().flatten() {
            let of_container = key.strip_prefix(ANNOTATION).is_some_and(|rest| rest.starts_with('.'));
            if (key == ANNOTATION || of_container)
                && let Some(Err(error)) = value.as_str().map(Conduct::parse)
            {
                self.error(key, error.to_string());
            }
        }
    }

    fn selector_of_template(&mut self, spec: Cursor<'_>) {
        let Some(selector) = spec.get("selector") else {
            self.error("selector", "is missing: expected the labels of the template".to_owned());
            return;
        };
        self.enter(spec, "selector", Checker::label_selector);
        let labels = spec.value.pointer("/template/metadata/labels").and_then(Value::as_object);
        let wanted = selector.get("matchLabels").and_then(|labels| labels.value.as_object());
        let missing =
            wanted.into_iter().flatten().find(|(key, value)| labels.and_then(|labels| labels.get(*key)) != Some(value));
        if let Some((key, value)) = missing {
            let value = value.as_str().unwrap_or_default();
            self.error(
                "selector",
                format!("`selector` does not match template `labels`: the template has no {key}={value}"),
            );
        }
    }

    fn pod_spec(&mut self, spec: Cursor<'_>) {
        for key in ["containers", "initContainers"] {
            self.each(spec, key, |checker, container| {
                if container.text("name").is_empty() {
                    checker.error("name", "a container needs a name".to_owned());
                }
                checker.enter(container, "resources", Checker::resources);
            });
        }
        self.enter(spec, "resources", Checker::resources);
        self.enter(spec, "overhead", Checker::quantities);
        self.each(spec, "tolerations", Checker::toleration);
        self.each(spec, "topologySpreadConstraints", |checker, constraint| {
            if constraint.text("topologyKey").is_empty() {
                checker.error("topologyKey", "is missing".to_owned());
            }
            checker.one_of(constraint, "whenUnsatisfiable", &["DoNotSchedule", "ScheduleAnyway"], true);
            if constraint.value.get("maxSkew").and_then(Value::as_i64).is_some_and(|skew| skew < 1) {
                checker.error("maxSkew", "must be greater than zero".to_owned());
            }
            checker.enter(constraint, "labelSelector", Checker::label_selector);
        });
        self.enter(spec, "affinity", |checker, affinity| {
            checker.enter(affinity, "nodeAffinity", Checker::node_affinity);
            checker.enter(affinity, "podAffinity", Checker::pod_affinity);
            checker.enter(affinity, "podAntiAffinity", Checker::pod_affinity);
        });
    }

    fn toleration(&mut self, toleration: Cursor<'_>) {
        self.one_of(toleration, "operator", &["Equal", "Exists", "Lt", "Gt"], false);
        self.one_of(toleration, "effect", &EFFECTS, false);
        if matches!(toleration.text("operator"), "Lt" | "Gt") {
            self.error("operator", "Lt and Gt are alpha and off in every version: no API server takes them".to_owned());
        }
        if toleration.text("operator") == "Exists" && !toleration.text("value").is_empty() {
            self.error("value", "must be empty when `operator` is 'Exists'".to_owned());
        }
        if toleration.text("key").is_empty() && toleration.text("operator") != "Exists" {
            self.error(
                "operator",
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"".to_owned(),
            );
        }
        if toleration.get("tolerationSeconds").is_some() && !matches!(toleration.text("effect"), "" | "NoExecute") {
            self.error("effect", "effect must be 'NoExecute' when `tolerationSeconds` is set".to_owned());
        }
    }

    fn resources(&mut self, resources: Cursor<'_>) {
        self.enter(resources, "requests", Checker::quantities);
        self.enter(resources, "limits", Checker::quantities);
        let (Some(requests), Some(limits)) = (resources.get("requests"), resources.get("limits")) else { return };
        for (name, request) in requests.value.as_object().into_iter().flatten() {
            let limit = limits.value.get(name).and_then(quantity);
            if let (Some(request), Some(limit)) = (quantity(request), limit)
                && request > limit
            {
                self.path.push(Step::Key("requests".to_owned()));
                self.error(name, format!("must be less than or equal to {name} limit of {limit}"));
                self.path.pop();
            }
        }
    }

    fn quantities(&mut self, list: Cursor<'_>) {
        for (name, value) in list.value.as_object().into_iter().flatten() {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => continue,
            };
            match text.parse::<Quantity>() {
                Ok(quantity) if quantity < Quantity::default() => {
                    self.error(name, format!("{text:?} is negative: must be greater than or equal to 0"));
                }
                Ok(_) => {}
                Err(error) => {
                    self.error(name, error.to_string());
                }
            }
        }
    }

    fn label_selector(&mut self, selector: Cursor<'_>) {
        self.each(selector, "matchExpressions", |checker, requirement| {
            checker.requirement(requirement, &["In", "NotIn", "Exists", "DoesNotExist"]);
        });
    }

    fn requirement(&mut self, requirement: Cursor<'_>, operators: &[&str]) {
        self.one_of(requirement, "operator", operators, true);
        let values: Vec<&Value> =
            requirement.value.get("values").and_then(Value::as_array).into_iter().flatten().collect();
        match requirement.text("operator") {
            "In" | "NotIn" if values.is_empty() => {
                self.error("values", "must be specified when `operator` is 'In' or 'NotIn'".to_owned());
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                self.error("values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'".to_owned());
            }
            "Gt" | "Lt"
                if values.len() != 1 || values[0].as_str().is_none_or(|value| value.parse::<i64>().is_err()) =>
            {
                self.error("values", "must be one integer when `operator` is 'Lt' or 'Gt'".to_owned());
            }
            _ => {}
        }
    }

    fn node_affinity(&mut self, affinity: Cursor<'_>) {
        let operators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
        let term = |checker: &mut Self, term: Cursor<'_>| {
            checker.each(term, "matchExpressions", |checker, requirement| checker.requirement(requirement, &operators));
            checker
                .each(term, "matchFields", |checker, requirement| checker.requirement(requirement, &["In", "NotIn"]));
        };
        self.enter(affinity, "requiredDuringSchedulingIgnoredDuringExecution", |checker, selector| {
            checker.each(selector, "nodeSelectorTerms", term);
        });
        self.each(affinity, "preferredDuringSchedulingIgnoredDuringExecution", |checker, preferred| {
            checker.enter(preferred, "preference", term);
        });
    }

    fn pod_affinity(&mut self, affinity: Cursor<'_>) {
        let term = |checker: &mut Self, term: Cursor<'_>| {
            if term.text("topologyKey").is_empty() {
                checker.error("topologyKey", "can not be empty".to_owned());
            }
            checker.enter(term, "labelSelector", Checker::label_selector);
            checker.enter(term, "namespaceSelector", Checker::label_selector);
        };
        self.each(affinity, "requiredDuringSchedulingIgnoredDuringExecution", term);
        self.each(affinity, "preferredDuringSchedulingIgnoredDuringExecution", |checker, preferred| {
            checker.enter(preferred, "podAffinityTerm", term);
        });
    }
}

fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
