//! Machines that come, go, fall silent and report again.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, NodeAddress};

use super::{Refused, not_found};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::controllers::cloud_node;
use crate::deletion::DeleteOptions;
use crate::kubelet;
use crate::object::Kind;

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
            let node = self.new_node(&model, &name);
            self.create(node);
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
        if self.setup.kubelet_cloud_provider_external || cloud_node::is_uninitialized(model) {
            taints.push(cloud_node::uninitialized_taint());
        }
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

    pub(super) fn node_down(&mut self, node: &str) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        if self.silent_nodes.insert(key.clone()) {
            let lost = self.clock.now_ms() + self.behaviour.node_monitor_grace_ms;
            self.agenda.add(lost, Event::HeartbeatLost(key));
        }
        Ok(vec![format!("node/{node} down")])
    }

    pub(super) fn node_up(&mut self, node: &str) -> Result<Vec<String>, Refused> {
        let key = self.node_key(node)?;
        self.silent_nodes.remove(&key);
        let now = self.clock.time();
        self.store.update::<Node>(&key, |node| {
            for condition in node.status.get_or_insert_default().conditions.iter_mut().flatten() {
                if condition.status == "Unknown" || condition.type_ == "Ready" {
                    let (status, reason, message) = match condition.type_.as_str() {
                        "MemoryPressure" => {
                            ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
                        }
                        "DiskPressure" => ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                        "PIDPressure" => ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                        _ => ("True", "KubeletReady", "kubelet is posting ready status"),
                    };
                    if condition.status != status {
                        condition.last_transition_time = Some(now.clone());
                    }
                    condition.status = status.to_owned();
                    condition.reason = Some(reason.to_owned());
                    condition.message = Some(message.to_owned());
                }
                condition.last_heartbeat_time = Some(now.clone());
            }
        });
        for pod in self.pods_on(node) {
            kubelet::node_is_back(self, &pod);
        }
        Ok(vec![format!("node/{node} up")])
    }
}
