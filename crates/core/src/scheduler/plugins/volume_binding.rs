//! Claims, the volumes they are bound to or could get, and from where these can be reached
//! (`plugins/volumebinding/volume_binding.go`, v1.34).

mod binder;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::PluginName;
use crate::behaviour::{EphemeralVolumes, MissingVolume};
use crate::model::{NodeSelectorOperator, PersistentVolume, PersistentVolumeClaim, Pod, VolumeBindingMode};
use crate::scheduler::event::{Happening, Subject};
use crate::scheduler::framework::{Code, Cycle, CycleState, Plugin, PreFilter, Status};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::storage::{claim_name, claim_not_found, not_made_for, uses_claim};

pub use binder::VolumePlan;

/// The plugin.
#[derive(Debug)]
pub struct VolumeBinding;

/// The pod's claims, found once before the nodes are filtered (1.19+).
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterState {
    claims: Option<PodVolumeClaims>,
}

/// A pod's claims by what is still to be done for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct PodVolumeClaims {
    bound: Vec<Arc<PersistentVolumeClaim>>,
    /// To be bound to a volume on the node that is chosen.
    delayed: Vec<Arc<PersistentVolumeClaim>>,
    /// To be bound by the controller before any node is looked at.
    immediate: Vec<Arc<PersistentVolumeClaim>>,
}

const UNBOUND_IMMEDIATE: &str = "pod has unbound immediate PersistentVolumeClaims";

impl Plugin for VolumeBinding {
    fn name(&self) -> PluginName {
        PluginName::VolumeBinding
    }

    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFilter {
        let rules = &cycle.behaviour.volumes;
        if !rules.binding_in_pre_filter {
            return PreFilter::AllNodes;
        }
        let refused = |code, reason: String| PreFilter::Refused(Status::refused(code, self.name(), reason));
        let unresolvable = Code::UnschedulableAndUnresolvable;
        if rules.claims_checked_in_pre_filter
            && let Some(fault) = claims_fault(cycle)
        {
            return refused(unresolvable, fault);
        }
        if !uses_claims(cycle) {
            return PreFilter::AllNodes;
        }
        let claims = match PodVolumeClaims::of(cycle) {
            Ok(claims) => claims,
            Err(fault) => return refused(Code::Error, fault),
        };
        if !claims.immediate.is_empty() {
            return refused(unresolvable, UNBOUND_IMMEDIATE.to_owned());
        }
        let eligible = if rules.narrows_to_local_volumes { eligible_nodes(cycle, &claims.bound) } else { None };
        state.volume_binding.claims = Some(claims);
        eligible.map_or(PreFilter::AllNodes, PreFilter::Nodes)
    }
    /// One of the pod's claims came or changed (`isSchedulableAfterPersistentVolumeClaimChange`).
    fn is_schedulable_after(&self, cycle: &Cycle<'_>, happening: &Happening<'_>) -> bool {
        match happening.subject {
            Subject::Claim(claim) => uses_claim(cycle.pod, claim),
            _ => true,
        }
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Status {
        let failed = |fault: String| Status::refused(Code::Error, self.name(), fault);
        let found;
        let claims = match &state.volume_binding.claims {
            Some(claims) => claims,
            None if cycle.behaviour.volumes.binding_in_pre_filter || !uses_claims(cycle) => return Status::success(),
            None => match PodVolumeClaims::of(cycle) {
                Ok(claims) if claims.immediate.is_empty() => {
                    found = claims;
                    &found
                }
                Ok(_) => return failed(UNBOUND_IMMEDIATE.to_owned()),
                Err(fault) => return failed(fault),
            },
        };
        let plan = match binder::find_pod_volumes(cycle, claims, node) {
            Ok(plan) => plan,
            Err(fault) => return failed(fault),
        };
        let rules = &cycle.behaviour.volumes;
        let missing = match rules.missing_volume {
            MissingVolume::Reason(reason) => reason,
            MissingVolume::Error => "",
        };
        let reasons = [
            (plan.bound_volumes_satisfied, rules.node_conflict_reason),
            (plan.unbound_volumes_satisfied, "node(s) didn't find available persistent volumes to bind"),
            (plan.sufficient_storage, "node(s) did not have enough free storage"),
            (plan.bound_volumes_found, missing),
        ];
        let mut status = Status::success();
        for (_, reason) in reasons.into_iter().filter(|(satisfied, _)| !satisfied) {
            let refusal = Status::refused(Code::UnschedulableAndUnresolvable, self.name(), reason);
            if status.is_success() { status = refusal } else { status.merge(refusal) }
        }
        status
    }
}

/// What is to be done for the pod's claims once it goes to the node; nothing where all are bound, or something is wrong.
pub(crate) fn plan(cycle: &Cycle<'_>, node: &NodeInfo) -> VolumePlan {
    if !uses_claims(cycle) {
        return VolumePlan::default();
    }
    let found = PodVolumeClaims::of(cycle).and_then(|claims| binder::find_pod_volumes(cycle, &claims, node));
    found.map(|found| found.plan).unwrap_or_default()
}

/// What keeps the scheduler of old versions from looking at any node at all (`podPassesBasicChecks`, ≤1.19).
pub(crate) fn basic_check(cycle: &Cycle<'_>) -> Option<String> {
    if cycle.behaviour.volumes.basic_checks { claims_fault(cycle) } else { None }
}

/// The claims of the pod by name, those that the version knows of, and whether each is one made for the pod.
fn used_claims<'a>(cycle: &Cycle<'a>, pod: &'a Pod) -> impl Iterator<Item = (String, bool)> {
    let known = cycle.behaviour.volumes.ephemeral != EphemeralVolumes::Unknown;
    pod.spec
        .volumes
        .iter()
        .filter_map(|volume| claim_name(pod, volume))
        .filter(move |(_, made_for_pod)| known || !made_for_pod)
}

fn uses_claims(cycle: &Cycle<'_>) -> bool {
    used_claims(cycle, cycle.pod).next().is_some()
}

/// What is wrong with a claim of the pod: it is not there, lost, going, or somebody else's.
fn claims_fault(cycle: &Cycle<'_>) -> Option<String> {
    let rules = &cycle.behaviour.volumes;
    used_claims(cycle, cycle.pod).find_map(|(name, made_for_pod)| {
        let Some(claim) = cycle.snapshot.storage().claim(&cycle.pod.namespace, &name) else {
            let text = if made_for_pod && rules.ephemeral == EphemeralVolumes::Awaited {
                format!("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\"")
            } else {
                claim_not_found(&name)
            };
            return Some(text);
        };
        if claim.lost && rules.lost_claims_refused {
            let volume = &claim.volume_name;
            return Some(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
            ));
        }
        if claim.terminating {
            return Some(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        let foreign = not_made_for(cycle.pod, claim).filter(|_| made_for_pod);
        foreign.map(|text| match rules.ephemeral {
            EphemeralVolumes::Awaited => text,
            _ => format!("persistentvolumeclaim \"{name}\" was not created for the pod"),
        })
    })
}

impl PodVolumeClaims {
    fn of(cycle: &Cycle<'_>) -> Result<Self, String> {
        let storage = cycle.snapshot.storage();
        let namespace = &cycle.pod.namespace;
        let mut claims = PodVolumeClaims::default();
        for (name, made_for_pod) in used_claims(cycle, cycle.pod) {
            let Some(claim) = storage.claim(namespace, &name) else {
                let key = format!("{namespace}/{name}");
                return Err(format!("error getting PVC \"{key}\": could not find v1.PersistentVolumeClaim \"{key}\""));
            };
            if let Some(fault) = not_made_for(cycle.pod, claim).filter(|_| made_for_pod) {
                return Err(match cycle.behaviour.volumes.ephemeral {
                    EphemeralVolumes::Awaited => fault,
                    _ => format!("PVC {namespace}/{name} is not owned by pod"),
                });
            }
            let class = storage.classes.get(&claim.storage_class).filter(|_| !claim.storage_class.is_empty());
            let waits = class.is_some_and(|class| class.binding_mode == VolumeBindingMode::WaitForFirstConsumer);
            let list = match (claim.volume_name.is_empty(), claim.bind_completed) {
                (false, true) => &mut claims.bound,
                (true, _) if waits => &mut claims.delayed,
                _ => &mut claims.immediate,
            };
            list.push(Arc::clone(claim));
        }
        Ok(claims)
    }
}

/// The nodes that the pod's local volumes are on, by name (1.27 to 1.31); `None` if none is local, or one is not there.
fn eligible_nodes(cycle: &Cycle<'_>, bound: &[Arc<PersistentVolumeClaim>]) -> Option<BTreeSet<String>> {
    let mut eligible: Option<BTreeSet<String>> = None;
    for claim in bound {
        let volume = cycle.snapshot.storage().volumes.get(&claim.volume_name)?;
        let names = local_nodes(volume);
        if !names.is_empty() {
            eligible = Some(match eligible {
                None => names,
                Some(others) => others.intersection(&names).cloned().collect(),
            });
        }
    }
    eligible
}

/// The host names that a volume's node affinity gives (`GetLocalPersistentVolumeNodeNames`).
fn local_nodes(volume: &PersistentVolume) -> BTreeSet<String> {
    let terms = volume.node_affinity.iter().flat_map(|affinity| &affinity.node_selector_terms);
    let names_of_term = terms.map(|term| {
        let mut names: Option<BTreeSet<String>> = None;
        for requirement in &term.match_expressions {
            if requirement.key == "kubernetes.io/hostname" && requirement.operator == NodeSelectorOperator::In {
                let values: BTreeSet<String> = requirement.values.iter().cloned().collect();
                names = Some(match names {
                    None => values,
                    Some(others) => others.intersection(&values).cloned().collect(),
                });
            }
        }
        names.unwrap_or_default()
    });
    names_of_term.flatten().collect()
}

#[cfg(test)]
mod tests;
