//! Pods wait for their scheduling gates to be removed (`plugins/schedulinggates`, v1.34).

use super::PluginName;
use crate::behaviour::Behaviour;
use crate::model::Pod;
use crate::scheduler::framework::{Code, Plugin, Status};

/// The plugin.
#[derive(Debug)]
pub struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> PluginName {
        PluginName::SchedulingGates
    }
}

/// Refuses a pod that still has gates.
pub(crate) fn pre_enqueue(behaviour: &Behaviour, pod: &Pod) -> Status {
    let gates = &pod.spec.scheduling_gates;
    if !behaviour.scheduling_gates || gates.is_empty() {
        return Status::success();
    }
    Status::refused(
        Code::UnschedulableAndUnresolvable,
        PluginName::SchedulingGates,
        format!("waiting for scheduling gates: [{}]", gates.join(" ")),
    )
}
