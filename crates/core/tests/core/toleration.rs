//! Toleration matching against a truth table written down independently of the code, and what must hold of tainted
//! clusters whatever they look like.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use sim_core::Version;
use sim_core::model::{Effect, Node, Pod, PodSpec, Resources, Taint, Toleration, TolerationOperator};
use sim_core::scheduler::{Decision, Scheduler, Snapshot};

const EFFECTS: [Effect; 3] = [Effect::NoSchedule, Effect::PreferNoSchedule, Effect::NoExecute];

/// The table: for each kind of toleration, which taints it covers, as the API's documentation words it.
fn covers(toleration: &Toleration, taint: &Taint) -> bool {
    let effect_covered = match toleration.effect {
        // "Empty means match all taint effects."
        None => true,
        Some(Effect::NoSchedule) => matches!(taint.effect, Effect::NoSchedule),
        Some(Effect::PreferNoSchedule) => matches!(taint.effect, Effect::PreferNoSchedule),
        Some(Effect::NoExecute) => matches!(taint.effect, Effect::NoExecute),
    };
    let key_and_value_covered = match (toleration.key.as_str(), toleration.operator) {
        // "If the key is empty, operator must be Exists; this combination means to match all values and all keys."
        ("", TolerationOperator::Exists) => true,
        // Not valid in the API; the scheduler still compares the values.
        ("", TolerationOperator::Equal) => toleration.value == taint.value,
        (key, TolerationOperator::Exists) => key == taint.key,
        (key, TolerationOperator::Equal) => (key, toleration.value.as_str()) == (&taint.key, &taint.value),
    };
    effect_covered && key_and_value_covered
}

fn taint() -> impl Strategy<Value = Taint> {
    let key = prop::sample::select(vec!["a", "b", "c"]);
    let value = prop::sample::select(vec!["", "x", "y"]);
    (key, value, prop::sample::select(EFFECTS.to_vec())).prop_map(|(key, value, effect)| Taint {
        key: key.to_owned(),
        value: value.to_owned(),
        effect,
    })
}

fn toleration() -> impl Strategy<Value = Toleration> {
    let key = prop::sample::select(vec!["", "a", "b", "c"]);
    let value = prop::sample::select(vec!["", "x", "y"]);
    let operator = prop::sample::select(vec![TolerationOperator::Equal, TolerationOperator::Exists]);
    let effect = prop::option::of(prop::sample::select(EFFECTS.to_vec()));
    let seconds = prop::option::of(0_i64..600);
    (key, value, operator, effect, seconds).prop_map(|(key, value, operator, effect, toleration_seconds)| Toleration {
        key: key.to_owned(),
        operator,
        value: value.to_owned(),
        effect,
        toleration_seconds,
    })
}

fn tainted_nodes() -> impl Strategy<Value = Vec<Vec<Taint>>> {
    prop::collection::vec(prop::collection::vec(taint(), 0..4), 1..6)
}

fn version() -> impl Strategy<Value = Version> {
    (16_u32..=37).prop_map(|minor| Version::new(minor, 0).expect("a supported version"))
}

/// The nodes, by index, on which a pod with these tolerations fits.
fn feasible(version: Version, nodes: &[Vec<Taint>], tolerations: &[Toleration]) -> BTreeSet<String> {
    let mut snapshot = Snapshot::new(version);
    for (index, taints) in nodes.iter().enumerate() {
        snapshot.upsert_node(Arc::new(Node {
            name: format!("n{index}"),
            taints: taints.clone(),
            allocatable: Resources { milli_cpu: 4000, memory: 1 << 33, pods: 10, ..Resources::default() },
            ..Node::default()
        }));
    }
    let spec = PodSpec { tolerations: tolerations.to_vec(), ..PodSpec::default() };
    let pod = Pod { namespace: "default".into(), name: "p".into(), spec: Arc::new(spec), ..Pod::default() };
    match Scheduler::new(version).schedule(&snapshot, &pod) {
        Decision::Placed(placement) => placement.feasible_nodes().map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn every_row_of_the_table() {
    let mut rows = 0;
    for key in ["", "a", "b"] {
        for value in ["", "x"] {
            for operator in [TolerationOperator::Equal, TolerationOperator::Exists] {
                for effect in [None, Some(Effect::NoSchedule), Some(Effect::PreferNoSchedule), Some(Effect::NoExecute)]
                {
                    for taint_value in ["", "x"] {
                        for taint_effect in EFFECTS {
                            for toleration_seconds in [None, Some(0), Some(300)] {
                                let toleration = Toleration {
                                    key: key.into(),
                                    operator,
                                    value: value.into(),
                                    effect,
                                    toleration_seconds,
                                };
                                let taint = Taint { key: "a".into(), value: taint_value.into(), effect: taint_effect };
                                assert_eq!(
                                    toleration.tolerates(&taint),
                                    covers(&toleration, &taint),
                                    "{toleration:?} {taint:?}"
                                );
                                rows += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(rows, 3 * 2 * 2 * 4 * 2 * 3 * 3);
}

#[test]
fn an_omitted_operator_is_equal() {
    assert_eq!(TolerationOperator::default(), TolerationOperator::Equal);
}

proptest! {
    #[test]
    fn matching_follows_the_table(toleration in toleration(), taint in taint()) {
        prop_assert_eq!(toleration.tolerates(&taint), covers(&toleration, &taint));
    }

    #[test]
    fn seconds_play_no_part_in_matching(toleration in toleration(), taint in taint(), seconds in prop::option::of(0_i64..600)) {
        let other = Toleration { toleration_seconds: seconds, ..toleration.clone() };
        prop_assert_eq!(toleration.tolerates(&taint), other.tolerates(&taint));
    }

    #[test]
    fn a_node_is_feasible_when_every_hard_taint_is_covered(
        version in version(),
        nodes in tainted_nodes(),
        tolerations in prop::collection::vec(toleration(), 0..4),
    ) {
        let expected: BTreeSet<String> = nodes
            .iter()
            .enumerate()
            .filter(|(_, taints)| {
                taints
                    .iter()
                    .filter(|taint| taint.effect != Effect::PreferNoSchedule)
                    .all(|taint| tolerations.iter().any(|toleration| covers(toleration, taint)))
            })
            .map(|(index, _)| format!("n{index}"))
            .collect();
        prop_assert_eq!(feasible(version, &nodes, &tolerations), expected);
    }

    #[test]
    fn preferences_never_filter(version in version(), nodes in tainted_nodes(), tolerations in prop::collection::vec(toleration(), 0..4)) {
        let without: Vec<Vec<Taint>> = nodes
            .iter()
            .map(|taints| taints.iter().filter(|taint| taint.effect != Effect::PreferNoSchedule).cloned().collect())
            .collect();
        prop_assert_eq!(feasible(version, &nodes, &tolerations), feasible(version, &without, &tolerations));
    }

    #[test]
    fn order_never_matters(
        version in version(),
        nodes in tainted_nodes(),
        tolerations in prop::collection::vec(toleration(), 0..4),
    ) {
        let reversed_taints: Vec<Vec<Taint>> = nodes.iter().map(|taints| taints.iter().rev().cloned().collect()).collect();
        let reversed_tolerations: Vec<Toleration> = tolerations.iter().rev().cloned().collect();
        let expected = feasible(version, &nodes, &tolerations);
        prop_assert_eq!(&feasible(version, &reversed_taints, &tolerations), &expected);
        prop_assert_eq!(&feasible(version, &nodes, &reversed_tolerations), &expected);
    }

    #[test]
    fn one_toleration_more_never_loses_a_node(
        version in version(),
        nodes in tainted_nodes(),
        tolerations in prop::collection::vec(toleration(), 0..4),
        more in toleration(),
    ) {
        let before = feasible(version, &nodes, &tolerations);
        let mut tolerations = tolerations;
        tolerations.push(more);
        prop_assert!(feasible(version, &nodes, &tolerations).is_superset(&before));
    }

    #[test]
    fn one_taint_less_never_loses_a_node(
        version in version(),
        nodes in tainted_nodes(),
        tolerations in prop::collection::vec(toleration(), 0..4),
        choice in any::<prop::sample::Index>(),
    ) {
        let before = feasible(version, &nodes, &tolerations);
        let mut nodes = nodes;
        let node = choice.index(nodes.len());
        if !nodes[node].is_empty() {
            let taint = choice.index(nodes[node].len());
            nodes[node].remove(taint);
        }
        prop_assert!(feasible(version, &nodes, &tolerations).is_superset(&before));
    }
}
