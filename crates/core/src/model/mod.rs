//! What a scheduler looks at: numbers and names already parsed, nothing of the API's wire form.

pub mod labels;
pub mod node;
pub mod pod;
pub mod resources;
pub mod storage;
pub mod taint;

pub use labels::{LabelSelector, Labels, Requirement, SelectorOperator};
pub use node::{Image, Node};
pub use pod::{
    Container, ContainerAllocation, ContainerPort, NodeInclusionPolicy, NodeSelector, NodeSelectorOperator,
    NodeSelectorRequirement, NodeSelectorTerm, Owner, Pod, PodAffinityTerm, PodKey, PodSpec, PreemptionPolicy,
    PreferredSchedulingTerm, TopologySpreadConstraint, Volume, VolumeSource, WeightedPodAffinityTerm,
    WhenUnsatisfiable,
};
pub use resources::{ResourceList, Resources};
pub use storage::{
    ClaimReference, CsiNode, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSource, StorageCapacity,
    StorageClass, VolumeAttachment, VolumeBindingMode,
};
pub use taint::{Effect, Taint, Toleration, TolerationOperator, first_untolerated};
