//! The messages of `api/node/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Object, Quantity, Text};
use super::{Message, field, kept, list, map, message};
use super::{core, meta};

pub(super) static OVERHEAD: Message = message("Overhead", &[map(1, "podFixed", Quantity)]);
pub(super) static RUNTIME_CLASS: Message = message(
    "RuntimeClass",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        kept(2, "handler", Text),
        field(3, "overhead", Object(&OVERHEAD)),
        field(4, "scheduling", Object(&SCHEDULING)),
    ],
);
pub(super) static SCHEDULING: Message =
    message("Scheduling", &[map(1, "nodeSelector", Text), list(2, "tolerations", Object(&core::TOLERATION))]);
