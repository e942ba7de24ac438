//! Disks that are attached to one node at a time, and what a dead node does to them.

use k8s_openapi::api::core::v1::{Event, Node, NodeStatus};
use k8s_openapi::api::storage::v1::VolumeAttachment;
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectRef, Setup};

const MINUTE: u64 = 60 * 1000;
const UNIQUE_NAME: &str = "kubernetes.io/csi/ebs.csi.aws.com^vol-1";

fn read(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

/// Two nodes, and a Deployment of one pod with a disk.
fn cluster(version: &str, mode: &str) -> Cluster {
    let setup = Setup::of(version.parse().unwrap());
    let node = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "status": {"capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"}}})
    };
    let objects = vec![
        node("n1"),
        node("n2"),
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk"}, "spec": {
            "accessModes": [mode], "capacity": {"storage": "5Gi"},
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "default"},
            "spec": {"accessModes": [mode], "storageClassName": "", "resources": {"requests": {"storage": "5Gi"}}}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "db", "namespace": "default"}, "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {
                "containers": [{"name": "c", "image": "db:1"}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}}}}),
    ];
    let mut cluster = Cluster::new(setup, objects.into_iter().map(read));
    cluster.settle(60 * MINUTE);
    cluster
}

fn run(cluster: &mut Cluster, minutes: u64) {
    cluster.run_until(cluster.now_ms() + minutes * MINUTE);
}

fn run_seconds(cluster: &mut Cluster, seconds: u64) {
    cluster.run_until(cluster.now_ms() + seconds * 1000);
}

/// `node status`, ready pods with a `+`, terminating ones with a `-`.
fn pods(cluster: &Cluster) -> Vec<String> {
    let line = |pod: &Pod| {
        let mark = if pod::is_terminating(pod) {
            "-"
        } else if pod::is_ready(pod) {
            "+"
        } else {
            ""
        };
        format!("{}{mark}", pod::node_name(pod).unwrap_or("none"))
    };
    let mut lines: Vec<String> = cluster.store().list::<Pod>().map(|pod| line(pod)).collect();
    lines.sort();
    lines
}

fn attached(cluster: &Cluster) -> Vec<String> {
    let attachments = cluster.store().list::<VolumeAttachment>();
    let line = |attachment: &VolumeAttachment| {
        format!("{} {}", attachment.spec.node_name, attachment.status.as_ref().unwrap().attached)
    };
    attachments.map(|attachment| line(attachment)).collect()
}

fn messages(cluster: &Cluster, reason: &str) -> Vec<String> {
    let events = cluster.store().list::<Event>().filter(|event| event.reason.as_deref() == Some(reason));
    events.map(|event| event.message.clone().unwrap()).collect()
}

fn make(cluster: &mut Cluster, change: Change) {
    cluster.make(&change).unwrap();
}

/// The node whose pod has the disk dies, and its pod is evicted after five minutes.
fn lose_node(cluster: &mut Cluster) -> (String, String) {
    let pod = cluster.store().list::<Pod>().next().unwrap().clone();
    let node = pod::node_name(&pod).unwrap().to_owned();
    make(cluster, Change::NodeDown(node.clone()));
    run(cluster, 10);
    (pod.metadata.name.clone().unwrap(), node)
}

#[test]
fn a_pod_starts_when_its_disk_is_attached() {
    let cluster = cluster("v1.30.0", "ReadWriteOnce");
    assert_eq!(pods(&cluster).len(), 1);
    assert!(pods(&cluster)[0].ends_with('+'));
    let node = pods(&cluster)[0].trim_end_matches('+').to_owned();
    assert_eq!(attached(&cluster), [format!("{node} true")]);
    assert_eq!(messages(&cluster, "SuccessfulAttachVolume"), ["AttachVolume.Attach succeeded for volume \"disk\" "]);
}

#[test]
fn a_disk_stays_with_a_pod_that_a_dead_node_does_not_let_go() {
    for (version, cause) in [
        ("v1.24.0", "unattached volumes=[data]: timed out waiting for the condition"),
        ("v1.30.0", "unattached volumes=[data], failed to process volumes=[]: context deadline exceeded"),
    ] {
        let mut cluster = cluster(version, "ReadWriteOnce");
        let (pod, node) = lose_node(&mut cluster);
        run(&mut cluster, 30);
        let other = if node == "n1" { "n2" } else { "n1" };
        let mut wanted = [format!("{node}-"), other.to_owned()];
        wanted.sort();
        assert_eq!(pods(&cluster), wanted, "{version}");
        let error = format!("Multi-Attach error for volume \"disk\" Volume is already used by pod(s) {pod}");
        assert_eq!(messages(&cluster, "FailedAttachVolume"), [error], "{version}");
        let mount = format!("Unable to attach or mount volumes: unmounted volumes=[data], {cause}");
        assert_eq!(messages(&cluster, "FailedMount"), [mount], "{version}");
        // Without its node the pod is gone, and six minutes later the disk is free.
        make(&mut cluster, Change::RemoveNode(node));
        run(&mut cluster, 4);
        assert_eq!(pods(&cluster), [other], "{version}");
        run(&mut cluster, 6);
        assert_eq!(pods(&cluster), [format!("{other}+")], "{version}");
        assert_eq!(attached(&cluster), [format!("{other} true")], "{version}");
    }
}

#[test]
fn a_person_can_vouch_that_a_node_is_off() {
    for (version, helps) in [("v1.25.0", false), ("v1.28.0", true)] {
        let mut cluster = cluster(version, "ReadWriteOnce");
        let (_, node) = lose_node(&mut cluster);
        let taint = sim_cluster::parse_taint("node.kubernetes.io/out-of-service=nodeshutdown:NoExecute").unwrap();
        make(&mut cluster, Change::Taint { node: Some(node), taint });
        run(&mut cluster, 4);
        let ready = pods(&cluster).iter().any(|pod| pod.ends_with('+'));
        assert_eq!(ready, helps, "{version}: {:?}", pods(&cluster));
    }
}

/// Of each node what its status says is attached and in use.
fn node_volumes(cluster: &Cluster) -> Vec<(usize, usize)> {
    let status = |node: &Node| node.status.clone().unwrap();
    let count = |status: NodeStatus| {
        let attached = status.volumes_attached.unwrap_or_default();
        let in_use = status.volumes_in_use.unwrap_or_default();
        assert!(attached.iter().map(|volume| &volume.name).chain(&in_use).all(|name| name == UNIQUE_NAME));
        (attached.len(), in_use.len())
    };
    cluster.store().list::<Node>().map(|node| count(status(node))).collect()
}

#[test]
fn a_pod_that_follows_on_the_same_node_finds_the_disk_there() {
    for (mode, wait_s) in [("ReadWriteOnce", 0), ("ReadWriteOnce", 1), ("ReadWriteMany", 1)] {
        let mut cluster = cluster("v1.30.0", mode);
        let pod = cluster.store().list::<Pod>().next().unwrap().clone();
        let (node, name) = (pod::node_name(&pod).unwrap().to_owned(), pod.metadata.name.clone().unwrap());
        let other = if node == "n1" { "n2" } else { "n1" };
        make(&mut cluster, Change::Cordon(other.to_owned()));
        let workload = ObjectRef::parse("deployment/db").unwrap();
        make(&mut cluster, Change::Scale { workload: workload.clone(), replicas: 0 });
        // The containers take a moment to end; then the volume is wanted no more, and after two seconds detached.
        run_seconds(&mut cluster, 1 + wait_s);
        assert!(cluster.store().list::<Pod>().all(|pod| pod::is_terminating(pod)), "{name}");
        make(&mut cluster, Change::Scale { workload, replicas: 1 });
        run_seconds(&mut cluster, 5);
        assert_eq!(pods(&cluster), [format!("{node}+")], "{mode} {wait_s}");
        assert_eq!(messages(&cluster, "SuccessfulAttachVolume").len(), 1, "it never left");
        assert_eq!(attached(&cluster), [format!("{node} true")]);
    }
}

#[test]
fn nodes_say_which_disks_they_have() {
    let mut cluster = cluster("v1.30.0", "ReadWriteOnce");
    let node = pods(&cluster)[0].trim_end_matches('+').to_owned();
    let (here, there) = if node == "n1" { (0, 1) } else { (1, 0) };
    let on_both = node_volumes(&cluster);
    assert_eq!((on_both[here], on_both[there]), ((1, 1), (0, 0)));
    lose_node(&mut cluster);
    let on_both = node_volumes(&cluster);
    // A dead node says what it said; the other's kubelet has a pod that wants the disk.
    assert_eq!((on_both[here], on_both[there]), ((1, 1), (0, 1)));
    make(&mut cluster, Change::RemoveNode(node.clone()));
    run(&mut cluster, 10);
    assert_eq!(node_volumes(&cluster), [(1, 1)]);
}

#[test]
fn a_disk_moves_with_its_pod() {
    let mut cluster = cluster("v1.30.0", "ReadWriteOnce");
    let pod = cluster.store().list::<Pod>().next().unwrap().clone();
    let node = pod::node_name(&pod).unwrap().to_owned();
    make(&mut cluster, Change::Cordon(node.clone()));
    let name = pod.metadata.name.clone().unwrap();
    make(&mut cluster, Change::Delete(ObjectRef::parse(&format!("pod/{name}")).unwrap()));
    run(&mut cluster, 5);
    let other = if node == "n1" { "n2" } else { "n1" };
    assert_eq!(pods(&cluster), [format!("{other}+")]);
    assert_eq!(attached(&cluster), [format!("{other} true")]);
    // Its replacement came while the disk was still there.
    let error = format!("Multi-Attach error for volume \"disk\" Volume is already used by pod(s) {name}");
    assert_eq!(messages(&cluster, "FailedAttachVolume"), [error]);
}

#[test]
fn a_shared_disk_may_be_in_two_places() {
    let mut cluster = cluster("v1.30.0", "ReadWriteMany");
    lose_node(&mut cluster);
    assert!(pods(&cluster).iter().any(|pod| pod.ends_with('+')), "{:?}", pods(&cluster));
    assert!(messages(&cluster, "FailedAttachVolume").is_empty());
}

#[test]
fn what_a_dump_shows_stays_attached() {
    let first = cluster("v1.30.0", "ReadWriteOnce");
    let dump: Vec<Object> = Kind::ALL.iter().flat_map(|kind| first.store().objects(*kind)).collect();
    let mut again = Cluster::new(first.setup().clone(), dump);
    run(&mut again, 10);
    assert_eq!((pods(&again), attached(&again)), (pods(&first), attached(&first)));
    assert_eq!(messages(&again, "SuccessfulAttachVolume").len(), 1, "the one of the dump");
}
