//! What containers are declared to do, as a person writes it: in a Scenario and in a pod's annotation.

use sim_tests::{Ran, Sim};

const NODE: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: '2', memory: 4Gi, pods: '110'}, nodeInfo: {kubeletVersion: v1.30.2}}
";

fn pod(annotation: &str) -> String {
    format!(
        "{NODE}---
apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    sim/behaviour: {annotation}
spec: {{containers: [{{name: c, image: 'app:1'}}]}}
"
    )
}

fn scenario(spec: &str) -> String {
    format!("{NODE}---\napiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: t}}\nspec:\n{spec}")
}

fn stdin(name: &str, input: &str, args: &[&str]) -> Ran {
    Sim::new(name).run_with_stdin(args, input.as_bytes())
}

#[track_caller]
fn refused(name: &str, input: &str, words: &[&str]) {
    let ran = stdin(name, input, &["run", "-"]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "{word:?} is not in {}", ran.stderr);
    }
}

#[test]
fn a_pod_says_how_it_behaves() {
    let ran = stdin("crash", &pod("exits 1 after 5s"), &["get", "-f", "-", "--at", "1m", "pods"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("CrashLoopBackOff"), "{}", ran.stdout);
}

#[test]
fn what_is_no_behaviour_is_refused_where_it_stands() {
    refused("word", &pod("crashes"), &["<stdin>:12", "unknown behaviour \"crashes\"", "exits CODE [after D]"]);
    refused(
        "list",
        &scenario("  behaviours:\n  - pods: {name: app}\n    behaviour: [never ready, exits 300]\n"),
        &["<stdin>:13", "\"300\" is no exit code"],
    );
    refused(
        "step",
        &scenario(
            "  timeline:\n  - at: 1m\n    steps:\n    - behaviour: {pods: {name: app}, behaviour: ready after 5}\n",
        ),
        &["<stdin>:14", "\"5\" is no duration"],
    );
}

#[test]
fn a_step_that_selects_no_pod_ends_the_run() {
    let text = "  timeline:\n  - at: 1m\n    steps:\n    - behaviour: {pods: {name: ghost}, behaviour: never ready}\n";
    let ran = stdin("ghost", &scenario(text), &["run", "-"]);
    assert_ne!(ran.code, 0);
    let message = "no pods are selected by name=ghost";
    assert!(ran.stderr.contains(message) || ran.stdout.contains(message), "{}{}", ran.stdout, ran.stderr);
}
