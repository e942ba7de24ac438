//! StatefulSets run by the library: order, updates, claims, and what happens to their pods on dead nodes.

use k8s_openapi::api::apps::v1::{ControllerRevision, StatefulSet};
use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectRef, Setup};

const MINUTE: u64 = 60 * 1000;

fn read(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

fn cluster(version: &str, objects: Vec<Value>) -> Cluster {
    let setup = Setup::of(version.parse().unwrap());
    Cluster::new(setup, objects.into_iter().map(read))
}

fn node(name: &str) -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"capacity": resources}})
}

/// A set of three, with `spec` laid over its spec.
fn set(spec: Value) -> Value {
    let mut value = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": 3, "serviceName": "web", "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "nginx:1.25"}]}}}});
    value["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    value
}

/// The same with another image, or one that no node has room for.
fn changed(spec: Value, image: &str, cpu: &str) -> Change {
    let mut value = set(spec);
    let container = &mut value["spec"]["template"]["spec"]["containers"][0];
    container["image"] = json!(image);
    container["resources"] = json!({"requests": {"cpu": cpu}});
    Change::Apply(vec![read(value)])
}

fn settle(cluster: &mut Cluster) {
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
}

/// The pods as `name image`, ready ones with a `+`.
fn pods(cluster: &Cluster) -> Vec<String> {
    let line = |pod: &Pod| {
        let ready = if pod::is_ready(pod) { " +" } else { "" };
        let image = pod.spec.containers[0].image.as_deref().unwrap();
        format!("{} {image}{ready}", pod.metadata.name.as_deref().unwrap())
    };
    cluster.store().list::<Pod>().map(|pod| line(pod)).collect()
}

fn messages(cluster: &Cluster, component: &str) -> Vec<String> {
    let of = |event: &&std::sync::Arc<Event>| {
        event.source.as_ref().is_some_and(|source| source.component.as_deref() == Some(component))
    };
    let mut events: Vec<_> = cluster.store().list::<Event>().filter(of).collect();
    events.sort_by_key(|event| {
        let number = event.metadata.name.as_deref().unwrap().rsplit_once('.').unwrap().1.to_owned();
        (number.len(), number)
    });
    events
        .iter()
        .map(|event| format!("{} {}", event.reason.as_deref().unwrap(), event.message.as_deref().unwrap()))
        .collect()
}

fn apply(cluster: &mut Cluster, change: &Change) {
    cluster.make(change).unwrap();
}

fn status(cluster: &Cluster) -> Value {
    cluster.store().objects(Kind::StatefulSet)[0].to_value()["status"].clone()
}

#[test]
fn pods_come_one_after_the_other_and_go_in_reverse() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), set(json!({}))]);
    settle(&mut cluster);
    assert_eq!(pods(&cluster), ["web-0 nginx:1.25 +", "web-1 nginx:1.25 +", "web-2 nginx:1.25 +"]);
    let created: Vec<_> = cluster.store().list::<Pod>().map(|pod| pod.metadata.creation_timestamp.clone()).collect();
    assert!(created.windows(2).all(|pair| pair[0] < pair[1]), "each waits for the one before: {created:?}");
    let first = cluster.store().list::<Pod>().next().unwrap();
    let labels = first.metadata.labels.as_ref().unwrap();
    assert_eq!(labels["statefulset.kubernetes.io/pod-name"], "web-0");
    assert_eq!(labels["apps.kubernetes.io/pod-index"], "0");
    assert_eq!((first.spec.hostname.as_deref(), first.spec.subdomain.as_deref()), (Some("web-0"), Some("web")));
    let scale = Change::Scale { workload: ObjectRef::parse("statefulset/web").unwrap(), replicas: 1 };
    apply(&mut cluster, &scale);
    settle(&mut cluster);
    assert_eq!(pods(&cluster), ["web-0 nginx:1.25 +"]);
    assert_eq!(
        messages(&cluster, "statefulset-controller"),
        [
            "SuccessfulCreate create Pod web-0 in StatefulSet web successful",
            "SuccessfulCreate create Pod web-1 in StatefulSet web successful",
            "SuccessfulCreate create Pod web-2 in StatefulSet web successful",
            "SuccessfulDelete delete Pod web-2 in StatefulSet web successful",
            "SuccessfulDelete delete Pod web-1 in StatefulSet web successful",
        ]
    );
}

#[test]
fn parallel_pods_come_at_once() {
    let mut cluster = cluster("v1.27.0", vec![node("n1"), set(json!({"podManagementPolicy": "Parallel"}))]);
    settle(&mut cluster);
    let created: Vec<_> = cluster.store().list::<Pod>().map(|pod| pod.metadata.creation_timestamp.clone()).collect();
    assert!(created.len() == 3 && created.windows(2).all(|pair| pair[0] == pair[1]), "{created:?}");
    let pod = cluster.store().list::<Pod>().next().unwrap();
    assert!(!pod.metadata.labels.as_ref().unwrap().contains_key("apps.kubernetes.io/pod-index"), "since 1.28");
}

#[test]
fn an_update_rolls_down_to_its_partition() {
    let partition = |partition: i32| json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), set(partition(2))]);
    settle(&mut cluster);
    let before = status(&cluster)["currentRevision"].clone();
    apply(&mut cluster, &changed(partition(2), "nginx:1.26", "10m"));
    settle(&mut cluster);
    assert_eq!(pods(&cluster), ["web-0 nginx:1.25 +", "web-1 nginx:1.25 +", "web-2 nginx:1.26 +"]);
    assert_eq!(status(&cluster)["currentRevision"], before);
    assert_ne!(status(&cluster)["updateRevision"], before);
    // A pod below the partition comes back as it was.
    apply(&mut cluster, &Change::Delete(ObjectRef::parse("pod/web-0").unwrap()));
    settle(&mut cluster);
    assert_eq!(pods(&cluster)[0], "web-0 nginx:1.25 +");
    apply(&mut cluster, &changed(partition(0), "nginx:1.26", "10m"));
    settle(&mut cluster);
    assert_eq!(pods(&cluster), ["web-0 nginx:1.26 +", "web-1 nginx:1.26 +", "web-2 nginx:1.26 +"]);
    assert_eq!(status(&cluster)["currentRevision"], status(&cluster)["updateRevision"]);
    assert_eq!(cluster.store().list::<ControllerRevision>().count(), 2);
    // Back to the first template: its revision is found, not made again.
    apply(&mut cluster, &Change::Apply(vec![read(set(partition(0)))]));
    settle(&mut cluster);
    assert_eq!(status(&cluster)["currentRevision"], before);
    assert_eq!(cluster.store().list::<ControllerRevision>().count(), 2);
    let revisions: Vec<_> = cluster.store().list::<ControllerRevision>().filter_map(|found| found.revision).collect();
    assert!(revisions.contains(&3), "{revisions:?}");
}

#[test]
fn a_broken_update_stays_broken_until_its_pod_is_deleted_by_hand() {
    for (policy, recovers) in [("OrderedReady", false), ("Parallel", true)] {
        let spec = || json!({"podManagementPolicy": policy});
        let mut cluster = cluster("v1.30.0", vec![node("n1"), set(spec())]);
        settle(&mut cluster);
        apply(&mut cluster, &changed(spec(), "nginx:broken", "64"));
        settle(&mut cluster);
        assert_eq!(pods(&cluster), ["web-0 nginx:1.25 +", "web-1 nginx:1.25 +", "web-2 nginx:broken"], "{policy}");
        apply(&mut cluster, &changed(spec(), "nginx:1.26", "10m"));
        settle(&mut cluster);
        let healed = ["web-0 nginx:1.26 +", "web-1 nginx:1.26 +", "web-2 nginx:1.26 +"];
        assert_eq!(pods(&cluster) == healed, recovers, "{policy}: {:?}", pods(&cluster));
        if !recovers {
            assert_eq!(pods(&cluster)[2], "web-2 nginx:broken");
            apply(&mut cluster, &Change::Delete(ObjectRef::parse("pod/web-2").unwrap()));
            settle(&mut cluster);
            assert_eq!(pods(&cluster), healed);
        }
    }
}

#[test]
fn on_delete_updates_what_somebody_deletes() {
    let spec = || json!({"updateStrategy": {"type": "OnDelete"}});
    let mut cluster = cluster("v1.20.0", vec![node("n1"), set(spec())]);
    settle(&mut cluster);
    apply(&mut cluster, &changed(spec(), "nginx:1.26", "10m"));
    settle(&mut cluster);
    assert!(pods(&cluster).iter().all(|pod| pod.contains("1.25")), "{:?}", pods(&cluster));
    apply(&mut cluster, &Change::Delete(ObjectRef::parse("pod/web-1").unwrap()));
    settle(&mut cluster);
    assert_eq!(pods(&cluster), ["web-0 nginx:1.25 +", "web-1 nginx:1.26 +", "web-2 nginx:1.25 +"]);
}

#[test]
fn a_pod_on_a_dead_node_is_not_replaced_before_it_is_gone() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), node("n2"), set(json!({"replicas": 2}))]);
    settle(&mut cluster);
    let node_of = |cluster: &Cluster, index: usize| {
        cluster.store().list::<Pod>().nth(index).and_then(|pod| pod::node_name(pod)).unwrap().to_owned()
    };
    let dead = node_of(&cluster, 1);
    let uid = cluster.store().list::<Pod>().nth(1).unwrap().metadata.uid.clone();
    apply(&mut cluster, &Change::NodeDown(dead.clone()));
    let end = cluster.now_ms() + 60 * MINUTE;
    cluster.run_until(end);
    let stuck = cluster.store().list::<Pod>().nth(1).unwrap();
    assert!(pod::is_terminating(stuck) && stuck.metadata.uid == uid, "it waits for a node that does not answer");
    assert_eq!(node_of(&cluster, 1), dead);
    apply(&mut cluster, &Change::RemoveNode(dead.clone()));
    settle(&mut cluster);
    assert_ne!(node_of(&cluster, 1), dead);
    assert!(cluster.store().list::<Pod>().all(|pod| pod::is_ready(pod)));
}

#[test]
fn claims_are_made_with_their_pods_and_kept() {
    let claims = json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}}}}]);
    let mut cluster = cluster(
        "v1.30.0",
        vec![node("n1"), set(json!({"volumeClaimTemplates": claims, "podManagementPolicy": "Parallel"}))],
    );
    settle(&mut cluster);
    let names = |cluster: &Cluster| {
        let claims = cluster.store().list::<PersistentVolumeClaim>();
        claims.map(|claim| claim.metadata.name.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names(&cluster), ["data-web-0", "data-web-1", "data-web-2"]);
    let events = messages(&cluster, "statefulset-controller");
    assert_eq!(events[0], "SuccessfulCreate create Claim data-web-0 Pod web-0 in StatefulSet web success");
    assert_eq!(events[1], "SuccessfulCreate create Pod web-0 in StatefulSet web successful");
    let claim = cluster.store().list::<PersistentVolumeClaim>().next().unwrap();
    assert_eq!(claim.metadata.labels.as_ref().unwrap()["app"], "web");
    let scale = Change::Scale { workload: ObjectRef::parse("statefulset/web").unwrap(), replicas: 0 };
    apply(&mut cluster, &scale);
    settle(&mut cluster);
    assert_eq!(names(&cluster).len(), 3);
    assert!(pods(&cluster).is_empty());
}

#[test]
fn pods_have_to_be_ready_for_a_while_where_the_version_says_so() {
    for (version, waits) in [("v1.22.0", false), ("v1.23.0", true)] {
        let mut cluster = cluster(version, vec![node("n1"), set(json!({"minReadySeconds": 60, "replicas": 2}))]);
        settle(&mut cluster);
        let created: Vec<Timestamp> =
            cluster.store().list::<Pod>().map(|pod| pod.metadata.creation_timestamp.as_ref().unwrap().0).collect();
        let apart = created[1].duration_since(created[0]).as_secs();
        assert_eq!(apart >= 60, waits, "{version}: {apart}");
        assert!(!waits || status(&cluster)["availableReplicas"] == 2, "{version}: {}", status(&cluster));
    }
}

#[test]
fn ordinals_start_where_the_set_says() {
    for (version, first) in [("v1.26.0", "web-0"), ("v1.27.0", "web-5")] {
        let mut cluster = cluster(version, vec![node("n1"), set(json!({"ordinals": {"start": 5}, "replicas": 2}))]);
        settle(&mut cluster);
        assert_eq!(cluster.store().list::<Pod>().next().unwrap().metadata.name.as_deref(), Some(first), "{version}");
    }
}

#[test]
fn a_dump_goes_on_where_it_stands() {
    for with_revisions in [true, false] {
        let mut first = cluster("v1.30.0", vec![node("n1"), set(json!({}))]);
        settle(&mut first);
        let kinds = Kind::ALL.iter().filter(|kind| with_revisions || **kind != Kind::ControllerRevision);
        let dump = kinds.flat_map(|kind| first.store().objects(*kind)).map(|object| object.to_value()).collect();
        let mut again = cluster("v1.30.0", dump);
        settle(&mut again);
        let uids = |cluster: &Cluster| {
            cluster.store().list::<Pod>().map(|pod| pod.metadata.uid.clone().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(uids(&first), uids(&again));
        assert_eq!(status(&first), status(&again));
        assert_eq!(again.store().list::<StatefulSet>().count(), 1);
    }
}

/// replicas, ready, available, current and updated, as the status has them (a count of 0 is left out of some).
#[track_caller]
fn check_counts(cluster: &Cluster, expected: [i64; 5]) {
    let status = status(cluster);
    let fields = ["replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"];
    assert_eq!(fields.map(|field| status[field].as_i64().unwrap_or(0)), expected, "{status:#}");
    assert_eq!(cluster.store().list::<Pod>().count() as i64, expected[0]);
}

#[test]
fn the_status_counts_the_pods() {
    let partition = |partition: i32| json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), set(partition(0))]);
    settle(&mut cluster);
    check_counts(&cluster, [3, 3, 3, 3, 3]);
    // Up to a partition two are of the old revision.
    apply(&mut cluster, &changed(partition(2), "nginx:1.26", "10m"));
    settle(&mut cluster);
    check_counts(&cluster, [3, 3, 3, 2, 1]);
    // One that no node has room for is there, and not ready.
    apply(&mut cluster, &changed(partition(2), "nginx:1.27", "64"));
    settle(&mut cluster);
    check_counts(&cluster, [3, 2, 2, 2, 1]);
    let scale = |replicas| Change::Scale { workload: ObjectRef::parse("statefulset/web").unwrap(), replicas };
    apply(&mut cluster, &scale(1));
    settle(&mut cluster);
    check_counts(&cluster, [1, 1, 1, 1, 0]);
    apply(&mut cluster, &scale(0));
    settle(&mut cluster);
    check_counts(&cluster, [0, 0, 0, 0, 0]);
    let refused = cluster.make(&scale(i32::MAX)).unwrap_err().to_string();
    assert!(refused.contains("replicas are more than the"), "{refused}");
    cluster.make(&scale(-1)).unwrap_err();
    check_counts(&cluster, [0, 0, 0, 0, 0]);
}
