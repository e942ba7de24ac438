//! Random small clusters with planted causes: the search against brute force, answers against their own words, blame
//! against what happens when the blamed thing goes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use sim_advisor::kubectl::Command;
use sim_advisor::{
    FixResult, Goal, RootCause, ThingKind, candidate_changes, changes_about, diagnose, fix, try_changes,
};
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
    fault: Fault,
}

/// What else is wrong with a Deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    /// It names a ServiceAccount that is not there.
    Account,
    /// It names a ConfigMap that is not there.
    Config,
    /// Its pods want to be alone on their node.
    Apart,
    /// Its pods want a port of the host.
    Port,
    /// Its pods are held back.
    Gate,
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => Just(Fault::Nothing),
        1 => Just(Fault::Account),
        1 => Just(Fault::Config),
        1 => Just(Fault::Apart),
        1 => Just(Fault::Port),
        1 => Just(Fault::Gate),
    ]
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
    let work = (1..3_u8, 1..3_u8, tolerates, prop::bool::weighted(0.3), faults());
    let work = work.prop_map(|(replicas, cpu, tolerates, wants_disk, fault)| Work {
        replicas,
        cpu,
        tolerates,
        wants_disk,
        fault,
    });
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
        let name = format!("w{index}");
        match work.fault {
            Fault::Nothing => {}
            Fault::Account => spec["serviceAccountName"] = json!("nobody"),
            Fault::Config => spec["containers"][0]["envFrom"] = json!([{"configMapRef": {"name": "settings"}}]),
            Fault::Apart => {
                let term =
                    json!({"labelSelector": {"matchLabels": {"app": name}}, "topologyKey": "kubernetes.io/hostname"});
                spec["affinity"] =
                    json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
            }
            Fault::Port => spec["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]),
            Fault::Gate => spec["schedulingGates"] = json!([{"name": "example.com/wait"}]),
        }
        deployment(&name, u32::from(work.replicas), spec)
    });
    let setup = Setup { input_is_complete: true, ..Setup::of("v1.30.0".parse().expect("a version")) };
    let mut cluster = Cluster::new(setup, nodes.chain(deployments).map(object));
    settle(&mut cluster);
    cluster
}

/// Of so many candidates all sets of three are tried.
const FEW: usize = 9;
/// Of so many all sets.
const FEWEST: usize = 5;

/// Whether changes cure what answers cure: the goal, or the owners of which nothing stays.
fn cures(cluster: &Cluster, found: &FixResult, changes: &[Change]) -> bool {
    let holds = |goal: &Goal| try_changes(cluster, changes, goal).is_ok_and(|tried| tried.holds);
    if found.stays.is_empty() {
        return holds(&Goal::AllWell);
    }
    let owners = |causes: &[RootCause]| -> BTreeSet<(String, String)> {
        let affected = causes.iter().flat_map(|cause| &cause.affected);
        affected.map(|affected| (affected.namespace.clone(), affected.owner.clone())).collect()
    };
    let all = owners(&diagnose(cluster).causes);
    let mut cured = all.difference(&owners(&found.stays)).cloned().collect::<Vec<_>>().into_iter();
    cured.all(|(namespace, owner)| holds(&Goal::Owner { namespace, owner }))
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
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_search_finds_what_brute_force_finds(places in places(), works in works()) {
        let cluster = cluster(&places, &works);
        let found = fix(&cluster, &Goal::AllWell, &mut |_| true).expect("a goal");
        prop_assume!(!found.already_holds);
        let candidates = candidate_changes(&cluster);
        let answers = found.answers.iter().filter(|_| found.stays.is_empty());
        let smallest = answers.map(|answer| answer.edits.len()).min();
        // Where nothing was found, larger sets are tried as long as the candidates are few.
        let most = smallest.map_or_else(
            || match candidates.len() {
                few if few <= FEWEST => few,
                few if few <= FEW => 3,
                _ => 2,
            },
            |smallest| smallest - 1,
        );
        let smaller = brute_force(&cluster, &candidates, most);
        prop_assert!(smaller.is_none(), "brute force needs {smaller:?}, found {smallest:?}");
    }

    #[test]
    fn every_answer_reaches_the_goal_and_nothing_can_be_left_out(places in places(), works in works()) {
        let cluster = cluster(&places, &works);
        let found = fix(&cluster, &Goal::AllWell, &mut |_| true).expect("a goal");
        for answer in &found.answers {
            prop_assert!(cures(&cluster, &found, &answer.changes()), "{:?}", answer.edits);
            if answer.edits.len() > 1 {
                for (index, edit) in answer.edits.iter().enumerate() {
                    let fewer: Vec<Change> = answer.changes_without(index);
                    prop_assert!(!cures(&cluster, &found, &fewer), "{edit} is not needed in {:?}", answer.edits);
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
            prop_assert!(cures(&cluster, &found, &typed), "{script}");
        }
    }

    /// Of every thing that is blamed: something that is done about it changes what is wrong. A taint or cordon is taken away.
    #[test]
    fn nothing_is_blamed_that_changes_nothing(places in places(), works in works()) {
        let cluster = cluster(&places, &works);
        let before = diagnose(&cluster);
        let helps = |changes: &[Change]| {
            let mut fork = cluster.clone();
            let is_made = changes.iter().all(|change| fork.make(change).is_ok());
            if is_made {
                settle(&mut fork);
            }
            is_made && diagnose(&fork).causes != before.causes
        };
        for cause in &before.causes {
            let Some(thing) = cause.things.first() else { continue };
            let key = thing.name.split([':', '=']).next().unwrap_or_default().to_owned();
            let changes: Vec<Vec<Change>> = match thing.kind {
                ThingKind::Taint => vec![vec![Change::Untaint { node: None, taint: TaintPattern { key, value: None, effect: None } }]],
                ThingKind::Cordon => vec![cause.nodes.iter().cloned().map(Change::Uncordon).collect()],
                _ => changes_about(&cluster, thing),
            };
            prop_assert!(changes.iter().any(|changes| helps(changes)), "{}: nothing done about it changes anything", cause.title);
        }
    }
}

/// Two workloads that want one label: it is given once.
#[test]
fn one_cure_of_two_problems_is_enough() {
    let place = Place { cpu: 3, taints: BTreeSet::new(), is_cordoned: false, disk: false };
    let work = |cpu| Work { replicas: 1, cpu, tolerates: BTreeSet::new(), wants_disk: true, fault: Fault::Nothing };
    let cluster = cluster(&[place], &[work(2), work(1)]);
    let found = fix(&cluster, &Goal::AllWell, &mut |_| true).expect("a goal");
    let smallest = found.answers.iter().map(|answer| answer.edits.len()).min();
    assert_eq!(smallest, Some(1), "{:#?}", found.answers.iter().map(|answer| &answer.edits).collect::<Vec<_>>());
}
