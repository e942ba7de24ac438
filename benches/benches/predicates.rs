//! The predicate pipeline: one pod against every node of a cluster, all filters and all scores.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim_benches::{api_node, api_pod};
use sim_cluster::convert;
use sim_core::scheduler::{Scheduler, Snapshot};
use sim_core::version::Version;

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schedule one pod");
    for version in ["v1.16.0", "v1.34.0"] {
        for nodes in [100_usize, 1000, 5000] {
            let version: Version = version.parse().expect("a supported version");
            let mut snapshot = Snapshot::new(version);
            for number in 0..nodes {
                snapshot.upsert_node(std::sync::Arc::new(convert::node(&api_node(number))));
            }
            let scheduler = Scheduler::new(version);
            let pod = convert::pod(&api_pod());
            group.throughput(Throughput::Elements(nodes as u64));
            group.bench_function(format!("{version}, {nodes} nodes"), |bencher| {
                bencher.iter(|| black_box(scheduler.schedule(&snapshot, &pod)));
            });
        }
    }
    group.finish();
}

criterion_group!(predicates, benches);
criterion_main!(predicates);
