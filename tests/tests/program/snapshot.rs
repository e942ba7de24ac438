//! A cluster that is written down and read again goes on from where it stood.

use sim_tests::{Ran, Sim};

const CLUSTER: &str = "
apiVersion: sim/v1
kind: Scenario
metadata: {name: first}
spec: {kubernetesVersion: v1.30.2, start: '2024-05-06T07:08:09+02:00', until: 25m}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {kubernetes.io/hostname: n2}}
spec: {taints: [{key: only, value: db, effect: NoSchedule}]}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 500m}}}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: kube-system}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {tolerations: [{operator: Exists}], containers: [{name: c, image: agent}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: too-large}
spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: '64'}}}]}
";

/// Runs the cluster, writes it down, and gives the text and the pods of both.
fn snapshot(name: &str, extension: &str) -> (String, String) {
    let path = std::env::temp_dir().join(format!("sim-tests-{}-snapshot-{name}.{extension}", std::process::id()));
    let path = path.display().to_string();
    let first = Sim::new(name).run_with_stdin(&["run", "-", "--snapshot", &path], CLUSTER.as_bytes());
    assert_eq!(first.code, 0, "{}", first.stderr);
    (std::fs::read_to_string(path).expect("a snapshot"), first.stdout)
}

fn go_on(name: &str, text: &str, args: &[&str]) -> Ran {
    let ran = Sim::new(name).run_with_stdin(&[&["run", "-"], args].concat(), text.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran
}

#[test]
fn nothing_changes_and_ages_go_on() {
    for extension in ["yaml", "json"] {
        let (text, first) = snapshot(&format!("same-{extension}"), extension);
        let again = go_on(&format!("again-{extension}"), &text, &["--until", "0s"]);
        assert_eq!(again.stdout, first, "the same pods with the same ages");
        let later = go_on(&format!("later-{extension}"), &text, &["--until", "35m"]);
        let older = first.replace(" 25m ", " 60m ").replace(" 24m ", " 59m ");
        assert_eq!(later.stdout, older, "the same pods, 35 minutes older");
    }
}

#[test]
fn a_workload_that_is_scaled_afterwards_keeps_its_pods() {
    let (text, first) = snapshot("scaled", "yaml");
    let sim = Sim::new("scaled-after");
    let ran = sim.run_with_stdin(&["whatif", "-", "--scale", "deployment/web=4", "-o", "json"], text.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let names = |list: &str| -> std::collections::BTreeSet<String> {
        let pods = document[list]["pods"].as_array().expect("pods");
        pods.iter().map(|pod| pod["name"].to_string()).collect()
    };
    let (before, after) = (names("before"), names("after"));
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    assert!(before.is_subset(&after) && first.matches("web-").count() == 3, "none is replaced: {after:?}");
}

/// What people strip from a dump before they send it: uids, versions, statuses of workloads.
#[test]
fn owners_without_uids_keep_their_pods() {
    let (text, first) = snapshot("stripped", "json");
    let mut list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for item in list["items"].as_array_mut().expect("items") {
        let metadata = item["metadata"].as_object_mut().expect("metadata");
        metadata.remove("uid");
        metadata.remove("resourceVersion");
    }
    let again = go_on("stripped-again", &list.to_string(), &["--until", "0s"]);
    assert_eq!(again.stdout, first);
}

#[test]
fn a_dump_without_owners_runs_as_far_as_it_goes_and_says_what_is_missing() {
    let (text, first) = snapshot("partial", "json");
    let mut list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let kinds = ["Scenario", "Node", "Pod"];
    list["items"].as_array_mut().expect("items").retain(|item| kinds.iter().any(|kind| item["kind"] == *kind));
    let again = go_on("partial-again", &list.to_string(), &["--until", "10m"]);
    assert_eq!(again.stdout.matches("Running").count(), first.matches("Running").count(), "{}", again.stdout);
    for words in ["pods of shop/web-", "but not the replicasets themselves", "shop/db but not the statefulsets"] {
        assert!(again.stderr.contains(words), "{words:?} is not in {}", again.stderr);
    }
}

/// Stable names, so that what is made later can be compared.
const EVENTFUL: &str = "
apiVersion: sim/v1
kind: Scenario
metadata: {name: eventful}
spec:
  kubernetesVersion: v1.30.2
  start: '2024-05-06T07:08:00+02:00'
  until: 20m
  behaviours: [{pods: {name: db-0}, behaviour: exits 1 after 7m}]
  timeline:
    - {at: 1m, steps: [{nodeDown: n1}, {imageBroken: 'other*'}]}
    - {at: 2m, steps: [{controllerStopped: kube-scheduler}]}
    - at: 3m
      steps:
        - behaviour: {pods: {name: db-1}, behaviour: never ready}
    - at: 12m
      steps:
        - {controllerStarted: kube-scheduler}
        - apply: {file: FILE}
    - {at: 16m, steps: [{nodeUp: n1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {kubernetes.io/hostname: n2}}
status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}
---
apiVersion: v1
kind: Pod
metadata: {name: lost}
spec: {nodeName: n1, containers: [{name: c, image: 'nginx:1'}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {nodeSelector: {kubernetes.io/hostname: n2}, containers: [{name: c, image: 'db:1'}]}
";

const LATE: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: late}, spec: {containers: [{name: c, image: 'nginx:1'}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: broken}, spec: {containers: [{name: c, image: 'other:1'}]}}
";

#[test]
fn what_stands_and_what_is_to_come_goes_on() {
    let folder = std::env::temp_dir().join(format!("sim-tests-{}-eventful", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("late.yaml"), LATE).expect("a file");
    let file = folder.join("late.yaml").display().to_string();
    let cluster = EVENTFUL.replace("FILE", &file);
    let whole = Sim::new("eventful-whole").run_with_stdin(&["run", "-"], cluster.as_bytes());
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert!(
        ["late", "ImagePullBackOff", "2 (5m58s ago)"].iter().all(|words| whole.stdout.contains(words)),
        "{}",
        whole.stdout
    );
    for until in ["1m40s", "5m", "10m30s", "14m"] {
        let kept = folder.join(format!("{until}.yaml")).display().to_string();
        let args = ["run", "-", "--until", until, "--snapshot", &kept];
        let first = Sim::new("eventful-first").run_with_stdin(&args, cluster.as_bytes());
        assert_eq!(first.code, 0, "{}", first.stderr);
        // The snapshot needs no other file.
        let text = std::fs::read_to_string(kept).expect("a snapshot").replace(&file, "nowhere.yaml");
        let again = Sim::new("eventful-again").run_with_stdin(&["run", "-"], text.as_bytes());
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(again.stdout, whole.stdout, "taken over at {until}");
    }
}

#[test]
fn what_a_snapshot_does_not_keep_is_told() {
    let path = std::env::temp_dir().join(format!("sim-tests-{}-forgotten.yaml", std::process::id()));
    let path = path.display().to_string();
    let args = ["run", "-", "--until", "1m10s", "--snapshot", &path];
    let first =
        Sim::new("forgotten").run_with_stdin(&args, EVENTFUL.replace("apply: {file: FILE}", "cordon: n2").as_bytes());
    let note = "note: the snapshot does not keep how long nothing has been heard of n1: it counts from the snapshot on";
    assert!(first.stderr.contains(note), "{}", first.stderr);
}
