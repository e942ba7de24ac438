//! Which table is of which kind.

use super::context::PrintContext;
use super::table::Table;
use super::{batch, core, events::events, nodes::nodes, pods::pods, storage, verbatim, workloads};
use crate::object::{Kind, Object};
use crate::resource::Resource;

/// The table of some objects of one resource, in the order given.
pub fn resource_objects(resource: &Resource, objects: &[Object], context: &PrintContext) -> Table {
    match resource.known {
        Some(kind) => self::objects(kind, objects, context),
        None => verbatim::table(&resource.group, &resource.kind, objects, context)
            .unwrap_or_else(|| verbatim::custom(resource.columns.as_ref(), objects, context)),
    }
}

/// The table of some objects of one kind, in the order given.
pub fn objects(kind: Kind, objects: &[Object], context: &PrintContext) -> Table {
    macro_rules! of {
        ($kind:ident) => {
            objects
                .iter()
                .filter_map(|object| match object {
                    Object::$kind(object) => Some(object.as_ref()),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
    }
    match kind {
        Kind::Pod => pods(&of!(Pod), context),
        Kind::Node => nodes(&of!(Node), context),
        Kind::Event => events(&of!(Event), context),
        Kind::ReplicationController => workloads::replication_controllers(&of!(ReplicationController), context),
        Kind::ReplicaSet => workloads::replica_sets(&of!(ReplicaSet), context),
        Kind::Deployment => workloads::deployments(&of!(Deployment), context),
        Kind::DaemonSet => workloads::daemon_sets(&of!(DaemonSet), context),
        Kind::StatefulSet => workloads::stateful_sets(&of!(StatefulSet), context),
        Kind::ControllerRevision => workloads::controller_revisions(&of!(ControllerRevision), context),
        Kind::PodDisruptionBudget => workloads::disruption_budgets(&of!(PodDisruptionBudget), context),
        Kind::Job => batch::jobs(&of!(Job), context),
        Kind::CronJob => batch::cron_jobs(&of!(CronJob), context),
        Kind::PersistentVolume => storage::persistent_volumes(&of!(PersistentVolume), context),
        Kind::PersistentVolumeClaim => storage::persistent_volume_claims(&of!(PersistentVolumeClaim), context),
        Kind::StorageClass => storage::storage_classes(&of!(StorageClass), context),
        Kind::VolumeAttachment => storage::volume_attachments(&of!(VolumeAttachment), context),
        Kind::CSINode => storage::csi_nodes(&of!(CSINode), context),
        Kind::CSIDriver => storage::csi_drivers(&of!(CSIDriver), context),
        Kind::CSIStorageCapacity => storage::csi_storage_capacities(&of!(CSIStorageCapacity)),
        Kind::Namespace => core::namespaces(&of!(Namespace), context),
        Kind::Service => core::services(&of!(Service), context),
        Kind::ConfigMap => core::config_maps(&of!(ConfigMap), context),
        Kind::ServiceAccount => core::service_accounts(&of!(ServiceAccount), context),
        Kind::ResourceQuota => core::resource_quotas(&of!(ResourceQuota), context),
        Kind::PriorityClass => core::priority_classes(&of!(PriorityClass), context),
        Kind::RuntimeClass => core::runtime_classes(&of!(RuntimeClass), context),
        Kind::Lease => core::leases(&of!(Lease), context),
        Kind::LimitRange => verbatim::created_at(objects),
        Kind::Secret => verbatim::table("", kind.name(), objects, context).unwrap_or_default(),
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => {
            verbatim::table("admissionregistration.k8s.io", kind.name(), objects, context).unwrap_or_default()
        }
    }
}
