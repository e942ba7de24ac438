//! Disks that one pod or one node at a time may use (`plugins/volumerestrictions`, v1.34).

use std::collections::BTreeSet;

use super::PluginName;
use crate::behaviour::ReadWriteOncePod;
use crate::model::{Pod, VolumeSource};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, PreFilter, Status};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::storage::{claim_not_found, names_claim};

/// The plugin.
#[derive(Debug)]
pub struct VolumeRestrictions;

/// The claims that no other pod may use at the same time.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterState {
    /// `None` while the plugin has nothing to follow.
    exclusive: Option<Exclusive>,
}

#[derive(Debug, Clone)]
struct Exclusive {
    claims: BTreeSet<String>,
    users: i64,
}

impl Plugin for VolumeRestrictions {
    fn name(&self) -> PluginName {
        PluginName::VolumeRestrictions
    }

    /// Looks for claims with the access mode ReadWriteOncePod and their users anywhere (1.27+).
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFilter {
        if cycle.behaviour.volumes.read_write_once_pod == ReadWriteOncePod::Off {
            return PreFilter::AllNodes;
        }
        let mut claims = BTreeSet::new();
        for claim in cycle.pod.spec.volumes.iter().filter_map(|volume| used_claim(&volume.source)) {
            let Some(found) = cycle.snapshot.storage().claim(&cycle.pod.namespace, claim) else {
                let code = Code::UnschedulableAndUnresolvable;
                return PreFilter::Refused(Status::refused(code, self.name(), claim_not_found(claim)));
            };
            if found.access_modes.iter().any(|mode| mode == "ReadWriteOncePod") {
                claims.insert(claim.to_owned());
            }
        }
        let used = |claim: &&String| {
            let pods = cycle.snapshot.nodes().flat_map(|node| &node.pods);
            pods.into_iter().any(|info| {
                let volumes = &info.pod.spec.volumes;
                info.pod.namespace == cycle.pod.namespace
                    && volumes.iter().any(|volume| used_claim(&volume.source) == Some(claim))
            })
        };
        let users = i64::try_from(claims.iter().filter(used).count()).unwrap_or(i64::MAX);
        let needs_check = cycle.pod.spec.volumes.iter().any(|volume| is_restricted(&volume.source));
        let skips = cycle.behaviour.volumes.skips_unused && users == 0 && !needs_check;
        state.volume_restrictions.exclusive = (!skips).then_some(Exclusive { claims, users });
        PreFilter::AllNodes
    }
    /// A pod of the same namespace went that held a disk or claim of this one's (`isSchedulableAfterPodDeleted`), or one of
    /// its claims came (`isSchedulableAfterPersistentVolumeClaimAdded`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        let pod = cycle.pod;
        match happening.subject {
            Subject::Claim(claim) => names_claim(pod, claim),
            Subject::Pod { before: Some(gone), .. } => {
                let claims = |source: &VolumeSource| {
                    used_claim(source).is_some_and(|name| {
                        gone.spec.volumes.iter().any(|volume| used_claim(&volume.source) == Some(name))
                    })
                };
                let held = |source: &VolumeSource| is_restricted(source) && uses_same_disk(source, gone);
                gone.namespace == pod.namespace
                    && pod.spec.volumes.iter().any(|volume| held(&volume.source) || claims(&volume.source))
            }
            _ => true,
        }
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
        let restricted = cycle.pod.spec.volumes.iter().filter(|volume| is_restricted(&volume.source));
        for volume in restricted {
            if node.pods.iter().any(|info| uses_same_disk(&volume.source, &info.pod)) {
                return Status::refused(Code::Unschedulable, self.name(), "node(s) had no available disk");
            }
        }
        match (&state.volume_restrictions.exclusive, cycle.behaviour.volumes.read_write_once_pod) {
            (Some(exclusive), ReadWriteOncePod::On(reason)) if exclusive.users > 0 => {
                Status::refused(Code::Unschedulable, self.name(), reason)
            }
            _ => Status::success(),
        }
    }

    /// Upstream counts a pod by the name of its claims alone, whatever its namespace.
    fn pod_changed(&self, _cycle: &Cycle<'_>, state: &mut CycleState, _node: &NodeInfo, pod: &Pod, delta: i64) {
        let Some(exclusive) = &mut state.volume_restrictions.exclusive else { return };
        let claims = pod.spec.volumes.iter().filter_map(|volume| used_claim(&volume.source));
        let uses = claims.filter(|claim| exclusive.claims.contains(*claim)).count();
        exclusive.users += delta * i64::try_from(uses).unwrap_or(0);
    }
}

fn used_claim(source: &VolumeSource) -> Option<&str> {
    match source {
        VolumeSource::PersistentVolumeClaim { claim_name } => Some(claim_name),
        _ => None,
    }
}

/// Whether a volume of this kind can be in another's way at all.
fn is_restricted(source: &VolumeSource) -> bool {
    matches!(
        source,
        VolumeSource::GcePersistentDisk { .. }
            | VolumeSource::AwsElasticBlockStore { .. }
            | VolumeSource::Rbd { .. }
            | VolumeSource::Iscsi { .. }
    )
}

/// Whether a pod has the same disk mounted in a way that excludes this one.
fn uses_same_disk(source: &VolumeSource, pod: &Pod) -> bool {
    pod.spec.volumes.iter().any(|existing| match (source, &existing.source) {
        (
            VolumeSource::GcePersistentDisk { pd_name, read_only },
            VolumeSource::GcePersistentDisk { pd_name: other, read_only: other_read_only },
        ) => pd_name == other && !(*read_only && *other_read_only),
        (VolumeSource::AwsElasticBlockStore { volume_id }, VolumeSource::AwsElasticBlockStore { volume_id: other }) => {
            volume_id == other
        }
        (VolumeSource::Iscsi { iqn, read_only }, VolumeSource::Iscsi { iqn: other, read_only: other_read_only }) => {
            iqn == other && !(*read_only && *other_read_only)
        }
        (
            VolumeSource::Rbd { monitors, pool, image, read_only },
            VolumeSource::Rbd {
                monitors: other_monitors,
                pool: other_pool,
                image: other_image,
                read_only: other_read_only,
            },
        ) => {
            monitors.iter().any(|monitor| other_monitors.contains(monitor))
                && (pool, image) == (other_pool, other_image)
                && !(*read_only && *other_read_only)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::{check, check_preemption};

    const NO_DISK: &str = "n1: node(s) had no available disk";

    #[track_caller]
    fn check_disks(theirs: &str, ours: &str, expected: &str) {
        for version in ["1.16", "1.18", "1.27", "1.34"] {
            check(version, &format!("node n1\npod a on=n1 {theirs}"), &format!("pod p {ours}"), expected);
        }
    }

    #[test]
    fn a_disk_is_mounted_by_one_pod_of_a_node() {
        for disk in ["gce=d", "ebs=d", "iscsi=iqn", "rbd=m1,m2/pool/image"] {
            check_disks(disk, disk, NO_DISK);
        }
        check_disks("gce=d", "gce=other", "n1");
        check_disks("ebs=d", "ebs=other", "n1");
        check_disks("iscsi=iqn", "iscsi=other", "n1");
        check_disks("azure=d", "azure=d", "n1");
    }

    #[test]
    fn all_who_only_read_share_a_disk_but_not_an_ebs_one() {
        for disk in ["gce=d", "iscsi=iqn", "rbd=m/pool/image"] {
            check_disks(&format!("{disk}:ro"), &format!("{disk}:ro"), "n1");
            check_disks(&format!("{disk}:ro"), disk, NO_DISK);
            check_disks(disk, &format!("{disk}:ro"), NO_DISK);
        }
    }

    #[test]
    fn rbd_images_are_the_same_where_one_monitor_is() {
        check_disks("rbd=m1,m2/pool/image", "rbd=m2,m3/pool/image", NO_DISK);
        check_disks("rbd=m1/pool/image", "rbd=m2/pool/image", "n1");
        check_disks("rbd=m1/pool/image", "rbd=m1/other/image", "n1");
        check_disks("rbd=m1/pool/image", "rbd=m1/pool/other", "n1");
    }

    const EXCLUSIVE: &str = "node n1\nnode n2\npv disk mode=ReadWriteOncePod\n\
        pvc c pv=disk mode=ReadWriteOncePod\npod a on=n1 claim=c";

    #[test]
    fn a_claim_for_one_pod_is_taken_on_every_node() {
        let refused = |reason: &str| format!("n1: {reason}\nn2: {reason}");
        check("1.26", EXCLUSIVE, "pod p claim=c", "n1 n2");
        let old = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
        check("1.27", EXCLUSIVE, "pod p claim=c", &refused(old));
        check("1.33", EXCLUSIVE, "pod p claim=c", &refused(old));
        let new = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";
        check("1.34", EXCLUSIVE, "pod p claim=c", &refused(new));
        check("1.34", &EXCLUSIVE.replace("ReadWriteOncePod", "ReadWriteOnce"), "pod p claim=c", "n1 n2");
    }

    #[test]
    fn the_user_of_a_claim_for_one_pod_is_evicted_for_a_greater_one() {
        check_preemption("1.27", EXCLUSIVE, "pod p claim=c priority=10", "n1: default/a");
        check_preemption("1.34", EXCLUSIVE, "pod p claim=c priority=10", "n1: default/a");
    }

    #[test]
    fn a_missing_claim_is_refused_here_once_claims_for_one_pod_are_known() {
        let sentence = "persistentvolumeclaim \"c\" not found";
        check("1.18", "node n1", "pod p claim=c", &format!("error: {sentence}"));
        check("1.20", "node n1", "pod p claim=c", &format!("n1: {sentence}"));
        check("1.34", "node n1", "pod p claim=c", &format!("n1: {sentence}"));
    }
}
