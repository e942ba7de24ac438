//! Which events may wake a pod that a plugin refused (`EventsToRegister` of each plugin).

use super::PluginName;
use crate::behaviour::EventTable;
use crate::scheduler::event::{Action, ClusterEvent, EventResource};

/// Whether a plugin registered an event in the versions of a table.
pub(crate) fn registers(plugin: PluginName, table: EventTable, event: ClusterEvent) -> bool {
    if table == EventTable::V16 || (table == EventTable::V21 && plugin != PluginName::NodeResourcesFit) {
        return true;
    }
    registered(plugin, table, event.resource).intersects(event.action)
}

/// What a plugin registered for a kind of object.
fn registered(plugin: PluginName, table: EventTable, resource: EventResource) -> Action {
    use EventResource::{
        AssignedPod, CsiDriver, CsiNode, CsiStorageCapacity, Node, PersistentVolume, PersistentVolumeClaim,
        StorageClass, UnscheduledPod, VolumeAttachment,
    };
    let none = Action::default();
    let from = |first: EventTable, action: Action| if table >= first { action } else { none };
    let (add, delete, changed) = (Action::ADD, Action::DELETE, Action::ADD | Action::UPDATE);
    let any_node_update = (EventTable::V24..EventTable::V32).contains(&table);
    let node = |particular: Action| if any_node_update { changed } else { add | particular };
    let taints_too = (EventTable::V30..EventTable::V32).contains(&table);
    let topology = add | Action::UPDATE_NODE_LABEL | if taints_too { Action::UPDATE_NODE_TAINT } else { none };
    let pods = if table >= EventTable::V31 { add | Action::UPDATE_POD_LABEL | delete } else { Action::ALL };
    match (plugin, resource) {
        (PluginName::NodeResourcesFit, AssignedPod) => delete | from(EventTable::V33, Action::UPDATE_POD_SCALE_DOWN),
        (PluginName::NodeResourcesFit, UnscheduledPod) => from(EventTable::V33, Action::UPDATE_POD_SCALE_DOWN),
        (PluginName::NodeResourcesFit, Node) => node(Action::UPDATE_NODE_ALLOCATABLE),
        (PluginName::NodeAffinity, Node) => node(Action::UPDATE_NODE_LABEL),
        (PluginName::TaintToleration, Node) => node(Action::UPDATE_NODE_TAINT),
        (PluginName::NodeUnschedulable, Node) if taints_too => changed,
        (PluginName::NodeUnschedulable, Node) => add | Action::UPDATE_NODE_TAINT,
        (PluginName::TaintToleration | PluginName::NodeUnschedulable, UnscheduledPod) => {
            from(EventTable::V32, Action::UPDATE_POD_TOLERATION)
        }
        (PluginName::NodeName | PluginName::NodePorts, Node) => node(none),
        (PluginName::NodePorts, AssignedPod) => delete,
        (PluginName::InterPodAffinity, AssignedPod) => pods,
        (PluginName::InterPodAffinity, Node) => topology,
        (PluginName::PodTopologySpread, AssignedPod) => pods,
        (PluginName::PodTopologySpread, UnscheduledPod) => {
            from(EventTable::V32, Action::UPDATE_POD_LABEL | Action::UPDATE_POD_TOLERATION)
        }
        (PluginName::PodTopologySpread, Node) => {
            add | delete | Action::UPDATE_NODE_LABEL | from(EventTable::V30, Action::UPDATE_NODE_TAINT)
        }
        (PluginName::VolumeRestrictions, AssignedPod) => delete,
        (PluginName::VolumeRestrictions, Node) => add,
        (PluginName::VolumeRestrictions, PersistentVolumeClaim) if table >= EventTable::V31 => add,
        (PluginName::VolumeRestrictions, PersistentVolumeClaim) => changed,
        (PluginName::NodeVolumeLimits, CsiNode) => add | from(EventTable::V33, Action::UPDATE),
        (PluginName::NodeVolumeLimits, AssignedPod) => delete,
        (PluginName::NodeVolumeLimits, PersistentVolumeClaim) => from(EventTable::V30, add),
        (PluginName::NodeVolumeLimits, VolumeAttachment) => from(EventTable::V32, delete),
        (
            PluginName::EBSLimits | PluginName::GCEPDLimits | PluginName::AzureDiskLimits | PluginName::CinderLimits,
            of,
        ) => match of {
            Node => add,
            AssignedPod => delete,
            PersistentVolumeClaim => from(EventTable::V30, add),
            _ => none,
        },
        (PluginName::VolumeBinding, Node) if table <= EventTable::V22 => changed,
        (PluginName::VolumeBinding, Node) => topology,
        (PluginName::VolumeBinding, CsiDriver) if table >= EventTable::V32 => Action::UPDATE,
        (
            PluginName::VolumeBinding,
            StorageClass | PersistentVolumeClaim | PersistentVolume | CsiNode | CsiDriver | CsiStorageCapacity,
        ) => changed,
        (PluginName::VolumeZone, StorageClass) => add,
        (PluginName::VolumeZone, Node) => topology,
        (PluginName::VolumeZone, PersistentVolumeClaim) => add | from(EventTable::V31, Action::UPDATE),
        (PluginName::VolumeZone, PersistentVolume) => changed,
        // The others refuse no node.
        _ => none,
    }
}

#[cfg(test)]
mod tests {
    use super::registers;
    use crate::behaviour::Behaviour;
    use crate::scheduler::event::{Action, ClusterEvent, EventResource};
    use crate::scheduler::plugins::PluginName;
    use crate::version::Version;

    /// Checks in which minors from 1.20 on a plugin hears of an event.
    #[track_caller]
    fn check(plugin: PluginName, resource: EventResource, action: Action, expected: &[u32]) {
        let event = ClusterEvent::new(resource, action);
        let hears = |minor: &u32| {
            let version: Version = format!("1.{minor}").parse().expect("a version");
            registers(plugin, Behaviour::of(version).queue.events, event)
        };
        assert_eq!((20..=34).filter(hears).collect::<Vec<_>>(), expected);
    }

    const ALL: [u32; 15] = [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34];

    #[test]
    fn any_node_update_counted_from_1_24_to_1_31() {
        let node = EventResource::Node;
        let updates = [20, 24, 25, 26, 27, 28, 29, 30, 31];
        check(PluginName::NodeResourcesFit, node, Action::UPDATE_NODE_LABEL, &updates);
        let without_fit = [20, 21, 24, 25, 26, 27, 28, 29, 30, 31];
        check(PluginName::TaintToleration, node, Action::UPDATE_NODE_LABEL, &without_fit);
        check(PluginName::NodeName, node, Action::UPDATE_NODE_TAINT, &without_fit);
        check(PluginName::NodeResourcesFit, node, Action::UPDATE_NODE_ALLOCATABLE, &ALL);
        check(PluginName::NodeUnschedulable, node, Action::UPDATE_NODE_LABEL, &[20, 21, 30, 31]);
        check(PluginName::InterPodAffinity, node, Action::UPDATE_NODE_TAINT, &[20, 21, 30, 31]);
        check(PluginName::PodTopologySpread, node, Action::UPDATE_NODE_TAINT, &[20, 21, 30, 31, 32, 33, 34]);
    }

    #[test]
    fn pods_that_come_and_change_concern_few_plugins() {
        let pod = EventResource::AssignedPod;
        check(PluginName::NodeResourcesFit, pod, Action::ADD, &[20]);
        check(PluginName::NodeResourcesFit, pod, Action::DELETE, &ALL);
        check(PluginName::InterPodAffinity, pod, Action::ADD, &ALL);
        check(PluginName::InterPodAffinity, pod, Action::UPDATE_OTHER, &ALL[..11]);
        check(PluginName::TaintToleration, pod, Action::DELETE, &[20, 21]);
        let own = EventResource::UnscheduledPod;
        check(PluginName::TaintToleration, own, Action::UPDATE_POD_TOLERATION, &[20, 21, 32, 33, 34]);
    }

    #[test]
    fn volume_plugins_hear_of_storage() {
        let claim = EventResource::PersistentVolumeClaim;
        check(PluginName::VolumeRestrictions, claim, Action::UPDATE, &ALL[..11]);
        check(PluginName::NodeVolumeLimits, claim, Action::ADD, &[20, 21, 30, 31, 32, 33, 34]);
        check(PluginName::VolumeBinding, EventResource::Node, Action::UPDATE_NODE_TAINT, &[20, 21, 22, 30, 31]);
        check(PluginName::VolumeBinding, EventResource::CsiDriver, Action::ADD, &ALL[..12]);
    }
}
