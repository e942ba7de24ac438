//! The claims of stateful pods: made with a pod, kept when it goes, unless the set's retention policy says otherwise
//! (stateful_pod_control.go, stateful_set_utils.go).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use crate::cluster::Cluster;
use crate::controllers::controller_ref::owner_reference;
use crate::object::KnownKind;
use crate::pod::Pod;
use crate::store::ObjectKey;

/// The claim templates' names, and the names of this pod's claims made from them.
pub(super) fn names_of<'a>(set: &'a StatefulSet, pod_name: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    set.spec.volume_claim_templates.iter().flatten().map(move |template| {
        let template = template.metadata.name.clone().unwrap_or_default();
        let claim = format!("{template}-{pod_name}");
        (template, claim)
    })
}

/// Makes the claims a pod needs and does not find; the first refusal ends it.
pub(super) fn create_missing(cluster: &mut Cluster, set: &Arc<StatefulSet>, pod: &Pod) -> Result<(), String> {
    let pod_name = pod.metadata.name.as_deref().unwrap_or_default();
    let namespace = set.metadata.namespace.clone().unwrap_or_default();
    for template in set.spec.volume_claim_templates.iter().flatten() {
        let mut claim = template.clone();
        let name = format!("{}-{pod_name}", claim.metadata.name.as_deref().unwrap_or_default());
        if cluster.store.find::<PersistentVolumeClaim>(&namespace, &name).is_some() {
            continue;
        }
        let selected = set.spec.selector.match_labels.clone().unwrap_or_default();
        claim.metadata.labels.get_or_insert_default().extend(selected);
        claim.metadata.name = Some(name.clone());
        claim.metadata.namespace = Some(namespace.clone());
        claim.status = None;
        let created = cluster.post(PersistentVolumeClaim::wrap(Arc::new(claim)));
        let set_name = set.metadata.name.as_deref().unwrap_or_default();
        let owner = StatefulSet::wrap(Arc::clone(set));
        if let Err(error) = created {
            let message =
                format!("create Claim {name} for Pod {pod_name} in StatefulSet {set_name} failed error: {error}");
            cluster.controller_event(&owner, "Warning", "FailedCreate", &message);
            return Err(format!("failed to create PVC {name}: {error}"));
        }
        let message = format!("create Claim {name} Pod {pod_name} in StatefulSet {set_name} success");
        cluster.controller_event(&owner, "Normal", "SuccessfulCreate", &message);
    }
    Ok(())
}

/// Has the claims of a pod go with the set or with the pod, as the retention policy says.
pub(super) fn match_retention(cluster: &mut Cluster, set: &Arc<StatefulSet>, pod: &Pod, is_condemned: bool) {
    let policy = set.spec.persistent_volume_claim_retention_policy.as_ref();
    let Some(policy) = policy.filter(|_| cluster.behaviour.stateful_set_claim_retention) else { return };
    let deletes = |when: &Option<String>| when.as_deref() == Some("Delete");
    let (when_scaled, when_deleted) = (deletes(&policy.when_scaled), deletes(&policy.when_deleted));
    let with_pod = when_scaled && is_condemned;
    let with_set = when_deleted && !with_pod;
    let pod_name = pod.metadata.name.as_deref().unwrap_or_default();
    let owners = [(with_set, reference(set.as_ref())), (with_pod, reference(pod))];
    for (_, claim) in names_of(set, pod_name) {
        let key = ObjectKey::new(set.metadata.namespace.as_deref().unwrap_or_default(), &claim);
        let Some(found) = cluster.store.get::<PersistentVolumeClaim>(&key) else { continue };
        let mut references = found.metadata.owner_references.clone().unwrap_or_default();
        for (wanted, owner) in &owners {
            references.retain(|reference| reference.uid != owner.uid);
            if *wanted {
                references.push(owner.clone());
            }
        }
        if references != found.metadata.owner_references.clone().unwrap_or_default() {
            cluster.store.update::<PersistentVolumeClaim>(&key, |claim| {
                claim.metadata.owner_references = Some(references).filter(|references| !references.is_empty());
            });
        }
    }
}

/// An owner that does not manage.
fn reference<T: KnownKind>(owner: &T) -> OwnerReference {
    OwnerReference { controller: None, block_owner_deletion: None, ..owner_reference(owner) }
}
