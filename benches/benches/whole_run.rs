//! A whole run, from files to result: the incident's scenario, and a cluster made of one Deployment.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sim_benches::{cluster, incident};
use sim_cluster::RunResult;

fn scenario() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/kubespray-uninitialized.yaml")
}

fn benches(criterion: &mut Criterion) {
    criterion.bench_function("incident/load", |bencher| {
        bencher.iter(|| sim_scenario::load(&[scenario()], &mut std::io::empty()));
    });
    criterion.bench_function("incident/run 25m", |bencher| {
        bencher.iter_batched(
            || incident(&scenario()),
            |mut cluster| {
                cluster.run_until(25 * 60 * 1000);
                black_box(RunResult::of(&cluster, Vec::new()))
            },
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("incident/fork", |bencher| {
        let mut cluster = incident(&scenario());
        cluster.run_until(25 * 60 * 1000);
        bencher.iter(|| black_box(cluster.clone()));
    });
    let mut group = criterion.benchmark_group("deployment");
    group.sample_size(10);
    group.bench_function("100 nodes, 1000 replicas", |bencher| {
        bencher.iter_batched(
            || cluster(100, 1000),
            |mut cluster| cluster.settle(60 * 60 * 1000),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(whole_run, benches);
criterion_main!(whole_run);
