//! From which ranges Services get their addresses and ports, as far as the cluster shows it.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use k8s_openapi::api::core::v1::Service;

use super::network::{Family, Network};
use super::{KUBERNETES, addresses, is_kubernetes};
use crate::object::{Object, Unstructured};
use crate::pod::Pod;
use crate::store::Store;

/// kubeadm's `--service-cluster-ip-range`.
const DEFAULT: &str = "10.96.0.0/12";
/// The API server's own `--service-node-port-range`.
const NODE_PORTS: RangeInclusive<i32> = 30_000..=32_767;
/// kubeadm's `--secure-port`.
const SECURE_PORT: i32 = 6443;

/// A range of addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) network: Network,
    /// Whether somebody says that this is the range; otherwise it is what the addresses in use show, and may be larger.
    pub(super) is_stated: bool,
}

/// What a cluster shows of its ranges.
pub(super) struct Evidence<'a> {
    /// What the API server was started with.
    words: Vec<String>,
    /// The networks of ServiceCIDRs.
    networks: Vec<Network>,
    pub(super) services: Vec<&'a Service>,
}

impl<'a> Evidence<'a> {
    /// Of a cluster that runs.
    pub(super) fn of_store(store: &'a Store) -> Self {
        let pods = store.list_in::<Pod>("kube-system").map(AsRef::as_ref);
        let others = store.others_of("networking.k8s.io/v1", "ServiceCIDR").map(AsRef::as_ref);
        Self::new(pods, others, store.list::<Service>().map(AsRef::as_ref))
    }

    /// Of the objects that one starts with.
    pub(super) fn of_objects(objects: &'a [Object]) -> Self {
        let pods = objects.iter().filter_map(|object| match object {
            Object::Pod(pod) if pod.metadata.namespace.as_deref() == Some("kube-system") => Some(pod.as_ref()),
            _ => None,
        });
        let others = objects.iter().filter_map(|object| match object {
            Object::Other(other) if other.kind == "ServiceCIDR" => Some(other.as_ref()),
            _ => None,
        });
        let services = objects.iter().filter_map(|object| match object {
            Object::Service(service) => Some(service.as_ref()),
            _ => None,
        });
        Self::new(pods, others, services)
    }

    fn new<'b>(
        pods: impl Iterator<Item = &'b Pod>,
        cidrs: impl Iterator<Item = &'b Unstructured>,
        services: impl Iterator<Item = &'a Service>,
    ) -> Self {
        let mut containers =
            pods.flat_map(|pod| &pod.spec.containers).filter(|container| container.name == "kube-apiserver");
        let words = containers.next().map(|server| server.command.iter().chain(&server.args).flatten());
        let mut cidrs: Vec<&Unstructured> = cidrs.collect();
        cidrs.sort_by_key(|object| object.metadata.name.as_deref() != Some(KUBERNETES.1));
        let networks = cidrs.into_iter().flat_map(|object| {
            let cidrs = object.rest.get("spec").and_then(|spec| spec["cidrs"].as_array());
            cidrs.into_iter().flatten().filter_map(|cidr| Network::parse(cidr.as_str()?))
        });
        Self {
            words: words.into_iter().flatten().cloned().collect(),
            networks: networks.collect(),
            services: services.collect(),
        }
    }

    /// The ranges of addresses, those of the default family first: what the API server was started with, the ServiceCIDRs,
    /// or what the addresses in use show.
    pub(super) fn ranges(&self) -> Vec<Range> {
        let flag = self.flag("--service-cluster-ip-range").unwrap_or_default();
        let mut stated: Vec<Network> = flag.split(',').filter_map(Network::parse).collect();
        for network in &self.networks {
            if !stated.contains(network) {
                stated.push(*network);
            }
        }
        match stated.is_empty() {
            true => self.shown(),
            false => stated.into_iter().map(|network| Range { network, is_stated: true }).collect(),
        }
    }

    /// The port at which the API server listens.
    pub(super) fn secure_port(&self) -> i32 {
        self.flag("--secure-port").and_then(|port| port.parse().ok()).unwrap_or(SECURE_PORT)
    }

    /// The node ports.
    pub(super) fn node_ports(&self) -> RangeInclusive<i32> {
        let ends = self.flag("--service-node-port-range").and_then(|range| range.split_once('-'));
        let range = ends.and_then(|(first, last)| Some(first.parse().ok()?..=last.parse().ok()?));
        range.unwrap_or(NODE_PORTS)
    }

    /// The Service by which pods reach the API server.
    pub(super) fn kubernetes(&self) -> Option<&'a Service> {
        self.services.iter().find(|service| is_kubernetes(service)).copied()
    }

    /// What the addresses in use show: the default range where it holds them and the Service `kubernetes` is its first,
    /// else the narrowest one that holds them.
    fn shown(&self) -> Vec<Range> {
        let specs = self.services.iter().flat_map(|service| &service.spec);
        let in_use: Vec<IpAddr> = specs.flat_map(addresses::shown).collect();
        let of_family = |family: Family| -> Vec<IpAddr> {
            in_use.iter().copied().filter(|address| Family::of(*address) == family).collect()
        };
        let first = self.kubernetes().and_then(|service| addresses::shown(service.spec.as_ref()?).first().copied());
        let default_family = match first {
            Some(first) => Family::of(first),
            None if of_family(Family::V4).is_empty() && !in_use.is_empty() => Family::V6,
            None => Family::V4,
        };
        let is_default = |network: &Network| {
            in_use.iter().all(|address| Family::of(*address) != network.family() || network.contains(*address))
                && first.is_none_or(|first| Family::of(first) != network.family() || first == network.first())
        };
        let range = |family: Family| {
            let own = of_family(family);
            let default = Network::parse(DEFAULT).filter(|network| network.family() == family);
            match default.filter(is_default) {
                Some(network) if family == default_family || !own.is_empty() => {
                    Some(Range { network, is_stated: true })
                }
                _ => Network::holding(&own).map(|network| Range { network, is_stated: false }),
            }
        };
        [default_family, default_family.other()].into_iter().filter_map(range).collect()
    }

    /// The value of a flag of the API server.
    fn flag(&self, name: &str) -> Option<&str> {
        let mut words = self.words.iter();
        loop {
            match words.next()?.strip_prefix(name) {
                Some("") => return words.next().map(String::as_str),
                Some(rest) if rest.starts_with('=') => return rest.get(1..),
                _ => {}
            }
        }
    }
}
