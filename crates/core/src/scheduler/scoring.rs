//! How good each feasible node is (`framework/runtime`, v1.34): PreScore, Score, NormalizeScore, weights.

use super::framework::{Cycle, CycleState, PreScore};
use super::node_info::NodeInfo;
use super::plugins::PluginName;
use super::profile::plugin;
use crate::behaviour::PluginErrors;

/// What a feasible node scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeScore {
    /// The node.
    pub node: String,
    /// The sum over the plugins.
    pub total: i64,
    /// What each plugin makes of the node. A plugin that had nothing to say is absent.
    pub by_plugin: Vec<PluginScore>,
}

/// What a plugin makes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginScore {
    /// The plugin.
    pub plugin: PluginName,
    /// What its Score says, in a unit of its own.
    pub raw: i64,
    /// The same after its NormalizeScore, of 0 to 100; to 10 in 1.16.
    pub normalized: i64,
    /// The plugin's weight in the profile.
    pub weight: i64,
    /// `normalized` times `weight`.
    pub weighted: i64,
}

/// Scores the feasible nodes.
///
/// # Errors
/// What ends the cycle: a plugin fails, or a score is none.
pub(crate) fn score_nodes(
    cycle: &Cycle<'_>,
    state: &mut CycleState,
    nodes: &[&NodeInfo],
) -> Result<Vec<NodeScore>, String> {
    // Without score plugins every node is as good as any other.
    let start = i64::from(cycle.profile.scores.is_empty());
    let mut results: Vec<NodeScore> = nodes
        .iter()
        .map(|node| NodeScore {
            node: node.name().to_owned(),
            total: start,
            by_plugin: Vec::with_capacity(cycle.profile.scores.len()),
        })
        .collect();
    let mut scoring = Vec::new();
    for (name, weight) in &cycle.profile.scores {
        match plugin(*name).pre_score(cycle, state, nodes) {
            PreScore::Scores => scoring.push((*name, *weight)),
            PreScore::Skips => {}
            // With one node to choose from the real scheduler does not score at all, so nothing can fail.
            PreScore::Failed(error) if nodes.len() > 1 => return Err(error),
            PreScore::Failed(_) => {}
        }
    }
    for (name, weight) in scoring {
        let plugin = plugin(name);
        let raw: Vec<i64> = nodes.iter().map(|node| plugin.score(cycle, state, node)).collect();
        let mut normalized = raw.clone();
        plugin.normalize(cycle, state, nodes, &mut normalized);
        let greatest = cycle.behaviour.score_max;
        if let Some(invalid) = normalized.iter().find(|score| !(0..=greatest).contains(*score))
            && nodes.len() > 1
            && let Some(error) = invalid_score(cycle, name, *invalid)
        {
            return Err(error);
        }
        for (result, (raw, normalized)) in results.iter_mut().zip(raw.into_iter().zip(normalized)) {
            let weighted = normalized.saturating_mul(weight);
            result.total = result.total.saturating_add(weighted);
            result.by_plugin.push(PluginScore { plugin: name, raw, normalized, weight, weighted });
        }
    }
    Ok(results)
}

/// How a score outside 0 to 100 ends the cycle, in versions that look.
fn invalid_score(cycle: &Cycle<'_>, name: PluginName, score: i64) -> Option<String> {
    let text = format!(
        "plugin \"{name}\" returns an invalid score {score}, it should in the range of [0, {}] after normalizing",
        cycle.behaviour.score_max
    );
    match cycle.behaviour.plugin_errors {
        PluginErrors::Counted => None,
        PluginErrors::WhileRunning | PluginErrors::FailedForPod => {
            let pod = &cycle.pod.name;
            Some(format!("error while applying score defaultWeights for pod \"{pod}\": score {text}"))
        }
        PluginErrors::RunningForPod | PluginErrors::RunningNil | PluginErrors::Running => {
            Some(format!("applying score defaultWeights on Score plugins: {text}"))
        }
    }
}
