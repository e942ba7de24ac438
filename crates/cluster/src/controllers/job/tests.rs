//! Jobs whose pods end when a test says so.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, Event, Node};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Setup};
use crate::conduct::{Conduct, Declaration, PodPattern};
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

fn cluster(version: &str, spec: Value) -> Cluster {
    let setup = Setup::of(version.parse().unwrap());
    let node =
        json!({"metadata": {"name": "n1"}, "status": {"capacity": {"cpu": "64", "memory": "64Gi", "pods": "500"}}});
    let mut job = json!({"metadata": {"name": "work", "namespace": "default"}, "spec": {"template": {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}}}});
    job["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let objects = [Object::read(Kind::Node, node).unwrap(), Object::read(Kind::Job, job).unwrap()];
    let mut cluster = Cluster::new(setup, objects);
    let conduct = Conduct::parse("exits 0 after 1000d").unwrap();
    cluster.declare([Declaration { pods: PodPattern::default(), container: None, conduct }]);
    assert_eq!(cluster.store.list::<Node>().count(), 1);
    run(&mut cluster, 5);
    cluster
}

fn run(cluster: &mut Cluster, seconds: u64) {
    cluster.run_until(cluster.now_ms() + seconds * 1000);
}

/// The pods that are at work, by name.
fn active(cluster: &Cluster) -> Vec<ObjectKey> {
    let pods = cluster.store.list::<Pod>().filter(|pod| pod::is_active(pod));
    pods.map(|pod| ObjectKey::of(pod.as_ref())).collect()
}

/// The first pod that is at work ends with this code.
fn end(cluster: &mut Cluster, code: i32) {
    let key = active(cluster).first().cloned().unwrap();
    let now = cluster.clock.time();
    cluster.store.update::<Pod>(&key, |pod| {
        let status = pod.status.as_mut().unwrap();
        status.phase = Some(if code == 0 { "Succeeded" } else { "Failed" }.to_owned());
        for container in status.container_statuses.iter_mut().flatten() {
            let terminated =
                ContainerStateTerminated { exit_code: code, finished_at: Some(now.clone()), ..Default::default() };
            container.state = Some(ContainerState { terminated: Some(terminated), ..ContainerState::default() });
        }
    });
}

fn job(cluster: &Cluster) -> Value {
    serde_json::to_value(cluster.store.find::<Job>("default", "work").unwrap().as_ref()).unwrap()
}

fn conditions(cluster: &Cluster) -> Vec<String> {
    let status = job(cluster)["status"]["conditions"].clone();
    let line = |condition: &Value| {
        let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        format!("{}={} {}", text("type"), text("status"), text("reason")).trim_end().to_owned()
    };
    status.as_array().into_iter().flatten().map(line).collect()
}

fn events(cluster: &Cluster) -> Vec<String> {
    let of = |event: &&std::sync::Arc<Event>| event.involved_object.kind.as_deref() == Some("Job");
    let events = cluster.store.list::<Event>().filter(of);
    events.map(|event| format!("{} {}", event.reason.as_deref().unwrap(), event.message.as_deref().unwrap())).collect()
}

fn has_event(cluster: &Cluster, wanted: &str) -> bool {
    events(cluster).iter().any(|event| event == wanted)
}

#[test]
fn pods_run_side_by_side_until_enough_have_succeeded() {
    for (version, ended) in [
        ("v1.20.0", vec!["Complete=True"]),
        ("v1.30.0", vec!["Complete=True"]),
        ("v1.34.0", vec!["SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"]),
    ] {
        let mut cluster = cluster(version, json!({"parallelism": 2, "completions": 3}));
        assert_eq!(active(&cluster).len(), 2, "{version}");
        end(&mut cluster, 0);
        run(&mut cluster, 5);
        assert_eq!(active(&cluster).len(), 2, "{version}");
        end(&mut cluster, 0);
        run(&mut cluster, 5);
        assert_eq!((active(&cluster).len(), job(&cluster)["status"]["succeeded"].clone()), (1, json!(2)), "{version}");
        assert!(conditions(&cluster).is_empty(), "{version}");
        end(&mut cluster, 0);
        run(&mut cluster, 5);
        assert_eq!(conditions(&cluster), ended, "{version}");
        assert!(has_event(&cluster, "Completed Job completed"), "{version}: {:?}", events(&cluster));
        assert!(!job(&cluster)["status"]["completionTime"].is_null());
        assert!(cluster.store.list::<Pod>().all(|pod| pod.metadata.finalizers.is_none()), "{version}");
        assert_eq!(cluster.store.list::<Pod>().count(), 3);
    }
}

#[test]
fn failures_are_replaced_later_and_later_and_then_no_more() {
    for (version, waits) in [("v1.24.0", [0, 10]), ("v1.30.0", [10, 20])] {
        let mut cluster = cluster(version, json!({"backoffLimit": 2}));
        for wait in waits {
            end(&mut cluster, 1);
            if wait > 0 {
                run(&mut cluster, wait - 1);
                assert!(active(&cluster).is_empty(), "{version}: no pod before {wait} s have passed");
            }
            run(&mut cluster, 6);
            assert_eq!(active(&cluster).len(), 1, "{version}: a pod after {wait} s");
        }
        end(&mut cluster, 1);
        run(&mut cluster, 5);
        assert_eq!(conditions(&cluster).last().unwrap(), "Failed=True BackoffLimitExceeded", "{version}");
        assert!(has_event(&cluster, "BackoffLimitExceeded Job has reached the specified backoff limit"), "{version}");
        assert_eq!(job(&cluster)["status"]["failed"], 3, "{version}");
        run(&mut cluster, 900);
        assert!(active(&cluster).is_empty(), "{version}");
    }
}

#[test]
fn a_deadline_ends_what_runs() {
    let mut cluster = cluster("v1.34.0", json!({"activeDeadlineSeconds": 60, "parallelism": 2}));
    run(&mut cluster, 50);
    assert_eq!(active(&cluster).len(), 2);
    run(&mut cluster, 20);
    assert!(active(&cluster).is_empty());
    assert_eq!(conditions(&cluster), ["FailureTarget=True DeadlineExceeded", "Failed=True DeadlineExceeded"]);
    assert!(has_event(&cluster, "DeadlineExceeded Job was active longer than specified deadline"));
    assert_eq!(job(&cluster)["status"]["failed"], 2);
    assert_eq!(cluster.store.list::<Pod>().count(), 0, "what was counted is let go");
}

#[test]
fn indexes_are_each_done_once() {
    let mut cluster = cluster("v1.30.0", json!({"completionMode": "Indexed", "completions": 4, "parallelism": 2}));
    let first = cluster.store.get::<Pod>(&active(&cluster)[0]).unwrap().clone();
    assert!(first.metadata.name.as_deref().unwrap().starts_with("work-0-"));
    assert_eq!(first.spec.hostname.as_deref(), Some("work-0"));
    assert_eq!(first.metadata.labels.as_ref().unwrap()["batch.kubernetes.io/job-completion-index"], "0");
    assert_eq!(first.metadata.labels.as_ref().unwrap()["batch.kubernetes.io/job-name"], "work");
    assert_eq!(first.spec.containers[0].env.as_ref().unwrap()[0].name, "JOB_COMPLETION_INDEX");
    for done in ["0", "0,1", "0-2", "0-3"] {
        assert!(conditions(&cluster).is_empty());
        end(&mut cluster, 0);
        run(&mut cluster, 5);
        assert_eq!(job(&cluster)["status"]["completedIndexes"], done);
    }
    assert_eq!(conditions(&cluster), ["Complete=True"]);
}

#[test]
fn an_index_fails_alone() {
    let spec = json!({"completionMode": "Indexed", "completions": 2, "parallelism": 2, "backoffLimitPerIndex": 1});
    let mut cluster = cluster("v1.33.0", spec);
    end(&mut cluster, 1);
    run(&mut cluster, 15);
    assert_eq!(active(&cluster).len(), 2);
    end(&mut cluster, 1);
    run(&mut cluster, 5);
    assert_eq!(job(&cluster)["status"]["failedIndexes"], "0");
    assert_eq!(active(&cluster).len(), 1, "the other goes on");
    end(&mut cluster, 0);
    run(&mut cluster, 5);
    assert_eq!(conditions(&cluster).last().unwrap(), "Failed=True FailedIndexes");
}

#[test]
fn a_suspended_job_has_no_pods() {
    let mut cluster = cluster("v1.30.0", json!({"suspend": true}));
    assert!(active(&cluster).is_empty());
    assert_eq!(conditions(&cluster), ["Suspended=True JobSuspended"]);
    assert!(job(&cluster)["status"]["startTime"].is_null());
    cluster.store.update::<Job>(&ObjectKey::new("default", "work"), |job| {
        job.spec.as_mut().unwrap().suspend = Some(false);
    });
    run(&mut cluster, 5);
    assert_eq!(active(&cluster).len(), 1);
    assert_eq!(conditions(&cluster), ["Suspended=False JobResumed"]);
    assert!(has_event(&cluster, "Suspended Job suspended") && has_event(&cluster, "Resumed Job resumed"));
}

#[test]
fn rules_say_which_failures_count() {
    let rules = json!({"podFailurePolicy": {"rules": [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "FailJob", "onExitCodes": {"containerName": "c", "operator": "In", "values": [42]}}]}});
    let mut cluster = cluster("v1.30.0", rules);
    let key = active(&cluster)[0].clone();
    let now = cluster.clock.time();
    cluster.store.update::<Pod>(&key, |pod| pod::set_condition(pod, "DisruptionTarget", true, None, None, &now));
    end(&mut cluster, 1);
    run(&mut cluster, 15);
    assert!(job(&cluster)["status"]["failed"].is_null(), "{}", job(&cluster)["status"]);
    let name = active(&cluster)[0].name.to_string();
    end(&mut cluster, 42);
    run(&mut cluster, 5);
    assert_eq!(conditions(&cluster).last().unwrap(), "Failed=True PodFailurePolicy");
    let message = format!(
        "PodFailurePolicy Container c for pod default/{name} failed with exit code 42 matching FailJob rule at index 1"
    );
    assert!(has_event(&cluster, &message), "{:?}", events(&cluster));
}

#[test]
fn a_few_may_be_enough() {
    let spec = json!({"completionMode": "Indexed", "completions": 3, "parallelism": 3,
        "successPolicy": {"rules": [{"succeededIndexes": "0"}]}});
    let mut cluster = cluster("v1.33.0", spec);
    end(&mut cluster, 0);
    run(&mut cluster, 10);
    assert_eq!(conditions(&cluster), ["SuccessCriteriaMet=True SuccessPolicy", "Complete=True SuccessPolicy"]);
    assert!(active(&cluster).is_empty());
}

#[test]
fn a_deleted_pod_counts_as_failed() {
    let mut cluster = cluster("v1.30.0", json!({}));
    let key = active(&cluster)[0].clone();
    cluster.delete_pod(&key);
    run(&mut cluster, 30);
    assert_eq!(job(&cluster)["status"]["failed"], 1);
    assert_eq!(active(&cluster).len(), 1);
    assert!(active(&cluster)[0] != key);
}

/// A job that selects by hand, and a pod with the labels that it selects and an owner or none.
fn by_hand(version: &str) -> Cluster {
    let labels = json!({"app": "work"});
    let mut cluster = cluster(
        version,
        json!({"manualSelector": true, "selector": {"matchLabels": labels}, "parallelism": 2, "completions": 2,
            "template": {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}}}),
    );
    run(&mut cluster, 30);
    cluster
}

fn owner_and_finalizers(cluster: &Cluster, pod: &str) -> (Option<String>, Vec<String>) {
    let pod = cluster.store.find::<Pod>("default", pod).unwrap();
    let owner = pod::controller_of(&pod.metadata).map(|owner| owner.name.clone());
    (owner, pod.metadata.finalizers.clone().unwrap_or_default())
}

#[test]
fn a_job_takes_in_the_orphans_that_it_selects() {
    for (version, finalizers) in [("v1.24.0", vec![]), ("v1.30.0", vec![super::TRACKING.to_owned()])] {
        let mut cluster = by_hand(version);
        let first = active(&cluster).first().cloned().unwrap();
        cluster.delete_object(Kind::Pod, &first, crate::deletion::DeleteOptions::default());
        let orphan = json!({"metadata": {"name": "orphan", "namespace": "default", "labels": {"app": "work"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}});
        cluster.make(&crate::change::Change::Apply(vec![Object::read(Kind::Pod, orphan).unwrap()])).unwrap();
        run(&mut cluster, 60);
        assert_eq!(owner_and_finalizers(&cluster, "orphan"), (Some("work".to_owned()), finalizers), "{version}");
        // It counts as one of the two.
        assert_eq!(active(&cluster).len(), 2, "{version}: {:?}", active(&cluster));
    }
}

#[test]
fn a_job_lets_go_of_what_it_no_longer_selects() {
    let mut cluster = by_hand("v1.30.0");
    let first = active(&cluster).first().cloned().unwrap();
    cluster.store.update::<Pod>(&first, |pod| pod.metadata.labels = None);
    run(&mut cluster, 60);
    assert_eq!(owner_and_finalizers(&cluster, &first.name), (None, Vec::new()));
    let owned = active(&cluster).into_iter().filter(|key| owner_and_finalizers(&cluster, &key.name).0.is_some());
    assert_eq!(owned.count(), 2, "another was made in its place");
}

#[test]
fn a_job_whose_labels_are_its_own_takes_in_nothing() {
    let mut cluster = cluster("v1.30.0", json!({}));
    let orphan = json!({"metadata": {"name": "orphan", "namespace": "default", "labels": {"job-name": "work"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1"}]}});
    cluster.make(&crate::change::Change::Apply(vec![Object::read(Kind::Pod, orphan).unwrap()])).unwrap();
    run(&mut cluster, 60);
    assert_eq!(owner_and_finalizers(&cluster, "orphan"), (None, Vec::new()));
}

/// A pod that waits to be counted is let go of by a controller that runs, and by nobody else.
#[test]
fn the_pods_of_a_job_that_went_while_nobody_counted_are_let_go_of() {
    let mut cluster = cluster("v1.30.0", json!({}));
    let component = || "job-controller".to_owned();
    cluster.make(&crate::change::Change::StopController(component())).unwrap();
    let pod = active(&cluster).first().cloned().unwrap();
    end(&mut cluster, 0);
    cluster.delete_object(Kind::Pod, &pod, crate::deletion::DeleteOptions::default());
    run(&mut cluster, 60);
    let job = ObjectKey::new("default", "work");
    cluster.delete_object(Kind::Job, &job, crate::deletion::DeleteOptions::default());
    run(&mut cluster, 60);
    assert!(cluster.store.get::<Job>(&job).is_none());
    assert_eq!(owner_and_finalizers(&cluster, &pod.name).1, [super::TRACKING]);
    cluster.make(&crate::change::Change::StartController(component())).unwrap();
    run(&mut cluster, 60);
    assert!(cluster.store.get::<Pod>(&pod).is_none());
}
