//! How the scheduler's view and queue follow the store (`eventhandlers.go`, v1.34).

use std::sync::Arc;

use sim_core::behaviour::{BoundPods, QueueRules};
use sim_core::model::{LabelSelector, Pod, PodKey};
use sim_core::scheduler::{Action, DisruptionBudget, EventResource, Happening, SelectorOwner, pod_changes};

use super::Scheduling;
use super::changes::{is_updated, looks_alike, node_changes, node_looks_different};
use crate::api;
use crate::cluster::Cluster;
use crate::convert;
use crate::object::Object;
use crate::pod;
use crate::store::{Changed, ObjectKey};

impl Cluster {
    /// Keeps the scheduler's view and queue up with a change of the store.
    pub(crate) fn watch_for_scheduler(&mut self, changed: &Changed) {
        let now_ms = self.clock.now_ms();
        let key = &changed.key;
        self.watch_waiting_for_volumes(changed);
        let scheduling = &mut self.scheduling;
        if scheduling.watch_storage(changed, now_ms) {
            return;
        }
        match (&changed.before, &changed.after) {
            (Some(Object::Node(before)), Some(Object::Node(now))) => scheduling.node_changed(Some(before), now, now_ms),
            (_, Some(Object::Node(now))) => scheduling.node_changed(None, now, now_ms),
            (Some(Object::Node(before)), None) => {
                scheduling.snapshot.remove_node(&key.name);
                if scheduling.rules().node_deletions {
                    let before = Arc::new(convert::node(before));
                    scheduling.happened(&Happening::of_node(Action::DELETE, Some(&before), None), now_ms);
                }
            }
            (Some(Object::Pod(before)), Some(Object::Pod(now))) if pod::is_terminal(now) => {
                scheduling.pod_is_gone(before, now_ms);
            }
            (Some(Object::Pod(before)), Some(Object::Pod(now))) => {
                let before = (!pod::is_terminal(before)).then_some(before);
                scheduling.pod_changed(before, now, now_ms);
            }
            (_, Some(Object::Pod(now))) if !pod::is_terminal(now) => scheduling.pod_changed(None, now, now_ms),
            (Some(Object::Pod(before)), None) => scheduling.pod_is_gone(before, now_ms),
            (_, Some(Object::Namespace(namespace))) => {
                let labels = namespace.metadata.labels.clone().unwrap_or_default();
                scheduling.snapshot.set_namespace(&key.name, labels);
            }
            (Some(Object::Namespace(_)), None) => scheduling.snapshot.remove_namespace(&key.name),
            (_, Some(Object::PodDisruptionBudget(budget))) => {
                scheduling.snapshot.set_disruption_budget(&key.namespace, &key.name, disruption_budget(budget));
            }
            (Some(Object::PodDisruptionBudget(_)), None) => {
                scheduling.snapshot.remove_disruption_budget(&key.namespace, &key.name);
            }
            (before, after) => {
                let Some(owner) = after.as_ref().or(before.as_ref()).and_then(selector_owner) else { return };
                match after.as_ref().and_then(selector_of) {
                    Some(selector) => scheduling.snapshot.set_selector(owner, &key.namespace, &key.name, selector),
                    None => scheduling.snapshot.remove_selector(owner, &key.namespace, &key.name),
                }
                if owner == SelectorOwner::Service && scheduling.rules().services {
                    let action = if before.is_none() { Action::ADD } else { Action::UPDATE };
                    scheduling.happened(&Happening::of_other(EventResource::Service, action), now_ms);
                }
            }
        }
    }
}

impl Scheduling {
    fn rules(&self) -> QueueRules {
        self.scheduler.behaviour().queue
    }

    /// Something happened: wakes the pods that it may help, as far as the version looks before it wakes them.
    pub(super) fn happened(&mut self, happening: &Happening<'_>, now_ms: u64) {
        self.happened_to(happening, now_ms, |_| true);
    }

    /// The same for some of the pods only.
    fn happened_to(&mut self, happening: &Happening<'_>, now_ms: u64, concerns: impl Fn(&Pod) -> bool) {
        if !happening.event.action.is_empty() {
            let (scheduler, snapshot) = (&self.scheduler, &self.snapshot);
            self.queue.wake_if(now_ms, |pod, failed_plugins| {
                concerns(pod) && scheduler.is_worth_requeuing(snapshot, pod, failed_plugins, happening)
            });
        }
    }

    fn node_changed(&mut self, before: Option<&Arc<api::Node>>, now: &Arc<api::Node>, now_ms: u64) {
        let updates = self.rules().node_updates;
        let action = before.map_or(Action::ADD, |before| node_changes(updates, before, now));
        let looks_different = before.is_none_or(|before| node_looks_different(before, now));
        if action.is_empty() && !looks_different {
            return;
        }
        let model = Arc::new(convert::node(now));
        if looks_different {
            self.snapshot.upsert_node(Arc::clone(&model));
        }
        if self.queue.has_unschedulable() {
            let before = before.map(|before| Arc::new(convert::node(before)));
            self.happened(&Happening::of_node(action, before.as_ref(), Some(&model)), now_ms);
        }
    }

    fn pod_changed(&mut self, before: Option<&Arc<api::Pod>>, now: &Arc<api::Pod>, now_ms: u64) {
        if pod::node_name(now).is_none() {
            self.waiting_pod_changed(before, now, now_ms);
            return;
        }
        let was_bound = before.filter(|before| pod::node_name(before).is_some());
        let alike = was_bound.is_some_and(|before| looks_alike(before, now));
        if alike && (self.rules().bound_pods != BoundPods::Affinity || !self.queue.has_unschedulable()) {
            return;
        }
        let model = self.model(now);
        if was_bound.is_none() {
            self.queue.delete(&model.key());
            self.snapshot.forget_nomination(&model.namespace, &model.name);
            if let Some(before) = before.filter(|before| pod::is_nominated(before)) {
                let before = self.model(before);
                self.nomination_ended(&before, now_ms);
            }
        }
        if !alike {
            self.snapshot.add_pod(Arc::clone(&model));
        }
        if !self.queue.has_unschedulable() {
            return;
        }
        let before = was_bound.map(|before| self.model(before));
        let before = before.as_deref();
        let action = match before {
            None => Action::ADD,
            Some(_) if self.rules().bound_pods == BoundPods::Affinity => Action::UPDATE,
            Some(before) => pod_changes(self.scheduler.behaviour(), before, &model),
        };
        self.happened(&Happening::of_pod(action, before, Some(&model)), now_ms);
    }

    fn waiting_pod_changed(&mut self, before: Option<&Arc<api::Pod>>, now: &Arc<api::Pod>, now_ms: u64) {
        if self.waiting_for_volumes.contains_key(&ObjectKey::of(now.as_ref())) {
            return;
        }
        let model = self.model(now);
        let key = model.key();
        if !self.scheduler.serves(&model) {
            self.queue.delete(&key);
            return;
        }
        if !self.scheduler.pre_enqueue(&model).is_success() {
            self.queue.hold(key);
            return;
        }
        match model.nominated_node_name.clone() {
            Some(node) => self.snapshot.nominate(Arc::clone(&model), &node),
            None => self.snapshot.forget_nomination(&model.namespace, &model.name),
        }
        let Some(before) = before.filter(|_| self.queue.contains(&key)) else {
            self.queue.add(model);
            return;
        };
        let changed = is_updated(before, now);
        let before = convert::pod(before);
        let happening =
            Happening::of_waiting_pod(pod_changes(self.scheduler.behaviour(), &before, &model), &before, &model);
        let (scheduler, snapshot) = (&self.scheduler, &self.snapshot);
        self.queue.update(Arc::clone(&model), changed, now_ms, |failed_plugins| {
            scheduler.is_worth_requeuing(snapshot, &model, failed_plugins, &happening)
        });
        if before.nominated_node_name != model.nominated_node_name {
            self.nomination_ended(&before, now_ms);
        }
    }

    fn pod_is_gone(&mut self, pod: &api::Pod, now_ms: u64) {
        let model = self.model(pod);
        self.queue.delete(&PodKey::new(&model.namespace, &model.name));
        self.snapshot.forget_nomination(&model.namespace, &model.name);
        if self.snapshot.remove_pod(&model.namespace, &model.name) {
            self.happened(&Happening::of_pod(Action::DELETE, Some(&model), None), now_ms);
        } else {
            self.nomination_ended(&model, now_ms);
        }
    }

    /// A waiting pod is no longer nominated to where it was, which makes room for those that are no more important.
    fn nomination_ended(&mut self, before: &Pod, now_ms: u64) {
        if self.rules().ended_nominations && before.nominated_node_name.is_some() {
            let happening = Happening::of_pod(Action::DELETE, Some(before), None);
            self.happened_to(&happening, now_ms, |pod| pod.spec.priority <= before.spec.priority);
        }
    }
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
