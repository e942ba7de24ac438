//! The real binary, as a person types it; and what holds of the repository as a whole.

mod architecture;
mod behaviours;
mod book;
mod comparing;
mod conformance;
mod diagnose;
mod dumps;
mod explain;
mod fix;
mod get;
mod hostile;
mod incident;
mod input;
mod output;
mod queue;
mod scenario;
mod scheduler_config;
mod serve;
mod serve_kubectl;
mod serve_python;
mod snapshot;
mod terminal;
mod timeline;
mod volumes;
mod what_if;
