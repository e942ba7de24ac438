//! Why pods that have a node are not well: their node, their image, their containers, what they need, what keeps them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ContainerStatus;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, ObjectKey, ObjectRef, pod};

use super::component;
use super::symptom::{State, Symptom};
use super::thing::ThingKind;
use super::wait::Wait;

/// What unwell pods wait for on their nodes.
pub(crate) fn waits(cluster: &Cluster, symptoms: &[Symptom], symptom: &Symptom) -> Vec<Wait> {
    let Some(pod) = symptom.sample.as_deref() else { return Vec::new() };
    let nodes: BTreeSet<String> = pod::node_name(pod).map(str::to_owned).into_iter().collect();
    match symptom.state {
        State::Failed => failed(pod, &symptom.sentence, &nodes),
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
    for need in cluster.unmet_needs(&ObjectKey::of(pod)) {
        waits.push(needed(symptoms, &need));
    }
    if !waits.is_empty() {
        return waits;
    }
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
fn failed(pod: &Pod, sentence: &str, nodes: &BTreeSet<String>) -> Vec<Wait> {
    let reason = pod.status.as_ref().and_then(|status| status.reason.clone()).unwrap_or_default();
    let on_nodes = |wait: Wait| Wait { nodes: nodes.clone(), ..wait.says(sentence) };
    let wait = match reason.as_str() {
        "Evicted" if sentence.contains("ephemeral-storage") || sentence.contains("DiskPressure") => {
            Wait::new("was evicted for", ThingKind::NodeCondition, "DiskPressure")
        }
        "Evicted" if sentence.contains("memory") || sentence.contains("MemoryPressure") => {
            Wait::new("was evicted for", ThingKind::NodeCondition, "MemoryPressure")
        }
        "NodeAffinity" => Wait::new("was refused by its node for", ThingKind::NodeSelection, "after binding"),
        reason if reason.starts_with("OutOf") => {
            Wait::new("was refused by its node for", ThingKind::Resource, reason.trim_start_matches("OutOf"))
        }
        _ => Wait::new("ended with", ThingKind::Other, sentence.to_owned()),
    };
    vec![on_nodes(wait)]
}
