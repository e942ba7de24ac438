//! From what files hold to a cluster at virtual time zero.

use std::collections::BTreeMap;
use std::path::Path;

use sim_cluster::{Cluster, Object, Setup, TimedChange, Trial};
use sim_core::Behaviour;
use sim_core::scheduler::SchedulerConfig;
use sim_core::version::Version;
use sim_scenario::{Fault, Input, Scenario, Severity, UnknownField};

use crate::args::ClusterArgs;
use crate::error::CliError;
use crate::secrets;

/// The version that is run when nothing says which: the newest one that was measured against the real scheduler.
const DEFAULT_VERSION: &str = "v1.34.0";

/// A cluster at virtual time zero, and what is known of the run to come.
pub(crate) struct Prepared {
    pub(crate) cluster: Cluster,
    pub(crate) scenario: Option<Scenario>,
    /// Fields that the objects' kinds do not have, by kind, namespace and name.
    pub(crate) unknown_fields: BTreeMap<Identity, Vec<UnknownField>>,
    /// Warnings of the input.
    pub(crate) faults: Vec<Fault>,
    /// What the user should know of the run.
    pub(crate) notes: Vec<String>,
}

/// Kind, namespace and name of an object.
pub(crate) type Identity = (String, String, String);

/// Input of which no cluster can be made: every fault, and the error that sums them up.
#[derive(Debug)]
pub(crate) struct Unusable {
    pub(crate) faults: Vec<Fault>,
    pub(crate) error: CliError,
}

impl From<CliError> for Unusable {
    fn from(error: CliError) -> Self {
        Self { faults: Vec::new(), error }
    }
}

/// Makes the cluster of an input, as the arguments say.
pub(crate) fn prepare(mut input: Input, args: &ClusterArgs) -> Result<Prepared, Unusable> {
    let mut faults = std::mem::take(&mut input.faults);
    if let Some(error) = sum_of_errors(&faults, "input") {
        return Err(Unusable { faults, error });
    }
    let mut notes = Vec::new();
    let version = match args.kubernetes_version {
        Some(version) => version,
        None => version_of(&input, args.fallback_version, &mut notes)?,
    };
    notes.extend(unmeasured(version));
    let scheduler_config = match scheduler_config(args.scheduler_config.as_deref(), input.scenario.as_ref(), version) {
        Ok((config, warnings)) => {
            faults.extend(warnings);
            config
        }
        Err(errors) => {
            faults.extend(errors);
            let error = sum_of_errors(&faults, "scheduler configuration");
            return Err(Unusable { faults, error: error.unwrap_or_else(|| CliError::new("nothing was run")) });
        }
    };
    let scenario = input.scenario;
    let (start, offset) = match scenario.as_ref().and_then(|scenario| scenario.start) {
        Some(start) => start,
        None => (sim_cluster::newest_moment(input.objects.iter().map(|loaded| &loaded.object)), jiff::tz::Offset::UTC),
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
        seed: args.seed,
        scheduler_config,
        emulate_sampling: args.emulate_sampling,
        admission: scenario.as_ref().map(|scenario| scenario.admission.clone()).unwrap_or_default(),
        input_is_complete: scenario.as_ref().is_some_and(|scenario| scenario.is_complete),
    };
    let unknown_fields = input
        .objects
        .iter()
        .filter(|loaded| !loaded.unknown_fields.is_empty())
        .map(|loaded| (identity(&loaded.object), loaded.unknown_fields.clone()))
        .collect();
    let mut objects: Vec<Object> = input.objects.into_iter().map(|loaded| loaded.object).collect();
    if !args.keep_secrets {
        notes.extend(secrets::drop_data(&mut objects));
    }
    let mut cluster = Cluster::new(setup, objects);
    if let Some(scenario) = &scenario {
        let steps = scenario.timeline.iter().map(|step| TimedChange {
            at_ms: step.at_ms,
            change: step.change.clone(),
            source: step.source.to_string(),
        });
        cluster.declare(scenario.behaviours.iter().cloned());
        cluster.set_timeline(steps.collect());
        cluster.set_node_groups(scenario.node_groups.clone());
    }
    Ok(Prepared { cluster, scenario, unknown_fields, faults, notes })
}

/// The run that a Scenario asks for, or one until nothing moves; `until_ms` has the last word on how far.
pub(crate) fn trial(scenario: Option<&Scenario>, until_ms: Option<u64>) -> Trial {
    let expectations = scenario.map(|scenario| scenario.expectations.clone()).unwrap_or_default();
    let end_ms = until_ms.or(scenario.and_then(|scenario| scenario.until_ms));
    Trial::new(expectations, end_ms, scenario.is_some_and(|scenario| scenario.continue_on_error))
}

/// What an object is called among all of a cluster.
pub(crate) fn identity(object: &Object) -> Identity {
    let namespace = object.namespace().unwrap_or_default();
    (object.kind_name().to_owned(), namespace.to_owned(), object.name().to_owned())
}

fn sum_of_errors(faults: &[Fault], of: &str) -> Option<CliError> {
    match faults.iter().filter(|fault| fault.severity == Severity::Error).count() {
        0 => None,
        1 => Some(CliError::new(format!("nothing was run: the {of} has an error"))),
        many => Some(CliError::new(format!("nothing was run: the {of} has {many} errors"))),
    }
}

/// Reads the KubeSchedulerConfiguration of a file, else that of the Scenario, if there is one, with its warnings.
pub(crate) fn scheduler_config(
    path: Option<&Path>,
    scenario: Option<&Scenario>,
    version: Version,
) -> Result<(Option<SchedulerConfig>, Vec<Fault>), Vec<Fault>> {
    let written = scenario.and_then(|scenario| scenario.scheduler_config.as_ref());
    let (config, warnings) = match (path, written) {
        (Some(path), _) => sim_scenario::load_scheduler_config(path, version, &mut std::io::stdin())?,
        (None, Some(written)) => written.read(version)?,
        (None, None) => return Ok((None, Vec::new())),
    };
    Ok((Some(config), warnings))
}

/// The Scenario's version, else that of the newest kubelet.
fn version_of(input: &Input, fallback: Option<Version>, notes: &mut Vec<String>) -> Result<Version, CliError> {
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
            if let Some(version) = fallback {
                return Ok(version);
            }
            notes.push(format!(
                "no version is given and no node says its kubelet's: running Kubernetes {DEFAULT_VERSION}"
            ));
            DEFAULT_VERSION.parse().map_err(|error| CliError::new(format!("{error}")))
        }
    }
}

/// What the user should know of a version whose rules were not compared with the real scheduler.
pub(crate) fn unmeasured(version: Version) -> Option<String> {
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
