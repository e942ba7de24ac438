//! Who owns which fields of an object: `metadata.managedFields` (apimachinery `util/managedfields`, and
//! structured-merge-diff, which is what decides).

mod compare;
mod merge;
mod path;
mod schema;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry, Time};
use serde_json::Value;

use self::compare::{compare, fields_of};
use self::merge::{merge, remove};
use self::path::Fields;
use crate::api_error::{ApiError, Cause};

pub(super) use self::schema::Schema;

/// So many managers that update are told apart (`DefaultMaxUpdateManagers`).
const UPDATERS_MAX: usize = 10;
/// In whose name the oldest updates are kept, when there are more.
const ANCIENT: &str = "ancient-changes";
/// Who owns what was there before anybody applied.
const BEFORE: &str = "before-first-apply";
/// Where kubectl keeps what it applied on its own side.
const LAST_APPLIED: &str = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
/// What is of the object itself and nobody's (`stripMetaManager`).
const NOBODYS: [&[&str]; 12] = [
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// How fields come to be somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

/// What tells managers apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manager {
    name: String,
    operation: Operation,
    /// Of updates only.
    api_version: String,
    subresource: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Owned {
    api_version: String,
    fields: Fields,
    time: Option<Time>,
}

/// The managers of an object and what they own.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Managers(BTreeMap<Manager, Owned>);

/// One write, by whom and of what.
#[derive(Debug)]
pub(super) struct Write<'a> {
    pub manager: &'a str,
    pub api_version: &'a str,
    /// `status`, `scale` or nothing.
    pub subresource: &'a str,
    /// The field that the write cannot change.
    pub ignored: Option<&'static str>,
    pub schema: Schema<'a>,
    pub now: Time,
}

impl Managers {
    /// Reads the managers of an object; nothing when an entry makes no sense.
    pub(super) fn read(entries: &[ManagedFieldsEntry]) -> Option<Self> {
        let mut managers = BTreeMap::new();
        for entry in entries {
            let operation = match entry.operation.as_deref() {
                Some("Apply") => Operation::Apply,
                Some("Update") => Operation::Update,
                _ => return None,
            };
            let api_version = entry.api_version.clone().filter(|version| !version.is_empty())?;
            if entry.fields_type.as_deref() != Some("FieldsV1") {
                return None;
            }
            let fields = match &entry.fields_v1 {
                Some(FieldsV1(fields)) => Fields::read(fields)?,
                None => Fields::default(),
            };
            let manager = Manager {
                name: entry.manager.clone().unwrap_or_default(),
                operation,
                api_version: if operation == Operation::Update { api_version.clone() } else { String::new() },
                subresource: entry.subresource.clone().unwrap_or_default(),
            };
            managers.insert(manager, Owned { api_version, fields, time: entry.time.clone() });
        }
        Some(Self(managers))
    }

    /// The managers as an object shows them, appliers first, then by age.
    pub(super) fn entries(&self) -> Option<Vec<ManagedFieldsEntry>> {
        let mut all: Vec<(&Manager, &Owned)> = self.0.iter().collect();
        all.sort_by_key(|(manager, owned)| {
            let seconds = owned.time.as_ref().map_or(0, |time| time.0.as_second());
            (manager.operation, seconds, &manager.name, &owned.api_version, &manager.subresource)
        });
        let entries = all.into_iter().map(|(manager, owned)| ManagedFieldsEntry {
            api_version: Some(owned.api_version.clone()),
            fields_type: Some("FieldsV1".to_owned()),
            fields_v1: Some(FieldsV1(owned.fields.value())),
            manager: Some(manager.name.clone()),
            operation: Some(format!("{:?}", manager.operation)),
            subresource: Some(manager.subresource.clone()).filter(|subresource| !subresource.is_empty()),
            time: owned.time.clone(),
        });
        Some(entries.collect::<Vec<_>>()).filter(|entries| !entries.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes that somebody made another object of one: what changed is theirs now.
    pub(super) fn update(&mut self, before: &Value, after: &Value, write: &Write<'_>) {
        let mut change = compare(write.schema, before, after);
        change.retain(|path| !path.is_below(write.ignored));
        self.take(&change.modified.union(&change.added), &change.removed, None);
        let mut fields = change.modified.union(&change.added);
        fields.drop_all(&NOBODYS);
        fields.drop_all(schema::ALWAYS_THERE);
        if fields.is_empty() {
            return;
        }
        let manager = write.manager(Operation::Update);
        let owned = self.0.entry(manager).or_insert_with(|| Owned {
            api_version: write.api_version.to_owned(),
            fields: Fields::default(),
            time: None,
        });
        owned.fields = owned.fields.union(&fields);
        owned.time = Some(write.now.clone());
        self.forget_the_oldest();
    }

    /// Merges a configuration into an object as server-side apply does: its fields are the applier's, and what they
    /// applied before and no longer name goes when nobody else wants it.
    ///
    /// # Errors
    /// When others own fields of it that it would change, and it does not force.
    pub(super) fn apply(
        &mut self,
        live: &Value,
        configuration: &Value,
        write: &Write<'_>,
        force: bool,
    ) -> Result<Value, ApiError> {
        if self.is_empty() && live.as_object().is_some_and(|live| !live.is_empty()) {
            self.update(
                &Value::Object(Default::default()),
                live,
                &Write { manager: BEFORE, now: write.now.clone(), ..*write },
            );
        }
        let conflicts = match self.clone().try_apply(live, configuration, write, force) {
            Ok((managers, object)) => {
                *self = managers;
                return Ok(object);
            }
            Err(conflicts) => conflicts,
        };
        let mut left = conflicts;
        if write.manager == "kubectl"
            && let Some(allowed) = self.applied_by_client(live, write)
        {
            left.values_mut().for_each(|fields| *fields = fields.without(&allowed));
            left.retain(|_, fields| !fields.is_empty());
        }
        if !left.is_empty() {
            return Err(conflict(&left));
        }
        match self.clone().try_apply(live, configuration, write, true) {
            Ok((managers, object)) => {
                *self = managers;
                Ok(object)
            }
            Err(conflicts) => Err(conflict(&conflicts)),
        }
    }

    fn try_apply(
        mut self,
        live: &Value,
        configuration: &Value,
        write: &Write<'_>,
        force: bool,
    ) -> Result<(Self, Value), BTreeMap<Manager, Fields>> {
        let applier = write.manager(Operation::Apply);
        let mut fields = fields_of(write.schema, configuration);
        fields.retain(|path| !path.is_below(write.ignored));
        let last = self.0.get(&applier).map(|owned| owned.fields.clone()).unwrap_or_default();
        let time = self.0.get(&applier).and_then(|owned| owned.time.clone());
        let api_version = write.api_version.to_owned();
        self.0.insert(applier.clone(), Owned { api_version, fields, time });
        let mut object = live.clone();
        merge(write.schema, &mut object, configuration);
        let wanted = self.0.values().fold(Fields::default(), |all, owned| all.union(&owned.fields)).with_parents();
        remove(write.schema, &mut object, &last.with_parents().without(&wanted));
        let mut change = compare(write.schema, live, &object);
        change.retain(|path| !path.is_below(write.ignored));
        let changed = change.modified.union(&change.added);
        let conflicts: BTreeMap<Manager, Fields> = self
            .0
            .iter()
            .filter(|(manager, _)| **manager != applier)
            .map(|(manager, owned)| (manager.clone(), owned.fields.shared_with(&changed)))
            .filter(|(_, fields)| !fields.is_empty())
            .collect();
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        self.take(&changed, &change.removed, Some(&applier));
        if let Some(owned) = self.0.get_mut(&applier) {
            owned.fields.drop_all(&NOBODYS);
            if *live != object {
                owned.time = Some(write.now.clone());
            }
        }
        self.0.retain(|_, owned| !owned.fields.is_empty());
        Ok((self, object))
    }

    /// What changed and what went is no longer anybody else's.
    fn take(&mut self, changed: &Fields, removed: &Fields, except: Option<&Manager>) {
        for (_, owned) in self.0.iter_mut().filter(|(manager, _)| Some(*manager) != except) {
            owned.fields = owned.fields.without(changed).without(removed);
        }
        self.0.retain(|manager, owned| Some(manager) == except || !owned.fields.is_empty());
    }

    /// What kubectl applied on its own side and nobody has changed since: its server-side apply may take that.
    fn applied_by_client(&self, live: &Value, write: &Write<'_>) -> Option<Fields> {
        let last: Value = serde_json::from_str(live.pointer(LAST_APPLIED)?.as_str()?).ok()?;
        if last["apiVersion"] != write.api_version {
            return None;
        }
        let change = compare(write.schema, &last, live);
        let fields = fields_of(write.schema, &last);
        Some(fields.without(&change.modified).without(&change.added).without(&change.removed))
    }

    /// Of too many that update, the oldest are put together.
    fn forget_the_oldest(&mut self) {
        loop {
            let mut updaters: Vec<&Manager> =
                self.0.keys().filter(|manager| manager.operation == Operation::Update).collect();
            if updaters.len() <= UPDATERS_MAX {
                return;
            }
            updaters.sort_by_key(|manager| {
                let time = self.0.get(*manager).and_then(|owned| owned.time.as_ref());
                (manager.name != ANCIENT, time.map_or(0, |time| time.0.as_second()), *manager)
            });
            let Some(oldest) =
                updaters.iter().find(|manager| manager.name != ANCIENT).map(|manager| (*manager).clone())
            else {
                return;
            };
            let Some(owned) = self.0.remove(&oldest) else { return };
            let bucket = Manager { name: ANCIENT.to_owned(), subresource: String::new(), ..oldest };
            match self.0.get_mut(&bucket) {
                Some(ancient) => {
                    ancient.fields = ancient.fields.union(&owned.fields);
                    ancient.time = owned.time;
                }
                None => drop(self.0.insert(bucket, owned)),
            }
        }
    }
}

impl Write<'_> {
    fn manager(&self, operation: Operation) -> Manager {
        let name = if self.manager.is_empty() { "unknown" } else { self.manager };
        let api_version = if operation == Operation::Update { self.api_version } else { "" };
        Manager {
            name: name.to_owned(),
            operation,
            api_version: api_version.to_owned(),
            subresource: self.subresource.to_owned(),
        }
    }
}

/// A manager as conflicts name it.
impl std::fmt::Display for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.name)?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {:?}", self.subresource)?;
        }
        if self.operation == Operation::Update {
            write!(f, " using {}", self.api_version)?;
        }
        Ok(())
    }
}

fn conflict(conflicts: &BTreeMap<Manager, Fields>) -> ApiError {
    let all: Vec<(&Manager, String)> = conflicts
        .iter()
        .flat_map(|(manager, fields)| fields.iter().map(move |path| (manager, path.to_string())))
        .collect();
    let causes = all.iter().map(|(manager, path)| Cause {
        reason: "FieldManagerConflict".to_owned(),
        message: format!("conflict with {manager}"),
        field: path.clone(),
    });
    let message = match all.as_slice() {
        [(manager, path)] => format!("Apply failed with 1 conflict: conflict with {manager}: {path}"),
        several => {
            let mut lines = Vec::new();
            for (manager, fields) in conflicts {
                lines.push(format!("conflicts with {manager}:"));
                lines.extend(fields.iter().map(|path| format!("- {path}")));
            }
            format!("Apply failed with {} conflicts: {}", several.len(), lines.join("\n"))
        }
    };
    ApiError::apply_conflict(message, causes.collect())
}
