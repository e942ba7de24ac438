//! The messages of `api/autoscaling/v2` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Int32, Int64, Object, Quantity, Text, Time};
use super::meta;
use super::{Message, field, kept, list, message};

pub(super) static CONTAINER_RESOURCE_METRIC_SOURCE: Message = message(
    "ContainerResourceMetricSource",
    &[kept(1, "name", Text), field(2, "target", Object(&METRIC_TARGET)), kept(3, "container", Text)],
);
pub(super) static CONTAINER_RESOURCE_METRIC_STATUS: Message = message(
    "ContainerResourceMetricStatus",
    &[kept(1, "name", Text), field(2, "current", Object(&METRIC_VALUE_STATUS)), kept(3, "container", Text)],
);
pub(super) static CROSS_VERSION_OBJECT_REFERENCE: Message = message(
    "CrossVersionObjectReference",
    &[kept(1, "kind", Text), kept(2, "name", Text), field(3, "apiVersion", Text)],
);
pub(super) static EXTERNAL_METRIC_SOURCE: Message = message(
    "ExternalMetricSource",
    &[field(1, "metric", Object(&METRIC_IDENTIFIER)), field(2, "target", Object(&METRIC_TARGET))],
);
pub(super) static EXTERNAL_METRIC_STATUS: Message = message(
    "ExternalMetricStatus",
    &[field(1, "metric", Object(&METRIC_IDENTIFIER)), field(2, "current", Object(&METRIC_VALUE_STATUS))],
);
pub(super) static HPA_SCALING_POLICY: Message =
    message("HPAScalingPolicy", &[kept(1, "type", Text), kept(2, "value", Int32), kept(3, "periodSeconds", Int32)]);
pub(super) static HPA_SCALING_RULES: Message = message(
    "HPAScalingRules",
    &[
        kept(3, "stabilizationWindowSeconds", Int32),
        kept(1, "selectPolicy", Text),
        list(2, "policies", Object(&HPA_SCALING_POLICY)),
        field(4, "tolerance", Quantity),
    ],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER: Message = message(
    "HorizontalPodAutoscaler",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&HORIZONTAL_POD_AUTOSCALER_SPEC)),
        field(3, "status", Object(&HORIZONTAL_POD_AUTOSCALER_STATUS)),
    ],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER_BEHAVIOR: Message = message(
    "HorizontalPodAutoscalerBehavior",
    &[field(1, "scaleUp", Object(&HPA_SCALING_RULES)), field(2, "scaleDown", Object(&HPA_SCALING_RULES))],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER_CONDITION: Message = message(
    "HorizontalPodAutoscalerCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastTransitionTime", Time),
        field(4, "reason", Text),
        field(5, "message", Text),
        kept(6, "observedGeneration", Int64),
    ],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER_SPEC: Message = message(
    "HorizontalPodAutoscalerSpec",
    &[
        field(1, "scaleTargetRef", Object(&CROSS_VERSION_OBJECT_REFERENCE)),
        kept(2, "minReplicas", Int32),
        kept(3, "maxReplicas", Int32),
        list(4, "metrics", Object(&METRIC_SPEC)),
        field(5, "behavior", Object(&HORIZONTAL_POD_AUTOSCALER_BEHAVIOR)),
    ],
);
pub(super) static HORIZONTAL_POD_AUTOSCALER_STATUS: Message = message(
    "HorizontalPodAutoscalerStatus",
    &[
        kept(1, "observedGeneration", Int64),
        field(2, "lastScaleTime", Time),
        field(3, "currentReplicas", Int32),
        kept(4, "desiredReplicas", Int32),
        list(5, "currentMetrics", Object(&METRIC_STATUS)),
        list(6, "conditions", Object(&HORIZONTAL_POD_AUTOSCALER_CONDITION)),
    ],
);
pub(super) static METRIC_IDENTIFIER: Message =
    message("MetricIdentifier", &[kept(1, "name", Text), field(2, "selector", Object(&meta::LABEL_SELECTOR))]);
pub(super) static METRIC_SPEC: Message = message(
    "MetricSpec",
    &[
        kept(1, "type", Text),
        field(2, "object", Object(&OBJECT_METRIC_SOURCE)),
        field(3, "pods", Object(&PODS_METRIC_SOURCE)),
        field(4, "resource", Object(&RESOURCE_METRIC_SOURCE)),
        field(7, "containerResource", Object(&CONTAINER_RESOURCE_METRIC_SOURCE)),
        field(5, "external", Object(&EXTERNAL_METRIC_SOURCE)),
    ],
);
pub(super) static METRIC_STATUS: Message = message(
    "MetricStatus",
    &[
        kept(1, "type", Text),
        field(2, "object", Object(&OBJECT_METRIC_STATUS)),
        field(3, "pods", Object(&PODS_METRIC_STATUS)),
        field(4, "resource", Object(&RESOURCE_METRIC_STATUS)),
        field(7, "containerResource", Object(&CONTAINER_RESOURCE_METRIC_STATUS)),
        field(5, "external", Object(&EXTERNAL_METRIC_STATUS)),
    ],
);
pub(super) static METRIC_TARGET: Message = message(
    "MetricTarget",
    &[
        kept(1, "type", Text),
        field(2, "value", Quantity),
        field(3, "averageValue", Quantity),
        kept(4, "averageUtilization", Int32),
    ],
);
pub(super) static METRIC_VALUE_STATUS: Message = message(
    "MetricValueStatus",
    &[field(1, "value", Quantity), field(2, "averageValue", Quantity), kept(3, "averageUtilization", Int32)],
);
pub(super) static OBJECT_METRIC_SOURCE: Message = message(
    "ObjectMetricSource",
    &[
        field(1, "describedObject", Object(&CROSS_VERSION_OBJECT_REFERENCE)),
        field(2, "target", Object(&METRIC_TARGET)),
        field(3, "metric", Object(&METRIC_IDENTIFIER)),
    ],
);
pub(super) static OBJECT_METRIC_STATUS: Message = message(
    "ObjectMetricStatus",
    &[
        field(1, "metric", Object(&METRIC_IDENTIFIER)),
        field(2, "current", Object(&METRIC_VALUE_STATUS)),
        field(3, "describedObject", Object(&CROSS_VERSION_OBJECT_REFERENCE)),
    ],
);
pub(super) static PODS_METRIC_SOURCE: Message = message(
    "PodsMetricSource",
    &[field(1, "metric", Object(&METRIC_IDENTIFIER)), field(2, "target", Object(&METRIC_TARGET))],
);
pub(super) static PODS_METRIC_STATUS: Message = message(
    "PodsMetricStatus",
    &[field(1, "metric", Object(&METRIC_IDENTIFIER)), field(2, "current", Object(&METRIC_VALUE_STATUS))],
);
pub(super) static RESOURCE_METRIC_SOURCE: Message =
    message("ResourceMetricSource", &[kept(1, "name", Text), field(2, "target", Object(&METRIC_TARGET))]);
pub(super) static RESOURCE_METRIC_STATUS: Message =
    message("ResourceMetricStatus", &[kept(1, "name", Text), field(2, "current", Object(&METRIC_VALUE_STATUS))]);
