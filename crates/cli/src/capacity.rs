//! `sim capacity`: how many replicas of a pod still fit.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use k8s_openapi::api::core::v1::Node;
use sim_advisor::{CapacityResult, CountOptions, Growth, Obstacle, Replica, Shape, capacity, fewest_nodes, node_names};
use sim_cluster::{Change, Cluster, print};
use sim_core::quantity::Quantity;
use sim_scenario::Severity;

use crate::args::{CapacityArgs, ReportFormat};
use crate::error::{CliError, EXIT_UNMET};
use crate::session::{Session, Source};
use crate::terminal::{BAD, GOOD, HEADING, Terminal};

pub(crate) fn run(args: CapacityArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let replica = read_replica(&args.pod, terminal)?;
    let shape = shape(args.add_node, args.node_shape.as_deref())?;
    let session = Session::view(Source::find(args.files, args.cluster)?, args.at, terminal)?;
    let cluster = &session.cluster;
    if let Some(Shape::Like(from)) = &shape {
        check_node(cluster, from)?;
    }
    let count = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
    let wanted = count(args.replicas);
    let options = CountOptions { limit: count(args.max).or(wanted), preempts: args.preempt };
    let mut result = capacity(cluster, &replica, options)?;
    if let (Some(wanted), Some(shape)) = (wanted, &shape) {
        result.growth = Some(fewest_nodes(cluster, &replica, options, wanted, shape)?);
    }
    match args.output {
        ReportFormat::Json => terminal.print(&crate::json(&result)?),
        ReportFormat::Text => {
            let nodes = cluster.store().list::<Node>().filter_map(|node| node.metadata.name.clone()).collect();
            terminal.print(&text(&result, nodes, wanted, args.max.is_some()));
        }
    }
    for note in replica.note.into_iter().chain(cluster.gaps()) {
        terminal.note(&note);
    }
    Ok(if result.fits(wanted) { ExitCode::SUCCESS } else { ExitCode::from(EXIT_UNMET) })
}

/// Reads the pod, and what its file holds beside it.
fn read_replica(file: &Path, terminal: &Terminal) -> Result<Replica, CliError> {
    let input = sim_scenario::load_part(&[file], &mut std::io::stdin(), "default");
    terminal.faults(&input.faults);
    let shown = file.display();
    if input.faults.iter().any(|fault| fault.severity == Severity::Error) {
        return Err(CliError::new(format!("nothing was counted: {shown} has errors")));
    }
    if input.scenario.is_some() {
        return Err(CliError::new(format!("{shown} is a Scenario, not a pod"))
            .hint("-f names the pod; the cluster stands without a flag: sim capacity CLUSTER -f POD"));
    }
    let objects = input.objects.into_iter().map(|loaded| loaded.object).collect();
    Replica::of(objects).map_err(|error| CliError::new(format!("{shown}: {error}")))
}

fn shape(like: Option<String>, resources: Option<&str>) -> Result<Option<Shape>, CliError> {
    let Some(resources) = resources else { return Ok(like.map(Shape::Like)) };
    let mut amounts = BTreeMap::from([("pods".to_owned(), "110".to_owned())]);
    for part in resources.split(',') {
        let read = part.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, amount) = read.ok_or_else(|| {
            CliError::new(format!(
                "--node-shape: cannot read {part:?}: expected RESOURCE=AMOUNT, e.g. cpu=4,memory=16Gi"
            ))
        })?;
        amount.parse::<Quantity>().map_err(|error| CliError::new(format!("--node-shape: {name}: {error}")))?;
        amounts.insert(name.to_owned(), amount.to_owned());
    }
    Ok(Some(Shape::Resources(amounts)))
}

fn check_node(cluster: &Cluster, name: &str) -> Result<(), CliError> {
    if cluster.store().find::<Node>("", name).is_some() {
        return Ok(());
    }
    let error = CliError::from(sim_cluster::not_found(sim_cluster::Kind::Node, name));
    let hint = cluster.what_existed(&Change::AddNode { from: name.to_owned(), count: 1 });
    Err(match hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

fn text(result: &CapacityResult, nodes: Vec<String>, wanted: Option<usize>, has_max: bool) -> String {
    let mut text = String::new();
    let CapacityResult { pod, replicas, kubernetes_version: version, .. } = result;
    let of = wanted.map(|wanted| format!(" of {wanted}")).unwrap_or_default();
    let more = if result.limited && has_max { ", and more may" } else { "" };
    let style = if result.replicas >= wanted.unwrap_or(1) { GOOD } else { BAD };
    let (noun, verb) = if *replicas == 1 && wanted.is_none() { ("replica", "fits") } else { ("replicas", "fit") };
    let _ = writeln!(
        text,
        "{HEADING}{pod}: {style}{replicas}{of} {noun} {verb}{style:#}{HEADING:#}{more} (Kubernetes {version})"
    );
    if !nodes.is_empty() {
        text.push('\n');
        text.push_str(&shares(result, nodes));
    }
    if let Some(message) = &result.message {
        let _ = writeln!(text, "\nThe next one does not fit:\n  {message}");
    }
    if !result.reasons.is_empty() {
        text.push('\n');
        text.push_str(&obstacles(&result.reasons));
    }
    if let Some(first) = &result.runs_out_first {
        let _ = writeln!(text, "\nWhat runs out first: {HEADING}{first}{HEADING:#}");
    }
    if let Some(node) = &result.room_by_preemption {
        let _ =
            writeln!(text, "\nBy evicting pods of lower priority it would come on {node}: --preempt counts that too.");
    }
    if let Some(growth) = &result.growth {
        text.push('\n');
        text.push_str(&growing(growth));
    }
    text
}

/// A line for each number of replicas, most first, with the nodes that take so many.
fn shares(result: &CapacityResult, nodes: Vec<String>) -> String {
    let taken: BTreeMap<&str, usize> = result.nodes.iter().map(|share| (share.name.as_str(), share.replicas)).collect();
    let mut by_count: BTreeMap<std::cmp::Reverse<usize>, Vec<String>> = BTreeMap::new();
    for node in nodes {
        let count = taken.get(node.as_str()).copied().unwrap_or(0);
        by_count.entry(std::cmp::Reverse(count)).or_default().push(node);
    }
    let rows = by_count
        .into_iter()
        .map(|(std::cmp::Reverse(count), nodes)| vec![count.to_string(), nodes.len().to_string(), node_names(&nodes)]);
    print::Table::of(&["REPLICAS", "NODES", "WHICH"], rows).render(&print::TableOptions::default())
}

fn obstacles(obstacles: &[Obstacle]) -> String {
    let rows = obstacles.iter().map(|obstacle| {
        let detail = obstacle.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        vec![obstacle.nodes.to_string(), obstacle.alone.to_string(), format!("{}{detail}", obstacle.reason)]
    });
    print::Table::of(&["NODES", "ALONE", "REASON"], rows).render(&print::TableOptions::default())
}

fn growing(growth: &Growth) -> String {
    let Growth { wanted, shape, otherwise, .. } = growth;
    match growth.nodes {
        Some(0) => format!("{GOOD}No node more is needed{GOOD:#}: {wanted} replicas fit as it is.\n"),
        Some(1) => format!("{GOOD}1 node {shape} makes {wanted} replicas fit{GOOD:#}; without it {otherwise} do.\n"),
        Some(nodes) => format!(
            "{GOOD}{nodes} nodes {shape} make {wanted} replicas fit{GOOD:#}; with {} of them {otherwise} do.\n",
            nodes - 1
        ),
        None => {
            let message = growth.message.as_deref().unwrap_or_default();
            format!(
                "{BAD}No number of nodes {shape} makes {wanted} replicas fit{BAD:#}: {otherwise} do, and the next is told\n  {message}\n"
            )
        }
    }
}
