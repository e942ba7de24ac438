//! Too little of a resource: more nodes, smaller requests, fewer replicas, a higher priority.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use serde_json::json;
use sim_cluster::pod::Pod;
use sim_cluster::{Change, Kind, KubeletRestart, Object, Ownership, convert, pod};
use sim_core::model::resources::PodRequests;
use sim_core::scheduler::plugins::node_affinity::matches_required;
use sim_core::scheduler::{NodeInfo, PluginName};

use super::super::edit::Edit;
use super::super::missing::has_controller;
use super::Site;
use super::workload::{owner_of, patch_pods, pods_of, reference};
use crate::ask::Filters;
use crate::diagnosis::{Symptom, host_port_holders};
use crate::node;
use crate::words;

/// What to do about too little room for a resource.
pub(super) fn of_resource(site: &Site<'_>) -> Vec<Edit> {
    let mut edits = more_nodes(site);
    edits.extend(more_pods_each(site));
    edits.extend(device_plugin(site));
    for symptom in &site.directly {
        edits.extend(smaller_requests(site, symptom));
        edits.extend(fewer_replicas(symptom, site));
        edits.extend(higher_priority(site, symptom));
        edits.extend(move_another(site, symptom));
    }
    edits
}

/// How many pods a kubelet takes when nothing says otherwise (`maxPods`).
const MAX_PODS: i64 = 110;

/// Kubelets that take as many pods as kubelets do by default.
fn more_pods_each(site: &Site<'_>) -> Option<Edit> {
    let snapshot = site.cluster.scheduling().snapshot();
    let small = |node: &&String| snapshot.node(node).is_some_and(|info| info.node.allocatable.get("pods") < MAX_PODS);
    let nodes: Vec<&String> = site.knot.nodes.iter().filter(small).collect();
    if site.knot.thing.name != "pods" || nodes.is_empty() {
        return None;
    }
    let changes = nodes.iter().map(|node| restart_with(node, "pods", MAX_PODS)).collect();
    let edit = Edit::new(format!("run the kubelets of {} with --max-pods={MAX_PODS}", words::nodes(&nodes)), changes);
    let edit = edit.setting(format!(
        "KubeletConfiguration: maxPods: {MAX_PODS}; kubespray: kubelet_max_pods: {MAX_PODS}; for a cloud's nodes in the template of their group"
    ));
    Some(edit.limit("the network plugin must have an address for each of the pods on a node"))
}

/// The kubelet is restarted, and offers so much of a resource.
fn restart_with(node: &str, resource: &str, amount: i64) -> Change {
    Change::KubeletRestart(KubeletRestart {
        node: node.to_owned(),
        register_with_taints: None,
        cloud_provider_external: None,
        node_labels: None,
        allocatable: Some([(resource.to_owned(), amount.to_string())].into()),
        version: None,
    })
}

/// The program that tells kubelets of devices, where no node has any and nothing else keeps the pods off.
fn device_plugin(site: &Site<'_>) -> Option<Edit> {
    let resource = site.knot.thing.name.as_str();
    let snapshot = site.cluster.scheduling().snapshot();
    let is_there = || snapshot.nodes().any(|info| info.node.allocatable.get(resource) > 0);
    if !resource.contains('/') || is_there() {
        return None;
    }
    let sample = site.directly.first()?.sample.as_deref()?;
    let asked = PodRequests::of(&convert::pod(sample), snapshot.behaviour().requests).incoming.get(resource);
    let nodes = only_too_full(site, sample);
    if nodes.is_empty() {
        return None;
    }
    let name = resource.replace(['/', '.'], "-") + "-device-plugin";
    let manifest = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": {"name": name}},
            "template": {
                "metadata": {"labels": {"name": name}},
                "spec": {
                    "priorityClassName": "system-node-critical",
                    "nodeSelector": sample.spec.node_selector,
                    "tolerations": [{"operator": "Exists"}],
                    "containers": [{
                        "name": "device-plugin",
                        "image": "registry.example.com/device-plugin:latest",
                        "volumeMounts": [{"name": "device-plugins", "mountPath": "/var/lib/kubelet/device-plugins"}],
                    }],
                    "volumes": [{"name": "device-plugins", "hostPath": {"path": "/var/lib/kubelet/device-plugins"}}],
                },
            },
        },
    });
    let objects: Vec<Object> = Object::read(Kind::DaemonSet, manifest).into_iter().collect();
    let offers = nodes.iter().map(|node| restart_with(node, resource, asked));
    let changes = std::iter::once(Change::Apply(objects)).chain(offers).collect();
    Some(
        Edit::new(format!("install the device plugin of {resource}"), changes)
            .limit("the manifest stands for the vendor's own")
            .limit(format!(
                "the input does not say how many devices the machines have: {} {} taken to have {asked}",
                words::nodes(&nodes),
                if nodes.len() == 1 { "is" } else { "are each" }
            )),
    )
}

/// The nodes that refuse a pod for want of room and for nothing else.
fn only_too_full(site: &Site<'_>, sample: &Pod) -> Vec<String> {
    let snapshot = site.cluster.scheduling().snapshot();
    let refusals = Filters::new(site.cluster, snapshot).refusals(&convert::pod(sample));
    let full = refusals.into_iter().filter(|(_, plugins)| *plugins == [PluginName::NodeResourcesFit]);
    full.map(|(info, _)| info.name().to_owned()).collect()
}

/// The smallest pods of others that would leave a hole that is large enough: their owners make them anew elsewhere.
fn move_another(site: &Site<'_>, symptom: &Symptom) -> Vec<Edit> {
    let resource = site.knot.thing.name.as_str();
    let Some(sample) = symptom.sample.as_deref() else { return Vec::new() };
    let snapshot = site.cluster.scheduling().snapshot();
    let asks = |pod: &Pod| PodRequests::of(&convert::pod(pod), snapshot.behaviour().requests).incoming.get(resource);
    let asked = asks(sample);
    let mut found: Vec<(i64, String, Arc<Pod>)> = Vec::new();
    for node in only_too_full(site, sample) {
        let Some(info) = snapshot.node(&node) else { continue };
        let free = info.node.allocatable.get(resource).saturating_sub(info.requested.get(resource));
        let movable =
            site.cluster.pods_on(&node).into_iter().filter(|pod| pod::is_active(pod) && is_made_anew(site, pod));
        let enough = movable.map(|pod| (asks(&pod), pod)).filter(|(gives, _)| free.saturating_add(*gives) >= asked);
        let smallest = enough.min_by(|(left, one), (right, other)| {
            left.cmp(right).then_with(|| one.metadata.name.cmp(&other.metadata.name))
        });
        found.extend(smallest.filter(|(gives, _)| *gives > 0).map(|(gives, pod)| (gives, node, pod)));
    }
    found.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    found.into_iter().take(MOVED_PODS).filter_map(|(_, node, pod)| moved(&pod, &node)).collect()
}

/// Whether a pod comes back on any node when it is deleted, as far as its owner is known.
fn is_made_anew(site: &Site<'_>, pod: &Pod) -> bool {
    let owner = pod::controller_of(&pod.metadata);
    owner.is_some_and(|owner| !matches!(owner.kind.as_str(), "DaemonSet" | "Node")) && has_controller(site.cluster, pod)
}

fn moved(pod: &Pod, node: &str) -> Option<Edit> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let edit = Edit::new(
        format!("delete the pod {namespace}/{name} on {node}, so that it goes elsewhere"),
        vec![Change::Delete(reference(namespace, "pod", name))],
    );
    Some(edit.of_kind("move another pod").limit("nothing keeps such a pod from coming back to that node another time"))
}

/// Have the pods that hold a port of the host go elsewhere; more nodes; fewer replicas.
pub(super) fn of_host_port(site: &Site<'_>) -> Vec<Edit> {
    let mut edits = more_nodes(site);
    for symptom in &site.directly {
        edits.extend(fewer_replicas(symptom, site));
        let Some(sample) = symptom.sample.as_deref() else { continue };
        let holders = site.knot.nodes.iter().flat_map(|node| {
            let holders = host_port_holders(site.cluster, sample, node);
            holders.into_iter().map(move |holder| (holder, node))
        });
        let movable = holders.filter(|(holder, _)| is_made_anew(site, holder));
        edits.extend(movable.take(MOVED_PODS).filter_map(|(holder, node)| moved(&holder, node)));
    }
    edits
}

/// So many pods are tried elsewhere, the smallest first.
const MOVED_PODS: usize = 2;

/// New nodes like those that are there: the first node of each shape on which the pods would fit, were it empty.
pub(super) fn more_nodes(site: &Site<'_>) -> Vec<Edit> {
    let Some(symptom) = site.directly.first() else { return Vec::new() };
    let Some(sample) = symptom.sample.as_deref() else { return Vec::new() };
    let pending: usize = site.directly.iter().map(|symptom| symptom.count).sum();
    let snapshot = site.cluster.scheduling().snapshot();
    let model = convert::pod(sample);
    let requests = PodRequests::of(&model, snapshot.behaviour().requests);
    let is_selected = |info: &NodeInfo| matches_required(snapshot.behaviour(), &model.spec, &info.node);
    let some_are_selected = snapshot.nodes().any(is_selected);
    let mut shapes: Vec<(Vec<i64>, String, i64)> = Vec::new();
    for node in site.cluster.store().list::<Node>() {
        let Some(name) = node.metadata.name.as_deref() else { continue };
        let Some(info) = snapshot.node(name).filter(|info| !some_are_selected || is_selected(info)) else { continue };
        let shape: Vec<i64> = ["cpu", "memory", "pods", "ephemeral-storage"]
            .iter()
            .map(|resource| info.node.allocatable.get(resource))
            .collect();
        let resources = ["cpu", "memory", "ephemeral-storage", site.knot.thing.name.as_str()];
        let fits = resources.iter().map(|resource| {
            let asked = requests.incoming.get(resource);
            if asked <= 0 { i64::MAX } else { info.node.allocatable.get(resource) / asked }
        });
        let fits = fits.min().unwrap_or(i64::MAX).min(info.node.allocatable.get("pods").max(1));
        let is_barred = node::is_cordoned(node)
            || node::taints(node).any(|taint| taint.key.starts_with("node-role.kubernetes.io/"));
        if fits >= 1 && !is_barred && !shapes.iter().any(|(known, ..)| *known == shape) {
            shapes.push((shape, name.to_owned(), fits));
        }
    }
    let wanted = i64::try_from(pending).unwrap_or(i64::MAX);
    let mut edits = Vec::new();
    for (_, from, fits) in shapes.into_iter().take(2) {
        let least = usize::try_from((wanted + fits - 1) / fits).unwrap_or(1).max(1);
        // One may do where the pods need not all be there at a time.
        for count in BTreeSet::from([1, least, least + 1]) {
            let title =
                if count == 1 { format!("add a node like {from}") } else { format!("add {count} nodes like {from}") };
            let edit = Edit::new(title, vec![Change::AddNode { from: from.clone(), count }]);
            edits.push(edit.of_kind(format!("add nodes like {from}")));
        }
    }
    edits
}

/// Requests cut down to the largest hole.
fn smaller_requests(site: &Site<'_>, symptom: &Symptom) -> Option<Edit> {
    let resource = site.knot.thing.name.as_str();
    let owner = owner_of(symptom)?;
    let sample = symptom.sample.as_deref()?;
    let snapshot = site.cluster.scheduling().snapshot();
    let free = |info: &NodeInfo| info.node.allocatable.get(resource).saturating_sub(info.requested.get(resource));
    let nodes = site.knot.nodes.iter().filter_map(|node| snapshot.node(node));
    // Of equal holes the first node's.
    let (hole, node) = nodes.map(|info| (free(info), info.name())).rev().max_by_key(|(hole, _)| *hole)?;
    if hole <= 0 {
        return None;
    }
    let [container] = sample.spec.containers.as_slice() else { return None };
    let amount = match resource {
        "cpu" => format!("{hole}m"),
        "memory" => format!("{}Mi", hole / (1024 * 1024)),
        _ => return None,
    };
    if amount.starts_with('0') {
        return None;
    }
    let patch = json!({"containers": [{"name": container.name, "resources": {"requests": {resource: amount}}}]});
    let edit = Edit::new(
        format!("have {owner} ask for {amount} of {resource}, what is free on {node}"),
        vec![patch_pods(&owner, patch)],
    );
    let edit = edit.of_kind(format!("have {owner} ask for less {resource}"));
    Some(edit.gives_up("the pods are promised less than their author asked for"))
}

/// As many replicas as there is room for.
pub(super) fn fewer_replicas(symptom: &Symptom, site: &Site<'_>) -> Option<Edit> {
    let owner =
        owner_of(symptom).filter(|owner| matches!(owner.kind.as_str(), "deployment" | "statefulset" | "replicaset"))?;
    let ownership = Ownership::of(site.cluster.store());
    let own = pods_of(site.cluster, &ownership, &symptom.namespace, &symptom.owner);
    let placed = own.filter(|other| pod::is_active(other) && pod::node_name(other).is_some()).count();
    let replicas = i32::try_from(placed).ok().filter(|replicas| *replicas > 0)?;
    let kind = format!("scale {owner} down");
    let edit = Edit::new(
        format!("scale {owner} to {replicas}, as many as have a node"),
        vec![Change::Scale { workload: owner, replicas }],
    );
    Some(edit.of_kind(kind).gives_up("fewer replicas serve"))
}

/// The highest value that a class of a person may have (`HighestUserDefinablePriority`).
const HIGHEST_PRIORITY: i32 = 1_000_000_000;

/// The lowest priority class above the pods' own: others give way.
fn higher_priority(site: &Site<'_>, symptom: &Symptom) -> Option<Edit> {
    let owner = owner_of(symptom)?;
    let own = symptom.sample.as_deref()?.spec.priority.unwrap_or(0);
    let classes = site.cluster.store().list::<PriorityClass>();
    let is_system =
        |class: &PriorityClass| class.metadata.name.as_deref().is_some_and(|name| name.starts_with("system-"));
    let class = classes.filter(|class| class.value > Some(own) && !is_system(class)).min_by_key(|class| class.value);
    let (name, mut changes) = match class.and_then(|class| class.metadata.name.clone()) {
        Some(name) => (name, Vec::new()),
        None => {
            let name = format!("{}-priority", owner.name);
            let value = own.saturating_add(1000).min(HIGHEST_PRIORITY);
            let manifest = json!({
                "apiVersion": "scheduling.k8s.io/v1",
                "kind": "PriorityClass",
                "metadata": {"name": name},
                "value": value,
            });
            let objects: Vec<Object> = Object::read(Kind::PriorityClass, manifest).into_iter().collect();
            (name, vec![Change::Apply(objects)])
        }
    };
    let patch = json!({"priorityClassName": name, "priority": null});
    changes.push(patch_pods(&owner, patch));
    let edit = Edit::new(format!("give {owner} the priority class {name}"), changes);
    Some(edit.weakens("pods of lower priority are evicted for it"))
}
