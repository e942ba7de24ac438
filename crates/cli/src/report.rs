//! The text below a run's table: why pods wait, and how the expectations came out.

use std::fmt::Write;

use indexmap::IndexMap;
use sim_advisor::{Cause, NodeDifference, Side, explain_pending, node_names};
use sim_cluster::{Cluster, Counts, ExpectationOutcome, Printed, RefusedStep, Stuck, format_millis};

use crate::terminal::{BAD, GOOD, HEADING};

/// For each pending pod the scheduler's sentence; then, once for all pods it is true of, what it means.
pub(crate) fn pending(cluster: &Cluster, counts: &Counts) -> String {
    let mut text = String::new();
    let explanations = explain_pending(cluster);
    if explanations.is_empty() {
        return text;
    }
    let total = counts.pods;
    let count = explanations.iter().map(|explanation| explanation.pods.len()).sum::<usize>();
    let _ = writeln!(text, "\n{HEADING}{count} of {total} pods wait for a node{HEADING:#}");
    for explanation in &explanations {
        text.push('\n');
        for pod in &explanation.pods {
            let _ = writeln!(text, "{pod}");
            let _ = writeln!(text, "  {}", explanation.sentence);
        }
        if !explanation.causes.is_empty() {
            text.push('\n');
        }
        for cause in &explanation.causes {
            match cause {
                Cause::Taint(taint) => {
                    let _ = writeln!(
                        text,
                        "  Taint {HEADING}{}{HEADING:#} on {} is not tolerated.",
                        taint.taint,
                        node_names(&taint.nodes)
                    );
                    if let Some(known) = taint.known {
                        let _ = writeln!(text, "    set by      {}", known.set_by);
                        let _ = writeln!(text, "    removed by  {}", known.removed_by);
                    } else {
                        let _ = writeln!(
                            text,
                            "    set by      a person or an installer: Kubernetes itself does not use this key"
                        );
                        let _ = writeln!(text, "    removed by  whoever set it");
                    }
                    if let Some(note) = &taint.note {
                        let _ = writeln!(text, "    here        {note}");
                    }
                }
                Cause::Other { nodes: on, reason, detail } => {
                    let place = if on.is_empty() { String::new() } else { format!("{}: ", node_names(on)) };
                    let _ = writeln!(text, "  {place}{reason}");
                    if let Some(detail) = detail {
                        let _ = writeln!(text, "    {detail}");
                    }
                }
            }
        }
    }
    text
}

/// How many pods wait, run, are ready and exist, on both sides.
pub(crate) fn counts(before: &Counts, after: &Counts) -> String {
    let line = |label: &str, count: fn(&Counts) -> usize| format!("{label} {} → {}", count(before), count(after));
    format!(
        "\n{HEADING}{}{HEADING:#}   {}   {}   {}\n",
        line("pending", |counts| counts.pending),
        line("running", |counts| counts.running),
        line("ready", |counts| counts.ready),
        line("pods", |counts| counts.pods),
    )
}

/// What commands printed while time went on, each line with its virtual time. A retry is printed once.
pub(crate) fn printed(printed: &[Printed]) -> String {
    let mut text = String::new();
    for Printed { at_ms, line, count } in printed {
        let again = if *count > 1 { format!(" (x{count}, every 5s)") } else { String::new() };
        let _ = writeln!(text, "{:<8}{line}{again}", format_millis(*at_ms));
    }
    text
}

/// What was found instead, for each expectation that does not hold, and the count.
pub(crate) fn expectations(outcomes: &[ExpectationOutcome]) -> String {
    let mut text = String::new();
    if outcomes.is_empty() {
        return text;
    }
    let held = outcomes.iter().filter(|outcome| outcome.holds).count();
    text.push('\n');
    for outcome in outcomes.iter().filter(|outcome| !outcome.holds) {
        text.push_str(&unmet(outcome));
    }
    let style = if held == outcomes.len() { GOOD } else { BAD };
    let _ = writeln!(text, "{style}{held} of {} expectations hold{style:#}", outcomes.len());
    text
}

/// An expectation that does not hold: where it is written, when it was found, and what was found instead.
pub(crate) fn unmet(outcome: &ExpectationOutcome) -> String {
    let ExpectationOutcome { source, at, name, .. } = outcome;
    let found = outcome.found.as_deref().unwrap_or_default();
    let mut text = format!("{source}: {BAD}expectation does not hold{BAD:#} at {at}: {name}: {found}\n");
    for line in outcome.table.iter().flat_map(|table| table.lines()) {
        let _ = writeln!(text, "  {}", line.trim_end());
    }
    text
}

/// The steps of the timeline that were refused, why, and what existed then.
pub(crate) fn refused(steps: &[RefusedStep]) -> String {
    let mut text = String::new();
    for RefusedStep { source, at, message, hint, .. } in steps {
        let _ = writeln!(text, "{source}: {BAD}the step at {at} cannot be carried out{BAD:#}: {message}");
        if let Some(hint) = hint {
            let _ = writeln!(text, "  {hint}");
        }
    }
    text
}

/// What is true of nodes on one side only, once for all nodes that differ alike.
pub(crate) fn node_differences(differences: &[NodeDifference]) -> String {
    type Difference<'a> = (&'a [String], &'a [String], Option<Side>);
    let mut groups: IndexMap<Difference<'_>, Vec<String>> = IndexMap::new();
    for NodeDifference { name, left, right, only } in differences {
        groups.entry((left, right, *only)).or_default().push(name.clone());
    }
    let mut text = String::new();
    for ((left, right, only), names) in groups {
        let is_only = match only {
            Some(Side::Left) => " (left only)",
            Some(Side::Right) => " (right only)",
            None => "",
        };
        let noun = if names.len() == 1 { "node" } else { "nodes" };
        let _ = writeln!(text, "{HEADING}{noun} {}{HEADING:#}{is_only}", node_names(&names));
        for fact in left {
            let _ = writeln!(text, "  {BAD}- {fact}{BAD:#}");
        }
        for fact in right {
            let _ = writeln!(text, "  {GOOD}+ {fact}{GOOD:#}");
        }
        text.push('\n');
    }
    text
}

/// The drains that have not come to their end, a sentence each.
pub(crate) fn draining(cluster: &Cluster) -> Vec<String> {
    let stuck = cluster.stuck();
    let of = |(node, _): (&str, u64)| {
        let mut refused = stuck.iter().filter(|stuck| stuck.node == node);
        match refused.next() {
            Some(Stuck { pod, cause, .. }) => {
                let others = match refused.count() {
                    0 => String::new(),
                    others => format!(", and {others} more"),
                };
                format!("the drain of node {node} has not ended: {pod} may not be evicted{others} ({cause})")
            }
            None => format!("the drain of node {node} has not ended: pods that it evicted are not gone"),
        }
    };
    cluster.draining().map(of).collect()
}
