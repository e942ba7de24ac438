//! Steps that speak of workloads.

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

impl Step for Scale {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let workload = reader.good(path, ObjectRef::parse(&self.workload))?;
        Some(Change::Scale { workload, replicas: self.replicas })
    }
}
