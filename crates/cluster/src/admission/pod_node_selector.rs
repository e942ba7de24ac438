//! PodNodeSelector (plugin/pkg/admission/podnodeselector), off by default: the node selector of a namespace's annotation
//! is added to that of each of its pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;

use super::{Context, namespace_of};
use crate::api_error::ApiError;
use crate::object::Kind;
use crate::pod::Pod;

const ANNOTATION: &str = "scheduler.alpha.kubernetes.io/node-selector";

/// Merges the selectors; one that asks for another value of the same label refuses the pod.
pub(super) fn admit(pod: &mut Pod, context: &Context<'_>) -> Result<(), ApiError> {
    let of_namespace = context.store.find::<Namespace>("", namespace_of(pod)).map(|found| selector(found));
    let of_namespace = of_namespace.unwrap_or_default();
    if of_namespace.is_empty() {
        return Ok(());
    }
    let own = pod.spec.node_selector.as_ref();
    let conflict = |(key, value): (&String, &String)| own.and_then(|own| own.get(key)).is_some_and(|own| own != value);
    if of_namespace.iter().any(conflict) {
        let why = "pod node label selector conflicts with its namespace node label selector";
        // Upstream names the pod alone here: before its name is drawn it is called nothing.
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        return Err(ApiError::forbidden(Kind::Pod, name, why));
    }
    Arc::make_mut(&mut pod.spec).node_selector.get_or_insert_default().extend(of_namespace);
    Ok(())
}

/// `a=b,c=d` of the annotation (`labels.ConvertSelectorToLabelsMap`).
fn selector(namespace: &Namespace) -> BTreeMap<String, String> {
    let annotation = namespace.metadata.annotations.as_ref().and_then(|all| all.get(ANNOTATION));
    let pairs = annotation.map(String::as_str).unwrap_or_default().split(',');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}
