//! `sim explain`: what the scheduler makes of one pod, node by node.

use sim_cluster::pod::Pod;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sim_advisor::{NodeVerdict, Outcome, PodExplanation, RefusalVerdict, explain_pod};
use sim_cluster::{Cluster, Kind, Resource, print};

use crate::args::{ExplainArgs, ReportFormat};
use crate::error::CliError;
use crate::get::not_found;
use crate::session::{Session, Source};
use crate::terminal::{BAD, GOOD, HEADING, Terminal};

pub(crate) fn run(args: ExplainArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    // clap asks for one word at least.
    let Some((pod, files)) = args.files_and_pod.split_last() else { return Err(CliError::new("which pod?")) };
    if files.is_empty() && args.view.filename.is_empty() && Path::new(pod).is_file() {
        return Err(CliError::new(format!("{pod} is a file: which pod of it?")).hint(format!("sim explain {pod} POD")));
    }
    let files = files.iter().map(PathBuf::from).chain(args.view.filename).collect();
    let session = Session::view(Source::find(files, args.view.cluster)?, args.view.at, terminal)?;
    let cluster = &session.cluster;
    let (namespace, name) = match (pod.split_once('/'), &args.view.namespace) {
        (Some((namespace, name)), _) => (namespace, name),
        (None, Some(namespace)) => (namespace.as_str(), pod.as_str()),
        (None, None) => ("default", pod.as_str()),
    };
    let pod = find(cluster, namespace, name)?;
    let mut explanation = explain_pod(cluster, pod);
    if let Some(node) = &args.node {
        if !cluster.store().objects(Kind::Node).iter().any(|object| object.name() == node) {
            return Err(not_found(cluster, &Resource::of(Kind::Node), node));
        }
        explanation.nodes.retain(|verdict| verdict.name == *node);
    }
    match args.output {
        ReportFormat::Json => terminal.print(&crate::json(&explanation)?),
        ReportFormat::Text => terminal.print(&text(&explanation, cluster.store().objects(Kind::Node).len())),
    }
    Ok(ExitCode::SUCCESS)
}

fn find<'a>(cluster: &'a Cluster, namespace: &str, name: &str) -> Result<&'a Pod, CliError> {
    let of_namespace = || {
        let pods = cluster.store().list::<Pod>().map(AsRef::as_ref);
        pods.filter(|pod: &&Pod| pod.metadata.namespace.as_deref() == Some(namespace))
    };
    let called = |pod: &Pod| pod.metadata.name.clone().unwrap_or_default();
    let exact = of_namespace().find(|pod| called(pod) == name);
    let begins = || of_namespace().find(|pod| !name.is_empty() && called(pod).starts_with(name));
    exact.or_else(begins).ok_or_else(|| not_found(cluster, &Resource::of(Kind::Pod), name))
}

fn text(explanation: &PodExplanation, node_count: usize) -> String {
    let mut text = String::new();
    let PodExplanation { pod, kubernetes_version: version, .. } = explanation;
    if let Some(gated) = &explanation.gated {
        let _ = writeln!(text, "{pod} is held back: {gated}. Without its gates:");
    }
    if let Some(node) = &explanation.node_name {
        let _ = writeln!(text, "{pod} is on {node}. If it came anew:");
    }
    let feasible = explanation.nodes.iter().filter(|node| node.feasible).count();
    let message = explanation.message.as_deref().unwrap_or_default();
    match (explanation.outcome, &explanation.node) {
        (Outcome::Placed, Some(node)) => {
            let _ = writeln!(text, "{HEADING}{pod} goes to {GOOD}{node}{GOOD:#}{HEADING:#} (Kubernetes {version})");
        }
        (Outcome::NotServed, _) => {
            let _ = writeln!(text, "{HEADING}{pod}{HEADING:#}: {message}");
        }
        (Outcome::Error, _) => {
            let _ = writeln!(text, "{pod}: {BAD}the scheduler fails{BAD:#} (Kubernetes {version}): {message}");
        }
        _ => {
            let nodes = if node_count == 1 { "the one node".to_owned() } else { format!("any of {node_count} nodes") };
            let _ = writeln!(text, "{HEADING}{pod} does not fit on {nodes}{HEADING:#} (Kubernetes {version})");
            let _ = writeln!(text, "  {message}");
        }
    }
    if feasible > 0 {
        text.push('\n');
        text.push_str(&scores(&explanation.nodes));
    }
    if feasible == 1 && explanation.nodes.len() == node_count {
        text.push_str("kube-scheduler takes the only feasible node without scoring it.\n");
    }
    if explanation.nodes.iter().any(|node| !node.refusals.is_empty()) {
        text.push('\n');
        text.push_str(&refusals(&explanation.nodes));
        if explanation.nodes.iter().flat_map(|node| &node.refusals).any(|refusal| refusal.told) {
            let _ = writeln!(text, "* what kube-scheduler {version} says of the node.");
        }
    }
    if let Some(preemption) = &explanation.preemption {
        match (&preemption.nominated_node, &preemption.reason) {
            (Some(node), _) => {
                let victims = preemption.victims.join(", ");
                let _ = writeln!(text, "\nPreemption evicts {victims} and nominates {node} for the pod.");
            }
            (None, Some(reason)) => {
                let _ = writeln!(text, "\nPreemption evicts nobody: {reason}");
            }
            (None, None) if node_count > 0 => text.push_str("\nPreemption finds nobody to evict.\n"),
            (None, None) => {}
        }
    }
    text
}

/// A line for each feasible node and plugin; what is the same as in the line above is left out.
fn scores(nodes: &[NodeVerdict]) -> String {
    let columns = ["NODE", "RANK", "TOTAL", "PLUGIN", "RAW", "NORMALIZED", "WEIGHT", "SCORE"];
    let rows = nodes.iter().filter(|node| node.feasible).flat_map(|node| {
        let number = |number: Option<String>| number.unwrap_or_default();
        let mut head = vec![
            node.name.clone(),
            number(node.rank.map(|rank| rank.to_string())),
            number(node.total.map(|total| total.to_string())),
        ];
        if node.scores.is_empty() {
            head.extend(vec![String::new(); 5]);
            return vec![head];
        }
        let rows = node.scores.iter().map(|score| {
            let mut row = std::mem::replace(&mut head, vec![String::new(); 3]);
            row.push(score.plugin.clone());
            row.extend([score.raw, score.normalized, score.weight, score.weighted].map(|number| number.to_string()));
            row
        });
        rows.collect()
    });
    print::Table::of(&columns, rows).render(&print::TableOptions::default())
}

/// A line for each node that is refused and each plugin that refuses it, and what preemption makes of it.
fn refusals(nodes: &[NodeVerdict]) -> String {
    let rows = nodes.iter().filter(|node| !node.feasible).flat_map(|node| {
        let said = node.refusals.iter().map(|refusal| {
            let mark = if refusal.told { "*" } else { "" };
            (mark, refusal.plugins.join(","), reason(refusal))
        });
        let evicted = node.eviction.iter().map(|eviction| {
            let mut text = format!("would evict {}", eviction.victims.join(", "));
            if eviction.budget_violations > 0 {
                let _ = write!(text, " against {} PodDisruptionBudget(s)", eviction.budget_violations);
            }
            if eviction.chosen {
                text.push_str(": chosen");
            }
            ("", "DefaultPreemption".to_owned(), text)
        });
        let nobody = node.no_eviction.iter().map(|reason| ("", "DefaultPreemption".to_owned(), reason.clone()));
        let mut name = node.name.clone();
        let rows = said
            .chain(evicted)
            .chain(nobody)
            .map(|(mark, plugin, reason)| vec![std::mem::take(&mut name), mark.to_owned(), plugin, reason]);
        rows.collect::<Vec<_>>()
    });
    print::Table::of(&["NODE", "", "PLUGIN", "REASON"], rows).render(&print::TableOptions::default())
}

fn reason(refusal: &RefusalVerdict) -> String {
    let reasons = refusal.reasons.join(", ");
    if refusal.details.is_empty() { reasons } else { format!("{reasons} ({})", refusal.details.join("; ")) }
}
