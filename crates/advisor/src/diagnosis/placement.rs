//! Why pods have no node: every filter that refuses, traced to the taint, label, resource, port, volume or rule behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, NodeGroup, convert};
use sim_core::scheduler::{ExtensionPoint, PluginName, Refusal};

use super::component;
use super::symptom::{State, Symptom};
use super::thing::{Thing, ThingKind};
use super::wait::{Blame, Wait};
use crate::beside::{Tie, parties};
use crate::detail::machine_of;
use crate::detail::{Asked, untolerated_taints};
use crate::known_taints::known_taint;
use crate::words;

/// What keeps pods off every node. Only what would have to go for some node to be feasible is blamed: of two nodes, one
/// refused for a taint and one for the same taint and a port, the port is not to blame.
pub(crate) fn waits(cluster: &Cluster, symptoms: &[Symptom], symptom: &Symptom) -> Vec<Wait> {
    let Some(pod) = symptom.sample.as_deref() else { return Vec::new() };
    let model = convert::pod(pod);
    let scheduler = cluster.scheduling().scheduler();
    if !scheduler.serves(&model) {
        let says = crate::pending::not_served(cluster, pod).unwrap_or_default();
        return vec![
            Wait::new("asks for the scheduler", ThingKind::Component, model.spec.scheduler_name.to_string()).says(says),
        ];
    }
    let gates = pod.spec.scheduling_gates.iter().flatten();
    let gates: Vec<Wait> =
        gates.map(|gate| Wait::new("is held back by", ThingKind::SchedulingGate, gate.name.clone())).collect();
    if !gates.is_empty() && !scheduler.pre_enqueue(&model).is_success() {
        return gates;
    }
    if cluster.stopped_components().any(|name| name == "kube-scheduler") {
        return vec![Wait::new("is looked at by", ThingKind::Component, "kube-scheduler").says("it is stopped")];
    }
    if cluster.store().list::<Node>().next().is_none() && cluster.node_groups().is_empty() {
        return vec![Wait::new("finds no", ThingKind::Node, "at all").says("the cluster has no node")];
    }
    blamed(cluster, symptoms, symptom, pod)
}

/// What keeps the pods of a DaemonSet that wants none off every node.
pub(crate) fn of_unwanted(cluster: &Cluster, symptoms: &[Symptom], symptom: &Symptom) -> Vec<Wait> {
    let pod = symptom.sample.as_deref();
    pod.map(|pod| blamed(cluster, symptoms, symptom, pod)).unwrap_or_default()
}

/// The refusals of all nodes, reduced to the smallest sets that keep a node from being feasible.
fn blamed(cluster: &Cluster, symptoms: &[Symptom], symptom: &Symptom, pod: &Pod) -> Vec<Wait> {
    let (machines, full) = of_groups(cluster, symptom, pod);
    let mut nodes = cluster.scheduling().refusals(pod);
    nodes.extend(machines);
    let refused = Refused { cluster, symptom, pod, asked: Asked::of(cluster, pod), nodes: &nodes };
    let mut waits: IndexMap<Thing, Wait> = IndexMap::new();
    let mut sets: BTreeMap<BTreeSet<Thing>, Vec<String>> = BTreeMap::new();
    let mut memory = BTreeMap::new();
    for (node, refusals) in &nodes {
        let mut set = BTreeSet::new();
        // A plugin that gives up before it has looked at any node leaves the others nothing to say.
        let is_early = |refusal: &&Refusal| refusal.extension_point == Some(ExtensionPoint::PreFilter);
        let has_early = refusals.iter().any(|refusal| is_early(&refusal));
        for refusal in refusals.iter().filter(|refusal| !has_early || is_early(refusal)) {
            for wait in refused.of_refusal(node, refusal, &mut memory) {
                set.insert(wait.thing.clone());
                let known =
                    waits.entry(wait.thing.clone()).or_insert_with(|| Wait { nodes: BTreeSet::new(), ..wait.clone() });
                known.nodes.extend(wait.nodes);
            }
        }
        sets.entry(set).or_default().push(node.clone());
    }
    for group in full {
        let says = format!("it has {} of at most {} nodes", cluster.size_of_group(group), group.max);
        let wait = Wait::new("would go to a new node of", ThingKind::NodeGroup, group.name.clone()).says(says);
        sets.entry(BTreeSet::from([wait.thing.clone()])).or_default().push(machine_of(group));
        waits.insert(wait.thing.clone(), wait);
    }
    if sets.contains_key(&BTreeSet::new()) {
        // A node is feasible: the scheduler has not come to it yet, or evicts somebody there first.
        return Vec::new();
    }
    let smallest: Vec<&BTreeSet<Thing>> =
        sets.keys().filter(|set| !sets.keys().any(|other| other != *set && other.is_subset(set))).collect();
    // Where some node has what the pod wishes for, nothing that is on the others alone is to blame.
    let is_wish = |thing: &Thing| waits.get(thing).is_some_and(|wait| wait.blame == Blame::Wish);
    let (meant, others): (Vec<_>, Vec<_>) = smallest.into_iter().partition(|set| !set.iter().any(is_wish));
    let blames = |thing: &Thing| match meant.is_empty() {
        true => others.iter().any(|set| set.contains(thing)),
        false => {
            meant.iter().any(|set| set.contains(thing))
                || (is_wish(thing) && others.iter().any(|set| set.contains(thing)))
        }
    };
    let mut blamed: Vec<Wait> = waits.values().filter(|wait| blames(&wait.thing)).cloned().collect();
    for wait in &mut blamed {
        if wait.then.is_empty() {
            wait.then = behind(cluster, symptoms, symptom, wait);
        }
    }
    blamed
}

/// Refusals by the name of who refuses.
type Refusals = Vec<(String, Vec<Refusal>)>;

/// How the machines that node groups may yet have refuse the pods, and the groups that have all they may and whose machines
/// would not. A DaemonSet's pod is for one node, and another is of no use to it.
fn of_groups<'a>(cluster: &'a Cluster, symptom: &Symptom, pod: &Pod) -> (Refusals, Vec<&'a NodeGroup>) {
    let (mut machines, mut full) = (Vec::new(), Vec::new());
    if symptom.state != State::Unscheduled || symptom.owner.starts_with("daemonset/") {
        return (machines, full);
    }
    for group in cluster.node_groups() {
        let name = machine_of(group);
        let refusals = cluster.refusals_of_machine(group, &name, pod);
        if cluster.size_of_group(group) < group.max {
            machines.push((name, refusals));
        } else if refusals.is_empty() {
            full.push(group);
        }
    }
    (machines, full)
}

type Reasons = BTreeMap<(String, String), Vec<Wait>>;

/// A pod that every node refuses.
struct Refused<'a> {
    cluster: &'a Cluster,
    symptom: &'a Symptom,
    pod: &'a Pod,
    asked: Asked<'a>,
    nodes: &'a [(String, Vec<Refusal>)],
}

impl Refused<'_> {
    fn of_refusal(&self, node: &str, refusal: &Refusal, memory: &mut Reasons) -> Vec<Wait> {
        let mut waits = Vec::new();
        let plugins = &refusal.status.plugins;
        if plugins.contains(&PluginName::TaintToleration) {
            for (taint, text) in untolerated_taints(self.cluster, self.pod, node) {
                let mut wait = Wait::new("does not tolerate", ThingKind::Taint, text).on(node);
                if known_taint(&taint.key).is_none_or(|known| known.is_meant_to_stay()) {
                    wait.blame = Blame::Guard;
                }
                waits.push(wait);
            }
            if plugins.len() == 1 {
                return waits;
            }
        }
        if plugins.contains(&PluginName::NodeUnschedulable) {
            waits.push(Wait::new("finds unschedulable", ThingKind::Cordon, "of nodes").on(node));
            if plugins.len() == 1 {
                return waits;
            }
        }
        for reason in &refusal.status.reasons {
            let key = (format!("{plugins:?}"), reason.to_string());
            let found = memory.entry(key).or_insert_with(|| self.of_reason(plugins, reason));
            for wait in found.iter() {
                let mut wait = wait.clone().on(node);
                if let Some(room) = self.asked.room(node, reason) {
                    wait.says = Some(room.at_best(node));
                }
                waits.push(wait);
            }
        }
        waits
    }

    fn of_reason(&self, plugins: &[PluginName], reason: &str) -> Vec<Wait> {
        let Self { cluster, symptom, pod, .. } = *self;
        let owner = format!("{}/{}", symptom.namespace, symptom.owner);
        let is = |plugin: PluginName| plugins.contains(&plugin);
        let one = |kind, name: String, verb| vec![Wait::new(verb, kind, name).says(reason)];
        if is(PluginName::NodeResourcesFit) {
            let resource = reason.strip_prefix("Insufficient ").unwrap_or("pods");
            return one(ThingKind::Resource, resource.to_owned(), "finds too little");
        }
        if is(PluginName::NodeAffinity) || is(PluginName::NodeName) {
            let mut wait =
                Wait::new("selects no such node by", ThingKind::NodeSelection, selection(pod, &owner)).says(reason);
            if self.selects_some() {
                wait.blame = Blame::Wish;
            }
            return vec![wait];
        }
        if is(PluginName::NodePorts) {
            let mut waits = one(ThingKind::HostPort, host_ports(pod), "cannot share");
            for wait in &mut waits {
                let holders = self.nodes.iter().flat_map(|(node, _)| host_port_holders(cluster, pod, node));
                let holders: Vec<String> = holders
                    .map(|holder| {
                        format!("{} has it on {}", name_of(&holder), pod::node_name(&holder).unwrap_or_default())
                    })
                    .collect();
                if !holders.is_empty() {
                    wait.says = Some(words::list(&holders));
                }
            }
            return waits;
        }
        if is(PluginName::PodTopologySpread) || is(PluginName::SelectorSpread) {
            return one(ThingKind::TopologySpread, format!("of {owner}"), "is kept apart by");
        }
        if is(PluginName::InterPodAffinity) {
            let (rule, tie) = match reason {
                reason if reason.contains("existing pods") => ("anti-affinity of others against", Tie::Repelled),
                reason if reason.contains("anti-affinity") => ("anti-affinity of", Tie::Avoided),
                _ => ("affinity of", Tie::Wanted),
            };
            let others: Vec<String> = parties(cluster, pod, tie)
                .into_iter()
                .map(|party| format!("{} in {}", party.owner, party.namespace))
                .collect();
            let mut wait = one(ThingKind::PodAffinity, format!("{rule} {owner}"), "is kept off by");
            if let [wait] = wait.as_mut_slice()
                && !others.is_empty()
            {
                wait.says = Some(format!("{reason}: it is about {}", words::list(&others)));
            }
            return wait;
        }
        if is(PluginName::NodeVolumeLimits) || reason.contains("max volume count") {
            return one(ThingKind::VolumeLimit, "of nodes".to_owned(), "exceeds");
        }
        if is(PluginName::VolumeBinding) || is(PluginName::VolumeZone) || is(PluginName::VolumeRestrictions) {
            return of_volumes(cluster, pod, reason);
        }
        one(ThingKind::Other, reason.to_owned(), "is told")
    }

    /// Whether the pod's demands on labels are met by some node, so that they alone keep it off none.
    fn selects_some(&self) -> bool {
        let of_labels = |refusal: &Refusal| {
            let plugins = &refusal.status.plugins;
            plugins.contains(&PluginName::NodeAffinity) || plugins.contains(&PluginName::NodeName)
        };
        self.nodes.iter().any(|(_, refusals)| !refusals.iter().any(of_labels))
    }
}

/// What is behind a thing that keeps pods off nodes.
fn behind(cluster: &Cluster, symptoms: &[Symptom], symptom: &Symptom, wait: &Wait) -> Vec<Wait> {
    match wait.thing.kind {
        ThingKind::Taint => component::behind_taint(cluster, symptoms, &wait.thing.name, &wait.nodes),
        ThingKind::HostPort | ThingKind::PodAffinity => rollout(cluster, symptom).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The rollout that takes an old pod away only when a new one is ready: the new one waits for the old one's place.
fn rollout(cluster: &Cluster, symptom: &Symptom) -> Option<Wait> {
    let name = symptom.owner.strip_prefix("deployment/")?;
    let deployment = cluster.store().find::<Deployment>(&symptom.namespace, name)?;
    let strategy = deployment.spec.strategy.as_ref();
    if strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("Recreate") {
        return None;
    }
    let status = deployment.status.as_ref()?;
    let updated = status.updated_replicas.unwrap_or(0);
    let all = status.replicas.unwrap_or(0);
    if updated == 0 || updated >= all || symptom.state != State::Unscheduled {
        return None;
    }
    let says =
        format!("{} of {all} pods are of the new template; old ones go only when new ones are available", updated);
    let back = Wait::new("goes on when they are ready:", ThingKind::Pods, symptom.name());
    Some(
        Wait::new("is held by old pods of", ThingKind::Rollout, format!("of {}/{}", symptom.namespace, symptom.owner))
            .says(says)
            .then(vec![back]),
    )
}

/// The pod's demands on nodes, in short.
pub(crate) fn selection(pod: &Pod, owner: &str) -> String {
    let selector = pod.spec.node_selector.iter().flatten().map(|(key, value)| format!("{key}={value}"));
    let mut parts: Vec<String> = selector.collect();
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref());
    for term in required.iter().flat_map(|required| &required.node_selector_terms) {
        let expressions = term.match_expressions.iter().chain(&term.match_fields).flatten();
        parts.extend(expressions.map(|expression| {
            let values = expression.values.iter().flatten().cloned().collect::<Vec<_>>().join(",");
            format!("{} {} {values}", expression.key, expression.operator).trim_end().to_owned()
        }));
    }
    if parts.is_empty() { format!("of {owner}") } else { format!("{} of {owner}", parts.join(", ")) }
}

fn host_ports(pod: &Pod) -> String {
    let ports = pod.spec.containers.iter().flat_map(|container| container.ports.iter().flatten());
    let mut ports: Vec<String> = ports
        .filter(|port| port.host_port.is_some_and(|port| port > 0))
        .map(|port| format!("{}/{}", port.host_port.unwrap_or(0), port.protocol.as_deref().unwrap_or("TCP")))
        .collect();
    ports.dedup();
    ports.join(", ")
}

fn name_of(pod: &Pod) -> String {
    let metadata = &pod.metadata;
    format!("{}/{}", metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default())
}

/// The pods of a node that have a port of the host that the pod asks for (`HostPortInfo.CheckConflict`).
pub(crate) fn host_port_holders(cluster: &Cluster, pod: &Pod, node: &str) -> Vec<Arc<Pod>> {
    let ports = |pod: &Pod| -> Vec<(i32, String, String)> {
        let ports = pod.spec.containers.iter().flat_map(|container| container.ports.iter().flatten());
        let of_host = ports.filter_map(|port| {
            let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
            let address = port.host_ip.clone().filter(|address| !address.is_empty());
            let address = address.unwrap_or_else(|| ANY_ADDRESS.to_owned());
            Some((port.host_port.filter(|port| *port > 0)?, protocol, address))
        });
        of_host.collect()
    };
    let asked = ports(pod);
    let clash = |left: &(i32, String, String), right: &(i32, String, String)| {
        (left.0, &left.1) == (right.0, &right.1)
            && (left.2 == right.2 || left.2 == ANY_ADDRESS || right.2 == ANY_ADDRESS)
    };
    let mut on_it = cluster.pods_on(node);
    on_it.retain(|other| {
        pod::is_active(other) && ports(other).iter().any(|held| asked.iter().any(|asked| clash(asked, held)))
    });
    on_it
}

/// All addresses of a node (`DefaultBindAllHostIP`).
const ANY_ADDRESS: &str = "0.0.0.0";

/// The claims and volumes behind a reason of a volume plugin.
fn of_volumes(cluster: &Cluster, pod: &Pod, reason: &str) -> Vec<Wait> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let names = pod.spec.volumes.iter().flatten().filter_map(|volume| {
        let claim = volume.persistent_volume_claim.as_ref().map(|source| source.claim_name.clone());
        let ephemeral = || Some(format!("{}-{}", pod.metadata.name.as_deref()?, volume.name));
        claim.or_else(|| volume.ephemeral.as_ref().and_then(|_| ephemeral()))
    });
    let store = cluster.store();
    let mut waits = Vec::new();
    for name in names {
        let claim = store.find::<PersistentVolumeClaim>(namespace, &name);
        let volume = claim.and_then(|claim| claim.spec.as_ref()?.volume_name.clone()).filter(|name| !name.is_empty());
        let is_bound = volume.as_ref().is_some_and(|name| store.find::<PersistentVolume>("", name).is_some());
        if reason.contains("ReadWriteOncePod") {
            waits.push(Wait::new("is alone to use", ThingKind::Claim, format!("{namespace}/{name}")).says(reason));
            continue;
        }
        let about_bound = reason.contains("conflict") || reason.contains("volume zone") || reason.contains("in use");
        match (&volume, is_bound && about_bound) {
            (Some(volume), true) => {
                waits.push(Wait::new("is bound to the place of", ThingKind::Volume, volume.clone()).says(reason));
            }
            _ if !is_bound => {
                let claim_name = format!("{namespace}/{name}");
                waits.push(
                    Wait::new("needs the volume of", ThingKind::Claim, claim_name)
                        .says(reason)
                        .then(component::behind_claim(cluster, claim.map(AsRef::as_ref))),
                );
            }
            _ => {}
        }
    }
    if waits.is_empty() {
        waits.push(Wait::new("is told", ThingKind::Other, reason.to_owned()));
    }
    waits
}
