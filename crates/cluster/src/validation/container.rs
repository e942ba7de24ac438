//! Containers (`validateContainers`, `validateInitContainers` of pkg/apis/core/validation).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, ContainerPort, Probe, ResourceRequirements, VolumeMount};
use sim_core::quantity::Quantity;

use super::field::{Faults, Path};
use super::names;
use super::pod::Volumes;
use crate::behaviour::Behaviour;

/// The containers that run together.
pub(super) fn containers(
    faults: &mut Faults,
    path: &Path<'_>,
    containers: &[Container],
    volumes: &Volumes<'_>,
    rules: &Behaviour,
) {
    if containers.is_empty() {
        faults.required(path, "");
        return;
    }
    let mut host_ports = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        common(faults, &path, container, volumes, rules);
        if containers.iter().take(index).any(|other| other.name == container.name) {
            faults.duplicate(&path.child("name"), &container.name);
        }
        probes(faults, &path, container);
    }
    for (index, container) in containers.iter().enumerate() {
        unique_host_ports(faults, &path.index(index), container, &mut host_ports);
    }
}

/// The containers that run before them.
pub(super) fn init_containers(
    faults: &mut Faults,
    path: &Path<'_>,
    (init, regular): (&[Container], &[Container]),
    volumes: &Volumes<'_>,
    rules: &Behaviour,
) {
    for (index, container) in init.iter().enumerate() {
        let path = path.index(index);
        common(faults, &path, container, volumes, rules);
        let others = regular.iter().chain(init.iter().take(index));
        if !container.name.is_empty() && others.into_iter().any(|other| other.name == container.name) {
            faults.duplicate(&path.child("name"), &container.name);
        }
        unique_host_ports(faults, &path, container, &mut BTreeSet::new());
        if container.restart_policy.as_deref() == Some("Always") {
            probes(faults, &path, container);
        }
    }
}

/// `validateContainerCommon`.
fn common(faults: &mut Faults, path: &Path<'_>, container: &Container, volumes: &Volumes<'_>, rules: &Behaviour) {
    if container.name.is_empty() {
        faults.required(&path.child("name"), "");
    } else {
        names::dns_label(faults, &path.child("name"), &container.name, rules.rfc_1123);
    }
    if container.image.as_deref().unwrap_or_default().is_empty() {
        faults.required(&path.child("image"), "");
    }
    ports(faults, &path.child("ports"), container.ports.as_deref().unwrap_or_default());
    for (index, variable) in container.env.iter().flatten().enumerate() {
        if variable.name.is_empty() {
            faults.required(&path.child("env").index(index).child("name"), "");
        }
    }
    mounts(faults, &path.child("volumeMounts"), container.volume_mounts.as_deref().unwrap_or_default(), volumes);
    for (index, device) in container.volume_devices.iter().flatten().enumerate() {
        if !volumes.contains(device.name.as_str()) {
            faults.not_found(&path.child("volumeDevices").index(index).child("name"), &device.name);
        }
    }
    let policies = ["Always", "IfNotPresent", "Never"];
    faults.one_of(&path.child("imagePullPolicy"), container.image_pull_policy.as_deref(), &policies);
    if let Some(resources) = &container.resources {
        self::resources(faults, &path.child("resources"), resources, rules);
    }
}

/// `validateContainerPorts`.
fn ports(faults: &mut Faults, path: &Path<'_>, ports: &[ContainerPort]) {
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        if let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            let wrong = port_name_faults(name);
            for why in &wrong {
                faults.invalid(&path.child("name"), format!("{name:?}"), why);
            }
            if wrong.is_empty() && !seen.insert(name) {
                faults.duplicate(&path.child("name"), name);
            }
        }
        match port.container_port {
            0 => faults.required(&path.child("containerPort"), ""),
            number => port_number(faults, &path.child("containerPort"), number),
        }
        if let Some(number) = port.host_port.filter(|number| *number != 0) {
            port_number(faults, &path.child("hostPort"), number);
        }
        faults.one_of(&path.child("protocol"), port.protocol.as_deref(), &["SCTP", "TCP", "UDP"]);
    }
}

pub(super) fn port_number(faults: &mut Faults, path: &Path<'_>, number: i32) {
    if !(1..=65535).contains(&number) {
        faults.invalid(path, number, "must be between 1 and 65535, inclusive");
    }
}

/// `IsValidPortName`.
pub(super) fn port_name_faults(name: &str) -> Vec<String> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let rules = [
        (name.len() > 15, names::too_long(15)),
        (
            !name.bytes().all(is_allowed),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        ),
        (!name.bytes().any(|byte| byte.is_ascii_lowercase()), "must contain at least one letter (a-z)".to_owned()),
        (name.contains("--"), "must not contain consecutive hyphens".to_owned()),
        (name.starts_with('-') || name.ends_with('-'), "must not begin or end with a hyphen".to_owned()),
    ];
    rules.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, why)| why).collect()
}

/// `checkHostPortConflicts`.
fn unique_host_ports<'a>(
    faults: &mut Faults,
    path: &Path<'_>,
    container: &'a Container,
    seen: &mut BTreeSet<(&'a str, &'a str, i32)>,
) {
    for (index, port) in container.ports.iter().flatten().enumerate() {
        let Some(number) = port.host_port.filter(|number| *number != 0) else { continue };
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        let address = port.host_ip.as_deref().unwrap_or_default();
        if !seen.insert((protocol, address, number)) {
            let path = path.child("ports");
            faults.duplicate(&path.index(index).child("hostPort"), &format!("{protocol}/{address}/{number}"));
        }
    }
}

/// `ValidateVolumeMounts`.
fn mounts(faults: &mut Faults, path: &Path<'_>, mounts: &[VolumeMount], volumes: &Volumes<'_>) {
    for (index, mount) in mounts.iter().enumerate() {
        let path = path.index(index);
        if mount.name.is_empty() {
            faults.required(&path.child("name"), "");
        }
        if !volumes.contains(mount.name.as_str()) {
            faults.not_found(&path.child("name"), &mount.name);
        }
        if mount.mount_path.is_empty() {
            faults.required(&path.child("mountPath"), "");
        }
        if mounts.iter().take(index).any(|other| other.mount_path == mount.mount_path) {
            faults.invalid(&path.child("mountPath"), format!("{:?}", mount.mount_path), "must be unique");
        }
    }
}

/// `ValidateResourceRequirements`.
pub(super) fn resources(faults: &mut Faults, path: &Path<'_>, resources: &ResourceRequirements, rules: &Behaviour) {
    let read = |text: &str| text.parse::<Quantity>().ok();
    for (field, list) in [("limits", &resources.limits), ("requests", &resources.requests)] {
        let path = path.child(field);
        for (name, amount) in list.iter().flatten() {
            if read(&amount.0).is_some_and(|amount| amount < Quantity::default()) {
                let why = "must be greater than or equal to 0";
                faults.invalid(&path.key(name), format!("{:?}", amount.0), why);
            }
        }
    }
    let Some(limits) = &resources.limits else { return };
    for (name, request) in resources.requests.iter().flatten() {
        let limit = limits.get(name).and_then(|limit| read(&limit.0));
        if let (Some(amount), Some(limit)) = (read(&request.0), limit)
            && amount > limit
        {
            let of = if rules.request_faults_name_limit { format!(" of {limit}") } else { String::new() };
            let why = format!("must be less than or equal to {name} limit{of}");
            faults.invalid(&path.child("requests"), format!("{:?}", request.0), &why);
        }
    }
}

/// `validateProbe` of each, and that what only counts failures needs one success.
fn probes(faults: &mut Faults, path: &Path<'_>, container: &Container) {
    let probes = [
        ("livenessProbe", &container.liveness_probe),
        ("readinessProbe", &container.readiness_probe),
        ("startupProbe", &container.startup_probe),
    ];
    for (field, probe) in probes {
        let (path, Some(probe)) = (path.child(field), probe) else { continue };
        self::probe(faults, &path, probe);
        if field != "readinessProbe"
            && let Some(successes) = probe.success_threshold.filter(|successes| *successes != 1)
        {
            faults.invalid(&path.child("successThreshold"), successes, "must be 1");
        }
    }
}

fn probe(faults: &mut Faults, path: &Path<'_>, probe: &Probe) {
    if probe.exec.is_none() && probe.http_get.is_none() && probe.tcp_socket.is_none() && probe.grpc.is_none() {
        faults.required(path, "must specify a handler type");
    }
    faults.non_negative(&path.child("initialDelaySeconds"), probe.initial_delay_seconds);
    faults.non_negative(&path.child("timeoutSeconds"), probe.timeout_seconds);
    faults.non_negative(&path.child("periodSeconds"), probe.period_seconds);
    faults.non_negative(&path.child("successThreshold"), probe.success_threshold);
    faults.non_negative(&path.child("failureThreshold"), probe.failure_threshold);
}
