//! What the advisor says, against what happens when it is tried.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]

mod answers;
mod capacity;
mod common;
mod cures;
mod drain;
mod mixed;
