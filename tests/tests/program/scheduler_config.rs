//! `--scheduler-config` on the real binary: a configuration that kube-scheduler would not start with is refused with
//! file, line, column and field, and nothing is run; one that it would start with decides as it says.

use sim_tests::{Ran, Sim};

const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: '2', memory: 4Gi, pods: '110'}}
---
apiVersion: v1
kind: Pod
metadata: {name: gated}
spec: {schedulingGates: [{name: wait}], containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: large}
spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: '64'}}}]}
";

/// Runs the cluster with a configuration, which is written beside it as `config.yaml`.
fn run(name: &str, version: &str, api: &str, body: &str) -> Ran {
    let folder = std::env::temp_dir().join(format!("sim-tests-{}-{name}-config", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("config.yaml");
    let text = format!("apiVersion: kubescheduler.config.k8s.io/{api}\nkind: KubeSchedulerConfiguration\n{body}");
    std::fs::write(&path, text).expect("a file");
    let path = path.display().to_string();
    let arguments = ["run", "-", "--kubernetes-version", version, "--scheduler-config", &path];
    Sim::new(&format!("config-{name}")).run_with_stdin(&arguments, CLUSTER.as_bytes())
}

#[track_caller]
fn refused(name: &str, version: &str, api: &str, body: &str, place: &str, words: &[&str]) {
    let ran = run(name, version, api, body);
    assert_eq!(ran.code, 2, "{body}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout, "", "{body}: nothing is run");
    for word in
        [&format!("config.yaml:{place}: KubeSchedulerConfiguration: ")[..], "nothing was run"].iter().chain(words)
    {
        assert!(ran.stderr.contains(word), "{body}: {word:?} is not in {}", ran.stderr);
    }
}

#[test]
fn bad_configurations_are_refused_with_their_place() {
    let plugin = "profiles:\n- plugins:\n    score:\n      enabled:\n      - name: ImageLocalty\n";
    let words = [
        "profiles[0].plugins.score.enabled[0].name",
        "there is no plugin \"ImageLocalty\"",
        "did you mean ImageLocality?",
    ];
    refused("plugin", "1.34", "v1", plugin, "7:15", &words);
    let weight = "extenders:\n- urlPrefix: http://x\n  prioritizeVerb: p\n  weight: 0\n";
    refused("weight", "1.34", "v1", weight, "6:11", &["extenders[0].weight", "must have a positive weight"]);
    let twice = "profiles:\n- schedulerName: a\n- schedulerName: a\n";
    refused("twice", "1.34", "v1", twice, "5:18", &["profiles[1].schedulerName", "duplicate value \"a\""]);
    let field = "profiles:\n- percentageOfNodesToScore: 10\n";
    let words = ["profiles[0].percentageOfNodesToScore", "is no field of v1beta3 in kube-scheduler v1.28.0"];
    refused("field", "1.28", "v1beta3", field, "4:29", &words);
    let key = "parallelism: 1\nparallelism: 2\n";
    refused("key", "1.34", "v1", key, "4:14", &["parallelism: is there twice"]);
    refused("api", "1.34", "v1beta3", "", "1:13", &["apiVersion: kube-scheduler v1.34.0 does not know v1beta3"]);
}

#[test]
fn what_kube_scheduler_starts_with_is_taken() {
    let nulls = run("nulls", "1.34", "v1", "profiles: null\nextenders: null\n");
    assert_eq!((nulls.code, nulls.stderr.contains("error")), (0, false), "{}", nulls.stderr);
    let zero = "profiles:\n- plugins:\n    score:\n      enabled: [{name: ImageLocality, weight: 0}]\n";
    let zero = run("zero", "1.34", "v1", zero);
    assert_eq!(zero.code, 0, "{}", zero.stderr);
    assert!(zero.stderr.contains("0 stands for the default of 1"), "{}", zero.stderr);
}

#[test]
fn gates_hold_pods_back_in_v1beta2_too() {
    let ran = run("gates", "1.27", "v1beta2", "");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("nobody here removes the scheduling gates of default/gated"), "{}", ran.stderr);
    assert_eq!(ran.stdout, run("gates-v1", "1.27", "v1", "").stdout);
}

/// A Scenario with a configuration of its own, before the cluster.
fn within(name: &str, profile: &str, args: &[&str]) -> Ran {
    let input = format!(
        "apiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: t}}\nspec:\n  kubernetesVersion: v1.34.0\n  controlPlane:\n    schedulerConfig:\n      apiVersion: kubescheduler.config.k8s.io/v1\n      kind: KubeSchedulerConfiguration\n      profiles: [{profile}]\n---{CLUSTER}"
    );
    Sim::new(&format!("within-{name}")).run_with_stdin(&[&["run", "-"], args].concat(), input.as_bytes())
}

#[test]
fn a_scenario_brings_its_own() {
    let ran = within("other", "{schedulerName: other}", &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("nobody serves the scheduler name default-scheduler (only other)"), "{}", ran.stderr);
    let ran = within("bad", "{plugins: {score: {enabled: [{name: ImageLocalty}]}}}", &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    for words in [
        "<stdin>:8:7: Scenario: spec.controlPlane.schedulerConfig.profiles[0].plugins.score.enabled[0].name",
        "did you mean ImageLocality?",
    ] {
        assert!(ran.stderr.contains(words), "{words:?} is not in {}", ran.stderr);
    }
    // A file comes before it.
    let file = std::env::temp_dir().join(format!("sim-tests-{}-within.yaml", std::process::id()));
    let text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    std::fs::write(&file, text).expect("a file");
    let ran = within("file", "{schedulerName: other}", &["--scheduler-config", &file.display().to_string()]);
    assert!(!ran.stderr.contains("nobody serves"), "{}", ran.stderr);
}
