//! Who else writes an object that an answer changes, and would take the change back.

use std::collections::BTreeSet;

use sim_cluster::pod::Pod;
use sim_cluster::{Change, Cluster, Kind, ObjectKey, ObjectRef, WorkloadRef};

use super::missing::scaled;

/// A sentence for each object that somebody outside keeps as it is declared elsewhere.
pub(crate) fn keepers(cluster: &Cluster, changes: &[Change]) -> Vec<String> {
    let kept = changes.iter().filter_map(written).filter_map(|object| keeper(cluster, object));
    let scaled = changes.iter().filter_map(scaled).filter_map(|workload| scaler(cluster, workload));
    kept.chain(scaled).collect::<BTreeSet<String>>().into_iter().collect()
}

/// The HorizontalPodAutoscaler of a workload.
fn scaler(cluster: &Cluster, workload: &ObjectRef) -> Option<String> {
    let mut scalers = cluster.store().others().filter(|object| object.kind == "HorizontalPodAutoscaler");
    let scaler = scalers.find(|scaler| {
        let of = |field: &str| Some(scaler.rest.get("spec")?.get("scaleTargetRef")?.get(field)?.as_str()?.to_owned());
        scaler.metadata.namespace == workload.namespace
            && of("name").as_ref() == Some(&workload.name)
            && of("kind").is_some_and(|kind| kind.eq_ignore_ascii_case(&workload.kind))
    })?;
    let name = scaler.metadata.name.as_deref().unwrap_or_default();
    Some(format!(
        "{workload} is scaled by the HorizontalPodAutoscaler {name}: it sets the replicas to what it finds right"
    ))
}

/// The object that a change writes, where that is one that is there.
fn written(change: &Change) -> Option<&ObjectRef> {
    match change {
        Change::Patch { target, .. }
        | Change::Scale { workload: target, .. }
        | Change::Label { target, .. }
        | Change::Annotate { target, .. }
        | Change::RolloutUndo { workload: target, .. }
        | Change::AddToleration { workload: WorkloadRef::Object(target), .. }
        | Change::Delete(target) => Some(target),
        _ => None,
    }
}

fn keeper(cluster: &Cluster, target: &ObjectRef) -> Option<String> {
    let kind = Kind::parse(&target.kind).filter(|kind| *kind != Kind::Pod)?;
    let key = ObjectKey::new(target.namespace.as_deref().unwrap_or_default(), &target.name);
    let object = cluster.store().object(kind, &key)?;
    let metadata = object.metadata();
    let label = |key: &str| metadata.labels.as_ref()?.get(key);
    let annotation = |key: &str| metadata.annotations.as_ref()?.get(key);
    let argo = annotation("argocd.argoproj.io/tracking-id").and_then(|id| id.split(':').next());
    let argo = argo.or_else(|| label("argocd.argoproj.io/instance").map(String::as_str));
    let flux = label("kustomize.toolkit.fluxcd.io/name").or_else(|| label("helm.toolkit.fluxcd.io/name"));
    let says = if let Some(application) = argo {
        format!(
            "is of the Argo CD application {application}: change it in its source, or the next sync takes this back"
        )
    } else if let Some(name) = flux {
        format!("is kept by Flux ({name}): change it in its source, or the next reconciliation takes this back")
    } else if let Some(release) = annotation("meta.helm.sh/release-name") {
        format!(
            "is of the Helm release {release}: change it in its values or chart, or the next upgrade takes this back"
        )
    } else if label("addonmanager.kubernetes.io/mode").is_some_and(|mode| mode == "Reconcile")
        && addons_are_kept(cluster)
    {
        "is kept by the addon manager: change its manifest on the control plane, or this is taken back at once"
            .to_owned()
    } else {
        let mut owners = metadata.owner_references.iter().flatten();
        let owner = owners
            .find(|owner| owner.controller == Some(true) && Kind::of(&owner.api_version, &owner.kind).is_none())?;
        format!("is made by {} {}: its operator may take this back, change it there", owner.kind, owner.name)
    };
    Some(format!("{target} {says}"))
}

/// Whether the addon manager runs: installers have its labels in their manifests without it.
fn addons_are_kept(cluster: &Cluster) -> bool {
    let mut pods = cluster.store().list_in::<Pod>("kube-system");
    pods.any(|pod| pod.metadata.name.as_deref().is_some_and(|name| name.starts_with("kube-addon-manager")))
}
