//! One thing that a person could do about a cause.

use sim_cluster::Change;

/// One edit: changes that belong together, and what is to be said of them.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// What is done, as a person would say it.
    pub(crate) title: String,
    /// The changes, in the order in which they are made.
    pub(crate) changes: Vec<Change>,
    /// The guarantees that it weakens, a clause each.
    pub(crate) weakens: Vec<String>,
    /// Settings of installers that keep it from coming back.
    pub(crate) settings: Vec<String>,
    /// What the answer is worth no more than.
    pub(crate) limits: Vec<String>,
    /// Whether it gives something up rather than cures what is wrong.
    pub(crate) gives_up: bool,
    /// Machines that are bought for it.
    pub(crate) machines: usize,
    /// Edits of one kind that differ in how much they do: of those that suffice only the first is an answer.
    pub(crate) kind: Option<String>,
}

impl Edit {
    pub(crate) fn new(title: impl Into<String>, changes: Vec<Change>) -> Self {
        let machines = changes.iter().map(|change| if let Change::AddNode { count, .. } = change { *count } else { 0 });
        Self {
            title: title.into(),
            machines: machines.sum(),
            changes,
            weakens: Vec::new(),
            settings: Vec::new(),
            limits: Vec::new(),
            kind: None,
            gives_up: false,
        }
    }

    pub(crate) fn gives_up(mut self, what: impl Into<String>) -> Self {
        self.gives_up = true;
        self.weakens(what)
    }

    pub(crate) fn of_kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// By what it is told from others: its kind, or its title where it is the only one of its kind.
    pub(crate) fn key(&self) -> &str {
        self.kind.as_deref().unwrap_or(&self.title)
    }

    /// Whether nothing is bought, weakened or given up for it.
    pub(crate) fn is_free(&self) -> bool {
        self.machines == 0 && self.weakens.is_empty() && !self.gives_up
    }

    pub(crate) fn weakens(mut self, what: impl Into<String>) -> Self {
        self.weakens.push(what.into());
        self
    }

    pub(crate) fn setting(mut self, what: impl Into<String>) -> Self {
        self.settings.push(what.into());
        self
    }

    pub(crate) fn limit(mut self, what: impl Into<String>) -> Self {
        self.limits.push(what.into());
        self
    }
}
