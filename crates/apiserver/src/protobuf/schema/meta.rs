//! The messages of `apimachinery/pkg/apis/meta/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Int64, Object, Raw, Text, Time};
use super::{Message, field, kept, list, map, message};

pub(super) static CONDITION: Message = message(
    "Condition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "observedGeneration", Int64),
        field(4, "lastTransitionTime", Time),
        kept(5, "reason", Text),
        kept(6, "message", Text),
    ],
);
pub(super) static DELETE_OPTIONS: Message = message(
    "DeleteOptions",
    &[
        kept(1, "gracePeriodSeconds", Int64),
        field(2, "preconditions", Object(&PRECONDITIONS)),
        kept(3, "orphanDependents", Bool),
        kept(4, "propagationPolicy", Text),
        list(5, "dryRun", Text),
        kept(6, "ignoreStoreReadErrorWithClusterBreakingPotential", Bool),
    ],
);
pub(super) static FIELD_SELECTOR_REQUIREMENT: Message =
    message("FieldSelectorRequirement", &[kept(1, "key", Text), kept(2, "operator", Text), list(3, "values", Text)]);
pub(super) static LABEL_SELECTOR: Message = message(
    "LabelSelector",
    &[map(1, "matchLabels", Text), list(2, "matchExpressions", Object(&LABEL_SELECTOR_REQUIREMENT))],
);
pub(super) static LABEL_SELECTOR_REQUIREMENT: Message =
    message("LabelSelectorRequirement", &[kept(1, "key", Text), kept(2, "operator", Text), list(3, "values", Text)]);
pub(super) static MANAGED_FIELDS_ENTRY: Message = message(
    "ManagedFieldsEntry",
    &[
        field(1, "manager", Text),
        field(2, "operation", Text),
        field(3, "apiVersion", Text),
        field(4, "time", Time),
        field(6, "fieldsType", Text),
        field(7, "fieldsV1", Raw),
        field(8, "subresource", Text),
    ],
);
pub(super) static OBJECT_META: Message = message(
    "ObjectMeta",
    &[
        field(1, "name", Text),
        field(2, "generateName", Text),
        field(3, "namespace", Text),
        field(4, "selfLink", Text),
        field(5, "uid", Text),
        field(6, "resourceVersion", Text),
        field(7, "generation", Int64),
        field(8, "creationTimestamp", Time),
        field(9, "deletionTimestamp", Time),
        kept(10, "deletionGracePeriodSeconds", Int64),
        map(11, "labels", Text),
        map(12, "annotations", Text),
        list(13, "ownerReferences", Object(&OWNER_REFERENCE)),
        list(14, "finalizers", Text),
        list(17, "managedFields", Object(&MANAGED_FIELDS_ENTRY)),
    ],
);
pub(super) static OWNER_REFERENCE: Message = message(
    "OwnerReference",
    &[
        kept(5, "apiVersion", Text),
        kept(1, "kind", Text),
        kept(3, "name", Text),
        kept(4, "uid", Text),
        kept(6, "controller", Bool),
        kept(7, "blockOwnerDeletion", Bool),
    ],
);
pub(super) static PRECONDITIONS: Message =
    message("Preconditions", &[kept(1, "uid", Text), kept(2, "resourceVersion", Text)]);
