//! A pod as the scheduler sees it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::labels::{LabelSelector, Labels};
use super::resources::ResourceList;
use super::taint::Toleration;

/// A pod: what is its own, beside the spec that all pods of one template share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Pod {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.labels`.
    pub labels: Labels,
    /// The node it is bound to (`spec.nodeName`); `None` while it waits.
    pub node_name: Option<String>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// Whether the pod has the condition DisruptionTarget=True with reason PreemptionByScheduler.
    pub preempted: bool,
    /// `status.startTime`, in milliseconds since the epoch.
    pub start_time_ms: Option<i64>,
    /// The owner reference with `controller: true`.
    pub controller: Option<Owner>,
    /// `status.nominatedNodeName`.
    pub nominated_node_name: Option<String>,
    /// Resources that the kubelet has admitted for running containers, by container name (in-place resize, 1.33+).
    pub container_allocations: BTreeMap<String, ContainerAllocation>,
    /// Whether the last in-place resize was found infeasible.
    pub resize_infeasible: bool,
    /// The rest of the spec.
    pub spec: Arc<PodSpec>,
}

/// What a container status says about its resources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ContainerAllocation {
    /// `allocatedResources`.
    pub allocated: ResourceList,
    /// `resources.requests`: what is in force.
    pub actual: ResourceList,
}

/// A reference to a controller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Owner {
    /// The API version, such as `apps/v1`.
    pub api_version: String,
    /// The kind, such as `ReplicaSet`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The uid.
    pub uid: String,
}

/// The namespace and name that identify a pod. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodKey {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl PodKey {
    /// The key of the pod of this namespace and name.
    pub fn new(namespace: &str, name: &str) -> Self {
        PodKey { namespace: Arc::from(namespace), name: Arc::from(name) }
    }
}

impl fmt::Display for PodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Pod {
    /// The pod's key.
    pub fn key(&self) -> PodKey {
        PodKey::new(&self.namespace, &self.name)
    }
}

/// The part of a pod's spec that scheduling depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PodSpec {
    /// `schedulerName`.
    pub scheduler_name: String,
    /// `priority`, as admission resolved it; 0 where absent.
    pub priority: i32,
    /// `preemptionPolicy`.
    pub preemption_policy: PreemptionPolicy,
    /// The node asked for by name in the template; also `Some` on a pod already bound.
    pub node_name: Option<String>,
    /// `nodeSelector`.
    pub node_selector: Labels,
    /// `affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`.
    pub required_node_affinity: Option<NodeSelector>,
    /// `affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred_node_affinity: Vec<PreferredSchedulingTerm>,
    /// `affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution`.
    pub required_pod_affinity: Vec<PodAffinityTerm>,
    /// `affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred_pod_affinity: Vec<WeightedPodAffinityTerm>,
    /// `affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution`.
    pub required_pod_anti_affinity: Vec<PodAffinityTerm>,
    /// `affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred_pod_anti_affinity: Vec<WeightedPodAffinityTerm>,
    /// `tolerations`.
    pub tolerations: Vec<Toleration>,
    /// `topologySpreadConstraints`.
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// The names of `schedulingGates`.
    pub scheduling_gates: Vec<String>,
    /// `containers`.
    pub containers: Vec<Container>,
    /// `initContainers`, in order.
    pub init_containers: Vec<Container>,
    /// `overhead`.
    pub overhead: ResourceList,
    /// `resources.requests` of the pod itself (1.34+).
    pub pod_requests: Option<ResourceList>,
    /// `volumes` that can matter to a scheduler.
    pub volumes: Vec<Volume>,
    /// Whether the pod has `resourceClaims`.
    pub has_resource_claims: bool,
}

/// Whether a pod may evict others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PreemptionPolicy {
    /// It may.
    #[default]
    PreemptLowerPriority,
    /// It waits.
    Never,
}

/// A container, app or init.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Container {
    /// `name`.
    pub name: String,
    /// `image`.
    pub image: String,
    /// `resources.requests`, after the API's defaulting (limits without requests become requests).
    pub requests: ResourceList,
    /// `ports`; only those with a host port matter.
    pub ports: Vec<ContainerPort>,
    /// An init container with `restartPolicy: Always`: a sidecar.
    pub restartable: bool,
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ContainerPort {
    /// `hostIP`; empty is every address.
    pub host_ip: String,
    /// `hostPort`; 0 is none.
    pub host_port: i32,
    /// `protocol`; empty is TCP.
    pub protocol: String,
}

/// Terms of which one must hold for a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NodeSelector {
    /// The alternatives; an empty list matches no node.
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// Requirements that must all hold for a node; a term without any matches no node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NodeSelectorTerm {
    /// Requirements on labels.
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// Requirements on fields; only `metadata.name` exists.
    pub match_fields: Vec<NodeSelectorRequirement>,
}

/// One requirement of a node selector term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSelectorRequirement {
    /// The label key, or the field's path.
    pub key: String,
    /// How the value is compared.
    pub operator: NodeSelectorOperator,
    /// The values compared with.
    pub values: Vec<String>,
}

/// The operators of a node selector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeSelectorOperator {
    /// The label is one of the values.
    In,
    /// The label is absent or none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is an integer greater than the one value.
    Gt,
    /// The label is an integer less than the one value.
    Lt,
    /// Anything else; it makes the term match nothing.
    Unknown(String),
}

/// A preferred node affinity term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PreferredSchedulingTerm {
    /// 1 to 100.
    pub weight: i32,
    /// The term.
    pub preference: NodeSelectorTerm,
}

/// A pod (anti-)affinity term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PodAffinityTerm {
    /// Which pods; `None` matches no pod.
    pub label_selector: Option<LabelSelector>,
    /// Namespaces by name.
    pub namespaces: Vec<String>,
    /// Namespaces by their labels (1.22+).
    pub namespace_selector: Option<LabelSelector>,
    /// The label of nodes whose equal values make one place.
    pub topology_key: String,
    /// Kept as written: the API server merges these keys into the selector on create (1.31+), no scheduler reads them.
    pub match_label_keys: Vec<String>,
    /// Kept as written, as `match_label_keys` is.
    pub mismatch_label_keys: Vec<String>,
}

/// A preferred pod (anti-)affinity term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct WeightedPodAffinityTerm {
    /// 1 to 100.
    pub weight: i32,
    /// The term.
    pub pod_affinity_term: PodAffinityTerm,
}

/// How evenly the pods of a selector are to be spread over the values of a node label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TopologySpreadConstraint {
    /// The greatest difference allowed between two domains.
    pub max_skew: i32,
    /// The node label whose values are the domains.
    pub topology_key: String,
    /// Whether the constraint filters or only scores.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Which pods are counted; `None` counts none.
    pub label_selector: Option<LabelSelector>,
    /// With fewer domains than this the least count is taken as 0 (1.27+).
    pub min_domains: Option<i32>,
    /// Whether node affinity decides which nodes are counted; `None` is `Honor` (1.26+).
    pub node_affinity_policy: Option<NodeInclusionPolicy>,
    /// Whether taints decide which nodes are counted; `None` is `Ignore` (1.26+).
    pub node_taints_policy: Option<NodeInclusionPolicy>,
    /// Keys whose values are taken from the incoming pod and added to the selector (1.27+).
    pub match_label_keys: Vec<String>,
}

/// What an unsatisfiable spread constraint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum WhenUnsatisfiable {
    /// It refuses the node.
    #[default]
    DoNotSchedule,
    /// It lowers the node's score.
    ScheduleAnyway,
    /// Nothing: it is neither of the two words.
    Nothing,
}

/// Whether nodes that a pod could not use anyway are counted as domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeInclusionPolicy {
    /// Such nodes are not counted.
    Honor,
    /// Such nodes are counted.
    Ignore,
}

/// A volume that can matter to a scheduler.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Volume {
    /// The volume's name in the pod.
    pub name: String,
    /// Where it comes from.
    pub source: VolumeSource,
}

/// The volume sources the scheduler knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum VolumeSource {
    /// `persistentVolumeClaim`.
    PersistentVolumeClaim {
        /// The claim's name.
        claim_name: String,
    },
    /// `ephemeral`: a claim made for the pod, named `POD-VOLUME`.
    Ephemeral,
    /// `gcePersistentDisk`.
    GcePersistentDisk {
        /// `pdName`.
        pd_name: String,
        /// Mounted read-only.
        read_only: bool,
    },
    /// `awsElasticBlockStore`.
    AwsElasticBlockStore {
        /// `volumeID`.
        volume_id: String,
    },
    /// `azureDisk`.
    AzureDisk {
        /// `diskName`.
        disk_name: String,
        /// `diskURI`.
        data_disk_uri: String,
        /// `kind`, where stated.
        kind: Option<String>,
    },
    /// `cinder`.
    Cinder {
        /// `volumeID`.
        volume_id: String,
    },
    /// `portworxVolume`.
    PortworxVolume {
        /// `volumeID`.
        volume_id: String,
    },
    /// `iscsi`.
    Iscsi {
        /// The target's name.
        iqn: String,
        /// Mounted read-only.
        read_only: bool,
    },
    /// `rbd`.
    Rbd {
        /// `monitors`.
        monitors: Vec<String>,
        /// `pool`.
        pool: String,
        /// `image`.
        image: String,
        /// Mounted read-only.
        read_only: bool,
    },
}
