//! `apply`: manifests, from a file or written in the step.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use sim_cluster::Change;

use super::Step;
use crate::document::read::Reader;
use crate::load::{DEFAULT_NAMESPACE, load_part};
use crate::locate::Step as PathStep;

/// Manifests from a file, or written here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::document) enum Apply {
    /// A file or directory, relative to the Scenario's.
    File(String),
    /// Manifests.
    Objects(Vec<Value>),
}

impl Step for Apply {
    fn change(self, reader: &mut Reader<'_>, path: &[PathStep]) -> Option<Change> {
        let input = match self {
            Apply::File(file) => {
                load_part(&[reader.place.source.folder.join(file)], &mut std::io::empty(), DEFAULT_NAMESPACE)
            }
            Apply::Objects(objects) => {
                let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
                load_part(&["-"], &mut list.to_string().as_bytes(), DEFAULT_NAMESPACE)
            }
        };
        if input.scenario.is_some() {
            reader.fault(path, "a Scenario cannot be applied: expected manifests".to_owned());
            return None;
        }
        let usable = input.is_usable();
        let here = reader.place.at(path);
        reader.faults.extend(input.faults.into_iter().map(|mut fault| {
            // Manifests written inside the step have no file of their own.
            if fault.location.as_ref().is_none_or(|location| location.source == "<stdin>") {
                fault.location = Some(here.clone());
            }
            fault
        }));
        usable.then(|| Change::Apply(input.objects.into_iter().map(|loaded| loaded.object).collect()))
    }
}
