//! How many CSI volumes a node may attach (`plugins/nodevolumelimits/csi.go`, v1.34).
//!
//! One difference: the limits that versions up to 1.31 read from a node's allocatable are found by the driver's whole name; upstream
//! shortens names of 40 characters and more by a hash.

use std::collections::BTreeMap;

use super::PluginName;
use crate::behaviour::MissingClaim;
use crate::model::{CsiNode, PersistentVolumeClaim, PersistentVolumeSource, Pod, Volume};
use crate::scheduler::csi_translation::{CsiVolume, InTreePlugin, translate, translate_inline};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, Status};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::storage::{claim_name, claim_not_found, not_made_for, uses_claim};

/// The plugin.
#[derive(Debug)]
pub struct NodeVolumeLimits;

/// The reason of every plugin that counts volumes.
pub(crate) const MAX_VOLUME_COUNT_EXCEEDED: &str = "node(s) exceed max volume count";

/// What allocatable calls a driver's limit (≤1.31).
const ATTACH_LIMIT_PREFIX: &str = "attachable-volumes-csi-";

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> PluginName {
        PluginName::NodeVolumeLimits
    }
    /// A pod went that had a volume to be counted (`isSchedulableAfterPodDeleted`), or one of this one's claims came
    /// (`isSchedulableAfterPVCAdded`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        match happening.subject {
            Subject::Claim(claim) => uses_claim(cycle.pod, claim),
            Subject::Pod { before: Some(gone), .. } => {
                gone.spec.volumes.iter().any(|volume| {
                    claim_name(gone, volume).is_some() || InTreePlugin::of_inline(&volume.source).is_some()
                })
            }
            _ => true,
        }
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        if cycle.pod.spec.volumes.is_empty() {
            return Status::success();
        }
        let csi_node = cycle.snapshot.storage().csi_nodes.get(node.name()).map(|csi_node| &**csi_node);
        let mut new_volumes = Attached::new();
        if let Err(fault) = attach(cycle, cycle.pod, csi_node, PodIs::New, &mut new_volumes) {
            return fault.status(cycle, self.name());
        }
        let limits = limits(cycle, node, csi_node);
        if new_volumes.is_empty() || limits.is_empty() {
            return Status::success();
        }
        let mut attached = Attached::new();
        for info in &node.pods {
            if let Err(fault) = attach(cycle, &info.pod, csi_node, PodIs::There, &mut attached) {
                return fault.status(cycle, self.name());
            }
        }
        new_volumes.retain(|name, _| !attached.contains_key(name));
        if cycle.behaviour.volumes.counts_attachments {
            attached.extend(attachments(cycle, node));
        }
        let count = |volumes: &Attached, driver: &str| {
            i64::try_from(volumes.values().filter(|other| *other == driver).count()).unwrap_or(i64::MAX)
        };
        let exceeded = new_volumes.values().any(|driver| {
            let limit = limits.get(driver);
            limit.is_some_and(|limit| count(&attached, driver).saturating_add(count(&new_volumes, driver)) > *limit)
        });
        if exceeded {
            return Status::refused(Code::Unschedulable, self.name(), MAX_VOLUME_COUNT_EXCEEDED);
        }
        Status::success()
    }
}

/// Drivers by the unique names of their volumes.
type Attached = BTreeMap<String, String>;

/// Whether a pod is the one to be placed, or one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PodIs {
    New,
    There,
}

/// Why a pod's volumes cannot be counted.
pub(crate) enum Fault {
    /// A claim is not there.
    Missing(String),
    /// Anything else.
    Other(String),
}

impl Fault {
    /// The fault as the version takes it.
    pub(crate) fn status(self, cycle: &Cycle<'_>, plugin: PluginName) -> Status {
        match self {
            Fault::Missing(text) if cycle.behaviour.volumes.missing_claim == MissingClaim::Refused => {
                Status::refused(Code::UnschedulableAndUnresolvable, plugin, text)
            }
            Fault::Missing(text) | Fault::Other(text) => Status::refused(Code::Error, plugin, text),
        }
    }
}

/// The claim that a volume goes by, for counting; `None` if it uses none or is not to be counted.
pub(crate) fn counted_claim<'a>(
    cycle: &Cycle<'a>,
    pod: &Pod,
    pod_is: PodIs,
    volume: &Volume,
) -> Result<Option<&'a PersistentVolumeClaim>, Fault> {
    let Some((name, made_for_pod)) = claim_name(pod, volume) else { return Ok(None) };
    if made_for_pod && !cycle.behaviour.volumes.counts_ephemeral {
        return Ok(None);
    }
    if name.is_empty() {
        return Err(Fault::Other("PersistentVolumeClaim had no name".to_owned()));
    }
    let Some(claim) = cycle.snapshot.storage().claim(&pod.namespace, &name) else {
        return match (pod_is, cycle.behaviour.volumes.missing_claim) {
            (PodIs::There, _) | (_, MissingClaim::Ignored) => Ok(None),
            (PodIs::New, _) => {
                let text = format!("looking up PVC {}/{name}: {}", pod.namespace, claim_not_found(&name));
                Err(Fault::Missing(text))
            }
        };
    };
    match not_made_for(pod, claim) {
        Some(fault) if made_for_pod => Err(Fault::Other(fault)),
        _ => Ok(Some(claim)),
    }
}

fn attach(
    cycle: &Cycle<'_>,
    pod: &Pod,
    csi_node: Option<&CsiNode>,
    pod_is: PodIs,
    attached: &mut Attached,
) -> Result<(), Fault> {
    for volume in &pod.spec.volumes {
        let csi = if claim_name(pod, volume).is_some() {
            counted_claim(cycle, pod, pod_is, volume)?.and_then(|claim| csi_volume(cycle, claim, csi_node))
        } else {
            inline_csi_volume(cycle, volume, csi_node).map_err(Fault::Other)?
        };
        if let Some(csi) = csi.filter(|csi| !csi.driver.is_empty() && !csi.handle.is_empty()) {
            attached.insert(format!("{}/{}", csi.driver, csi.handle), csi.driver);
        }
    }
    Ok(())
}

/// The CSI volume behind an in-tree volume of the pod (1.25+).
fn inline_csi_volume(
    cycle: &Cycle<'_>,
    volume: &Volume,
    csi_node: Option<&CsiNode>,
) -> Result<Option<CsiVolume>, String> {
    let plugin = InTreePlugin::of_inline(&volume.source).filter(|_| cycle.behaviour.volumes.counts_inline);
    match plugin {
        Some(plugin) if plugin.is_migrated(cycle.behaviour, csi_node) => translate_inline(&volume.source)
            .map_err(|error| format!("converting volume({}) from inline to csi: {error}", volume.name)),
        _ => Ok(None),
    }
}

/// The CSI volume behind a claim: its volume's, or while there is none one made up from its class.
fn csi_volume(cycle: &Cycle<'_>, claim: &PersistentVolumeClaim, csi_node: Option<&CsiNode>) -> Option<CsiVolume> {
    let storage = cycle.snapshot.storage();
    let Some(volume) = storage.volumes.get(&claim.volume_name).filter(|_| !claim.volume_name.is_empty()) else {
        let provisioner =
            &storage.classes.get(&claim.storage_class).filter(|_| !claim.storage_class.is_empty())?.provisioner;
        let driver = match InTreePlugin::by_name(provisioner) {
            None => provisioner.as_str(),
            Some(plugin) => plugin.is_migrated(cycle.behaviour, csi_node).then(|| plugin.driver())?,
        };
        // Upstream puts a random prefix before it, so that it is no real volume's handle.
        let handle = format!("\0{}/{}", claim.namespace, claim.name);
        return Some(CsiVolume { driver: driver.to_owned(), handle });
    };
    if let PersistentVolumeSource::Csi { driver, volume_handle } = &volume.source {
        return Some(CsiVolume { driver: driver.clone(), handle: volume_handle.clone() });
    }
    let plugin = InTreePlugin::of_volume(volume)?;
    plugin.is_migrated(cycle.behaviour, csi_node).then(|| translate(volume).ok().flatten()).flatten()
}

fn limits(cycle: &Cycle<'_>, node: &NodeInfo, csi_node: Option<&CsiNode>) -> BTreeMap<String, i64> {
    let mut limits = BTreeMap::new();
    if cycle.behaviour.volumes.limits_in_allocatable {
        // A limit for volumes of another kind counts too in that there are limits at all.
        let attachable =
            node.node.allocatable.scalars.iter().filter(|(name, _)| name.starts_with("attachable-volumes-"));
        limits.extend(
            attachable.map(|(name, limit)| (name.strip_prefix(ATTACH_LIMIT_PREFIX).unwrap_or(name).to_owned(), *limit)),
        );
    }
    limits.extend(csi_node.into_iter().flat_map(|csi_node| csi_node.limits.iter().cloned()));
    limits
}

/// What is attached to the node, whether a pod uses it or not (1.32+).
fn attachments(cycle: &Cycle<'_>, node: &NodeInfo) -> Attached {
    let storage = cycle.snapshot.storage();
    let here = storage.attachments.values().filter(|attachment| attachment.node_name == node.name());
    let attached = here.filter_map(|attachment| {
        let volume = storage.volumes.get(attachment.volume_name.as_ref()?)?;
        let PersistentVolumeSource::Csi { volume_handle, .. } = &volume.source else { return None };
        let attacher = &attachment.attacher;
        (!attacher.is_empty()).then(|| (format!("{attacher}/{volume_handle}"), attacher.clone()))
    });
    attached.collect()
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check;

    const EXCEEDED: &str = "n1: node(s) exceed max volume count";
    const DRIVER: &str = "node n1\ncsinode n1 limit=d=1\npv v1 csi=d/1\npv v2 csi=d/2\npvc c1 pv=v1\npvc c2 pv=v2\n\
        class cloud provisioner=d waits\npvc unbound class=cloud";

    #[test]
    fn a_node_attaches_as_many_volumes_as_its_driver_can() {
        for version in ["1.18", "1.26", "1.34"] {
            check(version, DRIVER, "pod p claim=c1", "n1");
            check(version, DRIVER, "pod p claim=c1 claim=c2", EXCEEDED);
            let taken = format!("{DRIVER}\npod a on=n1 claim=c1");
            check(version, &taken, "pod p claim=c2", EXCEEDED);
            check(version, &taken, "pod p claim=c1", "n1");
            check(version, &taken.replace("limit=d=1", "limit=d=2"), "pod p claim=c2", "n1");
            check(version, &taken.replace("limit=d=1", "limit=other=1"), "pod p claim=c2", "n1");
        }
    }

    #[test]
    fn a_claim_without_a_volume_counts_by_its_class() {
        for version in ["1.18", "1.34"] {
            check(version, DRIVER, "pod p claim=unbound", "n1");
            check(version, DRIVER, "pod p claim=unbound claim=c1", EXCEEDED);
        }
    }

    #[test]
    fn a_claim_that_is_gone_does_not_count() {
        check("1.34", &format!("{DRIVER}\npod a on=n1 claim=gone"), "pod p claim=c1", "n1");
    }

    #[test]
    fn limits_stood_in_allocatable() {
        let cluster = DRIVER.replace("node n1\n", "node n1 attachable-volumes-csi-d=1\n").replace("limit=d=1", "");
        check("1.18", &cluster, "pod p claim=c1 claim=c2", EXCEEDED);
        check("1.31", &cluster, "pod p claim=c1 claim=c2", EXCEEDED);
        check("1.32", &cluster, "pod p claim=c1 claim=c2", "n1");
    }

    #[test]
    fn attachments_that_no_pod_uses_count_too() {
        let cluster = format!("{DRIVER}\nattachment a on=n1 by=d pv=v1");
        check("1.31", &cluster, "pod p claim=c2", "n1");
        check("1.32", &cluster, "pod p claim=c2", EXCEEDED);
        check("1.32", &cluster.replace("on=n1 by", "on=n2 by"), "pod p claim=c2", "n1");
    }

    #[test]
    fn claims_made_for_a_pod_count() {
        let cluster = format!("{DRIVER}\npvc p-data class=cloud owner=p\npod a on=n1 claim=c1");
        check("1.22", &cluster, "pod p ephemeral=data", "n1");
        check("1.23", &cluster, "pod p ephemeral=data", EXCEEDED);
    }

    const MIGRATED: &str = "node n1\ncsinode n1 limit=ebs.csi.aws.com=1 migrated=kubernetes.io/aws-ebs\n\
        pv v1 ebs=vol-1\npv v2 ebs=aws://us-a/vol-2\npvc c1 pv=v1\npvc c2 pv=v2";

    #[test]
    fn disks_that_a_driver_has_taken_over_count_as_its_own() {
        check("1.22", MIGRATED, "pod p claim=c1 claim=c2", "n1");
        check("1.23", MIGRATED, "pod p claim=c1 claim=c2", EXCEEDED);
        check("1.34", MIGRATED, "pod p claim=c1 claim=c2", EXCEEDED);
        let not_by_kubelet = MIGRATED.replace(" migrated=kubernetes.io/aws-ebs", "");
        check("1.34", &not_by_kubelet, "pod p claim=c1 claim=c2", "n1");
    }

    #[test]
    fn disks_written_into_a_pod_count_as_the_driver_s() {
        check("1.24", MIGRATED, "pod p ebs=vol-3 claim=c1", "n1");
        check("1.25", MIGRATED, "pod p ebs=vol-3 claim=c1", EXCEEDED);
        check("1.25", MIGRATED, "pod p ebs=vol-1 claim=c1", "n1");
        let fault = "converting volume(v0) from inline to csi: failed to translate Kubernetes ID to EBS Volume ID \
            Invalid format for AWS volume (aws://us-a/disk)";
        check(
            "1.34",
            MIGRATED,
            "pod p ebs=aws://us-a/disk",
            &format!("error: running \"NodeVolumeLimits\" filter plugin: {fault}"),
        );
    }
}
