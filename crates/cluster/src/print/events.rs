//! `kubectl get events` (`printEvent`), and how old an event is.

use k8s_openapi::api::core::v1::Event;
use k8s_openapi::jiff::Timestamp;

use super::context::PrintContext;
use super::table::{Column, Table, cells};

/// The table of events, in the order given.
pub fn events(events: &[&Event], context: &PrintContext) -> Table {
    let columns = [
        Column::text("Last Seen"),
        Column::text("Type"),
        Column::text("Reason"),
        Column::text("Object"),
        Column::text("Subobject").wide(),
        Column::text("Source").wide(),
        Column::text("Message"),
        Column::text("First Seen").wide(),
        Column::text("Count").wide(),
        Column::NAME.wide(),
    ];
    Table::of_objects(
        columns,
        events.iter().copied(),
        |event| &event.metadata,
        |event| {
            let times = Times::of(event, context);
            let object = &event.involved_object;
            let kind = object.kind.as_deref().unwrap_or_default().to_lowercase();
            let target = object.name.as_deref().filter(|name| !name.is_empty());
            cells![
                context.since(times.last),
                event.type_.clone().unwrap_or_default(),
                event.reason.clone().unwrap_or_default(),
                target.map_or_else(|| kind.clone(), |name| format!("{kind}/{name}")),
                object.field_path.clone().unwrap_or_default(),
                source(event, true),
                event.message.as_deref().unwrap_or_default().trim().to_owned(),
                context.since(times.first),
                times.count,
                event.metadata.name.clone().unwrap_or_default(),
            ]
        },
    )
}

/// The table of `kubectl events` (kubectl `pkg/cmd/events/event_printer.go`), in the order given.
pub fn listed_events(events: &[&Event], context: &PrintContext) -> Table {
    let columns = [
        Column::text("Last Seen"),
        Column::text("Type"),
        Column::text("Reason"),
        Column::text("Object"),
        Column::text("Message"),
    ];
    Table::of_objects(
        columns,
        events.iter().copied(),
        |event| &event.metadata,
        |event| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let object = &event.involved_object;
            cells![
                Times::of(event, context).seen(context),
                text(&event.type_),
                text(&event.reason),
                format!("{}/{}", text(&object.kind), text(&object.name)),
                text(&event.message).trim().to_owned(),
            ]
        },
    )
}

/// The events by the moment of their last sight, then as they were written.
pub fn by_last_sight(events: &mut [&Event], context: &PrintContext) {
    let written =
        |event: &Event| event.metadata.resource_version.as_ref().and_then(|version| version.parse::<u64>().ok());
    events.sort_by_key(|event| (Times::of(event, context).last, written(event)));
}

/// When an event was seen, in the fields that the version looks at.
pub(super) struct Times {
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) count: i32,
}

impl Times {
    /// How long ago, as `describe` and `kubectl events` say it.
    pub(super) fn seen(&self, context: &PrintContext) -> String {
        let first = context.since(self.first);
        if self.count > 1 { format!("{} (x{} over {first})", context.since(self.last), self.count) } else { first }
    }

    pub(super) fn of(event: &Event, context: &PrintContext) -> Self {
        let series = event.series.as_ref().filter(|_| context.layout.event_time);
        let observed = series.and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
        let event_time = event.event_time.as_ref().map(|time| time.0).filter(|_| context.layout.event_time);
        let first = event.first_timestamp.as_ref().map(|time| time.0).or(event_time);
        let last = event.last_timestamp.as_ref().map(|time| time.0);
        Self {
            first,
            last: observed.or(last).or(first),
            count: series.and_then(|series| series.count).or(event.count).unwrap_or(1).max(1),
        }
    }
}

/// Who reported an event, with the host where one is named.
pub(super) fn source(event: &Event, with_host: bool) -> String {
    let source = event.source.clone().unwrap_or_default();
    let component = source.component.filter(|component| !component.is_empty());
    let component = component.or_else(|| event.reporting_component.clone()).unwrap_or_default();
    match source.host.filter(|host| with_host && !host.is_empty()) {
        Some(host) => format!("{component}, {host}"),
        None => component,
    }
}
