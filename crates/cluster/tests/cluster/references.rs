//! ConfigMaps and Secrets that pods name and that are not there.

use k8s_openapi::api::core::v1::Event;
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::print::{TableOptions, pods};
use sim_cluster::{Change, Cluster, Kind, Object, ObjectRef, Setup, Stop};

const SECOND: u64 = 1_000;

fn read(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

/// A cluster whose input is all there is.
fn cluster(version: &str, objects: Vec<Value>) -> Cluster {
    let setup = Setup { input_is_complete: true, ..Setup::of(version.parse().unwrap()) };
    Cluster::new(setup, [node(), account()].into_iter().chain(objects).map(read))
}

fn node() -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}})
}

fn account() -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}})
}

/// A pod of one container with this much more, and a volume `v` of this source.
fn pod_with(container: Value, volume: Value) -> Value {
    let mut first = json!({"name": "c", "image": "app:1"});
    first.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
    let mut spec = json!({"nodeName": "n1"});
    if !volume.is_null() {
        let mut own = json!({"name": "v"});
        own.as_object_mut().unwrap().extend(volume.as_object().unwrap().clone());
        spec["volumes"] = json!([own]);
        first["volumeMounts"] = json!([{"name": "v", "mountPath": "/v"}]);
    }
    spec["containers"] = json!([first]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec})
}

fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data})
}

fn secret(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"}, "data": data})
}

fn shown(cluster: &Cluster) -> String {
    let pod = cluster.store().find::<Pod>("default", "p").unwrap();
    let text = pods(&[pod.as_ref()], &cluster.print_context()).render(&TableOptions::default());
    text.lines().nth(1).unwrap().split_whitespace().nth(2).unwrap().to_owned()
}

fn waits_with(cluster: &Cluster) -> String {
    let status = cluster.store().find::<Pod>("default", "p").unwrap().status.clone().unwrap();
    let waiting = status.container_statuses.unwrap()[0].state.clone().unwrap().waiting;
    waiting.and_then(|waiting| waiting.message).unwrap_or_default()
}

/// `REASON xN MESSAGE` of the pod's warnings.
fn warnings(cluster: &Cluster) -> Vec<String> {
    let events = cluster.store().list::<Event>().filter(|event| event.type_.as_deref() == Some("Warning"));
    let line = |event: &Event| {
        let (reason, message) = (event.reason.clone().unwrap(), event.message.clone().unwrap());
        format!("{reason} x{} {message}", event.count.unwrap())
    };
    events.map(|event| line(event)).collect()
}

#[track_caller]
fn cannot_mount(objects: Vec<Value>, volume: Value, why: &str) {
    let mut cluster = cluster("v1.30.0", [objects, vec![pod_with(json!({}), volume)]].concat());
    cluster.run_until(SECOND);
    assert_eq!(shown(&cluster), "ContainerCreating");
    assert_eq!(warnings(&cluster), [format!("FailedMount x2 MountVolume.SetUp failed for volume \"v\" : {why}")]);
}

#[track_caller]
fn cannot_be_made(objects: Vec<Value>, container: Value, why: &str) {
    let mut cluster = cluster("v1.30.0", [objects, vec![pod_with(container, Value::Null)]].concat());
    cluster.run_until(5 * SECOND);
    assert_eq!((shown(&cluster), waits_with(&cluster)), ("CreateContainerConfigError".to_owned(), why.to_owned()));
    assert_eq!(warnings(&cluster), [format!("Failed x2 Error: {why}")]);
}

#[track_caller]
fn starts(objects: Vec<Value>, container: Value, volume: Value) {
    let mut cluster = cluster("v1.30.0", [objects, vec![pod_with(container, volume)]].concat());
    cluster.run_until(5 * SECOND);
    assert_eq!((shown(&cluster), warnings(&cluster)), ("Running".to_owned(), Vec::new()));
}

#[test]
fn a_volume_of_what_is_not_there_is_not_mounted() {
    cannot_mount(vec![], json!({"configMap": {"name": "y"}}), "configmap \"y\" not found");
    cannot_mount(vec![], json!({"secret": {"secretName": "y"}}), "secret \"y\" not found");
    let key = json!([{"key": "b", "path": "b"}]);
    cannot_mount(
        vec![config_map("y", json!({"a": "1"}))],
        json!({"configMap": {"name": "y", "items": key}}),
        "configmap references non-existent config key: b",
    );
    cannot_mount(
        vec![secret("y", json!({"a": "MQ=="}))],
        json!({"secret": {"secretName": "y", "items": key}}),
        "references non-existent secret key: b",
    );
    let sources = json!([{"secret": {"name": "s"}}, {"configMap": {"name": "m"}}]);
    let why = "[secret \"s\" not found, configmap \"m\" not found]";
    cannot_mount(vec![], json!({"projected": {"sources": sources}}), why);
}

#[test]
fn an_environment_of_what_is_not_there_makes_no_container() {
    let from = |source: Value| json!({"envFrom": [source]});
    let value = |source: Value| json!({"env": [{"name": "E", "valueFrom": source}]});
    cannot_be_made(vec![], from(json!({"configMapRef": {"name": "y"}})), "configmap \"y\" not found");
    cannot_be_made(vec![], from(json!({"secretRef": {"name": "y"}})), "secret \"y\" not found");
    let (map, key) = (json!({"configMapKeyRef": {"name": "y", "key": "k"}}), json!({"name": "y", "key": "k"}));
    cannot_be_made(vec![], value(map.clone()), "configmap \"y\" not found");
    let why = "couldn't find key k in ConfigMap default/y";
    cannot_be_made(vec![config_map("y", json!({"a": "1"}))], value(map), why);
    let why = "couldn't find key k in Secret default/y";
    cannot_be_made(vec![secret("y", json!({"a": "MQ=="}))], value(json!({"secretKeyRef": key})), why);
}

#[test]
fn what_is_optional_or_there_holds_nobody_up() {
    let none = || json!({});
    starts(vec![], none(), json!({"configMap": {"name": "y", "optional": true}}));
    starts(vec![], none(), json!({"secret": {"secretName": "y", "optional": true}}));
    starts(vec![], json!({"envFrom": [{"secretRef": {"name": "y", "optional": true}}]}), Value::Null);
    let optional = json!({"configMapKeyRef": {"name": "y", "key": "k", "optional": true}});
    starts(vec![config_map("y", json!({}))], json!({"env": [{"name": "E", "valueFrom": optional}]}), Value::Null);
    // Values need not be base64: dumps blacken them.
    starts(vec![secret("y", json!({"k": "<hidden>"}))], none(), json!({"secret": {"secretName": "y"}}));
    starts(vec![], none(), json!({"projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}));
}

#[test]
fn a_volume_that_nobody_mounts_is_not_set_up() {
    let mut pod = pod_with(json!({}), json!({"configMap": {"name": "y"}}));
    pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
    let mut cluster = cluster("v1.30.0", vec![pod]);
    cluster.run_until(5 * SECOND);
    assert_eq!(shown(&cluster), "Running");
}

#[test]
fn mounts_are_tried_again_ever_more_seldom() {
    let mut pod = pod_with(json!({}), json!({"configMap": {"name": "y"}}));
    pod["spec"]["volumes"].as_array_mut().unwrap().push(json!({"name": "e", "emptyDir": {}}));
    let mounts = json!([{"name": "e", "mountPath": "/e"}, {"name": "v", "mountPath": "/v"}]);
    pod["spec"]["containers"][0]["volumeMounts"] = mounts;
    for (version, rest) in [
        ("v1.25.0", "unattached volumes=[v e]: timed out waiting for the condition"),
        ("v1.30.0", "unattached volumes=[], failed to process volumes=[]: context deadline exceeded"),
    ] {
        let mut cluster = cluster(version, vec![pod.clone()]);
        // 0.5 s, then twice as long each time.
        cluster.run_until(35 * SECOND);
        let failed = "FailedMount x7 MountVolume.SetUp failed for volume \"v\" : configmap \"y\" not found";
        assert_eq!(warnings(&cluster), [failed]);
        cluster.run_until(124 * SECOND);
        let told = format!("FailedMount x1 Unable to attach or mount volumes: unmounted volumes=[v], {rest}");
        assert!(warnings(&cluster).iter().any(|warning| warning.starts_with(&told)), "{:#?}", warnings(&cluster));
    }
}

#[test]
fn a_pod_goes_on_when_its_config_map_comes() {
    for (pod, comes_s) in [
        // Mounted at the eighth try, 63.5 s after the first.
        (pod_with(json!({}), json!({"configMap": {"name": "y"}})), 64),
        // The kubelet looks again every 12.5 s.
        (pod_with(json!({"envFrom": [{"configMapRef": {"name": "y"}}]}), Value::Null), 53),
    ] {
        let mut cluster = cluster("v1.30.0", vec![pod]);
        cluster.run_until(40 * SECOND);
        cluster.make(&Change::Apply(vec![read(config_map("y", json!({"k": "v"})))])).unwrap();
        cluster.run_until((comes_s - 2) * SECOND);
        assert_ne!(shown(&cluster), "Running");
        cluster.run_until(comes_s * SECOND);
        assert_eq!(shown(&cluster), "Running");
    }
}

#[test]
fn waiting_for_what_is_missing_is_rest_and_its_coming_ends_it() {
    let volume = pod_with(json!({}), json!({"configMap": {"name": "y"}}));
    let environment =
        pod_with(json!({"imagePullPolicy": "Always", "envFrom": [{"configMapRef": {"name": "y"}}]}), Value::Null);
    for pod in [volume, environment] {
        let mut cluster = cluster("v1.30.0", vec![pod]);
        assert_eq!(cluster.settle(60 * 60 * SECOND), Stop::Quiet);
        assert!(cluster.now_ms() < 10 * 60 * SECOND, "{}", cluster.now_ms());
        cluster.make(&Change::Apply(vec![read(config_map("y", json!({"k": "v"})))])).unwrap();
        assert_eq!(cluster.settle(120 * 60 * SECOND), Stop::Quiet);
        assert_eq!(shown(&cluster), "Running");
    }
}

#[test]
fn a_deleted_config_map_is_missed_by_the_next_container() {
    let pod = pod_with(json!({"envFrom": [{"configMapRef": {"name": "y"}}]}), Value::Null);
    let mut cluster = cluster("v1.30.0", vec![config_map("y", json!({"k": "v"})), pod.clone()]);
    cluster.run_until(5 * SECOND);
    assert_eq!(shown(&cluster), "Running");
    let map = ObjectRef { namespace: Some("default".into()), kind: "configmap".into(), name: "y".into() };
    cluster.make(&Change::Delete(map)).unwrap();
    cluster.run_until(60 * SECOND);
    assert_eq!(shown(&cluster), "Running", "what runs has its environment");
}

#[test]
fn pull_secrets_that_are_missing_are_told_and_hold_nobody_up() {
    for (version, told) in [("v1.27.0", 0), ("v1.28.0", 1)] {
        let mut pod = pod_with(json!({}), Value::Null);
        pod["spec"]["imagePullSecrets"] = json!([{"name": "a"}, {"name": "b"}, {"name": "there"}]);
        let mut cluster = cluster(version, vec![secret("there", json!({})), pod]);
        cluster.run_until(5 * SECOND);
        let expected = "FailedToRetrieveImagePullSecret x1 Unable to retrieve some image pull secrets (a, b); attempting to pull the image may not succeed.";
        let told: Vec<String> = std::iter::repeat_n(expected.to_owned(), told).collect();
        assert_eq!((shown(&cluster), warnings(&cluster)), ("Running".to_owned(), told));
    }
}

#[test]
fn a_part_of_a_cluster_is_given_the_benefit_of_the_doubt_and_told_so() {
    let pod = pod_with(json!({"envFrom": [{"secretRef": {"name": "s"}}]}), json!({"configMap": {"name": "y"}}));
    let setup = || Setup::of("v1.30.0".parse().unwrap());
    let mut partial = Cluster::new(setup(), [node(), pod.clone()].map(read));
    partial.run_until(5 * SECOND);
    assert_eq!(shown(&partial), "Running");
    let note = "pods name ConfigMaps and Secrets of which the input has none in their namespaces: they are taken to exist (ConfigMap default/y, Secret default/s)";
    assert!(partial.gaps().contains(&note.to_owned()), "{:#?}", partial.gaps());
    // One that shows ConfigMaps of the namespace is believed to show them all.
    let mut shows_some = Cluster::new(setup(), [node(), config_map("x", json!({})), pod].map(read));
    shows_some.run_until(5 * SECOND);
    assert_eq!(shown(&shows_some), "ContainerCreating");
}

#[test]
fn a_dump_says_what_its_pods_have_missed() {
    let mut pod = pod_with(json!({"envFrom": [{"configMapRef": {"name": "y"}}]}), Value::Null);
    let waiting = json!({"reason": "CreateContainerConfigError", "message": "configmap \"y\" not found"});
    pod["status"] = json!({"phase": "Pending", "startTime": "1970-01-01T00:00:00Z", "containerStatuses": [
        {"name": "c", "image": "app:1", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": waiting}}]});
    let mut cluster = Cluster::new(Setup::of("v1.30.0".parse().unwrap()), [node(), pod].map(read));
    cluster.run_until(60 * SECOND);
    assert_eq!(shown(&cluster), "CreateContainerConfigError");
    let missing = cluster.missing_references(cluster.store().find::<Pod>("default", "p").unwrap());
    assert_eq!(missing.len(), 1);
    cluster.make(&Change::Apply(vec![read(config_map("y", json!({"k": "v"})))])).unwrap();
    cluster.run_until(80 * SECOND);
    assert!(pod::is_ready(cluster.store().find::<Pod>("default", "p").unwrap()));
}
