//! When the scheduler tries pods again, told from its events: what its queue, its hints and its nominations come to.

use serde_json::{Value, json};
use sim_tests::Sim;

fn node(name: &str, cpu: &str) -> Value {
    let resources = json!({"cpu": cpu, "memory": "8Gi", "pods": "110"});
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"capacity": resources, "allocatable": resources},
    })
}

fn pod(name: &str, cpu: &str, priority: i32) -> Value {
    // The API server refuses pods that bring the number themselves.
    let class = if priority == 0 { Value::Null } else { json!(class_name(priority)) };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "priorityClassName": class,
            "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": cpu}}}],
        },
    })
}

/// The priorities that pods have here, each a class.
const PRIORITIES: [i32; 2] = [50, 100];

fn class_name(priority: i32) -> String {
    format!("priority-{priority}")
}

fn classes() -> impl Iterator<Item = Value> {
    PRIORITIES.into_iter().map(|priority| {
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": class_name(priority)}, "value": priority})
    })
}

fn on(node: &str, mut pod: Value) -> Value {
    pod["spec"]["nodeName"] = json!(node);
    pod["status"] = json!({"phase": "Running"});
    pod
}

fn apply(object: Value) -> Value {
    json!({"apply": {"objects": [object]}})
}

/// The items that `sim get` shows at the end of a run over a timeline.
fn items(name: &str, version: &str, what: &str, objects: &[Value], timeline: &[(&str, Value)]) -> Vec<Value> {
    let timeline: Vec<Value> = timeline.iter().map(|(at, step)| json!({"at": at, "steps": [step]})).collect();
    let scenario = json!({
        "apiVersion": "sim/v1", "kind": "Scenario", "metadata": {"name": name},
        "spec": {"start": "2024-01-01T00:00:00Z", "until": "30s", "timeline": timeline},
    });
    let everything = std::iter::once(scenario).chain(classes()).chain(objects.iter().cloned());
    let documents: Vec<String> = everything.map(|object| format!("---\n{object}\n")).collect();
    let args = ["get", what, "-A", "-o", "json", "-f", "-", "--kubernetes-version", version];
    let ran = Sim::new(&format!("queue-{name}-{version}")).run_with_stdin(&args, documents.concat().as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let list: Value = serde_json::from_str(&ran.stdout).expect("stdout is one JSON document");
    list["items"].as_array().cloned().unwrap_or_default()
}

/// When the scheduler said what of which pod: `second pod reason`, in this order.
fn told(name: &str, version: &str, objects: &[Value], timeline: &[(&str, Value)]) -> Vec<String> {
    let events = items(name, version, "events", objects, timeline);
    let scheduler = events.iter().filter(|event| event["reportingComponent"] == "default-scheduler");
    let mut told: Vec<String> = scheduler
        .map(|event| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let second = text(&event["eventTime"])[17..21].to_owned();
            format!("{second} {} {}", text(&event["involvedObject"]["name"]), text(&event["reason"]))
        })
        .collect();
    told.sort();
    told
}

#[track_caller]
fn check(name: &str, version: &str, objects: &[Value], timeline: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(told(name, version, objects, timeline), expected, "{name} {version}");
}

#[test]
fn the_older_of_two_goes_first() {
    let timeline = [("10s", apply(pod("young", "4", 0))), ("10s", apply(node("n2", "4")))];
    for version in ["1.20", "1.34"] {
        let expected = ["00.0 old FailedScheduling", "10.0 old Scheduled", "10.0 young FailedScheduling"];
        check("older", version, &[node("n1", "1"), pod("old", "4", 0)], &timeline, &expected);
    }
}

#[test]
fn an_update_of_the_pod_wakes_it_unless_hints_say_no() {
    let label = json!({"label": {"target": "pod/p", "set": {"x": "y"}}});
    let objects = [node("n1", "1"), pod("p", "6", 0)];
    let timeline = [("500ms", label)];
    let first = "00.0 p FailedScheduling";
    check("update", "1.20", &objects, &timeline, &[first, "00.5 p FailedScheduling"]);
    check("update", "1.31", &objects, &timeline, &[first, "01.0 p FailedScheduling"]);
    check("update", "1.34", &objects, &timeline, &[first]);
}

#[test]
fn a_pod_on_its_way_out_is_skipped() {
    let mut leaving = pod("p", "1", 0);
    leaving["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z");
    leaving["metadata"]["finalizers"] = json!(["example.com/f"]);
    let events = items("leaving", "1.34", "events", &[node("n1", "4"), leaving], &[]);
    let messages: Vec<&Value> = events.iter().map(|event| &event["message"]).collect();
    assert_eq!(messages, ["skip schedule deleting pod: default/p"]);
}

#[test]
fn a_nomination_in_a_dump_keeps_the_room() {
    let mut preemptor = pod("high", "4", 100);
    preemptor["status"] = json!({"phase": "Pending", "nominatedNodeName": "n1"});
    let mut victim = on("n1", pod("victim", "3", 0));
    victim["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z");
    victim["status"]["conditions"] =
        json!([{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]);
    let objects = [node("n1", "4"), victim, preemptor, pod("low", "1", 0)];
    for version in ["1.22", "1.34"] {
        let told = told("nominated", version, &objects, &[]);
        assert!(told.contains(&"01.0 high Scheduled".to_owned()), "{told:?}");
        assert!(!told.iter().any(|line| line.ends_with("low Scheduled")), "{told:?}");
    }
}

#[test]
fn victims_say_why_they_go_and_the_preemptor_keeps_its_node() {
    let objects = [node("n1", "3"), on("n1", pod("low", "2", 0))];
    // The node's kubelet is silent: the victim does not go, and the preemptor waits on.
    let silent = json!({"nodeDown": "n1"});
    let timeline = [
        ("500ms", silent),
        ("1s", apply(pod("high", "3", 100))),
        ("5s", apply(node("n2", "500m"))),
        ("8s", apply(pod("mid", "1", 50))),
    ];
    for (version, reason) in
        [("1.25", None), ("1.26", Some("PreemptionByKubeScheduler")), ("1.34", Some("PreemptionByScheduler"))]
    {
        let pods = items("victims", version, "pods", &objects, &timeline);
        let named = |name: &str| pods.iter().find(|pod| pod["metadata"]["name"] == name).expect("the pod is there");
        assert_eq!(named("high")["status"]["nominatedNodeName"], "n1", "{version}");
        let conditions = named("low")["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let disrupted = conditions.iter().find(|condition| condition["type"] == "DisruptionTarget");
        assert_eq!(disrupted.and_then(|condition| condition["reason"].as_str()), reason, "{version}");
        let message = "default-scheduler: preempting to accommodate a higher priority pod";
        assert!(disrupted.is_none_or(|condition| condition["message"] == message), "{version}");
    }
}

#[test]
fn a_more_important_preemptor_takes_the_nomination() {
    let objects = [node("n1", "4"), on("n1", pod("low", "4", 0))];
    let timeline = [
        ("500ms", json!({"nodeDown": "n1"})),
        ("1s", apply(pod("mid", "4", 50))),
        ("2s", apply(pod("high", "4", 100))),
    ];
    for version in ["1.20", "1.34"] {
        let pods = items("lesser", version, "pods", &objects, &timeline);
        let nominated = |name: &str| {
            let pod = pods.iter().find(|pod| pod["metadata"]["name"] == name).expect("the pod is there");
            pod["status"]["nominatedNodeName"].as_str()
        };
        // From 1.34 on a victim that is on its way out already is not evicted again, but the node is taken all the same.
        assert_eq!((nominated("high"), nominated("mid")), (Some("n1"), None), "{version}");
    }
}

#[test]
fn without_nodes_pods_try_again_by_themselves_from_1_29_on() {
    let failed = "00.0 p FailedScheduling";
    check("nodeless", "1.28", &[pod("p", "1", 0)], &[], &[failed]);
    check("nodeless", "1.29", &[pod("p", "1", 0)], &[], &[failed, "01.0 p FailedScheduling"]);
    check("nodeless", "1.33", &[pod("p", "1", 0)], &[], &[failed, "02.0 p FailedScheduling"]);
}

#[test]
fn a_deleted_node_wakes_nobody_up_to_1_31() {
    let spread = json!([{
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "a"}},
    }]);
    let mut waiting = pod("p", "2", 0);
    waiting["metadata"]["labels"] = json!({"app": "a"});
    waiting["spec"]["topologySpreadConstraints"] = spread;
    let mut there = on("n1", pod("there", "1", 0));
    there["metadata"]["labels"] = json!({"app": "a"});
    let objects = [node("n1", "4"), node("n2", "1"), there, waiting];
    let timeline = [("20s", json!({"delete": "node/n2"}))];
    check("gone", "1.31", &objects, &timeline, &["00.0 p FailedScheduling"]);
    check("gone", "1.32", &objects, &timeline, &["00.0 p FailedScheduling", "20.0 p Scheduled"]);
}
