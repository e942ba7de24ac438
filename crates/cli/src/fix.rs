//! `sim fix`: the cures that were tried and work, best first.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sim_advisor::{Answer, Conflict, CureClass, FixResult, Goal, PodChange, Progress, fix};
use sim_cluster::{Cluster, Kind, Object, ObjectKey, ObjectRef, When, print};

use crate::args::{FixArgs, ReportFormat};
use crate::drive::{Watch, is_interrupted};
use crate::error::{CliError, EXIT_UNMET};
use crate::session::{Session, Source};
use crate::terminal::{BAD, GOOD, HEADING, Terminal};

/// So many pods of a before/after table are shown.
const SHOWN_PODS: usize = 12;

pub(crate) fn run(args: FixArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let session = Session::view(Source::find(args.input.into_files(), args.cluster)?, args.at, terminal)?;
    let goal = goal(&session, args.goal.as_deref())?;
    let mut result = search(&session.cluster, &goal, args.deadline, terminal)?;
    let is_reached = result.already_holds || result.time_alone.is_some();
    let none = !is_reached && (result.answers.is_empty() || !result.stays.is_empty());
    let chosen = result.answers.get(args.answer.saturating_sub(1)).cloned();
    let count = result.answers.len();
    let more = result.answers.len().saturating_sub(args.top);
    result.answers.truncate(args.top);
    match args.output {
        ReportFormat::Json => terminal.print(&crate::json(&result)?),
        ReportFormat::Text => {
            terminal.print(&text(&result, more));
            for note in &result.notes {
                terminal.note(note);
            }
        }
    }
    if let Some(directory) = &args.apply_to {
        let none = || CliError::new(format!("there is no answer {} to write: there are {count}", args.answer));
        write_manifests(&session, &chosen.ok_or_else(none)?, directory, terminal)?;
    }
    if result.is_cut && args.deadline.is_some() {
        terminal.note("the search was cut by --deadline: there may be better answers");
    }
    Ok(if none { ExitCode::from(EXIT_UNMET) } else { ExitCode::SUCCESS })
}

fn goal(session: &Session, text: Option<&str>) -> Result<Goal, CliError> {
    let Some(text) = text else { return Ok(Goal::AllWell) };
    if let Some(mut expectation) = session.expectation(text) {
        expectation.when = When::End;
        return Ok(Goal::Expectation(Box::new(expectation)));
    }
    let hint = "expected pod/NAME, KIND/NAME of a workload (with NAMESPACE/ before it), or the name of an expectation";
    let object =
        ObjectRef::parse(text).map_err(|_| CliError::new(format!("there is no goal in {text:?}")).hint(hint))?;
    let namespace = object.namespace.unwrap_or_else(|| "default".to_owned());
    match Kind::parse(&object.kind) {
        Some(Kind::Pod) => Ok(Goal::Pod(format!("{namespace}/{}", object.name))),
        Some(kind) => {
            Ok(Goal::Owner { namespace, owner: format!("{}/{}", kind.name().to_ascii_lowercase(), object.name) })
        }
        None => Err(CliError::new(format!("the server doesn't have a resource type {:?}", object.kind)).hint(hint)),
    }
}

/// Searches as long as there is time and nobody presses Ctrl-C; says on a terminal how far it is.
#[expect(clippy::disallowed_methods, reason = "the person's clock, for --deadline and the progress only")]
fn search(
    cluster: &Cluster,
    goal: &Goal,
    deadline_ms: Option<u64>,
    terminal: &Terminal,
) -> Result<FixResult, CliError> {
    let begun = Instant::now();
    let mut watch = Watch::new(terminal);
    let mut go_on = |progress: Progress| {
        let Progress { runs, found, smallest, edits } = progress;
        watch.say(|| {
            let smallest =
                if found > 0 { format!(", the smallest: {}", smallest.join("; and ")) } else { String::new() };
            format!("{runs} futures run, {edits} edits at a time, Ctrl-C stops; {found} answers so far{smallest}")
        });
        let in_time = deadline_ms.is_none_or(|deadline| begun.elapsed() < Duration::from_millis(deadline));
        in_time && !is_interrupted()
    };
    let result = fix(cluster, goal, &mut go_on).map_err(|error| CliError::new(error.to_string()));
    watch.end();
    result
}

fn write_manifests(session: &Session, answer: &Answer, directory: &Path, terminal: &Terminal) -> Result<(), CliError> {
    let objects = answer.manifests(&session.cluster)?;
    let failed = |path: &Path, error: std::io::Error| CliError::new(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    for (name, object) in sim_kubectl::file_names(&objects).into_iter().zip(&objects) {
        let path = directory.join(name);
        let text =
            serde_yaml::to_string(&session.document(object)).map_err(|error| CliError::new(error.to_string()))?;
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
        // What a manifest leaves out apply would leave as it is where somebody else had made the object.
        let verb = if is_there(&session.cluster, object) { "replace" } else { "apply" };
        terminal.note(&format!("wrote {} (kubectl {verb} -f)", path.display()));
    }
    if objects.is_empty() {
        terminal.note("the answer patches no manifest: there is nothing to write");
    }
    for line in answer.beside_manifests(&session.cluster)? {
        terminal.note(&format!("not in a manifest: {line}"));
    }
    Ok(())
}

fn is_there(cluster: &Cluster, object: &Object) -> bool {
    let key = ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
    object.kind().is_some_and(|kind| cluster.store().object(kind, &key).is_some())
}

fn text(result: &FixResult, more: usize) -> String {
    let FixResult { goal, runs, .. } = result;
    if result.already_holds {
        return format!("{GOOD}Nothing to cure{GOOD:#}: {goal}.\n");
    }
    if let Some(at) = &result.time_alone {
        return format!(
            "{GOOD}Time alone cures it{GOOD:#}, at {at}: {goal}. `sim diagnose` says what has to end first.\n"
        );
    }
    let futures = |count: usize| format!("{count} future{}", if count == 1 { "" } else { "s" });
    let mut text = String::new();
    if result.answers.is_empty() {
        let cut = if result.is_cut { ", when the search was cut" } else { "" };
        let _ = writeln!(text, "{BAD}No cure was found{BAD:#} in {}{cut}. Goal: {goal}.", futures(*runs));
        text.push_str(&stays(result));
    } else if !result.stays.is_empty() {
        let why = if result.is_cut { ", for the search was cut" } else { "" };
        let _ = writeln!(
            text,
            "{BAD}The goal is not reached whole{BAD:#}{why}: {goal}. Each answer cures the rest and leaves"
        );
        text.push_str(&stays(result));
        text.push('\n');
    }
    for (index, answer) in result.answers.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&of_answer(index + 1, answer));
    }
    if more > 0 {
        let _ = writeln!(text, "\n{more} more: --top {}", result.answers.len() + more);
    }
    let vain: Vec<String> = result.vain.iter().map(|vain| format!("  {}: {}\n", vain.edit, vain.because)).collect();
    if !vain.is_empty() {
        let _ = write!(text, "\n{HEADING}Not by themselves{HEADING:#}\n{}", vain.concat());
    }
    if !result.not_needed.is_empty() {
        let _ = write!(text, "\n{HEADING}Not needed{HEADING:#}\n");
        for note in &result.not_needed {
            let _ = writeln!(text, "  {note}");
        }
    }
    if !result.answers.is_empty() {
        let _ = writeln!(text, "\nTried in {}. Cost: {}.", futures(*runs), result.cost_rule);
    }
    text
}

/// The causes that no answer removes, and who waits on. A search that was cut has not looked for one of each.
fn stays(result: &FixResult) -> String {
    let mut text = String::new();
    let word = if result.is_cut { "still there" } else { "stays" };
    for cause in &result.stays {
        let _ = writeln!(text, "  {word}: {}", cause.title);
        if !result.answers.is_empty() {
            for affected in &cause.affected {
                let _ = writeln!(
                    text,
                    "    {} in {}: {} {}",
                    affected.owner, affected.namespace, affected.count, affected.state
                );
            }
        }
        let clues = cause.affected.iter().filter_map(|affected| affected.clues.as_ref());
        let sentences: BTreeSet<&str> =
            clues.flat_map(|clues| &clues.impossible).map(|impossible| impossible.sentence.as_str()).collect();
        for sentence in sentences {
            let _ = writeln!(text, "    {sentence}");
        }
    }
    for Conflict { namespace, owner, constraints } in &result.conflicts {
        let says: Vec<&str> = constraints.iter().map(|constraint| constraint.says.as_str()).collect();
        let how =
            if says.len() == 1 { "no node has" } else { "each of these can be without the others, on no node all:" };
        let _ = writeln!(text, "  conflict of {owner} in {namespace}: {how} {}", says.join("; "));
    }
    text
}

fn of_answer(number: usize, answer: &Answer) -> String {
    let mut text = String::new();
    let class = match answer.class {
        CureClass::RemovesCause => format!("{GOOD}removes the cause{GOOD:#}"),
        CureClass::LivesWithCause => "lives with the cause".to_owned(),
        CureClass::HidesCause => format!("{BAD}hides the cause{BAD:#}"),
    };
    let _ = writeln!(
        text,
        "{HEADING}{number}. {}{HEADING:#} — {class}, cost {}",
        answer.edits.join("; and "),
        answer.cost.total
    );
    for command in &answer.commands {
        for line in command.line.lines() {
            let _ = writeln!(text, "     {line}");
        }
    }
    let mut line = |label: &str, value: &str| {
        for (index, part) in value.lines().enumerate() {
            let _ = writeln!(text, "   {:<9}{part}", if index == 0 { label } else { "" });
        }
    };
    for setting in &answer.settings {
        line("setting", setting);
    }
    // What was done last is taken back first.
    for undo in answer.commands.iter().rev().filter_map(|command| command.undo.as_deref()) {
        line("undo", undo);
    }
    for note in answer.commands.iter().filter_map(|command| command.note.as_deref()) {
        line("note", note);
    }
    line("returns", answer.returns.as_deref().unwrap_or_default());
    for undone in &answer.undone {
        line("undone", undone);
    }
    for opened in &answer.opens {
        line("opens", opened);
    }
    for weakened in &answer.weakens {
        line("weakens", weakened);
    }
    for limit in &answer.limits {
        line("limit", limit);
    }
    let (before, after) = (&answer.before, &answer.after);
    line(
        "pods",
        &format!(
            "pending {} → {}, ready {} → {}, all {} → {}; at rest at {}, and an hour later; {} disturbed",
            before.pending,
            after.pending,
            before.ready,
            after.ready,
            before.pods,
            after.pods,
            answer.settled_at,
            answer.cost.pods
        ),
    );
    text.push_str(&table(&answer.pods));
    text
}

/// Pods before and after.
fn table(changes: &[PodChange]) -> String {
    let cell = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let rows = changes.iter().take(SHOWN_PODS).map(|change| {
        let state = |state: &Option<sim_advisor::PodState>| {
            state.as_ref().map(|state| match &state.node {
                Some(node) => format!("{} on {node}", state.state),
                None => state.state.clone(),
            })
        };
        let name =
            change.after.as_ref().or(change.before.as_ref()).map(|state| format!("{}/{}", state.namespace, state.name));
        vec![format!("   {}", name.unwrap_or_default()), cell(state(&change.before)), cell(state(&change.after))]
    });
    let mut text = print::Table::of(&["   POD", "BEFORE", "AFTER"], rows).render(&print::TableOptions::default());
    if changes.len() > SHOWN_PODS {
        let _ = writeln!(text, "   and {} more", changes.len() - SHOWN_PODS);
    }
    text
}
