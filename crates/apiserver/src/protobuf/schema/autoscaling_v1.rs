//! The messages of `api/autoscaling/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Int32, Int64, Object, Text, Time};
use super::meta;
use super::{Message, field, kept, message};

pub(super) static CROSS_VERSION_OBJECT_REFERENCE: Message = message(
    "CrossVersionObjectReference",
    &[kept(1, "kind", Text), kept(2, "name", Text), field(3, "apiVersion", Text)],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER: Message = message(
    "HorizontalPodAutoscaler",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&HORIZONTAL_POD_AUTOSCALER_SPEC)),
        field(3, "status", Object(&HORIZONTAL_POD_AUTOSCALER_STATUS)),
    ],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER_SPEC: Message = message(
    "HorizontalPodAutoscalerSpec",
    &[
        field(1, "scaleTargetRef", Object(&CROSS_VERSION_OBJECT_REFERENCE)),
        kept(2, "minReplicas", Int32),
        kept(3, "maxReplicas", Int32),
        kept(4, "targetCPUUtilizationPercentage", Int32),
    ],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER_STATUS: Message = message(
    "HorizontalPodAutoscalerStatus",
    &[
        kept(1, "observedGeneration", Int64),
        field(2, "lastScaleTime", Time),
        kept(3, "currentReplicas", Int32),
        kept(4, "desiredReplicas", Int32),
        kept(5, "currentCPUUtilizationPercentage", Int32),
    ],
);
pub(super) static SCALE: Message = message(
    "Scale",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SCALE_SPEC)),
        field(3, "status", Object(&SCALE_STATUS)),
    ],
);
pub(super) static SCALE_SPEC: Message = message("ScaleSpec", &[field(1, "replicas", Int32)]);
pub(super) static SCALE_STATUS: Message =
    message("ScaleStatus", &[kept(1, "replicas", Int32), field(2, "selector", Text)]);
