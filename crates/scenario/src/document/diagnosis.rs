//! What `sim diagnose` and `sim fix` must find: causes, cures, and cures that are none.

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Change, parse_duration_ms};

use super::read::{Reader, at};
use super::step::StepEntry;
use crate::fault::Location;

/// A cause that must be found, what cures it, and what does not.
#[derive(Debug, Clone)]
pub struct DiagnosisExpectation {
    /// When to look, in milliseconds of virtual time; at the end of the run when absent.
    pub at_ms: Option<u64>,
    /// A part of the cause's title, of its things or of its trace.
    pub cause: String,
    /// How many pods wait for it.
    pub pods: Option<usize>,
    /// Whether it is a deadlock.
    pub deadlock: Option<bool>,
    /// What becomes of it when nobody does anything.
    pub outlook: Option<ExpectedOutlook>,
    /// Cures that must be among the answers.
    pub cures: Vec<ExpectedCure>,
    /// Cures that are none.
    pub false_cures: Vec<FalseCure>,
    /// Where it is written.
    pub source: Location,
}

/// An answer that must be found.
#[derive(Debug, Clone)]
pub struct ExpectedCure {
    /// A part of what its edits are called.
    pub says: String,
    /// What it does to the cause.
    pub class: Option<ExpectedClass>,
}

/// Steps that look like a cure, and why they are none.
#[derive(Debug, Clone)]
pub struct FalseCure {
    /// What it is called.
    pub name: String,
    /// The steps.
    pub changes: Vec<Change>,
    /// What is wrong with it.
    pub because: Because,
    /// Where it is written.
    pub source: Location,
}

/// What becomes of a cause when nobody does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExpectedOutlook {
    /// It stays: nothing moves any more.
    Never,
    /// It stays while other things move.
    NotNow,
    /// It goes when something ends or happens.
    When,
}

/// What a cure does to the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExpectedClass {
    /// It is gone, and does not come back with the next node.
    RemovesCause,
    /// It is still there for others.
    LivesWithCause,
    /// It comes back.
    HidesCause,
}

/// What is wrong with a cure that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Because {
    /// The pods wait as before.
    DoesNotHelp,
    /// A controller takes it back.
    Undone,
    /// It comes back with the next node, or with the next start.
    Returns,
    /// It opens guarded nodes to every pod.
    Opens,
    /// Pods that were well have to go for it.
    Disturbs,
    /// The API server refuses it.
    Refused,
}

/// A cause that `sim diagnose` must find at a moment, cures that `sim fix` must offer then, and cures that are none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DiagnosisEntry {
    /// When to look, e.g. `19m`: when all that happens at that moment has happened. Default: the end of the run.
    at: Option<String>,
    /// A part of the cause's title, of its things or of its trace.
    cause: String,
    /// How many pods wait for it.
    pods: Option<usize>,
    /// Whether it is a deadlock.
    deadlock: Option<bool>,
    /// What becomes of it when nobody does anything.
    outlook: Option<ExpectedOutlook>,
    /// Answers that must be among those of `sim fix`.
    #[serde(default)]
    cures: Vec<CureEntry>,
    /// Steps that look like a cure, and what is wrong with them.
    #[serde(default)]
    false_cures: Vec<FalseCureEntry>,
}

/// An answer that must be found.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CureEntry {
    /// A part of what its edits are called.
    says: String,
    /// What it does to the cause.
    class: Option<ExpectedClass>,
}

/// Steps that look like a cure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FalseCureEntry {
    /// What a report calls it.
    name: String,
    /// The steps, made together.
    steps: Vec<StepEntry>,
    /// What is wrong with it.
    because: Because,
}

impl DiagnosisEntry {
    pub(super) fn resolve(self, reader: &mut Reader<'_>, index: usize) -> Option<DiagnosisExpectation> {
        let path = at!["spec", "diagnosis", index];
        let at_ms = match &self.at {
            Some(text) => Some(reader.good(&at!["spec", "diagnosis", index, "at"], parse_duration_ms(text))?),
            None => None,
        };
        let mut false_cures = Vec::new();
        for (number, cure) in self.false_cures.into_iter().enumerate() {
            let mut changes = Vec::new();
            for (step, entry) in cure.steps.into_iter().enumerate() {
                let path = at!["spec", "diagnosis", index, "falseCures", number, "steps", step];
                changes.extend(entry.change(reader, &path));
            }
            let source = reader.place.at(&at!["spec", "diagnosis", index, "falseCures", number]);
            false_cures.push(FalseCure { name: cure.name, changes, because: cure.because, source });
        }
        let cures = self.cures.into_iter().map(|cure| ExpectedCure { says: cure.says, class: cure.class });
        Some(DiagnosisExpectation {
            at_ms,
            cause: self.cause,
            pods: self.pods,
            deadlock: self.deadlock,
            outlook: self.outlook,
            cures: cures.collect(),
            false_cures,
            source: reader.place.at(&path),
        })
    }
}
