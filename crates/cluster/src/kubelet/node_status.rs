//! What a kubelet says of its node: registration, the Ready condition, silence and return
//! (pkg/kubelet/kubelet_node_status.go, v1.34).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, NodeCondition, PodSpec, Taint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use sim_core::version::Version;

use crate::api::DaemonSet;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::controllers::cloud_node;
use crate::controllers::node_lifecycle::{self, NOT_READY, Ready, ready};
use crate::leases;
use crate::object::{KnownKind, Object};
use crate::pod;
use crate::store::{Changed, ObjectKey};

/// From the kubelet's start to its first word on the container runtime.
const START_MS: u64 = 1_000;
/// How often it looks whether the container runtime and its network are ready (`updateRuntimeUp`).
const RUNTIME_MS: u64 = 5_000;
/// What a kubelet says before it has looked.
const STARTING: &str = "container runtime status check may not have completed yet";
/// The runtime's reason for a network without configuration.
const NO_NETWORK: &str = "NetworkPluginNotReady";

/// Why nothing is heard of a kubelet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It is stopped, or cut off from the API server: its containers run on.
    CutOff,
    /// The machine is down.
    MachineDown,
    /// The machine is shut down, and the cloud knows.
    MachineStopped,
    /// The machine is gone, and the cloud knows.
    MachineDeleted,
}

/// What a kubelet is started with.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Flags {
    /// `--register-with-taints`.
    pub register_with_taints: Option<Vec<Taint>>,
    /// Whether `--cloud-provider` is `external`.
    pub cloud_provider_external: Option<bool>,
    /// `--node-labels`.
    pub node_labels: BTreeMap<String, String>,
}

/// A pod that installs the network became ready: its node's kubelet will notice.
pub(super) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match (&changed.before, &changed.after) {
        (before, Some(Object::Pod(now))) if pod::is_ready(now) => {
            let is_new = !matches!(before, Some(Object::Pod(before)) if pod::is_ready(before));
            let Some(node) = pod::node_name(now).filter(|_| is_new && installs_network(&now.spec)) else { return };
            let key = ObjectKey::new("", node);
            if cluster.store.get::<Node>(&key).is_some_and(|node| ready(node) == Ready::False) {
                cluster.agenda.add(cluster.clock.now_ms().saturating_add(RUNTIME_MS), Event::NodeStatus(key));
            }
        }
        (Some(Object::Node(node)), None) => {
            cluster.machines.insert(changed.key.clone(), Arc::clone(node));
        }
        (_, Some(Object::Node(_))) => {
            cluster.machines.remove(&changed.key);
        }
        _ => {}
    }
}

/// Whether pods with this spec install the network: who mounts the directory of the CNI configuration is there to write it.
pub fn installs_network(spec: &PodSpec) -> bool {
    let paths = spec.volumes.iter().flatten().filter_map(|volume| volume.host_path.as_ref());
    paths.into_iter().any(|host| host.path.trim_end_matches('/').ends_with("cni/net.d"))
        || spec.containers.iter().filter_map(|container| container.image.as_deref()).any(|image| {
            // It mounts all of /etc.
            image.contains("weave-kube")
        })
}

/// Which flags the nodes of the input show that their kubelets were started with: none but `--cloud-provider=external`
/// registers the taint that waits for a cloud-controller-manager.
pub(crate) fn adopt_flags(cluster: &mut Cluster) {
    let waiting = cluster.store.list::<Node>().filter(|node| cloud_node::is_uninitialized(node));
    let keys: Vec<ObjectKey> = waiting.map(|node| ObjectKey::of(node.as_ref())).collect();
    for key in keys {
        cluster.kubelet_flags.entry(key).or_default().cloud_provider_external = Some(true);
    }
}

/// A node joins: its kubelet registers it as not ready yet, with the taints it was told to.
pub(crate) fn join(cluster: &mut Cluster, node: &mut Node) {
    let key = ObjectKey::of(node);
    let flags = cluster.kubelet_flags.get(&key).cloned().unwrap_or_default();
    let external = flags.cloud_provider_external.unwrap_or(cluster.setup.kubelet_cloud_provider_external);
    node.metadata.labels.get_or_insert_default().extend(flags.node_labels);
    let taints = node.spec.get_or_insert_default().taints.get_or_insert_default();
    let not_ready = Taint { key: NOT_READY.to_owned(), effect: "NoSchedule".to_owned(), ..Taint::default() };
    let registered = flags.register_with_taints.into_iter().flatten();
    let uninitialized = external.then(cloud_node::uninitialized_taint);
    for taint in registered.chain(uninitialized).chain([not_ready]) {
        if !taints.iter().any(|there| there.key == taint.key && there.effect == taint.effect) {
            taints.push(taint);
        }
    }
    let now = cluster.clock.time();
    let mut conditions = healthy(&now);
    if let Some(condition) = conditions.iter_mut().find(|condition| condition.type_ == "Ready") {
        set(condition, "False", "KubeletNotReady", STARTING, &now);
    }
    node.status.get_or_insert_default().conditions = Some(conditions);
    cluster.agenda.add(cluster.clock.now_ms().saturating_add(START_MS), Event::NodeStatus(key));
}

/// The conditions that a kubelet posts when nothing is wrong.
pub(crate) fn healthy(now: &Time) -> Vec<NodeCondition> {
    let condition = |type_: &str, status: &str, reason: &str, message: &str| NodeCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_heartbeat_time: Some(now.clone()),
        last_transition_time: Some(now.clone()),
    };
    vec![
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
}

/// The kubelet looks at its runtime: a node that waited for that, or for its network, may be ready.
pub(crate) fn post(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(node) = cluster.store.get::<Node>(key).cloned() else { return };
    let message = ready_message(&node);
    if cluster.silent_nodes.contains_key(key) || !(message == STARTING || message.contains(NO_NETWORK)) {
        return;
    }
    let waits = message.contains(NO_NETWORK) || cluster_installs_network(cluster);
    let has_network = cluster.pods_on(&key.name).iter().any(|pod| pod::is_ready(pod) && installs_network(&pod.spec));
    if waits && !has_network {
        let fault = network_message(cluster, &node);
        if message == STARTING {
            post_ready(cluster, key, "False", "KubeletNotReady", &fault);
        }
        return;
    }
    post_ready(cluster, key, "True", "KubeletReady", "kubelet is posting ready status");
    tell(cluster, key, "Normal", "NodeReady", &format!("Node {} status is now: NodeReady", key.name));
    for pod in cluster.pods_on(&key.name) {
        super::node_is_back(cluster, &pod);
    }
}

/// Whether the network of this cluster is installed by pods, as far as its objects show.
fn cluster_installs_network(cluster: &Cluster) -> bool {
    let templates = cluster.store.list::<DaemonSet>().filter_map(|set| set.spec.template.spec.as_ref());
    templates.into_iter().any(installs_network)
        || cluster.store.list::<Node>().any(|node| ready_message(node).contains(NO_NETWORK))
}

/// Why pods without the host's network cannot start on a node.
pub(super) fn network_fault(node: &Node) -> Option<&str> {
    Some(ready_message(node)).filter(|message| ready(node) == Ready::False && message.contains(NO_NETWORK))
}

fn ready_message(node: &Node) -> &str {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let mut found =
        conditions.into_iter().filter(|condition| condition.type_ == "Ready" && condition.status == "False");
    found.next().and_then(|condition| condition.message.as_deref()).unwrap_or_default()
}

/// What the kubelet makes of its runtime's report that there is no network yet.
fn network_message(cluster: &Cluster, node: &Node) -> String {
    let info = node.status.as_ref().and_then(|status| status.node_info.as_ref());
    let runtime = info.map(|info| info.container_runtime_version.as_str()).filter(|version| !version.is_empty());
    let said = match runtime.unwrap_or(cluster.behaviour.container_runtime).split(':').next() {
        Some("docker") => "docker: network plugin is not ready: cni config uninitialized",
        Some("cri-o") => {
            "Network plugin returns error: No CNI configuration file in /etc/cni/net.d/. Has your network provider started?"
        }
        _ => "Network plugin returns error: cni plugin not initialized",
    };
    format!("{}: NetworkReady=false reason:{NO_NETWORK} message:{said}", cluster.behaviour.network_not_ready)
}

/// Nothing is heard of the kubelet any more.
pub(crate) fn fall_silent(cluster: &mut Cluster, key: &ObjectKey, silence: Silence) {
    if cluster.silent_nodes.insert(key.clone(), silence).is_none() {
        node_lifecycle::silence_begins(cluster, key);
        leases::fell_silent(cluster, key, cluster.clock.now());
    }
    cloud_node::machine_changed(cluster, key);
    cluster.note_headless(&key.name);
}

/// The kubelet is heard again. A machine that was down has started again, and its containers with it.
pub(crate) fn come_back(cluster: &mut Cluster, key: &ObjectKey) {
    let silence = cluster.silent_nodes.remove(key);
    node_lifecycle::silence_ends(cluster, key);
    leases::is_heard(cluster, key);
    let was_down = silence.is_some_and(|silence| silence != Silence::CutOff);
    if was_down {
        start(cluster, key);
        let message = format!("Node {} has been rebooted, boot id: {}", key.name, cluster.names.uid(&key.name));
        tell(cluster, key, "Warning", "Rebooted", &message);
    }
    resume(cluster, key);
    for pod in cluster.pods_on(&key.name) {
        if was_down && pod::is_active(&pod) {
            super::containers::reboot(cluster, &pod, &key.name);
        }
        super::node_is_back(cluster, &pod);
    }
}

/// The kubelet is restarted, perhaps as another version: its containers run on. What it registers a node with counts only for a node that is not
/// there.
pub(crate) fn restart(cluster: &mut Cluster, key: &ObjectKey, flags: Option<Flags>, version: Option<Version>) {
    if let Some(flags) = flags {
        cluster.kubelet_flags.insert(key.clone(), flags);
    }
    cluster.silent_nodes.remove(key);
    node_lifecycle::silence_ends(cluster, key);
    leases::is_heard(cluster, key);
    start(cluster, key);
    resume(cluster, key);
    if let Some(version) = version {
        cluster.store.update::<Node>(key, |node| {
            let info = node.status.get_or_insert_default().node_info.get_or_insert_default();
            info.kubelet_version = version.to_string();
            info.kube_proxy_version = version.to_string();
        });
    }
    cluster.deliver_changes();
    super::admission::take_in_anew(cluster, &key.name);
    for pod in cluster.pods_on(&key.name) {
        super::node_is_back(cluster, &pod);
    }
}

/// A kubelet starts: it registers its node unless that is there.
fn start(cluster: &mut Cluster, key: &ObjectKey) {
    if let (None, Some(machine)) = (cluster.store.get::<Node>(key), cluster.machines.get(key).cloned()) {
        let mut node = Node::clone(&machine);
        let labels = node.metadata.labels.take();
        node.metadata = ObjectMeta { name: Some(key.name.to_string()), labels, ..ObjectMeta::default() };
        // Taints, cordon, address range and provider ID were the deleted object's.
        node.spec = None;
        if let Some(status) = &mut node.status {
            status.conditions = None;
            status.volumes_attached = None;
            status.volumes_in_use = None;
        }
        join(cluster, &mut node);
        cluster.admit_typed(node);
    }
    let name = &key.name;
    tell(cluster, key, "Normal", "Starting", "Starting kubelet.");
    for reason in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
        tell(cluster, key, "Normal", reason, &format!("Node {name} status is now: {reason}"));
    }
    tell(cluster, key, "Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
}

/// Conditions that had become Unknown are posted again.
fn resume(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(node) = cluster.store.get::<Node>(key) else { return };
    let was = ready(node);
    let now = cluster.clock.time();
    cluster.store.update::<Node>(key, |node| {
        let conditions = node.status.get_or_insert_default().conditions.get_or_insert_default();
        for posted in healthy(&now) {
            match conditions.iter_mut().find(|condition| condition.type_ == posted.type_) {
                Some(condition) if condition.status == "Unknown" => *condition = posted,
                Some(condition) => condition.last_heartbeat_time = Some(now.clone()),
                None => conditions.push(posted),
            }
        }
    });
    if was == Ready::Unknown {
        tell(cluster, key, "Normal", "NodeReady", &format!("Node {} status is now: NodeReady", key.name));
    }
}

fn post_ready(cluster: &mut Cluster, key: &ObjectKey, status: &str, reason: &str, message: &str) {
    let now = cluster.clock.time();
    cluster.store.update::<Node>(key, |node| {
        let conditions = node.status.get_or_insert_default().conditions.get_or_insert_default();
        if let Some(condition) = conditions.iter_mut().find(|condition| condition.type_ == "Ready") {
            set(condition, status, reason, message, &now);
        }
    });
}

fn set(condition: &mut NodeCondition, status: &str, reason: &str, message: &str, now: &Time) {
    if condition.status != status {
        condition.last_transition_time = Some(now.clone());
    }
    condition.status = status.to_owned();
    condition.reason = Some(reason.to_owned());
    condition.message = Some(message.to_owned());
    condition.last_heartbeat_time = Some(now.clone());
}

/// Records an event of the kubelet about its node.
fn tell(cluster: &mut Cluster, key: &ObjectKey, type_: &str, reason: &str, message: &str) {
    if let Some(node) = cluster.store.get::<Node>(key).cloned() {
        cluster.event_from("kubelet", Some(&key.name), &Node::wrap(node), type_, reason, message);
    }
}
