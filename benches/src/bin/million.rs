//! 1,000,000 pods on 100,000 nodes, every node evaluated for every pod: prints the time and the memory it took.
//!
//! `cargo run --release -p sim-benches --bin million [NODES PODS]`

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::time::Instant;

use sim_benches::workloads::{LARGE, WORKLOADS};

fn main() {
    let number = |index: usize| std::env::args().nth(index).and_then(|text| text.parse().ok());
    let (nodes, pods) = (number(1).unwrap_or(100_000), number(2).unwrap_or(1_000_000));
    let workload = WORKLOADS[0].of_size(nodes, 0, pods);
    let start = Instant::now();
    let mut prepared = workload.prepare(LARGE);
    let made = start.elapsed();
    let places = prepared.run();
    let all = start.elapsed();
    let placed = places.iter().flatten().count();
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim).to_owned();
    println!("{placed} of {pods} pods placed on {nodes} nodes");
    println!("making nodes and pods {made:.2?}, scheduling {:.2?}, together {all:.2?}; peak memory {peak}", all - made);
}
