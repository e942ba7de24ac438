//! The messages of `api/coordination/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Int32, MicroTime, Object, Text};
use super::meta;
use super::{Message, field, kept, message};

pub(super) static LEASE: Message =
    message("Lease", &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&LEASE_SPEC))]);
pub(super) static LEASE_SPEC: Message = message(
    "LeaseSpec",
    &[
        kept(1, "holderIdentity", Text),
        kept(2, "leaseDurationSeconds", Int32),
        field(3, "acquireTime", MicroTime),
        field(4, "renewTime", MicroTime),
        kept(5, "leaseTransitions", Int32),
        kept(6, "strategy", Text),
        kept(7, "preferredHolder", Text),
    ],
);
