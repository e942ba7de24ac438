//! `sim diff`: two clusters, versions, configurations or changes, pod by pod.

use std::fmt::Write;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use sim_advisor::{DiffResult, DiffSide, PodChange, PodDifference, Side, changed, diff};
use sim_cluster::{Change, Cluster};
use sim_core::version::Version;

use crate::args::{ClusterArgs, DiffArgs, ReportFormat};
use crate::changes;
use crate::error::{CliError, EXIT_UNMET};
use crate::report;
use crate::session::{Session, Source};
use crate::terminal::{HEADING, Terminal};
use crate::what_if;

/// What one side is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Input {
    files: Vec<PathBuf>,
    version: Option<Version>,
    scheduler_config: Option<PathBuf>,
}

pub(crate) fn run(args: DiffArgs, matches: &ArgMatches, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let against = if args.against { matches.index_of("against") } else { None };
    let (left, right) = match against {
        Some(against) => sides_around(&args, matches, against)?,
        None => sides_in_pairs(&args)?,
    };
    if args.changes.remove_taint.iter().any(String::is_empty) {
        return Err(CliError::new("--remove-taint: which taint? Only sim whatif previews each in turn"));
    }
    let load = |side: &Input, stdin: Option<Vec<u8>>| {
        let cluster = ClusterArgs {
            kubernetes_version: side.version,
            seed: args.seed,
            scheduler_config: side.scheduler_config.clone(),
            keep_secrets: false,
            emulate_sampling: args.emulate_sampling,
            fallback_version: None,
        };
        let mut source = Source::find(side.files.clone(), cluster)?;
        source.stdin = stdin;
        Session::view(source, args.at, terminal)
    };
    let first = load(&left, None)?;
    let second = if left == right { None } else { Some(load(&right, first.stdin())?) };
    let change = |cluster: &Cluster, places: Range<usize>| -> Result<(Cluster, Vec<Change>), CliError> {
        let changes = changes::read_among(&args.changes, matches, places, cluster, terminal)?;
        let (cluster, _) = if changes.is_empty() { (cluster.clone(), Vec::new()) } else { changed(cluster, &changes)? };
        Ok((cluster, changes))
    };
    let middle = against.unwrap_or(0);
    let second = second.as_ref().unwrap_or(&first);
    // Never freed: the process ends with them.
    let (left_cluster, left_changes) = change(&first.cluster, 0..middle)?;
    let (right_cluster, right_changes) = change(&second.cluster, middle..usize::MAX)?;
    let (left_cluster, right_cluster) = (ManuallyDrop::new(left_cluster), ManuallyDrop::new(right_cluster));
    let (left_name, right_name) = (name(&first, &left, &left_changes), name(second, &right, &right_changes));
    let result = diff((&left_name, &left_cluster), (&right_name, &right_cluster));
    match args.output {
        ReportFormat::Json => terminal.print(&crate::json(&result)?),
        ReportFormat::Text => terminal.print(&text(&result)),
    }
    for note in left_cluster.gaps() {
        terminal.note(&note);
    }
    Ok(if result.alike { ExitCode::SUCCESS } else { ExitCode::from(EXIT_UNMET) })
}

/// What stands before `--against` is the left side; the right has the same but for what stands after it.
fn sides_around(args: &DiffArgs, matches: &ArgMatches, against: usize) -> Result<(Input, Input), CliError> {
    let left = Input {
        files: among(matches, "files", &args.files, 0..against),
        version: only(
            "--kubernetes-version",
            among(matches, "kubernetes_version", &args.kubernetes_version, 0..against),
        )?,
        scheduler_config: only(
            "--scheduler-config",
            among(matches, "scheduler_config", &args.scheduler_config, 0..against),
        )?,
    };
    let after = against..usize::MAX;
    let files = among(matches, "files", &args.files, after.clone());
    let version =
        only("--kubernetes-version", among(matches, "kubernetes_version", &args.kubernetes_version, after.clone()))?;
    let config = only("--scheduler-config", among(matches, "scheduler_config", &args.scheduler_config, after))?;
    let right = Input {
        files: if files.is_empty() { left.files.clone() } else { files },
        version: version.or(left.version),
        scheduler_config: config.or_else(|| left.scheduler_config.clone()),
    };
    Ok((left, right))
}

/// Without `--against` two files are the sides, or what is given twice is given for each.
fn sides_in_pairs(args: &DiffArgs) -> Result<(Input, Input), CliError> {
    let usage = "sim diff A B; or one FILE with --kubernetes-version or --scheduler-config given twice; or --against";
    if changes::count(&args.changes) > 0 {
        return Err(CliError::new("which side are the changes for?")
            .hint("put --against between those of the left side and those of the right; `sim whatif` shows what a change does"));
    }
    let files = match args.files.as_slice() {
        [] => (Vec::new(), Vec::new()),
        [both] => (vec![both.clone()], vec![both.clone()]),
        [left, right] => (vec![left.clone()], vec![right.clone()]),
        _ => {
            return Err(CliError::new("more than two files: which belong together?")
                .hint("put --against between those of the left side and those of the right"));
        }
    };
    let versions = pair("--kubernetes-version", &args.kubernetes_version)?;
    let configs = pair("--scheduler-config", &args.scheduler_config)?;
    let left = Input { files: files.0, version: versions.0, scheduler_config: configs.0 };
    let right = Input { files: files.1, version: versions.1, scheduler_config: configs.1 };
    let is_pair = args.files.len() == 2 || args.kubernetes_version.len() == 2 || args.scheduler_config.len() == 2;
    if is_pair { Ok((left, right)) } else { Err(CliError::new("compared with what?").hint(usage)) }
}

/// The values of an argument that stand at some places of the command line.
fn among<T: Clone>(matches: &ArgMatches, id: &str, values: &[T], places: Range<usize>) -> Vec<T> {
    let indices = matches.indices_of(id).into_iter().flatten();
    indices.zip(values).filter(|(index, _)| places.contains(index)).map(|(_, value)| value.clone()).collect()
}

fn only<T>(flag: &str, mut values: Vec<T>) -> Result<Option<T>, CliError> {
    match values.len() {
        0 | 1 => Ok(values.pop()),
        _ => Err(CliError::new(format!("{flag} is given twice on one side of --against"))),
    }
}

fn pair<T: Clone>(flag: &str, values: &[T]) -> Result<(Option<T>, Option<T>), CliError> {
    match values {
        [] => Ok((None, None)),
        [both] => Ok((Some(both.clone()), Some(both.clone()))),
        [left, right] => Ok((Some(left.clone()), Some(right.clone()))),
        _ => Err(CliError::new(format!("{flag} is given more than twice"))),
    }
}

/// What a side is called: its files, its configuration and its changes.
fn name(session: &Session, input: &Input, changes: &[Change]) -> String {
    let mut parts = vec![session.title().0];
    parts.extend(input.scheduler_config.iter().map(|path| path.display().to_string()));
    parts.extend(changes.iter().map(ToString::to_string));
    parts.join(", ")
}

fn text(result: &DiffResult) -> String {
    let mut text = String::new();
    for (label, side) in [("left ", &result.left), ("right", &result.right)] {
        let DiffSide { name, kubernetes_version: version, .. } = side;
        let _ = writeln!(text, "{HEADING}{label}{HEADING:#}  {name} (Kubernetes {version})");
    }
    text.push('\n');
    if result.alike {
        text.push_str("No difference.\n");
        return text;
    }
    text.push_str(&report::node_differences(&result.nodes));
    for object in &result.objects {
        let sign = if object.only == Side::Left { '-' } else { '+' };
        let namespace = object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let _ = writeln!(text, "{sign} {namespace}{}/{}", object.kind.to_ascii_lowercase(), object.name);
    }
    if !result.objects.is_empty() {
        text.push('\n');
    }
    if result.pods.is_empty() {
        text.push_str("No pod differs.\n");
    } else {
        text.push_str(&pods(&result.pods));
    }
    text.push_str(&report::counts(&result.left.counts, &result.right.counts));
    text
}

/// A row for each pod; then the reasons, once for all pods that differ for the same.
fn pods(differences: &[PodDifference]) -> String {
    let changes: Vec<PodChange> = differences
        .iter()
        .map(|difference| PodChange { before: difference.left.clone(), after: difference.right.clone() })
        .collect();
    let mut text = what_if::pods(&changes.iter().collect::<Vec<_>>(), "LEFT → RIGHT");
    let mut told: Vec<&[String]> = Vec::new();
    for difference in differences.iter().filter(|difference| !difference.because.is_empty()) {
        if told.contains(&difference.because.as_slice()) {
            continue;
        }
        told.push(&difference.because);
        if let Some(state) = difference.right.as_ref().or(difference.left.as_ref()) {
            let alike = differences.iter().filter(|other| other.because == difference.because).count() - 1;
            let others = if alike > 0 { format!(" and {alike} more") } else { String::new() };
            let _ = writeln!(text, "\n{}/{}{others}:", state.namespace, state.name);
        }
        for reason in &difference.because {
            let _ = writeln!(text, "  {reason}");
        }
    }
    text
}
