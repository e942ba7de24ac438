//! The syntax of label names and values (apimachinery `util/validation`).

/// What is wrong with a qualified name such as `example.com/disk` (`IsQualifiedName`).
pub(super) fn qualified_name_fault(text: &str) -> Option<&'static str> {
    let name = match text.split_once('/') {
        None => text,
        Some(("", _)) => return Some("prefix part must be non-empty"),
        Some((prefix, _)) if !is_subdomain(prefix) => {
            return Some("prefix part must be a lower case DNS name such as example.com");
        }
        Some((_, name)) => name,
    };
    if name.is_empty() {
        return Some("name part must be non-empty");
    }
    label_value_fault(name)
}

/// What is wrong with a label's value (`IsValidLabelValue`).
pub(super) fn label_value_fault(text: &str) -> Option<&'static str> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters");
    }
    let legal = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let ends = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let well_formed = legal && ends(text.as_bytes().first()) && ends(text.as_bytes().last());
    (!well_formed).then_some(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    )
}

/// What is wrong with the name of an extended resource (`validateExtendedResourceName`).
pub(super) fn extended_resource_fault(text: &str) -> Option<&'static str> {
    let is_native = !text.contains('/') || text.contains("kubernetes.io/");
    let is_quota = text.starts_with("requests.") || qualified_name_fault(&format!("requests.{text}")).is_some();
    qualified_name_fault(text).or((is_native || is_quota).then_some("is an invalid extended resource name"))
}

/// Whether a text is a DNS subdomain (`IsDNS1123Subdomain`).
fn is_subdomain(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let ends = bytes.first().zip(bytes.last()).is_some_and(|(first, last)| is_letter(*first) && is_letter(*last));
        ends && bytes.iter().all(|byte| is_letter(*byte) || *byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::{extended_resource_fault, label_value_fault, qualified_name_fault};

    #[test]
    fn syntax() {
        for text in ["disk", "example.com/disk", "kubernetes.io/hostname", "A.b_c-9", &"a".repeat(63)] {
            assert_eq!(qualified_name_fault(text), None, "{text}");
        }
        for text in ["", "/a", "a/", "a b", "a/b/c", "-a", "a-", "Example.com/a", "a..b/c", &"a".repeat(64)] {
            assert!(qualified_name_fault(text).is_some(), "{text}");
        }
        assert_eq!(label_value_fault(""), None);
        for text in ["nvidia.com/gpu", "example.com/fpga"] {
            assert_eq!(extended_resource_fault(text), None, "{text}");
        }
        for text in ["cpu", "a.kubernetes.io/b", "requests.example.com/x"] {
            assert!(extended_resource_fault(text).is_some(), "{text}");
        }
    }
}
