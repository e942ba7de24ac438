//! Values that are no simple ones, as the errors of a version show them: as Go prints them, or as JSON (1.34).

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use serde_json::Value;

use crate::behaviour::Behaviour;

/// `[]string{"a", "b"}`, or `["a","b"]`.
pub(crate) fn list_text(type_: &str, list: &[String], rules: &Behaviour) -> String {
    let words: Vec<String> = list.iter().map(|word| format!("{word:?}")).collect();
    match (words.is_empty(), rules.values_as_json) {
        (true, true) => "null".to_owned(),
        (true, false) => format!("{type_}(nil)"),
        (false, true) => format!("[{}]", words.join(",")),
        (false, false) => format!("{type_}{{{}}}", words.join(", ")),
    }
}

/// `map[string]string{"a":"b"}`, or `{"a":"b"}`.
pub(super) fn map_text(map: &BTreeMap<String, String>, rules: &Behaviour) -> String {
    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key:?}:{value:?}")).collect();
    match rules.values_as_json {
        true => format!("{{{}}}", pairs.join(",")),
        false => format!("map[string]string{{{}}}", pairs.join(", ")),
    }
}

/// The same of a selector.
pub(super) fn selector_text(selector: &LabelSelector, rules: &Behaviour) -> String {
    let labels = selector.match_labels.as_ref();
    let expressions = selector.match_expressions.as_ref();
    let told = |join: &str| {
        let told: Vec<String> = expressions.into_iter().flatten().map(|one| requirement_text(one, rules)).collect();
        told.join(join)
    };
    if rules.values_as_json {
        let labels = labels.filter(|labels| !labels.is_empty());
        let labels = labels.map(|labels| format!("\"matchLabels\":{}", map_text(labels, rules)));
        let expressions = expressions.filter(|expressions| !expressions.is_empty());
        let expressions = expressions.map(|_| format!("\"matchExpressions\":[{}]", told(",")));
        let fields: Vec<String> = labels.into_iter().chain(expressions).collect();
        return format!("{{{}}}", fields.join(","));
    }
    let labels = labels.map_or("map[string]string(nil)".to_owned(), |labels| map_text(labels, rules));
    let expressions = match expressions {
        None => "[]v1.LabelSelectorRequirement(nil)".to_owned(),
        Some(_) => format!("[]v1.LabelSelectorRequirement{{{}}}", told(", ")),
    };
    format!("v1.LabelSelector{{MatchLabels:{labels}, MatchExpressions:{expressions}}}")
}

fn requirement_text(requirement: &LabelSelectorRequirement, rules: &Behaviour) -> String {
    let (key, operator) = (&requirement.key, &requirement.operator);
    let values = list_text("[]string", requirement.values.as_deref().unwrap_or_default(), rules);
    if rules.values_as_json {
        let values =
            requirement.values.as_ref().filter(|list| !list.is_empty()).map(|_| format!(",\"values\":{values}"));
        return format!("{{\"key\":{key:?},\"operator\":{operator:?}{}}}", values.unwrap_or_default());
    }
    format!("v1.LabelSelectorRequirement{{Key:{key:?}, Operator:{operator:?}, Values:{values}}}")
}

/// A value of any kind: `1`, `"a"`, `map[string]interface {}{"a":1}` or `{"a":1}`.
pub(crate) fn value_text(value: &Value, rules: &Behaviour) -> String {
    match value {
        Value::Null if !rules.values_as_json => "\"null\"".to_owned(),
        Value::Array(_) | Value::Object(_) if !rules.values_as_json => go_text(value),
        Value::Object(_) => {
            // Go's maps are written by key.
            let mut sorted = value.clone();
            sorted.sort_all_objects();
            sorted.to_string()
        }
        plain => plain.to_string(),
    }
}

/// A value as Go's `%#v` prints it.
fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_text).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(fields) => {
            let mut fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key:?}:{}", go_text(value))).collect();
            fields.sort();
            format!("map[string]interface {{}}{{{}}}", fields.join(", "))
        }
        plain => plain.to_string(),
    }
}
