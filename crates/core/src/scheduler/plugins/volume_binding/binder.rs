//! Which volumes a pod's claims could get on a node (`plugins/volumebinding/binder.go` and
//! `component-helpers/storage/volume/pv_helpers.go`, v1.34).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::PodVolumeClaims;
use crate::behaviour::{AttributesClass, MissingVolume};
use crate::model::{Labels, PersistentVolume, PersistentVolumeClaim, StorageClass};
use crate::quantity::Quantity;
use crate::scheduler::csi_translation::{InTreePlugin, translate, translated_affinity};
use crate::scheduler::framework::Cycle;
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::plugins::node_affinity::matches_selector_by;

/// What is to be done for a pod's claims on the node it goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumePlan {
    /// Claims, by namespace and name, with the volumes they are to be bound to.
    pub bindings: Vec<(String, String, String)>,
    /// Claims, by namespace and name, whose volumes are to be made by their provisioners.
    pub provisions: Vec<(String, String)>,
}

/// How a node does for a pod's claims.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bound_volumes_satisfied: bool,
    pub(super) unbound_volumes_satisfied: bool,
    pub(super) sufficient_storage: bool,
    pub(super) bound_volumes_found: bool,
    pub(super) plan: VolumePlan,
}

pub(super) fn find_pod_volumes(cycle: &Cycle<'_>, claims: &PodVolumeClaims, node: &NodeInfo) -> Result<Found, String> {
    let mut found = Found {
        bound_volumes_satisfied: true,
        unbound_volumes_satisfied: true,
        sufficient_storage: true,
        bound_volumes_found: true,
        plan: VolumePlan::default(),
    };
    check_bound_claims(cycle, &claims.bound, node, &mut found)?;
    let mut to_match = Vec::new();
    let mut to_provision = Vec::new();
    for claim in &claims.delayed {
        match &claim.selected_node {
            Some(selected) if selected != node.name() => {
                found.unbound_volumes_satisfied = false;
                return Ok(found);
            }
            Some(_) => to_provision.push(claim),
            None => to_match.push(claim),
        }
    }
    let mut chosen = BTreeSet::new();
    // The smallest first, so that each gets the smallest volume that is enough.
    to_match.sort_by_key(|claim| claim.request.unwrap_or_default());
    for claim in to_match {
        match find_matching_volume(cycle, claim, node, &chosen)? {
            Some(volume) => {
                chosen.insert(volume.name.clone());
                let binding = (claim.namespace.clone(), claim.name.clone(), volume.name.clone());
                found.plan.bindings.push(binding);
            }
            None => to_provision.push(claim),
        }
    }
    check_provisions(cycle, &to_provision, node, &mut found)?;
    Ok(found)
}

fn check_bound_claims(
    cycle: &Cycle<'_>,
    claims: &[Arc<PersistentVolumeClaim>],
    node: &NodeInfo,
    found: &mut Found,
) -> Result<(), String> {
    let storage = cycle.snapshot.storage();
    for claim in claims {
        let Some(volume) = storage.volumes.get(&claim.volume_name) else {
            if cycle.behaviour.volumes.missing_volume == MissingVolume::Error {
                return Err(format!("could not find v1.PersistentVolume \"{}\"", claim.volume_name));
            }
            found.bound_volumes_found = false;
            return Ok(());
        };
        let csi_node = storage.csi_nodes.get(node.name()).map(|csi_node| &**csi_node);
        let migrated = InTreePlugin::of_volume(volume).filter(|plugin| plugin.is_migrated(cycle.behaviour, csi_node));
        let affinity = match migrated {
            None => volume.node_affinity.clone(),
            Some(plugin) => {
                translate(volume).map_err(|error| format!("could not translate pv: {error}"))?;
                translated_affinity(plugin, volume)
            }
        };
        let labels = &node.node.labels;
        if affinity.is_some_and(|affinity| !matches_selector_by(&affinity, labels, "")) {
            found.bound_volumes_satisfied = false;
            return Ok(());
        }
    }
    Ok(())
}

/// The volume kept for the claim, else the smallest that is enough.
fn find_matching_volume<'a>(
    cycle: &Cycle<'a>,
    claim: &PersistentVolumeClaim,
    node: &NodeInfo,
    chosen: &BTreeSet<String>,
) -> Result<Option<&'a PersistentVolume>, String> {
    let attributes = cycle.behaviour.volumes.attributes_class;
    if attributes == AttributesClass::Refused && !claim.attributes_class.is_empty() {
        return Err(format!(
            "unsupported volumeAttributesClassName is set on claim {}/{} when the feature-gate VolumeAttributesClass is disabled",
            claim.namespace, claim.name
        ));
    }
    let mut smallest: Option<&PersistentVolume> = None;
    let of_class =
        cycle.snapshot.storage().volumes.values().filter(|volume| volume.storage_class == claim.storage_class);
    for volume in of_class.map(|volume| &**volume).filter(|volume| !chosen.contains(&volume.name)) {
        let kept_for_claim = is_bound_to(volume, claim);
        let same_attributes = match attributes {
            AttributesClass::Ignored => true,
            AttributesClass::Refused => volume.attributes_class.is_empty(),
            AttributesClass::Compared => volume.attributes_class == claim.attributes_class,
        };
        if (volume.claim.is_some() && !kept_for_claim)
            || volume.capacity.cmp(&claim.request.unwrap_or_default()) == Ordering::Less
            || volume.volume_mode != claim.volume_mode
            || !same_attributes
            || volume.terminating
        {
            continue;
        }
        let reachable = reaches(volume, &node.node.labels);
        if kept_for_claim {
            return Ok(reachable.then_some(volume));
        }
        let selected = claim.selector.as_ref().is_none_or(|selector| selector.matches(&volume.labels));
        let accessible = claim.access_modes.iter().all(|mode| volume.access_modes.contains(mode));
        if volume.available
            && selected
            && reachable
            && accessible
            && smallest.is_none_or(|smallest| smallest.capacity > volume.capacity)
        {
            smallest = Some(volume);
        }
    }
    Ok(smallest)
}

fn reaches(volume: &PersistentVolume, labels: &Labels) -> bool {
    volume.node_affinity.as_ref().is_none_or(|affinity| matches_selector_by(affinity, labels, ""))
}

fn is_bound_to(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.claim.as_ref().is_some_and(|reference| {
        reference.name == claim.name
            && reference.namespace == claim.namespace
            && (reference.uid.is_empty() || reference.uid == claim.uid)
    })
}

fn check_provisions(
    cycle: &Cycle<'_>,
    claims: &[&Arc<PersistentVolumeClaim>],
    node: &NodeInfo,
    found: &mut Found,
) -> Result<(), String> {
    for claim in claims {
        if claim.storage_class.is_empty() {
            return Err(format!("no class for claim \"{}/{}\"", claim.namespace, claim.name));
        }
        let Some(class) = cycle.snapshot.storage().classes.get(&claim.storage_class) else {
            return Err(format!("failed to find storage class \"{}\"", claim.storage_class));
        };
        let provisions = !class.provisioner.is_empty() && class.provisioner != "kubernetes.io/no-provisioner";
        if !provisions || !allows(class, &node.node.labels) {
            found.unbound_volumes_satisfied = false;
            return Ok(());
        }
        if !has_enough_capacity(cycle, class, claim, &node.node.labels) {
            found.sufficient_storage = false;
            return Ok(());
        }
        found.plan.provisions.push((claim.namespace.clone(), claim.name.clone()));
    }
    Ok(())
}

/// Whether a class may make volumes for a node of these labels (`MatchTopologySelectorTerms`).
fn allows(class: &StorageClass, labels: &Labels) -> bool {
    let meets = |(key, values): &(String, Vec<String>)| labels.get(key).is_some_and(|label| values.contains(label));
    class.allowed_topologies.is_empty()
        || class.allowed_topologies.iter().any(|term| !term.is_empty() && term.iter().all(meets))
}

/// Whether the driver, where it has its capacity looked at, has room for the claim within the node's reach.
fn has_enough_capacity(
    cycle: &Cycle<'_>,
    class: &StorageClass,
    claim: &PersistentVolumeClaim,
    labels: &Labels,
) -> bool {
    let storage = cycle.snapshot.storage();
    let Some(size) = claim.request.filter(|_| cycle.behaviour.volumes.storage_capacity) else { return true };
    if storage.drivers.get(&class.provisioner) != Some(&true) {
        return true;
    }
    let size = Quantity::value(&size);
    storage.capacities.values().any(|capacity| {
        capacity.storage_class == claim.storage_class
            && capacity.limit_bytes.is_some_and(|limit| limit >= size)
            && capacity.node_topology.as_ref().is_some_and(|topology| topology.matches(labels))
    })
}
