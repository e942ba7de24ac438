//! One pod's containers, driven as far as they come by now (`SyncPod` in `pkg/kubelet/kuberuntime`): init containers one
//! after the other, sidecars beside them, then the others; restarts with their back-off.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, Node};

use super::events::{Teller, image};
use super::images::{self, Fetching};
use super::probes::{self, Ticks};
use super::work::{
    CONFIG_ERROR, ContainerWork, ERR_IMAGE_PULL, End, Failure, IMAGE_PULL_BACK_OFF, Ms, PodWork, State, ms, specs,
};
use super::{RELIST_MS, RETRY_MS, START_MS, conduct_of, needs, node_status, pressure, references, status, termination};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// How long an init container takes, or any container of a Job, of which nothing else was declared.
const INIT_RUNS_MS: Ms = 1_000;
const JOB_RUNS_MS: Ms = 10_000;
/// From an end to what follows of it.
const RELIST: Ms = RELIST_MS as Ms;

/// What a container's end leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Restarts {
    Always,
    OnFailure,
    Never,
}

/// When a pod is to be looked at again.
#[derive(Debug, Clone, Copy, Default)]
struct Due {
    next_ms: Option<Ms>,
    /// For what repeats itself for ever.
    again_ms: Option<Ms>,
}

pub(super) struct Sync<'a> {
    pub(super) cluster: &'a mut Cluster,
    key: &'a ObjectKey,
    pub(super) teller: Teller<'a>,
    pub(super) now_ms: Ms,
    due: Due,
    /// Whether the secrets to pull images with have been looked for.
    knows_pull_secrets: bool,
}

/// Does what is due of a pod that the kubelet remembers, writes its status, and puts the next moment on the agenda.
pub(super) fn sync(cluster: &mut Cluster, key: &ObjectKey, pod: &Arc<Pod>, node: &str, mut work: PodWork) {
    if let Some((at_ms, rejection)) = &work.rejected {
        if cluster.clock.now_ms() >= *at_ms {
            super::admission::reject(cluster, key, pod, node, rejection);
        }
        return;
    }
    if pod::is_terminal(pod) {
        return;
    }
    if pod::is_terminating(pod) {
        termination::sync(cluster, key, pod, node, work);
        return;
    }
    needs::note(cluster, key, &mut work);
    let now_ms = cluster.clock.signed_now_ms();
    let teller = Teller { pod, node };
    let mut sync = Sync { cluster, key, teller, now_ms, due: Due::default(), knows_pull_secrets: false };
    if sync.is_over_deadline(pod) {
        let message = "Pod was active on the node longer than the specified deadline";
        status::fail(cluster, key, node, "DeadlineExceeded", message, "DeadlineExceeded");
        return;
    }
    sync.advance(&mut work);
    let due = sync.due;
    status::write(cluster, key, pod, node, &work);
    if work.uses_something() {
        pressure::look_soon(cluster, node);
    }
    // What was due before the run is due now.
    let moment = |at_ms: Ms| u64::try_from(at_ms.max(now_ms)).unwrap_or(0);
    if let Some(at_ms) = due.next_ms.map(moment) {
        cluster.agenda.add(at_ms, Event::Kubelet(key.clone()));
    }
    if let Some(at_ms) = due.again_ms.map(moment) {
        cluster.agenda.add(at_ms, Event::KubeletAgain(key.clone()));
    }
    references::note(cluster, key, &work);
    cluster.kubelets.pods.insert(key.clone(), Arc::new(work));
}

impl Sync<'_> {
    fn advance(&mut self, work: &mut PodWork) {
        let pod = Arc::clone(self.teller.pod);
        let begun = work.containers.iter().any(|container| container.state != State::Waiting);
        if !begun && self.waits_for_network(&pod) {
            return;
        }
        if !begun && self.waits_for_volumes(&pod, work) {
            return;
        }
        if self.now_ms < work.starts_ms {
            self.due_at(work.starts_ms, false);
            return;
        }
        let (init, others) = (pod.spec.init_containers.as_deref().unwrap_or_default(), &pod.spec.containers);
        let policy = match pod.spec.restart_policy.as_deref() {
            Some("Never") => Restarts::Never,
            Some("OnFailure") => Restarts::OnFailure,
            _ => Restarts::Always,
        };
        let (own_init, own_others) = work.containers.split_at_mut(init.len());
        let started = own_others.iter().any(|container| container.state != State::Waiting);
        for (container, own) in init.iter().zip(own_init.iter_mut()) {
            let is_sidecar = self.is_sidecar(container);
            if !is_sidecar && has_completed(own) {
                continue;
            }
            let restarts = match policy {
                _ if is_sidecar => Restarts::Always,
                Restarts::Never => Restarts::Never,
                _ => Restarts::OnFailure,
            };
            let ends_ms = (!is_sidecar).then_some(INIT_RUNS_MS);
            self.drive(container, own, restarts, ends_ms);
            let done = if is_sidecar { own.started } else { has_completed(own) };
            if !done && !started {
                return;
            }
        }
        let of_job = pod::controller_of(&pod.metadata).is_some_and(|owner| owner.kind == "Job");
        for (container, own) in others.iter().zip(own_others.iter_mut()) {
            self.drive(container, own, policy, of_job.then_some(JOB_RUNS_MS));
        }
        if own_others.iter().all(|own| matches!(own.state, State::Ended(end) if !is_restarted(policy, end.code))) {
            self.stop_sidecars(init, own_init);
        }
    }

    fn is_sidecar(&self, container: &Container) -> bool {
        self.cluster.behaviour.kubelet.sidecar_containers && container.restart_policy.as_deref() == Some("Always")
    }

    /// Takes one container as far as it comes by now.
    fn drive(&mut self, container: &Container, own: &mut ContainerWork, restarts: Restarts, ends_ms: Option<Ms>) {
        loop {
            let now_ms = self.now_ms;
            let again = self.repeats_itself(container, own);
            match own.state.clone() {
                State::Waiting => self.begin(container, own),
                State::Pulling { until_ms, .. } if now_ms < until_ms => return self.due_at(until_ms, again),
                State::Pulling { since_ms, .. } => self.end_pull(container, own, since_ms),
                State::Failing { sync_ms, .. } if now_ms < sync_ms => return self.due_at(sync_ms, again),
                State::Failing { failure, .. } => {
                    own.shown = Some(failure.clone());
                    if !own.pull_back_off.holds(now_ms) {
                        self.begin(container, own);
                        continue;
                    }
                    self.look_for_pull_secrets();
                    let message = format!("Back-off pulling image \"{}\"", image(container));
                    self.teller.of(self.cluster, container, "Normal", "BackOff", &message);
                    self.teller.of(self.cluster, container, "Warning", "Failed", "Error: ImagePullBackOff");
                    self.fail(own, Failure { reason: IMAGE_PULL_BACK_OFF, ..failure });
                }
                State::NeverPulled => return,
                State::Running { since_ms, conduct_ms, ending } => {
                    let end = ending.or_else(|| self.end_of(container, own, since_ms, conduct_ms, ends_ms));
                    match end {
                        Some(end) if now_ms >= end.at_ms => {
                            own.state = State::Ended(end);
                            (own.ready, own.started) = (false, false);
                        }
                        end => {
                            if let Some(end) = end {
                                self.due_at(end.at_ms, again);
                            }
                            self.probe(container, own, since_ms, conduct_ms, end);
                            // One whose end is decided is not ready any more.
                            own.ready &= ending.is_none();
                            return;
                        }
                    }
                }
                State::Ended(end) if !is_restarted(restarts, end.code) => return,
                State::Ended(end) if now_ms < end.at_ms + RELIST => {
                    return self.due_at(end.at_ms + RELIST, again);
                }
                State::Ended(end) => {
                    own.last = Some(end);
                    match own.back_off.holds_until(end.at_ms).filter(|until_ms| now_ms < *until_ms) {
                        Some(until_ms) => {
                            self.teller.backs_off(self.cluster, self.key, container, 1);
                            own.state = State::BackingOff { until_ms, told_ms: now_ms };
                        }
                        None => self.restart(container, own, end),
                    }
                }
                State::BackingOff { until_ms, .. } if now_ms < until_ms => return self.due_at(until_ms, again),
                State::BackingOff { until_ms, told_ms } => {
                    let times = u32::try_from((until_ms - told_ms) / RETRY_MS).unwrap_or(u32::MAX);
                    if times > 0 {
                        self.teller.backs_off(self.cluster, self.key, container, times);
                    }
                    let end = own.last.unwrap_or(End { code: 0, reason: "", since_ms: now_ms, at_ms: now_ms });
                    self.restart(container, own, end);
                }
            }
        }
    }

    /// Whether all that the container does it has done before and will do again, at the longest back-off if there is one.
    fn repeats_itself(&self, container: &Container, own: &ContainerWork) -> bool {
        (own.pull_back_off.is_longest() && !images::can_be_pulled(self.cluster, container, &own.conduct))
            || (own.back_off.is_longest() && !would_stay_up(self.cluster, &self.key.namespace, container, own))
            || (own.shown.as_ref().is_some_and(|shown| shown.reason == CONFIG_ERROR)
                && references::of_environment(self.cluster, self.teller.pod, container).is_some())
    }

    fn restart(&mut self, container: &Container, own: &mut ContainerWork, end: End) {
        own.back_off.next(end.at_ms, self.now_ms);
        own.restarts = own.restarts.saturating_add(1);
        self.begin(container, own);
    }

    /// The container's turn: its image, and if that is there its start.
    fn begin(&mut self, container: &Container, own: &mut ContainerWork) {
        self.look_for_pull_secrets();
        let name = image(container);
        match images::fetching(self.cluster, container, &own.conduct, self.teller.node) {
            Fetching::Present => {
                self.teller.present(self.cluster, container);
                self.start(container, own);
            }
            Fetching::Pulls(takes_ms) => {
                self.teller.of(self.cluster, container, "Normal", "Pulling", &format!("Pulling image \"{name}\""));
                own.state = State::Pulling { since_ms: self.now_ms, until_ms: self.now_ms + ms(takes_ms) };
            }
            Fetching::Never => {
                let message = format!("Container image \"{name}\" is not present with pull policy of Never");
                self.teller.of(self.cluster, container, "Warning", "ErrImageNeverPull", &message);
                self.teller.of(self.cluster, container, "Warning", "Failed", "Error: ErrImageNeverPull");
                own.state = State::NeverPulled;
            }
        }
    }

    fn end_pull(&mut self, container: &Container, own: &mut ContainerWork, since_ms: Ms) {
        let node = self.teller.node;
        if images::can_be_pulled(self.cluster, container, &own.conduct) {
            let size = images::size(self.cluster, container, node);
            let took_ms = u64::try_from(self.now_ms - since_ms).unwrap_or(0);
            self.teller.pulled(self.cluster, container, took_ms, size);
            images::has_come(self.cluster, container, &own.conduct, node);
            own.pull_back_off = Default::default();
            return self.start(container, own);
        }
        let why = images::not_found(self.cluster, container, node);
        let message = format!("Failed to pull image \"{}\": {why}", image(container));
        self.teller.of(self.cluster, container, "Warning", "Failed", &message);
        self.teller.of(self.cluster, container, "Warning", "Failed", "Error: ErrImagePull");
        own.pull_back_off.next(self.now_ms, self.now_ms);
        self.fail(own, Failure { reason: ERR_IMAGE_PULL, why });
    }

    /// The container could not be made, and is looked at again: at once for the first time, as a sandbox has just been made.
    fn fail(&self, own: &mut ContainerWork, failure: Failure) {
        let is_new = own.shown.is_none() && own.last.is_none();
        own.state = State::Failing { sync_ms: self.now_ms + if is_new { RELIST } else { RETRY_MS }, failure };
    }

    /// Once in a sync, and whatever comes of it.
    fn look_for_pull_secrets(&mut self) {
        if std::mem::replace(&mut self.knows_pull_secrets, true) || !self.cluster.behaviour.kubelet.misses_pull_secrets
        {
            return;
        }
        let missing = references::of_pulls(self.cluster, self.teller.pod);
        if !missing.is_empty() {
            let message = format!(
                "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                missing.join(", ")
            );
            self.teller.tell(self.cluster, "Warning", "FailedToRetrieveImagePullSecret", &message);
        }
    }

    fn start(&mut self, container: &Container, own: &mut ContainerWork) {
        let now_ms = self.now_ms;
        if let Some(missing) = references::of_environment(self.cluster, self.teller.pod, container) {
            let message = format!("Error: {}", missing.says);
            self.teller.of(self.cluster, container, "Warning", "Failed", &message);
            return self.fail(own, Failure { reason: CONFIG_ERROR, why: missing.says });
        }
        own.shown = None;
        self.teller.started(self.cluster, container);
        let namespace = &self.key.namespace;
        let fails_at_once = !needs::are_met(self.cluster, namespace, &own.conduct, true);
        let end = End { code: 1, reason: "Error", since_ms: now_ms, at_ms: now_ms + RELIST };
        own.state = State::Running { since_ms: now_ms, conduct_ms: now_ms, ending: fails_at_once.then_some(end) };
        own.ready = false;
        own.started = container.startup_probe.is_none();
        own.told_ms = [None, None];
        own.needs = (needs::are_met(self.cluster, namespace, &own.conduct, false), now_ms);
    }

    /// How the container ends as things stand, if it does.
    fn end_of(
        &mut self,
        container: &Container,
        own: &mut ContainerWork,
        since_ms: Ms,
        conduct_ms: Ms,
        ends_ms: Option<Ms>,
    ) -> Option<End> {
        let conduct = Arc::clone(&own.conduct);
        let end = |code: i32, reason, after_ms: Ms| End { code, reason, since_ms, at_ms: conduct_ms + after_ms };
        let exits = conduct.exits.map(|(code, after_ms)| (code, ms(after_ms)));
        let exits = exits.or(ends_ms.map(|after_ms| (0, after_ms)));
        let exits = exits.map(|(code, after_ms)| end(code, if code == 0 { "Completed" } else { "Error" }, after_ms));
        let limit = pressure::limit(container, "memory");
        let too_much = conduct.memory.filter(|used| limit.is_some_and(|limit| used.bytes > limit));
        let killed = too_much.map(|used| end(137, "OOMKilled", ms(used.after_ms)));
        let unhealthy = self.liveness(container, own, since_ms, conduct_ms);
        let earliest = exits.into_iter().chain(killed).chain(unhealthy).min_by_key(|end| end.at_ms);
        // A process takes a moment to come to its end.
        earliest.map(|end| End { at_ms: end.at_ms.max(since_ms + RELIST), ..end })
    }

    /// Tells of liveness and startup probes that fail; after enough of them the container is killed.
    fn liveness(
        &mut self,
        container: &Container,
        own: &mut ContainerWork,
        since_ms: Ms,
        conduct_ms: Ms,
    ) -> Option<End> {
        let again = self.repeats_itself(container, own);
        let slow = container.startup_probe.as_ref().filter(|_| !own.started).zip(own.conduct.ready_after_ms.map(ms));
        let (probe, kind, word, from_ms, fails_ms) = match slow {
            Some((probe, ready_ms)) => {
                let ticks = Ticks::of(probe, since_ms);
                if ticks.passed(conduct_ms + ready_ms) <= ticks.failed(since_ms) {
                    return None;
                }
                (probe, "Startup", "startup", since_ms, since_ms)
            }
            None => {
                let fails_ms = conduct_ms + ms(own.conduct.liveness_fails_after_ms?);
                let from_ms = started_ms(container, own, since_ms, conduct_ms);
                (container.liveness_probe.as_ref()?, "Liveness", "liveness", from_ms, fails_ms)
            }
        };
        let ticks = Ticks::of(probe, from_ms);
        let (first_ms, killed_ms) = (ticks.at_or_after(fails_ms), ticks.failed(fails_ms));
        if self.now_ms < first_ms {
            self.due_at(first_ms, again);
            return None;
        }
        let until_ms = self.now_ms.min(killed_ms);
        let told_ms = own.told_ms[1].or(Some(first_ms - 1));
        let times = ticks.between(told_ms, until_ms);
        if times > 0 {
            let message = format!("{kind} probe failed: {}", probes::failure(probe, self.pod_ip()));
            self.teller.often(self.cluster, container, "Warning", "Unhealthy", &message, times);
            own.told_ms[1] = Some(until_ms);
        }
        if self.now_ms < killed_ms {
            self.due_at(ticks.at_or_after(self.now_ms + 1), again);
            return None;
        }
        let message = format!("Container {} failed {word} probe, will be restarted", container.name);
        self.teller.of(self.cluster, container, "Normal", "Killing", &message);
        let (stops_ms, code) = termination::stop(self.teller.pod, container, &own.conduct);
        let end = End { code, reason: "Error", since_ms, at_ms: killed_ms + ms(stops_ms) };
        if let State::Running { ending, .. } = &mut own.state {
            *ending = Some(end);
        }
        Some(end)
    }

    /// Startup and readiness of a running container.
    fn probe(
        &mut self,
        container: &Container,
        own: &mut ContainerWork,
        since_ms: Ms,
        conduct_ms: Ms,
        end: Option<End>,
    ) {
        let now_ms = self.now_ms;
        let again = self.repeats_itself(container, own);
        for used in own.conduct.memory.iter().chain(&own.conduct.disk) {
            let from_ms = conduct_ms + ms(used.after_ms);
            if now_ms < from_ms {
                self.due_at(from_ms, again);
            }
        }
        let started_ms = started_ms(container, own, since_ms, conduct_ms);
        own.started |= now_ms >= started_ms;
        if !own.started {
            if end.is_none_or(|end| started_ms < end.at_ms) {
                self.due_at(started_ms, again);
            }
            return;
        }
        let met = needs::are_met(self.cluster, &self.key.namespace, &own.conduct, false);
        if met != own.needs.0 {
            own.needs = (met, now_ms);
        }
        let readiness = probes::readiness(container, own, started_ms, conduct_ms, now_ms);
        own.ready = readiness.ready;
        if let Some(at_ms) = readiness.changes_ms {
            self.due_at(at_ms, again);
        }
        let (Some(fails_ms), Some(probe)) = (readiness.fails_from_ms, &container.readiness_probe) else {
            own.told_ms[0] = None;
            return;
        };
        let ticks = Ticks::of(probe, started_ms);
        let told_ms = own.told_ms[0].or(Some(ticks.at_or_after(fails_ms) - 1));
        let times = ticks.between(told_ms, now_ms);
        if times > 0 {
            let message = format!("Readiness probe failed: {}", probes::failure(probe, self.pod_ip()));
            self.teller.often(self.cluster, container, "Warning", "Unhealthy", &message, times);
            own.told_ms[0] = Some(now_ms);
        }
        self.due_at(ticks.next_told(own.told_ms[0].unwrap_or(fails_ms)), true);
    }

    /// When everything else has ended for good, the sidecars are told to.
    fn stop_sidecars(&mut self, init: &[Container], own: &mut [ContainerWork]) {
        for (container, own) in init.iter().zip(own) {
            if let State::Running { since_ms, .. } = own.state {
                let message = format!("Stopping container {}", container.name);
                self.teller.of(self.cluster, container, "Normal", "Killing", &message);
                let end = End { code: 0, reason: "Completed", since_ms, at_ms: self.now_ms };
                own.state = State::Ended(end);
                (own.ready, own.started) = (false, false);
            }
        }
    }

    /// Without its node's network only a pod that uses the host's can start; the others are looked at again when the
    /// node changes.
    fn waits_for_network(&mut self, pod: &Pod) -> bool {
        if pod.spec.host_network == Some(true) {
            return false;
        }
        let node = self.cluster.store.find::<Node>("", self.teller.node);
        let Some(fault) = node.and_then(|node| node_status::network_fault(node)) else { return false };
        let message = format!("network is not ready: {fault}");
        self.teller.tell(self.cluster, "Warning", "NetworkNotReady", &message);
        true
    }

    fn is_over_deadline(&mut self, pod: &Pod) -> bool {
        let seconds = pod.spec.active_deadline_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let started = pod.status.as_ref().and_then(|status| status.start_time.as_ref());
        let (Some(seconds), Some(started)) = (seconds, started) else { return false };
        let run = self.cluster.clock.now().as_millisecond() - started.0.as_millisecond();
        let left = (seconds * 1000).saturating_sub(u64::try_from(run).unwrap_or(0));
        if left > 0 {
            self.due_at(self.now_ms + ms(left), false);
        }
        left == 0
    }

    fn pod_ip(&self) -> &str {
        self.teller.pod.status.as_ref().and_then(|status| status.pod_ip.as_deref()).unwrap_or_default()
    }

    pub(super) fn due_at(&mut self, at_ms: Ms, again: bool) {
        let place = if again { &mut self.due.again_ms } else { &mut self.due.next_ms };
        *place = Some(place.map_or(at_ms, |known| known.min(at_ms)));
    }
}

/// Whether a container has no reason to end again.
fn would_stay_up(cluster: &Cluster, namespace: &str, container: &Container, own: &ContainerWork) -> bool {
    let conduct = &own.conduct;
    let limit = pressure::limit(container, "memory");
    let fits = conduct.memory.is_none_or(|used| limit.is_none_or(|limit| used.bytes <= limit));
    conduct.exits.is_none()
        && conduct.liveness_fails_after_ms.is_none()
        && fits
        && needs::are_met(cluster, namespace, conduct, true)
}

impl Cluster {
    /// What the kubelet of a pod does again and again without getting on, by the reason that the status shows most of the
    /// time: between two restarts a container that crashes runs.
    pub(crate) fn repeated_in_vain(&self, key: &ObjectKey, pod: &Pod) -> Option<&'static str> {
        let work = self.kubelets.pods.get(key).filter(|work| work.is_of(pod))?;
        let of_container = |(container, own): (&Container, &ContainerWork)| match &own.state {
            State::Failing { failure, .. } if failure.reason == ERR_IMAGE_PULL => Some(IMAGE_PULL_BACK_OFF),
            State::Failing { failure, .. } => Some(failure.reason),
            State::Pulling { .. } => own.shown.as_ref().map(|shown| shown.reason),
            State::BackingOff { .. } => Some("CrashLoopBackOff"),
            State::Running { .. } | State::Ended(_) if own.back_off.delay_ms > 0 => {
                (!would_stay_up(self, &key.namespace, container, own)).then_some("CrashLoopBackOff")
            }
            _ => None,
        };
        let set_up = work.waits_for_set_up().then_some("ContainerCreating");
        set_up.or_else(|| specs(pod).zip(&work.containers).find_map(of_container))
    }
}

/// When the startup probe passes; without one a container counts as started at once.
fn started_ms(container: &Container, own: &ContainerWork, since_ms: Ms, conduct_ms: Ms) -> Ms {
    let Some(probe) = &container.startup_probe else { return since_ms };
    let good_ms = conduct_ms + own.conduct.ready_after_ms.map_or(0, ms);
    Ticks::of(probe, since_ms).passed(if own.started { since_ms } else { good_ms })
}

fn has_completed(own: &ContainerWork) -> bool {
    matches!(own.state, State::Ended(end) if end.code == 0)
}

fn is_restarted(restarts: Restarts, code: i32) -> bool {
    match restarts {
        Restarts::Always => true,
        Restarts::OnFailure => code != 0,
        Restarts::Never => false,
    }
}

/// The machine has started again, and of a pod that ran on it nothing runs: its containers are made anew, init containers
/// first.
pub(super) fn reboot(cluster: &mut Cluster, pod: &Arc<Pod>, node: &str) {
    let key = ObjectKey::of(pod.as_ref());
    let known = cluster.kubelets.pods.get(&key).filter(|work| work.is_of(pod));
    let mut work = match known {
        Some(work) => PodWork::clone(work),
        None => PodWork::found(cluster, pod, conduct_of(cluster, pod)),
    };
    let now_ms = cluster.clock.signed_now_ms();
    if !work.containers.iter().any(|own| matches!(own.state, State::Running { .. })) {
        return;
    }
    let message = "Pod sandbox changed, it will be killed and re-created.";
    Teller { pod, node }.tell(cluster, "Normal", "SandboxChanged", message);
    let restarts = pod.spec.restart_policy.as_deref() != Some("Never");
    for own in &mut work.containers {
        match own.state {
            State::Running { since_ms, .. } => {
                let end = End { code: 255, reason: "Error", since_ms, at_ms: now_ms };
                own.last = Some(end);
                own.state = if restarts { State::Waiting } else { State::Ended(end) };
                own.restarts = own.restarts.saturating_add(i32::from(restarts));
                (own.ready, own.started) = (false, false);
            }
            State::Ended(end) if restarts && end.code == 0 => own.state = State::Waiting,
            _ => {}
        }
    }
    work.starts_ms = now_ms + ms(START_MS);
    cluster.kubelets.pods.insert(key, Arc::new(work));
}

/// The names of a pod's containers that are not init containers, as conditions list them.
pub(super) fn names_of(pod: &Pod, work: &PodWork, is_init: bool, wanted: impl Fn(&ContainerWork) -> bool) -> String {
    let count = pod.spec.init_containers.as_ref().map_or(0, Vec::len);
    let all = specs(pod).zip(&work.containers).enumerate();
    let chosen = all.filter(|(index, (_, own))| (*index < count) == is_init && wanted(own));
    chosen.map(|(_, (container, _))| container.name.as_str()).collect::<Vec<_>>().join(" ")
}
