//! Steps that speak of workloads.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Change, ObjectRef};

use super::Step;
use crate::document::read::Reader;
use crate::locate::Step as PathStep;

/// A workload and its replicas.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Scale {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    workload: String,
    /// How many.
    replicas: i32,
}

/// New images.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct SetImage {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    workload: String,
    /// Images by container; `*` stands for every container.
    images: BTreeMap<String, String>,
}

/// The workload to restart.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::document) struct RolloutRestart(String);

/// The workload to roll back: `KIND/NAME` or `NAMESPACE/KIND/NAME`, or that and to which revision.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::document) enum RolloutUndo {
    Plain(String),
    To(UndoTo),
}

/// What to roll back, and to which revision.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::document) struct UndoTo {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    workload: String,
    /// The revision. Left out: the one before the latest.
    #[serde(default)]
    to_revision: u32,
}

impl Step for SetImage {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let workload = reader.good(path, ObjectRef::parse(&self.workload))?;
        Some(Change::SetImage { workload, images: self.images.into_iter().collect() })
    }
}

impl Step for RolloutRestart {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        Some(Change::RolloutRestart(reader.good(path, ObjectRef::parse(&self.0))?))
    }
}

impl Step for RolloutUndo {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let (workload, to_revision) = match self {
            RolloutUndo::Plain(workload) => (workload, 0),
            RolloutUndo::To(to) => (to.workload, to.to_revision),
        };
        let workload = reader.good(path, ObjectRef::parse(&workload))?;
        Some(Change::RolloutUndo { workload, to_revision: to_revision.into() })
    }
}

impl Step for Scale {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let workload = reader.good(path, ObjectRef::parse(&self.workload))?;
        Some(Change::Scale { workload, replicas: self.replicas })
    }
}
