//! Names of resources that no node has.

use std::collections::{BTreeMap, BTreeSet};

use json_patch::Patch;
use k8s_openapi::api::core::v1::Container;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use sim_core::model::resources::is_scalar;
use sim_core::scheduler::PluginName;

use super::letters::near_keys;
use super::place::Place;
use super::{Asker, Candidate, NearMissKind, Trial, nodes_text};

pub(super) fn candidates(asker: &Asker<'_>) -> Vec<Candidate> {
    let spec = &asker.pod.spec;
    let of_kind = |field: &'static str, containers: &[Container]| -> Vec<(Place, Container)> {
        let places = containers.iter().enumerate();
        places.map(|(index, container)| (Place::of(["spec", field]).at(index), container.clone())).collect()
    };
    let mut containers = of_kind("containers", &spec.containers);
    containers.extend(of_kind("initContainers", spec.init_containers.as_deref().unwrap_or_default()));
    let requests = |container: &Container| container.resources.clone().and_then(|resources| resources.requests);
    let asked: BTreeSet<String> = containers
        .iter()
        .filter_map(|(_, container)| requests(container))
        .flat_map(BTreeMap::into_keys)
        .filter(|name| is_scalar(name))
        .collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let mut there: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, amount) in asker.snapshot.nodes().flat_map(|node| &node.node.allocatable.scalars) {
        *there.entry(name).or_default() += usize::from(*amount > 0);
    }
    there.retain(|_, nodes| *nodes > 0);
    let mut found = Vec::new();
    for name in asked.iter().filter(|name| !there.contains_key(name.as_str())) {
        for (other, how) in near_keys(name, there.keys().copied()) {
            let mut operations = Vec::new();
            let mut path = None;
            for (place, container) in &containers {
                let Some(resources) = &container.resources else { continue };
                for (field, list) in [("requests", &resources.requests), ("limits", &resources.limits)] {
                    let list: Option<&BTreeMap<String, Quantity>> = list.as_ref();
                    let Some(amount) = list.and_then(|list| list.get(name)) else { continue };
                    let place = place.at("resources").at(field);
                    path.get_or_insert_with(|| place.at(name).to_string());
                    operations.extend([place.at(name).remove(), place.at(other).add(amount.0.as_str())]);
                }
            }
            let nodes = there.get(other).copied().unwrap_or(0);
            found.push(Candidate {
                kind: NearMissKind::Resource,
                path: path.unwrap_or_default(),
                says: name.clone(),
                there: other.to_owned(),
                nodes: Some(nodes),
                sentence: format!(
                    "the pod asks for {name}, which no node has; {} {} {other}: the difference is {how}",
                    nodes_text(nodes),
                    if nodes == 1 { "has" } else { "have" }
                ),
                patch: Patch(operations),
                claim: None,
                trial: Trial::Filters(&[PluginName::NodeResourcesFit]),
            });
        }
    }
    found
}
