//! The messages of `api/policy/v1`, which are those of `v1beta1` too (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Int32, Int64, IntOrString, Object, Text, Time};
use super::meta;
use super::{Message, field, kept, list, map, message};

pub(super) static EVICTION: Message = message(
    "Eviction",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "deleteOptions", Object(&meta::DELETE_OPTIONS))],
);
pub(super) static POD_DISRUPTION_BUDGET: Message = message(
    "PodDisruptionBudget",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&POD_DISRUPTION_BUDGET_SPEC)),
        field(3, "status", Object(&POD_DISRUPTION_BUDGET_STATUS)),
    ],
);
pub(super) static POD_DISRUPTION_BUDGET_SPEC: Message = message(
    "PodDisruptionBudgetSpec",
    &[
        field(1, "minAvailable", IntOrString),
        field(2, "selector", Object(&meta::LABEL_SELECTOR)),
        field(3, "maxUnavailable", IntOrString),
        kept(4, "unhealthyPodEvictionPolicy", Text),
    ],
);
pub(super) static POD_DISRUPTION_BUDGET_STATUS: Message = message(
    "PodDisruptionBudgetStatus",
    &[
        field(1, "observedGeneration", Int64),
        map(2, "disruptedPods", Time),
        kept(3, "disruptionsAllowed", Int32),
        kept(4, "currentHealthy", Int32),
        kept(5, "desiredHealthy", Int32),
        kept(6, "expectedPods", Int32),
        list(7, "conditions", Object(&meta::CONDITION)),
    ],
);
