//! Nodes that are two by name and one by what identifies a machine.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, NodeSystemInfo};
use sim_cluster::Cluster;

use super::{Oddity, OddityKind, Rule, node_refs};
use crate::words;

/// What identifies a machine, and where a node says it.
struct Identity {
    name: &'static str,
    values: fn(&Node) -> Vec<&str>,
    rule: Rule,
}

const IDENTITIES: &[Identity] = &[
    Identity {
        name: "InternalIP",
        values: |node| {
            let addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
            addresses.filter(|address| address.type_ == "InternalIP").map(|address| address.address.as_str()).collect()
        },
        rule: Rule {
            kind: OddityKind::SharedInternalIP,
            matters: "the API server reaches a kubelet by this address: logs, exec and port-forward of one node's pods go to the other, and network plugins route to one of them only",
            source: "https://kubernetes.io/docs/reference/node/node-status/#addresses",
        },
    },
    Identity {
        name: "machine ID",
        values: |node| info(node, |info| &info.machine_id),
        rule: Rule {
            kind: OddityKind::SharedMachineID,
            matters: "the machines were cloned without a new /etc/machine-id: DHCP may lease both the same address, and what tells machines apart by it takes them for one",
            source: "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/#verify-mac-address",
        },
    },
    Identity {
        name: "system UUID",
        values: |node| info(node, |info| &info.system_uuid),
        rule: Rule {
            kind: OddityKind::SharedSystemUUID,
            matters: "kubeadm asks for a product_uuid of its own on every node, and cloud providers find a machine by it: the wrong one may be taken for gone",
            source: "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/#verify-mac-address",
        },
    },
    Identity {
        name: "provider ID",
        values: |node| node.spec.iter().filter_map(|spec| spec.provider_id.as_deref()).collect(),
        rule: Rule {
            kind: OddityKind::SharedProviderID,
            matters: "the cloud-controller-manager and the cluster autoscaler know a machine by its provider ID: what befalls one befalls both nodes",
            source: "https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/#NodeSpec",
        },
    },
    Identity {
        name: "pod CIDR",
        values: |node| {
            let spec = node.spec.as_ref();
            let ranges = spec.and_then(|spec| spec.pod_cidrs.as_ref()).into_iter().flatten().map(String::as_str);
            let ranges: Vec<&str> = ranges.collect();
            if ranges.is_empty() {
                spec.and_then(|spec| spec.pod_cidr.as_deref()).into_iter().collect()
            } else {
                ranges
            }
        },
        rule: Rule {
            kind: OddityKind::SharedPodCIDR,
            matters: "pods of both nodes are given the same addresses, and traffic to them reaches one node only",
            source: "https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/#NodeSpec",
        },
    },
];

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    IDENTITIES.iter().flat_map(|identity| identity.find(cluster)).collect()
}

impl Identity {
    fn find(&self, cluster: &Cluster) -> Vec<Oddity> {
        let mut holders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in cluster.store().list::<Node>() {
            let name = node.metadata.name.as_deref().unwrap_or_default();
            for value in (self.values)(node).into_iter().filter(|value| !value.is_empty()) {
                let names = holders.entry(value).or_default();
                if names.last() != Some(&name) {
                    names.push(name);
                }
            }
        }
        let shared = holders.into_iter().filter(|(_, nodes)| nodes.len() > 1);
        let found = shared.map(|(value, nodes)| {
            let sentence = format!("{} nodes have the {} {value}: {}", nodes.len(), self.name, words::list(&nodes));
            self.rule.found(sentence, node_refs(&nodes))
        });
        found.collect()
    }
}

fn info(node: &Node, field: fn(&NodeSystemInfo) -> &String) -> Vec<&str> {
    let info = node.status.as_ref().and_then(|status| status.node_info.as_ref());
    info.map(|info| field(info).as_str()).into_iter().collect()
}
