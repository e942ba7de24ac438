//! The arguments of `sim diff`.

use std::path::PathBuf;

use clap::Args;
use sim_core::version::Version;

use super::{ChangeArgs, ReportFormat, duration};

#[derive(Debug, Args)]
#[command(after_help = NOTES, override_usage = "sim diff [OPTIONS] <A> <B>\n       \
    sim diff [FILE] --kubernetes-version <V1> --kubernetes-version <V2>\n       \
    sim diff [FILE] --scheduler-config <C1> --scheduler-config <C2>\n       \
    sim diff [FILE]... [CHANGES AND OPTIONS] --against [FILE]... [CHANGES AND OPTIONS]")]
pub(crate) struct DiffArgs {
    /// Files, directories, or `-` for stdin.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What stands before it makes the left side, what follows the right. Files, version and configuration hold for the
    /// right side too unless they are given again; changes do not.
    #[arg(long)]
    pub(crate) against: bool,
    /// Look at this moment of virtual time, and make the changes then [default: at the end of the run].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
    /// The Kubernetes version to run, once for both sides or once for each
    /// [default: the Scenario's, else the newest kubelet's of the nodes].
    #[arg(long, value_name = "VERSION", help_heading = "Cluster")]
    pub(crate) kubernetes_version: Vec<Version>,
    /// A KubeSchedulerConfiguration, once for both sides or once for each.
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub(crate) scheduler_config: Vec<PathBuf>,
    /// The seed of generated names and of the choice among equal nodes [default: the first in node order is taken].
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = "Cluster")]
    pub(crate) seed: u64,
    /// Stop at a sample of feasible nodes as kube-scheduler does from 100 nodes on, instead of looking at every node.
    #[arg(long, help_heading = "Cluster")]
    pub(crate) emulate_sampling: bool,
}

const NOTES: &str = "\
Both sides are run to their end and compared: every pod that is elsewhere, waits or is missing, with the reason; nodes by
readiness, taints and labels; and objects that exist on one side only.
Exit codes, as those of diff: 0 the sides are alike, 1 they differ, 2 trouble.";
