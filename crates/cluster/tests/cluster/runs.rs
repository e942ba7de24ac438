//! Small clusters run by the library: controllers, kubelets, scheduler and changes together.

use k8s_openapi::api::core::v1::Event;
use serde_json::{Value, json};
use sim_cluster::{
    Change, Cluster, Kind, Object, ObjectKey, ObjectRef, PatchType, PodResult, RunResult, Setup, Stop, TaintPattern,
    WorkloadRef, parse_toleration,
};

const MINUTE: u64 = 60 * 1000;

fn cluster(version: &str, objects: Vec<Value>) -> Cluster {
    let setup = Setup::of(version.parse().unwrap());
    let objects = objects.into_iter().map(|value| {
        let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
        Object::read(kind, value).unwrap()
    });
    Cluster::new(setup, objects)
}

fn node(name: &str, taints: Value) -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"taints": taints},
        "status": {"capacity": resources, "allocatable": resources, "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}})
}

fn deployment(name: &str, replicas: i32, spec: Value) -> Value {
    let mut pod_spec =
        json!({"containers": [{"name": "c", "image": "nginx:1.25", "resources": {"requests": {"cpu": "100m"}}}]});
    pod_spec.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod_spec}}})
}

fn daemon_set(name: &str) -> Value {
    let mut value = deployment(name, 1, json!({}));
    value["kind"] = json!("DaemonSet");
    value["spec"].as_object_mut().unwrap().remove("replicas");
    value
}

fn pods(cluster: &Cluster) -> Vec<PodResult> {
    RunResult::of(cluster, Vec::new()).pods
}

fn untaint(key: &str) -> Change {
    Change::Untaint { node: None, taint: TaintPattern::parse(key).unwrap() }
}

fn tainted(name: &str) -> Value {
    node(name, json!([{"key": "k", "value": "v", "effect": "NoSchedule"}]))
}

#[test]
fn a_deployment_becomes_ready() {
    let mut cluster =
        cluster("v1.34.0", vec![node("n1", json!([])), node("n2", json!([])), deployment("web", 3, json!({}))]);
    assert_eq!(cluster.settle(60 * MINUTE), Stop::Quiet);
    let pods = pods(&cluster);
    assert_eq!(pods.len(), 3);
    assert!(
        pods.iter().all(|pod| pod.ready && pod.node.is_some() && pod.owner.as_deref() == Some("deployment/web")),
        "{pods:?}"
    );
    let status = cluster.store().objects(Kind::Deployment)[0].to_value()["status"].clone();
    assert_eq!(status["readyReplicas"], 3);
    assert_eq!(status["conditions"][0]["type"], "Available");
    assert_eq!(status["conditions"][0]["status"], "True");
}

#[test]
fn pending_pods_are_placed_when_the_taint_goes() {
    for version in ["v1.16.0", "v1.22.0", "v1.28.0", "v1.34.0"] {
        let mut cluster = cluster(version, vec![tainted("n1"), deployment("web", 2, json!({}))]);
        cluster.settle(60 * MINUTE);
        assert!(
            pods(&cluster).iter().all(|pod| pod.phase == "Pending" && pod.reason.as_deref() == Some("Unschedulable")),
            "{version}"
        );
        let mut fork = cluster.clone();
        assert_eq!(fork.make(&untaint("k=v:NoSchedule")).unwrap(), ["node/n1 untainted"]);
        fork.settle(fork.now_ms() + 60 * MINUTE);
        assert!(pods(&fork).iter().all(|pod| pod.ready), "{version}: {:?}", pods(&fork));
        assert!(pods(&cluster).iter().all(|pod| pod.phase == "Pending"), "{version}: a fork never affects its parent");
    }
}

#[test]
fn a_template_change_rolls_without_losing_availability() {
    let mut cluster = cluster("v1.30.0", vec![node("n1", json!([])), deployment("web", 4, json!({}))]);
    cluster.settle(60 * MINUTE);
    let before: Vec<String> = pods(&cluster).into_iter().map(|pod| pod.name).collect();
    let toleration = sim_cluster::parse_toleration("a=b:NoSchedule").unwrap();
    let workload = sim_cluster::WorkloadRef::parse("deployment/web").unwrap();
    cluster.make(&Change::AddToleration { workload, toleration }).unwrap();
    let mut least = usize::MAX;
    let end = cluster.now_ms() + 10 * MINUTE;
    while cluster.now_ms() < end {
        let next = cluster.now_ms() + 500;
        cluster.run_until(next);
        least = least.min(pods(&cluster).iter().filter(|pod| pod.ready).count());
    }
    let after = pods(&cluster);
    assert_eq!(after.len(), 4, "{after:?}");
    assert!(after.iter().all(|pod| pod.ready && !before.contains(&pod.name)), "{after:?}");
    assert!(least >= 3, "25% of 4 may be unavailable, {} were ready at the least", least);
}

#[test]
fn daemons_run_on_every_node_that_they_tolerate() {
    let mut cluster = cluster("v1.34.0", vec![node("n1", json!([])), tainted("n2"), daemon_set("agent")]);
    cluster.settle(60 * MINUTE);
    let on: Vec<_> = pods(&cluster).into_iter().map(|pod| pod.node).collect();
    assert_eq!(on, [Some("n1".to_owned())]);
    cluster.make(&untaint("k")).unwrap();
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    assert_eq!(pods(&cluster).len(), 2);
    // Cordoned nodes keep their daemons.
    cluster.make(&Change::Cordon("n1".to_owned())).unwrap();
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    assert_eq!(pods(&cluster).len(), 2);
    cluster.make(&Change::RemoveNode("n2".to_owned())).unwrap();
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    assert_eq!(pods(&cluster).len(), 1);
}

#[test]
fn a_no_execute_taint_evicts_at_once_or_after_its_seconds() {
    let patient =
        json!({"tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]});
    let mut cluster = cluster(
        "v1.34.0",
        vec![node("n1", json!([])), deployment("hasty", 1, json!({})), deployment("patient", 1, patient)],
    );
    cluster.settle(60 * MINUTE);
    let taint = sim_cluster::parse_taint("k=v:NoExecute").unwrap();
    cluster.make(&Change::Taint { node: Some("n1".to_owned()), taint }).unwrap();
    let start = cluster.now_ms();
    cluster.run_until(start + 30_000);
    let ready = |cluster: &Cluster| {
        pods(cluster).into_iter().filter(|pod| pod.ready).map(|pod| pod.owner.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ready(&cluster), ["deployment/patient"]);
    cluster.run_until(start + 70_000);
    let evictions =
        cluster.store().list::<Event>().filter(|event| event.reason.as_deref() == Some("TaintManagerEviction"));
    assert_eq!(
        evictions
            .filter(|event| event.message.as_deref().unwrap().starts_with("Marking for deletion Pod default/patient"))
            .count(),
        1
    );
}

#[test]
fn what_a_dump_shows_is_left_as_it_is() {
    let mut cluster1 = cluster("v1.30.0", vec![node("n1", json!([])), deployment("web", 2, json!({}))]);
    cluster1.settle(60 * MINUTE);
    let dump: Vec<Value> =
        Kind::ALL.iter().flat_map(|kind| cluster1.store().objects(*kind)).map(|object| object.to_value()).collect();
    let mut again = cluster("v1.30.0", dump);
    let before = pods(&again);
    again.settle(60 * MINUTE);
    assert_eq!(before, pods(&again));
    assert_eq!(before, pods(&cluster1));
}

#[test]
fn scaling_down_takes_the_pods_that_wait_first() {
    let mut cluster = cluster("v1.30.0", vec![node("n1", json!([])), deployment("web", 50, json!({}))]);
    cluster.settle(60 * MINUTE);
    assert_eq!(pods(&cluster).iter().filter(|pod| pod.ready).count(), 40, "4 CPU hold 40 pods of 100m");
    let workload = sim_cluster::ObjectRef::parse("deployment/web").unwrap();
    cluster.make(&Change::Scale { workload, replicas: 40 }).unwrap();
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    let left = pods(&cluster);
    assert_eq!(left.len(), 40);
    assert!(left.iter().all(|pod| pod.ready));
}

#[test]
fn apply_of_the_same_manifest_changes_nothing() {
    let manifest = deployment("web", 2, json!({}));
    let mut cluster = cluster("v1.30.0", vec![node("n1", json!([])), manifest.clone()]);
    cluster.settle(60 * MINUTE);
    let before = pods(&cluster);
    let object = |value: Value| Object::read(Kind::Deployment, value).unwrap();
    // What was not applied before gets the annotation, and no more.
    let made = cluster.make(&Change::Apply(vec![object(manifest.clone())])).unwrap();
    assert_eq!(
        made,
        [
            "Warning: resource deployments/web is missing the kubectl.kubernetes.io/last-applied-configuration \
             annotation which is required by kubectl apply. kubectl apply should only be used on resources created \
             declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be \
             patched automatically.",
            "deployment.apps/web configured"
        ]
    );
    let made = cluster.make(&Change::Apply(vec![object(manifest.clone())])).unwrap();
    assert_eq!(made, ["deployment.apps/web unchanged"]);
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    assert_eq!(pods(&cluster), before);
    let mut changed = manifest;
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:1.26");
    assert_eq!(cluster.make(&Change::Apply(vec![object(changed)])).unwrap(), ["deployment.apps/web configured"]);
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    let after = pods(&cluster);
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|pod| pod.ready && !before.iter().any(|old| old.name == pod.name)), "{after:?}");
}

#[test]
fn apply_keeps_what_others_set_and_drops_what_is_no_longer_said() {
    let manifest = |containers: Value| {
        let mut manifest = deployment("web", 1, json!({"containers": containers}));
        manifest["metadata"]["labels"] = json!({"team": "a"});
        manifest
    };
    let object = |value: Value| Object::read(Kind::Deployment, value).unwrap();
    let own = || json!({"name": "own", "image": "nginx", "env": [{"name": "A", "value": "1"}]});
    let mut cluster = cluster("v1.30.0", vec![node("n1", json!([]))]);
    let first = manifest(json!([own(), {"name": "helper", "image": "busybox"}]));
    assert_eq!(cluster.make(&Change::Apply(vec![object(first)])).unwrap(), ["deployment.apps/web created"]);
    // An operator adds a container and a variable; a person scales.
    let patch = json!({"spec": {"replicas": 3, "template": {"spec": {"containers": [
        {"name": "injected", "image": "proxy"}, {"name": "own", "env": [{"name": "B", "value": "2"}]},
    ]}}}});
    let target = ObjectRef::parse("default/deployment/web").unwrap();
    cluster.make(&Change::Patch { target, type_: PatchType::Strategic, patch }).unwrap();
    let mut second = manifest(json!([own()]));
    second["metadata"]["labels"] = json!({});
    second["spec"].as_object_mut().unwrap().remove("replicas");
    assert_eq!(cluster.make(&Change::Apply(vec![object(second)])).unwrap(), ["deployment.apps/web configured"]);
    let key = ObjectKey::new("default", "web");
    let live = cluster.store().object(Kind::Deployment, &key).unwrap().to_value();
    let containers = live["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    let names: Vec<&str> = containers.iter().filter_map(|container| container["name"].as_str()).collect();
    assert_eq!(names, ["injected", "own"]);
    assert_eq!(containers[1]["env"].as_array().map(Vec::len), Some(2));
    assert_eq!(live["metadata"]["labels"].get("team"), None);
    // The number of replicas was applied and is no longer said: the default holds.
    assert_eq!(live["spec"]["replicas"], json!(1));
}

#[test]
fn what_is_so_already_is_not_written_again() {
    let template = json!({"tolerations": [{"key": "k", "operator": "Exists"}]});
    let mut labelled = node("n1", json!([]));
    labelled["metadata"]["labels"] = json!({"disk": "ssd"});
    labelled["metadata"]["annotations"] = json!({"note": "a"});
    let mut cluster = cluster("v1.30.0", vec![labelled, deployment("web", 2, template)]);
    cluster.settle(60 * MINUTE);
    let (web, n1) = (ObjectRef::parse("deployment/web").unwrap(), ObjectRef::parse("node/n1").unwrap());
    let pair = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let replicas = json!({"spec": {"replicas": 2}});
    for (change, said) in [
        (Change::Scale { workload: web.clone(), replicas: 2 }, vec!["deployment.apps/web scaled"]),
        (Change::Label { target: n1.clone(), set: pair("disk", "ssd"), remove: vec![] }, vec!["node/n1 not labeled"]),
        (Change::Annotate { target: n1, set: pair("note", "a"), remove: vec![] }, vec!["node/n1 annotated"]),
        (
            Change::Patch { target: web.clone(), type_: PatchType::Merge, patch: replicas },
            vec!["deployment.apps/web patched (no change)"],
        ),
        (Change::SetImage { workload: web.clone(), images: pair("c", "nginx:1.25") }, vec![]),
        (
            Change::AddToleration { workload: WorkloadRef::Object(web), toleration: parse_toleration("k").unwrap() },
            vec!["deployment.apps/web patched (no change)"],
        ),
        (Change::Uncordon("n1".to_owned()), vec!["node/n1 already uncordoned"]),
    ] {
        let before = cluster.store().resource_version();
        assert_eq!(cluster.make(&change).unwrap(), said, "{change}");
        assert_eq!(cluster.store().resource_version(), before, "{change}");
    }
}
