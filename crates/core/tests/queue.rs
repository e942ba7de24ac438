//! The scheduling queue: order, backoff, wake-ups.

use std::collections::BTreeSet;
use std::sync::Arc;

use sim_core::Version;
use sim_core::model::{Pod, PodSpec};
use sim_core::scheduler::{Action, ClusterEvent, EventResource, PluginName, SchedulingQueue};

const TAINT_CHANGED: ClusterEvent = ClusterEvent::new(EventResource::Node, Action::UPDATE_NODE_TAINT);
const POD_DELETED: ClusterEvent = ClusterEvent::new(EventResource::AssignedPod, Action::DELETE);

fn queue(version: &str) -> SchedulingQueue {
    SchedulingQueue::new(version.parse::<Version>().expect("a version"))
}

fn pod(name: &str, priority: i32) -> Arc<Pod> {
    let spec = Arc::new(PodSpec { priority, ..PodSpec::default() });
    Arc::new(Pod { namespace: "default".into(), name: name.into(), spec, ..Pod::default() })
}

fn pop(queue: &mut SchedulingQueue, now_ms: u64) -> Option<String> {
    queue.pop(now_ms).map(|pod| pod.name.clone())
}

fn fail(queue: &mut SchedulingQueue, name: &str, plugin: PluginName, now_ms: u64) {
    queue.add_unschedulable(pod(name, 0), BTreeSet::from([plugin]), now_ms);
}

#[test]
fn priority_first_then_arrival() {
    let mut queue = queue("1.34");
    for (name, priority) in [("a", 0), ("b", 5), ("c", 5), ("d", 9)] {
        queue.add(pod(name, priority));
    }
    let order: Vec<String> = std::iter::from_fn(|| pop(&mut queue, 0)).collect();
    assert_eq!(order, ["d", "b", "c", "a"]);
}

#[test]
fn backoff_doubles_up_to_ten_seconds() {
    let mut queue = queue("1.30");
    queue.add(pod("p", 0));
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..6 {
        assert_eq!(pop(&mut queue, now).as_deref(), Some("p"));
        fail(&mut queue, "p", PluginName::TaintToleration, now);
        queue.move_all_on(TAINT_CHANGED, now);
        assert_eq!(pop(&mut queue, now), None);
        let next = queue.next_wakeup().expect("a backoff ends");
        waits.push(next - now);
        now = next;
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
}

#[test]
fn an_idle_scheduler_does_not_wait_for_backoff() {
    let mut queue = queue("1.33");
    queue.add(pod("p", 0));
    assert_eq!(pop(&mut queue, 0).as_deref(), Some("p"));
    fail(&mut queue, "p", PluginName::TaintToleration, 0);
    assert_eq!(pop(&mut queue, 0), None);
    queue.move_all_on(TAINT_CHANGED, 0);
    assert_eq!(pop(&mut queue, 0).as_deref(), Some("p"));
}

#[test]
fn only_events_that_a_failed_plugin_registered_wake_a_pod() {
    for (version, woken) in [("1.21", true), ("1.22", false), ("1.30", false), ("1.34", false)] {
        let mut queue = queue(version);
        queue.add(pod("p", 0));
        pop(&mut queue, 0);
        fail(&mut queue, "p", PluginName::TaintToleration, 0);
        queue.move_all_on(POD_DELETED, 20_000);
        assert_eq!(pop(&mut queue, 20_000).is_some(), woken, "{version}");
    }
}

#[test]
fn what_happens_during_a_cycle_is_not_missed() {
    let mut queue = queue("1.30");
    queue.add(pod("p", 0));
    pop(&mut queue, 0);
    queue.move_all_on(TAINT_CHANGED, 0);
    fail(&mut queue, "p", PluginName::TaintToleration, 0);
    assert_eq!(queue.next_wakeup(), Some(1_000));
    assert_eq!(pop(&mut queue, 1_000).as_deref(), Some("p"));
}

#[test]
fn long_unschedulable_pods_are_tried_again() {
    for (version, at_ms) in [("1.23", 90_000), ("1.24", 330_000)] {
        let mut queue = queue(version);
        queue.add(pod("p", 0));
        pop(&mut queue, 0);
        fail(&mut queue, "p", PluginName::TaintToleration, 0);
        assert_eq!(queue.next_wakeup(), Some(at_ms), "{version}");
        assert_eq!(pop(&mut queue, at_ms - 1), None);
        assert_eq!(pop(&mut queue, at_ms).as_deref(), Some("p"));
    }
}

#[test]
fn a_deleted_pod_is_gone() {
    let mut queue = queue("1.34");
    let p = pod("p", 0);
    queue.add(Arc::clone(&p));
    queue.delete(&p.key());
    assert_eq!(pop(&mut queue, 0), None);
    assert!(queue.is_empty());
}
