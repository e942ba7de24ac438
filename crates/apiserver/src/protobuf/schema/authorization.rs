//! The messages of `api/authorization/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Object, Text, Texts};
use super::meta;
use super::{Message, field, kept, list, map, message};

pub(super) static FIELD_SELECTOR_ATTRIBUTES: Message = message(
    "FieldSelectorAttributes",
    &[field(1, "rawSelector", Text), list(2, "requirements", Object(&meta::FIELD_SELECTOR_REQUIREMENT))],
);
pub(super) static LABEL_SELECTOR_ATTRIBUTES: Message = message(
    "LabelSelectorAttributes",
    &[field(1, "rawSelector", Text), list(2, "requirements", Object(&meta::LABEL_SELECTOR_REQUIREMENT))],
);
pub(super) static LOCAL_SUBJECT_ACCESS_REVIEW: Message = message(
    "LocalSubjectAccessReview",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SUBJECT_ACCESS_REVIEW_SPEC)),
        field(3, "status", Object(&SUBJECT_ACCESS_REVIEW_STATUS)),
    ],
);
pub(super) static NON_RESOURCE_ATTRIBUTES: Message =
    message("NonResourceAttributes", &[field(1, "path", Text), field(2, "verb", Text)]);
pub(super) static NON_RESOURCE_RULE: Message =
    message("NonResourceRule", &[list(1, "verbs", Text), list(2, "nonResourceURLs", Text)]);
pub(super) static RESOURCE_ATTRIBUTES: Message = message(
    "ResourceAttributes",
    &[
        field(1, "namespace", Text),
        field(2, "verb", Text),
        field(3, "group", Text),
        field(4, "version", Text),
        field(5, "resource", Text),
        field(6, "subresource", Text),
        field(7, "name", Text),
        field(8, "fieldSelector", Object(&FIELD_SELECTOR_ATTRIBUTES)),
        field(9, "labelSelector", Object(&LABEL_SELECTOR_ATTRIBUTES)),
    ],
);
pub(super) static RESOURCE_RULE: Message = message(
    "ResourceRule",
    &[list(1, "verbs", Text), list(2, "apiGroups", Text), list(3, "resources", Text), list(4, "resourceNames", Text)],
);
pub(super) static SELF_SUBJECT_ACCESS_REVIEW: Message = message(
    "SelfSubjectAccessReview",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SELF_SUBJECT_ACCESS_REVIEW_SPEC)),
        field(3, "status", Object(&SUBJECT_ACCESS_REVIEW_STATUS)),
    ],
);
pub(super) static SELF_SUBJECT_ACCESS_REVIEW_SPEC: Message = message(
    "SelfSubjectAccessReviewSpec",
    &[
        field(1, "resourceAttributes", Object(&RESOURCE_ATTRIBUTES)),
        field(2, "nonResourceAttributes", Object(&NON_RESOURCE_ATTRIBUTES)),
    ],
);
pub(super) static SELF_SUBJECT_RULES_REVIEW: Message = message(
    "SelfSubjectRulesReview",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SELF_SUBJECT_RULES_REVIEW_SPEC)),
        field(3, "status", Object(&SUBJECT_RULES_REVIEW_STATUS)),
    ],
);
pub(super) static SELF_SUBJECT_RULES_REVIEW_SPEC: Message =
    message("SelfSubjectRulesReviewSpec", &[field(1, "namespace", Text)]);
pub(super) static SUBJECT_ACCESS_REVIEW: Message = message(
    "SubjectAccessReview",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&SUBJECT_ACCESS_REVIEW_SPEC)),
        field(3, "status", Object(&SUBJECT_ACCESS_REVIEW_STATUS)),
    ],
);
pub(super) static SUBJECT_ACCESS_REVIEW_SPEC: Message = message(
    "SubjectAccessReviewSpec",
    &[
        field(1, "resourceAttributes", Object(&RESOURCE_ATTRIBUTES)),
        field(2, "nonResourceAttributes", Object(&NON_RESOURCE_ATTRIBUTES)),
        field(3, "user", Text),
        list(4, "groups", Text),
        map(5, "extra", Texts),
        field(6, "uid", Text),
    ],
);
pub(super) static SUBJECT_ACCESS_REVIEW_STATUS: Message = message(
    "SubjectAccessReviewStatus",
    &[kept(1, "allowed", Bool), field(4, "denied", Bool), field(2, "reason", Text), field(3, "evaluationError", Text)],
);
pub(super) static SUBJECT_RULES_REVIEW_STATUS: Message = message(
    "SubjectRulesReviewStatus",
    &[
        list(1, "resourceRules", Object(&RESOURCE_RULE)),
        list(2, "nonResourceRules", Object(&NON_RESOURCE_RULE)),
        kept(3, "incomplete", Bool),
        field(4, "evaluationError", Text),
    ],
);
