//! What a cure must reach.

use std::collections::BTreeSet;

use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Expectation, Ownership, Trial, pod};

use crate::diagnosis::{State, Symptom, symptoms};

/// What a cure must reach.
#[derive(Debug, Clone)]
pub enum Goal {
    /// Nothing waits that is not meant to: no pod is pending or missing, none keeps a drain from its end or hangs in its
    /// own. Where nothing of that is so now: every pod is ready.
    AllWell,
    /// A pod, as namespace/name, has a node and is ready.
    Pod(String),
    /// The pods of a workload are well: namespace and `kind/name`.
    Owner {
        /// The namespace.
        namespace: String,
        /// `kind/name`.
        owner: String,
    },
    /// An expectation of the Scenario holds.
    Expectation(Box<Expectation>),
}

/// The states of pods that have no place.
const WAITING: [State; 3] = [State::Unscheduled, State::NotCreated, State::NoneDesired];

/// A goal as it is held against one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    goal: Goal,
    states: BTreeSet<State>,
    /// Those whose pods waited for a node or were missing: a place on a node that does not start them is no cure.
    owners: BTreeSet<(String, String)>,
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Goal::AllWell => f.write_str("no pod waits that is not meant to"),
            Goal::Pod(name) => write!(f, "pod {name} runs and is ready"),
            Goal::Owner { namespace, owner } => write!(f, "the pods of {owner} in {namespace} are well"),
            Goal::Expectation(expectation) => write!(f, "the expectation {:?} holds", expectation.name),
        }
    }
}

impl Target {
    /// The goal, for a cluster that is as it is now.
    pub(crate) fn new(goal: &Goal, cluster: &Cluster) -> Self {
        let mut states = BTreeSet::from(WAITING);
        let found = symptoms(cluster);
        let now: BTreeSet<State> = found.iter().map(|symptom| symptom.state).collect();
        let waiting = found.iter().filter(|symptom| WAITING.contains(&symptom.state));
        let owners = waiting.map(|symptom| (symptom.namespace.clone(), symptom.owner.clone())).collect();
        states.extend([State::NotEvicted, State::Terminating].iter().filter(|state| now.contains(state)));
        // Pods that have their place and are not well are the goal only where none waits for one.
        if now.is_disjoint(&states) {
            states.extend([State::NotReady]);
        }
        Self { goal: goal.clone(), states, owners }
    }

    /// Whether the goal speaks of anything in this cluster.
    pub(crate) fn selects(&self, cluster: &Cluster) -> bool {
        match &self.goal {
            Goal::AllWell | Goal::Expectation(_) => true,
            Goal::Pod(name) => pod_of(cluster, name).is_some(),
            Goal::Owner { namespace, owner } => {
                owner_exists(cluster, namespace, owner)
                    || symptoms(cluster)
                        .iter()
                        .any(|symptom| symptom.owner == *owner && symptom.namespace == *namespace)
            }
        }
    }

    /// Whether it is reached.
    pub(crate) fn holds(&self, cluster: &Cluster) -> bool {
        self.misses(cluster) == 0
    }

    /// How many pods keep it from being reached.
    pub(crate) fn misses(&self, cluster: &Cluster) -> usize {
        match &self.goal {
            Goal::AllWell => {
                let unwell = symptoms(cluster);
                let misses = |symptom: &&Symptom| {
                    let own = || self.owners.contains(&(symptom.namespace.clone(), symptom.owner.clone()));
                    self.states.contains(&symptom.state) || (symptom.state == State::NotReady && own())
                };
                unwell.iter().filter(misses).map(|symptom| symptom.count).sum()
            }
            Goal::Pod(name) => {
                let well =
                    pod_of(cluster, name).is_some_and(|found| pod::node_name(found).is_some() && pod::is_ready(found));
                usize::from(!well)
            }
            Goal::Owner { namespace, owner } => {
                let unwell = symptoms(cluster);
                let own = unwell.iter().filter(|symptom| symptom.owner == *owner && symptom.namespace == *namespace);
                own.filter(|symptom| symptom.state != State::Failed).map(|symptom| symptom.count).sum()
            }
            Goal::Expectation(expectation) => {
                let (outcomes, _) = Trial::new(vec![(**expectation).clone()], None, true)
                    .finish(cluster, sim_cluster::StopReason::Quiescence);
                outcomes.iter().filter(|outcome| !outcome.holds).count()
            }
        }
    }
}

fn pod_of<'a>(cluster: &'a Cluster, name: &str) -> Option<&'a Pod> {
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    cluster.store().find::<Pod>(namespace, name).map(AsRef::as_ref)
}

fn owner_exists(cluster: &Cluster, namespace: &str, owner: &str) -> bool {
    let ownership = Ownership::of(cluster.store());
    cluster
        .store()
        .list_in::<Pod>(namespace)
        .any(|pod| ownership.top(&pod.metadata).is_some_and(|top| top.to_string() == owner))
}
