//! One step of a trace: what something waits for, and what that waits for in turn.

use std::collections::BTreeSet;

use super::thing::{Thing, ThingKind};

/// How much a thing is to blame: where several stand in the way, only those of the first level count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blame {
    /// Nobody wanted it so.
    Fault,
    /// It is meant to keep pods off: a taint of the control plane or of a person.
    Guard,
    /// The pods want it so, and some node is as they want it.
    Wish,
}

/// What is waited for, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wait {
    /// How, as a verb between the two: `is kept off by`, `needs`.
    pub(crate) verb: &'static str,
    /// For what.
    pub(crate) thing: Thing,
    /// On which nodes.
    pub(crate) nodes: BTreeSet<String>,
    /// What is said of it: a reason, a message, numbers.
    pub(crate) says: Option<String>,
    /// How much it is to blame, next to what else stands in the way.
    pub(crate) blame: Blame,
    /// What that waits for.
    pub(crate) then: Vec<Wait>,
}

impl Wait {
    pub(crate) fn new(verb: &'static str, kind: ThingKind, name: impl Into<String>) -> Self {
        Self {
            verb,
            thing: Thing::new(kind, name),
            nodes: BTreeSet::new(),
            says: None,
            blame: Blame::Fault,
            then: Vec::new(),
        }
    }

    pub(crate) fn says(mut self, says: impl Into<String>) -> Self {
        self.says = Some(says.into()).filter(|says| !says.is_empty());
        self
    }

    pub(crate) fn on(mut self, node: &str) -> Self {
        self.nodes.insert(node.to_owned());
        self
    }

    pub(crate) fn then(mut self, then: Vec<Wait>) -> Self {
        self.then = then;
        self
    }
}
