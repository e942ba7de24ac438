//! Compares `sim` with recordings of the real kube-scheduler.
//!
//! `conformance CASES RESULTS` decides every case of RESULTS anew with the result's version, and prints each mismatch, a
//! table by family and field, and last `N passed, M failed, K skipped`; it exits with 1 if anything failed, with 2 if
//! the files cannot be read. `conformance --table DIR` prints the table of versions and families for the book.

#![allow(clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use sim_tests::conformance::{Cases, Field, Outcome, Tally, check, family, read_cases, read_lines};

/// Compare sim with recordings of the real kube-scheduler
#[derive(Parser)]
#[command(name = "conformance")]
struct Arguments {
    /// The cases, one JSON object a line (.jsonl or .jsonl.gz)
    #[arg(required_unless_present = "table", value_name = "CASES")]
    cases: Option<PathBuf>,
    /// What the real scheduler decided about them
    #[arg(required_unless_present = "table", value_name = "RESULTS")]
    results: Vec<PathBuf>,
    /// Print the table of versions and families over all recordings of a folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["cases", "results"])]
    table: Option<PathBuf>,
    /// Print at most this many mismatches of one case
    #[arg(long, value_name = "N", default_value_t = 10)]
    show: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (&arguments.table, &arguments.cases) {
        (Some(folder), _) => print_table(folder),
        (None, Some(cases)) => compare(cases, &arguments.results, arguments.show),
        // clap asks for one of them.
        (None, None) => Err("no cases".into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A reader that has gone away (`conformance … | head`) needs no words.
            let gone = error.downcast_ref::<std::io::Error>();
            if gone.is_none_or(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
                eprintln!("error: {error}");
            }
            ExitCode::from(2)
        }
    }
}

fn compare(cases: &Path, results: &[PathBuf], show: usize) -> Result<bool, Box<dyn Error>> {
    let cases = read_cases(cases)?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut out = std::io::stdout().lock();
    for path in results {
        for result in read_lines(path)? {
            let (id, version) = (text(&result["id"]), text(&result["version"]));
            let outcome = check(&cases, &result);
            match &outcome {
                Outcome::Passed => {}
                Outcome::Skipped(why) => writeln!(out, "{id} {version} skipped: {why}")?,
                Outcome::Failed(mismatches) => {
                    for mismatch in mismatches.iter().take(show) {
                        writeln!(out, "{id} {version} {mismatch}")?;
                    }
                    if mismatches.len() > show {
                        writeln!(out, "{id} {version} and {} more", mismatches.len() - show)?;
                    }
                }
            }
            tallies.entry(family(&id).to_owned()).or_default().count(&outcome);
        }
    }
    write!(out, "\n{:<13}{:>8}{:>8}{:>8}", "family", "passed", "failed", "skipped")?;
    writeln!(out, "{}", Field::ALL.map(|field| format!("{field:>10}")).concat())?;
    let mut sum = Tally::default();
    for (family, tally) in &tallies {
        sum.add(tally);
        let fields = Field::ALL.map(|field| format!("{:>10}", tally.fields.get(&field).copied().unwrap_or(0)));
        writeln!(out, "{family:<13}{:>8}{:>8}{:>8}{}", tally.passed, tally.failed, tally.skipped, fields.concat())?;
    }
    writeln!(out, "\n{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped)?;
    Ok(sum.failed == 0)
}

/// Rows are versions, columns families; a cell says how many of how many agree.
fn print_table(folder: &Path) -> Result<bool, Box<dyn Error>> {
    let mut tallies: BTreeMap<(String, String), Tally> = BTreeMap::new();
    let (cases, results) = recordings(folder)?;
    for path in results {
        for result in read_lines(&path)? {
            let key = (text(&result["version"]), family(&text(&result["id"])).to_owned());
            tallies.entry(key).or_default().count(&check(&cases, &result));
        }
    }
    let mut out = std::io::stdout().lock();
    let families: BTreeSet<&str> = tallies.keys().map(|(_, family)| family.as_str()).collect();
    let mut versions: Vec<&str> = tallies.keys().map(|(version, _)| version.as_str()).collect();
    versions.dedup();
    let columns: Vec<&str> = families.into_iter().collect();
    writeln!(out, "| version | {} |", columns.join(" | "))?;
    writeln!(out, "|---|{}", "---|".repeat(columns.len()))?;
    let mut sum = Tally::default();
    for version in versions {
        let cells = columns.iter().map(|family| {
            let Some(tally) = tallies.get(&(version.to_owned(), (*family).to_owned())) else { return String::new() };
            sum.add(tally);
            let skipped = if tally.skipped > 0 { format!(" ({} skipped)", tally.skipped) } else { String::new() };
            format!("{}/{}{skipped}", tally.passed, tally.passed + tally.failed)
        });
        writeln!(out, "| {version} | {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    writeln!(out, "\n{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped)?;
    Ok(sum.failed == 0)
}

/// All cases of a folder, and its files of results in order.
fn recordings(folder: &Path) -> Result<(Cases, Vec<PathBuf>), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let named =
        |part: &str| paths.iter().filter(|path| path.to_string_lossy().contains(part)).cloned().collect::<Vec<_>>();
    let mut cases = Cases::new();
    for path in named(".case") {
        cases.extend(read_cases(&path)?);
    }
    Ok((cases, named("results.jsonl")))
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
