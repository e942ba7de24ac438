//! The kubelet: starts the pods that are bound to its node, tells when they are ready, and ends those that are deleted.
//!
//! Images are taken to be on the machine and every container to start and stay up; declared behaviours come later.

mod node_status;

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus,
    HostIP, Node, PodIP, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use crate::clock::Event;
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

pub(crate) use node_status::{Flags, Silence, come_back, fall_silent, healthy, join, post, restart};

/// From binding to the first container's start, and from one init container to the next.
const START_MS: u64 = 1_000;
/// From the order to stop to the end of the containers.
const STOP_MS: u64 = 1_000;

/// A pod changed, or a node.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    node_status::watch(cluster, changed);
    if changed.kind == Kind::Pod && changed.after.is_none() {
        cluster.accepted_pods.remove(&changed.key);
    }
    if let Some(Object::Pod(pod)) = &changed.after {
        plan(cluster, pod);
    }
}

/// Puts the next work on a pod on the agenda.
fn plan(cluster: &mut Cluster, pod: &Pod) {
    let key = ObjectKey::of(pod);
    let Some(node) = pod::node_name(pod) else { return };
    if !is_alive(cluster, node) {
        return;
    }
    let delay = if pod::is_terminating(pod) {
        STOP_MS
    } else {
        match stage(pod) {
            Stage::New => 0,
            // What a dump shows half started is stuck for a reason that it does not show.
            Stage::Starting { .. } if cluster.accepted_pods.contains(&key) => START_MS,
            Stage::Starting { .. } | Stage::Started => return,
        }
    };
    cluster.agenda.add(cluster.clock.now_ms().saturating_add(delay), Event::Kubelet(key));
}

/// One piece of work on a pod: accept it, run one init container, start the containers, find it ready, or end it.
pub(crate) fn work(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(pod) = cluster.store.get::<Pod>(key).cloned() else { return };
    let Some(node_name) = pod::node_name(&pod).filter(|node| is_alive(cluster, node)) else { return };
    let node_name = node_name.to_owned();
    if pod::is_terminating(&pod) {
        for container in containers(&pod) {
            tell(cluster, &pod, &node_name, "Killing", &format!("Stopping container {}", container.name));
        }
        cluster.end_pod(key);
        if pod::is_static(&pod) {
            // Its file is still there: the kubelet makes the mirror pod anew.
            let mut again = Pod::clone(&pod);
            again.status = None;
            again.metadata = ObjectMeta {
                name: pod.metadata.name.clone(),
                namespace: pod.metadata.namespace.clone(),
                labels: pod.metadata.labels.clone(),
                annotations: pod.metadata.annotations.clone(),
                owner_references: pod.metadata.owner_references.clone(),
                ..ObjectMeta::default()
            };
            cluster.create(again);
        }
        return;
    }
    if pod::is_terminal(&pod) {
        return;
    }
    if pod.spec.host_network != Some(true)
        && let Some(node) = cluster.store.find::<Node>("", &node_name)
        && let Some(fault) = node_status::network_fault(node)
    {
        let message = format!("network is not ready: {fault}");
        cluster.event_from("kubelet", Some(&node_name), &Pod::wrap(pod), "Warning", "NetworkNotReady", &message);
        return;
    }
    match stage(&pod) {
        Stage::New => accept(cluster, key, &pod, &node_name),
        Stage::Starting { init_done } => start(cluster, key, &pod, &node_name, init_done),
        Stage::Started => become_ready(cluster, key, &pod),
    }
}

/// The node reports again: its kubelet takes up its pods where they stand.
fn node_is_back(cluster: &mut Cluster, pod: &Pod) {
    plan(cluster, pod);
    if matches!(stage(pod), Stage::Started) && pod::is_active(pod) {
        cluster.agenda.add(cluster.clock.now_ms(), Event::Kubelet(ObjectKey::of(pod)));
    }
}

/// Whether the node exists and its kubelet reports.
fn is_alive(cluster: &Cluster, node: &str) -> bool {
    let key = ObjectKey::new("", node);
    let Some(node) = cluster.store.get::<Node>(&key) else { return false };
    let ready = node.status.as_ref().and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    let unreachable =
        ready.filter(|condition| condition.type_ == "Ready").any(|condition| condition.status == "Unknown");
    !unreachable && !cluster.silent_nodes.contains_key(&key)
}

/// How far the kubelet has come with a pod.
enum Stage {
    New,
    Starting { init_done: usize },
    Started,
}

fn stage(pod: &Pod) -> Stage {
    let Some(status) = pod.status.as_ref() else { return Stage::New };
    if status.start_time.is_none() && pod::phase(pod) == "Pending" {
        return Stage::New;
    }
    let running = status.container_statuses.iter().flatten().any(|status| {
        status.state.as_ref().is_some_and(|state| state.waiting.as_ref().is_none_or(|waiting| !is_ours(waiting)))
    });
    // A phase other than Pending without container statuses is a dump that says no more: taken as it is.
    if running || pod::phase(pod) != "Pending" || status.container_statuses.is_none() {
        return Stage::Started;
    }
    let init = status.init_container_statuses.iter().flatten();
    // A sidecar that is up counts as done: the next container follows.
    let init_done = init.filter(|status| status.ready).count();
    Stage::Starting { init_done }
}

/// Waiting that time ends by itself; a dump's ImagePullBackOff does not.
fn is_ours(waiting: &ContainerStateWaiting) -> bool {
    matches!(waiting.reason.as_deref(), Some("ContainerCreating" | "PodInitializing"))
}

fn accept(cluster: &mut Cluster, key: &ObjectKey, pod: &Pod, node_name: &str) {
    let now = cluster.clock.time();
    let host_ip = host_ip(cluster, node_name);
    let has_init = init_containers(pod).next().is_some();
    let reason = if has_init { "PodInitializing" } else { "ContainerCreating" };
    let waiting = |container: &Container| ContainerStatus {
        name: container.name.clone(),
        image: container.image.clone().unwrap_or_default(),
        state: Some(ContainerState {
            waiting: Some(ContainerStateWaiting { reason: Some(reason.to_owned()), message: None }),
            ..ContainerState::default()
        }),
        started: Some(false),
        ..ContainerStatus::default()
    };
    let statuses = containers(pod).map(waiting).collect();
    let init_statuses: Vec<ContainerStatus> = init_containers(pod).map(waiting).collect();
    let names = container_names(pod);
    cluster.accepted_pods.insert(key.clone());
    let scheduled_before = pod::condition(pod, "PodScheduled").is_some_and(|condition| condition.status == "True");
    cluster.store.update::<Pod>(key, |pod| {
        let status: &mut PodStatus = pod.status.get_or_insert_default();
        status.phase = Some("Pending".to_owned());
        status.start_time = Some(now.clone());
        status.host_ip = host_ip.clone();
        status.host_ips = host_ip.clone().map(|ip| vec![HostIP { ip }]);
        status.container_statuses = Some(statuses);
        status.init_container_statuses = (!init_statuses.is_empty()).then_some(init_statuses);
        if pod.spec.host_network == Some(true) {
            set_pod_ip(pod, host_ip);
        }
        let message = format!("containers with unready status: [{names}]");
        if has_init {
            pod::set_condition(pod, "Initialized", false, Some("ContainersNotInitialized"), None, &now);
        } else {
            pod::set_condition(pod, "Initialized", true, None, None, &now);
        }
        pod::set_condition(pod, "Ready", false, Some("ContainersNotReady"), Some(&message), &now);
        pod::set_condition(pod, "ContainersReady", false, Some("ContainersNotReady"), Some(&message), &now);
        if !scheduled_before {
            pod::set_condition(pod, "PodScheduled", true, None, None, &now);
        }
    });
}

fn start(cluster: &mut Cluster, key: &ObjectKey, pod: &Arc<Pod>, node_name: &str, init_done: usize) {
    let now = cluster.clock.time();
    if let Some(container) = init_containers(pod).nth(init_done) {
        let restartable = container.restart_policy.as_deref() == Some("Always");
        tell_started(cluster, pod, node_name, container);
        let name = container.name.clone();
        cluster.store.update::<Pod>(key, |pod| {
            let statuses = pod.status.get_or_insert_default().init_container_statuses.get_or_insert_default();
            if let Some(status) = statuses.iter_mut().find(|status| status.name == name) {
                status.ready = true;
                status.state = Some(if restartable { running(&now) } else { completed(&now) });
            }
        });
        return;
    }
    for container in containers(pod) {
        tell_started(cluster, pod, node_name, container);
    }
    let pod_ip =
        pod.status.as_ref().and_then(|status| status.pod_ip.clone()).or_else(|| cluster.next_pod_ip(node_name));
    cluster.store.update::<Pod>(key, |pod| {
        set_pod_ip(pod, pod_ip);
        let status = pod.status.get_or_insert_default();
        status.phase = Some("Running".to_owned());
        for status in status.container_statuses.iter_mut().flatten() {
            status.state = Some(running(&now));
            status.started = Some(true);
            status.image_id.clone_from(&status.image);
        }
        pod::set_condition(pod, "Initialized", true, None, None, &now);
    });
    let delay = containers(pod).map(ready_after_ms).max().unwrap_or(0);
    cluster.agenda.add(cluster.clock.now_ms().saturating_add(delay), Event::Kubelet(key.clone()));
}

/// When a container that works passes its readiness probe for the first time.
fn ready_after_ms(container: &Container) -> u64 {
    let Some(probe) = &container.readiness_probe else { return 0 };
    let seconds = |value: Option<i32>, default: i32| u64::try_from(value.unwrap_or(default)).unwrap_or(0);
    let repeats = seconds(probe.success_threshold, 1).saturating_sub(1);
    (seconds(probe.initial_delay_seconds, 0) + repeats * seconds(probe.period_seconds, 10))
        .saturating_mul(1000)
        .max(1000)
}

fn become_ready(cluster: &mut Cluster, key: &ObjectKey, pod: &Pod) {
    if pod::phase(pod) != "Running" || pod::is_ready(pod) {
        return;
    }
    let now = cluster.clock.time();
    cluster.store.update::<Pod>(key, |pod| {
        for status in pod.status.get_or_insert_default().container_statuses.iter_mut().flatten() {
            status.ready = true;
        }
        pod::set_condition(pod, "ContainersReady", true, None, None, &now);
        pod::set_condition(pod, "Ready", true, None, None, &now);
    });
}

fn running(now: &Time) -> ContainerState {
    ContainerState {
        running: Some(ContainerStateRunning { started_at: Some(now.clone()) }),
        ..ContainerState::default()
    }
}

fn completed(now: &Time) -> ContainerState {
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            exit_code: 0,
            reason: Some("Completed".to_owned()),
            started_at: Some(now.clone()),
            finished_at: Some(now.clone()),
            ..ContainerStateTerminated::default()
        }),
        ..ContainerState::default()
    }
}

fn set_pod_ip(pod: &mut Pod, ip: Option<String>) {
    let status = pod.status.get_or_insert_default();
    status.pod_ips = ip.clone().map(|ip| vec![PodIP { ip }]);
    status.pod_ip = ip;
}

/// The host IP of pods: the kubelet's own `--node-ip`, else what the Node says.
fn host_ip(cluster: &Cluster, node: &str) -> Option<String> {
    if let Some(ip) = cluster.setup.node_ips.get(node) {
        return Some(ip.clone());
    }
    let node = cluster.store.find::<Node>("", node)?;
    let addresses = node.status.as_ref()?.addresses.as_ref()?;
    addresses.iter().find(|address| address.type_ == "InternalIP").map(|address| address.address.clone())
}

fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.spec.containers.iter()
}

fn init_containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.spec.init_containers.iter().flatten()
}

fn container_names(pod: &Pod) -> String {
    containers(pod).map(|container| container.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn tell_started(cluster: &mut Cluster, pod: &Arc<Pod>, node: &str, container: &Container) {
    let image = container.image.as_deref().unwrap_or_default();
    let (created, started) = if cluster.behaviour.container_events_name_container {
        (format!("Created container {}", container.name), format!("Started container {}", container.name))
    } else {
        ("Container created".to_owned(), "Container started".to_owned())
    };
    tell(cluster, pod, node, "Pulled", &format!("Container image \"{image}\" already present on machine"));
    tell(cluster, pod, node, "Created", &created);
    tell(cluster, pod, node, "Started", &started);
}

fn tell(cluster: &mut Cluster, pod: &Arc<Pod>, node: &str, reason: &str, message: &str) {
    cluster.event_from("kubelet", Some(node), &Pod::wrap(Arc::clone(pod)), "Normal", reason, message);
}
