//! Which lists and objects are one field, and which are many: `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and
//! `x-kubernetes-map-type` of the built-in types. Custom resources are taken as those whose schema says nothing.

use serde_json::Value;

use super::path::Step;

/// What is known of the fields of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Schema {
    /// A built-in type.
    BuiltIn,
    /// Nothing.
    Unknown,
}

/// How a value is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One field, whatever is in it.
    Leaf,
    /// An object of fields.
    Object,
    /// A list whose items are told apart by these keys.
    Keyed(&'static [&'static str]),
    /// A list of different values.
    Set,
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

impl Schema {
    /// How the value at a path is made up.
    pub(super) fn shape(self, path: &[Step], value: &Value) -> Shape {
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

    fn list(self, path: &[Step], field: &str, items: &[Value]) -> Shape {
        let of_metadata = matches!(path.first(), Some(Step::Field(first)) if first == "metadata");
        if self == Schema::Unknown && !of_metadata {
            return Shape::Leaf;
        }
        let keys: &[&str] = match field {
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
        Shape::Keyed(keys)
    }
}

/// What tells an item of a list apart; nothing when it lacks a key.
pub(super) fn identity(shape: Shape, item: &Value) -> Option<Step> {
    match shape {
        Shape::Set => Some(Step::Value(item.to_string())),
        Shape::Keyed(keys) => {
            let key = |name: &&str| {
                let value = match item.get(name) {
                    Some(value) if !value.is_null() => value.to_string(),
                    _ if *name == "protocol" => "\"TCP\"".to_owned(),
                    _ => return None,
                };
                Some(((*name).to_owned(), value))
            };
            keys.iter().map(key).collect::<Option<Vec<_>>>().map(Step::Key)
        }
        Shape::Leaf | Shape::Object => None,
    }
}

/// The items of a list by what tells them apart; nothing when two are the same or one cannot be told.
pub(super) fn identities(shape: Shape, items: &[Value]) -> Option<Vec<Step>> {
    let steps = items.iter().map(|item| identity(shape, item)).collect::<Option<Vec<_>>>()?;
    let mut sorted = steps.clone();
    sorted.sort();
    sorted.dedup();
    (sorted.len() == steps.len()).then_some(steps)
}
