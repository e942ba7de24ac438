//! Dumps as people make them: the folders and streams of tools, and the same objects in several files.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sim_tests::Sim;

fn node() -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "un", "labels": {"kubernetes.io/hostname": "n1"},
        "creationTimestamp": "2026-01-01T00:00:00Z", "resourceVersion": "5"},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}, "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn pod(version: &str, phase: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop", "uid": "up",
        "creationTimestamp": "2026-01-01T00:00:00Z", "resourceVersion": version},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i:1"}]}, "status": {"phase": phase}})
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sim-tests-{}-dumps-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// A list as a typed client writes it: its items do not say what they are.
fn typed_list(kind: &str, mut item: Value) -> String {
    let fields = item.as_object_mut().expect("an object");
    fields.remove("apiVersion");
    fields.remove("kind");
    json!({"kind": format!("{kind}List"), "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": [item]})
        .to_string()
}

#[track_caller]
fn shows(input: &str, stdin: &str, phase: &str) {
    let args = ["get", "pods", "-A", "--no-headers", "--at", "0s", "-f", input];
    let ran = Sim::new("dumps").run_with_stdin(&args, stdin.as_bytes());
    assert!(
        ran.code == 0 && ran.stdout.starts_with("shop   p   ") && ran.stdout.contains(phase),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn a_folder_of_cluster_info_dump() {
    let folder = folder("cluster-info");
    write(&folder.join("nodes.json"), &typed_list("Node", node()));
    write(&folder.join("shop/pods.json"), &typed_list("Pod", pod("7", "Succeeded")));
    write(
        &folder.join("shop/services.json"),
        &json!({"kind": "ServiceList", "apiVersion": "v1", "items": []}).to_string(),
    );
    write(&folder.join("shop/p/logs.txt"), "{not: [json");
    shows(&folder.display().to_string(), "", "Succeeded");
}

#[test]
fn what_cluster_info_dump_prints() {
    let text = format!(
        "{}\n{}\n==== START logs for container c of pod shop/p ====\n{{\"level\": \"info\", \"not\nyaml: [\n==== END logs for container c of pod shop/p ====\n{}\n",
        typed_list("Node", node()),
        typed_list("Pod", pod("7", "Succeeded")),
        json!({"kind": "EventList", "apiVersion": "v1", "items": []}),
    );
    shows("-", &text, "Succeeded");
}

#[test]
fn a_folder_of_must_gather() {
    let folder = folder("must-gather");
    let root = folder.join("quay-io-openshift-must-gather-sha256-abc");
    write(&root.join("cluster-scoped-resources/core/nodes/n1.yaml"), &node().to_string());
    // Once in a list, once by itself.
    write(
        &root.join("namespaces/shop/core/pods.yaml"),
        &json!({"kind": "PodList", "apiVersion": "v1", "items": [pod("7", "Failed")]}).to_string(),
    );
    write(&root.join("namespaces/shop/pods/p/p.yaml"), &pod("8", "Succeeded").to_string());
    write(&root.join("namespaces/shop/pods/p/c/c/logs/current.log"), "x");
    shows(&folder.display().to_string(), "", "Succeeded");
    shows(&root.display().to_string(), "", "Succeeded");
}

#[test]
fn an_object_in_two_dumps_is_the_newer_one() {
    for [first, second] in [["7", "8"], ["8", "7"]] {
        let phase = |version: &str| if version == "8" { "Succeeded" } else { "Failed" };
        let list = |version: &str| pod(version, phase(version)).to_string();
        let text = format!("{}\n---\n{}\n---\n{}", node(), list(first), list(second));
        shows("-", &text, "Succeeded");
    }
    // Two manifests of one name are a mistake.
    let mut other = pod("8", "Succeeded");
    other["metadata"]["uid"] = json!("another");
    let text = format!("{}\n---\n{}\n---\n{other}", node(), pod("7", "Failed"));
    let ran = Sim::new("twice").run_with_stdin(&["get", "pods", "-A", "-f", "-"], text.as_bytes());
    assert!(ran.code == 2 && ran.stderr.contains("the object is here a second time"), "{}", ran.stderr);
}

#[test]
fn a_folder_of_folders_that_is_no_dump_is_not_searched() {
    let folder = folder("plain");
    write(&folder.join("base/pod.yaml"), &pod("7", "Failed").to_string());
    let ran = Sim::new("plain").run(&["get", "pods", "-f", &folder.display().to_string()]);
    assert!(ran.code == 2 && ran.stderr.contains("directories inside it are not searched"), "{}", ran.stderr);
}
