//! The messages of `api/core/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Bytes, Int32, Int64, IntOrString, MicroTime, Object, Quantity, Text, Time};
use super::meta;
use super::{Message, field, inline, kept, list, map, message};

pub(super) static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Message = message(
    "AWSElasticBlockStoreVolumeSource",
    &[kept(1, "volumeID", Text), field(2, "fsType", Text), field(3, "partition", Int32), field(4, "readOnly", Bool)],
);
pub(super) static AFFINITY: Message = message(
    "Affinity",
    &[
        field(1, "nodeAffinity", Object(&NODE_AFFINITY)),
        field(2, "podAffinity", Object(&POD_AFFINITY)),
        field(3, "podAntiAffinity", Object(&POD_ANTI_AFFINITY)),
    ],
);
pub(super) static APP_ARMOR_PROFILE: Message =
    message("AppArmorProfile", &[kept(1, "type", Text), kept(2, "localhostProfile", Text)]);
pub(super) static ATTACHED_VOLUME: Message =
    message("AttachedVolume", &[kept(1, "name", Text), kept(2, "devicePath", Text)]);
pub(super) static AZURE_DISK_VOLUME_SOURCE: Message = message(
    "AzureDiskVolumeSource",
    &[
        kept(1, "diskName", Text),
        kept(2, "diskURI", Text),
        kept(3, "cachingMode", Text),
        kept(4, "fsType", Text),
        kept(5, "readOnly", Bool),
        kept(6, "kind", Text),
    ],
);
pub(super) static AZURE_FILE_PERSISTENT_VOLUME_SOURCE: Message = message(
    "AzureFilePersistentVolumeSource",
    &[
        kept(1, "secretName", Text),
        kept(2, "shareName", Text),
        field(3, "readOnly", Bool),
        kept(4, "secretNamespace", Text),
    ],
);
pub(super) static AZURE_FILE_VOLUME_SOURCE: Message = message(
    "AzureFileVolumeSource",
    &[kept(1, "secretName", Text), kept(2, "shareName", Text), field(3, "readOnly", Bool)],
);
pub(super) static BINDING: Message = message(
    "Binding",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "target", Object(&OBJECT_REFERENCE))],
);
pub(super) static CSI_PERSISTENT_VOLUME_SOURCE: Message = message(
    "CSIPersistentVolumeSource",
    &[
        kept(1, "driver", Text),
        kept(2, "volumeHandle", Text),
        field(3, "readOnly", Bool),
        field(4, "fsType", Text),
        map(5, "volumeAttributes", Text),
        field(6, "controllerPublishSecretRef", Object(&SECRET_REFERENCE)),
        field(7, "nodeStageSecretRef", Object(&SECRET_REFERENCE)),
        field(8, "nodePublishSecretRef", Object(&SECRET_REFERENCE)),
        field(9, "controllerExpandSecretRef", Object(&SECRET_REFERENCE)),
        field(10, "nodeExpandSecretRef", Object(&SECRET_REFERENCE)),
    ],
);
pub(super) static CSI_VOLUME_SOURCE: Message = message(
    "CSIVolumeSource",
    &[
        kept(1, "driver", Text),
        kept(2, "readOnly", Bool),
        kept(3, "fsType", Text),
        map(4, "volumeAttributes", Text),
        field(5, "nodePublishSecretRef", Object(&LOCAL_OBJECT_REFERENCE)),
    ],
);
pub(super) static CAPABILITIES: Message = message("Capabilities", &[list(1, "add", Text), list(2, "drop", Text)]);
pub(super) static CEPH_FS_PERSISTENT_VOLUME_SOURCE: Message = message(
    "CephFSPersistentVolumeSource",
    &[
        list(1, "monitors", Text),
        field(2, "path", Text),
        field(3, "user", Text),
        field(4, "secretFile", Text),
        field(5, "secretRef", Object(&SECRET_REFERENCE)),
        field(6, "readOnly", Bool),
    ],
);
pub(super) static CEPH_FS_VOLUME_SOURCE: Message = message(
    "CephFSVolumeSource",
    &[
        list(1, "monitors", Text),
        field(2, "path", Text),
        field(3, "user", Text),
        field(4, "secretFile", Text),
        field(5, "secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        field(6, "readOnly", Bool),
    ],
);
pub(super) static CINDER_PERSISTENT_VOLUME_SOURCE: Message = message(
    "CinderPersistentVolumeSource",
    &[
        kept(1, "volumeID", Text),
        field(2, "fsType", Text),
        field(3, "readOnly", Bool),
        field(4, "secretRef", Object(&SECRET_REFERENCE)),
    ],
);
pub(super) static CINDER_VOLUME_SOURCE: Message = message(
    "CinderVolumeSource",
    &[
        kept(1, "volumeID", Text),
        field(2, "fsType", Text),
        field(3, "readOnly", Bool),
        field(4, "secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
    ],
);
pub(super) static CLIENT_IP_CONFIG: Message = message("ClientIPConfig", &[kept(1, "timeoutSeconds", Int32)]);
pub(super) static CLUSTER_TRUST_BUNDLE_PROJECTION: Message = message(
    "ClusterTrustBundleProjection",
    &[
        kept(1, "name", Text),
        kept(2, "signerName", Text),
        field(3, "labelSelector", Object(&meta::LABEL_SELECTOR)),
        kept(5, "optional", Bool),
        kept(4, "path", Text),
        kept(6, "user", Int64),
    ],
);
pub(super) static COMPONENT_CONDITION: Message = message(
    "ComponentCondition",
    &[kept(1, "type", Text), kept(2, "status", Text), field(3, "message", Text), field(4, "error", Text)],
);
pub(super) static COMPONENT_STATUS: Message = message(
    "ComponentStatus",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), list(2, "conditions", Object(&COMPONENT_CONDITION))],
);
pub(super) static CONFIG_MAP: Message = message(
    "ConfigMap",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        kept(4, "immutable", Bool),
        map(2, "data", Text),
        map(3, "binaryData", Bytes),
    ],
);
pub(super) static CONFIG_MAP_ENV_SOURCE: Message =
    message("ConfigMapEnvSource", &[inline(1, &LOCAL_OBJECT_REFERENCE), kept(2, "optional", Bool)]);
pub(super) static CONFIG_MAP_KEY_SELECTOR: Message = message(
    "ConfigMapKeySelector",
    &[inline(1, &LOCAL_OBJECT_REFERENCE), kept(2, "key", Text), kept(3, "optional", Bool)],
);
pub(super) static CONFIG_MAP_NODE_CONFIG_SOURCE: Message = message(
    "ConfigMapNodeConfigSource",
    &[
        kept(1, "namespace", Text),
        kept(2, "name", Text),
        field(3, "uid", Text),
        field(4, "resourceVersion", Text),
        kept(5, "kubeletConfigKey", Text),
    ],
);
pub(super) static CONFIG_MAP_PROJECTION: Message = message(
    "ConfigMapProjection",
    &[inline(1, &LOCAL_OBJECT_REFERENCE), list(2, "items", Object(&KEY_TO_PATH)), kept(4, "optional", Bool)],
);
pub(super) static CONFIG_MAP_VOLUME_SOURCE: Message = message(
    "ConfigMapVolumeSource",
    &[
        inline(1, &LOCAL_OBJECT_REFERENCE),
        list(2, "items", Object(&KEY_TO_PATH)),
        kept(3, "defaultMode", Int32),
        kept(4, "optional", Bool),
        kept(5, "defaultUser", Int64),
    ],
);
pub(super) static CONTAINER: Message = message(
    "Container",
    &[
        kept(1, "name", Text),
        field(2, "image", Text),
        list(3, "command", Text),
        list(4, "args", Text),
        field(5, "workingDir", Text),
        list(6, "ports", Object(&CONTAINER_PORT)),
        list(19, "envFrom", Object(&ENV_FROM_SOURCE)),
        list(7, "env", Object(&ENV_VAR)),
        field(8, "resources", Object(&RESOURCE_REQUIREMENTS)),
        list(23, "resizePolicy", Object(&CONTAINER_RESIZE_POLICY)),
        kept(24, "restartPolicy", Text),
        list(25, "restartPolicyRules", Object(&CONTAINER_RESTART_RULE)),
        list(9, "volumeMounts", Object(&VOLUME_MOUNT)),
        list(21, "volumeDevices", Object(&VOLUME_DEVICE)),
        field(10, "livenessProbe", Object(&PROBE)),
        field(11, "readinessProbe", Object(&PROBE)),
        field(22, "startupProbe", Object(&PROBE)),
        field(12, "lifecycle", Object(&LIFECYCLE)),
        field(13, "terminationMessagePath", Text),
        field(20, "terminationMessagePolicy", Text),
        field(14, "imagePullPolicy", Text),
        field(15, "securityContext", Object(&SECURITY_CONTEXT)),
        field(16, "stdin", Bool),
        field(17, "stdinOnce", Bool),
        field(18, "tty", Bool),
    ],
);
pub(super) static CONTAINER_EXTENDED_RESOURCE_REQUEST: Message = message(
    "ContainerExtendedResourceRequest",
    &[kept(1, "containerName", Text), kept(2, "resourceName", Text), kept(3, "requestName", Text)],
);
pub(super) static CONTAINER_IMAGE: Message =
    message("ContainerImage", &[list(1, "names", Text), field(2, "sizeBytes", Int64)]);
pub(super) static CONTAINER_PORT: Message = message(
    "ContainerPort",
    &[
        field(1, "name", Text),
        field(2, "hostPort", Int32),
        kept(3, "containerPort", Int32),
        field(4, "protocol", Text),
        field(5, "hostIP", Text),
    ],
);
pub(super) static CONTAINER_RESIZE_POLICY: Message =
    message("ContainerResizePolicy", &[kept(1, "resourceName", Text), kept(2, "restartPolicy", Text)]);
pub(super) static CONTAINER_RESTART_RULE: Message = message(
    "ContainerRestartRule",
    &[field(1, "action", Text), field(2, "exitCodes", Object(&CONTAINER_RESTART_RULE_ON_EXIT_CODES))],
);
pub(super) static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Message =
    message("ContainerRestartRuleOnExitCodes", &[field(1, "operator", Text), list(2, "values", Int32)]);
pub(super) static CONTAINER_STATE: Message = message(
    "ContainerState",
    &[
        field(1, "waiting", Object(&CONTAINER_STATE_WAITING)),
        field(2, "running", Object(&CONTAINER_STATE_RUNNING)),
        field(3, "terminated", Object(&CONTAINER_STATE_TERMINATED)),
    ],
);
pub(super) static CONTAINER_STATE_RUNNING: Message = message("ContainerStateRunning", &[field(1, "startedAt", Time)]);
pub(super) static CONTAINER_STATE_TERMINATED: Message = message(
    "ContainerStateTerminated",
    &[
        kept(1, "exitCode", Int32),
        field(2, "signal", Int32),
        field(3, "reason", Text),
        field(4, "message", Text),
        field(5, "startedAt", Time),
        field(6, "finishedAt", Time),
        field(7, "containerID", Text),
    ],
);
pub(super) static CONTAINER_STATE_WAITING: Message =
    message("ContainerStateWaiting", &[field(1, "reason", Text), field(2, "message", Text)]);
pub(super) static CONTAINER_STATUS: Message = message(
    "ContainerStatus",
    &[
        kept(1, "name", Text),
        field(2, "state", Object(&CONTAINER_STATE)),
        field(3, "lastState", Object(&CONTAINER_STATE)),
        kept(4, "ready", Bool),
        kept(5, "restartCount", Int32),
        kept(6, "image", Text),
        kept(7, "imageID", Text),
        field(8, "containerID", Text),
        kept(9, "started", Bool),
        map(10, "allocatedResources", Quantity),
        field(11, "resources", Object(&RESOURCE_REQUIREMENTS)),
        list(12, "volumeMounts", Object(&VOLUME_MOUNT_STATUS)),
        field(13, "user", Object(&CONTAINER_USER)),
        list(14, "allocatedResourcesStatus", Object(&RESOURCE_STATUS)),
        kept(15, "stopSignal", Text),
    ],
);
pub(super) static CONTAINER_USER: Message =
    message("ContainerUser", &[field(1, "linux", Object(&LINUX_CONTAINER_USER))]);
pub(super) static DAEMON_ENDPOINT: Message = message("DaemonEndpoint", &[kept(1, "Port", Int32)]);
pub(super) static DOWNWARD_API_PROJECTION: Message =
    message("DownwardAPIProjection", &[list(1, "items", Object(&DOWNWARD_API_VOLUME_FILE))]);
pub(super) static DOWNWARD_API_VOLUME_FILE: Message = message(
    "DownwardAPIVolumeFile",
    &[
        kept(1, "path", Text),
        field(2, "fieldRef", Object(&OBJECT_FIELD_SELECTOR)),
        field(3, "resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
        kept(4, "mode", Int32),
        kept(5, "user", Int64),
    ],
);
pub(super) static DOWNWARD_API_VOLUME_SOURCE: Message = message(
    "DownwardAPIVolumeSource",
    &[
        list(1, "items", Object(&DOWNWARD_API_VOLUME_FILE)),
        kept(2, "defaultMode", Int32),
        kept(3, "defaultUser", Int64),
    ],
);
pub(super) static EMPTY_DIR_VOLUME_SOURCE: Message = message(
    "EmptyDirVolumeSource",
    &[field(1, "medium", Text), field(2, "sizeLimit", Quantity), kept(3, "mode", Int32)],
);
pub(super) static ENDPOINT_ADDRESS: Message = message(
    "EndpointAddress",
    &[
        kept(1, "ip", Text),
        field(3, "hostname", Text),
        kept(4, "nodeName", Text),
        field(2, "targetRef", Object(&OBJECT_REFERENCE)),
    ],
);
pub(super) static ENDPOINT_PORT: Message = message(
    "EndpointPort",
    &[field(1, "name", Text), kept(2, "port", Int32), field(3, "protocol", Text), kept(4, "appProtocol", Text)],
);
pub(super) static ENDPOINT_SUBSET: Message = message(
    "EndpointSubset",
    &[
        list(1, "addresses", Object(&ENDPOINT_ADDRESS)),
        list(2, "notReadyAddresses", Object(&ENDPOINT_ADDRESS)),
        list(3, "ports", Object(&ENDPOINT_PORT)),
    ],
);
pub(super) static ENDPOINTS: Message = message(
    "Endpoints",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), list(2, "subsets", Object(&ENDPOINT_SUBSET))],
);
pub(super) static ENV_FROM_SOURCE: Message = message(
    "EnvFromSource",
    &[
        field(1, "prefix", Text),
        field(2, "configMapRef", Object(&CONFIG_MAP_ENV_SOURCE)),
        field(3, "secretRef", Object(&SECRET_ENV_SOURCE)),
    ],
);
pub(super) static ENV_VAR: Message = message(
    "EnvVar",
    &[kept(1, "name", Text), field(2, "value", Text), field(3, "valueFrom", Object(&ENV_VAR_SOURCE))],
);
pub(super) static ENV_VAR_SOURCE: Message = message(
    "EnvVarSource",
    &[
        field(1, "fieldRef", Object(&OBJECT_FIELD_SELECTOR)),
        field(2, "resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
        field(3, "configMapKeyRef", Object(&CONFIG_MAP_KEY_SELECTOR)),
        field(4, "secretKeyRef", Object(&SECRET_KEY_SELECTOR)),
        field(5, "fileKeyRef", Object(&FILE_KEY_SELECTOR)),
    ],
);
pub(super) static EPHEMERAL_CONTAINER: Message =
    message("EphemeralContainer", &[inline(1, &EPHEMERAL_CONTAINER_COMMON), field(2, "targetContainerName", Text)]);
pub(super) static EPHEMERAL_CONTAINER_COMMON: Message = message(
    "EphemeralContainerCommon",
    &[
        kept(1, "name", Text),
        field(2, "image", Text),
        list(3, "command", Text),
        list(4, "args", Text),
        field(5, "workingDir", Text),
        list(6, "ports", Object(&CONTAINER_PORT)),
        list(19, "envFrom", Object(&ENV_FROM_SOURCE)),
        list(7, "env", Object(&ENV_VAR)),
        field(8, "resources", Object(&RESOURCE_REQUIREMENTS)),
        list(23, "resizePolicy", Object(&CONTAINER_RESIZE_POLICY)),
        kept(24, "restartPolicy", Text),
        list(25, "restartPolicyRules", Object(&CONTAINER_RESTART_RULE)),
        list(9, "volumeMounts", Object(&VOLUME_MOUNT)),
        list(21, "volumeDevices", Object(&VOLUME_DEVICE)),
        field(10, "livenessProbe", Object(&PROBE)),
        field(11, "readinessProbe", Object(&PROBE)),
        field(22, "startupProbe", Object(&PROBE)),
        field(12, "lifecycle", Object(&LIFECYCLE)),
        field(13, "terminationMessagePath", Text),
        field(20, "terminationMessagePolicy", Text),
        field(14, "imagePullPolicy", Text),
        field(15, "securityContext", Object(&SECURITY_CONTEXT)),
        field(16, "stdin", Bool),
        field(17, "stdinOnce", Bool),
        field(18, "tty", Bool),
    ],
);
pub(super) static EPHEMERAL_VOLUME_SOURCE: Message =
    message("EphemeralVolumeSource", &[field(1, "volumeClaimTemplate", Object(&PERSISTENT_VOLUME_CLAIM_TEMPLATE))]);
pub(super) static EVENT: Message = message(
    "Event",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "involvedObject", Object(&OBJECT_REFERENCE)),
        field(3, "reason", Text),
        field(4, "message", Text),
        field(5, "source", Object(&EVENT_SOURCE)),
        field(6, "firstTimestamp", Time),
        field(7, "lastTimestamp", Time),
        field(8, "count", Int32),
        field(9, "type", Text),
        field(10, "eventTime", MicroTime),
        field(11, "series", Object(&EVENT_SERIES)),
        field(12, "action", Text),
        field(13, "related", Object(&OBJECT_REFERENCE)),
        kept(14, "reportingComponent", Text),
        kept(15, "reportingInstance", Text),
    ],
);
pub(super) static EVENT_SERIES: Message =
    message("EventSeries", &[field(1, "count", Int32), field(2, "lastObservedTime", MicroTime)]);
pub(super) static EVENT_SOURCE: Message =
    message("EventSource", &[field(1, "component", Text), field(2, "host", Text)]);
pub(super) static EVICTION_RESPONDER: Message =
    message("EvictionResponder", &[kept(1, "name", Text), kept(2, "priority", Int32)]);
pub(super) static EXEC_ACTION: Message = message("ExecAction", &[list(1, "command", Text)]);
pub(super) static FC_VOLUME_SOURCE: Message = message(
    "FCVolumeSource",
    &[
        list(1, "targetWWNs", Text),
        kept(2, "lun", Int32),
        field(3, "fsType", Text),
        field(4, "readOnly", Bool),
        list(5, "wwids", Text),
    ],
);
pub(super) static FILE_KEY_SELECTOR: Message = message(
    "FileKeySelector",
    &[kept(1, "volumeName", Text), kept(2, "path", Text), kept(3, "key", Text), kept(4, "optional", Bool)],
);
pub(super) static FLEX_PERSISTENT_VOLUME_SOURCE: Message = message(
    "FlexPersistentVolumeSource",
    &[
        kept(1, "driver", Text),
        field(2, "fsType", Text),
        field(3, "secretRef", Object(&SECRET_REFERENCE)),
        field(4, "readOnly", Bool),
        map(5, "options", Text),
    ],
);
pub(super) static FLEX_VOLUME_SOURCE: Message = message(
    "FlexVolumeSource",
    &[
        kept(1, "driver", Text),
        field(2, "fsType", Text),
        field(3, "secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        field(4, "readOnly", Bool),
        map(5, "options", Text),
    ],
);
pub(super) static FLOCKER_VOLUME_SOURCE: Message =
    message("FlockerVolumeSource", &[field(1, "datasetName", Text), field(2, "datasetUUID", Text)]);
pub(super) static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Message = message(
    "GCEPersistentDiskVolumeSource",
    &[kept(1, "pdName", Text), field(2, "fsType", Text), field(3, "partition", Int32), field(4, "readOnly", Bool)],
);
pub(super) static GRPC_ACTION: Message =
    message("GRPCAction", &[kept(1, "port", Int32), kept(2, "service", Text), kept(3, "mode", Text)]);
pub(super) static GIT_REPO_VOLUME_SOURCE: Message = message(
    "GitRepoVolumeSource",
    &[kept(1, "repository", Text), field(2, "revision", Text), field(3, "directory", Text)],
);
pub(super) static GLUSTERFS_PERSISTENT_VOLUME_SOURCE: Message = message(
    "GlusterfsPersistentVolumeSource",
    &[
        kept(1, "endpoints", Text),
        kept(2, "path", Text),
        field(3, "readOnly", Bool),
        kept(4, "endpointsNamespace", Text),
    ],
);
pub(super) static GLUSTERFS_VOLUME_SOURCE: Message =
    message("GlusterfsVolumeSource", &[kept(1, "endpoints", Text), kept(2, "path", Text), field(3, "readOnly", Bool)]);
pub(super) static HTTP_GET_ACTION: Message = message(
    "HTTPGetAction",
    &[
        field(1, "path", Text),
        field(2, "port", IntOrString),
        field(3, "host", Text),
        field(4, "scheme", Text),
        list(5, "httpHeaders", Object(&HTTP_HEADER)),
        kept(6, "protocol", Text),
    ],
);
pub(super) static HTTP_HEADER: Message = message("HTTPHeader", &[kept(1, "name", Text), kept(2, "value", Text)]);
pub(super) static HOST_ALIAS: Message = message("HostAlias", &[kept(1, "ip", Text), list(2, "hostnames", Text)]);
pub(super) static HOST_IP: Message = message("HostIP", &[kept(1, "ip", Text)]);
pub(super) static HOST_PATH_VOLUME_SOURCE: Message =
    message("HostPathVolumeSource", &[kept(1, "path", Text), kept(2, "type", Text)]);
pub(super) static ISCSI_PERSISTENT_VOLUME_SOURCE: Message = message(
    "ISCSIPersistentVolumeSource",
    &[
        kept(1, "targetPortal", Text),
        kept(2, "iqn", Text),
        kept(3, "lun", Int32),
        field(4, "iscsiInterface", Text),
        field(5, "fsType", Text),
        field(6, "readOnly", Bool),
        list(7, "portals", Text),
        field(8, "chapAuthDiscovery", Bool),
        field(11, "chapAuthSession", Bool),
        field(10, "secretRef", Object(&SECRET_REFERENCE)),
        kept(12, "initiatorName", Text),
    ],
);
pub(super) static ISCSI_VOLUME_SOURCE: Message = message(
    "ISCSIVolumeSource",
    &[
        kept(1, "targetPortal", Text),
        kept(2, "iqn", Text),
        kept(3, "lun", Int32),
        field(4, "iscsiInterface", Text),
        field(5, "fsType", Text),
        field(6, "readOnly", Bool),
        list(7, "portals", Text),
        field(8, "chapAuthDiscovery", Bool),
        field(11, "chapAuthSession", Bool),
        field(10, "secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        kept(12, "initiatorName", Text),
    ],
);
pub(super) static IMAGE_VOLUME_SOURCE: Message =
    message("ImageVolumeSource", &[field(1, "reference", Text), field(2, "pullPolicy", Text)]);
pub(super) static IMAGE_VOLUME_STATUS: Message = message("ImageVolumeStatus", &[field(1, "imageRef", Text)]);
pub(super) static KEY_TO_PATH: Message = message(
    "KeyToPath",
    &[kept(1, "key", Text), kept(2, "path", Text), kept(3, "mode", Int32), kept(4, "user", Int64)],
);
pub(super) static LIFECYCLE: Message = message(
    "Lifecycle",
    &[
        field(1, "postStart", Object(&LIFECYCLE_HANDLER)),
        field(2, "preStop", Object(&LIFECYCLE_HANDLER)),
        kept(3, "stopSignal", Text),
    ],
);
pub(super) static LIFECYCLE_HANDLER: Message = message(
    "LifecycleHandler",
    &[
        field(1, "exec", Object(&EXEC_ACTION)),
        field(2, "httpGet", Object(&HTTP_GET_ACTION)),
        field(3, "tcpSocket", Object(&TCP_SOCKET_ACTION)),
        field(4, "sleep", Object(&SLEEP_ACTION)),
    ],
);
pub(super) static LIMIT_RANGE: Message = message(
    "LimitRange",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&LIMIT_RANGE_SPEC))],
);
pub(super) static LIMIT_RANGE_ITEM: Message = message(
    "LimitRangeItem",
    &[
        kept(1, "type", Text),
        map(2, "max", Quantity),
        map(3, "min", Quantity),
        map(4, "default", Quantity),
        map(5, "defaultRequest", Quantity),
        map(6, "maxLimitRequestRatio", Quantity),
    ],
);
pub(super) static LIMIT_RANGE_SPEC: Message =
    message("LimitRangeSpec", &[list(1, "limits", Object(&LIMIT_RANGE_ITEM))]);
pub(super) static LINUX_CONTAINER_USER: Message = message(
    "LinuxContainerUser",
    &[kept(1, "uid", Int64), kept(2, "gid", Int64), list(3, "supplementalGroups", Int64)],
);
pub(super) static LOAD_BALANCER_INGRESS: Message = message(
    "LoadBalancerIngress",
    &[
        field(1, "ip", Text),
        field(2, "hostname", Text),
        kept(3, "ipMode", Text),
        list(4, "ports", Object(&PORT_STATUS)),
    ],
);
pub(super) static LOAD_BALANCER_STATUS: Message =
    message("LoadBalancerStatus", &[list(1, "ingress", Object(&LOAD_BALANCER_INGRESS))]);
pub(super) static LOCAL_OBJECT_REFERENCE: Message = message("LocalObjectReference", &[field(1, "name", Text)]);
pub(super) static LOCAL_VOLUME_SOURCE: Message =
    message("LocalVolumeSource", &[kept(1, "path", Text), kept(2, "fsType", Text)]);
pub(super) static MODIFY_VOLUME_STATUS: Message =
    message("ModifyVolumeStatus", &[field(1, "targetVolumeAttributesClassName", Text), kept(2, "status", Text)]);
pub(super) static NFS_VOLUME_SOURCE: Message =
    message("NFSVolumeSource", &[kept(1, "server", Text), kept(2, "path", Text), field(3, "readOnly", Bool)]);
pub(super) static NAMESPACE: Message = message(
    "Namespace",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&NAMESPACE_SPEC)),
        field(3, "status", Object(&NAMESPACE_STATUS)),
    ],
);
pub(super) static NAMESPACE_CONDITION: Message = message(
    "NamespaceCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(4, "lastTransitionTime", Time),
        field(5, "reason", Text),
        field(6, "message", Text),
    ],
);
pub(super) static NAMESPACE_SPEC: Message = message("NamespaceSpec", &[list(1, "finalizers", Text)]);
pub(super) static NAMESPACE_STATUS: Message =
    message("NamespaceStatus", &[field(1, "phase", Text), list(2, "conditions", Object(&NAMESPACE_CONDITION))]);
pub(super) static NODE: Message = message(
    "Node",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&NODE_SPEC)),
        field(3, "status", Object(&NODE_STATUS)),
    ],
);
pub(super) static NODE_ADDRESS: Message = message("NodeAddress", &[kept(1, "type", Text), kept(2, "address", Text)]);
pub(super) static NODE_AFFINITY: Message = message(
    "NodeAffinity",
    &[
        field(1, "requiredDuringSchedulingIgnoredDuringExecution", Object(&NODE_SELECTOR)),
        list(2, "preferredDuringSchedulingIgnoredDuringExecution", Object(&PREFERRED_SCHEDULING_TERM)),
    ],
);
pub(super) static NODE_ALLOCATABLE_MAPPED_RESOURCES: Message =
    message("NodeAllocatableMappedResources", &[kept(1, "name", Text), field(2, "quantity", Quantity)]);
pub(super) static NODE_ALLOCATABLE_OVERHEAD_RESOURCES: Message = message(
    "NodeAllocatableOverheadResources",
    &[kept(1, "name", Text), field(2, "perPod", Quantity), field(3, "perContainer", Quantity)],
);
pub(super) static NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS: Message = message(
    "NodeAllocatableResourceClaimStatus",
    &[
        kept(1, "resourceClaimName", Text),
        list(2, "containers", Text),
        list(4, "mapping", Object(&NODE_ALLOCATABLE_MAPPED_RESOURCES)),
        list(5, "overhead", Object(&NODE_ALLOCATABLE_OVERHEAD_RESOURCES)),
    ],
);
pub(super) static NODE_CONDITION: Message = message(
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
pub(super) static NODE_CONFIG_SOURCE: Message =
    message("NodeConfigSource", &[field(2, "configMap", Object(&CONFIG_MAP_NODE_CONFIG_SOURCE))]);
pub(super) static NODE_CONFIG_STATUS: Message = message(
    "NodeConfigStatus",
    &[
        field(1, "assigned", Object(&NODE_CONFIG_SOURCE)),
        field(2, "active", Object(&NODE_CONFIG_SOURCE)),
        field(3, "lastKnownGood", Object(&NODE_CONFIG_SOURCE)),
        field(4, "error", Text),
    ],
);
pub(super) static NODE_DAEMON_ENDPOINTS: Message =
    message("NodeDaemonEndpoints", &[field(1, "kubeletEndpoint", Object(&DAEMON_ENDPOINT))]);
pub(super) static NODE_FEATURES: Message = message("NodeFeatures", &[kept(1, "supplementalGroupsPolicy", Bool)]);
pub(super) static NODE_POD_PREEMPTION_POLICY: Message =
    message("NodePodPreemptionPolicy", &[list(1, "disableResizePreemption", Text)]);
pub(super) static NODE_RUNTIME_HANDLER: Message = message(
    "NodeRuntimeHandler",
    &[kept(1, "name", Text), field(2, "features", Object(&NODE_RUNTIME_HANDLER_FEATURES))],
);
pub(super) static NODE_RUNTIME_HANDLER_FEATURES: Message =
    message("NodeRuntimeHandlerFeatures", &[kept(1, "recursiveReadOnlyMounts", Bool), kept(2, "userNamespaces", Bool)]);
pub(super) static NODE_SELECTOR: Message =
    message("NodeSelector", &[list(1, "nodeSelectorTerms", Object(&NODE_SELECTOR_TERM))]);
pub(super) static NODE_SELECTOR_REQUIREMENT: Message =
    message("NodeSelectorRequirement", &[kept(1, "key", Text), kept(2, "operator", Text), list(3, "values", Text)]);
pub(super) static NODE_SELECTOR_TERM: Message = message(
    "NodeSelectorTerm",
    &[
        list(1, "matchExpressions", Object(&NODE_SELECTOR_REQUIREMENT)),
        list(2, "matchFields", Object(&NODE_SELECTOR_REQUIREMENT)),
    ],
);
pub(super) static NODE_SPEC: Message = message(
    "NodeSpec",
    &[
        field(1, "podCIDR", Text),
        list(7, "podCIDRs", Text),
        field(3, "providerID", Text),
        field(4, "unschedulable", Bool),
        list(5, "taints", Object(&TAINT)),
        field(6, "configSource", Object(&NODE_CONFIG_SOURCE)),
        field(2, "externalID", Text),
        field(8, "podPreemptionPolicy", Object(&NODE_POD_PREEMPTION_POLICY)),
    ],
);
pub(super) static NODE_STATUS: Message = message(
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
pub(super) static NODE_SWAP_STATUS: Message = message("NodeSwapStatus", &[kept(1, "capacity", Int64)]);
pub(super) static NODE_SYSTEM_INFO: Message = message(
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
pub(super) static OBJECT_FIELD_SELECTOR: Message =
    message("ObjectFieldSelector", &[field(1, "apiVersion", Text), kept(2, "fieldPath", Text)]);
pub(super) static OBJECT_REFERENCE: Message = message(
    "ObjectReference",
    &[
        field(1, "kind", Text),
        field(2, "namespace", Text),
        field(3, "name", Text),
        field(4, "uid", Text),
        field(5, "apiVersion", Text),
        field(6, "resourceVersion", Text),
        field(7, "fieldPath", Text),
    ],
);
pub(super) static PERSISTENT_VOLUME: Message = message(
    "PersistentVolume",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&PERSISTENT_VOLUME_SPEC)),
        field(3, "status", Object(&PERSISTENT_VOLUME_STATUS)),
    ],
);
pub(super) static PERSISTENT_VOLUME_CLAIM: Message = message(
    "PersistentVolumeClaim",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&PERSISTENT_VOLUME_CLAIM_SPEC)),
        field(3, "status", Object(&PERSISTENT_VOLUME_CLAIM_STATUS)),
    ],
);
pub(super) static PERSISTENT_VOLUME_CLAIM_CONDITION: Message = message(
    "PersistentVolumeClaimCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastProbeTime", Time),
        field(4, "lastTransitionTime", Time),
        field(5, "reason", Text),
        field(6, "message", Text),
    ],
);
pub(super) static PERSISTENT_VOLUME_CLAIM_SPEC: Message = message(
    "PersistentVolumeClaimSpec",
    &[
        list(1, "accessModes", Text),
        field(4, "selector", Object(&meta::LABEL_SELECTOR)),
        field(2, "resources", Object(&VOLUME_RESOURCE_REQUIREMENTS)),
        field(3, "volumeName", Text),
        kept(5, "storageClassName", Text),
        kept(6, "volumeMode", Text),
        field(7, "dataSource", Object(&TYPED_LOCAL_OBJECT_REFERENCE)),
        field(8, "dataSourceRef", Object(&TYPED_OBJECT_REFERENCE)),
        kept(9, "volumeAttributesClassName", Text),
    ],
);
pub(super) static PERSISTENT_VOLUME_CLAIM_STATUS: Message = message(
    "PersistentVolumeClaimStatus",
    &[
        field(1, "phase", Text),
        list(2, "accessModes", Text),
        map(3, "capacity", Quantity),
        list(4, "conditions", Object(&PERSISTENT_VOLUME_CLAIM_CONDITION)),
        map(5, "allocatedResources", Quantity),
        map(7, "allocatedResourceStatuses", Text),
        kept(8, "currentVolumeAttributesClassName", Text),
        field(9, "modifyVolumeStatus", Object(&MODIFY_VOLUME_STATUS)),
        field(10, "healthStatus", Object(&VOLUME_HEALTH_STATUS)),
    ],
);
pub(super) static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Message = message(
    "PersistentVolumeClaimTemplate",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&PERSISTENT_VOLUME_CLAIM_SPEC))],
);
pub(super) static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Message =
    message("PersistentVolumeClaimVolumeSource", &[kept(1, "claimName", Text), field(2, "readOnly", Bool)]);
pub(super) static PERSISTENT_VOLUME_SOURCE: Message = message(
    "PersistentVolumeSource",
    &[
        field(1, "gcePersistentDisk", Object(&GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(2, "awsElasticBlockStore", Object(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        field(3, "hostPath", Object(&HOST_PATH_VOLUME_SOURCE)),
        field(4, "glusterfs", Object(&GLUSTERFS_PERSISTENT_VOLUME_SOURCE)),
        field(5, "nfs", Object(&NFS_VOLUME_SOURCE)),
        field(6, "rbd", Object(&RBD_PERSISTENT_VOLUME_SOURCE)),
        field(7, "iscsi", Object(&ISCSI_PERSISTENT_VOLUME_SOURCE)),
        field(8, "cinder", Object(&CINDER_PERSISTENT_VOLUME_SOURCE)),
        field(9, "cephfs", Object(&CEPH_FS_PERSISTENT_VOLUME_SOURCE)),
        field(10, "fc", Object(&FC_VOLUME_SOURCE)),
        field(11, "flocker", Object(&FLOCKER_VOLUME_SOURCE)),
        field(12, "flexVolume", Object(&FLEX_PERSISTENT_VOLUME_SOURCE)),
        field(13, "azureFile", Object(&AZURE_FILE_PERSISTENT_VOLUME_SOURCE)),
        field(14, "vsphereVolume", Object(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
        field(15, "quobyte", Object(&QUOBYTE_VOLUME_SOURCE)),
        field(16, "azureDisk", Object(&AZURE_DISK_VOLUME_SOURCE)),
        field(17, "photonPersistentDisk", Object(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(18, "portworxVolume", Object(&PORTWORX_VOLUME_SOURCE)),
        field(19, "scaleIO", Object(&SCALE_IO_PERSISTENT_VOLUME_SOURCE)),
        field(20, "local", Object(&LOCAL_VOLUME_SOURCE)),
        field(21, "storageos", Object(&STORAGE_OS_PERSISTENT_VOLUME_SOURCE)),
        field(22, "csi", Object(&CSI_PERSISTENT_VOLUME_SOURCE)),
    ],
);
pub(super) static PERSISTENT_VOLUME_SPEC: Message = message(
    "PersistentVolumeSpec",
    &[
        map(1, "capacity", Quantity),
        inline(2, &PERSISTENT_VOLUME_SOURCE),
        list(3, "accessModes", Text),
        field(4, "claimRef", Object(&OBJECT_REFERENCE)),
        field(5, "persistentVolumeReclaimPolicy", Text),
        field(6, "storageClassName", Text),
        list(7, "mountOptions", Text),
        kept(8, "volumeMode", Text),
        field(9, "nodeAffinity", Object(&VOLUME_NODE_AFFINITY)),
        kept(10, "volumeAttributesClassName", Text),
    ],
);
pub(super) static PERSISTENT_VOLUME_STATUS: Message = message(
    "PersistentVolumeStatus",
    &[
        field(1, "phase", Text),
        field(2, "message", Text),
        field(3, "reason", Text),
        field(4, "lastPhaseTransitionTime", Time),
    ],
);
pub(super) static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Message =
    message("PhotonPersistentDiskVolumeSource", &[kept(1, "pdID", Text), field(2, "fsType", Text)]);
pub(super) static POD: Message = message(
    "Pod",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&POD_SPEC)),
        field(3, "status", Object(&POD_STATUS)),
    ],
);
pub(super) static POD_AFFINITY: Message = message(
    "PodAffinity",
    &[
        list(1, "requiredDuringSchedulingIgnoredDuringExecution", Object(&POD_AFFINITY_TERM)),
        list(2, "preferredDuringSchedulingIgnoredDuringExecution", Object(&WEIGHTED_POD_AFFINITY_TERM)),
    ],
);
pub(super) static POD_AFFINITY_TERM: Message = message(
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
pub(super) static POD_ANTI_AFFINITY: Message = message(
    "PodAntiAffinity",
    &[
        list(1, "requiredDuringSchedulingIgnoredDuringExecution", Object(&POD_AFFINITY_TERM)),
        list(2, "preferredDuringSchedulingIgnoredDuringExecution", Object(&WEIGHTED_POD_AFFINITY_TERM)),
    ],
);
pub(super) static POD_CERTIFICATE_PROJECTION: Message = message(
    "PodCertificateProjection",
    &[
        field(1, "signerName", Text),
        field(2, "keyType", Text),
        kept(3, "maxExpirationSeconds", Int32),
        field(4, "credentialBundlePath", Text),
        field(5, "keyPath", Text),
        field(6, "certificateChainPath", Text),
        map(7, "userAnnotations", Text),
        kept(8, "user", Int64),
    ],
);
pub(super) static POD_CONDITION: Message = message(
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
pub(super) static POD_DNS_CONFIG: Message = message(
    "PodDNSConfig",
    &[list(1, "nameservers", Text), list(2, "searches", Text), list(3, "options", Object(&POD_DNS_CONFIG_OPTION))],
);
pub(super) static POD_DNS_CONFIG_OPTION: Message =
    message("PodDNSConfigOption", &[field(1, "name", Text), kept(2, "value", Text)]);
pub(super) static POD_EXTENDED_RESOURCE_CLAIM_STATUS: Message = message(
    "PodExtendedResourceClaimStatus",
    &[list(1, "requestMappings", Object(&CONTAINER_EXTENDED_RESOURCE_REQUEST)), kept(2, "resourceClaimName", Text)],
);
pub(super) static POD_IP: Message = message("PodIP", &[kept(1, "ip", Text)]);
pub(super) static POD_OS: Message = message("PodOS", &[kept(1, "name", Text)]);
pub(super) static POD_READINESS_GATE: Message = message("PodReadinessGate", &[kept(1, "conditionType", Text)]);
pub(super) static POD_RESOURCE_CLAIM: Message = message(
    "PodResourceClaim",
    &[kept(1, "name", Text), kept(3, "resourceClaimName", Text), kept(4, "resourceClaimTemplateName", Text)],
);
pub(super) static POD_RESOURCE_CLAIM_STATUS: Message =
    message("PodResourceClaimStatus", &[kept(1, "name", Text), kept(2, "resourceClaimName", Text)]);
pub(super) static POD_SCHEDULING_GATE: Message = message("PodSchedulingGate", &[kept(1, "name", Text)]);
pub(super) static POD_SCHEDULING_GROUP: Message = message("PodSchedulingGroup", &[kept(1, "podGroupName", Text)]);
pub(super) static POD_SECURITY_CONTEXT: Message = message(
    "PodSecurityContext",
    &[
        field(1, "seLinuxOptions", Object(&SE_LINUX_OPTIONS)),
        field(8, "windowsOptions", Object(&WINDOWS_SECURITY_CONTEXT_OPTIONS)),
        kept(2, "runAsUser", Int64),
        kept(6, "runAsGroup", Int64),
        kept(3, "runAsNonRoot", Bool),
        list(4, "supplementalGroups", Int64),
        kept(12, "supplementalGroupsPolicy", Text),
        kept(5, "fsGroup", Int64),
        list(7, "sysctls", Object(&SYSCTL)),
        kept(9, "fsGroupChangePolicy", Text),
        field(10, "seccompProfile", Object(&SECCOMP_PROFILE)),
        field(11, "appArmorProfile", Object(&APP_ARMOR_PROFILE)),
        kept(13, "seLinuxChangePolicy", Text),
    ],
);
pub(super) static POD_SPEC: Message = message(
    "PodSpec",
    &[
        list(1, "volumes", Object(&VOLUME)),
        list(20, "initContainers", Object(&CONTAINER)),
        list(2, "containers", Object(&CONTAINER)),
        list(34, "ephemeralContainers", Object(&EPHEMERAL_CONTAINER)),
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
        list(15, "imagePullSecrets", Object(&LOCAL_OBJECT_REFERENCE)),
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
        field(40, "resources", Object(&RESOURCE_REQUIREMENTS)),
        kept(41, "hostnameOverride", Text),
        field(43, "schedulingGroup", Object(&POD_SCHEDULING_GROUP)),
        list(44, "evictionResponders", Object(&EVICTION_RESPONDER)),
    ],
);
pub(super) static POD_STATUS: Message = message(
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
        list(10, "initContainerStatuses", Object(&CONTAINER_STATUS)),
        list(8, "containerStatuses", Object(&CONTAINER_STATUS)),
        field(9, "qosClass", Text),
        list(13, "ephemeralContainerStatuses", Object(&CONTAINER_STATUS)),
        field(14, "resize", Text),
        list(15, "resourceClaimStatuses", Object(&POD_RESOURCE_CLAIM_STATUS)),
        field(18, "extendedResourceClaimStatus", Object(&POD_EXTENDED_RESOURCE_CLAIM_STATUS)),
        map(19, "allocatedResources", Quantity),
        field(20, "resources", Object(&RESOURCE_REQUIREMENTS)),
        list(21, "nodeAllocatableResourceClaimStatuses", Object(&NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS)),
        list(22, "volumeHealth", Object(&POD_VOLUME_HEALTH)),
    ],
);
pub(super) static POD_TEMPLATE: Message = message(
    "PodTemplate",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "template", Object(&POD_TEMPLATE_SPEC))],
);
pub(super) static POD_TEMPLATE_SPEC: Message = message(
    "PodTemplateSpec",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&POD_SPEC))],
);
pub(super) static POD_VOLUME_HEALTH: Message = message(
    "PodVolumeHealth",
    &[
        kept(1, "name", Text),
        list(2, "healthConditions", Object(&VOLUME_HEALTH_CONDITION)),
        field(3, "lastTransitionTime", Time),
    ],
);
pub(super) static PORT_STATUS: Message =
    message("PortStatus", &[kept(1, "port", Int32), kept(2, "protocol", Text), kept(3, "error", Text)]);
pub(super) static PORTWORX_VOLUME_SOURCE: Message =
    message("PortworxVolumeSource", &[kept(1, "volumeID", Text), field(2, "fsType", Text), field(3, "readOnly", Bool)]);
pub(super) static PREFERRED_SCHEDULING_TERM: Message = message(
    "PreferredSchedulingTerm",
    &[kept(1, "weight", Int32), field(2, "preference", Object(&NODE_SELECTOR_TERM))],
);
pub(super) static PROBE: Message = message(
    "Probe",
    &[
        inline(1, &PROBE_HANDLER),
        field(2, "initialDelaySeconds", Int32),
        field(3, "timeoutSeconds", Int32),
        field(4, "periodSeconds", Int32),
        field(5, "successThreshold", Int32),
        field(6, "failureThreshold", Int32),
        kept(7, "terminationGracePeriodSeconds", Int64),
    ],
);
pub(super) static PROBE_HANDLER: Message = message(
    "ProbeHandler",
    &[
        field(1, "exec", Object(&EXEC_ACTION)),
        field(2, "httpGet", Object(&HTTP_GET_ACTION)),
        field(3, "tcpSocket", Object(&TCP_SOCKET_ACTION)),
        field(4, "grpc", Object(&GRPC_ACTION)),
    ],
);
pub(super) static PROJECTED_VOLUME_SOURCE: Message = message(
    "ProjectedVolumeSource",
    &[list(1, "sources", Object(&VOLUME_PROJECTION)), kept(2, "defaultMode", Int32), kept(3, "defaultUser", Int64)],
);
pub(super) static QUOBYTE_VOLUME_SOURCE: Message = message(
    "QuobyteVolumeSource",
    &[
        kept(1, "registry", Text),
        kept(2, "volume", Text),
        field(3, "readOnly", Bool),
        field(4, "user", Text),
        field(5, "group", Text),
        field(6, "tenant", Text),
    ],
);
pub(super) static RBD_PERSISTENT_VOLUME_SOURCE: Message = message(
    "RBDPersistentVolumeSource",
    &[
        list(1, "monitors", Text),
        kept(2, "image", Text),
        field(3, "fsType", Text),
        field(4, "pool", Text),
        field(5, "user", Text),
        field(6, "keyring", Text),
        field(7, "secretRef", Object(&SECRET_REFERENCE)),
        field(8, "readOnly", Bool),
    ],
);
pub(super) static RBD_VOLUME_SOURCE: Message = message(
    "RBDVolumeSource",
    &[
        list(1, "monitors", Text),
        kept(2, "image", Text),
        field(3, "fsType", Text),
        field(4, "pool", Text),
        field(5, "user", Text),
        field(6, "keyring", Text),
        field(7, "secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        field(8, "readOnly", Bool),
    ],
);
pub(super) static REPLICATION_CONTROLLER: Message = message(
    "ReplicationController",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&REPLICATION_CONTROLLER_SPEC)),
        field(3, "status", Object(&REPLICATION_CONTROLLER_STATUS)),
    ],
);
pub(super) static REPLICATION_CONTROLLER_CONDITION: Message = message(
    "ReplicationControllerCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastTransitionTime", Time),
        field(4, "reason", Text),
        field(5, "message", Text),
    ],
);
pub(super) static REPLICATION_CONTROLLER_SPEC: Message = message(
    "ReplicationControllerSpec",
    &[
        kept(1, "replicas", Int32),
        field(4, "minReadySeconds", Int32),
        map(2, "selector", Text),
        field(3, "template", Object(&POD_TEMPLATE_SPEC)),
    ],
);
pub(super) static REPLICATION_CONTROLLER_STATUS: Message = message(
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
pub(super) static RESOURCE_CLAIM: Message =
    message("ResourceClaim", &[kept(1, "name", Text), field(2, "request", Text)]);
pub(super) static RESOURCE_FIELD_SELECTOR: Message = message(
    "ResourceFieldSelector",
    &[field(1, "containerName", Text), kept(2, "resource", Text), field(3, "divisor", Quantity)],
);
pub(super) static RESOURCE_HEALTH: Message =
    message("ResourceHealth", &[kept(1, "resourceID", Text), field(2, "health", Text), kept(6, "message", Text)]);
pub(super) static RESOURCE_QUOTA: Message = message(
    "ResourceQuota",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&RESOURCE_QUOTA_SPEC)),
        field(3, "status", Object(&RESOURCE_QUOTA_STATUS)),
    ],
);
pub(super) static RESOURCE_QUOTA_SPEC: Message = message(
    "ResourceQuotaSpec",
    &[map(1, "hard", Quantity), list(2, "scopes", Text), field(3, "scopeSelector", Object(&SCOPE_SELECTOR))],
);
pub(super) static RESOURCE_QUOTA_STATUS: Message =
    message("ResourceQuotaStatus", &[map(1, "hard", Quantity), map(2, "used", Quantity)]);
pub(super) static RESOURCE_REQUIREMENTS: Message = message(
    "ResourceRequirements",
    &[map(1, "limits", Quantity), map(2, "requests", Quantity), list(3, "claims", Object(&RESOURCE_CLAIM))],
);
pub(super) static RESOURCE_STATUS: Message =
    message("ResourceStatus", &[kept(1, "name", Text), list(2, "resources", Object(&RESOURCE_HEALTH))]);
pub(super) static SE_LINUX_OPTIONS: Message = message(
    "SELinuxOptions",
    &[field(1, "user", Text), field(2, "role", Text), field(3, "type", Text), field(4, "level", Text)],
);
pub(super) static SCALE_IO_PERSISTENT_VOLUME_SOURCE: Message = message(
    "ScaleIOPersistentVolumeSource",
    &[
        kept(1, "gateway", Text),
        kept(2, "system", Text),
        field(3, "secretRef", Object(&SECRET_REFERENCE)),
        field(4, "sslEnabled", Bool),
        field(5, "protectionDomain", Text),
        field(6, "storagePool", Text),
        field(7, "storageMode", Text),
        field(8, "volumeName", Text),
        field(9, "fsType", Text),
        field(10, "readOnly", Bool),
    ],
);
pub(super) static SCALE_IO_VOLUME_SOURCE: Message = message(
    "ScaleIOVolumeSource",
    &[
        kept(1, "gateway", Text),
        kept(2, "system", Text),
        field(3, "secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
        field(4, "sslEnabled", Bool),
        field(5, "protectionDomain", Text),
        field(6, "storagePool", Text),
        field(7, "storageMode", Text),
        field(8, "volumeName", Text),
        field(9, "fsType", Text),
        field(10, "readOnly", Bool),
    ],
);
pub(super) static SCOPE_SELECTOR: Message =
    message("ScopeSelector", &[list(1, "matchExpressions", Object(&SCOPED_RESOURCE_SELECTOR_REQUIREMENT))]);
pub(super) static SCOPED_RESOURCE_SELECTOR_REQUIREMENT: Message = message(
    "ScopedResourceSelectorRequirement",
    &[kept(1, "scopeName", Text), kept(2, "operator", Text), list(3, "values", Text)],
);
pub(super) static SECCOMP_PROFILE: Message =
    message("SeccompProfile", &[kept(1, "type", Text), kept(2, "localhostProfile", Text)]);
pub(super) static SECRET: Message = message(
    "Secret",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        kept(5, "immutable", Bool),
        map(2, "data", Bytes),
        map(4, "stringData", Text),
        field(3, "type", Text),
    ],
);
pub(super) static SECRET_ENV_SOURCE: Message =
    message("SecretEnvSource", &[inline(1, &LOCAL_OBJECT_REFERENCE), kept(2, "optional", Bool)]);
pub(super) static SECRET_KEY_SELECTOR: Message = message(
    "SecretKeySelector",
    &[inline(1, &LOCAL_OBJECT_REFERENCE), kept(2, "key", Text), kept(3, "optional", Bool)],
);
pub(super) static SECRET_PROJECTION: Message = message(
    "SecretProjection",
    &[inline(1, &LOCAL_OBJECT_REFERENCE), list(2, "items", Object(&KEY_TO_PATH)), kept(4, "optional", Bool)],
);
pub(super) static SECRET_REFERENCE: Message =
    message("SecretReference", &[field(1, "name", Text), field(2, "namespace", Text)]);
pub(super) static SECRET_VOLUME_SOURCE: Message = message(
    "SecretVolumeSource",
    &[
        field(1, "secretName", Text),
        list(2, "items", Object(&KEY_TO_PATH)),
        kept(3, "defaultMode", Int32),
        kept(4, "optional", Bool),
        kept(5, "defaultUser", Int64),
    ],
);
pub(super) static SECURITY_CONTEXT: Message = message(
    "SecurityContext",
    &[
        field(1, "capabilities", Object(&CAPABILITIES)),
        kept(2, "privileged", Bool),
        field(3, "seLinuxOptions", Object(&SE_LINUX_OPTIONS)),
        field(10, "windowsOptions", Object(&WINDOWS_SECURITY_CONTEXT_OPTIONS)),
        kept(4, "runAsUser", Int64),
        kept(8, "runAsGroup", Int64),
        kept(5, "runAsNonRoot", Bool),
        kept(6, "readOnlyRootFilesystem", Bool),
        kept(7, "allowPrivilegeEscalation", Bool),
        kept(9, "procMount", Text),
        field(11, "seccompProfile", Object(&SECCOMP_PROFILE)),
        field(12, "appArmorProfile", Object(&APP_ARMOR_PROFILE)),
    ],
);
pub(super) static SERVICE: Message = message(
    "Service",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SERVICE_SPEC)),
        field(3, "status", Object(&SERVICE_STATUS)),
    ],
);
pub(super) static SERVICE_ACCOUNT: Message = message(
    "ServiceAccount",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        list(2, "secrets", Object(&OBJECT_REFERENCE)),
        list(3, "imagePullSecrets", Object(&LOCAL_OBJECT_REFERENCE)),
        kept(4, "automountServiceAccountToken", Bool),
    ],
);
pub(super) static SERVICE_ACCOUNT_TOKEN_PROJECTION: Message = message(
    "ServiceAccountTokenProjection",
    &[field(1, "audience", Text), kept(2, "expirationSeconds", Int64), kept(3, "path", Text), kept(4, "user", Int64)],
);
pub(super) static SERVICE_PORT: Message = message(
    "ServicePort",
    &[
        field(1, "name", Text),
        field(2, "protocol", Text),
        kept(6, "appProtocol", Text),
        kept(3, "port", Int32),
        field(4, "targetPort", IntOrString),
        field(5, "nodePort", Int32),
    ],
);
pub(super) static SERVICE_SPEC: Message = message(
    "ServiceSpec",
    &[
        list(1, "ports", Object(&SERVICE_PORT)),
        map(2, "selector", Text),
        field(3, "clusterIP", Text),
        list(18, "clusterIPs", Text),
        field(4, "type", Text),
        list(5, "externalIPs", Text),
        field(7, "sessionAffinity", Text),
        field(8, "loadBalancerIP", Text),
        list(9, "loadBalancerSourceRanges", Text),
        field(10, "externalName", Text),
        field(11, "externalTrafficPolicy", Text),
        field(12, "healthCheckNodePort", Int32),
        field(13, "publishNotReadyAddresses", Bool),
        field(14, "sessionAffinityConfig", Object(&SESSION_AFFINITY_CONFIG)),
        list(19, "ipFamilies", Text),
        kept(17, "ipFamilyPolicy", Text),
        kept(20, "allocateLoadBalancerNodePorts", Bool),
        kept(21, "loadBalancerClass", Text),
        kept(22, "internalTrafficPolicy", Text),
        kept(23, "trafficDistribution", Text),
    ],
);
pub(super) static SERVICE_STATUS: Message = message(
    "ServiceStatus",
    &[field(1, "loadBalancer", Object(&LOAD_BALANCER_STATUS)), list(2, "conditions", Object(&meta::CONDITION))],
);
pub(super) static SESSION_AFFINITY_CONFIG: Message =
    message("SessionAffinityConfig", &[field(1, "clientIP", Object(&CLIENT_IP_CONFIG))]);
pub(super) static SLEEP_ACTION: Message = message("SleepAction", &[kept(1, "seconds", Int64)]);
pub(super) static STORAGE_OS_PERSISTENT_VOLUME_SOURCE: Message = message(
    "StorageOSPersistentVolumeSource",
    &[
        field(1, "volumeName", Text),
        field(2, "volumeNamespace", Text),
        field(3, "fsType", Text),
        field(4, "readOnly", Bool),
        field(5, "secretRef", Object(&OBJECT_REFERENCE)),
    ],
);
pub(super) static STORAGE_OS_VOLUME_SOURCE: Message = message(
    "StorageOSVolumeSource",
    &[
        field(1, "volumeName", Text),
        field(2, "volumeNamespace", Text),
        field(3, "fsType", Text),
        field(4, "readOnly", Bool),
        field(5, "secretRef", Object(&LOCAL_OBJECT_REFERENCE)),
    ],
);
pub(super) static SYSCTL: Message = message("Sysctl", &[kept(1, "name", Text), kept(2, "value", Text)]);
pub(super) static TCP_SOCKET_ACTION: Message =
    message("TCPSocketAction", &[field(1, "port", IntOrString), field(2, "host", Text)]);
pub(super) static TAINT: Message = message(
    "Taint",
    &[kept(1, "key", Text), field(2, "value", Text), kept(3, "effect", Text), field(4, "timeAdded", Time)],
);
pub(super) static TOLERATION: Message = message(
    "Toleration",
    &[
        field(1, "key", Text),
        field(2, "operator", Text),
        field(3, "value", Text),
        field(4, "effect", Text),
        kept(5, "tolerationSeconds", Int64),
    ],
);
pub(super) static TOPOLOGY_SELECTOR_LABEL_REQUIREMENT: Message =
    message("TopologySelectorLabelRequirement", &[kept(1, "key", Text), list(2, "values", Text)]);
pub(super) static TOPOLOGY_SELECTOR_TERM: Message =
    message("TopologySelectorTerm", &[list(1, "matchLabelExpressions", Object(&TOPOLOGY_SELECTOR_LABEL_REQUIREMENT))]);
pub(super) static TOPOLOGY_SPREAD_CONSTRAINT: Message = message(
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
pub(super) static TYPED_LOCAL_OBJECT_REFERENCE: Message =
    message("TypedLocalObjectReference", &[kept(1, "apiGroup", Text), kept(2, "kind", Text), kept(3, "name", Text)]);
pub(super) static TYPED_OBJECT_REFERENCE: Message = message(
    "TypedObjectReference",
    &[kept(1, "apiGroup", Text), kept(2, "kind", Text), kept(3, "name", Text), kept(4, "namespace", Text)],
);
pub(super) static VOLUME: Message = message("Volume", &[kept(1, "name", Text), inline(2, &VOLUME_SOURCE)]);
pub(super) static VOLUME_DEVICE: Message =
    message("VolumeDevice", &[kept(1, "name", Text), kept(2, "devicePath", Text)]);
pub(super) static VOLUME_HEALTH_CONDITION: Message =
    message("VolumeHealthCondition", &[kept(1, "status", Text), kept(2, "reason", Text), field(3, "message", Text)]);
pub(super) static VOLUME_HEALTH_STATUS: Message = message(
    "VolumeHealthStatus",
    &[list(1, "healthConditions", Object(&VOLUME_HEALTH_CONDITION)), field(2, "lastTransitionTime", Time)],
);
pub(super) static VOLUME_MOUNT: Message = message(
    "VolumeMount",
    &[
        kept(1, "name", Text),
        field(2, "readOnly", Bool),
        kept(7, "recursiveReadOnly", Text),
        kept(3, "mountPath", Text),
        field(4, "subPath", Text),
        kept(5, "mountPropagation", Text),
        field(6, "subPathExpr", Text),
        list(8, "bindMountOptions", Text),
    ],
);
pub(super) static VOLUME_MOUNT_STATUS: Message = message(
    "VolumeMountStatus",
    &[
        kept(1, "name", Text),
        kept(2, "mountPath", Text),
        field(3, "readOnly", Bool),
        kept(4, "recursiveReadOnly", Text),
        field(5, "volumeStatus", Object(&VOLUME_STATUS)),
    ],
);
pub(super) static VOLUME_NODE_AFFINITY: Message =
    message("VolumeNodeAffinity", &[field(1, "required", Object(&NODE_SELECTOR))]);
pub(super) static VOLUME_PROJECTION: Message = message(
    "VolumeProjection",
    &[
        field(1, "secret", Object(&SECRET_PROJECTION)),
        field(2, "downwardAPI", Object(&DOWNWARD_API_PROJECTION)),
        field(3, "configMap", Object(&CONFIG_MAP_PROJECTION)),
        field(4, "serviceAccountToken", Object(&SERVICE_ACCOUNT_TOKEN_PROJECTION)),
        field(5, "clusterTrustBundle", Object(&CLUSTER_TRUST_BUNDLE_PROJECTION)),
        field(6, "podCertificate", Object(&POD_CERTIFICATE_PROJECTION)),
    ],
);
pub(super) static VOLUME_RESOURCE_REQUIREMENTS: Message =
    message("VolumeResourceRequirements", &[map(1, "limits", Quantity), map(2, "requests", Quantity)]);
pub(super) static VOLUME_SOURCE: Message = message(
    "VolumeSource",
    &[
        field(1, "hostPath", Object(&HOST_PATH_VOLUME_SOURCE)),
        field(2, "emptyDir", Object(&EMPTY_DIR_VOLUME_SOURCE)),
        field(3, "gcePersistentDisk", Object(&GCE_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(4, "awsElasticBlockStore", Object(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE)),
        field(5, "gitRepo", Object(&GIT_REPO_VOLUME_SOURCE)),
        field(6, "secret", Object(&SECRET_VOLUME_SOURCE)),
        field(7, "nfs", Object(&NFS_VOLUME_SOURCE)),
        field(8, "iscsi", Object(&ISCSI_VOLUME_SOURCE)),
        field(9, "glusterfs", Object(&GLUSTERFS_VOLUME_SOURCE)),
        field(10, "persistentVolumeClaim", Object(&PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE)),
        field(11, "rbd", Object(&RBD_VOLUME_SOURCE)),
        field(12, "flexVolume", Object(&FLEX_VOLUME_SOURCE)),
        field(13, "cinder", Object(&CINDER_VOLUME_SOURCE)),
        field(14, "cephfs", Object(&CEPH_FS_VOLUME_SOURCE)),
        field(15, "flocker", Object(&FLOCKER_VOLUME_SOURCE)),
        field(16, "downwardAPI", Object(&DOWNWARD_API_VOLUME_SOURCE)),
        field(17, "fc", Object(&FC_VOLUME_SOURCE)),
        field(18, "azureFile", Object(&AZURE_FILE_VOLUME_SOURCE)),
        field(19, "configMap", Object(&CONFIG_MAP_VOLUME_SOURCE)),
        field(20, "vsphereVolume", Object(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE)),
        field(21, "quobyte", Object(&QUOBYTE_VOLUME_SOURCE)),
        field(22, "azureDisk", Object(&AZURE_DISK_VOLUME_SOURCE)),
        field(23, "photonPersistentDisk", Object(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE)),
        field(26, "projected", Object(&PROJECTED_VOLUME_SOURCE)),
        field(24, "portworxVolume", Object(&PORTWORX_VOLUME_SOURCE)),
        field(25, "scaleIO", Object(&SCALE_IO_VOLUME_SOURCE)),
        field(27, "storageos", Object(&STORAGE_OS_VOLUME_SOURCE)),
        field(28, "csi", Object(&CSI_VOLUME_SOURCE)),
        field(29, "ephemeral", Object(&EPHEMERAL_VOLUME_SOURCE)),
        field(30, "image", Object(&IMAGE_VOLUME_SOURCE)),
    ],
);
pub(super) static VOLUME_STATUS: Message = message("VolumeStatus", &[field(1, "image", Object(&IMAGE_VOLUME_STATUS))]);
pub(super) static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Message = message(
    "VsphereVirtualDiskVolumeSource",
    &[
        kept(1, "volumePath", Text),
        field(2, "fsType", Text),
        field(3, "storagePolicyName", Text),
        field(4, "storagePolicyID", Text),
    ],
);
pub(super) static WEIGHTED_POD_AFFINITY_TERM: Message = message(
    "WeightedPodAffinityTerm",
    &[kept(1, "weight", Int32), field(2, "podAffinityTerm", Object(&POD_AFFINITY_TERM))],
);
pub(super) static WINDOWS_SECURITY_CONTEXT_OPTIONS: Message = message(
    "WindowsSecurityContextOptions",
    &[
        kept(1, "gmsaCredentialSpecName", Text),
        kept(2, "gmsaCredentialSpec", Text),
        kept(3, "runAsUserName", Text),
        kept(4, "hostProcess", Bool),
    ],
);
