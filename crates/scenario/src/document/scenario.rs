//! A Scenario as a run uses it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::Value;
use sim_cluster::{AdmissionConfig, Change, Declaration, Expectation, NodeGroup};
use sim_core::version::Version;

use super::diagnosis::DiagnosisExpectation;
use crate::fault::Location;
use crate::scheduler_config::WrittenSchedulerConfig;

/// A Scenario, read and resolved.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The version to run, when it says.
    pub version: Option<Version>,
    /// Virtual time zero, and the offset in which times are printed.
    pub start: Option<(Timestamp, Offset)>,
    /// How far to run, in milliseconds of virtual time.
    pub until_ms: Option<u64>,
    /// Whether kubelets run with `--cloud-provider=external`.
    pub kubelet_cloud_provider_external: bool,
    /// Whether a cloud-controller-manager initialises nodes.
    pub cloud_controller_manager: bool,
    /// The kubelets' own addresses, by node, where they are not the Nodes' InternalIPs.
    pub node_ips: BTreeMap<String, String>,
    /// What containers do that no manifest says.
    pub behaviours: Vec<Declaration>,
    /// How admission is set up.
    pub admission: AdmissionConfig,
    /// What kube-scheduler runs with.
    pub scheduler_config: Option<WrittenSchedulerConfig>,
    /// Whether the manifests are the whole cluster.
    pub is_complete: bool,
    /// Whether the run goes on after a step that is refused.
    pub continue_on_error: bool,
    /// Machines that a cluster-autoscaler may order.
    pub node_groups: Vec<NodeGroup>,
    /// What happens when.
    pub timeline: Vec<TimedStep>,
    /// The document as it was written.
    pub document: Value,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// What must be found to be wrong, and to cure it.
    pub diagnosis: Vec<DiagnosisExpectation>,
}

/// One step of the timeline.
#[derive(Debug, Clone)]
pub struct TimedStep {
    /// Milliseconds of virtual time.
    pub at_ms: u64,
    /// What happens.
    pub change: Change,
    /// Where it is written.
    pub source: Location,
}
