//! Labels and the selectors that match them (`metav1.LabelSelector`).

use std::collections::BTreeMap;

/// The labels of an object.
pub type Labels = BTreeMap<String, String>;

/// A selector over labels: every requirement must hold. Without requirements it matches everything;
/// "no selector at all", which matches nothing, is `Option::None` where it can occur.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LabelSelector {
    /// `matchLabels`.
    pub match_labels: Labels,
    /// `matchExpressions`.
    pub match_expressions: Vec<Requirement>,
}

/// One entry of `matchExpressions`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How the label is compared.
    pub operator: SelectorOperator,
    /// The values compared with, for `In` and `NotIn`.
    pub values: Vec<String>,
}

/// The operators of a label selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SelectorOperator {
    /// The label is one of the values.
    In,
    /// The label is absent or none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether every requirement holds for the labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether it has no requirement and so matches everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// A selector of equal labels, such as a Service's.
    pub fn from_labels(match_labels: Labels) -> Self {
        LabelSelector { match_labels, match_expressions: Vec::new() }
    }
}

/// A text that is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}: expected key=value, key!=value, key, !key, key in (a,b) or key notin (a,b), joined by commas")]
pub struct BadSelector(String);

impl LabelSelector {
    /// Reads a selector as `kubectl -l` takes it (apimachinery `labels.Parse`).
    ///
    /// # Errors
    /// When a part of the text has none of the forms.
    pub fn parse(text: &str) -> Result<Self, BadSelector> {
        let mut parts = Vec::new();
        let (mut start, mut depth) = (0, 0_usize);
        for (at, letter) in text.char_indices() {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(&text[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(&text[start..]);
        let match_expressions = parts.into_iter().map(Requirement::parse).collect::<Result<_, _>>()?;
        Ok(LabelSelector { match_labels: Labels::new(), match_expressions })
    }
}

impl Requirement {
    fn parse(text: &str) -> Result<Self, BadSelector> {
        let bad = || BadSelector(text.to_owned());
        let text = text.trim();
        let requirement = |key: &str, operator, values: Vec<String>| {
            let key = key.trim();
            let is_word =
                |word: &str| !word.contains(|letter: char| letter.is_whitespace() || "()=!,".contains(letter));
            let legal =
                key.starts_with(char::is_alphanumeric) && is_word(key) && values.iter().all(|value| is_word(value));
            legal.then(|| Requirement { key: key.to_owned(), operator, values }).ok_or_else(bad)
        };
        let set = |text: &str| {
            let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
            Some(inner.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>())
        };
        if let Some((key, values)) = text.split_once(" notin ") {
            return requirement(key, SelectorOperator::NotIn, set(values).ok_or_else(bad)?);
        }
        if let Some((key, values)) = text.split_once(" in ") {
            return requirement(key, SelectorOperator::In, set(values).ok_or_else(bad)?);
        }
        if let Some((key, value)) = text.split_once("!=") {
            return requirement(key, SelectorOperator::NotIn, vec![value.trim().to_owned()]);
        }
        if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
            return requirement(key, SelectorOperator::In, vec![value.trim().to_owned()]);
        }
        match text.strip_prefix('!') {
            Some(key) => requirement(key, SelectorOperator::DoesNotExist, Vec::new()),
            None => requirement(text, SelectorOperator::Exists, Vec::new()),
        }
    }

    /// Whether the requirement holds for the labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            SelectorOperator::In => value.is_some_and(|value| self.values.contains(value)),
            SelectorOperator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            SelectorOperator::Exists => value.is_some(),
            SelectorOperator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["a=b=c", "a=b c", "-a", "a=(b)", "=b", "a in b", "a in (b", "!"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
        for text in ["a=b", "a==b", "a!=b", "a", "!a", "a in (b,c)", "a notin (b)", "x.io/a=", "a=b,c"] {
            assert!(LabelSelector::parse(text).is_ok(), "{text}");
        }
    }
}
