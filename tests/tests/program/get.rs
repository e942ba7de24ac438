//! `sim get` and `sim describe` as a person types them at kubectl: kinds, names, selectors, forms and errors.

use sim_tests::{Ran, Sim};

const CLUSTER: &str = r#"
apiVersion: sim/v1
kind: Scenario
metadata: {name: get}
spec: {kubernetesVersion: v1.34.0, until: 0s, start: '2026-01-01T00:10:00Z'}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}, uid: n1, creationTimestamp: '2026-01-01T00:00:00Z'}
status:
  allocatable: {cpu: '4', memory: 8Gi, pods: '110'}
  conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '2026-01-01T00:10:00Z'}]
---
apiVersion: v1
kind: Pod
metadata: {name: b, uid: ub, namespace: default, labels: {app: web, tier: '1'}, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {nodeName: n1, containers: [{name: c, image: 'web:1'}]}
status:
  phase: Running
  podIP: 10.0.0.2
  startTime: '2026-01-01T00:00:00Z'
  conditions: [{type: Ready, status: 'True'}]
  containerStatuses: [{name: c, ready: true, restartCount: 0, image: 'web:1', imageID: x, state: {running: {startedAt: '2026-01-01T00:00:00Z'}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, uid: ua, namespace: default, creationTimestamp: '2026-01-01T00:05:00Z'}
spec: {schedulerName: nobody, containers: [{name: c, image: 'web:1'}]}
status: {phase: Pending}
---
apiVersion: v1
kind: Service
metadata: {name: web, uid: us, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {type: ClusterIP, clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{port: 80, protocol: TCP, targetPort: 80}], selector: {app: web}}
---
apiVersion: v1
kind: Secret
metadata: {name: key, uid: uk, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z'}
type: Opaque
data: {k: c2VjcmV0}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, uid: uc, namespace: other, creationTimestamp: '2026-01-01T00:00:00Z'}
data: {on: 'true', text: "x: y\nz"}
"#;

fn sim(args: &[&str]) -> Ran {
    Sim::new("get").run_with_stdin(&[args, &["-f", "-", "--keep-secrets"]].concat(), CLUSTER.as_bytes())
}

#[track_caller]
fn check(args: &[&str], expected: &str) {
    let ran = sim(args);
    assert_eq!((ran.stdout.as_str(), ran.code), (expected, 0), "{args:?}: {}", ran.stderr);
}

/// What is said on stderr besides warnings of the input.
#[track_caller]
fn refused(args: &[&str], code: i32, expected: &str) {
    let ran = sim(args);
    let told: Vec<&str> = ran.stderr.lines().filter(|line| !line.starts_with("warning: kept")).collect();
    assert_eq!((told.join("\n").as_str(), ran.code), (expected, code), "{args:?}");
}

#[test]
fn tables() {
    check(
        &["get", "po"],
        "NAME   READY   STATUS    RESTARTS   AGE\na      0/1     Pending   0          5m\nb      1/1     Running   0          10m\n",
    );
    check(
        &["get", "pods,svc", "-l", "app=web"],
        "NAME    READY   STATUS    RESTARTS   AGE\npod/b   1/1     Running   0          10m\n",
    );
    check(
        &["get", "pod/b", "svc/web"],
        "NAME    READY   STATUS    RESTARTS   AGE\npod/b   1/1     Running   0          10m\n\n\
         NAME          TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE\nservice/web   ClusterIP   10.96.0.1    <none>        80/TCP    10m\n",
    );
    check(
        &["get", "all", "--no-headers"],
        "pod/a   0/1   Pending   0     5m\npod/b   1/1   Running   0     10m\nservice/web   ClusterIP   10.96.0.1   <none>   80/TCP   10m\n",
    );
    check(
        &["get", "secrets", "-A"],
        "NAMESPACE   NAME   TYPE     DATA   AGE\ndefault     key    Opaque   1      10m\n",
    );
    check(
        &["get", "pods", "-L", "tier,app", "--show-labels"],
        "NAME   READY   STATUS    RESTARTS   AGE   TIER     APP      LABELS\n\
         a      0/1     Pending   0          5m    <none>   <none>   <none>\n\
         b      1/1     Running   0          10m   1        web      app=web,tier=1\n",
    );
    check(
        &["get", "pods", "--sort-by", ".metadata.creationTimestamp", "--no-headers"],
        "b     1/1   Running   0     10m\na     0/1   Pending   0     5m\n",
    );
    check(
        &["get", "pods", "--field-selector", "spec.nodeName=n1", "--no-headers"],
        "b     1/1   Running   0     10m\n",
    );
}

#[test]
fn other_forms() {
    check(&["get", "pods,svc", "-o", "name"], "pod/a\npod/b\nservice/web\n");
    check(&["get", "pods", "-o", "jsonpath={.items[*].metadata.name}"], "a b");
    check(&["get", "pod", "b", "-o", "jsonpath={.status.podIP}{\"\\n\"}"], "10.0.0.2\n");
    check(
        &["get", "pods", "-o", "custom-columns=NAME:.metadata.name,NODE:.spec.nodeName,LABELS:.metadata.labels"],
        "NAME   NODE     LABELS\na      <none>   <none>\nb      n1       map[app:web tier:1]\n",
    );
    let ran = sim(&["get", "cm", "conf", "-n", "other", "-o", "yaml"]);
    assert!(ran.stdout.starts_with("apiVersion: v1\ndata:\n  \"on\": \"true\"\n  text: |-\n    x: y\n    z\nkind: ConfigMap\nmetadata:\n  creationTimestamp: \"2026-01-01T00:00:00Z\"\n"), "{}", ran.stdout);
    let ran = sim(&["get", "pods", "-l", "app=none", "-o", "json"]);
    assert_eq!(
        ran.stdout,
        "{\n    \"apiVersion\": \"v1\",\n    \"items\": [],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
    );
    let ran = sim(&["get", "pods", "-o", "yaml"]);
    assert!(ran.stdout.ends_with("kind: List\nmetadata:\n  resourceVersion: \"\"\n"), "{}", ran.stdout);
}

#[test]
fn errors_are_kubectl_s() {
    refused(&["get", "pods", "-n", "empty"], 0, "No resources found in empty namespace.");
    refused(&["get", "pv"], 0, "No resources found");
    refused(&["get", "pods,pv", "-n", "empty"], 0, "No resources found");
    refused(&["get", "pod", "c"], 2, "Error from server (NotFound): pods \"c\" not found");
    refused(&["get", "deploy", "c"], 2, "Error from server (NotFound): deployments.apps \"c\" not found");
    refused(
        &["get", "cm", "conf"],
        2,
        "Error from server (NotFound): configmaps \"conf\" not found\n  hint: it is in namespace other: add -n other",
    );
    refused(&["get", "pod", "c", "--ignore-not-found"], 0, "");
    refused(&["get", "pdos"], 2, "error: the server doesn't have a resource type \"pdos\"\n  hint: did you mean pods?");
    refused(
        &["get", "pod/a", "svc"],
        2,
        "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'sim get resource/<resource_name>' instead of 'sim get resource resource/<resource_name>'",
    );
    refused(&["get", "pods", "a", "-l", "app=web"], 2, "error: name cannot be provided when a selector is specified");
    refused(&["get", "pods", "a", "-A"], 2, "error: a resource cannot be retrieved by name across all namespaces");
    refused(
        &["get", "pods", "--field-selector", "spec.x=1"],
        2,
        "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"\", field selector \"spec.x=1\": field label not supported: spec.x",
    );
    refused(
        &["get", "pods", "--sort-by", ".nothing"],
        2,
        "error: couldn't find any field with path \"{.nothing}\" in the list of objects",
    );
    refused(&["get", "pods", "-o", "jsonpath={.items"], 2, "error: error parsing jsonpath {.items, unclosed action");
    // What is there is shown all the same.
    let ran = sim(&["get", "pods", "b", "c", "d", "--no-headers"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("b     1/1   Running   0     10m\n", 2));
    assert!(
        ran.stderr.contains("pods \"c\" not found\nError from server (NotFound): pods \"d\" not found"),
        "{}",
        ran.stderr
    );
}

#[test]
fn pages() {
    let ran = sim(&["describe", "secret", "key"]);
    assert!(
        ran.stdout.ends_with("\nType:  Opaque\n\nData\n====\nk:  6 bytes\n") && !ran.stdout.contains("secret"),
        "{}",
        ran.stdout
    );
    let ran = sim(&["describe", "svc/web", "pod/b"]);
    assert!(ran.stdout.contains("Internal Traffic Policy:  Cluster"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("\n\n\nName:").count(), 1, "{}", ran.stdout);
    let ran = sim(&["describe", "pods", "-l", "app=web"]);
    assert_eq!(ran.stdout.matches("Name:  ").count(), 1, "{}", ran.stdout);
    refused(&["describe", "pod", "x"], 2, "Error from server (NotFound): pods \"x\" not found");
}

/// What `kubectl events` 1.27, 1.33 and 1.37 print of the same events, ages aside.
#[test]
fn events_are_listed_by_their_last_sight() {
    let event = |name: &str, object: &str, type_: &str, reason: &str, seen: [&str; 2], count: i32| {
        let (kind, of) = object.split_once('/').unwrap_or_default();
        format!(
            "---\napiVersion: v1\nkind: Event\nmetadata: {{name: {name}, namespace: default, uid: {name}, creationTimestamp: '2026-01-01T00:0{}:00Z'}}\ninvolvedObject: {{kind: {kind}, name: {of}, namespace: default}}\ntype: {type_}\nreason: {reason}\nmessage: it {reason}\nfirstTimestamp: '2026-01-01T00:0{}:00Z'\nlastTimestamp: '2026-01-01T00:0{}:00Z'\ncount: {count}\nsource: {{component: x}}\n",
            seen[0], seen[0], seen[1]
        )
    };
    let input = [
        CLUSTER.to_owned(),
        event("b.1", "Pod/b", "Normal", "Scheduled", ["1", "1"], 1),
        event("b.2", "Pod/b", "Warning", "BackOff", ["2", "9"], 7),
        event("n1.1", "Node/n1", "Normal", "Starting", ["5", "5"], 1),
    ]
    .concat();
    let events = |args: &[&str]| {
        let ran = Sim::new("events").run_with_stdin(&[&["events", "-f", "-"], args].concat(), input.as_bytes());
        let told = ran.stderr.lines().filter(|line| !line.starts_with("note:") && !line.starts_with("warning:"));
        (ran.code, ran.stdout.clone(), told.collect::<Vec<_>>().join("\n"))
    };
    let table = "\
LAST SEEN          TYPE      REASON      OBJECT    MESSAGE
9m                 Normal    Scheduled   Pod/b     it Scheduled
5m                 Normal    Starting    Node/n1   it Starting
60s (x7 over 8m)   Warning   BackOff     Pod/b     it BackOff
";
    assert_eq!(events(&[]), (0, table.to_owned(), String::new()));
    let (_, of_pod, _) = events(&["--for", "pods/b", "--types", "Warning", "--no-headers"]);
    assert_eq!(of_pod, "60s (x7 over 8m)   Warning   BackOff   Pod/b   it BackOff\n");
    assert_eq!(events(&["-o", "name"]).1, "event/b.1\nevent/n1.1\nevent/b.2\n");
    assert!(events(&["-o", "yaml"]).1.starts_with("apiVersion: v1\nitems:\n- apiVersion: v1\n  count: 1\n"));
    assert!(events(&["-A"]).1.starts_with("NAMESPACE   LAST SEEN"));
    assert_eq!(events(&["-n", "other"]), (0, String::new(), "No events found in other namespace.".to_owned()));
    for (args, why) in [
        (["--for", "b"], "error: --for must be in resource/name form"),
        (["--for", "foo/b"], "error: the server doesn't have a resource type \"foo\""),
        (["--types", "Foo"], "error: valid --types are Normal or Warning"),
    ] {
        assert_eq!(events(&args), (2, String::new(), why.to_owned()));
    }
}
