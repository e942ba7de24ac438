//! YAML values as kubectl reads them: what `serde_yaml` does otherwise is set right here.

use serde_json::{Map, Number, Value};

/// A YAML value as the JSON that kubectl would send: merge keys applied, keys made text, tags dropped.
///
/// # Errors
/// When a merge key does not name a mapping, a key is no scalar, or a number is none in JSON.
pub(crate) fn to_json(mut yaml: serde_yaml::Value) -> Result<Value, String> {
    yaml.apply_merge().map_err(|error| error.to_string())?;
    convert(yaml)
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
