//! What pods can wait for: the nodes of the graph.

use serde::{Deserialize, Serialize};

/// Something that pods wait for, or that keeps them from being well.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thing {
    /// What it is.
    pub kind: ThingKind,
    /// What it is called: unique among its kind.
    pub name: String,
}

/// What a [`Thing`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ThingKind {
    /// Pods of one owner that are not well: the symptoms.
    Pods,
    /// A workload whose rollout takes old pods away only when new ones are ready.
    Rollout,
    /// A taint as kubectl prints it.
    Taint,
    /// Nodes that are marked unschedulable.
    Cordon,
    /// A condition of nodes: `Ready`, `DiskPressure` …
    NodeCondition,
    /// A node that is gone or not there.
    Node,
    /// A node group that may not grow.
    NodeGroup,
    /// A program that has to do something: the cloud-controller-manager, a network plugin, a scheduler, a controller.
    Component,
    /// Room for a resource: `cpu`, `pods`, `nvidia.com/gpu`.
    Resource,
    /// What pods ask of the labels or names of nodes.
    NodeSelection,
    /// A port of the host.
    HostPort,
    /// A rule on how pods spread over a topology.
    TopologySpread,
    /// A rule on which pods may be together.
    PodAffinity,
    /// A PersistentVolumeClaim.
    Claim,
    /// A PersistentVolume.
    Volume,
    /// A StorageClass.
    StorageClass,
    /// A limit on how many volumes a node takes.
    VolumeLimit,
    /// A ResourceQuota.
    ResourceQuota,
    /// A LimitRange.
    LimitRange,
    /// A ServiceAccount.
    ServiceAccount,
    /// The Pod Security level that a namespace enforces.
    PodSecurity,
    /// A PriorityClass.
    PriorityClass,
    /// A RuntimeClass.
    RuntimeClass,
    /// A webhook of admission, by its own name.
    Webhook,
    /// A Namespace.
    Namespace,
    /// A scheduling gate.
    SchedulingGate,
    /// A PodDisruptionBudget.
    DisruptionBudget,
    /// A container image.
    Image,
    /// A container that fails or is never ready.
    Container,
    /// A finalizer.
    Finalizer,
    /// An object that something was declared to need.
    Object,
    /// What is said by somebody whom `sim` does not look behind.
    Other,
}

impl Thing {
    pub(crate) fn new(kind: ThingKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl ThingKind {
    /// As it is written in documents and graphs.
    pub fn as_str(self) -> &'static str {
        match self {
            ThingKind::Pods => "pods",
            ThingKind::Rollout => "rollout",
            ThingKind::Taint => "taint",
            ThingKind::Cordon => "cordon",
            ThingKind::NodeCondition => "node condition",
            ThingKind::Node => "node",
            ThingKind::NodeGroup => "node group",
            ThingKind::Component => "component",
            ThingKind::Resource => "resource",
            ThingKind::NodeSelection => "node selection",
            ThingKind::HostPort => "host port",
            ThingKind::TopologySpread => "topology spread",
            ThingKind::PodAffinity => "pod",
            ThingKind::Claim => "persistentvolumeclaim",
            ThingKind::Volume => "persistentvolume",
            ThingKind::StorageClass => "storageclass",
            ThingKind::VolumeLimit => "volume limit",
            ThingKind::ResourceQuota => "resourcequota",
            ThingKind::LimitRange => "limitrange",
            ThingKind::ServiceAccount => "serviceaccount",
            ThingKind::PodSecurity => "pod security",
            ThingKind::PriorityClass => "priorityclass",
            ThingKind::RuntimeClass => "runtimeclass",
            ThingKind::Webhook => "webhook",
            ThingKind::Namespace => "namespace",
            ThingKind::SchedulingGate => "scheduling gate",
            ThingKind::DisruptionBudget => "poddisruptionbudget",
            ThingKind::Image => "image",
            ThingKind::Container => "container",
            ThingKind::Finalizer => "finalizer",
            ThingKind::Object => "object",
            ThingKind::Other => "other",
        }
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            ThingKind::Pods | ThingKind::Object | ThingKind::Other => f.write_str(&self.name),
            kind => write!(f, "{} {}", kind.as_str(), self.name),
        }
    }
}
