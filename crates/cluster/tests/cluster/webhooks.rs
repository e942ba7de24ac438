//! Admission webhooks that do not answer.

use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, DrainOptions, ObjectRef};

use crate::common::{MINUTE, apply, cluster, merge, messages, node, settle, web};

/// A configuration with one webhook `guard.example.com`, which asks the Service `guard/guard` about pods that are created.
fn guard(kind: &str, more: Value) -> Value {
    let mut webhook = json!({"name": "guard.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": "guard", "name": "guard", "path": "/check"}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]});
    merge(&mut webhook, more);
    json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "guard"}, "webhooks": [webhook]})
}

fn service() -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "guard", "namespace": "guard"},
        "spec": {"selector": {"app": "guard"}, "clusterIP": "10.96.0.9", "ports": [{"port": 443, "targetPort": 8443}]}})
}

/// The Deployment behind the Service.
fn backend(replicas: i32) -> Value {
    let mut value = web(replicas, "guard:1", json!({}), json!({}));
    value["metadata"] = json!({"name": "guard", "namespace": "guard"});
    value["spec"]["selector"] = json!({"matchLabels": {"app": "guard"}});
    value["spec"]["template"]["metadata"] = json!({"labels": {"app": "guard"}});
    value
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// Nobody is behind the Service.
fn down(version: &str, configuration: Value) -> Cluster {
    cluster(version, vec![node("n1"), namespace("guard"), service(), backend(0), configuration])
}

fn ready(cluster: &Cluster, namespace: &str) -> usize {
    cluster.store().list_in::<Pod>(namespace).filter(|pod| pod::is_ready(pod)).count()
}

/// What the ReplicaSet of `web` is told when it makes a pod.
#[track_caller]
fn check_failure(mut cluster: Cluster, expected: &str) {
    apply(&mut cluster, web(1, "nginx:1", json!({}), json!({})));
    cluster.run_until(MINUTE);
    assert_eq!(ready(&cluster, "default"), 0);
    let told = messages(&cluster, "FailedCreate");
    assert!(!told.is_empty());
    for told in told {
        assert_eq!(told, format!("Error creating: Internal error occurred: {expected}"));
    }
}

/// Whether a pod of `web` is made all the same.
#[track_caller]
fn check_passes(mut cluster: Cluster) {
    apply(&mut cluster, web(1, "nginx:1", json!({}), json!({})));
    settle(&mut cluster);
    assert_eq!(ready(&cluster, "default"), 1);
}

const POST: &str =
    "Post \"https://guard.guard.svc:443/check?timeout=10s\": no endpoints available for service \"guard\"";

#[test]
fn a_pod_is_refused_in_the_words_of_the_version() {
    let of = |version, kind| down(version, guard(kind, json!({})));
    let url = "https://guard.guard.svc:443/check?timeout=10s";
    let none = "no endpoints available for service \"guard\"";
    let call = "failed calling webhook \"guard.example.com\": ";
    check_failure(of("v1.18.0", "ValidatingWebhookConfiguration"), &format!("{call}Post {url}: {none}"));
    check_failure(of("v1.21.0", "ValidatingWebhookConfiguration"), &format!("{call}{POST}"));
    check_failure(of("v1.22.0", "MutatingWebhookConfiguration"), &format!("{call}failed to call webhook: {POST}"));
    check_failure(of("v1.34.0", "ValidatingWebhookConfiguration"), &format!("{call}failed to call webhook: {POST}"));
}

#[test]
fn who_is_not_asked_refuses_nothing() {
    let of = |more| down("v1.30.0", guard("ValidatingWebhookConfiguration", more));
    let rule = |more| {
        let mut rule =
            json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]});
        merge(&mut rule, more);
        json!({"rules": [rule]})
    };
    check_passes(of(json!({"failurePolicy": "Ignore"})));
    check_passes(of(rule(json!({"operations": ["UPDATE", "DELETE"]}))));
    check_passes(of(rule(json!({"resources": ["pods/eviction", "services"]}))));
    check_passes(of(rule(json!({"apiGroups": ["apps"], "resources": ["*"], "operations": ["DELETE"]}))));
    check_passes(of(rule(json!({"scope": "Cluster"}))));
    check_passes(of(json!({"objectSelector": {"matchLabels": {"guarded": "yes"}}})));
    check_passes(of(json!({"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["default"]}]}})));
    check_passes(of(json!({"clientConfig": {"url": "https://guard.example.com/check"}})));
    // And who is.
    let call = format!("failed calling webhook \"guard.example.com\": failed to call webhook: {POST}");
    check_failure(
        of(rule(
            json!({"resources": ["pods", "pods/*"], "operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"]}),
        )),
        &call,
    );
    check_failure(of(json!({"objectSelector": {"matchLabels": {"app": "web"}}})), &call);
    check_failure(of(json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}})), &call);
}

#[test]
fn the_reason_is_what_the_api_server_finds_of_the_service() {
    let configuration = || guard("ValidatingWebhookConfiguration", json!({"timeoutSeconds": 5}));
    let objects = |more: Vec<Value>| [vec![node("n1"), namespace("guard"), backend(0), configuration()], more].concat();
    let said = |why: &str| {
        format!(
            "failed calling webhook \"guard.example.com\": failed to call webhook: Post \
             \"https://guard.guard.svc:443/check?timeout=5s\": {why}"
        )
    };
    let other = || {
        let mut other = service();
        other["metadata"]["name"] = json!("other");
        other
    };
    check_failure(cluster("v1.30.0", objects(vec![other()])), &said("service \"guard\" not found"));
    let mut elsewhere = service();
    elsewhere["spec"]["ports"] = json!([{"port": 8443}]);
    check_failure(
        cluster("v1.30.0", objects(vec![elsewhere])),
        &said("no service port 443 found for service \"guard\""),
    );
    // kubeadm's API server goes by the cluster IP.
    let server = |flags: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kube-apiserver-n1", "namespace": "kube-system"},
            "spec": {"nodeName": "n1", "containers": [{"name": "kube-apiserver", "image": "kube-apiserver:1", "command": flags}]},
            "status": {"phase": "Running"}})
    };
    check_failure(
        cluster("v1.30.0", objects(vec![service(), server(json!(["kube-apiserver"]))])),
        &said("dial tcp 10.96.0.9:443: connect: connection refused"),
    );
    check_failure(
        cluster(
            "v1.30.0",
            objects(vec![service(), server(json!(["kube-apiserver", "--enable-aggregator-routing=true"]))]),
        ),
        &said("no endpoints available for service \"guard\""),
    );
}

/// Of a dump that shows nothing of the webhook's namespace nobody knows that it does not answer.
#[test]
fn what_is_not_shown_is_taken_to_answer() {
    let configuration = guard("ValidatingWebhookConfiguration", json!({}));
    let mut alone = cluster("v1.30.0", vec![node("n1"), configuration]);
    apply(&mut alone, web(1, "nginx:1", json!({}), json!({})));
    settle(&mut alone);
    assert_eq!(ready(&alone, "default"), 1);
    let note = "the admission webhooks guard.example.com are taken to allow whatever they are asked, and to change nothing of it";
    assert!(alone.gaps().iter().any(|gap| gap == note), "{:#?}", alone.gaps());
}

/// The webhook's own pod is refused by itself, until somebody takes the configuration away.
#[test]
fn a_webhook_that_guards_itself_never_comes_up() {
    let configuration = guard("ValidatingWebhookConfiguration", json!({}));
    let mut cluster = cluster("v1.30.0", vec![node("n1"), namespace("guard"), service(), backend(1), configuration]);
    cluster.run_until(10 * MINUTE);
    assert_eq!(ready(&cluster, "guard"), 0);
    let target = ObjectRef::parse("validatingwebhookconfiguration/guard").unwrap();
    cluster.make(&Change::Delete(target)).unwrap();
    settle(&mut cluster);
    assert_eq!(ready(&cluster, "guard"), 1);
}

/// Once its pod is ready the others pass.
#[test]
fn pods_are_made_when_the_webhook_answers() {
    let own = json!({"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["guard"]}]}});
    let configuration = guard("ValidatingWebhookConfiguration", own);
    let mut cluster = cluster(
        "v1.30.0",
        vec![
            node("n1"),
            namespace("guard"),
            service(),
            backend(1),
            configuration,
            web(2, "nginx:1", json!({}), json!({})),
        ],
    );
    settle(&mut cluster);
    assert_eq!((ready(&cluster, "guard"), ready(&cluster, "default")), (1, 2));
    assert!(!messages(&cluster, "FailedCreate").is_empty(), "the first try was too early");
}

#[test]
fn people_are_refused_too() {
    let rules = json!({"rules": [{"apiGroups": ["apps", ""], "apiVersions": ["v1"], "operations": ["UPDATE", "DELETE"],
        "resources": ["deployments", "services", "pods/eviction"]},
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods/eviction"]}]});
    let mut cluster = down("v1.30.0", guard("ValidatingWebhookConfiguration", rules));
    apply(&mut cluster, web(1, "nginx:1", json!({}), json!({})));
    settle(&mut cluster);
    let said = format!(
        "Internal error occurred: failed calling webhook \"guard.example.com\": failed to call webhook: {POST}"
    );
    let web = || ObjectRef::parse("deployment/web").unwrap();
    let refusals = [
        Change::Delete(web()),
        Change::Delete(ObjectRef::parse("guard/service/guard").unwrap()),
        Change::SetImage { workload: web(), images: vec![("*".to_owned(), "nginx:2".to_owned())] },
    ];
    for change in refusals {
        let refused = cluster.make(&change).unwrap_err().to_string();
        assert_eq!(refused, format!("Error from server (InternalError): {said}"), "{change:?}");
    }
    assert!(cluster.store().find::<Service>("guard", "guard").is_some());
    // The replicas are a resource of their own.
    cluster.make(&Change::Scale { workload: web(), replicas: 2 }).unwrap();
    settle(&mut cluster);
    cluster.make(&Change::Drain(DrainOptions { node: "n1".to_owned(), ..DrainOptions::default() })).unwrap();
    cluster.run_until(cluster.now_ms() + MINUTE);
    let pods: Vec<String> =
        cluster.store().list_in::<Pod>("default").map(|pod| pod.metadata.name.clone().unwrap()).collect();
    assert_eq!(pods.len(), 2);
    let printed: Vec<String> = cluster.printed().iter().map(|printed| format!("{printed:?}")).collect();
    for pod in &pods {
        let line = format!("error when evicting pods/\\\"{pod}\\\" -n \\\"default\\\": {}", said.replace('"', "\\\""));
        assert!(printed.iter().any(|printed| printed.contains(&line)), "{line}\n{printed:#?}");
    }
}
