//! Why a pod fits nowhere, and the sentence of the FailedScheduling event (`framework.FitError`).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::plugins::PluginName;
use super::statuses::{Reasons, Statuses};
use crate::behaviour::{Behaviour, FitErrorLayout, PreFilterText};
use crate::model::PodKey;

/// Why a pod fits nowhere. `Display` is the FailedScheduling sentence, to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitError {
    /// How many nodes there are.
    pub node_count: usize,
    /// What was said of each node.
    pub statuses: Arc<Statuses>,
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

impl FitError {
    /// The sentence about as many nodes with these reasons, and without what PreFilter and PostFilter say.
    pub(crate) fn with_reasons(&self, reasons: &Reasons) -> String {
        let always = matches!(self.layout, FitErrorLayout::HistogramOnly | FitErrorLayout::Appended);
        let start = format!("0/{} nodes are available:", self.node_count);
        if reasons.is_empty() && !always { start } else { format!("{start} {reasons}.") }
    }
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.node_count == 0 {
            return f.write_str("no nodes available to schedule pods");
        }
        match (&self.pre_filter_message, self.pre_filter_text) {
            (Some(message), PreFilterText::Once | PreFilterText::OnceAlone) => {
                write!(f, "0/{} nodes are available: {message}.", self.node_count)?;
            }
            _ => f.write_str(&self.with_reasons(self.statuses.reasons()))?,
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
