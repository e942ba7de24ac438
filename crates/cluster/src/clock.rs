//! The virtual clock and the agenda of what happens when.

use imbl::{OrdMap, OrdSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::object::Kind;
use crate::store::ObjectKey;

/// Virtual time: milliseconds since the start of the run.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: Timestamp,
    now_ms: u64,
}

impl Clock {
    pub(crate) fn new(start: Timestamp) -> Self {
        Self { start, now_ms: 0 }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Time never runs backwards.
    pub(crate) fn advance_to(&mut self, ms: u64) {
        self.now_ms = self.now_ms.max(ms);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.at(self.now_ms)
    }

    /// The first moment from now on at which something that runs every `period_ms` milliseconds runs.
    pub(crate) fn next_tick(&self, period_ms: u64) -> u64 {
        self.now_ms.checked_next_multiple_of(period_ms).unwrap_or(u64::MAX)
    }

    /// The first moment after now at which something that runs every `period_ms` milliseconds runs.
    pub(crate) fn tick_after(&self, period_ms: u64) -> u64 {
        self.now_ms.saturating_add(1).checked_next_multiple_of(period_ms).unwrap_or(u64::MAX)
    }

    /// The moment `ms` milliseconds after the start; the end of time when that is past it.
    pub(crate) fn at(&self, ms: u64) -> Timestamp {
        let offset = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        self.start.checked_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// The moment as milliseconds since the start; 0 for what was before.
    pub(crate) fn ms_of(&self, moment: Timestamp) -> u64 {
        u64::try_from(moment.duration_since(self.start).as_millis()).unwrap_or(0)
    }

    /// The same with what was before as negative numbers.
    pub(crate) fn signed_ms_of(&self, moment: Timestamp) -> i64 {
        i64::try_from(moment.duration_since(self.start).as_millis()).unwrap_or(0)
    }

    /// Now in milliseconds since the start, as a number that can be compared with what was before.
    pub(crate) fn signed_now_ms(&self) -> i64 {
        i64::try_from(self.now_ms).unwrap_or(i64::MAX)
    }

    /// A moment, perhaps before the start, as objects carry it.
    pub(crate) fn time_at_signed(&self, ms: i64) -> Time {
        let moment = self.start.checked_add(SignedDuration::from_millis(ms)).unwrap_or(self.start);
        Time(Timestamp::from_second(moment.as_second()).unwrap_or(Timestamp::MAX))
    }

    /// Now as objects carry it: whole seconds.
    pub(crate) fn time(&self) -> Time {
        self.time_at(self.now_ms)
    }

    /// A moment as objects carry it.
    pub(crate) fn time_at(&self, ms: u64) -> Time {
        Time(Timestamp::from_second(self.at(ms).as_second()).unwrap_or(Timestamp::MAX))
    }

    /// Now as events.k8s.io carries it.
    pub(crate) fn micro_time(&self) -> MicroTime {
        MicroTime(self.now())
    }
}

/// Everything that can happen by itself. At one moment the kinds happen in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A step of the timeline, by index.
    TimelineStep(usize),
    /// The node lifecycle controller looks at the nodes that changed or are silent.
    MonitorNodes,
    /// The node lifecycle controller taints the lost nodes whose turn it is.
    TaintLostNodes,
    /// A cloud controller manager initialises a node.
    InitialiseCloudNode(ObjectKey),
    /// A cloud-controller-manager looks for nodes whose machine is gone.
    MonitorCloudNodes,
    /// PodGC looks for pods that nobody else ends.
    CollectPods,
    /// The node that an upgrade has drained gets its new kubelet.
    UpgradeKubelet,
    /// The cluster-autoscaler looks at the pods that no node takes.
    ScaleUp,
    /// A machine that the cluster-autoscaler ordered is there.
    MachineArrives(String),
    /// A pod's tolerationSeconds may have run out.
    Evict(ObjectKey),
    /// A kubelet looks at its node's runtime.
    NodeStatus(ObjectKey),
    /// A kubelet gets on with one of its pods.
    Kubelet(ObjectKey),
    /// A controller looks at one object.
    Sync(Controller, ObjectKey),
    /// The garbage collector looks at one object.
    CollectGarbage(Kind, ObjectKey),
    /// A CronJob's schedule may be due.
    CronJobDue(ObjectKey),
    /// A Job that has ended may be due to go.
    JobExpires(ObjectKey),
    /// A rollout may have got on too slowly.
    ProgressDeadline(ObjectKey),
    /// A controller looks once more at an object it failed at.
    Retry(Controller, ObjectKey),
    /// A provisioner is done with a claim.
    Provision(ObjectKey),
    /// What is behind a released volume is deleted.
    DeleteVolume(ObjectKey),
    /// The PersistentVolume controller looks at every claim that is not bound.
    ResyncVolumes,
    /// The scheduler gives up waiting for a pod's volumes.
    VolumesTimeOut(ObjectKey),
    /// A drain of the node with this name gets on.
    Drain(String),
    /// The scheduler looks at its queues.
    Schedule,
    /// A cluster-proportional-autoscaler polls; the key is that of its pod.
    Autoscale(ObjectKey),
    /// A kubelet does again what it has done before, for ever: a restart at the longest back-off, a probe that fails.
    KubeletAgain(ObjectKey),
    /// A kubelet looks at how much its node has left.
    Housekeeping(ObjectKey),
    /// The API server drops the events that are an hour old.
    DropOldEvents,
}

impl Event {
    fn rank(&self) -> u8 {
        match self {
            Event::TimelineStep(_) => 0,
            Event::MonitorNodes | Event::TaintLostNodes => 1,
            Event::InitialiseCloudNode(_) | Event::MonitorCloudNodes | Event::CollectPods => 2,
            Event::Evict(_) => 3,
            Event::UpgradeKubelet | Event::MachineArrives(_) | Event::NodeStatus(_) => 4,
            Event::Kubelet(_) | Event::KubeletAgain(_) | Event::Housekeeping(_) => 4,
            // After the kubelets, so that a ReplicaSet looks once at what a thousand pods did at one moment.
            Event::Sync(..)
            | Event::Retry(..)
            | Event::CollectGarbage(..)
            | Event::CronJobDue(_)
            | Event::JobExpires(_)
            | Event::ProgressDeadline(_)
            | Event::Provision(_)
            | Event::DeleteVolume(_)
            | Event::ResyncVolumes
            | Event::VolumesTimeOut(_) => 5,
            Event::Drain(_) => 6,
            Event::Schedule => 7,
            Event::ScaleUp | Event::Autoscale(_) => 8,
            Event::DropOldEvents => 9,
        }
    }

    /// Whether it depends on what happened since whether it changes anything.
    fn is_doubtful(&self) -> bool {
        matches!(self, Event::Retry(..) | Event::ProgressDeadline(_))
    }

    /// Routine repeats itself without end and changes nothing on its own.
    pub(crate) fn is_routine(&self) -> bool {
        matches!(
            self,
            Event::Schedule
                | Event::Autoscale(_)
                | Event::CronJobDue(_)
                | Event::JobExpires(_)
                | Event::KubeletAgain(_)
                | Event::DropOldEvents
                | Event::ResyncVolumes
                | Event::VolumesTimeOut(_)
        )
    }
}

/// The controllers that sync objects by key, after kube-controller-manager's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::enum_variant_names, reason = "a ReplicationController is an object")]
pub(crate) enum Controller {
    NodeLifecycle,
    TaintEviction,
    Deployment,
    ReplicaSet,
    ReplicationController,
    DaemonSet,
    StatefulSet,
    Job,
    CronJob,
    Namespace,
    ServiceAccounts,
    ResourceQuota,
    PersistentVolume,
    AttachDetach,
    EphemeralVolume,
    Disruption,
}

/// What happens when: ordered by virtual time, kind of event, and the order it was put down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    entries: OrdMap<(u64, u8, u64), Event>,
    /// The same, so that one event is put down once for one moment.
    known: OrdSet<(u64, Event)>,
    /// How many of them are neither routine nor doubtful.
    busy: usize,
    /// The doubtful ones among them.
    doubtful: OrdMap<(u64, u64), Event>,
    sequence: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at_ms: u64, event: Event) {
        if self.known.insert((at_ms, event.clone())).is_none() {
            self.sequence += 1;
            if event.is_doubtful() {
                self.doubtful.insert((at_ms, self.sequence), event.clone());
            } else {
                self.busy += usize::from(!event.is_routine());
            }
            self.entries.insert((at_ms, event.rank(), self.sequence), event);
        }
    }

    pub(crate) fn next_at(&self) -> Option<u64> {
        self.entries.get_min().map(|((at, ..), _)| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<(u64, Event)> {
        let key = self.entries.get_min()?.0;
        let (at, event) = (key.0, self.entries.remove(&key)?);
        if event.is_doubtful() {
            self.doubtful.remove(&(at, key.2));
        } else {
            self.busy -= usize::from(!event.is_routine());
        }
        let entry = (at, event);
        self.known.remove(&entry);
        Some(entry)
    }

    /// All that was put down, in order.
    pub(crate) fn into_events(self) -> impl Iterator<Item = Event> {
        self.entries.into_iter().map(|(_, event)| event)
    }

    /// Whether nothing but routine and what is doubtful is left to happen. It is asked at every moment, and there may be thousands
    /// of entries: it is counted, not looked for.
    pub(crate) fn is_idle(&self) -> bool {
        self.busy == 0
    }

    /// What was put down and may turn out to change nothing, in order.
    pub(crate) fn doubtful(&self) -> impl Iterator<Item = &Event> {
        self.doubtful.values()
    }
}

#[cfg(test)]
mod tests {
    use super::{Agenda, Controller, Event};
    use crate::store::ObjectKey;

    #[test]
    fn an_agenda_is_idle_while_only_routine_and_what_is_doubtful_is_left() {
        let key = || ObjectKey::new("default", "a");
        let mut agenda = Agenda::default();
        assert!(agenda.is_idle());
        for at_ms in [3, 5, 5] {
            agenda.add(at_ms, Event::CronJobDue(key()));
            agenda.add(at_ms, Event::Retry(Controller::Job, key()));
        }
        assert!(agenda.is_idle());
        assert_eq!(agenda.doubtful().count(), 2);
        // The same at the same moment is put down once.
        agenda.add(4, Event::Kubelet(key()));
        agenda.add(4, Event::Kubelet(key()));
        let mut seen = Vec::new();
        while let Some((at_ms, _)) = agenda.pop() {
            seen.push((at_ms, agenda.is_idle(), agenda.doubtful().count()));
        }
        assert_eq!(seen, [(3, false, 2), (3, false, 1), (4, true, 1), (5, true, 1), (5, true, 0)]);
    }
}
