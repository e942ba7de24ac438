//! How many replicas of a pod still fit: they are asked for one after the other on a fork, until the scheduler places no more.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, NodeStatus, NodeSystemInfo, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Object, ObjectKey, Refused};

use crate::pending::{Cause, causes, sentence};
use crate::what_if::SETTLE_MS;

/// More replicas than these are not asked for.
const MAX_REPLICAS: usize = 1_000_000;
/// More nodes than these are not tried.
const MAX_NODES: usize = 100_000;

/// The pod whose replicas are counted, and what is created before them.
#[derive(Debug, Clone)]
pub struct Replica {
    /// The pod as its manifest or its workload's template has it, without a node.
    pub pod: Pod,
    /// What else the manifest holds.
    pub beside: Vec<Object>,
    /// What of the manifest is not counted.
    pub note: Option<String>,
}

/// A manifest of which no replicas can be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReplica {
    /// Nothing in it runs pods.
    #[error("there is no pod and no workload in it")]
    NoPod,
    /// Several things in it do.
    #[error("it holds several that run pods ({0}): the replicas of one are counted")]
    Several(String),
    /// It is a DaemonSet.
    #[error("a DaemonSet runs one pod on each node: its replicas cannot be counted")]
    DaemonSet,
}

/// How to count.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountOptions {
    /// Stop at so many.
    pub limit: Option<usize>,
    /// Count replicas that come by evicting others too.
    pub preempts: bool,
}

/// How many replicas of a pod fit, as one versioned document: `apiVersion: sim/v1`, `kind: CapacityResult`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityResult {
    /// Always `sim/v1`.
    pub api_version: String,
    /// Always `CapacityResult`.
    pub kind: String,
    /// The version whose rules held, e.g. `v1.16.0`.
    pub kubernetes_version: String,
    /// The pod, as namespace/name.
    pub pod: String,
    /// How many replicas fit.
    pub replicas: usize,
    /// Whether counting stopped at the limit: more may fit.
    pub limited: bool,
    /// The nodes that take replicas and how many, by name.
    pub nodes: Vec<NodeShare>,
    /// What the next replica is told: the FailedScheduling sentence, or the server's refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The reason that is alone in the next replica's way on most of the nodes that took some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_out_first: Option<String>,
    /// What keeps the next replica off which nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Obstacle>,
    /// The node on which the next replica would come by evicting others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_by_preemption: Option<String>,
    /// The nodes that make the replicas fit that were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
}

/// How many replicas a node takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeShare {
    /// The node.
    pub name: String,
    /// How many replicas.
    pub replicas: usize,
}

/// What keeps a pod off some nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Obstacle {
    /// The filter's reason, or the taint.
    pub reason: String,
    /// What it means in numbers, where that is known.
    pub detail: Option<String>,
    /// On how many nodes.
    pub nodes: usize,
    /// On how many of them nothing else is in the way.
    pub alone: usize,
}

/// The fewest nodes that make some number of replicas fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Growth {
    /// How many replicas are to fit.
    pub wanted: usize,
    /// What the nodes are like.
    pub shape: String,
    /// How many nodes it takes; absent when no number of them helps.
    pub nodes: Option<usize>,
    /// How many replicas fit with one node less, or, when no number of nodes helps, with as many as were tried.
    pub otherwise: usize,
    /// Why more nodes do not help, when they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What nodes are like that may be added.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Like one that is there.
    Like(String),
    /// With these resources.
    Resources(BTreeMap<String, String>),
}

impl Replica {
    /// The one thing among a manifest's objects that runs pods.
    ///
    /// # Errors
    /// When there is none, or there are several.
    pub fn of(objects: Vec<Object>) -> Result<Self, NoReplica> {
        if objects.iter().any(|object| matches!(object, Object::DaemonSet(_))) {
            return Err(NoReplica::DaemonSet);
        }
        let (runs, beside): (Vec<Object>, Vec<Object>) =
            objects.into_iter().partition(|object| template(object).is_some());
        let [object] = runs.as_slice() else {
            let name = |object: &Object| format!("{}/{}", object.kind_name().to_ascii_lowercase(), object.name());
            let names: Vec<String> = runs.iter().map(name).collect();
            return Err(if names.is_empty() { NoReplica::NoPod } else { NoReplica::Several(names.join(", ")) });
        };
        let template = template(object).ok_or(NoReplica::NoPod)?;
        let of_template = template.metadata.unwrap_or_default();
        let metadata = ObjectMeta {
            generate_name: Some(format!("{}-", object.name())),
            namespace: Some(object.namespace().unwrap_or("default").to_owned()),
            labels: of_template.labels,
            annotations: of_template.annotations,
            ..ObjectMeta::default()
        };
        let mut pod = Pod::new(metadata, template.spec.unwrap_or_default());
        pod.node_name = None;
        let note = match object {
            Object::StatefulSet(set)
                if set.spec.volume_claim_templates.as_ref().is_some_and(|list| !list.is_empty()) =>
            {
                Some("the claims of its volumeClaimTemplates are not counted".to_owned())
            }
            _ => None,
        };
        Ok(Self { pod, beside, note })
    }

    /// The pod, as namespace/name.
    fn name(&self) -> String {
        let metadata = &self.pod.metadata;
        let prefix = metadata.generate_name.as_deref().unwrap_or_default();
        format!("{}/{}", metadata.namespace.as_deref().unwrap_or_default(), prefix.trim_end_matches('-'))
    }
}

/// What the pods of an object are made of, if it runs any.
fn template(object: &Object) -> Option<PodTemplateSpec> {
    match object {
        Object::Pod(pod) => Some(PodTemplateSpec { metadata: Some(pod.metadata.clone()), spec: Some(pod.api_spec()) }),
        Object::Deployment(object) => Some(object.spec.template.clone()),
        Object::ReplicaSet(object) => object.spec.template.clone(),
        Object::StatefulSet(object) => Some(object.spec.template.clone()),
        Object::ReplicationController(object) => object.spec.as_ref()?.template.clone(),
        Object::Job(object) => Some(object.spec.as_ref()?.template.clone()),
        Object::CronJob(object) => Some(object.spec.job_template.spec.as_ref()?.template.clone()),
        _ => None,
    }
}

/// Counts the replicas that fit into a cluster.
///
/// # Errors
/// When what stands beside the pod in its manifest cannot be applied, in kubectl's words.
pub fn capacity(cluster: &Cluster, replica: &Replica, options: CountOptions) -> Result<CapacityResult, Refused> {
    let mut fork = cluster.clone();
    fork.make(&Change::Apply(replica.beside.clone()))?;
    let counted = count(&mut fork, replica, options);
    Ok(counted.result(&fork, replica))
}

/// Looks for the fewest nodes that make so many replicas fit: it doubles their number while that is of use, then tries
/// the most that can be, and then halves the interval. That they fit, and that with one node less they do not, is found by running both.
///
/// # Errors
/// When a node cannot be added, in kubectl's words.
pub fn fewest_nodes(
    cluster: &Cluster,
    replica: &Replica,
    options: CountOptions,
    wanted: usize,
    shape: &Shape,
) -> Result<Growth, Refused> {
    let options = CountOptions { limit: Some(wanted), ..options };
    let mut growth = Growth { wanted, shape: shape.to_string(), nodes: None, otherwise: 0, message: None };
    let base = Probe::run(cluster, replica, options, shape, 0)?;
    if base.fit >= wanted {
        growth.nodes = Some(0);
        growth.otherwise = base.fit;
        return Ok(growth);
    }
    // A node that is of any use takes one replica at least, or one of the pods that wait already.
    let most = wanted.saturating_add(base.waiting).min(MAX_NODES);
    let (mut too_few, mut without) = (0, base);
    let mut tried = 1;
    let (mut enough, mut growing) = (None, true);
    while growing {
        let probe = Probe::run(cluster, replica, options, shape, tried)?;
        let is_of_use = probe.fit > without.fit || probe.waiting < without.waiting;
        growing = probe.fit < wanted && tried < most;
        if probe.fit >= wanted {
            enough = Some(tried);
        } else {
            (too_few, without) = (tried, probe);
            // Pods that wait already may spread over the first new nodes: only the most that can be of use tells.
            tried = if is_of_use { tried.saturating_mul(2).min(most) } else { most };
        }
    }
    let Some(mut enough) = enough else {
        growth.otherwise = without.fit;
        growth.message = without.message;
        return Ok(growth);
    };
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        let probe = Probe::run(cluster, replica, options, shape, middle)?;
        if probe.fit >= wanted {
            enough = middle;
        } else {
            (too_few, without) = (middle, probe);
        }
    }
    growth.nodes = Some(enough);
    growth.otherwise = without.fit;
    Ok(growth)
}

/// What fits with some number of nodes more.
struct Probe {
    fit: usize,
    /// How many other pods wait then.
    waiting: usize,
    message: Option<String>,
}

impl Probe {
    fn run(
        cluster: &Cluster,
        replica: &Replica,
        options: CountOptions,
        shape: &Shape,
        nodes: usize,
    ) -> Result<Self, Refused> {
        let mut fork = cluster.clone();
        for change in shape.changes(&fork, nodes) {
            fork.make(&change)?;
        }
        if nodes > 0 {
            // The new nodes become ready, and take the DaemonSets' pods and those that wait already.
            fork.settle(fork.now_ms().saturating_add(SETTLE_MS));
        }
        fork.make(&Change::Apply(replica.beside.clone()))?;
        let waiting = fork.store().list::<Pod>().filter(|pod| pod::phase(pod) == "Pending").count();
        let counted = count(&mut fork, replica, options);
        let message = counted.message(&fork);
        Ok(Self { fit: counted.placed.len(), waiting, message })
    }
}

impl Shape {
    /// What adds so many nodes.
    fn changes(&self, cluster: &Cluster, nodes: usize) -> Vec<Change> {
        match self {
            _ if nodes == 0 => Vec::new(),
            Shape::Like(from) => vec![Change::AddNode { from: from.clone(), count: nodes }],
            Shape::Resources(resources) => {
                let name = "new-node".to_owned();
                let first = node(cluster, &name, resources);
                let mut changes = vec![Change::Apply(vec![Object::Node(first.into())])];
                if nodes > 1 {
                    changes.push(Change::AddNode { from: name, count: nodes - 1 });
                }
                changes
            }
        }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shape::Like(from) => write!(f, "like {from}"),
            Shape::Resources(resources) => {
                let list: Vec<String> = resources.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
                write!(f, "of {}", list.join(","))
            }
        }
    }
}

/// A node with these resources and the labels that every kubelet gives its node.
fn node(cluster: &Cluster, name: &str, resources: &BTreeMap<String, String>) -> Node {
    let labels = [("kubernetes.io/arch", "amd64"), ("kubernetes.io/hostname", name), ("kubernetes.io/os", "linux")];
    let amounts = resources.iter().map(|(name, amount)| (name.clone(), Quantity(amount.clone())));
    let amounts: BTreeMap<String, Quantity> = amounts.collect();
    Node {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            ..ObjectMeta::default()
        },
        spec: None,
        status: Some(NodeStatus {
            capacity: Some(amounts.clone()),
            allocatable: Some(amounts),
            node_info: Some(NodeSystemInfo {
                kubelet_version: cluster.setup().version.to_string(),
                ..NodeSystemInfo::default()
            }),
            ..NodeStatus::default()
        }),
    }
}

/// The replicas that found a place, and what came of the one after them.
struct Counted {
    /// The node of each.
    placed: Vec<String>,
    next: Next,
}

/// What becomes of the replica after those that were placed.
enum Next {
    /// It was not asked for.
    Unasked,
    /// The API server does not take it.
    Refused(String),
    /// The scheduler does not place it.
    Waits(ObjectKey),
}

fn count(fork: &mut Cluster, replica: &Replica, options: CountOptions) -> Counted {
    let limit = options.limit.unwrap_or(MAX_REPLICAS);
    let has_claims = replica
        .pod
        .spec
        .volumes
        .iter()
        .flatten()
        .any(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some());
    let mut placed: Vec<String> = Vec::new();
    while placed.len() < limit {
        let key = match fork.ask_for(replica.pod.clone()) {
            Ok(key) => key,
            Err(refused) => return Counted { placed, next: Next::Refused(refused.to_string()) },
        };
        // Volumes are made and victims leave in their own time.
        if has_claims || (options.preempts && nominated_node(fork, &key).is_some()) {
            fork.settle(fork.now_ms().saturating_add(SETTLE_MS));
        }
        let Some(node) = fork.place_of(&key) else { return Counted { placed, next: Next::Waits(key) } };
        placed.push(node);
        placed.extend(fork.place_copies(&key, limit - placed.len()));
    }
    Counted { placed, next: Next::Unasked }
}

fn nominated_node(cluster: &Cluster, key: &ObjectKey) -> Option<String> {
    let pod = cluster.store().get::<Pod>(key)?;
    pod.status.as_ref()?.nominated_node_name.clone().filter(|node| !node.is_empty())
}

impl Counted {
    /// What the next replica is told.
    fn message(&self, fork: &Cluster) -> Option<String> {
        match &self.next {
            Next::Unasked => None,
            Next::Refused(message) => Some(message.clone()),
            Next::Waits(key) => fork.store().get::<Pod>(key).map(|pod| sentence(fork, pod)),
        }
    }

    fn result(self, fork: &Cluster, replica: &Replica) -> CapacityResult {
        let mut shares: BTreeMap<&str, usize> = BTreeMap::new();
        for node in &self.placed {
            *shares.entry(node).or_default() += 1;
        }
        let next = match &self.next {
            Next::Waits(key) => fork.store().get::<Pod>(key),
            _ => None,
        };
        let causes = next.map(|pod| causes(fork, pod)).unwrap_or_default();
        CapacityResult {
            api_version: "sim/v1".to_owned(),
            kind: "CapacityResult".to_owned(),
            kubernetes_version: fork.setup().version.to_string(),
            pod: replica.name(),
            replicas: self.placed.len(),
            limited: matches!(self.next, Next::Unasked),
            runs_out_first: runs_out_first(&causes, &shares),
            reasons: obstacles(&causes),
            nodes: shares.into_iter().map(|(name, replicas)| NodeShare { name: name.to_owned(), replicas }).collect(),
            message: self.message(fork),
            room_by_preemption: match &self.next {
                Next::Waits(key) => nominated_node(fork, key),
                _ => None,
            },
            growth: None,
        }
    }
}

/// How many things stand in the way on each node.
fn in_the_way(causes: &[Cause]) -> BTreeMap<&str, usize> {
    let mut in_the_way: BTreeMap<&str, usize> = BTreeMap::new();
    for node in causes.iter().flat_map(Cause::nodes) {
        *in_the_way.entry(node).or_default() += 1;
    }
    in_the_way
}

/// What keeps a pod off which nodes, most nodes first.
fn obstacles(causes: &[Cause]) -> Vec<Obstacle> {
    let in_the_way = in_the_way(causes);
    let mut obstacles: Vec<Obstacle> = causes
        .iter()
        .map(|cause| {
            let alone = cause.nodes().iter().filter(|node| in_the_way.get(node.as_str()) == Some(&1)).count();
            let (reason, detail) = match cause {
                Cause::Taint(taint) => (format!("taint {} is not tolerated", taint.taint), None),
                Cause::Other { reason, detail, .. } => (reason.clone(), detail.clone()),
            };
            Obstacle { reason, detail, nodes: cause.nodes().len(), alone }
        })
        .collect();
    obstacles.sort_by_key(|obstacle| std::cmp::Reverse((obstacle.alone, obstacle.nodes)));
    obstacles
}

/// The reason that is alone in the way on most of the nodes that took replicas; of all nodes when none took any. A taint
/// does not run out.
fn runs_out_first(causes: &[Cause], shares: &BTreeMap<&str, usize>) -> Option<String> {
    let in_the_way = in_the_way(causes);
    let counts = |node: &String| {
        in_the_way.get(node.as_str()) == Some(&1) && (shares.is_empty() || shares.contains_key(node.as_str()))
    };
    let reasons = causes.iter().filter_map(|cause| match cause {
        Cause::Other { nodes, reason, .. } => Some((nodes.iter().filter(|node| counts(node)).count(), reason)),
        Cause::Taint(_) => None,
    });
    // Among equals the first.
    let most =
        reasons.filter(|(count, _)| *count > 0).reduce(|most, other| if other.0 > most.0 { other } else { most });
    most.map(|(_, reason)| reason.clone())
}

impl CapacityResult {
    /// Whether so many replicas fit, with the nodes that were found for them; any at all when no number is given.
    pub fn fits(&self, wanted: Option<usize>) -> bool {
        self.replicas >= wanted.unwrap_or(1) || self.growth.as_ref().is_some_and(|growth| growth.nodes.is_some())
    }
}
