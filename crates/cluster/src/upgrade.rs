//! An upgrade to another version of Kubernetes, as kubeadm and the playbooks around it do it: the control plane first, then
//! node by node: cordon, drain, new kubelet, uncordon.

use std::collections::{BTreeMap, VecDeque};

use k8s_openapi::api::core::v1::{Node, Taint};
use sim_core::scheduler::SchedulerConfig;
use sim_core::version::Version;

use crate::behaviour::Behaviour;
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::drain::DrainOptions;
use crate::kubelet;
use crate::make::Refused;
use crate::object::Kind;
use crate::scheduling::Scheduling;
use crate::store::{Changed, ObjectKey};

/// From a drained node to its new kubelet: packages are installed meanwhile.
const INSTALL_MS: u64 = 30_000;
const MASTER: &str = "node-role.kubernetes.io/master";
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// An upgrade and how patient it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeOptions {
    /// The version to come to.
    pub to: Version,
    /// The nodes whose kubelets are upgraded, in this order; all nodes, the control plane's first, when absent.
    pub nodes: Option<Vec<String>>,
    /// How long a drain may take before the upgrade stops, in milliseconds; no end when absent.
    pub drain_timeout_ms: Option<u64>,
}

/// An upgrade that goes on.
#[derive(Debug, Clone)]
pub(crate) struct Upgrade {
    to: Version,
    waiting: VecDeque<ObjectKey>,
    drain_timeout_ms: Option<u64>,
}

impl Cluster {
    /// Upgrades the control plane at once, and begins with the first node.
    pub(crate) fn begin_upgrade(&mut self, options: &UpgradeOptions) -> Result<Vec<String>, Refused> {
        let (from, to) = (self.setup.version, options.to);
        if !from.can_become(to) {
            return Err(Refused(format!(
                "error: cannot upgrade from {from} to {to}: only to a later version, and one minor version at a time"
            )));
        }
        let waiting = match &options.nodes {
            Some(names) => names.iter().map(|name| self.node_key(name)).collect::<Result<_, _>>()?,
            None => {
                let mut nodes: Vec<_> = self.store.list::<Node>().collect();
                nodes.sort_by_key(|node| !is_control_plane(node));
                nodes.into_iter().map(|node| ObjectKey::of(node.as_ref())).collect()
            }
        };
        self.upgrade_control_plane(to);
        self.upgrade = Some(Upgrade { to, waiting, drain_timeout_ms: options.drain_timeout_ms });
        let mut lines = vec![format!("control plane upgraded to {to}")];
        lines.extend(upgrade_next_node(self));
        Ok(lines)
    }

    /// Has the cluster run another version with every pod where it is: what an upgrade of all its parts leaves behind,
    /// without the drains on the way. Its scheduler is set up anew. Says what was done.
    ///
    /// # Errors
    /// When the version is an earlier one.
    pub fn become_version(
        &mut self,
        to: Version,
        scheduler_config: Option<SchedulerConfig>,
    ) -> Result<Vec<String>, Refused> {
        let from = self.setup.version;
        if to < from {
            return Err(Refused(format!("error: cannot upgrade from {from} to {to}: only to a later version")));
        }
        std::sync::Arc::make_mut(&mut self.setup).scheduler_config = scheduler_config;
        self.upgrade_control_plane(to);
        let keys: Vec<ObjectKey> = self.store.list::<Node>().map(|node| ObjectKey::of(node.as_ref())).collect();
        for key in &keys {
            self.store.update::<Node>(key, |node| {
                let info = node.status.get_or_insert_default().node_info.get_or_insert_default();
                info.kubelet_version = to.to_string();
                info.kube_proxy_version = to.to_string();
            });
        }
        let kubelets = if keys.len() == 1 { "1 kubelet".to_owned() } else { format!("{} kubelets", keys.len()) };
        Ok(vec![format!("control plane and {kubelets} upgraded from {from} to {to}")])
    }

    fn upgrade_control_plane(&mut self, to: Version) {
        std::sync::Arc::make_mut(&mut self.setup).version = to;
        self.behaviour = Behaviour::of(to);
        self.deliver_changes();
        self.scheduling = Scheduling::new(&self.setup);
        // The new scheduler lists everything; nodes first, for pods are counted on them.
        let kinds = [Kind::Node].into_iter().chain(Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Node));
        for kind in kinds {
            for object in self.store.objects(kind) {
                let key = ObjectKey::new(object.namespace().unwrap_or_default(), object.name());
                self.watch_for_scheduler(&Changed { kind, key, before: None, after: Some(object) });
            }
        }
        mark_control_plane(self);
    }
}

fn is_control_plane(node: &Node) -> bool {
    let has = |labels: &BTreeMap<String, String>| labels.contains_key(MASTER) || labels.contains_key(CONTROL_PLANE);
    node.metadata.labels.as_ref().is_some_and(has)
}

/// What kubeadm does to control-plane nodes while it renames their role (KEP-2067): the new label from 1.20, the new taint
/// beside the old and no more old label from 1.24, no more old taint from 1.25.
fn mark_control_plane(cluster: &mut Cluster) {
    let nodes = cluster.store.list::<Node>().filter(|node| is_control_plane(node));
    let keys: Vec<ObjectKey> = nodes.map(|node| ObjectKey::of(node.as_ref())).collect();
    let behaviour = cluster.behaviour;
    for key in keys {
        cluster.store.update::<Node>(&key, |node| {
            let labels = node.metadata.labels.get_or_insert_default();
            if behaviour.labels_control_plane {
                labels.entry(CONTROL_PLANE.to_owned()).or_default();
            }
            if behaviour.taints_control_plane {
                labels.remove(MASTER);
                let taints = node.spec.get_or_insert_default().taints.get_or_insert_default();
                let is = |taint: &Taint, key: &str| taint.key == key && taint.effect == "NoSchedule";
                if taints.iter().any(|taint| is(taint, MASTER)) && !taints.iter().any(|taint| is(taint, CONTROL_PLANE))
                {
                    let effect = "NoSchedule".to_owned();
                    taints.push(Taint { key: CONTROL_PLANE.to_owned(), effect, ..Taint::default() });
                }
                if behaviour.forgets_master_taint {
                    taints.retain(|taint| !is(taint, MASTER));
                }
            }
        });
    }
}

/// Drains the next node, if there is one.
fn upgrade_next_node(cluster: &mut Cluster) -> Vec<String> {
    let Some(upgrade) = &cluster.upgrade else { return Vec::new() };
    let Some(key) = upgrade.waiting.front().cloned() else {
        cluster.upgrade = None;
        return Vec::new();
    };
    let options = DrainOptions {
        node: key.name.to_string(),
        force: true,
        ignore_daemonsets: true,
        delete_emptydir_data: true,
        timeout_ms: upgrade.drain_timeout_ms,
        ..DrainOptions::default()
    };
    match cluster.drain(&options) {
        Ok(lines) => lines,
        Err(Refused(message)) => {
            // A playbook stops here, and leaves the node cordoned.
            cluster.upgrade = None;
            vec![message]
        }
    }
}

/// A drain has come to its end: that of an upgrade goes on with the kubelet, or stops with the node cordoned.
pub(crate) fn drain_ended(cluster: &mut Cluster, node: &str, succeeded: bool) {
    let is_ours =
        cluster.upgrade.as_ref().is_some_and(|upgrade| upgrade.waiting.front().is_some_and(|key| &*key.name == node));
    if !is_ours {
        return;
    }
    if succeeded {
        cluster.agenda.add(cluster.clock.now_ms().saturating_add(INSTALL_MS), Event::UpgradeKubelet);
    } else {
        cluster.upgrade = None;
    }
}

/// The node that was drained gets its new kubelet, and is uncordoned.
pub(crate) fn upgrade_kubelet(cluster: &mut Cluster) {
    let Some(upgrade) = &mut cluster.upgrade else { return };
    let to = upgrade.to;
    if let Some(key) = upgrade.waiting.pop_front().filter(|key| cluster.store.get::<Node>(key).is_some()) {
        if let Err(Refused(message)) = cluster.refuse_when_down(&key) {
            // A playbook stops at a host that it cannot reach.
            cluster.upgrade = None;
            cluster.print(message);
            return;
        }
        kubelet::restart(cluster, &key, None, Some(to));
        // The node is there.
        let _ = cluster.set_unschedulable(&key.name, false);
    }
    for line in upgrade_next_node(cluster) {
        cluster.print(line);
    }
}
