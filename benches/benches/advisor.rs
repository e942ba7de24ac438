//! What the advisor answers about one pod, and about a whole cluster, at 5,000 nodes and 100,000 pods.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use sim_advisor::{Goal, diagnose, fix, impossible, near_misses, oddities, other_versions, shortage};
use sim_benches::deployments;
use sim_cluster::pod::Pod;
use sim_cluster::{Change, Cluster, Kind, Object};

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

/// The same cluster with 500 more pods, of five Deployments, that one thing keeps off every node.
fn with_pending(mut cluster: Cluster) -> Cluster {
    let deployments = (0..5).filter_map(|index| {
        let labels = json!({"app": format!("late-{index}")});
        let manifest = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": format!("late-{index}"), "namespace": "default"},
            "spec": {
                "replicas": 100,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"nodeSelector": {"disktype": "nvme"}, "containers": [{"name": "c", "image": "i"}]},
                },
            },
        });
        Object::read(Kind::Deployment, manifest).ok()
    });
    let made = cluster.make(&Change::Apply(deployments.collect()));
    assert!(made.is_ok(), "{made:?}");
    cluster.run_until(cluster.now_ms() + 600_000);
    cluster
}

/// What the issue asks for: 500 pending pods diagnosed in two seconds, one cause cured in ten.
fn pending(criterion: &mut Criterion) {
    let mut cluster = deployments(5000, 100, 1000);
    cluster.run_until(60_000);
    let cluster = with_pending(cluster);
    let found = diagnose(&cluster);
    assert_eq!(found.causes.iter().map(|cause| cause.pods).sum::<usize>(), 500);
    let mut group = criterion.benchmark_group("5000 nodes, 100000 pods, 500 pending");
    group.sample_size(10).measurement_time(Duration::from_secs(1));
    group.bench_function("diagnose", |bencher| bencher.iter(|| black_box(diagnose(&cluster))));
    group.bench_function("fix", |bencher| bencher.iter(|| black_box(fix(&cluster, &Goal::AllWell, &mut |_| true))));
    group.finish();
}

criterion_group!(advisor, benches, pending);
criterion_main!(advisor);
