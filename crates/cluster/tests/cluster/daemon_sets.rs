//! DaemonSets through whole runs: where their pods are, how they roll, and what becomes of failed ones.

use crate::common::{MINUTE, apply, cluster, merge, messages, node, settle};
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet};
use serde_json::{Value, json};
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Change, Cluster, ObjectRef};

fn agent(image: &str, more: Value, pod: Value) -> Value {
    let mut value = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "agent"}},
            "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "c", "image": image}]}}}});
    merge(&mut value["spec"], more);
    merge(&mut value["spec"]["template"]["spec"], pod);
    value
}

fn nodes(count: usize) -> Vec<Value> {
    (1..=count).map(|number| node(&format!("n{number}"))).collect()
}

fn with(mut objects: Vec<Value>, more: Value) -> Vec<Value> {
    objects.push(more);
    objects
}

/// Desired, current, ready, updated, available, misscheduled.
#[track_caller]
fn check(cluster: &Cluster, expected: [i32; 6]) {
    let set = cluster.store().find::<DaemonSet>("default", "agent").unwrap();
    let status = set.status.clone().unwrap();
    let found = [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled.unwrap_or(0),
        status.number_available.unwrap_or(0),
        status.number_misscheduled,
    ];
    assert_eq!(found, expected);
}

fn image(pod: &Pod) -> &str {
    pod.spec.containers[0].image.as_deref().unwrap()
}

/// At every moment until the rollout is over: the fewest nodes with a ready pod, the most pods.
fn roll(cluster: &mut Cluster) -> (usize, usize) {
    let (mut least, mut most) = (usize::MAX, 0);
    let end = cluster.now_ms() + 5 * MINUTE;
    while cluster.now_ms() < end {
        cluster.run_until(cluster.now_ms() + 250);
        let ready = cluster.store().list::<Pod>().filter(|pod| pod::is_ready(pod) && !pod::is_terminating(pod));
        let nodes: std::collections::BTreeSet<_> = ready.filter_map(|pod| pod::node_name(pod)).collect();
        least = least.min(nodes.len());
        most = most.max(cluster.store().list::<Pod>().filter(|pod| pod::is_active(pod)).count());
    }
    (least, most)
}

#[test]
fn a_rollout_takes_down_one_node_at_a_time() {
    for version in ["v1.16.0", "v1.34.0"] {
        let mut cluster = cluster(version, with(nodes(4), agent("a:1", json!({}), json!({}))));
        settle(&mut cluster);
        check(&cluster, [4, 4, 4, 4, 4, 0]);
        apply(&mut cluster, agent("a:2", json!({}), json!({})));
        assert_eq!(roll(&mut cluster), (3, 4), "{version}");
        assert!(cluster.store().list::<Pod>().all(|pod| image(pod) == "a:2" && pod::is_ready(pod)), "{version}");
        let revisions: Vec<i64> = cluster.store().list::<ControllerRevision>().filter_map(|own| own.revision).collect();
        assert_eq!(revisions.len(), 2, "{version}");
    }
}

#[test]
fn a_surge_makes_the_new_pod_first() {
    let strategy =
        json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}});
    let mut new = cluster("v1.22.0", with(nodes(4), agent("a:1", strategy.clone(), json!({}))));
    settle(&mut new);
    apply(&mut new, agent("a:2", strategy, json!({})));
    assert_eq!(roll(&mut new), (4, 6));
    assert!(new.store().list::<Pod>().all(|pod| image(pod) == "a:2"));
    // An older server would not take the zero.
    let strategy =
        json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 1}}});
    let mut old = cluster("v1.21.0", with(nodes(4), agent("a:1", strategy.clone(), json!({}))));
    settle(&mut old);
    apply(&mut old, agent("a:2", strategy, json!({})));
    assert_eq!(roll(&mut old), (3, 4), "before 1.22 there is no surge");
}

#[test]
fn on_delete_rolls_only_what_a_person_deletes() {
    let strategy = json!({"updateStrategy": {"type": "OnDelete"}});
    let mut cluster = cluster("v1.30.0", with(nodes(2), agent("a:1", strategy.clone(), json!({}))));
    settle(&mut cluster);
    apply(&mut cluster, agent("a:2", strategy, json!({})));
    settle(&mut cluster);
    check(&cluster, [2, 2, 2, 0, 2, 0]);
    let name = cluster.store().list::<Pod>().next().unwrap().metadata.name.clone().unwrap();
    cluster.make(&Change::Delete(ObjectRef::parse(&format!("pod/{name}")).unwrap())).unwrap();
    settle(&mut cluster);
    check(&cluster, [2, 2, 2, 1, 2, 0]);
}

#[test]
fn going_back_to_a_template_gives_its_revision_the_newest_number() {
    let mut cluster = cluster("v1.30.0", with(nodes(1), agent("a:1", json!({}), json!({}))));
    settle(&mut cluster);
    let hash = |cluster: &Cluster| {
        let pod = cluster.store().list::<Pod>().next().unwrap();
        pod.metadata.labels.as_ref().unwrap()["controller-revision-hash"].clone()
    };
    let first = hash(&cluster);
    apply(&mut cluster, agent("a:2", json!({}), json!({})));
    settle(&mut cluster);
    assert_ne!(hash(&cluster), first);
    apply(&mut cluster, agent("a:1", json!({}), json!({})));
    settle(&mut cluster);
    assert_eq!(hash(&cluster), first);
    let mut revisions: Vec<i64> = cluster.store().list::<ControllerRevision>().filter_map(|own| own.revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [2, 3]);
}

#[test]
fn a_taint_keeps_new_pods_away_and_no_execute_takes_the_old_ones() {
    let mut cluster = cluster("v1.30.0", with(nodes(2), agent("a:1", json!({}), json!({}))));
    settle(&mut cluster);
    let taint = |cluster: &mut Cluster, taint: &str| {
        let taint = sim_cluster::parse_taint(taint).unwrap();
        cluster.make(&Change::Taint { node: Some("n1".to_owned()), taint }).unwrap();
        settle(cluster);
    };
    taint(&mut cluster, "gpu=yes:NoSchedule");
    check(&cluster, [1, 1, 1, 1, 1, 1]);
    taint(&mut cluster, "gpu=yes:NoExecute");
    check(&cluster, [1, 1, 1, 1, 1, 0]);
    assert_eq!(cluster.store().list::<Pod>().count(), 1);
}

#[test]
fn no_node_that_fits_makes_no_pod_and_no_event() {
    let mut tainted = node("n1");
    tainted["spec"] = json!({"taints": [{"key": "gpu", "value": "present", "effect": "NoSchedule"}]});
    let mut cluster = cluster("v1.30.0", vec![tainted, agent("a:1", json!({}), json!({}))]);
    settle(&mut cluster);
    check(&cluster, [0; 6]);
    assert_eq!(cluster.store().list::<k8s_openapi::api::core::v1::Event>().count(), 0);
}

#[test]
fn a_failed_pod_is_told_and_replaced() {
    let mut set = agent("a:1", json!({}), json!({}));
    set["metadata"]["uid"] = json!("agent-uid");
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "agent-uid", "controller": true}]);
    let failed = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "agent-x", "namespace": "default", "labels": {"app": "agent"}, "ownerReferences": owner},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "a:1"}]},
        "status": {"phase": "Failed", "reason": "OutOfcpu", "startTime": "1970-01-01T00:00:00Z"}});
    let mut cluster = cluster("v1.30.0", vec![node("n1"), set, failed]);
    settle(&mut cluster);
    check(&cluster, [1, 1, 1, 1, 1, 0]);
    assert!(cluster.store().list::<Pod>().all(|pod| pod.metadata.name.as_deref() != Some("agent-x")));
    assert_eq!(
        messages(&cluster, "FailedDaemonPod"),
        ["Found failed daemon pod default/agent-x on node n1, will try to kill it"]
    );
}
