//! What the restricted level asks for beyond the baseline (`policy/check_*.go`), in the order of the checks' names.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, SecurityContext, Volume};

use super::baseline::{proc_mount, seccomp};
use super::{Subject, Violation, plural, quoted, setters, these, violation};

/// All checks of the level's own.
pub(super) fn violations(subject: &Subject<'_>) -> Vec<Violation> {
    // Windows knows nothing of these, and says so in `spec.os` since 1.25.
    let exempt = subject.minor >= 25 && subject.is_windows();
    let own_users = subject.minor >= 35 && subject.has_own_users();
    [
        if exempt || subject.minor < 8 { None } else { privilege_escalation(subject) },
        if exempt || subject.minor < 22 { None } else { capabilities(subject) },
        if subject.minor >= 35 { proc_mount(subject) } else { None },
        volumes(subject),
        if own_users { None } else { non_root(subject) },
        if own_users || subject.minor < 23 { None } else { user(subject) },
        if exempt || subject.minor < 19 { None } else { seccomp(subject).or_else(|| no_seccomp(subject)) },
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn context(container: &Container) -> Option<&SecurityContext> {
    container.security_context.as_ref()
}

fn privilege_escalation(subject: &Subject<'_>) -> Option<Violation> {
    let allowed = |own: &SecurityContext| own.allow_privilege_escalation == Some(false);
    let containers = subject.named(|container| !context(container).is_some_and(allowed));
    if containers.is_empty() {
        return None;
    }
    let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", these(&containers));
    violation("allowPrivilegeEscalation != false", detail)
}

fn capabilities(subject: &Subject<'_>) -> Option<Violation> {
    let of = |container: &Container| context(container).and_then(|own| own.capabilities.clone()).unwrap_or_default();
    let keeps = subject.named(|container| !of(container).drop.iter().flatten().any(|dropped| dropped == "ALL"));
    let forbidden = |container: &Container| -> Vec<String> {
        of(container).add.into_iter().flatten().filter(|added| added != "NET_BIND_SERVICE").collect()
    };
    let adds = subject.named(|container| !forbidden(container).is_empty());
    let mut details = Vec::new();
    if !keeps.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", these(&keeps)));
    }
    if !adds.is_empty() {
        let added: BTreeSet<String> = subject.containers().flat_map(forbidden).collect();
        details.push(format!(
            "{} must not include {} in securityContext.capabilities.add",
            these(&adds),
            quoted(added)
        ));
    }
    if details.is_empty() { None } else { violation("unrestricted capabilities", details.join("; ")) }
}

/// Image volumes are allowed since 1.33, whatever the policy's version.
fn volumes(subject: &Subject<'_>) -> Option<Violation> {
    let allowed = |volume: &Volume| {
        volume.config_map.is_some()
            || volume.csi.is_some()
            || volume.downward_api.is_some()
            || volume.empty_dir.is_some()
            || volume.ephemeral.is_some()
            || (volume.image.is_some() && subject.server_minor >= 33)
            || volume.persistent_volume_claim.is_some()
            || volume.projected.is_some()
            || volume.secret.is_some()
    };
    let bad: Vec<&Volume> = subject.spec.volumes.iter().flatten().filter(|volume| !allowed(volume)).collect();
    if bad.is_empty() {
        return None;
    }
    let types: BTreeSet<&str> = bad.iter().map(|volume| type_of(volume)).collect();
    let names: Vec<&str> = bad.iter().map(|volume| volume.name.as_str()).collect();
    let detail = format!(
        "{} {} {} {} {}",
        plural(names.len(), "volume", "volumes"),
        quoted(&names),
        plural(names.len(), "uses", "use"),
        plural(types.len(), "restricted volume type", "restricted volume types"),
        quoted(types)
    );
    violation("restricted volume types", detail)
}

/// A volume's source as the API names it.
fn type_of(volume: &Volume) -> &'static str {
    let present = [
        (volume.host_path.is_some(), "hostPath"),
        (volume.gce_persistent_disk.is_some(), "gcePersistentDisk"),
        (volume.aws_elastic_block_store.is_some(), "awsElasticBlockStore"),
        (volume.git_repo.is_some(), "gitRepo"),
        (volume.nfs.is_some(), "nfs"),
        (volume.iscsi.is_some(), "iscsi"),
        (volume.glusterfs.is_some(), "glusterfs"),
        (volume.rbd.is_some(), "rbd"),
        (volume.flex_volume.is_some(), "flexVolume"),
        (volume.cinder.is_some(), "cinder"),
        (volume.cephfs.is_some(), "cephfs"),
        (volume.flocker.is_some(), "flocker"),
        (volume.fc.is_some(), "fc"),
        (volume.azure_file.is_some(), "azureFile"),
        (volume.vsphere_volume.is_some(), "vsphereVolume"),
        (volume.quobyte.is_some(), "quobyte"),
        (volume.azure_disk.is_some(), "azureDisk"),
        (volume.photon_persistent_disk.is_some(), "photonPersistentDisk"),
        (volume.portworx_volume.is_some(), "portworxVolume"),
        (volume.scale_io.is_some(), "scaleIO"),
        (volume.storageos.is_some(), "storageos"),
    ];
    present.into_iter().find(|(present, _)| *present).map_or("unknown", |(_, name)| name)
}

fn non_root(subject: &Subject<'_>) -> Option<Violation> {
    let of_pod = subject.spec.security_context.as_ref().and_then(|own| own.run_as_non_root);
    let of = |container: &Container| context(container).and_then(|own| own.run_as_non_root);
    let explicit = subject.named(|container| of(container) == Some(false));
    if let Some(who) = setters(of_pod == Some(false), &explicit) {
        return violation("runAsNonRoot != true", format!("{who} must not set securityContext.runAsNonRoot=false"));
    }
    let silent = subject.named(|container| of(container).is_none());
    if of_pod == Some(true) || silent.is_empty() {
        return None;
    }
    let detail = format!("pod or {} must set securityContext.runAsNonRoot=true", these(&silent));
    violation("runAsNonRoot != true", detail)
}

fn user(subject: &Subject<'_>) -> Option<Violation> {
    let of_pod = subject.spec.security_context.as_ref().and_then(|own| own.run_as_user);
    let containers = subject.named(|container| context(container).and_then(|own| own.run_as_user) == Some(0));
    let who = setters(of_pod == Some(0), &containers)?;
    violation("runAsUser=0", format!("{who} must not set runAsUser=0"))
}

fn no_seccomp(subject: &Subject<'_>) -> Option<Violation> {
    let of_pod = subject.spec.security_context.as_ref().and_then(|own| own.seccomp_profile.as_ref());
    let silent = subject.named(|container| context(container).and_then(|own| own.seccomp_profile.as_ref()).is_none());
    if of_pod.is_some() || silent.is_empty() {
        return None;
    }
    let detail = format!(
        "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
        these(&silent)
    );
    violation("seccompProfile", detail)
}
