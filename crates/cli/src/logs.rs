//! `sim logs`: simulated containers write nothing; what can be said is why.

use sim_cluster::pod::Pod;
use std::process::ExitCode;

use sim_cluster::{Kind, Ownership, PodResult, Resource};

use crate::args::LogsArgs;
use crate::error::CliError;
use crate::get::not_found;
use crate::session::{Session, Source};
use crate::terminal::Terminal;

pub(crate) fn run(args: LogsArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let session = Session::view(Source::find(args.view.filename, args.view.cluster)?, args.view.at, terminal)?;
    let cluster = &session.cluster;
    let namespace = args.view.namespace.as_deref().unwrap_or("default");
    let name = args.pod.strip_prefix("pod/").or_else(|| args.pod.strip_prefix("pods/")).unwrap_or(&args.pod);
    let pod = cluster
        .store()
        .find::<Pod>(namespace, name)
        .ok_or_else(|| not_found(cluster, &Resource::of(Kind::Pod), name))?;
    let result = PodResult::of(&Ownership::of(cluster.store()), pod);
    let reason = match (&result.node, &result.message) {
        (None, Some(message)) => format!(
            "pod {namespace}/{name} has no logs: it was never placed on a node, so no container of it has run. {message}"
        ),
        (None, None) => {
            format!("pod {namespace}/{name} has no logs: it was never placed on a node, so no container of it has run")
        }
        (Some(node), _) => {
            format!("pod {namespace}/{name} is {} on {node}; simulated containers write no logs", result.phase)
        }
    };
    terminal.note(&reason);
    Ok(ExitCode::SUCCESS)
}
