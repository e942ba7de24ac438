//! The strategy Recreate (pkg/controller/deployment/recreate.go): nothing new before everything old is gone.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSet;

use super::rollout::{Rollout, replicas};
use crate::cluster::Cluster;
use crate::pod;

impl Rollout {
    pub(super) fn recreate(&mut self, cluster: &mut Cluster) {
        let active: Vec<Arc<ReplicaSet>> = self.old.iter().filter(|set| replicas(set) > 0).cloned().collect();
        for set in &active {
            self.scale(cluster, set, 0);
        }
        if active.is_empty() && !self.old_pods_running(cluster) {
            if self.new.is_none() {
                self.create_new(cluster);
            }
            if let Some(new) = self.new.clone() {
                self.scale(cluster, &new, self.wanted());
            }
            if self.is_complete() {
                self.clean_up(cluster);
            }
        }
        self.write_rollout_status(cluster);
    }

    /// Whether an old pod is there that has not ended; one that is on its way out counts (`oldPodsRunning`).
    fn old_pods_running(&self, cluster: &Cluster) -> bool {
        self.old.iter().any(|set| {
            set.status.as_ref().is_some_and(|status| status.replicas > 0)
                || cluster.pods_of(&set.metadata).iter().any(|pod| !pod::is_terminal(pod))
        })
    }
}
