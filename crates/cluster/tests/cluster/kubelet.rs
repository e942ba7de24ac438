//! Kubelets in whole runs: what containers are declared to do, and what becomes of their pods.

use k8s_openapi::api::core::v1::{Event, Node};
use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::print::{TableOptions, pods};
use sim_cluster::{
    Change, Cluster, Conduct, Declaration, Kind, KubeletRestart, Object, ObjectRef, PodPattern, Setup, Stop,
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

fn node(name: &str) -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "ephemeral-storage": "100Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"disk": "ssd"}},
        "status": {"capacity": resources, "allocatable": resources}})
}

/// A pod with one container `c` that does what it says, and whatever else its spec and container say.
fn pod(name: &str, behaviour: &str, spec: Value, container: Value) -> Value {
    let mut annotations = json!({});
    if !behaviour.is_empty() {
        annotations = json!({"sim/behaviour": behaviour});
    }
    let mut first = json!({"name": "c", "image": "app:1"});
    first.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
    let mut pod_spec = json!({"containers": [first]});
    pod_spec.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    json!({"apiVersion": "v1", "kind": "Pod", "spec": pod_spec,
        "metadata": {"name": name, "namespace": "default", "annotations": annotations}})
}

fn bound(name: &str, behaviour: &str, container: Value) -> Value {
    pod(name, behaviour, json!({"nodeName": "n1"}), container)
}

/// READY, STATUS and RESTARTS of a pod, as kubectl shows them.
fn shown(cluster: &Cluster, name: &str) -> String {
    let Some(pod) = cluster.store().find::<Pod>("default", name) else { return "gone".to_owned() };
    let text = pods(&[pod.as_ref()], &cluster.print_context()).render(&TableOptions::default());
    let row = text.lines().nth(1).unwrap().split_whitespace().skip(1).collect::<Vec<_>>();
    row[..3].join(" ")
}

#[track_caller]
fn check(cluster: &mut Cluster, at_ms: u64, name: &str, expected: &str) {
    cluster.run_until(at_ms);
    assert_eq!(shown(cluster, name), expected, "at {at_ms} ms");
}

/// The events about an object: reason, message and count, in order of their first sight.
fn events(cluster: &Cluster, name: &str) -> Vec<(String, String, i32)> {
    let about = cluster.store().list::<Event>().filter(|event| event.involved_object.name.as_deref() == Some(name));
    let mut all: Vec<_> = about.collect();
    all.sort_by_key(|event| event.metadata.name.clone());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    all.iter().map(|event| (text(&event.reason), text(&event.message), event.count.unwrap_or(1))).collect()
}

#[track_caller]
fn told(cluster: &Cluster, name: &str, reason: &str, message: &str) -> i32 {
    let all = events(cluster, name);
    let found = all.iter().find(|(its, said, _)| its == reason && said == message);
    found.unwrap_or_else(|| panic!("{reason} {message}: {all:#?}")).2
}

fn reason_and_message(cluster: &Cluster, name: &str) -> (String, String) {
    let status = cluster.store().find::<Pod>("default", name).unwrap().status.clone().unwrap();
    (status.reason.unwrap_or_default(), status.message.unwrap_or_default())
}

fn waiting(cluster: &Cluster, name: &str) -> (String, String) {
    let status = cluster.store().find::<Pod>("default", name).unwrap().status.clone().unwrap();
    let waiting = status.container_statuses.unwrap()[0].state.clone().unwrap().waiting.unwrap();
    (waiting.reason.unwrap_or_default(), waiting.message.unwrap_or_default())
}

#[test]
fn a_crash_loop_backs_off() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "exits 1 after 5s", json!({}))]);
    check(&mut cluster, 500, "p", "0/1 ContainerCreating 0");
    check(&mut cluster, 2_000, "p", "1/1 Running 0");
    check(&mut cluster, 6_500, "p", "0/1 Error 0");
    // The first restart comes at once, the second after 10 s.
    check(&mut cluster, 8_000, "p", "1/1 Running 1");
    check(&mut cluster, 14_500, "p", "0/1 CrashLoopBackOff 1");
    let (reason, message) = waiting(&cluster, "p");
    assert_eq!(reason, "CrashLoopBackOff");
    assert!(message.starts_with("back-off 10s restarting failed container=c pod=p_default("), "{message}");
    check(&mut cluster, 22_500, "p", "1/1 Running 2");
    check(&mut cluster, 30_000, "p", "0/1 CrashLoopBackOff 2");
    cluster.run_until(30 * MINUTE);
    let message = waiting(&cluster, "p").1;
    assert!(message.starts_with("back-off 5m0s "), "{message}");
}

#[test]
fn a_crash_loop_comes_to_rest() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "exits 1", json!({}))]);
    assert_eq!(cluster.settle(60 * 60 * MINUTE), Stop::Quiet);
    assert!(cluster.now_ms() < 30 * MINUTE);
}

#[test]
fn a_container_that_ran_long_starts_at_once_again() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "exits 1 after 11m", json!({}))]);
    cluster.run_until(70 * MINUTE);
    assert!(events(&cluster, "p").iter().all(|(reason, ..)| reason != "BackOff"));
}

#[test]
fn pods_end_by_their_restart_policy() {
    for (policy, behaviour, expected) in [
        ("Never", "exits 0 after 5s", "0/1 Completed 0"),
        ("Never", "exits 3 after 5s", "0/1 Error 0"),
        ("OnFailure", "exits 0 after 5s", "0/1 Completed 0"),
        ("OnFailure", "exits 3 after 5s", "1/1 Running 1"),
    ] {
        let spec = json!({"nodeName": "n1", "restartPolicy": policy});
        let mut cluster = cluster("v1.30.0", vec![node("n1"), pod("p", behaviour, spec, json!({}))]);
        check(&mut cluster, 9_000, "p", expected);
    }
    let spec = json!({"nodeName": "n1", "restartPolicy": "Never"});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), pod("p", "exits 3", spec, json!({}))]);
    cluster.run_until(MINUTE);
    let phase = cluster.store().find::<Pod>("default", "p").unwrap().status.clone().unwrap().phase;
    assert_eq!(phase.as_deref(), Some("Failed"));
}

#[test]
fn an_image_that_is_missing_is_pulled_with_a_back_off() {
    let mut cluster = cluster("v1.33.0", vec![node("n1"), bound("p", "image missing", json!({}))]);
    // Each sync shows what came of the one before: the first follows at once, the others after 12.5 s.
    check(&mut cluster, 2_000, "p", "0/1 ContainerCreating 0");
    check(&mut cluster, 3_000, "p", "0/1 ErrImagePull 0");
    let why = "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/app:1\": failed to resolve reference \"docker.io/library/app:1\": docker.io/library/app:1: not found";
    assert_eq!(waiting(&cluster, "p"), ("ErrImagePull".to_owned(), why.to_owned()));
    check(&mut cluster, 16_000, "p", "0/1 ImagePullBackOff 0");
    assert_eq!(waiting(&cluster, "p").1, format!("Back-off pulling image \"app:1\": ErrImagePull: {why}"));
    cluster.run_until(60_000);
    assert_eq!(told(&cluster, "p", "Pulling", "Pulling image \"app:1\""), 3);
    assert_eq!(told(&cluster, "p", "Failed", &format!("Failed to pull image \"app:1\": {why}")), 3);
    assert_eq!(told(&cluster, "p", "Failed", "Error: ErrImagePull"), 3);
    assert_eq!(told(&cluster, "p", "BackOff", "Back-off pulling image \"app:1\""), 3);
    assert_eq!(told(&cluster, "p", "Failed", "Error: ImagePullBackOff"), 3);
    check(&mut cluster, 65_000, "p", "0/1 ErrImagePull 0");
    check(&mut cluster, 70_000, "p", "0/1 ImagePullBackOff 0");
    // Between two pulls every sync tells: three of them in 40 s.
    cluster.run_until(92_000);
    assert_eq!(told(&cluster, "p", "Pulling", "Pulling image \"app:1\""), 4);
    assert_eq!(told(&cluster, "p", "BackOff", "Back-off pulling image \"app:1\""), 5);
}

#[test]
fn docker_says_it_differently() {
    let mut cluster = cluster("v1.16.0", vec![node("n1"), bound("p", "image missing", json!({}))]);
    check(&mut cluster, 16_000, "p", "0/1 ImagePullBackOff 0");
    assert_eq!(waiting(&cluster, "p").1, "Back-off pulling image \"app:1\"");
    let why = "rpc error: code = Unknown desc = Error response from daemon: manifest for app:1 not found: manifest unknown: manifest unknown";
    told(&cluster, "p", "Failed", &format!("Failed to pull image \"app:1\": {why}"));
}

#[test]
fn a_broken_image_stays_where_it_was() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), node("n2"), bound("p", "", json!({}))]);
    cluster.run_until(5_000);
    cluster.make(&Change::ImageBroken("app:*".to_owned())).unwrap();
    let there = Object::read(Kind::Pod, bound("q", "", json!({}))).unwrap();
    let elsewhere = Object::read(Kind::Pod, pod("r", "", json!({"nodeName": "n2"}), json!({}))).unwrap();
    cluster.make(&Change::Apply(vec![there, elsewhere])).unwrap();
    check(&mut cluster, 10_000, "q", "1/1 Running 0");
    check(&mut cluster, 10_000, "r", "0/1 ErrImagePull 0");
    cluster.make(&Change::ImageFixed("app:*".to_owned())).unwrap();
    check(&mut cluster, 60_000, "r", "1/1 Running 0");
}

#[test]
fn pulling_takes_its_time_and_is_told() {
    for (version, said) in [
        ("v1.18.0", "Successfully pulled image \"app:1\""),
        ("v1.26.0", "Successfully pulled image \"app:1\" in 1m30s"),
        ("v1.28.0", "Successfully pulled image \"app:1\" in 1m30s (1m30s including waiting)"),
        ("v1.33.0", "Successfully pulled image \"app:1\" in 1m30s (1m30s including waiting). Image size: 0 bytes."),
    ] {
        let mut cluster = cluster(version, vec![node("n1"), bound("p", "pulls 90s", json!({}))]);
        check(&mut cluster, 90_000, "p", "0/1 ContainerCreating 0");
        check(&mut cluster, 92_000, "p", "1/1 Running 0");
        told(&cluster, "p", "Pulled", said);
        // The next pod on the node finds it.
        cluster
            .make(&Change::Apply(vec![Object::read(Kind::Pod, bound("q", "pulls 90s", json!({}))).unwrap()]))
            .unwrap();
        check(&mut cluster, 95_000, "q", "1/1 Running 0");
    }
}

#[test]
fn container_events_are_worded_by_version() {
    for (version, pulled, created, started) in [
        ("v1.16.0", "", "Created container c", "Started container c"),
        ("v1.33.0", "", "Created container: c", "Started container c"),
        ("v1.35.0", " and can be accessed by the pod", "Container created", "Container started"),
    ] {
        let mut cluster = cluster(version, vec![node("n1"), bound("p", "", json!({}))]);
        cluster.run_until(MINUTE);
        told(&cluster, "p", "Pulled", &format!("Container image \"app:1\" already present on machine{pulled}"));
        told(&cluster, "p", "Created", created);
        told(&cluster, "p", "Started", started);
    }
}

#[test]
fn init_containers_run_one_after_the_other() {
    let spec =
        json!({"nodeName": "n1", "initContainers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), pod("p", "", spec.clone(), json!({}))]);
    check(&mut cluster, 500, "p", "0/1 Init:0/2 0");
    check(&mut cluster, 2_500, "p", "0/1 Init:1/2 0");
    check(&mut cluster, 4_000, "p", "1/1 Running 0");
}

#[test]
fn an_init_container_that_fails_holds_the_pod() {
    let mut value =
        pod("p", "", json!({"nodeName": "n1", "initContainers": [{"name": "a", "image": "a:1"}]}), json!({}));
    value["metadata"]["annotations"] = json!({"sim/behaviour.a": "exits 1"});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), value.clone()]);
    check(&mut cluster, 30_000, "p", "0/1 Init:CrashLoopBackOff 2");
    value["spec"]["restartPolicy"] = json!("Never");
    let mut cluster = self::cluster("v1.30.0", vec![node("n1"), value]);
    check(&mut cluster, 30_000, "p", "0/1 Init:Error 0");
}

#[test]
fn a_sidecar_runs_beside_and_does_not_hold_a_pod_that_completes() {
    let init = json!([{"name": "s", "image": "s:1", "restartPolicy": "Always"}, {"name": "a", "image": "a:1"}]);
    let spec = json!({"nodeName": "n1", "restartPolicy": "Never", "initContainers": init});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), pod("p", "exits 0 after 10s", spec, json!({}))]);
    check(&mut cluster, 4_000, "p", "2/2 Running 0");
    check(&mut cluster, 20_000, "p", "0/2 Completed 0");
}

#[test]
fn readiness_follows_its_probe() {
    let probe = json!({"readinessProbe": {"httpGet": {"port": 80}, "initialDelaySeconds": 5, "periodSeconds": 10}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "ready after 20s", probe)]);
    check(&mut cluster, 20_000, "p", "0/1 Running 0");
    // Probes at 6, 16 and 26 s: the third passes.
    check(&mut cluster, 27_000, "p", "1/1 Running 0");
    assert_eq!(told(&cluster, "p", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"), 2);
}

#[test]
fn what_is_never_ready_is_told_until_the_recorder_has_enough() {
    let probe = json!({"readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 10}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "never ready", probe)]);
    assert_eq!(cluster.settle(60 * MINUTE), Stop::Quiet);
    assert!(cluster.now_ms() < MINUTE);
    check(&mut cluster, 60 * MINUTE, "p", "0/1 Running 0");
    let count = told(&cluster, "p", "Unhealthy", "Readiness probe failed: ");
    assert!((330..=360).contains(&count), "{count}");
}

#[test]
fn a_failing_liveness_probe_restarts_the_container() {
    let probe = json!({"livenessProbe": {"httpGet": {"port": 80}, "periodSeconds": 10, "failureThreshold": 3}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "liveness fails after 30s", probe)]);
    check(&mut cluster, 50_000, "p", "1/1 Running 0");
    check(&mut cluster, 60_000, "p", "1/1 Running 1");
    assert_eq!(told(&cluster, "p", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 503"), 3);
    assert_eq!(told(&cluster, "p", "Killing", "Container c failed liveness probe, will be restarted"), 1);
}

#[test]
fn a_startup_probe_that_takes_too_long_restarts_the_container() {
    let probe = json!({"startupProbe": {"httpGet": {"port": 80}, "periodSeconds": 10, "failureThreshold": 3}});
    let mut slow = cluster("v1.30.0", vec![node("n1"), bound("p", "ready after 2m", probe.clone())]);
    check(&mut slow, 30_000, "p", "0/1 Running 1");
    assert_eq!(told(&slow, "p", "Killing", "Container c failed startup probe, will be restarted"), 1);
    let mut fast = cluster("v1.30.0", vec![node("n1"), bound("p", "ready after 15s", probe)]);
    check(&mut fast, 20_000, "p", "0/1 Running 0");
    check(&mut fast, 23_000, "p", "1/1 Running 0");
}

#[test]
fn more_memory_than_the_limit_is_killed() {
    let limits = json!({"resources": {"limits": {"memory": "200Mi"}}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "uses 300Mi memory after 10s", limits)]);
    check(&mut cluster, 10_000, "p", "1/1 Running 0");
    check(&mut cluster, 11_500, "p", "0/1 OOMKilled 0");
    check(&mut cluster, 30_000, "p", "0/1 CrashLoopBackOff 1");
}

#[test]
fn deletion_asks_waits_and_takes_away() {
    let spec = json!({"nodeName": "n1", "terminationGracePeriodSeconds": 20});
    let hook = json!({"lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), pod("p", "stops after 10s", spec, hook)]);
    cluster.run_until(10_000);
    cluster.make(&Change::Delete(ObjectRef::parse("pod/p").unwrap())).unwrap();
    check(&mut cluster, 24_000, "p", "1/1 Terminating 0");
    assert_eq!(told(&cluster, "p", "Killing", "Stopping container c"), 1);
    check(&mut cluster, 25_500, "p", "gone");
}

#[track_caller]
fn refused(version: &str, spec: Value, container: Value, reason: &str, message: &str) {
    let taken = pod(
        "taken",
        "",
        json!({"nodeName": "n1"}),
        json!({"ports": [{"containerPort": 80, "hostPort": 80}], "resources": {"requests": {"cpu": "3900m"}}}),
    );
    let mut cluster = cluster(version, vec![node("n1"), taken]);
    cluster.run_until(5_000);
    cluster.make(&Change::Apply(vec![Object::read(Kind::Pod, pod("p", "", spec, container)).unwrap()])).unwrap();
    check(&mut cluster, 10_000, "p", &format!("0/1 {reason} 0"));
    assert_eq!(reason_and_message(&cluster, "p"), (reason.to_owned(), message.to_owned()));
    let event = message.strip_prefix("Pod was rejected: ").or_else(|| message.strip_prefix("Pod ")).unwrap();
    told(&cluster, "p", reason, event);
}

#[test]
fn a_bound_pod_that_does_not_fit_is_refused() {
    let here = json!({"nodeName": "n1"});
    let cpu = json!({"resources": {"requests": {"cpu": "500m"}}});
    let message = "Node didn't have enough resource: cpu, requested: 500, used: 3900, capacity: 4000";
    refused("v1.16.0", here.clone(), cpu.clone(), "OutOfcpu", &format!("Pod {message}"));
    refused("v1.33.0", here.clone(), cpu, "OutOfcpu", &format!("Pod was rejected: {message}"));
    let port = json!({"ports": [{"containerPort": 80, "hostPort": 80}]});
    refused("v1.16.0", here.clone(), port.clone(), "PodFitsHostPorts", "Pod Predicate PodFitsHostPorts failed");
    refused(
        "v1.33.0",
        here,
        port,
        "NodePorts",
        "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    );
    let elsewhere = json!({"nodeName": "n1", "nodeSelector": {"disk": "hdd"}});
    refused("v1.17.0", elsewhere.clone(), json!({}), "MatchNodeSelector", "Pod Predicate MatchNodeSelector failed");
    refused("v1.20.0", elsewhere.clone(), json!({}), "NodeAffinity", "Pod Predicate NodeAffinity failed");
    refused("v1.27.0", elsewhere.clone(), json!({}), "NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed");
    refused(
        "v1.33.0",
        elsewhere,
        json!({}),
        "NodeAffinity",
        "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    );
}

#[test]
fn a_critical_pod_makes_room() {
    let big = json!({"resources": {"requests": {"cpu": "3"}}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("lesser", "", big.clone())]);
    cluster.run_until(5_000);
    let spec = json!({"nodeName": "n1", "priorityClassName": "system-node-critical"});
    cluster.make(&Change::Apply(vec![Object::read(Kind::Pod, pod("p", "", spec, big)).unwrap()])).unwrap();
    check(&mut cluster, 10_000, "p", "1/1 Running 0");
    assert_eq!(shown(&cluster, "lesser"), "0/1 Preempting 0");
    assert_eq!(reason_and_message(&cluster, "lesser").1, "Preempted in order to admit critical pod");
}

fn deployment(name: &str, replicas: i32, behaviour: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}, "annotations": {"sim/behaviour": behaviour}},
            "spec": {"containers": [{"name": "c", "image": "app:1",
                "readinessProbe": {"httpGet": {"port": 80}, "periodSeconds": 5}}]}}}})
}

fn ready(cluster: &Cluster, name: &str) -> i32 {
    let found = cluster.store().find::<sim_cluster::api::Deployment>("default", name).unwrap();
    found.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0)
}

#[test]
fn dependencies_hold_each_other() {
    let objects = vec![
        node("n1"),
        deployment("a", 1, "needs deployment/b Ready to become ready"),
        deployment("b", 1, "needs deployment/a Ready to become ready"),
        deployment("c", 1, "needs deployment/d Ready to start"),
        deployment("d", 1, "ready after 1m"),
    ];
    let mut cluster = cluster("v1.30.0", objects);
    cluster.run_until(30 * MINUTE);
    assert_eq!([ready(&cluster, "a"), ready(&cluster, "b")], [0, 0]);
    // `c` crashes until `d` is ready, and comes up at its next restart.
    assert_eq!([ready(&cluster, "c"), ready(&cluster, "d")], [1, 1]);
    // Somebody makes `a` do without `b`.
    let pods = PodPattern { owner: Some("deployment/a".to_owned()), ..PodPattern::default() };
    let free = Declaration { pods, container: None, conduct: Conduct::parse("ready after 1s").unwrap() };
    cluster.make(&Change::Behaviour(free)).unwrap();
    cluster.run_until(35 * MINUTE);
    assert_eq!([ready(&cluster, "a"), ready(&cluster, "b")], [0, 0], "a need is not taken back by another behaviour");
}

#[test]
fn what_was_needed_and_goes_is_missed() {
    let objects = vec![
        node("n1"),
        deployment("a", 1, "needs deployment/b Ready to become ready"),
        deployment("b", 1, "exits 1 after 5m"),
    ];
    let mut cluster = cluster("v1.30.0", objects);
    cluster.run_until(4 * MINUTE);
    assert_eq!([ready(&cluster, "a"), ready(&cluster, "b")], [1, 1]);
    cluster.make(&Change::Scale { workload: ObjectRef::parse("deployment/b").unwrap(), replicas: 0 }).unwrap();
    cluster.run_until(5 * MINUTE);
    assert_eq!(ready(&cluster, "a"), 0);
}

fn pressure(cluster: &Cluster, type_: &str) -> String {
    let node = cluster.store().find::<Node>("", "n1").unwrap();
    let conditions = node.status.as_ref().unwrap().conditions.as_ref().unwrap();
    conditions.iter().find(|condition| condition.type_ == type_).unwrap().status.clone()
}

#[test]
fn a_node_short_of_memory_evicts_the_one_that_uses_too_much() {
    let requests = json!({"resources": {"requests": {"memory": "1Gi"}}});
    let mut cluster = cluster(
        "v1.30.0",
        vec![
            node("n1"),
            bound("modest", "", requests.clone()),
            bound("greedy", "uses 7000Mi memory after 30s", requests),
        ],
    );
    cluster.run_until(35_000);
    assert_eq!(pressure(&cluster, "MemoryPressure"), "False");
    cluster.run_until(45_000);
    assert_eq!(pressure(&cluster, "MemoryPressure"), "False", "8192 - 1024 - 7000 = 168 MiB are left");
    let pods = PodPattern { name: Some("greedy".to_owned()), ..PodPattern::default() };
    let conduct = Conduct::parse("uses 7100Mi memory").unwrap();
    cluster.make(&Change::Behaviour(Declaration { pods, container: None, conduct })).unwrap();
    check(&mut cluster, 60_000, "greedy", "1/1 Running 0");
}

#[test]
fn eviction_texts_and_pressure() {
    for (version, message) in [
        (
            "v1.20.0",
            "The node was low on resource: memory. Container c was using 8000Mi, which exceeds its request of 1Gi. ",
        ),
        (
            "v1.30.0",
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 0. Container c was using 8000Mi, request is 1Gi, has larger consumption of memory. ",
        ),
    ] {
        let requests = json!({"resources": {"requests": {"memory": "1Gi"}}});
        let objects = vec![
            node("n1"),
            bound("modest", "", requests.clone()),
            bound("greedy", "uses 8000Mi memory after 30s", requests),
        ];
        let mut cluster = cluster(version, objects);
        check(&mut cluster, 45_000, "greedy", "0/1 Evicted 0");
        assert_eq!(shown(&cluster, "modest"), "1/1 Running 0");
        assert_eq!(reason_and_message(&cluster, "greedy"), ("Evicted".to_owned(), message.to_owned()));
        told(&cluster, "greedy", "Evicted", message);
        told(&cluster, "n1", "EvictionThresholdMet", "Attempting to reclaim memory");
        told(&cluster, "n1", "NodeHasInsufficientMemory", "Node n1 status is now: NodeHasInsufficientMemory");
        assert_eq!(pressure(&cluster, "MemoryPressure"), "True");
        let taints = cluster.store().find::<Node>("", "n1").unwrap().spec.clone().unwrap().taints.unwrap();
        assert!(taints.iter().any(|taint| taint.key == "node.kubernetes.io/memory-pressure"), "{taints:?}");
        // The condition stays for five minutes after the last sign.
        cluster.run_until(5 * MINUTE);
        assert_eq!(pressure(&cluster, "MemoryPressure"), "True");
        assert_eq!(cluster.settle(20 * MINUTE), Stop::Quiet);
        assert_eq!(pressure(&cluster, "MemoryPressure"), "False");
    }
}

#[test]
fn a_full_disk_refuses_everything_that_is_not_critical() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("hog", "uses 95Gi disk", json!({}))]);
    check(&mut cluster, 15_000, "hog", "0/1 Evicted 0");
    cluster.make(&Change::Apply(vec![Object::read(Kind::Pod, bound("p", "", json!({}))).unwrap()])).unwrap();
    check(&mut cluster, 20_000, "p", "0/1 Evicted 0");
    assert_eq!(reason_and_message(&cluster, "p").1, "Pod was rejected: The node had condition: [DiskPressure]. ");
}

#[test]
fn events_are_dropped_after_an_hour() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "", json!({}))]);
    cluster.run_until(59 * MINUTE);
    assert!(!events(&cluster, "p").is_empty());
    cluster.run_until(61 * MINUTE);
    assert_eq!(events(&cluster, "p"), []);
}

#[test]
fn the_conditions_are_the_kubelet_s() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "", json!({}))]);
    cluster.run_until(MINUTE);
    let status = cluster.store().find::<Pod>("default", "p").unwrap().status.clone().unwrap();
    let types: Vec<String> = status.conditions.unwrap().into_iter().map(|condition| condition.type_).collect();
    let expected = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    assert_eq!(types, expected);
}

#[test]
fn a_kubelet_that_restarts_takes_in_its_pods_anew() {
    let requests = json!({"resources": {"requests": {"cpu": "1500m"}}});
    let selects = json!({"nodeName": "n1", "nodeSelector": {"disk": "ssd"}});
    let objects = vec![
        node("n1"),
        bound("first", "", requests.clone()),
        bound("second", "", requests),
        pod("third", "", selects, json!({})),
    ];
    let mut cluster = cluster("v1.30.0", objects);
    cluster.run_until(5_000);
    let target = ObjectRef::parse("node/n1").unwrap();
    cluster.make(&Change::Label { target, set: Vec::new(), remove: vec!["disk".to_owned()] }).unwrap();
    check(&mut cluster, 10_000, "third", "1/1 Running 0");
    let allocatable = std::collections::BTreeMap::from([("cpu".to_owned(), "2500m".to_owned())]);
    let restart = KubeletRestart {
        node: "n1".to_owned(),
        register_with_taints: None,
        cloud_provider_external: None,
        node_labels: None,
        allocatable: Some(allocatable),
        version: None,
    };
    cluster.make(&Change::KubeletRestart(restart)).unwrap();
    check(&mut cluster, 15_000, "first", "1/1 Running 0");
    assert_eq!(shown(&cluster, "second"), "0/1 OutOfcpu 0");
    assert_eq!(shown(&cluster, "third"), "0/1 NodeAffinity 0");
    let message =
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2500";
    assert_eq!(reason_and_message(&cluster, "second").1, message);
}

#[test]
fn a_machine_that_was_down_starts_its_containers_again() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), bound("p", "", json!({}))]);
    cluster.run_until(5_000);
    cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
    cluster.run_until(2 * MINUTE);
    cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
    cluster.run_until(2 * MINUTE + 5_000);
    assert_eq!(shown(&cluster, "p"), "1/1 Running 1");
    told(&cluster, "p", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
}

#[test]
fn pods_pinned_to_a_full_disk_are_made_and_refused_without_end() {
    let mut web = deployment("web", 1, "uses 95Gi disk");
    web["spec"]["template"]["spec"]["nodeName"] = json!("n1");
    let mut cluster = cluster("v1.20.0", vec![node("n1"), web]);
    cluster.run_until(2 * MINUTE);
    let evicted = |cluster: &Cluster| {
        let all = cluster.store().list::<Pod>();
        all.filter(|pod| pod.status.as_ref().is_some_and(|status| status.reason.as_deref() == Some("Evicted"))).count()
    };
    let count = evicted(&cluster);
    assert!((30..=200).contains(&count), "{count}");
    // After five minutes without pressure the next one is taken in, fills the disk and is evicted in turn.
    cluster.run_until(10 * MINUTE);
    assert!(evicted(&cluster) > count);
}

#[test]
fn what_recovers_by_itself_is_waited_for() {
    let objects =
        vec![node("n1"), deployment("c", 1, "needs deployment/d Ready to start"), deployment("d", 1, "stops after 1s")];
    let mut cluster = cluster("v1.30.0", objects);
    let d = |behaviour: &str| {
        let pods = PodPattern { owner: Some("deployment/d".to_owned()), ..PodPattern::default() };
        Declaration { pods, container: None, conduct: Conduct::parse(behaviour).unwrap() }
    };
    cluster.declare([d("never ready")]);
    cluster.run_until(5_000);
    cluster.make(&Change::ImageBroken("late:1".to_owned())).unwrap();
    let late = bound("p", "", json!({"image": "late:1"}));
    cluster.make(&Change::Apply(vec![Object::read(Kind::Pod, late).unwrap()])).unwrap();
    assert_eq!(cluster.settle(300 * MINUTE), Stop::Quiet);
    assert_eq!((ready(&cluster, "c"), shown(&cluster, "p")), (0, "0/1 ImagePullBackOff 0".to_owned()));
    // What is mended is seen to recover, though by then everything is tried only every five minutes.
    cluster.make(&Change::ImageFixed("late:1".to_owned())).unwrap();
    cluster.make(&Change::Behaviour(d("ready after 1s"))).unwrap();
    assert_eq!(cluster.settle(600 * MINUTE), Stop::Quiet);
    assert_eq!((ready(&cluster, "c"), shown(&cluster, "p")), (1, "1/1 Running 0".to_owned()));
}
