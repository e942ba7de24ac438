//! DefaultStorageClass (plugin/pkg/admission/storage/storageclass/setdefault): a claim that names no class gets the one
//! that is marked as default.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;

use super::Context;
use crate::api_error::{ApiError, Reason};
use crate::object::Kind;

/// The annotation that marks a class as the default one.
pub const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
/// The same from before 1.6, still heeded.
const BETA_IS_DEFAULT: &str = "storageclass.beta.kubernetes.io/is-default-class";
/// The annotation in which claims named their class before they had a field for it.
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// Sets the class. Of several defaults the newest is taken since 1.26; before, the claim is refused.
pub(super) fn admit(claim: &mut PersistentVolumeClaim, context: &Context<'_>) -> Result<(), ApiError> {
    let annotated = claim.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(BETA_CLASS));
    if annotated || claim.spec.as_ref().is_some_and(|spec| spec.storage_class_name.is_some()) {
        return Ok(());
    }
    let defaults: Vec<_> = context.store.list::<StorageClass>().filter(|class| is_default(class)).collect();
    if defaults.len() > 1 && !context.behaviour.newest_default_storage_class {
        let count = defaults.len();
        let why = ApiError::new(
            Reason::InternalError,
            format!("Internal error occurred: {count} default StorageClasses were found"),
        );
        let name = claim.metadata.name.as_deref().unwrap_or_default();
        return Err(ApiError::forbidden(Kind::PersistentVolumeClaim, name, why));
    }
    // The newest; of equally old ones the first by name.
    let created = |class: &StorageClass| class.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let chosen = defaults.into_iter().rev().max_by_key(|class| created(class));
    if let Some(class) = chosen {
        claim.spec.get_or_insert_default().storage_class_name.clone_from(&class.metadata.name);
    }
    Ok(())
}

/// Whether the class is marked as the default one.
pub fn is_default(class: &StorageClass) -> bool {
    let annotations = class.metadata.annotations.as_ref();
    [IS_DEFAULT, BETA_IS_DEFAULT]
        .iter()
        .any(|key| annotations.and_then(|all| all.get(*key)).is_some_and(|value| value == "true"))
}
