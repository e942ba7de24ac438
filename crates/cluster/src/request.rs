//! Requests to the API server, at the level of objects and JSON: what is created, replaced, patched and deleted, with
//! the server's checks and its errors (apiserver `pkg/endpoints/handlers`, `pkg/registry/rest`). HTTP is not known here.
//!
//! A write only writes: whoever asks lets the controllers react afterwards, with `Cluster::run_until`.

mod apply;
mod binding;
mod decode;
mod delete;
mod event;
mod finalize;
mod managed;
mod patch;
mod scale;
mod strategy;
mod update;

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use serde_json::Value;

use crate::admission;
use crate::api_error::{ApiError, GroupName, Reason};
use crate::cluster::Cluster;
use crate::custom_resource::Definition;
use crate::object::{Kind, Object};
use crate::store::{JournalEntry, ObjectKey};

pub use delete::{Deleted, Preconditions};
pub use event::{event_from_core, event_into_core};
pub use patch::Patch;
pub(crate) use update::{Outcome, Part};

/// The kind of objects that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceRef {
    /// One that the cluster knows.
    Known(Kind),
    /// One whose objects are kept as they are.
    Other {
        /// The API version, e.g. `networking.k8s.io/v1`.
        api_version: String,
        /// The kind, e.g. `Ingress`.
        kind: String,
        /// The resource, e.g. `ingresses`.
        plural: String,
        /// Whether its objects live in a namespace.
        namespaced: bool,
    },
}

/// Which object a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its kind.
    pub resource: ResourceRef,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The part of an object that is asked for alone, in an update or a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subresource {
    /// The status.
    Status,
    /// The replicas, as a Scale of autoscaling/v1.
    Scale,
}

/// What to do about fields that the kind does not have (`fieldValidation`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Refuse them.
    Strict,
    /// Drop them, with a warning.
    #[default]
    Warn,
    /// Drop them.
    Ignore,
}

/// How a write is meant (`metav1.CreateOptions`, `UpdateOptions` and `PatchOptions`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether everything is checked and nothing is kept.
    pub dry_run: bool,
    /// In whose name fields are written.
    pub field_manager: String,
    /// Whether an apply takes fields over that others own.
    pub force: bool,
    /// What to do about unknown fields.
    pub strict: FieldValidation,
    /// The API version that the request speaks, where it is not the kind's own: `events.k8s.io/v1`, `policy/v1beta1`.
    pub api_version: Option<String>,
}

/// What a write made.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The object as the server answers it, with `apiVersion` and `kind`.
    pub object: Value,
    /// Whether it is new.
    pub created: bool,
    /// What the server warns of.
    pub warnings: Vec<String>,
}

impl ResourceRef {
    /// The kind as written in a manifest.
    pub fn kind_name(&self) -> &str {
        match self {
            ResourceRef::Known(kind) => kind.name(),
            ResourceRef::Other { kind, .. } => kind,
        }
    }

    /// The API version that its objects carry in the store.
    pub fn api_version(&self) -> &str {
        match self {
            ResourceRef::Known(kind) => kind.api_version(),
            ResourceRef::Other { api_version, .. } => api_version,
        }
    }

    /// The resource of the path of a request.
    pub fn plural(&self) -> &str {
        match self {
            ResourceRef::Known(kind) => kind.plural(),
            ResourceRef::Other { plural, .. } => plural,
        }
    }

    /// Whether its objects live in a namespace.
    pub fn is_namespaced(&self) -> bool {
        match self {
            ResourceRef::Known(kind) => kind.is_namespaced(),
            ResourceRef::Other { namespaced, .. } => *namespaced,
        }
    }
}

/// The resource as errors name it.
impl From<&ResourceRef> for GroupName {
    fn from(resource: &ResourceRef) -> Self {
        GroupName::new(resource.api_version(), resource.plural())
    }
}

impl Target {
    fn key(&self) -> ObjectKey {
        ObjectKey::new(if self.resource.is_namespaced() { &self.namespace } else { "" }, &self.name)
    }

    fn not_found(&self) -> ApiError {
        ApiError::not_found(&self.resource, &self.name)
    }
}

impl Cluster {
    /// Keeps a journal of every write from now on, for watches. A fork does not keep one.
    pub fn keep_journal(&mut self) {
        self.store.keep_journal();
    }

    /// What was written since the journal was last taken, in order.
    pub fn take_journal(&mut self) -> Vec<JournalEntry> {
        self.store.take_journal()
    }

    /// The object that a request is about.
    pub fn object_at(&self, target: &Target) -> Option<Object> {
        let key = target.key();
        match &target.resource {
            ResourceRef::Known(kind) => self.store.object(*kind, &key),
            ResourceRef::Other { api_version, kind, .. } => {
                self.store.other(api_version, kind, &key).map(|object| Object::Other(Arc::clone(object)))
            }
        }
    }

    /// POST of a new object.
    ///
    /// # Errors
    /// When the server refuses it: nothing is changed then.
    pub fn create(
        &mut self,
        resource: &ResourceRef,
        namespace: &str,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let decoded = decode::body(resource, body, options, self.definition_asked(resource, options).as_ref())?;
        let mut object = decoded.object;
        decode::wipe_system_fields(object.metadata_mut());
        decode::match_namespace(resource, namespace, object.metadata_mut())?;
        let target =
            Target { resource: resource.clone(), namespace: namespace.to_owned(), name: object.name().to_owned() };
        self.note_manager(&target, None, None, &mut object, options);
        self.rehearse(options.dry_run, |cluster| cluster.create_object(resource, object, decoded.warnings, options))
    }

    /// PUT of an object, or of its status.
    ///
    /// # Errors
    /// When the server refuses it: nothing is changed then.
    pub fn replace(
        &mut self,
        target: &Target,
        subresource: Option<Subresource>,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        if subresource == Some(Subresource::Scale) {
            return self.replace_scale(target, body, options);
        }
        let definition = self.definition_asked(&target.resource, options);
        let decoded = decode::body(&target.resource, body, options, definition.as_ref())?;
        let mut object = decoded.object;
        decode::match_namespace(&target.resource, &target.namespace, object.metadata_mut())?;
        decode::match_name(target, object.metadata())?;
        let part = Part::of(subresource);
        let Some(live) = self.object_at(target) else {
            if part == Part::Main && strategy::allows_create_on_update(&target.resource) {
                decode::wipe_system_fields(object.metadata_mut());
                object.metadata_mut().resource_version = None;
                self.note_manager(target, None, None, &mut object, options);
                return self.rehearse(options.dry_run, |cluster| {
                    cluster.create_object(&target.resource, object, decoded.warnings, options)
                });
            }
            return Err(target.not_found());
        };
        update::match_uid(target, &live, &object)?;
        update::match_version(target, &live, &object)?;
        self.note_manager(target, subresource, Some(&live), &mut object, options);
        self.rehearse(options.dry_run, |cluster| {
            cluster.write_update(target, part, &live, object, decoded.warnings, options)
        })
    }

    /// PATCH of an object, or of a part of it.
    ///
    /// # Errors
    /// When the server refuses it: nothing is changed then.
    pub fn patch_object(
        &mut self,
        target: &Target,
        subresource: Option<Subresource>,
        patch: &Patch,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        patch.check(&target.resource, options)?;
        if let Patch::Apply(configuration) = patch
            && subresource != Some(Subresource::Scale)
        {
            return self.apply_configuration(target, subresource, configuration, options);
        }
        if subresource == Some(Subresource::Scale) {
            return self.patch_scale(target, patch, options);
        }
        let Some(live) = self.object_at(target) else { return Err(target.not_found()) };
        let before = decode::spoken(&target.resource, live.to_value(), options);
        let definition = self.definition_asked(&target.resource, options);
        let decoded = patch.apply_to(&target.resource, before, options, definition.as_ref())?;
        let mut object = decoded.object;
        decode::match_namespace(&target.resource, &target.namespace, object.metadata_mut())?;
        decode::match_name(target, object.metadata())?;
        update::match_version(target, &live, &object)?;
        self.note_manager(target, subresource, Some(&live), &mut object, options);
        self.rehearse(options.dry_run, |cluster| {
            cluster.write_update(target, Part::of(subresource), &live, object, decoded.warnings, options)
        })
    }

    /// What defines a custom resource, in the version that a request speaks.
    fn definition_asked(&self, resource: &ResourceRef, options: &WriteOptions) -> Option<Definition> {
        let ResourceRef::Other { api_version, kind, .. } = resource else { return None };
        Definition::of(&self.store, options.api_version.as_deref().unwrap_or(api_version), kind)
    }

    /// Whether the status is a part of its own, which the main resource does not change.
    fn status_is_apart(&self, resource: &ResourceRef) -> bool {
        match resource {
            ResourceRef::Known(kind) => strategy::known_has_status(*kind),
            ResourceRef::Other { api_version, kind, .. } => {
                let definition = Definition::of(&self.store, api_version, kind);
                strategy::other_has_status(api_version, kind, definition.as_ref())
            }
        }
    }

    /// Does something, or only tries it, on a fork.
    fn rehearse<T>(&mut self, dry_run: bool, request: impl FnOnce(&mut Self) -> T) -> T {
        if dry_run { request(&mut self.clone()) } else { request(self) }
    }

    fn create_object(
        &mut self,
        resource: &ResourceRef,
        mut object: Object,
        mut warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        self.admits_namespace(resource, &object)?;
        strategy::prepare_for_create(&mut object, self.status_is_apart(resource));
        if object.metadata().resource_version.as_ref().is_some_and(|version| !version.is_empty() && version != "0") {
            let message = "resourceVersion should not be set on objects to be created".to_owned();
            return Err(ApiError::new(Reason::Unknown, message));
        }
        object.metadata_mut().resource_version = None;
        let key = self.post_as(object, resource.into())?;
        let target =
            Target { resource: resource.clone(), namespace: key.namespace.to_string(), name: key.name.to_string() };
        let Some(created) = self.object_at(&target) else { return Err(target.not_found()) };
        warnings.extend(self.warnings(None, &created));
        let mut object = decode::spoken(resource, created.to_value(), options);
        if options.dry_run
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.shift_remove("resourceVersion");
        }
        Ok(Written { object, created: true, warnings })
    }

    fn write_update(
        &mut self,
        target: &Target,
        part: Part,
        live: &Object,
        object: Object,
        mut warnings: Vec<String>,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let after = match self.update_object(live, object, part)? {
            Outcome::Unchanged => live.clone(),
            Outcome::Changed(after) => {
                warnings.extend(self.warnings(Some(live), &after));
                after
            }
            Outcome::Gone(last) => last,
        };
        let mut object = decode::spoken(&target.resource, after.to_value(), options);
        if options.dry_run {
            object["metadata"]["resourceVersion"] = live.metadata().resource_version.clone().into();
        }
        Ok(Written { object, created: false, warnings })
    }

    /// Refuses an object whose namespace is not there or is being deleted. Controllers may know of namespaces that the
    /// input does not show; who asks over the API sees what is there.
    fn admits_namespace(&self, resource: &ResourceRef, object: &Object) -> Result<(), ApiError> {
        if !resource.is_namespaced() {
            return Ok(());
        }
        let namespace = object.namespace().unwrap_or_default();
        match self.store.find::<Namespace>("", namespace) {
            None => Err(ApiError::not_found(Kind::Namespace, namespace)),
            Some(found) if admission::is_terminating(found) => {
                Err(admission::terminating(resource, object.metadata(), namespace))
            }
            Some(_) => Ok(()),
        }
    }
}
