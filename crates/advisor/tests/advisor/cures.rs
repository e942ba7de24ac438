//! Random small clusters with planted causes: the search against brute force, answers against their own words, blame
//! against what happens when the blamed thing goes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_advisor::kubectl::Command;
use sim_advisor::{Goal, ThingKind, candidate_changes, diagnose, fix, try_changes};
use sim_cluster::{Change, Cluster, Setup, TaintPattern};

use crate::common::{containers, deployment, node, object, settle};

/// A node of a random cluster.
#[derive(Debug, Clone)]
struct Place {
    cpu: u8,
    taints: BTreeSet<&'static str>,
    is_cordoned: bool,
    disk: bool,
}

/// A Deployment of a random cluster.
#[derive(Debug, Clone)]
struct Work {
    replicas: u8,
    cpu: u8,
    tolerates: BTreeSet<&'static str>,
    wants_disk: bool,
}

fn places() -> impl Strategy<Value = Vec<Place>> {
    let taints = prop::collection::btree_set(prop::sample::select(vec!["dedicated", "maintenance"]), 0..2);
    let place = (1..4_u8, taints, prop::bool::weighted(0.3), any::<bool>());
    prop::collection::vec(
        place.prop_map(|(cpu, taints, is_cordoned, disk)| Place { cpu, taints, is_cordoned, disk }),
        1..4,
    )
}

fn works() -> impl Strategy<Value = Vec<Work>> {
    let tolerates = prop::collection::btree_set(prop::sample::select(vec!["dedicated", "maintenance"]), 0..2);
    let work = (1..3_u8, 1..3_u8, tolerates, prop::bool::weighted(0.3));
    let work = work.prop_map(|(replicas, cpu, tolerates, wants_disk)| Work { replicas, cpu, tolerates, wants_disk });
    prop::collection::vec(work, 1..3)
}

fn cluster(places: &[Place], works: &[Work]) -> Cluster {
    let nodes = places.iter().enumerate().map(|(number, place)| {
        let mut node = node(number, u32::from(place.cpu) * 1000, false, 0);
        let taints: Vec<Value> = place.taints.iter().map(|key| json!({"key": key, "effect": "NoSchedule"})).collect();
        node["spec"] = json!({"taints": taints, "unschedulable": place.is_cordoned});
        if place.disk {
            node["metadata"]["labels"]["disk"] = json!("ssd");
        }
        node
    });
    let deployments = works.iter().enumerate().map(|(index, work)| {
        let mut spec = json!({"containers": containers(u32::from(work.cpu) * 1000)});
        spec["tolerations"] = work.tolerates.iter().map(|key| json!({"key": key, "operator": "Exists"})).collect();
        if work.wants_disk {
            spec["nodeSelector"] = json!({"disk": "ssd"});
        }
        deployment(&format!("w{index}"), u32::from(work.replicas), spec)
    });
    let setup = Setup::of("v1.30.0".parse().expect("a version"));
    let mut cluster = Cluster::new(setup, nodes.chain(deployments).map(object));
    settle(&mut cluster);
    cluster
}

/// The size of the smallest sets of the candidates that reach the goal, up to a size.
fn brute_force(cluster: &Cluster, candidates: &[Vec<Change>], most: usize) -> Option<usize> {
    let reaches = |set: &[usize]| {
        let changes: Vec<Change> = set.iter().flat_map(|index| candidates[*index].clone()).collect();
        try_changes(cluster, &changes, &Goal::AllWell).is_ok_and(|tried| tried.holds)
    };
    let mut sets: Vec<Vec<usize>> = (0..candidates.len()).map(|index| vec![index]).collect();
    for size in 1..=most {
        if sets.iter().any(|set| reaches(set)) {
            return Some(size);
        }
        let longer = |set: &Vec<usize>| {
            let last = set.last().copied().unwrap_or(0);
            (last + 1..candidates.len()).map(|next| [set.as_slice(), &[next]].concat()).collect::<Vec<_>>()
        };
        sets = sets.iter().flat_map(longer).collect();
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_search_finds_what_brute_force_finds(places in places(), works in works()) {
        let cluster = cluster(&places, &works);
        let found = fix(&cluster, &Goal::AllWell, &mut |_| true).expect("a goal");
        prop_assume!(!found.already_holds);
        let candidates = candidate_changes(&cluster);
        if let Some(size) = brute_force(&cluster, &candidates, 2) {
            let smallest = found.answers.iter().map(|answer| answer.edits.len()).min();
            prop_assert!(smallest.is_some_and(|smallest| smallest <= size), "brute force needs {size}, found {smallest:?}");
        }
    }

    #[test]
    fn every_answer_reaches_the_goal_and_nothing_can_be_left_out(places in places(), works in works()) {
        let cluster = cluster(&places, &works);
        let found = fix(&cluster, &Goal::AllWell, &mut |_| true).expect("a goal");
        for answer in &found.answers {
            let tried = try_changes(&cluster, &answer.changes(), &Goal::AllWell).expect("it was made before");
            prop_assert!(tried.holds, "{:?}", answer.edits);
            if answer.edits.len() > 1 {
                for (index, edit) in answer.edits.iter().enumerate() {
                    let fewer: Vec<Change> = answer.changes_without(index);
                    let holds = try_changes(&cluster, &fewer, &Goal::AllWell).is_ok_and(|tried| tried.holds);
                    prop_assert!(!holds, "{edit} is not needed in {:?}", answer.edits);
                }
            }
        }
    }

    #[test]
    fn what_is_printed_reaches_the_goal_when_it_is_typed(places in places(), works in works()) {
        let cluster = cluster(&places, &works);
        let found = fix(&cluster, &Goal::AllWell, &mut |_| true).expect("a goal");
        // New machines are not ordered with kubectl.
        for answer in found.answers.iter().filter(|answer| answer.commands.iter().all(Command::is_kubectl)) {
            let script: String = answer.commands.iter().map(|command| format!("{}\n", command.line)).collect();
            let typed = sim_advisor::kubectl::read(&cluster, &script).expect("kubectl's own commands");
            let tried = try_changes(&cluster, &typed, &Goal::AllWell);
            prop_assert!(tried.is_ok_and(|tried| tried.holds), "{script}");
        }
    }

    /// A taint or cordon that is blamed: without every thing that is blamed, something changes for the pods.
    #[test]
    fn nothing_is_blamed_that_changes_nothing(places in places(), works in works()) {
        let cluster = cluster(&places, &works);
        let before = diagnose(&cluster);
        for cause in &before.causes {
            let Some(thing) = cause.things.first() else { continue };
            let key = thing.name.split([':', '=']).next().unwrap_or_default().to_owned();
            let changes: Vec<Change> = match thing.kind {
                ThingKind::Taint => vec![Change::Untaint { node: None, taint: TaintPattern { key, value: None, effect: None } }],
                ThingKind::Cordon => cause.nodes.iter().cloned().map(Change::Uncordon).collect(),
                _ => continue,
            };
            let mut fork = cluster.clone();
            for change in &changes {
                prop_assert!(fork.make(change).is_ok());
            }
            settle(&mut fork);
            prop_assert!(diagnose(&fork).causes != before.causes, "{} changes nothing", cause.title);
        }
    }
}
