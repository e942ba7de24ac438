//! When a pod gives up the node that preemption promised to it (`Preempt` in `framework/preemption/preemption.go` and
//! `handleSchedulingFailure` in `schedule_one.go`, v1.34).

use super::fit_error::FitError;
use super::framework::Code;
use super::plugins::{PluginName, default_preemption};
use super::schedule::Scheduler;
use super::snapshot::Snapshot;
use crate::behaviour::NominationEnds;
use crate::model::Pod;
use crate::model::resources::PodRequests;

impl Scheduler {
    /// Whether a pod that fits nowhere and found nobody to evict gives up its nomination. One that may not evict anybody
    /// keeps it: it may be waiting for its victims to go.
    pub fn gives_up_nomination(&self, snapshot: &Snapshot, pod: &Pod, error: &FitError) -> bool {
        let ends = self.behaviour().queue.nomination_ends;
        if error.node_count == 0 {
            return ends == NominationEnds::NoCandidate;
        }
        let requests = PodRequests::of(pod, self.behaviour().requests);
        let cycle = self.cycle(snapshot, pod, &requests);
        let tried = cycle.profile.post_filters.contains(&PluginName::DefaultPreemption)
            && default_preemption::not_eligible(&cycle, error).is_none();
        let hopeless = || error.statuses.values().all(|status| status.code == Code::UnschedulableAndUnresolvable);
        tried && (ends == NominationEnds::NoCandidate || hopeless())
    }

    /// Whether a pod whose cycle failed gives up its nomination.
    pub fn gives_up_nomination_on_error(&self) -> bool {
        self.behaviour().queue.nomination_ends == NominationEnds::NoCandidate
    }
}
