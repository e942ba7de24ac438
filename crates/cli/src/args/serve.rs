//! Arguments of `sim serve` and `sim ctl`.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sim_apiserver::Speed;

use super::{ClusterArgs, InputArgs, duration};

#[derive(Debug, Args)]
#[command(after_help = SERVE_NOTES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// How fast virtual time flows: `paused`, `realtime`, or a number of virtual seconds a second.
    #[arg(long, value_name = "SPEED", default_value = "60x")]
    pub(crate) speed: Speed,
    /// Run to this moment of virtual time before the first request is answered, e.g. 25m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// Where to write the kubeconfig [default: a file of its own in the state folder].
    #[arg(long, value_name = "PATH")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Replace the kubeconfig when it is there.
    #[arg(long, requires = "kubeconfig", conflicts_with = "merge")]
    pub(crate) force: bool,
    /// Add a context to the kubeconfig when it is there, and make it the current one.
    #[arg(long, requires = "kubeconfig")]
    pub(crate) merge: bool,
    /// Listen on this address instead of loopback. Everybody who knows the token can use the cluster.
    #[arg(long, value_name = "ADDRESS", requires = "token")]
    pub(crate) listen: Option<IpAddr>,
    /// The bearer token that every request must bring.
    #[arg(long, value_name = "TOKEN", env = "SIM_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Encrypt with a certificate that is made at the start; the kubeconfig holds who vouches for it.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Who places pods.
    #[arg(long, value_enum, default_value_t = SchedulerChoice::Internal)]
    pub(crate) scheduler: SchedulerChoice,
    /// Write the cluster as it is at the end to a file that loads again.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// A command that is run against the cluster, with KUBECONFIG set; its exit code is that of sim.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

const SERVE_NOTES: &str = "\
Examples:
  sim serve cluster.yaml                                 then: export KUBECONFIG=…; kubectl get pods -A
  sim serve cluster.yaml --at 25m -- kubectl get pods -A -o wide
  sim ctl advance 10m                                    let ten minutes pass at once";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchedulerChoice {
    /// The simulated kube-scheduler.
    Internal,
    /// Nobody here: pods wait for whoever posts Bindings.
    External,
}

#[derive(Debug, Args)]
pub(crate) struct CtlArgs {
    #[command(subcommand)]
    pub(crate) command: CtlCommand,
    /// The kubeconfig that `sim serve` wrote [default: $KUBECONFIG, else that of the last `sim serve`].
    #[arg(long, value_name = "PATH", global = true)]
    pub(crate) kubeconfig: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlCommand {
    /// Show where the cluster stands: virtual time, speed, pods.
    Status,
    /// Let virtual time pass at once, e.g. 10m.
    Advance {
        /// How much.
        by: String,
    },
    /// Hold virtual time.
    Pause,
    /// Let virtual time flow again.
    Resume {
        /// How fast.
        #[arg(long, default_value = "60x")]
        speed: Speed,
    },
    /// Keep the state of now under a name.
    Fork {
        /// The name [default: the next number].
        name: Option<String>,
    },
    /// Go back to the start, or to a fork.
    Reset {
        /// The fork.
        to: Option<String>,
    },
}
