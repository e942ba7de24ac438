//! The scheduling of one pod (`schedule_one.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::{ConfigFault, SchedulerConfig};
use super::course::Course;
use super::filtering::{Found, find_feasible};
use super::fit_error::FitError;
use super::framework::{Cycle, CycleState, PostFilter, Status};
use super::plugins::{PluginName, VolumePlan, default_preemption, scheduling_gates, volume_binding};
use super::profile::Profile;
use super::scoring::{NodeScore, score_nodes};
use super::snapshot::Snapshot;
use super::statuses::Statuses;
use crate::behaviour::{AbsentNodes, Behaviour};
use crate::model::Pod;
use crate::model::resources::PodRequests;
use crate::version::Version;

/// kube-scheduler of one version with its profiles. It keeps nothing between pods: what the real one keeps is a
/// [`Course`].
#[derive(Debug, Clone)]
pub struct Scheduler {
    behaviour: Behaviour,
    profiles: Vec<Profile>,
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It goes to a node.
    Placed(Placement),
    /// It fits nowhere.
    Unschedulable(Arc<FitError>),
    /// It is held back before any node is looked at; the text says by what.
    Gated(String),
    /// A plugin failed.
    Error(String),
}

/// Where a pod goes, and why there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The node chosen, of those with the greatest total: the first in node order, unless a [`Course`] draws.
    pub node: String,
    /// The nodes that passed every filter with their scores, in node order.
    pub scores: Vec<NodeScore>,
    /// What was said of the nodes that did not pass.
    pub refused: BTreeMap<String, Status>,
}

impl Placement {
    /// The names of the nodes that passed every filter, in node order.
    pub fn feasible_nodes(&self) -> impl Iterator<Item = &str> {
        self.scores.iter().map(|score| score.node.as_str())
    }

    /// The nodes with the greatest total, in node order.
    pub fn best_nodes(&self) -> impl Iterator<Item = &str> {
        let best = self.scores.iter().map(|score| score.total).max();
        self.scores.iter().filter(move |score| Some(score.total) == best).map(|score| score.node.as_str())
    }
}

impl Scheduler {
    /// The scheduler of a version with its default profile.
    pub fn new(version: Version) -> Self {
        let behaviour = Behaviour::of(version);
        Scheduler { profiles: vec![Profile::standard(&behaviour)], behaviour }
    }

    /// The scheduler of a version as a KubeSchedulerConfiguration sets it up.
    ///
    /// # Errors
    /// Everything in the configuration that this version's scheduler would not start with.
    pub fn configured(version: Version, config: &SchedulerConfig) -> Result<Self, Vec<ConfigFault>> {
        let behaviour = Behaviour::of(version);
        Ok(Scheduler { profiles: Profile::all(&behaviour, config)?, behaviour })
    }

    /// The profiles, in the order of the configuration.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Whether a profile answers to the name that the pod asks for.
    pub fn serves(&self, pod: &Pod) -> bool {
        self.profiles.iter().any(|profile| profile.scheduler_name == pod.spec.scheduler_name)
    }

    /// The profile that the pod asks for; for one that nobody serves, the first.
    pub(crate) fn profile(&self, pod: &Pod) -> &Profile {
        let asked = self.profiles.iter().find(|profile| profile.scheduler_name == pod.spec.scheduler_name);
        // There is at least one profile: `Profile::all` fills in the default.
        asked.unwrap_or(&self.profiles[0])
    }

    pub(crate) fn cycle<'a>(&'a self, snapshot: &'a Snapshot, pod: &'a Pod, requests: &'a PodRequests) -> Cycle<'a> {
        Cycle { behaviour: &self.behaviour, profile: self.profile(pod), snapshot, pod, requests }
    }

    /// What differs in its version.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Why the pod may not even enter the queue, if so: its scheduling gates.
    pub fn pre_enqueue(&self, pod: &Pod) -> Status {
        if self.profile(pod).scheduling_gates {
            scheduling_gates::pre_enqueue(&self.behaviour, pod)
        } else {
            Status::success()
        }
    }

    /// Decides where the pod goes, looking at every node. The snapshot must be of the same version.
    pub fn schedule(&self, snapshot: &Snapshot, pod: &Pod) -> Decision {
        self.schedule_along(snapshot, pod, &mut Course::default())
    }

    /// Decides where the pod goes as one of a row of pods.
    pub fn schedule_along(&self, snapshot: &Snapshot, pod: &Pod, course: &mut Course) -> Decision {
        let gates = self.pre_enqueue(pod);
        if let Some(reason) = gates.reasons.first() {
            return Decision::Gated(reason.to_string());
        }
        let requests = PodRequests::of(pod, self.behaviour.requests);
        self.decide(&self.cycle(snapshot, pod, &requests), course)
    }

    /// Decides about a pod that its gates let through.
    pub(crate) fn decide(&self, cycle: &Cycle<'_>, course: &mut Course) -> Decision {
        if let Some(fault) = volume_binding::basic_check(cycle) {
            return Decision::Error(fault);
        }
        let mut state = CycleState::default();
        let found = find_feasible(cycle, &mut state, course);
        if let Some(error) = found.error {
            return Decision::Error(error);
        }
        if found.feasible.is_empty() {
            let mut error = self.fit_error(cycle, found);
            if error.node_count > 0 {
                post_filter(cycle, &mut error, |error| default_preemption::post_filter(cycle, &state, error));
            }
            return Decision::Unschedulable(Arc::new(error));
        }
        let scores = match score_nodes(cycle, &mut state, &found.feasible) {
            Ok(scores) => scores,
            Err(error) => return Decision::Error(error),
        };
        let best = scores.iter().map(|score| score.total).max();
        let equals: Vec<&NodeScore> = scores.iter().filter(|score| Some(score.total) == best).collect();
        let node = equals.get(course.pick(equals.len())).map(|score| score.node.clone());
        Decision::Placed(Placement { node: node.unwrap_or_default(), scores, refused: found.refused })
    }

    /// What is to be done for the pod's claims once it goes to the node.
    pub fn volume_plan(&self, snapshot: &Snapshot, pod: &Pod, node: &str) -> VolumePlan {
        let requests = PodRequests::of(pod, self.behaviour.requests);
        let cycle = self.cycle(snapshot, pod, &requests);
        snapshot.node(node).map(|node| volume_binding::plan(&cycle, node)).unwrap_or_default()
    }

    /// What every node says to a pod that fits nowhere, before anybody is evicted; `None` if it fits somewhere after all,
    /// or fails otherwise.
    pub(crate) fn refusals(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> Option<FitError> {
        let found = find_feasible(cycle, state, &mut Course::default());
        (found.error.is_none() && found.feasible.is_empty()).then(|| self.fit_error(cycle, found))
    }

    fn fit_error(&self, cycle: &Cycle<'_>, found: Found<'_>) -> FitError {
        let statuses = || found.refused.values().chain(&found.pre_filter);
        let mut failed_plugins: BTreeSet<PluginName> =
            statuses().filter_map(|status| status.plugins.first().copied()).collect();
        // Nodes that nobody refused were left out by name, which is NodeAffinity's doing.
        let told =
            matches!(self.behaviour.absent_nodes, AbsentNodes::UnlistedUnresolvable | AbsentNodes::DidNotSatisfy);
        if told && statuses().any(|status| status.plugins.is_empty()) {
            failed_plugins.insert(PluginName::NodeAffinity);
        }
        FitError {
            node_count: cycle.snapshot.node_count(),
            statuses: Arc::new(Statuses::from(found.refused)),
            pre_filter_message: found.pre_filter.as_ref().map(|status| status.reasons.join(", ")),
            post_filter_message: String::new(),
            preemption: None,
            failed_plugins,
            layout: self.behaviour.fit_error,
            pre_filter_text: self.behaviour.pre_filter_text,
        }
    }
}

/// Runs the PostFilter plugins up to the first that finds a way or fails, and writes into the error what they say.
/// `preempt` stands for DefaultPreemption.
pub(crate) fn post_filter(cycle: &Cycle<'_>, error: &mut FitError, preempt: impl Fn(&mut FitError) -> PostFilter) {
    let rules = cycle.behaviour.preemption;
    let mut texts = Vec::new();
    for name in &cycle.profile.post_filters {
        let said = match name {
            PluginName::DefaultPreemption => preempt(error),
            PluginName::DynamicResources if cycle.pod.spec.has_resource_claims => continue,
            // Its PreFilter is the last, so it remembers nothing of a pod that another one refused.
            PluginName::DynamicResources => match cycle.behaviour.post_filter_prefix {
                Some(_) if error.pre_filter_message.is_some() => PostFilter::Failed("not found".to_owned()),
                Some(text) => PostFilter::Unschedulable(text.to_owned()),
                None => continue,
            },
            _ => continue,
        };
        match said {
            PostFilter::Success => return,
            PostFilter::Unschedulable(text) => texts.push(text),
            PostFilter::Failed(text) => {
                texts = if rules.errors_reported { vec![text] } else { Vec::new() };
                break;
            }
        }
    }
    if rules.reported {
        error.post_filter_message = texts.join(", ");
    }
}
