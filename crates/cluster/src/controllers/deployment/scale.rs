//! Scaling ReplicaSets and dropping those that are no longer needed (pkg/controller/deployment/sync.go).

use std::cmp::Reverse;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};

use super::rollout::{Rollout, age_key, available, is_recreate, replicas, sum};
use super::{annotations, bump_generation};
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::object::{Kind, KnownKind};
use crate::store::ObjectKey;

impl Rollout {
    /// Whether the Deployment has another size than when it last scaled one of its ReplicaSets.
    pub(super) fn is_scaling_event(&self) -> bool {
        let sizes = self.active();
        sizes.iter().filter_map(|set| annotations::desired_replicas(&set.metadata)).any(|size| size != self.wanted())
    }

    /// Spreads a new size over the ReplicaSets in the middle of a rollout, so that it hastens neither the new nor the
    /// end of the old.
    pub(super) fn scale_proportionally(&self, cluster: &mut Cluster) {
        let active = self.active();
        if active.len() <= 1 {
            let newest_old = self.old.iter().max_by_key(|set| age_key(set));
            if let Some(set) = active.first().or(self.new.as_ref()).or(newest_old) {
                self.scale(cluster, set, self.wanted());
            }
            return;
        }
        if self.is_saturated() {
            for set in active.iter().filter(|set| !self.is_new(set)) {
                self.scale(cluster, set, 0);
            }
            return;
        }
        if is_recreate(self.spec()) {
            return;
        }
        let allowed = if self.wanted() > 0 { self.wanted() + self.max_surge() } else { 0 };
        let to_add = allowed - sum(active.iter().map(|set| replicas(set)));
        for (set, size) in self.proportional_sizes(active, to_add) {
            self.resize(cluster, &set, size);
        }
    }

    /// The sizes of the ReplicaSets when `to_add` pods, negative to take away, are spread over them. The largest takes
    /// what rounding leaves over; of equal ones the newest grows and the oldest shrinks first.
    fn proportional_sizes(&self, mut active: Vec<Arc<ReplicaSet>>, to_add: i32) -> Vec<(Arc<ReplicaSet>, i32)> {
        if to_add > 0 {
            active.sort_by_key(|set| Reverse((replicas(set), age_key(set))));
        } else {
            active.sort_by_key(|set| (Reverse(replicas(set)), age_key(set)));
        }
        let mut added = 0;
        let mut sizes = Vec::new();
        for set in active {
            let fraction = self.fraction(&set);
            let left = to_add - added;
            let share = if to_add > 0 { fraction.min(left) } else { fraction.max(left) };
            let share = if left == 0 { 0 } else { share };
            added += share;
            let size = replicas(&set) + share;
            sizes.push((set, size));
        }
        if let Some((_, size)) = sizes.first_mut() {
            *size = (*size + to_add - added).max(0);
        }
        sizes
    }

    /// By how much a ReplicaSet would grow in proportion (`getReplicaSetFraction`); negative when it shrinks.
    fn fraction(&self, set: &ReplicaSet) -> i32 {
        if self.wanted() == 0 {
            return -replicas(set);
        }
        let of_status = || self.deployment.status.as_ref().and_then(|status| status.replicas);
        let before = annotations::max_replicas(&set.metadata).filter(|max| *max > 0).or_else(of_status).unwrap_or(0);
        if before <= 0 {
            return 0;
        }
        let (size, before) = (i64::from(replicas(set)), i64::from(before));
        let grown = size.saturating_mul(i64::from(self.wanted() + self.max_surge()));
        // Rounded to the nearest, a half up.
        let rounded = grown.saturating_mul(2).saturating_add(before) / (2 * before);
        i32::try_from(rounded - size).unwrap_or(i32::MAX)
    }

    fn is_new(&self, set: &ReplicaSet) -> bool {
        self.new.as_ref().is_some_and(|new| new.metadata.uid == set.metadata.uid)
    }

    /// Whether the new ReplicaSet has every pod it will ever need (`IsSaturated`).
    fn is_saturated(&self) -> bool {
        let wanted = self.wanted();
        self.new.as_ref().is_some_and(|new| {
            replicas(new) == wanted
                && annotations::desired_replicas(&new.metadata) == Some(wanted)
                && available(new) == wanted
        })
    }

    /// Gives a ReplicaSet a size and tells of it; whether it had another one.
    pub(super) fn scale(&self, cluster: &mut Cluster, set: &ReplicaSet, to: i32) -> bool {
        let changes = replicas(set) != to;
        if changes {
            self.resize(cluster, set, to);
        }
        changes
    }

    /// The same, and notes the Deployment's size even on a ReplicaSet that keeps its own (`scaleReplicaSet`). What is noted
    /// already is not written again: each write has the controller look anew.
    fn resize(&self, cluster: &mut Cluster, set: &ReplicaSet, to: i32) {
        let from = replicas(set);
        let max = self.wanted() + self.max_surge();
        let noted = (annotations::desired_replicas(&set.metadata), annotations::max_replicas(&set.metadata));
        if from == to && noted == (Some(self.wanted()), Some(max)) {
            return;
        }
        cluster.store.update::<ReplicaSet>(&ObjectKey::of(set), |set| {
            annotations::set_sizes(set.metadata.annotations.get_or_insert_default(), self.wanted(), max);
            if from != to {
                set.spec.replicas = Some(to);
                bump_generation(&mut set.metadata);
            }
        });
        if from != to {
            self.tell_scaled(cluster, set.metadata.name.as_deref().unwrap_or_default(), Some(from), to);
        }
    }

    pub(super) fn tell_scaled(&self, cluster: &mut Cluster, set: &str, from: Option<i32>, to: i32) {
        let message = cluster.behaviour.scaled_replica_set_message(set, from, to);
        cluster.controller_event(&Deployment::wrap(self.deployment.clone()), "Normal", "ScalingReplicaSet", &message);
    }

    /// Drops the oldest empty ReplicaSets beyond `revisionHistoryLimit` (`cleanupDeployment`).
    pub(super) fn clean_up(&self, cluster: &mut Cluster) {
        let Some(limit) = self.spec().revision_history_limit.filter(|limit| *limit != i32::MAX) else { return };
        let alive: Vec<_> = self.old.iter().filter(|set| set.metadata.deletion_timestamp.is_none()).collect();
        let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        for set in alive.into_iter().take(surplus) {
            let status = set.status.as_ref();
            let observed = status.and_then(|status| status.observed_generation).unwrap_or(0);
            let empty = replicas(set) == 0 && status.is_none_or(|status| status.replicas == 0);
            if empty && set.metadata.generation.unwrap_or(0) <= observed {
                cluster.delete_object(Kind::ReplicaSet, &ObjectKey::of(set.as_ref()), DeleteOptions::default());
            }
        }
    }
}
