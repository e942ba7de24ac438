//! The rules for storage objects (`pkg/apis/storage/validation`).

use k8s_openapi::api::storage::v1::{CSINodeDriver, CSINodeSpec};

use super::field::{Faults, Path};
use crate::behaviour::Behaviour;

/// What a CSINode says of a driver is fixed while the driver is there (`ValidateCSINodeUpdate`).
pub(super) fn csi_node_update(faults: &mut Faults, before: &CSINodeSpec, after: &CSINodeSpec, rules: &Behaviour) {
    let spec = Path::new("spec");
    let path = if rules.csi_node_names_drivers { spec.child("drivers") } else { Path::new("CSINodeDriver") };
    let fixed = |driver: &CSINodeDriver| CSINodeDriver {
        allocatable: driver.allocatable.clone().filter(|_| !rules.csi_node_allocatable_changes),
        ..driver.clone()
    };
    for old in &before.drivers {
        for new in after.drivers.iter().filter(|new| new.name == old.name) {
            if fixed(old) != fixed(new) {
                faults.invalid(&path, "storage.CSINodeDriver{…}", "field is immutable");
            }
        }
    }
}
