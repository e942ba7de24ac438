//! `kubectl get nodes` (`printNode`).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Node;

use super::context::PrintContext;
use super::table::{Cell, Column, Table, cells as of};

/// The table of nodes, in the order given.
pub fn nodes(nodes: &[&Node], context: &PrintContext) -> Table {
    let mut columns = vec![
        Column::NAME,
        Column::text("Status"),
        Column::text("Roles"),
        Column::AGE,
        Column::text("Version"),
        Column::text("Internal-IP").wide(),
        Column::text("External-IP").wide(),
        Column::text("OS-Image").wide(),
        Column::text("Kernel-Version").wide(),
        Column::text("Container-Runtime").wide(),
    ];
    if context.layout.node_architecture {
        columns.insert(9, Column::text("Architecture").wide());
    }
    Table::of_objects(columns, nodes.iter().copied(), |node| &node.metadata, |node| cells(node, context))
}

fn cells(node: &Node, context: &PrintContext) -> Vec<Cell> {
    let status = node.status.clone().unwrap_or_default();
    let info = status.node_info.unwrap_or_default();
    let addresses = status.addresses.unwrap_or_default();
    let address = |type_: &str| {
        let found = addresses.iter().find(|address| address.type_ == type_);
        found.map_or_else(|| "<none>".to_owned(), |address| address.address.clone())
    };
    let or_unknown = |text: String| if text.is_empty() { "<unknown>".to_owned() } else { text };
    let mut cells = of![
        node.metadata.name.clone().unwrap_or_default(),
        node_status(node),
        roles(node),
        context.age(node.metadata.creation_timestamp.as_ref()),
        info.kubelet_version,
        address("InternalIP"),
        address("ExternalIP"),
        or_unknown(info.os_image),
        or_unknown(info.kernel_version),
        or_unknown(info.container_runtime_version),
    ];
    if context.layout.node_architecture {
        cells.insert(9, or_unknown(info.architecture).into());
    }
    cells
}

/// What the STATUS column says of a node.
pub fn node_status(node: &Node) -> String {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let ready = conditions.into_iter().flatten().find(|condition| condition.type_ == "Ready");
    let mut state = match ready.map(|condition| condition.status.as_str()) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true)) {
        state.push_str(",SchedulingDisabled");
    }
    state
}

/// The roles that labels give a node, or `<none>` (`findNodeRoles`).
pub(super) fn roles(node: &Node) -> String {
    let labels = node.metadata.labels.iter().flatten();
    let roles: BTreeSet<&str> = labels
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if key == "kubernetes.io/role" => Some(value.as_str()),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.into_iter().collect::<Vec<_>>().join(",") }
}
