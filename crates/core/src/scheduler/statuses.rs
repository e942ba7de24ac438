//! What was said of each node, with how often each reason was given.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use super::framework::Status;

/// What was said of each node, by its name. The reasons are counted as they come, so that a sentence about all nodes does
/// not look at each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statuses {
    by_node: BTreeMap<String, Status>,
    reasons: Reasons,
}

impl Statuses {
    /// How often each reason was given.
    pub(crate) fn reasons(&self) -> &Reasons {
        &self.reasons
    }

    /// Replaces what was said of a node; returns what that was.
    pub(crate) fn replace(&mut self, node: &str, status: Status) -> Option<Status> {
        self.reasons.count(&status);
        // The name is there already, as a rule.
        let before = match self.by_node.get_mut(node) {
            Some(said) => Some(std::mem::replace(said, status)),
            None => self.by_node.insert(node.to_owned(), status),
        };
        if let Some(before) = &before {
            self.reasons.discount(before);
        }
        before
    }
}

impl From<BTreeMap<String, Status>> for Statuses {
    fn from(by_node: BTreeMap<String, Status>) -> Self {
        let mut reasons = Reasons::default();
        by_node.values().for_each(|status| reasons.count(status));
        Statuses { by_node, reasons }
    }
}

impl Deref for Statuses {
    type Target = BTreeMap<String, Status>;

    fn deref(&self) -> &Self::Target {
        &self.by_node
    }
}

/// How often each reason was given. `Display` is `COUNT REASON` for each, sorted as text, so that `10 x` comes before `2 x`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reasons(BTreeMap<Cow<'static, str>, usize>);

impl Reasons {
    /// Counts what a status says.
    pub(crate) fn count(&mut self, status: &Status) {
        for reason in &status.reasons {
            match self.0.get_mut(&**reason) {
                Some(count) => *count += 1,
                None => _ = self.0.insert(reason.clone(), 1),
            }
        }
    }

    /// Takes back what was counted of a status.
    pub(crate) fn discount(&mut self, status: &Status) {
        for reason in &status.reasons {
            let Some(count) = self.0.get_mut(&**reason) else { continue };
            *count -= 1;
            if *count == 0 {
                self.0.remove(&**reason);
            }
        }
    }

    /// Whether no reason was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> = self.0.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        lines.sort_unstable();
        f.write_str(&lines.join(", "))
    }
}
