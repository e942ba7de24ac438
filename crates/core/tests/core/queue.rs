//! The scheduling queue: order, backoff, wake-ups.

use std::collections::BTreeSet;
use std::sync::Arc;

use sim_core::Version;
use sim_core::model::{Pod, PodSpec};
use sim_core::scheduler::{PluginName, SchedulingQueue};

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

/// Something happened that may help everybody.
fn wake(queue: &mut SchedulingQueue, now_ms: u64) {
    queue.wake_if(now_ms, |_, _| true);
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
        wake(&mut queue, now);
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
    wake(&mut queue, 0);
    assert_eq!(pop(&mut queue, 0).as_deref(), Some("p"));
}

#[test]
fn pods_that_fail_without_a_plugin_try_again_by_themselves() {
    for (version, wakeup) in [("1.28", 330_000), ("1.29", 1_000), ("1.32", 1_000), ("1.33", 2_000)] {
        let mut queue = queue(version);
        queue.add(pod("p", 0));
        pop(&mut queue, 0);
        queue.add_unschedulable(pod("p", 0), BTreeSet::new(), 0);
        assert_eq!(queue.next_wakeup(), Some(wakeup), "{version}");
        // Not even an idle scheduler takes them out of their backoff.
        assert_eq!(pop(&mut queue, wakeup - 1), None, "{version}");
        assert_eq!(pop(&mut queue, wakeup).as_deref(), Some("p"), "{version}");
    }
}

#[test]
fn errors_and_refusals_are_counted_apart_from_1_34_on() {
    // The fourth failure but the first error: 8 seconds or 1, and on to the next whole second.
    for (version, wakeup) in [("1.33", 69_000), ("1.34", 62_000)] {
        let mut queue = queue(version);
        queue.add(pod("p", 0));
        for second in [0, 20, 40] {
            pop(&mut queue, second * 1_000);
            fail(&mut queue, "p", PluginName::NodeName, second * 1_000);
            wake(&mut queue, second * 1_000 + 15_000);
        }
        pop(&mut queue, 60_000);
        queue.add_unschedulable(pod("p", 0), BTreeSet::new(), 60_000);
        assert_eq!(queue.next_wakeup(), Some(wakeup), "{version}");
    }
}

#[test]
fn a_woken_pod_keeps_its_age() {
    for version in ["1.16", "1.30", "1.34"] {
        let mut queue = queue(version);
        queue.add(pod("old", 0));
        pop(&mut queue, 0);
        fail(&mut queue, "old", PluginName::NodeResourcesFit, 0);
        queue.add(pod("young", 0));
        wake(&mut queue, 10_000);
        assert_eq!(pop(&mut queue, 10_000).as_deref(), Some("old"), "{version}");
    }
}

#[test]
fn a_pod_that_was_held_back_is_as_old_as_it_is() {
    let mut queue = queue("1.34");
    queue.hold(pod("gated", 0).key());
    queue.add(pod("young", 0));
    assert_eq!(queue.len(), 1);
    queue.hold(pod("gated", 0).key());
    queue.add(pod("gated", 0));
    assert_eq!(pop(&mut queue, 0).as_deref(), Some("gated"));
}

#[test]
fn pods_leave_their_backoff_together_each_second() {
    // Who backs off until 1.1 and 1.6 s leaves at 2 s, the more important first.
    let mut queue = queue("1.32");
    for (name, priority, at_ms) in [("low", 0, 100), ("high", 9, 600)] {
        queue.add(pod(name, priority));
        pop(&mut queue, at_ms);
        queue.add_unschedulable(pod(name, priority), BTreeSet::from([PluginName::NodeResourcesFit]), at_ms);
    }
    wake(&mut queue, 700);
    assert_eq!(queue.next_wakeup(), Some(2_000));
    assert_eq!(pop(&mut queue, 1_999), None);
    assert_eq!(pop(&mut queue, 2_000).as_deref(), Some("high"));
}

#[test]
fn an_idle_scheduler_takes_the_most_important_of_a_second() {
    let mut queue = queue("1.33");
    for (name, priority, at_ms) in [("low", 0, 100), ("high", 9, 600), ("late", 99, 1_100)] {
        queue.add(pod(name, priority));
        pop(&mut queue, at_ms);
        queue.add_unschedulable(pod(name, priority), BTreeSet::from([PluginName::NodeResourcesFit]), at_ms);
    }
    wake(&mut queue, 1_200);
    let order: Vec<String> = std::iter::from_fn(|| pop(&mut queue, 1_200)).collect();
    assert_eq!(order, ["high", "low", "late"]);
}

#[test]
fn the_flush_respects_backoff() {
    let mut queue = queue("1.22").with_backoff(100_000, 400_000);
    queue.add(pod("p", 0));
    pop(&mut queue, 0);
    fail(&mut queue, "p", PluginName::TaintToleration, 0);
    assert_eq!(queue.next_wakeup(), Some(90_000));
    assert_eq!(pop(&mut queue, 90_000), None);
    assert_eq!(queue.next_wakeup(), Some(100_000));
    assert_eq!(pop(&mut queue, 100_000).as_deref(), Some("p"));
}

#[test]
fn backoff_was_forgotten_after_ten_seconds_up_to_1_17() {
    for (version, wait) in [("1.17", 1_000), ("1.18", 8_000)] {
        let mut queue = queue(version);
        queue.add(pod("p", 0));
        for now_ms in [0, 20_000, 40_000] {
            pop(&mut queue, now_ms);
            fail(&mut queue, "p", PluginName::NodeName, now_ms);
            wake(&mut queue, now_ms + 19_000);
        }
        pop(&mut queue, 60_000);
        fail(&mut queue, "p", PluginName::NodeName, 60_000);
        wake(&mut queue, 60_000);
        assert_eq!(queue.next_wakeup(), Some(60_000 + wait), "{version}");
    }
}

#[test]
fn an_update_of_the_waiting_pod() {
    // Up to 1.20 it ends the backoff; up to 1.31 it wakes the pod; since, the plugins decide.
    for (version, worth, at_once, later) in [
        ("1.20", false, true, true),
        ("1.21", false, false, true),
        ("1.31", false, false, true),
        ("1.32", false, false, false),
        ("1.32", true, false, true),
    ] {
        let mut queue = queue(version);
        queue.add(pod("p", 0));
        pop(&mut queue, 0);
        fail(&mut queue, "p", PluginName::TaintToleration, 0);
        queue.update(pod("p", 0), true, 500, |_| worth);
        assert_eq!(pop(&mut queue, 500).is_some(), at_once, "{version}");
        assert_eq!(at_once || pop(&mut queue, 1_000).is_some(), later, "{version}");
    }
}

#[test]
fn a_report_on_the_waiting_pod_does_not_wake_it() {
    for version in ["1.20", "1.31", "1.34"] {
        let mut queue = queue(version);
        queue.add(pod("p", 0));
        pop(&mut queue, 0);
        fail(&mut queue, "p", PluginName::TaintToleration, 0);
        queue.update(pod("p", 0), false, 20_000, |_| false);
        assert_eq!(pop(&mut queue, 20_000), None, "{version}");
    }
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

#[test]
fn pods_that_are_alike_are_asked_about_once_and_none_of_them_by_name() {
    let mut queue = queue("1.34");
    for name in ["a", "b"] {
        queue.add(pod(name, 0));
        pop(&mut queue, 0);
        fail(&mut queue, name, PluginName::NodeResourcesFit, 0);
    }
    queue.add(pod("c", 5));
    pop(&mut queue, 0);
    queue.add_unschedulable(pod("c", 5), BTreeSet::from([PluginName::NodeResourcesFit]), 0);
    queue.delete(&pod("a", 0).key());
    let asked = std::cell::RefCell::new(Vec::new());
    queue.wake_if(60_000, |pod, _| {
        asked.borrow_mut().push(pod.spec.priority);
        pod.name == "a"
    });
    asked.borrow_mut().sort_unstable();
    assert_eq!(asked.into_inner(), [0, 5]);
    assert_eq!(pop(&mut queue, 60_000), None);
    queue.wake_if(60_000, |pod, _| pod.spec.priority == 0);
    assert_eq!(pop(&mut queue, 60_000).as_deref(), Some("b"));
    assert_eq!(pop(&mut queue, 60_000), None);
}
