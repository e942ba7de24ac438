//! From the command line to a cluster that has run: which files, what they hold, how far to run.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use serde_json::json;
use sim_cluster::{
    Cluster, Expectation, ExpectationOutcome, Kind, Object, RefusedStep, StopReason, Stopped, format_millis,
};
use sim_scenario::{Scenario, UnknownField};

use crate::args::ClusterArgs;
use crate::drive::drive;
use crate::error::CliError;
use crate::last_run::LastRun;
use crate::prepare::{self, Identity, Prepared, identity, prepare};
use crate::terminal::Terminal;

/// Input that takes so long to read that a person at a terminal wants to know.
const LARGE_BYTES: u64 = 20_000_000;

/// Where the input comes from.
pub(crate) struct Source {
    files: Vec<PathBuf>,
    cluster: ClusterArgs,
    /// How far the run went that is looked at again, when it was told so.
    until_ms: Option<u64>,
    /// What stdin held, when it was read before.
    pub(crate) stdin: Option<Vec<u8>>,
    /// Said in the first line when the files were not named.
    pub(crate) announcement: Option<String>,
}

/// A loaded cluster at virtual time zero, and how it is to be run.
pub(crate) struct Session {
    /// The cluster. Never freed: the process ends with it, and taking a large one apart takes longer than looking at it.
    pub(crate) cluster: ManuallyDrop<Cluster>,
    scenario: Option<Scenario>,
    stdin: Option<Vec<u8>>,
    source: Source,
    /// Fields that the objects' kinds do not have, by kind, namespace and name: shown with them.
    unknown_fields: BTreeMap<Identity, Vec<UnknownField>>,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) stopped: Stopped,
    pub(crate) outcomes: Vec<ExpectationOutcome>,
    pub(crate) refused: Vec<RefusedStep>,
    /// Steps of the timeline that the run did not reach.
    pub(crate) untouched: usize,
}

impl Ran {
    /// The step that ended the run, as an error of the whole of it: kubectl's exit code when it was a drain that kubectl
    /// would not begin, else that of input that cannot be used.
    pub(crate) fn refusal(&self) -> Option<CliError> {
        let step = self.refused.last().filter(|_| self.stopped.reason == StopReason::Refused)?;
        let RefusedStep { source, at, message, hint, is_verdict, .. } = step;
        let error = CliError::new(format!("{source}: the step at {at} cannot be carried out: {message}"));
        let error = if *is_verdict { error.of_kubectl() } else { error };
        Some(match hint {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }
}

impl Source {
    /// The files named, else `$SIM_CLUSTER`, else those of the last run.
    pub(crate) fn find(named: Vec<PathBuf>, mut cluster: ClusterArgs) -> Result<Self, CliError> {
        if !named.is_empty() {
            return Ok(Self { files: named, cluster, until_ms: None, stdin: None, announcement: None });
        }
        if let Some(paths) = std::env::var_os("SIM_CLUSTER").filter(|paths| !paths.is_empty()) {
            let files: Vec<PathBuf> = std::env::split_paths(&paths).collect();
            let announcement = Some(format!("Using the cluster of $SIM_CLUSTER: {}", list(&files)));
            return Ok(Self { files, cluster, until_ms: None, stdin: None, announcement });
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
        let version = cluster.kubernetes_version.map(|version| format!("Kubernetes {version}"));
        let until = last.until_ms.map(|until_ms| format!("until {}", format_millis(until_ms)));
        let said: Vec<String> = version.into_iter().chain(until).collect();
        let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
        let announcement = Some(format!("Using the cluster of the last `sim run`{said}: {}", list(&last.files)));
        Ok(Self { files: last.files, cluster, until_ms: last.until_ms, stdin: None, announcement })
    }
}

fn list(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
}

impl Session {
    /// Loads the input, reports its faults on stderr, and makes the cluster.
    pub(crate) fn load(mut source: Source, terminal: &Terminal) -> Result<Self, CliError> {
        let mut stdin = source.stdin.take();
        if stdin.is_none() && source.files.iter().any(|file| file.as_os_str() == "-") {
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
        let prepared = prepare(input, &source.cluster).map_err(|unusable| {
            terminal.faults(&unusable.faults);
            unusable.error
        })?;
        terminal.faults(&prepared.faults);
        for note in &prepared.notes {
            terminal.note(note);
        }
        let Prepared { cluster, scenario, unknown_fields, .. } = prepared;
        Ok(Self { cluster: ManuallyDrop::new(cluster), scenario, stdin, source, unknown_fields })
    }

    /// A cluster that has run, to look at; says on stderr which one when the command line did not.
    pub(crate) fn view(source: Source, at: Option<u64>, terminal: &Terminal) -> Result<Self, CliError> {
        if let Some(line) = &source.announcement {
            terminal.line(line);
        }
        let mut session = Self::load(source, terminal)?;
        let ran = session.run(at, terminal)?;
        if let Some(refusal) = ran.refusal() {
            return Err(refusal);
        }
        if ran.stopped.reason == StopReason::Interrupted {
            return Err(CliError::interrupted(&ran.stopped));
        }
        Ok(session)
    }

    /// The same for who looks at objects: Leases among them are as they stand at that moment.
    pub(crate) fn look(source: Source, at: Option<u64>, terminal: &Terminal) -> Result<Self, CliError> {
        let mut session = Self::view(source, at, terminal)?;
        session.cluster.renew_leases();
        Ok(session)
    }

    /// The Scenario, when there is one.
    pub(crate) fn scenario(&self) -> Option<&Scenario> {
        self.scenario.as_ref()
    }

    /// The file of the scheduler's configuration, when one is given.
    pub(crate) fn scheduler_config(&self) -> Option<&Path> {
        self.source.cluster.scheduler_config.as_deref()
    }

    /// What stdin held, when it was read.
    pub(crate) fn stdin(&self) -> Option<Vec<u8>> {
        self.stdin.clone()
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

    /// What the run is called and what it is about: the Scenario's words, else the files' names.
    pub(crate) fn title(&self) -> (String, String) {
        match &self.scenario {
            Some(scenario) => (scenario.name.clone(), scenario.description.clone()),
            None => (list(&self.source.files), String::new()),
        }
    }

    /// The cluster as it is now, and the Scenario that goes on with it, as one List; JSON when the file is to be. With what
    /// is known to be all of its kind there, beside what the input showed.
    pub(crate) fn snapshot(&self, path: &Path, is_whole: impl Fn(&Object) -> bool) -> Result<String, CliError> {
        let mut cluster = Cluster::clone(&self.cluster);
        cluster.renew_leases();
        let store = cluster.store();
        let known = Kind::ALL.iter().flat_map(|kind| store.objects(*kind));
        let others = store.others().map(|object| Object::Other(object.clone()));
        let mut items = vec![sim_scenario::continuation(&self.cluster, self.scenario.as_ref(), &self.title().0)];
        let shown = known.chain(others).filter(|object| self.cluster.is_shown(object) || is_whole(object));
        items.extend(shown.map(|object| self.document(&object)));
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        if path.extension().is_some_and(|extension| extension == "json") {
            return crate::json(&list);
        }
        serde_yaml::to_string(&list).map_err(|error| CliError::new(error.to_string()))
    }

    /// The expectation of the Scenario that has this name.
    pub(crate) fn expectation(&self, name: &str) -> Option<Expectation> {
        let scenario = self.scenario.as_ref()?;
        scenario.expectations.iter().find(|expectation| expectation.name == name).cloned()
    }

    /// Remembers this run for the next command.
    pub(crate) fn remember(&self, until_ms: Option<u64>) {
        let cluster = &self.source.cluster;
        let last = LastRun {
            files: self.source.files.clone(),
            kubernetes_version: cluster.kubernetes_version.map(|version| version.to_string()),
            until_ms,
            seed: cluster.seed,
            scheduler_config: cluster.scheduler_config.as_ref().and_then(|path| std::path::absolute(path).ok()),
            emulate_sampling: cluster.emulate_sampling,
        };
        last.write(self.stdin.as_deref());
    }

    /// Runs to `until`, else as far as the last run went, else to where the Scenario says, else until nothing moves; checks
    /// expectations on the way.
    ///
    /// # Errors
    /// When the run never settles.
    pub(crate) fn run(&mut self, until: Option<u64>, terminal: &Terminal) -> Result<Ran, CliError> {
        let mut trial = prepare::trial(self.scenario.as_ref(), until.or(self.source.until_ms));
        let stopped = drive(&mut trial, &mut self.cluster, terminal);
        let (outcomes, refused) = trial.finish(&self.cluster, stopped.reason);
        let untouched = self.scenario.iter().flat_map(|scenario| &scenario.timeline);
        let untouched = untouched.filter(|step| step.at_ms > self.cluster.now_ms()).count();
        if stopped.reason == StopReason::TooManyEvents {
            return Err(CliError::new(stopped.to_string()));
        }
        Ok(Ran { stopped, outcomes, refused, untouched })
    }
}
