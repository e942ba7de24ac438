//! Pods that fit nowhere, by the fast path beside the straightforward one: what is decided of a pod per second. One pod in
//! ten is preceded by a pod that comes to a node, so that something has changed.
//!
//! Before a cluster is measured, both paths are held to the same refusals, word for word.

#![allow(clippy::print_stdout, reason = "the ratio is the result")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim_benches::workloads::{OVERLOADED, Prepared, SMALL};
use sim_core::model::Pod;
use sim_core::scheduler::{Decision, PodClasses, Verdict};

/// How many pods the straightforward path decides about.
const STRAIGHTFORWARD: usize = 20;

/// Decides about so many pods, one after the other.
type Path = fn(&mut Prepared, usize) -> Vec<Verdict>;

/// A pod that takes nothing comes to the node of this number.
fn change(prepared: &mut Prepared, number: usize) {
    let node = prepared.snapshot.slot_of(&format!("scheduler-perf-{}", number % prepared.snapshot.node_count()));
    let name = format!("other-{number}");
    let pod = Pod { namespace: "default".to_owned(), uid: name.clone(), name, ..Pod::default() };
    let requests = PodClasses::default().requests_of(&prepared.scheduler, &pod);
    if let Some(node) = node {
        prepared.snapshot.assume(Arc::new(pod), requests, node);
    }
}

fn fast(prepared: &mut Prepared, count: usize) -> Vec<Verdict> {
    let mut classes = PodClasses::default();
    let decide = |number| {
        if number % 10 == 9 {
            change(prepared, number);
        }
        classes.schedule(&prepared.scheduler, &prepared.snapshot, &prepared.pods[number])
    };
    (0..count).map(decide).collect()
}

fn straightforward(prepared: &mut Prepared, count: usize) -> Vec<Verdict> {
    let decide = |number| {
        if number % 10 == 9 {
            change(prepared, number);
        }
        Verdict::Other(prepared.scheduler.schedule(&prepared.snapshot, &prepared.pods[number]))
    };
    (0..count).map(decide).collect()
}

// What is measured is real time.
#[allow(clippy::disallowed_methods)]
fn time(prepared: &Prepared, run: Path, count: usize) -> Duration {
    let mut prepared = prepared.clone();
    let start = Instant::now();
    let verdicts = run(&mut prepared, count);
    let taken = start.elapsed();
    std::hint::black_box(verdicts);
    taken
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("overloaded");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    for workload in OVERLOADED {
        let prepared = workload.prepare(SMALL);
        let expected = straightforward(&mut prepared.clone(), STRAIGHTFORWARD);
        assert!(expected.iter().all(|verdict| matches!(verdict, Verdict::Other(Decision::Unschedulable(_)))));
        assert_eq!(fast(&mut prepared.clone(), STRAIGHTFORWARD), expected, "{}", workload.name);
        let all = prepared.pods.len();
        let paths: [(&str, Path, usize); 2] =
            [("fast", fast, all), ("straightforward", straightforward, STRAIGHTFORWARD)];
        for (path, run, count) in paths {
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(format!("{}, {path}", workload.name), |bencher| {
                bencher.iter_custom(|iterations| (0..iterations).map(|_| time(&prepared, run, count)).sum());
            });
        }
        let rate = |run: Path, count: usize| count as f64 / time(&prepared, run, count).as_secs_f64();
        let ratio = rate(fast, all) / rate(straightforward, STRAIGHTFORWARD);
        println!("{}: {ratio:.0} times the straightforward path", workload.name);
    }
    group.finish();
}

criterion_group!(overloaded, benches);
criterion_main!(overloaded);
