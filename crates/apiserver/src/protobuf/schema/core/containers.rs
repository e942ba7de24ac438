//! Containers, and what they are given.

use super::super::Type::{Bool, Int32, Int64, IntOrString, Object, Quantity, Text, Time};
use super::super::{Message, field, inline, kept, list, map, message};
use super::volumes;

pub(crate) static APP_ARMOR_PROFILE: Message =
    message("AppArmorProfile", &[kept(1, "type", Text), kept(2, "localhostProfile", Text)]);
pub(crate) static CAPABILITIES: Message = message("Capabilities", &[list(1, "add", Text), list(2, "drop", Text)]);
pub(crate) static CONFIG_MAP_ENV_SOURCE: Message =
    message("ConfigMapEnvSource", &[inline(1, &super::LOCAL_OBJECT_REFERENCE), kept(2, "optional", Bool)]);
pub(crate) static CONFIG_MAP_KEY_SELECTOR: Message = message(
    "ConfigMapKeySelector",
    &[inline(1, &super::LOCAL_OBJECT_REFERENCE), kept(2, "key", Text), kept(3, "optional", Bool)],
);
pub(crate) static CONTAINER: Message = message(
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
pub(crate) static CONTAINER_EXTENDED_RESOURCE_REQUEST: Message = message(
    "ContainerExtendedResourceRequest",
    &[kept(1, "containerName", Text), kept(2, "resourceName", Text), kept(3, "requestName", Text)],
);
pub(crate) static CONTAINER_PORT: Message = message(
    "ContainerPort",
    &[
        field(1, "name", Text),
        field(2, "hostPort", Int32),
        kept(3, "containerPort", Int32),
        field(4, "protocol", Text),
        field(5, "hostIP", Text),
    ],
);
pub(crate) static CONTAINER_RESIZE_POLICY: Message =
    message("ContainerResizePolicy", &[kept(1, "resourceName", Text), kept(2, "restartPolicy", Text)]);
pub(crate) static CONTAINER_RESTART_RULE: Message = message(
    "ContainerRestartRule",
    &[field(1, "action", Text), field(2, "exitCodes", Object(&CONTAINER_RESTART_RULE_ON_EXIT_CODES))],
);
pub(crate) static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Message =
    message("ContainerRestartRuleOnExitCodes", &[field(1, "operator", Text), list(2, "values", Int32)]);
pub(crate) static CONTAINER_STATE: Message = message(
    "ContainerState",
    &[
        field(1, "waiting", Object(&CONTAINER_STATE_WAITING)),
        field(2, "running", Object(&CONTAINER_STATE_RUNNING)),
        field(3, "terminated", Object(&CONTAINER_STATE_TERMINATED)),
    ],
);
pub(crate) static CONTAINER_STATE_RUNNING: Message = message("ContainerStateRunning", &[field(1, "startedAt", Time)]);
pub(crate) static CONTAINER_STATE_TERMINATED: Message = message(
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
pub(crate) static CONTAINER_STATE_WAITING: Message =
    message("ContainerStateWaiting", &[field(1, "reason", Text), field(2, "message", Text)]);
pub(crate) static CONTAINER_STATUS: Message = message(
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
pub(crate) static CONTAINER_USER: Message =
    message("ContainerUser", &[field(1, "linux", Object(&LINUX_CONTAINER_USER))]);
pub(crate) static ENV_FROM_SOURCE: Message = message(
    "EnvFromSource",
    &[
        field(1, "prefix", Text),
        field(2, "configMapRef", Object(&CONFIG_MAP_ENV_SOURCE)),
        field(3, "secretRef", Object(&SECRET_ENV_SOURCE)),
    ],
);
pub(crate) static ENV_VAR: Message = message(
    "EnvVar",
    &[kept(1, "name", Text), field(2, "value", Text), field(3, "valueFrom", Object(&ENV_VAR_SOURCE))],
);
pub(crate) static ENV_VAR_SOURCE: Message = message(
    "EnvVarSource",
    &[
        field(1, "fieldRef", Object(&OBJECT_FIELD_SELECTOR)),
        field(2, "resourceFieldRef", Object(&RESOURCE_FIELD_SELECTOR)),
        field(3, "configMapKeyRef", Object(&CONFIG_MAP_KEY_SELECTOR)),
        field(4, "secretKeyRef", Object(&SECRET_KEY_SELECTOR)),
        field(5, "fileKeyRef", Object(&FILE_KEY_SELECTOR)),
    ],
);
pub(crate) static EPHEMERAL_CONTAINER: Message =
    message("EphemeralContainer", &[inline(1, &EPHEMERAL_CONTAINER_COMMON), field(2, "targetContainerName", Text)]);
pub(crate) static EPHEMERAL_CONTAINER_COMMON: Message = message(
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
pub(crate) static EXEC_ACTION: Message = message("ExecAction", &[list(1, "command", Text)]);
pub(crate) static FILE_KEY_SELECTOR: Message = message(
    "FileKeySelector",
    &[kept(1, "volumeName", Text), kept(2, "path", Text), kept(3, "key", Text), kept(4, "optional", Bool)],
);
pub(crate) static GRPC_ACTION: Message =
    message("GRPCAction", &[kept(1, "port", Int32), kept(2, "service", Text), kept(3, "mode", Text)]);
pub(crate) static HTTP_GET_ACTION: Message = message(
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
pub(crate) static HTTP_HEADER: Message = message("HTTPHeader", &[kept(1, "name", Text), kept(2, "value", Text)]);
pub(crate) static LIFECYCLE: Message = message(
    "Lifecycle",
    &[
        field(1, "postStart", Object(&LIFECYCLE_HANDLER)),
        field(2, "preStop", Object(&LIFECYCLE_HANDLER)),
        kept(3, "stopSignal", Text),
    ],
);
pub(crate) static LIFECYCLE_HANDLER: Message = message(
    "LifecycleHandler",
    &[
        field(1, "exec", Object(&EXEC_ACTION)),
        field(2, "httpGet", Object(&HTTP_GET_ACTION)),
        field(3, "tcpSocket", Object(&TCP_SOCKET_ACTION)),
        field(4, "sleep", Object(&SLEEP_ACTION)),
    ],
);
pub(crate) static LINUX_CONTAINER_USER: Message = message(
    "LinuxContainerUser",
    &[kept(1, "uid", Int64), kept(2, "gid", Int64), list(3, "supplementalGroups", Int64)],
);
pub(crate) static OBJECT_FIELD_SELECTOR: Message =
    message("ObjectFieldSelector", &[field(1, "apiVersion", Text), kept(2, "fieldPath", Text)]);
pub(crate) static PROBE: Message = message(
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
pub(crate) static PROBE_HANDLER: Message = message(
    "ProbeHandler",
    &[
        field(1, "exec", Object(&EXEC_ACTION)),
        field(2, "httpGet", Object(&HTTP_GET_ACTION)),
        field(3, "tcpSocket", Object(&TCP_SOCKET_ACTION)),
        field(4, "grpc", Object(&GRPC_ACTION)),
    ],
);
pub(crate) static RESOURCE_CLAIM: Message =
    message("ResourceClaim", &[kept(1, "name", Text), field(2, "request", Text)]);
pub(crate) static RESOURCE_FIELD_SELECTOR: Message = message(
    "ResourceFieldSelector",
    &[field(1, "containerName", Text), kept(2, "resource", Text), field(3, "divisor", Quantity)],
);
pub(crate) static RESOURCE_HEALTH: Message =
    message("ResourceHealth", &[kept(1, "resourceID", Text), field(2, "health", Text), kept(6, "message", Text)]);
pub(crate) static RESOURCE_REQUIREMENTS: Message = message(
    "ResourceRequirements",
    &[map(1, "limits", Quantity), map(2, "requests", Quantity), list(3, "claims", Object(&RESOURCE_CLAIM))],
);
pub(crate) static RESOURCE_STATUS: Message =
    message("ResourceStatus", &[kept(1, "name", Text), list(2, "resources", Object(&RESOURCE_HEALTH))]);
pub(crate) static SE_LINUX_OPTIONS: Message = message(
    "SELinuxOptions",
    &[field(1, "user", Text), field(2, "role", Text), field(3, "type", Text), field(4, "level", Text)],
);
pub(crate) static SECCOMP_PROFILE: Message =
    message("SeccompProfile", &[kept(1, "type", Text), kept(2, "localhostProfile", Text)]);
pub(crate) static SECRET_ENV_SOURCE: Message =
    message("SecretEnvSource", &[inline(1, &super::LOCAL_OBJECT_REFERENCE), kept(2, "optional", Bool)]);
pub(crate) static SECRET_KEY_SELECTOR: Message = message(
    "SecretKeySelector",
    &[inline(1, &super::LOCAL_OBJECT_REFERENCE), kept(2, "key", Text), kept(3, "optional", Bool)],
);
pub(crate) static SECURITY_CONTEXT: Message = message(
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
pub(crate) static SLEEP_ACTION: Message = message("SleepAction", &[kept(1, "seconds", Int64)]);
pub(crate) static TCP_SOCKET_ACTION: Message =
    message("TCPSocketAction", &[field(1, "port", IntOrString), field(2, "host", Text)]);
pub(crate) static VOLUME_DEVICE: Message =
    message("VolumeDevice", &[kept(1, "name", Text), kept(2, "devicePath", Text)]);
pub(crate) static VOLUME_MOUNT: Message = message(
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
pub(crate) static VOLUME_MOUNT_STATUS: Message = message(
    "VolumeMountStatus",
    &[
        kept(1, "name", Text),
        kept(2, "mountPath", Text),
        field(3, "readOnly", Bool),
        kept(4, "recursiveReadOnly", Text),
        field(5, "volumeStatus", Object(&volumes::VOLUME_STATUS)),
    ],
);
pub(crate) static WINDOWS_SECURITY_CONTEXT_OPTIONS: Message = message(
    "WindowsSecurityContextOptions",
    &[
        kept(1, "gmsaCredentialSpecName", Text),
        kept(2, "gmsaCredentialSpec", Text),
        kept(3, "runAsUserName", Text),
        kept(4, "hostProcess", Bool),
    ],
);
