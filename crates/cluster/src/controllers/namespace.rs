//! The namespace controller (pkg/controller/namespace): empties a namespace that is being deleted, and lets it go when
//! nothing is left in it.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;

use crate::admission;
use crate::clock::Controller;
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::object::{Kind, Object, Unstructured};
use crate::store::{Changed, ObjectKey};

/// A namespace began to go, or something in one that does is gone.
pub(crate) fn watch(cluster: &mut Cluster, changed: &Changed) {
    let namespace = match changed.kind {
        Kind::Namespace => &changed.key.name,
        kind if kind.is_namespaced() && changed.after.is_none() => &changed.key.namespace,
        _ => return,
    };
    look_again(cluster, &namespace.clone());
}

/// Looks at a namespace again if it is being deleted: something in it is gone.
pub(crate) fn look_again(cluster: &mut Cluster, namespace: &str) {
    if cluster.store.find::<Namespace>("", namespace).is_some_and(|found| admission::is_terminating(found)) {
        cluster.sync(Controller::Namespace, ObjectKey::new("", namespace));
    }
}

/// Asks for the end of all that is in the namespace. Pods take their time.
pub(crate) fn sync(cluster: &mut Cluster, key: &ObjectKey) {
    if !cluster.store.get::<Namespace>(key).is_some_and(|namespace| admission::is_terminating(namespace)) {
        return;
    }
    let mut empty = true;
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.is_namespaced()) {
        for object in cluster.store.objects_in(kind, &key.name) {
            let found = ObjectKey::new(&key.name, object.name());
            cluster.delete_object(kind, &found, DeleteOptions::default());
            empty &= cluster.store.object(kind, &found).is_none();
        }
    }
    let is_here = |object: &&Arc<Unstructured>| object.metadata.namespace.as_deref() == Some(&*key.name);
    let others: Vec<Object> = cluster.store.others().filter(is_here).cloned().map(Object::Other).collect();
    for other in others {
        cluster.delete_other(other.clone());
        empty &= cluster.store.present(&other).is_none();
    }
    if empty {
        cluster.store.update::<Namespace>(key, |namespace| namespace.spec.get_or_insert_default().finalizers = None);
        cluster.delete_object(Kind::Namespace, key, DeleteOptions::default());
    }
}
