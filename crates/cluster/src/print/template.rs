//! Containers and volumes, as pods and pod templates show them (`describeContainers`, `describeVolumes`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStatus, EnvVar, PodSpec, Probe, ProjectedVolumeSource, ResourceFieldSelector,
    TopologySpreadConstraint, Volume,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::context::PrintContext;
use super::describe::{Page, or_none};
use super::table::format_labels;

/// The containers of a pod, or of a template when there are no statuses (indented by one blank more then).
pub(super) fn containers(
    page: &mut Page,
    title: &str,
    containers: &[Container],
    statuses: Option<&[ContainerStatus]>,
    space: &str,
    of_pod: Option<&ObjectMeta>,
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
        basic(page, container, status, context);
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
                page.field(2, title, &probe_text(probe, context));
            }
        }
        environment(page, container, of_pod);
        mounts(page, container);
    }
}

fn basic(page: &mut Page, container: &Container, status: Option<&ContainerStatus>, context: &PrintContext) {
    if let Some(status) = status {
        page.field(2, "Container ID", status.container_id.as_deref().unwrap_or_default());
    }
    page.field(2, "Image", container.image.as_deref().unwrap_or_default());
    if let Some(status) = status {
        page.field(2, "Image ID", &status.image_id);
    }
    let ports = container.ports.as_deref().unwrap_or_default();
    let list = |number: fn(&k8s_openapi::api::core::v1::ContainerPort) -> i32| -> String {
        let ports = ports.iter().map(|port| {
            let name = port.name.as_deref().filter(|name| context.layout.port_names && !name.is_empty());
            let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
            format!("{}/{}{name}", number(port), port.protocol.as_deref().unwrap_or("TCP"))
        });
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

fn probe_text(probe: &Probe, context: &PrintContext) -> String {
    let number = |value: Option<i32>| value.unwrap_or(0);
    let (success, failure) =
        if context.layout.port_names { ("successThreshold", "failureThreshold") } else { ("#success", "#failure") };
    let attributes = format!(
        "delay={}s timeout={}s period={}s {success}={} {failure}={}",
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

fn environment(page: &mut Page, container: &Container, of_pod: Option<&ObjectMeta>) {
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
        page.line(3, &variable_text(variable, container, of_pod));
    }
}

fn variable_text(variable: &EnvVar, container: &Container, of_pod: Option<&ObjectMeta>) -> String {
    let name = &variable.name;
    let Some(from) = &variable.value_from else {
        let value = variable.value.as_deref().unwrap_or_default();
        // The further lines of a value are put below its first.
        return format!("{name}:\t{}", value.replace('\n', "\n      \t"));
    };
    if let Some(field) = &from.field_ref {
        let value = of_pod.and_then(|pod| metadata_field(pod, &field.field_path)).unwrap_or_default();
        format!("{name}:\t{value} ({}:{})", field.api_version.as_deref().unwrap_or("v1"), field.field_path)
    } else if let Some(resource) = &from.resource_field_ref {
        let value = match resource_field(container, resource) {
            0 if matches!(resource.resource.as_str(), "limits.cpu" | "limits.memory") => "node allocatable".to_owned(),
            amount => amount.to_string(),
        };
        format!("{name}:\t{value} ({})", resource.resource)
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

/// A field of a pod's metadata as a variable gets it (`fieldpath.ExtractFieldPathAsString`).
fn metadata_field(pod: &ObjectMeta, path: &str) -> Option<String> {
    let key = |path: &str, of: &str| path.strip_prefix(of)?.strip_prefix("['")?.strip_suffix("']").map(str::to_owned);
    match path {
        "metadata.name" => pod.name.clone(),
        "metadata.namespace" => pod.namespace.clone(),
        "metadata.uid" => pod.uid.clone(),
        _ => key(path, "metadata.labels")
            .and_then(|key| pod.labels.as_ref()?.get(&key).cloned())
            .or_else(|| key(path, "metadata.annotations").and_then(|key| pod.annotations.as_ref()?.get(&key).cloned())),
    }
}

/// How much of a resource a variable says, rounded up (`ExtractContainerResourceValue`).
fn resource_field(container: &Container, field: &ResourceFieldSelector) -> i64 {
    let resources = container.resources.clone().unwrap_or_default();
    let Some((of, name)) = field.resource.split_once('.') else { return 0 };
    let list = if of == "limits" { resources.limits } else { resources.requests };
    let parse = |quantity: &Quantity| quantity.0.parse::<sim_core::quantity::Quantity>().ok();
    let Some(amount) = list.and_then(|list| parse(list.get(name)?)) else { return 0 };
    let divisor = field.divisor.as_ref().and_then(parse).filter(|divisor| !divisor.is_zero());
    let value = |quantity: &sim_core::quantity::Quantity| {
        if name == "cpu" { quantity.milli_value() } else { quantity.value() }
    };
    let divisor = divisor.map_or(if name == "cpu" { 1000 } else { 1 }, |divisor| value(&divisor).max(1));
    let (amount, whole) = (value(&amount), value(&amount) / divisor);
    whole + i64::from(amount % divisor > 0)
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
pub(super) fn volumes(page: &mut Page, spec: &PodSpec, space: &str, context: &PrintContext) {
    let volumes = spec.volumes.as_deref().unwrap_or_default();
    if volumes.is_empty() {
        page.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    page.line(0, &format!("{space}Volumes:"));
    let name_indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        page.line(1, &format!("{name_indent}{}:", volume.name));
        volume_source(page, volume, context);
    }
}

fn volume_source(page: &mut Page, volume: &Volume, context: &PrintContext) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let flag = |flag: Option<bool>| flag.unwrap_or(false).to_string();
    let mut fields = |type_: &str, fields: &[(&str, String)]| {
        page.field(2, "Type", type_);
        fields.iter().for_each(|(title, value)| page.field(2, title, value));
    };
    if let Some(source) = &volume.host_path {
        fields(
            "HostPath (bare host directory volume)",
            &[("Path", source.path.clone()), ("HostPathType", text(&source.type_))],
        );
    } else if let Some(source) = &volume.empty_dir {
        let limit = source.size_limit.as_ref().filter(|limit| canonical(limit) != "0");
        let limit = limit.map_or_else(|| "<unset>".to_owned(), canonical);
        fields(
            "EmptyDir (a temporary directory that shares a pod's lifetime)",
            &[("Medium", text(&source.medium)), ("SizeLimit", limit)],
        );
    } else if let Some(source) = &volume.secret {
        fields(
            "Secret (a volume populated by a Secret)",
            &[("SecretName", text(&source.secret_name)), ("Optional", flag(source.optional))],
        );
    } else if let Some(source) = &volume.config_map {
        fields(
            "ConfigMap (a volume populated by a ConfigMap)",
            &[("Name", source.name.clone()), ("Optional", flag(source.optional))],
        );
    } else if let Some(source) = &volume.persistent_volume_claim {
        fields(
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            &[("ClaimName", source.claim_name.clone()), ("ReadOnly", flag(source.read_only))],
        );
    } else if let Some(source) = &volume.projected {
        fields(
            "Projected (a volume that contains injected data from multiple sources)",
            &projected_fields(source, context),
        );
    } else if let Some(source) = &volume.nfs {
        fields(
            "NFS (an NFS mount that lasts the lifetime of a pod)",
            &[("Server", source.server.clone()), ("Path", source.path.clone()), ("ReadOnly", flag(source.read_only))],
        );
    } else if let Some(source) = &volume.aws_elastic_block_store {
        fields(
            "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
            &[
                ("VolumeID", source.volume_id.clone()),
                ("FSType", text(&source.fs_type)),
                ("Partition", source.partition.unwrap_or(0).to_string()),
                ("ReadOnly", flag(source.read_only)),
            ],
        );
    } else if let Some(source) = &volume.gce_persistent_disk {
        fields(
            "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
            &[
                ("PDName", source.pd_name.clone()),
                ("FSType", text(&source.fs_type)),
                ("Partition", source.partition.unwrap_or(0).to_string()),
                ("ReadOnly", flag(source.read_only)),
            ],
        );
    } else if let Some(source) = &volume.csi {
        fields(
            "CSI (a Container Storage Interface (CSI) volume source)",
            &[
                ("Driver", source.driver.clone()),
                ("FSType", text(&source.fs_type)),
                ("ReadOnly", flag(source.read_only)),
            ],
        );
        attributes(page, source.volume_attributes.as_ref());
    } else if let Some(source) = &volume.ephemeral {
        fields(
            "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
            &[],
        );
        if let Some(template) = &source.volume_claim_template {
            let metadata = template.metadata.clone().unwrap_or_default();
            page.field(2, "StorageClass", template.spec.storage_class_name.as_deref().unwrap_or_default());
            page.field(2, "Volume", "");
            // kubectl indents what stands behind these titles once more.
            page.field(2, "Labels", &format!("    {}", format_labels(metadata.labels.as_ref())));
            page.field(2, "Annotations", &format!("    {}", format_labels(metadata.annotations.as_ref())));
            page.field(2, "Capacity", "");
            page.field(2, "Access Modes", "");
            if let Some(mode) = &template.spec.volume_mode {
                page.field(2, "VolumeMode", mode);
            }
        }
    } else if let Some(source) = &volume.downward_api {
        fields("DownwardAPI (a volume populated by information about the pod)", &[]);
        page.line(2, "Items:");
        for item in source.items.iter().flatten() {
            if let Some(field) = &item.field_ref {
                page.line(3, &format!("{} -> {}", field.field_path, item.path));
            }
            if let Some(resource) = &item.resource_field_ref {
                page.line(3, &format!("{} -> {}", resource.resource, item.path));
            }
        }
    } else if let Some(source) = &volume.image {
        fields(
            "Image (a container image or OCI artifact)",
            &[("Reference", text(&source.reference)), ("PullPolicy", text(&source.pull_policy))],
        );
    } else {
        page.line(1, "<unknown>");
    }
}

/// The attributes of a CSI volume (`printCSIPersistentVolumeAttributesMultiline`).
pub(super) fn attributes(page: &mut Page, attributes: Option<&BTreeMap<String, String>>) {
    let mut lines = attributes.into_iter().flatten().map(|(key, value)| format!("    {key}={value}"));
    match lines.next() {
        None => page.field(2, "VolumeAttributes", "<none>"),
        Some(first) => {
            page.field(2, "VolumeAttributes", &first);
            lines.for_each(|line| page.line(2, &format!("    \t{line}")));
        }
    }
}

fn projected_fields(source: &ProjectedVolumeSource, context: &PrintContext) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    let is_plain = context.layout.projected_optional;
    for source in source.sources.iter().flatten() {
        let optional = |optional: Option<bool>| match optional {
            Some(optional) => optional.to_string(),
            None if is_plain => "false".to_owned(),
            None => "<nil>".to_owned(),
        };
        if let Some(secret) = &source.secret {
            fields.push(("SecretName", secret.name.clone()));
            let title = if is_plain { "Optional" } else { "SecretOptionalName" };
            fields.push((title, optional(secret.optional)));
        } else if source.downward_api.is_some() {
            fields.push(("DownwardAPI", "true".to_owned()));
        } else if let Some(map) = &source.config_map {
            fields.push(("ConfigMapName", map.name.clone()));
            let title = if is_plain { "Optional" } else { "ConfigMapOptional" };
            fields.push((title, optional(map.optional)));
        } else if let Some(token) = &source.service_account_token {
            fields.push(("TokenExpirationSeconds", token.expiration_seconds.unwrap_or(3600).to_string()));
        }
    }
    fields
}

/// Topology spread constraints (`describeTopologySpreadConstraints`).
pub(super) fn spread_constraints(page: &mut Page, title: &str, constraints: Option<&[TopologySpreadConstraint]>) {
    let Some(constraints) = constraints.filter(|constraints| !constraints.is_empty()) else { return };
    let mut sorted: Vec<&TopologySpreadConstraint> = constraints.iter().collect();
    sorted.sort_by_key(|constraint| &constraint.topology_key);
    let lines: Vec<String> = sorted
        .into_iter()
        .map(|constraint| {
            let selector = constraint.label_selector.as_ref().map_or_else(|| "<none>".to_owned(), selector_text);
            format!(
                "{}:{} when max skew {} is exceeded for selector {selector}",
                constraint.topology_key, constraint.when_unsatisfiable, constraint.max_skew
            )
        })
        .collect();
    page.lines(title, &lines);
}

/// A label selector as kubectl writes it: `a=b,c in (d,e),!f`, by key; `<none>` for one that selects everything.
pub(super) fn selector_text(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().flatten();
    let mut parts: Vec<(&str, String)> = labels.map(|(key, value)| (key.as_str(), format!("{key}={value}"))).collect();
    for requirement in selector.match_expressions.iter().flatten() {
        let key = requirement.key.as_str();
        let mut values = requirement.values.clone().unwrap_or_default();
        values.sort();
        let values = values.join(",");
        let part = match requirement.operator.as_str() {
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            "NotIn" => format!("{key} notin ({values})"),
            _ => format!("{key} in ({values})"),
        };
        parts.push((key, part));
    }
    parts.sort_by_key(|(key, _)| *key);
    let parts: Vec<String> = parts.into_iter().map(|(_, part)| part).collect();
    if parts.is_empty() { "<none>".to_owned() } else { parts.join(",") }
}
