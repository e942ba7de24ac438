//! The object that a command is about, as kubectl is told of it.

use sim_cluster::{Cluster, Kind, Object, ObjectKey, ObjectRef};

use crate::shell;

/// An object's namespace, kind and name as words.
pub(crate) struct Target {
    namespace: Option<String>,
    kind: String,
    name: String,
}

impl Target {
    /// The object that is meant; as it was named when it is not there.
    pub(crate) fn of(cluster: &Cluster, object: &ObjectRef) -> Self {
        let named = match cluster.resolve(object) {
            Ok((kind, key)) => reference(kind, &key),
            Err(_) => object.clone(),
        };
        Self { namespace: named.namespace, kind: named.kind.to_ascii_lowercase(), name: named.name }
    }

    /// `kubectl -n NAMESPACE VERB KIND NAME REST`.
    pub(crate) fn command(&self, verb: &[&str], rest: &[String]) -> String {
        let object = [self.kind.as_str(), &self.name];
        let words = verb.iter().copied().chain(object).chain(rest.iter().map(String::as_str));
        shell::kubectl(self.namespace.as_deref(), words)
    }

    /// As it is said of: `deployment web in namespace default`.
    pub(crate) fn words(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} {} in namespace {namespace}", self.kind, self.name),
            None => format!("{} {}", self.kind, self.name),
        }
    }
}

/// An object of a known kind, by its full name.
pub(crate) fn reference(kind: Kind, key: &ObjectKey) -> ObjectRef {
    ObjectRef {
        namespace: kind.is_namespaced().then(|| key.namespace.to_string()),
        kind: kind.name().to_ascii_lowercase(),
        name: key.name.to_string(),
    }
}

/// What an object is called when it is named, of whatever kind it is.
pub(crate) fn reference_to(object: &Object) -> ObjectRef {
    ObjectRef {
        namespace: object.namespace().map(str::to_owned),
        kind: object.kind_name().to_ascii_lowercase(),
        name: object.name().to_owned(),
    }
}
