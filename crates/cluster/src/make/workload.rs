//! Changes of workloads: replicas, and what their pod templates say.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{PodTemplateSpec, ReplicationController, Toleration};
use serde_json::{Value, json};

use super::Refused;
use crate::admission::SCALE;
use crate::change::{ObjectRef, WorkloadRef};
use crate::cluster::Cluster;
use crate::controllers::deployment::{MAX_REPLICAS, bump_generation};
use crate::object::{Kind, Object};
use crate::ownership::Ownership;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

impl Cluster {
    pub(super) fn scale(&mut self, workload: &ObjectRef, replicas: i32) -> Result<Vec<String>, Refused> {
        if replicas < 0 {
            let message = "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0";
            return Err(Refused(message.to_owned()));
        }
        if replicas > MAX_REPLICAS {
            return Err(Refused(format!(
                "error: {replicas} replicas are more than the {MAX_REPLICAS} that sim runs of one workload"
            )));
        }
        let (kind, key) = self.resolve(workload)?;
        let present = match self.store.object(kind, &key) {
            Some(Object::Deployment(object)) => object.spec.replicas,
            Some(Object::ReplicaSet(object)) => object.spec.replicas,
            Some(Object::StatefulSet(object)) => object.spec.replicas,
            Some(Object::ReplicationController(object)) => object.spec.as_ref().and_then(|spec| spec.replicas),
            _ => {
                let message = "Error from server (NotFound): the server could not find the requested resource";
                return Err(Refused(message.to_owned()));
            }
        };
        if let Some(live) = self.store.object(kind, &key) {
            self.ask_webhooks_about_update(&live, &live, SCALE)?;
        }
        if present.unwrap_or(1) != replicas {
            match kind {
                Kind::Deployment => self.store.update::<Deployment>(&key, |object| {
                    object.spec.replicas = Some(replicas);
                    bump_generation(&mut object.metadata);
                }),
                Kind::ReplicaSet => self.store.update::<ReplicaSet>(&key, |object| {
                    object.spec.replicas = Some(replicas);
                    bump_generation(&mut object.metadata);
                }),
                Kind::ReplicationController => self.store.update::<ReplicationController>(&key, |object| {
                    object.spec.get_or_insert_default().replicas = Some(replicas);
                    bump_generation(&mut object.metadata);
                }),
                _ => self.store.update::<StatefulSet>(&key, |object| {
                    object.spec.replicas = Some(replicas);
                    bump_generation(&mut object.metadata);
                }),
            }
        }
        Ok(vec![format!("{}/{} scaled", kind.qualified(), key.name)])
    }

    pub(super) fn add_toleration(
        &mut self,
        workload: &WorkloadRef,
        toleration: &Toleration,
    ) -> Result<Vec<String>, Refused> {
        let targets = self.workloads(workload)?;
        if let Some((kind, _)) = targets.iter().find(|(kind, _)| !has_template(*kind)) {
            return Err(Refused(format!("error: {} has no pod template to add a toleration to", kind.plural())));
        }
        let mut made = Vec::new();
        for (kind, key) in targets {
            let name = format!("{}/{}", kind.qualified(), key.name);
            if self.has_toleration(kind, &key, toleration) {
                made.push(format!("{name} patched (no change)"));
                continue;
            }
            self.change_template(kind, &key, |template| {
                let tolerations = template.spec.get_or_insert_default().tolerations.get_or_insert_default();
                tolerations.push(toleration.clone());
            });
            made.push(format!("{name} patched"));
        }
        Ok(made)
    }

    /// Whether the pod template, or the pod itself, has this very toleration.
    fn has_toleration(&self, kind: Kind, key: &ObjectKey, toleration: &Toleration) -> bool {
        let Some(object) = self.store.object(kind, key) else { return false };
        let list = if kind == Kind::Pod { "/spec/tolerations" } else { "/spec/template/spec/tolerations" };
        let value = object.to_value();
        let mut list = value.pointer(list).and_then(Value::as_array).into_iter().flatten();
        list.any(|own| *own == json!(toleration))
    }

    /// The workloads that are meant.
    ///
    /// # Errors
    /// When one that is named is not there, or no pod is pending.
    pub fn workloads(&self, workload: &WorkloadRef) -> Result<BTreeSet<(Kind, ObjectKey)>, Refused> {
        let targets: BTreeSet<(Kind, ObjectKey)> = match workload {
            WorkloadRef::Object(object) => BTreeSet::from([self.resolve(object)?]),
            WorkloadRef::Pending => {
                let ownership = Ownership::of(&self.store);
                let pending = self
                    .store
                    .list::<Pod>()
                    .filter(|pod| pod::phase(pod) == "Pending" && pod::node_name(pod).is_none() && pod::is_active(pod));
                pending
                    .map(|pod| match ownership.top(&pod.metadata) {
                        Some(owner) => (Kind::parse(&owner.kind).unwrap_or(Kind::Pod), owner.key),
                        None => (Kind::Pod, ObjectKey::of(pod.as_ref())),
                    })
                    .filter(|(kind, key)| self.store.object(*kind, key).is_some())
                    .collect()
            }
        };
        if targets.is_empty() {
            return Err(Refused(
                "error: no pods are pending, so there is no workload to add a toleration to".to_owned(),
            ));
        }
        Ok(targets)
    }

    fn change_template(&mut self, kind: Kind, key: &ObjectKey, change: impl FnOnce(&mut PodTemplateSpec)) {
        match kind {
            Kind::Deployment => self.store.update::<Deployment>(key, |object| {
                change(&mut object.spec.template);
                bump_generation(&mut object.metadata);
            }),
            Kind::ReplicaSet => self.store.update::<ReplicaSet>(key, |object| {
                change(object.spec.template.get_or_insert_default());
                bump_generation(&mut object.metadata);
            }),
            Kind::ReplicationController => self.store.update::<ReplicationController>(key, |object| {
                change(object.spec.get_or_insert_default().template.get_or_insert_default());
                bump_generation(&mut object.metadata);
            }),
            Kind::DaemonSet => self.store.update::<DaemonSet>(key, |object| {
                change(&mut object.spec.template);
                bump_generation(&mut object.metadata);
            }),
            Kind::StatefulSet => self.store.update::<StatefulSet>(key, |object| {
                change(&mut object.spec.template);
                bump_generation(&mut object.metadata);
            }),
            Kind::Pod => self.store.update::<Pod>(key, |pod| {
                // The one thing of a pod's spec that may grow while it waits.
                pod.change_spec(|spec| {
                    let mut template = PodTemplateSpec { metadata: None, spec: Some(std::mem::take(spec)) };
                    change(&mut template);
                    *spec = template.spec.unwrap_or_default();
                });
            }),
            _ => {}
        }
    }
}

fn has_template(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::DaemonSet
            | Kind::StatefulSet
            | Kind::Pod
    )
}
