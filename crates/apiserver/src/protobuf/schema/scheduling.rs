//! The messages of `api/scheduling/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Int32, Object, Text};
use super::meta;
use super::{Message, field, kept, message};

pub(super) static PRIORITY_CLASS: Message = message(
    "PriorityClass",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        kept(2, "value", Int32),
        field(3, "globalDefault", Bool),
        field(4, "description", Text),
        kept(5, "preemptionPolicy", Text),
    ],
);
