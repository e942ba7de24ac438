//! Random nodes and pods, as lines of the fixture language.

use proptest::prelude::*;
use proptest::sample::select;

fn words(choices: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(select(choices), 0..=most).prop_map(|words| words.join(" "))
}

/// A node.
pub(crate) fn node() -> impl Strategy<Value = String> {
    let traits = words(
        &[
            "zone=a",
            "zone=b",
            "zone=c",
            "label=rack=r1",
            "label=rack=r2",
            "label=disk=ssd",
            "taint=k=v:NoSchedule",
            "taint=k=v:PreferNoSchedule",
            "taint=soft:PreferNoSchedule",
            "taint=gone:NoExecute",
            "cordoned",
            "image=web=500000000",
        ],
        4,
    );
    (0..6_usize, 1..6_u32, 1..5_u32, 1..5_u32, traits).prop_map(|(name, cpu, memory, pods, traits)| {
        format!("node n{name} cpu={cpu} memory={memory}Gi pods={pods} {traits}")
    })
}

/// A pod.
pub(crate) fn template() -> impl Strategy<Value = String> {
    let requests = select(&["", "cpu=500m", "cpu=1 memory=1Gi", "memory=512Mi", "cpu=9"][..]);
    let identity = words(&["label=app=web", "label=app=db", "label=tier=x"], 2);
    let wishes = words(
        &[
            "tolerate=k",
            "tolerate=k=v:NoSchedule",
            "tolerate=gone",
            "more-cpu=250m",
            "more-cpu=1",
            "select=disk=ssd",
            "affinity=zone:In:a,b",
            "affinity-node=n1",
            "prefer=10:disk:In:ssd",
            "prefer=3:zone:In:a",
            "near=app=web@zone",
            "near=app=web@kubernetes.io/hostname",
            "near=app=db@rack",
            "apart=app=web@kubernetes.io/hostname",
            "apart=app=db@zone",
            "apart=tier=x@rack",
            "prefer-near=10:app=web@zone",
            "prefer-near=4:app=db@kubernetes.io/hostname",
            "spread=1:zone:app=web",
            "spread=2:kubernetes.io/hostname:app=web",
            "spread=1:rack:app=db",
            "prefer-spread=1:zone:app=web",
            "prefer-spread=2:kubernetes.io/hostname:app=db",
            "prefer-spread=3:rack:app=web",
            "port=8080",
            "image=web",
            "priority=10",
        ],
        3,
    );
    (requests, identity, wishes)
        .prop_map(|(requests, identity, wishes)| format!("pod p {requests} {identity} {wishes}"))
}
