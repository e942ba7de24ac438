//! The status of a DaemonSet (`updateDaemonSetStatus`).

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetStatus};

use super::Daemons;
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::controllers::replica_set::count;
use crate::pod;
use crate::store::ObjectKey;

impl Daemons {
    /// Counts nodes by the pod on each that stays, as it was before the sync, and comes back when the next ready pod has
    /// been so for `minReadySeconds`.
    pub(super) fn write_status(&self, cluster: &mut Cluster) {
        let min_ready = self.set.spec.min_ready_seconds.unwrap_or(0);
        let now = cluster.clock.now();
        let (mut desired, mut current, mut misscheduled, mut updated) = (0, 0, 0, 0);
        let mut since = Vec::new();
        for node in &self.nodes {
            let first = node.pods.first();
            if !node.fitness.should_run {
                misscheduled += usize::from(first.is_some());
                continue;
            }
            desired += 1;
            current += usize::from(first.is_some());
            updated += usize::from(first.is_some_and(|pod| self.is_updated(pod)));
            since.extend(first.and_then(|pod| pod::available_since(pod, min_ready)));
        }
        let ready = since.len();
        let available = since.iter().filter(|since| **since <= now).count();
        let key = ObjectKey::of(self.set.as_ref());
        if let Some(next) = since.into_iter().filter(|since| *since > now).min() {
            let at = cluster.clock.ms_of(next);
            cluster.agenda.add(at, Event::Sync(Controller::DaemonSet, key.clone()));
        }
        let some = |items: usize| Some(count(items)).filter(|number| *number > 0);
        let status = DaemonSetStatus {
            desired_number_scheduled: count(desired),
            current_number_scheduled: count(current),
            number_misscheduled: count(misscheduled),
            number_ready: count(ready),
            number_available: some(available),
            number_unavailable: some(desired.saturating_sub(available)),
            updated_number_scheduled: some(updated),
            observed_generation: self.set.metadata.generation,
            ..self.set.status.clone().unwrap_or_default()
        };
        if self.set.status.as_ref() != Some(&status) {
            cluster.store.update::<DaemonSet>(&key, |set| set.status = Some(status));
        }
    }
}
