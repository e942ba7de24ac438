//! `kubectl apply` as the client does it: the manifest, what was applied last, and the live object are merged.

use serde_json::Value;

use super::Refused;
use super::three_way::three_way_merge;
use crate::cluster::Cluster;
use crate::custom_resource;
use crate::object::{Kind, Object};
use crate::store::ObjectKey;

/// The annotation in which kubectl keeps what was applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Cluster {
    /// `kubectl apply`: fields that the manifest names are set, fields it named last time and no longer names are
    /// removed, fields it never named stay.
    pub(super) fn apply(&mut self, manifest: &Object) -> Result<Vec<String>, Refused> {
        let Some(kind) = manifest.kind() else {
            let mut object = manifest.clone();
            custom_resource::definitions_as_stored(std::slice::from_mut(&mut object));
            let definitions: Vec<_> = custom_resource::all(&self.store).cloned().collect();
            custom_resource::as_stored(std::iter::once(&mut object), &definitions);
            self.admit(object);
            return Ok(vec![format!("{}/{} configured", manifest.kind_name().to_ascii_lowercase(), manifest.name())]);
        };
        let key = ObjectKey::new(manifest.namespace().unwrap_or_default(), manifest.name());
        let name = format!("{}/{}", kind.qualified(), key.name);
        let configuration = configuration(manifest);
        let Some(live) = self.store.object(kind, &key) else {
            let mut object = manifest.clone();
            let annotations = object.metadata_mut().annotations.get_or_insert_default();
            annotations.insert(LAST_APPLIED.to_owned(), text_of(&configuration));
            self.post(object)?;
            return Ok(told(self.warnings(None, manifest), format!("{name} created")));
        };
        let last = live.metadata().annotations.as_ref().and_then(|annotations| annotations.get(LAST_APPLIED));
        let mut warnings = Vec::new();
        if last.is_none() {
            warnings.push(self.not_applied_before(kind, &key));
        }
        let mut last: Option<Value> = last.and_then(|text| serde_json::from_str(text).ok());
        last.iter_mut().for_each(drop_what_servers_write);
        let mut new = configuration.clone();
        new["metadata"]["annotations"][LAST_APPLIED] = text_of(&configuration).into();
        let mut merged = live.to_value();
        three_way_merge(&mut merged, &new, last.as_ref()).map_err(Refused)?;
        let changed = self.write_back(&live, merged)?;
        let now = self.store.object(kind, &key).filter(|_| changed);
        warnings.extend(now.map(|now| self.warnings(Some(&live), &now)).unwrap_or_default());
        Ok(told(warnings, format!("{name} {}", if changed { "configured" } else { "unchanged" })))
    }

    /// What kubectl warns of when the live object does not say what was applied last: nothing is removed of it then.
    fn not_applied_before(&self, kind: Kind, key: &ObjectKey) -> String {
        if self.behaviour.apply_warning_names_object {
            format!(
                "resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl \
                 apply should only be used on resources created declaratively by either kubectl create --save-config \
                 or kubectl apply. The missing annotation will be patched automatically.",
                kind.plural(),
                key.name
            )
        } else {
            "kubectl apply should be used on resource created by either kubectl create --save-config or kubectl apply"
                .to_owned()
        }
    }
}

/// Warnings come before what was done, as kubectl prints them.
pub(super) fn told(warnings: Vec<String>, done: String) -> Vec<String> {
    warnings.into_iter().map(|warning| format!("Warning: {warning}")).chain([done]).collect()
}

/// The manifest as kubectl keeps it: without the annotation that it is kept in (`GetModifiedConfiguration`).
fn configuration(manifest: &Object) -> Value {
    let mut value = manifest.to_value();
    drop_what_servers_write(&mut value);
    let annotations = &mut value["metadata"]["annotations"];
    match annotations.as_object_mut() {
        Some(annotations) => drop(annotations.shift_remove(LAST_APPLIED)),
        None => *annotations = Value::Object(Default::default()),
    }
    value.sort_all_objects();
    value
}

fn text_of(configuration: &Value) -> String {
    format!("{configuration}\n")
}

/// A manifest cut from a dump says things that only the API server decides.
fn drop_what_servers_write(manifest: &mut Value) {
    let Some(object) = manifest.as_object_mut() else { return };
    object.remove("status");
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        // A resourceVersion stays: it says which state of the object the person has seen.
        for key in ["uid", "generation", "creationTimestamp", "managedFields", "ownerReferences"] {
            metadata.remove(key);
        }
    }
}
