//! One webhook: about which requests it is asked (`ShouldCallHook`, `predicates/rules`).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations, ValidatingWebhook,
    ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sim_core::model::LabelSelector;

use super::{EVICTION, Request, SCALE};
use crate::change::ObjectRef;
use crate::cluster::Cluster;
use crate::convert;
use crate::object::Object;
use crate::resource::Resource;
use crate::store::Store;

/// A webhook as its configuration says it.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) name: String,
    /// Whom to ask; a URL outside the cluster when it is none.
    pub(super) service: Option<Backend>,
    /// Whether a request goes on when nobody answers (`failurePolicy`).
    pub(super) ignores_failure: bool,
    pub(super) timeout_seconds: i32,
    /// Whether it asks for more than can be looked at here (`matchConditions`).
    pub(super) has_conditions: bool,
    rules: Vec<RuleWithOperations>,
    /// Whether a rule for one version of a resource is one for all (`matchPolicy`).
    matches_equivalents: bool,
    namespaces: Option<LabelSelector>,
    objects: Option<LabelSelector>,
}

/// The Service behind which a webhook answers.
#[derive(Debug, Clone)]
pub(super) struct Backend {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) port: i32,
    path: String,
}

impl Backend {
    /// Where the server posts its question.
    pub(super) fn url(&self, timeout_seconds: i32) -> String {
        let Self { namespace, name, port, path } = self;
        format!("https://{name}.{namespace}.svc:{port}/{}?timeout={timeout_seconds}s", path.trim_start_matches('/'))
    }
}

/// The webhooks of a configuration, in its order.
pub(super) fn of_mutating(configuration: &MutatingWebhookConfiguration) -> Arc<[Hook]> {
    configuration.webhooks.iter().flatten().map(|webhook| hook(as_validating(webhook.clone()))).collect()
}

/// The same of the other kind.
pub(super) fn of_validating(configuration: &ValidatingWebhookConfiguration) -> Arc<[Hook]> {
    configuration.webhooks.iter().flatten().cloned().map(hook).collect()
}

impl Cluster {
    /// Every admission webhook with the configuration that declares it, the mutating ones as the validating ones are
    /// declared: what they have besides says when they are asked again.
    pub fn declared_webhooks(&self) -> Vec<(ObjectRef, ValidatingWebhook)> {
        let of = |kind: &str, metadata: &ObjectMeta| {
            let name = metadata.name.clone().unwrap_or_default();
            ObjectRef { namespace: None, kind: kind.to_owned(), name }
        };
        let mut declared = Vec::new();
        for object in self.store.list::<MutatingWebhookConfiguration>() {
            let configuration = of("mutatingwebhookconfiguration", &object.metadata);
            let webhooks = object.webhooks.iter().flatten().cloned().map(as_validating);
            declared.extend(webhooks.map(|webhook| (configuration.clone(), webhook)));
        }
        for object in self.store.list::<ValidatingWebhookConfiguration>() {
            let configuration = of("validatingwebhookconfiguration", &object.metadata);
            declared.extend(object.webhooks.iter().flatten().map(|webhook| (configuration.clone(), webhook.clone())));
        }
        declared
    }
}

fn as_validating(webhook: MutatingWebhook) -> ValidatingWebhook {
    ValidatingWebhook {
        admission_review_versions: webhook.admission_review_versions,
        client_config: webhook.client_config,
        failure_policy: webhook.failure_policy,
        match_conditions: webhook.match_conditions,
        match_policy: webhook.match_policy,
        name: webhook.name,
        namespace_selector: webhook.namespace_selector,
        object_selector: webhook.object_selector,
        rules: webhook.rules,
        side_effects: webhook.side_effects,
        timeout_seconds: webhook.timeout_seconds,
    }
}

fn hook(webhook: ValidatingWebhook) -> Hook {
    Hook {
        service: backend(&webhook.client_config),
        name: webhook.name,
        ignores_failure: webhook.failure_policy.as_deref() == Some("Ignore"),
        timeout_seconds: webhook.timeout_seconds.unwrap_or(10),
        has_conditions: webhook.match_conditions.is_some_and(|conditions| !conditions.is_empty()),
        rules: webhook.rules.unwrap_or_default(),
        matches_equivalents: webhook.match_policy.as_deref() != Some("Exact"),
        namespaces: webhook.namespace_selector.as_ref().map(convert::label_selector),
        objects: webhook.object_selector.as_ref().map(convert::label_selector),
    }
}

fn backend(client: &WebhookClientConfig) -> Option<Backend> {
    client.service.as_ref().map(|service| Backend {
        namespace: service.namespace.clone(),
        name: service.name.clone(),
        port: service.port.unwrap_or(443),
        path: service.path.clone().unwrap_or_default(),
    })
}

/// The resource that a request is about.
pub(super) struct Subject {
    group: String,
    version: String,
    plural: String,
    is_namespaced: bool,
}

impl Subject {
    pub(super) fn of(object: &Object, store: &Store) -> Self {
        let split = |api_version: &str| match api_version.split_once('/') {
            Some((group, version)) => (group.to_owned(), version.to_owned()),
            None => (String::new(), api_version.to_owned()),
        };
        if let Some(kind) = object.kind() {
            let (group, version) = split(kind.api_version());
            return Self { group, version, plural: kind.plural().to_owned(), is_namespaced: kind.is_namespaced() };
        }
        let (group, version) = match object {
            Object::Other(other) => split(&other.api_version),
            _ => (String::new(), String::new()),
        };
        let is_namespaced = object.namespace().is_some_and(|namespace| !namespace.is_empty());
        let plural = Resource::plural_of(store, &group, object.kind_name());
        Self { group, version, plural, is_namespaced }
    }
}

impl Hook {
    /// Whether the webhook is asked about a request, in a namespace with these labels.
    pub(super) fn is_asked(
        &self,
        request: &Request<'_>,
        subject: &Subject,
        namespace: Option<&BTreeMap<String, String>>,
    ) -> bool {
        self.rules.iter().any(|rule| self.covers(rule, request, subject))
            // What is in no namespace is never exempted by one.
            && namespace.zip(self.namespaces.as_ref()).is_none_or(|(labels, wanted)| wanted.matches(labels))
            && self.wants(request)
    }

    /// Whether the labels of the object, as it is or as it is to be, are those that are asked for. What is posted to a
    /// subresource has none.
    fn wants(&self, request: &Request<'_>) -> bool {
        let Some(wanted) = &self.objects else { return true };
        let nothing = BTreeMap::new();
        if [EVICTION, SCALE].contains(&request.subresource) {
            return wanted.matches(&nothing);
        }
        let has_them = |object: &Object| wanted.matches(object.metadata().labels.as_ref().unwrap_or(&nothing));
        request.object.is_some_and(has_them) || request.before.is_some_and(has_them)
    }

    fn covers(&self, rule: &RuleWithOperations, request: &Request<'_>, subject: &Subject) -> bool {
        let Subject { group, version, plural, is_namespaced } = subject;
        let names =
            |list: &Option<Vec<String>>, wanted: &str| list.iter().flatten().any(|name| name == "*" || name == wanted);
        let has_scope = match rule.scope.as_deref() {
            Some("Namespaced") => *is_namespaced,
            Some("Cluster") => !is_namespaced,
            _ => true,
        };
        let equivalents = if self.matches_equivalents { other_groups(group, plural) } else { &[] };
        has_scope
            && names(&rule.operations, request.operation.name())
            && (names(&rule.api_groups, group) || equivalents.iter().any(|other| names(&rule.api_groups, other)))
            && (self.matches_equivalents || names(&rule.api_versions, version))
            && rule.resources.iter().flatten().any(|pattern| {
                let (name, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
                (name == "*" || name == plural) && (subresource == "*" || subresource == request.subresource)
            })
    }
}

/// The groups in which a resource lived besides its own, some of it to this day.
fn other_groups(group: &str, plural: &str) -> &'static [&'static str] {
    match (group, plural) {
        ("apps", "deployments" | "daemonsets" | "replicasets") => &["extensions"],
        ("networking.k8s.io", "ingresses" | "networkpolicies") => &["extensions"],
        ("", "events") => &["events.k8s.io"],
        _ => &[],
    }
}
