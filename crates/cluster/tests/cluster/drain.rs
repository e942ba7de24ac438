//! Disruption budgets, the Eviction subresource and `kubectl drain` through whole runs.

use crate::common::{MINUTE, apply, cluster, messages, node, settle, web};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, DrainOptions, EvictionRefused, ObjectKey, ObjectRef};

fn budget(spec: Value) -> Value {
    let mut value = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"}, "spec": {"selector": {"matchLabels": {"app": "web"}}}});
    value["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    value
}

fn drain(node: &str) -> DrainOptions {
    DrainOptions { node: node.to_owned(), ..DrainOptions::default() }
}

/// Healthy, desired, allowed and expected.
#[track_caller]
fn check_budget(cluster: &Cluster, expected: [i32; 4]) {
    let budget = cluster.store().find::<PodDisruptionBudget>("default", "web").unwrap();
    let status = budget.status.clone().unwrap();
    let counts = [status.current_healthy, status.desired_healthy, status.disruptions_allowed, status.expected_pods];
    assert_eq!(counts.map(|count| count.unwrap_or(0)), expected);
}

fn lines(cluster: &Cluster) -> Vec<String> {
    let line = |printed: &sim_cluster::Printed| match printed.count {
        1 => printed.line.clone(),
        count => format!("{} (x{count})", printed.line),
    };
    cluster.printed().iter().map(line).collect()
}

fn pod_names(cluster: &Cluster) -> Vec<String> {
    cluster.store().list::<Pod>().map(|pod| pod.metadata.name.clone().unwrap()).collect()
}

#[test]
fn a_budget_counts_its_pods() {
    for (spec, expected) in [
        (json!({"minAvailable": 2}), [5, 2, 3, 5]),
        (json!({"minAvailable": "50%"}), [5, 3, 2, 5]),
        (json!({"minAvailable": "100%"}), [5, 5, 0, 5]),
        (json!({"maxUnavailable": 1}), [5, 4, 1, 5]),
        (json!({"maxUnavailable": "30%"}), [5, 3, 2, 5]),
        (json!({"maxUnavailable": 0}), [5, 5, 0, 5]),
    ] {
        let mut cluster = cluster("v1.30.0", vec![node("n1"), budget(spec), web(5, "nginx:1", json!({}), json!({}))]);
        settle(&mut cluster);
        check_budget(&cluster, expected);
    }
}

#[test]
fn a_budget_without_pods_says_so() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), budget(json!({"minAvailable": 1}))]);
    settle(&mut cluster);
    check_budget(&cluster, [0, 1, 0, 0]);
    assert_eq!(messages(&cluster, "NoPods"), ["No matching pods found"]);
    let budget = cluster.store().find::<PodDisruptionBudget>("default", "web").unwrap();
    let conditions = budget.status.clone().unwrap().conditions.unwrap();
    assert_eq!(
        (conditions[0].type_.as_str(), conditions[0].reason.as_str()),
        ("DisruptionAllowed", "InsufficientPods")
    );
}

#[test]
fn a_bare_pod_spoils_a_percentage_until_1_22() {
    let bare = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "bare", "namespace": "default", "labels": {"app": "web", "bare": "yes"}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]}});
    let mut budget = budget(json!({"maxUnavailable": "50%"}));
    budget["spec"]["selector"] = json!({"matchLabels": {"bare": "yes"}});
    let mut old = cluster("v1.21.0", vec![node("n1"), bare.clone(), budget.clone()]);
    settle(&mut old);
    assert_eq!(
        messages(&old, "CalculateExpectedPodCountFailed"),
        ["Failed to calculate the number of expected pods: found no controller ref for pod \"bare\""]
    );
    let mut new = cluster("v1.22.0", vec![node("n1"), bare, budget]);
    settle(&mut new);
    assert_eq!(messages(&new, "UnmanagedPods").len(), 1);
    check_budget(&new, [1, 0, 0, 0]);
}

#[test]
fn a_drain_evicts_what_the_budget_allows_and_waits_for_the_rest() {
    let mut cluster = cluster(
        "v1.30.0",
        vec![node("n1"), budget(json!({"minAvailable": 2})), web(3, "nginx:1", json!({}), json!({}))],
    );
    settle(&mut cluster);
    let names = pod_names(&cluster);
    apply(&mut cluster, node("n2"));
    assert_eq!(cluster.make(&Change::Drain(drain("n1"))).unwrap(), ["node/n1 cordoned"]);
    settle(&mut cluster);
    assert!(cluster.store().list::<Pod>().all(|pod| pod::node_name(pod) == Some("n2") && pod::is_ready(pod)));
    let refusal = |pod: &str, count: u64| {
        let count = if count == 1 { String::new() } else { format!(" (x{count})") };
        format!(
            "error when evicting pods/\"{pod}\" -n \"default\" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.{count}"
        )
    };
    let [a, b, c] = [&names[0], &names[1], &names[2]];
    assert_eq!(
        lines(&cluster),
        [
            format!("evicting pod default/{a}"),
            format!("evicting pod default/{b}"),
            refusal(b, 1),
            format!("evicting pod default/{c}"),
            refusal(c, 2),
            format!("pod/{a} evicted"),
            format!("evicting pod default/{b}"),
            format!("pod/{b} evicted"),
            format!("evicting pod default/{c}"),
            format!("pod/{c} evicted"),
            "node/n1 drained".to_owned(),
        ]
    );
}

#[test]
fn a_drain_that_no_budget_lets_on_is_at_rest_and_knows_why() {
    let mut cluster = cluster(
        "v1.30.0",
        vec![node("n1"), budget(json!({"minAvailable": 1})), web(1, "nginx:1", json!({}), json!({}))],
    );
    settle(&mut cluster);
    let name = pod_names(&cluster).remove(0);
    cluster.make(&Change::Drain(drain("n1"))).unwrap();
    let start = cluster.now_ms();
    settle(&mut cluster);
    assert_eq!(cluster.now_ms(), start, "nothing can change");
    cluster.run_until(start + 61_000);
    let printed = lines(&cluster);
    assert!(printed[1].ends_with("(x13)"), "{printed:?}");
    let stuck = cluster.stuck();
    assert_eq!(stuck.len(), 1);
    assert_eq!(stuck[0].pod, ObjectKey::new("default", &name));
    assert_eq!(stuck[0].cause, "The disruption budget web needs 1 healthy pods and has 1 currently");
    // One more replica elsewhere frees it, at the next of its five seconds.
    apply(&mut cluster, node("n2"));
    let workload = ObjectRef::parse("deployment/web").unwrap();
    cluster.make(&Change::Scale { workload, replicas: 2 }).unwrap();
    settle(&mut cluster);
    assert_eq!(lines(&cluster).last().map(String::as_str), Some("node/n1 drained"));
    let evicted = cluster.printed().iter().find(|printed| printed.line.ends_with("evicted")).unwrap().at_ms;
    assert_eq!((evicted - start) % 1000, 0, "{evicted}");
}

#[test]
fn a_drain_gives_up_when_its_time_is_over() {
    for (version, error) in [
        ("v1.16.0", "drain did not complete within 1m0s"),
        ("v1.19.0", "error when evicting pod \"POD\": global timeout reached: 1m0s"),
        ("v1.34.0", "error when evicting pods/\"POD\" -n \"default\": global timeout reached: 1m0s"),
    ] {
        let mut cluster = cluster(
            version,
            vec![node("n1"), budget(json!({"minAvailable": 1})), web(1, "nginx:1", json!({}), json!({}))],
        );
        settle(&mut cluster);
        let pod = pod_names(&cluster).remove(0);
        cluster.make(&Change::Drain(DrainOptions { timeout_ms: Some(MINUTE), ..drain("n1") })).unwrap();
        cluster.run_until(cluster.now_ms() + 2 * MINUTE);
        let error = error.replace("POD", &pod);
        let printed = lines(&cluster);
        assert!(printed.contains(&format!("There are pending pods in node \"n1\" when an error occurred: {error}")));
        assert!(printed.contains(&format!("pod/{pod}")), "{printed:?}");
        assert!(printed.last().unwrap().ends_with(&error), "{version}: {printed:?}");
        assert!(cluster.stuck().is_empty());
    }
}

#[test]
fn a_drain_is_refused_in_each_version_s_words() {
    let bare = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": "default"},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "nginx"}]}});
    let storage = json!({"volumes": [{"name": "data", "emptyDir": {}}]});
    for (version, expected) in [
        (
            "v1.16.0",
            "node/n1 cordoned\nerror: unable to drain node \"n1\", aborting command...\n\nThere are pending nodes to be drained:\n n1\ncannot delete Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet (use --force to override): default/bare\ncannot delete Pods with local storage (use --delete-local-data to override): default/POD",
        ),
        (
            "v1.28.0",
            "node/n1 cordoned\nerror: unable to drain node \"n1\" due to error:[cannot delete Pods declare no controller (use --force to override): default/bare, cannot delete Pods with local storage (use --delete-emptydir-data to override): default/POD], continuing command...\nThere are pending nodes to be drained:\n n1\n[cannot delete Pods declare no controller (use --force to override): default/bare, cannot delete Pods with local storage (use --delete-emptydir-data to override): default/POD]",
        ),
    ] {
        let mut cluster =
            cluster(version, vec![node("n1"), bare.clone(), web(1, "nginx:1", json!({}), storage.clone())]);
        settle(&mut cluster);
        let pod = pod_names(&cluster).into_iter().find(|name| name != "bare").unwrap();
        let refused = cluster.make(&Change::Drain(drain("n1"))).unwrap_err().to_string();
        assert_eq!(refused, expected.replace("POD", &pod), "{version}");
        settle(&mut cluster);
        assert_eq!(cluster.store().list::<Pod>().count(), 2, "nothing was deleted");
        let all = DrainOptions { force: true, delete_emptydir_data: true, ..drain("n1") };
        let made = cluster.make(&Change::Drain(all)).unwrap();
        assert_eq!(made[0], "node/n1 already cordoned");
        assert!(
            made[1].ends_with("default/bare")
                && made[1].to_lowercase().starts_with("warning: deleting Pods".to_lowercase().as_str()),
            "{made:?}"
        );
        settle(&mut cluster);
        let left: Vec<_> = cluster.store().list::<Pod>().map(|pod| pod::node_name(pod).is_some()).collect();
        assert_eq!(left, [false], "the replacement waits");
    }
}

#[test]
fn more_than_one_budget_is_an_error() {
    let mut second = budget(json!({"maxUnavailable": 1}));
    second["metadata"]["name"] = json!("web-2");
    let objects =
        vec![node("n1"), budget(json!({"maxUnavailable": 1})), second, web(1, "nginx:1", json!({}), json!({}))];
    let mut cluster = cluster("v1.30.0", objects);
    settle(&mut cluster);
    let name = pod_names(&cluster).remove(0);
    let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    let refused = cluster.evict(&ObjectKey::new("default", &name), None).unwrap_err();
    assert_eq!(refused, EvictionRefused::Failed(message.to_owned()));
    cluster.make(&Change::Drain(drain("n1"))).unwrap();
    settle(&mut cluster);
    assert_eq!(
        lines(&cluster).last().unwrap(),
        &format!("error when evicting pods/\"{name}\" -n \"default\": {message}")
    );
}

#[test]
fn pods_that_never_become_ready_hold_a_drain_up_until_they_always_may_go() {
    // Three pods of which one is ready, a budget of two: the unready ones are needed, so none may go.
    let unready = |cluster: &mut Cluster| {
        for name in pod_names(cluster).into_iter().skip(1) {
            let target = ObjectRef::parse(&format!("pod/{name}")).unwrap();
            cluster.make(&Change::Label { target, set: vec![("sick".into(), "yes".into())], remove: vec![] }).unwrap();
        }
    };
    let start = |version: &str, policy: Value| {
        let probe = json!({"containers": [{"name": "c", "image": "nginx",
            "readinessProbe": {"httpGet": {"port": 80}, "initialDelaySeconds": 1_000_000}}]});
        let mut spec = json!({"minAvailable": 2});
        spec.as_object_mut().unwrap().extend(policy.as_object().unwrap().clone());
        let mut cluster = cluster(version, vec![node("n1"), budget(spec), web(3, "nginx:1", json!({}), probe)]);
        cluster.run_until(30_000);
        unready(&mut cluster);
        cluster.run_until(31_000);
        cluster
    };
    let evictable = |cluster: &mut Cluster| {
        let names = pod_names(cluster);
        names.iter().filter(|name| cluster.clone().evict(&ObjectKey::new("default", name), None).is_ok()).count()
    };
    assert_eq!(evictable(&mut start("v1.27.0", json!({}))), 0);
    assert_eq!(evictable(&mut start("v1.26.0", json!({"unhealthyPodEvictionPolicy": "AlwaysAllow"}))), 0);
    assert_eq!(evictable(&mut start("v1.27.0", json!({"unhealthyPodEvictionPolicy": "AlwaysAllow"}))), 3);
}

mod random {
    use super::*;
    use proptest::prelude::*;

    /// Replicas, and whether the budget says what must be there or what may be missing.
    fn budgets() -> impl Strategy<Value = (i32, Value)> {
        let minimum = (1_i32..6).prop_map(|pods| json!({"minAvailable": pods}));
        let percent = (1_i32..100).prop_map(|percent| json!({"minAvailable": format!("{percent}%")}));
        let missing = (0_i32..4).prop_map(|pods| json!({"maxUnavailable": pods}));
        (1_i32..7, prop_oneof![minimum, percent, missing])
    }

    fn healthy_and_desired(cluster: &Cluster) -> (i32, i32) {
        let budget = cluster.store().find::<PodDisruptionBudget>("default", "web").unwrap();
        let desired = budget.status.as_ref().and_then(|status| status.desired_healthy).unwrap_or(0);
        let ready = cluster.store().list::<Pod>().filter(|pod| pod::is_ready(pod) && !pod::is_terminating(pod));
        (ready.count() as i32, desired)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is drained when, no eviction takes a pod that the budget wants.
        #[test]
        fn budgets_hold_through_drains(
            version in prop::sample::select(vec!["v1.16.0", "v1.21.0", "v1.27.0", "v1.34.0"]),
            (replicas, spec) in budgets(),
            drains in prop::collection::vec((0_u64..120_000, 1_usize..5), 1..5),
        ) {
            let nodes = (1..5).map(|number| node(&format!("n{number}")));
            let objects = nodes.chain([budget(spec), web(replicas, "nginx:1", json!({}), json!({}))]);
            let mut cluster = cluster(version, objects.collect());
            settle(&mut cluster);
            let start = cluster.now_ms();
            let mut drains = drains;
            drains.sort_unstable();
            for (at, node) in drains {
                cluster.run_until(start + at);
                cluster.make(&Change::Drain(drain(&format!("n{node}")))).unwrap();
                cluster.make(&Change::Uncordon(format!("n{}", node % 4 + 1))).unwrap();
            }
            let (mut healthy, _) = healthy_and_desired(&cluster);
            let end = cluster.now_ms() + 3 * MINUTE;
            while cluster.now_ms() < end {
                cluster.run_until(cluster.now_ms() + 500);
                let (now, desired) = healthy_and_desired(&cluster);
                prop_assert!(now >= healthy.min(desired), "{healthy} of {desired} were healthy, now {now}");
                healthy = now;
            }
        }
    }
}
