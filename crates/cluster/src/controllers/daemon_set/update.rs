//! Rolling a new template over the nodes (pkg/controller/daemon/update.go).

use k8s_openapi::api::apps::v1::RollingUpdateDaemonSet;

use super::nodes::DaemonNode;
use super::{Daemons, Plan};
use crate::cluster::Cluster;
use crate::controllers::deployment::resolve;
use crate::controllers::replica_set::count;
use crate::pod::Pod;
use crate::store::ObjectKey;

/// The pods of one node that matter to an update.
enum OnNode<'a> {
    /// Several old or several new ones: not to be judged before that is put right.
    TooMany,
    /// At most one of each.
    Pods { new: Option<&'a Pod>, old: Option<&'a Pod> },
}

impl Daemons {
    /// What the update strategy asks for.
    pub(super) fn update(&self, cluster: &Cluster) -> Plan {
        let strategy = self.set.spec.update_strategy.as_ref();
        if strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete") {
            return Plan::default();
        }
        let (surge, unavailable) = self.limits(cluster);
        if surge > 0 {
            self.surge(cluster, surge)
        } else if cluster.behaviour.daemon_sets_update_node_by_node {
            self.replace(cluster, unavailable)
        } else {
            self.replace_any(cluster, unavailable)
        }
    }

    /// Whether an update makes a new pod beside the old one.
    pub(super) fn allows_surge(&self, cluster: &Cluster) -> bool {
        self.limits(cluster).0 > 0
    }

    /// `maxSurge` and `maxUnavailable` in nodes, both rounded up; both zero becomes one unavailable.
    fn limits(&self, cluster: &Cluster) -> (usize, usize) {
        let desired = count(self.nodes.iter().filter(|node| node.fitness.should_run).count());
        let strategy = self.set.spec.update_strategy.as_ref();
        let none = RollingUpdateDaemonSet::default();
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref()).unwrap_or(&none);
        let nodes = |nodes: i32| usize::try_from(nodes).unwrap_or(0);
        let surge = rolling.max_surge.as_ref().filter(|_| cluster.behaviour.daemon_sets_surge);
        let surge = surge.map_or(0, |most| nodes(resolve(most, desired, true)));
        let unavailable = rolling.max_unavailable.as_ref().map_or(1, |most| nodes(resolve(most, desired, true)));
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }

    fn on_node<'a>(&self, node: &'a DaemonNode) -> OnNode<'a> {
        let (mut new, mut old) = (None, None);
        for pod in node.standing() {
            let place = if self.is_updated(pod) { &mut new } else { &mut old };
            if place.replace(pod).is_some() {
                return OnNode::TooMany;
            }
        }
        OnNode::Pods { new, old }
    }

    /// Old pods go while no more nodes than `most` are without an available pod. Those that are not available cost
    /// nothing (v1.21).
    fn replace(&self, cluster: &Cluster, most: usize) -> Plan {
        let (mut unavailable, mut free, mut candidates) = (0, Vec::new(), Vec::new());
        for node in self.nodes.iter().filter(|node| !node.pods.is_empty()) {
            match self.on_node(node) {
                OnNode::Pods { new: Some(new), old: None } => {
                    unavailable += usize::from(!self.is_available(cluster, new));
                }
                OnNode::Pods { new: None, old: Some(old) } if !self.is_available(cluster, old) => {
                    free.push(ObjectKey::of(old));
                }
                OnNode::Pods { new: None, old: Some(old) } => candidates.push(ObjectKey::of(old)),
                OnNode::TooMany | OnNode::Pods { .. } => unavailable += 1,
            }
        }
        candidates.truncate(most.saturating_sub(unavailable));
        Plan { create: Vec::new(), delete: [free, candidates].concat() }
    }

    /// The same until v1.20: old pods that are not available go, and are counted.
    fn replace_any(&self, cluster: &Cluster, most: usize) -> Plan {
        let available = |pod: &Pod| self.is_available(cluster, pod);
        let wanted = self.nodes.iter().filter(|node| node.fitness.should_run);
        let unavailable = wanted.filter(|node| !node.standing().any(available)).count();
        let old = self.nodes.iter().flat_map(DaemonNode::standing).filter(|pod| !self.is_updated(pod));
        let (candidates, free): (Vec<&Pod>, Vec<&Pod>) = old.partition(|pod| available(pod));
        let candidates = candidates.into_iter().take(most.saturating_sub(unavailable));
        Plan { create: Vec::new(), delete: free.into_iter().chain(candidates).map(ObjectKey::of).collect() }
    }

    /// New pods come beside the old ones, on no more nodes than `most` at a time; the old one goes when the new one is
    /// available. Beside an old one that is not available a new one costs nothing.
    fn surge(&self, cluster: &Cluster, most: usize) -> Plan {
        let mut plan = Plan::default();
        let (mut surging, mut candidates) = (0, Vec::new());
        for node in self.nodes.iter().filter(|node| !node.pods.is_empty()) {
            match self.on_node(node) {
                OnNode::TooMany => surging += 1,
                OnNode::Pods { old: None, .. } => {}
                OnNode::Pods { new: None, old: Some(old) } if !self.is_available(cluster, old) => {
                    plan.create.push(node.name.clone());
                }
                OnNode::Pods { new: None, old: Some(_) } => candidates.push(node.name.clone()),
                OnNode::Pods { new: Some(_), old: Some(old) } if !self.is_available(cluster, old) => {
                    plan.delete.push(ObjectKey::of(old));
                }
                OnNode::Pods { new: Some(new), old: Some(old) } => {
                    surging += 1;
                    if self.is_available(cluster, new) {
                        plan.delete.push(ObjectKey::of(old));
                    }
                }
            }
        }
        candidates.truncate(most.saturating_sub(surging));
        plan.create.extend(candidates);
        plan
    }
}
