//! What the baseline level forbids (`policy/check_*.go`), in the order of the checks' names.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, LifecycleHandler, Probe, SELinuxOptions, SecurityContext};

use super::{Subject, Violation, plural, quoted, setters, these, violation};

const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The sysctls that are safe, each with the minor since which it is.
const SYSCTLS: [(&str, u32); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// All checks, or for a restricted namespace those that it does not replace by stricter ones.
pub(super) fn violations(subject: &Subject<'_>, restricted: bool) -> Vec<Violation> {
    let proc_mount_is_replaced = restricted && subject.minor >= 35;
    [
        app_armor(subject),
        if restricted && subject.minor >= 22 { None } else { capabilities(subject) },
        host_namespaces(subject),
        if restricted { None } else { host_paths(subject) },
        host_ports(subject),
        if subject.minor >= 34 { probe_hosts(subject) } else { None },
        privileged(subject),
        if proc_mount_is_replaced || (subject.minor >= 35 && subject.has_own_users()) {
            None
        } else {
            proc_mount(subject)
        },
        se_linux(subject),
        if restricted && subject.minor >= 19 { None } else { seccomp(subject) },
        sysctls(subject),
        host_process(subject),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn context(container: &Container) -> Option<&SecurityContext> {
    container.security_context.as_ref()
}

/// The fields are looked at since 1.30, whatever the policy's version.
fn app_armor(subject: &Subject<'_>) -> Option<Violation> {
    let annotations = subject.metadata.annotations.iter().flatten();
    let forbidden: Vec<String> = annotations
        .filter(|(key, value)| {
            let allowed = value.is_empty() || *value == "runtime/default" || value.starts_with("localhost/");
            key.starts_with(APP_ARMOR) && !allowed
        })
        .map(|(key, value)| format!("{key}=\"{value}\""))
        .collect();
    let reason = |count| plural(count, "forbidden AppArmor profile", "forbidden AppArmor profiles");
    if subject.server_minor < 30 {
        return (!forbidden.is_empty()).then(|| violation(reason(forbidden.len()), forbidden.join(", ")))?;
    }
    let bad = |type_: &str| !matches!(type_, "RuntimeDefault" | "Localhost");
    let of_pod = subject.spec.security_context.as_ref().and_then(|own| own.app_armor_profile.as_ref());
    let of_pod = of_pod.map(|profile| profile.type_.as_str()).filter(|type_| bad(type_));
    let of = |container: &Container| {
        let profile = context(container)?.app_armor_profile.as_ref()?;
        Some(profile.type_.clone()).filter(|type_| bad(type_))
    };
    let containers = subject.named(|container| of(container).is_some());
    let mut values: BTreeSet<String> = subject.containers().filter_map(of).collect();
    values.extend(of_pod.map(str::to_owned));
    let mut who: Vec<String> = setters(of_pod.is_some(), &containers).into_iter().collect();
    if !forbidden.is_empty() {
        who.push(plural(forbidden.len(), "annotation", "annotations").to_owned());
    }
    let values: Vec<String> = values.into_iter().chain(forbidden).collect();
    if who.is_empty() {
        return None;
    }
    // Go quotes the quotes that an annotation's text brings.
    let said: Vec<String> = values.iter().map(|value| value.replace('"', "\\\"")).collect();
    violation(
        reason(values.len()),
        format!("{} must not set AppArmor profile type to {}", who.join(" and "), quoted(said)),
    )
}

fn added(container: &Container) -> impl Iterator<Item = &String> {
    context(container).and_then(|own| own.capabilities.as_ref()).into_iter().flat_map(|own| own.add.iter().flatten())
}

fn capabilities(subject: &Subject<'_>) -> Option<Violation> {
    let bad = |capability: &&String| !CAPABILITIES.contains(&capability.as_str());
    let containers = subject.named(|container| added(container).any(|capability| bad(&capability)));
    let forbidden: BTreeSet<&String> = subject.containers().flat_map(added).filter(bad).collect();
    if containers.is_empty() {
        return None;
    }
    let detail =
        format!("{} must not include {} in securityContext.capabilities.add", these(&containers), quoted(forbidden));
    violation("non-default capabilities", detail)
}

fn host_namespaces(subject: &Subject<'_>) -> Option<Violation> {
    let spec = subject.spec;
    // In the order of their names.
    let used = [("hostIPC", spec.host_ipc), ("hostNetwork", spec.host_network), ("hostPID", spec.host_pid)];
    let used: Vec<&str> = used.into_iter().filter(|(_, on)| *on == Some(true)).map(|(name, _)| name).collect();
    if used.is_empty() { None } else { violation("host namespaces", used.join(", ")) }
}

fn host_paths(subject: &Subject<'_>) -> Option<Violation> {
    let volumes = subject.spec.volumes.iter().flatten().filter(|volume| volume.host_path.is_some());
    let volumes: Vec<&str> = volumes.map(|volume| volume.name.as_str()).collect();
    if volumes.is_empty() {
        return None;
    }
    violation("hostPath volumes", format!("{} {}", plural(volumes.len(), "volume", "volumes"), quoted(volumes)))
}

fn host_ports(subject: &Subject<'_>) -> Option<Violation> {
    let ports = |container: &Container| -> Vec<String> {
        let ports = container.ports.iter().flatten().filter_map(|port| port.host_port).filter(|port| *port != 0);
        ports.map(|port| port.to_string()).collect()
    };
    let containers = subject.named(|container| !ports(container).is_empty());
    let used: BTreeSet<String> = subject.containers().flat_map(ports).collect();
    if containers.is_empty() {
        return None;
    }
    let uses = plural(containers.len(), "uses", "use");
    let what = plural(used.len(), "hostPort", "hostPorts");
    let used: Vec<String> = used.into_iter().collect();
    violation("hostPort", format!("{} {uses} {what} {}", these(&containers), used.join(", ")))
}

fn probe_hosts(subject: &Subject<'_>) -> Option<Violation> {
    let of_probe = |probe: Option<&Probe>| {
        let http = probe.and_then(|probe| probe.http_get.as_ref()?.host.clone());
        let tcp = probe.and_then(|probe| probe.tcp_socket.as_ref()?.host.clone());
        [http, tcp]
    };
    let of_handler = |handler: Option<&LifecycleHandler>| {
        let http = handler.and_then(|handler| handler.http_get.as_ref()?.host.clone());
        let tcp = handler.and_then(|handler| handler.tcp_socket.as_ref()?.host.clone());
        [http, tcp]
    };
    let hosts = |container: &Container| -> Vec<String> {
        let lifecycle = container.lifecycle.as_ref();
        [
            of_probe(container.liveness_probe.as_ref()),
            of_probe(container.readiness_probe.as_ref()),
            of_probe(container.startup_probe.as_ref()),
            of_handler(lifecycle.and_then(|lifecycle| lifecycle.post_start.as_ref())),
            of_handler(lifecycle.and_then(|lifecycle| lifecycle.pre_stop.as_ref())),
        ]
        .into_iter()
        .flatten()
        .flatten()
        .filter(|host| !host.is_empty())
        .collect()
    };
    let containers: BTreeSet<&str> = subject.named(|container| !hosts(container).is_empty()).into_iter().collect();
    let containers: Vec<&str> = containers.into_iter().collect();
    let used: BTreeSet<String> = subject.containers().flat_map(hosts).collect();
    if containers.is_empty() {
        return None;
    }
    let uses = plural(containers.len(), "uses", "use");
    let what = plural(used.len(), "probe or lifecycle host", "probe or lifecycle hosts");
    violation("probe or lifecycle host", format!("{} {uses} {what} {}", these(&containers), quoted(used)))
}

fn privileged(subject: &Subject<'_>) -> Option<Violation> {
    let containers = subject.named(|container| context(container).is_some_and(|own| own.privileged == Some(true)));
    if containers.is_empty() {
        return None;
    }
    violation("privileged", format!("{} must not set securityContext.privileged=true", these(&containers)))
}

/// Masks of /proc other than the default ones.
pub(super) fn proc_mount(subject: &Subject<'_>) -> Option<Violation> {
    let of = |container: &Container| {
        context(container).and_then(|own| own.proc_mount.clone()).filter(|mount| mount != "Default")
    };
    let containers = subject.named(|container| of(container).is_some());
    let used: BTreeSet<String> = subject.containers().filter_map(of).collect();
    if containers.is_empty() {
        return None;
    }
    let detail = format!("{} must not set securityContext.procMount to {}", these(&containers), quoted(used));
    violation("procMount", detail)
}

fn se_linux(subject: &Subject<'_>) -> Option<Violation> {
    let type_of = |options: &SELinuxOptions| options.type_.clone().unwrap_or_default();
    let bad_type = |options: &SELinuxOptions| match type_of(options).as_str() {
        "" | "container_t" | "container_init_t" | "container_kvm_t" => false,
        "container_engine_t" => subject.minor < 31,
        _ => true,
    };
    let set = |field: &Option<String>| field.as_ref().is_some_and(|value| !value.is_empty());
    let bad = |options: &&SELinuxOptions| bad_type(options) || set(&options.user) || set(&options.role);
    let of_pod = subject.spec.security_context.as_ref().and_then(|own| own.se_linux_options.as_ref()).filter(bad);
    let of = |container: &Container| context(container).and_then(|own| own.se_linux_options.clone());
    let containers = subject.named(|container| of(container).as_ref().is_some_and(|options| bad(&options)));
    let who = setters(of_pod.is_some(), &containers)?;
    let all: Vec<SELinuxOptions> = of_pod.cloned().into_iter().chain(subject.containers().filter_map(of)).collect();
    let types: BTreeSet<String> = all.iter().filter(|options| bad_type(options)).map(type_of).collect();
    let mut what = Vec::new();
    if !types.is_empty() {
        what.push(format!("{} {}", plural(types.len(), "type", "types"), quoted(types)));
    }
    if all.iter().any(|options| set(&options.user)) {
        what.push("user may not be set".to_owned());
    }
    if all.iter().any(|options| set(&options.role)) {
        what.push("role may not be set".to_owned());
    }
    violation("seLinuxOptions", format!("{who} set forbidden securityContext.seLinuxOptions: {}", what.join("; ")))
}

/// Profiles that are set and are none of the two that confine.
pub(super) fn seccomp(subject: &Subject<'_>) -> Option<Violation> {
    if subject.minor < 19 {
        return None;
    }
    let bad = |type_: &String| !matches!(type_.as_str(), "RuntimeDefault" | "Localhost");
    let of_pod = subject.spec.security_context.as_ref().and_then(|own| own.seccomp_profile.as_ref());
    let of_pod = of_pod.map(|profile| profile.type_.clone()).filter(bad);
    let of = |container: &Container| {
        context(container).and_then(|own| own.seccomp_profile.as_ref()).map(|profile| profile.type_.clone()).filter(bad)
    };
    let containers = subject.named(|container| of(container).is_some());
    let who = setters(of_pod.is_some(), &containers)?;
    let values: BTreeSet<String> = of_pod.into_iter().chain(subject.containers().filter_map(of)).collect();
    violation("seccompProfile", format!("{who} must not set securityContext.seccompProfile.type to {}", quoted(values)))
}

fn sysctls(subject: &Subject<'_>) -> Option<Violation> {
    let safe = |name: &str| SYSCTLS.iter().any(|(safe, since)| *safe == name && *since <= subject.minor);
    let set = subject.spec.security_context.as_ref().and_then(|own| own.sysctls.as_ref());
    let names = set.into_iter().flatten().map(|sysctl| sysctl.name.as_str());
    let forbidden: Vec<&str> = names.filter(|name| !safe(name)).collect();
    if forbidden.is_empty() { None } else { violation("forbidden sysctls", forbidden.join(", ")) }
}

fn host_process(subject: &Subject<'_>) -> Option<Violation> {
    let of_pod = subject.spec.security_context.as_ref().and_then(|own| own.windows_options.as_ref()?.host_process);
    let containers = subject
        .named(|container| context(container).and_then(|own| own.windows_options.as_ref()?.host_process) == Some(true));
    let who = setters(of_pod == Some(true), &containers)?;
    violation("hostProcess", format!("{who} must not set securityContext.windowsOptions.hostProcess=true"))
}
