//! What a kubelet checks of a pod that is bound to its node (`AdmissionCheck` in `pkg/scheduler/eventhandlers.go`, v1.34,
//! and `generalFilter` in `pkg/kubelet/lifecycle/predicate.go`).

use std::borrow::Cow;

use super::node_info::{NodeInfo, PodInfo};
use super::plugins::node_resources_fit::Lack;
use super::plugins::{PluginName, node_affinity, node_ports, node_resources_fit};
use crate::behaviour::Behaviour;
use crate::model::resources::is_extended;
use crate::scheduler::config::FitArgs;

/// Why a pod does not fit on its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Too little of a resource is left.
    Resource {
        /// Its name in the API.
        name: Cow<'static, str>,
        /// What the pod asks for: CPU in thousandths, all else in whole units.
        requested: i64,
        /// What the other pods take.
        used: i64,
        /// What the node has for pods.
        capacity: i64,
    },
    /// A plugin refuses it.
    Plugin {
        /// Which.
        name: PluginName,
        /// With which reason.
        reason: &'static str,
    },
}

/// Every reason why the pod does not fit beside the node's pods, in upstream's order. An extended resource that the node
/// does not know at all is somebody else's and does not count.
pub fn admission_check(behaviour: &Behaviour, pod: &PodInfo, node: &NodeInfo) -> Vec<Misfit> {
    let mut requests = pod.requests.incoming.clone();
    requests.scalars.retain(|name, _| !is_extended(name) || node.node.allocatable.scalars.contains_key(name));
    let lacking = node_resources_fit::insufficient(behaviour, &FitArgs::default(), &requests, node);
    let mut misfits: Vec<Misfit> = lacking
        .into_iter()
        .map(|Lack { resource, request, used, allocatable }| Misfit::Resource {
            name: resource,
            requested: request,
            used,
            capacity: allocatable,
        })
        .collect();
    if !node_affinity::matches_required(behaviour, &pod.pod.spec, &node.node) {
        misfits.push(Misfit::Plugin { name: PluginName::NodeAffinity, reason: behaviour.node_affinity_reason });
    }
    if node_ports::wants_taken_port(behaviour, &pod.pod.spec, node) {
        misfits.push(Misfit::Plugin { name: PluginName::NodePorts, reason: node_ports::TAKEN });
    }
    misfits
}
