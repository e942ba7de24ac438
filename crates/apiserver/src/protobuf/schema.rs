//! Which message has which fields: numbers of `generated.proto`, names of JSON, as the newest Kubernetes has them.
//! Older versions have fewer fields under the same numbers.

mod apps;
mod authentication;
mod authorization;
mod autoscaling_v1;
mod autoscaling_v2;
mod batch;
mod coordination;
mod core;
mod discovery;
mod events;
mod meta;
mod networking;
mod node;
mod policy;
mod rbac;
mod scheduling;
mod scheduling_v1alpha3;
mod storage;

/// A message and its fields.
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field of a message.
pub(super) struct Field {
    pub(super) number: u32,
    /// Its name in JSON; empty where the fields of the message in it stand in its place.
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) type_: Type,
}

/// How often a field is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Once; Go writes a zero that its JSON leaves out (`omitempty`, and no pointer).
    One,
    /// Once, and a zero is said in JSON too.
    Kept,
    /// Once, a message whose fields are those of the message it is in (`inline`).
    Inline,
    List,
    /// By keys, which are text.
    Map,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Type {
    Text,
    Int32,
    Int64,
    Bool,
    /// Base64 in JSON.
    Bytes,
    Object(&'static Message),
    /// `resource.Quantity`: text in JSON.
    Quantity,
    /// `metav1.Time`: RFC 3339 in JSON, by the second.
    Time,
    /// `metav1.MicroTime`: RFC 3339 in JSON, by the microsecond.
    MicroTime,
    /// `intstr.IntOrString`.
    IntOrString,
    /// `runtime.RawExtension` and `metav1.FieldsV1`: JSON as it is.
    Raw,
    /// A message that is a list of texts in JSON, such as `ExtraValue`.
    Texts,
}

/// What the envelope says of an object: `runtime.TypeMeta`.
pub(super) static TYPE_META: Message =
    message("TypeMeta", &[field(1, "apiVersion", Type::Text), field(2, "kind", Type::Text)]);

/// The message of a kind.
pub(super) fn message_of(api_version: &str, kind: &str) -> Option<&'static Message> {
    // Every group knows the options of a deletion under its own name (`metav1.AddToGroupVersion`).
    if kind == "DeleteOptions" {
        return Some(&meta::DELETE_OPTIONS);
    }
    let mut kinds = KINDS.iter();
    kinds.find(|(of, name, _)| *of == api_version && *name == kind).map(|(_, _, message)| *message)
}

/// API version, kind, message.
pub(super) static KINDS: &[(&str, &str, &Message)] = &[
    ("v1", "Binding", &core::BINDING),
    ("v1", "ComponentStatus", &core::COMPONENT_STATUS),
    ("v1", "ConfigMap", &core::CONFIG_MAP),
    ("v1", "Endpoints", &core::ENDPOINTS),
    ("v1", "Event", &core::EVENT),
    ("v1", "LimitRange", &core::LIMIT_RANGE),
    ("v1", "Namespace", &core::NAMESPACE),
    ("v1", "Node", &core::NODE),
    ("v1", "PersistentVolume", &core::PERSISTENT_VOLUME),
    ("v1", "PersistentVolumeClaim", &core::PERSISTENT_VOLUME_CLAIM),
    ("v1", "Pod", &core::POD),
    ("v1", "PodTemplate", &core::POD_TEMPLATE),
    ("v1", "ReplicationController", &core::REPLICATION_CONTROLLER),
    ("v1", "ResourceQuota", &core::RESOURCE_QUOTA),
    ("v1", "Secret", &core::SECRET),
    ("v1", "Service", &core::SERVICE),
    ("v1", "ServiceAccount", &core::SERVICE_ACCOUNT),
    ("apps/v1", "ControllerRevision", &apps::CONTROLLER_REVISION),
    ("apps/v1", "DaemonSet", &apps::DAEMON_SET),
    ("apps/v1", "Deployment", &apps::DEPLOYMENT),
    ("apps/v1", "ReplicaSet", &apps::REPLICA_SET),
    ("apps/v1", "StatefulSet", &apps::STATEFUL_SET),
    ("authentication.k8s.io/v1", "SelfSubjectReview", &authentication::SELF_SUBJECT_REVIEW),
    ("authentication.k8s.io/v1", "TokenRequest", &authentication::TOKEN_REQUEST),
    ("authentication.k8s.io/v1", "TokenReview", &authentication::TOKEN_REVIEW),
    ("authorization.k8s.io/v1", "LocalSubjectAccessReview", &authorization::LOCAL_SUBJECT_ACCESS_REVIEW),
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview", &authorization::SELF_SUBJECT_ACCESS_REVIEW),
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview", &authorization::SELF_SUBJECT_RULES_REVIEW),
    ("authorization.k8s.io/v1", "SubjectAccessReview", &authorization::SUBJECT_ACCESS_REVIEW),
    ("autoscaling/v1", "HorizontalPodAutoscaler", &autoscaling_v1::HORIZONTAL_POD_AUTOSCALER),
    ("autoscaling/v1", "Scale", &autoscaling_v1::SCALE),
    ("autoscaling/v2", "HorizontalPodAutoscaler", &autoscaling_v2::HORIZONTAL_POD_AUTOSCALER),
    ("batch/v1", "CronJob", &batch::CRON_JOB),
    ("batch/v1", "Job", &batch::JOB),
    ("coordination.k8s.io/v1", "Lease", &coordination::LEASE),
    ("discovery.k8s.io/v1", "EndpointSlice", &discovery::ENDPOINT_SLICE),
    ("events.k8s.io/v1", "Event", &events::EVENT),
    ("networking.k8s.io/v1", "IPAddress", &networking::IP_ADDRESS),
    ("networking.k8s.io/v1", "Ingress", &networking::INGRESS),
    ("networking.k8s.io/v1", "IngressClass", &networking::INGRESS_CLASS),
    ("networking.k8s.io/v1", "NetworkPolicy", &networking::NETWORK_POLICY),
    ("networking.k8s.io/v1", "ServiceCIDR", &networking::SERVICE_CIDR),
    ("node.k8s.io/v1", "RuntimeClass", &node::RUNTIME_CLASS),
    ("policy/v1", "Eviction", &policy::EVICTION),
    ("policy/v1", "PodDisruptionBudget", &policy::POD_DISRUPTION_BUDGET),
    ("policy/v1beta1", "Eviction", &policy::EVICTION),
    ("policy/v1beta1", "PodDisruptionBudget", &policy::POD_DISRUPTION_BUDGET),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", &rbac::CLUSTER_ROLE),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &rbac::CLUSTER_ROLE_BINDING),
    ("rbac.authorization.k8s.io/v1", "Role", &rbac::ROLE),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", &rbac::ROLE_BINDING),
    ("scheduling.k8s.io/v1", "PriorityClass", &scheduling::PRIORITY_CLASS),
    ("storage.k8s.io/v1", "CSIDriver", &storage::CSI_DRIVER),
    ("storage.k8s.io/v1", "CSINode", &storage::CSI_NODE),
    ("storage.k8s.io/v1", "CSIStorageCapacity", &storage::CSI_STORAGE_CAPACITY),
    ("storage.k8s.io/v1", "StorageClass", &storage::STORAGE_CLASS),
    ("storage.k8s.io/v1", "VolumeAttachment", &storage::VOLUME_ATTACHMENT),
    ("storage.k8s.io/v1", "VolumeAttributesClass", &storage::VOLUME_ATTRIBUTES_CLASS),
];

const fn message(name: &'static str, fields: &'static [Field]) -> Message {
    Message { name, fields }
}

const fn field(number: u32, name: &'static str, type_: Type) -> Field {
    Field { number, name, shape: Shape::One, type_ }
}

const fn kept(number: u32, name: &'static str, type_: Type) -> Field {
    Field { number, name, shape: Shape::Kept, type_ }
}

const fn inline(number: u32, message: &'static Message) -> Field {
    Field { number, name: "", shape: Shape::Inline, type_: Type::Object(message) }
}

const fn list(number: u32, name: &'static str, type_: Type) -> Field {
    Field { number, name, shape: Shape::List, type_ }
}

const fn map(number: u32, name: &'static str, type_: Type) -> Field {
    Field { number, name, shape: Shape::Map, type_ }
}
