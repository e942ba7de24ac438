//! Standard output that fails, and commands that look at the last run again.

use sim_tests::Sim;

const CLUSTER: &str = "
apiVersion: sim/v1
kind: Scenario
metadata: {name: first}
spec:
  kubernetesVersion: v1.30.2
  until: 20m
  timeline:
    - {at: 1m, steps: [{delete: shop/pod/db-0}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: db}]}
";

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error() {
    let sim = Sim::new("full");
    for args in [
        &["run", "-"][..],
        &["run", "-", "-o", "json"],
        &["get", "pods", "-A", "-f", "-"],
        &["whatif", "-", "--cordon", "n1"],
        &["schema"],
        &["completions", "bash"],
        &["--help"],
        &["run", "--help"],
        &["--version"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
        let ran = sim.run_into(args, CLUSTER.as_bytes(), full.into());
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("error: cannot write to stdout: No space left on device"),
            "{args:?}: {}",
            ran.stderr
        );
    }
}

#[test]
fn the_last_run_is_looked_at_as_far_as_it_went() {
    let sim = Sim::new("as-far");
    let ran = sim.run_with_stdin(&["run", "-", "--until", "9m"], CLUSTER.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let age = |args: &[&str]| {
        let ran = sim.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let row = ran.stdout.lines().find(|line| line.contains("db-0")).unwrap_or_default().to_owned();
        (row.split_whitespace().last().unwrap_or_default().to_owned(), ran.stderr)
    };
    let (shown, stderr) = age(&["get", "pods", "-n", "shop"]);
    assert_eq!(shown, "7m59s");
    assert!(stderr.contains("Using the cluster of the last `sim run` (until 9m): "), "{stderr}");
    // Whoever asks for another moment gets it, and a run to the Scenario's own end forgets.
    assert_eq!(age(&["get", "pods", "-n", "shop", "--at", "5m"]).0, "3m59s");
    sim.run_with_stdin(&["run", "-"], CLUSTER.as_bytes());
    assert_eq!(age(&["get", "pods", "-n", "shop"]).0, "18m");
}

#[test]
fn events_of_an_earlier_pod_of_the_same_name_are_not_shown() {
    let described = |at: &str| {
        let args = ["describe", "pod", "db-0", "-n", "shop", "-f", "-", "--at", at];
        let ran = Sim::new("earlier").run_with_stdin(&args, CLUSTER.as_bytes());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (ran.stdout.matches("Successfully assigned").count(), ran.stdout.matches("Killing").count())
    };
    assert_eq!(described("59s"), (1, 0));
    assert_eq!(described("5m"), (1, 0));
}
