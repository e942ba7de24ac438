//! Event recorders: the core one of controllers and kubelets, and the events.k8s.io one of the scheduler.

mod correlator;

use imbl::{OrdMap, Vector};
use k8s_openapi::api::core::v1::{Event, EventSeries, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::Timestamp;

use crate::clock;
use crate::cluster::Cluster;
use crate::names::push_hex;
use crate::object::Object;
use crate::store::ObjectKey;
use correlator::{Correlator, Identity, Verdict, hash};

/// A scheduler event is forgotten this long after it was last seen (tools/events, `finishTime`).
const FINISH_MS: u64 = 6 * 60 * 1000;
/// A series is written again this often (tools/events, `refreshTime`).
const REFRESH_MS: u64 = 30 * 60 * 1000;
/// The API server keeps an event so long after it was last written (`--event-ttl`).
const TTL_MS: u64 = 60 * 60 * 1000;

/// What the recorders remember to put equal events together, and which events the API server has to drop when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder {
    correlator: Correlator,
    /// Scheduler events by what makes them equal.
    series: OrdMap<u64, Series>,
    /// Events in the order they were created: when each is due at the earliest, and whose it is.
    kept: Vector<(u64, ObjectKey, u64)>,
    /// Whether they are kept for ever.
    drops_none: bool,
    drawn: u64,
}

#[derive(Debug, Clone)]
struct Series {
    event: ObjectKey,
    count: i32,
    last_seen_ms: u64,
    last_written_ms: u64,
}

/// What a component has to tell of an object (core recorder).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note<'a> {
    /// Who tells it.
    pub component: &'a str,
    /// On which node, if it is a kubelet.
    pub host: Option<&'a str>,
    /// Of which object.
    pub object: &'a Object,
    /// Of which part of it, e.g. `spec.containers{app}`.
    pub field_path: Option<&'a str>,
    /// Normal or Warning.
    pub type_: &'a str,
    /// In one word.
    pub reason: &'a str,
    /// In a sentence.
    pub message: &'a str,
    /// How often it happened since it was told last, or ever.
    pub times: u32,
}

impl Cluster {
    /// Records an event of the controller that manages `object` (core recorder).
    pub(crate) fn controller_event(&mut self, object: &Object, type_: &str, reason: &str, message: &str) {
        let component = match object.kind_name() {
            "DaemonSet" => "daemonset-controller",
            "Deployment" => "deployment-controller",
            "StatefulSet" => "statefulset-controller",
            "Job" => "job-controller",
            "CronJob" => "cronjob-controller",
            "ReplicationController" => "replication-controller",
            _ => "replicaset-controller",
        };
        self.event_from(component, None, object, type_, reason, message);
    }

    /// Records an event (core recorder).
    pub(crate) fn event_from(
        &mut self,
        component: &str,
        host: Option<&str>,
        object: &Object,
        type_: &str,
        reason: &str,
        message: &str,
    ) {
        self.record(Note { component, host, object, field_path: None, type_, reason, message, times: 1 });
    }

    /// Records what a component tells: equal events are counted, similar ones put together, too many dropped.
    pub(crate) fn record(&mut self, note: Note<'_>) {
        let Note { component, host, object, field_path, type_, reason, message, times } = note;
        let regarding = ObjectReference { field_path: field_path.map(str::to_owned), ..reference(object) };
        let namespace = object.namespace().unwrap_or_default();
        let uid = regarding.uid.as_deref().unwrap_or_default();
        let identity = Identity {
            source: hash(&[component, host.unwrap_or_default(), object.kind_name(), namespace, object.name(), uid]),
            reason: hash(&[type_, reason]),
            message: hash(&[field_path.unwrap_or_default(), message]),
        };
        let now_ms = self.clock.now_ms();
        let metadata = self.event_metadata(object);
        let name = ObjectKey::new(
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
        );
        let verdict = self.recorder.correlator.correlate(identity, times, now_ms, &name);
        let Verdict { written, known, combined, count, first_ms } = verdict;
        if known.is_none() {
            self.recorder.drawn += 1;
        }
        if !written {
            return;
        }
        let message = if combined { format!("(combined from similar events): {message}") } else { message.to_owned() };
        let now = self.clock.time();
        if let Some(key) = known.as_ref().filter(|key| self.store.get::<Event>(key).is_some()) {
            self.store.update::<Event>(key, |event| {
                event.message = Some(message);
                event.count = Some(count);
                event.last_timestamp = Some(now);
            });
            return;
        }
        // One that the API server dropped meanwhile is created anew under its name, with its count.
        let name = known.unwrap_or(name);
        let event = Event {
            metadata: ObjectMeta { name: Some(name.name.to_string()), ..metadata },
            // An event that stands for several is about the whole object.
            involved_object: ObjectReference { field_path: regarding.field_path.filter(|_| !combined), ..regarding },
            type_: Some(type_.to_owned()),
            reason: Some(reason.to_owned()),
            message: Some(message),
            first_timestamp: Some(self.clock.time_at(first_ms)),
            last_timestamp: Some(now),
            count: Some(count),
            source: Some(EventSource { component: Some(component.to_owned()), host: host.map(str::to_owned) }),
            reporting_component: Some(String::new()),
            reporting_instance: Some(String::new()),
            ..Event::default()
        };
        self.keep_event(name, identity.source);
        self.admit_typed(event);
    }

    /// Records an event of the scheduler. Its recorder ignores the message: later attempts only lengthen the series
    /// of the first. The regarding object's resource version is part of what makes two events equal, which is why the
    /// first two failures of a pod are two events: the first failure itself changed the pod's status.
    pub(crate) fn scheduler_event(&mut self, object: &Object, type_: &str, reason: &str, action: &str, message: &str) {
        let regarding = reference(object);
        let version = object.metadata().resource_version.as_deref().unwrap_or_default();
        let uid = regarding.uid.as_deref().unwrap_or_default();
        let identity = hash(&[uid, object.name(), type_, reason, action, version]);
        let now = self.clock.now_ms();
        let micro = self.clock.micro_time();
        if let Some(series) = self.recorder.series.get_mut(&identity)
            && now < series.last_seen_ms + FINISH_MS
        {
            series.count += 1;
            series.last_seen_ms = now;
            let write = series.count == 2 || now >= series.last_written_ms + REFRESH_MS;
            if write && self.behaviour.scheduler_events_in_series {
                series.last_written_ms = now;
                let (key, count) = (series.event.clone(), series.count);
                self.store.update::<Event>(&key, |event| {
                    event.series = Some(EventSeries { count: Some(count), last_observed_time: Some(micro) });
                });
            }
            return;
        }
        let event = Event {
            metadata: self.event_metadata(object),
            involved_object: regarding,
            type_: Some(type_.to_owned()),
            reason: Some(reason.to_owned()),
            action: Some(action.to_owned()),
            message: Some(message.to_owned()),
            event_time: Some(micro),
            // Clients show the source; the conversion from events.k8s.io fills it from the reporting controller.
            source: Some(EventSource { component: Some("default-scheduler".to_owned()), host: None }),
            reporting_component: Some("default-scheduler".to_owned()),
            reporting_instance: Some("default-scheduler-sim".to_owned()),
            ..Event::default()
        };
        let key = ObjectKey::of(&event);
        let series = Series { event: key.clone(), count: 1, last_seen_ms: now, last_written_ms: now };
        self.recorder.series.insert(identity, series);
        self.recorder.drawn += 1;
        self.keep_event(key, identity);
        self.admit_typed(event);
    }

    /// No event is dropped any more, however old. Dropping those of a hundred thousand pods takes longer than the hour
    /// after which it is done: a fork that is only asked what becomes of its pods need not.
    pub fn keep_events(&mut self) {
        self.recorder.drops_none = true;
    }

    /// Drops the events that nobody has written to for an hour, and what is remembered of them.
    pub(crate) fn drop_old_events(&mut self) {
        if self.recorder.drops_none {
            return;
        }
        let now_ms = self.clock.now_ms();
        while let Some((_, key, identity)) =
            self.recorder.kept.front().filter(|(due_ms, ..)| *due_ms <= now_ms).cloned()
        {
            self.recorder.kept.pop_front();
            let written = self.store.get::<Event>(&key).and_then(|event| last_written(event));
            let Some(written) = written else { continue };
            let age_ms = self.clock.now().as_millisecond().saturating_sub(written.as_millisecond());
            let left_ms = TTL_MS.saturating_sub(u64::try_from(age_ms).unwrap_or(0));
            if left_ms > 0 {
                // Not in order any more, and late by as much as the one before it: nobody counts on the minute.
                self.recorder.kept.push_back((now_ms + left_ms, key, identity));
                continue;
            }
            self.store.remove::<Event>(&key);
            let since_ms = now_ms.saturating_sub(TTL_MS);
            self.recorder.correlator.forget(identity, since_ms);
            if self.recorder.series.get(&identity).is_some_and(|series| series.last_seen_ms <= since_ms) {
                self.recorder.series.remove(&identity);
            }
        }
        if let Some((due_ms, ..)) = self.recorder.kept.front() {
            self.agenda.add((*due_ms).max(now_ms + 1), clock::Event::DropOldEvents);
        }
    }

    fn keep_event(&mut self, key: ObjectKey, identity: u64) {
        let due_ms = self.clock.now_ms() + TTL_MS;
        if self.recorder.kept.is_empty() {
            self.agenda.add(due_ms, clock::Event::DropOldEvents);
        }
        self.recorder.kept.push_back((due_ms, key, identity));
    }

    /// Named after the object and the moment, as recorders do, so that names are in order of time.
    fn event_metadata(&self, object: &Object) -> ObjectMeta {
        let nanos = self.clock.now().as_nanosecond() + i128::from(self.recorder.drawn + 1);
        let name = match u64::try_from(nanos) {
            Ok(nanos) => {
                let mut name = String::with_capacity(object.name().len() + 17);
                name.push_str(object.name());
                name.push('.');
                push_hex(&mut name, nanos, (nanos.max(1).ilog2() / 4) + 1);
                name
            }
            // Before 1970, or after 2554.
            Err(_) => format!("{}.{nanos:x}", object.name()),
        };
        ObjectMeta {
            name: Some(name),
            // Events of cluster-scoped objects live in `default`.
            namespace: Some(object.namespace().unwrap_or("default").to_owned()),
            ..ObjectMeta::default()
        }
    }
}

fn last_written(event: &Event) -> Option<Timestamp> {
    let observed = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    observed.or(last).or(event.event_time.as_ref().map(|time| time.0))
}

fn reference(object: &Object) -> ObjectReference {
    let metadata = object.metadata();
    let known = object.kind();
    // Node events carry the node's name as uid (kubelet and node controller do so).
    let uid = if object.kind_name() == "Node" { metadata.name.clone() } else { metadata.uid.clone() };
    ObjectReference {
        api_version: known.map(|kind| kind.api_version().to_owned()),
        kind: Some(object.kind_name().to_owned()),
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        uid,
        resource_version: metadata.resource_version.clone(),
        field_path: None,
    }
}
