//! Taints, cordons and tolerations.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, Taint, Toleration};
use serde_json::json;
use sim_cluster::{Change, TaintPattern, WorkloadRef, taint_text};

use super::super::edit::Edit;
use super::workload::{owners, patch_pods};
use super::{Site, groups};
use crate::known_taints::known_taint;
use crate::node;
use crate::words;

/// Take the taint away, or have the pods' owners tolerate it.
pub(super) fn of_taint(site: &Site<'_>) -> Vec<Edit> {
    let text = &site.knot.thing.name;
    let carriers = carriers(site, text);
    let mut of_groups = groups::of_taint(site, text);
    let Some((_, taint)) = carriers.first() else {
        let taint = groups::waited_for(site).find_map(|group| groups::taint_of(group, text));
        of_groups.extend(taint.and_then(|taint| tolerate(site, &taint)));
        return of_groups;
    };
    let pattern = TaintPattern {
        key: taint.key.clone(),
        value: Some(taint.value.clone().unwrap_or_default()),
        effect: Some(taint.effect.clone()),
    };
    let guards = known_taint(&taint.key).is_none_or(|known| known.is_meant_to_stay());
    let all: BTreeSet<String> = carriers.iter().map(|(node, _)| node.clone()).collect();
    let untaint = |node: Option<String>| Change::Untaint { node, taint: pattern.clone() };
    let mut edits = vec![
        Edit::new(format!("remove the taint {text} from {}", words::nodes(&all)), vec![untaint(None)])
            .of_kind(format!("remove the taint {text} from all")),
    ];
    if guards && all.len() > 1 {
        // One node less guarded is less than all of them.
        let nodes = all.iter().filter(|node| site.knot.nodes.contains(*node)).take(3);
        edits.extend(nodes.map(|node| {
            Edit::new(format!("remove the taint {text} from {node} alone"), vec![untaint(Some(node.clone()))])
        }));
    }
    if guards {
        for edit in &mut edits {
            edit.weakens.push(format!("the nodes are no longer kept for pods that tolerate {}", taint.key));
        }
    }
    edits.extend(of_groups);
    edits.extend(tolerate(site, taint));
    edits
}

fn tolerate(site: &Site<'_>, taint: &Taint) -> Option<Edit> {
    let owners = owners(&site.directly);
    if owners.is_empty() {
        return None;
    }
    let has_value = taint.value.as_deref().is_some_and(|value| !value.is_empty());
    let toleration = Toleration {
        key: Some(taint.key.clone()),
        operator: Some(if has_value { "Equal" } else { "Exists" }.to_owned()),
        value: taint.value.clone().filter(|_| has_value),
        effect: Some(taint.effect.clone()),
        toleration_seconds: None,
    };
    let changes = owners.iter().map(|(owner, symptom)| match owner.kind.as_str() {
        // kubectl has no word for it: the whole list is patched.
        "job" | "cronjob" => {
            let own = symptom.sample.iter().flat_map(|pod| pod.spec.tolerations.iter().flatten());
            // Admission gives every pod these.
            let own = own.filter(|toleration| toleration.toleration_seconds.is_none());
            let list: Vec<&Toleration> = own.chain([&toleration]).collect();
            patch_pods(owner, json!({"tolerations": list}))
        }
        _ => Change::AddToleration { workload: WorkloadRef::Object(owner.clone()), toleration: toleration.clone() },
    });
    let names: Vec<String> = owners.iter().map(|(owner, _)| owner.to_string()).collect();
    let edit = Edit::new(format!("tolerate {} in {}", taint_text(taint), words::all(&names)), changes.collect());
    let is_role = known_taint(&taint.key).is_some_and(|known| known.is_meant_to_stay());
    let edit =
        if is_role { edit.weakens("the pods may go to nodes that are kept for the control plane") } else { edit };
    Some(edit.setting("keep the toleration in the manifests or charts: the next upgrade of them would take it away"))
}

/// The nodes that carry a taint, and the taint.
fn carriers(site: &Site<'_>, text: &str) -> Vec<(String, Taint)> {
    let nodes = site.cluster.store().list::<Node>();
    let found = nodes.filter_map(|node| {
        let taint = node.spec.as_ref()?.taints.as_ref()?.iter().find(|taint| taint_text(taint) == *text)?;
        Some((node.metadata.name.clone()?, taint.clone()))
    });
    found.collect()
}

/// Uncordon the nodes, one at a time or all.
pub(super) fn of_cordon(site: &Site<'_>) -> Vec<Edit> {
    let is_cordoned = |name: &&String| {
        let node = site.cluster.store().find::<Node>("", name);
        node.is_some_and(|node| node::is_cordoned(node))
    };
    let cordoned: Vec<&String> = site.knot.nodes.iter().filter(is_cordoned).collect();
    let limit = "find out who cordoned the node and why: a drain that did not end, or a machine to be repaired";
    let uncordon = |node: &&String| Change::Uncordon((*node).clone());
    let mut edits: Vec<Edit> = cordoned
        .iter()
        .take(4)
        .map(|node| Edit::new(format!("uncordon {node}"), vec![uncordon(node)]).limit(limit))
        .collect();
    if cordoned.len() > 1 {
        let all: BTreeSet<String> = cordoned.iter().map(|node| (*node).clone()).collect();
        let changes = cordoned.iter().map(uncordon).collect();
        edits.push(Edit::new(format!("uncordon {}", words::nodes(&all)), changes).limit(limit));
    }
    edits
}
