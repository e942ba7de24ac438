//! `sim whatif` on the incident: the article's cures, the smaller ones that also work, and those that do not.

use serde_json::Value;
use sim_tests::{Ran, Sim};

const SCENARIO: &str = "scenarios/kubespray-uninitialized.yaml";
const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";

fn what_if(name: &str, changes: &[&str]) -> Ran {
    let mut args = vec!["whatif", SCENARIO];
    args.extend(changes);
    Sim::new(name).run(&args)
}

/// The `after` of a what-if, and of `before` the number of pending pods.
#[track_caller]
fn after(name: &str, changes: &[&str]) -> Value {
    let mut changes = changes.to_vec();
    changes.extend(["-o", "json"]);
    let ran = what_if(name, &changes);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("stdout is one JSON document");
    assert_eq!(document["apiVersion"], "sim/v1");
    assert_eq!(document["kind"], "WhatIfResult");
    assert_eq!(document["before"]["kind"], "RunResult");
    assert_eq!(document["before"]["counts"]["pending"], 4);
    document["after"].clone()
}

fn pods<'a>(result: &'a Value, owner: &str) -> Vec<&'a Value> {
    let pods = result["pods"].as_array().expect("a list of pods");
    pods.iter().filter(|pod| pod["owner"] == owner).collect()
}

#[test]
fn the_article_s_own_cure_works() {
    let after = after(
        "article",
        &[
            &format!("--remove-taint=kubemaster/{UNINITIALIZED}=true:NoSchedule"),
            "--remove-taint=kubemaster/node-role.kubernetes.io/master:NoSchedule",
            &format!("--remove-taint=kubeworker/{UNINITIALIZED}=true:NoSchedule"),
        ],
    );
    assert_eq!(after["counts"]["pending"], 0);
    // The article's table after the cure, workload by workload; the second coredns was just starting there.
    let golden =
        std::fs::read_to_string(sim_tests::root().join("tests/golden/article/get-pods-after.txt")).expect("golden");
    for pod in after["pods"].as_array().expect("pods") {
        let owner = pod["owner"].as_str().and_then(|owner| owner.split_once('/')).map(|(_, name)| name);
        let name = owner.or(pod["name"].as_str()).unwrap_or_default();
        let there = golden.lines().filter(|line| line.contains(&format!(" {name}"))).count();
        let here = after["pods"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|pod| pod["name"].as_str().is_some_and(|own| own.starts_with(name)))
            .count();
        assert_eq!(here, there, "{name}");
    }
    // dns-autoscaler runs and makes coredns two.
    assert_eq!(after["counts"]["pods"], 15);
    assert_eq!(pods(&after, "deployment/coredns").len(), 2);
}

#[test]
fn kubectl_s_own_words_are_said_of_what_was_done() {
    let ran = what_if(
        "words",
        &[
            &format!("--remove-taint=kubemaster/{UNINITIALIZED}=true:NoSchedule"),
            "--remove-taint=kubemaster/node-role.kubernetes.io/master:NoSchedule",
            "--cordon=kubeworker",
            &format!("--remove-taint=kubeworker/{UNINITIALIZED}=true:NoSchedule"),
        ],
    );
    let said: Vec<&str> = ran.stdout.lines().take(4).collect();
    assert_eq!(
        said,
        [
            "node/kubemaster untainted",
            "node/kubemaster untainted",
            "node/kubeworker cordoned",
            "node/kubeworker untainted"
        ]
    );
}

#[test]
fn removing_uninitialized_alone_is_enough() {
    let after = after("uninitialized", &["--remove-taint", UNINITIALIZED]);
    assert_eq!(after["counts"]["pending"], 0);
    assert_eq!(after["counts"]["ready"], 15);
    let nodes: Vec<&str> = pods(&after, "deployment/coredns").iter().filter_map(|pod| pod["node"].as_str()).collect();
    assert_eq!(nodes.len(), 2);
    assert_ne!(nodes[0], nodes[1], "the required anti-affinity keeps them apart");
    let master =
        after["nodes"].as_array().expect("nodes").iter().find(|node| node["name"] == "kubemaster").expect("kubemaster");
    assert_eq!(master["taints"], serde_json::json!(["node-role.kubernetes.io/master:NoSchedule"]));
}

#[test]
fn from_the_worker_alone_it_leaves_the_second_coredns_pending() {
    let after = after("worker", &[&format!("--remove-taint=kubeworker/{UNINITIALIZED}")]);
    assert_eq!(after["counts"]["pending"], 1);
    let coredns = pods(&after, "deployment/coredns");
    let waiting: Vec<_> = coredns.iter().filter(|pod| pod["phase"] == "Pending").collect();
    assert_eq!((coredns.len(), waiting.len()), (2, 1));
    let message = waiting[0]["message"].as_str().expect("a message");
    assert!(message.contains("1 node(s) didn't match pod affinity/anti-affinity"), "{message}");
    assert!(message.contains("1 node(s) had taints that the pod didn't tolerate"), "{message}");
}

#[test]
fn the_master_taint_is_not_what_they_wait_for() {
    let after = after("master", &["--remove-taint", "node-role.kubernetes.io/master"]);
    assert_eq!(after["counts"]["pending"], 4);
}

#[test]
fn the_toleration_cure_works_by_rolling_the_deployments() {
    let toleration = format!("pending={UNINITIALIZED}=true:NoSchedule");
    let after = after("toleration", &["--add-toleration", &toleration]);
    assert_eq!(after["counts"]["pending"], 0);
    assert_eq!(after["counts"]["pods"], 15);
    for owner in ["calico-kube-controllers", "dns-autoscaler", "kubernetes-dashboard"] {
        let pods = pods(&after, &format!("deployment/{owner}"));
        assert_eq!(pods.len(), 1, "the rollout leaves one pod of {owner}");
        assert_eq!(pods[0]["ready"], true);
    }
    let ran = what_if("toleration-text", &["--add-toleration", &toleration]);
    assert!(ran.stdout.contains("deployment.apps/coredns patched"), "{}", ran.stdout);
    assert!(ran.stdout.contains("pending 4 → 0"), "{}", ran.stdout);
}

#[test]
fn a_toleration_on_one_deployment_helps_that_one() {
    let after = after("one", &["--add-toleration", &format!("deployment/coredns={UNINITIALIZED}:NoSchedule")]);
    assert_eq!(after["counts"]["pending"], 3);
    assert_eq!(pods(&after, "deployment/coredns").iter().filter(|pod| pod["ready"] == true).count(), 1);
}

#[test]
fn remove_taint_without_a_value_previews_each_taint() {
    let ran = what_if("previews", &["--remove-taint"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rows: Vec<&str> = ran.stdout.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{}", ran.stdout);
    assert!(
        rows.iter().any(|row| row.starts_with("node-role.kubernetes.io/master:NoSchedule") && row.contains("4 → 4")),
        "{}",
        ran.stdout
    );
    assert!(rows.iter().any(|row| row.starts_with(UNINITIALIZED) && row.contains("4 → 0")), "{}", ran.stdout);
}

#[test]
fn whatif_works_right_after_a_run() {
    let sim = Sim::new("after-run");
    let none = sim.run(&["whatif", "--remove-taint"]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("no cluster"), "{}", none.stderr);
    assert_eq!(sim.run(&["run", SCENARIO]).code, 0);
    let ran = sim.run(&["whatif", "--remove-taint"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let first = ran.stdout.lines().next().unwrap_or_default();
    assert!(first.contains("last `sim run`") && first.contains("kubespray-uninitialized.yaml"), "{first}");
    let json = sim.run(&["whatif", "--remove-taint", "-o", "json"]);
    assert!(serde_json::from_str::<Value>(&json.stdout).is_ok(), "stdout is JSON and nothing else");
    let named = Sim::new("sim-cluster").env("SIM_CLUSTER", SCENARIO).run(&["get", "nodes"]);
    assert_eq!(named.code, 0, "{}", named.stderr);
    assert!(named.stderr.contains("SIM_CLUSTER"), "{}", named.stderr);
}

#[test]
fn nodes_come_go_and_are_cordoned() {
    // A fresh machine of this make comes up uninitialized: it helps nobody.
    let tainted = after("add-tainted", &["--add-node", "kubeworker*2"]);
    assert_eq!(tainted["counts"]["nodes"], 4);
    assert_eq!(tainted["counts"]["pending"], 4);
    // Three daemon pods for each new node.
    assert_eq!(tainted["counts"]["pods"], 14 + 2 * 3);
    let removed = after("remove-node", &["--remove-node", "kubeworker"]);
    assert_eq!(removed["counts"]["nodes"], 1);
    assert_eq!(removed["counts"]["pods"], 14 - 4);
    let cordoned = after("cordon", &["--cordon", "kubeworker", "--remove-taint", UNINITIALIZED]);
    assert!(pods(&cordoned, "deployment/kubernetes-dashboard").iter().all(|pod| pod["node"] == "kubemaster"));
}

#[test]
fn workloads_are_scaled_applied_and_deleted() {
    let scaled = after("scale", &["--scale", "deployment/kubernetes-dashboard=3"]);
    assert_eq!(pods(&scaled, "deployment/kubernetes-dashboard").len(), 3);
    let deleted = after("delete", &["--delete", "deployment/kubernetes-dashboard"]);
    assert_eq!(deleted["counts"]["pods"], 13);
    let daemons = after("delete-daemons", &["--delete", "kube-system/daemonset/nodelocaldns"]);
    assert_eq!(daemons["counts"]["pods"], 12);
    let labelled = after("label", &["--label", "kubeworker/disk=ssd"]);
    assert_eq!(labelled["counts"]["pending"], 4);
}

/// Two workloads on n1, one with a budget that its only replica meets; n2 is empty and cordoned.
const BUDGETED: &str = "
apiVersion: sim/v1
kind: Scenario
metadata: {name: budgeted}
spec: {kubernetesVersion: v1.30.2, until: 10m}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {kubernetes.io/hostname: n2}}
spec: {unschedulable: true}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: proxy, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: proxy}}
  template:
    metadata: {labels: {app: proxy}}
    spec: {containers: [{name: c, image: proxy, resources: {requests: {cpu: 500m}}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: web, resources: {requests: {cpu: 500m}}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: proxy, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: proxy}}}
";

fn drain(name: &str, more: &[&str]) -> Ran {
    let args = [&["whatif", "-", "--uncordon=n2", "--drain=n1"], more].concat();
    Sim::new(name).run_with_stdin(&args, BUDGETED.as_bytes())
}

#[test]
fn a_drain_says_what_moves_and_what_its_budget_keeps() {
    let ran = drain("drain", &[]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for words in [
        "node/n2 uncordoned\nnode/n1 cordoned\n",
        "evicting pod shop/proxy-",
        "-n \"shop\" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.",
        " stays on n1:\n  The disruption budget proxy needs 1 healthy pods and has 1 currently",
    ] {
        assert!(ran.stdout.contains(words), "{words:?} is not in\n{}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("n1 → n2").count(), 2, "the pods of web move: {}", ran.stdout);
    assert!(!ran.stdout.contains("node/n1 drained"), "{}", ran.stdout);
    let document: Value = serde_json::from_str(&drain("drain-json", &["-o", "json"]).stdout).expect("JSON");
    let stuck = document["stuck"].as_array().expect("what is stuck");
    assert_eq!((stuck.len(), &stuck[0]["node"], &stuck[0]["namespace"]), (1, &"n1".into(), &"shop".into()));
    assert_eq!(stuck[0]["cause"], "The disruption budget proxy needs 1 healthy pods and has 1 currently");
    assert_eq!(pods(&document["after"], "deployment/proxy")[0]["node"], "n1");
}

#[test]
fn a_drain_that_heeds_no_budget_or_has_no_patience_ends() {
    let ran = drain("drain-delete", &["--disable-eviction"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.matches("n1 → n2").count(), 3, "{}", ran.stdout);
    assert!(ran.stdout.contains("node/n1 drained") && !ran.stdout.contains("stays on"), "{}", ran.stdout);
    let ran = drain("drain-timeout", &["--timeout=1m"]);
    assert_eq!(ran.code, 1, "as kubectl ends: {}", ran.stderr);
    let gave_up = "error when evicting pods/\"proxy-";
    assert!(ran.stdout.contains(gave_up) && ran.stdout.contains("global timeout reached: 1m0s"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_made_is_refused_in_kubectl_s_words() {
    for (change, words) in [
        (["--remove-taint", "zz"], "taint \"zz\" not found"),
        (
            ["--remove-taint", "kubeworker/node-role.kubernetes.io/master"],
            "taint \"node-role.kubernetes.io/master\" not found",
        ),
        (["--remove-taint", "nosuch/a.b/c"], "Error from server (NotFound): nodes \"nosuch\" not found"),
        (["--remove-taint", "a:Sometimes"], "invalid taint effect: Sometimes, unsupported taint effect"),
        (["--cordon", "nosuch"], "Error from server (NotFound): nodes \"nosuch\" not found"),
        (["--scale", "deployment/nosuch=2"], "Error from server (NotFound): deployments.apps \"nosuch\" not found"),
        (["--delete", "widget/x"], "the server doesn't have a resource type \"widget\""),
        (
            ["--add-toleration", "deployment/nosuch=a"],
            "Error from server (NotFound): deployments.apps \"nosuch\" not found",
        ),
        (["--label", "kubeworker/nosuch-"], "label \"nosuch\" not found."),
        (["--remove-taint", "scenarios/kubespray-uninitialized.yaml"], "is a file, not a taint"),
        (["--scale", "deployment/coredns=-1"], "COUNT must be greater than or equal to 0"),
    ] {
        let ran = what_if("refused", &change);
        assert_eq!(ran.code, 2, "{change:?}");
        assert!(ran.stderr.contains(words), "{change:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{change:?}: nothing is shown of what was not done");
    }
}

/// The article's commands, as they are typed.
const ARTICLE: &str = "book/src/examples/article.sh";

#[test]
fn the_article_s_three_commands_are_tried_as_they_are_typed() {
    let by_flags = after(
        "by-flags",
        &[
            &format!("--remove-taint=kubemaster/{UNINITIALIZED}=true:NoSchedule"),
            "--remove-taint=kubemaster/node-role.kubernetes.io/master:NoSchedule",
            &format!("--remove-taint=kubeworker/{UNINITIALIZED}=true:NoSchedule"),
        ],
    );
    assert_eq!(after("by-file", &["--kubectl-file", ARTICLE]), by_flags);
    let text = std::fs::read_to_string(sim_tests::root().join(ARTICLE)).expect("the article's commands");
    assert_eq!(after("by-flag", &["--kubectl", &text]), by_flags);
    let one_by_one: Vec<&str> = text.lines().filter(|line| line.starts_with("kubectl")).collect();
    let [first, second, third] = one_by_one.as_slice() else { panic!("{text}") };
    assert_eq!(after("one-by-one", &["--kubectl", first, "--kubectl", second, "--kubectl", third]), by_flags);
    let ran = Sim::new("by-stdin").run_with_stdin(&["whatif", SCENARIO, "--kubectl-file", "-"], text.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("node/kubemaster untainted\nnode/kubemaster untainted\nnode/kubeworker untainted\n")
    );
    assert!(ran.stdout.contains("pending 4 → 0"), "{}", ran.stdout);
}

#[test]
fn commands_and_flags_are_made_in_the_order_typed() {
    let taint = format!("kubectl taint nodes --all {UNINITIALIZED}-");
    let changes = ["--add-node", "kubeworker", "--kubectl", "kubectl cordon kubeworker-2", "--kubectl", &taint];
    assert_eq!(after("ordered", &changes)["counts"]["pending"], 0);
    let early = what_if("too-early", &["--kubectl", "kubectl cordon kubeworker-2", "--add-node", "kubeworker"]);
    assert_eq!(early.code, 2);
    assert!(early.stderr.contains("nodes \"kubeworker-2\" not found"), "{}", early.stderr);
}

#[test]
fn commands_that_cannot_be_read_or_made_are_refused_in_kubectl_s_words() {
    for (command, words) in [
        ("kubectl taint nodes kubeworker zz-", "error: taint \"zz\" not found"),
        ("kubectl cordon nosuch", "Error from server (NotFound): nodes \"nosuch\" not found"),
        ("kubectl cordon kubeworker --loud", "error: unknown flag: --loud"),
        ("cordon kubeworker", "error: \"cordon\" is no kubectl command: expected kubectl VERB …"),
        (
            "kubectl scale deploy coredns --replicas=2",
            "Error from server (NotFound): deployments.apps \"coredns\" not found",
        ),
        ("kubectl get pods", "error: no change was given"),
    ] {
        let ran = what_if("bad-command", &["--kubectl", command]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{command}");
        assert!(ran.stderr.contains(words), "{command}: {}", ran.stderr);
    }
    let text = b"# first\nkubectl cordon kubeworker\nkubectl cordon \\\n  nosuch\n";
    let ran = Sim::new("bad-line").run_with_stdin(&["whatif", SCENARIO, "--kubectl-file", "-"], text);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("<stdin>:3: Error from server (NotFound)"), "{}", ran.stderr);
    let ran = Sim::new("twice").run_with_stdin(&["whatif", "-", "--kubectl-file", "-"], b"");
    assert!(ran.stderr.contains("stdin can be read once"), "{}", ran.stderr);
    let missing = what_if("no-file", &["--kubectl-file", "nosuch.sh"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("nosuch.sh: No such file"), "{}", missing.stderr);
}

#[test]
fn the_printed_commands_of_a_cure_are_the_cure() {
    let mut tried = 0;
    for scenario in [SCENARIO, "scenarios/left-cordoned.yaml", "scenarios/daemon-set-without-toleration.yaml"] {
        let sim = Sim::new("fix-and-what-if");
        let fix = sim.run(&["fix", scenario, "-o", "json"]);
        let document: Value =
            serde_json::from_str(&fix.stdout).unwrap_or_else(|_| panic!("{scenario}: {}", fix.stderr));
        for answer in document["answers"].as_array().expect("answers") {
            let commands = answer["commands"].as_array().expect("commands");
            let lines: Vec<&str> = commands.iter().filter_map(|command| command["line"].as_str()).collect();
            // What kubectl cannot do is a comment: nothing can be typed for it.
            if lines.iter().any(|line| !line.starts_with("kubectl ")) {
                continue;
            }
            tried += 1;
            let again = sim.run(&["whatif", scenario, "--kubectl", &lines.join("\n"), "-o", "json"]);
            assert_eq!(again.code, 0, "{scenario}: {lines:?}: {}", again.stderr);
            let again: Value = serde_json::from_str(&again.stdout).expect("stdout is one JSON document");
            assert_eq!(again["after"]["counts"], answer["after"], "{scenario}: {lines:?}");
        }
    }
    assert!(tried >= 3, "{tried} answers are typed");
}
