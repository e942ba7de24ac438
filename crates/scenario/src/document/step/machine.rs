//! Steps that speak of machines and their kubelets.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Change, UpgradeOptions, parse_duration_ms, parse_taint};
use sim_core::quantity::Quantity;
use sim_core::version::Version;

use super::Step;
use crate::document::read::Reader;
use crate::document::schema::CloudProvider;
use crate::locate::Step as PathStep;

/// Nodes to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct NodeAdd {
    /// The node to copy.
    from: String,
    /// How many.
    #[serde(default = "one")]
    count: usize,
}

fn one() -> usize {
    1
}

/// A kubelet's restart. What is left out stays as it was.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::document) struct KubeletRestart {
    /// The node.
    node: String,
    /// `--register-with-taints`, each `KEY[=VALUE]:EFFECT`: for a node that is not registered yet.
    register_with_taints: Option<Vec<String>>,
    /// `--cloud-provider`: for a node that is not registered yet.
    cloud_provider: Option<CloudProvider>,
    /// `--node-labels`: for a node that is not registered yet.
    node_labels: Option<BTreeMap<String, String>>,
    /// What is left for pods, by resource (`--kube-reserved`, `--system-reserved`). The kubelet takes in its pods anew.
    allocatable: Option<BTreeMap<String, String>>,
    /// The version of the new kubelet, e.g. `v1.30.2`.
    version: Option<String>,
}

/// An upgrade to another version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::document) struct Upgrade {
    /// The version, e.g. `v1.24.0`: later than the present one, and at most one minor version.
    to: String,
    /// The nodes to upgrade, in this order. Left out: all, the control plane's first.
    nodes: Option<Vec<String>>,
    /// How long the drain of a node may take before the upgrade stops, e.g. `5m`. Left out: without end.
    drain_timeout: Option<String>,
}

impl Step for Upgrade {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let to = reader.good(path, self.to.parse::<Version>())?;
        let mut drain_timeout_ms = None;
        if let Some(text) = self.drain_timeout {
            drain_timeout_ms = Some(reader.good(path, parse_duration_ms(&text))?);
        }
        Some(Change::Upgrade(UpgradeOptions { to, nodes: self.nodes, drain_timeout_ms }))
    }
}

impl Step for NodeAdd {
    fn change(self, _reader: &mut Reader<'_>, _path: &[PathStep]) -> Option<Change> {
        Some(Change::AddNode { from: self.from, count: self.count })
    }
}

impl Step for KubeletRestart {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let mut register_with_taints = None;
        if let Some(taints) = self.register_with_taints {
            let taints: Option<Vec<_>> = taints.iter().map(|taint| reader.good(path, parse_taint(taint))).collect();
            register_with_taints = Some(taints?);
        }
        for amount in self.allocatable.iter().flat_map(BTreeMap::values) {
            reader.good(path, amount.parse::<Quantity>())?;
        }
        let mut version = None;
        if let Some(text) = self.version {
            version = Some(reader.good(path, text.parse::<Version>())?);
        }
        Some(Change::KubeletRestart(sim_cluster::KubeletRestart {
            node: self.node,
            register_with_taints,
            cloud_provider_external: self.cloud_provider.map(|provider| provider == CloudProvider::External),
            node_labels: self.node_labels,
            allocatable: self.allocatable,
            version,
        }))
    }
}
