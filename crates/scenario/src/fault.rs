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
