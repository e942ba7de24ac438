//! The verbs of kubectl and their flags (k8s.io/kubectl/pkg/cmd).

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args, CommandFactory, Parser, Subcommand};

/// `kubectl …`.
#[derive(Debug, Parser)]
#[command(name = "kubectl", no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
pub(super) struct Kubectl {
    #[arg(short, long, global = true)]
    pub(super) namespace: Option<String>,
    #[arg(short = 'A', long, global = true)]
    pub(super) all_namespaces: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    Taint(Taint),
    Cordon(Cordon),
    Uncordon(Cordon),
    Drain(Drain),
    Label(Pairs),
    Annotate(Pairs),
    Delete(Delete),
    Apply(Files),
    Create(Files),
    Patch(Patch),
    Scale(Scale),
    Set {
        #[command(subcommand)]
        what: Set,
    },
    Rollout {
        #[command(subcommand)]
        what: Rollout,
    },
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Set {
    Image(Selected),
    Resources(Resources),
}

#[derive(Debug, Subcommand)]
pub(super) enum Rollout {
    Restart(Selected),
    Undo(Undo),
    Pause(Selected),
    Resume(Selected),
    Status(Selected),
    History(Selected),
}

/// Words, and which objects are meant when they name none.
#[derive(Debug, Args)]
pub(super) struct Selected {
    pub(super) words: Vec<String>,
    #[arg(short = 'l', long)]
    pub(super) selector: Option<String>,
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Args)]
pub(super) struct Taint {
    #[command(flatten)]
    pub(super) selected: Selected,
    #[arg(long)]
    pub(super) overwrite: bool,
}

#[derive(Debug, Args)]
pub(super) struct Cordon {
    pub(super) nodes: Vec<String>,
    #[arg(short = 'l', long)]
    pub(super) selector: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Drain {
    #[command(flatten)]
    pub(super) nodes: Cordon,
    #[arg(long)]
    pub(super) force: bool,
    #[arg(long)]
    pub(super) ignore_daemonsets: bool,
    #[arg(long, alias = "delete-local-data")]
    pub(super) delete_emptydir_data: bool,
    #[arg(long)]
    pub(super) disable_eviction: bool,
    #[arg(long, allow_negative_numbers = true)]
    pub(super) grace_period: Option<i64>,
    #[arg(long, value_parser = sim_cluster::parse_duration_ms)]
    pub(super) timeout: Option<u64>,
    #[arg(long)]
    pub(super) pod_selector: Option<String>,
}

/// `kubectl label` and `kubectl annotate`.
#[derive(Debug, Args)]
pub(super) struct Pairs {
    #[command(flatten)]
    pub(super) selected: Selected,
    #[arg(long)]
    pub(super) overwrite: bool,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    #[command(flatten)]
    pub(super) selected: Selected,
    #[command(flatten)]
    pub(super) files: Files,
    #[arg(long)]
    pub(super) force: bool,
    #[arg(long)]
    pub(super) now: bool,
    #[arg(long, allow_negative_numbers = true, default_value_t = -1)]
    pub(super) grace_period: i64,
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "background")]
    pub(super) cascade: Option<String>,
    #[arg(long)]
    pub(super) ignore_not_found: bool,
}

#[derive(Debug, Args)]
pub(super) struct Files {
    #[arg(short, long = "filename", value_delimiter = ',')]
    pub(super) filenames: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Patch {
    pub(super) words: Vec<String>,
    #[arg(long = "type", default_value = "strategic")]
    pub(super) type_: String,
    #[arg(long)]
    pub(super) subresource: Option<String>,
    #[arg(short, long, allow_hyphen_values = true)]
    pub(super) patch: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Scale {
    #[command(flatten)]
    pub(super) selected: Selected,
    #[arg(long, allow_negative_numbers = true)]
    pub(super) replicas: Option<i32>,
    #[arg(long, allow_negative_numbers = true, default_value_t = -1)]
    pub(super) current_replicas: i32,
}

#[derive(Debug, Args)]
pub(super) struct Resources {
    #[command(flatten)]
    pub(super) selected: Selected,
    #[arg(short, long, default_value = "*")]
    pub(super) containers: String,
    #[arg(long, default_value = "")]
    pub(super) limits: String,
    #[arg(long, default_value = "")]
    pub(super) requests: String,
}

#[derive(Debug, Args)]
pub(super) struct Undo {
    #[command(flatten)]
    pub(super) selected: Selected,
    #[arg(long, default_value_t = 0)]
    pub(super) to_revision: i64,
}

/// Flags that say how kubectl finds the cluster, and how it prints and waits: the same changes come of it.
const OF_THE_CONNECTION: [&str; 10] =
    ["as", "cluster", "context", "field-manager", "kubeconfig", "output", "request-timeout", "server", "token", "user"];
const OF_WAITING: [&str; 5] = ["record", "save-config", "server-side", "validate", "wait"];

/// What is read: the verbs, and flags that change nothing.
pub(super) fn grammar() -> clap::Command {
    let mut command = Kubectl::command();
    for name in OF_THE_CONNECTION {
        let flag = Arg::new(name).long(name).global(true);
        command = command.arg(match name {
            "output" => flag.short('o'),
            "server" => flag.short('s'),
            _ => flag,
        });
    }
    for name in OF_WAITING {
        command = command.arg(Arg::new(name).long(name).global(true).action(ArgAction::SetTrue));
    }
    let timeout = || Arg::new("timeout").long("timeout");
    command = command.mut_subcommand("delete", |delete| delete.arg(timeout()));
    command = command.mut_subcommand("scale", |scale| scale.arg(timeout()));
    with_go_switches(command)
}

/// Go's switches take a value after `=`: `--overwrite=true`.
fn with_go_switches(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|flag| match flag.get_action() {
        ArgAction::SetTrue => flag
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false"),
        _ => flag,
    });
    command.mut_subcommands(with_go_switches)
}

/// What is wrong with a command, as kubectl would say it (cobra and pflag), else as clap does.
pub(super) fn in_kubectl_s_words(error: &clap::Error) -> String {
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let argument = named(ContextKind::InvalidArg);
    // The flag without what clap says of its value.
    let flag = argument.split([' ', '=', '[']).next().unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument if flag.starts_with("--") => format!("error: unknown flag: {flag}"),
        ErrorKind::UnknownArgument if flag.starts_with('-') => {
            let letter = flag.chars().nth(1).unwrap_or_default();
            format!("error: unknown shorthand flag: {letter:?} in {flag}")
        }
        ErrorKind::InvalidValue if named(ContextKind::InvalidValue).is_empty() => {
            format!("error: flag needs an argument: {flag}")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = named(ContextKind::InvalidValue);
            format!("error: invalid argument {value:?} for {flag:?} flag")
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "error: the command names no verb: expected kubectl VERB …".to_owned()
        }
        _ => error.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}
