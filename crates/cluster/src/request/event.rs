//! Events of events.k8s.io: the core ones under other field names (pkg/apis/events/v1/conversion.go).

use serde_json::{Map, Value};

/// Their names and ours.
const FIELDS: [(&str, &str); 7] = [
    ("note", "message"),
    ("regarding", "involvedObject"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

/// Renames the fields of an events.k8s.io Event to those of a core one.
pub fn event_into_core(event: &mut Map<String, Value>) {
    for (theirs, ours) in FIELDS {
        rename(event, theirs, ours);
    }
}

/// Renames the fields of a core Event to those of an events.k8s.io one.
pub fn event_from_core(event: &mut Map<String, Value>) {
    for (theirs, ours) in FIELDS {
        rename(event, ours, theirs);
    }
}

fn rename(event: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = event.remove(from) {
        event.insert(to.to_owned(), value);
    }
}
