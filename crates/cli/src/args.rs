//! The command line: one definition gives parsing, help and completions.

mod capacity;
mod diff;
mod drain;
mod serve;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sim_core::model::LabelSelector;
use sim_core::version::Version;

pub(crate) use capacity::CapacityArgs;
pub(crate) use diff::DiffArgs;
pub(crate) use drain::{DrainArgs, DrainFlags};
pub(crate) use serve::{CtlArgs, CtlCommand, SchedulerChoice, ServeArgs};

/// Try it before you touch the cluster.
///
/// sim loads a Kubernetes cluster from files (manifests, `kubectl get -o yaml` dumps, a Scenario), runs it on a virtual
/// clock with the rules of the real scheduler, and shows what kubectl would show: which pods wait, why, and what a
/// change would do. It needs no cluster and no network.
#[derive(Debug, Parser)]
#[command(name = "sim", version, propagate_version = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, help_heading = "Global options")]
    pub(crate) color: ColorChoice,
}

const EXAMPLES: &str = "\
Examples:
  sim run scenarios/kubespray-uninitialized.yaml     reproduce an incident
  sim whatif --remove-taint                          what would removing each taint do?
  sim whatif --add-toleration pending=KEY:NoSchedule
  kubectl get nodes,pods,deploy,rs,ds -A -o yaml | sim run -
  sim explain web-0 --node node-1                    every filter and every score, of the last run
  sim describe pod coredns-… -n kube-system          as kubectl describe, of the last run

When FILE is left out, $SIM_CLUSTER is used (several files separated by colons), else the cluster of the last `sim run`.
Exit codes: 0 all is well, 1 an expectation does not hold or pods are pending with --fail-on-pending, 2 unusable input
or a step or change that is refused (1 where a Scenario says continueOnError), 130 Ctrl-C.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a cluster and show its pods, as `kubectl get pods -o wide --all-namespaces` would, and why pods wait.
    Run(RunArgs),
    /// Run every Scenario under some paths and check its expectations: one line each, details of what fails.
    Test(TestArgs),
    /// Preview a change: pods before and after, side by side.
    #[command(name = "whatif", visible_alias = "what-if")]
    WhatIf(Box<WhatIfArgs>),
    /// Trace pods that are pending, unhealthy or missing to their root causes, and say whether time alone cures them.
    Diagnose(DiagnoseArgs),
    /// Search the smallest cures and show those that were tried and work: what to type, what it costs, what it leaves behind.
    Fix(FixArgs),
    /// Compare two clusters, two versions, two scheduler configurations or two changes, pod by pod.
    Diff(Box<DiffArgs>),
    /// Drain nodes as `kubectl drain` does: what goes when and where, what holds it up, what is stuck.
    Drain(DrainArgs),
    /// Count how many replicas of a pod still fit, and what runs out first; or the fewest nodes that make N fit.
    Capacity(CapacityArgs),
    /// Serve the cluster's API on loopback: kubectl, client libraries and schedulers use it as a real one.
    Serve(Box<ServeArgs>),
    /// Steer a cluster that `sim serve` runs: let time pass, hold it, keep a state, go back.
    Ctl(CtlArgs),
    /// Show what the scheduler makes of a pod: every filter that refuses, every score, whom preemption would evict.
    Explain(ExplainArgs),
    /// List objects of a run as `kubectl get` does: pods, nodes, replicasets, deployments, daemonsets, events and more.
    Get(GetArgs),
    /// Show objects of a run as `kubectl describe` does: pods, nodes, workloads, volumes, quotas and more.
    Describe(DescribeArgs),
    /// List the events of a run in the order of their last sight, as `kubectl events` does.
    Events(EventsArgs),
    /// Print the logs of a pod of a run. Simulated containers write none; says on stderr why a pod has none.
    Logs(LogsArgs),
    /// Print the JSON Schema of the Scenario document, for editors.
    Schema,
    /// Print the completion script of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Which cluster, and how it is run.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ClusterArgs {
    /// The Kubernetes version to run [default: the Scenario's, else the newest kubelet's of the nodes].
    #[arg(long, value_name = "VERSION", help_heading = "Cluster")]
    pub(crate) kubernetes_version: Option<Version>,
    /// The seed of generated names and of the choice among equal nodes [default: the first in node order is taken].
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = "Cluster")]
    pub(crate) seed: u64,
    /// A KubeSchedulerConfiguration, in any API version that the Kubernetes version reads.
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    pub(crate) scheduler_config: Option<PathBuf>,
    /// Stop at a sample of feasible nodes as kube-scheduler does from 100 nodes on, instead of looking at every node.
    #[arg(long, help_heading = "Cluster")]
    pub(crate) emulate_sampling: bool,
    /// Keep the data of Secrets, which is dropped when input is read.
    #[arg(long, help_heading = "Cluster")]
    pub(crate) keep_secrets: bool,
    /// The version to run when neither the command line nor the input says one.
    #[arg(skip)]
    pub(crate) fallback_version: Option<Version>,
}

/// The files of a cluster.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Files, directories, or `-` for stdin.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The same, as kubectl spells it.
    #[arg(short, long, value_name = "FILE")]
    filename: Vec<PathBuf>,
}

impl InputArgs {
    /// All of them, however they were spelled.
    pub(crate) fn into_files(self) -> Vec<PathBuf> {
        self.files.into_iter().chain(self.filename).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Text,
    /// The documented JSON document (`sim/v1`).
    Json,
}

const RUN_NOTES: &str = "\
Exit codes: 0 all is well, 1 an expectation does not hold, a step was refused and the Scenario says continueOnError, or
pods are pending with --fail-on-pending, 2 unusable input or a step that is refused, 130 Ctrl-C.";

const RUN_FILES: &str = "Files, directories, or `-` for stdin: manifests, dumps, at most one Scenario";

#[derive(Debug, Args)]
#[command(after_help = RUN_NOTES, mut_arg("files", |files| files.help(RUN_FILES)))]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Run to this moment of virtual time, e.g. 25m [default: the Scenario's, else until nothing moves].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) until: Option<u64>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    /// Exit with code 1 when pods are pending at the end.
    #[arg(long)]
    pub(crate) fail_on_pending: bool,
    /// Show what happened when: as text before the pods, or as a page with a chart, alone.
    #[arg(long, value_enum, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub(crate) timeline: Option<TimelineFormat>,
    /// Write the cluster as it is at the end to a file, as YAML, or as JSON when its name ends in .json: `sim run FILE`
    /// goes on from there.
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Write the timeline to a file instead, as a page when its name ends in .html.
    #[arg(long, value_name = "FILE")]
    pub(crate) timeline_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimelineFormat {
    /// A table.
    Text,
    /// A page that opens without a network: nodes as rows, pods as bars, steps and taints as marks.
    Html,
}

#[derive(Debug, Args)]
#[command(after_help = TEST_NOTES)]
pub(crate) struct TestArgs {
    /// Scenario files, or directories that are searched for *.yaml and *.yml. An argument that is no path selects the
    /// Scenarios in whose path or name it occurs.
    #[arg(value_name = "PATH|NAME", default_value = "scenarios")]
    pub(crate) paths: Vec<String>,
    /// Write a JUnit report, for continuous integration.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

const TEST_NOTES: &str = "\
Exit codes: 0 every expectation holds, 1 one does not or a step was refused, 2 unusable input or no Scenario.
A YAML file without a Scenario is named and not run: manifests that a Scenario applies may lie beside it.";

#[derive(Debug, Args)]
#[command(after_help = WHAT_IF_NOTES)]
pub(crate) struct WhatIfArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Make the changes at this moment of virtual time [default: at the end of the run].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    /// Exit with code 1 when pods are pending after the changes, or would not be placed again after an upgrade.
    #[arg(long)]
    pub(crate) fail_on_pending: bool,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

const WHAT_IF_NOTES: &str = "\
Changes are made together, in the order given, to the objects of the cluster as it is at the end of the run, or at the
moment of --at; the cluster then runs on until nothing moves. A change that cannot be made is refused in kubectl's words, with exit code 2.
WORKLOAD is KIND/NAME, NAMESPACE/KIND/NAME, or `pending` for the owners of all pending pods.
--kubernetes-version is a change too when the cluster's own version is another: all of the cluster is upgraded, its pods stay
where they are, and each is asked whether it would be placed again.";

/// The changes of a what-if.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Changes", mut_group("DrainFlags", |group| group.requires("drain")))]
pub(crate) struct ChangeArgs {
    /// Remove a taint, from all nodes that carry it or from one; with no value, preview each taint of the cluster in turn.
    #[arg(long, value_name = "[NODE/]KEY[=VALUE][:EFFECT]", num_args = 0..=1, default_missing_value = "", action = clap::ArgAction::Append)]
    pub(crate) remove_taint: Vec<String>,
    /// Add a taint, to all nodes or to one.
    #[arg(long, value_name = "[NODE/]KEY[=VALUE]:EFFECT")]
    pub(crate) taint: Vec<String>,
    /// Add a toleration to a workload's pod template: of that value, or of any value when VALUE is left out.
    #[arg(long, value_name = "WORKLOAD=KEY[=VALUE][:EFFECT]")]
    pub(crate) add_toleration: Vec<String>,
    /// Mark a node unschedulable.
    #[arg(long, value_name = "NODE")]
    pub(crate) cordon: Vec<String>,
    /// Mark a node schedulable.
    #[arg(long, value_name = "NODE")]
    pub(crate) uncordon: Vec<String>,
    /// Drain a node as `kubectl drain` does, and say what moves where and what is stuck.
    #[arg(long, value_name = "NODE")]
    pub(crate) drain: Vec<String>,
    #[command(flatten)]
    pub(crate) drain_flags: DrainFlags,
    /// Set a label of a node, or remove it with `KEY-`; other objects as KIND/NAME/KEY=VALUE.
    #[arg(long, value_name = "NODE/KEY=VALUE")]
    pub(crate) label: Vec<String>,
    /// Add N nodes (1 when left out) like one that is there, as its kubelet would register them.
    #[arg(long, value_name = "FROM[*N]")]
    pub(crate) add_node: Vec<String>,
    /// Remove a node.
    #[arg(long, value_name = "NODE")]
    pub(crate) remove_node: Vec<String>,
    /// Scale a workload.
    #[arg(long, value_name = "WORKLOAD=N")]
    pub(crate) scale: Vec<String>,
    /// Apply manifests.
    #[arg(long, value_name = "FILE")]
    pub(crate) apply: Vec<PathBuf>,
    /// Delete an object.
    #[arg(long, value_name = "[NAMESPACE/]KIND/NAME")]
    pub(crate) delete: Vec<String>,
    /// Make the changes of kubectl commands that you mean to type, e.g. 'kubectl taint nodes n1 key-'.
    #[arg(long, value_name = "COMMANDS")]
    pub(crate) kubectl: Vec<String>,
    /// The same from a file, or `-` for stdin: a line each, with comments, continued lines and heredocs.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubectl_file: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_NOTES, override_usage = "sim explain [OPTIONS] [FILE]... <POD>")]
pub(crate) struct ExplainArgs {
    /// Files, directories, or `-` for stdin; last the pod, NAME or NAMESPACE/NAME. A name that is not there stands for
    /// the first that begins with it.
    #[arg(value_name = "FILE|POD", required = true)]
    pub(crate) files_and_pod: Vec<String>,
    /// Show this node only.
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Option<String>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

const EXPLAIN_NOTES: &str = "\
The pod is decided on the cluster as it is at the end of the run (or at --at). A pod that is on a node already is taken
off it first. kube-scheduler stops at the first filter that refuses; here all are asked, and `*` marks what it says.";

#[derive(Debug, Args)]
#[command(after_help = DIAGNOSE_NOTES)]
pub(crate) struct DiagnoseArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Look at this moment of virtual time [default: the end of the run].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    /// Print the graph of what waits for what instead.
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "output")]
    pub(crate) graph: Option<GraphFormat>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

#[derive(Debug, Args)]
#[command(after_help = FIX_NOTES)]
pub(crate) struct FixArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// What must be reached: `[NAMESPACE/]pod/NAME`, `[NAMESPACE/]KIND/NAME` for the pods of a workload, or the name of an
    /// expectation of the Scenario [default: no pod pending, missing or unwell that is not meant to be].
    #[arg(long, value_name = "GOAL")]
    pub(crate) goal: Option<String>,
    /// Look at this moment of virtual time [default: the end of the run].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// Stop searching after so much real time, e.g. 5s, and show the best that was found.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<u64>,
    /// Show so many answers at most.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = positive)]
    pub(crate) top: usize,
    /// Write the manifests that the best answer patches to a directory, a file each. Nothing ever talks to a cluster.
    #[arg(long, value_name = "DIR")]
    pub(crate) apply_to: Option<PathBuf>,
    /// Which answer --apply-to writes, by its number.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = positive, requires = "apply_to")]
    pub(crate) answer: usize,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) output: ReportFormat,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

const FIX_NOTES: &str = "\
Every answer was made on a fork of the cluster, run until nothing moved and an hour beyond. Nothing can be left out of it.
Answers that remove the cause come first, then those that live with it, then those that hide it; among them the cheapest.
Problems that have nothing to do with each other are searched one by one; where one has no cure, the answers cure the rest.
Exit codes: 0 there is an answer or nothing to cure, 1 none reaches the goal whole, 2 unusable input or a goal that selects nothing.";

/// In which language a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Graphviz.
    Dot,
    /// Mermaid, which GitHub and many wikis draw.
    Mermaid,
    /// A picture.
    Svg,
}

const DIAGNOSE_NOTES: &str = "\
Exit codes: 0 nothing is wrong, 1 there are causes, 2 unusable input.";

#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// Files, directories, or `-` for stdin.
    #[arg(short, long = "filename", value_name = "FILE")]
    pub(crate) filename: Vec<PathBuf>,
    /// Look at this moment of virtual time [default: the end of the run].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) at: Option<u64>,
    /// The namespace [default: default].
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Kinds, separated by commas, `all`, or KIND/NAME.
    #[arg(value_name = "KIND[,KIND…]")]
    pub(crate) kinds: String,
    /// Names, or more of KIND/NAME; all objects when left out.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// All namespaces.
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Only objects with these labels, e.g. app=web,tier!=front.
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// Only objects with these fields, e.g. status.phase!=Running,spec.nodeName=n1.
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) field_selector: Option<String>,
    /// Output format: wide, name, yaml, json, jsonpath=TEMPLATE, jsonpath-file=FILE, jsonpath-as-json=TEMPLATE,
    /// custom-columns=HEADER:PATH,… or custom-columns-file=FILE [default: a table].
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
    /// Sort each kind's objects by what this JSONPath finds in them, e.g. .metadata.creationTimestamp.
    #[arg(long, value_name = "PATH")]
    pub(crate) sort_by: Option<String>,
    /// Leave the column headers out.
    #[arg(long)]
    pub(crate) no_headers: bool,
    /// Add a column for each of these labels.
    #[arg(short = 'L', long, value_name = "LABEL", value_delimiter = ',')]
    pub(crate) label_columns: Vec<String>,
    /// Add a column with the labels.
    #[arg(long)]
    pub(crate) show_labels: bool,
    /// Put the kind before each name.
    #[arg(long)]
    pub(crate) show_kind: bool,
    /// Keep managedFields in YAML and JSON.
    #[arg(long)]
    pub(crate) show_managed_fields: bool,
    /// Say nothing of names that are not there.
    #[arg(long)]
    pub(crate) ignore_not_found: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// All namespaces.
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Only events of this object.
    #[arg(long = "for", value_name = "KIND/NAME")]
    pub(crate) of: Option<String>,
    /// Only events of these types: Normal, Warning.
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// Output format: name, yaml, json, jsonpath=TEMPLATE, jsonpath-file=FILE or jsonpath-as-json=TEMPLATE [default: a table].
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
    /// Leave the column headers out.
    #[arg(long)]
    pub(crate) no_headers: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The kind (pod, node, …), or KIND/NAME.
    #[arg(value_name = "KIND")]
    pub(crate) kind: String,
    /// Names, or more of KIND/NAME; all objects when left out. A name that is not there stands for all that begin with it.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// All namespaces.
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Only objects with these labels, e.g. app=web,tier!=front.
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The pod.
    #[arg(value_name = "POD")]
    pub(crate) pod: String,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// A duration in milliseconds, in Go's syntax.
fn duration(text: &str) -> Result<u64, String> {
    sim_scenario::parse_duration_ms(text).map_err(|error| error.to_string())
}

/// A label selector, as kubectl takes it.
fn selector(text: &str) -> Result<LabelSelector, String> {
    LabelSelector::parse(text).map_err(|error| error.to_string())
}

/// A number from 1 on.
fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected a number from 1 on".to_owned())
}
