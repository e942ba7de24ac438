//! Steps that speak of nodes.

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Change, DrainOptions, TaintPattern, parse_duration_ms, parse_taint};
use sim_core::model::LabelSelector;

use super::Step;
use crate::document::read::Reader;
use crate::locate::Step as PathStep;

/// A taint to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Taint {
    /// The node. Left out: every node.
    node: Option<String>,
    /// `KEY[=VALUE]:EFFECT`.
    taint: String,
}

/// Taints to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Untaint {
    /// The node. Left out: every node that carries the taint.
    node: Option<String>,
    /// `KEY[=VALUE][:EFFECT]`.
    taint: String,
}

/// A node and the flags of `kubectl drain`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::document) struct Drain {
    /// The node.
    node: String,
    /// `--force`: pods that no controller manages go too.
    #[serde(default)]
    force: bool,
    /// `--ignore-daemonsets`: pods of DaemonSets stay and are no obstacle.
    #[serde(default)]
    ignore_daemonsets: bool,
    /// `--delete-emptydir-data`: pods with an emptyDir go too.
    #[serde(default, alias = "deleteLocalData")]
    delete_emptydir_data: bool,
    /// `--disable-eviction`: pods are deleted, whatever their disruption budgets.
    #[serde(default)]
    disable_eviction: bool,
    /// `--grace-period` in seconds. Left out: each pod's own.
    grace_period: Option<i64>,
    /// `--timeout`, e.g. `5m`. Left out: no end.
    timeout: Option<String>,
    /// `--pod-selector`, e.g. `app=web`. Left out: every pod.
    pod_selector: Option<String>,
}

impl Step for Drain {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let timeout_ms = match self.timeout.as_deref() {
            Some(text) => Some(reader.good(path, parse_duration_ms(text))?).filter(|timeout| *timeout > 0),
            None => None,
        };
        let pod_selector = match self.pod_selector.as_deref() {
            Some(text) => Some(reader.good(path, LabelSelector::parse(text))?),
            None => None,
        };
        Some(Change::Drain(DrainOptions {
            node: self.node,
            force: self.force,
            ignore_daemonsets: self.ignore_daemonsets,
            delete_emptydir_data: self.delete_emptydir_data,
            disable_eviction: self.disable_eviction,
            grace_period_seconds: self.grace_period.filter(|seconds| *seconds >= 0),
            timeout_ms,
            pod_selector,
        }))
    }
}

impl Step for Taint {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        Some(Change::Taint { node: self.node, taint: reader.good(path, parse_taint(&self.taint))? })
    }
}

impl Step for Untaint {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        Some(Change::Untaint { node: self.node, taint: reader.good(path, TaintPattern::parse(&self.taint))? })
    }
}
