//! Required pod affinity: its topology key, its namespaces and its selector. Anti-affinity that misses refuses nobody.

use std::collections::BTreeMap;

use json_patch::{Patch, PatchOperation};
use k8s_openapi::api::core::v1::{Namespace, PodAffinityTerm};
use sim_core::model::LabelSelector;
use sim_core::scheduler::PluginName;

use super::letters::{near, near_keys};
use super::place::Place;
use super::{Asker, Candidate, NearMissKind, Trial, label_text, labels, spread};

const TRIAL: Trial = Trial::Filters(&[PluginName::InterPodAffinity]);

pub(super) fn candidates(asker: &Asker<'_>) -> Vec<Candidate> {
    let affinity = asker.pod.spec.affinity.as_ref().and_then(|affinity| affinity.pod_affinity.as_ref());
    let terms = affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref());
    let Some(terms) = terms.filter(|terms| !terms.is_empty()) else { return Vec::new() };
    let there = labels::of_nodes(asker.snapshot);
    let place = Place::of(["spec", "affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]);
    let mut found = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let place = place.at(index);
        let words = ("the pod is to be beside others by", TRIAL);
        found.extend(spread::of_topology_key(&place.at("topologyKey"), &term.topology_key, &there, words));
        found.extend(of_namespaces(asker, &place.at("namespaces"), term));
        found.extend(of_selector(asker, &place.at("labelSelector"), term));
    }
    found
}

fn of_namespaces(asker: &Asker<'_>, place: &Place, term: &PodAffinityTerm) -> Vec<Candidate> {
    let store = asker.cluster.store();
    let missing = term.namespaces.iter().flatten().enumerate();
    let missing = missing.filter(|(_, name)| store.find::<Namespace>("", name).is_none());
    let mut found = Vec::new();
    for (index, name) in missing {
        let names = store.list::<Namespace>().filter_map(|namespace| namespace.metadata.name.as_deref());
        for (other, how) in near(name, names) {
            let place = place.at(index);
            let sentence = format!(
                "the pod is to be beside pods of the namespace {name}, which is not there; there is {other}: the difference is {how}"
            );
            found.push(candidate(NearMissKind::Namespace, &place, name, other, sentence, vec![place.replace(other)]));
        }
    }
    found
}

fn of_selector(asker: &Asker<'_>, place: &Place, term: &PodAffinityTerm) -> Vec<Candidate> {
    // Which namespaces a selector chooses is the plugin's to say: what is tried shows whether it was right.
    let Some(selector) = term.label_selector.as_ref().filter(|_| term.namespace_selector.is_none()) else {
        return Vec::new();
    };
    let own = vec![asker.namespace().to_owned()];
    let namespaces = term.namespaces.as_ref().filter(|names| !names.is_empty()).unwrap_or(&own);
    let understood: LabelSelector = sim_cluster::convert::label_selector(selector);
    let mut there: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let bound = asker.snapshot.nodes().flat_map(|node| &node.pods).map(|info| &info.pod);
    for pod in bound.filter(|pod| namespaces.contains(&pod.namespace)) {
        if understood.matches(&pod.labels) {
            return Vec::new();
        }
        for (key, value) in &pod.labels {
            *there.entry(key).or_default().entry(value).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for (key, value) in selector.match_labels.iter().flatten() {
        let place = place.at("matchLabels");
        let says = label_text(key, value);
        let Some(values) = there.get(key.as_str()) else {
            for (other, how) in near_keys(key, there.keys().copied()) {
                let sentence = format!(
                    "the pod is to be beside pods with {says}, and none has a label {key}; there are pods with {other}: the difference is {how}"
                );
                let operations = vec![place.at(key).remove(), place.at(other).add(value.as_str())];
                found.push(candidate(NearMissKind::PodSelector, &place.at(key), &says, other, sentence, operations));
            }
            continue;
        };
        if values.contains_key(value.as_str()) {
            continue;
        }
        for (other, how) in near(value, values.keys().copied()) {
            let (place, label) = (place.at(key), label_text(key, other));
            let sentence = format!(
                "the pod is to be beside pods with {says}, which no pod has; there are pods with {label}: the difference is {how}"
            );
            found.push(candidate(
                NearMissKind::PodSelector,
                &place,
                &says,
                &label,
                sentence,
                vec![place.replace(other)],
            ));
        }
    }
    found
}

fn candidate(
    kind: NearMissKind,
    place: &Place,
    says: &str,
    there: &str,
    sentence: String,
    patch: Vec<PatchOperation>,
) -> Candidate {
    Candidate {
        kind,
        path: place.to_string(),
        says: says.to_owned(),
        there: there.to_owned(),
        nodes: None,
        sentence,
        patch: Patch(patch),
        claim: None,
        trial: TRIAL,
    }
}
