//! What can happen in a cluster that may let a waiting pod fit (`framework.ClusterEvent`).

use std::ops::BitOr;
use std::sync::Arc;

use crate::behaviour::Behaviour;
use crate::model::resources::{PodRequests, asks_the_same};
use crate::model::{Node, PersistentVolumeClaim, Pod};

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
    /// A node's taints changed, or it was uncordoned.
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
    /// A node's annotations changed (heard of from 1.30 on).
    pub const UPDATE_NODE_ANNOTATION: Action = Action(1 << 11);
    /// Any update at all.
    pub const UPDATE: Action = Action(0b1111_1111_1100);
    /// Anything.
    pub const ALL: Action = Action(0b1111_1111_1111);

    /// Whether the two sets share a way.
    pub fn intersects(self, other: Action) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing changed.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// In which ways a pod changed (`PodSchedulingPropertiesChange` in `framework/events.go`, v1.34).
pub fn pod_changes(behaviour: &Behaviour, before: &Pod, after: &Pod) -> Action {
    let asks = |pod: &Pod| PodRequests::of(pod, behaviour.requests).incoming;
    let asks_less = !asks_the_same(before, after) && asks(after).lacks_some_of(&asks(before));
    let ungated = after.spec.scheduling_gates.is_empty() && !before.spec.scheduling_gates.is_empty();
    // Tolerations can only be added.
    let tolerates_more = before.spec.tolerations.len() != after.spec.tolerations.len();
    let changes = [
        (before.labels != after.labels, Action::UPDATE_POD_LABEL),
        (asks_less, Action::UPDATE_POD_SCALE_DOWN),
        (ungated, Action::UPDATE_POD_GATES_ELIMINATED),
        (tolerates_more, Action::UPDATE_POD_TOLERATION),
    ];
    let changes = changes.into_iter().filter(|(changed, _)| *changed).map(|(_, action)| action);
    changes.reduce(BitOr::bitor).unwrap_or(Action::UPDATE_OTHER)
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
}

/// Something that happened, with the object before and after.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// What kind of event it is.
    pub event: ClusterEvent,
    /// The object.
    pub subject: Subject<'a>,
}

/// The object of an event before and after: absent before it came and after it went.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A pod.
    Pod {
        /// As it was.
        before: Option<&'a Pod>,
        /// As it is.
        after: Option<&'a Pod>,
    },
    /// A node.
    Node {
        /// As it was.
        before: Option<&'a Arc<Node>>,
        /// As it is.
        after: Option<&'a Arc<Node>>,
    },
    /// A PersistentVolumeClaim as it is.
    Claim(&'a PersistentVolumeClaim),
    /// An object that nobody asks more about.
    Other,
}

impl<'a> Happening<'a> {
    /// A bound pod came, changed or went.
    pub fn of_pod(action: Action, before: Option<&'a Pod>, after: Option<&'a Pod>) -> Self {
        let event = ClusterEvent::new(EventResource::AssignedPod, action);
        Happening { event, subject: Subject::Pod { before, after } }
    }

    /// The waiting pod itself changed.
    pub fn of_waiting_pod(action: Action, before: &'a Pod, after: &'a Pod) -> Self {
        let event = ClusterEvent::new(EventResource::UnscheduledPod, action);
        Happening { event, subject: Subject::Pod { before: Some(before), after: Some(after) } }
    }

    /// A node came, changed or went.
    pub fn of_node(action: Action, before: Option<&'a Arc<Node>>, after: Option<&'a Arc<Node>>) -> Self {
        let event = ClusterEvent::new(EventResource::Node, action);
        Happening { event, subject: Subject::Node { before, after } }
    }

    /// A PersistentVolumeClaim came or changed.
    pub fn of_claim(action: Action, claim: &'a PersistentVolumeClaim) -> Self {
        let event = ClusterEvent::new(EventResource::PersistentVolumeClaim, action);
        Happening { event, subject: Subject::Claim(claim) }
    }

    /// Another object came, changed or went.
    pub fn of_other(resource: EventResource, action: Action) -> Self {
        Happening { event: ClusterEvent::new(resource, action), subject: Subject::Other }
    }
}
