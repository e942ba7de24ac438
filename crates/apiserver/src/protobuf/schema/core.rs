//! The messages of `api/core/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

mod containers;
mod nodes;
mod pods;
mod services;
mod volumes;

use super::Type::{Bool, Bytes, Int32, MicroTime, Object, Quantity, Text, Time};
use super::meta;
use super::{Message, field, kept, list, map, message};
pub(super) use nodes::{COMPONENT_STATUS, NODE};
pub(super) use pods::{BINDING, POD, POD_TEMPLATE, POD_TEMPLATE_SPEC, REPLICATION_CONTROLLER, TOLERATION};
pub(super) use services::{ENDPOINTS, SERVICE};
pub(super) use volumes::{PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, PERSISTENT_VOLUME_SPEC, TOPOLOGY_SELECTOR_TERM};

pub(super) static CONFIG_MAP: Message = message(
    "ConfigMap",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        kept(4, "immutable", Bool),
        map(2, "data", Text),
        map(3, "binaryData", Bytes),
    ],
);
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
pub(super) static LOCAL_OBJECT_REFERENCE: Message = message("LocalObjectReference", &[field(1, "name", Text)]);
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
pub(super) static SCOPE_SELECTOR: Message =
    message("ScopeSelector", &[list(1, "matchExpressions", Object(&SCOPED_RESOURCE_SELECTOR_REQUIREMENT))]);
pub(super) static SCOPED_RESOURCE_SELECTOR_REQUIREMENT: Message = message(
    "ScopedResourceSelectorRequirement",
    &[kept(1, "scopeName", Text), kept(2, "operator", Text), list(3, "values", Text)],
);
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
pub(super) static SECRET_REFERENCE: Message =
    message("SecretReference", &[field(1, "name", Text), field(2, "namespace", Text)]);
pub(super) static SERVICE_ACCOUNT: Message = message(
    "ServiceAccount",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        list(2, "secrets", Object(&OBJECT_REFERENCE)),
        list(3, "imagePullSecrets", Object(&LOCAL_OBJECT_REFERENCE)),
        kept(4, "automountServiceAccountToken", Bool),
    ],
);
pub(super) static TYPED_LOCAL_OBJECT_REFERENCE: Message =
    message("TypedLocalObjectReference", &[kept(1, "apiGroup", Text), kept(2, "kind", Text), kept(3, "name", Text)]);
pub(super) static TYPED_OBJECT_REFERENCE: Message = message(
    "TypedObjectReference",
    &[kept(1, "apiGroup", Text), kept(2, "kind", Text), kept(3, "name", Text), kept(4, "namespace", Text)],
);
