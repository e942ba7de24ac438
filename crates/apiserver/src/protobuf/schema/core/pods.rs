//! Pods, where they may go, and who makes them by number.

use super::super::Type::{Bool, Int32, Int64, Object, Quantity, Text, Time};
use super::super::meta;
use super::super::{Message, field, kept, list, map, message};
use super::{containers, volumes};

pub(crate) static AFFINITY: Message = message(
    "Affinity",
    &[
        field(1, "nodeAffinity", Object(&NODE_AFFINITY)),
        field(2, "podAffinity", Object(&POD_AFFINITY)),
        field(3, "podAntiAffinity", Object(&POD_ANTI_AFFINITY)),
    ],
);
pub(crate) static BINDING: Message = message(
    "Binding",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "target", Object(&super::OBJECT_REFERENCE))],
);
pub(crate) static EVICTION_RESPONDER: Message =
    message("EvictionResponder", &[kept(1, "name", Text), kept(2, "priority", Int32)]);
pub(crate) static HOST_ALIAS: Message = message("HostAlias", &[kept(1, "ip", Text), list(2, "hostnames", Text)]);
pub(crate) static HOST_IP: Message = message("HostIP", &[kept(1, "ip", Text)]);
pub(crate) static IMAGE_VOLUME_STATUS: Message = message("ImageVolumeStatus", &[field(1, "imageRef", Text)]);
pub(crate) static NODE_AFFINITY: Message = message(
    "NodeAffinity",
    &[
        field(1, "requiredDuringSchedulingIgnoredDuringExecution", Object(&NODE_SELECTOR)),
        list(2, "preferredDuringSchedulingIgnoredDuringExecution", Object(&PREFERRED_SCHEDULING_TERM)),
    ],
);
pub(crate) static NODE_ALLOCATABLE_MAPPED_RESOURCES: Message =
    message("NodeAllocatableMappedResources", &[kept(1, "name", Text), field(2, "quantity", Quantity)]);
pub(crate) static NODE_ALLOCATABLE_OVERHEAD_RESOURCES: Message = message(
    "NodeAllocatableOverheadResources",
    &[kept(1, "name", Text), field(2, "perPod", Quantity), field(3, "perContainer", Quantity)],
);
pub(crate) static NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS: Message = message(
    "NodeAllocatableResourceClaimStatus",
    &[
        kept(1, "resourceClaimName", Text),
        list(2, "containers", Text),
        list(4, "mapping", Object(&NODE_ALLOCATABLE_MAPPED_RESOURCES)),
        list(5, "overhead", Object(&NODE_ALLOCATABLE_OVERHEAD_RESOURCES)),
    ],
);
pub(crate) static NODE_POD_PREEMPTION_POLICY: Message =
    message("NodePodPreemptionPolicy", &[list(1, "disableResizePreemption", Text)]);
pub(crate) static NODE_SELECTOR: Message =
    message("NodeSelector", &[list(1, "nodeSelectorTerms", Object(&NODE_SELECTOR_TERM))]);
pub(crate) static NODE_SELECTOR_REQUIREMENT: Message =
    message("NodeSelectorRequirement", &[kept(1, "key", Text), kept(2, "operator", Text), list(3, "values", Text)]);
pub(crate) static NODE_SELECTOR_TERM: Message = message(
    "NodeSelectorTerm",
    &[
        list(1, "matchExpressions", Object(&NODE_SELECTOR_REQUIREMENT)),
        list(2, "matchFields", Object(&NODE_SELECTOR_REQUIREMENT)),
    ],
);
pub(crate) static POD: Message = message(
    "Pod",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&POD_SPEC)),
        field(3, "status", Object(&POD_STATUS)),
    ],
);
pub(crate) static POD_AFFINITY: Message = message(
    "PodAffinity",
    &[
        list(1, "requiredDuringSchedulingIgnoredDuringExecution", Object(&POD_AFFINITY_TERM)),
        list(2, "preferredDuringSchedulingIgnoredDuringExecution", Object(&WEIGHTED_POD_AFFINITY_TERM)),
    ],
);
pub(crate) static POD_AFFINITY_TERM: Message = message(
    "PodAffinityTerm",
    &[
        field(1, "labelSelector", Object(&meta::LABEL_SELECTOR)),
        list(2, "namespaces", Text),
        kept(3, "topologyKey", Text),
        field(4, "namespaceSelector", Object(&meta::LABEL_SELECTOR)),
        list(5, "matchLabelKeys", Text),
        list(6, "mismatchLabelKeys", Text),
    ],
);
pub(crate) static POD_ANTI_AFFINITY: Message = message(
    "PodAntiAffinity",
    &[
        list(1, "requiredDuringSchedulingIgnoredDuringExecution", Object(&POD_AFFINITY_TERM)),
        list(2, "preferredDuringSchedulingIgnoredDuringExecution", Object(&WEIGHTED_POD_AFFINITY_TERM)),
    ],
);
pub(crate) static POD_CONDITION: Message = message(
    "PodCondition",
    &[
        kept(1, "type", Text),
        field(7, "observedGeneration", Int64),
        kept(2, "status", Text),
        field(3, "lastProbeTime", Time),
        field(4, "lastTransitionTime", Time),
        field(5, "reason", Text),
        field(6, "message", Text),
    ],
);
pub(crate) static POD_DNS_CONFIG: Message = message(
    "PodDNSConfig",
    &[list(1, "nameservers", Text), list(2, "searches", Text), list(3, "options", Object(&POD_DNS_CONFIG_OPTION))],
);
pub(crate) static POD_DNS_CONFIG_OPTION: Message =
    message("PodDNSConfigOption", &[field(1, "name", Text), kept(2, "value", Text)]);
pub(crate) static POD_EXTENDED_RESOURCE_CLAIM_STATUS: Message = message(
    "PodExtendedResourceClaimStatus",
    &[
        list(1, "requestMappings", Object(&containers::CONTAINER_EXTENDED_RESOURCE_REQUEST)),
        kept(2, "resourceClaimName", Text),
    ],
);
pub(crate) static POD_IP: Message = message("PodIP", &[kept(1, "ip", Text)]);
pub(crate) static POD_OS: Message = message("PodOS", &[kept(1, "name", Text)]);
pub(crate) static POD_READINESS_GATE: Message = message("PodReadinessGate", &[kept(1, "conditionType", Text)]);
pub(crate) static POD_RESOURCE_CLAIM: Message = message(
    "PodResourceClaim",
    &[kept(1, "name", Text), kept(3, "resourceClaimName", Text), kept(4, "resourceClaimTemplateName", Text)],
);
pub(crate) static POD_RESOURCE_CLAIM_STATUS: Message =
    message("PodResourceClaimStatus", &[kept(1, "name", Text), kept(2, "resourceClaimName", Text)]);
pub(crate) static POD_SCHEDULING_GATE: Message = message("PodSchedulingGate", &[kept(1, "name", Text)]);
pub(crate) static POD_SCHEDULING_GROUP: Message = message("PodSchedulingGroup", &[kept(1, "podGroupName", Text)]);
pub(crate) static POD_SECURITY_CONTEXT: Message = message(
    "PodSecurityContext",
    &[
        field(1, "seLinuxOptions", Object(&containers::SE_LINUX_OPTIONS)),
        field(8, "windowsOptions", Object(&containers::WINDOWS_SECURITY_CONTEXT_OPTIONS)),
        kept(2, "runAsUser", Int64),
        kept(6, "runAsGroup", Int64),
        kept(3, "runAsNonRoot", Bool),
        list(4, "supplementalGroups", Int64),
        kept(12, "supplementalGroupsPolicy", Text),
        kept(5, "fsGroup", Int64),
        list(7, "sysctls", Object(&SYSCTL)),
        kept(9, "fsGroupChangePolicy", Text),
        field(10, "seccompProfile", Object(&containers::SECCOMP_PROFILE)),
        field(11, "appArmorProfile", Object(&containers::APP_ARMOR_PROFILE)),
        kept(13, "seLinuxChangePolicy", Text),
    ],
);
pub(crate) static POD_SPEC: Message = message(
    "PodSpec",
    &[
        list(1, "volumes", Object(&volumes::VOLUME)),
        list(20, "initContainers", Object(&containers::CONTAINER)),
        list(2, "containers", Object(&containers::CONTAINER)),
        list(34, "ephemeralContainers", Object(&containers::EPHEMERAL_CONTAINER)),
        field(3, "restartPolicy", Text),
        kept(4, "terminationGracePeriodSeconds", Int64),
        kept(5, "activeDeadlineSeconds", Int64),
        field(6, "dnsPolicy", Text),
        map(7, "nodeSelector", Text),
        field(8, "serviceAccountName", Text),
        field(9, "serviceAccount", Text),
        kept(21, "automountServiceAccountToken", Bool),
        field(10, "nodeName", Text),
        field(11, "hostNetwork", Bool),
        field(12, "hostPID", Bool),
        field(13, "hostIPC", Bool),
        kept(27, "shareProcessNamespace", Bool),
        field(14, "securityContext", Object(&POD_SECURITY_CONTEXT)),
        list(15, "imagePullSecrets", Object(&super::LOCAL_OBJECT_REFERENCE)),
        field(16, "hostname", Text),
        field(17, "subdomain", Text),
        field(18, "affinity", Object(&AFFINITY)),
        field(19, "schedulerName", Text),
        list(22, "tolerations", Object(&TOLERATION)),
        list(23, "hostAliases", Object(&HOST_ALIAS)),
        field(24, "priorityClassName", Text),
        kept(25, "priority", Int32),
        field(26, "dnsConfig", Object(&POD_DNS_CONFIG)),
        list(28, "readinessGates", Object(&POD_READINESS_GATE)),
        kept(29, "runtimeClassName", Text),
        kept(30, "enableServiceLinks", Bool),
        kept(31, "preemptionPolicy", Text),
        map(32, "overhead", Quantity),
        list(33, "topologySpreadConstraints", Object(&TOPOLOGY_SPREAD_CONSTRAINT)),
        kept(35, "setHostnameAsFQDN", Bool),
        field(36, "os", Object(&POD_OS)),
        kept(37, "hostUsers", Bool),
        list(38, "schedulingGates", Object(&POD_SCHEDULING_GATE)),
        list(39, "resourceClaims", Object(&POD_RESOURCE_CLAIM)),
        field(40, "resources", Object(&containers::RESOURCE_REQUIREMENTS)),
        kept(41, "hostnameOverride", Text),
        field(43, "schedulingGroup", Object(&POD_SCHEDULING_GROUP)),
        list(44, "evictionResponders", Object(&EVICTION_RESPONDER)),
    ],
);
pub(crate) static POD_STATUS: Message = message(
    "PodStatus",
    &[
        field(17, "observedGeneration", Int64),
        field(1, "phase", Text),
        list(2, "conditions", Object(&POD_CONDITION)),
        field(3, "message", Text),
        field(4, "reason", Text),
        field(11, "nominatedNodeName", Text),
        field(5, "hostIP", Text),
        list(16, "hostIPs", Object(&HOST_IP)),
        field(6, "podIP", Text),
        list(12, "podIPs", Object(&POD_IP)),
        field(7, "startTime", Time),
        list(10, "initContainerStatuses", Object(&containers::CONTAINER_STATUS)),
        list(8, "containerStatuses", Object(&containers::CONTAINER_STATUS)),
        field(9, "qosClass", Text),
        list(13, "ephemeralContainerStatuses", Object(&containers::CONTAINER_STATUS)),
        field(14, "resize", Text),
        list(15, "resourceClaimStatuses", Object(&POD_RESOURCE_CLAIM_STATUS)),
        field(18, "extendedResourceClaimStatus", Object(&POD_EXTENDED_RESOURCE_CLAIM_STATUS)),
        map(19, "allocatedResources", Quantity),
        field(20, "resources", Object(&containers::RESOURCE_REQUIREMENTS)),
        list(21, "nodeAllocatableResourceClaimStatuses", Object(&NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS)),
        list(22, "volumeHealth", Object(&volumes::POD_VOLUME_HEALTH)),
    ],
);
pub(crate) static POD_TEMPLATE: Message = message(
    "PodTemplate",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "template", Object(&POD_TEMPLATE_SPEC))],
);
pub(crate) static POD_TEMPLATE_SPEC: Message = message(
    "PodTemplateSpec",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&POD_SPEC))],
);
pub(crate) static PREFERRED_SCHEDULING_TERM: Message = message(
    "PreferredSchedulingTerm",
    &[kept(1, "weight", Int32), field(2, "preference", Object(&NODE_SELECTOR_TERM))],
);
pub(crate) static REPLICATION_CONTROLLER: Message = message(
    "ReplicationController",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&REPLICATION_CONTROLLER_SPEC)),
        field(3, "status", Object(&REPLICATION_CONTROLLER_STATUS)),
    ],
);
pub(crate) static REPLICATION_CONTROLLER_CONDITION: Message = message(
    "ReplicationControllerCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastTransitionTime", Time),
        field(4, "reason", Text),
        field(5, "message", Text),
    ],
);
pub(crate) static REPLICATION_CONTROLLER_SPEC: Message = message(
    "ReplicationControllerSpec",
    &[
        kept(1, "replicas", Int32),
        field(4, "minReadySeconds", Int32),
        map(2, "selector", Text),
        field(3, "template", Object(&POD_TEMPLATE_SPEC)),
    ],
);
pub(crate) static REPLICATION_CONTROLLER_STATUS: Message = message(
    "ReplicationControllerStatus",
    &[
        kept(1, "replicas", Int32),
        field(2, "fullyLabeledReplicas", Int32),
        field(4, "readyReplicas", Int32),
        field(5, "availableReplicas", Int32),
        field(3, "observedGeneration", Int64),
        list(6, "conditions", Object(&REPLICATION_CONTROLLER_CONDITION)),
    ],
);
pub(crate) static SYSCTL: Message = message("Sysctl", &[kept(1, "name", Text), kept(2, "value", Text)]);
pub(crate) static TOLERATION: Message = message(
    "Toleration",
    &[
        field(1, "key", Text),
        field(2, "operator", Text),
        field(3, "value", Text),
        field(4, "effect", Text),
        kept(5, "tolerationSeconds", Int64),
    ],
);
pub(crate) static TOPOLOGY_SPREAD_CONSTRAINT: Message = message(
    "TopologySpreadConstraint",
    &[
        kept(1, "maxSkew", Int32),
        kept(2, "topologyKey", Text),
        kept(3, "whenUnsatisfiable", Text),
        field(4, "labelSelector", Object(&meta::LABEL_SELECTOR)),
        kept(5, "minDomains", Int32),
        kept(6, "nodeAffinityPolicy", Text),
        kept(7, "nodeTaintsPolicy", Text),
        list(8, "matchLabelKeys", Text),
    ],
);
pub(crate) static WEIGHTED_POD_AFFINITY_TERM: Message = message(
    "WeightedPodAffinityTerm",
    &[kept(1, "weight", Int32), field(2, "podAffinityTerm", Object(&POD_AFFINITY_TERM))],
);
