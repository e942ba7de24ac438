//! The same cluster as another version's scheduler keeps it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Snapshot;
use crate::behaviour::Behaviour;
use crate::model::PodSpec;
use crate::model::resources::PodRequests;
use crate::version::Version;

impl Snapshot {
    /// The same cluster as a version's scheduler keeps it. Nothing is counted anew where the two versions count alike.
    pub fn as_of(&self, version: Version) -> Self {
        let behaviour = Behaviour::of(version);
        if count_alike(&self.behaviour, &behaviour) {
            return Snapshot { behaviour, ..self.clone() };
        }
        let mut other = Snapshot {
            namespaces: Arc::clone(&self.namespaces),
            selectors: Arc::clone(&self.selectors),
            budgets: Arc::clone(&self.budgets),
            storage: Arc::clone(&self.storage),
            ..Snapshot::new(version)
        };
        for node in self.nodes() {
            other.upsert_node(Arc::clone(&node.node));
        }
        // The pods of a template ask for the same: it is counted once for all of them.
        let mut known: FxHashMap<*const PodSpec, Arc<PodRequests>> = FxHashMap::default();
        for node in self.nodes() {
            let Some(slot) = other.slot_of(node.name()) else { continue };
            for info in &node.pods {
                let count = || Arc::new(PodRequests::of(&info.pod, behaviour.requests));
                let requests = if info.pod.container_allocations.is_empty() {
                    Arc::clone(known.entry(Arc::as_ptr(&info.pod.spec)).or_insert_with(count))
                } else {
                    count()
                };
                other.assume(Arc::clone(&info.pod), requests, slot);
            }
        }
        for info in self.stranded.values().flatten() {
            other.add_pod(Arc::clone(&info.pod));
        }
        for (node, nominees) in &self.nominees {
            for info in nominees.values() {
                other.nominate(Arc::clone(&info.pod), node);
            }
        }
        other
    }
}

/// Whether two versions count what pods ask for, their host ports, the zones of nodes and the holders of images alike.
fn count_alike(one: &Behaviour, other: &Behaviour) -> bool {
    one.requests == other.requests
        && one.sidecar_ports == other.sidecar_ports
        && one.zone_labels == other.zone_labels
        && one.image.counts_at_arrival == other.image.counts_at_arrival
}
