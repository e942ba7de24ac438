//! Evicting the victims that preemption chose (`prepareCandidate` in `framework/preemption/preemption.go`, v1.34).

use sim_core::model::Pod;
use sim_core::scheduler::PreemptionOutcome;

use crate::api;
use crate::cluster::Cluster;
use crate::object::KnownKind;
use crate::pod;
use crate::store::ObjectKey;

impl Cluster {
    /// Evicts the victims, and takes the node from less important pods to which it was promised: they may no longer fit.
    pub(super) fn preempt(&mut self, preemptor: &ObjectKey, pod: &Pod, outcome: &PreemptionOutcome) {
        for victim in &outcome.victims {
            self.evict_victim(
                preemptor,
                pod,
                &outcome.nominated_node,
                &ObjectKey::new(&victim.namespace, &victim.name),
            );
        }
        let nominees = self.scheduling.snapshot.nominated_to(&outcome.nominated_node).map(|info| &info.pod);
        let lesser: Vec<ObjectKey> = nominees
            .filter(|nominee| nominee.spec.priority < pod.spec.priority)
            .map(|nominee| ObjectKey::new(&nominee.namespace, &nominee.name))
            .collect();
        for key in lesser {
            self.store.update::<api::Pod>(&key, |pod| pod.status.get_or_insert_default().nominated_node_name = None);
        }
    }

    fn evict_victim(&mut self, preemptor: &ObjectKey, pod: &Pod, node: &str, victim: &ObjectKey) {
        let Some(object) = self.store.get::<api::Pod>(victim).cloned() else { return };
        if self.behaviour.spares_terminating_victims && pod::is_terminating(&object) {
            return;
        }
        if let Some(reason) = self.behaviour.preemption_reason {
            let now = self.clock.time();
            let message = format!("{}: preempting to accommodate a higher priority pod", pod.spec.scheduler_name);
            self.store.update::<api::Pod>(victim, |pod| {
                pod::set_condition(pod, "DisruptionTarget", true, Some(reason), Some(&message), &now);
            });
        }
        self.delete_pod(victim);
        let message = self.behaviour.preempted_message(&preemptor.to_string(), &pod.uid, node);
        self.scheduler_event(&api::Pod::wrap(object), "Normal", "Preempted", "Preempting", &message);
    }
}
