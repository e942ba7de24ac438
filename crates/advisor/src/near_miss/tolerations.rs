//! Tolerations that are meant for a taint and miss it.

use std::collections::BTreeMap;

use json_patch::{Patch, PatchOperation};
use k8s_openapi::api::core::v1::Toleration;
use serde_json::json;
use sim_core::model::{Effect, Taint};
use sim_core::scheduler::PluginName;

use super::letters::{near, near_keys};
use super::place::Place;
use super::{Asker, Candidate, NearMissKind, Trial, label_text, nodes_text};

pub(super) fn candidates(asker: &Asker<'_>) -> Vec<Candidate> {
    let own: Vec<Toleration> = asker.pod.spec.tolerations.clone().unwrap_or_default();
    if own.is_empty() {
        return Vec::new();
    }
    let understood = sim_cluster::convert::tolerations(asker.pod);
    let mut there: BTreeMap<&Taint, usize> = BTreeMap::new();
    let taints = asker.snapshot.nodes().flat_map(|node| &node.node.taints);
    for taint in taints.filter(|taint| matches!(taint.effect, Effect::NoSchedule | Effect::NoExecute)) {
        *there.entry(taint).or_default() += 1;
    }
    let refusing = there
        .iter()
        .filter(|(taint, _)| !understood.iter().any(|toleration| toleration.tolerates(taint)))
        .map(|(taint, nodes)| (*taint, *nodes));
    let refusing: Vec<(&Taint, usize)> = refusing.collect();
    let mut found = Vec::new();
    for (index, toleration) in own.iter().enumerate() {
        let place = Place::of(["spec", "tolerations"]).at(index);
        let covers = there.keys().any(|taint| tolerates(toleration, taint));
        for (taint, nodes) in &refusing {
            let missed = Missed { toleration, place: &place, taint, nodes: *nodes, covers };
            found.extend(missed.by_one_field());
        }
        // A key that covers something was meant for that.
        if !covers {
            found.extend(of_key(toleration, &place, &refusing));
        }
    }
    found
}

/// A toleration before a taint that it does not cover.
struct Missed<'a> {
    toleration: &'a Toleration,
    place: &'a Place,
    taint: &'a Taint,
    nodes: usize,
    /// Whether the toleration covers any other taint.
    covers: bool,
}

impl Missed<'_> {
    /// The field that is off where the key is right.
    fn by_one_field(&self) -> Option<Candidate> {
        let (toleration, taint) = (self.toleration, self.taint);
        if toleration.key.as_deref() != Some(taint.key.as_str()) {
            return None;
        }
        let without_effect = Toleration { effect: None, ..toleration.clone() };
        if tolerates(&without_effect, taint) {
            return self.of_effect();
        }
        if !tolerates(&Toleration { operator: Some("Exists".to_owned()), value: None, ..toleration.clone() }, taint) {
            return None;
        }
        let value = toleration.value.as_deref().unwrap_or_default();
        if value.is_empty() || taint.value.is_empty() {
            return Some(self.of_operator(value));
        }
        // One that covers a taint as it is was meant for that.
        let how = near(value, [taint.value.as_str()]).pop().filter(|_| !self.covers)?.1;
        let place = self.place.at("value");
        let operation = place.replace(taint.value.as_str());
        Some(self.candidate(NearMissKind::TolerationValue, place, &format!("the difference is {how}"), vec![operation]))
    }

    /// Tolerations that admission and controllers give to pods cover one effect of the node's conditions on purpose.
    fn of_effect(&self) -> Option<Candidate> {
        let is_condition = self.taint.key.starts_with("node.kubernetes.io/");
        if is_condition || self.toleration.toleration_seconds.is_some() {
            return None;
        }
        let place = self.place.at("effect");
        let effect = self.taint.effect.as_str();
        let operation = if self.covers { place.remove() } else { place.replace(effect) };
        let why = format!("the effect is {effect}");
        Some(self.candidate(NearMissKind::TolerationEffect, place, &why, vec![operation]))
    }

    fn of_operator(&self, value: &str) -> Candidate {
        let why = if value.is_empty() {
            format!("Equal without a value covers the empty value only, and the taint's is {}", self.taint.value)
        } else {
            "the taint has no value".to_owned()
        };
        let mut operations = vec![self.place.at("operator").add("Exists")];
        if self.toleration.value.is_some() {
            operations.push(self.place.at("value").remove());
        }
        self.candidate(NearMissKind::TolerationOperator, self.place.at("operator"), &why, operations)
    }

    fn candidate(&self, kind: NearMissKind, place: Place, why: &str, patch: Vec<PatchOperation>) -> Candidate {
        let (says, there) = (text(self.toleration), taint_text(self.taint));
        Candidate {
            kind,
            path: place.to_string(),
            sentence: format!(
                "the pod tolerates {says}, which does not cover the taint {there} of {}: {why}",
                nodes_text(self.nodes)
            ),
            says,
            there,
            nodes: Some(self.nodes),
            patch: Patch(patch),
            claim: None,
            trial: Trial::Filters(&[PluginName::TaintToleration]),
        }
    }
}

/// Taints under a key that is nearly the toleration's.
fn of_key(toleration: &Toleration, place: &Place, refusing: &[(&Taint, usize)]) -> Vec<Candidate> {
    let Some(key) = toleration.key.as_deref().filter(|key| !key.is_empty()) else { return Vec::new() };
    let near = near_keys(key, refusing.iter().map(|(taint, _)| taint.key.as_str()).filter(|other| *other != key));
    let mut found = Vec::new();
    for (other, how) in near {
        let renamed = Toleration { key: Some(other.to_owned()), ..toleration.clone() };
        for (taint, nodes) in refusing.iter().filter(|(taint, _)| tolerates(&renamed, taint)) {
            let place = place.at("key");
            let missed = Missed { toleration, place: &place, taint, nodes: *nodes, covers: false };
            let operation = place.replace(json!(other));
            let why = format!("the difference of the keys is {how}");
            found.push(missed.candidate(NearMissKind::TolerationKey, place.clone(), &why, vec![operation]));
        }
    }
    found
}

/// Whether a toleration as it is written covers the taint.
fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let spec = k8s_openapi::api::core::v1::PodSpec {
        tolerations: Some(vec![toleration.clone()]),
        ..k8s_openapi::api::core::v1::PodSpec::default()
    };
    sim_cluster::convert::pod_spec(&spec).tolerations.iter().any(|toleration| toleration.tolerates(taint))
}

/// As kubectl prints a toleration.
fn text(toleration: &Toleration) -> String {
    let key =
        label_text(toleration.key.as_deref().unwrap_or_default(), toleration.value.as_deref().unwrap_or_default());
    let effect = toleration.effect.as_deref().map(|effect| format!(":{effect}")).unwrap_or_default();
    let exists = if toleration.operator.as_deref() == Some("Exists") { " op=Exists" } else { "" };
    format!("{key}{effect}{exists}")
}

fn taint_text(taint: &Taint) -> String {
    format!("{}:{}", label_text(&taint.key, &taint.value), taint.effect.as_str())
}
