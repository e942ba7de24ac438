//! `sim diagnose`: causes, deadlocks, graphs, and input that has none.

use serde_json::Value;
use sim_tests::Sim;

const ARTICLE: &str = "scenarios/kubespray-uninitialized.yaml";

#[track_caller]
fn json(name: &str, args: &[&str]) -> Value {
    let ran = Sim::new(name).run(&[&["diagnose"], args, &["-o", "json"]].concat());
    assert!(ran.code <= 1, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).expect("one JSON document")
}

#[test]
fn the_article_s_pods_have_one_cause() {
    let found = json("diagnose-article", &[ARTICLE]);
    assert_eq!(found["kind"], "Diagnosis");
    let causes = found["causes"].as_array().expect("causes");
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0]["pods"], 4);
    assert_eq!(causes[0]["things"][0]["name"], "cloud-controller-manager");
    assert_eq!(causes[0]["isDeadlock"], false);
    assert_eq!(causes[0]["outlook"]["verdict"], "never");
    // The version's sentence names no taint: the clue does.
    let clue = &causes[0]["affected"][0]["clues"]["hiddenTaints"][0];
    assert_eq!(clue["taint"], "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule");
    assert_eq!(clue["nodes"], serde_json::json!(["kubemaster", "kubeworker"]));
    let odd: Vec<&str> =
        found["oddities"].as_array().into_iter().flatten().filter_map(|oddity| oddity["kind"].as_str()).collect();
    assert!(odd.contains(&"sharedInternalIP") && odd.contains(&"sharedMachineID"), "{odd:?}");
}

#[test]
fn text_and_exit_codes_tell_whether_something_is_wrong() {
    let ran = Sim::new("diagnose-text").run(&["diagnose", ARTICLE]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.starts_with("1. 4 pods: the nodes wait for a cloud-controller-manager, and none runs\n"));
    assert!(ran.stdout.contains("goes away   never: "), "{}", ran.stdout);
    let healthy = b"apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}, nodeInfo: {kubeletVersion: v1.30.0}}\n";
    let ran = Sim::new("diagnose-healthy").run_with_stdin(&["diagnose", "-"], healthy);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "Nothing is wrong at 0s (Kubernetes v1.30.0).\n"),
        "{}",
        ran.stderr
    );
    let ran = Sim::new("diagnose-empty").run_with_stdin(&["diagnose", "-"], b"");
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[test]
fn a_circle_is_told_as_the_deadlock_it_is() {
    let found = json("diagnose-deadlock", &["scenarios/cloud-controller-needs-dns.yaml", "--at", "20m"]);
    let cause = &found["causes"][0];
    assert_eq!(cause["isDeadlock"], true);
    let path: Vec<&str> = cause["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(path.iter().any(|step| step.contains("needs deployment/coredns in kube-system")), "{path:?}");
    assert!(path.iter().any(|step| step.contains("is removed by component cloud-controller-manager")), "{path:?}");
    assert_eq!(path.len(), cause["things"].as_array().map_or(0, Vec::len), "the way round comes back to its start");
    let link = cause["cut"]["link"].as_str().unwrap_or_default();
    assert!(!link.is_empty() && path.iter().any(|step| step.starts_with(link)), "{} of {path:?}", cause["cut"]);
    let edit = cause["cut"]["edit"].as_str().unwrap_or_default();
    assert!(edit.starts_with("tolerate") || edit.starts_with("deploy the cloud-controller-manager"), "{edit}");
}

#[test]
fn the_graph_is_drawn_in_three_languages() {
    let graph = |format: &str| {
        let ran = Sim::new(&format!("diagnose-{format}")).run(&["diagnose", ARTICLE, "--graph", format]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    assert!(graph("dot").starts_with("digraph waits {\n"));
    assert!(graph("mermaid").starts_with("flowchart LR\n"));
    let svg = graph("svg");
    assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(svg.contains("cloud-controller-manager"));
    assert_eq!(svg, graph("svg"), "the same bytes each time");
}

#[test]
fn what_waits_for_an_end_is_told_what_ends() {
    let input = br#"
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: "1", memory: 8Gi, pods: "110"}, nodeInfo: {kubeletVersion: v1.30.0}}
---
apiVersion: v1
kind: Pod
metadata: {name: first, namespace: default, annotations: {sim/behaviour: exits 0 after 10m}}
spec: {restartPolicy: Never, containers: [{name: c, image: job, resources: {requests: {cpu: "1"}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: second, namespace: default}
spec: {containers: [{name: c, image: web, resources: {requests: {cpu: "1"}}}]}
"#;
    let ran = Sim::new("diagnose-when").run_with_stdin(&["diagnose", "-", "--at", "1m", "-o", "json"], input);
    let found: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    let outlook = &found["causes"][0]["outlook"];
    assert_eq!(outlook["verdict"], "when", "{}", ran.stdout);
    assert_eq!(outlook["when"], "pod default/first has ended", "{outlook}");
}

#[test]
fn a_config_map_that_is_not_there_is_what_a_pod_needs() {
    let input = br#"
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}, nodeInfo: {kubeletVersion: v1.30.0}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: c, image: web, envFrom: [{configMapRef: {name: settings}}]}]}
"#;
    let ran = Sim::new("diagnose-config-map").run_with_stdin(&["diagnose", "-", "--at", "1m"], input);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for part in ["needs configmap/settings in default", "configmap \"settings\" not found"] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
}
