//! The server over HTTP: what any client may send, and what clients rely on.

#![expect(clippy::unwrap_used, reason = "a test that cannot talk to its own server has failed")]

mod client;
mod definitions;
mod hostile;
mod kube_rs;
mod lists;
mod model;
mod watches;
