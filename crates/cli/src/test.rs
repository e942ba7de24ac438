//! `sim test`: every Scenario under some paths, in parallel, told in the order of their paths.

mod diagnosis;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Serialize;
use sim_cluster::{ExpectationOutcome, RefusedStep, Stopped};

use crate::args::{ClusterArgs, ReportFormat, TestArgs};
use crate::error::{CliError, EXIT_UNMET, EXIT_UNUSABLE};
use crate::junit;
use crate::prepare::{self, prepare};
use crate::report;
use crate::terminal::{BAD, GOOD, Terminal};

/// What came of one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tested {
    /// The file.
    pub(crate) path: String,
    /// The Scenario's name.
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    /// Why the run stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<Stopped>,
    /// How the expectations came out.
    pub(crate) expectations: Vec<ExpectationOutcome>,
    /// Steps that were refused.
    pub(crate) refused: Vec<RefusedStep>,
    /// What makes the input unusable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<String>,
    /// How long it took on this machine.
    #[serde(skip)]
    pub(crate) took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Verdict {
    /// Every expectation holds, and no step was refused.
    Passed,
    /// One does not, or a step was refused.
    Failed,
    /// The input cannot be used.
    Unusable,
    /// The file has no Scenario.
    NoScenario,
    /// The name is not what was asked for.
    NotSelected,
}

/// The document of `-o json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TestResult<'a> {
    api_version: &'static str,
    kind: &'static str,
    passed: usize,
    failed: usize,
    unusable: usize,
    scenarios: Vec<&'a Tested>,
    /// Files without a Scenario.
    not_run: Vec<&'a str>,
}

#[expect(clippy::disallowed_methods, reason = "the person's clock, for the summary only")]
pub(crate) fn run(args: &TestArgs, terminal: &Terminal) -> Result<ExitCode, CliError> {
    let begun = Instant::now();
    let (files, names) = find(&args.paths)?;
    let mut tested = Vec::new();
    test_all(&files, &args.cluster, &names, |next| {
        if args.output == ReportFormat::Text && is_told(&next) {
            terminal.print(&line(&next));
        }
        tested.push(next);
    });
    let count = |verdict: Verdict| tested.iter().filter(|tested| tested.verdict == verdict).count();
    let (passed, failed, unusable) = (count(Verdict::Passed), count(Verdict::Failed), count(Verdict::Unusable));
    let not_run: Vec<&str> = of(&tested, Verdict::NoScenario).map(|tested| tested.path.as_str()).collect();
    let told: Vec<&Tested> = tested.iter().filter(|tested| is_told(tested)).collect();
    if told.is_empty() {
        return Err(nothing_to_test(&names, &not_run));
    }
    if let Some(path) = &args.junit {
        let write = junit::report(&told).and_then(|text| std::fs::write(path, text).map_err(|error| error.to_string()));
        write.map_err(|error| CliError::new(format!("{}: cannot be written: {error}", path.display())))?;
    }
    match args.output {
        ReportFormat::Json => {
            let (api_version, kind) = ("sim/v1", "TestResult");
            let document = TestResult { api_version, kind, passed, failed, unusable, scenarios: told, not_run };
            terminal.print(&crate::json(&document)?);
        }
        ReportFormat::Text => {
            terminal.print(&details(&told));
            match not_run.as_slice() {
                [] => {}
                [path] => terminal.note(&format!("{path} was not run: it has no Scenario")),
                [first, ..] => {
                    let count = not_run.len();
                    terminal.note(&format!("{first} and {} more were not run: they have no Scenario", count - 1));
                }
            }
            let (style, word) = if failed + unusable == 0 { (GOOD, "ok") } else { (BAD, "FAILED") };
            let unusable = if unusable == 0 { String::new() } else { format!("{unusable} unusable; ") };
            let seconds = begun.elapsed().as_secs_f64();
            let summary = format!(
                "{style}{word}{style:#}. {passed} passed; {failed} failed; {unusable}finished in {seconds:.2}s\n"
            );
            terminal.print(&format!("\ntest result: {summary}"));
        }
    }
    Ok(match (unusable, failed) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(EXIT_UNMET),
        _ => ExitCode::from(EXIT_UNUSABLE),
    })
}

/// The files under the paths, in order, and the arguments that are no paths.
fn find(arguments: &[String]) -> Result<(Vec<PathBuf>, Vec<String>), CliError> {
    let (paths, mut names): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| Path::new(argument).exists());
    let mut roots: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    if let Some(missing) = names.iter().find(|name| name.contains(['/', '\\']) || name.ends_with(".yaml")) {
        return Err(CliError::new(format!("{missing}: no such file or directory")));
    }
    if roots.is_empty() {
        let default = PathBuf::from("scenarios");
        if !default.exists() {
            return Err(CliError::new("no PATH was given, and there is no directory `scenarios` here"));
        }
        names.retain(|name| *name != "scenarios");
        roots.push(default);
    }
    let mut files = Vec::new();
    for root in roots {
        walk(&root, &mut files).map_err(|error| CliError::new(format!("{}: {error}", root.display())))?;
    }
    files.sort();
    files.dedup();
    Ok((files, names.into_iter().cloned().collect()))
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?.path();
        let is_yaml = entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if entry.is_dir() || is_yaml {
            walk(&entry, files)?;
        }
    }
    Ok(())
}

/// Tests the files on all cores; `tell` hears of them in order.
fn test_all(files: &[PathBuf], args: &ClusterArgs, names: &[String], mut tell: impl FnMut(Tested)) {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(index) else { return };
                    if send.send((index, test(file, args, names))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let (mut waiting, mut told) = (BTreeMap::new(), 0);
        for (index, tested) in receive {
            waiting.insert(index, tested);
            while let Some(tested) = waiting.remove(&told) {
                tell(tested);
                told += 1;
            }
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "the person's clock, for the JUnit report only")]
fn test(file: &Path, args: &ClusterArgs, names: &[String]) -> Tested {
    let begun = Instant::now();
    let mut tested = Tested {
        path: file.display().to_string(),
        name: String::new(),
        verdict: Verdict::Unusable,
        stopped: None,
        expectations: Vec::new(),
        refused: Vec::new(),
        errors: Vec::new(),
        took: Duration::ZERO,
    };
    let input = sim_scenario::load(&[file], &mut std::io::empty());
    if let Some(scenario) = &input.scenario {
        tested.name.clone_from(&scenario.name);
    }
    let is_meant = |name: &String| tested.path.contains(name) || tested.name.contains(name);
    if !names.is_empty() && !names.iter().any(is_meant) {
        tested.verdict = Verdict::NotSelected;
        return tested;
    }
    if input.scenario.is_none() && input.is_usable() {
        tested.verdict = Verdict::NoScenario;
        return tested;
    }
    match prepare(input, args) {
        Ok(mut prepared) => {
            let start = prepared.cluster.clone();
            let mut trial = prepare::trial(prepared.scenario.as_ref(), None);
            let stopped = trial.run(&mut prepared.cluster);
            (tested.expectations, tested.refused) = trial.finish(&prepared.cluster, stopped.reason);
            tested
                .expectations
                .extend(prepared.scenario.iter().flat_map(|scenario| diagnosis::check(scenario, &start)));
            let holds = tested.expectations.iter().all(|outcome| outcome.holds) && tested.refused.is_empty();
            tested.verdict = if holds && stopped.is_end() { Verdict::Passed } else { Verdict::Failed };
            tested.stopped = Some(stopped);
        }
        Err(unusable) => {
            tested.errors = unusable.faults.iter().map(ToString::to_string).collect();
            if tested.errors.is_empty() {
                tested.errors.push(unusable.error.message);
            }
        }
    }
    tested.took = begun.elapsed();
    tested
}

fn is_told(tested: &Tested) -> bool {
    matches!(tested.verdict, Verdict::Passed | Verdict::Failed | Verdict::Unusable)
}

fn of(tested: &[Tested], verdict: Verdict) -> impl Iterator<Item = &Tested> {
    tested.iter().filter(move |tested| tested.verdict == verdict)
}

fn nothing_to_test(names: &[String], not_run: &[&str]) -> CliError {
    match (names, not_run) {
        ([], []) => CliError::new("there are no scenario files under the paths")
            .hint("directories are searched for *.yaml and *.yml"),
        ([], [file]) => CliError::new(format!("{file} has no Scenario: expected a document with apiVersion sim/v1")),
        ([], files) => CliError::new(format!("none of the {} files has a Scenario", files.len())),
        (names, _) => CliError::new(format!("no Scenario has {:?} in its path or name", names.join(" ")))
            .hint("an argument that is no path selects by name"),
    }
}

/// The one line of a file.
fn line(tested: &Tested) -> String {
    let Tested { path, expectations, refused, .. } = tested;
    let total = expectations.len();
    let unmet = expectations.iter().filter(|outcome| !outcome.holds).count();
    let what = match (tested.verdict, total) {
        (Verdict::Unusable, _) => "unusable input".to_owned(),
        (_, _) if !refused.is_empty() && unmet == 0 => "a step was refused".to_owned(),
        (Verdict::Passed, 0) => "no expectations".to_owned(),
        (Verdict::Passed, 1) => "1 expectation".to_owned(),
        (Verdict::Passed, _) => format!("{total} expectations"),
        _ => format!("{unmet} of {total} expectations"),
    };
    let (style, word) = if tested.verdict == Verdict::Passed { (GOOD, "ok") } else { (BAD, "FAILED") };
    format!("test {path} ... {style}{word}{style:#} ({what})\n")
}

/// What failed, file by file.
fn details(tested: &[&Tested]) -> String {
    let mut text = String::new();
    for tested in tested.iter().filter(|tested| tested.verdict != Verdict::Passed) {
        if text.is_empty() {
            text.push_str("\nfailures:\n");
        }
        let _ = write!(text, "\n{BAD}{}{BAD:#}", tested.path);
        if !tested.name.is_empty() {
            let _ = write!(text, " ({})", tested.name);
        }
        text.push('\n');
        for line in failures(tested).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// What failed in one file.
pub(crate) fn failures(tested: &Tested) -> String {
    let mut text: String = tested.errors.iter().map(|error| format!("{error}\n")).collect();
    text.push_str(&report::refused(&tested.refused));
    for outcome in tested.expectations.iter().filter(|outcome| !outcome.holds) {
        text.push_str(&report::unmet(outcome));
    }
    if let Some(stopped) = tested.stopped.as_ref().filter(|stopped| !stopped.is_end()) {
        let _ = writeln!(text, "{stopped}");
    }
    text
}
