//! DELETE of one object.

use serde_json::{Value, json};

use super::{ResourceRef, Target, strategy};
use crate::admission;
use crate::api_error::{ApiError, GroupName};
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::object::{Kind, Object};

/// What must be so for a deletion to take place (`metav1.Preconditions`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// The object's uid.
    pub uid: Option<String>,
    /// The version of the object.
    pub resource_version: Option<String>,
}

/// What became of the object, as the server answers it.
#[derive(Debug, Clone, PartialEq)]
pub enum Deleted {
    /// It is gone: its last state, or a Status, as it is with its kind.
    Gone(Value),
    /// It stays until its kubelet, its content or its finalizers let go of it.
    Marked(Value),
}

impl Cluster {
    /// DELETE of an object.
    ///
    /// # Errors
    /// When it is not there, is not the one that is meant, or may not go.
    pub fn delete_target(
        &mut self,
        target: &Target,
        options: DeleteOptions,
        preconditions: &Preconditions,
        dry_run: bool,
    ) -> Result<Deleted, ApiError> {
        if target.resource == ResourceRef::Known(Kind::Namespace) {
            admission::admit_deletion(&target.name)?;
        }
        let Some(live) = self.object_at(target) else { return Err(target.not_found()) };
        check(preconditions, &target.resource, &live)?;
        self.ask_webhooks_about_deletion(&live)?;
        let now = self.rehearse(dry_run, |cluster| {
            match live.kind() {
                Some(kind) => cluster.delete_object(kind, &target.key(), options),
                None => cluster.delete_other(live.clone()),
            }
            cluster.object_at(target)
        });
        Ok(match now {
            Some(marked) => Deleted::Marked(marked.to_value()),
            None if strategy::returns_deleted_object(&target.resource) => Deleted::Gone(live.to_value()),
            None => Deleted::Gone(success(target, &live)),
        })
    }
}

fn success(target: &Target, live: &Object) -> Value {
    let mut details = json!({"name": target.name});
    let resource = GroupName::from(&target.resource);
    if !resource.group.is_empty() {
        details["group"] = resource.group.into();
    }
    details["kind"] = resource.name.into();
    if let Some(uid) = &live.metadata().uid {
        details["uid"] = uid.as_str().into();
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

/// The object is the one that is meant (`BeforeDelete`). Upstream names the kind where it names resources elsewhere.
fn check(preconditions: &Preconditions, resource: &ResourceRef, live: &Object) -> Result<(), ApiError> {
    let differs = |asked: &Option<String>, own: &Option<String>| {
        let (asked, own) = (asked.clone()?, own.clone().unwrap_or_default());
        (asked != own).then_some((asked, own))
    };
    let kind = || GroupName::new(resource.api_version(), resource.kind_name());
    if let Some((asked, own)) = differs(&preconditions.uid, &live.metadata().uid) {
        let why = format!(
            "the UID in the precondition ({asked}) does not match the UID in record ({own}). The object might have been \
             deleted and then recreated"
        );
        return Err(ApiError::conflict_because(kind(), live.name(), why));
    }
    if let Some((asked, own)) = differs(&preconditions.resource_version, &live.metadata().resource_version) {
        let why = format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({own}). The \
             object might have been modified"
        );
        return Err(ApiError::conflict_because(kind(), live.name(), why));
    }
    Ok(())
}
