//! What holds a namespace (pkg/registry/core/namespace/storage, `FinalizeREST`): whoever takes the last finalizer away
//! lets it go, whatever is left in it.

use std::sync::Arc;

use serde_json::Value;

use super::{Target, WriteOptions, Written, decode, update};
use crate::admission;
use crate::api_error::ApiError;
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::object::{Kind, Object};

impl Cluster {
    /// PUT of a namespace's `spec.finalizers`, and of nothing else.
    ///
    /// # Errors
    /// When the server refuses it: nothing is changed then.
    pub fn finalize_namespace(
        &mut self,
        target: &Target,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let decoded = decode::body(&target.resource, body, options, None)?;
        decode::match_name(target, decoded.object.metadata())?;
        let live = self.object_at(target).ok_or_else(|| target.not_found())?;
        update::match_uid(target, &live, &decoded.object)?;
        update::match_version(target, &live, &decoded.object)?;
        let (Object::Namespace(mut namespace), Object::Namespace(wanted)) = (live.clone(), decoded.object) else {
            return Err(target.not_found());
        };
        let finalizers = wanted.spec.as_ref().and_then(|spec| spec.finalizers.clone());
        let is_free = finalizers.as_ref().is_none_or(Vec::is_empty) && admission::is_terminating(&namespace);
        Arc::make_mut(&mut namespace).spec.get_or_insert_default().finalizers = finalizers;
        let changed = Object::Namespace(namespace);
        let after = self.rehearse(options.dry_run, |cluster| {
            cluster.store.put_object(changed.clone());
            let after = cluster.object_at(target);
            if is_free {
                cluster.delete_object(Kind::Namespace, &target.key(), DeleteOptions::default());
            }
            after
        });
        let object = decode::spoken(&target.resource, after.unwrap_or(changed).to_value(), options);
        Ok(Written { object, created: false, warnings: decoded.warnings })
    }
}
