//! The messages of `api/storage/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Int32, Int64, Object, Quantity, Text, Time};
use super::{Message, field, kept, list, map, message};
use super::{core, meta};

pub(super) static CSI_DRIVER: Message = message(
    "CSIDriver",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&CSI_DRIVER_SPEC))],
);
pub(super) static CSI_DRIVER_SPEC: Message = message(
    "CSIDriverSpec",
    &[
        kept(1, "attachRequired", Bool),
        kept(2, "podInfoOnMount", Bool),
        list(3, "volumeLifecycleModes", Text),
        kept(4, "storageCapacity", Bool),
        kept(5, "fsGroupPolicy", Text),
        list(6, "tokenRequests", Object(&TOKEN_REQUEST)),
        kept(7, "requiresRepublish", Bool),
        kept(8, "seLinuxMount", Bool),
        kept(9, "nodeAllocatableUpdatePeriodSeconds", Int64),
        kept(10, "serviceAccountTokenInSecrets", Bool),
        kept(11, "preventPodSchedulingIfMissing", Bool),
    ],
);
pub(super) static CSI_NODE: Message = message(
    "CSINode",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&CSI_NODE_SPEC)),
        field(3, "status", Object(&CSI_NODE_STATUS)),
    ],
);
pub(super) static CSI_NODE_DRIVER: Message = message(
    "CSINodeDriver",
    &[
        kept(1, "name", Text),
        kept(2, "nodeID", Text),
        list(3, "topologyKeys", Text),
        field(4, "allocatable", Object(&VOLUME_NODE_RESOURCES)),
    ],
);
pub(super) static CSI_NODE_SPEC: Message = message("CSINodeSpec", &[list(1, "drivers", Object(&CSI_NODE_DRIVER))]);
pub(super) static CSI_NODE_STATUS: Message =
    message("CSINodeStatus", &[list(1, "storageHealth", Object(&STORAGE_HEALTH))]);
pub(super) static CSI_STORAGE_CAPACITY: Message = message(
    "CSIStorageCapacity",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "nodeTopology", Object(&meta::LABEL_SELECTOR)),
        kept(3, "storageClassName", Text),
        field(4, "capacity", Quantity),
        field(5, "maximumVolumeSize", Quantity),
    ],
);
pub(super) static STORAGE_CLASS: Message = message(
    "StorageClass",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        kept(2, "provisioner", Text),
        map(3, "parameters", Text),
        kept(4, "reclaimPolicy", Text),
        list(5, "mountOptions", Text),
        kept(6, "allowVolumeExpansion", Bool),
        kept(7, "volumeBindingMode", Text),
        list(8, "allowedTopologies", Object(&core::TOPOLOGY_SELECTOR_TERM)),
    ],
);
pub(super) static STORAGE_HEALTH: Message =
    message("StorageHealth", &[kept(1, "name", Text), list(2, "healthConditions", Object(&STORAGE_HEALTH_CONDITION))]);
pub(super) static STORAGE_HEALTH_CONDITION: Message = message(
    "StorageHealthCondition",
    &[
        kept(1, "status", Text),
        kept(2, "reason", Text),
        field(3, "message", Text),
        kept(4, "accessMode", Text),
        kept(5, "volumeMode", Text),
        field(6, "lastTransitionTime", Time),
    ],
);
pub(super) static TOKEN_REQUEST: Message =
    message("TokenRequest", &[kept(1, "audience", Text), kept(2, "expirationSeconds", Int64)]);
pub(super) static VOLUME_ATTACHMENT: Message = message(
    "VolumeAttachment",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&VOLUME_ATTACHMENT_SPEC)),
        field(3, "status", Object(&VOLUME_ATTACHMENT_STATUS)),
    ],
);
pub(super) static VOLUME_ATTACHMENT_SOURCE: Message = message(
    "VolumeAttachmentSource",
    &[kept(1, "persistentVolumeName", Text), field(2, "inlineVolumeSpec", Object(&core::PERSISTENT_VOLUME_SPEC))],
);
pub(super) static VOLUME_ATTACHMENT_SPEC: Message = message(
    "VolumeAttachmentSpec",
    &[kept(1, "attacher", Text), field(2, "source", Object(&VOLUME_ATTACHMENT_SOURCE)), kept(3, "nodeName", Text)],
);
pub(super) static VOLUME_ATTACHMENT_STATUS: Message = message(
    "VolumeAttachmentStatus",
    &[
        kept(1, "attached", Bool),
        map(2, "attachmentMetadata", Text),
        field(3, "attachError", Object(&VOLUME_ERROR)),
        field(4, "detachError", Object(&VOLUME_ERROR)),
    ],
);
pub(super) static VOLUME_ATTRIBUTES_CLASS: Message = message(
    "VolumeAttributesClass",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), kept(2, "driverName", Text), map(3, "parameters", Text)],
);
pub(super) static VOLUME_ERROR: Message =
    message("VolumeError", &[field(1, "time", Time), field(2, "message", Text), kept(3, "errorCode", Int32)]);
pub(super) static VOLUME_NODE_RESOURCES: Message = message("VolumeNodeResources", &[kept(1, "count", Int32)]);
