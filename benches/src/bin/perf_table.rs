//! Upstream's workloads as a table for the book: pods per second, and how many times the published record that is.
//!
//! `cargo run --release -p sim-benches --bin perf_table [NAME]` takes the median of nine runs of each.

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::time::Instant;

use sim_benches::workloads::{LARGE, NodeSize, SMALL, WORKLOADS, Workload};

const RUNS: usize = 9;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    println!(
        "| workload | nodes | pods | published, pods/s | nodes of 4 CPU, pods/s | times | nodes of 32 CPU, pods/s | times |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for workload in WORKLOADS.iter().filter(|workload| workload.name.contains(&wanted)) {
        let cells = [SMALL, LARGE].map(|size| {
            let rate = median_rate(*workload, size);
            format!("{} | {:.0}", thousands(rate as u64), rate / workload.published)
        });
        println!(
            "| {} | {} | {} | {} | {} |",
            workload.name,
            thousands(workload.nodes as u64),
            thousands(workload.measured_pods as u64),
            workload.published,
            cells.join(" | ")
        );
    }
}

/// Pods per second.
fn median_rate(workload: Workload, size: NodeSize) -> f64 {
    let mut rates: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut prepared = workload.prepare(size);
            let start = Instant::now();
            let nodes = prepared.run();
            nodes.len() as f64 / start.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[RUNS / 2]
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let (first, rest) = digits.split_at(head);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let parts: Vec<String> = (!first.is_empty()).then(|| first.to_owned()).into_iter().chain(groups).collect();
    parts.join(",")
}
