//! `kubectl describe` of claims, volumes and classes.

use k8s_openapi::api::core::v1::{
    Event, NodeSelectorRequirement, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec,
};
use k8s_openapi::api::storage::v1::{CSINode, StorageClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::context::PrintContext;
use super::describe::Page;
use super::describe_workload::{head, labels};
use super::storage::{access_modes, class};
use super::table::format_labels;
use super::template::{attributes, canonical};
use crate::admission::is_default;

/// The page of a PersistentVolumeClaim with the pods that use it (`describePersistentVolumeClaim`).
pub(super) fn describe_claim(
    claim: &PersistentVolumeClaim,
    used_by: &[String],
    events: &[&Event],
    context: &PrintContext,
) -> String {
    let mut page = Page::default();
    let (spec, status) = (claim.spec.clone().unwrap_or_default(), claim.status.clone().unwrap_or_default());
    head(&mut page, &claim.metadata);
    page.field(0, "StorageClass", &class(&claim.metadata, spec.storage_class_name.as_ref()));
    state(&mut page, &claim.metadata, status.phase.as_deref(), context);
    let volume = spec.volume_name.clone().unwrap_or_default();
    page.field(0, "Volume", &volume);
    labels(&mut page, &claim.metadata);
    finalizers(&mut page, &claim.metadata);
    let is_bound = !volume.is_empty();
    let capacity = status.capacity.as_ref().and_then(|capacity| capacity.get("storage")).filter(|_| is_bound);
    page.field(0, "Capacity", &capacity.map(canonical).unwrap_or_default());
    page.field(0, "Access Modes", &access_modes(status.access_modes.as_deref().filter(|_| is_bound)));
    if let Some(mode) = &spec.volume_mode {
        page.field(0, "VolumeMode", mode);
    }
    if let Some(source) = &spec.data_source {
        page.line(0, "DataSource:");
        if let Some(group) = &source.api_group {
            page.field(1, "APIGroup", group);
        }
        page.field(1, "Kind", &source.kind);
        page.field(1, "Name", &source.name);
    }
    page.lines(if context.layout.ip_families { "Used By" } else { "Mounted By" }, used_by);
    if let Some(conditions) = status.conditions.as_deref().filter(|conditions| !conditions.is_empty()) {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for condition in conditions {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let (probed, changed) = (&condition.last_probe_time, &condition.last_transition_time);
            page.line(
                1,
                &format!(
                    "{} \t{} \t{} \t{} \t{} \t{}",
                    condition.type_,
                    condition.status,
                    context.local(probed.as_ref()),
                    context.local(changed.as_ref()),
                    text(&condition.reason),
                    text(&condition.message)
                ),
            );
        }
    }
    page.events(events, context);
    page.finish()
}

fn state(page: &mut Page, metadata: &ObjectMeta, phase: Option<&str>, context: &PrintContext) {
    match &metadata.deletion_timestamp {
        Some(deleted) => page.field(0, "Status", &format!("Terminating (lasts {})", context.age(Some(deleted)))),
        None => page.field(0, "Status", phase.unwrap_or_default()),
    }
}

fn finalizers(page: &mut Page, metadata: &ObjectMeta) {
    page.field(0, "Finalizers", &format!("[{}]", metadata.finalizers.clone().unwrap_or_default().join(" ")));
}

/// The page of a PersistentVolume (`describePersistentVolume`).
pub(super) fn describe_volume(volume: &PersistentVolume, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    let (spec, status) = (volume.spec.clone().unwrap_or_default(), volume.status.clone().unwrap_or_default());
    page.field(0, "Name", volume.metadata.name.as_deref().unwrap_or_default());
    labels(&mut page, &volume.metadata);
    finalizers(&mut page, &volume.metadata);
    page.field(0, "StorageClass", &class(&volume.metadata, spec.storage_class_name.as_ref()));
    state(&mut page, &volume.metadata, status.phase.as_deref(), context);
    let claim = spec.claim_ref.as_ref().map(|claim| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{}/{}", text(&claim.namespace), text(&claim.name))
    });
    page.field(0, "Claim", &claim.unwrap_or_default());
    page.field(0, "Reclaim Policy", spec.persistent_volume_reclaim_policy.as_deref().unwrap_or_default());
    page.field(0, "Access Modes", &access_modes(spec.access_modes.as_deref()));
    if let Some(mode) = &spec.volume_mode {
        page.field(0, "VolumeMode", mode);
    }
    let capacity = spec.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
    page.field(0, "Capacity", &capacity.map_or_else(|| "0".to_owned(), canonical));
    match spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref()) {
        None => page.field(0, "Node Affinity", "<none>"),
        Some(required) => {
            page.field(0, "Node Affinity", "");
            let terms = &required.node_selector_terms;
            page.field(1, "Required Terms", if terms.is_empty() { "<none>" } else { "" });
            for (index, term) in terms.iter().enumerate() {
                let lines: Vec<String> = term.match_expressions.iter().flatten().map(requirement).collect();
                terms_of(&mut page, 2, index, &lines);
            }
        }
    }
    page.field(0, "Message", status.message.as_deref().unwrap_or_default());
    page.line(0, "Source:");
    source(&mut page, &spec);
    page.events(events, context);
    page.finish()
}

fn requirement(requirement: &NodeSelectorRequirement) -> String {
    let text = format!("{} {}", requirement.key, requirement.operator.to_lowercase());
    match requirement.values.as_deref() {
        Some(values) if !values.is_empty() => format!("{text} [{}]", values.join(", ")),
        _ => text,
    }
}

/// `Term 0:` and what must be so, a line each.
fn terms_of(page: &mut Page, level: usize, index: usize, lines: &[String]) {
    let title = format!("Term {index}");
    match lines {
        [] => page.field(level, &title, "<none>"),
        [first, rest @ ..] => {
            page.field(level, &title, first);
            rest.iter().for_each(|line| page.line(level, &format!("\t{line}")));
        }
    }
}

fn source(page: &mut Page, spec: &PersistentVolumeSpec) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let flag = |flag: Option<bool>| flag.unwrap_or(false).to_string();
    let mut fields = |type_: &str, fields: &[(&str, String)]| {
        page.field(2, "Type", type_);
        fields.iter().for_each(|(title, value)| page.field(2, title, value));
    };
    if let Some(source) = &spec.csi {
        fields(
            "CSI (a Container Storage Interface (CSI) volume source)",
            &[
                ("Driver", source.driver.clone()),
                ("FSType", text(&source.fs_type)),
                ("VolumeHandle", source.volume_handle.clone()),
                ("ReadOnly", flag(source.read_only)),
            ],
        );
        attributes(page, source.volume_attributes.as_ref());
    } else if let Some(source) = &spec.host_path {
        fields(
            "HostPath (bare host directory volume)",
            &[("Path", source.path.clone()), ("HostPathType", text(&source.type_))],
        );
    } else if let Some(source) = &spec.local {
        fields("LocalVolume (a persistent volume backed by local storage on a node)", &[("Path", source.path.clone())]);
    } else if let Some(source) = &spec.nfs {
        fields(
            "NFS (an NFS mount that lasts the lifetime of a pod)",
            &[("Server", source.server.clone()), ("Path", source.path.clone()), ("ReadOnly", flag(source.read_only))],
        );
    } else if let Some(source) = &spec.aws_elastic_block_store {
        fields(
            "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
            &[
                ("VolumeID", source.volume_id.clone()),
                ("FSType", text(&source.fs_type)),
                ("Partition", source.partition.unwrap_or(0).to_string()),
                ("ReadOnly", flag(source.read_only)),
            ],
        );
    } else if let Some(source) = &spec.gce_persistent_disk {
        fields(
            "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
            &[
                ("PDName", source.pd_name.clone()),
                ("FSType", text(&source.fs_type)),
                ("Partition", source.partition.unwrap_or(0).to_string()),
                ("ReadOnly", flag(source.read_only)),
            ],
        );
    } else {
        page.line(1, "<unknown>");
    }
}

/// The page of a StorageClass (`describeStorageClass`).
pub(super) fn describe_storage_class(storage: &StorageClass, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    page.field(0, "Name", storage.metadata.name.as_deref().unwrap_or_default());
    page.field(0, "IsDefaultClass", if is_default(storage) { "Yes" } else { "No" });
    page.field(0, "Annotations", &format_labels(storage.metadata.annotations.as_ref()));
    page.field(0, "Provisioner", &storage.provisioner);
    page.field(0, "Parameters", &format_labels(storage.parameters.as_ref()));
    let expansion = storage.allow_volume_expansion.map(|allowed| if allowed { "True" } else { "False" });
    page.field(0, "AllowVolumeExpansion", expansion.unwrap_or("<unset>"));
    match storage.mount_options.as_deref() {
        Some(options) if !options.is_empty() => {
            page.line(0, "MountOptions:");
            options.iter().for_each(|option| page.line(1, option));
        }
        _ => page.field(0, "MountOptions", "<none>"),
    }
    if let Some(policy) = &storage.reclaim_policy {
        page.field(0, "ReclaimPolicy", policy);
    }
    if let Some(mode) = &storage.volume_binding_mode {
        page.field(0, "VolumeBindingMode", mode);
    }
    if let Some(topologies) = &storage.allowed_topologies {
        page.field(0, "AllowedTopologies", if topologies.is_empty() { "<none>" } else { "" });
        for (index, term) in topologies.iter().enumerate() {
            let expressions = term.match_label_expressions.iter().flatten();
            let lines =
                expressions.map(|expression| format!("{} in [{}]", expression.key, expression.values.join(", ")));
            terms_of(&mut page, 1, index, &lines.collect::<Vec<_>>());
        }
    }
    page.events(events, context);
    page.finish()
}

/// The page of a CSINode (`describeCSINode`).
pub(super) fn describe_csi_node(node: &CSINode, events: &[&Event], context: &PrintContext) -> String {
    let mut page = Page::default();
    page.field(0, "Name", node.metadata.name.as_deref().unwrap_or_default());
    labels(&mut page, &node.metadata);
    page.field(0, "CreationTimestamp", &context.local(node.metadata.creation_timestamp.as_ref()));
    page.line(0, "Spec:");
    if !node.spec.drivers.is_empty() {
        page.line(1, "Drivers:");
    }
    for driver in &node.spec.drivers {
        page.line(2, &format!("{}:", driver.name));
        page.field(3, "Node ID", &driver.node_id);
        if let Some(count) = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count) {
            page.line(3, "Allocatables:");
            page.field(4, "Count", &count.to_string());
        }
        if let Some(keys) = &driver.topology_keys {
            page.field(3, "Topology Keys", &format!("[{}]", keys.join(" ")));
        }
    }
    page.events(events, context);
    page.finish()
}
