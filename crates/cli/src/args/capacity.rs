//! The arguments of `sim capacity`.

use std::path::PathBuf;

use clap::Args;

use super::{ClusterArgs, ReportFormat, duration};

#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct CapacityArgs {
    /// Files, directories, or `-` for stdin: the cluster.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The manifest of the pod, or of a workload whose pods are counted. What else the file holds is applied first.
    #[arg(short = 'f', long, alias = "filename", value_name = "FILE")]
    pub(crate) pod: PathBuf,
    /// Count at this moment of virtual time [default: at the end of the run].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// Stop counting at N.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max: Option<u32>,
    /// Ask whether N replicas fit.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) replicas: Option<u32>,
    /// Look for the fewest nodes like this one that make the replicas fit.
    #[arg(long, value_name = "FROM", requires = "replicas")]
    pub(crate) add_node: Option<String>,
    /// The same for nodes of this shape, e.g. cpu=4,memory=16Gi,pods=110.
    #[arg(long, value_name = "RESOURCE=AMOUNT,…", requires = "replicas", conflicts_with = "add_node")]
    pub(crate) node_shape: Option<String>,
    /// Count replicas that come by evicting pods of lower priority too.
    #[arg(long)]
    pub(crate) preempt: bool,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

const NOTES: &str = "\
Replicas are asked for one after the other, each with API defaults, admission and quota as if it were created, until the
scheduler cannot place one. Nobody is evicted for them unless --preempt is given.
Exit codes: 0 one fits, or all of --replicas do (with the nodes found); 1 otherwise; 2 unusable input.";
