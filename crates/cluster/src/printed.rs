//! What commands that go on beside the timeline print: drains.

use imbl::Vector;

use crate::cluster::Cluster;
use crate::drain;

/// A line that a command printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// When, in milliseconds of virtual time.
    pub at_ms: u64,
    /// The line.
    pub line: String,
    /// How often, every five seconds: an eviction that is refused is tried again and refused again.
    pub count: u64,
}

/// The lines, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output(Vector<Printed>);

impl Output {
    /// A line was printed every five seconds, the last time before `now_ms`.
    pub(crate) fn repeated_until(&mut self, line: usize, now_ms: u64) {
        if let Some(line) = self.0.get_mut(line) {
            line.count = now_ms.saturating_sub(line.at_ms).div_ceil(drain::RETRY_MS).max(1);
        }
    }
}

impl Cluster {
    /// What the drains have printed so far.
    pub fn printed(&self) -> Vec<Printed> {
        let mut output = self.printed.clone();
        for line in drain::refusing_lines(self) {
            // What was refused at this very moment was printed.
            output.repeated_until(line, self.now_ms().saturating_add(1));
        }
        output.0.into_iter().collect()
    }

    /// Prints a line, and returns its number.
    pub(crate) fn print(&mut self, line: String) -> usize {
        self.printed.0.push_back(Printed { at_ms: self.now_ms(), line, count: 1 });
        self.printed.0.len() - 1
    }
}
