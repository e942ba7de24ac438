//! kubectl's lines: what is printed for a change, what is read of them, and that the two are the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]

mod commands;
mod fixture;
mod read;
mod round_trip;
