//! The tables of batch and storage kinds, as `kubectl get` prints them by version.

use k8s_openapi::jiff::{Timestamp, tz::Offset};
use serde_json::{Value, json};
use sim_cluster::print::{PrintContext, TableOptions, objects};
use sim_cluster::{Kind, Object};

/// 2026-01-01 00:10:00 UTC.
const NOW: i64 = 1_767_226_200;

#[track_caller]
fn check(version: &str, kind: Kind, value: Value, wide: bool, wanted: &str) {
    let context = PrintContext::new(version.parse().unwrap(), Timestamp::from_second(NOW).unwrap(), Offset::UTC);
    let mut value = value;
    value["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    let object = Object::read(kind, value).unwrap();
    let options = TableOptions { wide, ..TableOptions::default() };
    let shown = objects(kind, &[object], &context).render(&options);
    let squeezed =
        |line: &str| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>().join("|");
    let shown: Vec<String> = shown.lines().map(squeezed).collect();
    assert_eq!(shown.join("\n"), wanted);
}

fn job(status: Value) -> Value {
    json!({"metadata": {"name": "j"}, "spec": {"completions": 3, "template": {}}, "status": status})
}

#[test]
fn jobs() {
    let running = json!({"startTime": "2026-01-01T00:00:00Z", "succeeded": 1});
    check("v1.30.0", Kind::Job, job(running.clone()), false, "NAME|COMPLETIONS|DURATION|AGE\nj|1/3|10m|10m");
    check("v1.31.0", Kind::Job, job(running), false, "NAME|STATUS|COMPLETIONS|DURATION|AGE\nj|Running|1/3|10m|10m");
    let complete = json!({"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:42Z", "succeeded": 3,
        "conditions": [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}]});
    check("v1.34.0", Kind::Job, job(complete), false, "NAME|STATUS|COMPLETIONS|DURATION|AGE\nj|Complete|3/3|42s|10m");
    let queue = json!({"metadata": {"name": "j"}, "spec": {"parallelism": 2, "template": {}}});
    check("v1.20.0", Kind::Job, queue, false, "NAME|COMPLETIONS|DURATION|AGE\nj|0/1 of 2|10m");
}

#[test]
fn cron_jobs() {
    let cron_job = json!({"metadata": {"name": "c"}, "spec": {"schedule": "*/5 * * * *", "jobTemplate": {}},
        "status": {"lastScheduleTime": "2026-01-01T00:05:00Z"}});
    let head = "NAME|SCHEDULE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE";
    let row = "c|*/5 * * * *|False|0|5m|10m";
    check("v1.28.0", Kind::CronJob, cron_job.clone(), false, &format!("{head}\n{row}"));
    let head = "NAME|SCHEDULE|TIMEZONE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE";
    check("v1.29.0", Kind::CronJob, cron_job, false, &format!("{head}\nc|*/5 * * * *|<none>|False|0|5m|10m"));
}

#[test]
fn claims_and_volumes() {
    let claim = json!({"metadata": {"name": "data"}, "spec": {"volumeName": "pv1", "storageClassName": "fast", "volumeMode": "Filesystem"},
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"]}});
    let head = "NAME|STATUS|VOLUME|CAPACITY|ACCESS MODES|STORAGECLASS|AGE|VOLUMEMODE";
    check(
        "v1.28.0",
        Kind::PersistentVolumeClaim,
        claim.clone(),
        true,
        &format!("{head}\ndata|Bound|pv1|1Gi|RWO,RWX|fast|10m|Filesystem"),
    );
    let head = "NAME|STATUS|VOLUME|CAPACITY|ACCESS MODES|STORAGECLASS|VOLUMEATTRIBUTESCLASS|AGE";
    check(
        "v1.29.0",
        Kind::PersistentVolumeClaim,
        claim,
        false,
        &format!("{head}\ndata|Bound|pv1|1Gi|RWO,RWX|fast|<unset>|10m"),
    );
    let volume = json!({"metadata": {"name": "pv1"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "fast", "claimRef": {"namespace": "default", "name": "data"}},
        "status": {"phase": "Released"}});
    let head = "NAME|CAPACITY|ACCESS MODES|RECLAIM POLICY|STATUS|CLAIM|STORAGECLASS|VOLUMEATTRIBUTESCLASS|REASON|AGE";
    check(
        "v1.33.0",
        Kind::PersistentVolume,
        volume,
        false,
        &format!("{head}\npv1|1Gi|RWO|Retain|Released|default/data|fast|<unset>|10m"),
    );
}

#[test]
fn classes() {
    let class = json!({"metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com", "volumeBindingMode": "WaitForFirstConsumer"});
    check(
        "v1.17.0",
        Kind::StorageClass,
        class.clone(),
        false,
        "NAME|PROVISIONER|AGE\nfast (default)|ebs.csi.aws.com|10m",
    );
    let head = "NAME|PROVISIONER|RECLAIMPOLICY|VOLUMEBINDINGMODE|ALLOWVOLUMEEXPANSION|AGE";
    check(
        "v1.30.0",
        Kind::StorageClass,
        class,
        false,
        &format!("{head}\nfast (default)|ebs.csi.aws.com|Delete|WaitForFirstConsumer|false|10m"),
    );
}

#[test]
fn revisions() {
    let revision = json!({"metadata": {"name": "web-1", "ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "u", "controller": true}]}, "revision": 2});
    check(
        "v1.30.0",
        Kind::ControllerRevision,
        revision,
        false,
        "NAME|CONTROLLER|REVISION|AGE\nweb-1|statefulset.apps/web|2|10m",
    );
}
