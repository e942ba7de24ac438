//! Node groups of a cluster-autoscaler: how many nodes they may have, and what these are like.

use k8s_openapi::api::core::v1::Taint;
use sim_cluster::{Change, NodeGroup, NodeGroupChange, convert, taint_text};
use sim_core::model::resources::PodRequests;

use super::super::edit::Edit;
use super::Site;
use crate::detail::machine_of;

/// Let the group grow.
pub(super) fn of_maximum(site: &Site<'_>) -> Vec<Edit> {
    let Some(group) = site.cluster.node_groups().iter().find(|group| group.name == site.knot.thing.name) else {
        return Vec::new();
    };
    let pending: usize = site.directly.iter().map(|symptom| symptom.count).sum();
    let snapshot = site.cluster.scheduling().snapshot();
    let machine = convert::node(&group.machine("machine"));
    let asks = site.directly.iter().filter_map(|symptom| symptom.sample.as_deref());
    let fits = asks.flat_map(|pod| {
        let requests = PodRequests::of(&convert::pod(pod), snapshot.behaviour().requests);
        let of = |resource: &str| match requests.incoming.get(resource) {
            asked if asked > 0 => machine.allocatable.get(resource) / asked,
            _ => i64::MAX,
        };
        ["cpu", "memory", "ephemeral-storage"].map(of)
    });
    let each = usize::try_from(fits.min().unwrap_or(i64::MAX).max(1)).unwrap_or(usize::MAX);
    let least = pending.div_ceil(each).max(1);
    let edits = [least, least + 1].map(|more| {
        let max = group.max.max(site.cluster.size_of_group(group)) + more;
        let mut edit = Edit::new(
            format!("let node group {} have up to {max} nodes", group.name),
            vec![Change::NodeGroup(NodeGroupChange { max: Some(max), ..change_of(group) })],
        );
        edit.machines = more;
        edit.of_kind(format!("let node group {} grow", group.name))
    });
    edits.into()
}

/// Have the new nodes of groups come without a taint.
pub(super) fn of_taint(site: &Site<'_>, text: &str) -> Vec<Edit> {
    let groups = waited_for(site).filter_map(|group| {
        let change = NodeGroupChange { remove_taints: vec![taint_of(group, text)?], ..change_of(group) };
        let title = format!("have new nodes of group {} come without the taint {text}", group.name);
        let edit = Edit::new(title, vec![Change::NodeGroup(change)]);
        Some(edit.weakens("the nodes are no longer kept for pods that tolerate it"))
    });
    groups.collect()
}

/// The taint of this text that the new nodes of a group have.
pub(super) fn taint_of(group: &NodeGroup, text: &str) -> Option<Taint> {
    let mut taints = group.template.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    taints.find(|taint| taint_text(taint) == text).cloned()
}

/// Have the new nodes of groups come with labels.
pub(super) fn of_labels(site: &Site<'_>, wanted: &[(String, String)]) -> Vec<Edit> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let words: Vec<String> = wanted.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let groups = waited_for(site).map(|group| {
        let labels = wanted.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        let title = format!("have new nodes of group {} come with {}", group.name, words.join(", "));
        Edit::new(title, vec![Change::NodeGroup(NodeGroupChange { labels, ..change_of(group) })])
            .weakens("the label may say of the nodes what they are not")
    });
    groups.collect()
}

fn change_of(group: &NodeGroup) -> NodeGroupChange {
    NodeGroupChange { group: group.name.clone(), ..NodeGroupChange::default() }
}

/// The groups a new node of which refuses the pods.
pub(super) fn waited_for<'a>(site: &'a Site<'_>) -> impl Iterator<Item = &'a NodeGroup> {
    site.cluster.node_groups().iter().filter(|group| site.knot.nodes.contains(&machine_of(group)))
}
