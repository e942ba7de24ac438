//! The ephemeral volume controller (pkg/controller/volume/ephemeral/controller.go, on from 1.21): makes the claims of
//! volumes that live as long as their pod.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::controller_ref::owner_reference;
use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::object::{KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// A pod came: its volumes may need claims.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if let (None, Some(Object::Pod(pod))) = (&changed.before, &changed.after)
        && cluster.behaviour.ephemeral_volumes
        && pod.spec.volumes.iter().flatten().any(|volume| volume.ephemeral.is_some())
    {
        cluster.sync(Controller::EphemeralVolume, changed.key.clone());
    }
}

/// Makes the claims that the pod's volumes ask for and that are not there. They go with the pod.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(pod) = cluster.store.get::<Pod>(key).cloned() else { return };
    if pod::is_terminating(&pod) {
        return;
    }
    let mut volumes = pod.spec.volumes.iter().flatten();
    let fault = volumes.find_map(|volume| {
        let why = make_claim(cluster, &pod, key, volume).err()?;
        Some(format!("ephemeral volume {}: {why}", volume.name))
    });
    match fault {
        Some(message) => {
            let object = Pod::wrap(Arc::clone(&pod));
            cluster.event_from("ephemeral_volume", None, &object, "Warning", "FailedBinding", &message);
            cluster.requeue_rate_limited(Controller::EphemeralVolume, key);
        }
        None => cluster.forget(Controller::EphemeralVolume, key),
    }
}

fn make_claim(cluster: &mut Cluster, pod: &Pod, key: &ObjectKey, volume: &Volume) -> Result<(), String> {
    let Some(template) = volume.ephemeral.as_ref().and_then(|source| source.volume_claim_template.clone()) else {
        return Ok(());
    };
    let name = format!("{}-{}", key.name, volume.name);
    if let Some(claim) = cluster.store.find::<PersistentVolumeClaim>(&key.namespace, &name) {
        let owner = pod::controller_of(&claim.metadata).map(|owner| &owner.uid);
        return match owner == pod.metadata.uid.as_ref() {
            true => Ok(()),
            false => Err(format!("PVC {}/{name} was not created for pod {key} (pod is not owner)", key.namespace)),
        };
    }
    let from = template.metadata.unwrap_or_default();
    let metadata = ObjectMeta {
        name: Some(name.clone()),
        namespace: pod.metadata.namespace.clone(),
        labels: from.labels,
        annotations: from.annotations,
        owner_references: Some(vec![owner_reference(pod)]),
        ..ObjectMeta::default()
    };
    let claim = PersistentVolumeClaim { metadata, spec: Some(template.spec), status: None };
    let created = cluster.post(PersistentVolumeClaim::wrap(Arc::new(claim)));
    created.map(|_| ()).map_err(|error| format!("create PVC {name}: {error}"))
}
