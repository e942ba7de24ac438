//! Which lists and objects are one field, and which are many: `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and
//! `x-kubernetes-map-type`, of the built-in types and as definitions say them.

use serde_json::Value;

use super::path::Step;

/// What is known of the fields of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Schema<'a> {
    /// A built-in type.
    BuiltIn,
    /// What a definition says.
    Defined(&'a Value),
    /// Nothing.
    Unknown,
}

/// How a value is made up.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape<'a> {
    /// One field, whatever is in it.
    Leaf,
    /// An object of fields.
    Object,
    /// A list whose items are told apart by these keys.
    Keyed(Vec<Key<'a>>),
    /// A list of different values.
    Set,
}

/// What tells the items of a list apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key<'a> {
    name: &'a str,
    /// What an item has that does not say it, as JSON.
    default: Option<String>,
}

impl Key<'static> {
    fn built_in(name: &'static str) -> Self {
        Self { name, default: (name == "protocol").then(|| "\"TCP\"".to_owned()) }
    }
}

/// Objects that Go's types always have: nobody owns them for having written them.
pub(super) const ALWAYS_THERE: &[&[&str]] = &[
    &["spec"],
    &["spec", "containers"],
    &["spec", "jobTemplate"],
    &["spec", "jobTemplate", "metadata"],
    &["spec", "jobTemplate", "spec"],
    &["spec", "jobTemplate", "spec", "template"],
    &["spec", "jobTemplate", "spec", "template", "metadata"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec", "containers"],
    &["spec", "strategy"],
    &["spec", "template"],
    &["spec", "template", "metadata"],
    &["spec", "template", "spec"],
    &["spec", "template", "spec", "containers"],
    &["spec", "updateStrategy"],
    &["status"],
];

/// Objects that are one field.
const ATOMIC: [&str; 19] = [
    "claimRef",
    "configMapKeyRef",
    "dataSource",
    "fieldRef",
    "involvedObject",
    "labelSelector",
    "namespaceSelector",
    "nodeSelector",
    "nodePublishSecretRef",
    "nodeStageSecretRef",
    "objectSelector",
    "podSelector",
    "related",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "resourceFieldRef",
    "scopeSelector",
    "secretKeyRef",
    "selector",
    "preference",
];

impl<'a> Schema<'a> {
    /// How the value at a path is made up.
    pub(super) fn shape(self, path: &[Step], value: &Value) -> Shape<'a> {
        if let Schema::Defined(schema) = self
            && !is_of_metadata(path)
        {
            return defined(at(schema, path), value);
        }
        let field = path.iter().rev().find_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            _ => None,
        });
        let is_item = matches!(path.last(), Some(Step::Key(_) | Step::Value(_) | Step::Index(_)));
        match value {
            // References are one field each.
            Value::Object(_)
                if is_item && matches!(field, Some("ownerReferences" | "imagePullSecrets" | "secrets")) =>
            {
                Shape::Leaf
            }
            Value::Object(_) if is_item => Shape::Object,
            Value::Object(_) if self == Schema::BuiltIn && field.is_some_and(|field| ATOMIC.contains(&field)) => {
                Shape::Leaf
            }
            Value::Object(_) => Shape::Object,
            Value::Array(items) => self.list(path, field.unwrap_or_default(), items),
            _ => Shape::Leaf,
        }
    }

    fn list(self, path: &[Step], field: &str, items: &[Value]) -> Shape<'a> {
        let of_metadata = is_of_metadata(path);
        if self != Schema::BuiltIn && !of_metadata {
            return Shape::Leaf;
        }
        let keys: &[&'static str] = match field {
            "finalizers" if of_metadata => return Shape::Set,
            "ownerReferences" => &["uid"],
            "containers"
            | "initContainers"
            | "ephemeralContainers"
            | "volumes"
            | "env"
            | "imagePullSecrets"
            | "resourceClaims"
            | "schedulingGates"
            | "claims"
            | "secrets"
            | "drivers" => &["name"],
            "ports" if items.iter().any(|item| item.get("containerPort").is_some()) => &["containerPort", "protocol"],
            "ports" => &["port", "protocol"],
            "volumeMounts" => &["mountPath"],
            "volumeDevices" => &["devicePath"],
            "hostAliases" | "podIPs" => &["ip"],
            "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
            "conditions" | "addresses" => &["type"],
            _ => return Shape::Leaf,
        };
        Shape::Keyed(keys.iter().map(|name| Key::built_in(name)).collect())
    }
}

fn is_of_metadata(path: &[Step]) -> bool {
    matches!(path.first(), Some(Step::Field(first)) if first == "metadata")
}

/// What a definition says of the place that a path leads to.
fn at<'a>(schema: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(schema, |schema, step| match step {
        Step::Field(name) => schema["properties"].get(name).or_else(|| schema.get("additionalProperties")),
        Step::Key(_) | Step::Value(_) | Step::Index(_) => schema.get("items"),
    })
}

/// How a definition says that a value is made up. Without a word a list is one field, and an object is many.
fn defined<'a>(schema: Option<&'a Value>, value: &Value) -> Shape<'a> {
    let says = |what: &str| schema.and_then(|schema| schema.get(what)).and_then(Value::as_str);
    match (value, schema) {
        (Value::Object(_), _) if says("x-kubernetes-map-type") == Some("atomic") => Shape::Leaf,
        (Value::Object(_), _) => Shape::Object,
        (Value::Array(_), Some(schema)) => match says("x-kubernetes-list-type") {
            Some("set") => Shape::Set,
            Some("map") => {
                let names = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
                let default = |name: &str| schema["items"]["properties"][name].get("default").map(Value::to_string);
                Shape::Keyed(names.filter_map(Value::as_str).map(|name| Key { name, default: default(name) }).collect())
            }
            _ => Shape::Leaf,
        },
        _ => Shape::Leaf,
    }
}

/// What tells an item of a list apart; nothing when it lacks a key.
pub(super) fn identity(shape: &Shape<'_>, item: &Value) -> Option<Step> {
    match shape {
        Shape::Set => Some(Step::Value(item.to_string())),
        Shape::Keyed(keys) => {
            let key = |key: &Key<'_>| {
                let said = item.get(key.name).filter(|value| !value.is_null()).map(Value::to_string);
                Some((key.name.to_owned(), said.or_else(|| key.default.clone())?))
            };
            keys.iter().map(key).collect::<Option<Vec<_>>>().map(Step::Key)
        }
        Shape::Leaf | Shape::Object => None,
    }
}

/// The items of a list by what tells them apart; nothing when two are the same or one cannot be told.
pub(super) fn identities(shape: &Shape<'_>, items: &[Value]) -> Option<Vec<Step>> {
    let steps = items.iter().map(|item| identity(shape, item)).collect::<Option<Vec<_>>>()?;
    let mut sorted = steps.clone();
    sorted.sort();
    sorted.dedup();
    (sorted.len() == steps.len()).then_some(steps)
}
