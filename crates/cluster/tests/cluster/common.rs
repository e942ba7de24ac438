//! Small clusters for whole-run tests of controllers.

use k8s_openapi::api::core::v1::Event;
use serde_json::{Value, json};
use sim_cluster::{Change, Cluster, Kind, Object, Setup, Stop};

pub(crate) const MINUTE: u64 = 60 * 1000;

pub(crate) fn cluster(version: &str, objects: Vec<Value>) -> Cluster {
    let setup = Setup::of(version.parse().unwrap());
    Cluster::new(setup, objects.into_iter().map(object))
}

pub(crate) fn object(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

pub(crate) fn node(name: &str) -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"capacity": resources, "allocatable": resources}})
}

/// A Deployment `web`, with more in its spec and in its pods'.
pub(crate) fn web(replicas: i32, image: &str, more: Value, pod: Value) -> Value {
    let mut value = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
                "containers": [{"name": "c", "image": image, "resources": {"requests": {"cpu": "100m"}}}]}}}});
    merge(&mut value["spec"], more);
    merge(&mut value["spec"]["template"]["spec"], pod);
    value
}

pub(crate) fn merge(into: &mut Value, more: Value) {
    into.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
}

pub(crate) fn apply(cluster: &mut Cluster, value: Value) {
    cluster.make(&Change::Apply(vec![object(value)])).unwrap();
}

pub(crate) fn settle(cluster: &mut Cluster) {
    assert_eq!(cluster.settle(cluster.now_ms() + 60 * MINUTE), Stop::Quiet);
}

pub(crate) fn messages(cluster: &Cluster, reason: &str) -> Vec<String> {
    let events = cluster.store().list::<Event>().filter(|event| event.reason.as_deref() == Some(reason));
    events.map(|event| event.message.clone().unwrap()).collect()
}
