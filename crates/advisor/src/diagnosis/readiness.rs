//! Why pods that have a node are not well: their node, their image, their containers, what they need, what keeps them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ContainerStatus, Node, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::VolumeAttachment;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, ObjectKey, ObjectRef, pod};

use sim_core::model::Effect;

use super::component;
use super::symptom::{State, Symptom};
use super::thing::ThingKind;
use super::wait::Wait;
use crate::detail::untolerated_taints;
use crate::node;
use crate::words;

/// What unwell pods wait for on their nodes.
pub(crate) fn waits(cluster: &Cluster, symptoms: &[Symptom], symptom: &Symptom) -> Vec<Wait> {
    let Some(pod) = symptom.sample.as_deref() else { return Vec::new() };
    let nodes: BTreeSet<String> = pod::node_name(pod).map(str::to_owned).into_iter().collect();
    match symptom.state {
        State::Failed => failed(cluster, pod, &symptom.sentence, &nodes),
        State::Terminating => {
            let finalizers = pod.metadata.finalizers.iter().flatten();
            let mut waits: Vec<Wait> =
                finalizers.map(|name| Wait::new("keeps its", ThingKind::Finalizer, name.clone())).collect();
            waits.extend(component::not_ready(cluster, symptoms, &nodes));
            waits
        }
        _ => not_ready(cluster, symptoms, pod, &nodes),
    }
}

fn not_ready(cluster: &Cluster, symptoms: &[Symptom], pod: &Pod, nodes: &BTreeSet<String>) -> Vec<Wait> {
    let mut waits = component::not_ready(cluster, symptoms, nodes);
    if !waits.is_empty() {
        return waits;
    }
    for node in nodes {
        let taints = untolerated_taints(cluster, pod, node).into_iter();
        for (_, text) in taints.filter(|(taint, _)| taint.effect == Effect::NoExecute) {
            waits.push(Wait::new("is evicted for", ThingKind::Taint, text).on(node));
        }
    }
    for need in cluster.unmet_needs(&ObjectKey::of(pod)) {
        waits.push(needed(symptoms, &need));
    }
    for (object, says) in cluster.missing_references(pod) {
        let name = format!("{}/{} in {}", object.kind, object.name, object.namespace.unwrap_or_default());
        waits.push(Wait::new("needs", ThingKind::Object, name).says(says));
    }
    if !waits.is_empty() {
        return waits;
    }
    waits.extend(attached_elsewhere(cluster, symptoms, pod));
    let name = format!(
        "{}/{}",
        pod.metadata.namespace.as_deref().unwrap_or_default(),
        pod.metadata.name.as_deref().unwrap_or_default()
    );
    let status = pod.status.as_ref();
    let statuses = status.into_iter().flat_map(|status| {
        status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten())
    });
    for container in statuses {
        waits.extend(of_container(&name, container));
    }
    waits
}

/// Volumes of the pod that are attached to another node, where a pod that does not go has them.
fn attached_elsewhere(cluster: &Cluster, symptoms: &[Symptom], pod: &Pod) -> Vec<Wait> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let claims = pod.spec.volumes.iter().flatten().filter_map(|volume| volume.persistent_volume_claim.as_ref());
    let mut waits = Vec::new();
    for claim in claims {
        let found = cluster.store().find::<PersistentVolumeClaim>(namespace, &claim.claim_name);
        let Some(volume) = found.and_then(|claim| claim.spec.as_ref()?.volume_name.clone()) else { continue };
        let attached = cluster.store().list::<VolumeAttachment>().find(|attachment| {
            attachment.spec.source.persistent_volume_name.as_ref() == Some(&volume)
                && Some(attachment.spec.node_name.as_str()) != pod::node_name(pod)
        });
        let Some(node) = attached.map(|attachment| attachment.spec.node_name.clone()) else { continue };
        let holders = symptoms.iter().filter(|symptom| {
            let on_it = symptom.sample.as_ref().is_some_and(|other| pod::node_name(other) == Some(node.as_str()));
            on_it && symptom.state == State::Terminating
        });
        let mut then: Vec<Wait> =
            holders.map(|symptom| Wait::new("is held by", ThingKind::Pods, symptom.name())).collect();
        then.extend(component::not_ready(cluster, symptoms, &BTreeSet::from([node.clone()])));
        waits.push(
            Wait::new("waits for", ThingKind::Volume, volume)
                .says(format!("the volume is still attached to {node}"))
                .then(then),
        );
    }
    waits
}

fn of_container(pod: &str, container: &ContainerStatus) -> Option<Wait> {
    let state = container.state.as_ref();
    let waiting = state.and_then(|state| state.waiting.as_ref());
    let reason = waiting.and_then(|waiting| waiting.reason.as_deref()).unwrap_or_default();
    let message = waiting.and_then(|waiting| waiting.message.clone()).unwrap_or_default();
    if reason.contains("Image") || reason == "ErrImagePull" {
        return Some(Wait::new("cannot pull", ThingKind::Image, container.image.clone()).says(if message.is_empty() {
            reason.to_owned()
        } else {
            message
        }));
    }
    let name = format!("{} of {pod}", container.name);
    let ended = state
        .and_then(|state| state.terminated.as_ref())
        .or(container.last_state.as_ref().and_then(|state| state.terminated.as_ref()));
    if let Some(ended) = ended.filter(|ended| ended.exit_code != 0) {
        let cause = ended.reason.as_deref().unwrap_or("Error");
        let says = format!("exits with code {} ({cause}), {} restarts", ended.exit_code, container.restart_count);
        return Some(Wait::new("runs", ThingKind::Container, name).says(says));
    }
    let runs = state.is_some_and(|state| state.running.is_some());
    (runs && !container.ready)
        .then(|| Wait::new("runs", ThingKind::Container, name).says("its readiness probe does not pass"))
}

/// An object that was declared to be needed: the pods of it that are unwell, or the object itself when it has none.
fn needed(symptoms: &[Symptom], need: &ObjectRef) -> Wait {
    let kind = sim_cluster::Kind::parse(&need.kind).map_or(need.kind.clone(), |kind| kind.name().to_ascii_lowercase());
    let owner = format!("{kind}/{}", need.name);
    let namespace = need.namespace.clone().unwrap_or_default();
    let unwell = symptoms.iter().filter(|symptom| symptom.owner == owner && symptom.namespace == namespace);
    let then = unwell.map(|symptom| Wait::new("has", ThingKind::Pods, symptom.name())).collect();
    Wait::new("needs", ThingKind::Object, format!("{owner} in {namespace}")).says("not ready").then(then)
}

/// Failed pods: the reason of the kubelet that refused or evicted them.
fn failed(cluster: &Cluster, pod: &Pod, sentence: &str, nodes: &BTreeSet<String>) -> Vec<Wait> {
    let reason = pod.status.as_ref().and_then(|status| status.reason.clone()).unwrap_or_default();
    let on_nodes = |wait: Wait| Wait { nodes: nodes.clone(), ..wait.says(sentence) };
    let pressure = |condition: &str| {
        let is_so = |node: &String| {
            cluster.store().find::<Node>("", node).is_some_and(|node| node::has_condition(node, condition))
        };
        if nodes.iter().any(is_so) {
            Wait::new("was evicted for", ThingKind::NodeCondition, condition)
        } else {
            let on = words::nodes(nodes);
            Wait::new("was evicted for", ThingKind::Other, format!("{condition} on {on}, which is over"))
        }
    };
    let wait = match reason.as_str() {
        "Evicted" if sentence.contains("ephemeral-storage") || sentence.contains("DiskPressure") => {
            pressure("DiskPressure")
        }
        "Evicted" if sentence.contains("memory") || sentence.contains("MemoryPressure") => pressure("MemoryPressure"),
        "NodeAffinity" => {
            let name = super::placement::selection(pod, pod.metadata.name.as_deref().unwrap_or_default());
            Wait::new("was refused by its node for", ThingKind::NodeSelection, name)
        }
        reason if reason.starts_with("OutOf") => {
            Wait::new("was refused by its node for", ThingKind::Resource, reason.trim_start_matches("OutOf"))
        }
        _ => Wait::new("ended with", ThingKind::Other, sentence.to_owned()),
    };
    vec![on_nodes(wait)]
}
