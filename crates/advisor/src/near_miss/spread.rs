//! Topology keys of spread constraints that filter.

use json_patch::Patch;
use sim_core::scheduler::PluginName;

use super::letters::near_keys;
use super::place::Place;
use super::{Asker, Candidate, NearMissKind, Trial, labels, nodes_text};

pub(super) fn candidates(asker: &Asker<'_>) -> Vec<Candidate> {
    let constraints = asker.pod.spec.topology_spread_constraints.iter().flatten().enumerate();
    let filtering: Vec<_> =
        constraints.filter(|(_, constraint)| constraint.when_unsatisfiable == "DoNotSchedule").collect();
    if filtering.is_empty() {
        return Vec::new();
    }
    let there = labels::of_nodes(asker.snapshot);
    let places = filtering.into_iter().map(|(index, constraint)| {
        (Place::of(["spec", "topologySpreadConstraints"]).at(index).at("topologyKey"), &constraint.topology_key)
    });
    places.flat_map(|(place, key)| of_topology_key(&place, key, &there, PODS_ARE_SPREAD)).collect()
}

const PODS_ARE_SPREAD: (&str, Trial) =
    ("the pods are to be spread over", Trial::Filters(&[PluginName::PodTopologySpread]));

/// The key of a topology that no node is part of.
pub(super) fn of_topology_key(
    place: &Place,
    key: &str,
    there: &labels::Labels<'_>,
    (what, trial): (&str, Trial),
) -> Vec<Candidate> {
    if there.contains_key(key) {
        return Vec::new();
    }
    let near = near_keys(key, there.keys().copied());
    let candidates = near.into_iter().map(|(other, how)| {
        let nodes: usize = there.get(other).map_or(0, |values| values.values().sum());
        Candidate {
            kind: NearMissKind::TopologyKey,
            path: place.to_string(),
            says: key.to_owned(),
            there: other.to_owned(),
            nodes: Some(nodes),
            sentence: format!(
                "{what} {key}, a label that no node has; {} {} {other}: the difference is {how}",
                nodes_text(nodes),
                if nodes == 1 { "has" } else { "have" }
            ),
            patch: Patch(vec![place.replace(other)]),
            claim: None,
            trial,
        }
    });
    candidates.collect()
}
