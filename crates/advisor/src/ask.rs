//! Questions to the filters about pods that are not as the store has them, and about clusters that are not either.

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use sim_cluster::pod::Pod;
use sim_cluster::{Cluster, convert};
use sim_core::model;
use sim_core::model::resources::PodRequests;
use sim_core::scheduler::framework::{Cycle, CycleState, PreFilter};
use sim_core::scheduler::profile::plugin;
use sim_core::scheduler::{Decision, NodeInfo, PluginName, Profile, Scheduler, Snapshot, Status};

/// The filters of a scheduler before a cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filters<'a> {
    scheduler: &'a Scheduler,
    snapshot: &'a Snapshot,
}

/// The cluster as a pod finds it that is not there yet.
pub(crate) fn without<'a>(cluster: &'a Cluster, pod: &Pod) -> Cow<'a, Snapshot> {
    let snapshot = cluster.scheduling().snapshot();
    if pod.node_name.is_none() {
        return Cow::Borrowed(snapshot);
    }
    let mut without = snapshot.clone();
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    without.remove_pod(&part(&pod.metadata.namespace), &part(&pod.metadata.name));
    Cow::Owned(without)
}

/// The pod as the scheduler sees it while it waits.
pub(crate) fn waiting(pod: &Pod) -> model::Pod {
    model::Pod { node_name: None, nominated_node_name: None, ..convert::pod(pod) }
}

/// The nodes that are wanted and the storage objects of the cluster, and no pod. Taints and cordons are gone too: they
/// come and go while a node stays what it is.
pub(crate) fn emptied(cluster: &Cluster, is_wanted: impl Fn(&model::Node) -> bool) -> Snapshot {
    let of = cluster.scheduling().snapshot();
    let mut empty = Snapshot::new(of.behaviour().version);
    for node in of.nodes().map(|info| &info.node).filter(|node| is_wanted(node)) {
        let is_bare = node.taints.is_empty() && !node.unschedulable;
        empty.upsert_node(if is_bare {
            Arc::clone(node)
        } else {
            Arc::new(model::Node { taints: Vec::new(), unschedulable: false, ..model::Node::clone(node) })
        });
    }
    set_surroundings(cluster, &mut empty);
    // What is attached is attached for a pod.
    empty.change_storage(|storage| storage.attachments.clear());
    empty
}

/// Gives a new view of the cluster what is neither node nor pod.
pub(crate) fn set_surroundings(cluster: &Cluster, snapshot: &mut Snapshot) {
    for namespace in cluster.store().list::<Namespace>() {
        let labels = namespace.metadata.labels.clone().unwrap_or_default();
        snapshot.set_namespace(namespace.metadata.name.as_deref().unwrap_or_default(), labels);
    }
    let storage = cluster.scheduling().snapshot().storage().clone();
    snapshot.change_storage(|own| *own = storage);
}

impl<'a> Filters<'a> {
    /// The cluster's scheduler before this view of the cluster.
    pub(crate) fn new(cluster: &'a Cluster, snapshot: &'a Snapshot) -> Self {
        Self { scheduler: cluster.scheduling().scheduler(), snapshot }
    }

    /// Every node, in node order, with the plugins that refuse the pod there.
    pub(crate) fn refusals(&self, pod: &model::Pod) -> Vec<(&'a NodeInfo, Vec<PluginName>)> {
        let mut found: Vec<(&NodeInfo, Vec<PluginName>)> =
            self.snapshot.nodes().map(|node| (node, Vec::new())).collect();
        self.ask(pod, &|_| true, |index, name, _| {
            let refused = &mut found[index].1;
            if !refused.contains(&name) {
                refused.push(name);
            }
        });
        found
    }

    /// On how many nodes none of these plugins refuses the pod.
    pub(crate) fn passing(&self, pod: &model::Pod, plugins: &[PluginName]) -> usize {
        let mut passes = vec![true; self.snapshot.node_count()];
        self.ask(pod, &|name| plugins.contains(&name), |index, _, _| passes[index] = false);
        passes.into_iter().filter(|passes| *passes).count()
    }

    /// What one plugin says of each node that it refuses.
    pub(crate) fn statuses(&self, pod: &model::Pod, of: PluginName) -> Vec<(&'a NodeInfo, Status)> {
        let nodes: Vec<&NodeInfo> = self.snapshot.nodes().collect();
        let mut found = Vec::new();
        self.ask(pod, &|name| name == of, |index, _, status| found.push((nodes[index], status.clone())));
        found
    }

    /// Whether the scheduler fails over the pod before it looks at any node, or while it does.
    pub(crate) fn fails(&self, pod: &model::Pod) -> bool {
        matches!(self.scheduler.schedule(self.snapshot, pod), Decision::Error(_))
    }

    /// Every refusal of the plugins asked, with the node's place in node order: PreFilter's refusals before the filters'.
    fn ask(
        &self,
        pod: &model::Pod,
        concerns: &dyn Fn(PluginName) -> bool,
        mut hear: impl FnMut(usize, PluginName, &Status),
    ) {
        let requests = PodRequests::of(pod, self.scheduler.behaviour().requests);
        let profile = self.profile(pod);
        let (behaviour, snapshot) = (self.scheduler.behaviour(), self.snapshot);
        let cycle = Cycle { behaviour, profile, snapshot, pod, requests: &requests };
        let mut state = CycleState::default();
        let mut refused = Vec::new();
        for name in profile.pre_filters.iter().copied().filter(|name| concerns(*name)) {
            if let PreFilter::Refused(status) = plugin(name).pre_filter(&cycle, &mut state) {
                refused.push((name, status));
            }
        }
        let filters: Vec<PluginName> = profile.filters.iter().copied().filter(|name| concerns(*name)).collect();
        for (index, node) in snapshot.nodes().enumerate() {
            for (name, status) in &refused {
                hear(index, *name, status);
            }
            for name in &filters {
                let status = plugin(*name).filter(&cycle, &state, node);
                if !status.is_success() {
                    hear(index, *name, &status);
                }
            }
        }
    }

    /// The profile that the pod asks for; for one that nobody serves, the first.
    fn profile(&self, pod: &model::Pod) -> &'a Profile {
        let profiles = self.scheduler.profiles();
        let asked = profiles.iter().find(|profile| profile.scheduler_name == pod.spec.scheduler_name);
        // There is at least one profile: the default.
        asked.unwrap_or(&profiles[0])
    }
}
