//! The graph of what waits for what, its ends and its circles.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use indexmap::IndexMap;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use sim_cluster::Cluster;

use super::symptom::{State, Symptom};
use super::thing::{Thing, ThingKind};
use super::wait::{Blame, Wait};
use super::{creation, eviction, placement, readiness};

/// A thing in the graph, and what was learned of it on the way.
#[derive(Debug, Clone)]
pub(crate) struct Knot {
    pub(crate) thing: Thing,
    /// On which nodes it was met.
    pub(crate) nodes: BTreeSet<String>,
    /// What is said of it.
    pub(crate) says: Option<String>,
    /// How much it is to blame.
    pub(crate) blame: Blame,
}

/// What waits for what.
#[derive(Debug, Default)]
pub(crate) struct WaitGraph {
    graph: DiGraph<Knot, &'static str>,
    at: IndexMap<Thing, NodeIndex>,
}

/// Where traces end: one thing, or several that wait for each other.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    /// The things; several for a circle, in its order.
    pub(crate) things: Vec<NodeIndex>,
    /// Whether they wait for each other.
    pub(crate) is_circle: bool,
    /// The symptoms that wait for it, by their index.
    pub(crate) symptoms: Vec<usize>,
}

impl WaitGraph {
    /// Traces every symptom.
    pub(crate) fn of(cluster: &Cluster, symptoms: &[Symptom]) -> Self {
        let mut graph = Self::default();
        let starts: Vec<NodeIndex> = symptoms.iter().map(|symptom| graph.start(symptom)).collect();
        for (symptom, start) in symptoms.iter().zip(starts) {
            let waits = match symptom.state {
                State::Unscheduled => placement::waits(cluster, symptoms, symptom),
                State::NotCreated => vec![creation::wait(cluster, symptoms, symptom)],
                State::NoneDesired => placement::of_unwanted(cluster, symptoms, symptom),
                State::NotEvicted => vec![eviction::wait(symptoms, symptom)],
                State::NotReady | State::Failed | State::Terminating => readiness::waits(cluster, symptoms, symptom),
            };
            graph.join(start, waits);
        }
        graph
    }

    fn start(&mut self, symptom: &Symptom) -> NodeIndex {
        let wait = Wait::new("", ThingKind::Pods, symptom.name()).says(symptom.sentence.clone());
        self.knot(&wait)
    }

    fn join(&mut self, from: NodeIndex, waits: Vec<Wait>) {
        for wait in waits {
            let to = self.knot(&wait);
            if self.graph.find_edge(from, to).is_none() {
                self.graph.add_edge(from, to, wait.verb);
            }
            self.join(to, wait.then);
        }
    }

    fn knot(&mut self, wait: &Wait) -> NodeIndex {
        let at = self.at.get(&wait.thing).copied().unwrap_or_else(|| {
            let knot = Knot { thing: wait.thing.clone(), nodes: BTreeSet::new(), says: None, blame: wait.blame };
            let at = self.graph.add_node(knot);
            self.at.insert(wait.thing.clone(), at);
            at
        });
        if let Some(knot) = self.graph.node_weight_mut(at) {
            knot.nodes.extend(wait.nodes.iter().cloned());
            knot.blame = knot.blame.min(wait.blame);
            if knot.says.is_none() {
                knot.says.clone_from(&wait.says);
            }
        }
        at
    }

    pub(crate) fn get(&self, at: NodeIndex) -> Option<&Knot> {
        self.graph.node_weight(at)
    }

    /// What a knot directly waits for, in the order it was found.
    pub(crate) fn waits_of(&self, at: NodeIndex) -> Vec<(&'static str, NodeIndex)> {
        let mut edges: Vec<_> = self.graph.edges(at).map(|edge| (edge.id(), *edge.weight(), edge.target())).collect();
        edges.sort_by_key(|(id, ..)| *id);
        edges.into_iter().map(|(_, verb, target)| (verb, target)).collect()
    }

    /// The knots and edges in the order they were found.
    pub(crate) fn knots(&self) -> impl Iterator<Item = (NodeIndex, &Knot)> {
        self.graph.node_indices().filter_map(|at| Some((at, self.graph.node_weight(at)?)))
    }

    /// Where the traces end. Of what keeps a symptom waiting only what is most to blame counts.
    pub(crate) fn roots(&self, symptoms: &[Symptom]) -> Vec<Root> {
        let components = tarjan_scc(&self.graph);
        let mut component_of = BTreeMap::new();
        for (index, component) in components.iter().enumerate() {
            component_of.extend(component.iter().map(|at| (*at, index)));
        }
        let leaves =
            |at: NodeIndex| self.graph.neighbors(at).any(|next| component_of.get(&next) != component_of.get(&at));
        let is_circle = |component: &[NodeIndex]| {
            component.len() > 1 || component.iter().any(|at| self.graph.find_edge(*at, *at).is_some())
        };
        let is_root: Vec<bool> = components
            .iter()
            .map(|component| is_circle(component) || !component.iter().any(|at| leaves(*at)))
            .collect();
        let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, symptom) in symptoms.iter().enumerate() {
            let Some(start) = self.at.get(&Thing::new(ThingKind::Pods, symptom.name())) else { continue };
            let reached = self.reached(*start);
            let roots: BTreeSet<usize> = reached
                .iter()
                .filter_map(|at| component_of.get(at).copied())
                .filter(|root| is_root.get(*root) == Some(&true))
                .collect();
            let blame = |root: &usize| {
                let component = components.get(*root).into_iter().flatten();
                component.filter_map(|at| self.get(*at)).map(|knot| knot.blame).min()
            };
            let least = roots.iter().filter_map(blame).min();
            for root in roots.into_iter().filter(|root| blame(root) == least) {
                waiting.entry(root).or_default().push(index);
            }
        }
        let roots = waiting.into_iter().filter_map(|(root, symptoms)| {
            let component = components.get(root)?;
            let is_circle = is_circle(component);
            let things = if is_circle { self.circle(component) } else { component.clone() };
            Some(Root { things, is_circle, symptoms })
        });
        roots.collect()
    }

    /// Everything that a symptom's pods wait for, over however many steps, and they themselves.
    pub(crate) fn behind(&self, symptom: &Symptom) -> BTreeSet<NodeIndex> {
        let start = self.index_of(&Thing::new(ThingKind::Pods, symptom.name()));
        start.map(|start| self.reached(start)).unwrap_or_default()
    }

    fn reached(&self, start: NodeIndex) -> BTreeSet<NodeIndex> {
        let mut reached = BTreeSet::from([start]);
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for (_, next) in self.waits_of(at) {
                if reached.insert(next) {
                    queue.push_back(next);
                }
            }
        }
        reached
    }

    /// The shortest way round from the first of a component's things back to it.
    fn circle(&self, component: &[NodeIndex]) -> Vec<NodeIndex> {
        let inside: BTreeSet<NodeIndex> = component.iter().copied().collect();
        let Some(first) = inside.first().copied() else { return Vec::new() };
        self.path(first, first, &|at| inside.contains(&at)).unwrap_or_else(|| component.to_vec())
    }

    /// The shortest way from one thing to another, without its end when that is its start, too.
    pub(crate) fn path(
        &self,
        from: NodeIndex,
        to: NodeIndex,
        may_pass: &dyn Fn(NodeIndex) -> bool,
    ) -> Option<Vec<NodeIndex>> {
        let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            for (_, next) in self.waits_of(at) {
                if !may_pass(next) || came_from.contains_key(&next) || (next == from && to != from) {
                    continue;
                }
                came_from.insert(next, at);
                if next == to {
                    let mut way = vec![at];
                    while way.last() != Some(&from) {
                        let step = way.last().and_then(|at| came_from.get(at)).copied()?;
                        way.push(step);
                    }
                    way.reverse();
                    if to != from {
                        way.push(to);
                    }
                    return Some(way);
                }
                queue.push_back(next);
            }
        }
        (from == to).then(|| vec![from])
    }

    /// The symptoms that wait for a thing, directly or over others, by their index.
    pub(crate) fn waiting_for(&self, at: NodeIndex, directly: bool, symptoms: &[Symptom]) -> Vec<usize> {
        let waits = |symptom: &Symptom| {
            let start = self.index_of(&Thing::new(ThingKind::Pods, symptom.name()));
            start.is_some_and(|start| match directly {
                true => self.graph.find_edge(start, at).is_some(),
                false => start != at && self.reached(start).contains(&at),
            })
        };
        symptoms.iter().enumerate().filter(|(_, symptom)| waits(symptom)).map(|(index, _)| index).collect()
    }

    pub(crate) fn index_of(&self, thing: &Thing) -> Option<NodeIndex> {
        self.at.get(thing).copied()
    }

    /// What stands between two neighbours.
    pub(crate) fn verb(&self, from: NodeIndex, to: NodeIndex) -> &'static str {
        self.graph.find_edge(from, to).and_then(|edge| self.graph.edge_weight(edge)).copied().unwrap_or_default()
    }
}
