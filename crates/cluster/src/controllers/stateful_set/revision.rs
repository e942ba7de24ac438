//! The templates a StatefulSet has had, kept as ControllerRevisions (pkg/controller/history/controller_history.go).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ControllerRevision, StatefulSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;

use super::identity::revision_of;
use super::partition;
use crate::cluster::Cluster;
use crate::controllers::controller_ref::owner_reference;
use crate::controllers::history;
use crate::names::revision_hash;
use crate::store::ObjectKey;

/// The label with a revision's hash.
const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// A template and the name it goes by.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) name: String,
    pub(super) template: PodTemplateSpec,
}

/// The revision the pods had before the last change of the template, and the one they get.
#[derive(Debug, Clone)]
pub(super) struct Revisions {
    pub(super) current: Revision,
    pub(super) update: Revision,
}

impl Revisions {
    /// Finds both, and makes the new one when the template has changed (`getStatefulSetRevisions`).
    pub(super) fn of(cluster: &mut Cluster, set: &StatefulSet) -> Self {
        history::adopt(cluster, set);
        let known = history::revisions_of(cluster, &set.metadata);
        let update = update_revision(cluster, set, &known);
        let current = set.status.as_ref().and_then(|status| status.current_revision.as_deref());
        let current = known
            .iter()
            .find(|revision| revision.metadata.name.as_deref() == current)
            .and_then(|revision| Some(Revision { name: name(revision), template: history::template_of(revision)? }));
        Self { current: current.unwrap_or_else(|| update.clone()), update }
    }

    /// The revision a missing pod is made at: below the partition the one from before.
    pub(super) fn for_ordinal(&self, set: &StatefulSet, ordinal: i32) -> &Revision {
        let strategy = set.spec.update_strategy.clone().unwrap_or_default();
        let on_delete = strategy.type_.as_deref() == Some("OnDelete");
        let start = set.spec.ordinals.as_ref().and_then(|ordinals| ordinals.start).unwrap_or(0);
        let is_old = !on_delete && ordinal < start.saturating_add(partition(&strategy));
        if is_old { &self.current } else { &self.update }
    }

    /// Forgets the oldest revisions that nothing uses, down to `revisionHistoryLimit`.
    pub(super) fn truncate(&self, cluster: &mut Cluster, set: &StatefulSet) {
        let limit = usize::try_from(set.spec.revision_history_limit.unwrap_or(10)).unwrap_or(usize::MAX);
        let known = history::revisions_of(cluster, &set.metadata);
        if known.len() <= limit {
            return;
        }
        let pods = cluster.pods_of(&set.metadata);
        let is_live = |name: &str| {
            name == self.current.name || name == self.update.name || pods.iter().any(|pod| revision_of(pod) == name)
        };
        let old: Vec<_> = known.iter().filter(|revision| !is_live(&name(revision))).collect();
        for revision in old.iter().take(old.len().saturating_sub(limit)) {
            cluster.store.remove::<ControllerRevision>(&ObjectKey::of(revision.as_ref()));
        }
    }
}

fn update_revision(cluster: &mut Cluster, set: &StatefulSet, known: &[Arc<ControllerRevision>]) -> Revision {
    let template = set.spec.template.clone();
    let next = known.last().and_then(|newest| newest.revision).unwrap_or(0).saturating_add(1);
    let equal = known.iter().rev().find(|revision| history::template_of(revision).as_ref() == Some(&template));
    if let Some(equal) = equal {
        if equal.revision.unwrap_or(0).saturating_add(1) != next {
            // Back to an older template: its revision becomes the newest.
            cluster
                .store
                .update::<ControllerRevision>(&ObjectKey::of(equal.as_ref()), |found| found.revision = Some(next));
        }
        return Revision { name: name(equal), template };
    }
    let data = history::patch_of(&template);
    let collisions = set.status.as_ref().and_then(|status| status.collision_count).unwrap_or(0);
    let hash = revision_hash(&data, collisions);
    let set_name = set.metadata.name.as_deref().unwrap_or_default();
    let name = unrecorded(set, known).unwrap_or_else(|| format!("{set_name}-{hash}"));
    let mut labels = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
    labels.insert(HASH_LABEL.to_owned(), hash);
    let metadata = ObjectMeta {
        name: Some(name.clone()),
        namespace: set.metadata.namespace.clone(),
        labels: Some(labels),
        annotations: set.metadata.annotations.clone(),
        owner_references: Some(vec![owner_reference(set)]),
        ..ObjectMeta::default()
    };
    cluster.admit_typed(ControllerRevision { metadata, data: RawExtension(data), revision: Some(next) });
    Revision { name, template }
}

/// A dump without ControllerRevisions: the set has had this template, under the name its status gives.
fn unrecorded(set: &StatefulSet, known: &[Arc<ControllerRevision>]) -> Option<String> {
    let status = set.status.as_ref().filter(|_| known.is_empty())?;
    let is_seen = status.observed_generation.is_some() && status.observed_generation == set.metadata.generation;
    status.update_revision.clone().filter(|name| is_seen && !name.is_empty())
}

fn name(revision: &ControllerRevision) -> String {
    revision.metadata.name.clone().unwrap_or_default()
}
