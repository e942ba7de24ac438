//! The messages of `api/batch/v1` (`generated.proto`; the names in JSON and what is kept: `types.go`).

use super::Type::{Bool, Int32, Int64, Object, Text, Time};
use super::{Message, field, kept, list, message};
use super::{core, meta, scheduling_v1alpha3};

pub(super) static CRON_JOB: Message = message(
    "CronJob",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&CRON_JOB_SPEC)),
        field(3, "status", Object(&CRON_JOB_STATUS)),
    ],
);
pub(super) static CRON_JOB_SPEC: Message = message(
    "CronJobSpec",
    &[
        kept(1, "schedule", Text),
        kept(8, "timeZone", Text),
        kept(2, "startingDeadlineSeconds", Int64),
        field(3, "concurrencyPolicy", Text),
        kept(4, "suspend", Bool),
        field(5, "jobTemplate", Object(&JOB_TEMPLATE_SPEC)),
        kept(6, "successfulJobsHistoryLimit", Int32),
        kept(7, "failedJobsHistoryLimit", Int32),
    ],
);
pub(super) static CRON_JOB_STATUS: Message = message(
    "CronJobStatus",
    &[
        list(1, "active", Object(&core::OBJECT_REFERENCE)),
        field(4, "lastScheduleTime", Time),
        field(5, "lastSuccessfulTime", Time),
    ],
);
pub(super) static JOB: Message = message(
    "Job",
    &[
        field(1, "metadata", Object(&meta::OBJECT_META)),
        field(2, "spec", Object(&JOB_SPEC)),
        field(3, "status", Object(&JOB_STATUS)),
    ],
);
pub(super) static JOB_CONDITION: Message = message(
    "JobCondition",
    &[
        kept(1, "type", Text),
        kept(2, "status", Text),
        field(3, "lastProbeTime", Time),
        field(4, "lastTransitionTime", Time),
        field(5, "reason", Text),
        field(6, "message", Text),
    ],
);
pub(super) static JOB_SCHEDULING_CONFIGURATION: Message = message(
    "JobSchedulingConfiguration",
    &[
        field(1, "schedulingPolicy", Object(&scheduling_v1alpha3::WORKLOAD_POD_GROUP_SCHEDULING_POLICY)),
        field(2, "schedulingConstraints", Object(&scheduling_v1alpha3::WORKLOAD_POD_GROUP_SCHEDULING_CONSTRAINTS)),
        field(3, "disruptionMode", Object(&scheduling_v1alpha3::WORKLOAD_POD_GROUP_DISRUPTION_MODE)),
        list(4, "resourceClaims", Object(&scheduling_v1alpha3::WORKLOAD_POD_GROUP_RESOURCE_CLAIM)),
    ],
);
pub(super) static JOB_SPEC: Message = message(
    "JobSpec",
    &[
        kept(1, "parallelism", Int32),
        kept(2, "completions", Int32),
        kept(3, "activeDeadlineSeconds", Int64),
        field(11, "podFailurePolicy", Object(&POD_FAILURE_POLICY)),
        field(16, "successPolicy", Object(&SUCCESS_POLICY)),
        kept(7, "backoffLimit", Int32),
        kept(12, "backoffLimitPerIndex", Int32),
        kept(13, "maxFailedIndexes", Int32),
        field(4, "selector", Object(&meta::LABEL_SELECTOR)),
        kept(5, "manualSelector", Bool),
        field(6, "template", Object(&core::POD_TEMPLATE_SPEC)),
        kept(8, "ttlSecondsAfterFinished", Int32),
        kept(9, "completionMode", Text),
        kept(10, "suspend", Bool),
        kept(14, "podReplacementPolicy", Text),
        kept(15, "managedBy", Text),
        field(17, "scheduling", Object(&JOB_SCHEDULING_CONFIGURATION)),
    ],
);
pub(super) static JOB_STATUS: Message = message(
    "JobStatus",
    &[
        list(1, "conditions", Object(&JOB_CONDITION)),
        field(2, "startTime", Time),
        field(3, "completionTime", Time),
        field(4, "active", Int32),
        field(5, "succeeded", Int32),
        field(6, "failed", Int32),
        kept(11, "terminating", Int32),
        field(7, "completedIndexes", Text),
        kept(10, "failedIndexes", Text),
        field(8, "uncountedTerminatedPods", Object(&UNCOUNTED_TERMINATED_PODS)),
        kept(9, "ready", Int32),
    ],
);
pub(super) static JOB_TEMPLATE_SPEC: Message = message(
    "JobTemplateSpec",
    &[field(1, "metadata", Object(&meta::OBJECT_META)), field(2, "spec", Object(&JOB_SPEC))],
);
pub(super) static POD_FAILURE_POLICY: Message =
    message("PodFailurePolicy", &[list(1, "rules", Object(&POD_FAILURE_POLICY_RULE))]);
pub(super) static POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT: Message = message(
    "PodFailurePolicyOnExitCodesRequirement",
    &[kept(1, "containerName", Text), kept(2, "operator", Text), list(3, "values", Int32)],
);
pub(super) static POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN: Message =
    message("PodFailurePolicyOnPodConditionsPattern", &[kept(1, "type", Text), kept(2, "status", Text)]);
pub(super) static POD_FAILURE_POLICY_RULE: Message = message(
    "PodFailurePolicyRule",
    &[
        kept(1, "action", Text),
        field(2, "onExitCodes", Object(&POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT)),
        list(3, "onPodConditions", Object(&POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN)),
    ],
);
pub(super) static SUCCESS_POLICY: Message = message("SuccessPolicy", &[list(1, "rules", Object(&SUCCESS_POLICY_RULE))]);
pub(super) static SUCCESS_POLICY_RULE: Message =
    message("SuccessPolicyRule", &[kept(1, "succeededIndexes", Text), kept(2, "succeededCount", Int32)]);
pub(super) static UNCOUNTED_TERMINATED_PODS: Message =
    message("UncountedTerminatedPods", &[list(1, "succeeded", Text), list(2, "failed", Text)]);
