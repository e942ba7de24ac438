//! What the scheduler does for a pod's claims before it binds the pod (`volumebinding/binder.go`, PreBind, v1.34): it has
//! claims bound to the volumes it found, has provisioners make the others, and waits until all are bound.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ObjectReference, PersistentVolume, PersistentVolumeClaim};
use sim_core::model::Pod;
use sim_core::scheduler::VolumePlan;

use super::Nominating;
use crate::api;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::object::Object;
use crate::store::{Changed, ObjectKey};

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// How long a pod's claims may take to be bound, in milliseconds (`bindTimeoutSeconds`).
const BIND_TIMEOUT_MS: u64 = 600_000;

/// A pod that has its node and waits for its volumes.
#[derive(Debug, Clone)]
pub(super) struct WaitingForVolumes {
    pod: Arc<Pod>,
    pub(super) node: String,
    claims: Vec<ObjectKey>,
    /// When the scheduler gives up, in milliseconds.
    due_ms: u64,
}

impl Cluster {
    /// Binds the claims that volumes were found for, both ways at once, as the PersistentVolume controller would go on
    /// to do; the others are told their node, for their provisioners.
    pub(super) fn bind_volumes(&mut self, plan: &VolumePlan, node: &str) {
        for (namespace, name, volume) in &plan.bindings {
            let key = ObjectKey::new(namespace, name);
            let Some(claim) = self.store.get::<PersistentVolumeClaim>(&key).cloned() else { continue };
            let reference = ObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("PersistentVolumeClaim".to_owned()),
                namespace: Some(namespace.clone()),
                name: Some(name.clone()),
                uid: claim.metadata.uid.clone(),
                resource_version: claim.metadata.resource_version.clone(),
                ..ObjectReference::default()
            };
            let mut capacity = None;
            self.store.update::<PersistentVolume>(&ObjectKey::new("", volume), |volume| {
                let spec = volume.spec.get_or_insert_default();
                spec.claim_ref = Some(reference);
                capacity = spec.capacity.clone();
                volume.status.get_or_insert_default().phase = Some("Bound".to_owned());
                annotate(&mut volume.metadata.annotations, BOUND_BY_CONTROLLER, "yes");
            });
            self.store.update::<PersistentVolumeClaim>(&key, |claim| {
                let spec = claim.spec.get_or_insert_default();
                spec.volume_name = Some(volume.clone());
                let access_modes = spec.access_modes.clone();
                let status = claim.status.get_or_insert_default();
                status.phase = Some("Bound".to_owned());
                status.access_modes = access_modes;
                status.capacity = capacity;
                annotate(&mut claim.metadata.annotations, BIND_COMPLETED, "yes");
                annotate(&mut claim.metadata.annotations, BOUND_BY_CONTROLLER, "yes");
            });
        }
        for (namespace, name) in &plan.provisions {
            self.store.update::<PersistentVolumeClaim>(&ObjectKey::new(namespace, name), |claim| {
                annotate(&mut claim.metadata.annotations, SELECTED_NODE, node);
            });
        }
    }

    /// Has the pod wait for the volumes that are being made; its place on the node is taken meanwhile.
    pub(super) fn wait_for_volumes(&mut self, key: &ObjectKey, pod: &Pod, plan: &VolumePlan, node: &str) {
        let claims = plan.provisions.iter().map(|(namespace, name)| ObjectKey::new(namespace, name)).collect();
        let due_ms = self.clock.now_ms().saturating_add(BIND_TIMEOUT_MS);
        let assumed = Pod { node_name: Some(node.to_owned()), ..pod.clone() };
        self.scheduling.snapshot.add_pod(Arc::new(assumed));
        let waiting = WaitingForVolumes { pod: Arc::new(pod.clone()), node: node.to_owned(), claims, due_ms };
        self.scheduling.waiting_for_volumes.insert(key.clone(), waiting);
        self.agenda.add(due_ms, Event::VolumesTimeOut(key.clone()));
    }

    /// A claim changed: pods that waited for nothing else are bound. A pod that is gone waits for nothing.
    pub(super) fn watch_waiting_for_volumes(&mut self, changed: &Changed) {
        match &changed.after {
            None if changed.kind == crate::object::Kind::Pod => {
                self.scheduling.waiting_for_volumes.remove(&changed.key);
            }
            Some(Object::PersistentVolumeClaim(claim)) if is_bound(claim) => {
                let waiting = self.scheduling.waiting_for_volumes.iter();
                let ready: Vec<ObjectKey> = waiting
                    .filter(|(_, waiting)| waiting.claims.contains(&changed.key))
                    .filter(|(_, waiting)| waiting.claims.iter().all(|claim| self.claim_is_bound(claim)))
                    .map(|(pod, _)| pod.clone())
                    .collect();
                for pod in ready {
                    self.stop_waiting(&pod, |cluster, object, waiting| {
                        cluster.finish_binding(&pod, object, &waiting.pod, &waiting.node);
                    });
                }
            }
            _ => {}
        }
    }

    fn claim_is_bound(&self, claim: &ObjectKey) -> bool {
        self.store.get::<PersistentVolumeClaim>(claim).is_some_and(|claim| is_bound(claim))
    }

    /// The time is up for a pod's volumes: it is tried again.
    pub(crate) fn volumes_time_out(&mut self, key: &ObjectKey) {
        let now = self.clock.now_ms();
        if self.scheduling.waiting_for_volumes.get(key).is_none_or(|waiting| waiting.due_ms > now) {
            return;
        }
        self.stop_waiting(key, |cluster, object, waiting| {
            let cause = cluster.behaviour.volume_binding_time_out;
            let message = format!("running PreBind plugin \"VolumeBinding\": binding volumes: {cause}");
            cluster.failed_scheduling(Object::Pod(Arc::clone(object)), &message);
            cluster.scheduling.queue.add_unschedulable(Arc::clone(&waiting.pod), BTreeSet::new(), now);
            cluster.set_unscheduled(key, "SchedulerError", &message, Nominating::Noop);
        });
    }

    fn stop_waiting(&mut self, key: &ObjectKey, then: impl FnOnce(&mut Self, &Arc<api::Pod>, &WaitingForVolumes)) {
        let Some(waiting) = self.scheduling.waiting_for_volumes.remove(key) else { return };
        self.scheduling.snapshot.remove_pod(&waiting.pod.namespace, &waiting.pod.name);
        if let Some(object) = self.store.get::<api::Pod>(key).cloned() {
            then(self, &object, &waiting);
        }
    }
}

fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    claim.metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(BIND_COMPLETED))
}

fn annotate(annotations: &mut Option<std::collections::BTreeMap<String, String>>, key: &str, value: &str) {
    annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
}
