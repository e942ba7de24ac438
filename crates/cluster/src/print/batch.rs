//! `kubectl get` of jobs and cronjobs (`printJob`, `printCronJob`).

use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::context::PrintContext;
use super::duration::human_duration;
use super::table::{Column, Table, cells as of};
use super::workloads::wide;

/// The table of jobs, in the order given.
pub(super) fn jobs(jobs: &[&Job], context: &PrintContext) -> Table {
    let mut columns = vec![
        Column::NAME,
        Column::text("Completions"),
        Column::text("Duration"),
        Column::AGE,
        Column::text("Containers").wide(),
        Column::text("Images").wide(),
        Column::text("Selector").wide(),
    ];
    if context.layout.job_status {
        columns.insert(1, Column::text("Status"));
    }
    Table::of_objects(
        columns,
        jobs.iter().copied(),
        |job| &job.metadata,
        |job| {
            let mut cells = of![
                job.metadata.name.clone().unwrap_or_default(),
                completions(job),
                duration(job, context),
                context.age(job.metadata.creation_timestamp.as_ref()),
            ];
            if context.layout.job_status {
                cells.insert(1, status(job).into());
            }
            let spec = job.spec.as_ref();
            cells.extend(wide(spec.map(|spec| &spec.template), spec.and_then(|spec| spec.selector.as_ref())));
            cells
        },
    )
}

/// `1/3`, and of a work queue `0/1 of 2`.
fn completions(job: &Job) -> String {
    let done = job.status.as_ref().and_then(|status| status.succeeded).unwrap_or(0);
    let spec = job.spec.as_ref();
    match (spec.and_then(|spec| spec.completions), spec.and_then(|spec| spec.parallelism).unwrap_or(0)) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallelism) if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        (None, _) => format!("{done}/1"),
    }
}

fn duration(job: &Job, context: &PrintContext) -> String {
    let status = job.status.as_ref();
    let Some(start) = status.and_then(|status| status.start_time.as_ref()) else { return String::new() };
    let end = status.and_then(|status| status.completion_time.as_ref()).map_or(context.now, |time| time.0);
    human_duration(end.as_second().saturating_sub(start.0.as_second()))
}

fn status(job: &Job) -> &'static str {
    let conditions = job.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let is = |type_: &str| conditions.clone().any(|condition| condition.type_ == type_ && condition.status == "True");
    match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if job.metadata.deletion_timestamp.is_some() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

/// The table of cronjobs, in the order given.
pub(super) fn cron_jobs(cron_jobs: &[&CronJob], context: &PrintContext) -> Table {
    let mut columns = vec![
        Column::NAME,
        Column::text("Schedule"),
        Column::boolean("Suspend"),
        Column::integer("Active"),
        Column::text("Last Schedule"),
        Column::AGE,
        Column::text("Containers").wide(),
        Column::text("Images").wide(),
        Column::text("Selector").wide(),
    ];
    if context.layout.cron_job_time_zone {
        columns.insert(2, Column::text("Timezone"));
    }
    let none = || "<none>".to_owned();
    Table::of_objects(
        columns,
        cron_jobs.iter().copied(),
        |cron_job| &cron_job.metadata,
        |cron_job| {
            let (spec, status) = (&cron_job.spec, cron_job.status.clone().unwrap_or_default());
            let since = |time: &Time| context.age(Some(time));
            let mut cells = of![
                cron_job.metadata.name.clone().unwrap_or_default(),
                spec.schedule.clone(),
                if spec.suspend == Some(true) { "True" } else { "False" }.to_owned(),
                status.active.map_or(0, |active| active.len()),
                status.last_schedule_time.as_ref().map_or_else(none, since),
                context.age(cron_job.metadata.creation_timestamp.as_ref()),
            ];
            if context.layout.cron_job_time_zone {
                cells.insert(2, spec.time_zone.clone().unwrap_or_else(none).into());
            }
            let job = spec.job_template.spec.as_ref();
            cells.extend(wide(job.map(|job| &job.template), job.and_then(|job| job.selector.as_ref())));
            cells
        },
    )
}
