//! Writing back what a person changed of an object, as the API server takes it.

use serde_json::Value;

use super::{Refused, not_found};
use crate::api_error::ApiError;
use crate::change::ObjectRef;
use crate::cluster::Cluster;
use crate::object::{Kind, Object};
use crate::request::{Outcome, Part};
use crate::store::ObjectKey;

impl Cluster {
    /// Changes the object that a person names, through its JSON form; says its kind and key, and whether anything changed.
    pub(super) fn edit(
        &mut self,
        target: &ObjectRef,
        change: impl FnOnce(Kind, &mut Value) -> Result<(), Refused>,
    ) -> Result<(Kind, ObjectKey, bool), Refused> {
        self.edit_part(target, Part::Main, change)
    }

    /// The same through one of the object's endpoints.
    pub(super) fn edit_part(
        &mut self,
        target: &ObjectRef,
        part: Part,
        change: impl FnOnce(Kind, &mut Value) -> Result<(), Refused>,
    ) -> Result<(Kind, ObjectKey, bool), Refused> {
        let (kind, key) = self.resolve(target)?;
        let Some(live) = self.store.object(kind, &key) else { return Err(not_found(kind, &target.name)) };
        let mut value = live.to_value();
        change(kind, &mut value)?;
        let changed = self.write_part(&live, value, part)?;
        Ok((kind, key, changed))
    }

    /// PUT of an object that was read and changed. Says whether anything changed.
    pub(super) fn write_back(&mut self, live: &Object, changed: Value) -> Result<bool, Refused> {
        self.write_part(live, changed, Part::Main)
    }

    fn write_part(&mut self, live: &Object, changed: Value, part: Part) -> Result<bool, Refused> {
        let Some(kind) = live.kind() else { return Ok(false) };
        let object = Object::read(kind, changed)
            .map_err(|error| Refused(format!("error: {}/{}: {error}", kind.qualified(), live.name())))?;
        let asked = &object.metadata().resource_version;
        if asked.is_some() && *asked != live.metadata().resource_version {
            return Err(ApiError::conflict(kind, live.name()).into());
        }
        Ok(!matches!(self.update_object(live, object, part)?, Outcome::Unchanged))
    }
}
