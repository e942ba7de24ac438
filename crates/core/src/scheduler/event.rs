//! What can happen in a cluster that may let a waiting pod fit (`framework.ClusterEvent`).

use std::ops::BitOr;

/// A change that may make pods schedulable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterEvent {
    /// What kind of object changed.
    pub resource: EventResource,
    /// In which ways it changed.
    pub action: Action,
}

/// The kinds of object whose changes the scheduler hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventResource {
    /// A pod bound to a node.
    AssignedPod,
    /// The waiting pod itself.
    UnscheduledPod,
    /// A node.
    Node,
    /// A PersistentVolume.
    PersistentVolume,
    /// A PersistentVolumeClaim.
    PersistentVolumeClaim,
    /// A StorageClass.
    StorageClass,
    /// A CSINode.
    CsiNode,
    /// A CSIDriver.
    CsiDriver,
    /// A CSIStorageCapacity.
    CsiStorageCapacity,
    /// A VolumeAttachment.
    VolumeAttachment,
    /// A Service (moves pods up to 1.21 only).
    Service,
}

/// A set of ways in which an object changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Action(u32);

impl Action {
    /// It came into being; of a pod, it was bound.
    pub const ADD: Action = Action(1);
    /// It went away.
    pub const DELETE: Action = Action(1 << 1);
    /// A node's allocatable changed.
    pub const UPDATE_NODE_ALLOCATABLE: Action = Action(1 << 2);
    /// A node's labels changed.
    pub const UPDATE_NODE_LABEL: Action = Action(1 << 3);
    /// A node's taints, or whether it is cordoned, changed.
    pub const UPDATE_NODE_TAINT: Action = Action(1 << 4);
    /// A node's conditions changed.
    pub const UPDATE_NODE_CONDITION: Action = Action(1 << 5);
    /// A pod's labels changed.
    pub const UPDATE_POD_LABEL: Action = Action(1 << 6);
    /// A pod's requests fell.
    pub const UPDATE_POD_SCALE_DOWN: Action = Action(1 << 7);
    /// The waiting pod's tolerations changed.
    pub const UPDATE_POD_TOLERATION: Action = Action(1 << 8);
    /// The waiting pod lost its last scheduling gate.
    pub const UPDATE_POD_GATES_ELIMINATED: Action = Action(1 << 9);
    /// Any other change.
    pub const UPDATE_OTHER: Action = Action(1 << 10);
    /// Any update at all.
    pub const UPDATE: Action = Action(0b111_1111_1100);
    /// Anything.
    pub const ALL: Action = Action(0b111_1111_1111);

    /// Whether the two sets share a way.
    pub fn intersects(self, other: Action) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing changed.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Action {
    type Output = Action;

    fn bitor(self, other: Action) -> Action {
        Action(self.0 | other.0)
    }
}

impl ClusterEvent {
    /// An event.
    pub const fn new(resource: EventResource, action: Action) -> Self {
        ClusterEvent { resource, action }
    }

    /// Whether a registered event covers one that happened.
    pub fn covers(&self, happened: &ClusterEvent) -> bool {
        self.resource == happened.resource && self.action.intersects(happened.action)
    }
}
