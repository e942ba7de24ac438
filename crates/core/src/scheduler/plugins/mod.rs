//! The in-tree plugins, one file each, named as upstream names them.
//!
//! Left to a later issue: VolumeRestrictions, NodeVolumeLimits and its cloud kin, VolumeBinding, VolumeZone and
//! DynamicResources. Pods with volumes are decided as if their volumes were no obstacle.

pub mod default_preemption;
mod events;
pub mod image_locality;
pub mod inter_pod_affinity;
mod name;
pub mod node_affinity;
pub mod node_name;
pub mod node_ports;
pub mod node_prefer_avoid_pods;
pub mod node_resources_balanced_allocation;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod pod_topology_spread;
pub(crate) mod resource_allocation;
pub mod scheduling_gates;
pub mod selector_spread;
pub mod taint_toleration;

pub use events::registered_events;
pub use name::PluginName;
