//! The arguments of `sim drain`, and the flags of `kubectl drain` that `sim whatif --drain` takes too.

use std::path::PathBuf;

use clap::Args;
use sim_core::model::LabelSelector;

use super::{ClusterArgs, ReportFormat, duration, selector};

#[derive(Debug, Args)]
#[command(after_help = NOTES, override_usage = "sim drain [OPTIONS] [FILE]... <NODE>...")]
pub(crate) struct DrainArgs {
    /// Files, directories, or `-` for stdin; and the nodes. A word that is a path is a file, any other is a node;
    /// with -f all are nodes.
    #[arg(value_name = "FILE|NODE", required_unless_present = "selector")]
    pub(crate) files_and_nodes: Vec<String>,
    /// Files, directories, or `-` for stdin.
    #[arg(short, long = "filename", value_name = "FILE")]
    pub(crate) filename: Vec<PathBuf>,
    /// Drain the nodes with these labels, e.g. pool=old,zone!=a.
    #[arg(short = 'l', long, value_name = "SELECTOR", value_parser = selector)]
    pub(crate) selector: Option<LabelSelector>,
    /// Drain at this moment of virtual time [default: at the end of the run].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    #[command(flatten)]
    pub(crate) flags: DrainFlags,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

const NOTES: &str = "\
All nodes are cordoned, then drained one after the other, as `kubectl drain NODE...` does; `sim whatif --drain` with several
nodes drains them side by side. Moments are virtual time since the first drain began.
Exit codes: 0 every node is drained and no pod waits that did not before, 1 otherwise, 2 the drain is refused or the input
cannot be used.";

/// The flags of `kubectl drain`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Flags of kubectl drain")]
pub(crate) struct DrainFlags {
    /// Leave pods of DaemonSets where they are.
    #[arg(long)]
    pub(crate) ignore_daemonsets: bool,
    /// Evict pods with an emptyDir too.
    #[arg(long, alias = "delete-local-data")]
    pub(crate) delete_emptydir_data: bool,
    /// Evict pods that no controller manages too.
    #[arg(long)]
    pub(crate) force: bool,
    /// Delete pods, whatever their disruption budgets.
    #[arg(long)]
    pub(crate) disable_eviction: bool,
    /// Give each pod so many seconds to stop [default: its own].
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) grace_period: Option<i64>,
    /// Give up after so long, e.g. 5m [default: never].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<u64>,
    /// Evict only pods with these labels, e.g. app=web.
    #[arg(long, value_name = "SELECTOR", value_parser = selector)]
    pub(crate) pod_selector: Option<LabelSelector>,
}
