//! Fields of an object by their paths, and what is wanted of them.

use serde_json::Value;

use super::Amount;
use super::selection::glob;

/// A path into an object, in kubectl's syntax: `status.readyReplicas`, `status.containerStatuses[0].ready`,
/// `metadata.annotations.deployment\.kubernetes\.io/revision`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// What is wanted of a field. One that is not there counts as 0, false or empty, as the API leaves those out.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// A number within bounds.
    Amount(Amount),
    /// True or false.
    Bool(bool),
    /// A text, with `*`.
    Text(String),
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    /// When a name is empty or an index is no number; says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is no path of a field: expected something like status.readyReplicas");
        let mut steps = Vec::new();
        let mut key = String::new();
        let mut letters = text.strip_prefix('.').unwrap_or(text).chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => key.extend(letters.next()),
                '.' => {
                    let after_index = key.is_empty() && matches!(steps.last(), Some(Step::Index(_)));
                    if !after_index {
                        steps.push(Step::Key(
                            Some(std::mem::take(&mut key)).filter(|key| !key.is_empty()).ok_or_else(bad)?,
                        ));
                    }
                    letters.peek().ok_or_else(bad)?;
                }
                '[' => {
                    if !key.is_empty() {
                        steps.push(Step::Key(std::mem::take(&mut key)));
                    }
                    let index: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                    steps.push(Step::Index(index.parse().map_err(|_| bad())?));
                }
                other => key.push(other),
            }
        }
        if !key.is_empty() {
            steps.push(Step::Key(key));
        }
        if steps.is_empty() { Err(bad()) } else { Ok(Self { text: text.to_owned(), steps }) }
    }

    /// The value at the path, when the object has one.
    pub fn find<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(object, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(*index),
        })
    }
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Wanted {
    /// Whether a value, or its absence, is what is wanted.
    pub fn admits(&self, found: Option<&Value>) -> bool {
        match (self, found) {
            (Wanted::Amount(amount), None) => amount.admits(0),
            (Wanted::Amount(amount), Some(value)) => value.as_i64().is_some_and(|number| amount.admits(number)),
            (Wanted::Bool(wanted), None) => !wanted,
            (Wanted::Bool(wanted), Some(value)) => value.as_bool() == Some(*wanted),
            (Wanted::Text(pattern), None) => glob(pattern, ""),
            (Wanted::Text(pattern), Some(Value::String(text))) => glob(pattern, text),
            (Wanted::Text(pattern), Some(value)) => glob(pattern, &value.to_string()),
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wanted::Amount(amount) => amount.fmt(f),
            Wanted::Bool(value) => value.fmt(f),
            Wanted::Text(text) => write!(f, "{text:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{FieldPath, Wanted};
    use crate::expectation::Amount;

    #[track_caller]
    fn check(path: &str, wanted: Wanted, holds: bool) {
        let object = json!({"status": {"ready": 2, "ok": true, "list": [{"name": "a"}, {"name": "b"}]}, "a.b": "x"});
        let path = FieldPath::parse(path).unwrap();
        assert_eq!(wanted.admits(path.find(&object)), holds, "{path} {wanted}");
    }

    #[test]
    fn paths_are_kubectl_s() {
        let text = |text: &str| Wanted::Text(text.to_owned());
        check("status.ready", Wanted::Amount(Amount::exactly(2)), true);
        check(".status.ready", Wanted::Amount(Amount { at_least: Some(3), at_most: None }), false);
        check("status.list[1].name", text("b"), true);
        check("status.list[2].name", text("b"), false);
        check("a\\.b", text("x*"), true);
        for bad in ["", ".", "a..b", "a.", "a[x]"] {
            assert!(FieldPath::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_the_api_leaves_out_is_zero_false_or_empty() {
        check("status.none", Wanted::Amount(Amount::exactly(0)), true);
        check("status.none", Wanted::Bool(false), true);
        check("status.none", Wanted::Text(String::new()), true);
        check("status.none", Wanted::Bool(true), false);
        check("status.ok", Wanted::Bool(true), true);
    }
}
