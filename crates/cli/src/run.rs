//! `sim run`: the pods as kubectl shows them, and why those that wait do.

use std::path::Path;
use std::process::ExitCode;

use sim_cluster::pod::Pod;
use sim_cluster::{Counts, RunResult, StopReason, print};

use crate::args::{ReportFormat, RunArgs, TimelineFormat};
use crate::error::{CliError, EXIT_INTERRUPTED, EXIT_UNMET};
use crate::report;
use crate::session::{Session, Source};
use crate::terminal::{HEADING, Terminal};
use crate::timeline;

pub(crate) fn run(args: RunArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let files = args.input.into_files();
    let source = Source::find(files, args.cluster)?;
    let mut session = Session::load(source, terminal)?;
    session.remember(args.until);
    let timeline = timeline_format(args.timeline, args.timeline_file.as_deref());
    if timeline.is_some() {
        session.cluster.record_history();
    }
    let mut ran = session.run(args.until, terminal)?;
    let refusal = ran.refusal();
    let cluster = &session.cluster;
    let counts = Counts::of(cluster);
    let unmet = ran.outcomes.iter().any(|outcome| !outcome.holds) || !ran.refused.is_empty();
    let timeline = timeline.map(|format| match format {
        TimelineFormat::Text => timeline::table(cluster.history()),
        TimelineFormat::Html => {
            let (title, description) = session.title();
            timeline::page(&title, &description, cluster.history(), cluster.now_ms())
        }
    });
    if let (Some(path), Some(timeline)) = (&args.timeline_file, &timeline) {
        std::fs::write(path, timeline)
            .map_err(|error| CliError::new(format!("{}: cannot be written: {error}", path.display())))?;
    }
    if let Some(path) = &args.snapshot {
        for forgotten in session.cluster.forgotten() {
            terminal.note(&format!("the snapshot does not keep {forgotten}"));
        }
        std::fs::write(path, session.snapshot(path, |_| false)?)
            .map_err(|error| CliError::new(format!("{}: cannot be written: {error}", path.display())))?;
    }
    let shown = timeline.filter(|_| args.timeline_file.is_none());
    let alone = shown.is_some() && args.timeline == Some(TimelineFormat::Html);
    match args.output {
        _ if alone => terminal.print(&shown.unwrap_or_default()),
        ReportFormat::Json => {
            if let Some(line) = session.announcement() {
                terminal.line(line);
            }
            let mut result = RunResult::of(cluster, std::mem::take(&mut ran.outcomes));
            result.refused = std::mem::take(&mut ran.refused);
            result.stopped = Some(ran.stopped.clone());
            terminal.print(&crate::json(&result)?);
        }
        ReportFormat::Text => {
            let pods: Vec<&Pod> = cluster.store().list::<Pod>().map(AsRef::as_ref).collect();
            let mut text = session.announcement().map(|line| format!("{line}\n")).unwrap_or_default();
            if let Some(timeline) = shown {
                text.push_str(&timeline);
                text.push('\n');
            }
            let options = print::TableOptions { wide: true, with_namespace: true, ..print::TableOptions::default() };
            text.push_str(&print::pods(&pods, &cluster.print_context()).render(&options));
            let printed = cluster.printed();
            if !printed.is_empty() {
                text.push_str(&format!("\n{HEADING}What the drains of the timeline printed{HEADING:#}\n"));
                text.push_str(&report::printed(&printed));
            }
            text.push_str(&report::pending(cluster, &counts));
            if refusal.is_some() {
                // That one is told at the end, as an error.
                ran.refused.pop();
            }
            if !ran.refused.is_empty() {
                text.push('\n');
                text.push_str(&report::refused(&ran.refused));
            }
            text.push_str(&report::expectations(&ran.outcomes));
            terminal.print(&text);
            for note in cluster.gaps().into_iter().chain(report::draining(cluster)) {
                terminal.note(&note);
            }
            if ran.untouched > 0 {
                terminal.note(&format!("{} steps of the timeline lie after the end of this run", ran.untouched));
            }
            terminal.note(&ran.stopped.to_string());
        }
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    if ran.stopped.reason == StopReason::Interrupted {
        return Ok(ExitCode::from(EXIT_INTERRUPTED));
    }
    let pending = args.fail_on_pending && counts.pending > 0;
    // One that goes on has not come back to whoever typed it: nobody can go on to the machine.
    let undrained = cluster.drains().any(|(_, record)| !record.succeeded);
    Ok(if unmet || pending || undrained { ExitCode::from(EXIT_UNMET) } else { ExitCode::SUCCESS })
}

/// The format that was asked for; a file's name tells when nothing else does.
fn timeline_format(asked: Option<TimelineFormat>, file: Option<&Path>) -> Option<TimelineFormat> {
    let of_file = file.map(|file| match file.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => TimelineFormat::Html,
        _ => TimelineFormat::Text,
    });
    asked.or(of_file)
}
