//! The cloud-node and cloud-node-lifecycle controllers of a cloud-controller-manager (k8s.io/cloud-provider, v1.34):
//! one initialises nodes whose kubelet waits for it, the other follows what became of their machines.
//!
//! They act while the Scenario says that a cloud-controller-manager runs, or while a pod of one is ready.

use k8s_openapi::api::core::v1::{Container, Node, PodSpec, Taint};

use super::node_lifecycle::{MONITOR_MS, Ready, ready};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::kubelet::Silence;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// Set by kubelets with `--cloud-provider=external` at registration, removed by the cloud-node controller.
pub const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";
/// On nodes whose machine is shut down.
const SHUTDOWN: &str = "node.cloudprovider.kubernetes.io/shutdown";
/// From the moment a node is seen to its initialisation: the cloud is asked meanwhile.
const INITIALISE_MS: u64 = 1_000;

/// A node changed, or a pod of a cloud-controller-manager became ready.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    index(cluster, changed);
    match (&changed.before, &changed.after) {
        (_, Some(Object::Node(node))) => {
            if is_uninitialized(node) && runs(cluster) {
                plan_initialisation(cluster, changed.key.clone());
            }
            if follows_machine(cluster, &changed.key, node) && runs(cluster) {
                cluster.agenda.add(cluster.clock.next_tick(MONITOR_MS), Event::MonitorCloudNodes);
            }
        }
        (before, Some(Object::Pod(now))) if is_manager(now) => {
            let is_new = !matches!(before, Some(Object::Pod(before)) if pod::is_ready(before));
            if pod::is_ready(now) && is_new {
                begin(cluster);
            }
        }
        _ => {}
    }
}

/// The state of a node's machine changed, as the cloud sees it.
pub(crate) fn machine_changed(cluster: &mut Cluster, key: &ObjectKey) {
    let node = cluster.store.get::<Node>(key);
    if node.is_some_and(|node| follows_machine(cluster, key, node)) && runs(cluster) {
        cluster.agenda.add(cluster.clock.next_tick(MONITOR_MS), Event::MonitorCloudNodes);
    }
}

/// A cloud-controller-manager that starts sees every node as new.
fn begin(cluster: &mut Cluster) {
    let waiting: Vec<ObjectKey> = cluster
        .store
        .list::<Node>()
        .filter(|node| is_uninitialized(node))
        .map(|node| ObjectKey::of(node.as_ref()))
        .collect();
    for key in waiting {
        plan_initialisation(cluster, key);
    }
    cluster.agenda.add(cluster.clock.next_tick(MONITOR_MS), Event::MonitorCloudNodes);
}

fn plan_initialisation(cluster: &mut Cluster, key: ObjectKey) {
    cluster.agenda.add(cluster.clock.now_ms().saturating_add(INITIALISE_MS), Event::InitialiseCloudNode(key));
}

/// Whether a cloud-controller-manager acts now.
pub(crate) fn runs(cluster: &Cluster) -> bool {
    cluster.setup.cloud_controller_manager
        || cluster
            .cloud_managers
            .iter()
            .any(|key| cluster.store.get::<Pod>(key).is_some_and(|pod| pod::is_ready(pod) && pod::is_active(pod)))
}

/// The name of the cloud, as a cloud-controller-manager is told it (`--cloud-provider`).
fn provider(cluster: &Cluster) -> String {
    let managers = cluster.cloud_managers.iter().filter_map(|key| cluster.store.get::<Pod>(key));
    let words = managers.flat_map(|pod| &pod.spec.containers).flat_map(|container| {
        container.command.iter().flatten().chain(container.args.iter().flatten()).map(String::as_str)
    });
    let mut named = words.filter_map(|word| word.trim_start_matches('-').strip_prefix("cloud-provider="));
    named.next().unwrap_or("cloud").to_owned()
}

/// Keeps the list of pods that are a cloud-controller-manager.
fn index(cluster: &mut Cluster, changed: &Changed) {
    match (changed.kind, &changed.after) {
        (Kind::Pod, Some(Object::Pod(pod))) if changed.before.is_none() && is_manager(pod) => {
            cluster.cloud_managers.insert(changed.key.clone());
        }
        (Kind::Pod, None) => {
            cluster.cloud_managers.remove(&changed.key);
        }
        _ => {}
    }
}

/// Whether pods with this spec are a cloud-controller-manager, by the names under which the providers ship theirs.
pub fn is_cloud_controller_manager(spec: &PodSpec) -> bool {
    spec.containers.iter().any(is_manager_container)
}

fn is_manager(pod: &Pod) -> bool {
    is_cloud_controller_manager(&pod.spec)
}

fn is_manager_container(container: &Container) -> bool {
    let image = container.image.as_deref().unwrap_or_default();
    let command = container.command.iter().flatten().next().map_or("", String::as_str);
    let known = ["cloud-controller-manager", "cloud-node-manager"];
    let images =
        ["cloud-provider-vsphere/cpi", "cloud-provider-equinix-metal", "linode-cloud-controller", "packet-ccm"];
    known.iter().any(|name| image.contains(name) || container.name.contains(name) || command.contains(name))
        || images.iter().any(|name| image.contains(name))
}

/// The taint as the kubelet registers it.
pub(crate) fn uninitialized_taint() -> Taint {
    Taint {
        key: UNINITIALIZED.to_owned(),
        value: Some("true".to_owned()),
        effect: "NoSchedule".to_owned(),
        time_added: None,
    }
}

/// Whether the node waits for a cloud-controller-manager.
pub fn is_uninitialized(node: &Node) -> bool {
    has_taint(node, UNINITIALIZED)
}

fn has_taint(node: &Node, key: &str) -> bool {
    node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).any(|taint| taint.key == key)
}

fn remove_taint(cluster: &mut Cluster, key: &ObjectKey, taint_key: &str) {
    cluster.store.update::<Node>(key, |node| {
        if let Some(taints) = node.spec.as_mut().and_then(|spec| spec.taints.as_mut()) {
            taints.retain(|taint| taint.key != taint_key);
        }
    });
}

/// Initialises a node: it gets the ID that its machine has in the cloud, and the taint goes (`syncNode`). What else the
/// cloud knows of it stays unknown.
pub(crate) fn initialise(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(node) = cluster.store.get::<Node>(key).filter(|node| is_uninitialized(node)).cloned() else { return };
    if !runs(cluster) {
        return;
    }
    let provider_id = format!("{}://{}", provider(cluster), key.name);
    cluster.store.update::<Node>(key, |node| {
        node.spec.get_or_insert_default().provider_id.get_or_insert(provider_id);
    });
    remove_taint(cluster, key, UNINITIALIZED);
    if cluster.behaviour.tells_of_initialised_nodes {
        cluster.event_from(
            "cloud-node-controller",
            None,
            &Node::wrap(node),
            "Normal",
            "Synced",
            "Node synced successfully",
        );
    }
}

/// Whether the state of the node's machine asks for something.
fn follows_machine(cluster: &Cluster, key: &ObjectKey, node: &Node) -> bool {
    match cluster.silent_nodes.get(key) {
        Some(Silence::MachineDeleted) => ready(node) != Ready::True,
        Some(Silence::MachineStopped) => ready(node) != Ready::True && !has_taint(node, SHUTDOWN),
        _ => ready(node) == Ready::True && has_taint(node, SHUTDOWN),
    }
}

/// One pass over the nodes (`MonitorNodes`): those whose machine is gone are deleted, those whose machine is shut down are
/// tainted until they are ready again.
pub(crate) fn monitor(cluster: &mut Cluster) {
    if !runs(cluster) {
        return;
    }
    let nodes: Vec<_> = cluster.store.list::<Node>().cloned().collect();
    for node in nodes {
        let key = ObjectKey::of(node.as_ref());
        if !follows_machine(cluster, &key, &node) {
            continue;
        }
        match cluster.silent_nodes.get(&key) {
            Some(Silence::MachineDeleted) => {
                let message = format!("Deleting node {} because it does not exist in the cloud provider", key.name);
                let component = "cloud-node-lifecycle-controller";
                cluster.event_from(component, None, &Node::wrap(node), "Normal", "DeletingNode", &message);
                cluster.delete_object(Kind::Node, &key, DeleteOptions::default());
            }
            Some(_) => {
                let taint = Taint { key: SHUTDOWN.to_owned(), effect: "NoSchedule".to_owned(), ..Taint::default() };
                cluster.store.update::<Node>(&key, |node| {
                    node.spec.get_or_insert_default().taints.get_or_insert_default().push(taint);
                });
            }
            None => remove_taint(cluster, &key, SHUTDOWN),
        }
    }
}
