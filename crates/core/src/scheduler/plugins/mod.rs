//! The in-tree plugins, one file each, named as upstream names them. DynamicResources is a name only: its claims are not
//! modelled.

pub mod default_binder;
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
pub mod node_volume_limits;
pub mod non_csi_limits;
pub mod pod_topology_spread;
pub mod priority_sort;
pub(crate) mod resource_allocation;
pub mod scheduling_gates;
pub mod selector_spread;
pub mod taint_toleration;
pub mod volume_binding;
pub mod volume_restrictions;
pub mod volume_zone;

pub(crate) use events::registers;
pub use name::PluginName;
pub use volume_binding::VolumePlan;
