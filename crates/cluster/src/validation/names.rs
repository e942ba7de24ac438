//! What names and labels may look like (apimachinery `pkg/util/validation`), and the sentences for those that do not.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::field::{Faults, Path};

const SUBDOMAIN: &str = "must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const DNS_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const KEY: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// A name of lower case parts joined by dots (`IsDNS1123Subdomain`); `rfc_1123` is what the version calls it.
pub(super) fn subdomain(faults: &mut Faults, path: &Path<'_>, name: &str, rfc_1123: &str) {
    if name.len() > 253 {
        faults.invalid(path, format!("{name:?}"), &too_long(253));
    }
    if !is_subdomain(name) {
        faults.invalid(path, format!("{name:?}"), &format!("a {rfc_1123} subdomain {SUBDOMAIN}"));
    }
}

/// A name of one lower case part (`IsDNS1123Label`).
pub(super) fn dns_label(faults: &mut Faults, path: &Path<'_>, name: &str, rfc_1123: &str) {
    if name.len() > 63 {
        faults.invalid(path, format!("{name:?}"), &too_long(63));
    }
    if is_dns_label(name) {
        return;
    }
    if is_subdomain(name) {
        faults.invalid(path, format!("{name:?}"), "must not contain dots");
    } else {
        faults.invalid(path, format!("{name:?}"), &format!("a {rfc_1123} label {LABEL}"));
    }
}

/// A name of one lower case part that begins with a letter (`IsDNS1035Label`): a Service's.
pub(super) fn dns_1035_label(faults: &mut Faults, path: &Path<'_>, name: &str) {
    if name.len() > 63 {
        faults.invalid(path, format!("{name:?}"), &too_long(63));
    }
    if !is_dns_label(name) || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        faults.invalid(path, format!("{name:?}"), DNS_1035);
    }
}

/// Keys and values of labels (`ValidateLabels`).
pub(super) fn labels(faults: &mut Faults, path: &Path<'_>, labels: Option<&BTreeMap<String, String>>, rfc_1123: &str) {
    for (key, value) in labels.into_iter().flatten() {
        label_key(faults, path, key, rfc_1123);
        label_value(faults, path, value);
    }
}

/// The key of an annotation: a label's, but that capitals do not matter (`ValidateAnnotations`).
pub(super) fn annotation_key(faults: &mut Faults, path: &Path<'_>, key: &str, rfc_1123: &str) {
    let mut own = Faults::default();
    label_key(&mut own, path, &key.to_ascii_lowercase(), rfc_1123);
    // What is told of is the key as it was written.
    let lower = format!("{:?}", key.to_ascii_lowercase());
    for mut fault in own.0 {
        fault.why = fault.why.replacen(&lower, &format!("{key:?}"), 1);
        faults.0.push(fault);
    }
}

/// A name that can be a part of a path (`IsPathSegmentName`).
pub(super) fn path_segment(faults: &mut Faults, path: &Path<'_>, name: &str) {
    if [".", ".."].contains(&name) {
        faults.invalid(path, format!("{name:?}"), &format!("may not be '{name}'"));
    }
    for forbidden in ['/', '%'].into_iter().filter(|forbidden| name.contains(*forbidden)) {
        faults.invalid(path, format!("{name:?}"), &format!("may not contain '{forbidden}'"));
    }
}

/// The key of a label (`IsQualifiedName`).
pub(super) fn label_key(faults: &mut Faults, path: &Path<'_>, key: &str, rfc_1123: &str) {
    let mut tell = |why: String| faults.invalid(path, format!("{key:?}"), &why);
    let mut parts = key.split('/');
    let name = match (parts.next(), parts.next(), parts.next()) {
        (Some(prefix), Some(name), None) => {
            if prefix.is_empty() {
                tell("prefix part must be non-empty".to_owned());
            } else {
                if prefix.len() > 253 {
                    tell(format!("prefix part {}", too_long(253)));
                }
                if !is_subdomain(prefix) {
                    tell(format!("prefix part a {rfc_1123} subdomain {SUBDOMAIN}"));
                }
            }
            name
        }
        (_, None, _) => key,
        _ => {
            let prefixed = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            tell(format!("a qualified name {KEY} {prefixed}"));
            return;
        }
    };
    if name.is_empty() {
        tell("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        tell(format!("name part {}", too_long(63)));
    }
    if !is_word(name) {
        tell(format!("name part {KEY}"));
    }
}

/// The value of a label (`IsValidLabelValue`).
pub(super) fn label_value(faults: &mut Faults, path: &Path<'_>, value: &str) {
    if value.len() > 63 {
        faults.invalid(path, format!("{value:?}"), &too_long(63));
    }
    if !value.is_empty() && !is_word(value) {
        faults.invalid(path, format!("{value:?}"), VALUE);
    }
}

/// A selector of labels (`ValidateLabelSelector`).
pub(super) fn label_selector(faults: &mut Faults, path: &Path<'_>, selector: &LabelSelector, rfc_1123: &str) {
    labels(faults, &path.child("matchLabels"), selector.match_labels.as_ref(), rfc_1123);
    for (index, requirement) in selector.match_expressions.iter().flatten().enumerate() {
        let list = path.child("matchExpressions");
        let path = list.index(index);
        let values = requirement.values.as_deref().unwrap_or_default();
        operator_and_values(faults, &path, &requirement.operator, values);
        label_key(faults, &path.child("key"), &requirement.key, rfc_1123);
        for (index, value) in values.iter().enumerate() {
            label_value(faults, &path.child("values").index(index), value);
        }
    }
}

/// How many values the operator of a requirement on labels takes; whether there is such an operator.
pub(super) fn operator_and_values(faults: &mut Faults, path: &Path<'_>, operator: &str, values: &[String]) {
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            faults.required(&path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            faults.forbidden(&path.child("values"), why);
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        operator => faults.invalid(&path.child("operator"), format!("{operator:?}"), "not a valid selector operator"),
    }
}

/// `MaxLenError`.
pub(super) fn too_long(most: usize) -> String {
    format!("must be no more than {most} characters")
}

fn is_subdomain(name: &str) -> bool {
    name.split('.').all(is_dns_label)
}

fn is_dns_label(name: &str) -> bool {
    let inner = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    inner && !name.is_empty() && !name.starts_with('-') && !name.ends_with('-')
}

/// Letters and digits, with `-`, `_` and `.` between them.
fn is_word(word: &str) -> bool {
    let inner = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    inner && ends(word.bytes().next()) && ends(word.bytes().last())
}
