//! Who should do something about a taint, a condition or a claim, and what keeps them from it.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Node, NodeCondition, PersistentVolumeClaim, PodSpec};
use k8s_openapi::api::storage::v1::StorageClass;
use sim_cluster::pod::Pod;
use sim_cluster::{
    Cluster, UNINITIALIZED_TAINT, installs_network, is_cloud_controller_manager, is_default_storage_class,
};

use super::symptom::Symptom;
use super::thing::ThingKind;
use super::wait::Wait;

/// The name of the cloud-controller-manager as a component.
pub(crate) const CLOUD_CONTROLLER_MANAGER: &str = "cloud-controller-manager";
/// The name of whatever installs the network.
pub(crate) const NETWORK_PLUGIN: &str = "network plugin";

/// What a taint stands for, and who takes it away.
pub(crate) fn behind_taint(
    cluster: &Cluster,
    symptoms: &[Symptom],
    taint: &str,
    nodes: &BTreeSet<String>,
) -> Vec<Wait> {
    let key = taint.split(['=', ':']).next().unwrap_or_default();
    match key {
        UNINITIALIZED_TAINT => {
            vec![runs(cluster, symptoms, CLOUD_CONTROLLER_MANAGER, "is removed by", is_cloud_controller_manager)]
        }
        "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable" => not_ready(cluster, symptoms, nodes),
        "node.kubernetes.io/unschedulable" => vec![cordon(nodes)],
        "node.kubernetes.io/memory-pressure" => vec![condition("MemoryPressure", nodes)],
        "node.kubernetes.io/disk-pressure" => vec![condition("DiskPressure", nodes)],
        "node.kubernetes.io/pid-pressure" => vec![condition("PIDPressure", nodes)],
        "node.kubernetes.io/network-unavailable" => vec![condition("NetworkUnavailable", nodes)],
        _ => Vec::new(),
    }
}

fn cordon(nodes: &BTreeSet<String>) -> Wait {
    Wait { nodes: nodes.clone(), ..Wait::new("stands for", ThingKind::Cordon, "of nodes") }
}

fn condition(type_: &str, nodes: &BTreeSet<String>) -> Wait {
    Wait { nodes: nodes.clone(), ..Wait::new("stands for", ThingKind::NodeCondition, type_) }
}

/// Why nodes are not ready: no network, or nobody hears of the kubelet.
pub(crate) fn not_ready(cluster: &Cluster, symptoms: &[Symptom], nodes: &BTreeSet<String>) -> Vec<Wait> {
    let mut waits: Vec<Wait> = Vec::new();
    for name in nodes {
        let Some(node) = cluster.store().find::<Node>("", name) else {
            waits.push(Wait::new("was on", ThingKind::Node, name.clone()).says("the node is not there any more"));
            continue;
        };
        let ready = ready_condition(node);
        let said = ready.and_then(|ready| ready.message.clone()).unwrap_or_default();
        let says_network = said.contains("NetworkPluginNotReady") || said.contains("cni");
        let then = if says_network {
            vec![runs(cluster, symptoms, NETWORK_PLUGIN, "waits for", installs_network)]
        } else {
            Vec::new()
        };
        let kind = if says_network {
            "Ready=False for want of a network".to_owned()
        } else {
            match ready.map(|ready| ready.status.as_str()) {
                Some("True") => continue,
                Some("Unknown") => "Ready=Unknown: no kubelet reports".to_owned(),
                _ => "Ready=False".to_owned(),
            }
        };
        match waits.iter_mut().find(|wait| wait.thing.name == kind) {
            Some(wait) => {
                wait.nodes.insert(name.clone());
            }
            None => waits.push(Wait::new("stands for", ThingKind::NodeCondition, kind).on(name).says(said).then(then)),
        }
    }
    waits
}

fn ready_condition(node: &Node) -> Option<&NodeCondition> {
    node.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.type_ == "Ready")
}

/// A component by the pods that are it: those that are unwell are what it waits for; without any it does not run at all.
fn runs(cluster: &Cluster, symptoms: &[Symptom], name: &str, verb: &'static str, is_it: fn(&PodSpec) -> bool) -> Wait {
    let store = cluster.store();
    let unwell: Vec<Wait> = symptoms
        .iter()
        .filter(|symptom| symptom.sample.as_ref().is_some_and(|pod| is_it(&pod.spec)))
        .map(|symptom| Wait::new("runs as", ThingKind::Pods, symptom.name()))
        .collect();
    let pods = store.list::<Pod>().filter(|pod| is_it(&pod.spec)).count();
    let templates = store.list::<DaemonSet>().filter_map(|set| set.spec.template.spec.as_ref());
    let templates = templates.chain(store.list::<Deployment>().filter_map(|set| set.spec.template.spec.as_ref()));
    let templates = templates.chain(store.list::<StatefulSet>().filter_map(|set| set.spec.template.spec.as_ref()));
    let workloads = templates.filter(|spec| is_it(spec)).count();
    let says = match (pods, workloads, unwell.len()) {
        (0, 0, _) => "no pod and no workload of it is there",
        (0, _, 0) => "its workload has no pod",
        (_, _, 0) => "its pods are well",
        _ => "its pods are not well",
    };
    Wait::new(verb, ThingKind::Component, name).says(says).then(unwell)
}

/// Why a claim has no volume.
pub(crate) fn behind_claim(cluster: &Cluster, claim: Option<&PersistentVolumeClaim>) -> Vec<Wait> {
    let Some(spec) = claim.and_then(|claim| claim.spec.as_ref()) else { return Vec::new() };
    let classes = || cluster.store().list::<StorageClass>();
    match spec.storage_class_name.as_deref() {
        None => {
            if classes().any(|class| is_default_storage_class(class)) {
                return Vec::new();
            }
            vec![
                Wait::new("names no class, and there is no default", ThingKind::StorageClass, "(default)")
                    .says("no StorageClass is the default one"),
            ]
        }
        Some("") => Vec::new(),
        Some(name) => match classes().find(|class| class.metadata.name.as_deref() == Some(name)) {
            None => {
                vec![
                    Wait::new("names the class", ThingKind::StorageClass, name)
                        .says(format!("storageclass.storage.k8s.io \"{name}\" not found")),
                ]
            }
            Some(class) if class.provisioner == "kubernetes.io/no-provisioner" => {
                vec![
                    Wait::new("names the class", ThingKind::StorageClass, name)
                        .says("it provisions nothing: a person makes its volumes"),
                ]
            }
            Some(_) => Vec::new(),
        },
    }
}
