//! The store of the fake cluster: typed objects by kind and namespace/name, resource versions, and the log of changes
//! that controllers watch.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use equivalent::{Comparable, Equivalent};
use imbl::OrdMap;

use crate::object::{Kind, KnownKind, Tables, Unstructured};

/// Where an object is found among those of its kind; cluster-scoped objects have an empty namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl ObjectKey {
    /// A key from its two parts.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The key of an object.
    pub fn of<T: KnownKind>(object: &T) -> Self {
        let metadata = object.metadata();
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        Self::new(namespace, metadata.name.as_deref().unwrap_or_default())
    }
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// A key that is only looked up.
struct KeyRef<'a> {
    namespace: &'a str,
    name: &'a str,
}

impl Equivalent<ObjectKey> for KeyRef<'_> {
    fn equivalent(&self, key: &ObjectKey) -> bool {
        self.compare(key) == Ordering::Equal
    }
}

impl Comparable<ObjectKey> for KeyRef<'_> {
    fn compare(&self, key: &ObjectKey) -> Ordering {
        self.namespace.cmp(&key.namespace).then_with(|| self.name.cmp(&key.name))
    }
}

/// The objects of one kind, by key. Clones share what they have in common: a write copies the few entries beside it.
pub type Table<T> = OrdMap<ObjectKey, Arc<T>>;

/// What happened to an object, as a watch tells it.
#[derive(Debug, Clone)]
pub struct Changed {
    /// Kind of the object.
    pub kind: Kind,
    /// Its key.
    pub key: ObjectKey,
    /// The object before, absent when it was created.
    pub before: Option<crate::Object>,
    /// The object after, absent when it was deleted.
    pub after: Option<crate::Object>,
}

/// A write of an object that somebody else has written since it was read. Its text is the API server's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the \
     latest version and try again",
    kind.resource()
)]
pub struct Conflict {
    /// The kind of the object.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// All objects of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Store {
    pub(crate) tables: Tables,
    others: OrdMap<(String, ObjectKey), Arc<Unstructured>>,
    resource_version: u64,
    changes: VecDeque<Changed>,
}

impl Store {
    /// The object of a known kind under this key.
    pub fn get<T: KnownKind>(&self, key: &ObjectKey) -> Option<&Arc<T>> {
        T::table(self).get(key)
    }

    /// The object of a known kind with this name; cluster-scoped objects have an empty namespace.
    pub fn find<T: KnownKind>(&self, namespace: &str, name: &str) -> Option<&Arc<T>> {
        T::table(self).get(&KeyRef { namespace, name })
    }

    /// All objects of a known kind, by namespace and name.
    pub fn list<T: KnownKind>(&self) -> impl DoubleEndedIterator<Item = &Arc<T>> + Clone {
        T::table(self).iter().map(|(_, object)| object)
    }

    /// The objects of a known kind in one namespace, by name.
    pub fn list_in<'a, T: KnownKind>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<T>> + Clone + 'a {
        let first = KeyRef { namespace, name: "" };
        T::table(self)
            .range::<_, KeyRef<'_>>((Bound::Included(&first), Bound::Unbounded))
            .take_while(move |(key, _)| &*key.namespace == namespace)
            .map(|(_, object)| object)
    }

    /// The objects of unknown kinds, by kind, namespace and name.
    pub fn others(&self) -> impl Iterator<Item = &Arc<Unstructured>> {
        self.others.values()
    }

    /// Replaces an object that was read before, as PUT does.
    ///
    /// # Errors
    /// When it has been written since it was read, or is gone.
    pub fn replace<T: KnownKind>(&mut self, object: Arc<T>) -> Result<(), Conflict> {
        let present = self.get::<T>(&ObjectKey::of(object.as_ref()));
        let version = |object: &T| object.metadata().resource_version.clone();
        if present.is_none_or(|present| version(present) != version(&object)) {
            let name = object.metadata().name.clone().unwrap_or_default();
            return Err(Conflict { kind: T::KIND_OF, name });
        }
        self.put(object);
        Ok(())
    }

    /// Creates or replaces an object and gives it the next resource version. One that was to be deleted, and that no
    /// finalizer holds any longer, goes instead (`ShouldDeleteDuringUpdate` of the API server's registry).
    pub fn put<T: KnownKind>(&mut self, mut object: Arc<T>) {
        let held = |object: &T| object.metadata().finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty());
        let metadata = object.metadata();
        if metadata.deletion_timestamp.is_some()
            && metadata.deletion_grace_period_seconds.unwrap_or(0) == 0
            && !held(&object)
            && self.get::<T>(&ObjectKey::of(object.as_ref())).is_some_and(|present| held(present))
        {
            self.remove::<T>(&ObjectKey::of(object.as_ref()));
            return;
        }
        let key = ObjectKey::of(object.as_ref());
        let version = object.metadata().resource_version.as_deref().and_then(|version| version.parse::<u64>().ok());
        match version {
            // A dump's object keeps its version, and writes count on from the newest.
            Some(version) if self.get::<T>(&key).is_none() => {
                self.resource_version = self.resource_version.max(version);
            }
            _ => {
                self.resource_version = self.resource_version.saturating_add(1);
                let version = self.resource_version.to_string();
                Arc::make_mut(&mut object).metadata_mut().resource_version = Some(version);
            }
        }
        let before = T::table_mut(self).insert(key.clone(), object.clone());
        self.changes.push_back(Changed {
            kind: T::KIND_OF,
            key,
            before: before.map(T::wrap),
            after: Some(T::wrap(object)),
        });
    }

    /// Changes an object in place through `change`; nothing happens when it is not there.
    pub fn update<T: KnownKind>(&mut self, key: &ObjectKey, change: impl FnOnce(&mut T)) {
        if let Some(object) = self.get::<T>(key) {
            let mut object = Arc::clone(object);
            change(Arc::make_mut(&mut object));
            self.put(object);
        }
    }

    /// Deletes an object and returns it.
    pub fn remove<T: KnownKind>(&mut self, key: &ObjectKey) -> Option<Arc<T>> {
        let removed = T::table_mut(self).remove(key)?;
        self.resource_version += 1;
        self.changes.push_back(Changed {
            kind: T::KIND_OF,
            key: key.clone(),
            before: Some(T::wrap(removed.clone())),
            after: None,
        });
        Some(removed)
    }

    /// Keeps an object of an unknown kind; controllers do not hear of it.
    pub fn put_other(&mut self, object: Arc<Unstructured>) {
        self.others.insert(key_of_other(&object), object);
    }

    /// Forgets an object of an unknown kind.
    pub fn remove_other(&mut self, object: &Unstructured) {
        self.others.remove(&key_of_other(object));
    }

    /// The next change nobody has heard of yet.
    pub fn next_change(&mut self) -> Option<Changed> {
        self.changes.pop_front()
    }

    /// The newest resource version.
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }
}

fn key_of_other(object: &Unstructured) -> (String, ObjectKey) {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let key = ObjectKey::new(namespace, object.metadata.name.as_deref().unwrap_or_default());
    (format!("{}/{}", object.api_version, object.kind), key)
}
