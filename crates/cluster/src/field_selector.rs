//! Field selectors (apimachinery `pkg/fields`), and the fields that each kind can be selected by.

use serde_json::Value;

use crate::object::{Kind, Object};
use crate::pod;

/// `status.phase!=Running,spec.nodeName=n1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSelector(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    is_equal: bool,
    value: String,
}

impl FieldSelector {
    /// Reads a selector.
    ///
    /// # Errors
    /// When a part has no operator, in apimachinery's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').filter(|part| !part.is_empty()).map(|part| {
            let found = ["!=", "==", "="].iter().filter_map(|sign| Some((part.find(sign)?, *sign)));
            let Some((at, sign)) = found.min_by_key(|(at, sign)| (*at, std::cmp::Reverse(sign.len()))) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
            };
            let value = part[at + sign.len()..].to_owned();
            Ok(Term { field: part[..at].to_owned(), is_equal: sign != "!=", value })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Whether objects of a kind (of one that is not simulated when absent) can be selected by these fields.
    ///
    /// # Errors
    /// When they cannot, in the API server's words.
    pub fn check(&self, kind: Option<Kind>) -> Result<(), String> {
        let known =
            |field: &str| ["metadata.name", "metadata.namespace"].contains(&field) || fields(kind).contains(&field);
        match self.0.iter().find(|term| !known(&term.field)) {
            None => Ok(()),
            Some(Term { field, .. }) => Err(format!("field label not supported: {field}")),
        }
    }

    /// The value that a field must have, where it must have one.
    pub fn requires(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|term| term.is_equal && term.field == field).map(|term| term.value.as_str())
    }

    /// Whether it selects an object.
    pub fn matches(&self, object: &Object) -> bool {
        let mut json = None;
        self.0.iter().all(|term| {
            let has_value = match quick(object, &term.field) {
                Some(value) => value == term.value,
                None => read(json.get_or_insert_with(|| object.to_value()), &term.field) == term.value,
            };
            has_value == term.is_equal
        })
    }
}

/// The fields that are asked for most, without the object's JSON: a node's kubelet asks for its pods among all, and
/// kubectl for an object's events.
fn quick<'object>(object: &'object Object, field: &str) -> Option<&'object str> {
    let text = |text: &'object Option<String>| text.as_deref().unwrap_or_default();
    match (field, object) {
        ("metadata.name", _) => Some(object.name()),
        ("metadata.namespace", _) => Some(object.namespace().unwrap_or_default()),
        ("spec.nodeName", Object::Pod(pod)) => Some(pod::node_name(pod).unwrap_or_default()),
        ("status.phase", Object::Pod(pod)) => Some(pod.status.as_ref().map_or("", |status| text(&status.phase))),
        ("involvedObject.kind", Object::Event(event)) => Some(text(&event.involved_object.kind)),
        ("involvedObject.name", Object::Event(event)) => Some(text(&event.involved_object.name)),
        ("involvedObject.namespace", Object::Event(event)) => Some(text(&event.involved_object.namespace)),
        ("involvedObject.uid", Object::Event(event)) => Some(text(&event.involved_object.uid)),
        _ => None,
    }
}

/// A field as its registry writes it: what is not set is empty, false or nought.
fn read(object: &Value, field: &str) -> String {
    // The reporter stands in two places.
    let field = if field == "source" { "source.component" } else { field };
    let found = field.split('.').try_fold(object, |value, key| value.get(key));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => match field {
            "spec.unschedulable" | "spec.hostNetwork" => "false".to_owned(),
            "status.successful" | "status.replicas" => "0".to_owned(),
            "source.component" => read(object, "reportingComponent"),
            _ => String::new(),
        },
        Some(other) => other.to_string(),
    }
}

/// What a kind can be selected by besides name and namespace (`pkg/apis/*/v1/conversion.go`).
fn fields(kind: Option<Kind>) -> &'static [&'static str] {
    match kind {
        Some(Kind::Pod) => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Some(Kind::Node) => &["spec.unschedulable"],
        Some(Kind::Namespace) => &["status.phase"],
        Some(Kind::ReplicaSet | Kind::ReplicationController) => &["status.replicas"],
        Some(Kind::Job) => &["status.successful"],
        Some(Kind::Event) => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        Some(Kind::Service) => &["spec.clusterIP", "spec.type"],
        // Secrets by their type, signing requests by their signer.
        None => &["type", "spec.signerName"],
        Some(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FieldSelector;
    use crate::object::{Kind, Object};

    #[test]
    fn fields_select() {
        let pod = json!({"metadata": {"name": "a", "namespace": "n"}, "spec": {"nodeName": "n1", "containers": []},
            "status": {"phase": "Running"}});
        let pod = Object::read(Kind::Pod, pod).unwrap();
        for (text, expected) in [
            ("", true),
            ("spec.nodeName=n1", true),
            ("spec.nodeName==n1,status.phase!=Running", false),
            ("status.phase!=Pending,metadata.name=a", true),
            ("status.nominatedNodeName=", true),
            ("spec.hostNetwork=false", true),
            ("spec.nodeName=", false),
        ] {
            let selector = FieldSelector::parse(text).unwrap();
            assert!(selector.check(Some(Kind::Pod)).is_ok());
            assert_eq!(selector.matches(&pod), expected, "{text}");
        }
        let unknown = FieldSelector::parse("spec.foo=x").unwrap().check(Some(Kind::Pod));
        assert_eq!(unknown.unwrap_err(), "field label not supported: spec.foo");
        assert_eq!(FieldSelector::parse("x").unwrap_err(), "invalid selector: 'x'; can't understand 'x'");
    }
}
