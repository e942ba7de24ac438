//! What the objects of a dump say that there is, and that the dump does not have.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::controllers::controller_ref::Selects;
use crate::controllers::replica_set::count;
use crate::convert;
use crate::gaps::list;
use crate::object::{Kind, Object};
use crate::pod::{self, Pod};

/// A sentence each: pods that a status counts, nodes whose pods nobody shows, owners of what makes pods.
pub(crate) fn missing(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    told.extend(missing_pods(objects));
    told.extend(missing_owners(objects));
    told
}

fn missing_pods(objects: &[Object]) -> Option<String> {
    let counted: Vec<(&Object, i32)> =
        objects.iter().filter_map(|object| Some((object, pods_counted(object)?))).collect();
    let has_pods = objects.iter().any(|object| matches!(object, Object::Pod(_)));
    let is_alive = |object: &Object| matches!(object, Object::Node(node) if node.metadata.uid.is_some());
    if !has_pods && objects.iter().any(is_alive) {
        return Some(
            "the input has the nodes of a living cluster and no pods: its nodes are taken to be empty, and what the \
             workloads of the input had is made anew"
                .to_owned(),
        );
    }
    if counted.is_empty() {
        return None;
    }
    let mut there: FxHashMap<&str, i32> = FxHashMap::default();
    // Of tidied dumps the owner references are gone: such pods are taken in by whose selector they match.
    let mut free: FxHashMap<&str, Vec<&Pod>> = FxHashMap::default();
    for object in objects {
        let Object::Pod(pod) = object else { continue };
        match pod::controller_of(&pod.metadata) {
            _ if !pod::is_active(pod) => {}
            Some(owner) => *there.entry(owner.uid.as_str()).or_default() += 1,
            None => free.entry(object.namespace().unwrap_or_default()).or_default().push(pod),
        }
    }
    let matching = |object: &Object| {
        let free = free.get(object.namespace().unwrap_or_default()).map(Vec::as_slice).unwrap_or_default();
        let selector = selector(object).filter(|_| !free.is_empty()).map(|selector| convert::label_selector(&selector));
        let labels = |pod: &Pod| pod.metadata.labels.clone().unwrap_or_default();
        selector.map_or(0, |selector| count(free.iter().filter(|pod| selector.matches(&labels(pod))).count()))
    };
    let lacking = counted.into_iter().filter_map(|(object, counted)| {
        let owned = object.metadata().uid.as_deref().and_then(|uid| there.get(uid)).copied().unwrap_or(0);
        let lacking = counted - owned;
        let lacking = if lacking > 0 { lacking - matching(object) } else { lacking };
        (lacking > 0).then(|| {
            let (kind, namespace) = (object.kind_name(), object.namespace().unwrap_or_default());
            format!("{lacking} of {kind} {namespace}/{}", object.name())
        })
    });
    let lacking: Vec<String> = lacking.collect();
    (!lacking.is_empty())
        .then(|| format!("the input lacks pods that a status counts ({}): they are made anew", list(&lacking)))
}

/// How many pods an object's status says that it has.
fn pods_counted(object: &Object) -> Option<i32> {
    let counted = match object {
        Object::ReplicaSet(set) => set.status.as_ref()?.replicas,
        Object::StatefulSet(set) => set.status.as_ref()?.replicas,
        Object::DaemonSet(set) => set.status.as_ref()?.current_number_scheduled,
        Object::Job(job) => job.status.as_ref()?.active?,
        _ => 0,
    };
    Some(counted).filter(|counted| *counted > 0)
}

/// Which pods an object takes in.
fn selector(object: &Object) -> Option<LabelSelector> {
    match object {
        Object::ReplicaSet(set) => Some(set.selector().into_owned()),
        Object::StatefulSet(set) => Some(set.selector().into_owned()),
        Object::DaemonSet(set) => Some(set.selector().into_owned()),
        Object::Job(job) => job.spec.as_ref()?.selector.clone(),
        _ => None,
    }
}

/// A Deployment makes ReplicaSets, a CronJob makes Jobs: without them these stay as they are.
fn missing_owners(objects: &[Object]) -> Vec<String> {
    let owner_kind = |object: &Object| match object {
        Object::ReplicaSet(_) => Some(Kind::Deployment),
        Object::Job(_) => Some(Kind::CronJob),
        _ => None,
    };
    let there: FxHashSet<(&str, &str, &str)> = objects
        .iter()
        .filter(|object| matches!(object, Object::Deployment(_) | Object::CronJob(_)))
        .map(|object| (object.kind_name(), object.namespace().unwrap_or_default(), object.name()))
        .collect();
    let mut missing: BTreeMap<(Kind, &str), BTreeSet<String>> = BTreeMap::new();
    for object in objects {
        let Some(kind) = owner_kind(object) else { continue };
        let Some(owner) = pod::controller_of(object.metadata()).filter(|owner| owner.kind == kind.name()) else {
            continue;
        };
        let namespace = object.namespace().unwrap_or_default();
        if !there.contains(&(kind.name(), namespace, owner.name.as_str())) {
            let of_kind = missing.entry((kind, object.kind_name())).or_default();
            of_kind.insert(format!("{namespace}/{}", owner.name));
        }
    }
    let sentences = missing.into_iter().map(|((kind, owned), names)| {
        let names: Vec<String> = names.into_iter().collect();
        let follows = match kind {
            Kind::CronJob => "no further Jobs are made",
            _ => "they keep their size and template whatever else changes",
        };
        format!("the input has {owned}s of {} but not the {} themselves: {follows}", list(&names), kind.plural())
    });
    sentences.collect()
}
