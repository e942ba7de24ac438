//! The messages of `api/rbac/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Object, Text};
use super::meta;
use super::{Message, field, kept, list, message};

pub(super) static AGGREGATION_RULE: Message =
    message("AggregationRule", &[list(1, "clusterRoleSelectors", Object(&meta::LABEL_SELECTOR))]);
pub(super) static CLUSTER_ROLE: Message = message(
    "ClusterRole",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        list(2, "rules", Object(&POLICY_RULE)),
        field(3, "aggregationRule", Object(&AGGREGATION_RULE)),
    ],
);
pub(super) static CLUSTER_ROLE_BINDING: Message = message(
    "ClusterRoleBinding",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        list(2, "subjects", Object(&SUBJECT)),
        field(3, "roleRef", Object(&ROLE_REF)),
    ],
);
pub(super) static POLICY_RULE: Message = message(
    "PolicyRule",
    &[
        list(1, "verbs", Text),
        list(2, "apiGroups", Text),
        list(3, "resources", Text),
        list(4, "resourceNames", Text),
        list(5, "nonResourceURLs", Text),
    ],
);
pub(super) static ROLE: Message =
    message("Role", &[field(1, "metadata", Object(&meta::OBJECT_META)), list(2, "rules", Object(&POLICY_RULE))]);
pub(super) static ROLE_BINDING: Message = message(
    "RoleBinding",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        list(2, "subjects", Object(&SUBJECT)),
        field(3, "roleRef", Object(&ROLE_REF)),
    ],
);
pub(super) static ROLE_REF: Message =
    message("RoleRef", &[kept(1, "apiGroup", Text), kept(2, "kind", Text), kept(3, "name", Text)]);
pub(super) static SUBJECT: Message = message(
    "Subject",
    &[kept(1, "kind", Text), field(2, "apiGroup", Text), kept(3, "name", Text), field(4, "namespace", Text)],
);
