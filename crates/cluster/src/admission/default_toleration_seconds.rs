//! DefaultTolerationSeconds (plugin/pkg/admission/defaulttolerationseconds): pods wait 300 s on a node that is not ready
//! or not reachable, unless they say otherwise.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Toleration;

use crate::pod::Pod;

/// Adds the tolerations for which the pod has none of its own.
pub(super) fn admit(pod: &mut Pod) {
    let of_pod = pod.spec.tolerations.iter().flatten();
    let missing: Vec<Toleration> = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        .into_iter()
        .filter(|key| !of_pod.clone().any(|own| covers(own, key)))
        .map(|key| Toleration {
            key: Some(key.to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some("NoExecute".to_owned()),
            toleration_seconds: Some(300),
            value: None,
        })
        .collect();
    if !missing.is_empty() {
        Arc::make_mut(&mut pod.spec).tolerations.get_or_insert_default().extend(missing);
    }
}

fn covers(toleration: &Toleration, key: &str) -> bool {
    let key_matches = toleration.key.as_deref().is_none_or(|own| own.is_empty() || own == key);
    let effect_matches = toleration.effect.as_deref().is_none_or(|effect| effect.is_empty() || effect == "NoExecute");
    key_matches && effect_matches
}
