//! A pod asked for at this very moment, and tried by the scheduler at once: nothing else of the cluster moves meanwhile.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ResourceQuota;

use crate::api_error::ApiError;
use crate::cluster::Cluster;
use crate::convert;
use crate::object::KnownKind;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

impl Cluster {
    /// Creates a pod as the API server would (defaults, admission, quota) and has the scheduler try it once.
    ///
    /// # Errors
    /// When the API server refuses it; nothing is changed then.
    pub fn ask_for(&mut self, pod: Pod) -> Result<ObjectKey, ApiError> {
        let key = self.post(Pod::wrap(Arc::new(pod)))?;
        self.deliver_changes();
        if self.schedules() {
            self.schedule();
        }
        Ok(key)
    }

    /// Has the scheduler place copies of a pod, until one finds no place, and returns their nodes. Only its own view of the
    /// cluster takes them, which is much quicker than to create them. Nothing is placed when that could make a difference:
    /// when the pod has claims, when quotas count it, or when other pods wait and could be woken.
    pub fn place_copies(&mut self, key: &ObjectKey, limit: usize) -> Vec<String> {
        let Some(pod) = self.store.get::<Pod>(key) else { return Vec::new() };
        let has_quota = self.store.list_in::<ResourceQuota>(&key.namespace).next().is_some();
        let has_claims = pod
            .spec
            .volumes
            .iter()
            .flatten()
            .any(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some());
        if has_quota || has_claims || !self.schedules() || self.scheduling.has_waiting_pods() {
            return Vec::new();
        }
        let model = sim_core::model::Pod { node_name: None, nominated_node_name: None, ..convert::pod(pod) };
        self.scheduling.place_copies(&model, limit)
    }

    /// The node that a pod has, or whose place it holds while its volumes are made.
    pub fn place_of(&self, key: &ObjectKey) -> Option<String> {
        let bound = self.store.get::<Pod>(key).and_then(|pod| pod::node_name(pod).map(str::to_owned));
        bound.or_else(|| self.scheduling.node_waiting_for_volumes(key).map(str::to_owned))
    }
}
