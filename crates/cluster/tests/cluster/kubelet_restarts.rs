//! Kubelets that start again, static pods, and machines that are down.

use std::collections::BTreeMap;

use crate::common::{MINUTE, cluster, merge, messages, node};
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, DeleteOptions, KubeletRestart, ObjectRef, UpgradeOptions};

fn pod(name: &str, cpu: &str, critical: bool, more: Value) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"nodeName": "n1", "containers": [
            {"name": "c", "image": "app:1", "resources": {"requests": {"cpu": cpu}}}]}});
    if critical {
        value["spec"]["priorityClassName"] = json!("system-node-critical");
    }
    merge(&mut value["metadata"], more);
    value
}

fn static_pod(name: &str, cpu: &str, more: Value) -> Value {
    let mut metadata = json!({"annotations": {
        "kubernetes.io/config.source": "file", "kubernetes.io/config.mirror": "a", "kubernetes.io/config.hash": "a"}});
    merge(&mut metadata, more);
    pod(name, cpu, true, metadata)
}

fn restart(cpu: Option<&str>) -> Change {
    Change::KubeletRestart(KubeletRestart {
        node: "n1".to_owned(),
        register_with_taints: None,
        cloud_provider_external: None,
        node_labels: None,
        allocatable: cpu.map(|cpu| BTreeMap::from([("cpu".to_owned(), cpu.to_owned())])),
        version: None,
    })
}

fn found<'a>(cluster: &'a Cluster, name: &str) -> &'a Pod {
    cluster.store().find::<Pod>("kube-system", name).unwrap()
}

/// The phase, or why the pod failed.
fn state(cluster: &Cluster, name: &str) -> String {
    let pod = found(cluster, name);
    let reason = pod.status.as_ref().and_then(|status| status.reason.clone());
    reason.unwrap_or_else(|| pod::phase(pod).to_owned())
}

/// The pods of a node are created a minute apart, then its kubelet restarts with one CPU.
#[track_caller]
fn check(pods: Vec<Value>, expected: &[(&str, &str)]) {
    let created = |minute: usize| json!(format!("1970-01-01T00:{minute:02}:00Z"));
    let pods = pods.into_iter().enumerate().map(|(index, mut pod)| {
        pod["metadata"]["creationTimestamp"] = created(index);
        pod
    });
    let mut cluster = cluster("v1.31.0", [node("n1")].into_iter().chain(pods).collect());
    cluster.run_until(MINUTE);
    cluster.make(&restart(Some("1"))).unwrap();
    cluster.run_until(2 * MINUTE);
    for (name, expected) in expected {
        assert_eq!(state(&cluster, name), *expected, "{name}");
    }
}

#[test]
fn who_is_refused_is_not_preempted_too() {
    check(
        vec![
            pod("first", "600m", false, json!({})),
            pod("second", "500m", false, json!({})),
            pod("critical", "600m", true, json!({})),
        ],
        &[("first", "Preempting"), ("second", "OutOfcpu"), ("critical", "Running")],
    );
    // Who has been preempted uses nothing any more.
    check(
        vec![
            pod("first", "600m", false, json!({})),
            pod("critical", "600m", true, json!({})),
            pod("last", "400m", false, json!({})),
        ],
        &[("first", "Preempting"), ("critical", "Running"), ("last", "Running")],
    );
}

#[test]
fn as_few_as_will_do_are_preempted_the_best_guaranteed_last() {
    let guaranteed = |name: &str, cpu: &str| {
        let mut pod = pod(name, cpu, false, json!({}));
        let resources = json!({"cpu": cpu, "memory": "1Mi"});
        pod["spec"]["containers"][0]["resources"] = json!({"requests": resources, "limits": resources});
        pod
    };
    check(
        vec![
            pod("small", "100m", false, json!({})),
            pod("large", "300m", false, json!({})),
            guaranteed("guaranteed", "500m"),
            pod("critical", "300m", true, json!({})),
        ],
        &[("small", "Running"), ("large", "Preempting"), ("guaranteed", "Running"), ("critical", "Running")],
    );
    check(
        vec![
            pod("small", "100m", false, json!({})),
            guaranteed("guaranteed", "800m"),
            pod("critical", "900m", true, json!({})),
        ],
        &[("small", "Running"), ("guaranteed", "Preempting"), ("critical", "Running")],
    );
}

#[test]
fn a_kubelet_that_starts_reads_its_files_first() {
    check(
        vec![pod("agent", "300m", true, json!({})), static_pod("server", "800m", json!({}))],
        &[("server", "Running"), ("agent", "UnexpectedAdmissionError")],
    );
}

#[test]
fn a_deleted_mirror_pod_is_made_anew_and_its_containers_run_on() {
    for grace_period_seconds in [None, Some(0)] {
        let mut cluster = cluster("v1.30.0", vec![node("n1"), static_pod("etcd", "100m", json!({}))]);
        cluster.run_until(MINUTE);
        let before = found(&cluster, "etcd").clone();
        let target = ObjectRef::parse("kube-system/pod/etcd").unwrap();
        let options = DeleteOptions { grace_period_seconds, propagation: None };
        cluster.make(&Change::DeleteWith { target, options, force: true }).unwrap();
        cluster.run_until(5 * MINUTE);
        let after = found(&cluster, "etcd");
        assert_ne!(before.metadata.uid, after.metadata.uid);
        assert_eq!(after.metadata.deletion_timestamp, None);
        assert_eq!(before.status, after.status);
        assert_eq!(messages(&cluster, "Killing"), Vec::<String>::new());
        assert_eq!(messages(&cluster, "Started").len(), 1);
        // The kubelet still knows it.
        cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
        cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
        cluster.run_until(6 * MINUTE);
        let status = found(&cluster, "etcd").status.clone().unwrap();
        assert_eq!(status.container_statuses.unwrap()[0].restart_count, 1);
    }
}

#[test]
fn nothing_but_its_start_brings_back_a_machine_that_is_down() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), pod("p", "100m", false, json!({}))]);
    cluster.run_until(MINUTE);
    cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
    for change in [restart(None), Change::NodePartitioned("n1".to_owned())] {
        let refused = cluster.make(&change).unwrap_err().to_string();
        assert_eq!(refused, "error: the machine of node \"n1\" is down: nothing of it can be heard before it starts");
    }
    cluster.run_until(5 * MINUTE);
    assert_eq!(messages(&cluster, "Rebooted").len(), 0);
    cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
    cluster.run_until(6 * MINUTE);
    assert_eq!(messages(&cluster, "Rebooted").len(), 1);
    let status = found(&cluster, "p").status.clone().unwrap();
    assert_eq!(status.container_statuses.unwrap()[0].restart_count, 1);
}

#[test]
fn a_machine_that_is_cut_off_can_still_go_down() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), pod("p", "100m", false, json!({}))]);
    cluster.run_until(MINUTE);
    cluster.make(&Change::NodePartitioned("n1".to_owned())).unwrap();
    cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
    cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
    cluster.run_until(2 * MINUTE);
    assert_eq!(messages(&cluster, "Rebooted").len(), 1);
}

#[test]
fn a_control_plane_that_could_not_run_is_told() {
    let server = |name: &str, node: &str| {
        let mut pod = static_pod(&format!("{name}-{node}"), "10m", json!({}));
        pod["spec"]["nodeName"] = json!(node);
        pod["spec"]["containers"][0]["name"] = json!(name);
        pod
    };
    let told = |nodes: &[&str], names: &[&str], down: &[&str]| -> Vec<String> {
        let pods = nodes.iter().flat_map(|node| names.iter().map(|name| server(name, node)));
        let objects = nodes.iter().map(|name| node(name)).chain([node("w")]).chain(pods).collect();
        let mut cluster = cluster("v1.30.0", objects);
        cluster.run_until(MINUTE);
        for name in down {
            cluster.make(&Change::NodeDown((*name).to_owned())).unwrap();
        }
        let gaps = cluster.gaps();
        gaps.into_iter().filter(|gap| gap.starts_with("the control plane")).collect()
    };
    let rest = "down for a time: in truth nothing would be scheduled, evicted or replaced meanwhile";
    let scheduler = ["kube-scheduler"];
    let only = format!("the control plane is taken to run on although its only node (a) is {rest}");
    assert_eq!(told(&["a"], &scheduler, &["a"]), [only]);
    assert!(told(&["a"], &scheduler, &["w"]).is_empty());
    assert!(told(&["a", "b"], &scheduler, &["a"]).is_empty());
    let both = format!("the control plane is taken to run on although 2 of its 3 nodes (a, c) are {rest}");
    let with_etcd = ["etcd", "kube-apiserver"];
    assert_eq!(told(&["a", "b", "c"], &with_etcd, &["a", "c"]), [both]);
    assert!(told(&["a", "b", "c"], &with_etcd, &["a"]).is_empty());
}

#[test]
fn an_upgrade_stops_at_a_machine_that_is_down() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), node("n2")]);
    cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
    let options = UpgradeOptions { to: "v1.31.0".parse().unwrap(), nodes: None, drain_timeout_ms: None };
    cluster.make(&Change::Upgrade(options)).unwrap();
    cluster.run_until(10 * MINUTE);
    assert_eq!(messages(&cluster, "Starting"), Vec::<String>::new());
    assert_eq!(messages(&cluster, "NodeNotReady").len(), 1);
}
