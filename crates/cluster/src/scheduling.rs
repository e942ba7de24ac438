//! The scheduler's place in the cluster: what it watches, and what becomes of its decisions.

mod storage;
mod volumes;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as api;
use sim_core::model::{LabelSelector, Pod, PodKey, PodSpec};
use sim_core::scheduler::{
    Action, ClusterEvent, Course, Decision, DisruptionBudget, EventResource, Explanation, FitError, PodClasses,
    PreemptionOutcome, Scheduler, SchedulingQueue, SelectorOwner, Snapshot, Verdict,
};

use crate::cluster::{Cluster, Setup};
use crate::convert;
use crate::object::{KnownKind, Object};
use crate::pod;
use crate::store::{Changed, ObjectKey};

/// The scheduler with its queue and its view of the cluster.
#[derive(Debug, Clone)]
pub struct Scheduling {
    scheduler: Arc<Scheduler>,
    snapshot: Snapshot,
    queue: SchedulingQueue,
    classes: PodClasses,
    course: Course,
    /// The spec that pods of one owner share.
    shared_specs: BTreeMap<String, Arc<PodSpec>>,
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
            shared_specs: BTreeMap::new(),
        }
    }

    /// What the scheduler would decide about the pod if it came now, with all its reasons. A pod that is on a node is
    /// taken off it first.
    pub fn explain(&self, pod: &api::Pod) -> Explanation {
        let mut model = convert::pod(pod);
        if model.node_name.take().is_none() {
            return self.scheduler.explain(&self.snapshot, &model);
        }
        Arc::make_mut(&mut model.spec).node_name = None;
        let mut without = self.snapshot.clone();
        without.remove_pod(&model.namespace, &model.name);
        self.scheduler.explain(&without, &model)
    }

    /// The scheduler.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The scheduler's view of the cluster.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
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
            Verdict::Other(decision) => Err(decision),
        }
    }

    fn model(&mut self, pod: &api::Pod) -> Arc<Pod> {
        let mut model = convert::pod(pod);
        if let Some(owner) = &model.controller {
            let shared = self.shared_specs.entry(owner.uid.clone()).or_insert_with(|| model.spec.clone());
            if **shared == *model.spec {
                model.spec = shared.clone();
            } else {
                *shared = model.spec.clone();
            }
        }
        Arc::new(model)
    }

    /// A node came or changed: wakes the pods that it may help, as far as the version looks before it wakes them.
    fn node_happened(&mut self, node: &str, action: Action, now_ms: u64) {
        if !action.is_empty() {
            let (scheduler, snapshot) = (&self.scheduler, &self.snapshot);
            self.queue.move_all_on_if(ClusterEvent::new(EventResource::Node, action), now_ms, |pod, failed_plugins| {
                scheduler.node_event_may_help(snapshot, pod, failed_plugins, node)
            });
        }
    }

    fn happened(&mut self, resource: EventResource, action: Action, now_ms: u64) {
        if !action.is_empty() {
            self.queue.move_all_on(ClusterEvent::new(resource, action), now_ms);
        }
    }
}

impl Cluster {
    /// One turn of the scheduler: every pod that is due is tried once.
    pub(crate) fn schedule(&mut self) {
        let now_ms = self.clock.now_ms();
        while let Some(pod) = self.scheduling.queue.pop(now_ms) {
            let verdict = self.scheduling.decide(&pod);
            let key = ObjectKey::new(&pod.namespace, &pod.name);
            let Some(object) = self.store.get::<api::Pod>(&key).cloned() else {
                self.scheduling.queue.delete(&pod.key());
                continue;
            };
            match verdict {
                Ok(node) => self.bind(&key, &object, &node),
                Err(Decision::Placed(placement)) => self.bind(&key, &object, &placement.node),
                Err(Decision::Unschedulable(error)) => self.fail(&key, &object, pod, &error),
                Err(Decision::Gated(_)) => self.scheduling.queue.delete(&pod.key()),
                Err(Decision::Error(message)) => {
                    self.scheduler_event(&Object::Pod(object), "Warning", "FailedScheduling", "Scheduling", &message);
                    self.scheduling.queue.add_unschedulable(pod, std::collections::BTreeSet::new(), now_ms);
                    self.set_unscheduled(&key, "SchedulerError", &message, None);
                }
            }
            // The next pod is decided on what this one left.
            self.deliver_changes();
        }
    }

    fn bind(&mut self, key: &ObjectKey, object: &Arc<api::Pod>, node: &str) {
        let now = self.clock.time();
        self.store.update::<api::Pod>(key, |pod| {
            pod.spec.get_or_insert_default().node_name = Some(node.to_owned());
            pod::set_condition(pod, "PodScheduled", true, None, None, &now);
        });
        let message = format!("Successfully assigned {key} to {node}");
        self.scheduler_event(&api::Pod::wrap(object.clone()), "Normal", "Scheduled", "Binding", &message);
    }

    fn fail(&mut self, key: &ObjectKey, object: &Arc<api::Pod>, pod: Arc<Pod>, error: &FitError) {
        let message = error.to_string();
        self.scheduler_event(&api::Pod::wrap(object.clone()), "Warning", "FailedScheduling", "Scheduling", &message);
        let nominated = error.preemption.as_ref().map(|outcome| outcome.nominated_node.clone());
        self.scheduling.queue.add_unschedulable(pod.clone(), error.failed_plugins.clone(), self.clock.now_ms());
        if let Some(outcome) = &error.preemption {
            self.scheduling.snapshot.nominate(pod.clone(), &outcome.nominated_node);
            self.preempt(key, &pod, outcome);
        } else {
            self.scheduling.snapshot.forget_nomination(&pod.namespace, &pod.name);
        }
        self.set_unscheduled(key, "Unschedulable", &message, nominated);
    }

    fn preempt(&mut self, preemptor: &ObjectKey, pod: &Pod, outcome: &PreemptionOutcome) {
        for victim in &outcome.victims {
            let key = ObjectKey::new(&victim.namespace, &victim.name);
            let Some(object) = self.store.get::<api::Pod>(&key).cloned() else { continue };
            let message = self.behaviour.preempted_message(&preemptor.to_string(), &pod.uid, &outcome.nominated_node);
            self.scheduler_event(&api::Pod::wrap(object), "Normal", "Preempted", "Preempting", &message);
            self.delete_pod(&key);
        }
    }

    /// Writes why a pod waits; nothing is written when it says so already.
    fn set_unscheduled(&mut self, key: &ObjectKey, reason: &str, message: &str, nominated: Option<String>) {
        let Some(object) = self.store.get::<api::Pod>(key) else { return };
        let condition = pod::condition(object, "PodScheduled");
        let said = condition.is_some_and(|condition| {
            condition.status == "False"
                && condition.reason.as_deref() == Some(reason)
                && condition.message.as_deref() == Some(message)
        });
        let promised = object.status.as_ref().and_then(|status| status.nominated_node_name.clone());
        if said && promised == nominated {
            return;
        }
        let now = self.clock.time();
        self.store.update::<api::Pod>(key, |pod| {
            pod::set_condition(pod, "PodScheduled", false, Some(reason), Some(message), &now);
            pod.status.get_or_insert_default().nominated_node_name = nominated;
        });
    }

    /// Keeps the scheduler's view and queue up with a change of the store.
    pub(crate) fn watch_for_scheduler(&mut self, changed: &Changed) {
        let now_ms = self.clock.now_ms();
        let key = &changed.key;
        let scheduling = &mut self.scheduling;
        if scheduling.watch_storage(changed, now_ms) {
            return;
        }
        match (&changed.before, &changed.after) {
            (before, Some(Object::Node(node))) => {
                let before = match before {
                    Some(Object::Node(before)) => Some(before),
                    _ => None,
                };
                let action = before.map_or(Action::ADD, |before| node_changes(before, node));
                if !action.is_empty() {
                    scheduling.snapshot.upsert_node(Arc::new(convert::node(node)));
                }
                scheduling.node_happened(&key.name, action, now_ms);
            }
            (Some(Object::Node(_)), None) => {
                scheduling.snapshot.remove_node(&key.name);
                scheduling.happened(EventResource::Node, Action::DELETE, now_ms);
            }
            (before, Some(Object::Pod(now))) => {
                let before = match before {
                    Some(Object::Pod(before)) => Some(before),
                    _ => None,
                };
                self.watch_pod(before, now);
            }
            (Some(Object::Pod(before)), None) => self.pod_is_gone(before),
            (_, Some(Object::Namespace(namespace))) => {
                let labels = namespace.metadata.labels.clone().unwrap_or_default();
                scheduling.snapshot.set_namespace(&key.name, labels);
            }
            (Some(Object::Namespace(_)), None) => scheduling.snapshot.remove_namespace(&key.name),
            (before, after) => {
                let Some(owner) = after.as_ref().or(before.as_ref()).and_then(selector_owner) else { return };
                match after.as_ref().and_then(selector_of) {
                    Some(selector) => scheduling.snapshot.set_selector(owner, &key.namespace, &key.name, selector),
                    None => scheduling.snapshot.remove_selector(owner, &key.namespace, &key.name),
                }
                if matches!(owner, SelectorOwner::Service) {
                    let action = if before.is_none() { Action::ADD } else { Action::UPDATE };
                    scheduling.happened(EventResource::Service, action, now_ms);
                }
            }
        }
        if let Some(Object::PodDisruptionBudget(budget)) = &changed.after {
            self.scheduling.snapshot.set_disruption_budget(&key.namespace, &key.name, disruption_budget(budget));
        } else if let Some(Object::PodDisruptionBudget(_)) = &changed.before {
            self.scheduling.snapshot.remove_disruption_budget(&key.namespace, &key.name);
        }
    }

    fn watch_pod(&mut self, before: Option<&Arc<api::Pod>>, now: &Arc<api::Pod>) {
        let now_ms = self.clock.now_ms();
        if pod::is_terminal(now) {
            if let Some(before) = before {
                self.pod_is_gone(before);
            }
            return;
        }
        let scheduling = &mut self.scheduling;
        let was_bound = before.is_some_and(|before| pod::node_name(before).is_some() && !pod::is_terminal(before));
        if was_bound && before.is_some_and(|before| looks_alike(before, now)) {
            return;
        }
        let model = scheduling.model(now);
        if pod::node_name(now).is_some() {
            if !was_bound {
                scheduling.queue.delete(&model.key());
                scheduling.snapshot.forget_nomination(&model.namespace, &model.name);
            }
            let relabelled = before.is_some_and(|before| before.metadata.labels != now.metadata.labels);
            let action = match (was_bound, relabelled) {
                (false, _) => Action::ADD,
                (true, true) => Action::UPDATE_POD_LABEL,
                (true, false) => Action::default(),
            };
            scheduling.snapshot.add_pod(model);
            scheduling.happened(EventResource::AssignedPod, action, now_ms);
            return;
        }
        if !scheduling.scheduler.serves(&model)
            || pod::is_terminating(now)
            || !scheduling.scheduler.pre_enqueue(&model).is_success()
        {
            scheduling.queue.delete(&model.key());
            return;
        }
        if !scheduling.queue.contains(&model.key()) {
            scheduling.queue.add(model);
            return;
        }
        let spec_changed =
            before.is_some_and(|before| before.spec != now.spec || before.metadata.labels != now.metadata.labels);
        let key = model.key();
        scheduling.queue.update(model);
        if spec_changed {
            // An update of the waiting pod itself may help it, whatever refused it.
            scheduling.queue.activate_or_back_off(&key, now_ms);
        }
    }

    fn pod_is_gone(&mut self, pod: &api::Pod) {
        let now_ms = self.clock.now_ms();
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let scheduling = &mut self.scheduling;
        if scheduling.snapshot.remove_pod(namespace, name) {
            scheduling.happened(EventResource::AssignedPod, Action::DELETE, now_ms);
        }
        scheduling.queue.delete(&PodKey::new(namespace, name));
        scheduling.snapshot.forget_nomination(namespace, name);
    }
}

/// Whether the scheduler sees no difference between two states of a pod: most changes are the kubelet's reports.
fn looks_alike(before: &api::Pod, now: &api::Pod) -> bool {
    let started = |pod: &api::Pod| pod.status.as_ref().and_then(|status| status.start_time.clone());
    let resizes = |pod: &api::Pod| {
        let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        statuses.into_iter().any(|status| status.allocated_resources.is_some() || status.resources.is_some())
    };
    let disturbed = |pod: &api::Pod| {
        pod::condition(pod, "DisruptionTarget").is_some() || pod::condition(pod, "PodResizePending").is_some()
    };
    before.metadata.labels == now.metadata.labels
        && before.metadata.deletion_timestamp == now.metadata.deletion_timestamp
        && before.metadata.owner_references == now.metadata.owner_references
        && started(before) == started(now)
        && ![before, now].into_iter().any(|pod| resizes(pod) || disturbed(pod))
        && before.spec == now.spec
}

/// In which ways a node changed that the scheduler cares for.
fn node_changes(before: &api::Node, now: &api::Node) -> Action {
    let mut action = Action::default();
    let spec = |node: &api::Node| {
        (
            node.spec.as_ref().and_then(|spec| spec.taints.clone()),
            node.spec.as_ref().and_then(|spec| spec.unschedulable),
        )
    };
    let status = |node: &api::Node| node.status.clone().unwrap_or_default();
    let conditions = |node: &api::Node| -> BTreeMap<String, String> {
        let conditions = status(node).conditions.into_iter().flatten();
        conditions.map(|condition| (condition.type_, condition.status)).collect()
    };
    if spec(before) != spec(now) {
        action = action | Action::UPDATE_NODE_TAINT;
    }
    if before.metadata.labels != now.metadata.labels || before.metadata.annotations != now.metadata.annotations {
        action = action | Action::UPDATE_NODE_LABEL;
    }
    if status(before).allocatable != status(now).allocatable || status(before).images != status(now).images {
        action = action | Action::UPDATE_NODE_ALLOCATABLE;
    }
    if conditions(before) != conditions(now) {
        action = action | Action::UPDATE_NODE_CONDITION;
    }
    action
}

fn selector_owner(object: &Object) -> Option<SelectorOwner> {
    match object {
        Object::Service(_) => Some(SelectorOwner::Service),
        Object::ReplicationController(_) => Some(SelectorOwner::ReplicationController),
        Object::ReplicaSet(_) => Some(SelectorOwner::ReplicaSet),
        Object::StatefulSet(_) => Some(SelectorOwner::StatefulSet),
        _ => None,
    }
}

fn selector_of(object: &Object) -> Option<LabelSelector> {
    match object {
        Object::Service(service) => service.spec.as_ref()?.selector.clone().map(LabelSelector::from_labels),
        Object::ReplicationController(controller) => {
            controller.spec.as_ref()?.selector.clone().map(LabelSelector::from_labels)
        }
        Object::ReplicaSet(set) => Some(convert::label_selector(&set.spec.selector)),
        Object::StatefulSet(set) => Some(convert::label_selector(&set.spec.selector)),
        _ => None,
    }
}

fn disruption_budget(budget: &k8s_openapi::api::policy::v1::PodDisruptionBudget) -> DisruptionBudget {
    let status = budget.status.as_ref();
    DisruptionBudget {
        selector: budget.spec.as_ref().and_then(|spec| spec.selector.as_ref()).map(convert::label_selector),
        disruptions_allowed: status.and_then(|status| status.disruptions_allowed).unwrap_or(0),
        disrupted_pods: status
            .and_then(|status| status.disrupted_pods.as_ref())
            .into_iter()
            .flat_map(|pods| pods.keys().cloned())
            .collect(),
    }
}
