//! Objects that parse and make no sense: whatever the numbers and words are, a run ends, in a result or in a sentence.

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_cluster::{Cluster, Setup, print};

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(0)),
        Just(json!(-1)),
        Just(json!(i32::MAX)),
        Just(json!(i32::MIN)),
        (0..9_i32).prop_map(|number| json!(number))
    ]
}

fn quantity() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        "0",
        "1",
        "100m",
        "1e18",
        "9223372036854775807",
        "8Ei",
        "0.0000001",
        "1Gi",
        "500Mi",
        "99999999999999999999",
        "-1",
        "12Gx",
    ])
    .prop_map(|text| json!(text))
}

fn word() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        "",
        "a",
        "n1",
        "NoSchedule",
        "NoExecute",
        "Exists",
        "Equal",
        "In",
        "Gt",
        "kubernetes.io/hostname",
        "Always",
        "Never",
    ])
    .prop_map(|text| json!(text))
}

fn moment() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec!["0001-01-01T00:00:00Z", "2019-10-25T07:57:24Z", "9999-12-31T00:00:00Z"])
        .prop_map(|text| json!(text))
}

prop_compose! {
    fn pod_spec()(cpu in quantity(), memory in quantity(), key in word(), operator in word(), value in word(), effect in word(),
        seconds in number(), node in word(), port in number(), skew in number(), topology in word(), period in number()) -> Value {
        json!({
            "nodeName": node,
            "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": cpu, "memory": memory}},
                "ports": [{"containerPort": port, "hostPort": port}],
                "readinessProbe": {"initialDelaySeconds": period, "periodSeconds": period, "successThreshold": period}}],
            "tolerations": [{"key": key, "operator": operator, "value": value, "effect": effect, "tolerationSeconds": seconds}],
            "nodeSelector": {"a": value},
            "topologySpreadConstraints": [{"maxSkew": skew, "topologyKey": topology, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}],
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": topology, "labelSelector": {}}]},
                "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": skew, "preference": {"matchExpressions": [{"key": key, "operator": operator, "values": [value]}]}}]}},
        })
    }
}

prop_compose! {
    fn objects()(spec in pod_spec(), template in pod_spec(), replicas in 0..4_i32, count in number(), created in moment(), beat in moment(),
        cpu in quantity(), pods in quantity(), taint in word(), effect in word(), status in word(), bare in any::<bool>()) -> Vec<Value> {
        let mut template = template;
        template.as_object_mut().expect("a spec").remove("nodeName");
        let mut spec = spec;
        if bare {
            spec.as_object_mut().expect("a spec").remove("nodeName");
        }
        vec![
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "creationTimestamp": created, "labels": {"kubernetes.io/hostname": "n1", "a": "a"}},
                "spec": {"taints": [{"key": taint, "effect": effect}], "podCIDR": taint},
                "status": {"allocatable": {"cpu": cpu, "memory": cpu, "pods": pods},
                    "conditions": [{"type": "Ready", "status": status, "lastHeartbeatTime": beat}]}}),
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default", "creationTimestamp": beat}, "spec": spec,
                "status": {"containerStatuses": [
                    {"name": "c", "ready": true, "restartCount": count, "image": "", "imageID": ""},
                    {"name": "d", "ready": true, "restartCount": count, "image": "", "imageID": ""}]}}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "default", "generation": i64::MAX},
                "spec": {"replicas": replicas, "selector": {"matchLabels": {"x": "y"}}, "revisionHistoryLimit": count,
                    "strategy": {"rollingUpdate": {"maxSurge": count, "maxUnavailable": "999999999999%"}},
                    "template": {"metadata": {"labels": {"x": "y"}}, "spec": template}},
                "status": {"replicas": count, "readyReplicas": count, "availableReplicas": count}}),
            json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "s", "namespace": "default"},
                "spec": {"selector": {"matchLabels": {"x": "z"}}, "template": {"metadata": {"labels": {"x": "z"}}, "spec": template}},
                "status": {"currentNumberScheduled": count, "numberReady": 1, "desiredNumberScheduled": count, "numberMisscheduled": count}}),
        ]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_run_ends_whatever_the_objects_say(objects in objects(), version in proptest::sample::select(vec!["1.16", "1.22", "1.28", "1.34"])) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        let input = sim_scenario::load(&["-"], &mut list.as_bytes());
        // What the loader refuses is run all the same: below it nothing may panic either.
        let setup = Setup {
            start: sim_cluster::newest_moment(input.objects.iter().map(|loaded| &loaded.object)),
            cloud_controller_manager: true,
            seed: 1,
            ..Setup::of(version.parse().expect("a version"))
        };
        let mut cluster = Cluster::new(setup, input.objects.into_iter().map(|loaded| loaded.object));
        cluster.settle(20 * 60 * 1000);
        let context = cluster.print_context();
        for kind in sim_cluster::Kind::ALL {
            let objects = cluster.store().objects(*kind);
            print::objects(*kind, &objects, &context).render(&print::TableOptions { wide: true, ..print::TableOptions::default() });
        }
        for pod in cluster.store().list::<sim_cluster::pod::Pod>() {
            print::describe_pod(pod, &[], &context);
        }
        for node in cluster.store().list::<k8s_openapi::api::core::v1::Node>() {
            let pods = cluster.pods_on("n1");
            let pods: Vec<_> = pods.iter().map(AsRef::as_ref).collect();
            print::describe_node(node, &pods, None, &[], &context);
        }
        sim_cluster::RunResult::of(&cluster, Vec::new());
    }
}
