//! What the scheduler does for a pod's claims before it binds the pod (`volumebinding/binder.go`, PreBind, v1.34).

use k8s_openapi::api::core::v1::{ObjectReference, PersistentVolume, PersistentVolumeClaim};
use sim_core::scheduler::VolumePlan;

use crate::cluster::Cluster;
use crate::store::ObjectKey;

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

impl Cluster {
    /// Binds the claims that volumes were found for, both ways at once, as the PersistentVolume controller would go on
    /// to do; the others are told their node. No provisioner runs: such a claim stays as it is, and the pod does not
    /// wait for it.
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
}

fn annotate(annotations: &mut Option<std::collections::BTreeMap<String, String>>, key: &str, value: &str) {
    annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
}
