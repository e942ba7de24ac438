//! Zone and region labels of bound volumes (`plugins/volumezone`, v1.34).

use std::collections::BTreeSet;

use super::PluginName;
use crate::behaviour::VolumeZoneErrors;
use crate::model::{PersistentVolume, VolumeBindingMode, VolumeSource};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, PreFilter, Status};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::storage::{claim_not_found, names_claim};

/// The plugin.
#[derive(Debug)]
pub struct VolumeZone;

/// What the pod's volumes want of a node, found once before the nodes are filtered (1.27+).
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterState {
    wanted: Option<Wanted>,
}

/// The zones of the volumes that could be looked up, in order, and what was wrong with the next one.
#[derive(Debug, Clone, Default)]
struct Wanted {
    topologies: Vec<Topology>,
    fault: Option<String>,
}

/// One label of a volume, and the values it allows.
#[derive(Debug, Clone)]
struct Topology {
    key: &'static str,
    values: BTreeSet<String>,
}

const BETA_ZONE: &str = "failure-domain.beta.kubernetes.io/zone";
const BETA_REGION: &str = "failure-domain.beta.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";

impl Plugin for VolumeZone {
    fn name(&self) -> PluginName {
        PluginName::VolumeZone
    }

    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFilter {
        if !cycle.behaviour.volumes.zone_in_pre_filter {
            return PreFilter::AllNodes;
        }
        let wanted = wanted(cycle);
        if let Some(reason) = wanted.fault {
            return PreFilter::Refused(self.fault(cycle, reason));
        }
        state.volume_zone.wanted = Some(wanted);
        PreFilter::AllNodes
    }
    /// One of the pod's claims came or changed (`isSchedulableAfterPersistentVolumeClaimChange`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        match happening.subject {
            Subject::Claim(claim) => names_claim(cycle.pod, claim),
            _ => true,
        }
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
        let labels = &node.node.labels;
        if cycle.pod.spec.volumes.is_empty() || !keys(cycle).iter().any(|key| labels.contains_key(*key)) {
            return Status::success();
        }
        let found;
        let wanted = match &state.volume_zone.wanted {
            Some(wanted) => wanted,
            None => {
                found = wanted(cycle);
                &found
            }
        };
        let value = |key: &str| {
            let stable = match key {
                BETA_ZONE => ZONE,
                BETA_REGION => REGION,
                other => other,
            };
            let fallback = cycle.behaviour.volumes.beta_zone_falls_back.then(|| labels.get(stable)).flatten();
            labels.get(key).or(fallback)
        };
        let meets = |topology: &Topology| value(topology.key).is_some_and(|value| topology.values.contains(value));
        if !wanted.topologies.iter().all(meets) {
            let reason = "node(s) had no available volume zone";
            return Status::refused(Code::UnschedulableAndUnresolvable, self.name(), reason);
        }
        wanted.fault.as_ref().map_or_else(Status::success, |fault| self.fault(cycle, fault.clone()))
    }
}

impl VolumeZone {
    fn fault(&self, cycle: &Cycle<'_>, reason: String) -> Status {
        let code = match cycle.behaviour.volumes.zone_errors {
            VolumeZoneErrors::FailWithoutClass | VolumeZoneErrors::Fail => Code::Error,
            VolumeZoneErrors::Refuse => Code::UnschedulableAndUnresolvable,
        };
        Status::refused(code, self.name(), reason)
    }
}

fn keys(cycle: &Cycle<'_>) -> &'static [&'static str] {
    if cycle.behaviour.volumes.stable_zone_labels {
        &[BETA_ZONE, BETA_REGION, ZONE, REGION]
    } else {
        &[BETA_ZONE, BETA_REGION]
    }
}

fn wanted(cycle: &Cycle<'_>) -> Wanted {
    let mut wanted = Wanted::default();
    for volume in &cycle.pod.spec.volumes {
        let VolumeSource::PersistentVolumeClaim { claim_name } = &volume.source else { continue };
        match volume_of(cycle, claim_name) {
            Ok(None) => {}
            Ok(Some(volume)) => {
                let zones = |key: &&'static str| {
                    let values = zones_of_label(volume.labels.get(*key)?)?;
                    Some(Topology { key, values })
                };
                wanted.topologies.extend(keys(cycle).iter().filter_map(zones));
            }
            Err(fault) => {
                wanted.fault = Some(fault);
                return wanted;
            }
        }
    }
    wanted
}

/// The volume that a claim is bound to; `None` while it waits for its first consumer.
fn volume_of<'a>(cycle: &Cycle<'a>, claim_name: &str) -> Result<Option<&'a PersistentVolume>, String> {
    let storage = cycle.snapshot.storage();
    if claim_name.is_empty() {
        return Err("PersistentVolumeClaim had no name".to_owned());
    }
    let claim = storage.claim(&cycle.pod.namespace, claim_name).ok_or_else(|| claim_not_found(claim_name))?;
    if !claim.volume_name.is_empty() {
        let volume = storage.volumes.get(&claim.volume_name);
        let not_found = || format!("persistentvolume \"{}\" not found", claim.volume_name);
        return volume.map(|volume| Some(&**volume)).ok_or_else(not_found);
    }
    let class = &claim.storage_class;
    match (cycle.behaviour.volumes.zone_errors, storage.classes.get(class).map(|class| class.binding_mode)) {
        (_, Some(VolumeBindingMode::WaitForFirstConsumer)) => Ok(None),
        (VolumeZoneErrors::FailWithoutClass, _) => {
            Err(format!("PersistentVolumeClaim was not found: \"{claim_name}\""))
        }
        (_, _) if class.is_empty() => Err("PersistentVolumeClaim had no pv name and storageClass name".to_owned()),
        (VolumeZoneErrors::Fail, None) => {
            Err(format!("StorageClass \"{class}\" claimed by PersistentVolumeClaim \"{claim_name}\" not found"))
        }
        (VolumeZoneErrors::Refuse, None) => Err(format!("storageclass.storage.k8s.io \"{class}\" not found")),
        (_, Some(VolumeBindingMode::Immediate)) => Err("PersistentVolume had no name".to_owned()),
    }
}

/// The zones of a label such as `us-a__us-b`; `None` if one is empty, and the label is then ignored.
fn zones_of_label(label: &str) -> Option<BTreeSet<String>> {
    let zones: BTreeSet<String> = label.split("__").map(|zone| zone.trim().to_owned()).collect();
    (!zones.contains("")).then_some(zones)
}

#[cfg(test)]
mod tests {
    use crate::scheduler::testing::check;

    const ELSEWHERE: &str = "n2: node(s) had no available volume zone";
    const NODES: &str = "node n1 zone=a\nnode n2 zone=b\nnode n3\npvc c pv=disk\npv disk";

    #[test]
    fn a_volume_is_used_in_its_zone_or_where_no_zone_is_known() {
        let cluster = format!("{NODES} zone=a");
        check("1.18", &cluster, "pod p claim=c", "n1 n2 n3");
        for version in ["1.19", "1.26", "1.27", "1.34"] {
            check(version, &cluster, "pod p claim=c", "n1 n3");
            check(version, &cluster, "pod p claim=c", ELSEWHERE);
            check(version, &cluster, "pod p", "n1 n2 n3");
        }
    }

    #[test]
    fn a_volume_may_be_in_several_zones() {
        check("1.34", &format!("{NODES} zone=a__b"), "pod p claim=c", "n1 n2 n3");
        check("1.34", &format!("{NODES} zone=x__a"), "pod p claim=c", "n1 n3");
        // An empty zone in the list makes the label count for nothing.
        check("1.34", &format!("{NODES} zone=x__"), "pod p claim=c", "n1 n2 n3");
    }

    #[test]
    fn beta_zones_are_compared_with_stable_ones_only_of_late() {
        let cluster = format!("{NODES} beta-zone=a");
        check("1.28", &cluster, "pod p claim=c", "n3");
        check("1.29", &cluster, "pod p claim=c", "n1 n3");
        let both = cluster.replace("zone=a\n", "label=failure-domain.beta.kubernetes.io/zone=a\n");
        for version in ["1.16", "1.18", "1.28", "1.34"] {
            check(
                version,
                &both.replace("zone=b", "label=failure-domain.beta.kubernetes.io/zone=b"),
                "pod p claim=c",
                "n1 n3",
            );
        }
    }

    #[test]
    fn a_claim_that_waits_for_its_pod_has_no_zone_yet() {
        let cluster = "node n1 zone=a\nclass cloud waits\npvc c class=cloud";
        check("1.16", cluster, "pod p claim=c", "n1");
        check("1.34", cluster, "pod p claim=c", "n1");
    }

    #[test]
    fn a_volume_that_is_not_there_is_refused_before_the_nodes_are_looked_at() {
        let cluster = "node n1\npvc c pv=gone";
        check("1.34", &format!("{cluster}\npv gone"), "pod p claim=c", "n1");
        check("1.28", cluster, "pod p claim=c", "n1: persistentvolume \"gone\" not found");
        check("1.34", cluster, "pod p claim=c", "n1: persistentvolume \"gone\" not found");
    }
}
