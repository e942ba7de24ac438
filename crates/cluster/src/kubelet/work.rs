//! What a kubelet remembers of a pod: how far each container has come.

mod found;

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, ContainerStateWaiting, ContainerStatus};

use super::START_MS;
use super::admission::Rejection;
use super::volumes::SetUp;
use crate::cluster::Cluster;
use crate::conduct::Conduct;
use crate::pod::{self, Pod};

/// Virtual milliseconds since the start of the run; negative for what was before.
pub(super) type Ms = i64;

/// So many milliseconds, or as many as can be counted with.
pub(super) fn ms(count: u64) -> Ms {
    Ms::try_from(count).unwrap_or(Ms::MAX).min(Ms::MAX / 4)
}

/// The first delay of a back-off, in milliseconds.
const BACK_OFF_MS: Ms = 10_000;
/// The longest (`MaxContainerBackOff`).
pub(super) const MAX_BACK_OFF_MS: Ms = 300_000;

/// One pod.
#[derive(Debug, Clone)]
pub(super) struct PodWork {
    uid: Option<String>,
    /// Whether this run's kubelet took it in; else it was found on its node.
    taken_in: bool,
    /// Why the pod is refused, to be told at a moment.
    pub(super) rejected: Option<(u64, Rejection)>,
    /// When the pod's first container may start.
    pub(super) starts_ms: Ms,
    /// The init containers and then the others, in the order of the spec.
    pub(super) containers: Vec<ContainerWork>,
    /// When the pod that is being deleted has ended.
    pub(super) stops_ms: Option<u64>,
    /// The volumes that could not be set up.
    pub(super) set_up: Option<SetUp>,
    /// Which dependencies have been written down.
    pub(super) needs_known: bool,
}

/// One container.
#[derive(Debug, Clone, Default)]
pub(super) struct ContainerWork {
    /// What it does.
    pub(super) conduct: Arc<Conduct>,
    /// Where it stands.
    pub(super) state: State,
    /// The end before the present state.
    pub(super) last: Option<End>,
    /// How often it was restarted.
    pub(super) restarts: i32,
    /// Whether it is ready.
    pub(super) ready: bool,
    /// Whether its startup probe has passed.
    pub(super) started: bool,
    /// Until when its failing probes have been told: readiness, liveness.
    pub(super) told_ms: [Option<Ms>; 2],
    /// Since when what it needs is there, or is not.
    pub(super) needs: (bool, Ms),
    /// The back-off between restarts.
    pub(super) back_off: BackOff,
    /// The back-off between pulls.
    pub(super) pull_back_off: BackOff,
    /// Why it could not be made, as far as the pod's status shows it: each sync shows what came of the one before.
    pub(super) shown: Option<Failure>,
}

/// Why a container could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The reason in its status: one of the constants below.
    pub(super) reason: &'static str,
    /// What was said of it.
    pub(super) why: String,
}

/// Its image did not come.
pub(super) const ERR_IMAGE_PULL: &str = "ErrImagePull";
/// Its image did not come, and it is too early to try again.
pub(super) const IMAGE_PULL_BACK_OFF: &str = "ImagePullBackOff";
/// Something that its environment names is missing.
pub(super) const CONFIG_ERROR: &str = "CreateContainerConfigError";

/// Where a container stands. Times are virtual milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Its turn has not come.
    #[default]
    Waiting,
    /// Its image is on the way.
    Pulling { since_ms: Ms, until_ms: Ms },
    /// It could not be made; the kubelet looks at the pod again at a moment.
    Failing { sync_ms: Ms, failure: Failure },
    /// Its image may not be pulled and is not there.
    NeverPulled,
    /// It runs. Its conduct counts from `conduct_ms`.
    Running { since_ms: Ms, conduct_ms: Ms, ending: Option<End> },
    /// It has ended.
    Ended(End),
    /// It has ended and waits to be restarted.
    BackingOff { until_ms: Ms, told_ms: Ms },
}

/// The end of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) code: i32,
    pub(super) reason: &'static str,
    pub(super) since_ms: Ms,
    pub(super) at_ms: Ms,
}

/// client-go's `flowcontrol.Backoff` for one key.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BackOff {
    pub(super) delay_ms: Ms,
    last_ms: Ms,
}

impl BackOff {
    /// One that holds for so long what was last tried at a moment.
    fn of(delay_ms: Ms, last_ms: Ms) -> Self {
        Self { delay_ms, last_ms }
    }

    /// The delay after one more try.
    fn longer(delay_ms: Ms) -> Ms {
        (2 * delay_ms).clamp(BACK_OFF_MS, MAX_BACK_OFF_MS)
    }

    /// Until when it holds what failed at a moment; `None` when it does not, or had expired by then.
    pub(super) fn holds_until(&self, failed_ms: Ms) -> Option<Ms> {
        let expired = failed_ms - self.last_ms > 2 * MAX_BACK_OFF_MS;
        (self.delay_ms > 0 && !expired).then_some(failed_ms + self.delay_ms)
    }

    /// One more try: the next delay is twice as long.
    pub(super) fn next(&mut self, failed_ms: Ms, now_ms: Ms) {
        let expired = failed_ms - self.last_ms > 2 * MAX_BACK_OFF_MS;
        self.delay_ms = if self.delay_ms == 0 || expired { BACK_OFF_MS } else { Self::longer(self.delay_ms) };
        self.last_ms = now_ms;
    }

    /// Whether it is too early to try again.
    pub(super) fn holds(&self, now_ms: Ms) -> bool {
        now_ms - self.last_ms < self.delay_ms
    }

    /// Whether it grows no more: what follows repeats itself for ever.
    pub(super) fn is_longest(&self) -> bool {
        self.delay_ms == MAX_BACK_OFF_MS
    }
}

impl PodWork {
    /// A pod taken in now.
    pub(super) fn new(cluster: &Cluster, pod: &Pod, conducts: Vec<Conduct>) -> Self {
        let now_ms = cluster.clock.signed_now_ms();
        let container = |conduct| ContainerWork { conduct: Arc::new(conduct), ..ContainerWork::default() };
        Self {
            uid: pod.metadata.uid.clone(),
            taken_in: true,
            rejected: None,
            starts_ms: now_ms + ms(START_MS),
            containers: conducts.into_iter().map(container).collect(),
            stops_ms: None,
            set_up: None,
            needs_known: false,
        }
    }

    /// A pod that is on its node already: its containers go on from where its status shows them.
    pub(super) fn found(cluster: &Cluster, pod: &Pod, conducts: Vec<Conduct>) -> Self {
        let mut work = Self { taken_in: false, ..Self::new(cluster, pod, conducts) };
        let status = pod.status.as_ref();
        if let Some(taken_in) = status.and_then(|status| status.start_time.as_ref()) {
            work.starts_ms = cluster.clock.signed_ms_of(taken_in.0) + ms(START_MS);
        }
        let init = status.into_iter().flat_map(|status| status.init_container_statuses.iter().flatten());
        let statuses: Vec<&ContainerStatus> =
            init.chain(status.into_iter().flat_map(|status| status.container_statuses.iter().flatten())).collect();
        let names: Vec<&str> = specs(pod).map(|container| container.name.as_str()).collect();
        for (container, name) in work.containers.iter_mut().zip(names) {
            if let Some(status) = statuses.iter().find(|status| status.name == name) {
                found::go_on(container, status, pod, &cluster.clock);
            }
        }
        work
    }

    /// Whether it is of this pod and not of one that had its name before.
    pub(super) fn is_of(&self, pod: &Pod) -> bool {
        self.uid == pod.metadata.uid
    }

    /// The same pod goes by another uid from now on: its mirror was made anew.
    pub(super) fn becomes(&mut self, mirror: &Pod) {
        self.uid.clone_from(&mirror.metadata.uid);
        self.needs_known = false;
    }

    /// Whether this run's kubelet took the pod in.
    pub(super) fn is_taken_in(&self) -> bool {
        self.taken_in && self.rejected.is_none()
    }

    /// Whether the kubelet is ending the pod.
    pub(super) fn is_stopping(&self) -> bool {
        self.stops_ms.is_some()
    }

    /// Whether any container's use of memory or disk was declared.
    pub(super) fn uses_something(&self) -> bool {
        self.containers.iter().any(|container| container.conduct.memory.is_some() || container.conduct.disk.is_some())
    }

    /// Whether a container waits for an image that did not come.
    pub(super) fn waits_for_image(&self) -> bool {
        self.fails_with(|reason| reason != CONFIG_ERROR)
    }

    /// Whether volumes of it could not be set up.
    pub(super) fn waits_for_set_up(&self) -> bool {
        self.set_up.is_some()
    }

    /// Whether it waits for a ConfigMap or Secret.
    pub(super) fn waits_for_reference(&self) -> bool {
        // One whose image is pulled once more before the next try still shows why the last one failed.
        let shows_it = |own: &ContainerWork| own.shown.as_ref().is_some_and(|shown| shown.reason == CONFIG_ERROR);
        self.set_up.is_some()
            || self.fails_with(|reason| reason == CONFIG_ERROR)
            || self.containers.iter().any(shows_it)
    }

    fn fails_with(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.containers.iter().any(|own| matches!(&own.state, State::Failing { failure, .. } if wanted(failure.reason)))
    }

    /// The containers behave differently from now on.
    pub(super) fn conduct_themselves(&mut self, conducts: &[Conduct], now_ms: Ms) {
        self.needs_known = false;
        for (container, conduct) in self.containers.iter_mut().zip(conducts) {
            if *container.conduct == *conduct {
                continue;
            }
            container.conduct = Arc::new(conduct.clone());
            if let State::Running { conduct_ms, ending, .. } = &mut container.state {
                *conduct_ms = now_ms;
                *ending = None;
            }
        }
    }
}

/// The containers of a pod, init containers first.
pub(super) fn specs(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.spec.init_containers.iter().flatten().chain(&pod.spec.containers)
}

/// How far the kubelet has come with a pod that it does not remember.
pub(super) enum Stage {
    /// Nobody has taken it in.
    New,
    /// Somebody has. What a dump shows half started is stuck for a reason that it does not show.
    Known,
}

pub(super) fn stage(pod: &Pod) -> Stage {
    let started = pod.status.as_ref().is_some_and(|status| status.start_time.is_some());
    if started || pod::phase(pod) != "Pending" { Stage::Known } else { Stage::New }
}

/// Why a container waits, in the API's form.
pub(super) fn waiting(reason: &str, message: Option<String>) -> ContainerStateWaiting {
    ContainerStateWaiting { reason: Some(reason.to_owned()), message }
}

#[cfg(test)]
mod tests {
    use super::BackOff;

    #[test]
    fn a_back_off_doubles_to_five_minutes_and_starts_anew_after_ten() {
        let mut back_off = BackOff::default();
        assert_eq!(back_off.holds_until(1000), None);
        let mut now = 1000;
        let mut delays = Vec::new();
        for _ in 0..7 {
            back_off.next(now, now);
            delays.push(back_off.delay_ms / 1000);
            now = back_off.holds_until(now + 1000).unwrap_or(0);
        }
        assert_eq!(delays, [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(back_off.holds_until(now + 601_000), None);
        back_off.next(now + 601_000, now + 601_000);
        assert_eq!(back_off.delay_ms, 10_000);
    }
}
