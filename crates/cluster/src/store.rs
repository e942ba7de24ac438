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

    /// Creates or replaces an object and gives it the next resource version.
    pub fn put<T: KnownKind>(&mut self, mut object: Arc<T>) {
        self.resource_version += 1;
        Arc::make_mut(&mut object).metadata_mut().resource_version = Some(self.resource_version.to_string());
        let key = ObjectKey::of(object.as_ref());
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
        let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
        let key = ObjectKey::new(namespace, object.metadata.name.as_deref().unwrap_or_default());
        let kind = format!("{}/{}", object.api_version, object.kind);
        self.others.insert((kind, key), object);
    }

    /// The next change nobody has heard of yet.
    pub fn next_change(&mut self) -> Option<Changed> {
        self.changes.pop_front()
    }

    /// The number of writes so far: the newest resource version.
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }
}
