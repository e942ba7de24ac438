//! Whether bound pods would find a place again, each asked as if it alone came anew.

use std::sync::Arc;

use sim_core::model::Pod;
use sim_core::scheduler::{Decision, PodClasses, Scheduler, Snapshot, Verdict};

use super::Scheduling;
use crate::api;
use crate::convert;

/// The scheduler with a view of the cluster of its own.
#[derive(Debug)]
pub struct Anew {
    scheduler: Arc<Scheduler>,
    snapshot: Snapshot,
    classes: PodClasses,
}

impl Scheduling {
    /// Asks about bound pods on the cluster as it is now.
    pub fn anew(&self) -> Anew {
        Anew { scheduler: Arc::clone(&self.scheduler), snapshot: self.snapshot.clone(), classes: PodClasses::default() }
    }
}

impl Anew {
    /// Takes a pod off its node and decides about it; it is back on its node afterwards. The error is what the pod would be
    /// told.
    ///
    /// # Errors
    /// When it would wait: nobody is evicted for it.
    pub fn ask(&mut self, pod: &api::Pod) -> Result<String, String> {
        let bound = convert::pod(pod);
        if !self.scheduler.serves(&bound) {
            return Err(format!("nobody serves the scheduler name {}", bound.spec.scheduler_name));
        }
        let model = Arc::new(Pod { node_name: None, nominated_node_name: None, ..bound.clone() });
        self.snapshot.remove_pod(&model.namespace, &model.name);
        let decision = match self.classes.schedule(&self.scheduler, &self.snapshot, &model) {
            Verdict::Placed { node, .. } => Ok(self.snapshot.node_name(node).to_owned()),
            Verdict::Other(Decision::Placed(placement)) => Ok(placement.node),
            Verdict::Other(Decision::Unschedulable(error)) => Err(error.to_string()),
            Verdict::Other(Decision::Gated(message) | Decision::Error(message)) => Err(message),
        };
        self.snapshot.add_pod(Arc::new(bound));
        decision
    }
}
