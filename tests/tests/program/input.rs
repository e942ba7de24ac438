//! Every kind of input and every exit code, on the real binary. Nothing is run on input that cannot be trusted.

use sim_tests::{Ran, Sim};

const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status:
  allocatable: {cpu: '2', memory: 4Gi, pods: '110'}
  nodeInfo: {kubeletVersion: v1.30.2}
---
apiVersion: v1
kind: Pod
metadata: {name: small}
spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 500m}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: large}
spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: '64'}}}]}
";

fn stdin(name: &str, input: &str, args: &[&str]) -> Ran {
    Sim::new(name).run_with_stdin(args, input.as_bytes())
}

#[track_caller]
fn refused(name: &str, input: &str, words: &[&str]) {
    let ran = stdin(name, input, &["run", "-"]);
    assert_eq!(ran.code, 2, "{input:?}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout, "", "{input:?}: nothing is half-simulated");
    for word in words {
        assert!(ran.stderr.contains(word), "{input:?}: {word:?} is not in {}", ran.stderr);
    }
}

#[test]
fn exit_codes() {
    let plain = stdin("plain", CLUSTER, &["run", "-"]);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    assert!(plain.stdout.contains("Insufficient cpu"), "{}", plain.stdout);
    assert_eq!(stdin("pending", CLUSTER, &["run", "-", "--fail-on-pending"]).code, 1);
    assert_eq!(stdin("pending-json", CLUSTER, &["run", "-", "--fail-on-pending", "-o", "json"]).code, 1);
    assert_eq!(stdin("cured", CLUSTER, &["whatif", "-", "--delete", "pod/large", "--fail-on-pending"]).code, 0);
    assert_eq!(stdin("not-cured", CLUSTER, &["whatif", "-", "--cordon", "n1", "--fail-on-pending"]).code, 1);
    assert_eq!(stdin("bad-flag", CLUSTER, &["run", "-", "--nonsense"]).code, 2);
    assert_eq!(stdin("bad-version", CLUSTER, &["run", "-", "--kubernetes-version", "1.12"]).code, 2);
    assert_eq!(stdin("no-change", CLUSTER, &["whatif", "-"]).code, 2);
}

#[test]
fn a_drain_can_be_of_some_pods_only() {
    let pods = CLUSTER.replace("{name: small}", "{name: small, labels: {app: web}}").replace("'64'", "'1'");
    let drain = |name: &str, selector: &str| {
        let args = ["whatif", "-", "--drain", "n1", "--force", "--pod-selector", selector];
        stdin(name, &pods, &args)
    };
    let ran = drain("drain-some", "app=web");
    assert!(ran.stdout.contains("evicting pod default/small"), "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains("evicting pod default/large"), "{}", ran.stdout);
    let ran = drain("drain-bad-selector", "app==");
    let ran = if ran.code == 2 { ran } else { drain("drain-bad-selector-2", "app in") };
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[test]
fn expectations_decide_the_exit_code() {
    let scenario = |phase: &str| {
        format!(
            "{CLUSTER}---
apiVersion: sim/v1
kind: Scenario
metadata: {{name: t}}
spec:
  kubernetesVersion: v1.27.3
  until: 5m
  timeline:
    - at: 2m
      steps: [{{cordon: n1}}]
  expectations:
    - name: the small one runs
      at: 1m
      pods: {{name: small}}
      expect: {{phase: {phase}, node: n1}}
    - nodes: {{name: n1}}
      expect: {{schedulable: false}}
"
        )
    };
    let good = stdin("expect-good", &scenario("Running"), &["run", "-"]);
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    assert!(good.stdout.contains("2 of 2 expectations hold"), "{}", good.stdout);
    let bad = stdin("expect-bad", &scenario("Pending"), &["run", "-"]);
    assert_eq!(bad.code, 1, "{}", bad.stderr);
    assert!(bad.stdout.contains("the small one runs: pod default/small: phase is \"Running\""), "{}", bad.stdout);
    let json = stdin("expect-json", &scenario("Pending"), &["run", "-", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(document["expectations"][0]["holds"], false);
    assert_eq!(document["expectations"][1]["holds"], true);
    assert_eq!(document["kubernetesVersion"], "v1.27.3");
}

#[test]
fn a_refused_step_of_the_timeline_stops_the_run() {
    let input = format!(
        "{CLUSTER}---\napiVersion: sim/v1\nkind: Scenario\nmetadata: {{name: t}}\nspec:\n  until: 5m\n  timeline:\n    - at: 2m\n      steps:\n        - cordon: n7\n"
    );
    // What is known until then is shown; the error comes last.
    let ran = stdin("step", &input, &["run", "-"]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with("NAMESPACE") && ran.stdout.contains("Insufficient cpu"), "{}", ran.stdout);
    let error = ran.stderr.lines().skip_while(|line| !line.starts_with("error: ")).collect::<Vec<_>>().join("\n");
    assert!(error.starts_with("error: <stdin>:"), "{}", ran.stderr);
    for word in ["the step at 2m cannot be carried out", "nodes \"n7\" not found", "n1"] {
        assert!(error.contains(word), "{word:?} is not in {error}");
    }
    let ran = stdin("step-json", &input, &["run", "-", "-o", "json"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&document["stopped"]["reason"], &document["refused"][0]["at"]), (&"refused".into(), &"2m".into()));
    assert_eq!(document["pods"].as_array().map(Vec::len), Some(2));
}

#[test]
fn unusable_input_is_named_with_its_place() {
    refused("empty", "", &["<stdin>"]);
    refused("comments", "# nothing\n", &["<stdin>"]);
    refused("broken", "a: [1,\nb: }", &["<stdin>:"]);
    refused("nameless", "apiVersion: v1\nkind: Pod\nmetadata: {}\n", &["<stdin>:", "name"]);
    refused("kindless", "apiVersion: v1\nmetadata: {name: x}\n", &["kind"]);
    refused("quantity", &CLUSTER.replace("4Gi", "12Gx"), &["<stdin>:6:", "status.allocatable.memory", "12Gx"]);
    refused(
        "type",
        &CLUSTER.replace("[{name: c, image: nginx, resources: {requests: {cpu: 500m}}}]", "7"),
        &["<stdin>:12:", "spec.containers"],
    );
    refused(
        "twice",
        &format!(
            "{CLUSTER}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: small}}\nspec: {{containers: [{{name: c}}]}}\n"
        ),
        &["small"],
    );
    refused("no-node", &CLUSTER.replace("spec: {containers", "spec: {nodeName: n9, containers"), &["n9"]);
    let taint = |taint: &str| CLUSTER.replace("status:", &format!("spec: {{taints: [{taint}]}}\nstatus:"));
    refused("effect", &taint("{key: a, effect: Sometimes}"), &["effect", "Sometimes", "NoSchedule"]);
    let toleration = |toleration: &str| {
        CLUSTER.replace(
            "spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 500m}}}]}",
            &format!("spec: {{tolerations: [{toleration}], containers: [{{name: c, image: nginx}}]}}"),
        )
    };
    refused("operator", &toleration("{key: a, operator: exists}"), &["operator", "exists", "Exists"]);
    refused("exists-value", &toleration("{key: a, operator: Exists, value: b}"), &["value", "Exists"]);
    refused("bomb", &alias_bomb(), &["<stdin>"]);
    refused("deep", &"[".repeat(100_000), &["<stdin>"]);
}

fn alias_bomb() -> String {
    let mut text = String::from(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n",
    );
    for level in 1..12 {
        let previous = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
    }
    text
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = std::env::temp_dir().join(format!("sim-tests-{}-files", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let sim = Sim::new("files");
    let path = |name: &str| folder.join(name).display().to_string();
    let missing = sim.run(&["run", &path("nothing.yaml")]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("nothing.yaml"), "{}", missing.stderr);
    std::fs::create_dir_all(folder.join("empty")).expect("a folder");
    assert_eq!(sim.run(&["run", &path("empty")]).code, 2);
    std::fs::write(folder.join("latin1.yaml"), b"kind: \xe9").expect("a file");
    let latin1 = sim.run(&["run", &path("latin1.yaml")]);
    assert_eq!(latin1.code, 2);
    assert!(latin1.stderr.contains("UTF-8"), "{}", latin1.stderr);
    std::fs::create_dir_all(folder.join("split")).expect("a folder");
    for (index, part) in CLUSTER.split("---").enumerate() {
        std::fs::write(folder.join("split").join(format!("{index}.yaml")), part).expect("a file");
    }
    let split = sim.run(&["run", &path("split")]);
    assert_eq!(split.code, 0, "{}", split.stderr);
    assert_eq!(split.stdout, stdin("whole", CLUSTER, &["run", "-"]).stdout, "a directory is its files");
}

#[test]
fn unknown_fields_and_kinds_are_kept_and_told_once() {
    let input = CLUSTER.replace("image: nginx,", "image: nginx, imagePulPolicy: Always,")
        + "---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n";
    let ran = stdin("unknown", &input, &["run", "-"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("imagePulPolicy").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("Widget"), "{}", ran.stderr);
    let shown = stdin("unknown-shown", &input, &["get", "pod", "small", "-o", "yaml", "-f", "-"]);
    assert!(shown.stdout.contains("imagePulPolicy: Always"), "{}", shown.stdout);
}

#[test]
fn lists_and_json_are_the_same_cluster() {
    let sim = Sim::new("list");
    let dump = |format: &str| {
        sim.run_with_stdin(&["get", "nodes,pods", "-A", "-o", format, "-f", "-", "--at", "0s"], CLUSTER.as_bytes())
    };
    let yaml = dump("yaml");
    assert!(yaml.stdout.contains("kind: List"), "{}{}", yaml.stdout, yaml.stderr);
    let json = dump("json");
    let (from_yaml, from_json) =
        (stdin("yaml-list", &yaml.stdout, &["run", "-"]), stdin("json-list", &json.stdout, &["run", "-"]));
    assert_eq!(from_yaml.code, 0, "{}", from_yaml.stderr);
    assert_eq!(from_yaml, from_json);
}

#[test]
fn colour_is_for_terminals_and_for_who_asks() {
    assert!(!stdin("plain-colour", CLUSTER, &["run", "-"]).stdout.contains('\u{1b}'));
    assert!(stdin("forced", CLUSTER, &["run", "-", "--color", "always"]).stdout.contains('\u{1b}'));
    let never = Sim::new("no-color").env("NO_COLOR", "1").run_with_stdin(&["run", "-"], CLUSTER.as_bytes());
    assert!(!never.stdout.contains('\u{1b}'));
}

#[test]
fn get_speaks_kubectl() {
    let get = |args: &[&str]| {
        let mut all = vec!["get"];
        all.extend(args);
        all.extend(["-f", "-"]);
        stdin("get", CLUSTER, &all)
    };
    assert_eq!(get(&["po", "-o", "name"]).stdout, "pod/large\npod/small\n");
    assert_eq!(get(&["pods", "-n", "nosuch"]).stderr.lines().last(), Some("No resources found in nosuch namespace."));
    let missing = get(&["pod", "nosuch"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("Error from server (NotFound): pods \"nosuch\" not found"), "{}", missing.stderr);
    assert!(get(&["widgets"]).stderr.contains("the server doesn't have a resource type \"widgets\""));
    assert!(get(&["no,po"]).stdout.contains("node/n1"), "several kinds are named in the rows");
    assert_eq!(get(&["pods", "--no-headers"]).stdout.lines().count(), 2);
    assert!(get(&["node", "n1", "-o", "yaml"]).stdout.contains("kubeletVersion: v1.30.2"));
}

#[test]
fn completions_version_and_help() {
    let sim = Sim::new("help");
    for shell in ["bash", "zsh", "fish"] {
        assert!(sim.run(&["completions", shell]).stdout.contains("whatif"), "{shell}");
    }
    assert!(sim.run(&["--version"]).stdout.starts_with("sim "));
    let help = sim.run(&["help"]);
    assert_eq!(help.code, 0);
    assert!(help.stdout.contains("Examples:"), "{}", help.stdout);
    assert!(serde_json::from_str::<serde_json::Value>(&sim.run(&["schema"]).stdout).is_ok());
}
