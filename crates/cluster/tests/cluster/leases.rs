//! Leases, as they are for who looks.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use sim_cluster::{Change, Cluster};

use crate::common::{MINUTE, cluster, node, web};

const SECOND: u64 = 1_000;

fn spec(cluster: &Cluster, namespace: &str, name: &str) -> LeaseSpec {
    let lease = cluster.store().find::<Lease>(namespace, name).unwrap_or_else(|| panic!("no Lease {name}"));
    lease.spec.clone().unwrap()
}

/// The virtual microsecond of the last renewal.
fn renewed(cluster: &Cluster, namespace: &str, name: &str) -> i64 {
    spec(cluster, namespace, name).renew_time.unwrap().0.as_microsecond()
}

/// Whether the last renewal was in the last so many seconds before another.
fn is_within(renewed: i64, seconds: i64, before: i64) -> bool {
    (before - seconds) * 1_000_000 < renewed && renewed <= before * 1_000_000
}

fn at(cluster: &mut Cluster, seconds: u64) {
    cluster.run_until(seconds * SECOND);
    cluster.renew_leases();
}

#[test]
fn a_kubelet_renews_every_ten_seconds_until_it_falls_silent() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), node("n2")]);
    at(&mut cluster, 100);
    let before = renewed(&cluster, "kube-node-lease", "n1");
    assert!(is_within(before, 10, 100), "{before}");
    assert_ne!(before, renewed(&cluster, "kube-node-lease", "n2"), "each at its own moment");
    at(&mut cluster, 200);
    assert_eq!(renewed(&cluster, "kube-node-lease", "n1"), before + 100_000_000);
    cluster.make(&Change::NodePartitioned("n1".to_owned())).unwrap();
    at(&mut cluster, 230);
    assert_eq!(renewed(&cluster, "kube-node-lease", "n1"), before + 100_000_000);
    assert_eq!(spec(&cluster, "kube-node-lease", "n1").holder_identity.as_deref(), Some("n1"));
    assert_eq!(spec(&cluster, "kube-node-lease", "n1").lease_duration_seconds, Some(40));
    cluster.make(&Change::NodeUp("n1".to_owned())).unwrap();
    at(&mut cluster, 300);
    assert_eq!(renewed(&cluster, "kube-node-lease", "n1"), before + 200_000_000);
}

#[test]
fn a_lease_goes_with_its_node() {
    let mut cluster = cluster("v1.30.0", vec![node("n1"), node("n2")]);
    at(&mut cluster, 60);
    cluster.make(&Change::RemoveNode("n1".to_owned())).unwrap();
    at(&mut cluster, 120);
    let left: Vec<_> =
        cluster.store().list_in::<Lease>("kube-node-lease").map(|lease| lease.metadata.name.clone()).collect();
    assert_eq!(left, [Some("n2".to_owned())]);
}

#[test]
fn a_leader_that_is_stopped_renews_no_more_and_one_that_starts_is_elected() {
    let mut cluster = cluster("v1.30.0", vec![node("n1")]);
    at(&mut cluster, 60);
    let first = spec(&cluster, "kube-system", "kube-scheduler");
    assert_eq!((first.lease_transitions, first.lease_duration_seconds), (Some(0), Some(15)));
    cluster.make(&Change::StopController("kube-scheduler".to_owned())).unwrap();
    // One controller less is not the end of the manager.
    cluster.make(&Change::StopController("job-controller".to_owned())).unwrap();
    at(&mut cluster, 300);
    let scheduler = renewed(&cluster, "kube-system", "kube-scheduler");
    assert!(is_within(scheduler, 2, 60), "{scheduler}");
    let manager = renewed(&cluster, "kube-system", "kube-controller-manager");
    assert!(is_within(manager, 2, 300), "{manager}");
    assert!(cluster.store().find::<Lease>("kube-system", "cloud-controller-manager").is_none());
    cluster.make(&Change::StartController("kube-scheduler".to_owned())).unwrap();
    at(&mut cluster, 400);
    let second = spec(&cluster, "kube-system", "kube-scheduler");
    assert_eq!(second.lease_transitions, Some(1));
    assert_eq!(second.acquire_time.unwrap().0, Timestamp::from_second(300).unwrap());
    assert_ne!(second.holder_identity, first.holder_identity);
}

/// `sim serve --scheduler external`: the Lease is there for who takes over.
#[test]
fn a_leader_that_never_ran_holds_no_lease() {
    let mut cluster = cluster("v1.30.0", vec![node("n1")]);
    cluster.make(&Change::StopController("kube-scheduler".to_owned())).unwrap();
    at(&mut cluster, 60);
    assert!(cluster.store().find::<Lease>("kube-system", "kube-scheduler").is_none());
}

/// Leaders held Endpoints until 1.16.
#[test]
fn leaders_hold_leases_since_1_17() {
    for (version, held) in [("v1.16.0", 0), ("v1.17.0", 2)] {
        let mut cluster = cluster(version, vec![node("n1")]);
        at(&mut cluster, 60);
        assert_eq!(cluster.store().list_in::<Lease>("kube-system").count(), held, "{version}");
    }
}

/// Who looks all the time has the same cluster as who never looks.
#[test]
fn to_look_changes_nothing_of_what_is_to_come() {
    let everything_else = |looks: bool| {
        let mut cluster = cluster("v1.30.0", vec![node("n1"), node("n2"), web(3, "app:1", json!({}), json!({}))]);
        for second in [1, 5, 30, 31] {
            cluster.run_until(second * SECOND);
            if looks {
                cluster.renew_leases();
            }
        }
        cluster.make(&Change::NodeDown("n1".to_owned())).unwrap();
        cluster.run_until(20 * MINUTE);
        let objects = sim_cluster::Kind::ALL.iter().filter(|kind| **kind != sim_cluster::Kind::Lease);
        let objects = objects.flat_map(|kind| cluster.store().objects(*kind));
        let values = objects.map(|object| {
            let mut value = object.to_value();
            for place in ["/metadata", "/involvedObject"] {
                if let Some(place) = value.pointer_mut(place) {
                    place.as_object_mut().unwrap().remove("resourceVersion");
                }
            }
            value
        });
        (values.collect::<Vec<Value>>(), cluster.events_taken())
    };
    assert_eq!(everything_else(true), everything_else(false));
}

fn lease(node: &str, renewed: &str) -> Value {
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": node, "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": renewed}})
}

/// The status of a node's condition Ready, `seconds` after a dump whose newest Lease is 30 seconds newer than that of `n1`.
#[track_caller]
fn check_ready(version: &str, renewed: &str, seconds: u64, expected: &str) {
    let ready = json!([{"type": "Ready", "status": "True", "reason": "KubeletReady"}]);
    let with_status = |name: &str| {
        let mut node = node(name);
        node["status"]["conditions"] = ready.clone();
        node
    };
    let newest = lease("n2", "1970-01-01T00:00:00.000000Z");
    let mut cluster = cluster(version, vec![with_status("n1"), with_status("n2"), lease("n1", renewed), newest]);
    cluster.run_until(seconds * SECOND);
    let of = |name: &str| {
        let node = cluster.store().find::<Node>("", name).unwrap();
        let conditions = node.status.as_ref().unwrap().conditions.as_ref().unwrap();
        conditions.iter().find(|condition| condition.type_ == "Ready").unwrap().status.clone()
    };
    assert_eq!(of("n1"), expected, "{version} after {seconds} s");
    assert_eq!(of("n2"), "True");
}

/// The grace period of a kubelet that had fallen silent before the dump goes on from its last word.
#[test]
fn a_lease_that_was_not_renewed_tells_of_a_silent_kubelet() {
    check_ready("v1.30.0", "1969-12-31T23:59:30.000000Z", 9, "True");
    check_ready("v1.30.0", "1969-12-31T23:59:30.000000Z", 10, "Unknown");
    check_ready("v1.32.0", "1969-12-31T23:59:30.000000Z", 19, "True");
    check_ready("v1.32.0", "1969-12-31T23:59:30.000000Z", 20, "Unknown");
    check_ready("v1.30.0", "1969-12-31T23:00:00.000000Z", 0, "Unknown");
    // One renewal was late.
    check_ready("v1.30.0", "1969-12-31T23:59:45.000000Z", 600, "True");
}
