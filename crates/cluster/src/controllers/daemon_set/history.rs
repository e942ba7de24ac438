//! The templates a DaemonSet has had, kept as ControllerRevisions (`constructHistory` in pkg/controller/daemon/update.go).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;

use super::HASH_LABEL;
use crate::cluster::Cluster;
use crate::controllers::controller_ref::owner_reference;
use crate::controllers::history;
use crate::deletion::DeleteOptions;
use crate::names::template_hash;
use crate::object::Kind;
use crate::store::ObjectKey;

/// The hash that pods of the present template carry. A template that is new gets a revision.
pub(super) fn current_hash(cluster: &mut Cluster, set: &Arc<DaemonSet>) -> String {
    history::adopt(cluster, set.as_ref());
    let known = history::revisions_of(cluster, &set.metadata);
    let template = &set.spec.template;
    let current = known.iter().rev().find(|revision| history::template_of(revision).as_ref() == Some(template));
    let Some(current) = current else { return snapshot(cluster, set, &known) };
    let newest = known.iter().filter(|other| other.metadata.uid != current.metadata.uid).map(number).max().unwrap_or(0);
    let hash = hash_of(current);
    if number(current) <= newest {
        // Back to an older template: its revision becomes the newest.
        let key = ObjectKey::of(current.as_ref());
        cluster.store.update::<ControllerRevision>(&key, |found| found.revision = Some(newest.saturating_add(1)));
    }
    hash
}

/// Keeps the present template under a name of its own.
fn snapshot(cluster: &mut Cluster, set: &Arc<DaemonSet>, known: &[Arc<ControllerRevision>]) -> String {
    let template = &set.spec.template;
    let collisions = set.status.as_ref().and_then(|status| status.collision_count);
    let name = |hash: &str| format!("{}-{hash}", set.metadata.name.as_deref().unwrap_or_default());
    let namespace = set.metadata.namespace.clone();
    let mut attempt = collisions.unwrap_or(0);
    let mut hash = unrecorded(cluster, set, known).unwrap_or_else(|| match collisions {
        None => template_hash(template),
        Some(collisions) => template_hash(&(template, collisions)),
    });
    // Another template with this name is a collision of hashes.
    while cluster.store.find::<ControllerRevision>(namespace.as_deref().unwrap_or_default(), &name(&hash)).is_some() {
        attempt += 1;
        hash = template_hash(&(template, attempt));
    }
    if attempt > collisions.unwrap_or(0) {
        let key = ObjectKey::of(set.as_ref());
        cluster.store.update::<DaemonSet>(&key, |set| {
            set.status.get_or_insert_default().collision_count = Some(attempt);
        });
    }
    let mut labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
    labels.insert(HASH_LABEL.to_owned(), hash.clone());
    let metadata = ObjectMeta {
        name: Some(name(&hash)),
        namespace,
        labels: Some(labels),
        annotations: set.metadata.annotations.clone(),
        owner_references: Some(vec![owner_reference(set.as_ref())]),
        ..ObjectMeta::default()
    };
    let revision = known.iter().map(number).max().unwrap_or(0).saturating_add(1);
    let data = RawExtension(history::patch_of(template));
    cluster.admit_typed(ControllerRevision { metadata, data, revision: Some(revision) });
    hash
}

/// A dump without ControllerRevisions: its newest pods carry the hash of the template that the controller has seen.
fn unrecorded(cluster: &Cluster, set: &DaemonSet, known: &[Arc<ControllerRevision>]) -> Option<String> {
    let observed = set.status.as_ref().and_then(|status| status.observed_generation);
    if !known.is_empty() || observed.is_some_and(|observed| Some(observed) != set.metadata.generation) {
        return None;
    }
    let pods = cluster.pods_of(&set.metadata);
    let newest = pods.iter().max_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0))?;
    newest.metadata.labels.as_ref()?.get(HASH_LABEL).cloned()
}

/// Forgets the oldest revisions that no pod has, down to `revisionHistoryLimit` (`cleanupHistory`).
pub(super) fn clean_up(cluster: &mut Cluster, set: &DaemonSet) {
    let known = history::revisions_of(cluster, &set.metadata);
    let limit = usize::try_from(set.spec.revision_history_limit.unwrap_or(10)).unwrap_or(0);
    // The newest is that of the present template and is none of the history.
    let surplus = known.len().saturating_sub(1).saturating_sub(limit);
    if surplus == 0 {
        return;
    }
    let pods = cluster.pods_of(&set.metadata);
    let live = |revision: &ControllerRevision| {
        let hash = hash_of(revision);
        pods.iter().any(|pod| pod.metadata.labels.as_ref().is_some_and(|labels| labels.get(HASH_LABEL) == Some(&hash)))
    };
    let old = known.iter().take(known.len() - 1).filter(|revision| !live(revision)).take(surplus);
    for revision in old {
        let key = ObjectKey::of(revision.as_ref());
        cluster.delete_object(Kind::ControllerRevision, &key, DeleteOptions::default());
    }
}

fn number(revision: &Arc<ControllerRevision>) -> i64 {
    revision.revision.unwrap_or(0)
}

/// The hash a revision's pods carry; a revision without the label is known by its name.
fn hash_of(revision: &ControllerRevision) -> String {
    let label = revision.metadata.labels.as_ref().and_then(|labels| labels.get(HASH_LABEL));
    label.or(revision.metadata.name.as_ref()).cloned().unwrap_or_default()
}
