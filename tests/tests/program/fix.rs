//! `sim fix`: the article's ranked answers, what their commands do, goals, and goals that cannot be.

use serde_json::Value;
use sim_tests::{Ran, Sim};

const ARTICLE: &str = "scenarios/kubespray-uninitialized.yaml";
const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule";

fn fix(name: &str, args: &[&str]) -> Ran {
    Sim::new(name).run(&[&["fix"], args].concat())
}

#[track_caller]
fn json(name: &str, args: &[&str]) -> Value {
    let ran = fix(name, &[args, &["-o", "json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).expect("one JSON document")
}

fn titles(found: &Value) -> Vec<(String, String)> {
    let answers = found["answers"].as_array().into_iter().flatten();
    answers
        .map(|answer| {
            let edits: Vec<&str> = answer["edits"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            (answer["class"].as_str().unwrap_or_default().to_owned(), edits.join("; and "))
        })
        .collect()
}

#[test]
fn the_article_s_answers_are_ranked_by_what_they_leave_behind() {
    let found = json("fix-article", &[ARTICLE]);
    let titles = titles(&found);
    let place = |class: &str, part: &str| {
        let place = titles.iter().position(|(found, title)| found == class && title.contains(part));
        place.unwrap_or_else(|| panic!("no {class} answer {part:?} in {titles:#?}"))
    };
    let kubelets = place("removesCause", "run the kubelets without --cloud-provider=external");
    let deployed = place("removesCause", "deploy the cloud-controller-manager");
    let tolerated = place("livesWithCause", &format!("tolerate {UNINITIALIZED} in kube-system/deployment/"));
    let untainted = place("hidesCause", &format!("remove the taint {UNINITIALIZED} from kubemaster and kubeworker"));
    assert!(kubelets.max(deployed) < tolerated && tolerated < untainted, "{titles:#?}");
    let answers = found["answers"].as_array().expect("answers");
    for answer in answers {
        assert_eq!((&answer["before"]["pending"], &answer["after"]["pending"]), (&4.into(), &0.into()));
    }
    assert_eq!(answers[tolerated]["commands"].as_array().map(Vec::len), Some(4), "one for each Deployment");
    assert!(answers[untainted]["returns"].as_str().is_some_and(|text| text.contains("the next node comes up with")));
    let third = found["notNeeded"][0].as_str().unwrap_or_default();
    assert!(third.starts_with("removing node-role.kubernetes.io/master:NoSchedule from kubemaster is not needed"));
    assert!(third.contains("kubemaster is open to every pod"), "{third}");
}

#[test]
fn the_text_shows_what_to_type_and_how_to_take_it_back() {
    let text = fix("fix-text", &[ARTICLE]).stdout;
    assert!(text.contains(&format!("     kubectl taint nodes --all {UNINITIALIZED}-\n")), "{text}");
    assert!(text.contains(&format!("   undo     kubectl taint nodes --all {UNINITIALIZED}\n")), "{text}");
    assert!(text.contains("\nNot needed\n"), "{text}");
    assert_eq!(text, fix("fix-again", &[ARTICLE]).stdout, "the same bytes each time");
}

#[test]
fn an_answer_s_manifests_are_files_that_cure_the_cluster() {
    let folder = std::env::temp_dir().join(format!("sim-tests-{}-apply-to", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let to = folder.display().to_string();
    let ran = fix("fix-apply-to", &[ARTICLE, "--apply-to", &to, "--answer", "3"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let files: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder")
        .filter_map(|entry| Some(entry.ok()?.path().display().to_string()))
        .collect();
    assert_eq!(files.len(), 4, "{files:?}");
    let mut args = vec!["whatif", ARTICLE, "-o", "json"];
    args.extend(files.iter().flat_map(|file| ["--apply", file.as_str()]));
    let ran = Sim::new("fix-applied").run(&args);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    assert_eq!(document["after"]["counts"]["pending"], 0);
}

#[test]
fn a_goal_can_be_a_pod_an_owner_or_an_expectation() {
    let of_owner = json("fix-owner", &[ARTICLE, "--goal", "kube-system/deployment/coredns"]);
    assert!(of_owner["goal"].as_str().is_some_and(|goal| goal.contains("deployment/coredns")));
    let titles = titles(&of_owner);
    assert!(titles.iter().any(|(_, title)| title.contains("tolerate") && title.contains("coredns")), "{titles:#?}");
    let holds = fix("fix-holds", &[ARTICLE, "--goal", "kube-system/daemonset/kube-proxy"]);
    assert_eq!(holds.code, 0, "{}", holds.stderr);
    assert!(holds.stdout.starts_with("Nothing to cure: "), "{}", holds.stdout);
    let expectation = json("fix-expectation", &[ARTICLE, "--goal", "the control plane runs"]);
    assert_eq!(expectation["alreadyHolds"], true);
}

#[test]
fn a_goal_that_selects_nothing_is_an_error() {
    for (name, goal, part) in [
        ("fix-nobody", "kube-system/deployment/corends", "the goal selects nothing"),
        ("fix-no-goal", "nonsense", "there is no goal in \"nonsense\""),
        ("fix-no-kind", "deplyment/coredns", "resource type"),
    ] {
        let ran = fix(name, &[ARTICLE, "--goal", goal]);
        assert_eq!(ran.code, 2, "{goal}: {}", ran.stdout);
        assert!(ran.stderr.contains(part), "{goal}: {}", ran.stderr);
    }
}

#[test]
fn without_an_answer_the_causes_that_stay_are_told() {
    let input = br#"
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: "1", memory: 8Gi, pods: "110"}, nodeInfo: {kubeletVersion: v1.30.0}}
---
apiVersion: v1
kind: Pod
metadata: {name: huge, namespace: default}
spec: {containers: [{name: c, image: web, resources: {requests: {cpu: "64"}}}]}
"#;
    let ran = Sim::new("fix-none").run_with_stdin(&["fix", "-"], input);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("No cure was found"), "{}", ran.stdout);
    assert!(ran.stdout.contains("stays: too little cpu on n1"), "{}", ran.stdout);
    let conflict = "conflict of pod/huge in default: no node has 64000m of cpu\n";
    assert!(ran.stdout.contains(conflict), "{}", ran.stdout);
}

#[test]
fn what_can_be_cured_is_and_the_rest_is_told() {
    let input = br#"
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {unschedulable: true}
status: {allocatable: {cpu: "1", memory: 8Gi, pods: "110"}, nodeInfo: {kubeletVersion: v1.30.0}}
---
apiVersion: v1
kind: Pod
metadata: {name: huge, namespace: default}
spec: {containers: [{name: c, image: web, resources: {requests: {cpu: "64"}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: small, namespace: default}
spec: {containers: [{name: c, image: web}]}
"#;
    let ran = Sim::new("fix-partly").run_with_stdin(&["fix", "-"], input);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("The goal is not reached whole: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("    pod/huge in default: 1 pending\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1. uncordon n1 "), "{}", ran.stdout);
}

#[test]
fn a_deadline_returns_what_was_found_and_says_so() {
    let ran = fix("fix-deadline", &["scenarios/api-server-unreachable.yaml", "--at", "10m50s", "--deadline", "1ms"]);
    assert!(ran.code <= 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("the search was cut by --deadline"), "{}", ran.stderr);
    let is_told = ran.stdout.contains(", when the search was cut.") || ran.stdout.contains("1. ");
    assert!(is_told && !ran.stdout.contains("stays: "), "{}", ran.stdout);
}
