//! What the API server asks of objects beside admission (`pkg/apis/*/validation`): the rules a person's step can break,
//! in its words. A value is printed as Go prints it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::api_error::ApiError;
use crate::convert;
use crate::object::Object;

const SUBDOMAIN: &str = "must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Judges an object that is created; `rfc_1123` is what the version calls such names.
///
/// # Errors
/// When it breaks a rule: all that is wrong.
pub(crate) fn validate(object: &Object, rfc_1123: &str) -> Result<(), ApiError> {
    let mut faults = Vec::new();
    let name = object.name();
    if !is_subdomain(name) {
        faults.push(format!("metadata.name: Invalid value: \"{name}\": a {rfc_1123} subdomain {SUBDOMAIN}"));
    }
    if let Some((selector, template)) = selector_and_template(object) {
        let labels = template.and_then(|template| template.metadata.as_ref()?.labels.clone()).unwrap_or_default();
        if !convert::label_selector(selector).matches(&convert::labels(Some(&labels))) {
            let labels = map_text(&labels);
            faults.push(format!(
                "spec.template.metadata.labels: Invalid value: {labels}: `selector` does not match template `labels`"
            ));
        }
    }
    refuse(object, faults)
}

/// Judges a change of an object.
///
/// # Errors
/// When it changes what is fixed.
pub(crate) fn validate_update(before: &Object, after: &Object) -> Result<(), ApiError> {
    let mut faults = Vec::new();
    if let Some(((before, _), (new, _))) = selector_and_template(before).zip(selector_and_template(after))
        && before != new
    {
        faults.push(format!("spec.selector: Invalid value: {}: field is immutable", selector_text(new)));
    }
    refuse(after, faults)
}

fn refuse(object: &Object, faults: Vec<String>) -> Result<(), ApiError> {
    match object.kind() {
        Some(kind) if !faults.is_empty() => Err(ApiError::invalid(kind, object.name(), faults)),
        _ => Ok(()),
    }
}

/// The selector and the template of a workload that chooses its pods by labels.
fn selector_and_template(object: &Object) -> Option<(&LabelSelector, Option<&PodTemplateSpec>)> {
    match object {
        Object::Deployment(object) => Some((&object.spec.selector, Some(&object.spec.template))),
        Object::ReplicaSet(object) => Some((&object.spec.selector, object.spec.template.as_ref())),
        Object::DaemonSet(object) => Some((&object.spec.selector, Some(&object.spec.template))),
        Object::StatefulSet(object) => Some((&object.spec.selector, Some(&object.spec.template))),
        _ => None,
    }
}

/// Lower case letters, digits, `-` and `.` (`IsDNS1123Subdomain`).
fn is_subdomain(name: &str) -> bool {
    let part = |part: &str| {
        let inner = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        inner && !part.is_empty() && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(part)
}

/// `map[string]string{"a":"b"}`.
fn map_text(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key:?}:{value:?}")).collect();
    format!("map[string]string{{{}}}", pairs.join(", "))
}

fn selector_text(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.as_ref().map_or("map[string]string(nil)".to_owned(), map_text);
    let expressions = selector.match_expressions.iter().flatten().map(|expression| {
        let values = expression.values.as_ref().map_or("[]string(nil)".to_owned(), |values| {
            let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
            format!("[]string{{{}}}", values.join(", "))
        });
        let (key, operator) = (&expression.key, &expression.operator);
        format!("v1.LabelSelectorRequirement{{Key:{key:?}, Operator:{operator:?}, Values:{values}}}")
    });
    let expressions = match &selector.match_expressions {
        None => "[]v1.LabelSelectorRequirement(nil)".to_owned(),
        Some(_) => format!("[]v1.LabelSelectorRequirement{{{}}}", expressions.collect::<Vec<_>>().join(", ")),
    };
    format!("v1.LabelSelector{{MatchLabels:{labels}, MatchExpressions:{expressions}}}")
}
