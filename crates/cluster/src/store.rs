//! The store of the fake cluster: typed objects by kind and namespace/name, resource versions, and the log of changes
//! that controllers watch.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use equivalent::{Comparable, Equivalent};
use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use crate::object::{Kind, KnownKind, Object, Tables, Unstructured};

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
    pub before: Option<Object>,
    /// The object after, absent when it was deleted.
    pub after: Option<Object>,
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

/// One write, as it is kept for those who watch over the API.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    /// The store's resource version after the write; a deletion has one of its own.
    pub resource_version: u64,
    /// The object before, absent when it was created.
    pub before: Option<Object>,
    /// The object after, absent when it was deleted.
    pub after: Option<Object>,
}

/// The writes that nobody has taken yet, when they are kept. A fork starts without.
#[derive(Debug, Default)]
struct Journal(Option<Vec<JournalEntry>>);

impl Clone for Journal {
    fn clone(&self) -> Self {
        Self(None)
    }
}

/// All objects of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Store {
    pub(crate) tables: Tables,
    others: OrdMap<(String, ObjectKey), Arc<Unstructured>>,
    resource_version: u64,
    changes: VecDeque<Changed>,
    journal: Journal,
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

    /// The objects of a known kind by namespace and name: of one namespace or of all, after a key or from the first.
    pub fn list_after<'a, T: KnownKind>(
        &'a self,
        namespace: Option<&'a str>,
        after: Option<&'a ObjectKey>,
    ) -> impl Iterator<Item = &'a Arc<T>> + 'a {
        let (start, name) = match (after, namespace) {
            (Some(key), _) => (&*key.namespace, Some(&*key.name)),
            (None, namespace) => (namespace.unwrap_or_default(), None),
        };
        let start = KeyRef { namespace: start, name: name.unwrap_or_default() };
        let bound = if name.is_some() { Bound::Excluded(&start) } else { Bound::Included(&start) };
        T::table(self)
            .range::<_, KeyRef<'_>>((bound, Bound::Unbounded))
            .take_while(move |(key, _)| namespace.is_none_or(|namespace| &*key.namespace == namespace))
            .map(|(_, object)| object)
    }

    /// The objects of a known kind that are not as they were in an earlier state of the store, by namespace and name: what
    /// was, and what is. What two states share is not looked at.
    pub fn differences<'a, T: KnownKind + PartialEq>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (Option<&'a Arc<T>>, Option<&'a Arc<T>>)> {
        T::table(before).diff(T::table(self)).map(|item| match item {
            DiffItem::Add(_, is) => (None, Some(is)),
            DiffItem::Update { old: (_, was), new: (_, is) } => (Some(was), Some(is)),
            DiffItem::Remove(_, was) => (Some(was), None),
        })
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
        let before = T::table_mut(self).insert(key.clone(), object.clone()).map(T::wrap);
        let after = Some(T::wrap(object));
        self.note(before.as_ref(), after.as_ref());
        self.changes.push_back(Changed { kind: T::KIND_OF, key, before, after });
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
        let before = Some(T::wrap(removed.clone()));
        self.note(before.as_ref(), None);
        self.changes.push_back(Changed { kind: T::KIND_OF, key: key.clone(), before, after: None });
        Some(removed)
    }

    /// The object of an unknown kind with this name.
    pub fn other(&self, api_version: &str, kind: &str, key: &ObjectKey) -> Option<&Arc<Unstructured>> {
        self.others.get(&(kind_of_other(api_version, kind), key.clone()))
    }

    /// The object that is stored under the kind and the name of this one.
    pub fn present(&self, object: &Object) -> Option<Object> {
        match object {
            Object::Other(other) => self.others.get(&key_of_other(other)).cloned().map(Object::Other),
            known => {
                let key = ObjectKey::new(known.namespace().unwrap_or_default(), known.name());
                self.object(known.kind()?, &key)
            }
        }
    }

    /// The objects of one unknown kind, by namespace and name.
    pub fn others_of(&self, api_version: &str, kind: &str) -> impl Iterator<Item = &Arc<Unstructured>> {
        let kind = kind_of_other(api_version, kind);
        let first = (kind.clone(), ObjectKey::new("", ""));
        self.others.range(first..).take_while(move |((of, _), _)| *of == kind).map(|(_, object)| object)
    }

    /// Creates or replaces an object of an unknown kind as [`Store::put`] does; controllers do not hear of it.
    pub fn put_other(&mut self, mut object: Arc<Unstructured>) {
        let key = key_of_other(&object);
        let is_there = self.others.contains_key(&key);
        let metadata = &object.metadata;
        let held = metadata.finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty());
        if is_there && metadata.deletion_timestamp.is_some() && !held {
            self.remove_other(&object);
            return;
        }
        let version = metadata.resource_version.as_deref().and_then(|version| version.parse::<u64>().ok());
        match version {
            Some(version) if !is_there => self.resource_version = self.resource_version.max(version),
            _ => {
                self.resource_version += 1;
                Arc::make_mut(&mut object).metadata.resource_version = Some(self.resource_version.to_string());
            }
        }
        let before = self.others.insert(key, object.clone()).map(Object::Other);
        self.note(before.as_ref(), Some(&Object::Other(object)));
    }

    /// Deletes an object of an unknown kind and returns it.
    pub fn remove_other(&mut self, object: &Unstructured) -> Option<Arc<Unstructured>> {
        let removed = self.others.remove(&key_of_other(object))?;
        self.resource_version += 1;
        self.note(Some(&Object::Other(removed.clone())), None);
        Some(removed)
    }

    /// Deletes the object that is stored under the kind and the name of this one.
    pub(crate) fn remove_present(&mut self, object: &Object) {
        match (object, object.kind()) {
            (Object::Other(other), _) => drop(self.remove_other(other)),
            (known, Some(kind)) => {
                let key = ObjectKey::new(known.namespace().unwrap_or_default(), known.name());
                self.remove_object(kind, &key);
            }
            (_, None) => {}
        }
    }

    /// Keeps a journal of every write from now on.
    pub fn keep_journal(&mut self) {
        self.journal.0.get_or_insert_default();
    }

    /// What was written since the journal was last taken, in order.
    pub fn take_journal(&mut self) -> Vec<JournalEntry> {
        self.journal.0.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn note(&mut self, before: Option<&Object>, after: Option<&Object>) {
        if let Some(journal) = &mut self.journal.0 {
            let resource_version = self.resource_version;
            journal.push(JournalEntry { resource_version, before: before.cloned(), after: after.cloned() });
        }
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
    (kind_of_other(&object.api_version, &object.kind), key)
}

fn kind_of_other(api_version: &str, kind: &str) -> String {
    format!("{api_version}/{kind}")
}
