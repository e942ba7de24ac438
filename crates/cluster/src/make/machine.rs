//! Machines that come, go, fall silent and report again, one by one or a zone at a time.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, NodeAddress};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{Refused, not_found};
use crate::change::KubeletRestart;
use crate::cluster::Cluster;
use crate::controllers::cloud_node;
use crate::deletion::DeleteOptions;
use crate::kubelet::{self, Flags, Silence};
use crate::object::Kind;
use crate::store::ObjectKey;

/// The labels by which a node says in which zone it is, old and new.
const ZONE_LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

impl Cluster {
    pub(super) fn add_nodes(&mut self, from: &str, count: usize) -> Result<Vec<String>, Refused> {
        let key = self.node_key(from)?;
        let Some(model) = self.store.get::<Node>(&key).cloned() else { return Err(not_found(Kind::Node, from)) };
        let mut made = Vec::new();
        let mut number = 1;
        for _ in 0..count {
            let name = loop {
                number += 1;
                let name = format!("{from}-{number}");
                if self.store.find::<Node>("", &name).is_none() {
                    break name;
                }
            };
            let mut node = self.new_node(&model, &name);
            // It is started as the one it is copied from was.
            if let Some(flags) = self.kubelet_flags.get(&key).cloned() {
                self.kubelet_flags.insert(ObjectKey::new("", &name), flags);
            }
            kubelet::join(self, &mut node);
            self.admit_typed(node);
            made.push(format!("node/{name} created"));
        }
        Ok(made)
    }

    /// A fresh machine of the same make: registered with the taints and labels its kubelet gives it.
    fn new_node(&self, model: &Node, name: &str) -> Node {
        let mut node = model.clone();
        let metadata = &mut node.metadata;
        metadata.name = Some(name.to_owned());
        metadata.uid = None;
        metadata.creation_timestamp = None;
        if let Some(hostname) = metadata.labels.as_mut().and_then(|labels| labels.get_mut("kubernetes.io/hostname")) {
            name.clone_into(hostname);
        }
        let spec = node.spec.get_or_insert_default();
        spec.unschedulable = None;
        spec.pod_cidr = None;
        spec.pod_cidrs = None;
        spec.provider_id = None;
        let taints = spec.taints.get_or_insert_default();
        // What others put on the model because of its state is not the new node's.
        taints.retain(|taint| !taint.key.starts_with("node.kubernetes.io/") && taint.key != cloud_node::UNINITIALIZED);
        let status = node.status.get_or_insert_default();
        status.conditions = None;
        status.volumes_attached = None;
        status.volumes_in_use = None;
        let address = |type_: &str, address: String| NodeAddress { type_: type_.to_owned(), address };
        let mut addresses = vec![address("Hostname", name.to_owned())];
        if let Some(ip) = self.free_internal_ip(model) {
            addresses.insert(0, address("InternalIP", ip));
        }
        status.addresses = Some(addresses);
        node
    }

    /// The first address after the model's that no node has.
    fn free_internal_ip(&self, model: &Node) -> Option<String> {
        let internal = |node: &Node| {
            let addresses = node.status.as_ref()?.addresses.as_ref()?;
            let address = addresses.iter().find(|address| address.type_ == "InternalIP")?;
            address.address.parse::<std::net::Ipv4Addr>().ok()
        };
        let taken: BTreeSet<std::net::Ipv4Addr> = self.store.list::<Node>().filter_map(|node| internal(node)).collect();
        let mut address = internal(model)?;
        while taken.contains(&address) {
            address = std::net::Ipv4Addr::from(u32::from(address).checked_add(1)?);
        }
        Some(address.to_string())
    }

    pub(super) fn remove_node(&mut self, node: &str) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        self.delete_object(Kind::Node, &key, DeleteOptions::default());
        Ok(vec![format!("node \"{node}\" deleted")])
    }

    pub(super) fn node_down(&mut self, node: &str, silence: Silence) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        if silence == Silence::CutOff {
            self.refuse_when_down(&key)?;
        }
        kubelet::fall_silent(self, &key, silence);
        Ok(vec![format!("node/{node} down")])
    }

    pub(super) fn node_up(&mut self, node: &str) -> Result<Vec<String>, Refused> {
        let key = self.machine_key(node)?;
        kubelet::come_back(self, &key);
        Ok(vec![format!("node/{node} up")])
    }

    pub(super) fn zone_down(&mut self, zone: &str) -> Result<Vec<String>, Refused> {
        let keys = self.nodes_in(zone)?;
        for key in &keys {
            kubelet::fall_silent(self, key, Silence::MachineDown);
        }
        Ok(keys.iter().map(|key| format!("node/{} down", key.name)).collect())
    }

    pub(super) fn zone_up(&mut self, zone: &str) -> Result<Vec<String>, Refused> {
        let keys = self.nodes_in(zone)?;
        for key in &keys {
            kubelet::come_back(self, key);
        }
        Ok(keys.iter().map(|key| format!("node/{} up", key.name)).collect())
    }

    fn nodes_in(&self, zone: &str) -> Result<Vec<ObjectKey>, Refused> {
        let zone_of = |node: &Node| {
            let labels = node.metadata.labels.as_ref()?;
            ZONE_LABELS.iter().find_map(|label| labels.get(*label)).cloned()
        };
        let nodes = self.store.list::<Node>().filter(|node| zone_of(node).as_deref() == Some(zone));
        let keys: Vec<ObjectKey> = nodes.map(|node| ObjectKey::of(node.as_ref())).collect();
        if !keys.is_empty() {
            return Ok(keys);
        }
        let zones: BTreeSet<String> = self.store.list::<Node>().filter_map(|node| zone_of(node)).collect();
        let zones = if zones.is_empty() { "none".to_owned() } else { Vec::from_iter(zones).join(", ") };
        Err(Refused(format!("error: no node is in zone {zone:?}: the zones of this cluster are {zones}")))
    }

    pub(super) fn restart_kubelet(&mut self, restart: &KubeletRestart) -> Result<Vec<String>, Refused> {
        let key = self.machine_key(&restart.node)?;
        self.refuse_when_down(&key)?;
        let before = self.kubelet_flags.get(&key).cloned().unwrap_or_default();
        let flags = Flags {
            register_with_taints: restart.register_with_taints.clone().or(before.register_with_taints),
            cloud_provider_external: restart.cloud_provider_external.or(before.cloud_provider_external),
            node_labels: restart.node_labels.clone().unwrap_or(before.node_labels),
        };
        let allocatable = restart.allocatable.clone().unwrap_or_default();
        self.store.update::<Node>(&key, |node| {
            let list = node.status.get_or_insert_default().allocatable.get_or_insert_default();
            list.extend(allocatable.into_iter().map(|(name, amount)| (name, Quantity(amount))));
        });
        kubelet::restart(self, &key, Some(flags), restart.version);
        Ok(vec![format!("node/{} kubelet restarted", restart.node)])
    }

    /// What a kubelet would have to do cannot be while its machine is down.
    pub(crate) fn refuse_when_down(&self, key: &ObjectKey) -> Result<(), Refused> {
        match self.silent_nodes.get(key) {
            None | Some(Silence::CutOff) => Ok(()),
            Some(Silence::MachineDown | Silence::MachineStopped | Silence::MachineDeleted) => Err(Refused(format!(
                "error: the machine of node \"{}\" is down: nothing of it can be heard before it starts",
                key.name
            ))),
        }
    }

    /// A machine is there as long as its Node, and longer when only the Node was deleted.
    fn machine_key(&mut self, name: &str) -> Result<ObjectKey, Refused> {
        // The Node may have been deleted just now.
        self.deliver_changes();
        let key = ObjectKey::new("", name);
        if self.machines.contains_key(&key) { Ok(key) } else { self.node_key(name) }
    }
}
