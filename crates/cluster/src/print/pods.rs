//! `kubectl get pods` (`printPod`).

use k8s_openapi::api::core::v1::{Container, ContainerStatus, PodSpec, PodStatus};
use k8s_openapi::jiff::Timestamp;

use super::context::PrintContext;
use super::table::{Cell, Column, Table, cells as of};
use crate::pod::{self as pods, Pod};

/// The table of pods, in the order given.
pub fn pods(pods: &[&Pod], context: &PrintContext) -> Table {
    let columns = [
        Column::NAME,
        Column::text("Ready"),
        Column::text("Status"),
        Column::integer("Restarts"),
        Column::AGE,
        Column::text("IP").wide(),
        Column::text("Node").wide(),
        Column::text("Nominated Node").wide(),
        Column::text("Readiness Gates").wide(),
    ];
    Table::of_objects(columns, pods.iter().copied(), |pod| &pod.metadata, |pod| cells(pod, context))
}

fn cells(pod: &Pod, context: &PrintContext) -> Vec<Cell> {
    let no_status = PodStatus::default();
    let (spec, status) = (&*pod.spec, pod.status.as_ref().unwrap_or(&no_status));
    let summary = Summary::of(pod, spec, status, context);
    let restarts = match summary.last_restart {
        Some(moment) if summary.restarts > 0 && context.layout.restarts_ago => {
            format!("{} ({} ago)", summary.restarts, context.since(Some(moment)))
        }
        _ => summary.restarts.to_string(),
    };
    let or_none = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("<none>").to_owned();
    let ip = status
        .pod_ip
        .as_deref()
        .or_else(|| status.pod_ips.as_ref().and_then(|ips| ips.first()).map(|ip| ip.ip.as_str()));
    of![
        pod.metadata.name.clone().unwrap_or_default(),
        format!("{}/{}", summary.ready, summary.total),
        summary.reason,
        restarts,
        context.age(pod.metadata.creation_timestamp.as_ref()),
        or_none(ip),
        or_none(pods::node_name(pod)),
        or_none(status.nominated_node_name.as_deref()),
        readiness_gates(pod, spec),
    ]
}

/// What the STATUS column says of a pod.
pub fn pod_status(pod: &Pod, context: &PrintContext) -> String {
    let no_status = PodStatus::default();
    Summary::of(pod, &pod.spec, pod.status.as_ref().unwrap_or(&no_status), context).reason
}

fn readiness_gates(pod: &Pod, spec: &PodSpec) -> String {
    let Some(gates) = spec.readiness_gates.as_ref().filter(|gates| !gates.is_empty()) else {
        return "<none>".to_owned();
    };
    let passed = gates
        .iter()
        .filter(|gate| pods::condition(pod, &gate.condition_type).is_some_and(|condition| condition.status == "True"));
    format!("{}/{}", passed.count(), gates.len())
}

/// What READY, STATUS and RESTARTS say.
struct Summary {
    reason: String,
    ready: usize,
    total: usize,
    restarts: i32,
    last_restart: Option<Timestamp>,
}

impl Summary {
    fn of(pod: &Pod, spec: &PodSpec, status: &PodStatus, context: &PrintContext) -> Self {
        let mut reason = pods::phase(pod).to_owned();
        if let Some(own) = status.reason.as_ref().filter(|reason| !reason.is_empty()) {
            reason.clone_from(own);
        }
        let gated = pods::condition(pod, "PodScheduled")
            .is_some_and(|condition| condition.reason.as_deref() == Some("SchedulingGated"));
        if gated && context.layout.scheduling_gated {
            reason = "SchedulingGated".to_owned();
        }
        let init: &[Container] = spec.init_containers.as_deref().unwrap_or_default();
        let is_sidecar = |name: &str| {
            context.layout.sidecars
                && init
                    .iter()
                    .any(|container| container.name == name && container.restart_policy.as_deref() == Some("Always"))
        };
        let mut summary = Self {
            reason,
            ready: 0,
            total: spec.containers.len() + init.iter().filter(|container| is_sidecar(&container.name)).count(),
            restarts: 0,
            last_restart: None,
        };
        let initializing = summary.init_containers(status, init.len(), &is_sidecar);
        let initialized = pods::condition(pod, "Initialized").is_some_and(|condition| condition.status == "True");
        if !initializing || (initialized && context.layout.sidecars) {
            summary.containers(pod, status);
        }
        if pods::is_terminating(pod) {
            let lost = status.reason.as_deref() == Some("NodeLost");
            summary.reason = if lost { "Unknown" } else { "Terminating" }.to_owned();
        }
        summary
    }

    /// Whether an init container is still at it; its state then is the pod's.
    fn init_containers(&mut self, status: &PodStatus, total: usize, is_sidecar: &impl Fn(&str) -> bool) -> bool {
        let statuses: &[ContainerStatus] = status.init_container_statuses.as_deref().unwrap_or_default();
        for (index, status) in statuses.iter().enumerate() {
            self.restarts = self.restarts.saturating_add(status.restart_count);
            self.note_restart(status);
            let state = status.state.clone().unwrap_or_default();
            if let Some(terminated) = &state.terminated {
                if terminated.exit_code == 0 {
                    continue;
                }
                let reason = terminated.reason.clone().filter(|reason| !reason.is_empty());
                self.reason =
                    format!("Init:{}", reason.unwrap_or_else(|| exit(terminated.signal, terminated.exit_code)));
                return true;
            }
            if is_sidecar(&status.name) && status.started == Some(true) {
                self.ready += usize::from(status.ready);
                continue;
            }
            let waiting = state.waiting.and_then(|waiting| waiting.reason).filter(|reason| !reason.is_empty());
            self.reason = match waiting {
                Some(reason) if reason != "PodInitializing" => format!("Init:{reason}"),
                _ => format!("Init:{index}/{total}"),
            };
            return true;
        }
        false
    }

    fn containers(&mut self, pod: &Pod, status: &PodStatus) {
        let statuses: &[ContainerStatus] = status.container_statuses.as_deref().unwrap_or_default();
        // The restarts shown are those of the containers once they run.
        self.restarts = 0;
        let mut running = false;
        for status in statuses.iter().rev() {
            self.restarts = self.restarts.saturating_add(status.restart_count);
            self.note_restart(status);
            let state = status.state.clone().unwrap_or_default();
            let waiting = state.waiting.and_then(|waiting| waiting.reason).filter(|reason| !reason.is_empty());
            if let Some(reason) = waiting {
                self.reason = reason;
            } else if let Some(terminated) = state.terminated {
                let reason = terminated.reason.filter(|reason| !reason.is_empty());
                self.reason = reason.unwrap_or_else(|| exit(terminated.signal, terminated.exit_code));
            } else if status.ready && state.running.is_some() {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" && running {
            self.reason = if pods::is_ready(pod) { "Running" } else { "NotReady" }.to_owned();
        }
    }

    fn note_restart(&mut self, status: &ContainerStatus) {
        let finished = status
            .last_state
            .as_ref()
            .and_then(|state| state.terminated.as_ref())
            .and_then(|terminated| terminated.finished_at.as_ref());
        self.last_restart = self.last_restart.max(finished.map(|time| time.0));
    }
}

fn exit(signal: Option<i32>, code: i32) -> String {
    match signal {
        Some(signal) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{code}"),
    }
}
