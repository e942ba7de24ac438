//! Which events may wake a pod that a plugin refused (`EventsToRegister` of each plugin).

use super::PluginName;
use crate::behaviour::EventTable;
use crate::scheduler::event::{Action, ClusterEvent, EventResource};

/// The events a plugin registered in the versions of a table.
pub fn registered_events(plugin: PluginName, table: EventTable) -> Vec<ClusterEvent> {
    let node = |action| ClusterEvent::new(EventResource::Node, action);
    let pod = |action| ClusterEvent::new(EventResource::AssignedPod, action);
    let own = |action| ClusterEvent::new(EventResource::UnscheduledPod, action);
    // From 1.24 to 1.30 an update of any kind counts, since an earlier check may have hidden the first one.
    let update = |action| match table {
        EventTable::AnyNodeUpdate => Action::ADD | Action::UPDATE,
        _ => Action::ADD | action,
    };
    let fine = table == EventTable::Fine;
    let existing_pods = if fine { Action::ADD | Action::UPDATE_POD_LABEL | Action::DELETE } else { Action::ALL };
    match plugin {
        PluginName::NodeResourcesFit => vec![
            pod(if fine { Action::DELETE | Action::UPDATE_POD_SCALE_DOWN } else { Action::DELETE }),
            own(if fine { Action::UPDATE_POD_SCALE_DOWN } else { Action::default() }),
            node(update(Action::UPDATE_NODE_ALLOCATABLE)),
        ],
        PluginName::NodeAffinity => vec![node(update(Action::UPDATE_NODE_LABEL))],
        PluginName::TaintToleration => vec![
            node(update(Action::UPDATE_NODE_TAINT)),
            own(if fine { Action::UPDATE_POD_TOLERATION } else { Action::default() }),
        ],
        PluginName::NodeUnschedulable => vec![
            node(Action::ADD | Action::UPDATE_NODE_TAINT),
            own(if fine { Action::UPDATE_POD_TOLERATION } else { Action::default() }),
        ],
        PluginName::NodeName => vec![node(update(Action::default()))],
        PluginName::NodePorts => vec![pod(Action::DELETE), node(update(Action::default()))],
        PluginName::InterPodAffinity => {
            vec![pod(existing_pods), node(Action::ADD | Action::UPDATE_NODE_LABEL)]
        }
        PluginName::PodTopologySpread => {
            let base = Action::ADD | Action::DELETE | Action::UPDATE_NODE_LABEL;
            vec![pod(existing_pods), node(if fine { base | Action::UPDATE_NODE_TAINT } else { base })]
        }
        PluginName::SchedulingGates => {
            vec![own(if fine { Action::UPDATE_POD_GATES_ELIMINATED } else { Action::UPDATE })]
        }
        PluginName::VolumeRestrictions => {
            let claims = if fine { Action::ADD } else { Action::ADD | Action::UPDATE };
            vec![
                pod(Action::DELETE),
                node(Action::ADD),
                ClusterEvent::new(EventResource::PersistentVolumeClaim, claims),
            ]
        }
        PluginName::NodeVolumeLimits => vec![
            ClusterEvent::new(EventResource::CsiNode, if fine { Action::ADD | Action::UPDATE } else { Action::ADD }),
            pod(Action::DELETE),
            ClusterEvent::new(EventResource::PersistentVolumeClaim, Action::ADD),
            ClusterEvent::new(EventResource::VolumeAttachment, Action::DELETE),
        ],
        PluginName::EBSLimits | PluginName::GCEPDLimits | PluginName::AzureDiskLimits | PluginName::CinderLimits => {
            vec![node(Action::ADD), pod(Action::DELETE)]
        }
        PluginName::VolumeBinding => {
            let either = Action::ADD | Action::UPDATE;
            let resources = [
                EventResource::StorageClass,
                EventResource::PersistentVolumeClaim,
                EventResource::PersistentVolume,
                EventResource::CsiNode,
                EventResource::CsiDriver,
                EventResource::CsiStorageCapacity,
            ];
            let storage = resources.into_iter().map(|resource| ClusterEvent::new(resource, either));
            storage.chain([node(Action::ADD | Action::UPDATE_NODE_LABEL)]).collect()
        }
        PluginName::VolumeZone => vec![
            ClusterEvent::new(EventResource::StorageClass, Action::ADD),
            node(Action::ADD | Action::UPDATE_NODE_LABEL),
            ClusterEvent::new(
                EventResource::PersistentVolumeClaim,
                if fine { Action::ADD | Action::UPDATE } else { Action::ADD },
            ),
            ClusterEvent::new(EventResource::PersistentVolume, Action::ADD | Action::UPDATE),
        ],
        // They refuse no node.
        _ => Vec::new(),
    }
}
