//! A container that was on its node before the run: where it stands, as its status tells.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};

use super::{
    BackOff, CONFIG_ERROR, ContainerWork, ERR_IMAGE_PULL, End, Failure, IMAGE_PULL_BACK_OFF, MAX_BACK_OFF_MS, Ms,
    State, ms,
};
use crate::clock::Clock;
use crate::conduct::Conduct;
use crate::duration::parse_duration_ms;
use crate::kubelet::RETRY_MS;
use crate::pod::{self, Pod};

/// Why a container ended, in the words of kubelets and runtimes.
const REASONS: [&str; 7] = [
    "Completed",
    "Error",
    "OOMKilled",
    "ContainerCannotRun",
    "StartError",
    "DeadlineExceeded",
    "ContainerStatusUnknown",
];

/// Takes a container up where its status shows it.
pub(super) fn go_on(container: &mut ContainerWork, status: &ContainerStatus, pod: &Pod, clock: &Clock) {
    let now_ms = clock.signed_now_ms();
    container.restarts = status.restart_count;
    container.ready = status.ready;
    container.started = status.started != Some(false);
    // What probes failed so far has been told.
    container.told_ms = [Some(now_ms); 2];
    let end = |terminated: &ContainerStateTerminated| end_of(terminated, clock);
    container.last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref()).map(end);
    let state = status.state.as_ref();
    let running = state.and_then(|state| state.running.as_ref());
    if let Some(terminated) = state.and_then(|state| state.terminated.as_ref()) {
        let end = end(terminated);
        container.back_off = back_off_since(container.last, end.since_ms);
        container.state = State::Ended(end);
    } else if let Some(running) = running {
        let since_ms = running.started_at.as_ref().map_or(now_ms, |started| clock.signed_ms_of(started.0)).min(now_ms);
        container.back_off = back_off_since(container.last, since_ms);
        let conduct_ms = if is_up_after(&container.conduct, now_ms - since_ms) { since_ms } else { now_ms };
        container.state = State::Running { since_ms, conduct_ms, ending: None };
    } else if let Some(waiting) = state.and_then(|state| state.waiting.as_ref()) {
        let message = waiting.message.as_deref().unwrap_or_default();
        match (waiting.reason.as_deref(), container.last) {
            (Some("CrashLoopBackOff"), Some(last)) => {
                let delay_ms = stated_delay(message).unwrap_or(MAX_BACK_OFF_MS);
                container.back_off = BackOff::of(delay_ms, last.since_ms);
                container.state = State::BackingOff { until_ms: (last.at_ms + delay_ms).max(now_ms), told_ms: now_ms };
            }
            (Some(reason @ (ERR_IMAGE_PULL | IMAGE_PULL_BACK_OFF)), _) => {
                let why = message.rsplit_once("ErrImagePull: ").map_or(message, |(_, why)| why).to_owned();
                container.pull_back_off = BackOff::of(pull_delay(pod, clock), now_ms);
                let reason = if reason == ERR_IMAGE_PULL { ERR_IMAGE_PULL } else { IMAGE_PULL_BACK_OFF };
                fail(container, Failure { reason, why }, now_ms);
            }
            (Some(CONFIG_ERROR), _) => {
                fail(container, Failure { reason: CONFIG_ERROR, why: message.to_owned() }, now_ms);
            }
            _ => {}
        }
    } else if pod::phase(pod) == "Running" {
        container.state = State::Running { since_ms: now_ms, conduct_ms: now_ms, ending: None };
    }
}

fn fail(container: &mut ContainerWork, failure: Failure, now_ms: Ms) {
    container.shown = Some(failure.clone());
    container.state = State::Failing { sync_ms: now_ms + RETRY_MS, failure };
}

/// Whether a container that has run for so long and behaves as declared would still be up.
fn is_up_after(conduct: &Conduct, run_ms: Ms) -> bool {
    let ends = conduct.exits.map(|(_, after_ms)| after_ms).into_iter().chain(conduct.liveness_fails_after_ms);
    ends.into_iter().all(|after_ms| ms(after_ms) > run_ms)
}

fn end_of(terminated: &ContainerStateTerminated, clock: &Clock) -> End {
    let named = terminated.reason.as_deref();
    let reason = REASONS.into_iter().find(|reason| Some(*reason) == named);
    let reason = reason.unwrap_or(if terminated.exit_code == 0 { "Completed" } else { "Error" });
    let at_ms = terminated.finished_at.as_ref().map_or(clock.signed_now_ms(), |time| clock.signed_ms_of(time.0));
    let since_ms = terminated.started_at.as_ref().map_or(at_ms, |time| clock.signed_ms_of(time.0));
    End { code: terminated.exit_code, reason, since_ms, at_ms }
}

/// The back-off of a container that was started at a moment after it had ended before: it was held for about as long as it
/// then waited, and is held twice as long the next time.
fn back_off_since(last: Option<End>, started_ms: Ms) -> BackOff {
    let Some(last) = last else { return BackOff::default() };
    let waited_ms = started_ms - last.at_ms;
    let mut delay_ms = 0;
    // It is started within a moment of its time.
    while BackOff::longer(delay_ms) <= waited_ms + 1_000 && delay_ms < MAX_BACK_OFF_MS {
        delay_ms = BackOff::longer(delay_ms);
    }
    BackOff::of(BackOff::longer(delay_ms), started_ms)
}

/// `back-off 5m0s restarting failed container=…`
fn stated_delay(message: &str) -> Option<Ms> {
    let mut words = message.split_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("back-off"))?;
    parse_duration_ms(words.next()?).ok().map(ms)
}

/// How long the next pull is held, as far as the pod's age tells.
fn pull_delay(pod: &Pod, clock: &Clock) -> Ms {
    let started = pod.status.as_ref().and_then(|status| status.start_time.as_ref());
    let mut left_ms = started.map_or(0, |started| clock.signed_now_ms() - clock.signed_ms_of(started.0));
    let mut delay_ms = BackOff::longer(0);
    while left_ms > delay_ms && delay_ms < MAX_BACK_OFF_MS {
        left_ms -= delay_ms;
        delay_ms = BackOff::longer(delay_ms);
    }
    delay_ms
}

#[cfg(test)]
mod tests {
    use super::{End, back_off_since, stated_delay};

    #[test]
    fn a_status_tells_its_back_off() {
        for (waited_ms, delay_ms) in
            [(0, 10_000), (1_000, 10_000), (10_000, 20_000), (41_000, 80_000), (160_000, 300_000), (300_000, 300_000)]
        {
            let last = End { code: 1, reason: "Error", since_ms: -9_000, at_ms: -5_000 };
            assert_eq!(back_off_since(Some(last), waited_ms - 5_000).delay_ms, delay_ms, "{waited_ms}");
        }
        assert_eq!(back_off_since(None, 0).delay_ms, 0);
        for (message, delay_ms) in [
            ("back-off 5m0s restarting failed container=a pod=b_default(c)", Some(300_000)),
            ("Back-off 1m20s restarting failed container=a", Some(80_000)),
            ("back-off", None),
            ("", None),
        ] {
            assert_eq!(stated_delay(message), delay_ms, "{message}");
        }
    }
}
