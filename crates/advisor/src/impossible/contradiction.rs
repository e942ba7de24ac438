//! Requirements on a node's labels that contradict each other: no node anywhere could meet them.

use std::collections::BTreeSet;

use sim_cluster::Cluster;
use sim_core::model::{self, Labels, Node, NodeSelector, NodeSelectorOperator, NodeSelectorTerm, PodSpec};
use sim_core::scheduler::plugins::node_affinity::matches_required;

use super::{Impossible, ImpossibleKind};

/// A value that nobody writes, in place of all that nobody wrote.
const UNHEARD_OF: &str = "sim-unheard-of";

/// The contradiction in what the pod asks of labels, if every alternative has one.
pub(super) fn of(cluster: &Cluster, model: &model::Pod) -> Option<Impossible> {
    let behaviour = cluster.scheduling().scheduler().behaviour();
    let terms = &model.spec.required_node_affinity.as_ref()?.node_selector_terms;
    let mut keys = BTreeSet::new();
    for term in terms {
        let of_term: BTreeSet<&str> =
            term.match_expressions.iter().map(|requirement| requirement.key.as_str()).collect();
        let contradicted = of_term.into_iter().find(|key| {
            let spec = about(key, &model.spec, term);
            let nodes = values(key, &spec).into_iter().map(|value| Node {
                labels: value.map(|value| ((*key).to_owned(), value)).into_iter().collect(),
                ..Node::default()
            });
            !nodes.into_iter().any(|node| matches_required(behaviour, &spec, &node))
        });
        keys.insert(contradicted?.to_owned());
    }
    let first = keys.first()?;
    Some(Impossible {
        kind: ImpossibleKind::Contradiction,
        sentence: format!("what the pod asks of the label {first} contradicts itself: no node anywhere could do"),
        paths: paths(&keys, &model.spec),
        plugins: vec![sim_core::scheduler::PluginName::NodeAffinity.name_in(behaviour).to_owned()],
    })
}

/// What is asked of one label.
fn about(key: &str, spec: &PodSpec, term: &NodeSelectorTerm) -> PodSpec {
    let concerned = term.match_expressions.iter().filter(|requirement| requirement.key == key);
    let term = NodeSelectorTerm { match_expressions: concerned.cloned().collect(), match_fields: Vec::new() };
    let selected = spec.node_selector.get(key).map(|value| (key.to_owned(), value.clone()));
    PodSpec {
        node_selector: selected.into_iter().collect::<Labels>(),
        required_node_affinity: Some(NodeSelector { node_selector_terms: vec![term] }),
        ..PodSpec::default()
    }
}

/// The values that can make a difference, and the label's absence: those that are named, those beside the bounds, and one
/// that stands for all others.
fn values(key: &str, spec: &PodSpec) -> Vec<Option<String>> {
    let mut values: BTreeSet<String> = spec.node_selector.get(key).into_iter().cloned().collect();
    values.insert(UNHEARD_OF.to_owned());
    let terms = spec.required_node_affinity.iter().flat_map(|selector| &selector.node_selector_terms);
    for requirement in terms.flat_map(|term| &term.match_expressions) {
        values.extend(requirement.values.iter().cloned());
        if matches!(requirement.operator, NodeSelectorOperator::Gt | NodeSelectorOperator::Lt) {
            let bounds = requirement.values.iter().filter_map(|value| value.parse::<i64>().ok());
            values.extend(
                bounds
                    .flat_map(|bound| [bound.saturating_sub(1), bound.saturating_add(1)])
                    .map(|bound| bound.to_string()),
            );
        }
    }
    std::iter::once(None).chain(values.into_iter().map(Some)).collect()
}

fn paths(keys: &BTreeSet<String>, spec: &PodSpec) -> Vec<String> {
    let selected = keys.iter().any(|key| spec.node_selector.contains_key(key));
    let selector = selected.then(|| "spec.nodeSelector".to_owned());
    let affinity = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution".to_owned();
    selector.into_iter().chain([affinity]).collect()
}
