//! The templates that StatefulSets and DaemonSets have had, kept as ControllerRevisions
//! (pkg/controller/history/controller_history.go).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::controllers::controller_ref::{Selects, owner_reference};
use crate::convert;
use crate::defaults;
use crate::pod;
use crate::store::ObjectKey;

/// The revisions of an owner, oldest first.
pub(crate) fn revisions_of(cluster: &Cluster, owner: &ObjectMeta) -> Vec<Arc<ControllerRevision>> {
    let namespace = owner.namespace.as_deref().unwrap_or_default();
    let uid = owner.uid.as_deref();
    let mut known: Vec<Arc<ControllerRevision>> = cluster
        .store
        .list_in::<ControllerRevision>(namespace)
        .filter(|revision| pod::controller_of(&revision.metadata).map(|owner| owner.uid.as_str()) == uid)
        .cloned()
        .collect();
    known.sort_by_key(|revision| {
        let created = revision.metadata.creation_timestamp.as_ref().map(|time| time.0);
        (revision.revision, created, revision.metadata.name.clone())
    });
    known
}

/// Takes in the revisions that match the owner's selector and belong to nobody (`ClaimControllerRevisions`,
/// `adoptOrphanRevisions`).
pub(crate) fn adopt<O: Selects>(cluster: &mut Cluster, owner: &O) {
    if owner.metadata().deletion_timestamp.is_some() {
        return;
    }
    let selector = convert::label_selector(&owner.selector());
    let nothing = Default::default();
    let orphans = cluster
        .store
        .list_in::<ControllerRevision>(owner.metadata().namespace.as_deref().unwrap_or_default())
        .filter(|revision| {
            let metadata = &revision.metadata;
            pod::controller_of(metadata).is_none()
                && metadata.deletion_timestamp.is_none()
                && !selector.is_empty()
                && selector.matches(metadata.labels.as_ref().unwrap_or(&nothing))
        });
    let orphans: Vec<ObjectKey> = orphans.map(|revision| ObjectKey::of(revision.as_ref())).collect();
    for key in orphans {
        let reference = owner_reference(owner);
        cluster.store.update::<ControllerRevision>(&key, |revision| {
            revision.metadata.owner_references.get_or_insert_default().push(reference);
        });
    }
}

/// What a revision keeps of its owner: the template, as a patch, the keys in order as Go writes a map (`getPatch`).
pub(crate) fn patch_of(template: &PodTemplateSpec) -> Value {
    let mut template = serde_json::to_value(template).unwrap_or_default();
    template["$patch"] = json!("replace");
    let mut patch = json!({"spec": {"template": template}});
    patch.sort_all_objects();
    patch
}

/// The template a revision keeps.
pub(crate) fn template_of(revision: &ControllerRevision) -> Option<PodTemplateSpec> {
    let mut template = revision.data.0.pointer("/spec/template")?.clone();
    template.as_object_mut()?.shift_remove("$patch");
    let mut template: PodTemplateSpec = serde_json::from_value(template).ok()?;
    template.spec.iter_mut().for_each(defaults::default_pod_spec);
    Some(template)
}
