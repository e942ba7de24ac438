//! Containers and volumes, as pods and pod templates show them (`describeContainers`, `describeVolumes`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStatus, EnvVar, PodSpec, Probe, ProjectedVolumeSource, Volume,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::context::PrintContext;
use super::describe::{Page, or_none};

/// The containers of a pod, or of a template when there are no statuses (indented by one blank more then).
pub(super) fn containers(
    page: &mut Page,
    title: &str,
    containers: &[Container],
    statuses: Option<&[ContainerStatus]>,
    space: &str,
    context: &PrintContext,
) {
    let name_indent = if space.is_empty() { "" } else { " " };
    if containers.is_empty() {
        page.line(0, &format!("{space}{title}: <none>"));
        return;
    }
    page.line(0, &format!("{space}{title}:"));
    for container in containers {
        let status = statuses.unwrap_or_default().iter().find(|status| status.name == container.name);
        page.line(1, &format!("{name_indent}{}:", container.name));
        basic(page, container, status);
        command(page, "Command", container.command.as_deref());
        command(page, "Args", container.args.as_deref());
        if let Some(status) = status {
            state(page, "State", status.state.as_ref(), context);
            if let Some(last) = status.last_state.as_ref().filter(|state| state.terminated.is_some()) {
                state(page, "Last State", Some(last), context);
            }
            page.field(2, "Ready", if status.ready { "True" } else { "False" });
            page.field(2, "Restart Count", &status.restart_count.to_string());
        }
        let resources = container.resources.clone().unwrap_or_default();
        quantities(page, "Limits", resources.limits.as_ref());
        quantities(page, "Requests", resources.requests.as_ref());
        for (title, probe) in [
            ("Liveness", &container.liveness_probe),
            ("Readiness", &container.readiness_probe),
            ("Startup", &container.startup_probe),
        ] {
            if let Some(probe) = probe {
                page.field(2, title, &probe_text(probe));
            }
        }
        environment(page, container);
        mounts(page, container);
    }
}

fn basic(page: &mut Page, container: &Container, status: Option<&ContainerStatus>) {
    if let Some(status) = status {
        page.field(2, "Container ID", status.container_id.as_deref().unwrap_or_default());
    }
    page.field(2, "Image", container.image.as_deref().unwrap_or_default());
    if let Some(status) = status {
        page.field(2, "Image ID", &status.image_id);
    }
    let ports = container.ports.as_deref().unwrap_or_default();
    let list = |number: fn(&k8s_openapi::api::core::v1::ContainerPort) -> i32| -> String {
        let ports = ports.iter().map(|port| format!("{}/{}", number(port), port.protocol.as_deref().unwrap_or("TCP")));
        ports.collect::<Vec<_>>().join(", ")
    };
    let plural = if ports.len() > 1 { "s" } else { "" };
    page.field(2, &format!("Port{plural}"), or_none(Some(&list(|port| port.container_port))));
    page.field(2, &format!("Host Port{plural}"), or_none(Some(&list(|port| port.host_port.unwrap_or(0)))));
}

fn command(page: &mut Page, title: &str, words: Option<&[String]>) {
    let Some(words) = words.filter(|words| !words.is_empty()) else { return };
    page.line(2, &format!("{title}:"));
    for line in words.iter().flat_map(|word| word.split('\n')) {
        page.line(3, line);
    }
}

fn state(page: &mut Page, title: &str, state: Option<&ContainerState>, context: &PrintContext) {
    let state = state.cloned().unwrap_or_default();
    if let Some(running) = state.running {
        page.field(2, title, "Running");
        page.field(3, "Started", &context.local(running.started_at.as_ref()));
    } else if let Some(terminated) = state.terminated {
        page.field(2, title, "Terminated");
        if let Some(reason) = terminated.reason.filter(|reason| !reason.is_empty()) {
            page.field(3, "Reason", &reason);
        }
        if let Some(message) = terminated.message.filter(|message| !message.is_empty()) {
            page.field(3, "Message", &message);
        }
        page.field(3, "Exit Code", &terminated.exit_code.to_string());
        if let Some(signal) = terminated.signal.filter(|signal| *signal > 0) {
            page.field(3, "Signal", &signal.to_string());
        }
        page.field(3, "Started", &context.local(terminated.started_at.as_ref()));
        page.field(3, "Finished", &context.local(terminated.finished_at.as_ref()));
    } else {
        page.field(2, title, "Waiting");
        if let Some(reason) = state.waiting.and_then(|waiting| waiting.reason).filter(|reason| !reason.is_empty()) {
            page.field(3, "Reason", &reason);
        }
    }
}

fn quantities(page: &mut Page, title: &str, list: Option<&BTreeMap<String, Quantity>>) {
    let Some(list) = list.filter(|list| !list.is_empty()) else { return };
    page.line(2, &format!("{title}:"));
    for (name, quantity) in list {
        page.field(3, name, &canonical(quantity));
    }
}

/// A quantity as the API server writes it.
pub(super) fn canonical(quantity: &Quantity) -> String {
    quantity.0.parse::<sim_core::quantity::Quantity>().map_or_else(|_| quantity.0.clone(), |parsed| parsed.to_string())
}

fn probe_text(probe: &Probe) -> String {
    let number = |value: Option<i32>| value.unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number(probe.initial_delay_seconds),
        number(probe.timeout_seconds),
        number(probe.period_seconds),
        number(probe.success_threshold),
        number(probe.failure_threshold)
    );
    let port = |port: &IntOrString| match port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => name.clone(),
    };
    if let Some(exec) = &probe.exec {
        format!("exec [{}] {attributes}", exec.command.as_deref().unwrap_or_default().join(" "))
    } else if let Some(get) = &probe.http_get {
        let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
        let path = get.path.as_deref().unwrap_or_default();
        format!(
            "http-get {scheme}://{}:{}{path} {attributes}",
            get.host.as_deref().unwrap_or_default(),
            port(&get.port)
        )
    } else if let Some(socket) = &probe.tcp_socket {
        format!("tcp-socket {}:{} {attributes}", socket.host.as_deref().unwrap_or_default(), port(&socket.port))
    } else if let Some(grpc) = &probe.grpc {
        format!("grpc <pid>:{} {} {attributes}", grpc.port, grpc.service.as_deref().unwrap_or_default())
    } else {
        format!("unknown {attributes}")
    }
}

fn environment(page: &mut Page, container: &Container) {
    if let Some(sources) = container.env_from.as_deref().filter(|sources| !sources.is_empty()) {
        page.line(2, "Environment Variables from:");
        for source in sources {
            let (name, kind, optional) = match (&source.config_map_ref, &source.secret_ref) {
                (Some(map), _) => (&map.name, "ConfigMap", map.optional),
                (None, Some(secret)) => (&secret.name, "Secret", secret.optional),
                (None, None) => continue,
            };
            let prefix = source.prefix.as_deref().filter(|prefix| !prefix.is_empty());
            let prefix = prefix.map(|prefix| format!(" with prefix '{prefix}'")).unwrap_or_default();
            page.line(3, &format!("{name}\t{kind}{prefix}\tOptional: {}", optional.unwrap_or(false)));
        }
    }
    let variables = container.env.as_deref().unwrap_or_default();
    if variables.is_empty() {
        page.field(2, "Environment", "<none>");
        return;
    }
    page.line(2, "Environment:");
    for variable in variables {
        page.line(3, &variable_text(variable));
    }
}

fn variable_text(variable: &EnvVar) -> String {
    let name = &variable.name;
    let Some(from) = &variable.value_from else {
        let value = variable.value.as_deref().unwrap_or_default();
        // The further lines of a value are put below its first.
        return format!("{name}:\t{}", value.replace('\n', "\n      \t"));
    };
    if let Some(field) = &from.field_ref {
        format!("{name}:\t ({}:{})", field.api_version.as_deref().unwrap_or("v1"), field.field_path)
    } else if let Some(resource) = &from.resource_field_ref {
        format!("{name}:\t ({})", resource.resource)
    } else if let Some(secret) = &from.secret_key_ref {
        format!(
            "{name}:\t<set to the key '{}' in secret '{}'>\tOptional: {}",
            secret.key,
            secret.name,
            secret.optional.unwrap_or(false)
        )
    } else if let Some(map) = &from.config_map_key_ref {
        format!(
            "{name}:\t<set to the key '{}' of config map '{}'>\tOptional: {}",
            map.key,
            map.name,
            map.optional.unwrap_or(false)
        )
    } else {
        format!("{name}:\t")
    }
}

fn mounts(page: &mut Page, container: &Container) {
    let mut mounts: Vec<_> = container.volume_mounts.iter().flatten().collect();
    if mounts.is_empty() {
        page.field(2, "Mounts", "<none>");
        return;
    }
    mounts.sort_by_key(|mount| &mount.mount_path);
    page.line(2, "Mounts:");
    for mount in mounts {
        let mut flags = vec![if mount.read_only == Some(true) { "ro".to_owned() } else { "rw".to_owned() }];
        if let Some(path) = mount.sub_path.as_deref().filter(|path| !path.is_empty()) {
            flags.push(format!("path=\"{path}\""));
        }
        page.line(3, &format!("{} from {} ({})", mount.mount_path, mount.name, flags.join(",")));
    }
}

/// The volumes of a pod or of a template.
pub(super) fn volumes(page: &mut Page, spec: &PodSpec, space: &str) {
    let volumes = spec.volumes.as_deref().unwrap_or_default();
    if volumes.is_empty() {
        page.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    page.line(0, &format!("{space}Volumes:"));
    let name_indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        page.line(1, &format!("{name_indent}{}:", volume.name));
        for (title, value) in volume_fields(volume) {
            page.field(2, title, &value);
        }
    }
}

fn volume_fields(volume: &Volume) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let flag = |flag: Option<bool>| flag.unwrap_or(false).to_string();
    let with_type = |type_: &str, mut fields: Vec<(&'static str, String)>| {
        fields.insert(0, ("Type", type_.to_owned()));
        fields
    };
    if let Some(source) = &volume.host_path {
        with_type(
            "HostPath (bare host directory volume)",
            vec![("Path", source.path.clone()), ("HostPathType", text(&source.type_))],
        )
    } else if let Some(source) = &volume.empty_dir {
        let limit = source.size_limit.as_ref().map_or_else(|| "<unset>".to_owned(), canonical);
        with_type(
            "EmptyDir (a temporary directory that shares a pod's lifetime)",
            vec![("Medium", text(&source.medium)), ("SizeLimit", limit)],
        )
    } else if let Some(source) = &volume.secret {
        with_type(
            "Secret (a volume populated by a Secret)",
            vec![("SecretName", text(&source.secret_name)), ("Optional", flag(source.optional))],
        )
    } else if let Some(source) = &volume.config_map {
        with_type(
            "ConfigMap (a volume populated by a ConfigMap)",
            vec![("Name", source.name.clone()), ("Optional", flag(source.optional))],
        )
    } else if let Some(source) = &volume.persistent_volume_claim {
        with_type(
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            vec![("ClaimName", source.claim_name.clone()), ("ReadOnly", flag(source.read_only))],
        )
    } else if let Some(source) = &volume.projected {
        with_type("Projected (a volume that contains injected data from multiple sources)", projected_fields(source))
    } else if let Some(source) = &volume.nfs {
        with_type(
            "NFS (an NFS mount that lasts the lifetime of a pod)",
            vec![
                ("Server", source.server.clone()),
                ("Path", source.path.clone()),
                ("ReadOnly", flag(source.read_only)),
            ],
        )
    } else if let Some(source) = &volume.csi {
        with_type(
            "CSI (a Container Storage Interface (CSI) volume source)",
            vec![
                ("Driver", source.driver.clone()),
                ("FSType", text(&source.fs_type)),
                ("ReadOnly", flag(source.read_only)),
            ],
        )
    } else if let Some(source) = &volume.downward_api {
        let mut fields = vec![("Items", String::new())];
        fields.extend(source.items.iter().flatten().filter_map(|item| {
            let path = item.field_ref.as_ref()?.field_path.clone();
            Some(("  ", format!("{path} -> {}", item.path)))
        }));
        with_type("DownwardAPI (a volume populated by information about the pod)", fields)
    } else {
        vec![("<unknown>", String::new())]
    }
}

fn projected_fields(source: &ProjectedVolumeSource) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    for source in source.sources.iter().flatten() {
        let optional =
            |optional: Option<bool>| optional.map_or_else(|| "<nil>".to_owned(), |optional| optional.to_string());
        if let Some(secret) = &source.secret {
            fields.push(("SecretName", secret.name.clone()));
            fields.push(("SecretOptionalName", optional(secret.optional)));
        } else if source.downward_api.is_some() {
            fields.push(("DownwardAPI", "true".to_owned()));
        } else if let Some(map) = &source.config_map {
            fields.push(("ConfigMapName", map.name.clone()));
            fields.push(("ConfigMapOptional", optional(map.optional)));
        } else if let Some(token) = &source.service_account_token {
            fields.push(("TokenExpirationSeconds", token.expiration_seconds.unwrap_or(3600).to_string()));
        }
    }
    fields
}

/// A label selector as kubectl writes it: `a=b,c in (d,e),!f`; `<none>` for one that selects everything.
pub(super) fn selector_text(selector: &LabelSelector) -> String {
    let mut parts: Vec<String> =
        selector.match_labels.iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    for requirement in selector.match_expressions.iter().flatten() {
        let values = requirement.values.clone().unwrap_or_default().join(",");
        parts.push(match requirement.operator.as_str() {
            "Exists" => requirement.key.clone(),
            "DoesNotExist" => format!("!{}", requirement.key),
            "NotIn" => format!("{} notin ({values})", requirement.key),
            _ => format!("{} in ({values})", requirement.key),
        });
    }
    parts.sort();
    if parts.is_empty() { "<none>".to_owned() } else { parts.join(",") }
}
