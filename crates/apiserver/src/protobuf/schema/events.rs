//! The messages of `api/events/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Int32, MicroTime, Object, Text, Time};
use super::{Message, field, kept, message};
use super::{core, meta};

pub(super) static EVENT: Message = message(
    "Event",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "eventTime", MicroTime),
        field(3, "series", Object(&EVENT_SERIES)),
        field(4, "reportingController", Text),
        field(5, "reportingInstance", Text),
        field(6, "action", Text),
        field(7, "reason", Text),
        field(8, "regarding", Object(&core::OBJECT_REFERENCE)),
        field(9, "related", Object(&core::OBJECT_REFERENCE)),
        field(10, "note", Text),
        field(11, "type", Text),
        field(12, "deprecatedSource", Object(&core::EVENT_SOURCE)),
        field(13, "deprecatedFirstTimestamp", Time),
        field(14, "deprecatedLastTimestamp", Time),
        field(15, "deprecatedCount", Int32),
    ],
);
pub(super) static EVENT_SERIES: Message =
    message("EventSeries", &[kept(1, "count", Int32), field(2, "lastObservedTime", MicroTime)]);
