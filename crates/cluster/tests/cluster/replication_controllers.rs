//! ReplicationControllers, which the ReplicaSet controller keeps as well.

use crate::common::{apply, cluster, node, object, settle};
use k8s_openapi::api::core::v1::{Event, ReplicationController};
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, ObjectRef};

fn rc(replicas: i32) -> Value {
    json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "rc", "namespace": "default"},
        "spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "rc"}},
            "spec": {"containers": [{"name": "c", "image": "c:1"}]}}}})
}

fn owned(cluster: &Cluster) -> Vec<String> {
    let pods = cluster.store().list::<Pod>().filter(|pod| pod::is_ready(pod));
    pods.filter_map(|pod| pod::controller_of(&pod.metadata))
        .map(|owner| format!("{}/{}", owner.kind, owner.name))
        .collect()
}

fn controller(cluster: &Cluster) -> &ReplicationController {
    cluster.store().find::<ReplicationController>("default", "rc").unwrap()
}

#[test]
fn it_keeps_its_number_of_pods() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), rc(2)]);
    settle(&mut cluster);
    assert_eq!(owned(&cluster), ["ReplicationController/rc"; 2]);
    let status = controller(&cluster).status.as_ref().unwrap();
    assert_eq!((status.replicas, status.ready_replicas, status.available_replicas), (2, Some(2), Some(2)));
    let labels = controller(&cluster).spec.as_ref().unwrap().selector.clone().unwrap();
    assert_eq!(labels["app"], "rc", "the labels of the template");
    let created = cluster.store().list::<Event>().find(|event| event.reason.as_deref() == Some("SuccessfulCreate"));
    let component = created.unwrap().source.as_ref().unwrap().component.clone().unwrap();
    assert_eq!(component, "replication-controller");
    for replicas in [3, 1] {
        let workload = ObjectRef::parse("rc/rc").unwrap();
        let made = cluster.make(&Change::Scale { workload, replicas }).unwrap();
        assert_eq!(made, ["replicationcontroller/rc scaled"]);
        settle(&mut cluster);
        assert_eq!(owned(&cluster).len(), usize::try_from(replicas).unwrap());
    }
    cluster.make(&Change::Delete(ObjectRef::parse("rc/rc").unwrap())).unwrap();
    settle(&mut cluster);
    assert_eq!(cluster.store().list::<Pod>().count(), 0);
}

#[test]
fn it_takes_in_pods_that_match_and_says_why_it_cannot_make_some() {
    let mut cluster = cluster("v1.30.0", vec![node("n1")]);
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "stray", "namespace": "default", "labels": {"app": "rc"}},
        "spec": {"containers": [{"name": "c", "image": "c:1"}]}});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": {"pods": "1"}}});
    for value in [pod, quota] {
        cluster.make(&Change::Apply(vec![object(value)])).unwrap();
    }
    settle(&mut cluster);
    apply(&mut cluster, rc(2));
    settle(&mut cluster);
    assert_eq!(owned(&cluster), ["ReplicationController/rc"]);
    let conditions = controller(&cluster).status.as_ref().unwrap().conditions.clone().unwrap();
    assert_eq!(conditions[0].type_, "ReplicaFailure");
    assert!(conditions[0].message.as_ref().unwrap().contains("exceeded quota: q"), "{conditions:?}");
}
