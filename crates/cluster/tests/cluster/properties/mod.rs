//! What holds in every cluster, whatever happens to it: random clusters go through random timelines.

mod manifests;
mod moments;
mod requests;
mod rest;
mod story;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sim_cluster::pod::{self, Pod};
use sim_cluster::{Cluster, Kind, Object, ObjectKey, Setup, Stop, TimedChange};

use manifests::read;
use story::{
    Budget, Cloud, Family, MANAGER, MINUTE, NodeShape, Shape, Step, Story, Workload, everything, objects, step, stories,
};

/// Who stops the disruption controller has budgets that are not counted.
fn stops_budgets(story: &Story) -> bool {
    story.steps.iter().any(|(_, step)| matches!(step, Step::Stop(component) if *component == MANAGER))
}

fn has_cron_job(story: &Story) -> bool {
    let given = story.workloads.iter().any(|(workload, _)| workload.family == Family::CronJob);
    let made = |step: &Step| matches!(step, Step::Create(workload, _) if workload.family == Family::CronJob);
    given || story.steps.iter().any(|(_, step)| made(step))
}

/// What a snapshot does not hold: what was declared, who was stopped, and what goes on in another terminal.
fn is_in_no_object(step: &Step) -> bool {
    match step {
        Step::Behave(..)
        | Step::ImageBroken(_)
        | Step::Stop(_)
        | Step::Start(_)
        | Step::Drain(..)
        | Step::Upgrade(_) => true,
        Step::Create(workload, _) => workload.family == Family::CronJob,
        _ => false,
    }
}

/// The cluster as it is read from a dump of the objects of another.
fn read_again(cluster: &Cluster) -> Cluster {
    let objects = Kind::ALL.iter().flat_map(|kind| cluster.store().objects(*kind));
    let objects: Vec<Object> =
        objects.filter(|object| cluster.is_shown(object)).map(|object| read(object.to_value())).collect();
    Cluster::new(Setup { start: cluster.now(), ..cluster.setup().clone() }, objects)
}

/// Which pods there are, where, and how often their containers were restarted.
fn pods(cluster: &Cluster) -> BTreeMap<ObjectKey, (Option<String>, Option<String>, String, i32)> {
    let of = |pod: &Pod| {
        let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        let restarts = statuses.map(|status| status.restart_count).sum();
        (pod.metadata.uid.clone(), pod::node_name(pod).map(str::to_owned), pod::phase(pod).to_owned(), restarts)
    };
    cluster.store().list::<Pod>().map(|pod| (ObjectKey::of(pod.as_ref()), of(pod))).collect()
}

/// Runs to the first moment after one given at which nothing happens by itself, and returns it: the steps of a timeline come
/// before all else of their moment, and who types while something happens comes after it.
fn quiet_moment(cluster: &mut Cluster, after_ms: u64) -> u64 {
    let mut at_ms = after_ms;
    loop {
        cluster.run_until(at_ms);
        let taken = cluster.events_taken();
        at_ms += 1;
        cluster.run_until(at_ms);
        if cluster.events_taken() == taken {
            return at_ms;
        }
    }
}

/// The same cases each time, so that a change is judged by what it changes; PROPTEST_RNG_SEED and PROPTEST_CASES look further.
fn config(cases: u32) -> ProptestConfig {
    let given = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { cases };
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(4),
        fixed => fixed,
    };
    ProptestConfig { cases, rng_seed, max_shrink_iters: 600, failure_persistence: None, ..given }
}

/// A pod that is preempted where its node is drained.
#[test]
fn a_budget_holds_beside_preemption() {
    let node = |milli_cpu, zone| NodeShape { milli_cpu, pods: 3, zone };
    let shape = |replicas, milli_cpu, priority| Shape {
        replicas,
        milli_cpu,
        priority,
        tolerates: false,
        other: false,
        keeps_data: false,
        seconds: 1,
        fails: false,
        image: 0,
    };
    let (db, web) =
        (Workload { family: Family::StatefulSet, number: 0 }, Workload { family: Family::Deployment, number: 0 });
    let story = Story {
        version: "v1.26.0",
        seed: 0,
        cloud: Cloud::None,
        nodes: vec![node(875, 0), node(500, 1), node(1280, 0), node(875, 0), node(810, 1)],
        workloads: vec![(db, shape(3, 96, 0)), (web, shape(5, 405, 1000))],
        budgets: vec![Budget {
            workload: db,
            amount: 1,
            percent: false,
            of_those_missing: false,
            lets_unhealthy_go: false,
        }],
        quota: None,
        steps: vec![(0, Step::Drain(3, None)), (2000, Step::Drain(2, None))],
    };
    story.watch(|before, after| {
        moments::evictions_respect_budgets(before, after);
    });
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn invariants_hold_through_every_story(story in stories()) {
        let (cluster, stop) = story.watch(|before, after| {
            moments::check(before, after);
            if !stops_budgets(&story) {
                moments::evictions_respect_budgets(before, after);
            }
        });
        match stop {
            Stop::Quiet => rest::check(&story, &cluster),
            // Of a job every five minutes that takes almost as long, one is always under way.
            stop => prop_assert!(stop == Stop::Until && has_cron_job(&story), "{:?}", stop),
        }
    }

}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn the_same_story_gives_the_same_bytes(story in stories()) {
        let (first, second) = (story.play(|_| {}).0, story.play(|_| {}).0);
        prop_assert_eq!(everything(&first), everything(&second));
        prop_assert_eq!(first.events_taken(), second.events_taken());
    }

    /// The parent of forks ends like one that was never forked, and each fork like the parent would have.
    #[test]
    fn a_fork_never_affects_its_parent(story in stories(), other in step()) {
        let undisturbed = story.play(|_| {}).0;
        let mut forks = Vec::new();
        let (parent, _) = story.play(|cluster| {
            let mut fork = cluster.clone();
            let before = everything(cluster);
            story.take(&mut fork, &other);
            fork.settle(fork.now_ms() + 30 * MINUTE);
            assert_eq!(everything(cluster), before);
            forks.push((cluster.clone(), fork));
        });
        prop_assert_eq!(everything(&parent), everything(&undisturbed));
        for (kept, fork) in forks {
            let mut late = kept;
            story.take(&mut late, &other);
            late.settle(late.now_ms() + 30 * MINUTE);
            prop_assert_eq!(everything(&late), everything(&fork));
        }
    }

    /// A timeline put down beforehand gives what the same steps give one by one.
    #[test]
    fn a_timeline_is_its_steps(story in stories()) {
        let mut one_by_one = story.begin();
        let mut timeline = Vec::new();
        let (mut asked_ms, mut at_ms) = (None, 0);
        for (wanted_ms, step) in &story.steps {
            if asked_ms.replace(wanted_ms) != Some(wanted_ms) {
                at_ms = quiet_moment(&mut one_by_one, at_ms.max(*wanted_ms));
            }
            let Some(change) = story.change(&one_by_one, step) else { continue };
            if one_by_one.make(&change).is_ok() {
                timeline.push(TimedChange { at_ms, change, source: String::new() });
            }
        }
        one_by_one.run_until(25 * MINUTE);
        let mut at_once = story.begin();
        at_once.set_timeline(timeline);
        let stop = at_once.run_until(25 * MINUTE);
        prop_assert!(stop == Stop::Until || stop == Stop::Quiet);
        // What a drain prints before its first eviction is printed for a timeline only.
        prop_assert_eq!(objects(&at_once), objects(&one_by_one));
    }

    /// A cluster at rest that is written down and read again stays as it is.
    #[test]
    fn a_snapshot_goes_on_from_where_it_stands(mut story in stories()) {
        story.steps.retain(|(_, step)| !is_in_no_object(step));
        story.workloads.retain(|(workload, _)| workload.family != Family::CronJob);
        let (mut cluster, stop) = story.play(|_| {});
        prop_assert_eq!(stop, Stop::Quiet);
        let mut again = read_again(&cluster);
        again.run_until(60 * MINUTE);
        cluster.run_until(cluster.now_ms() + 60 * MINUTE);
        prop_assert_eq!(pods(&again), pods(&cluster));
    }
}
