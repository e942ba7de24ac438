//! What a Scenario can expect, what is said when it does not hold, and `sim test`.

use std::path::PathBuf;

use sim_tests::{Ran, Sim};

const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '2', memory: 4Gi, pods: '110'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 500m}}}]}
";

/// A Scenario on the cluster; the text is what follows `spec:`, two blanks in.
fn scenario(spec: &str) -> String {
    let spec: String = spec.trim_matches('\n').lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: t}}\nspec:\n  kubernetesVersion: v1.30.2\n{spec}---{CLUSTER}"
    )
}

fn run(name: &str, spec: &str) -> Ran {
    Sim::new(name).run_with_stdin(&["run", "-"], scenario(spec).as_bytes())
}

#[track_caller]
fn holds(name: &str, expectation: &str) {
    let ran = run(name, &format!("until: 10m\nexpectations:\n  - {expectation}"));
    assert_eq!(ran.code, 0, "{expectation}: {}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("1 of 1 expectations hold"), "{expectation}: {}", ran.stdout);
}

#[track_caller]
fn fails(name: &str, expectation: &str, words: &[&str]) {
    let ran = run(name, &format!("until: 10m\nexpectations:\n  - {expectation}"));
    assert_eq!(ran.code, 1, "{expectation}: {}{}", ran.stdout, ran.stderr);
    for word in [&["<stdin>:8:7: expectation does not hold"], words].concat() {
        assert!(ran.stdout.contains(word), "{expectation}: {word:?} is not in\n{}", ran.stdout);
    }
}

#[test]
fn pods_nodes_events_and_objects_can_be_expected() {
    holds("pods", "{pods: {owner: deployment/web, node: n1}, expect: {count: 2, status: Running, restarts: 0}}");
    holds("conditions", "{nodes: {}, expect: {status: Ready, conditions: {Ready: True, DiskPressure: False}}}");
    holds("reason", "{objects: {kind: deploy}, expect: {conditions: {Available: MinimumReplicasAvailable}}}");
    holds(
        "fields",
        "{objects: {kind: deployment, name: web}, expect: {fields: {status.readyReplicas: 2, status.unavailableReplicas: 0}}}",
    );
    holds("bounds", "{objects: {kind: rs}, expect: {count: {atLeast: 1}, fields: {status.replicas: {atMost: 2}}}}");
    holds("absent", "{objects: {kind: job}, expect: {count: 0}}");
    holds(
        "events",
        "{events: {namespace: shop, object: 'pod/web-*', reason: Scheduled, message: n1, source: default-scheduler}, expect: {count: 2}}",
    );
    holds("no-events", "{events: {type: Warning}, expect: {count: 0}}");
}

#[test]
fn moments_are_points_and_spans() {
    holds("at", "{at: 5m, pods: {}, expect: {ready: true}}");
    holds("within", "{within: 1m, pods: {}, expect: {ready: true, count: 2}}");
    holds("always", "{always: true, at: 1m, pods: {}, expect: {ready: true}}");
    holds("always-until", "{always: true, until: 0s, pods: {}, expect: {count: {atMost: 2}}}");
    fails(
        "within-not",
        "{at: 1m, within: 2m, pods: {}, expect: {phase: Failed}}",
        &["at 3m: pods all: pod shop/web-", "phase is \"Running\"", "NAMESPACE"],
    );
    fails("always-not", "{always: true, pods: {}, expect: {ready: true, count: {atMost: 9}}}", &["at 0s"]);
}

#[test]
fn what_was_found_instead_is_shown_as_kubectl_shows_it() {
    fails("nothing", "{pods: {name: 'wbe-*'}}", &["no pods are selected; there were web-", "NAMESPACE   NAME"]);
    fails("none-at-all", "{objects: {kind: cronjobs}}", &["no cronjobs are selected: there were none at all"]);
    fails("count", "{pods: {}, expect: {count: {atLeast: 3}}}", &["2 pods are selected, expected at least 3"]);
    fails(
        "field",
        "{objects: {kind: deployment}, expect: {fields: {status.readyReplicas: 3}}}",
        &["deployment shop/web: status.readyReplicas is 2, expected 3", "2/2"],
    );
    fails(
        "condition",
        "{nodes: {}, expect: {conditions: {Ready: False, Nonsense: True}}}",
        &["condition Nonsense is not there, condition Ready is True (KubeletReady)"],
    );
    fails(
        "event",
        "{events: {reason: Scheduled, message: n2}}",
        &["no events are selected; there were Scheduled of web-", "Successfully assigned"],
    );
}

#[track_caller]
fn refused(name: &str, spec: &str, words: &[&str]) {
    let ran = run(name, spec);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{spec}: {}", ran.stderr);
    told(spec, &ran, words);
}

/// A step that is refused on the way: what came before it is shown.
#[track_caller]
fn stopped(name: &str, spec: &str, words: &[&str]) {
    let ran = run(name, spec);
    assert_eq!((ran.code, ran.stdout.starts_with("NAMESPACE")), (2, true), "{spec}: {}{}", ran.stdout, ran.stderr);
    told(spec, &ran, words);
}

#[track_caller]
fn told(spec: &str, ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stderr.contains(word), "{spec}: {word:?} is not in\n{}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    let step = |step: &str| format!("timeline:\n  - at: 2m\n    steps:\n      - {step}");
    stopped(
        "no-node",
        &step("cordon: n2"),
        &["<stdin>:9:11: the step at 2m", "nodes \"n2\" not found", "did you mean n1?"],
    );
    stopped(
        "no-namespace",
        &step("delete: default/deployment/web"),
        &["deployments.apps \"web\" not found", "it is in namespace shop"],
    );
    stopped(
        "no-kind",
        &step("delete: deploymnet/web"),
        &["the server doesn't have a resource type", "did you mean deployments?"],
    );
    refused("unknown-step", &step("explode: n1"), &["<stdin>:9:", "unknown variant `explode`"]);
    refused("mistyped-step", &step("cordn: n1"), &["<stdin>:9:", "unknown variant `cordn`", "did you mean cordon?"]);
    refused(
        "past",
        "timeline:\n  - at: -1m\n    steps: [{cordon: n1}]",
        &["<stdin>:7:", "-1m is before the start of the run"],
    );
    refused(
        "after",
        "until: 1m\ntimeline:\n  - at: 2m\n    steps: [{cordon: n1}]",
        &["<stdin>:8:", "2m is after the end of the run"],
    );
    let expectation = |expectation: &str| format!("until: 10m\nexpectations:\n  - {expectation}");
    refused(
        "two",
        &expectation("{pods: {}, nodes: {}}"),
        &["<stdin>:8:", "expected one of `pods`, `nodes`, `events` and `objects`"],
    );
    refused(
        "misplaced",
        &expectation("{nodes: {}, expect: {phase: Running}}"),
        &["`phase` cannot be expected of nodes"],
    );
    refused(
        "kind",
        &expectation("{objects: {kind: deploymnet}}"),
        &["is no kind that sim knows: did you mean deployments?"],
    );
    refused("field", &expectation("{objects: {kind: pod}, expect: {fields: {'a..b': 1}}}"), &["is no path of a field"]);
    refused("late", &expectation("{at: 11m, pods: {}}"), &["11m is after the end of the run"]);
}

#[test]
fn owners_in_a_circle_are_told_with_their_place() {
    let set = |name: &str, owner: &str| {
        format!(
            "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: {name}\n  uid: {name}\n  ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: {owner}, uid: {owner}, controller: true}}]\nspec: {{selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: c}}]}}}}}}\n"
        )
    };
    let input = format!("{}---\n{}", set("a", "b"), set("b", "a"));
    let ran = Sim::new("circle").run_with_stdin(&["run", "-"], input.as_bytes());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let words =
        "<stdin>:6:20: replicaset/a: metadata.ownerReferences: replicaset/a, replicaset/b own each other in a circle";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}

#[test]
fn a_scenario_may_go_on_after_a_refused_step() {
    let steps = "until: 5m\ncontinueOnError: true\ntimeline:\n  - at: 2m\n    steps: [{cordon: n9}, {cordon: n1}]\nexpectations:\n  - {nodes: {}, expect: {schedulable: false}}";
    let ran = run("continue", steps);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("<stdin>:10:15: the step at 2m cannot be carried out"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 of 1 expectations hold"), "{}", ran.stdout);
}

#[test]
fn a_run_says_why_it_stopped() {
    let said = |name: &str, spec: &str| run(name, spec).stderr;
    assert!(said("quiet", "description: d").contains("stopped at quiescence after"), "quiescence");
    assert!(said("until", "until: 25m").contains("stopped at 25m, as asked; nothing has moved since"), "until");
}

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sim-tests-{}-scenarios-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn every_scenario_is_tested_and_told_in_the_order_of_its_path() {
    let good = scenario("until: 1m\nexpectations:\n  - {pods: {}, expect: {ready: true}}");
    let bad = scenario("until: 1m\nexpectations:\n  - {name: 'a <b> & c', pods: {}, expect: {ready: false}}");
    let files = [("b/bad.yaml", bad.as_str()), ("a.yaml", &good), ("c.yml", &good), ("manifests.yaml", CLUSTER)];
    let folder = folder("all", &files);
    let path = folder.display().to_string();
    let junit = folder.join("junit.xml").display().to_string();
    let ran = Sim::new("test-all").run(&["test", &path, "--junit", &junit]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("test ")).collect();
    assert_eq!(lines[0], format!("test {path}/a.yaml ... ok (1 expectation)"));
    assert_eq!(lines[1], format!("test {path}/b/bad.yaml ... FAILED (1 of 1 expectations)"));
    assert_eq!(lines[2], format!("test {path}/c.yml ... ok (1 expectation)"));
    assert!(lines[3].starts_with("test result: FAILED. 2 passed; 1 failed; finished in"), "{}", lines[3]);
    assert!(ran.stdout.contains("bad.yaml:8:7: expectation does not hold at 1m: a <b> & c"), "{}", ran.stdout);
    assert!(ran.stderr.contains("manifests.yaml was not run: it has no Scenario"), "{}", ran.stderr);
    let xml = std::fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("tests=\"3\" skipped=\"0\" failures=\"1\" errors=\"0\""), "{xml}");
    assert!(xml.contains("a &lt;b&gt; &amp; c"), "{xml}");
    let json = Sim::new("test-json").run(&["test", &path, "-o", "json", "a.y"]);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((json.code, document["passed"].as_u64(), document["failed"].as_u64()), (0, Some(1), Some(0)));
    let sim = Sim::new("test-names");
    assert_eq!(sim.run(&["test", &path, "bad"]).code, 1);
    assert_eq!(sim.run(&["test", &path, "nosuch"]).code, 2);
    assert_eq!(sim.run(&["test", &format!("{path}/manifests.yaml")]).code, 2);
    assert_eq!(sim.run(&["test", &format!("{path}/none.yaml")]).code, 2);
}

#[test]
fn a_scenario_that_cannot_be_read_is_unusable_and_the_others_are_tested() {
    let good = scenario("until: 1m\nexpectations:\n  - {pods: {}}");
    let folder = folder("unusable", &[("a.yaml", "a: [1,\n"), ("b.yaml", &good)]);
    let ran = Sim::new("test-unusable").run(&["test", &folder.display().to_string()]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("a.yaml ... FAILED (unusable input)"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 passed; 0 failed; 1 unusable"), "{}", ran.stdout);
}

/// The scenarios of the repository hold.
#[test]
fn the_published_scenarios_hold() {
    let ran = Sim::new("published").run(&["test"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn rest_says_what_goes_on_nevertheless() {
    let input = scenario("behaviours:\n  - {pods: {owner: deployment/web}, behaviour: exits 1}")
        + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec: {containers: [{name: c, image: c, resources: {requests: {cpu: '64'}}}]}\n"
        + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: lost, annotations: {sim/behaviour: image missing}}\nspec: {containers: [{name: c, image: c}]}\n";
    let ran = Sim::new("unrest").run_with_stdin(&["run", "-"], input.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let line = ran.stderr.lines().find(|line| line.contains("stopped at quiescence")).unwrap_or_default();
    for words in [
        "; goes on without end: shop/web-",
        " (CrashLoopBackOff), default/lost (ImagePullBackOff)",
        "; still pending: default/big",
    ] {
        assert!(line.contains(words), "{words:?} is not in {line}\n{}", ran.stdout);
    }
    let json = Sim::new("unrest-json").run_with_stdin(&["run", "-", "-o", "json"], input.as_bytes());
    let document: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    let reasons: Vec<&str> = document["stopped"]["unrest"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|unrest| unrest["reason"].as_str())
        .collect();
    assert_eq!(reasons, ["CrashLoopBackOff", "ImagePullBackOff", "Pending"]);
}
