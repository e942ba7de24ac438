//! The smallest set of a pod's constraints that no node meets together, beside pods of others that stay where they are; found by
//! leaving them out one by one.

mod holders;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, convert};
use sim_core::model::resources::PodRequests;
use sim_core::model::{self, Effect, NodeSelector, PodSpec, Taint, Toleration, WhenUnsatisfiable};
use sim_core::scheduler::Snapshot;

use holders::{Holder, holders};

use crate::ask::Filters;
use crate::detail::amount_text;

/// Constraints that no node meets together, as the cluster is now. Without any of them some node meets the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The namespace of the pods.
    pub namespace: String,
    /// Their workload, e.g. `deployment/coredns`, or `pod/NAME`.
    pub owner: String,
    /// The constraints.
    pub constraints: Vec<Constraint>,
}

/// Something that a pod asks of its node, or does not bear; or other pods that stay where they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Constraint {
    /// The field of the pod, e.g. `spec.nodeSelector`; of other pods `spec.nodeName`.
    pub path: String,
    /// What it says.
    pub says: String,
}

/// Of so many constraints all smaller sets are looked at for one that conflicts; of more the set is one that nothing can be
/// left out of.
const FEW: usize = 12;

/// The constraints of a waiting pod that conflict; none when some node would take it, or when what is short cannot be left
/// out. What other pods hold is part of it only where the pod's own constraints would do without.
pub(crate) fn conflicting(cluster: &Cluster, pod: &Pod) -> Vec<Constraint> {
    let model = convert::pod(pod);
    let own = parts(cluster, &model);
    let holders = holders(cluster, pod, &model);
    let others = (0..holders.len()).map(Part::Holder);
    let parts: Vec<Part> = others.chain(own).collect();
    let asked = Asked { cluster, pod: &model, parts, holders };
    let mut kept: BTreeSet<usize> = (0..asked.parts.len()).collect();
    if asked.is_met(&kept) {
        return Vec::new();
    }
    for part in 0..asked.holders.len() {
        kept.remove(&part);
        if asked.is_met(&kept) {
            kept.insert(part);
        }
    }
    // From here on it is the same pods that stay.
    let beside = asked.beside(&kept);
    for part in asked.holders.len()..asked.parts.len() {
        kept.remove(&part);
        if asked.is_met_in(&beside, &kept) {
            kept.insert(part);
        }
    }
    let is_held = |part: &usize| *part < asked.holders.len();
    let held: Vec<usize> = kept.iter().copied().filter(is_held).collect();
    let own: Vec<usize> = (asked.holders.len()..asked.parts.len()).collect();
    if own.len() <= FEW {
        let sets = (0_u32..1 << own.len()).filter(|set| set.count_ones() as usize + held.len() < kept.len());
        let chosen =
            |set: u32| own.iter().enumerate().filter(move |(at, _)| set & (1 << at) != 0).map(|(_, part)| *part);
        let mut smaller: Vec<BTreeSet<usize>> =
            sets.map(|set| chosen(set).chain(held.iter().copied()).collect()).collect();
        smaller.sort_by_key(BTreeSet::len);
        kept = smaller.into_iter().find(|set| !asked.is_met_in(&beside, set)).unwrap_or(kept);
    }
    let (held, own): (Vec<usize>, Vec<usize>) = kept.into_iter().partition(is_held);
    own.into_iter().chain(held).filter_map(|part| asked.parts.get(part)).map(|part| asked.told(part)).collect()
}

/// One constraint of a pod, or what others hold.
enum Part {
    /// By its place.
    Holder(usize),
    Selector(String),
    /// One requirement of the only alternative, by its place.
    Requirement(usize),
    /// All alternatives together.
    Alternatives,
    Near(usize),
    Apart(usize),
    Spread(usize),
    Request(String),
    Ports,
    Volume(usize),
    /// A taint that the pod does not tolerate.
    Taint(Taint),
}

fn parts(cluster: &Cluster, pod: &model::Pod) -> Vec<Part> {
    let spec = &pod.spec;
    let snapshot = cluster.scheduling().snapshot();
    let requests = PodRequests::of(pod, snapshot.behaviour().requests);
    let mut parts: Vec<Part> = spec.node_selector.keys().cloned().map(Part::Selector).collect();
    match spec.required_node_affinity.as_ref().map(|selector| selector.node_selector_terms.as_slice()) {
        Some([only]) if only.match_fields.is_empty() => {
            parts.extend((0..only.match_expressions.len()).map(Part::Requirement));
        }
        Some(_) => parts.push(Part::Alternatives),
        None => {}
    }
    parts.extend((0..spec.required_pod_affinity.len()).map(Part::Near));
    parts.extend((0..spec.required_pod_anti_affinity.len()).map(Part::Apart));
    let spread = spec.topology_spread_constraints.iter().enumerate();
    let spread = spread.filter(|(_, constraint)| constraint.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule);
    parts.extend(spread.map(|(index, _)| Part::Spread(index)));
    let containers = || spec.containers.iter().chain(&spec.init_containers);
    let lists = containers().map(|container| &container.requests).chain(&spec.pod_requests).chain([&spec.overhead]);
    let resources: BTreeSet<&String> = lists.flat_map(|list| list.keys()).collect();
    let asked = resources.into_iter().filter(|resource| requests.incoming.get(resource) > 0);
    parts.extend(asked.cloned().map(Part::Request));
    if containers().any(|container| container.ports.iter().any(|port| port.host_port > 0)) {
        parts.push(Part::Ports);
    }
    parts.extend((0..spec.volumes.len()).map(Part::Volume));
    let mut taints: BTreeSet<Taint> = snapshot.nodes().flat_map(|info| info.node.taints.clone()).collect();
    if snapshot.nodes().any(|info| info.node.unschedulable) {
        taints.insert(cordon());
    }
    let refuses = |taint: &Taint| {
        taint.effect != Effect::PreferNoSchedule
            && !spec.tolerations.iter().any(|toleration| toleration.tolerates(taint))
    };
    parts.extend(taints.into_iter().filter(refuses).map(Part::Taint));
    parts
}

/// What a pod must tolerate to be placed on a node that is cordoned (`NodeUnschedulable`).
fn cordon() -> Taint {
    Taint { key: "node.kubernetes.io/unschedulable".to_owned(), value: String::new(), effect: Effect::NoSchedule }
}

/// A pod before the nodes as they are now.
struct Asked<'a> {
    cluster: &'a Cluster,
    pod: &'a model::Pod,
    /// What others hold, in their order; then the pod's own.
    parts: Vec<Part>,
    holders: Vec<Holder>,
}

impl Asked<'_> {
    /// Whether some node takes the pod with these of its constraints and no other, and beside these pods and no other.
    fn is_met(&self, kept: &BTreeSet<usize>) -> bool {
        self.is_met_in(&self.beside(kept), kept)
    }

    fn is_met_in(&self, beside: &Snapshot, kept: &BTreeSet<usize>) -> bool {
        let pod = model::Pod { spec: Arc::new(self.with(kept)), ..self.pod.clone() };
        Filters::new(self.cluster, beside).refusals(&pod).iter().any(|(_, plugins)| plugins.is_empty())
    }

    /// Those whose pods may be anywhere.
    fn freed<'a>(&'a self, kept: &'a BTreeSet<usize>) -> impl Iterator<Item = &'a Holder> {
        self.holders.iter().enumerate().filter(|(part, _)| !kept.contains(part)).map(|(_, holder)| holder)
    }

    fn beside(&self, kept: &BTreeSet<usize>) -> Cow<'_, Snapshot> {
        let mut snapshot = Cow::Borrowed(self.cluster.scheduling().snapshot());
        for (namespace, name) in self.freed(kept).flat_map(|holder| &holder.pods) {
            snapshot.to_mut().remove_pod(namespace, name);
        }
        snapshot
    }

    fn with(&self, kept: &BTreeSet<usize>) -> PodSpec {
        let full = &self.pod.spec;
        let mut spec = PodSpec {
            node_selector: model::Labels::new(),
            required_node_affinity: None,
            required_pod_affinity: Vec::new(),
            required_pod_anti_affinity: Vec::new(),
            topology_spread_constraints: Vec::new(),
            volumes: Vec::new(),
            ..PodSpec::clone(full)
        };
        let (mut resources, mut has_ports, mut requirements) = (BTreeSet::new(), false, Vec::new());
        let anywhere =
            |at: &usize, of: fn(&Holder) -> &BTreeSet<usize>| self.freed(kept).any(|holder| of(holder).contains(at));
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Taint(taint) if !kept.contains(&index) => spec.tolerations.push(Toleration {
                    key: taint.key.clone(),
                    operator: model::TolerationOperator::Exists,
                    effect: Some(taint.effect),
                    ..Toleration::default()
                }),
                _ if !kept.contains(&index) => {}
                Part::Taint(_) | Part::Holder(_) => {}
                Part::Near(at) if anywhere(at, |holder| &holder.near) => {}
                Part::Spread(at) if anywhere(at, |holder| &holder.spread) => {}
                Part::Selector(key) => {
                    spec.node_selector.extend(full.node_selector.get(key).map(|value| (key.clone(), value.clone())));
                }
                Part::Requirement(at) => requirements.push(*at),
                Part::Alternatives => spec.required_node_affinity.clone_from(&full.required_node_affinity),
                Part::Near(at) => spec.required_pod_affinity.extend(full.required_pod_affinity.get(*at).cloned()),
                Part::Apart(at) => {
                    spec.required_pod_anti_affinity.extend(full.required_pod_anti_affinity.get(*at).cloned());
                }
                Part::Spread(at) => {
                    spec.topology_spread_constraints.extend(full.topology_spread_constraints.get(*at).cloned());
                }
                Part::Request(resource) => {
                    resources.insert(resource.as_str());
                }
                Part::Ports => has_ports = true,
                Part::Volume(at) => spec.volumes.extend(full.volumes.get(*at).cloned()),
            }
        }
        if let Some(mut only) =
            full.required_node_affinity.as_ref().and_then(|all| all.node_selector_terms.first()).cloned()
            && !requirements.is_empty()
        {
            let mut place = 0..;
            only.match_expressions.retain(|_| place.next().is_some_and(|place| requirements.contains(&place)));
            spec.required_node_affinity = Some(NodeSelector { node_selector_terms: vec![only] });
        }
        for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
            container.requests.retain(|resource, _| resources.contains(resource.as_str()));
            if !has_ports {
                container.ports.clear();
            }
        }
        for list in spec.pod_requests.iter_mut().chain([&mut spec.overhead]) {
            list.retain(|resource, _| resources.contains(resource.as_str()));
        }
        spec
    }

    fn told(&self, part: &Part) -> Constraint {
        let spec = &self.pod.spec;
        let affinity = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
        let topology = |terms: &[model::PodAffinityTerm], at: &usize| {
            terms.get(*at).map(|term| term.topology_key.clone()).unwrap_or_default()
        };
        let (path, says) = match part {
            Part::Holder(at) => {
                let says = self.holders.get(*at).map(|holder| holder.says.clone()).unwrap_or_default();
                ("spec.nodeName".to_owned(), says)
            }
            Part::Selector(key) => {
                let value = spec.node_selector.get(key).cloned().unwrap_or_default();
                (format!("spec.nodeSelector[\"{key}\"]"), format!("the label {key}={value}"))
            }
            Part::Requirement(at) => {
                let terms = spec.required_node_affinity.iter().flat_map(|all| &all.node_selector_terms);
                let key = terms.take(1).find_map(|term| Some(term.match_expressions.get(*at)?.key.clone()));
                let says = format!("what its node affinity asks of the label {}", key.unwrap_or_default());
                (format!("{affinity}.nodeSelectorTerms[0].matchExpressions[{at}]"), says)
            }
            Part::Alternatives => (affinity.to_owned(), "its required node affinity".to_owned()),
            Part::Near(at) => (
                format!("spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[{at}]"),
                format!("to be beside other pods by {}", topology(&spec.required_pod_affinity, at)),
            ),
            Part::Apart(at) => (
                format!("spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[{at}]"),
                format!("to be apart from other pods by {}", topology(&spec.required_pod_anti_affinity, at)),
            ),
            Part::Spread(at) => {
                let key = spec.topology_spread_constraints.get(*at).map(|constraint| constraint.topology_key.as_str());
                (
                    format!("spec.topologySpreadConstraints[{at}]"),
                    format!("its spread over {}", key.unwrap_or_default()),
                )
            }
            Part::Request(resource) => {
                let requests = PodRequests::of(self.pod, self.cluster.scheduling().snapshot().behaviour().requests);
                let amount = amount_text(resource, requests.incoming.get(resource));
                (format!("spec.containers[*].resources.requests[\"{resource}\"]"), format!("{amount} of {resource}"))
            }
            Part::Ports => ("spec.containers[*].ports[*].hostPort".to_owned(), "its host ports".to_owned()),
            Part::Volume(at) => {
                let name = spec.volumes.get(*at).map(|volume| volume.name.as_str()).unwrap_or_default();
                (format!("spec.volumes[{at}]"), format!("its volume {name}"))
            }
            Part::Taint(taint) if *taint == cordon() => {
                ("spec.tolerations".to_owned(), "no node that is cordoned".to_owned())
            }
            Part::Taint(Taint { key, value, effect }) => {
                let value = if value.is_empty() { String::new() } else { format!("={value}") };
                ("spec.tolerations".to_owned(), format!("no node with the taint {key}{value}:{}", effect.as_str()))
            }
        };
        Constraint { path, says }
    }
}
