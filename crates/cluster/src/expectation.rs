//! Expectations: what must hold of selected objects, and when.

mod check;
mod field;
mod selection;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use serde::{Deserialize, Serialize};

pub use field::{FieldPath, Wanted};
pub(crate) use selection::{carries, glob};

use crate::cluster::Cluster;
use crate::object::Kind;

/// One expectation of a Scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// What a report calls it.
    pub name: String,
    /// When it must hold.
    pub when: When,
    /// Which objects.
    pub selector: Selector,
    /// What must hold of them.
    pub expect: Expect,
    /// Where it was written, e.g. `file.yaml:12`.
    pub source: String,
}

impl Expectation {
    /// The node that the pods are to be on, where the cluster has none by that name.
    pub fn missing_node(&self, cluster: &Cluster) -> Option<&str> {
        let wanted = self.expect.node.as_deref().filter(|node| !node.is_empty())?;
        let mut names = cluster.store().list::<Node>().filter_map(|node| node.metadata.name.as_deref());
        (!names.any(|name| glob(wanted, name))).then_some(wanted)
    }
}

/// When an expectation must hold, in milliseconds of virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At the end of the run.
    End,
    /// At a moment, when all that happens at it has happened.
    At(u64),
    /// At some moment, from the first to the last one.
    Within(u64, u64),
    /// At every moment from the first on, to the last one or the end of the run.
    Always(u64, Option<u64>),
}

/// Which objects an expectation speaks of. Absent parts select everything; in texts, `*` stands for any run of characters.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// Pods.
    Pods {
        /// Namespace of the pods.
        namespace: Option<String>,
        /// Name, with `*`.
        name: Option<String>,
        /// `kind/name` of the workload they belong to, e.g. `deployment/coredns`.
        owner: Option<String>,
        /// The node they are on, with `*`; empty for none.
        node: Option<String>,
        /// Labels they carry.
        labels: BTreeMap<String, String>,
    },
    /// Nodes.
    Nodes {
        /// Name, with `*`.
        name: Option<String>,
        /// Labels they carry.
        labels: BTreeMap<String, String>,
    },
    /// Events. One that was seen seven times counts as seven.
    Events {
        /// Namespace of the events.
        namespace: Option<String>,
        /// `kind/name` of the object they are about, with `*`, e.g. `pod/coredns-*`.
        object: Option<String>,
        /// Normal or Warning.
        type_: Option<String>,
        /// The reason.
        reason: Option<String>,
        /// A part of the message.
        message: Option<String>,
        /// The component that reported them.
        source: Option<String>,
    },
    /// Objects of any known kind.
    Objects {
        /// Their kind.
        kind: Kind,
        /// Their namespace.
        namespace: Option<String>,
        /// Name, with `*`.
        name: Option<String>,
        /// Labels they carry.
        labels: BTreeMap<String, String>,
    },
}

/// What must hold of every selected object, and how many there must be. Absent parts are not checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// So many objects are selected; without it at least one must be.
    pub count: Option<Amount>,
    /// Pods: the phase.
    pub phase: Option<String>,
    /// Pods and nodes: what `kubectl get` shows as STATUS.
    pub status: Option<String>,
    /// Pods and nodes: the Ready condition.
    pub ready: Option<bool>,
    /// Pods: the node they are on, with `*`; empty for none.
    pub node: Option<String>,
    /// Pods: a part of the PodScheduled condition's reason or the status reason.
    pub reason: Option<String>,
    /// Pods: a part of the message that says why the pod waits.
    pub message: Option<String>,
    /// Pods: restarts of all containers.
    pub restarts: Option<Amount>,
    /// Nodes: may pods be scheduled (`spec.unschedulable` is not set)?
    pub schedulable: Option<bool>,
    /// Nodes: exactly these taints, as kubectl prints them, in any order.
    pub taints: Option<Vec<String>>,
    /// The status of conditions by type (True, False, Unknown), or their reason; empty for a condition that is not there.
    pub conditions: BTreeMap<String, String>,
    /// Any field, by its path.
    pub fields: Vec<(FieldPath, Wanted)>,
}

/// A number within bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Not less.
    pub at_least: Option<i64>,
    /// Not more.
    pub at_most: Option<i64>,
}

/// How an expectation came out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectationOutcome {
    /// What a report calls it.
    pub name: String,
    /// When it was decided, e.g. `25m`.
    pub at: String,
    /// Whether it held.
    pub holds: bool,
    /// What was found instead, when it did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The objects that were found instead, as `kubectl get` shows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Where it was written, e.g. `file.yaml:12`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

impl Amount {
    /// This number and no other.
    pub fn exactly(number: i64) -> Self {
        Self { at_least: Some(number), at_most: Some(number) }
    }

    /// Whether the number is within the bounds.
    pub fn admits(self, number: i64) -> bool {
        self.at_least.is_none_or(|least| number >= least) && self.at_most.is_none_or(|most| number <= most)
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) if least == most => write!(f, "{least}"),
            (Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("any number"),
        }
    }
}
