//! The messages of `api/scheduling/v1alpha3` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Int32, Object, Text};
use super::{Message, field, kept, list, message};

pub(super) static TOPOLOGY_CONSTRAINT: Message = message("TopologyConstraint", &[kept(1, "key", Text)]);
pub(super) static WORKLOAD_POD_GROUP_ALL_DISRUPTION_MODE: Message = message("WorkloadPodGroupAllDisruptionMode", &[]);
pub(super) static WORKLOAD_POD_GROUP_BASIC_SCHEDULING_POLICY: Message =
    message("WorkloadPodGroupBasicSchedulingPolicy", &[]);
pub(super) static WORKLOAD_POD_GROUP_DISRUPTION_MODE: Message = message(
    "WorkloadPodGroupDisruptionMode",
    &[
        field(1, "single", Object(&WORKLOAD_POD_GROUP_SINGLE_DISRUPTION_MODE)),
        field(2, "all", Object(&WORKLOAD_POD_GROUP_ALL_DISRUPTION_MODE)),
    ],
);
pub(super) static WORKLOAD_POD_GROUP_GANG_SCHEDULING_POLICY: Message =
    message("WorkloadPodGroupGangSchedulingPolicy", &[kept(1, "minCount", Int32)]);
pub(super) static WORKLOAD_POD_GROUP_RESOURCE_CLAIM: Message = message(
    "WorkloadPodGroupResourceClaim",
    &[kept(1, "name", Text), kept(2, "resourceClaimName", Text), kept(3, "resourceClaimTemplateName", Text)],
);
pub(super) static WORKLOAD_POD_GROUP_SCHEDULING_CONSTRAINTS: Message =
    message("WorkloadPodGroupSchedulingConstraints", &[list(1, "topology", Object(&TOPOLOGY_CONSTRAINT))]);
pub(super) static WORKLOAD_POD_GROUP_SCHEDULING_POLICY: Message = message(
    "WorkloadPodGroupSchedulingPolicy",
    &[
        field(1, "basic", Object(&WORKLOAD_POD_GROUP_BASIC_SCHEDULING_POLICY)),
        field(2, "gang", Object(&WORKLOAD_POD_GROUP_GANG_SCHEDULING_POLICY)),
    ],
);
pub(super) static WORKLOAD_POD_GROUP_SINGLE_DISRUPTION_MODE: Message =
    message("WorkloadPodGroupSingleDisruptionMode", &[]);
