//! NamespaceLifecycle (apiserver `pkg/admission/plugin/namespace/lifecycle`): nothing is created in a namespace that is
//! not there or that is being deleted, and four namespaces are never deleted.

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Context;
use crate::api_error::{ApiError, Cause, GroupName};
use crate::object::{Kind, Object};

/// Namespaces that may not be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Refuses an object whose namespace cannot take it.
pub(super) fn admit(object: &Object, context: &Context<'_>) -> Result<(), ApiError> {
    let Some(kind) = object.kind().filter(|kind| kind.is_namespaced()) else { return Ok(()) };
    let namespace = object.namespace().unwrap_or_default();
    let Some(found) = context.store.find::<Namespace>("", namespace) else {
        return match context.knowledge.covers(Kind::Namespace, "") {
            true => Err(ApiError::not_found(Kind::Namespace, namespace)),
            false => Ok(()),
        };
    };
    if !is_terminating(found) {
        return Ok(());
    }
    Err(terminating(kind, object.metadata(), namespace))
}

/// The refusal of an object whose namespace is being deleted.
pub(crate) fn terminating(resource: impl Into<GroupName>, metadata: &ObjectMeta, namespace: &str) -> ApiError {
    let name = metadata.name.as_deref().or(metadata.generate_name.as_deref()).unwrap_or("Unknown");
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let mut error = ApiError::forbidden(resource, name, why);
    if let Some(details) = &mut error.details {
        details.causes.push(Cause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        });
    }
    ApiError { namespace_terminates: true, ..error }
}

/// Refuses the deletion of a namespace that every cluster has.
pub(crate) fn admit_deletion(namespace: &str) -> Result<(), ApiError> {
    if IMMORTAL.contains(&namespace) {
        return Err(ApiError::forbidden(Kind::Namespace, namespace, "this namespace may not be deleted"));
    }
    Ok(())
}

/// Whether a namespace is on its way out.
pub(crate) fn is_terminating(namespace: &Namespace) -> bool {
    namespace.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Terminating")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_error::Reason;

    #[test]
    fn some_namespaces_are_for_ever() {
        let refused = admit_deletion("default").map_err(|error| (error.reason, error.to_string()));
        let message = "namespaces \"default\" is forbidden: this namespace may not be deleted".to_owned();
        assert_eq!(refused, Err((Reason::Forbidden, message)));
        assert_eq!(admit_deletion("shop"), Ok(()));
    }
}
