//! A value against its schema, in the words of kube-openapi's `validation/validate` and `validation/errors`.

use regex::Regex;
use serde_json::{Map, Value};

use super::format;
use crate::behaviour::Behaviour;
use crate::validation::field::FieldFault;
use crate::validation::value_text;

/// What was found wrong so far.
pub(super) struct Check<'a> {
    rules: &'a Behaviour,
    /// Where in the object the value is that is checked, when it is a part.
    root: &'a str,
    pub(super) faults: Vec<FieldFault>,
}

impl<'a> Check<'a> {
    pub(super) fn new(rules: &'a Behaviour, root: &'a str) -> Self {
        Self { rules, root, faults: Vec::new() }
    }

    /// Checks a value; one that is as it was is right.
    pub(super) fn value(&mut self, path: &str, value: &Value, schema: &Value, before: Option<&Value>) {
        if before == Some(value) {
            return;
        }
        self.type_(path, value, schema);
        if value.is_null() {
            self.choice(path, value, schema);
            return;
        }
        self.combinations(path, value, schema);
        match value {
            Value::String(text) => self.text(path, text, schema),
            Value::Number(_) => self.number(path, value, schema),
            Value::Array(items) => self.items(path, items, schema, before),
            _ => {}
        }
        self.choice(path, value, schema);
        if let Value::Object(fields) = value {
            self.fields(path, fields, schema, before);
        }
    }

    fn type_(&mut self, path: &str, value: &Value, schema: &Value) {
        let types: Vec<&str> = match schema["x-kubernetes-int-or-string"] == true {
            true => vec!["integer", "string"],
            false => schema["type"].as_str().filter(|type_| !type_.is_empty()).into_iter().collect(),
        };
        let own = type_of(value);
        let is_whole = value.as_f64().is_some_and(|number| number.fract() == 0.0);
        let fits = match value {
            Value::Null => schema["nullable"] == true,
            Value::Number(_) => {
                types.contains(&own)
                    || (own == "integer" && types.contains(&"number"))
                    || (is_whole && types.contains(&"integer"))
            }
            _ => types.contains(&own),
        };
        if types.is_empty() || fits {
            return;
        }
        let why = format!("{path} in body must be of type {}: {own:?}", types.join(","));
        self.wrong_type(path, &format!("{own:?}"), &why);
    }

    /// `enum`.
    fn choice(&mut self, path: &str, value: &Value, schema: &Value) {
        let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.is_empty()) else { return };
        if choices.contains(value) {
            return;
        }
        let known: Vec<String> = choices
            .iter()
            .map(|choice| {
                choice.as_str().map_or_else(|| format!("{:?}", choice.to_string()), |text| format!("{text:?}"))
            })
            .collect();
        let value = value_text(value, self.rules);
        let why = format!("Unsupported value: {value}: supported values: {}", known.join(", "));
        self.add(path, "FieldValueNotSupported", why);
    }

    fn text(&mut self, path: &str, text: &str, schema: &Value) {
        let length = text.chars().count() as u64;
        let shown = format!("{text:?}");
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            if self.rules.custom_resources.tells_kinds_of_faults {
                let why = format!("Too long: {}", self.rules.custom_resources.too_long(most));
                self.add(path, "FieldValueTooLong", why);
            } else {
                self.invalid(path, &shown, &format!("should be at most {most} chars long"));
            }
        } else if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
            self.invalid(path, &shown, &format!("should be at least {least} chars long"));
        } else if let Some(pattern) = schema["pattern"].as_str().filter(|pattern| !pattern.is_empty()) {
            // Definitions are taken only with patterns that Go can read: of those that are not read here nothing is known.
            if Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text)) {
                self.invalid(path, &shown, &format!("should match '{pattern}'"));
            }
        }
        if let Some(format) = schema["format"].as_str().filter(|format| !format::allows(format, text)) {
            let why = format!("{path} in body must be of type {format}: {shown}");
            self.wrong_type(path, &shown, &why);
        }
    }

    fn number(&mut self, path: &str, value: &Value, schema: &Value) {
        let number = value.as_f64().unwrap_or_default();
        let shown = value.to_string();
        let bound = |name: &str| schema[name].as_f64();
        let is_exclusive = |name: &str| schema[name] == true;
        let type_ = schema["type"].as_str().unwrap_or_default();
        let format = schema["format"].as_str().unwrap_or_default();
        if !format::holds(type_, format, value) {
            let of = match format {
                "" => " (default format)".to_owned(),
                format => format!(" with format {format}"),
            };
            self.whole(&format!("Checked value must be of type {type_}{of} in {path}"));
        }
        if let Some(of) = bound("multipleOf").filter(|of| *of > 0.0 && (number / of).fract() != 0.0) {
            self.invalid(path, &shown, &format!("should be a multiple of {of}"));
        }
        if let Some(least) = bound("minimum") {
            if is_exclusive("exclusiveMinimum") && number <= least {
                self.invalid(path, &shown, &format!("should be greater than {least}"));
            } else if number < least {
                self.invalid(path, &shown, &format!("should be greater than or equal to {least}"));
            }
        }
        if let Some(most) = bound("maximum") {
            if is_exclusive("exclusiveMaximum") && number >= most {
                self.invalid(path, &shown, &format!("should be less than {most}"));
            } else if number > most {
                self.invalid(path, &shown, &format!("should be less than or equal to {most}"));
            }
        }
    }

    fn items(&mut self, path: &str, items: &[Value], schema: &Value, before: Option<&Value>) {
        if let Some(of_items) = schema.get("items").filter(|schema| schema.is_object()) {
            for (index, item) in items.iter().enumerate() {
                let old = before.and_then(|before| same_item(before, item, schema));
                self.value(&format!("{path}[{index}]"), item, of_items, old);
            }
        }
        let count = items.len() as u64;
        if let Some(least) = schema["minItems"].as_u64().filter(|least| count < *least) {
            self.invalid(path, &count.to_string(), &format!("should have at least {least} items"));
        }
        if let Some(most) = schema["maxItems"].as_u64().filter(|most| count > *most) {
            self.too_many(path, count, most, "items");
        }
        if schema["uniqueItems"] == true
            && (1..items.len()).any(|index| items.iter().take(index).any(|one| Some(one) == items.get(index)))
        {
            self.invalid(path, "\"\"", "shouldn't contain duplicates");
        }
    }

    fn fields(&mut self, path: &str, fields: &Map<String, Value>, schema: &Value, before: Option<&Value>) {
        let count = fields.len() as u64;
        if let Some(least) = schema["minProperties"].as_u64().filter(|least| count < *least) {
            self.invalid(path, &count.to_string(), &format!("should have at least {least} properties"));
        }
        if let Some(most) = schema["maxProperties"].as_u64().filter(|most| count > *most) {
            self.too_many(path, count, most, "properties");
        }
        let properties = schema["properties"].as_object();
        let is_known = |key: &String| properties.is_some_and(|properties| properties.contains_key(key));
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                for key in fields.keys().filter(|key| !is_known(key)) {
                    let why = format!("{path}.{key} in body is a forbidden property");
                    self.add(path, "FieldValueInvalid", format!("Invalid value: {key:?}: {why}"));
                }
            }
            Some(others) if others.is_object() => {
                for (key, value) in fields.iter().filter(|(key, _)| !is_known(key)) {
                    let old = before.and_then(|before| before.get(key));
                    self.value(&format!("{path}.{key}"), value, others, old);
                }
            }
            _ => {}
        }
        for (key, schema) in properties.into_iter().flatten() {
            let Some(value) = fields.get(key) else { continue };
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self.value(&below, value, schema, before.and_then(|before| before.get(key)));
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for key in required.filter(|key| !fields.contains_key(*key)) {
            self.add(&format!("{path}.{key}"), "FieldValueRequired", "Required value".to_owned());
        }
    }

    /// `anyOf`, `oneOf`, `allOf` and `not`.
    fn combinations(&mut self, path: &str, value: &Value, schema: &Value) {
        let several = |name: &str| schema[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let outcome = |check: &Self, schema: &Value| {
            let mut one = Check::new(check.rules, check.root);
            one.value(path, value, schema, None);
            one.faults
        };
        let fewest = |mut all: Vec<Vec<FieldFault>>| {
            all.sort_by_key(Vec::len);
            all.into_iter().next().unwrap_or_default()
        };
        let any: Vec<_> = several("anyOf").iter().map(|schema| outcome(self, schema)).collect();
        if !any.is_empty() && !any.iter().any(Vec::is_empty) {
            self.whole(&format!("{path:?} must validate at least one schema (anyOf)"));
            self.faults.extend(fewest(any));
        }
        let one: Vec<_> = several("oneOf").iter().map(|schema| outcome(self, schema)).collect();
        match one.iter().filter(|faults| faults.is_empty()).count() {
            _ if one.is_empty() => {}
            1 => {}
            0 => {
                self.whole(&format!("{path:?} must validate one and only one schema (oneOf). Found none valid"));
                self.faults.extend(fewest(one));
            }
            count => {
                let found = format!("Found {count} valid alternatives");
                self.whole(&format!("{path:?} must validate one and only one schema (oneOf). {found}"));
            }
        }
        let all: Vec<_> = several("allOf").iter().map(|schema| outcome(self, schema)).collect();
        let right = all.iter().filter(|faults| faults.is_empty()).count();
        let count = all.len();
        self.faults.extend(all.into_iter().flatten());
        if right != count {
            let none = if right == 0 { ". None validated" } else { "" };
            self.whole(&format!("{path:?} must validate all the schemas (allOf){none}"));
        }
        if let Some(not) = schema.get("not").filter(|not| not.is_object())
            && outcome(self, not).is_empty()
        {
            self.whole(&format!("{path:?} must not validate the schema (not)"));
        }
    }

    fn too_many(&mut self, path: &str, count: u64, most: u64, what: &str) {
        if self.rules.custom_resources.tells_kinds_of_faults {
            let why = format!("Too many: {count}: {}", self.rules.custom_resources.too_many(most));
            self.add(path, "FieldValueTooMany", why);
        } else {
            self.invalid(path, &count.to_string(), &format!("should have at most {most} {what}"));
        }
    }

    fn invalid(&mut self, path: &str, value: &str, why: &str) {
        self.add(path, "FieldValueInvalid", format!("Invalid value: {value}: {path} in body {why}"));
    }

    fn wrong_type(&mut self, path: &str, value: &str, why: &str) {
        let type_ = match self.rules.custom_resources.tells_kinds_of_faults {
            true => "FieldValueTypeInvalid",
            false => "FieldValueInvalid",
        };
        self.add(path, type_, format!("Invalid value: {value}: {why}"));
    }

    /// A fault that names no field.
    fn whole(&mut self, why: &str) {
        let path = if self.root.is_empty() { "<nil>" } else { self.root };
        let why = format!("Invalid value: \"\": {why}");
        self.faults.push(FieldFault { path: path.to_owned(), why, type_: "FieldValueInvalid" });
    }

    fn add(&mut self, path: &str, type_: &'static str, why: String) {
        let own = path.strip_prefix('.').unwrap_or(path);
        let path = match (self.root, own) {
            ("", "") => "<nil>".to_owned(),
            (root, "") => root.to_owned(),
            ("", own) => own.to_owned(),
            (root, own) => format!("{root}.{own}"),
        };
        self.faults.push(FieldFault { path, why, type_ });
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The item that an item of a list replaces, where items have keys.
fn same_item<'v>(before: &'v Value, item: &Value, schema: &Value) -> Option<&'v Value> {
    let keys = schema["x-kubernetes-list-map-keys"].as_array()?;
    let is_same = |old: &&Value| keys.iter().filter_map(Value::as_str).all(|key| old.get(key) == item.get(key));
    before.as_array()?.iter().find(is_same)
}
