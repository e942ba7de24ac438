//! What containers cannot do without: dependencies that a Scenario declares, looked at again whenever they change.

use k8s_openapi::api::core::v1::{Node, Service};

use super::work::PodWork;
use crate::api;
use crate::change::ObjectRef;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::conduct::{Conduct, Need};
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// Whether everything that the container needs, to start or to become ready, is there.
pub(super) fn are_met(cluster: &Cluster, namespace: &str, conduct: &Conduct, to_start: bool) -> bool {
    let mut needs = conduct.needs.iter().filter(|need| need.to_start == to_start);
    needs.all(|need| key_of(namespace, &need.target).is_some_and(|(kind, key)| is_ready(cluster, kind, &key)))
}

impl Cluster {
    /// What the containers of a pod were declared to need and what is not ready now.
    pub fn unmet_needs(&self, pod: &ObjectKey) -> Vec<ObjectRef> {
        let Some(work) = self.kubelets.pods.get(pod) else { return Vec::new() };
        let needs = work.containers.iter().flat_map(|container| &container.conduct.needs);
        let unmet = needs
            .filter(|need| key_of(&pod.namespace, &need.target).is_none_or(|(kind, key)| !is_ready(self, kind, &key)));
        let mut targets: Vec<ObjectRef> = Vec::new();
        for need in unmet {
            let namespace = Some(need.target.namespace.clone().unwrap_or_else(|| pod.namespace.to_string()));
            let target = ObjectRef { namespace, ..need.target.clone() };
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        targets
    }
}

/// Writes down what the pod needs, so that it hears of changes.
pub(super) fn note(cluster: &mut Cluster, key: &ObjectKey, work: &mut PodWork) {
    if std::mem::replace(&mut work.needs_known, true) {
        return;
    }
    for target in targets(&key.namespace, work) {
        cluster.kubelets.dependents.entry(target).or_default().insert(key.clone());
    }
}

/// The pod is gone and needs nothing more.
pub(super) fn forget(cluster: &mut Cluster, key: &ObjectKey, work: &PodWork) {
    for target in targets(&key.namespace, work) {
        if let Some(dependents) = cluster.kubelets.dependents.get_mut(&target) {
            dependents.remove(key);
            if dependents.is_empty() {
                cluster.kubelets.dependents.remove(&target);
            }
        }
    }
}

/// An object changed: the pods that need it look again.
pub(super) fn wake_dependents(cluster: &mut Cluster, changed: &Changed) {
    if cluster.kubelets.dependents.is_empty() {
        return;
    }
    let mut woken: Vec<ObjectKey> = Vec::new();
    let of =
        |kind, key: &ObjectKey| cluster.kubelets.dependents.get(&(kind, key.clone())).into_iter().flatten().cloned();
    woken.extend(of(changed.kind, &changed.key));
    if changed.kind == Kind::Pod {
        // Who needs a Service needs one of the pods behind it.
        let services = cluster.kubelets.dependents.iter();
        let services = services.filter(|((kind, key), _)| {
            *kind == Kind::Service && key.namespace == changed.key.namespace && readiness_changed(changed)
        });
        woken.extend(services.flat_map(|(_, dependents)| dependents.iter().cloned()));
    }
    for key in woken {
        cluster.agenda.add(cluster.clock.now_ms(), Event::Kubelet(key));
    }
}

fn readiness_changed(changed: &Changed) -> bool {
    let ready = |object: &Option<Object>| matches!(object, Some(Object::Pod(pod)) if pod::is_ready(pod));
    ready(&changed.before) != ready(&changed.after)
}

fn targets(namespace: &str, work: &PodWork) -> Vec<(Kind, ObjectKey)> {
    let needs = work.containers.iter().flat_map(|container| &container.conduct.needs);
    needs.filter_map(|Need { target, .. }| key_of(namespace, target)).collect()
}

fn key_of(namespace: &str, target: &ObjectRef) -> Option<(Kind, ObjectKey)> {
    let kind = Kind::parse(&target.kind)?;
    let namespace = target.namespace.as_deref().unwrap_or(namespace);
    Some((kind, ObjectKey::new(if kind.is_namespaced() { namespace } else { "" }, &target.name)))
}

/// A node or pod by its Ready condition; a workload or Service as soon as one of its pods is ready; anything else by
/// being there.
fn is_ready(cluster: &Cluster, kind: Kind, key: &ObjectKey) -> bool {
    let store = &cluster.store;
    let one = |ready: Option<i32>| ready.is_some_and(|ready| ready > 0);
    match kind {
        Kind::Node => store.get::<Node>(key).is_some_and(|node| {
            let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
            conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
        }),
        Kind::Pod => store.get::<Pod>(key).is_some_and(|pod| pod::is_ready(pod)),
        Kind::Deployment => {
            one(store.get::<api::Deployment>(key).and_then(|object| object.status.as_ref()?.ready_replicas))
        }
        Kind::ReplicaSet => {
            one(store.get::<api::ReplicaSet>(key).and_then(|object| object.status.as_ref()?.ready_replicas))
        }
        Kind::StatefulSet => {
            one(store.get::<api::StatefulSet>(key).and_then(|object| object.status.as_ref()?.ready_replicas))
        }
        Kind::DaemonSet => {
            one(store.get::<api::DaemonSet>(key).and_then(|object| Some(object.status.as_ref()?.number_ready)))
        }
        Kind::Service => store.get::<Service>(key).is_some_and(|service| {
            let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            selector.filter(|selector| !selector.is_empty()).is_some_and(|selector| {
                store.list_in::<Pod>(&key.namespace).any(|pod| {
                    let labels = pod.metadata.labels.as_ref();
                    pod::is_ready(pod)
                        && selector
                            .iter()
                            .all(|(name, value)| labels.and_then(|labels| labels.get(name)) == Some(value))
                })
            })
        }),
        kind => store.object(kind, key).is_some(),
    }
}
