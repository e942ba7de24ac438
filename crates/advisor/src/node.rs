//! What is asked of nodes again and again.

use k8s_openapi::api::core::v1::{Node, Taint};

/// The taints of a node.
pub(crate) fn taints(node: &Node) -> impl Iterator<Item = &Taint> {
    node.spec.iter().flat_map(|spec| spec.taints.iter().flatten())
}

/// Whether it is marked unschedulable.
pub(crate) fn is_cordoned(node: &Node) -> bool {
    node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true))
}

/// Whether a node is in a state that keeps pods from being well: `Ready=False`, `Ready=Unknown: …`, `DiskPressure`.
pub(crate) fn has_condition(node: &Node, name: &str) -> bool {
    let (type_, _) = name.split_once('=').unwrap_or((name, ""));
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let mut own = conditions.filter(|condition| condition.type_ == type_);
    own.any(|condition| (condition.status != "True") == (type_ == "Ready"))
}
