//! A change as the commands that a person types for it.

use serde::{Deserialize, Serialize};
use sim_cluster::{Change, Cluster, WorkloadRef};

use crate::undo::Undo;
use crate::{print, shell, taints, undo};

/// One command and how it is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// What to type into a POSIX shell, with the text of a heredoc where there is one. Lines that begin with `#` say in
    /// plain words what kubectl cannot do, or why the change would be refused.
    pub line: String,
    /// What brings the objects back to how they are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// What the undo does not bring back, or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Command {
    /// Whether kubectl does it, rather than a person in some other way.
    pub fn is_kubectl(&self) -> bool {
        self.line.starts_with("kubectl ")
    }
}

/// The commands for one change of this cluster, in the order in which to type them: several when a change is of several
/// objects.
pub fn commands(cluster: &Cluster, change: &Change) -> Vec<Command> {
    if let Change::Untaint { node, taint } = change {
        return match cluster.clone().make(change) {
            Ok(_) => taints::removals(cluster, node.as_deref(), taint),
            Err(refused) => vec![refusal(&refused.to_string())],
        };
    }
    let Change::AddToleration { workload: workload @ WorkloadRef::Pending, toleration } = change else {
        return vec![command(cluster, change)];
    };
    match cluster.workloads(workload) {
        Ok(workloads) => workloads
            .iter()
            .map(|(kind, key)| {
                let workload = WorkloadRef::Object(crate::target::reference(*kind, key));
                command(cluster, &Change::AddToleration { workload, toleration: toleration.clone() })
            })
            .collect(),
        Err(refused) => vec![refusal(&refused.to_string())],
    }
}

/// A change that would be refused is none to type.
fn refusal(words: &str) -> Command {
    Command { line: shell::comment(words), undo: None, note: None }
}

fn command(cluster: &Cluster, change: &Change) -> Command {
    match undo::undo(cluster, change) {
        Ok(Undo { line: undo, note }) => Command { line: print::line(cluster, change), undo, note },
        Err(refused) => refusal(&refused.to_string()),
    }
}
