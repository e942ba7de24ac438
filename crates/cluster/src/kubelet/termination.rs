//! The end of a pod that is deleted (`killPod`): its containers are asked to stop and have until the grace period is over.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, Lifecycle};

use super::RELIST_MS;
use super::events::Teller;
use super::work::{PodWork, State, specs};
use crate::clock::Event;
use crate::cluster::Cluster;
use crate::conduct::Conduct;
use crate::pod::Pod;
use crate::store::ObjectKey;

/// What a process that heeds SIGTERM ends with, and one that has to be killed.
const TERMINATED: i32 = 143;
const KILLED: i32 = 137;

/// Asks the containers to stop, or takes the pod away when they have.
pub(super) fn sync(cluster: &mut Cluster, key: &ObjectKey, pod: &Arc<Pod>, node: &str, mut work: PodWork) {
    let now_ms = cluster.clock.now_ms();
    match work.stops_ms {
        Some(stops_ms) if now_ms >= stops_ms => cluster.end_pod(key),
        Some(_) => {}
        None => {
            let mut takes_ms = RELIST_MS;
            let teller = Teller { pod, node };
            for (container, own) in specs(pod).zip(&work.containers) {
                if matches!(own.state, State::Running { .. }) {
                    let message = format!("Stopping container {}", container.name);
                    teller.of(cluster, container, "Normal", "Killing", &message);
                    takes_ms = takes_ms.max(stop(pod, container, &own.conduct).0);
                }
            }
            work.stops_ms = Some(now_ms + takes_ms);
            cluster.agenda.add(now_ms + takes_ms, Event::Kubelet(key.clone()));
            cluster.kubelets.pods.insert(key.clone(), Arc::new(work));
        }
    }
}

/// How long a container takes to stop, in milliseconds, and with which code it ends.
pub(super) fn stop(pod: &Pod, container: &Container, conduct: &Conduct) -> (u64, i32) {
    let grace = pod.metadata.deletion_grace_period_seconds.or(pod.spec.termination_grace_period_seconds);
    let grace_ms = u64::try_from(grace.unwrap_or(30)).unwrap_or(0).saturating_mul(1000);
    let hook_ms = container.lifecycle.as_ref().map_or(0, hook_ms);
    let wants_ms = hook_ms.saturating_add(conduct.stops_after_ms.unwrap_or(RELIST_MS));
    // Even after a hook that took all of it, two seconds are left (`minimumGracePeriodInSeconds`).
    let given_ms = grace_ms.max(hook_ms.min(grace_ms) + 2000);
    if wants_ms > given_ms { (given_ms, KILLED) } else { (wants_ms, TERMINATED) }
}

/// How long the preStop hook takes: what it says it sleeps.
fn hook_ms(lifecycle: &Lifecycle) -> u64 {
    let Some(hook) = &lifecycle.pre_stop else { return 0 };
    if let Some(sleep) = &hook.sleep {
        return u64::try_from(sleep.seconds).unwrap_or(0).saturating_mul(1000);
    }
    let command = hook.exec.iter().flat_map(|exec| exec.command.iter().flatten());
    let text = command.cloned().collect::<Vec<_>>().join(" ");
    let mut words = text.split(|letter: char| letter.is_whitespace() || letter == ';' || letter == '&');
    let seconds = words.by_ref().find(|word| word.ends_with("sleep")).and_then(|_| words.next());
    seconds.and_then(|word| word.trim_end_matches('s').parse::<u64>().ok()).unwrap_or(0).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{Container, PodSpec};
    use serde_json::json;

    use super::stop;
    use crate::conduct::Conduct;
    use crate::pod::Pod;

    #[track_caller]
    fn check(pre_stop: serde_json::Value, conduct: &str, expected: (u64, i32)) {
        let container: Container =
            serde_json::from_value(json!({"name": "c", "lifecycle": {"preStop": pre_stop}})).expect("a container");
        let spec = PodSpec { termination_grace_period_seconds: Some(30), ..PodSpec::default() };
        let conduct = if conduct.is_empty() { Ok(Conduct::default()) } else { Conduct::parse(conduct) };
        assert_eq!(stop(&Pod::new(Default::default(), spec), &container, &conduct.expect("a conduct")), expected);
    }

    #[test]
    fn a_container_stops_after_its_hook_within_the_grace_period() {
        check(json!(null), "", (1_000, 143));
        check(json!({"sleep": {"seconds": 5}}), "", (6_000, 143));
        check(json!({"exec": {"command": ["/bin/sh", "-c", "sleep 10; nginx -s quit"]}}), "", (11_000, 143));
        check(json!(null), "stops after 20s", (20_000, 143));
        check(json!(null), "stops after 1h", (30_000, 137));
        check(json!({"sleep": {"seconds": 60}}), "", (32_000, 137));
    }
}
