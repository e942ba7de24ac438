//! Webhooks that must be asked about pods and do not answer: where they are configured, and whose pods should answer.

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use sim_cluster::{Cluster, ObjectRef};

use super::symptom::Symptom;
use super::thing::ThingKind;
use super::wait::Wait;

/// A webhook as its configuration has it.
#[derive(Debug, Clone)]
pub(crate) struct Configured {
    /// The MutatingWebhookConfiguration or ValidatingWebhookConfiguration.
    pub(crate) configuration: ObjectRef,
    /// Namespace and name of the Service that leads to who answers.
    pub(crate) service: Option<(String, String)>,
    /// The namespaces that it is asked about.
    pub(crate) namespaces: LabelSelector,
}

/// The webhooks of this name.
pub(crate) fn configured(cluster: &Cluster, name: &str) -> Vec<Configured> {
    let declared = cluster.declared_webhooks().into_iter().filter(|(_, webhook)| webhook.name == name);
    let found = declared.map(|(configuration, webhook)| Configured {
        configuration,
        service: webhook.client_config.service.map(|service| (service.namespace, service.name)),
        namespaces: webhook.namespace_selector.unwrap_or_default(),
    });
    found.collect()
}

/// The pods that should answer for a webhook and are not well.
pub(crate) fn behind(cluster: &Cluster, symptoms: &[Symptom], name: &str) -> Vec<Wait> {
    let services = configured(cluster, name).into_iter().filter_map(|webhook| webhook.service);
    let mut waits = Vec::new();
    for (namespace, service) in services {
        let found = cluster.store().find::<Service>(&namespace, &service);
        let Some(selector) = found.and_then(|service| service.spec.as_ref()?.selector.as_ref()) else { continue };
        let answers = |symptom: &&Symptom| {
            let labels = symptom.sample.as_ref().and_then(|pod| pod.metadata.labels.as_ref());
            symptom.namespace == namespace
                && labels.is_some_and(|labels| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
        };
        let unwell = symptoms.iter().filter(answers);
        waits.extend(unwell.map(|symptom| Wait::new("is answered by", ThingKind::Pods, symptom.name())));
    }
    waits
}
