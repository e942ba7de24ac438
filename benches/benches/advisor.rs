//! What the advisor answers about one pod, and about a whole cluster, at 5,000 nodes and 100,000 pods.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use sim_advisor::{impossible, near_misses, oddities, other_versions, shortage};
use sim_benches::deployments;
use sim_cluster::pod::Pod;

/// A pod that asks for more than any node has, of a label that no node has, in a topology that is not there.
fn pod() -> Pod {
    let pod = json!({
        "metadata": {"name": "pod", "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "nodeSelector": {"topology.kubernetes.io/zones": "zone1"},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostnames",
                "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "web"}}}],
            "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "8"}}}],
        },
    });
    serde_json::from_value(pod).unwrap_or_default()
}

fn benches(criterion: &mut Criterion) {
    let mut cluster = deployments(5000, 100, 1000);
    cluster.run_until(60_000);
    let pod = pod();
    assert_eq!(near_misses(&cluster, &pod).len(), 2);
    assert_eq!(impossible(&cluster, &pod).len(), 3);
    let mut group = criterion.benchmark_group("advisor, 5000 nodes and 100000 pods");
    group.sample_size(10).measurement_time(Duration::from_secs(1));
    group.bench_function("oddities", |bencher| bencher.iter(|| black_box(oddities(&cluster))));
    group.bench_function("near misses", |bencher| bencher.iter(|| black_box(near_misses(&cluster, &pod))));
    group.bench_function("shortage", |bencher| bencher.iter(|| black_box(shortage(&cluster, &pod))));
    group.bench_function("impossible", |bencher| bencher.iter(|| black_box(impossible(&cluster, &pod))));
    group.bench_function("other versions", |bencher| bencher.iter(|| black_box(other_versions(&cluster, &pod))));
    group.finish();
}

criterion_group!(advisor, benches);
criterion_main!(advisor);
