//! What happens to nodes and to the pods on them: silence, zones, taints, PodGC, cloud and network.

use k8s_openapi::api::core::v1::{Event, Node};
use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::{Change, Cluster, Kind, KubeletRestart, Object, ObjectKey, Setup, pod, taint_text};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

fn cluster(version: &str, objects: Vec<Value>) -> Cluster {
    let setup = Setup::of(version.parse().unwrap());
    Cluster::new(setup, objects.into_iter().map(object))
}

fn object(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

fn node(name: &str, zone: &str) -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone}},
        "status": {"capacity": resources, "allocatable": resources}})
}

/// A node whose kubelet says that there is no network.
fn unconnected(name: &str) -> Value {
    let message = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady \
        message:Network plugin returns error: cni plugin not initialized";
    let mut node = node(name, "a");
    node["status"]["conditions"] =
        json!([{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": message}]);
    node
}

fn nodes(zone: &str, count: usize) -> Vec<Value> {
    (0..count).map(|number| node(&format!("{zone}{number:03}"), zone)).collect()
}

fn workload(kind: &str, name: &str, spec: Value) -> Value {
    let mut pod_spec = json!({"containers": [{"name": "c", "image": "nginx:1.25"}]});
    pod_spec.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod_spec}}})
}

fn deployment(name: &str, replicas: i32, spec: Value) -> Value {
    let mut value = workload("Deployment", name, spec);
    value["spec"]["replicas"] = json!(replicas);
    value
}

fn taints(cluster: &Cluster, node: &str) -> Vec<String> {
    let node = cluster.store().get::<Node>(&ObjectKey::new("", node)).unwrap();
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints.map(|taint| taint_text(taint).replace("node.kubernetes.io/", "")).collect()
}

fn ready(cluster: &Cluster, node: &str) -> (String, String) {
    let node = cluster.store().get::<Node>(&ObjectKey::new("", node)).unwrap();
    let conditions = node.status.as_ref().unwrap().conditions.as_ref().unwrap();
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
    (ready.status.clone(), ready.reason.clone().unwrap())
}

/// Messages of the events with this reason, in order of time.
fn events(cluster: &Cluster, reason: &str) -> Vec<String> {
    let mut events: Vec<_> =
        cluster.store().list::<Event>().filter(|event| event.reason.as_deref() == Some(reason)).collect();
    events.sort_by_key(|event| event.first_timestamp.as_ref().map(|time| time.0));
    events.iter().map(|event| event.message.clone().unwrap()).collect()
}

fn running_on(cluster: &Cluster, node: &str) -> usize {
    cluster.pods_on(node).iter().filter(|pod| pod::is_ready(pod)).count()
}

fn tainted(cluster: &Cluster) -> usize {
    cluster
        .store()
        .list::<Node>()
        .filter(|node| {
            let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
            taints.into_iter().any(|taint| taint.effect == "NoExecute")
        })
        .count()
}

#[test]
fn a_lost_node_is_unknown_then_tainted_then_left() {
    for (version, grace) in [("v1.16.0", 40), ("v1.31.0", 40), ("v1.32.0", 50), ("v1.34.0", 50)] {
        let mut cluster = cluster(version, vec![node("n1", "a"), node("n2", "a"), deployment("web", 2, json!({}))]);
        cluster.run_until(MINUTE);
        assert_eq!(running_on(&cluster, "n1"), 1, "{version}");
        cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
        cluster.run_until(MINUTE + grace * SECOND - 1);
        assert_eq!(ready(&cluster, "n1").0, "True", "{version}");
        cluster.run_until(MINUTE + grace * SECOND);
        assert_eq!(ready(&cluster, "n1"), ("Unknown".to_owned(), "NodeStatusUnknown".to_owned()), "{version}");
        cluster.run_until(MINUTE + (grace + 1) * SECOND);
        assert_eq!(taints(&cluster, "n1"), ["unreachable:NoSchedule"], "{version}");
        assert_eq!(running_on(&cluster, "n1"), 0, "{version}");
        assert_eq!(events(&cluster, "NodeNotReady")[0], "Node n1 status is now: NodeNotReady");
        let of_pods = events(&cluster, "NodeNotReady").iter().filter(|message| *message == "Node is not ready").count();
        assert_eq!(of_pods, usize::from(version != "v1.16.0"), "{version}");
        // The NoExecute taint comes with the next pass.
        cluster.run_until(MINUTE + (grace + 6) * SECOND);
        assert_eq!(taints(&cluster, "n1"), ["unreachable:NoSchedule", "unreachable:NoExecute"], "{version}");
        cluster.run_until(MINUTE + (grace + 304) * SECOND);
        assert_eq!(events(&cluster, "TaintManagerEviction").len(), 0, "{version}");
        cluster.run_until(MINUTE + (grace + 310) * SECOND);
        assert_eq!(events(&cluster, "TaintManagerEviction").len(), 1, "{version}");
        assert_eq!(running_on(&cluster, "n2"), 2, "{version}");
        assert!(pod::is_terminating(&cluster.pods_on("n1")[0]), "{version}: nobody confirms its end");
        cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
        cluster.settle(cluster.now_ms() + 10 * MINUTE);
        assert!(taints(&cluster, "n1").is_empty() && cluster.pods_on("n1").is_empty(), "{version}");
    }
}

#[test]
fn a_node_that_comes_back_in_time_keeps_its_pods() {
    for (change, restarts) in [(Change::NodePartitioned("n1".to_owned()), 0), (Change::NodeDown("n1".to_owned()), 1)] {
        let mut cluster = cluster("v1.30.0", vec![node("n1", "a"), node("n2", "a"), deployment("web", 2, json!({}))]);
        cluster.run_until(MINUTE);
        let before = cluster.pods_on("n1")[0].metadata.name.clone();
        cluster.make(&change).unwrap();
        cluster.run_until(4 * MINUTE);
        cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
        cluster.run_until(20 * MINUTE);
        let pods = cluster.pods_on("n1");
        assert_eq!(pods[0].metadata.name, before);
        assert!(pod::is_ready(&pods[0]));
        let status = &pods[0].status.as_ref().unwrap().container_statuses.as_ref().unwrap()[0];
        assert_eq!(status.restart_count, restarts);
        assert_eq!(events(&cluster, "TaintManagerEviction").len(), 1);
        assert!(events(&cluster, "TaintManagerEviction")[0].starts_with("Cancelling deletion of Pod default/web-"));
        assert_eq!(events(&cluster, "NodeReady"), ["Node n1 status is now: NodeReady"]);
    }
}

#[test]
fn a_taint_with_a_live_cause_returns() {
    let mut cluster = cluster("v1.34.0", vec![node("n1", "a"), node("n2", "a")]);
    cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
    cluster.settle(10 * MINUTE);
    let both = ["unreachable:NoSchedule", "unreachable:NoExecute"];
    assert_eq!(taints(&cluster, "n1"), both);
    let taint = sim_cluster::TaintPattern::parse("node.kubernetes.io/unreachable").unwrap();
    cluster.make(&Change::Untaint { node: Some("n1".to_owned()), taint }).unwrap();
    cluster.settle(cluster.now_ms() + 10 * MINUTE);
    assert_eq!(taints(&cluster, "n1"), both);
}

#[test]
fn nodes_of_a_zone_are_tainted_at_the_rate_of_its_state() {
    // Another zone is healthy: the lost zone is evicted at the normal rate, one node in 10 s.
    let mut whole = cluster("v1.34.0", [nodes("a", 100), nodes("b", 100)].concat());
    whole.make(&Change::ZoneDown("a".to_owned())).unwrap();
    whole.run_until(55 * SECOND);
    assert_eq!(tainted(&whole), 1);
    whole.run_until(55 * SECOND + 10 * MINUTE);
    assert_eq!(tainted(&whole), 61);
    // Most of a large zone: one node in 100 s. Of a small zone: none.
    for (size, per_10_minutes) in [(100, 6), (50, 0)] {
        let mut part = cluster("v1.34.0", [nodes("a", size), nodes("b", 3)].concat());
        for number in 0..size * 6 / 10 {
            part.make(&Change::NodeDown(format!("a{number:03}"))).unwrap();
        }
        part.run_until(60 * SECOND);
        let at_first = tainted(&part);
        part.run_until(60 * SECOND + 10 * MINUTE);
        assert_eq!(tainted(&part) - at_first, per_10_minutes, "a zone of {size}");
    }
}

#[test]
fn when_every_zone_is_down_nobody_is_evicted() {
    let mut cluster =
        cluster("v1.30.0", vec![node("n1", "a"), node("n2", "b"), node("n3", "b"), deployment("web", 4, json!({}))]);
    cluster.run_until(MINUTE);
    for name in ["n1", "n2", "n3"] {
        cluster.make(&Change::NodePartitioned(name.to_owned())).unwrap();
    }
    cluster.run_until(30 * MINUTE);
    assert_eq!(tainted(&cluster), 0);
    assert_eq!(taints(&cluster, "n2"), ["unreachable:NoSchedule"]);
    assert_eq!(cluster.store().list::<Pod>().filter(|pod| pod::is_terminating(pod)).count(), 0);
    // One is heard again: the others are lost now, and their pods go 300 s after their taint.
    cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
    cluster.run_until(40 * MINUTE);
    assert_eq!(tainted(&cluster), 2);
    assert_eq!(running_on(&cluster, "n1"), 4);
}

#[test]
fn pods_of_a_deleted_node_are_collected_after_the_quarantine() {
    for (version, seconds) in [("v1.16.0", 20), ("v1.30.0", 60)] {
        let mut cluster = cluster(version, vec![node("n1", "a"), node("n2", "a"), deployment("web", 2, json!({}))]);
        cluster.run_until(61 * SECOND);
        cluster.make(&Change::RemoveNode("n1".to_owned())).unwrap();
        cluster.run_until(59 * SECOND + seconds * SECOND);
        assert_eq!(cluster.pods_on("n1").len(), 1, "{version}");
        assert_eq!(events(&cluster, "RemovingNode"), ["Node n1 event: Removing Node n1 from Controller"]);
        cluster.run_until(61 * SECOND + seconds * SECOND);
        assert_eq!(cluster.pods_on("n1").len(), 0, "{version}");
        cluster.settle(10 * MINUTE);
        assert_eq!(running_on(&cluster, "n2"), 2, "{version}");
    }
}

#[test]
fn pods_stuck_on_a_node_out_of_service_are_collected() {
    for (version, stuck) in [("v1.25.0", 1), ("v1.26.0", 0)] {
        let mut cluster = cluster(version, vec![node("n1", "a"), node("n2", "a"), deployment("web", 2, json!({}))]);
        cluster.run_until(MINUTE);
        cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
        cluster.run_until(10 * MINUTE);
        assert_eq!(cluster.pods_on("n1").len(), 1, "{version}");
        let taint = sim_cluster::parse_taint("node.kubernetes.io/out-of-service=nodeshutdown:NoExecute").unwrap();
        cluster.make(&Change::Taint { node: Some("n1".to_owned()), taint }).unwrap();
        cluster.run_until(11 * MINUTE);
        assert_eq!(cluster.pods_on("n1").len(), stuck, "{version}");
    }
}

#[test]
fn a_new_node_waits_for_the_network_that_pods_install() {
    let cni = json!({"hostNetwork": true, "tolerations": [{"operator": "Exists"}],
        "volumes": [{"name": "conf", "hostPath": {"path": "/etc/cni/net.d"}}]});
    let mut connected = cluster("v1.30.0", vec![node("n1", "a"), workload("DaemonSet", "cni", cni.clone())]);
    connected.run_until(MINUTE);
    connected.make(&Change::AddNode { from: "n1".to_owned(), count: 1 }).unwrap();
    connected.run_until(MINUTE + 2 * SECOND);
    assert_eq!(ready(&connected, "n1-2"), ("False".to_owned(), "KubeletNotReady".to_owned()));
    assert_eq!(taints(&connected, "n1-2"), ["not-ready:NoSchedule", "not-ready:NoExecute"]);
    connected.settle(10 * MINUTE);
    assert_eq!(ready(&connected, "n1-2").0, "True");
    assert!(taints(&connected, "n1-2").is_empty());
    assert_eq!(events(&connected, "RegisteredNode"), ["Node n1-2 event: Registered Node n1-2 in Controller"]);
    assert_eq!(events(&connected, "NodeReady"), ["Node n1-2 status is now: NodeReady"]);

    // Without the network nothing but the host's own runs, and untainting by hand does not last.
    let web = deployment("web", 1, json!({}));
    let mut cluster = cluster("v1.30.0", vec![unconnected("n1"), web]);
    cluster.settle(10 * MINUTE);
    assert_eq!(running_on(&cluster, "n1"), 0);
    let taint = sim_cluster::TaintPattern::parse("node.kubernetes.io/not-ready").unwrap();
    cluster.make(&Change::Untaint { node: None, taint }).unwrap();
    cluster.settle(20 * MINUTE);
    assert_eq!((running_on(&cluster, "n1"), taints(&cluster, "n1")), (0, vec!["not-ready:NoSchedule".to_owned()]));
    cluster.make(&Change::Apply(vec![object(workload("DaemonSet", "cni", cni))])).unwrap();
    cluster.settle(30 * MINUTE);
    assert_eq!(ready(&cluster, "n1").0, "True");
    assert_eq!(running_on(&cluster, "n1"), 2);
}

#[test]
fn only_a_ready_cloud_controller_manager_initialises_nodes() {
    let uninitialized = "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule";
    let mut first = node("n1", "a");
    first["spec"] = json!({"taints": [{"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}]});
    let manager = |tolerations: Value| {
        deployment(
            "cloud-controller-manager",
            1,
            json!({"tolerations": tolerations, "hostNetwork": true,
            "containers": [{"name": "ccm", "image": "registry.k8s.io/cloud/openstack-cloud-controller-manager:v1.30.0"}]}),
        )
    };
    let mut stuck = cluster("v1.30.0", vec![first.clone(), manager(json!([]))]);
    stuck.settle(30 * MINUTE);
    assert_eq!(taints(&stuck, "n1"), [uninitialized]);
    let mut cluster = cluster(
        "v1.30.0",
        vec![first, manager(json!([{"key": "node.cloudprovider.kubernetes.io/uninitialized", "operator": "Exists"}]))],
    );
    cluster.settle(30 * MINUTE);
    assert!(taints(&cluster, "n1").is_empty());
    assert_eq!(events(&cluster, "Synced"), ["Node synced successfully"]);
    // What the manager runs on comes up with the taint if its kubelet is told so, and loses it.
    let restart = KubeletRestart {
        node: "n1".to_owned(),
        register_with_taints: Some(vec![sim_cluster::parse_taint("dedicated=db:NoSchedule").unwrap()]),
        cloud_provider_external: Some(true),
        node_labels: None,
        allocatable: None,
        version: None,
    };
    cluster.make(&Change::KubeletRestart(restart.clone())).unwrap();
    assert!(taints(&cluster, "n1").is_empty(), "a node that is registered keeps its taints");
    cluster.make(&Change::RemoveNode("n1".to_owned())).unwrap();
    cluster.make(&Change::KubeletRestart(restart)).unwrap();
    assert_eq!(taints(&cluster, "n1"), ["dedicated=db:NoSchedule", uninitialized, "not-ready:NoSchedule"]);
    cluster.settle(60 * MINUTE);
    assert_eq!(taints(&cluster, "n1"), ["dedicated=db:NoSchedule"], "the manager ran on, and has initialised it");
}

#[test]
fn the_cloud_says_what_became_of_a_machine() {
    let mut objects = nodes("a", 3);
    objects.push(deployment(
        "ccm",
        1,
        json!({"nodeName": "a000", "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": "hcloud-cloud-controller-manager", "image": "hetznercloud/hcloud:v1"}]}),
    ));
    let mut cluster = cluster("v1.30.0", objects);
    cluster.run_until(MINUTE);
    cluster.make(&Change::MachineDeleted("a001".to_owned())).unwrap();
    cluster.make(&Change::MachineStopped("a002".to_owned())).unwrap();
    cluster.settle(10 * MINUTE);
    assert!(cluster.store().get::<Node>(&ObjectKey::new("", "a001")).is_none());
    let deleted = ["Deleting node a001 because it does not exist in the cloud provider"];
    assert_eq!(events(&cluster, "DeletingNode"), deleted);
    assert!(taints(&cluster, "a002").contains(&"node.cloudprovider.kubernetes.io/shutdown:NoSchedule".to_owned()));
    cluster.make(&Change::NodeUp("a002".to_owned())).unwrap();
    cluster.settle(20 * MINUTE);
    assert!(taints(&cluster, "a002").is_empty());
}

#[test]
fn what_a_stopped_controller_should_have_done_waits_for_it() {
    let mut cluster = cluster("v1.30.0", vec![node("n1", "a"), node("n2", "a"), deployment("web", 2, json!({}))]);
    cluster.run_until(MINUTE);
    cluster.make(&Change::StopController("kube-controller-manager".to_owned())).unwrap();
    cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
    cluster.run_until(30 * MINUTE);
    assert_eq!(ready(&cluster, "n1").0, "True", "nobody looks");
    cluster.make(&Change::StartController("kube-controller-manager".to_owned())).unwrap();
    cluster.run_until(30 * MINUTE + 39 * SECOND);
    assert_eq!(ready(&cluster, "n1").0, "True", "the grace period begins anew");
    cluster.run_until(40 * MINUTE);
    assert_eq!(running_on(&cluster, "n2"), 2);
    // Without a scheduler pods wait without a word.
    cluster.make(&Change::StopController("kube-scheduler".to_owned())).unwrap();
    let workload = sim_cluster::ObjectRef::parse("deployment/web").unwrap();
    cluster.make(&Change::Scale { workload, replicas: 3 }).unwrap();
    cluster.settle(50 * MINUTE);
    assert_eq!((running_on(&cluster, "n2"), events(&cluster, "FailedScheduling").len()), (2, 0));
    cluster.make(&Change::StartController("kube-scheduler".to_owned())).unwrap();
    cluster.settle(60 * MINUTE);
    assert_eq!(running_on(&cluster, "n2"), 3);
    assert!(cluster.make(&Change::StopController("cron".to_owned())).is_err());
}

#[test]
fn the_cluster_autoscaler_orders_the_nodes_that_would_help() {
    let group = |name: &str, max: usize, taints: Value| {
        let mut template = node("", "a");
        template["spec"] = json!({"taints": taints});
        sim_cluster::NodeGroup {
            name: name.to_owned(),
            max,
            template: serde_json::from_value(template).unwrap(),
            delay_ms: 60 * SECOND,
        }
    };
    let container = json!([{"name": "c", "image": "nginx:1.25", "resources": {"requests": {"cpu": "2"}}}]);
    let web = deployment("web", 9, json!({"containers": container}));
    let mut cluster = cluster("v1.30.0", vec![node("pool-1", "a"), web]);
    let gpu = json!([{"key": "gpu", "effect": "NoSchedule"}]);
    cluster.set_node_groups(vec![group("gpu", 5, gpu), group("pool", 4, json!([]))]);
    cluster.run_until(15 * SECOND);
    let triggered = events(&cluster, "TriggeredScaleUp");
    assert_eq!(triggered, vec!["pod triggered scale-up: [{pool 1->4 (max: 4)}]"; 6]);
    assert_eq!(cluster.store().list::<Node>().count(), 1, "machines take their time");
    cluster.settle(10 * MINUTE);
    assert_eq!(cluster.store().list::<Node>().count(), 4);
    assert_eq!(cluster.store().list::<Pod>().filter(|pod| pod::is_ready(pod)).count(), 8);
    let refused = events(&cluster, "NotTriggerScaleUp");
    let message = "pod didn't trigger scale-up: 1 max node group size reached, 1 node(s) had untolerated taint {gpu: }";
    assert!(!refused.is_empty() && refused.iter().all(|refused| refused == message), "{refused:?}");
}

#[test]
fn the_cluster_autoscaler_waits_for_nodes_that_are_starting() {
    // Ten minutes, in which the nodes that it ordered do not become ready, or are not freed of their taint.
    let check = |taints: Value, more: Vec<Value>, wanted: &str, nodes: usize| {
        let mut template = node("", "a");
        template["spec"] = json!({"taints": taints});
        let group = sim_cluster::NodeGroup {
            name: "pool".to_owned(),
            max: 3,
            template: serde_json::from_value(template).unwrap(),
            delay_ms: 60 * SECOND,
        };
        let container = json!([{"name": "c", "image": "nginx:1.25", "resources": {"requests": {"cpu": "2"}}}]);
        let web = deployment("web", 2, json!({"containers": container}));
        let mut cluster = cluster("v1.30.0", more.into_iter().chain([web]).collect());
        cluster.set_node_groups(vec![group]);
        cluster.run_until(10 * MINUTE);
        let mut told = events(&cluster, "TriggeredScaleUp");
        told.extend(events(&cluster, "NotTriggerScaleUp"));
        told.dedup();
        assert_eq!(told, [wanted], "{taints}");
        let pool = cluster.store().list::<Node>().filter(|node| node.metadata.name.as_deref() != Some("other"));
        assert_eq!(pool.count(), nodes, "{taints}");
    };
    let taint = |key: &str| json!([{"key": key, "effect": "NoSchedule"}]);
    let ordered = "pod triggered scale-up: [{pool 0->1 (max: 3)}]";
    check(taint("startup-taint.cluster-autoscaler.kubernetes.io/cni"), vec![], ordered, 1);
    check(taint("ignore-taint.cluster-autoscaler.kubernetes.io/cni"), vec![], ordered, 1);
    let refused = "pod didn't trigger scale-up: 1 node(s) had untolerated taint {cni: }";
    check(taint("cni"), vec![], refused, 0);
    // A network plugin that does not come to the new node: it stays not ready.
    let mut other = node("other", "a");
    other["metadata"]["labels"]["network"] = json!("yes");
    other["spec"] = json!({"unschedulable": true});
    let plugin = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "cni", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "cni"}}, "template": {"metadata": {"labels": {"app": "cni"}},
            "spec": {"nodeSelector": {"network": "yes"}, "hostNetwork": true, "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": "cni", "image": "cni:1", "volumeMounts": [{"name": "conf", "mountPath": "/conf"}]}],
                "volumes": [{"name": "conf", "hostPath": {"path": "/etc/cni/net.d"}}]}}}});
    check(json!([]), vec![other, plugin], ordered, 1);
}

fn versioned(name: &str, version: &str, labels: Value, taints: Value) -> Value {
    let mut node = node(name, "a");
    node["metadata"]["labels"].as_object_mut().unwrap().extend(labels.as_object().unwrap().clone());
    node["spec"] = json!({"taints": taints});
    node["status"]["nodeInfo"] = json!({"architecture": "amd64", "bootID": "", "containerRuntimeVersion": "containerd://1.7.13",
        "kernelVersion": "6.1", "kubeProxyVersion": version, "kubeletVersion": version, "machineID": "",
        "operatingSystem": "linux", "osImage": "", "systemUUID": ""});
    node
}

fn kubelet_version(cluster: &Cluster, node: &str) -> String {
    let node = cluster.store().get::<Node>(&ObjectKey::new("", node)).unwrap();
    node.status.as_ref().unwrap().node_info.as_ref().unwrap().kubelet_version.clone()
}

fn upgrade(to: &str, drain_timeout_ms: Option<u64>) -> Change {
    Change::Upgrade(sim_cluster::UpgradeOptions { to: to.parse().unwrap(), nodes: None, drain_timeout_ms })
}

#[test]
fn an_upgrade_takes_the_control_plane_and_then_node_by_node() {
    let master = "node-role.kubernetes.io/master";
    let control_plane = "node-role.kubernetes.io/control-plane";
    let mut cluster = cluster(
        "v1.23.0",
        vec![
            versioned("a", "v1.23.0", json!({}), json!([])),
            versioned("b", "v1.23.0", json!({}), json!([])),
            versioned(
                "cp",
                "v1.23.0",
                json!({master: "", control_plane: ""}),
                json!([{"key": master, "effect": "NoSchedule"}]),
            ),
            deployment("web", 4, json!({})),
        ],
    );
    cluster.run_until(MINUTE);
    cluster.make(&upgrade("v1.24.0", None)).unwrap();
    cluster.run_until(MINUTE + 10 * SECOND);
    let of = |key: &str| format!("{key}:NoSchedule");
    assert_eq!(taints(&cluster, "cp"), [of(master), of(control_plane), "unschedulable:NoSchedule".to_owned()]);
    assert_eq!(kubelet_version(&cluster, "cp"), "v1.23.0");
    cluster.settle(20 * MINUTE);
    for node in ["a", "b", "cp"] {
        assert_eq!(kubelet_version(&cluster, node), "v1.24.0");
    }
    assert_eq!(running_on(&cluster, "a") + running_on(&cluster, "b"), 4);
    assert_eq!(taints(&cluster, "cp"), [of(master), of(control_plane)]);
    let labels = |cluster: &Cluster| {
        let node = cluster.store().get::<Node>(&ObjectKey::new("", "cp")).unwrap();
        node.metadata.labels.clone().unwrap_or_default()
    };
    assert!(!labels(&cluster).contains_key(master) && labels(&cluster).contains_key(control_plane));
    assert!(cluster.make(&upgrade("v1.26.0", None)).is_err(), "one minor version at a time");
    assert!(cluster.make(&upgrade("v1.23.0", None)).is_err(), "never back");
    cluster.make(&upgrade("v1.25.0", None)).unwrap();
    cluster.settle(40 * MINUTE);
    assert_eq!(taints(&cluster, "cp"), [of(control_plane)]);
    // The scheduler speaks as the new version does.
    cluster
        .make(&Change::Apply(vec![object(deployment(
            "big",
            1,
            json!({"containers": [
        {"name": "c", "image": "nginx:1.25", "resources": {"requests": {"cpu": "9"}}}]}),
        ))]))
        .unwrap();
    cluster.settle(50 * MINUTE);
    let message = &events(&cluster, "FailedScheduling")[0];
    assert!(message.contains("1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }"), "{message}");
}

#[test]
fn an_upgrade_stops_at_a_drain_that_gives_up() {
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}});
    let nodes = ["a", "b"].map(|name| versioned(name, "v1.28.0", json!({}), json!([])));
    let mut cluster = cluster("v1.28.0", [nodes.to_vec(), vec![budget, deployment("web", 2, json!({}))]].concat());
    cluster.run_until(MINUTE);
    cluster.make(&upgrade("v1.29.0", Some(5 * MINUTE))).unwrap();
    cluster.settle(30 * MINUTE);
    assert_eq!(taints(&cluster, "a"), ["unschedulable:NoSchedule"]);
    assert!(taints(&cluster, "b").is_empty());
    assert_eq!(kubelet_version(&cluster, "a"), "v1.28.0");
    assert_eq!(running_on(&cluster, "a"), 1);
}

#[test]
fn an_eviction_that_a_dump_shows_on_its_way_goes_on() {
    let mut lost = node("n1", "a");
    let taint = |effect: &str| json!({"key": "node.kubernetes.io/unreachable", "effect": effect, "timeAdded": "1970-01-01T00:00:00Z"});
    lost["spec"] = json!({"taints": [taint("NoSchedule"), taint("NoExecute")]});
    lost["status"]["conditions"] = json!([{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]);
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "namespace": "default", "creationTimestamp": "1969-12-31T00:00:00Z"},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "nginx:1.25"}]}, "status": {"phase": "Running"}});
    let mut setup = cluster("v1.30.0", vec![]).setup().clone();
    setup.start = k8s_openapi::jiff::Timestamp::from_second(200).unwrap();
    let mut cluster = Cluster::new(setup, [lost, node("n2", "a"), pod].map(object));
    cluster.run_until(99 * SECOND);
    assert_eq!(events(&cluster, "TaintManagerEviction").len(), 0);
    cluster.run_until(101 * SECOND);
    assert_eq!(events(&cluster, "TaintManagerEviction"), ["Marking for deletion Pod default/p"]);
}
