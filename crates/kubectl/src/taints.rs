//! `kubectl taint nodes`: several nodes in one line where the same is done to them.

use indexmap::IndexMap;
use k8s_openapi::api::core::v1::Node;
use sim_cluster::{Cluster, TaintPattern, taint_text};

use crate::command::Command;
use crate::shell;

/// The commands that remove the taints of a pattern, one for all nodes that lose the same ones. kubectl takes no notice of
/// the value of a taint to remove (kubectl/pkg/cmd/taint `utils.go`), so that each is named with its effect.
pub(crate) fn removals(cluster: &Cluster, node: Option<&str>, pattern: &TaintPattern) -> Vec<Command> {
    let mut groups: IndexMap<Vec<String>, Vec<String>> = IndexMap::new();
    for found in cluster.store().list::<Node>() {
        let name = found.metadata.name.clone().unwrap_or_default();
        let taints = found.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
        let lost: Vec<String> = taints.filter(|taint| pattern.matches(taint)).map(taint_text).collect();
        if node.is_none_or(|node| node == name) && !lost.is_empty() {
            groups.entry(lost).or_default().push(name);
        }
    }
    groups.into_iter().map(|(taints, nodes)| removal(&taints, &Nodes::of(cluster, nodes))).collect()
}

fn removal(taints: &[String], nodes: &Nodes) -> Command {
    let removed: Vec<String> = taints.iter().map(|taint| format!("{taint}-")).collect();
    let note = if taints.iter().any(|taint| taint.ends_with(":NoExecute")) {
        "the undo evicts the pods that have come since and do not tolerate the taint"
    } else {
        "the undo keeps new pods away; those that have come since stay"
    };
    Command { line: nodes.line(&removed), undo: Some(nodes.line(taints)), note: Some(note.to_owned()) }
}

/// The nodes of a command.
enum Nodes {
    All,
    Named(Vec<String>),
}

impl Nodes {
    /// `--all` when these are more than one and there are no others.
    fn of(cluster: &Cluster, names: Vec<String>) -> Self {
        let all = names.len() > 1 && cluster.store().list::<Node>().count() == names.len();
        if all { Self::All } else { Self::Named(names) }
    }

    fn line(&self, taints: &[String]) -> String {
        let nodes: Vec<&str> = match self {
            Self::All => vec!["--all"],
            Self::Named(names) => names.iter().map(String::as_str).collect(),
        };
        let taints = taints.iter().map(String::as_str);
        shell::kubectl(None, ["taint", "nodes"].into_iter().chain(nodes).chain(taints))
    }
}

/// `kubectl taint nodes NODE TAINT`, of all nodes when none is named.
pub(crate) fn line(node: Option<&str>, taint: &str) -> String {
    let nodes = node.map_or(Nodes::All, |node| Nodes::Named(vec![node.to_owned()]));
    nodes.line(&[taint.to_owned()])
}
