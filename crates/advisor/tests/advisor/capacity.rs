//! What `sim capacity` counts is what a Deployment of so many replicas comes to.

use crate::common::{clusters, containers, deployment, node, object, run_deployment, settle, specs};
use proptest::prelude::*;
use serde_json::{Value, json};
use sim_advisor::{CapacityResult, CountOptions, Replica, Shape, capacity, fewest_nodes};
use sim_cluster::{Change, Cluster, Setup};

fn replica(spec: &Value) -> Replica {
    Replica::of(vec![object(deployment("new", 1, spec.clone()))]).expect("one workload")
}

fn count(cluster: &Cluster, spec: &Value) -> CapacityResult {
    capacity(cluster, &replica(spec), CountOptions::default()).expect("nothing stands beside the pod")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn so_many_fit_and_one_more_does_not(cluster in clusters(), spec in specs()) {
        let result = count(&cluster, &spec);
        let fit = result.replicas;
        prop_assert_eq!(result.nodes.iter().map(|share| share.replicas).sum::<usize>(), fit);
        prop_assert_eq!(run_deployment(&cluster, &spec, fit), (fit, 0));
        prop_assert_eq!(run_deployment(&cluster, &spec, fit + 1), (fit, 1));
        let limited = CountOptions { limit: Some(2), preempts: false };
        let limited = capacity(&cluster, &replica(&spec), limited).expect("nothing stands beside the pod");
        prop_assert_eq!(limited.replicas, fit.min(2));
        prop_assert_eq!(limited.limited, fit >= 2);
    }

    #[test]
    fn one_node_less_is_too_few(cluster in clusters(), spec in specs(), more in 1usize..8) {
        let fit = count(&cluster, &spec).replicas;
        let wanted = fit + more;
        let shape = Shape::Like("n0".to_owned());
        let growth = fewest_nodes(&cluster, &replica(&spec), CountOptions::default(), wanted, &shape).expect("n0 is there");
        let with = |nodes: usize| {
            let mut fork = cluster.clone();
            if nodes > 0 {
                fork.make(&Change::AddNode { from: "n0".to_owned(), count: nodes }).expect("n0 is there");
                settle(&mut fork);
            }
            run_deployment(&fork, &spec, wanted)
        };
        match growth.nodes {
            Some(nodes) => {
                prop_assert!(nodes > 0);
                prop_assert_eq!(with(nodes), (wanted, 0));
                prop_assert_eq!(with(nodes - 1), (growth.otherwise, wanted - growth.otherwise));
                prop_assert!(growth.otherwise < wanted);
            }
            // Nobody promises that no larger number helps; as many nodes as replicas do not.
            None => prop_assert!(with(wanted).1 > 0),
        }
    }
}

fn cluster(objects: Vec<Value>) -> Cluster {
    let setup = Setup::of("v1.34.0".parse().expect("a version"));
    let mut cluster = Cluster::new(setup, objects.into_iter().map(object));
    settle(&mut cluster);
    cluster
}

#[track_caller]
fn check(objects: Vec<Value>, spec: &Value, fit: usize, first: Option<&str>, message: &str) {
    let result = count(&cluster(objects), spec);
    assert_eq!((result.replicas, result.runs_out_first.as_deref()), (fit, first), "{result:?}");
    let found = result.message.unwrap_or_default();
    assert!(found.contains(message), "{found}");
}

#[test]
fn what_runs_out_first_is_what_is_alone_in_the_way_where_replicas_are() {
    let spec = |cpu: u32| json!({"containers": containers(cpu)});
    let nodes = || vec![node(0, 2000, false, 0), node(1, 1000, false, 0), node(2, 4000, true, 0)];
    check(nodes(), &spec(500), 6, Some("Insufficient cpu"), "1 node(s) had untolerated taint {dedicated: }");
    check(nodes(), &spec(1), 12, Some("Too many pods"), "2 Too many pods");
    check(nodes(), &spec(9000), 0, Some("Insufficient cpu"), "2 Insufficient cpu");
    check(vec![node(0, 2000, true, 0)], &spec(1), 0, None, "1 node(s) had untolerated taint");
    check(vec![], &spec(1), 0, None, "no nodes available to schedule pods");
    let mut gated = spec(1);
    gated["schedulingGates"] = json!([{"name": "later"}]);
    check(nodes(), &gated, 0, None, "Scheduling is blocked due to non-empty scheduling gates");
    let other = json!({"schedulerName": "other", "containers": containers(1)});
    check(nodes(), &other, 0, None, "Nobody serves the scheduler name other");
}

/// Two pods that wait take a new node for themselves or half of two: the second new node helps nobody, the third does.
#[test]
fn a_node_that_is_of_no_use_may_be_on_the_way_to_one_that_is() {
    let mut spec = json!({"containers": containers(800), "tolerations": [{"operator": "Exists"}]});
    spec["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"labelSelector": {"matchLabels": {"app": "new"}}, "topologyKey": "kubernetes.io/hostname"}]}});
    let old = deployment("old", 4, json!({"containers": containers(750)}));
    let cluster = cluster(vec![node(0, 1500, false, 0), node(1, 1000, true, 0), node(2, 1000, true, 0), old]);
    let shape = Shape::Like("n0".to_owned());
    let growth = fewest_nodes(&cluster, &replica(&spec), CountOptions::default(), 3, &shape).expect("n0 is there");
    assert_eq!((growth.nodes, growth.otherwise), (Some(3), 2));
}

#[test]
fn a_quota_ends_the_count_in_the_server_s_words() {
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": {"pods": "3"}}, "status": {"hard": {"pods": "3"}, "used": {"pods": "0"}}});
    let spec = json!({"containers": containers(100)});
    check(vec![node(0, 4000, false, 0), quota], &spec, 3, None, "exceeded quota: q, requested: pods=1, used: pods=3");
}

#[test]
fn preemption_counts_when_it_is_asked_for() {
    let high = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 10});
    let old = deployment("old", 4, json!({"containers": containers(500)}));
    let cluster = cluster(vec![node(0, 2000, false, 0), high, old]);
    let spec = json!({"priorityClassName": "high", "containers": containers(1000)});
    let without = count(&cluster, &spec);
    assert_eq!((without.replicas, without.room_by_preemption.as_deref()), (0, Some("n0")));
    let with = CountOptions { limit: None, preempts: true };
    assert_eq!(capacity(&cluster, &replica(&spec), with).expect("counted").replicas, 2);
}

#[test]
fn a_claim_that_one_node_can_use_holds_all_replicas_there() {
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "local", "resources": {"requests": {"storage": "1Gi"}}}});
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "local"},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"});
    let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "local",
            "local": {"path": "/disk"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions":
                [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}]}}}});
    let spec = json!({"containers": containers(500),
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]});
    let nodes = vec![node(0, 4000, false, 0), node(1, 2000, false, 0), claim, class, volume];
    check(nodes, &spec, 4, Some("Insufficient cpu"), "Insufficient cpu");
}

#[test]
fn what_is_no_replica_is_refused() {
    let read =
        |objects: Vec<Value>| Replica::of(objects.into_iter().map(object).collect()).map_err(|error| error.to_string());
    let one = || deployment("a", 1, json!({"containers": containers(1)}));
    let two = deployment("b", 1, json!({"containers": containers(1)}));
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"}});
    assert_eq!(read(vec![one(), service.clone()]).expect("one workload").beside.len(), 1);
    let refused = |objects| read(objects).expect_err("no replica");
    assert!(refused(vec![one(), two]).contains("deployment/a, deployment/b"));
    assert!(refused(vec![service]).contains("no pod and no workload"));
    let mut daemons = one();
    daemons["kind"] = json!("DaemonSet");
    assert!(refused(vec![daemons]).contains("one pod on each node"));
}
