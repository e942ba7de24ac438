//! The messages of `api/discovery/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Int32, Object, Text};
use super::{Message, field, kept, list, map, message};
use super::{core, meta};

pub(super) static ENDPOINT: Message = message(
    "Endpoint",
    &[
        list(1, "addresses", Text),
        field(2, "conditions", Object(&ENDPOINT_CONDITIONS)),
        kept(3, "hostname", Text),
        field(4, "targetRef", Object(&core::OBJECT_REFERENCE)),
        map(5, "deprecatedTopology", Text),
        kept(6, "nodeName", Text),
        kept(7, "zone", Text),
        field(8, "hints", Object(&ENDPOINT_HINTS)),
    ],
);
pub(super) static ENDPOINT_CONDITIONS: Message =
    message("EndpointConditions", &[kept(1, "ready", Bool), kept(2, "serving", Bool), kept(3, "terminating", Bool)]);
pub(super) static ENDPOINT_HINTS: Message =
    message("EndpointHints", &[list(1, "forZones", Object(&FOR_ZONE)), list(2, "forNodes", Object(&FOR_NODE))]);
pub(super) static ENDPOINT_PORT: Message = message(
    "EndpointPort",
    &[kept(1, "name", Text), kept(2, "protocol", Text), kept(3, "port", Int32), kept(4, "appProtocol", Text)],
);
pub(super) static ENDPOINT_SLICE: Message = message(
    "EndpointSlice",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        kept(4, "addressType", Text),
        list(2, "endpoints", Object(&ENDPOINT)),
        list(3, "ports", Object(&ENDPOINT_PORT)),
    ],
);
pub(super) static FOR_NODE: Message = message("ForNode", &[kept(1, "name", Text)]);
pub(super) static FOR_ZONE: Message = message("ForZone", &[kept(1, "name", Text)]);
