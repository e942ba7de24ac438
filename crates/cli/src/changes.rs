//! The changes of `sim whatif`, from flags to what the cluster is told, in the order they were typed.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use clap::ArgMatches;
use k8s_openapi::api::core::v1::Node;
use sim_cluster::{
    BadChange, Change, Cluster, DrainOptions, ObjectRef, TaintPattern, WorkloadRef, parse_taint, parse_toleration,
};
use sim_scenario::Severity;

use crate::args::ChangeArgs;
use crate::drain;
use crate::error::CliError;
use crate::terminal::Terminal;

/// How many changes the flags make.
pub(crate) fn count(args: &ChangeArgs) -> usize {
    [&args.remove_taint, &args.taint, &args.add_toleration, &args.cordon, &args.uncordon, &args.label]
        .iter()
        .map(|values| values.len())
        .sum::<usize>()
        + [&args.add_node, &args.remove_node, &args.scale, &args.delete]
            .iter()
            .map(|values| values.len())
            .sum::<usize>()
        + args.drain.len()
        + args.apply.len()
        + args.kubectl.len()
        + args.kubectl_file.len()
}

/// Reads every change flag, ordered as on the command line.
pub(crate) fn read(
    args: &ChangeArgs,
    matches: &ArgMatches,
    cluster: &Cluster,
    terminal: &Terminal,
) -> Result<Vec<Change>, CliError> {
    read_among(args, matches, 0..usize::MAX, cluster, terminal)
}

/// Reads the change flags that stand at some places of the command line, in their order.
pub(crate) fn read_among(
    args: &ChangeArgs,
    matches: &ArgMatches,
    places: Range<usize>,
    cluster: &Cluster,
    terminal: &Terminal,
) -> Result<Vec<Change>, CliError> {
    let mut changes: Vec<(usize, Change)> = Vec::new();
    let mut add =
        |id: &str, values: &[String], read: &dyn Fn(&str) -> Result<Change, CliError>| -> Result<(), CliError> {
            let indices = matches.indices_of(id).into_iter().flatten();
            for (index, value) in indices.zip(values).filter(|(index, _)| places.contains(index)) {
                let flag = id.replace('_', "-");
                changes.push((
                    index,
                    read(value).map_err(|error| CliError { message: with_flag(&flag, &error.message), ..error })?,
                ));
            }
            Ok(())
        };
    add("remove_taint", &args.remove_taint, &|text| {
        let (node, rest) = split_node(text, cluster)?;
        Ok(Change::Untaint { node, taint: TaintPattern::parse(rest)? })
    })?;
    add("taint", &args.taint, &|text| {
        let (node, rest) = split_node(text, cluster)?;
        Ok(Change::Taint { node, taint: parse_taint(rest)? })
    })?;
    add("add_toleration", &args.add_toleration, &|text| {
        let (workload, toleration) = split(text, '=', "WORKLOAD=KEY[=VALUE][:EFFECT]")?;
        Ok(Change::AddToleration { workload: WorkloadRef::parse(workload)?, toleration: parse_toleration(toleration)? })
    })?;
    add("cordon", &args.cordon, &|text| Ok(Change::Cordon(text.to_owned())))?;
    add("uncordon", &args.uncordon, &|text| Ok(Change::Uncordon(text.to_owned())))?;
    let drain_options = drain::options(&args.drain_flags);
    add("drain", &args.drain, &|node| {
        Ok(Change::Drain(DrainOptions { node: node.to_owned(), ..drain_options.clone() }))
    })?;
    add("label", &args.label, &|text| label(text, cluster))?;
    add("add_node", &args.add_node, &add_node)?;
    add("remove_node", &args.remove_node, &|text| Ok(Change::RemoveNode(text.to_owned())))?;
    add("scale", &args.scale, &|text| {
        let (workload, replicas) = split(text, '=', "WORKLOAD=N")?;
        let replicas = replicas.parse().map_err(|_| CliError::new(format!("{replicas:?} is no number of replicas")))?;
        Ok(Change::Scale { workload: ObjectRef::parse(workload)?, replicas })
    })?;
    add("delete", &args.delete, &|text| Ok(Change::Delete(ObjectRef::parse(text)?)))?;
    let applied = matches.indices_of("apply").into_iter().flatten().zip(&args.apply);
    for (index, file) in applied.filter(|(index, _)| places.contains(index)) {
        let input = sim_scenario::load(&[file], &mut std::io::stdin());
        for fault in &input.faults {
            terminal.fault(fault);
        }
        if input.faults.iter().any(|fault| fault.severity == Severity::Error) {
            return Err(CliError::new(format!("nothing was changed: {} has errors", file.display())));
        }
        changes.push((index, Change::Apply(input.objects.into_iter().map(|loaded| loaded.object).collect())));
    }
    let mut scripts: Vec<(usize, Script)> = Vec::new();
    for (index, text) in matches.indices_of("kubectl").into_iter().flatten().zip(&args.kubectl) {
        scripts.push((index, Script { file: None, text: text.clone() }));
    }
    for (index, file) in matches.indices_of("kubectl_file").into_iter().flatten().zip(&args.kubectl_file) {
        scripts.push((index, Script::of_file(file)?));
    }
    changes.sort_by_key(|(index, _)| *index);
    scripts.sort_by_key(|(index, _)| *index);
    with_scripts(changes, scripts, cluster)
}

/// kubectl commands, and the file that they are from.
struct Script {
    file: Option<String>,
    text: String,
}

impl Script {
    fn of_file(file: &Path) -> Result<Self, CliError> {
        let name = if file.as_os_str() == "-" { "<stdin>".to_owned() } else { file.display().to_string() };
        let mut text = String::new();
        let read = match file.as_os_str().to_str() {
            Some("-") => std::io::stdin().read_to_string(&mut text).map(|_| ()),
            _ => std::fs::read_to_string(file).map(|read| text = read),
        };
        read.map_err(|error| CliError::new(format!("{name}: {error}")))?;
        Ok(Self { file: Some(name), text })
    }

    /// The changes of its commands, which find the cluster as the changes before them have left it.
    fn read(&self, cluster: &Cluster) -> Result<Vec<Change>, CliError> {
        sim_kubectl::read(cluster, &self.text).map_err(|bad| match &self.file {
            Some(file) => CliError::new(format!("{file}:{}: {bad}", bad.line)),
            None => CliError::new(bad.to_string()),
        })
    }
}

/// All changes in the order of their places on the command line.
fn with_scripts(
    changes: Vec<(usize, Change)>,
    scripts: Vec<(usize, Script)>,
    cluster: &Cluster,
) -> Result<Vec<Change>, CliError> {
    let mut changes = changes.into_iter().peekable();
    let mut all: Vec<Change> = Vec::new();
    for (index, script) in scripts {
        while let Some((_, change)) = changes.next_if(|(place, _)| *place < index) {
            all.push(change);
        }
        let mut now = cluster.clone();
        for change in &all {
            now.make(change)?;
        }
        all.extend(script.read(&now)?);
    }
    all.extend(changes.map(|(_, change)| change));
    Ok(all)
}

/// kubectl's own sentences stand alone; ours say which flag they are about.
fn with_flag(flag: &str, message: &str) -> String {
    if message.starts_with("error:") || message.starts_with("Error from server") {
        message.to_owned()
    } else {
        format!("--{flag}: {message}")
    }
}

/// Splits `NODE/` off a taint. Keys have slashes too: a first part that is a node's name, or that comes before two
/// slashes, is the node.
fn split_node<'a>(text: &'a str, cluster: &Cluster) -> Result<(Option<String>, &'a str), CliError> {
    let Some((first, rest)) = text.split_once('/') else { return Ok((None, text)) };
    let is_node = cluster.store().find::<Node>("", first).is_some();
    if !is_node && std::path::Path::new(text).exists() {
        return Err(
            CliError::new(format!("{text:?} is a file, not a taint")).hint("name files before the changes, or with -f")
        );
    }
    if is_node || rest.contains('/') {
        return Ok((Some(first.to_owned()), rest));
    }
    Ok((None, text))
}

fn split<'a>(text: &'a str, at: char, form: &str) -> Result<(&'a str, &'a str), CliError> {
    text.split_once(at)
        .filter(|(left, right)| !left.is_empty() && !right.is_empty())
        .ok_or_else(|| CliError::new(format!("cannot read {text:?}: expected {form}")))
}

fn add_node(text: &str) -> Result<Change, CliError> {
    let (from, count) = match text.split_once('*') {
        Some((from, count)) => (from, count.parse().ok().filter(|count| (1..=100_000).contains(count))),
        None => (text, Some(1)),
    };
    let count = count
        .ok_or_else(|| CliError::new(format!("cannot read {text:?}: expected FROM[*N] with N from 1 to 100000")))?;
    Ok(Change::AddNode { from: from.to_owned(), count })
}

/// `NODE/KEY=VALUE`, `NODE/KEY-`, or with a kind before the name; the first `=` may stand for the slash.
fn label(text: &str, cluster: &Cluster) -> Result<Change, CliError> {
    let bad = || BadChange(format!("cannot read {text:?}: expected NODE/KEY=VALUE, NODE/KEY- or KIND/NAME/KEY=VALUE"));
    let (target, label) = target_of_label(text, cluster).ok_or_else(bad)?;
    match label.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            Ok(Change::Label { target, set: vec![(key.to_owned(), value.to_owned())], remove: Vec::new() })
        }
        None if label.len() > 1 && label.ends_with('-') => {
            Ok(Change::Label { target, set: Vec::new(), remove: vec![label.trim_end_matches('-').to_owned()] })
        }
        _ => Err(bad().into()),
    }
}

fn target_of_label<'a>(text: &'a str, cluster: &Cluster) -> Option<(ObjectRef, &'a str)> {
    let separators = |character: char| character == '/' || character == '=';
    let (first, rest) = text.split_once(separators)?;
    let node = |name: &str| ObjectRef { namespace: None, kind: "node".to_owned(), name: name.to_owned() };
    if cluster.store().find::<Node>("", first).is_some() {
        return Some((node(first), rest));
    }
    if sim_cluster::Kind::parse(first).is_some() {
        let (name, label) = rest.split_once(separators)?;
        return Some((ObjectRef { namespace: None, kind: first.to_owned(), name: name.to_owned() }, label));
    }
    // Not there: the cluster refuses it in kubectl's words.
    Some((node(first), rest))
}
