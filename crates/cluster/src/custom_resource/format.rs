//! Formats of texts that schemas may ask for (kube-openapi `validation/strfmt`): those that say what Kubernetes itself
//! speaks of. Whatever else is asked for is taken, as upstream takes what it does not know.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// Whether a text is of a format.
pub(super) fn allows(format: &str, text: &str) -> bool {
    match format.replace('-', "").as_str() {
        "datetime" => is_date_time(text),
        "date" => text.len() == 10 && text.parse::<Date>().is_ok(),
        "ipv4" => text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
        "ipv6" => text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()),
        "cidr" => is_network(text),
        "mac" => is_mac(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        _ => true,
    }
}

/// Whether a whole number fits in what a type and its format can hold (`IsValueValidAgainstRange`). A number with a
/// fraction is told of by its type.
pub(super) fn holds(type_: &str, format: &str, number: &Value) -> bool {
    let signed = number.as_i64();
    // What is too large for 64 bits is read as a fraction.
    let is_huge = signed.is_none()
        && number.as_f64().is_some_and(|number| number.fract() == 0.0 && number.abs() >= 2f64.powi(63));
    match (type_, format) {
        ("integer", "int32") => signed.map_or(!is_huge && number.is_f64(), |number| i32::try_from(number).is_ok()),
        ("integer", "uint32") => signed.map_or(!is_huge && number.is_f64(), |number| u32::try_from(number).is_ok()),
        ("integer", "uint64") => signed.map_or(!is_huge || number.is_u64(), |number| number >= 0),
        ("integer", _) => !is_huge,
        _ => true,
    }
}

fn is_date_time(text: &str) -> bool {
    let has_date = text.get(..10).is_some_and(|date| date.parse::<Date>().is_ok());
    has_date
        && text.get(10..11).is_some_and(|letter| letter.eq_ignore_ascii_case("t"))
        && text.parse::<Timestamp>().is_ok()
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    bits.parse::<u8>().is_ok_and(|bits| bits <= if address.is_ipv4() { 32 } else { 128 })
}

fn is_mac(text: &str) -> bool {
    let separator = if text.contains('-') { '-' } else { ':' };
    let bytes: Vec<&str> = text.split(separator).collect();
    let is_byte = |byte: &&str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    matches!(bytes.len(), 6 | 8 | 20) && bytes.iter().all(is_byte)
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let is_right = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_right && version.is_none_or(|version| digits.chars().nth(12) == Some(version))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{allows, holds};

    #[test]
    fn numbers_fit_or_do_not() {
        let large = 1u64 << 63;
        assert!(holds("integer", "int32", &json!(i32::MIN)) && !holds("integer", "int32", &json!(1u64 << 31)));
        assert!(!holds("integer", "int32", &json!(1e20)) && holds("integer", "int32", &json!(1.5)));
        assert!(holds("integer", "", &json!(i64::MAX)) && !holds("integer", "int64", &json!(large)));
        assert!(holds("integer", "uint64", &json!(large)) && !holds("integer", "uint64", &json!(-1)));
        assert!(holds("number", "", &json!(1e20)) && holds("", "int32", &json!(large)));
    }

    #[test]
    fn texts_are_of_their_format_or_not() {
        for (format, right, wrong) in [
            ("date-time", "2024-05-01T10:00:00Z", "2024-05-01"),
            ("date", "2024-05-01", "2024-5-1"),
            ("ipv4", "10.0.0.1", "10.0.0.256"),
            ("ipv6", "fd00::1", "10.0.0.1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
            ("mac", "00:1b:44:11:3a:b7", "00:1b:44"),
            ("uuid4", "caef0401-eefe-4379-a339-fe2a121d8ff9", "caef0401-eefe-3379-a339-fe2a121d8ff9"),
        ] {
            assert!(allows(format, right) && !allows(format, wrong), "{format}");
        }
        assert!(allows("colour", "anything"));
    }
}
