//! The tables of the kinds, as `kubectl get` prints them by version.

use k8s_openapi::jiff::{Timestamp, tz::Offset};
use serde_json::{Value, json};
use sim_cluster::print::{PrintContext, TableOptions, objects, resource_objects};
use sim_cluster::{Kind, Object, Resource, Store, Unstructured};

/// 2026-01-01 00:10:00 UTC.
const NOW: i64 = 1_767_226_200;

#[track_caller]
fn check(version: &str, kind: Kind, value: Value, wide: bool, wanted: &str) {
    let context = PrintContext::new(version.parse().unwrap(), Timestamp::from_second(NOW).unwrap(), Offset::UTC);
    let mut value = value;
    value["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    let object = Object::read(kind, value).unwrap();
    let options = TableOptions { wide, ..TableOptions::default() };
    let shown = objects(kind, &[object], &context).render(&options);
    let squeezed =
        |line: &str| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>().join("|");
    let shown: Vec<String> = shown.lines().map(squeezed).collect();
    assert_eq!(shown.join("\n"), wanted);
}

fn squeezed(text: &str) -> String {
    let line =
        |line: &str| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>().join("|");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The wide table of an object of a kind that is kept as it was read, among others that say what it is.
#[track_caller]
fn check_verbatim(version: &str, others: Vec<Value>, mut value: Value, wanted: &str) {
    let context = PrintContext::new(version.parse().unwrap(), Timestamp::from_second(NOW).unwrap(), Offset::UTC);
    value["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    let mut store = Store::default();
    let kind = value["kind"].as_str().unwrap().to_lowercase();
    for value in others.into_iter().chain([value]) {
        store.put_object(Object::Other(serde_json::from_value::<Unstructured>(value).unwrap().into()));
    }
    let resource = Resource::named(&store, &kind).remove(0);
    let table = resource_objects(&resource, &resource.objects(&store), &context);
    let shown = table.render(&TableOptions { wide: true, ..TableOptions::default() });
    assert_eq!(squeezed(&shown), wanted);
}

#[test]
fn services_and_what_is_behind_them() {
    let service = |spec: Value, status: Value| json!({"metadata": {"name": "s"}, "spec": spec, "status": status});
    let head = "NAME|TYPE|CLUSTER-IP|EXTERNAL-IP|PORT(S)|AGE|SELECTOR";
    for (spec, status, row) in [
        (
            json!({"type": "ClusterIP", "clusterIP": "10.0.0.1", "ports": [{"port": 80, "protocol": "TCP"}], "selector": {"a": "b"}}),
            json!({}),
            "s|ClusterIP|10.0.0.1|<none>|80/TCP|10m|a=b",
        ),
        (
            json!({"type": "LoadBalancer", "clusterIPs": ["10.0.0.1", "fd::1"], "ports": [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]}),
            json!({"loadBalancer": {"ingress": [{"hostname": "a-very-long-name.elb.amazonaws.com"}, {"ip": "1.2.3.4"}]}}),
            "s|LoadBalancer|10.0.0.1|1.2.3.4,a-very-long-name.elb.amazonaws.com|80:30080/TCP,53/UDP|10m|<none>",
        ),
        (
            json!({"type": "LoadBalancer", "clusterIP": "10.0.0.1"}),
            json!({}),
            "s|LoadBalancer|10.0.0.1|<pending>|<none>|10m|<none>",
        ),
        (
            json!({"type": "ExternalName", "externalName": "x.y"}),
            json!({}),
            "s|ExternalName|<none>|x.y|<none>|10m|<none>",
        ),
        (
            json!({"clusterIP": "None", "externalIPs": ["9.9.9.9"]}),
            json!({}),
            "s|ClusterIP|None|9.9.9.9|<none>|10m|<none>",
        ),
    ] {
        check("v1.30.0", Kind::Service, service(spec, status), true, &format!("{head}\n{row}"));
    }
    let endpoints = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "e", "namespace": "n"}, "subsets": [
        {"addresses": [{"ip": "1.1.1.1"}, {"ip": "fd::1"}], "ports": [{"port": 80}, {"port": 81}]}]});
    check_verbatim(
        "v1.30.0",
        vec![],
        endpoints,
        "NAME|ENDPOINTS|AGE\ne|1.1.1.1:80,1.1.1.1:81,[fd::1]:80 + 1 more...|10m",
    );
    let slice = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e", "namespace": "n"},
        "addressType": "IPv4", "ports": [{"name": "http", "port": 80}], "endpoints": [{"addresses": ["1.1.1.1"]}, {"addresses": ["1.1.1.2"]}]});
    check_verbatim("v1.30.0", vec![], slice, "NAME|ADDRESSTYPE|PORTS|ENDPOINTS|AGE\ne|IPv4|80|1.1.1.1,1.1.1.2|10m");
    let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "n"},
        "spec": {"ingressClassName": "nginx", "tls": [{}], "rules": [{"host": "a"}, {"host": "b"}, {"host": "c"}, {"host": "d"}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}});
    check_verbatim(
        "v1.17.0",
        vec![],
        ingress.clone(),
        "NAME|HOSTS|ADDRESS|PORTS|AGE\ni|a,b,c + 1 more...|1.2.3.4|80, 443|10m",
    );
    check_verbatim(
        "v1.18.0",
        vec![],
        ingress,
        "NAME|CLASS|HOSTS|ADDRESS|PORTS|AGE\ni|nginx|a,b,c + 1 more...|1.2.3.4|80, 443|10m",
    );
}

#[test]
fn small_kinds() {
    let map = json!({"metadata": {"name": "m"}, "data": {"a": "1", "b": "2"}, "binaryData": {"c": "aGk="}});
    check("v1.30.0", Kind::ConfigMap, map, false, "NAME|DATA|AGE\nm|3|10m");
    let account = json!({"metadata": {"name": "a"}, "secrets": [{"name": "x"}]});
    check("v1.30.0", Kind::ServiceAccount, account, false, "NAME|SECRETS|AGE\na|1|10m");
    let quota = json!({"metadata": {"name": "q"}, "status": {"hard": {"limits.cpu": "2", "pods": "5", "requests.cpu": "1"},
        "used": {"limits.cpu": "500m", "pods": "3"}}});
    let row = "pods: 3/5, requests.cpu: 0/1|limits.cpu: 500m/2";
    check("v1.32.0", Kind::ResourceQuota, quota.clone(), false, &format!("NAME|AGE|REQUEST|LIMIT\nq|10m|{row}"));
    check("v1.33.0", Kind::ResourceQuota, quota, false, &format!("NAME|REQUEST|LIMIT|AGE\nq|{row}|10m"));
    let limits = json!({"metadata": {"name": "l"}, "spec": {"limits": []}});
    check("v1.30.0", Kind::LimitRange, limits, false, "NAME|CREATED AT\nl|2026-01-01T00:00:00Z");
    let class = json!({"metadata": {"name": "high"}, "value": 1000, "preemptionPolicy": "Never"});
    check("v1.31.0", Kind::PriorityClass, class.clone(), false, "NAME|VALUE|GLOBAL-DEFAULT|AGE\nhigh|1000|false|10m");
    let head = "NAME|VALUE|GLOBAL-DEFAULT|AGE|PREEMPTIONPOLICY";
    check("v1.32.0", Kind::PriorityClass, class, false, &format!("{head}\nhigh|1000|false|10m|Never"));
    let class = json!({"metadata": {"name": "gvisor"}, "handler": "runsc"});
    check("v1.30.0", Kind::RuntimeClass, class, false, "NAME|HANDLER|AGE\ngvisor|runsc|10m");
    let lease = json!({"metadata": {"name": "n1"}, "spec": {"holderIdentity": "n1"}});
    check("v1.30.0", Kind::Lease, lease, false, "NAME|HOLDER|AGE\nn1|n1|10m");
    let driver =
        json!({"metadata": {"name": "d"}, "spec": {"attachRequired": false, "volumeLifecycleModes": ["Persistent"]}});
    let head = "NAME|ATTACHREQUIRED|PODINFOONMOUNT|STORAGECAPACITY|TOKENREQUESTS|REQUIRESREPUBLISH|MODES|AGE";
    check(
        "v1.30.0",
        Kind::CSIDriver,
        driver,
        false,
        &format!("{head}\nd|false|false|false|<unset>|false|Persistent|10m"),
    );
    let controller = json!({"metadata": {"name": "c"}, "spec": {"replicas": 2, "selector": {"a": "b"},
        "template": {"spec": {"containers": [{"name": "x", "image": "i"}]}}}, "status": {"replicas": 2, "readyReplicas": 1}});
    let head = "NAME|DESIRED|CURRENT|READY|AGE|CONTAINERS|IMAGES|SELECTOR";
    let secret = json!({"metadata": {"name": "s", "namespace": "n"}, "data": {"a": "", "b": ""}});
    check("v1.30.0", Kind::Secret, secret, false, "NAME|TYPE|DATA|AGE\ns|Opaque|2|10m");
    check("v1.30.0", Kind::ReplicationController, controller, true, &format!("{head}\nc|2|2|1|10m|x|i|a=b"));
}

#[test]
fn kinds_that_are_kept_as_they_were_read() {
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}});
    check_verbatim("v1.30.0", vec![], role, "NAME|CREATED AT\nr|2026-01-01T00:00:00Z");
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b", "namespace": "n"},
        "roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "u"},
            {"kind": "ServiceAccount", "namespace": "n", "name": "a"}, {"kind": "ServiceAccount", "namespace": "m", "name": "a"}]});
    check_verbatim("v1.30.0", vec![], binding, "NAME|ROLE|AGE|USERS|GROUPS|SERVICEACCOUNTS\nb|Role/r|10m|u|n/a, m/a");
    let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "n"},
        "spec": {"podSelector": {}}});
    check_verbatim("v1.30.0", vec![], policy, "NAME|POD-SELECTOR|AGE\np|<none>|10m");
    let autoscaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "n"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 5, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
            {"type": "Pods", "pods": {"target": {"averageValue": "1k"}}}]},
        "status": {"currentReplicas": 3, "currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 42}}}]}});
    let head = "NAME|REFERENCE|TARGETS|MINPODS|MAXPODS|REPLICAS|AGE";
    let row = |targets: &str| format!("{head}\nh|Deployment/web|{targets}|2|5|3|10m");
    check_verbatim("v1.29.0", vec![], autoscaler.clone(), &row("42%/80%, <unknown>/1k"));
    check_verbatim("v1.30.0", vec![], autoscaler, &row("cpu: 42%/80%, <unknown>/1k"));
    let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "n"},
        "spec": {"size": 3}, "status": {"since": "2026-01-01T00:05:00Z"}});
    check_verbatim("v1.30.0", vec![], widget.clone(), "NAME|AGE\nw|10m");
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"]},
            "versions": [{"name": "v1", "storage": true, "additionalPrinterColumns": [
                {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                {"name": "Wrong", "type": "integer", "jsonPath": ".metadata.name"},
                {"name": "Nothing", "type": "string", "jsonPath": ".spec.nothing"},
                {"name": "Since", "type": "date", "jsonPath": ".status.since", "priority": 1}]}]}});
    check_verbatim("v1.30.0", vec![definition], widget, "NAME|SIZE|WRONG|NOTHING|SINCE\nw|3|5m");
}

#[test]
fn a_table_as_the_api_server_sends_it() {
    let context = PrintContext::new("v1.30.0".parse().unwrap(), Timestamp::from_second(NOW).unwrap(), Offset::UTC);
    let map = json!({"metadata": {"name": "m", "labels": {"a": "b"}}, "data": {"a": "1"}});
    let map = Object::read(Kind::ConfigMap, map).unwrap();
    let table = objects(Kind::ConfigMap, std::slice::from_ref(&map), &context);
    assert_eq!(
        table.to_value("7", [map.metadata()]),
        json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "7"},
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0},
                {"name": "Data", "type": "string", "format": "", "description": "", "priority": 0},
                {"name": "Age", "type": "string", "format": "", "description": "", "priority": 0}],
            "rows": [{"cells": ["m", 1, "<unknown>"], "object": {"kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "m", "labels": {"a": "b"}}}}]})
    );
}

#[test]
fn how_a_table_is_shown() {
    let context = PrintContext::new("v1.30.0".parse().unwrap(), Timestamp::from_second(NOW).unwrap(), Offset::UTC);
    let event = json!({"metadata": {"name": "e", "namespace": "n"}, "involvedObject": {"kind": "Pod", "name": "p"},
        "type": "Warning", "reason": "R", "message": " two\nlines "});
    let event = Object::read(Kind::Event, event).unwrap();
    let table = objects(Kind::Event, &[event], &context);
    let shown = squeezed(&table.render(&TableOptions { with_namespace: true, ..TableOptions::default() }));
    assert_eq!(shown, "NAMESPACE|LAST SEEN|TYPE|REASON|OBJECT|MESSAGE\nn|<unknown>|Warning|R|pod/p|two...");
    let map = json!({"metadata": {"name": "m", "labels": {"example.com/tier": "1", "app": "x"}}});
    let map = Object::read(Kind::ConfigMap, map).unwrap();
    let options = TableOptions {
        label_columns: vec!["example.com/tier".to_owned(), "none".to_owned()],
        show_labels: true,
        kind_prefix: Some("configmap".to_owned()),
        ..TableOptions::default()
    };
    let shown = squeezed(&objects(Kind::ConfigMap, &[map], &context).render(&options));
    assert_eq!(shown, "NAME|DATA|AGE|TIER|NONE|LABELS\nconfigmap/m|0|<unknown>|1|<none>|app=x,example.com/tier=1");
}

fn job(status: Value) -> Value {
    json!({"metadata": {"name": "j"}, "spec": {"completions": 3, "template": {}}, "status": status})
}

#[test]
fn jobs() {
    let running = json!({"startTime": "2026-01-01T00:00:00Z", "succeeded": 1});
    check("v1.30.0", Kind::Job, job(running.clone()), false, "NAME|COMPLETIONS|DURATION|AGE\nj|1/3|10m|10m");
    check("v1.31.0", Kind::Job, job(running), false, "NAME|STATUS|COMPLETIONS|DURATION|AGE\nj|Running|1/3|10m|10m");
    let complete = json!({"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:42Z", "succeeded": 3,
        "conditions": [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}]});
    check("v1.34.0", Kind::Job, job(complete), false, "NAME|STATUS|COMPLETIONS|DURATION|AGE\nj|Complete|3/3|42s|10m");
    let queue = json!({"metadata": {"name": "j"}, "spec": {"parallelism": 2, "template": {}}});
    check("v1.20.0", Kind::Job, queue, false, "NAME|COMPLETIONS|DURATION|AGE\nj|0/1 of 2|10m");
}

#[test]
fn cron_jobs() {
    let cron_job = json!({"metadata": {"name": "c"}, "spec": {"schedule": "*/5 * * * *", "jobTemplate": {}},
        "status": {"lastScheduleTime": "2026-01-01T00:05:00Z"}});
    let head = "NAME|SCHEDULE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE";
    let row = "c|*/5 * * * *|False|0|5m|10m";
    check("v1.28.0", Kind::CronJob, cron_job.clone(), false, &format!("{head}\n{row}"));
    let head = "NAME|SCHEDULE|TIMEZONE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE";
    check("v1.29.0", Kind::CronJob, cron_job, false, &format!("{head}\nc|*/5 * * * *|<none>|False|0|5m|10m"));
}

#[test]
fn claims_and_volumes() {
    let claim = json!({"metadata": {"name": "data"}, "spec": {"volumeName": "pv1", "storageClassName": "fast", "volumeMode": "Filesystem"},
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"]}});
    let head = "NAME|STATUS|VOLUME|CAPACITY|ACCESS MODES|STORAGECLASS|AGE|VOLUMEMODE";
    check(
        "v1.28.0",
        Kind::PersistentVolumeClaim,
        claim.clone(),
        true,
        &format!("{head}\ndata|Bound|pv1|1Gi|RWO,RWX|fast|10m|Filesystem"),
    );
    let head = "NAME|STATUS|VOLUME|CAPACITY|ACCESS MODES|STORAGECLASS|VOLUMEATTRIBUTESCLASS|AGE";
    check(
        "v1.29.0",
        Kind::PersistentVolumeClaim,
        claim,
        false,
        &format!("{head}\ndata|Bound|pv1|1Gi|RWO,RWX|fast|<unset>|10m"),
    );
    let volume = json!({"metadata": {"name": "pv1"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "fast", "claimRef": {"namespace": "default", "name": "data"}},
        "status": {"phase": "Released"}});
    let head = "NAME|CAPACITY|ACCESS MODES|RECLAIM POLICY|STATUS|CLAIM|STORAGECLASS|VOLUMEATTRIBUTESCLASS|REASON|AGE";
    check(
        "v1.33.0",
        Kind::PersistentVolume,
        volume,
        false,
        &format!("{head}\npv1|1Gi|RWO|Retain|Released|default/data|fast|<unset>|10m"),
    );
}

#[test]
fn classes() {
    let class = json!({"metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com", "volumeBindingMode": "WaitForFirstConsumer"});
    check(
        "v1.17.0",
        Kind::StorageClass,
        class.clone(),
        false,
        "NAME|PROVISIONER|AGE\nfast (default)|ebs.csi.aws.com|10m",
    );
    let head = "NAME|PROVISIONER|RECLAIMPOLICY|VOLUMEBINDINGMODE|ALLOWVOLUMEEXPANSION|AGE";
    check(
        "v1.30.0",
        Kind::StorageClass,
        class,
        false,
        &format!("{head}\nfast (default)|ebs.csi.aws.com|Delete|WaitForFirstConsumer|false|10m"),
    );
}

#[test]
fn revisions() {
    let revision = json!({"metadata": {"name": "web-1", "ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "u", "controller": true}]}, "revision": 2});
    check(
        "v1.30.0",
        Kind::ControllerRevision,
        revision,
        false,
        "NAME|CONTROLLER|REVISION|AGE\nweb-1|statefulset.apps/web|2|10m",
    );
}
