//! What a printer needs besides the objects.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{Timestamp, fmt::strtime, tz::Offset};
use sim_core::version::Version;

use super::duration::human_duration;
use super::layout::Layout;
use crate::cluster::Cluster;

/// When and for which version something is printed.
#[derive(Debug, Clone, Copy)]
pub struct PrintContext {
    /// Virtual now: ages are counted to here.
    pub now: Timestamp,
    /// The offset where kubectl prints local times.
    pub offset: Offset,
    pub(super) layout: Layout,
}

impl PrintContext {
    /// A context of a version.
    pub fn new(version: Version, now: Timestamp, offset: Offset) -> Self {
        Self { now, offset, layout: Layout::of(version) }
    }

    /// How long ago, as kubectl writes it; `<unknown>` for a moment that was never set.
    pub(super) fn since(&self, moment: Option<Timestamp>) -> String {
        moment.map_or_else(
            || "<unknown>".to_owned(),
            |moment| human_duration(self.now.as_second().saturating_sub(moment.as_second())),
        )
    }

    /// The age of an object.
    pub(super) fn age(&self, created: Option<&Time>) -> String {
        self.since(created.map(|time| time.0))
    }

    /// A time as `Fri, 25 Oct 2019 03:57:24 -0400` (Go's RFC1123Z).
    pub(super) fn local(&self, time: Option<&Time>) -> String {
        let zoned = time.map(|time| time.0.to_zoned(self.offset.to_time_zone()));
        zoned
            .and_then(|zoned| strtime::format("%a, %d %b %Y %H:%M:%S %z", &zoned).ok())
            .unwrap_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned())
    }
}

impl Cluster {
    /// The context of this cluster now.
    pub fn print_context(&self) -> PrintContext {
        PrintContext::new(self.setup().version, self.now(), self.setup().offset)
    }
}
