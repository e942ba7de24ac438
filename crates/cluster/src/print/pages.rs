//! Which page describes which kind, and what is looked up for it.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Event, LimitRange, ResourceQuota, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::context::PrintContext;
use super::describe_access::{describe_binding, describe_role};
use super::describe_any::describe_any;
use super::describe_autoscaler::describe_autoscaler;
use super::describe_batch::{describe_cron_job, describe_job};
use super::describe_data::{describe_config_map, describe_secret, describe_service, describe_service_account};
use super::describe_network::{
    Backends, describe_endpoint_slice, describe_endpoints, describe_ingress, describe_ingress_class,
    describe_network_policy,
};
use super::describe_node::describe_node;
use super::describe_pod::describe_pod;
use super::describe_policy::{
    describe_budget, describe_limit_range, describe_namespace, describe_priority_class, describe_quota,
};
use super::describe_storage::{describe_claim, describe_csi_node, describe_storage_class, describe_volume};
use super::describe_workload::{
    PodPhases, describe_daemon_set, describe_deployment, describe_replica_set, describe_replication_controller,
    describe_stateful_set, pod_phases,
};
use crate::api::{Deployment, ReplicaSet};
use crate::controllers::deployment::rollout::same_template;
use crate::convert;
use crate::object::{Object, Unstructured};
use crate::pod::{self, Pod};
use crate::secret::Secret;
use crate::store::{ObjectKey, Store};

/// The label by which an EndpointSlice says whose it is.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The page of an object of a store.
pub fn describe(store: &Store, object: &Object, context: &PrintContext) -> String {
    let events = &events_of(store, object);
    let namespace = object.namespace().unwrap_or_default();
    let phases = |selector: &LabelSelector| phases(store, object, &convert::label_selector(selector));
    match object {
        Object::Pod(pod) => describe_pod(pod, events, context),
        Object::Node(node) => {
            let pods: Vec<&Pod> = store.list::<Pod>().map(AsRef::as_ref).collect();
            let on_node = pods.into_iter().filter(|pod| pod::node_name(pod) == Some(object.name())).collect::<Vec<_>>();
            let lease = store.get::<Lease>(&ObjectKey::new("kube-node-lease", object.name()));
            describe_node(node, &on_node, lease.map(AsRef::as_ref), events, context)
        }
        Object::Deployment(deployment) => {
            let (old, new) = replica_sets(store, deployment);
            describe_deployment(deployment, &old, &new, events, context)
        }
        Object::ReplicaSet(set) => describe_replica_set(set, phases(&set.spec.selector), events, context),
        Object::ReplicationController(controller) => {
            let labels = controller.spec.as_ref().and_then(|spec| spec.selector.clone());
            let selector = LabelSelector { match_labels: labels, match_expressions: None };
            describe_replication_controller(controller, phases(&selector), events, context)
        }
        Object::StatefulSet(set) => describe_stateful_set(set, phases(&set.spec.selector), events, context),
        Object::DaemonSet(set) => describe_daemon_set(set, phases(&set.spec.selector), events, context),
        Object::Job(job) => describe_job(job, events, context),
        Object::CronJob(cron_job) => describe_cron_job(cron_job, events, context),
        Object::PersistentVolumeClaim(claim) => {
            let names = |pod: &Pod| {
                let claims =
                    pod.spec.volumes.iter().flatten().filter_map(|volume| volume.persistent_volume_claim.as_ref());
                let named = claims.filter(|claim| claim.claim_name == object.name()).count();
                let owns = claim
                    .metadata
                    .owner_references
                    .iter()
                    .flatten()
                    .any(|owner| owner.kind == "Pod" && Some(&owner.uid) == pod.metadata.uid.as_ref());
                named > 0 || owns
            };
            let pods = store.list_in::<Pod>(namespace).filter(|pod| names(pod));
            let pods: Vec<String> = pods.filter_map(|pod| pod.metadata.name.clone()).collect();
            describe_claim(claim, &pods, events, context)
        }
        Object::PersistentVolume(volume) => describe_volume(volume, events, context),
        Object::StorageClass(class) => describe_storage_class(class, events, context),
        Object::CSINode(node) => describe_csi_node(node, events, context),
        Object::PodDisruptionBudget(budget) => describe_budget(budget, events, context),
        Object::PriorityClass(class) => describe_priority_class(class, events, context),
        Object::ResourceQuota(quota) => describe_quota(quota),
        Object::LimitRange(range) => describe_limit_range(range),
        Object::Namespace(own) => {
            let quotas: Vec<&ResourceQuota> = store.list_in(object.name()).map(AsRef::as_ref).collect();
            let ranges: Vec<&LimitRange> = store.list_in(object.name()).map(AsRef::as_ref).collect();
            describe_namespace(own, &quotas, &ranges, context)
        }
        Object::Service(service) => {
            describe_service(service, &endpoints(store, namespace, object.name(), context), events, context)
        }
        Object::ConfigMap(map) => describe_config_map(map, events, context),
        Object::ServiceAccount(account) => {
            let secrets: Vec<&Secret> = store.list_in(namespace).map(AsRef::as_ref).collect();
            describe_service_account(account, &secrets, events, context)
        }
        Object::Secret(secret) => describe_secret(secret),
        Object::Other(other) => describe_other(store, object, other, events, context),
        other => describe_any(other, &other.to_value(), events, context),
    }
}

/// The page of an object of a kind that is kept as it was read.
fn describe_other(
    store: &Store,
    object: &Object,
    other: &Unstructured,
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let group = other.api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, other.kind.as_str()) {
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => describe_role(other),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => describe_binding(other),
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => describe_network_policy(other, context),
        ("networking.k8s.io" | "extensions", "Ingress") => {
            let namespace = object.namespace().unwrap_or_default();
            let service = |name: &str| store.find::<Service>(namespace, name).map(AsRef::as_ref);
            let endpoints = |name: &str| endpoints(store, namespace, name, context);
            describe_ingress(other, &Backends { service: &service, endpoints: &endpoints }, events, context)
        }
        ("networking.k8s.io", "IngressClass") => describe_ingress_class(other, events, context),
        ("autoscaling", "HorizontalPodAutoscaler") => describe_autoscaler(other, events, context),
        ("discovery.k8s.io", "EndpointSlice") => describe_endpoint_slice(other, events, context),
        ("", "Endpoints") => describe_endpoints(other, events, context),
        _ => describe_any(object, &object.to_value(), events, context),
    }
}

/// The events about an object, in the order kubectl lists them. Those of an earlier one of the same name have its uid
/// (`events.Search`); those of nodes have the node's name there, and those of static pods the hash of their file.
fn events_of<'a>(store: &'a Store, object: &Object) -> Vec<&'a Event> {
    let metadata = object.metadata();
    let by_uid = match object {
        Object::Node(_) => false,
        Object::Pod(pod) => !pod::is_static(pod),
        _ => true,
    };
    let is_of_this = |uid: &Option<String>| !by_uid || uid.is_none() || *uid == metadata.uid;
    let events = store.list::<Event>().map(AsRef::as_ref).filter(|event: &&Event| {
        let regarding = &event.involved_object;
        regarding.name.as_deref() == Some(object.name())
            && regarding.kind.as_deref() == Some(object.kind_name())
            && regarding.namespace.as_deref().unwrap_or_default() == object.namespace().unwrap_or_default()
            && is_of_this(&regarding.uid)
    });
    let mut events: Vec<&Event> = events.collect();
    if matches!(object, Object::Node(_)) {
        // kubectl looks twice: for the node's uid, then for its name.
        events.sort_by_key(|event| event.involved_object.uid != metadata.uid);
    }
    events
}

fn phases(store: &Store, object: &Object, selector: &sim_core::model::LabelSelector) -> PodPhases {
    let pods = store.list_in::<Pod>(object.namespace().unwrap_or_default()).map(AsRef::as_ref);
    let none = Default::default();
    pod_phases(pods, object.metadata().uid.as_deref(), |pod| {
        selector.matches(pod.metadata.labels.as_ref().unwrap_or(&none))
    })
}

/// A Deployment's ReplicaSets: those of other templates and those of its own (`GetAllReplicaSetsInChunks`).
fn replica_sets<'a>(store: &'a Store, deployment: &'a Deployment) -> (Vec<&'a ReplicaSet>, Vec<&'a ReplicaSet>) {
    let namespace = deployment.metadata.namespace.as_deref().unwrap_or_default();
    let is_own = |set: &&ReplicaSet| {
        pod::controller_of(&set.metadata).is_some_and(|owner| Some(&owner.uid) == deployment.metadata.uid.as_ref())
    };
    let mut sets: Vec<&ReplicaSet> = store.list_in(namespace).map(AsRef::as_ref).filter(is_own).collect();
    sets.sort_by_key(|set| (set.metadata.creation_timestamp.as_ref().map(|time| time.0), set.metadata.name.clone()));
    let new = sets.iter().position(|set| {
        let template = set.spec.template.clone().unwrap_or_default();
        same_template(&template, &deployment.spec.template)
    });
    let new: Vec<&ReplicaSet> = new.map(|index| sets.remove(index)).into_iter().collect();
    (sets, new)
}

/// What says which pods are behind a Service.
fn endpoints<'a>(store: &'a Store, namespace: &'a str, service: &str, context: &PrintContext) -> Vec<&'a Unstructured> {
    if !context.layout.endpoint_slices {
        let own = others(store, namespace, "Endpoints")
            .filter(|endpoints| endpoints.metadata.name.as_deref() == Some(service));
        return own.map(AsRef::as_ref).collect();
    }
    let slices = others(store, namespace, "EndpointSlice").filter(|slice| {
        let labels = slice.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get(SERVICE_NAME)).map(String::as_str) == Some(service)
    });
    slices.map(AsRef::as_ref).collect()
}

fn others<'a>(
    store: &'a Store,
    namespace: &'a str,
    kind: &'static str,
) -> impl Iterator<Item = &'a std::sync::Arc<Unstructured>> {
    store.others().filter(move |object| {
        object.kind == kind && object.metadata.namespace.as_deref().unwrap_or_default() == namespace
    })
}
