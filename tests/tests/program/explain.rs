//! `sim explain` on the real binary.

use serde_json::Value;
use sim_tests::{Ran, Sim};

const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: cp}
spec: {taints: [{key: role, value: cp, effect: NoSchedule}, {key: odd, effect: NoExecute}]}
status: {allocatable: {cpu: '1', memory: 4Gi, pods: '110'}}
---
apiVersion: v1
kind: Node
metadata: {name: small, labels: {disk: ssd}}
status: {allocatable: {cpu: '2', memory: 4Gi, pods: '110'}}
---
apiVersion: v1
kind: Node
metadata: {name: wide}
status: {allocatable: {cpu: '8', memory: 16Gi, pods: '110'}}
---
apiVersion: v1
kind: Pod
metadata: {name: low}
spec: {nodeName: small, priority: 0, containers: [{name: c, image: nginx, resources: {requests: {cpu: '2'}}}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: high, namespace: team}
spec: {priority: 10, nodeSelector: {disk: ssd}, containers: [{name: c, image: nginx, resources: {requests: {cpu: '2'}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: polite}
spec: {preemptionPolicy: Never, priority: 10, containers: [{name: c, image: nginx, resources: {requests: {cpu: '64'}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: free}
spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 100m}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gated}
spec: {schedulingGates: [{name: quota}], containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: coming}
spec:
  priority: 20
  schedulingGates: [{name: quota}]
  nodeSelector: {disk: ssd}
  containers: [{name: c, image: nginx, resources: {requests: {cpu: '2'}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: foreign}
spec: {schedulerName: volcano, containers: [{name: c, image: nginx}]}
";

/// Explains a pod of the cluster as it is loaded.
fn explain(name: &str, version: &str, arguments: &[&str]) -> Ran {
    let all = [&["explain", "-", "--at", "0s", "--kubernetes-version", version], arguments].concat();
    Sim::new(&format!("explain-{name}")).run_with_stdin(&all, CLUSTER.as_bytes())
}

/// Every line, blanks put together.
fn lines(ran: &Ran) -> Vec<String> {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[track_caller]
fn has(ran: &Ran, expected: &[&str]) {
    let lines = lines(ran);
    for line in expected {
        assert!(lines.iter().any(|shown| shown == line), "{line:?} is not in:\n{}", ran.stdout);
    }
}

#[test]
fn every_filter_is_listed_and_the_one_that_speaks_is_marked() {
    let no_room = "NodeResourcesFit Insufficient cpu (asks 64000m cpu, 1000m is free)";
    let taints = "(role=cp:NoSchedule; odd:NoExecute)";
    let said = format!("cp * TaintToleration node(s) had untolerated taint {{role: cp}} {taints}");
    let policy = "Preemption evicts nobody: not eligible due to preemptionPolicy=Never.";
    has(&explain("all", "1.33.0", &["polite"]), &[&said, no_room, policy]);
    // The event of newer versions does not name the taint.
    let said = format!("cp * TaintToleration node(s) had untolerated taint(s) {taints}");
    has(&explain("unnamed", "1.35.0", &["polite"]), &[&said]);
}

#[test]
fn of_each_refused_node_one_thing_is_told() {
    let ran = explain("told", "1.33.0", &["high", "-n", "team", "-o", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&document["kind"], &document["pod"]), (&"PodExplanation".into(), &"team/high".into()));
    assert_eq!(document["nodes"].as_array().map(Vec::len), Some(3));
    let told = |node: &Value| {
        let refusals = node["refusals"].as_array().cloned().unwrap_or_default();
        refusals.iter().filter(|refusal| refusal["told"] == true).count()
    };
    for node in document["nodes"].as_array().into_iter().flatten().filter(|node| node["feasible"] == false) {
        assert_eq!(told(node), 1, "{node}");
    }
}

#[test]
fn scores_are_raw_normalised_and_weighted() {
    let ran = explain("scores", "1.33.0", &["default/free", "--node", "wide"]);
    has(&ran, &["NODE RANK TOTAL PLUGIN RAW NORMALIZED WEIGHT SCORE"]);
    assert!(
        lines(&ran).iter().any(|line| line.starts_with("wide 1 ") && line.ends_with(" TaintToleration 0 100 3 300"))
    );
    assert!(!ran.stdout.contains("small"), "{}", ran.stdout);
    let ran = explain("json", "1.33.0", &["free", "-o", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    for node in document["nodes"].as_array().into_iter().flatten().filter(|node| node["feasible"] == true) {
        let scores = node["scores"].as_array().cloned().unwrap_or_default();
        let weighted: i64 = scores.iter().filter_map(|score| score["weighted"].as_i64()).sum();
        assert_eq!(node["total"].as_i64(), Some(weighted));
    }
}

#[test]
fn preemption_says_whom_it_would_evict_and_where_nobody() {
    let chosen = "DefaultPreemption would evict default/low: chosen";
    let helpless = "DefaultPreemption Preemption is not helpful for scheduling";
    let summary = "Preemption evicts default/low and nominates small for the pod.";
    has(&explain("evicts", "1.33.0", &["coming"]), &[chosen, helpless, summary]);
    let ran = explain("evicts-json", "1.33.0", &["coming", "-o", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let expected = serde_json::json!({"nominatedNode": "small", "victims": ["default/low"], "reason": null});
    assert_eq!(document["preemption"], expected);
}

#[test]
fn pods_that_nobody_looks_at_say_why() {
    let foreign = "default/foreign: Nobody serves the scheduler name volcano (only default-scheduler): the pod stays Pending without events.";
    has(&explain("foreign", "1.33.0", &["foreign"]), &[foreign]);
    let gated = "default/gated is held back: waiting for scheduling gates: [quota]. Without its gates:";
    has(&explain("gated", "1.33.0", &["gated"]), &[gated]);
}

#[test]
fn what_is_not_there_is_told_in_kubectl_s_words() {
    for (name, arguments, words) in [
        ("pod", vec!["nosuch"], "Error from server (NotFound): pods \"nosuch\" not found"),
        ("namespace", vec!["high"], "it is in namespace team: add -n team"),
        ("node", vec!["free", "--node", "nosuch"], "Error from server (NotFound): nodes \"nosuch\" not found"),
    ] {
        let ran = explain(name, "1.33.0", &arguments);
        assert_eq!(ran.code, 2, "{name}");
        assert!(ran.stderr.contains(words), "{name}: {}", ran.stderr);
    }
    let file = sim_tests::root().join("scenarios/kubespray-uninitialized.yaml").display().to_string();
    let ran = Sim::new("explain-file").run(&["explain", &file]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("which pod of it?"), "{}", ran.stderr);
}
