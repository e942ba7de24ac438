//! `kubectl describe` of kinds that it has no page for (`genericDescriber`).

use k8s_openapi::api::core::v1::Event;
use serde_json::{Map, Value};

use super::context::PrintContext;
use super::describe::Page;
use super::describe_workload::labels;
use super::json_path::go_text;
use crate::object::Object;

/// What the page shows before its fields, or never.
const SKIPPED: [&str; 5] =
    [".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];
/// Words that are written in capitals.
const ACRONYMS: [&str; 4] = ["API", "URL", "UID", "GUID"];

/// The page of any object: all its fields, by name.
pub(super) fn describe_any(object: &Object, value: &Value, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let metadata = object.metadata();
    page.field(0, "Name", metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", metadata.namespace.as_deref().unwrap_or_default());
    labels(&mut page, metadata);
    if let Value::Object(fields) = value {
        content(&mut page, 0, fields, "", context);
    }
    page.events(events, context);
    page.finish()
}

fn content(page: &mut Page, level: usize, fields: &Map<String, Value>, path: &str, context: &PrintContext) {
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    for (name, value) in sorted {
        let path = format!("{path}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let label = label(name, context);
        match value {
            Value::Object(fields) => {
                page.line(level, &format!("{label}:"));
                content(page, level + 1, fields, &path, context);
            }
            Value::Array(items) => {
                page.line(level, &format!("{label}:"));
                for item in items {
                    match item {
                        Value::Object(fields) => content(page, level + 1, fields, &path, context),
                        other => page.line(level + 1, &go_text(other)),
                    }
                }
            }
            other => page.field(level, &label, &go_text(other)),
        }
    }
}

/// `creationTimestamp` as `Creation Timestamp` (`smartLabelFor`).
fn label(field: &str, context: &PrintContext) -> String {
    if field.contains(|letter: char| !letter.is_alphabetic() && letter != '-') {
        return field.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    for word in camel_case(field) {
        let last = words.last_mut().filter(|last| {
            // A run of capitals that a capitalised word follows: `URLPath`, `CIDRs`.
            context.layout.merged_capitals
                && last.chars().count() >= 2
                && last.chars().all(|letter| !letter.is_alphabetic() || letter.is_uppercase())
                && word.starts_with(|letter: char| letter.is_ascii_uppercase())
        });
        match last {
            Some(last) => last.push_str(&word),
            None => words.push(word),
        }
    }
    let shown = words.into_iter().filter(|word| word != "_").map(|word| {
        let capitals = word.to_uppercase();
        if ACRONYMS.contains(&capitals.as_str()) {
            return capitals;
        }
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if word == word.to_lowercase() => first.to_uppercase().chain(letters).collect(),
            _ => word.clone(),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The words of a name: runs of small letters with the capital before them, runs of capitals, and everything else
/// (`fatih/camelcase`).
fn camel_case(name: &str) -> Vec<String> {
    let class = |letter: char| match letter {
        letter if letter.is_lowercase() => 1,
        letter if letter.is_uppercase() => 2,
        _ => 4,
    };
    let mut words: Vec<String> = Vec::new();
    let mut last = 0;
    for letter in name.chars() {
        let own = class(letter);
        match words.last_mut().filter(|_| own == last) {
            Some(word) => word.push(letter),
            None => words.push(letter.to_string()),
        }
        last = own;
    }
    // The last capital of a run begins the word that follows.
    for index in 0..words.len().saturating_sub(1) {
        let is_run = words[index].starts_with(char::is_uppercase) && words[index + 1].starts_with(char::is_lowercase);
        if is_run && let Some(capital) = words[index].pop() {
            words[index + 1].insert(0, capital);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use k8s_openapi::jiff::{Timestamp, tz::Offset};

    use super::{PrintContext, label};

    #[test]
    fn names_of_fields_as_titles() {
        let context = |version: &str| PrintContext::new(version.parse().unwrap(), Timestamp::UNIX_EPOCH, Offset::UTC);
        for (field, old, new) in [
            ("creationTimestamp", "Creation Timestamp", "Creation Timestamp"),
            ("uid", "UID", "UID"),
            ("apiVersion", "API Version", "API Version"),
            ("podCIDR", "Pod CIDR", "Pod CIDR"),
            ("URLPath", "URL Path", "URLPath"),
            ("sizeGB", "Size GB", "Size GB"),
            ("a.b", "a.b", "a.b"),
            ("kind", "Kind", "Kind"),
        ] {
            assert_eq!(
                (label(field, &context("v1.33.0")).as_str(), label(field, &context("v1.37.0")).as_str()),
                (old, new)
            );
        }
    }
}
