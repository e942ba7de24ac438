//! What makes a stateful pod that one pod: its name, host name, labels and claims (stateful_set_utils.go).

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaimVolumeSource, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::claims;
use super::revision::Revision;
use crate::controllers::controller_ref::owner_reference;
use crate::pod::Pod;

/// The label with the revision of a pod's template.
const REVISION_LABEL: &str = "controller-revision-hash";
/// The label with a pod's own name.
const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// The label with a pod's ordinal (1.28).
const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// The pod of this ordinal.
pub(super) fn new_pod(set: &StatefulSet, revision: &Revision, ordinal: i32, with_index: bool) -> Pod {
    let set_name = set.metadata.name.as_deref().unwrap_or_default();
    let name = format!("{set_name}-{ordinal}");
    let template = revision.template.clone();
    let template_metadata = template.metadata.unwrap_or_default();
    let mut labels = template_metadata.labels.unwrap_or_default();
    labels.insert(POD_NAME_LABEL.to_owned(), name.clone());
    labels.insert(REVISION_LABEL.to_owned(), revision.name.clone());
    if with_index {
        labels.insert(POD_INDEX_LABEL.to_owned(), ordinal.to_string());
    }
    let metadata = ObjectMeta {
        name: Some(name.clone()),
        generate_name: Some(format!("{set_name}-")),
        namespace: set.metadata.namespace.clone(),
        labels: Some(labels),
        annotations: template_metadata.annotations,
        finalizers: template_metadata.finalizers,
        owner_references: Some(vec![owner_reference(set)]),
        ..ObjectMeta::default()
    };
    let mut spec = template.spec.unwrap_or_default();
    spec.hostname = Some(name.clone());
    spec.subdomain.clone_from(&set.spec.service_name);
    let claims: Vec<(String, String)> = claims::names_of(set, &name).collect();
    if !claims.is_empty() {
        let others = spec.volumes.take().into_iter().flatten();
        let others = others.filter(|volume| claims.iter().all(|(template, _)| *template != volume.name));
        let own = claims.iter().map(|(template, claim)| Volume {
            name: template.clone(),
            persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                claim_name: claim.clone(),
                read_only: None,
            }),
            ..Volume::default()
        });
        spec.volumes = Some(own.chain(others).collect());
    }
    Pod::new(metadata, spec)
}

/// The ordinal in a pod's name; none when the name is not one of the set's.
pub(super) fn ordinal_of(set: &StatefulSet, pod: &Pod) -> Option<i32> {
    let (parent, digits) = pod.metadata.name.as_deref()?.rsplit_once('-')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && set.metadata.name.as_deref() == Some(parent)).then(|| digits.parse().ok())?
}

/// The name of the revision a pod was made from.
pub(super) fn revision_of(pod: &Pod) -> &str {
    pod.metadata.labels.as_ref().and_then(|labels| labels.get(REVISION_LABEL)).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::StatefulSet;
    use serde_json::json;

    use super::ordinal_of;
    use crate::pod::Pod;

    #[test]
    fn ordinals_are_read_from_names() {
        let set: StatefulSet = serde_json::from_value(json!({"metadata": {"name": "web"}})).unwrap_or_default();
        for (name, ordinal) in [
            ("web-0", Some(0)),
            ("web-12", Some(12)),
            ("web", None),
            ("web-", None),
            ("web-a", None),
            ("web-+1", None),
            ("other-1", None),
            ("web-99999999999", None),
        ] {
            let mut pod = Pod::default();
            pod.metadata.name = Some(name.to_owned());
            assert_eq!(ordinal_of(&set, &pod), ordinal, "{name}");
        }
    }
}
