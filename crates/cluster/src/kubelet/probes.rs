//! Probes (`pkg/kubelet/prober`): when a container counts as started and ready, and when it is killed for failing.

use k8s_openapi::api::core::v1::{Container, Probe};

use super::work::{ContainerWork, Ms, ms};

/// So many failures are told one by one; after that the recorder writes one in five minutes anyway.
const TOLD_ONE_BY_ONE: Ms = 25;
const SELDOM_MS: Ms = 5 * 60 * 1000;

/// The moments at which a probe is made, in virtual milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticks {
    first_ms: Ms,
    period_ms: Ms,
    successes: Ms,
    failures: Ms,
}

impl Ticks {
    /// Those of a probe that is made from a moment on. A probe without delay is made when the container has run for a
    /// second.
    pub(super) fn of(probe: &Probe, from_ms: Ms) -> Self {
        let number = |value: Option<i32>, default: i32| Ms::from(value.unwrap_or(default).max(0));
        Self {
            first_ms: from_ms.saturating_add((1000 * number(probe.initial_delay_seconds, 0)).max(1000)),
            period_ms: (1000 * number(probe.period_seconds, 10)).max(1000),
            successes: number(probe.success_threshold, 1).max(1),
            failures: number(probe.failure_threshold, 3).max(1),
        }
    }

    /// The first probe at or after a moment.
    pub(super) fn at_or_after(&self, moment_ms: Ms) -> Ms {
        let late = (moment_ms - self.first_ms).max(0);
        self.first_ms + (late + self.period_ms - 1) / self.period_ms * self.period_ms
    }

    /// When the probe has passed often enough, if it passes from a moment on.
    pub(super) fn passed(&self, from_ms: Ms) -> Ms {
        self.at_or_after(from_ms).saturating_add((self.successes - 1).saturating_mul(self.period_ms))
    }

    /// When it has failed often enough, if it fails from a moment on.
    pub(super) fn failed(&self, from_ms: Ms) -> Ms {
        self.at_or_after(from_ms).saturating_add((self.failures - 1).saturating_mul(self.period_ms))
    }

    /// How many probes there are after one moment and up to another.
    pub(super) fn between(&self, after_ms: Option<Ms>, until_ms: Ms) -> u32 {
        let upto = |at_ms: Ms| if at_ms < self.first_ms { 0 } else { (at_ms - self.first_ms) / self.period_ms + 1 };
        u32::try_from((upto(until_ms) - after_ms.map_or(0, upto)).max(0)).unwrap_or(u32::MAX)
    }

    /// When the next failure is worth telling, if those up to a moment have been told.
    pub(super) fn next_told(&self, told_ms: Ms) -> Ms {
        let many = (told_ms - self.first_ms).max(0) / self.period_ms >= TOLD_ONE_BY_ONE;
        self.at_or_after(told_ms.saturating_add(if many { SELDOM_MS } else { 1 }))
    }
}

/// How a container's readiness goes on as things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Readiness {
    /// Whether it is ready now.
    pub(super) ready: bool,
    /// When that changes.
    pub(super) changes_ms: Option<Ms>,
    /// Since when its probe fails, if it does.
    pub(super) fails_from_ms: Option<Ms>,
}

/// The readiness of a running container whose probes are made from `from_ms` on, and which behaves as declared since
/// `conduct_ms`.
pub(super) fn readiness(
    container: &Container,
    work: &ContainerWork,
    from_ms: Ms,
    conduct_ms: Ms,
    now_ms: Ms,
) -> Readiness {
    let ticks = container.readiness_probe.as_ref().map(|probe| Ticks::of(probe, from_ms));
    let (met, met_since_ms) = work.needs;
    if met && !work.conduct.never_ready {
        let good_ms = (conduct_ms + work.conduct.ready_after_ms.map_or(0, ms)).max(met_since_ms).max(from_ms);
        let at_ms = ticks.map_or(good_ms, |ticks| ticks.passed(good_ms));
        let ready = work.ready || now_ms >= at_ms;
        let fails = !ready && ticks.is_some_and(|ticks| ticks.at_or_after(good_ms) > ticks.first_ms);
        return Readiness { ready, changes_ms: (!ready).then_some(at_ms), fails_from_ms: fails.then_some(from_ms) };
    }
    let bad_ms = if met { conduct_ms } else { met_since_ms };
    if !work.ready {
        return Readiness { ready: false, changes_ms: None, fails_from_ms: Some(from_ms) };
    }
    let at_ms = ticks.map_or(bad_ms, |ticks| ticks.failed(bad_ms));
    let ready = now_ms < at_ms;
    Readiness { ready, changes_ms: ready.then_some(at_ms), fails_from_ms: Some(bad_ms) }
}

/// What a probe that fails says, as far as its kind tells.
pub(super) fn failure(probe: &Probe, pod_ip: &str) -> String {
    if probe.http_get.is_some() {
        "HTTP probe failed with statuscode: 503".to_owned()
    } else if let Some(socket) = &probe.tcp_socket {
        let port = match &socket.port {
            k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::Int(port) => port.to_string(),
            k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::String(name) => name.clone(),
        };
        format!("dial tcp {pod_ip}:{port}: connect: connection refused")
    } else if let Some(grpc) = &probe.grpc {
        format!("service unhealthy (responded with \"NOT_SERVING\") on port {}", grpc.port)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Probe;

    use super::Ticks;

    fn ticks(delay: i32, period: i32, successes: i32, failures: i32) -> Ticks {
        let probe = Probe {
            initial_delay_seconds: Some(delay),
            period_seconds: Some(period),
            success_threshold: Some(successes),
            failure_threshold: Some(failures),
            ..Probe::default()
        };
        Ticks::of(&probe, 1000)
    }

    #[test]
    fn a_probe_is_made_after_its_delay_and_every_period() {
        let ticks = ticks(5, 10, 2, 3);
        assert_eq!(ticks.at_or_after(0), 6_000);
        assert_eq!(ticks.at_or_after(6_001), 16_000);
        assert_eq!(ticks.passed(0), 16_000);
        assert_eq!(ticks.failed(16_000), 36_000);
        assert_eq!(ticks.between(None, 16_000), 2);
        assert_eq!(ticks.between(Some(6_000), 26_000), 2);
        assert_eq!(ticks.between(None, 5_999), 0);
    }

    #[test]
    fn after_many_failures_few_are_told() {
        let ticks = ticks(0, 10, 1, 3);
        assert_eq!(ticks.next_told(2_000), 12_000);
        assert_eq!(ticks.next_told(2_000 + 250_000), 552_000);
    }
}
