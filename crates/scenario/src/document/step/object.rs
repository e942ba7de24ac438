//! Steps that speak of any object.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_cluster::{Change, ObjectRef};

use super::Step;
use crate::document::read::Reader;
use crate::locate::Step as PathStep;

/// The object to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::document) struct Delete(String);

/// Labels to set and to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Label {
    /// `KIND/NAME` or `NAMESPACE/KIND/NAME`.
    target: String,
    /// Labels to set.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// Keys of labels to remove.
    #[serde(default)]
    remove: Vec<String>,
}

impl Step for Delete {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        Some(Change::Delete(reader.good(path, ObjectRef::parse(&self.0))?))
    }
}

impl Step for Label {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let target = reader.good(path, ObjectRef::parse(&self.target))?;
        Some(Change::Label { target, set: self.set.into_iter().collect(), remove: self.remove })
    }
}
