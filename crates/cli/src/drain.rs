//! `sim drain`: where everything goes when nodes leave.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use k8s_openapi::api::core::v1::Node;
use sim_advisor::{DrainOutcome, Drained, DrainedNode, EvictedPod, Successor, drain};
use sim_cluster::{Change, Cluster, DrainOptions, print};
use sim_core::model::LabelSelector;

use crate::args::{DrainArgs, DrainFlags, ReportFormat};
use crate::error::{CliError, EXIT_UNMET};
use crate::report;
use crate::session::{Session, Source};
use crate::terminal::{BAD, GOOD, Terminal};

pub(crate) fn run(args: DrainArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let (files, names) = files_and_nodes(args.files_and_nodes, !args.filename.is_empty());
    let files: Vec<PathBuf> = files.into_iter().chain(args.filename).collect();
    if names.is_empty() && args.selector.is_none() {
        return Err(CliError::new("which node is to be drained?").hint("name it after the files: sim drain FILE NODE"));
    }
    let options = options(&args.flags);
    let session = Session::view(Source::find(files, args.cluster)?, args.at, terminal)?;
    let cluster = &session.cluster;
    let nodes = match args.selector {
        Some(selector) if names.is_empty() => labelled(cluster, &selector)?,
        Some(_) => {
            return Err(CliError::new("error: cannot specify both a node name and a --selector option"));
        }
        None => names,
    };
    for node in &nodes {
        if cluster.store().find::<Node>("", node).is_none() {
            return Err(no_such_node(cluster, node));
        }
    }
    let drained = drain(cluster, &nodes, &options).map_err(|refused| CliError::from(refused).of_kubectl())?;
    let code = if drained.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_UNMET) };
    match args.output {
        ReportFormat::Text => terminal.print(&text(&drained)),
        ReportFormat::Json => terminal.print(&crate::json(&drained.document())?),
    }
    for note in cluster.gaps() {
        terminal.note(&note);
    }
    Ok(code)
}

/// A word that is a path, or `-`, is a file; any other is a node, and so are all when `-f` names the files. A node named
/// twice is drained once.
fn files_and_nodes(words: Vec<String>, all_are_nodes: bool) -> (Vec<PathBuf>, Vec<String>) {
    let is_file = |word: &String| !all_are_nodes && (word == "-" || Path::new(word).exists());
    let (files, names): (Vec<String>, Vec<String>) = words.into_iter().partition(is_file);
    let mut nodes: Vec<String> = Vec::new();
    for name in names {
        let name = name.strip_prefix("node/").map(str::to_owned).unwrap_or(name);
        if !nodes.contains(&name) {
            nodes.push(name);
        }
    }
    (files.into_iter().map(PathBuf::from).collect(), nodes)
}

/// The options that the flags of `kubectl drain` make, for no node yet.
pub(crate) fn options(flags: &DrainFlags) -> DrainOptions {
    DrainOptions {
        node: String::new(),
        force: flags.force,
        ignore_daemonsets: flags.ignore_daemonsets,
        delete_emptydir_data: flags.delete_emptydir_data,
        disable_eviction: flags.disable_eviction,
        grace_period_seconds: flags.grace_period.filter(|seconds| *seconds >= 0),
        timeout_ms: flags.timeout.filter(|timeout| *timeout > 0),
        pod_selector: flags.pod_selector.clone(),
    }
}

fn labelled(cluster: &Cluster, selector: &LabelSelector) -> Result<Vec<String>, CliError> {
    let nodes = cluster.store().list::<Node>();
    let nodes = nodes.filter(|node| selector.matches(&node.metadata.labels.clone().unwrap_or_default()));
    let names: Vec<String> = nodes.filter_map(|node| node.metadata.name.clone()).collect();
    if names.is_empty() { Err(CliError::new("no node has these labels")) } else { Ok(names) }
}

/// The API server's words, and which node or file may be meant.
fn no_such_node(cluster: &Cluster, name: &str) -> CliError {
    let error = CliError::from(sim_cluster::not_found(sim_cluster::Kind::Node, name));
    let looks_like_a_path = name.contains('/')
        || Path::new(name)
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json", "gz"].iter().any(|known| extension == *known));
    if looks_like_a_path {
        return error.hint(format!("there is no file {name} either"));
    }
    let change = Change::Drain(DrainOptions { node: name.to_owned(), ..DrainOptions::default() });
    match cluster.what_existed(&change) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn text(drained: &Drained) -> String {
    let mut text = String::new();
    for line in &drained.what_if.made {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    if drained.evictions.is_empty() {
        text.push_str("No pod has to go.\n");
    } else {
        text.push_str(&evictions(&drained.evictions));
    }
    text.push('\n');
    for node in &drained.nodes {
        let _ = writeln!(text, "{}", outcome(node));
    }
    let ready = drained.evictions.iter().filter_map(|eviction| eviction.successor.as_ref()?.ready.as_deref());
    let is_ready = |eviction: &&EvictedPod| eviction.successor.as_ref().is_some_and(|pod| pod.ready.is_some());
    let came = drained.evictions.iter().filter(|eviction| eviction.successor.is_some()).count();
    let up = drained.evictions.iter().filter(is_ready).count();
    if let Some(last) = ready.max_by_key(|ready| sim_cluster::parse_duration_ms(ready).unwrap_or(0)) {
        let _ = writeln!(text, "{up} of {came} replacements are ready, the last after {last}");
    }
    for stuck in &drained.what_if.stuck {
        let _ = writeln!(text, "\n{BAD}{} stays on {}{BAD:#}:\n  {}", stuck.pod, stuck.node, stuck.cause);
    }
    for pod in drained.pending() {
        let message = pod.message.as_deref().unwrap_or("No scheduler has looked at it yet.");
        let _ = writeln!(text, "\n{BAD}{}/{} waits{BAD:#}:\n  {message}", pod.namespace, pod.name);
    }
    let (before, after) = (&drained.what_if.before.counts, &drained.what_if.after.counts);
    text.push_str(&report::counts(before, after));
    text
}

/// A row for each pod, in the order in which they go.
fn evictions(evictions: &[EvictedPod]) -> String {
    let none = || "<none>".to_owned();
    let rows = evictions.iter().map(|eviction| {
        let successor = eviction.successor.as_ref();
        let held_up = match (&eviction.held_up, &eviction.refused) {
            (Some(held_up), Some(refused)) => format!("{held_up}: {refused}"),
            (None, Some(refused)) => refused.clone(),
            (held_up, None) => held_up.clone().unwrap_or_default(),
        };
        vec![
            eviction.evicted.clone().unwrap_or_else(|| "never".to_owned()),
            eviction.node.clone(),
            eviction.namespace.clone(),
            eviction.name.clone(),
            successor.map_or_else(none, |successor| successor.state.name.clone()),
            successor.and_then(|successor| successor.state.node.clone()).unwrap_or_else(none),
            successor.map_or_else(none, ready),
            held_up,
        ]
    });
    let columns = ["EVICTED", "FROM", "NAMESPACE", "POD", "COMES AS", "TO", "READY", "HELD UP BY"];
    print::Table::of(&columns, rows).render(&print::TableOptions::default())
}

fn ready(successor: &Successor) -> String {
    successor.ready.clone().unwrap_or_else(|| successor.state.state.clone())
}

fn outcome(node: &DrainedNode) -> String {
    let name = &node.name;
    let at = |moment: &Option<String>| moment.clone().unwrap_or_default();
    match node.outcome {
        DrainOutcome::Drained => format!("{GOOD}{name} is drained{GOOD:#} after {}", at(&node.ended)),
        DrainOutcome::Stuck => format!("{BAD}{name} is never drained{BAD:#}: kubectl tries for ever"),
        DrainOutcome::GaveUp => {
            format!("{BAD}{name} is not drained{BAD:#}: kubectl gives up after {}", at(&node.ended))
        }
        DrainOutcome::NotBegun => format!("{BAD}{name} is not drained{BAD:#}: kubectl does not come to it"),
    }
}
