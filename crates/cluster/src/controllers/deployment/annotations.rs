//! What a Deployment notes on its ReplicaSets: which rollout they were, and its size when they were last scaled
//! (pkg/controller/deployment/util/deployment_util.go).

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Numbers the rollouts.
pub(crate) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The numbers a ReplicaSet had before it was rolled back to.
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// `spec.replicas` of the Deployment when it last scaled the ReplicaSet.
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// The same and the surge.
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// The history is cut to so many characters.
const HISTORY_CHARACTERS_MAX: usize = 2000;

/// What is a Deployment's own and not copied to its ReplicaSets.
const OWN: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

/// The rollout a ReplicaSet or Deployment says it is; 0 when it says nothing, none when it says something else.
pub(super) fn revision(metadata: &ObjectMeta) -> Option<i64> {
    let annotation = metadata.annotations.as_ref().and_then(|annotations| annotations.get(REVISION));
    annotation.filter(|text| !text.is_empty()).map_or(Some(0), |text| text.parse().ok())
}

/// The Deployment's size when it last scaled this ReplicaSet.
pub(super) fn desired_replicas(metadata: &ObjectMeta) -> Option<i32> {
    metadata.annotations.as_ref()?.get(DESIRED_REPLICAS)?.parse().ok()
}

/// The same and the surge.
pub(super) fn max_replicas(metadata: &ObjectMeta) -> Option<i32> {
    metadata.annotations.as_ref()?.get(MAX_REPLICAS)?.parse().ok()
}

/// Notes the Deployment's size (`SetReplicasAnnotations`).
pub(super) fn set_sizes(annotations: &mut BTreeMap<String, String>, desired: i32, max: i32) {
    annotations.insert(DESIRED_REPLICAS.to_owned(), desired.to_string());
    annotations.insert(MAX_REPLICAS.to_owned(), max.to_string());
}

/// Copies the Deployment's annotations and numbers the ReplicaSet, which may have had lower numbers before
/// (`SetNewReplicaSetAnnotations`).
pub(super) fn set_new(of_set: &mut ObjectMeta, deployment: &ObjectMeta, new_revision: i64) {
    let old_revision = revision(of_set);
    let annotations = of_set.annotations.get_or_insert_default();
    let copied = deployment.annotations.iter().flatten().filter(|(key, _)| !OWN.contains(&key.as_str()));
    annotations.extend(copied.map(|(key, value)| (key.clone(), value.clone())));
    if old_revision.is_none_or(|old| old >= new_revision) {
        return;
    }
    let old = annotations.insert(REVISION.to_owned(), new_revision.to_string());
    if let Some(old) = old.filter(|old| !old.is_empty()) {
        let history = annotations.entry(REVISION_HISTORY.to_owned()).or_default();
        *history = append(history, &old);
    }
}

/// The history with one more number; the oldest go when it gets too long.
fn append(history: &str, number: &str) -> String {
    let mut numbers: Vec<&str> = history.split(',').filter(|number| !number.is_empty()).collect();
    numbers.push(number);
    let length = |numbers: &[&str]| numbers.iter().map(|number| number.len() + 1).sum::<usize>();
    while length(&numbers) > HISTORY_CHARACTERS_MAX + 1 {
        numbers.remove(0);
    }
    numbers.join(",")
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use serde_json::json;

    use super::{append, set_new};

    #[test]
    fn a_set_rolled_back_to_keeps_the_numbers_it_had() {
        let deployment: ObjectMeta =
            serde_json::from_value(json!({"annotations": {"team": "a", super::REVISION: "9"}})).unwrap();
        let mut set = ObjectMeta::default();
        for (revision, history) in [(1, None), (3, Some("1")), (3, Some("1")), (5, Some("1,3"))] {
            set_new(&mut set, &deployment, revision);
            let annotations = set.annotations.as_ref().unwrap();
            assert_eq!(annotations[super::REVISION], revision.to_string());
            assert_eq!(annotations.get(super::REVISION_HISTORY).map(String::as_str), history);
            assert_eq!(annotations["team"], "a");
        }
    }

    #[test]
    fn the_history_loses_its_oldest_numbers() {
        let long = vec!["1000"; 400].join(",");
        assert_eq!(long.len(), 1999);
        let appended = append(&long, "2");
        assert!(appended.len() <= 2000 && appended.ends_with(",2"), "{}", appended.len());
    }
}
