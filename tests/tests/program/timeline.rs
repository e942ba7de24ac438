//! `sim run --timeline`, and the steps a person takes on workloads.

use sim_tests::{Ran, Sim};

const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {note: <b>&\"'}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx:1, resources: {requests: {cpu: 500m}}}]}
";

fn run(name: &str, steps: &str, expectations: &str, args: &[&str]) -> Ran {
    let input = format!(
        "apiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: 'a <b> & c'}}\nspec:\n  kubernetesVersion: v1.30.2\n  until: 20m\n  timeline:\n    - at: 5m\n      steps: [{steps}]\n  expectations: [{expectations}]\n---{CLUSTER}"
    );
    Sim::new(name).run_with_stdin(&[&["run", "-"], args].concat(), input.as_bytes())
}

#[track_caller]
fn holds(name: &str, steps: &str, expectations: &str) {
    let ran = run(name, steps, expectations, &[]);
    assert_eq!(ran.code, 0, "{steps}: {}{}", ran.stdout, ran.stderr);
}

#[test]
fn steps_do_what_kubectl_does() {
    let replicas = |count: u32| {
        format!("{{objects: {{kind: deployment}}, expect: {{fields: {{status.readyReplicas: {count}}}}}}}")
    };
    holds("patch", "{patch: {target: deployment/web, patch: {spec: {replicas: 3}}}}", &replicas(3));
    holds(
        "json-patch",
        "{patch: {target: deployment/web, type: json, patch: [{op: replace, path: /spec/replicas, value: 1}]}}",
        &replicas(1),
    );
    holds(
        "annotate",
        "{annotate: {target: node/n1, set: {a: b}}}",
        "{nodes: {}}, {objects: {kind: node}, expect: {fields: {metadata.annotations.a: b}}}",
    );
    let image = |image: &str| {
        format!("{{objects: {{kind: pod}}, expect: {{count: 2, fields: {{'spec.containers[0].image': '{image}'}}}}}}")
    };
    holds("image", "{setImage: {workload: deployment/web, images: {c: 'nginx:2'}}}", &image("nginx:2"));
    holds(
        "undo",
        "{setImage: {workload: deployment/web, images: {'*': 'nginx:2'}}}]\n    - at: 10m\n      steps: [{rolloutUndo: deployment/web}",
        &image("nginx:1"),
    );
    holds(
        "restart",
        "{rolloutRestart: shop/deployment/web}",
        "{objects: {kind: pod}, expect: {count: 2, fields: {'metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt': '2000-*'}}}, {objects: {kind: rs}, expect: {count: 2}}",
    );
    holds(
        "orphan",
        "{delete: {target: deployment/web, cascade: orphan}}",
        "{objects: {kind: deployment}, expect: {count: 0}}, {objects: {kind: rs}, expect: {count: 1}}, {pods: {}, expect: {count: 2}}",
    );
    holds(
        "background",
        "{delete: deployment/web}",
        "{objects: {kind: rs}, expect: {count: 0}}, {pods: {}, expect: {count: 0}}",
    );
    holds(
        "foreground",
        "{delete: {target: deployment/web, cascade: foreground}}",
        "{objects: {kind: deployment}, expect: {count: 0}}, {pods: {}, expect: {count: 0}}",
    );
}

#[track_caller]
fn refused(name: &str, step: &str, words: &str) {
    let ran = run(name, step, "", &[]);
    assert_eq!(ran.code, 2, "{step}: {}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(words), "{step}: {words:?} is not in {}", ran.stderr);
}

#[test]
fn steps_are_refused_in_kubectl_s_words() {
    refused(
        "container",
        "{setImage: {workload: deployment/web, images: {x: 'nginx:2'}}}",
        "error: <stdin>:9:15: the step at 5m cannot be carried out: error: unable to find container named \"x\"",
    );
    refused("history", "{rolloutUndo: deployment/web}", "no rollout history found for deployment \"web\"");
    refused(
        "revision",
        "{rolloutUndo: {workload: deployment/web, toRevision: 7}}",
        "unable to find specified revision 7 in history",
    );
    refused("restart-pod", "{rolloutRestart: node/n1}", "nodes \"n1\" restarting is not supported");
    refused(
        "bad-patch",
        "{patch: {target: deployment/web, type: json, patch: [{op: remove, path: /spec/nothing}]}}",
        "the server rejected our request due to an error in our request",
    );
    refused(
        "patch-type",
        "{patch: {target: deployment/web, type: json, patch: {}}}",
        "expected a list of operations as `patch`",
    );
}

#[test]
fn the_timeline_as_text() {
    let ran = run("text", "{cordon: n1}, {scale: {workload: deployment/web, replicas: 3}}", "", &["--timeline"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines: Vec<String> =
        ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "TIME WHAT OBJECT HOW",
        "0s node n1 Ready",
        "5m step cordon n1 node/n1 cordoned",
        "5m step scale deployment/web=3 deployment.apps/web scaled",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected:?} is not in\n{}", ran.stdout);
    }
    assert!(
        lines.iter().any(|line| line.starts_with("0s pod 2 of deployment/web ContainerCreating, on n1")),
        "{}",
        ran.stdout
    );
    assert!(
        lines.iter().any(|line| line.contains("event pod/web-") && line.contains("FailedScheduling: 0/1 nodes")),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("NAMESPACE"), "the pods follow: {}", ran.stdout);
}

#[test]
fn the_timeline_as_a_page() {
    let ran = run("html", "{taint: {taint: 'k=v:NoExecute'}}", "", &["--timeline=html"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let page = &ran.stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"), "a page alone: {page}");
    assert!(page.contains("<title>a &lt;b&gt; &amp; c</title>") && !page.contains("<b> &"), "escaped: {page}");
    for outside in ["http://", "https://", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside} needs a network");
    }
    for words in
        ["class=\"ready\"", "class=\"terminating\"", "▾<title>5m ▾ k=v:NoExecute", "(no node)", "taint k=v:NoExecute"]
    {
        assert!(page.contains(words), "{words:?} is not in {page}");
    }
    let file = std::env::temp_dir().join(format!("sim-tests-{}-timeline.html", std::process::id()));
    let ran = run("file", "{cordon: n1}", "", &["--timeline-file", &file.display().to_string()]);
    assert!(ran.stdout.starts_with("NAMESPACE"), "{}", ran.stdout);
    assert!(std::fs::read_to_string(file).expect("a page").contains("<svg"), "a page by its name");
}

/// A Deployment of one pod with a budget that allows no eviction before a second replica comes.
fn drained(name: &str, args: &[&str]) -> Ran {
    let node = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}}}}}\nstatus: {{allocatable: {{cpu: '4', memory: 8Gi, pods: '110'}}}}\n---\n"
        )
    };
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web, namespace: shop}\nspec: {minAvailable: 1, selector: {matchLabels: {app: web}}}\n---\n";
    let web = CLUSTER.split("---").nth(1).expect("a Deployment").replace("replicas: 2", "replicas: 1");
    let input = format!(
        "apiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: drains}}\nspec:\n  kubernetesVersion: v1.30.2\n  until: 10m\n  timeline:\n    - {{at: 1m, steps: [{{drain: {{node: n1}}}}]}}\n    - {{at: 3m, steps: [{{scale: {{workload: deployment/web, replicas: 2}}}}]}}\n---\n{}{}{budget}{web}",
        node("n1"),
        node("n2")
    );
    Sim::new(name).run_with_stdin(&[&["run", "-"], args].concat(), input.as_bytes())
}

#[test]
fn drains_are_told_on_the_timeline() {
    let ran = drained("drains-text", &["--timeline"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines: Vec<String> =
        ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let told: Vec<&str> =
        lines.iter().filter(|line| line.split(' ').nth(1) == Some("drain")).map(String::as_str).collect();
    let [refused, evicted, ended] = told.as_slice() else { panic!("{told:#?}\n{}", ran.stdout) };
    assert!(
        refused.starts_with("1m drain shop/web-")
            && refused
                .ends_with("not evicted from n1: The disruption budget web needs 1 healthy pods and has 1 currently"),
        "{refused}"
    );
    assert!(evicted.starts_with("3m5s drain shop/web-") && evicted.ends_with("evicted from n1"), "{evicted}");
    assert!(ended.ends_with("drain n1 node/n1 drained"), "{ended}");
    let page = drained("drains-html", &["--timeline=html"]).stdout;
    for words in
        ["<h2>Drain of n1</h2>", "<li class=\"refused\"><b>1m</b> shop/web-", "<b>3m5s</b> shop/web-", "✕<title>1m"]
    {
        assert!(page.contains(words), "{words:?} is not in {page}");
    }
}

/// Nobody can go on to a machine whose drain has not come back.
#[test]
fn a_drain_that_has_not_ended_fails_the_run() {
    let ran = drained("drains-on", &["--until", "2m"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let told = "note: the drain of node n1 has not ended: shop/web-";
    let why = "may not be evicted (The disruption budget web needs 1 healthy pods and has 1 currently)";
    assert!(ran.stderr.lines().any(|line| line.starts_with(told) && line.ends_with(why)), "{}", ran.stderr);
    let json = drained("drains-on-json", &["--until", "2m", "-o", "json"]);
    assert_eq!(json.code, 1, "{}", json.stderr);
}
