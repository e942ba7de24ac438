//! The Deployment controller (pkg/controller/deployment/deployment_controller.go, v1.16 to v1.34): one ReplicaSet per
//! template, rolled over within surge and unavailability.

mod annotations;
mod new_replica_set;
mod progress;
mod recreate;
mod rolling;
pub(crate) mod rollout;
mod scale;
mod status;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use self::rollout::Rollout;
use super::controller_ref;
use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind, Object};
use crate::pod;
use crate::store::{Changed, ObjectKey};

pub(crate) use self::annotations::REVISION;
pub(crate) use self::progress::is_put_off_for_ever;
pub(crate) use self::rollout::{is_selecting_all, resolve};

/// More replicas than these no cluster holds; who asks for more has mistyped, and is told so.
pub const MAX_REPLICAS: i32 = 1_000_000;
/// The label that tells the ReplicaSets of one Deployment apart.
pub(crate) const HASH_LABEL: &str = "pod-template-hash";

/// A Deployment changed, or a ReplicaSet of one or that one could adopt; or a pod is gone that a Recreate waits for.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match (&changed.kind, &changed.before, &changed.after) {
        (Kind::Deployment, ..) => cluster.sync(Controller::Deployment, changed.key.clone()),
        (Kind::ReplicaSet, _, after) => {
            cluster.sync_owners(Controller::Deployment, Kind::Deployment, changed);
            if let Some(Object::ReplicaSet(set)) = after
                && pod::controller_of(&set.metadata).is_none()
            {
                for key in controller_ref::adopters::<Deployment>(cluster, &set.metadata) {
                    cluster.sync(Controller::Deployment, key);
                }
            }
        }
        (Kind::Pod, Some(Object::Pod(gone)), None) => {
            if let Some(key) = recreating_deployment(cluster, &gone.metadata) {
                cluster.sync(Controller::Deployment, key);
            }
        }
        _ => {}
    }
}

fn recreating_deployment(cluster: &Cluster, pod: &ObjectMeta) -> Option<ObjectKey> {
    let namespace = pod.namespace.as_deref()?;
    let set = pod::controller_of(pod).filter(|owner| owner.kind == Kind::ReplicaSet.name())?;
    let set = cluster.store.find::<ReplicaSet>(namespace, &set.name)?;
    let owner = pod::controller_of(&set.metadata).filter(|owner| owner.kind == Kind::Deployment.name())?;
    let deployment = cluster.store.find::<Deployment>(namespace, &owner.name)?;
    rollout::is_recreate(&deployment.spec).then(|| ObjectKey::of(deployment.as_ref()))
}

/// Brings the ReplicaSets of a Deployment a step closer to its spec and writes the status.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(deployment) = cluster.store.get::<Deployment>(key).cloned() else { return };
    if is_selecting_all(&deployment.spec.selector) {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        cluster.controller_event(&Deployment::wrap(deployment), "Warning", "SelectingAll", message);
        return;
    }
    let mut rollout = Rollout::claim(cluster, deployment);
    if rollout.deployment.metadata.deletion_timestamp.is_some() {
        rollout.write_status(cluster);
        return;
    }
    rollout.check_paused(cluster);
    rollout.sync_revision(cluster);
    if rollout.is_paused() || rollout.is_scaling_event() {
        rollout.scale_proportionally(cluster);
        if rollout.is_paused() {
            rollout.clean_up(cluster);
        }
        rollout.write_status(cluster);
    } else if rollout::is_recreate(rollout.spec()) {
        rollout.recreate(cluster);
    } else {
        rollout.roll(cluster);
    }
}

/// A write to the spec counts in the generation.
pub(crate) fn bump_generation(metadata: &mut ObjectMeta) {
    metadata.generation = Some(metadata.generation.unwrap_or(1).saturating_add(1));
}
