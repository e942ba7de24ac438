//! What is wrong with an input, and where.

use std::fmt;

/// How grave a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The run cannot be trusted: nothing is run.
    Error,
    /// Worth knowing.
    Warning,
}

/// A place in the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// The file as it was named; `<stdin>` for `-`.
    pub source: String,
    /// The line, from 1; 0 when only the file is known.
    pub line: usize,
    /// The column, from 1; 0 when only the line is known.
    pub column: usize,
}

/// One fault of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How grave it is.
    pub severity: Severity,
    /// Where it is; absent when it is about the whole input.
    pub location: Option<Location>,
    /// The object it is in, e.g. `Deployment kube-system/coredns`; empty when it is in none.
    pub object: String,
    /// The path inside the object, e.g. `spec.template.spec.containers[0].image`; empty for the whole object.
    pub path: String,
    /// What was found, and what was expected.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        if !self.object.is_empty() {
            write!(f, "{}: ", self.object)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl Fault {
    /// An error about a whole file.
    pub(crate) fn of_file(source: &str, message: impl Into<String>) -> Self {
        Self::error(Some(Location { source: source.to_owned(), ..Location::default() }), message)
    }

    pub(crate) fn error(location: Option<Location>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            location,
            object: String::new(),
            path: String::new(),
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn warning(location: Option<Location>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(location, message) }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The candidate that a mistyped word most likely means: at most a third of its letters differ.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let ranked = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    let (distance, candidate) = ranked.min()?;
    (distance > 0 && distance * 3 <= word.chars().count().max(3)).then_some(candidate)
}

/// Levenshtein's distance; words that are very long are not compared.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substitute = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
