//! What a cure must reach.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Node;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, Expectation, Ownership, Trial, pod};

use crate::diagnosis::{State, Symptom, symptoms};
use crate::meant_nodes::meant_nodes;

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
    owners: BTreeSet<Owner>,
    /// Those whose pods may be as they like.
    excused: BTreeSet<Owner>,
    /// For which nodes a DaemonSet that wants none was meant: a pod on any other is no cure.
    meant: BTreeMap<Owner, BTreeSet<String>>,
}

/// Namespace and `kind/name` of a workload, or `pod/name`.
pub(crate) type Owner = (String, String);

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
        let owners = waiting.map(Symptom::of).collect();
        let unwanted = found.iter().filter(|symptom| symptom.state == State::NoneDesired);
        let meant = unwanted
            .filter_map(|symptom| Some((symptom.of(), meant_nodes(cluster, symptom.sample.as_deref()?))))
            .collect();
        states.extend([State::NotEvicted, State::Terminating].iter().filter(|state| now.contains(state)));
        // Pods that have their place and are not well are the goal only where none waits for one.
        if now.is_disjoint(&states) {
            states.extend([State::NotReady]);
        }
        Self { goal: goal.clone(), states, owners, excused: BTreeSet::new(), meant }
    }

    /// The same goal, whatever becomes of these owners' pods.
    pub(crate) fn without(&self, excused: impl IntoIterator<Item = Owner>) -> Self {
        let mut target = self.clone();
        target.excused.extend(excused);
        target
    }

    /// Whether it is that nothing waits, which can be reached for some owners and not for others.
    pub(crate) fn is_divisible(&self) -> bool {
        matches!(self.goal, Goal::AllWell)
    }

    /// Whether a symptom's pods may be as they like.
    pub(crate) fn excuses(&self, symptom: &Symptom) -> bool {
        self.excused.contains(&symptom.of())
    }

    /// Whether a symptom keeps the goal from being reached, where that is that nothing waits.
    pub(crate) fn counts(&self, symptom: &Symptom) -> bool {
        let own = || self.owners.contains(&symptom.of());
        // A pod that has its node and has not started is pending still.
        let waits = || symptom.sample.as_deref().is_some_and(|pod| pod::phase(pod) == "Pending");
        let is_unready = symptom.state == State::NotReady && ((own() && !is_up(symptom)) || waits());
        (self.states.contains(&symptom.state) || is_unready) && !self.excuses(symptom)
    }

    /// Whether a symptom is of the pods that the goal is about.
    pub(crate) fn is_about(&self, symptom: &Symptom) -> bool {
        match &self.goal {
            Goal::AllWell => self.counts(symptom),
            Goal::Expectation(expectation) => {
                symptom.sample.as_deref().is_none_or(|pod| expectation.selector.may_select(pod, &symptom.owner))
            }
            Goal::Pod(name) => {
                let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
                symptom.pods.contains(&format!("{namespace}/{name}"))
            }
            Goal::Owner { namespace, owner } => symptom.namespace == *namespace && symptom.owner == *owner,
        }
    }

    /// Whether the goal asks about an owner's pods: where it asks about some of those that are unwell, about them alone.
    pub(crate) fn asks_about(&self, owner: &Owner, symptoms: &[Symptom]) -> bool {
        let mut about = symptoms.iter().filter(|symptom| self.is_about(symptom)).map(Symptom::of).peekable();
        self.is_divisible() || about.peek().is_none() || about.any(|asked| asked == *owner)
    }

    /// The owners whose pods waited for a node or were missing.
    pub(crate) fn waiting_owners(&self) -> impl Iterator<Item = &Owner> {
        self.owners.iter().filter(|owner| !self.excused.contains(owner))
    }

    /// On how many nodes that a DaemonSet was meant for no pod of it is ready.
    fn unserved(&self, cluster: &Cluster, is_asked: impl Fn(&Owner) -> bool) -> usize {
        let store = cluster.store();
        let asked = self.meant.iter().filter(|(owner, _)| is_asked(owner) && !self.excused.contains(owner));
        let unserved = asked.filter_map(|((namespace, owner), nodes)| {
            let set = store.find::<DaemonSet>(namespace, owner.split_once('/')?.1)?;
            let pods = cluster.pods_of(&set.metadata);
            let served: BTreeSet<&str> =
                pods.iter().filter(|found| pod::is_ready(found)).filter_map(|found| pod::node_name(found)).collect();
            let left = nodes.iter().filter(|node| store.find::<Node>("", node).is_some());
            Some(left.filter(|node| !served.contains(node.as_str())).count())
        });
        unserved.sum()
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
        self.missed(cluster, |_| true)
    }

    /// The same of a cluster that has just come to rest: whether a container that failed fails again time will show.
    pub(crate) fn misses_at_rest(&self, cluster: &Cluster) -> usize {
        self.missed(cluster, |symptom| !is_up(symptom))
    }

    fn missed(&self, cluster: &Cluster, is_seen: impl Fn(&Symptom) -> bool) -> usize {
        match &self.goal {
            Goal::AllWell => {
                let unwell = symptoms(cluster);
                let counted = unwell.iter().filter(|symptom| self.counts(symptom) && is_seen(symptom));
                let missing: usize = counted.map(|symptom| symptom.count).sum();
                if missing > 0 { missing } else { self.unserved(cluster, |_| true) }
            }
            Goal::Pod(name) => {
                let well =
                    pod_of(cluster, name).is_some_and(|found| pod::node_name(found).is_some() && pod::is_ready(found));
                usize::from(!well)
            }
            Goal::Owner { namespace, owner } => {
                let unwell = symptoms(cluster);
                let own = unwell.iter().filter(|symptom| symptom.owner == *owner && symptom.namespace == *namespace);
                let missing: usize = own
                    .filter(|symptom| symptom.state != State::Failed && is_seen(symptom))
                    .map(|symptom| symptom.count)
                    .sum();
                let is_it = |asked: &Owner| asked.0 == *namespace && asked.1 == *owner;
                if missing > 0 { missing } else { self.unserved(cluster, is_it) }
            }
            Goal::Expectation(expectation) => {
                let (outcomes, _) = Trial::new(vec![(**expectation).clone()], None, true)
                    .finish(cluster, sim_cluster::StopReason::Quiescence);
                outcomes.iter().filter(|outcome| !outcome.holds).count()
            }
        }
    }
}

/// Whether the pods of a symptom are ready at the moment: their containers fail over and over.
fn is_up(symptom: &Symptom) -> bool {
    symptom.state == State::NotReady && symptom.sample.as_deref().is_some_and(pod::is_ready)
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
