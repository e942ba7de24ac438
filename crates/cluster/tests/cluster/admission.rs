//! What the API server refuses, how controllers tell of it, and when they try again.

use k8s_openapi::api::core::v1::Event;
use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::{
    AdmissionConfig, Change, Cluster, Kind, Object, ObjectKey, ObjectRef, PatchType, Setup, Stop, TimedChange,
};

const MINUTE: u64 = 60 * 1000;

fn setup(version: &str) -> Setup {
    Setup { input_is_complete: true, ..Setup::of(version.parse().unwrap()) }
}

fn object(value: Value) -> Object {
    let kind = Kind::of(value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap()).unwrap();
    Object::read(kind, value).unwrap()
}

fn cluster_with(setup: Setup, objects: Vec<Value>) -> Cluster {
    Cluster::new(setup, objects.into_iter().map(object))
}

fn cluster(objects: Vec<Value>) -> Cluster {
    cluster_with(setup("v1.34.0"), objects)
}

fn node() -> Value {
    let resources = json!({"cpu": "8", "memory": "16Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"},
        "status": {"capacity": resources, "allocatable": resources}})
}

fn pod_spec(more: Value) -> Value {
    let mut spec = json!({"containers": [{"name": "app", "image": "app:1"}]});
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

fn workload(kind: &str, replicas: i32, spec: Value) -> Value {
    let mut value = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": spec}}});
    match kind {
        "DaemonSet" => drop(value["spec"].as_object_mut().unwrap().remove("replicas")),
        "StatefulSet" => value["spec"]["serviceName"] = json!("web"),
        _ => {}
    }
    value
}

fn account(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}})
}

fn quota(hard: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": hard}})
}

fn pods(cluster: &Cluster) -> usize {
    cluster.store().list::<Pod>().count()
}

/// The events of this reason: the object they are of, the message, how often.
fn events(cluster: &Cluster, reason: &str) -> Vec<(String, String, i32)> {
    let found = cluster.store().list::<Event>().filter(|event| event.reason.as_deref() == Some(reason));
    found
        .map(|event| {
            let of = event.involved_object.kind.clone().unwrap();
            (of, event.message.clone().unwrap(), event.count.unwrap_or(1))
        })
        .collect()
}

fn apply(value: Value) -> Change {
    Change::Apply(vec![object(value)])
}

fn refused(cluster: &mut Cluster, change: &Change) -> String {
    cluster.make(change).unwrap_err().to_string()
}

#[test]
fn a_missing_service_account_stops_every_kind_of_workload() {
    let missing = "error looking up service account default/app: serviceaccount \"app\" not found";
    for (kind, owner, message) in [
        ("Deployment", "ReplicaSet", "Error creating: pods \"web-"),
        ("DaemonSet", "DaemonSet", "Error creating: pods \"web-\" is forbidden: "),
        (
            "StatefulSet",
            "StatefulSet",
            "create Pod web-0 in StatefulSet web failed error: pods \"web-0\" is forbidden: ",
        ),
    ] {
        let spec = pod_spec(json!({"serviceAccountName": "app"}));
        let mut cluster = cluster(vec![node(), workload(kind, 3, spec)]);
        assert_eq!(cluster.settle(60 * MINUTE), Stop::Quiet, "{kind}");
        assert_eq!(pods(&cluster), 0, "{kind}");
        let events = events(&cluster, "FailedCreate");
        assert_eq!(events.len(), 1, "{kind}: {events:?}");
        assert_eq!(events[0].0, owner);
        assert!(events[0].1.starts_with(message) && events[0].1.ends_with(missing), "{events:?}");
    }
}

#[test]
fn the_controller_learns_of_the_account_at_its_next_try() {
    let spec = pod_spec(json!({"serviceAccountName": "app"}));
    let mut cluster = cluster(vec![node(), workload("Deployment", 2, spec)]);
    let step = TimedChange { at_ms: 60_000, change: apply(account("app")), source: String::new() };
    cluster.set_timeline(vec![step]);
    cluster.run_until(60_000);
    // 5 ms, 10 ms … : the tries are at 0, 5, 15, 35 ms and so on, the 14th 40.955 s after the first.
    let failed = events(&cluster, "FailedCreate");
    assert_eq!((failed.len(), failed[0].2), (1, 14), "{failed:?}");
    let conditions = cluster.store().objects(Kind::Deployment)[0].to_value()["status"]["conditions"].clone();
    let failure =
        conditions.as_array().unwrap().iter().find(|condition| condition["type"] == "ReplicaFailure").unwrap();
    assert_eq!((&failure["status"], &failure["reason"]), (&json!("True"), &json!("FailedCreate")));
    cluster.run_until(81_900);
    assert_eq!(pods(&cluster), 0, "nobody tells a ReplicaSet of a ServiceAccount");
    cluster.run_until(82_000);
    assert_eq!(pods(&cluster), 2);
    let value = cluster.store().objects(Kind::Deployment)[0].to_value();
    let conditions = value["status"]["conditions"].as_array().unwrap();
    assert!(conditions.iter().all(|condition| condition["type"] != "ReplicaFailure"), "{conditions:?}");
}

#[test]
fn a_run_comes_to_rest_only_when_a_retry_can_change_nothing() {
    let spec = pod_spec(json!({"serviceAccountName": "app"}));
    let mut cluster = cluster(vec![node(), workload("ReplicaSet", 1, spec)]);
    assert_eq!(cluster.settle(60 * MINUTE), Stop::Quiet);
    assert!(cluster.now_ms() < 1000, "{}", cluster.now_ms());
    cluster.make(&apply(account("app"))).unwrap();
    assert_eq!(cluster.settle(cluster.now_ms() + 60 * MINUTE), Stop::Quiet);
    assert_eq!(pods(&cluster), 1);
}

#[test]
fn what_a_partial_dump_does_not_show_may_exist() {
    let spec =
        pod_spec(json!({"serviceAccountName": "app", "priorityClassName": "high", "runtimeClassName": "gvisor"}));
    let mut workload = workload("Deployment", 1, spec);
    workload["metadata"]["namespace"] = json!("shop");
    let partial = Setup { input_is_complete: false, ..setup("v1.34.0") };
    let mut cluster = cluster_with(partial, vec![node(), workload]);
    cluster.settle(60 * MINUTE);
    assert_eq!(pods(&cluster), 1, "{:?}", events(&cluster, "FailedCreate"));
    // One account shown tells of all in its namespace.
    let spec = pod_spec(json!({"serviceAccountName": "app"}));
    let partial = Setup { input_is_complete: false, ..setup("v1.34.0") };
    let mut cluster = cluster_with(partial, vec![node(), account("other"), self::workload("Deployment", 1, spec)]);
    cluster.settle(60 * MINUTE);
    assert_eq!(pods(&cluster), 0);
}

#[test]
fn a_quota_counts_what_is_there_and_gives_back_what_is_gone() {
    let spec = json!({"containers": [{"name": "app", "image": "app:1", "resources": {"requests": {"cpu": "500m"}}}]});
    let mut cluster =
        cluster(vec![node(), quota(json!({"requests.cpu": "1", "pods": "10"})), workload("Deployment", 3, spec)]);
    cluster.run_until(MINUTE);
    assert_eq!(pods(&cluster), 2);
    let failed = events(&cluster, "FailedCreate");
    assert!(
        failed.iter().all(|(_, message, _)| message.ends_with(
            "is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=1, limited: requests.cpu=1"
        )),
        "{failed:?}"
    );
    assert!(failed[0].1.starts_with("Error creating: pods \"web-"));
    let status = cluster.store().objects(Kind::ResourceQuota)[0].to_value()["status"].clone();
    assert_eq!(status["used"], json!({"pods": "2", "requests.cpu": "1"}));
    let workload = ObjectRef::parse("deployment/web").unwrap();
    cluster.make(&Change::Scale { workload, replicas: 1 }).unwrap();
    cluster.run_until(3 * MINUTE);
    let status = cluster.store().objects(Kind::ResourceQuota)[0].to_value()["status"].clone();
    assert_eq!(status["used"], json!({"pods": "1", "requests.cpu": "500m"}));
}

#[test]
fn a_quota_on_cpu_asks_every_container_to_say_how_much() {
    let cases = [
        ("v1.23.0", "must specify limits.cpu,requests.cpu"),
        ("v1.24.0", "must specify limits.cpu for: app; requests.cpu for: app"),
    ];
    for (version, message) in cases {
        let objects = vec![
            node(),
            quota(json!({"requests.cpu": "1", "limits.cpu": "2", "limits.memory": "1Gi"})),
            json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "default"},
                "spec": {"limits": [{"type": "Container", "default": {"memory": "64Mi"}}]}}),
            workload("Deployment", 1, pod_spec(json!({}))),
        ];
        let mut cluster = cluster_with(setup(version), objects);
        cluster.settle(60 * MINUTE);
        let failed = events(&cluster, "FailedCreate");
        assert!(failed[0].1.ends_with(&format!("is forbidden: failed quota: q: {message}")), "{failed:?}");
    }
}

#[test]
fn a_limit_range_fills_in_and_refuses() {
    let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "default"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "100m"}}]}});
    let mut cluster = cluster(vec![node(), range, workload("Deployment", 1, pod_spec(json!({})))]);
    cluster.settle(60 * MINUTE);
    let pod = cluster.store().objects(Kind::Pod)[0].to_value();
    assert_eq!(pod["spec"]["containers"][0]["resources"], json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}));
    assert_eq!(
        pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container app; cpu limit for container app"
    );
    let large = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "large", "namespace": "default"},
        "spec": {"containers": [{"name": "app", "image": "app:1", "resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "50m"}}}]}});
    assert_eq!(
        refused(&mut cluster, &apply(large)),
        "Error from server (Forbidden): pods \"large\" is forbidden: [minimum cpu usage per Container is 100m, but request is 50m, maximum cpu usage per Container is 1, but limit is 2]"
    );
}

#[test]
fn a_namespace_that_ends_takes_nothing_and_goes_with_its_content() {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    let mut web = workload("Deployment", 2, pod_spec(json!({})));
    web["metadata"]["namespace"] = json!("shop");
    let mut cluster = cluster(vec![node(), namespace, web]);
    cluster.settle(60 * MINUTE);
    assert_eq!(pods(&cluster), 2);
    cluster.make(&Change::Delete(ObjectRef::parse("namespace/shop").unwrap())).unwrap();
    let mut late = account("late");
    late["metadata"]["namespace"] = json!("shop");
    assert_eq!(
        refused(&mut cluster, &apply(late.clone())),
        "Error from server (Forbidden): serviceaccounts \"late\" is forbidden: unable to create new content in namespace shop because it is being terminated"
    );
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    assert_eq!(pods(&cluster), 0);
    assert!(cluster.store().object(Kind::Namespace, &ObjectKey::new("", "shop")).is_none());
    assert_eq!(events(&cluster, "FailedCreate"), []);
    assert_eq!(refused(&mut cluster, &apply(late)), "Error from server (NotFound): namespaces \"shop\" not found");
    assert_eq!(
        refused(&mut cluster, &Change::Delete(ObjectRef::parse("namespace/default").unwrap())),
        "Error from server (Forbidden): namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[test]
fn classes_that_pods_name_must_be_there() {
    for (spec, message) in [
        (json!({"priorityClassName": "high"}), "no PriorityClass with name high was found"),
        (json!({"runtimeClassName": "gvisor"}), "pod rejected: RuntimeClass \"gvisor\" not found"),
        (
            json!({"priorityClassName": "system-node-critical", "priority": 5}),
            "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 2000001000 from the given PriorityClass name",
        ),
    ] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": pod_spec(spec)});
        let expected = format!("Error from server (Forbidden): pods \"p\" is forbidden: {message}");
        assert_eq!(refused(&mut cluster(vec![node()]), &apply(pod)), expected);
    }
}

#[test]
fn a_runtime_class_brings_overhead_and_its_place() {
    let class = json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "vm"}, "handler": "vm",
        "overhead": {"podFixed": {"cpu": "250m"}},
        "scheduling": {"nodeSelector": {"vm": "yes"}, "tolerations": [{"key": "vm", "operator": "Exists"}]}});
    let mut cluster = cluster(vec![node(), class]);
    let pod = |selector: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
            "spec": pod_spec(json!({"runtimeClassName": "vm", "nodeSelector": selector}))})
    };
    assert_eq!(
        refused(&mut cluster, &apply(pod(json!({"vm": "no"})))),
        "Error from server (Forbidden): pods \"p\" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no"
    );
    cluster.make(&apply(pod(json!({})))).unwrap();
    let made = cluster.store().objects(Kind::Pod)[0].to_value()["spec"].clone();
    assert_eq!((&made["overhead"], &made["nodeSelector"]), (&json!({"cpu": "250m"}), &json!({"vm": "yes"})));
    assert!(made["tolerations"].as_array().unwrap().contains(&json!({"key": "vm", "operator": "Exists"})));
}

#[test]
fn critical_classes_can_be_kept_for_namespaces_with_a_quota() {
    let limited = AdmissionConfig {
        limited_priority_classes: vec!["system-node-critical".to_owned(), "system-cluster-critical".to_owned()],
        ..AdmissionConfig::default()
    };
    let spec = pod_spec(json!({"priorityClassName": "system-node-critical"}));
    let setup = Setup { admission: limited, ..setup("v1.34.0") };
    let mut cluster = cluster_with(setup, vec![node(), workload("DaemonSet", 1, spec)]);
    cluster.run_until(MINUTE);
    let failed = events(&cluster, "FailedCreate");
    let message = "Error creating: insufficient quota to match these scopes: [{PriorityClass In [system-node-critical system-cluster-critical]}]";
    assert_eq!((failed.len(), failed[0].1.as_str()), (1, message));
    let mut allowed = quota(json!({"pods": "100"}));
    allowed["spec"]["scopeSelector"] = json!({"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In",
        "values": ["system-node-critical", "system-cluster-critical"]}]});
    cluster.make(&apply(allowed)).unwrap();
    cluster.run_until(10 * MINUTE);
    assert_eq!(pods(&cluster), 1);
}

#[test]
fn the_node_selector_of_a_namespace_counts_only_when_the_plugin_runs() {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop",
        "annotations": {"scheduler.alpha.kubernetes.io/node-selector": "disk=ssd"}}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, "spec": pod_spec(json!({}))});
    for (plugins, selector) in [(vec![], Value::Null), (vec!["PodNodeSelector".to_owned()], json!({"disk": "ssd"}))] {
        let admission = AdmissionConfig { enabled: plugins.into_iter().collect(), ..AdmissionConfig::default() };
        let mut cluster = cluster_with(Setup { admission, ..setup("v1.34.0") }, vec![node(), namespace.clone()]);
        cluster.make(&apply(pod.clone())).unwrap();
        assert_eq!(cluster.store().objects(Kind::Pod)[0].to_value()["spec"]["nodeSelector"], selector);
    }
}

/// The enforced policy's words on a pod.
fn pod_security(version: &str, labels: Value, spec: Value) -> Result<Vec<String>, String> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, "spec": spec});
    let mut cluster = cluster_with(setup(version), vec![node(), namespace]);
    cluster.make(&apply(pod)).map_err(|refused| refused.to_string())
}

#[test]
fn pod_security_says_all_that_a_pod_does_wrong() {
    let enforce = |level: &str| json!({"pod-security.kubernetes.io/enforce": level});
    let plain = pod_spec(json!({}));
    assert_eq!(
        pod_security("v1.30.0", enforce("restricted"), plain.clone()).unwrap_err(),
        "Error from server (Forbidden): pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": \
         allowPrivilegeEscalation != false (container \"app\" must set securityContext.allowPrivilegeEscalation=false), \
         unrestricted capabilities (container \"app\" must set securityContext.capabilities.drop=[\"ALL\"]), \
         runAsNonRoot != true (pod or container \"app\" must set securityContext.runAsNonRoot=true), \
         seccompProfile (pod or container \"app\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
    );
    assert!(pod_security("v1.22.0", enforce("restricted"), plain.clone()).is_ok(), "off by default until 1.22");
    assert!(pod_security("v1.30.0", enforce("baseline"), plain.clone()).is_ok());
    let bad = json!({"hostNetwork": true, "hostPID": true, "volumes": [{"name": "root", "hostPath": {"path": "/"}}],
        "containers": [{"name": "app", "image": "a", "ports": [{"containerPort": 80, "hostPort": 80}],
            "securityContext": {"privileged": true, "capabilities": {"add": ["NET_ADMIN"]}}}]});
    assert_eq!(
        pod_security("v1.30.0", enforce("baseline"), bad.clone()).unwrap_err(),
        "Error from server (Forbidden): pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": \
         non-default capabilities (container \"app\" must not include \"NET_ADMIN\" in securityContext.capabilities.add), \
         host namespaces (hostNetwork, hostPID), hostPath volumes (volume \"root\"), \
         hostPort (container \"app\" uses hostPort 80), \
         privileged (container \"app\" must not set securityContext.privileged=true)"
    );
    let message = pod_security("v1.30.0", enforce("restricted"), bad).unwrap_err();
    assert!(message.contains("restricted volume types (volume \"root\" uses restricted volume type \"hostPath\")"));
    assert!(!message.contains("hostPath volumes"), "{message}");
    let good = json!({"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "app", "image": "a",
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]});
    assert!(pod_security("v1.30.0", enforce("restricted"), good).is_ok());
    let pinned = json!({"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/enforce-version": "v1.33"});
    let probed = json!({"containers": [{"name": "app", "image": "a", "livenessProbe": {"httpGet": {"host": "10.0.0.9", "port": 80}}}]});
    assert!(pod_security("v1.34.0", pinned, probed.clone()).is_ok());
    assert!(
        pod_security("v1.34.0", enforce("baseline"), probed)
            .unwrap_err()
            .ends_with("probe or lifecycle host (container \"app\" uses probe or lifecycle host \"10.0.0.9\")")
    );
}

#[test]
fn pod_security_warns_of_what_will_not_come_back() {
    let warn = json!({"pod-security.kubernetes.io/warn": "baseline"});
    let shared = pod_spec(json!({"hostNetwork": true}));
    assert_eq!(
        pod_security("v1.30.0", warn, shared.clone()).unwrap(),
        ["Warning: would violate PodSecurity \"baseline:latest\": host namespaces (hostNetwork)", "pod/p created"]
    );
    let mut cluster = cluster_with(setup("v1.30.0"), vec![node(), workload("Deployment", 2, shared)]);
    cluster.settle(60 * MINUTE);
    let label = Change::Label {
        target: ObjectRef::parse("namespace/default").unwrap(),
        set: vec![("pod-security.kubernetes.io/enforce".to_owned(), "baseline".to_owned())],
        remove: Vec::new(),
    };
    let lines = cluster.make(&label).unwrap();
    assert_eq!(
        lines[0],
        "Warning: existing pods in namespace \"default\" violate the new PodSecurity enforce level \"baseline:latest\""
    );
    assert!(lines[1].ends_with(" (and 1 other pod): host namespaces"), "{lines:?}");
    cluster.settle(cluster.now_ms() + 60 * MINUTE);
    assert_eq!(pods(&cluster), 2, "pods that are there stay");
    let first = cluster.store().list::<Pod>().next().unwrap().metadata.name.clone().unwrap();
    cluster.make(&Change::Delete(ObjectRef::parse(&format!("pod/{first}")).unwrap())).unwrap();
    cluster.run_until(cluster.now_ms() + MINUTE);
    assert_eq!(pods(&cluster), 1);
    let failed = events(&cluster, "FailedCreate");
    assert!(
        failed[0].1.ends_with("is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork)")
    );
}

#[test]
fn selectors_are_fixed_and_match_their_templates() {
    let mut cluster = cluster(vec![node(), workload("Deployment", 1, pod_spec(json!({})))]);
    let mut other = workload("Deployment", 1, pod_spec(json!({})));
    other["spec"]["selector"]["matchLabels"] = json!({"app": "shop"});
    other["spec"]["template"]["metadata"]["labels"] = json!({"app": "shop"});
    assert_eq!(
        refused(&mut cluster, &apply(other.clone())),
        "The Deployment \"web\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"shop\"}}: field is immutable"
    );
    other["metadata"]["name"] = json!("Shop");
    other["spec"]["template"]["metadata"]["labels"] = json!({"app": "web"});
    let message = refused(&mut cluster, &apply(other));
    assert!(message.starts_with("The Deployment \"Shop\" is invalid: \n* metadata.name: Invalid value: \"Shop\": a lowercase RFC 1123 subdomain must consist of"));
    assert!(message.ends_with("\n* spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"), "{message}");
}

#[test]
fn scheduling_gates_may_be_removed_and_not_added() {
    let gated = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
        "spec": pod_spec(json!({"schedulingGates": [{"name": "a"}, {"name": "b"}]}))});
    let mut cluster = cluster(vec![node(), gated]);
    let gates = |gates: Value| Change::Patch {
        target: ObjectRef::parse("pod/p").unwrap(),
        patch: json!({"spec": {"schedulingGates": gates}}),
        type_: PatchType::Merge,
    };
    assert_eq!(
        refused(&mut cluster, &gates(json!([{"name": "a"}, {"name": "c"}]))),
        "The Pod \"p\" is invalid: spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'"
    );
    let place = |cluster: &Cluster| cluster.store().list::<Pod>().next().unwrap().node_name.clone();
    cluster.make(&gates(json!([{"name": "b"}]))).unwrap();
    cluster.settle(cluster.now_ms() + MINUTE);
    assert_eq!(place(&cluster), None, "one gate is left");
    cluster.make(&gates(Value::Null)).unwrap();
    cluster.settle(cluster.now_ms() + MINUTE);
    assert!(place(&cluster).is_some());
}
