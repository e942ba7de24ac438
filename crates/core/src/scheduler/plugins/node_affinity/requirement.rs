//! One requirement of a node selector term: whether a node meets it, and what is wrong with one that does not parse
//! (`labels.NewRequirement` of apimachinery, `component-helpers/…/nodeaffinity`, v1.34).

use crate::behaviour::SelectorFaults;
use crate::model::{Labels, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm};

/// Whether the labels meet a requirement. One that does not parse is met by nothing.
pub(super) fn matches_label(requirement: &NodeSelectorRequirement, labels: &Labels) -> bool {
    if !is_valid(requirement) {
        return false;
    }
    let label = labels.get(&requirement.key);
    let values = &requirement.values;
    match &requirement.operator {
        NodeSelectorOperator::In => label.is_some_and(|label| values.contains(label)),
        NodeSelectorOperator::NotIn => label.is_none_or(|label| !values.contains(label)),
        NodeSelectorOperator::Exists => label.is_some(),
        NodeSelectorOperator::DoesNotExist => label.is_none(),
        NodeSelectorOperator::Gt => compare(label, values, |label, value| label > value),
        NodeSelectorOperator::Lt => compare(label, values, |label, value| label < value),
        NodeSelectorOperator::Unknown(_) => false,
    }
}

/// Whether a node of this name meets a requirement on its fields.
pub(super) fn matches_field(requirement: &NodeSelectorRequirement, name: &str) -> bool {
    let [value] = requirement.values.as_slice() else { return false };
    let field = if requirement.key == "metadata.name" { name } else { "" };
    match requirement.operator {
        NodeSelectorOperator::In => field == value,
        NodeSelectorOperator::NotIn => field != value,
        _ => false,
    }
}

fn compare(label: Option<&String>, values: &[String], holds: impl Fn(i64, i64) -> bool) -> bool {
    let ([value], Some(label)) = (values, label) else { return false };
    match (label.parse::<i64>(), value.parse::<i64>()) {
        (Ok(label), Ok(value)) => holds(label, value),
        _ => false,
    }
}

/// Whether a label could have this value. `-1`, which a person may want to compare with, could not be one.
pub(crate) fn is_label_value(value: &str) -> bool {
    value.len() <= NAME_LENGTH_MAX && (value.is_empty() || is_name(value))
}

/// Whether a label could have this key.
pub(crate) fn is_label_key(key: &str) -> bool {
    key_faults(key).is_empty()
}

fn is_valid(requirement: &NodeSelectorRequirement) -> bool {
    let values = &requirement.values;
    let counted = match &requirement.operator {
        NodeSelectorOperator::In | NodeSelectorOperator::NotIn => !values.is_empty(),
        NodeSelectorOperator::Exists | NodeSelectorOperator::DoesNotExist => values.is_empty(),
        NodeSelectorOperator::Gt | NodeSelectorOperator::Lt => {
            matches!(values.as_slice(), [value] if value.parse::<i64>().is_ok())
        }
        NodeSelectorOperator::Unknown(_) => false,
    };
    counted && values.iter().all(|value| is_label_value(value)) && is_label_key(&requirement.key)
}

/// Everything that is wrong with a term, in upstream's order and words; up to 1.20 the first fault only.
pub(super) fn term_faults(faults: SelectorFaults, path: &str, term: &NodeSelectorTerm) -> Vec<String> {
    let expressions = term.match_expressions.iter().enumerate();
    let mut found: Vec<String> = expressions
        .flat_map(|(index, requirement)| {
            label_faults(faults, &format!("{path}.matchExpressions[{index}]"), requirement)
        })
        .collect();
    if faults == SelectorFaults::First && !found.is_empty() {
        found.truncate(1);
        return found;
    }
    found.extend(
        term.match_fields.iter().enumerate().filter_map(|(index, requirement)| {
            field_fault(faults, &format!("{path}.matchFields[{index}]"), requirement)
        }),
    );
    if faults == SelectorFaults::First {
        found.truncate(1);
    }
    found
}

/// What is wrong with a requirement on labels.
pub(super) fn label_faults(faults: SelectorFaults, path: &str, requirement: &NodeSelectorRequirement) -> Vec<String> {
    let NodeSelectorRequirement { key, operator, values } = requirement;
    if let NodeSelectorOperator::Unknown(operator) = operator {
        return vec![match faults {
            SelectorFaults::First => format!("\"{operator}\" is not a valid node selector operator"),
            SelectorFaults::Paths => format!("{path}.operator: Unsupported value: \"{operator}\""),
            SelectorFaults::PathsAndOperators | SelectorFaults::JsonPaths => format!(
                "{path}.operator: Unsupported value: \"{operator}\": supported values: \"In\", \"NotIn\", \"Exists\", \"DoesNotExist\", \"Gt\", \"Lt\""
            ),
        }];
    }
    let plain = faults == SelectorFaults::First;
    let mut found = Vec::new();
    let of_key = key_faults(key);
    if !of_key.is_empty() {
        let text = of_key.join("; ");
        found.push(if plain {
            format!("invalid label key \"{key}\": {text}")
        } else {
            format!("{path}.key: Invalid value: \"{key}\": {text}")
        });
    }
    let of_values = |rule: &str| {
        if plain { rule.to_owned() } else { format!("{path}.values: Invalid value: {}: {rule}", list(faults, values)) }
    };
    match operator {
        NodeSelectorOperator::In | NodeSelectorOperator::NotIn if values.is_empty() => {
            found.push(of_values("for 'in', 'notin' operators, values set can't be empty"));
        }
        NodeSelectorOperator::Exists | NodeSelectorOperator::DoesNotExist if !values.is_empty() => {
            found.push(of_values("values set must be empty for exists and does not exist"));
        }
        NodeSelectorOperator::Gt | NodeSelectorOperator::Lt => {
            if values.len() != 1 {
                found.push(of_values("for 'Gt', 'Lt' operators, exactly one value is required"));
            }
            let rule = "for 'Gt', 'Lt' operators, the value must be an integer";
            let words = values.iter().enumerate().filter(|(_, value)| value.parse::<i64>().is_err());
            found.extend(words.map(|(index, value)| {
                if plain {
                    rule.to_owned()
                } else {
                    format!("{path}.values[{index}]: Invalid value: \"{value}\": {rule}")
                }
            }));
        }
        _ => {}
    }
    for (index, value) in values.iter().enumerate().filter(|(_, value)| !is_label_value(value)) {
        let text = value_faults(value).join("; ");
        found.push(if plain {
            format!("invalid label value: \"{value}\": at key: \"{key}\": {text}")
        } else {
            format!("{path}.values[{index}][{key}]: Invalid value: \"{value}\": {text}")
        });
    }
    found
}

fn field_fault(faults: SelectorFaults, path: &str, requirement: &NodeSelectorRequirement) -> Option<String> {
    let plain = faults == SelectorFaults::First;
    let operator = match &requirement.operator {
        NodeSelectorOperator::In => "In",
        NodeSelectorOperator::NotIn => "NotIn",
        NodeSelectorOperator::Exists => "Exists",
        NodeSelectorOperator::DoesNotExist => "DoesNotExist",
        NodeSelectorOperator::Gt => "Gt",
        NodeSelectorOperator::Lt => "Lt",
        NodeSelectorOperator::Unknown(operator) => operator,
    };
    let values = &requirement.values;
    if !matches!(requirement.operator, NodeSelectorOperator::In | NodeSelectorOperator::NotIn) {
        return Some(if plain {
            format!("\"{operator}\" is not a valid node field selector operator")
        } else {
            format!("{path}.operator: Unsupported value: \"{operator}\": supported values: \"In\", \"NotIn\"")
        });
    }
    (values.len() != 1).then(|| {
        if plain {
            format!("unexpected number of value ({}) for node field selector operator \"{operator}\"", values.len())
        } else {
            format!("{path}.values: Invalid value: {}: must have one element", list(faults, values))
        }
    })
}

/// A list as an error shows it.
fn list(faults: SelectorFaults, values: &[String]) -> String {
    let json = faults == SelectorFaults::JsonPaths;
    let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    if json { format!("[{}]", quoted.join(",")) } else { format!("[]string{{{}}}", quoted.join(", ")) }
}

const NAME_LENGTH_MAX: usize = 63;
const SUBDOMAIN_LENGTH_MAX: usize = 253;

fn value_faults(value: &str) -> Vec<String> {
    const RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
        start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
        validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    let mut faults = Vec::new();
    if value.len() > NAME_LENGTH_MAX {
        faults.push(format!("must be no more than {NAME_LENGTH_MAX} characters"));
    }
    if !value.is_empty() && !is_name(value) {
        faults.push(RULE.to_owned());
    }
    faults
}

/// What keeps a key from being a qualified name (`validation.IsQualifiedName`).
fn key_faults(key: &str) -> Vec<String> {
    const RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
        alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
        '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    const PREFIX_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
        and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let mut faults = Vec::new();
    let mut parts = key.split('/');
    let (first, second, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if more.is_some() {
        let optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
        return vec![format!("a qualified name {RULE} {optional}")];
    }
    let (prefix, name) = second.map_or((None, first), |name| (Some(first), name));
    match prefix {
        Some("") => faults.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => {
            if prefix.len() > SUBDOMAIN_LENGTH_MAX {
                faults.push(format!("prefix part must be no more than {SUBDOMAIN_LENGTH_MAX} characters"));
            }
            if !prefix.split('.').all(is_subdomain_label) {
                faults.push(format!("prefix part {PREFIX_RULE}"));
            }
        }
        None => {}
    }
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > NAME_LENGTH_MAX {
        faults.push(format!("name part must be no more than {NAME_LENGTH_MAX} characters"));
    }
    if !is_name(name) {
        faults.push(format!("name part {RULE}"));
    }
    faults
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let ends = [bytes.first(), bytes.last()];
    bytes.iter().all(inner) && ends.iter().all(|byte| byte.is_some_and(u8::is_ascii_alphanumeric))
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
fn is_subdomain_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [bytes.first(), bytes.last()];
    bytes.iter().all(|byte| plain(byte) || *byte == b'-') && ends.iter().all(|byte| byte.is_some_and(plain))
}
