//! Event recorders: the core one of controllers and kubelets, and the events.k8s.io one of the scheduler.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Event, EventSeries, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::cluster::Cluster;
use crate::object::Object;
use crate::store::ObjectKey;

/// A scheduler event is forgotten this long after it was last seen (tools/events, `finishTime`).
const FINISH_MS: u64 = 6 * 60 * 1000;
/// A series is written again this often (tools/events, `refreshTime`).
const REFRESH_MS: u64 = 30 * 60 * 1000;

/// What the recorders remember to put equal events together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder {
    /// Core events by everything but their times.
    seen: BTreeMap<String, ObjectKey>,
    /// Scheduler events by regarding object and reason.
    series: BTreeMap<String, Series>,
    drawn: u64,
}

#[derive(Debug, Clone)]
struct Series {
    event: ObjectKey,
    count: i32,
    last_seen_ms: u64,
    last_written_ms: u64,
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
            _ => "replicaset-controller",
        };
        self.event_from(component, None, object, type_, reason, message);
    }

    /// Records an event; one that says the same again raises the count of the first (core recorder).
    pub(crate) fn event_from(
        &mut self,
        component: &str,
        host: Option<&str>,
        object: &Object,
        type_: &str,
        reason: &str,
        message: &str,
    ) {
        let regarding = reference(object);
        let uid = regarding.uid.as_deref().unwrap_or_default();
        let identity = [component, host.unwrap_or_default(), uid, object.name(), type_, reason, message].join("\u{1f}");
        let now = self.clock.time();
        if let Some(key) = self.recorder.seen.get(&identity).cloned() {
            self.store.update::<Event>(&key, |event| {
                event.count = Some(event.count.unwrap_or(1) + 1);
                event.last_timestamp = Some(now);
            });
            return;
        }
        let event = Event {
            metadata: self.event_metadata(object),
            involved_object: regarding,
            type_: Some(type_.to_owned()),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            first_timestamp: Some(now.clone()),
            last_timestamp: Some(now),
            count: Some(1),
            source: Some(EventSource { component: Some(component.to_owned()), host: host.map(str::to_owned) }),
            reporting_component: Some(String::new()),
            reporting_instance: Some(String::new()),
            ..Event::default()
        };
        self.recorder.seen.insert(identity, ObjectKey::of(&event));
        self.create(event);
    }

    /// Records an event of the scheduler. Its recorder ignores the message: later attempts only lengthen the series
    /// of the first. The regarding object's resource version is part of what makes two events equal, which is why the
    /// first two failures of a pod are two events: the first failure itself changed the pod's status.
    pub(crate) fn scheduler_event(&mut self, object: &Object, type_: &str, reason: &str, action: &str, message: &str) {
        let regarding = reference(object);
        let version = object.metadata().resource_version.as_deref().unwrap_or_default();
        let uid = regarding.uid.as_deref().unwrap_or_default();
        let identity = [uid, object.name(), type_, reason, action, version].join("\u{1f}");
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
        let series = Series { event: ObjectKey::of(&event), count: 1, last_seen_ms: now, last_written_ms: now };
        self.recorder.series.insert(identity, series);
        self.create(event);
    }

    /// Named after the object and the moment, as recorders do, so that names are in order of time.
    fn event_metadata(&mut self, object: &Object) -> ObjectMeta {
        self.recorder.drawn += 1;
        let nanos = self.clock.now().as_nanosecond() + i128::from(self.recorder.drawn);
        ObjectMeta {
            name: Some(format!("{}.{nanos:x}", object.name())),
            // Events of cluster-scoped objects live in `default`.
            namespace: Some(object.namespace().unwrap_or("default").to_owned()),
            ..ObjectMeta::default()
        }
    }
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
