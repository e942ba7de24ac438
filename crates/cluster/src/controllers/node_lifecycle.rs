//! The node lifecycle controller (pkg/controller/nodelifecycle, v1.34): conditions become taints, silence becomes
//! Unknown, and lost nodes are tainted NoExecute at the rate that the state of their zone allows.
//!
//! Upstream looks at every node every 5 s. Here a pass is put on the agenda for the next 5 s only when something that it
//! would act on has changed, and looks at no more than that: the moment at which a silent node's grace period ends is
//! computed when the silence begins.

mod health;
mod taints;
mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::OrdMap;
use k8s_openapi::api::core::v1::Node;

pub(crate) use health::{Ready, ready};
pub(crate) use taints::{NOT_READY, sync_no_schedule};
use zone::{Zone, ZoneState};

use crate::clock::{Controller, Event};
use crate::cluster::Cluster;
use crate::object::{Kind, KnownKind, Object};
use crate::store::{Changed, ObjectKey};

/// `--node-monitor-period`.
pub(crate) const MONITOR_MS: u64 = 5_000;
/// `--node-startup-grace-period`: for nodes that have never posted a status.
const STARTUP_GRACE_MS: u64 = 60_000;
/// How often the queues of nodes to be tainted are looked at (`NodeEvictionPeriod`).
const TAINT_MS: u64 = 100;
/// Nodes with this label do not count for the state of their zone.
const EXCLUDE: &str = "node.kubernetes.io/exclude-disruption";

/// What the controller remembers from one pass to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeLifecycle {
    known: OrdMap<Arc<str>, Known>,
    zones: BTreeMap<String, Zone>,
    /// Nodes to be looked at in the next pass.
    pending: BTreeSet<Arc<str>>,
    /// When the grace period of a silent node ends.
    expiring: BTreeSet<(u64, Arc<str>)>,
    last_pass_ms: Option<u64>,
}

/// What the controller saw of a node last.
#[derive(Debug, Clone)]
struct Known {
    zone: String,
    /// Whether it counts for the state of its zone.
    counts: bool,
    is_ready: bool,
    node: Arc<Node>,
}

/// The nodes a cluster begins with are known to the controller, and what it did for them is done.
pub(crate) fn adopt(cluster: &mut Cluster) {
    let nodes: Vec<Arc<Node>> = cluster.store.list::<Node>().cloned().collect();
    for node in nodes {
        let name: Arc<str> = ObjectKey::of(node.as_ref()).name;
        let now_ready = ready(&node);
        know(cluster, &name, &node, now_ready);
        if taints::no_execute(&node) != (false, false) {
            let zone = zone_of(cluster, &node);
            cluster.node_lifecycle.zones.entry(zone).or_insert_with(Zone::new).adopt(&name);
        }
        if now_ready == Ready::Missing {
            expire_at(cluster, &name, STARTUP_GRACE_MS);
        }
    }
    let now_ms = cluster.clock.now_ms();
    let zones = &mut cluster.node_lifecycle.zones;
    let mut counted = zones.values().filter(|zone| zone.nodes() > 0);
    let all_are_down = counted.all(|zone| zone.computed_state() == ZoneState::FullDisruption);
    for zone in zones.values_mut() {
        if all_are_down {
            zone.stop_evictions();
        } else {
            zone.enter(zone.computed_state(), now_ms);
        }
    }
}

/// A node changed.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    if changed.kind != Kind::Node {
        return;
    }
    if changed.after.is_some() {
        cluster.sync(Controller::NodeLifecycle, changed.key.clone());
    }
    let is_due = match (&changed.before, &changed.after) {
        (_, Some(Object::Node(node))) => needs_a_pass(cluster, &changed.key, node),
        (_, after) => after.is_none(),
    };
    if is_due {
        look_at(cluster, Arc::clone(&changed.key.name));
    }
}

/// Whether a pass would do something about the node.
fn needs_a_pass(cluster: &Cluster, key: &ObjectKey, node: &Node) -> bool {
    let Some(known) = cluster.node_lifecycle.known.get(&key.name) else { return true };
    let now_ready = ready(node);
    let is_tainted_right = match now_ready {
        Ready::True => taints::no_execute(node) == (false, false),
        Ready::False => taints::no_execute(node) == (true, false),
        Ready::Unknown => taints::no_execute(node) == (false, true),
        Ready::Missing => true,
    };
    known.is_ready != (now_ready == Ready::True)
        || !is_tainted_right
        || known.node.metadata.uid != node.metadata.uid
        || (known.node.metadata.labels != node.metadata.labels
            && (known.zone != zone_of(cluster, node) || known.counts != counts(node)))
}

/// Puts a node down for the next pass.
fn look_at(cluster: &mut Cluster, name: Arc<str>) {
    cluster.node_lifecycle.pending.insert(name);
    let at = cluster.clock.next_tick(MONITOR_MS);
    let at = if cluster.node_lifecycle.last_pass_ms == Some(at) { at + MONITOR_MS } else { at };
    cluster.agenda.add(at, Event::MonitorNodes);
}

/// The kubelet of a node has said its last word: its grace period begins with the pass that has heard it.
pub(crate) fn silence_begins(cluster: &mut Cluster, key: &ObjectKey) {
    silence_began(cluster, key, cluster.clock.signed_now_ms());
}

/// The kubelet of a node has said its last word at a moment, perhaps before the start.
pub(crate) fn silence_began(cluster: &mut Cluster, key: &ObjectKey, at_ms: i64) {
    let period = i64::try_from(MONITOR_MS).unwrap_or(i64::MAX);
    let heard = at_ms.saturating_add((-at_ms).rem_euclid(period));
    let grace = i64::try_from(cluster.behaviour.node_monitor_grace_ms).unwrap_or(i64::MAX);
    expire_at(cluster, &key.name, u64::try_from(heard.saturating_add(grace)).unwrap_or(0));
}

/// The kubelet of a node reports again.
pub(crate) fn silence_ends(cluster: &mut Cluster, key: &ObjectKey) {
    cluster.node_lifecycle.expiring.retain(|(_, name)| *name != key.name);
}

/// The controller starts, or hears again: whoever is silent gets the grace period anew.
pub(crate) fn begin_anew(cluster: &mut Cluster) {
    let grace_ends = cluster.clock.next_tick(MONITOR_MS).saturating_add(cluster.behaviour.node_monitor_grace_ms);
    for (_, name) in std::mem::take(&mut cluster.node_lifecycle.expiring) {
        expire_at(cluster, &name, grace_ends);
    }
}

fn expire_at(cluster: &mut Cluster, name: &Arc<str>, at: u64) {
    cluster.node_lifecycle.expiring.insert((at, Arc::clone(name)));
    cluster.agenda.add(at, Event::MonitorNodes);
}

/// One pass (`monitorNodeHealth`).
pub(crate) fn monitor(cluster: &mut Cluster) {
    let now_ms = cluster.clock.now_ms();
    cluster.node_lifecycle.last_pass_ms = Some(now_ms);
    let mut expired = BTreeSet::new();
    while let Some((_, name)) = cluster.node_lifecycle.expiring.first().filter(|(at, _)| *at <= now_ms).cloned() {
        cluster.node_lifecycle.expiring.pop_first();
        expired.insert(name);
    }
    let mut names = std::mem::take(&mut cluster.node_lifecycle.pending);
    names.extend(expired.iter().cloned());
    for name in names {
        let is_expired = expired.contains(&name);
        match cluster.store.find::<Node>("", &name).cloned() {
            Some(node) => monitor_node(cluster, &name, &node, is_expired),
            None => forget(cluster, &name),
        }
    }
    handle_disruption(cluster);
    plan_tainting(cluster);
}

fn monitor_node(cluster: &mut Cluster, name: &Arc<str>, node: &Arc<Node>, is_expired: bool) {
    let key = ObjectKey::new("", name);
    let known = cluster.node_lifecycle.known.get(name);
    if known.is_some_and(|known| known.node.metadata.uid != node.metadata.uid) {
        forget(cluster, name);
    }
    if !cluster.node_lifecycle.known.contains_key(name) {
        let message = format!("Node {name} event: Registered Node {name} in Controller");
        tell(cluster, &key, "RegisteredNode", &message);
        know(cluster, name, node, ready(node));
        reachable(cluster, name, node);
        if ready(node) == Ready::Missing {
            expire_at(cluster, name, cluster.clock.now_ms() + STARTUP_GRACE_MS);
        }
    }
    let observed = ready(node);
    let current = if is_expired && observed != Ready::Unknown {
        health::set_unknown(cluster, &key);
        Ready::Unknown
    } else {
        observed
    };
    know(cluster, name, node, current);
    // The taint follows what was there before this pass: a node that is lost in this one is tainted after the next.
    match observed {
        Ready::True => reachable(cluster, name, node),
        Ready::Missing if current == Ready::Missing => {}
        Ready::False | Ready::Unknown | Ready::Missing => lost(cluster, name, node, observed),
    }
    if observed == Ready::True && current != Ready::True {
        health::tell_not_ready(cluster, &key);
        look_at(cluster, Arc::clone(name));
    }
}

/// A node is not ready: the wrong taint is exchanged at once, the first one waits for its turn
/// (`processTaintBaseEviction`).
fn lost(cluster: &mut Cluster, name: &Arc<str>, node: &Node, observed: Ready) {
    let (not_ready, unreachable) = taints::no_execute(node);
    let (is_right, is_wrong) =
        if observed == Ready::False { (not_ready, unreachable) } else { (unreachable, not_ready) };
    if is_wrong {
        taints::set_no_execute(cluster, &ObjectKey::new("", name), taints::no_execute_key(observed));
        return;
    }
    let zone = zone_of(cluster, node);
    let zone = cluster.node_lifecycle.zones.entry(zone).or_insert_with(Zone::new);
    if !is_right {
        zone.remove(name);
        zone.add(name);
    }
}

/// A node needs no NoExecute taint (`markNodeAsReachable`).
fn reachable(cluster: &mut Cluster, name: &Arc<str>, node: &Node) {
    taints::set_no_execute(cluster, &ObjectKey::new("", name), None);
    let zone = zone_of(cluster, node);
    if let Some(zone) = cluster.node_lifecycle.zones.get_mut(&zone) {
        zone.remove(name);
    }
}

/// Remembers what was seen of a node, and counts it where it belongs.
fn know(cluster: &mut Cluster, name: &Arc<str>, node: &Arc<Node>, current: Ready) {
    let zone = zone_of(cluster, node);
    let known = Known { zone, counts: counts(node), is_ready: current == Ready::True, node: Arc::clone(node) };
    let lifecycle = &mut cluster.node_lifecycle;
    if let Some(before) = lifecycle.known.get(name).cloned() {
        lifecycle.count(&before, |count| count.saturating_sub(1));
    }
    lifecycle.zones.entry(known.zone.clone()).or_insert_with(Zone::new);
    lifecycle.count(&known, |count| count + 1);
    lifecycle.known.insert(Arc::clone(name), known);
}

/// A node is gone.
fn forget(cluster: &mut Cluster, name: &Arc<str>) {
    let Some(known) = cluster.node_lifecycle.known.remove(name) else { return };
    cluster.node_lifecycle.count(&known, |count| count.saturating_sub(1));
    cluster.node_lifecycle.expiring.retain(|(_, other)| other != name);
    let message = format!("Node {name} event: Removing Node {name} from Controller");
    let gone = Node::wrap(known.node);
    cluster.event_from("node-controller", None, &gone, "Normal", "RemovingNode", &message);
}

impl NodeLifecycle {
    fn count(&mut self, node: &Known, change: impl FnOnce(usize) -> usize) {
        if let Some(zone) = self.zones.get_mut(&node.zone).filter(|_| node.counts) {
            let count = if node.is_ready { &mut zone.ready } else { &mut zone.not_ready };
            *count = change(*count);
        }
    }
}

/// Zones whose state changed are evicted at another rate (`handleDisruption`).
fn handle_disruption(cluster: &mut Cluster) {
    let now_ms = cluster.clock.now_ms();
    let zones = &mut cluster.node_lifecycle.zones;
    let mut counted = zones.values().filter(|zone| zone.nodes() > 0);
    let all_are_down = counted.clone().all(|zone| zone.computed_state() == ZoneState::FullDisruption);
    let all_were_down = counted.all(|zone| zone.state == ZoneState::FullDisruption);
    match (all_are_down, all_were_down) {
        (true, true) => {}
        (true, false) => {
            zones.values_mut().for_each(Zone::stop_evictions);
            let known: Vec<(Arc<str>, Arc<Node>)> = cluster
                .node_lifecycle
                .known
                .iter()
                .map(|(name, known)| (Arc::clone(name), known.node.clone()))
                .collect();
            for (name, node) in known {
                reachable(cluster, &name, &node);
                // The next pass finds it lost again, and leaves it waiting.
                look_at(cluster, name);
            }
        }
        (false, true) => {
            for zone in zones.values_mut() {
                zone.enter(zone.computed_state(), now_ms);
            }
            begin_anew(cluster);
        }
        (false, false) => {
            for zone in zones.values_mut().filter(|zone| zone.state != zone.computed_state()) {
                zone.enter(zone.computed_state(), now_ms);
            }
        }
    }
}

/// Puts the moment at which the next lost node may be tainted on the agenda.
fn plan_tainting(cluster: &mut Cluster) {
    let next = cluster.node_lifecycle.zones.values().filter_map(Zone::next_ms).min();
    if let Some(next) = next {
        let at = next.max(cluster.clock.now_ms()).next_multiple_of(TAINT_MS);
        cluster.agenda.add(at, Event::TaintLostNodes);
    }
}

/// Taints the lost nodes whose turn it is (`doNoExecuteTaintingPass`).
pub(crate) fn taint_lost_nodes(cluster: &mut Cluster) {
    let now_ms = cluster.clock.now_ms();
    let names: Vec<Arc<str>> = {
        let zones = cluster.node_lifecycle.zones.values_mut();
        zones.flat_map(|zone| std::iter::from_fn(move || zone.take(now_ms))).collect()
    };
    for name in names {
        let wanted = cluster.store.find::<Node>("", &name).and_then(|node| taints::no_execute_key(ready(node)));
        if wanted.is_some() {
            taints::set_no_execute(cluster, &ObjectKey::new("", &name), wanted);
        }
    }
    plan_tainting(cluster);
}

/// The zone as the scheduler knows it: region and zone.
fn zone_of(cluster: &Cluster, node: &Node) -> String {
    let labels = node.metadata.labels.as_ref();
    labels.map_or_else(String::new, |labels| cluster.scheduling.scheduler().behaviour().zone_key(labels))
}

fn counts(node: &Node) -> bool {
    node.metadata.labels.as_ref().is_none_or(|labels| !labels.contains_key(EXCLUDE))
}

/// Records an event about a node.
fn tell(cluster: &mut Cluster, key: &ObjectKey, reason: &str, message: &str) {
    if let Some(node) = cluster.store.get::<Node>(key).cloned() {
        cluster.event_from("node-controller", None, &Node::wrap(node), "Normal", reason, message);
    }
}
