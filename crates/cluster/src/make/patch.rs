//! `kubectl patch` with its three kinds of patches.

use serde_json::Value;

use super::Refused;
use super::strategic::strategic_merge;
use crate::change::{ObjectRef, PatchType};
use crate::cluster::Cluster;
use crate::request::Part;

/// What kubectl prints when a JSON patch does not fit the object.
const REJECTED: &str = "The request is invalid: the server rejected our request due to an error in our request";

impl PatchType {
    /// Makes a patch on an object.
    ///
    /// # Errors
    /// When the patch cannot be read or does not fit.
    pub fn apply(self, object: &mut Value, patch: &Value) -> Result<(), Refused> {
        match self {
            PatchType::Strategic => strategic_merge(object, patch).map_err(Refused),
            PatchType::Merge => {
                json_patch::merge(object, patch);
                Ok(())
            }
            PatchType::Json => {
                let patch: json_patch::Patch =
                    serde_json::from_value(patch.clone()).map_err(|error| Refused(format!("error: {error}")))?;
                json_patch::patch(object, &patch).map_err(|_| Refused(REJECTED.to_owned()))
            }
        }
    }
}

impl Cluster {
    pub(super) fn patch(
        &mut self,
        target: &ObjectRef,
        type_: PatchType,
        patch: &Value,
        part: Part,
    ) -> Result<Vec<String>, Refused> {
        let (kind, key, changed) = self.edit_part(target, part, |_, object| type_.apply(object, patch))?;
        let no_change = if changed { "" } else { " (no change)" };
        Ok(vec![format!("{}/{} patched{no_change}", kind.qualified(), key.name)])
    }
}
