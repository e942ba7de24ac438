//! What ends a command early, and what the terminal is told of it.

/// The exit code of a run whose expectations do not hold, or whose pods wait under `--fail-on-pending`.
pub(crate) const EXIT_UNMET: u8 = 1;
/// The exit code of input or arguments that cannot be used.
pub(crate) const EXIT_UNUSABLE: u8 = 2;

/// An error for the person at the terminal. Every one of them is unusable input or arguments.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CliError {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl CliError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<sim_cluster::Refused> for CliError {
    fn from(refused: sim_cluster::Refused) -> Self {
        Self::new(refused.to_string())
    }
}

impl From<sim_cluster::BadChange> for CliError {
    fn from(bad: sim_cluster::BadChange) -> Self {
        Self::new(bad.to_string())
    }
}
