//! Waiting for volumes to be attached and set up (`WaitForAttachAndMount` in `pkg/kubelet/volumemanager/volume_manager.go`).

use super::START_MS;
use super::containers::Sync;
use super::references::{self, Missing};
use super::work::{Ms, PodWork, ms};
use crate::controllers::attach_detach;
use crate::pod::Pod;

/// How long the kubelet waits before it tells that it does (`podAttachAndMountTimeout`, 2 min 3 s).
const TOLD_EVERY_MS: Ms = 123_000;
/// How soon a volume that could not be set up is tried again, at first and at last
/// (`pkg/util/goroutinemap/exponentialbackoff`).
const FIRST_RETRY_MS: Ms = 500;
const LAST_RETRY_MS: Ms = 122_000;

/// Volumes that could not be set up.
#[derive(Debug, Clone)]
pub(super) struct SetUp {
    volumes: Vec<String>,
    /// When they are tried again.
    next_ms: Ms,
    delay_ms: Ms,
}

impl Sync<'_> {
    /// Whether volumes of the pod are not on the node or not set up yet. The attach-detach controller wakes the kubelet
    /// when they are on it; until then it tells now and then that it waits.
    pub(super) fn waits_for_volumes(&mut self, pod: &Pod, work: &mut PodWork) -> bool {
        let unattached = attach_detach::unattached(self.cluster, pod);
        let mut unmounted = self.set_up_volumes(pod, work);
        unmounted.extend(unattached.iter().cloned());
        if unmounted.is_empty() {
            return false;
        }
        let begin = work.starts_ms - ms(START_MS);
        let waited = (self.now_ms - begin).max(0);
        if waited > 0 && waited % TOLD_EVERY_MS == 0 {
            let behaviour = self.cluster.behaviour;
            let unattached = if behaviour.all_volumes_count_as_unattached {
                let mounted = pod.api_spec().volumes.unwrap_or_default().into_iter().map(|volume| volume.name);
                mounted.filter(|name| references::is_mounted(pod, name) || unattached.contains(name)).collect()
            } else {
                unattached
            };
            let message = format!(
                "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[{}]{}: {}",
                unmounted.join(" "),
                unattached.join(" "),
                behaviour.unprocessed_volumes,
                behaviour.mount_time_out
            );
            self.teller.tell(self.cluster, "Warning", "FailedMount", &message);
        }
        self.due_at(begin + (waited / TOLD_EVERY_MS + 1) * TOLD_EVERY_MS, true);
        true
    }

    /// Sets up the volumes that are made of ConfigMaps and Secrets, when it is time for it; the names of those that are not.
    fn set_up_volumes(&mut self, pod: &Pod, work: &mut PodWork) -> Vec<String> {
        let missing = references::of_volumes(self.cluster, pod);
        let is_due = work.set_up.as_ref().is_none_or(|before| self.now_ms >= before.next_ms);
        if missing.is_empty() && is_due {
            work.set_up = None;
            return Vec::new();
        }
        if is_due {
            for (volume, missing) in &missing {
                let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {}", together(missing));
                self.teller.tell(self.cluster, "Warning", "FailedMount", &message);
            }
            let delay_ms = work.set_up.as_ref().map_or(FIRST_RETRY_MS, |before| 2 * before.delay_ms).min(LAST_RETRY_MS);
            let volumes = missing.iter().map(|(volume, _)| volume.clone()).collect();
            work.set_up = Some(SetUp { volumes, next_ms: self.now_ms + delay_ms, delay_ms });
        }
        let Some(SetUp { volumes, next_ms, delay_ms }) = work.set_up.clone() else { return Vec::new() };
        self.due_at(next_ms, delay_ms == LAST_RETRY_MS && !missing.is_empty());
        volumes
    }
}

/// Several errors as one (apimachinery `util/errors.aggregate`).
fn together(missing: &[Missing]) -> String {
    match missing {
        [one] => one.says.clone(),
        many => format!("[{}]", many.iter().map(|missing| missing.says.as_str()).collect::<Vec<_>>().join(", ")),
    }
}
