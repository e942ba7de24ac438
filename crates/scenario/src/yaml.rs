//! YAML values as kubectl reads them: what `serde_yaml` does otherwise is set right here.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A YAML value as the JSON that kubectl would send: merge keys applied, keys made text, tags dropped.
///
/// # Errors
/// When a merge key does not name a mapping, a key is no scalar, or a number is none in JSON.
pub(crate) fn to_json(mut yaml: serde_yaml::Value) -> Result<Value, String> {
    yaml.apply_merge().map_err(|error| error.to_string())?;
    convert(yaml)
}

/// Reads a document that is nothing but what JSON has too, as nearly all are: twice as fast as by way of a YAML value.
/// What has merge keys, tags, keys that are no text, a key twice, numbers that JSON does not know, or faults, is
/// nothing here.
pub(crate) fn read_plain(document: serde_yaml::Deserializer<'_>) -> Option<Value> {
    Plain.deserialize(document).ok()
}

/// A value as JSON has it.
struct Plain;

impl<'de> DeserializeSeed<'de> for Plain {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Plain {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what JSON has too")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("no number that JSON knows"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Plain)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let value = entries.next_value_seed(Plain)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("a key twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// A key that is text, and does not stand for a merge.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        if text == "<<" { Err(E::custom("a merge key")) } else { Ok(text) }
    }
}

fn convert(yaml: serde_yaml::Value) -> Result<Value, String> {
    Ok(match yaml {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(value) => Value::Bool(value),
        serde_yaml::Value::String(text) => Value::String(text),
        serde_yaml::Value::Number(number) => Value::Number(convert_number(&number)?),
        serde_yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(convert).collect::<Result<_, _>>()?),
        serde_yaml::Value::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                object.insert(convert_key(key)?, convert(value)?);
            }
            Value::Object(object)
        }
        serde_yaml::Value::Tagged(tagged) => convert(tagged.value)?,
    })
}

fn convert_number(number: &serde_yaml::Number) -> Result<Number, String> {
    if let Some(number) = number.as_u64() {
        return Ok(number.into());
    }
    if let Some(number) = number.as_i64() {
        return Ok(number.into());
    }
    number.as_f64().and_then(Number::from_f64).ok_or_else(|| format!("{number} is no number that JSON knows"))
}

fn convert_key(key: serde_yaml::Value) -> Result<String, String> {
    match key {
        serde_yaml::Value::String(text) => Ok(text),
        serde_yaml::Value::Bool(value) => Ok(value.to_string()),
        serde_yaml::Value::Number(number) => Ok(number.to_string()),
        serde_yaml::Value::Null => Ok("null".to_owned()),
        _ => Err("a key of a mapping is itself a list or a mapping: expected text".to_owned()),
    }
}

/// The integer that go-yaml reads from a text like `0644`: octal, as YAML 1.1 had it. YAML 1.2 reads text.
pub(crate) fn octal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("0o").or_else(|| text.strip_prefix('0'))?;
    i64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::{read_plain, to_json};

    /// What is read in one go is what is read by way of a YAML value.
    #[track_caller]
    fn check(text: &str, is_plain: bool) {
        let plain = read_plain(serde_yaml::Deserializer::from_str(text));
        let value = serde_yaml::Value::deserialize(serde_yaml::Deserializer::from_str(text));
        let by_way: Option<Value> = value.ok().and_then(|value| to_json(value).ok());
        assert_eq!(plain.is_some(), is_plain, "{text}");
        assert!(plain.is_none() || plain == by_way, "{text}: {plain:?}, {by_way:?}");
    }

    #[test]
    fn what_json_has_too_is_read_in_one_go() {
        for text in [
            "a: 1\nb: -2\nc: 0.5\nd: 1e3\ne: true\nf: null\ng:\nh: ''\ni: '5'\nj: \"5\"",
            "a: ~\nb: 0644\nc: 0x1f\nd: 0o17\ne: yes\nf: 18446744073709551615\ng: 2001-01-01\nh: 1_000",
            "- a\n- [1, {b: c}]\n-\n- |\n  x\n  y\n- >-\n  x\n  y",
            "a: &x {b: [1, 2]}\nc: *x",
            "{}",
            "text",
            "",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn everything_else_takes_the_longer_way() {
        for text in [
            "a: &x {b: 1}\nc: {<<: *x, d: 2}",
            "1: a",
            "true: a",
            "a: !x 1",
            "a: .inf",
            "a: 1\na: 2",
            "a: [1",
            "? [a]\n: b",
        ] {
            check(text, false);
        }
    }
}
