//! Dumps of living clusters that leave something out: nothing is made anew or restarted, and what is missing is told.

use crate::common::{MINUTE, cluster, merge, node, object, web};
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment, ReplicaSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};
use sim_cluster::Cluster;
use sim_cluster::pod::Pod;

const CREATED: &str = "1970-01-01T00:00:00Z";

fn spec() -> Value {
    json!({"containers": [{"name": "c", "image": "app:1"}]})
}

/// A workload that has settled.
fn workload(kind: &str, name: &str, more: Value) -> Value {
    let mut value = json!({"apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}"), "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": spec()}},
        "status": {"observedGeneration": 1}});
    if kind != "DaemonSet" {
        value["spec"]["replicas"] = json!(1);
        value["status"]["replicas"] = json!(1);
    }
    merge(&mut value["status"], more);
    value
}

/// A pod that runs on `n1`.
fn running(name: &str, labels: Value, owner: Option<(&str, &str)>) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}"), "labels": labels,
            "creationTimestamp": CREATED},
        "spec": spec(),
        "status": {"phase": "Running", "startTime": CREATED, "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "c", "ready": true, "restartCount": 0, "image": "app:1", "imageID": "x",
                "state": {"running": {"startedAt": CREATED}}}]}});
    value["spec"]["nodeName"] = json!("n1");
    if let Some((kind, owner)) = owner {
        let reference = json!({"apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": format!("uid-{owner}"),
            "controller": true});
        value["metadata"]["ownerReferences"] = json!([reference]);
    }
    value
}

fn pods(cluster: &Cluster) -> Vec<String> {
    cluster.store().list::<Pod>().map(|pod| pod.metadata.name.clone().unwrap()).collect()
}

/// The cluster after ten minutes, in which the pods must be these.
#[track_caller]
fn check(objects: Vec<Value>, expected: &[&str]) -> Cluster {
    let mut cluster = cluster("v1.30.0", [vec![node("n1")], objects].concat());
    cluster.run_until(10 * MINUTE);
    assert_eq!(pods(&cluster), expected);
    cluster
}

#[track_caller]
fn told(cluster: &Cluster, note: &str) {
    let gaps = cluster.gaps();
    assert!(gaps.iter().any(|gap| gap == note), "{gaps:#?}");
}

#[test]
fn a_dump_cleaned_of_all_uids_keeps_its_pods() {
    for uid in [None, Some("")] {
        let clean = |mut object: Value| {
            let metadata = object["metadata"].as_object_mut().unwrap();
            metadata.shift_remove("uid");
            metadata.extend(uid.map(|uid| ("uid".to_owned(), json!(uid))));
            for owner in object["metadata"]["ownerReferences"].as_array_mut().into_iter().flatten() {
                owner["uid"] = json!("");
            }
            object
        };
        let mut set = workload("ReplicaSet", "web-abc", json!({}));
        set["metadata"]["labels"] = json!({"app": "web"});
        set["metadata"]["ownerReferences"] = json!([
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "x", "controller": true}]);
        let pod = running("web-abc-1", json!({"app": "web"}), Some(("ReplicaSet", "web-abc")));
        let deployment = workload("Deployment", "web", json!({}));
        let cluster = check(vec![clean(set), clean(pod), clean(deployment)], &["web-abc-1"]);
        assert_eq!(cluster.gaps(), Vec::<String>::new());
    }
}

#[test]
fn a_missing_replica_set_is_put_together_from_its_pods() {
    let labels = |hash: &str| json!({"app": "web", "pod-template-hash": hash});
    let pod = running("web-abc-1", labels("abc"), Some(("ReplicaSet", "web-abc")));
    let mut deployment = workload("Deployment", "web", json!({"updatedReplicas": 1}));
    deployment["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "3"});
    let cluster = check(vec![deployment.clone(), pod.clone()], &["web-abc-1"]);
    let sets: Vec<_> = cluster.store().list::<ReplicaSet>().collect();
    assert_eq!(sets.len(), 1);
    assert_eq!(sets[0].metadata.uid.as_deref(), Some("uid-web-abc"));
    assert_eq!(sets[0].metadata.annotations.as_ref().unwrap()["deployment.kubernetes.io/revision"], "3");
    told(
        &cluster,
        "the input lacks the ReplicaSets default/web-abc: they were put together from their pods and Deployments",
    );
    // The old ones of a rollout are told from the new ones by their specs.
    let mut old = running("web-old-1", labels("old"), Some(("ReplicaSet", "web-old")));
    old["spec"]["containers"][0]["image"] = json!("app:0");
    let rolling = workload("Deployment", "web", json!({"updatedReplicas": 1, "replicas": 2}));
    let cluster = check(vec![rolling, pod.clone(), old], &["web-abc-1"]);
    let sizes: Vec<_> = cluster.store().list::<ReplicaSet>().map(|set| set.spec.replicas).collect();
    assert_eq!(sizes, [Some(1), Some(0)]);
    // What admission changed in the pods does not matter to a Deployment that counts them as its own.
    let mut changed = pod.clone();
    changed["spec"]["containers"][0]["image"] = json!("mirror/app:1");
    check(vec![deployment, changed], &["web-abc-1"]);
}

/// What tools that tidy manifests take away: every combination of owner references, uids and ReplicaSets.
#[test]
fn a_dump_without_owners_uids_or_replica_sets_keeps_its_pods() {
    let note =
        "the input lacks the ReplicaSets default/web-abc: they were put together from their pods and Deployments";
    for (references, uids, sets) in [
        (false, true, true),
        (false, false, true),
        (false, true, false),
        (false, false, false),
        (true, false, false),
        (true, true, false),
    ] {
        let clean = |mut object: Value| {
            let metadata = object["metadata"].as_object_mut().unwrap();
            if !references {
                metadata.shift_remove("ownerReferences");
            }
            if !uids {
                metadata.shift_remove("uid");
                for owner in object["metadata"]["ownerReferences"].as_array_mut().into_iter().flatten() {
                    owner.as_object_mut().unwrap().insert("uid".to_owned(), json!(""));
                }
            }
            object
        };
        let labels = json!({"app": "web", "pod-template-hash": "abc"});
        let mut set = workload("ReplicaSet", "web-abc", json!({"replicas": 2}));
        set["spec"]["replicas"] = json!(2);
        set["metadata"]["labels"] = labels.clone();
        set["spec"]["selector"]["matchLabels"] = labels.clone();
        set["spec"]["template"]["metadata"]["labels"] = labels.clone();
        set["metadata"]["ownerReferences"] = json!([
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-web", "controller": true}]);
        let pod = |name| running(name, labels.clone(), Some(("ReplicaSet", "web-abc")));
        let mut deployment = workload("Deployment", "web", json!({"updatedReplicas": 2, "replicas": 2}));
        deployment["spec"]["replicas"] = json!(2);
        let mut objects = vec![deployment, pod("web-abc-1"), pod("web-abc-2")];
        objects.extend(sets.then_some(set));
        let cluster = check(objects.into_iter().map(clean).collect(), &["web-abc-1", "web-abc-2"]);
        let expected: &[&str] = if sets { &[] } else { &[note] };
        assert_eq!(cluster.gaps(), expected, "references {references}, uids {uids}, sets {sets}");
        let set = cluster.store().find::<ReplicaSet>("default", "web-abc").unwrap();
        let owner = |metadata: &ObjectMeta| metadata.owner_references.as_ref().unwrap()[0].uid.clone();
        for pod in cluster.store().list::<Pod>() {
            assert_eq!(Some(owner(&pod.metadata)), set.metadata.uid);
        }
        let deployment = cluster.store().find::<Deployment>("default", "web").unwrap();
        assert_eq!(Some(owner(&set.metadata)), deployment.metadata.uid);
    }
}

#[test]
fn pods_that_nobody_owns_count_for_whom_they_match() {
    // Two are there of three.
    for (kind, counted) in [("StatefulSet", "replicas"), ("DaemonSet", "currentNumberScheduled")] {
        let mut set = workload(kind, "web", json!({}));
        set["status"][counted] = json!(3);
        let pod = |name| running(name, json!({"app": "web"}), None);
        let other = running("other", json!({"app": "other"}), None);
        let cluster = cluster("v1.30.0", vec![node("n1"), set, pod("web-0"), pod("web-1"), other]);
        told(
            &cluster,
            &format!("the input lacks pods that a status counts (1 of {kind} default/web): they are made anew"),
        );
    }
}

#[test]
fn pods_whose_replica_set_cannot_be_told_are_not_silently_doubled() {
    let pod = running("web-abc-1", json!({"app": "web"}), Some(("ReplicaSet", "web-abc")));
    let mut cluster = cluster("v1.30.0", vec![node("n1"), workload("Deployment", "web", json!({})), pod]);
    cluster.run_until(MINUTE);
    assert_eq!(pods(&cluster).len(), 2);
    told(
        &cluster,
        "the input has pods of default/web-abc but not the replicasets themselves: their Deployments make new pods beside them",
    );
}

#[test]
fn what_lost_its_owner_references_is_taken_in_again() {
    let revision = json!({"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 4,
        "metadata": {"name": "web-abc", "namespace": "default",
            "labels": {"app": "web", "controller-revision-hash": "abc"}},
        "data": {"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"app": "web"}}, "spec": spec()}}}});
    let labels = |hash: &str| json!({"app": "web", "controller-revision-hash": hash});
    for (kind, pod, hash) in [("DaemonSet", "web-x", "abc"), ("StatefulSet", "web-0", "web-abc")] {
        let set = workload(kind, "web", json!({"currentRevision": "web-abc", "updateRevision": "web-abc"}));
        let cluster = check(vec![set, revision.clone(), running(pod, labels(hash), None)], &[pod]);
        let found = cluster.store().find::<Pod>("default", pod).unwrap();
        assert_eq!(found.metadata.uid.as_deref(), Some(format!("uid-{pod}").as_str()));
        assert_eq!(found.metadata.owner_references.as_ref().unwrap()[0].kind, kind);
        let revisions: Vec<_> = cluster.store().list::<ControllerRevision>().collect();
        assert_eq!((revisions.len(), revisions[0].revision), (1, Some(4)));
    }
}

#[test]
fn what_a_dump_lacks_is_told() {
    let mut living = node("n1");
    living["metadata"]["uid"] = json!("u1");
    let told_of = |objects: Vec<Value>, note: &str| {
        let cluster = cluster("v1.30.0", objects);
        told(&cluster, note);
    };
    told_of(
        vec![living],
        "the input has the nodes of a living cluster and no pods: its nodes are taken to be empty, and what the workloads of the input had is made anew",
    );
    let mut set = workload("ReplicaSet", "web-abc", json!({"replicas": 3}));
    let pod = || running("web-abc-1", json!({"app": "web"}), Some(("ReplicaSet", "web-abc")));
    told_of(
        vec![set.clone(), pod()],
        "the input lacks pods that a status counts (2 of ReplicaSet default/web-abc): they are made anew",
    );
    set["status"]["replicas"] = json!(1);
    set["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "x", "controller": true}]);
    told_of(
        vec![set, pod()],
        "the input has ReplicaSets of default/web but not the deployments themselves: they keep their size and template whatever else changes",
    );
    let ended = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec(), "status": {"phase": "Succeeded"},
        "metadata": {"name": "j-1", "namespace": "default", "ownerReferences": [
            {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "x", "controller": true}]}});
    told_of(
        vec![ended],
        "the input has pods of default/j but not the jobs themselves: nobody replaces those pods when they go, and no change of them is rolled out",
    );
    // Manifests of a cluster that is to be are no dump.
    let fresh = cluster("v1.30.0", vec![node("n1"), web(2, "app:1", json!({}), json!({}))]);
    assert_eq!(fresh.gaps(), Vec::<String>::new());
}

/// A crash loop whose last container ended so many seconds before the dump and is held for five minutes.
fn crashing(ended_s: i64) -> Value {
    let at = |before_s: i64| {
        let second = 86_400 - before_s;
        json!(format!("1970-01-01T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60))
    };
    let mut pod = running("crash", json!({"app": "x"}), None);
    pod["metadata"]["annotations"] = json!({"sim/behaviour": "exits 1 after 1s"});
    pod["status"]["containerStatuses"][0] = json!({"name": "c", "image": "app:1", "imageID": "x", "ready": false,
        "started": false, "restartCount": 700,
        "state": {"waiting": {"reason": "CrashLoopBackOff",
            "message": "back-off 5m0s restarting failed container=c pod=crash_default(uid-crash)"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "boom",
            "startedAt": at(ended_s + 1), "finishedAt": at(ended_s)}}});
    pod
}

/// Restarts and the waiting reason of the only container.
fn container(cluster: &Cluster) -> (i32, String) {
    let pod = cluster.store().find::<Pod>("default", "crash").unwrap();
    let status = pod.status.clone().unwrap().container_statuses.unwrap().remove(0);
    let waiting = status.state.unwrap().waiting.and_then(|waiting| waiting.reason);
    (status.restart_count, waiting.unwrap_or_default())
}

#[test]
fn a_crash_loop_goes_on_where_the_dump_shows_it() {
    let start = |ended_s| {
        let start = "1970-01-02T00:00:00Z".parse().unwrap();
        let setup = sim_cluster::Setup { start, ..sim_cluster::Setup::of("v1.30.0".parse().unwrap()) };
        Cluster::new(setup, [node("n1"), crashing(ended_s)].map(object))
    };
    let waiting = || "CrashLoopBackOff".to_owned();
    let mut cluster = start(60);
    cluster.run_until(0);
    assert_eq!(container(&cluster), (700, waiting()));
    cluster.run_until(239_000);
    assert_eq!(container(&cluster), (700, waiting()));
    // What is known of the last end is not lost.
    let pod = cluster.store().find::<Pod>("default", "crash").unwrap();
    let last = pod.status.as_ref().unwrap().container_statuses.as_ref().unwrap()[0].last_state.clone().unwrap();
    assert_eq!(last.terminated.unwrap().message.as_deref(), Some("boom"));
    cluster.run_until(240_500);
    assert_eq!(container(&cluster), (701, String::new()));
    cluster.run_until(245_000);
    assert_eq!(container(&cluster), (701, waiting()));
    // Still held as long as it can be.
    cluster.run_until(540_000);
    assert_eq!(container(&cluster), (701, waiting()));
    cluster.run_until(545_000);
    assert_eq!(container(&cluster).0, 702);
    // Whose time is over is restarted at once.
    let mut late = start(400);
    late.run_until(500);
    assert_eq!(container(&late), (701, String::new()));
}

#[test]
fn a_crash_loop_taken_over_at_any_moment_goes_on_as_if_nothing_had_been() {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec(), "metadata": {"name": "crash",
        "namespace": "default", "annotations": {"sim/behaviour": "exits 1 after 5s"}}});
    pod["spec"]["nodeName"] = json!("n1");
    let setup = |start| sim_cluster::Setup { start, ..sim_cluster::Setup::of("v1.30.0".parse().unwrap()) };
    let epoch = k8s_openapi::jiff::Timestamp::UNIX_EPOCH;
    let fresh = || Cluster::new(setup(epoch), [node("n1"), pod.clone()].map(object));
    let mut whole = fresh();
    for second in [4_u64, 10, 17, 20, 30, 44, 50, 60, 90, 100, 130, 200, 400] {
        whole.run_until(second * 1000);
        let objects: Vec<_> = ["nodes", "pods"]
            .iter()
            .flat_map(|kind| whole.store().objects(sim_cluster::Kind::parse(kind).unwrap()))
            .collect();
        let mut other = Cluster::new(setup(whole.now()), objects);
        for later in [1_u64, 7, 15, 40, 100, 200, 310, 700] {
            let mut straight = whole.clone();
            straight.run_until((second + later) * 1000);
            other.run_until(later * 1000);
            assert_eq!(container(&straight), container(&other), "taken over at {second} s, {later} s later");
        }
    }
}

#[test]
fn addresses_that_a_dump_shows_are_taken() {
    for (cidr, taken, expected) in [
        (None, "10.244.3.7", "10.244.3.8"),
        (None, "192.168.0.7", "10.244.0.2"),
        (Some("10.1.2.0/24"), "10.1.2.250", "10.1.2.251"),
        (Some("10.1.2.0/24"), "10.1.3.1", "10.1.2.2"),
    ] {
        let mut first = node("n1");
        first["spec"] = json!({"podCIDR": cidr});
        let mut there = running("there", json!({}), None);
        there["status"]["podIP"] = json!(taken);
        let mut new = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new", "namespace": "default"}});
        new["spec"] = json!({"nodeName": "n1", "containers": [{"name": "c", "image": "app:1"}]});
        let mut cluster = cluster("v1.30.0", vec![first, there, new]);
        cluster.run_until(MINUTE);
        let new = cluster.store().find::<Pod>("default", "new").unwrap();
        assert_eq!(new.status.as_ref().unwrap().pod_ip.as_deref(), Some(expected), "{cidr:?} {taken}");
    }
}
