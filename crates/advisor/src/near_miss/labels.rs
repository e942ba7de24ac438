//! Labels of nodes that `nodeSelector` and required node affinity ask for.

use std::collections::BTreeMap;

use json_patch::Patch;
use k8s_openapi::api::core::v1::NodeSelectorRequirement;
use sim_core::scheduler::{PluginName, Snapshot};

use super::letters::{near, near_keys};
use super::place::Place;
use super::renamed::new_name;
use super::{Asker, Candidate, NearMissKind, Trial, label_text, nodes_text};

/// How many nodes have each value of each label.
pub(super) type Labels<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;

/// The labels of all nodes.
pub(super) fn of_nodes(snapshot: &Snapshot) -> Labels<'_> {
    let mut labels = Labels::new();
    for (key, value) in snapshot.nodes().flat_map(|node| &node.node.labels) {
        *labels.entry(key).or_default().entry(value).or_default() += 1;
    }
    labels
}

/// A label that is asked for: one of these values, or any where there are none.
struct Wanted<'a> {
    key: &'a str,
    values: Vec<&'a str>,
    place: Place,
    /// Whether the place is that of a requirement, which has key and values beside each other.
    is_requirement: bool,
}

pub(super) fn candidates(asker: &Asker<'_>) -> Vec<Candidate> {
    let spec = &asker.pod.spec;
    let selected = spec.node_selector.iter().flatten().map(|(key, value)| Wanted {
        key,
        values: vec![value.as_str()],
        place: Place::of(["spec", "nodeSelector"]).at(key),
        is_requirement: false,
    });
    let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref());
    let terms = Place::of(["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"])
        .at("nodeSelectorTerms");
    let terms = required
        .into_iter()
        .flat_map(|required| &required.node_selector_terms)
        .enumerate()
        .map(|(index, term)| (terms.at(index), term));
    let mut wanted: Vec<Wanted<'_>> = selected.collect();
    let mut names = Vec::new();
    for (place, term) in terms {
        let expressions = term.match_expressions.iter().flatten().enumerate();
        wanted.extend(expressions.filter_map(|(index, requirement)| {
            Some(Wanted {
                key: &requirement.key,
                values: values(requirement)?,
                place: place.at("matchExpressions").at(index),
                is_requirement: true,
            })
        }));
        let fields = term.match_fields.iter().flatten().enumerate();
        names.extend(fields.filter(|(_, field)| field.operator == "In").flat_map(|(index, field)| {
            let place = place.at("matchFields").at(index).at("values");
            field.values.iter().flatten().enumerate().map(move |(value, name)| (place.at(value), name.as_str()))
        }));
    }
    if wanted.is_empty() && names.is_empty() {
        return Vec::new();
    }
    let labels = of_nodes(asker.snapshot);
    let mut found: Vec<Candidate> = wanted.iter().flat_map(|wanted| of_label(wanted, &labels)).collect();
    found.extend(names.into_iter().flat_map(|(place, name)| of_name(asker.snapshot, &place, name)));
    found
}

/// The values that a requirement asks for; `None` if it does not ask for a label to be there.
fn values(requirement: &NodeSelectorRequirement) -> Option<Vec<&str>> {
    match requirement.operator.as_str() {
        "In" => Some(requirement.values.iter().flatten().map(String::as_str).collect()),
        "Exists" | "Gt" | "Lt" => Some(Vec::new()),
        _ => None,
    }
}

fn of_label(wanted: &Wanted<'_>, labels: &Labels<'_>) -> Vec<Candidate> {
    let Some(there) = labels.get(wanted.key) else {
        return keys(wanted, labels, near_keys(wanted.key, labels.keys().copied()));
    };
    // Nodes that came after the old name went out of use have the new one alone.
    let has_wanted = |key: &str| {
        let values = labels.get(key);
        values.is_some_and(|values| wanted.values.iter().any(|value| values.contains_key(value)))
    };
    if let Some((new, how)) = new_name(wanted.key).filter(|(new, _)| has_wanted(new)) {
        return keys(wanted, labels, vec![(new, how.to_owned())]);
    }
    if wanted.values.iter().any(|value| there.contains_key(value)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, value) in wanted.values.iter().enumerate() {
        for (other, how) in near(value, there.keys().copied()) {
            let place = if wanted.is_requirement { wanted.place.at("values").at(index) } else { wanted.place.clone() };
            let nodes = there.get(other).copied().unwrap_or(0);
            let (says, label) = (label_text(wanted.key, value), label_text(wanted.key, other));
            found.push(Candidate {
                kind: NearMissKind::LabelValue,
                path: place.to_string(),
                sentence: format!(
                    "the pod asks for nodes with {says}, which no node has; {} {label}: the difference is {how}",
                    have(nodes)
                ),
                says,
                there: label,
                nodes: Some(nodes),
                patch: Patch(vec![place.replace(other)]),
                claim: None,
                trial: Trial::Filters(&[PluginName::NodeAffinity]),
            });
        }
    }
    found
}

/// Corrections of the key, each with how it stands to the one that is asked for.
fn keys(wanted: &Wanted<'_>, labels: &Labels<'_>, near: Vec<(&str, String)>) -> Vec<Candidate> {
    let with = labels.get(wanted.key).into_iter().flatten();
    let with = with.filter(|(value, _)| wanted.values.contains(value)).map(|(_, count)| count).sum();
    let candidates = near.into_iter().map(|(other, how)| {
        let nodes = labels.get(other).map_or(0, |values| values.values().sum());
        let value = wanted.values.first().copied().unwrap_or_default();
        let (says, place) = (label_text(wanted.key, value), &wanted.place);
        let patch = if wanted.is_requirement {
            vec![place.at("key").replace(other)]
        } else {
            vec![place.remove(), Place::of(["spec", "nodeSelector"]).at(other).add(value)]
        };
        Candidate {
            kind: NearMissKind::LabelKey,
            path: if wanted.is_requirement { place.at("key") } else { place.clone() }.to_string(),
            sentence: format!(
                "the pod asks for nodes with {says}, and {}; {} {other}: the difference is {how}",
                match (with, labels.contains_key(wanted.key)) {
                    (0, true) => "no node has that".to_owned(),
                    (0, false) => format!("no node has a label {}", wanted.key),
                    (with, _) => format!("{} that", have(with)),
                },
                have(nodes)
            ),
            says,
            there: other.to_owned(),
            nodes: Some(nodes),
            patch: Patch(patch),
            claim: None,
            trial: Trial::Filters(&[PluginName::NodeAffinity]),
        }
    });
    candidates.collect()
}

fn of_name(snapshot: &Snapshot, place: &Place, name: &str) -> Vec<Candidate> {
    if snapshot.node(name).is_some() {
        return Vec::new();
    }
    let near = near(name, snapshot.nodes().map(|node| node.name()));
    let candidates = near.into_iter().map(|(other, how)| Candidate {
        kind: NearMissKind::NodeName,
        path: place.to_string(),
        says: name.to_owned(),
        there: other.to_owned(),
        nodes: Some(1),
        sentence: format!(
            "the pod asks for the node {name}, which is not there; there is {other}: the difference is {how}"
        ),
        patch: Patch(vec![place.replace(other)]),
        claim: None,
        trial: Trial::Filters(&[PluginName::NodeAffinity]),
    });
    candidates.collect()
}

fn have(nodes: usize) -> String {
    format!("{} {}", nodes_text(nodes), if nodes == 1 { "has" } else { "have" })
}
