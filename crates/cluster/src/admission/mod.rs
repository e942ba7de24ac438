//! The admission plugins of the API server, one file each, named as upstream. All that change an object come before all
//! that only judge it, in the order of `pkg/kubeapiserver/options/plugins.go`.

mod default_storage_class;
mod default_toleration_seconds;
mod limit_ranger;
mod namespace_lifecycle;
mod pod_node_selector;
mod pod_security;
mod priority;
mod resource_quota;
mod runtime_class;
mod service_account;
mod taint_nodes_by_condition;
mod webhook;

pub use default_storage_class::{IS_DEFAULT, is_default};
pub(crate) use namespace_lifecycle::{admit_deletion, is_terminating, terminating};
pub(crate) use pod_security::{namespace_warnings, runs as checks_pod_security, warnings};
pub(crate) use resource_quota::Charge;
pub(crate) use service_account::token_letters;
pub(crate) use webhook::{EVICTION, Operation, Request, SCALE, Webhook, Webhooks};

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use sim_core::behaviour::RequestRules;

use crate::api_error::ApiError;
use crate::behaviour::Behaviour;
use crate::knowledge::Knowledge;
use crate::object::Object;
use crate::pod::Pod;
use crate::store::Store;

/// How the API server's admission is set up, where it is not by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdmissionConfig {
    /// Plugins that run although they are off by default (`--enable-admission-plugins`).
    pub enabled: BTreeSet<String>,
    /// Plugins that do not run although they are on by default (`--disable-admission-plugins`).
    pub disabled: BTreeSet<String>,
    /// Priority classes that a pod may have only where a quota counts them (`limitedResources` of the ResourceQuota
    /// plugin's configuration).
    pub limited_priority_classes: Vec<String>,
}

/// The plugins that can be switched, by their upstream names.
pub const PLUGINS: [(&str, bool); 13] = [
    ("NamespaceLifecycle", true),
    ("LimitRanger", true),
    ("ServiceAccount", true),
    ("TaintNodesByCondition", true),
    ("PodSecurity", true),
    ("PodNodeSelector", false),
    ("Priority", true),
    ("DefaultTolerationSeconds", true),
    ("DefaultStorageClass", true),
    ("RuntimeClass", true),
    ("MutatingAdmissionWebhook", true),
    ("ValidatingAdmissionWebhook", true),
    ("ResourceQuota", true),
];

/// What the plugins look at besides the object.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub store: &'a Store,
    pub behaviour: &'a Behaviour,
    pub config: &'a AdmissionConfig,
    pub knowledge: &'a Knowledge,
    pub rules: RequestRules,
    pub now: Timestamp,
}

impl Context<'_> {
    fn runs(&self, plugin: &str) -> bool {
        let by_default = PLUGINS.iter().any(|(name, on)| *name == plugin && *on);
        (by_default && !self.config.disabled.contains(plugin)) || self.config.enabled.contains(plugin)
    }
}

/// The plugins that change an object that is created, or refuse it on the way.
pub(crate) fn mutate(object: &mut Object, context: &Context<'_>) -> Result<(), ApiError> {
    if context.runs("NamespaceLifecycle") {
        namespace_lifecycle::admit(object, context)?;
    }
    match object {
        Object::Pod(pod) => mutate_pod(Arc::make_mut(pod), context),
        Object::Node(node) if context.runs("TaintNodesByCondition") => {
            taint_nodes_by_condition::admit(Arc::make_mut(node));
            Ok(())
        }
        Object::PersistentVolumeClaim(claim) if context.runs("DefaultStorageClass") => {
            default_storage_class::admit(Arc::make_mut(claim), context)
        }
        _ => Ok(()),
    }
}

/// Completes a pod that is there already, whatever admission would say of it. One that has been running was admitted
/// long ago: it gets only what any pod has.
pub(crate) fn complete_pod(pod: &mut Pod, context: &Context<'_>, is_new: bool) {
    if is_new {
        limit_ranger::admit(pod, context);
        // Nothing is refused here: what is not known to be missing may exist.
        let _ = service_account::admit(pod, context);
    }
    let _ = priority::admit(pod, context);
    default_toleration_seconds::admit(pod);
    if is_new {
        let _ = runtime_class::admit(pod, context);
    }
}

fn mutate_pod(pod: &mut Pod, context: &Context<'_>) -> Result<(), ApiError> {
    if context.runs("LimitRanger") {
        limit_ranger::admit(pod, context);
    }
    if context.runs("ServiceAccount") {
        service_account::admit(pod, context)?;
    }
    if context.runs("PodNodeSelector") {
        pod_node_selector::admit(pod, context)?;
    }
    if context.runs("Priority") {
        priority::admit(pod, context)?;
    }
    if context.runs("DefaultTolerationSeconds") {
        default_toleration_seconds::admit(pod);
    }
    if context.runs("RuntimeClass") {
        runtime_class::admit(pod, context)?;
    }
    Ok(())
}

/// The plugins that judge an object that is created, in the form in which it would be stored.
pub(crate) fn validate(object: &Object, context: &Context<'_>) -> Result<(), ApiError> {
    match object {
        Object::Pod(pod) => {
            if context.runs("LimitRanger") {
                limit_ranger::validate_pod(pod, context)?;
            }
            if pod_security::runs(context) {
                pod_security::validate(pod, context)?;
            }
            if context.runs("RuntimeClass") {
                runtime_class::validate(pod, context)?;
            }
        }
        Object::PersistentVolumeClaim(claim) if context.runs("LimitRanger") => {
            limit_ranger::validate_claim(claim, context)?;
        }
        Object::PriorityClass(class) if context.runs("Priority") => priority::validate(class, context)?,
        _ => {}
    }
    Ok(())
}

/// What the quotas are charged for an object that everybody else lets in.
pub(crate) fn charge(object: &Object, context: &Context<'_>) -> Result<Vec<Charge>, ApiError> {
    if context.runs("ResourceQuota") { resource_quota::validate(object, context) } else { Ok(Vec::new()) }
}

/// The name by which errors call a pod: its own, or the prefix while the name is not drawn yet
/// (`admission.extractResourceName`).
fn name_of(pod: &Pod) -> &str {
    let metadata = &pod.metadata;
    let name = metadata.name.as_deref().filter(|name| !name.is_empty());
    name.or(metadata.generate_name.as_deref()).unwrap_or("Unknown")
}

fn namespace_of(pod: &Pod) -> &str {
    pod.metadata.namespace.as_deref().unwrap_or_default()
}
