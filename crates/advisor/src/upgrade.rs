//! What an upgrade does to scheduling: every pod stays where it is, and is then asked whether it would be placed again.

use serde::{Deserialize, Serialize};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Ownership, Refused};
use sim_core::scheduler::SchedulerConfig;
use sim_core::version::Version;

use crate::diff::{NodeDifference, compare_nodes};
use crate::what_if::{SETTLE_MS, WhatIf, WhatIfResult};

/// An upgrade, with what it means for the pods that run.
#[derive(Debug, Clone)]
pub struct Upgraded {
    /// The cluster before and after.
    pub what_if: WhatIf,
    /// The nodes that the upgrade changes.
    pub nodes: Vec<NodeDifference>,
    /// The running pods that would be placed again on one side only.
    pub placed_again: Vec<PlacedAgain>,
}

/// A running pod that would be placed again before the upgrade or after it, and not both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedAgain {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The workload at the top of its owners.
    pub owner: Option<String>,
    /// The node that it is on.
    pub node: String,
    /// What it would be told before the upgrade; absent when it would be placed.
    pub before: Option<String>,
    /// What it would be told after it; absent when it would be placed.
    pub after: Option<String>,
}

/// Has a fork of the cluster run another version, its scheduler set up by that version's reading of its configuration, makes the changes on it, and lets it come to rest.
///
/// # Errors
/// When the version is an earlier one or a change cannot be made.
pub fn upgrade(
    cluster: &Cluster,
    to: Version,
    scheduler_config: Option<SchedulerConfig>,
    changes: &[Change],
) -> Result<Upgraded, Refused> {
    let mut fork = cluster.clone();
    let mut made = fork.become_version(to, scheduler_config)?;
    for change in changes {
        made.extend(fork.make(change)?);
    }
    fork.settle(fork.now_ms().saturating_add(SETTLE_MS));
    let said = [format!("upgrade to {to}")].into_iter().chain(changes.iter().map(ToString::to_string));
    Ok(Upgraded {
        what_if: WhatIf::between(cluster, &fork, said.collect(), made),
        nodes: compare_nodes(cluster, &fork),
        placed_again: placed_again(cluster, &fork),
    })
}

/// Asks every pod that runs on one node before and after.
fn placed_again(before: &Cluster, after: &Cluster) -> Vec<PlacedAgain> {
    let ownership = Ownership::of(after.store());
    let (mut then, mut now) = (before.scheduling().anew(), after.scheduling().anew());
    let mut differing = Vec::new();
    for pod in after.store().list::<Pod>().filter(|pod| pod::is_active(pod) && !pod::is_static(pod)) {
        let metadata = &pod.metadata;
        let (namespace, name) = (metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref());
        let was = before.store().find::<Pod>(namespace, name.unwrap_or_default());
        let (Some(was), Some(node)) = (was, pod::node_name(pod)) else { continue };
        if pod::node_name(was) != Some(node) {
            continue;
        }
        let (before, after) = (then.ask(was).err(), now.ask(pod).err());
        if before.is_some() != after.is_some() {
            differing.push(PlacedAgain {
                namespace: namespace.to_owned(),
                name: name.unwrap_or_default().to_owned(),
                owner: ownership.top(metadata).map(|owner| owner.to_string()),
                node: node.to_owned(),
                before,
                after,
            });
        }
    }
    differing
}

impl Upgraded {
    /// The document for machines.
    pub fn document(self) -> WhatIfResult {
        WhatIfResult { nodes: self.nodes, placed_again: self.placed_again, ..self.what_if.document() }
    }
}
