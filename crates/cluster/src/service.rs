//! What the API server fills in of Services and allocates to them: IP families, addresses and node ports
//! (pkg/registry/core/service/storage).

mod addresses;
mod evidence;
mod families;
mod network;
mod node_ports;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use self::evidence::{Evidence, Range};
use crate::api_error::{ApiError, GroupName};
use crate::behaviour::Behaviour;
use crate::cluster::Cluster;
use crate::defaults;
use crate::names::NameGenerator;
use crate::object::{Kind, Object};
use crate::store::ObjectKey;
use crate::validation::field::Faults;

/// The address of a Service that has none by intention.
pub(crate) const HEADLESS: &str = "None";
/// The Service by which pods reach the API server, which makes it.
const KUBERNETES: (&str, &str) = ("default", "kubernetes");

impl Cluster {
    /// Gives a new Service what it needs (`REST.beginCreate`).
    ///
    /// # Errors
    /// When it asks for what it cannot have.
    pub(crate) fn allocate_service(&self, service: &mut Service) -> Result<(), ApiError> {
        Allocator::new(&self.behaviour, &self.names, &Evidence::of_store(&self.store)).create(service)
    }

    /// The same when a Service is updated: it keeps what it has (`REST.beginUpdate`, `dropTypeDependentFields`).
    ///
    /// # Errors
    /// The same.
    pub(crate) fn reallocate_service(&self, before: &Service, after: &mut Service) -> Result<(), ApiError> {
        Allocator::new(&self.behaviour, &self.names, &Evidence::of_store(&self.store)).update(before, after)
    }
}

/// Gives the Services that a cluster starts with what a creation would have given them; what they say is kept. Returns
/// the one by which pods reach the API server, where it is not among them.
pub(crate) fn complete(
    objects: &mut [Object],
    behaviour: &Behaviour,
    names: &NameGenerator,
    now: Time,
) -> Option<Service> {
    let evidence = Evidence::of_objects(objects);
    let kubernetes = evidence.kubernetes().is_none().then(|| kubernetes(&evidence, behaviour, names, now));
    let mut allocator = Allocator::new(behaviour, names, &evidence);
    let kubernetes = kubernetes.and_then(|mut service| allocator.create(&mut service).ok().map(|()| service));
    for object in objects {
        let Object::Service(service) = object else { continue };
        let mut complete = service.as_ref().clone();
        defaults::default_service(&mut complete, behaviour);
        let defaulted = complete.clone();
        // What has an address or a port of another range keeps it.
        *service = Arc::new(if allocator.adopt(&mut complete).is_ok() { complete } else { defaulted });
    }
    kubernetes
}

/// As the API server's controller makes it (pkg/controlplane/controller/kubernetesservice).
fn kubernetes(evidence: &Evidence<'_>, behaviour: &Behaviour, names: &NameGenerator, now: Time) -> Service {
    let (namespace, name) = KUBERNETES;
    let labels = [("component", "apiserver"), ("provider", "kubernetes")];
    let port = ServicePort {
        name: Some("https".to_owned()),
        port: 443,
        target_port: Some(IntOrString::Int(evidence.secure_port())),
        ..ServicePort::default()
    };
    let spec = ServiceSpec {
        cluster_ip: evidence.ranges().first().map(|range| range.network.first().to_string()),
        ports: Some(vec![port]),
        ..ServiceSpec::default()
    };
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()),
        uid: Some(names.stable_uid("Service/default/kubernetes")),
        creation_timestamp: Some(now),
        ..ObjectMeta::default()
    };
    let mut service = Service { metadata, spec: Some(spec), status: None };
    defaults::default_service(&mut service, behaviour);
    service
}

/// Who gives addresses and ports to Services (`Allocators`).
struct Allocator<'a> {
    behaviour: &'a Behaviour,
    names: &'a NameGenerator,
    ranges: Vec<Range>,
    addresses: BTreeSet<IpAddr>,
    port_range: RangeInclusive<i32>,
    ports: BTreeSet<i32>,
}

impl<'a> Allocator<'a> {
    fn new(behaviour: &'a Behaviour, names: &'a NameGenerator, evidence: &Evidence<'_>) -> Self {
        let specs = || evidence.services.iter().flat_map(|service| &service.spec);
        Self {
            behaviour,
            names,
            ranges: evidence.ranges(),
            addresses: specs().flat_map(addresses::shown).collect(),
            port_range: evidence.node_ports(),
            ports: specs().flat_map(node_ports::shown).collect(),
        }
    }

    fn create(&mut self, service: &mut Service) -> Result<(), ApiError> {
        let key = ObjectKey::of(service);
        let spec = service.spec.get_or_insert_default();
        drop_empty(spec);
        if self.behaviour.services.cluster_ips {
            addresses::align(None, spec);
        }
        self.complete_families(&key, None, spec)?;
        self.allocate_addresses(&key, spec)?;
        self.allocate_ports(&key, spec)
    }

    /// Completes a Service that is there already: what it has is its own.
    fn adopt(&mut self, service: &mut Service) -> Result<(), ApiError> {
        let spec = service.spec.get_or_insert_default();
        let (addresses, ports) = (addresses::shown(spec), node_ports::shown(spec));
        for address in &addresses {
            self.addresses.remove(address);
        }
        for port in &ports {
            self.ports.remove(port);
        }
        let made = self.create(service);
        self.addresses.extend(addresses);
        self.ports.extend(ports);
        made
    }

    fn update(&mut self, before: &Service, after: &mut Service) -> Result<(), ApiError> {
        let key = ObjectKey::of(after);
        let before = before.spec.clone().unwrap_or_default();
        let after = after.spec.get_or_insert_default();
        drop_empty(after);
        if self.behaviour.services.cluster_ips {
            addresses::keep(&before, after);
            node_ports::keep(&before, after);
            addresses::align(Some(&before), after);
        }
        self.complete_families(&key, Some(&before), after)?;
        self.update_addresses(&key, &before, after)?;
        self.update_ports(&key, &before, after)?;
        if self.behaviour.services.cluster_ips {
            drop_what_type_has_not(&before, after);
        }
        Ok(())
    }
}

/// Whether it is the Service by which pods reach the API server: every cluster has that.
pub(crate) fn is_kubernetes(service: &Service) -> bool {
    let metadata = &service.metadata;
    (metadata.namespace.as_deref(), metadata.name.as_deref()) == (Some(KUBERNETES.0), Some(KUBERNETES.1))
}

/// Whether it is only a name for another one.
pub(crate) fn is_external_name(spec: &ServiceSpec) -> bool {
    spec.type_.as_deref() == Some("ExternalName")
}

/// Whether it has no address by intention.
pub(crate) fn is_headless(spec: &ServiceSpec) -> bool {
    spec.cluster_ip.as_deref() == Some(HEADLESS)
}

/// Whether it can be reached from outside by the nodes' ports.
pub(crate) fn is_of_nodes(spec: &ServiceSpec) -> bool {
    matches!(spec.type_.as_deref(), Some("NodePort" | "LoadBalancer"))
}

/// Whether its load balancer asks nodes for their health (`NeedsHealthCheck`).
pub(crate) fn needs_health_check(spec: &ServiceSpec) -> bool {
    spec.type_.as_deref() == Some("LoadBalancer") && spec.external_traffic_policy.as_deref() == Some("Local")
}

/// Whether traffic from outside may come to it (`ExternallyAccessible`).
pub(crate) fn is_externally_accessible(spec: &ServiceSpec) -> bool {
    let has_external_ips = spec.external_ips.as_ref().is_some_and(|ips| !ips.is_empty());
    is_of_nodes(spec) || (spec.type_.as_deref() == Some("ClusterIP") && has_external_ips)
}

fn refuse(key: &ObjectKey, faults: Faults) -> Result<(), ApiError> {
    match faults.0.as_slice() {
        [] => Ok(()),
        faults => Err(ApiError::invalid(GroupName::kind(Kind::Service), &key.name, faults)),
    }
}

/// Go knows no difference between what is empty and what is not there.
fn drop_empty(spec: &mut ServiceSpec) {
    for text in [&mut spec.cluster_ip, &mut spec.external_traffic_policy] {
        *text = text.take().filter(|text| !text.is_empty());
    }
    for list in [&mut spec.cluster_ips, &mut spec.ip_families] {
        *list = list.take().filter(|list| !list.is_empty());
    }
    spec.health_check_node_port = spec.health_check_node_port.filter(|port| *port != 0);
    for port in spec.ports.iter_mut().flatten() {
        port.node_port = port.node_port.filter(|port| *port != 0);
    }
}

/// What the type before needed and the new one does not goes, unless the update changes it (`dropTypeDependentFields`).
fn drop_what_type_has_not(before: &ServiceSpec, after: &mut ServiceSpec) {
    if !is_external_name(before) && is_external_name(after) {
        if before.cluster_ips == after.cluster_ips {
            after.cluster_ip = None;
            after.cluster_ips = None;
        }
        drop_same(&before.ip_families, &mut after.ip_families);
        drop_same(&before.ip_family_policy, &mut after.ip_family_policy);
    }
    if is_of_nodes(before) && !is_of_nodes(after) && node_ports::of_ports(before) == node_ports::of_ports(after) {
        after.ports.iter_mut().flatten().for_each(|port| port.node_port = None);
    }
    if needs_health_check(before) && !needs_health_check(after) {
        drop_same(&before.health_check_node_port, &mut after.health_check_node_port);
    }
    let is_balanced = |spec: &ServiceSpec| spec.type_.as_deref() == Some("LoadBalancer");
    if is_balanced(before) && !is_balanced(after) {
        drop_same(&before.allocate_load_balancer_node_ports, &mut after.allocate_load_balancer_node_ports);
        drop_same(&before.load_balancer_class, &mut after.load_balancer_class);
    }
    if is_externally_accessible(before) && !is_externally_accessible(after) {
        drop_same(&before.external_traffic_policy, &mut after.external_traffic_policy);
    }
}

fn drop_same<T: PartialEq>(before: &Option<T>, after: &mut Option<T>) {
    if before == after {
        *after = None;
    }
}
