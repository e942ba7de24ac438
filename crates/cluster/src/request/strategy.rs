//! What the registries of the kinds decide differently (`pkg/registry/*/*/strategy.go` and `storage.go`).

use std::sync::Arc;

use crate::custom_resource::{self, Definition};
use crate::object::{Kind, Object};

use super::ResourceRef;

/// Built-in kinds that the cluster does not know and that have a status of their own.
const OTHERS_WITH_STATUS: [&str; 10] = [
    "APIService",
    "CertificateSigningRequest",
    "CustomResourceDefinition",
    "FlowSchema",
    "HorizontalPodAutoscaler",
    "Ingress",
    "PriorityLevelConfiguration",
    "ResourceClaim",
    "ServiceCIDR",
    "ValidatingAdmissionPolicy",
];

/// The API groups of Kubernetes itself.
const GROUPS: [&str; 22] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Whether the kind is Kubernetes' own, and not that of a custom resource.
pub(super) fn is_built_in(api_version: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    GROUPS.contains(&group)
}

/// Whether the status of a kind that the cluster does not simulate is a part of its own. Of custom resources that nobody
/// defines it mostly is.
pub(super) fn other_has_status(api_version: &str, kind: &str, definition: Option<&Definition>) -> bool {
    match definition {
        Some(definition) => definition.has_status(),
        None => !is_built_in(api_version) || OTHERS_WITH_STATUS.contains(&kind),
    }
}

/// The same of a kind that it does.
pub(super) fn known_has_status(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::Node
            | Kind::Pod
            | Kind::ReplicationController
            | Kind::Service
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::Job
            | Kind::CronJob
            | Kind::ResourceQuota
            | Kind::PodDisruptionBudget
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::VolumeAttachment
    )
}

/// Whether a PUT of what is not there creates it (`AllowCreateOnUpdate`).
pub(super) fn allows_create_on_update(resource: &ResourceRef) -> bool {
    match resource {
        ResourceRef::Known(kind) => {
            matches!(kind, Kind::Event | Kind::Lease | Kind::LimitRange | Kind::RuntimeClass | Kind::Service)
        }
        ResourceRef::Other { api_version, kind, .. } => {
            api_version.starts_with("rbac.authorization.k8s.io/") || kind == "Endpoints"
        }
    }
}

/// Whether an update need not say which version of the object it is of (`AllowUnconditionalUpdate`).
pub(super) fn allows_unconditional_update(resource: &ResourceRef) -> bool {
    match resource {
        ResourceRef::Known(kind) => !matches!(
            kind,
            Kind::Lease
                | Kind::PodDisruptionBudget
                | Kind::CSINode
                | Kind::CSIDriver
                | Kind::CSIStorageCapacity
                | Kind::RuntimeClass
                | Kind::VolumeAttachment
        ),
        ResourceRef::Other { api_version, kind, .. } => {
            is_built_in(api_version) && !matches!(kind.as_str(), "CustomResourceDefinition" | "APIService")
        }
    }
}

/// Whether a DELETE answers the object that is gone, and not a mere success (`ReturnDeletedObject`).
pub(super) fn returns_deleted_object(resource: &ResourceRef) -> bool {
    matches!(
        resource,
        ResourceRef::Known(
            Kind::Pod
                | Kind::PersistentVolume
                | Kind::PersistentVolumeClaim
                | Kind::ResourceQuota
                | Kind::Service
                | Kind::ServiceAccount
                | Kind::StorageClass
                | Kind::CSINode
                | Kind::CSIDriver
                | Kind::VolumeAttachment
        )
    )
}

/// Takes out of a new object what is not for clients to say (`PrepareForCreate`). Nodes come with the status that their
/// kubelets found.
pub(super) fn prepare_for_create(object: &mut Object, has_status: bool) {
    if has_status {
        drop_status(object);
    }
    if let Object::Other(other) = object
        && other.kind == custom_resource::DEFINITION
    {
        custom_resource::note_stored_version(Arc::make_mut(other));
    }
    let has_spec = matches!(object, Object::Other(other) if other.rest.contains_key("spec"));
    if has_spec || object.kind().is_some_and(Kind::counts_generations) {
        object.metadata_mut().generation = Some(1);
    }
}

fn drop_status(object: &mut Object) {
    match object {
        Object::Namespace(object) => Arc::make_mut(object).status = None,
        Object::Pod(object) => Arc::make_mut(object).status = None,
        Object::ReplicationController(object) => Arc::make_mut(object).status = None,
        Object::Service(object) => Arc::make_mut(object).status = None,
        Object::DaemonSet(object) => Arc::make_mut(object).status = None,
        Object::Deployment(object) => Arc::make_mut(object).status = None,
        Object::ReplicaSet(object) => Arc::make_mut(object).status = None,
        Object::StatefulSet(object) => Arc::make_mut(object).status = None,
        Object::Job(object) => Arc::make_mut(object).status = None,
        Object::CronJob(object) => Arc::make_mut(object).status = None,
        Object::ResourceQuota(object) => Arc::make_mut(object).status = None,
        Object::PodDisruptionBudget(object) => Arc::make_mut(object).status = None,
        Object::PersistentVolume(object) => Arc::make_mut(object).status = None,
        Object::PersistentVolumeClaim(object) => Arc::make_mut(object).status = None,
        Object::VolumeAttachment(object) => Arc::make_mut(object).status = None,
        Object::Other(object) => drop(Arc::make_mut(object).rest.shift_remove("status")),
        _ => {}
    }
}
