//! The fast path: pods that differ in nothing but their names are one class, compiled once; each node's verdict and score
//! is kept, and after a placement only what it touched is computed again.
//!
//! What it decides is what [`Scheduler::schedule`] decides, pod for pod: a property test and the benches hold it to that.
//! Where a pod asks for what is not compiled (volumes, scores of old versions), the straightforward path decides.

mod class;
mod nodes;
mod refusal;
mod select;
mod tables;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use class::{Class, Found};
use nodes::Nodes;

use super::config::SpreadDefaults;
use super::course::Course;
use super::filtering::filter_with_nominated;
use super::framework::CycleState;
use super::schedule::{Decision, Scheduler};
use super::snapshot::{NodeSlot, Snapshot};
use crate::behaviour::AbsentNodes;
use crate::model::resources::PodRequests;
use crate::model::{NodeSelectorOperator, Pod, PodSpec};
use crate::scheduler::PluginName;

/// The classes met so far, for one scheduler and one snapshot. A clone starts with none, so that a fork of a cluster
/// stays cheap.
#[derive(Debug, Default)]
pub struct PodClasses {
    nodes: Nodes,
    classes: Vec<Class>,
    index: BTreeMap<ClassKey, usize>,
    last: Option<usize>,
    /// How many classes keep what every node says to them.
    refused: usize,
    /// The spec last seen with its requests: pods of a DaemonSet differ in their affinity only.
    last_requests: Option<(Arc<PodSpec>, Arc<PodRequests>)>,
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes to this node.
    Placed {
        /// The node.
        node: NodeSlot,
        /// What the pod asks for, to be assumed with it.
        requests: Arc<PodRequests>,
    },
    /// Anything else, as the straightforward path says it.
    Other(Decision),
}

/// How many nodes all classes together may keep verdicts of; beyond it they start over.
const MAX_CELLS: usize = 1 << 26;

/// How many refusals of nodes all classes together may keep, which take more room; beyond it those are forgotten.
const MAX_REFUSALS: usize = 1 << 22;

impl Clone for PodClasses {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PodClasses {
    /// Decides where the pod goes, as [`Scheduler::schedule_along`] would.
    pub fn schedule_along(
        &mut self,
        scheduler: &Scheduler,
        snapshot: &Snapshot,
        pod: &Arc<Pod>,
        course: &mut Course,
    ) -> Verdict {
        if course.is_plain() {
            self.schedule(scheduler, snapshot, pod)
        } else {
            Verdict::Other(scheduler.schedule_along(snapshot, pod, course))
        }
    }

    /// Decides where the pod goes, as [`Scheduler::schedule`] would.
    pub fn schedule(&mut self, scheduler: &Scheduler, snapshot: &Snapshot, pod: &Arc<Pod>) -> Verdict {
        let is_nominated = pod.nominated_node_name.is_some() || snapshot.is_nominated(pod);
        let promised = if is_nominated { promised_node(scheduler, snapshot, pod) } else { None };
        if (is_nominated && promised.is_none()) || !scheduler.pre_enqueue(pod).is_success() {
            return Verdict::Other(scheduler.schedule(snapshot, pod));
        }
        if !is_nominated && let Some(verdict) = self.pinned(scheduler, snapshot, pod) {
            return verdict;
        }
        if self.nodes.follow(snapshot) || self.classes.len().saturating_mul(snapshot.node_count()) > MAX_CELLS {
            self.classes.clear();
            self.index.clear();
            self.last = None;
            self.refused = 0;
        }
        if self.refused.saturating_mul(snapshot.node_count()) > MAX_REFUSALS {
            self.classes.iter_mut().for_each(Class::forget_refusal);
            self.refused = 0;
        }
        let index = self.class_of(scheduler, snapshot, pod);
        let class = &mut self.classes[index];
        self.refused -= usize::from(class.is_refused());
        let found = match promised {
            Some(node) => class.schedule_nominated(scheduler, snapshot, &mut self.nodes, pod, node),
            None => class.schedule(scheduler, snapshot, &mut self.nodes, pod),
        };
        self.refused += usize::from(class.is_refused());
        match found {
            Found::Node(node) => Verdict::Placed { node, requests: class.requests() },
            Found::Refused(error) => Verdict::Other(Decision::Unschedulable(error)),
            Found::Other(decision) => Verdict::Other(decision),
            Found::NotCompiled => Verdict::Other(scheduler.schedule(snapshot, pod)),
        }
    }

    fn class_of(&mut self, scheduler: &Scheduler, snapshot: &Snapshot, pod: &Arc<Pod>) -> usize {
        if let Some(last) = self.last
            && same_class(self.classes[last].pod(), pod) == Ordering::Equal
        {
            return last;
        }
        let key = ClassKey(Arc::clone(pod));
        let index = match self.index.get(&key) {
            Some(index) => *index,
            None => {
                let requests = self.requests_of(scheduler, pod);
                self.classes.push(Class::new(scheduler, snapshot, pod, requests));
                let index = self.classes.len() - 1;
                self.index.insert(key, index);
                index
            }
        };
        self.last = Some(index);
        index
    }

    /// What the pod asks for, to be assumed with it.
    pub fn requests_of(&mut self, scheduler: &Scheduler, pod: &Pod) -> Arc<PodRequests> {
        let same = |spec: &PodSpec| {
            spec.containers == pod.spec.containers
                && spec.init_containers == pod.spec.init_containers
                && spec.overhead == pod.spec.overhead
                && spec.pod_requests == pod.spec.pod_requests
        };
        if let Some((spec, requests)) = &self.last_requests
            && pod.container_allocations.is_empty()
            && same(spec)
        {
            return Arc::clone(requests);
        }
        let requests = Arc::new(PodRequests::of(pod, scheduler.behaviour().requests));
        if pod.container_allocations.is_empty() {
            self.last_requests = Some((Arc::clone(&pod.spec), Arc::clone(&requests)));
        }
        requests
    }

    /// A pod that names its one node, such as a DaemonSet's, when that can take it.
    fn pinned(&mut self, scheduler: &Scheduler, snapshot: &Snapshot, pod: &Arc<Pod>) -> Option<Verdict> {
        let name = only_name(&pod.spec)?;
        if !is_local(scheduler, snapshot, pod) {
            return None;
        }
        let requests = self.requests_of(scheduler, pod);
        let cycle = scheduler.cycle(snapshot, pod, &requests);
        if !cycle.profile.pre_filters.contains(&PluginName::NodeAffinity)
            || cycle.behaviour.absent_nodes == AbsentNodes::NeverAbsent
        {
            return None;
        }
        let state = CycleState::default();
        let node = snapshot.slot_of(name)?;
        let fits = filter_with_nominated(&cycle, &state, snapshot.slot(node.0)?).is_success();
        fits.then_some(Verdict::Placed { node, requests })
    }
}

/// The node that a pod is nominated to, where the version tries it first and the pod knows of it.
fn promised_node(scheduler: &Scheduler, snapshot: &Snapshot, pod: &Pod) -> Option<NodeSlot> {
    let name = pod.nominated_node_name.as_deref()?;
    let is_agreed = snapshot.nomination_of(pod) == Some(name);
    if is_agreed && scheduler.behaviour().preemption.tries_nominated_first { snapshot.slot_of(name) } else { None }
}

/// The one node that a pod names, as DaemonSet pods do.
fn only_name(spec: &PodSpec) -> Option<&str> {
    let [term] = spec.required_node_affinity.as_ref()?.node_selector_terms.as_slice() else { return None };
    let [field] = term.match_fields.as_slice() else { return None };
    let [name] = field.values.as_slice() else { return None };
    (field.key == "metadata.name" && field.operator == NodeSelectorOperator::In).then_some(name)
}

/// Whether a node's verdict on the pod depends on that node alone: no constraint looks at other nodes.
fn is_local(scheduler: &Scheduler, snapshot: &Snapshot, pod: &Pod) -> bool {
    let spec = &pod.spec;
    let no_default_constraints = scheduler.profile(pod).args.pod_topology_spread == SpreadDefaults::System;
    !snapshot.has_anti_affinity()
        && spec.volumes.is_empty()
        && !spec.has_resource_claims
        && spec.required_pod_affinity.is_empty()
        && spec.required_pod_anti_affinity.is_empty()
        && spec.topology_spread_constraints.is_empty()
        && no_default_constraints
}

/// Orders pods by everything that scheduling looks at.
#[derive(Debug)]
struct ClassKey(Arc<Pod>);

impl Ord for ClassKey {
    fn cmp(&self, other: &Self) -> Ordering {
        same_class(&self.0, &other.0)
    }
}

impl PartialOrd for ClassKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ClassKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ClassKey {}

/// Orders pods by everything that scheduling looks at, if neither has volumes: not by their names.
pub(crate) fn same_class(a: &Pod, b: &Pod) -> Ordering {
    let specs = || if Arc::ptr_eq(&a.spec, &b.spec) { Ordering::Equal } else { a.spec.cmp(&b.spec) };
    specs()
        .then_with(|| a.namespace.cmp(&b.namespace))
        .then_with(|| a.labels.cmp(&b.labels))
        .then_with(|| a.controller.cmp(&b.controller))
        .then_with(|| a.container_allocations.cmp(&b.container_allocations))
        .then_with(|| a.resize_infeasible.cmp(&b.resize_infeasible))
}

#[cfg(test)]
mod tests;
