//! Upstream's scheduler_perf workloads by the fast path, every node evaluated, beside the straightforward path.
//!
//! Before a workload is measured, its placements are held to those of the straightforward path: all of them at a tenth
//! of the size, and the first fifty at full size.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim_benches::workloads::{LARGE, NodeSize, SMALL, WORKLOADS, Workload};

fn hold_to_reference(workload: Workload, size: NodeSize) {
    let small = workload.scaled(10);
    hold(small, size, small.measured_pods);
    hold(workload, size, 50);
}

fn hold(workload: Workload, size: NodeSize, count: usize) {
    let expected = workload.prepare(size).run_straightforward(count);
    let mut prepared = workload.prepare(size);
    let nodes = prepared.run();
    assert_eq!(prepared.names(&nodes)[..count], expected, "{} on {} nodes", workload.name, workload.nodes);
}

// What is measured is real time.
#[allow(clippy::disallowed_methods)]
fn benches(criterion: &mut Criterion) {
    for (label, size) in [("4 CPU", SMALL), ("32 CPU", LARGE)] {
        let mut group = criterion.benchmark_group(format!("scheduler_perf, nodes of {label}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
        for workload in WORKLOADS {
            hold_to_reference(workload, size);
            group.throughput(Throughput::Elements(workload.measured_pods as u64));
            group.bench_function(workload.name, |bencher| {
                bencher.iter_custom(|iterations| {
                    let mut total = Duration::ZERO;
                    for _ in 0..iterations {
                        let mut prepared = workload.prepare(size);
                        let start = Instant::now();
                        let nodes = prepared.run();
                        total += start.elapsed();
                        std::hint::black_box(nodes);
                    }
                    total
                });
            });
        }
        group.finish();
    }
}

criterion_group!(scheduler_perf, benches);
criterion_main!(scheduler_perf);
