//! Volumes that are pinned to nodes or zones that are gone.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::PersistentVolume;
use sim_cluster::{Cluster, ObjectKey};
use sim_core::model::{NodeSelector, NodeSelectorOperator};
use sim_core::scheduler::plugins::node_affinity::matches_selector;

use super::{Oddity, OddityKind, Rule, object_ref};

const RULE: Rule = Rule {
    kind: OddityKind::VolumeLost,
    matters: "a pod that uses the claim can never be placed: a volume stays where its first consumer was, and no node is there any more",
    source: "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity",
};

pub(super) fn find(cluster: &Cluster) -> Vec<Oddity> {
    let snapshot = cluster.scheduling().snapshot();
    if snapshot.node_count() == 0 {
        return Vec::new();
    }
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut found = Vec::new();
    for (name, volume) in &snapshot.storage().volumes {
        let Some((affinity, claim)) = volume.node_affinity.as_ref().zip(volume.claim.as_ref()) else { continue };
        if labels.is_empty() {
            for (key, value) in snapshot.nodes().flat_map(|node| &node.node.labels) {
                labels.entry(key).or_default().insert(value);
            }
        }
        if is_surely_there(affinity, &labels) || snapshot.nodes().any(|node| matches_selector(affinity, &node.node)) {
            continue;
        }
        let Some(object) = cluster.store().find::<PersistentVolume>("", name) else { continue };
        // Nobody waits for what was released.
        if object.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Released") {
            continue;
        }
        let sentence = format!(
            "the volume {name} of the claim {}/{} can be reached from no node: it needs {}",
            claim.namespace,
            claim.name,
            text(affinity)
        );
        let claim = ObjectKey::new(&claim.namespace, &claim.name);
        found.push(RULE.found(sentence, vec![object_ref(object.as_ref()), format!("persistentvolumeclaim/{claim}")]));
    }
    found
}

/// Whether a term asks for one value of one label only, and a node has it: then no node need be looked at.
fn is_surely_there(affinity: &NodeSelector, labels: &BTreeMap<&str, BTreeSet<&str>>) -> bool {
    affinity.node_selector_terms.iter().any(|term| {
        match (term.match_expressions.as_slice(), term.match_fields.as_slice()) {
            ([only], []) if only.operator == NodeSelectorOperator::In => {
                let there = labels.get(only.key.as_str());
                only.values.iter().any(|value| there.is_some_and(|values| values.contains(value.as_str())))
            }
            _ => false,
        }
    })
}

/// `KEY in A, B and …; or …`.
fn text(affinity: &NodeSelector) -> String {
    let terms = affinity.node_selector_terms.iter().map(|term| {
        let requirements = term.match_expressions.iter().chain(&term.match_fields);
        let texts = requirements.map(|requirement| {
            format!("{} {:?} {}", requirement.key, requirement.operator, requirement.values.join(", "))
        });
        texts.map(|text| text.trim_end().to_owned()).collect::<Vec<_>>().join(" and ")
    });
    terms.collect::<Vec<_>>().join("; or ")
}
