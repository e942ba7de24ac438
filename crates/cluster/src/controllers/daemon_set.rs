//! The DaemonSet controller (pkg/controller/daemon/daemon_controller.go, v1.16 to v1.34): one pod per node that may run
//! it, placed by the scheduler.

mod history;
mod nodes;
mod status;
mod update;

pub use nodes::add_tolerations;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::DaemonSet;

use self::nodes::DaemonNode;
use super::controller_ref;
use super::deployment::is_selecting_all;
use super::slow_start::slow_start;
use crate::api_error::ApiError;
use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod};
use crate::store::{Changed, ObjectKey};

/// The label that tells the pods of an old template from those of the present one.
const HASH_LABEL: &str = "controller-revision-hash";
/// The most pods one sync makes, and the most it deletes (`BurstReplicas`).
const BURST_REPLICAS: usize = 250;
/// A failed pod is replaced after this long, doubled each time (`failedPodsBackoff`).
const BACKOFF_MS: u64 = 1_000;
const BACKOFF_MS_MAX: u64 = 15 * 60 * 1000;

/// A DaemonSet changed, or a pod of one or that one could adopt; or a node may run one from now on, or no longer.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    match (&changed.kind, &changed.before, &changed.after) {
        (Kind::DaemonSet, _, after) => {
            if after.is_none() {
                cluster.failed_daemons.retain(|(set, _), _| *set != changed.key);
            }
            cluster.sync(Controller::DaemonSet, changed.key.clone());
        }
        (Kind::Pod, _, after) => {
            cluster.sync_owners(Controller::DaemonSet, Kind::DaemonSet, changed);
            if let Some(Object::Pod(pod)) = after
                && pod::controller_of(&pod.metadata).is_none()
            {
                for key in controller_ref::adopters::<DaemonSet>(cluster, &pod.metadata) {
                    cluster.sync(Controller::DaemonSet, key);
                }
            }
        }
        (Kind::Node, before, after) if !nodes::is_same_place(before, after) => {
            let sets: Vec<Arc<DaemonSet>> = cluster.store.list::<DaemonSet>().cloned().collect();
            for set in sets {
                if nodes::of(cluster, &set, before) != nodes::of(cluster, &set, after) {
                    cluster.sync(Controller::DaemonSet, ObjectKey::of(set.as_ref()));
                }
            }
        }
        _ => {}
    }
}

/// Creates missing pods, deletes those on nodes that may not run them, rolls over old ones, and writes the status.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(set) = cluster.store.get::<DaemonSet>(key).cloned() else { return };
    if is_selecting_all(&set.spec.selector) {
        let message = "This daemon set is selecting all pods. A non-empty selector is required.";
        cluster.controller_event(&DaemonSet::wrap(set), "Warning", "SelectingAll", message);
        return;
    }
    if set.metadata.deletion_timestamp.is_some() {
        return;
    }
    let hash = history::current_hash(cluster, &set);
    let daemons = Daemons::claim(cluster, set, hash);
    let mut plan = daemons.manage(cluster);
    // A rolling update looks at what is there once nothing is missing or too many.
    if plan.is_empty() {
        plan = daemons.update(cluster);
    }
    match daemons.carry_out(cluster, plan) {
        Ok(()) => {
            history::clean_up(cluster, &daemons.set);
            daemons.write_status(cluster);
            cluster.forget(Controller::DaemonSet, key);
        }
        Err(_) => {
            daemons.write_status(cluster);
            cluster.requeue_rate_limited(Controller::DaemonSet, key);
        }
    }
}

/// A DaemonSet, the nodes, and its pods by the node they are on or meant for.
struct Daemons {
    set: Arc<DaemonSet>,
    hash: String,
    nodes: Vec<DaemonNode>,
    /// Pods that are meant for a node that is not there.
    without_node: Vec<Arc<Pod>>,
}

/// What a sync does.
#[derive(Default)]
struct Plan {
    /// Nodes that get a pod.
    create: Vec<String>,
    /// Pods that go.
    delete: Vec<ObjectKey>,
}

impl Plan {
    fn is_empty(&self) -> bool {
        self.create.is_empty() && self.delete.is_empty()
    }
}

impl Daemons {
    fn claim(cluster: &mut Cluster, set: Arc<DaemonSet>, hash: String) -> Self {
        let pods: Vec<Arc<Pod>> = controller_ref::claim(cluster, set.as_ref(), |indices| &indices.pods, |_| true);
        let mut by_node: BTreeMap<String, Vec<Arc<Pod>>> = BTreeMap::new();
        for pod in pods {
            if let Some(node) = nodes::target_node(&pod) {
                by_node.entry(node).or_default().push(pod);
            }
        }
        let mut nodes = nodes::all(cluster, &set);
        for node in &mut nodes {
            node.pods = by_node.remove(&node.name).unwrap_or_default();
            // Bound before waiting, older before younger (`podByCreationTimestampAndPhase`).
            node.pods.sort_by_key(|pod| {
                let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
                (pod::node_name(pod).is_none(), created, pod.metadata.name.clone())
            });
        }
        Self { set, hash, nodes, without_node: by_node.into_values().flatten().collect() }
    }

    /// One pod where there should be one, none elsewhere (`podsShouldBeOnNode`).
    fn manage(&self, cluster: &mut Cluster) -> Plan {
        let mut plan = Plan::default();
        for node in &self.nodes {
            if node.fitness.should_run && node.pods.is_empty() {
                plan.create.push(node.name.clone());
            } else if node.fitness.should_continue {
                self.manage_node(cluster, node, &mut plan);
            } else {
                plan.delete.extend(node.standing().map(ObjectKey::of));
            }
        }
        // Nobody else deletes a pod that waits for a node that is gone.
        let waiting = self.without_node.iter().filter(|pod| pod::node_name(pod).is_none() && !pod::is_terminating(pod));
        plan.delete.extend(waiting.map(|pod| ObjectKey::of(pod.as_ref())));
        plan
    }

    fn manage_node(&self, cluster: &mut Cluster, node: &DaemonNode, plan: &mut Plan) {
        let mut running = Vec::new();
        for pod in node.standing() {
            match pod::phase(pod) {
                "Failed" => self.replace_failed(cluster, &node.name, pod, plan),
                "Succeeded" if cluster.behaviour.daemon_sets_replace_succeeded_pods => {
                    let message = format!(
                        "Found succeeded daemon pod {} on node {}, will try to delete it",
                        ObjectKey::of(pod),
                        node.name
                    );
                    self.tell(cluster, "Normal", "SucceededDaemonPod", &message);
                    plan.delete.push(ObjectKey::of(pod));
                }
                _ => running.push(pod),
            }
        }
        if !self.allows_surge(cluster) {
            // The oldest stays.
            plan.delete.extend(running.into_iter().skip(1).map(ObjectKey::of));
        } else if running.is_empty() && node.fitness.should_run {
            plan.create.push(node.name.clone());
        } else if running.len() > 1 {
            self.prune_surge(cluster, &running, plan);
        }
    }

    /// Of an old and a new pod on one node the old one goes when it is not ready or the new one is available.
    fn prune_surge(&self, cluster: &Cluster, running: &[&Pod], plan: &mut Plan) {
        let (new, old): (Vec<&Pod>, Vec<&Pod>) = running.iter().partition(|pod| self.is_updated(pod));
        plan.delete.extend(new.iter().skip(1).chain(old.iter().skip(1)).map(|pod| ObjectKey::of(*pod)));
        if let (Some(new), Some(old)) = (new.first(), old.first())
            && (!pod::is_ready(old) || self.is_available(cluster, new))
        {
            plan.delete.push(ObjectKey::of(*old));
        }
    }

    /// A pod that its kubelet rejects would be made and rejected without end: each time a longer pause.
    fn replace_failed(&self, cluster: &mut Cluster, node: &str, pod: &Pod, plan: &mut Plan) {
        let now = cluster.clock.now_ms();
        let key = (ObjectKey::of(self.set.as_ref()), node.to_owned());
        let before = cluster.failed_daemons.get(&key).copied();
        if let Some((since, pause)) = before
            && now.saturating_sub(since) < pause
        {
            cluster.agenda.add(since + pause, Event::Sync(Controller::DaemonSet, key.0));
            return;
        }
        let forgotten = |since: u64| now.saturating_sub(since) > 2 * BACKOFF_MS_MAX;
        let pause = match before {
            Some((since, pause)) if !forgotten(since) => (pause * 2).min(BACKOFF_MS_MAX),
            _ => BACKOFF_MS,
        };
        cluster.failed_daemons.insert(key, (now, pause));
        let message = format!("Found failed daemon pod {} on node {node}, will try to kill it", ObjectKey::of(pod));
        self.tell(cluster, "Warning", "FailedDaemonPod", &message);
        plan.delete.push(ObjectKey::of(pod));
    }

    /// Makes and deletes pods (`syncNodes`). What is refused is told, and the rest of the creates wait.
    fn carry_out(&self, cluster: &mut Cluster, plan: Plan) -> Result<(), ApiError> {
        let mut template = self.set.spec.template.clone();
        let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
        labels.insert(HASH_LABEL.to_owned(), self.hash.clone());
        nodes::add_tolerations(template.spec.get_or_insert_default());
        let owner = DaemonSet::wrap(self.set.clone());
        let mut nodes = plan.create.iter();
        let created = slow_start(plan.create.len().min(BURST_REPLICAS), || {
            let mut template = template.clone();
            if let Some(node) = nodes.next() {
                nodes::pin_to_node(template.spec.get_or_insert_default(), node);
            }
            cluster.create_pod(&owner, &template, |_| {}).map(|_| ())
        });
        for pod in plan.delete.iter().take(BURST_REPLICAS) {
            cluster.delete_pod(pod);
            self.tell(cluster, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", pod.name));
        }
        created
    }

    fn is_updated(&self, pod: &Pod) -> bool {
        pod.metadata.labels.as_ref().is_some_and(|labels| labels.get(HASH_LABEL) == Some(&self.hash))
    }

    fn is_available(&self, cluster: &Cluster, pod: &Pod) -> bool {
        let since = pod::available_since(pod, self.set.spec.min_ready_seconds.unwrap_or(0));
        since.is_some_and(|since| since <= cluster.clock.now())
    }

    fn tell(&self, cluster: &mut Cluster, type_: &str, reason: &str, message: &str) {
        cluster.controller_event(&DaemonSet::wrap(self.set.clone()), type_, reason, message);
    }
}
