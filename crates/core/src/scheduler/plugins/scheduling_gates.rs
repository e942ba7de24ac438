//! Pods wait for their scheduling gates to be removed (`plugins/schedulinggates`, v1.34).

use super::PluginName;
use crate::behaviour::Behaviour;
use crate::model::Pod;
use crate::scheduler::framework::{Code, Status};

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

#[cfg(test)]
mod tests {
    use crate::scheduler::plugins::scheduling_gates::pre_enqueue;
    use crate::scheduler::testing::read_pod;
    use crate::{Behaviour, Version};

    #[test]
    fn gates_hold_a_pod_back_from_1_27_on() {
        let pod = read_pod("pod p gate=example.com/a gate=example.com/b");
        let reasons = |minor| {
            let version = Version::new(minor, 0).expect("a version");
            pre_enqueue(&Behaviour::of(version), &pod).reasons
        };
        assert_eq!(reasons(27), ["waiting for scheduling gates: [example.com/a example.com/b]"]);
        assert!(reasons(26).is_empty());
    }
}
