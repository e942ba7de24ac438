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
        let taken = host_ports(&cycle.pod.spec, cycle.behaviour)
            .any(|wanted| node.used_ports.iter().any(|used| conflict(wanted, used)));
        if !taken {
            return Status::success();
        }
        Status::refused(Code::Unschedulable, self.name(), "node(s) didn't have free ports for the requested pod ports")
    }

    /// A pod that goes held a port that this one wants (`isSchedulableAfterPodDeleted`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        let Subject::Pod { before: Some(gone), .. } = happening.subject else { return true };
        host_ports(&cycle.pod.spec, cycle.behaviour)
            .any(|wanted| host_ports(&gone.spec, cycle.behaviour).any(|freed| conflict(wanted, freed)))
    }
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

/// Two ports collide if number and protocol agree, and the addresses do or one of them is every address.
fn conflict(a: &ContainerPort, b: &ContainerPort) -> bool {
    let every = |port: &ContainerPort| port.host_ip.is_empty() || port.host_ip == "0.0.0.0";
    a.host_port == b.host_port && protocol(a) == protocol(b) && (every(a) || every(b) || a.host_ip == b.host_ip)
}

fn protocol(port: &ContainerPort) -> &str {
    if port.protocol.is_empty() { "TCP" } else { &port.protocol }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check;

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
}
