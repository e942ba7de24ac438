//! Changes of any object: labels, annotations, deletion.

use serde_json::{Value, json};

use super::apply::told;
use super::{Refused, conflicted, not_found};
use crate::admission;
use crate::change::ObjectRef;
use crate::cluster::Cluster;
use crate::deletion::DeleteOptions;
use crate::object::Kind;

impl Cluster {
    pub(super) fn label(
        &mut self,
        target: &ObjectRef,
        set: &[(String, String)],
        remove: &[String],
    ) -> Result<Vec<String>, Refused> {
        let (kind, key) = self.resolve(target)?;
        let Some(mut object) = self.store.object(kind, &key) else { return Err(not_found(kind, &target.name)) };
        let labels = object.metadata_mut().labels.get_or_insert_default();
        if let Some(missing) = remove.iter().find(|label| !labels.contains_key(*label)) {
            return Err(Refused(format!("label \"{missing}\" not found.")));
        }
        let before = labels.clone();
        labels.extend(set.iter().cloned());
        labels.retain(|label, _| !remove.contains(label));
        if *labels == before {
            return Ok(vec![format!("{}/{} not labeled", kind.qualified(), key.name)]);
        }
        let warnings = self.store.object(kind, &key).map(|before| self.warnings(Some(&before), &object));
        self.store.replace_object(object).map_err(|conflict| conflicted(&conflict))?;
        Ok(told(warnings.unwrap_or_default(), format!("{}/{} labeled", kind.qualified(), key.name)))
    }

    pub(super) fn annotate(
        &mut self,
        target: &ObjectRef,
        set: &[(String, String)],
        remove: &[String],
    ) -> Result<Vec<String>, Refused> {
        let (kind, key, _) = self.edit(target, |_, object| {
            let annotations = &mut object["metadata"]["annotations"];
            for (annotation, text) in set {
                annotations[annotation] = json!(text);
            }
            if let Some(kept) = annotations.as_object_mut() {
                kept.retain(|annotation, _| !remove.contains(annotation));
                // An object without annotations has no list of them.
                if kept.is_empty() {
                    *annotations = Value::Null;
                }
            }
            Ok(())
        })?;
        Ok(vec![format!("{}/{} annotated", kind.qualified(), key.name)])
    }

    pub(super) fn delete(
        &mut self,
        object: &ObjectRef,
        options: DeleteOptions,
        force: bool,
    ) -> Result<String, Refused> {
        let (kind, key) = self.resolve(object)?;
        if kind == Kind::Namespace {
            admission::admit_deletion(&key.name)?;
        }
        if let Some(live) = self.store.object(kind, &key) {
            self.ask_webhooks_about_deletion(&live)?;
        }
        self.delete_object(kind, &key, options);
        let force = if force { "force " } else { "" };
        Ok(format!("{} \"{}\" {force}deleted", kind.qualified(), key.name))
    }
}
