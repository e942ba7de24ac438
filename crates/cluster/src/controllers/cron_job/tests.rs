//! CronJobs over a few minutes; their pods end when a test says so.

use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Event;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Setup, Stop};
use crate::object::{Kind, Object};
use crate::pod::Pod;
use crate::store::ObjectKey;

/// 2024-03-04 09:00:30 UTC.
const START: i64 = 1_709_542_830;
const MINUTE: u64 = 60_000;

fn cluster(version: &str, spec: Value) -> Cluster {
    let start = Timestamp::from_second(START).unwrap();
    let setup = Setup { start, ..Setup::of(version.parse().unwrap()) };
    let mut cron_job = json!({"metadata": {"name": "tick", "namespace": "default"}, "spec": {
        "schedule": "*/2 * * * *", "jobTemplate": {"spec": {"template": {
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}}}}}});
    cron_job["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    Cluster::new(setup, [Object::read(Kind::CronJob, cron_job).unwrap()])
}

fn run(cluster: &mut Cluster, minutes: u64) {
    cluster.run_until(cluster.now_ms() + minutes * MINUTE);
}

fn jobs(cluster: &Cluster) -> Vec<String> {
    cluster.store.list::<Job>().map(|job| job.metadata.name.clone().unwrap()).collect()
}

/// Every pod succeeds, or fails.
fn end_all(cluster: &mut Cluster, phase: &str) {
    let pods: Vec<ObjectKey> = cluster.store.list::<Pod>().map(|pod| ObjectKey::of(pod.as_ref())).collect();
    for pod in pods {
        cluster.store.update::<Pod>(&pod, |pod| pod.status.as_mut().unwrap().phase = Some(phase.to_owned()));
    }
    cluster.run_until(cluster.now_ms() + 11_000);
}

fn messages(cluster: &Cluster) -> Vec<String> {
    let of = |event: &&std::sync::Arc<Event>| event.involved_object.kind.as_deref() == Some("CronJob");
    let events = cluster.store.list::<Event>().filter(of);
    events.map(|event| format!("{} {}", event.reason.as_deref().unwrap(), event.message.as_deref().unwrap())).collect()
}

fn status(cluster: &Cluster) -> Value {
    let cron_job = cluster.store.find::<CronJob>("default", "tick").unwrap();
    serde_json::to_value(cron_job.as_ref()).unwrap()["status"].clone()
}

#[test]
fn a_job_each_time_the_schedule_is_due() {
    for (version, names) in
        [("v1.20.0", ["tick-1709542920", "tick-1709543040"]), ("v1.30.0", ["tick-28492382", "tick-28492384"])]
    {
        let mut cluster = cluster(version, json!({}));
        run(&mut cluster, 1);
        assert!(jobs(&cluster).is_empty());
        run(&mut cluster, 3);
        assert_eq!(jobs(&cluster), names, "{version}");
        assert_eq!(status(&cluster)["active"].as_array().unwrap().len(), 2);
        assert_eq!(status(&cluster)["lastScheduleTime"], "2024-03-04T09:04:00Z");
        assert!(messages(&cluster).contains(&format!("SuccessfulCreate Created job {}", names[0])));
        end_all(&mut cluster, "Succeeded");
        assert!(status(&cluster)["active"].is_null(), "{version}: {}", status(&cluster));
        let seen = format!("SawCompletedJob Saw completed job: {}, status: Complete", names[0]);
        assert!(messages(&cluster).contains(&seen), "{version}: {:?}", messages(&cluster));
    }
}

#[test]
fn a_cron_job_does_not_keep_a_cluster_from_coming_to_rest() {
    let mut cluster = cluster("v1.30.0", json!({"schedule": "* * * * *"}));
    assert_eq!(cluster.settle(1000 * MINUTE), Stop::Quiet);
    assert!(cluster.now_ms() < MINUTE);
    // Its pods wait for a node that never comes: they do not either.
    run(&mut cluster, 3);
    assert_eq!(jobs(&cluster).len(), 3);
    assert_eq!(cluster.settle(1000 * MINUTE), Stop::Quiet);
    assert!(cluster.now_ms() < 20 * MINUTE, "{}", cluster.now_ms());
}

/// Each run ends the one before, whose pod goes after its Job is gone; and that pod waits for a node.
#[test]
fn nor_does_one_whose_pods_wait() {
    let mut cluster = cluster("v1.30.0", json!({"concurrencyPolicy": "Replace", "schedule": "*/5 * * * *"}));
    run(&mut cluster, 30);
    assert_eq!(cluster.settle(cluster.now_ms() + 60 * MINUTE), Stop::Quiet);
}

#[test]
fn one_run_at_a_time_or_the_newest_only() {
    let mut forbids = cluster("v1.30.0", json!({"concurrencyPolicy": "Forbid"}));
    run(&mut forbids, 6);
    assert_eq!(jobs(&forbids), ["tick-28492382"]);
    let told = "JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid";
    assert!(messages(&forbids).iter().any(|message| message == told));
    // The start that was missed last is made up for as soon as the way is free.
    end_all(&mut forbids, "Succeeded");
    assert_eq!(jobs(&forbids), ["tick-28492382", "tick-28492386"]);
    let mut replaces = cluster("v1.30.0", json!({"concurrencyPolicy": "Replace"}));
    run(&mut replaces, 6);
    assert_eq!(jobs(&replaces), ["tick-28492386"]);
    assert!(messages(&replaces).iter().any(|message| message == "SuccessfulDelete Deleted job tick-28492384"));
    assert_eq!(replaces.store.list::<Pod>().count(), 1, "pods go with their jobs");
}

#[test]
fn old_jobs_go() {
    let mut cluster = cluster("v1.30.0", json!({}));
    for _ in 0..6 {
        run(&mut cluster, 2);
        end_all(&mut cluster, "Succeeded");
    }
    assert_eq!(jobs(&cluster).len(), 3);
    for _ in 0..3 {
        run(&mut cluster, 2);
        cluster.store.update::<CronJob>(&ObjectKey::new("default", "tick"), |cron_job| {
            cron_job.spec.job_template.spec.as_mut().unwrap().backoff_limit = Some(0);
        });
        end_all(&mut cluster, "Failed");
    }
    let failed = cluster
        .store
        .list::<Job>()
        .filter(|job| crate::controllers::job::finished(job).is_some_and(|condition| condition.type_ == "Failed"));
    assert_eq!(failed.count(), 1);
}

#[test]
fn zones_and_suspension_count() {
    let mut zoned = cluster("v1.30.0", json!({"schedule": "5 10 * * *", "timeZone": "Europe/Berlin"}));
    run(&mut zoned, 6);
    assert_eq!(jobs(&zoned).len(), 1);
    let job = zoned.store.list::<Job>().next().unwrap();
    let annotations = job.metadata.annotations.as_ref().unwrap();
    assert_eq!(annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"], "2024-03-04T10:05:00+01:00");
    let mut suspended = cluster("v1.30.0", json!({"suspend": true}));
    run(&mut suspended, 10);
    assert!(jobs(&suspended).is_empty());
    // Resumed, it makes up for the last start it missed.
    suspended.store.update::<CronJob>(&ObjectKey::new("default", "tick"), |cron_job| {
        cron_job.spec.suspend = Some(false);
    });
    suspended.run_until(suspended.now_ms() + 1000);
    assert_eq!(jobs(&suspended), ["tick-28492390"]);
}

#[test]
fn a_start_that_is_too_late_is_left_out() {
    let spec = json!({"concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 20});
    let mut cluster = cluster("v1.30.0", spec);
    run(&mut cluster, 6);
    cluster.run_until(cluster.now_ms() + 30_000);
    end_all(&mut cluster, "Succeeded");
    assert_eq!(jobs(&cluster), ["tick-28492382"], "the one of 09:06 is over");
    run(&mut cluster, 2);
    assert_eq!(jobs(&cluster), ["tick-28492382", "tick-28492388"]);
}

#[test]
fn too_many_missed_starts_are_told() {
    for (version, starts) in [("v1.20.0", 0), ("v1.25.0", 1), ("v1.30.0", 1)] {
        let mut cluster = cluster(version, json!({"suspend": true, "schedule": "* * * * *"}));
        run(&mut cluster, 200);
        cluster.store.update::<CronJob>(&ObjectKey::new("default", "tick"), |cron_job| {
            cron_job.spec.suspend = Some(false);
        });
        cluster.run_until(cluster.now_ms() + 11_000);
        assert_eq!(jobs(&cluster).len(), starts, "{version}");
        let wanted = match version {
            "v1.20.0" => {
                "FailedNeedsStart Cannot determine if job needs to be started: too many missed start time (> 100). Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            }
            "v1.25.0" => {
                "TooManyMissedTimes too many missed start times: 200. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            }
            _ => {
                "TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            }
        };
        assert!(messages(&cluster).iter().any(|message| message == wanted), "{version}: {:?}", messages(&cluster));
    }
}

#[test]
fn ended_jobs_expire() {
    let template = json!({"spec": {"ttlSecondsAfterFinished": 60, "template": {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}}}});
    let mut cluster = cluster("v1.30.0", json!({"schedule": "1 9 * * *", "jobTemplate": template}));
    run(&mut cluster, 2);
    end_all(&mut cluster, "Succeeded");
    assert_eq!(jobs(&cluster).len(), 1);
    run(&mut cluster, 2);
    assert!(jobs(&cluster).is_empty());
    assert_eq!(cluster.store.list::<Pod>().count(), 0);
}
