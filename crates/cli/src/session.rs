//! From the command line to a cluster that has run: which files, what they hold, how far to run.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};
use std::mem::ManuallyDrop;
use std::path::PathBuf;

use sim_cluster::{Cluster, ExpectationOutcome, Object, Setup, Stop, TimedChange};
use sim_core::Behaviour;
use sim_core::scheduler::SchedulerConfig;
use sim_core::version::Version;
use sim_scenario::{Input, Scenario, Severity, UnknownField};

use crate::args::ClusterArgs;
use crate::error::CliError;
use crate::last_run::LastRun;
use crate::terminal::Terminal;

/// The version that is run when nothing says which: the newest one that was measured against the real scheduler.
const DEFAULT_VERSION: &str = "v1.34.0";
/// How long a cluster without a Scenario may take to come to rest: an hour of virtual time.
const SETTLE_MS: u64 = 60 * 60 * 1000;

/// Input that takes so long to read that a person at a terminal wants to know.
const LARGE_BYTES: u64 = 20_000_000;

/// Where the input comes from.
pub(crate) struct Source {
    files: Vec<PathBuf>,
    cluster: ClusterArgs,
    /// Said in the first line when the files were not named.
    pub(crate) announcement: Option<String>,
}

/// A loaded cluster at virtual time zero, and how it is to be run.
pub(crate) struct Session {
    /// The cluster. Never freed: the process ends with it, and taking a large one apart takes longer than looking at it.
    pub(crate) cluster: ManuallyDrop<Cluster>,
    scenario: Option<Scenario>,
    until_ms: Option<u64>,
    stdin: Option<Vec<u8>>,
    source: Source,
    /// Fields that the objects' kinds do not have, by kind, namespace and name: shown with them.
    unknown_fields: BTreeMap<(String, String, String), Vec<UnknownField>>,
}

impl Source {
    /// The files named, else `$SIM_CLUSTER`, else those of the last run.
    pub(crate) fn find(named: Vec<PathBuf>, mut cluster: ClusterArgs) -> Result<Self, CliError> {
        if !named.is_empty() {
            return Ok(Self { files: named, cluster, announcement: None });
        }
        if let Some(paths) = std::env::var_os("SIM_CLUSTER").filter(|paths| !paths.is_empty()) {
            let files: Vec<PathBuf> = std::env::split_paths(&paths).collect();
            let announcement = Some(format!("Using the cluster of $SIM_CLUSTER: {}", list(&files)));
            return Ok(Self { files, cluster, announcement });
        }
        let last = LastRun::read().ok_or_else(|| {
            CliError::new("no cluster: no FILE was given, SIM_CLUSTER is not set, and there was no `sim run` before")
                .hint("name files or directories, `-` for stdin, or run `sim run FILE` first")
        })?;
        cluster.kubernetes_version =
            cluster.kubernetes_version.or(last.kubernetes_version.and_then(|version| version.parse().ok()));
        if cluster.seed == 0 {
            cluster.seed = last.seed;
        }
        cluster.scheduler_config = cluster.scheduler_config.or(last.scheduler_config);
        cluster.emulate_sampling |= last.emulate_sampling;
        let version = cluster.kubernetes_version.map(|version| format!(" (Kubernetes {version})")).unwrap_or_default();
        let announcement = Some(format!("Using the cluster of the last `sim run`{version}: {}", list(&last.files)));
        Ok(Self { files: last.files, cluster, announcement })
    }
}

/// Reads the KubeSchedulerConfiguration, if one was given, and tells its faults.
fn scheduler_config(
    cluster: &ClusterArgs,
    version: Version,
    terminal: &Terminal,
) -> Result<Option<SchedulerConfig>, CliError> {
    let Some(path) = &cluster.scheduler_config else { return Ok(None) };
    let (config, faults) = match sim_scenario::load_scheduler_config(path, version, &mut std::io::stdin()) {
        Ok((config, warnings)) => (Some(config), warnings),
        Err(faults) => (None, faults),
    };
    for fault in &faults {
        terminal.fault(fault);
    }
    match (config, faults.len()) {
        (Some(config), _) => Ok(Some(config)),
        (None, 1) => Err(CliError::new("nothing was run: the scheduler configuration has an error")),
        (None, many) => Err(CliError::new(format!("nothing was run: the scheduler configuration has {many} errors"))),
    }
}

fn list(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
}

impl Session {
    /// Loads the input, reports its faults on stderr, and makes the cluster.
    pub(crate) fn load(source: Source, terminal: &Terminal) -> Result<Self, CliError> {
        let mut stdin = None;
        if source.files.iter().any(|file| file.as_os_str() == "-") {
            let mut bytes = Vec::new();
            if std::io::stdin().is_terminal() {
                terminal.note("reading manifests from the terminal; end with Ctrl-D");
            }
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| CliError::new(format!("stdin: {error}")))?;
            stdin = Some(bytes);
        }
        let bytes: u64 =
            source.files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum();
        if bytes > LARGE_BYTES && std::io::stderr().is_terminal() {
            terminal.note(&format!("reading {} MB; JSON is read several times faster than YAML", bytes / 1_000_000));
        }
        let input = sim_scenario::load(&source.files, &mut stdin.as_deref().unwrap_or_default());
        report(&input, terminal)?;
        let version = match source.cluster.kubernetes_version {
            Some(version) => version,
            None => version_of(&input, terminal)?,
        };
        if let Some(note) = unmeasured(version) {
            terminal.note(&note);
        }
        let scenario = input.scenario;
        let (start, offset) = match scenario.as_ref().and_then(|scenario| scenario.start) {
            Some(start) => start,
            None => {
                (sim_cluster::newest_moment(input.objects.iter().map(|loaded| &loaded.object)), jiff::tz::Offset::UTC)
            }
        };
        let setup = Setup {
            version,
            start,
            offset,
            kubelet_cloud_provider_external: scenario
                .as_ref()
                .is_some_and(|scenario| scenario.kubelet_cloud_provider_external),
            cloud_controller_manager: scenario.as_ref().is_some_and(|scenario| scenario.cloud_controller_manager),
            node_ips: scenario.as_ref().map(|scenario| scenario.node_ips.clone()).unwrap_or_default(),
            seed: source.cluster.seed,
            scheduler_config: scheduler_config(&source.cluster, version, terminal)?,
            emulate_sampling: source.cluster.emulate_sampling,
            admission: scenario.as_ref().map(|scenario| scenario.admission.clone()).unwrap_or_default(),
            input_is_complete: scenario.as_ref().is_some_and(|scenario| scenario.is_complete),
        };
        let unknown_fields = input
            .objects
            .iter()
            .filter(|loaded| !loaded.unknown_fields.is_empty())
            .map(|loaded| (identity(&loaded.object), loaded.unknown_fields.clone()))
            .collect();
        let mut cluster = Cluster::new(setup, input.objects.into_iter().map(|loaded| loaded.object));
        if let Some(scenario) = &scenario {
            let steps = scenario.timeline.iter().map(|step| TimedChange {
                at_ms: step.at_ms,
                change: step.change.clone(),
                source: step.source.to_string(),
            });
            cluster.declare(scenario.behaviours.iter().cloned());
            cluster.set_timeline(steps.collect());
        }
        let until_ms = scenario.as_ref().and_then(|scenario| scenario.until_ms);
        Ok(Self { cluster: ManuallyDrop::new(cluster), scenario, until_ms, stdin, source, unknown_fields })
    }

    /// A cluster that has run, to look at; says on stderr which one when the command line did not.
    pub(crate) fn view(source: Source, at: Option<u64>, terminal: &Terminal) -> Result<Self, CliError> {
        if let Some(line) = &source.announcement {
            terminal.line(line);
        }
        let mut session = Self::load(source, terminal)?;
        session.run(at)?;
        Ok(session)
    }

    /// The line that says which cluster is used, when the command line did not.
    pub(crate) fn announcement(&self) -> Option<&str> {
        self.source.announcement.as_deref()
    }

    /// An object as it is shown whole: with the fields its kind does not have, where they were written.
    pub(crate) fn document(&self, object: &Object) -> serde_json::Value {
        let mut value = object.to_value();
        for field in self.unknown_fields.get(&identity(object)).into_iter().flatten() {
            field.restore(&mut value);
        }
        value
    }

    /// Remembers this run for the next command.
    pub(crate) fn remember(&self) {
        let cluster = &self.source.cluster;
        let last = LastRun {
            files: self.source.files.clone(),
            kubernetes_version: cluster.kubernetes_version.map(|version| version.to_string()),
            seed: cluster.seed,
            scheduler_config: cluster.scheduler_config.as_ref().and_then(|path| std::path::absolute(path).ok()),
            emulate_sampling: cluster.emulate_sampling,
        };
        last.write(self.stdin.as_deref());
    }

    /// Runs to `until`, else to where the Scenario says, else until nothing moves; checks expectations on the way.
    pub(crate) fn run(&mut self, until: Option<u64>) -> Result<Vec<ExpectationOutcome>, CliError> {
        let end = until.or(self.until_ms);
        let mut outcomes = Vec::new();
        let expectations = self.scenario.as_ref().map(|scenario| scenario.expectations.clone()).unwrap_or_default();
        let mut order: Vec<usize> = (0..expectations.len()).collect();
        order.sort_by_key(|index| expectations[*index].at_ms.unwrap_or(u64::MAX));
        for index in order {
            let expectation = &expectations[index];
            match expectation.at_ms {
                // A moment that is not reached was not asked about.
                Some(at) if end.is_some_and(|end| at > end) => continue,
                Some(at) => self.advance(Some(at))?,
                None => self.advance(end)?,
            }
            outcomes.push((index, expectation.check(&self.cluster)));
        }
        self.advance(end)?;
        outcomes.sort_by_key(|(index, _)| *index);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    fn advance(&mut self, to: Option<u64>) -> Result<(), CliError> {
        let stop = match to {
            Some(to) => self.cluster.run_until(to),
            None => {
                let until = self.cluster.now_ms().saturating_add(SETTLE_MS);
                self.cluster.settle(until)
            }
        };
        match stop {
            Stop::Until | Stop::Quiet => Ok(()),
            Stop::Refused { at_ms, source, message } => {
                let at = sim_cluster::format_millis(at_ms);
                Err(CliError::new(format!("{source}: the step at {at} cannot be carried out: {message}")))
            }
            Stop::TooManyEvents => {
                let at = sim_cluster::format_millis(self.cluster.now_ms());
                Err(CliError::new(format!(
                    "the run took too many events by {at} of virtual time: something in it never settles"
                )))
            }
        }
    }
}

/// What the user should know of a version whose rules were not compared with the real scheduler.
fn unmeasured(version: Version) -> Option<String> {
    let behaviour = Behaviour::of(version);
    if behaviour.measured {
        return None;
    }
    let not_modelled = match behaviour.not_modelled {
        [] => String::new(),
        names => format!("; not modelled: {}", names.join(", ")),
    };
    Some(format!(
        "the scheduler of Kubernetes {version} was not measured: its rules are read from its sources and release notes{not_modelled}"
    ))
}

fn identity(object: &Object) -> (String, String, String) {
    let namespace = object.namespace().unwrap_or_default();
    (object.kind_name().to_owned(), namespace.to_owned(), object.name().to_owned())
}

/// Every fault on stderr; an error when the input cannot be trusted.
fn report(input: &Input, terminal: &Terminal) -> Result<(), CliError> {
    for fault in &input.faults {
        terminal.fault(fault);
    }
    let errors = input.faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    match errors {
        0 => Ok(()),
        1 => Err(CliError::new("nothing was run: the input has an error")),
        many => Err(CliError::new(format!("nothing was run: the input has {many} errors"))),
    }
}

/// The Scenario's version, else that of the newest kubelet.
fn version_of(input: &Input, terminal: &Terminal) -> Result<Version, CliError> {
    if let Some(version) = input.scenario.as_ref().and_then(|scenario| scenario.version) {
        return Ok(version);
    }
    let kubelets: Vec<String> =
        input.objects.iter().filter_map(|loaded| sim_cluster::kubelet_version(&loaded.object)).collect();
    let newest = kubelets.iter().filter_map(|version| version.parse::<Version>().ok()).max();
    match (newest, kubelets.first()) {
        (Some(version), _) => Ok(version),
        (None, Some(kubelet)) => Err(CliError::new(format!(
            "the nodes run kubelet {kubelet}: {}",
            kubelet.parse::<Version>().err().map(|error| error.to_string()).unwrap_or_default()
        ))
        .hint("choose a version with --kubernetes-version")),
        (None, None) => {
            terminal.note(&format!(
                "no version is given and no node says its kubelet's: running Kubernetes {DEFAULT_VERSION}"
            ));
            DEFAULT_VERSION.parse().map_err(|error| CliError::new(format!("{error}")))
        }
    }
}
