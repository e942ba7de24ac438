//! The API objects a cluster holds: one typed variant per kind we simulate, everything else kept verbatim.

use std::sync::Arc;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    ConfigMap, Event, LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim, ReplicationController,
    ResourceQuota, Service, ServiceAccount,
};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::{CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::pod::Pod;
use crate::secret::Secret;
use crate::store::{Store, Table};

/// A kind the cluster knows as a type.
pub trait KnownKind:
    k8s_openapi::Resource + k8s_openapi::Metadata<Ty = ObjectMeta> + Clone + Serialize + DeserializeOwned + 'static
{
    /// The kind as an enum value.
    const KIND_OF: Kind;
    /// The objects of this kind in a store.
    fn table(store: &Store) -> &Table<Self>;
    /// The same, to be written.
    fn table_mut(store: &mut Store) -> &mut Table<Self>;
    /// Wraps an object of this kind.
    fn wrap(object: Arc<Self>) -> Object;
}

macro_rules! kinds {
    ($($kind:ident, $field:ident, $plural:literal, [$($short:literal),*], $namespaced:literal;)*) => {
        /// The kinds the cluster knows, in the order `sim` lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $(#[doc = $plural] $kind,)* }

        impl Kind {
            /// Every known kind.
            pub const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// The kind as written in a manifest, e.g. `ReplicaSet`.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => <$kind as k8s_openapi::Resource>::KIND,)* }
            }

            /// The API version its manifests carry today, e.g. `apps/v1`.
            pub fn api_version(self) -> &'static str {
                match self { $(Kind::$kind => <$kind as k8s_openapi::Resource>::API_VERSION,)* }
            }

            /// The resource name kubectl uses, e.g. `replicasets`.
            pub fn plural(self) -> &'static str {
                match self { $(Kind::$kind => $plural,)* }
            }

            /// Whether its objects live in a namespace.
            pub fn is_namespaced(self) -> bool {
                match self { $(Kind::$kind => $namespaced,)* }
            }

            /// The short names kubectl accepts, e.g. `rs`.
            pub fn short_names(self) -> &'static [&'static str] {
                match self { $(Kind::$kind => &[$($short),*],)* }
            }
        }

        /// One API object, shared rather than copied.
        #[derive(Debug, Clone)]
        pub enum Object {
            $(#[doc = concat!("One of ", $plural, ".")] $kind(Arc<$kind>),)*
            /// A kind the cluster does not know: kept as it was read.
            Other(Arc<Unstructured>),
        }

        impl Object {
            /// The kind, when it is a known one.
            pub fn kind(&self) -> Option<Kind> {
                match self { $(Object::$kind(_) => Some(Kind::$kind),)* Object::Other(_) => None }
            }

            /// The object's metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self {
                    $(Object::$kind(object) => &object.metadata,)*
                    Object::Other(object) => &object.metadata,
                }
            }

            /// The object's metadata, to be changed.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self {
                    $(Object::$kind(object) => &mut Arc::make_mut(object).metadata,)*
                    Object::Other(object) => &mut Arc::make_mut(object).metadata,
                }
            }

            /// The object as a JSON value with `apiVersion` and `kind`.
            pub fn to_value(&self) -> serde_json::Value {
                match self {
                    $(Object::$kind(object) => to_value(object.as_ref()),)*
                    Object::Other(object) => to_value(object.as_ref()),
                }
            }

            /// The same as text.
            pub fn to_json(&self) -> String {
                match self {
                    $(Object::$kind(object) => to_json(object.as_ref()),)*
                    Object::Other(object) => to_json(object.as_ref()),
                }
            }
        }

        impl Store {
            /// The known object of this kind and key.
            pub fn object(&self, kind: Kind, key: &crate::store::ObjectKey) -> Option<Object> {
                match kind { $(Kind::$kind => self.get::<$kind>(key).map(|object| Object::$kind(object.clone())),)* }
            }

            /// All objects of one known kind, by namespace and name.
            pub fn objects(&self, kind: Kind) -> Vec<Object> {
                match kind { $(Kind::$kind => self.list::<$kind>().map(|object| Object::$kind(object.clone())).collect(),)* }
            }

            /// The objects of one known kind one by one, by namespace and name: of one namespace or of all, after a key or
            /// from the first.
            pub fn each<'a>(
                &'a self,
                kind: Kind,
                namespace: Option<&'a str>,
                after: Option<&'a crate::store::ObjectKey>,
            ) -> Box<dyn Iterator<Item = Object> + 'a> {
                match kind {
                    $(Kind::$kind => Box::new(
                        self.list_after::<$kind>(namespace, after).map(|object| Object::$kind(object.clone()))
                    ),)*
                }
            }

            /// How many objects of one known kind there are in one namespace or in all.
            pub fn count(&self, kind: Kind, namespace: Option<&str>) -> usize {
                match (kind, namespace) {
                    $((Kind::$kind, Some(namespace)) => self.list_in::<$kind>(namespace).count(),)*
                    $((Kind::$kind, None) => <$kind>::table(self).len(),)*
                }
            }

            /// The objects of one known kind in one namespace, by name.
            pub(crate) fn objects_in(&self, kind: Kind, namespace: &str) -> Vec<Object> {
                match kind {
                    $(Kind::$kind => self.list_in::<$kind>(namespace).map(|object| Object::$kind(object.clone())).collect(),)*
                }
            }

            /// Creates or replaces an object of any kind.
            pub fn put_object(&mut self, object: Object) {
                match object {
                    $(Object::$kind(object) => self.put(object),)*
                    Object::Other(object) => self.put_other(object),
                }
            }

            /// Replaces an object of a known kind that was read before.
            ///
            /// # Errors
            /// When it has been written since it was read, or is gone.
            pub fn replace_object(&mut self, object: Object) -> Result<(), crate::store::Conflict> {
                match object {
                    $(Object::$kind(object) => self.replace(object),)*
                    Object::Other(object) => {
                        self.put_other(object);
                        Ok(())
                    }
                }
            }

            /// Deletes an object of a known kind; says whether it was there.
            pub fn remove_object(&mut self, kind: Kind, key: &crate::store::ObjectKey) -> bool {
                match kind { $(Kind::$kind => self.remove::<$kind>(key).is_some(),)* }
            }
        }

        /// The tables of a store, one per known kind.
        #[derive(Debug, Clone, Default)]
        pub(crate) struct Tables { $($field: Table<$kind>,)* }

        $(impl KnownKind for $kind {
            const KIND_OF: Kind = Kind::$kind;
            fn table(store: &Store) -> &Table<Self> { &store.tables.$field }
            fn table_mut(store: &mut Store) -> &mut Table<Self> { &mut store.tables.$field }
            fn wrap(object: Arc<Self>) -> Object { Object::$kind(object) }
        })*

        impl Object {
            /// Reads an object of a known kind from its JSON form.
            ///
            /// # Errors
            /// When a field has the wrong type.
            pub fn read<'de, D: serde::Deserializer<'de>>(kind: Kind, deserializer: D) -> Result<Object, D::Error> {
                match kind { $(Kind::$kind => $kind::deserialize(deserializer).map(|object| Object::$kind(Arc::new(object))),)* }
            }
        }
    };
}

kinds! {
    Namespace, namespaces, "namespaces", ["ns"], false;
    Node, nodes, "nodes", ["no"], false;
    Pod, pods, "pods", ["po"], true;
    ReplicationController, replication_controllers, "replicationcontrollers", ["rc"], true;
    Service, services, "services", ["svc"], true;
    DaemonSet, daemon_sets, "daemonsets", ["ds"], true;
    Deployment, deployments, "deployments", ["deploy"], true;
    ReplicaSet, replica_sets, "replicasets", ["rs"], true;
    StatefulSet, stateful_sets, "statefulsets", ["sts"], true;
    ControllerRevision, controller_revisions, "controllerrevisions", [], true;
    Job, jobs, "jobs", [], true;
    CronJob, cron_jobs, "cronjobs", ["cj"], true;
    ConfigMap, config_maps, "configmaps", ["cm"], true;
    Secret, secrets, "secrets", [], true;
    ServiceAccount, service_accounts, "serviceaccounts", ["sa"], true;
    LimitRange, limit_ranges, "limitranges", ["limits"], true;
    ResourceQuota, resource_quotas, "resourcequotas", ["quota"], true;
    RuntimeClass, runtime_classes, "runtimeclasses", [], false;
    PriorityClass, priority_classes, "priorityclasses", ["pc"], false;
    PodDisruptionBudget, pod_disruption_budgets, "poddisruptionbudgets", ["pdb"], true;
    PersistentVolume, persistent_volumes, "persistentvolumes", ["pv"], false;
    PersistentVolumeClaim, persistent_volume_claims, "persistentvolumeclaims", ["pvc"], true;
    StorageClass, storage_classes, "storageclasses", ["sc"], false;
    CSINode, csi_nodes, "csinodes", [], false;
    CSIDriver, csi_drivers, "csidrivers", [], false;
    CSIStorageCapacity, csi_storage_capacities, "csistoragecapacities", [], true;
    VolumeAttachment, volume_attachments, "volumeattachments", [], false;
    MutatingWebhookConfiguration, mutating_webhook_configurations, "mutatingwebhookconfigurations", [], false;
    ValidatingWebhookConfiguration, validating_webhook_configurations, "validatingwebhookconfigurations", [], false;
    Lease, leases, "leases", [], true;
    Event, events, "events", ["ev"], true;
}

impl Kind {
    /// The kind a manifest's `apiVersion` and `kind` name; beta versions of a kind count as the kind itself.
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        let group = |api: &str| api.split_once('/').map_or("", |(group, _)| group).to_owned();
        // Workloads lived in `extensions` until v1.16, Events moved to a group of their own.
        let legacy = |own: &str, other: &str| {
            other == own
                || (own == "apps" && other == "extensions")
                || (own.is_empty() && other == "events.k8s.io" && kind == "Event")
        };
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.name() == kind && legacy(&group(known.api_version()), &group(api_version)))
    }

    /// The kind a person means by `pod`, `pods`, `po`, `Deployment` …, as kubectl resolves it.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let word = word.split('.').next().unwrap_or_default();
        Self::ALL.iter().copied().find(|kind| {
            kind.plural() == word || kind.name().to_ascii_lowercase() == word || kind.short_names().contains(&word)
        })
    }

    /// Whether its objects count the generations of their specs from the start.
    pub(crate) fn counts_generations(self) -> bool {
        matches!(
            self,
            Kind::Deployment
                | Kind::ReplicaSet
                | Kind::ReplicationController
                | Kind::DaemonSet
                | Kind::StatefulSet
                | Kind::PodDisruptionBudget
        )
    }

    /// The resource and its group, as the API server names it in its messages: `deployments.apps`, `nodes`.
    pub fn resource(self) -> String {
        match self.api_version().split_once('/') {
            Some((group, _)) => format!("{}.{group}", self.plural()),
            None => self.plural().to_owned(),
        }
    }

    /// How kubectl names one object of it in its messages: `deployment.apps`, `node`.
    pub fn qualified(self) -> String {
        let name = self.name().to_ascii_lowercase();
        match self.api_version().split_once('/') {
            Some((group, _)) => format!("{name}.{group}"),
            None => name,
        }
    }
}

impl Object {
    /// The kind as written in the manifest.
    pub fn kind_name(&self) -> &str {
        match self {
            Object::Other(object) => &object.kind,
            known => known.kind().map_or("", Kind::name),
        }
    }

    /// The object's name; empty when it has none.
    pub fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// The object's namespace, when it has one.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata().namespace.as_deref()
    }
}

/// An object of a kind the cluster does not know.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unstructured {
    /// As read.
    pub api_version: String,
    /// As read.
    pub kind: String,
    /// Name, namespace, labels, owners.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// Every other field.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// k8s-openapi's types serialise without fail; a failure would show as `null`, never as a panic.
fn to_value(object: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(object).unwrap_or_default()
}

fn to_json(object: &impl Serialize) -> String {
    serde_json::to_string(object).unwrap_or_else(|_| "null".to_owned())
}
