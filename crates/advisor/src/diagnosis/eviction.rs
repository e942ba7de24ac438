//! Why a drain cannot evict pods: the disruption budget, and the pods that it counts as unhealthy.

use super::symptom::{State, Symptom};
use super::thing::ThingKind;
use super::wait::Wait;

/// The budget that refuses the eviction; behind it its own pods that are not well.
pub(crate) fn wait(symptoms: &[Symptom], symptom: &Symptom) -> Wait {
    let name = symptom.sentence.split_once("disruption budget ").and_then(|(_, rest)| rest.split(' ').next());
    let Some(name) = name else { return Wait::new("is told", ThingKind::Other, symptom.sentence.clone()) };
    let same_owner = |other: &&Symptom| {
        other.owner == symptom.owner && other.namespace == symptom.namespace && other.state != State::NotEvicted
    };
    let unwell = symptoms.iter().filter(same_owner);
    let then = unwell.map(|symptom| Wait::new("misses", ThingKind::Pods, symptom.name())).collect();
    Wait::new("is kept by", ThingKind::DisruptionBudget, format!("{}/{name}", symptom.namespace))
        .says(symptom.sentence.clone())
        .then(then)
}
