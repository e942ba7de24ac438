//! events.k8s.io Events as the core ones that kubectl lists: the same objects under other field names.

use serde_json::{Map, Value};

/// Renames the fields of an events.k8s.io Event to those of a core one.
pub(crate) fn into_core(event: &mut Map<String, Value>) {
    for (theirs, ours) in [
        ("note", "message"),
        ("regarding", "involvedObject"),
        ("reportingController", "reportingComponent"),
        ("deprecatedSource", "source"),
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"),
    ] {
        if let Some(value) = event.remove(theirs) {
            event.insert(ours.to_owned(), value);
        }
    }
}
