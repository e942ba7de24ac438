//! How much is short: what a pod asks for, what is free in the whole cluster, and how large the largest hole is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, ObjectKey};
use sim_core::model;
use sim_core::model::resources::PodRequests;
use sim_core::scheduler::{NodeInfo, PluginName, Snapshot};

use crate::alike::waiting_alike;
use crate::ask::{self, Filters};

/// What is short for a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shortage {
    /// Each resource that is too small somewhere, in the order CPU, memory, ephemeral storage, pods, others by name.
    pub resources: Vec<ResourceShortage>,
    /// How many nodes nothing but resources keeps the pod off.
    pub eligible_nodes: usize,
    /// How many nodes there are.
    pub nodes: usize,
    /// How many nodes would take the pod as they are.
    pub fitting_nodes: usize,
}

/// What is short of one resource. CPU is in thousandths, memory and storage in bytes, all else in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceShortage {
    /// Its name in the API.
    pub resource: String,
    /// What the pod asks for.
    pub asked: i64,
    /// What is free on all nodes together.
    pub free: i64,
    /// What is free on the nodes that nothing but resources keeps the pod off.
    pub free_on_eligible: i64,
    /// The node with most of it free, of those that nothing but resources keeps the pod off, else of all.
    pub largest_hole: Option<Hole>,
    /// The same if the nodes were empty.
    pub largest_node: Option<Hole>,
    /// On how many nodes there is too little.
    pub short_on: usize,
    /// Whether no node at all has enough of it, even without any pod.
    pub never_enough: bool,
    /// The same for a person.
    pub sentence: String,
}

/// A node with an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hole {
    /// The node.
    pub node: String,
    /// The amount.
    pub amount: i64,
}

/// What is short for the pod; `None` if every node has enough left for it.
pub fn shortage(cluster: &Cluster, pod: &Pod) -> Option<Shortage> {
    shortage_in(cluster, &ask::without(cluster, pod), &ask::waiting(pod))
}

/// What is short for a pod in another view of the cluster.
pub(crate) fn shortage_in(cluster: &Cluster, snapshot: &Snapshot, model: &model::Pod) -> Option<Shortage> {
    let filters = Filters::new(cluster, snapshot);
    let short: Vec<(&NodeInfo, Vec<String>)> = filters
        .statuses(model, PluginName::NodeResourcesFit)
        .into_iter()
        .map(|(node, status)| (node, status.reasons.iter().filter_map(|reason| resource_of(reason)).collect()))
        .collect();
    let mut short_on: BTreeMap<&str, usize> = BTreeMap::new();
    for name in short.iter().flat_map(|(_, names)| names) {
        *short_on.entry(name).or_default() += 1;
    }
    if short_on.is_empty() {
        return None;
    }
    let refusals = filters.refusals(model);
    let eligible: Vec<&NodeInfo> = refusals
        .iter()
        .filter(|(_, plugins)| plugins.iter().all(|plugin| *plugin == PluginName::NodeResourcesFit))
        .map(|(node, _)| *node)
        .collect();
    let requests = PodRequests::of(model, snapshot.behaviour().requests);
    let mut resources: Vec<ResourceShortage> = short_on
        .into_iter()
        .map(|(name, short_on)| {
            let asked = if name == "pods" { 1 } else { requests.incoming.get(name) };
            let all: Vec<&NodeInfo> = refusals.iter().map(|(node, _)| *node).collect();
            let beside = if eligible.is_empty() { &all } else { &eligible };
            let mut found = ResourceShortage {
                resource: name.to_owned(),
                asked,
                free: sum(&all, name),
                free_on_eligible: sum(&eligible, name),
                largest_hole: largest(beside, |node| free(node, name)),
                largest_node: largest(&all, |node| node.node.allocatable.get(name)),
                short_on,
                never_enough: all.iter().all(|node| node.node.allocatable.get(name) < asked),
                sentence: String::new(),
            };
            found.sentence = sentence(&found, eligible.len(), all.len());
            found
        })
        .collect();
    resources.sort_by_key(|found| (rank(&found.resource), found.resource.clone()));
    let fitting_nodes = refusals.iter().filter(|(_, plugins)| plugins.is_empty()).count();
    Some(Shortage { resources, eligible_nodes: eligible.len(), nodes: refusals.len(), fitting_nodes })
}

/// What is short for each waiting pod, those that are alike together, in the order of the first. A pod that no scheduler
/// serves or that is gated is left out.
pub fn shortages(cluster: &Cluster) -> Vec<(Vec<ObjectKey>, Shortage)> {
    let scheduler = cluster.scheduling().scheduler();
    let asked = waiting_alike(cluster).into_iter().filter_map(|pods| {
        let first = pods.first()?;
        let model = ask::waiting(first);
        if !scheduler.serves(&model) || !scheduler.pre_enqueue(&model).is_success() {
            return None;
        }
        let short = shortage(cluster, first)?;
        Some((pods.iter().map(|pod| ObjectKey::of(pod.as_ref())).collect(), short))
    });
    asked.collect()
}

/// The resource that a reason of NodeResourcesFit is about.
fn resource_of(reason: &str) -> Option<String> {
    match reason.strip_prefix("Insufficient ") {
        Some(name) => Some(name.to_owned()),
        None if reason == "Too many pods" => Some("pods".to_owned()),
        None => None,
    }
}

fn free(node: &NodeInfo, name: &str) -> i64 {
    node.node.allocatable.get(name).saturating_sub(node.requested.get(name)).max(0)
}

fn sum(nodes: &[&NodeInfo], name: &str) -> i64 {
    nodes.iter().fold(0, |sum, node| sum.saturating_add(free(node, name)))
}

/// The node with the most, of equals the first by name.
fn largest(nodes: &[&NodeInfo], amount: impl Fn(&NodeInfo) -> i64) -> Option<Hole> {
    let most = nodes.iter().map(|node| (amount(node), std::cmp::Reverse(node.name()))).max();
    most.map(|(amount, std::cmp::Reverse(node))| Hole { node: node.to_owned(), amount })
}

fn rank(resource: &str) -> usize {
    let known = ["cpu", "memory", "ephemeral-storage", "pods"];
    known.iter().position(|name| *name == resource).unwrap_or(known.len())
}

fn sentence(found: &ResourceShortage, eligible: usize, nodes: usize) -> String {
    let name = match found.resource.as_str() {
        "cpu" => "CPU",
        "pods" => "room for pods",
        "ephemeral-storage" => "ephemeral storage",
        other => other,
    };
    let show = |amount: i64| amount_text(&found.resource, amount);
    let asked = match found.resource.as_str() {
        "pods" => "and another is to come".to_owned(),
        _ => format!("the pod asks {}", show(found.asked)),
    };
    match &found.largest_node {
        Some(most) if most.amount == 0 => return format!("no node has any {name}, {asked}"),
        Some(most) if found.never_enough => {
            let (node, amount) = (&most.node, show(most.amount));
            return format!("no node is large enough even if empty: the largest, {node}, has {amount} {name}, {asked}");
        }
        _ => {}
    }
    let hole = found.largest_hole.as_ref();
    let hole = hole.map(|hole| format!("{} on {}", show(hole.amount), hole.node)).unwrap_or_default();
    if eligible == 0 || eligible == nodes {
        return format!("cluster has {} {name} free, the largest hole is {hole}, {asked}", show(found.free));
    }
    let (all, here) = (show(found.free), show(found.free_on_eligible));
    format!(
        "cluster has {all} {name} free, of which {here} on the {} that nothing else keeps the pod off, where the largest hole is {hole}, {asked}",
        crate::words::count(eligible, "node")
    )
}

/// An amount as people say it: cores, and bytes in binary units, with one digit after the point where it matters.
fn amount_text(resource: &str, amount: i64) -> String {
    const UNITS: [(&str, i64); 4] = [("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    match resource {
        "cpu" if amount % 1000 == 0 => (amount / 1000).to_string(),
        "cpu" => format!("{}.{:03}", amount / 1000, amount % 1000).trim_end_matches('0').to_owned(),
        bytes if matches!(bytes, "memory" | "ephemeral-storage") || bytes.starts_with("hugepages-") => {
            let unit = UNITS.iter().find(|(_, size)| amount >= *size);
            let Some((unit, size)) = unit else { return amount.to_string() };
            let tenths = i128::from(amount) * 10 / i128::from(*size);
            if tenths % 10 == 0 {
                format!("{}{unit}", tenths / 10)
            } else {
                format!("{}.{}{unit}", tenths / 10, tenths % 10)
            }
        }
        _ => amount.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{amount_text, shortage, shortages};
    use crate::testing::Fixture;

    #[track_caller]
    fn check(nodes: &str, pods: &str, pod: &str, expected: &[&str]) {
        let cluster = Fixture::of("1.34").nodes(nodes).pods(pods).cluster();
        let found = shortage(&cluster, &Fixture::pod(pod));
        let sentences = found.map(|found| found.resources).unwrap_or_default();
        assert_eq!(sentences.into_iter().map(|found| found.sentence).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_sum_and_the_largest_hole() {
        let nodes = "n1 cpu=16\nn2 cpu=16\nn3 cpu=16";
        let pods = "a n1 {requests: {cpu: 13600m}}\nb n2 {requests: {cpu: 14}}\nc n3 {requests: {cpu: 15}}";
        check(
            nodes,
            pods,
            "{requests: {cpu: 8}}",
            &["cluster has 5.4 CPU free, the largest hole is 2.4 on n1, the pod asks 8"],
        );
        check(nodes, pods, "{requests: {cpu: 1}}", &[]);
        check(
            nodes,
            "",
            "{requests: {cpu: 17}}",
            &["no node is large enough even if empty: the largest, n1, has 16 CPU, the pod asks 17"],
        );
    }

    #[test]
    fn nodes_that_are_out_of_the_question_are_told_apart() {
        let nodes = "n1 cpu=16 taint=a:NoSchedule\nn2 cpu=4";
        check(
            nodes,
            "a n2 {requests: {cpu: 3}}",
            "{requests: {cpu: 2}}",
            &[
                "cluster has 17 CPU free, of which 1 on the 1 node that nothing else keeps the pod off, where the largest hole is 1 on n2, the pod asks 2",
            ],
        );
        // What is out of the question is not what is short.
        check("n1 taint=a:NoSchedule", "", "{requests: {cpu: 1}}", &[]);
    }

    #[test]
    fn every_resource_that_is_short_is_told() {
        check(
            "n1 memory=4Gi has=nvidia.com/gpu=1",
            "a n1 {requests: {memory: 3Gi, nvidia.com/gpu: 1}}",
            "{requests: {memory: 1536Mi, nvidia.com/gpu: 1, example.com/fpga: 2}}",
            &[
                "cluster has 1Gi memory free, the largest hole is 1Gi on n1, the pod asks 1.5Gi",
                "no node has any example.com/fpga, the pod asks 2",
                "cluster has 0 nvidia.com/gpu free, the largest hole is 0 on n1, the pod asks 1",
            ],
        );
        check(
            "n1 pods=1",
            "a n1",
            "{}",
            &["cluster has 0 room for pods free, the largest hole is 0 on n1, and another is to come"],
        );
    }

    #[test]
    fn pods_of_a_template_are_asked_about_once() {
        let pod = |name: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: default}}\nspec: {{containers: [{{name: c, image: i, resources: {{requests: {{cpu: 9}}}}}}]}}"
            )
        };
        let text = ["a", "b", "c"].map(pod).join("\n---\n");
        let cluster = Fixture::of("1.34").nodes("n1").yaml(&text).cluster();
        let found = shortages(&cluster);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].0.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["default/a", "default/b", "default/c"]
        );
    }

    #[test]
    fn amounts_are_said_as_people_say_them() {
        for (resource, amount, text) in [
            ("cpu", 41_000, "41"),
            ("cpu", 2400, "2.4"),
            ("cpu", 250, "0.25"),
            ("memory", 1 << 30, "1Gi"),
            ("memory", 3 << 29, "1.5Gi"),
            ("memory", 17, "17"),
            ("memory", i64::MAX, "8388607.9Ti"),
            ("nvidia.com/gpu", 8, "8"),
        ] {
            assert_eq!(amount_text(resource, amount), text);
        }
    }
}
