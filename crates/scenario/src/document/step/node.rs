//! Steps that speak of nodes.

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Change, TaintPattern, parse_taint};

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
