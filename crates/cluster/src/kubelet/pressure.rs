//! Node-pressure eviction (`pkg/kubelet/eviction`): a node that runs short of memory or disk says so in a condition,
//! takes in no more of some pods, and ends one pod after the other until enough is left.
//!
//! What a container uses is what was declared of it, else what it requests. The thresholds are the defaults:
//! `memory.available<100Mi`, `nodefs.available<10%`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, Node, NodeCondition};
use sim_core::model::{Effect, Taint};
use sim_core::quantity::Quantity;

use super::admission::{Rejection, is_critical};
use super::work::{ContainerWork, State, ms, specs};
use super::{is_alive, status};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::conduct::Use;
use crate::convert;
use crate::object::KnownKind;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// How often the eviction manager looks (`evictionMonitoringPeriod`), in milliseconds.
const PERIOD_MS: u64 = 10_000;
/// How long a condition stays after the last sign of shortage (`--eviction-pressure-transition-period`).
const TRANSITION_MS: u64 = 5 * 60 * 1000;
/// `memory.available<100Mi`.
const MEMORY_LEFT: i64 = 100 * 1024 * 1024;

/// Since when a node has not been short, by resource; absent where its condition is False.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pressure {
    memory_ms: Option<u64>,
    disk_ms: Option<u64>,
}

/// What a node can be short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Memory,
    Disk,
}

/// What is left on a node.
struct Left {
    available: i64,
    threshold: i64,
}

impl Resource {
    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "ephemeral-storage",
        }
    }

    fn condition(self) -> &'static str {
        match self {
            Self::Memory => "MemoryPressure",
            Self::Disk => "DiskPressure",
        }
    }

    /// Reason and message of the condition, and the event, while there is pressure or none.
    fn words(self, pressure: bool) -> (&'static str, &'static str, &'static str) {
        match (self, pressure) {
            (Self::Memory, true) => (
                "KubeletHasInsufficientMemory",
                "kubelet has insufficient memory available",
                "NodeHasInsufficientMemory",
            ),
            (Self::Memory, false) => {
                ("KubeletHasSufficientMemory", "kubelet has sufficient memory available", "NodeHasSufficientMemory")
            }
            (Self::Disk, true) => ("KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure"),
            (Self::Disk, false) => {
                ("KubeletHasNoDiskPressure", "kubelet has no disk pressure", "NodeHasNoDiskPressure")
            }
        }
    }

    fn declared(self, own: &ContainerWork) -> Option<Use> {
        match self {
            Self::Memory => own.conduct.memory,
            Self::Disk => own.conduct.disk,
        }
    }
}

impl Pressure {
    fn of(&mut self, resource: Resource) -> &mut Option<u64> {
        match resource {
            Resource::Memory => &mut self.memory_ms,
            Resource::Disk => &mut self.disk_ms,
        }
    }
}

/// Has the node's eviction manager look the next time it is its turn.
pub(super) fn look_soon(cluster: &mut Cluster, node: &str) {
    let at_ms = cluster.clock.now_ms() / PERIOD_MS * PERIOD_MS + PERIOD_MS;
    cluster.agenda.add(at_ms, Event::Housekeeping(ObjectKey::new("", node)));
}

/// The eviction manager of a node looks (`synchronize`).
pub(crate) fn housekeeping(cluster: &mut Cluster, key: &ObjectKey) {
    let node = key.name.to_string();
    if !is_alive(cluster, &node) {
        return;
    }
    let now_ms = cluster.clock.now_ms();
    let mut pressure = cluster.kubelets.pressures.get(&node).copied().unwrap_or_default();
    let mut short = None;
    for resource in [Resource::Memory, Resource::Disk] {
        let Some(left) = left(cluster, &node, resource) else { continue };
        let last_ms = pressure.of(resource);
        if left.available < left.threshold {
            *last_ms = Some(now_ms);
            set_condition(cluster, key, resource, true);
            if short.is_none() {
                short = Some((resource, left));
            }
        } else if last_ms.is_some_and(|last_ms| now_ms >= last_ms + TRANSITION_MS) {
            *last_ms = None;
            set_condition(cluster, key, resource, false);
        }
    }
    cluster.kubelets.pressures.insert(node.clone(), pressure);
    if let Some((resource, left)) = short {
        reclaim(cluster, &node, resource, &left);
        look_soon(cluster, &node);
    } else if let Some(last_ms) = pressure.memory_ms.into_iter().chain(pressure.disk_ms).min() {
        cluster.agenda.add((last_ms + TRANSITION_MS).max(now_ms + 1), Event::Housekeeping(key.clone()));
    }
}

/// Whether a node under pressure refuses a pod (`managerImpl.Admit`).
pub(super) fn admit(cluster: &Cluster, pod: &Pod, node: &str) -> Option<Rejection> {
    let found = cluster.store.find::<Node>("", node)?;
    let conditions = found.status.as_ref()?.conditions.as_ref()?;
    let under: Vec<&str> = ["MemoryPressure", "DiskPressure", "PIDPressure"]
        .into_iter()
        .filter(|type_| conditions.iter().any(|found| found.type_ == *type_ && found.status == "True"))
        .collect();
    if under.is_empty() || is_critical(pod) {
        return None;
    }
    if under == ["MemoryPressure"] {
        let best_effort = pod.status.as_ref().and_then(|status| status.qos_class.as_deref()) == Some("BestEffort");
        let taint = Taint {
            key: "node.kubernetes.io/memory-pressure".to_owned(),
            value: String::new(),
            effect: Effect::NoSchedule,
        };
        if !best_effort || convert::tolerations(pod).iter().any(|toleration| toleration.tolerates(&taint)) {
            return None;
        }
    }
    let message = format!("The node had condition: [{}]. ", under.join(" "));
    Some(Rejection { reason: "Evicted".to_owned(), message })
}

/// A container's limit of a resource, in whole units.
pub(super) fn limit(container: &Container, resource: &str) -> Option<i64> {
    let limit = container.resources.as_ref()?.limits.as_ref()?.get(resource)?;
    limit.0.parse::<Quantity>().ok().map(|limit| limit.value())
}

fn request(container: &Container, resource: &str) -> i64 {
    let requests = container.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let request = requests.and_then(|requests| requests.get(resource));
    request.and_then(|request| request.0.parse::<Quantity>().ok()).map_or(0, |request| request.value())
}

fn left(cluster: &Cluster, node: &str, resource: Resource) -> Option<Left> {
    let capacity = cluster.store.find::<Node>("", node)?.status.as_ref()?.capacity.as_ref()?.get(resource.name())?;
    let capacity = capacity.0.parse::<Quantity>().ok()?.value();
    let pods = cluster.pods_on(node);
    let used = pods.iter().filter(|pod| !pod::is_terminal(pod)).map(|pod| usage(cluster, pod, resource));
    let used = used.fold(0_i64, i64::saturating_add);
    let threshold = match resource {
        Resource::Memory => MEMORY_LEFT,
        Resource::Disk => capacity / 10,
    };
    // No machine gives out more than it has.
    Some(Left { available: capacity.saturating_sub(used).max(0), threshold })
}

/// What a pod uses now.
fn usage(cluster: &Cluster, pod: &Arc<Pod>, resource: Resource) -> i64 {
    let used =
        specs(pod).enumerate().map(|(index, container)| container_usage(cluster, pod, index, container, resource));
    used.fold(0, i64::saturating_add)
}

fn container_usage(cluster: &Cluster, pod: &Pod, index: usize, container: &Container, resource: Resource) -> i64 {
    let requested = request(container, resource.name());
    let Some(work) = cluster.kubelets.pods.get(&ObjectKey::of(pod)).filter(|work| work.is_of(pod)) else {
        let is_init = index < pod.spec.init_containers.as_ref().map_or(0, Vec::len);
        return if is_init || pod::phase(pod) != "Running" { 0 } else { requested };
    };
    let Some(own) = work.containers.get(index) else { return 0 };
    let State::Running { conduct_ms, .. } = own.state else { return 0 };
    match resource.declared(own) {
        Some(used) if cluster.clock.signed_now_ms() >= conduct_ms + ms(used.after_ms) => used.bytes,
        _ => requested,
    }
}

/// Ends one pod: one that uses more than it requests before others, then the less important, then the one that is
/// furthest over its request (`rankMemoryPressure`, `rankDiskPressureFunc`).
fn reclaim(cluster: &mut Cluster, node: &str, resource: Resource, left: &Left) {
    let name = resource.name();
    if let Some(found) = cluster.store.find::<Node>("", node).cloned() {
        let message = format!("Attempting to reclaim {name}");
        cluster.event_from("kubelet", Some(node), &Node::wrap(found), "Warning", "EvictionThresholdMet", &message);
    }
    let pods = cluster.pods_on(node);
    let candidates = pods.iter().filter(|pod| pod::is_active(pod) && !is_critical(pod));
    let victim = candidates.min_by_key(|pod| {
        let used = usage(cluster, pod, resource);
        let over =
            used.saturating_sub(specs(pod).map(|container| request(container, name)).fold(0, i64::saturating_add));
        let running = pod.status.as_ref().is_some_and(|status| status.start_time.is_some());
        (!running, over <= 0, pod.spec.priority.unwrap_or(0), -over, pod.metadata.name.clone())
    });
    let Some(victim) = victim.cloned() else { return };
    let mut message = format!("The node was low on resource: {name}. ");
    if cluster.behaviour.kubelet.evictions_say_threshold {
        message.push_str(&format!(
            "Threshold quantity: {}, available: {}. ",
            binary(left.threshold),
            binary(left.available)
        ));
    }
    for (index, container) in specs(&victim).enumerate() {
        let (used, requested) =
            (container_usage(cluster, &victim, index, container, resource), request(container, name));
        if used > requested {
            let (used, requested) = (binary(used), requested_text(container, name));
            message.push_str(&if cluster.behaviour.kubelet.evictions_say_threshold {
                format!(
                    "Container {} was using {used}, request is {requested}, has larger consumption of {name}. ",
                    container.name
                )
            } else {
                format!("Container {} was using {used}, which exceeds its request of {requested}. ", container.name)
            });
        }
    }
    status::fail(cluster, &ObjectKey::of(victim.as_ref()), node, "Evicted", &message, "Evicted");
}

fn requested_text(container: &Container, resource: &str) -> String {
    let requests = container.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let request = requests.and_then(|requests| requests.get(resource));
    request.and_then(|request| request.0.parse::<Quantity>().ok()).map_or("0".to_owned(), |request| request.to_string())
}

/// Bytes as a quantity in powers of 1024: in the greatest unit that they are a multiple of.
fn binary(bytes: i64) -> String {
    let units = [("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let fits = |shift: u32| bytes != 0 && bytes % (1_i64 << shift) == 0;
    units
        .into_iter()
        .find(|(_, shift)| fits(*shift))
        .map_or_else(|| bytes.to_string(), |(unit, shift)| format!("{}{unit}", bytes >> shift))
}

fn set_condition(cluster: &mut Cluster, key: &ObjectKey, resource: Resource, pressure: bool) {
    let Some(node) = cluster.store.get::<Node>(key).cloned() else { return };
    let wanted = if pressure { "True" } else { "False" };
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    if conditions.into_iter().any(|found| found.type_ == resource.condition() && found.status == wanted) {
        return;
    }
    let (reason, message, event) = resource.words(pressure);
    let now = cluster.clock.time();
    let condition = NodeCondition {
        type_: resource.condition().to_owned(),
        status: wanted.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_heartbeat_time: Some(now.clone()),
        last_transition_time: Some(now),
    };
    cluster.store.update::<Node>(key, |node| {
        let conditions = node.status.get_or_insert_default().conditions.get_or_insert_default();
        match conditions.iter_mut().find(|found| found.type_ == condition.type_) {
            Some(place) => *place = condition,
            None => conditions.push(condition),
        }
    });
    let text = format!("Node {} status is now: {event}", key.name);
    cluster.event_from("kubelet", Some(&key.name), &Node::wrap(node), "Normal", event, &text);
}

#[cfg(test)]
mod tests {
    use super::binary;

    #[test]
    fn bytes_are_told_in_the_greatest_unit() {
        for (bytes, text) in [
            (100 * 1024 * 1024, "100Mi"),
            (166_088 * 1024, "166088Ki"),
            (1025, "1025"),
            (0, "0"),
            (3 << 30, "3Gi"),
            (-2048, "-2Ki"),
        ] {
            assert_eq!(binary(bytes), text);
        }
    }
}
