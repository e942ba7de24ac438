//! The messages of `api/authentication/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Int64, Object, Text, Texts, Time};
use super::meta;
use super::{Message, field, kept, list, map, message};

pub(super) static BOUND_OBJECT_REFERENCE: Message = message(
    "BoundObjectReference",
    &[field(1, "kind", Text), field(2, "apiVersion", Text), field(3, "name", Text), field(4, "uid", Text)],
);
pub(super) static SELF_SUBJECT_REVIEW: Message = message(
    "SelfSubjectReview",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "status", Object(&SELF_SUBJECT_REVIEW_STATUS))],
);
pub(super) static SELF_SUBJECT_REVIEW_STATUS: Message =
    message("SelfSubjectReviewStatus", &[field(1, "userInfo", Object(&USER_INFO))]);
pub(super) static TOKEN_REQUEST: Message = message(
    "TokenRequest",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&TOKEN_REQUEST_SPEC)),
        field(3, "status", Object(&TOKEN_REQUEST_STATUS)),
    ],
);
pub(super) static TOKEN_REQUEST_SPEC: Message = message(
    "TokenRequestSpec",
    &[
        list(1, "audiences", Text),
        kept(4, "expirationSeconds", Int64),
        field(3, "boundObjectRef", Object(&BOUND_OBJECT_REFERENCE)),
        map(5, "attestations", Texts),
    ],
);
pub(super) static TOKEN_REQUEST_STATUS: Message =
    message("TokenRequestStatus", &[kept(1, "token", Text), field(2, "expirationTimestamp", Time)]);
pub(super) static TOKEN_REVIEW: Message = message(
    "TokenReview",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&TOKEN_REVIEW_SPEC)),
        field(3, "status", Object(&TOKEN_REVIEW_STATUS)),
    ],
);
pub(super) static TOKEN_REVIEW_SPEC: Message =
    message("TokenReviewSpec", &[field(1, "token", Text), list(2, "audiences", Text)]);
pub(super) static TOKEN_REVIEW_STATUS: Message = message(
    "TokenReviewStatus",
    &[
        field(1, "authenticated", Bool),
        field(2, "user", Object(&USER_INFO)),
        list(4, "audiences", Text),
        field(3, "error", Text),
    ],
);
pub(super) static USER_INFO: Message = message(
    "UserInfo",
    &[field(1, "username", Text), field(2, "uid", Text), list(3, "groups", Text), map(4, "extra", Texts)],
);
