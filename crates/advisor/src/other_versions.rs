//! What the same pod would have met under another version. Only the scheduler is asked: the objects stay as they are, and
//! each version's scheduler is shown the cluster of this moment.

use serde::{Deserialize, Serialize};
use sim_cluster::Cluster;
use sim_cluster::pod::Pod;
use sim_core::model;
use sim_core::scheduler::{Decision, Scheduler, Snapshot};
use sim_core::version::Version;

use crate::ask;
use crate::behaviour::versions_that_differ;

/// What becomes of the pod in a row of versions that agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionVerdict {
    /// The first version of the row.
    pub from: String,
    /// The last one.
    pub to: String,
    /// Whether the cluster's own version is among them.
    pub own: bool,
    /// What becomes of the pod.
    pub outcome: VersionOutcome,
    /// The node that the first version of the row chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The version's sentence, where the pod is not placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

/// What becomes of a pod under a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VersionOutcome {
    /// It goes to a node.
    Placed,
    /// It fits nowhere.
    Unschedulable,
    /// Its scheduling gates hold it back.
    Gated,
    /// The scheduler fails over it.
    Error,
    /// No profile has the scheduler name that it asks for.
    NotServed,
    /// The version's scheduler does not start with the cluster's configuration.
    ConfigurationRefused,
}

/// What each version's scheduler would do with the pod in the cluster as it is, from the oldest on. Versions in which
/// nothing differs from the one before are not asked; neighbours that agree are put together.
pub fn other_versions(cluster: &Cluster, pod: &Pod) -> Vec<VersionVerdict> {
    let here = ask::without(cluster, pod);
    under_all(cluster, &here, &[ask::waiting(pod)]).pop().unwrap_or_default()
}

/// The same for several pods that wait: each version is shown the cluster once.
pub(crate) fn of_waiting(cluster: &Cluster, pods: &[&Pod]) -> Vec<Vec<VersionVerdict>> {
    let pods: Vec<model::Pod> = pods.iter().map(|pod| ask::waiting(pod)).collect();
    under_all(cluster, cluster.scheduling().snapshot(), &pods)
}

fn under_all(cluster: &Cluster, here: &Snapshot, pods: &[model::Pod]) -> Vec<Vec<VersionVerdict>> {
    let own = cluster.setup().version;
    let versions = versions_that_differ(own);
    let mut shown = here.as_of(own);
    let mut told: Vec<Vec<VersionVerdict>> = vec![Vec::new(); pods.len()];
    for (index, version) in versions.iter().copied().enumerate() {
        shown = shown.as_of(version);
        let scheduler = scheduler_of(cluster, version);
        // A version that was left out is as the one before it.
        let until = crate::behaviour::last_before(version, versions.get(index + 1).copied());
        for (pod, verdicts) in pods.iter().zip(&mut told) {
            let mut verdict = verdict(&scheduler, &shown, pod, version);
            verdict.own = version == own;
            verdict.to = until.to_string();
            match verdicts.last_mut() {
                Some(last) if last.outcome == verdict.outcome && last.sentence == verdict.sentence => {
                    last.to = verdict.to;
                    last.own |= verdict.own;
                }
                _ => verdicts.push(verdict),
            }
        }
    }
    told
}

/// A version's scheduler, or why it does not start with the cluster's configuration.
fn scheduler_of(cluster: &Cluster, version: Version) -> Result<Scheduler, String> {
    let Some(config) = &cluster.setup().scheduler_config else { return Ok(Scheduler::new(version)) };
    Scheduler::configured(version, config).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        faults.join("; ")
    })
}

fn verdict(
    scheduler: &Result<Scheduler, String>,
    shown: &Snapshot,
    model: &model::Pod,
    version: Version,
) -> VersionVerdict {
    let told = |outcome, node, sentence| VersionVerdict {
        from: version.to_string(),
        to: version.to_string(),
        own: false,
        outcome,
        node,
        sentence,
    };
    let scheduler = match scheduler {
        Ok(scheduler) => scheduler,
        Err(faults) => return told(VersionOutcome::ConfigurationRefused, None, Some(faults.clone())),
    };
    if !scheduler.serves(model) {
        return told(VersionOutcome::NotServed, None, None);
    }
    match scheduler.schedule(shown, model) {
        Decision::Placed(placement) => told(VersionOutcome::Placed, Some(placement.node), None),
        Decision::Unschedulable(error) => told(VersionOutcome::Unschedulable, None, Some(error.to_string())),
        Decision::Gated(message) => told(VersionOutcome::Gated, None, Some(message)),
        Decision::Error(message) => told(VersionOutcome::Error, None, Some(message)),
    }
}

#[cfg(test)]
mod tests {
    use super::other_versions;
    use crate::testing::Fixture;

    #[track_caller]
    fn check(nodes: &str, pod: &str, expected: &[&str]) {
        let cluster = Fixture::of("1.34.1").nodes(nodes).cluster();
        let verdicts = other_versions(&cluster, &Fixture::pod(pod));
        let lines: Vec<String> = verdicts
            .iter()
            .map(|verdict| {
                let mark = if verdict.own { "*" } else { "" };
                let said = verdict.node.as_ref().or(verdict.sentence.as_ref()).cloned().unwrap_or_default();
                format!("{}..{}{mark} {:?}: {said}", verdict.from, verdict.to, verdict.outcome)
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_decides_differs_by_version() {
        check(
            "n1 taint=a:NoSchedule",
            "{schedulingGates: [{name: g}]}",
            &[
                "v1.16.0..v1.17.0 Unschedulable: 0/1 nodes are available: 1 node(s) had taints that the pod didn't tolerate.",
                "v1.18.0..v1.23.0 Unschedulable: 0/1 nodes are available: 1 node(s) had taint {a: }, that the pod didn't tolerate.",
                "v1.24.0..v1.25.0 Unschedulable: 0/1 nodes are available: 1 node(s) had untolerated taint {a: }. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
                "v1.26.0..v1.26.0 Unschedulable: 0/1 nodes are available: 1 node(s) had untolerated taint {a: }. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling..",
                "v1.27.0..v1.37.0* Gated: waiting for scheduling gates: [g]",
            ],
        );
    }

    #[test]
    fn versions_that_agree_are_one_row() {
        check("n1", "{}", &["v1.16.0..v1.37.0* Placed: n1"]);
    }
}
