//! What holds of every cluster and pod, in every version.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::scheduler::plugins::PluginName;
use crate::scheduler::schedule::{Decision, Scheduler};
use crate::scheduler::snapshot::Snapshot;
use crate::scheduler::testing::random::{node, template};
use crate::scheduler::testing::{read_pod, snapshot};
use crate::version::Version;

/// Nodes of different names, pods bound to some of them, and a pod to schedule.
#[derive(Debug, Clone)]
struct Cluster {
    version: Version,
    nodes: Vec<String>,
    bound: Vec<String>,
    pod: String,
}

fn cluster() -> impl Strategy<Value = Cluster> {
    let bound = prop::collection::vec((template(), 0..6_usize), 0..6);
    (16..=37_u32, prop::collection::vec(node(), 1..7), bound, template()).prop_map(|(minor, nodes, bound, pod)| {
        let by_name: BTreeMap<String, String> = nodes.into_iter().map(|line| (line[..7].to_owned(), line)).collect();
        let bound = bound
            .iter()
            .enumerate()
            .map(|(number, (line, node))| line.replacen("pod p", &format!("pod b{number} on=n{node}"), 1));
        Cluster {
            version: format!("1.{minor}").parse().expect("a version"),
            nodes: by_name.into_values().collect(),
            bound: bound.collect(),
            pod,
        }
    })
}

impl Cluster {
    fn snapshot(&self) -> Snapshot {
        let text = self.nodes.iter().chain(&self.bound).cloned().collect::<Vec<_>>().join("\n");
        snapshot(self.version, &text)
    }

    fn decide(&self) -> Decision {
        Scheduler::new(self.version).schedule(&self.snapshot(), &read_pod(&self.pod))
    }

    fn feasible(&self) -> BTreeSet<String> {
        match self.decide() {
            Decision::Placed(placement) => placement.feasible_nodes().map(str::to_owned).collect(),
            _ => BTreeSet::new(),
        }
    }

    fn verdicts(&self) -> BTreeMap<String, String> {
        verdicts(self.decide())
    }
}

/// What is said of each node, and each plugin's score. ImageLocality goes by how many nodes held the image when the
/// node last changed, and so by the order in which nodes came, as upstream's cache does.
fn verdicts(decision: Decision) -> BTreeMap<String, String> {
    match decision {
        Decision::Placed(placement) => {
            let refused = placement.refused.iter().map(|(node, status)| (node.clone(), format!("{status:?}")));
            let scores = placement.scores.iter().map(|score| {
                let of_plugins = score.by_plugin.iter().filter(|score| score.plugin != PluginName::ImageLocality);
                (score.node.clone(), format!("{:?}", of_plugins.collect::<Vec<_>>()))
            });
            refused.chain(scores).collect()
        }
        Decision::Unschedulable(error) => {
            error.statuses.iter().map(|(node, status)| (node.clone(), format!("{status:?}"))).collect()
        }
        // Which node's failure is told first goes by their order.
        Decision::Error(_) => BTreeMap::from([("error".to_owned(), String::new())]),
        Decision::Gated(text) => BTreeMap::from([("gated".to_owned(), text)]),
    }
}

/// The same words in another order; the kind and the name stay in front, and so do labels: of two with one key the last
/// counts.
fn shuffled(line: &str, order: &[usize]) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (labels, lists): (Vec<&str>, Vec<&str>) = words[2..].iter().partition(|word| word.starts_with("label="));
    let head = [&words[..2], &labels].concat();
    let rest = lists;
    let mut rest: Vec<(usize, &str)> =
        rest.iter().enumerate().map(|(index, word)| (order.get(index).copied().unwrap_or(index), *word)).collect();
    rest.sort_by_key(|(place, _)| *place);
    head.into_iter().chain(rest.into_iter().map(|(_, word)| word)).collect::<Vec<_>>().join(" ")
}

fn order() -> impl Strategy<Value = Vec<usize>> {
    Just((0..12).collect::<Vec<usize>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_nodes_come_changes_no_verdict(cluster in cluster(), order in order()) {
        let mut nodes: Vec<(usize, String)> = order.iter().copied().zip(cluster.nodes.clone()).collect();
        nodes.sort();
        let other = Cluster { nodes: nodes.into_iter().map(|(_, line)| line).collect(), ..cluster.clone() };
        prop_assert_eq!(cluster.verdicts(), other.verdicts());
    }

    #[test]
    fn a_view_as_of_another_version_is_as_if_it_were_made_for_it(cluster in cluster(), minor in 16..=37_u32) {
        let version = format!("1.{minor}").parse().expect("a version");
        let made = Cluster { version, ..cluster.clone() };
        let (pod, scheduler) = (read_pod(&cluster.pod), Scheduler::new(version));
        let turned = cluster.snapshot().as_of(version);
        prop_assert_eq!(verdicts(scheduler.schedule(&turned, &pod)), made.verdicts());
        let back = verdicts(Scheduler::new(cluster.version).schedule(&turned.as_of(cluster.version), &pod));
        prop_assert_eq!(back, cluster.verdicts());
    }

    #[test]
    fn the_order_of_a_pod_s_fields_changes_no_verdict(cluster in cluster(), order in order()) {
        let other = Cluster { pod: shuffled(&cluster.pod, &order), ..cluster.clone() };
        prop_assert_eq!(cluster.feasible(), other.feasible());
    }

    #[test]
    fn more_room_makes_no_node_infeasible(cluster in cluster(), roomy in 0..6_usize) {
        let mut other = cluster.clone();
        let index = roomy % other.nodes.len();
        other.nodes[index].push_str(" cpu=64 memory=256Gi pods=110");
        prop_assert!(cluster.feasible().is_subset(&other.feasible()));
    }

    /// With `nodeTaintsPolicy: Honor` in a spread constraint they may, since a clean node is a domain more that can be the
    /// emptiest; the fixture language has no such constraints, and by default taints do not count.
    #[test]
    fn fewer_taints_make_no_node_infeasible(cluster in cluster(), clean in 0..6_usize) {
        let mut other = cluster.clone();
        let index = clean % other.nodes.len();
        let kept = other.nodes[index].split_whitespace().filter(|word| !word.starts_with("taint=") && *word != "cordoned");
        other.nodes[index] = kept.collect::<Vec<_>>().join(" ");
        prop_assert!(cluster.feasible().is_subset(&other.feasible()));
    }

    #[test]
    fn more_tolerations_make_no_node_infeasible(cluster in cluster()) {
        let other = Cluster { pod: format!("{} tolerate=k tolerate=soft tolerate=gone", cluster.pod), ..cluster.clone() };
        prop_assert!(cluster.feasible().is_subset(&other.feasible()));
    }
}
