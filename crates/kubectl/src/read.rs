//! Command lines read back as changes, as kubectl reads them.

mod files;
mod grammar;
mod nodes;
mod objects;
mod pairs;
mod script;
mod workloads;

use clap::FromArgMatches;
use sim_cluster::{Change, Cluster};

use grammar::{Kubectl, Rollout, Set, Verb};
use objects::Scope;
use script::Typed;

/// A command that cannot be read or made. Its text is kubectl's where kubectl has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadCommand {
    /// The line of the text that the command begins on, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// What changes nothing: commands that only look.
const ONLY_LOOKS: [&str; 14] = [
    "api-resources",
    "api-versions",
    "cluster-info",
    "completion",
    "config",
    "describe",
    "diff",
    "events",
    "explain",
    "get",
    "logs",
    "options",
    "top",
    "version",
];

/// The changes that kubectl commands make to this cluster, in their order. A text is lines of a shell: comments,
/// continued lines and heredocs are known, other commands and pipes are not. Each command finds the cluster as the
/// commands before it have left it.
///
/// # Errors
/// When a line is no kubectl command, or the command cannot be carried out.
pub fn read(cluster: &Cluster, text: &str) -> Result<Vec<Change>, BadCommand> {
    let mut now = cluster.clone();
    let mut changes = Vec::new();
    for typed in script::split(text)? {
        let bad = |message: String| BadCommand { line: typed.line, message };
        for change in changes_of(&now, &typed).map_err(bad)? {
            now.make(&change).map_err(|refused| bad(refused.to_string()))?;
            changes.push(change);
        }
    }
    Ok(changes)
}

/// The changes of one command.
fn changes_of(cluster: &Cluster, typed: &Typed) -> Result<Vec<Change>, String> {
    let words = match typed.words.as_slice() {
        [program, words @ ..] if program == "kubectl" || program.ends_with("/kubectl") => words,
        [program, ..] => return Err(format!("error: {program:?} is no kubectl command: expected kubectl VERB …")),
        [] => return Ok(Vec::new()),
    };
    let parsed = grammar::grammar().try_get_matches_from(words).and_then(|matches| Kubectl::from_arg_matches(&matches));
    let Kubectl { namespace, all_namespaces, verb } = parsed.map_err(|error| grammar::in_kubectl_s_words(&error))?;
    let scope = Scope { cluster, namespace: namespace.as_deref(), all_namespaces };
    match verb {
        Verb::Taint(taint) => nodes::taint(&scope, &taint),
        Verb::Cordon(cordon) => nodes::cordon(&scope, &cordon, Change::Cordon),
        Verb::Uncordon(cordon) => nodes::cordon(&scope, &cordon, Change::Uncordon),
        Verb::Drain(drain) => nodes::drain(&scope, &drain),
        Verb::Label(pairs) => pairs::label(&scope, &pairs),
        Verb::Annotate(pairs) => pairs::annotate(&scope, &pairs),
        Verb::Delete(delete) => files::delete(&scope, &delete, typed.input.as_deref()),
        Verb::Apply(apply) => files::apply(&scope, &apply, typed.input.as_deref()),
        Verb::Create(create) => files::create(&scope, &create, typed.input.as_deref()),
        Verb::Patch(patch) => workloads::patch(&scope, &patch),
        Verb::Scale(scale) => workloads::scale(&scope, &scale),
        Verb::Set { what: Set::Image(image) } => workloads::set_image(&scope, &image),
        Verb::Set { what: Set::Resources(resources) } => workloads::set_resources(&scope, &resources),
        Verb::Rollout { what: Rollout::Restart(which) } => workloads::restart(&scope, &which),
        Verb::Rollout { what: Rollout::Undo(undo) } => workloads::undo(&scope, &undo),
        Verb::Rollout { what: Rollout::Pause(which) } => workloads::pause(&scope, &which, true),
        Verb::Rollout { what: Rollout::Resume(which) } => workloads::pause(&scope, &which, false),
        Verb::Rollout { what: Rollout::Status(_) | Rollout::History(_) } => Ok(Vec::new()),
        Verb::Other(words) => match words.first() {
            Some(verb) if ONLY_LOOKS.contains(&verb.as_str()) => Ok(Vec::new()),
            verb => Err(format!(
                "error: sim does not know \"kubectl {}\": it knows annotate, apply, cordon, create -f, delete, drain, label, \
                 patch, rollout, scale, set image, set resources, taint and uncordon",
                verb.map_or("", String::as_str)
            )),
        },
    }
}
