//! Paths to fields and sets of them, as `FieldsV1` writes them (structured-merge-diff `fieldpath`).

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// One step of a path. In this order a set tells them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field of an object.
    Field(String),
    /// The item of a list with these keys, whose values are JSON.
    Key(Vec<(String, String)>),
    /// The item of a list that is this JSON value.
    Value(String),
    /// The item of a list at this place.
    Index(usize),
}

/// A path to a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::request) struct Path(pub(super) Vec<Step>);

/// A set of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeSet<Path>);

impl Path {
    /// Whether the path begins with this field.
    pub(super) fn is_below(&self, field: Option<&str>) -> bool {
        matches!((self.0.first(), field), (Some(Step::Field(first)), Some(field)) if first == field)
    }

    fn is(&self, fields: &[&str]) -> bool {
        self.0.len() == fields.len()
            && self.0.iter().zip(fields).all(|(step, field)| matches!(step, Step::Field(own) if own == field))
    }
}

/// `.spec.containers[name="c"].image`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Key(keys) => {
                    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    write!(f, "[{}]", keys.join(","))?;
                }
                Step::Value(value) => write!(f, "[={value}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Step {
    fn text(&self) -> String {
        match self {
            Step::Field(name) => format!("f:{name}"),
            Step::Key(keys) => {
                let keys: Vec<String> =
                    keys.iter().map(|(key, value)| format!("{}:{value}", Value::from(key.as_str()))).collect();
                format!("k:{{{}}}", keys.join(","))
            }
            Step::Value(value) => format!("v:{value}"),
            Step::Index(index) => format!("i:{index}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        Some(match kind {
            "f" => Step::Field(rest.to_owned()),
            "k" => {
                let keys: Map<String, Value> = serde_json::from_str(rest).ok()?;
                let mut keys: Vec<(String, String)> =
                    keys.into_iter().map(|(key, value)| (key, value.to_string())).collect();
                keys.sort();
                Step::Key(keys)
            }
            "v" => Step::Value(serde_json::from_str::<Value>(rest).ok()?.to_string()),
            "i" => Step::Index(rest.parse().ok()?),
            _ => return None,
        })
    }
}

impl Fields {
    pub(super) fn insert(&mut self, path: &[Step]) {
        self.0.insert(Path(path.to_vec()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.0.contains(path)
    }

    /// Whether any field is at or below this path.
    pub(super) fn reaches_below(&self, path: &Path) -> bool {
        self.0.range(path.clone()..).next().is_some_and(|first| first.0.starts_with(&path.0))
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    pub(super) fn shared_with(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        self.0.retain(keep);
    }

    pub(super) fn drop_all(&mut self, paths: &[&[&str]]) {
        self.0.retain(|own| !paths.iter().any(|path| own.is(path)));
    }

    /// With the fields that hold those of the set (`EnsureNamedFieldsAreMembers`).
    pub(super) fn with_parents(&self) -> Self {
        let mut all = self.0.clone();
        for path in &self.0 {
            for length in 1..path.0.len() {
                if let Step::Field(_) = path.0[length - 1] {
                    all.insert(Path(path.0[..length].to_vec()));
                }
            }
        }
        Self(all)
    }

    /// As `fieldsV1` shows it.
    pub(super) fn value(&self) -> Value {
        let paths: Vec<&[Step]> = self.0.iter().map(|path| path.0.as_slice()).collect();
        tree(&paths)
    }

    /// From what `fieldsV1` shows; nothing when it is none such.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let mut fields = Self::default();
        read_into(&mut fields, &mut Vec::new(), value)?;
        Some(fields)
    }
}

/// Paths in order as nested objects; an object that is of the set itself and holds others has a `.`.
fn tree(paths: &[&[Step]]) -> Value {
    let mut fields = Map::new();
    let mut rest = paths;
    while let Some(first) = rest.first().and_then(|path| path.first()) {
        let same = rest.iter().take_while(|path| path.first() == Some(first)).count();
        let (group, others) = rest.split_at(same);
        rest = others;
        let below: Vec<&[Step]> = group.iter().map(|path| &path[1..]).filter(|path| !path.is_empty()).collect();
        let is_member = below.len() < group.len();
        let mut value = tree(&below);
        if let (true, false, Value::Object(fields)) = (is_member, below.is_empty(), &mut value) {
            let mut with_itself = Map::new();
            with_itself.insert(".".to_owned(), Value::Object(Map::new()));
            with_itself.append(fields);
            *fields = with_itself;
        }
        fields.insert(first.text(), value);
    }
    Value::Object(fields)
}

fn read_into(fields: &mut Fields, path: &mut Vec<Step>, value: &Value) -> Option<()> {
    for (step, below) in value.as_object()? {
        if step == "." {
            fields.insert(path);
            continue;
        }
        path.push(Step::read(step)?);
        match below.as_object()?.is_empty() {
            true => fields.insert(path),
            false => read_into(fields, path, below)?,
        }
        path.pop();
    }
    Some(())
}
