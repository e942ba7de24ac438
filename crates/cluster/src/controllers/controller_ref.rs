//! Who manages what (pkg/controller/controller_ref_manager.go): owners take in what matches their selector and belongs
//! to nobody, and let go of what no longer matches.

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};

use crate::cluster::Cluster;
use crate::convert;
use crate::index::{Indices, Owned};
use crate::object::KnownKind;
use crate::store::ObjectKey;

/// A kind whose objects manage what matches their selector.
pub(crate) trait Selects: KnownKind {
    /// The selector.
    fn selector(&self) -> Cow<'_, LabelSelector>;
}

impl Selects for Deployment {
    fn selector(&self) -> Cow<'_, LabelSelector> {
        Cow::Borrowed(&self.spec.selector)
    }
}

impl Selects for ReplicaSet {
    fn selector(&self) -> Cow<'_, LabelSelector> {
        Cow::Borrowed(&self.spec.selector)
    }
}

impl Selects for DaemonSet {
    fn selector(&self) -> Cow<'_, LabelSelector> {
        Cow::Borrowed(&self.spec.selector)
    }
}

impl Selects for StatefulSet {
    fn selector(&self) -> Cow<'_, LabelSelector> {
        Cow::Borrowed(&self.spec.selector)
    }
}

impl Selects for Job {
    fn selector(&self) -> Cow<'_, LabelSelector> {
        match self.spec.as_ref().and_then(|spec| spec.selector.as_ref()) {
            Some(selector) => Cow::Borrowed(selector),
            None => Cow::Owned(LabelSelector::default()),
        }
    }
}

/// The reference by which an object owns what it creates.
pub(crate) fn owner_reference<T: KnownKind>(owner: &T) -> OwnerReference {
    OwnerReference {
        api_version: T::API_VERSION.to_owned(),
        kind: T::KIND.to_owned(),
        name: owner.metadata().name.clone().unwrap_or_default(),
        uid: owner.metadata().uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// What `owner` manages among the objects of kind `T` that are `counted`, after it took in and let go of what it must
/// (`ClaimPods`, `ClaimReplicaSets`). An owner on its way out takes in nothing.
pub(crate) fn claim<O: Selects, T: KnownKind>(
    cluster: &mut Cluster,
    owner: &O,
    index: impl Fn(&Indices) -> &Owned,
    counted: impl Fn(&T) -> bool,
) -> Vec<Arc<T>> {
    let wanted = convert::label_selector(&owner.selector());
    let nothing = Default::default();
    let matches = |metadata: &ObjectMeta| wanted.matches(metadata.labels.as_ref().unwrap_or(&nothing));
    let namespace = owner.metadata().namespace.as_deref().unwrap_or_default();
    let index = index(&cluster.indices);
    let (mut claimed, mut released, mut adopted) = (Vec::new(), Vec::new(), Vec::new());
    for object in index.of(owner.metadata()).filter_map(|key| cluster.store.get::<T>(key)) {
        if !counted(object) {
            continue;
        }
        if matches(object.metadata()) {
            claimed.push(object.clone());
        } else if owner.metadata().deletion_timestamp.is_none() {
            released.push(ObjectKey::of(object.as_ref()));
        }
    }
    if owner.metadata().deletion_timestamp.is_none() && !wanted.is_empty() {
        let orphans = index.orphans(namespace).filter_map(|key| cluster.store.get::<T>(key));
        let adoptable = orphans.filter(|object| {
            counted(object) && object.metadata().deletion_timestamp.is_none() && matches(object.metadata())
        });
        adopted.extend(adoptable.map(|object| ObjectKey::of(object.as_ref())));
    }
    let reference = owner_reference(owner);
    for key in released {
        cluster.store.update::<T>(&key, |object| {
            if let Some(owners) = &mut object.metadata_mut().owner_references {
                owners.retain(|other| other.uid != reference.uid);
            }
        });
    }
    for key in adopted {
        cluster.store.update::<T>(&key, |object| {
            object.metadata_mut().owner_references.get_or_insert_default().push(reference.clone());
        });
        claimed.extend(cluster.store.get::<T>(&key).cloned());
    }
    claimed
}

/// The objects of kind `O` that would take in an object with this metadata, which nobody manages.
pub(crate) fn adopters<O: Selects>(cluster: &Cluster, metadata: &ObjectMeta) -> Vec<ObjectKey> {
    let Some(labels) = metadata.labels.as_ref().filter(|labels| !labels.is_empty()) else { return Vec::new() };
    let owners = cluster.store.list_in::<O>(metadata.namespace.as_deref().unwrap_or_default());
    let matching = owners.filter(|owner| convert::label_selector(&owner.selector()).matches(labels));
    matching.map(|owner| ObjectKey::of(owner.as_ref())).collect()
}
