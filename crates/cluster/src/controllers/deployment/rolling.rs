//! The strategy RollingUpdate (pkg/controller/deployment/rolling.go).

use k8s_openapi::api::apps::v1::ReplicaSet;

use super::rollout::{Rollout, available, is_recreate, replicas, sum};
use crate::cluster::Cluster;
use std::sync::Arc;

impl Rollout {
    /// Up with the new within the surge; when it is where it can be, down with the old within the unavailability.
    pub(super) fn roll(&mut self, cluster: &mut Cluster) {
        if self.new.is_none() {
            self.create_new(cluster);
        }
        let Some(new) = self.new.clone() else { return };
        let scaled = self.scale(cluster, &new, self.new_size(replicas(&new))) || self.scale_down_old(cluster, &new);
        if !scaled && self.is_complete() {
            self.clean_up(cluster);
        }
        self.write_rollout_status(cluster);
    }

    /// How many replicas the new ReplicaSet should have when it has `now` (`NewRSNewReplicas`).
    pub(super) fn new_size(&self, now: i32) -> i32 {
        if is_recreate(self.spec()) || now >= self.wanted() {
            return self.wanted();
        }
        let room = self.wanted() + self.max_surge() - self.total();
        now + room.min(self.wanted() - now).max(0)
    }

    /// Whether anything was scaled down.
    fn scale_down_old(&self, cluster: &mut Cluster, new: &ReplicaSet) -> bool {
        let least_available = self.wanted() - self.max_unavailable();
        // What is not available of the new must not let more of the old go.
        let new_unavailable = replicas(new) - available(new);
        let most = self.total() - least_available - new_unavailable;
        if sum(self.old.iter().map(|set| replicas(set))) == 0 || most <= 0 {
            return false;
        }
        let (sets, cleaned_up) = self.clean_up_unhealthy(cluster, most);
        let mut spare = (self.available() - least_available).max(0);
        let mut scaled = cleaned_up > 0;
        for set in &sets {
            let down = replicas(set).min(spare);
            spare -= down;
            scaled |= self.scale(cluster, set, replicas(set) - down);
        }
        scaled
    }

    /// Pods that are not available anyway go first: they would hold up the rollout (`cleanupUnhealthyReplicas`).
    /// The old ReplicaSets as they are then, and how many pods went.
    fn clean_up_unhealthy(&self, cluster: &mut Cluster, most: i32) -> (Vec<Arc<ReplicaSet>>, i32) {
        let mut cleaned_up = 0;
        let mut sets = Vec::new();
        for set in self.old.iter().filter(|set| replicas(set) > 0) {
            let unhealthy = (replicas(set) - available(set)).clamp(0, most - cleaned_up);
            if unhealthy > 0 {
                let size = replicas(set) - unhealthy;
                self.scale(cluster, set, size);
                let mut smaller = ReplicaSet::clone(set);
                smaller.spec.replicas = Some(size);
                sets.push(Arc::new(smaller));
                cleaned_up += unhealthy;
            } else {
                sets.push(set.clone());
            }
        }
        (sets, cleaned_up)
    }
}
