//! `sim diff`, `sim drain`, `sim capacity` and the preview of an upgrade, on the real binary.

use serde_json::Value;
use sim_tests::{Ran, Sim};

const SHOP: &str = "book/src/examples/shop.yaml";
const REPORT: &str = "book/src/examples/report.yaml";
const INCIDENT: &str = "scenarios/kubespray-uninitialized.yaml";

fn sim(name: &str, args: &[&str]) -> Ran {
    Sim::new(&format!("comparing-{name}")).run(args)
}

#[track_caller]
fn json(name: &str, args: &[&str], code: i32) -> Value {
    let ran = sim(name, &[args, &["-o", "json"]].concat());
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("stdout is one JSON document");
    assert_eq!(document["apiVersion"], "sim/v1");
    document
}

/// The command is trouble: exit code 2, nothing on stdout, these words on stderr.
#[track_caller]
fn trouble(args: &[&str], words: &str) {
    let ran = sim("trouble", args);
    assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout, "", "{args:?}");
    assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
}

/// A folder for files of a test's own.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("sim-comparing-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

fn file(folder: &std::path::Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file for the test");
    path.display().to_string()
}

#[test]
fn a_drain_says_what_goes_where_and_when() {
    let document = json("drain", &["drain", SHOP, "n1"], 0);
    assert_eq!(document["kind"], "DrainResult");
    assert_eq!(document["nodes"][0]["outcome"], "Drained");
    let evictions = document["evictions"].as_array().expect("evictions");
    assert_eq!(evictions.len(), 2);
    // The budget lets one go at a time: the second waits for the next try.
    assert_eq!(evictions[0]["evicted"], "0s");
    assert_eq!(evictions[1]["evicted"], "5s");
    assert_eq!(evictions[1]["heldUp"], "5s");
    assert_eq!(evictions[1]["refused"], "The disruption budget web needs 3 healthy pods and has 4 currently");
    assert!(evictions.iter().all(|eviction| eviction["successor"]["ready"].is_string()));
    let node = json("drain-json", &["drain", SHOP, "node/n1", "n1"], 0);
    assert_eq!(node["nodes"].as_array().map(Vec::len), Some(1), "a node named twice is drained once");
}

#[test]
fn what_is_stuck_makes_exit_code_1() {
    let document = json("stuck", &["drain", SHOP, "-l", "pool=old"], 1);
    let outcomes: Vec<&Value> =
        document["nodes"].as_array().into_iter().flatten().map(|node| &node["outcome"]).collect();
    assert_eq!(outcomes, ["Drained", "Stuck"]);
    let cause = document["stuck"][0]["cause"].as_str().expect("a cause");
    assert!(cause.starts_with("The disruption budget "), "{cause}");
    let by_force = json("by-force", &["drain", SHOP, "n2", "--disable-eviction"], 0);
    assert_eq!(by_force["nodes"][0]["outcome"], "Drained");
    let ran = sim("gives-up", &["drain", SHOP, "n2", "--timeout", "1m"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("n2 is not drained: kubectl gives up after"), "{}", ran.stdout);
}

#[test]
fn a_drain_that_cannot_be_is_refused() {
    trouble(&["drain", SHOP, "nn1"], "nodes \"nn1\" not found\n  hint: did you mean n1?");
    trouble(&["drain", SHOP, "nosuch.yaml"], "there is no file nosuch.yaml either");
    trouble(&["drain", SHOP], "which node is to be drained?");
    trouble(&["drain", SHOP, "n1", "-l", "pool=old"], "cannot specify both a node name and a --selector option");
    trouble(&["drain", SHOP, "-l", "pool=older"], "no node has these labels");
    trouble(&["drain", SHOP, "-l", "=="], "expected key=value, key!=value");
    // That is kubectl's verdict on the cluster, with its exit code.
    for command in [["drain", INCIDENT, "kubeworker"].as_slice(), &["whatif", INCIDENT, "--drain", "kubeworker"]] {
        let ran = sim("drain-refused", command);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{command:?}: {}", ran.stderr);
        let words = "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    trouble(&["whatif", SHOP, "--drain", "nn1"], "nodes \"nn1\" not found");
    trouble(&["drain", "nosuch/", "n1"], "no cluster");
    // The flags of kubectl drain say nothing without a drain.
    let ran = sim("flags", &["whatif", SHOP, "--cordon", "n1", "--force"]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("--drain"), "{}", ran.stderr);
}

#[test]
fn capacity_counts_and_says_what_runs_out() {
    let document = json("capacity", &["capacity", SHOP, "-f", REPORT], 0);
    assert_eq!(document["kind"], "CapacityResult");
    assert_eq!(document["replicas"], 3);
    assert_eq!(document["runsOutFirst"], "Insufficient cpu");
    assert_eq!(document["nodes"].as_array().map(Vec::len), Some(2));
    let limited = json("limited", &["capacity", SHOP, "-f", REPORT, "--max", "2"], 0);
    assert_eq!(limited["replicas"], 2);
    assert_eq!(limited["limited"], true);
    let asked = json("asked", &["capacity", SHOP, "-f", REPORT, "--replicas", "3"], 0);
    assert_eq!(asked["replicas"], 3);
    assert_eq!(sim("too-many", &["capacity", SHOP, "-f", REPORT, "--replicas", "4"]).code, 1);
}

#[test]
fn the_fewest_nodes_are_found_or_none_help() {
    let args = |more: &[&'static str]| [&["capacity", SHOP, "-f", REPORT, "--replicas", "20"], more].concat();
    let like = json("like", &args(&["--add-node", "n1"]), 0);
    assert_eq!(like["growth"]["nodes"], 4);
    assert_eq!(like["growth"]["otherwise"], 18);
    let shape = json("shape", &args(&["--node-shape", "cpu=2,memory=4Gi"]), 0);
    assert_eq!(shape["growth"]["nodes"], 9);
    assert_eq!(shape["growth"]["otherwise"], 19);
    // Nodes like n3 are tainted, and those of half a CPU too small.
    assert_eq!(json("tainted", &args(&["--add-node", "n3"]), 1)["growth"]["nodes"], Value::Null);
    let small = sim("small", &args(&["--node-shape", "cpu=500m"]));
    assert_eq!(small.code, 1);
    assert!(small.stdout.contains("No number of nodes of cpu=500m,pods=110 makes 20 replicas fit"), "{}", small.stdout);
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let folder = folder("capacity");
    let two = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: x}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: c, image: x}]}\n";
    let two = file(&folder, "two.yaml", two);
    let empty = file(&folder, "empty.yaml", "");
    let broken = file(&folder, "broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: [\n");
    trouble(&["capacity", SHOP, "-f", &two], "it holds several that run pods (pod/a, pod/b)");
    trouble(&["capacity", SHOP, "-f", &empty], "has no objects");
    trouble(&["capacity", SHOP, "-f", &broken], "has errors");
    trouble(&["capacity", SHOP, "-f", "nosuch.yaml"], "nosuch.yaml");
    trouble(&["capacity", SHOP, "-f", INCIDENT], "is a Scenario, not a pod");
    trouble(&["capacity", SHOP, "-f", REPORT, "--replicas", "9", "--add-node", "n"], "nodes \"n\" not found");
    trouble(&["capacity", SHOP, "-f", REPORT, "--replicas", "9", "--node-shape", "cpu"], "expected RESOURCE=AMOUNT");
    trouble(&["capacity", SHOP, "-f", REPORT, "--replicas", "9", "--node-shape", "cpu=lots"], "is no quantity");
    trouble(&["capacity", SHOP, "-f", REPORT, "--add-node", "n1"], "--replicas");
    trouble(&["capacity", SHOP, "-f", REPORT, "--replicas", "0"], "0 is not in 1..");
    trouble(&["capacity", SHOP], "--pod <FILE>");
    trouble(&["capacity", "nosuch/", "-f", REPORT], "nosuch/");
}

#[test]
fn an_input_is_like_itself() {
    for input in [SHOP, INCIDENT] {
        let ran = sim("itself", &["diff", input, input]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.ends_with("\nNo difference.\n"), "{}", ran.stdout);
        let document = json("itself-json", &["diff", input, input], 0);
        assert_eq!(document["kind"], "DiffResult");
        assert_eq!(document["alike"], true);
    }
    assert_eq!(sim("same-changes", &["diff", SHOP, "--cordon", "n1", "--against", "--cordon", "n1"]).code, 0);
}

#[test]
fn two_inputs_differ_in_nodes_objects_and_pods() {
    let folder = folder("inputs");
    let shop = std::fs::read_to_string(sim_tests::root().join(SHOP)).expect("the shop");
    let other = shop
        .replace("pool: new}", "pool: new, disk: ssd}")
        .replace("spec: {taints: [{key: dedicated, value: batch, effect: NoSchedule}]}", "spec: {unschedulable: true}")
        .replace(
            "kind: PodDisruptionBudget\nmetadata: {name: db,",
            "kind: PodDisruptionBudget\nmetadata: {name: database,",
        );
    let other = file(&folder, "other.yaml", &other);
    let document = json("inputs", &["diff", SHOP, &other], 1);
    let nodes = document["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0]["left"], serde_json::json!(["taint dedicated=batch:NoSchedule"]));
    let right = nodes[0]["right"].as_array().expect("facts");
    for fact in ["SchedulingDisabled", "label disk=ssd"] {
        assert!(right.iter().any(|found| found == fact), "{right:?}");
    }
    let objects: Vec<String> = document["objects"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|object| format!("{} {} {}", object["only"], object["kind"], object["name"]).replace('"', ""))
        .collect();
    assert_eq!(objects, ["left PodDisruptionBudget db", "right PodDisruptionBudget database"]);
    let moved = document["pods"].as_array().expect("pods");
    assert!(!moved.is_empty());
    for pod in moved.iter().filter(|pod| pod["right"]["node"].is_string() && pod["left"]["node"] == "n3") {
        let because = pod["because"][0].as_str().expect("a reason");
        assert!(because.starts_with("right: n3 refuses it: NodeUnschedulable"), "{because}");
    }
    let swapped = json("swapped", &["diff", &other, SHOP], 1);
    assert_eq!(swapped["pods"].as_array().map(Vec::len), Some(moved.len()));
    assert_eq!(swapped["nodes"][0]["right"], nodes[0]["left"]);
}

#[test]
fn two_versions_two_configurations_and_two_changes_are_compared() {
    // Whether the nodes that a pod does not tolerate count for its spread is a newer question.
    let spread = "scenarios/spread-counts-tainted-node.yaml";
    let versions = ["diff", spread, "--kubernetes-version", "1.24", "--kubernetes-version", "1.34"];
    let document = json("versions", &versions, 1);
    assert_eq!(document["left"]["kubernetesVersion"], "v1.24.0");
    assert_eq!(document["right"]["kubernetesVersion"], "v1.34.0");
    let pods = document["pods"].as_array().expect("pods");
    let placed = pods.iter().find(|pod| pod["right"]["node"].is_string()).expect("a pod that is placed in 1.34 only");
    assert_eq!(placed["left"]["node"], Value::Null);
    let because = placed["because"].to_string();
    assert!(because.contains("didn't match pod topology spread constraints"), "{because}");
    let folder = folder("configurations");
    let config = |strategy: &str| {
        format!(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- pluginConfig:\n  - name: NodeResourcesFit\n    args: {{scoringStrategy: {{type: {strategy}, resources: [{{name: cpu, weight: 1}}]}}}}\n  plugins: {{score: {{disabled: [{{name: NodeResourcesBalancedAllocation}}, {{name: PodTopologySpread}}]}}}}\n"
        )
    };
    let spread = file(&folder, "spread.yaml", &config("LeastAllocated"));
    let pack = file(&folder, "pack.yaml", &config("MostAllocated"));
    let document = json("configs", &["diff", SHOP, "--scheduler-config", &spread, "--scheduler-config", &pack], 1);
    let because: Vec<&str> = document["pods"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|pod| pod["because"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    assert!(!because.is_empty(), "{document}");
    let one = ["diff", SHOP, "--scheduler-config", &spread, "--against", "--scheduler-config", &pack];
    assert_eq!(json("configs-against", &one, 1)["pods"], document["pods"]);
    let changes = ["diff", SHOP, "--cordon", "n1", "--against", "--remove-node", "n1"];
    let changed = json("changes", &changes, 1);
    assert_eq!(changed["nodes"][0]["only"], "left");
    assert_eq!(changed["left"]["counts"]["nodes"], 3);
    assert_eq!(changed["right"]["counts"]["nodes"], 2);
    let stdin = std::fs::read(sim_tests::root().join(SHOP)).expect("the shop");
    let piped = Sim::new("comparing-stdin")
        .run_with_stdin(&["diff", "-", "--kubernetes-version", "1.33", "--kubernetes-version", "1.34"], &stdin);
    assert!(piped.code < 2, "{}", piped.stderr);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    trouble(&["diff", SHOP], "compared with what?");
    trouble(&["diff", SHOP, SHOP, SHOP], "more than two files");
    trouble(&["diff", SHOP, "--cordon", "n1"], "which side are the changes for?");
    trouble(&["diff", SHOP, "nosuch.yaml"], "nosuch.yaml");
    trouble(&["diff", SHOP, "--against", "--cordon", "nn"], "nodes \"nn\" not found");
    trouble(&["diff", SHOP, "--against", "--remove-taint"], "which taint?");
    let thrice = ["--kubernetes-version", "1.30", "--kubernetes-version", "1.31", "--kubernetes-version", "1.32"];
    trouble(&[&["diff", SHOP], &thrice[..]].concat(), "more than twice");
    let twice = ["diff", SHOP, "--kubernetes-version", "1.30", "--kubernetes-version", "1.31", "--against"];
    trouble(&twice, "given twice on one side");
}

const OLD_MASTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: cp, labels: {kubernetes.io/hostname: cp, node-role.kubernetes.io/master: ''}}
spec: {taints: [{key: node-role.kubernetes.io/master, effect: NoSchedule}]}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}, nodeInfo: {kubeletVersion: v1.23.5}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: operator}}
  template:
    metadata: {labels: {app: operator}}
    spec:
      nodeSelector: {node-role.kubernetes.io/master: ''}
      tolerations: [{key: node-role.kubernetes.io/master, operator: Exists}]
      containers: [{name: c, image: 'operator:1', resources: {requests: {cpu: 100m}}}]
";

#[test]
fn an_upgrade_says_what_would_not_be_placed_again() {
    let folder = folder("upgrade");
    let input = file(&folder, "cluster.yaml", OLD_MASTER);
    let document = json("upgrade", &["whatif", &input, "--kubernetes-version", "1.24"], 0);
    assert_eq!(document["before"]["kubernetesVersion"], "v1.23.5");
    assert_eq!(document["after"]["kubernetesVersion"], "v1.24.0");
    // It runs on where it is.
    assert_eq!(document["after"]["counts"]["running"], 1);
    let again = &document["placedAgain"][0];
    assert_eq!(again["owner"], "deployment/operator");
    assert_eq!(again["before"], Value::Null);
    let after = again["after"].as_str().expect("a sentence");
    assert!(after.starts_with("0/1 nodes are available: 1 node(s) "), "{after}");
    let node = &document["nodes"][0];
    assert!(
        node["left"].as_array().expect("facts").contains(&"label node-role.kubernetes.io/master=".into()),
        "{node}"
    );
    let pending = ["whatif", &input, "--kubernetes-version", "1.24", "--fail-on-pending"];
    assert_eq!(sim("upgrade-pending", &pending).code, 1);
    // One step further back nothing is lost.
    let older = file(&folder, "older.yaml", &OLD_MASTER.replace("v1.23.5", "v1.22.1"));
    let harmless = sim("upgrade-harmless", &["whatif", &older, "--kubernetes-version", "1.23", "--fail-on-pending"]);
    assert_eq!(harmless.code, 0, "{}", harmless.stdout);
    assert!(harmless.stdout.contains("Every running pod would be placed again"), "{}", harmless.stdout);
    trouble(&["whatif", &input, "--kubernetes-version", "1.20"], "it cannot be upgraded to v1.20.0");
    // The cluster's own version is no change, and one that nothing says is no upgrade.
    trouble(&["whatif", &input, "--kubernetes-version", "1.23.5"], "no change was given");
    let bare = file(&folder, "bare.yaml", &OLD_MASTER.replace(", nodeInfo: {kubeletVersion: v1.23.5}", ""));
    let unsaid = json("unsaid", &["whatif", &bare, "--kubernetes-version", "1.20", "--cordon", "cp"], 0);
    assert_eq!(unsaid["before"]["kubernetesVersion"], "v1.20.0");
}
