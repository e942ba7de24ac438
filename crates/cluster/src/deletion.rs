//! Deletion as the API server does it (apiserver `registry/generic/registry/store.go` and `registry/rest/delete.go`,
//! v1.34): with grace for pods, held up by finalizers, and with a word on what becomes of the dependents.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::SignedDuration;

use crate::cluster::Cluster;
use crate::controllers::garbage_collector;
use crate::object::{Kind, Object};
use crate::pod;
use crate::store::ObjectKey;

/// Holds an object until the garbage collector has taken it out of its dependents' owner references.
pub(crate) const ORPHAN: &str = "orphan";
/// Holds an object until the garbage collector has deleted the dependents that block it.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";

/// What becomes of the dependents of a deleted object (`metav1.DeletionPropagation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted after it.
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay, without it.
    Orphan,
}

/// How an object is deleted (`metav1.DeleteOptions`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds that a pod's containers get to stop; the pod's own `terminationGracePeriodSeconds` when absent.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of the dependents; what the object's finalizers say when absent, else `Background`.
    pub propagation: Option<Propagation>,
}

impl Cluster {
    /// DELETE of one object. It is gone at once, unless it is a pod that a kubelet has or a finalizer holds it: then it
    /// is marked with the time of its end.
    pub fn delete_object(&mut self, kind: Kind, key: &ObjectKey, options: DeleteOptions) {
        if let Some(object) = self.store.object(kind, key) {
            self.delete_live(object, options);
        }
    }

    /// The same of an object of a kind that the cluster does not know. Nobody carries out a foreground or an orphaning
    /// deletion of it.
    pub(crate) fn delete_other(&mut self, object: Object) {
        self.delete_live(object, DeleteOptions::default());
    }

    fn delete_live(&mut self, mut object: Object, options: DeleteOptions) {
        let grace = grace_seconds(&object, options.grace_period_seconds);
        let metadata = object.metadata();
        let finalizers = finalizers(metadata, options.propagation);
        if grace == 0 && finalizers.is_empty() && !is_held_by_content(&object) {
            self.store.remove_present(&object);
            if matches!(object, Object::Other(_)) {
                garbage_collector::other_is_gone(self, &object);
            }
            return;
        }
        let ends = self.clock.now().checked_add(SignedDuration::from_secs(grace)).map(Time).ok();
        let marked = metadata.deletion_timestamp.is_some();
        let sooner = metadata.deletion_grace_period_seconds.is_none_or(|before| grace < before);
        let refined = metadata.finalizers.as_deref().unwrap_or_default() != finalizers;
        if marked && !sooner && !refined {
            return;
        }
        let metadata = object.metadata_mut();
        if !marked || sooner {
            metadata.deletion_timestamp = ends;
            metadata.deletion_grace_period_seconds = Some(grace);
        }
        if !marked {
            metadata.generation = metadata.generation.map(|generation| generation + 1);
        }
        metadata.finalizers = Some(finalizers).filter(|finalizers| !finalizers.is_empty());
        if let Object::Namespace(namespace) = &mut object {
            Arc::make_mut(namespace).status.get_or_insert_default().phase = Some("Terminating".to_owned());
        }
        self.store.put_object(object);
    }

    /// Asks for a pod's end, with the grace that it asks for itself.
    pub(crate) fn delete_pod(&mut self, key: &ObjectKey) {
        self.delete_object(Kind::Pod, key, DeleteOptions::default());
    }

    /// A pod's containers have ended, or nobody is there to end them: it goes without grace.
    pub(crate) fn end_pod(&mut self, key: &ObjectKey) {
        self.delete_object(Kind::Pod, key, DeleteOptions { grace_period_seconds: Some(0), propagation: None });
    }
}

/// A namespace stays until the namespace controller has emptied it (`spec.finalizers`).
fn is_held_by_content(object: &Object) -> bool {
    let Object::Namespace(namespace) = object else { return false };
    namespace.spec.as_ref().is_some_and(|spec| spec.finalizers.as_ref().is_some_and(|held| !held.is_empty()))
}

/// The seconds until the object may go (`podStrategy.CheckGracefulDelete`).
fn grace_seconds(object: &Object, asked: Option<i64>) -> i64 {
    let Object::Pod(pod) = object else { return 0 };
    if pod::node_name(pod).is_none() || pod::is_terminal(pod) {
        return 0;
    }
    let own = pod.spec.termination_grace_period_seconds.unwrap_or(30);
    let seconds = asked.unwrap_or(own);
    // A negative grace period is a second.
    if seconds < 0 { 1 } else { seconds }
}

/// What holds the object from now on (`deletionFinalizersForGarbageCollection`).
fn finalizers(metadata: &ObjectMeta, propagation: Option<Propagation>) -> Vec<String> {
    let present = metadata.finalizers.clone().unwrap_or_default();
    let Some(propagation) = propagation else { return present };
    let mut finalizers: Vec<String> =
        present.into_iter().filter(|finalizer| ![ORPHAN, FOREGROUND].contains(&finalizer.as_str())).collect();
    match propagation {
        Propagation::Background => {}
        Propagation::Foreground => finalizers.push(FOREGROUND.to_owned()),
        Propagation::Orphan => finalizers.push(ORPHAN.to_owned()),
    }
    finalizers
}
