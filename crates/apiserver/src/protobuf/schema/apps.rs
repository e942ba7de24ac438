//! The messages of `api/apps/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Int32, Int64, IntOrString, Object, Raw, Text, Time};
use super::{Message, field, kept, list, message};
use super::{core, meta};

pub(super) static CONTROLLER_REVISION: Message = message(
    "ControllerRevision",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "data", Raw), kept(3, "revision", Int64)],
);
pub(super) static DAEMON_SET: Message = message(
    "DaemonSet",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&DAEMON_SET_SPEC)),
        field(3, "status", Object(&DAEMON_SET_STATUS)),
    ],
);
pub(super) static DAEMON_SET_CONDITION: Message = message(
    "DaemonSetCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastTransitionTime", Time),
        field(4, "reason", Text),
        field(5, "message", Text),
    ],
);
pub(super) static DAEMON_SET_SPEC: Message = message(
    "DaemonSetSpec",
    &[
        field(1, "selector", Object(&meta::LABEL_SELECTOR)),
        field(2, "template", Object(&core::POD_TEMPLATE_SPEC)),
        field(3, "updateStrategy", Object(&DAEMON_SET_UPDATE_STRATEGY)),
        field(4, "minReadySeconds", Int32),
        kept(6, "revisionHistoryLimit", Int32),
    ],
);
pub(super) static DAEMON_SET_STATUS: Message = message(
    "DaemonSetStatus",
    &[
        kept(1, "currentNumberScheduled", Int32),
        kept(2, "numberMisscheduled", Int32),
        kept(3, "desiredNumberScheduled", Int32),
        kept(4, "numberReady", Int32),
        field(5, "observedGeneration", Int64),
        field(6, "updatedNumberScheduled", Int32),
        field(7, "numberAvailable", Int32),
        field(8, "numberUnavailable", Int32),
        kept(9, "collisionCount", Int32),
        list(10, "conditions", Object(&DAEMON_SET_CONDITION)),
    ],
);
pub(super) static DAEMON_SET_UPDATE_STRATEGY: Message = message(
    "DaemonSetUpdateStrategy",
    &[field(1, "type", Text), field(2, "rollingUpdate", Object(&ROLLING_UPDATE_DAEMON_SET))],
);
pub(super) static DEPLOYMENT: Message = message(
    "Deployment",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&DEPLOYMENT_SPEC)),
        field(3, "status", Object(&DEPLOYMENT_STATUS)),
    ],
);
pub(super) static DEPLOYMENT_CONDITION: Message = message(
    "DeploymentCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(6, "lastUpdateTime", Time),
        field(7, "lastTransitionTime", Time),
        field(4, "reason", Text),
        field(5, "message", Text),
    ],
);
pub(super) static DEPLOYMENT_SPEC: Message = message(
    "DeploymentSpec",
    &[
        kept(1, "replicas", Int32),
        field(2, "selector", Object(&meta::LABEL_SELECTOR)),
        field(3, "template", Object(&core::POD_TEMPLATE_SPEC)),
        field(4, "strategy", Object(&DEPLOYMENT_STRATEGY)),
        field(5, "minReadySeconds", Int32),
        kept(6, "revisionHistoryLimit", Int32),
        field(7, "paused", Bool),
        kept(9, "progressDeadlineSeconds", Int32),
    ],
);
pub(super) static DEPLOYMENT_STATUS: Message = message(
    "DeploymentStatus",
    &[
        field(1, "observedGeneration", Int64),
        field(2, "replicas", Int32),
        field(3, "updatedReplicas", Int32),
        field(7, "readyReplicas", Int32),
        field(4, "availableReplicas", Int32),
        field(5, "unavailableReplicas", Int32),
        kept(9, "terminatingReplicas", Int32),
        list(6, "conditions", Object(&DEPLOYMENT_CONDITION)),
        kept(8, "collisionCount", Int32),
    ],
);
pub(super) static DEPLOYMENT_STRATEGY: Message = message(
    "DeploymentStrategy",
    &[field(1, "type", Text), field(2, "rollingUpdate", Object(&ROLLING_UPDATE_DEPLOYMENT))],
);
pub(super) static REPLICA_SET: Message = message(
    "ReplicaSet",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&REPLICA_SET_SPEC)),
        field(3, "status", Object(&REPLICA_SET_STATUS)),
    ],
);
pub(super) static REPLICA_SET_CONDITION: Message = message(
    "ReplicaSetCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastTransitionTime", Time),
        field(4, "reason", Text),
        field(5, "message", Text),
    ],
);
pub(super) static REPLICA_SET_SPEC: Message = message(
    "ReplicaSetSpec",
    &[
        kept(1, "replicas", Int32),
        field(4, "minReadySeconds", Int32),
        field(2, "selector", Object(&meta::LABEL_SELECTOR)),
        field(3, "template", Object(&core::POD_TEMPLATE_SPEC)),
    ],
);
pub(super) static REPLICA_SET_STATUS: Message = message(
    "ReplicaSetStatus",
    &[
        kept(1, "replicas", Int32),
        field(2, "fullyLabeledReplicas", Int32),
        field(4, "readyReplicas", Int32),
        field(5, "availableReplicas", Int32),
        kept(7, "terminatingReplicas", Int32),
        field(3, "observedGeneration", Int64),
        list(6, "conditions", Object(&REPLICA_SET_CONDITION)),
    ],
);
pub(super) static ROLLING_UPDATE_DAEMON_SET: Message =
    message("RollingUpdateDaemonSet", &[field(1, "maxUnavailable", IntOrString), field(2, "maxSurge", IntOrString)]);
pub(super) static ROLLING_UPDATE_DEPLOYMENT: Message =
    message("RollingUpdateDeployment", &[field(1, "maxUnavailable", IntOrString), field(2, "maxSurge", IntOrString)]);
pub(super) static ROLLING_UPDATE_STATEFUL_SET_STRATEGY: Message = message(
    "RollingUpdateStatefulSetStrategy",
    &[kept(1, "partition", Int32), field(2, "maxUnavailable", IntOrString)],
);
pub(super) static STATEFUL_SET: Message = message(
    "StatefulSet",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&STATEFUL_SET_SPEC)),
        field(3, "status", Object(&STATEFUL_SET_STATUS)),
    ],
);
pub(super) static STATEFUL_SET_CONDITION: Message = message(
    "StatefulSetCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastTransitionTime", Time),
        field(4, "reason", Text),
        field(5, "message", Text),
    ],
);
pub(super) static STATEFUL_SET_ORDINALS: Message = message("StatefulSetOrdinals", &[kept(1, "start", Int32)]);
pub(super) static STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY: Message = message(
    "StatefulSetPersistentVolumeClaimRetentionPolicy",
    &[field(1, "whenDeleted", Text), field(2, "whenScaled", Text)],
);
pub(super) static STATEFUL_SET_SPEC: Message = message(
    "StatefulSetSpec",
    &[
        kept(1, "replicas", Int32),
        field(2, "selector", Object(&meta::LABEL_SELECTOR)),
        field(3, "template", Object(&core::POD_TEMPLATE_SPEC)),
        list(4, "volumeClaimTemplates", Object(&core::PERSISTENT_VOLUME_CLAIM)),
        kept(5, "serviceName", Text),
        field(6, "podManagementPolicy", Text),
        field(7, "updateStrategy", Object(&STATEFUL_SET_UPDATE_STRATEGY)),
        kept(8, "revisionHistoryLimit", Int32),
        field(9, "minReadySeconds", Int32),
        field(
            10,
            "persistentVolumeClaimRetentionPolicy",
            Object(&STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY),
        ),
        field(11, "ordinals", Object(&STATEFUL_SET_ORDINALS)),
    ],
);
pub(super) static STATEFUL_SET_STATUS: Message = message(
    "StatefulSetStatus",
    &[
        field(1, "observedGeneration", Int64),
        kept(2, "replicas", Int32),
        field(3, "readyReplicas", Int32),
        field(4, "currentReplicas", Int32),
        field(5, "updatedReplicas", Int32),
        field(6, "currentRevision", Text),
        field(7, "updateRevision", Text),
        kept(9, "collisionCount", Int32),
        list(10, "conditions", Object(&STATEFUL_SET_CONDITION)),
        kept(11, "availableReplicas", Int32),
    ],
);
pub(super) static STATEFUL_SET_UPDATE_STRATEGY: Message = message(
    "StatefulSetUpdateStrategy",
    &[field(1, "type", Text), field(2, "rollingUpdate", Object(&ROLLING_UPDATE_STATEFUL_SET_STRATEGY))],
);
