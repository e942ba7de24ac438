//! The ReplicaSets that a dump of Deployments and pods leaves out: what their pods say of them is put together again.
//! Without them each Deployment would make all of its pods once more.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use k8s_openapi::jiff::Timestamp;
use rustc_hash::FxHashSet;
use serde_json::Value;
use sim_core::model::LabelSelector as Selector;

use crate::controllers::controller_ref::owner_reference;
use crate::controllers::deployment::{HASH_LABEL, REVISION};
use crate::controllers::replica_set::count;
use crate::convert;
use crate::object::{Kind, KnownKind, Object};
use crate::pod::{self, Pod, TOKEN_VOLUME};

/// What `kubectl rollout restart` leaves in a template.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// The pods of a ReplicaSet that is missing.
struct Group {
    name: String,
    hash: String,
    owner: OwnerReference,
    pods: Vec<Arc<Pod>>,
}

/// Namespace and name.
type Name = (String, String);

/// Adds the missing ReplicaSets to the objects, and returns what they are called.
pub(crate) fn put_back(objects: &mut Vec<Object>) -> Vec<String> {
    let mut sets = Vec::new();
    for (deployment, mut groups) in groups(objects) {
        groups.sort_by_key(|group| (created(group), group.name.clone()));
        let current = current(&deployment, &groups);
        let revision = deployment.metadata.annotations.as_ref().and_then(|own| own.get(REVISION)?.parse::<i64>().ok());
        let mut older = count_i64(groups.len()) - i64::from(current.is_some());
        let is_alone = groups.len() == 1;
        for (index, group) in groups.into_iter().enumerate() {
            let is_current = current == Some(index);
            let number = revision.map(|revision| if is_current { revision } else { revision - older });
            older -= i64::from(!is_current);
            let replicas = deployment.spec.replicas.filter(|_| is_current && is_alone);
            let mut set = set(&deployment, &group, is_current, replicas);
            if let Some(number) = number.filter(|number| *number > 0) {
                let annotations = set.metadata.annotations.get_or_insert_default();
                annotations.insert(REVISION.to_owned(), number.to_string());
            }
            sets.push(set);
        }
    }
    let names = sets.iter().map(|set| {
        let namespace = set.metadata.namespace.as_deref().unwrap_or_default();
        format!("{namespace}/{}", set.metadata.name.as_deref().unwrap_or_default())
    });
    let names = names.collect();
    objects.extend(sets.into_iter().map(|set| ReplicaSet::wrap(Arc::new(set))));
    names
}

/// The pods whose ReplicaSet is missing and whose Deployment is there or, of pods that nobody owns, selects them, by Deployment and ReplicaSet.
fn groups(objects: &[Object]) -> Vec<(Arc<Deployment>, Vec<Group>)> {
    let mut deployments: BTreeMap<Name, (Arc<Deployment>, BTreeMap<String, Group>)> = BTreeMap::new();
    let mut there: FxHashSet<(&str, &str)> = FxHashSet::default();
    for object in objects {
        let namespace = object.namespace().unwrap_or_default();
        match object {
            Object::Deployment(deployment) => {
                let name = (namespace.to_owned(), object.name().to_owned());
                deployments.insert(name, (deployment.clone(), BTreeMap::new()));
            }
            Object::ReplicaSet(_) => {
                there.insert((namespace, object.name()));
            }
            _ => {}
        }
    }
    if deployments.is_empty() {
        return Vec::new();
    }
    let takers = Takers::of(objects);
    for object in objects {
        let Object::Pod(pod) = object else { continue };
        let namespace = object.namespace().unwrap_or_default();
        let labels = pod.metadata.labels.clone().unwrap_or_default();
        let Some(hash) = labels.get(HASH_LABEL) else { continue };
        let (deployment, owner) = match pod::controller_of(&pod.metadata) {
            Some(owner) if owner.kind == Kind::ReplicaSet.name() => {
                let Some((name, _)) = owner.name.rsplit_once('-').filter(|(_, own)| own == hash) else { continue };
                (name.to_owned(), owner.clone())
            }
            Some(_) => continue,
            None => {
                let Some(name) = takers.deployment(namespace, &labels) else { continue };
                (name.to_owned(), unknown_set(format!("{name}-{hash}")))
            }
        };
        if there.contains(&(namespace, owner.name.as_str())) {
            continue;
        }
        let Some((deployment, groups)) = deployments.get_mut(&(namespace.to_owned(), deployment)) else { continue };
        if !convert::label_selector(&deployment.spec.selector).matches(&labels) {
            continue;
        }
        let group = groups.entry(owner.name.clone()).or_insert_with(|| Group {
            name: owner.name.clone(),
            hash: hash.clone(),
            owner,
            pods: Vec::new(),
        });
        group.pods.push(pod.clone());
    }
    let found = deployments.into_values().filter(|(_, groups)| !groups.is_empty());
    found.map(|(deployment, groups)| (deployment, groups.into_values().collect())).collect()
}

/// Who would take in a pod that nobody owns.
struct Takers<'a> {
    /// Namespace, name and selector.
    deployments: Vec<(&'a str, &'a str, Selector)>,
    sets: Vec<(&'a str, Selector)>,
}

impl<'a> Takers<'a> {
    fn of(objects: &'a [Object]) -> Self {
        let mut takers = Self { deployments: Vec::new(), sets: Vec::new() };
        for object in objects {
            let namespace = object.namespace().unwrap_or_default();
            match object {
                Object::Deployment(deployment) => {
                    let selector = convert::label_selector(&deployment.spec.selector);
                    takers.deployments.push((namespace, object.name(), selector));
                }
                Object::ReplicaSet(set) => takers.sets.push((namespace, convert::label_selector(&set.spec.selector))),
                _ => {}
            }
        }
        takers
    }

    /// The Deployment whose ReplicaSet the pod was of, when no ReplicaSet that is there takes it in.
    fn deployment(&self, namespace: &str, labels: &BTreeMap<String, String>) -> Option<&'a str> {
        if self.sets.iter().any(|(own, selector)| *own == namespace && selector.matches(labels)) {
            return None;
        }
        let mut matching =
            self.deployments.iter().filter(|(own, _, selector)| *own == namespace && selector.matches(labels));
        matching.next().map(|(_, name, _)| *name)
    }
}

/// A reference to a ReplicaSet of which only the name is known.
fn unknown_set(name: String) -> OwnerReference {
    OwnerReference {
        api_version: Kind::ReplicaSet.api_version().to_owned(),
        kind: Kind::ReplicaSet.name().to_owned(),
        name,
        ..OwnerReference::default()
    }
}

/// When the first of its pods was created.
fn created(group: &Group) -> Option<Timestamp> {
    group.pods.iter().filter_map(|pod| pod.metadata.creation_timestamp.as_ref()).map(|time| time.0).min()
}

/// Which of the groups, oldest first, is of the Deployment's present template: the newest whose pods could be made from
/// it; else, since admission may have changed the pods, the newest if the Deployment counts its pods as up to date.
fn current(deployment: &Deployment, groups: &[Group]) -> Option<usize> {
    let template = &deployment.spec.template;
    let could_be = |group: &Group| group.pods.first().is_some_and(|pod| is_made_from(template, pod));
    groups.iter().rposition(could_be).or_else(|| {
        let status = deployment.status.as_ref()?;
        let is_seen = status.observed_generation == deployment.metadata.generation;
        let newest = groups.last()?;
        let updated = status.updated_replicas == Some(count(active(newest).count()));
        (is_seen && updated).then_some(groups.len() - 1)
    })
}

/// Whether the pod has all that the template says; admission adds more.
fn is_made_from(template: &PodTemplateSpec, pod: &Pod) -> bool {
    let metadata = template.metadata.clone().unwrap_or_default();
    let value = |part: Result<Value, serde_json::Error>| part.unwrap_or_default();
    is_part_of(&value(serde_json::to_value(&metadata.labels)), &value(serde_json::to_value(&pod.metadata.labels)))
        && is_part_of(
            &value(serde_json::to_value(&metadata.annotations)),
            &value(serde_json::to_value(&pod.metadata.annotations)),
        )
        && is_part_of(&value(serde_json::to_value(&template.spec)), &value(serde_json::to_value(pod.api_spec())))
}

/// Whether all of a document is found in another: fields of objects by name, elements of lists in their order.
fn is_part_of(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Null, _) => true,
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, part)| is_part_of(part, whole.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut rest = whole.iter();
            part.iter().all(|part| rest.any(|whole| is_part_of(part, whole)))
        }
        (Value::Object(part), Value::Null) => part.is_empty(),
        (Value::Array(part), Value::Null) => part.is_empty(),
        (part, whole) => part == whole,
    }
}

fn active(group: &Group) -> impl Iterator<Item = &Arc<Pod>> {
    group.pods.iter().filter(|pod| pod::is_active(pod))
}

/// The ReplicaSet as its Deployment would have made it.
fn set(deployment: &Deployment, group: &Group, is_current: bool, replicas: Option<i32>) -> ReplicaSet {
    let mut template = if is_current { deployment.spec.template.clone() } else { template_of(deployment, group) };
    let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
    labels.insert(HASH_LABEL.to_owned(), group.hash.clone());
    let labels = labels.clone();
    let mut selector = deployment.spec.selector.match_labels.clone().unwrap_or_default();
    selector.insert(HASH_LABEL.to_owned(), group.hash.clone());
    let counted = count(active(group).count());
    let ready = count(active(group).filter(|pod| pod::is_ready(pod)).count());
    ReplicaSet {
        metadata: ObjectMeta {
            name: Some(group.name.clone()),
            namespace: deployment.metadata.namespace.clone(),
            uid: Some(group.owner.uid.clone()).filter(|uid| !uid.is_empty()),
            creation_timestamp: created(group).map(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time),
            generation: Some(1),
            labels: Some(labels),
            owner_references: Some(vec![owner_reference(deployment)]),
            ..ObjectMeta::default()
        },
        spec: ReplicaSetSpec {
            replicas: Some(replicas.unwrap_or(counted)),
            selector: LabelSelector {
                match_labels: Some(selector),
                match_expressions: deployment.spec.selector.match_expressions.clone(),
            },
            template: Some(template),
            min_ready_seconds: deployment.spec.min_ready_seconds,
        },
        status: Some(ReplicaSetStatus {
            replicas: counted,
            fully_labeled_replicas: Some(counted).filter(|count| *count > 0),
            ready_replicas: Some(ready).filter(|count| *count > 0),
            available_replicas: Some(ready).filter(|count| *count > 0),
            observed_generation: Some(1),
            ..ReplicaSetStatus::default()
        }),
    }
}

/// The template of a set that is being replaced, as far as its newest pod shows it.
fn template_of(deployment: &Deployment, group: &Group) -> PodTemplateSpec {
    let newest = group.pods.iter().max_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0));
    let Some(pod) = newest else { return PodTemplateSpec::default() };
    let known = deployment.spec.template.metadata.as_ref().and_then(|metadata| metadata.annotations.clone());
    let known = known.unwrap_or_default();
    let mut annotations = pod.metadata.annotations.clone().unwrap_or_default();
    annotations.retain(|key, _| known.contains_key(key) || key == RESTARTED_AT);
    let mut spec = pod.spec.as_ref().clone();
    if pod.token_volume.is_some() {
        // Each pod gets its own.
        spec.volumes.iter_mut().for_each(|volumes| volumes.retain(|volume| volume.name != TOKEN_VOLUME));
        let containers = spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten());
        for mounts in containers.filter_map(|container| container.volume_mounts.as_mut()) {
            mounts.retain(|mount| mount.name != TOKEN_VOLUME);
        }
    }
    let metadata = ObjectMeta {
        labels: pod.metadata.labels.clone(),
        annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
        ..ObjectMeta::default()
    };
    PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) }
}

fn count_i64(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_part_of;

    #[test]
    fn a_pod_has_what_its_template_says_and_more() {
        let whole = json!({"a": 1, "l": [{"n": "x", "d": true}, {"n": "y"}], "e": {"f": "g"}});
        for (part, expected) in [
            (json!({}), true),
            (json!({"a": 1, "z": null, "s": {}, "m": []}), true),
            (json!({"l": [{"n": "y"}]}), true),
            (json!({"l": [{"n": "x"}, {"n": "y"}]}), true),
            (json!({"l": [{"n": "y"}, {"n": "x"}]}), false),
            (json!({"a": 2}), false),
            (json!({"e": {"h": "g"}}), false),
            (json!({"s": {"t": 1}}), false),
        ] {
            assert_eq!(is_part_of(&part, &whole), expected, "{part}");
        }
    }
}
