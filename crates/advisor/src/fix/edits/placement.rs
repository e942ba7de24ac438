//! What pods ask of nodes and of each other: selectors, spread, affinity, gates.

use k8s_openapi::api::core::v1::Node;
use serde_json::{Value, json};
use sim_cluster::pod::Pod;
use sim_cluster::{Change, ObjectRef, PatchType};

use super::super::edit::Edit;
use super::workload::{owner_of, owner_or_pod, patch_pods, pods_patch, reference, workload_of};
use super::{Site, groups};
use crate::beside::{Tie, parties};
use crate::diagnosis::{State, Symptom};
use crate::node;
use crate::words;

/// Give a node the labels, or ask for less.
pub(super) fn of_selection(site: &Site<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for symptom in &site.directly {
        let Some(sample) = symptom.sample.as_deref() else { continue };
        let wanted: Vec<(String, String)> =
            sample.spec.node_selector.iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
        edits.extend(relabel(site, symptom, &wanted));
        edits.extend(groups::of_labels(site, &wanted));
        if let Some(owner) = owner_or_pod(symptom) {
            edits.extend(less_selective(&owner, sample));
        }
    }
    edits
}

/// Ask for less of the labels of nodes.
fn less_selective(owner: &ObjectRef, sample: &Pod) -> Vec<Edit> {
    let loss = "the pods may go to nodes that they were kept off";
    let keys = sample.spec.node_selector.iter().flatten().map(|(key, _)| key);
    let mut edits: Vec<Edit> = keys
        .map(|key| {
            let patch = patch_pods(owner, json!({"nodeSelector": {key: null}}));
            Edit::new(format!("take {key} out of the nodeSelector of {owner}"), vec![patch]).gives_up(loss)
        })
        .collect();
    let affinity = sample.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    if affinity.is_some_and(|affinity| affinity.required_during_scheduling_ignored_during_execution.is_some()) {
        let none = json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": null}}});
        edits.push(
            Edit::new(format!("drop the required node affinity of {owner}"), vec![patch_pods(owner, none)])
                .gives_up(loss),
        );
    }
    edits
}

/// The first nodes that lack one of the labels get them all.
fn relabel(site: &Site<'_>, symptom: &Symptom, wanted: &[(String, String)]) -> Vec<Edit> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let nodes = site.cluster.store().list::<Node>().filter(|node| {
        let is_guarded = node::taints(node).next().is_some();
        !is_guarded && node.metadata.name.as_ref().is_some_and(|name| site.knot.nodes.contains(name))
    });
    let edits = nodes.take(2).filter_map(|node| {
        let name = node.metadata.name.as_deref()?;
        let labels = node.metadata.labels.as_ref();
        let missing: Vec<(String, String)> = wanted
            .iter()
            .filter(|(key, value)| labels.and_then(|labels| labels.get(key)) != Some(value))
            .cloned()
            .collect();
        // A node's name and system are what they are.
        let is_fact = |key: &str| {
            key == "kubernetes.io/hostname" || key.ends_with("kubernetes.io/os") || key.ends_with("kubernetes.io/arch")
        };
        if missing.is_empty() || missing.iter().any(|(key, _)| is_fact(key)) {
            return None;
        }
        let missing_role = missing.iter().any(|(key, _)| key.starts_with("node-role.kubernetes.io/"));
        let text: Vec<String> = missing.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let target = ObjectRef { namespace: None, kind: "node".to_owned(), name: name.to_owned() };
        let edit = Edit::new(
            format!("label {name} with {}", text.join(", ")),
            vec![Change::Label { target, set: missing, remove: Vec::new() }],
        );
        let edit = edit
            .weakens("the label may say of the node what it is not")
            .limit("a label set by hand is not on the machine that replaces the node");
        let edit = if symptom.state == State::NoneDesired {
            edit.limit("which nodes the DaemonSet is meant for is not said by its selector, nor by one near it")
        } else {
            edit
        };
        Some(if missing_role { edit.weakens("the node says that it has a role that it does not have") } else { edit })
    });
    edits.collect()
}

/// Spread as well as possible, or without the nodes that take no pods.
pub(super) fn of_spread(site: &Site<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for symptom in &site.directly {
        let Some((owner, constraints)) = with_constraints(symptom) else { continue };
        let changed = |change: &dyn Fn(&mut Value)| {
            let list: Vec<Value> = constraints
                .iter()
                .cloned()
                .map(|mut constraint| {
                    if constraint.get("whenUnsatisfiable").and_then(Value::as_str) != Some("ScheduleAnyway") {
                        change(&mut constraint);
                    }
                    constraint
                })
                .collect();
            patch_list(&owner, &list)
        };
        if site.cluster.scheduling().scheduler().behaviour().spread.inclusion_policies {
            let honor = changed(&|constraint| {
                if let Some(fields) = constraint.as_object_mut() {
                    fields.insert("nodeTaintsPolicy".to_owned(), json!("Honor"));
                }
            });
            edits.push(Edit::new(
                format!("have the spread of {owner} leave out nodes whose taints it does not tolerate"),
                vec![honor],
            ));
        }
        if constraints.iter().any(|constraint| constraint.get("minDomains").is_some()) {
            let fewer = changed(&|constraint| {
                if let Some(fields) = constraint.as_object_mut() {
                    fields.shift_remove("minDomains");
                }
            });
            edits.push(
                Edit::new(format!("take minDomains out of the spread of {owner}"), vec![fewer])
                    .gives_up("fewer domains than asked for are enough"),
            );
        }
        let anyway = changed(&|constraint| {
            if let Some(fields) = constraint.as_object_mut() {
                fields.insert("whenUnsatisfiable".to_owned(), json!("ScheduleAnyway"));
                fields.shift_remove("minDomains");
            }
        });
        edits.push(
            Edit::new(format!("have {owner} spread as well as possible (ScheduleAnyway)"), vec![anyway])
                .gives_up("the pods may crowd in one domain"),
        );
    }
    edits.extend(site.directly.iter().filter_map(|symptom| super::room::fewer_replicas(symptom, site)));
    edits.extend(super::room::more_nodes(site));
    edits
}

fn with_constraints(symptom: &Symptom) -> Option<(ObjectRef, Vec<Value>)> {
    let owner = owner_or_pod(symptom)?;
    let constraints = symptom.sample.as_deref()?.spec.topology_spread_constraints.as_ref()?;
    let values = constraints.iter().filter_map(|constraint| serde_json::to_value(constraint).ok()).collect();
    Some((owner, values))
}

/// The whole list, for its merge keys are not enough to tell two constraints apart.
fn patch_list(owner: &ObjectRef, list: &[Value]) -> Change {
    let spec = json!({"topologySpreadConstraints": list});
    Change::Patch { target: owner.clone(), type_: PatchType::Merge, patch: pods_patch(owner, spec) }
}

/// Prefer to be apart, or near, rather than demand it: the pods that wait, or those that keep them off. Let those that they
/// are tied to go elsewhere.
pub(super) fn of_affinity(site: &Site<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for symptom in &site.directly {
        let Some(sample) = symptom.sample.as_deref() else { continue };
        if let Some(owner) = owner_or_pod(symptom) {
            edits.extend(less_demanding(&owner, sample, &["podAntiAffinity", "podAffinity"]));
        }
        for party in parties(site.cluster, sample, Tie::Repelled) {
            if let Some(owner) = workload_of(&party.namespace, &party.owner) {
                edits.extend(less_demanding(&owner, &party.sample, &["podAntiAffinity"]));
            }
        }
        for tie in [Tie::Wanted, Tie::Avoided] {
            for party in parties(site.cluster, sample, tie) {
                if let Some(owner) = workload_of(&party.namespace, &party.owner) {
                    edits.extend(less_selective(&owner, &party.sample));
                }
            }
        }
        edits.extend(super::room::fewer_replicas(symptom, site));
    }
    edits.extend(super::room::more_nodes(site));
    edits
}

/// Prefer what the pods of a workload demand of others.
fn less_demanding(owner: &ObjectRef, sample: &Pod, rules: &[&str]) -> Vec<Edit> {
    let Some(affinity) = sample.spec.affinity.as_ref() else { return Vec::new() };
    let anti = affinity.pod_anti_affinity.as_ref();
    let anti = anti.and_then(|anti| anti.required_during_scheduling_ignored_during_execution.as_ref());
    let near = affinity.pod_affinity.as_ref();
    let near = near.and_then(|near| near.required_during_scheduling_ignored_during_execution.as_ref());
    let mut edits = Vec::new();
    for (field, terms, word) in [("podAntiAffinity", anti, "apart"), ("podAffinity", near, "together")] {
        let Some(terms) = terms.filter(|terms| !terms.is_empty() && rules.contains(&field)) else { continue };
        let preferred: Vec<Value> = terms.iter().map(|term| json!({"weight": 100, "podAffinityTerm": term})).collect();
        let patch = json!({"affinity": {field: {
            "requiredDuringSchedulingIgnoredDuringExecution": null,
            "preferredDuringSchedulingIgnoredDuringExecution": preferred,
        }}});
        edits.push(
            Edit::new(
                format!("have {owner} prefer to be {word} instead of demanding it"),
                vec![patch_pods(owner, patch)],
            )
            .gives_up(format!("the pods are no longer sure to be {word}")),
        );
    }
    edits
}

/// Take the gate away.
pub(super) fn of_gate(site: &Site<'_>) -> Vec<Edit> {
    let gate = &site.knot.thing.name;
    let mut changes = Vec::new();
    let mut names = Vec::new();
    for symptom in &site.directly {
        for pod in &symptom.pods {
            let Some((namespace, name)) = pod.split_once('/') else { continue };
            let Some(live) = site.cluster.store().find::<Pod>(namespace, name) else { continue };
            let left: Vec<Value> = live
                .spec
                .scheduling_gates
                .iter()
                .flatten()
                .filter(|other| other.name != *gate)
                .map(|other| json!({"name": other.name}))
                .collect();
            let left = if left.is_empty() { Value::Null } else { Value::Array(left) };
            let target = reference(namespace, "pod", name);
            let patch = json!({"spec": {"schedulingGates": left}});
            changes.push(Change::Patch { target, type_: PatchType::Merge, patch });
            names.push(pod.clone());
        }
    }
    let owners: Vec<String> =
        site.directly.iter().filter_map(|symptom| owner_or_pod(symptom)).map(|owner| owner.to_string()).collect();
    if changes.is_empty() {
        return Vec::new();
    }
    let templates = site.directly.iter().filter_map(|symptom| owner_of(symptom));
    let no_more = templates.map(|owner| {
        let patch = json!({"schedulingGates": [{"$patch": "delete", "name": gate}]});
        Edit::new(
            format!("take the scheduling gate {gate} out of the template of {owner}"),
            vec![patch_pods(&owner, patch)],
        )
        .gives_up("what the gate's owner wanted to be sure of first")
    });
    let mut edits: Vec<Edit> = no_more.collect();
    edits.push(
        Edit::new(format!("remove the scheduling gate {gate} from the pods of {}", words::all(&owners)), changes)
            .gives_up("what the gate's owner wanted to be sure of first")
            .limit("or start the controller whose gate it is: sim cannot run it"),
    );
    edits
}
