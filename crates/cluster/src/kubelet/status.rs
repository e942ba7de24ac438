//! A pod's status as its kubelet writes it (`pkg/kubelet/kubelet_pods.go`, `pkg/kubelet/status/generate.go`).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting, ContainerStatus,
    HostIP, Node, PodCondition, PodIP, PodStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::containers::names_of;
use super::events::{Teller, go_duration, image};
use super::work::{ContainerWork, End, Failure, IMAGE_PULL_BACK_OFF, PodWork, State, specs, waiting};
use crate::cluster::Cluster;
use crate::pod::{self, Pod};
use crate::store::ObjectKey;

/// The conditions that are the kubelet's (`PodConditionByKubelet`).
const OWN: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// Writes what the kubelet knows of a pod, if that is news.
pub(super) fn write(cluster: &mut Cluster, key: &ObjectKey, pod: &Arc<Pod>, node: &str, work: &PodWork) {
    let nothing = PodStatus::default();
    let before = pod.status.as_ref().unwrap_or(&nothing);
    let mut status = others_part(before);
    if status.start_time.is_none() {
        status.start_time = Some(cluster.clock.time());
        let host_ip = host_ip(cluster, node);
        status.host_ips = host_ip.clone().map(|ip| vec![HostIP { ip }]);
        status.host_ip = host_ip.clone();
        if pod.spec.host_network == Some(true) {
            set_pod_ip(&mut status, host_ip);
        }
    }
    let sandbox = work.containers.iter().any(|own| own.state != State::Waiting);
    if sandbox && status.pod_ip.is_none() {
        let ip = cluster.next_pod_ip(node);
        set_pod_ip(&mut status, ip);
    }
    let init_count = pod.spec.init_containers.as_ref().map_or(0, Vec::len);
    let before_init = before.init_container_statuses.as_deref().unwrap_or_default();
    let before_others = before.container_statuses.as_deref().unwrap_or_default();
    let writer = Writer { cluster, teller: Teller { pod, node }, key, has_init: init_count > 0 };
    let mut all = specs(pod).zip(&work.containers);
    let init: Vec<ContainerStatus> = all
        .by_ref()
        .take(init_count)
        .map(|(container, own)| writer.container(container, own, before_init, true))
        .collect();
    let others: Vec<ContainerStatus> =
        all.map(|(container, own)| writer.container(container, own, before_others, false)).collect();
    status.init_container_statuses = (!init.is_empty()).then_some(init);
    status.container_statuses = Some(others);
    let phase = phase(cluster, pod, work);
    status.phase = Some(phase.to_owned());
    let conditions = conditions(cluster, pod, work, phase, sandbox);
    let known = before.conditions.as_deref().unwrap_or_default();
    let now = cluster.clock.time();
    let mut kept: Vec<PodCondition> =
        known.iter().filter(|condition| !OWN.contains(&condition.type_.as_str())).cloned().collect();
    kept.extend(conditions.into_iter().map(|condition| since(condition, known, &now)));
    status.conditions = Some(kept);
    if pod.status.as_ref() != Some(&status)
        && let Some(present) = cluster.store.get::<Pod>(key)
    {
        let written = present.with_status(status);
        cluster.store.put(Arc::new(written));
    }
}

/// A status without what its kubelet writes anew each time: that is most of it, and not worth copying.
fn others_part(status: &PodStatus) -> PodStatus {
    PodStatus {
        allocated_resources: status.allocated_resources.clone(),
        conditions: None,
        container_statuses: None,
        ephemeral_container_statuses: status.ephemeral_container_statuses.clone(),
        extended_resource_claim_status: status.extended_resource_claim_status.clone(),
        host_ip: status.host_ip.clone(),
        host_ips: status.host_ips.clone(),
        init_container_statuses: None,
        message: status.message.clone(),
        node_allocatable_resource_claim_statuses: status.node_allocatable_resource_claim_statuses.clone(),
        nominated_node_name: status.nominated_node_name.clone(),
        observed_generation: status.observed_generation,
        phase: None,
        pod_ip: status.pod_ip.clone(),
        pod_ips: status.pod_ips.clone(),
        qos_class: status.qos_class.clone(),
        reason: status.reason.clone(),
        resize: status.resize.clone(),
        resource_claim_statuses: status.resource_claim_statuses.clone(),
        resources: status.resources.clone(),
        start_time: status.start_time.clone(),
        volume_health: status.volume_health.clone(),
    }
}

/// The kubelet ends a pod of its node for good: its containers are stopped, and the pod has failed.
pub(super) fn fail(cluster: &mut Cluster, key: &ObjectKey, node: &str, reason: &str, message: &str, event: &str) {
    let Some(pod) = cluster.store.get::<Pod>(key).cloned() else { return };
    let teller = Teller { pod: &pod, node };
    let type_ = if event == "DeadlineExceeded" { "Normal" } else { "Warning" };
    teller.tell(cluster, type_, event, message);
    for container in &pod.spec.containers {
        let status = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        let mut running = status.filter(|status| status.state.as_ref().is_some_and(|state| state.running.is_some()));
        if running.any(|status| status.name == container.name) {
            teller.of(cluster, container, "Normal", "Killing", &format!("Stopping container {}", container.name));
        }
    }
    let now = cluster.clock.time();
    let disrupted = cluster.behaviour.disruption_conditions && reason != "DeadlineExceeded";
    cluster.store.update::<Pod>(key, |pod| {
        let before = pod.status.take().unwrap_or_default();
        pod.status = Some(PodStatus {
            phase: Some("Failed".to_owned()),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            start_time: before.start_time,
            qos_class: before.qos_class,
            host_ip: before.host_ip,
            host_ips: before.host_ips,
            conditions: foreign_conditions(before.conditions),
            ..PodStatus::default()
        });
        if disrupted {
            pod::set_condition(pod, "DisruptionTarget", true, Some("TerminationByKubelet"), Some(message), &now);
        }
    });
    if let Some(work) = cluster.kubelets.pods.get_mut(key) {
        for own in &mut Arc::make_mut(work).containers {
            own.state = State::Waiting;
        }
    }
}

/// The conditions that others set.
pub(super) fn foreign_conditions(conditions: Option<Vec<PodCondition>>) -> Option<Vec<PodCondition>> {
    let mut conditions = conditions?;
    conditions.retain(|condition| !OWN.contains(&condition.type_.as_str()));
    (!conditions.is_empty()).then_some(conditions)
}

struct Writer<'a> {
    cluster: &'a Cluster,
    teller: Teller<'a>,
    key: &'a ObjectKey,
    has_init: bool,
}

impl Writer<'_> {
    fn container(
        &self,
        container: &Container,
        own: &ContainerWork,
        before: &[ContainerStatus],
        is_init: bool,
    ) -> ContainerStatus {
        let before = before.iter().find(|status| status.name == container.name);
        let kept = before.filter(|status| {
            // One that was found running has been so since before this run.
            let running = status.state.as_ref().is_some_and(|state| state.running.is_some());
            running && matches!(own.state, State::Running { .. }) && status.restart_count == own.restarts
        });
        let has_run = own.last.is_some() || !matches!(own.state, State::Waiting | State::Pulling { .. });
        let has_image = has_run && !matches!(own.state, State::Failing { .. } | State::NeverPulled);
        ContainerStatus {
            name: container.name.clone(),
            image: image(container).to_owned(),
            image_id: if has_image { image(container).to_owned() } else { String::new() },
            container_id: before.and_then(|status| status.container_id.clone()),
            ready: own.ready || is_init && matches!(own.state, State::Ended(end) if end.code == 0),
            started: Some(own.started),
            restart_count: own.restarts,
            state: Some(
                kept.and_then(|status| status.state.clone()).unwrap_or_else(|| self.state(container, own, before)),
            ),
            last_state: match own.last.filter(|last| own.state != State::Ended(*last)) {
                Some(end) => Some(self.ended(end, before)),
                None => before.and_then(|status| status.last_state.clone()),
            },
            ..ContainerStatus::default()
        }
    }

    fn state(&self, container: &Container, own: &ContainerWork, before: Option<&ContainerStatus>) -> ContainerState {
        let creating = if self.has_init { "PodInitializing" } else { "ContainerCreating" };
        let waits =
            |waiting: ContainerStateWaiting| ContainerState { waiting: Some(waiting), ..ContainerState::default() };
        match &own.state {
            State::Waiting => waits(waiting(creating, None)),
            State::Pulling { .. } | State::Failing { .. } => match (&own.shown, own.last) {
                (Some(Failure { reason: IMAGE_PULL_BACK_OFF, why }), _) => {
                    let mut message = format!("Back-off pulling image \"{}\"", image(container));
                    if self.cluster.behaviour.kubelet.pull_back_off_says_why {
                        message.push_str(&format!(": ErrImagePull: {why}"));
                    }
                    waits(waiting(IMAGE_PULL_BACK_OFF, Some(message)))
                }
                (Some(Failure { reason, why }), _) => waits(waiting(reason, Some(why.clone()))),
                // A container that ran before shows its end until the next one runs.
                (None, Some(end)) => self.ended(end, before),
                (None, None) => waits(waiting(creating, None)),
            },
            State::NeverPulled => {
                let message =
                    format!("Container image \"{}\" is not present with pull policy of Never", image(container));
                waits(waiting("ErrImageNeverPull", Some(message)))
            }
            State::Running { since_ms, .. } => ContainerState {
                running: Some(ContainerStateRunning { started_at: Some(self.cluster.clock.time_at_signed(*since_ms)) }),
                ..ContainerState::default()
            },
            State::Ended(end) => self.ended(*end, before),
            State::BackingOff { .. } => {
                let (delay, pod) =
                    (go_duration(u64::try_from(own.back_off.delay_ms).unwrap_or(0)), self.teller.full_name(self.key));
                let message = format!("back-off {delay} restarting failed container={} pod={pod}", container.name);
                waits(waiting("CrashLoopBackOff", Some(message)))
            }
        }
    }

    /// An end as the status had it before, if that shows it: a dump says more of it than is remembered.
    fn ended(&self, end: End, before: Option<&ContainerStatus>) -> ContainerState {
        let finished = self.cluster.clock.time_at_signed(end.at_ms);
        let mut states = before.into_iter().flat_map(|status| [&status.state, &status.last_state]).flatten();
        let shown = states.find(|state| {
            let terminated = state.terminated.as_ref();
            terminated.is_some_and(|shown| shown.finished_at.as_ref() == Some(&finished) && shown.exit_code == end.code)
        });
        if let Some(shown) = shown {
            return shown.clone();
        }
        ContainerState {
            terminated: Some(ContainerStateTerminated {
                exit_code: end.code,
                reason: Some(end.reason.to_owned()),
                started_at: Some(self.cluster.clock.time_at_signed(end.since_ms)),
                finished_at: Some(finished),
                ..ContainerStateTerminated::default()
            }),
            ..ContainerState::default()
        }
    }
}

/// `getPhase`.
fn phase(cluster: &Cluster, pod: &Pod, work: &PodWork) -> &'static str {
    let init_count = pod.spec.init_containers.as_ref().map_or(0, Vec::len);
    let (init, others) = work.containers.split_at(init_count.min(work.containers.len()));
    let policy = pod.spec.restart_policy.as_deref().unwrap_or("Always");
    for (container, own) in specs(pod).zip(init) {
        let is_sidecar =
            cluster.behaviour.kubelet.sidecar_containers && container.restart_policy.as_deref() == Some("Always");
        match own.state {
            State::Ended(end) if end.code != 0 && policy == "Never" && !is_sidecar => return "Failed",
            State::Ended(end) if end.code == 0 => {}
            _ if is_sidecar && (own.started || own.last.is_some()) => {}
            _ if others.iter().any(|own| own.state != State::Waiting) => {}
            _ => return "Pending",
        }
    }
    let (mut waiting, mut running, mut stopped, mut succeeded) = (0_usize, 0_usize, 0_usize, 0_usize);
    for own in others {
        match own.state {
            State::Running { .. } => running += 1,
            State::Ended(end) => {
                stopped += 1;
                succeeded += usize::from(end.code == 0);
            }
            _ if own.last.is_some() => stopped += 1,
            _ => waiting += 1,
        }
    }
    match (waiting, running, stopped) {
        (1.., ..) => "Pending",
        (0, 1.., _) => "Running",
        (0, 0, 1..) if policy == "Always" => "Running",
        (0, 0, 1..) if stopped == succeeded => "Succeeded",
        (0, 0, 1..) if policy == "Never" => "Failed",
        (0, 0, 1..) => "Running",
        (0, 0, 0) => "Pending",
    }
}

/// The kubelet's conditions in the order it writes them.
fn conditions(cluster: &Cluster, pod: &Pod, work: &PodWork, phase: &str, sandbox: bool) -> Vec<PodCondition> {
    let is_sidecar = |container: &Container| {
        cluster.behaviour.kubelet.sidecar_containers && container.restart_policy.as_deref() == Some("Always")
    };
    let specs: Vec<&Container> = specs(pod).collect();
    let init_count = pod.spec.init_containers.as_ref().map_or(0, Vec::len);
    let done = |index: usize, own: &ContainerWork| match own.state {
        State::Ended(end) => end.code == 0,
        _ => is_sidecar(specs[index]) && (own.started || own.last.is_some()),
    };
    let waiting_init: Vec<&str> = work
        .containers
        .iter()
        .enumerate()
        .take(init_count)
        .filter(|(index, own)| !done(*index, own))
        .map(|(index, _)| specs[index].name.as_str())
        .collect();
    let begun = work.containers.iter().skip(init_count).any(|own| own.state != State::Waiting);
    let unready_sidecars =
        specs.iter().zip(&work.containers).take(init_count).filter(|(spec, own)| is_sidecar(spec) && !own.ready);
    let mut unready: Vec<String> = unready_sidecars.map(|(spec, _)| spec.name.clone()).collect();
    let others = names_of(pod, work, false, |own| !own.ready);
    unready.extend((!others.is_empty()).then_some(others));
    let is_over = matches!(phase, "Succeeded" | "Failed");
    let initialized = if phase == "Succeeded" {
        condition("Initialized", true, Some("PodCompleted"), None)
    } else if waiting_init.is_empty() || begun {
        condition("Initialized", true, None, None)
    } else {
        let message = format!("containers with incomplete status: [{}]", waiting_init.join(" "));
        condition("Initialized", false, Some("ContainersNotInitialized"), Some(message))
    };
    let ready = match phase {
        "Succeeded" => Some(("PodCompleted", None)),
        "Failed" if cluster.behaviour.kubelet.failed_pods_say_so => Some(("PodFailed", None)),
        _ if unready.is_empty() => None,
        _ => {
            let message = format!("containers with unready status: [{}]", unready.join(" "));
            Some(("ContainersNotReady", Some(message)))
        }
    };
    let of = |type_: &str, ready: Option<(&str, Option<String>)>| match ready {
        None => condition(type_, true, None, None),
        Some((reason, message)) => condition(type_, false, Some(reason), message),
    };
    let gates = ready.is_none().then(|| failing_gates(pod)).filter(|faults| !faults.is_empty());
    let gated = gates.map(|faults| ("ReadinessGatesNotReady", Some(faults.join(", "))));
    let mut all = Vec::new();
    if cluster.behaviour.kubelet.ready_to_start_condition {
        all.push(condition("PodReadyToStartContainers", sandbox && !is_over, None, None));
    }
    all.push(initialized);
    all.push(of("Ready", ready.clone().or(gated)));
    all.push(of("ContainersReady", ready));
    all.push(condition("PodScheduled", true, None, None));
    all
}

fn failing_gates(pod: &Pod) -> Vec<String> {
    let gates = pod.spec.readiness_gates.iter().flatten();
    gates
        .filter_map(|gate| {
            let type_ = &gate.condition_type;
            match pod::condition(pod, type_) {
                None => Some(format!("corresponding condition of pod readiness gate \"{type_}\" does not exist.")),
                Some(found) if found.status != "True" => {
                    Some(format!("the status of pod readiness gate \"{type_}\" is not \"True\", but {}", found.status))
                }
                Some(_) => None,
            }
        })
        .collect()
}

fn condition(type_: &str, status: bool, reason: Option<&str>, message: Option<String>) -> PodCondition {
    PodCondition {
        type_: type_.to_owned(),
        status: if status { "True" } else { "False" }.to_owned(),
        reason: reason.map(str::to_owned),
        message,
        ..PodCondition::default()
    }
}

/// The condition with the time since when it has had its status.
fn since(condition: PodCondition, before: &[PodCondition], now: &Time) -> PodCondition {
    let known = before.iter().find(|known| known.type_ == condition.type_ && known.status == condition.status);
    let time = known.and_then(|known| known.last_transition_time.clone()).unwrap_or_else(|| now.clone());
    PodCondition { last_transition_time: Some(time), ..condition }
}

fn set_pod_ip(status: &mut PodStatus, ip: Option<String>) {
    status.pod_ips = ip.clone().map(|ip| vec![PodIP { ip }]);
    status.pod_ip = ip;
}

/// The host IP of pods: the kubelet's own `--node-ip`, else what the Node says.
fn host_ip(cluster: &Cluster, node: &str) -> Option<String> {
    if let Some(ip) = cluster.setup.node_ips.get(node) {
        return Some(ip.clone());
    }
    let node = cluster.store.find::<Node>("", node)?;
    let addresses = node.status.as_ref()?.addresses.as_ref()?;
    addresses.iter().find(|address| address.type_ == "InternalIP").map(|address| address.address.clone())
}
