//! Nodes.

use super::super::Type::{Bool, Int32, Int64, Object, Quantity, Text, Time};
use super::super::meta;
use super::super::{Message, field, kept, list, map, message};
use super::pods;

pub(crate) static ATTACHED_VOLUME: Message =
    message("AttachedVolume", &[kept(1, "name", Text), kept(2, "devicePath", Text)]);
pub(crate) static COMPONENT_CONDITION: Message = message(
    "ComponentCondition",
    &[kept(1, "type", Text), kept(2, "status", Text), field(3, "message", Text), field(4, "error", Text)],
);
pub(crate) static COMPONENT_STATUS: Message = message(
    "ComponentStatus",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), list(2, "conditions", Object(&COMPONENT_CONDITION))],
);
pub(crate) static CONFIG_MAP_NODE_CONFIG_SOURCE: Message = message(
    "ConfigMapNodeConfigSource",
    &[
        kept(1, "namespace", Text),
        kept(2, "name", Text),
        field(3, "uid", Text),
        field(4, "resourceVersion", Text),
        kept(5, "kubeletConfigKey", Text),
    ],
);
pub(crate) static CONTAINER_IMAGE: Message =
    message("ContainerImage", &[list(1, "names", Text), field(2, "sizeBytes", Int64)]);
pub(crate) static DAEMON_ENDPOINT: Message = message("DaemonEndpoint", &[kept(1, "Port", Int32)]);
pub(crate) static NODE: Message = message(
    "Node",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&NODE_SPEC)),
        field(3, "status", Object(&NODE_STATUS)),
    ],
);
pub(crate) static NODE_ADDRESS: Message = message("NodeAddress", &[kept(1, "type", Text), kept(2, "address", Text)]);
pub(crate) static NODE_CONDITION: Message = message(
    "NodeCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastHeartbeatTime", Time),
        field(4, "lastTransitionTime", Time),
        field(5, "reason", Text),
        field(6, "message", Text),
    ],
);
pub(crate) static NODE_CONFIG_SOURCE: Message =
    message("NodeConfigSource", &[field(2, "configMap", Object(&CONFIG_MAP_NODE_CONFIG_SOURCE))]);
pub(crate) static NODE_CONFIG_STATUS: Message = message(
    "NodeConfigStatus",
    &[
        field(1, "assigned", Object(&NODE_CONFIG_SOURCE)),
        field(2, "active", Object(&NODE_CONFIG_SOURCE)),
        field(3, "lastKnownGood", Object(&NODE_CONFIG_SOURCE)),
        field(4, "error", Text),
    ],
);
pub(crate) static NODE_DAEMON_ENDPOINTS: Message =
    message("NodeDaemonEndpoints", &[field(1, "kubeletEndpoint", Object(&DAEMON_ENDPOINT))]);
pub(crate) static NODE_FEATURES: Message = message("NodeFeatures", &[kept(1, "supplementalGroupsPolicy", Bool)]);
pub(crate) static NODE_RUNTIME_HANDLER: Message = message(
    "NodeRuntimeHandler",
    &[kept(1, "name", Text), field(2, "features", Object(&NODE_RUNTIME_HANDLER_FEATURES))],
);
pub(crate) static NODE_RUNTIME_HANDLER_FEATURES: Message =
    message("NodeRuntimeHandlerFeatures", &[kept(1, "recursiveReadOnlyMounts", Bool), kept(2, "userNamespaces", Bool)]);
pub(crate) static NODE_SPEC: Message = message(
    "NodeSpec",
    &[
        field(1, "podCIDR", Text),
        list(7, "podCIDRs", Text),
        field(3, "providerID", Text),
        field(4, "unschedulable", Bool),
        list(5, "taints", Object(&TAINT)),
        field(6, "configSource", Object(&NODE_CONFIG_SOURCE)),
        field(2, "externalID", Text),
        field(8, "podPreemptionPolicy", Object(&pods::NODE_POD_PREEMPTION_POLICY)),
    ],
);
pub(crate) static NODE_STATUS: Message = message(
    "NodeStatus",
    &[
        map(1, "capacity", Quantity),
        map(2, "allocatable", Quantity),
        field(3, "phase", Text),
        list(4, "conditions", Object(&NODE_CONDITION)),
        list(5, "addresses", Object(&NODE_ADDRESS)),
        field(6, "daemonEndpoints", Object(&NODE_DAEMON_ENDPOINTS)),
        field(7, "nodeInfo", Object(&NODE_SYSTEM_INFO)),
        list(8, "images", Object(&CONTAINER_IMAGE)),
        list(9, "volumesInUse", Text),
        list(10, "volumesAttached", Object(&ATTACHED_VOLUME)),
        field(11, "config", Object(&NODE_CONFIG_STATUS)),
        list(12, "runtimeHandlers", Object(&NODE_RUNTIME_HANDLER)),
        field(13, "features", Object(&NODE_FEATURES)),
        list(14, "declaredFeatures", Text),
    ],
);
pub(crate) static NODE_SWAP_STATUS: Message = message("NodeSwapStatus", &[kept(1, "capacity", Int64)]);
pub(crate) static NODE_SYSTEM_INFO: Message = message(
    "NodeSystemInfo",
    &[
        kept(1, "machineID", Text),
        kept(2, "systemUUID", Text),
        kept(3, "bootID", Text),
        kept(4, "kernelVersion", Text),
        kept(5, "osImage", Text),
        kept(6, "containerRuntimeVersion", Text),
        kept(7, "kubeletVersion", Text),
        kept(8, "kubeProxyVersion", Text),
        kept(9, "operatingSystem", Text),
        kept(10, "architecture", Text),
        field(11, "swap", Object(&NODE_SWAP_STATUS)),
    ],
);
pub(crate) static TAINT: Message = message(
    "Taint",
    &[kept(1, "key", Text), field(2, "value", Text), kept(3, "effect", Text), field(4, "timeAdded", Time)],
);
