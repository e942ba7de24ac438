//! Expectations: what must hold of selected pods or nodes at a moment of the run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One expectation of a Scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// What a report calls it.
    pub name: String,
    /// When it is checked, in milliseconds of virtual time; at the end of the run when absent.
    pub at_ms: Option<u64>,
    /// Which objects.
    pub selector: Selector,
    /// What must hold of them.
    pub expect: Expect,
    /// Where it was written, e.g. `file.yaml:12`.
    pub source: String,
}

/// Which pods or nodes an expectation speaks of. Absent parts select everything.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// Pods.
    Pods {
        /// Namespace of the pods.
        namespace: Option<String>,
        /// Name, with `*` for any run of characters.
        name: Option<String>,
        /// `kind/name` of the workload they belong to, e.g. `deployment/coredns`.
        owner: Option<String>,
        /// Labels they carry.
        labels: BTreeMap<String, String>,
    },
    /// Nodes.
    Nodes {
        /// Name, with `*` for any run of characters.
        name: Option<String>,
        /// Labels they carry.
        labels: BTreeMap<String, String>,
    },
}

/// What must hold of every selected object, and how many there must be. Absent parts are not checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// Exactly this many objects are selected; without it at least one must be.
    pub count: Option<usize>,
    /// Pods: the phase.
    pub phase: Option<String>,
    /// Pods and nodes: the Ready condition.
    pub ready: Option<bool>,
    /// Pods: the node they are on, with `*`; empty for none.
    pub node: Option<String>,
    /// Pods: a part of the PodScheduled condition's reason or the status reason.
    pub reason: Option<String>,
    /// Pods: a part of the message that says why the pod waits.
    pub message: Option<String>,
    /// Nodes: may pods be scheduled (`spec.unschedulable` is not set)?
    pub schedulable: Option<bool>,
    /// Nodes: exactly these taints, as kubectl prints them, in any order.
    pub taints: Option<Vec<String>>,
}

/// How an expectation came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectationOutcome {
    /// What a report calls it.
    pub name: String,
    /// When it was checked, e.g. `25m`.
    pub at: String,
    /// Whether it held.
    pub holds: bool,
    /// What was found instead, when it did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}
