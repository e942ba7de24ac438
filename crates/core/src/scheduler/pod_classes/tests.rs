//! The fast path beside the straightforward one, on random clusters that pods come to, leave and preempt in.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::{PodClasses, Verdict};
use crate::model::{LabelSelector, Pod};
use crate::scheduler::schedule::{Decision, Scheduler};
use crate::scheduler::snapshot::DisruptionBudget;
use crate::scheduler::testing::random::{node, template};
use crate::scheduler::testing::{read_node, read_pod, snapshot};
use crate::version::Version;

/// What happens to a cluster.
#[derive(Debug, Clone)]
enum Step {
    /// A pod of this template is scheduled; if it fits, it is bound.
    Schedule(usize),
    /// The n-th pod that was bound goes.
    Remove(usize),
    /// A node comes or changes.
    Node(String),
    /// A node that is there is tainted, cordoned or has other room; its labels stay.
    Turn(usize, &'static str, bool, i64),
    /// The last pod that could evict others does so: its victims go, at once or while they terminate, and it waits
    /// nominated.
    Preempt { at_once: bool },
    /// The n-th pod that waits nominated is tried again.
    Retry(usize),
    /// So many more pods like these may be evicted.
    Budget(&'static str, i32),
    /// The nominations are forgotten.
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..4_usize).prop_map(Step::Schedule),
        3 => (0..20_usize).prop_map(Step::Remove),
        1 => node().prop_map(Step::Node),
        2 => (0..6_usize, select(&TAINTS[..]), prop::bool::weighted(0.2), 1..6_i64)
            .prop_map(|(index, taint, cordoned, cpu)| Step::Turn(index, taint, cordoned, cpu)),
        2 => any::<bool>().prop_map(|at_once| Step::Preempt { at_once }),
        3 => (0..4_usize).prop_map(Step::Retry),
        1 => (select(&["web", "db"][..]), 0..3).prop_map(|(app, allowed)| Step::Budget(app, allowed)),
        1 => Just(Step::Forget),
    ]
}

const TAINTS: [&str; 5] =
    ["", "taint=k=v:NoSchedule", "taint=k=v:PreferNoSchedule", "taint=soft:PreferNoSchedule", "taint=gone:NoExecute"];

/// The templates of a cluster, one to a line, as pods that differ in their names only.
fn pods(templates: &[String]) -> Vec<Pod> {
    templates.iter().map(|line| read_pod(line)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn both_paths_decide_alike(
        minor in 18..=37_u32,
        nodes in prop::collection::vec(node(), 1..7),
        service in select(&["", "service web label=app=web", "service db label=app=db"][..]),
        templates in prop::collection::vec(template(), 4),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let version: Version = format!("1.{minor}").parse().expect("a version");
        let scheduler = Scheduler::new(version);
        let mut snapshot = snapshot(version, &format!("{}\n{service}", nodes.join("\n")));
        let templates = pods(&templates);
        let mut classes = PodClasses::default();
        let mut bound: Vec<String> = Vec::new();
        let mut nominated: Vec<Arc<Pod>> = Vec::new();
        let mut preempting: Option<(Arc<Pod>, Arc<crate::scheduler::FitError>)> = None;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Schedule(template) => {
                    let name = format!("p{number}");
                    let pod = Arc::new(Pod { name: name.clone(), uid: name.clone(), ..templates[template].clone() });
                    let expected = scheduler.schedule(&snapshot, &pod);
                    match (classes.schedule(&scheduler, &snapshot, &pod), expected) {
                        (Verdict::Placed { node, requests }, Decision::Placed(placement)) => {
                            prop_assert_eq!(snapshot.node_name(node), placement.node.as_str());
                            snapshot.assume(pod, requests, node);
                            bound.push(name);
                        }
                        (Verdict::Other(Decision::Placed(ours)), Decision::Placed(placement)) => {
                            prop_assert_eq!(&ours, &placement);
                            let pod = Pod { node_name: Some(placement.node), ..Pod::clone(&pod) };
                            snapshot.add_pod(Arc::new(pod));
                            bound.push(name);
                        }
                        (Verdict::Other(ours), expected) => {
                            prop_assert_eq!(&ours, &expected);
                            if let Decision::Unschedulable(error) = expected
                                && error.preemption.is_some()
                            {
                                preempting = Some((pod, error));
                            }
                        }
                        (ours, expected) => prop_assert!(false, "{:?} and not {:?}", ours, expected),
                    }
                }
                Step::Remove(index) if !bound.is_empty() => {
                    let name = bound.remove(index % bound.len());
                    snapshot.remove_pod("default", &name);
                }
                Step::Remove(_) => {}
                Step::Node(line) => snapshot.upsert_node(Arc::new(read_node(&line))),
                Step::Turn(index, taint, cordoned, cpu) => {
                    let index = index % snapshot.node_count();
                    let Some(found) = snapshot.nodes().nth(index) else { continue };
                    let mut node = found.node.as_ref().clone();
                    node.taints = read_node(&format!("node n {taint}")).taints;
                    node.unschedulable = cordoned;
                    node.allocatable.milli_cpu = cpu * 1000;
                    snapshot.upsert_node(Arc::new(node));
                }
                Step::Preempt { at_once } => {
                    let Some((pod, error)) = preempting.take() else { continue };
                    let Some(outcome) = &error.preemption else { continue };
                    for victim in &outcome.victims {
                        bound.retain(|name| **name != *victim.name);
                        let on_its_node = snapshot.node(&outcome.nominated_node);
                        let info = on_its_node.and_then(|node| node.pods.iter().find(|info| info.pod.key() == *victim));
                        match info.map(|info| Pod::clone(&info.pod)) {
                            Some(pod) if !at_once => {
                                snapshot.add_pod(Arc::new(Pod {
                                    node_name: Some(outcome.nominated_node.clone()),
                                    terminating: true,
                                    preempted: true,
                                    ..pod
                                }));
                                bound.push(victim.name.to_string());
                            }
                            _ => _ = snapshot.remove_pod(&victim.namespace, &victim.name),
                        }
                    }
                    let node = Some(outcome.nominated_node.clone());
                    let pod = Arc::new(Pod { nominated_node_name: node, ..Pod::clone(&pod) });
                    nominated.push(Arc::clone(&pod));
                    snapshot.nominate(pod, &outcome.nominated_node);
                }
                Step::Retry(index) if !nominated.is_empty() => {
                    let index = index % nominated.len();
                    let pod = Arc::clone(&nominated[index]);
                    let expected = scheduler.schedule(&snapshot, &pod);
                    let ours = classes.schedule(&scheduler, &snapshot, &pod);
                    let node = match (&ours, &expected) {
                        (Verdict::Placed { node, .. }, Decision::Placed(placement)) => {
                            prop_assert_eq!(snapshot.node_name(*node), placement.node.as_str());
                            Some(placement.node.clone())
                        }
                        (Verdict::Other(ours), expected) => {
                            prop_assert_eq!(ours, expected);
                            None
                        }
                        (ours, expected) => {
                            prop_assert!(false, "{:?} and not {:?}", ours, expected);
                            None
                        }
                    };
                    if node.is_some() {
                        nominated.remove(index);
                        snapshot.forget_nomination("default", &pod.name);
                        bound.push(pod.name.clone());
                        snapshot.add_pod(Arc::new(Pod {
                            node_name: node,
                            nominated_node_name: None,
                            ..Pod::clone(&pod)
                        }));
                    }
                }
                Step::Retry(_) => {}
                Step::Budget(app, disruptions_allowed) => {
                    let labels = BTreeMap::from([("app".to_owned(), app.to_owned())]);
                    let selector = Some(LabelSelector::from_labels(labels));
                    let budget = DisruptionBudget { selector, disruptions_allowed, disrupted_pods: Vec::new() };
                    snapshot.set_disruption_budget("default", app, budget);
                }
                Step::Forget => {
                    for pod in nominated.drain(..) {
                        snapshot.forget_nomination("default", &pod.name);
                    }
                }
            }
        }
    }
}
