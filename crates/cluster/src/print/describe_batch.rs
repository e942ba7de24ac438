//! `kubectl describe` of Jobs and CronJobs.

use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Event;

use super::context::PrintContext;
use super::describe::Page;
use super::describe_workload::{head, labels, template};
use super::duration::human_duration;
use super::template::selector_text;

/// Longer lists of indexes are cut at the next comma (`capIndexesListOrNone`).
const MAX_INDEXES: usize = 50;

/// The page of a Job (`describeJob`).
pub(super) fn describe_job(job: &Job, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let (spec, status) = (job.spec.clone().unwrap_or_default(), job.status.clone().unwrap_or_default());
    head(&mut page, &job.metadata);
    page.field(0, "Selector", &spec.selector.as_ref().map(selector_text).unwrap_or_default());
    labels(&mut page, &job.metadata);
    page.controller(&job.metadata);
    let mut number = |title: &str, value: Option<i64>, unit: &str| {
        if let Some(value) = value {
            page.field(0, title, &format!("{value}{unit}"));
        }
    };
    number("Parallelism", spec.parallelism.map(i64::from), "");
    match spec.completions {
        Some(completions) => page.field(0, "Completions", &completions.to_string()),
        None => page.field(0, "Completions", "<unset>"),
    }
    let is_indexed = spec.completion_mode.as_deref() == Some("Indexed");
    if let Some(mode) = spec.completion_mode.as_deref().filter(|_| context.layout.completion_mode) {
        page.field(0, "Completion Mode", mode);
    }
    if context.layout.job_limits {
        if let Some(suspend) = spec.suspend {
            page.field(0, "Suspend", &suspend.to_string());
        }
        if let Some(limit) = spec.backoff_limit {
            page.field(0, "Backoff Limit", &limit.to_string());
        }
        if let Some(seconds) = spec.ttl_seconds_after_finished {
            page.field(0, "TTL Seconds After Finished", &seconds.to_string());
        }
    }
    if let Some(start) = &status.start_time {
        page.field(0, "Start Time", &context.local(Some(start)));
    }
    if let Some(end) = &status.completion_time {
        page.field(0, "Completed At", &context.local(Some(end)));
    }
    if let (Some(start), Some(end)) = (&status.start_time, &status.completion_time) {
        let seconds = end.0.as_second().saturating_sub(start.0.as_second());
        page.field(0, "Duration", &human_duration(seconds));
    }
    if let Some(seconds) = spec.active_deadline_seconds {
        page.field(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
    let ready = status.ready.filter(|_| context.layout.ready_pods);
    let ready = ready.map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    let count = |count: Option<i32>| count.unwrap_or(0);
    let counts = format!(
        "{} Active{ready} / {} Succeeded / {} Failed",
        count(status.active),
        count(status.succeeded),
        count(status.failed)
    );
    page.field(0, "Pods Statuses", &counts);
    if is_indexed && context.layout.completion_mode {
        page.field(0, "Completed Indexes", &indexes(status.completed_indexes.as_deref().unwrap_or_default()));
    }
    template(&mut page, &spec.template, context);
    page.events(events, context);
    page.finish()
}

fn indexes(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".to_owned();
    }
    match indexes.char_indices().find(|(at, letter)| *at >= MAX_INDEXES && *letter == ',') {
        Some((at, _)) => format!("{}...", &indexes[..=at]),
        None => indexes.to_owned(),
    }
}

/// The page of a CronJob (`describeCronJob`).
pub(super) fn describe_cron_job(cron_job: &CronJob, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let (spec, status) = (&cron_job.spec, cron_job.status.clone().unwrap_or_default());
    let or_unset = |text: Option<String>| text.unwrap_or_else(|| "<unset>".to_owned());
    let number = |number: Option<i32>| or_unset(number.map(|number| number.to_string()));
    head(&mut page, &cron_job.metadata);
    labels(&mut page, &cron_job.metadata);
    page.field(0, "Schedule", &spec.schedule);
    page.field(0, "Concurrency Policy", spec.concurrency_policy.as_deref().unwrap_or("Allow"));
    let suspend = spec.suspend.map(|suspend| if suspend { "True" } else { "False" }.to_owned());
    page.field(0, "Suspend", &or_unset(suspend));
    if context.layout.described_time_zone {
        page.field(0, "Time Zone", &or_unset(spec.time_zone.clone()));
    }
    page.field(0, "Successful Job History Limit", &number(spec.successful_jobs_history_limit));
    page.field(0, "Failed Job History Limit", &number(spec.failed_jobs_history_limit));
    let deadline = spec.starting_deadline_seconds.map(|seconds| format!("{seconds}s"));
    page.field(0, "Starting Deadline Seconds", &or_unset(deadline));
    let job = spec.job_template.spec.clone().unwrap_or_default();
    page.field(0, "Selector", &or_unset(job.selector.as_ref().map(selector_text)));
    page.field(0, "Parallelism", &number(job.parallelism));
    page.field(0, "Completions", &number(job.completions));
    if let Some(seconds) = job.active_deadline_seconds {
        page.field(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
    template(&mut page, &job.template, context);
    let last = status.last_schedule_time.as_ref().map(|time| context.local(Some(time)));
    page.field(0, "Last Schedule Time", &or_unset(last));
    let active: Vec<String> = status.active.iter().flatten().filter_map(|job| job.name.clone()).collect();
    page.field(0, "Active Jobs", if active.is_empty() { "<none>".to_owned() } else { active.join(", ") }.as_str());
    page.events(events, context);
    page.finish()
}
