//! cluster-autoscaler (kubernetes/autoscaler) with the node groups that a Scenario declares: scale-up. Nodes are never
//! taken away.
//!
//! Upstream looks every 10 s. Here it looks at the next of these moments after a pod was found unschedulable or a node came.
//! Among several groups that help, upstream draws one (`--expander=random`); here it is the first.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Taint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sim_core::model;
use sim_core::scheduler::{Decision, Refusal, Snapshot};

use crate::clock::Event;
use crate::cluster::Cluster;
use crate::convert;
use crate::kubelet;
use crate::make::Refused;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// `--scan-interval`.
const SCAN_MS: u64 = 10_000;
/// How long a node may take to become ready, and counts as ready meanwhile (`MaxNodeStartupTime`).
const STARTUP_MS: i128 = 15 * 60 * 1000;

/// Taints that a node sheds when it has started, by prefix of their key (`utils/taints.TaintConfig`).
const STARTUP_TAINTS: [&str; 2] =
    ["ignore-taint.cluster-autoscaler.kubernetes.io/", "startup-taint.cluster-autoscaler.kubernetes.io/"];
/// Taints that tell of a node's state.
const STATUS_TAINTS: &str = "status-taint.cluster-autoscaler.kubernetes.io/";
/// The same, by key (`utils/taints.NodeConditionTaints`).
const CONDITION_TAINTS: [&str; 11] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/pid-pressure",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cloudprovider.kubernetes.io/shutdown",
    "cloud.google.com/impending-node-termination",
    "NodeWithImpairedVolumes",
];

/// Machines of one make, of which the autoscaler may order more. The nodes named after the group are its members.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeGroup {
    /// The name; its nodes are `NAME-1`, `NAME-2` and so on.
    pub name: String,
    /// The most nodes it may have.
    pub max: usize,
    /// What its nodes are like.
    pub template: Node,
    /// From the order to the registration of a node, in milliseconds.
    pub delay_ms: u64,
}

impl NodeGroup {
    /// Whether a node of this name is one of the group's.
    fn names(&self, node: &str) -> bool {
        let number = node.strip_prefix(&*self.name).and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| number.parse::<usize>().is_ok())
    }

    /// A machine of the group as the autoscaler takes it to be: without the taints that go by themselves.
    pub fn machine(&self, name: &str) -> Node {
        started(node_of(self, name))
    }
}

/// What of a node group is to be another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeGroupChange {
    /// The group's name.
    pub group: String,
    /// The most nodes it may have.
    pub max: Option<usize>,
    /// Labels that its new nodes come with, or without.
    pub labels: Vec<(String, Option<String>)>,
    /// Taints that its new nodes come with.
    pub add_taints: Vec<Taint>,
    /// Taints that they come without.
    pub remove_taints: Vec<Taint>,
}

impl NodeGroupChange {
    /// What takes it back in a group as it is before.
    pub fn undone(&self, before: &NodeGroup) -> Self {
        let old = |key: &String| before.template.metadata.labels.as_ref().and_then(|labels| labels.get(key)).cloned();
        Self {
            group: self.group.clone(),
            max: self.max.map(|_| before.max),
            labels: self.labels.iter().map(|(key, _)| (key.clone(), old(key))).collect(),
            add_taints: self.remove_taints.clone(),
            remove_taints: self.add_taints.clone(),
        }
    }
}

/// The node groups, and the nodes that were ordered.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClusterAutoscaler {
    groups: Arc<Vec<NodeGroup>>,
    /// Ordered nodes by name, with the place of their group.
    ordered: BTreeMap<String, usize>,
}

impl Cluster {
    /// Lets a cluster-autoscaler order nodes of these groups.
    pub fn set_node_groups(&mut self, groups: Vec<NodeGroup>) {
        self.cluster_autoscaler.groups = Arc::new(groups);
    }

    /// The groups of which a cluster-autoscaler orders nodes.
    pub fn node_groups(&self) -> &[NodeGroup] {
        &self.cluster_autoscaler.groups
    }

    /// How many nodes a group has or will have.
    pub fn size_of_group(&self, group: &NodeGroup) -> usize {
        size(self, group)
    }

    /// Every refusal of a machine of a group to a pod that waits, were there one more by this name.
    pub fn refusals_of_machine(&self, group: &NodeGroup, name: &str, pod: &Pod) -> Vec<Refusal> {
        let mut snapshot = self.scheduling.snapshot().clone();
        snapshot.upsert_node(Arc::new(convert::node(&group.machine(name))));
        let nodes = self.scheduling.scheduler().refusals_by_node(&snapshot, &convert::pod(pod));
        nodes.into_iter().find(|(node, _)| node == name).map(|(_, refusals)| refusals).unwrap_or_default()
    }

    /// Changes a node group.
    pub(crate) fn change_node_group(&mut self, change: &NodeGroupChange) -> Result<Vec<String>, Refused> {
        let groups = Arc::make_mut(&mut self.cluster_autoscaler.groups);
        let Some(group) = groups.iter_mut().find(|known| known.name == change.group) else {
            return Err(Refused(format!("error: there is no node group {}", change.group)));
        };
        group.max = change.max.unwrap_or(group.max);
        let labels = group.template.metadata.labels.get_or_insert_default();
        for (key, value) in &change.labels {
            match value {
                Some(value) => drop(labels.insert(key.clone(), value.clone())),
                None => drop(labels.remove(key)),
            }
        }
        let taints = group.template.spec.get_or_insert_default().taints.get_or_insert_default();
        taints.retain(|taint| !change.remove_taints.contains(taint));
        taints.extend(change.add_taints.iter().cloned());
        self.agenda.add(self.clock.tick_after(SCAN_MS), Event::ScaleUp);
        Ok(vec![format!("node group {} changed", change.group)])
    }
}

/// A pod was found unschedulable, or a node came.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if cluster.cluster_autoscaler.groups.is_empty() {
        return;
    }
    let is_due = match (&changed.before, &changed.after) {
        (_, Some(Object::Pod(pod))) => is_unschedulable(pod),
        (None, Some(Object::Node(_))) => true,
        _ => false,
    };
    if is_due {
        cluster.agenda.add(cluster.clock.tick_after(SCAN_MS), Event::ScaleUp);
    }
}

fn is_unschedulable(pod: &Pod) -> bool {
    pod::node_name(pod).is_none()
        && pod::is_active(pod)
        && pod::condition(pod, "PodScheduled").is_some_and(|condition| {
            condition.status == "False" && condition.reason.as_deref() == Some("Unschedulable")
        })
}

/// One look at the pods that no node takes (`ScaleUp`).
pub(crate) fn scale_up(cluster: &mut Cluster) {
    let groups = Arc::clone(&cluster.cluster_autoscaler.groups);
    let mut snapshot = cluster.scheduling.snapshot().clone();
    for (name, group) in &cluster.cluster_autoscaler.ordered {
        if let Some(group) = groups.get(*group) {
            snapshot.upsert_node(Arc::new(convert::node(&group.machine(name))));
        }
    }
    for node in cluster.store.list::<Node>() {
        let is_member = node.metadata.name.as_deref().is_some_and(|name| groups.iter().any(|group| group.names(name)));
        if is_member && is_starting(cluster, node) {
            snapshot.upsert_node(Arc::new(convert::node(&started(node.as_ref().clone()))));
        }
    }
    let pods: Vec<Arc<Pod>> = cluster.store.list::<Pod>().filter(|pod| is_unschedulable(pod)).cloned().collect();
    // Those for whom a node is there or on its way need no other.
    let mut waiting: Vec<Arc<Pod>> =
        pods.into_iter().filter(|pod| place(cluster, &mut snapshot, pod).is_err()).collect();
    // A DaemonSet's pod is for one node: another is of no use to it (`filterOutDaemonSetPodListProcessor`).
    waiting.retain(|pod| pod::controller_of(&pod.metadata).is_none_or(|owner| owner.kind != Kind::DaemonSet.name()));
    if waiting.is_empty() {
        return;
    }
    let mut refusals: BTreeMap<ObjectKey, BTreeMap<String, usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let plan = estimate(cluster, &snapshot, group, &waiting);
        if !plan.nodes.is_empty() {
            order(cluster, index, group, &plan);
            return;
        }
        for (key, reasons) in plan.refused {
            let counts = refusals.entry(key).or_default();
            reasons.into_iter().for_each(|reason| *counts.entry(reason).or_default() += 1);
        }
    }
    for pod in waiting {
        let counts = refusals.remove(&ObjectKey::of(pod.as_ref())).unwrap_or_default();
        let reasons: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let message = format!("{}{}", cluster.behaviour.no_scale_up, reasons.join(", "));
        tell(cluster, &pod, "NotTriggerScaleUp", &message);
    }
}

/// What more nodes of one group would do.
#[derive(Default)]
struct Plan {
    nodes: Vec<String>,
    helped: Vec<Arc<Pod>>,
    refused: BTreeMap<ObjectKey, Vec<String>>,
}

fn estimate(cluster: &Cluster, snapshot: &Snapshot, group: &NodeGroup, waiting: &[Arc<Pod>]) -> Plan {
    let mut plan = Plan::default();
    let mut names = free_names(cluster, group);
    let mut snapshot = snapshot.clone();
    for pod in waiting {
        if place(cluster, &mut snapshot, pod).is_ok() {
            plan.helped.push(Arc::clone(pod));
            continue;
        }
        let key = ObjectKey::of(pod.as_ref());
        let Some(name) = names.pop() else {
            plan.refused.insert(key, vec!["max node group size reached".to_owned()]);
            continue;
        };
        snapshot.upsert_node(Arc::new(convert::node(&group.machine(&name))));
        match place(cluster, &mut snapshot, pod) {
            Ok(()) => {
                plan.helped.push(Arc::clone(pod));
                plan.nodes.push(name);
            }
            Err(mut reasons) => {
                snapshot.remove_node(&name);
                plan.refused.insert(key, reasons.remove(&name).unwrap_or_default());
                names.push(name);
            }
        }
    }
    plan
}

/// Puts a pod on a node of the snapshot, or says why each refuses it.
fn place(cluster: &Cluster, snapshot: &mut Snapshot, pod: &Pod) -> Result<(), BTreeMap<String, Vec<String>>> {
    let mut pod: model::Pod = convert::pod(pod);
    let explanation = cluster.scheduling.scheduler().explain(snapshot, &pod);
    if let Decision::Placed(placement) = explanation.decision {
        pod.node_name = Some(placement.node);
        snapshot.add_pod(Arc::new(pod));
        return Ok(());
    }
    let reasons = explanation.nodes.into_iter().map(|node| {
        let told = node.refusals.into_iter().filter(|refusal| refusal.told);
        (node.node, told.flat_map(|refusal| refusal.status.reasons).map(|reason| reason.to_string()).collect())
    });
    Err(reasons.collect())
}

/// The names of the nodes that the group may still get, the first one last.
fn free_names(cluster: &Cluster, group: &NodeGroup) -> Vec<String> {
    let is_taken = |name: &String| {
        cluster.store.find::<Node>("", name).is_some() || cluster.cluster_autoscaler.ordered.contains_key(name)
    };
    let free = group.max.saturating_sub(size(cluster, group));
    let mut names: Vec<String> = (1..)
        .map(|number: usize| format!("{}-{number}", group.name))
        .filter(|name| !is_taken(name))
        .take(free)
        .collect();
    names.reverse();
    names
}

/// The nodes that the group has or will have.
fn size(cluster: &Cluster, group: &NodeGroup) -> usize {
    let is_member = |node: &&Arc<Node>| node.metadata.name.as_deref().is_some_and(|name| group.names(name));
    let there = cluster.store.list::<Node>().filter(is_member).count();
    there + cluster.cluster_autoscaler.ordered.keys().filter(|name| group.names(name)).count()
}

fn order(cluster: &mut Cluster, index: usize, group: &NodeGroup, plan: &Plan) {
    let before = size(cluster, group);
    let after = before + plan.nodes.len();
    let at = cluster.clock.now_ms().saturating_add(group.delay_ms);
    for name in &plan.nodes {
        cluster.cluster_autoscaler.ordered.insert(name.clone(), index);
        cluster.agenda.add(at, Event::MachineArrives(name.clone()));
    }
    let message = format!("pod triggered scale-up: [{{{} {before}->{after} (max: {})}}]", group.name, group.max);
    for pod in &plan.helped {
        tell(cluster, pod, "TriggeredScaleUp", &message);
    }
    // The rest may be helped by another group.
    cluster.agenda.add(cluster.clock.tick_after(SCAN_MS), Event::ScaleUp);
}

/// A machine that was ordered is there: its kubelet registers it.
pub(crate) fn machine_arrives(cluster: &mut Cluster, name: &str) {
    let Some(index) = cluster.cluster_autoscaler.ordered.remove(name) else { return };
    let groups = Arc::clone(&cluster.cluster_autoscaler.groups);
    if let Some(group) = groups.get(index).filter(|_| cluster.store.find::<Node>("", name).is_none()) {
        let mut node = node_of(group, name);
        let info = node.status.get_or_insert_default().node_info.get_or_insert_default();
        if info.kubelet_version.is_empty() {
            info.kubelet_version = cluster.setup.version.to_string();
        }
        kubelet::join(cluster, &mut node);
        cluster.admit_typed(node);
    }
}

fn node_of(group: &NodeGroup, name: &str) -> Node {
    let mut node = group.template.clone();
    let mut labels = node.metadata.labels.take().unwrap_or_default();
    labels.insert("kubernetes.io/hostname".to_owned(), name.to_owned());
    node.metadata = ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(labels),
        annotations: node.metadata.annotations.take(),
        ..ObjectMeta::default()
    };
    let status = node.status.get_or_insert_default();
    status.conditions = None;
    if status.allocatable.is_none() {
        status.allocatable.clone_from(&status.capacity);
    }
    node
}

/// What the autoscaler takes a node for: without the taints that go by themselves (`utils/taints.SanitizeTaints`).
fn started(mut node: Node) -> Node {
    let passes = |key: &str| is_startup_taint(key) || key.starts_with(STATUS_TAINTS) || CONDITION_TAINTS.contains(&key);
    if let Some(taints) = node.spec.as_mut().and_then(|spec| spec.taints.as_mut()) {
        taints.retain(|taint| !passes(&taint.key));
    }
    node
}

/// Whether a node came of late and is not ready yet, or is tainted for its start: it counts as one that is on its way.
fn is_starting(cluster: &Cluster, node: &Node) -> bool {
    let Some(created) = &node.metadata.creation_timestamp else { return false };
    let mut conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    let is_ready = conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let mut taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    cluster.clock.now().duration_since(created.0).as_millis() < STARTUP_MS
        && (!is_ready || taints.any(|taint| is_startup_taint(&taint.key)))
}

fn is_startup_taint(key: &str) -> bool {
    STARTUP_TAINTS.iter().any(|prefix| key.starts_with(prefix))
}

fn tell(cluster: &mut Cluster, pod: &Arc<Pod>, reason: &str, message: &str) {
    cluster.event_from("cluster-autoscaler", None, &Pod::wrap(Arc::clone(pod)), "Normal", reason, message);
}
