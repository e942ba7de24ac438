//! `sim whatif`: before and after, side by side.

use std::fmt::Write;
use std::process::ExitCode;

use clap::ArgMatches;
use indexmap::IndexMap;
use sim_advisor::{
    PlacedAgain, PodChange, PodState, TaintPreview, Upgraded, WhatIf, WhatIfResultList, preview_taints, upgrade,
    what_if,
};
use sim_cluster::{Change, Cluster, Refused, StopReason, print};
use sim_core::scheduler::SchedulerConfig;
use sim_core::version::Version;

use crate::args::{ReportFormat, WhatIfArgs};
use crate::changes;
use crate::drive::stop_listening;
use crate::error::{CliError, EXIT_UNMET};
use crate::prepare;
use crate::report;
use crate::session::{Session, Source};
use crate::terminal::{BAD, GOOD, Terminal};

pub(crate) fn run(mut args: WhatIfArgs, matches: &ArgMatches, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let files = args.input.into_files();
    let readers_of_stdin =
        files.iter().chain(&args.changes.kubectl_file).filter(|file| file.as_os_str() == "-").count();
    if readers_of_stdin > 1 {
        return Err(CliError::new("- is named more than once, and stdin can be read once"));
    }
    // The version to come to; the cluster's own is what it runs until then, where that is known.
    let to = args.cluster.kubernetes_version.take();
    args.cluster.fallback_version = to;
    let source = Source::find(files, args.cluster)?;
    let announcement = source.announcement.clone();
    let mut session = Session::load(source, terminal)?;
    let ran = session.run(args.at, terminal)?;
    if let Some(refusal) = ran.refusal() {
        return Err(refusal);
    }
    if ran.stopped.reason == StopReason::Interrupted {
        return Err(CliError::interrupted(&ran.stopped));
    }
    stop_listening();
    let cluster = &session.cluster;
    let mut text = announcement.map(|line| line + "\n").unwrap_or_default();
    let preview_all = args.changes.remove_taint.iter().any(String::is_empty);
    let to = to.filter(|to| *to != cluster.setup().version);
    let (document, pending, undrained) = if preview_all {
        if changes::count(&args.changes) > 1 || to.is_some() {
            return Err(CliError::new(
                "--remove-taint without a value previews each taint by itself: it goes with no other change",
            ));
        }
        let previews = preview_taints(cluster)?;
        if previews.is_empty() {
            return Err(CliError::new("no node has a taint: there is none to remove"));
        }
        text.push_str(&previews_text(&previews));
        let pending = previews.iter().map(|preview| preview.what_if.after.counts.pending).min().unwrap_or(0);
        let items = previews.into_iter().map(|preview| preview.what_if.document()).collect();
        let list = WhatIfResultList { api_version: "sim/v1".to_owned(), kind: "WhatIfResultList".to_owned(), items };
        (crate::json(&list)?, pending, false)
    } else if let Some(to) = to {
        if to < cluster.setup().version {
            let own = cluster.setup().version;
            return Err(CliError::new(format!("the cluster runs {own}: it cannot be upgraded to {to}")).hint(
                "sim diff compares a cluster under two versions; sim run --kubernetes-version runs it in another",
            ));
        }
        let changes = changes::read(&args.changes, matches, cluster, terminal)?;
        let config = configuration(&session, to, terminal)?;
        let upgraded = upgrade(cluster, to, config, &changes).map_err(|error| refusal(cluster, &changes, error))?;
        let undrained = !upgraded.what_if.undrained.is_empty();
        text.push_str(&upgraded_text(&upgraded));
        let lost = upgraded.placed_again.iter().filter(|pod| pod.after.is_some()).count();
        let pending = upgraded.what_if.after.counts.pending + lost;
        (crate::json(&upgraded.document())?, pending, undrained)
    } else {
        let changes = changes::read(&args.changes, matches, cluster, terminal)?;
        if changes.is_empty() {
            return Err(CliError::new("no change was given")
                .hint("for instance --remove-taint, which previews each taint; see sim whatif --help"));
        }
        let what_if = what_if(cluster, &changes).map_err(|error| refusal(cluster, &changes, error))?;
        let undrained = !what_if.undrained.is_empty();
        text.push_str(&what_if_text(&what_if));
        let pending = what_if.after.counts.pending;
        (crate::json(&what_if.document())?, pending, undrained)
    };
    match args.output {
        ReportFormat::Json => {
            if let Some(line) = session.announcement() {
                terminal.line(line);
            }
            terminal.print(&document);
        }
        ReportFormat::Text => terminal.print(&text),
    }
    for note in cluster.gaps() {
        terminal.note(&note);
    }
    let failed = undrained || args.fail_on_pending && pending > 0;
    Ok(if failed { ExitCode::from(EXIT_UNMET) } else { ExitCode::SUCCESS })
}

/// The change that is refused, as an error: kubectl's exit code when it is a drain that kubectl would not begin.
fn refusal(cluster: &Cluster, changes: &[Change], error: Refused) -> CliError {
    let mut fork = cluster.clone();
    let refused = changes.iter().find(|change| fork.make(change).is_err());
    let is_verdict = refused.is_some_and(|change| fork.is_verdict(change));
    if is_verdict { CliError::from(error).of_kubectl() } else { error.into() }
}

/// The scheduler's configuration as another version reads it.
fn configuration(session: &Session, to: Version, terminal: &Terminal) -> Result<Option<SchedulerConfig>, CliError> {
    if let Some(note) = prepare::unmeasured(to) {
        terminal.note(&note);
    }
    match prepare::scheduler_config(session.scheduler_config(), session.scenario(), to) {
        Ok((config, warnings)) => {
            terminal.faults(&warnings);
            Ok(config)
        }
        Err(faults) => {
            terminal.faults(&faults);
            Err(CliError::new(format!("the scheduler of {to} would not start with this configuration")))
        }
    }
}

/// One row per taint: where it is, and what its removal does.
fn previews_text(previews: &[TaintPreview]) -> String {
    let rows = previews.iter().map(|preview| {
        let (before, after) = (&preview.what_if.before.counts, &preview.what_if.after.counts);
        vec![
            preview.taint.clone(),
            preview.nodes.join(","),
            format!("{} → {}", before.pending, after.pending),
            format!("{} → {}", before.ready, after.ready),
            verdict(&preview.what_if),
        ]
    });
    let table = print::Table::of(&["REMOVED TAINT", "NODES", "PENDING", "READY", "WHAT CHANGES"], rows);
    table.render(&print::TableOptions::default())
}

/// In a few words, whether a change cures what waits.
fn verdict(what_if: &WhatIf) -> String {
    let (before, after) = (&what_if.before.counts, &what_if.after.counts);
    if what_if.pods.is_empty() {
        return "nothing".to_owned();
    }
    let moved = what_if.pods.iter().filter(|change| placed(change)).count();
    let mut text = match (before.pending, after.pending) {
        (0, 0) => format!("{} pods change", what_if.pods.len()),
        (_, 0) => format!("all {} pending pods are placed", before.pending),
        (then, now) if now < then => format!("{} of {then} pending pods are placed", then - now),
        (then, now) if now > then => format!("{} more pods are pending", now - then),
        _ => format!("{moved} pods are placed, as many others wait"),
    };
    let new = what_if.pods.iter().filter(|change| change.before.is_none()).count();
    if new > 0 {
        let _ = write!(text, ", {new} new pod{}", if new == 1 { "" } else { "s" });
    }
    text
}

fn placed(change: &PodChange) -> bool {
    let on = |state: &Option<PodState>| state.as_ref().and_then(|state| state.node.clone());
    on(&change.before).is_none() && on(&change.after).is_some()
}

/// What an upgrade does to nodes and pods, and which running pods would not be placed again.
fn upgraded_text(upgraded: &Upgraded) -> String {
    let mut text = made(&upgraded.what_if);
    text.push('\n');
    text.push_str(&report::node_differences(&upgraded.nodes));
    text.push_str(&difference(&upgraded.what_if));
    for (is_lost, said) in [(true, "not be placed again"), (false, "be placed again now")] {
        let mut groups: IndexMap<&str, Vec<&PlacedAgain>> = IndexMap::new();
        for pod in upgraded.placed_again.iter().filter(|pod| pod.after.is_some() == is_lost) {
            let message = pod.after.as_deref().or(pod.before.as_deref()).unwrap_or_default();
            groups.entry(message).or_default().push(pod);
        }
        let count: usize = groups.values().map(Vec::len).sum();
        if count > 0 {
            let (style, noun) = (if is_lost { BAD } else { GOOD }, if count == 1 { "pod" } else { "pods" });
            let _ = writeln!(text, "\n{style}{count} running {noun} would {said}{style:#}");
        }
        for (message, pods) in groups {
            for PlacedAgain { namespace, name, node, .. } in pods {
                let _ = writeln!(text, "{namespace}/{name} (on {node})");
            }
            let when = if is_lost { "" } else { "until now: " };
            let _ = writeln!(text, "  {when}{message}");
        }
    }
    if upgraded.placed_again.is_empty() {
        text.push_str("\nEvery running pod would be placed again, or not, as before.\n");
    }
    text
}

/// What was done and what it did.
fn what_if_text(what_if: &WhatIf) -> String {
    made(what_if) + "\n" + &difference(what_if)
}

/// What kubectl said and printed, and what its drains cannot get rid of.
fn made(what_if: &WhatIf) -> String {
    let mut text = String::new();
    for line in &what_if.made {
        let _ = writeln!(text, "{line}");
    }
    text.push_str(&report::printed(&what_if.printed));
    for stuck in &what_if.stuck {
        let _ = writeln!(text, "\n{BAD}{} stays on {}{BAD:#}:\n  {}", stuck.pod, stuck.node, stuck.cause);
    }
    text
}

/// A row for each pod that changed, the counts, and why pods still wait.
fn difference(what_if: &WhatIf) -> String {
    let mut text = String::new();
    // A pod that waits as before, for another reason, has its reason below.
    let moved: Vec<&PodChange> = what_if
        .pods
        .iter()
        .filter(|change| change.before.as_ref().map(place) != change.after.as_ref().map(place))
        .collect();
    if moved.is_empty() {
        text.push_str("No pod changes.\n");
    } else {
        text.push_str(&pods(&moved, "BEFORE → AFTER"));
    }
    let (before, after) = (&what_if.before.counts, &what_if.after.counts);
    text.push_str(&report::counts(before, after));
    let waiting: Vec<&PodState> = what_if
        .pods
        .iter()
        .filter_map(|change| change.after.as_ref())
        .filter(|state| state.message.is_some())
        .collect();
    let unchanged = after.pending - waiting.len().min(after.pending);
    for state in waiting {
        let _ = writeln!(
            text,
            "\n{}/{} waits:\n  {}",
            state.namespace,
            state.name,
            state.message.as_deref().unwrap_or_default()
        );
    }
    if unchanged > 0 && before.pending > 0 {
        let _ = writeln!(
            text,
            "\n{unchanged} pending pod{} not helped by this",
            if unchanged == 1 { " is" } else { "s are" }
        );
    }
    let outside: Vec<String> = what_if
        .pods
        .iter()
        .filter(|change| change.before.is_none())
        .filter_map(|change| change.after.as_ref())
        .map(|state| format!("{}/{}", state.namespace, state.name))
        .collect();
    if !outside.is_empty() {
        let _ = writeln!(text, "\nAlso: new pods {}", outside.join(", "));
    }
    text
}

/// A row for each pod: its name, state and node on both sides.
pub(crate) fn pods(changes: &[&PodChange], sides_are: &str) -> String {
    let rows = changes.iter().map(|change| {
        let namespace = change.after.as_ref().or(change.before.as_ref()).map(|state| state.namespace.clone());
        vec![
            namespace.unwrap_or_default(),
            pair(change, |state| state.name.clone()),
            sides(change, |state| state.state.clone()),
            sides(change, |state| state.node.clone().unwrap_or_else(|| "<none>".to_owned())),
        ]
    });
    let table = print::Table::of(&["NAMESPACE", "POD", sides_are, "NODE"], rows);
    table.render(&print::TableOptions::default())
}

/// What a row shows of a pod.
fn place(pod: &PodState) -> (&str, &str, Option<&str>) {
    (&pod.name, &pod.state, pod.node.as_deref())
}

/// One value, or both sides when they differ.
fn pair(change: &PodChange, value: impl Fn(&PodState) -> String) -> String {
    match (change.before.as_ref().map(&value), change.after.as_ref().map(&value)) {
        (Some(before), Some(after)) if before == after => before,
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (before, after) => before.or(after).unwrap_or_default(),
    }
}

/// Both sides, with `(absent)` for a pod that is not there.
fn sides(change: &PodChange, value: impl Fn(&PodState) -> String) -> String {
    let side = |state: &Option<PodState>| state.as_ref().map_or_else(|| "(absent)".to_owned(), &value);
    let (before, after) = (side(&change.before), side(&change.after));
    if before == after { before } else { format!("{before} → {after}") }
}
