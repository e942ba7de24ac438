//! Admission webhooks (apiserver `pkg/admission/plugin/webhook`, v1.16 to v1.34): who is asked about a request, and what
//! becomes of it when who is asked does not answer.
//!
//! Nobody answers here: a webhook that can be reached is taken to allow what it is asked, unchanged.

mod backend;
mod hook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::OrdMap;
use k8s_openapi::api::core::v1::Namespace;

use crate::api_error::ApiError;
use crate::cluster::Cluster;
use crate::gaps::list;
use crate::object::{Kind, Object};
use crate::store::{Changed, ObjectKey};

use self::hook::{Hook, Subject};

/// The subresource of a pod that evicts it.
pub(crate) const EVICTION: &str = "eviction";

/// The two kinds of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Webhook {
    /// One that may change what it is asked about.
    Mutating,
    /// One that may only refuse it.
    Validating,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

/// What webhooks look at of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub operation: Operation,
    /// Empty for the object itself.
    pub subresource: &'a str,
    /// The object as it is to be.
    pub object: Option<&'a Object>,
    /// The object as it is.
    pub before: Option<&'a Object>,
}

/// The webhooks of a cluster, and what became of their calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Webhooks {
    /// By the name of their configuration, which is the order in which they are called.
    mutating: OrdMap<Arc<str>, Arc<[Hook]>>,
    validating: OrdMap<Arc<str>, Arc<[Hook]>>,
    /// The pod that answered last for a Service.
    answering: OrdMap<ObjectKey, ObjectKey>,
    /// Those that were taken to allow a request.
    granted: BTreeSet<String>,
    /// Those of them whose matchConditions were not looked at.
    unconditional: BTreeSet<String>,
}

impl<'a> Request<'a> {
    /// The creation of an object.
    pub(crate) fn create(object: &'a Object) -> Self {
        Self { operation: Operation::Create, subresource: "", object: Some(object), before: None }
    }

    fn subject(&self) -> Option<&'a Object> {
        self.object.or(self.before)
    }
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
        }
    }
}

impl Webhooks {
    /// Takes note of a configuration that changed.
    pub(crate) fn note(&mut self, changed: &Changed) {
        let name = &changed.key.name;
        match (changed.kind, &changed.after) {
            (Kind::MutatingWebhookConfiguration, Some(Object::MutatingWebhookConfiguration(now))) => {
                self.mutating.insert(Arc::clone(name), hook::of_mutating(now));
            }
            (Kind::MutatingWebhookConfiguration, _) => drop(self.mutating.remove(name)),
            (Kind::ValidatingWebhookConfiguration, Some(Object::ValidatingWebhookConfiguration(now))) => {
                self.validating.insert(Arc::clone(name), hook::of_validating(now));
            }
            (Kind::ValidatingWebhookConfiguration, _) => drop(self.validating.remove(name)),
            _ => {}
        }
    }

    fn of(&self, kind: Webhook) -> &OrdMap<Arc<str>, Arc<[Hook]>> {
        match kind {
            Webhook::Mutating => &self.mutating,
            Webhook::Validating => &self.validating,
        }
    }
}

impl Cluster {
    /// Asks the webhooks of one kind about a request.
    ///
    /// # Errors
    /// When one that must be asked cannot be reached.
    pub(crate) fn call_webhooks(&mut self, kind: Webhook, request: &Request<'_>) -> Result<(), ApiError> {
        let (false, Some(subject)) = (self.webhooks.of(kind).is_empty(), request.subject()) else { return Ok(()) };
        let plugin = match kind {
            Webhook::Mutating => "MutatingAdmissionWebhook",
            Webhook::Validating => "ValidatingAdmissionWebhook",
        };
        let is_exempt =
            matches!(subject, Object::MutatingWebhookConfiguration(_) | Object::ValidatingWebhookConfiguration(_));
        if is_exempt || !self.admission_context().runs(plugin) {
            return Ok(());
        }
        let namespace = self.namespace_labels(subject);
        let resource = Subject::of(subject, &self.store);
        let configurations: Vec<Arc<[Hook]>> = self.webhooks.of(kind).values().cloned().collect();
        for hook in configurations.iter().flat_map(|hooks| hooks.iter()) {
            if !hook.is_asked(request, &resource, namespace.as_ref()) {
                continue;
            }
            match self.reach(hook) {
                Ok(()) => {
                    self.webhooks.granted.insert(hook.name.clone());
                }
                Err(_) if hook.ignores_failure => {}
                Err(why) => return Err(self.no_answer(hook, &why)),
            }
            if hook.has_conditions {
                self.webhooks.unconditional.insert(hook.name.clone());
            }
        }
        Ok(())
    }

    /// Asks the webhooks about a deletion that a person wants. Of what controllers delete they are not asked.
    ///
    /// # Errors
    /// When one that must be asked cannot be reached.
    pub(crate) fn ask_webhooks_about_deletion(&mut self, live: &Object) -> Result<(), ApiError> {
        let request = Request { operation: Operation::Delete, subresource: "", object: None, before: Some(live) };
        self.call_webhooks(Webhook::Mutating, &request)?;
        self.call_webhooks(Webhook::Validating, &request)
    }

    /// Which webhooks were taken to answer, a sentence each.
    pub(crate) fn webhooks_taken_for_granted(&self) -> Vec<String> {
        let mut told = Vec::new();
        let names = |names: &BTreeSet<String>| list(&names.iter().cloned().collect::<Vec<_>>());
        let Webhooks { granted, unconditional, .. } = &self.webhooks;
        if !granted.is_empty() {
            told.push(format!(
                "the admission webhooks {} are taken to allow whatever they are asked, and to change nothing of it",
                names(granted)
            ));
        }
        if !unconditional.is_empty() {
            told.push(format!(
                "the matchConditions of the admission webhooks {} are not looked at: they are asked as if there were none",
                names(unconditional)
            ));
        }
        told
    }

    /// The labels of the namespace that a request is about; none when it is about none.
    fn namespace_labels(&self, subject: &Object) -> Option<BTreeMap<String, String>> {
        if let Object::Namespace(namespace) = subject {
            return Some(namespace.metadata.labels.clone().unwrap_or_default());
        }
        let name = subject.namespace().filter(|name| !name.is_empty())?;
        let found = self.store.find::<Namespace>("", name);
        let labels = found.and_then(|namespace| namespace.metadata.labels.clone()).unwrap_or_default();
        Some(labels)
    }

    /// The refusal of a request about which a webhook could not be asked.
    fn no_answer(&self, hook: &Hook, why: &str) -> ApiError {
        let Hook { name, service, timeout_seconds, .. } = hook;
        let url = service.as_ref().map(|service| service.url(*timeout_seconds)).unwrap_or_default();
        let url = if self.behaviour.quotes_urls { format!("{url:?}") } else { url };
        let failure = self.behaviour.webhook_failure;
        ApiError::internal(&format!("failed calling webhook {name:?}: {failure}Post {url}: {why}"))
    }
}
