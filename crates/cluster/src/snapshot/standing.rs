//! What stands in a cluster and is no object: a snapshot says it as steps at its beginning, or says that it does not.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Node;

use crate::change::Change;
use crate::cluster::Cluster;
use crate::controllers::node_lifecycle::{Ready, ready};
use crate::gaps::list;
use crate::kubelet::{Flags, Silence};
use crate::leases;
use crate::store::ObjectKey;

impl Cluster {
    /// The changes that bring a cluster with the same objects to where this one is.
    pub fn standing(&self) -> Vec<Change> {
        // Of a Node that is gone nothing can be said.
        let there = self.silent_nodes.iter().filter(|(key, _)| self.store.get::<Node>(key).is_some());
        let silent = there.map(|(key, silence)| {
            let node = key.name.to_string();
            match silence {
                Silence::CutOff => Change::NodePartitioned(node),
                Silence::MachineDown => Change::NodeDown(node),
                Silence::MachineStopped => Change::MachineStopped(node),
                Silence::MachineDeleted => Change::MachineDeleted(node),
            }
        });
        let stopped = self.stopped.iter().map(|name| Change::StopController((*name).to_owned()));
        let broken = self.kubelets.broken_images().map(|image| Change::ImageBroken(image.to_owned()));
        let mended = self.kubelets.mended_images().map(|image| Change::ImageFixed(image.to_owned()));
        silent.chain(stopped).chain(broken).chain(mended).collect()
    }

    /// The nodes that are being drained, and since when in milliseconds of virtual time.
    pub fn draining(&self) -> impl Iterator<Item = (&str, u64)> {
        self.drains.iter().map(|(node, drain)| (node.as_str(), drain.started_ms()))
    }

    /// What neither the objects nor those changes tell, a sentence each.
    pub fn forgotten(&self) -> Vec<String> {
        let mut forgotten = Vec::new();
        let names = |keys: Vec<&ObjectKey>| list(&keys.iter().map(|key| key.name.to_string()).collect::<Vec<_>>());
        let unnoticed = |key: &&ObjectKey| self.store.get::<Node>(key).is_some_and(|node| ready(node) == Ready::True);
        // Of some their Leases tell.
        let mut shown = self.clone();
        shown.renew_leases();
        let told: BTreeSet<ObjectKey> = leases::just_silent(&shown).into_iter().map(|(key, ..)| key).collect();
        let silent: Vec<&ObjectKey> =
            self.silent_nodes.keys().filter(unnoticed).filter(|key| !told.contains(*key)).collect();
        if !silent.is_empty() {
            forgotten
                .push(format!("how long nothing has been heard of {}: it counts from the snapshot on", names(silent)));
        }
        let flagged = self.kubelet_flags.iter().filter(|(_, flags)| **flags != Flags::default());
        let flagged: Vec<&ObjectKey> = flagged.map(|(key, _)| key).collect();
        if !flagged.is_empty() {
            forgotten.push(format!("what the kubelets of {} would register their nodes with", names(flagged)));
        }
        let machines: Vec<&ObjectKey> = self.machines.keys().collect();
        if !machines.is_empty() {
            forgotten.push(format!("the machines {}, whose Nodes were deleted", names(machines)));
        }
        if self.upgrade.is_some() {
            forgotten.push("the upgrade that goes on: the nodes that wait for it keep their version".to_owned());
        }
        forgotten
    }
}
