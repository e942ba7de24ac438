//! `sim diagnose`: root causes, most pods first.

use std::fmt::Write;
use std::process::ExitCode;

use sim_advisor::{Affected, Clues, Cut, Diagnosis, Drawing, Oddity, RootCause, Verdict, diagnose, draw, node_names};

use crate::args::{DiagnoseArgs, GraphFormat, ReportFormat};
use crate::drive::stop_listening;
use crate::error::{CliError, EXIT_UNMET};
use crate::session::{Session, Source};
use crate::terminal::{BAD, GOOD, HEADING, Terminal};

/// So many pods of one owner are named.
const NAMED_PODS: usize = 3;

pub(crate) fn run(args: DiagnoseArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let session = Session::view(Source::find(args.input.into_files(), args.cluster)?, args.at, terminal)?;
    let cluster = &session.cluster;
    if let Some(graph) = args.graph {
        terminal.print(&match graph {
            GraphFormat::Dot => draw(cluster, Drawing::Dot),
            GraphFormat::Mermaid => draw(cluster, Drawing::Mermaid),
            GraphFormat::Svg => draw(cluster, Drawing::Svg),
        });
        return Ok(ExitCode::SUCCESS);
    }
    stop_listening();
    let diagnosis = diagnose(cluster);
    match args.output {
        ReportFormat::Json => terminal.print(&crate::json(&diagnosis)?),
        ReportFormat::Text => terminal.print(&text(&diagnosis)),
    }
    if args.output == ReportFormat::Text {
        for note in &diagnosis.notes {
            terminal.note(note);
        }
    }
    Ok(if diagnosis.causes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_UNMET) })
}

fn text(diagnosis: &Diagnosis) -> String {
    let version = &diagnosis.kubernetes_version;
    if diagnosis.causes.is_empty() {
        let healthy = format!("{GOOD}Nothing is wrong{GOOD:#} at {} (Kubernetes {version}).\n", diagnosis.at);
        return healthy + &oddities(&diagnosis.oddities);
    }
    let mut text = String::new();
    for (index, cause) in diagnosis.causes.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&of_cause(index + 1, cause));
    }
    text.push_str(&oddities(&diagnosis.oddities));
    text
}

/// What stops nobody now.
fn oddities(oddities: &[Oddity]) -> String {
    let mut text = String::new();
    if !oddities.is_empty() {
        let _ = writeln!(text, "\n{HEADING}Odd{HEADING:#}");
    }
    for Oddity { sentence, matters, .. } in oddities {
        let _ = writeln!(text, "   {sentence}\n     {matters}");
    }
    text
}

fn of_cause(number: usize, cause: &RootCause) -> String {
    let mut text = String::new();
    let pods = format!("{} pod{}", cause.pods, if cause.pods == 1 { "" } else { "s" });
    let deadlock = if cause.is_deadlock { "deadlock: " } else { "" };
    let _ = writeln!(text, "{HEADING}{number}. {pods}: {BAD}{deadlock}{BAD:#}{HEADING}{}{HEADING:#}", cause.title);
    let mut told: Vec<String> = Vec::new();
    for affected in &cause.affected {
        let _ = writeln!(text, "   {}", of_affected(affected));
        // What is true of several owners' pods is said once.
        for clue in affected.clues.iter().flat_map(clues).filter(|clue| !told.contains(clue)).collect::<Vec<_>>() {
            let _ = writeln!(text, "     {HEADING}but{HEADING:#} {clue}");
            told.push(clue);
        }
        if !affected.meant_for.is_empty() {
            let _ = writeln!(text, "     {HEADING}but{HEADING:#} it was meant for {}", node_names(&affected.meant_for));
        }
        if !affected.also_waits_for.is_empty() {
            let _ =
                writeln!(text, "     {HEADING}also waits for{HEADING:#} {}", affected.also_waits_for.join("; for "));
        }
    }
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "   {label:<12}{value}");
        }
    };
    if !cause.is_deadlock {
        line("why", &cause.why);
    }
    line("set by", cause.set_by.as_deref().unwrap_or_default());
    line("cleared by", cause.cleared_by.as_deref().unwrap_or_default());
    line("but", cause.not_cleared_because.as_deref().unwrap_or_default());
    for (index, step) in cause.path.iter().enumerate() {
        line(if index == 0 { "trace" } else { "" }, step);
    }
    if let Some(Cut { link, edit, cost, proof }) = &cause.cut {
        line("cut", &format!("{link}: {edit} (cost {cost}); {proof}"));
    }
    line("since", cause.since.as_deref().unwrap_or_default());
    let outlook = &cause.outlook;
    let verdict = match (outlook.verdict, &outlook.when) {
        (Verdict::Never, _) => "never".to_owned(),
        (Verdict::NotNow, _) => "not now".to_owned(),
        (Verdict::When, Some(when)) => format!("when {when}"),
        (Verdict::When, None) => "yes".to_owned(),
    };
    line("goes away", &format!("{verdict}: {}", outlook.proof));
    text
}

/// What the event does not say, a line each.
fn clues(clues: &Clues) -> Vec<String> {
    let mut lines: Vec<String> = clues.near_misses.iter().map(|miss| miss.sentence.clone()).collect();
    lines.extend(clues.impossible.iter().map(|impossible| impossible.sentence.clone()));
    let short = clues.shortage.iter().flat_map(|shortage| &shortage.resources).map(|short| &short.sentence);
    let untold: Vec<String> = short.filter(|sentence| !lines.contains(sentence)).cloned().collect();
    lines.extend(untold);
    lines.extend(
        clues.hidden_taints.iter().map(|hidden| {
            format!("the event does not name the taint {} on {}", hidden.taint, node_names(&hidden.nodes))
        }),
    );
    let own = clues.other_versions.iter().find(|verdict| verdict.own).map(|verdict| verdict.outcome);
    for verdict in clues.other_versions.iter().filter(|verdict| Some(verdict.outcome) != own) {
        let range = if verdict.from == verdict.to {
            verdict.from.clone()
        } else {
            format!("{} to {}", verdict.from, verdict.to)
        };
        lines.push(match (&verdict.node, &verdict.sentence) {
            (Some(node), _) => format!("under {range} it would go to {node}"),
            (None, Some(sentence)) => format!("under {range}: {sentence}"),
            (None, None) => continue,
        });
    }
    lines
}

/// `deployment/coredns in kube-system: 2 pending: coredns-a, coredns-b`.
fn of_affected(affected: &Affected) -> String {
    let Affected { namespace, owner, state, count, pods, sentence, .. } = affected;
    let names: Vec<&str> =
        pods.iter().take(NAMED_PODS).map(|pod| pod.split_once('/').map_or(pod.as_str(), |(_, name)| name)).collect();
    let more = pods.len().saturating_sub(NAMED_PODS);
    let mut text = format!("{owner} in {namespace}: {count} {state}");
    if !names.is_empty() && !owner.starts_with("pod/") {
        let _ = write!(text, " ({}", names.join(", "));
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
        text.push(')');
    }
    let _ = write!(text, "\n     {sentence}");
    text
}
