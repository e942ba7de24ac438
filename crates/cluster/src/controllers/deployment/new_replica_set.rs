//! The ReplicaSet of the present template: found or made, numbered and named (`getNewReplicaSet` in sync.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, ReplicaSetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::annotations::{self, REVISION};
use super::rollout::{Rollout, replicas};
use super::status::set_condition;
use super::{HASH_LABEL, bump_generation};
use crate::cluster::Cluster;
use crate::controllers::controller_ref::owner_reference;
use crate::names::template_hash;
use crate::store::ObjectKey;

impl Rollout {
    /// Keeps the numbers and annotations of the ReplicaSet that is there for the template.
    pub(super) fn sync_revision(&mut self, cluster: &mut Cluster) {
        let Some(new) = self.new.clone() else { return };
        let mut changed = ReplicaSet::clone(&new);
        annotations::set_new(&mut changed.metadata, &self.deployment.metadata, self.next_revision());
        let min_ready = self.spec().min_ready_seconds.unwrap_or(0);
        if changed.spec.min_ready_seconds.unwrap_or(0) != min_ready {
            changed.spec.min_ready_seconds = self.spec().min_ready_seconds;
            bump_generation(&mut changed.metadata);
        }
        if changed != *new {
            let changed = Arc::new(changed);
            cluster.store.put(changed.clone());
            self.new = Some(changed);
        }
        let Some(new) = &self.new else { return };
        self.note_revision(cluster, new.metadata.annotations.as_ref().and_then(|all| all.get(REVISION).cloned()));
        if self.progress_deadline_ms().is_some() && self.condition("Progressing").is_none() {
            let message = format!("Found new replica set \"{}\"", new_name(self.new.as_deref()));
            let now = cluster.clock.time();
            self.update(cluster, |deployment| {
                let status = deployment.status.get_or_insert_default();
                set_condition(status, "Progressing", "True", "FoundNewReplicaSet", &message, &now);
            });
        }
    }

    /// Makes the ReplicaSet of the template, as large as the strategy lets it be. A name that another one has is a
    /// collision of hashes: the next sync tries another name.
    pub(super) fn create_new(&mut self, cluster: &mut Cluster) {
        let set = self.new_replica_set();
        let key = ObjectKey::of(&set);
        if cluster.store.get::<ReplicaSet>(&key).is_some() {
            self.update(cluster, |deployment| {
                let status = deployment.status.get_or_insert_default();
                status.collision_count = Some(status.collision_count.unwrap_or(0).saturating_add(1));
            });
            return;
        }
        let (name, size) = (key.name.to_string(), replicas(&set));
        let revision = set.metadata.annotations.as_ref().and_then(|all| all.get(REVISION).cloned());
        cluster.admit_typed(set);
        self.new = cluster.store.get::<ReplicaSet>(&key).cloned();
        if size > 0 {
            self.tell_scaled(cluster, &name, None, size);
        }
        self.note_revision(cluster, revision);
        if self.progress_deadline_ms().is_some() {
            let message = format!("Created new replica set \"{name}\"");
            let now = cluster.clock.time();
            self.update(cluster, |deployment| {
                let status = deployment.status.get_or_insert_default();
                set_condition(status, "Progressing", "True", "NewReplicaSetCreated", &message, &now);
            });
        }
    }

    fn new_replica_set(&self) -> ReplicaSet {
        let deployment = &self.deployment;
        let spec = &deployment.spec;
        let collisions = deployment.status.as_ref().and_then(|status| status.collision_count);
        let hash = match collisions {
            None => template_hash(&spec.template),
            Some(collisions) => template_hash(&(&spec.template, collisions)),
        };
        let with_hash = |labels: Option<&BTreeMap<String, String>>| {
            let mut labels = labels.cloned().unwrap_or_default();
            labels.insert(HASH_LABEL.to_owned(), hash.clone());
            labels
        };
        let mut template = spec.template.clone();
        let metadata = template.metadata.get_or_insert_default();
        metadata.labels = Some(with_hash(metadata.labels.as_ref()));
        let mut metadata = ObjectMeta {
            name: Some(format!("{}-{hash}", deployment.metadata.name.as_deref().unwrap_or_default())),
            namespace: deployment.metadata.namespace.clone(),
            labels: metadata.labels.clone(),
            owner_references: Some(vec![owner_reference(deployment.as_ref())]),
            ..ObjectMeta::default()
        };
        annotations::set_new(&mut metadata, &deployment.metadata, self.next_revision());
        let max = self.wanted() + self.max_surge();
        annotations::set_sizes(metadata.annotations.get_or_insert_default(), self.wanted(), max);
        ReplicaSet {
            metadata,
            spec: ReplicaSetSpec {
                replicas: Some(self.new_size(0)),
                selector: LabelSelector {
                    match_labels: Some(with_hash(spec.selector.match_labels.as_ref())),
                    match_expressions: spec.selector.match_expressions.clone(),
                },
                template: Some(template),
                min_ready_seconds: spec.min_ready_seconds,
            },
            status: None,
        }
    }

    /// One above the highest number of an old ReplicaSet.
    fn next_revision(&self) -> i64 {
        let highest = self.old.iter().filter_map(|set| annotations::revision(&set.metadata)).max();
        highest.unwrap_or(0).max(0).saturating_add(1)
    }

    fn note_revision(&mut self, cluster: &mut Cluster, revision: Option<String>) {
        let Some(revision) = revision else { return };
        let noted = self.deployment.metadata.annotations.as_ref().and_then(|annotations| annotations.get(REVISION));
        if noted != Some(&revision) {
            self.update(cluster, |deployment: &mut Deployment| {
                deployment.metadata.annotations.get_or_insert_default().insert(REVISION.to_owned(), revision);
            });
        }
    }
}

/// The name of a ReplicaSet, for messages.
pub(super) fn new_name(set: Option<&ReplicaSet>) -> &str {
    set.and_then(|set| set.metadata.name.as_deref()).unwrap_or_default()
}
