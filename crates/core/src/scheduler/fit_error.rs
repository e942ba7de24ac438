//! Why a pod fits nowhere, and the sentence of the FailedScheduling event (`framework.FitError`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::framework::Status;
use super::plugins::PluginName;
use crate::behaviour::{Behaviour, FitErrorLayout, PreFilterText};
use crate::model::PodKey;

/// Why a pod fits nowhere. `Display` is the FailedScheduling sentence, to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitError {
    /// How many nodes there are.
    pub node_count: usize,
    /// What was said of each node.
    pub statuses: Arc<BTreeMap<String, Status>>,
    /// What PreFilter said when it refused the pod for all nodes.
    pub pre_filter_message: Option<String>,
    /// What PostFilter says; empty when preemption succeeded or is not told of.
    pub post_filter_message: String,
    /// What preemption chose, if it found a way.
    pub preemption: Option<PreemptionOutcome>,
    /// Every plugin that refused some node: their registered events may wake the pod.
    pub failed_plugins: BTreeSet<PluginName>,
    /// How the sentence is put together.
    pub layout: FitErrorLayout,
    /// How a refusal of PreFilter is shown.
    pub pre_filter_text: PreFilterText,
}

/// What preemption chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreemptionOutcome {
    /// The node promised to the pod.
    pub nominated_node: String,
    /// The pods to evict there.
    pub victims: Vec<PodKey>,
}

/// The text of an event, cut where the version cuts it (`truncateMessage`).
pub fn event_note(message: &str, behaviour: &Behaviour) -> String {
    const LIMIT: usize = 1024;
    const SUFFIX: &str = " ...";
    if message.len() <= LIMIT || !behaviour.events_cut {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(LIMIT - SUFFIX.len());
    format!("{}{SUFFIX}", &message[..end])
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.node_count == 0 {
            return f.write_str("no nodes available to schedule pods");
        }
        write!(f, "0/{} nodes are available:", self.node_count)?;
        let histogram = histogram(self.statuses.values());
        match (&self.pre_filter_message, self.pre_filter_text) {
            (Some(message), PreFilterText::Once | PreFilterText::OnceAlone) => write!(f, " {message}.")?,
            _ if self.layout == FitErrorLayout::HistogramOnly || self.layout == FitErrorLayout::Appended => {
                write!(f, " {histogram}.")?;
            }
            _ => write_histogram(f, &histogram)?,
        }
        match self.layout {
            FitErrorLayout::HistogramOnly => Ok(()),
            _ if self.post_filter_message.is_empty() => Ok(()),
            FitErrorLayout::Appended | FitErrorLayout::Single => {
                write!(f, " {}", self.post_filter_message)
            }
            FitErrorLayout::EveryPartStopped => write!(f, " {}.", self.post_filter_message),
        }
    }
}

fn write_histogram(f: &mut fmt::Formatter<'_>, histogram: &str) -> fmt::Result {
    if histogram.is_empty() { Ok(()) } else { write!(f, " {histogram}.") }
}

/// `COUNT REASON` for each reason, sorted as text, so that `10 x` comes before `2 x`.
fn histogram<'a>(statuses: impl Iterator<Item = &'a Status>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in statuses.flat_map(|status| &status.reasons) {
        *counts.entry(reason.as_ref()).or_default() += 1;
    }
    let mut lines: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    lines.sort_unstable();
    lines.join(", ")
}
