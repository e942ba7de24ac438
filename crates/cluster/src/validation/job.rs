//! Jobs and CronJobs (pkg/apis/batch/validation).

use k8s_openapi::api::batch::v1::{CronJob, JobSpec};
use k8s_openapi::api::core::v1::{Affinity, PodTemplateSpec};

use super::field::{Faults, Path};
use super::names;
use super::pod::{self, Volumes};
use super::values::selector_text;
use super::workload;
use crate::behaviour::Behaviour;
use crate::controllers::cron_job;

/// The longest name whose Jobs can have names of their own.
const MAX_CRON_JOB_NAME: usize = 52;

/// `ValidateJob`.
pub(super) fn job(faults: &mut Faults, path: &Path<'_>, spec: &JobSpec, rules: &Behaviour) {
    job_spec(faults, path, spec, rules);
    if let Some(selector) = &spec.selector {
        names::label_selector(faults, &path.child("selector"), selector, rules.rfc_1123);
        workload::matches_template(faults, path, selector, &spec.template, rules);
    }
}

/// `ValidateJobSpecUpdate`: whether the Job has started counts, since one that waits may still be sent elsewhere.
pub(super) fn job_update(
    faults: &mut Faults,
    path: &Path<'_>,
    (spec, started): (&JobSpec, bool),
    after: &JobSpec,
    rules: &Behaviour,
) {
    const IMMUTABLE: &str = "field is immutable";
    let indexed = after.completion_mode.as_deref() == Some("Indexed");
    if spec.completions != after.completions {
        let path = path.child("completions");
        let value = after.completions.map_or("null".to_owned(), |completions| completions.to_string());
        if !indexed || !rules.elastic_indexed_jobs {
            faults.invalid(&path, value, IMMUTABLE);
        } else if after.completions.is_some() && after.completions != after.parallelism {
            faults.invalid(&path, value, "can only be modified in tandem with spec.parallelism");
        }
    }
    if spec.selector != after.selector {
        let value = after.selector.as_ref().map_or("null".to_owned(), |selector| selector_text(selector, rules));
        faults.invalid(&path.child("selector"), value, IMMUTABLE);
    }
    let suspended = spec.suspend == Some(true);
    let mut old = spec.template.clone();
    if rules.suspended_jobs_can_move && suspended && !started {
        take_directives(&mut old, &after.template);
    }
    if old != after.template {
        // Go prints all of it, addresses in memory too.
        faults.invalid(&path.child("template"), "core.PodTemplateSpec{…}", IMMUTABLE);
    }
    if spec.completion_mode != after.completion_mode {
        let mode = after.completion_mode.as_ref().map_or("null".to_owned(), |mode| format!("{mode:?}"));
        faults.invalid(&path.child("completionMode"), mode, IMMUTABLE);
    }
    if spec.backoff_limit_per_index != after.backoff_limit_per_index {
        let value = after.backoff_limit_per_index.map_or("null".to_owned(), |limit| limit.to_string());
        faults.invalid(&path.child("backoffLimitPerIndex"), value, IMMUTABLE);
    }
}

/// Where its pods may go, a Job can still be told (`AllowMutableSchedulingDirectives`).
fn take_directives(old: &mut PodTemplateSpec, new: &PodTemplateSpec) {
    let metadata = old.metadata.get_or_insert_default();
    let new_metadata = new.metadata.clone().unwrap_or_default();
    metadata.labels = new_metadata.labels;
    metadata.annotations = new_metadata.annotations;
    let (Some(old), Some(new)) = (&mut old.spec, &new.spec) else { return };
    old.node_selector.clone_from(&new.node_selector);
    old.tolerations.clone_from(&new.tolerations);
    old.scheduling_gates.clone_from(&new.scheduling_gates);
    let of_nodes = new.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
    let affinity = Affinity { node_affinity: of_nodes, ..old.affinity.take().unwrap_or_default() };
    old.affinity = Some(affinity).filter(|affinity| new.affinity.is_some() || *affinity != Affinity::default());
}

/// `ValidateCronJobCreate`.
pub(super) fn cron_job(faults: &mut Faults, path: &Path<'_>, object: &CronJob, is_new: bool, rules: &Behaviour) {
    let spec = &object.spec;
    if spec.schedule.is_empty() {
        faults.required(&path.child("schedule"), "");
    } else if let Some(why) = cron_job::schedule_fault(&spec.schedule) {
        faults.invalid(&path.child("schedule"), format!("{:?}", spec.schedule), &why);
    }
    faults.non_negative(&path.child("startingDeadlineSeconds"), spec.starting_deadline_seconds);
    let policies = ["Allow", "Forbid", "Replace"];
    faults.one_of(&path.child("concurrencyPolicy"), spec.concurrency_policy.as_deref(), &policies);
    if let Some(job) = &spec.job_template.spec {
        job_spec(faults, &path.child("jobTemplate").child("spec"), job, rules);
    }
    faults.non_negative(&path.child("successfulJobsHistoryLimit"), spec.successful_jobs_history_limit);
    faults.non_negative(&path.child("failedJobsHistoryLimit"), spec.failed_jobs_history_limit);
    let name = object.metadata.name.as_deref().unwrap_or_default();
    if is_new && name.len() > MAX_CRON_JOB_NAME {
        let metadata = Path::new("metadata");
        faults.invalid(&metadata.child("name"), format!("{name:?}"), &names::too_long(MAX_CRON_JOB_NAME));
    }
}

/// `validateJobSpec`.
fn job_spec(faults: &mut Faults, path: &Path<'_>, spec: &JobSpec, rules: &Behaviour) {
    faults.non_negative(&path.child("parallelism"), spec.parallelism);
    faults.non_negative(&path.child("completions"), spec.completions);
    faults.non_negative(&path.child("activeDeadlineSeconds"), spec.active_deadline_seconds);
    faults.non_negative(&path.child("backoffLimit"), spec.backoff_limit);
    faults.non_negative(&path.child("ttlSecondsAfterFinished"), spec.ttl_seconds_after_finished);
    faults.non_negative(&path.child("backoffLimitPerIndex"), spec.backoff_limit_per_index);
    faults.non_negative(&path.child("maxFailedIndexes"), spec.max_failed_indexes);
    let modes = ["NonIndexed", "Indexed"];
    faults.one_of(&path.child("completionMode"), spec.completion_mode.as_deref(), &modes);
    if spec.completion_mode.as_deref() == Some("Indexed") {
        if spec.completions.is_none() {
            faults.required(&path.child("completions"), "when completion mode is Indexed");
        }
    } else if let Some(limit) = spec.backoff_limit_per_index {
        faults.invalid(&path.child("backoffLimitPerIndex"), limit, "requires indexed completion mode");
    }
    pod::template(faults, &path.child("template"), &spec.template, &Volumes::new(), rules);
    let template = path.child("template");
    let pod = template.child("spec");
    let path = pod.child("restartPolicy");
    match spec.template.spec.as_ref().and_then(|pod| pod.restart_policy.as_deref()).unwrap_or("Always") {
        "Always" if rules.job_requires_restart_policy => {
            faults.required(&path, "valid values: \"OnFailure\", \"Never\"");
        }
        "Never" => {}
        policy @ "OnFailure" if spec.pod_failure_policy.is_some() => {
            let why = "only \"Never\" is supported when podFailurePolicy is specified";
            faults.invalid(&path, format!("{policy:?}"), why);
        }
        policy => faults.one_of(&path, Some(policy), &["OnFailure", "Never"]),
    }
}
