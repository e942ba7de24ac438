//! Who owns whom: a graph from owners to what they own, over all kinds, known or not.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;

use crate::object::{Kind, Object};
use crate::pod::controller_of;
use crate::store::{ObjectKey, Store};

/// An object that owns others, or is owned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The kind as written in its manifest.
    pub kind: String,
    /// Where it is found.
    pub key: ObjectKey,
}

impl std::fmt::Display for Owner {
    /// As people write it: `deployment/coredns`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind.to_ascii_lowercase(), self.key.name)
    }
}

/// The ownership among all objects but pods, which own nothing.
#[derive(Debug)]
pub struct Ownership {
    graph: DiGraph<Owner, ()>,
    by_uid: FxHashMap<String, NodeIndex>,
}

impl Ownership {
    /// The ownership in a store as it is now.
    pub fn of(store: &Store) -> Self {
        let kinds = Kind::ALL.iter().filter(|kind| !matches!(kind, Kind::Pod | Kind::Event));
        let known = kinds.flat_map(|kind| store.objects(*kind));
        let objects: Vec<Object> = known.chain(store.others().cloned().map(Object::Other)).collect();
        let mut graph = DiGraph::new();
        let mut by_uid = FxHashMap::default();
        for object in &objects {
            let metadata = object.metadata();
            if let Some(uid) = &metadata.uid {
                let key = key_of(metadata.namespace.as_deref(), metadata.name.as_deref());
                by_uid.insert(uid.clone(), graph.add_node(Owner { kind: object.kind_name().to_owned(), key }));
            }
        }
        for metadata in objects.iter().map(Object::metadata) {
            let own = metadata.uid.as_ref().and_then(|uid| by_uid.get(uid));
            let owner = controller_of(metadata).and_then(|owner| by_uid.get(&owner.uid));
            if let (Some(own), Some(owner)) = (own, owner) {
                graph.add_edge(*owner, *own, ());
            }
        }
        Self { graph, by_uid }
    }

    /// The object at the top of the owners of one with this metadata: the Deployment rather than its ReplicaSet.
    /// An owner that a partial dump lacks is named as the reference names it.
    pub fn top(&self, metadata: &ObjectMeta) -> Option<Owner> {
        let reference = controller_of(metadata)?;
        let Some(mut at) = self.by_uid.get(&reference.uid).copied() else {
            let namespace = metadata.namespace.as_deref().filter(|_| reference.kind != "Node");
            return Some(Owner { kind: reference.kind.clone(), key: key_of(namespace, Some(&reference.name)) });
        };
        // Owners in a circle have no top: as many steps as there are objects end the walk.
        for _ in 0..self.graph.node_count() {
            match self.graph.neighbors_directed(at, Direction::Incoming).next() {
                Some(owner) => at = owner,
                None => break,
            }
        }
        self.graph.node_weight(at).cloned()
    }

    /// Objects that own each other in a circle, which no garbage collector ever frees.
    pub fn circles(&self) -> Vec<Vec<Owner>> {
        let own_owner = |index: NodeIndex| self.graph.find_edge(index, index).is_some();
        let components = tarjan_scc(&self.graph)
            .into_iter()
            .filter(|component| component.len() > 1 || component.iter().any(|index| own_owner(*index)));
        let mut circles: Vec<Vec<Owner>> = components
            .map(|component| {
                let mut owners: Vec<Owner> =
                    component.into_iter().filter_map(|index| self.graph.node_weight(index).cloned()).collect();
                owners.sort();
                owners
            })
            .collect();
        circles.sort();
        circles
    }
}

fn key_of(namespace: Option<&str>, name: Option<&str>) -> ObjectKey {
    ObjectKey::new(namespace.unwrap_or_default(), name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::Ownership;
    use crate::object::{Kind, Object, Unstructured};
    use crate::store::Store;

    fn store(objects: &[(&str, &str, &str)]) -> Store {
        let mut store = Store::default();
        for (kind, name, owner) in objects {
            let owners = if owner.is_empty() {
                json!([])
            } else {
                json!([{"apiVersion": "v1", "kind": "K", "name": owner, "uid": owner, "controller": true}])
            };
            let value = json!({"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": name, "namespace": "n", "uid": name, "ownerReferences": owners}});
            match Kind::parse(kind) {
                Some(known) => store.put_object(Object::read(known, drop_type(value)).unwrap()),
                None => store.put_other(Arc::new(serde_json::from_value::<Unstructured>(value).unwrap())),
            }
        }
        store
    }

    fn drop_type(mut value: serde_json::Value) -> serde_json::Value {
        let object = value.as_object_mut().unwrap();
        object.remove("apiVersion");
        object.remove("kind");
        value
    }

    #[track_caller]
    fn check(objects: &[(&str, &str, &str)], of: &str, top: &str) {
        let store = store(objects);
        let metadata = json!({"namespace": "n", "ownerReferences": [{"apiVersion": "v1", "kind": "ReplicaSet", "name": of, "uid": of, "controller": true}]});
        let found = Ownership::of(&store).top(&serde_json::from_value(metadata).unwrap());
        assert_eq!(found.map(|owner| owner.to_string()).as_deref(), Some(top));
    }

    #[test]
    fn the_top_is_found_through_kinds_known_and_not() {
        check(&[("ReplicaSet", "rs", "")], "rs", "replicaset/rs");
        check(&[("Deployment", "d", ""), ("ReplicaSet", "rs", "d")], "rs", "deployment/d");
        check(&[("Rollout", "r", ""), ("ReplicaSet", "rs", "r")], "rs", "rollout/r");
        check(&[], "gone", "replicaset/gone");
    }

    #[test]
    fn circles_end_and_are_told() {
        let circle = [("Deployment", "a", "b"), ("ReplicaSet", "b", "a")];
        let found = Ownership::of(&store(&circle)).circles();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].len(), 2);
        assert!(Ownership::of(&store(&[("ReplicaSet", "c", "c")])).circles().len() == 1);
        assert!(Ownership::of(&store(&[("Deployment", "d", ""), ("ReplicaSet", "rs", "d")])).circles().is_empty());
    }
}
