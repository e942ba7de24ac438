//! How many disks of one cloud a node may attach: EBSLimits, GCEPDLimits, AzureDiskLimits and CinderLimits
//! (`plugins/nodevolumelimits/non_csi.go`, v1.30). `KUBE_MAX_PD_VOLS` is not known here.

use std::collections::BTreeSet;

use super::PluginName;
use super::node_volume_limits::{Fault, MAX_VOLUME_COUNT_EXCEEDED, PodIs, counted_claim};
use crate::behaviour::ZoneLabels;
use crate::model::{Node, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSource, Pod, VolumeSource};
use crate::scheduler::csi_translation::InTreePlugin;
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, Status};
use crate::scheduler::node_info::NodeInfo;

/// The limit of one cloud's disks.
#[derive(Debug)]
pub struct NonCsiLimits {
    name: PluginName,
    disks: InTreePlugin,
    /// What allocatable calls the limit.
    resource: &'static str,
}

/// AWS.
pub const EBS_LIMITS: NonCsiLimits =
    NonCsiLimits { name: PluginName::EBSLimits, disks: InTreePlugin::AwsEbs, resource: "attachable-volumes-aws-ebs" };
/// GCE.
pub const GCE_PD_LIMITS: NonCsiLimits =
    NonCsiLimits { name: PluginName::GCEPDLimits, disks: InTreePlugin::GcePd, resource: "attachable-volumes-gce-pd" };
/// Azure.
pub const AZURE_DISK_LIMITS: NonCsiLimits = NonCsiLimits {
    name: PluginName::AzureDiskLimits,
    disks: InTreePlugin::AzureDisk,
    resource: "attachable-volumes-azure-disk",
};
/// OpenStack.
pub const CINDER_LIMITS: NonCsiLimits =
    NonCsiLimits { name: PluginName::CinderLimits, disks: InTreePlugin::Cinder, resource: "attachable-volumes-cinder" };

impl Plugin for NonCsiLimits {
    fn name(&self) -> PluginName {
        self.name
    }

    fn filter(&self, cycle: &Cycle<'_>, _state: &CycleState, node: &NodeInfo) -> Status {
        if cycle.pod.spec.volumes.is_empty() {
            return Status::success();
        }
        let mut new_volumes = BTreeSet::new();
        if let Err(fault) = self.count(cycle, cycle.pod, PodIs::New, &mut new_volumes) {
            return fault.status(cycle, self.name);
        }
        let csi_node = cycle.snapshot.storage().csi_nodes.get(node.name());
        // Disks that a CSI driver has taken over are counted by NodeVolumeLimits.
        if new_volumes.is_empty() || self.disks.is_migrated(cycle.behaviour, csi_node.map(|csi_node| &**csi_node)) {
            return Status::success();
        }
        let mut volumes = BTreeSet::new();
        for info in &node.pods {
            if let Err(fault) = self.count(cycle, &info.pod, PodIs::There, &mut volumes) {
                return fault.status(cycle, self.name);
            }
        }
        volumes.extend(new_volumes);
        let stated = node.node.allocatable.scalars.get(self.resource).copied();
        let limit = stated.unwrap_or_else(|| self.default_limit(cycle, &node.node));
        if i64::try_from(volumes.len()).unwrap_or(i64::MAX) > limit {
            return Status::refused(Code::Unschedulable, self.name, MAX_VOLUME_COUNT_EXCEEDED);
        }
        Status::success()
    }
}

impl NonCsiLimits {
    /// Adds the pod's disks of this cloud.
    fn count(&self, cycle: &Cycle<'_>, pod: &Pod, pod_is: PodIs, volumes: &mut BTreeSet<String>) -> Result<(), Fault> {
        for volume in &pod.spec.volumes {
            if let Some(id) = self.inline_id(&volume.source) {
                volumes.insert(id.clone());
                continue;
            }
            let Some(claim) = counted_claim(cycle, pod, pod_is, volume)? else { continue };
            let storage = cycle.snapshot.storage();
            match storage.volumes.get(&claim.volume_name).filter(|_| !claim.volume_name.is_empty()) {
                Some(volume) => volumes.extend(self.id(volume).cloned()),
                // Upstream puts a random prefix before it, so that it is no real disk's name.
                None if self.provisions(cycle, claim) => {
                    volumes.insert(format!("\0{}/{}", claim.namespace, claim.name));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn provisions(&self, cycle: &Cycle<'_>, claim: &PersistentVolumeClaim) -> bool {
        let class = claim.spec_storage_class.as_ref().and_then(|class| cycle.snapshot.storage().classes.get(class));
        class.is_some_and(|class| class.provisioner == self.disks.name())
    }

    fn inline_id<'a>(&self, source: &'a VolumeSource) -> Option<&'a String> {
        match (self.disks, source) {
            (InTreePlugin::AwsEbs, VolumeSource::AwsElasticBlockStore { volume_id }) => Some(volume_id),
            (InTreePlugin::GcePd, VolumeSource::GcePersistentDisk { pd_name, .. }) => Some(pd_name),
            (InTreePlugin::AzureDisk, VolumeSource::AzureDisk { disk_name, .. }) => Some(disk_name),
            (InTreePlugin::Cinder, VolumeSource::Cinder { volume_id }) => Some(volume_id),
            _ => None,
        }
    }

    fn id<'a>(&self, volume: &'a PersistentVolume) -> Option<&'a String> {
        match (self.disks, &volume.source) {
            (InTreePlugin::AwsEbs, PersistentVolumeSource::AwsElasticBlockStore { volume_id }) => Some(volume_id),
            (InTreePlugin::GcePd, PersistentVolumeSource::GcePersistentDisk { pd_name }) => Some(pd_name),
            (InTreePlugin::AzureDisk, PersistentVolumeSource::AzureDisk { disk_name, .. }) => Some(disk_name),
            (InTreePlugin::Cinder, PersistentVolumeSource::Cinder { volume_id }) => Some(volume_id),
            _ => None,
        }
    }

    /// The limit of a node that states none.
    fn default_limit(&self, cycle: &Cycle<'_>, node: &Node) -> i64 {
        match self.disks {
            InTreePlugin::AwsEbs => {
                let beta = node.labels.get("beta.kubernetes.io/instance-type");
                let stable = node.labels.get("node.kubernetes.io/instance-type");
                let stable = stable.filter(|_| cycle.behaviour.zone_labels != ZoneLabels::BetaOnly);
                let instance_type = beta.or(stable).map_or("", String::as_str);
                // `^[cmr]5.*|t3|z1d`
                let nitro = ["c5", "m5", "r5"].iter().any(|family| instance_type.starts_with(family))
                    || instance_type.contains("t3")
                    || instance_type.contains("z1d");
                if nitro { 25 } else { 39 }
            }
            InTreePlugin::GcePd | InTreePlugin::AzureDisk => 16,
            InTreePlugin::Cinder | InTreePlugin::Portworx => 256,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check;

    const EXCEEDED: &str = "n1: node(s) exceed max volume count";

    #[test]
    fn stated_limits_hold_until_the_plugins_are_gone() {
        for disk in ["aws-ebs:ebs", "gce-pd:gce", "azure-disk:azure"] {
            let (resource, word) = disk.split_once(':').expect("RESOURCE:WORD");
            let cluster = format!(
                "node n1 attachable-volumes-{resource}=1\npv v {word}=disk-3\npvc c pv=v\npod a on=n1 {word}=disk-1"
            );
            for version in ["1.16", "1.18", "1.30"] {
                check(version, &cluster, &format!("pod p {word}=disk-2"), EXCEEDED);
                check(version, &cluster, "pod p claim=c", EXCEEDED);
            }
            check("1.31", &cluster, &format!("pod p {word}=disk-2"), "n1");
        }
    }

    /// A pod with this many disks.
    fn disks(word: &str, count: usize) -> String {
        let words: Vec<String> = (0..count).map(|number| format!("{word}=d{number}")).collect();
        format!("pod p {}", words.join(" "))
    }

    #[test]
    fn clouds_have_limits_of_their_own() {
        let nitro = "node n1 label=node.kubernetes.io/instance-type=m5.large";
        let beta = "node n1 label=beta.kubernetes.io/instance-type=m5.large";
        for (version, node, word, limit) in [
            ("1.16", "node n1", "ebs", 39),
            ("1.30", "node n1", "ebs", 39),
            ("1.16", nitro, "ebs", 39),
            ("1.16", beta, "ebs", 25),
            ("1.30", nitro, "ebs", 25),
            ("1.30", "node n1", "gce", 16),
            ("1.30", "node n1", "azure", 16),
        ] {
            check(version, node, &disks(word, limit), "n1");
            check(version, node, &disks(word, limit + 1), EXCEEDED);
        }
    }

    #[test]
    fn a_disk_counts_once() {
        let cluster = "node n1 attachable-volumes-azure-disk=1\npod a on=n1 azure=disk";
        check("1.30", cluster, "pod p azure=disk", "n1");
    }

    #[test]
    fn a_claim_without_a_volume_counts_by_its_class() {
        let cluster = "node n1 attachable-volumes-aws-ebs=1\nclass fast provisioner=kubernetes.io/aws-ebs waits\n\
            pvc c class=fast\npod a on=n1 ebs=vol-1";
        check("1.18", cluster, "pod p claim=c", EXCEEDED);
        check("1.30", cluster, "pod p claim=c", EXCEEDED);
        check("1.30", &cluster.replace("provisioner=kubernetes.io/aws-ebs", "provisioner=d"), "pod p claim=c", "n1");
    }

    #[test]
    fn disks_that_a_driver_has_taken_over_are_none_of_theirs() {
        let cluster =
            "node n1 attachable-volumes-aws-ebs=1\ncsinode n1 migrated=kubernetes.io/aws-ebs\npod a on=n1 ebs=vol-1";
        check("1.22", cluster, "pod p ebs=vol-2", EXCEEDED);
        check("1.23", cluster, "pod p ebs=vol-2", "n1");
    }
}
