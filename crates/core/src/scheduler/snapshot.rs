//! What the scheduler sees of the cluster at one moment (`backend/cache`).

mod as_of;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::alike::AlikePods;
use super::change_log::{Change, ChangeLog};
use super::node_info::{NodeInfo, PodInfo, has_affinity, has_required_anti_affinity};
use super::pod_index::{Place, PodIndex};
use super::storage::Storage;
use crate::behaviour::{Behaviour, ZoneLabels};
use crate::model::resources::{PodRequests, asks_the_same};
use crate::model::{LabelSelector, Labels, Node, Pod, PodKey};
use crate::version::Version;

/// The cluster as the scheduler sees it. Cloning copies pointers.
#[derive(Debug, Clone)]
pub struct Snapshot {
    behaviour: Behaviour,
    /// Slots keep their place while a node lives, so that other tables can point into them.
    slots: Vec<Option<Arc<NodeInfo>>>,
    /// Looked up only, never gone through: its order is nobody's.
    slot_by_name: Arc<FxHashMap<Arc<str>, usize>>,
    /// Node slots by zone, zones in the order first seen, nodes in the order they came.
    zones: Vec<(String, Vec<usize>)>,
    order: OnceLock<Arc<[usize]>>,
    pods: PodIndex,
    alike: AlikePods,
    /// Set once somebody counts pods by their like: until then those that are placed here are not numbered.
    counts_alike: OnceLock<()>,
    /// Pods bound to nodes that do not exist (yet).
    stranded: BTreeMap<Arc<str>, Vec<Arc<PodInfo>>>,
    images: Arc<BTreeMap<String, ImageState>>,
    namespaces: Arc<BTreeMap<String, Labels>>,
    selectors: Arc<BTreeMap<(SelectorOwner, String, String), LabelSelector>>,
    budgets: Arc<BTreeMap<(String, String), DisruptionBudget>>,
    storage: Arc<Storage>,
    /// To which node each waiting pod is nominated, and by node who is.
    nominated: BTreeMap<PodKey, Arc<str>>,
    nominees: BTreeMap<Arc<str>, BTreeMap<PodKey, Arc<PodInfo>>>,
    /// How many pods have a required anti-affinity term.
    with_anti_affinity: usize,
    /// How many pods have any affinity term.
    with_affinity: usize,
    /// How many pods there are of each priority.
    priorities: BTreeMap<i32, usize>,
    log: ChangeLog,
}

/// A node's place in a snapshot; good as long as the node lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSlot(pub(crate) usize);

/// The kinds of object whose selectors decide which pods belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SelectorOwner {
    /// A Service.
    Service,
    /// A ReplicationController.
    ReplicationController,
    /// A ReplicaSet.
    ReplicaSet,
    /// A StatefulSet.
    StatefulSet,
}

/// What is known of an image over all nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImageState {
    /// Its size, as the first node that held it said.
    pub size_bytes: i64,
    /// How many nodes hold it.
    pub node_count: usize,
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DisruptionBudget {
    /// `spec.selector`; `None` and an empty one match no pod here, as upstream's preemption reads it.
    pub selector: Option<LabelSelector>,
    /// `status.disruptionsAllowed`.
    pub disruptions_allowed: i32,
    /// The names in `status.disruptedPods`.
    pub disrupted_pods: Vec<String>,
}

impl Snapshot {
    /// An empty cluster of a version.
    pub fn new(version: Version) -> Self {
        Snapshot {
            behaviour: Behaviour::of(version),
            slots: Vec::new(),
            slot_by_name: Arc::default(),
            zones: Vec::new(),
            order: OnceLock::new(),
            pods: PodIndex::default(),
            alike: AlikePods::default(),
            counts_alike: OnceLock::new(),
            stranded: BTreeMap::new(),
            images: Arc::default(),
            namespaces: Arc::default(),
            selectors: Arc::default(),
            budgets: Arc::default(),
            storage: Arc::default(),
            nominated: BTreeMap::new(),
            nominees: BTreeMap::new(),
            with_anti_affinity: 0,
            with_affinity: 0,
            priorities: BTreeMap::new(),
            log: ChangeLog::default(),
        }
    }

    /// What differs in the version.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.slot_by_name.len()
    }

    /// The nodes, one of each zone in turn, as the version's scheduler lists them.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        self.order().iter().filter_map(|slot| self.slots[*slot].as_deref())
    }

    /// A node by name.
    pub fn node(&self, name: &str) -> Option<&NodeInfo> {
        self.slots[*self.slot_by_name.get(name)?].as_deref()
    }

    /// Adds a node or replaces what is known of it. A node whose zone changed goes to the end of its new zone.
    pub fn upsert_node(&mut self, node: Arc<Node>) {
        if let Some(&slot) = self.slot_by_name.get(node.name.as_str()) {
            let Some(old) = self.slots[slot].as_ref().map(|info| Arc::clone(&info.node)) else {
                return;
            };
            self.forget_images(&old);
            let image_node_counts = self.note_images(&node);
            let Some(info) = self.slots[slot].as_mut() else {
                return;
            };
            let (old_zone, new_zone) = (self.behaviour.zone_of(&info.node), self.behaviour.zone_of(&node));
            if old.labels == node.labels && old.images == node.images && info.image_node_counts == image_node_counts {
                self.log.push(Change::Node { slot });
            } else {
                self.log.everything();
            }
            let info = Arc::make_mut(info);
            info.node = node;
            info.image_node_counts = image_node_counts;
            if old_zone != new_zone {
                self.leave_zone(slot);
                self.enter_zone(slot, new_zone);
            }
            return;
        }
        self.log.everything();
        let image_node_counts = self.note_images(&node);
        let zone = self.behaviour.zone_of(&node);
        let name: Arc<str> = Arc::from(node.name.as_str());
        let mut info = NodeInfo::new(node);
        info.image_node_counts = image_node_counts;
        let slot = self.slots.len();
        for pod in self.stranded.remove(&name).unwrap_or_default() {
            self.pods.insert(Arc::clone(&pod), Place::Slot(slot));
            info.add_pod(pod, &self.behaviour);
        }
        self.slots.push(Some(Arc::new(info)));
        Arc::make_mut(&mut self.slot_by_name).insert(name, slot);
        self.enter_zone(slot, zone);
    }

    /// Removes a node. Pods bound to it stay known, and come back should the node.
    pub fn remove_node(&mut self, name: &str) {
        self.log.everything();
        let Some((name, slot)) = Arc::make_mut(&mut self.slot_by_name).remove_entry(name) else {
            return;
        };
        self.leave_zone(slot);
        let Some(info) = self.slots[slot].take() else {
            return;
        };
        self.forget_images(&info.node);
        if info.pods.is_empty() {
            return;
        }
        for pod in &info.pods {
            self.pods.insert(Arc::clone(pod), Place::Stranded(Arc::clone(&name)));
        }
        self.stranded.insert(name, info.pods.clone());
    }

    /// Adds a pod bound to a node, or replaces it. A pod without a node name is ignored: it takes nothing.
    pub fn add_pod(&mut self, pod: Arc<Pod>) {
        let Some(node) = pod.node_name.clone() else {
            self.remove_pod(&pod.namespace, &pod.name);
            return;
        };
        let place = match self.slot_by_name.get(node.as_str()) {
            Some(slot) => Place::Slot(*slot),
            None => Place::Stranded(Arc::from(node)),
        };
        let alike = Some(self.alike.number_of(&pod));
        let known = self.pods.get(&pod.namespace, &pod.name).filter(|known| asks_the_same(&known.pod, &pod));
        let requests = known.map(|known| Arc::clone(&known.requests));
        let requests = requests.unwrap_or_else(|| Arc::new(PodRequests::of(&pod, self.behaviour.requests)));
        self.add_pod_info(Arc::new(PodInfo { pod, requests, alike }), place);
    }

    /// Adds a pod to a node before its binding is known, as the scheduler assumes it (`cache.AssumePod`). Its requests
    /// are those that placed it.
    pub fn assume(&mut self, pod: Arc<Pod>, requests: Arc<PodRequests>, node: NodeSlot) {
        let alike = self.counts_alike.get().map(|()| self.alike.number_of(&pod));
        self.add_pod_info(Arc::new(PodInfo { pod, requests, alike }), Place::Slot(node.0));
    }

    fn add_pod_info(&mut self, info: Arc<PodInfo>, place: Place) {
        if let Some((before, place)) = self.pods.insert(Arc::clone(&info), place.clone()) {
            self.take_from(&place, &before);
        }
        *self.priorities.entry(info.pod.spec.priority).or_default() += 1;
        self.with_affinity += usize::from(has_affinity(&info.pod));
        self.with_anti_affinity += usize::from(has_required_anti_affinity(&info.pod));
        match place {
            Place::Slot(slot) => {
                self.log.push(Change::Pod { slot, pod: Arc::clone(&info), came: true });
                if let Some(node) = self.slots[slot].as_mut() {
                    Arc::make_mut(node).add_pod(info, &self.behaviour);
                }
            }
            Place::Stranded(name) => self.stranded.entry(name).or_default().push(info),
        }
    }

    /// Removes a bound pod; returns whether it was there.
    pub fn remove_pod(&mut self, namespace: &str, name: &str) -> bool {
        let Some((info, place)) = self.pods.remove(namespace, name) else { return false };
        self.take_from(&place, &info);
        true
    }

    fn take_from(&mut self, place: &Place, removed: &Arc<PodInfo>) {
        match place {
            Place::Slot(slot) => {
                if let Some(node) = self.slots[*slot].as_mut() {
                    Arc::make_mut(node).remove_pod(removed, &self.behaviour);
                }
                self.log.push(Change::Pod { slot: *slot, pod: Arc::clone(removed), came: false });
            }
            Place::Stranded(node) => {
                if let Some(pods) = self.stranded.get_mut(node) {
                    pods.retain(|info| !Arc::ptr_eq(info, removed));
                }
            }
        }
        self.with_affinity -= usize::from(has_affinity(&removed.pod));
        self.with_anti_affinity -= usize::from(has_required_anti_affinity(&removed.pod));
        if let Some(count) = self.priorities.get_mut(&removed.pod.spec.priority) {
            *count -= 1;
            if *count == 0 {
                self.priorities.remove(&removed.pod.spec.priority);
            }
        }
    }

    /// How many pods there are or were that selectors and affinity terms can tell apart, for one who counts by that.
    pub(crate) fn alike_count(&self) -> usize {
        self.counts_alike.get_or_init(|| ());
        self.alike.len()
    }

    /// The least priority of any pod; `None` if there is no pod.
    pub(crate) fn least_priority(&self) -> Option<i32> {
        self.priorities.keys().next().copied()
    }

    /// Whether any pod has a required anti-affinity term.
    pub(crate) fn has_anti_affinity(&self) -> bool {
        self.with_anti_affinity > 0
    }

    /// Whether any pod has an affinity term.
    pub(crate) fn has_affinity(&self) -> bool {
        self.with_affinity > 0
    }

    /// The name of the node of a slot; empty if it is gone.
    pub fn node_name(&self, node: NodeSlot) -> &str {
        self.slot(node.0).map_or("", NodeInfo::name)
    }

    /// What lately changed.
    pub(crate) fn log(&self) -> &ChangeLog {
        &self.log
    }

    /// The slots of the nodes in node order.
    pub(crate) fn order(&self) -> &[usize] {
        self.order.get_or_init(|| {
            let longest = self.zones.iter().map(|(_, slots)| slots.len()).max().unwrap_or(0);
            let mut order = Vec::with_capacity(self.slot_by_name.len());
            for turn in 0..longest {
                order.extend(self.zones.iter().filter_map(|(_, slots)| slots.get(turn).copied()));
            }
            Arc::from(order)
        })
    }

    /// The node of a slot.
    pub(crate) fn slot(&self, slot: usize) -> Option<&NodeInfo> {
        self.slots.get(slot)?.as_deref()
    }

    /// The slot of a node.
    pub fn slot_of(&self, name: &str) -> Option<NodeSlot> {
        self.slot_by_name.get(name).copied().map(NodeSlot)
    }

    /// How many slots there are or were.
    pub(crate) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// What is known of an image by one of its names.
    pub fn image(&self, name: &str) -> Option<&ImageState> {
        self.images.get(name)
    }

    /// The labels of a namespace; `None` if it is unknown.
    pub fn namespace(&self, name: &str) -> Option<&Labels> {
        self.namespaces.get(name)
    }

    /// Adds a namespace or replaces its labels.
    pub fn set_namespace(&mut self, name: &str, labels: Labels) {
        if self.namespaces.get(name) == Some(&labels) {
            return;
        }
        self.log.everything();
        Arc::make_mut(&mut self.namespaces).insert(name.to_owned(), labels);
    }

    /// Removes a namespace.
    pub fn remove_namespace(&mut self, name: &str) {
        self.log.everything();
        Arc::make_mut(&mut self.namespaces).remove(name);
    }

    /// Adds the selector of a Service or of a workload, or replaces it.
    pub fn set_selector(&mut self, kind: SelectorOwner, namespace: &str, name: &str, selector: LabelSelector) {
        let key = (kind, namespace.to_owned(), name.to_owned());
        if self.selectors.get(&key) == Some(&selector) {
            return;
        }
        self.log.everything();
        Arc::make_mut(&mut self.selectors).insert(key, selector);
    }

    /// Removes the selector of a Service or of a workload.
    pub fn remove_selector(&mut self, kind: SelectorOwner, namespace: &str, name: &str) {
        let key = (kind, namespace.to_owned(), name.to_owned());
        if self.selectors.contains_key(&key) {
            self.log.everything();
            Arc::make_mut(&mut self.selectors).remove(&key);
        }
    }

    /// The selectors of one kind in a namespace, by name.
    pub fn selectors(&self, kind: SelectorOwner, namespace: &str) -> impl Iterator<Item = (&str, &LabelSelector)> {
        let namespace = namespace.to_owned();
        self.selectors
            .range((kind, namespace.clone(), String::new())..)
            .take_while(move |((found, in_namespace, _), _)| *found == kind && *in_namespace == namespace)
            .map(|((_, _, name), selector)| (name.as_str(), selector))
    }

    /// Adds a PodDisruptionBudget or replaces it.
    pub fn set_disruption_budget(&mut self, namespace: &str, name: &str, budget: DisruptionBudget) {
        self.log.push(Change::Budget);
        Arc::make_mut(&mut self.budgets).insert((namespace.to_owned(), name.to_owned()), budget);
    }

    /// Removes a PodDisruptionBudget.
    pub fn remove_disruption_budget(&mut self, namespace: &str, name: &str) {
        self.log.push(Change::Budget);
        Arc::make_mut(&mut self.budgets).remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// All PodDisruptionBudgets with their namespaces.
    pub fn disruption_budgets(&self) -> impl Iterator<Item = (&str, &DisruptionBudget)> {
        self.budgets.iter().map(|((namespace, _), budget)| (namespace.as_str(), budget))
    }

    /// The storage objects.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Changes the storage objects. What follows the log judges pods without volumes only.
    pub fn change_storage(&mut self, change: impl FnOnce(&mut Storage)) {
        change(Arc::make_mut(&mut self.storage));
    }

    /// Notes that a waiting pod is promised room on a node by preemption.
    pub fn nominate(&mut self, pod: Arc<Pod>, node: &str) {
        self.forget_nomination(&pod.namespace, &pod.name);
        let (key, node) = (pod.key(), Arc::<str>::from(node));
        let info = Arc::new(PodInfo::new(pod, &self.behaviour));
        self.nominated.insert(key.clone(), Arc::clone(&node));
        self.note_nomination(&node);
        self.nominees.entry(node).or_default().insert(key, info);
    }

    /// Forgets a nomination.
    pub fn forget_nomination(&mut self, namespace: &str, name: &str) {
        if self.nominated.is_empty() {
            return;
        }
        let key = PodKey::new(namespace, name);
        let Some(node) = self.nominated.remove(&key) else { return };
        self.note_nomination(&node);
        if let Some(nominees) = self.nominees.get_mut(&node) {
            nominees.remove(&key);
            if nominees.is_empty() {
                self.nominees.remove(&node);
            }
        }
    }

    /// Whether the pod is nominated to a node.
    pub fn is_nominated(&self, pod: &Pod) -> bool {
        self.nomination_of(pod).is_some()
    }

    /// The node that the pod is nominated to.
    pub(crate) fn nomination_of(&self, pod: &Pod) -> Option<&str> {
        if self.nominated.is_empty() { None } else { self.nominated.get(&pod.key()).map(|node| &**node) }
    }

    fn note_nomination(&mut self, node: &str) {
        if let Some(slot) = self.slot_by_name.get(node) {
            self.log.push(Change::Nomination { slot: *slot });
        }
    }

    /// The pods nominated to a node.
    pub fn nominated_to(&self, node: &str) -> impl Iterator<Item = &Arc<PodInfo>> {
        self.nominees.get(node).into_iter().flat_map(BTreeMap::values)
    }

    /// Whether any pod is nominated anywhere.
    pub fn has_nominations(&self) -> bool {
        !self.nominated.is_empty()
    }

    /// Counts the node as a holder of its images; returns how many hold each now, where the version goes by that.
    fn note_images(&mut self, node: &Node) -> Arc<BTreeMap<String, usize>> {
        let mut now = BTreeMap::new();
        if node.images.is_empty() {
            return Arc::default();
        }
        let images = Arc::make_mut(&mut self.images);
        for image in &node.images {
            for name in &image.names {
                let known =
                    images.entry(name.clone()).or_insert(ImageState { size_bytes: image.size_bytes, node_count: 0 });
                // A node counts once, however often it names the image.
                if !now.contains_key(name) {
                    known.node_count += 1;
                    now.insert(name.clone(), known.node_count);
                }
            }
        }
        if self.behaviour.image.counts_at_arrival { Arc::new(now) } else { Arc::default() }
    }

    fn forget_images(&mut self, node: &Node) {
        if node.images.is_empty() {
            return;
        }
        let images = Arc::make_mut(&mut self.images);
        let names: BTreeSet<&String> = node.images.iter().flat_map(|image| &image.names).collect();
        for name in names {
            if let Some(known) = images.get_mut(name) {
                known.node_count = known.node_count.saturating_sub(1);
                if known.node_count == 0 {
                    images.remove(name);
                }
            }
        }
    }

    fn enter_zone(&mut self, slot: usize, zone: String) {
        self.order = OnceLock::new();
        match self.zones.iter_mut().find(|(name, _)| *name == zone) {
            Some((_, slots)) => slots.push(slot),
            None => self.zones.push((zone, vec![slot])),
        }
    }

    fn leave_zone(&mut self, slot: usize) {
        self.order = OnceLock::new();
        for (_, slots) in &mut self.zones {
            slots.retain(|other| *other != slot);
        }
        self.zones.retain(|(_, slots)| !slots.is_empty());
    }
}

impl Behaviour {
    /// The zone of a node.
    pub(crate) fn zone_of(&self, node: &Node) -> String {
        self.zone_key(&node.labels)
    }

    /// The key by which scheduler and controllers group nodes: region and zone, or nothing when a node's labels name
    /// neither (`GetZoneKey`).
    pub fn zone_key(&self, labels: &Labels) -> String {
        let beta = ("failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone");
        let stable = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone");
        let second = if self.zone_labels == ZoneLabels::BetaOnly { beta } else { stable };
        let label = |a: &str, b: &str| labels.get(a).or_else(|| labels.get(b)).map_or("", String::as_str);
        let (region, zone) = (label(beta.0, second.0), label(beta.1, second.1));
        if region.is_empty() && zone.is_empty() { String::new() } else { format!("{region}:\0:{zone}") }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::scheduler::testing::{read_pod, snapshot};
    use crate::version::Version;

    #[track_caller]
    fn check_order(version: &str, cluster: &str, expected: &str) {
        let version: Version = version.parse().expect("a version");
        let snapshot = snapshot(version, cluster);
        let order: Vec<&str> = snapshot.nodes().map(|node| node.name()).collect();
        assert_eq!(order.join(" "), expected);
    }

    #[test]
    fn nodes_are_listed_one_of_each_zone_in_turn() {
        let cluster = "node a1 zone=a\nnode a2 zone=a\nnode b1 zone=b\nnode none\nnode a3 zone=a\nnode b2 zone=b";
        check_order("1.34", cluster, "a1 b1 none a2 b2 a3");
        // 1.16 knows the older labels only.
        check_order("1.16", cluster, "a1 a2 b1 none a3 b2");
    }

    #[test]
    fn a_node_that_changes_its_zone_goes_to_the_end() {
        check_order("1.34", "node n1 zone=a\nnode n2 zone=b\nnode n3 zone=b\nnode n1 zone=b", "n2 n3 n1");
    }

    #[test]
    fn pods_may_come_before_their_node_and_outlive_it() {
        let mut snapshot = snapshot(Version::NEWEST, "pod p on=n1 cpu=1\nnode n1 cpu=4");
        let used = |snapshot: &super::Snapshot| snapshot.node("n1").map(|node| node.requested.milli_cpu);
        assert_eq!(used(&snapshot), Some(1000));
        let node = Arc::clone(&snapshot.node("n1").expect("n1").node);
        snapshot.remove_node("n1");
        assert_eq!((used(&snapshot), snapshot.node_count()), (None, 0));
        snapshot.upsert_node(node);
        assert_eq!(used(&snapshot), Some(1000));
        assert!(snapshot.remove_pod("default", "p"));
        assert!(!snapshot.remove_pod("default", "p"));
        assert_eq!(used(&snapshot), Some(0));
    }

    #[test]
    fn a_clone_does_not_feel_what_happens_to_the_original() {
        let mut original = snapshot(Version::NEWEST, "node n1 cpu=4");
        let clone = original.clone();
        original.add_pod(Arc::new(read_pod("pod p on=n1 cpu=1")));
        assert_eq!(clone.node("n1").map(|node| node.pods.len()), Some(0));
        assert_eq!(original.node("n1").map(|node| node.pods.len()), Some(1));
    }

    #[test]
    fn an_added_pod_replaces_itself() {
        let snapshot = snapshot(Version::NEWEST, "node n1\nnode n2\npod p on=n1 cpu=1\npod p on=n2 cpu=2");
        let used: Vec<i64> = snapshot.nodes().map(|node| node.requested.milli_cpu).collect();
        assert_eq!(used, [0, 2000]);
    }
}
