//! Comparing `sim-core` with recordings of the real kube-scheduler (`tests/conformance/README.md` has their format).

mod case;
mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use sim_core::Version;
use sim_core::scheduler::PodClasses;

pub use compare::{Field, Mismatch};

/// What came of one result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every field agrees.
    Passed,
    /// These do not.
    Failed(Vec<Mismatch>),
    /// The recording holds no answer; the text says why.
    Skipped(String),
}

/// The cases by id.
pub type Cases = BTreeMap<String, Value>;

/// Reads cases.
///
/// # Errors
/// When the file cannot be read, or a line of it is no case.
pub fn read_cases(path: &Path) -> Result<Cases, String> {
    let mut cases = Cases::new();
    for (number, case) in read_lines(path)?.into_iter().enumerate() {
        let Some(id) = case["id"].as_str().map(str::to_owned) else {
            return Err(format!("{}:{}: a case without an id", path.display(), number + 1));
        };
        cases.insert(id, case);
    }
    Ok(cases)
}

/// The JSON values of a file's lines; the file may be gzipped.
///
/// # Errors
/// When it cannot be read, or a line is no JSON.
pub fn read_lines(path: &Path) -> Result<Vec<Value>, String> {
    let error = |error: std::io::Error| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(error)?;
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).map_err(error)?;
    } else {
        bytes.as_slice().read_to_string(&mut text).map_err(error)?;
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| format!("{}:{}: {error}", path.display(), number + 1))
        })
        .collect()
}

/// Decides a result's case anew, with the result's version.
pub fn check(cases: &Cases, result: &Value) -> Outcome {
    let id = result["id"].as_str().unwrap_or_default();
    let version = result["version"].as_str().unwrap_or_default();
    let Some(case) = cases.get(id) else {
        return Outcome::Skipped(format!("there is no case {id}"));
    };
    if let Some(error) = result["error"].as_str().filter(|error| !error.is_empty()) {
        return Outcome::Skipped(error.to_owned());
    }
    let version: Version = match version.parse() {
        Ok(version) => version,
        Err(error) => return Outcome::Skipped(format!("version {version}: {error}")),
    };
    // 1.16 took the file and did not look at it.
    if !case["config"].is_null() && version.minor() < 18 {
        return Outcome::Skipped("this version ignores the configuration".to_owned());
    }
    let scheduler = match case::scheduler(version, case) {
        Ok(scheduler) => scheduler,
        Err(error) => return refused(format!("the configuration: {error}")),
    };
    let (mut snapshot, queue) = match case::read_snapshot(version, &scheduler, case)
        .and_then(|snapshot| Ok((snapshot, case::queue(version, case)?)))
    {
        Ok(read) => read,
        Err(error) => return refused(format!("the case cannot be read: {error}")),
    };
    let mut mismatches = Vec::new();
    let mut classes = PodClasses::default();
    for (pod, step) in queue.into_iter().zip(result["steps"].as_array().into_iter().flatten()) {
        let decision = scheduler.schedule(&snapshot, &pod);
        compare::step(&scheduler, &snapshot, &pod, &decision, step, &mut mismatches);
        let verdict = classes.schedule(&scheduler, &snapshot, &Arc::new(pod.clone()));
        compare::fast_path(&snapshot, &decision, &verdict, step, &mut mismatches);
        if let Some(chosen) = step["chosen"].as_str().filter(|chosen| !chosen.is_empty()) {
            let mut bound = pod;
            bound.node_name = Some(chosen.to_owned());
            snapshot.add_pod(Arc::new(bound));
        }
    }
    if mismatches.is_empty() { Outcome::Passed } else { Outcome::Failed(mismatches) }
}

/// The real scheduler had an answer to what `sim` does not take.
fn refused(why: String) -> Outcome {
    let recorded = "an answer".to_owned();
    Outcome::Failed(vec![Mismatch { field: Field::Decision, about: "the case".to_owned(), ours: why, recorded }])
}

/// How many results passed, failed and were skipped, and which fields of how many failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Results of which every field agrees.
    pub passed: usize,
    /// Results of which some field does not.
    pub failed: usize,
    /// Results without an answer.
    pub skipped: usize,
    /// By field, the results in which it does not agree.
    pub fields: BTreeMap<Field, usize>,
}

impl Tally {
    /// Counts an outcome.
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Skipped(_) => self.skipped += 1,
            Outcome::Failed(mismatches) => {
                self.failed += 1;
                let fields: BTreeSet<Field> = mismatches.iter().map(|mismatch| mismatch.field).collect();
                for field in fields {
                    *self.fields.entry(field).or_default() += 1;
                }
            }
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        for (field, count) in &other.fields {
            *self.fields.entry(*field).or_default() += count;
        }
    }
}

/// The family of a case: its id without the number.
pub fn family(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(family, _)| family)
}
