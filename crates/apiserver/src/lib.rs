//! The Kubernetes API over a running fake cluster: kubectl and client libraries talk to it as to a real one.
//!
//! Architecture invariant: it reads and writes the store of `sim-cluster`, and knows no scheduling rule.

#![forbid(unsafe_code)]

mod answer;
mod behaviour;
mod body;
mod connections;
mod control;
mod custom;
mod discovery;
mod journal;
mod list_options;
mod openapi;
mod protobuf;
mod query;
mod read;
mod review;
mod route;
mod running;
mod served;
mod server;
mod speed;
mod tls;
mod token;
mod watch;
mod write;

pub use running::{Running, View};
pub use server::{Guard, serve};
pub use speed::{BadSpeed, Speed};
pub use tls::{NoCertificate, Tls};
