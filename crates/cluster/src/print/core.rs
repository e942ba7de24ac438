//! `kubectl get` of the small kinds: Services, ConfigMaps, Namespaces, quotas, classes and leases.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ResourceQuota, Service, ServiceAccount, ServicePort};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::context::PrintContext;
use super::table::{Column, Table, cells, format_labels};
use super::template::canonical;

/// The table of Namespaces, in the order given.
pub(super) fn namespaces(namespaces: &[&Namespace], context: &PrintContext) -> Table {
    Table::of_objects(
        [Column::NAME, Column::text("Status"), Column::AGE],
        namespaces.iter().copied(),
        |namespace| &namespace.metadata,
        |namespace| {
            let phase = namespace.status.as_ref().and_then(|status| status.phase.clone());
            cells![
                name(&namespace.metadata),
                phase.unwrap_or_else(|| "Active".to_owned()),
                age(&namespace.metadata, context),
            ]
        },
    )
}

/// The table of Services, in the order given.
pub(super) fn services(services: &[&Service], context: &PrintContext) -> Table {
    let columns = [
        Column::NAME,
        Column::text("Type"),
        Column::text("Cluster-IP"),
        Column::text("External-IP"),
        Column::text("Port(s)"),
        Column::AGE,
        Column::text("Selector").wide(),
    ];
    Table::of_objects(
        columns,
        services.iter().copied(),
        |service| &service.metadata,
        |service| {
            let spec = service.spec.clone().unwrap_or_default();
            let ports: Vec<String> = spec.ports.iter().flatten().map(port).collect();
            let ip = spec.cluster_ips.as_ref().and_then(|ips| ips.first().cloned()).or(spec.cluster_ip.clone());
            cells![
                name(&service.metadata),
                spec.type_.clone().unwrap_or_else(|| "ClusterIP".to_owned()),
                ip.filter(|ip| !ip.is_empty()).unwrap_or_else(|| "<none>".to_owned()),
                external_ip(service),
                if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") },
                age(&service.metadata, context),
                format_labels(spec.selector.as_ref()),
            ]
        },
    )
}

/// `80/TCP`, and with a node port `80:30080/TCP` (`makePortString`).
fn port(port: &ServicePort) -> String {
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    match port.node_port.filter(|port| *port > 0) {
        Some(node_port) => format!("{}:{node_port}/{protocol}", port.port),
        None => format!("{}/{protocol}", port.port),
    }
}

/// `getServiceExternalIP`; the API server always prints as for `-o wide`.
fn external_ip(service: &Service) -> String {
    let spec = service.spec.clone().unwrap_or_default();
    let own = spec.external_ips.unwrap_or_default();
    match spec.type_.as_deref().unwrap_or("ClusterIP") {
        "ClusterIP" | "NodePort" if own.is_empty() => "<none>".to_owned(),
        "ClusterIP" | "NodePort" => own.join(","),
        "LoadBalancer" => {
            let ingress =
                service.status.iter().flat_map(|status| &status.load_balancer).flat_map(|balancer| &balancer.ingress);
            let address = |ip: &Option<String>| ip.clone().filter(|ip| !ip.is_empty());
            let mut ips: Vec<String> =
                ingress.flatten().filter_map(|ingress| address(&ingress.ip).or(address(&ingress.hostname))).collect();
            ips.sort();
            ips.dedup();
            ips.extend(own);
            if ips.is_empty() { "<pending>".to_owned() } else { ips.join(",") }
        }
        "ExternalName" => spec.external_name.unwrap_or_default(),
        _ => "<unknown>".to_owned(),
    }
}

/// The table of ConfigMaps, in the order given.
pub(super) fn config_maps(maps: &[&ConfigMap], context: &PrintContext) -> Table {
    Table::of_objects(
        [Column::NAME, Column::text("Data"), Column::AGE],
        maps.iter().copied(),
        |map| &map.metadata,
        |map| {
            let entries =
                map.data.as_ref().map_or(0, |data| data.len()) + map.binary_data.as_ref().map_or(0, |data| data.len());
            cells![name(&map.metadata), entries, age(&map.metadata, context)]
        },
    )
}

/// The table of ServiceAccounts, in the order given.
pub(super) fn service_accounts(accounts: &[&ServiceAccount], context: &PrintContext) -> Table {
    Table::of_objects(
        [Column::NAME, Column::text("Secrets"), Column::AGE],
        accounts.iter().copied(),
        |account| &account.metadata,
        |account| {
            let secrets = account.secrets.as_ref().map_or(0, Vec::len);
            cells![name(&account.metadata), secrets, age(&account.metadata, context)]
        },
    )
}

/// The table of ResourceQuotas, in the order given.
pub(super) fn resource_quotas(quotas: &[&ResourceQuota], context: &PrintContext) -> Table {
    let mut columns = vec![Column::NAME, Column::text("Request"), Column::text("Limit")];
    columns.insert(context.layout.quota_age_at, Column::AGE);
    Table::of_objects(
        columns,
        quotas.iter().copied(),
        |quota| &quota.metadata,
        |quota| {
            let status = quota.status.clone().unwrap_or_default();
            let used = status.used.unwrap_or_default();
            let (mut requests, mut limits) = (Vec::new(), Vec::new());
            for (resource, hard) in status.hard.iter().flatten() {
                let used = used.get(resource).map_or_else(|| "0".to_owned(), canonical);
                let of = if resource.starts_with("limits.") { &mut limits } else { &mut requests };
                of.push(format!("{resource}: {used}/{}", canonical(hard)));
            }
            let mut cells = cells![name(&quota.metadata), requests.join(", "), limits.join(", ")];
            cells.insert(context.layout.quota_age_at, age(&quota.metadata, context).into());
            cells
        },
    )
}

/// The table of PriorityClasses, in the order given.
pub(super) fn priority_classes(classes: &[&PriorityClass], context: &PrintContext) -> Table {
    let mut columns = vec![Column::NAME, Column::integer("Value"), Column::boolean("Global-Default"), Column::AGE];
    if context.layout.preemption_policy {
        columns.push(Column::text("PreemptionPolicy"));
    }
    Table::of_objects(
        columns,
        classes.iter().copied(),
        |class| &class.metadata,
        |class| {
            let policy = class.preemption_policy.clone().unwrap_or_default();
            let default = class.global_default.unwrap_or(false);
            let mut cells =
                cells![name(&class.metadata), class.value.unwrap_or(0), default, age(&class.metadata, context)];
            cells.extend(context.layout.preemption_policy.then(|| policy.into()));
            cells
        },
    )
}

/// The table of RuntimeClasses, in the order given.
pub(super) fn runtime_classes(classes: &[&RuntimeClass], context: &PrintContext) -> Table {
    Table::of_objects(
        [Column::NAME, Column::text("Handler"), Column::AGE],
        classes.iter().copied(),
        |class| &class.metadata,
        |class| cells![name(&class.metadata), class.handler.clone(), age(&class.metadata, context)],
    )
}

/// The table of Leases, in the order given.
pub(super) fn leases(leases: &[&Lease], context: &PrintContext) -> Table {
    Table::of_objects(
        [Column::NAME, Column::text("Holder"), Column::AGE],
        leases.iter().copied(),
        |lease| &lease.metadata,
        |lease| {
            let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone());
            cells![name(&lease.metadata), holder.unwrap_or_default(), age(&lease.metadata, context)]
        },
    )
}

fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}

fn age(metadata: &ObjectMeta, context: &PrintContext) -> String {
    context.age(metadata.creation_timestamp.as_ref())
}
