//! Deletion, finalizers, owners and stale writes, as the API server and the garbage collector have them.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::{
    Change, Cluster, DeleteOptions, Kind, Object, ObjectKey, ObjectRef, PatchType, Propagation, Setup, Unstructured,
};

const MINUTE: u64 = 60 * 1000;

fn cluster(objects: Vec<Value>) -> Cluster {
    let setup = Setup::of("v1.34.0".parse().unwrap());
    let mut cluster = Cluster::new(setup, objects.into_iter().map(read));
    cluster.settle(10 * MINUTE);
    cluster
}

fn read(value: Value) -> Object {
    match Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()) {
        Some(kind) => Object::read(kind, value).unwrap(),
        None => Object::Other(Arc::new(serde_json::from_value::<Unstructured>(value).unwrap())),
    }
}

fn node() -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"},
        "status": {"capacity": resources, "allocatable": resources}})
}

fn web(finalizers: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "finalizers": finalizers},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}})
}

fn owned(kind: &str, name: &str, owners: &[(&str, &str, &str)]) -> Value {
    let owners: Vec<Value> = owners
        .iter()
        .map(|(kind, name, uid)| json!({"apiVersion": "v1", "kind": kind, "name": name, "uid": uid, "blockOwnerDeletion": true}))
        .collect();
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default", "uid": name, "ownerReferences": owners}})
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("default", name)
}

fn delete(cluster: &mut Cluster, kind: Kind, name: &str, propagation: Option<Propagation>) {
    cluster.delete_object(kind, &key(name), DeleteOptions { grace_period_seconds: None, propagation });
    cluster.settle(cluster.now_ms() + 5 * MINUTE);
}

/// How many Deployments, ReplicaSets and pods there are.
fn counts(cluster: &Cluster) -> (usize, usize, usize) {
    let store = cluster.store();
    (store.list::<Deployment>().count(), store.list::<ReplicaSet>().count(), store.list::<Pod>().count())
}

#[test]
fn dependents_go_with_their_owner() {
    for propagation in [None, Some(Propagation::Background), Some(Propagation::Foreground)] {
        let mut cluster = cluster(vec![node(), web(json!([]))]);
        assert_eq!(counts(&cluster), (1, 1, 2));
        delete(&mut cluster, Kind::Deployment, "web", propagation);
        assert_eq!(counts(&cluster), (0, 0, 0), "{propagation:?}");
    }
}

#[test]
fn in_the_foreground_the_owner_goes_last() {
    let mut cluster = cluster(vec![node(), web(json!([]))]);
    let options = DeleteOptions { grace_period_seconds: None, propagation: Some(Propagation::Foreground) };
    cluster.delete_object(Kind::Deployment, &key("web"), options);
    cluster.run_until(cluster.now_ms());
    let deployment = cluster.store().get::<Deployment>(&key("web")).unwrap();
    assert_eq!(deployment.metadata.finalizers, Some(vec!["foregroundDeletion".to_owned()]));
    assert!(deployment.metadata.deletion_timestamp.is_some());
    assert_eq!(counts(&cluster), (1, 1, 2), "the pods are stopping, and block their owners");
    assert!(cluster.store().list::<Pod>().all(|pod| pod.metadata.deletion_timestamp.is_some()));
}

#[test]
fn orphans_stay_and_belong_to_nobody() {
    let mut cluster = cluster(vec![node(), web(json!([]))]);
    delete(&mut cluster, Kind::Deployment, "web", Some(Propagation::Orphan));
    assert_eq!(counts(&cluster), (0, 1, 2));
    assert!(cluster.store().list::<ReplicaSet>().all(|set| set.metadata.owner_references.is_none()));
}

#[test]
fn a_finalizer_holds_an_object_until_somebody_takes_it_off() {
    let mut cluster = cluster(vec![node(), web(json!(["example.com/hold"]))]);
    delete(&mut cluster, Kind::Deployment, "web", None);
    assert_eq!(counts(&cluster), (1, 1, 2), "held, with everything it owns");
    // An apply takes off only what an apply has put on.
    cluster.make(&Change::Apply(vec![read(web(json!([])))])).unwrap();
    cluster.settle(cluster.now_ms() + 5 * MINUTE);
    assert_eq!(counts(&cluster), (1, 1, 2));
    let target = ObjectRef::parse("default/deployment/web").unwrap();
    let patch = json!({"metadata": {"finalizers": null}});
    cluster.make(&Change::Patch { target, type_: PatchType::Merge, patch }).unwrap();
    cluster.settle(cluster.now_ms() + 5 * MINUTE);
    assert_eq!(counts(&cluster), (0, 0, 0));
}

#[test]
fn one_owner_that_is_left_is_enough() {
    let owners = [("ConfigMap", "a", "a"), ("ConfigMap", "b", "b")];
    let mut cluster =
        cluster(vec![owned("ConfigMap", "a", &[]), owned("ConfigMap", "b", &[]), owned("ConfigMap", "c", &owners)]);
    let left = |cluster: &Cluster| -> Vec<String> {
        let of = cluster.store().get::<ConfigMap>(&key("c")).and_then(|map| map.metadata.owner_references.clone());
        of.into_iter().flatten().map(|owner| owner.name).collect()
    };
    delete(&mut cluster, Kind::ConfigMap, "a", None);
    assert_eq!(left(&cluster), ["b"], "the reference to what is gone goes");
    delete(&mut cluster, Kind::ConfigMap, "b", None);
    assert!(cluster.store().get::<ConfigMap>(&key("c")).is_none());
}

#[test]
fn an_owner_of_another_life_or_of_a_partial_dump() {
    let stranger = owned("ConfigMap", "mine", &[("ConfigMap", "not-in-the-dump", "u1")]);
    let impostor = owned("ConfigMap", "old", &[("ConfigMap", "a", "a")]);
    let mut cluster = cluster(vec![owned("ConfigMap", "a", &[]), stranger, impostor]);
    assert!(cluster.store().get::<ConfigMap>(&key("mine")).is_some(), "nobody knows that its owner is gone");
    delete(&mut cluster, Kind::ConfigMap, "a", None);
    let mut again = owned("ConfigMap", "a", &[]);
    again["metadata"]["uid"] = json!("another");
    cluster.make(&Change::Apply(vec![read(again)])).unwrap();
    let late = owned("ConfigMap", "late", &[("ConfigMap", "a", "a")]);
    cluster.make(&Change::Apply(vec![read(late)])).unwrap();
    cluster.settle(cluster.now_ms() + 5 * MINUTE);
    assert!(cluster.store().get::<ConfigMap>(&key("old")).is_none());
    assert!(cluster.store().get::<ConfigMap>(&key("late")).is_none(), "its owner is gone: a namesake is another");
}

#[test]
fn owners_in_a_circle_stay() {
    let mut cluster = cluster(vec![
        owned("ConfigMap", "a", &[("ConfigMap", "b", "b")]),
        owned("ConfigMap", "b", &[("ConfigMap", "a", "a")]),
    ]);
    assert_eq!(cluster.store().list::<ConfigMap>().count(), 2);
    delete(&mut cluster, Kind::ConfigMap, "a", None);
    assert_eq!(cluster.store().list::<ConfigMap>().count(), 0);
}

#[test]
fn unknown_kinds_are_collected_too() {
    let mut widget = owned("Widget", "w", &[("ConfigMap", "a", "a")]);
    widget["apiVersion"] = json!("example.com/v1");
    let mut cluster = cluster(vec![owned("ConfigMap", "a", &[]), widget]);
    assert_eq!(cluster.store().others().count(), 1);
    delete(&mut cluster, Kind::ConfigMap, "a", None);
    assert_eq!(cluster.store().others().count(), 0);
}

#[test]
fn a_pod_ends_with_grace_or_at_once() {
    let mut cluster = cluster(vec![node(), web(json!([]))]);
    let first = |cluster: &Cluster| ObjectKey::of(cluster.store().list::<Pod>().next().unwrap().as_ref());
    let pod = first(&cluster);
    cluster.delete_object(Kind::Pod, &pod, DeleteOptions::default());
    let marked = cluster.store().get::<Pod>(&pod).unwrap();
    assert_eq!(marked.metadata.deletion_grace_period_seconds, Some(30));
    let ends = marked.metadata.deletion_timestamp.as_ref().unwrap().0;
    assert_eq!(ends.as_second(), cluster.now().as_second() + 30, "the time of its end, not of the order");
    cluster.delete_object(Kind::Pod, &pod, DeleteOptions { grace_period_seconds: Some(0), propagation: None });
    assert!(cluster.store().get::<Pod>(&pod).is_none());
}

#[test]
fn a_stale_write_is_a_conflict() {
    let mut cluster = cluster(vec![node(), web(json!([]))]);
    let stale = cluster.store().get::<Deployment>(&key("web")).unwrap().clone();
    cluster
        .make(&Change::Scale {
            workload: ObjectRef { namespace: None, kind: "deployment".to_owned(), name: "web".to_owned() },
            replicas: 3,
        })
        .unwrap();
    let mut manifest = web(json!([]));
    manifest["metadata"]["resourceVersion"] = json!(stale.metadata.resource_version);
    manifest["spec"]["replicas"] = json!(1);
    let refused = cluster.make(&Change::Apply(vec![read(manifest.clone())])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Error from server (Conflict): Operation cannot be fulfilled on deployments.apps \"web\": the object has been \
         modified; please apply your changes to the latest version and try again"
    );
    let fresh = cluster.store().get::<Deployment>(&key("web")).unwrap();
    manifest["metadata"]["resourceVersion"] = json!(fresh.metadata.resource_version);
    let made = cluster.make(&Change::Apply(vec![read(manifest)])).unwrap();
    assert_eq!(made.last().map(String::as_str), Some("deployment.apps/web configured"));
}

#[test]
fn a_dump_keeps_its_resource_versions_and_writes_count_on() {
    let mut map = owned("ConfigMap", "a", &[]);
    map["metadata"]["resourceVersion"] = json!("123456");
    let mut cluster = cluster(vec![map.clone()]);
    let version =
        |cluster: &Cluster| cluster.store().get::<ConfigMap>(&key("a")).unwrap().metadata.resource_version.clone();
    assert_eq!(version(&cluster).as_deref(), Some("123456"));
    map["data"] = json!({"k": "v"});
    cluster.make(&Change::Apply(vec![read(map)])).unwrap();
    assert!(version(&cluster).unwrap().parse::<u64>().unwrap() > 123_456);
}
