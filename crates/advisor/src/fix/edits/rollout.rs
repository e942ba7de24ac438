//! Rollouts that cannot go on, budgets that allow nothing, containers that fail, finalizers that stay.

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::json;
use sim_cluster::{Change, ObjectRef, PatchType};

use super::super::edit::Edit;
use super::Site;
use super::workload::{owner_of, patch_of, reference};

/// Take an old pod away first.
pub(super) fn of_rollout(site: &Site<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for owner in site.waiting.iter().filter_map(|symptom| owner_of(symptom)).filter(|owner| owner.kind == "deployment")
    {
        let first = json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}});
        edits.push(
            Edit::new(
                format!("have {owner} take an old pod away before it makes a new one (maxSurge 0)"),
                vec![patch_of(&owner, first)],
            )
            .weakens("one replica less serves while a rollout goes on"),
        );
        let recreate = json!({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": null}}});
        edits.push(
            Edit::new(format!("have {owner} recreate all pods at once (Recreate)"), vec![patch_of(&owner, recreate)])
                .weakens("nobody serves while a rollout goes on")
                .weakens("a template that does not work takes everything down"),
        );
    }
    edits
}

/// Allow one eviction.
pub(super) fn of_budget(site: &Site<'_>) -> Vec<Edit> {
    let Some((namespace, name)) = site.knot.thing.name.split_once('/') else { return Vec::new() };
    let target = reference(namespace, "poddisruptionbudget", name);
    let Some(budget) = site.cluster.store().find::<PodDisruptionBudget>(namespace, name) else { return Vec::new() };
    let mut edits = Vec::new();
    for symptom in &site.directly {
        if let Some(owner) =
            owner_of(symptom).filter(|owner| matches!(owner.kind.as_str(), "deployment" | "statefulset" | "replicaset"))
            && let Some(healthy) = budget.status.as_ref().and_then(|status| status.expected_pods)
        {
            edits.push(Edit::new(
                format!("scale {owner} to {}, one more than the budget needs", healthy + 1),
                vec![Change::Scale { workload: owner, replicas: healthy + 1 }],
            ));
        }
    }
    if budget_misses(budget) {
        let patch = json!({"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}});
        edits.push(Edit::new(
            format!("let {target} always allow the eviction of pods that are not ready"),
            vec![patch_of(&target, patch)],
        ));
    }
    let one = json!({"spec": {"minAvailable": null, "maxUnavailable": 1}});
    edits.push(
        Edit::new(
            format!("let {target} allow one pod to be away (maxUnavailable 1)"),
            vec![Change::Patch { target: target.clone(), type_: PatchType::Merge, patch: one }],
        )
        .weakens("the budget guarantees one replica less"),
    );
    edits.push(
        Edit::new(format!("delete {target}"), vec![Change::Delete(target)])
            .gives_up("nothing limits evictions any more"),
    );
    edits
}

/// Whether the budget counts pods that are not healthy.
fn budget_misses(budget: &PodDisruptionBudget) -> bool {
    budget.status.as_ref().is_some_and(|status| status.current_healthy < status.expected_pods)
}

/// Go back to the template that worked, or mend the registry.
pub(super) fn of_container(site: &Site<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let undo = |owner: &ObjectRef| Change::RolloutUndo { workload: owner.clone(), to_revision: 0 };
    let can_undo = |owner: &ObjectRef| matches!(owner.kind.as_str(), "deployment" | "statefulset" | "daemonset");
    for owner in site.waiting.iter().filter_map(|symptom| owner_of(symptom)).filter(can_undo) {
        edits.push(
            Edit::new(format!("undo the last rollout of {owner}"), vec![undo(&owner)])
                .gives_up("the new template is not rolled out"),
        );
    }
    if site.knot.thing.kind == crate::diagnosis::ThingKind::Image {
        let image = site.knot.thing.name.clone();
        edits.push(
            Edit::new(format!("put the image {image} where the nodes can pull it"), vec![Change::ImageFixed(image)])
                .limit("the registry, its credentials or the image's name: the input does not say which"),
        );
    }
    edits
}

/// Take the finalizer away.
pub(super) fn of_finalizer(site: &Site<'_>) -> Vec<Edit> {
    let pods = site.directly.iter().flat_map(|symptom| &symptom.pods);
    let changes: Vec<Change> = pods
        .filter_map(|pod| pod.split_once('/'))
        .map(|(namespace, name)| {
            let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [site.knot.thing.name]}});
            Change::Patch { target: reference(namespace, "pod", name), type_: PatchType::Strategic, patch }
        })
        .collect();
    if changes.is_empty() {
        return Vec::new();
    }
    vec![
        Edit::new(format!("remove the finalizer {}", site.knot.thing.name), changes)
            .gives_up("what the finalizer's owner would have cleaned up"),
    ]
}
