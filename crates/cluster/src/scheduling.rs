//! The scheduler's place in the cluster: what it watches, and what becomes of its decisions.

mod anew;
mod changes;
mod preemption;
mod storage;
mod volumes;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;
use sim_core::model::{Pod, PodSpec};
use sim_core::scheduler::{
    Course, Decision, Explanation, FitError, PodClasses, Refusal, Scheduler, SchedulingQueue, Snapshot, Verdict,
    event_note, scheduled_message,
};

pub use anew::Anew;

use crate::api;
use crate::cluster::{Cluster, Setup};
use crate::convert;
use crate::object::{KnownKind, Object};
use crate::pod;
use crate::store::ObjectKey;

/// The scheduler with its queue and its view of the cluster.
#[derive(Debug, Clone)]
pub struct Scheduling {
    scheduler: Arc<Scheduler>,
    snapshot: Snapshot,
    queue: SchedulingQueue,
    classes: PodClasses,
    course: Course,
    /// Pods that have their node and wait for their volumes.
    waiting_for_volumes: OrdMap<ObjectKey, volumes::WaitingForVolumes>,
    /// The spec that was asked for last, by its look, and what it is in the scheduler's model: a pod changes several
    /// times, and its spec hardly ever.
    specs: OrdMap<u64, (Arc<api::PodSpec>, Arc<PodSpec>)>,
}

impl Scheduling {
    pub(crate) fn new(setup: &Setup) -> Self {
        let version = setup.version;
        let config = setup.scheduler_config.as_ref();
        // A configuration is resolved before a cluster is made from it, so that its faults are told with their lines.
        let configured = config.and_then(|config| Scheduler::configured(version, config).ok());
        let seconds = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
        let queue = SchedulingQueue::new(version);
        let queue = match config {
            Some(config) => {
                queue.with_backoff(seconds(config.pod_initial_backoff_seconds), seconds(config.pod_max_backoff_seconds))
            }
            None => queue,
        };
        Self {
            scheduler: Arc::new(configured.unwrap_or_else(|| Scheduler::new(version))),
            snapshot: Snapshot::new(version),
            queue,
            classes: PodClasses::default(),
            course: Course::new(setup.emulate_sampling, (setup.seed != 0).then_some(setup.seed)),
            waiting_for_volumes: OrdMap::new(),
            specs: OrdMap::new(),
        }
    }

    /// What the scheduler would decide about the pod if it came now, with all its reasons. A pod that is on a node is
    /// taken off it first.
    pub fn explain(&self, pod: &api::Pod) -> Explanation {
        let mut model = convert::pod(pod);
        if model.node_name.take().is_none() {
            return self.scheduler.explain(&self.snapshot, &model);
        }
        model.nominated_node_name = None;
        let mut without = self.snapshot.clone();
        without.remove_pod(&model.namespace, &model.name);
        self.scheduler.explain(&without, &model)
    }

    /// Every refusal of every node to a pod that waits, in node order.
    pub fn refusals(&self, pod: &api::Pod) -> Vec<(String, Vec<Refusal>)> {
        self.scheduler.refusals_by_node(&self.snapshot, &convert::pod(pod))
    }

    /// The scheduler.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The scheduler's view of the cluster.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Places copies of a pod in this view of the cluster alone, until one finds no place.
    pub(crate) fn place_copies(&mut self, pod: &Pod, limit: usize) -> Vec<String> {
        let mut nodes = Vec::new();
        while nodes.len() < limit {
            let name = format!("{}-{}", pod.name, nodes.len());
            let copy = Arc::new(Pod { uid: name.clone(), name, ..pod.clone() });
            let Ok(node) = self.decide(&copy) else { break };
            self.snapshot.add_pod(Arc::new(Pod { node_name: Some(node.clone()), ..Pod::clone(&copy) }));
            nodes.push(node);
        }
        nodes
    }

    /// The node of a pod that waits for its volumes.
    pub(crate) fn node_waiting_for_volumes(&self, key: &ObjectKey) -> Option<&str> {
        self.waiting_for_volumes.get(key).map(|waiting| waiting.node.as_str())
    }

    pub(crate) fn has_waiting_pods(&self) -> bool {
        !self.queue.is_empty()
    }

    /// When the queue next has something to hand out; 0 when it has something now.
    pub(crate) fn next_wakeup(&self) -> Option<u64> {
        if self.queue.has_active() { Some(0) } else { self.queue.next_wakeup() }
    }

    /// The node for a pod, or what else becomes of it.
    fn decide(&mut self, pod: &Arc<Pod>) -> Result<String, Decision> {
        match self.classes.schedule_along(&self.scheduler, &self.snapshot, pod, &mut self.course) {
            Verdict::Placed { node, .. } => Ok(self.snapshot.node_name(node).to_owned()),
            Verdict::Other(Decision::Placed(placement)) => Ok(placement.node),
            Verdict::Other(decision) => Err(decision),
        }
    }

    fn model(&mut self, pod: &api::Pod) -> Arc<Pod> {
        let look = pod.look_of_spec();
        let spec = match self.specs.get_mut(&look) {
            Some((of, spec)) if Arc::ptr_eq(of, &pod.spec) => Arc::clone(spec),
            Some((of, spec)) => {
                let new = convert::pod_spec(&pod.spec);
                if **spec != new {
                    *spec = Arc::new(new);
                }
                *of = Arc::clone(&pod.spec);
                Arc::clone(spec)
            }
            None => {
                let spec = Arc::new(convert::pod_spec(&pod.spec));
                self.specs.insert(look, (Arc::clone(&pod.spec), Arc::clone(&spec)));
                spec
            }
        };
        Arc::new(convert::pod_with_spec(pod, spec))
    }
}

/// What becomes of the node that a pod is nominated to (`NominatingInfo`).
enum Nominating {
    /// It stays.
    Noop,
    /// It becomes this one, or none.
    Override(Option<String>),
}

impl Cluster {
    /// One turn of the scheduler: every pod that is due is tried once.
    pub(crate) fn schedule(&mut self) {
        let now_ms = self.clock.now_ms();
        while let Some(pod) = self.scheduling.queue.pop(now_ms) {
            let key = ObjectKey::new(&pod.namespace, &pod.name);
            let Some(object) = self.store.get::<api::Pod>(&key).cloned() else {
                self.scheduling.queue.delete(&pod.key());
                continue;
            };
            if pod.terminating {
                let message = format!("skip schedule deleting pod: {key}");
                self.failed_scheduling(Object::Pod(object), &message);
                self.scheduling.queue.delete(&pod.key());
                continue;
            }
            match self.scheduling.decide(&pod) {
                Ok(node) => self.bind(&key, &object, &pod, &node),
                // A place is no error.
                Err(Decision::Placed(_)) => {}
                Err(Decision::Unschedulable(error)) => self.fail(&key, &object, pod, &error),
                Err(Decision::Gated(_)) => self.scheduling.queue.hold(pod.key()),
                Err(Decision::Error(message)) => {
                    self.failed_scheduling(Object::Pod(object), &message);
                    self.scheduling.queue.add_unschedulable(pod, BTreeSet::new(), now_ms);
                    let gives_up = self.scheduling.scheduler.gives_up_nomination_on_error();
                    let nominating = if gives_up { Nominating::Override(None) } else { Nominating::Noop };
                    self.set_unscheduled(&key, "SchedulerError", &message, nominating);
                }
            }
            // The next pod is decided on what this one left.
            self.deliver_changes();
        }
    }

    fn bind(&mut self, key: &ObjectKey, object: &Arc<api::Pod>, pod: &Pod, node: &str) {
        if !pod.spec.volumes.is_empty() {
            let plan = self.scheduling.scheduler.volume_plan(&self.scheduling.snapshot, pod, node);
            self.bind_volumes(&plan, node);
            if !plan.provisions.is_empty() {
                self.wait_for_volumes(key, pod, &plan, node);
                return;
            }
        }
        self.finish_binding(key, object, pod, node);
    }

    fn finish_binding(&mut self, key: &ObjectKey, object: &Arc<api::Pod>, pod: &Pod, node: &str) {
        let message = scheduled_message(&pod.key(), node);
        let now = self.clock.time();
        self.store.update::<api::Pod>(key, |pod| {
            pod.node_name = Some(node.to_owned());
            pod::set_condition(pod, "PodScheduled", true, None, None, &now);
        });
        self.scheduler_event(&api::Pod::wrap(object.clone()), "Normal", "Scheduled", "Binding", &message);
    }

    fn failed_scheduling(&mut self, pod: Object, message: &str) {
        let note = event_note(message, self.scheduling.scheduler.behaviour());
        self.scheduler_event(&pod, "Warning", "FailedScheduling", "Scheduling", &note);
    }

    fn fail(&mut self, key: &ObjectKey, object: &Arc<api::Pod>, pod: Arc<Pod>, error: &FitError) {
        let message = error.to_string();
        let early = error.preemption.as_ref().filter(|_| self.behaviour.evicts_before_telling);
        let late = error.preemption.as_ref().filter(|_| early.is_none());
        if let Some(outcome) = early {
            self.preempt(key, &pod, outcome);
        }
        self.failed_scheduling(api::Pod::wrap(object.clone()), &message);
        self.scheduling.queue.add_unschedulable(pod.clone(), error.failed_plugins.clone(), self.clock.now_ms());
        let scheduling = &self.scheduling;
        let nominating = match &error.preemption {
            Some(outcome) => Nominating::Override(Some(outcome.nominated_node.clone())),
            None if pod::is_nominated(object)
                && scheduling.scheduler.gives_up_nomination(&scheduling.snapshot, &pod, error) =>
            {
                Nominating::Override(None)
            }
            None => Nominating::Noop,
        };
        if let Some(outcome) = late {
            self.preempt(key, &pod, outcome);
        }
        self.set_unscheduled(key, "Unschedulable", &message, nominating);
    }

    /// Writes why a pod waits; nothing is written when it says so already.
    fn set_unscheduled(&mut self, key: &ObjectKey, reason: &str, message: &str, nominating: Nominating) {
        let Some(object) = self.store.get::<api::Pod>(key) else { return };
        let condition = pod::condition(object, "PodScheduled");
        let said = condition.is_some_and(|condition| {
            condition.status == "False"
                && condition.reason.as_deref() == Some(reason)
                && condition.message.as_deref() == Some(message)
        });
        let promised = object.status.as_ref().and_then(|status| status.nominated_node_name.clone());
        let promised = promised.filter(|node| !node.is_empty());
        let nominated = match nominating {
            Nominating::Noop => promised.clone(),
            Nominating::Override(node) => node,
        };
        if said && promised == nominated {
            return;
        }
        let now = self.clock.time();
        self.store.update::<api::Pod>(key, |pod| {
            pod::set_condition(pod, "PodScheduled", false, Some(reason), Some(message), &now);
            pod.status.get_or_insert_default().nominated_node_name = nominated;
        });
    }
}
