//! TaintNodesByCondition (plugin/pkg/admission/nodetaint): a node that registers takes no pods until the node lifecycle
//! controller has seen it ready.

use k8s_openapi::api::core::v1::{Node, Taint};

const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// Adds the taint, if the node does not come with it.
pub(super) fn admit(node: &mut Node) {
    let taints = node.spec.get_or_insert_default().taints.get_or_insert_default();
    if !taints.iter().any(|taint| taint.key == NOT_READY && taint.effect == "NoSchedule") {
        taints.push(Taint { key: NOT_READY.to_owned(), effect: "NoSchedule".to_owned(), ..Taint::default() });
    }
}
