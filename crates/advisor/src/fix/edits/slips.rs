//! Slips of the hand: the pods' owners say what they meant.

use serde_json::Value;
use sim_cluster::{Change, PatchType};

use super::super::edit::Edit;
use super::workload::{owner_of, owner_or_pod, reference};
use crate::diagnosis::{State, Symptom};
use crate::near_miss::{near_misses, near_names, near_references};
use sim_cluster::Cluster;

/// A correction for each near miss of pods that wait.
pub(super) fn of_near_misses(cluster: &Cluster, symptoms: &[Symptom]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for symptom in symptoms {
        let Some(sample) = symptom.sample.as_deref() else { continue };
        let misses = match symptom.state {
            State::Unscheduled | State::NoneDesired => near_misses(cluster, sample),
            State::NotReady => near_references(cluster, sample),
            State::NotCreated => near_names(cluster, sample),
            _ => Vec::new(),
        };
        for miss in misses {
            let Ok(patch) = serde_json::to_value(&miss.correction.patch) else { continue };
            let (target, patch) = match (miss.correction.kind.as_str(), owner_of(symptom)) {
                ("Pod", Some(owner)) => {
                    let under =
                        if owner.kind == "cronjob" { "/spec/jobTemplate/spec/template" } else { "/spec/template" };
                    (owner, moved(patch, under))
                }
                ("Pod", None) => match owner_or_pod(symptom) {
                    Some(pod) => (pod, patch),
                    None => continue,
                },
                (kind, _) => {
                    (reference(&miss.correction.namespace, &kind.to_ascii_lowercase(), &miss.correction.name), patch)
                }
            };
            let title = format!("have {target} say {} instead of {} in {}", miss.there, miss.says, miss.path);
            edits.push(Edit::new(title, vec![Change::Patch { target, type_: PatchType::Json, patch }]));
        }
    }
    edits
}

/// The same patch of the object that holds the pod as its template.
fn moved(mut patch: Value, under: &str) -> Value {
    for operation in patch.as_array_mut().into_iter().flatten() {
        for field in ["path", "from"] {
            if let Some(Value::String(path)) = operation.get_mut(field) {
                path.insert_str(0, under);
            }
        }
    }
    patch
}
