//! Colour, notes and faults on the terminal.

use std::io::{ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use sim_scenario::{Fault, Severity};

use crate::args::ColorChoice;
use crate::error::EXIT_UNUSABLE;

const ERROR: Style = AnsiColor::Red.on_default().bold();
/// How kubectl begins what the API server refuses.
const SERVER: &str = "Error from server";
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default();
/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What did not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();

/// Where a command writes. Styles are stripped where colour is not wanted (`--color`, `NO_COLOR`, not a terminal).
pub(crate) struct Terminal {
    choice: anstream::ColorChoice,
}

impl Terminal {
    pub(crate) fn new(color: ColorChoice) -> Self {
        let choice = match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self { choice }
    }

    /// Writes to stdout. A reader that has gone away is no error: `sim get pods | head` is a fair thing to type. Any other
    /// failure ends the process: what it has to say cannot be said.
    pub(crate) fn print(&self, text: &str) {
        let mut out = anstream::AutoStream::new(std::io::stdout(), self.choice).lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
            Err(error) => {
                self.error(&format!("cannot write to stdout: {error}"), None);
                std::process::exit(EXIT_UNUSABLE.into());
            }
        }
    }

    /// A note on stderr.
    pub(crate) fn note(&self, text: &str) {
        self.say(NOTE, "note", text, None);
    }

    /// An error on stderr.
    pub(crate) fn error(&self, text: &str, hint: Option<&str>) {
        self.say(ERROR, "error", text, hint);
    }

    /// A line on stderr as it is.
    pub(crate) fn line(&self, text: &str) {
        let mut err = anstream::AutoStream::new(std::io::stderr(), self.choice).lock();
        let _ = writeln!(err, "{text}");
    }

    /// Whether somebody watches stderr.
    pub(crate) fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Faults of the input on stderr.
    pub(crate) fn faults(&self, faults: &[Fault]) {
        for fault in faults {
            self.fault(fault);
        }
    }

    /// A fault of the input on stderr.
    pub(crate) fn fault(&self, fault: &Fault) {
        let (style, word) = match fault.severity {
            Severity::Error => (ERROR, "error"),
            Severity::Warning => (WARNING, "warning"),
        };
        self.say(style, word, &fault.to_string(), fault.hint.as_deref());
    }

    fn say(&self, style: Style, word: &str, text: &str, hint: Option<&str>) {
        let mut err = anstream::AutoStream::new(std::io::stderr(), self.choice).lock();
        // kubectl's own words already begin with `error:` or `Error from server`.
        let text = text.strip_prefix("error: ").unwrap_or(text);
        let _ = match text.strip_prefix(SERVER) {
            Some(rest) => writeln!(err, "{style}{SERVER}{style:#}{rest}"),
            None => writeln!(err, "{style}{word}{style:#}: {text}"),
        };
        if let Some(hint) = hint {
            let _ = writeln!(err, "  {NOTE}hint{NOTE:#}: {hint}");
        }
    }
}
