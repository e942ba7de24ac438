//! Host ports (`plugins/nodeports`, v1.34).

use super::PluginName;
use crate::behaviour::Behaviour;
use crate::model::{ContainerPort, PodSpec};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, Status};
use crate::scheduler::node_info::NodeInfo;

/// The plugin.
#[derive(Debug)]
pub struct NodePorts;

impl Plugin for NodePorts {
    fn name(&self) -> PluginName {
        PluginName::NodePorts
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        if !wants_taken_port(cycle.behaviour, &cycle.pod.spec, node) {
            return Status::success();
        }
        Status::refused(Code::Unschedulable, self.name(), TAKEN)
    }

    /// A pod that goes held a port that this one wants (`isSchedulableAfterPodDeleted`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        let Subject::Pod { before: Some(gone), .. } = happening.subject else { return true };
        let freed: Vec<HostPort> = host_ports(&gone.spec, cycle.behaviour).map(HostPort::of).collect();
        host_ports(&cycle.pod.spec, cycle.behaviour)
            .map(HostPort::of)
            .any(|wanted| freed.iter().any(|port| wanted.conflicts_with(port)))
    }
}

/// Why a node is refused.
pub(crate) const TAKEN: &str = "node(s) didn't have free ports for the requested pod ports";

/// Whether a pod wants a host port that is in use on the node.
pub(crate) fn wants_taken_port(behaviour: &Behaviour, spec: &PodSpec, node: &NodeInfo) -> bool {
    host_ports(spec, behaviour)
        .map(HostPort::of)
        .any(|wanted| node.used_ports.iter().any(|used| wanted.conflicts_with(used)))
}

/// The host ports that a pod wants.
pub(crate) fn host_ports<'a>(
    spec: &'a PodSpec,
    behaviour: &Behaviour,
) -> impl Iterator<Item = &'a ContainerPort> + use<'a> {
    let sidecars = behaviour.sidecar_ports;
    spec.init_containers
        .iter()
        .filter(move |container| sidecars && container.restartable)
        .chain(&spec.containers)
        .flat_map(|container| &container.ports)
        .filter(|port| port.host_port > 0)
}

/// A host port as a node keeps it (`HostPortInfo`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    number: i32,
    protocol: String,
    /// `0.0.0.0` is every address.
    ip: String,
}

impl HostPort {
    pub(crate) fn of(port: &ContainerPort) -> Self {
        let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        HostPort { number: port.host_port, protocol: or(&port.protocol, "TCP"), ip: or(&port.host_ip, EVERY_ADDRESS) }
    }

    /// Two ports collide if number and protocol agree, and the addresses do or one of them is every address.
    fn conflicts_with(&self, other: &HostPort) -> bool {
        self.number == other.number
            && self.protocol == other.protocol
            && (self.ip == EVERY_ADDRESS || other.ip == EVERY_ADDRESS || self.ip == other.ip)
    }
}

const EVERY_ADDRESS: &str = "0.0.0.0";

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_preemption};

    const REFUSED: &str = "n1: node(s) didn't have free ports for the requested pod ports";

    #[test]
    fn a_port_is_taken_once() {
        check("1.34", "node n1\npod a on=n1 port=80", "pod p port=80", REFUSED);
        check("1.34", "node n1\npod a on=n1 port=80", "pod p port=81", "n1");
        check("1.34", "node n1\npod a on=n1 port=80/UDP", "pod p port=80", "n1");
    }

    #[test]
    fn addresses_keep_ports_apart() {
        check("1.34", "node n1\npod a on=n1 port=10.0.0.1:80", "pod p port=10.0.0.2:80", "n1");
        check("1.34", "node n1\npod a on=n1 port=10.0.0.1:80", "pod p port=0.0.0.0:80", REFUSED);
        check("1.34", "node n1\npod a on=n1 port=80", "pod p port=10.0.0.2:80", REFUSED);
    }

    #[test]
    fn the_first_of_two_users_to_go_frees_the_port() {
        let cluster = "node n1\npod a on=n1 port=80 priority=1000\npod b on=n1 port=0.0.0.0:80 priority=1";
        check_preemption("1.34", cluster, "pod p port=80 priority=500", "n1: default/b");
    }
}
