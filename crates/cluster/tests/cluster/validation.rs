//! What the API server does not take, in its words: pkg/apis/*/validation.

use crate::common::{cluster, merge, messages, node, object, settle, web};
use serde_json::{Value, json};
use sim_cluster::{Change, Cluster, ObjectRef, PatchType};

fn pod(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec})
}

fn container(more: Value) -> Value {
    let mut container = json!({"name": "c", "image": "c:1"});
    merge(&mut container, more);
    json!({"containers": [container]})
}

/// A workload of the group apps or batch with one container, and more in its spec.
fn workload(kind: &str, more: Value) -> Value {
    let api = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    let mut value = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "w", "namespace": "default"},
        "spec": {"template": {"metadata": {"labels": {"app": "w"}},
            "spec": {"containers": [{"name": "c", "image": "c:1"}]}}}});
    if kind != "Job" {
        value["spec"]["selector"] = json!({"matchLabels": {"app": "w"}});
    }
    merge(&mut value["spec"], more);
    value
}

fn apply(cluster: &mut Cluster, value: Value) -> Result<Vec<String>, String> {
    cluster.make(&Change::Apply(vec![object(value)])).map_err(|refused| refused.to_string())
}

/// What is said after `The KIND "NAME" is invalid: `.
#[track_caller]
fn refused(version: &str, value: Value, why: &str) {
    let mut cluster = cluster(version, Vec::new());
    let said = apply(&mut cluster, value).unwrap_err();
    let (_, said) = said.split_once(" is invalid: ").unwrap();
    assert_eq!(said, why);
}

#[track_caller]
fn taken(version: &str, value: Value) {
    let mut cluster = cluster(version, Vec::new());
    apply(&mut cluster, value).unwrap();
}

/// From 1.34 on errors show what is no simple value as JSON.
#[test]
fn values() {
    let labels = json!({"selector": {"matchLabels": {"app": "x"}}});
    let selector = json!({"selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["w", "x"]}]}});
    let check = |version: &str, more: &Value, value: &str, field: &str, why: &str| {
        refused(version, workload("Deployment", more.clone()), &format!("spec.{field}: Invalid value: {value}: {why}"));
    };
    let why = "`selector` does not match template `labels`";
    let template = "template.metadata.labels";
    check("v1.33.0", &labels, "map[string]string{\"app\":\"w\"}", template, why);
    check("v1.34.0", &labels, "{\"app\":\"w\"}", template, why);
    let change = |version: &str| {
        let mut cluster = cluster(version, vec![workload("Deployment", json!({}))]);
        apply(&mut cluster, workload("Deployment", selector.clone())).unwrap_err()
    };
    let whole = |value: &str| {
        format!("The Deployment \"w\" is invalid: spec.selector: Invalid value: {value}: field is immutable")
    };
    let old = "v1.LabelSelector{MatchLabels:map[string]string{\"app\":\"w\"}, \
               MatchExpressions:[]v1.LabelSelectorRequirement{v1.LabelSelectorRequirement{Key:\"app\", \
               Operator:\"In\", Values:[]string{\"w\", \"x\"}}}}";
    assert_eq!(change("v1.33.0"), whole(old));
    let new = "{\"matchLabels\":{\"app\":\"w\"},\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\",\
               \"values\":[\"w\",\"x\"]}]}";
    assert_eq!(change("v1.34.0"), whole(new));
}

#[test]
fn pods() {
    let check = |spec: Value, why: &str| refused("v1.31.0", pod(spec), why);
    check(json!({"containers": []}), "spec.containers: Required value");
    check(json!({"containers": [{"name": "c"}]}), "spec.containers[0].image: Required value");
    check(
        json!({"containers": [{"name": "c", "image": "c"}, {"name": "c", "image": "d"}]}),
        "spec.containers[1].name: Duplicate value: \"c\"",
    );
    check(
        json!({"containers": [{"name": "c", "image": "c"}], "initContainers": [{"name": "c", "image": "d"}]}),
        "spec.initContainers[0].name: Duplicate value: \"c\"",
    );
    check(
        json!({"containers": [{"name": "C_1", "image": "c"}]}),
        "spec.containers[0].name: Invalid value: \"C_1\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    );
    check(
        container(json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}]})),
        "spec.containers[0].volumeMounts[0].name: Not found: \"v\"",
    );
    check(
        container(json!({"ports": [{"containerPort": 70000, "name": "Http"}]})),
        "\n* spec.containers[0].ports[0].name: Invalid value: \"Http\": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)\n* spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    );
    check(
        container(json!({"ports": [{"containerPort": 1, "hostPort": 80}, {"containerPort": 2, "hostPort": 80}]})),
        "spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//80\"",
    );
    check(
        container(json!({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}})),
        "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
    );
    check(
        container(json!({"resources": {"requests": {"cpu": "-1"}}})),
        "spec.containers[0].resources.requests[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
    );
    check(
        container(json!({"livenessProbe": {}})),
        "spec.containers[0].livenessProbe: Required value: must specify a handler type",
    );
    let mut spec = container(json!({}));
    merge(&mut spec, json!({"restartPolicy": "Sometimes"}));
    check(
        spec,
        "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
    );
    let mut spec = container(json!({}));
    merge(&mut spec, json!({"volumes": [{"name": "v"}, {"name": "v"}]}));
    check(spec, "spec.volumes[1].name: Duplicate value: \"v\"");
}

#[test]
fn labels() {
    let mut value = pod(container(json!({})));
    value["metadata"]["labels"] = json!({"a": "-b", "a/b/c": "d"});
    let key = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let regex = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    let why = format!(
        "\n* metadata.labels: Invalid value: \"-b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '({regex})?')\n* metadata.labels: Invalid value: \"a/b/c\": a qualified name {key} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{regex}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    );
    refused("v1.31.0", value, &why);
}

#[test]
fn workloads() {
    let check = |kind: &str, more: Value, why: &str| refused("v1.31.0", workload(kind, more), why);
    let negative = "spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    for kind in ["Deployment", "ReplicaSet", "StatefulSet"] {
        check(kind, json!({"replicas": -1}), negative);
    }
    let rolling =
        |unavailable: Value, surge: Value| json!({"rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}});
    let zero = "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0";
    check("Deployment", json!({"strategy": rolling(json!(0), json!(0))}), zero);
    let more = "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 120%: must not be greater than 100%";
    check("Deployment", json!({"strategy": rolling(json!("120%"), json!(1))}), more);
    let zero = "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0";
    check("DaemonSet", json!({"updateStrategy": rolling(json!(0), json!(0))}), zero);
    let both =
        "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero";
    check("DaemonSet", json!({"updateStrategy": rolling(json!(1), json!(1))}), both);
    let never = json!({"template": {"metadata": {"labels": {"app": "w"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "c:1"}]}}});
    let always = "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"";
    for kind in ["Deployment", "DaemonSet", "StatefulSet"] {
        check(kind, never.clone(), always);
    }
    let empty = json!({"template": {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c"}]}}});
    let image = "spec.template.spec.containers[0].image: Required value";
    check("Deployment", empty.clone(), image);
    // Only newer servers look into the template of a StatefulSet.
    taken("v1.33.0", workload("StatefulSet", empty.clone()));
    refused("v1.34.0", workload("StatefulSet", empty), image);
}

#[test]
fn jobs_and_cron_jobs() {
    let required = "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"";
    refused("v1.31.0", workload("Job", json!({})), required);
    let unsupported =
        "spec.template.spec.restartPolicy: Unsupported value: \"Always\": supported values: \"OnFailure\", \"Never\"";
    refused("v1.19.0", workload("Job", json!({})), unsupported);
    let cron = |schedule: &str| {
        let pod = json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "c:1"}]});
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "w", "namespace": "default"},
            "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": {"spec": pod}}}}})
    };
    taken("v1.31.0", cron("1 * * * *"));
    let above = "spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61";
    refused("v1.31.0", cron("61 * * * *"), above);
}

#[test]
fn budgets_and_classes() {
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "b", "namespace": "default"},
        "spec": {"minAvailable": 1, "maxUnavailable": 1, "selector": {"matchLabels": {"app": "w"}}}});
    let both =
        "spec: Invalid value: policy.PodDisruptionBudgetSpec{…}: minAvailable and maxUnavailable cannot be both set";
    refused("v1.31.0", budget, both);
    let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"},
        "value": 1_000_000_001});
    refused("v1.31.0", class, "value: Forbidden: maximum allowed value of a user defined priority is 1000000000");
}

/// What is said of a patch of an object that was taken.
#[track_caller]
fn patched(version: &str, value: Value, target: &str, patch: Value) -> Result<Vec<String>, String> {
    let mut cluster = cluster(version, vec![value]);
    settle(&mut cluster);
    let target = ObjectRef::parse(target).unwrap();
    let change = Change::Patch { target, type_: PatchType::Strategic, patch };
    cluster.make(&change).map_err(|refused| refused.to_string())
}

#[test]
fn what_is_fixed_stays() {
    let check = |version: &str, value: Value, target: &str, patch: Value, why: &str| {
        assert_eq!(patched(version, value, target, patch).unwrap_err(), why);
    };
    let deployment = web(1, "web:1", json!({}), json!({}));
    let negative =
        "The Deployment \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    check("v1.31.0", deployment, "deployment/web", json!({"spec": {"replicas": -1}}), negative);
    let set = || workload("StatefulSet", json!({"serviceName": "w"}));
    let fields = "'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'";
    let fixed = format!(
        "The StatefulSet \"w\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than {fields} are forbidden"
    );
    for change in [json!({"serviceName": "other"}), json!({"podManagementPolicy": "Parallel"})] {
        check("v1.31.0", set(), "statefulset/w", json!({"spec": change}), &fixed);
    }
    patched("v1.31.0", set(), "statefulset/w", json!({"spec": {"replicas": 2, "minReadySeconds": 1}})).unwrap();
    let job = |suspend: bool| {
        let pod = json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "c:1"}]});
        workload("Job", json!({"suspend": suspend, "template": {"spec": pod}}))
    };
    let template =
        "The Job \"w\" is invalid: spec.template: Invalid value: core.PodTemplateSpec{…}: field is immutable";
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "c:2"}]}}}});
    check("v1.31.0", job(false), "job/w", image, template);
    let completions = "The Job \"w\" is invalid: spec.completions: Invalid value: 5: field is immutable";
    check("v1.31.0", job(false), "job/w", json!({"spec": {"completions": 5}}), completions);
    let elsewhere = json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}});
    patched("v1.31.0", job(true), "job/w", elsewhere.clone()).unwrap();
    check("v1.22.0", job(true), "job/w", elsewhere, template);
    let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"},
        "value": 1000});
    let value = "The PriorityClass \"high\" is invalid: value: Forbidden: may not be changed in an update.";
    check("v1.31.0", class, "priorityclass/high", json!({"value": 5}), value);
}

#[test]
fn what_a_csi_node_says_of_a_driver_is_fixed() {
    let csi_node = json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n1"},
        "spec": {"drivers": [{"name": "d", "nodeID": "n1", "topologyKeys": ["zone"], "allocatable": {"count": 5}}]}});
    let patch = |driver: Value| json!({"spec": {"drivers": [driver]}});
    let (count, id) = (json!({"name": "d", "allocatable": {"count": 9}}), json!({"name": "d", "nodeID": "n2"}));
    for (version, driver, path) in
        [("v1.30.0", &count, "CSINodeDriver"), ("v1.34.0", &count, "spec.drivers"), ("v1.35.0", &id, "spec.drivers")]
    {
        let why = format!(
            "The CSINode \"n1\" is invalid: {path}: Invalid value: storage.CSINodeDriver{{…}}: field is immutable"
        );
        assert_eq!(
            patched(version, csi_node.clone(), "csinode/n1", patch(driver.clone())).unwrap_err(),
            why,
            "{version}"
        );
    }
    patched("v1.35.0", csi_node.clone(), "csinode/n1", patch(count)).unwrap();
    // Drivers may come and go.
    patched("v1.30.0", csi_node, "csinode/n1", patch(json!({"name": "e", "nodeID": "x", "topologyKeys": null})))
        .unwrap();
}

#[test]
fn a_status_is_written_through_its_own_endpoint() {
    let allocatable = |cluster: &Cluster| {
        let node = cluster.store().find::<k8s_openapi::api::core::v1::Node>("", "n1").unwrap();
        node.status.clone().unwrap().allocatable.unwrap()["cpu"].0.clone()
    };
    let (target, type_) = (ObjectRef::parse("node/n1").unwrap(), PatchType::Strategic);
    let patch = json!({"spec": {"unschedulable": true}, "status": {"allocatable": {"cpu": "8"}}});
    let mut cluster = cluster("v1.31.0", vec![node("n1")]);
    let main = Change::Patch { target: target.clone(), type_, patch: json!({"status": {"allocatable": {"cpu": "8"}}}) };
    assert_eq!(cluster.make(&main).unwrap(), ["node/n1 patched (no change)"]);
    assert_eq!(allocatable(&cluster), "4");
    let status = Change::PatchStatus { target, type_, patch };
    assert_eq!(cluster.make(&status).unwrap(), ["node/n1 patched"]);
    let node = cluster.store().find::<k8s_openapi::api::core::v1::Node>("", "n1").unwrap();
    assert!(node.spec.as_ref().is_none_or(|spec| spec.unschedulable.is_none()), "the spec stays");
    assert_eq!(allocatable(&cluster), "8");
}

#[test]
fn pods_that_cannot_be_made_are_told_of() {
    let empty = json!({"template": {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c"}]}}});
    let mut cluster = cluster("v1.31.0", vec![node("n1")]);
    apply(&mut cluster, workload("StatefulSet", empty)).unwrap();
    cluster.run_until(cluster.now_ms() + 60_000);
    let told = messages(&cluster, "FailedCreate");
    let why = "Pod \"w-0\" is invalid: spec.containers[0].image: Required value";
    assert!(told.iter().any(|message| message.contains(why)), "{told:?}");
}
