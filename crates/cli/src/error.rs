//! What ends a command early, and what the terminal is told of it.

/// The exit code of a run whose expectations do not hold, or whose pods wait under `--fail-on-pending`.
pub(crate) const EXIT_UNMET: u8 = 1;
/// The exit code of input or arguments that cannot be used.
pub(crate) const EXIT_UNUSABLE: u8 = 2;

/// The exit code of a run that Ctrl-C ended, as shells have it: 128 and the number of SIGINT.
pub(crate) const EXIT_INTERRUPTED: u8 = 130;

/// An error for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CliError {
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// What the process ends with.
    pub(crate) exit_code: u8,
}

impl CliError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit_code: EXIT_UNUSABLE }
    }

    /// What kubectl itself would end with, with exit code 1: the cluster is well described, and says no.
    pub(crate) fn of_kubectl(mut self) -> Self {
        self.exit_code = EXIT_UNMET;
        self
    }

    /// A run that Ctrl-C ended before there was something to show.
    pub(crate) fn interrupted(stopped: &sim_cluster::Stopped) -> Self {
        Self { exit_code: EXIT_INTERRUPTED, ..Self::new(stopped.to_string()) }
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
