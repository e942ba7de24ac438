//! What the input lets us know of what there is not: a dump of nodes and pods says nothing of ServiceAccounts, so a pod
//! is not refused for one that is not shown.

use std::collections::BTreeSet;

use crate::change::Change;
use crate::object::{Kind, Object};
use crate::pod::Pod;

/// The kinds whose objects the input shows, by namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Knowledge {
    /// Whether what is not shown does not exist.
    complete: bool,
    shown: BTreeSet<(Kind, String)>,
    /// Objects that somebody of the input says are not there.
    denied: BTreeSet<(Kind, String, String)>,
    /// Claims that pods of the input name and that are taken to exist, by namespace and name.
    pub(crate) granted_claims: BTreeSet<(String, String)>,
    /// Volumes that claims of the input are bound to and that are taken to exist.
    pub(crate) granted_volumes: BTreeSet<String>,
    /// What the input was found to lack when it was taken in, a sentence each.
    pub(crate) lacking: Vec<String>,
    /// The silent nodes without which the control plane could not run, and how many nodes it has.
    pub(crate) headless: Option<(Vec<String>, usize)>,
}

impl Knowledge {
    /// Nothing is shown yet.
    pub(crate) fn new(complete: bool) -> Self {
        Self { complete, ..Self::default() }
    }

    /// Takes note of an object.
    pub(crate) fn note(&mut self, object: &Object) {
        if let Some(kind) = object.kind() {
            self.note_kind(kind, object.namespace().unwrap_or_default());
        }
        if let Object::Pod(pod) = object {
            self.note_denials(pod);
        }
    }

    /// Takes note of what a pod's kubelet has looked for in vain: `configmap "settings" not found`.
    fn note_denials(&mut self, pod: &Pod) {
        let status = pod.status.iter();
        let containers = status.flat_map(|status| {
            status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten())
        });
        for container in containers {
            let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
            let waiting = waiting.filter(|waiting| waiting.reason.as_deref() == Some("CreateContainerConfigError"));
            let Some(message) = waiting.and_then(|waiting| waiting.message.as_deref()) else { continue };
            let kind = match message.split_once(' ') {
                Some(("configmap", _)) => Kind::ConfigMap,
                Some(("secret", _)) => Kind::Secret,
                _ => continue,
            };
            if let Some((name, " not found")) = message.split_once('"').and_then(|(_, rest)| rest.split_once('"')) {
                let namespace = pod.metadata.namespace.clone().unwrap_or_default();
                self.denied.insert((kind, namespace, name.to_owned()));
            }
        }
    }

    /// Takes note of what a step of the timeline speaks of: who deletes a ServiceAccount knows of them.
    pub(crate) fn note_change(&mut self, change: &Change) {
        match change {
            Change::Apply(objects) => objects.iter().for_each(|object| self.note(object)),
            Change::Delete(object) => {
                if let Some(kind) = Kind::parse(&object.kind) {
                    self.note_kind(kind, object.namespace.as_deref().unwrap_or("default"));
                }
            }
            _ => {}
        }
    }

    fn note_kind(&mut self, kind: Kind, namespace: &str) {
        if is_looked_up(kind) {
            let namespace = if kind.is_namespaced() { namespace } else { "" };
            self.shown.insert((kind, namespace.to_owned()));
        }
    }

    /// Whether objects of this kind can be shown without saying that there are no others.
    pub(crate) fn may_show(&self, kind: Kind, namespace: &str) -> bool {
        !is_looked_up(kind) || self.covers(kind, namespace)
    }

    /// Whether an object of this kind that is not in the store does not exist; cluster-scoped kinds have no namespace.
    pub(crate) fn covers(&self, kind: Kind, namespace: &str) -> bool {
        self.complete || self.shown.contains(&(kind, namespace.to_owned()))
    }

    /// Whether this object does not exist when it is not in the store.
    pub(crate) fn denies(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        self.covers(kind, namespace)
            || (!self.denied.is_empty() && self.denied.contains(&(kind, namespace.to_owned(), name.to_owned())))
    }
}

/// The kinds that admission and kubelets look up by name.
fn is_looked_up(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::ServiceAccount
            | Kind::PriorityClass
            | Kind::RuntimeClass
            | Kind::ConfigMap
            | Kind::Secret
    )
}
