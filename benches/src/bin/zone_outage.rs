//! An hour of 5,000 nodes and 100,000 pods: they come up from their Deployments, a zone is lost with a third of the
//! nodes, its pods are evicted, recreated and settle. Prints the time each part took, that of a fork, and the memory.
//!
//! `cargo run --release -p sim-benches --bin zone_outage [NODES PODS]`

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::time::Instant;

use sim_benches::{deployments, node_name};
use sim_cluster::{Change, RunResult, TimedChange};

const MINUTE_MS: u64 = 60_000;

fn main() {
    let number = |index: usize| std::env::args().nth(index).and_then(|text| text.parse().ok());
    let (nodes, pods) = (number(1).unwrap_or(5_000), number(2).unwrap_or(100_000));
    let start = Instant::now();
    let mut cluster = deployments(nodes, pods.div_ceil(1000), 1000);
    let lost = (0..nodes).step_by(3).map(|number| TimedChange {
        at_ms: 10 * MINUTE_MS,
        change: Change::NodeDown(node_name(number)),
        source: "zone_outage".to_owned(),
    });
    cluster.set_timeline(lost.collect());
    println!("{:>8.2?}  made", start.elapsed());
    for minute in [10, 15, 20, 60] {
        let part = Instant::now();
        cluster.run_until(minute * MINUTE_MS);
        println!("{:>8.2?}  to minute {minute} ({} events)", part.elapsed(), cluster.events_taken());
    }
    for which in ["the first", "a second"] {
        let part = Instant::now();
        let mut fork = cluster.clone();
        let cloned = part.elapsed();
        let _ = fork.make(&Change::Cordon(node_name(1)));
        fork.run_until(61 * MINUTE_MS);
        println!("{cloned:>8.2?}  {which} fork; {:.2?} with a node cordoned in it and a minute more", part.elapsed());
        // The process ends with it: taking a large cluster apart is not part of any run.
        std::mem::forget(fork);
    }
    let part = Instant::now();
    let counts = RunResult::of(&cluster, Vec::new()).counts;
    println!("{:>8.2?}  the result: {counts:?}", part.elapsed());
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim).to_owned();
    println!("{:>8.2?}  in all; peak memory {peak}", start.elapsed());
    std::mem::forget(cluster);
}
