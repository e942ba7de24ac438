//! Waiting for volumes to be attached (`WaitForAttachAndMount` in `pkg/kubelet/volumemanager/volume_manager.go`).

use super::START_MS;
use super::containers::Sync;
use super::work::{Ms, PodWork, ms};
use crate::controllers::attach_detach;
use crate::pod::Pod;

/// How long the kubelet waits before it tells that it does (`podAttachAndMountTimeout`, 2 min 3 s).
const TOLD_EVERY_MS: Ms = 123_000;

impl Sync<'_> {
    /// Whether volumes of the pod are not on the node yet. The attach-detach controller wakes the kubelet when they are;
    /// until then it tells now and then that it waits.
    pub(super) fn waits_for_volumes(&mut self, pod: &Pod, work: &PodWork) -> bool {
        let unmounted = attach_detach::unattached(self.cluster, pod);
        if unmounted.is_empty() {
            return false;
        }
        let begin = work.starts_ms - ms(START_MS);
        let waited = (self.now_ms - begin).max(0);
        if waited > 0 && waited % TOLD_EVERY_MS == 0 {
            let behaviour = self.cluster.behaviour;
            let unmounted = unmounted.join(" ");
            let message = format!(
                "Unable to attach or mount volumes: unmounted volumes=[{unmounted}], unattached \
                 volumes=[{unmounted}]{}: {}",
                behaviour.unprocessed_volumes, behaviour.mount_time_out
            );
            self.teller.tell(self.cluster, "Warning", "FailedMount", &message);
        }
        self.due_at(begin + (waited / TOLD_EVERY_MS + 1) * TOLD_EVERY_MS, true);
        true
    }
}
